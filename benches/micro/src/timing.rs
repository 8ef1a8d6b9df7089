//! The times of cases, in nanoseconds.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::cases::Case;

const ROUNDS: usize = 21;
/// The time of a round.
const ROUND: Duration = Duration::from_millis(5);

/// Times all cases, which take turns.
pub(crate) fn print(cases: &mut [Case]) -> Result<ExitCode> {
    let calls: Vec<_> = cases.iter_mut().map(calls_of_a_round).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for _ in 0..ROUNDS {
        for ((case, calls), times) in cases.iter_mut().zip(&calls).zip(&mut times) {
            times.push(nanoseconds(case, *calls));
        }
    }
    println!("{:40}{:>10}{:>10}", "nanoseconds", "least", "median");
    for (case, mut times) in cases.iter().zip(times) {
        times.sort_by(f64::total_cmp);
        println!("{:40}{:>10.0}{:>10.0}", case.name, times[0], times[ROUNDS / 2]);
    }
    Ok(ExitCode::SUCCESS)
}

fn calls_of_a_round(case: &mut Case) -> u32 {
    let (start, mut calls) = (Instant::now(), 0);
    while start.elapsed() < ROUND {
        (case.call)();
        calls += 1;
    }
    calls
}

/// The time that the thing of a case takes once.
fn nanoseconds(case: &mut Case, calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        (case.call)();
    }
    start.elapsed().as_nanos() as f64 / f64::from(calls) / case.times as f64
}
