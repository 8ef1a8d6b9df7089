//! The place of a bundle that was appended to an executable.
//!
//! A packed executable is an ordinary one, zeros up to the next multiple of [`ALIGNMENT`], a
//! bundle, and a trailer of 40 bytes:
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 16 | [`MAGIC`] |
//! | 16 | 8 | length of the ordinary executable, little-endian |
//! | 24 | 8 | offset of the bundle |
//! | 32 | 8 | length of the bundle |

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use anyhow::{Result, ensure};

/// Begins the trailer.
const MAGIC: [u8; 16] = *b"hardtack packed\n";

const TRAILER: usize = 40;

/// A page, on every machine that we know of, so that the bundle can be mapped on its own.
const ALIGNMENT: u64 = 65_536;

/// The parts of a packed executable, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) executable_length: u64,
    pub(crate) bundle_offset: u64,
    pub(crate) bundle_length: u64,
}

impl Packed {
    /// How a bundle is appended to an executable.
    pub(crate) fn plan(executable_length: u64, bundle_length: u64) -> Self {
        let bundle_offset = executable_length.next_multiple_of(ALIGNMENT);
        Self { executable_length, bundle_offset, bundle_length }
    }

    /// Looks for a trailer at the end of a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or there is a trailer that does not fit the file.
    pub(crate) fn find(mut file: &File) -> Result<Option<Self>> {
        let length = file.metadata()?.len();
        let Some(start) = length.checked_sub(TRAILER as u64) else {
            return Ok(None);
        };
        let mut trailer = [0; TRAILER];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut trailer)?;
        let Some(packed) = Self::parse(&trailer) else {
            return Ok(None);
        };
        let expected = packed.bundle_offset.checked_add(packed.bundle_length);
        let fits = packed.executable_length <= packed.bundle_offset && expected == Some(start);
        ensure!(fits, "the bundle at its end is damaged: pack it again");
        Ok(Some(packed))
    }

    fn parse(trailer: &[u8; TRAILER]) -> Option<Self> {
        let (magic, numbers) = trailer.split_first_chunk()?;
        let mut numbers = numbers.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        (*magic == MAGIC).then_some(())?;
        Some(Self {
            executable_length: numbers.next()?,
            bundle_offset: numbers.next()?,
            bundle_length: numbers.next()?,
        })
    }

    pub(crate) fn trailer(&self) -> Vec<u8> {
        let numbers = [self.executable_length, self.bundle_offset, self.bundle_length];
        [MAGIC.to_vec(), numbers.map(u64::to_le_bytes).concat()].concat()
    }

    /// The zeros between the executable and the bundle.
    pub(crate) fn padding(&self) -> impl Read + use<> {
        io::repeat(0).take(self.bundle_offset - self.executable_length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn find(parts: &[&[u8]]) -> Result<Option<Packed>> {
        let mut file = tempfile::tempfile().unwrap();
        parts.iter().for_each(|part| file.write_all(part).unwrap());
        Packed::find(&file)
    }

    #[test]
    fn an_appended_bundle_is_found() {
        let packed = Packed::plan(5, 6);
        assert_eq!(packed.bundle_offset, ALIGNMENT);
        let mut padding = Vec::new();
        packed.padding().read_to_end(&mut padding).unwrap();
        let found = find(&[b"ELF..", &padding, b"bundle", &packed.trailer()]).unwrap();
        assert_eq!(found, Some(packed));
    }

    #[test]
    fn an_ordinary_file_has_none() {
        assert_eq!(find(&[]).unwrap(), None);
        assert_eq!(find(&[b"short"]).unwrap(), None);
        assert_eq!(find(&[&[7; 100]]).unwrap(), None);
    }

    #[test]
    fn a_trailer_that_does_not_fit_is_an_error() {
        let trailer = Packed::plan(5, 6).trailer();
        assert!(find(&[&[0; 11], &trailer]).is_err());
        let overflowing =
            Packed { executable_length: 0, bundle_offset: u64::MAX, bundle_length: 2 };
        assert!(find(&[b"x", &overflowing.trailer()]).is_err());
    }
}
