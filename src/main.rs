//! `hardtack`: a web site's static files in one binary, served from memory.
//!
//! This package is the command line around the library crates. [`carried`] and [`packed`] find the
//! bundle, and [`commands`] has a module for each command. `serve` runs two processes: the
//! [`supervisor`], and the [`worker`], which is `hardtack_serve`.

mod carried;
mod cli;
mod client;
mod commands;
mod output;
mod packed;
mod release;
mod settings;
mod style;
mod supervisor;
mod worker;

use std::{io, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use hardtack_bundle::Bundle;
use mimalloc::MiMalloc;

use crate::{
    cli::{Command, Purpose},
    commands::{
        check, check_config, deploy, diff, export, health, list, manual, pack, purge_list, report,
        verify, warm,
    },
    release::Release,
    settings::Settings,
    style::ERROR,
};

/// The allocator returns the memory of busy connections to the system. The C library's allocator
/// keeps it between blocks that are still in use.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let carried = carried::bundle();
    let command = match cli::parse(&describe(&carried)) {
        Purpose::Worker(options) => return worker::work(site(carried), &options.settings()),
        Purpose::Command(command) => command,
    };
    match run(command, carried) {
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

/// The site of this executable, for `--version`.
fn describe(carried: &Result<Option<Bundle<'_>>>) -> String {
    match carried {
        Ok(Some(bundle)) => format!("release {}", bundle.release_id()),
        Ok(None) => "no site".to_owned(),
        Err(_) => "its bundle is damaged".to_owned(),
    }
}

/// The warnings that need no look at the machine.
fn warnings(settings: &Settings) -> Vec<String> {
    let mut warnings = cli::unknown_variables();
    warnings.extend(settings.without_effect());
    warnings
}

fn run(command: Command, carried: Result<Option<Bundle<'static>>>) -> Result<()> {
    match command {
        Command::Serve(options) => {
            let settings = options.settings();
            supervisor::supervise(&site(carried)?, &settings, &warnings(&settings))
        }
        Command::CheckConfig(options) => {
            let settings = options.settings();
            check_config::check_config(&site(carried)?, &settings, warnings(&settings))
        }
        Command::List(options) => list::list(&site(carried)?, &options),
        Command::Pack(options) => pack::pack(&options),
        Command::Verify(options) => verify::verify(&options),
        Command::Diff(options) => diff::diff(&options),
        Command::Deploy(options) => deploy::deploy(&options),
        Command::PurgeList(options) => purge_list::purge_list(&options),
        Command::Export(options) => export::export(&options),
        Command::Report(options) => report::report(&options),
        Command::Check(options) => {
            check::check(&release(options.reach.binary.as_ref(), carried)?, &options)
        }
        Command::Warm(options) => {
            warm::warm(&release(options.reach.binary.as_ref(), carried)?, &options)
        }
        Command::Health(options) => health::health(&options),
        Command::Completions(options) => manual::completions(&options),
        Command::Man(options) => manual::manual(&options),
    }
}

/// The site, for the commands that need one.
fn site(carried: Result<Option<Bundle<'static>>>) -> Result<Bundle<'static>> {
    carried?.context(
        "this executable carries no site: `hardtack pack DIR -o my-site` bakes a folder into a copy \
         of it, and `./my-site` serves that",
    )
}

/// The release of a file, or else the site of this executable.
fn release(
    file: Option<&PathBuf>,
    carried: Result<Option<Bundle<'static>>>,
) -> Result<Bundle<'static>> {
    match file {
        Some(_) => Box::leak(Box::new(Release::read(file)?)).bundle(),
        None => site(carried).context("without --binary, the release is that of this executable"),
    }
}

/// Whether the reader of our output has seen enough of it, as in `hardtack list | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
