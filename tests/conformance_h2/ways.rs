//! The short way and hyper's way do the same with the same frames.

use std::io::Write;

use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};

use crate::{
    HYPER, SHORT, Way,
    case::Manner,
    client::{ROUNDS, Seen, Site, Wire},
    frames::{
        CANCEL, MAXIMUM, PREFACE, PROTOCOL_ERROR, Step, bytes, continuation, data, flag, frame,
        get, headers, kind, ping, post, priority, raw, request, request_block, reset, setting,
        settings, window_update,
    },
    harness::connect,
    hpack::{literal, string},
    start,
};

/// A thing that a client does.
#[derive(Clone, Debug)]
enum Act {
    Get(Get),
    /// A request whose content follows.
    Post,
    /// Something on the stream that is so many streams back.
    Reset(usize),
    Widen(usize, u32),
    Prioritize(usize),
    Ping,
    TableSize(u32),
    Window(u32),
    /// Waits until the server has dealt with everything.
    Settle,
}

/// A request without content.
#[derive(Clone, Debug)]
struct Get {
    method: &'static str,
    path: &'static str,
    /// Names and values, and whether they are added to the table.
    fields: Vec<((&'static str, &'static str), bool)>,
    /// Whether the newest field of the table is one more.
    repeats: bool,
    /// Where its header section is cut into two frames.
    cut: Option<usize>,
    padding: Option<u8>,
    has_priority: bool,
    /// Whether its bytes come one by one.
    is_slow: bool,
}

const PATHS: &[&str] = &[
    "/one.txt",
    "/one.txt?a=b",
    "/empty.txt",
    "/medium.bin",
    "/large.bin",
    "/absent",
    "/%6fne.txt",
    "/",
    "/a|b",
    "*",
];
const FIELDS: &[(&str, &str)] = &[
    ("accept-encoding", "br, gzip"),
    ("accept-encoding", "identity;q=0"),
    ("connection", "close"),
    ("content-length", "0"),
    ("content-length", "5"),
    ("cookie", "a=b"),
    ("expect", "100-continue"),
    ("host", "localhost"),
    ("host", "other"),
    ("if-none-match", "*"),
    ("range", "bytes=0-0"),
    ("range", "bytes=0-99, 200-299"),
    ("te", "trailers"),
    ("te", "gzip"),
    ("x-space", " a"),
    ("want-repr-digest", "sha-256=1"),
];
/// The library ends the connection for some of them.
const MALFORMED: &[(&str, &str)] = &[
    ("", "nothing"),
    (":path", "/empty.txt"),
    (":protocol", "websocket"),
    ("Capital", "x"),
    ("x-control", "a\u{1}b"),
];

