//! Load over HTTP/1.1: as much as a server takes, or so many requests a second.
//!
//!     load ADDRESS:PORT REQUESTS [NAME=VALUE]...
//!
//! REQUESTS is a file with one request a line, taken in turn: the status and the length of the body that it must get, the
//! method, the path and whole header fields, with a tab between any two. It prints one line of JSON.
//!
//!     connections=N    at once (64)
//!     seconds=S        that are measured (1)
//!     warm-up=S        before (0.1)
//!     rate=R           requests a second, at random moments; without it, a connection asks as soon as it is answered
//!     fresh=yes        a new connection for each request, until the server closes it
//!     processes=P,P    whose CPU time is taken, from the first moment to the last
//!
//! With a rate, latency is counted from the moment at which a request was due, whether a connection was free or not.

mod arrivals;
mod chunks;
mod connection;
mod load;
mod options;
mod tally;

use std::{
    env, io,
    process::exit,
    time::{Duration, Instant},
};

use crate::{load::Load, options::Options, tally::Tally};

fn main() {
    let options = Options::parse(env::args().skip(1)).unwrap_or_else(|error| fail(&error));
    match run(&options) {
        Ok(report) => println!("{report}"),
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ! {
    eprintln!("load: {error}");
    exit(1)
}

fn run(options: &Options) -> io::Result<String> {
    let mut load = Load::new(options)?;
    load.go_on_until(Instant::now() + Duration::from_secs_f64(options.warm_up))?;
    load.tally = Tally::default();
    let (begin, cpu) = (Instant::now(), cpu_seconds(&options.processes)?);
    load.go_on_until(begin + Duration::from_secs_f64(options.seconds))?;
    let (cpu, seconds) = (cpu_seconds(&options.processes)? - cpu, begin.elapsed().as_secs_f64());
    Ok(load.tally.report(seconds, cpu, load.due.len()))
}

fn cpu_seconds(processes: &[u32]) -> io::Result<f64> {
    processes.iter().map(|process| compare_epoll::cpu_seconds(*process)).sum()
}
