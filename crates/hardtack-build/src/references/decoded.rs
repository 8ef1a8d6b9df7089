//! A text that is not in UTF-8: its references are found in UTF-8, and rewritten in the file's
//! charset.

use std::ops::Range;

use encoding_rs::{DecoderResult, Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

/// A decoded text, with the place of each part in the file.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The text, with U+FFFD for bytes that could not be decoded.
    text: String,
    /// The offset in the text of the first U+FFFD.
    pub(super) fault: Option<usize>,
    encoding: &'static Encoding,
    /// Offsets in the text, each with its offset in the file. Between two of them, a byte of the
    /// text is a byte of the file.
    seams: Vec<(usize, usize)>,
}

impl Decoded {
    /// Decodes a file. None if it is UTF-8 already, as ASCII is.
    pub(super) fn new(bytes: &[u8], encoding: &'static Encoding) -> Option<Self> {
        let is_utf8 = match encoding {
            _ if encoding == UTF_8 => str::from_utf8(bytes).is_ok(),
            _ => encoding.is_ascii_compatible() && bytes.is_ascii(),
        };
        (!is_utf8).then(|| Self::decode(bytes, encoding))
    }

    /// The text, in UTF-8.
    pub(crate) fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }

    fn decode(bytes: &[u8], encoding: &'static Encoding) -> Self {
        let mark = Encoding::for_bom(bytes).map_or(0, |(_, length)| length);
        let mut decoded =
            Self { text: String::new(), fault: None, encoding, seams: vec![(0, mark)] };
        let mut decoder = encoding.new_decoder_without_bom_handling();
        // A byte gives at most a replacement and two characters.
        let mut piece = String::with_capacity(16);
        for end in mark + 1..=bytes.len() {
            let mut start = end - 1;
            let mut result = DecoderResult::OutputFull;
            while result != DecoderResult::InputEmpty {
                piece.clear();
                let rest = &bytes[start..end];
                let is_last = end == bytes.len();
                let read;
                (result, read) =
                    decoder.decode_to_string_without_replacement(rest, &mut piece, is_last);
                start += read;
                decoded.push(&piece, start);
                if let DecoderResult::Malformed(..) = result {
                    decoded.push_fault(start);
                }
            }
        }
        decoded
    }

    /// Adds the text decoded from the bytes up to an offset.
    fn push(&mut self, piece: &str, end: usize) {
        self.text.push_str(piece);
        if !piece.is_empty() && self.in_file(self.text.len()) != end {
            self.seams.push((self.text.len(), end));
        }
    }

    fn push_fault(&mut self, end: usize) {
        self.fault.get_or_insert(self.text.len());
        self.push("\u{fffd}", end);
    }

    /// The offset in the file of an offset in the text.
    fn in_file(&self, offset: usize) -> usize {
        let seam = self.seams.partition_point(|(in_text, _)| *in_text <= offset);
        let (in_text, in_file) = self.seams[seam.saturating_sub(1)];
        in_file + (offset - in_text)
    }

    /// Replaces spans of the text in the file, as [`crate::rewrite::splice`] does.
    pub(crate) fn splice(&self, file: &[u8], replacements: &[(Range<usize>, String)]) -> Vec<u8> {
        let mut spliced = Vec::with_capacity(file.len() + 16 * replacements.len());
        let mut end = 0;
        for (span, replacement) in replacements {
            spliced.extend_from_slice(&file[end..self.in_file(span.start)]);
            spliced.extend(self.encode(replacement));
            end = self.in_file(span.end);
        }
        spliced.extend_from_slice(&file[end..]);
        spliced
    }

    /// A part of a URL in the file's charset. Characters that the charset lacks are
    /// percent-encoded.
    fn encode(&self, text: &str) -> Vec<u8> {
        match self.encoding {
            it if it == UTF_16LE => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            it if it == UTF_16BE => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            it => text.chars().flat_map(|character| encode(character, it)).collect(),
        }
    }
}

fn encode(character: char, encoding: &'static Encoding) -> Vec<u8> {
    let mut buffer = [0; 4];
    let text = character.encode_utf8(&mut buffer);
    match encoding.encode(text) {
        (bytes, _, false) => bytes.into_owned(),
        (_, _, true) => percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string().into_bytes(),
    }
}

