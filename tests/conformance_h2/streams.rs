//! Streams: their states, their numbers, how many there may be (RFC 9113 §5.1).

use crate::{
    case::{Case, case},
    frames::{
        CANCEL, Code, FLOW_CONTROL_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, STREAM_CLOSED,
        Settings, Step, bytes, continuation, data, flag, frame, get, get_large, headers, kind,
        open_large, priority, request_block, reset, setting, settings, window_update,
    },
    hpack::block,
};

pub(crate) fn cases() -> Vec<Case> {
    [idle(), half_closed(), closed(), numbers(), how_many(), independent()].concat()
}

const SECTION: &str = "9113 §5.1";

fn idle() -> Vec<Case> {
    let wrong =
        |name: &str, step: Step| case(name, SECTION, [step]).connection_error(&[PROTOCOL_ERROR]);
    vec![
        wrong("DATA on an idle stream", data(1, flag::END_STREAM, b"1"))
            .stream_error(1, &[STREAM_CLOSED]),
        wrong("RST_STREAM on an idle stream", reset(1, CANCEL)),
        wrong("WINDOW_UPDATE on an idle stream", window_update(1, 100)),
        wrong("RST_STREAM on an idle stream of the server", reset(2, CANCEL)),
        wrong("WINDOW_UPDATE on an idle stream of the server", window_update(2, 100)),
        case("PRIORITY on an idle stream", SECTION, [priority(5), get(1)]).served(1),
        case("PRIORITY on an idle stream, then its request", SECTION, [priority(1), get(1)])
            .served(1),
    ]
}

/// The response is blocked by the connection's window, so the stream is not closed.
fn half_closed() -> Vec<Case> {
    let after =
        |name: &str, step: Step| case(name, SECTION, [get_large(1), Step::AwaitHead(1), step]);
    let wrong = |name: &str, step: Step| after(name, step).stream_error(1, &[STREAM_CLOSED]);
    let trailers = block(&[("x-more", "1")]);
    let waits = |name: &str, step: Step| after(name, step).received(&[1], 65_535);
    vec![
        wrong("DATA after END_STREAM", data(1, flag::NONE, b"1")),
        wrong("the end again, after END_STREAM", data(1, flag::END_STREAM, b"")),
        wrong("HEADERS after END_STREAM", headers(1, flag::WHOLE, &trailers)),
        wrong("a second request on a stream", get(1)),
        after("CONTINUATION after END_STREAM", continuation(1, flag::END_HEADERS, &trailers))
            .connection_error(&[PROTOCOL_ERROR]),
        waits("WINDOW_UPDATE after END_STREAM", window_update(1, 1)),
        waits("PRIORITY after END_STREAM", priority(1)),
        case(
            "DATA after the end of the content",
            SECTION,
            [open_large(1, &[]), data(1, flag::END_STREAM, b"1"), data(1, flag::NONE, b"1")],
        )
        .stream_error(1, &[STREAM_CLOSED]),
        case(
            "RST_STREAM after END_STREAM, and the next request",
            SECTION,
            [
                settings(&[(setting::INITIAL_WINDOW_SIZE, 10)]),
                get_large(1),
                Step::AwaitData(1, 10),
                reset(1, CANCEL),
                get(3),
            ],
        )
        .served(3),
    ]
}

/// A frame for a stream that is closed may be an error of either kind, or discarded.
fn closed() -> Vec<Case> {
    let lenient = |case: Case, codes: &[Code]| {
        case.connection_error(codes).stream_error(1, &[STREAM_CLOSED]).ignored()
    };
    let either = [STREAM_CLOSED, PROTOCOL_ERROR];
    let after_reset = |name: &str, step: Step| {
        lenient(case(name, SECTION, [open_large(1, &[]), reset(1, CANCEL), step]), &either)
    };
    // The response was whole, so what follows may do it no harm.
    let after_end = |name: &str, step: Step| {
        let steps = [get(1), Step::AwaitEnd(1), step, get(3)];
        case(name, SECTION, steps).served(3)
    };
    let wrong_after_end = |name: &str, step: Step| {
        after_end(name, step).connection_error(&either).stream_error(1, &[STREAM_CLOSED])
    };
    let trailers = || block(&[("x-more", "1")]);
    vec![
        after_reset("DATA after the client's RST_STREAM", data(1, flag::END_STREAM, b"1")),
        after_reset("HEADERS after the client's RST_STREAM", headers(1, flag::WHOLE, &trailers())),
        after_reset("a second RST_STREAM", reset(1, CANCEL)),
        after_reset("WINDOW_UPDATE after the client's RST_STREAM", window_update(1, 1)),
        after_reset("CONTINUATION after the client's RST_STREAM", continuation(1, 4, &trailers())),
        wrong_after_end("DATA after both ends", data(1, flag::END_STREAM, b"1")),
        wrong_after_end("HEADERS after both ends", headers(1, flag::WHOLE, &trailers())),
        after_end("WINDOW_UPDATE after both ends", window_update(1, 1)),
        after_end("RST_STREAM after both ends", reset(1, NO_ERROR)),
        after_end("PRIORITY after both ends", priority(1)),
    ]
}

