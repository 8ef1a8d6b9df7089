//! The words of a text that are written with escapes: `logo&#46;png` in HTML, `img%2Flogo.png` in a
//! URL, `logo\u002epng` in JavaScript and JSON.

use std::ops::Range;

use percent_encoding::percent_decode_str;

/// These words without their escapes, each with its place.
pub(super) fn unescaped(text: &[u8]) -> Vec<(Range<usize>, String)> {
    let (mut words, mut end) = (Vec::new(), 0);
    for at in memchr::memchr3_iter(b'%', b'&', b'\\', text) {
        if at < end || !begins_escape(&text[at..]) {
            continue;
        }
        let word = word_around(text, end, at);
        end = word.end;
        let Ok(written) = str::from_utf8(&text[word.clone()]) else { continue };
        let plain = without_backslashes(&htmlize::unescape_attribute(written));
        let plain = percent_decode_str(&plain).decode_utf8_lossy().into_owned();
        if plain != written {
            words.push((word, plain));
        }
    }
    words
}

/// Whether a letter is written at the beginning of a text by its number or its name. `\n` and the like
/// are no part of a name.
fn begins_escape(text: &[u8]) -> bool {
    match *text {
        [b'%', first, second, ..] => first.is_ascii_hexdigit() && second.is_ascii_hexdigit(),
        [b'&', b'#', ..] | [b'\\', b'u' | b'x', ..] => true,
        [b'&', next, ..] => next.is_ascii_alphabetic(),
        _ => false,
    }
}

/// The text between white space, quotes or angle brackets around a place.
fn word_around(text: &[u8], first: usize, at: usize) -> Range<usize> {
    const FAR: usize = 2000;
    let ends =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>');
    let first = first.max(at.saturating_sub(FAR));
    let last = text.len().min(at + FAR);
    let start = text[first..at].iter().rposition(ends).map_or(first, |before| first + before + 1);
    let end = text[at..last].iter().position(ends).map_or(last, |behind| at + behind);
    start..end
}

/// A text without the escapes of JavaScript and JSON (ECMA-262 §12.9.4) for letters of names.
fn without_backslashes(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match by_number(piece) {
            Some((letter, rest)) => {
                plain.push(letter);
                plain.push_str(rest);
            }
            None => {
                if piece.starts_with(|next: char| next.is_ascii_alphanumeric()) {
                    plain.push('\\');
                }
                plain.push_str(piece);
            }
        }
    }
    plain
}

/// The letter of `x2e…`, `u002e…` or `u{2e}…`, and the text behind it.
fn by_number(piece: &str) -> Option<(char, &str)> {
    let (digits, rest) = match piece.strip_prefix("u{") {
        Some(piece) => piece.split_once('}')?,
        None => {
            let length = if piece.starts_with('u') { 5 } else { 3 };
            let digits = piece.get(1..length).filter(|_| piece.starts_with(['u', 'x']))?;
            (digits, &piece[length..])
        }
    };
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_their_escapes() {
        let are = |text: &str, expected: &[&str]| {
            let found: Vec<_> = unescaped(text.as_bytes()).into_iter().map(|it| it.1).collect();
            assert_eq!(found, expected, "{text}");
        };
        are(
            "a&#46;png b&period;png c&#x2e;png d&amp;e.png",
            &["a.png", "b.png", "c.png", "d&e.png"],
        );
        are("img%2Fa%2epng?x=%zz", &["img/a.png?x=%zz"]);
        are(r#"{"a":"b\u002epng","c":"d\/e\x2epng"}"#, &["b.png", "d/e.png"]);
        are(r"a\u{2e}png\n", &[r"a.png\n"]);
        are(r"a\npng 5% & b && \u00 \x", &[]);
        are("&quot;a.png&quot;", &["\"a.png\""]);
        are("\\u", &[]);
        are("é\\u00e9é", &["ééé"]);
        assert_eq!(unescaped(b"x a%2Eb y")[0].0, 2..7);
    }
}
