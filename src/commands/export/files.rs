//! The files of an export, before they are written.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use anyhow::{Result, bail, ensure};

use super::objects::Stored;

/// Files by their paths below the folder.
pub(super) struct Files(BTreeMap<PathBuf, Cow<'static, [u8]>>);

impl Files {
    /// # Errors
    ///
    /// If two of them claim one path, or one is where another's folder has to be, or one is outside
    /// of the folder.
    pub(super) fn of(all: &[&Stored]) -> Result<Self> {
        let mut files: BTreeMap<PathBuf, Cow<'static, [u8]>> = BTreeMap::new();
        for one in all {
            let path = PathBuf::from(&one.file);
            ensure!(is_inside(&path), "{:?} is no path of a file", one.file);
            match files.get(&path) {
                Some(body) if **body != *one.body => bail!(
                    "{:?} would be two files: an asset, and a compressed one of that name; exclude \
                     the asset",
                    one.file
                ),
                _ => files.insert(path, Cow::Borrowed(one.body)),
            };
        }
        for path in files.keys() {
            let above = path.ancestors().skip(1).find(|folder| files.contains_key(*folder));
            if let Some(above) = above {
                bail!("{above:?} would be a file, and a folder with {path:?}: rename one of them");
            }
        }
        Ok(Self(files))
    }

    pub(super) fn add_beside(&mut self, name: &str, text: String) {
        self.0.insert(name.into(), Cow::Owned(text.into_bytes()));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path.as_path(), &**bytes))
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.values().map(|bytes| bytes.len()).sum()
    }
}

fn is_inside(path: &Path) -> bool {
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    is_plain && !path.as_os_str().as_encoded_bytes().contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside() {
        for (path, expected) in
            [("site/a", true), ("site/../a", false), ("/a", false), ("site/a\0", false)]
        {
            assert_eq!(is_inside(Path::new(path)), expected, "{path}");
        }
    }
}
