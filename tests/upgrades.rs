//! No request is lost by an upgrade in place, nor by a rolling restart behind a balancer: the short
//! form of `benches/upgrades.rs`.

mod upgrading;

use upgrading::{Plan, Report, restarts, upgrades};

fn plan(changes: u64, requests: u64) -> Plan {
    let executable = env!("CARGO_BIN_EXE_hardtack").into();
    Plan { executable, changes, requests, rate: 1500 }
}

#[track_caller]
fn nothing_was_lost(report: &Report) {
    assert!(report.failed.is_empty() && report.wrong_bytes == 0, "{report:#?}");
    assert_eq!(report.answered.len(), 5, "each kind of client was answered: {report:#?}");
    assert!(report.releases.iter().all(|answers| *answers > 0), "{report:#?}");
    assert!(report.closes_said > 0, "connections have moved: {report:#?}");
}

#[tokio::test]
async fn an_upgrade_loses_no_request() {
    let report = upgrades(&plan(3, 4500)).await.unwrap();
    nothing_was_lost(&report);
    assert_eq!(report.closes_seen, 0, "idle connections are kept: {report:#?}");
    assert_eq!(report.unready, 0, "it is ready all the time: {report:#?}");
}

#[tokio::test]
async fn a_rolling_restart_loses_no_request() {
    let report = restarts(&plan(2, 4500)).await.unwrap();
    nothing_was_lost(&report);
    assert!(report.unready >= 2, "the balancer was told: {report:#?}");
}
