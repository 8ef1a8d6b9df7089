//! The names of a bundle's assets, for lookups at the compile time of an app: the build script
//! writes them, and `asset!` reads them.
//!
//! The table has no bodies, because every use of `asset!` loads it, and is searched by bisection. It
//! is made and read within one build, so its format may change at any time. Integers are
//! little-endian `u32`s; a text is its offset from the beginning of the table and its length.
//!
//! | bytes | contents |
//! |---|---|
//! | 0 to 15 | [`MAGIC`] |
//! | 16 to 19 | how many names there are |
//! | 20 to 23 | how many files and folders were left out |
//! | 24 to 39 | two texts: the asset folder, for people; the static host, or nothing |
//! | 40 and on | 72 bytes a name, sorted: three texts (logical path, preferred path, plain path), and 48 bytes of integrity |
//! | then | 16 bytes for each file or folder that was left out: two texts (logical path, why it is no asset, for people) |
//! | then | the bytes of all texts |

use std::cmp::{Ordering, Reverse};

use crate::{
    Asset, Bundle, Error, Integrity,
    path::{encode_path, url_path_of},
};

/// The first bytes of a table.
pub const MAGIC: [u8; 16] = *b"hardtack names 1";

const COUNT: usize = 16;
const LEFT_OUT_COUNT: usize = 20;
const FOLDER: usize = 24;
const STATIC_HOST: usize = 32;
const NAMES: usize = 40;
const NAME_LENGTH: usize = 72;
const LEFT_OUT_LENGTH: usize = 16;

/// Offsets within a name.
const LOGICAL_PATH: usize = 0;
const PATH: usize = 8;
const PLAIN_PATH: usize = 16;
const INTEGRITY: usize = 24;

impl Bundle<'_> {
    /// The table of the names of all assets. The message about an unknown name shows `folder`, and
    /// the reason of a file that was left out: `left_out` holds pairs of logical path and reason,
    /// such as "left out by …".
    ///
    /// # Errors
    ///
    /// If the bundle is damaged, or the table would be longer than 4 GB.
    pub fn names(&self, folder: &str, left_out: &[(&str, String)]) -> Result<Vec<u8>, Error> {
        let assets = self.assets().collect::<Result<Vec<_>, _>>()?;
        let records = assets.len() * NAME_LENGTH + left_out.len() * LEFT_OUT_LENGTH;
        let mut texts = Texts { start: NAMES + records, bytes: Vec::new() };
        let mut table = Vec::from(MAGIC);
        table.extend(number(assets.len()));
        table.extend(number(left_out.len()));
        table.extend(texts.place(folder));
        table.extend(texts.place(self.static_host().unwrap_or_default()));
        for asset in &assets {
            table.extend(texts.place(asset.logical_path));
            table.extend(texts.place(asset.url));
            table.extend(texts.place(&plain_path(self, asset)));
            table.extend(asset.integrity.0);
        }
        for (logical_path, reason) in left_out {
            table.extend(texts.place(logical_path));
            table.extend(texts.place(reason));
        }
        table.extend(texts.bytes);
        match u32::try_from(table.len()) {
            Ok(_) => Ok(table),
            Err(_) => Err(Error::TooMany { what: "bytes of names" }),
        }
    }
}

/// The path of an asset on a server that reads the folder: its plain path, even if the bundle does
/// not serve it there.
pub fn plain_path(bundle: &Bundle<'_>, asset: &Asset<'_>) -> String {
    match asset.plain_url {
        Some(plain) => plain.to_owned(),
        None => encode_path(&url_path_of(bundle.at(), asset.logical_path)),
    }
}

struct Texts {
    start: usize,
    bytes: Vec<u8>,
}

impl Texts {
    fn place(&mut self, text: &str) -> impl Iterator<Item = u8> + use<> {
        let offset = self.start + self.bytes.len();
        self.bytes.extend(text.bytes());
        number(offset).into_iter().chain(number(text.len()))
    }
}

/// Saturates; [`Bundle::names`] refuses such a table.
fn number(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

/// A table of names.
#[derive(Clone, Copy, Debug)]
pub struct Names<'t> {
    table: &'t [u8],
}

/// A name in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'t> {
    /// The path below the asset folder; of an asset that is not below the prefix, the URL path.
    pub logical_path: &'t str,
    /// The path that links to the asset name: its hashed path, or an entry point's own.
    pub path: &'t str,
    /// The path on a server that reads the folder.
    pub plain_path: &'t str,
    /// The host of URLs, or nothing.
    pub static_host: &'t str,
    /// The integrity of the identity bytes.
    pub integrity: Integrity,
}

