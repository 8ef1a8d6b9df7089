//! Tests that need more than the Rust toolchain: real packages, strace, Cargo as a user runs it.
//!
//! They are ignored by a plain `cargo test`; `scripts/peers` installs what they need and runs
//! exactly these.

mod common;

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::{PATIENCE, Packed, Server, assets, decode, executable, folder, pack, run, stdout};
use hardtack_build::{Bake, Settings};
use hardtack_bundle::Coding;
use serde_json::Value;

/// A real package, unpacked by `scripts/fetch-corpora`.
#[track_caller]
fn corpus(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora").join(name);
    assert!(folder.is_dir(), "{} is missing: run scripts/fetch-corpora", folder.display());
    folder
}

/// Some packages bring demo pages whose references lead nowhere.
fn lenient() -> tempfile::TempDir {
    folder(&[("hardtack.toml", b"missing = 'warn'")])
}

#[track_caller]
fn pack_corpus(name: &str) -> Packed {
    let config = lenient();
    let config = config.path().join("hardtack.toml");
    let config = config.to_str().expect("temporary folders have plain names");
    pack(&corpus(name), &[("HARDTACK_CONFIG", config), ("HARDTACK_AT", "/static/")])
}

/// Fetches every asset at each of its paths under each coding, and compares it with its source.
/// Returns how many assets' references were rewritten.
#[track_caller]
fn fetch_everything(command: impl Fn() -> Command, source: &Path) -> usize {
    let assets = assets(&mut command());
    let server = Server::of(&mut command());
    let mut connection = server.connect();
    let plain_names = plain_names(&assets);
    let mut rewritten = 0;
    for asset in &assets {
        let path = source.join(text(asset, "logical_path"));
        let authored = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let served = server.get(text(asset, "url"), &[]).body;
        if served != authored {
            rewritten += 1;
            assert!(without_hashes(&served, &plain_names) == authored, "{path:?} is another file");
        }
        for (url, is_hashed) in paths(asset) {
            for representation in asset["representations"].as_array().unwrap() {
                let coding = text(representation, "coding");
                let response = connection.request("GET", url, &[("Accept-Encoding", coding)]);
                assert_eq!(response.status, 200, "{url} {coding}");
                let expected = Some(coding).filter(|coding| *coding != "identity");
                assert_eq!(response.header("content-encoding"), expected, "{url} {coding}");
                assert_eq!(response.header("etag"), Some(text(representation, "entity_tag")));
                assert_eq!(response.body.len(), representation["bytes"], "{url} {coding}");
                let cache_control = response.header("cache-control").unwrap();
                assert_eq!(cache_control.contains("immutable"), is_hashed, "{url}");
                assert!(response.decoded() == served, "{url} {coding}");
            }
        }
    }
    rewritten
}

fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of[key].as_str().unwrap_or_else(|| panic!("no {key} in {of}"))
}

/// The URL paths of an asset, and whether each is a hashed one.
fn paths(asset: &Value) -> Vec<(&str, bool)> {
    let (url, plain) = (text(asset, "url"), text(asset, "plain_url"));
    let hashed = (url != plain).then_some((url, true));
    hashed.into_iter().chain([(plain, false)]).collect()
}

/// From the file names of hashed paths to those of plain paths.
fn plain_names(assets: &[Value]) -> HashMap<String, String> {
    let name = |url: &str| url.rsplit('/').next().expect("never empty").to_owned();
    let names = |asset: &Value| (name(text(asset, "url")), name(text(asset, "plain_url")));
    assets.iter().map(names).filter(|(hashed, plain)| hashed != plain).collect()
}

/// Undoes the rewriting, in a way that shares nothing with it: wherever 12 hex digits between
/// dots stand, the file name around them is looked up.
fn without_hashes(served: &[u8], plain_names: &HashMap<String, String>) -> Vec<u8> {
    let mut restored = Vec::new();
    let mut rest = served;
    while let Some(dot) = rest.iter().position(|byte| *byte == b'.') {
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-._~@+%".contains(byte);
        let start = dot - rest[..dot].iter().rev().take_while(is_name).count();
        let end = dot + rest[dot..].iter().take_while(is_name).count();
        let candidate = String::from_utf8_lossy(&rest[start..end]);
        restored.extend_from_slice(&rest[..start]);
        let plain = plain_names.get(candidate.as_ref());
        restored.extend_from_slice(plain.map_or(&rest[start..end], String::as_bytes));
        rest = &rest[end..];
    }
    restored.extend_from_slice(rest);
    restored
}

