//! The fifth stage: the representations of every asset.

use std::{
    collections::HashMap,
    io,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use hardtack_bundle::{Coding, Fingerprint};
use libdeflater::{CompressionLvl, Compressor};
use zstd::zstd_safe::CParameter;

use crate::{
    Error, Problem, ProblemKind, Progress, Settings, brotli, cache::Cache, codings::codings,
    decode::clients_decode_to, fingerprint::Final, unpack::Packed, window::window_log,
};

/// An asset with the representations worth keeping.
#[derive(Debug)]
pub(crate) struct Compressed {
    pub(crate) asset: Final,
    /// The plain representations beside identity, sorted by coding.
    pub(crate) coded: Vec<(Coding, Arc<[u8]>)>,
}

impl Compressed {
    /// Bytes of the smallest plain representation.
    pub(crate) fn smallest(&self) -> usize {
        let coded = self.coded.iter().map(|(_, coded)| coded.len());
        coded.chain([self.asset.bytes.len()]).min().unwrap_or(0)
    }
}

/// Compresses all assets with all codings, in parallel, each distinct content once.
///
/// A coding is kept if it takes at most 95 % of the identity's bytes; a smaller gain is not worth
/// the client's work and the cache's room. Bytes that were compressed before the bake are taken as
/// they are.
pub(crate) fn compress(
    assets: Vec<Final>,
    packed: &Packed,
    settings: &Settings,
    cache: Option<&Cache>,
    report: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Compressed>, Error> {
    let coded = run(&tasks(&assets, packed, settings), cache, report)?;
    let with_coded = |asset: Final| {
        let kept = |coding: Coding| {
            let key = (asset.digest, coding);
            let packed = packed.get(&key).filter(|it| is_worth_it(it.len(), asset.bytes.len()));
            Some((coding, packed.or_else(|| coded.get(&key))?.clone()))
        };
        let coded = codings(&asset, settings).into_iter().filter_map(kept).collect();
        Compressed { coded, asset }
    };
    Ok(assets.into_iter().map(with_coded).collect())
}

/// Contents of at least so many bytes are tried before much work is spent on them.
const TRIED: usize = 256 << 10;

/// The effort of the encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effort {
    /// For files that only developers' tools fetch. They are the larger half of many packages, and
    /// Brotli at its best would spend most of a bake on them. Also for files that were compressed
    /// before the bake, since browsers take that coding.
    Quick,
    /// For files that browsers fetch.
    Best,
}

impl Effort {
    fn of(asset: &Final) -> Self {
        if is_for_browsers(&asset.logical_path) { Self::Best } else { Self::Quick }
    }

    /// The encoder's level, or quality.
    fn level(self, coding: Coding) -> u8 {
        match (coding, self) {
            (Coding::Identity | Coding::Dcb | Coding::Dcz, _) => 0,
            (Coding::Gzip, Self::Quick) => 9,
            (Coding::Gzip, Self::Best) => 10,
            (Coding::Br, Self::Quick) => 9,
            (Coding::Br, Self::Best) => 11,
            (Coding::Zstd, Self::Quick) => 9,
            (Coding::Zstd, Self::Best) => 19,
        }
    }
}

/// Whether browsers fetch a file for a page, and not developers' tools alone.
pub fn is_for_browsers(logical_path: &str) -> bool {
    let extension = Path::new(logical_path).extension().and_then(|it| it.to_str());
    let of_tools = ["map", "ts", "mts", "cts", "tsx", "jsx", "flow", "scss", "sass", "less"];
    !of_tools.contains(&extension.unwrap_or_default())
}

/// One content, to be compressed with one coding.
struct Task<'a> {
    digest: Fingerprint,
    coding: Coding,
    effort: Effort,
    bytes: &'a [u8],
    /// Whether the content is noise, once one of its tasks has tried.
    is_noise: Arc<OnceLock<bool>>,
}

