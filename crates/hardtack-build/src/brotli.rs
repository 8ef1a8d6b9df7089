//! Brotli's C library: it makes streams (RFC 7932), and makes and reads streams with a dictionary, which stand
//! behind the header of `dcb` (RFC 9842 §4).
//!
//! The one module of this crate with `unsafe` code.
#![allow(unsafe_code)]

use std::{io, ptr, slice};

use compu_brotli_sys as brotli;

use crate::window::window_log;

/// The best quality.
const BEST: u32 = 11;

/// Compresses bytes. `quality` is from 0 to 11.
pub(crate) fn encode(bytes: &[u8], quality: u32) -> io::Result<Vec<u8>> {
    Encoder::new(bytes.len(), quality)?.finish(bytes)
}

/// Compresses bytes with a dictionary, at the best quality.
pub(crate) fn encode_with(dictionary: &[u8], bytes: &[u8]) -> io::Result<Vec<u8>> {
    // It has to live longer than the encoder, which is therefore made after it.
    let prepared = Prepared::of(dictionary, BEST)?;
    let encoder = Encoder::new(bytes.len(), BEST)?;
    encoder.attach(&prepared)?;
    encoder.finish(bytes)
}

/// Decompresses bytes with a dictionary, up to a limit.
///
/// # Errors
///
/// If the stream is malformed, cut off or followed by other bytes, or exceeds the limit.
pub(crate) fn decode_with(dictionary: &[u8], coded: &[u8], most: usize) -> io::Result<Vec<u8>> {
    let decoder = Decoder::new()?;
    decoder.attach(dictionary)?;
    decoder.decode(coded, most)
}

/// A dictionary in the form that an encoder needs.
struct Prepared<'a> {
    state: *mut brotli::BrotliEncoderPreparedDictionary,
    _dictionary: &'a [u8],
}

impl<'a> Prepared<'a> {
    fn of(dictionary: &'a [u8], quality: u32) -> io::Result<Self> {
        // SAFETY: the pointer and the length are those of a slice, which the value borrows as long
        // as it lives. Without functions of ours, the library allocates by itself.
        let state = unsafe {
            brotli::BrotliEncoderPrepareDictionary(
                brotli::BrotliSharedDictionaryType_BROTLI_SHARED_DICTIONARY_RAW,
                dictionary.len(),
                dictionary.as_ptr(),
                quality.try_into().unwrap_or(i32::MAX),
                None,
                None,
                ptr::null_mut(),
            )
        };
        if state.is_null() { Err(failed()) } else { Ok(Self { state, _dictionary: dictionary }) }
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        // SAFETY: the library made it, and nothing uses it any more.
        unsafe { brotli::BrotliEncoderDestroyPreparedDictionary(self.state) }
    }
}

struct Encoder {
    state: *mut brotli::BrotliEncoderState,
}

impl Encoder {
    /// An encoder of so many bytes, with a window that holds them all, up to the largest window of the
    /// standard (RFC 7932 §9.1).
    fn new(length: usize, quality: u32) -> io::Result<Self> {
        // SAFETY: without functions of ours, the library allocates by itself.
        let state = unsafe { brotli::BrotliEncoderCreateInstance(None, None, ptr::null_mut()) };
        if state.is_null() {
            return Err(failed());
        }
        let encoder = Self { state };
        let window_bits = window_log(length).clamp(16, 24);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        encoder.set(brotli::BrotliEncoderParameter_BROTLI_PARAM_QUALITY, quality)?;
        encoder.set(brotli::BrotliEncoderParameter_BROTLI_PARAM_LGWIN, window_bits)?;
        encoder.set(brotli::BrotliEncoderParameter_BROTLI_PARAM_SIZE_HINT, length)?;
        Ok(encoder)
    }

    fn set(&self, parameter: brotli::BrotliEncoderParameter, value: u32) -> io::Result<()> {
        // SAFETY: the state is valid as long as this value lives.
        check(unsafe { brotli::BrotliEncoderSetParameter(self.state, parameter, value) })
    }

    fn attach(&self, prepared: &Prepared<'_>) -> io::Result<()> {
        // SAFETY: both states are valid; `encode_with` drops the encoder before the dictionary.
        check(unsafe { brotli::BrotliEncoderAttachPreparedDictionary(self.state, prepared.state) })
    }

