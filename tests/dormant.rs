//! Dormant connections: they have waited for a request for so long that they have no task any more.

mod common;

use std::{
    io::{Read, Write},
    net::SocketAddr,
    os::unix::net::UnixStream,
    process::Command,
    thread,
    time::Duration,
};

use common::{
    Connection, PATIENCE, Response, Server, folder, hardtack,
    process::until,
    tls::{Certificate, CertificateFiles, client},
};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use serde_json::Value;

const GET: &[u8] = b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A server, and its admin listener.
struct Watched {
    server: Server,
    admin: SocketAddr,
}

impl Watched {
    fn with(options: &[&str]) -> Self {
        Self::of(hardtack().args(options))
    }

    fn of(command: &mut Command) -> Self {
        let mut server = Server::of(command.arg("--admin-listen=127.0.0.1:0"));
        let admin = server.also_at("admin      http://");
        Self { server, admin }
    }

    /// Waits until the metrics have this line.
    #[track_caller]
    fn becomes(&self, line: &str) {
        until(line, || {
            let metrics = Connection::to(self.admin).request("GET", "/metrics", &[]).body;
            let metrics = String::from_utf8(metrics).unwrap();
            metrics.lines().any(|one| one == line).then_some(())
        });
    }

    /// Waits until so many connections are dormant.
    #[track_caller]
    fn has_dormant(&self, connections: usize) {
        self.becomes(&format!("hardtack_connections_dormant {connections}"));
    }

    /// Connections that have had a request each.
    fn used(&self, connections: usize) -> Vec<Connection> {
        let mut used: Vec<_> = (0..connections).map(|_| self.server.connect()).collect();
        used.iter_mut().for_each(|one| drop(ask(one)));
        used
    }

    /// Stops the worker, does something, and lets the worker go on after a time.
    fn stall<T>(&self, time: Duration, meanwhile: impl FnOnce() -> T) -> T {
        let [worker] = self.server.children()[..] else { panic!("it has one worker") };
        let worker = Pid::from_raw(worker.cast_signed()).unwrap();
        kill_process(worker, Signal::STOP).unwrap();
        let done = meanwhile();
        thread::sleep(time);
        kill_process(worker, Signal::CONT).unwrap();
        done
    }

    /// A connection that is dormant, the only one.
    fn dormant(&self) -> Connection {
        let connection = self.used(1).remove(0);
        self.has_dormant(1);
        connection
    }
}

#[track_caller]
fn ask<S: Read + Write>(connection: &mut Connection<S>) -> Response {
    let response = connection.request("GET", "/robots.txt", &[]);
    assert_eq!(response.status, 200);
    response
}

/// As many open files as the system allows.
fn allow_open_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

#[test]
fn each_of_a_thousand_answers_again_and_again() {
    allow_open_files();
    let it = Watched::with(&["--threads=2"]);
    let mut connections = it.used(500);
    connections.extend((0..500).map(|_| it.server.connect()));
    it.has_dormant(1000);
    // Requests of all that wait until the last one is sent.
    connections.iter_mut().for_each(|one| one.send(&GET.repeat(2)));
    for connection in &mut connections {
        assert_eq!(
            (connection.response("GET").status, connection.response("GET").status),
            (200, 200)
        );
    }
    it.has_dormant(0);
    it.has_dormant(1000);
    connections.iter_mut().for_each(|one| drop(ask(one)));
    it.becomes("hardtack_connections_open 1000");
    it.has_dormant(1000);
    drop(connections);
    it.becomes("hardtack_connections_open 0");
    it.has_dormant(0);
}

#[test]
fn the_idle_time_goes_on() {
    let it = Watched::with(&["--idle-timeout=12"]);
    let mut used = it.used(1).remove(0);
    let mut unused = it.server.connect();
    it.has_dormant(2);
    ask(&mut used);
    assert!(unused.is_closed());
    it.has_dormant(1);
    assert!(used.is_closed());
    it.becomes("hardtack_timeouts_total{kind=\"idle\"} 2");
    it.becomes("hardtack_connections_open 0");
    it.has_dormant(0);
}

/// They came while the thread had no time.
#[test]
fn requests_that_came_before_the_end_of_the_idle_time_are_answered() {
    let it = Watched::with(&["--idle-timeout=7", "--threads=1"]);
    let mut connections = it.used(50);
    it.has_dormant(50);
    it.stall(Duration::from_millis(2_500), || {
        connections.iter_mut().for_each(|one| one.send(GET));
    });
    for connection in &mut connections {
        assert_eq!(connection.response("GET").status, 200);
    }
}

#[test]
fn a_request_that_came_before_a_new_client_is_answered() {
    let it = Watched::with(&["--max-connections=3", "--threads=1"]);
    let mut connections = it.used(3);
    it.has_dormant(3);
    let new = it.stall(Duration::ZERO, || {
        connections.iter_mut().for_each(|one| one.send(GET));
        it.server.connect()
    });
    for connection in &mut connections {
        assert_eq!(connection.response("GET").status, 200);
    }
    drop((connections, new));
    it.becomes("hardtack_connections_open 0");
}

