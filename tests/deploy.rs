//! The files of `deploy/`: their times agree with the server's, and the tools that read them find nothing wrong.

mod common;

use std::{ffi::OsStr, fs, path::Path, process::Command};

use common::{hardtack, of_venv, stdout, succeeds};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(REPOSITORY).join("deploy").join(path)).unwrap()
}

/// The number behind the first of these texts.
#[track_caller]
fn number(text: &str, before: &str) -> u64 {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before} is missing")).1;
    let digits = rest.trim_start_matches(['"', ' ']);
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or_else(|_| panic!("no number behind {before}"))
}

/// The default of an option of `serve`.
fn default_of(option: &str) -> u64 {
    let help = stdout(hardtack().args(["serve", "--help"]));
    number(help.split_once(option).unwrap().1, "[default:")
}

/// systemd kills no worker that drains.
#[test]
fn the_service_stops_after_the_drain() {
    let service = file("systemd/hardtack.service");
    let drain = number(&service, "HARDTACK_DRAIN_TIMEOUT=") + default_of("--shutdown-delay");
    assert!(number(&service, "TimeoutStopSec=") > drain);
}

#[test]
fn a_pod_ends_after_the_drain() {
    let pod = file("kubernetes.yaml");
    let delay = number(&pod, "HARDTACK_SHUTDOWN_DELAY, value:");
    let drain = number(&pod, "HARDTACK_DRAIN_TIMEOUT, value:");
    assert!(number(&pod, "terminationGracePeriodSeconds:") > delay + drain);
    let readiness = pod.split_once("readinessProbe:").unwrap().1;
    let unready = number(readiness, "periodSeconds:") * number(readiness, "failureThreshold:");
    assert!(delay > unready);
}

/// The load balancer closes idle connections before the server does, and an instance is stopped when
/// its requests have had their time.
#[test]
fn an_instance_outlasts_the_load_balancers_requests() {
    let template = file("ec2.yaml");
    let idle = number(&template, "idle_timeout.timeout_seconds, Value:");
    assert!(idle < default_of("--idle-timeout"));
    let cloudfront = stdout(hardtack().args(["deploy", "cloudfront"]));
    assert!(idle > number(&cloudfront, "\"OriginKeepaliveTimeout\":"));
    let deregistration = number(&template, "deregistration_delay.timeout_seconds, Value:");
    assert!(deregistration >= default_of("--drain-timeout"));
}

/// Every template has the port of health checks.
#[test]
fn health_is_asked_where_the_admin_listener_is() {
    let template = file("ec2.yaml");
    let port = number(&template, "HARDTACK_ADMIN_LISTEN=0.0.0.0:");
    assert_eq!(number(&template, "HealthCheckPort:"), port);
    let container = file("container/Containerfile");
    assert_eq!(number(&container, "HARDTACK_ADMIN_LISTEN=0.0.0.0:"), port);
    assert_eq!(number(&template, "health --admin-listen 127.0.0.1:"), port);
    assert_eq!(number(&file("kubernetes.yaml"), "name: admin, containerPort:"), port);
}

/// The commands in these files are ones that this program has.
#[test]
fn every_command_is_known() {
    let texts = ["ec2.yaml", "systemd/hardtack.service", "container/Containerfile"].map(file);
    assert!(texts[0].contains("hardtack health --admin-listen 127.0.0.1:"));
    assert!(texts[1].contains("ExecStart=hardtack serve\n"));
    assert!(texts[2].contains("[\"/hardtack\", \"health\"]") && texts[2].contains("[\"serve\"]"));
    let help = stdout(hardtack().args(["health", "--help"]));
    assert!(help.contains("--admin-listen") && help.contains("HARDTACK_ADMIN_LISTEN"));
}

/// A program that reads the files of `deploy/`.
fn in_deploy(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(Path::new(REPOSITORY).join("deploy"));
    command
}

#[test]
#[ignore = "needs packer"]
fn packer_finds_nothing_wrong() {
    let package = tempfile::NamedTempFile::new().unwrap();
    let package = format!("package={}", package.path().display());
    succeeds(in_deploy("packer").args(["validate", "-var", &package, "packer/hardtack.pkr.hcl"]));
    succeeds(in_deploy("packer").args(["fmt", "-check", "packer"]));
}

#[test]
#[ignore = "needs cfn-lint"]
fn cloudformation_finds_nothing_wrong() {
    succeeds(in_deploy(of_venv("cfn-lint")).arg("ec2.yaml"));
}

#[test]
#[ignore = "needs kubernetes-validate"]
fn kubernetes_finds_nothing_wrong() {
    succeeds(in_deploy(of_venv("kubernetes-validate")).args(["--strict", "kubernetes.yaml"]));
}
