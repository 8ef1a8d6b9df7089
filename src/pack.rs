//! `hardtack pack`

use std::{
    env,
    fs::{File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use hardtack_build::{Bake, Baked, Progress, Settings};
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::NamedTempFile;

use crate::{
    cli::{EMPHASIS, Pack},
    packed::Packed,
};

/// Bakes a folder, and writes a copy of this executable with the bundle appended.
pub(crate) fn pack(options: &Pack) -> Result<()> {
    check_output(options)?;
    let baked = bake(options)?;
    write(&options.output, &baked.bundle)
        .with_context(|| format!("cannot write {}", options.output.display()))?;
    report(options, &baked)
}

/// Finds out before the long work that its result will have no place to go.
fn check_output(options: &Pack) -> Result<()> {
    let output = &options.output;
    ensure!(!output.is_dir(), "{} is a folder: name a file", output.display());
    let folder = folder_of(output);
    ensure!(folder.is_dir(), "{} is not a folder: make it first", folder.display());
    let site = options.folder.canonicalize().ok();
    let is_inside =
        site.is_some_and(|site| folder.canonicalize().is_ok_and(|it| it.starts_with(site)));
    let name = output.display();
    ensure!(!is_inside, "{name} lies in the folder that is packed: it would be an asset next time");
    Ok(())
}

fn bake(options: &Pack) -> Result<Baked> {
    let mut settings = Settings::from_environment(Path::new(""))?;
    settings.assets = options.folder.clone();
    let bar = progress_bar();
    let shown = bar.clone();
    let mut bake = Bake::with(settings).on_progress(move |Progress { done, total }| {
        shown.set_length(total as u64);
        shown.set_position(done as u64);
    });
    if let Some(folder) = cache_folder(options) {
        bake = bake.cache(folder);
    }
    let baked = bake.run();
    bar.finish_and_clear();
    Ok(baked?)
}

/// A bar on a terminal, and nothing elsewhere.
fn progress_bar() -> ProgressBar {
    let template = "{spinner} baking {bar:30} {decimal_bytes}/{decimal_total_bytes}, {elapsed}";
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    let bar = ProgressBar::new(0).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn cache_folder(options: &Pack) -> Option<PathBuf> {
    match &options.cache {
        Some(folder) if !folder.is_empty() => Some(folder.into()),
        _ => Some(dirs::cache_dir()?.join("hardtack")),
    }
}

/// Writes under another name first: a run that is interrupted leaves nothing at the output.
fn write(output: &Path, bundle: &[u8]) -> Result<()> {
    let this = env::current_exe().context("cannot find this executable")?;
    let source = File::open(&this).with_context(|| format!("cannot read {}", this.display()))?;
    let length = source.metadata()?.len();
    let executable_length =
        Packed::find(&source)?.map_or(length, |packed| packed.executable_length);
    let packed = Packed::plan(executable_length, bundle.len() as u64);

    let mut target = NamedTempFile::with_prefix_in(".hardtack-pack-", folder_of(output))?;
    let mut source = File::open(&this)?.take(executable_length);
    let copied = io::copy(&mut source, &mut target)?;
    ensure!(copied == executable_length, "{} changed meanwhile: try again", this.display());
    io::copy(&mut packed.padding(), &mut target)?;
    target.write_all(bundle)?;
    target.write_all(&packed.trailer())?;
    target.as_file().set_permissions(Permissions::from_mode(0o755))?;
    target.as_file().sync_all()?;
    target.persist(output)?;
    Ok(())
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        None => Path::new("."),
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
    }
}

fn report(options: &Pack, baked: &Baked) -> Result<()> {
    for warning in &baked.warnings {
        anstream::eprintln!("{EMPHASIS}warning:{EMPHASIS:#} {warning}");
    }
    let mut out = io::stdout().lock();
    match options.json {
        true => writeln!(out, "{}", serde_json::to_string(&baked.summary)?)?,
        false => writeln!(out, "{}: {}", options.output.display(), baked.summary)?,
    }
    Ok(())
}
