//! Flow control (RFC 9113 §5.2, §6.9).

use crate::{
    case::{Case, case},
    frames::{
        CANCEL, FLOW_CONTROL_ERROR, MAXIMUM, PROTOCOL_ERROR, Step, data, flag, get, get_large,
        post, request, reset, setting, settings, times, wide_windows, window_update,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    [windows(), shared_windows(), changes(), errors(), uploads()].concat()
}

fn initial(size: u32) -> Step {
    settings(&[(setting::INITIAL_WINDOW_SIZE, size)])
}

/// A request for 20,000 bytes, on the stream that many streams after the first.
fn medium(at: usize) -> Step {
    request(odd(at + 1)[at], "GET", "/medium.bin", &[])
}

/// The numbers of so many streams.
fn odd(count: usize) -> Vec<u32> {
    (1..).step_by(2).take(count).collect()
}

fn shared_windows() -> Vec<Case> {
    const SECTION: &str = "9113 §6.9.1";
    vec![
        case(
            "responses that share the connection's window",
            SECTION,
            [initial(40_000), get_large(1), get_large(3)],
        )
        .received(&[1, 3], 65_535),
        case(
            "small responses that share the connection's window",
            SECTION,
            [window_update(0, 100_000), times(20, medium)],
        )
        .received(&odd(20), 165_535),
        case(
            "small and large responses that share the connection's window",
            SECTION,
            [
                initial(MAXIMUM),
                window_update(0, 200_000),
                times(4, medium),
                get_large(9),
                times(4, |at| medium(at + 5)),
            ],
        )
        .received(&odd(9), 265_535),
        case(
            "a small response that is larger than its stream's window",
            SECTION,
            [initial(19_999), window_update(0, 1_000_000), medium(0)],
        )
        .received(&[1], 19_999),
    ]
}

fn windows() -> Vec<Case> {
    const SECTION: &str = "9113 §6.9.1";
    let [wide, window] = wide_windows();
    vec![
        case(
            "a response as large as the connection's window",
            SECTION,
            [initial(MAXIMUM), get_large(1)],
        )
        .received(&[1], 65_535),
        case(
            "a response as large as the stream's window",
            SECTION,
            [window_update(0, 1_000_000), get_large(1)],
        )
        .received(&[1], 65_535),
        case("a window of 0", SECTION, [initial(0), get_large(1), Step::AwaitHead(1)])
            .received(&[1], 0),
        case("a window of 1", SECTION, [initial(1), get_large(1)]).received(&[1], 1),
        case(
            "a window that is updated",
            SECTION,
            [initial(0), get_large(1), Step::AwaitHead(1), window_update(1, 5)],
        )
        .received(&[1], 5),
        case(
            "a window that is updated in a hundred steps",
            SECTION,
            [initial(0), get_large(1), Step::AwaitHead(1), times(100, |_| window_update(1, 1))],
        )
        .received(&[1], 100),
        case(
            "a connection's window that is updated",
            SECTION,
            [initial(MAXIMUM), get_large(1), Step::AwaitData(1, 65_535), window_update(0, 1000)],
        )
        .received(&[1], 66_535),
        case("windows as large as may be", SECTION, [wide, window, get_large(1)])
            .answer(1, &[200])
            .body("large.bin", 0, 300_000),
        case(
            "HEADERS do not wait for a window",
            "9113 §6.9",
            [initial(0), request(1, "HEAD", "/large.bin", &[])],
        )
        .answer(1, &[200]),
        case(
            "an empty response does not wait for a window",
            SECTION,
            [initial(0), request(1, "GET", "/empty.txt", &[])],
        )
        .answer(1, &[200]),
        case(
            "a stream that is reset wants no more of the connection's window",
            "9113 §6.9",
            [
                initial(MAXIMUM),
                get_large(1),
                Step::AwaitData(1, 65_535),
                reset(1, CANCEL),
                window_update(0, 1),
                get(3),
            ],
        )
        .served(3),
    ]
}

fn changes() -> Vec<Case> {
    const SECTION: &str = "9113 §6.9.2";
    vec![
        case(
            "SETTINGS widen the windows of streams",
            SECTION,
            [initial(0), get_large(1), Step::AwaitHead(1), initial(7)],
        )
        .received(&[1], 7),
        case(
            "SETTINGS narrow the windows of streams below zero",
            SECTION,
            [
                initial(100),
                get_large(1),
                Step::AwaitData(1, 100),
                initial(50),
                window_update(1, 50),
            ],
        )
        .received(&[1], 100),
        case(
            "a window below zero is widened again",
            SECTION,
            [
                initial(100),
                get_large(1),
                Step::AwaitData(1, 100),
                initial(50),
                window_update(1, 60),
            ],
        )
        .received(&[1], 110),
        case(
            "SETTINGS do not change the connection's window",
            SECTION,
            [get_large(1), Step::AwaitData(1, 65_535), initial(100_000)],
        )
        .received(&[1], 65_535),
        case(
            "SETTINGS widen the windows of all streams",
            SECTION,
            [initial(0), get_large(1), get_large(3), Step::AwaitHead(3), initial(11)],
        )
        .received(&[1, 3], 22),
    ]
}

fn errors() -> Vec<Case> {
    let overflow = [FLOW_CONTROL_ERROR];
    vec![
        case("an increment of 0 for the connection", "9113 §6.9", [window_update(0, 0)])
            .connection_error(&[PROTOCOL_ERROR]),
        case(
            "an increment of 0 for a stream",
            "9113 §6.9",
            [get_large(1), Step::AwaitHead(1), window_update(1, 0)],
        )
        .stream_error(1, &[PROTOCOL_ERROR]),
        case("a connection's window beyond 2^31 - 1", "9113 §6.9.1", [window_update(0, MAXIMUM)])
            .connection_error(&overflow),
        case(
            "a connection's window beyond 2^31 - 1 in two steps",
            "9113 §6.9.1",
            [window_update(0, MAXIMUM - 65_535), window_update(0, 1)],
        )
        .connection_error(&overflow),
        case(
            "a stream's window beyond 2^31 - 1",
            "9113 §6.9.1",
            [initial(MAXIMUM), get_large(1), Step::AwaitData(1, 65_535), window_update(1, 65_536)],
        )
        .stream_error(1, &overflow),
        case(
            "a stream's window beyond 2^31 - 1 by SETTINGS",
            "9113 §6.9.2",
            [
                initial(MAXIMUM),
                get_large(1),
                Step::AwaitData(1, 65_535),
                initial(100),
                get_large(3),
                window_update(3, 1000),
                initial(MAXIMUM),
            ],
        )
        .connection_error(&overflow),
    ]
}

fn uploads() -> Vec<Case> {
    const SECTION: &str = "9113 §6.9";
    let chunk = [0; 16_000];
    vec![
        case(
            "content that fills the default windows",
            SECTION,
            [
                post(1, &[]),
                times(4, |_| data(1, flag::NONE, &chunk)),
                data(1, flag::END_STREAM, &chunk[..1535]),
            ],
        )
        .answer(1, &[405]),
        case("content of forty streams, more than any window", SECTION, {
            let uploads = (1..80).step_by(2).flat_map(refused_upload);
            uploads.chain([get(81)]).collect::<Vec<_>>()
        })
        .served(81),
    ]
}

/// 30,000 bytes for a resource that takes none, once the connection's window allows them. A server
/// that does not give the window back comes to a halt.
fn refused_upload(stream: u32) -> [Step; 5] {
    let half = [0; 15_000];
    [
        Step::AwaitWindow(30_000),
        post(stream, &[]),
        data(stream, flag::NONE, &half),
        data(stream, flag::END_STREAM, &half),
        Step::AwaitEnd(stream),
    ]
}
