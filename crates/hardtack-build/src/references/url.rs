//! What a URL in an asset leads to (RFC 3986 §5).

use percent_encoding::percent_decode_str;

/// The logical path that a URL in a file leads to, or none if it leads out of the bundle.
///
/// `at` is the bundle's URL prefix, `referrer` the logical path of the file. A URL of another
/// scheme or host leads out, and so does a path that is not below the prefix. A URL without a
/// path stays in the file itself, and leads nowhere.
pub(super) fn resolve(at: &str, referrer: &str, url: &str) -> Option<String> {
    let path = split(url).0;
    if path.is_empty() || path.starts_with("//") || has_scheme(path) {
        return None;
    }
    let absolute = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("{at}{}{path}", folder(referrer)),
    };
    let decoded = percent_decode_str(&remove_dot_segments(&absolute)).decode_utf8().ok()?.into();
    let decoded: String = decoded;
    decoded.strip_prefix(at).map(str::to_owned)
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
        assert_eq!(resolve("/static/", "css/app.css", url).as_deref(), Some(expected), "{url}");
    }

    #[track_caller]
    fn leads_out(url: &str) {
        assert_eq!(resolve("/static/", "css/app.css", url), None, "{url}");
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
}