fn a_get(fields: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = Get> {
    let method = prop_oneof![8 => Just("GET"), 2 => Just("HEAD"), 1 => Just("OPTIONS")];
    let fields = vec((select(fields), any::<bool>()), 0..3);
    let cut = prop_oneof![4 => Just(None), 1 => (0..60_usize).prop_map(Some)];
    let padding = prop_oneof![6 => Just(None), 1 => any::<u8>().prop_map(Some)];
    let rarely = || prop_oneof![6 => Just(false), 1 => Just(true)];
    (method, select(PATHS), fields, any::<bool>(), cut, padding, rarely(), rarely()).prop_map(
        |(method, path, fields, repeats, cut, padding, has_priority, is_slow)| Get {
            method,
            path,
            fields,
            repeats,
            cut,
            padding,
            has_priority,
            is_slow,
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    let back = || 0..4_usize;
    prop_oneof![
        12 => a_get(FIELDS).prop_map(Act::Get),
        1 => Just(Act::Settle),
        1 => Just(Act::Post),
        1 => back().prop_map(Act::Reset),
        1 => (back(), 1..70_000_u32).prop_map(|(back, by)| Act::Widen(back, by)),
        1 => back().prop_map(Act::Prioritize),
        1 => Just(Act::Ping),
        1 => select(&[0, 37, 200, 4096, 65_536][..]).prop_map(Act::TableSize),
        1 => select(&[0, 100, 20_000, 65_535][..]).prop_map(Act::Window),
    ]
}

/// The acts of a client, and in a few cases something in the end that is malformed.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let last =
        prop_oneof![9 => Just(None), 1 => a_get(MALFORMED).prop_map(|it| Some(Act::Get(it)))];
    (vec(act(), 1..30), last).prop_map(|(acts, last)| acts.into_iter().chain(last).collect())
}

/// The frames of a client, as its acts become them.
#[derive(Default)]
struct Script {
    steps: Vec<Step>,
    newest: u32,
    /// Whether the table has a field.
    has_added: bool,
    reset: Vec<u32>,
}

impl Script {
    fn of(acts: &[Act]) -> Self {
        let mut script = Self::default();
        acts.iter().for_each(|act| script.add(act));
        // In the end, there is room for all responses.
        script.steps.push(settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 24)]));
        script.steps.push(window_update(0, 1 << 24));
        script
    }

    /// The stream that is so many streams back, or the newest one.
    fn stream(&self, back: usize) -> u32 {
        let back = u32::try_from(back).expect("it is small");
        self.newest.saturating_sub(2 * back).max(1)
    }

    fn add(&mut self, act: &Act) {
        if self.newest == 0
            && !matches!(act, Act::Get(_) | Act::Post | Act::Window(_) | Act::Settle)
        {
            return;
        }
        match *act {
            Act::Get(ref get) => self.get(get),
            Act::Post => {
                let stream = self.next();
                self.steps.push(post(stream, &[]));
                self.steps.push(data(stream, flag::END_STREAM, b"content"));
            }
            Act::Reset(back) => {
                let stream = self.stream(back);
                self.reset.push(stream);
                self.steps.push(reset(stream, CANCEL));
            }
            Act::Widen(0, by) => self.steps.push(window_update(0, by)),
            Act::Widen(back, by) => self.steps.push(window_update(self.stream(back), by)),
            Act::Prioritize(back) => self.steps.push(priority(self.stream(back))),
            Act::Settle => self.steps.push(Step::Settle),
            Act::Ping => self.steps.push(ping(*b"property")),
            Act::TableSize(size) => {
                self.steps.push(settings(&[(setting::HEADER_TABLE_SIZE, size)]));
            }
            Act::Window(size) => {
                self.steps.push(settings(&[(setting::INITIAL_WINDOW_SIZE, size)]));
            }
        }
    }

    fn next(&mut self) -> u32 {
        self.newest = if self.newest == 0 { 1 } else { self.newest + 2 };
        self.newest
    }

    fn get(&mut self, get: &Get) {
        let stream = self.next();
        let mut block = request_block(get.method, get.path, &[]);
        if get.repeats && self.has_added {
            block.push(0x80 | 62);
        }
        for ((name, value), is_added) in &get.fields {
            let form = if *is_added { 0x40 } else { 0 };
            block.extend(match *name {
                "" => [&[form, 0][..], &string(value)].concat(),
                name => literal(form, name, value),
            });
            self.has_added |= is_added;
        }
        let mut payload = Vec::new();
        let mut flags = flag::END_STREAM;
        flags |= if get.cut.is_some() { flag::NONE } else { flag::END_HEADERS };
        if let Some(padding) = get.padding {
            payload.push(padding);
            flags |= flag::PADDED;
        }
        if get.has_priority {
            payload.extend([0, 0, 0, 0, 15]);
            flags |= flag::PRIORITY;
        }
        let (first, second) = match get.cut {
            Some(at) => block.split_at(at.min(block.len())),
            None => (&block[..], &[][..]),
        };
        payload.extend_from_slice(first);
        payload.resize(payload.len() + usize::from(get.padding.unwrap_or(0)), 0);
        let mut frames = vec![headers(stream, flags, &payload)];
        if get.cut.is_some() {
            frames.push(continuation(stream, flag::END_HEADERS, second));
        }
        self.steps.extend(if get.is_slow { slowly(frames) } else { frames });
    }
}

/// The same, byte by byte, after all that was sent before.
fn slowly(frames: Vec<Step>) -> Vec<Step> {
    let frames = frames.into_iter().map(|frame| match frame {
        Step::Send(bytes) => Step::SendByteByByte(bytes),
        other => other,
    });
    [Step::Settle].into_iter().chain(frames).collect()
}

