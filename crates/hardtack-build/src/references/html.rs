//! Links in HTML (WHATWG HTML): those that a browser fetches with a page, and the images that a
//! page names for previews. A link that a reader follows, such as `a href`, is no reference: pages
//! keep their path.

use std::{cell::RefCell, ops::Range, rc::Rc};

use htmlize::unescape_attribute;
use lol_html::{
    HtmlRewriter, Settings as Handlers, element,
    html_content::{Element, TextChunk},
    text,
};

use super::{
    Fault, Found, IfMissing, IntegrityPlace, attribute::Attribute, css, field_urls, import_map,
    javascript, literal::Literal, split_url,
};
use crate::{ProblemKind, Settings, logical_path::file_name};

/// The links in a page.
pub(super) fn find(bytes: &[u8], settings: &Settings) -> Result<Found, Fault> {
    find_in(Markup::Page, bytes, settings.integrity)
}

/// The place of markup in a page.
#[derive(Clone, Copy, PartialEq)]
enum Markup {
    Page,
    /// The content of a `noscript` element, which is markup to browsers without scripts, and text
    /// to others.
    WithoutScripts,
}

fn find_in(markup: Markup, bytes: &[u8], adds_integrity: bool) -> Result<Found, Fault> {
    let page = Page {
        markup,
        bytes,
        adds_integrity,
        media_has_crossorigin: false,
        inert_base: None,
        found: Found::default(),
        fault: None,
        inline: None,
    };
    let page = Rc::new(RefCell::new(page));
    let (of_template, of_element, of_text) = (Rc::clone(&page), Rc::clone(&page), Rc::clone(&page));
    let handlers = Handlers::new()
        // Before the handler of all elements.
        .append_element_content_handler(element!("template base", move |base| {
            of_template.borrow_mut().inert_base = Some(base.source_location().bytes().start);
            Ok(())
        }))
        .append_element_content_handler(element!("*", move |element| {
            of_element.borrow_mut().element(element);
            Ok(())
        }))
        .append_element_content_handler(text!("style, script, noscript", move |chunk| {
            of_text.borrow_mut().text(chunk);
            Ok(())
        }));
    let mut rewriter = HtmlRewriter::new(handlers, |_: &[u8]| {});
    let parsed = rewriter.write(bytes).and_then(|()| rewriter.end());
    parsed.map_err(|error| {
        let message = format!("{error}: add the file to `exclude_references`");
        Fault { offset: 0, kind: ProblemKind::Syntax(message) }
    })?;
    let mut page = page.borrow_mut();
    match page.fault.take() {
        Some(fault) => Err(fault),
        None => Ok(std::mem::take(&mut page.found)),
    }
}

/// A page, and the findings in it so far.
struct Page<'a> {
    markup: Markup,
    bytes: &'a [u8],
    adds_integrity: bool,
    /// Whether the last `audio` or `video` has `crossorigin`, so that its tracks may be of another
    /// origin.
    media_has_crossorigin: bool,
    /// The place of the last base element in a template, which is none of the document.
    inert_base: Option<usize>,
    found: Found,
    fault: Option<Fault>,
    /// The format and the span of the element's text that follows, if it is parsed.
    inline: Option<(Inline, Range<usize>)>,
}

/// A text in another format inside a page.
#[derive(Clone, Copy, PartialEq)]
enum Inline {
    StyleSheet,
    Module,
    ImportMap,
    ClassicScript,
    /// Data or templates, which scripts of the page read.
    Data,
    Markup,
}

