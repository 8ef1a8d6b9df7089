//! TLS: what is spoken over it, the certificate while it changes, and the time that a client has.

mod common;

use std::{
    fs,
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use common::{
    Connection, Lines, PATIENCE, Server,
    frames::{DATA, END_STREAM, GOAWAY, HEADERS, Http2, INITIAL_WINDOW_SIZE, RST_STREAM},
    hardtack,
    process::until,
    run, stderr,
    tls::{Certificate, CertificateFiles, Tls, client, client_of, handshake, localhost, put},
};
use rustix::event::{PollFd, PollFlags, poll};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, StreamOwned, version,
};

/// A server with a certificate, and what it takes to speak with it.
struct Site {
    certificate: Certificate,
    files: CertificateFiles,
    server: Server,
    log: Lines,
}

impl Site {
    fn start(options: &[&str]) -> Self {
        let certificate = Certificate::new();
        let files = CertificateFiles::of(&certificate);
        let (server, log) = Server::logged(files.command().args(options));
        Self { certificate, files, server, log }
    }

    fn client(&self, alpn: &[&str]) -> Arc<ClientConfig> {
        client(&[&self.certificate], alpn)
    }

    fn connect(&self) -> Connection<Tls> {
        self.server.connect_tls(&self.client(&["http/1.1"]))
    }

    fn connect_http2(&self, settings: &[(u16, u32)]) -> Http2<Tls> {
        let stream = handshake(self.server.connect_tls_port(), &self.client(&["h2"]));
        Http2::over(stream.expect("a handshake"), settings)
    }

    /// Whether a new client is shown that certificate; one of the two it is.
    fn shows(&self, other: &Certificate) -> bool {
        let config = client(&[&self.certificate, other], &[]);
        let connection = self.server.connect_tls(&config);
        let shown = connection.stream.get_ref().conn.peer_certificates().expect("a certificate");
        assert!([&self.certificate.der, &other.der].contains(&&shown[0]));
        shown[0] == other.der
    }
}

#[track_caller]
fn serves<S: Read + Write>(connection: &mut Connection<S>) {
    assert_eq!(connection.request("GET", "/robots.txt", &[]).status, 200);
}

#[test]
fn the_client_chooses_the_version_of_http() {
    let site = Site::start(&[]);
    let expected = site.server.get("/robots.txt", &[]).body;
    for (offered, chosen) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&["http/1.0", "http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let stream = handshake(site.server.connect_tls_port(), &site.client(offered)).unwrap();
        let agreed = stream.conn.alpn_protocol().map(|name| str::from_utf8(name).unwrap());
        assert_eq!(agreed, chosen, "{offered:?}");
        let body = match chosen {
            Some("h2") => {
                let mut connection = Http2::over(stream, &[]);
                let stream = connection.get("/robots.txt");
                connection.body(stream)
            }
            _ => Connection::over(stream).request("GET", "/robots.txt", &[]).body,
        };
        assert_eq!(body, expected, "{offered:?}");
    }
    let refused = handshake(site.server.connect_tls_port(), &site.client(&["spdy/3"]));
    assert!(refused.unwrap_err().to_string().contains("NoApplicationProtocol"));
}

#[test]
fn both_versions_of_tls_and_their_sessions() {
    let site = Site::start(&[]);
    for (offered, expected) in
        [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        let config = client_of(&[&site.certificate], &[], &[offered]);
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
            let mut connection = site.server.connect_tls(&config);
            serves(&mut connection);
            let session = &connection.stream.get_ref().conn;
            assert_eq!(session.protocol_version(), Some(expected));
            assert_eq!(session.handshake_kind(), Some(kind), "{expected:?}");
        }
    }
}

/// A client's end of a connection, which counts the TLS records that come, and can hold back its own.
struct Recorded {
    stream: TcpStream,
    came: Arc<Mutex<Vec<u8>>>,
    held: Option<Vec<u8>>,
}

impl Read for Recorded {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(space)?;
        self.came.lock().unwrap().extend(&space[..length]);
        Ok(length)
    }
}

