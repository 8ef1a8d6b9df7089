//! The compiler, which the number of instructions depends on.

use std::{fmt, process::Command};

use anyhow::{Context, Result, ensure};

/// A version of rustc, and what it compiles for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compiler {
    /// Such as `1.95.0`.
    pub(crate) release: String,
    /// Such as `x86_64-unknown-linux-gnu`.
    pub(crate) target: String,
}

impl Compiler {
    /// The one that `cargo run` uses in this folder.
    pub(crate) fn installed() -> Result<Self> {
        let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
        ensure!(output.status.success(), "rustc -vV fails");
        let text = String::from_utf8(output.stdout)?;
        let value = |name: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(name));
            found.map(str::to_owned).context("rustc -vV does not say its version")
        };
        Ok(Self { release: value("release: ")?, target: value("host: ")? })
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rustc {}, {}", self.release, self.target)
    }
}
