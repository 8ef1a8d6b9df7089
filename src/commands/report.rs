//! `hardtack report`

use std::{
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use hardtack_serve::report;

use crate::{cli::Report, output, release::Release};

/// Writes a page about a release.
pub(crate) fn report(options: &Report) -> Result<()> {
    let release = Release::read(options.file.as_ref())?;
    let page = report::page(&release.bundle()?)?;
    match &options.output {
        None => Ok(io::stdout().write_all(page.as_bytes())?),
        Some(output) => {
            write(output, &page).with_context(|| format!("cannot write {}", output.display()))
        }
    }
}

fn write(output: &Path, page: &str) -> Result<()> {
    output::check(output)?;
    ensure!(!output::is_program(output), "it is a program: name another file");
    output::write(output, 0o666, |file| file.write_all(page.as_bytes()))
}