/// The longest task first, so that no core is left alone with a long one at the end.
fn tasks<'a>(assets: &'a [Final], packed: &Packed, settings: &Settings) -> Vec<Task<'a>> {
    let mut tasks: HashMap<(Fingerprint, Coding), Task<'a>> = HashMap::new();
    let mut tried: HashMap<Fingerprint, Arc<OnceLock<bool>>> = HashMap::new();
    for asset in assets.iter().filter(|asset| !asset.bytes.is_empty()) {
        let digest = asset.digest;
        let is_packed = Coding::PLAIN.iter().any(|coding| packed.contains_key(&(digest, *coding)));
        let effort = if is_packed { Effort::Quick } else { Effort::of(asset) };
        let is_noise = tried.entry(digest).or_default();
        for coding in codings(asset, settings) {
            let is_noise = Arc::clone(is_noise);
            let task = Task { digest, coding, effort, bytes: &asset.bytes, is_noise };
            let known = tasks.entry((digest, coding)).or_insert(task);
            known.effort = effort.max(known.effort);
        }
    }
    let tasks = tasks.into_iter().filter(|(key, _)| !packed.contains_key(key));
    let mut tasks: Vec<_> = tasks.map(|(_, task)| task).collect();
    tasks.sort_by_key(|task| std::cmp::Reverse((task.cost(), task.digest, task.coding)));
    tasks
}

type Coded = HashMap<(Fingerprint, Coding), Arc<[u8]>>;

/// Runs the tasks, and returns the results worth keeping.
fn run(
    tasks: &[Task<'_>],
    cache: Option<&Cache>,
    report: &(dyn Fn(Progress) + Sync),
) -> Result<Coded, Error> {
    let total = tasks.iter().map(|task| task.bytes.len()).sum();
    let done = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    report(Progress::Compressing { done: 0, total });
    // Each thread takes the next task when it has finished one. Rayon's own division of the list
    // would give all long tasks to one thread.
    let results = rayon::broadcast(|_| {
        let mut results = Vec::new();
        while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            results.push((task, task.run(cache)));
            let before = done.fetch_add(task.bytes.len(), Ordering::Relaxed);
            report(Progress::Compressing { done: before + task.bytes.len(), total });
        }
        results
    });
    let mut coded = Coded::new();
    let mut problems = Vec::new();
    for (task, result) in results.into_iter().flatten() {
        match result {
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => drop(coded.insert((task.digest, task.coding), bytes.into())),
            Err(problem) => problems.push(problem),
        }
    }
    Error::unless_none(problems)?;
    Ok(coded)
}

impl Task<'_> {
    /// An estimate of its time, in a unit of its own.
    fn cost(&self) -> usize {
        let of_a_byte = match self.coding {
            Coding::Identity | Coding::Dcb | Coding::Dcz => 0,
            Coding::Gzip => 1,
            Coding::Zstd => 2,
            Coding::Br => 10,
        };
        let of_the_effort = if self.effort == Effort::Best { 10 } else { 1 };
        self.bytes.len() * of_a_byte * of_the_effort
    }

    /// The coded bytes; empty if they are not worth keeping.
    fn run(&self, cache: Option<&Cache>) -> Result<Vec<u8>, Problem> {
        let Some(cache) = cache else {
            return self.compress();
        };
        let encoder = encoder(self.coding, self.effort);
        let name = format!("{}.{}.{encoder}", self.digest, self.coding);
        if let Some(coded) = cache.load(&name).filter(|coded| self.is_result(coded)) {
            return Ok(coded);
        }
        let coded = self.compress()?;
        cache.store(&name, &coded);
        Ok(coded)
    }

    /// Whether an entry of the cache may be this task's result: nothing, or bytes that any client
    /// can decode to the content.
    fn is_result(&self, coded: &[u8]) -> bool {
        let is_worth_it = is_worth_it(coded.len(), self.bytes.len());
        coded.is_empty() || (is_worth_it && clients_decode_to(self.coding, coded, self.bytes))
    }

    fn compress(&self) -> Result<Vec<u8>, Problem> {
        let failed = |error| ProblemKind::Io(error).of(self.coding.name());
        if *self.is_noise.get_or_init(|| is_noise(self.bytes)) {
            return Ok(Vec::new());
        }
        let level = self.effort.level(self.coding);
        let coded = match self.coding {
            Coding::Identity | Coding::Dcb | Coding::Dcz => Ok(Vec::new()),
            Coding::Gzip => gzip(self.bytes, level),
            Coding::Br => brotli::encode(self.bytes, level.into()),
            Coding::Zstd => zstd(self.bytes, level),
        };
        let coded = coded.map_err(failed)?;
        if !is_worth_it(coded.len(), self.bytes.len()) {
            return Ok(Vec::new());
        }
        if !clients_decode_to(self.coding, &coded, self.bytes) {
            return Err(failed(io::Error::other("the encoder's bytes do not decode to its input")));
        }
        Ok(coded)
    }
}

