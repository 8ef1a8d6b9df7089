//! From its start to its end: workers that crash, restarts and upgrades without a lost request,
//! and what the service manager is told.

mod common;

use std::{
    fs,
    io::{PipeReader, PipeWriter, Read, Write, pipe},
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixDatagram,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use common::{
    Connection, Lines, PATIENCE, Packed, Response, Server, executable, folder,
    frames::{GOAWAY, HEADERS, Http2, INITIAL_WINDOW_SIZE},
    hardtack, pack,
    process::{status, until},
    run,
    tls::{Certificate, CertificateFiles, client, handshake, put},
};

use rustix::io::ioctl_fionbio;

/// The executable under test, which carries another site. Tests that run at once share one.
fn second() -> Arc<Packed> {
    static SHARED: Mutex<Weak<Packed>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let large = vec![b'x'; 16_000_000];
        let site = folder(&[("robots.txt", b"second"), ("large.png", &large)]);
        let packed = Arc::new(pack(site.path(), &[]));
        *shared = Arc::downgrade(&packed);
        packed
    })
}

fn first() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_hardtack"))
}

/// A place where an executable is installed, and replaced.
struct Installed {
    folder: tempfile::TempDir,
}

impl Installed {
    fn new(executable: &Path) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let installed = Self { folder };
        installed.install(executable);
        installed
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    fn command(&self) -> Command {
        executable(&self.path())
    }

    /// Puts another executable in the place of the one that lies there, as installers do.
    fn install(&self, executable: &Path) {
        let new = self.folder.path().join("new");
        fs::hard_link(executable, &new).unwrap_or_else(|_| copy(executable, &new));
        fs::rename(new, self.path()).expect("in one folder");
    }

    /// The same with a script.
    fn install_script(&self, text: &str, mode: u32) {
        let script = self.folder.path().join("script");
        let source = self.folder.path().join("source");
        fs::write(&source, text).unwrap();
        copy(&source, &script);
        fs::set_permissions(&script, fs::Permissions::from_mode(mode)).unwrap();
        fs::rename(script, self.path()).unwrap();
    }

    /// The executable behind a script in which a worker waits until it may go on, and a supervisor
    /// for a moment, in which it has no child of its own that could end.
    fn install_slowly(&self, executable: &Path) {
        let wait = "if [ \"$1\" = worker ]; then until [ -e \"$0.go\" ]; do sleep 0.05; done
            else i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; fi";
        let text = format!("#!/bin/sh\n{wait}\nexec {} \"$@\"\n", executable.display());
        self.install_script(&text, 0o755);
    }

    /// Lets workers go on.
    fn go(&self) {
        fs::write(self.path().with_extension("go"), "").unwrap();
    }
}

/// Copies a file that is to be executed, in a process of its own. If this process had it open, a child
/// that another test starts at that moment would have it open too, and the file would be busy.
fn copy(source: &Path, target: &Path) {
    assert!(run(Command::new("cp").arg(source).arg(target)).status.success());
}

/// Of which site a response is; it is a good one.
#[track_caller]
fn site_of(response: &Response) -> &'static str {
    assert_eq!(response.status, 200);
    if response.body == b"second" { "second" } else { "first" }
}

#[track_caller]
fn ask(connection: &mut Connection) -> &'static str {
    site_of(&connection.request("GET", "/robots.txt", &[]))
}

const HALF: &[u8] = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n";

/// Whether the rest of a request is answered, and the connection closed with that.
#[track_caller]
fn finishes(connection: &mut Connection) -> &'static str {
    connection.send(b"\r\n");
    is_last(connection)
}

#[track_caller]
fn is_last(connection: &mut Connection) -> &'static str {
    let response = connection.response("GET");
    assert_eq!(response.header("connection"), Some("close"));
    assert!(connection.is_closed());
    site_of(&response)
}

/// The one worker.
#[track_caller]
fn worker(server: &Server) -> u32 {
    let [worker] = server.children()[..] else { panic!("{:?}", server.children()) };
    worker
}

fn kill(name: &str, process: u32) {
    assert!(run(Command::new("kill").arg(name).arg(process.to_string())).status.success());
}

