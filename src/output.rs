//! Files that commands write: whole, or not at all.

use std::{
    fs::{self, Permissions},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use anyhow::{Result, bail};

/// Writes a file under another name first: a run that is interrupted leaves nothing at the output.
/// The umask may take bits of `mode` away.
///
/// # Errors
///
/// If the output is no regular file, such as a device, a named pipe or a symbolic link: a rename would
/// put a file in its place.
pub(crate) fn write(
    output: &Path,
    mode: u32,
    content: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> Result<()> {
    check(output)?;
    let mut file = tempfile::Builder::new()
        .prefix(".hardtack-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder_of(output))?;
    content(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(output).map_err(|error| error.error)?;
    Ok(())
}

/// Checks that a file may be put there.
pub(crate) fn check(output: &Path) -> Result<()> {
    let Ok(found) = output.symlink_metadata() else { return Ok(()) };
    if found.is_dir() {
        bail!("it is a folder: name a file");
    }
    if found.is_symlink() {
        bail!("it is a symbolic link: name the file itself, or remove the link");
    }
    if !found.is_file() {
        bail!("it is no regular file");
    }
    Ok(())
}

/// Whether a file is a program (ELF), which a text is not to replace.
pub(crate) fn is_program(file: &Path) -> bool {
    let mut magic = [0; 4];
    let read = fs::File::open(file).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && magic == *b"\x7fELF"
}

pub(crate) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        None => Path::new("."),
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
    }
}
