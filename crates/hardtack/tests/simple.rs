//! Simple requests are answered as all others: the response as bytes is that of `respond`.

use std::sync::LazyLock;

use hardtack::{Body, Bundle, CacheTags, SimpleRequest, respond};
use hardtack_bundle::{
    CachePolicy, Coding, FieldEdit, Fingerprint, NewAction, NewAsset, PathPattern, Role, Writer,
};
use http::{HeaderName, HeaderValue, Request, Response, Version};
use http_body_util::BodyExt;
use proptest::{collection::vec, option, prelude::*, sample::select};

const MINUTE: CachePolicy = CachePolicy::revalidate(60);
const HASHED: &str = "/a.0123456789ab.css";

/// A bundle with everything that makes heads differ.
static SITE: LazyLock<Bundle<'static>> = LazyLock::new(|| {
    let mut writer = Writer::new("/");
    writer.origins("https://a.example https://b.example");
    writer.last_modified("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777);
    let text: &[(Coding, &[u8])] = &[
        (Coding::Identity, b"0123456789"),
        (Coding::Gzip, b"gzipped"),
        (Coding::Br, b"brotli"),
        (Coding::Zstd, b"zstandard"),
    ];
    let mut add = |name: &str, path: &str, representations: &[(Coding, &[u8])]| {
        let asset = writer.asset(NewAsset {
            logical_path: name,
            url: path,
            plain_url: Some(path),
            media_type: if name.ends_with("html") {
                "text/html; charset=utf-8"
            } else {
                "text/css"
            },
            role: Role::EntryPoint,
            why: "",
            fingerprint: Fingerprint::of(name.as_bytes()),
            digest: None,
            representations,
        });
        writer.serve(path, asset, MINUTE);
        asset
    };
    add("404.html", "/404.html", &[(Coding::Identity, b"none"), (Coding::Br, b"n")]);
    let css = add("a.css", "/a.css", text);
    let picture = add("b b.png", "/b b.png", &text[..1]);
    add("empty", "/empty", &[(Coding::Identity, b"")]);
    let page = add("index.html", "/", &text[..2]);
    writer.serve(HASHED, css, CachePolicy::Immutable);
    writer.delta(css, Coding::Dcb, picture, b"dcb");
    let edits = [
        FieldEdit::Set("x-frame-options", "DENY"),
        FieldEdit::Append("link", "</a>; rel=preload"),
        FieldEdit::Append("link", "</b>; rel=preload"),
        FieldEdit::Append("vary", "Cookie"),
        FieldEdit::Set("cache-tag", "mine"),
    ];
    writer.fields("/", &edits);
    writer.fields("/b b.png", &[FieldEdit::Remove("x-content-type-options")]);
    writer.redirect("/old", "/new", 301, MINUTE);
    for (pattern, action) in [
        ("/gone/*", NewAction::Missing(page)),
        ("/p/:x", NewAction::Redirect { status: 302, location: "/q/:x" }),
        ("/app/*", NewAction::Serve(page)),
    ] {
        writer.pattern(PathPattern::parse(pattern).unwrap(), action, MINUTE, &[]);
    }
    writer.not_found("/404.html");
    writer.fallback("/");
    Bundle::open(writer.finish().unwrap().leak()).unwrap()
});

static TAGS: LazyLock<CacheTags> =
    LazyLock::new(|| CacheTags::new(*SITE, "cache-tag".parse().unwrap()).unwrap());

/// A request as text.
#[derive(Clone, Debug)]
struct Message {
    method: &'static str,
    target: String,
    fields: Vec<(String, String)>,
}

impl Message {
    fn fields(&self) -> Vec<(&str, &[u8])> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    /// The head and the content on the short way, if the request is simple.
    fn shortly(&self, tags: Option<&CacheTags>) -> Option<(String, Vec<u8>)> {
        let fields = self.fields();
        let request = SimpleRequest::new(self.method, &self.target, &fields)?;
        let response = request.respond(&SITE, tags)?;
        let mut head = Vec::new();
        response.write_head(&mut head);
        Some((String::from_utf8(head).unwrap(), response.content().to_owned()))
    }

    /// The same over HTTP/2: the status and the fields.
    fn shortly_over_http2(&self, tags: Option<&CacheTags>) -> Option<(String, Vec<u8>)> {
        let fields = self.fields_of_http2();
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let request = SimpleRequest::http2(self.method, b"localhost", &self.target, &fields)?;
        let response = request.respond(&SITE, tags)?;
        let mut head = format!("{}\n", response.status());
        for field in response.fields() {
            let mut value = Vec::new();
            field.write_value(&mut value);
            assert!(field.value().is_none_or(|known| known == value));
            head += &format!("{}: {}\n", field.name(), String::from_utf8(value).unwrap());
        }
        Some((head, response.content().to_owned()))
    }

