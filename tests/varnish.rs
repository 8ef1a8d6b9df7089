//! A stand-in for a CDN: Varnish, in front of a running server.
//!
//! Ignored by a plain `cargo test`; `scripts/peers` installs Varnish and runs these.

mod common;

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use common::{
    PATIENCE, Packed, Server, executable, folder, pack, run,
    varnish::{Varnish, free_address},
};

fn css() -> Vec<u8> {
    (0..400).flat_map(|n| format!(".class-{n} {{ margin: {n}px }}\n").into_bytes()).collect()
}

fn site(files: &[(&str, &[u8])], toml: &str) -> Packed {
    let config = folder(&[("hardtack.toml", toml.as_bytes())]);
    let config = config.path().join("hardtack.toml");
    let config = config.to_str().expect("temporary folders have plain names");
    pack(folder(files).path(), &[("HARDTACK_CONFIG", config)])
}

/// A packed server on a port that was chosen before.
fn serve_at(packed: &Packed, address: SocketAddr) -> Server {
    Server::spawn(packed.command().arg("--listen").arg(address.to_string()))
}

/// Ends a release as an operator does. Once this returns, none of it answers any more.
fn stop(server: Server) {
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
}

#[test]
#[ignore = "needs varnish"]
fn the_second_fetch_is_a_hit_for_each_coding() {
    let packed = site(&[("a.css", &css()), ("b.png", b"\x89PNG")], "");
    let server = Server::of(&mut packed.command());
    let varnish = Varnish::before(server.address);
    for coding in ["identity", "gzip", "br", "zstd"] {
        let cached = varnish.hit("/a.css", &[("Accept-Encoding", coding)]);
        let expected = Some(coding).filter(|coding| *coding != "identity");
        assert_eq!(cached.header("content-encoding"), expected);
        assert_eq!(cached.decoded(), css());
        let length = cached.body.len().to_string();
        assert_eq!(cached.header("content-length"), Some(length.as_str()));
    }
    varnish.hit("/b.png", &[("Accept-Encoding", "gzip")]);
    // There is one object of it for all values of Accept-Encoding.
    let other = varnish.get("/b.png", &[("Accept-Encoding", "br")]);
    assert_eq!(other.header("x-cache"), Some("hit"));
}

/// A client never gets a response that another client asked for, with all orders of all
/// `Accept-Encoding`.
#[test]
#[ignore = "needs varnish"]
fn nobody_gets_a_coding_that_they_do_not_accept() {
    let packed = site(&[("a.css", &css())], "");
    let server = Server::of(&mut packed.command());
    let varnish = Varnish::before(server.address);
    let accepted = ["br", "gzip", "gzip, br", "*", "", "identity", "br;q=0, *", "zstd", "gzip;q=0"];
    for round in 0..300 {
        let fields = [("Accept-Encoding", accepted[round * 7 % accepted.len()])];
        let (direct, cached) = (server.get("/a.css", &fields), varnish.get("/a.css", &fields));
        assert_eq!(
            direct.header("content-encoding"),
            cached.header("content-encoding"),
            "{fields:?}"
        );
        assert_eq!(direct.header("etag"), cached.header("etag"));
        assert!(direct.body == cached.body);
    }
}

#[test]
#[ignore = "needs varnish and strace"]
fn a_stale_object_is_revalidated_by_a_304() {
    let packed = site(&[("a.css", &css())], "max_age = 1");
    let trace = packed.executable.with_extension("trace");
    let mut strace = executable(Path::new("strace"));
    strace.args(["-D", "-f", "-s", "100", "-e", "trace=write,writev,sendto", "-o"]).arg(&trace);
    let server = Server::of(strace.arg(&packed.executable));
    let varnish = Varnish::before(server.address);
    let deadline = Instant::now() + PATIENCE;
    let revalidated = || fs::read_to_string(&trace).unwrap_or_default().contains("HTTP/1.1 304");
    while !revalidated() {
        let response = varnish.get("/a.css", &[("Accept-Encoding", "br")]);
        assert_eq!((response.status, response.decoded()), (200, css()));
        assert!(Instant::now() < deadline, "the cache never asked again");
        thread::sleep(Duration::from_millis(200));
    }
    let fetched = fs::read_to_string(&trace).unwrap().matches("HTTP/1.1 200").count();
    assert_eq!(fetched, 1, "the body was fetched once");
}

/// The classic broken deploy: a page of the new release asks an instance of the old one for a
/// file, and the cache keeps the 404.
#[test]
#[ignore = "needs varnish"]
fn a_404_is_not_kept() {
    let address = free_address();
    let old = site(&[("a.css", b"a{}")], "");
    let new = site(&[("a.css", b"a{}"), ("b.css", b"b{}")], "");
    let server = serve_at(&old, address);
    let varnish = Varnish::before(address);
    assert_eq!(varnish.get("/b.css", &[]).status, 404);
    stop(server);
    let _server = serve_at(&new, address);
    let response = varnish.get("/b.css", &[]);
    assert_eq!((response.status, &response.body[..]), (200, &b"b{}"[..]));
}

