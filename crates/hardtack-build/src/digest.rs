//! Digests of assets that stand in other assets: their forms in text, and their subjects.

use std::{borrow::Cow, fmt, ops::Range};

use hardtack_bundle::hex;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::own_digest::base64;

/// A digest that has to be corrected, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DigestPlace {
    pub(crate) span: Range<usize>,
    pub(crate) subject: Subject,
    pub(crate) form: Form,
}

/// The subject of a digest: the bytes that it digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The asset of that index.
    Asset(usize),
    /// The script or style at that place in a page.
    Inline(usize, Range<usize>),
}

impl Subject {
    /// The asset whose final bytes it depends on.
    pub(crate) fn asset(&self) -> usize {
        match self {
            Self::Asset(index) | Self::Inline(index, _) => *index,
        }
    }
}

/// The algorithm of a digest, and its form in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    algorithm: Algorithm,
    notation: Notation,
    /// The number of letters that are written, if not all are.
    cut: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    Hex,
    /// In capitals.
    UpperHex,
    /// RFC 4648 §4, as in `integrity` and in policies.
    Base64,
    /// The same without padding.
    Unpadded,
    /// RFC 4648 §5.
    Base64Url,
    /// The same without padding.
    UnpaddedUrl,
}

const NOTATIONS: [Notation; 6] = [
    Notation::Hex,
    Notation::UpperHex,
    Notation::Base64,
    Notation::Base64Url,
    Notation::UnpaddedUrl,
    Notation::Unpadded,
];

use Algorithm::{Md5 as MD5, Sha1 as SHA1, Sha256 as SHA256, Sha384 as SHA384, Sha512 as SHA512};

impl Form {
    /// All forms; those of one algorithm follow each other.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let algorithms = [MD5, SHA1, SHA256, SHA384, SHA512].into_iter();
        let of = |algorithm| NOTATIONS.map(|notation| Self { algorithm, notation, cut: None });
        algorithms.flat_map(of)
    }

    /// The digests of bytes in some forms, of which those of one algorithm follow each other. A
    /// digest that is written alike in two of them comes once.
    pub(crate) fn each_of(forms: &[Self], bytes: &[u8]) -> Vec<(String, Self)> {
        let mut written: Vec<(String, Self)> = Vec::new();
        for forms in forms.chunk_by(|one, other| one.algorithm == other.algorithm) {
            let digest = forms[0].algorithm.digest(bytes);
            for form in forms {
                let text = form.write(&digest);
                if written.iter().all(|(other, _)| *other != text) {
                    written.push((text, *form));
                }
            }
        }
        written
    }

    /// As `integrity` has it (W3C SRI §3.5), after the algorithm's name there.
    pub(crate) fn of_integrity(algorithm: &str) -> Option<Self> {
        let algorithm = match algorithm.to_ascii_lowercase().as_str() {
            "sha256" => SHA256,
            "sha384" => SHA384,
            "sha512" => SHA512,
            _ => return None,
        };
        Some(Self { algorithm, notation: Notation::Base64, cut: None })
    }

    /// The form with the first letters alone.
    pub(crate) fn cut(self, letters: usize) -> Self {
        Self { cut: Some(letters), ..self }
    }

    pub(crate) fn is_hex(self) -> bool {
        matches!(self.notation, Notation::Hex | Notation::UpperHex)
    }

    pub(crate) fn is_for_urls(self) -> bool {
        matches!(self.notation, Notation::Base64Url | Notation::UnpaddedUrl)
    }

    /// The number of letters of the whole digest.
    pub(crate) fn length(self) -> usize {
        let bytes: usize = match self.algorithm {
            MD5 => 16,
            SHA1 => 20,
            SHA256 => 32,
            SHA384 => 48,
            SHA512 => 64,
        };
        match self.notation {
            Notation::Hex | Notation::UpperHex => 2 * bytes,
            Notation::Base64 | Notation::Base64Url => 4 * bytes.div_ceil(3),
            Notation::Unpadded | Notation::UnpaddedUrl => (4 * bytes).div_ceil(3),
        }
    }

    /// The digest of bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> String {
        self.write(&self.algorithm.digest(bytes))
    }

    fn write(self, digest: &[u8]) -> String {
        let mut text = self.notation.write(digest);
        text.truncate(self.cut.unwrap_or(text.len()));
        text
    }
}

