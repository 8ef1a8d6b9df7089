//! Huffman-coded strings (RFC 7541 §5.2, App. B).
//!
//! The code is canonical: codes of the same length are consecutive, in the order of their symbols,
//! and they continue where the shorter ones end. So the lengths are enough to derive it.

use super::Malformed;

/// The number of bits in the code of each byte, and of EOS at the end.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// Codes that aren't longer than this are found with one lookup.
const SHORT: usize = 8;
const LONGEST: usize = 30;

static CODE: Code = Code::derive();

/// Appends the bytes that `text` stands for to `out`.
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    out.reserve(text.len().saturating_mul(8) / 5); // The shortest code has five bits.
    let mut bits = Bits { buffer: 0, count: 0, rest: text };
    loop {
        bits.refill();
        let (byte, length) = CODE.find(bits.window())?;
        if u32::from(length) > bits.count {
            return bits.expect_padding();
        }
        out.push(byte);
        bits.skip(length);
    }
}

/// A reader of bits.
#[derive(Debug)]
struct Bits<'a> {
    /// The next bits, from the highest one on. Zeros follow.
    buffer: u64,
    /// How many bits are in the buffer.
    count: u32,
    /// The bytes that aren't in the buffer yet.
    rest: &'a [u8],
}

impl Bits<'_> {
    /// Fills the buffer such that it has at least 32 bits, or all there are.
    #[inline]
    fn refill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some((chunk, rest)) = self.rest.split_first_chunk() {
            self.buffer |= u64::from(u32::from_be_bytes(*chunk)) << (32 - self.count);
            self.count += 32;
            self.rest = rest;
        } else {
            self.refill_from_last_bytes();
        }
    }

    /// There are at most three bytes left, and there's room for four.
    fn refill_from_last_bytes(&mut self) {
        for &byte in self.rest {
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self.rest = &[];
    }

    /// The next 32 bits; zeros follow the last ones.
    #[inline]
    fn window(&self) -> u32 {
        (self.buffer >> 32) as u32
    }

    #[inline]
    fn skip(&mut self, length: u8) {
        self.buffer <<= length;
        self.count -= u32::from(length);
    }

    /// Checks bits at the end that aren't a whole code: at most seven ones, the beginning of EOS.
    fn expect_padding(&self) -> Result<(), Malformed> {
        let is_padding = self.count < 8 && self.buffer == !(u64::MAX >> self.count);
        if is_padding { Ok(()) } else { Err(Malformed) }
    }
}

/// The code, as it's derived from the lengths.
#[derive(Debug)]
struct Code {
    /// The byte and the length of the short code that eight bits begin with.
    /// The length is 0 if the code isn't short.
    short: [(u8, u8); 1 << SHORT],
    /// All bytes in the order of their codes. EOS has the last code, so it isn't needed.
    bytes: [u8; 256],
    /// For each length, the least 32 bits that are above all codes of this length.
    ends: [u64; LONGEST + 1],
    /// For each length, what makes a code the index of its byte when it's added (wrapping around).
    offsets: [usize; LONGEST + 1],
}

impl Code {
    const fn derive() -> Self {
        let mut this = Self {
            short: [(0, 0); 1 << SHORT],
            bytes: [0; 256],
            ends: [0; LONGEST + 1],
            offsets: [0; LONGEST + 1],
        };
        let mut code = 0;
        let mut index = 0;
        let mut length = 1;
        while length <= LONGEST {
            code <<= 1;
            this.offsets[length] = usize::wrapping_sub(index, code);
            let mut symbol: u16 = 0;
            while symbol < 257 {
                if LENGTHS[symbol as usize] as usize == length {
                    this.add(symbol, code, index);
                    code += 1;
                    index += 1;
                }
                symbol += 1;
            }
            this.ends[length] = (code as u64) << (32 - length);
            length += 1;
        }
        this
    }

    const fn add(&mut self, symbol: u16, code: usize, index: usize) {
        let [0, byte] = symbol.to_be_bytes() else {
            return; // EOS
        };
        self.bytes[index] = byte;
        let length = LENGTHS[symbol as usize];
        if length as usize <= SHORT {
            let unused_bits = SHORT - length as usize;
            let mut bits = code << unused_bits;
            while bits < (code + 1) << unused_bits {
                self.short[bits] = (byte, length);
                bits += 1;
            }
        }
    }

    /// The byte whose code these bits begin with, and the length of the code. EOS is malformed.
    #[inline]
    fn find(&self, window: u32) -> Result<(u8, u8), Malformed> {
        let [first, ..] = window.to_be_bytes();
        match self.short[usize::from(first)] {
            (_, 0) => self.find_long(window),
            found => Ok(found),
        }
    }

    #[cold]
    fn find_long(&self, window: u32) -> Result<(u8, u8), Malformed> {
        let lengths = (0..).zip(&self.ends).zip(&self.offsets).skip(SHORT + 1);
        for ((length, end), offset) in lengths {
            if u64::from(window) < *end {
                let code = (window >> (32 - u32::from(length))) as usize;
                let byte = self.bytes.get(code.wrapping_add(*offset)).ok_or(Malformed)?;
                return Ok((*byte, length));
            }
        }
        Err(Malformed)
    }
}

#[cfg(test)]
pub(super) mod tests;