/// The reason why a name is not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The table was written by another version of this crate.
    #[error(
        "this table of names is not of this version: hardtack and hardtack-build have to be of the \
         same version"
    )]
    Version,
    /// The table is damaged.
    #[error("the table of names is damaged: run `cargo clean`, and build again")]
    Damaged,
    /// There is no such asset. The message says which ones may have been meant.
    #[error("{0}")]
    Absent(String),
}

impl<'t> Names<'t> {
    /// Views a table.
    ///
    /// # Errors
    ///
    /// If it is not of this version.
    pub fn new(table: &'t [u8]) -> Result<Self, NameError> {
        if table.starts_with(&MAGIC) { Ok(Self { table }) } else { Err(NameError::Version) }
    }

    /// The asset of a logical path.
    ///
    /// # Errors
    ///
    /// If there is none, or the table is damaged.
    pub fn find(&self, logical_path: &str) -> Result<Name<'t>, NameError> {
        let (mut low, mut high) = (0, self.count()?);
        while low < high {
            let middle = low.midpoint(high);
            match self.logical_path(middle)?.cmp(logical_path) {
                Ordering::Equal => return self.name(middle),
                Ordering::Greater => high = middle,
                Ordering::Less => low = middle + 1,
            }
        }
        Err(NameError::Absent(self.absent(logical_path)?))
    }

    fn count(&self) -> Result<usize, NameError> {
        self.number(COUNT)
    }

    fn logical_path(&self, index: usize) -> Result<&'t str, NameError> {
        self.text(NAMES + index * NAME_LENGTH + LOGICAL_PATH)
    }

    fn name(&self, index: usize) -> Result<Name<'t>, NameError> {
        let place = NAMES + index * NAME_LENGTH;
        Ok(Name {
            logical_path: self.text(place + LOGICAL_PATH)?,
            path: self.text(place + PATH)?,
            plain_path: self.text(place + PLAIN_PATH)?,
            static_host: self.text(STATIC_HOST)?,
            integrity: Integrity(self.bytes(place + INTEGRITY)?),
        })
    }

    fn text(&self, place: usize) -> Result<&'t str, NameError> {
        let (start, length) = (self.number(place)?, self.number(place + 4)?);
        let bytes = self.table.get(start..).and_then(|bytes| bytes.get(..length));
        bytes.and_then(|bytes| str::from_utf8(bytes).ok()).ok_or(NameError::Damaged)
    }

    fn number(&self, place: usize) -> Result<usize, NameError> {
        usize::try_from(u32::from_le_bytes(self.bytes(place)?)).map_err(|_| NameError::Damaged)
    }

    fn bytes<const LENGTH: usize>(&self, place: usize) -> Result<[u8; LENGTH], NameError> {
        let bytes = self.table.get(place..).and_then(|bytes| bytes.first_chunk());
        bytes.copied().ok_or(NameError::Damaged)
    }

    /// The message that there is no such asset, and which ones may have been meant.
    fn absent(&self, wanted: &str) -> Result<String, NameError> {
        let folder = self.text(FOLDER)?;
        let message = format!("there is no asset \"{wanted}\" in the folder \"{folder}\".");
        if let Some((path, reason)) = self.left_out(wanted)? {
            return Ok(format!("{message} \"{path}\" lies there, but was {reason}"));
        }
        if let Some(below) = wanted.strip_prefix('/').filter(|below| self.find(below).is_ok()) {
            let rule = "An asset is named by its path below that folder";
            return Ok(format!("{message} {rule}: \"{below}\"."));
        }
        let near = self.near(wanted)?;
        if near.is_empty() {
            return Ok(message);
        }
        Ok(format!("{message} Near it: \"{}\"", near.join("\", \"")))
    }

    /// The file or folder that was left out, and is this file or a folder above it; with the
    /// reason.
    fn left_out(&self, wanted: &str) -> Result<Option<(&'t str, &'t str)>, NameError> {
        let start = NAMES + self.count()? * NAME_LENGTH;
        for index in 0..self.number(LEFT_OUT_COUNT)? {
            let place = start + index * LEFT_OUT_LENGTH;
            let path = self.text(place)?;
            if is_at_or_below(wanted, path) {
                return Ok(Some((path, self.text(place + 8)?)));
            }
        }
        Ok(None)
    }

    /// The three names most similar to this one, best first.
    fn near(&self, wanted: &str) -> Result<Vec<&'t str>, NameError> {
        let mut near = Vec::new();
        for index in 0..self.count()? {
            let path = self.logical_path(index)?;
            let likeness = likeness(path.as_bytes(), wanted.as_bytes());
            if likeness > 0 {
                near.push((Reverse(likeness), path));
            }
        }
        near.sort();
        Ok(near.into_iter().take(3).map(|(_, path)| path).collect())
    }
}

