//! Releases of a site, one after the other.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{Server, assets, executable, folder, hardtack, stdout};

/// Releases of a site, packed one after the other.
pub struct Releases(tempfile::TempDir);

impl Releases {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn command(&self, site: &Path, name: &str, previous: &[&str]) -> Command {
        let mut command = hardtack();
        command.current_dir(self.0.path()).arg("pack").arg(site).args(["-o", name]);
        command.args(["--cache", "cache"]);
        command.args(previous.iter().flat_map(|file| ["--previous", file]));
        command
    }

    /// Packs a style sheet and a page, and returns the output of the command.
    pub fn pack(&self, name: &str, sheet: &str, previous: &[&str], options: &[&str]) -> String {
        let page = ("index.html", &b"<link rel=stylesheet href=a.css>"[..]);
        let site = folder(&[page, ("a.css", sheet.as_bytes())]);
        stdout(self.command(site.path(), name, previous).args(options))
    }

    pub fn server(&self, name: &str) -> Server {
        Server::of(&mut executable(&self.file(name)))
    }

    /// The URL of the style sheet.
    pub fn url(&self, name: &str) -> String {
        let assets = assets(&mut executable(&self.file(name)));
        assets[0]["url"].as_str().unwrap().to_owned()
    }
}

/// A style sheet of some size that is unlike another version in its first line.
pub fn sheet(version: usize) -> String {
    let rules =
        (0..300).map(|n| format!(".c{} {{ top: {}px }}\n", n * n % 1009, n * 7919 % 99_991));
    format!("/* {version} */\n{}", rules.collect::<String>())
}
