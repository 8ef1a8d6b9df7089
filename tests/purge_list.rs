//! `purge-list`: the paths and tags that caches have to drop between two releases.

mod common;

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use common::{folder, hardtack, of_venv, releases::Releases, stderr, stdout};
use serde_json::Value;

type Files<'a> = &'a [(&'a str, &'a str)];

/// Two releases of a site at `/static/`, with a folder at the site's root.
struct Site(Releases);

impl Site {
    fn of(old: Files<'_>, new: Files<'_>) -> Self {
        let releases = Releases::new();
        for (name, files) in [("old", old), ("new", new)] {
            let of = |at: &str| -> Vec<(&str, &[u8])> {
                let below =
                    files.iter().filter_map(|(path, text)| Some((path.strip_prefix(at)?, *text)));
                below.map(|(path, text)| (path, text.as_bytes())).collect()
            };
            let (of_static, root) = (folder(&of("static/")), folder(&of("root/")));
            let toml = files.iter().find(|(name, _)| *name == "hardtack.toml");
            fs::write(releases.file("hardtack.toml"), toml.map_or("", |(_, text)| text)).unwrap();
            let mut command = releases.command(of_static.path(), name, &[]);
            command.args(["--at", "/static/", "--folder"]);
            stdout(command.arg(format!("/={}", root.path().display())));
        }
        Self(releases)
    }

    fn list(&self, options: &[&str]) -> String {
        let mut command = hardtack();
        command.arg("purge-list").args([self.0.file("old"), self.0.file("new")]);
        stdout(command.args(options))
    }

    #[track_caller]
    fn lists(&self, options: &[&str], expected: &[&str]) {
        let text = self.list(options);
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    fn batch(&self, options: &[&str]) -> Vec<String> {
        let text = self.list(&[&["--format", "aws"], options].concat());
        let batch: Value = serde_json::from_str(&text).unwrap();
        let items = batch["Paths"]["Items"].as_array().unwrap();
        assert_eq!(batch["Paths"]["Quantity"], items.len());
        assert!(batch["CallerReference"].as_str().unwrap().starts_with("hardtack-"));
        items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    }
}

const OLD: Files<'_> = &[
    ("static/css/a.css", "a { color: red }"),
    ("static/same.css", "b {}"),
    ("root/robots.txt", "old"),
    ("root/docs/index.html", "old"),
    ("root/docs/b (1).html", "old"),
    ("root/gone.txt", "x"),
    ("root/_redirects", "/away /docs/ 302\n/blog/* /docs/ 301\n/kept/* /docs/ 301\n"),
];

const NEW: Files<'_> = &[
    ("static/css/a.css", "a { color: blue }"),
    ("static/same.css", "b {}"),
    ("root/robots.txt", "old"),
    ("root/docs/index.html", "new"),
    ("root/docs/b (1).html", "new"),
    ("root/new.txt", "x"),
    ("root/_redirects", "/away /robots.txt 302\n/blog/* /robots.txt 301\n/kept/* /docs/ 301\n"),
];

#[test]
fn every_path_with_another_answer_is_listed_and_no_hashed_one() {
    let site = Site::of(OLD, NEW);
    let paths = [
        "/away",
        "/docs/",
        "/docs/b%20%281%29.html",
        "/docs/b%20(1).html",
        "/docs/index.html",
        "/gone.txt",
        "/new.txt",
        "/static/css/a.css",
        "/blog/*",
    ];
    site.lists(&[], &paths);
    site.lists(&["--tags"], &["plain", "page"]);
    let json: Value = serde_json::from_str(&site.list(&["--json"])).unwrap();
    let changes = json["paths"].as_array().unwrap().iter();
    let changes: BTreeMap<_, _> =
        changes.map(|it| (it["path"].as_str().unwrap(), it["change"].as_str().unwrap())).collect();
    let change = |path: &str| changes[path];
    assert_eq!((change("/gone.txt"), change("/new.txt")), ("removed", "added"));
    assert_eq!((change("/away"), change("/blog/*")), ("changed", "changed"));
    assert_eq!(json["tags"], serde_json::json!(["plain", "page"]));
}

#[test]
fn a_batch_for_cloudfront_has_wildcards_and_tags() {
    let site = Site::of(OLD, NEW);
    let expected = ["/away", "/gone.txt", "/new.txt", "/static/css/a.css", "/blog/*", "/docs/*"];
    assert_eq!(site.batch(&[]), expected);
    assert_eq!(site.batch(&["--tags"]), ["#plain", "#page"]);
}

#[test]
fn without_a_change_there_is_nothing() {
    let site = Site::of(OLD, OLD);
    site.lists(&[], &[]);
    site.lists(&["--tags"], &[]);
    site.lists(&["--format", "aws"], &[]);
}

/// Its page is the answer at every path.
#[test]
fn the_page_of_a_single_page_app_is_cached_everywhere() {
    let spa = ("hardtack.toml", "spa = 'index.html'");
    let site = Site::of(
        &[spa, ("static/index.html", "old"), ("static/a.txt", "a")],
        &[spa, ("static/index.html", "new"), ("static/a.txt", "a")],
    );
    site.lists(&[], &["/static/", "/static/index.html", "/*", "/static/*"]);
    assert_eq!(site.batch(&[]), ["/*"]);
    site.lists(&["--tags"], &["page"]);
}

#[test]
fn other_header_fields_of_hashed_paths_are_a_warning() {
    let files = ("static/a.css", "a {}");
    let site = Site::of(&[files], &[("hardtack.toml", "cors = false"), files]);
    site.lists(&[], &["/static/a.css"]);
    let mut command = hardtack();
    command.arg("purge-list").args([site.0.file("old"), site.0.file("new")]);
    let warning = String::from_utf8(common::run(&mut command).stderr).unwrap();
    assert!(warning.contains("the header fields of 1 hashed paths changed"), "{warning}");
}

/// Browsers keep the old content for good; the CDN need not.
#[test]
fn a_hashed_path_with_other_content_is_listed() {
    let rule = ("hardtack.toml", "prehashed = ['*-????????.js']");
    let site = Site::of(
        &[rule, ("static/app-B1c2D3e4.js", "a()"), ("static/c-A1b2C3d4.js", "c()")],
        &[rule, ("static/app-B1c2D3e4.js", "b()"), ("static/d-D4c3B2a1.js", "d()")],
    );
    site.lists(&[], &["/static/app-B1c2D3e4.js"]);
    site.lists(&["--tags"], &["immutable"]);
}

#[test]
fn options_exclude_each_other() {
    let error = stderr(hardtack().args(["purge-list", "a", "b", "--json", "--tags"]), 2);
    assert!(error.contains("cannot be used with"), "{error}");
}

#[test]
#[ignore = "needs corpora/venv with botocore"]
fn the_model_of_cloudfronts_api_has_such_batches() {
    let site = Site::of(OLD, NEW);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for options in [&["--format", "aws"][..], &["--format", "aws", "--tags"]] {
        fs::write(site.0.file("batch"), site.list(options)).unwrap();
        let mut python = Command::new(of_venv("python"));
        python.arg(root.join("tests/cloudfront_model.py")).arg("--batch").arg(site.0.file("batch"));
        assert_eq!(stdout(&mut python), "as the API has it\n");
    }
}
