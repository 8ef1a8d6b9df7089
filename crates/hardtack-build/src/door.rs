//! The door for every file that a bake reads: regular files alone, and none outside of the asset
//! folder unless the setting `follow_symlinks` allows that.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Problem, ProblemKind};

/// Reads a regular file. A FIFO would let the bake wait, and a device may have no end.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, ProblemKind> {
    if !fs::metadata(file).map_err(ProblemKind::Io)?.is_file() {
        return Err(ProblemKind::NotAFile);
    }
    fs::read(file).map_err(ProblemKind::Io)
}

/// Reads the file at a known place in a folder of the site, which is none of the assets; none if
/// there is no such file. A folder of that name is an ordinary folder.
pub(crate) fn read_known(
    folder: &Path,
    name: &str,
    follow_symlinks: bool,
) -> Result<Option<Vec<u8>>, Problem> {
    let file = folder.join(name);
    let bytes = canonical(&file).and_then(|target| match target {
        Some(target) if !target.is_dir() => {
            check_inside(folder, &target, follow_symlinks)?;
            read(&target).map(Some)
        }
        _ => Ok(None),
    });
    bytes.map_err(|kind| kind.of(file))
}

fn canonical(file: &Path) -> Result<Option<PathBuf>, ProblemKind> {
    match file.canonicalize() {
        Ok(target) => Ok(Some(target)),
        Err(_) if file.is_symlink() => Err(ProblemKind::LinkLeadsNowhere),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(ProblemKind::Io(error)),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A link may lead out of its folder only if the setting says so.
fn check_inside(folder: &Path, target: &Path, follow_symlinks: bool) -> Result<(), ProblemKind> {
    let root = folder.canonicalize().map_err(ProblemKind::Io)?;
    if target.starts_with(root) || follow_symlinks {
        Ok(())
    } else {
        Err(ProblemKind::LinkLeadsOut)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::{fs::symlink, net::UnixListener};

    #[track_caller]
    fn fails(result: Result<Option<Vec<u8>>, Problem>, expected: &str) {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_file_at_a_known_place() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let read = |name: &str| read_known(folder.path(), name, false);
        fs::write(at("a"), "x").unwrap();
        fs::create_dir(at("folder")).unwrap();
        symlink("a", at("inside")).unwrap();
        assert_eq!(read("a").unwrap().unwrap(), b"x");
        assert_eq!(read("inside").unwrap().unwrap(), b"x");
        assert_eq!(
            (read("b").unwrap(), read("folder").unwrap(), read("a/b").unwrap()),
            Default::default()
        );
        symlink("nowhere", at("dangling")).unwrap();
        symlink("itself", at("itself")).unwrap();
        fails(read("dangling"), "leads nowhere");
        fails(read("itself"), "leads nowhere");
        let _socket = UnixListener::bind(at("socket")).unwrap();
        fails(read("socket"), "neither a file nor a folder");
        symlink("/dev/zero", at("zero")).unwrap();
        fails(read("zero"), "leads out of the asset folder");
    }

    /// Through a folder that is left out, and so not looked at by the scan.
    #[test]
    fn a_link_on_the_way_may_not_lead_out() {
        let [folder, outside] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        fs::write(outside.path().join("manifest.json"), "{}").unwrap();
        symlink(outside.path(), folder.path().join(".vite")).unwrap();
        let read =
            |follow_symlinks| read_known(folder.path(), ".vite/manifest.json", follow_symlinks);
        fails(read(false), "leads out of the asset folder");
        assert!(read(true).unwrap().is_some());
    }
}
