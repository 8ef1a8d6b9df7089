//! The commands that look into releases: `verify`, `diff`, `export`, `report`.

mod common;

use std::{fs, path::Path, process::Command};

use common::{
    Connection, Response,
    caddy::Caddy,
    folder, hardtack,
    nginx::Nginx,
    releases::{Releases, sheet},
    stderr, stdout,
};
use hardtack_bundle::{Bundle, Fingerprint};
use serde_json::Value;

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&stdout(command.arg("--json"))).expect("it is JSON")
}

/// Standard output and standard error.
fn both(command: &mut Command) -> (String, String) {
    let output = common::run(command);
    assert!(output.status.success());
    [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).into()
}

/// Two releases, of which the second one carries the first one's style sheet.
fn two_releases() -> Releases {
    let releases = Releases::new();
    releases.pack("1", &sheet(1), &[], &[]);
    releases.pack("2", &sheet(2), &["1"], &[]);
    releases
}

#[test]
fn a_sound_release_is_described() {
    let releases = two_releases();
    let file = releases.file("2");
    let found = json(hardtack().arg("verify").arg(&file));
    let bytes = fs::read(&file).unwrap();
    let bundle = Bundle::find(&bytes).unwrap();
    assert_eq!(found["release_id"], bundle.release_id().to_string());
    assert_eq!(
        (&found["assets"], &found["carried"], &found["deltas"]),
        (&2.into(), &1.into(), &2.into())
    );
    let offset = found["bundle"]["offset"].as_u64().unwrap() as usize;
    let digest = Fingerprint::of(&bytes[offset..]).to_string();
    assert_eq!(
        (&found["bundle"]["sha256"], offset + bundle.length()),
        (&digest.into(), bytes.len())
    );
    let program = fs::read(env!("CARGO_BIN_EXE_hardtack")).unwrap();
    assert_eq!(found["program"]["sha256"], Fingerprint::of(&program).to_string());
    assert_eq!(found["program"]["bytes"], program.len());
    let text = stdout(hardtack().arg("verify").arg(&file));
    assert!(
        text.contains("2: as it was baked\n  release    ") && text.contains("1 of earlier"),
        "{text}"
    );
}

#[test]
fn without_a_file_it_is_the_executable() {
    let found = json(hardtack().arg("verify"));
    assert_eq!((&found["file"], &found["program"]), (&"this executable".into(), &Value::Null));
    let releases = two_releases();
    let found = json(common::executable(&releases.file("1")).arg("verify"));
    assert_eq!((&found["assets"], found["program"].is_object()), (&2.into(), true));
}

#[test]
fn a_bundle_file_is_verified_too() {
    let releases = two_releases();
    let bytes = fs::read(releases.file("1")).unwrap();
    let bundle = Bundle::find(&bytes).unwrap();
    let file = releases.file("hardtack.bundle");
    fs::write(&file, &bytes[bytes.len() - bundle.length()..]).unwrap();
    let found = json(hardtack().arg("verify").arg(&file));
    assert_eq!((&found["bundle"]["offset"], &found["program"]), (&0.into(), &Value::Null));
}

/// A record in the bundle is that of the download.
#[test]
fn an_asset_may_be_a_packed_executable() {
    let releases = two_releases();
    let program = [&[1; 300][..], b"hardtack record\n", &[0; 88], &[2; 300]].concat();
    fs::write(releases.file("small"), program).unwrap();
    releases.pack("packed", &sheet(1), &[], &["--base", "small"]);
    let site = folder(&[("download", &fs::read(releases.file("packed")).unwrap())]);
    stdout(&mut releases.command(site.path(), "outer", &[]));
    let found = json(hardtack().arg("verify").arg(releases.file("outer")));
    assert_eq!((&found["assets"], found["program"].is_object()), (&1.into(), true));
}

