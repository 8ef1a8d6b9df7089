//! The charset of a text, by its own declaration (WHATWG Encoding, HTML, CSS Syntax).

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use lol_html::{HtmlRewriter, Settings as Handlers, element};

use crate::scan::Asset;

/// A charset that a file declares.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Charset {
    /// Its name in `Content-Type`.
    pub(super) label: String,
    pub(super) encoding: &'static Encoding,
}

/// The number of bytes at the beginning of a file that may contain a declaration.
const PRESCANNED: usize = 1024;

/// The value of `Content-Type` of an asset for which the settings have no rule.
///
/// For browsers that field overrides a file's declaration, so it has to agree with it. For a text
/// that declares nothing and is not UTF-8 it has no charset, so that a browser decides as with any
/// other server.
pub(super) fn content_type(asset: &Asset) -> Option<String> {
    let essence = asset.media_type.strip_suffix("; charset=utf-8")?;
    match declared(asset) {
        Some(Charset { encoding, .. }) if encoding == UTF_8 => None,
        Some(Charset { label, .. }) => Some(format!("{essence}; charset={label}")),
        None if str::from_utf8(&asset.bytes).is_ok() => None,
        None => Some(essence.to_owned()),
    }
}

/// The charset of an asset as a browser determines it: by a byte order mark, else by
/// `Content-Type`, else by the file's declaration. None if nothing determines it.
pub(super) fn of(asset: &Asset) -> Option<&'static Encoding> {
    let mark = byte_order_mark(&asset.bytes);
    let parameter = || parameter(&asset.media_type);
    let charset = mark.or_else(parameter).or_else(|| declared(asset));
    charset.map(|charset| charset.encoding)
}

/// `charset` in a media type.
fn parameter(media_type: &str) -> Option<Charset> {
    let mut parameters = media_type.split(';').skip(1).filter_map(|it| it.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    let value = value.trim().trim_matches('"');
    let encoding = Encoding::for_label(value.as_bytes())?;
    Some(Charset { label: value.to_owned(), encoding })
}

/// The fault and the remedy for a file that is not in its declared charset.
pub(super) fn remark(asset: &Asset) -> String {
    let essence = asset.media_type.split(';').next().unwrap_or_default();
    let path = asset.logical_path.trim_start_matches('/');
    let declare = match essence {
        "text/html" => "add `<meta charset>` within its first 1024 bytes, ",
        "text/css" => "let it begin with `@charset \"…\";`, ",
        "image/svg+xml" => "add `encoding` to its XML declaration, ",
        _ => "",
    };
    match of(asset) {
        Some(encoding) => format!(
            "this is not {}, as the file or `media_types` says: correct that, or convert the file",
            encoding.name()
        ),
        None => format!(
            "this is not UTF-8, and nothing says what it is, so browsers guess: {declare}convert \
             it to UTF-8, or say it in `media_types`, such as \
             \"/{path}\" = \"{essence}; charset=windows-1252\""
        ),
    }
}

/// The charset that a file declares.
fn declared(asset: &Asset) -> Option<Charset> {
    let bytes = &asset.bytes[..];
    let beginning = &bytes[..bytes.len().min(PRESCANNED)];
    let essence = asset.media_type.split(';').next().unwrap_or_default();
    byte_order_mark(bytes).or_else(|| match essence {
        "text/html" => in_html(beginning),
        "text/css" => in_css(beginning),
        "image/svg+xml" => in_xml(beginning),
        _ => None,
    })
}

fn byte_order_mark(bytes: &[u8]) -> Option<Charset> {
    let (encoding, _) = Encoding::for_bom(bytes)?;
    Some(Charset { label: encoding.name().to_ascii_lowercase(), encoding })
}

/// `<meta charset="…">` or `<meta http-equiv=content-type content="…">` (HTML §13.2.3.2).
fn in_html(beginning: &[u8]) -> Option<Charset> {
    let mut found = None;
    let meta = element!("meta", |meta| {
        let label = meta.get_attribute("charset").or_else(|| {
            let pragma = meta.get_attribute("http-equiv")?;
            let content = meta.get_attribute("content");
            content.filter(|_| pragma.eq_ignore_ascii_case("content-type")).and_then(in_content)
        });
        found = found.take().or_else(|| label.and_then(|label| in_ascii(&label)));
        Ok(())
    });
    let handlers = Handlers::new().append_element_content_handler(meta);
    let mut rewriter = HtmlRewriter::new(handlers, |_: &[u8]| {});
    // A tag that is cut off declares nothing.
    let _ = rewriter.write(beginning).and_then(|()| rewriter.end());
    found
}

/// The label in a value such as `text/html; charset=utf-8` (HTML §2.5.6).
fn in_content(content: String) -> Option<String> {
    let lower = content.to_ascii_lowercase();
    let mut values = lower.match_indices("charset").filter_map(|(at, name)| {
        let value = content[at + name.len()..].trim_ascii_start().strip_prefix('=')?;
        Some(value.trim_ascii_start())
    });
    let value = values.next()?;
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split_once(quote).map(|(label, _)| label.to_owned()),
        _ => {
            let end = value.find(|c: char| c.is_ascii_whitespace() || c == ';');
            Some(value[..end.unwrap_or(value.len())].to_owned())
        }
    }
}

