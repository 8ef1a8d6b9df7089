//! The short way and hyper's way answer the same bytes with the same bytes, but for `Date`, and count
//! and log them alike.

mod common;

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use common::{Connection, PATIENCE, Packed, Server, folder, http2::Http2, pack};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};

const SETTINGS: &str = r#"
cors = ["https://a.example"]
last_modified = 1994-11-06T08:49:37Z

[[headers]]
for = "*.html"
set = { X-Frame-Options = "DENY" }
append = { Link = "</a.css>; rel=preload", Vary = "Cookie" }
remove = ["X-Content-Type-Options"]
"#;

/// A site whose responses have all kinds of fields.
fn site() -> Packed {
    let css: String = (0..400).map(|n| format!(".class-{n} {{ margin: {n}px }}\n")).collect();
    let large: Vec<u8> =
        (0..75_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_769).to_be_bytes()).collect();
    let site = folder(&[
        ("404.html", b"<p>no such page"),
        ("_redirects", b"/old /a.css 301\n/p/:x /q/:x 302\n"),
        ("a.css", css.as_bytes()),
        ("empty.txt", b""),
        ("index.html", b"<p>index"),
        ("large.bin", &large),
    ]);
    let settings = folder(&[("hardtack.toml", SETTINGS.as_bytes())]);
    let settings = settings.path().join("hardtack.toml");
    pack(site.path(), &[("HARDTACK_CONFIG", settings.to_str().expect("UTF-8"))])
}

/// Two servers with these options: one that has both ways, and one that has hyper's alone.
fn both(site: &Packed, options: &[&str]) -> [Server; 2] {
    [&[][..], &["--no-short-way"]].map(|more| {
        Server::of(site.command().args(["serve", "--threads=1"]).args(options).args(more))
    })
}

/// All that a server answers to bytes which come in these pieces, without the dates.
fn answer(address: SocketAddr, pieces: &[String]) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_nodelay(true).expect("it is TCP");
    stream.set_read_timeout(Some(PATIENCE)).expect("a valid duration");
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            // Most often enough for the server to see the pieces apart.
            thread::sleep(Duration::from_millis(1));
        }
        // The server may have refused what came before.
        stream.write_all(piece.as_bytes()).ok();
    }
    stream.shutdown(Shutdown::Write).ok();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok();
    without_dates(&String::from_utf8_lossy(&bytes))
}

fn without_dates(answer: &str) -> String {
    let mut lines = answer.split_inclusive("\r\n");
    let kept = lines.by_ref().filter(|line| !line.starts_with("date: "));
    kept.collect()
}

/// hyper's buffer grows with a burst, and is given back when the connection is parked amid a head.
#[test]
fn a_head_that_is_longer_than_one_read_keeps_its_order() {
    let field = |n| format!("X-{n}: {}\r\n", "y".repeat(1000));
    let fields: String = (0..20).map(field).collect();
    let burst =
        format!("HEAD / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n{}\r\n", field(0)).repeat(80);
    let last = format!("GET /a.css HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n");
    let (begin, end) = last.split_at(last.len() - 1);
    let answers = both(&site(), &[]).map(|server| {
        let mut stream = TcpStream::connect(server.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid duration");
        let first = "GET /index.html HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n";
        stream.write_all(burst.as_bytes()).expect("it is open");
        stream.write_all(format!("{first}{begin}").as_bytes()).expect("it is open");
        thread::sleep(Duration::from_millis(400));
        stream.write_all(end.as_bytes()).expect("it is open");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("all of it comes");
        without_dates(&String::from_utf8_lossy(&bytes))
    });
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].contains(".class-399"), "{}", answers[0]);
}

