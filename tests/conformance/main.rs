//! Conformance: bytes on real connections, one case for each thing that a server has to do.
//!
//! Each case is named after what it tries, and cites the standard. Those that are no choice of
//! ours are also tried against other servers: see `peers`.

#[path = "../common/mod.rs"]
mod common;
#[path = "../harness/mod.rs"]
mod harness;

mod caching;
mod case;
mod client;
mod message;
mod negotiation;
mod peers;
mod preconditions;
mod ranges;
mod target;

use case::Case;
use client::Site;
use harness::{Files, Running, each_is_there_once, large_file};

/// The files of the site. Text compresses well; the rest does not.
fn files() -> Files {
    let css: String = (0..400).map(|n| format!(".class-{n} {{ margin: {n}px }}\n")).collect();
    Files::from([
        ("404.html", format!("<p>{}", "no such page ".repeat(50)).into_bytes()),
        ("LICENSE", b"as you like".to_vec()),
        ("a.css", css.into_bytes()),
        ("code.wasm", b"\0asm\x01\0\0\0".to_vec()),
        ("docs/index.html", b"<p>docs".to_vec()),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("empty.txt", Vec::new()),
        ("font.woff2", b"wOF2 no font".to_vec()),
        ("large.bin", large_file()),
        ("module.mjs", b"export default 1".to_vec()),
        ("one.txt", b"1".to_vec()),
        ("picture.png", b"\x89PNG no picture".to_vec()),
        ("script.js", b"let a = 1".to_vec()),
        ("site.webmanifest", b"{}".to_vec()),
        ("\u{e9} b.png", b"\x89PNG another".to_vec()),
    ])
}

/// The options of the server under test: the short way is on, or off.
const WAYS: [&[&str]; 2] = [&[], &["--no-short-way"]];

fn start(options: &[&str]) -> (Running, Site) {
    let files = files();
    let packed = harness::packed(&files, &[("HARDTACK_LAST_MODIFIED", "1767323045")]);
    let assets = packed.assets();
    let css = assets.iter().find(|asset| asset["logical_path"] == "a.css").expect("it was packed");
    let hashed = css["url"].as_str().map(str::to_owned);
    let running = Running::start(packed, options);
    let site = Site { address: running.server.address, files, hashed };
    (running, site)
}

#[track_caller]
fn all_pass(cases: &[Case]) {
    for options in WAYS {
        let (_running, site) = start(options);
        harness::all_pass(cases, |case| complaint(&site, case));
    }
}

fn complaint(site: &Site, case: &Case) -> Option<String> {
    let error = site.run(case).err()?;
    Some(format!("{} ({})\nsent {:?}\n{error}\n", case.name, case.section, short(&case.send)))
}

fn short(text: &str) -> String {
    text.chars().take(400).collect()
}

#[test]
fn messages() {
    all_pass(&message::cases());
}

#[test]
fn methods_and_targets() {
    all_pass(&target::cases());
}

#[test]
fn negotiation_of_codings() {
    all_pass(&negotiation::cases());
}

#[test]
fn preconditions_in_order() {
    all_pass(&preconditions::cases());
}

#[test]
fn ranges_of_bytes() {
    all_pass(&ranges::cases());
}

#[test]
fn caching_types_and_origins() {
    all_pass(&caching::cases());
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let names: Vec<_> = all().into_iter().map(|case| case.name).collect();
    assert!(names.len() >= 250, "{}", names.len());
    each_is_there_once(names);
}

fn all() -> Vec<Case> {
    let topics = [
        message::cases(),
        target::cases(),
        negotiation::cases(),
        preconditions::cases(),
        ranges::cases(),
        caching::cases(),
    ];
    topics.concat()
}