/// Upgrades to what lies at its path, and waits until that has taken over.
#[track_caller]
fn upgrade(server: &Server, log: &Lines) {
    server.signal("-USR2");
    log.wait_for("upgraded: worker");
    log.wait_for("supervising as");
}

/// Waits for lines that may come in any order.
#[track_caller]
fn wait_for_all(log: &Lines, texts: &[&str]) {
    let mut missing = texts.to_vec();
    while !missing.is_empty() {
        let line = log.wait_for("");
        missing.retain(|text| !line.contains(text));
    }
}

/// Waits until new connections come to that site; each is answered.
#[track_caller]
fn wait_for_site(server: &Server, site: &str) {
    while ask(&mut server.connect()) != site {}
}

fn wait_until_refused(server: &Server) {
    while server.connect_or_refused().is_some() {
        thread::sleep(Duration::from_millis(10));
    }
}

#[track_caller]
fn ends_well(server: Server) {
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
}

// Crashes.

#[test]
fn a_worker_that_crashes_is_replaced() {
    let server = Server::start();
    let mut idle = server.connect();
    ask(&mut idle);
    // While the supervisor sleeps, nothing is started anew.
    server.signal("-STOP");
    kill("-KILL", worker(&server));
    assert!(idle.is_closed());
    let mut meanwhile: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for connection in &mut meanwhile {
        connection.send(&[HALF, b"\r\n"].concat());
    }
    server.signal("-CONT");
    for connection in &mut meanwhile {
        assert_eq!(connection.response("GET").status, 200);
    }
    ends_well(server);
}

#[test]
fn a_worker_that_crashes_again_and_again_is_replaced() {
    let (server, log) = Server::logged(&mut hardtack());
    for _ in 0..3 {
        let crashed = worker(&server);
        assert_eq!(status(crashed, "Name"), "hardtack-worker");
        kill("-KILL", crashed);
        log.wait_for(&format!("worker {crashed} ended: signal 9"));
        ask(&mut server.connect());
    }
    ends_well(server);
}

#[test]
fn a_worker_that_cannot_start_is_a_failed_start() {
    let output = run(hardtack().args(["--listen", "127.0.0.1:0"]).env("HARDTACK_CDN_SECRET", "s"));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(complaint.contains("at least 16 characters"), "{complaint}");
    assert!(output.stdout.is_empty(), "it never listened");
}

#[test]
fn a_worker_does_not_outlive_its_supervisor() {
    let mut server = Server::of(hardtack().args(["--threads", "1"]).stderr(Stdio::piped()));
    let mut stderr = server.process.stderr.take().unwrap();
    let (mut idle, mut half) = (server.connect(), server.connect());
    ask(&mut half);
    half.send(HALF);
    ask(&mut idle);
    server.signal("-KILL");
    // Nobody accepts any more, and then what is under way is finished.
    wait_until_refused(&server);
    assert_eq!(finishes(&mut half), "first");
    assert!(idle.is_closed());
    // The worker's end of the pipe is the last one.
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert!(said.contains("the supervisor has gone"), "{said}");
}

#[test]
fn signals_to_all_processes_are_the_supervisors_to_obey() {
    let (server, log) = Server::logged(&mut hardtack());
    let mut connection = server.connect();
    ask(&mut connection);
    let worker = worker(&server);
    ["-HUP", "-USR2", "-TERM", "-INT"].into_iter().for_each(|signal| kill(signal, worker));
    // They have come, when those to the supervisor have, which are sent later.
    server.signal("-HUP");
    log.wait_for("there is no certificate to read again");
    ask(&mut connection);
    assert_eq!(server.children(), [worker]);
}

/// A pipe that is full, and its end for reading.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    ioctl_fionbio(&writer, true).unwrap();
    while writer.write(&[b'x'; 4096]).is_ok() {}
    ioctl_fionbio(&writer, false).unwrap();
    (reader, writer)
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let installed = Installed::new(first());
    let (reader, writer) = full_pipe();
    let server = Server::of(installed.command().stderr(writer));
    let crashed = server.worker();
    kill("-KILL", crashed);
    assert_eq!(ask(&mut server.connect()), "first");
    ["-HUP", "-HUP"].into_iter().for_each(|signal| server.signal(signal));
    installed.install(&second().executable);
    server.signal("-USR2");
    wait_for_site(&server, "second");
    ends_well(server);
    drop(reader);
}

