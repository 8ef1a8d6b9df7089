//! The cost of finding, following and rewriting the references in real packages.
//!
//! Each package is baked without compression, with the references of all formats, of one, and of
//! none, taking turns: the files of the others are said to be of a type that has none. The cost of
//! a format is the difference to none: finding references, mentions and digests, the graph, and
//! rewriting, on all cores. The least of all rounds counts.
//!
//! ```text
//! scripts/fetch-corpora
//! cargo bench -p hardtack-build --bench references -- [ROUNDS]
//! ```

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use hardtack_build::{Bake, MissingTarget, Patterns, Settings};

const PACKAGES: &[&str] = &["django-admin", "bootstrap", "katex", "swagger-ui-dist", "reveal.js"];

/// A name, and the extensions of the files whose references are looked at.
const FORMATS: &[(&str, &[&str])] = &[
    ("none", &[]),
    ("CSS", &["css"]),
    ("JavaScript", &["js", "mjs"]),
    ("HTML", &["html", "htm"]),
    ("SVG", &["svg"]),
    ("all", &["*"]),
];

fn main() -> ExitCode {
    let rounds = env::args().skip(1).find_map(|it| it.parse().ok()).unwrap_or(7);
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpora");
    let packages: Vec<_> = PACKAGES.iter().map(|name| corpora.join(name)).collect();
    if let Some(missing) = packages.iter().find(|package| !package.is_dir()) {
        eprintln!("{} is missing: run scripts/fetch-corpora", missing.display());
        return ExitCode::FAILURE;
    }
    let mut least = vec![Duration::MAX; FORMATS.len()];
    for _ in 0..rounds {
        for (format, least) in FORMATS.iter().zip(&mut least) {
            *least = bake(&packages, format.1).min(*least);
        }
    }
    println!("{} packages, the least of {rounds} rounds", packages.len());
    println!("{:12}{:>10}{:>10}{:>10}", "format", "MB", "ms", "MB/s");
    for ((name, extensions), time) in FORMATS.iter().zip(&least).skip(1) {
        let megabytes = bytes(&packages, extensions) as f64 / 1e6;
        let took = time.saturating_sub(least[0]).as_secs_f64();
        println!("{name:12}{megabytes:>10.2}{:>10.1}{:>10.0}", took * 1e3, megabytes / took);
    }
    println!("all else in a bake without compression: {:.1} ms", least[0].as_secs_f64() * 1e3);
    ExitCode::SUCCESS
}

fn bake(packages: &[PathBuf], extensions: &[&str]) -> Duration {
    let looked_at = extensions.iter().map(|extension| format!("!*.{extension}"));
    let untouched: Vec<_> = ["*".to_owned()].into_iter().chain(looked_at).collect();
    let start = Instant::now();
    for package in packages {
        let mut settings = Settings::default();
        settings.assets.clone_from(package);
        settings.codings.clear();
        settings.missing = MissingTarget::Warn.into();
        let untouched = Patterns::new(&untouched).expect("these are globs");
        settings.media_types = vec![(untouched, "application/octet-stream".to_owned())];
        Bake::with(settings).run().unwrap_or_else(|error| panic!("{error}"));
    }
    start.elapsed()
}

/// The bytes of all files that are looked at.
fn bytes(folders: &[PathBuf], extensions: &[&str]) -> u64 {
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let size = |path: PathBuf| {
        if path.is_dir() {
            bytes(&[path], extensions)
        } else if is_looked_at(&path, extensions) {
            path.metadata().map_or(0, |it| it.len())
        } else {
            0
        }
    };
    entries.map(|entry| size(entry.path())).sum()
}

fn is_looked_at(file: &Path, extensions: &[&str]) -> bool {
    let known: Vec<_> = FORMATS.iter().flat_map(|(_, extensions)| *extensions).collect();
    let extension = file.extension().and_then(|it| it.to_str()).unwrap_or_default();
    extensions.contains(&extension) || (extensions == ["*"] && known.contains(&&extension))
}
