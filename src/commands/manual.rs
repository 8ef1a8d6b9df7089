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
    let described =
        options.command.iter().try_fold(program, |command, name| within(&command, name));
    let mut text = Vec::new();
    Man::new(described?).render(&mut text)?;
    Ok(io::stdout().write_all(&text)?)
}

/// The command of that name within another one, or within the program.
fn within(outer: &Command, name: &str) -> Result<Command> {
    let visible = || outer.get_subcommands().filter(|command| !command.is_hide_set());
    let found = visible().find(|command| command.get_name() == name);
    found.cloned().ok_or_else(|| {
        let names: Vec<_> = visible().map(Command::get_name).collect();
        match &names[..] {
            [] => anyhow::anyhow!("`{}` has no commands of its own", outer.get_name()),
            _ => {
                anyhow::anyhow!("there is no command {name}: the commands are {}", names.join(", "))
            }
        }
    })
}
