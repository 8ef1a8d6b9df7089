//! The answers to whole requests, in memory. The rules themselves are tested beside them.

use std::sync::LazyLock;

use axum::{Router, routing};
use hardtack::{Body, Bundle, BundleLayer, Options, ServeBundle, respond};

include!("demo/mod.rs");
use hardtack_bundle::{
    CachePolicy, Coding, FieldEdit, Fingerprint, NewAction, NewAsset, PathPattern, Role, Writer,
};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

const MINUTE: CachePolicy = CachePolicy::revalidate(60);

/// Text with three codings, whose bodies stand in for what they are not; a picture with none;
/// a folder's index; a name that needs escapes; and perhaps a page for 404s.
fn bundle(with_not_found: bool, settings: impl FnOnce(&mut Writer)) -> Bundle<'static> {
    let mut writer = Writer::new("/");
    let page: &[(Coding, &[u8])] = &[(Coding::Identity, b"no such page"), (Coding::Br, b"none")];
    let text: &[(Coding, &[u8])] = &[
        (Coding::Identity, b"0123456789"),
        (Coding::Gzip, b"gzipped"),
        (Coding::Br, b"brotli"),
        (Coding::Zstd, b"zstandard"),
    ];
    let index: &[(Coding, &[u8])] = &[(Coding::Identity, b"index")];
    let picture: &[(Coding, &[u8])] = &[(Coding::Identity, b"picture")];
    let empty: &[(Coding, &[u8])] = &[(Coding::Identity, b"")];
    for (name, media_type, representations) in [
        ("404.html", "text/html; charset=utf-8", page),
        ("a.css", "text/css; charset=utf-8", text),
        ("docs/index.html", "text/html; charset=utf-8", index),
        ("empty", "application/octet-stream", empty),
        ("é b.png", "image/png", picture),
    ] {
        let path = format!("/{}", name.trim_end_matches("index.html"));
        let asset = writer.asset(NewAsset {
            logical_path: name,
            url: &path,
            plain_url: Some(&path),
            media_type,
            role: Role::EntryPoint,
            why: "",
            fingerprint: Fingerprint::of(representations[0].1),
            digest: None,
            representations,
        });
        writer.serve(&path, asset, MINUTE);
        if name == "a.css" {
            writer.serve("/a.0123456789ab.css", asset, CachePolicy::Immutable);
        }
        if name == "404.html" && with_not_found {
            writer.not_found("/404.html");
        }
    }
    writer.redirect("/docs", "/docs/", 301, MINUTE);
    settings(&mut writer);
    let bytes = writer.finish().expect("the sample is valid");
    Bundle::open(bytes.leak()).expect("just written")
}

static SITE: LazyLock<Bundle<'static>> =
    LazyLock::new(|| bundle(true, |writer| writer.origins("*")));

fn ask(bundle: &Bundle<'static>, line: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    let mut request = Request::builder().method(method).uri(target).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    respond(bundle, &request.body(()).expect("a valid request"))
}

/// Status, the named headers, and the body as text.
#[track_caller]
fn answers(
    line: &str,
    headers: &[(&str, &str)],
    status: u16,
    expected: &[(&str, &str)],
    body: &str,
) {
    answers_of(&SITE, line, headers, status, expected, body);
}

#[track_caller]
fn answers_of(
    bundle: &Bundle<'static>,
    line: &str,
    headers: &[(&str, &str)],
    status: u16,
    expected: &[(&str, &str)],
    body: &str,
) {
    let response = ask(bundle, line, headers);
    assert_eq!(response.status().as_u16(), status, "{line} {headers:?}");
    for (name, value) in expected {
        let found = response.headers().get(*name).map_or("", |found| found.to_str().unwrap());
        assert_eq!(found, *value, "{name} of {line} {headers:?}");
    }
    assert_eq!(text(response), body, "{line} {headers:?}");
}

