//! The powers that a taken-over worker lacks, and those that it has. The feature `break-out` makes the
//! running worker try them: the answer to a request for /break-out/WORD is the outcome.

mod common;

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    process::Command,
};

use common::{
    Connection, Server, executable, hardtack,
    http2::Http2,
    process::{status, until},
    run, stderr,
    tls::Installed,
};

fn with(options: &[&str]) -> Server {
    Server::of(hardtack().arg("serve").args(options))
}

/// The outcome of an attempt, as the worker tells it.
fn attempt(server: &Server, word: &str) -> String {
    String::from_utf8(server.get(&format!("/break-out/{word}"), &[]).body).unwrap()
}

#[track_caller]
fn attempts(server: &Server, expected: &[(&str, &str)]) {
    for (word, outcome) in expected {
        assert_eq!(attempt(server, word), *outcome, "{word}");
    }
    assert_eq!(server.get("/", &[]).status, 200, "it still serves");
}

const DENIED: &str = "PermissionDenied";

#[test]
fn nothing_is_left_to_be_done() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let connect = format!("connect-{}", other.local_addr().unwrap().port());
    for options in [&[][..], &["--sandbox=best-effort"], &["--sandbox=strict"]] {
        let server = with(options);
        for word in ["open", "list", "create", "exec", "kill", "connect", &connect] {
            assert_eq!(attempt(&server, word), DENIED, "{options:?} {word}");
        }
        for word in ["connect-unix", "datagram", "datagram-unix"] {
            assert_eq!(attempt(&server, word), DENIED, "{options:?} {word}");
        }
        attempts(&server, &[("no-such-word", "Other")]);
    }
    assert!(!is_connected_to(&other));
}

#[test]
fn without_it_all_of_that_is_possible() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let connect = format!("connect-{}", other.local_addr().unwrap().port());
    let server = with(&["--sandbox=off"]);
    attempts(&server, &[("open", "done"), ("list", "done"), ("create", "done"), ("exec", "done")]);
    attempts(&server, &[("connect", "ConnectionRefused"), (&connect, "done")]);
    attempts(&server, &[("connect-unix", "NotFound"), ("datagram-unix", "NotFound")]);
    attempts(&server, &[("datagram", "done")]);
    assert!(is_connected_to(&other));
    fs::remove_file("/tmp/hardtack-broke-out").unwrap();
}

/// Whether somebody waits to be accepted.
fn is_connected_to(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    let is_there = listener.accept().is_ok();
    listener.set_nonblocking(false).unwrap();
    is_there
}

/// Answers a request as an application does.
fn answer(mut stream: impl Read + Write) {
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        header.push(byte[0]);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\napp").unwrap();
}

#[track_caller]
fn asks_the_application(server: &Server, accept: impl FnOnce()) {
    let mut client = server.connect();
    client.send(b"GET /app HTTP/1.1\r\nHost: localhost\r\n\r\n");
    accept();
    assert_eq!(client.response("GET").body, b"app");
}

#[test]
fn to_the_application_is_the_only_way_out() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let [app_port, other_port] = [&app, &other].map(|it| it.local_addr().unwrap().port());
    let url = format!("--upstream=http://127.0.0.1:{app_port}");
    let server = with(&["--sandbox=strict", &url]);
    asks_the_application(&server, || answer(app.accept().unwrap().0));
    let [to_app, to_other] = [app_port, other_port].map(|port| format!("connect-{port}"));
    attempts(&server, &[(&to_app, "done"), (&to_other, DENIED), ("connect", DENIED)]);
    attempts(&server, &[("open", DENIED), ("exec", DENIED), ("create", DENIED)]);
    attempts(&server, &[("datagram", DENIED), ("datagram-unix", DENIED), ("kill", DENIED)]);
    assert!(is_connected_to(&app) && !is_connected_to(&other));
}

#[test]
fn with_the_application_at_a_unix_socket_there_is_no_tcp() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let app = UnixListener::bind(&path).unwrap();
    let server = with(&["--sandbox=strict", "--upstream", &format!("unix:{}", path.display())]);
    asks_the_application(&server, || answer(app.accept().unwrap().0));
    attempts(&server, &[("connect", DENIED), ("open", DENIED), ("exec", DENIED)]);
    attempts(&server, &[("datagram", DENIED), ("datagram-unix", DENIED)]);
}

