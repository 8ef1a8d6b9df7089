//! Deltas: representations with a dictionary (RFC 9842), which is a file of an earlier release, or the one
//! that all pages have. A client that has the file downloads the difference.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Read},
    sync::atomic::{AtomicUsize, Ordering},
};

use hardtack_bundle::{Coding, Fingerprint};
use rayon::prelude::*;
use zstd::zstd_safe::{CCtx, CParameter, get_error_name};

use crate::{
    Error, Problem, ProblemKind, Progress, Settings, brotli,
    cache::Cache,
    carry::Carried,
    compress::{Compressed, is_for_browsers},
    fingerprint::Final,
    lineage::Lineage,
    window::window_log,
};

/// A representation of an asset with a dictionary.
#[derive(Debug)]
pub(crate) struct Delta {
    /// The index of the asset.
    pub(crate) asset: usize,
    pub(crate) dictionary: Dictionary,
    pub(crate) coding: Coding,
    pub(crate) bytes: Vec<u8>,
}

/// The asset that is a dictionary.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dictionary {
    /// The index of an asset of this release.
    Own(usize),
    /// The index of a carried asset.
    Carried(usize),
}

/// Compresses each asset with each carried version of it as the dictionary.
pub(crate) fn deltas(
    assets: &[Compressed],
    carried: &[Carried<'_>],
    settings: &Settings,
    cache: Option<&Cache>,
    report: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Delta>, Error> {
    if !settings.dictionaries {
        return Ok(Vec::new());
    }
    run(&tasks(assets, carried), cache, report)
}

/// Compresses pages with the dictionary that all of them have.
pub(crate) fn deltas_of_pages(
    assets: &[Compressed],
    pages: &[usize],
    dictionary: usize,
    cache: Option<&Cache>,
    report: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Delta>, Error> {
    let with = Hashed::of(&assets[dictionary].asset);
    let one = [(Dictionary::Own(dictionary), with)];
    let of_page = |page: &usize| with_each(*page, &assets[*page], one.into_iter());
    let tasks = pages.iter().flat_map(of_page).collect();
    run(&longest_first(tasks), cache, report)
}

/// Compresses in parallel. A delta is kept if it takes at most 90 % of the smallest plain
/// representation.
fn run(
    tasks: &[Task<'_>],
    cache: Option<&Cache>,
    report: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Delta>, Error> {
    let (done, total) = (AtomicUsize::new(0), tasks.len());
    let run = |task: &Task<'_>| {
        let bytes = task.run(cache);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        report(Progress::Comparing { done, total });
        bytes
    };
    let results: Vec<_> = tasks.par_iter().with_max_len(1).map(run).collect();
    let (mut deltas, mut problems) = (Vec::new(), Vec::new());
    for (task, result) in tasks.iter().zip(results) {
        let Task { asset, dictionary, coding, .. } = *task;
        match result {
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => deltas.push(Delta { asset, dictionary, coding, bytes }),
            Err(problem) => problems.push(problem),
        }
    }
    Error::unless_none(problems)?;
    Ok(deltas)
}

/// The lineages of assets that are worth a dictionary, in their order: those that compress, and that
/// browsers fetch.
pub(crate) fn lineages(assets: &[Compressed]) -> Vec<Option<Lineage>> {
    let of_release = Lineage::of_release(assets.iter().map(|compressed| &compressed.asset));
    let is_worth_it = |compressed: &Compressed| {
        !compressed.coded.is_empty() && is_for_browsers(&compressed.asset.logical_path)
    };
    let pairs = of_release.into_iter().zip(assets);
    pairs.map(|(lineage, compressed)| lineage.filter(|_| is_worth_it(compressed))).collect()
}

/// One content, to be compressed with one dictionary and one coding.
struct Task<'a> {
    asset: usize,
    dictionary: Dictionary,
    coding: Coding,
    content: Hashed<'a>,
    with: Hashed<'a>,
    /// The most bytes that are worth keeping.
    most: usize,
}

/// Bytes, and their SHA-256.
#[derive(Clone, Copy)]
struct Hashed<'a> {
    bytes: &'a [u8],
    digest: Fingerprint,
}

impl<'a> Hashed<'a> {
    fn of(asset: &'a Final) -> Self {
        Self { bytes: &asset.bytes, digest: asset.digest }
    }
}

fn tasks<'a>(assets: &'a [Compressed], carried: &[Carried<'a>]) -> Vec<Task<'a>> {
    let versions = versions(carried);
    let mut tasks = Vec::new();
    for ((asset, compressed), lineage) in assets.iter().enumerate().zip(lineages(assets)) {
        let Some(versions) = lineage.and_then(|lineage| versions.get(&lineage)) else { continue };
        let mut known = HashSet::new();
        let versions = versions.iter().filter(|(_, with)| known.insert(with.digest));
        let versions = versions.map(|(index, with)| (Dictionary::Carried(*index), *with));
        tasks.extend(with_each(asset, compressed, versions));
    }
    longest_first(tasks)
}

/// Compressing an asset with each dictionary and coding.
fn with_each<'a>(
    asset: usize,
    compressed: &'a Compressed,
    dictionaries: impl Iterator<Item = (Dictionary, Hashed<'a>)>,
) -> impl Iterator<Item = Task<'a>> {
    let content = Hashed::of(&compressed.asset);
    let most = compressed.smallest() * 9 / 10;
    dictionaries.flat_map(move |(dictionary, with)| {
        [Coding::Dcb, Coding::Dcz].map(|coding| Task {
            asset,
            dictionary,
            coding,
            content,
            with,
            most,
        })
    })
}

/// So no core is left alone with a long one at the end.
fn longest_first(mut tasks: Vec<Task<'_>>) -> Vec<Task<'_>> {
    tasks.sort_by_key(|task| std::cmp::Reverse(task.content.bytes.len() + task.with.bytes.len()));
    tasks
}

type Versions<'a> = HashMap<Lineage, Vec<(usize, Hashed<'a>)>>;

/// The carried files by their lineage. A file that shares it with another one of its release is left
/// out: which of the two would be the older version is not known.
fn versions<'a>(carried: &[Carried<'a>]) -> Versions<'a> {
    let mut releases: HashMap<u32, Vec<usize>> = HashMap::new();
    for (index, one) in carried.iter().enumerate() {
        releases.entry(one.age).or_default().push(index);
    }
    let mut versions = Versions::new();
    for members in releases.into_values() {
        let of = |index: &usize| {
            let asset = carried[*index].asset;
            Lineage::of(asset.role, asset.logical_path, asset.url, &asset.fingerprint)
        };
        let lineages = Lineage::unique(members.iter().map(of).collect());
        for (index, lineage) in members.into_iter().zip(lineages) {
            if let (Some(lineage), Ok(identity)) = (lineage, carried[index].asset.identity()) {
                let digest = Fingerprint(*identity.digest);
                let version = (index, Hashed { bytes: identity.body, digest });
                versions.entry(lineage).or_default().push(version);
            }
        }
    }
    versions.values_mut().for_each(|versions| versions.sort_by_key(|(index, _)| *index));
    versions
}