#[test]
fn every_change_is_found() {
    let releases = two_releases();
    let sound = fs::read(releases.file("2")).unwrap();
    let start = sound.len() - Bundle::find(&sound).unwrap().length();
    let copy = releases.file("copy");
    let cases: [(&str, usize, &str); 4] = [
        ("the program", 5_000, "its program was changed"),
        ("the header", start + 40, "the digest of its header does not match"),
        ("the last byte", sound.len() - 1, "the digest of its content does not match"),
        ("the magic", start, "it is not the bundle that was packed"),
    ];
    for (name, place, expected) in cases {
        let mut bytes = sound.clone();
        bytes[place] ^= 1;
        fs::write(&copy, bytes).unwrap();
        let error = stderr(hardtack().arg("verify").arg(&copy), 1);
        assert!(error.contains(expected) && error.contains("copy: "), "{name}: {error}");
    }
    for (name, length) in [("short", sound.len() - 1), ("no bundle", start)] {
        fs::write(&copy, &sound[..length]).unwrap();
        stderr(hardtack().arg("verify").arg(&copy), 1);
        assert!(copy.exists(), "{name}");
    }
}

#[test]
fn what_is_no_release_is_an_error() {
    let files = folder(&[("text", b"no program")]);
    for command in [&["verify"][..], &["diff", "text"]] {
        for (file, expected) in [
            ("text", "text: there is no Hardtack bundle in it"),
            ("absent", "cannot read absent: No such file"),
            (".", "cannot read .: it is not a file"),
        ] {
            let mut hardtack = hardtack();
            hardtack.current_dir(files.path()).args(command);
            let first = if command.len() == 1 { file } else { "absent" };
            let error = stderr(hardtack.arg(file), 1);
            let is_named =
                error.contains(expected) || error.contains(&format!("cannot read {first}"));
            assert!(is_named, "{error}");
        }
    }
}

#[test]
fn a_difference_is_what_visitors_download() {
    let releases = two_releases();
    let (old, new) = (releases.file("1"), releases.file("2"));
    let found = json(hardtack().arg("diff").args([&old, &new]));
    let file = &found["files"][0];
    assert_eq!((&file["change"], &file["logical_path"]), (&"changed".into(), &"a.css".into()));
    let bytes = |coding: &str| file["bytes"][coding].as_u64().unwrap();
    let plain = ["identity", "gzip", "br", "zstd"].map(bytes).into_iter().min().unwrap();
    let delta = bytes("dcb").min(bytes("dcz"));
    assert_eq!((file["first"].as_u64(), file["returning"].as_u64()), (Some(plain), Some(delta)));
    assert!(delta * 10 < plain);
    // The page changed too: it names the style sheet. It has no delta.
    let page = &found["files"][1];
    assert_eq!((&page["logical_path"], &page["first"]), (&"index.html".into(), &page["returning"]));
    let carried = &found["files"][2];
    assert_eq!(
        (&carried["change"], &carried["url"]),
        (&"carried".into(), &releases.url("1").into())
    );
    assert_eq!(carried["returning"], Value::Null);
    let sum = |key: &str| file[key].as_u64().unwrap() + page[key].as_u64().unwrap();
    assert_eq!(found["first_visitor"].as_u64(), Some(sum("first")));
    assert_eq!(found["returning_visitor"].as_u64(), Some(sum("returning")));
    assert_eq!((&found["lost"], &found["unchanged"]), (&Value::Array(vec![]), &0.into()));
}

#[test]
fn lost_paths_are_a_warning() {
    let releases = Releases::new();
    releases.pack("1", &sheet(1), &[], &[]);
    releases.pack("2", &sheet(2), &[], &[]);
    let diff =
        |new: &str| both(hardtack().arg("diff").args([releases.file("1"), releases.file(new)]));
    let (out, warnings) = diff("2");
    assert!(out.contains("2 changed, 0 added, 0 removed, 0 carried, 0 unchanged"), "{out}");
    assert!(
        warnings.contains("warning: 1 of the old release's hashed paths are a 404"),
        "{warnings}"
    );
    let (same, warnings) = diff("1");
    assert_eq!(
        (&*same, &*warnings),
        (
            "0 changed, 0 added, 0 removed, 0 carried, 2 unchanged\n\
             nothing to download: no file that browsers fetch was added or changed\n",
            ""
        )
    );
}

