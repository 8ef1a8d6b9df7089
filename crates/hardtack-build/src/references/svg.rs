//! Links in SVG (SVG 2, XML 1.0): `href` and `xlink:href` of drawn elements, style, and the style
//! sheets that a processing instruction names.

use std::ops::Range;

use roxmltree::{Document, Node, ParsingOptions};

use super::{Found, Link, attribute::Attribute, css, literal::Literal};

/// The links in a drawing. A drawing that is not XML has none, but a remark.
pub(super) fn find(bytes: &[u8]) -> Found {
    let Ok(text) = str::from_utf8(bytes) else {
        return Found::remark(0, "is served as it is: not UTF-8");
    };
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = match Document::parse_with_options(text, options) {
        Ok(document) => document,
        Err(error) => {
            return Found::remark(0, &format!("is served as it is: not XML: {error}"));
        }
    };
    let mut found = Found::default();
    for node in document.descendants() {
        match node {
            _ if node.is_element() => element(text, node, &mut found),
            _ if node.is_pi() => found.links.extend(style_sheet(text, node)),
            _ => {}
        }
    }
    found
}

fn element(text: &str, node: Node<'_, '_>, found: &mut Found) {
    for attribute in node.attributes() {
        let value = || Attribute::new(text.as_bytes(), attribute.range_value());
        match attribute.name() {
            // A link that a reader follows is no reference.
            "href" if node.tag_name().name() != "a" => {
                found.links.extend(value().map(|value| value.link()));
            }
            name if is_style(name) && attribute.value().contains('(') => {
                if let Some(value) = value() {
                    found.absorb(value.style(), 0);
                }
            }
            "href" => {}
            // Drawing programs store names of files in attributes of their own.
            name if name.starts_with("data-") || name.starts_with("on") => {
                found.literals.push(Literal::attribute(attribute.range_value()));
            }
            _ => {}
        }
    }
    if node.tag_name().name() == "script" {
        for text_node in node.children().filter(Node::is_text) {
            found.literals.push(Literal::data(whole(text, node, text_node)));
        }
    }
    if node.tag_name().name() == "style" {
        for text_node in node.children().filter(Node::is_text) {
            found.absorb(style(text, whole(text, node, text_node)), 0);
        }
    }
}

/// The attributes whose value may be `url()` (SVG 2 §6.1).
fn is_style(name: &str) -> bool {
    matches!(
        name,
        "style"
            | "fill"
            | "stroke"
            | "filter"
            | "mask"
            | "clip-path"
            | "cursor"
            | "marker-start"
            | "marker-mid"
            | "marker-end"
    )
}

/// The range of a text in an element. The parser's own range ends with the first CDATA section.
fn whole(text: &str, element: Node<'_, '_>, text_node: Node<'_, '_>) -> Range<usize> {
    let end = element.range().end;
    let closing_tag = || text[..end].rfind("</").unwrap_or(end);
    let end = text_node.next_sibling().map_or_else(closing_tag, |next| next.range().start);
    text_node.range().start..end
}

/// The links in a style sheet, which is written plainly or with character references.
///
/// The marks of CDATA sections may stand anywhere in it; for CSS they are white space.
fn style(text: &str, span: Range<usize>) -> Found {
    let sheet = &text[span.clone()];
    if !sheet.contains("<![CDATA[") {
        let value = Attribute::new(text.as_bytes(), span);
        return value.map(|value| value.style()).unwrap_or_default();
    }
    let mut found = Found::default();
    let bare = sheet.replace("<![CDATA[", "         ").replace("]]>", "   ");
    found.absorb(css::find(&bare), span.start);
    found
}