impl<'a> Page<'a> {
    fn element(&mut self, element: &Element<'_, '_>) {
        let name = element.tag_name();
        let is_page = self.markup == Markup::Page;
        self.inline = inline(&name, element)
            .filter(|inline| is_page || *inline != Inline::Markup)
            .map(|inline| (inline, 0..0));
        let is_html = element.namespace_uri() == "http://www.w3.org/1999/xhtml";
        let is_inert = self.inert_base == Some(element.source_location().bytes().start);
        if name == "base" && is_html && !is_inert && self.found.base.is_none() {
            self.found.base = self.attribute(element, "href").map(|href| href.value);
            if self.found.base.is_some() {
                self.found.base_at = element.source_location().bytes().end;
            }
        }
        if matches!(&*name, "audio" | "video") {
            self.media_has_crossorigin = element.has_attribute("crossorigin");
        }
        let rel = element.get_attribute("rel").unwrap_or_default();
        if let Some(href) = self.attribute(element, "href")
            && name == "link"
            && has_any(&rel, &["manifest"])
        {
            self.found.web_manifests.push(href.link().url);
        }
        for attribute in links_of(&name, element) {
            let Some(value) = self.attribute(element, attribute) else { continue };
            let mut link = value.link().if_missing(if_missing(&name, element));
            link.needs_page_origin = self.needs_page_origin(&name, element);
            link.integrity = self.integrity(&name, element, &value);
            self.found.links.push(link);
        }
        if let ("script", Some(id), Some(src)) =
            (&*name, element.get_attribute("id"), self.attribute(element, "src"))
        {
            self.found.ids.push((id, src.link().url));
        }
        for attribute in candidates_of(&name) {
            let candidates = self.attribute(element, attribute).map(|value| value.candidates());
            self.found.links.extend(candidates.unwrap_or_default());
        }
        if let Some(style) = self.attribute(element, "style") {
            self.found.inline.push(style.span.clone());
            self.take_in(Ok(of_page_origin(style.style())), 0);
        }
        if name == "meta" && is_policy(&element.get_attribute("http-equiv").unwrap_or_default()) {
            let policy = self.attribute(element, "content");
            self.found.in_policy.extend(policy.iter().flat_map(|it| {
                field_urls::paths(&it.value).map(|path| (it.span.start, path.to_owned()))
            }));
        }
        self.literals(&name, element);
    }

    /// The values of attributes that are no links, in which code may have names.
    fn literals(&mut self, name: &str, element: &Element<'_, '_>) {
        let links = links_of(name, element);
        for attribute in element.attributes() {
            let own = attribute.name();
            let is_link = [links, candidates_of(name)].concat().contains(&own.as_str())
                || is_navigation(name, &own, element);
            let span = attribute.value_source_location().map(|place| place.bytes());
            if matches!((name, &*own), ("a" | "area", "href")) && leads_to_file(&attribute.value())
            {
                let url = self.attribute(element, &own).map(|it| it.link().url);
                self.found.followed.extend(url);
            }
            if let Some(span) = span.filter(|_| !is_link && !is_text(&own)) {
                if own.starts_with("on") {
                    self.found.inline.push(span.clone());
                    let code = unescape_attribute(attribute.value());
                    let derived = javascript::find_in_classic_script(&code).derived;
                    self.found.derived.absorb(derived, |_| span.start);
                }
                if may_lack_extension(name, &own, &attribute.value()) {
                    let path = (span.start, attribute.value().trim().to_owned());
                    self.found.without_extension.push(path);
                }
                self.found.literals.push(Literal::attribute(span));
            }
        }
    }

    /// Gathers the text of an element, which comes in pieces.
    fn text(&mut self, chunk: &TextChunk<'_>) {
        let Some((inline, span)) = &mut self.inline else { return };
        let piece = chunk.source_location().bytes();
        *span = match span.end {
            0 => piece,
            _ => span.start..span.end.max(piece.end),
        };
        if chunk.last_in_text_node() {
            let (inline, span) = (*inline, span.clone());
            self.inline = None;
            self.inline_text(inline, span);
        }
    }

    fn inline_text(&mut self, inline: Inline, span: Range<usize>) {
        let offset = span.start;
        let Ok(text) = str::from_utf8(&self.bytes[span]) else { return };
        if inline != Inline::Markup {
            self.found.inline.push(offset..offset + text.len());
        }
        let found = match inline {
            Inline::StyleSheet => Ok(of_page_origin(css::find(text))),
            Inline::Module => Ok(javascript::find_in_page(text)),
            Inline::ImportMap => Ok(import_map::find(text, self.adds_integrity)),
            Inline::ClassicScript => Ok(javascript::find_in_classic_script(text)),
            Inline::Data => {
                let literals = vec![Literal::data(0..text.len())];
                Ok(Found { literals, ..Found::default() })
            }
            Inline::Markup => find_in(Markup::WithoutScripts, text.as_bytes(), self.adds_integrity),
        };
        self.take_in(found, offset);
    }

