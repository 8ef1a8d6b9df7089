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
/// executable once more, and [`Program::read`] could not tell which ones are the record.
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
    pub(crate) fn plan(executable: &Program, bundle: &Bundle<'_>) -> Self {
        Self {
            executable_length: executable.length,
            bundle_offset: executable.length.next_multiple_of(ALIGNMENT),
            bundle_length: bundle.length() as u64,
            digest: bundle.digest(),
            executable_digest: executable.digest,
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

    /// Checks that a packed executable, of which these are all bytes, is the ordinary executable, but
    /// for the record, and as many more bytes as it has to be.
    pub(crate) fn check_program(&self, executable: &[u8], present: &Record) -> Result<()> {
        self.check_length(executable.len() as u64)?;
        self.program(executable, present).map(drop)
    }

    /// The ordinary executable that a packed one begins with.
    pub(crate) fn program(&self, executable: impl Read, present: &Record) -> Result<Program> {
        let program = Program::read(executable.take(self.executable_length), present)?;
        let is_whole = program.length == self.executable_length;
        ensure!(
            is_whole && program.digest == self.executable_digest,
            "this executable is not as `hardtack pack` wrote it: its program was changed; copy it \
             again, or pack the site again"
        );
        Ok(program)
    }

    /// The record of an executable with that bundle, made of the one that is present.
    pub(crate) fn record(&self, present: &Record) -> Record {
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

/// An executable without a bundle behind it, as it is before it is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// In bytes.
    pub(crate) length: u64,
    /// Where its record begins.
    pub(crate) record_offset: u64,
    /// Its SHA-256 with the record of an ordinary executable.
    digest: [u8; 32],
}

/// Bytes that are read at once.
const BLOCK: u64 = 256 << 10;

impl Program {
    /// Reads an executable, which has this record.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or has the record in no place, or in several.
    pub(crate) fn read(mut executable: impl Read, present: &Record) -> Result<Self> {
        let finder = memmem::Finder::new(present);
        let (mut digest, mut record_offset, mut hashed) = (Sha256::new(), None, 0);
        // The bytes that are not hashed yet. A record may lie across two blocks, so the last bytes of
        // a block, too few for a record, wait for the next one.
        let mut bytes = Vec::with_capacity(BLOCK as usize + present.len());
        while executable.by_ref().take(BLOCK).read_to_end(&mut bytes)? > 0 {
            let places: Vec<usize> = finder.find_iter(&bytes).collect();
            for place in places {
                ensure!(record_offset.is_none(), NOT_IN_ONE_PLACE);
                record_offset = Some(hashed + place as u64);
                bytes[place..][..present.len()].copy_from_slice(&ordinary(present));
            }
            let waiting = bytes.len().saturating_sub(present.len() - 1);
            digest.update(&bytes[..waiting]);
            bytes.drain(..waiting);
            hashed += waiting as u64;
        }
        digest.update(&bytes);
        let length = hashed + bytes.len() as u64;
        let record_offset = record_offset.context(NOT_IN_ONE_PLACE)?;
        Ok(Self { length, record_offset, digest: digest.finalize().into() })
    }
}

const NOT_IN_ONE_PLACE: &str = "the executable does not have its record in one place";

/// The record of the ordinary executable, made of the one that is present.
fn ordinary(present: &Record) -> Record {
    let mut record = [0; _];
    record[..MAGIC_LENGTH].copy_from_slice(&present[..MAGIC_LENGTH]);
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use hardtack_bundle::Writer;

    fn bundle(at: &str) -> Bundle<'static> {
        Bundle::open(Writer::new(at).finish().unwrap().leak()).unwrap()
    }

    fn executable(record: &Record) -> Vec<u8> {
        [&[7; 50][..], record, &[8; 50]].concat()
    }

    fn program(record: &Record) -> Program {
        Program::read(&executable(record)[..], record).unwrap()
    }

    #[test]
    fn a_record_says_where_the_bundle_is() {
        let (one, other) = (bundle("/a/"), bundle("/b/"));
        let ordinary = program(&NOT_PACKED);
        let packed = Packed::plan(&ordinary, &one);
        assert_eq!((packed.executable_length, packed.bundle_offset), (204, ALIGNMENT));
        assert_eq!((ordinary.length, ordinary.record_offset), (204, 50));
        let digest: [u8; 32] = Sha256::digest(executable(&NOT_PACKED)).into();
        assert_eq!(packed.executable_digest, digest);
        let record = packed.record(&NOT_PACKED);
        assert_eq!(Packed::of(&record), Some(packed));
        // A packed executable is packed again as the ordinary one.
        assert_eq!(program(&record), ordinary);
        assert!(packed.check_digest(&one).is_ok());
        assert!(packed.check_digest(&other).is_err());
    }

    #[test]
    fn a_packed_executable_begins_with_the_ordinary_one() {
        let bundle = bundle("/");
        let packed = Packed::plan(&program(&NOT_PACKED), &bundle);
        let record = packed.record(&NOT_PACKED);
        let mut executable = executable(&record);
        assert!(packed.program(&executable[..203], &record).is_err());
        executable.resize(packed.bundle_offset as usize + bundle.length(), 0);
        assert_eq!(packed.program(&executable[..], &record).unwrap(), program(&NOT_PACKED));
        assert!(packed.check_program(&executable, &record).is_ok());
        assert!(packed.check_program(&executable[1..], &record).is_err());
        executable[0] ^= 1;
        let changed = packed.check_program(&executable, &record).unwrap_err().to_string();
        assert!(changed.contains("its program was changed"), "{changed}");
    }

    #[test]
    fn a_record_may_lie_across_two_blocks() {
        for before in [0, 1, BLOCK - 104, BLOCK - 103, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK - 52]
        {
            for behind in [0, 1, 103, BLOCK] {
                let (before, behind) = (vec![7; before as usize], vec![8; behind as usize]);
                let executable = [&before[..], &NOT_PACKED, &behind].concat();
                let program = Program::read(&executable[..], &NOT_PACKED).unwrap();
                let place = (program.length, program.record_offset);
                assert_eq!(place, (executable.len() as u64, before.len() as u64));
                assert_eq!(program.digest, <[u8; 32]>::from(Sha256::digest(&executable)));
            }
        }
    }

    #[test]
    fn the_record_of_another_executable_is_found() {
        let record = Packed::plan(&program(&NOT_PACKED), &bundle("/")).record(&NOT_PACKED);
        let executable = executable(&record);
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
        let far = vec![0; 2 * BLOCK as usize];
        for executable in [
            vec![],
            vec![0; 100],
            [NOT_PACKED, NOT_PACKED].concat(),
            [&NOT_PACKED[..], &far, &NOT_PACKED].concat(),
        ] {
            let error = Program::read(&executable[..], &NOT_PACKED).unwrap_err().to_string();
            assert_eq!(error, NOT_IN_ONE_PLACE);
        }
    }

    #[test]
    fn every_other_length_is_an_error() {
        let packed = Packed::plan(&program(&NOT_PACKED), &bundle("/"));
        let length = packed.bundle_offset + packed.bundle_length;
        assert!(packed.check_length(length).is_ok());
        for other in [0, 204, ALIGNMENT, length - 1, length + 1, u64::MAX] {
            let message = packed.check_length(other).unwrap_err().to_string();
            assert!(message.contains("copy it again"), "{message}");
        }
        let overflowing = Packed { bundle_offset: u64::MAX, ..packed };
        assert!(overflowing.check_length(length).is_err());
    }

    #[test]
    fn padding_fills_the_gap() {
        let mut padding = Vec::new();
        let packed = Packed::plan(&program(&NOT_PACKED), &bundle("/"));
        packed.padding().read_to_end(&mut padding).unwrap();
        assert_eq!(padding, vec![0; 65_332]);
    }
}
