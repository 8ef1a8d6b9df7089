//! `hardtack report`

use std::{
    fs::Permissions,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use anyhow::{Context, Result};
use hardtack_serve::report;

use crate::{cli::Report, release::Release};

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

/// Writes under another name first: a run that is interrupted leaves nothing at the output.
fn write(output: &Path, page: &str) -> Result<()> {
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".hardtack-report-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(page.as_bytes())?;
    file.persist(output)?;
    Ok(())
}
