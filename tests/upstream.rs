//! The binary in front of an application. The test is both: the client, and the application, which
//! listens and answers by hand, so that what happens when is certain.

mod common;

use std::{
    fs,
    io::{BufRead, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Child, Command},
    thread,
    time::Duration,
};

use socket2::SockRef;

use common::{
    Connection, PATIENCE, Response, Server, executable, folder, frames, hardtack, http2::Http2,
    of_venv, pack, process::until, run, stdout, tls::Installed,
};

/// An application, and the server in front of it.
struct Site {
    app: TcpListener,
    server: Server,
}

impl Site {
    fn of(command: &mut Command) -> Self {
        let app = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = format!("http://{}", app.local_addr().unwrap());
        Self::new(app, Server::of(command.args(["--upstream", &upstream])))
    }

    fn new(app: TcpListener, server: Server) -> Self {
        SockRef::from(&app).set_read_timeout(Some(PATIENCE)).unwrap();
        Self { app, server }
    }

    fn with(options: &[&str]) -> Self {
        Self::of(hardtack().arg("serve").args(options))
    }

    /// The application takes a connection.
    fn accept(&self) -> Connection {
        let (stream, _) = self.app.accept().expect("it is connected to");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Connection::over(stream)
    }

    /// The application takes a connection, if one comes within a moment.
    fn accept_soon(&mut self) -> Option<Connection> {
        SockRef::from(&self.app).set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let accepted = self.app.accept().ok();
        SockRef::from(&self.app).set_read_timeout(Some(PATIENCE)).unwrap();
        accepted.map(|(stream, _)| Connection::over(stream))
    }

    /// Whether no request has come to the application.
    fn is_left_alone(&self) -> bool {
        self.app.set_nonblocking(true).unwrap();
        let accepted = self.app.accept();
        self.app.set_nonblocking(false).unwrap();
        accepted.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// The behaviour of the application on a connection.
trait Application {
    /// The lines of a request's header.
    fn header(&mut self) -> Vec<String>;
    fn say(&mut self, text: &str);
}

impl<S: Read + Write> Application for Connection<S> {
    fn header(&mut self) -> Vec<String> {
        let line = || Some(self.line()).filter(|line| !line.is_empty());
        std::iter::from_fn(line).map(without_name).collect()
    }

    fn say(&mut self, text: &str) {
        self.send(text.as_bytes());
    }
}

/// The random name of a process in `Via` is left out.
fn without_name(line: String) -> String {
    match line.split_once(" hardtack-") {
        Some((via, _)) if line.starts_with("via: ") => format!("{via} hardtack"),
        _ => line,
    }
}

#[track_caller]
fn has(header: &[String], lines: &[&str]) {
    for line in lines {
        assert!(header.iter().any(|one| one == line), "{line} in {header:#?}");
    }
}

const GET: &[u8] = b"GET /app HTTP/1.1\r\nHost: site.example\r\n\r\n";
const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

#[test]
fn what_is_baked_does_not_reach_it() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    let page = client.request("GET", "/", &[]);
    let sheet = String::from_utf8(page.body).unwrap();
    let sheet =
        sheet.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let sheet = client.request("GET", &format!("/{sheet}"), &[]);
    assert_eq!(sheet.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(client.request("HEAD", "/robots.txt", &[]).status, 200);
    assert_eq!(client.request("GET", "/robots.txt?a=b", &[]).status, 200);
    assert!(site.is_left_alone());
}

/// `OPTIONS *` asks the server that the client sees (RFC 9110 §9.3.7).
#[test]
fn options_of_the_server_do_not_reach_it() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    assert_eq!(client.request("OPTIONS", "*", &[]).status, 204);
    assert!(site.is_left_alone());
}

#[test]
fn what_is_not_baked_does() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    client.send(
        b"GET /app?a=%2F HTTP/1.1\r\nHost: site.example\r\nCookie: a=b\r\nConnection: x-own\r\n\
          X-Own: 1\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n\r\n",
    );
    let mut app = site.accept();
    let header = app.header();
    assert_eq!(header[0], "GET /app?a=%2F HTTP/1.1");
    has(&header, &["host: site.example", "cookie: a=b", "x-forwarded-for: 127.0.0.1"]);
    has(&header, &["x-forwarded-proto: http", "x-forwarded-host: site.example"]);
    has(&header, &["forwarded: for=127.0.0.1;host=site.example;proto=http", "via: 1.1 hardtack"]);
    assert!(!header.iter().any(|line| line.contains("6.6.6.6") || line.starts_with("x-own")));
    app.say(
        "HTTP/1.1 203 Mine\r\nContent-Length: 5\r\nSet-Cookie: c=d\r\nKeep-Alive: 9\r\n\r\nhello",
    );
    let response = client.response("GET");
    assert_eq!((response.status, &response.body[..]), (203, &b"hello"[..]));
    assert_eq!(response.header("set-cookie"), Some("c=d"));
    assert_eq!(response.header("keep-alive"), None);
    assert_eq!(response.header("via"), Some("1.1 hardtack"));
    // Both connections are kept.
    client.send(GET);
    assert_eq!(app.header()[0], "GET /app HTTP/1.1");
    app.say(HELLO);
    assert_eq!(client.response("GET").body, b"hello");
    assert!(site.is_left_alone());
}

#[test]
fn cache_tags_of_the_application_are_its_own() {
    let site = Site::with(&["--cache-tags", "Cache-Tag"]);
    let mut client = site.server.connect();
    let page = client.request("GET", "/", &[]);
    assert!(page.header("cache-tag").unwrap().ends_with(",page,/"));
    client.send(GET);
    let mut app = site.accept();
    app.header();
    app.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nCache-Tag: mine\r\n\r\nhello");
    assert_eq!(client.response("GET").header("cache-tag"), Some("mine"));
}