/// A file that the older release carries already is no difference.
#[test]
fn carried_are_the_files_that_the_older_release_did_not_carry() {
    let releases = two_releases();
    releases.pack("3", &sheet(3), &["2"], &[]);
    let carried = |old: &str| {
        let found = json(hardtack().arg("diff").args([releases.file(old), releases.file("3")]));
        let files = found["files"].as_array().unwrap().clone().into_iter();
        let carried = files.filter(|file| file["change"] == "carried");
        carried.map(|file| file["url"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(carried("2"), [releases.url("2")]);
    let mut both = [releases.url("1"), releases.url("2")];
    both.sort();
    assert_eq!(carried("1"), both);
}

/// A browser fetches them for a developer alone.
#[test]
fn source_maps_are_listed_and_not_counted() {
    let releases = Releases::new();
    for (name, version) in [("1", 1), ("2", 2)] {
        let map = sheet(version);
        let site = folder(&[("a.css", b"a{}"), ("a.css.map", map.as_bytes())]);
        stdout(&mut releases.command(site.path(), name, &[]));
    }
    let found = json(hardtack().arg("diff").args([releases.file("1"), releases.file("2")]));
    let map = &found["files"][0];
    assert_eq!((&map["change"], &map["logical_path"]), (&"changed".into(), &"a.css.map".into()));
    assert_eq!((&map["first"], &map["returning"]), (&Value::Null, &Value::Null));
    assert_eq!((&found["first_visitor"], &found["returning_visitor"]), (&0.into(), &0.into()));
}

#[test]
fn names_are_shown_as_they_are() {
    let releases = Releases::new();
    let site = folder(&[("it's \"a\".txt", b"x")]);
    stdout(&mut releases.command(site.path(), "1", &[]));
    let empty = folder(&[("index.html", b"x")]);
    stdout(&mut releases.command(empty.path(), "2", &[]));
    let (out, _) = both(hardtack().arg("diff").args([releases.file("2"), releases.file("1")]));
    assert!(out.contains("added    it's \"a\".txt "), "{out}");
}

/// It is made anew with each release, and no page needs it.
#[test]
fn the_dictionary_of_pages_is_no_loss_and_not_exported_as_one() {
    let releases = Releases::new();
    fs::write(releases.file("hardtack.toml"), "page_dictionary = true").unwrap();
    for (name, version, previous) in [("1", 1, &[][..]), ("2", 2, &["1"])] {
        let page = |n: usize| (format!("p{n}.html"), format!("<p>{}</p>{n}", sheet(version)));
        let pages: Vec<_> = (0..8).map(page).collect();
        let pages: Vec<_> = pages.iter().map(|(name, text)| (&**name, text.as_bytes())).collect();
        stdout(&mut releases.command(folder(&pages).path(), name, previous));
    }
    let found = json(hardtack().arg("diff").args([releases.file("1"), releases.file("2")]));
    assert_eq!(found["lost"], Value::Array(vec![]));
    let report = stdout(hardtack().arg("report").arg(releases.file("2")));
    assert!(report.contains("<td>page-dictionary") || report.contains("<td>/page-dictionary."));
    stdout(hardtack().arg("export").arg(releases.file("out")).arg(releases.file("2")));
    let objects = fs::read_to_string(releases.file("out/objects.json")).unwrap();
    assert!(!objects.contains("compression-dictionary") && !objects.contains("dcz"), "{objects}");
}

/// A bundler's file has another name in each release.
#[test]
fn files_are_matched_by_their_names_without_hashes() {
    let releases = Releases::new();
    let pack = |name: &str, files: &[(&str, &[u8])]| {
        fs::write(releases.file("hardtack.toml"), "prehashed = ['*-????????.js']").unwrap();
        stdout(&mut releases.command(folder(files).path(), name, &[]));
    };
    pack("1", &[("app-DOIkT6lI.js", b"a()"), ("c-B1c2D3e4.js", b"1"), ("gone.txt", b"x")]);
    pack("2", &[("app-Cl07oXog.js", b"b()"), ("c-B1c2D3e4.js", b"1"), ("new.txt", b"x")]);
    let found = json(hardtack().arg("diff").args([releases.file("1"), releases.file("2")]));
    let files = found["files"].as_array().unwrap().iter();
    let files: Vec<_> =
        files.map(|file| (file["change"].as_str(), file["logical_path"].as_str())).collect();
    let expected = [("changed", "app-Cl07oXog.js"), ("added", "new.txt"), ("removed", "gone.txt")];
    assert_eq!(files, expected.map(|(change, path)| (Some(change), Some(path))));
    assert_eq!(found["unchanged"], 1);
}

/// All files below a folder, by their paths.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn an_export_has_every_path_and_coding() {
    let releases = two_releases();
    let out = releases.file("out");
    let summary = json(hardtack().arg("export").arg(&out).arg(releases.file("2")));
    let server = releases.server("2");
    let objects = fs::read_to_string(out.join("objects.json")).unwrap();
    let objects: Value = serde_json::from_str(&objects).unwrap();
    let mut written =
        vec!["manifest.json".into(), "objects.json".into(), "staticfiles.json".into()];
    for object in objects["objects"].as_array().unwrap() {
        let path = format!("/{}", object["key"].as_str().unwrap());
        let path = path.strip_suffix("index.html").unwrap_or(&path).to_owned();
        for stored in object["representations"].as_array().unwrap() {
            let file = stored["file"].as_str().unwrap();
            let accepted = format!("{}, identity;q=0.1", stored["coding"].as_str().unwrap());
            let response = server.get(&path, &[("Accept-Encoding", &accepted)]);
            assert_eq!(response.status, 200, "{path}");
            assert!(fs::read(out.join(file)).unwrap() == response.body, "{file}");
            for (name, value) in stored["headers"].as_object().unwrap() {
                assert_eq!(response.header(name), value.as_str(), "{file}");
            }
            written.push(file.to_owned());
        }
    }
    written.sort();
    assert_eq!((files(&out), &summary["files"]), (written.clone(), &written.len().into()));
    let carried = format!("site{}.br", releases.url("1"));
    assert!(written.contains(&carried), "{written:?}");
    let manifest = fs::read_to_string(out.join("manifest.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&manifest).unwrap()["release_id"],
        summary["release_id"]
    );
}

#[test]
fn an_export_replaces_an_export_and_nothing_else() {
    let releases = two_releases();
    let export = |folder: &str, name: &str| {
        let mut command = hardtack();
        command.current_dir(releases.file("")).args(["export", folder, name]);
        command
    };
    fs::create_dir(releases.file("empty")).unwrap();
    for name in ["2", "1"] {
        stdout(&mut export("empty", name));
    }
    let old = format!("empty/site{}", releases.url("2"));
    assert!(!releases.file(&old).exists(), "it is a file of the replaced export");
    fs::write(releases.file("empty/mine"), "").unwrap();
    std::os::unix::fs::symlink("empty", releases.file("link")).unwrap();
    stdout(&mut export("kept", "1"));
    fs::write(releases.file("kept/site/token"), "").unwrap();
    for (folder, expected) in [
        ("empty", "empty has other files than those of an export"),
        ("1", "1 is a file: name a folder"),
        ("link", "link is a symbolic link"),
        ("kept", "kept has other files than those of an export"),
        ("absent/out", "absent is not a folder"),
        ("..", ".. has no name of its own"),
    ] {
        let error = stderr(&mut export(folder, "2"), 1);
        assert!(error.contains(expected), "{error}");
    }
    let left = fs::read_dir(releases.file("")).unwrap();
    let mut names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!names.any(|name| name.starts_with(".hardtack-export")));
}

/// A server that serves the folder finds a file of the one export or of the other.
#[test]
#[cfg(target_os = "linux")]
fn an_export_is_replaced_at_once() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let releases = two_releases();
    let out = releases.file("out");
    let export = |name: &str| stdout(hardtack().arg("export").arg(&out).arg(releases.file(name)));
    export("1");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut missing = 0;
            while !is_over.load(Ordering::Relaxed) {
                missing += usize::from(!out.join("site/a.css").exists());
            }
            missing
        });
        for name in ["2", "1", "2", "1"] {
            export(name);
        }
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(watch.join().unwrap(), 0);
    });
}

