//! Links in HTML (WHATWG HTML): style sheets, scripts and images.
//!
//! What a reader navigates to, such as `a href`, is no reference: pages keep their path.

use std::{cell::RefCell, rc::Rc};

use lol_html::{
    HtmlRewriter, Settings, element,
    html_content::{Attribute, Element},
};

use super::{Fault, Link};
use crate::{ProblemKind, rewrite::Quoting};

/// The links in a page.
pub(super) fn links(bytes: &[u8]) -> Result<Vec<Link>, Fault> {
    let links = Rc::new(RefCell::new(Vec::new()));
    let collected = Rc::clone(&links);
    let handler = element!("link, script, img", move |element| {
        collected.borrow_mut().extend(link(element, bytes));
        Ok(())
    });
    let settings = Settings::new().append_element_content_handler(handler);
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    let parsed = rewriter.write(bytes).and_then(|()| rewriter.end());
    parsed.map_err(|error| {
        let message = format!("{error}: add the file to `exclude_references`");
        Fault { offset: 0, kind: ProblemKind::Syntax(message) }
    })?;
    Ok(links.take())
}

/// The link of an element, if its kind of element has one that is fetched with the page.
fn link(element: &Element<'_, '_>, bytes: &[u8]) -> Option<Link> {
    let name = match element.tag_name().as_str() {
        "link" if is_fetched(&element.get_attribute("rel")?) => "href",
        "script" | "img" => "src",
        _ => return None,
    };
    let attribute = element.attributes().iter().find(|attribute| attribute.name() == name)?;
    in_attribute(attribute, bytes)
}

/// Whether a `link` of these types is a style sheet or an icon.
fn is_fetched(rel: &str) -> bool {
    let fetched = ["stylesheet", "icon", "apple-touch-icon", "mask-icon"];
    rel.split_ascii_whitespace()
        .any(|one| fetched.iter().any(|name| one.eq_ignore_ascii_case(name)))
}

/// The link in an attribute's value, without the white space around it.
fn in_attribute(attribute: &Attribute<'_>, bytes: &[u8]) -> Option<Link> {
    let location = attribute.value_source_location()?.bytes();
    let raw = &bytes[location.clone()];
    let start = location.start + (raw.len() - raw.trim_ascii_start().len());
    let span = start..start + raw.trim_ascii().len();
    let raw = String::from_utf8_lossy(&bytes[span.clone()]);
    let url = htmlize::unescape_attribute(raw).into_owned();
    Some(Link::new(bytes, span, url, Quoting::HtmlAttribute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(text: &str, expected: &[(&str, &str)]) {
        let links = links(text.as_bytes()).unwrap_or_else(|fault| panic!("{:?}", fault.kind));
        let found: Vec<_> =
            links.iter().map(|link| (&text[link.span.clone()], link.url.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    /// Links that stand in the text as they are.
    #[track_caller]
    fn plain(text: &str, urls: &[&str]) {
        let expected: Vec<_> = urls.iter().map(|url| (*url, *url)).collect();
        finds(text, &expected);
    }

    #[test]
    fn style_sheets_scripts_and_images() {
        plain("<link rel=stylesheet href=a.css>", &["a.css"]);
        plain("<LINK REL='alternate StyleSheet' HREF='a.css'/>", &["a.css"]);
        plain("<link href=\"i.png\" rel=\"shortcut icon\">", &["i.png"]);
        plain(
            "<script src=a.js></script><script type=module src='b.js'></script>",
            &["a.js", "b.js"],
        );
        plain("<p><img alt='' src=\"a.png\" src='b.png'>", &["a.png"]);
        plain("<svg><script src=a.js></script></svg>", &["a.js"]);
    }

    #[test]
    fn white_space_and_escapes() {
        finds("<img src=' a b.png\n'>", &[("a b.png", "a b.png")]);
        finds("<img src='a&amp;b.png'>", &[("a&amp;b.png", "a&b.png")]);
        finds("<img src=a&#46;png>", &[("a&#46;png", "a.png")]);
        finds("<img src='é.png'>", &[("é.png", "é.png")]);
        finds("<img src = a.png >", &[("a.png", "a.png")]);
    }

    #[test]
    fn what_is_no_link() {
        for text in [
            "<a href=a.html>x</a><form action=b.html></form><iframe src=c.html></iframe>",
            "<link rel=canonical href=a.html><link rel=next href=b.html><link href=a.css>",
            "<!-- <img src=a.png> -->",
            "<script>'<img src=a.png>'</script>",
            "<style>a{} <img src=a.png></style>",
            "<textarea><img src=a.png></textarea><title><img src=a.png></title>",
            "<img src><img data-src=a.png>",
            "&lt;img src=a.png>",
        ] {
            finds(text, &[]);
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_move_the_links() {
        let page = b"\xff\xfe<p>\xe9</p><img src=a.png>";
        let link = links(page).ok().unwrap().remove(0);
        assert_eq!(&page[link.span], b"a.png");
    }
}