#[test]
fn other_methods_are_the_applications_at_baked_paths_too() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let length = "Content-Length: 3\r\n\r\nabc";
        client.say(&format!("{method} /robots.txt HTTP/1.1\r\nHost: a\r\n{length}"));
        let mut app = site.accept();
        let header = app.header();
        assert_eq!(header[0], format!("{method} /robots.txt HTTP/1.1"));
        has(&header, &["content-length: 3"]);
        let mut content = [0; 3];
        app.stream.read_exact(&mut content).unwrap();
        assert_eq!(&content, b"abc");
        app.say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert_eq!(client.response(method).status, 201);
    }
    assert_eq!(client.request("GET", "/robots.txt", &[]).status, 200);
}

/// The bundle has a folder at `/static/` and one at `/`, of which the application has the rest.
#[test]
fn the_root_is_shared_with_a_folder() {
    let files: [(&str, &[u8]); 4] = [
        ("hardtack.toml", b"at = '/static/'\n[[folders]]\npath = 'root'\nat = '/'"),
        ("root/.well-known/security.txt", b"root"),
        ("root/robots.txt", b"root"),
        ("static/robots.txt", b"static"),
    ];
    let place = folder(&files);
    let config = place.path().join("hardtack.toml");
    let config = [("HARDTACK_CONFIG", config.to_str().unwrap())];
    let packed = pack(&place.path().join("static"), &config);
    let site = Site::of(packed.command().arg("serve"));
    let mut client = site.server.connect();
    for (path, status, body) in [
        ("/robots.txt", 200, "root"),
        ("/.well-known/security.txt", 200, "root"),
        ("/static/robots.txt", 200, "static"),
        ("/static/gone", 404, "404 Not Found\n"),
    ] {
        let response = client.request("GET", path, &[]);
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert_eq!((response.status, &*text), (status, body), "{path}");
    }
    assert!(site.is_left_alone());
    for path in ["/", "/favicon.ico", "/.well-known/acme-challenge/x", "/media/a.png", "/static"] {
        client.say(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let mut app = site.accept();
        assert_eq!(app.header()[0], format!("GET {path} HTTP/1.1"));
        app.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert_eq!(client.response("GET").status, 200);
    }
}

#[test]
fn an_application_at_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let app = UnixListener::bind(&path).unwrap();
    let upstream = format!("unix:{}", path.display());
    let server = Server::of(hardtack().args(["serve", "--upstream", &upstream]));
    let mut client = server.connect();
    client.send(GET);
    let mut app = Connection::over(app.accept().unwrap().0);
    has(&app.header(), &["host: site.example", "x-forwarded-for: 127.0.0.1"]);
    app.say(HELLO);
    assert_eq!(client.response("GET").body, b"hello");
}

#[test]
fn a_trusted_proxys_word_is_passed_on() {
    let site = Site::with(&["--forwarded-from=127.0.0.1"]);
    let mut client = site.server.connect();
    client.send(
        b"GET /app HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\
          X-Forwarded-Proto: https\r\n\r\n",
    );
    let header = site.accept().header();
    has(&header, &["x-forwarded-proto: https"]);
    has(&header, &["x-forwarded-for: 192.0.2.1, 127.0.0.1"]);
}

/// A request with these fields, as the application sees it.
#[track_caller]
fn seen(site: &Site, fields: &str) -> Vec<String> {
    let mut client = site.server.connect();
    client.say(&format!("GET /app HTTP/1.1\r\n{fields}\r\n"));
    let mut app = site.accept();
    let header = app.header();
    app.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_eq!(client.response("GET").status, 200);
    header
}

#[track_caller]
fn lacks(header: &[String], names: &[&str]) {
    for name in names {
        let start = format!("{name}: ");
        assert!(!header.iter().any(|line| line.starts_with(&start)), "{name} in {header:#?}");
    }
}

#[test]
fn nobody_overrides_the_path_that_was_judged() {
    for options in [&[][..], &["--forwarded-from=127.0.0.1"]] {
        let site = Site::with(options);
        let fields = "Host: a\r\nSCRIPT_NAME: /static\r\nScript-Name: /static\r\n\
            X-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\nX-Accel-Mapping: a=b\r\n\
            Api_Key: 1\r\nX-Own: 1\r\n";
        let header = seen(&site, fields);
        has(&header, &["GET /app HTTP/1.1", "x-own: 1"]);
        lacks(&header, &["script_name", "script-name", "x-original-url", "x-rewrite-url"]);
        lacks(&header, &["x-accel-mapping", "api_key"]);
    }
}

#[test]
fn fields_pass_that_options_name() {
    let options = ["--forwarded-from=127.0.0.1", "--forwarded-fields=x-real-ip,X-Tenant"];
    let unusual = "--upstream-unusual-fields=api_key";
    let fields = "Host: a\r\nX-Real-IP: 6.6.6.6\r\nX-Tenant: t\r\nTrue-Client-IP: 6.6.6.6\r\n\
        Api_Key: 1\r\nX_Real_IP: 7.7.7.7\r\n";
    let header = seen(&Site::with(&[&options[..], &[unusual]].concat()), fields);
    has(&header, &["x-real-ip: 6.6.6.6", "x-tenant: t", "api_key: 1"]);
    lacks(&header, &["true-client-ip", "x_real_ip"]);
    let stranger = ["--forwarded-from=192.0.2.1", options[1]];
    lacks(&seen(&Site::with(&stranger), fields), &["x-real-ip", "x-tenant"]);
}

#[test]
fn a_visitor_takes_nothing_away_that_a_proxy_says() {
    let site = Site::with(&["--forwarded-from=127.0.0.1"]);
    let fields = "Host: a\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: www.example\r\n\
        Cookie: a=b\r\nX-Own: 1\r\n\
        Connection: X-Forwarded-For, x-forwarded-host, Cookie, Host, Forwarded, Via, X-Own\r\n";
    let header = seen(&site, fields);
    has(&header, &["x-forwarded-for: 192.0.2.1, 127.0.0.1", "x-forwarded-host: www.example"]);
    has(&header, &["cookie: a=b", "host: a"]);
    lacks(&header, &["x-own"]);
}