#[track_caller]
fn is_served_whole(name: &str, has_references: bool) {
    let packed = pack_corpus(name);
    let rewritten = fetch_everything(|| packed.command(), &corpus(name));
    assert_eq!(rewritten > 0, has_references, "{rewritten} rewritten");
}

#[test]
#[ignore = "needs corpora/django-admin"]
fn django_admin_is_served_whole() {
    is_served_whole("django-admin", true);
}

/// With the defaults but for the codings, which take the time and cannot fail.
#[test]
#[ignore = "needs corpora/django-packages"]
fn static_folders_of_the_most_used_django_packages_bake() {
    let corpus = corpus("django-packages");
    let packages =
        fs::read_dir(corpus).expect("it is there").map(|entry| entry.expect("too").path());
    let mut packages: Vec<_> = packages.collect();
    packages.sort();
    assert_eq!(packages.len(), 30);
    let failed: Vec<_> =
        packages.iter().filter_map(|package| bake_package(package).err()).collect();
    assert!(failed.is_empty(), "{} of them do not bake:\n{}", failed.len(), failed.join("\n"));
}

/// Says on a line what came of a package.
fn bake_package(package: &Path) -> Result<(), String> {
    let name = package.file_name().expect("it has one").to_string_lossy();
    let mut settings = Settings::default();
    settings.assets = package.to_owned();
    settings.at = "/static/".to_owned().try_into().expect("a prefix");
    settings.codings = Vec::new();
    match Bake::with(settings).run() {
        Ok(baked) => {
            let (files, warnings) = (baked.manifest.assets.len(), baked.warnings.len());
            println!("{name:<26} {files:>5} assets {warnings:>4} warnings");
            Ok(())
        }
        Err(error) => {
            let problems = &error.problems;
            Err(format!("{name}: {} problems, the first: {}", problems.len(), problems[0]))
        }
    }
}

#[test]
#[ignore = "needs corpora/bootstrap"]
fn bootstrap_is_served_whole() {
    is_served_whole("bootstrap", true);
}

#[test]
#[ignore = "needs corpora/katex"]
fn katex_is_served_whole() {
    is_served_whole("katex", true);
}

#[test]
#[ignore = "needs corpora/swagger-ui-dist"]
fn swagger_ui_is_served_whole() {
    is_served_whole("swagger-ui-dist", true);
}

#[test]
#[ignore = "needs corpora/reveal.js"]
fn reveal_js_is_served_whole() {
    is_served_whole("reveal.js", true);
}

/// `cargo build` of a site, in a directory where `cargo test` has compiled most of it already.
fn cargo_build(site: &Path, environment: &[(&str, &Path)]) -> Command {
    cargo_build_in("", "hardtack", site, environment)
}

/// The same in a folder of this repository, for that executable.
fn cargo_build_in(folder: &str, name: &str, site: &Path, environment: &[(&str, &Path)]) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is below");
    let mut cargo = executable(Path::new(env!("CARGO")));
    cargo.current_dir(root.join(folder)).args(["build", "--locked"]);
    cargo.env("CARGO_TARGET_DIR", target).env("HARDTACK_ASSETS", site);
    stdout(cargo.envs(environment.iter().copied()));
    executable(&target.join("debug").join(name))
}