// The end.

#[test]
fn a_stop_does_not_wait_for_a_candidate_that_hears_nothing() {
    let installed = Installed::new(first());
    let mut command = installed.command();
    let (server, log) = Server::logged(command.args(["--drain-timeout", "86400"]));
    let script = "#!/bin/sh\nsleep 86400 & echo $! > \"$0.pid\"; echo begun >&2; wait\n";
    installed.install_script(script, 0o755);
    server.signal("-USR2");
    log.wait_for("begun");
    ends_well(server);
    let pid = fs::read_to_string(installed.path().with_extension("pid")).unwrap();
    let command_line = format!("/proc/{}/cmdline", pid.trim());
    let has_ended = || fs::read(&command_line).map_or(true, |words| words.is_empty());
    until("the script's program ends too", || has_ended().then_some(()));
}

#[test]
fn before_the_end_it_is_unready_and_accepts() {
    let mut command = hardtack();
    command.args(["--shutdown-delay", "3600", "--admin-listen", "127.0.0.1:0"]);
    let mut server = Server::of(&mut command);
    let admin = server.also_at("admin      http://");
    let status = |target| Connection::to(admin).request("GET", target, &[]).status;
    let (mut idle, mut half) = (server.connect(), server.connect());
    ask(&mut idle);
    half.send(HALF);
    assert_eq!((status("/readyz"), status("/healthz")), (200, 200));
    server.signal("-TERM");
    while status("/readyz") != 503 {}
    assert_eq!(status("/healthz"), 200);
    for connection in [&mut server.connect(), &mut idle] {
        connection.send(HALF);
        finishes(connection);
    }
    finishes(&mut half);
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
}

#[test]
fn at_the_end_it_finishes_what_is_under_way() {
    let server = Server::of(hardtack().args(["--shutdown-delay", "1", "--threads", "1"]));
    let (mut idle, mut half) = (server.connect(), server.connect());
    half.send(HALF);
    (0..10).for_each(|_| assert_eq!(ask(&mut idle), "first"));
    server.signal("-TERM");
    wait_until_refused(&server);
    finishes(&mut half);
    assert!(idle.is_closed());
    assert_eq!(server.wait(), 0);
}

#[test]
fn at_the_end_http2_is_told_so() {
    let server = Server::of(hardtack().arg("--h2c"));
    let stream = server.connect().stream.into_inner();
    let mut connection = Http2::over(stream, &[(INITIAL_WINDOW_SIZE, 0)]);
    let stream = connection.get("/robots.txt");
    assert!(connection.wait_for(HEADERS).is_200());
    server.signal("-TERM");
    connection.wait_for(GOAWAY);
    connection.take_more(stream, 65_535);
    assert!(!connection.rest_of_body(stream).is_empty());
    while connection.frame().is_some() {}
    assert_eq!(server.wait(), 0);
}

#[test]
fn at_the_end_a_client_that_does_not_read_is_cut_off() {
    let second = second();
    let server = Server::of(second.command().args(["--drain-timeout", "1"]));
    let mut connection = server.connect();
    connection.send(b"GET /large.png HTTP/1.1\r\nHost: x\r\n\r\n");
    connection.stream.read_exact(&mut [0; 1000]).unwrap();
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
    let mut rest = Vec::new();
    connection.stream.read_to_end(&mut rest).ok();
    assert!(rest.len() < 15_000_000, "{}", rest.len());
}

// Upgrades.

/// Asks on new connections again and again, until it is told to stop.
struct Visitors {
    is_over: Arc<AtomicBool>,
    visits: Arc<AtomicUsize>,
    thread: thread::JoinHandle<()>,
}

impl Visitors {
    fn of(server: &Server) -> Self {
        let (is_over, visits) = <(Arc<AtomicBool>, Arc<AtomicUsize>)>::default();
        let (address, over, count) = (server.address, is_over.clone(), visits.clone());
        let thread = thread::spawn(move || {
            while !over.load(Relaxed) {
                ask(&mut Connection::to(address));
                count.fetch_add(1, Relaxed);
            }
        });
        Self { is_over, visits, thread }
    }