impl Task<'_> {
    /// The coded bytes; empty if they are not worth keeping.
    fn run(&self, cache: Option<&Cache>) -> Result<Vec<u8>, Problem> {
        let Some(cache) = cache else {
            return self.compress();
        };
        let encoder = encoder(self.coding);
        let name =
            format!("{}.{}.{}.{encoder}", self.content.digest, self.coding, self.with.digest);
        let known = cache.load(&name).filter(|coded| coded.is_empty() || self.is_sound(coded));
        if let Some(coded) = known {
            return Ok(self.if_worth_it(coded));
        }
        let coded = self.compress()?;
        cache.store(&name, &coded);
        Ok(coded)
    }

    fn compress(&self) -> Result<Vec<u8>, Problem> {
        let problem = |error| ProblemKind::Io(error).of(self.coding.name());
        let (bytes, dictionary) = (self.content.bytes, self.with.bytes);
        let (magic, stream) = match self.coding {
            Coding::Dcb => (DCB, brotli::encode_with(dictionary, bytes)),
            _ => (DCZ, zstd(bytes, dictionary)),
        };
        let coded = [magic, &self.with.digest.0, &stream.map_err(problem)?].concat();
        if self.is_sound(&coded) {
            Ok(self.if_worth_it(coded))
        } else {
            Err(problem(io::Error::other("the encoder's output does not decode to its input")))
        }
    }

    fn if_worth_it(&self, coded: Vec<u8>) -> Vec<u8> {
        if coded.len() <= self.most { coded } else { Vec::new() }
    }

    /// Whether a client with the dictionary gets the content. A page would break silently otherwise.
    fn is_sound(&self, coded: &[u8]) -> bool {
        decode(self.coding, coded, &self.with, self.content.bytes.len())
            .is_ok_and(|bytes| bytes == self.content.bytes)
    }
}

