//! `hardtack verify`

use std::io::{self, Write};

use anyhow::Result;
use hardtack_bundle::{Bundle, Coding, Fingerprint};
use serde::Serialize;

use crate::{cli::Verify, packed::Packed, release::Release, style::EMPHASIS};

/// Checks every digest of a release, and prints its id and its sums.
///
/// # Errors
///
/// The first fault found.
pub(crate) fn verify(options: &Verify) -> Result<()> {
    let release = Release::read(options.file.as_ref())?;
    let bundle = release.bundle()?;
    let found = Found::of(&release, &bundle)?;
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    if options.json {
        return Ok(writeln!(out, "{}", serde_json::to_string_pretty(&found)?)?);
    }
    writeln!(out, "{EMPHASIS}{}{EMPHASIS:#}: as it was baked", release.name)?;
    let rows = found.rows(&bundle);
    rows.iter().try_for_each(|(label, text)| writeln!(out, "  {label:10} {text}"))?;
    Ok(())
}

/// A release without a fault.
#[derive(Serialize)]
struct Found {
    file: String,
    release_id: String,
    bundle: BundleFound,
    assets: usize,
    carried: usize,
    representations: usize,
    deltas: usize,
    program: Option<Program>,
}

#[derive(Serialize)]
struct BundleFound {
    offset: usize,
    bytes: usize,
    sha256: String,
}

/// The program that `hardtack pack` appended to.
#[derive(Serialize)]
struct Program {
    bytes: u64,
    sha256: String,
}

impl Found {
    fn of(release: &Release, bundle: &Bundle<'_>) -> Result<Self> {
        let (mut representations, mut deltas) = (0, 0);
        for asset in bundle.assets().chain(bundle.carried()) {
            for representation in asset?.representations() {
                representations += 1;
                deltas += usize::from(representation?.coding.has_dictionary());
            }
        }
        Ok(Self {
            file: release.name.clone(),
            release_id: bundle.release_id().to_string(),
            bundle: BundleFound {
                offset: release.offset(bundle),
                bytes: bundle.length(),
                sha256: Fingerprint::of(release.bytes_of(bundle)).to_string(),
            },
            assets: bundle.assets().len(),
            carried: bundle.carried().len(),
            representations,
            deltas,
            program: release.packed(bundle)?.map(Program::of),
        })
    }

    fn rows(&self, bundle: &Bundle<'_>) -> Vec<(&'static str, String)> {
        let Self { carried, representations, deltas, .. } = self;
        let BundleFound { offset, bytes, sha256 } = &self.bundle;
        let program = match &self.program {
            Some(Program { bytes, sha256 }) => format!("{bytes} bytes, sha256 {sha256}"),
            None => "its hash is not recorded: only `hardtack pack` does that".to_owned(),
        };
        let codings = Coding::ALL.map(Coding::name).join(", ");
        vec![
            ("release", self.release_id.clone()),
            ("bundle", format!("{bytes} bytes at {offset}, sha256 {sha256}")),
            ("program", program),
            ("assets", format!("{}; {carried} of earlier releases", bundle.totals())),
            ("digests", format!("{representations} bodies ({codings}), {deltas} of them deltas")),
        ]
    }
}

impl Program {
    fn of(packed: Packed) -> Self {
        let sha256 = Fingerprint(packed.executable_digest).to_string();
        Self { bytes: packed.executable_length, sha256 }
    }
}