impl Algorithm {
    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            MD5 => Md5::digest(bytes).to_vec(),
            SHA1 => Sha1::digest(bytes).to_vec(),
            SHA256 => Sha256::digest(bytes).to_vec(),
            SHA384 => Sha384::digest(bytes).to_vec(),
            SHA512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

impl Notation {
    fn write(self, digest: &[u8]) -> String {
        let unpadded = |text: String| text.trim_end_matches('=').to_owned();
        let url = |text: String| text.replace('+', "-").replace('/', "_");
        match self {
            Self::Hex => hex(digest),
            Self::UpperHex => hex(digest).to_ascii_uppercase(),
            Self::Base64 => base64(digest),
            Self::Unpadded => unpadded(base64(digest)),
            Self::Base64Url => url(base64(digest)),
            Self::UnpaddedUrl => unpadded(url(base64(digest))),
        }
    }
}

/// The bytes whose digest a policy has for the script or the style at a place in a page: as
/// browsers read it, and in an attribute without character references (CSP 3 §8.3).
///
/// `part` is what stands at the place now, in the place of the text that was authored.
pub(crate) fn as_parsed<'a>(page: &[u8], place: &Range<usize>, part: &'a [u8]) -> Cow<'a, [u8]> {
    let parsed = with_line_feeds(part);
    // The text of an element stands behind its tag, and a value behind a quote or `=`.
    let is_value = place.start.checked_sub(1).is_some_and(|before| page[before] != b'>');
    if !is_value || !parsed.contains(&b'&') {
        return parsed;
    }
    match str::from_utf8(&parsed) {
        Ok(value) => Cow::Owned(htmlize::unescape_attribute(value).into_owned().into_bytes()),
        Err(_) => parsed,
    }
}

/// A text with line feeds alone (WHATWG HTML §13.2.3.5).
fn with_line_feeds(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\r') {
        return Cow::Borrowed(text);
    }
    let mut parsed = Vec::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'\n' if at > 0 && text[at - 1] == b'\r' => {}
            b'\r' => parsed.push(b'\n'),
            other => parsed.push(*other),
        }
    }
    Cow::Owned(parsed)
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.algorithm {
            MD5 => "MD5",
            SHA1 => "SHA-1",
            SHA256 => "SHA-256",
            SHA384 => "SHA-384",
            SHA512 => "SHA-512",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_line_feeds() {
        assert_eq!(with_line_feeds(b"a\r\nb\rc\n\r"), &b"a\nb\nc\n\n"[..]);
        assert_eq!(with_line_feeds(b"a\nb"), &b"a\nb"[..]);
    }

    #[test]
    fn a_value_has_no_character_references() {
        let is = |page: &str, part: &str, expected: &str| {
            let start = page.find(part).unwrap();
            let parsed = as_parsed(page.as_bytes(), &(start..start + part.len()), part.as_bytes());
            assert_eq!(str::from_utf8(&parsed).unwrap(), expected, "{page}");
        };
        is("<p style='a:url(&quot;b&quot;)'>", "a:url(&quot;b&quot;)", "a:url(\"b\")");
        is("<p style=a&amp;b>", "a&amp;b", "a&b");
        is("<script>a&amp;b</script>", "a&amp;b", "a&amp;b");
    }

    #[test]
    fn a_digest_may_be_cut_off() {
        let form = Form::all().next().unwrap().cut(16);
        assert_eq!(form.of(b"abc"), "900150983cd24fb0");
    }

    #[test]
    fn each_text_comes_once() {
        let forms: Vec<_> = Form::all().collect();
        let texts = Form::each_of(&forms, b"abc");
        let md5 = texts.iter().filter(|(_, form)| form.algorithm == MD5);
        assert_eq!(
            md5.map(|(text, _)| text.as_str()).collect::<Vec<_>>(),
            [
                "900150983cd24fb0d6963f7d28e17f72",
                "900150983CD24FB0D6963F7D28E17F72",
                "kAFQmDzST7DWlj99KOF/cg==",
                "kAFQmDzST7DWlj99KOF_cg==",
                "kAFQmDzST7DWlj99KOF_cg",
                "kAFQmDzST7DWlj99KOF/cg",
            ]
        );
        assert!(texts.iter().all(|(text, form)| form.of(b"abc") == *text));
        let sha384 = texts.iter().filter(|(_, form)| form.algorithm == SHA384);
        assert_eq!(sha384.count(), 4, "without padding in any case");
    }

    #[test]
    fn lengths_are_those_of_digests() {
        for form in Form::all() {
            assert_eq!(form.of(b"abc").len(), form.length(), "{form:?}");
        }
    }
}
