//! The Django project of `examples/django`, as its own `run` starts it, with Varnish as the CDN under
//! another host name.
//!
//! Ignored by a plain `cargo test`; `scripts/peers` installs what these need and runs them.

mod common;

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use common::{
    Connection, Server, assets, executable, of_venv,
    process::until,
    stdout,
    varnish::{Varnish, free_address},
};
use serde_json::{Value, json};

const SECRET: &str = "the-secret-that-the-CDN-sends";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Pages of Django, and ways to them around a static path.
const DYNAMIC: [&str; 9] = [
    "GET /",
    "POST /",
    "GET /admin/",
    "GET /admin/login/",
    "GET /recipes/1/page",
    "GET /watch/bells",
    "GET /static/../admin/login/",
    "GET /static/%2e%2e/admin/login/",
    "GET /static/..%2fadmin/login/",
];

/// Whether the server recognizes the CDN.
#[derive(Clone, Copy)]
enum Guard {
    On,
    Off,
}

/// The host of the static files, as pages name it.
#[derive(Clone, Copy)]
enum StaticHost {
    Cdn,
    Own,
}

/// A copy of the project, with its variables.
struct Project {
    folder: tempfile::TempDir,
    front: SocketAddr,
    static_host: String,
    secret: &'static str,
}

impl Project {
    fn copy(front: SocketAddr, static_host: String, guard: Guard) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&repository("examples/django"), folder.path());
        let secret = match guard {
            Guard::On => SECRET,
            Guard::Off => "",
        };
        Self { folder, front, static_host, secret }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn origin(&self) -> String {
        format!("http://galley.localhost:{}", self.front.port())
    }

    /// `./run` with these arguments.
    fn run(&self, arguments: &[&str]) -> Command {
        let mut command = executable(&self.file("run"));
        command.args(arguments).env("PYTHON", of_venv("python"));
        command.env("HARDTACK", env!("CARGO_BIN_EXE_hardtack"));
        command.env("SITE_ORIGIN", self.origin());
        command.env("HARDTACK_LISTEN", self.front.to_string());
        command.env("HARDTACK_STATIC_HOST", &self.static_host);
        command.env("HARDTACK_CDN_SECRET", self.secret);
        command.env("HARDTACK_CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("django-cache"));
        command
    }

    /// The hashed paths of the release, and whether each has compressed representations.
    fn compressed(&self) -> BTreeMap<String, bool> {
        let assets = assets(&mut executable(&self.file("var/release/site")));
        let representations = |asset: &Value| asset["representations"].as_array().unwrap().len();
        assets.iter().map(|one| (text(one, "url").to_owned(), representations(one) > 1)).collect()
    }
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Copies a project, without what a developer may have started in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copied = to.join(entry.file_name());
        match entry.file_name().to_str().unwrap() {
            "var" | ".venv" | "__pycache__" => {}
            _ if entry.file_type().unwrap().is_dir() => copy(&entry.path(), &copied),
            _ => drop(fs::copy(entry.path(), copied).unwrap()),
        }
    }
}

/// Django under gunicorn; it is stopped when this goes.
struct App(Child);

impl App {
    fn start(project: &Project) -> Self {
        let app = Self(project.run(&["app"]).spawn().unwrap());
        until("the application listens", || project.file("var/app.sock").exists().then_some(()));
        app
    }
}

impl Drop for App {
    fn drop(&mut self) {
        Command::new("kill").arg(self.0.id().to_string()).status().ok();
        self.0.wait().ok();
    }
}

/// The whole of it.
struct Site {
    cdn: Varnish,
    _app: App,
    _front: Server,
    /// The hashed paths of all releases, and whether each has compressed representations.
    compressed: BTreeMap<String, bool>,
    /// The folder that the processes work in: it goes after them.
    project: Project,
}

