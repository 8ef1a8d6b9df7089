//! The bundle that this executable carries: compiled in, or appended by `hardtack pack`.
//!
//! This is the one module of the workspace with `unsafe` code.
#![allow(unsafe_code)]

use std::{env, fs::File};

use anyhow::{Context, Result};
use hardtack_bundle::Bundle;
use memmap2::MmapOptions;

use crate::packed::Packed;

/// Opens the appended bundle if there is one, else the one that was compiled in.
///
/// # Errors
///
/// If the executable cannot be read, or its bundle is damaged.
pub(crate) fn bundle() -> Result<Bundle<'static>> {
    let bytes = match appended().context("cannot read this executable")? {
        Some(bytes) => bytes,
        None => compiled_in(),
    };
    Bundle::open(bytes).context("cannot open the bundle in this executable")
}

/// Maps the appended bundle into memory. No other access to a file follows.
fn appended() -> Result<Option<&'static [u8]>> {
    let executable = File::open(env::current_exe()?)?;
    let Some(packed) = Packed::find(&executable)? else {
        return Ok(None);
    };
    let mut options = MmapOptions::new();
    options.offset(packed.bundle_offset).len(usize::try_from(packed.bundle_length)?);
    // SAFETY: the mapping is read-only and never unmapped, so the slice is valid for 'static.
    // Its bytes do not change as long as nobody writes into the file of a running executable:
    // Linux refuses that (ETXTBSY), and `hardtack pack` and package managers replace the file.
    let mapping = unsafe { options.map(&executable)? };
    Ok(Some(Box::leak(Box::new(mapping))))
}

// The bundle in the executable's read-only data: `.incbin` and not `include_bytes!`, because the
// latter takes rustc several times as long and as much memory for a large bundle. The digest is
// there to make this text depend on the bundle's content, which the compiler does not look at.
#[cfg(all(unix, not(target_vendor = "apple")))]
std::arch::global_asm!(
    concat!("// ", env!("HARDTACK_BUNDLE_DIGEST")),
    ".pushsection .rodata.hardtack_bundle, \"a\"",
    ".balign 64",
    ".globl hardtack_bundle_start",
    ".hidden hardtack_bundle_start",
    "hardtack_bundle_start:",
    concat!(".incbin \"", env!("HARDTACK_BUNDLE"), "\""),
    ".globl hardtack_bundle_end",
    ".hidden hardtack_bundle_end",
    "hardtack_bundle_end:",
    ".popsection",
);

/// The bundle that was compiled in.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn compiled_in() -> &'static [u8] {
    unsafe extern "C" {
        static hardtack_bundle_start: u8;
        static hardtack_bundle_end: u8;
    }

    let (start, end) = (&raw const hardtack_bundle_start, &raw const hardtack_bundle_end);
    // SAFETY: the assembly above defines both symbols, in this order and in one section, with
    // the bundle's bytes between them. They are read-only data, which is never unmapped.
    unsafe { std::slice::from_raw_parts(start, end.addr() - start.addr()) }
}

/// The bundle that was compiled in, where the assembler's directives are others.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn compiled_in() -> &'static [u8] {
    include_bytes!(env!("HARDTACK_BUNDLE"))
}
