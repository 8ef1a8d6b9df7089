//! The bytes behind a content coding.

use std::io::{self, Read};

use brotli_decompressor::Decompressor;
use flate2::{bufread, read::MultiGzDecoder};
use hardtack_bundle::Coding;

/// Decodes bytes, up to a limit.
///
/// # Errors
///
/// If the bytes are not of that coding, are cut off, or exceed the limit when they are decoded.
pub(crate) fn decode(coding: Coding, coded: &[u8], most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader(coding, coded)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        Err(io::Error::other(format!("it holds more than {most} bytes")))
    } else {
        Ok(bytes)
    }
}

/// Whether bytes are of that coding, and decode to the expected bytes. No more than these are
/// decoded. A coding with a dictionary never does.
pub fn decodes_to(coding: Coding, coded: &[u8], expected: &[u8]) -> bool {
    let same = reader(coding, coded).and_then(|reader| is_same(reader, expected));
    same.unwrap_or(false)
}

/// Whether bytes decode to the expected bytes in every client: in gzip as a single member, in zstd
/// as a single frame with a window of at most 8 MB (RFC 9659).
pub(crate) fn clients_decode_to(coding: Coding, coded: &[u8], expected: &[u8]) -> bool {
    const WINDOW_LOG: u32 = 23;
    let in_gzip = || {
        let mut decoder = bufread::GzDecoder::new(coded);
        Ok(is_same(&mut decoder, expected)? && decoder.into_inner().is_empty())
    };
    let in_zstd = || {
        let mut decoder = zstd::Decoder::with_buffer(coded)?.single_frame();
        decoder.window_log_max(WINDOW_LOG)?;
        Ok(is_same(&mut decoder, expected)? && decoder.finish().is_empty())
    };
    let same: io::Result<bool> = match coding {
        Coding::Gzip => in_gzip(),
        Coding::Zstd => in_zstd(),
        Coding::Br | Coding::Identity | Coding::Dcb | Coding::Dcz => {
            return decodes_to(coding, coded, expected);
        }
    };
    same.unwrap_or(false)
}

/// Whether bytes are of that coding.
pub(crate) fn is_coded(coding: Coding, coded: &[u8]) -> bool {
    let length = reader(coding, coded).and_then(|mut it| io::copy(&mut it, &mut io::sink()));
    length.is_ok_and(|length| length > 0)
}

fn reader<'a>(coding: Coding, coded: &'a [u8]) -> io::Result<Box<dyn Read + 'a>> {
    if coded.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(match coding {
        Coding::Identity => Box::new(coded),
        Coding::Gzip => Box::new(MultiGzDecoder::new(coded)),
        Coding::Br => Box::new(Decompressor::new(coded, BUFFER)),
        Coding::Zstd => Box::new(zstd::Decoder::new(coded)?),
        // They need a dictionary.
        Coding::Dcb | Coding::Dcz => return Err(io::ErrorKind::Unsupported.into()),
    })
}

const BUFFER: usize = 16_384;

fn is_same(mut reader: impl Read, mut expected: &[u8]) -> io::Result<bool> {
    let mut buffer = [0; BUFFER];
    loop {
        let length = reader.read(&mut buffer)?;
        match expected.strip_prefix(&buffer[..length]) {
            Some(rest) if length > 0 => expected = rest,
            rest => return Ok(rest.is_some_and(<[u8]>::is_empty)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::Write;

    /// Bytes as another tool would compress them.
    pub(crate) fn code(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut coded = Vec::new();
        match coding {
            Coding::Identity => coded.extend_from_slice(bytes),
            Coding::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(&mut coded, Default::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap();
            }
            Coding::Br => {
                brotli::BrotliCompress(&mut &bytes[..], &mut coded, &Default::default()).unwrap();
            }
            Coding::Zstd => coded = zstd::encode_all(bytes, 3).unwrap(),
            Coding::Dcb | Coding::Dcz => unreachable!("it needs a dictionary"),
        }
        coded
    }

    #[test]
    fn what_is_coded_decodes() {
        let text = "ship's biscuit ".repeat(5000).into_bytes();
        for coding in [Coding::Gzip, Coding::Br, Coding::Zstd] {
            let coded = code(coding, &text);
            assert_eq!(decode(coding, &coded, text.len()).unwrap(), text, "{coding}");
            assert!(decodes_to(coding, &coded, &text) && is_coded(coding, &coded), "{coding}");
            assert!(!decodes_to(coding, &coded, &text[1..]), "{coding}");
            assert!(!decodes_to(coding, &coded, &[&text[..], b"x"].concat()), "{coding}");
            let much = decode(coding, &coded, text.len() - 1).unwrap_err().to_string();
            assert_eq!(much, "it holds more than 74999 bytes", "{coding}");
        }
    }

    #[test]
    fn what_is_cut_off_or_something_else_does_not() {
        let text = "ship's biscuit ".repeat(5000).into_bytes();
        for coding in [Coding::Gzip, Coding::Br, Coding::Zstd] {
            let coded = code(coding, &text);
            for bytes in [&coded[..coded.len() / 2], b"", b"\xff\xff no such thing"] {
                assert!(!is_coded(coding, bytes), "{coding}: {bytes:x?}");
                assert!(decode(coding, bytes, 100_000).is_err(), "{coding}: {bytes:x?}");
            }
        }
    }

    /// As `cat a.gz b.gz` writes it (RFC 1952 §2.2).
    #[test]
    fn a_gzip_file_may_have_several_members() {
        let both = [code(Coding::Gzip, b"ship's "), code(Coding::Gzip, b"biscuit")].concat();
        assert_eq!(decode(Coding::Gzip, &both, 100).unwrap(), b"ship's biscuit");
        assert!(!clients_decode_to(Coding::Gzip, &both, b"ship's biscuit"));
    }

    #[test]
    fn a_client_has_a_window_of_8_mb() {
        let text: Vec<u8> = (0..9 << 20).map(|at: u32| (at % 251) as u8).collect();
        for coding in [Coding::Gzip, Coding::Br] {
            assert!(clients_decode_to(coding, &code(coding, b"x"), b"x"), "{coding}");
        }
        let with_window = |log: u32| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(log).unwrap();
            encoder.write_all(&text).unwrap();
            encoder.finish().unwrap()
        };
        assert!(clients_decode_to(Coding::Zstd, &with_window(23), &text));
        let large = with_window(24);
        assert!(decodes_to(Coding::Zstd, &large, &text));
        assert!(!clients_decode_to(Coding::Zstd, &large, &text));
    }
}
