//! Answers to clients that have an earlier version of a file (RFC 9842).

use std::sync::LazyLock;

use hardtack::{Body, Bundle, respond};
use hardtack_bundle::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;

const OLD: &[u8] = b"old";
const OLDER: &[u8] = b"older";
const NEW: &[u8] = b"0123456789";

/// A text with plain codings and deltas to two earlier versions, and a text without deltas.
static SITE: LazyLock<Bundle<'static>> = LazyLock::new(|| {
    let mut writer = Writer::new("/");
    let plain: &[(Coding, &[u8])] = &[(Coding::Identity, NEW), (Coding::Br, b"brotli..")];
    let of = |name: &'static str, url: &'static str, representations| NewAsset {
        logical_path: name,
        url,
        plain_url: None,
        media_type: "text/css; charset=utf-8",
        role: Role::Hashed,
        why: "",
        fingerprint: Fingerprint::of(name.as_bytes()),
        digest: None,
        representations,
    };
    let a = writer.asset(of("a", "/a.2", plain));
    let b = writer.asset(of("b", "/b.2", plain));
    let older = writer.carried(of("a", "/a.0", &[(Coding::Identity, OLDER)]), 2);
    let old = writer.carried(of("a", "/a.1", &[(Coding::Identity, OLD)]), 1);
    for (path, asset) in [("/a.2", a), ("/b.2", b), ("/a.0", older), ("/a.1", old)] {
        writer.serve(path, asset, CachePolicy::Immutable);
    }
    writer.delta(a, Coding::Dcb, old, b"dcb-1");
    writer.delta(a, Coding::Dcz, old, b"dcz1");
    writer.delta(a, Coding::Dcb, older, b"dcb-00");
    let bytes = writer.finish().expect("the sample is valid");
    let bundle = Bundle::open(bytes.leak()).expect("just written");
    bundle.verify().expect("just written");
    bundle
});

const ALL: &str = "gzip, deflate, br, zstd, dcb, dcz";

fn ask(line: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    let mut request = Request::builder().method(method).uri(target).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    respond(&SITE, &request.body(()).expect("a valid request"))
}

fn text(response: Response<Body>) -> String {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut collected = std::pin::pin!(response.into_body().collect());
    let std::task::Poll::Ready(body) = collected.as_mut().poll(&mut context) else {
        panic!("the body waits for something")
    };
    String::from_utf8(body.expect("it cannot fail").to_bytes().to_vec()).expect("text")
}

/// SHA-256 of a dictionary, as a client says that it has it.
fn having(dictionary: &[u8]) -> String {
    let digest = base64(&Fingerprint::of(dictionary).0);
    format!(":{digest}:")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for piece in bytes.chunks(3) {
        let bits = piece.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - piece.len()));
        for index in 0..=piece.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * index) & 63) as usize]));
        }
    }
    let padding = text.len().next_multiple_of(4) - text.len();
    text + &"=".repeat(padding)
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
}

const BOTH: &str = "Accept-Encoding, Available-Dictionary";

/// A request for the text with deltas gets that coding.
#[track_caller]
fn gets(accepted: &str, dictionary: &str, coding: &str, body: &str) {
    let headers = [("accept-encoding", accepted), ("available-dictionary", dictionary)];
    let response = ask("GET /a.2", &headers);
    assert_eq!(field(response.headers(), "content-encoding"), coding, "{accepted} {dictionary}");
    assert_eq!(field(response.headers(), "vary"), BOTH);
    assert_eq!(text(response), body);
}

#[test]
fn a_client_with_the_old_file_gets_the_difference() {
    gets(ALL, &having(OLD), "dcz", "dcz1");
    gets(ALL, &having(OLDER), "dcb", "dcb-00");
    gets("br, dcb", &having(OLD), "dcb", "dcb-1");
    gets("br, DCB;q=0.9, dcz;q=0", &having(OLD), "br", "brotli..");
    gets("dcb, dcz;q=0", &having(OLD), "dcb", "dcb-1");
}