    /// The whole stream of these bytes.
    fn finish(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let (mut left, mut next) = (bytes.len(), bytes.as_ptr());
        let mut coded = Vec::new();
        loop {
            // SAFETY: `left` bytes can be read at `next`, at first all of the slice, and the
            // library moves both together. No room is given for output, which is taken below.
            check(unsafe {
                brotli::BrotliEncoderCompressStream(
                    self.state,
                    brotli::BrotliEncoderOperation_BROTLI_OPERATION_FINISH,
                    &mut left,
                    &mut next,
                    &mut 0,
                    &mut ptr::null_mut(),
                    ptr::null_mut(),
                )
            })?;
            let mut length = 0;
            // SAFETY: the state is valid. The library says how many bytes it returns; they stay
            // where they are until its next call.
            let output = unsafe { brotli::BrotliEncoderTakeOutput(self.state, &mut length) };
            // SAFETY: as above.
            coded.extend_from_slice(unsafe { bytes_at(output, length) });
            // SAFETY: the state is valid.
            if unsafe { brotli::BrotliEncoderIsFinished(self.state) } != 0 {
                return Ok(coded);
            }
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: the library made it, and nothing uses it any more.
        unsafe { brotli::BrotliEncoderDestroyInstance(self.state) }
    }
}

struct Decoder<'a> {
    state: *mut brotli::BrotliDecoderState,
    _dictionary: std::marker::PhantomData<&'a [u8]>,
}

impl<'a> Decoder<'a> {
    fn new() -> io::Result<Self> {
        // SAFETY: without functions of ours, the library allocates by itself.
        let state = unsafe { brotli::BrotliDecoderCreateInstance(None, None, ptr::null_mut()) };
        let _dictionary = std::marker::PhantomData;
        if state.is_null() { Err(failed()) } else { Ok(Self { state, _dictionary }) }
    }

    fn attach(&self, dictionary: &'a [u8]) -> io::Result<()> {
        // SAFETY: the state is valid, and the slice outlives it.
        check(unsafe {
            brotli::BrotliDecoderAttachDictionary(
                self.state,
                brotli::BrotliSharedDictionaryType_BROTLI_SHARED_DICTIONARY_RAW,
                dictionary.len(),
                dictionary.as_ptr(),
            )
        })
    }

    fn decode(&self, coded: &[u8], most: usize) -> io::Result<Vec<u8>> {
        let (mut left, mut next) = (coded.len(), coded.as_ptr());
        let mut bytes = Vec::new();
        loop {
            // SAFETY: `left` bytes can be read at `next`, at first all of the slice, and the
            // library moves both together. No room is given for output, which is taken below.
            let result = unsafe {
                brotli::BrotliDecoderDecompressStream(
                    self.state,
                    &mut left,
                    &mut next,
                    &mut 0,
                    &mut ptr::null_mut(),
                    ptr::null_mut(),
                )
            };
            let mut length = 0;
            // SAFETY: the state is valid. The library says how many bytes it returns; they stay
            // where they are until its next call.
            let output = unsafe { brotli::BrotliDecoderTakeOutput(self.state, &mut length) };
            // SAFETY: as above.
            bytes.extend_from_slice(unsafe { bytes_at(output, length) });
            match result {
                brotli::BrotliDecoderResult_BROTLI_DECODER_RESULT_SUCCESS
                    if left == 0 && bytes.len() <= most =>
                {
                    return Ok(bytes);
                }
                brotli::BrotliDecoderResult_BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT
                    if bytes.len() <= most => {}
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        // SAFETY: the library made it, and nothing uses it any more.
        unsafe { brotli::BrotliDecoderDestroyInstance(self.state) }
    }
}

/// # Safety
///
/// So many bytes have to be readable there, and to stay unchanged while they are used.
unsafe fn bytes_at<'a>(start: *const u8, length: usize) -> &'a [u8] {
    // The library may return no pointer for no bytes.
    if length == 0 {
        return &[];
    }
    // SAFETY: the caller promises it.
    unsafe { slice::from_raw_parts(start, length) }
}

fn check(is_done: i32) -> io::Result<()> {
    if is_done == 0 { Err(failed()) } else { Ok(()) }
}

fn failed() -> io::Error {
    io::Error::other("Brotli's library failed, perhaps for want of memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: usize) -> Vec<u8> {
        (0..words).flat_map(|n| format!("word{} ", n * n % 1009).into_bytes()).collect()
    }

    #[test]
    fn what_is_coded_decodes_with_the_dictionary_and_not_without() {
        for length in [0, 1, 100, 40_000] {
            let old = text(length);
            let new = [&old[..old.len() / 2], b"something new", &old[old.len() / 2..]].concat();
            let coded = encode_with(&old, &new).unwrap();
            assert_eq!(decode_with(&old, &coded, new.len()).unwrap(), new, "{length}");
            assert!(decode_with(&old, &coded, new.len() - 1).is_err(), "{length}");
            if length > 1 {
                assert!(coded.len() < 60, "{length}: {}", coded.len());
                let without = decode_with(b"", &coded, new.len());
                assert!(without.ok().is_none_or(|other| other != new));
                let cut_off = &coded[..coded.len() - 1];
                assert!(decode_with(&old, cut_off, new.len()).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn bytes_behind_the_stream_are_an_error() {
        let mut coded = encode_with(b"old", b"new").unwrap();
        assert!(decode_with(b"old", &coded, 3).is_ok());
        coded.push(0);
        assert!(decode_with(b"old", &coded, 3).is_err());
    }
}