impl Site {
    fn start(guard: Guard, host: StaticHost) -> Self {
        let front = free_address();
        let cdn = Varnish::with_secret(front, SECRET);
        let static_host = match host {
            StaticHost::Cdn => static_host(&cdn),
            StaticHost::Own => String::new(),
        };
        let project = Project::copy(front, static_host, guard);
        stdout(&mut project.run(&["bake"]));
        let mut user = project.run(&["manage", "createsuperuser", "--noinput"]);
        user.env("DJANGO_SUPERUSER_USERNAME", "cook").env("DJANGO_SUPERUSER_PASSWORD", "biscuit");
        user.env("DJANGO_SUPERUSER_EMAIL", "cook@galley.example");
        stdout(&mut project.run(&["manage", "migrate"]));
        stdout(&mut user);
        let app = App::start(&project);
        let front = Server::spawn(&mut project.run(&["front"]));
        Self { cdn, _app: app, _front: front, compressed: project.compressed(), project }
    }

    /// All that is wrong with what the browser got.
    fn faults(&self, seen: &Value) -> Vec<String> {
        let faults = list(seen, "responses").iter().filter_map(|response| self.fault(response));
        let others = ["failures", "errors"].into_iter().flat_map(|kind| list(seen, kind));
        faults.chain(others.map(Value::to_string)).collect()
    }

    fn fault(&self, response: &Value) -> Option<String> {
        let (url, coding) = (text(response, "url"), text(response, "coding"));
        let own = url.strip_prefix(&self.project.origin());
        if own.is_some_and(|path| !path.starts_with("/static/")) {
            let is_page = response["status"].as_u64() < Some(400);
            return (!is_page).then(|| format!("{url} has failed: {response}"));
        }
        let Some(path) = url.strip_prefix(&static_host(&self.cdn)) else {
            return Some(format!("{url} is not from the CDN"));
        };
        // The old worker's way of saying that the new one has it: the browser asks again.
        if response["status"] == 307 && text(response, "cache_control") == "no-store" {
            return None;
        }
        if response["status"] != 200 || text(response, "cache_control") != IMMUTABLE {
            return Some(format!("{url} is not immutable: {response}"));
        }
        let is_compressed = ["br", "zstd"].contains(&coding);
        let is_right = self.compressed.get(path) == Some(&is_compressed);
        (!is_right).then(|| format!("{url} has the coding {coding:?}"))
    }

    /// The dynamic pages that the CDN hands out.
    fn dynamic_through_cdn(&self) -> Vec<&'static str> {
        DYNAMIC.into_iter().filter(|request| self.status_through_cdn(request) != "403").collect()
    }

    fn status_through_cdn(&self, request: &str) -> String {
        let host = self.project.origin().replace("http://", "");
        let mut connection = Connection::to(self.cdn.address);
        let fields = format!("Host: {host}\r\nContent-Length: 0\r\nConnection: close");
        connection.send(format!("{request} HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes());
        connection.line().split(' ').nth(1).expect("a status").to_owned()
    }
}

fn static_host(cdn: &Varnish) -> String {
    format!("http://cdn.localhost:{}", cdn.address.port())
}

fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of[key].as_str().unwrap_or_else(|| panic!("no {key} in {of}"))
}

fn list<'a>(of: &'a Value, key: &str) -> &'a [Value] {
    of[key].as_array().unwrap_or_else(|| panic!("no {key} in {of}"))
}

/// A visitor; the browser ends when this goes.
struct Visitor {
    process: Child,
    parts: std::io::Lines<BufReader<ChildStdout>>,
}

