//! `hardtack pack --previous`: a deploy, as a page that is open sees it.

mod common;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use common::{
    Server, executable, folder, of_venv,
    process::until,
    releases::{Releases, sheet},
    stderr, stdout,
};
use hardtack_bundle::Fingerprint;
use serde_json::Value;

#[test]
fn a_page_of_the_last_release_finds_its_files() {
    let releases = Releases::new();
    releases.pack("1", &sheet(1), &[], &[]);
    releases.pack("2", &sheet(2), &["1"], &[]);
    let server = releases.server("2");
    for (name, version) in [("1", 1), ("2", 2)] {
        for coding in ["identity", "gzip", "br", "zstd"] {
            let response = server.get(&releases.url(name), &[("Accept-Encoding", coding)]);
            assert_eq!(response.status, 200);
            assert!(response.header("cache-control").unwrap().ends_with("immutable"));
            assert!(response.decoded() == sheet(version).as_bytes(), "{name} {coding}");
        }
    }
    assert_eq!(server.get("/a.css", &[]).body, sheet(2).into_bytes());
}

#[test]
fn without_the_last_release_its_files_are_gone() {
    let releases = Releases::new();
    releases.pack("1", &sheet(1), &[], &[]);
    releases.pack("2", &sheet(2), &[], &[]);
    assert_eq!(releases.server("2").get(&releases.url("1"), &[]).status, 404);
}

#[test]
fn a_visitor_with_the_old_file_downloads_the_difference() {
    let releases = Releases::new();
    releases.pack("1", &sheet(1), &[], &[]);
    releases.pack("2", &sheet(2), &["1"], &[]);
    let server = releases.server("2");
    let old = server.get(&releases.url("1"), &[]);
    assert_eq!(old.header("use-as-dictionary"), Some("match=\"/a.*.css\""));
    let digest = server.get(&releases.url("1"), &[("Want-Repr-Digest", "sha-256=1")]);
    let digest = digest.header("repr-digest").unwrap().strip_prefix("sha-256=").unwrap().to_owned();
    for (coding, header) in [("dcb", 36), ("dcz", 40)] {
        let fields = [("Accept-Encoding", coding), ("Available-Dictionary", &*digest)];
        let delta = server.get(&releases.url("2"), &fields);
        assert_eq!(delta.header("content-encoding"), Some(coding));
        assert_eq!(delta.header("vary"), Some("Accept-Encoding, Available-Dictionary"));
        assert!(delta.body.len() < 150, "{coding}: {}", delta.body.len());
        assert_eq!(delta.body[header - 32..header], Fingerprint::of(&old.body).0);
        if coding == "dcz" {
            let mut context = zstd::zstd_safe::DCtx::create();
            context.ref_prefix(&old.body).unwrap();
            let mut bytes = Vec::with_capacity(sheet(2).len());
            context.decompress(&mut bytes, &delta.body[header..]).unwrap();
            assert!(bytes == sheet(2).as_bytes());
        }
    }
    let plain = server.get(&releases.url("2"), &[("Accept-Encoding", "br, dcb, dcz")]);
    assert_eq!(plain.header("content-encoding"), Some("br"));
}

/// The decoders of other programs; of what a delta says, only its header is taken off.
#[test]
#[ignore = "needs zstd, and corpora/venv with brotli"]
fn other_decoders_read_the_difference() {
    let releases = Releases::new();
    releases.pack("1", &sheet(1), &[], &[]);
    releases.pack("2", &sheet(2), &["1"], &[]);
    let server = releases.server("2");
    let old = server.get(&releases.url("1"), &[("Want-Repr-Digest", "sha-256=1")]);
    let digest = old.header("repr-digest").unwrap().strip_prefix("sha-256=").unwrap();
    let dictionary = releases.file("old");
    fs::write(&dictionary, &old.body).unwrap();
    let stream = |coding: &str, header: usize| {
        let fields = [("Accept-Encoding", coding), ("Available-Dictionary", digest)];
        let delta = server.get(&releases.url("2"), &fields);
        assert_eq!(delta.header("content-encoding"), Some(coding));
        let file = releases.file(coding);
        fs::write(&file, &delta.body[header..]).unwrap();
        file
    };
    let length = sheet(2).len().to_string();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = Command::new(of_venv("python"))
        .arg(folder.join("tests/brotli_with_dictionary.py"))
        .args([&dictionary, &stream("dcb", 36)])
        .arg(&length)
        .output();
    // The header of dcz is a frame that a decoder skips.
    let zstd = Command::new("zstd")
        .args(["-dcq", "--patch-from"])
        .args([&dictionary, &stream("dcz", 0)])
        .output();
    for decoded in [python, zstd] {
        let decoded = decoded.unwrap();
        assert!(decoded.status.success(), "{}", String::from_utf8_lossy(&decoded.stderr));
        assert!(decoded.stdout == sheet(2).as_bytes());
    }
}