    /// Names in lower case, and no `Host`, which is in the target.
    fn fields_of_http2(&self) -> Vec<(String, String)> {
        let fields = self.fields.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
        fields.filter(|(name, value)| name != "host" || value != "localhost").collect()
    }

    /// The head of a response, as hyper writes it.
    fn written(&self, response: &Response<Body>) -> String {
        let is_last =
            self.fields.iter().any(|(name, value)| name == "Connection" && value == "close");
        let (empty, others): (Vec<_>, Vec<_>) =
            response.headers().iter().partition(|(name, value)| {
                self.method == "GET" && *name == "content-length" && *value == "0"
            });
        let line = |(name, value): &(&HeaderName, &HeaderValue)| {
            format!("{name}: {}\r\n", value.to_str().unwrap())
        };
        let mut head = format!("HTTP/1.1 {}\r\n", response.status());
        others.iter().for_each(|field| head += &line(field));
        head += if is_last { "connection: close\r\n" } else { "" };
        empty.iter().for_each(|field| head += &line(field));
        head
    }

    /// The same of `respond`.
    fn at_length(&self, tags: Option<&CacheTags>) -> (String, Vec<u8>) {
        let mut request = Request::builder().method(self.method).uri(&self.target);
        for (name, value) in &self.fields {
            request = request.header(name, value);
        }
        let request = request.body(()).unwrap();
        let response = tags.map_or_else(|| respond(&SITE, &request), |tags| tags.respond(&request));
        (self.written(&response), content(response))
    }
}

impl Message {
    /// The response of `respond` over HTTP/2.
    fn at_length_over_http2(&self, tags: Option<&CacheTags>) -> (String, Vec<u8>) {
        let uri = format!("https://localhost{}", self.target);
        let mut request = Request::builder().method(self.method).uri(uri).version(Version::HTTP_2);
        for (name, value) in self.fields_of_http2() {
            request = request.header(name, value);
        }
        let request = request.body(()).unwrap();
        let response = tags.map_or_else(|| respond(&SITE, &request), |tags| tags.respond(&request));
        let mut head = format!("{}\n", response.status().as_u16());
        for (name, value) in response.headers() {
            head += &format!("{name}: {}\n", value.to_str().unwrap());
        }
        (head, content(response))
    }
}

fn content(response: Response<Body>) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(response.into_body().collect()).unwrap().to_bytes().to_vec()
}

const TARGETS: &[&str] = &[
    "/",
    "/a.css",
    "/a.css?b=c",
    HASHED,
    "/b%20b.png",
    "/empty",
    "/404.html",
    "/old",
    "/old?x=y",
    "/gone/x",
    "/p/1",
    "/app/x",
    "/app/x.js",
    "/absent",
    "/absent.js",
    "/%00",
    "/%zz",
    "//a.css",
];
const FIELDS: &[(&str, &[&str])] = &[
    ("Accept", &["text/html", "*/*"]),
    ("accept-encoding", &["gzip, br;q=0.5", "br", "identity;q=0", "*", "dcb, zstd"]),
    ("If-None-Match", &["*", "\"x\"", "W/\"y\""]),
    ("If-Match", &["*", "\"x\""]),
    ("If-Modified-Since", &["Sun, 06 Nov 1994 08:49:37 GMT", "x"]),
    ("If-Unmodified-Since", &["Sun, 06 Nov 1994 08:49:36 GMT"]),
    ("If-Range", &["Sun, 06 Nov 1994 08:49:37 GMT", "\"x\""]),
    ("Range", &["bytes=0-3", "bytes=-1", "bytes=99-", "bytes=0-1,4-5", "lines=1"]),
    ("Origin", &["https://a.example", "https://b.example", "https://c.example"]),
    ("Want-Repr-Digest", &["sha-256=1", "sha-512=1"]),
    ("Host", &["localhost", "a b"]),
    ("Connection", &["keep-alive", "close"]),
    ("User-Agent", &["Mozilla/5.0"]),
];