impl Visitor {
    fn of(project: &Project) -> Self {
        let upload = project.file("page.txt");
        fs::write(&upload, "flour, water, salt").unwrap();
        let mut node = Command::new("node");
        node.arg(repository("tests/django.mjs")).arg(repository("corpora/playwright-core"));
        node.arg(project.origin()).args(["cook", "biscuit"]).arg(upload);
        let mut process = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let parts = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, parts }
    }

    /// The events of the next part of the visit.
    fn part(&mut self) -> Value {
        let line = self.parts.next().expect("the browser goes on").unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn say_deployed(&mut self) {
        self.process.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The files of a kind that the browser got.
fn count(seen: &Value, kind: &str) -> usize {
    list(seen, "responses").iter().filter(|response| response["kind"] == kind).count()
}

#[test]
#[ignore = "needs chromium, node, varnish, corpora/playwright-core and corpora/venv with Django"]
fn a_django_site_behind_a_cdn() {
    let mut site = Site::start(Guard::On, StaticHost::Cdn);
    let mut visitor = Visitor::of(&site.project);
    let seen = visitor.part();
    assert_eq!(site.faults(&seen), [""; 0]);
    for (kind, at_least) in [("stylesheet", 6), ("script", 10), ("image", 3)] {
        assert!(count(&seen, kind) >= at_least, "{kind}: {seen:#}");
    }
    assert_eq!(seen["user"].as_str().map(str::to_lowercase), Some("cook".to_owned()));
    let disposition = "attachment; filename=\"page.txt\"";
    assert_eq!(seen["scan"], json!({ "text": "flour, water, salt", "disposition": disposition }));
    has_events(&seen);
    assert!(text(&seen, "bells").contains("bell"), "{seen:#}");
    assert_eq!(site.dynamic_through_cdn(), [""; 0]);
    deploy(&mut site, &mut visitor);
}

/// Another colour is deployed while the visitor goes from page to page.
fn deploy(site: &mut Site, visitor: &mut Visitor) {
    let style = site.project.file("galley/static/galley/css/galley.css");
    let changed = fs::read_to_string(&style).unwrap().replace("#fbf5e8", "#e8f5fb");
    fs::write(&style, changed).unwrap();
    stdout(&mut site.project.run(&["deploy"]));
    site.compressed.extend(site.project.compressed());
    visitor.say_deployed();
    let (during, after) = (visitor.part(), visitor.part());
    for seen in [&during, &after] {
        assert_eq!(site.faults(seen), [""; 0]);
        has_events(seen);
    }
    let visits = [list(&during, "visits"), list(&after, "visits")].concat();
    let sheets = [&visits[0], visits.last().unwrap()].map(|visit| text(visit, "sheet"));
    let colours = ["rgb(251, 245, 232)", "rgb(232, 245, 251)"];
    for visit in &visits {
        let release = sheets.iter().position(|sheet| visit["sheet"] == *sheet);
        assert_eq!(visit["colour"], colours[release.expect("of one of two releases")], "{visit}");
    }
    assert_ne!(sheets[0], sheets[1]);
    // The change is there at once: old workers of gunicorn may answer one more visit, and no cache any.
    assert!(list(&after, "visits").len() <= 2, "{after:#}");
    is_carried(site, sheets[0]);
}

/// A page that was open before the deploy gets its files from the CDN that has forgotten them.
fn is_carried(site: &Site, url: &str) {
    assert_eq!(site.cdn.request("PURGE", "/", &[]).status, 200);
    let path = url.strip_prefix(&static_host(&site.cdn)).expect("of the CDN");
    let response = site.cdn.get(path, &[("Accept-Encoding", "br")]);
    assert_eq!((response.status, response.header("x-cache")), (200, Some("miss")));
    assert!(String::from_utf8(response.decoded()).unwrap().contains("#fbf5e8"));
}

/// The events come, and their time goes on.
#[track_caller]
fn has_events(seen: &Value) {
    let times = list(seen, "times");
    assert!(times.len() == 2 && times[0] != times[1], "{times:?}");
}

/// The demands of the first test on the CDN are not kept by themselves.
#[test]
#[ignore = "needs varnish, and corpora/venv with Django"]
fn without_the_guard_the_cdn_hands_out_dynamic_pages() {
    let site = Site::start(Guard::Off, StaticHost::Cdn);
    let had = site.dynamic_through_cdn();
    assert!(had.len() > 5 && had.contains(&"GET /admin/login/"), "{had:?}");
}

/// The demands of the first test on the files are not kept by themselves.
#[test]
#[ignore = "needs chromium, node, varnish, corpora/playwright-core and corpora/venv with Django"]
fn with_another_static_host_no_file_is_from_the_cdn() {
    let site = Site::start(Guard::On, StaticHost::Own);
    let seen = Visitor::of(&site.project).part();
    let faults = site.faults(&seen);
    let not_from_cdn = faults.iter().filter(|fault| fault.ends_with("is not from the CDN"));
    let urls = list(&seen, "responses").iter().map(|response| text(response, "url"));
    let files = urls.filter(|url| url.contains("/static/")).count();
    assert!(files > 30);
    assert_eq!(not_from_cdn.count(), files, "{faults:#?}");
}
