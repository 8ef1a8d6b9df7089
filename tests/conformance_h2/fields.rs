//! Header fields (RFC 9113 §8.1 to §8.3): what makes a request malformed.

use crate::{
    case::{Case, Reaction, case},
    frames::{
        PROTOCOL_ERROR, REFUSED_STREAM, data, fields, flag, headers, open_large, post, request,
        request_block, settings,
    },
    hpack::{block, literal},
};

pub(crate) fn cases() -> Vec<Case> {
    [names(), values(), of_connections(), pseudo(), targets(), trailers(), lengths()].concat()
}

fn with(name: &str, section: &'static str, field: (&str, &str)) -> Case {
    case(name, section, [request(1, "GET", "/one.txt", &[field])])
}

fn names() -> Vec<Case> {
    const SECTION: &str = "9113 §8.2.1";
    let wrong = |what: &str, name: &str| with(what, SECTION, (name, "1")).malformed(1);
    vec![
        wrong("a name with a capital", "X-more"),
        wrong("a name with a capital inside", "x-mOre"),
        wrong("a name with a space", "x more"),
        wrong("a name with a line feed", "x\nmore"),
        wrong("a name with NUL", "x\0more"),
        wrong("a name with DEL", "x\u{7f}more"),
        wrong("a name with an octet above 0x7f", "x\u{e9}more"),
        wrong("a name with a colon inside", "x:more"),
        wrong("an empty name", ""),
        with("a name of all that a token may have", SECTION, ("!#$%&'*+-.^_`|~09az", "1"))
            .served(1),
    ]
}

fn values() -> Vec<Case> {
    const SECTION: &str = "9113 §8.2.1";
    let wrong = |what: &str, value: &str| with(what, SECTION, ("x-more", value)).malformed(1);
    let right = |what: &str, value: &str| with(what, SECTION, ("x-more", value)).served(1);
    vec![
        wrong("a value with NUL", "a\0b"),
        wrong("a value with a line feed", "a\nb"),
        wrong("a value with a carriage return", "a\rb"),
        wrong("a value that is another field", "a\r\nx-injected: 1"),
        wrong("a value that begins with a space", " a"),
        wrong("a value that ends in a space", "a "),
        wrong("a value that begins with a tab", "\ta"),
        wrong("a value that ends in a tab", "a\t"),
        right("an empty value", ""),
        right("a value with spaces and tabs inside", "a \t b"),
        right("a value with octets above 0x7f", "\u{e9}\u{ff}"),
        case(
            "a cookie in crumbs",
            "9113 §8.2.3",
            [request(1, "GET", "/one.txt", &[("cookie", "a=b"), ("cookie", "c=d")])],
        )
        .served(1),
    ]
}

fn of_connections() -> Vec<Case> {
    const SECTION: &str = "9113 §8.2.2";
    let wrong = |name: &str, value: &str| {
        with(&format!("{name}: {value}"), SECTION, (name, value)).malformed(1)
    };
    vec![
        wrong("connection", "keep-alive"),
        wrong("keep-alive", "timeout=5"),
        wrong("proxy-connection", "keep-alive"),
        wrong("transfer-encoding", "chunked"),
        wrong("upgrade", "h2c"),
        wrong("te", "gzip"),
        wrong("te", "trailers, gzip"),
        with("te: trailers", SECTION, ("te", "trailers")).served(1),
    ]
}

const METHOD: (&str, &str) = (":method", "GET");
const SCHEME: (&str, &str) = (":scheme", "http");
const AUTHORITY: (&str, &str) = (":authority", "localhost");
const PATH: (&str, &str) = (":path", "/one.txt");

