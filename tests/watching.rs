//! A running server as an operator sees it: health, metrics, the status page, and the logs.

mod common;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use common::{
    Connection, Server, assets, folder, hardtack, http2::Http2, pack, process::until,
    tls::Installed,
};
use serde_json::Value;

/// A server with these options, and its admin listener.
fn with(options: &[&str]) -> (Server, SocketAddr) {
    of(hardtack().arg("serve").args(options))
}

fn of(command: &mut Command) -> (Server, SocketAddr) {
    let mut server = Server::of(command.arg("--admin-listen=127.0.0.1:0"));
    let admin = server.also_at("admin      http://");
    (server, admin)
}

fn admin_says(admin: SocketAddr, path: &str) -> (u16, String) {
    let response = Connection::to(admin).request("GET", path, &[]);
    (response.status, String::from_utf8(response.body).unwrap())
}

/// Waits until the metrics have these lines: a response is counted when it is sent, which is about
/// when its client has it.
#[track_caller]
fn metrics_become(admin: SocketAddr, expected: &[&str]) {
    let mut metrics = String::new();
    for line in expected {
        until(&format!("{line} in {metrics}"), || {
            metrics = admin_says(admin, "/metrics").1;
            metrics.lines().any(|one| one == *line).then_some(())
        });
    }
}

