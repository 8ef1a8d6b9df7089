//! The whole of a build script.

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use hardtack_bundle::{Bundle, hex};

use crate::{
    Bake, Baked, Error, LeftOut, Problem, ProblemKind, Settings,
    blocks::blocks,
    cache::write_whole,
    django::staticfiles,
    environment::{self, ASSETS, AT, CACHE, CONFIG, LAST_MODIFIED, PREVIOUS, STATIC_HOST},
};

/// Bakes the assets of the package whose build script calls this.
///
/// It reads `hardtack.toml` beside the package's `Cargo.toml`, and the environment variables that
/// [`Settings::from_environment`] names. Without either, it bakes `assets/`. Compressed bytes are
/// cached below the target directory, or in the folder that `HARDTACK_CACHE` names.
///
/// It sets these environment variables for the package's code:
///
/// | variable | value |
/// |---|---|
/// | `HARDTACK_BUNDLE` | the path of the bundle |
/// | `HARDTACK_NAMES` | the path of the [table of names](hardtack_bundle::names), for `hardtack::asset!` |
/// | `HARDTACK_MANIFEST` | the path of the manifest, as JSON |
/// | `HARDTACK_BUNDLE_DIGEST` | a digest of the bundle, in hex. Code that embeds the bundle by other means than `include_bytes!` mentions it, so that a changed bundle is embedded anew |
///
/// Beside the manifest lies `staticfiles.json`, the manifest for Django.
///
/// Cargo runs the script again when a file in the asset folder or the configuration changes,
/// appears or disappears. Problems are reported as errors of the build, all at once.
pub fn build_script() -> ExitCode {
    let outcome = run().and_then(|(folder, baked)| {
        warn_of_slowness();
        tell("warning", &blocks(&baked.warnings, MOST_WARNINGS));
        // Cargo shows this with `-vv`.
        println!("{}", baked.summary);
        hand_on(&baked, &folder)
    });
    if let Err(Error { problems }) = outcome {
        // Cargo fails the build for these, whatever the exit code; with another than success
        // it would also print everything that this script ever printed.
        tell("error", &blocks(&problems, usize::MAX));
    }
    ExitCode::SUCCESS
}

/// Most warnings of one kind. Cargo shows them at every build, even if the script does not run.
const MOST_WARNINGS: usize = 5;

/// Prints each line as a message for Cargo.
fn tell(severity: &str, blocks: &[String]) {
    for line in blocks.iter().flat_map(|block| block.lines()) {
        println!("cargo::{severity}={line}");
    }
}

/// The folder, and what was baked of it.
fn run() -> Result<(PathBuf, Baked), Error> {
    for variable in [ASSETS, AT, CACHE, CONFIG, LAST_MODIFIED, PREVIOUS, STATIC_HOST] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let package = cargo_path("CARGO_MANIFEST_DIR")?;
    if let Some(config) = environment::config_file(&package) {
        rerun_if_changed(&config);
    }
    let settings = Settings::from_environment(&package)?;
    // Cargo looks at everything below a folder. A folder that does not exist counts as changed.
    settings.all_folders().for_each(|(_, folder)| rerun_if_changed(folder));
    settings.previous.iter().for_each(|file| rerun_if_changed(file));
    let folder = settings.assets.clone();
    Ok((folder, Bake::with(settings).cache(cache_folder(&package)?).run()?))
}

fn rerun_if_changed(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

/// The most bytes of a bundle that a linker places. Code reaches its data by distances of at most 2 GiB
/// on most machines; the rest is for the program.
const MOST_COMPILED: usize = 2_000_000_000;

/// Finds out before the compiler does, whose message names neither the site nor a remedy: rustc's
/// assembler cuts a file of more than 4 GiB off in silence.
fn check_size(bytes: usize, folder: &Path) -> Result<(), Problem> {
    if bytes > MOST_COMPILED {
        return Err(ProblemKind::TooLargeToCompile(bytes).of(folder));
    }
    Ok(())
}

/// Writes the output, and sets the variables with its paths for the package's code.
fn hand_on(baked: &Baked, folder: &Path) -> Result<(), Error> {
    check_size(baked.bundle.len(), folder)?;
    let out = cargo_path("OUT_DIR")?;
    let bundle = out.join("hardtack.bundle");
    let names = out.join("hardtack.names");
    let manifest = out.join("manifest.json");
    let failed = |error| ProblemKind::Bundle(error).of(&bundle);
    let opened = Bundle::open(&baked.bundle).map_err(failed)?;
    let digest = hex(&opened.digest());
    write(&bundle, &baked.bundle)?;
    let left_out = for_people(&baked.left_out);
    write(&names, &opened.names(&folder_for_people(folder), &left_out).map_err(failed)?)?;
    write(&manifest, baked.manifest.to_json().as_bytes())?;
    write(&out.join("staticfiles.json"), staticfiles(&baked.manifest).as_bytes())?;
    println!("cargo::rustc-env=HARDTACK_BUNDLE={}", bundle.display());
    println!("cargo::rustc-env=HARDTACK_NAMES={}", names.display());
    println!("cargo::rustc-env=HARDTACK_MANIFEST={}", manifest.display());
    println!("cargo::rustc-env=HARDTACK_BUNDLE_DIGEST={digest}");
    Ok(())
}

/// The messages of `asset!` about files that were left out.
fn for_people(left_out: &[LeftOut]) -> Vec<(&str, String)> {
    left_out.iter().map(|one| (one.logical_path.as_str(), one.to_string())).collect()
}

/// The asset folder as its developers know it: relative to the package's folder, if it lies below
/// that.
fn folder_for_people(folder: &Path) -> String {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    folder.strip_prefix(package).unwrap_or(folder).display().to_string()
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Problem> {
    write_whole(file, &[bytes]).map_err(|error| ProblemKind::Io(error).of(file))
}

/// Cargo marks its target directory with a `CACHEDIR.TAG`; `cargo clean` deletes it.
fn cache_folder(package: &Path) -> Result<PathBuf, Error> {
    if let Some(folder) = environment::variable(CACHE) {
        return Ok(package.join(folder));
    }
    let out = cargo_path("OUT_DIR")?;
    let target = out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    Ok(target.unwrap_or(&out).join("hardtack-cache"))
}

fn cargo_path(variable: &str) -> Result<PathBuf, Error> {
    let message = format!("Cargo sets {variable} for a build script: call this from build.rs");
    let missing = || ProblemKind::Setting(message).of(variable);
    Ok(env::var_os(variable).map(PathBuf::from).ok_or_else(missing)?)
}

fn warn_of_slowness() {
    if env!("HARDTACK_OPT_LEVEL") == "0" {
        println!(
            "cargo::warning=hardtack-build is compiled without optimization, which makes \
             compression many times slower: set `opt-level = 3` under \
             [profile.dev.build-override] and [profile.release.build-override] in the \
             workspace's Cargo.toml"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_no_linker_places_is_an_error() {
        let folder = Path::new("assets");
        assert!(check_size(MOST_COMPILED, folder).is_ok());
        let error = check_size(2_340_000_000, folder).unwrap_err().to_string();
        assert!(error.starts_with("assets: the site takes 2.3 GB"), "{error}");
        assert!(error.contains("hardtack pack"), "{error}");
    }
}