/// A rename would put a file in the place of a device, and leave the file that a link names as it was.
#[test]
fn a_report_replaces_a_report_and_nothing_else() {
    let releases = two_releases();
    fs::write(releases.file("old.html"), "old").unwrap();
    std::os::unix::fs::symlink("old.html", releases.file("link")).unwrap();
    std::os::unix::net::UnixListener::bind(releases.file("socket")).unwrap();
    for (output, expected) in [
        ("link", "it is a symbolic link"),
        ("socket", "it is no regular file"),
        (".", "it is a folder"),
        ("1", "it is a program"),
    ] {
        for command in ["report", "pack"] {
            let mut hardtack = hardtack();
            hardtack.current_dir(releases.file(""));
            match command {
                "report" => hardtack.args(["report", "2", "-o", output]),
                _ if output == "1" => continue,
                _ => hardtack.args(["pack", env!("CARGO_MANIFEST_DIR"), "-o", output]),
            };
            let error = stderr(&mut hardtack, 1);
            assert!(error.contains(expected), "{command}: {error}");
        }
    }
    let mut command = hardtack();
    stdout(command.current_dir(releases.file("")).args(["report", "2", "-o", "old.html"]));
    assert!(fs::read_to_string(releases.file("old.html")).unwrap().starts_with("<!"));
}

