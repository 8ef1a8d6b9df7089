//! Links in a web app manifest (W3C Web Application Manifest): images. `start_url` and `scope` are
//! pages, and no references.

use super::{Found, Link, json, json::Value, literal::Literal};

/// The links in a manifest. A manifest that is not JSON has none, but a remark.
pub(super) fn find(bytes: &[u8]) -> Found {
    let links = str::from_utf8(bytes).ok().and_then(|text| json::parse(text, links));
    let literals = vec![Literal::data(0..bytes.len())];
    match links {
        Some(links) => Found { links, literals, ..Found::default() },
        None => Found::remark(0, "is served as it is: not JSON"),
    }
}

fn links(manifest: Value<'_>) -> Vec<Link> {
    let shortcuts = manifest.member("shortcuts").map(Value::elements).unwrap_or_default();
    let images = ["icons", "screenshots"].map(|name| images(manifest, name));
    let of_shortcuts = shortcuts.into_iter().flat_map(|shortcut| self::images(shortcut, "icons"));
    images.into_iter().flatten().chain(of_shortcuts).collect()
}

fn images(of: Value<'_>, name: &str) -> Vec<Link> {
    let images = of.member(name).map(Value::elements).unwrap_or_default();
    images.into_iter().filter_map(|image| image.member("src")?.link()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(text: &str, expected: &[&str]) {
        let links = find(text.as_bytes()).links;
        let urls: Vec<_> = links.iter().map(|link| link.url.as_str()).collect();
        assert_eq!(urls, expected, "{text}");
    }

    #[test]
    fn images_are_links() {
        finds(r#"{"icons":[{"src":"a.png","sizes":"1x1"},{"src":"b.png"}]}"#, &["a.png", "b.png"]);
        finds(r#"{"screenshots":[{"src":"a.png"}],"icons":[]}"#, &["a.png"]);
        finds(r#"{"shortcuts":[{"url":"/x","icons":[{"src":"a\u002epng"}]}]}"#, &["a.png"]);
        finds(
            r#"{"icons":[{"src":"/a.png?v=1#x"},{"src":"https://cdn/b.png"}]}"#,
            &["/a.png?v=1#x", "https://cdn/b.png"],
        );
        finds(r#"{"icons":[{"src":"a\/b.png"}]}"#, &["a/b.png"]);
        finds(r#"{"icons":[{"sizes":"1x1","src":""},{"src":"é.png"}]}"#, &["", "é.png"]);
        finds(
            r#"{"shortcuts":[{"icons":[{"src":"a.png"}]},{"icons":[{"src":"b.png"}]}]}"#,
            &["a.png", "b.png"],
        );
        finds(
            r#"{"screenshots":[{"src":"a.png"}],"icons":[{"src":"b.png"}]}"#,
            &["b.png", "a.png"],
        );
        finds(" {\r\n\"icons\" : [ { \"src\" : \"a.png\" } ] }\n", &["a.png"]);
    }

    #[test]
    fn all_else_is_not() {
        finds(r#"{"start_url":"/","scope":"/","id":"/","src":"a.png"}"#, &[]);
        finds(r#"{"icons":{"src":"a.png"}}"#, &[]);
        finds(r#"{"icons":["a.png",{"src":1},null]}"#, &[]);
        finds(r#"{"related_applications":[{"url":"a"}],"protocol_handlers":[{"url":"b"}]}"#, &[]);
        finds(r#"{"share_target":{"action":"/share"},"file_handlers":[{"action":"/open"}]}"#, &[]);
        finds(r#"{"shortcuts":{"icons":[{"src":"a.png"}]}}"#, &[]);
        finds(r#"{"name":"icons","icons":null,"screenshots":true}"#, &[]);
        finds(r#"{"x":{"icons":[{"src":"a.png"}]}}"#, &[]);
        finds("{}", &[]);
        finds("null", &[]);
        finds("[]", &[]);
    }

    #[test]
    fn what_is_not_json_is_a_remark() {
        assert_eq!(find(b"{").remarks.len(), 1);
        assert_eq!(find(b"{\"a\":\xff}").remarks.len(), 1);
    }
}