/// The first bytes of a Brotli stream with a dictionary; the dictionary's SHA-256 follows, and the
/// stream (RFC 9842 §4).
const DCB: &[u8] = &[0xff, 0x44, 0x43, 0x42];

/// The first bytes of a Zstandard stream with a dictionary, which are those of a skippable frame of 32
/// bytes (RFC 9842 §5).
const DCZ: &[u8] = &[0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0];

const ZSTD_LEVEL: i32 = 19;

/// The name of the encoder with its version and its settings. A change of one of them changes this
/// name.
fn encoder(coding: Coding) -> &'static str {
    match coding {
        Coding::Dcb => "compu-brotli-sys-1.2.1-window16to24-level11",
        _ => "zstd-0.14.4-prefix-level19",
    }
}

/// Zstandard with a dictionary of raw content, in one frame.
///
/// The dictionary is of use until the content exceeds the window. So the window holds the content,
/// up to the largest one that clients have to accept.
fn zstd(bytes: &[u8], dictionary: &[u8]) -> io::Result<Vec<u8>> {
    let window_log = window_log(bytes.len()).clamp(10, largest_window(dictionary.len()).ilog2());
    let mut context = CCtx::create();
    context.set_parameter(CParameter::CompressionLevel(ZSTD_LEVEL)).map_err(of_zstd)?;
    context.set_parameter(CParameter::WindowLog(window_log)).map_err(of_zstd)?;
    context.ref_prefix(dictionary).map_err(of_zstd)?;
    let mut coded = Vec::with_capacity(zstd::zstd_safe::compress_bound(bytes.len()));
    context.compress2(&mut coded, bytes).map_err(of_zstd)?;
    Ok(coded)
}

/// The largest window in bytes that a client has to accept: 8 MB, or 1.25 times the dictionary, but
/// never more than 128 MB (RFC 9842 §5).
fn largest_window(dictionary: usize) -> usize {
    (dictionary + dictionary / 4).clamp(8 << 20, 128 << 20)
}

/// Decodes a delta, up to a limit, as a client does: Zstandard as a single frame, whose window is not
/// larger than a client has to accept.
fn decode(
    coding: Coding,
    coded: &[u8],
    dictionary: &Hashed<'_>,
    most: usize,
) -> io::Result<Vec<u8>> {
    let magic = if coding == Coding::Dcb { DCB } else { DCZ };
    let stream = coded.strip_prefix(magic).and_then(|rest| rest.strip_prefix(&dictionary.digest.0));
    let stream = stream.ok_or(io::ErrorKind::InvalidData)?;
    if coding == Coding::Dcb {
        return brotli::decode_with(dictionary.bytes, stream, most);
    }
    let mut decoder = zstd::Decoder::with_ref_prefix(stream, dictionary.bytes)?.single_frame();
    decoder.window_log_max(largest_window(dictionary.bytes.len()).ilog2())?;
    let mut bytes = Vec::new();
    decoder.by_ref().take(most as u64 + 1).read_to_end(&mut bytes)?;
    let is_whole = bytes.len() <= most && decoder.finish().is_empty();
    if is_whole { Ok(bytes) } else { Err(io::ErrorKind::InvalidData.into()) }
}