fn message() -> impl Strategy<Value = Message> {
    let field = select(FIELDS).prop_flat_map(|(name, values)| {
        select(values).prop_map(move |value| (name.to_owned(), value.to_owned()))
    });
    // A tag that a representation of `a.css` has.
    let tag = select(vec!["identity", "gzip", "br", "zstd"]).prop_map(|coding| {
        let tag = format!("\"{}-{coding}\"", Fingerprint::of(b"a.css"));
        ("If-None-Match".to_owned(), tag)
    });
    let method = select(vec!["GET", "GET", "HEAD"]);
    let host = Just(("host".to_owned(), "localhost".to_owned()));
    (method, select(TARGETS), vec(field, 0..5), option::of(tag), host).prop_map(
        |(method, target, fields, tag, host)| Message {
            method,
            target: target.to_owned(),
            fields: [host].into_iter().chain(fields).chain(tag).collect(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn both_ways_are_one(message in message(), is_tagged: bool) {
        let tags = is_tagged.then(|| &*TAGS);
        if let Some(shortly) = message.shortly(tags) {
            prop_assert_eq!(shortly, message.at_length(tags));
        }
        if let Some(shortly) = message.shortly_over_http2(tags) {
            prop_assert_eq!(shortly, message.at_length_over_http2(tags));
        }
    }
}

fn get(target: &str, fields: &[(&str, &str)]) -> Message {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let fields = [("host", "localhost")].iter().chain(fields).map(owned).collect();
    Message { method: "GET", target: target.to_owned(), fields }
}

/// The status of the response on the short way.
#[track_caller]
fn is_simple(message: Message, expected: Option<&str>) {
    let response = message.shortly(None);
    let status = response.as_ref().map(|(head, _)| &head["HTTP/1.1 ".len()..][..3]);
    assert_eq!(status, expected, "{message:?}");
}

#[test]
fn what_is_simple() {
    is_simple(get("/a.css", &[]), Some("200"));
    is_simple(Message { method: "HEAD", ..get("/a.css", &[]) }, Some("200"));
    is_simple(get("/a.css?x=/?", &[("Connection", "Keep-Alive")]), Some("200"));
    is_simple(get("/a.css", &[("range", "bytes=1-2")]), Some("206"));
    is_simple(get("/a.css", &[("if-none-match", "*")]), Some("304"));
    is_simple(get("/a.css", &[("if-match", "\"x\"")]), Some("412"));
    is_simple(get("/a.css", &[("range", "bytes=99-")]), Some("416"));
    is_simple(get("/b%20b.png", &[]), Some("200"));
    is_simple(get("/absent.js", &[]), Some("404"));
    is_simple(get("/%zz", &[]), Some("400"));
    is_simple(get("/old", &[]), Some("301"));
    is_simple(get("/empty", &[("connection", "Close")]), Some("200"));
}

#[test]
fn what_is_not_simple() {
    for fields in [
        &[("Host", "localhost")][..],
        &[("Connection", "keep-alive, x")],
        &[("Connection", "keep-alive"), ("connection", "close")],
        &[("CONTENT-LENGTH", "0")],
        &[("Transfer-Encoding", "chunked")],
        &[("Expect", "100-continue")],
        &[("Upgrade", "websocket")],
        &[("TE", "trailers")],
        &[("Trailer", "x")],
        &[("Range", "bytes=0-1,4-5")],
    ] {
        is_simple(get("/a.css", fields), None);
    }
    for target in ["http://localhost/a.css", "*", "a.css", "/a.css#x", "/\u{e9}", "/a b", "/a|b"] {
        is_simple(get(target, &[]), None);
    }
    for method in ["get", "POST", "OPTIONS"] {
        is_simple(Message { method, ..get("/a.css", &[]) }, None);
    }
    let without_host = Message { fields: Vec::new(), ..get("/a.css", &[]) };
    is_simple(without_host, None);
    is_simple(get(&format!("/{}", "a".repeat(8192)), &[]), None);
}

/// Whether a field is no reason to leave a request over HTTP/2 to a library.
#[track_caller]
fn is_simple_over_http2(field: (&str, &[u8]), expected: bool) {
    let request = |authority, target| {
        SimpleRequest::http2("GET", authority, target, std::slice::from_ref(&field)).is_some()
    };
    assert_eq!(request(b"localhost", "/a.css"), expected, "{field:?}");
    for authority in [&b""[..], b"a@b", b"a%b", b"a b"] {
        assert!(!request(authority, "/a.css"));
    }
    assert!(!request(b"localhost", "*"));
}

#[test]
fn what_is_simple_over_http2() {
    for field in [("accept", &b"*/*"[..]), ("te", b"trailers"), ("x", b""), ("x", b"a\tb\xe9")] {
        is_simple_over_http2(field, true);
    }
    for field in [
        ("Accept", &b"*/*"[..]),
        ("", b"x"),
        (":path", b"/"),
        ("a b", b"x"),
        ("connection", b"close"),
        ("content-length", b"0"),
        ("expect", b"100-continue"),
        ("host", b"localhost"),
        ("keep-alive", b"x"),
        ("proxy-connection", b"close"),
        ("te", b"gzip"),
        ("trailer", b"x"),
        ("transfer-encoding", b"chunked"),
        ("upgrade", b"x"),
        ("x", b" a"),
        ("x", b"a\t"),
        ("x", b"a\0"),
        ("x", b"a\r\n"),
    ] {
        is_simple_over_http2(field, false);
    }
}