    /// Waits for more of them.
    fn wait_for_more(&self) {
        let before = self.visits.load(Relaxed);
        while self.visits.load(Relaxed) < before + 10 && !self.thread.is_finished() {
            thread::yield_now();
        }
    }

    /// Each was answered.
    fn were_all_answered(self) {
        self.is_over.store(true, Relaxed);
        self.thread.join().expect("all were answered");
    }
}

#[test]
fn an_upgrade_loses_nothing() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(&mut installed.command());
    let old = worker(&server);
    let (mut half, mut idle, mut unused) = (server.connect(), server.connect(), server.connect());
    ask(&mut half);
    half.send(HALF);
    ask(&mut idle);
    let visitors = Visitors::of(&server);
    visitors.wait_for_more();

    installed.install(&second().executable);
    upgrade(&server, &log);
    wait_for_site(&server, "second");
    visitors.wait_for_more();
    visitors.were_all_answered();

    // Nobody has told the clients of idle connections, so they may ask once more.
    idle.send(&[HALF, b"\r\n"].concat());
    assert_eq!(is_last(&mut idle), "first");
    assert_eq!(finishes(&mut half), "first");
    ask(&mut unused);
    log.wait_for(&format!("the old worker {old} has finished"));
    assert_ne!(worker(&server), old);
    assert_eq!(ask(&mut server.connect()), "second");
    ends_well(server);
}

#[test]
fn a_dormant_connection_has_one_more_answer_after_an_upgrade() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(installed.command().arg("--log-level=debug"));
    let old = worker(&server);
    let [mut asks, leaves] = [server.connect(), server.connect()];
    ask(&mut asks);
    (0..2).for_each(|_| drop(log.wait_for("a connection is dormant")));
    installed.install(&second().executable);
    upgrade(&server, &log);
    wait_for_site(&server, "second");
    asks.send(&[HALF, b"\r\n"].concat());
    assert_eq!(is_last(&mut asks), "first");
    drop(leaves);
    log.wait_for(&format!("the old worker {old} has finished"));
    ends_well(server);
}

/// Connections that were idle at the upgrade lead to the old worker. Its release lacks a file, and
/// nobody is told that there is none.
#[test]
fn after_an_upgrade_every_connection_leads_to_the_new_files() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(&mut installed.command());
    let mut idle: Vec<_> = (0..4).map(|_| server.connect()).collect();
    assert_eq!(idle[0].request("GET", "/large.png", &[]).status, 404);
    for connection in &mut idle {
        ask(connection);
    }
    installed.install(&second().executable);
    upgrade(&server, &log);
    let mut last = idle.pop().unwrap();
    until("the old worker knows that it has retired", || {
        let response = last.request("GET", "/robots.txt", &[]);
        assert_eq!(site_of(&response), "first");
        response.header("connection").map(str::to_owned)
    });
    for (connection, method) in idle.iter_mut().zip(["GET", "HEAD"]) {
        let response = connection.request(method, "/large.png?a=b", &[]);
        assert_eq!((response.status, response.header("location")), (307, Some("/large.png?a=b")));
        assert_eq!(response.header("connection"), Some("close"));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        assert!(connection.is_closed());
    }
    assert_eq!(idle[2].request("GET", "//other.example/", &[]).status, 404);
    assert_eq!(server.connect().request("HEAD", "/large.png?a=b", &[]).status, 200);
    assert_eq!(server.get("/none", &[]).status, 404);
    ends_well(server);
}

#[test]
fn an_upgrade_does_not_wait_for_ever() {
    let installed = Installed::new(first());
    let mut command = installed.command();
    let (server, log) = Server::logged(command.args(["--upgrade-drain-timeout", "1"]));
    let old = worker(&server);
    let mut idle = server.connect();
    ask(&mut idle);
    upgrade(&server, &log);
    assert!(idle.is_closed());
    log.wait_for(&format!("the old worker {old} has finished"));
    ends_well(server);
}

