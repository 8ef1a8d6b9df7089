//! Paths that an application may take for other ones.

use std::str;

/// Whether some application could take a path, which is decoded once, for a path elsewhere: by
/// resolving its dot segments, decoding it a second time, or mapping letters to similar ones.
pub(crate) fn is_ambiguous(path: &[u8]) -> bool {
    // Overlong forms of `.` and `/` are not UTF-8, and old decoders accept them.
    let Ok(text) = str::from_utf8(path) else { return true };
    text.contains('%') || text.contains(maps_to_ascii) || text.split(['/', '\\']).any(is_dots)
}

/// Whether some server takes the segment for a dot segment. WHATWG URL parsers take a backslash for
/// a slash, Java servers ignore the text behind a semicolon, a second parser would end the path at
/// `?` or `#`, and Windows ignores spaces at the end.
fn is_dots(segment: &str) -> bool {
    let name = segment.split([';', '?', '#']).next().unwrap_or_default();
    matches!(name.trim(), "." | "..")
}

/// Whether compatibility mappings of Unicode (NFKC) make a dot, a slash, a backslash, a semicolon or
/// a percent sign of the letter.
fn maps_to_ascii(letter: char) -> bool {
    matches!(
        letter,
        '\u{2024}'
            ..='\u{2026}'
                | '\u{fe52}'
                | '\u{fe54}'
                | '\u{fe68}'
                | '\u{fe6a}'
                | '\u{ff05}'
                | '\u{ff0e}'
                | '\u{ff0f}'
                | '\u{ff1b}'
                | '\u{ff3c}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn leads(path: &str, elsewhere: bool) {
        let decoded: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
        assert_eq!(is_ambiguous(&decoded), elsewhere, "{path}");
    }

    #[test]
    fn dot_segments() {
        for path in ["/s/../a", "/s/./a", "/s/%2e%2E/a", "/s/..\\a", "/s/x%5c..%5C..\\a", "/s/.."] {
            leads(path, true);
        }
        for path in ["/s/..;/a", "/s/%2e%2e;x=1/a", "/s/..%3fx/a", "/s/..%23", "/s/..%20/a"] {
            leads(path, true);
        }
        for path in ["/s/..css", "/s/a;b/c.css", "/s/...", "/s/a..b", "/s/.hidden", "/"] {
            leads(path, false);
        }
    }

    #[test]
    fn what_is_decoded_twice() {
        for path in ["/s/%252e%252e/a", "/s/%25252e/a", "/s/..%252fa", "/s/100%25", "/s/%25u002e"] {
            leads(path, true);
        }
    }

    #[test]
    fn what_looks_like_dots_and_slashes() {
        for path in ["/s/%c0%ae%c0%ae/a", "/s/%ff", "/s/\u{ff0e}\u{ff0e}/a", "/s/..\u{ff0f}a"] {
            leads(path, true);
        }
        for path in ["/s/é/ü.css", "/s/日本", "/s/a b+c"] {
            leads(path, false);
        }
    }
}
