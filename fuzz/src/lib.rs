//! A site, and what is true of every response from it.

use std::sync::LazyLock;

use hardtack::{Body, Bundle, respond};
use hardtack_bundle::{
    CachePolicy, Coding, Fingerprint, NewAction, NewAsset, PathPattern, Role, Writer,
};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header::HeaderMap};
use http_body_util::BodyExt;

pub const TEXT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
pub const HASHED: &str = "/a.0123456789ab.css";

/// A text with three codings, a file with none, a page, an empty file, redirects, a fallback.
pub fn site_bytes() -> Vec<u8> {
    let mut writer = Writer::new("/");
    writer.origins("https://a.example https://b.example");
    writer.last_modified("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777);
    let text: &[(Coding, &[u8])] = &[
        (Coding::Identity, TEXT),
        (Coding::Gzip, b"gzipped"),
        (Coding::Br, b"brotli"),
        (Coding::Zstd, b"zstandard"),
    ];
    for (name, path, representations) in [
        ("404.html", "/404.html", &[(Coding::Identity, &b"none"[..]), (Coding::Br, b"n")][..]),
        ("a.css", "/a.css", text),
        ("b b.png", "/b b.png", &[(Coding::Identity, TEXT)]),
        ("empty", "/empty", &[(Coding::Identity, b"")]),
        ("index.html", "/", &[(Coding::Identity, b"index")]),
    ] {
        let asset = writer.asset(NewAsset {
            logical_path: name,
            url: path,
            plain_url: Some(path),
            media_type: "text/plain; charset=utf-8",
            role: Role::Pinned,
            why: "",
            fingerprint: Fingerprint::of(name.as_bytes()),
            digest: None,
            representations,
        });
        writer.serve(path, asset, CachePolicy::revalidate(60));
        if name == "a.css" {
            writer.serve(HASHED, asset, CachePolicy::Immutable);
        }
    }
    writer.redirect("/old", "/new", 301, CachePolicy::revalidate(60));
    let pattern = PathPattern::parse("/p/:x/*").expect("it is one");
    let action = NewAction::Redirect { status: 302, location: "/q/:splat?x=:x" };
    writer.pattern(pattern, action, CachePolicy::revalidate(60), &[]);
    writer.not_found("/404.html");
    writer.fallback("/");
    writer.finish().expect("the site is small")
}

pub static SITE: LazyLock<Bundle<'static>> =
    LazyLock::new(|| Bundle::open(site_bytes().leak()).expect("just written"));

/// A `GET` with one more field, if a client could send that value.
pub fn get(path: &str, name: &'static str, value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    let mut request = request(Method::GET, Uri::try_from(path).expect("a plain path"));
    request.headers_mut().insert(HeaderName::from_static(name), value);
    ask(&request);
}

pub fn request(method: Method, uri: Uri) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    request.headers_mut().insert("host", HeaderValue::from_static("localhost"));
    request
}

/// Answers a request, and checks what is true of every response.
pub fn ask(request: &Request<()>) {
    let response = respond(&SITE, request);
    let status = response.status().as_u16();
    let fields = response.headers().clone();
    let body = body(response);
    let text = |name: &str| fields.get(name).map(|value| value.to_str().expect("ASCII").to_owned());
    let is_head = request.method() == Method::HEAD;

    if status != 204 && status != 304 && !is_head {
        assert_eq!(text("content-length"), Some(body.len().to_string()), "{status}");
    }
    if is_head || matches!(status, 204 | 304) {
        assert!(body.is_empty());
    }
    if status >= 400 {
        assert_eq!(text("cache-control").as_deref(), Some("no-store"));
    }
    if text("cache-control").is_some_and(|value| value.contains("immutable")) {
        assert_eq!(request.uri().path(), HASHED);
    }
    assert!(text("vary").is_some_and(|value| value.starts_with("Origin")));
    if text("content-encoding").is_some() {
        assert!(text("vary").is_some_and(|value| value.contains("Accept-Encoding")));
    }
    assert_eq!(text("content-range").is_some(), is_single_part(status, &fields) || status == 416);
    if is_single_part(status, &fields) {
        is_slice(
            &text("content-range").expect("just seen"),
            &body,
            text("content-encoding").as_deref(),
        );
    }
    assert!(status != 500, "a sound bundle is no error");
}

fn is_single_part(status: u16, fields: &HeaderMap) -> bool {
    let is_multipart =
        fields.get("content-type").is_some_and(|it| it.as_bytes().starts_with(b"multipart/"));
    status == 206 && !is_multipart
}

/// The body of a 206 is the slice that it says.
fn is_slice(content_range: &str, body: &[u8], coding: Option<&str>) {
    let place = content_range.strip_prefix("bytes ").expect("of bytes");
    let (range, total) = place.split_once('/').expect("with a length");
    let (first, last) = range.split_once('-').expect("with two ends");
    let [first, last, total]: [usize; 3] =
        [first, last, total].map(|it| it.parse().expect("a number"));
    assert!(first <= last && last < total && body.len() == last + 1 - first);
    let whole: &[u8] = match (coding, total) {
        (Some("gzip"), _) => b"gzipped",
        (Some("br"), 1) => b"n",
        (Some("br"), _) => b"brotli",
        (Some(_), _) => b"zstandard",
        (None, 5) => b"index",
        (None, 4) => b"none",
        (None, _) => TEXT,
    };
    assert_eq!(whole[first..=last], *body);
}

/// All of a response's body.
pub fn body(response: Response<Body>) -> Vec<u8> {
    let mut collected = std::pin::pin!(response.into_body().collect());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match collected.as_mut().poll(&mut context) {
        std::task::Poll::Ready(Ok(collected)) => collected.to_bytes().to_vec(),
        _ => unreachable!("the body lies in memory"),
    }
}
