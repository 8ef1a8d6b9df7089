//! Shared parts of the tests of the whole binary.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

pub mod caddy;
pub mod cdn;
pub mod frames;
mod http;
pub mod http2;
pub mod nginx;
pub mod process;
pub mod releases;
pub mod tls;
pub mod varnish;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub use http::*;

use hardtack_bundle::Coding;
use serde_json::Value;

/// The executable under test, with none of the settings that the environment may hold.
pub fn hardtack() -> Command {
    executable(Path::new(env!("CARGO_BIN_EXE_hardtack")))
}

/// The standard error of a command, which must have failed with that status.
#[track_caller]
pub fn stderr(command: &mut Command, status: i32) -> String {
    let output = run(command);
    let stderr = String::from_utf8(output.stderr).expect("output is UTF-8");
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    stderr
}

/// Runs a command that succeeds, or shows its output.
#[track_caller]
pub fn succeeds(command: &mut Command) {
    let output = run(command);
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

/// A program of the environment that `scripts/fetch-corpora --django` makes.
#[track_caller]
pub fn of_venv(program: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/venv/bin").join(program);
    assert!(file.is_file(), "{program} is missing: run scripts/fetch-corpora --django");
    file
}

/// A folder of files.
pub fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("below the folder")).expect("made");
        fs::write(file, bytes).expect("written");
    }
    folder
}

/// Packs a folder, without a cache, into an executable of its own temporary folder.
#[track_caller]
pub fn pack(site: &Path, environment: &[(&str, &str)]) -> Packed {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let executable = folder.path().join("site");
    let mut command = hardtack();
    command.current_dir(folder.path()).arg("pack").arg(site.canonicalize().expect("exists"));
    command.arg("-o").arg(&executable).arg("--cache").arg(folder.path().join("cache"));
    let summary = stdout(command.envs(environment.iter().copied()));
    Packed { executable, summary, _folder: folder }
}

/// A packed executable; it goes when this goes.
pub struct Packed {
    pub executable: PathBuf,
    pub summary: String,
    _folder: tempfile::TempDir,
}

impl Packed {
    pub fn command(&self) -> Command {
        executable(&self.executable)
    }

    /// The assets in its `list --json`.
    pub fn assets(&self) -> Vec<Value> {
        assets(&mut self.command())
    }

    /// Writes a copy of it whose bytes were changed.
    pub fn damage(&self, copy: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(&self.executable).unwrap();
        change(&mut bytes);
        fs::write(copy, bytes).unwrap();
        fs::set_permissions(copy, self.executable.metadata().unwrap().permissions()).unwrap();
    }
}

/// The assets in a command's `list --json`.
#[track_caller]
pub fn assets(command: &mut Command) -> Vec<Value> {
    let json = stdout(command.args(["list", "--json"]));
    serde_json::from_str(&json).expect("an array")
}

impl Server {
    /// Starts the executable under test on a free port.
    pub fn start() -> Self {
        Self::of(&mut hardtack())
    }

    /// Starts that command on a free port.
    pub fn of(command: &mut Command) -> Self {
        Self::spawn(command.args(["--listen", "127.0.0.1:0"]))
    }

    /// The same, with the lines of its standard error.
    pub fn logged(command: &mut Command) -> (Self, Lines) {
        let mut server = Self::of(command.stderr(Stdio::piped()));
        let log = Lines::of(server.process.stderr.take().expect("piped"));
        (server, log)
    }

    /// The processes that it has started, which have not ended.
    pub fn children(&self) -> Vec<u32> {
        let mut command = Command::new("pgrep");
        let output = run(command.arg("-P").arg(self.process.id().to_string()));
        let text = String::from_utf8(output.stdout).expect("numbers");
        text.lines().map(|line| line.parse().expect("a process id")).collect()
    }

    /// Where else it listens: the rest of a line of the banner that begins like this.
    #[track_caller]
    pub fn place(&self, start: &str) -> &str {
        let found = self.banner.iter().find_map(|line| line.trim_start().strip_prefix(start));
        found.unwrap_or_else(|| panic!("no {start} in {:?}", self.banner)).trim_end_matches('/')
    }
}

impl Response {
    /// The body without its content coding.
    pub fn decoded(&self) -> Vec<u8> {
        let coding = self.header("content-encoding").unwrap_or("identity");
        let coding = Coding::PLAIN.into_iter().find(|one| one.name() == coding);
        decode(coding.expect("a coding of ours"), &self.body)
    }
}

/// Decodes with decoders that are not of the encoders' making where there are others.
pub fn decode(coding: Coding, coded: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = match coding {
        Coding::Identity => return coded.to_owned(),
        Coding::Gzip => flate2::read::GzDecoder::new(coded).read_to_end(&mut bytes),
        Coding::Br => brotli_decompressor::Decompressor::new(coded, 4096).read_to_end(&mut bytes),
        Coding::Zstd => zstd::Decoder::new(coded).and_then(|mut it| it.read_to_end(&mut bytes)),
        Coding::Dcb | Coding::Dcz => panic!("it needs a dictionary"),
    };
    read.expect("a valid stream");
    bytes
}
