//! The bundle that this executable carries: compiled in, or appended by `hardtack pack`.
//!
//! Mapping and locking memory takes `unsafe` code.
#![allow(unsafe_code)]

use std::{fs::File, io};

use anyhow::{Context, Result};
use hardtack_bundle::Bundle;
use memmap2::MmapOptions;
use rustix::mm::mlock;
#[cfg(target_os = "linux")]
use rustix::mm::{Advice, madvise};

use crate::{
    packed::{NOT_PACKED, Packed, Record},
    settings::Memory,
};

/// Opens the bundle that was packed or compiled in. There is none in a program that is the tool
/// alone.
///
/// # Errors
///
/// If the executable cannot be read, or is not as it was packed, or its bundle is damaged. A packed
/// executable never falls back to the bundle that was compiled in.
pub(crate) fn bundle() -> Result<Option<Bundle<'static>>> {
    if let Some(packed) = Packed::of(&record()) {
        return appended(&packed).map(Some);
    }
    let bundle = compiled_in().map(Bundle::open).transpose();
    bundle.context("the site in this executable is damaged: build it again")
}

/// The record of this executable, as it was loaded into memory.
pub(crate) fn record() -> Record {
    // In the data of the executable, where `Program::read` finds it.
    static RECORD: Record = NOT_PACKED;

    // SAFETY: it reads a static. It is volatile because the file may contain other bytes than those
    // that the compiler knows.
    unsafe { (&raw const RECORD).read_volatile() }
}

/// Checks that the site is what was baked: hashes all of its bytes.
pub(crate) fn verify(bundle: &Bundle<'static>) -> Result<()> {
    bundle.verify_content().context(DAMAGED)
}

const DAMAGED: &str = "the site in this executable is damaged: copy it again, or pack it again";

/// Loads all of a bundle into memory at once, or keeps it there, so that no request waits for the
/// disk.
///
/// # Errors
///
/// If the system cannot do that, or the process may not.
pub(crate) fn keep_in_memory(bundle: &Bundle<'static>, memory: Memory) -> Result<()> {
    let pages = Pages::of(bundle.content());
    if memory.is_prefaulted {
        pages.populate().context("cannot load the site into memory (--prefault)")?;
    }
    if memory.is_locked {
        pages.lock().context(
            "cannot keep the site in memory (--lock-memory): raise the limit of locked memory, with \
             `ulimit -l` or LimitMEMLOCK=",
        )?;
    }
    Ok(())
}

/// Whole pages that are mapped.
struct Pages {
    start: *mut std::ffi::c_void,
    length: usize,
}

impl Pages {
    fn of(bytes: &'static [u8]) -> Self {
        let before = bytes.as_ptr().addr() % rustix::param::page_size();
        let start = bytes.as_ptr().wrapping_sub(before).cast_mut().cast();
        Self { start, length: bytes.len() + before }
    }

    #[cfg(target_os = "linux")]
    fn populate(&self) -> io::Result<()> {
        // SAFETY: the pages hold 'static bytes, so they are mapped; reading them ahead changes
        // nothing that could be seen.
        Ok(unsafe { madvise(self.start, self.length, Advice::LinuxPopulateRead) }?)
    }

    #[cfg(not(target_os = "linux"))]
    fn populate(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn lock(&self) -> io::Result<()> {
        // SAFETY: as above; nor does it matter to anything but time where the pages are.
        Ok(unsafe { mlock(self.start, self.length) }?)
    }
}

/// Maps the appended bundle into memory. No other access to a file follows.
fn appended(packed: &Packed) -> Result<Bundle<'static>> {
    let executable = executable().context("cannot read this executable")?;
    packed.check_length(executable.metadata()?.len())?;
    let mut options = MmapOptions::new();
    options.offset(packed.bundle_offset).len(usize::try_from(packed.bundle_length)?);
    // SAFETY: the mapping is read-only and never unmapped, so the slice is valid for 'static.
    // Its bytes do not change as long as nobody writes into the file of a running executable:
    // Linux refuses that (ETXTBSY), and `hardtack pack` and package managers replace the file.
    let mapping = unsafe { options.map(&executable) }.context("cannot map this executable")?;
    let bundle = Bundle::open(Box::leak(Box::new(mapping))).context(DAMAGED)?;
    packed.check_digest(&bundle).context(DAMAGED)?;
    Ok(bundle)
}

/// This executable, which may have been replaced at its path since it was started.
#[cfg(target_os = "linux")]
pub(crate) fn executable() -> io::Result<File> {
    File::open("/proc/self/exe").or_else(|error| without_proc().ok_or(error))
}

/// The executable at the path by which this process was started, if /proc is not mounted. A worker's
/// supervisor gives it the whole path.
#[cfg(target_os = "linux")]
fn without_proc() -> Option<File> {
    let program = std::env::args_os().next()?;
    let path = std::path::Path::new(&program);
    let folders = std::env::var_os("PATH").unwrap_or_default();
    match path.components().count() {
        1 => std::env::split_paths(&folders).find_map(|folder| File::open(folder.join(path)).ok()),
        _ => File::open(path).ok(),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn executable() -> io::Result<File> {
    File::open(std::env::current_exe()?)
}

// The bundle in the executable's read-only data: `.incbin` and not `include_bytes!`, because the
// latter takes rustc several times as long and as much memory for a large bundle. The digest is
// there to make this text depend on the bundle's content, which the compiler does not look at.
#[cfg(all(feature = "site", unix, not(target_vendor = "apple")))]
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
#[cfg(all(feature = "site", unix, not(target_vendor = "apple")))]
fn compiled_in() -> Option<&'static [u8]> {
    unsafe extern "C" {
        static hardtack_bundle_start: u8;
        static hardtack_bundle_end: u8;
    }

    let (start, end) = (&raw const hardtack_bundle_start, &raw const hardtack_bundle_end);
    // SAFETY: the assembly above defines both symbols, in this order and in one section, with
    // the bundle's bytes between them. They are read-only data, which is never unmapped.
    Some(unsafe { std::slice::from_raw_parts(start, end.addr() - start.addr()) })
}

/// The bundle that was compiled in, where the assembler's directives are others.
#[cfg(all(feature = "site", not(all(unix, not(target_vendor = "apple")))))]
fn compiled_in() -> Option<&'static [u8]> {
    Some(include_bytes!(env!("HARDTACK_BUNDLE")))
}

/// The tool alone carries no site.
#[cfg(not(feature = "site"))]
fn compiled_in() -> Option<&'static [u8]> {
    None
}
