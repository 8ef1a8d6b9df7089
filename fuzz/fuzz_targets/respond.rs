//! Whole requests: method, target, and the fields that matter, with arbitrary values.
#![no_main]

use arbitrary::Arbitrary;
use http::{HeaderName, HeaderValue, Method, Uri};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Asked<'a> {
    method: u8,
    target: Target<'a>,
    fields: Vec<(u8, Value<'a>)>,
}

#[derive(Arbitrary, Debug)]
enum Target<'a> {
    Known(u8),
    Any(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Value<'a> {
    Known(u8),
    Any(&'a [u8]),
}

const METHODS: &[&str] = &["GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "BREW"];
const TARGETS: &[&str] =
    &["/a.css", hardtack_fuzz::HASHED, "/b%20b.png", "/empty", "/", "/old?x", "/none", "*"];
const NAMES: &[&str] = &[
    "accept",
    "accept-encoding",
    "content-length",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "range",
    "transfer-encoding",
    "want-repr-digest",
    "access-control-request-method",
];
const VALUES: &[&[u8]] = &[
    b"*",
    b"text/html",
    b"gzip, br;q=0.5",
    b"identity;q=0",
    b"bytes=0-1,3-5",
    b"bytes=-1",
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"https://a.example",
    b"sha-256=1",
    b"0",
];

fuzz_target!(|asked: Asked<'_>| {
    let pick = |list: &[&'static str], at: u8| list[usize::from(at) % list.len()];
    let target = match asked.target {
        Target::Known(at) => pick(TARGETS, at).as_bytes(),
        Target::Any(bytes) => bytes,
    };
    let Ok(uri) = Uri::try_from(target) else { return };
    let method = Method::from_bytes(pick(METHODS, asked.method).as_bytes()).expect("a token");
    let mut request = hardtack_fuzz::request(method, uri);
    for (name, value) in asked.fields.iter().take(20) {
        let value = match value {
            Value::Known(at) => VALUES[usize::from(*at) % VALUES.len()],
            Value::Any(bytes) => bytes,
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request.headers_mut().append(HeaderName::from_static(pick(NAMES, *name)), value);
        }
    }
    hardtack_fuzz::ask(&request);
});
