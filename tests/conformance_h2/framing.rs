//! Frames of every type: on a wrong stream, of a wrong length, badly padded (RFC 9113 §4, §6).

use crate::{
    case::{Case, Reaction, case},
    frames::{
        CANCEL, Code, FRAME_SIZE_ERROR, NO_ERROR, PROTOCOL_ERROR, Settings, Step, bytes,
        continuation, data, flag, frame, get, get_large, go_away, headers, kind, open_large, ping,
        post, priority, request_block, reset, setting, settings, times, wide_windows,
        window_update,
    },
    hpack::block,
};

pub(crate) fn cases() -> Vec<Case> {
    [
        unknown(),
        sizes(),
        wrong_streams(),
        wrong_lengths(),
        padding(),
        continuations(),
        pings(),
        go_aways(),
    ]
    .concat()
}

fn unknown() -> Vec<Case> {
    const SECTION: &str = "9113 §4.1";
    let ignored = |name: &str, step: Step| case(name, SECTION, [step, get(1)]).served(1);
    let reserved = |kind: u8, flags: u8, payload: &[u8]| frame(kind, flags, 1 << 31, payload);
    let reserved_1 =
        frame(kind::HEADERS, flag::WHOLE, 1 << 31 | 1, &request_block("GET", "/one.txt", &[]));
    vec![
        ignored("a frame of an unknown type", frame(0xfa, 0xff, 0, b"what is it?")),
        ignored("a frame of an unknown type, empty", frame(0xfa, flag::NONE, 0, &[])),
        ignored("a frame of an unknown type on an idle stream", frame(0xfa, 0xff, 77, b"?")),
        ignored("PING with undefined flags", frame(kind::PING, 0xfe, 0, b"flagging")),
        ignored("PRIORITY with undefined flags", frame(kind::PRIORITY, 0xff, 3, &[0, 0, 0, 0, 1])),
        ignored("PING with the reserved bit", reserved(kind::PING, flag::NONE, b"reserved")),
        ignored("SETTINGS with the reserved bit", reserved(kind::SETTINGS, flag::NONE, &[])),
        ignored(
            "WINDOW_UPDATE with the reserved bits",
            reserved(kind::WINDOW_UPDATE, 0, &[0x80, 0, 0, 1]),
        ),
        case("HEADERS with the reserved bit", SECTION, [reserved_1]).served(1),
        case(
            "HEADERS with undefined flags",
            SECTION,
            [headers(1, flag::WHOLE | 0xc2, &request_block("GET", "/one.txt", &[]))],
        )
        .served(1),
    ]
}

/// One byte more than the server takes, if there may be more.
fn oversized(server: &Settings, kind: u8, flags: u8, stream: u32) -> Option<Vec<u8>> {
    let most = server.get(&setting::MAX_FRAME_SIZE).copied().unwrap_or(16_384);
    let is_sane = most < 1 << 20;
    is_sane.then(|| bytes(kind, flags, stream, &vec![0; most as usize + 1]))
}

fn sizes() -> Vec<Case> {
    const SECTION: &str = "9113 §4.2";
    let wrong = |name: &str, steps: [Step; 2]| {
        case(name, SECTION, steps).connection_error(&[FRAME_SIZE_ERROR])
    };
    vec![
        case(
            "DATA of 2^14 bytes",
            SECTION,
            [post(1, &[]), data(1, flag::END_STREAM, &[0; 16_384])],
        )
        .answer(1, &[405]),
        wrong(
            "DATA above MAX_FRAME_SIZE",
            [
                open_large(1, &[]),
                Step::Fitting(|server| oversized(server, kind::DATA, flag::END_STREAM, 1)),
            ],
        )
        .stream_error(1, &[FRAME_SIZE_ERROR]),
        wrong(
            "HEADERS above MAX_FRAME_SIZE",
            [
                settings(&[]),
                Step::Fitting(|server| oversized(server, kind::HEADERS, flag::WHOLE, 1)),
            ],
        ),
        wrong(
            "CONTINUATION above MAX_FRAME_SIZE",
            [
                headers(1, flag::END_STREAM, &request_block("GET", "/one.txt", &[])),
                Step::Fitting(|server| oversized(server, kind::CONTINUATION, flag::END_HEADERS, 1)),
            ],
        ),
        wrong(
            "SETTINGS above MAX_FRAME_SIZE",
            [
                settings(&[]),
                Step::Fitting(|server| oversized(server, kind::SETTINGS, flag::NONE, 0)),
            ],
        ),
    ]
}