/// A header that came in pieces had let the connection be parked when it had been answered.
#[test]
fn a_connection_that_is_closed_is_open_no_more() {
    let (server, admin) = with(&[]);
    let mut slow = server.connect();
    slow.send(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n");
    // Longer than one may be idle before it is parked.
    std::thread::sleep(std::time::Duration::from_millis(300));
    slow.send(b"Connection: close\r\n\r\n");
    assert_eq!(slow.response("GET").status, 200);
    assert!(slow.is_closed());
    metrics_become(admin, &["hardtack_connections_open 0"]);
}

#[test]
fn it_is_ready_until_it_is_told_to_stop() {
    let (server, admin) = with(&["--shutdown-delay=60"]);
    assert_eq!(admin_says(admin, "/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(admin_says(admin, "/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(server.get("/", &[]).header("connection"), None);
    server.signal("-TERM");
    until("it is not ready", || (admin_says(admin, "/readyz").0 == 503).then_some(()));
    assert_eq!(admin_says(admin, "/healthz").0, 200);
    metrics_become(admin, &["hardtack_draining 1"]);
    // A client that has not heard of it yet is served.
    let response = server.get("/", &[]);
    assert_eq!((response.status, response.header("connection")), (200, Some("close")));
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
}

#[test]
fn the_public_and_the_admin_listener_have_nothing_in_common() {
    let (server, admin) = with(&[]);
    for path in ["/healthz", "/readyz", "/metrics", "/status.json"] {
        assert_eq!(server.get(path, &[]).status, 404, "{path}");
    }
    assert_eq!(admin_says(admin, "/robots.txt").0, 404);
    let post = Connection::to(admin).request("POST", "/metrics", &[("Content-Length", "0")]);
    assert_eq!(post.status, 405);
}

#[test]
fn requests_are_counted() {
    let (server, admin) = with(&["--h2c"]);
    let sheet = assets(&mut hardtack()).into_iter().find(|it| it["logical_path"] == "css/app.css");
    let sheet = sheet.unwrap()["url"].as_str().unwrap().to_owned();
    let page = server.get("/", &[]);
    let mut bytes = page.body.len();
    let tag = [("If-None-Match", page.header("etag").unwrap())];
    for _ in 0..2 {
        assert_eq!(server.get("/", &tag).status, 304);
    }
    for (path, coding) in [(&*sheet, "br"), ("/css/app.css", "gzip"), (&sheet, "zstd")] {
        bytes += server.get(path, &[("Accept-Encoding", coding)]).body.len();
    }
    bytes += Http2::to(server.address).get(&sheet, &[("accept-encoding", "br")]).body.len();
    bytes += server.get("/nope", &[]).body.len();
    let mut connection = server.connect();
    connection.request("HEAD", "/", &[]);
    bytes += connection.request("DELETE", "/", &[]).body.len();
    drop(connection);
    metrics_become(
        admin,
        &[
            "hardtack_requests_total{status=\"200\",coding=\"identity\",policy=\"revalidate\"} 2",
            "hardtack_requests_total{status=\"304\",coding=\"none\",policy=\"revalidate\"} 2",
            "hardtack_requests_total{status=\"200\",coding=\"br\",policy=\"immutable\"} 2",
            "hardtack_requests_total{status=\"200\",coding=\"zstd\",policy=\"immutable\"} 1",
            "hardtack_requests_total{status=\"200\",coding=\"gzip\",policy=\"revalidate\"} 1",
            "hardtack_requests_total{status=\"404\",coding=\"identity\",policy=\"none\"} 1",
            "hardtack_protocol_requests_total{protocol=\"http/1\"} 9",
            "hardtack_protocol_requests_total{protocol=\"h2\"} 1",
            "hardtack_request_duration_seconds_count 10",
            "hardtack_not_modified_ratio 0.25",
            &format!("hardtack_response_bytes_total {bytes}"),
            "hardtack_connections_total 9",
            "hardtack_connections_open 0",
            "hardtack_draining 0",
        ],
    );
    let (status, json) = admin_says(admin, "/status.json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &json["requests"]["total"]), (200, &10.into()));
    assert_eq!(json["requests"]["by_status"]["304"], 2);
    assert_eq!(json["requests"]["response_bytes"], bytes);
    let (status, page) = admin_says(admin, "/");
    assert_eq!(status, 200);
    assert!(page.contains("<dt>requests</dt><dd>10</dd>") && page.contains(&sheet), "{page}");
}

/// Waits for the end of a connection.
fn closed(mut connection: Connection) {
    connection.stream.read_to_end(&mut Vec::new()).ok();
}

#[test]
fn slow_clients_are_counted() {
    let timeouts = ["--header-timeout=1", "--idle-timeout=2", "--write-timeout=1", "--h2c"];
    let (server, admin) = with(&timeouts);
    let mut slow = server.connect();
    slow.send(b"GET / HT");
    let idle = server.connect();
    let full = server.connect();
    let mut writer = full.stream.get_ref().try_clone().unwrap();
    let request = b"GET /img/grain.png HTTP/1.1\r\nHost: localhost\r\n\r\n";
    while writer.write_all(request).is_ok() {}
    closed(slow);
    closed(idle);
    metrics_become(
        admin,
        &[
            "hardtack_timeouts_total{kind=\"header\"} 1",
            "hardtack_timeouts_total{kind=\"idle\"} 1",
            "hardtack_timeouts_total{kind=\"write\"} 1",
        ],
    );
}

#[test]
fn refused_clients_are_counted() {
    let (server, admin) = with(&["--max-connections-per-address=1"]);
    let mut good = server.connect();
    assert_eq!(good.request("GET", "/", &[]).status, 200);
    closed(server.connect());
    metrics_become(admin, &["hardtack_connections_refused_total{reason=\"per_address\"} 1"]);

    let (server, admin) = with(&["--proxy-protocol-from=127.0.0.1"]);
    let mut without = server.connect();
    without.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    closed(without);
    metrics_become(admin, &["hardtack_connections_refused_total{reason=\"proxy_header\"} 1"]);
}

#[test]
fn handshakes_are_counted() {
    let certificate = Installed::new();
    let mut command = hardtack();
    command.args(["serve", "--listen=https://127.0.0.1:0"]).args(certificate.options());
    let (server, admin) = of(&mut command);
    let tls = server.banner.iter().find_map(|line| line.split_once("listening  https://"));
    let tls: SocketAddr = tls.unwrap().1.trim_end_matches('/').parse().unwrap();
    assert_eq!(certificate.connect(tls).request("GET", "/", &[]).status, 200);
    let mut plain = Connection::to(tls);
    plain.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    closed(plain);
    metrics_become(
        admin,
        &[
            "hardtack_tls_handshakes_total{result=\"ok\"} 1",
            "hardtack_tls_handshakes_total{result=\"failed\"} 1",
        ],
    );
}

#[test]
fn what_becomes_of_requests_to_the_application_is_counted() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (server, admin) = with(&[&format!("--upstream=http://{nobody}")]);
    assert_eq!(server.get("/app", &[]).status, 502);
    assert_eq!(server.get("/", &[]).status, 200);
    metrics_become(
        admin,
        &[
            "hardtack_upstream_requests_total{result=\"failed\"} 1",
            "hardtack_upstream_requests_total{result=\"answered\"} 0",
            "hardtack_requests_total{status=\"502\",coding=\"identity\",policy=\"none\"} 1",
        ],
    );
}

/// Ends the server, and reads what is left of its standard output.
fn rest_of(mut server: Server) -> Vec<String> {
    server.signal("-TERM");
    let lines: Vec<_> = std::iter::from_fn(|| server.line()).collect();
    assert_eq!(server.wait(), 0);
    lines
}

#[test]
fn a_line_in_combined_format() {
    let server = Server::of(hardtack().args(["serve", "--access-log=combined"]));
    let headers = [("Referer", "https://example.com/"), ("User-Agent", "Browser/1.0")];
    let bytes = server.get("/robots.txt?a=b", &headers).body.len();
    let line = &rest_of(server)[0];
    let (before, after) = line.split_once('[').unwrap();
    let (time, after) = after.split_once("] ").unwrap();
    assert_eq!(before, "127.0.0.1 - - ");
    assert!(time.len() == 26 && time.ends_with(" +0000"), "{time}");
    let expected = format!(
        "\"GET /robots.txt?a=b HTTP/1.1\" 200 {bytes} \"https://example.com/\" \"Browser/1.0\""
    );
    assert_eq!(after, expected);
}

#[test]
fn a_line_in_json() {
    let options = ["serve", "--access-log=json", "--h2c", "--forwarded-from=127.0.0.1"];
    let server = Server::of(hardtack().args(options));
    let headers = [("accept-encoding", "br"), ("x-forwarded-for", "192.0.2.1, 127.0.0.1")];
    let bytes = Http2::to(server.address).get("/css/app.css", &headers).body.len();
    let line: Value = serde_json::from_str(&rest_of(server)[0]).unwrap();
    let without_time = serde_json::json!({
        "time": line["time"], "duration_us": line["duration_us"], "client": "192.0.2.1",
        "method": "GET", "target": "/css/app.css", "version": "HTTP/2.0", "status": 200,
        "bytes": bytes, "coding": "br", "policy": "revalidate", "referer": null,
        "user_agent": null, "request_id": line["request_id"],
    });
    assert_eq!(line, without_time);
    assert_eq!(line["request_id"].as_str().unwrap().len(), 32);
    assert!(line["duration_us"].is_u64() && line["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn what_a_client_did_not_take_is_not_logged_as_sent() {
    let large = vec![0; 16 << 20];
    let packed = pack(folder(&[("large.bin", &large)]).path(), &[]);
    let server = Server::of(packed.command().args(["serve", "--access-log=json"]));
    let mut client = server.connect();
    client.send(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    client.stream.read_exact(&mut [0; 1000]).unwrap();
    client.stream.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    drop(client);
    let line: Value = serde_json::from_str(&rest_of(server)[0]).unwrap();
    assert!((1000..16 << 20).contains(&line["bytes"].as_u64().unwrap()), "{line}");
}

#[test]
fn a_sample_of_requests_and_every_error() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = hardtack();
    command.args(["serve", "--threads=1", "--access-log=json", "--access-log-every=5"]);
    let server = Server::of(command.arg(format!("--upstream=http://{nobody}")));
    let mut connection = server.connect();
    let paths = [("/", 10), ("/down", 3), ("/", 7)];
    for path in paths.iter().flat_map(|(path, times)| std::iter::repeat_n(path, *times)) {
        connection.request("GET", path, &[]);
    }
    drop(connection);
    let lines = rest_of(server);
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let statuses: Vec<_> = lines.map(|line| line["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 200, 502, 502, 502, 200]);
}

#[test]
fn without_the_option_nothing_is_logged() {
    let server = Server::start();
    assert_eq!(server.get("/", &[]).status, 200);
    assert_eq!(rest_of(server), [""; 0]);
}

/// Neither ends the line or its quotes, nor moves a cursor.
#[test]
fn a_hostile_client_writes_no_line_of_its_own() {
    let agent = b"x\" 200 1 \"-\" \"y\\\t\xe2\x80\xae\x9b2J";
    for format in ["combined", "json"] {
        let server = Server::of(hardtack().args(["serve", "--access-log", format]));
        let mut hostile = server.connect();
        hostile.send(
            &[b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: ", &agent[..], b"\r\n\r\n"].concat(),
        );
        assert_eq!(hostile.response("GET").status, 200);
        // A lone CR or LF in a field is no field at all.
        for end in ["\r", "\n", "\0", "\x1b[2J"] {
            let mut hostile = server.connect();
            let field = format!("User-Agent: a{end}127.0.0.1 - - forged\r\n\r\n");
            hostile.send(format!("GET / HTTP/1.1\r\nHost: x\r\n{field}").as_bytes());
            closed(hostile);
        }
        let mut refused = rest_of(server);
        // Lines of connections on other threads may come before it.
        let own = refused.iter().position(|line| line.contains("y\\"));
        let line = refused.remove(own.expect("it has a line"));
        assert_eq!(refused.len(), 4, "{refused:?}");
        for refused in refused {
            assert!(refused.contains("400") && !refused.contains("forged"), "{refused}");
        }
        assert!(line.chars().all(|char| !char.is_control()), "{line}");
        if format == "combined" {
            assert!(line.ends_with(r#" "x\" 200 1 \"-\" \"y\\\x09\xe2\x80\xae\x9b2J""#), "{line}");
        } else {
            let line: Value = serde_json::from_str(&line).unwrap();
            assert!(line["user_agent"].as_str().unwrap().starts_with("x\" 200 1 \"-\" \"y\\\t"));
        }
    }
}

#[test]
fn no_secret_is_in_any_log() {
    let secret = "hunter2-hunter2-hunter2";
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for format in ["combined", "json"] {
        let mut command = hardtack();
        command.args(["serve", "--access-log", format, "--log-level=debug", "--h2c"]);
        command.arg(format!("--upstream=http://{nobody}")).stderr(Stdio::piped());
        let mut server = Server::of(command.env("HARDTACK_CDN_SECRET", secret));
        let mut stderr = server.process.stderr.take().unwrap();
        let headers = [("x-origin-verify", secret), ("authorization", secret), ("cookie", secret)];
        assert_eq!(server.get("/", &headers).status, 200);
        assert_eq!(server.get("/app", &headers[1..]).status, 502);
        assert_eq!(Http2::to(server.address).get("/", &headers).status, 200);
        let mut lines = rest_of(server).join("\n");
        stderr.read_to_string(&mut lines).unwrap();
        assert!(lines.contains("no response of the upstream"), "{lines}");
        assert!(!lines.contains("hunter2"), "{lines}");
    }
}

#[test]
fn who_does_not_read_the_log_does_not_stop_the_server() {
    let (server, admin) = with(&["--access-log=combined", "--max-requests=1000000"]);
    let agent = "x".repeat(1000);
    let request = format!("HEAD / HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\n\r\n").repeat(50);
    let mut connection = server.connect();
    // More lines than the queue, its writer's buffer and the pipe have room for.
    for _ in 0..200 {
        connection.send(request.as_bytes());
        for _ in 0..50 {
            assert_eq!(connection.response("HEAD").status, 200);
        }
    }
    let metrics = admin_says(admin, "/metrics").1;
    let dropped = metrics.split("hardtack_log_lines_dropped_total{log=\"access\"} ").nth(1);
    let dropped: u64 = dropped.unwrap().lines().next().unwrap().parse().unwrap();
    assert!(dropped > 0 && dropped < 10_000, "{dropped}");
    assert_eq!(connection.request("GET", "/", &[]).status, 200);
    drop(connection);
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
}

#[test]
fn nor_does_who_has_gone() {
    let mut server = Server::of(hardtack().args(["serve", "--access-log=combined"]));
    drop(server.output.take());
    for _ in 0..100 {
        assert_eq!(server.get("/", &[]).status, 200);
    }
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
}

/// A server as a service manager starts it: its standard error is no terminal.
struct Service {
    process: Child,
    lines: BufReader<std::process::ChildStderr>,
}

impl Service {
    fn start(options: &[&str]) -> Self {
        let mut command = hardtack();
        command.env_remove("HARDTACK_LOG_FORMAT").args(["serve", "--listen=127.0.0.1:0"]);
        let mut process = command.args(options).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap());
        Self { process, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(name).arg(self.process.id().to_string()).status();
        assert!(status.unwrap().success());
    }

    /// Ends it, and returns what it had still to say.
    fn end(mut self) -> String {
        self.signal("-TERM");
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert!(self.process.wait().unwrap().success());
        rest
    }
}

#[test]
fn the_process_log_is_json_where_there_is_no_terminal() {
    let mut service = Service::start(&["--proxy-protocol-from=unix"]);
    let first: Value = serde_json::from_str(&service.line()).unwrap();
    assert_eq!(first["level"], "INFO");
    assert!(first["message"].as_str().unwrap().starts_with("serving "), "{first}");
    assert!(first["sandbox"].is_string() && first["release"].is_string(), "{first}");
    let url = first["listening"].as_str().unwrap();
    let address = url.strip_prefix("http://").unwrap().trim_end_matches('/').parse().unwrap();
    assert_eq!(Connection::to(address).request("GET", "/", &[]).status, 200);
    service.signal("-HUP");
    let second: Value = serde_json::from_str(&service.line()).unwrap();
    assert_eq!(second["message"], "there is no certificate to read again");
    assert_eq!(service.end(), "");
}

#[test]
fn the_process_log_is_for_people_if_they_want() {
    let mut server = Server::of(hardtack().arg("--log-format=human").stderr(Stdio::piped()));
    let mut lines = BufReader::new(server.process.stderr.take().unwrap()).lines();
    server.signal("-HUP");
    let line = lines.next().unwrap().unwrap();
    assert_eq!(line, " INFO there is no certificate to read again");
}

/// Whether the log has a line of a reload, and one of a client that sends no PROXY header.
#[track_caller]
fn is_logged(level: &str, reload: bool, client: bool) {
    let options = ["serve", "--proxy-protocol-from=127.0.0.1", "--log-level", level];
    let mut server = Server::of(hardtack().args(options).stderr(Stdio::piped()));
    let mut stderr = server.process.stderr.take().unwrap();
    server.signal("-HUP");
    let mut stranger = server.connect();
    stranger.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    closed(stranger);
    rest_of(server);
    let mut lines = String::new();
    stderr.read_to_string(&mut lines).unwrap();
    assert_eq!(lines.contains("no certificate to read again"), reload, "{lines}");
    assert_eq!(lines.contains("no valid header of the PROXY protocol"), client, "{lines}");
}

#[test]
fn severities() {
    is_logged("error", false, false);
    is_logged("warn", false, false);
    is_logged("info", true, false);
    is_logged("debug", true, true);
}