fn text(response: Response<Body>) -> String {
    let collected = response.into_body().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let bytes = runtime.block_on(collected).unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn tag(coding: &str) -> String {
    format!("\"{}-{coding}\"", Fingerprint::of(b"0123456789"))
}

#[test]
fn the_identity_without_accept_encoding() {
    let expected = [
        ("content-type", "text/css; charset=utf-8"),
        ("content-length", "10"),
        ("content-encoding", ""),
        ("etag", &tag("identity")),
        ("cache-control", "public, max-age=60"),
        ("vary", "Accept-Encoding"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("access-control-allow-origin", "*"),
    ];
    answers("GET /a.css", &[], 200, &expected, "0123456789");
    answers("GET /a.css?v=1", &[], 200, &expected, "0123456789");
}

/// RFC 9110 §12.5.3.
#[test]
fn the_smallest_of_the_most_wanted_codings() {
    let gets = |accept: &str, coding: &str, body: &str| {
        let tag = tag(if coding.is_empty() { "identity" } else { coding });
        let expected = [("content-encoding", coding), ("vary", "Accept-Encoding"), ("etag", &tag)];
        answers("GET /a.css", &[("accept-encoding", accept)], 200, &expected, body);
    };
    gets("gzip, br, zstd", "br", "brotli");
    gets("gzip, zstd", "gzip", "gzipped");
    gets("br;q=0.5, gzip", "gzip", "gzipped");
    gets("*", "br", "brotli");
    gets("gzip;q=0", "", "0123456789");
    gets("identity, gzip;q=0.9", "", "0123456789");
    gets("deflate", "", "0123456789");
}

#[test]
fn nothing_acceptable_is_406() {
    let expected = [("vary", "Accept-Encoding"), ("cache-control", "no-store")];
    for accept in ["identity;q=0", "*;q=0", "deflate, *;q=0"] {
        let headers = [("accept-encoding", accept)];
        answers("GET /a.css", &headers, 406, &expected, "406 Not Acceptable\n");
    }
}

#[test]
fn one_representation_does_not_vary() {
    let expected = [("vary", ""), ("content-encoding", "")];
    answers("GET /%C3%A9%20b.png", &[("accept-encoding", "gzip")], 200, &expected, "picture");
}

/// RFC 8246.
#[test]
fn a_hashed_path_is_immutable() {
    let expected = [("cache-control", "public, max-age=31536000, immutable")];
    answers("GET /a.0123456789ab.css", &[], 200, &expected, "0123456789");
}

/// RFC 9110 §15.4.5: the fields that a 304 owes.
#[test]
fn not_modified() {
    let br = tag("br");
    let expected = [
        ("etag", &br[..]),
        ("cache-control", "public, max-age=60"),
        ("vary", "Accept-Encoding"),
        ("access-control-allow-origin", "*"),
        ("content-length", ""),
        ("content-type", ""),
    ];
    let headers = [("accept-encoding", "br"), ("if-none-match", &br[..])];
    answers("GET /a.css", &headers, 304, &expected, "");
    // The tag of one coding does not stand for another.
    let headers = [("accept-encoding", "gzip"), ("if-none-match", &br[..])];
    answers("GET /a.css", &headers, 200, &[("etag", &tag("gzip"))], "gzipped");
}

#[test]
fn a_failed_precondition_is_412() {
    let expected = [("cache-control", "no-store")];
    answers("GET /a.css", &[("if-match", "\"x\"")], 412, &expected, "412 Precondition Failed\n");
}

/// RFC 9110 §14.
#[test]
fn ranges() {
    let gets = |headers: &[(&str, &str)], content_range: &str, body: &str| {
        let length = body.len().to_string();
        let expected = [
            ("content-range", content_range),
            ("content-length", &length),
            ("accept-ranges", "bytes"),
            ("vary", "Accept-Encoding"),
            ("cache-control", "public, max-age=60"),
            ("access-control-allow-origin", "*"),
        ];
        answers("GET /a.css", headers, 206, &expected, body);
    };
    gets(&[("range", "bytes=0-0")], "bytes 0-0/10", "0");
    gets(&[("range", "bytes=-3")], "bytes 7-9/10", "789");
    gets(&[("range", "bytes=8-")], "bytes 8-9/10", "89");
    gets(&[("range", "bytes=1-2"), ("if-range", &tag("identity"))], "bytes 1-2/10", "12");
    answers("GET /a.css", &[("range", "bytes=1-2"), ("if-range", "\"x\"")], 200, &[], "0123456789");
    let expected = [("content-range", "bytes */10"), ("cache-control", "no-store")];
    let body = "416 Range Not Satisfiable\n";
    answers("GET /a.css", &[("range", "bytes=10-")], 416, &expected, body);
    answers("GET /empty", &[("range", "bytes=0-")], 416, &[("content-range", "bytes */0")], body);
    // A precondition is evaluated before the range (§13.2.2).
    let tag = tag("identity");
    answers("GET /a.css", &[("range", "bytes=10-"), ("if-none-match", &tag)], 304, &[], "");
}

/// RFC 9110 §12.1 leaves the choice: a part of a compressed stream is of no use to a script.
#[test]
fn ranges_are_of_the_identity_where_that_is_acceptable() {
    let range = ("range", "bytes=1-2");
    let gets = |headers: &[(&str, &str)], status: u16, coding: &str, body: &str| {
        let headers = [&[range], headers].concat();
        let name = if coding.is_empty() { "identity" } else { coding };
        let expected =
            [("content-encoding", coding), ("etag", &tag(name)), ("vary", "Accept-Encoding")];
        answers("GET /a.css", &headers, status, &expected, body);
    };
    let (br, gzip) = (tag("br"), tag("gzip"));
    for accept in ["br", "gzip, deflate, br, zstd, identity", "*", "br, identity;q=0.1"] {
        gets(&[("accept-encoding", accept)], 206, "", "12");
    }
    gets(&[("accept-encoding", "br, identity;q=0")], 206, "br", "ro");
    gets(&[("accept-encoding", "br, gzip;q=0.9, *;q=0")], 206, "br", "ro");
    // A client that has a part of a coded representation gets the rest of that one.
    let accepted = ("accept-encoding", "gzip, br");
    gets(&[accepted, ("if-range", &br)], 206, "br", "ro");
    gets(&[accepted, ("if-range", &gzip)], 206, "gzip", "zi");
    gets(&[accepted, ("if-match", &gzip)], 206, "gzip", "zi");
    answers("GET /a.css", &[range, accepted, ("if-none-match", &br)], 304, &[("etag", &br)], "");
    gets(&[accepted, ("if-range", &tag("identity"))], 206, "", "12");
    gets(&[("accept-encoding", "gzip"), ("if-range", &br)], 200, "gzip", "gzipped");
    // Without a part it is negotiated as ever.
    gets(&[accepted, ("if-range", "\"x\"")], 200, "br", "brotli");
    for ignored in ["lines=0-1", "bytes=2-1", "bytes=x"] {
        let expected = [("content-encoding", "br"), ("etag", &br[..])];
        let headers = [accepted, ("range", ignored)];
        answers("GET /a.css", &headers, 200, &expected, "brotli");
    }
    let none = [("content-range", "bytes */10")];
    let headers = [accepted, ("range", "bytes=10-")];
    answers("GET /a.css", &headers, 416, &none, "416 Range Not Satisfiable\n");
}

const CODED: &str = "br, identity;q=0";

/// RFC 9110 §14.6, §15.3.7.2.
#[test]
fn several_ranges_are_multipart() {
    let response =
        ask(&SITE, "GET /a.css", &[("range", "bytes=0-1,-1"), ("accept-encoding", CODED)]);
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    let field = |name: &str| response.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
    let media_type = field("content-type").unwrap();
    let boundary = media_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
    assert_eq!((field("content-encoding").as_deref(), field("content-range")), (Some("br"), None));
    assert_eq!(field("etag"), Some(tag("br")));
    let length = field("content-length").unwrap();
    let part = |place: &str, body: &str| {
        format!(
            "\r\n--{boundary}\r\nContent-Type: text/css; charset=utf-8\r\n\
             Content-Range: bytes {place}/6\r\n\r\n{body}"
        )
    };
    let expected =
        [part("0-1", "br"), part("5-5", "i"), format!("\r\n--{boundary}--\r\n")].concat();
    assert_eq!(length, expected.len().to_string());
    assert_eq!(text(response), expected);
    // Ranges that touch are one part, and one beyond the end is none.
    let one = [("content-range", "bytes 0-3/10")];
    answers("GET /a.css", &[("range", "bytes=0-1,2-3,10-")], 206, &one, "0123");
}

/// RFC 9530 §3: the digest of the representation, not of the part that is sent.
#[test]
fn a_digest_is_sent_to_those_who_want_it() {
    let digest = "sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:";
    let wanted = ("want-repr-digest", "sha-256=5");
    let expected = [("repr-digest", digest)];
    answers("GET /a.css", &[wanted], 200, &expected, "0123456789");
    answers("GET /a.css", &[wanted, ("range", "bytes=0-0")], 206, &expected, "0");
    answers("HEAD /a.css", &[wanted], 200, &expected, "");
    let other = ask(&SITE, "GET /a.css", &[wanted, ("accept-encoding", "br")]);
    assert_ne!(other.headers()["repr-digest"], digest);
    answers("GET /a.css", &[], 200, &[("repr-digest", "")], "0123456789");
    answers(
        "GET /a.css",
        &[("want-repr-digest", "sha-256=0")],
        200,
        &[("repr-digest", "")],
        "0123456789",
    );
}

const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// RFC 9110 §8.8.2, §13.1.3, §13.1.5.
#[test]
fn dates_count_if_there_is_one() {
    let dated = bundle(true, |writer| writer.last_modified(MODIFIED, 784_111_777));
    let expected = [("last-modified", MODIFIED)];
    answers_of(&dated, "GET /docs/", &[], 200, &expected, "index");
    answers_of(&dated, "GET /docs/", &[("if-modified-since", MODIFIED)], 304, &expected, "");
    let range = ("range", "bytes=0-0");
    answers_of(&dated, "GET /docs/", &[range, ("if-range", MODIFIED)], 206, &expected, "i");
    answers_of(
        &dated,
        "GET /a.css",
        &[range, ("if-range", MODIFIED)],
        200,
        &expected,
        "0123456789",
    );
    answers(
        "GET /docs/",
        &[("if-modified-since", MODIFIED)],
        200,
        &[("last-modified", "")],
        "index",
    );
}

#[test]
fn header_fields_are_edited() {
    use hardtack_bundle::FieldEdit::{Append, Remove, Set};
    let site = bundle(true, |writer| {
        writer.origins("*");
        let edits = [
            Set("cache-control", "no-cache"),
            Remove("access-control-allow-origin"),
            Append("vary", "Cookie"),
            Set("content-security-policy", "default-src 'self'"),
        ];
        writer.fields("/docs/", &edits);
        writer.fields("/404.html", &edits);
    });
    let expected = [
        ("cache-control", "no-cache"),
        ("access-control-allow-origin", ""),
        ("vary", "Cookie"),
        ("content-security-policy", "default-src 'self'"),
    ];
    answers_of(&site, "GET /docs/", &[], 200, &expected, "index");
    answers_of(&site, "GET /docs/", &[("if-none-match", "*")], 304, &expected, "");
    answers_of(&site, "GET /docs/", &[("range", "bytes=0-0")], 206, &expected, "i");
    // No rule makes an error one that is kept.
    let error = [("cache-control", "no-store"), ("content-security-policy", "default-src 'self'")];
    answers_of(&site, "GET /x", &[], 404, &error, "no such page");
}

#[test]
fn a_single_page_app_answers_navigations() {
    let app = bundle(true, |writer| {
        writer.fallback("/docs/");
        writer.redirect("/old", "/new#x", 302, MINUTE);
    });
    let page = ("accept", "text/html,*/*;q=0.8");
    let expected = [("vary", "Accept"), ("cache-control", "public, max-age=60")];
    answers_of(&app, "GET /any/path?x=1", &[page], 200, &expected, "index");
    answers_of(&app, "HEAD /any", &[page], 200, &expected, "");
    let missing = [("cache-control", "no-store")];
    answers_of(&app, "GET /any.js", &[page], 404, &missing, "no such page");
    answers_of(&app, "GET /any", &[("accept", "*/*")], 404, &missing, "no such page");
    answers_of(&app, "GET /any", &[], 404, &missing, "no such page");
    answers_of(&app, "GET /old?y", &[page], 302, &[("location", "/new#x")], "");
    answers_of(&app, "GET /a.css", &[page], 200, &[("vary", "Accept-Encoding")], "0123456789");
}

#[test]
fn a_folder_has_one_address() {
    answers("GET /docs/", &[], 200, &[], "index");
    let to = |location| [("location", location), ("cache-control", "public, max-age=60")];
    answers("GET /docs", &[], 301, &to("/docs/"), "");
    answers("GET /docs?a=b&c", &[], 301, &to("/docs/?a=b&c"), "");
    answers("GET /docs?é%C3", &[], 301, &to("/docs/?%C3%A9%C3"), "");
}

#[test]
fn what_is_not_there_is_404() {
    let expected = [
        ("cache-control", "no-store"),
        ("content-type", "text/html; charset=utf-8"),
        ("vary", "Accept-Encoding"),
        ("etag", ""),
        ("accept-ranges", ""),
    ];
    for target in ["/x", "/a.css/", "//a.css", "/docs/../a.css", "/%2e/a.css", "/a.CSS", "/%ff"] {
        answers(&format!("GET {target}"), &[], 404, &expected, "no such page");
    }
    let brotli = [("content-encoding", "br")];
    answers("GET /x", &[("accept-encoding", "br")], 404, &brotli, "none");
    answers("GET /x", &[("if-none-match", "*"), ("range", "bytes=0-0")], 404, &[], "no such page");
    let plain = ask(&bundle(false, |_| {}), "GET /x", &[]);
    assert_eq!(plain.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(text(plain), "404 Not Found\n");
}

#[test]
fn a_path_with_an_invalid_escape_is_400() {
    for target in ["/%", "/a%2fb", "/%00", "/%zz"] {
        let expected = [("cache-control", "no-store")];
        answers(
            &format!("GET {target}"),
            &[],
            400,
            &expected,
            "400 Bad Request: the path is invalid\n",
        );
    }
}

#[test]
fn head_is_get_without_the_body() {
    for target in ["/a.css", "/docs", "/x", "/%", "/empty"] {
        for headers in [&[][..], &[("accept-encoding", "br")], &[("if-none-match", "*")]] {
            let get = ask(&SITE, &format!("GET {target}"), headers);
            let head = ask(&SITE, &format!("HEAD {target}"), headers);
            assert_eq!((get.status(), get.headers()), (head.status(), head.headers()));
            assert_eq!(text(head), "");
        }
    }
    // RFC 9110 §14.2: a range is only for GET.
    answers("HEAD /a.css", &[("range", "bytes=0-0")], 200, &[("content-length", "10")], "");
}

#[test]
fn other_methods_are_405() {
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get"] {
        let expected = [("allow", "GET, HEAD, OPTIONS"), ("cache-control", "no-store")];
        let body = "405 Method Not Allowed\n";
        answers(&format!("{method} /a.css"), &[], 405, &expected, body);
    }
}

/// WHATWG Fetch §4.8.
#[test]
fn a_preflight_is_answered() {
    let headers = [("origin", "https://a.example"), ("access-control-request-method", "GET")];
    let expected = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        ("access-control-max-age", "86400"),
        ("allow", "GET, HEAD, OPTIONS"),
    ];
    answers("OPTIONS /a.css", &headers, 204, &expected, "");
    answers("OPTIONS *", &[], 204, &[("access-control-allow-methods", "")], "");
}

#[test]
fn listed_origins_may_and_others_may_not() {
    let site = bundle(true, |writer| writer.origins("https://a.example https://b.example"));
    let allows = |origin: &str, expected: &str| {
        for line in ["GET /a.css", "GET /x", "OPTIONS /a.css", "PUT /x"] {
            let response = ask(&site, line, &[("origin", origin)]);
            let found = response.headers().get("access-control-allow-origin");
            assert_eq!(found.map_or("", |it| it.to_str().unwrap()), expected, "{line} {origin}");
            assert!(response.headers()["vary"].to_str().unwrap().starts_with("Origin"));
        }
    };
    allows("https://b.example", "https://b.example");
    allows("https://a.example", "https://a.example");
    allows("https://a.example.evil", "");
    allows("https://a", "");
    allows("https://a.example https://b.example", "");
    allows("null", "");
    let vary = [("vary", "Origin, Accept-Encoding")];
    answers_of(&site, "GET /a.css", &[], 200, &vary, "0123456789");
}

/// RFC 9112 §3.2, RFC 9110 §9.3.1.
#[test]
fn what_a_message_must_not_be() {
    let refused = [("connection", "close"), ("cache-control", "no-store")];
    let refuses = |line: &str, headers: &[(&str, &str)], status: u16| {
        let response = ask(&SITE, line, headers);
        assert_eq!(response.status().as_u16(), status, "{line} {headers:?}");
        for (name, value) in refused {
            assert_eq!(response.headers()[name], value);
        }
    };
    refuses("GET /a.css", &[("host", "localhost")], 400);
    refuses("GET /a.css", &[("content-length", "1")], 400);
    refuses("HEAD /a.css", &[("transfer-encoding", "chunked")], 400);
    refuses("POST /a.css", &[("content-length", "1")], 405);
    refuses(&format!("GET /{}", "a".repeat(8192)), &[], 414);
    let options = [("connection", "close")];
    answers("OPTIONS *", &[("content-length", "1")], 204, &options, "");
    answers("GET /a.css", &[("content-length", "0")], 200, &[("connection", "")], "0123456789");
}

#[test]
fn cors_can_be_off() {
    let bundle = bundle(true, |_| {});
    let headers = [("access-control-request-method", "GET")];
    for line in ["GET /a.css", "GET /x", "OPTIONS /a.css"] {
        let response = ask(&bundle, line, &headers);
        let names = response.headers().keys().map(|name| name.as_str());
        assert!(!names.into_iter().any(|name| name.starts_with("access-control")), "{line}");
    }
}

#[test]
fn every_response_has_a_content_length_that_is_true() {
    for line in ["GET /a.css", "GET /empty", "GET /x", "GET /docs", "GET /%", "PUT /a.css"] {
        let response = ask(&SITE, line, &[]);
        let stated = response.headers()["content-length"].to_str().unwrap().to_owned();
        assert_eq!(stated, text(response).len().to_string(), "{line}");
    }
}

/// The answer of an app behind a layer: its status, `Cache-Control`, and whether it has the app's
/// cookie.
async fn behind(layer: BundleLayer, line: &str) -> (u16, String, bool) {
    let app = Router::new()
        .fallback(|| async { (StatusCode::NOT_FOUND, [("set-cookie", "a=b")], "the app's 404") })
        .layer(layer);
    let (method, target) = line.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(target);
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let field = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap());
    let has_cookie = response.headers().contains_key("set-cookie");
    (response.status().as_u16(), field("cache-control").to_owned(), has_cookie)
}