#[test]
#[ignore = "runs cargo build, and needs corpora/katex"]
fn cargo_build_bakes_a_site_and_again_when_it_changed() {
    let config = lenient();
    let config = config.path().join("hardtack.toml");
    let environment = [("HARDTACK_CONFIG", &*config), ("HARDTACK_AT", Path::new("/static/"))];
    let build = || cargo_build(&corpus("katex"), &environment);
    let packed = pack_corpus("katex");
    let version = |mut command: Command| stdout(command.arg("--version"));
    assert_eq!(version(build()), version(packed.command()), "pack makes the same release");
    let rewritten =
        fetch_everything(|| executable(Path::new(build().get_program())), &corpus("katex"));
    assert!(rewritten > 0);

    let site = folder(&[("a.css", b"a{}"), ("deep/b.css", b"b{}")]);
    let carried = || {
        let mut binary = cargo_build(site.path(), &[]);
        let baked = fs::metadata(binary.get_program()).and_then(|it| it.modified()).unwrap();
        let urls = assets(&mut binary).iter().map(|one| text(one, "url").to_owned()).collect();
        (urls, baked)
    };
    let names = |urls: &Vec<String>| urls.iter().map(|url| url[..8].to_owned()).collect::<Vec<_>>();
    // Cargo compares modification times, which some file systems count in whole seconds.
    let later = || thread::sleep(Duration::from_millis(1100));

    let (first, built): (Vec<String>, _) = carried();
    assert_eq!(names(&first), ["/a.5f546", "/deep/b.", "/hardtac"]);
    later();
    assert_eq!(carried(), (first.clone(), built), "an untouched tree is not built again");
    fs::write(site.path().join("deep/c.css"), "c{}").unwrap();
    assert_eq!(names(&carried().0), ["/a.5f546", "/deep/b.", "/deep/c.", "/hardtac"]);
    later();
    fs::remove_file(site.path().join("deep/b.css")).unwrap();
    assert_eq!(names(&carried().0), ["/a.5f546", "/deep/c.", "/hardtac"]);
    later();
    fs::write(site.path().join("a.css"), "a{color:red}").unwrap();
    assert_ne!(carried().0[0], first[0]);
}

/// Renders `{% static %}` for the names on standard input, a line each.
const RENDER_STATIC: &str = "
import sys, django
from django.conf import settings
storage = 'django.contrib.staticfiles.storage.ManifestStaticFilesStorage'
settings.configure(
    INSTALLED_APPS=['django.contrib.staticfiles'],
    STATIC_URL='https://cdn.example/static/',
    STATIC_ROOT=sys.argv[1],
    STORAGES={'staticfiles': {'BACKEND': storage}},
    TEMPLATES=[{'BACKEND': 'django.template.backends.django.DjangoTemplates'}],
)
django.setup()
from django.template import engines
template = engines['django'].from_string('{% load static %}{% static name %}')
for name in sys.stdin.read().splitlines():
    print(template.render({'name': name}))
";