#[test]
fn without_a_match_the_answer_is_plain() {
    gets(ALL, &having(b"another file"), "br", "brotli..");
    gets(ALL, "", "br", "brotli..");
    gets(ALL, &having(OLD)[1..], "br", "brotli..");
    gets(ALL, &format!("{}, {}", having(OLD), having(OLD)), "br", "brotli..");
    // A cache may strip one of the two fields.
    gets("gzip, br", &having(OLD), "br", "brotli..");
    gets("*", &having(OLD), "br", "brotli..");
    gets("br, dcb;q=0, dcz;q=0", &having(OLD), "br", "brotli..");
    let without = ask("GET /a.2", &[("accept-encoding", ALL)]);
    assert_eq!(field(without.headers(), "content-encoding"), "br");
    let of_it = having(OLD);
    let alone = ask("GET /a.2", &[("available-dictionary", &of_it)]);
    assert_eq!(field(alone.headers(), "content-encoding"), "");
    let twice = [("available-dictionary", &*of_it), ("available-dictionary", &of_it)];
    let twice = ask("GET /a.2", &[&[("accept-encoding", ALL)], &twice[..]].concat());
    assert_eq!(field(twice.headers(), "content-encoding"), "br");
}

#[test]
fn every_answer_of_such_a_file_varies_by_both_fields_and_no_other() {
    let of_it = having(OLD);
    let accepting = [("accept-encoding", ALL), ("available-dictionary", &*of_it)];
    let tag = field(ask("GET /a.2", &accepting).headers(), "etag").to_owned();
    let with = |more: &[(&'static str, &str)]| -> Vec<(String, String)> {
        let all = accepting.iter().copied().chain(more.iter().copied());
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    for (line, headers, status) in [
        ("GET /a.2", with(&[]), 200),
        ("HEAD /a.2", with(&[]), 200),
        ("GET /a.2", with(&[("range", "bytes=0-1")]), 206),
        ("GET /a.2", with(&[("range", "bytes=0-1,3-4")]), 206),
        ("GET /a.2", with(&[("if-none-match", &tag)]), 304),
        ("HEAD /a.2", with(&[("if-none-match", &tag)]), 304),
        ("GET /a.2", vec![("accept-encoding".into(), "*;q=0".into())], 406),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let response = ask(line, &headers);
        assert_eq!(response.status(), status, "{line}");
        assert_eq!(field(response.headers(), "vary"), BOTH, "{line} {status}");
    }
    for (path, vary) in [("/b.2", "Accept-Encoding"), ("/a.1", ""), ("/absent", "")] {
        let response = ask(&format!("GET {path}"), &accepting);
        assert_eq!(field(response.headers(), "vary"), vary, "{path}");
    }
}

#[test]
fn each_difference_has_its_own_entity_tag_length_and_digest() {
    let tags = [OLD, OLDER].map(|dictionary| {
        let having = having(dictionary);
        let headers = [
            ("accept-encoding", "dcb"),
            ("available-dictionary", &*having),
            ("want-repr-digest", "sha-256=1"),
        ];
        let response = ask("GET /a.2", &headers);
        let headers = response.headers().clone();
        let body = text(response);
        assert_eq!(field(&headers, "content-length"), body.len().to_string());
        let digest = format!("sha-256=:{}:", base64(&Fingerprint::of(body.as_bytes()).0));
        assert_eq!(field(&headers, "repr-digest"), digest);
        field(&headers, "etag").to_owned()
    });
    assert_ne!(tags[0], tags[1]);
    // The tag of one difference is not that of another.
    let having = having(OLDER);
    let headers = [
        ("accept-encoding", "dcb"),
        ("available-dictionary", &*having),
        ("if-none-match", &tags[0]),
    ];
    assert_eq!(ask("GET /a.2", &headers).status(), 200);
}

#[test]
fn a_part_is_of_the_difference_if_the_client_names_its_tag() {
    let having = having(OLD);
    let accepting = [("accept-encoding", "dcb"), ("available-dictionary", &*having)];
    let tag = field(ask("GET /a.2", &accepting).headers(), "etag").to_owned();
    let part = [("range", "bytes=3-"), ("if-range", &*tag)];
    let resumed = ask("GET /a.2", &[&accepting[..], &part].concat());
    assert_eq!(field(resumed.headers(), "content-range"), "bytes 3-4/5");
    assert_eq!(text(resumed), "-1");
    let of_identity = ask("GET /a.2", &[&accepting[..], &part[..1]].concat());
    assert_eq!(text(of_identity), "3456789");
    // Without the dictionary, the client could not use it.
    let without = ask("GET /a.2", &[&accepting[..1], &part].concat());
    assert_eq!((without.status().as_u16(), text(without)), (200, "0123456789".to_owned()));
}
