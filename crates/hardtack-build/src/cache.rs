//! The cache of compressed bytes: a rebuild compresses only the files that changed.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use hardtack_bundle::Fingerprint;

use crate::{Problem, ProblemKind, door::read};

/// A folder of compressed bytes, one file an entry.
///
/// An entry is named after its content and its encoder, so it is never out of date. It begins with
/// a digest of itself, so a damaged entry is made anew. It is a hint all the same: other users may
/// write here too, so an entry is used only if it decodes to its content. Entries appear whole or not at all, and
/// several bakes may use a folder at a time. It may be deleted at any time. If the folder cannot be
/// written, bakes are slower, and do not fail.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// The first fault.
    fault: Mutex<Option<Problem>>,
}

impl Cache {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, fault: Mutex::new(None) }
    }

    /// The entry of that name, if there is one and it is undamaged.
    pub(crate) fn load(&self, name: &str) -> Option<Vec<u8>> {
        let mut entry = read(&self.file(name)).ok()?;
        let digest = *entry.first_chunk::<32>()?;
        entry.drain(..digest.len());
        (Fingerprint::of(&entry).0 == digest).then_some(entry)
    }

    /// Writes an entry.
    pub(crate) fn store(&self, name: &str, bytes: &[u8]) {
        let file = self.file(name);
        if let Err(error) = write_whole(&file, &[&Fingerprint::of(bytes).0, bytes]) {
            self.fault().get_or_insert(ProblemKind::Cache(error).of(&self.folder));
        }
    }

    /// The first fault since the last call.
    pub(crate) fn take_fault(&self) -> Option<Problem> {
        self.fault().take()
    }

    fn fault(&self) -> MutexGuard<'_, Option<Problem>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names begin with a digest; its first digits spread the entries over folders.
    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(&name[..2]).join(name)
    }
}

/// Writes a file under another name, and gives it its own when it is complete.
///
/// The umask decides its permissions, as for any other file; a temporary file alone would stay its
/// owner's.
pub(crate) fn write_whole(file: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut whole = builder.tempfile_in(folder)?;
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
        cache.store("abc", b"bytes");
        cache.store("def", b"");
        assert_eq!(cache.load("abc").as_deref(), Some(&b"bytes"[..]));
        assert_eq!(cache.load("def").as_deref(), Some(&b""[..]));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_remark() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let cache = Cache::new(file.path().join("below"));
        cache.store("abc", b"bytes");
        cache.store("def", b"bytes");
        let fault = cache.take_fault().unwrap().to_string();
        assert!(fault.contains("below: what was compressed cannot be remembered"), "{fault}");
        assert!(cache.take_fault().is_none());
    }

    /// Several users may share a cache.
    #[cfg(unix)]
    #[test]
    fn the_umask_says_who_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let ordinary = (folder.path().join("file"), folder.path().join("folder"));
        fs::write(&ordinary.0, "").unwrap();
        fs::create_dir(&ordinary.1).unwrap();
        let cache = Cache::new(folder.path().join("cache"));
        cache.store("abc", b"bytes");
        assert_eq!(mode(&cache.file("abc")), mode(&ordinary.0));
        assert_eq!(mode(&folder.path().join("cache/ab")), mode(&ordinary.1));
    }

    #[test]
    fn a_damaged_entry_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        cache.store("abc", b"bytes");
        let entry = fs::read(cache.file("abc")).unwrap();
        for damaged in [&entry[..0], &entry[..20], &entry[..36], &[&entry[..], b"x"].concat()] {
            fs::write(cache.file("abc"), damaged).unwrap();
            assert_eq!(cache.load("abc"), None);
        }
    }
}
