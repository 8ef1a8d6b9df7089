//! Conformance: bytes on real connections, one case for each thing that a server has to do.
//!
//! Each case is named after what it tries, and cites the standard. Those that are no choice of
//! ours are also tried against other servers: see `peers`.

#[path = "../common/mod.rs"]
mod common;

mod caching;
mod case;
mod client;
mod message;
mod negotiation;
mod peers;
mod preconditions;
mod ranges;
mod target;

use std::collections::BTreeMap;

use case::Case;
use client::Site;
use common::{Packed, Server, folder, pack};

type Files = BTreeMap<&'static str, Vec<u8>>;

/// The files of the site. Text compresses well; the rest does not.
fn files() -> Files {
    let css: String = (0..400).map(|n| format!(".class-{n} {{ margin: {n}px }}\n")).collect();
    let large: Vec<u8> =
        (0..75_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_769).to_be_bytes()).collect();
    BTreeMap::from([
        ("404.html", format!("<p>{}", "no such page ".repeat(50)).into_bytes()),
        ("LICENSE", b"as you like".to_vec()),
        ("a.css", css.into_bytes()),
        ("code.wasm", b"\0asm\x01\0\0\0".to_vec()),
        ("docs/index.html", b"<p>docs".to_vec()),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("empty.txt", Vec::new()),
        ("font.woff2", b"wOF2 no font".to_vec()),
        ("large.bin", large),
        ("module.mjs", b"export default 1".to_vec()),
        ("one.txt", b"1".to_vec()),
        ("picture.png", b"\x89PNG no picture".to_vec()),
        ("script.js", b"let a = 1".to_vec()),
        ("site.webmanifest", b"{}".to_vec()),
        ("\u{e9} b.png", b"\x89PNG another".to_vec()),
    ])
}

fn site_folder(files: &Files) -> tempfile::TempDir {
    let files: Vec<_> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    folder(&files)
}

/// The server under test. It goes when this goes.
struct Running {
    site: Site,
    _server: Server,
    _packed: Packed,
}

fn start() -> Running {
    let files = files();
    let folder = site_folder(&files);
    let packed = pack(folder.path(), &[("HARDTACK_LAST_MODIFIED", "1767323045")]);
    let server = Server::of(&mut packed.command());
    let assets = packed.assets();
    let css = assets.iter().find(|asset| asset["logical_path"] == "a.css").expect("it was packed");
    let hashed = css["url"].as_str().map(str::to_owned);
    let site = Site { address: server.address, files, hashed };
    Running { site, _server: server, _packed: packed }
}

#[track_caller]
fn all_pass(cases: &[Case]) {
    let running = start();
    let failed: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let error = running.site.run(case).err()?;
            Some(format!(
                "{} ({})\nsent {:?}\n{error}\n",
                case.name,
                case.section,
                short(&case.send)
            ))
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} failed\n\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
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

/// Two cases of one name would be one line in the comparison.
#[test]
fn every_case_has_a_name_of_its_own() {
    let mut names: Vec<_> = all().into_iter().map(|case| case.name).collect();
    assert!(names.len() >= 250, "{}", names.len());
    names.sort_unstable();
    let twice: Vec<_> =
        names.windows(2).filter(|two| two[0] == two[1]).map(|two| &two[0]).collect();
    assert!(twice.is_empty(), "{twice:?}");
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