impl Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.held {
            Some(held) => held.write(bytes),
            None => self.stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The records of RFC 8446 §5.1: a head of five bytes, whose last two are the length.
fn records(mut bytes: &[u8]) -> usize {
    std::iter::from_fn(|| {
        let length = u16::from_be_bytes([*bytes.get(3)?, *bytes.get(4)?]);
        bytes = bytes.get(5 + usize::from(length)..)?;
        Some(())
    })
    .count()
}

#[test]
fn responses_to_requests_that_came_together_go_together() {
    let site = Site::start(&[]);
    let came = Arc::new(Mutex::new(Vec::new()));
    let stream = site.server.connect_tls_port();
    let recorded = Recorded { stream, came: Arc::clone(&came), held: None };
    let client = ClientConnection::new(site.client(&["h2"]), localhost()).unwrap();
    let mut connection = Http2::over(StreamOwned::new(client, recorded), &[]);
    let first = connection.get("/robots.txt");
    connection.body(first);

    came.lock().unwrap().clear();
    connection.stream.sock.held = Some(Vec::new());
    for _ in 0..8 {
        connection.get("/robots.txt");
    }
    let held = connection.stream.sock.held.take().unwrap();
    connection.stream.sock.write_all(&held).unwrap();
    let (mut begun, mut ended) = (0, 0);
    while ended < 8 {
        let frame = connection.frame().expect("eight responses");
        begun += usize::from(frame.is_200());
        ended += usize::from(frame.kind == DATA && frame.flags & END_STREAM != 0);
    }
    assert_eq!(begun, 8);
    assert_eq!(records(&came.lock().unwrap()), 1);
}

/// A client that is not told of the end may take what came for a part (RFC 8446 §6.1).
#[test]
fn the_end_is_said_after_an_upgrade_that_is_not_heeded() {
    let site = Site::start(&[]);
    for fields in ["", "Upgrade: websocket\r\n", "TE: trailers\r\n"] {
        let mut connection = site.connect();
        let request =
            format!("GET /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n");
        connection.send(request.as_bytes());
        let mut bytes = Vec::new();
        connection.stream.read_to_end(&mut bytes).expect("the end is said");
        assert!(bytes.starts_with(b"HTTP/1.1 200 "), "{fields}");
    }
}

/// The kind of the next handshake of a client.
fn next_handshake(site: &Site, config: &Arc<ClientConfig>) -> Option<HandshakeKind> {
    let mut connection = site.server.connect_tls(config);
    serves(&mut connection);
    connection.stream.get_ref().conn.handshake_kind()
}

#[test]
fn sessions_outlive_their_worker() {
    let site = Site::start(&[]);
    let configs = [&version::TLS12, &version::TLS13]
        .map(|version| client_of(&[&site.certificate], &[], &[version]));
    for config in &configs {
        assert_eq!(next_handshake(&site, config), Some(HandshakeKind::Full));
    }
    for change in ["upgrade", "upgrade", "crash"] {
        let old = site.server.children();
        if change == "upgrade" {
            site.server.signal("-USR2");
            site.log.wait_for("supervising as");
        } else {
            run(Command::new("kill").arg("-KILL").arg(old[0].to_string()));
            site.log.wait_for("signal 9");
        }
        until("the old worker has ended", || {
            (!site.server.children().contains(&old[0])).then_some(())
        });
        for config in &configs {
            assert_eq!(next_handshake(&site, config), Some(HandshakeKind::Resumed), "{change}");
        }
    }
}

#[test]
fn a_certificate_is_read_again_at_a_signal() {
    let site = Site::start(&[]);
    let mut old = site.connect();
    serves(&mut old);
    // Something that is not seen from outside: both files look as they did.
    let other = of_the_same_lengths(&site.certificate);
    for (path, text) in [(site.files.chain(), &other.chain), (site.files.key(), &other.key)] {
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        put(&path, text);
        fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
    }
    assert!(!site.shows(&other));
    site.server.signal("-HUP");
    site.log.wait_for("another certificate is in use");
    assert!(site.shows(&other));
    serves(&mut old);
}

/// A certificate whose files are as long as those of another one.
fn of_the_same_lengths(one: &Certificate) -> Certificate {
    let lengths = |of: &Certificate| (of.chain.len(), of.key.len());
    let mut made = std::iter::repeat_with(Certificate::new);
    made.find(|other| lengths(other) == lengths(one)).expect("they vary by few bytes")
}

#[test]
fn a_certificate_that_changes_is_read_again() {
    let site = Site::start(&[]);
    let mut old = site.connect();
    for _ in 0..2 {
        let other = Certificate::new();
        site.files.replace(&other);
        site.log.wait_for("another certificate is in use");
        assert!(site.shows(&other));
        serves(&mut old);
    }
}

#[test]
fn a_certificate_that_is_none_changes_nothing() {
    let site = Site::start(&[]);
    let other = Certificate::new();
    for (chain, key, why) in [
        ("nonsense", &*other.key, "no -----BEGIN CERTIFICATE-----"),
        (&*other.chain, "nonsense", "no private key"),
        (&*site.certificate.chain, &*other.key, "do not go together"),
    ] {
        put(&site.files.chain(), chain);
        put(&site.files.key(), key);
        site.server.signal("-HUP");
        let line = site.log.wait_for(why);
        assert!(line.contains("the old certificate stays in use"), "{line}");
        assert!(line.contains(site.files.chain().to_str().unwrap()), "{line}");
        assert!(!site.shows(&other));
    }
    fs::remove_file(site.files.key()).unwrap();
    site.server.signal("-HUP");
    site.log.wait_for("cannot read");
    assert!(!site.shows(&other));
    site.files.replace(&other);
    site.log.wait_for("another certificate is in use");
    assert!(site.shows(&other));
}

/// Two certificates without a line break between them are one to a parser.
#[test]
fn a_file_that_loses_a_certificate_is_refused() {
    let site = Site::start(&[]);
    let other = Certificate::new();
    let joined = format!("{}{}", other.chain.trim_end(), site.certificate.chain);
    put(&site.files.key(), &other.key);
    put(&site.files.chain(), &joined);
    site.server.signal("-HUP");
    let line = site.log.wait_for("2 certificates begin in it, and 1 can be read");
    assert!(line.contains("the old certificate stays in use"), "{line}");
    assert!(!site.shows(&other));
    let complaint = stderr(&mut site.files.command(), 1);
    assert!(complaint.contains("2 certificates begin in it"), "{complaint}");
}

#[test]
fn a_certificate_that_browsers_refuse_is_told() {
    let files = CertificateFiles::of(&Certificate::new());
    let mut check = hardtack();
    check.args(["check-config", "--listen", "https://127.0.0.1:0", "--tls-certificate"]);
    let said = run(check.arg(files.chain()).arg("--tls-key").arg(files.key()));
    assert!(said.status.success());
    let [out, warning] = [said.stdout, said.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(out.contains("there is a warning") && !out.contains("all is well"), "{out}");
    assert!(warning.contains(files.chain().to_str().unwrap()), "{warning}");
    assert!(warning.contains("is its own issuer"), "{warning}");
    assert!(out.contains("  certificate ") && out.contains("; EC key of 256 bits\n"), "{out}");
    let (_server, log) = Server::logged(files.command().args(["--admin-listen", "127.0.0.1:0"]));
    log.wait_for("is its own issuer");
}

#[test]
fn the_end_of_the_certificate_is_a_metric() {
    let mut site = Site::start(&["--admin-listen", "127.0.0.1:0"]);
    let admin = site.server.also_at("admin      http://");
    let metrics = Connection::to(admin).request("GET", "/metrics", &[]).body;
    let metrics = String::from_utf8(metrics).unwrap();
    let is_it = |line: &&str| line.starts_with("hardtack_tls_certificate_not_after_seconds ");
    let line = metrics.lines().find(is_it).unwrap_or_else(|| panic!("{metrics}"));
    let end: f64 = line.split(' ').nth(1).unwrap().parse().unwrap();
    // The tool that makes it has it end in the year 4096.
    assert_eq!(end, 67_090_118_400.0, "{line}");
}

/// Reproducible copies have one time, and certificates of one name often one length.
#[test]
fn a_certificate_with_the_time_of_the_old_one_is_noticed() {
    let site = Site::start(&[]);
    let other = Certificate::new();
    for (path, text) in [(site.files.key(), &other.key), (site.files.chain(), &other.chain)] {
        let old = fs::metadata(&path).unwrap().modified().unwrap();
        let new = path.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::File::open(&new).unwrap().set_modified(old).unwrap();
        fs::rename(new, path).unwrap();
    }
    site.log.wait_for("another certificate is in use");
    assert!(site.shows(&other));
}

#[test]
fn a_certificate_and_another_ones_key_are_named() {
    let files = CertificateFiles::of(&Certificate::new());
    put(&files.key(), &Certificate::new().key);
    let complaint = stderr(&mut files.command(), 1);
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    let (chain, key) = (files.chain(), files.key());
    for part in [chain.to_str().unwrap(), key.to_str().unwrap(), "do not go together"] {
        assert!(complaint.contains(part), "{complaint}");
    }
}

#[test]
fn a_certificate_that_is_missing_is_said() {
    let mut secure = hardtack();
    let complaint = stderr(secure.args(["--listen", "https://127.0.0.1:0"]), 1);
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(complaint.contains("--tls-certificate and --tls-key"), "{complaint}");
    let files = CertificateFiles::of(&Certificate::new());
    let half = stderr(hardtack().arg("--tls-certificate").arg(files.chain()), 2);
    assert!(half.contains("--tls-key"), "{half}");
    fs::remove_file(files.key()).unwrap();
    let gone = stderr(&mut files.command(), 1);
    assert!(gone.contains(&format!("cannot read {}", files.key().display())), "{gone}");
}

#[test]
fn plain_requests_are_redirected() {
    for (option, location) in [
        ("--https-redirect", "https://site.example/a?b=c"),
        ("--https-redirect=443", "https://site.example/a?b=c"),
        ("--https-redirect=8443", "https://site.example:8443/a?b=c"),
    ] {
        let site = Site::start(&[option]);
        for host in ["site.example", "site.example:8000"] {
            let mut connection = site.server.connect();
            connection.send(format!("GET /a?b=c HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
            let redirect = connection.response("GET");
            assert_eq!((redirect.status, redirect.header("location")), (308, Some(location)));
            assert_eq!(redirect.header("cache-control"), Some("no-store"));
        }
        serves(&mut site.connect());
    }
}

#[test]
fn requests_that_came_by_tls_to_a_proxy_are_not() {
    let by_tls = &[("X-Forwarded-Proto", "https")];
    let not_by_tls = &[("X-Forwarded-Proto", "http")];
    let behind = Site::start(&["--https-redirect", "--forwarded-from", "127.0.0.1"]);
    assert_eq!(behind.server.get("/", by_tls).status, 200);
    assert_eq!(behind.server.get("/", not_by_tls).status, 308);
    assert_eq!(behind.server.get("/", &[]).status, 308);
    let alone = Site::start(&["--https-redirect"]);
    assert_eq!(alone.server.get("/", by_tls).status, 308);
}

#[test]
fn http_without_tls_gets_nothing_but_a_400() {
    let site = Site::start(&[]);
    let mut connection = Connection::over(site.server.connect_tls_port());
    assert_eq!(connection.request("GET", "/", &[]).status, 400);
    assert!(connection.is_closed());
    serves(&mut site.connect());
}

#[test]
fn a_client_that_sends_nothing_has_the_time_of_one_handshake() {
    let site = Site::start(&["--header-timeout", "2"]);
    let mut silent = site.server.connect_tls_port();
    thread::sleep(Duration::from_secs(1));
    let mut begun = site.server.connect_tls_port();
    begun.write_all(&[0x16]).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    // The other one, which came later, is still there.
    begun.set_nonblocking(true).unwrap();
    assert_eq!(begun.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    begun.set_nonblocking(false).unwrap();
    assert_eq!(begun.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_handshake_and_a_header_have_to_come_in_time() {
    let site = Site::start(&["--header-timeout", "1"]);
    let mut silent = Connection::over(site.server.connect_tls_port());
    let mut half = Connection::over(site.server.connect_tls_port());
    // The beginning of a record with a handshake of 512 bytes.
    half.send(&[22, 3, 1, 2, 0, 1]);
    let mut slow = site.connect();
    serves(&mut slow);
    slow.send(b"GET / HTTP/1.1\r\n");
    assert!(silent.is_closed());
    assert!(half.is_closed());
    assert!(slow.is_closed());
}

#[test]
fn connections_are_not_kept_for_ever() {
    let site = Site::start(&["--idle-timeout", "1"]);
    let (mut used, mut never_used) = (site.connect(), site.connect());
    serves(&mut used);
    let mut used_http2 = site.connect_http2(&[]);
    let stream = used_http2.get("/robots.txt");
    assert!(!used_http2.body(stream).is_empty());
    let mut silent = site.connect_http2(&[]);
    assert!(used.is_closed());
    assert!(never_used.is_closed());
    for mut connection in [used_http2, site.connect_http2(&[])] {
        let error = &connection.wait_for(GOAWAY).payload[4..8];
        assert_eq!(error, [0; 4], "it is no error");
        while connection.frame().is_some() {}
    }
    // This one does not even answer to the frame that asks whether it has seen that.
    silent.wait_for(GOAWAY);
    silent.stream.sock.read_to_end(&mut Vec::new()).ok();
}

/// Waits until a connection is reset of which nothing more is read.
fn wait_for_reset(stream: &TcpStream) {
    let time = PATIENCE.try_into().unwrap();
    let ended = poll(&mut [PollFd::new(stream, PollFlags::empty())], Some(&time)).unwrap();
    assert_eq!(ended, 1, "it is still open");
}

#[test]
fn responses_have_to_be_taken() {
    let site = Site::start(&["--write-timeout", "1", "--max-streams", "1000"]);
    // It lets all of them come, and reads none, which is more than the buffers hold.
    let mut full = site.connect_http2(&[(INITIAL_WINDOW_SIZE, 0x7fff_ffff)]);
    full.take_more(0, 0x7000_0000);
    for _ in 0..1000 {
        full.get("/img/grain.png");
    }
    // It reads all that comes, and does not let the body come.
    let mut closed = site.connect_http2(&[(INITIAL_WINDOW_SIZE, 0)]);
    let stream = closed.get("/robots.txt");
    assert!(closed.wait_for(HEADERS).is_200());
    // The stream alone ends.
    let mut frames = std::iter::from_fn(|| closed.frame());
    let next = frames.find(|frame| frame.stream == stream).expect("the connection is open");
    assert_eq!(next.kind, RST_STREAM);
    wait_for_reset(&full.stream.sock);
}

#[test]
fn a_response_that_is_let_come_at_last_comes() {
    let site = Site::start(&[]);
    let mut late = site.connect_http2(&[(INITIAL_WINDOW_SIZE, 0)]);
    let stream = late.get("/robots.txt");
    assert!(late.wait_for(HEADERS).is_200());
    late.take_more(stream, 65_535);
    assert!(!late.wait_for(DATA).payload.is_empty());
}

#[test]
fn responses_over_http1_have_to_be_taken_too() {
    let site = Site::start(&["--write-timeout", "1"]);
    let mut connection = site.connect().stream.into_inner();
    connection.sock.set_write_timeout(Some(PATIENCE)).unwrap();
    let request = b"GET /img/grain.png HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let error = loop {
        if let Err(error) = connection.write_all(request) {
            break error.kind();
        }
    };
    assert!(matches!(error, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
}
