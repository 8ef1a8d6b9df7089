//! Each limit, by breaking it; and a good client beside, which notices nothing.

mod common;

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use common::{
    Connection, PATIENCE, Server, executable, folder,
    frames::{self, DATA, INITIAL_WINDOW_SIZE, PING, RST_STREAM},
    hardtack,
    http2::Http2,
    pack,
    process::{processor_time, status, thread_named, until},
    stderr,
    tls::Installed,
};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use socket2::{Domain, Socket, Type};

/// The server, with a second for each of what a client can take its time for.
fn impatient(limit: &str) -> Server {
    Server::of(hardtack().args(["serve", limit, "1"]))
}

/// The server with these options.
fn with(options: &[&str]) -> Server {
    Server::of(hardtack().arg("serve").args(options))
}

/// Whether the connection is closed by the server; waits for it.
fn is_closed(connection: &mut Connection) -> bool {
    match connection.stream.read(&mut [0; 1]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_header_has_to_come_in_time() {
    let server = impatient("--header-timeout");
    let mut slow = server.connect();
    let mut good = server.connect();
    slow.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n");
    // A byte now and then does not help: the time is for the whole header.
    let mut writer = slow.stream.get_ref().try_clone().unwrap();
    let trickle = thread::spawn(move || {
        while writer.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    assert!(is_closed(&mut slow));
    slow.stream.get_ref().shutdown(Shutdown::Both).ok();
    trickle.join().unwrap();
    assert_eq!(good.request("GET", "/", &[]).status, 200);
}

#[test]
fn a_later_header_too() {
    let server = impatient("--header-timeout");
    let mut slow = server.connect();
    assert_eq!(slow.request("GET", "/", &[]).status, 200);
    slow.send(b"GET / HTTP/1.1\r\n");
    assert!(is_closed(&mut slow));
}

#[test]
fn a_connection_is_not_kept_for_ever() {
    let server = impatient("--idle-timeout");
    let mut never_used = server.connect();
    let mut used = server.connect();
    assert_eq!(used.request("GET", "/", &[]).status, 200);
    assert!(is_closed(&mut used));
    assert!(is_closed(&mut never_used));
}

#[test]
fn a_response_has_to_be_taken() {
    let server = impatient("--write-timeout");
    let mut good = server.connect();
    let slow = server.connect();
    // More responses than the sockets' buffers hold, and none of them read.
    let request = b"GET /img/grain.png HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut writer = slow.stream.get_ref().try_clone().unwrap();
    writer.set_write_timeout(Some(PATIENCE)).unwrap();
    let error = loop {
        if let Err(error) = writer.write_all(request) {
            break error;
        }
    };
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    assert_eq!(good.request("GET", "/", &[]).status, 200);
}

/// The status of the response to a request whose header section has so many bytes.
fn status_of_bytes(server: &Server, bytes: usize) -> u16 {
    let rest = "GET / HTTP/1.1\r\nHost: localhost\r\nX: \r\n\r\n".len();
    status_of(server, &format!("Host: localhost\r\nX: {}\r\n", "1".repeat(bytes - rest)))
}

/// The same with so many fields; one of them is `Host`.
fn status_of_fields(server: &Server, fields: usize) -> u16 {
    let others: String = (1..fields).map(|number| format!("X-{number}: 1\r\n")).collect();
    status_of(server, &format!("Host: localhost\r\n{others}"))
}

fn status_of(server: &Server, fields: &str) -> u16 {
    let mut connection = server.connect();
    connection.send(format!("GET / HTTP/1.1\r\n{fields}\r\n").as_bytes());
    let line = connection.stream.read_line_of_status();
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest[..3].parse().ok());
    status.unwrap_or_else(|| panic!("no status: {line:?}"))
}

#[test]
fn a_header_section_has_so_many_bytes() {
    let server = Server::start();
    let mut good = server.connect();
    assert_eq!(status_of_bytes(&server, 32 * 1024), 200);
    assert_eq!(status_of_bytes(&server, 32 * 1024 + 1), 431);
    assert_eq!(status_of_bytes(&server, 80 * 1024), 431);
    assert_eq!(good.request("GET", "/", &[]).status, 200);
    let strict = with(&["--max-header-bytes", "10000"]);
    assert_eq!(status_of_bytes(&strict, 10_000), 200);
    assert_eq!(status_of_bytes(&strict, 10_001), 431);
}

#[test]
fn a_header_section_has_so_many_fields() {
    let server = Server::start();
    let mut good = server.connect();
    assert_eq!(status_of_fields(&server, 100), 200);
    assert_eq!(status_of_fields(&server, 101), 431);
    assert_eq!(good.request("GET", "/", &[]).status, 200);
    for most in [3, 250] {
        let server = with(&["--max-header-fields", &most.to_string()]);
        assert_eq!(status_of_fields(&server, most), 200, "{most}");
        assert_eq!(status_of_fields(&server, most + 1), 431, "{most}");
    }
}

/// hyper's own answer to such a message has no length, so it is not read as a response.
trait StatusLine {
    fn read_line_of_status(&mut self) -> String;
}

impl<R: BufRead> StatusLine for R {
    fn read_line_of_status(&mut self) -> String {
        let mut line = String::new();
        self.read_line(&mut line).expect("a line");
        line
    }
}

#[test]
fn a_time_that_is_none_is_an_error() {
    for value in ["0", "-1", "x", "86401", "1s"] {
        let error = stderr(hardtack().arg(format!("--idle-timeout={value}")), 2);
        assert!(error.contains("a number of seconds, from 1 to 86400"), "{error}");
    }
    let server = Server::of(hardtack().env("HARDTACK_IDLE_TIMEOUT", ""));
    assert_eq!(server.get("/", &[]).status, 200);
}

#[test]
fn a_target_has_so_many_bytes() {
    let server = Server::start();
    let mut connection = server.connect();
    let target = |bytes: usize| format!("/?{}", "x".repeat(bytes - 2));
    assert_eq!(connection.request("GET", &target(8192), &[]).status, 200);
    assert_eq!(connection.request("GET", &target(8193), &[]).status, 414);
    let server = with(&["--max-uri-bytes", "20"]);
    let mut connection = server.connect();
    assert_eq!(connection.request("GET", &target(20), &[]).status, 200);
    let refused = connection.request("GET", &target(21), &[]);
    assert_eq!((refused.status, refused.header("cache-control")), (414, Some("no-store")));
    assert_eq!(connection.request("GET", "/", &[]).status, 200);
}

/// Bytes of a file that a client gets which takes some every now and then, and never stalls.
fn taken_by_trickle(command: &mut Command, min_rate: &str) -> usize {
    let server = Server::of(command.args(["serve", "--write-timeout=2", "--min-rate", min_rate]));
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // The system takes little of a response that is on its way.
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.connect(&server.address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.write_all(b"GET /large.png HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut some = [0; 32 * 1024];
    let mut taken = 0;
    while let Ok(bytes @ 1..) = stream.read(&mut some) {
        taken += bytes;
        thread::sleep(Duration::from_millis(20));
    }
    // A client that takes all there is, at once, is none that is slow.
    assert!(server.get("/large.png", &[]).body.len() == LARGE);
    taken
}

const LARGE: usize = 3_000_000;

#[test]
fn a_response_has_to_be_taken_fast_enough() {
    let site = folder(&[("large.png", &[b'x'; LARGE])]);
    let packed = pack(site.path(), &[]);
    let any_rate = thread::spawn({
        let mut command = packed.command();
        move || taken_by_trickle(&mut command, "0")
    });
    let taken = taken_by_trickle(&mut packed.command(), "1000000000");
    assert!(taken < LARGE, "{taken}");
    assert!(any_rate.join().unwrap() > LARGE);
}

/// Whether nothing has come, and the connection is open.
fn is_waiting(connection: &Connection) -> bool {
    let stream = connection.stream.get_ref();
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0; 1]);
    stream.set_nonblocking(false).unwrap();
    peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

const GET: &[u8] = b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[track_caller]
fn beyond_so_many_busy_connections_others_wait(most: usize, threads: &str) {
    let server = with(&["--max-connections", &most.to_string(), "--threads", threads]);
    // Each is amid a request, so none is closed for another one.
    let (first, rest) = GET.split_at(20);
    let mut served: Vec<_> = (0..most).map(|_| server.connect()).collect();
    served.iter_mut().for_each(|one| one.send(first));
    let ask_all = |served: &mut Vec<Connection>| {
        served.iter_mut().for_each(|one| one.send(&[rest, first].concat()));
        let statuses = served.iter_mut().map(|one| one.response("GET").status);
        assert!(statuses.into_iter().all(|status| status == 200));
    };
    ask_all(&mut served);
    let mut waiting: Vec<_> = (0..5).map(|_| server.connect()).collect();
    waiting.iter_mut().for_each(|one| one.send(GET));
    for _ in 0..20 {
        ask_all(&mut served);
    }
    assert!(waiting.iter().all(is_waiting));
    // Each that ends lets another one in.
    drop(served);
    while !waiting.is_empty() {
        let next = until("one of them is served", || waiting.iter().position(|it| !is_waiting(it)));
        assert_eq!(waiting.remove(next).response("GET").status, 200);
    }
}

#[test]
fn there_are_so_many_connections() {
    beyond_so_many_busy_connections_others_wait(1, "1");
    beyond_so_many_busy_connections_others_wait(1, "3");
    beyond_so_many_busy_connections_others_wait(4, "3");
}

/// The idle timeout is far longer than the test has patience.
#[test]
fn who_waits_for_nothing_gives_its_place_to_a_new_client() {
    for threads in ["1", "3"] {
        let options = ["--h2c", "--max-connections=6", "--admin-listen=127.0.0.1:0"];
        let mut server = with(&[&options[..], &["--threads", threads]].concat());
        let admin = server.also_at("admin      http://");
        let _silent = [server.connect(), server.connect()];
        let mut kept = [server.connect(), server.connect()];
        kept.iter_mut().for_each(|one| assert_eq!(one.request("GET", "/", &[]).status, 200));
        let over_http2 =
            [(); 2].map(|()| frames::Http2::over(TcpStream::connect(server.address).unwrap(), &[]));
        // Connections of HTTP/2 are looked at once a second.
        thread::sleep(Duration::from_secs(3));
        let mut newcomers = Vec::new();
        for _ in 0..30 {
            let mut newcomer = server.connect();
            assert_eq!(newcomer.request("GET", "/", &[]).status, 200);
            newcomers.push(newcomer);
        }
        assert!(kept.iter_mut().all(is_closed));
        for mut client in over_http2 {
            client.wait_for(frames::GOAWAY);
            while client.frame().is_some() {}
        }
        let figures = Connection::to(admin).request("GET", "/metrics", &[]).body;
        let figures = String::from_utf8(figures).unwrap();
        assert!(figures.contains("hardtack_connections_displaced_total 30\n"), "{figures}");
        // The last ones are still there.
        let last = newcomers.last_mut().unwrap();
        assert_eq!(last.request("GET", "/", &[]).status, 200);
    }
}

/// A connection from an address of this machine.
fn connect_from(address: [u8; 4], server: &Server) -> Connection {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::from(address), 0)).into()).unwrap();
    socket.connect(&server.address.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Connection { stream: BufReader::new(stream) }
}

#[test]
fn an_address_has_so_many_connections() {
    let server = with(&["--max-connections-per-address", "2"]);
    let mut served = [server.connect(), server.connect()];
    served.iter_mut().for_each(|one| assert_eq!(one.request("GET", "/", &[]).status, 200));
    assert!(is_closed(&mut server.connect()));
    let mut other = connect_from([127, 0, 0, 2], &server);
    assert_eq!(other.request("GET", "/", &[]).status, 200);
    served.iter_mut().for_each(|one| assert_eq!(one.request("GET", "/", &[]).status, 200));
    drop(served);
    until("there is room again", || {
        let mut connection = server.connect();
        connection.stream.get_mut().write_all(GET).ok()?;
        (!is_closed(&mut connection)).then_some(())
    });
}

#[test]
fn a_connection_has_so_many_requests() {
    let server = with(&["--max-requests", "3"]);
    let mut connection = server.connect();
    for said in [None, None, Some("close")] {
        let response = connection.request("GET", "/", &[]);
        assert_eq!((response.status, response.header("connection")), (200, said));
    }
    assert!(is_closed(&mut connection));
    // Those that a client has sent beyond are not answered, and it knows that it has to ask again.
    let mut pipelining = server.connect();
    pipelining.send(&GET.repeat(5));
    for said in [None, None, Some("close")] {
        assert_eq!(pipelining.response("GET").header("connection"), said);
    }
    assert!(is_closed(&mut pipelining));
}

#[test]
fn a_connection_has_so_much_time() {
    let server = impatient("--max-connection-age");
    let mut connection = server.connect();
    until("it is told to go", || {
        let response = connection.request("GET", "/", &[]);
        assert_eq!(response.status, 200);
        response.header("connection").map(|said| assert_eq!(said, "close"))
    });
    assert!(is_closed(&mut connection));
    assert_eq!(server.get("/", &[]).header("connection"), None);
}

/// Longer than a connection may be idle before it is parked.
const PARKED: Duration = Duration::from_millis(1300);

#[test]
fn a_parked_connection_still_answers() {
    let server = Server::start();
    let (first, rest) = GET.split_at(20);
    let mut used = server.connect();
    let mut unused = server.connect();
    let mut halfway = server.connect();
    used.request("GET", "/", &[]);
    halfway.send(&[GET, first].concat());
    assert_eq!(halfway.response("GET").status, 200);
    for requests in [1, 2, 50] {
        thread::sleep(PARKED);
        for connection in [&mut used, &mut unused] {
            connection.send(&GET.repeat(requests));
            for _ in 0..requests {
                assert_eq!(connection.response("GET").status, 200);
            }
        }
        // The rest of one request, and the beginning of another one.
        halfway.send(&[rest, &GET.repeat(requests), first].concat());
        for _ in 0..=requests {
            assert_eq!(halfway.response("GET").status, 200);
        }
    }
}

#[test]
fn a_parked_connection_is_closed_in_the_end() {
    let server = with(&["--idle-timeout=2"]);
    let mut connection = server.connect();
    for _ in 0..2 {
        assert_eq!(connection.request("GET", "/", &[]).status, 200);
        thread::sleep(PARKED);
    }
    assert!(is_closed(&mut connection));
}

#[test]
fn a_request_that_wakes_a_parked_connection_has_to_come_in_time() {
    let server = impatient("--header-timeout");
    let mut connection = server.connect();
    assert_eq!(connection.request("GET", "/", &[]).status, 200);
    thread::sleep(PARKED);
    connection.send(b"GET / HTTP/1.1\r\n");
    assert!(is_closed(&mut connection));
}

#[test]
fn a_request_that_begins_behind_another_one_has_to_come_in_time() {
    for options in [&["--header-timeout=1"][..], &["--header-timeout=1", "--no-short-way"]] {
        let server = with(options);
        let mut connection = server.connect();
        connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n");
        assert_eq!(connection.response("GET").status, 200);
        assert!(is_closed(&mut connection), "{options:?}");
    }
}

/// The lines on a process's standard error, as they come.
fn lines_of_stderr(server: &mut Server) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    let stderr = BufReader::new(server.process.stderr.take().expect("piped"));
    thread::spawn(move || {
        stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    lines
}

#[test]
fn without_file_descriptors_it_waits_for_some() {
    let mut command = hardtack();
    let mut server = Server::of(command.args(["serve", "--threads=1"]).stderr(Stdio::piped()));
    let lines = lines_of_stderr(&mut server);
    // The system takes some back, after the server has counted them.
    let fewer = Rlimit { current: Some(40), maximum: Some(40) };
    prlimit(Some(Pid::from_raw(server.worker() as i32).unwrap()), Resource::Nofile, fewer).unwrap();
    let mut good = server.connect();
    assert_eq!(good.request("GET", "/", &[]).status, 200);
    let mut crowd: Vec<_> = (0..60).map(|_| server.connect()).collect();
    crowd.iter_mut().for_each(|one| one.send(GET));
    let line = lines.recv_timeout(PATIENCE).unwrap();
    assert!(line.contains("cannot accept connections for now"), "{line}");

    // It sleeps between its attempts.
    let worker = server.worker();
    let thread = thread_named(worker, "hardtack-serve");
    let sleeps = || status(thread, "voluntary_ctxt_switches").parse::<u64>().unwrap();
    let (slept, worked) = (sleeps(), processor_time(worker));
    until("it has slept twenty times", || (sleeps() >= slept + 20).then_some(()));
    assert!(processor_time(worker) < worked + 50);
    assert_eq!(good.request("GET", "/", &[]).status, 200);
    assert!(lines.try_recv().is_err(), "it is said once");

    // The connections that were let in end, and so the others are let in.
    let waiting: Vec<_> = crowd.iter().map(is_waiting).collect();
    assert!(waiting.contains(&true) && waiting.contains(&false), "{waiting:?}");
    while let Some(served) = crowd.iter().position(|one| !is_waiting(one)) {
        assert_eq!(crowd.swap_remove(served).response("GET").status, 200);
        if !crowd.is_empty() {
            until("another one is served", || crowd.iter().find(|one| !is_waiting(one)));
        }
    }
    assert_eq!(good.request("GET", "/", &[]).status, 200);
}

/// The libraries beneath have limits of their own, at which they panic.
#[test]
fn the_largest_header_that_an_option_allows_is_answered() {
    let server = with(&["--h2c", "--max-header-bytes=262144", "--max-header-fields=4096"]);
    let status = |fields: usize| {
        let fields: String = (0..fields).map(|field| format!("x{field}: 1\r\n")).collect();
        let mut connection = server.connect();
        connection.send(format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").as_bytes());
        connection.response("GET").status
    };
    assert_eq!((status(4095), status(4096), status(20_000)), (200, 431, 431));
    let fields: Vec<_> = (0..7000).map(|field| (format!("x{field}"), "1")).collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, *value)).collect();
    let mut client = Http2::to(server.address);
    assert_eq!(client.get("/", &fields).status, 431);
    assert_eq!(client.get("/", &fields[..4000]).status, 200);
    for option in ["--max-header-fields=4097", "--max-header-bytes=262145", "--max-streams=10001"] {
        let refused = hardtack().args(["serve", option]).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{option}");
    }
}

/// The server counts the descriptors that it may have, and some are left for everything that it does.
#[test]
fn with_few_file_descriptors_there_are_fewer_places() {
    let mut shell = executable("/bin/sh".as_ref());
    shell.args(["-c", "ulimit -n 60 && exec \"$0\" serve --threads 1 \"$@\""]);
    shell.arg(env!("CARGO_BIN_EXE_hardtack")).stderr(Stdio::piped());
    let mut server = Server::of(&mut shell);
    let lines = lines_of_stderr(&mut server);
    let line = lines.recv_timeout(PATIENCE).unwrap();
    assert!(line.contains("the limit of open files leaves room for fewer"), "{line}");
    let mut crowd = Vec::new();
    for _ in 0..200 {
        let mut one = server.connect();
        assert_eq!(one.request("GET", "/", &[]).status, 200);
        crowd.push(one);
    }
    assert!(lines.try_recv().is_err(), "accepting never fails");
}

#[test]
fn clients_of_the_admin_listener_take_nothing_from_others() {
    let mut shell = executable("/bin/sh".as_ref());
    let script = "ulimit -n 200 && exec \"$0\" serve --threads 1 --admin-listen 127.0.0.1:0 \"$@\"";
    let mut server = Server::of(shell.args(["-c", script, env!("CARGO_BIN_EXE_hardtack")]));
    let admin = server.also_at("admin      http://");
    let mut halfway: Vec<_> = (0..300).map(|_| Connection::to(admin)).collect();
    halfway
        .iter_mut()
        .for_each(|one| drop(one.stream.get_mut().write_all(b"GET /healthz HTTP/1.1\r\n")));
    assert_eq!(server.get("/", &[]).status, 200);
    assert_eq!(Connection::to(admin).request("GET", "/healthz", &[]).status, 200);
    assert!(is_closed(&mut halfway[0]));
}

/// An acknowledgement of a PING that was never sent.
const STRAY_ACK: &[u8] = b"\0\0\x08\x06\x01\0\0\0\0stray...";

#[test]
fn a_client_of_http2_writes_nothing_into_the_log() {
    let mut command = hardtack();
    command.args(["serve", "--h2c", "--log-level=debug"]).stderr(Stdio::piped());
    let mut server = Server::of(&mut command);
    let lines = lines_of_stderr(&mut server);
    let mut client = connect_by_http2(&server);
    client.send(&STRAY_ACK.repeat(10_000));
    drop(client);
    for _ in 0..3 {
        assert_eq!(Http2::to(server.address).get("/", &[]).status, 200);
    }
    let written: Vec<_> = lines.try_iter().collect();
    assert!(written.len() < 10, "{written:#?}");
}

/// hyper and h2 answer by themselves to bytes that never become a request.
#[test]
fn an_answer_of_the_library_beneath_is_not_stored_and_is_seen() {
    let mut command = hardtack();
    command.args(["serve", "--h2c", "--access-log=combined", "--max-header-bytes=8192"]);
    let mut server = Server::of(command.args(["--admin-listen=127.0.0.1:0"]));
    let admin = server.also_at("admin      http://");
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nx: {}\r\n\r\n", "x".repeat(9000));
    let good = "GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (bytes, status) in [
        ("GET / HTTP/1.1\r\nHost: localhost\r\na\x01: b\r\n\r\n".to_owned(), 400),
        ("G@T / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET /\x7f HTTP/9.9\r\n\r\n".to_owned(), 400),
        (long.clone(), 431),
        (format!("{good}{long}"), 431),
        (format!("{good}\r\nG@T / HTTP/1.1\r\n\r\n"), 400),
    ] {
        let mut client = server.connect();
        client.send(bytes.as_bytes());
        if bytes.starts_with(good) {
            assert_eq!(client.response("GET").status, 200);
        }
        let refused = client.response("GET");
        assert_eq!((refused.status, refused.header("cache-control")), (status, Some("no-store")));
        assert_eq!(refused.header("connection"), Some("close"), "{bytes:?}");
        assert!(is_closed(&mut client));
    }
    let long = "x".repeat(9000);
    let mut client = Http2::to(server.address);
    for _ in 0..3 {
        let refused = client.get("/", &[("a", &long)]);
        assert_eq!((refused.status, refused.header("cache-control")), (431, Some("no-store")));
        assert_eq!(client.get("/", &[]).status, 200);
    }
    let metrics = Connection::to(admin).request("GET", "/metrics", &[]);
    let metrics = String::from_utf8(metrics.body).unwrap();
    let count = |status: &str| -> u64 {
        let of_status =
            metrics.lines().filter(|line| line.contains(&format!("status=\"{status}\"")));
        of_status.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    };
    assert_eq!((count("400"), count("431")), (4, 5));
}

#[test]
fn a_request_without_tls_on_a_port_with_tls_is_told_so() {
    let certificate = Installed::new();
    let mut command = hardtack();
    command.args(["serve", "--listen=127.0.0.1:0", "--listen=https://127.0.0.1:0"]);
    let mut server = Server::of(command.args(certificate.options()));
    let tls = server.also_at("https://");
    let refused = Connection::to(tls).request("GET", "/", &[]);
    assert_eq!((refused.status, refused.header("cache-control")), (400, Some("no-store")));
    assert_eq!(refused.body, b"400 Bad Request: this port speaks TLS: ask for https://\n");
    assert_eq!(certificate.connect(tls).request("GET", "/", &[]).status, 200);
}

/// The preface of a client of HTTP/2 that leaves no room for content, as long as it says no more
/// (RFC 9113 §6.5.2: `SETTINGS_INITIAL_WINDOW_SIZE` is 0).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";

fn connect_by_http2(server: &Server) -> Connection {
    let mut connection = server.connect();
    connection.send(PREFACE);
    connection
}

/// The type and the payload of the next frame.
fn frame(connection: &mut Connection) -> (u8, Vec<u8>) {
    let mut head = [0; 9];
    connection.stream.read_exact(&mut head).unwrap();
    let mut payload = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
    connection.stream.read_exact(&mut payload).unwrap();
    (head[3], payload)
}

#[test]
fn a_connection_of_http2_has_so_many_streams() {
    const MAX_CONCURRENT_STREAMS: u8 = 3;
    for (options, most) in [(&["--h2c"][..], 100), (&["--h2c", "--max-streams=7"], 7)] {
        let (kind, settings) = frame(&mut connect_by_http2(&with(options)));
        assert_eq!(kind, 4);
        let mut said = settings.chunks(6).filter(|it| it[1] == MAX_CONCURRENT_STREAMS);
        assert_eq!(said.next().unwrap()[2..], u32::to_be_bytes(most));
    }
}

/// With an application, the windows for content are large, and small when there are many.
#[test]
fn the_windows_of_http2_have_a_bound() {
    let server = with(&["--h2c", "--threads=1", "--upstream=http://127.0.0.1:1"]);
    let window = || {
        let mut connection = connect_by_http2(&server);
        let (kind, settings) = frame(&mut connection);
        assert_eq!(kind, 4);
        let window = settings.chunks(6).find(|it| it[1] == 4).unwrap();
        (u32::from_be_bytes(window[2..].try_into().unwrap()), connection)
    };
    let (first, kept) = window();
    assert_eq!(first, 4 << 20);
    let mut crowd: Vec<_> = (0..300).map(|_| window()).collect();
    assert_eq!(crowd.last().unwrap().0, 65_535);
    crowd.clear();
    until("there is room again", || (window().0 > 1 << 20).then_some(()));
    drop(kept);
}

#[test]
fn http2_has_the_same_limits_of_a_request() {
    let limits = ["--h2c", "--max-header-fields=5", "--max-uri-bytes=20"];
    let server = with(&limits);
    let mut good = Http2::to(server.address);
    let mut client = Http2::to(server.address);
    let fields = [("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "1"), ("f", "1")];
    assert_eq!(client.get("/", &fields[..5]).status, 200);
    assert_eq!(client.get("/", &fields).status, 431);
    assert_eq!(client.get("/?345678901234567890", &[]).status, 200);
    for method in ["GET", "HEAD"] {
        let refused = client.request(method, "/?3456789012345678901", &[], "");
        assert_eq!((refused.status, refused.body.is_empty()), (414, method == "HEAD"));
    }
    let long = "x".repeat(40 * 1024);
    assert_eq!(client.get("/", &[("a", &long)]).status, 431);
    assert_eq!(good.get("/", &[]).status, 200);
}

#[test]
fn a_connection_of_http2_is_not_kept_for_ever() {
    let server = with(&["--h2c", "--idle-timeout=1", "--header-timeout=1"]);
    let mut idle = connect_by_http2(&server);
    let mut halfway = server.connect();
    halfway.send(&PREFACE[..10]);
    idle.stream.read_to_end(&mut Vec::new()).ok();
    halfway.stream.read_to_end(&mut Vec::new()).ok();
    assert_eq!(Http2::to(server.address).get("/", &[]).status, 200);
}

#[test]
fn a_response_over_http2_has_to_be_taken_whatever_other_streams_do() {
    let large = vec![b'x'; 8 << 20];
    let packed = pack(folder(&[("large.bin", &large), ("small.txt", b"small")]).path(), &[]);
    let mut command = packed.command();
    let server = Server::of(command.args(["serve", "--h2c", "--write-timeout=2"]));
    let stream = server.connect().stream.into_inner();
    let mut client = frames::Http2::over(stream, &[(INITIAL_WINDOW_SIZE, 0)]);
    let stalled = ["/large.bin", "/small.txt"].map(|path| client.get(path));
    let taken = client.get("/large.bin");
    client.take_more(0, 1 << 30);
    // The server acknowledges each PING; the stream that is taken moves on; requests come and go.
    let mut reset = Vec::new();
    while reset.len() < stalled.len() {
        client.take_more(taken, 1024);
        client.ping();
        let other = client.get("/missing");
        client.take_more(other, 1024);
        let frames = std::iter::from_fn(|| client.frame()).take_while(|frame| frame.kind != PING);
        reset.extend(frames.filter(|frame| frame.kind == RST_STREAM).map(|frame| frame.stream));
        thread::sleep(Duration::from_millis(10));
    }
    reset.sort_unstable();
    assert_eq!(reset, stalled);
    client.take_more(taken, 1 << 30);
    assert_eq!(client.rest_of_body(taken).last(), Some(&b'x'));
}

#[test]
fn a_header_section_of_http2_has_to_come_in_time_whatever_other_streams_do() {
    let server = with(&["--h2c", "--header-timeout=2"]);
    let mut client = frames::Http2::over(server.connect().stream.into_inner(), &[]);
    for _ in 0..5 {
        let stream = client.get("/robots.txt");
        client.body(stream);
        thread::sleep(Duration::from_millis(500));
    }
    client.begin_header();
    while client.frame().is_some() {}
    let mut halfway = server.connect();
    halfway.send(&[PREFACE, &[0, 0, 9, 1]].concat());
    halfway.stream.read_to_end(&mut Vec::new()).ok();
}

#[test]
fn a_connection_of_http2_has_so_many_requests() {
    let server = with(&["--h2c", "--max-requests=3"]);
    let mut client = Http2::to(server.address);
    let served = (0..10_000).take_while(|_| client.is_open() && client.get("/", &[]).status == 200);
    // Those that were under way when it was told to go are served, too.
    let served = served.count();
    assert!((3..10).contains(&served), "{served}");
    assert!(!client.is_open());
}

/// It is told to go, and does not listen: it gets no more than could have been under way.
#[test]
fn who_of_http2_does_not_go_is_cut_off() {
    let server = with(&["--h2c", "--max-requests=3", "--max-streams=5"]);
    let stream = server.connect().stream.into_inner();
    let mut client = frames::Http2::over(stream, &[]);
    client.is_deaf = true;
    let served = (0..100).take_while(|_| {
        let stream = client.get("/robots.txt");
        let is_end = |frame: &frames::Frame| frame.kind == DATA && frame.stream == stream;
        std::iter::from_fn(|| client.frame()).any(|frame| is_end(&frame))
    });
    assert!((3..10).contains(&served.count()));
}

/// Its streams take turns, so that each is long about its next piece.
#[test]
fn who_takes_many_responses_of_http2_at_once_has_the_time() {
    let large = vec![b'x'; 4 << 20];
    let packed = pack(folder(&[("large.bin", &large)]).path(), &[]);
    let mut command = packed.command();
    let server = Server::of(command.args(["serve", "--h2c", "--write-timeout=1"]));
    let mut client = server.connect();
    // Windows of 8 MB, of each stream and, for all of them, 512 MB.
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\x80\0\0");
    client.send(b"\0\0\x04\x08\0\0\0\0\0\x20\0\0\0");
    for stream in 0..30 {
        let get = b"\x82\x86\x04\x0a/large.bin\x01\x09localhost";
        let length = u8::try_from(get.len()).unwrap();
        client.send(&[&[0, 0, length, 1, 5, 0, 0, 0, 2 * stream + 1], &get[..]].concat());
    }
    // Half a megabyte a second, which is a piece of each stream in four seconds.
    let mut space = vec![0; 26 * 1024];
    for _ in 0..80 {
        client.stream.read_exact(&mut space).expect("it is not cut off");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_comes_before_a_header_has_to_come_in_time_too() {
    let certificate = Installed::new();
    let mut command = hardtack();
    command.args(["serve", "--header-timeout=1", "--listen=https://127.0.0.1:0"]);
    let server = Server::of(command.args(certificate.options()));
    let tls = server.banner.iter().find_map(|line| line.split_once("listening  https://"));
    let tls: SocketAddr = tls.unwrap().1.trim_end_matches('/').parse().unwrap();
    let mut silent = Connection::to(tls);
    let mut halfway = Connection::to(tls);
    halfway.send(b"\x16\x03\x01\x02\0");
    assert!(is_closed(&mut silent));
    assert!(is_closed(&mut halfway));
    assert_eq!(certificate.connect(tls).request("GET", "/", &[]).status, 200);

    let server = with(&["--header-timeout=1", "--proxy-protocol-from=127.0.0.1"]);
    let mut silent = server.connect();
    silent.send(b"PROXY TCP4 192.0.2.1 ");
    assert!(is_closed(&mut silent));
}
