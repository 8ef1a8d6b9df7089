//! The certificate's files. The supervisor reads and watches them; the worker has no right to.

use std::{fs, os::unix::fs::MetadataExt, path::Path, time::SystemTime};

use anyhow::{Context, Result};
use hardtack_serve::tls::{self, Pem};

use crate::settings::CertificateFiles;

/// The files of a certificate and its key.
#[derive(Debug)]
pub(crate) struct Files {
    paths: CertificateFiles,
    seen: State,
}

/// The traits by which a change of a file is noticed. A renewed certificate may have the time and the
/// length of the old one; a file that is put in its place has another number, or was changed since.
#[derive(Debug, PartialEq, Eq)]
struct Traits {
    device: u64,
    inode: u64,
    length: u64,
    /// Seconds and nanoseconds.
    modified: [i64; 2],
    changed: [i64; 2],
}

/// The traits of both files that are there.
type State = [Option<Traits>; 2];

/// A certificate as it was read, and the faults for which browsers refuse it.
pub(crate) struct Found {
    pub(crate) pem: Pem,
    pub(crate) warnings: Vec<String>,
    /// Each of its certificates in words.
    pub(crate) certificates: Vec<String>,
}

impl Files {
    pub(crate) fn of(paths: CertificateFiles) -> Self {
        Self { paths, seen: State::default() }
    }

    /// Reads both, and checks that they are whole and belong together.
    pub(crate) fn read(&mut self) -> Result<Found> {
        self.seen = self.state();
        let CertificateFiles { chain, key } = &self.paths;
        let pem = Pem { chain: read(chain)?, key: read(key)? };
        let certificates = tls::check(&pem)
            .with_context(|| format!("{} and {}", chain.display(), key.display()))?;
        let warnings = certificates.warnings(SystemTime::now()).into_iter();
        let warnings = warnings.map(|text| format!("{}: {text}", chain.display())).collect();
        Ok(Found { pem, warnings, certificates: certificates.in_words() })
    }

    /// Whether the files have changed since they were read.
    pub(crate) fn have_changed(&self) -> bool {
        let state = self.state();
        state != self.seen && state.iter().all(Option::is_some)
    }

    fn state(&self) -> State {
        [&self.paths.chain, &self.paths.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some(Traits {
                device: found.dev(),
                inode: found.ino(),
                length: found.len(),
                modified: [found.mtime(), found.mtime_nsec()],
                changed: [found.ctime(), found.ctime_nsec()],
            })
        })
    }
}

fn read(path: &Path) -> Result<String> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(text).with_context(|| {
        format!("{} is not PEM, which is text that begins with -----BEGIN", path.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a change of a certificate's file is noticed.
    #[track_caller]
    fn notices(change: impl FnOnce(&Path), expected: bool) {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
        [&chain, &key].iter().for_each(|path| write(path, "old"));
        let mut files = Files::of(CertificateFiles { chain: chain.clone(), key });
        assert!(files.read().is_err(), "it is no certificate");
        change(&chain);
        assert_eq!(files.have_changed(), expected);
    }

    /// With the time that all these files have.
    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }

    fn replace(path: &Path, text: &str) {
        let new = path.with_extension("new");
        write(&new, text);
        fs::rename(new, path).unwrap();
    }

    #[test]
    fn changes_are_noticed() {
        notices(|_| {}, false);
        notices(|path| write(path, "renewed"), true);
        notices(|path| replace(path, "new"), true);
        notices(|path| fs::remove_file(path).unwrap(), false);
    }

    #[test]
    fn a_link_to_another_file_of_that_time_and_length_is_noticed() {
        let link = |path: &Path| {
            let other = path.with_extension("other");
            write(&other, "new");
            fs::remove_file(path).unwrap();
            std::os::unix::fs::symlink(other, path).unwrap();
        };
        notices(link, true);
    }
}