#[test]
#[ignore = "needs corpora/venv and corpora/django-admin"]
fn django_renders_our_urls() {
    let packed = pack_corpus("django-admin");
    let root = tempfile::tempdir().unwrap();
    let staticfiles = stdout(packed.command().args(["list", "--django"]));
    fs::write(root.path().join("staticfiles.json"), staticfiles).unwrap();
    let assets = packed.assets();
    let names: Vec<_> = assets.iter().map(|asset| text(asset, "logical_path")).collect();
    let input = root.path().join("names");
    fs::write(&input, names.join("\n")).unwrap();

    let python = corpus("venv").join("bin/python");
    let django = &mut Command::new(python);
    django.args(["-c", RENDER_STATIC]).arg(root.path()).stdin(fs::File::open(&input).unwrap());
    let rendered = stdout(django);
    let expected = assets.iter().map(|asset| format!("https://cdn.example{}", text(asset, "url")));
    assert_eq!(rendered.lines().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    assert!(rendered.contains("/static/admin/css/base."));
}

/// A page in a browser: nothing fails, nothing complains, and whatever belongs to the page is
/// immutable, but what is named. Returns what was loaded.
#[track_caller]
fn loads_well(command: &mut Command, page: &str, not_immutable: &[&str]) -> Vec<String> {
    let server = Server::of(command);
    let url = format!("http://{}{page}", server.address);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser.mjs");
    let result = stdout(Command::new("node").arg(script).arg(corpus("playwright-core")).arg(&url));
    let result: Value = serde_json::from_str(&result).unwrap();
    assert_eq!(result["failures"], serde_json::json!([]), "{page}");
    assert_eq!(result["errors"], serde_json::json!([]), "{page}");
    let loaded = result["responses"].as_array().unwrap();
    for response in loaded.iter().filter(|response| response["kind"] != "document") {
        assert_eq!(response["status"], 200, "{response}");
        let is_named = not_immutable.contains(&text(response, "path"));
        let is_immutable = text(response, "cache_control").ends_with("immutable");
        assert!(is_immutable != is_named, "{response}");
    }
    loaded.iter().map(|response| text(response, "path").to_owned()).collect()
}

/// A corpus with the integrity of all that pages load, under the root.
#[track_caller]
fn pack_with_integrity(name: &str) -> Packed {
    let config = folder(&[("hardtack.toml", b"missing = 'warn'\nintegrity = true")]);
    let config = config.path().join("hardtack.toml");
    pack(&corpus(name), &[("HARDTACK_CONFIG", config.to_str().expect("a plain name"))])
}

#[test]
#[ignore = "needs chromium, node and corpora/playwright-core"]
fn a_browser_loads_the_demo_site() {
    let loaded = loads_well(&mut common::hardtack(), "/", &["/favicon.ico", "/hardtack.json"]);
    for part in ["/css/app.", "/css/tokens.", "/js/app.", "/js/table.", "/img/biscuit."] {
        let times = loaded.iter().filter(|path| path.starts_with(part)).count();
        assert!(times > 0, "{part} in {loaded:?}");
    }
    let modules = loaded.iter().filter(|path| path.starts_with("/js/table."));
    assert_eq!(modules.count(), 1, "no module is loaded twice: {loaded:?}");
}

#[test]
#[ignore = "needs chromium, node, corpora/playwright-core and corpora/reveal.js"]
fn a_browser_loads_reveal_js() {
    // A handler in the page names the themes.
    let theme = "/dist/theme/black.css";
    let themes = [&*format!("/static{theme}")];
    loads_well(&mut pack_corpus("reveal.js").command(), "/static/demo.html", &themes);
    loads_well(&mut pack_with_integrity("reveal.js").command(), "/demo.html", &[theme]);
}

/// A bundler's output: its manifest says which names have a hash, and these are left alone.
#[test]
#[ignore = "needs chromium, node, corpora/playwright-core and corpora/vite"]
fn a_browser_loads_what_vite_built() {
    let loaded = loads_well(&mut pack(&corpus("vite"), &[]).command(), "/", &[]);
    for part in ["index-", "late-", "worker-", "biscuit-", "dots-"] {
        let authored = |path: &&String| path.starts_with(&format!("/assets/{part}"));
        assert!(loaded.iter().any(|path| authored(&path)), "{part} in {loaded:?}");
    }
    let is_hashed_again =
        |path: &&String| path.starts_with("/assets/") && path.matches('.').count() > 1;
    assert_eq!(loaded.iter().find(is_hashed_again), None);
    loads_well(&mut pack_with_integrity("vite").command(), "/", &[]);
}

/// The example as it is shipped, and beside Vite's own server as it is in development.
#[test]
#[ignore = "runs cargo build, and needs chromium, node, corpora/playwright-core and corpora/vite-example"]
fn a_vite_front_end_and_its_back_end_are_one_binary() {
    let project = corpus("vite-example");
    let mut app =
        cargo_build_in("examples/vite", "hardtack-example-vite", &project.join("dist"), &[]);
    let app = Server::spawn(app.env("LISTEN", "127.0.0.1:0"));
    let vite = ViteServer::start(&project, &app);
    let origin = |address| format!("http://{address}");
    for origin in [origin(app.address.to_string()), origin(vite.address.clone())] {
        let [home, about] = visit([format!("{origin}/"), format!("{origin}/about")]);
        assert!(text(&home, "text").contains("Ahoy from the back end"), "{home}");
        assert!(text(&about, "text").contains("One binary"), "{about}");
        for visit in [home, about] {
            assert_eq!(visit["failures"], serde_json::json!([]));
            assert_eq!(visit["errors"], serde_json::json!([]));
        }
    }
    let page = app.get("/about", &[("Accept", "text/html")]);
    assert_eq!((page.status, page.header("cache-control")), (200, Some("public, max-age=60")));
    let page = String::from_utf8(page.body).unwrap();
    let script = page.split('"').find(|text| text.starts_with("/assets/index-")).unwrap();
    let script = app.get(script, &[]);
    assert!(script.header("cache-control").unwrap().ends_with("immutable"));
}

fn visit(urls: [String; 2]) -> [Value; 2] {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/visits.mjs");
    let mut node = Command::new("node");
    let visits = stdout(node.arg(script).arg(corpus("playwright-core")).args(urls));
    serde_json::from_str(&visits).unwrap()
}

/// Vite's own server; it is killed when this goes.
struct ViteServer {
    address: String,
    process: Child,
}

impl ViteServer {
    fn start(project: &Path, back_end: &Server) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("node");
        command.current_dir(project).arg("node_modules/vite/bin/vite.js").arg("--strictPort");
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.env("BACK_END", format!("http://{}", back_end.address)).stdout(Stdio::piped());
        let mut process = command.spawn().expect("node starts");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.map_while(Result::ok).any(|line| line.contains("ready in"));
        assert!(ready, "Vite's server ended");
        Self { address: format!("127.0.0.1:{port}"), process }
    }
}

