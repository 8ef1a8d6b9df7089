//! The place of a bundle that was appended to an executable.
//!
//! A packed executable is an ordinary one, zeros up to the next multiple of [`ALIGNMENT`], and a
//! bundle, which ends the file. A record says so. It lies in the executable's own data, where
//! neither `strip` nor a copy that ended early removes it without the program:
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 16 | magic |
//! | 16 | 8 | length of the ordinary executable, little-endian |
//! | 24 | 8 | offset of the bundle |
//! | 32 | 8 | length of the bundle |
//! | 40 | 32 | digest of the bundle |
//! | 72 | 32 | SHA-256 of the ordinary executable |
//!
//! In an executable that was not packed, zeros follow the magic.

use std::io::{self, Read};

use anyhow::{Context, Result, ensure};
use hardtack_bundle::Bundle;
use memchr::memmem;
use sha2::{Digest, Sha256};

/// The bytes of a record.
pub(crate) type Record = [u8; 104];

/// The record of an executable that was not packed.
///
/// The one use of this constant is the record itself. Any other would put these bytes into the
/// executable once more, and [`Packed::write`] could not tell which ones are the record.
pub(crate) const NOT_PACKED: Record = {
    let mut record = [0; _];
    record.split_at_mut(MAGIC_LENGTH).0.copy_from_slice(b"hardtack record\n");
    record
};

const MAGIC_LENGTH: usize = 16;

/// A page, on every machine that we know of, so that the bundle can be mapped on its own.
const ALIGNMENT: u64 = 65_536;

/// The parts of a packed executable, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) executable_length: u64,
    pub(crate) bundle_offset: u64,
    pub(crate) bundle_length: u64,
    pub(crate) digest: [u8; 32],
    pub(crate) executable_digest: [u8; 32],
}

impl Packed {
    /// How a bundle is appended to an ordinary executable.
    pub(crate) fn plan(executable: &[u8], bundle: &Bundle<'_>) -> Self {
        let executable_length = executable.len() as u64;
        Self {
            executable_length,
            bundle_offset: executable_length.next_multiple_of(ALIGNMENT),
            bundle_length: bundle.length() as u64,
            digest: bundle.digest(),
            executable_digest: Sha256::digest(executable).into(),
        }
    }

    /// The place of the bundle by a record; nothing if the executable was not packed.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let (rest, executable_digest) = record[MAGIC_LENGTH..].split_last_chunk()?;
        let (numbers, digest) = rest.split_last_chunk()?;
        let mut numbers = numbers.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let packed = Self {
            executable_length: numbers.next()?,
            bundle_offset: numbers.next()?,
            bundle_length: numbers.next()?,
            digest: *digest,
            executable_digest: *executable_digest,
        };
        (packed.executable_length > 0).then_some(packed)
    }

    /// The record of another Hardtack executable, which may be for another machine. `ours` is a record,
    /// whose magic is looked for: a magic of its own would occur once more in this executable.
    pub(crate) fn find(executable: &[u8], ours: &Record) -> Option<Record> {
        let place = memmem::find(executable, &ours[..MAGIC_LENGTH])?;
        executable[place..].first_chunk().copied()
    }

    /// Checks the length of the file.
    pub(crate) fn check_length(&self, length: u64) -> Result<()> {
        let expected = self.bundle_offset.saturating_add(self.bundle_length);
        ensure!(
            length == expected,
            "this executable is not as `hardtack pack` wrote it: it has {length} bytes instead of \
             {expected}; copy it again, or pack the site again, and let nothing change it \
             afterwards, such as `strip`"
        );
        Ok(())
    }

    /// Checks that a bundle is the one that was appended.
    pub(crate) fn check_digest(&self, bundle: &Bundle<'_>) -> Result<()> {
        ensure!(bundle.digest() == self.digest, "it is not the bundle that was packed");
        Ok(())
    }

    /// Makes the ordinary executable again of a packed one's bytes, and checks that it is that one.
    /// Returns the record that it has then.
    pub(crate) fn undo(&self, executable: &mut Vec<u8>, present: &Record) -> Result<Record> {
        self.check_program(executable, present)?;
        executable.truncate(usize::try_from(self.executable_length)?);
        let ordinary = ordinary(present);
        replace(executable, present, &ordinary)?;
        Ok(ordinary)
    }

    /// Checks that a packed executable's bytes are the ordinary executable, but for the record, and as
    /// many more as they have to be.
    pub(crate) fn check_program(&self, executable: &[u8], present: &Record) -> Result<()> {
        self.check_length(executable.len() as u64)?;
        let program = executable.get(..usize::try_from(self.executable_length)?);
        let program = program.context("it has no program")?;
        let place = only_place(program, present)?;
        let mut digest = Sha256::new();
        digest.update(&program[..place]);
        digest.update(ordinary(present));
        digest.update(&program[place + present.len()..]);
        ensure!(
            digest.finalize()[..] == self.executable_digest,
            "this executable is not as `hardtack pack` wrote it: its program was changed; copy it \
             again, or pack the site again"
        );
        Ok(())
    }

    /// Writes the record into an ordinary executable that has this one.
    pub(crate) fn write(&self, executable: &mut [u8], present: &Record) -> Result<()> {
        replace(executable, present, &self.record(present))
    }

    fn record(&self, present: &Record) -> Record {
        let numbers = [self.executable_length, self.bundle_offset, self.bundle_length];
        let numbers = numbers.map(u64::to_le_bytes).concat();
        let parts = [&present[..MAGIC_LENGTH], &numbers, &self.digest, &self.executable_digest];
        *parts.concat().first_chunk().expect("the parts are as long as the record")
    }

    /// The zeros between the executable and the bundle.
    pub(crate) fn padding(&self) -> impl Read + use<> {
        io::repeat(0).take(self.bundle_offset - self.executable_length)
    }
}

