//! Twins: files that other servers send for the file beside them, such as `app.js.br` beside
//! `app.js`, as bundlers' plugins write them. They are no assets, since the bake compresses better,
//! and after rewriting references.

use std::collections::{BTreeMap, BTreeSet};

use hardtack_bundle::Coding;

use crate::{
    LeftOut, Problem, ProblemKind, Settings,
    decode::decodes_to,
    logical_path::file_name,
    pattern::Verdict,
    scan::{Asset, Scanned},
};

/// Leaves out files that decode to the file beside them. A file that some text names stays, since
/// it may be a download, or be unpacked by a script; so does a file that `exclude` brings back.
/// Returns a remark on each file that does not decode as its name promises.
pub(crate) fn leave_out_twins(scanned: &mut Scanned, settings: &Settings) -> Option<Problem> {
    let candidates = candidates(&scanned.assets, settings);
    if candidates.is_empty() {
        return None;
    }
    let mentioned = Mentioned::of(&scanned.assets, &candidates);
    let (mut left_out, mut others) = (BTreeSet::new(), Vec::new());
    for (index, (coding, plain)) in candidates {
        let [twin, plain] = [index, plain].map(|index| &scanned.assets[index]);
        // Some tools write gzip under every extension.
        let mut codings = EXTENSIONS.iter().map(|(_, coding)| *coding);
        if !codings.any(|coding| decodes_to(coding, &twin.bytes, &plain.bytes)) {
            others.push(twin.logical_path.clone());
        } else if !mentioned.has(twin, coding) {
            left_out.insert(twin.logical_path.clone());
        }
    }
    scanned.assets.retain(|asset| !left_out.contains(&asset.logical_path));
    let rule = "its being a compressed form of the file beside it";
    scanned.left_out.extend(left_out.iter().map(|path| LeftOut::by_content(path, rule)));
    scanned.left_out.sort_unstable_by(|a, b| a.logical_path.cmp(&b.logical_path));
    remark(&others, settings)
}

/// The coding that an extension names, and the path before it.
pub(crate) fn coded_name(logical_path: &str) -> Option<(&str, Coding)> {
    let (plain, extension) = logical_path.rsplit_once('.')?;
    let coding = EXTENSIONS.iter().find(|(other, _)| *other == extension)?.1;
    Some((plain, coding))
}

const EXTENSIONS: [(&str, Coding); 3] =
    [("gz", Coding::Gzip), ("br", Coding::Br), ("zst", Coding::Zstd)];

/// The assets that are named like another asset with a coding's extension, with the coding and the
/// other asset.
fn candidates(assets: &[Asset], settings: &Settings) -> BTreeMap<usize, (Coding, usize)> {
    let plain =
        |path: &str| assets.binary_search_by(|other| other.logical_path.as_str().cmp(path)).ok();
    let candidate = |(index, asset): (usize, &Asset)| {
        let path = &asset.logical_path;
        let (name, coding) = coded_name(path)?;
        let is_free = settings.exclude.verdict(path, false) != Verdict::TakenBack;
        Some((index, (coding, plain(name).filter(|_| is_free)?)))
    };
    assets.iter().enumerate().filter_map(candidate).collect()
}

/// The twins that the site's own texts name.
#[derive(Default)]
struct Mentioned {
    /// The file names.
    names: BTreeSet<Vec<u8>>,
    /// The codings whose extension stands alone in quotes: scripts make names with it.
    computed: Vec<Coding>,
}

impl Mentioned {
    fn of(assets: &[Asset], twins: &BTreeMap<usize, (Coding, usize)>) -> Self {
        let mut mentioned = Self::default();
        let others = assets.iter().enumerate().filter(|(index, _)| !twins.contains_key(index));
        for (_, asset) in others.filter(|(_, asset)| !asset.bytes.contains(&0)) {
            mentioned.look_into(&asset.bytes);
        }
        mentioned
    }

    fn look_into(&mut self, text: &[u8]) {
        let dots = text.iter().enumerate().filter(|(_, byte)| **byte == b'.');
        for (dot, _) in dots {
            let extension = |(name, _): &&(&str, Coding)| {
                let after = &text[dot + 1..];
                after.starts_with(name.as_bytes())
                    && !after.get(name.len()).is_some_and(|next| is_of_a_name(*next))
            };
            if let Some((extension, coding)) = EXTENSIONS.iter().find(extension) {
                self.note(text, dot, dot + 1 + extension.len(), *coding);
            }
        }
    }