/// The link in `<?xml-stylesheet href="..."?>` (W3C xml-stylesheet §4).
fn style_sheet(text: &str, node: Node<'_, '_>) -> Option<Link> {
    let span = node.range();
    let instruction = &text[span.clone()];
    if node.pi()?.target != "xml-stylesheet" {
        return None;
    }
    let href = instruction.find("href")? + "href".len();
    let quote = href + instruction[href..].find(['"', '\''])?;
    let end = instruction[quote + 1..].find(&instruction[quote..=quote])?;
    let value = span.start + quote + 1..span.start + quote + 1 + end;
    Attribute::new(text.as_bytes(), value).map(|value| value.link())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(text: &str, expected: &[&str]) {
        let found = find(text.as_bytes());
        assert!(found.remarks.is_empty(), "{:?}", found.remarks);
        let urls: Vec<_> = found.links.iter().map(|link| &text[link.span.clone()]).collect();
        assert_eq!(urls, expected, "{text}");
    }

    const OPEN: &str = "<svg xmlns='http://www.w3.org/2000/svg' \
                        xmlns:xlink='http://www.w3.org/1999/xlink'>";

    /// Links in what stands in an `svg` element.
    #[track_caller]
    fn inside(content: &str, expected: &[&str]) {
        finds(&format!("{OPEN}{content}</svg>"), expected);
    }

    #[test]
    fn hrefs() {
        inside("<image href='a.png'/><image xlink:href=\"b.png\"/>", &["a.png", "b.png"]);
        inside("<use href='icons.svg#x'/><script href='a.js'/>", &["icons.svg#x", "a.js"]);
        inside("<use href='#x'/>", &["#x"]);
        inside("<a href='page.html'><a xlink:href='x'/></a>", &[]);
        inside("<image href='a&amp;b.png'/>", &["a&amp;b.png"]);
        inside("<feImage href='a.png'/><linearGradient href='b.svg#c'/>", &["a.png", "b.svg#c"]);
        inside("<g><g><image width='1'\n href = 'a.png'\t/></g></g>", &["a.png"]);
        inside("<image href='data:image/png;base64,AA'/>", &["data:image/png;base64,AA"]);
        inside("<image href='https://cdn/a.png'/><use href=''/>", &["https://cdn/a.png", ""]);
        inside("<image data-href='a.png' src='b.png'/>", &[]);
        inside("<switch><image href='é.png'/></switch>", &["é.png"]);
        inside("<mask id='a'><image href='b.png'/></mask><text>é</text>", &["b.png"]);
    }

    #[test]
    fn styles() {
        inside("<style>a{fill:url(b.svg#c)}</style>", &["b.svg#c"]);
        inside("<style><![CDATA[@import 'a.css';]]></style>", &["a.css"]);
        inside(
            "<rect style='fill:url(a.svg#b)' filter='url(\"c.svg#d\")'/>",
            &["a.svg#b", "c.svg#d"],
        );
        inside("<rect fill='url(#a)' stroke='red'/>", &["#a"]);
        inside("<text>url(a.png)</text><!-- url(b.png) -->", &[]);
        inside("<rect mask='uRL( a.svg#b )' clip-path='url(#c)'/>", &["a.svg#b", "#c"]);
        inside("<rect style=\"cursor:url('a.cur'),auto\"/>", &["a.cur"]);
        inside("<rect style='a:url(&quot;b&amp;c.png&quot;)'/>", &["b&amp;c.png"]);
        inside("<line marker-end='url(a.svg#b)' marker='none'/>", &["a.svg#b"]);
        inside("<rect fill='rgb(0,0,0)' transform='rotate(1)' id='url(a.png)'/>", &[]);
        inside("<rect class='url(a.png)' title='url(b.png)'/>", &[]);
        inside("<style><!-- @import 'a.css' -->b{c:url(d.png)}<!-- url(e) --></style>", &["d.png"]);
        inside("<style><![CDATA[a{b:url(c.png)}]]> d{e:url(f.png)}</style>", &["c.png", "f.png"]);
        inside("<style/><style></style><style> </style>", &[]);
        inside("<style>/* url(a.png) */ a{content:'url(b.png)'}</style>", &[]);
        inside("<style>a{b:url(&quot;c&amp;d.png&quot;)}</style>", &["c&amp;d.png"]);
        inside("<style>\r\n<![CDATA[\r\na>b{c:url(d.png)}]]>\r\n</style>", &["d.png"]);
        inside(
            "<defs><style type='text/css'>@font-face{src:url(a.woff2)}</style></defs>",
            &["a.woff2"],
        );
        inside("<title>@import 'a.css';</title><desc>url(b.png)</desc>", &[]);
    }

    #[test]
    fn processing_instructions() {
        let sheet = "<?xml version='1.0'?><?xml-stylesheet type=\"text/css\" href=\"a.css\"?>";
        finds(&format!("{sheet}{OPEN}</svg>"), &["a.css"]);
        finds(&format!("<?other href='a.css'?>{OPEN}</svg>"), &[]);
        finds(&format!("<?xml-stylesheet type='text/css'?>{OPEN}</svg>"), &[]);
        finds(
            &format!("<?xml-stylesheet href='a.css'?><?xml-stylesheet href='b.css'?>{OPEN}</svg>"),
            &["a.css", "b.css"],
        );
        finds(
            &format!("\u{feff}<?xml version='1.0'?>\r\n{OPEN}<image href='a.png'/></svg>"),
            &["a.png"],
        );
    }

    #[test]
    fn what_is_not_xml_is_a_remark() {
        assert_eq!(find(b"<svg>").remarks.len(), 1);
        assert_eq!(find(b"").remarks.len(), 1);
        assert_eq!(find(b"<svg a='1' a='2'/>").remarks.len(), 1);
        assert_eq!(find(b"<svg>&undefined;</svg>").remarks.len(), 1);
        assert_eq!(find(b"<svg>\xff</svg>").remarks.len(), 1);
    }
}
