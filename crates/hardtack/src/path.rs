//! From a request's path to the key of a route.

use std::ops::Deref;

use percent_encoding::percent_decode_str;
use smallvec::SmallVec;

/// The path is invalid: no resource can have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidPath;

/// A decoded path. It has no memory of its own, unless it is long and has escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decoded<'a> {
    /// There are no escapes.
    AsItIs(&'a [u8]),
    Made(SmallVec<[u8; USUAL]>),
}

/// Few paths with escapes are longer when they are decoded, in bytes.
const USUAL: usize = 128;

impl Deref for Decoded<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::AsItIs(path) => path,
            Self::Made(path) => path,
        }
    }
}

/// Percent-decodes a path, once (RFC 3986 §2.4).
///
/// Refuses malformed escapes, escaped control characters, and `%2F`, which would split a segment. A
/// decoded path is compared byte by byte; so dot segments, backslashes and invalid UTF-8 find
/// nothing.
pub(crate) fn decode(path: &str) -> Result<Decoded<'_>, InvalidPath> {
    // `*` and an authority are targets of methods other than GET (RFC 9112 §3.2).
    if !path.starts_with('/') {
        return Err(InvalidPath);
    }
    let Some(first) = path.bytes().position(|byte| byte == b'%') else {
        return Ok(Decoded::AsItIs(path.as_bytes()));
    };
    let escapes = path.as_bytes()[first + 1..].split(|byte| *byte == b'%');
    escapes.map(decode_escape).try_for_each(|byte| match byte {
        None | Some(b'/' | ..=0x1f | 0x7f) => Err(InvalidPath),
        Some(_) => Ok(()),
    })?;
    Ok(Decoded::Made(percent_decode_str(path).collect()))
}

/// Whether the last segment has an extension, and so names a file: no fallback page answers it.
pub(crate) fn has_extension(path: &[u8]) -> bool {
    path.rsplit(|byte| *byte == b'/').next().is_some_and(|name| name.contains(&b'.'))
}

/// The byte that the two hex digits after a `%` stand for.
fn decode_escape(after_percent: &[u8]) -> Option<u8> {
    let digit = |index: usize| char::from(*after_percent.get(index)?).to_digit(16);
    Some((digit(0)? << 4 | digit(1)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_an_extension() {
        let has = |path: &[u8], expected| assert_eq!(has_extension(path), expected, "{path:?}");
        has(b"/a/b.css", true);
        has(b"/a.b/c", false);
        has(b"/a/", false);
        has(b"/.a", true);
    }

    #[track_caller]
    fn decodes(path: &str, expected: &[u8]) {
        assert_eq!(decode(path).as_deref(), Ok(expected), "{path}");
    }

    #[track_caller]
    fn refuses(path: &str) {
        assert_eq!(decode(path), Err(InvalidPath), "{path}");
    }

    #[test]
    fn decodes_once() {
        decodes("/css/app.css", b"/css/app.css");
        decodes("/a%20b", b"/a b");
        decodes("/%c3%A9", "/é".as_bytes());
        decodes("/%2541", b"/%41");
        decodes("/%2e%2e/x", b"/../x");
        decodes("/%ff", b"/\xff");
        decodes("/a+b", b"/a+b");
    }

    #[test]
    fn refuses_escapes_that_are_none() {
        for path in ["/%", "/%4", "/%zz", "/%4g", "/a%", "/%+1", "/%%41"] {
            refuses(path);
        }
    }

    #[test]
    fn refuses_what_is_no_path() {
        for path in ["", "*", "a", "example.com:80"] {
            refuses(path);
        }
    }

    #[test]
    fn refuses_hidden_separators_and_controls() {
        for path in ["/a%2Fb", "/a%2fb", "/%00", "/%0a", "/%0D", "/%1f", "/%7f"] {
            refuses(path);
        }
    }
}