#[test]
#[ignore = "needs varnish"]
fn ranges_and_head_are_served_from_the_cache() {
    let large: Vec<u8> = (0..50_000_u32).flat_map(u32::to_be_bytes).collect();
    let packed = site(&[("a.css", &css()), ("large.bin", &large)], "codings = ['br']");
    let server = Server::of(&mut packed.command());
    let varnish = Varnish::before(server.address);
    for (target, fields) in [("/large.bin", vec![]), ("/a.css", vec![("Accept-Encoding", "br")])] {
        let whole = varnish.hit(target, &fields);
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=10-19", 10..20),
            ("bytes=-5", whole.body.len() - 5..whole.body.len()),
        ] {
            let fields = [&fields[..], &[("Range", range)]].concat();
            let response = varnish.get(target, &fields);
            assert_eq!(
                (response.status, response.header("x-cache")),
                (206, Some("hit")),
                "{range}"
            );
            assert_eq!(response.body, whole.body[part], "{range}");
        }
        let head = varnish.request("HEAD", target, &fields);
        assert_eq!(head.header("content-length"), whole.header("content-length"));
        assert_eq!(head.header("etag"), whole.header("etag"));
    }
}

/// A release is purged by forgetting what has a plain path; hashed paths never need it. Here all
/// is forgotten, which costs a fetch each and breaks nothing.
#[test]
#[ignore = "needs varnish"]
fn a_purge_shows_the_new_release() {
    let address = free_address();
    let (old, new) = (site(&[("a.css", b"old{}")], ""), site(&[("a.css", b"new{}")], ""));
    let server = serve_at(&old, address);
    let varnish = Varnish::before(address);
    assert_eq!(varnish.hit("/a.css", &[]).body, b"old{}");
    stop(server);
    let _server = serve_at(&new, address);
    assert_eq!(varnish.get("/a.css", &[]).body, b"old{}", "it may be kept for a minute");
    assert_eq!(varnish.request("PURGE", "/", &[]).status, 200);
    let response = varnish.get("/a.css", &[]);
    assert_eq!(response.body, b"new{}");
}

/// The configuration that docs/cdn.md shows, for that origin.
fn recipe(origin: SocketAddr) -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cdn.md");
    let guide = fs::read_to_string(guide).unwrap();
    let (_, rest) = guide.split_once("```vcl\n").expect("a configuration");
    let (vcl, _) = rest.split_once("```").expect("its end");
    let backend = r#".host = "origin.site.example"; .port = "80";"#;
    assert!(vcl.contains(backend));
    vcl.replace(backend, &format!(r#".host = "127.0.0.1"; .port = "{}";"#, origin.port()))
}

#[test]
#[ignore = "needs varnish"]
fn the_recipe_of_the_guide_is_right_and_purges_by_tag() {
    let packed = pack(
        folder(&[("css/a.css", &css()), ("index.html", b"<h1>hi"), ("a.txt", b"a")]).path(),
        &[("HARDTACK_AT", "/static/")],
    );
    let mut command = packed.command();
    command.args(["--cache-tags", "xkey"]);
    let secret = [("HARDTACK_CDN_SECRET", "the secret of the CDN"), ("HARDTACK_CDN_ONLY", "1")];
    let server = Server::of(command.envs(secret));
    assert_eq!(server.get("/static/a.txt", &[]).status, 403);
    let varnish = Varnish::with(&recipe(server.address));
    for (accepted, coding) in [("gzip, deflate, br, zstd", Some("br")), ("gzip", Some("gzip"))] {
        let hit = varnish.hit("/static/css/a.css", &[("Accept-Encoding", accepted)]);
        assert_eq!((hit.header("content-encoding"), hit.header("xkey")), (coding, None));
        assert_eq!(hit.decoded(), css());
    }
    assert_eq!(varnish.hit("/static/css/a.css?x", &[]).header("content-encoding"), None);
    assert_eq!(varnish.get("/account", &[]).status, 403);
    let url = format!("http://{}", varnish.address);
    let checked = run(packed.command().args(["check", &url, "--outside", "/account"]));
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && said.contains("✓ only-static"), "{said}");
    for _ in 0..2 {
        let missing = varnish.get("/static/absent", &[]);
        assert_eq!((missing.status, missing.header("x-cache")), (404, Some("0")));
    }
    varnish.hit("/static/", &[]);
    varnish.hit("/static/a.txt", &[]);
    let purge = |tag: &str| varnish.request("BAN", "/", &[("xkey", tag)]).status;
    let is_hit = |path: &str| varnish.get(path, &[]).header("x-cache") == Some("hit");
    assert_eq!(purge("page"), 200);
    assert_eq!((is_hit("/static/"), is_hit("/static/a.txt")), (false, true));
    assert_eq!(purge("/static/css/"), 200);
    assert_eq!((is_hit("/static/css/a.css"), is_hit("/static/a.txt")), (false, true));
    assert_eq!(purge("plai"), 200);
    assert!(is_hit("/static/a.txt"), "it is no tag");
}
