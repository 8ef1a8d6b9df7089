//! Links in `srcset` and `imagesrcset` (WHATWG HTML §4.8.4.2.1).

use std::ops::Range;

/// The places of the URLs in a list of image candidates.
///
/// A URL ends at white space, or at the commas behind it. The text after it, up to a comma outside
/// of parentheses, is its descriptor.
pub(super) fn urls(value: &str) -> Vec<Range<usize>> {
    let mut urls = Vec::new();
    let mut at = 0;
    loop {
        let separators = |c: char| c.is_ascii_whitespace() || c == ',';
        at = value.len() - value[at..].trim_start_matches(separators).len();
        if at == value.len() {
            return urls;
        }
        let rest = &value[at..];
        let word = &rest[..rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len())];
        let url = word.trim_end_matches(',');
        urls.push(at..at + url.len());
        at += word.len();
        if url.len() == word.len() {
            at += descriptor(&value[at..]);
        }
    }
}

/// The length of a descriptor and the comma behind it.
fn descriptor(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in rest.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(value: &str, expected: &[&str]) {
        let found: Vec<_> = urls(value).into_iter().map(|url| &value[url]).collect();
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn candidates() {
        finds("", &[]);
        finds("a.png", &["a.png"]);
        finds("a.png 1x, b.png 2x", &["a.png", "b.png"]);
        finds("a.png 1x,b.png 2x", &["a.png", "b.png"]);
        finds("a.png, b.png 2x", &["a.png", "b.png"]);
        finds("\n a.png 100w ,\tb.png 200w\n", &["a.png", "b.png"]);
        finds(",, a.png 1x,,b.png", &["a.png", "b.png"]);
        finds("a,b.png 1x, c.png", &["a,b.png", "c.png"]);
        finds("data:image/png;base64,AA 1x, b.png 2x", &["data:image/png;base64,AA", "b.png"]);
        finds("a.png calc(1x, 2x), b.png", &["a.png", "b.png"]);
    }
}
