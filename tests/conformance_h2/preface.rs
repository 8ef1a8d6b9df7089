//! The connection preface and SETTINGS (RFC 9113 §3.4, §6.5).

use crate::{
    case::{Case, Manner, Reaction, case},
    frames::{
        Code, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, MAXIMUM, PREFACE, PROTOCOL_ERROR, Step, bytes,
        flag, frame, get, get_large, kind, ping, priority, raw, request_block, setting, settings,
        window_update,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    [prefaces(), shapes(), values(), acknowledgements()].concat()
}

fn prefaces() -> Vec<Case> {
    const SECTION: &str = "9113 §3.4";
    let wrong = |name: &str, steps: [Step; 2]| {
        case(name, SECTION, steps).manner(Manner::Abrupt).connection_error(&[PROTOCOL_ERROR])
    };
    let right =
        |name: &str, step: Step| case(name, SECTION, [step]).manner(Manner::Abrupt).served(1);
    let empty = || bytes(kind::SETTINGS, flag::NONE, 0, &[]);
    let one = bytes(kind::HEADERS, flag::WHOLE, 1, &request_block("GET", "/one.txt", &[]));
    let greeting = [PREFACE, &empty(), &one].concat();
    let misspelt = [&PREFACE[..20], b"XX\r\n"].concat();
    vec![
        case("the server begins with SETTINGS", SECTION, []).ignored(),
        right("preface, SETTINGS and a request at once", Step::Send(greeting.clone())),
        right("the same, byte by byte", Step::SendByteByByte(greeting)),
        wrong("no preface", [raw(&empty()), get(1)]),
        wrong("a preface that is misspelt", [raw(&misspelt), settings(&[])]),
        wrong("half a preface, and the end", [raw(&PREFACE[..12]), Step::HalfClose]),
        wrong("HEADERS before SETTINGS", [raw(PREFACE), get(1)]),
        wrong("PING before SETTINGS", [raw(PREFACE), ping(*b"too soon")]),
        wrong("WINDOW_UPDATE before SETTINGS", [raw(PREFACE), window_update(0, 1)]),
        wrong("PRIORITY before SETTINGS", [raw(PREFACE), priority(1)]),
    ]
}

fn shapes() -> Vec<Case> {
    const SECTION: &str = "9113 §6.5";
    let wrong = |name: &str, flags: u8, stream: u32, payload: &[u8], code: Code| {
        let step = frame(kind::SETTINGS, flags, stream, payload);
        case(name, SECTION, [step]).connection_error(&[code])
    };
    let table = [0, 1, 0, 0, 16, 0];
    vec![
        wrong("SETTINGS on a stream", flag::NONE, 1, &table, PROTOCOL_ERROR),
        wrong("SETTINGS of one byte", flag::NONE, 0, &table[..1], FRAME_SIZE_ERROR),
        wrong("SETTINGS of five bytes", flag::NONE, 0, &table[..5], FRAME_SIZE_ERROR),
        wrong(
            "SETTINGS of seven bytes",
            flag::NONE,
            0,
            &[&table[..], &[0]].concat(),
            FRAME_SIZE_ERROR,
        ),
        wrong("an acknowledgement with a payload", flag::ACK, 0, &table, FRAME_SIZE_ERROR),
        wrong("an acknowledgement on a stream", flag::ACK, 1, &[], PROTOCOL_ERROR),
        case(
            "SETTINGS with undefined flags",
            "9113 §4.1",
            [frame(kind::SETTINGS, 0xfe, 0, &table), get(1)],
        )
        .served(1),
    ]
}

fn values() -> Vec<Case> {
    const SECTION: &str = "9113 §6.5.2";
    let wrong = |name: &str, identifier: u16, value: u32, code: Code| {
        case(name, SECTION, [settings(&[(identifier, value)])]).connection_error(&[code])
    };
    let right = |name: &str, identifier: u16, value: u32| {
        case(name, SECTION, [settings(&[(identifier, value)]), get(1)]).served(1)
    };
    vec![
        wrong("ENABLE_PUSH of 2", setting::ENABLE_PUSH, 2, PROTOCOL_ERROR),
        wrong(
            "INITIAL_WINDOW_SIZE of 2^31",
            setting::INITIAL_WINDOW_SIZE,
            1 << 31,
            FLOW_CONTROL_ERROR,
        ),
        wrong("MAX_FRAME_SIZE of 2^14 - 1", setting::MAX_FRAME_SIZE, 16_383, PROTOCOL_ERROR),
        wrong("MAX_FRAME_SIZE of 0", setting::MAX_FRAME_SIZE, 0, PROTOCOL_ERROR),
        wrong("MAX_FRAME_SIZE of 2^24", setting::MAX_FRAME_SIZE, 1 << 24, PROTOCOL_ERROR),
        right("ENABLE_PUSH of 1", setting::ENABLE_PUSH, 1),
        right("INITIAL_WINDOW_SIZE of 2^31 - 1", setting::INITIAL_WINDOW_SIZE, MAXIMUM),
        right("MAX_FRAME_SIZE of 2^24 - 1", setting::MAX_FRAME_SIZE, (1 << 24) - 1),
        right("MAX_CONCURRENT_STREAMS of 0", setting::MAX_CONCURRENT_STREAMS, 0),
        right("HEADER_TABLE_SIZE of 2^32 - 1", setting::HEADER_TABLE_SIZE, u32::MAX),
        right("MAX_HEADER_LIST_SIZE of 2^32 - 1", setting::MAX_HEADER_LIST_SIZE, u32::MAX),
        right("a parameter that is unknown", 0x7a7a, 1),
        case(
            "of two values for a parameter the last",
            "9113 §6.5.3",
            [
                settings(&[(setting::INITIAL_WINDOW_SIZE, 9), (setting::INITIAL_WINDOW_SIZE, 5)]),
                get_large(1),
            ],
        )
        .received(&[1], 5),
    ]
}

fn acknowledgements() -> Vec<Case> {
    const SECTION: &str = "9113 §6.5.3";
    let acknowledged =
        |name: &str, steps: [Step; 3]| case(name, SECTION, steps).or(Reaction::Acknowledged(3));
    let table = |size| settings(&[(setting::HEADER_TABLE_SIZE, size)]);
    vec![
        acknowledged("each of three SETTINGS is acknowledged", [table(0), table(100), table(4096)]),
        acknowledged("empty SETTINGS, too", [settings(&[]), settings(&[]), settings(&[])]),
        case("an acknowledgement is not acknowledged", SECTION, [settings(&[]), Step::Settle])
            .or(Reaction::Acknowledged(1)),
    ]
}
