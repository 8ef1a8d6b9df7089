//! A running server, and a client that sees every byte; the examples' tests use them too.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

/// Longer than anything here takes; only so that a test which would hang fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An executable, with none of the settings that the environment may hold.
pub fn executable(path: &Path) -> Command {
    let mut command = Command::new(path);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HARDTACK_")) {
        command.env_remove(name);
    }
    // Its output is read by tests that look for lines, and by people if they fail.
    command.env("HARDTACK_LOG_FORMAT", "human");
    command
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Output {
    started(|| command.output())
}

/// The result of starting a command. An executable that a test has just written may be busy: a child
/// of another test holds all open files from its fork to its exec.
fn started<T>(mut start: impl FnMut() -> io::Result<T>) -> T {
    loop {
        match start() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(10));
            }
            outcome => return outcome.expect("the command starts"),
        }
    }
}

/// The standard output of a command, which must have succeeded.
#[track_caller]
pub fn stdout(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// A running server; it is killed when this goes.
pub struct Server {
    pub address: SocketAddr,
    pub banner: Vec<String>,
    pub process: Child,
    /// The rest of its standard output, which is closed when this is dropped.
    pub output: Option<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts a command, and waits for the line that says where it listens.
    pub fn spawn(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped());
        let mut process = started(|| command.spawn());
        let mut output = BufReader::new(process.stdout.take().expect("piped"));
        let mut banner = Vec::new();
        let address = loop {
            let line = next_line(&mut output).expect("the server says where it listens");
            banner.push(line.clone());
            // It may listen at other places too.
            if let Some(address) = line.split_once("listening  http://").and_then(address_in) {
                break address;
            }
        };
        Self { address, banner, process, output: Some(output) }
    }

    /// Where else it listens: the address in the next line that says so, as `admin      http://`.
    pub fn also_at(&mut self, place: &str) -> SocketAddr {
        loop {
            let line = self.line().expect("the server says where it listens");
            if let Some(address) = line.split_once(place).and_then(address_in) {
                return address;
            }
        }
    }

    /// The next line on its standard output; none at its end.
    pub fn line(&mut self) -> Option<String> {
        next_line(self.output.as_mut()?)
    }

    pub fn connect(&self) -> Connection {
        self.connect_or_refused().expect("the server accepts")
    }

    /// A connection, if the server still accepts any.
    pub fn connect_or_refused(&self) -> Option<Connection> {
        let stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid duration");
        Some(Connection { stream: BufReader::new(stream) })
    }

    /// One request on a connection of its own.
    pub fn get(&self, target: &str, headers: &[(&str, &str)]) -> Response {
        self.connect().request("GET", target, headers)
    }

    /// Sends a signal, as `kill` names it.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(name).arg(self.process.id().to_string()).status();
        assert!(status.expect("kill is everywhere").success());
    }

    /// Waits for the process to end, and returns its exit status.
    pub fn wait(mut self) -> i32 {
        self.process.wait().expect("it is our child").code().expect("it was not killed")
    }
}

/// The address with which the second part begins.
fn address_in((_, url): (&str, &str)) -> Option<SocketAddr> {
    url.split('/').next()?.parse().ok()
}

/// A line without its end.
fn next_line(lines: &mut impl BufRead) -> Option<String> {
    lines.lines().next().map(|line| line.expect("UTF-8"))
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The lines that a process writes while it runs.
pub struct Lines(Receiver<String>);

impl Lines {
    pub fn of(output: impl Read + Send + 'static) -> Self {
        let lines = BufReader::new(output).lines();
        let (sender, receiver) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self(receiver)
    }

    /// Waits for the next one.
    pub fn next(&self) -> Option<String> {
        self.0.recv_timeout(PATIENCE).ok()
    }

    /// Waits for one that has this in it.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let mut before = Vec::new();
        while let Some(line) = self.next() {
            if line.contains(text) {
                return line;
            }
            before.push(line);
        }
        panic!("nothing like {text:?} in {before:#?}")
    }
}

/// A connection that is kept alive.
pub struct Connection<S = TcpStream> {
    pub stream: BufReader<S>,
}

impl Connection {
    /// A connection to another server than the one under test.
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid duration");
        Self { stream: BufReader::new(stream) }
    }
}

impl<S: Read + Write> Connection<S> {
    pub fn over(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("the connection is open");
    }

    pub fn request(&mut self, method: &str, target: &str, headers: &[(&str, &str)]) -> Response {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        self.send(format!("{head}\r\n").as_bytes());
        self.response(method)
    }

    /// Reads the status line and the fields of a response.
    pub fn head(&mut self) -> Response {
        let status_line = self.line();
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {status_line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Response { status, headers, body: Vec::new() }
    }

    /// Reads one response, to a request of that method.
    pub fn response(&mut self, method: &str) -> Response {
        let mut response = self.head();
        let has_body = method != "HEAD" && !matches!(response.status, 100..200 | 204 | 304);
        if has_body {
            let length = response.header("content-length").expect("a length on every response");
            response.body = vec![0; length.parse().expect("a number")];
            self.stream.read_exact(&mut response.body).expect("as much as was announced");
        }
        response
    }

    /// Whether the server closed the connection, having sent nothing more. One that it had not
    /// accepted yet is reset when its listener goes.
    pub fn is_closed(&mut self) -> bool {
        match self.peek() {
            Ok([]) => true,
            Ok(rest) => {
                eprintln!("it is open, and sent {:?}", String::from_utf8_lossy(rest));
                false
            }
            // TLS has no word for a connection that is cut off.
            Err(error) => {
                eprintln!("it has ended: {error}");
                matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof)
            }
        }
    }

    /// The bytes that come next; none at the end.
    fn peek(&mut self) -> io::Result<&[u8]> {
        // A socket with a timeout is not read again by the system after an interruption (signal(7)).
        while let Err(error) = self.stream.fill_buf() {
            if error.kind() != ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(self.stream.buffer())
    }

    /// The next line, without its end.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        line.trim_end_matches("\r\n").to_owned()
    }
}

/// A response, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(other, _)| other == name);
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is there twice");
        first
    }
}