/// All that a server did on streams that were not reset, without dates.
fn played(site: &Site, script: &Script) -> Result<String, String> {
    let mut wire = Wire::connect(site.address, Manner::Polite)?;
    wire.greet()?;
    wire.take(&script.steps)?;
    wire.until(|seen| {
        (1..=script.newest)
            .step_by(2)
            .all(|stream| script.reset.contains(&stream) || seen.is_over(stream))
    })?;
    (0..ROUNDS).try_for_each(|_| wire.settle())?;
    Ok(wire.seen.told(&script.reset))
}

#[test]
fn both_ways_are_one() {
    let sites = [SHORT, Way { is_wide: true, ..HYPER }].map(start);
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&acts(), |acts| {
            let script = Script::of(&acts);
            let [short, hypers] = [0, 1].map(|way| played(&sites[way].1, &script));
            prop_assert_eq!(short, hypers);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// All that comes back to these steps until that holds.
fn seen(site: &Site, steps: &[Step], is_enough: impl Fn(&Seen) -> bool) -> Seen {
    let mut wire = Wire::connect(site.address, Manner::Polite).expect("it listens");
    wire.greet().expect("it speaks HTTP/2");
    wire.take(steps).expect("they are possible");
    wire.until(is_enough).expect("its frames are right");
    wire.seen
}

/// Without this, the property might compare hyper's way with itself: hyper forgets responses that are not
/// sent when the client makes an error.
#[test]
fn the_short_way_answers_before_an_error_and_is_named_in_the_end() {
    let (_running, site) = start(SHORT);
    let broken = frame(kind::PING, flag::NONE, 1, b"a stream");
    let steps = [window_update(0, 1 << 20), get(1), get(3), broken];
    let seen = seen(&site, &steps, |seen| seen.closed);
    assert!(seen.is_whole(1) && seen.is_whole(3), "{seen}");
    assert_eq!((seen.go_away, seen.last), (Some(PROTOCOL_ERROR), Some(3)));
}

/// hyper learns that it may send more between two frames of the client's.
#[test]
fn a_frame_may_come_in_pieces_while_a_large_response_is_sent() {
    let (_running, site) = start(SHORT);
    let ping = bytes(kind::PING, flag::NONE, 0, b"property");
    let content = bytes(kind::DATA, flag::END_STREAM, 1, b"content");
    for frame in [ping, content] {
        for cut in 1..frame.len() {
            let (first, second) = frame.split_at(cut);
            let steps = [
                settings(&[(setting::INITIAL_WINDOW_SIZE, MAXIMUM)]),
                window_update(0, 300_000),
                post(1, &[]),
                request(3, "GET", "/large.bin", &[]),
                raw(first),
                Step::AwaitEnd(3),
                raw(second),
                Step::Settle,
            ];
            let seen = seen(&site, &steps, |seen| seen.is_over(3));
            assert!(seen.go_away.is_none() && seen.is_whole(3), "{cut} of {frame:?}: {seen}");
        }
    }
}

/// A client that writes and does not read is read nonetheless (RFC 9113 §5.2.2).
#[test]
fn what_the_client_says_is_read_while_it_takes_nothing() {
    let (_running, site) = start(SHORT);
    let mut stream = connect(site.address).expect("it listens");
    let large = (1..200).step_by(2).map(|stream| request(stream, "GET", "/large.bin", &[]));
    let wide = [settings(&[(setting::INITIAL_WINDOW_SIZE, MAXIMUM)]), window_update(0, 1 << 30)];
    stream.write_all(PREFACE).expect("it is open");
    for step in wide.into_iter().chain(large) {
        let Step::Send(bytes) = step else { panic!("{step:?} is to be sent") };
        stream.write_all(&bytes).expect("it is open");
    }
    let unknown = bytes(0xfa, flag::NONE, 0, &[0; 16_384]);
    for at in 0..1000 {
        stream.write_all(&unknown).unwrap_or_else(|error| panic!("frame {at}: {error}"));
    }
}
