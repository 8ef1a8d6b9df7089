//! The URLs in the value of a header field, such as `Content-Security-Policy`, or of a `<meta>` element
//! in its place. Whatever the field is, a name in it is not rewritten.

/// The paths that a value may name: those of URLs, of the host sources of a policy, such as
/// `*.example:8080/js/app.js` (CSP Level 3 §2.3.1), and the words that may be relative URLs.
pub(super) fn paths(value: &str) -> impl Iterator<Item = &str> {
    const BETWEEN: &[char] =
        &[' ', '\t', '\n', '\r', '\u{c}', ',', ';', '"', '\'', '<', '>', '(', ')', '='];
    let words = value.split(BETWEEN).filter(|word| word.contains(['.', '/']));
    words.flat_map(|word| {
        let is_relative = !word.starts_with('/') && !word.contains("://");
        let host = match word.split_once("//") {
            Some((scheme, host)) if scheme.is_empty() || scheme.ends_with(':') => host,
            _ => word,
        };
        let path = host.find('/').map(|slash| &host[slash..]);
        path.into_iter().chain(is_relative.then_some(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_values() {
        let names = |value: &str, expected: &[&str]| {
            assert_eq!(paths(value).collect::<Vec<_>>(), expected, "{value}");
        };
        names("default-src 'self'; object-src 'none'", &[]);
        names("script-src https://a.example/js/a.js /b.js", &["/js/a.js", "/b.js"]);
        names(
            "script-src http://127.0.0.1:*/a.js *.example:8080/b.js",
            &["/a.js", "/b.js", "*.example:8080/b.js"],
        );
        names("style-src //a.example/a.css", &["/a.css"]);
        names("https://a.example", &[]);
        names("\"/rules.json\"", &["/rules.json"]);
        names("a.js.map", &["a.js.map"]);
        names("5; url=/next.html", &["/next.html"]);
        names("max-age=60, no-cache", &[]);
    }
}