/// A WebSocket outlives an upgrade, and is told when its time is over.
#[test]
fn an_upgrade_ends_no_websocket_but_says_so_in_the_end() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("http://{}", app.local_addr().unwrap());
    let installed = Installed::new(first());
    let mut command = installed.command();
    command.args(["--drain-timeout=1", "--upgrade-drain-timeout=4", "--upstream", &upstream]);
    command.arg("--admin-listen=127.0.0.1:0");
    let (mut server, log) = Server::logged(&mut command);
    let admin = server.also_at("admin      http://");
    let old = worker(&server);
    let mut client = server.connect();
    client.send(
        b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let mut app = Connection::over(app.accept().unwrap().0);
    while !app.line().is_empty() {}
    app.send(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    while !client.line().is_empty() {}
    upgrade(&server, &log);
    // Longer than the time to stop.
    thread::sleep(Duration::from_secs(2));
    let status = Connection::to(admin).request("GET", "/status.json", &[]);
    assert!(String::from_utf8(status.body).unwrap().contains("\"old_workers\":1,"));
    app.send(b"\x81\x02hi");
    let mut told = [0; 8];
    client.stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"\x81\x02hi\x88\x02\x03\xe9");
    let mut told = [0; 8];
    app.stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"\x88\x82\0\0\0\0\x03\xe9");
    assert!(client.is_closed());
    drop(app);
    log.wait_for(&format!("the old worker {old} has finished"));
    ends_well(server);
}

#[test]
fn a_stop_ends_old_workers_too() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(installed.command().args(["--threads", "1"]));
    let (mut half, mut idle) = (server.connect(), server.connect());
    ask(&mut half);
    half.send(HALF);
    (0..10).for_each(|_| assert_eq!(ask(&mut idle), "first"));
    upgrade(&server, &log);
    server.signal("-TERM");
    finishes(&mut half);
    assert!(idle.is_closed());
    assert_eq!(server.wait(), 0);
}

#[test]
fn an_upgrade_of_what_a_link_leads_to() {
    let (old, new) = (Installed::new(first()), Installed::new(&second().executable));
    let links = folder(&[]);
    let link = links.path().join("current");
    symlink(old.path(), &link).unwrap();
    let (server, log) = Server::logged(&mut executable(&link));
    assert_eq!(ask(&mut server.connect()), "first");
    let other = links.path().join("next");
    symlink(new.path(), &other).unwrap();
    fs::rename(other, &link).unwrap();
    upgrade(&server, &log);
    wait_for_site(&server, "second");
    ends_well(server);
}

#[test]
fn an_upgrade_that_fails_changes_nothing() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(installed.command().arg("--skip-verification"));
    let (old, mut connection) = (worker(&server), server.connect());
    let damaged = |change: fn(&mut Vec<u8>)| {
        let installed = Installed::new(first());
        fs::remove_file(installed.path()).unwrap();
        second().damage(&installed.path(), change);
        installed
    };
    let last_byte = damaged(|bytes| *bytes.last_mut().unwrap() ^= 1);
    let short = damaged(|bytes| bytes.truncate(bytes.len() - 1));
    let long = damaged(|bytes| bytes.push(0));
    let attempts: [(&dyn Fn(), &str); 7] = [
        (&|| installed.install_script("#!/bin/sh\n", 0o644), "Permission denied"),
        (&|| installed.install_script("#!/bin/sh\nexit 3\n", 0o755), "exit status 3"),
        (&|| installed.install_script("no program", 0o755), "cannot start"),
        (&|| installed.install(&last_byte.path()), "digest"),
        (&|| installed.install(&short.path()), "copy it again"),
        (&|| installed.install(&long.path()), "copy it again"),
        (&|| fs::remove_file(installed.path()).unwrap(), "No such file"),
    ];
    for (attempt, why) in attempts {
        attempt();
        server.signal("-USR2");
        let line = log.wait_for("the upgrade failed, and everything goes on as before");
        assert!(line.contains(why), "{why}: {line}");
        assert_eq!(ask(&mut connection), "first");
        assert_eq!(ask(&mut server.connect()), "first");
        assert_eq!(worker(&server), old);
    }
    installed.install(&second().executable);
    upgrade(&server, &log);
    wait_for_site(&server, "second");
    ends_well(server);
}

