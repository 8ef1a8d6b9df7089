//! The folders of a site, and their files in their current state.
//!
//! This is the one module that opens anything in the file system. It can reach nothing but the
//! folders: `cap-std` opens every path from a folder's own handle, and refuses paths and links that
//! lead out of it.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use cap_std::{ambient_authority, fs::Dir};
use hardtack_bundle::Bundle;

use crate::OpenError;

/// The folders of a site that are read, each at its URL prefix.
#[derive(Debug)]
pub(super) struct Folders {
    open: Vec<Folder>,
    /// The prefixes of the site's other folders, which are as they were when the program was built.
    baked: Vec<&'static str>,
}

#[derive(Debug)]
struct Folder {
    prefix: &'static str,
    /// The folder's path, for messages.
    path: PathBuf,
    files: Dir,
}

impl Folders {
    /// Opens the folders of a site, in the order of the bundle's prefixes.
    pub(super) fn open(bundle: &Bundle<'static>, paths: &[PathBuf]) -> Result<Self, OpenError> {
        let mut prefixes: Vec<_> = bundle.prefixes().collect();
        if !(1..=prefixes.len()).contains(&paths.len()) {
            return Err(OpenError::Folders { named: paths.len(), prefixes });
        }
        let baked = prefixes.split_off(paths.len());
        let open = prefixes.into_iter().zip(paths).map(|(prefix, path)| Folder::open(prefix, path));
        Ok(Self { open: open.collect::<Result<_, _>>()?, baked })
    }

    /// The URL prefixes and the paths of the folders that are read.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.open.iter().map(|folder| (folder.prefix, &*folder.path))
    }

    /// Whether a URL path belongs to a folder that is read.
    pub(super) fn own(&self, url_path: &str) -> bool {
        self.folder_at(url_path).is_some()
    }

    /// The file of a URL path, unless a bake would leave it out by its name.
    pub(super) fn read(&self, url_path: &str) -> Option<Bytes> {
        let folder = self.folder_at(url_path)?;
        let path = &url_path[folder.prefix.len()..];
        let is_hidden = |part: &str| part.starts_with('.') && part != ".well-known";
        let is_name = |part: &str| !part.is_empty() && !part.contains(['\\', '\0']);
        if path.split('/').all(|part| is_name(part) && !is_hidden(part)) {
            folder.files.read(path).ok().map(Bytes::from)
        } else {
            None
        }
    }

    /// The folder that a URL path belongs to, that of the longest prefix, if it is read.
    fn folder_at(&self, url_path: &str) -> Option<&Folder> {
        let all = self.open.iter().map(|folder| (folder.prefix, Some(folder)));
        let all = all.chain(self.baked.iter().map(|prefix| (*prefix, None)));
        let found = all.filter(|(prefix, _)| url_path.starts_with(prefix));
        found.max_by_key(|(prefix, _)| prefix.len())?.1
    }
}

impl Folder {
    fn open(prefix: &'static str, path: &Path) -> Result<Self, OpenError> {
        #[expect(clippy::disallowed_methods, reason = "here, and nowhere else")]
        let opened = Dir::open_ambient_dir(path, ambient_authority());
        let failed = |error| OpenError::Folder { folder: path.to_owned(), error };
        Ok(Self { prefix, path: path.to_owned(), files: opened.map_err(failed)? })
    }
}

impl fmt::Display for Folders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.iter().map(|(prefix, path)| format!("{} at {prefix}", path.display()));
        write!(f, "{}", each.collect::<Vec<_>>().join(", "))?;
        if self.baked.is_empty() {
            return Ok(());
        }
        write!(f, "; the files at {} are those of the last build", self.baked.join(" and "))
    }
}
