//! The names of a bundle's assets, for lookups at the compile time of an app.
//!
//! The table has no bodies, because every use of `asset!` loads it. It is made and read within one
//! build, so its format may change at any time. Integers are little-endian `u32`s; a text is its
//! offset from the beginning of the table and its length.
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

use crate::{Asset, Bundle, Error, Integrity, path::encode_path};

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
        None => encode_path(&format!("{}{}", bundle.at(), asset.logical_path)),
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

/// A table of names, as a constant.
///
/// Its methods panic on an error, which fails the compilation of a constant.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    table: &'static [u8],
}

/// A name in a table.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    names: Names,
    offset: usize,
}

impl Names {
    /// Views a table.
    pub const fn new(table: &'static [u8]) -> Self {
        let (magic, _) = table.split_at(if table.len() < COUNT { 0 } else { COUNT });
        assert!(
            same(magic, &MAGIC),
            "this table of names is not of this version: hardtack and hardtack-build have to be \
             of the same version",
        );
        Self { table }
    }

    /// The asset of a logical path.
    #[track_caller]
    pub const fn find(self, logical_path: &str) -> Name {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            let name = self.name(middle);
            match compare(name.bytes(LOGICAL_PATH), logical_path.as_bytes()) {
                0 => return name,
                1 => high = middle,
                _ => low = middle + 1,
            }
        }
        let message = self.absent(logical_path.as_bytes());
        panic!("{}", message.as_str())
    }

    const fn count(self) -> usize {
        self.number(COUNT)
    }

    const fn name(self, index: usize) -> Name {
        Name { names: self, offset: NAMES + index * NAME_LENGTH }
    }

    const fn text(self, place: usize) -> &'static [u8] {
        slice(self.table, self.number(place), self.number(place + 4))
    }

    const fn number(self, place: usize) -> usize {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(slice(self.table, place, 4));
        u32::from_le_bytes(bytes) as usize
    }

    /// The message that there is no such asset, and which ones may have been meant.
    const fn absent(self, wanted: &[u8]) -> Message {
        let mut message = Message { bytes: [0; 1024], length: 0 };
        message.push(b"there is no asset \"");
        message.push(wanted);
        message.push(b"\" in the folder \"");
        message.push(self.text(FOLDER));
        message.push(b"\".");
        if let Some(place) = self.left_out(wanted) {
            message.push(b" \"");
            message.push(self.text(place));
            message.push(b"\" lies there, but was ");
            message.push(self.text(place + 8));
            return message;
        }
        if let [b'/', rest @ ..] = wanted {
            message.push(b" An asset is named by its path below that folder: \"");
            message.push(rest);
            message.push(b"\".");
            return message;
        }
        let near = self.near(wanted);
        let mut index = 0;
        while index < near.len() && near[index].0 > 0 {
            message.push(if index == 0 { b" Near it: \"" } else { b", \"" });
            message.push(self.name(near[index].1).bytes(LOGICAL_PATH));
            message.push(b"\"");
            index += 1;
        }
        message
    }

    /// The entry that says that this file, or a folder above it, was left out.
    const fn left_out(self, wanted: &[u8]) -> Option<usize> {
        let mut place = NAMES + self.count() * NAME_LENGTH;
        let end = place + self.number(LEFT_OUT_COUNT) * LEFT_OUT_LENGTH;
        while place < end {
            if is_at_or_below(wanted, self.text(place)) {
                return Some(place);
            }
            place += LEFT_OUT_LENGTH;
        }
        None
    }

    /// The three names most similar to it, best first, each with its similarity.
    const fn near(self, wanted: &[u8]) -> [(usize, usize); 3] {
        let mut best = [(0, 0); 3];
        let mut index = 0;
        while index < self.count() {
            let mut this = (likeness(self.name(index).bytes(LOGICAL_PATH), wanted), index);
            let mut place = 0;
            while place < best.len() {
                if this.0 > best[place].0 {
                    (best[place], this) = (this, best[place]);
                }
                place += 1;
            }
            index += 1;
        }
        best
    }
}

impl Name {
    /// The length of all its texts.
    pub const fn length(self) -> usize {
        self.bytes(LOGICAL_PATH).len()
            + self.bytes(PATH).len()
            + self.bytes(PLAIN_PATH).len()
            + self.names.text(STATIC_HOST).len()
    }

    /// All its texts, one after the other: an app keeps these, and not the table.
    pub const fn texts<const LENGTH: usize>(self) -> [u8; LENGTH] {
        let mut texts = [0; LENGTH];
        let end = copy(&mut texts, 0, self.bytes(LOGICAL_PATH));
        let end = copy(&mut texts, end, self.bytes(PATH));
        let end = copy(&mut texts, end, self.bytes(PLAIN_PATH));
        copy(&mut texts, end, self.names.text(STATIC_HOST));
        texts
    }