/// Each path, in each coding that the server has files for. `get` takes a path and `Accept-Encoding`.
fn serves_an_export(releases: &Releases, codings: &[&str], get: impl Fn(&str, &str) -> Response) {
    for (url, version) in [(releases.url("1"), 1), (releases.url("2"), 2), ("/a.css".into(), 2)] {
        for coding in codings.iter().chain(&["identity"]) {
            let response = get(&url, coding);
            let expected = Some(*coding).filter(|coding| *coding != "identity");
            assert_eq!((response.status, response.header("content-encoding")), (200, expected));
            let exported = releases.file(&format!("out/site{url}"));
            let extension = match *coding {
                "gzip" => ".gz",
                "br" => ".br",
                "zstd" => ".zst",
                _ => "",
            };
            let file = format!("{}{extension}", exported.display());
            assert!(response.body == fs::read(file).unwrap(), "{url} {coding}");
            assert!(*coding == "zstd" || response.decoded() == sheet(version).as_bytes(), "{url}");
        }
    }
    let page = get("/", "identity");
    assert!(String::from_utf8(page.body).unwrap().contains(&releases.url("2")[1..]));
}

#[test]
#[ignore = "needs nginx with its module brotli_static"]
fn nginx_serves_an_export_with_its_compressed_files() {
    let releases = two_releases();
    stdout(hardtack().arg("export").arg(releases.file("out")).arg(releases.file("2")));
    let module = "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so";
    let nginx = Nginx::with_modules(
        &[module],
        &format!(
            "types {{ text/css css; text/html html; }}\n\
             server {{ listen ADDRESS; root {}; brotli_static on; gzip_static on; gzip_vary on; }}",
            releases.file("out/site").display()
        ),
    );
    serves_an_export(&releases, &["gzip", "br"], |path, coding| {
        Connection::to(nginx.address).request("GET", path, &[("Accept-Encoding", coding)])
    });
}

