//! HPACK, the compression of header fields in HTTP/2 (RFC 7541).
//!
//! The [`Decoder`] reads all that may be sent: all representations, Huffman and the dynamic table. The
//! [`Encoder`] writes no Huffman, which costs more time than it saves.

mod decoder;
mod dynamic_table;
pub(crate) mod encoder;
mod fields;
mod huffman;
mod integer;
mod static_table;

pub(crate) use decoder::Decoder;
pub(crate) use encoder::Encoder;
pub(crate) use fields::Fields;

/// A header block that can't be decoded.
///
/// The dynamic table may then differ from the client's.
/// Thus the connection has to end, with a `COMPRESSION_ERROR` (RFC 9113 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Why a header block isn't decoded to its end. The connection has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockError {
    Malformed,
    /// Its fields are far larger than the limit: a few bytes may stand for thousands (RFC 9113 §10.5.1).
    TooLarge,
}

impl From<Malformed> for BlockError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

#[cfg(test)]
mod testing {
    /// The bytes that `digits` are the hexadecimal form of; spaces don't matter.
    pub(super) fn hex(digits: &str) -> Vec<u8> {
        let digits: Vec<u32> =
            digits.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16).unwrap()).collect();
        let (pairs, rest) = digits.as_chunks::<2>();
        assert!(rest.is_empty(), "half a byte");
        pairs.iter().map(|[high, low]| u8::try_from(high << 4 | low).unwrap()).collect()
    }

    /// Pseudo-random numbers (xorshift), the same ones in each run.
    pub(super) struct Random(pub(super) u64);

    impl Random {
        /// The next number, below `end`.
        pub(super) fn below(&mut self, end: u64) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from((self.0 >> 11) % end).unwrap()
        }

        /// Fewer than `end` bytes of any value.
        pub(super) fn bytes(&mut self, end: u64) -> Vec<u8> {
            (0..self.below(end)).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
        }
    }
}
