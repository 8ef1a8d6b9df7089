//! The word of a text that contains a name, and whether it is code or prose.

use std::ops::Range;

/// A name with the path before it, as written in a text.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Token {
    /// The segments before the name, without `.`, `..` and empty ones.
    pub(super) folders: Vec<String>,
    /// The whole path, if the string begins with it, and it begins with a slash or a dot.
    pub(super) whole: Option<String>,
}

/// The token that ends with the name at that place, if the name is a whole segment, and the token
/// is not part of another host's URL.
///
/// `within` is the part of the text that contains the token, such as a string.
pub(super) fn token(text: &[u8], within: Range<usize>, name: Range<usize>) -> Option<Token> {
    let before = &text[within.start..name.start];
    let after = &text[name.end..within.end];
    if !begins_segment(before) || !ends_segment(after) {
        return None;
    }
    let start = before.len() - length_of_path(before);
    let mut path = String::from_utf8_lossy(&before[start..]).into_owned();
    for slash in SLASHES {
        path = path.replace(slash, "/");
    }
    if before[..start].ends_with(b":") && path.starts_with("//") {
        return None;
    }
    let is_folder = |it: &&str| !matches!(*it, "" | "." | "..") && !it.contains('\\');
    let folders = path.split('/').filter(is_folder);
    let folders = folders.map(str::to_owned).collect();
    let is_whole = start == 0 && path.starts_with(['/', '.']);
    let whole = is_whole.then(|| format!("{path}{}", String::from_utf8_lossy(&text[name])));
    Some(Token { folders, whole })
}

/// An escaped slash, as in strings that may stand in HTML.
const SLASHES: [&str; 5] = ["\\/", "\\u002F", "\\u002f", "\\x2F", "\\x2f"];

/// Whether a name can begin behind this text. `\b` and the like are no part of a name.
fn begins_segment(before: &[u8]) -> bool {
    match *before {
        _ if SLASHES.iter().any(|slash| before.ends_with(slash.as_bytes())) => true,
        [.., b'\\', last] if last.is_ascii_alphabetic() => true,
        [.., last] => !is_of_name(last),
        [] => true,
    }
}

/// Whether a name can end before this text. A full stop may follow it, an extension may not.
fn ends_segment(after: &[u8]) -> bool {
    match *after {
        [b'.', next, ..] => !is_of_name(next),
        [b'\\', b'.', next, ..] => !is_of_name(next),
        [b'.'] | [] => true,
        [next, ..] => !is_of_name(next),
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%' | b'~') || byte >= 0x80
}

fn is_of_path(byte: u8) -> bool {
    is_of_name(byte) || matches!(byte, b'/' | b'\\' | b'@' | b'+')
}

/// The length of the path that a text ends with.
fn length_of_path(text: &[u8]) -> usize {
    const LONGEST: usize = 4000;
    text.iter().rev().take(LONGEST).take_while(|it| is_of_path(**it)).count()
}

/// The string around a place in a text of data, without its quotes; or the text nearby.
pub(super) fn string_around(
    text: &[u8],
    within: Range<usize>,
    place: Range<usize>,
) -> Range<usize> {
    const NEAR: usize = 2000;
    let is_quote = |at: usize| {
        matches!(text[at], b'"' | b'\'' | b'`')
            && at.checked_sub(1).is_none_or(|it| text[it] != b'\\')
    };
    let first = within.start.max(place.start.saturating_sub(NEAR));
    let last = within.end.min(place.end + NEAR);
    let start = (first..place.start).rev().find(|at| is_quote(*at)).map_or(first, |at| at + 1);
    let end = (place.end..last).find(|at| is_quote(*at)).unwrap_or(last);
    start..end
}

/// Whether a name in a string is part of a sentence: words surround it, and no code is beside it.
pub(super) fn is_in_sentence(text: &[u8], string: Range<usize>, name: Range<usize>) -> bool {
    let before = &text[string.start..name.start];
    let before = &before[..before.len() - length_of_path(before)];
    if is_of_code(before) {
        return false;
    }
    // A message has the name of the library before it.
    if before.is_empty() && text[name.end..string.end].starts_with(b": ") {
        return true;
    }
    // Others are too far away to be of the same sentence.
    const NEAR: usize = 200;
    let string = string.start.max(name.start.saturating_sub(NEAR))..string.end.min(name.end + NEAR);
    let words = text[string].split(u8::is_ascii_whitespace).filter(|word| is_word(word));
    words.take(2).count() == 2
}

/// Whether a text ends with code that precedes a name: `url(`, `src=`, `href="`.
fn is_of_code(before: &[u8]) -> bool {
    let unquoted = match before {
        [rest @ .., b'"' | b'\'' | b'`'] => rest.strip_suffix(b"\\").unwrap_or(rest),
        all => all,
    };
    unquoted.ends_with(b"@import ")
        || matches!(unquoted.last(), Some(b'(' | b'=' | b'[' | b'{' | b',' | b':'))
}

/// Whether a text is a word: letters, perhaps with a punctuation mark behind them.
fn is_word(word: &[u8]) -> bool {
    let letters = match word {
        [letters @ .., b',' | b'.' | b'!' | b'?'] => letters,
        all => all,
    };
    letters.len() > 1 && letters.iter().all(|it| it.is_ascii_alphabetic() || *it >= 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folders before `app.js` in a text, if it is a name there.
    fn found(text: &str) -> Option<String> {
        let start = text.find("app.js").unwrap();
        let token = token(text.as_bytes(), 0..text.len(), start..start + "app.js".len());
        token.map(|token| token.folders.join("/"))
    }

    #[track_caller]
    fn is(text: &str, folders: &str) {
        assert_eq!(found(text).as_deref(), Some(folders), "{text}");
    }

    #[track_caller]
    fn is_none(text: &str) {
        assert_eq!(found(text), None, "{text}");
    }

    #[test]
    fn whole_names() {
        is("app.js", "");
        is("./app.js?v=1", "");
        is("../a/./b/app.js#x", "a/b");
        is("\\/a\\/app.js", "a");
        is("\\u002Fa\\x2fapp.js", "a");
        is("[src$=app.js]", "");
        is("the app.js.", "");
        is("\\bapp.js", "");
        is("//app.js", "");
        is("/@vite/app.js", "@vite");
    }

    #[test]
    fn parts_of_other_names() {
        for text in
            ["my-app.js", "app.js.map", "app.json", "xapp.js", "app.js-x", "app.jsé", ".app.js"]
        {
            is_none(text);
        }
    }

    #[test]
    fn another_host() {
        is_none("https://cdn.example/app.js");
        is_none("https:\\/\\/cdn.example\\/app.js");
    }

    #[test]
    fn sentences() {
        let is = |text: &str, expected| {
            let start = text.find("app.js").unwrap();
            let name = start..start + "app.js".len();
            assert_eq!(is_in_sentence(text.as_bytes(), 0..text.len(), name), expected, "{text}");
        };
        is("please include app.js first", true);
        is("see \"app.js\" for more", true);
        is("app.js not found!", true);
        is("app.js: \"", true);
        is("app.js", false);
        is("app.js b.js", false);
        is("some words <script src=\"a/app.js\"> more", false);
        is("some words url(app.js) more", false);
        is("some words <script src=app.js> more", false);
    }

    #[test]
    fn strings_in_data() {
        let text = br#"{"a":"b/app.js c","d":1}"#;
        assert_eq!(string_around(text, 0..text.len(), 8..14), 6..16);
        assert_eq!(string_around(b"app.js", 0..6, 0..6), 0..6);
    }
}
