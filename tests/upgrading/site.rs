//! Two releases of one site, and what a response to a request for them may be.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use hyper::body::Bytes;
use serde_json::Value;
use tempfile::TempDir;

use super::http::{executable, stdout};

/// How many releases there are; they alternate.
pub const RELEASES: usize = 2;

const FILES: usize = 4;

/// A path that clients request.
#[derive(Clone)]
pub struct Target {
    pub path: String,
    /// The body of each release.
    pub bodies: [Bytes; RELEASES],
}

impl Target {
    /// Whether the answer tells which release gave it.
    pub fn tells_release(&self) -> bool {
        self.bodies[0] != self.bodies[1]
    }
}

/// The releases, packed, and the path from which the server is started.
pub struct Site {
    folder: TempDir,
    /// The targets of most clients.
    pub targets: Vec<Target>,
    /// A body that takes a while.
    pub large: Target,
}

impl Site {
    pub fn pack(hardtack: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        make_certificate(folder.path())?;
        let sites = [files("the first"), files("the second release, which says a little more")];
        for (number, files) in sites.iter().enumerate() {
            let source = folder.path().join(format!("source-{number}"));
            fs::create_dir(&source)?;
            for (name, bytes) in files {
                fs::write(source.join(name), bytes)?;
            }
            let mut pack = executable(hardtack);
            pack.arg("pack").arg(&source).args(["--cache", "", "-o"]).arg(packed(&folder, number));
            stdout(pack.current_dir(folder.path()));
        }
        let mut targets = targets(&folder, &sites)?;
        let large = targets.pop().context("there are some")?;
        Ok(Self { folder, targets, large })
    }

    /// The command that starts the server.
    pub fn command(&self) -> Command {
        let mut command = executable(&self.path());
        command.arg("serve").arg("--tls-certificate").arg(self.certificate());
        command.arg("--tls-key").arg(self.folder.path().join("key.pem"));
        command
    }

    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// Puts a release in the place of the other, by renaming, as package managers do.
    pub fn put(&self, change: u64) -> Result<()> {
        let new = self.folder.path().join("site.new");
        fs::hard_link(packed(&self.folder, number_of(change)), &new)?;
        fs::rename(&new, self.path())?;
        // Nothing is renamed if it lies there already (rename(2)).
        fs::remove_file(new).or_else(|error| match error.kind() {
            ErrorKind::NotFound => Ok(()),
            _ => Err(error.into()),
        })
    }

    /// The name of a release in the log.
    pub fn name_of(&self, change: u64) -> Result<String> {
        let version = stdout(executable(&packed(&self.folder, number_of(change))).arg("--version"));
        let release = version.trim().trim_end_matches(')').rsplit(' ').next();
        Ok(release.context("a version without a release")?.chars().take(12).collect())
    }
}

fn number_of(change: u64) -> usize {
    (change % RELEASES as u64) as usize
}

fn packed(folder: &TempDir, number: usize) -> PathBuf {
    folder.path().join(format!("release-{number}"))
}

/// Those that all releases have, and one that differs.
fn files(release: &str) -> [(&'static str, Vec<u8>); FILES] {
    // No bytes look like those before.
    let noise = |length: u32| (0..length).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect();
    [
        ("small.png", noise(600)),
        ("medium.png", noise(100_000)),
        ("release.txt", format!("This is {release}.\n").into_bytes()),
        ("large.png", noise(1_500_000)),
    ]
}

/// The files that all releases have, under their hashed paths, and the others under their plain ones.
fn targets(folder: &TempDir, sites: &[[(&str, Vec<u8>); FILES]; RELEASES]) -> Result<Vec<Target>> {
    let urls = [urls(folder, 0)?, urls(folder, 1)?];
    let [first, second] = sites;
    let targets = first.iter().zip(second).map(|((name, one), (_, other))| {
        let [ours, theirs] = [0, 1].map(|number| &urls[number][*name]);
        let is_same = one == other;
        ensure!((ours.0 == theirs.0) == is_same, "{name}: a hash that does not follow the content");
        let path = if is_same { &ours.0 } else { &ours.1 };
        Ok(Target { path: path.clone(), bodies: [one.clone().into(), other.clone().into()] })
    });
    targets.collect()
}

/// The hashed and the plain path of each file.
fn urls(folder: &TempDir, number: usize) -> Result<BTreeMap<String, (String, String)>> {
    let json = stdout(executable(&packed(folder, number)).args(["list", "--json"]));
    let assets: Vec<Value> = serde_json::from_str(&json)?;
    let text = |asset: &Value, key: &str| asset[key].as_str().unwrap_or_default().to_owned();
    let urls = |asset: &Value| (text(asset, "url"), text(asset, "plain_url"));
    Ok(assets.iter().map(|asset| (text(asset, "logical_path"), urls(asset))).collect())
}

fn make_certificate(folder: &Path) -> Result<()> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    fs::write(folder.join("certificate.pem"), made.cert.pem())?;
    Ok(fs::write(folder.join("key.pem"), made.signing_key.serialize_pem())?)
}
