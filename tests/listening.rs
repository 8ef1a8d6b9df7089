//! The addresses where the server listens, and the addresses that clients are believed to have.

mod common;

use std::{
    fs,
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    os::{
        fd::OwnedFd,
        unix::{
            fs::{MetadataExt, PermissionsExt},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use common::{
    Connection, PATIENCE, Server, executable, folder, hardtack,
    process::until,
    stderr,
    tls::{Certificate, CertificateFiles, client, handshake},
};
use rustix::net::connect_unspec;
use serde_json::Value;

/// A connection to a socket at a path.
fn connect(path: &Path) -> Connection<UnixStream> {
    let stream = UnixStream::connect(path).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a valid duration");
    Connection::over(stream)
}

/// A folder, and a path in it for a socket.
fn socket() -> (tempfile::TempDir, PathBuf) {
    let folder = folder(&[]);
    let path = folder.path().join("site.sock");
    (folder, path)
}

fn at(path: &Path) -> String {
    format!("unix:{}", path.display())
}

#[track_caller]
fn serves<S: Read + Write>(mut connection: Connection<S>) {
    let response = connection.request("GET", "/robots.txt", &[]);
    assert_eq!(response.status, 200);
    assert!(response.body.starts_with(b"User-agent"));
}

#[test]
fn several_places_at_once() {
    let (_folder, path) = socket();
    let server = Server::of(hardtack().args(["--listen", "[::1]:0", "--listen"]).arg(at(&path)));
    serves(server.connect());
    serves(connect(&path));
    let over_ipv6 = server.place("listening  http://").parse().unwrap();
    assert!(matches!(over_ipv6, SocketAddr::V6(_)));
    serves(Connection::to(over_ipv6));
}

#[test]
fn the_environment_says_several_places() {
    let (_folder, path) = socket();
    let places = format!("{},127.0.0.1:0", at(&path));
    let server = Server::spawn(hardtack().env("HARDTACK_LISTEN", places));
    serves(connect(&path));
    serves(server.connect());
}

/// The names of the threads of a process.
#[cfg(target_os = "linux")]
fn threads(process: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    tasks.map(|task| fs::read_to_string(task.unwrap().path().join("comm")).unwrap()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn as_many_threads_as_are_asked_for() {
    let server = Server::of(hardtack().args(["--threads", "3"]));
    has_threads(&server, 3);
    // The system spreads connections over them.
    (0..30).for_each(|_| serves(server.connect()));
}

#[cfg(target_os = "linux")]
#[track_caller]
fn has_threads(server: &Server, expected: usize) {
    let [worker] = server.children()[..] else { panic!("it has one worker") };
    let threads = threads(worker);
    let serving = threads.iter().filter(|name| name.trim() == "hardtack-serve").count();
    assert_eq!(serving, expected, "{threads:?}");
}

#[test]
fn a_unix_socket_goes_with_the_server() {
    let (_folder, path) = socket();
    let server = Server::of(hardtack().arg("--listen").arg(at(&path)));
    let mut idle = connect(&path);
    assert_eq!(idle.request("GET", "/", &[]).status, 200);
    server.signal("-TERM");
    assert!(idle.is_closed());
    assert_eq!(server.wait(), 0);
    assert!(!path.exists());
}

/// The mode of a socket's file, with options of a server that is started under a narrow umask.
#[track_caller]
fn has_mode(option: &str, more: &[&str], expected: u32) {
    let (_folder, path) = socket();
    let mut command = executable(Path::new("/bin/sh"));
    command.args(["-c", "umask 077; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_hardtack")]);
    let _server = Server::of(command.arg(option).arg(at(&path)).args(more));
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, expected, "{option} {more:?}: {mode:o}");
}

#[test]
fn a_front_end_may_connect_to_a_unix_socket() {
    has_mode("--listen", &[], 0o666);
    has_mode("--listen", &["--unix-socket-mode", "660"], 0o660);
    has_mode("--admin-listen", &[], 0o660);
    has_mode("--admin-listen", &["--unix-socket-mode", "600"], 0o600);
}

/// Only root may give a file away, so another user gets an error, and no socket.
#[test]
fn a_unix_socket_can_be_given_to_a_user_and_a_group() {
    let (_folder, path) = socket();
    let mut command = hardtack();
    command.args(["--unix-socket-owner", "4294", "--unix-socket-group", "4295", "--listen"]);
    command.arg(at(&path));
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        let _server = Server::of(&mut command);
        let found = fs::metadata(&path).unwrap();
        assert_eq!((found.uid(), found.gid()), (4294, 4295));
    } else {
        let complaint = stderr(&mut command, 1);
        assert!(complaint.contains("--unix-socket-owner"), "{complaint}");
        assert!(!path.exists());
    }
}

#[test]
fn accounts_of_unix_sockets_are_checked() {
    for name in ["serve", "check-config"] {
        for option in ["--unix-socket-owner", "--unix-socket-group"] {
            let (_folder, path) = socket();
            let mut command = hardtack();
            command.arg(name).arg("--listen").arg(at(&path));
            let complaint = stderr(command.args([option, "nobody-of-that-name"]), 1);
            assert!(complaint.contains(option), "{complaint}");
            assert!(!path.exists());
        }
    }
}

#[test]
fn a_unix_socket_goes_when_the_start_fails() {
    let (_folder, path) = socket();
    let mut command = hardtack();
    // The worker finds this, when the socket is there.
    command.arg("--listen").arg(at(&path)).env("HARDTACK_CDN_SECRET", "short");
    stderr(&mut command, 1);
    assert!(!path.exists());
}

#[test]
fn a_unix_socket_that_was_left_behind_is_taken_over() {
    let (_folder, path) = socket();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let _server = Server::of(hardtack().arg("--listen").arg(at(&path)));
    serves(connect(&path));
}

#[test]
fn a_unix_socket_that_answers_is_not() {
    let (_folder, path) = socket();
    let _server = Server::of(hardtack().arg("--listen").arg(at(&path)));
    let complaint = stderr(hardtack().arg("--listen").arg(at(&path)), 1);
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(complaint.contains(&at(&path)) && complaint.contains("--listen"), "{complaint}");
    serves(connect(&path));
}

#[test]
fn a_file_in_the_place_of_a_unix_socket_stays() {
    let (_folder, path) = socket();
    fs::write(&path, "precious").unwrap();
    let complaint = stderr(hardtack().arg("--listen").arg(at(&path)), 1);
    assert!(complaint.contains(&at(&path)), "{complaint}");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let (_folder, path) = socket();
    let complaint = stderr(hardtack().arg("--listen").arg(at(&path.join("site.sock"))), 1);
    assert!(complaint.contains("make its folder first"), "{complaint}");
}

/// A command that is given two sockets as a process manager does (sd_listen_fds(3)).
fn activated(command: &Command, names: &str, sockets: [OwnedFd; 2]) -> Command {
    let script = "export LISTEN_PID=$$; exec \"$0\" \"$@\" 3<&0 4<&2 0</dev/null 2>/dev/null";
    let mut shell = executable(Path::new("sh"));
    shell.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    shell.env("LISTEN_FDS", "2").env("LISTEN_FDNAMES", names);
    let [first, second] = sockets;
    shell.stdin(Stdio::from(first)).stderr(Stdio::from(second));
    shell
}

fn tcp() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The test has the listener too, and does to it what an intruder in a worker could do: as the socket
/// of another connection, it accepts nothing more.
#[cfg(target_os = "linux")]
#[test]
fn a_listener_that_a_worker_has_spoilt_listens_again() {
    let ((free, address), (other, _)) = (tcp(), tcp());
    drop(free);
    // A port that is asked for stays the socket's when it is connected no more.
    let listener = TcpListener::bind(address).unwrap();
    let mut command = hardtack();
    command.args(["serve", "--threads", "1"]);
    let sockets = [listener.try_clone().unwrap().into(), other.into()];
    let server = Server::spawn(&mut activated(&command, "http:http", sockets));
    serves(Connection::to(address));
    connect_unspec(&listener).unwrap();
    listener.set_nonblocking(false).unwrap();
    TcpStream::connect(address).expect_err("it listens no more");
    let worker = server.worker();
    assert!(Command::new("kill").args(["-KILL", &worker.to_string()]).status().unwrap().success());
    // The port refuses until the next worker is started.
    let connection = until("it listens again", || TcpStream::connect(address).ok());
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    serves(Connection::over(connection));
}

#[test]
fn sockets_of_a_process_manager() {
    let certificate = Certificate::new();
    let files = CertificateFiles::of(&certificate);
    let ((plain, address), (secure, secure_address)) = (tcp(), tcp());
    let mut command = files.command();
    command.args(["--threads", "3"]);
    let mut command = activated(&command, "http:https", [plain.into(), secure.into()]);
    let server = Server::spawn(&mut command);
    #[cfg(target_os = "linux")]
    has_threads(&server, 3);
    // Those of the command line are not opened beside them.
    let listening = server.banner.iter().filter(|line| line.contains("listening")).count();
    assert_eq!((server.address, listening), (address, 1));
    serves(server.connect());
    let stream = Connection::to(secure_address).stream.into_inner();
    serves(Connection::over(handshake(stream, &client(&[&certificate], &[])).unwrap()));
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
}

#[test]
fn an_admin_socket_of_a_process_manager() {
    let (_folder, path) = socket();
    let (unix, (tcp, address)) = (UnixListener::bind(&path).unwrap(), tcp());
    let mut command = hardtack();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let mut command = activated(&command, "admin:admin", [unix.into(), tcp.into()]);
    // Where the site is served, nobody has said: that is for the command line.
    let server = Server::spawn(&mut command);
    serves(server.connect());
    assert_eq!(server.place("admin      http://unix:"), path.to_str().unwrap());
    assert_eq!(connect(&path).request("GET", "/healthz", &[]).status, 200);
    assert_eq!(Connection::to(address).request("GET", "/healthz", &[]).status, 200);
    // A socket that somebody else made is theirs.
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
    assert!(path.exists());
}

/// The server, with a log of its requests. It is not taken for a terminal's.
fn with_access_log(arguments: &[&str]) -> Server {
    Server::of(hardtack().args(["--access-log", "json"]).args(arguments))
}

/// The client's address in the next line of the server's access log.
#[track_caller]
fn client_of(server: &mut Server) -> Option<IpAddr> {
    let line: Value = serde_json::from_str(&server.line().expect("a line")).unwrap();
    line["client"].as_str().map(|client| client.parse().unwrap())
}

/// Version 2 of the header, of a TCP connection from that address (its section 2.2).
fn version_2(from: IpAddr) -> Vec<u8> {
    let signature = b"\r\n\r\n\0\r\nQUIT\n\x21";
    match from {
        IpAddr::V4(from) => {
            [&signature[..], b"\x11\0\x0c", &from.octets(), &[127, 0, 0, 1], &[0, 1, 0, 80]]
                .concat()
        }
        IpAddr::V6(from) => {
            [&signature[..], b"\x21\0\x24", &from.octets(), &[0; 16], &[0, 1, 0, 80]].concat()
        }
    }
}

#[test]
fn a_load_balancer_says_who_connects() {
    let mut server = with_access_log(&["--proxy-protocol-from", "10.0.0.0/8,127.0.0.1"]);
    for (header, expected) in [
        (b"PROXY TCP4 192.0.2.1 127.0.0.1 1 80\r\n".to_vec(), "192.0.2.1"),
        (b"PROXY TCP6 2001:db8::1 ::1 1 80\r\n".to_vec(), "2001:db8::1"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
        (version_2("192.0.2.2".parse().unwrap()), "192.0.2.2"),
        (version_2("2001:db8::2".parse().unwrap()), "2001:db8::2"),
        (b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".to_vec(), "127.0.0.1"),
    ] {
        let mut connection = server.connect();
        connection.send(&header);
        assert_eq!(connection.request("GET", "/", &[]).status, 200);
        assert_eq!(client_of(&mut server), Some(expected.parse().unwrap()));
        // It says so of the connection, once.
        assert_eq!(connection.request("GET", "/", &[]).status, 200);
        assert_eq!(client_of(&mut server), Some(expected.parse().unwrap()));
    }
}

#[test]
fn a_load_balancer_that_does_not_say_it_is_not_heard() {
    let server = Server::of(hardtack().args(["--proxy-protocol-from", "127.0.0.1"]));
    for beginning in ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PROXY TCP4 nonsense\r\n"] {
        let mut connection = server.connect();
        connection.send(beginning.as_bytes());
        assert!(connection.is_closed(), "{beginning}");
    }
}

#[test]
fn whoever_else_says_it_speaks_no_http() {
    let (_folder, path) = socket();
    let mut command = hardtack();
    command.args(["--proxy-protocol-from", "127.0.0.1,192.0.2.0/24", "--listen"]).arg(at(&path));
    let _server = Server::of(&mut command);
    let mut connection = connect(&path);
    connection.send(b"PROXY TCP4 192.0.2.1 127.0.0.1 1 80\r\n");
    connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut answer = String::new();
    connection.stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    serves(connect(&path));
}

#[test]
fn a_header_of_a_load_balancer_comes_before_tls() {
    let certificate = Certificate::new();
    let files = CertificateFiles::of(&certificate);
    let mut command = files.command();
    command.args(["--proxy-protocol-from", "127.0.0.1", "--access-log", "json"]);
    let mut server = Server::of(&mut command);
    let mut stream = server.connect_tls_port();
    stream.write_all(&version_2("192.0.2.1".parse().unwrap())).unwrap();
    serves(Connection::over(handshake(stream, &client(&[&certificate], &[])).unwrap()));
    assert_eq!(client_of(&mut server), Some("192.0.2.1".parse().unwrap()));
}

#[test]
fn proxies_say_who_asks_if_they_are_believed() {
    let chain = &[("X-Forwarded-For", "198.51.100.9, 192.0.2.1, 10.0.0.1")];
    for (believed, expected) in [
        (&[][..], "127.0.0.1"),
        (&["--forwarded-from", "10.0.0.0/8"], "127.0.0.1"),
        (&["--forwarded-from", "127.0.0.1"], "10.0.0.1"),
        (&["--forwarded-from", "127.0.0.1,10.0.0.0/8"], "192.0.2.1"),
    ] {
        let mut server = with_access_log(believed);
        assert_eq!(server.get("/", chain).status, 200);
        assert_eq!(client_of(&mut server), Some(expected.parse().unwrap()), "{believed:?}");
    }
}

/// A load balancer that speaks the PROXY protocol passes on the fields of its client. So these are
/// trusted by the address that it names.
#[test]
fn a_load_balancer_does_not_vouch_for_what_its_client_says() {
    for (believed, expected) in [("127.0.0.1", "192.0.2.1"), ("192.0.2.0/24", "198.51.100.9")] {
        let believed = ["--proxy-protocol-from", "127.0.0.1", "--forwarded-from", believed];
        let mut server = with_access_log(&believed);
        let mut connection = server.connect();
        connection.send(b"PROXY TCP4 192.0.2.1 127.0.0.1 1 80\r\n");
        connection.request("GET", "/", &[("X-Forwarded-For", "198.51.100.9")]);
        assert_eq!(client_of(&mut server), Some(expected.parse().unwrap()), "{believed:?}");
    }
}

#[test]
fn a_unix_socket_has_no_address() {
    let (_folder, path) = socket();
    let place = at(&path);
    let arguments = ["--forwarded-from", "unix", "--listen", &place];
    let mut server = with_access_log(&arguments);
    serves(connect(&path));
    assert_eq!(client_of(&mut server), None);
    connect(&path).request("GET", "/", &[("X-Forwarded-For", "192.0.2.1")]);
    assert_eq!(client_of(&mut server), Some("192.0.2.1".parse().unwrap()));
}

/// Whether a connection from that address, as a load balancer says, is answered.
fn is_let_in(connection: &mut Connection, address: &str) -> bool {
    connection.send(format!("PROXY TCP4 {address} 127.0.0.1 1 80\r\n").as_bytes());
    connection.send(b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    !connection.is_closed() && connection.response("GET").status == 200
}

#[test]
fn an_address_behind_a_load_balancer_has_so_many_connections() {
    let limits = ["--max-connections-per-address", "2", "--proxy-protocol-from", "127.0.0.1"];
    let server = Server::of(hardtack().args(limits));
    let mut kept: Vec<_> = (0..4).map(|_| server.connect()).collect();
    let addresses = ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"];
    let outcomes: Vec<_> =
        kept.iter_mut().zip(addresses).map(|(one, address)| is_let_in(one, address)).collect();
    assert_eq!(outcomes, [true, true, false, true]);
    // One that goes makes room, as soon as the server has noticed.
    kept.remove(0);
    while !is_let_in(&mut server.connect(), "192.0.2.1") {}
}
