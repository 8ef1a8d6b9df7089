//! `hardtack pack`

mod report;

use std::{
    fs::{self, File},
    io::{self, Read, Seek, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Error, Result, ensure};
use hardtack_build::{Bake, Baked, Progress, Settings};
use hardtack_bundle::Bundle;
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    carried,
    cli::Pack,
    output,
    packed::{Packed, Program, Record},
};

/// Bakes a folder, and writes a copy of this executable, or of another one, with the bundle appended.
pub(crate) fn pack(options: &Pack) -> Result<()> {
    let settings = settings(options)?;
    check_output(&options.output, &settings)?;
    let base = Base::of(options)?;
    let baked = bake(options, settings)?;
    write(&options.output, &base, &baked.bundle)
        .with_context(|| format!("cannot write {}", options.output.display()))?;
    report::report(options, &baked)
}

/// Finds out before the long work that its result will have no place to go.
fn check_output(output: &Path, settings: &Settings) -> Result<()> {
    output::check(output).with_context(|| format!("cannot write {}", output.display()))?;
    let folder = output::folder_of(output);
    ensure!(folder.is_dir(), "{} is not a folder: make it first", folder.display());
    let others = settings.folders.iter().map(|other| other.path.as_path());
    let mut sites = others.chain([settings.assets.as_path()]).flat_map(Path::canonicalize);
    let folder = folder.canonicalize();
    let is_inside = folder.is_ok_and(|folder| sites.any(|site| folder.starts_with(site)));
    let name = output.display();
    ensure!(!is_inside, "{name} lies in the folder that is packed: it would be an asset next time");
    Ok(())
}

fn bake(options: &Pack, settings: Settings) -> Result<Baked> {
    let bar = progress_bar();
    let shown = bar.clone();
    let mut bake = Bake::with(settings).on_progress(move |it| show(&shown, it));
    if let Some(folder) = cache_folder(options) {
        bake = bake.cache(folder);
    }
    let baked = bake.run();
    bar.finish_and_clear();
    Ok(baked?)
}

/// An option comes before a variable, and that before the configuration file.
fn settings(options: &Pack) -> Result<Settings> {
    let folder = Path::new("");
    let mut settings = match &options.config {
        Some(config) => Settings::with_environment(Some(config), folder)?,
        None => Settings::from_environment(folder)?,
    };
    settings.assets = options.folder.clone();
    settings.exclude = settings.exclude.and(&options.exclude).map_err(Error::msg)?;
    if let Some(at) = &options.at {
        settings.at = at.clone();
    }
    if !options.previous.is_empty() {
        settings.previous = options.previous.clone();
    }
    if !options.folders.is_empty() {
        settings.folders = options.folders.clone();
    }
    if options.spa.is_some() {
        settings.spa = options.spa.clone();
    }
    Ok(settings)
}

/// A line on a terminal, and nothing elsewhere.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0).with_style(style("{spinner} {msg}, {elapsed}"));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Scanning => bar.set_message("reading the folder"),
        Progress::Reading { assets } => {
            bar.set_message(format!("looking for references in {assets} assets"));
        }
        Progress::Compressing { done: 0, total } => {
            let bytes = "{decimal_bytes}/{decimal_total_bytes}";
            bar.set_style(style(&format!(
                "{{spinner}} compressing {{bar:30}} {bytes}, {{elapsed}}"
            )));
            bar.set_length(total as u64);
        }
        Progress::Compressing { done, .. } => bar.set_position(done as u64),
        Progress::Comparing { done, total } => {
            bar.set_style(style("{spinner} comparing with earlier releases {bar:30} {elapsed}"));
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        }
        _ => {}
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are valid")
}

fn cache_folder(options: &Pack) -> Option<PathBuf> {
    match &options.cache {
        Some(folder) if !folder.is_empty() => Some(folder.into()),
        _ => Some(dirs::cache_dir()?.join("hardtack")),
    }
}

fn write(output: &Path, base: &Base, bundle: &[u8]) -> Result<()> {
    let packed = Packed::plan(&base.program, &Bundle::open(bundle)?);
    // The umask says who else may run it.
    output::write(output, 0o777, |file| {
        base.copy_to(file)?;
        file.write_all_at(&packed.record(&base.record), base.program.record_offset)?;
        io::copy(&mut packed.padding(), file)?;
        file.write_all(bundle)
    })
}

/// The executable that the bundle is appended to, without a bundle that was appended before. It stays in
/// its file: it is larger than most sites.
struct Base {
    file: File,
    /// The record in the file.
    record: Record,
    program: Program,
    /// When the file was changed last, before it was read.
    modified: SystemTime,
}

impl Base {
    fn of(options: &Pack) -> Result<Self> {
        match &options.base {
            None => Self::running().context("cannot read this executable"),
            Some(file) => Self::other(file)
                .with_context(|| format!("cannot append to {} (--base)", file.display())),
        }
    }

    fn running() -> Result<Self> {
        Self::with_record(carried::executable()?, carried::record())
    }

    fn other(path: &Path) -> Result<Self> {
        ensure!(fs::metadata(path)?.is_file(), "it is not a file");
        let mut file = File::open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let record = Packed::find(&bytes, &carried::record());
        let record = record.context("it is no executable of Hardtack, or of an older version")?;
        ensure!(bytes.len() as u64 >= length_of_elf(&bytes), "it is cut off: copy it again");
        file.rewind()?;
        Self::with_record(file, record)
    }

    fn with_record(file: File, record: Record) -> Result<Self> {
        let modified = file.metadata()?.modified()?;
        let program = match Packed::of(&record) {
            Some(packed) => {
                packed.check_length(file.metadata()?.len())?;
                packed.program(&file, &record)?
            }
            None => Program::read(&file, &record)?,
        };
        Ok(Self { file, record, program, modified })
    }

    /// Writes the program, with the record that it has.
    fn copy_to(&self, file: &mut File) -> io::Result<()> {
        let mut program = &self.file;
        program.rewind()?;
        let copied = io::copy(&mut program.take(self.program.length), file)?;
        let is_unchanged = self.file.metadata()?.modified()? == self.modified;
        if copied < self.program.length || !is_unchanged {
            return Err(io::Error::other("the executable was changed meanwhile: pack again"));
        }
        Ok(())
    }
}

/// The least length of an ELF file, by the place of its section headers, which linkers write last. Zero
/// for any file but one of 64 bits and little-endian.
fn length_of_elf(bytes: &[u8]) -> u64 {
    const OF_64_BITS: &[u8] = b"\x7fELF\x02\x01";
    let half = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let length = || {
        let start = u64::from_le_bytes(*bytes.get(0x28..)?.first_chunk()?);
        let (size, count) = (half(0x3a)?, half(0x3c)?);
        Some(start.saturating_add(u64::from(size) * u64::from(count)))
    };
    if bytes.starts_with(OF_64_BITS) { length().unwrap_or(u64::MAX) } else { 0 }
}