#[tokio::test]
async fn static_paths_are_the_bundles_alone() {
    let layer = demo().open_with(Options::default()).unwrap().layer();
    for (line, status) in [
        ("GET /static/css/app.ffffffffffff.css", 404),
        ("HEAD /static/nothing", 404),
        ("GET /static/%zz", 400),
        ("GET /static/../account", 404),
        ("POST /static/css/app.css", 405),
    ] {
        assert_eq!(behind(layer.clone(), line).await, (status, "no-store".into(), false), "{line}");
        let passed = behind(layer.clone().pass_misses(), line).await;
        assert_eq!(passed, (404, String::new(), true), "{line}");
    }
    for line in ["GET /static", "GET /account", "POST /"] {
        assert_eq!(behind(layer.clone(), line).await, (404, String::new(), true), "{line}");
    }
    assert_eq!(behind(layer.pass_misses(), "GET /static/css/app.css").await.0, 200);
}

/// A baked path is answered by the layer; every other request reaches the app.
#[tokio::test]
async fn it_is_a_layer_in_front_of_an_app() {
    let app = Router::new()
        .route("/hello", routing::get(|| async { "hello" }))
        .route("/docs", routing::post(|| async { "posted" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "the app's 404") })
        .layer(BundleLayer::new(*SITE));
    let ask = async |line: &str, fields: &[(&str, &str)]| {
        let (method, target) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        (status, response.into_body().collect().await.unwrap().to_bytes())
    };
    assert_eq!(ask("GET /a.css", &[]).await, (200, "0123456789".into()));
    assert_eq!(ask("GET /a.css", &[("accept-encoding", "br")]).await, (200, "brotli".into()));
    assert_eq!(ask("HEAD /a.css", &[]).await, (200, "".into()));
    assert_eq!(ask("GET /a.css", &[("range", "bytes=10-")]).await.0, 416);
    assert_eq!(ask("GET /docs", &[]).await.0, 301);
    let preflight = [("access-control-request-method", "GET")];
    assert_eq!(ask("OPTIONS /a.css", &preflight).await.0, 204);
    for line in ["GET /none", "GET /%", "OPTIONS /none", "POST /none", "GET /a.0123456789aa.css"] {
        assert_eq!(ask(line, &preflight).await, (404, "the app's 404".into()), "{line}");
    }
    assert_eq!(ask("GET /hello", &[]).await, (200, "hello".into()));
    assert_eq!(ask("POST /docs", &[]).await, (200, "posted".into()));
}

