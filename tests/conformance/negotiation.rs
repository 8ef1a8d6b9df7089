//! Proactive negotiation of the content coding (RFC 9110 §12.5.3).

use crate::case::{Body, Case, get, request};

const CSS: Body = Body::File("a.css");
const SECTION: &str = "9110 §12.5.3";

pub(crate) fn cases() -> Vec<Case> {
    [chosen(), excluded(), vary()].concat()
}

fn asks(name: &str, accept: &str) -> Case {
    get(name, SECTION, "/a.css", &[&format!("Accept-Encoding: {accept}")])
}

fn chosen() -> Vec<Case> {
    let coded = |name: &str, accept: &str, coding: &str| {
        asks(name, accept).ok(&[("content-encoding", coding)]).body(CSS)
    };
    vec![
        coded("gzip", "gzip", "gzip"),
        coded("br", "br", "br").ours(),
        coded("zstd", "zstd", "zstd").ours(),
        coded("names in capitals", "GZIP", "gzip"),
        coded("x-gzip is gzip", "x-gzip", "gzip"),
        coded("a weight", "gzip;q=0.5", "gzip"),
        coded("a weight of three decimals", "gzip;q=0.001", "gzip"),
        coded("white space around the weight", "gzip ; q=1", "gzip"),
        coded("Q in capitals", "gzip;Q=0.8", "gzip"),
        coded("empty members", ", ,gzip,,", "gzip"),
        coded("the higher weight", "br;q=0.2, gzip;q=0.8", "gzip"),
        coded("an unknown coding beside gzip", "cow, gzip", "gzip"),
        coded("gzip and a star that excludes the rest", "gzip, *;q=0", "gzip"),
        coded("the smallest of equals", "gzip, br, zstd", "br").ours(),
        coded("the order does not matter", "br, gzip", "br").ours(),
        coded("a star", "*", "br").ours(),
        coded("a weight above 1 is passed over", "gzip;q=2, br", "br").ours(),
        get(
            "two fields are one list",
            "9110 §5.3",
            "/a.css",
            &["Accept-Encoding: br;q=0", "Accept-Encoding: gzip"],
        )
        .ok(&[("content-encoding", "gzip")])
        .body(CSS),
        get(
            "an image has no coding",
            "9110 §8.4",
            "/picture.png",
            &["Accept-Encoding: gzip, br, zstd"],
        )
        .ok(&[("content-encoding", "")])
        .body(Body::File("picture.png")),
    ]
}

fn excluded() -> Vec<Case> {
    let identity =
        |name: &str, accept: &str| asks(name, accept).ok(&[("content-encoding", "")]).body(CSS);
    let not_acceptable = |name: &str, accept: &str| {
        asks(name, accept)
            .status(&[406])
            .fields(&[("vary", "~accept-encoding"), ("cache-control", "no-store")])
            .ours()
    };
    vec![
        get("no Accept-Encoding", SECTION, "/a.css", &[]).ok(&[("content-encoding", "")]).body(CSS),
        identity("an empty Accept-Encoding", ""),
        identity("identity", "identity"),
        identity("gzip;q=0", "gzip;q=0"),
        identity("gzip;q=0.000", "gzip;q=0.000"),
        identity("everything but identity excluded", "*;q=0, identity"),
        identity("an unknown coding", "cow"),
        identity("identity is preferred", "identity, gzip;q=0.5"),
        identity("deflate, which nobody understands alike", "deflate"),
        identity("a substring of a name", "gzipped, brotli"),
        not_acceptable("identity;q=0 and nothing else", "identity;q=0"),
        not_acceptable("*;q=0", "*;q=0"),
        not_acceptable("an unknown coding and no identity", "cow, identity;q=0"),
        asks("no identity, but gzip", "identity;q=0, gzip")
            .ok(&[("content-encoding", "gzip")])
            .body(CSS),
    ]
}

fn vary() -> Vec<Case> {
    let section = "9110 §12.5.5";
    let vary = [("vary", "~accept-encoding")];
    vec![
        get("Vary on a coded response", section, "/a.css", &["Accept-Encoding: gzip"]).ok(&vary),
        get("Vary on the identity too", section, "/a.css", &[]).ok(&vary),
        get("Vary on a 304", "9110 §15.4.5", "/a.css", &["If-None-Match: *"])
            .status(&[304])
            .fields(&vary),
        get("Vary on a 206", section, "/a.css", &["Range: bytes=0-9"]).status(&[206]).fields(&vary),
        request("Vary on HEAD", section, "HEAD", "/a.css", &[]).ok(&vary),
        get(
            "no Vary where there is no choice",
            section,
            "/picture.png",
            &["Accept-Encoding: gzip"],
        )
        .ok(&[("vary", "")])
        .ours(),
        get(
            "codings have entity tags of their own",
            "9110 §8.8.3.3",
            "/a.css",
            &["Accept-Encoding: gzip", "If-None-Match: {tag:/a.css:identity}"],
        )
        .status(&[200]),
        get(
            "the length is that of the coded bytes",
            "9110 §8.6",
            "/a.css",
            &["Accept-Encoding: gzip"],
        )
        .ok(&[("content-type", "~text/css")])
        .body(CSS)
        .kept(),
    ]
}
