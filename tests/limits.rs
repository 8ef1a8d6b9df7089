//! Each limit, by breaking it; and a good client beside, which notices nothing.

mod common;

use std::{
    io::{BufRead, ErrorKind, Read, Write},
    net::Shutdown,
    thread,
    time::Duration,
};

use common::{Connection, PATIENCE, Server, hardtack, stderr};

/// The server, with a second for each of what a client can take its time for.
fn impatient(limit: &str) -> Server {
    Server::of(hardtack().args(["serve", limit, "1"]))
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

#[test]
fn a_header_section_has_a_limit() {
    let server = Server::start();
    let status = |headers: Vec<(String, String)>| {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        server.get("/", &headers).status
    };
    let fields = |count: usize| (0..count).map(|n| (format!("x-{n}"), "1".to_owned())).collect();
    // One is `Host`.
    assert_eq!(status(fields(99)), 200);
    let mut crowded = server.connect();
    let head: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    crowded.send(format!("GET / HTTP/1.1\r\nHost: localhost\r\n{head}\r\n").as_bytes());
    assert!(crowded.stream.read_line_of_status().starts_with("HTTP/1.1 431 "));
    assert_eq!(status(vec![("x-long".to_owned(), "1".repeat(30 * 1024))]), 200);
    let mut long = server.connect();
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nx: {}\r\n\r\n", "1".repeat(80 * 1024));
    long.send(head.as_bytes());
    assert_eq!(
        long.stream.read_line_of_status(),
        "HTTP/1.1 431 Request Header Fields Too Large\r\n"
    );
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