#[tokio::test]
async fn it_is_a_fallback_service_of_axum() {
    let app = Router::new()
        .route("/hello", routing::get(|| async { "hello" }))
        .fallback_service(ServeBundle::new(*SITE));
    let ask = |target: &str| {
        let request = Request::builder().uri(target).body(axum::body::Body::empty()).unwrap();
        app.clone().oneshot(request)
    };
    let hello = ask("/hello").await.unwrap();
    assert_eq!(hello.into_body().collect().await.unwrap().to_bytes(), "hello");
    let asset = ask("/a.css").await.unwrap();
    assert_eq!(asset.into_body().collect().await.unwrap().to_bytes(), "0123456789");
    assert_eq!(ask("/nope").await.unwrap().status(), StatusCode::NOT_FOUND);
}

/// A page, a picture and a page for what is gone, at patterns; and redirects.
static PATTERNS: LazyLock<Bundle<'static>> = LazyLock::new(|| {
    let mut writer = Writer::new("/");
    let mut add = |name: &str, media_type: &str| {
        let asset = writer.asset(NewAsset {
            logical_path: name,
            url: &format!("/{name}"),
            plain_url: None,
            media_type,
            fingerprint: Fingerprint::of(name.as_bytes()),
            digest: None,
            role: Role::EntryPoint,
            why: "",
            representations: &[(Coding::Identity, name.as_bytes())],
        });
        writer.serve(&format!("/{name}"), asset, MINUTE);
        asset
    };
    let app = add("app.html", "text/html; charset=utf-8");
    let gone = add("gone.html", "text/html; charset=utf-8");
    let picture = add("picture.png", "image/png");
    let redirect = |status, location| NewAction::Redirect { status, location };
    for (pattern, action) in [
        ("/blog/*", redirect(301, "/news/:splat")),
        ("/shop/:id", redirect(302, "https://shop.example/?id=:id")),
        ("/to/*", redirect(308, "/:splat")),
        ("/app/*", NewAction::Serve(app)),
        ("/face/:name", NewAction::Serve(picture)),
        ("/:any", redirect(307, "/home")),
        ("/app/*", NewAction::Missing(gone)),
        ("/gone/*", NewAction::Missing(gone)),
    ] {
        let pattern = PathPattern::parse(pattern).expect("it is one");
        writer.pattern(pattern, action, MINUTE, &[FieldEdit::Set("x-by", "pattern")]);
    }
    writer.fallback("/app.html");
    let bytes = writer.finish().expect("the sample is valid");
    Bundle::open(bytes.leak()).expect("just written")
});

