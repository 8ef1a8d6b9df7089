//! A running Caddy.

use std::{
    fs,
    io::Read,
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
};

use super::{Connection, Response, process::until, varnish::free_address};

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
        let mut connection = Connection::to(self.address);
        connection.send(
            format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: {coding}\r\n\r\n")
                .as_bytes(),
        );
        let mut response = connection.head();
        connection.stream.read_to_end(&mut response.body).expect("a response");
        response
    }
}

impl Drop for Caddy {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
