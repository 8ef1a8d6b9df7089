//! Which encoder, and with which settings? Bytes and CPU time of the candidates for each coding.
//!
//! ```text
//! scripts/fetch-corpora --django
//! cd benches/choices
//! cargo run --release [-- [--rounds N] [--only CODING] [FOLDER...]]
//! ```
//!
//! Every file of the folders that is not compressed by nature (by default those of the corpora
//! katex, django-admin and bootstrap) is compressed whole by every candidate. The first candidate
//! of a coding is what `crates/hardtack-build/src/compress.rs` takes for all that browsers fetch;
//! the others are measured against it. Results that a bake would not keep, because they save too
//! little, are counted here, too.
//!
//! The time is the CPU time of the one thread that does it all, as Linux accounts it. The candidates
//! take turns at each file, in the reverse order every other round, and the least time of all
//! rounds counts, file by file: another load on the machine then hurts none more than another.
//!
//! Brotli's feature `simd` is not among the candidates: it takes a nightly compiler.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use brotli::enc::{
    BrotliCompressCustomAlloc, BrotliEncoderParams, StandardAlloc,
    backward_references::BrotliEncoderMode,
};
use flate2::{Compression, GzBuilder};
use libdeflater::{CompressionLvl, Compressor};
use zstd::zstd_safe::CParameter;

const CORPORA: [&str; 3] = ["katex", "django-admin", "bootstrap"];

/// Extensions of what is compressed by nature, among the corpora.
const COMPRESSED: [&str; 6] = ["gif", "jpg", "png", "webp", "woff", "woff2"];

struct Candidate {
    name: &'static str,
    compress: fn(&[u8]) -> io::Result<Vec<u8>>,
}

const fn candidate(name: &'static str, compress: fn(&[u8]) -> io::Result<Vec<u8>>) -> Candidate {
    Candidate { name, compress }
}

/// A coding's candidates; the first is the one in use.
type Coding = (&'static str, &'static [Candidate]);

const CODINGS: &[Coding] = &[
    (
        "gzip",
        &[
            candidate("libdeflate 10", |bytes| libdeflate(bytes, 10)),
            candidate("libdeflate 12", |bytes| libdeflate(bytes, 12)),
            candidate("libdeflate 11", |bytes| libdeflate(bytes, 11)),
            candidate("libdeflate 9", |bytes| libdeflate(bytes, 9)),
            candidate("zopfli, 15 iterations", zopfli),
            candidate("zlib-rs 9", zlib_rs),
        ],
    ),
    (
        "br",
        &[
            candidate("11, window fitted", |bytes| brotli(bytes, |_| {})),
            candidate("11, window 2^22", |bytes| brotli(bytes, |p| p.lgwin = 22)),
            candidate("11, window 2^24", |bytes| brotli(bytes, |p| p.lgwin = 24)),
            candidate("11, mode text", |bytes| {
                brotli(bytes, |p| p.mode = BrotliEncoderMode::BROTLI_MODE_TEXT)
            }),
            candidate("11, no size hint", |bytes| brotli(bytes, |p| p.size_hint = 0)),
            candidate("11, whole input at once", brotli_at_once),
            candidate("11, no search of prefixes", |bytes| {
                brotli(bytes, |p| p.avoid_distance_prefix_search = true)
            }),
            candidate("10", |bytes| brotli(bytes, |p| p.quality = 10)),
            candidate("9", |bytes| brotli(bytes, |p| p.quality = 9)),
        ],
    ),
    (
        "zstd",
        &[
            candidate("19, window fitted", |bytes| zstd(bytes, 19)),
            candidate("22, window fitted", |bytes| zstd(bytes, 22)),
            candidate("18, window fitted", |bytes| zstd(bytes, 18)),
            candidate("17, window fitted", |bytes| zstd(bytes, 17)),
            candidate("9, window fitted", |bytes| zstd(bytes, 9)),
        ],
    ),
];

fn main() -> io::Result<()> {
    let options = Options::from_arguments();
    let mut files = Vec::new();
    for folder in &options.folders {
        read_all(folder, &mut files)?;
    }
    let (count, bytes) = (files.len(), files.iter().map(Vec::len).sum::<usize>());
    println!("{count} files, {bytes} bytes; {} rounds\n", options.rounds);
    println!("{:30}{:>11}{:>9}{:>9}{:>9}", "", "bytes", "ratio", "CPU s", "ratio");
    for coding in CODINGS.iter().filter(|coding| options.includes(coding)) {
        print(coding, &measure(coding.1, &files, options.rounds)?);
    }
    Ok(())
}

struct Options {
    rounds: usize,
    only: Option<String>,
    folders: Vec<PathBuf>,
}