/// `@charset "…";`, in exactly these bytes, at the beginning (CSS Syntax §3.2).
fn in_css(beginning: &[u8]) -> Option<Charset> {
    let rest = beginning.strip_prefix(b"@charset \"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let label = str::from_utf8(&rest[..end]).ok().filter(|_| rest[end..].starts_with(b"\";"))?;
    in_ascii(label)
}

/// `encoding` in the XML declaration (XML 1.0 §4.3.3).
fn in_xml(beginning: &[u8]) -> Option<Charset> {
    let rest = beginning.strip_prefix(b"<?xml")?;
    let end = rest.windows(2).position(|two| two == b"?>")?;
    let declaration = str::from_utf8(&rest[..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    in_ascii(value[1..].split_once(quote)?.0)
}

/// The charset of a label that was read as ASCII, so it cannot be UTF-16.
fn in_ascii(label: &str) -> Option<Charset> {
    let label = label.trim_ascii();
    let encoding = Encoding::for_label(label.as_bytes())?;
    let own = |encoding: &'static Encoding| Charset {
        label: encoding.name().to_ascii_lowercase(),
        encoding,
    };
    Some(match encoding {
        _ if encoding == UTF_16LE || encoding == UTF_16BE => own(UTF_8),
        _ if encoding == X_USER_DEFINED => own(WINDOWS_1252),
        _ => Charset { label: label.to_ascii_lowercase(), encoding },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(path: &str, bytes: impl AsRef<[u8]>, expected: &str) {
        let asset = Asset::of(path, bytes.as_ref());
        let content_type = content_type(&asset).unwrap_or(asset.media_type);
        let expected = match expected {
            "" => String::new(),
            label => format!("; charset={label}"),
        };
        assert_eq!(content_type[content_type.find(';').unwrap_or(content_type.len())..], expected);
    }

    #[test]
    fn pages() {
        is("a.html", "<meta charset=iso-8859-1>", "iso-8859-1");
        is("a.html", b"<head><META CharSet=' Shift_JIS '><title>\x93\xfa</title>", "shift_jis");
        is(
            "a.html",
            "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>",
            "windows-1251",
        );
        is("a.html", "<meta http-equiv=content-type content=\"charset = 'koi8-r'; x\">", "koi8-r");
        is("a.html", "<meta name=x content='charset=koi8-r'>", "utf-8");
        is("a.html", "<meta charset=nonsense><meta charset=koi8-r>", "koi8-r");
        is("a.html", "<!-- <meta charset=koi8-r> --><meta charset=utf8>", "utf-8");
        is("a.html", "<meta charset=utf-16>", "utf-8");
        is("a.html", "<meta charset=x-user-defined>", "windows-1252");
        is("a.html", "<p>\u{e9}", "utf-8");
        is("a.html", b"<p>\xe9", "");
        is("a.html", b"<meta charset=utf-8><p>\xe9", "utf-8");
        let far = format!("<!--{}--><meta charset=koi8-r>", "x".repeat(1024));
        is("a.html", &far, "utf-8");
        is("a.html", [far.as_bytes(), b"\xe9"].concat(), "");
    }

    #[test]
    fn byte_order_marks_come_first() {
        is("a.html", b"\xff\xfe<\0p\0>\0", "utf-16le");
        is("a.css", b"\xfe\xff\0a", "utf-16be");
        is("a.txt", b"\xff\xfea\0", "utf-16le");
        is("a.html", b"\xef\xbb\xbf<meta charset=koi8-r>", "utf-8");
        is("a.css", b"\xef\xbb\xbf@charset \"koi8-r\";", "utf-8");
    }

    #[test]
    fn style_sheets_and_other_texts() {
        is("a.css", "@charset \"iso-8859-15\";", "iso-8859-15");
        is("a.css", "@charset 'iso-8859-15';", "utf-8");
        is("a.css", " @charset \"iso-8859-15\";", "utf-8");
        is("a.css", "@charset \"iso-8859-15\" ;", "utf-8");
        is("a.css", b"/* \xe9 */", "");
        is("a.js", b"// \xe9", "");
        is("a.txt", b"\xe9", "");
        is("a.txt", "\u{e9}", "utf-8");
        is("a.png", b"\xe9", "");
    }

    #[test]
    fn the_settings_come_before_the_file_and_a_mark_before_both() {
        let is = |media_type: &str, bytes: &[u8], expected: Option<&'static Encoding>| {
            let asset = Asset { media_type: media_type.to_owned(), ..Asset::of("a", bytes) };
            assert_eq!(of(&asset), expected, "{media_type}");
        };
        let page = b"<meta charset=koi8-r>";
        is("text/html", page, Some(encoding_rs::KOI8_R));
        is("text/html; charset=\"windows-1252\"", page, Some(WINDOWS_1252));
        is("text/html; charset=x", page, Some(encoding_rs::KOI8_R));
        is("text/html; Charset=koi8-r", b"\xff\xfe", Some(UTF_16LE));
        is("image/svg+xml", b"<?xml version='1.0' encoding='koi8-r'?>", Some(encoding_rs::KOI8_R));
        is("image/svg+xml", b"<svg/>", None);
        is("text/javascript", b"x", None);
    }
}