impl Drop for ViteServer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
#[ignore = "needs chromium, node, corpora/playwright-core and corpora/swagger-ui-dist"]
fn a_browser_loads_swagger_ui() {
    loads_well(&mut pack_corpus("swagger-ui-dist").command(), "/static/", &[]);
    loads_well(&mut pack_with_integrity("swagger-ui-dist").command(), "/", &[]);
}

/// After the line that says where it listens, no call names a file, and none reads one that was
/// opened before.
#[test]
#[ignore = "needs strace, and corpora/django-admin"]
fn a_running_server_touches_no_file() {
    let packed = pack_corpus("django-admin");
    let trace = packed.executable.with_extension("trace");
    let mut strace = executable(Path::new("strace"));
    // -D: the server is the child of this test, so that signals reach it.
    strace.args(["-D", "-f", "-y", "-o"]).arg(&trace).arg("-e");
    strace.arg("trace=%file,%desc").arg(&packed.executable);
    let server = Server::of(&mut strace);
    let mut connection = server.connect();
    for asset in packed.assets() {
        for (url, _) in paths(&asset) {
            for coding in Coding::PLAIN {
                let headers = [("Accept-Encoding", coding.name())];
                assert_eq!(connection.request("GET", url, &headers).status, 200);
            }
        }
    }
    assert_eq!(connection.request("GET", "/nowhere", &[]).status, 404);
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);

    let calls = finished_trace(&trace);
    let listening = calls.iter().position(|call| call.contains("listening")).unwrap();
    let (before, after) = calls.split_at(listening + 1);
    assert!(before.iter().any(|call| touches_file(call)), "the trace shows what it looks for");
    assert!(after.iter().any(|call| call.contains("HTTP/1.1 200")), "and what was served");
    let touching: Vec<_> = after.iter().filter(|call| touches_file(call)).collect();
    assert!(touching.is_empty(), "{touching:#?}");
}

/// Whether a line of strace is a call that names a file, or has a descriptor of one.
fn touches_file(call: &str) -> bool {
    let call = call.split_once(' ').map_or(call, |(_, call)| call.trim_start());
    let Some((name, arguments)) = call.split_once('(') else { return false };
    // Descriptors are shown as 3</path>, 4<TCP:[...]>, 5<anon_inode:[eventfd]>.
    let has_file = arguments.contains("</") && !arguments.contains("</dev/null>");
    let names_file = ["open", "stat", "access", "readlink", "execve", "getcwd", "chdir"];
    let writes_output = name == "write" && arguments.starts_with(['1', '2']);
    (has_file && !writes_output) || names_file.iter().any(|part| name.contains(part))
}