const TARGETS: &[&str] = &[
    "/",
    "/a.css",
    "/a.css?x=y",
    "/index.html",
    "/empty.txt",
    "/large.bin",
    "/old",
    "/p/1",
    "/absent",
    "/%61.css",
    "/%zz",
    "/%00",
    "//a.css",
    "/a|b",
    "http://x/a.css",
    "*",
];
const FIELDS: &[&str] = &[
    "Accept: text/html",
    "Accept-Encoding: br, gzip",
    "accept-encoding: identity;q=0",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: keep-alive, close",
    "Content-Length: 0",
    "Content-Length: 5",
    "Expect: 100-continue",
    "Host: other",
    "Host : x",
    "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
    "If-None-Match: *",
    "Origin: https://a.example",
    "Range: bytes=0-9",
    "Range: bytes=-5, 0-1",
    "TE: trailers",
    "Transfer-Encoding: chunked",
    "Upgrade: websocket",
    "Want-Repr-Digest: sha-256=1",
    "X-Tab: \ta\tb\t",
    "no field",
    " folded",
];

/// A request, most often one that is simple.
fn request() -> impl Strategy<Value = String> {
    let method =
        prop_oneof![8 => Just("GET"), 2 => Just("HEAD"), 1 => Just("OPTIONS"), 1 => Just("get")];
    let version = prop_oneof![12 => Just("HTTP/1.1"), 1 => Just("HTTP/1.0"), 1 => Just("HTTP/2")];
    let host =
        prop_oneof![12 => Just("Host: localhost\r\n"), 1 => Just(""), 1 => Just("Host: a b\r\n")];
    let line_end = prop_oneof![12 => Just("\r\n"), 1 => Just("\n")];
    // Of a head that is too long and malformed, hyper says what it sees first.
    let long = vec![format!("X-Long: {}", "a".repeat(8192))];
    let fields = vec(select(FIELDS).prop_map(str::to_owned), 0..4);
    let fields = prop_oneof![16 => fields, 1 => Just(long)];
    (method, select(TARGETS), version, host, fields, line_end).prop_map(
        |(method, target, version, host, fields, line_end)| {
            let fields: String = fields.iter().map(|field| format!("{field}{line_end}")).collect();
            format!("{method} {target} {version}{line_end}{host}{fields}{line_end}")
        },
    )
}

/// Requests one behind the other, in one piece or two.
fn pieces() -> impl Strategy<Value = Vec<String>> {
    (vec(request(), 1..4), prop_oneof![2 => Just(None), 1 => (0.0..1.0_f64).prop_map(Some)])
        .prop_map(|(requests, cut)| {
            let all = requests.concat();
            match cut {
                None => vec![all],
                Some(part) => {
                    let (first, second) = all.split_at((all.len() as f64 * part) as usize);
                    vec![first.to_owned(), second.to_owned()]
                }
            }
        })
}

