//! Preconditions (RFC 9110 §13). The site has a `Last-Modified` for these.

use crate::case::{Body, Case, get, request};

const CSS: Body = Body::File("a.css");
const TAG: &str = "{tag:/a.css:identity}";
const DATE: &str = "{date:/a.css}";
const PAST: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const FUTURE: &str = "Fri, 31 Dec 2100 23:59:59 GMT";

pub(crate) fn cases() -> Vec<Case> {
    [if_none_match(), if_match(), dates(), order(), if_range()].concat()
}

fn asks(name: &str, section: &'static str, fields: &[&str]) -> Case {
    get(name, section, "/a.css", fields)
}

fn if_none_match() -> Vec<Case> {
    let section = "9110 §13.1.2";
    let known = |name: &str, value: &str| {
        asks(name, section, &[&format!("If-None-Match: {value}")])
            .status(&[304])
            .body(Body::Empty)
            .kept()
    };
    let unknown = |name: &str, value: &str| {
        asks(name, section, &[&format!("If-None-Match: {value}")]).ok(&[]).body(CSS)
    };
    vec![
        known("the same tag", TAG),
        known("the same tag, weak", &format!("W/{TAG}")),
        known("in a list", &format!("\"x\", {TAG}, \"y\"")),
        known("in a list without spaces", &format!("\"x\",{TAG}")),
        known("behind a tag with a comma", &format!("\"a,b\", {TAG}")),
        known("any tag", "*"),
        unknown("another tag", "\"x\""),
        unknown("a part of the tag", "\"\""),
        unknown("a tag without quotes", "x"),
        unknown("an empty list", ""),
        asks(
            "in a second field",
            "9110 §5.3",
            &["If-None-Match: \"x\"", &format!("If-None-Match: {TAG}")],
        )
        .status(&[304]),
        asks("a 304 repeats what it owes", "9110 §15.4.5", &["If-None-Match: *"])
            .status(&[304])
            .fields(&[
                ("etag", TAG),
                ("cache-control", "~max-age"),
                ("vary", "~accept-encoding"),
                ("date", "~GMT"),
            ]),
        asks("a 304 does not describe content", "9110 §15.4.5", &["If-None-Match: *"])
            .status(&[304])
            .fields(&[("content-encoding", ""), ("content-type", ""), ("content-range", "")]),
        asks(
            "the tag of the coding",
            "9110 §8.8.3.3",
            &["Accept-Encoding: gzip", "If-None-Match: {tag:/a.css:gzip}"],
        )
        .status(&[304]),
        get("a 404 knows no precondition", "9110 §13.2.1", "/none", &["If-None-Match: *"])
            .status(&[404]),
        request("not for POST", "9110 §13.2.1", "POST", "/a.css", &["If-None-Match: *"])
            .status(&[405])
            .ours(),
    ]
}

fn if_match() -> Vec<Case> {
    let section = "9110 §13.1.1";
    vec![
        asks("If-Match with the tag", section, &[&format!("If-Match: {TAG}")]).ok(&[]).body(CSS),
        asks("If-Match with a star", section, &["If-Match: *"]).ok(&[]).body(CSS),
        asks("If-Match in a list", section, &[&format!("If-Match: \"x\", {TAG}")])
            .ok(&[])
            .body(CSS),
        asks("If-Match with another tag", section, &["If-Match: \"x\""]).status(&[412]),
        asks("If-Match is strong", section, &[&format!("If-Match: W/{TAG}")]).status(&[412]),
        asks("a 412 is not stored", "9111 §3", &["If-Match: \"x\""])
            .status(&[412])
            .fields(&[("cache-control", "no-store")])
            .ours(),
    ]
}

fn dates() -> Vec<Case> {
    let modified = "9110 §13.1.3";
    let unmodified = "9110 §13.1.4";
    let since =
        |name: &str, date: &str| asks(name, modified, &[&format!("If-Modified-Since: {date}")]);
    let not_since =
        |name: &str, date: &str| asks(name, unmodified, &[&format!("If-Unmodified-Since: {date}")]);
    vec![
        since("not modified since that date", DATE).status(&[304]),
        since("not modified since a later date", FUTURE).status(&[304]),
        since("modified since an earlier date", PAST).ok(&[]).body(CSS),
        since("since an earlier date, RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT").ok(&[]),
        since("since a later date, RFC 850", "Monday, 31-Dec-68 23:59:59 GMT").status(&[304]),
        since("since an earlier date, asctime", "Sun Nov  6 08:49:37 1994").ok(&[]),
        since("since a later date, asctime", "Fri Dec 31 23:59:59 2100").status(&[304]),
        since("a date that is none is ignored", "yesterday").ok(&[]).body(CSS),
        since("a day that does not exist is ignored", "Sun, 31 Feb 2100 00:00:00 GMT")
            .ok(&[])
            .ours(),
        not_since("unmodified since that date", DATE).ok(&[]).body(CSS),
        not_since("unmodified since a later date", FUTURE).ok(&[]),
        not_since("modified, though expected not to be", PAST).status(&[412]),
        not_since("an unmodified-since that is no date is ignored", "never").ok(&[]),
    ]
}