fn pseudo() -> Vec<Case> {
    const REQUESTS: &str = "9113 §8.3.1";
    let wrong = |name: &str, section: &'static str, list: &[(&str, &str)]| {
        case(name, section, [fields(1, list)]).malformed(1)
    };
    let twice = |field: (&str, &str)| {
        let name = format!("{} twice", field.0);
        wrong(&name, REQUESTS, &[METHOD, SCHEME, AUTHORITY, PATH, field])
    };
    vec![
        wrong("no fields at all", REQUESTS, &[]),
        wrong("no :method", REQUESTS, &[SCHEME, AUTHORITY, PATH]),
        wrong("no :scheme", REQUESTS, &[METHOD, AUTHORITY, PATH]),
        wrong("no :path", REQUESTS, &[METHOD, SCHEME, AUTHORITY]),
        twice(METHOD),
        twice(SCHEME),
        twice(AUTHORITY),
        twice(PATH),
        wrong(
            "an unknown pseudo-field",
            "9113 §8.3",
            &[METHOD, SCHEME, AUTHORITY, PATH, (":more", "1")],
        ),
        wrong(
            "a pseudo-field of responses",
            "9113 §8.3",
            &[METHOD, SCHEME, AUTHORITY, PATH, (":status", "200")],
        ),
        wrong(
            "a pseudo-field after a field",
            "9113 §8.3",
            &[METHOD, SCHEME, AUTHORITY, ("x-more", "1"), PATH],
        ),
        wrong(
            ":protocol that was not allowed",
            "8441 §4",
            &[METHOD, SCHEME, AUTHORITY, PATH, (":protocol", "x")],
        ),
        wrong("an empty :method", REQUESTS, &[(":method", ""), SCHEME, AUTHORITY, PATH]),
        wrong("a :method with a space", REQUESTS, &[(":method", "GET /"), SCHEME, AUTHORITY, PATH]),
        wrong("an empty :path", REQUESTS, &[METHOD, SCHEME, AUTHORITY, (":path", "")]),
        wrong(
            "a :path with a space",
            REQUESTS,
            &[METHOD, SCHEME, AUTHORITY, (":path", "/one.txt HTTP/1.1")],
        ),
        wrong(
            "a :path without a slash",
            REQUESTS,
            &[METHOD, SCHEME, AUTHORITY, (":path", "one.txt")],
        ),
        wrong("a :path of * for GET", REQUESTS, &[METHOD, SCHEME, AUTHORITY, (":path", "*")]),
        wrong(
            "a host that differs from :authority",
            REQUESTS,
            &[METHOD, SCHEME, AUTHORITY, PATH, ("host", "elsewhere")],
        ),
        wrong(
            "an :authority with a space",
            REQUESTS,
            &[METHOD, SCHEME, (":authority", "a b"), PATH],
        ),
        wrong(
            "CONNECT with a :path",
            "9113 §8.5",
            &[(":method", "CONNECT"), SCHEME, AUTHORITY, PATH],
        ),
    ]
}

fn targets() -> Vec<Case> {
    const SECTION: &str = "9113 §8.3.1";
    let right =
        |name: &str, list: &[(&str, &str)]| case(name, SECTION, [fields(1, list)]).served(1);
    vec![
        right("pseudo-fields in another order", &[PATH, AUTHORITY, METHOD, SCHEME]),
        right("host instead of :authority", &[METHOD, SCHEME, PATH, ("host", "localhost")]),
        right("host beside :authority", &[METHOD, SCHEME, AUTHORITY, PATH, ("host", "localhost")]),
        right("a :path with a query", &[METHOD, SCHEME, AUTHORITY, (":path", "/one.txt?a=b")]),
        right(
            "https as the :scheme, as behind a proxy",
            &[METHOD, (":scheme", "https"), AUTHORITY, PATH],
        ),
        case(
            "CONNECT",
            "9110 §9.3.6",
            [fields(1, &[(":method", "CONNECT"), (":authority", "localhost:80")])],
        )
        .answer(1, &[400, 404, 405, 501])
        .stream_error(1, &[PROTOCOL_ERROR, REFUSED_STREAM]),
        case("OPTIONS of *", SECTION, [request(1, "OPTIONS", "*", &[])])
            .answer(1, &[200, 204, 404, 405]),
        case("a method that is unknown", "9110 §9.1", [request(1, "BREW", "/one.txt", &[])])
            .answer(1, &[405, 501]),
    ]
}