#[track_caller]
fn are_one(options: &[&str], cases: u32) {
    let site = site();
    let [short, hypers] = both(&site, options);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&pieces(), |pieces| {
            prop_assert_eq!(answer(short.address, &pieces), answer(hypers.address, &pieces));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn both_ways_are_one() {
    are_one(&[], 400);
}

#[test]
fn both_ways_are_one_at_limits() {
    let limits = [
        "--max-uri-bytes=9",
        "--max-header-fields=3",
        "--max-header-bytes=8192",
        "--max-requests=2",
    ];
    are_one(&limits, 200);
}

#[test]
fn both_ways_are_one_with_options() {
    are_one(&["--cache-tags=cache-tag", "--access-log=combined"], 100);
    are_one(&["--https-redirect=443"], 100);
    are_one(&["--h2c"], 100);
}

/// Without this, the other tests might compare hyper's way with itself.
#[test]
fn hyper_has_a_connection_from_its_first_request_that_is_not_simple() {
    let site = site();
    let (server, log) = Server::logged(site.command().args(["serve", "--log-level=debug"]));
    let mut connection = server.connect();
    for (method, target, fields) in COUNTED {
        connection.request(method, target, fields);
    }
    connection.request("GET", "/a.css", &[("te", "trailers")]);
    connection.request("GET", "/a.css", &[("te", "trailers")]);
    drop(connection);
    server.signal("-TERM");
    let lines = std::iter::from_fn(|| log.next());
    let taken_over = lines.filter(|line| line.contains("hyper takes a connection over"));
    assert_eq!(taken_over.count(), 1);
    assert_eq!(server.wait(), 0);
}

/// More than the system takes at once.
#[test]
fn many_large_responses_are_whole() {
    let site = site();
    let [short, hypers] = both(&site, &[]);
    let request = "GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let pieces = [request.repeat(40)];
    let [ours, theirs] = [short, hypers].map(|server| answer(server.address, &pieces));
    assert_eq!(ours.matches("HTTP/1.1 200 OK").count(), 40);
    assert!(ours == theirs);
}

/// Longer than one turn of a connection, and at its end: 512 KB with the head, or without.
const TURN: usize = 512 << 10;
const LONG: [usize; 6] = [100 << 10, TURN - 400, TURN, TURN + 1, 3 * TURN, 20 << 20];

/// Files of these lengths, of a type that is not compressed, and the longest one's bytes, with which
/// the others begin.
fn long_site() -> (Packed, Vec<u8>) {
    let bytes: Vec<u8> =
        (0..5_u32 << 20).flat_map(|n| n.wrapping_mul(2_654_435_769).to_be_bytes()).collect();
    let names = LONG.map(|length| format!("{length}.png"));
    let files: Vec<_> =
        LONG.iter().zip(&names).map(|(length, name)| (name.as_str(), &bytes[..*length])).collect();
    (pack(folder(&files).path(), &[]), bytes)
}

#[test]
fn responses_that_take_turns() {
    let (site, bytes) = long_site();
    for server in both(&site, &[]) {
        are_whole(&server, &bytes);
        keep_their_order(&server, &bytes);
        hold_up_nobody(&server, &bytes);
        lose_nothing_to_a_malformed_request(&server, &bytes);
        answer_a_request_whose_content_does_not_come(&server, &bytes[..LONG[4]]);
    }
}

#[track_caller]
fn are_whole(server: &Server, bytes: &[u8]) {
    let mut connection = server.connect();
    for length in LONG {
        let (target, all) = (format!("/{length}.png"), &bytes[..length]);
        assert!(connection.request("GET", &target, &[]).body == all, "{length}");
        assert_eq!(connection.request("HEAD", &target, &[]).body, b"");
        let end = length - 3;
        for (range, expected) in [
            (format!("bytes=1-{end}"), &all[1..=end]),
            (format!("bytes={end}-"), &all[end..]),
            ("bytes=-70000".to_owned(), &all[length - 70_000..]),
        ] {
            let part = connection.request("GET", &target, &[("range", &range)]);
            assert!(part.status == 206 && part.body == expected, "{length} {range}");
        }
    }
}

/// Those to requests that came together.
#[track_caller]
fn keep_their_order(server: &Server, bytes: &[u8]) {
    let get = |length: usize| format!("GET /{length}.png HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let order = [LONG[0], bytes.len(), LONG[0], TURN, LONG[1], TURN + 1, LONG[0]];
    let mut connection = server.connect();
    connection.send(order.map(get).concat().as_bytes());
    for length in order {
        assert!(connection.response("GET").body == bytes[..length], "{length}");
    }
}

/// One connection is slow, one leaves, and one is served meanwhile by the same thread.
#[track_caller]
fn hold_up_nobody(server: &Server, bytes: &[u8]) {
    let request = format!("GET /{}.png HTTP/1.1\r\nHost: localhost\r\n\r\n", bytes.len());
    let (mut slow, mut leaving) = (server.connect(), server.connect());
    for connection in [&mut slow, &mut leaving] {
        connection.send(request.as_bytes());
        connection.head();
    }
    drop(leaving);
    assert!(server.get(&format!("/{TURN}.png"), &[]).body == bytes[..TURN]);
    let mut rest = vec![0; bytes.len()];
    slow.stream.read_exact(&mut rest).expect("all of it comes");
    assert!(rest == bytes);
}

/// It comes behind a request whose response the client does not take at once.
#[track_caller]
fn lose_nothing_to_a_malformed_request(server: &Server, bytes: &[u8]) {
    for fields in ["", "TE: trailers\r\n"] {
        let mut connection = server.connect();
        let request = format!("GET /{}.png HTTP/1.1\r\nHost: localhost\r\n{fields}", bytes.len());
        connection.send(format!("{request}\r\n{}", "\0".repeat(100_000)).as_bytes());
        thread::sleep(Duration::from_millis(200));
        assert!(connection.response("GET").body == bytes, "{fields}");
        assert_eq!(connection.response("GET").status, 400, "{fields}");
        assert!(connection.is_closed(), "{fields}");
    }
}

/// hyper does not read the content of a request that it refuses.
#[track_caller]
fn answer_a_request_whose_content_does_not_come(server: &Server, bytes: &[u8]) {
    let first = format!("GET /{}.png HTTP/1.1\r\nHost: localhost\r\n\r\n", bytes.len());
    for _ in 0..10 {
        let mut connection = server.connect();
        let second = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n";
        connection.send(format!("{first}{second}").as_bytes());
        thread::sleep(Duration::from_millis(20));
        assert!(connection.response("GET").body == bytes);
        assert_eq!(connection.response("POST").status, 405);
        assert!(connection.is_closed());
    }
}

/// Method, target, fields.
type Counted = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Requests of which each is counted and logged.
const COUNTED: &[Counted] = &[
    ("GET", "/a.css", &[("accept-encoding", "br"), ("referer", "x"), ("user-agent", "y \"z\"")]),
    ("GET", "/a.css", &[]),
    ("HEAD", "/a.css", &[("accept-encoding", "gzip")]),
    ("GET", "/index.html?a=b", &[]),
    ("GET", "/a.css", &[("if-none-match", "*")]),
    ("GET", "/absent", &[]),
    ("GET", "/a.css", &[("range", "bytes=0-9"), ("x-forwarded-for", "192.0.2.7")]),
];

/// The lines of both logs, without their times, and the counters.
fn counted(options: &[&str], is_http2: bool) -> [(Vec<String>, Vec<String>); 2] {
    let options = [&["--access-log=combined", "--admin-listen=127.0.0.1:0"], options].concat();
    both(&site(), &options).map(|mut server| {
        let admin = server.also_at("admin      http://");
        if is_http2 {
            let mut connection = Http2::to(server.address);
            ask(COUNTED, |method, target, fields| connection.request(method, target, fields, ""));
        } else {
            let mut connection = server.connect();
            ask(COUNTED, |method, target, fields| connection.request(method, target, fields));
        }
        let line = |_| {
            let line = server.line().expect("it logs");
            let (before, rest) = line.split_once('[').expect("with a time");
            format!("{before}{}", rest.split_once(']').expect("with a time").1)
        };
        let lines = COUNTED.iter().map(line).collect();
        let metrics = Connection::to(admin).request("GET", "/metrics", &[]).body;
        let metrics = String::from_utf8(metrics).expect("text");
        let names = ["hardtack_requests", "hardtack_response", "hardtack_protocol_requests"];
        let is_of_requests = |line: &&str| names.iter().any(|name| line.starts_with(name));
        (lines, metrics.lines().filter(is_of_requests).map(str::to_owned).collect())
    })
}

fn ask<R>(requests: &[Counted], mut ask: impl FnMut(&str, &str, &[(&str, &str)]) -> R) {
    for (method, target, fields) in requests {
        ask(method, target, fields);
    }
}

#[test]
fn both_ways_are_counted_and_logged_alike() {
    for (options, is_http2) in [
        (&[][..], false),
        (&["--forwarded-from=127.0.0.1"], false),
        (&["--h2c"], true),
        (&["--h2c", "--forwarded-from=127.0.0.1"], true),
    ] {
        let [(short_log, short), (hypers_log, hypers)] = counted(options, is_http2);
        assert_eq!(short_log, hypers_log);
        assert_eq!(short, hypers);
        assert!(short.len() > 5, "{short:?}");
        let is_believed = options.contains(&"--forwarded-from=127.0.0.1");
        assert_eq!(short_log[6].starts_with("192.0.2.7"), is_believed, "{short_log:?}");
    }
}