/// Options, connecting (also to nothing: AF_UNSPEC), ending, copying: all of them would change the
/// listener of the supervisor and of the next worker as well.
#[test]
fn a_listener_is_only_accepted_from() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("--upstream=http://{}", app.local_addr().unwrap());
    for options in [&["--sandbox=strict"][..], &["--sandbox=strict", &upstream]] {
        let server = with(options);
        for how in [
            "shutdown",
            "disconnect",
            "connect",
            "send",
            "wait",
            "ioctl",
            "reuse",
            "narrow",
            "linger",
            "nodelay",
            "listen",
            "copy",
        ] {
            attempts(&server, &[(&format!("listener-{how}"), DENIED)]);
        }
    }
    let server = with(&["--sandbox=off"]);
    attempts(&server, &[("listener-reuse", "done"), ("listener-copy", "done")]);
    assert_eq!(attempt(&server, "listener-disconnect"), "done");
}

/// A log may be a plain file that its opener could also read.
#[test]
fn a_log_is_only_written_to() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("--upstream=http://{}", app.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let words = ["read", "read-at", "seek", "overwrite", "truncate", "wait", "ioctl"];
    for (options, outcome) in [("", DENIED), (&upstream, DENIED), ("--sandbox=off", "done")] {
        let log = folder.path().join("access.log");
        fs::write(&log, "").unwrap();
        let file = fs::File::options().read(true).write(true).open(&log).unwrap();
        let mut command = hardtack();
        command.args(["serve", "--listen=127.0.0.1:0", "--access-log=combined"]);
        command.args(Some(options).filter(|it| !it.is_empty()));
        let mut process = command.stdout(file).spawn().unwrap();
        let address = until("it listens", || {
            let text = fs::read_to_string(&log).unwrap();
            text.split_once("listening  http://")?.1.split('/').next()?.parse().ok()
        });
        for word in words {
            let target = format!("/break-out/log-{word}");
            let said = Connection::to(address).request("GET", &target, &[]).body;
            assert_eq!(String::from_utf8(said).unwrap(), outcome, "{options} {word}");
        }
        if outcome == DENIED {
            until("the log has a line", || {
                fs::read_to_string(&log).unwrap().contains("GET /break-out/log-ioctl").then_some(())
            });
        }
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

#[test]
fn the_first_lines_say_what_is_in_force() {
    let all = "no new privileges, Landlock (no files, no TCP of its own), seccomp";
    let with_port = "no new privileges, Landlock (no files, no TCP of its own but to port 9), \
                     seccomp";
    for (options, expected) in [
        (&["--sandbox=strict"][..], all),
        (&["--sandbox=strict", "--upstream=http://127.0.0.1:9"], with_port),
        (&["--sandbox=off"], "off"),
    ] {
        let banner = &with(options).banner;
        assert!(banner.contains(&format!("  sandbox    {expected}")), "{banner:?}");
    }
}

#[test]
fn the_system_knows_of_it() {
    let locks = |server: &Server| {
        let worker = server.worker();
        ["NoNewPrivs", "Seccomp"].map(|field| status(worker, field))
    };
    assert_eq!(locks(&Server::start()), ["1", "2"]);
    assert_eq!(locks(&with(&["--sandbox=strict"])), ["1", "2"]);
    assert_eq!(locks(&with(&["--sandbox=off"])), ["0", "0"]);
}

/// The files that a process has open.
fn open_files(pid: u32) -> Vec<PathBuf> {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).expect("it lives");
    descriptors.filter_map(|it| fs::read_link(it.unwrap().path()).ok()).collect()
}

#[test]
fn files_of_the_process_that_started_it_are_not_inherited() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("lock");
    let mut command = executable(Path::new("/bin/sh"));
    // Descriptors 3 to 9 are those that a shell can name.
    command.arg("-c").arg(r#"exec 3>"$0" 7<"$0" 9<>"$0"; exec "$@""#).arg(&foreign);
    command.arg(env!("CARGO_BIN_EXE_hardtack")).arg("serve").arg("--sandbox=off");
    let server = Server::of(&mut command);
    assert!(open_files(server.process.id()).contains(&foreign), "the supervisor has it");
    let mut old = 0;
    for signal in ["-USR2", "-KILL", "-TERM"] {
        let worker = another_worker(&server, old);
        assert!(!open_files(worker).contains(&foreign), "before {signal}");
        match signal {
            "-KILL" => drop(run(Command::new("kill").args([signal, &worker.to_string()]))),
            _ => server.signal(signal),
        }
        old = worker;
    }
    assert_eq!(server.wait(), 0);
}

fn another_worker(server: &Server, old: u32) -> u32 {
    until("another worker serves", || {
        let workers = children(server.process.id());
        workers.first().copied().filter(|_| !workers.contains(&old))
    })
}

#[test]
#[ignore = "needs root"]
fn the_worker_is_another_user() {
    let id = |option: &str| {
        String::from_utf8(run(Command::new("id").args([option, "nobody"])).stdout).unwrap()
    };
    let (user, group) = (id("-u"), id("-g"));
    let server = with(&["--user=nobody", "--sandbox=strict"]);
    let worker = server.worker();
    let is_all = |field: &str, id: &str| {
        status(worker, field).split_whitespace().all(|one| one == id.trim())
    };
    assert!(is_all("Uid", &user) && is_all("Gid", &group));
    assert_eq!(status(worker, "Groups"), "");
    let capabilities = u64::from_str_radix(&status(worker, "CapEff"), 16).unwrap();
    assert_eq!(capabilities, 0);
    assert_eq!(status(server.process.id(), "Uid").split_whitespace().next(), Some("0"));
    assert_eq!(server.get("/", &[]).status, 200);
}

#[test]
fn a_user_that_is_none_is_told() {
    let error = stderr(hardtack().arg("--user=nobody-of-that-name"), 1);
    assert!(error.contains("there is no user nobody-of-that-name"), "{error}");
}

/// Everything at once, for one missing system call would break one of these.
#[test]
fn all_features_work_inside() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("--upstream=http://{}", app.local_addr().unwrap());
    let mut certificate = Installed::new();
    let mut command = hardtack();
    command.args(["serve", "--sandbox=strict", "--listen=https://127.0.0.1:0", "--h2c"]);
    command.args(["--admin-listen=127.0.0.1:0", "--access-log=combined", "--log-level=debug"]);
    command.args(["--prefault", "--lock-memory", "--max-connections-per-address=100", &upstream]);
    let mut server = Server::of(command.args(certificate.options()));
    // The TLS listener is the first one, and its line comes before that of the other.
    let tls = server.banner.iter().find_map(|line| line.split_once("listening  https://"));
    let tls = tls.unwrap().1.trim_end_matches('/').parse().unwrap();
    let admin = server.also_at("admin      http://");

    assert_eq!(server.get("/", &[]).status, 200);
    assert_eq!(Http2::to(server.address).get("/", &[]).status, 200);
    assert_eq!(certificate.connect(tls).request("GET", "/", &[]).status, 200);
    assert_eq!(Http2::over_tls(tls, &certificate).get("/", &[]).status, 200);
    asks_the_application(&server, || answer(app.accept().unwrap().0));
    for path in ["/healthz", "/readyz", "/metrics", "/status.json", "/"] {
        assert_eq!(Connection::to(admin).request("GET", path, &[]).status, 200, "{path}");
    }
    let line = server.line().unwrap();
    assert!(line.contains("\"GET / HTTP/"), "{line}");

    certificate.renew();
    server.signal("-HUP");
    until("the other certificate is shown", || {
        let mut client = certificate.connect_if_shown(tls)?;
        (client.request("GET", "/", &[]).status == 200).then_some(())
    });
    let old = server.worker();
    server.signal("-USR2");
    another_worker(&server, old);
    assert_eq!(server.get("/", &[]).status, 200);
    assert_eq!(Http2::over_tls(tls, &certificate).get("/", &[]).status, 200);
    assert_eq!(attempt(&server, "open"), DENIED);
    assert_eq!(status(server.worker(), "Seccomp"), "2");
    server.signal("-TERM");
    assert_eq!(server.wait(), 0);
}

fn children(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let children = fs::read_to_string(path).unwrap_or_default();
    children.split_whitespace().map(|child| child.parse().unwrap()).collect()
}