#[track_caller]
fn leads(line: &str, status: u16, location: &str) {
    let fields = [("location", location), ("cache-control", "public, max-age=60")];
    answers_of(&PATTERNS, line, &[], status, &fields, "");
}

#[test]
fn redirects_by_patterns() {
    leads("GET /blog/2026/a%20b?c=d", 301, "/news/2026/a%20b?c=d");
    leads("HEAD /blog/", 301, "/news/");
    leads("GET /shop/7?x=y", 302, "https://shop.example/?id=7");
    leads("GET /to//evil.example/", 308, "/evil.example/");
    leads("GET /to/%5Cevil.example/", 308, "/%5Cevil.example/");
    leads("GET /elsewhere", 307, "/home");
    answers_of(&PATTERNS, "GET /home", &[], 404, &[("location", "")], "404 Not Found\n");
    answers_of(&PATTERNS, "POST /blog/x", &[], 405, &[], "405 Method Not Allowed\n");
}

#[test]
fn assets_by_patterns() {
    let by = ("x-by", "pattern");
    answers_of(&PATTERNS, "GET /app/a/b", &[], 200, &[by, ("vary", "")], "app.html");
    answers_of(&PATTERNS, "GET /face/ada.png", &[], 200, &[by, ("vary", "")], "picture.png");
    answers_of(
        &PATTERNS,
        "GET /gone/x",
        &[],
        404,
        &[by, ("cache-control", "no-store")],
        "gone.html",
    );
    answers_of(&PATTERNS, "GET /picture.png", &[], 200, &[("x-by", "")], "picture.png");
}

#[test]
fn a_page_of_a_pattern_does_not_stand_for_a_file() {
    let page = [("accept", "text/html,*/*;q=0.8")];
    answers_of(&PATTERNS, "GET /app/v1.2", &page, 200, &[("vary", "Accept")], "app.html");
    answers_of(&PATTERNS, "GET /app/main.js", &[], 404, &[], "gone.html");
}

#[test]
fn a_pattern_comes_before_the_fallback() {
    let page = [("accept", "text/html")];
    answers_of(&PATTERNS, "GET /blog/x", &page, 301, &[("location", "/news/x")], "");
    answers_of(&PATTERNS, "GET /deep/x", &page, 200, &[("vary", "Accept")], "app.html");
}

/// The app decides on its own 404.
#[tokio::test]
async fn a_layer_redirects_by_patterns_and_leaves_what_is_gone_to_the_app() {
    let app = Router::new().fallback(|| async { "app" }).layer(BundleLayer::new(*PATTERNS));
    for (path, status) in [("/blog/x", 301), ("/app/x", 200), ("/gone/x", 200), ("/deep/x", 200)] {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}