    /// Its texts apart: logical path, preferred path, plain path, static host.
    pub const fn split(self, texts: &'static [u8]) -> [&'static str; 4] {
        let (logical_path, texts) = texts.split_at(self.bytes(LOGICAL_PATH).len());
        let (path, texts) = texts.split_at(self.bytes(PATH).len());
        let (plain_path, static_host) = texts.split_at(self.bytes(PLAIN_PATH).len());
        [utf8(logical_path), utf8(path), utf8(plain_path), utf8(static_host)]
    }

    /// The integrity of the identity bytes.
    pub const fn integrity(self) -> Integrity {
        let mut integrity = [0; 48];
        integrity.copy_from_slice(slice(self.names.table, self.offset + INTEGRITY, 48));
        Integrity(integrity)
    }

    const fn bytes(self, text: usize) -> &'static [u8] {
        self.names.text(self.offset + text)
    }
}

/// A text of limited length, put together in a constant.
struct Message {
    bytes: [u8; 1024],
    length: usize,
}

impl Message {
    /// Adds a text, or as much of it as there is room for.
    const fn push(&mut self, text: &[u8]) {
        let mut index = 0;
        while index < text.len() && self.length < self.bytes.len() {
            self.bytes[self.length] = text[index];
            self.length += 1;
            index += 1;
        }
    }

    const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.length);
        utf8(text)
    }
}

/// The similarity of two paths: the number of bytes in their common prefix and suffix, if that is
/// more than half of the longer path, or else 0. Two paths with the same file name are most
/// similar.
pub const fn likeness(path: &[u8], other: &[u8]) -> usize {
    if same(file_name(path), file_name(other)) {
        return usize::MAX;
    }
    let (shorter, longer) = if path.len() < other.len() {
        (path.len(), other.len())
    } else {
        (other.len(), path.len())
    };
    let mut start = 0;
    while start < shorter && path[start] == other[start] {
        start += 1;
    }
    let mut end = 0;
    while end < shorter - start && path[path.len() - 1 - end] == other[other.len() - 1 - end] {
        end += 1;
    }
    if (start + end) * 2 > longer { start + end } else { 0 }
}

const fn file_name(path: &[u8]) -> &[u8] {
    let mut start = path.len();
    while start > 0 && path[start - 1] != b'/' {
        start -= 1;
    }
    path.split_at(start).1
}

const fn is_at_or_below(path: &[u8], folder: &[u8]) -> bool {
    path.len() >= folder.len()
        && same(path.split_at(folder.len()).0, folder)
        && (path.len() == folder.len() || path[folder.len()] == b'/')
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    compare(one, other) == 0
}

/// 0 if they are the same, 1 if the first is greater, 2 if it is less.
const fn compare(one: &[u8], other: &[u8]) -> u8 {
    let mut index = 0;
    while index < one.len() && index < other.len() {
        if one[index] != other[index] {
            return if one[index] > other[index] { 1 } else { 2 };
        }
        index += 1;
    }
    if one.len() == other.len() {
        return 0;
    }
    if one.len() > other.len() { 1 } else { 2 }
}

const fn slice(bytes: &[u8], start: usize, length: usize) -> &[u8] {
    bytes.split_at(start).1.split_at(length).0
}

const fn copy(into: &mut [u8], start: usize, bytes: &[u8]) -> usize {
    into.split_at_mut(start).1.split_at_mut(bytes.len()).0.copy_from_slice(bytes);
    start + bytes.len()
}

const fn utf8(bytes: &[u8]) -> &str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("the table of names is damaged: run `cargo clean`, and build again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};

    fn names(logical_paths: &[&str]) -> Names {
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
                representations: &[(Coding::Identity, b"")],
            });
            writer.serve(&url, asset, CachePolicy::Immutable);
        }
        let bundle = writer.finish().unwrap();
        let left_out = [".git", "z~"].map(|path| (path, format!("left out by {path}")));
        let table = Bundle::open(&bundle).unwrap().names("assets", &left_out).unwrap();
        Names::new(table.leak())
    }

    #[test]
    fn every_name_is_found() {
        let paths = ["a", "a.css", "b/c d.js", "b/é", "z"];
        for count in 0..paths.len() {
            let names = names(&paths[..count]);
            for path in &paths[..count] {
                let name = names.find(path);
                let texts = [0; 99].map(|_: u8| 0);
                assert!(name.length() < texts.len());
                let [logical_path, url, plain, host] =
                    name.split(name.texts::<99>()[..name.length()].to_vec().leak());
                assert_eq!((logical_path, host), (*path, "https://cdn.example"));
                assert_eq!(plain, encode_path(&format!("/static/{path}")));
                assert_eq!(url, format!("{plain}.0123"));
                assert_eq!(name.integrity(), Integrity::of(b""));
            }
        }
    }

    #[track_caller]
    fn absent(names: Names, wanted: &str, expected: &str) {
        assert_eq!(names.absent(wanted.as_bytes()).as_str(), expected);
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
    fn a_long_message_is_cut() {
        let long = "x".repeat(2000);
        assert_eq!(names(&["a"]).absent(long.as_bytes()).as_str().len(), 1024);
    }

    #[test]
    #[should_panic(expected = "of the same version")]
    fn another_version_is_refused() {
        Names::new(b"hardtack names 0");
    }
}
