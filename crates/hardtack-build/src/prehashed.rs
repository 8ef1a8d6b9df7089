//! Recognizes assets whose names have a hash of their content already.
//!
//! Such an asset is immutable under its own name, and never hashed again. A hash is certain if it
//! is a digest of the file's own bytes, or if a bundler's manifest lists the file. Any other name
//! that looks hashed needs a second sign: a file that is wrongly immutable is stale for a year, so
//! in doubt the asset is not prehashed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aho_corasick::AhoCorasick;
use rayon::prelude::*;

use crate::{
    Problem, ProblemKind, Role, Settings,
    bundler::listed,
    hash_name::{Looks, Segment, segments, segments_of_generated},
    logical_path::{file_name, folder},
    own_digest::digest_with_prefix,
    pattern::Verdict,
    scan::{Asset, Scanned},
};

/// Gives [`Role::Prehashed`] to the assets whose names have a hash. Returns a remark on the names
/// that are in doubt.
pub(crate) fn recognise_prehashed(
    scanned: &mut Scanned,
    settings: &Settings,
) -> Result<Option<Problem>, Problem> {
    let listed = listed(settings)?;
    let assets = &scanned.assets;
    let candidates: Vec<_> = assets
        .iter()
        .enumerate()
        .filter_map(|(index, asset)| {
            let is_free = settings.prehashed.verdict(&asset.logical_path, false) == Verdict::Silent;
            (is_free && asset.role == Role::Hashed).then(|| Candidate::new(index, asset)).flatten()
        })
        .collect();
    let evidence = Evidence::new(assets, &candidates, &listed);
    let verdicts: Vec<_> =
        candidates.par_iter().map(|it| (it.index, evidence.of(it), it.glob())).collect();
    let mut doubtful = Vec::new();
    for (index, verdict, glob) in verdicts {
        let asset = &mut scanned.assets[index];
        match verdict {
            Hash::Believed(why) => {
                asset.role = Role::Prehashed;
                asset.why = why;
            }
            Hash::Doubtful => doubtful.push((asset.logical_path.clone(), glob)),
            Hash::None => {}
        }
    }
    Ok(remark(&doubtful).map(|kind| kind.of(&settings.assets)))
}

/// The part of a prehashed asset's path that is most like a hash; none if no part is.
pub(crate) fn hash_of(logical_path: &str) -> Option<&str> {
    segments_of(logical_path).first().map(|segment| segment.text)
}

/// The parts of a file's name, or of the name of its folder of generated files, that may be hashes,
/// the most similar to a hash first.
fn segments_of(logical_path: &str) -> Vec<Segment<'_>> {
    let (folder, name) = (folder(logical_path), file_name(logical_path));
    match generated_folder(folder) {
        None => segments(name),
        Some((_, below)) => {
            let names = std::iter::once(name).chain(below.split('/'));
            names.flat_map(segments_of_generated).collect()
        }
    }
}

/// The verdict on a name.
enum Hash {
    Believed(String),
    Doubtful,
    None,
}

/// An asset whose name may have a hash.
struct Candidate<'a> {
    index: usize,
    asset: &'a Asset,
    /// The parts of the name, or of its folder's name, that may be hashes, the most similar to a
    /// hash first.
    segments: Vec<Segment<'a>>,
}

impl<'a> Candidate<'a> {
    fn new(index: usize, asset: &'a Asset) -> Option<Self> {
        let segments = segments_of(&asset.logical_path);
        (!segments.is_empty()).then_some(Self { index, asset, segments })
    }

    fn best(&self) -> Segment<'a> {
        self.segments[0]
    }

    /// Whether the name is nothing but what may be a hash.
    fn is_whole_name(&self) -> bool {
        let name = file_name(&self.asset.logical_path);
        name.split('.').next() == Some(self.best().text)
    }

    /// Whether the name is as long as the identifiers by which databases know their records: it
    /// outlives the bytes of the file.
    fn is_id(&self) -> bool {
        let text = self.best().text;
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.is_whole_name() && is_hex && (text.len() == 24 || text.len() >= 32)
    }

    /// A glob for the names that differ from this one only in the hash.
    fn glob(&self) -> String {
        let hash = self.best().text;
        let path = self.asset.logical_path.trim_start_matches('/');
        format!("/{}", path.replace(hash, &"?".repeat(hash.len())))
    }

    /// The folder and the length of the hash: bundlers write all names of a folder alike.
    fn shape(&self) -> (&'a str, usize) {
        (folder(&self.asset.logical_path), self.best().text.len())
    }
}