    fn take_in(&mut self, found: Result<Found, Fault>, offset: usize) {
        match found {
            Ok(found) => self.found.absorb(found, offset),
            Err(fault) => {
                let fault = Fault { offset: fault.offset + offset, ..fault };
                self.fault.get_or_insert(fault);
            }
        }
    }

    fn attribute(&self, element: &Element<'_, '_>, name: &str) -> Option<Attribute<'a>> {
        let mut attributes = element.attributes().iter();
        let attribute = attributes.find(|attribute| attribute.name() == name)?;
        Attribute::new(self.bytes, attribute.value_source_location()?.bytes())
    }

    /// Whether browsers take a link's target from the page's own origin only (SVG 2 §5.5, HTML
    /// §4.8.11.11 and §4.6.7.9).
    fn needs_page_origin(&self, name: &str, element: &Element<'_, '_>) -> bool {
        match name {
            "use" => true,
            "track" => !self.media_has_crossorigin,
            "link" => has_any(&element.get_attribute("rel").unwrap_or_default(), &["manifest"]),
            _ => false,
        }
    }

    /// The place of the integrity of a link's target, or the place to add it.
    ///
    /// An existing value is corrected even if none are added: the file may have been rewritten.
    fn integrity(
        &self,
        name: &str,
        element: &Element<'_, '_>,
        link: &Attribute<'_>,
    ) -> Option<IntegrityPlace> {
        let rel = element.get_attribute("rel").unwrap_or_default();
        let is_loaded = match name {
            "script" => true,
            "link" if has_any(&rel, &["stylesheet", "modulepreload"]) => true,
            "link" if has_any(&rel, &["preload"]) => false,
            _ => return None,
        };
        let present = self.attribute(element, "integrity").filter(|it| !it.value.is_empty());
        if let Some(present) = present {
            return Some(IntegrityPlace::new(present.span, ("", "")));
        }
        let kind = element.get_attribute("as").unwrap_or_default();
        let is_heeded = is_loaded || has_any(&kind, &["script", "style"]);
        let place = self.new_integrity(link.span.end, element.has_attribute("crossorigin"));
        Some(IntegrityPlace { only_if_loaded: !is_loaded, ..place })
            .filter(|_| is_heeded && self.adds_integrity)
    }

    /// The place to add an `integrity`: behind an attribute's value, and its quote.
    fn new_integrity(&self, end: usize, has_crossorigin: bool) -> IntegrityPlace {
        let end = end + usize::from(matches!(self.bytes.get(end), Some(b'"' | b'\'')));
        let after = if has_crossorigin { "\"" } else { "\" crossorigin=\"anonymous\"" };
        IntegrityPlace::new(end..end, (" integrity=\"", after))
    }
}

/// The links of styles in a page. A link with a fragment may mean a part of a drawing, such as a
/// filter, which browsers take from the page's own origin only.
fn of_page_origin(mut styles: Found) -> Found {
    for link in &mut styles.links {
        link.needs_page_origin = link.url.contains('#');
    }
    styles
}

/// Whether a `<meta>` element stands for the header field of a policy (HTML §4.2.5.3).
fn is_policy(pragma: &str) -> bool {
    pragma.to_ascii_lowercase().starts_with("content-security-policy")
}

/// The format of an element's text.
fn inline(name: &str, element: &Element<'_, '_>) -> Option<Inline> {
    let kind = element.get_attribute("type").unwrap_or_default().trim_ascii().to_ascii_lowercase();
    match (name, kind.as_str()) {
        ("style", _) => Some(Inline::StyleSheet),
        ("noscript", _) => Some(Inline::Markup),
        ("script", "module") => Some(Inline::Module),
        ("script", "importmap") => Some(Inline::ImportMap),
        ("script", "") => Some(Inline::ClassicScript),
        ("script", kind) if kind.ends_with("javascript") || kind.ends_with("ecmascript") => {
            Some(Inline::ClassicScript)
        }
        ("script", _) => Some(Inline::Data),
        _ => None,
    }
}

