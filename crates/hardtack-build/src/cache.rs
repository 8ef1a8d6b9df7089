//! Remembers what was compressed, so that a rebuild pays only for what changed.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use hardtack_bundle::Fingerprint;
use tempfile::NamedTempFile;

use crate::{Problem, ProblemKind};

/// A folder of compressed bytes, one file an entry.
///
/// An entry is named after what was compressed and how, so it is never out of date; it begins
/// with a digest of itself, so one that is damaged is made anew. Entries appear whole or not at
/// all, and several bakes may use a folder at a time. It may be deleted at any time.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The entry of that name, if there is one and it is whole.
    pub(crate) fn load(&self, name: &str) -> Option<Vec<u8>> {
        let mut entry = fs::read(self.file(name)).ok()?;
        let digest = *entry.first_chunk::<32>()?;
        entry.drain(..digest.len());
        (Fingerprint::of(&entry).0 == digest).then_some(entry)
    }

    /// Writes an entry.
    pub(crate) fn store(&self, name: &str, bytes: &[u8]) -> Result<(), Problem> {
        let file = self.file(name);
        write_whole(&file, &[&Fingerprint::of(bytes).0, bytes])
            .map_err(|error| ProblemKind::Io(error).of(file))
    }

    /// Names begin with a digest; its first digits spread the entries over folders.
    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(&name[..2]).join(name)
    }
}

/// Writes a file under another name, and gives it its own when it is complete.
pub(crate) fn write_whole(file: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    let mut whole = NamedTempFile::new_in(folder)?;
    parts.iter().try_for_each(|part| whole.write_all(part))?;
    whole.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("not/yet/there"));
        assert_eq!(cache.load("abc"), None);
        cache.store("abc", b"bytes").unwrap();
        cache.store("def", b"").unwrap();
        assert_eq!(cache.load("abc").as_deref(), Some(&b"bytes"[..]));
        assert_eq!(cache.load("def").as_deref(), Some(&b""[..]));
    }

    #[test]
    fn a_damaged_entry_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        cache.store("abc", b"bytes").unwrap();
        let entry = fs::read(cache.file("abc")).unwrap();
        for damaged in [&entry[..0], &entry[..20], &entry[..36], &[&entry[..], b"x"].concat()] {
            fs::write(cache.file("abc"), damaged).unwrap();
            assert_eq!(cache.load("abc"), None);
        }
    }
}