fn wrong_streams() -> Vec<Case> {
    let wrong = |name: &str, section: &'static str, step: Step| {
        case(name, section, [step]).connection_error(&[PROTOCOL_ERROR])
    };
    let promise = [&[0, 0, 0, 2][..], &request_block("GET", "/one.txt", &[])].concat();
    let push = |stream| frame(kind::PUSH_PROMISE, flag::END_HEADERS, stream, &promise);
    let goodbye = [0; 8];
    vec![
        wrong("DATA on stream 0", "9113 §6.1", data(0, flag::END_STREAM, b"1")),
        wrong("HEADERS on stream 0", "9113 §6.2", get(0)),
        wrong("PRIORITY on stream 0", "9113 §6.3", priority(0)),
        wrong("RST_STREAM on stream 0", "9113 §6.4", reset(0, CANCEL)),
        wrong("PUSH_PROMISE on stream 0", "9113 §6.6", push(0)),
        wrong("PUSH_PROMISE on a stream", "9113 §6.6", push(1)),
        wrong("PING on a stream", "9113 §6.7", frame(kind::PING, flag::NONE, 1, &[0; 8])),
        wrong("GOAWAY on a stream", "9113 §6.8", frame(kind::GOAWAY, flag::NONE, 1, &goodbye)),
        wrong("CONTINUATION on stream 0", "9113 §6.10", continuation(0, flag::END_HEADERS, &[])),
    ]
}

fn wrong_lengths() -> Vec<Case> {
    let wrong = |name: &str, section: &'static str, kind: u8, stream: u32, payload: &[u8]| {
        // The stream is there, so that nothing but the length is wrong.
        let steps = [get_large(1), Step::AwaitHead(1), frame(kind, flag::NONE, stream, payload)];
        case(name, section, steps).connection_error(&[FRAME_SIZE_ERROR])
    };
    vec![
        wrong("PRIORITY of four bytes", "9113 §6.3", kind::PRIORITY, 1, &[0; 4])
            .stream_error(1, &[FRAME_SIZE_ERROR]),
        wrong("PRIORITY of six bytes", "9113 §6.3", kind::PRIORITY, 1, &[0; 6])
            .stream_error(1, &[FRAME_SIZE_ERROR]),
        wrong("RST_STREAM of three bytes", "9113 §6.4", kind::RST_STREAM, 1, &[0; 3]),
        wrong("RST_STREAM of five bytes", "9113 §6.4", kind::RST_STREAM, 1, &[0; 5]),
        wrong("PING of seven bytes", "9113 §6.7", kind::PING, 0, &[0; 7]),
        wrong("PING of nine bytes", "9113 §6.7", kind::PING, 0, &[0; 9]),
        wrong("GOAWAY of seven bytes", "9113 §4.2", kind::GOAWAY, 0, &[0; 7]),
        wrong("WINDOW_UPDATE of three bytes", "9113 §6.9", kind::WINDOW_UPDATE, 0, &[0; 3]),
        wrong("WINDOW_UPDATE of five bytes", "9113 §6.9", kind::WINDOW_UPDATE, 0, &[0; 5]),
        wrong(
            "WINDOW_UPDATE of five bytes on a stream",
            "9113 §6.9",
            kind::WINDOW_UPDATE,
            1,
            &[0; 5],
        ),
        case(
            "HEADERS too short for their priority",
            "9113 §4.2",
            [headers(1, flag::WHOLE | flag::PRIORITY, &[0; 4])],
        )
        .connection_error(&[FRAME_SIZE_ERROR]),
        case(
            "HEADERS too short for the length of their padding",
            "9113 §4.2",
            [headers(1, flag::WHOLE | flag::PADDED, &[])],
        )
        .connection_error(&[FRAME_SIZE_ERROR]),
        case(
            "DATA too short for the length of their padding",
            "9113 §4.2",
            [open_large(1, &[]), data(1, flag::END_STREAM | flag::PADDED, &[])],
        )
        .connection_error(&[FRAME_SIZE_ERROR])
        .stream_error(1, &[FRAME_SIZE_ERROR]),
    ]
}

