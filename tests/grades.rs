//! Grades by other projects' tools: testssl.sh of TLS, systemd-analyze of the units.

mod common;

use std::{fs, path::Path, process::Command};

use common::{Server, hardtack, run, succeeds};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

#[test]
#[ignore = "needs testssl.sh"]
fn testssl_finds_nothing_wrong() {
    let folder = common::folder(&[]);
    // Valid for as long as real ones are: the judge looks at that, too.
    succeeds(
        Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args(["-days", "90", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
            .args(["-keyout", "key.pem", "-out", "certificate.pem"])
            .current_dir(folder.path()),
    );
    let mut command = hardtack();
    command.args(["--listen", "https://127.0.0.1:0", "--tls-certificate"]);
    command.arg(folder.path().join("certificate.pem"));
    command.arg("--tls-key").arg(folder.path().join("key.pem"));
    let server = Server::of(&mut command);
    let place = server.banner.iter().find_map(|line| line.split_once("https://")).unwrap().1;
    let grade = Path::new(REPOSITORY).join("scripts/tls-grade");
    succeeds(Command::new(grade).arg(place.trim_end_matches('/')));
}

/// The units, with an executable and a user that are there, and the drop-in for TLS in its place.
fn units() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let drop_ins = folder.path().join("hardtack.service.d");
    fs::create_dir(&drop_ins).unwrap();
    for entry in fs::read_dir(Path::new(REPOSITORY).join("deploy/systemd")).unwrap() {
        let path = entry.unwrap().path();
        let unit = fs::read_to_string(&path).unwrap();
        let unit = unit.replace("=hardtack serve", "=/bin/true serve");
        let unit = unit.replace("=hardtack\n", "=daemon\n");
        let is_drop_in = path.extension().is_some_and(|extension| extension == "conf");
        let target = if is_drop_in { &drop_ins } else { folder.path() };
        fs::write(target.join(path.file_name().unwrap()), unit).unwrap();
    }
    folder
}

#[test]
#[ignore = "needs systemd"]
fn systemd_finds_nothing_wrong() {
    let units = units();
    let names = ["hardtack.service", "hardtack.socket", "hardtack-https.socket"];
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]).args(names.map(|name| units.path().join(name)));
    let output = run(&mut verify);
    let said = String::from_utf8(output.stderr).unwrap();
    let of_ours: Vec<_> = said.lines().filter(|line| line.contains("hardtack")).collect();
    assert!(output.status.success() && of_ours.is_empty(), "{said}");
    // Of 10, which is the worst; the service has 1.1.
    succeeds(Command::new("systemd-analyze").args([
        "security",
        "--offline=yes",
        "--threshold=15",
        "--no-pager",
        units.path().join("hardtack.service").to_str().unwrap(),
    ]));
}
