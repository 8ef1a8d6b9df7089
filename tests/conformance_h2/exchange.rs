//! The semantics of HTTP over HTTP/2: responses, their lengths, their parts (RFC 9110, RFC 9113 §8.1).

use crate::{
    case::{Case, case},
    frames::{Step, flag, get, headers, request, request_block, setting, settings, wide_windows},
};

pub(crate) fn cases() -> Vec<Case> {
    [methods(), conditions(), ranges(), large()].concat()
}

fn methods() -> Vec<Case> {
    let asks = |name: &str, section: &'static str, method: &str, path: &str| {
        case(name, section, [request(1, method, path, &[])])
    };
    vec![
        asks("GET", "9110 §9.3.1", "GET", "/one.txt").served(1).fields(&[("content-length", "1")]),
        asks("GET of an empty file", "9110 §8.6", "GET", "/empty.txt")
            .answer(1, &[200])
            .fields(&[("content-length", "0")])
            .body("empty.txt", 0, 0),
        asks("HEAD", "9110 §9.3.2", "HEAD", "/large.bin")
            .answer(1, &[200])
            .fields(&[("content-length", "300000")])
            .body("empty.txt", 0, 0),
        asks("GET of what is not there", "9110 §15.5.5", "GET", "/none").answer(1, &[404]),
        asks("HEAD of what is not there", "9110 §15.5.5", "HEAD", "/none").answer(1, &[404]).body(
            "empty.txt",
            0,
            0,
        ),
        asks("POST", "9110 §15.5.6", "POST", "/one.txt").answer(1, &[405]),
        asks("DELETE", "9110 §15.5.6", "DELETE", "/one.txt").answer(1, &[405]),
        case("HEAD, then GET", "9110 §9.3.2", [request(1, "HEAD", "/one.txt", &[]), get(3)])
            .served(3),
        case("a response says how long it is, and from when", "9110 §6.6.1", [get(1)])
            .served(1)
            .fields(&[("content-length", "1"), ("date", "~GMT")]),
    ]
}

fn conditions() -> Vec<Case> {
    let if_none_match =
        |method: &str, value: &str| request(1, method, "/one.txt", &[("if-none-match", value)]);
    vec![
        case("If-None-Match of anything", "9110 §13.1.2", [if_none_match("GET", "*")])
            .answer(1, &[304])
            .body("empty.txt", 0, 0),
        case("HEAD with If-None-Match of anything", "9110 §13.1.2", [if_none_match("HEAD", "*")])
            .answer(1, &[304])
            .body("empty.txt", 0, 0),
        case("If-None-Match of something else", "9110 §13.1.2", [if_none_match("GET", "\"else\"")])
            .served(1),
        case(
            "If-Match of something else",
            "9110 §13.1.1",
            [request(1, "GET", "/one.txt", &[("if-match", "\"else\"")])],
        )
        .answer(1, &[412]),
    ]
}

fn ranges() -> Vec<Case> {
    let range = |name: &str, range: &str| {
        case(name, "9110 §14.2", [request(1, "GET", "/large.bin", &[("range", range)])])
    };
    vec![
        range("the first ten bytes", "bytes=0-9")
            .answer(1, &[206])
            .fields(&[("content-range", "bytes 0-9/300000"), ("content-length", "10")])
            .body("large.bin", 0, 10),
        range("the last ten bytes", "bytes=-10")
            .answer(1, &[206])
            .fields(&[("content-range", "bytes 299990-299999/300000"), ("content-length", "10")])
            .body("large.bin", 299_990, 300_000),
        range("a range behind the end", "bytes=300000-")
            .answer(1, &[416])
            .fields(&[("content-range", "bytes */300000")]),
    ]
}

fn large() -> Vec<Case> {
    let [wide, window] = wide_windows();
    let large = |stream| request(stream, "GET", "/large.bin", &[]);
    let larger_frames = settings(&[(setting::MAX_FRAME_SIZE, 16_384)]);
    let hundred = (0..100).map(|at| get(2 * at + 1)).collect::<Vec<_>>();
    vec![
        case(
            "a large file, in frames that are not too large",
            "9113 §4.2",
            [wide.clone(), window.clone(), larger_frames, large(1)],
        )
        .answer(1, &[200])
        .fields(&[("content-length", "300000")])
        .body("large.bin", 0, 300_000),
        case("ten large files at once", "9113 §5", {
            let files = (0..10).map(|at| large(2 * at + 1));
            [wide, window].into_iter().chain(files).collect::<Vec<_>>()
        })
        .answer(19, &[200])
        .body("large.bin", 0, 300_000),
        case("a hundred requests at once", "9113 §5.1.2", hundred).served(199),
        case("a hundred requests, one after the other", "9113 §9.1", {
            let request = |at: u32| [get(2 * at + 1), Step::AwaitEnd(2 * at + 1)];
            (0..100).flat_map(request).collect::<Vec<_>>()
        })
        .served(199),
        case("a request of eight kilobytes of fields", "9110 §5.4", {
            let fields: Vec<_> = (0..8).map(|_| ("x-more", "a".repeat(900))).collect();
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &value[..])).collect();
            [headers(1, flag::WHOLE, &request_block("GET", "/one.txt", &fields))]
        })
        .served(1),
    ]
}