fn numbers() -> Vec<Case> {
    const SECTION: &str = "9113 §5.1.1";
    let wrong = |name: &str, steps: [Step; 2]| {
        case(name, SECTION, steps).connection_error(&[PROTOCOL_ERROR])
    };
    vec![
        wrong("a request on stream 2", [settings(&[]), get(2)]),
        wrong("a request on a lower stream", [get(5), get(3)]).connection_error(&[STREAM_CLOSED]),
        wrong("DATA on a stream that was skipped", [get(5), data(3, flag::END_STREAM, b"1")])
            .connection_error(&[STREAM_CLOSED])
            .stream_error(3, &[STREAM_CLOSED]),
        case("streams that skip numbers", SECTION, [get(1), get(77), get(1001)]).served(1001),
        case("a request on the last stream that there is", SECTION, [get(0x7fff_ffff)])
            .served(0x7fff_ffff),
    ]
}

/// One request more than the server takes at once; no window lets any response end.
fn too_many(server: &Settings) -> Option<Vec<u8>> {
    let most = *server.get(&setting::MAX_CONCURRENT_STREAMS).filter(|most| **most <= 1000)?;
    let request = |at| {
        let block = request_block("GET", "/one.txt", &[]);
        bytes(kind::HEADERS, flag::WHOLE, 5001 + 2 * at - 2 * most, &block)
    };
    Some((0..=most).flat_map(request).collect())
}

fn how_many() -> Vec<Case> {
    const SECTION: &str = "9113 §5.1.2";
    let blocked = || settings(&[(setting::INITIAL_WINDOW_SIZE, 0)]);
    let unblocked = || settings(&[(setting::INITIAL_WINDOW_SIZE, 65_535)]);
    let codes = [REFUSED_STREAM, PROTOCOL_ERROR];
    vec![
        case("one stream too many", SECTION, [blocked(), Step::Fitting(too_many)])
            .stream_error(5001, &codes),
        case(
            "the streams that are not too many are served",
            SECTION,
            [blocked(), Step::Fitting(too_many), Step::Settle, unblocked()],
        )
        .served(4999),
        case(
            "a stream that ended leaves room for another",
            SECTION,
            [
                blocked(),
                Step::Fitting(too_many),
                Step::Settle,
                unblocked(),
                Step::AwaitEnd(4999),
                Step::Settle,
                get(5003),
            ],
        )
        .served(5003),
        case(
            "a server says how many streams it takes",
            "9113 §10.5",
            [
                Step::Fitting(|server| {
                    let most = server.get(&setting::MAX_CONCURRENT_STREAMS)?;
                    (1..=1000).contains(most).then(Vec::new)
                }),
                get(1),
            ],
        )
        .served(1),
    ]
}

fn independent() -> Vec<Case> {
    const SECTION: &str = "9113 §5";
    let blocked = settings(&[(setting::INITIAL_WINDOW_SIZE, 1)]);
    vec![
        case(
            "a response does not wait for one that is blocked",
            SECTION,
            [blocked, get_large(1), Step::AwaitData(1, 1), get(3)],
        )
        .served(3),
        case(
            "a stream error is of no concern to the next stream",
            "9113 §5.4.2",
            [
                get_large(1),
                Step::AwaitData(1, 65_535),
                window_update(1, 0x7fff_ffff),
                window_update(1, 0x7fff_ffff),
                Step::Settle,
                window_update(0, 1000),
                get(3),
            ],
        )
        .served(3)
        .connection_error(&[FLOW_CONTROL_ERROR]),
        case("two whole requests in one segment", SECTION, [get(1), get(3)]).served(3),
        case(
            "a request whose frames lie between another's",
            SECTION,
            [
                settings(&[(setting::INITIAL_WINDOW_SIZE, 1)]),
                open_large(1, &[]),
                get(3),
                data(1, flag::NONE, b"1"),
                frame(kind::DATA, flag::END_STREAM, 1, &[]),
            ],
        )
        .served(3),
    ]
}