#[test]
fn a_host_is_never_made_up() {
    let site = Site::with(&[]);
    for request in ["GET /app HTTP/1.0\r\n\r\n", "GET /app HTTP/1.1\r\nHost:\r\n\r\n"] {
        let mut client = site.server.connect();
        client.say(request);
        assert_eq!(client.response("GET").status, 400);
    }
    assert!(site.is_left_alone());
    let site = Site::with(&["--upstream-default-host=www.example"]);
    let header = seen(&site, "Host:\r\n");
    has(&header, &["host: www.example", "x-forwarded-host: www.example"]);
}

#[test]
fn a_trusted_proxy_may_speak_of_websockets_and_in_forwarded() {
    let site = Site::with(&["--forwarded-from=127.0.0.1", "--https-redirect"]);
    let mut client = site.server.connect();
    for said in ["X-Forwarded-Proto: wss", "Forwarded: for=192.0.2.1;proto=https"] {
        client.say(&format!("GET /app HTTP/1.1\r\nHost: a\r\n{said}\r\n\r\n"));
        let mut app = site.accept();
        has(&app.header(), &["x-forwarded-proto: https"]);
        app.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert_eq!(client.response("GET").status, 200, "{said}");
    }
    let other = [("Forwarded", "proto=https"), ("X-Forwarded-Proto", "ws")];
    assert_eq!(client.request("GET", "/app", &other).status, 308);
}

/// Content that the bundle does not read cannot become the next request.
#[test]
fn content_for_the_bundle_ends_the_connection() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    let content = "GET /app HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = content.len();
    client.say(&format!(
        "GET /robots.txt HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{content}"
    ));
    let response = client.response("GET");
    assert_eq!((response.status, response.header("connection")), (200, Some("close")));
    assert!(client.is_closed() && site.is_left_alone());
}

