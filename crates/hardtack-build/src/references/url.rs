//! What a URL in an asset leads to (RFC 3986 §5).

use percent_encoding::percent_decode_str;

/// The URL path that links in a file are relative to: its own, or what its `base` says.
///
/// None if that is another site's, so that no link without a host leads into the bundle.
pub(super) fn base(at: &str, referrer: &str, href: Option<&str>) -> Option<String> {
    let own = format!("{at}{referrer}");
    match href.map(|href| split(href).0) {
        None | Some("") => Some(own),
        Some(href) => absolute(&own, href),
    }
}

/// The logical path that a URL leads to, or none if it leads out of the bundle.
///
/// `at` is the bundle's URL prefix, `base` the URL path that the URL is relative to. A URL of
/// another scheme or host leads out, and so does a path that is not below the prefix. A URL
/// without a path stays in the file itself, and leads nowhere.
pub(crate) fn resolve(at: &str, base: &str, url: &str) -> Option<String> {
    let path = split(url).0;
    if path.is_empty() {
        return None;
    }
    let absolute = absolute(base, path)?;
    let decoded = percent_decode_str(&absolute).decode_utf8().ok()?;
    decoded.strip_prefix(at).map(str::to_owned)
}

/// §5.2.2, for a reference without query and fragment, to a path on the same host.
fn absolute(base: &str, path: &str) -> Option<String> {
    if path.starts_with("//") || has_scheme(path) {
        return None;
    }
    Some(match path.starts_with('/') {
        true => remove_dot_segments(path),
        false => remove_dot_segments(&format!("{}{path}", folder(base))),
    })
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
        assert_eq!(
            resolve("/static/", "/static/css/app.css", url).as_deref(),
            Some(expected),
            "{url}"
        );
    }

    #[track_caller]
    fn leads_out(url: &str) {
        assert_eq!(resolve("/static/", "/static/css/app.css", url), None, "{url}");
    }

    #[test]
    fn relative_paths() {
        leads("a.png", "css/a.png");
        leads("./a.png", "css/a.png");
        leads("../img/a.png", "img/a.png");
        leads("x/../a.png", "css/a.png");
        leads(".", "css/");
        leads("..", "");
        leads("x/", "css/x/");
        leads("a%20b.png", "css/a b.png");
        leads("a%2520b.png", "css/a%20b.png");
        leads("é.png", "css/é.png");
        leads("a:b/c.png".replace(':', "%3A").as_str(), "css/a:b/c.png");
        leads("x/a:b.png", "css/x/a:b.png");
    }

    #[test]
    fn query_and_fragment_do_not_count() {
        leads("a.eot?#iefix", "css/a.eot");
        leads("a.svg#icon", "css/a.svg");
        leads("a.css?v=1/2", "css/a.css");
    }

    #[test]
    fn absolute_paths_below_the_prefix() {
        leads("/static/img/a.png", "img/a.png");
        leads("/static/x/../a.png", "a.png");
        leads("/../static/a.png", "a.png");
        leads_out("/img/a.png");
        leads_out("../../a.png");
        leads_out("/static/../a.png");
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