fn padding() -> Vec<Case> {
    let one = request_block("GET", "/one.txt", &[]);
    let padded = |length: u8, pad: usize| [&[length][..], &one, &vec![0; pad]].concat();
    let prioritized = [&[3, 0x80, 0, 0, 0, 255][..], &one, &[0; 3]].concat();
    let whole = |name: &str, flags: u8, payload: &[u8]| {
        case(name, "9113 §6.2", [headers(1, flag::WHOLE | flags, payload)])
    };
    let with_data = |name: &str, payload: &[u8]| {
        let steps = [post(1, &[]), data(1, flag::END_STREAM | flag::PADDED, payload)];
        case(name, "9113 §6.1", steps)
    };
    let too_long = u8::try_from(one.len() + 1).expect("a short block");
    vec![
        whole("HEADERS with padding", flag::PADDED, &padded(255, 255)).served(1),
        whole("HEADERS with a length of padding, and none", flag::PADDED, &padded(0, 0)).served(1),
        whole("HEADERS with a priority", flag::PRIORITY, &[&[0, 0, 0, 0, 1][..], &one].concat())
            .served(1),
        whole("HEADERS with padding and a priority", flag::PADDED | flag::PRIORITY, &prioritized)
            .served(1),
        whole("HEADERS with more padding than payload", flag::PADDED, &padded(too_long, 0))
            .connection_error(&[PROTOCOL_ERROR]),
        with_data("DATA with padding", &[&[7][..], b"1", &[0; 7]].concat()).answer(1, &[405]),
        with_data("DATA of nothing but padding", &[255; 256]).answer(1, &[405]),
        with_data("DATA with as much padding as payload", &[4, 0, 0, 0])
            .connection_error(&[PROTOCOL_ERROR]),
        with_data("DATA with more padding than payload", &[255, 0])
            .connection_error(&[PROTOCOL_ERROR]),
    ]
}

