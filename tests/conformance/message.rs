//! Requests as bytes: framing, hosts, smuggling, and connections (RFC 9112).

use crate::case::{Body, Case, Manner, get, raw, request};

const CSS: Body = Body::File("a.css");

pub(crate) fn cases() -> Vec<Case> {
    [hosts(), content(), smuggling(), malformed(), limits(), connections()].concat()
}

fn hosts() -> Vec<Case> {
    let section = "9112 §3.2";
    let with =
        |name: &str, host: &str| raw(name, section, &format!("GET /a.css HTTP/1.1\r\n{host}\r\n"));
    vec![
        with("no Host", "").refused(),
        with("two Hosts that differ", "Host: a\r\nHost: b\r\n").refused(),
        with("two Hosts that agree", "Host: a\r\nHost: a\r\n").refused(),
        with("a Host with a space inside", "Host: a b\r\n").refused(),
        with("a Host with a slash", "Host: a/b\r\n").refused(),
        with("a Host with userinfo", "Host: user@a\r\n").refused(),
        with("a Host with a port that is none", "Host: a:port\r\n").refused(),
        with("a Host with two ports", "Host: a:1:2\r\n").refused(),
        with("a Host with an open bracket", "Host: [::1\r\n").refused(),
        with("a Host that is an IPv6 address", "Host: [::1]:80\r\n").ok(&[]).body(CSS).ours(),
        with("a Host with white space around", "Host: \t a \t\r\n").ok(&[]).body(CSS),
        with("an empty Host", "Host:\r\n").ok(&[]).body(CSS).ours(),
        raw("HTTP/1.0 without Host", section, "GET /a.css HTTP/1.0\r\n\r\n")
            .ok(&[])
            .body(CSS)
            .closed(),
        raw(
            "HTTP/1.0 with two Hosts",
            section,
            "GET /a.css HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        )
        .refused(),
        request("OPTIONS with two Hosts", section, "OPTIONS", "*", &["Host: b"]).refused(),
    ]
}

fn content() -> Vec<Case> {
    let section = "9110 §9.3.1";
    vec![
        get("GET with content", section, "/a.css", &["Content-Length: 5\r\n\r\nhello"])
            .refused()
            .ours(),
        request("HEAD with content", section, "HEAD", "/a.css", &["Content-Length: 1\r\n\r\nx"])
            .refused()
            .ours(),
        get(
            "GET with chunked content",
            section,
            "/a.css",
            &["Transfer-Encoding: chunked\r\n\r\n0"],
        )
        .refused()
        .ours(),
        get("GET whose content never comes", section, "/a.css", &["Content-Length: 10"])
            .refused()
            .ours(),
        get("Content-Length of zero is no content", section, "/a.css", &["Content-Length: 0"])
            .ok(&[])
            .body(CSS)
            .kept(),
        request(
            "POST with content",
            "9110 §15.5.6",
            "POST",
            "/a.css",
            &["Content-Length: 2\r\n\r\nhi"],
        )
        .status(&[405])
        .ours(),
        request(
            "POST with content is the last of its connection",
            "9112 §9.3",
            "POST",
            "/a.css",
            &["Content-Length: 2\r\n\r\nhi"],
        )
        .status(&[405])
        .fields(&[("connection", "close")])
        .closed()
        .ours(),
        request(
            "OPTIONS with content",
            "9112 §9.3",
            "OPTIONS",
            "*",
            &["Content-Length: 2\r\n\r\nhi"],
        )
        .status(&[204])
        .closed()
        .ours(),
        get(
            "Expect: 100-continue with nothing to expect",
            "9110 §10.1.1",
            "/a.css",
            &["Expect: 100-continue"],
        )
        .ok(&[])
        .body(CSS),
    ]
}

/// The bytes behind the first request must never be answered as a second one.
fn smuggling() -> Vec<Case> {
    let hidden = "GET /one.txt HTTP/1.1\r\nHost: {host}\r\n\r\n";
    let post = |name: &str, section: &'static str, framing: &str, content: &str| {
        let send =
            format!("POST /a.css HTTP/1.1\r\nHost: {{host}}\r\n{framing}\r\n\r\n{content}{hidden}");
        raw(name, section, &send).status(&[400, 405, 411, 413, 501]).closed()
    };
    let (both, encoding, length) = ("9112 §6.3", "9112 §6.1", "9112 §6.3");
    vec![
        post(
            "Content-Length and chunked",
            both,
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            "0\r\n\r\n",
        ),
        post(
            "chunked and Content-Length",
            both,
            "Transfer-Encoding: chunked\r\nContent-Length: 4",
            "0\r\n\r\n",
        ),
        post(
            "Content-Lengths that differ",
            length,
            "Content-Length: 0\r\nContent-Length: 4",
            "abcd",
        ),
        post("a list of Content-Lengths that differ", length, "Content-Length: 0, 4", "abcd"),
        post("a negative Content-Length", length, "Content-Length: -1", ""),
        post("a Content-Length with a plus", length, "Content-Length: +4", "abcd"),
        post("a Content-Length in hex", length, "Content-Length: 0x4", "abcd"),
        post("a Content-Length that is empty", length, "Content-Length:", ""),
        post("a Content-Length with a space inside", length, "Content-Length: 1 0", "abcd"),
        post("a Content-Length beyond 64 bits", length, "Content-Length: 99999999999999999999", ""),
        post("Transfer-Encoding that is unknown", encoding, "Transfer-Encoding: cow", ""),
        post("chunked that is not last", encoding, "Transfer-Encoding: chunked, gzip", ""),
        post("chunked twice", encoding, "Transfer-Encoding: chunked, chunked", "0\r\n\r\n"),
        post("chunked misspelt", encoding, "Transfer-Encoding: xchunked", "0\r\n\r\n"),
        post("chunked in quotes", encoding, "Transfer-Encoding: \"chunked\"", "0\r\n\r\n"),
        post(
            "Transfer-Encoding with a space before the colon",
            "9112 §5.1",
            "Transfer-Encoding : chunked",
            "0\r\n\r\n",
        ),
        post(
            "Transfer-Encoding on a folded line",
            "9112 §5.2",
            "Transfer-Encoding:\r\n chunked",
            "0\r\n\r\n",
        ),
        post("a chunk size that is none", "9112 §7.1", "Transfer-Encoding: chunked", "x\r\n\r\n")
            .ours(),
        post(
            "a chunk size beyond 64 bits",
            "9112 §7.1",
            "Transfer-Encoding: chunked",
            "fffffffffffffffff\r\n",
        )
        .ours(),
        raw(
            "chunked in HTTP/1.0",
            encoding,
            &format!("POST /a.css HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        )
        .status(&[400, 405, 411, 501])
        .closed(),
    ]
}

fn malformed() -> Vec<Case> {
    let line = "9112 §3";
    let field = "9112 §5";
    let with = |name: &str, fields: &str| {
        raw(name, field, &format!("GET /a.css HTTP/1.1\r\nHost: {{host}}\r\n{fields}\r\n\r\n"))
    };
    vec![
        raw("no HTTP at all", line, "\x16\x03\x01\x02\r\n\r\n").refused(),
        raw("a request line of one word", line, "GET\r\n\r\n").refused().ours(),
        raw("no version", line, "GET /a.css\r\nHost: a\r\n\r\n").refused().ours(),
        raw("a version in small letters", line, "GET /a.css http/1.1\r\nHost: a\r\n\r\n").refused(),
        raw(
            "HTTP/1.2 is answered as 1.1, or refused",
            "9110 §2.5",
            "GET /a.css HTTP/1.2\r\nHost: a\r\n\r\n",
        )
        .status(&[200, 400, 505]),
        raw("HTTP/2.0 in clear text", line, "GET /a.css HTTP/2.0\r\nHost: a\r\n\r\n")
            .status(&[400, 505])
            .closed(),
        raw("HTTP/11.1", line, "GET /a.css HTTP/11.1\r\nHost: a\r\n\r\n")
            .status(&[400, 505])
            .closed(),
        raw("two spaces in the request line", line, "GET  /a.css HTTP/1.1\r\nHost: a\r\n\r\n")
            .status(&[400])
            .ours(),
        raw("a tab in the request line", line, "GET\t/a.css HTTP/1.1\r\nHost: a\r\n\r\n").refused(),
        raw("a space in the target", line, "GET /a b.css HTTP/1.1\r\nHost: a\r\n\r\n").refused(),
        raw("a space before the request line", line, " GET /a.css HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        raw("a method with a colon", line, "G:T /a.css HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused()
            .ours(),
        raw(
            "an empty line before the request",
            "9112 §2.2",
            "\r\nGET /a.css HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .ok(&[])
        .body(CSS),
        raw("lines that end with LF alone", "9112 §2.2", "GET /a.css HTTP/1.1\nHost: a\n\n")
            .status(&[200, 400])
            .ours(),
        raw("CR alone between fields", "9112 §2.2", "GET /a.css HTTP/1.1\r\nHost: a\rX: y\r\n\r\n")
            .refused(),
        raw(
            "white space before the first field",
            "9112 §2.2",
            "GET /a.css HTTP/1.1\r\n Host: a\r\n\r\n",
        )
        .refused(),
        with("a space before the colon", "X-A : b").refused(),
        with("a field without a colon", "X-A").refused(),
        with("a field without a name", ": b").refused(),
        with("a name with a space", "X A: b").refused(),
        with("a name with a slash", "X/A: b").refused().ours(),
        with("a name with a byte above ASCII", "X-\u{e9}: b").refused(),
        with("a folded line", "X-A: b\r\n c").refused(),
        with("a NUL in a value", "X-A: b\0c").refused(),
        with("CR in a value", "X-A: b\rc").refused(),
        with("an empty value", "X-A:").ok(&[]).body(CSS),
        with("bytes above ASCII in a value", "X-A: \u{e9}\u{fc}").ok(&[]).body(CSS),
        with("a tab in a value", "X-A: b\tc").ok(&[]).body(CSS),
    ]
}

fn limits() -> Vec<Case> {
    let uri = "9110 §15.5.15";
    let fields: String = (0..200).map(|n| format!("X-{n}: a\r\n")).collect();
    let flood = format!("GET /a.css HTTP/1.1\r\nHost: {{host}}\r\n{fields}\r\n");
    vec![
        get("a target of 8,000 bytes", "9112 §3", "/a.css?{long:7990}", &[])
            .ok(&[])
            .body(CSS)
            .ours(),
        get("a target of 9,000 bytes", uri, "/{long:9000}", &[])
            .status(&[414])
            .fields(&[("cache-control", "no-store")])
            .ours(),
        get("a long query counts too", uri, "/a.css?{long:9000}", &[]).status(&[414]).ours(),
        get("a target of 70,000 bytes", uri, "/{long:70000}", &[]).status(&[400, 414, 431]).ours(),
        get("a field of 4,000 bytes", "9110 §5.4", "/a.css", &["X-A: {long:4000}"])
            .ok(&[])
            .body(CSS),
        get("a field of 600,000 bytes", "6585 §5", "/a.css", &["X-A: {long:600000}"])
            .status(&[400, 413, 431])
            .ours(),
        raw("200 fields", "6585 §5", &flood).status(&[431]).closed().ours(),
    ]
}

fn connections() -> Vec<Case> {
    let section = "9112 §9";
    let one = "GET /one.txt HTTP/1.1\r\nHost: {host}\r\n\r\n";
    let last = "GET /one.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    let small = || Body::File("one.txt");
    let many = |count: usize| {
        let case = raw(&format!("{count} pipelined requests"), "9112 §9.3.2", &one.repeat(count));
        (0..count).fold(case, |case, _| case.ok(&[]).body(small())).kept()
    };
    vec![
        get("a connection is kept", section, "/a.css", &[]).ok(&[]).body(CSS).kept(),
        get("Connection: close", "9112 §9.6", "/a.css", &["Connection: close"])
            .ok(&[("connection", "close")])
            .body(CSS)
            .closed(),
        get("Connection: Close among others", "9112 §9.6", "/a.css", &["Connection: x, Close"])
            .ok(&[])
            .body(CSS)
            .closed(),
        raw(
            "HTTP/1.0 with keep-alive",
            "9112 §9.3",
            "GET /one.txt HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        )
        .ok(&[("connection", "~keep-alive")])
        .body(small())
        .kept(),
        many(2),
        many(20),
        raw("what follows Connection: close is not read", "9112 §9.6", &format!("{last}{one}"))
            .ok(&[])
            .body(small())
            .closed(),
        get("a request byte by byte", "9112 §2.1", "/a.css", &[])
            .manner(Manner::ByteByByte)
            .ok(&[])
            .body(CSS),
        get("a client that closes its side", "9112 §9.6", "/large.bin", &[])
            .manner(Manner::ThenHalfClosed)
            .ok(&[])
            .body(Body::File("large.bin"))
            .closed(),
        get("a 404 keeps the connection", section, "/none", &[]).status(&[404]).kept(),
        get("a 304 keeps the connection", section, "/a.css", &["If-None-Match: *"])
            .status(&[304])
            .kept(),
        request("HEAD keeps the connection", section, "HEAD", "/a.css", &[]).ok(&[]).kept(),
        get("a 206 keeps the connection", section, "/a.css", &["Range: bytes=0-0"])
            .status(&[206])
            .kept(),
        get(
            "an upgrade that is not known is ignored",
            "9110 §7.8",
            "/a.css",
            &["Connection: upgrade", "Upgrade: cow"],
        )
        .ok(&[])
        .body(CSS),
        get(
            "an upgrade to h2c is ignored",
            "9113 §3.1",
            "/a.css",
            &[
                "Connection: upgrade, http2-settings",
                "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
            ],
        )
        .ok(&[])
        .body(CSS),
    ]
}