/// A browser that keeps what it has fetched from visit to visit.
struct Browser {
    process: Child,
    visits: Lines,
}

impl Browser {
    fn of(url: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new("node")
            .arg(folder.join("tests/returning.mjs"))
            .arg(folder.join("corpora/playwright-core"))
            .arg(url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let visits = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, visits }
    }

    fn visit(&mut self, path: &str) -> Value {
        writeln!(self.process.stdin.as_mut().unwrap(), "{path}").unwrap();
        serde_json::from_str(&self.visits.next().unwrap().unwrap()).unwrap()
    }
}

type Lines = std::io::Lines<BufReader<ChildStdout>>;

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().ok();
    }
}

/// Chromium visits release 1, and then release 2 at the same origin.
#[test]
#[ignore = "needs chromium, node and corpora/playwright-core"]
fn a_returning_browser_downloads_the_difference() {
    let releases = Releases::new();
    fs::write(releases.file("hardtack.toml"), "max_age = 0").unwrap();
    let coloured = |version: usize| format!("{}body {{ color: #00000{version} }}", sheet(0));
    releases.pack("1", &coloured(1), &[], &[]);
    releases.pack("2", &coloured(2), &["1"], &[]);
    let of_sheet = |visit: &Value, name: &str| {
        let url = Value::from(releases.url(name));
        let mut exchanges = visit["exchanges"].as_array().unwrap().iter().rev();
        exchanges.find(|one| one["path"] == url).expect("it was fetched").clone()
    };
    let server = releases.server("1");
    let address = server.address.to_string();
    let mut browser = Browser::of(&format!("http://{address}/"));
    let first = browser.visit("/");
    assert_eq!(first["colour"], "rgb(0, 0, 1)");
    let first = of_sheet(&first, "1");
    assert_eq!(first["dictionary"], "");
    drop(server);
    // Its worker is there until the browser's connections are closed.
    until("the address is free", || TcpListener::bind(&address).ok());
    let _server = Server::spawn(executable(&releases.file("2")).args(["--listen", &address]));
    let second = browser.visit("/");
    assert_eq!(second["colour"], "rgb(0, 0, 2)");
    let second = of_sheet(&second, "2");
    assert!(second["dictionary"].as_str().unwrap().starts_with(':'), "{second}");
    assert!(["dcb", "dcz"].contains(&second["coding"].as_str().unwrap()), "{second}");
    let bytes = |sheet: &Value| sheet["bytes"].as_u64().unwrap();
    assert!(bytes(&second) * 2 < bytes(&first), "{first} {second}");
}

/// Chromium fetches the dictionary when it has nothing else to do, and the next page is a delta.
#[test]
#[ignore = "needs chromium, node and corpora/playwright-core"]
fn a_browser_downloads_what_a_page_has_of_its_own() {
    let releases = Releases::new();
    fs::write(releases.file("hardtack.toml"), "page_dictionary = true").unwrap();
    let page = |n: usize| (format!("{n}.html"), format!("<pre>{}</pre><p>page {n}", sheet(0)));
    let pages: Vec<_> = (0..30).map(page).collect();
    let files: Vec<_> = pages.iter().map(|(name, text)| (&**name, text.as_bytes())).collect();
    stdout(&mut releases.command(folder(&files).path(), "1", &[]));
    let server = releases.server("1");
    let mut browser = Browser::of(&format!("http://{}/", server.address));
    let mut visit = |n: usize| {
        let visit = browser.visit(&format!("/{n}.html"));
        assert!(visit["text"].as_str().unwrap().ends_with(&format!("page {n}")), "{visit}");
        let mut exchanges = visit["exchanges"].as_array().unwrap().iter();
        exchanges.find(|one| one["path"] == format!("/{n}.html")).unwrap().clone()
    };
    let first = visit(0);
    assert_eq!(first["dictionary"], "");
    let later = (1..30).map(visit).find(|page| page["dictionary"] != "").expect("a dictionary");
    assert!(["dcb", "dcz"].contains(&later["coding"].as_str().unwrap()), "{later}");
    let bytes = |page: &Value| page["bytes"].as_u64().unwrap();
    assert!(bytes(&later) * 2 < bytes(&first), "{first} {later}");
}

