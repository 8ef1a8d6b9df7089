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
    let certain = certain(&candidates, &listed);
    let evidence = Evidence::new(assets, &candidates, certain);
    let verdicts: Vec<_> =
        candidates.iter().map(|it| (it.index, evidence.of(it), it.glob())).collect();
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

    fn is_alike(&self) -> bool {
        self.best().looks == Looks::Alike
    }

    fn is_hex(&self) -> bool {
        self.best().text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// Whether it stands behind the name and a dot, and before another dot.
    fn is_between_dots(&self) -> bool {
        let parts = file_name(&self.asset.logical_path).split(self.best().text);
        let [before, after] = parts.collect::<Vec<_>>()[..] else { return false };
        self.is_alike() && before.ends_with('.') && after.starts_with('.')
    }

    /// Whether the name is nothing but what may be a hash.
    fn is_whole_name(&self) -> bool {
        let name = file_name(&self.asset.logical_path);
        let alike = self.segments.iter().filter(|segment| segment.looks == Looks::Alike);
        alike.count() < 2 && name.split('.').next() == Some(self.best().text)
    }

    /// Whether it is as long as the identifiers by which databases know their records: these
    /// outlive the bytes of a file.
    fn is_id(&self) -> bool {
        let length = self.best().text.len();
        self.is_hex() && (length == 24 || (self.is_whole_name() && length >= 32))
    }

    /// Whether a style sheet's name may have a colour: red, green, blue and opacity (CSS Color 4
    /// §5.2), of which one or two are written with one digit twice.
    fn is_colour(&self) -> bool {
        let text = self.best().text.as_bytes();
        let twice = text.chunks_exact(2).filter(|pair| pair[0] == pair[1]).count();
        let opacity_is = text.ends_with(&[text[text.len() - 1]; 2]);
        is_sheet(self.asset) && self.is_hex() && text.len() == 8 && (twice > 1 || opacity_is)
    }

    /// A glob for the names that differ from this one only in the hash.
    fn glob(&self) -> String {
        let hash = self.best().text;
        let path = self.asset.logical_path.trim_start_matches('/');
        format!("/{}", path.replace(hash, &"?".repeat(hash.len())))
    }

    fn folder(&self) -> &'a str {
        folder(&self.asset.logical_path)
    }

    fn shape(&self) -> Shape {
        let text = self.best().text;
        let name = file_name(&self.asset.logical_path);
        let before = name.split_once(text).and_then(|(before, _)| before.bytes().last());
        Shape { before, is_hex: self.is_hex(), length: text.len() }
    }
}

/// The form of a part of a name. A tool writes all names alike.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Shape {
    /// The byte before it.
    before: Option<u8>,
    is_hex: bool,
    length: usize,
}

/// The parts of names in one shape that look like hashes. The builds of one file, such as `a.js` and
/// `a.min.js`, share one.
#[derive(Default)]
struct Alike<'a> {
    /// Those of scripts, and of style sheets.
    scripts: HashSet<&'a str>,
    sheets: HashSet<&'a str>,
    /// Those of all files.
    all: HashSet<&'a str>,
    /// Whether one of them is a hash for certain.
    is_certain: bool,
}

impl Alike<'_> {
    /// Whether a tool has named them: it writes scripts and style sheets alike. A number that a
    /// person gives is of one kind of file, or is that of a script and its style sheet.
    fn are_of_a_tool(&self) -> bool {
        let mut own = [&self.scripts - &self.sheets, &self.sheets - &self.scripts].into_iter();
        self.is_certain || own.all(|own| !own.is_empty())
    }

    /// How many scripts and style sheets have another one.
    fn others_of_code(&self, text: &str) -> usize {
        let all = self.scripts.union(&self.sheets);
        all.filter(|other| **other != text).count()
    }
}

/// A file that names a candidate: the weakest sign first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    /// A page, or data. A person may have written it, and the name.
    Page,
    Script,
    Sheet,
    /// A script or a style sheet whose own name looks hashed: a bundler's.
    Hashed,
}

