//! `hardtack health`, for the health check of a container.

mod common;

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::Command,
    thread,
};

use common::{Server, hardtack, process::until, run, stderr, stdout, varnish::free_address};

fn health(address: &str) -> Command {
    let mut command = hardtack();
    command.args(["health", "--admin-listen", address]);
    command
}

#[test]
fn a_healthy_server() {
    let folder = tempfile::tempdir().unwrap();
    let socket: PathBuf = folder.path().join("admin.sock");
    let unix = format!("unix:{}", socket.display());
    let mut tcp = Server::of(hardtack().args(["--admin-listen", "127.0.0.1:0"]));
    let _unix = Server::of(hardtack().args(["--admin-listen", &unix]));
    let address = tcp.also_at("admin      http://").to_string();
    for address in [&address, &unix] {
        let said = stdout(&mut health(address));
        assert_eq!(said, format!("healthy: 200 from {address}/readyz\n"));
        let said = stdout(health(address).arg("--live"));
        assert_eq!(said, format!("healthy: 200 from {address}/healthz\n"));
    }
    let by_variable = stdout(hardtack().arg("health").env("HARDTACK_ADMIN_LISTEN", &address));
    assert!(by_variable.starts_with("healthy: "), "{by_variable}");
}

#[test]
fn a_server_that_is_not_healthy() {
    let address = free_address().to_string();
    assert!(stderr(&mut health(&address), 1).contains(&format!("no answer from {address}/readyz")));
    assert!(
        stderr(&mut health("unix:/nowhere.sock"), 1).contains("no answer from unix:/nowhere.sock")
    );
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().to_string();
    stderr(health(&silent).args(["--timeout", "1"]), 1);
    assert!(stderr(hardtack().arg("health"), 2).contains("--admin-listen"));
    let strange = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = strange.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut client, _) = strange.accept().unwrap();
        client.write_all(b"HTTP/1.1 2000 OK\r\n\r\n").unwrap();
        client.read_to_end(&mut Vec::new()).ok();
    });
    let said = stderr(&mut health(&address), 1);
    assert!(said.contains("does not speak HTTP"), "{said}");
}

/// While it drains, `/readyz` says 503 and `/healthz` 200.
#[test]
fn a_server_that_is_told_to_stop() {
    let mut server =
        Server::of(hardtack().args(["--admin-listen", "127.0.0.1:0", "--shutdown-delay", "60"]));
    let address = server.also_at("admin      http://").to_string();
    server.signal("-TERM");
    let said = until("it is not ready", || {
        let output = run(&mut health(&address));
        (output.status.code() == Some(1)).then(|| String::from_utf8(output.stderr).unwrap())
    });
    assert_eq!(said, format!("hardtack: not healthy: 503 from {address}/readyz\n"));
    assert!(stdout(health(&address).arg("--live")).starts_with("healthy: "));
}