/// Whether references can be found and rewritten in a charset: not in one whose bytes depend on the
/// bytes before them, or that cannot be decoded.
pub(super) fn can_be_followed(encoding: &'static Encoding) -> bool {
    encoding != ISO_2022_JP && encoding != REPLACEMENT
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{GB18030, SHIFT_JIS, WINDOWS_1252};
    use proptest::prelude::*;

    /// Replaces a part of a text in a file.
    fn replaced(file: &[u8], encoding: &'static Encoding, part: &str, with: &str) -> Vec<u8> {
        let decoded = Decoded::new(file, encoding).unwrap();
        let start = decoded.text.find(part).unwrap();
        decoded.splice(file, &[(start..start + part.len(), with.to_owned())])
    }

    #[test]
    fn nothing_is_decoded_without_need() {
        assert!(Decoded::new("é".as_bytes(), UTF_8).is_none());
        assert!(Decoded::new(b"a", WINDOWS_1252).is_none());
        assert!(Decoded::new(b"", UTF_8).is_none());
    }

    #[test]
    fn a_part_is_replaced_and_every_other_byte_stays() {
        let latin1 = b"<p>gr\xfc\xdfe</p><img src=b\xe4ume.png alt=\xe4>";
        assert_eq!(
            replaced(latin1, WINDOWS_1252, "bäume.png", "b%C3%A4ume.0.png"),
            b"<p>gr\xfc\xdfe</p><img src=b%C3%A4ume.0.png alt=\xe4>"
        );
        // The second byte of the last character is a backslash in ASCII.
        let japanese = b"\x93\xfa\x96\x7b\x83\x5c'a.png'\x83\x5c";
        assert_eq!(
            replaced(japanese, SHIFT_JIS, "a.png", "b"),
            b"\x93\xfa\x96\x7b\x83\x5c'b'\x83\x5c"
        );
        let utf16 = b"\xff\xfe\xe4\0<\0a\0>\0";
        assert_eq!(replaced(utf16, UTF_16LE, "<a>", "b"), b"\xff\xfe\xe4\0b\0");
        let utf16 = b"\xfe\xff\xd8\x3d\xde\x00\0a";
        assert_eq!(replaced(utf16, UTF_16BE, "a", "é"), b"\xfe\xff\xd8\x3d\xde\x00\0\xe9");
    }

    #[test]
    fn what_cannot_be_decoded_is_left_as_it_is() {
        let damaged = b"\xe4 a \xc3\xa9 b \xe2\x82 c \xff";
        let decoded = Decoded::new(damaged, UTF_8).unwrap();
        assert_eq!(decoded.text, "\u{fffd} a é b \u{fffd} c \u{fffd}");
        assert_eq!(decoded.fault, Some(0));
        assert_eq!(replaced(damaged, UTF_8, "a é b", "é"), b"\xe4 \xc3\xa9 \xe2\x82 c \xff");
        assert_eq!(replaced(damaged, UTF_8, "c", "x"), b"\xe4 a \xc3\xa9 b \xe2\x82 x \xff");
    }

    #[test]
    fn what_a_charset_has_not_is_percent_encoded() {
        assert_eq!(replaced(b"\xe4a", WINDOWS_1252, "a", "é☃"), b"\xe4\xe9%E2%98%83");
    }

    proptest! {
        #[test]
        fn a_part_that_is_replaced_by_itself_changes_nothing(
            file in prop::collection::vec(any::<u8>(), 0..40),
            which in 0..5_usize,
            parts in prop::collection::vec(any::<prop::sample::Index>(), 2),
        ) {
            let encoding = [UTF_8, WINDOWS_1252, SHIFT_JIS, GB18030, UTF_16LE][which];
            let Some(decoded) = Decoded::new(&file, encoding) else { return Ok(()) };
            let ends: Vec<_> = decoded.text.char_indices().map(|(at, _)| at).collect();
            if ends.is_empty() {
                return Ok(());
            }
            let [one, other] = [parts[0].get(&ends), parts[1].get(&ends)];
            let span = *one.min(other)..*one.max(other);
            prop_assert!(decoded.in_file(span.start) <= decoded.in_file(span.end));
            prop_assert!(decoded.in_file(decoded.text.len()) <= file.len());
            let spliced = decoded.splice(&file, &[(span.clone(), String::new())]);
            let expected = file.len() - (decoded.in_file(span.end) - decoded.in_file(span.start));
            prop_assert_eq!(spliced.len(), expected);
        }
    }
}