#[test]
fn the_report_says_what_was_kept_and_dropped() {
    let releases = Releases::new();
    let first = releases.pack("1", &sheet(1), &[], &[]);
    assert!(!first.contains("earlier"), "{first}");
    let second = releases.pack("2", &sheet(2), &["1"], &[]);
    assert!(second.contains("\n  earlier    1 file kept, "), "{second}");
    assert!(second.contains(", 2 deltas\n"), "{second}");
    fs::write(releases.file("hardtack.toml"), "keep_releases = 1").unwrap();
    let third = releases.pack("3", &sheet(3), &["2"], &["-v"]);
    assert!(third.contains(" kB, 1 dropped, 2 deltas\n"), "{third}");
    let old = releases.url("1");
    let line =
        format!("  dropped    {old}  2 releases old: it is older than `keep_releases` = 1\n");
    assert!(third.contains(&line), "{third}");
    let json = releases.pack("3", &sheet(3), &["2"], &["--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["carried"][0]["url"], releases.url("2"));
    assert_eq!((&json["carried"][0]["age"], &json["dropped"][0]["age"]), (&1.into(), &2.into()));
    assert_eq!(json["dropped"][0]["rule"], "it is older than `keep_releases` = 1");
    assert_eq!((&json["deltas"], &json["carried_assets"]), (&2.into(), &1.into()));
}

#[test]
fn the_list_keeps_them_apart() {
    let releases = Releases::new();
    releases.pack("1", &sheet(1), &[], &[]);
    releases.pack("2", &sheet(2), &["1"], &[]);
    let list = |options: &[&str]| {
        let mut command = executable(&releases.file("2"));
        stdout(command.arg("list").args(options))
    };
    let own = list(&[]);
    assert!(own.contains("dcz") && own.contains("1 asset of earlier releases (--carried)"));
    assert!(!own.contains(&releases.url("1")), "{own}");
    let carried = list(&["--carried"]);
    assert!(carried.contains(&releases.url("1")) && carried.contains("  age  "), "{carried}");
    let json: Value = serde_json::from_str(&list(&["--carried", "--json"])).unwrap();
    assert_eq!((&json[0]["age"], json.as_array().unwrap().len()), (&1.into(), 1));
}

#[test]
fn the_option_comes_before_the_variable_and_that_before_the_file() {
    let releases = Releases::new();
    for (name, version) in [("1", 1), ("2", 2), ("3", 3)] {
        releases.pack(name, &sheet(version), &[], &[]);
    }
    let site = folder(&[("a.css", sheet(4).as_bytes())]);
    fs::write(releases.file("hardtack.toml"), "previous = ['1']").unwrap();
    let keeps = |previous: &[&str], variable: Option<&str>, expected: &[&str]| {
        let mut command = releases.command(site.path(), "4", previous);
        stdout(command.envs(variable.map(|value| ("HARDTACK_PREVIOUS", value))));
        let list = stdout(executable(&releases.file("4")).args(["list", "--carried", "--json"]));
        let list: Value = serde_json::from_str(&list).unwrap();
        let mut urls: Vec<_> =
            list.as_array().unwrap().iter().map(|it| it["url"].as_str().unwrap()).collect();
        let mut expected: Vec<_> = expected.iter().map(|name| releases.url(name)).collect();
        urls.sort_unstable();
        expected.sort_unstable();
        assert_eq!(urls, expected);
    };
    keeps(&[], None, &["1"]);
    keeps(&[], Some("3:2"), &["2", "3"]);
    keeps(&["3"], Some("2"), &["3"]);
}

#[test]
fn what_is_no_release_is_an_error_and_nothing_is_written() {
    let releases = Releases::new();
    fs::write(releases.file("text"), "no program").unwrap();
    let site = folder(&[("a.css", b"a{}")]);
    for (previous, expected) in [
        ("absent", "absent: as an earlier release: No such file"),
        ("text", "text: as an earlier release: there is no Hardtack bundle in it"),
    ] {
        let error = stderr(&mut releases.command(site.path(), "out", &[previous]), 1);
        assert!(error.contains(expected) && error.contains("leave this one out"), "{error}");
        assert!(!releases.file("out").exists());
    }
}
