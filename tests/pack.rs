//! `hardtack pack`: another site in a copy of the binary.

mod common;

use std::{fs, path::Path, process::Command};

use common::{Server, executable, folder, hardtack, pack, stderr, stdout};

const SITE: &[(&str, &[u8])] = &[
    ("index.html", b"<link rel=stylesheet href=a.css>"),
    ("a.css", b"a{color:red}"),
    (".hidden", b""),
];

/// `pack` of a folder, run in another folder that also holds the cache.
fn pack_in(workplace: &Path, mut with: Command, site: &Path, output: &str) -> Command {
    with.current_dir(workplace).arg("pack").arg(site).args(["-o", output, "--cache", "cache"]);
    with
}

#[test]
fn a_packed_binary_serves_its_site() {
    let packed = pack(folder(SITE).path(), &[("HARDTACK_AT", "/static/")]);
    assert!(packed.summary.contains(": baked 2 assets, 57 B"), "{}", packed.summary);
    assert!(packed.summary.trim().ends_with("; left out .hidden"), "{}", packed.summary);
    let server = Server::of(&mut packed.command());
    assert!(server.banner.last().unwrap().ends_with("/static/"));
    let page = String::from_utf8(server.get("/static/", &[]).body).unwrap();
    let hashed = page.strip_prefix("<link rel=stylesheet href=").unwrap().trim_end_matches('>');
    let sheet = server.get(&format!("/static/{hashed}"), &[]);
    assert_eq!((sheet.status, &sheet.body[..]), (200, &b"a{color:red}"[..]));
    assert!(sheet.header("cache-control").unwrap().ends_with("immutable"));
    assert_eq!(server.get("/", &[]).status, 404);
}

#[test]
fn a_packed_binary_lists_its_site() {
    let packed = pack(folder(SITE).path(), &[]);
    let names: Vec<_> = packed.assets().iter().map(|one| one["logical_path"].clone()).collect();
    assert_eq!(names, ["a.css", "index.html"]);
    assert_ne!(stdout(packed.command().arg("--version")), stdout(hardtack().arg("--version")));
}

#[test]
fn a_packed_binary_packs_again() {
    let workplace = tempfile::tempdir().unwrap();
    let (first, second) = (folder(&[("b.css", &[b'b'; 200_000])]), folder(SITE));
    stdout(&mut pack_in(workplace.path(), hardtack(), first.path(), "first"));
    let first = executable(&workplace.path().join("first"));
    stdout(&mut pack_in(workplace.path(), first, second.path(), "again"));
    stdout(&mut pack_in(workplace.path(), hardtack(), second.path(), "direct"));
    let read = |name: &str| fs::read(workplace.path().join(name)).unwrap();
    assert!(read("again") == read("direct"), "nothing of the first site is left");
}

#[test]
fn the_output_may_be_the_running_binary() {
    let workplace = tempfile::tempdir().unwrap();
    let site = folder(SITE);
    stdout(&mut pack_in(workplace.path(), hardtack(), site.path(), "site"));
    let itself = || executable(&workplace.path().join("site"));
    let before = fs::read(workplace.path().join("site")).unwrap();
    stdout(&mut pack_in(workplace.path(), itself(), site.path(), "site"));
    assert!(before == fs::read(workplace.path().join("site")).unwrap());
}

#[test]
fn two_folders_of_the_same_files_pack_alike() {
    let bytes = || fs::read(&pack(folder(SITE).path(), &[]).executable).unwrap();
    assert!(bytes() == bytes());
}

