//! Links in style sheets (CSS Syntax Module Level 3): `url()`, `@import`, `image-set()`, and the
//! comment that names the source map.

use cssparser::{BasicParseErrorKind, ParseError, ParseErrorKind, Parser, Token};

use super::{Fault, Found, IfMissing, Link, literal::Literal, source_map};
use crate::{ProblemKind, rewrite::Quoting};

/// The links in a style sheet.
pub(super) fn find(text: &str) -> Result<Found, Fault> {
    let mut sheet = Sheet { text, links: Vec::new(), literals: Vec::new(), too_deep: None };
    sheet.collect(&mut Parser::new(text), Expect::Nothing);
    match sheet.too_deep {
        None => Ok(Found { links: sheet.links, literals: sheet.literals, ..Found::default() }),
        Some(offset) => {
            let message = "blocks are nested too deep here: add the file to `exclude_references`";
            Err(Fault { offset, kind: ProblemKind::Syntax(message.to_owned()) })
        }
    }
}

/// A style sheet, and the findings in it.
struct Sheet<'a> {
    text: &'a str,
    links: Vec<Link>,
    /// The attribute selectors.
    literals: Vec<Literal>,
    /// The place where blocks are nested too deep for the parser.
    too_deep: Option<usize>,
}

/// The meaning of the next token, by the tokens before it.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// A string is no URL.
    Nothing,
    /// A string is a URL, as after `@import` and `url(`.
    Link,
    /// Every string is a URL, as in `image-set(`.
    Links,
    /// Neither a string nor `url()` is fetched: after `@namespace`.
    Name,
}

impl Sheet<'_> {
    /// Collects the links of a block and of the blocks in it.
    fn collect(&mut self, parser: &mut Parser<'_>, mut expect: Expect) {
        loop {
            let start = parser.position().byte_index();
            let Ok(token) = parser.next_including_whitespace_and_comments().cloned() else {
                return;
            };
            let span = (start, parser.position().byte_index());
            expect = self.token(parser, token, span, expect);
        }
    }

    /// Handles one token, and returns the meaning of the next one.
    fn token(
        &mut self,
        parser: &mut Parser<'_>,
        token: Token<'_>,
        (start, end): (usize, usize),
        expect: Expect,
    ) -> Expect {
        match token {
            Token::WhiteSpace(_) => return expect,
            Token::Comment(content) => {
                self.comment(content, start + "/*".len());
                return expect;
            }
            Token::Ident(_) if expect == Expect::Name => return expect,
            Token::AtKeyword(name) if name.eq_ignore_ascii_case("import") => return Expect::Link,
            Token::AtKeyword(name) if name.eq_ignore_ascii_case("namespace") => {
                return Expect::Name;
            }
            Token::QuotedString(url) if matches!(expect, Expect::Link | Expect::Links) => {
                self.links.push(quoted(self.text, start, end, &url));
            }
            Token::UnquotedUrl(url) if expect != Expect::Name => {
                self.links.push(unquoted(self.text, start, end, &url));
            }
            Token::Function(name) => {
                let expected = if expect == Expect::Name { expect } else { in_function(&name) };
                self.block(parser, expected);
            }
            Token::SquareBracketBlock => {
                self.block(parser, Expect::Nothing);
                self.literals.push(Literal::data(start..parser.position().byte_index()));
            }
            Token::ParenthesisBlock | Token::CurlyBracketBlock => {
                self.block(parser, Expect::Nothing);
            }
            _ => {}
        }
        // The strings of an `image-set()` stand between commas and resolutions.
        if expect == Expect::Links { expect } else { Expect::Nothing }
    }

    fn comment(&mut self, content: &str, start: usize) {
        if let Some(url) = source_map::in_comment(content) {
            let span = start + url.start..start + url.end;
            let url = content[url].to_owned();
            let link = Link::new(self.text.as_bytes(), span, url, Quoting::CssUrl);
            self.links.push(link.if_missing(IfMissing::SourceMap));
        }
    }

    /// Collects the links of the block that the last token opened.
    fn block(&mut self, parser: &mut Parser<'_>, expect: Expect) {
        let offset = parser.position().byte_index();
        let parsed: Result<(), ParseError<()>> = parser.parse_nested_block(|parser| {
            self.collect(parser, expect);
            Ok(())
        });
        let limit = ParseErrorKind::Basic(BasicParseErrorKind::TooManyNestedBlocks);
        if parsed.is_err_and(|error| error.kind == limit) {
            self.too_deep.get_or_insert(offset);
        }
    }
}

