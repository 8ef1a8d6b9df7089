//! A release in a file: a program or a bundle file, for the commands that look into one.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use hardtack_bundle::Bundle;

use crate::{
    carried,
    packed::{Packed, Record},
};

/// The bytes of a file that has a bundle in it, or is one. They are read and not mapped: a file that is
/// cut off while it is mapped would end the process without an error.
pub(crate) struct Release {
    /// The file's name, for messages.
    pub(crate) name: String,
    bytes: Vec<u8>,
}

impl Release {
    /// Reads a file, or this executable. Nothing in it is run.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no file.
    pub(crate) fn read(file: Option<&PathBuf>) -> Result<Self> {
        let name = file.map_or("this executable".to_owned(), |file| file.display().to_string());
        let bytes = file.map_or_else(running, |file| regular(file));
        let bytes = bytes.with_context(|| format!("cannot read {name}"))?;
        Ok(Self { name, bytes })
    }

    /// The bundle in it, verified in full.
    ///
    /// # Errors
    ///
    /// If there is none, or another format version's, or a damaged one; if `hardtack pack` wrote the
    /// file, and it is not as it was written.
    pub(crate) fn bundle(&self) -> Result<Bundle<'_>> {
        let bundle = Bundle::find(&self.bytes).with_context(|| self.name.clone())?;
        self.packed(&bundle).with_context(|| self.name.clone())?;
        Ok(bundle)
    }

    /// The record of a packed executable, whose program and bundle are as the record says; nothing of
    /// any other file.
    pub(crate) fn packed(&self, bundle: &Bundle<'_>) -> Result<Option<Packed>> {
        let Some((packed, record)) = self.record(bundle) else { return Ok(None) };
        packed.check_program(&self.bytes, &record)?;
        packed.check_digest(bundle)?;
        Ok(Some(packed))
    }

    /// A record in the bundle is that of an asset.
    fn record(&self, bundle: &Bundle<'_>) -> Option<(Packed, Record)> {
        let start = self.offset(bundle);
        let (before, rest) = self.bytes.split_at(start);
        let behind = &rest[bundle.length()..];
        let ours = carried::record();
        let record = Packed::find(before, &ours).or_else(|| Packed::find(behind, &ours))?;
        Some((Packed::of(&record)?, record))
    }

    /// All bytes of a bundle of this file.
    pub(crate) fn bytes_of(&self, bundle: &Bundle<'_>) -> &[u8] {
        &self.bytes[self.offset(bundle)..][..bundle.length()]
    }

    /// The number of bytes before a bundle of this file.
    pub(crate) fn offset(&self, bundle: &Bundle<'_>) -> usize {
        let header = bundle.length() - bundle.content().len();
        bundle.content().as_ptr().addr() - self.bytes.as_ptr().addr() - header
    }
}

fn running() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    carried::executable()?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A pipe or a device may have no end.
fn regular(file: &Path) -> Result<Vec<u8>> {
    ensure!(fs::metadata(file)?.is_file(), "it is not a file");
    Ok(fs::read(file)?)
}