/// The client takes 20 MB as fast as they come, so the system may take any number of bytes at once.
#[test]
#[ignore = "needs strace"]
fn a_large_response_leaves_in_turns() {
    const TURN: usize = 512 << 10;
    let large: Vec<u8> =
        (0..5_u32 << 20).flat_map(|n| n.wrapping_mul(2_654_435_769).to_be_bytes()).collect();
    let packed = pack(folder(&[("large.png", &large)]).path(), &[]);
    let trace = packed.executable.with_extension("trace");
    let mut strace = executable(Path::new("strace"));
    strace.args(["-D", "-f", "-e", "trace=writev,epoll_wait,epoll_pwait", "-o"]).arg(&trace);
    let server = Server::of(strace.arg(&packed.executable).args(["serve", "--threads=1"]));
    for fields in [&[][..], &[("te", "trailers")]] {
        assert!(server.get("/large.png", fields).body == large, "{fields:?}");
    }
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);

    let calls = finished_trace(&trace);
    let begun = calls.iter().position(|call| call.contains("HTTP/1.1 200")).unwrap();
    let thread = calls[begun].split(' ').next().unwrap();
    let calls: Vec<_> = calls[begun..].iter().filter(|call| call.starts_with(thread)).collect();
    let of_hyper = calls.iter().rposition(|call| call.contains("HTTP/1.1 200")).unwrap();
    let (short, hypers) = calls.split_at(of_hyper);
    for writes in [short, hypers] {
        assert!(writes.iter().map(written).sum::<usize>() > large.len(), "{writes:#?}");
        assert!(writes.iter().map(offered).all(|bytes| bytes <= TURN), "{writes:#?}");
    }
    let turns = short.split(|call| call.contains("epoll"));
    let turns = turns.map(|turn| turn.iter().map(written).sum::<usize>());
    assert!(turns.max().is_some_and(|most| most <= TURN), "{short:#?}");
}

/// The bytes that a call would write, by its line of strace.
fn offered(call: &&String) -> usize {
    let pieces = call.split("iov_len=").skip(1);
    pieces.map(|piece| piece.split('}').next().and_then(|it| it.parse().ok()).unwrap_or(0)).sum()
}

/// The bytes that a call has written, by its line of strace.
fn written(call: &&String) -> usize {
    let result = call.rsplit(' ').next().filter(|_| call.contains("writev"));
    result.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}

/// Before, each such connection had a place in the reactor, two calls, and an accept(2) in vain.
#[test]
#[ignore = "needs strace"]
fn a_connection_of_one_request_needs_few_calls() {
    const CONNECTIONS: usize = 50;
    let packed = pack(folder(&[("a.txt", b"content")]).path(), &[]);
    let trace = packed.executable.with_extension("trace");
    let mut strace = executable(Path::new("strace"));
    strace.args(["-D", "-f", "-e", "trace=accept4,recvfrom,epoll_ctl,close", "-o"]).arg(&trace);
    let server = Server::of(strace.arg(&packed.executable).args(["serve", "--threads=1"]));
    for _ in 0..CONNECTIONS {
        assert_eq!(server.get("/a.txt", &[("connection", "close")]).body, b"content");
    }
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);

    let calls = finished_trace(&trace);
    let first = calls.iter().position(|call| call.contains("GET /a.txt")).unwrap();
    let last = calls.iter().rposition(|call| call.contains("GET /a.txt")).unwrap();
    let count = |part: &str| calls[first..last].iter().filter(|call| call.contains(part)).count();
    assert_eq!(count("GET /a.txt"), CONNECTIONS - 1, "{calls:#?}");
    assert!(count("EAGAIN") < CONNECTIONS, "{calls:#?}");
    assert!(count("accept4") < CONNECTIONS + CONNECTIONS / 2, "{calls:#?}");
    assert!(count("epoll_ctl") < CONNECTIONS, "{calls:#?}");
}

