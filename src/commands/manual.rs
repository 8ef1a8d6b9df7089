//! `hardtack completions` and `hardtack man`: the command line, for shells and for people.

use std::io::{self, Write};

use anyhow::Result;
use clap::Command;
use clap_mangen::Man;

use crate::cli::{self, Completions, Manual};

/// Prints the completions of a shell.
pub(crate) fn completions(options: &Completions) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut cli::definition(), "hardtack", &mut text);
    Ok(io::stdout().write_all(&text)?)
}

/// Prints the manual page of the program, or of one of its commands.
///
/// # Errors
///
/// If there is no such command.
pub(crate) fn manual(options: &Manual) -> Result<()> {
    let mut program = cli::definition();
    program.build();
    let page = match &options.command {
        None => Man::new(program),
        Some(name) => Man::new(command(&program, name)?),
    };
    let mut text = Vec::new();
    page.render(&mut text)?;
    Ok(io::stdout().write_all(&text)?)
}

fn command(program: &Command, name: &str) -> Result<Command> {
    let visible = || program.get_subcommands().filter(|command| !command.is_hide_set());
    let found = visible().find(|command| command.get_name() == name);
    found.cloned().ok_or_else(|| {
        let names: Vec<_> = visible().map(Command::get_name).collect();
        anyhow::anyhow!("there is no command {name}: the commands are {}", names.join(", "))
    })
}