/// The meaning of a function's arguments.
fn in_function(name: &str) -> Expect {
    match name.to_ascii_lowercase().as_str() {
        "url" | "src" => Expect::Link,
        "image-set" | "-webkit-image-set" => Expect::Links,
        _ => Expect::Nothing,
    }
}

/// The link in a string token, whose closing quote may be missing at the end of the file.
fn quoted(text: &str, start: usize, end: usize, url: &str) -> Link {
    let quote = text.as_bytes()[start];
    let closed = end - start >= 2 && text.as_bytes()[end - 1] == quote;
    let span = start + 1..if closed { end - 1 } else { end };
    Link::new(text.as_bytes(), span, url.to_owned(), Quoting::CssString)
}

/// The link in an unquoted `url(...)` token.
fn unquoted(text: &str, start: usize, end: usize, url: &str) -> Link {
    let open = text[start..end].find('(').map_or(end, |at| start + at + 1);
    let inner = text[open..end].strip_suffix(')').unwrap_or(&text[open..end]);
    let begin = open + (inner.len() - inner.trim_start().len());
    let span = begin..begin + inner.trim().len();
    Link::new(text.as_bytes(), span, url.to_owned(), Quoting::CssUrl)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{assert_links, assert_plain_links},
        *,
    };

    #[track_caller]
    fn finds(text: &str, expected: &[(&str, &str)]) {
        assert_links(text, super::find(text).unwrap().links, expected);
    }

    #[track_caller]
    fn plain(text: &str, urls: &[&str]) {
        assert_plain_links(text, super::find(text).unwrap().links, urls);
    }

    #[test]
    fn urls() {
        plain("a{b:url(c.png)}", &["c.png"]);
        plain("a{b:url( c.png\n)}", &["c.png"]);
        plain("a{b:url('c d.png')}", &["c d.png"]);
        plain("a{b:url( \"c.png\" )}", &["c.png"]);
        plain("a{b:uRL(c.png)}", &["c.png"]);
        plain("a{b:url(c.png),url(d.png) 1px}", &["c.png", "d.png"]);
        plain("a{b:url('c.png' foo bar(1))}", &["c.png"]);
        plain("@media x{@supports(y){a{b:url(c.png)}}}", &["c.png"]);
        plain(
            "@font-face{src:url(a.eot?#iefix) format('x'),url(a.ttf)}",
            &["a.eot?#iefix", "a.ttf"],
        );
        plain("a{--b:url(c.png)}", &["c.png"]);
        plain("a{b:calc(1px + url(c.png))}", &["c.png"]);
    }

    #[test]
    fn imports() {
        plain("@import 'a.css';", &["a.css"]);
        plain("@IMPORT\"a.css\"screen;", &["a.css"]);
        plain("@import url(a.css) layer(x) supports(display:grid);", &["a.css"]);
        plain("@import/**/url( 'a.css' );@import 'b.css'", &["a.css", "b.css"]);
    }

    #[test]
    fn image_sets() {
        plain("a{b:image-set('c.png' 1x, \"d.png\" 2x)}", &["c.png", "d.png"]);
        plain("a{b:-WEBKIT-image-set(url(c.png) 1x,'d.png' 2x)}", &["c.png", "d.png"]);
        plain("a{b:image-set('c.avif' type('image/avif') 1x,'d.png' 1x)}", &["c.avif", "d.png"]);
        plain("a{b:src('c.png')}", &["c.png"]);
    }

    #[test]
    fn source_maps() {
        plain("a{}\n/*# sourceMappingURL=a.css.map */", &["a.css.map"]);
        plain("a{}/*@ sourceMappingURL=a.css.map*/", &["a.css.map"]);
        plain("/* sourceMappingURL=a.css.map */", &[]);
        plain("a{b:'/*# sourceMappingURL=a.css.map */'}", &[]);
    }

    /// Places where other tools' regular expressions see what is not there, or miss what is.
    #[test]
    fn odd_places() {
        plain(".bg-\\[url\\(\\'\\/a\\.png\\'\\)\\]{b:url('/a.png')}", &["/a.png"]);
        plain(
            "a{b:url(data:image/svg+xml;charset=utf8,%3Csvg%3E%3Cpath%20fill=%22url(%23a)%22/%3E)}",
            &[],
        );
        plain(
            "a{b:url(\"data:image/svg+xml,<svg fill='url(#a)'/>\")}",
            &["data:image/svg+xml,<svg fill='url(#a)'/>"],
        );
        plain("a{/*url(x)*/b/**/:/**/url(c.png)/*;*/}", &["c.png"]);
        plain("a{b:url(c.png)\\9;d:url(e.png)!important}", &["c.png", "e.png"]);
        plain("a{b:url(c.png)}\r\n@media x{\r\na{b:url(d.png)}\r\n}", &["c.png", "d.png"]);
        plain(
            "@import url(a.css)layer(b);@import'c.css'layer;@import \"d.css\"supports(e:f)g;",
            &["a.css", "c.css", "d.css"],
        );
        plain("@supports (b:url(c.png)){a{b:url(d.png)}}", &["c.png", "d.png"]);
        plain("@font-face{src:url(a.woff2)format('woff2'),local('b')}", &["a.woff2"]);
        plain("a{b:url()}a{b:url('')}", &["", ""]);
        plain("a::before{content:\"\\\"url(b.png)\"}", &[]);
        plain("a{filter:url(#b);mask:url(c.svg#d)}", &["#b", "c.svg#d"]);
    }

    #[test]
    fn what_is_no_link() {
        for text in [
            "a{content:'url(b.png)'}",
            "/* url(b.png) @import 'a.css' */",
            "@charset 'utf-8';",
            "@namespace 'a.css';",
            "@namespace svg url(a.css);",
            "@namespace url('a.css');",
            "a[href='b.png']{}",
            "a{content:'x\\'url(b.png)'}",
            "a{b:url(c d.png)}",
            "a{b:url('c\n.png')}",
            "a{b:url2(c.png) curl('d')}",
            ".url\\(b\\.png\\){}",
        ] {
            finds(text, &[]);
        }
    }

    #[test]
    fn escapes() {
        finds("a{b:url(c\\ d.png)}", &[("c\\ d.png", "c d.png")]);
        finds("a{b:url('\\63 .png')}", &[("\\63 .png", "c.png")]);
        finds("a{b:u\\72l(c.png)}", &[("c.png", "c.png")]);
        finds("@\\69mport 'a.css'", &[("a.css", "a.css")]);
    }

    #[test]
    fn unfinished_text() {
        plain("a{b:url(c.png", &["c.png"]);
        plain("a{b:url('c.png", &["c.png"]);
        plain("@import 'a.css", &["a.css"]);
        plain("}}a{b:url(c.png)", &["c.png"]);
        plain("@import", &[]);
        plain("\u{feff}@import 'a.css';", &["a.css"]);
    }

    #[test]
    fn a_namespace_ends_at_its_semicolon() {
        plain("@namespace x;a{b:url(c.png)}", &["c.png"]);
    }

    #[test]
    fn blocks_without_end_are_an_error() {
        let fault = super::find(&"(".repeat(100_000)).unwrap_err();
        assert!(matches!(fault.kind, ProblemKind::Syntax(_)));
    }
}