/// The second signs.
struct Evidence<'a> {
    /// The candidates that a bundler's manifest lists, and which one.
    listed: HashMap<usize, &'static str>,
    /// The parts of names like that of scripts and style sheets that are written as nothing else is.
    /// The builds of one file, such as `a.js` and `a.min.js`, share one, and confirm nothing.
    shapes: HashMap<(&'a str, usize), HashSet<&'a str>>,
    /// The same of all files.
    shapes_of_all: HashMap<(&'a str, usize), HashSet<&'a str>>,
    /// The candidates that other files name, with one of those, and whether only pages do.
    named: HashMap<usize, (&'a str, bool)>,
}

impl<'a> Evidence<'a> {
    fn new(
        assets: &'a [Asset],
        candidates: &[Candidate<'a>],
        manifests: &BTreeMap<String, &'static str>,
    ) -> Self {
        let shapes = |counts: fn(&Asset) -> bool| {
            let mut shapes: HashMap<_, HashSet<_>> = HashMap::new();
            let alike = candidates.iter().filter(|it| it.best().looks == Looks::Alike);
            for candidate in alike.filter(|it| counts(it.asset)) {
                shapes.entry(candidate.shape()).or_default().insert(candidate.best().text);
            }
            shapes
        };
        Self {
            listed: listed_candidates(candidates, manifests),
            shapes: shapes(is_code),
            shapes_of_all: shapes(|_| true),
            named: named(assets, candidates),
        }
    }

    fn of(&self, candidate: &Candidate<'a>) -> Hash {
        let Segment { text, looks } = candidate.best();
        let siblings = self.shapes.get(&candidate.shape()).map_or(0, HashSet::len);
        // Manifests list files too that keep the names that people gave them.
        let is_named = looks == Looks::Alike || is_code(candidate.asset) || siblings > 0;
        if let Some(manifest) = self.listed.get(&candidate.index).filter(|_| is_named) {
            return Hash::Believed(format!("{manifest} lists it"));
        }
        let texts: Vec<_> = candidate.segments.iter().map(|segment| segment.text).collect();
        if let Some(digest) = digest_with_prefix(&candidate.asset.bytes, &texts) {
            return Hash::Believed(format!("its name has its own {digest}"));
        }
        let folder = folder(&candidate.asset.logical_path);
        match (looks, self.named.get(&candidate.index)) {
            _ if generated_folder(folder)
                .is_some_and(|(folder, _)| folder.believes(candidate, looks)) =>
            {
                Hash::Believed(format!(
                    "{text:?} looks like a hash, in a folder of generated files"
                ))
            }
            (Looks::Alike, _) if candidate.is_id() && !is_code(candidate.asset) => Hash::Doubtful,
            // Whatever uses the file has its name, so that alone proves nothing of a whole name.
            (Looks::Alike, _) if candidate.is_whole_name() && self.is_alone(candidate) => {
                Hash::Doubtful
            }
            (Looks::Alike, Some((other, is_page))) if !is_page || is_code(candidate.asset) => {
                Hash::Believed(format!("{text:?} looks like a hash, and {other} has that name"))
            }
            (Looks::Alike, _) if siblings > 2 => {
                Hash::Believed(format!("{text:?} looks like a hash, as in the names beside it"))
            }
            (Looks::Possible, Some(_))
                if siblings > 1 && (is_code(candidate.asset) || has_letter(text)) =>
            {
                Hash::Believed(format!("{text:?} may be a hash, as in the names beside it"))
            }
            (Looks::Alike, _) => Hash::Doubtful,
            _ => Hash::None,
        }
    }
}

impl Evidence<'_> {
    /// Whether no file of the folder has another such name.
    fn is_alone(&self, candidate: &Candidate<'_>) -> bool {
        self.shapes_of_all.get(&candidate.shape()).is_none_or(|names| names.len() < 2)
    }
}

/// The candidates whose name or hash stands in the text of another file.
fn named<'a>(assets: &'a [Asset], candidates: &[Candidate<'a>]) -> HashMap<usize, (&'a str, bool)> {
    let patterns: Vec<_> = candidates.iter().map(|it| it.best().text).collect();
    let Ok(automaton) = AhoCorasick::new(&patterns) else { return HashMap::new() };
    let mut named = HashMap::new();
    for asset in assets.iter().filter(|asset| asset.is_text()) {
        for hit in automaton.find_overlapping_iter(&asset.bytes) {
            let candidate = &candidates[hit.pattern().as_usize()];
            if candidate.asset.logical_path != asset.logical_path {
                let is_page = asset.is_page();
                let path = asset.logical_path.as_str();
                let known = named.entry(candidate.index).or_insert((path, is_page));
                if known.1 && !is_page {
                    *known = (path, is_page);
                }
            }
        }
    }
    named
}

fn has_letter(text: &str) -> bool {
    text.contains(|it: char| it.is_ascii_alphabetic())
}

/// Whether a file is of a kind that bundlers make. A picture that only a page shows may have its
/// name from a camera.
fn is_code(asset: &Asset) -> bool {
    matches!(asset.essence(), "text/javascript" | "text/css")
        || asset.logical_path.ends_with(".map")
}

/// A folder that generators fill with files that have hashes in their names.
struct Generated {
    name: &'static str,
    /// The similarity to a hash that a name in it needs. Some such folders have names that people
    /// also use.
    least: Looks,
}

impl Generated {
    /// Whether the folder is the second sign for a candidate. In a folder whose name people also use, a
    /// whole name such as `OAuth2Client.js` may be theirs.
    fn believes(&self, candidate: &Candidate<'_>, looks: Looks) -> bool {
        let is_sure = self.least == Looks::Possible || !candidate.is_whole_name();
        looks >= self.least && is_sure
    }
}

const GENERATED: &[Generated] = &[
    Generated { name: "_app/immutable/", least: Looks::Possible },
    Generated { name: "_astro/", least: Looks::Possible },
    Generated { name: "_next/static/", least: Looks::Possible },
    Generated { name: "_nuxt/", least: Looks::Possible },
    Generated { name: "static/css/", least: Looks::Alike },
    Generated { name: "static/js/", least: Looks::Alike },
    Generated { name: "static/media/", least: Looks::Alike },
];

/// The folder of generated files that a folder lies in, and the path from there.
fn generated_folder(folder: &str) -> Option<(&'static Generated, &str)> {
    GENERATED.iter().find_map(|generated| {
        let at = folder.find(generated.name)?;
        let is_whole = at == 0 || folder[..at].ends_with('/');
        is_whole.then(|| (generated, &folder[at + generated.name.len()..]))
    })
}

/// The candidates that manifests list, whose paths are relative to the asset folder or a folder
/// above.
fn listed_candidates(
    candidates: &[Candidate<'_>],
    manifests: &BTreeMap<String, &'static str>,
) -> HashMap<usize, &'static str> {
    let by_path: HashMap<_, _> =
        candidates.iter().map(|it| (it.asset.logical_path.as_str(), it.index)).collect();
    let of_path = |path: &str| suffixes(path).into_iter().find_map(|it| by_path.get(it)).copied();
    let mut listed = HashMap::new();
    for (path, manifest) in manifests {
        if let Some(index) = of_path(path) {
            listed.entry(index).or_insert(*manifest);
        }
    }
    listed
}

/// A path, and the path without one or more of its first folders.
fn suffixes(path: &str) -> Vec<&str> {
    let shorter = path.match_indices('/').map(|(slash, _)| &path[slash + 1..]);
    std::iter::once(path).chain(shorter).collect()
}

fn remark(doubtful: &[(String, String)]) -> Option<ProblemKind> {
    /// The most globs that a person would paste.
    const MOST: usize = 20;
    let (first, _) = doubtful.first()?;
    let globs: BTreeSet<_> = doubtful.iter().map(|(_, glob)| format!("{glob:?}")).collect();
    let shown: Vec<_> = globs.iter().take(MOST).map(String::as_str).collect();
    let more = match globs.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(", and {more} more such globs"),
    };
    let (files, have) = match doubtful.len() {
        1 => (format!("{first:?}"), "has"),
        count => (format!("{first:?} and {} more files", count - 1), "have"),
    };
    Some(ProblemKind::Remark(format!(
        "{files} perhaps {have} a hash in the name; nothing confirms it, so they are kept for a short \
         time only. If that is so, set `prehashed = [{}]`{more}",
        shown.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The paths of the assets that are recognised, in a folder of these files.
    fn recognised(files: &[(&str, &str)], toml: &str) -> Result<Vec<String>, crate::Error> {
        let folder = tempfile::tempdir().unwrap();
        let assets = folder.path().join("dist");
        for (path, text) in files {
            let file = assets.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let config = folder.path().join("hardtack.toml");
        fs::write(&config, toml).unwrap();
        let settings = Settings { assets, ..Settings::read(&config)? };
        let (mut scanned, _) = crate::scan::scan(&settings)?;
        recognise_prehashed(&mut scanned, &settings)?;
        let prehashed = scanned.assets.into_iter().filter(|it| it.role == Role::Prehashed);
        Ok(prehashed.map(|asset| asset.logical_path).collect())
    }

    const VITE: (&str, &str) = (".vite/manifest.json", r#"{"a":{"file":"assets/a-DOIkT6lI.js"}}"#);

    #[test]
    fn what_vite_lists_and_what_that_names() {
        let files = [
            VITE,
            ("assets/a-DOIkT6lI.js", "new URL('/assets/w-Dv4bd7PL.js',x)\n//# a-DOIkT6lI.js.map"),
            ("assets/a-DOIkT6lI.js.map", "{}"),
            ("assets/w-Dv4bd7PL.js", "import './x-B9c4Kq2z.js'"),
            ("assets/x-B9c4Kq2z.js", ""),
            ("assets/photo-20240101.jpg", ""),
            ("w-Dv4bd7PL.js", ""),
            ("mark.svg", ""),
        ];
        let names = recognised(&files, "").unwrap();
        assert_eq!(
            names,
            [
                "assets/a-DOIkT6lI.js",
                "assets/a-DOIkT6lI.js.map",
                "assets/w-Dv4bd7PL.js",
                "assets/x-B9c4Kq2z.js",
                "w-Dv4bd7PL.js"
            ]
        );
    }

    #[track_caller]
    fn are(files: &[(&str, &str)], expected: &[&str]) {
        assert_eq!(recognised(files, "").unwrap(), expected);
    }

    #[test]
    fn its_own_digest_is_certain() {
        are(
            &[("a.900150983cd24fb0.css", "abc"), ("b.900150983cd24fb0.css", "abd")],
            &["a.900150983cd24fb0.css"],
        );
        are(
            &[("a/ba7816bf.min.js", "abc"), ("c.ba7816bf.ttf.woff2", "abc")],
            &["a/ba7816bf.min.js", "c.ba7816bf.ttf.woff2"],
        );
    }

    #[test]
    fn looks_need_a_second_sign() {
        are(&[("a-DOIkT6lI.js", "")], &[]);
        are(&[("a-DOIkT6lI.js", ""), ("b.html", "<script src=a-DOIkT6lI.js>")], &["a-DOIkT6lI.js"]);
        are(&[("a.03ad00d7.js", ""), ("b.js", "{12:'03ad00d7'}")], &["a.03ad00d7.js"]);
        are(
            &[("a-DOIkT6lI.js", ""), ("b-D-Ln0An_.js", ""), ("c-C3xqP0aZ.js", "")],
            &["a-DOIkT6lI.js", "b-D-Ln0An_.js", "c-C3xqP0aZ.js"],
        );
        are(
            &[("_next/static/x-Bq_7Zr2L/m.js", ""), ("_nuxt/ABCDEFGH.js", "")],
            &["_next/static/x-Bq_7Zr2L/m.js", "_nuxt/ABCDEFGH.js"],
        );
        are(&[("static/js/main.CSV5SJFB.js", "")], &["static/js/main.CSV5SJFB.js"]);
        are(
            &[
                ("static/js/ABCDEFGH.js", ""),
                ("static/js/OAuth2Client.js", ""),
                ("report-20261128.pdf", ""),
                ("a.html", "report-20261128.pdf"),
            ],
            &[],
        );
    }

    #[test]
    fn builds_of_one_file_confirm_nothing() {
        let files = ["DSC01234.js", "DSC01234.min.js", "DSC01234.mjs"].map(|path| (path, ""));
        are(&files, &[]);
        are(&[files[0], files[1], files[2], ("a.html", "<script src=DSC01234.js>")], &[]);
    }

    #[test]
    fn numbers_among_words_and_ids_are_no_hashes() {
        let page = "<link href=page1style.css><link href=page2style.css><link href=page3style.css>";
        let sheets = ["page1style.css", "page2style.css", "page3style.css"].map(|path| (path, ""));
        are(&[("a.html", page), sheets[0], sheets[1], sheets[2]], &[]);
        are(&[("cafe2024.png", ""), ("s.js", "x='cafe2024'")], &[]);
        let id = ("507f1f77bcf86cd799439011.jpg", "");
        are(&[id, ("posts.json", "[\"507f1f77bcf86cd799439011.jpg\"]")], &[]);
        let listed = (".vite/manifest.json", r#"{"a":{"file":"assets/iPhone14Pro.png"}}"#);
        are(&[listed, ("assets/iPhone14Pro.png", "")], &[]);
    }

    #[test]
    fn a_page_that_shows_a_picture_proves_nothing() {
        let page = ("b.html", "<img src=a-DOIkT6lI.png>");
        are(&[("a-DOIkT6lI.png", ""), page], &[]);
        are(&[("a-DOIkT6lI.png", ""), page, ("c.css", "url(a-DOIkT6lI.png)")], &["a-DOIkT6lI.png"]);
    }

    #[test]
    fn doubt_is_told_with_the_setting() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a-DOIkT6lI.js"), "").unwrap();
        let settings = Settings { assets: folder.path().to_owned(), ..Settings::default() };
        let (mut scanned, _) = crate::scan::scan(&settings).unwrap();
        let doubt = recognise_prehashed(&mut scanned, &settings).unwrap().unwrap().to_string();
        assert!(doubt.ends_with("`prehashed = [\"/a-????????.js\"]`"), "{doubt}");
    }

    #[test]
    fn what_esbuild_lists() {
        let metafile = r#"{"inputs":{},"outputs":{"web/dist/js/app-5H7KXQ2L.js":{}}}"#;
        let files = [("meta.json", metafile), ("js/app-5H7KXQ2L.js", ""), ("app.js", "")];
        assert_eq!(recognised(&files, "").unwrap(), ["js/app-5H7KXQ2L.js"]);
    }

    #[test]
    fn the_settings_come_first() {
        let files = [VITE, ("assets/a-DOIkT6lI.js", "")];
        assert!(recognised(&files, "prehashed = ['!*.js']").unwrap().is_empty());
        assert!(recognised(&files, "entry_points = ['*.js']").unwrap().is_empty());
    }

    #[test]
    fn a_broken_manifest_is_an_error_if_it_can_only_be_a_bundlers() {
        let error = recognised(&[(".vite/manifest.json", "{")], "").unwrap_err().to_string();
        assert!(error.contains("manifest.json: this is no manifest of Vite: EOF"), "{error}");
        assert!(recognised(&[("manifest.json", "{")], "").unwrap().is_empty());
    }
}