#[test]
fn one_upgrade_after_the_other() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(&mut installed.command());
    for (executable, site) in [(&*second().executable, "second"), (first(), "first")] {
        installed.install(executable);
        upgrade(&server, &log);
        wait_for_site(&server, site);
    }
    ends_well(server);
}

/// It has no ear for a moment, in which a signal must not end it, or be lost.
#[test]
fn signals_in_the_middle_of_an_upgrade_are_obeyed() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(&mut installed.command());
    for _ in 0..3 {
        server.signal("-USR2");
        log.wait_for("upgraded: worker");
        server.signal("-HUP");
        log.wait_for("there is no certificate to read again");
    }
    server.signal("-USR2");
    log.wait_for("upgraded: worker");
    server.signal("-USR2");
    log.wait_for("upgraded: worker");
    ends_well(server);
}

#[test]
fn a_stop_in_the_middle_of_an_upgrade_is_the_end() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(&mut installed.command());
    server.signal("-USR2");
    log.wait_for("upgrading to");
    ends_well(server);
}

/// A supervisor that sleeps with an upgrade before it: the candidate has said that it is ready.
struct Asleep {
    server: Server,
    log: Lines,
    old: u32,
    candidate: u32,
    _files: (Installed, Arc<Packed>),
}

impl Asleep {
    fn before_an_upgrade() -> Self {
        let (installed, second) = (Installed::new(first()), second());
        let (server, log) = Server::logged(&mut installed.command());
        let old = worker(&server);
        installed.install_slowly(&second.executable);
        server.signal("-USR2");
        let candidate = || server.children().into_iter().find(|child| *child != old);
        let candidate = until("there is a candidate", candidate);
        let moment = Duration::from_millis(500);
        // It is given its sockets.
        thread::sleep(moment);
        server.signal("-STOP");
        installed.go();
        wait_for_site(&server, "second");
        // It serves, and then it says so.
        thread::sleep(moment);
        Self { server, log, old, candidate, _files: (installed, second) }
    }

    /// Kills a worker, which the supervisor does not learn before it wakes.
    fn kill(&self, worker: u32) {
        kill("-KILL", worker);
        let has_ended =
            || status(worker, "State").starts_with('Z') && status(worker, "Threads") == "1";
        until("it has ended", || has_ended().then_some(()));
    }

    fn wakes(&self) {
        self.server.signal("-CONT");
    }
}

#[test]
fn a_signal_that_comes_with_the_candidates_report_is_obeyed() {
    let asleep = Asleep::before_an_upgrade();
    asleep.server.signal("-HUP");
    asleep.wakes();
    wait_for_all(&asleep.log, &["there is no certificate to read again", "supervising as"]);
    ends_well(asleep.server);
}

#[test]
fn a_stop_that_comes_with_the_candidates_report_is_the_end() {
    let asleep = Asleep::before_an_upgrade();
    asleep.server.signal("-TERM");
    asleep.wakes();
    assert_eq!(asleep.server.wait(), 0);
}

#[test]
fn a_candidate_that_crashes_when_it_is_ready_changes_nothing() {
    let asleep = Asleep::before_an_upgrade();
    asleep.kill(asleep.candidate);
    asleep.wakes();
    asleep.log.wait_for("the upgrade failed, and everything goes on as before: signal 9");
    assert_eq!(ask(&mut asleep.server.connect()), "first");
    assert_eq!(worker(&asleep.server), asleep.old);
    ends_well(asleep.server);
}

#[test]
fn a_worker_that_crashes_when_the_candidate_is_ready_is_replaced_by_it() {
    let asleep = Asleep::before_an_upgrade();
    asleep.kill(asleep.old);
    asleep.wakes();
    asleep.log.wait_for("supervising as");
    assert_eq!(ask(&mut asleep.server.connect()), "second");
    assert_eq!(worker(&asleep.server), asleep.candidate);
    ends_well(asleep.server);
}