fn order() -> Vec<Case> {
    let section = "9110 §13.2.2";
    let tag = |field: &str| format!("{field}: {TAG}");
    vec![
        asks(
            "If-None-Match comes before the date",
            section,
            &["If-None-Match: \"x\"", &format!("If-Modified-Since: {FUTURE}")],
        )
        .ok(&[])
        .body(CSS),
        asks(
            "If-Match comes before the date",
            section,
            &[&tag("If-Match"), &format!("If-Unmodified-Since: {PAST}")],
        )
        .ok(&[]),
        asks(
            "If-Match comes before If-None-Match",
            section,
            &["If-Match: \"x\"", &tag("If-None-Match")],
        )
        .status(&[412]),
        asks(
            "both hold, and the client has it",
            section,
            &[&tag("If-Match"), &tag("If-None-Match")],
        )
        .status(&[304]),
        asks(
            "a precondition comes before the range",
            section,
            &[&tag("If-None-Match"), "Range: bytes=0-0"],
        )
        .status(&[304]),
        asks(
            "and before a range that cannot be",
            section,
            &[&tag("If-None-Match"), "Range: bytes=99999999-"],
        )
        .status(&[304]),
        asks(
            "a failed precondition comes before the range",
            section,
            &["If-Match: \"x\"", "Range: bytes=0-0"],
        )
        .status(&[412]),
    ]
}

fn if_range() -> Vec<Case> {
    let section = "9110 §13.1.5";
    let asks = |name: &str, value: &str| {
        get(name, section, "/large.bin", &["Range: bytes=0-9", &format!("If-Range: {value}")])
    };
    let part = || Body::Slice("large.bin", 0, 10);
    vec![
        asks("If-Range with the tag", "{tag:/large.bin:identity}").status(&[206]).body(part()),
        asks("If-Range with another tag", "\"x\"").ok(&[]).body(Body::File("large.bin")),
        asks("If-Range with a weak tag", "W/{tag:/large.bin:identity}")
            .ok(&[])
            .body(Body::File("large.bin")),
        asks("If-Range with the date", "{date:/large.bin}").status(&[206]).body(part()),
        asks("If-Range with an earlier date", PAST).ok(&[]),
        asks("If-Range with a later date", FUTURE).ok(&[]),
        asks("If-Range that is neither", "x").ok(&[]),
        get("If-Range without Range", section, "/a.css", &["If-Range: \"x\""]).ok(&[]).body(CSS),
        get(
            "a date cannot tell two codings apart",
            "9110 §8.8.2.2",
            "/a.css",
            &["Range: bytes=0-9", &format!("If-Range: {DATE}")],
        )
        .ok(&[])
        .ours(),
        get(
            "If-Range with the tag of another coding",
            section,
            "/a.css",
            &[
                "Accept-Encoding: gzip, identity;q=0",
                "Range: bytes=0-9",
                "If-Range: {tag:/a.css:identity}",
            ],
        )
        .ok(&[("content-encoding", "gzip")])
        .body(CSS)
        .ours(),
        get(
            "If-Range with the tag of the identity",
            section,
            "/a.css",
            &["Accept-Encoding: gzip", "Range: bytes=0-9", "If-Range: {tag:/a.css:identity}"],
        )
        .status(&[206])
        .fields(&[("content-encoding", "")])
        .body(Body::Slice("a.css", 0, 10))
        .ours(),
        get(
            "If-Range with the tag of a coding",
            section,
            "/a.css",
            &["Accept-Encoding: gzip", "Range: bytes=0-9", "If-Range: {tag:/a.css:gzip}"],
        )
        .status(&[206])
        .fields(&[("content-encoding", "gzip"), ("content-length", "10")])
        .ours(),
    ]
}
