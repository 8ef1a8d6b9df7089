//! A running Caddy.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
};

use super::{Response, process::until, varnish::free_address};

/// A running Caddy. It is killed when this goes.
pub struct Caddy {
    address: SocketAddr,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Caddy {
    /// Starts it with the directives of one site.
    pub fn with(directives: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = free_address();
        let (file, port) = (folder.path().join("Caddyfile"), address.port());
        let config =
            format!("{{\n\tadmin off\n}}\nhttp://:{port} {{\n\tbind 127.0.0.1\n{directives}}}\n");
        fs::write(&file, config).expect("written");
        let mut caddy = Command::new("caddy");
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
        caddy.env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME");
        let process = caddy.stderr(Stdio::null()).spawn().expect("caddy is installed");
        until("caddy", || TcpStream::connect(address).ok());
        Self { address, process, _folder: folder }
    }

    /// A request of HTTP/1.0: to one of HTTP/1.1, Caddy's response has no length.
    pub fn get(&self, path: &str, coding: &str) -> Response {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        write!(
            stream,
            "GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: {coding}\r\n\r\n"
        )
        .expect("sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("a response");
        let end = memchr::memmem::find(&bytes, b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]).to_string();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let fields = lines.filter_map(|line| line.split_once(": "));
        let headers = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        Response {
            status: status.expect("a status"),
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }
}

impl Drop for Caddy {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
