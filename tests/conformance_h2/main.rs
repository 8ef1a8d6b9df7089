//! Conformance of HTTP/2: frames on real connections, one case for each thing that a server has
//! to do.
//!
//! Each case is named after what it tries, and cites the standard. Those that are no choice of
//! ours are also tried against nginx: see `peers`.

#[path = "../common/mod.rs"]
mod common;
#[path = "../harness/mod.rs"]
mod harness;

mod case;
mod client;
mod compression;
mod exchange;
mod fields;
mod flow;
mod frames;
mod framing;
mod hpack;
mod limits;
mod peers;
mod preface;
mod streams;
mod ways;

use case::Case;
use client::{Site, Verdict};
use harness::{Files, Running, each_is_there_once, large_file};

/// The deviations of the h2 crate from the standard, and the cases that show each. A case that is met
/// has to go from here.
const DEVIATIONS: [Deviation; 1] = [Deviation {
    reason: "The h2 crate says PROTOCOL_ERROR of a frame for a stream whose client has ended it, not STREAM_CLOSED, and ends the connection, which is allowed.",
    in_code: true,
    cases: &[
        "DATA after END_STREAM",
        "the end again, after END_STREAM",
        "HEADERS after END_STREAM",
        "a second request on a stream",
        "DATA after the end of the content",
    ],
}];

struct Deviation {
    reason: &'static str,
    /// Whether no more than the code of the error is another.
    in_code: bool,
    cases: &'static [&'static str],
}

impl Deviation {
    fn of(case: &Case) -> Option<&'static Self> {
        DEVIATIONS.iter().find(|deviation| deviation.cases.contains(&&case.name[..]))
    }
}

/// The files of the site. None is compressed: `large.bin` cannot be, and the others are too small.
fn files() -> Files {
    Files::from([
        ("404.html", b"<p>no such page".to_vec()),
        ("empty.txt", Vec::new()),
        ("large.bin", large_file()),
        ("medium.bin", large_file()[..20_000].to_vec()),
        ("one.txt", b"1".to_vec()),
    ])
}

/// A server and its clients.
#[derive(Clone, Copy)]
struct Way {
    options: &'static [&'static str],
    /// Whether clients begin with a wide window. Without one, few responses go the short way.
    is_wide: bool,
}

const SHORT: Way = Way { options: &["--h2c"], is_wide: true };
const NARROW: Way = Way { options: &["--h2c"], is_wide: false };
const HYPER: Way = Way { options: &["--h2c", "--no-short-way"], is_wide: false };

fn start(way: Way) -> (Running, Site) {
    let files = files();
    let running = Running::start(harness::packed(&files, &[]), way.options);
    let site = Site { address: running.server.address, files, is_wide: way.is_wide };
    (running, site)
}

#[track_caller]
fn all_pass(cases: &[Case]) {
    all_pass_by(&[SHORT, NARROW, HYPER], cases);
}

#[track_caller]
fn all_pass_by(ways: &[Way], cases: &[Case]) {
    for way in ways {
        let (_running, site) = start(*way);
        harness::all_pass(cases, |case| complaint(&site, case));
    }
}

/// The fault of a server in a case, or of the list of its deviations.
fn complaint(site: &Site, case: &Case) -> Option<String> {
    let verdict = site.try_case(case);
    let expected = Deviation::of(case).map(|deviation| deviation.in_code);
    let error = match (expected, verdict) {
        (None, Verdict::Passes)
        | (Some(true), Verdict::OtherCode(_))
        | (Some(false), Verdict::Fails(_)) => return None,
        (Some(_), Verdict::Passes) => "is met, but listed as a deviation".to_owned(),
        (_, Verdict::OtherCode(error)) => format!("only the code is another: {error}"),
        (_, Verdict::Fails(error)) => error,
        (_, Verdict::NotApplicable) => "could not be tried".to_owned(),
    };
    let steps: Vec<_> = case.steps.iter().take(8).map(|step| format!("  {step:?}")).collect();
    Some(format!("{} ({})\n{}\n{error}\n", case.name, case.section, steps.join("\n")))
}

#[test]
fn prefaces_and_settings() {
    all_pass(&preface::cases());
}

#[test]
fn frames_of_every_type() {
    all_pass(&framing::cases());
}

#[test]
fn states_and_numbers_of_streams() {
    all_pass(&streams::cases());
}

#[test]
fn flow_control() {
    all_pass_by(&[NARROW, HYPER], &flow::cases());
}

#[test]
fn header_compression() {
    all_pass(&compression::cases());
}

#[test]
fn header_fields() {
    all_pass(&fields::cases());
}

#[test]
fn requests_and_responses() {
    all_pass(&exchange::cases());
}

#[test]
fn limits_of_abuse() {
    all_pass(&limits::cases());
}

/// §6.8: a server that is to stop says so, answers what it has taken, and closes.
#[test]
fn a_server_that_stops_loses_no_response() {
    let (running, site) = start(NARROW);
    let [wide, window] = frames::wide_windows();
    let mut wire = client::Wire::connect(site.address, case::Manner::Polite).expect("it listens");
    wire.greet().expect("it is well");
    wire.take(&[frames::get_large(1), frames::Step::AwaitData(1, 65_535)]).expect("it is well");
    running.server.signal("-TERM");
    wire.until(|seen| seen.go_away.is_some()).expect("it says that it stops");
    wire.take(&[wide, window, frames::Step::AwaitEnd(1)]).expect("it is well");
    wire.until(|_| false).expect("it closes");
    let (seen, large) = (&wire.seen, &site.files["large.bin"]);
    assert_eq!(seen.go_away, Some(frames::NO_ERROR), "{seen}");
    assert!(seen.is_whole(1) && seen.closed, "{seen}");
    assert_eq!(seen.streams[&1].data, *large);
}

/// Two cases of one name would be one deviation.
#[test]
fn every_case_has_a_name_of_its_own() {
    let names: Vec<_> = all().into_iter().map(|case| case.name).collect();
    let mut listed = DEVIATIONS.iter().flat_map(|deviation| deviation.cases);
    let stranger = listed.find(|name| !names.iter().any(|other| other == *name));
    assert_eq!(stranger, None, "a deviation of no case");
    each_is_there_once(names);
}

fn all() -> Vec<Case> {
    let topics = [
        preface::cases(),
        framing::cases(),
        streams::cases(),
        flow::cases(),
        compression::cases(),
        fields::cases(),
        exchange::cases(),
        limits::cases(),
    ];
    topics.concat()
}