impl Options {
    fn from_arguments() -> Self {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpora");
        let mut options = Self { rounds: 2, only: None, folders: Vec::new() };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().expect("a value follows the option");
            match &*argument {
                "--rounds" => options.rounds = value().parse().expect("--rounds takes a number"),
                "--only" => options.only = Some(value()),
                _ => options.folders.push(argument.into()),
            }
        }
        if options.folders.is_empty() {
            options.folders = CORPORA.map(|name| corpora.join(name)).into();
        }
        assert!(options.rounds > 0, "--rounds takes a number that is at least 1");
        options
    }

    fn includes(&self, (coding, _): &Coding) -> bool {
        self.only.as_ref().is_none_or(|only| only == coding)
    }
}

/// Reads every compressible file below a folder. An empty one is none.
fn read_all(folder: &Path, files: &mut Vec<Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() {
            read_all(&path, files)?;
        } else if !COMPRESSED.contains(&&*extension) {
            files.push(fs::read(&path)?);
        }
    }
    files.retain(|bytes| !bytes.is_empty());
    Ok(())
}

/// The result of a candidate for all files.
#[derive(Clone, Copy, Default)]
struct Total {
    bytes: usize,
    time: Duration,
}

/// One total for each candidate.
fn measure(candidates: &[Candidate], files: &[Vec<u8>], rounds: usize) -> io::Result<Vec<Total>> {
    let mut totals = vec![Total::default(); candidates.len()];
    for file in files {
        let mut least = vec![Total { bytes: 0, time: Duration::MAX }; candidates.len()];
        for round in 0..rounds {
            for turn in 0..candidates.len() {
                let index = if round % 2 == 0 { turn } else { candidates.len() - 1 - turn };
                let start = cpu_time()?;
                let bytes = (candidates[index].compress)(file)?.len();
                let time = cpu_time()?.saturating_sub(start).min(least[index].time);
                least[index] = Total { bytes, time };
            }
        }
        for (total, least) in totals.iter_mut().zip(least) {
            total.bytes += least.bytes;
            total.time += least.time;
        }
    }
    Ok(totals)
}

/// CPU time of this thread so far (proc(5), `/proc/pid/schedstat`: the first number, in ns).
fn cpu_time() -> io::Result<Duration> {
    // Giving way brings the kernel's account up to date, which else happens at a tick.
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    nanoseconds.map(Duration::from_nanos).ok_or(io::ErrorKind::InvalidData.into())
}

fn print((coding, candidates): &Coding, totals: &[Total]) {
    let first = totals[0];
    println!("{coding}");
    for (candidate, total) in candidates.iter().zip(totals) {
        let smaller = total.bytes as f64 / first.bytes as f64;
        let (seconds, longer) = (total.time.as_secs_f64(), total.time.div_duration_f64(first.time));
        println!(
            "  {:28}{:>11}{smaller:>9.4}{seconds:>9.2}{longer:>9.2}",
            candidate.name, total.bytes
        );
    }
}

fn libdeflate(bytes: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let level = CompressionLvl::new(level).expect("the level exists");
    let mut compressor = Compressor::new(level);
    let mut coded = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor.gzip_compress(bytes, &mut coded).map_err(io::Error::other)?;
    coded.truncate(length);
    Ok(coded)
}

fn zopfli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut coded = Vec::new();
    zopfli::compress(zopfli::Options::default(), zopfli::Format::Gzip, bytes, &mut coded)?;
    Ok(coded)
}

fn zlib_rs(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Brotli as a bake does it, but for what the caller changes.
fn brotli(bytes: &[u8], change: fn(&mut BrotliEncoderParams)) -> io::Result<Vec<u8>> {
    let mut coded = Vec::with_capacity(bytes.len() / 2);
    brotli::BrotliCompress(&mut &bytes[..], &mut coded, &parameters(bytes, change))?;
    Ok(coded)
}

/// With buffers that hold all of it, instead of 4096 bytes.
fn brotli_at_once(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut coded = Vec::with_capacity(bytes.len() / 2);
    let (mut input, mut output) = (vec![0; bytes.len()], vec![0; bytes.len() + 1024]);
    let parameters = parameters(bytes, |_| {});
    BrotliCompressCustomAlloc(
        &mut &bytes[..],
        &mut coded,
        &mut input,
        &mut output,
        &parameters,
        StandardAlloc::default(),
    )?;
    Ok(coded)
}

fn parameters(bytes: &[u8], change: fn(&mut BrotliEncoderParams)) -> BrotliEncoderParams {
    let mut parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: window_log(bytes.len()).clamp(16, 24) as i32,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    change(&mut parameters);
    parameters
}

fn zstd(bytes: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(level)?;
    compressor.set_parameter(CParameter::WindowLog(window_log(bytes.len()).clamp(10, 23)))?;
    compressor.compress(bytes)
}

/// The number of bits that count so many bytes.
fn window_log(length: usize) -> u32 {
    usize::BITS - length.leading_zeros()
}