/// The record of the ordinary executable, made of the one that is present.
fn ordinary(present: &Record) -> Record {
    let mut record = [0; _];
    record[..MAGIC_LENGTH].copy_from_slice(&present[..MAGIC_LENGTH]);
    record
}

fn only_place(executable: &[u8], record: &Record) -> Result<usize> {
    let mut places = memmem::find_iter(executable, record);
    let place = places.next().filter(|_| places.next().is_none());
    place.context("the executable does not have its record in one place")
}

fn replace(executable: &mut [u8], present: &Record, record: &Record) -> Result<()> {
    let place = only_place(executable, present)?;
    executable[place..][..present.len()].copy_from_slice(record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hardtack_bundle::Writer;

    fn bundle(at: &str) -> Bundle<'static> {
        Bundle::open(Writer::new(at).finish().unwrap().leak()).unwrap()
    }

    #[test]
    fn a_record_is_found_and_replaced() {
        let (one, other) = (bundle("/a/"), bundle("/b/"));
        let mut executable = [&[7; 50][..], &NOT_PACKED, &[8; 50]].concat();
        let packed = Packed::plan(&executable, &one);
        assert_eq!((packed.executable_length, packed.bundle_offset), (204, ALIGNMENT));
        packed.write(&mut executable, &NOT_PACKED).unwrap();
        let record: Record = *executable[50..].first_chunk().unwrap();
        assert_eq!(Packed::of(&record), Some(packed));
        assert_eq!((&executable[..50], &executable[154..]), (&[7; 50][..], &[8; 50][..]));
        let again = Packed::plan(&[0; 204], &other);
        again.write(&mut executable, &record).unwrap();
        assert_eq!(Packed::of(executable[50..].first_chunk().unwrap()), Some(again));
        assert!(again.check_digest(&other).is_ok());
        assert!(again.check_digest(&one).is_err());
    }

    #[test]
    fn a_packed_executable_becomes_the_ordinary_one_again() {
        let ordinary = [&[7; 50][..], &NOT_PACKED, &[8; 50]].concat();
        let bundle = bundle("/");
        let packed = Packed::plan(&ordinary, &bundle);
        let mut executable = ordinary.clone();
        packed.write(&mut executable, &NOT_PACKED).unwrap();
        executable.resize(packed.bundle_offset as usize + bundle.length(), 0);
        let record = packed.record(&NOT_PACKED);
        let undo = |executable: &[u8]| {
            let mut bytes = executable.to_vec();
            packed.undo(&mut bytes, &record).map(|record| (bytes, record))
        };
        assert_eq!(undo(&executable).unwrap(), (ordinary, NOT_PACKED));
        executable[0] ^= 1;
        assert!(undo(&executable).unwrap_err().to_string().contains("its program was changed"));
        assert!(undo(&executable[1..]).is_err());
    }

    #[test]
    fn the_record_of_another_executable_is_found() {
        let record = Packed::plan(&[7; 204], &bundle("/")).record(&NOT_PACKED);
        let executable = [&[7; 50][..], &record, &[8; 50]].concat();
        assert_eq!(Packed::find(&executable, &NOT_PACKED), Some(record));
        assert_eq!(Packed::find(&executable[..100], &NOT_PACKED), None);
        assert_eq!(Packed::find(&[7; 100], &NOT_PACKED), None);
    }

    #[test]
    fn an_ordinary_executable_is_not_packed() {
        assert_eq!(Packed::of(&NOT_PACKED), None);
    }

    #[test]
    fn a_record_in_no_place_or_two_is_an_error() {
        let packed = Packed::plan(&[1; 5], &bundle("/"));
        for executable in [vec![0; 100], [NOT_PACKED, NOT_PACKED].concat()] {
            let mut written = executable.clone();
            assert!(packed.write(&mut written, &NOT_PACKED).is_err());
            assert_eq!(written, executable);
        }
    }

    #[test]
    fn every_other_length_is_an_error() {
        let packed = Packed::plan(&[1; 5], &bundle("/"));
        let length = packed.bundle_offset + packed.bundle_length;
        assert!(packed.check_length(length).is_ok());
        for other in [0, 5, ALIGNMENT, length - 1, length + 1, u64::MAX] {
            let message = packed.check_length(other).unwrap_err().to_string();
            assert!(message.contains("copy it again"), "{message}");
        }
        let overflowing = Packed { bundle_offset: u64::MAX, ..packed };
        assert!(overflowing.check_length(length).is_err());
    }

    #[test]
    fn padding_fills_the_gap() {
        let mut padding = Vec::new();
        Packed::plan(&[1; 5], &bundle("/")).padding().read_to_end(&mut padding).unwrap();
        assert_eq!(padding, vec![0; 65_531]);
    }
}
