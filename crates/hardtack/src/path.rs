//! From a request's path to the key of a route.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The path is invalid: no resource can have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidPath;

/// Percent-decodes a path, once (RFC 3986 §2.4).
///
/// Refuses malformed escapes, escaped control characters, and `%2F`, which would split a segment. A
/// decoded path is compared byte by byte; so dot segments, backslashes and invalid UTF-8 find
/// nothing.
pub(crate) fn decode(path: &str) -> Result<Cow<'_, [u8]>, InvalidPath> {
    // `*` and an authority are targets of methods other than GET (RFC 9112 §3.2).
    if !path.starts_with('/') {
        return Err(InvalidPath);
    }
    let escapes = path.as_bytes().split(|byte| *byte == b'%').skip(1);
    escapes.map(decode_escape).try_for_each(|byte| match byte {
        None | Some(b'/' | ..=0x1f | 0x7f) => Err(InvalidPath),
        Some(_) => Ok(()),
    })?;
    Ok(percent_decode_str(path).into())
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