/// Whether a content cannot become smaller: weights of a model, an archive, an image of a disk. Little
/// effort makes it no smaller than 99 %, neither of zstd, which finds what comes again, nor of Brotli, which
/// finds what is frequent at some places. Brotli at its best would take a second a megabyte for it.
fn is_noise(bytes: &[u8]) -> bool {
    let is_smaller = |coded: io::Result<Vec<u8>>| {
        coded.map_or(true, |coded| coded.len() < bytes.len() / 100 * 99)
    };
    bytes.len() >= TRIED && !is_smaller(zstd(bytes, 6)) && !is_smaller(brotli::encode(bytes, 5))
}

/// At most 95 %.
fn is_worth_it(coded: usize, identity: usize) -> bool {
    coded * 20 <= identity * 19
}

/// The name of the encoder with its version and its settings. A change of one of them changes this
/// name.
fn encoder(coding: Coding, effort: Effort) -> String {
    let encoder = match coding {
        Coding::Identity | Coding::Dcb | Coding::Dcz => "none",
        Coding::Gzip => "libdeflater-1.26.1",
        Coding::Br => "compu-brotli-sys-1.2.1-window16to24",
        Coding::Zstd => "zstd-0.14.4-window10to23",
    };
    format!("{encoder}-level{}", effort.level(coding))
}

