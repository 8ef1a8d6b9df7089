//! Resolves a URL in an asset to a path (RFC 3986 §5), as browsers do.

use std::borrow::Cow;

use hardtack_bundle::url_path_of;
use percent_encoding::percent_decode_str;

use crate::logical_path::has_escaped_slash;

/// The URL path that links in a file are relative to: its own, or that of its `base`.
///
/// None if that is on another site, so that no link without a host leads into the bundle.
pub(super) fn base(at: &str, referrer: &str, href: Option<&str>) -> Option<String> {
    let own = url_path_of(at, referrer);
    match href.map(|href| split(href).0) {
        None | Some("") => Some(own),
        Some(href) => absolute(&own, href),
    }
}

/// The URL path that a URL leads to, percent-decoded, or none if it leads to another host.
///
/// `base` is the URL path that the URL is relative to. A URL of another scheme leads out, too. A
/// URL without a path stays in the file, and has no target.
pub(crate) fn resolve(base: &str, url: &str) -> Option<String> {
    let path = split(url).0;
    if path.is_empty() {
        return None;
    }
    let absolute = absolute(base, path)?;
    if has_escaped_slash(&absolute) {
        return None;
    }
    percent_decode_str(&absolute).decode_utf8().ok().map(Cow::into_owned)
}

/// The path that a URL with an escaped slash leads to, as written, if it is on the same host. No file
/// has such a name.
pub(super) fn resolve_unservable(base: &str, url: &str) -> Option<String> {
    absolute(base, split(url).0).filter(|absolute| has_escaped_slash(absolute))
}

/// The path as browsers read it (WHATWG URL §4.4): tabs and line breaks are removed, and in the
/// schemes of the web `\` is `/`.
fn as_browsers_read(path: &str) -> Cow<'_, str> {
    if path.contains(['\\', '\t', '\n', '\r']) {
        Cow::Owned(path.replace(['\t', '\n', '\r'], "").replace('\\', "/"))
    } else {
        Cow::Borrowed(path)
    }
}

/// §5.2.2, for a reference without query and fragment, to a path on the same host.
fn absolute(base: &str, path: &str) -> Option<String> {
    // An escaped dot is one (WHATWG URL §4.4).
    let path = &*as_browsers_read(path).replace("%2e", ".").replace("%2E", ".");
    if path.starts_with("//") || has_scheme(path) {
        return None;
    }
    Some(if path.starts_with('/') {
        remove_dot_segments(path)
    } else {
        remove_dot_segments(&format!("{}{path}", folder(base)))
    })
}

/// Whether a URL leads to another path from another folder.
pub(super) fn is_relative(url: &str) -> bool {
    let path = as_browsers_read(split(url).0);
    !path.is_empty() && !path.starts_with('/') && !has_scheme(&path)
}

/// Splits a URL into its path, with scheme and host, and the rest: query and fragment.
pub(crate) fn split(url: &str) -> (&str, &str) {
    url.split_at(url.find(['?', '#']).unwrap_or(url.len()))
}

/// Whether a reference begins with a scheme (§3.1), and is not a relative one.
fn has_scheme(url: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|other| other.is_ascii_alphanumeric() || "+-.".contains(other))
    };
    url.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// Everything up to the last slash.
fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..=slash])
}

/// §5.2.4, for a path that begins with a slash. `..` above the root stays at the root.
fn remove_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path[1..].split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." if is_last => kept.push(""),
            "." => {}
            ".." => {
                kept.pop();
                if is_last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn leads(url: &str, expected: &str) {
        assert_eq!(resolve("/static/css/app.css", url).as_deref(), Some(expected), "{url}");
    }

    #[track_caller]
    fn leads_out(url: &str) {
        assert_eq!(resolve("/static/css/app.css", url), None, "{url}");
    }

    #[test]
    fn urls_that_depend_on_their_folder() {
        let is = |url: &str, expected: bool| assert_eq!(is_relative(url), expected, "{url}");
        is("a.png", true);
        is("../a.png?x", true);
        is("/a.png", false);
        is("\\a.png", false);
        is("//a.example/b.png", false);
        is("data:image/png;base64,AAAA", false);
        is("#a", false);
        is("", false);
    }

    #[test]
    fn relative_paths() {
        leads("a.png", "/static/css/a.png");
        leads("./a.png", "/static/css/a.png");
        leads("../img/a.png", "/static/img/a.png");
        leads("x/../a.png", "/static/css/a.png");
        leads(".", "/static/css/");
        leads("..", "/static/");
        leads("x/", "/static/css/x/");
        leads("a%20b.png", "/static/css/a b.png");
        leads("a%2520b.png", "/static/css/a%20b.png");
        leads("é.png", "/static/css/é.png");
        leads("a:b/c.png".replace(':', "%3A").as_str(), "/static/css/a:b/c.png");
        leads("x/a:b.png", "/static/css/x/a:b.png");
    }

    #[test]
    fn query_and_fragment_do_not_count() {
        leads("a.eot?#iefix", "/static/css/a.eot");
        leads("a.svg#icon", "/static/css/a.svg");
        leads("a.css?v=1/2", "/static/css/a.css");
    }

    #[test]
    fn absolute_paths() {
        leads("/static/img/a.png", "/static/img/a.png");
        leads("/static/x/../a.png", "/static/a.png");
        leads("/../static/a.png", "/static/a.png");
        leads("/img/a.png", "/img/a.png");
        leads("../../a.png", "/a.png");
        leads("/static/../a.png", "/a.png");
    }

    #[test]
    fn a_backslash_is_a_slash_and_line_breaks_are_nothing() {
        leads("img\\a.png", "/static/css/img/a.png");
        leads("..\\img\\a.png", "/static/img/a.png");
        leads("\\img\\a.png", "/img/a.png");
        leads("a.css?x=\\", "/static/css/a.css");
        leads("img/\n\ta.png", "/static/css/img/a.png");
        leads_out("\\\\cdn\\a.png");
        leads_out("https:\\\\cdn\\a.png");
        leads_out("C:\\site\\a.png");
    }

    #[test]
    fn other_schemes_and_hosts() {
        for url in [
            "",
            "#icon",
            "?v=1",
            "data:image/png;base64,AA",
            "DATA:,x",
            "https://cdn/a.png",
            "HTTP://cdn/a.png",
            "//cdn/a.png",
            "about:blank",
            "blob:x",
            "mailto:a@b",
        ] {
            leads_out(url);
        }
    }

    #[test]
    fn a_base_is_what_links_are_relative_to() {
        let base = |href| base("/s/", "docs/a.html", href);
        assert_eq!(base(None).as_deref(), Some("/s/docs/a.html"));
        assert_eq!(base(Some("")).as_deref(), Some("/s/docs/a.html"));
        assert_eq!(base(Some("#x")).as_deref(), Some("/s/docs/a.html"));
        assert_eq!(base(Some("../")).as_deref(), Some("/s/"));
        assert_eq!(base(Some("/x/y?z")).as_deref(), Some("/x/y"));
        assert_eq!(base(Some("https://cdn.example/")), None);
        assert_eq!(base(Some("//cdn.example/")), None);
    }
}
