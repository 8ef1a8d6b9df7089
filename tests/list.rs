//! `hardtack list`: what the binary carries.

mod common;

use std::process::Stdio;

use common::{assets, folder, hardtack, pack, stdout};

#[test]
fn the_table_is_aligned() {
    let table = stdout(hardtack().arg("list"));
    let lines: Vec<_> = table.lines().collect();
    let (rows, total) = lines.split_at(lines.len() - 2);
    assert!(total[1].contains(" assets, ") && total[1].contains("release "), "{total:?}");
    let starts: Vec<_> = rows.iter().map(|row| row.find("text/").or(row.find("type"))).collect();
    let starts: Vec<_> = starts.into_iter().flatten().collect();
    assert!(starts.len() > 5 && starts.iter().all(|start| *start == starts[0]), "{table}");
    let ends: Vec<_> = rows.iter().map(|row| row.chars().count()).collect();
    assert!(ends.iter().all(|end| *end == ends[0]), "{table}");
    assert!(!table.contains('\u{1b}'), "colour is for terminals");
}

#[test]
fn the_json_has_every_field() {
    let site = folder(&[("a.css", "a{color:red}".repeat(20).as_bytes()), ("b.html", b"b")]);
    let packed = pack(site.path(), &[("HARDTACK_AT", "/s/")]);
    let [sheet, page] = &packed.assets()[..] else { panic!("two assets") };
    let fingerprint = sheet["fingerprint"].as_str().unwrap();
    assert_eq!(fingerprint.len(), 64);
    assert_eq!(sheet["logical_path"], "a.css");
    assert_eq!(sheet["url"], format!("/s/a.{}.css", &fingerprint[..12]));
    assert_eq!(sheet["plain_url"], "/s/a.css");
    assert_eq!(sheet["media_type"], "text/css; charset=utf-8");
    assert!(sheet["integrity"].as_str().unwrap().starts_with("sha384-"));
    let codings: Vec<_> = sheet["representations"].as_array().unwrap().iter().collect();
    assert_eq!(codings.len(), 4);
    assert_eq!(codings[0]["coding"], "identity");
    assert_eq!(codings[0]["bytes"], 240);
    assert_eq!(codings[2]["entity_tag"], format!("\"{fingerprint}-br\""));
    assert_eq!((&page["url"], &page["plain_url"]), (&"/s/b.html".into(), &"/s/b.html".into()));
    assert_eq!((&sheet["role"], &page["role"]), (&"hashed".into(), &"entry_point".into()));
    assert_eq!(sheet.get("why"), None, "a rule alone says so");
}

#[test]
fn a_reason_is_shown_on_demand() {
    let site = folder(&[("a-B1c2D3e4.css", b"a{}"), ("b.txt", b"b"), ("index.html", b"")]);
    let toml = folder(&[("h.toml", b"prehashed = ['a-*']\nrename = false")]);
    let toml = toml.path().join("h.toml");
    let packed = pack(site.path(), &[("HARDTACK_CONFIG", toml.to_str().unwrap())]);
    let roles = ["prehashed", "pinned", "entry point"];
    for option in [None, Some("-v"), Some("--why")] {
        let table = stdout(packed.command().arg("list").args(option));
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].starts_with("logical path    URL              role         type"));
        assert!(lines[1..].iter().zip(roles).all(|(line, role)| line.contains(role)), "{table}");
        assert_eq!(lines[0].ends_with("  why"), option.is_some(), "{table}");
        assert_eq!(lines[2].ends_with("  `rename` says so"), option.is_some(), "{table}");
    }
    let [_, pinned, _] = &packed.assets()[..] else { panic!("three assets") };
    assert_eq!((&pinned["role"], &pinned["why"]), (&"pinned".into(), &"`rename` says so".into()));
    assert_eq!(pinned["url"], pinned["plain_url"]);
}

#[test]
fn a_reader_may_leave_early() {
    let mut process =
        hardtack().arg("list").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(process.stdout.take());
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_demo_site_is_sorted_and_fetchable() {
    let assets = assets(&mut hardtack());
    let names: Vec<_> = assets.iter().map(|one| one["logical_path"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&"index.html"), "{names:?}");
    let server = common::Server::start();
    for asset in &assets {
        assert_eq!(server.get(asset["url"].as_str().unwrap(), &[]).status, 200, "{asset}");
    }
}
