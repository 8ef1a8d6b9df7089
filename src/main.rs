//! `hardtack`: a web site's static files in one binary, served from memory.
//!
//! This package is the command line and the process around the library crates: where the bundle
//! comes from ([`carried`], [`packed`]), and one module a command.

mod carried;
mod cli;
mod list;
mod pack;
mod packed;
mod serve;
mod timed;

use std::{io, process::ExitCode};

use anyhow::Result;
use hardtack_bundle::Bundle;

use crate::cli::{Command, ERROR};

fn main() -> ExitCode {
    let carried = carried::bundle();
    let command = cli::parse(carried.as_ref().ok());
    match carried.and_then(|bundle| run(command, bundle)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            for line in format!("{error:#}").lines() {
                anstream::eprintln!("{ERROR}hardtack:{ERROR:#} {line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, bundle: Bundle<'static>) -> Result<()> {
    match command {
        Command::Serve(options) => serve::serve(bundle, &options),
        Command::List(options) => list::list(&bundle, &options),
        Command::Pack(options) => pack::pack(&options),
    }
}

/// Whoever reads our output has seen enough of it, as in `hardtack list | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
