//! The folder of an export: there whole, or not at all.

use std::{
    collections::HashSet,
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use anyhow::{Result, bail, ensure};

use super::files::Files;
use crate::output::folder_of;

/// The file that every export has, and no other folder is likely to.
pub(super) const MARK: &str = "objects.json";

/// Checks that the folder may be written: it is absent, or empty, or an earlier export.
pub(super) fn check(folder: &Path) -> Result<()> {
    let name = folder.display();
    ensure!(folder.file_name().is_some(), "{name} has no name of its own: name a new folder");
    ensure!(!folder.is_symlink(), "{name} is a symbolic link: name the folder itself");
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none() || is_export(folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            bail!("{name} is a file: name a folder")
        }
        Err(error) => return Err(anyhow::Error::from(error).context(format!("cannot read {name}"))),
    };
    ensure!(is_free, "{name} has other files than those of an export: name a new folder");
    let above = folder_of(folder);
    ensure!(above.is_dir(), "{} is not a folder: make it first", above.display());
    Ok(())
}

/// An export has nothing but the site and three files.
fn is_export(folder: &Path) -> bool {
    let known = ["site", "manifest.json", "staticfiles.json", MARK];
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    let names: Vec<_> = names.flatten().collect();
    names.iter().all(|name| known.iter().any(|known| name == known))
        && names.iter().any(|name| name == MARK)
        && has_its_own_files_alone(folder).unwrap_or(false)
}

/// Whether the site of an export has no file that the export does not list.
fn has_its_own_files_alone(folder: &Path) -> Result<bool> {
    let objects = fs::read(folder.join(MARK))?;
    let list: serde_json::Value = serde_json::from_slice(&objects)?;
    let objects = list["objects"].as_array().into_iter().flatten();
    let representations = objects.flat_map(|it| it["representations"].as_array()).flatten();
    let files = representations.filter_map(|it| it["file"].as_str());
    let files: HashSet<_> = files.map(|file| folder.join(file)).collect();
    let mut open = vec![folder.join("site")];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else if !files.contains(&entry.path()) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Writes all files into a folder beside, and renames that.
pub(super) fn write(folder: &Path, files: &Files) -> Result<()> {
    let beside = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".hardtack-export-").permissions(Permissions::from_mode(0o777));
        builder.tempdir_in(folder_of(folder))
    };
    let new = beside()?;
    for (path, bytes) in files.iter() {
        let file = new.path().join(path);
        fs::create_dir_all(file.parent().expect("it is below the folder"))?;
        fs::write(file, bytes)?;
    }
    // The earlier export goes with `new` or `old`.
    match exchange(new.path(), folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(fs::rename(new.path(), folder)?)
        }
        Err(_) => {
            let old = beside()?;
            Ok(replace(folder, new.path(), &old.path().join("old"))?)
        }
    }
}

/// Each folder gets the other one's name, and at no moment is there none. Not every file system can do
/// that: NFS cannot.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, other: &Path) -> io::Result<()> {
    let is_there = other.exists();
    Err(if is_there { io::ErrorKind::Unsupported } else { io::ErrorKind::NotFound }.into())
}

/// The same by two renames. Between them, there is no folder.
fn replace(folder: &Path, new: &Path, aside: &Path) -> io::Result<()> {
    fs::rename(folder, aside)?;
    fs::rename(new, folder).inspect_err(|_| drop(fs::rename(aside, folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> (tempfile::TempDir, [std::path::PathBuf; 3]) {
        let all = tempfile::tempdir().unwrap();
        let paths = ["new", "old", "aside"].map(|name| all.path().join(name));
        for path in &paths[..2] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("name"), path.file_name().unwrap().as_encoded_bytes()).unwrap();
        }
        (all, paths)
    }

    fn name(folder: &Path) -> String {
        fs::read_to_string(folder.join("name")).unwrap()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn two_folders_are_exchanged() {
        let (_all, [new, old, absent]) = folders();
        exchange(&new, &old).unwrap();
        assert_eq!((&*name(&old), &*name(&new)), ("new", "old"));
        assert_eq!(exchange(&new, &absent).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_folder_is_replaced_or_left() {
        let (_all, [new, old, aside]) = folders();
        replace(&old, &new, &aside).unwrap();
        assert_eq!((&*name(&old), &*name(&aside)), ("new", "old"));
        let (_all, [new, old, aside]) = folders();
        replace(&old, &new.join("absent"), &aside).unwrap_err();
        assert_eq!((&*name(&old), aside.exists()), ("old", false));
    }
}