/// Attributes with links that a reader may follow. No code compares them with fetched URLs, and a
/// reader should see, keep and pass on the plain path.
fn is_navigation(name: &str, attribute: &str, element: &Element<'_, '_>) -> bool {
    let rel = || element.get_attribute("rel").unwrap_or_default();
    match (name, attribute) {
        ("a" | "area", "href" | "xlink:href" | "ping") => true,
        ("form", "action") | ("base", "href") | (_, "formaction" | "cite") => true,
        ("link", "href") => has_any(&rel(), NAVIGATIONS),
        _ => false,
    }
}

/// Relations of a `link` that lead to pages, feeds and other sites (HTML §4.6.7).
const NAVIGATIONS: &[&str] = &[
    "alternate",
    "amphtml",
    "author",
    "canonical",
    "dns-prefetch",
    "first",
    "help",
    "index",
    "last",
    "license",
    "me",
    "next",
    "pingback",
    "preconnect",
    "prev",
    "search",
    "shortlink",
    "up",
    "webmention",
];

/// Whether a link leads to a file that is no page.
fn leads_to_file(url: &str) -> bool {
    let name = file_name(split_url(url).0);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|it| !it.is_empty() && !matches!(it, "htm" | "html"))
}

/// Whether an attribute's value may be a path to which a script adds an extension:
/// `<script data-main="js/main">`. A single word is one only where it is for a script.
fn may_lack_extension(element: &str, attribute: &str, value: &str) -> bool {
    let value = value.trim();
    let is_path = |next: char| next.is_alphanumeric() || "-_.~/@%".contains(next);
    let is_for_script = element == "script" && attribute.starts_with("data-");
    value.chars().all(is_path)
        && value.ends_with(char::is_alphanumeric)
        && (value.contains('/') || is_for_script)
}

/// Attributes whose value is for a reader, or a name of something other than a file.
fn is_text(attribute: &str) -> bool {
    attribute.starts_with("aria-")
        || matches!(
            attribute,
            "abbr"
                | "alt"
                | "class"
                | "download"
                | "for"
                | "id"
                | "integrity"
                | "label"
                | "placeholder"
                | "rel"
                | "style"
                | "title"
                | "type"
        )
}

/// The attributes of an element that are each a link.
fn links_of(name: &str, element: &Element<'_, '_>) -> &'static [&'static str] {
    match name {
        "link" if is_fetched(&element.get_attribute("rel").unwrap_or_default()) => &["href"],
        "script" => &["src", "href", "xlink:href"],
        "img" | "source" | "audio" | "track" | "embed" | "input" => &["src"],
        "video" => &["src", "poster"],
        "object" => &["data"],
        "use" | "image" | "feimage" => &["href", "xlink:href"],
        "meta" if names_an_image(element) => &["content"],
        _ => &[],
    }
}

/// The attributes of an element that are each a list of image candidates.
fn candidates_of(name: &str) -> &'static [&'static str] {
    match name {
        "img" | "source" => &["srcset"],
        "link" => &["imagesrcset"],
        _ => &[],
    }
}

/// A link to prefetch may lead to the next page, whose path need not be a file's.
fn if_missing(name: &str, element: &Element<'_, '_>) -> IfMissing {
    let rel = element.get_attribute("rel").filter(|_| name == "link");
    if has_any(&rel.unwrap_or_default(), &["prefetch"]) {
        IfMissing::Navigation
    } else {
        IfMissing::Error
    }
}

/// Whether the target of a `link` is fetched with the page, and is no page itself.
fn is_fetched(rel: &str) -> bool {
    has_any(
        rel,
        &[
            "apple-touch-icon",
            "apple-touch-icon-precomposed",
            "apple-touch-startup-image",
            "icon",
            "manifest",
            "mask-icon",
            "modulepreload",
            "prefetch",
            "preload",
            "stylesheet",
        ],
    )
}