/// The second signs.
struct Evidence<'a> {
    /// The candidates whose hash needs no second sign, and the proof.
    certain: HashMap<usize, String>,
    in_folder: HashMap<(&'a str, Shape), Alike<'a>>,
    in_site: HashMap<Shape, Alike<'a>>,
    /// The candidates that other files name, with the strongest of these.
    named: HashMap<usize, (By, &'a str)>,
}

impl<'a> Evidence<'a> {
    fn new(
        assets: &'a [Asset],
        candidates: &[Candidate<'a>],
        certain: HashMap<usize, String>,
    ) -> Self {
        let mut in_folder: HashMap<_, Alike<'_>> = HashMap::new();
        let mut in_site: HashMap<_, Alike<'_>> = HashMap::new();
        for candidate in candidates.iter().filter(|it| it.is_alike()) {
            let (text, shape) = (candidate.best().text, candidate.shape());
            let of_folder = in_folder.entry((candidate.folder(), shape)).or_default();
            for alike in [of_folder, in_site.entry(shape).or_default()] {
                alike.is_certain |= certain.contains_key(&candidate.index);
                alike.all.insert(text);
                if is_sheet(candidate.asset) {
                    alike.sheets.insert(text);
                } else if is_code(candidate.asset) {
                    alike.scripts.insert(text);
                }
            }
        }
        let mut evidence = Self { certain, in_folder, in_site, named: HashMap::new() };
        // Most candidates are what they are, whichever file has their name.
        let is_open = |candidate: &Candidate<'a>| evidence.is_open(candidate);
        evidence.named = named(assets, candidates, is_open);
        evidence
    }

    /// Whether a file that names a candidate can be a sign.
    fn is_open(&self, candidate: &Candidate<'a>) -> bool {
        let mut all = [By::Page, By::Script, By::Sheet, By::Hashed].into_iter();
        !self.certain.contains_key(&candidate.index)
            && (!candidate.is_id() || is_code(candidate.asset))
            && all.any(|by| self.confirms(candidate, by))
    }

    fn of(&self, candidate: &Candidate<'a>) -> Hash {
        if let Some(proof) = self.certain.get(&candidate.index) {
            return Hash::Believed(proof.clone());
        }
        let Segment { text, looks } = candidate.best();
        if generated_folder(candidate.folder())
            .is_some_and(|(folder, _)| folder.believes(candidate, looks))
        {
            let why = format!("{text:?} looks like a hash, in a folder of generated files");
            return Hash::Believed(why);
        }
        let named = self.named.get(&candidate.index).copied();
        let is_confirmed = match named {
            _ if candidate.is_id() && !is_code(candidate.asset) => false,
            Some((by, _)) => self.confirms(candidate, by),
            None => false,
        };
        let (looks_so, beside) = match looks {
            Looks::Alike => ("looks like", self.is_confirmed_by_others(candidate)),
            Looks::Possible | Looks::Unlike => ("may be", false),
        };
        match named {
            Some((_, other)) if is_confirmed => {
                Hash::Believed(format!("{text:?} {looks_so} a hash, and {other} has that name"))
            }
            _ if beside => {
                Hash::Believed(format!("{text:?} {looks_so} a hash, as in the names beside it"))
            }
            _ if looks == Looks::Alike => Hash::Doubtful,
            _ => Hash::None,
        }
    }

    /// Whether a name is that of a hash, because a file has it.
    fn confirms(&self, candidate: &Candidate<'a>, by: By) -> bool {
        let Segment { text, looks } = candidate.best();
        let in_folder = self.in_folder.get(&(candidate.folder(), candidate.shape()));
        let others = in_folder.map_or(0, |alike| alike.others_of_code(text));
        let of_all = in_folder.map_or(0, |alike| alike.all.len());
        let is_code = is_code(candidate.asset);
        let in_site = self.in_site.get(&candidate.shape());
        let is_of_a_tool = in_site.is_some_and(Alike::are_of_a_tool);
        let is_long = text.len() >= LONG;
        match looks {
            Looks::Unlike => false,
            Looks::Possible => others > 1 && (is_code || (by == By::Hashed && has_letter(text))),
            // Every use of the file has its name, so that alone proves nothing of a whole name.
            Looks::Alike if candidate.is_whole_name() && !is_code => {
                candidate.is_hex() && is_long && by > By::Page && of_all > 1
            }
            Looks::Alike if candidate.is_whole_name() => {
                let is_sure = if candidate.is_hex() { is_long || others > 0 } else { others > 1 };
                by > By::Page && is_sure
            }
            Looks::Alike if is_code && candidate.is_colour() => is_of_a_tool,
            Looks::Alike if is_code => {
                let is_written_by_a_tool = !candidate.is_hex() && is_minified(candidate.asset);
                by > By::Page
                    || is_of_a_tool
                    || is_long
                    || is_written_by_a_tool
                    || (!candidate.is_hex() && others > 0)
            }
            // People number pictures and data.
            Looks::Alike => match by {
                By::Page | By::Script => false,
                By::Sheet => is_long || !candidate.is_hex(),
                By::Hashed => is_long || in_site.is_some_and(|it| it.others_of_code(text) > 0),
            },
        }
    }

    /// Whether a name is that of a hash, because many names beside it are like it.
    fn is_confirmed_by_others(&self, candidate: &Candidate<'a>) -> bool {
        let in_folder = self.in_folder.get(&(candidate.folder(), candidate.shape()));
        in_folder.is_some_and(|alike| {
            let others = alike.others_of_code(candidate.best().text);
            let is_random = !candidate.is_hex() && is_code(candidate.asset);
            !candidate.is_whole_name() && others > 1 && (is_random || alike.are_of_a_tool())
        })
    }
}

/// A length that no colour and no number of a product has: 64 bits in hex.
const LONG: usize = 16;

/// The candidates that a bundler's manifest lists, or that have a digest of their own bytes.
fn certain(
    candidates: &[Candidate<'_>],
    manifests: &BTreeMap<String, &'static str>,
) -> HashMap<usize, String> {
    let listed = listed_candidates(candidates, manifests);
    let mut code: HashMap<_, usize> = HashMap::new();
    for candidate in candidates.iter().filter(|it| it.is_alike() && is_code(it.asset)) {
        *code.entry((candidate.folder(), candidate.shape())).or_default() += 1;
    }
    let proof = |candidate: &Candidate<'_>| {
        // Manifests list files too that keep the names that people gave them.
        let is_named = candidate.is_alike()
            || is_code(candidate.asset)
            || code.contains_key(&(candidate.folder(), candidate.shape()));
        if let Some(manifest) = listed.get(&candidate.index).filter(|_| is_named) {
            return Some(format!("{manifest} lists it"));
        }
        let texts: Vec<_> = candidate.segments.iter().map(|segment| segment.text).collect();
        let digest = digest_with_prefix(&candidate.asset.bytes, &texts)?;
        Some(format!("its name has its own {digest}"))
    };
    let proofs = candidates.par_iter().filter_map(|it| Some((it.index, proof(it)?)));
    proofs.collect()
}

/// The open candidates whose name or hash stands in the text of another file, with the strongest
/// sign.
fn named<'a>(
    assets: &'a [Asset],
    candidates: &[Candidate<'a>],
    is_open: impl Fn(&Candidate<'a>) -> bool,
) -> HashMap<usize, (By, &'a str)> {
    let open: Vec<_> = candidates.iter().filter(|it| is_open(it)).collect();
    if open.is_empty() {
        return HashMap::new();
    }
    let patterns: Vec<_> = open.iter().map(|it| it.best().text).collect();
    let Ok(automaton) = AhoCorasick::new(&patterns) else { return HashMap::new() };
    let hashes: HashMap<_, _> = candidates
        .iter()
        .filter(|it| it.is_alike() && !it.is_colour())
        .map(|it| (it.index, it.best().text))
        .collect();
    let mut named: HashMap<usize, (By, &str)> = HashMap::new();
    for (index, asset) in assets.iter().enumerate().filter(|(_, asset)| asset.is_text()) {
        let own = hashes.get(&index);
        let by = match () {
            () if !is_code(asset) => By::Page,
            () if own.is_some() => By::Hashed,
            () if is_sheet(asset) => By::Sheet,
            () => By::Script,
        };
        for hit in automaton.find_overlapping_iter(&asset.bytes) {
            let candidate = open[hit.pattern().as_usize()];
            // A source map and its file name each other, whether the name is generated or not.
            if candidate.index != index && own != Some(&candidate.best().text) {
                let known = named.entry(candidate.index).or_insert((by, &asset.logical_path));
                if known.0 < by {
                    *known = (by, &asset.logical_path);
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
    asset.is_script() || is_sheet(asset) || asset.logical_path.ends_with(".map")
}

fn is_sheet(asset: &Asset) -> bool {
    asset.essence() == "text/css" || asset.logical_path.ends_with(".css.map")
}

/// Whether no person writes lines as long as these.
fn is_minified(asset: &Asset) -> bool {
    const LONG_LINE: usize = 200;
    let lines = 1 + memchr::memchr_iter(b'\n', asset.bytes.trim_ascii()).count();
    asset.bytes.len() / lines > LONG_LINE
}

/// A folder that generators fill with files that have hashes in their names.
struct Generated {
    name: &'static str,
    /// Whether people also give folders that name.
    is_common: bool,
}

impl Generated {
    /// Whether the folder is the second sign for a candidate. In a folder whose name people also use,
    /// it is one for the form that webpack writes, `main.8f14e45f.chunk.js`.
    fn believes(&self, candidate: &Candidate<'_>, looks: Looks) -> bool {
        if self.is_common {
            return candidate.is_between_dots() && !candidate.is_colour();
        }
        looks >= Looks::Possible
    }
}

const GENERATED: &[Generated] = &[
    Generated { name: "_app/immutable/", is_common: false },
    Generated { name: "_astro/", is_common: false },
    Generated { name: "_next/static/", is_common: false },
    Generated { name: "_nuxt/", is_common: false },
    Generated { name: "static/css/", is_common: true },
    Generated { name: "static/js/", is_common: true },
    Generated { name: "static/media/", is_common: true },
];

/// The folder of generated files that a folder lies in, and the path from there.
fn generated_folder(folder: &str) -> Option<(&'static Generated, &str)> {
    GENERATED.iter().find_map(|generated| {
        let mut places = folder.match_indices(generated.name).map(|(at, _)| at);
        let at = places.find(|at| *at == 0 || folder[..*at].ends_with('/'))?;
        Some((generated, &folder[at + generated.name.len()..]))
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
        let page = ("b.html", "<script src=a-DOIkT6lI.js>");
        are(&[("a-DOIkT6lI.js", "f()\n"), page], &[]);
        are(&[("a-DOIkT6lI.js", &"f();".repeat(100)), page], &["a-DOIkT6lI.js"]);
        are(
            &[("a-C6G42UFy.css", ""), ("a-DOIkT6lI.js", ""), page, ("c.html", "a-C6G42UFy.css")],
            &["a-C6G42UFy.css", "a-DOIkT6lI.js"],
        );
        are(&[("a.03ad00d7.js", ""), ("b.js", "{12:'03ad00d7'}")], &["a.03ad00d7.js"]);
        are(
            &[("a-DOIkT6lI.js", ""), ("b-D-Ln0An_.js", ""), ("c-C3xqP0aZ.js", "")],
            &["a-DOIkT6lI.js", "b-D-Ln0An_.js", "c-C3xqP0aZ.js"],
        );
        are(
            &[("_next/static/x-Bq_7Zr2L/m.js", ""), ("_nuxt/ABCDEFGH.js", "")],
            &["_next/static/x-Bq_7Zr2L/m.js", "_nuxt/ABCDEFGH.js"],
        );
        are(&[("my_nuxt/_nuxt/ABCDEFGH.js", "")], &["my_nuxt/_nuxt/ABCDEFGH.js"]);
        are(&[("my_nuxt/ABCDEFGH.js", "")], &[]);
        let of_webpack = [
            "static/css/main.8f14e45f.chunk.css",
            "static/js/main.8f14e45f.js",
            "static/js/main.CSV5SJFB.js",
            "static/media/logo.6ce24c58023cc2f8fd88.svg",
        ];
        are(&of_webpack.map(|path| (path, "")), &of_webpack);
        are(
            &[
                ("static/js/ABCDEFGH.js", ""),
                ("static/js/OAuth2Client.js", ""),
                ("static/js/d3v7topo.js", ""),
                ("static/js/gtm-AB12CD34.js", ""),
                ("static/js/page-8f14e45f.js", ""),
                ("static/css/theme-ff8800aa.css", ""),
                ("static/css/theme.ff8800aa.css", ""),
                ("static/media/507f1f77bcf86cd799439011.jpg", ""),
                ("static/media/hero2x3x.jpg", ""),
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
    fn what_people_name_alike_is_no_hash() {
        let names = ["base64decode.js", "iso8601dates.js", "md5hash32bit.js", "utf8ToB64x2k.js"];
        let page = names.map(|name| format!("<script src={name}></script>")).concat();
        let [a, b, c, d] = names.map(|name| (name, ""));
        are(&[a, b, c, d, ("p.html", &page)], &[]);
        let names = ["x86toArm64.js", "arm64toX86.js", "mp3toWav16.js", "i18nToES5x.js"];
        let import = names.map(|name| format!("import './{name}'\n")).concat();
        let [a, b, c, d] = names.map(|name| (name, ""));
        are(&[a, b, c, d, ("m.js", &import)], &[]);
    }

    #[test]
    fn colours_are_no_hashes() {
        let page = ("p.html", "<link href=theme-ff8800aa.css><link href=theme-3b82f680.css>");
        let sheets = [("theme-ff8800aa.css", ""), ("theme-3b82f680.css", "")];
        are(&[sheets[0], page], &[]);
        are(&[sheets[0], sheets[1], page], &[]);
        are(&[sheets[0], ("s.js", "f('theme-ff8800aa.css')")], &[]);
        let map = ("theme-ff8800aa.css.map", "{\"file\":\"theme-ff8800aa.css\"}");
        are(&[("theme-ff8800aa.css", "/*# sourceMappingURL=theme-ff8800aa.css.map */"), map], &[]);
        let more = [("theme-1a2b3c4d.css", ""), ("theme-5e6f7a8b.css", "")];
        are(&[sheets[0], sheets[1], more[0], more[1], page], &[]);
    }

    #[test]
    fn numbers_of_widgets_are_no_hashes() {
        let widget = ["widget-4f3a9b2c.css", "widget-4f3a9b2c.js"].map(|name| (name, ""));
        let page = ("p.html", "<link href=widget-4f3a9b2c.css><script src=widget-4f3a9b2c.js>");
        are(&[widget[0], widget[1], page], &[]);
        let built = ["main-4f3a9b2c.css", "main-9b0d6e1f.js"];
        let page = ("p.html", "<link href=main-4f3a9b2c.css><script src=main-9b0d6e1f.js>");
        are(&[(built[0], ""), (built[1], ""), page], &built);
    }

    #[test]
    fn numbers_of_pictures_and_data_are_no_hashes() {
        let picture = ("sku-4f3a9b2c.jpg", "");
        are(&[picture, ("x.json", "[\"sku-4f3a9b2c.jpg\"]")], &[]);
        are(&[picture, ("x.js", "f('sku-4f3a9b2c.jpg')")], &[]);
        are(&[picture, ("x.css", "a{b:url(sku-4f3a9b2c.jpg)}")], &[]);
        let (a, b) = (("data/5f2b9c1d.json", ""), ("data/6a3c0d2e.json", ""));
        are(&[a, b, ("x.json", "[\"5f2b9c1d.json\",\"6a3c0d2e.json\"]")], &[]);
        are(&[a, b, ("x.js", "['5f2b9c1d','6a3c0d2e']")], &[]);
        are(&[("GB-EUC-H.bcmap", ""), ("x.js", "'GB-EUC-H'")], &[]);
        let bundle = ("index-DOIkT6lI.js", "['sku-4f3a9b2c.jpg','a-4f3a9b2c1d0e5f6a.png']");
        are(
            &[("a-4f3a9b2c1d0e5f6a.png", ""), bundle, picture, ("x.js", "'DOIkT6lI'")],
            &["a-4f3a9b2c1d0e5f6a.png", "index-DOIkT6lI.js"],
        );
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