#[test]
fn the_configuration_is_that_of_the_working_folder() {
    let workplace =
        folder(&[("hardtack.toml", b"at = '/from-toml/'"), ("other.toml", b"exclude = ['*.css']")]);
    let site = folder(&[("a.css", b"a{}"), ("b.txt", b"")]);
    let urls = |environment: &[(&str, &str)]| {
        let command = &mut pack_in(workplace.path(), hardtack(), site.path(), "site");
        stdout(command.envs(environment.iter().copied()));
        let assets = common::assets(&mut executable(&workplace.path().join("site")));
        assets.iter().map(|one| one["plain_url"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(urls(&[]), ["/from-toml/a.css", "/from-toml/b.txt"]);
    assert_eq!(urls(&[("HARDTACK_AT", "/x")]), ["/x/a.css", "/x/b.txt"]);
    assert_eq!(urls(&[("HARDTACK_CONFIG", "other.toml")]), ["/b.txt"]);
}

#[test]
fn the_summary_can_be_json() {
    let workplace = tempfile::tempdir().unwrap();
    let site = folder(SITE);
    let mut command = pack_in(workplace.path(), hardtack(), site.path(), "site");
    let summary: serde_json::Value = serde_json::from_str(&stdout(command.arg("--json"))).unwrap();
    assert_eq!((&summary["assets"], &summary["left_out"][0]), (&2.into(), &".hidden".into()));
}

/// A failed run says why in a line or more, and leaves nothing behind.
#[track_caller]
fn fails(site: &Path, output: &str, toml: &str, expected: &[&str]) {
    let workplace = folder(&[("hardtack.toml", toml.as_bytes()), ("file", b"")]);
    let complaint = stderr(&mut pack_in(workplace.path(), hardtack(), site, output), 1);
    for words in expected {
        assert!(complaint.contains(words), "{words:?} in {complaint}");
    }
    let left = fs::read_dir(workplace.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut left: Vec<_> = left.filter(|name| name != "cache").collect();
    left.sort();
    assert_eq!(left, ["file", "hardtack.toml"]);
}

#[test]
fn what_cannot_be_packed_is_an_error_that_leaves_nothing() {
    let site = folder(&[("a.css", b"a{b:url(no.png)}\n@import 'no.css';"), ("id_rsa", b"")]);
    fails(Path::new("nowhere"), "site", "", &["nowhere: this is not a folder"]);
    fails(site.path(), "site", "", &["id_rsa: this looks like a secret"]);
    let without = "exclude = ['id_rsa']";
    fails(site.path(), "site", without, &["a.css:1:9: \"no.png\"", "a.css:2:10: \"no.css\""]);
    fails(site.path(), "site", "excluded = []", &["hardtack.toml:1:1", "nearest is `exclude`"]);
    fails(site.path(), "no/site", without, &["no is not a folder"]);
    fails(site.path(), ".", without, &[". is a folder"]);
    fails(site.path(), "file/site", without, &["file is not a folder"]);
    let inside = site.path().join("site");
    let inside = inside.to_str().unwrap();
    fails(site.path(), inside, without, &["lies in the folder that is packed"]);
}

#[test]
fn an_interrupted_run_leaves_nothing_at_the_output() {
    let text: Vec<u8> = (0..400_000_u32).flat_map(|n| format!("{n:x} ").into_bytes()).collect();
    let site = folder(&[("a.txt", &text)]);
    let workplace = tempfile::tempdir().unwrap();
    let mut packing = pack_in(workplace.path(), hardtack(), site.path(), "site").spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    packing.kill().unwrap();
    assert!(!packing.wait().unwrap().success(), "it was still at work");
    assert!(!workplace.path().join("site").exists());
}

#[test]
fn a_damaged_bundle_is_an_error() {
    let packed = pack(folder(SITE).path(), &[]);
    let bytes = fs::read(&packed.executable).unwrap();
    let magic = hardtack_bundle::layout::MAGIC;
    let start = bytes.windows(magic.len()).rposition(|window| window == magic).unwrap();
    for (place, expected) in [(start, "not a Hardtack bundle"), (start + 200, "digest")] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        let file = packed.executable.with_extension("damaged");
        fs::write(&file, damaged).unwrap();
        fs::set_permissions(&file, fs::metadata(&packed.executable).unwrap().permissions())
            .unwrap();
        assert!(stderr(&mut executable(&file), 1).contains(expected));
    }
}