fn continuations() -> Vec<Case> {
    const SECTION: &str = "9113 §6.10";
    let one = request_block("GET", "/one.txt", &[]);
    let (start, end) = one.split_at(9);
    let broken = |name: &str, section: &'static str, by: Step| {
        let steps =
            [headers(1, flag::END_STREAM, start), by, continuation(1, flag::END_HEADERS, end)];
        case(name, section, steps).connection_error(&[PROTOCOL_ERROR])
    };
    let more = || block(&[("x-more", "1")]);
    vec![
        case(
            "a header section in two frames",
            SECTION,
            [headers(1, flag::END_STREAM, start), continuation(1, flag::END_HEADERS, end)],
        )
        .served(1),
        case(
            "a header section in three frames, the first empty",
            SECTION,
            [
                headers(1, flag::END_STREAM, &[]),
                continuation(1, flag::NONE, start),
                continuation(1, flag::END_HEADERS, end),
            ],
        )
        .served(1),
        case(
            "a header section that an empty frame ends",
            SECTION,
            [headers(1, flag::END_STREAM, &one), continuation(1, flag::END_HEADERS, &[])],
        )
        .served(1),
        case(
            "a header section with padding in two frames",
            SECTION,
            [
                headers(1, flag::END_STREAM | flag::PADDED, &[&[2][..], start, &[0; 2]].concat()),
                continuation(1, flag::END_HEADERS, end),
            ],
        )
        .served(1),
        broken("a header section broken by DATA", SECTION, data(1, flag::NONE, b"1")),
        broken("a header section broken by HEADERS", SECTION, get(3)),
        broken("a header section broken by PRIORITY", SECTION, priority(1)),
        broken("a header section broken by RST_STREAM", SECTION, reset(1, CANCEL)),
        broken("a header section broken by SETTINGS", SECTION, settings(&[])),
        broken("a header section broken by PING", SECTION, ping(*b"breaking")),
        broken("a header section broken by GOAWAY", SECTION, go_away(0, NO_ERROR, b"")),
        broken("a header section broken by WINDOW_UPDATE", SECTION, window_update(0, 1)),
        broken("a header section broken by an unknown frame", "9113 §5.5", frame(0xfa, 0, 1, b"?")),
        broken(
            "a header section broken by another's CONTINUATION",
            SECTION,
            continuation(3, 0, &[]),
        ),
        case(
            "CONTINUATION after a header section's end",
            SECTION,
            [open_large(1, &[]), continuation(1, flag::END_HEADERS, &more())],
        )
        .connection_error(&[PROTOCOL_ERROR]),
        case(
            "CONTINUATION after DATA",
            SECTION,
            [
                open_large(1, &[]),
                data(1, flag::NONE, b"1"),
                continuation(1, flag::END_HEADERS, &more()),
            ],
        )
        .connection_error(&[PROTOCOL_ERROR]),
        case("CONTINUATION on an idle stream", SECTION, [continuation(1, flag::END_HEADERS, &one)])
            .connection_error(&[PROTOCOL_ERROR]),
    ]
}

fn pings() -> Vec<Case> {
    const SECTION: &str = "9113 §6.7";
    vec![
        case(
            "PINGs are answered with their payloads",
            SECTION,
            [ping(*b"12345678"), ping([0xff; 8])],
        )
        .or(Reaction::Pongs(vec![*b"12345678", [0xff; 8]])),
        case(
            "a PING that is an answer is not answered",
            SECTION,
            [frame(kind::PING, flag::ACK, 0, b"12345678")],
        )
        .or(Reaction::Pongs(vec![])),
        case(
            "a PING is answered while a response is blocked",
            SECTION,
            [
                settings(&[(setting::INITIAL_WINDOW_SIZE, 0)]),
                open_large(1, &[]),
                ping(*b"12345678"),
            ],
        )
        .or(Reaction::Pongs(vec![*b"12345678"])),
    ]
}

fn go_aways() -> Vec<Case> {
    const SECTION: &str = "9113 §6.8";
    let [wide, window] = wide_windows();
    let goes = |name: &str, code: Code, debug: &[u8]| {
        // A server is done when nothing is left to answer, or goes on.
        case(name, SECTION, [go_away(0, code, debug)]).connection_error(&[NO_ERROR]).ignored()
    };
    vec![
        goes("GOAWAY", NO_ERROR, b""),
        goes("GOAWAY with debug data", NO_ERROR, b"good night"),
        goes("GOAWAY with an unknown code", Code(0xdead_beef), b""),
        case(
            "a response is finished after GOAWAY",
            SECTION,
            [
                wide,
                window,
                open_large(1, &[]),
                Step::AwaitData(1, 1),
                go_away(0, NO_ERROR, b""),
                data(1, flag::END_STREAM, b""),
            ],
        )
        .or(Reaction::Finished(1)),
        case(
            "RST_STREAM with an unknown code",
            "9113 §7",
            [
                settings(&[(setting::INITIAL_WINDOW_SIZE, 1)]),
                open_large(1, &[]),
                reset(1, Code(0xdead_beef)),
                get(3),
            ],
        )
        .served(3),
        case(
            "PRIORITY for a hundred idle streams",
            "9113 §5.3",
            [times(100, |at| priority(2 * u32::try_from(at).expect("small") + 101)), get(1)],
        )
        .served(1),
    ]
}