#[test]
fn signals_during_the_exec_are_obeyed() {
    let (installed, second) = (Installed::new(first()), second());
    let (server, log) = Server::logged(&mut installed.command());
    installed.install_slowly(&second.executable);
    installed.go();
    server.signal("-USR2");
    log.wait_for("upgraded: worker");
    let running = format!("/proc/{}/exe", server.process.id());
    let is_old = || fs::read_link(&running).is_ok_and(|path| path.starts_with(&installed.folder));
    until("the script runs", || (!is_old()).then_some(()));
    ["-HUP", "-USR2"].into_iter().for_each(|signal| server.signal(signal));
    log.wait_for("supervising as");
    wait_for_all(&log, &["there is no certificate to read again", "supervising as"]);
    ends_well(server);
}

#[test]
fn a_stop_during_the_exec_is_the_end() {
    let (installed, second) = (Installed::new(first()), second());
    let (server, log) = Server::logged(&mut installed.command());
    installed.install_slowly(&second.executable);
    installed.go();
    server.signal("-USR2");
    log.wait_for("upgraded: worker");
    ends_well(server);
}

#[test]
fn a_supervisor_that_cannot_become_the_new_executable_goes_on() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(&mut installed.command());
    let second = second();
    let new = second.executable.display();
    installed.install_script(&format!("#!/bin/sh\nrm \"$0\"\nexec {new} \"$@\"\n"), 0o755);
    server.signal("-USR2");
    let line = log.wait_for("the new worker serves, but its supervisor cannot take over");
    assert!(line.contains("No such file"), "{line}");
    wait_for_site(&server, "second");
    server.signal("-HUP");
    log.wait_for("there is no certificate to read again");
    installed.install(&second.executable);
    upgrade(&server, &log);
    ends_well(server);
}

#[test]
fn a_worker_that_crashes_after_an_upgrade_is_replaced() {
    let installed = Installed::new(first());
    let (server, log) = Server::logged(&mut installed.command());
    let old = worker(&server);
    installed.install(&second().executable);
    upgrade(&server, &log);
    log.wait_for(&format!("the old worker {old} has finished"));
    let new = worker(&server);
    kill("-KILL", new);
    log.wait_for(&format!("worker {new} ended: signal 9"));
    assert_eq!(ask(&mut server.connect()), "second");
    ends_well(server);
}

#[test]
fn an_upgrade_with_tls() {
    let (old, new) = (Certificate::new(), Certificate::new());
    let files = CertificateFiles::of(&old);
    let installed = Installed::new(first());
    let mut command = installed.command();
    command.args(["--listen", "https://127.0.0.1:0", "--tls-certificate"]).arg(files.chain());
    let (server, log) = Server::logged(command.arg("--tls-key").arg(files.key()));
    let stream = handshake(server.connect_tls_port(), &client(&[&old], &["h2"])).unwrap();
    let mut under_way = Http2::over(stream, &[(INITIAL_WINDOW_SIZE, 0)]);
    let stream = under_way.get("/robots.txt");
    assert!(under_way.wait_for(HEADERS).is_200());

    // A file that is damaged just then is no reason to stop.
    put(&files.chain(), "damaged");
    installed.install(&second().executable);
    upgrade(&server, &log);
    log.wait_for("the old certificate stays in use");
    wait_for_site(&server, "second");
    let mut fresh = server.connect_tls(&client(&[&old], &[]));
    assert_eq!(site_of(&fresh.request("GET", "/robots.txt", &[])), "second");

    under_way.wait_for(GOAWAY);
    under_way.take_more(stream, 65_535);
    assert!(under_way.rest_of_body(stream).starts_with(b"User-agent"));
    while under_way.frame().is_some() {}

    // As long as the old worker is there, it is told as well, and may say so first.
    log.wait_for("has finished");
    files.replace(&new);
    log.wait_for("another certificate is in use");
    server.connect_tls(&client(&[&new], &[]));
    ends_well(server);
}

#[test]
fn an_upgrade_with_a_unix_socket() {
    let installed = Installed::new(first());
    let path = installed.folder.path().join("site.sock");
    let mut command = installed.command();
    command.arg("--listen").arg(format!("unix:{}", path.display()));
    let (server, log) = Server::logged(&mut command);
    upgrade(&server, &log);
    assert!(path.exists());
    ends_well(server);
    assert!(!path.exists());
}