/// Whether a `meta` names an image or another file for previews of the page.
fn names_an_image(element: &Element<'_, '_>) -> bool {
    let names = ["property", "name", "itemprop"];
    names.iter().filter_map(|name| element.get_attribute(name)).any(|property| {
        has_any(
            &property,
            &[
                "image",
                "msapplication-square70x70logo",
                "msapplication-square150x150logo",
                "msapplication-square310x310logo",
                "msapplication-tileimage",
                "msapplication-wide310x150logo",
                "og:audio",
                "og:audio:secure_url",
                "og:audio:url",
                "og:image",
                "og:image:secure_url",
                "og:image:url",
                "og:video",
                "og:video:secure_url",
                "og:video:url",
                "twitter:image",
                "twitter:image:src",
            ],
        )
    })
}

fn has_any(words: &str, expected: &[&str]) -> bool {
    let mut words = words.split_ascii_whitespace();
    words.any(|word| expected.iter().any(|other| word.eq_ignore_ascii_case(other)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{assert_links, assert_plain_links},
        *,
    };

    #[track_caller]
    fn finds(text: &str, expected: &[(&str, &str)]) {
        assert_links(text, find(text.as_bytes(), &Settings::default()).unwrap().links, expected);
    }

    #[track_caller]
    fn plain(text: &str, urls: &[&str]) {
        assert_plain_links(text, find(text.as_bytes(), &Settings::default()).unwrap().links, urls);
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
    fn other_links() {
        plain("<link rel=manifest href=a.webmanifest>", &["a.webmanifest"]);
        plain("<link rel=preload as=font href=a.woff2 crossorigin>", &["a.woff2"]);
        plain("<link rel=modulepreload href=a.js>", &["a.js"]);
        plain("<link rel=apple-touch-icon href=a.png>", &["a.png"]);
        plain("<link rel=preload as=image imagesrcset='a.png 1x, b.png 2x'>", &["a.png", "b.png"]);
    }

    #[test]
    fn media() {
        plain("<img src=a.png srcset='b.png 1x, c.png 2x'>", &["a.png", "b.png", "c.png"]);
        plain(
            "<picture><source srcset=a.avif type=image/avif><img src=b.png></picture>",
            &["a.avif", "b.png"],
        );
        plain(
            "<video src=a.mp4 poster=b.png><track src=c.vtt></video>",
            &["a.mp4", "b.png", "c.vtt"],
        );
        plain("<audio><source src=a.ogg></audio>", &["a.ogg"]);
        plain(
            "<object data=a.svg></object><embed src=b.svg><input type=image src=c.png>",
            &["a.svg", "b.svg", "c.png"],
        );
        plain(
            "<svg><use href=a.svg#b /><use xlink:href='c.svg#d'/><image href=e.png /></svg>",
            &["a.svg#b", "c.svg#d", "e.png"],
        );
        plain("<svg><use href=#a></svg>", &["#a"]);
    }

    #[test]
    fn previews() {
        plain("<meta property=og:image content=/a.png>", &["/a.png"]);
        plain(
            "<meta name='twitter:image' content='a.png'><meta itemprop=image content=b.png>",
            &["a.png", "b.png"],
        );
        plain("<meta property=og:title content=a.png><meta name=description content=b.png>", &[]);
    }

    #[test]
    fn styles() {
        plain("<style>a{b:url(c.png)}</style>", &["c.png"]);
        plain("<style>/*<img src=a.png>*/@import 'b.css'</style>", &["b.css"]);
        plain("<p style='a:url(b.png)'>", &["b.png"]);
        finds("<p style=\"a:url(&quot;b.png&quot;)\">", &[("b.png", "b.png")]);
    }

    #[test]
    fn inline_modules() {
        plain(
            "<script type=module>import './a.js';import('./b.js')</script>",
            &["./a.js", "./b.js"],
        );
        plain("<script type=module>\n//<b>é</b>\nimport './a.js'\n</script>", &["./a.js"]);
        plain("<script>import('./a.js')</script>", &["./a.js"]);
        plain("<script type=text/template><img src=a.png>import './a.js'</script>", &[]);
        plain("<script type=module></script><script>'./a.js'</script>", &[]);
    }

    #[test]
    fn what_is_shown_without_scripts() {
        plain(
            "<head><noscript><link rel=stylesheet href=a.css><style>b{c:url(d.png)}</style>\
             </noscript></head><body><noscript>é<img src='e.png' alt=\"</p>\">\n<img src=f.png>\
             </noscript><img src=g.png>",
            &["a.css", "d.png", "e.png", "f.png", "g.png"],
        );
        plain("<noscript><!-- <img src=a.png> --></noscript>", &[]);
        plain("<noscript></noscript><img src=a.png><noscript>", &["a.png"]);
        plain("<noscript><noscript><img src=a.png></noscript><img src=b.png>", &["b.png"]);
        finds("<noscript><img src='a&amp;b.png'></noscript>", &[("a&amp;b.png", "a&b.png")]);
    }

    #[test]
    fn import_maps() {
        plain("<script type=importmap>{\"imports\":{\"a\":\"./a.js\"}}</script>", &["./a.js"]);
        let text = "<p>é</p><script type=ImportMap>{\"imports\":{\"a/\":\"./a/\"}}</script>";
        let settings = Settings { integrity: true, ..Settings::default() };
        let map = find(text.as_bytes(), &settings).unwrap().import_map.unwrap();
        assert!(text[map.folders[0].offset..].starts_with("\"a/\""));
        assert!(text[map.integrity.unwrap().span.start..].starts_with("\"imports\""));
        let broken = find(b"<script type=importmap>{</script>", &Settings::default()).unwrap();
        assert_eq!(broken.remarks.len(), 1);
    }

    #[test]
    fn the_first_base_counts() {
        let base = |text: &str| find(text.as_bytes(), &Settings::default()).unwrap().base;
        assert_eq!(
            base("<base target=_top><base href=../a/><base href=b/>").as_deref(),
            Some("../a/")
        );
        assert_eq!(base("<svg><base href=a/></svg><base href=b/>").as_deref(), Some("b/"));
        let template = "<template><p><base href=a/></template><base href=b/>";
        assert_eq!(base(template).as_deref(), Some("b/"));
        assert_eq!(base("<p>"), None);
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
            "<link rel=alternate href=feed.xml><link rel=preconnect href=/x>",
            "<!-- <img src=a.png> -->",
            "<script>'<img src=a.png>'</script>",
            "<style>a{} <img src=a.png></style>",
            "<textarea><img src=a.png></textarea><title><img src=a.png></title>",
            "<img src><img data-src=a.png>",
            "&lt;img src=a.png>",
            "<area href=a.html><blockquote cite=b.html></blockquote>",
        ] {
            finds(text, &[]);
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_move_the_links() {
        let page = b"\xff\xfe<p>\xe9</p><img src=a.png>";
        let link = find(page, &Settings::default()).unwrap().links.remove(0);
        assert_eq!(&page[link.span], b"a.png");
    }

    /// The page with the integrity of every link, written as `#`.
    fn with_integrity(text: &str, adds: bool) -> String {
        let settings = Settings { integrity: adds, ..Settings::default() };
        let links = find(text.as_bytes(), &settings).unwrap().links;
        let places = links.into_iter().filter_map(|link| link.integrity);
        let replacements: Vec<_> = places
            .map(|IntegrityPlace { span, around, .. }| (span, format!("{}#{}", around.0, around.1)))
            .collect();
        String::from_utf8(crate::rewrite::splice(text.as_bytes(), &replacements)).unwrap()
    }

    #[test]
    fn integrity_is_put_right_and_added() {
        let right = |text: &str, expected: &str| assert_eq!(with_integrity(text, false), expected);
        right("<script src=a.js integrity='x'>", "<script src=a.js integrity='#'>");
        right("<script src=a.js>", "<script src=a.js>");
        right("<img src=a.png integrity=x>", "<img src=a.png integrity=x>");
        let added = |text: &str, expected: &str| assert_eq!(with_integrity(text, true), expected);
        added(
            "<script src=a.js></script>",
            "<script src=a.js integrity=\"#\" crossorigin=\"anonymous\"></script>",
        );
        added(
            "<link crossorigin rel='stylesheet' href='a.css'/>",
            "<link crossorigin rel='stylesheet' href='a.css' integrity=\"#\"/>",
        );
        added("<script src=a.js integrity=x>", "<script src=a.js integrity=#>");
        added(
            "<link rel=icon href=a.png><img src=b.png>",
            "<link rel=icon href=a.png><img src=b.png>",
        );
    }
}