/// The lines of a trace whose process has ended.
fn finished_trace(file: &Path) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let trace = fs::read_to_string(file).unwrap_or_default();
        if trace.lines().any(|line| line.ends_with("+++ exited with 0 +++")) {
            return trace.lines().map(str::to_owned).collect();
        }
        assert!(Instant::now() < deadline, "strace has not finished: {trace}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The warnings of redbot that are accepted, each with its reason.
const ACCEPTED_NOTES: &[(&str, &str)] = &[
    ("STORE_PUBLIC_UNNECESSARY", "`public` lets a CDN keep answers to requests with credentials"),
    (
        "RANGE_CL_FULL",
        "of a file that is shorter than the range which redbot asks for, all is sent",
    ),
];

/// No note of redbot is bad, none is a warning but those above, and each of those still occurs.
#[test]
#[ignore = "needs corpora/venv with redbot"]
fn redbot_has_nothing_to_add() {
    let css = "a { color: peru }\n".repeat(500);
    let picture = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/img/grain.png"));
    let large: Vec<u8> = (0..200_000_u32).flat_map(u32::to_be_bytes).collect();
    let site = folder(&[
        ("404.html", b"<!doctype html><title>none</title><p>no such page"),
        ("a.css", css.as_bytes()),
        ("docs/index.html", b"<!doctype html><title>docs</title><p>docs"),
        ("empty.txt", b""),
        ("font.woff2", b"wOF2\0\x01\0\0 no font that anybody draws with, but long enough"),
        ("large.bin", &large),
        ("picture.png", &picture.expect("it is in the repository")),
        ("script.js", b"export const answer = 42;\n"),
        ("tiny.txt", b"1"),
    ]);
    let packed = pack(site.path(), &[]);
    let server = Server::of(&mut packed.command());
    let assets = packed.assets();
    let paths = assets.iter().flat_map(paths).map(|(path, _)| path);
    let paths = paths.chain(["/none", "/docs"]);
    let urls = paths.map(|path| format!("http://{}{path}", server.address));

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redbot_notes.py");
    let python = corpus("venv").join("bin/python");
    let notes = stdout(Command::new(python).arg(script).args(urls));
    let notes: HashMap<String, Vec<Value>> = serde_json::from_str(&notes).unwrap();
    assert!(notes.len() > 15 && notes.values().all(|notes| !notes.is_empty()), "{notes:?}");
    let complaints: Vec<_> = notes
        .iter()
        .flat_map(|(url, notes)| notes.iter().map(move |note| (url, note)))
        .filter(|(_, note)| matches!(text(note, "level"), "BAD" | "WARN"))
        .collect();
    let is_accepted = |kind: &str| ACCEPTED_NOTES.iter().any(|(accepted, _)| *accepted == kind);
    let others: Vec<_> =
        complaints.iter().filter(|(_, note)| !is_accepted(text(note, "kind"))).collect();
    assert!(others.is_empty(), "{others:#?}");
    for (kind, _) in ACCEPTED_NOTES {
        assert!(complaints.iter().any(|(_, note)| text(note, "kind") == *kind), "{kind} is gone");
    }
}

/// The decoders agree with programs that share no code with the encoders.
#[test]
#[ignore = "needs gzip, brotli and zstd"]
fn other_decoders_agree() {
    let packed = pack_corpus("katex");
    let server = Server::of(&mut packed.command());
    let identity = server.get("/static/dist/katex.min.js", &[]).body;
    for (coding, program) in [("gzip", "gzip"), ("br", "brotli"), ("zstd", "zstd")] {
        let headers = [("Accept-Encoding", coding)];
        let coded = server.get("/static/dist/katex.min.js", &headers).body;
        let file = packed.executable.with_extension(coding);
        fs::write(&file, &coded).unwrap();
        let decoded = run(Command::new(program).arg("-dc").stdin(fs::File::open(&file).unwrap()));
        assert!(decoded.status.success(), "{}", String::from_utf8_lossy(&decoded.stderr));
        assert!(decoded.stdout == identity, "{program}");
        let ours = Coding::PLAIN.into_iter().find(|one| one.name() == coding).unwrap();
        assert!(decode(ours, &coded) == identity);
    }
}
