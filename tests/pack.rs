//! `hardtack pack`: another site in a copy of the binary.

mod common;

use std::{fs, path::Path, process::Command};

use common::{Server, executable, folder, hardtack, pack, stderr, stdout};
use hardtack_bundle::Bundle;
use serde_json::json;

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
fn the_summary_is_a_block() {
    let summary = pack(folder(SITE).path(), &[]).summary;
    let lines: Vec<_> = summary.lines().collect();
    assert!(lines[0].contains("site: baked in ") && lines[0].contains(", release "), "{summary}");
    assert!(lines[1].starts_with("  carrying   2 assets, 57 B, compressed "), "{summary}");
    let rest = ["  names      1 hashed, 1 entry point", "  left out   .hidden"];
    assert_eq!(lines[2..], rest, "{summary}");
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

/// An executable for any machine has a record that says where it ends.
#[test]
fn the_base_may_be_another_executable() {
    let workplace = tempfile::tempdir().unwrap();
    let file = |name: &str| workplace.path().join(name);
    let (first, second) = (folder(&[("b.css", b"b{}")]), folder(SITE));
    stdout(&mut pack_in(workplace.path(), hardtack(), first.path(), "first"));
    stdout(&mut pack_in(workplace.path(), hardtack(), second.path(), "direct"));
    let with_base = |base: &str, output: &str| {
        let mut command = pack_in(workplace.path(), hardtack(), second.path(), output);
        command.args(["--base", base]);
        command
    };
    stdout(&mut with_base("first", "again"));
    assert!(fs::read(file("again")).unwrap() == fs::read(file("direct")).unwrap());

    let program = [&[1; 300][..], b"hardtack record\n", &[0; 88], &[2; 300]].concat();
    fs::write(file("other"), &program).unwrap();
    stdout(&mut with_base("other", "for-other"));
    let packed = fs::read(file("for-other")).unwrap();
    let bundle = Bundle::find(&packed).unwrap();
    assert_eq!((bundle.totals().assets, packed.len()), (2, 65_536 + bundle.length()));
    assert_eq!((&packed[..316], &packed[404..704]), (&program[..316], &program[404..]));
    stdout(&mut with_base("for-other", "once-more"));
    assert!(packed == fs::read(file("once-more")).unwrap());
}

#[test]
fn a_base_that_is_no_hardtack_executable_is_an_error() {
    let site = folder(SITE);
    let record = [&b"hardtack record\n"[..], &[0; 88]].concat();
    // The headers of the sections would begin behind its end.
    let cut_off = [&b"\x7fELF\x02\x01"[..], &[0; 34], &[0xff; 2], &[0; 100], &record].concat();
    let workplace = folder(&[("text", b"no program"), ("cut-off", &cut_off)]);
    for (base, expected) in [
        ("cut-off", "cannot append to cut-off (--base): it is cut off: copy it again"),
        ("text", "cannot append to text (--base): it is no executable of Hardtack"),
        ("absent", "cannot append to absent (--base): No such file"),
    ] {
        let mut command = pack_in(workplace.path(), hardtack(), site.path(), "out");
        let error = stderr(command.args(["--base", base]), 1);
        assert!(error.contains(expected), "{error}");
        assert!(!workplace.path().join("out").exists());
    }
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

type Change<'c> = &'c dyn Fn(&mut Vec<u8>);

#[test]
fn an_executable_that_is_not_as_it_was_packed_serves_nothing() {
    let packed = pack(folder(SITE).path(), &[]);
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("site");
    let tool = Path::new(env!("CARGO_BIN_EXE_hardtack")).metadata().unwrap().len() as usize;
    let bundle = tool.next_multiple_of(65_536);
    let changes: [(&str, Change<'_>, &str); 9] = [
        ("a byte short", &|it| it.truncate(it.len() - 1), "copy it again"),
        ("half a header", &|it| it.truncate(bundle + 50), "copy it again"),
        ("no bundle", &|it| it.truncate(bundle), "copy it again"),
        ("no padding", &|it| it.truncate(tool), "copy it again"),
        ("a byte more", &|it| it.push(0), "copy it again"),
        ("much more", &|it| it.resize(it.len() + (1 << 20), 0), "copy it again"),
        ("another first byte", &|it| it[bundle] ^= 1, "copy it again"),
        ("another byte of the header", &|it| it[bundle + 100] ^= 1, "copy it again"),
        ("another last byte", &|it| *it.last_mut().unwrap() ^= 1, "content"),
    ];
    for (name, change, why) in changes {
        packed.damage(&copy, change);
        refuses(&copy, name, why);
    }
}

#[test]
fn a_stripped_executable_serves_nothing() {
    let packed = pack(folder(SITE).path(), &[]);
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("site");
    fs::copy(&packed.executable, &copy).unwrap();
    stdout(Command::new("strip").arg(&copy));
    assert!(copy.metadata().unwrap().len() < packed.executable.metadata().unwrap().len());
    refuses(&copy, "stripped", "`strip`");
}

#[track_caller]
fn refuses(copy: &Path, name: &str, why: &str) {
    for command in ["serve", "check-config"] {
        let message = stderr(executable(copy).args([command, "--listen", "127.0.0.1:0"]), 1);
        assert!(message.contains(why), "{name}: {message}");
    }
}

#[test]
fn verification_may_be_skipped() {
    let packed = pack(folder(SITE).path(), &[]);
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("site");
    packed.damage(&copy, |bytes| *bytes.last_mut().unwrap() ^= 1);
    let server = Server::of(executable(&copy).arg("--skip-verification"));
    assert_eq!(server.get("/", &[]).status, 200);
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

/// An option comes before a variable, and a variable before the file; `--exclude` adds.
#[test]
fn options_win() {
    let toml = b"at = '/file/'\nspa = 'none.html'\nexclude = ['*.psd', '!.nojekyll']";
    let workplace = folder(&[("hardtack.toml", toml), ("other.toml", b"at = '/other/'")]);
    let site = folder(&[
        ("index.html", b"<p>x"),
        (".nojekyll", b""),
        ("a.psd", b""),
        ("b.txt", b""),
        ("drafts/c.txt", b""),
    ]);
    let urls = |options: &[&str], environment: &[(&str, &str)]| {
        let command = &mut pack_in(workplace.path(), hardtack(), site.path(), "site");
        stdout(command.args(options).envs(environment.iter().copied()));
        let assets = common::assets(&mut executable(&workplace.path().join("site")));
        assets.iter().map(|one| one["plain_url"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let spa = ["--spa", "index.html"];
    assert_eq!(urls(&spa, &[]), ["/file/.nojekyll", "/file/b.txt", "/file/drafts/c.txt", "/file/"]);
    let with = |more: &[&'static str]| [&spa[..], more].concat();
    let excluded = with(&["--exclude", "/drafts/", "--exclude", "*.txt", "--at", "/option"]);
    let variable = [("HARDTACK_AT", "/variable/"), ("HARDTACK_CONFIG", "none.toml")];
    assert_eq!(urls(&excluded, &variable[..1]), ["/option/.nojekyll", "/option/"]);
    assert_eq!(urls(&with(&["--exclude", "*.txt"]), &variable[..1])[0], "/variable/.nojekyll");
    let other = with(&["--config", "other.toml"]);
    assert_eq!(
        urls(&other, &variable[1..]),
        ["/other/a.psd", "/other/b.txt", "/other/drafts/c.txt", "/other/"]
    );
    let spa = Server::of(&mut executable(&workplace.path().join("site")));
    assert_eq!(spa.get("/other/deep/link", &[("accept", "text/html")]).body, b"<p>x");
}

#[test]
fn folders_are_packed_together() {
    let workplace = folder(&[
        ("static/favicon.ico", b"a"),
        ("root/favicon.ico", b"b"),
        ("root/sw.js", b""),
        ("other/x", b""),
        ("hardtack.toml", b"at = '/static/'\n[[folders]]\npath = 'other'\nat = '/'"),
    ]);
    let pack = |options: &[&str]| {
        let site = workplace.path().join("static");
        stdout(pack_in(workplace.path(), hardtack(), &site, "site").args(options));
        executable(&workplace.path().join("site"))
    };
    let names = |mut packed: Command| {
        let assets = common::assets(&mut packed);
        let text = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap().to_owned();
        assets
            .iter()
            .map(|one| format!("{} {}", text(one, "logical_path"), text(one, "plain_url")))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(pack(&[])), ["/x /x", "favicon.ico /static/favicon.ico"]);
    let root = ["/favicon.ico /favicon.ico", "/sw.js /sw.js", "favicon.ico /static/favicon.ico"];
    assert_eq!(names(pack(&["--folder", "/=root"])), root);
    let packed = || pack(&["--folder", "/=root"]);
    let django = stdout(packed().args(["list", "--django"]));
    assert!(
        django.contains("\"favicon.ico\": \"favicon.") && !django.contains("sw.js"),
        "{django}"
    );
    let server = Server::of(&mut packed());
    assert_eq!(server.get("/favicon.ico", &[]).body, b"b");
    assert_eq!(server.get("/static/favicon.ico", &[]).body, b"a");
    let site = workplace.path().join("static");
    let mut inside = pack_in(workplace.path(), hardtack(), &site, "root/site");
    let complaint = stderr(inside.args(["--folder", "/=root"]), 1);
    assert!(complaint.contains("lies in the folder that is packed"), "{complaint}");
    fails_with(&["--folder", "/=no"], folder(SITE).path(), "have one URL prefix");
    fails_with(&["--folder", "/x=no"], folder(SITE).path(), "no: this is not a folder");
}

#[test]
fn impossible_options_are_named() {
    for (option, value, expected) in [
        ("--at", "/a b/", "is no URL prefix"),
        ("--exclude", "a[", "a["),
        ("--spa", "a//index.html", "is no logical path"),
        ("--folder", "root", "this is a URL prefix and a folder, as /=root"),
        ("--folder", "/a b/=root", "is no URL prefix"),
    ] {
        let mut command = hardtack();
        command.args(["pack", ".", "-o", "site", option, value]);
        let complaint = stderr(&mut command, 2);
        assert!(complaint.contains(expected) && complaint.contains(option), "{complaint}");
    }
    fails_with(&["--spa", "no.html"], folder(SITE).path(), "`spa` names \"no.html\"");
    fails_with(&["--config", "no.toml"], folder(SITE).path(), "no.toml: ");
}

#[track_caller]
fn fails_with(options: &[&str], site: &Path, expected: &str) {
    let workplace = tempfile::tempdir().unwrap();
    let mut command = pack_in(workplace.path(), hardtack(), site, "site");
    let complaint = stderr(command.args(options), 1);
    assert!(complaint.contains(expected), "{complaint}");
}

/// Files that are left out, keep their names, and are remarkable.
const REMARKABLE: &[(&str, &[u8])] = &[
    (".a", b""),
    (".b", b""),
    (".c", b""),
    (".d", b""),
    ("a-B1c2D3e4.css", b"a{}"),
    ("index.html", b""),
    ("keep.txt", b""),
    ("x.js", b"import(a);"),
    ("y.js", b"import(b);\nimport(c)"),
    ("z.js", b"import(a);"),
];
const REMARKABLE_TOML: &[u8] = b"prehashed = ['a-*']\nrename = ['!keep.txt']";

/// Packs these, and returns what is said on standard output and on standard error.
fn pack_remarkable(option: Option<&str>) -> (String, String) {
    let workplace = folder(&[("hardtack.toml", REMARKABLE_TOML)]);
    let site = folder(REMARKABLE);
    let mut command = pack_in(workplace.path(), hardtack(), Path::new("site"), "out");
    std::os::unix::fs::symlink(site.path(), workplace.path().join("site")).unwrap();
    let output = command.args(option).output().unwrap();
    assert!(output.status.success());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_remarkable_is_said_once() {
    let (summary, warnings) = pack_remarkable(None);
    let rest: Vec<_> = summary.lines().skip(2).collect();
    assert_eq!(
        rest,
        [
            "  names      3 hashed, 1 prehashed, 1 pinned, 1 entry point",
            "  left out   .a, .b, .c and 1 more",
            "  warnings   3 × remark",
            "  more       with -v: which names are kept and why, all that was left out",
        ]
    );
    assert_eq!(
        warnings,
        "warning: 2 × a URL is computed here, so it is left as it is\n  site/x.js:1:1\n  \
         site/z.js:1:1\nwarning: site/y.js:1:1: 2 URLs are computed, so they are left as they are: \
         on lines 1, 2\n"
    );
}

#[test]
fn verbose_names_all_with_why() {
    let (summary, _) = pack_remarkable(Some("-v"));
    let rest: Vec<_> = summary.lines().skip(4).collect();
    assert_eq!(
        rest,
        [
            "  prehashed  a-B1c2D3e4.css  `prehashed` says so",
            "  pinned     keep.txt        `rename` says so",
            "  left out   .a              the default glob `.*`",
            "  left out   .b              the default glob `.*`",
            "  left out   .c              the default glob `.*`",
            "  left out   .d              the default glob `.*`",
        ]
    );
}

#[test]
fn the_json_has_all_of_it() {
    let (report, warnings) = pack_remarkable(Some("--json"));
    assert_eq!(warnings, "");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["assets"], 6);
    let roles = json!({ "hashed": 3, "prehashed": 1, "pinned": 1, "entry_points": 1 });
    assert_eq!(report["roles"], roles);
    let why = "`rename` says so";
    let pinned = json!({ "logical_path": "keep.txt", "role": "pinned", "why": why });
    assert_eq!(report["files"][2], pinned);
    assert_eq!(report["files"][1], json!({ "logical_path": "index.html", "role": "entry_point" }));
    let left_out = json!({
        "logical_path": ".a",
        "rule": "the default glob `.*`",
        "remedy": "bring it back with `exclude = [\"!/.a\"]`",
    });
    assert_eq!(report["left_out"][0], left_out);
    let warning = json!({
        "file": "site/x.js",
        "line": 1,
        "column": 1,
        "kind": "remark",
        "message": "a URL is computed here, so it is left as it is",
    });
    assert_eq!(report["warnings"][0], warning);
    for number in ["identity_bytes", "smallest_bytes", "seconds"] {
        assert!(report[number].is_number(), "{report}");
    }
}

/// As of any file that a program writes.
#[test]
fn the_umask_says_who_may_run_the_output() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |file: &Path| fs::metadata(file).unwrap().permissions().mode() & 0o777;
    let workplace = tempfile::tempdir().unwrap();
    fs::create_dir(workplace.path().join("folder")).unwrap();
    let packed = pack(folder(SITE).path(), &[]);
    assert_eq!(mode(&packed.executable), mode(&workplace.path().join("folder")));
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
    fails(
        site.path(),
        "site",
        without,
        &[
            "a.css: 2 references lead to files that do not exist",
            "1:9: \"no.png\"",
            "2:10: \"no.css\"",
        ],
    );
    fails(site.path(), "site", "excluded = []", &["hardtack.toml:1:1", "nearest is `exclude`"]);
    fails(site.path(), "no/site", without, &["no is not a folder"]);
    fails(site.path(), ".", without, &["cannot write .: it is a folder"]);
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