fn trailers() -> Vec<Case> {
    const SECTION: &str = "9113 §8.1";
    let after_content = |name: &str, flags: u8, trailers: &[(&str, &str)]| {
        let steps = [
            open_large(1, &[]),
            data(1, flag::NONE, b"content"),
            headers(1, flag::END_HEADERS | flags, &block(trailers)),
        ];
        case(name, SECTION, steps)
    };
    // One field that is sent once and then named by a byte.
    let many = [literal(0x40, "x-more", &"a".repeat(4000)), vec![0x80 | 62; 9]].concat();
    let too_large = [
        open_large(1, &[]),
        data(1, flag::NONE, b"content"),
        headers(1, flag::WHOLE, &[many, block(&[METHOD])].concat()),
    ];
    vec![
        case("40 KB of trailers with a pseudo-field", SECTION, too_large).malformed(1),
        case(
            "trailers",
            SECTION,
            [
                post(1, &[]),
                data(1, flag::NONE, b"content"),
                headers(1, flag::WHOLE, &block(&[("x-more", "1")])),
            ],
        )
        .answer(1, &[405]),
        after_content("trailers that are not the end", flag::NONE, &[("x-more", "1")]).malformed(1),
        after_content("trailers with a pseudo-field", flag::END_STREAM, &[METHOD]).malformed(1),
        after_content("trailers with a capital", flag::END_STREAM, &[("X-more", "1")]).malformed(1),
        after_content(
            "trailers with a field of connections",
            flag::END_STREAM,
            &[("connection", "close")],
        )
        .malformed(1),
        after_content(
            "trailers that are a request",
            flag::END_STREAM,
            &[METHOD, SCHEME, AUTHORITY, PATH],
        )
        .malformed(1),
    ]
}

fn lengths() -> Vec<Case> {
    const SECTION: &str = "9113 §8.1.1";
    let sent = |name: &str, length: &str, parts: &[&[u8]]| {
        let (last, others) = parts.split_last().expect("some content");
        let content = others.iter().map(|part| data(1, flag::NONE, part));
        let steps = [settings(&[]), post(1, &[("content-length", length)])].into_iter();
        let steps = steps.chain(content).chain([data(1, flag::END_STREAM, last)]);
        case(name, SECTION, steps.collect::<Vec<_>>())
    };
    // A server that does not want the content need not count it.
    let wrong =
        |name: &str, parts: &[&[u8]]| sent(name, "5", parts).malformed(1).or(Reaction::Declined(1));
    let without = |name: &str, length: &[(&str, &str)]| {
        let block = request_block("POST", "/one.txt", length);
        case(name, SECTION, [headers(1, flag::WHOLE, &block)])
    };
    vec![
        sent("as much content as content-length says", "5", &[b"hello"]).answer(1, &[405]),
        sent("as much, in parts", "5", &[b"he", b"", b"llo"]).answer(1, &[405]),
        wrong("less content than content-length says", &[b"hell"]),
        wrong("more content than content-length says", &[b"hello!"]),
        wrong("more, in parts", &[b"hel", b"lo", b"!"]),
        without("no content, but a content-length", &[("content-length", "5")]).malformed(1),
        without("no content, and a content-length of 0", &[("content-length", "0")])
            .answer(1, &[405]),
        without("a content-length that is no number", &[("content-length", "0x0")]).malformed(1),
        without("a negative content-length", &[("content-length", "-0")]).malformed(1),
        without("content-lengths that differ", &[("content-length", "0"), ("content-length", "5")])
            .malformed(1),
    ]
}