fn of_zstd(code: usize) -> io::Error {
    io::Error::other(get_error_name(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: usize, salt: usize) -> Vec<u8> {
        (0..words).flat_map(|n| format!("word{} ", n * n % 10_007 + salt).into_bytes()).collect()
    }

    fn task<'a>(coding: Coding, content: &'a [u8], dictionary: &'a [u8]) -> Task<'a> {
        let hashed = |bytes| Hashed { bytes, digest: Fingerprint::of(bytes) };
        let (content, with) = (hashed(content), hashed(dictionary));
        Task {
            asset: 0,
            dictionary: Dictionary::Own(0),
            coding,
            content,
            with,
            most: content.bytes.len(),
        }
    }

    #[test]
    fn a_delta_is_the_difference_behind_the_standards_header() {
        let old = text(20_000, 0);
        let new = [&old[..60_000], b" a few new words ", &old[60_000..]].concat();
        for (coding, magic) in [
            (Coding::Dcb, &[0xff, b'D', b'C', b'B'][..]),
            (Coding::Dcz, &[0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0]),
        ] {
            let coded = task(coding, &new, &old).run(None).unwrap();
            assert!(coded.len() < 200, "{coding}: {}", coded.len());
            let head = [magic, &Fingerprint::of(&old).0].concat();
            assert!(coded.starts_with(&head), "{coding}");
        }
    }

    /// The decoder of the library zstd, which reads the header as a frame to skip.
    #[test]
    fn any_decoder_with_a_prefix_reads_dcz() {
        let (old, new) = (text(5_000, 0), text(5_100, 0));
        let coded = task(Coding::Dcz, &new, &old).run(None).unwrap();
        let mut context = zstd::zstd_safe::DCtx::create();
        context.ref_prefix(&old).unwrap();
        let mut bytes = Vec::with_capacity(new.len());
        context.decompress(&mut bytes, &coded[40..]).unwrap();
        assert_eq!(bytes, new);
    }

    #[test]
    fn the_window_holds_the_content_and_is_no_larger_than_allowed() {
        assert_eq!(largest_window(0), 8 << 20);
        assert_eq!(largest_window(7 << 20), 35 << 18);
        assert_eq!(largest_window(200 << 20), 128 << 20);
        let old = [text(20_000, 0), vec![b'x'; 9 << 20]].concat();
        let new = [&old[..], b"the end"].concat();
        let coded = task(Coding::Dcz, &new, &old).run(None).unwrap();
        assert!(coded.len() < 2_000, "{}", coded.len());
        // RFC 8878 §3.1.1.1: the descriptor, then the window.
        let [descriptor, window] = [coded[44], coded[45]];
        assert_eq!((descriptor & 0x20, 10 + (window >> 3), window & 7), (0, 23, 0));
    }

    #[test]
    fn what_does_not_help_is_not_kept() {
        let (old, new) = (text(1_000, 0), text(1_000, 500_000));
        for coding in [Coding::Dcb, Coding::Dcz] {
            let mut task = task(coding, &new, &old);
            task.most = 40;
            assert_eq!(task.run(None).unwrap(), b"", "{coding}");
        }
    }

    #[test]
    fn a_cached_delta_is_used_if_it_decodes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        let (old, new) = (text(1_000, 0), text(1_010, 0));
        for coding in [Coding::Dcb, Coding::Dcz] {
            let task = task(coding, &new, &old);
            let name = format!(
                "{}.{coding}.{}.{}",
                task.content.digest,
                task.with.digest,
                encoder(coding)
            );
            let coded = task.run(Some(&cache)).unwrap();
            assert_eq!(cache.load(&name).as_deref(), Some(&coded[..]));
            for intruder in [&b"no delta"[..], &[&coded[..], &coded].concat(), &coded[..60]] {
                cache.store(&name, intruder);
                assert_eq!(task.run(Some(&cache)).unwrap(), coded, "{coding}");
            }
        }
    }

    /// Otherwise the cache would yield another encoder's output.
    #[test]
    fn the_names_of_the_encoders_have_their_versions() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
        let lock = std::fs::read_to_string(lock).unwrap();
        for (name, version, coding) in
            [("compu-brotli-sys", "1.2.1", Coding::Dcb), ("zstd", "0.14.4", Coding::Dcz)]
        {
            assert!(encoder(coding).starts_with(&format!("{name}-{version}-")), "{coding}");
            assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")));
        }
    }
}