    /// Adds the file name that ends in an extension, which begins at a dot.
    fn note(&mut self, text: &[u8], dot: usize, end: usize, coding: Coding) {
        let start = text[..dot].iter().rposition(|byte| !is_of_a_name(*byte));
        let start = start.map_or(0, |before| before + 1);
        let is_quote = |byte: Option<&u8>| byte.is_some_and(|byte| b"\"'`".contains(byte));
        let before = start.checked_sub(1).and_then(|before| text.get(before));
        if start < dot {
            self.names.insert(text[start..end].to_vec());
        } else if is_quote(text.get(end)) && (is_quote(before) || before == Some(&b'}')) {
            self.computed.push(coding);
        }
    }

    fn has(&self, twin: &Asset, coding: Coding) -> bool {
        let name = file_name(&twin.logical_path);
        self.names.contains(name.as_bytes()) || self.computed.contains(&coding)
    }
}

/// Whether a file name in a text continues with that byte.
fn is_of_a_name(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !b"\"'`/\\()<>{}[]=,;:?&#|*!".contains(&byte)
}

/// One remark for all of them.
fn remark(others: &[String], settings: &Settings) -> Option<Problem> {
    let first = others.first()?;
    let more = match others.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more such files are not either"),
    };
    let message = format!(
        "this is not the file beside it, compressed{more}: it is served as a file of its own. \
         Build the site again, or add it to `exclude`"
    );
    Some(ProblemKind::Remark(message).of(settings.file(first)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Patterns, decode::tests::code};

    /// The files that are left out of a folder of `a.js`, its twins, and a text that may speak of
    /// them.
    #[track_caller]
    fn leaves_out(text: &str, exclude: &[&str], expected: &[&str]) {
        let plain = b"let biscuit = 1;";
        let assets = vec![
            Asset::of("a.js", plain.to_vec()),
            Asset::of("a.js.br", code(Coding::Br, plain)),
            Asset::of("a.js.gz", code(Coding::Gzip, plain)),
            Asset::of("a.js.zst", code(Coding::Zstd, plain)),
            Asset::of("alone.js.gz", code(Coding::Gzip, plain)),
            Asset::of("text.js", text.as_bytes().to_vec()),
        ];
        let mut scanned = Scanned { assets, left_out: vec![] };
        let exclude = Patterns::new(exclude).unwrap();
        let settings = Settings { exclude, ..Settings::default() };
        let remark = leave_out_twins(&mut scanned, &settings);
        let left_out: Vec<_> = scanned.left_out.iter().map(|it| it.logical_path.as_str()).collect();
        assert_eq!(left_out, expected, "{text}");
        assert_eq!(scanned.assets.len(), 6 - expected.len());
        assert!(remark.is_none(), "{text}");
    }

    #[test]
    fn twins_are_no_assets_unless_something_asks_for_them() {
        let [br, gz, zst] = ["a.js.br", "a.js.gz", "a.js.zst"];
        leaves_out("", &[], &[br, gz, zst]);
        leaves_out("fetch('./lib/a.js.gz')", &[], &[br, zst]);
        leaves_out("<a href=a.js.gz>", &[], &[br, zst]);
        leaves_out("a.js.gz", &[], &[br, zst]);
        leaves_out("data.js.gz xa.js.br a.js.bro", &[], &[br, gz, zst]);
        leaves_out("fetch(url + '.br')", &[], &[gz, zst]);
        leaves_out("fetch(`${url}.br`)", &[], &[gz, zst]);
        leaves_out("f(a).br;b[1].gz;c.zst", &[], &[br, gz, zst]);
        leaves_out("", &["!*.gz"], &[br, zst]);
    }

    #[test]
    fn a_twin_may_be_in_another_coding_than_its_name_says() {
        let assets =
            vec![Asset::of("a.js", b"a".to_vec()), Asset::of("a.js.br", code(Coding::Gzip, b"a"))];
        let mut scanned = Scanned { assets, left_out: vec![] };
        leave_out_twins(&mut scanned, &Settings::default());
        let left_out: Vec<_> = scanned.left_out.iter().map(|it| it.logical_path.as_str()).collect();
        assert_eq!(left_out, ["a.js.br"]);
    }

    #[test]
    fn what_is_no_twin_stays_and_is_told_once() {
        let assets = vec![
            Asset::of("a.js", b"new".to_vec()),
            Asset::of("a.js.br", code(Coding::Br, b"old")),
            Asset::of("a.js.gz", b"no gzip at all".to_vec()),
        ];
        let mut scanned = Scanned { assets, left_out: vec![] };
        let remark = leave_out_twins(&mut scanned, &Settings::default()).unwrap().to_string();
        assert_eq!((scanned.assets.len(), scanned.left_out.len()), (3, 0));
        assert!(remark.starts_with("assets/a.js.br: ") && remark.contains("1 more"), "{remark}");
    }
}
