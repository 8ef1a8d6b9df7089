//! Varnish, as a stand-in for a CDN.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Connection, PATIENCE, Response};

/// A cache as a plain CDN: it keeps one object for each value of the fields that `Vary` names, knows
/// nothing of codings itself, and can be told to forget everything.
const VCL: &str = r#"
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "ORIGIN"; }
sub vcl_recv {
    if (req.method == "PURGE") { ban("obj.status != 0"); return (synth(200)); }
}
sub vcl_backend_response {
    if (beresp.http.Cache-Control ~ "no-store") { set beresp.uncacheable = true; set beresp.ttl = 0s; }
    set beresp.grace = 0s;
    set beresp.keep = 1h;
}
sub vcl_deliver {
    if (obj.hits > 0) { set resp.http.X-Cache = "hit"; } else { set resp.http.X-Cache = "miss"; }
}
"#;

/// A running Varnish. It is killed when this goes.
pub struct Varnish {
    pub address: SocketAddr,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Varnish {
    pub fn before(origin: SocketAddr) -> Self {
        Self::with(&vcl(origin))
    }

    /// One that the origin's guard recognizes by this secret.
    pub fn with_secret(origin: SocketAddr, secret: &str) -> Self {
        // Subroutines of one name are run one after the other.
        let recognized = format!("sub vcl_recv {{ set req.http.X-Origin-Verify = \"{secret}\"; }}");
        Self::with(&(vcl(origin) + &recognized))
    }

    /// Varnish with that configuration.
    pub fn with(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let vcl = folder.path().join("cdn.vcl");
        fs::write(&vcl, configuration).expect("written");
        let address = free_address();
        let mut varnishd = Command::new("varnishd");
        varnishd.args(["-F", "-j", "none", "-s", "default,64m", "-p", "http_gzip_support=off"]);
        varnishd.arg("-a").arg(address.to_string()).arg("-f").arg(&vcl);
        varnishd.arg("-n").arg(folder.path().join("varnish"));
        let process = varnishd.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let varnish =
            Self { address, process: process.expect("varnishd is installed"), _folder: folder };
        let deadline = Instant::now() + PATIENCE;
        while !answers(address) {
            assert!(Instant::now() < deadline, "varnishd does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        varnish
    }

    pub fn request(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        Connection::to(self.address).request(method, target, fields)
    }

    pub fn get(&self, target: &str, fields: &[(&str, &str)]) -> Response {
        self.request("GET", target, fields)
    }

    /// The response of the second request, which the cache answers alone.
    #[track_caller]
    pub fn hit(&self, target: &str, fields: &[(&str, &str)]) -> Response {
        assert_eq!(self.get(target, fields).status, 200, "{target}");
        let second = self.get(target, fields);
        assert_eq!(second.header("x-cache"), Some("hit"), "{target} {fields:?}");
        second
    }
}

fn vcl(origin: SocketAddr) -> String {
    VCL.replace("ORIGIN", &origin.port().to_string())
}

impl Drop for Varnish {
    fn drop(&mut self) {
        // Its worker goes when the manager is told to stop, and not when that is killed.
        let told = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status();
        if told.is_err() {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}

/// Whether Varnish answers. It listens before its worker is there, and resets who comes then.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let asked =
        stream.write_all(b"PURGE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    asked.is_ok() && matches!(stream.read(&mut [0; 1]), Ok(1))
}

pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    listener.local_addr().expect("it is bound")
}
