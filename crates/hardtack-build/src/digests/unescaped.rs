//! A text without the escapes by which letters of base64 are written in other formats.

use std::borrow::Cow;

/// How HTML, JSON and JavaScript write letters that need no escape, in small letters.
const ESCAPES: [(&[u8], u8); 13] = [
    (b"\\/", b'/'),
    (b"\\u002b", b'+'),
    (b"\\u002f", b'/'),
    (b"\\u003d", b'='),
    (b"\\x2b", b'+'),
    (b"\\x2f", b'/'),
    (b"\\x3d", b'='),
    (b"&#43;", b'+'),
    (b"&#x2b;", b'+'),
    (b"&#47;", b'/'),
    (b"&#x2f;", b'/'),
    (b"&#61;", b'='),
    (b"&#x3d;", b'='),
];

/// A text, and where its letters stand in the one that it was made of.
pub(super) struct Unescaped<'a> {
    pub(super) text: Cow<'a, [u8]>,
    /// The letters behind escapes: here, and in the original.
    jumps: Vec<(usize, usize)>,
}

impl<'a> Unescaped<'a> {
    pub(super) fn new(original: &'a [u8]) -> Self {
        let mut text = Vec::new();
        let (mut jumps, mut copied) = (Vec::new(), 0);
        for at in memchr::memchr2_iter(b'\\', b'&', original) {
            if !may_begin(&original[at..]) {
                continue;
            }
            let escape = ESCAPES.iter().find(|(escape, _)| begins_with(&original[at..], escape));
            if let Some((escape, letter)) = escape {
                // Once, since a large text would be moved again and again while it grows.
                text.reserve_exact(original.len() - text.len());
                text.extend_from_slice(&original[copied..at]);
                text.push(*letter);
                copied = at + escape.len();
                jumps.push((text.len(), copied));
            }
        }
        if jumps.is_empty() {
            return Self { text: Cow::Borrowed(original), jumps };
        }
        text.extend_from_slice(&original[copied..]);
        Self { text: Cow::Owned(text), jumps }
    }

    /// Where a letter of the text, or its end, stands in the original.
    pub(super) fn original(&self, at: usize) -> usize {
        let behind = self.jumps.partition_point(|(here, _)| *here <= at);
        let (here, there) = behind.checked_sub(1).map_or((0, 0), |last| self.jumps[last]);
        there + at - here
    }
}

/// Whether the second letter is that of one of the escapes. That of most others is not.
fn may_begin(text: &[u8]) -> bool {
    matches!(text.get(1), Some(b'/' | b'#' | b'U' | b'X' | b'u' | b'x'))
}

fn begins_with(text: &[u8], escape: &[u8]) -> bool {
    text.get(..escape.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(escape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_know_their_places() {
        let unescaped = Unescaped::new(br"a\/b&#x2B;c\u003Dd&amp;\n");
        assert_eq!(&*unescaped.text, br"a/b+c=d&amp;\n");
        let places: Vec<_> = (0..8).map(|at| unescaped.original(at)).collect();
        assert_eq!(places, [0, 1, 3, 4, 10, 11, 17, 18]);
    }

    #[test]
    fn most_texts_have_none() {
        assert!(matches!(Unescaped::new(b"a\\n&b").text, Cow::Borrowed(_)));
    }
}
