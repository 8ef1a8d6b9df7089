//! Links to and in source maps (ECMA-426).

use std::ops::Range;

use super::{Found, IfMissing, json};

/// The links in a source map: the sources that it is made from, if these are assets.
///
/// Most sources are no assets, and most maps contain their text; so a missing source is no problem.
/// With a `sourceRoot`, sources are relative to it, and left alone.
pub(super) fn find(bytes: &[u8]) -> Found {
    let sources = str::from_utf8(bytes).ok().and_then(|text| {
        json::parse(text, |map| {
            let root = map.member("sourceRoot").and_then(json::Value::link);
            let has_root = root.is_some_and(|root| !root.url.is_empty());
            let sources = map.member("sources").filter(|_| !has_root);
            let links = sources.map(json::Value::elements).unwrap_or_default();
            links.into_iter().filter_map(json::Value::link).collect::<Vec<_>>()
        })
    });
    let links = sources.unwrap_or_default().into_iter();
    let links = links.map(|link| link.if_missing(IfMissing::Ignore)).collect();
    Found { links, ..Found::default() }
}

/// The place of the URL in the content of a comment that names a source map, such as
/// `# sourceMappingURL=app.js.map`. The old form begins with `@`.
pub(super) fn in_comment(content: &str) -> Option<Range<usize>> {
    let rest = content.strip_prefix(['#', '@'])?;
    let value = rest.trim_start().strip_prefix("sourceMappingURL=")?.trim_start();
    let url = value.split(char::is_whitespace).next().filter(|url| !url.is_empty())?;
    if url.contains(['"', '\'', '`']) {
        return None;
    }
    let start = content.len() - value.len();
    Some(start..start + url.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(content: &str, expected: Option<&str>) {
        assert_eq!(in_comment(content).map(|url| &content[url]), expected, "{content}");
    }

    #[test]
    fn comments() {
        finds("# sourceMappingURL=a.js.map", Some("a.js.map"));
        finds("@ sourceMappingURL=a.js.map", Some("a.js.map"));
        finds("# sourceMappingURL=a.css.map ", Some("a.css.map"));
        finds("#sourceMappingURL= a.js.map\r", Some("a.js.map"));
        finds("# sourceMappingURL=", None);
        finds(" # sourceMappingURL=a", None);
        finds("# sourceURL=a.js", None);
        finds("# sourceMappingURL=\"a\"", None);
        finds("sourceMappingURL=a", None);
    }

    #[test]
    fn sources() {
        let urls = |text: &str| {
            find(text.as_bytes()).links.into_iter().map(|link| link.url).collect::<Vec<_>>()
        };
        assert_eq!(urls(r#"{"sources":["../a.ts","b.ts",null]}"#), ["../a.ts", "b.ts"]);
        assert_eq!(urls(r#"{"sourceRoot":"","sources":["a.ts"]}"#), ["a.ts"]);
        assert!(urls(r#"{"sourceRoot":"/x","sources":["a.ts"]}"#).is_empty());
        assert!(urls("no JSON").is_empty());
    }
}
