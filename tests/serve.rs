//! The binary with the demo site, over real sockets.

mod common;

use std::{io::Read, net::TcpListener};

use common::{Server, folder, hardtack, pack, stderr, stdout};

#[test]
fn the_banner_says_what_and_where() {
    let server = Server::start();
    let [title, carrying, sandbox, listening] = &server.banner[..] else {
        panic!("{:?}", server.banner)
    };
    assert!(title.starts_with("hardtack 0."), "{title}");
    assert!(sandbox.starts_with("  sandbox    "), "{sandbox}");
    assert!(carrying.contains(" assets, ") && carrying.contains("% saved"), "{carrying}");
    assert!(listening.ends_with('/'), "{listening}");
}

#[test]
fn the_page_loads_its_style_sheet_from_the_hashed_path() {
    let server = Server::start();
    let page = String::from_utf8(server.get("/", &[]).body).unwrap();
    let href = page.split("rel=\"stylesheet\" href=\"").nth(1).unwrap();
    let href = href.split('"').next().unwrap();
    assert!(href.starts_with("css/app.") && href.len() > "css/app.css".len(), "{href}");
    let sheet = server.get(&format!("/{href}"), &[("Accept-Encoding", "gzip, br")]);
    assert_eq!(sheet.status, 200);
    assert_eq!(sheet.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(sheet.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(sheet.header("content-encoding"), Some("br"));
    assert_eq!(sheet.header("vary"), Some("Accept-Encoding"));
    assert_eq!(sheet.header("access-control-allow-origin"), Some("*"));
    let plain = server.get("/css/app.css", &[]);
    assert_eq!(plain.header("cache-control"), Some("public, max-age=60"));
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.body, sheet.decoded());
}

#[test]
fn a_missing_page_is_the_404_page() {
    let server = Server::start();
    for target in ["/nope", "/css/", "/css/app.000000000000.css", "/deep/er/nope.png"] {
        let response = server.get(target, &[]);
        assert_eq!((response.status, response.header("cache-control")), (404, Some("no-store")));
        assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
        let page = String::from_utf8(response.body).unwrap();
        assert!(page.contains("href=\"/css/app."), "its references are whole paths");
    }
}

#[test]
fn the_cdn_is_known_by_its_secret() {
    let secret = "the secret of the CDN";
    let mut command = hardtack();
    command.env("HARDTACK_CDN_SECRET", secret).env("HARDTACK_CDN_ONLY", "1");
    let server = Server::of(&mut command);
    for (headers, status) in [
        (&[][..], 403),
        (&[("X-Origin-Verify", "the secret of a guess")], 403),
        (&[("X-Origin-Verify", secret)], 200),
    ] {
        assert_eq!(server.get("/css/app.css", headers).status, status, "{headers:?}");
    }
    // Without an application all paths are the bundle's, those that lead nowhere too.
    assert_eq!(server.get("/nowhere", &[]).status, 403);
    assert_eq!(server.get("/nowhere", &[("X-Origin-Verify", secret)]).status, 404);
    let short = stderr(hardtack().env("HARDTACK_CDN_SECRET", "short"), 1);
    assert!(short.contains("at least 16 characters"), "{short}");
}

#[test]
fn responses_have_cache_tags_if_a_field_for_them_is_named() {
    let packed = pack(folder(&[("index.html", b"<h1>hi"), ("css/a.css", b"a {}")]).path(), &[]);
    let hashed = packed.assets()[0]["url"].as_str().unwrap().to_owned();
    let without = Server::of(&mut packed.command()).get("/", &[]);
    assert_eq!((without.header("cache-tag"), without.header("xkey")), (None, None));
    for (field, separator) in [("cache-tag", ","), ("xkey", " ")] {
        let server = Server::of(packed.command().args(["--cache-tags", field]));
        for (path, expected) in [
            ("/", &["page", "/"][..]),
            ("/css/a.css", &["plain", "/", "/css/"]),
            (&hashed, &["immutable", "/", "/css/"]),
            ("/absent", &["error"]),
        ] {
            let response = server.get(path, &[]);
            let tags: Vec<_> = response.header(field).unwrap().split(separator).collect();
            assert!(tags[0].starts_with("release-") && tags[0].len() == 20, "{tags:?}");
            assert_eq!(&tags[1..], expected, "{path}");
        }
        let tag = server.get("/", &[]).header("etag").unwrap().to_owned();
        let not_modified = server.get("/", &[("If-None-Match", &tag)]);
        assert_eq!(not_modified.status, 304);
        assert!(not_modified.header(field).unwrap().contains("page"));
    }
    let error = stderr(packed.command().args(["--cache-tags", "ETag"]), 2);
    assert!(error.contains("its name ends with `tag`"), "{error}");
}

#[test]
fn a_connection_is_kept_alive() {
    let server = Server::start();
    let mut connection = server.connect();
    let get = connection.request("GET", "/", &[]);
    let tag = get.header("etag").unwrap();
    let head = connection.request("HEAD", "/", &[]);
    let without_date = |headers: &[(String, String)]| {
        headers.iter().filter(|(name, _)| name != "date").cloned().collect::<Vec<_>>()
    };
    assert_eq!(without_date(&head.headers), without_date(&get.headers));
    let revalidated = connection.request("GET", "/", &[("If-None-Match", tag)]);
    assert_eq!((revalidated.status, revalidated.header("etag")), (304, Some(tag)));
    let part = connection.request("GET", "/", &[("Range", "bytes=-7")]);
    assert_eq!((part.status, &part.body[..]), (206, &get.body[get.body.len() - 7..]));
    assert_eq!(connection.request("DELETE", "/", &[]).status, 405);
    assert_eq!(connection.request("GET", "/", &[]).body, get.body);
}

/// The codings that Firefox accepts when a script asks for a range.
const FIREFOX: (&str, &str) = ("Accept-Encoding", "gzip, deflate, br, zstd, identity");

#[test]
fn files_that_are_read_in_parts_have_one_length() {
    let map: Vec<u8> = (0..20_000_u32).flat_map(|n| [(n / 100) as u8]).collect();
    let text = "biscuit ".repeat(1000);
    let site = folder(&[("map.fgb", &map), ("text.txt", text.as_bytes())]);
    let packed = pack(site.path(), &[]);
    let server = Server::of(&mut packed.command());
    let mut connection = server.connect();
    let head = connection.request("HEAD", "/map.fgb", &[FIREFOX]);
    let fields = ["content-length", "content-encoding", "vary"].map(|name| head.header(name));
    assert_eq!(fields, [Some("20000"), None, None]);
    for (target, whole) in [("/map.fgb", &map[..]), ("/text.txt", text.as_bytes())] {
        let part = connection.request("GET", target, &[FIREFOX, ("Range", "bytes=100-163")]);
        assert_eq!((part.status, part.header("content-encoding")), (206, None), "{target}");
        let range = format!("bytes 100-163/{}", whole.len());
        assert_eq!(part.header("content-range"), Some(&*range));
        assert_eq!(part.body, whole[100..164], "{target}");
    }
    let whole = connection.request("GET", "/text.txt", &[FIREFOX]);
    assert!(whole.header("content-encoding").is_some());
}

#[test]
fn a_page_answers_at_its_file_name() {
    let server = Server::start();
    let (address, name) = (server.get("/", &[]), server.get("/index.html", &[]));
    assert_eq!((name.status, &name.body), (200, &address.body));
    assert_eq!(name.header("etag"), address.header("etag"));
    assert_eq!(name.header("content-location"), Some("/"));
    assert_eq!(name.header("link"), Some("</>; rel=\"canonical\""));
    assert_eq!((address.header("content-location"), address.header("link")), (None, None));
}

/// Files as Unity makes them, and the rules that go with them.
#[test]
fn files_that_are_compressed_already() {
    let code = b"\0asm\x01\0\0\0".repeat(100);
    let mut packed_code = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(&code[..], flate2::Compression::default());
    encoder.read_to_end(&mut packed_code).unwrap();
    let site = folder(&[
        ("Build/game.wasm.gz", &packed_code),
        ("_headers", b"/Build/*.gz\n  Content-Encoding: gzip\n"),
    ]);
    let packed = pack(site.path(), &[]);
    let server = Server::of(&mut packed.command());
    let target = "/Build/game.wasm.gz";
    let gzip = server.get(target, &[("Accept-Encoding", "gzip")]);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    assert_eq!(gzip.header("content-type"), Some("application/wasm"));
    assert_eq!(gzip.header("vary"), Some("Accept-Encoding"));
    assert_eq!(gzip.body, packed_code);
    let identity = server.get(target, &[]);
    assert_eq!((identity.header("content-encoding"), &identity.body), (None, &code));
    assert_ne!(identity.header("etag"), gzip.header("etag"));
    assert_eq!(server.get(target, &[("Accept-Encoding", "deflate, *;q=0")]).status, 406);
}

#[test]
fn requests_may_be_pipelined() {
    let server = Server::start();
    let mut connection = server.connect();
    let request = "GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
    connection.send(request.as_bytes());
    for _ in 0..50 {
        assert_eq!(connection.response("GET").status, 200);
    }
}

#[test]
fn a_signal_ends_it_with_status_0() {
    for signal in ["-TERM", "-INT"] {
        let server = Server::start();
        let mut idle = server.connect();
        assert_eq!(idle.request("GET", "/", &[]).status, 200);
        server.signal(signal);
        assert!(idle.is_closed());
        assert_eq!(server.wait(), 0);
    }
}

#[test]
fn a_request_that_is_under_way_is_answered_before_the_end() {
    let server = Server::start();
    let mut connection = server.connect();
    connection.send(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n");
    // Requests on other connections show that the server has read the half one by now.
    for _ in 0..10 {
        assert_eq!(server.get("/", &[]).status, 200);
    }
    server.signal("-TERM");
    while server.connect_or_refused().is_some_and(|mut refused| !refused.is_closed()) {}
    connection.send(b"\r\n");
    let response = connection.response("GET");
    assert_eq!((response.status, response.header("connection")), (200, Some("close")));
    assert!(connection.is_closed());
    assert_eq!(server.wait(), 0);
}

#[test]
fn a_body_that_is_under_way_is_sent_to_its_end() {
    let large = vec![b'x'; 32_000_000];
    let site = folder(&[("large.png", &large)]);
    let packed = pack(site.path(), &[]);
    let server = Server::of(&mut packed.command());
    let mut connection = server.connect();
    connection.send(b"GET /large.png HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut first = [0; 1000];
    connection.stream.read_exact(&mut first).unwrap();
    server.signal("-TERM");
    let mut rest = Vec::new();
    connection.stream.read_to_end(&mut rest).unwrap();
    assert!(rest.len() + 1000 > large.len() && rest.ends_with(b"xxx"));
    assert_eq!(server.wait(), 0);
}

#[test]
fn two_signals_end_it_at_once() {
    let server = Server::start();
    let mut connection = server.connect();
    connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n");
    server.signal("-INT");
    let mut idle = server.connect_or_refused();
    assert!(idle.as_mut().is_none_or(common::Connection::is_closed));
    server.signal("-INT");
    assert_eq!(server.wait(), 0);
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let server = Server::start();
    let address = server.address.to_string();
    let complaint = stderr(hardtack().args(["--listen", &address]), 1);
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(complaint.contains(&address) && complaint.contains("--listen"), "{complaint}");

    let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = foreign.local_addr().unwrap().to_string();
    assert!(stderr(hardtack().args(["--listen", &address]), 1).contains(&address));
}

#[test]
fn a_wrong_command_line_is_an_error() {
    assert!(stderr(hardtack().args(["--listen", "nowhere"]), 2).contains("--listen"));
    assert!(stderr(hardtack().arg("--colour"), 2).contains("--colour"));
    assert!(stderr(hardtack().arg("lst"), 2).contains("'list'"));
    assert!(stderr(hardtack().env("HARDTACK_LISTEN", "nowhere"), 2).contains("nowhere"));
    stdout(hardtack().arg("list").env("HARDTACK_LISTEN", "nowhere"));
}

#[test]
fn the_environment_says_where_to_listen() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut process = hardtack()
        .arg("serve")
        .env("HARDTACK_LISTEN", &free)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut banner = std::io::BufReader::new(process.stdout.take().unwrap());
    let is_there = std::iter::from_fn(|| {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut banner, &mut line).ok().filter(|length| *length > 0)?;
        Some(line)
    })
    .any(|line| line.contains(&format!("http://{free}/")));
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(is_there);
}

#[test]
fn the_version_names_the_release() {
    let version = stdout(hardtack().arg("--version"));
    let release = version.trim().strip_suffix(')').unwrap().rsplit(' ').next().unwrap();
    assert!(release.len() == 64 && release.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(stdout(hardtack().arg("list")).contains(release));
}

#[test]
fn help_shows_the_commands_and_examples() {
    let help = stdout(hardtack().arg("--help"));
    for word in ["serve", "list", "pack", "--listen", "Examples:", "Exit status:"] {
        assert!(help.contains(word), "{word} in {help}");
    }
    let help = stdout(hardtack().args(["serve", "--help"]));
    for word in ["--listen", "HARDTACK_LISTEN", "127.0.0.1:8000"] {
        assert!(help.contains(word), "{word} in {help}");
    }
}

/// Written for other hosts; what they know of a visitor is a warning.
const REDIRECTS: &[u8] = b"/old /new 302
/blog/* /news/:splat
/u/:id https://people.example/?id=:id 308
/app/* /app/index.html 200
/de/* /de/404.html 404
/style.css /other.css 301!
/ /us 302 Country=us
";

#[test]
fn redirects_of_netlify_and_cloudflare() {
    let site = folder(&[
        ("index.html", b"home"),
        ("news/a.html", b"a"),
        ("blog/there.html", b"there"),
        ("app/index.html", b"app"),
        ("de/404.html", b"nichts"),
        ("style.css", b"a{}"),
        ("_redirects", REDIRECTS),
    ]);
    let packed = pack(site.path(), &[]);
    let server = Server::of(&mut packed.command());
    for (target, status, location, body) in [
        ("/", 200, None, "home"),
        ("/old?a=b", 302, Some("/new?a=b"), ""),
        ("/blog/x%20y?a=b", 301, Some("/news/x%20y?a=b"), ""),
        ("/blog//evil.example", 301, Some("/news/evil.example"), ""),
        ("/blog/there.html", 200, None, "there"),
        ("/u/7", 308, Some("https://people.example/?id=7"), ""),
        ("/app/deep/link", 200, None, "app"),
        ("/de/x", 404, None, "nichts"),
        ("/style.css", 301, Some("/other.css"), ""),
        ("/nowhere", 404, None, "404 Not Found\n"),
    ] {
        let response = server.get(target, &[]);
        assert_eq!((response.status, response.header("location")), (status, location), "{target}");
        assert_eq!(String::from_utf8_lossy(&response.body), body, "{target}");
    }
}