/// It finds out at once that a connection is to be parked, and dormant.
#[test]
fn a_stall_of_the_thread_keeps_no_connection_awake() {
    let it = Watched::with(&["--threads=1"]);
    let connections = it.used(3);
    it.stall(Duration::from_secs(6), || ());
    it.has_dormant(3);
    drop(connections);
}

#[test]
fn a_client_that_goes_frees_its_place() {
    let it = Watched::with(&["--max-connections-per-address=1"]);
    let connection = it.dormant();
    assert!(it.server.connect().is_closed());
    drop(connection);
    it.becomes("hardtack_connections_open 0");
    ask(&mut it.server.connect());
}

#[test]
fn the_one_that_has_waited_the_longest_goes_for_a_new_client() {
    let it = Watched::with(&["--max-connections=3", "--threads=2"]);
    let mut connections = it.used(3);
    it.has_dormant(3);
    // It has waited the shortest from now on. The others began at almost one time.
    ask(&mut connections[0]);
    ask(&mut it.server.connect());
    it.becomes("hardtack_connections_displaced_total 1");
    let gone = connections[1..].iter_mut().filter_map(|one| {
        one.send(GET);
        one.is_closed().then_some(())
    });
    assert_eq!(gone.count(), 1);
    ask(&mut connections[0]);
}

#[test]
fn a_request_that_wakes_one_has_to_come_in_time() {
    let it = Watched::with(&["--header-timeout=1"]);
    let mut connection = it.dormant();
    connection.send(b"GET /robots.txt HTTP/1.1\r\n");
    assert!(connection.is_closed());
    it.becomes("hardtack_timeouts_total{kind=\"header\"} 1");
}

#[test]
fn a_request_that_wakes_one_may_come_in_pieces() {
    let it = Watched::with(&[]);
    let mut connection = it.dormant();
    connection.send(b"G");
    it.has_dormant(0);
    connection.send(b"ET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(connection.response("GET").status, 200);
}

#[test]
fn its_requests_and_its_age_count_from_its_beginning() {
    let cases = [
        ("--max-requests=2", Some("close")),
        ("--max-requests=3", None),
        ("--max-connection-age=5", Some("close")),
        ("--no-short-way", None),
    ];
    let mut used = cases.map(|(option, said)| {
        let it = Watched::with(&[option]);
        (it.used(1).remove(0), it, option, said)
    });
    for (connection, it, option, said) in &mut used {
        it.has_dormant(1);
        assert_eq!(ask(connection).header("connection"), *said, "{option}");
        if said.is_some() {
            assert!(connection.is_closed(), "{option}");
        }
    }
}

#[test]
fn its_client_is_still_known() {
    let mut it = Watched::with(&["--proxy-protocol-from=127.0.0.1", "--access-log=json"]);
    let mut connection = it.server.connect();
    connection.send(b"PROXY TCP4 192.0.2.1 127.0.0.1 1 80\r\n");
    ask(&mut connection);
    it.has_dormant(1);
    ask(&mut connection);
    for _ in 0..2 {
        let line: Value = serde_json::from_str(&it.server.line().unwrap()).unwrap();
        assert_eq!(line["client"], "192.0.2.1");
    }
}

#[test]
fn those_of_a_unix_socket_answer_and_those_with_tls_are_never_dormant() {
    let certificate = Certificate::new();
    let folder = folder(&[]);
    let path = folder.path().join("site.sock");
    let files = CertificateFiles::of(&certificate);
    let mut command = files.command();
    command.arg("--listen").arg(format!("unix:{}", path.display()));
    let it = Watched::of(&mut command);
    let mut over_tls = it.server.connect_tls(&client(&[&certificate], &[]));
    ask(&mut over_tls);
    let stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut local = Connection::over(stream);
    ask(&mut local);
    it.has_dormant(1);
    ask(&mut local);
    it.has_dormant(0);
    ask(&mut over_tls);
    it.has_dormant(1);
    drop(local);
    it.has_dormant(0);
    it.becomes("hardtack_connections_open 1");
    ask(&mut over_tls);
}

#[test]
fn at_the_end_it_answers_once_more_or_is_closed() {
    let it = Watched::with(&["--shutdown-delay=3600"]);
    let [mut asks, mut waits] = <[_; 2]>::try_from(it.used(2)).ok().unwrap();
    it.has_dormant(2);
    it.server.signal("-TERM");
    it.becomes("hardtack_draining 1");
    assert_eq!(ask(&mut asks).header("connection"), Some("close"));
    assert!(asks.is_closed());
    it.server.signal("-TERM");
    assert!(waits.is_closed());
    assert_eq!(it.server.wait(), 0);
}