#[test]
fn content_has_to_come_at_a_rate() {
    let site = Site::with(&["--write-timeout=1", "--min-rate=1000"]);
    let mut client = site.server.connect();
    client.send(b"POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    let mut writer = client.stream.get_ref().try_clone().unwrap();
    let trickle = thread::spawn(move || {
        while writer.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    assert_eq!(client.response("POST").status, 408);
    drop(client);
    drop(site);
    trickle.join().unwrap();
}

/// An application of one process, as gunicorn's default is, would wait for the slow client.
#[test]
fn a_slow_upload_does_not_keep_the_application_from_others() {
    let site = Site::with(&["--sandbox=best-effort"]);
    let mut slow = site.server.connect();
    slow.say("POST /app HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let half = "x".repeat(100_000);
    slow.say(&format!("{:x}\r\n{half}\r\n", half.len()));
    let mut other = site.server.connect();
    other.send(GET);
    let mut app = site.accept();
    assert_eq!(app.header()[0], "GET /app HTTP/1.1");
    app.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_eq!(other.response("GET").status, 200);
    assert!(site.is_left_alone());
    // A gateway interface such as WSGI reads as much as the length says, and no chunks.
    slow.say(&format!("{:x}\r\n{half}\r\n0\r\n\r\n", half.len()));
    let mut app = site.accept();
    has(&app.header(), &["POST /app HTTP/1.1", "content-length: 200000", "connection: close"]);
    let mut content = vec![0; 200_000];
    app.stream.read_exact(&mut content).unwrap();
    assert!(content.iter().all(|byte| *byte == b'x'));
    app.say(HELLO);
    let response = slow.response("POST");
    assert_eq!((&response.body[..], response.header("connection")), (&b"hello"[..], None));
}

/// Content takes room until its response is there.
#[test]
fn content_of_all_requests_has_so_much_room() {
    let site = Site::with(&["--upstream-buffer-bytes=1000", "--threads=1"]);
    let mut first = site.server.connect();
    let expecting = "Content-Length: 901\r\nExpect: 100-continue\r\n\r\n";
    first.say(&format!("POST /app HTTP/1.1\r\nHost: a\r\n{expecting}"));
    assert_eq!(first.header(), ["HTTP/1.1 100 Continue"]);
    first.say(&"x".repeat(900));
    let mut second = site.server.connect();
    second.say(&format!("POST /b HTTP/1.1\r\nHost: a\r\n{expecting}{}", "x".repeat(901)));
    assert_eq!(second.header(), ["HTTP/1.1 100 Continue"]);
    let full = second.response("POST");
    assert_eq!((full.status, full.header("retry-after")), (503, Some("1")));
    assert_eq!(full.header("connection"), Some("close"));
    first.say("x");
    let mut app = site.accept();
    has(&app.header(), &["POST /app HTTP/1.1", "content-length: 901"]);
}

/// An application may leave content unread, and take it for the next request.
#[test]
fn content_has_a_connection_of_its_own() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    for method in ["GET", "POST", "DELETE", "OPTIONS"] {
        let content = "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
        let length = content.len();
        client.say(&format!(
            "{method} /app HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{content}"
        ));
        let mut app = site.accept();
        has(&app.header(), &["connection: close"]);
        let mut unread = vec![0; length];
        app.stream.read_exact(&mut unread).unwrap();
        app.say(HELLO);
        assert_eq!(client.response(method).body, b"hello");
        assert!(app.is_closed(), "{method}");
    }
}

/// The application answers before it has read the content, and closes.
#[test]
fn an_early_answer_reaches_the_client() {
    let site = Site::with(&["--upstream-streaming=/app"]);
    let mut client = site.server.connect();
    let length = 100_000_000;
    client.say(&format!("POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
    let mut app = site.accept();
    app.header();
    let mut writer = client.stream.get_ref().try_clone().unwrap();
    let sending = thread::spawn(move || while writer.write_all(&[b'x'; 65536]).is_ok() {});
    let mut some = [0; 100_000];
    app.stream.read_exact(&mut some).unwrap();
    app.say(
        "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge",
    );
    drop(app);
    let response = client.response("POST");
    assert_eq!((response.status, &response.body[..]), (413, &b"large"[..]));
    assert_eq!(response.header("connection"), Some("close"));
    client.stream.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    sending.join().unwrap();
}

/// By a reset, a client takes its request back; by the end of its side alone, it does not.
#[test]
fn a_client_that_resets_its_connection_frees_the_application() {
    let mut site = Site::with(&["--access-log=json"]);
    let mut client = site.server.connect();
    client.send(GET);
    let mut app = site.accept();
    app.header();
    SockRef::from(client.stream.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    assert!(app.is_closed());
    let line = site.server.line().unwrap();
    assert!(line.contains("\"status\":499"), "{line}");
    let mut client = site.server.connect();
    client.send(GET);
    client.stream.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    let mut app = site.accept();
    app.header();
    thread::sleep(Duration::from_millis(200));
    app.say(HELLO);
    assert_eq!(client.response("GET").body, b"hello");
}

/// At a Unix socket there are no resets: there, a client that closes has gone.
#[test]
fn a_client_that_closes_its_unix_socket_frees_the_application() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hardtack.sock");
    let site = Site::with(&["--listen", &format!("unix:{},127.0.0.1:0", path.display())]);
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(GET).unwrap();
    let mut app = site.accept();
    app.header();
    drop(client);
    assert!(app.is_closed());
}

#[test]
fn a_directive_to_the_web_server_does_not_reach_a_client() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    for (field, status) in
        [("X-Accel-Redirect: /private/a.pdf", 502), ("X-Accel-Buffering: no", 200)]
    {
        client.send(GET);
        let mut app = site.accept();
        app.header();
        app.say(&format!(
            "HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ));
        let response = client.response("GET");
        assert_eq!(response.status, status, "{field}");
        assert!(!response.headers.iter().any(|(name, _)| name.starts_with("x-accel")), "{field}");
        let text = "502 Bad Gateway\nThe application gave no valid response.\n";
        assert_eq!(response.body == text.as_bytes(), status == 502, "{field}");
    }
}

/// The id of a request, as the application and the access log have it.
#[test]
fn a_request_has_one_id_everywhere() {
    for (trusted, is_kept) in [("127.0.0.1", true), ("192.0.2.1", false)] {
        let mut site = Site::with(&["--access-log=json", "--forwarded-from", trusted]);
        let header = seen(&site, "Host: a\r\nX-Request-ID: of-the-proxy\r\n");
        let id = header.iter().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
        assert_eq!(id == "of-the-proxy", is_kept, "{id}");
        let line = site.server.line().unwrap();
        assert!(line.contains(&format!("\"request_id\":\"{id}\"")), "{line}");
    }
}

#[test]
fn an_upstream_that_is_this_server() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, upstream) = (format!("--listen={port}"), format!("--upstream=http://{port}"));
    let server = Server::of(hardtack().arg("serve").args([listen, upstream]));
    assert_eq!(server.get("/app", &[]).status, 508);
}

/// Every answer of this server that may come before the content was read.
#[test]
fn an_answer_before_the_content_announces_the_end_of_the_connection() {
    let bundle = common::folder(&[("a.css", b"a{color:red}"), ("b.html", b"b")]);
    let packed = pack(bundle.path(), &[("HARDTACK_AT", "/static/")]);
    let limits = ["--max-uri-bytes=100", "--max-header-fields=8", "--upstream-streaming=/streamed"];
    let mut command = packed.command();
    command.arg("serve").args(limits).env("HARDTACK_CDN_SECRET", SECRET);
    let Site { app, server } = Site::of(&mut command);
    let long = "x".repeat(200);
    let secret = format!("X-Origin-Verify: {SECRET}\r\n");
    let many = "A: b\r\n".repeat(9);
    drop(app);
    for (status, line, fields) in [
        (200, "GET /static/a.css HTTP/1.1", ""),
        (400, "GET /static/%zz HTTP/1.1", ""),
        (400, "POST /app HTTP/1.1", "Host: b\r\n"),
        (403, "POST /app HTTP/1.1", &secret),
        (404, "GET /static/none HTTP/1.1", ""),
        (405, "POST /static/a.css HTTP/1.1", ""),
        (414, &*format!("POST /{long} HTTP/1.1"), ""),
        (431, "POST /app HTTP/1.1", &many),
        (501, "TRACE /app HTTP/1.1", ""),
        (502, "POST /streamed HTTP/1.1", "Expect: 100-continue\r\n"),
    ] {
        for framing in ["Content-Length: 3", "Transfer-Encoding: chunked"] {
            let mut client = server.connect();
            client.say(&format!("{line}\r\nHost: a\r\n{fields}{framing}\r\n\r\n"));
            let response = client.response("GET");
            assert_eq!(response.status, status, "{line}");
            assert_eq!(response.header("connection"), Some("close"), "{line}");
            assert!(client.is_closed(), "{line}");
        }
    }
    let mut client = server.connect();
    client.say("POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n");
    let response = client.response("POST");
    assert_eq!((response.status, response.header("connection")), (413, Some("close")));
    let server = Server::of(hardtack().args(["serve", "--https-redirect"]));
    let mut client = server.connect();
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
    let response = client.response("POST");
    assert_eq!((response.status, response.header("connection")), (308, Some("close")));
}

const SECRET: &str = "a secret that is long enough";

#[test]
fn the_cdn_gets_static_files_and_people_the_application() {
    let bundle = common::folder(&[("a.css", b"a{color:red}")]);
    let packed = pack(bundle.path(), &[("HARDTACK_AT", "/static/")]);
    let site = Site::of(packed.command().arg("serve").env("HARDTACK_CDN_SECRET", SECRET));
    let cdn = [("X-Origin-Verify", SECRET)];
    let mut client = site.server.connect();
    assert_eq!(client.request("GET", "/static/a.css", &cdn).status, 200);
    // A CDN that could fetch pages would keep them, with what is in them for one person.
    let ways_out = ["/static/../account", "/static/%2e%2e/account", "/static/..;/account"];
    for path in [&["/", "/account", "/static", "/static/..\\account"], &ways_out[..]].concat() {
        let refused = client.request("GET", path, &cdn);
        assert_eq!((refused.status, refused.header("cache-control")), (403, Some("no-store")));
    }
    assert!(site.is_left_alone());
    client.send(GET);
    let mut app = site.accept();
    app.header();
    app.say(HELLO);
    assert_eq!(client.response("GET").body, b"hello");
}

/// A cache would keep the application's 404, and the file of the next release with it.
#[test]
fn a_static_path_is_never_the_applications() {
    let bundle = common::folder(&[("a.css", b"a{color:red}")]);
    let packed = pack(bundle.path(), &[("HARDTACK_AT", "/static/")]);
    let site = Site::of(packed.command().arg("serve").env("HARDTACK_CDN_SECRET", SECRET));
    let mut client = site.server.connect();
    for cdn in [&[][..], &[("X-Origin-Verify", SECRET)]] {
        for path in ["/static/a.ffffffffffff.css", "/static/none", "/static/deep/"] {
            let missing = client.request("GET", path, cdn);
            assert_eq!((missing.status, missing.header("cache-control")), (404, Some("no-store")));
            assert_eq!(missing.header("access-control-allow-origin"), Some("*"));
        }
    }
    assert_eq!(client.request("POST", "/static/a.css", &[]).status, 405);
    assert!(site.is_left_alone());
    let packed = pack(bundle.path(), &[]);
    let site = Site::of(packed.command().arg("serve"));
    let mut client = site.server.connect();
    assert_eq!(client.request("GET", "/a.ffffffffffff.css", &[]).status, 404);
    assert!(site.is_left_alone());
}

#[test]
fn an_option_lets_the_application_answer_static_paths() {
    let bundle = common::folder(&[("a.css", b"a{color:red}")]);
    let packed = pack(bundle.path(), &[("HARDTACK_AT", "/static/")]);
    let mut command = packed.command();
    command.args(["serve", "--upstream-misses"]).env("HARDTACK_CDN_SECRET", SECRET);
    let site = Site::of(&mut command);
    let mut client = site.server.connect();
    client.say(&format!(
        "GET /static/version HTTP/1.1\r\nHost: a\r\nX-Origin-Verify: {SECRET}\r\n\
         X-HTTP-Method-Override: DELETE\r\n\r\n"
    ));
    let mut app = site.accept();
    let header = app.header();
    assert_eq!(header[0], "GET /static/version HTTP/1.1");
    lacks(&header, &["x-http-method-override", "x-origin-verify"]);
    app.say(HELLO);
    assert_eq!(client.response("GET").body, b"hello");
    // Through the CDN, nothing that changes the application, or that it may take for another path.
    let cdn = [("X-Origin-Verify", SECRET)];
    assert_eq!(client.request("POST", "/static/version", &cdn).status, 403);
    assert_eq!(client.request("GET", "/static/%252e%252e/account", &cdn).status, 403);
}

/// Whether it is the secret or a guess, the application does not see it.
#[test]
fn the_secret_is_taken_off() {
    let site = Site::of(hardtack().arg("serve").env("HARDTACK_CDN_SECRET", SECRET));
    for (target, secret) in [("OPTIONS /robots.txt", SECRET), ("POST /app", "a guess")] {
        let mut client = site.server.connect();
        client.say(&format!("{target} HTTP/1.1\r\nHost: a\r\nX-Origin-Verify: {secret}\r\n\r\n"));
        let mut app = site.accept();
        let header = app.header();
        assert!(!header.iter().any(|line| line.contains(secret)), "{header:?}");
        app.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert_eq!(client.response("POST").status, 200);
    }
}

#[track_caller]
fn is_a_page_of_ours(response: &Response, status: u16) {
    assert_eq!((response.status, response.header("cache-control")), (status, Some("no-store")));
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    let text = String::from_utf8_lossy(&response.body);
    assert!(text.starts_with(&status.to_string()) && !text.contains("127.0.0.1"), "{text}");
}

#[test]
fn an_application_that_is_down() {
    let Site { app, server } = Site::with(&[]);
    let address = app.local_addr().unwrap();
    drop(app);
    let mut client = server.connect();
    is_a_page_of_ours(&client.request("GET", "/app", &[]), 502);
    assert_eq!(client.request("GET", "/", &[]).status, 200);
    // When it is back, nothing has to be done.
    let site = Site::new(TcpListener::bind(address).unwrap(), server);
    client.send(GET);
    let mut app = site.accept();
    app.header();
    app.say(HELLO);
    assert_eq!(client.response("GET").body, b"hello");
    // It dies at work.
    client.send(b"POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    app.header();
    drop(app);
    is_a_page_of_ours(&client.response("POST"), 502);
}

#[test]
fn a_site_has_pages_for_errors_of_the_application() {
    let page = format!("<!doctype html><title>Back soon</title>{}", "Back soon. ".repeat(100));
    let bundle = common::folder(&[("a.css", b"a{color:red}"), ("502.html", page.as_bytes())]);
    let packed = pack(bundle.path(), &[("HARDTACK_AT", "/static/")]);
    let Site { app, server } = Site::of(packed.command().arg("serve"));
    drop(app);
    let mut client = server.connect();
    let plain = client.request("GET", "/app", &[]);
    assert_eq!((plain.status, &plain.body[..]), (502, page.as_bytes()));
    assert_eq!(plain.header("cache-control"), Some("no-store"));
    let coded = client.request("GET", "/app", &[("Accept-Encoding", "br")]);
    assert_eq!((coded.status, coded.header("content-encoding")), (502, Some("br")));
    assert!(coded.body.len() < page.len());
    let head = client.request("HEAD", "/app", &[]);
    assert_eq!((head.status, head.header("content-length")), (502, plain.header("content-length")));
    client.say("POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n");
    let other = client.response("POST");
    assert_eq!((other.status, other.header("connection")), (413, Some("close")));
}

#[test]
fn an_application_that_is_being_maintained() {
    let bundle = common::folder(&[("a.css", b"a{}"), ("503.html", b"busy")]);
    let root = common::folder(&[("maintenance.html", b"back at noon")]);
    let switch = bundle.path().with_extension("maintenance");
    let root_option = format!("/={}", root.path().display());
    for (folders, expected) in [(&["--folder", &root_option][..], "back at noon"), (&[], "busy")] {
        let out = common::folder(&[]);
        let executable_path = out.path().join("site");
        let mut packing = hardtack();
        packing.current_dir(out.path()).arg("pack").arg(bundle.path()).arg("--at=/static/");
        stdout(packing.arg("-o").arg(&executable_path).args(folders));
        let mut command = executable(&executable_path);
        let mut site = Site::of(command.arg("serve").arg("--maintenance-file").arg(&switch));
        fs::write(&switch, "").unwrap();
        let maintained = |response: &Response| response.status == 503;
        until("it is maintained", || {
            let mut client = site.server.connect();
            client.send(b"GET /app HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            if let Some(mut app) = site.accept_soon() {
                app.header();
                app.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
            maintained(&client.response("GET")).then_some(())
        });
        for _ in 0..2 {
            let mut client = site.server.connect();
            let page = client.request("GET", "/app", &[]);
            assert_eq!((page.status, &page.body[..]), (503, expected.as_bytes()));
            assert_eq!(page.header("cache-control"), Some("no-store"));
            assert_eq!(page.header("retry-after"), Some("60"));
            client.say("POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
            let page = client.response("POST");
            assert_eq!((page.status, page.header("connection")), (503, Some("close")));
            assert_eq!(site.server.get("/static/a.css", &[]).status, 200);
            // Another worker knows of it from the beginning.
            let old = site.server.worker();
            run(Command::new("kill").args(["-KILL", &old.to_string()]));
            until("another worker", || (site.server.worker() != old).then_some(()));
        }
        assert!(site.is_left_alone());
        fs::remove_file(&switch).unwrap();
        until("it is no more", || {
            let mut client = site.server.connect();
            client.send(GET);
            let mut app = site.accept_soon()?;
            app.header();
            app.say(HELLO);
            (client.response("GET").body == b"hello").then_some(())
        });
        site.server.signal("-TERM");
    }
}

#[test]
fn readiness_may_depend_on_the_application() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("--upstream=http://{}", app.local_addr().unwrap());
    let mut command = hardtack();
    command.args(["serve", "--admin-listen=127.0.0.1:0", "--upstream-health=/health/?deep=1"]);
    command.args([&upstream, "--upstream-default-host=site.example"]);
    command.arg("--upstream-connect-timeout=1");
    let mut server = Server::of(&mut command);
    let admin = server.also_at("admin      http://");
    let site = Site::new(app, server);
    let asked = |answer: Option<&str>| {
        let mut client = Connection::to(admin);
        client.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut app = site.accept();
        let header = app.header();
        assert_eq!(header[..2], ["GET /health/?deep=1 HTTP/1.1", "host: site.example"]);
        if let Some(status) = answer {
            app.say(&format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n"));
        }
        let response = client.response("GET");
        (response.status, String::from_utf8(response.body).unwrap())
    };
    let ill = |reason: &str| (503, format!("the application is not ready: {reason}\n"));
    assert_eq!(asked(Some("204")), (200, "ready\n".to_owned()));
    assert_eq!(asked(Some("301")), (200, "ready\n".to_owned()));
    assert_eq!(asked(Some("500")), ill("it answers /health/?deep=1 with 500"));
    assert_eq!(asked(Some("404")), ill("it answers /health/?deep=1 with 404"));
    assert_eq!(asked(None), ill("it does not answer in time"));
    let Site { app, server } = site;
    drop(app);
    let response = Connection::to(admin).request("GET", "/readyz", &[]);
    assert_eq!(response.status, 503);
    assert_eq!(Connection::to(admin).request("GET", "/healthz", &[]).status, 200);
    assert_eq!(server.get("/", &[]).status, 200);
}

#[test]
fn an_application_that_is_slow() {
    let site = Site::with(&["--upstream-read-timeout=1"]);
    let mut client = site.server.connect();
    client.send(GET);
    let mut app = site.accept();
    app.header();
    is_a_page_of_ours(&client.response("GET"), 504);
    assert_eq!(client.request("GET", "/", &[]).status, 200);
    // Once it has begun to answer, nothing else can be said: the response is cut.
    client.send(GET);
    let mut app = site.accept();
    app.header();
    app.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    let mut rest = String::new();
    client.stream.read_to_string(&mut rest).ok();
    assert!(rest.starts_with("HTTP/1.1 200 OK\r\n") && rest.ends_with("hel"), "{rest}");
}

#[test]
fn content_streams_both_ways() {
    let site = Site::with(&["--upstream-streaming=/api/,/app"]);
    let mut client = site.server.connect();
    client.say("POST /app HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    let mut app = site.accept();
    has(&app.header(), &["transfer-encoding: chunked"]);
    for word in ["3", "one"] {
        assert_eq!(app.line(), word);
    }
    app.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\necho\r\n");
    has(&client.header(), &["HTTP/1.1 200 OK", "transfer-encoding: chunked"]);
    assert_eq!((client.line(), client.line()), ("4".into(), "echo".into()));
    client.say("3\r\ntwo\r\n0\r\n\r\n");
    assert_eq!(["3", "two", "0", ""].map(|_| app.line()), ["3", "two", "0", ""]);
    app.say("3\r\nend\r\n0\r\n\r\n");
    assert_eq!(["3", "end", "0", ""].map(|_| client.line()), ["3", "end", "0", ""]);
}

const OPEN: &[u8] = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const OPENED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[track_caller]
fn opens_a_websocket(site: &Site, client: &mut Connection) -> Connection {
    client.send(OPEN);
    let mut app = site.accept();
    has(&app.header(), &["connection: upgrade", "upgrade: websocket"]);
    app.say(OPENED);
    let header = client.header();
    assert_eq!(header[0], "HTTP/1.1 101 Switching Protocols");
    has(&header, &["connection: upgrade", "upgrade: websocket"]);
    app
}

#[track_caller]
fn echoes(client: &mut Connection, app: &mut Connection) {
    for word in ["one", "two"] {
        client.say(&format!("{word}\n"));
        assert_eq!(app.stream.by_ref().line_before_lf(), word);
        app.say(&format!("{word} back\n"));
        assert_eq!(client.stream.by_ref().line_before_lf(), format!("{word} back"));
    }
}

trait Lines {
    fn line_before_lf(&mut self) -> String;
}

impl<R: std::io::BufRead> Lines for R {
    fn line_before_lf(&mut self) -> String {
        let mut line = String::new();
        self.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }
}

/// Longer than a connection may be idle in the next tests, and than before one is parked.
const LONG: Duration = Duration::from_millis(2500);

#[test]
fn a_websocket_has_the_silence_that_is_asked_for() {
    let site = Site::with(&["--upstream-tunnel-timeout=1"]);
    let mut client = site.server.connect();
    let mut app = opens_a_websocket(&site, &mut client);
    echoes(&mut client, &mut app);
    assert!(client.is_closed() && app.is_closed());
}

#[test]
fn a_websocket_stays_open_when_it_is_silent() {
    let limits = ["--idle-timeout=1", "--header-timeout=1", "--write-timeout=1"];
    let site = Site::with(&[&limits[..], &["--upstream-read-timeout=1"]].concat());
    let mut client = site.server.connect();
    let mut app = opens_a_websocket(&site, &mut client);
    echoes(&mut client, &mut app);
    thread::sleep(LONG);
    echoes(&mut client, &mut app);
    drop(client);
    assert!(app.is_closed());
}

#[test]
fn a_connection_that_was_parked_becomes_a_websocket() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    assert_eq!(client.request("GET", "/", &[]).status, 200);
    thread::sleep(LONG);
    let mut app = opens_a_websocket(&site, &mut client);
    echoes(&mut client, &mut app);
    app.stream.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    assert!(client.is_closed());
}

#[test]
fn the_last_request_of_a_connection_may_open_a_websocket() {
    let site = Site::with(&["--max-requests=1"]);
    let mut client = site.server.connect();
    let mut app = opens_a_websocket(&site, &mut client);
    echoes(&mut client, &mut app);
}

#[test]
fn a_websocket_is_logged_when_it_opens() {
    let mut site = Site::with(&["--access-log=json"]);
    let mut client = site.server.connect();
    let mut app = opens_a_websocket(&site, &mut client);
    let line = site.server.line().unwrap();
    assert!(line.contains("\"target\":\"/ws\"") && line.contains("\"status\":101"), "{line}");
    echoes(&mut client, &mut app);
}

#[test]
fn a_refused_websocket_is_a_response() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    client.send(OPEN);
    let mut app = site.accept();
    app.header();
    app.say("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    let response = client.response("GET");
    assert_eq!((response.status, &response.body[..]), (403, &b"no"[..]));
    assert_eq!(client.request("GET", "/", &[]).status, 200);
}

#[test]
fn a_response_of_the_application_that_is_under_way_is_waited_for() {
    let site = Site::with(&[]);
    let mut client = site.server.connect();
    client.send(GET);
    let mut app = site.accept();
    app.header();
    site.server.signal("-TERM");
    until("nobody is accepted", || {
        site.server.connect_or_refused().is_none_or(|mut it| it.is_closed()).then_some(())
    });
    app.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    has(&client.header(), &["HTTP/1.1 200 OK", "connection: close"]);
    app.say("world");
    let mut body = String::new();
    client.stream.read_to_string(&mut body).unwrap();
    assert_eq!(body, "helloworld");
    assert_eq!(site.server.wait(), 0);
}

/// A request that is taken back before it has a response does not keep its connection.
#[test]
fn a_request_of_http2_that_is_taken_back_is_over() {
    let site = Site::with(&["--h2c", "--idle-timeout=1"]);
    let stream = site.server.connect().stream.into_inner();
    let mut client = frames::Http2::over(stream, &[]);
    let request = client.get("/app");
    site.accept().header();
    client.cancel(request);
    client.wait_for(frames::GOAWAY);
}

#[test]
fn over_http2_and_tls_it_is_still_spoken_to_in_http1() {
    let certificate = Installed::new();
    let mut command = hardtack();
    command.args(["serve", "--h2c", "--listen=https://127.0.0.1:0"]).args(certificate.options());
    let site = Site::of(&mut command);
    let banner = &site.server.banner;
    let tls = banner.iter().find_map(|line| line.split_once("listening  https://")).unwrap();
    let tls: SocketAddr = tls.1.trim_end_matches('/').parse().unwrap();
    for (mut client, scheme) in
        [(Http2::to(site.server.address), "http"), (Http2::over_tls(tls, &certificate), "https")]
    {
        let asking = thread::spawn(move || {
            let headers = [("cookie", "a=1"), ("cookie", "b=2")];
            let posted = client.request("POST", "/app", &headers, "content");
            let page = client.get("/", &[]);
            (posted, page)
        });
        let mut app = site.accept();
        let header = app.header();
        assert_eq!(header[0], "POST /app HTTP/1.1");
        has(&header, &["host: localhost", "cookie: a=1; b=2", "via: 2 hardtack"]);
        has(&header, &[&format!("x-forwarded-proto: {scheme}"), "content-length: 7"]);
        let mut content = [0; 7];
        app.stream.read_exact(&mut content).unwrap();
        assert_eq!(&content, b"content");
        app.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
        let (posted, page) = asking.join().unwrap();
        assert_eq!((posted.status, &posted.body[..]), (200, &b"hello"[..]));
        assert_eq!(posted.header("connection"), None);
        assert_eq!(page.status, 200);
    }
}

/// Django's admin, behind the server that carries its static files; it is killed when this goes.
struct Django {
    process: Child,
    server: Server,
}

impl Django {
    fn start(folder: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/django_admin.py");
        let django = |duty: &str| {
            let mut command = Command::new(of_venv("python"));
            command.arg(&script).arg(duty).current_dir(folder);
            command
        };
        stdout(&mut django("prepare"));
        let packed = pack(&folder.join("collected"), &[("HARDTACK_AT", "/static/")]);
        let names = stdout(packed.command().args(["list", "--django"]));
        fs::create_dir(folder.join("static")).unwrap();
        fs::write(folder.join("static/staticfiles.json"), names).unwrap();
        let socket = folder.join("app.sock");
        let process = django("serve").arg(&socket).spawn().unwrap();
        until("the application listens", || socket.exists().then_some(()));
        let upstream = format!("unix:{}", socket.display());
        let mut command = executable(&packed.executable);
        let server = Server::of(command.args(["serve", "--upstream", &upstream]));
        Self { process, server }
    }
}

impl Drop for Django {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
#[ignore = "needs corpora/venv with Django"]
fn djangos_admin() {
    let folder = tempfile::tempdir().unwrap();
    let site = Django::start(folder.path());
    let mut browser = site.server.connect();
    let login = "/admin/login/?next=/admin/";
    let page = browser.request("GET", login, &[]);
    let csrf_cookie = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = String::from_utf8(page.body).unwrap();
    let mut files = 0;
    for path in page.split('"').filter(|text| text.starts_with("/static/")) {
        let file = browser.request("GET", path, &[("Accept-Encoding", "br")]);
        assert_eq!(file.status, 200, "{path}");
        let cache_control = file.header("cache-control");
        assert_eq!(cache_control, Some("public, max-age=31536000, immutable"), "{path}");
        files += 1;
    }
    assert!(files > 3, "{page}");

    let token = page.split("name=\"csrfmiddlewaretoken\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let mut post = |password: &str, cookie: &str| {
        let form = format!("csrfmiddlewaretoken={token}&username=cook&password={password}");
        let length = form.len();
        browser.say(&format!(
            "POST {login} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\
             Origin: http://localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n{form}"
        ));
        browser.response("POST")
    };
    assert_eq!(post("biscuit", "none=1").status, 403, "CSRF");
    assert_eq!(post("wrong", &csrf_cookie).status, 200);
    let welcome = post("biscuit", &csrf_cookie);
    assert_eq!((welcome.status, welcome.header("location")), (302, Some("/admin/")));
    let mut cookies = welcome.headers.iter().filter(|(name, _)| name == "set-cookie");
    let session = cookies.find(|(_, cookie)| cookie.starts_with("sessionid=")).unwrap();
    let session = session.1.split(';').next().unwrap();
    let page = browser.request("GET", "/admin/", &[("Cookie", session)]);
    let page = String::from_utf8(page.body).unwrap();
    assert!(page.contains("Site administration") && page.contains("cook"), "{page}");
}

#[test]
fn so_many_requests_are_with_the_application_and_as_many_wait() {
    let site = Site::with(&["--upstream-max-requests=2", "--upstream-connect-timeout=86400"]);
    let ask = || {
        let mut client = site.server.connect();
        client.send(b"GET /app HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client
    };
    let mut asked = [ask(), ask()];
    let mut at_work = [site.accept(), site.accept()];
    at_work.iter_mut().for_each(|one| drop(one.header()));
    let mut waiting = [ask(), ask()];
    let refused = until("the queue is full", || {
        let mut client = ask();
        client.stream.get_ref().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        client.stream.fill_buf().is_ok().then(|| client.response("GET"))
    });
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert_eq!(site.server.get("/robots.txt", &[]).status, 200);
    for one in &mut at_work {
        one.say("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    }
    asked.iter_mut().for_each(|one| assert_eq!(one.response("GET").status, 204));
    for _ in &waiting {
        let mut application = site.accept();
        application.header();
        application.say("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    }
    assert!(waiting.iter_mut().any(|one| one.response("GET").status == 204));
}

/// An application that never answers gets as many connections as there may be, and some descriptors
/// are left.
#[test]
fn an_application_that_hangs_leaves_descriptors_for_baked_files() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut shell = executable("/bin/sh".as_ref());
    let script = "ulimit -n 200 && exec \"$0\" serve --threads 1 --h2c --upstream \"$@\"";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_hardtack")]);
    shell.arg(format!("http://{}", app.local_addr().unwrap()));
    let server = Server::of(&mut shell);
    let mut clients: Vec<_> =
        (0..5).map(|_| frames::Http2::over(server.connect().stream.into_inner(), &[])).collect();
    for client in &mut clients {
        for _ in 0..90 {
            client.get("/app");
        }
    }
    for _ in 0..10 {
        assert_eq!(server.get("/robots.txt", &[]).status, 200);
    }
}

#[test]
fn a_response_has_so_many_fields_and_the_502_says_so() {
    for (options, most) in [(&[][..], 256), (&["--upstream-max-fields=3"], 3)] {
        for (fields, status) in [(most, 200), (most + 1, 502)] {
            let site = Site::with(options);
            let mut client = site.server.connect();
            client.send(b"GET /app HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let mut app = site.accept();
            app.header();
            let cookies = "Set-Cookie: a=b\r\n".repeat(fields - 1);
            app.say(&format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{cookies}\r\n"));
            let response = client.response("GET");
            let text = String::from_utf8_lossy(&response.body).into_owned();
            assert_eq!(response.status, status, "{fields}");
            assert_eq!(text.contains("more header fields than this server takes"), status == 502);
        }
    }
}
