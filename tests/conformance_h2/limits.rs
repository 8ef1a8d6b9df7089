//! Abuse (RFC 9113 §10.5): what costs a server more than its client has to end.
//!
//! No standard sets the limits; these are the choice of this project, and of the library below.

use crate::{
    case::{Case, Manner, Reaction, case},
    frames::{
        CANCEL, Code, ENHANCE_YOUR_CALM, PROTOCOL_ERROR, STREAM_CLOSED, Step, continuation, data,
        flag, get, get_large, headers, open_large, ping, post, priority, request_block, reset,
        setting, settings, times, window_update,
    },
    hpack::{block, literal},
};

pub(crate) fn cases() -> Vec<Case> {
    let all = [resets(), header_lists(), floods()].concat();
    all.into_iter().map(Case::ours).collect()
}

const SECTION: &str = "9113 §10.5";

/// The code of a server that ends a connection because of excessive load.
const ENOUGH: [Code; 1] = [ENHANCE_YOUR_CALM];

/// The stream of the so-manieth request.
fn stream(at: usize) -> u32 {
    2 * u32::try_from(at).expect("few streams") + 1
}

fn resets() -> Vec<Case> {
    let pair = |first: Step, second: Step| match (first, second) {
        (Step::Send(first), Step::Send(second)) => Step::Send([first, second].concat()),
        other => panic!("{other:?}"),
    };
    vec![
        case(
            "a thousand requests that are reset at once",
            SECTION,
            [times(1000, |at| pair(get_large(stream(at)), reset(stream(at), CANCEL)))],
        )
        .connection_error(&ENOUGH),
        case(
            "two thousand streams that the client makes the server reset",
            SECTION,
            [times(2000, |at| {
                let post = post(stream(at), &[("content-length", "1")]);
                pair(post, data(stream(at), flag::NONE, b"more"))
            })],
        )
        .connection_error(&ENOUGH),
        case(
            "two thousand requests that are malformed",
            SECTION,
            [times(2000, |at| headers(stream(at), flag::WHOLE, &block(&[(":method", "GET")])))],
        )
        .connection_error(&ENOUGH),
        case(
            "two thousand requests beyond the limit of streams",
            SECTION,
            [settings(&[(setting::INITIAL_WINDOW_SIZE, 0)]), times(2000, |at| get(stream(at)))],
        )
        .connection_error(&ENOUGH),
    ]
}

fn header_lists() -> Vec<Case> {
    /// A header section of so many fields of a kilobyte, in frames of 16.
    fn large(kilobytes: usize) -> Vec<Step> {
        let value = "a".repeat(1024 - 32 - 6);
        let fields = vec![("x-more", &value[..]); kilobytes];
        let block = request_block("GET", "/one.txt", &fields);
        let (end, rest) =
            block.split_last_chunk().map(|(rest, end): (_, &[u8; 9])| (end, rest)).expect("long");
        let mut pieces = rest.chunks(16_000);
        let first = headers(1, flag::END_STREAM, pieces.next().expect("some"));
        let more = pieces.map(|piece| continuation(1, flag::NONE, piece));
        let end = continuation(1, flag::END_HEADERS, end);
        [first].into_iter().chain(more).chain([end]).collect()
    }
    // One field that is sent once and then named by a byte.
    let bomb = |names: usize| {
        let added = literal(0x40, "x-more", &"a".repeat(4000));
        [request_block("GET", "/one.txt", &[]), added, vec![0x80 | 62; names]].concat()
    };
    let refused = |case: Case| {
        case.answer(1, &[400, 431]).stream_error(1, &[PROTOCOL_ERROR, ENHANCE_YOUR_CALM])
    };
    let cut = |name: &str, block: &[u8]| {
        let steps = [headers(1, flag::WHOLE, block)];
        case(name, SECTION, steps).connection_error(&ENOUGH)
    };
    let fields = |count: usize| {
        let names: Vec<_> = (0..count).map(|at| format!("x-{at}")).collect();
        let fields: Vec<_> = names.iter().map(|name| (&name[..], "1")).collect();
        headers(1, flag::WHOLE, &request_block("GET", "/one.txt", &fields))
    };
    vec![
        case("16 KB of fields", SECTION, large(16)).served(1),
        refused(case("40 KB of fields", SECTION, large(40))),
        cut("a megabyte of fields in four kilobytes", &bomb(250)),
        refused(case(
            "64 KB of fields in four kilobytes",
            SECTION,
            [headers(1, flag::WHOLE, &bomb(16))],
        )),
        refused(case("500 fields", SECTION, [fields(500)])),
        case("the request after 40 KB of fields", SECTION, [large(40), vec![get(3)]].concat())
            .served(3),
    ]
}

/// A server may cut them short, or deal with them; what it may not do is to fail others for it.
fn floods() -> Vec<Case> {
    let endless = |name: &str, piece: &[u8]| {
        let start = headers(1, flag::END_STREAM, &request_block("GET", "/one.txt", &[]));
        let steps = [start, times(10_000, |_| continuation(1, flag::NONE, piece))];
        case(name, SECTION, steps).manner(Manner::Silent).connection_error(&ENOUGH)
    };
    let borne = |name: &str, step: Step| {
        case(name, SECTION, [step, get(100_001)]).served(100_001).connection_error(&ENOUGH)
    };
    let empty = [open_large(1, &[]), times(10_000, |_| data(1, flag::NONE, b""))];
    vec![
        endless("CONTINUATION without end", &block(&[("x-more", "1")])),
        endless("empty CONTINUATION without end", &[]),
        borne("ten thousand PINGs", times(10_000, |_| ping(*b"flooding")))
            .or(Reaction::Pongs(vec![*b"flooding"; 10_000])),
        borne("ten thousand empty SETTINGS", times(10_000, |_| settings(&[]))),
        borne("ten thousand PRIORITYs", times(10_000, |at| priority(stream(at)))),
        borne("ten thousand updates of the window", times(10_000, |_| window_update(0, 1))),
        case("ten thousand empty DATA", SECTION, empty)
            .connection_error(&ENOUGH)
            .stream_error(1, &[ENHANCE_YOUR_CALM, PROTOCOL_ERROR, STREAM_CLOSED]),
    ]
}