/// The similarity of two paths: the number of bytes in their common prefix and suffix, if that is
/// more than half of the longer path, or else 0. Two paths with the same file name are most
/// similar.
pub fn likeness(path: &[u8], other: &[u8]) -> usize {
    if file_name(path) == file_name(other) {
        return usize::MAX;
    }
    let shorter = path.len().min(other.len());
    let start = common(path.iter(), other.iter());
    let end = common(path.iter().rev(), other.iter().rev()).min(shorter - start);
    if (start + end) * 2 > path.len().max(other.len()) { start + end } else { 0 }
}

/// The number of equal bytes at the beginning.
fn common<'b>(one: impl Iterator<Item = &'b u8>, other: impl Iterator<Item = &'b u8>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

fn file_name(path: &[u8]) -> Option<&[u8]> {
    path.rsplit(|byte| *byte == b'/').next()
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};

    fn names(logical_paths: &[&str]) -> Names<'static> {
        let mut writer = Writer::new("/static/");
        writer.static_host("https://cdn.example");
        for logical_path in logical_paths {
            let url = encode_path(&format!("/static/{logical_path}.0123"));
            let asset = writer.asset(NewAsset {
                logical_path,
                url: &url,
                plain_url: None,
                media_type: "text/plain",
                role: Role::Hashed,
                why: "",
                fingerprint: Fingerprint::of(b""),
                digest: None,
                representations: &[(Coding::Identity, b"")],
            });
            writer.serve(&url, asset, CachePolicy::Immutable);
        }
        let bundle = writer.finish().unwrap();
        let left_out = [".git", "z~"].map(|path| (path, format!("left out by {path}")));
        let table = Bundle::open(&bundle).unwrap().names("assets", &left_out).unwrap();
        Names::new(table.leak()).unwrap()
    }

    #[test]
    fn every_name_is_found() {
        let paths = ["a", "a.css", "b/c d.js", "b/é", "z"];
        for count in 0..paths.len() {
            let names = names(&paths[..count]);
            for path in &paths[..count] {
                let plain_path = encode_path(&format!("/static/{path}"));
                let expected = Name {
                    logical_path: path,
                    path: &format!("{plain_path}.0123"),
                    plain_path: &plain_path,
                    static_host: "https://cdn.example",
                    integrity: Integrity::of(b""),
                };
                assert_eq!(names.find(path), Ok(expected));
            }
        }
    }

    #[track_caller]
    fn absent(names: Names<'_>, wanted: &str, expected: &str) {
        assert_eq!(names.find(wanted), Err(NameError::Absent(expected.to_owned())));
    }

    #[test]
    fn what_is_absent_is_said_with_what_is_near() {
        let names = names(&["css/app.css", "css/apt.css", "img/logo.svg", "js/app.js"]);
        let there_is_no =
            |name: &str| format!("there is no asset \"{name}\" in the folder \"assets\".");
        let near = |name: &str, near: &str| format!("{} Near it: {near}", there_is_no(name));
        absent(names, "css/ap.css", &near("css/ap.css", "\"css/app.css\", \"css/apt.css\""));
        absent(names, "logo.svg", &near("logo.svg", "\"img/logo.svg\""));
        absent(names, "js/ap.css", &near("js/ap.css", "\"js/app.js\""));
        absent(names, "zzz", &there_is_no("zzz"));
        let below = " An asset is named by its path below that folder: \"css/app.css\".";
        absent(names, "/css/app.css", &(there_is_no("/css/app.css") + below));
        let names = self::names(&["/robots.txt", "css/app.css"]);
        absent(names, "/robot.txt", &near("/robot.txt", "\"/robots.txt\""));
        absent(names, "robots.txt", &near("robots.txt", "\"/robots.txt\""));
    }

    #[test]
    fn what_was_left_out_is_said() {
        let names = names(&["a.css", "z"]);
        for (wanted, which) in [("z~", "z~"), (".git", ".git"), (".git/config", ".git")] {
            let expected = format!(
                "there is no asset \"{wanted}\" in the folder \"assets\". \"{which}\" lies there, \
                 but was left out by {which}"
            );
            absent(names, wanted, &expected);
        }
        absent(names, ".gitx", "there is no asset \".gitx\" in the folder \"assets\".");
    }

    #[test]
    fn another_version_is_refused() {
        assert_eq!(Names::new(b"hardtack names 0").unwrap_err(), NameError::Version);
    }

    #[test]
    fn a_table_that_ends_early_is_an_error() {
        let whole = names(&["a", "b"]).table;
        for length in MAGIC.len()..whole.len() {
            let cut = Names::new(&whole[..length]).unwrap();
            for name in ["a", "b", "c"] {
                let found = cut.find(name);
                let is_whole = found == names(&["a", "b"]).find(name);
                assert!(
                    is_whole || found == Err(NameError::Damaged),
                    "{length}, {name}: {found:?}"
                );
            }
        }
    }
}