// The service manager.

/// The socket of a service manager.
struct Manager {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = folder(&[]);
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    /// The next message to the service manager.
    #[track_caller]
    fn hears(&self) -> String {
        let mut message = [0; 1000];
        let length = self.socket.recv(&mut message).expect("a message");
        String::from_utf8(message[..length].to_owned()).unwrap()
    }

    #[track_caller]
    fn wait_for(&self, state: &str) -> String {
        let mut messages = std::iter::repeat_with(|| self.hears());
        messages.find(|message| message.lines().any(|line| line == state)).unwrap()
    }

    /// The messages to the service manager until now.
    fn heard(&self) -> Vec<String> {
        let mut message = [0; 1000];
        self.socket.set_nonblocking(true).unwrap();
        let lengths = std::iter::from_fn(|| {
            let length = self.socket.recv(&mut message).ok()?;
            Some(String::from_utf8(message[..length].to_owned()).unwrap())
        });
        let heard = lengths.collect();
        self.socket.set_nonblocking(false).unwrap();
        heard
    }
}

#[test]
fn the_service_manager_is_told() {
    let manager = Manager::new();
    let (server, log) = Server::logged(hardtack().env("NOTIFY_SOCKET", manager.path()));
    let ready = manager.hears();
    assert!(ready.starts_with("READY=1\nSTATUS=serving release "), "{ready}");
    server.signal("-HUP");
    let reloading = manager.hears();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(manager.hears(), "READY=1\n");
    upgrade(&server, &log);
    assert!(manager.heard().iter().any(|message| message.starts_with("READY=1\n")));
    server.signal("-TERM");
    manager.wait_for("STOPPING=1");
    assert_eq!(server.wait(), 0);
    // Without a watchdog, nobody wants to hear that.
    assert!(manager.heard().iter().all(|message| !message.contains("WATCHDOG")));
}

#[test]
fn a_service_manager_that_does_not_read_keeps_nothing_up() {
    let manager = Manager::new();
    let mut command = hardtack();
    command.env("NOTIFY_SOCKET", manager.path()).env("WATCHDOG_USEC", "2000");
    let other = UnixDatagram::unbound().unwrap();
    other.set_nonblocking(true).unwrap();
    while other.send_to(b"full", manager.path()).is_ok() {}
    let (server, log) = Server::logged(&mut command);
    assert_eq!(server.get("/", &[]).status, 200);
    let crashed = worker(&server);
    kill("-KILL", crashed);
    log.wait_for(&format!("worker {crashed} ended"));
    log.wait_for("serves");
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
}

#[test]
fn a_failed_start_is_not_ready() {
    let manager = Manager::new();
    let mut command = hardtack();
    command.args(["--listen", "127.0.0.1:0"]).env("HARDTACK_CDN_SECRET", "short");
    assert!(!run(command.env("NOTIFY_SOCKET", manager.path())).status.success());
    assert!(manager.heard().iter().all(|message| !message.contains("READY=1")));
}

#[test]
fn the_watchdog_is_told_while_a_worker_serves() {
    let manager = Manager::new();
    let installed = Installed::new(first());
    let mut command = installed.command();
    command.env("NOTIFY_SOCKET", manager.path()).env("WATCHDOG_USEC", "100000");
    let (server, log) = Server::logged(&mut command);
    manager.wait_for("READY=1");
    (0..3).for_each(|_| assert_eq!(manager.hears(), "WATCHDOG=1\n"));

    // With each crash the next worker starts later, at last after 1.6 s.
    for crash in 1..=5 {
        let crashed = worker(&server);
        kill("-KILL", crashed);
        log.wait_for(&format!("worker {crashed} ended"));
        if crash < 5 {
            log.wait_for("serves");
        }
    }
    manager.heard();
    thread::sleep(Duration::from_millis(500));
    assert_eq!(manager.heard(), [""; 0], "nobody serves");

    manager.wait_for("READY=1");
    assert_eq!(manager.hears(), "WATCHDOG=1\n");
    upgrade(&server, &log);
    manager.wait_for("READY=1");
    manager.wait_for("WATCHDOG=1");
    ends_well(server);
}