/// gzip (RFC 1952), without a time or a name in its header.
fn gzip(bytes: &[u8], level: u8) -> io::Result<Vec<u8>> {
    let level = CompressionLvl::new(level.into()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut compressor = Compressor::new(level);
    let mut coded = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor.gzip_compress(bytes, &mut coded).map_err(io::Error::other)?;
    coded.truncate(length);
    Ok(coded)
}

/// Zstandard (RFC 8878) with a window of at most 8 MB, the most that a browser has to provide
/// (RFC 9659). The frame states the content's size.
fn zstd(bytes: &[u8], level: u8) -> io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(level.into())?;
    compressor.set_parameter(CParameter::WindowLog(window_log(bytes.len()).clamp(10, 23)))?;
    compressor.compress(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    use crate::{decode::tests::code, url_paths::UrlPaths};

    fn asset(media_type: &str, bytes: Vec<u8>) -> Final {
        Final {
            logical_path: "a".into(),
            media_type: media_type.into(),
            fingerprint: Fingerprint::of(&bytes),
            digest: Fingerprint::of(&bytes),
            bytes,
            paths: UrlPaths { hashed: None, plain: Some("/a".into()) },
            role: crate::Role::EntryPoint,
            why: String::new(),
            imports: Vec::new(),
        }
    }

    fn codings(media_type: &str, bytes: Vec<u8>) -> Vec<Coding> {
        let assets = vec![asset(media_type, bytes)];
        let compressed =
            compress(assets, &Packed::new(), &Settings::default(), None, &|_| {}).unwrap();
        compressed[0].coded.iter().map(|(coding, _)| *coding).collect()
    }

    fn decode(coding: Coding, coded: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = match coding {
            Coding::Identity | Coding::Dcb | Coding::Dcz => {
                unreachable!("{coding} is not made here")
            }
            Coding::Gzip => flate2::read::GzDecoder::new(coded).read_to_end(&mut bytes),
            Coding::Br => {
                brotli_decompressor::Decompressor::new(coded, 4096).read_to_end(&mut bytes)
            }
            Coding::Zstd => zstd::Decoder::new(coded).unwrap().read_to_end(&mut bytes),
        };
        read.unwrap();
        bytes
    }

    /// Text that is not too simple: words from a generator of numbers.
    fn text(length: usize) -> Vec<u8> {
        let numbers = std::iter::successors(Some(7_u64), |last| {
            Some(last.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1))
        });
        let words = numbers.flat_map(|number| format!("{} ", number >> 44).into_bytes());
        words.take(length).collect()
    }

    /// Bytes that no coding makes smaller.
    fn noise(length: usize) -> Vec<u8> {
        (0_u64..).flat_map(|n| Fingerprint::of(&n.to_le_bytes()).0).take(length).collect()
    }

    #[test]
    fn every_coding_decodes_to_the_identity() {
        for length in [100, 5_000, 300_000] {
            let bytes = text(length);
            let assets = vec![asset("text/plain", bytes.clone())];
            let compressed =
                compress(assets, &Packed::new(), &Settings::default(), None, &|_| {}).unwrap();
            assert_eq!(compressed[0].coded.len(), 3, "{length}");
            for (coding, coded) in &compressed[0].coded {
                assert!(decode(*coding, coded) == bytes, "{coding} of {length}");
            }
        }
    }

    #[test]
    fn what_does_not_help_is_not_kept() {
        assert_eq!(codings("text/plain", vec![]), []);
        assert_eq!(codings("text/plain", b"abc".to_vec()), []);
        assert_eq!(codings("application/octet-stream", noise(10_000)), []);
        assert_eq!(codings("application/octet-stream", noise(2 * TRIED)), []);
        assert_eq!(codings("image/png", text(10_000)), []);
        assert_eq!(codings("image/svg+xml", text(10_000)).len(), 3);
        assert!(is_worth_it(95, 100) && !is_worth_it(96, 100));
    }

    /// Pieces of noise, and again in another order.
    fn shuffled(pieces: usize, length: usize) -> Vec<u8> {
        let noise = noise(pieces * length);
        let piece = |index: usize| &noise[index * length..][..length];
        let again = (0..pieces).map(|index| piece(index * 7919 % pieces));
        [noise.clone(), again.collect::<Vec<_>>().concat()].concat()
    }

    #[test]
    fn noise_is_told_from_what_becomes_smaller() {
        assert!(is_noise(&noise(TRIED)) && is_noise(&noise(3 * TRIED)));
        assert!(!is_noise(&noise(TRIED - 1)), "it is not tried");
        assert!(!is_noise(&text(TRIED)));
        assert!(!is_noise(&[noise(TRIED), text(TRIED / 20)].concat()));
        assert!(!is_noise(&[noise(3 << 20), noise(3 << 20)].concat()));
        for length in [5, 16, 64] {
            assert!(!is_noise(&shuffled(1 + 2 * TRIED / length, length)), "{length}");
        }
    }

    #[test]
    fn each_coding_is_judged_for_itself() {
        // gzip's frame is 18 bytes, zstd's 6 to 9, Brotli's 1 or 2: repetition that is short
        // enough pays for only some of them.
        let kept = codings("text/plain", b"abcdefgabcdefgabcdefg".to_vec());
        assert!(kept.contains(&Coding::Br) && !kept.contains(&Coding::Gzip), "{kept:?}");
    }

    #[test]
    fn a_zstd_frame_states_its_size_and_a_window_of_at_most_8_mb() {
        for length in [200, 300_000, 20_000_000] {
            let bytes = [text(length.min(200_000)), vec![b'x'; length]].concat()[..length].to_vec();
            let frame = zstd(&bytes, 19).unwrap();
            let stated = zstd::zstd_safe::get_frame_content_size(&frame).unwrap();
            assert_eq!(stated, Some(length as u64));
            assert!(window_of(&frame) <= 8 << 20, "{length}");
        }
    }

    /// The window that a zstd frame asks for (RFC 8878 §3.1.1.1).
    fn window_of(frame: &[u8]) -> u64 {
        let is_single_segment = frame[4] & 0x20 != 0;
        if is_single_segment {
            return zstd::zstd_safe::get_frame_content_size(frame).unwrap().unwrap();
        }
        let base = 1_u64 << (10 + (frame[5] >> 3));
        base + (base / 8) * u64::from(frame[5] & 7)
    }

    #[test]
    fn a_gzip_header_has_no_time() {
        assert_eq!(gzip(&text(100), 10).unwrap()[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn equal_content_is_compressed_once() {
        let assets = vec![asset("text/css", text(500)), asset("text/plain", text(500))];
        assert_eq!(tasks(&assets, &Packed::new(), &Settings::default()).len(), 3);
        let compressed =
            compress(assets, &Packed::new(), &Settings::default(), None, &|_| {}).unwrap();
        assert!(compressed.iter().all(|one| one.coded.len() == 3));
    }

    #[test]
    fn what_browsers_do_not_fetch_gets_less_effort_unless_another_asset_is_equal() {
        let efforts = |paths: &[&str]| {
            let of = |path: &&str| {
                let mut asset = asset("application/json", text(500));
                asset.logical_path = (*path).into();
                asset
            };
            let assets: Vec<_> = paths.iter().map(of).collect();
            let tasks = tasks(&assets, &Packed::new(), &Settings::default());
            tasks.iter().map(|task| task.effort).collect::<Vec<_>>()
        };
        assert_eq!(efforts(&["a.js.map"]), [Effort::Quick; 3]);
        assert_eq!(efforts(&["a.d.ts"]), [Effort::Quick; 3]);
        assert_eq!(efforts(&["map"]), [Effort::Best; 3]);
        assert_eq!(efforts(&["a.js.map", "b.json"]), [Effort::Best; 3]);
        assert_eq!(efforts(&["b.json", "a.js.map"]), [Effort::Best; 3]);
    }

    #[test]
    fn the_cache_is_asked_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        let bytes = text(500);
        let digest = Fingerprint::of(&bytes);
        let bake = || {
            let assets = vec![asset("text/plain", bytes.clone())];
            let compressed =
                compress(assets, &Packed::new(), &Settings::default(), Some(&cache), &|_| {});
            compressed.unwrap().remove(0).coded
        };
        let cold = bake();
        assert_eq!(cold, bake());
        let name = format!("{digest}.br.{}", encoder(Coding::Br, Effort::Best));
        let other = brotli::encode(&bytes, 5).unwrap();
        cache.store(&name, &other);
        assert_eq!(bake()[1].1[..], other);
        assert_ne!(bake(), cold);
    }

    /// Others may write into the cache, too.
    #[test]
    fn an_entry_that_decodes_to_something_else_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        let bytes = text(500);
        let (digest, effort) = (Fingerprint::of(&bytes), Effort::Best);
        for coding in [Coding::Gzip, Coding::Br, Coding::Zstd] {
            let task = Task { digest, coding, effort, bytes: &bytes, is_noise: Arc::default() };
            let name = format!("{digest}.{coding}.{}", encoder(coding, effort));
            for intruder in [code(coding, b"intruder"), code(coding, &bytes[1..]), vec![0]] {
                cache.store(&name, &intruder);
                assert_eq!(task.run(Some(&cache)).unwrap(), task.compress().unwrap(), "{coding}");
            }
        }
    }

    /// Otherwise the cache would yield another encoder's output.
    #[test]
    fn the_names_of_the_encoders_have_their_versions() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
        let lock = std::fs::read_to_string(lock).unwrap();
        for (name, version, coding) in [
            ("libdeflater", "1.26.1", Coding::Gzip),
            ("compu-brotli-sys", "1.2.1", Coding::Br),
            ("zstd", "0.14.4", Coding::Zstd),
        ] {
            let encoder = encoder(coding, Effort::Best);
            assert!(encoder.starts_with(&format!("{name}-{version}-")), "{encoder}");
            assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")));
        }
    }

    #[test]
    fn what_was_compressed_before_is_taken_as_it_is() {
        let bytes = text(500);
        let key = |coding| (Fingerprint::of(&bytes), coding);
        let before: Arc<[u8]> = b"by another tool".as_slice().into();
        let packed = Packed::from([(key(Coding::Br), before.clone())]);
        let assets = vec![asset("application/wasm", bytes.clone()), asset("text/css", text(501))];
        let tasks = tasks(&assets, &packed, &Settings::default());
        let of_it = tasks.iter().filter(|task| task.digest == assets[0].digest);
        let mut of_it: Vec<_> = of_it.map(|task| (task.coding, task.effort)).collect();
        of_it.sort_unstable();
        assert_eq!(of_it, [(Coding::Gzip, Effort::Quick), (Coding::Zstd, Effort::Quick)]);
        let compressed = compress(assets, &packed, &Settings::default(), None, &|_| {}).unwrap();
        assert_eq!(compressed[0].coded[1], (Coding::Br, before));
        assert_eq!(compressed[1].coded.len(), 3);
    }

    #[test]
    fn progress_ends_at_the_total() {
        let last = std::sync::Mutex::new(Progress::Scanning);
        let assets = vec![asset("text/plain", text(500))];
        let report = |progress| *last.lock().unwrap() = progress;
        compress(assets, &Packed::new(), &Settings::default(), None, &report).unwrap();
        assert_eq!(*last.lock().unwrap(), Progress::Compressing { done: 1500, total: 1500 });
    }
}