/// The Caddyfile is that of docs/releases.md.
#[test]
#[ignore = "needs caddy"]
fn caddy_serves_an_export_with_its_compressed_files() {
    let releases = two_releases();
    stdout(hardtack().arg("export").arg(releases.file("out")).arg(releases.file("2")));
    let guide = include_str!("../docs/releases.md");
    let shown = guide.split_once("```caddyfile\n").unwrap().1.split_once("```").unwrap().0;
    let site = releases.file("out/site").display().to_string();
    let caddy = Caddy::with(&shown.replace("/srv/out/site", &site));
    serves_an_export(&releases, &["gzip", "br", "zstd"], |path, coding| caddy.get(path, coding));
    for (url, is_immutable) in [(releases.url("1"), true), ("/a.css".to_owned(), false)] {
        let response = caddy.get(&url, "identity");
        let policy = response.header("cache-control").unwrap_or_default();
        assert_eq!(policy.ends_with("immutable"), is_immutable, "{url} {policy}");
    }
}

#[test]
fn a_report_is_a_page_in_a_file_or_on_standard_output() {
    let releases = two_releases();
    let out = releases.file("report.html");
    let said = stdout(hardtack().arg("report").arg(releases.file("2")).arg("-o").arg(&out));
    let page = fs::read_to_string(&out).unwrap();
    assert_eq!((&*said, page.starts_with("<!doctype html>")), ("", true));
    assert_eq!(stdout(hardtack().arg("report").arg(releases.file("2"))), page);
    assert!(page.contains("a.css") && page.contains("<td>dcz</td>"), "{page}");
    assert!(page.contains(&format!("<td>{}</td>", releases.url("1"))), "the version of a delta");
    let error = stderr(hardtack().args(["report", "-o", "/absent/report.html"]), 1);
    assert!(error.contains("cannot write /absent/report.html"), "{error}");
}

/// A reader may use the keyboard or a screen reader. Nothing in the page tells by its colour alone.
#[test]
#[ignore = "needs chromium, node and corpora/playwright-core"]
fn a_report_is_read_without_a_mouse_or_a_screen() {
    let releases = Releases::new();
    fs::write(releases.file("hardtack.toml"), "page_dictionary = true").unwrap();
    let files = |version: usize| {
        let pages = (0..12).map(|n| (format!("p{n}.html"), format!("<p>{}</p>{n}", sheet(0))));
        let kinds = ["a.css", "b.js", "c.svg", "d.woff2", "e.txt", "f.txt"];
        let others = kinds.map(|name| (name.to_owned(), sheet(version)));
        pages.chain(others).chain([("index.html".to_owned(), "<p>".to_owned())]).collect::<Vec<_>>()
    };
    for (name, version, previous) in [("1", 1, &[][..]), ("2", 2, &["1"])] {
        let files = files(version);
        let files: Vec<_> = files.iter().map(|(name, text)| (&**name, text.as_bytes())).collect();
        stdout(&mut releases.command(folder(&files).path(), name, previous));
    }
    for (name, has_all) in [("2", true), ("1", false)] {
        let page = releases.file("report.html");
        stdout(hardtack().arg("report").arg(releases.file(name)).arg("-o").arg(&page));
        let html = fs::read_to_string(&page).unwrap();
        assert_eq!(html.contains("No file has") || html.contains("It carries none"), !has_all);
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut chromium = Command::new("node");
        chromium
            .arg(project.join("tests/accessible.mjs"))
            .arg(project.join("corpora/playwright-core"));
        let faults = stdout(chromium.arg(format!("file://{}", page.display())));
        assert_eq!(faults.trim(), "[]");
    }
}
