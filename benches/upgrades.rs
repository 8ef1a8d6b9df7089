//! Upgrades in place, and rolling restarts, under load: no request may be lost.
//!
//! ```text
//! cargo bench --bench upgrades
//! ```
//!
//! Clients of four kinds ask at once, at a fixed rate: HTTP/1.1 on connections that are kept and on
//! fresh ones, HTTPS/1.1, and HTTP/2 over TLS. They check every status, length and byte, and count
//! as lost what a strict reading of the protocol lets them count: see `tests/upgrading`. Meanwhile
//! the executable is replaced by another release, again and again, and the server told to upgrade;
//! and then, in another run, two servers behind a balancer are restarted in turn. The exit status
//! is 1 if any request was lost.

#[path = "../tests/upgrading/mod.rs"]
mod upgrading;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, ValueEnum};
use upgrading::{Plan, Report, restarts, upgrades};

/// Upgrades and restarts a server under load, and counts the requests that are lost.
#[derive(Parser)]
struct Options {
    /// How often the server is upgraded, and in the other run one of two is restarted
    #[arg(long, value_name = "NUMBER", default_value = "20")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1000))]
    upgrades: u64,
    /// How many requests are made at least, in each run
    #[arg(long, value_name = "NUMBER", default_value = "200000")]
    requests: u64,
    /// Requests a second, of all clients
    #[arg(long, value_name = "NUMBER", default_value = "2000")]
    #[arg(value_parser = clap::value_parser!(u64).range(100..=20_000))]
    rate: u64,
    /// The executable under test
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_hardtack"))]
    executable: PathBuf,
    /// Only one of the two runs
    #[arg(long, value_enum)]
    only: Option<Run>,
    /// Ignored: `cargo bench` passes it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Run {
    Upgrades,
    Restarts,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let Options { upgrades: changes, requests, rate, executable, only, .. } = Options::parse();
    let plan = Plan { executable: executable.canonicalize()?, changes, requests, rate };
    let mut is_perfect = true;
    if only != Some(Run::Restarts) {
        is_perfect &= tell("upgrades in place", &plan, &upgrades(&plan).await?);
    }
    if only != Some(Run::Upgrades) {
        is_perfect &= tell("rolling restarts", &plan, &restarts(&plan).await?);
    }
    Ok(if is_perfect { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints the result; and whether nothing was lost.
fn tell(what: &str, plan: &Plan, report: &Report) -> bool {
    let (requests, lost, wrong) = (report.requests(), report.failures(), report.wrong_bytes);
    println!(
        "{} {what}: {requests} requests in {:.0} s, {lost} failed, {wrong} with wrong bytes",
        plan.changes,
        report.elapsed.as_secs_f64()
    );
    for (kind, number) in &report.answered {
        println!("  {number:8} {kind}");
    }
    let [first, second] = report.releases;
    println!("  from the first release {first}, from the second {second}, where it can be told");
    println!("  HTTP/1.1: {} closes were announced, ", report.closes_said);
    println!("            {} were seen on idle connections", report.closes_seen);
    println!("  HTTP/2:   {} requests were sent again, which it allows", report.sent_again);
    println!("  a server was found unready {} times", report.unready);
    for (why, number) in &report.failed {
        println!("  FAILED {number:8} {why}");
    }
    lost == 0 && wrong == 0
}
