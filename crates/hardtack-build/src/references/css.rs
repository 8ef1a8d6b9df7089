//! Links in style sheets (CSS Syntax Module Level 3): `url()`, `@import`, `image-set()`, and the
//! comment that names the source map.

use cssparser::{Parser, Token};

use super::{Found, IfMissing, Link, literal::Literal, source_map};
use crate::rewrite::Quoting;

/// The links in a style sheet.
pub(super) fn find(text: &str) -> Found {
    let (links, literals, open) = (Vec::new(), Vec::new(), Vec::new());
    let (selectors, part, custom) = (0, Part::Before, None);
    let mut sheet = Sheet { text, links, literals, open, selectors, part, custom };
    sheet.collect();
    Found { links: sheet.links, literals: sheet.literals, ..Found::default() }
}

/// A style sheet, and the findings in it.
struct Sheet<'a> {
    text: &'a str,
    links: Vec<Link>,
    /// The attribute selectors.
    literals: Vec<Literal>,
    /// The open blocks. They are kept here and not on the stack: blocks may be nested to any depth.
    open: Vec<Block>,
    /// How many of the open blocks are attribute selectors.
    selectors: usize,
    /// The part of a declaration that the last token is.
    part: Part,
    /// The number of blocks that are open around the value of a custom property.
    custom: Option<usize>,
}

/// An open block, which may be the arguments of a function.
struct Block {
    start: usize,
    closed_by: Closing,
    /// The meaning of the token behind the block.
    then: Expect,
}

/// A part of a declaration.
#[derive(Clone, Copy)]
enum Part {
    /// The end of what stands before it.
    Before,
    /// Its name, which is that of a custom property.
    CustomName,
    /// Any other.
    Behind,
}

#[derive(Clone, Copy, PartialEq)]
enum Closing {
    Parenthesis,
    Square,
    Curly,
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
    /// A browser asks only whether it knows the declaration: up to the block behind `@supports`
    /// (CSS Conditional Rules Level 3 §6).
    Condition,
}

impl Sheet<'_> {
    /// Collects the links. A parser skips the block behind a token that opens one, so each block
    /// has a parser of its own, which goes on behind the block.
    fn collect(&mut self) {
        let (mut begin, mut expect) = (0, Expect::Nothing);
        let mut parser = Parser::new(self.text);
        loop {
            let start = begin + parser.position().byte_index();
            let token = parser.next_including_whitespace_and_comments().cloned();
            let end = begin + parser.position().byte_index();
            let Ok(token) = token else { break };
            self.declare(&token);
            if let Some((closed_by, inside)) = opens(&token, expect) {
                self.selectors += usize::from(closed_by == Closing::Square);
                let then =
                    if closed_by == Closing::Curly { Expect::Nothing } else { after(expect) };
                self.open.push(Block { start, closed_by, then });
                (begin, expect) = (end, inside);
                parser = Parser::new(&self.text[end..]);
            } else if let Some(block) = self.closes(&token) {
                expect = block.then;
                self.close(&block, end);
            } else {
                expect = self.token(token, (start, end), expect);
            }
        }
        while let Some(block) = self.open.pop() {
            self.close(&block, self.text.len());
        }
    }

    /// The innermost block, if a token closes it (CSS Syntax §5.4.8).
    fn closes(&mut self, token: &Token<'_>) -> Option<Block> {
        let closing = match token {
            Token::CloseParenthesis => Closing::Parenthesis,
            Token::CloseSquareBracket => Closing::Square,
            Token::CloseCurlyBracket => Closing::Curly,
            _ => return None,
        };
        let closed = self.open.pop_if(|block| block.closed_by == closing);
        self.custom = self.custom.filter(|depth| *depth <= self.open.len());
        closed
    }

    fn close(&mut self, block: &Block, end: usize) {
        if block.closed_by == Closing::Square {
            self.selectors -= 1;
            let is_outermost = self.selectors == 0;
            self.literals.extend(is_outermost.then(|| Literal::data(block.start..end)));
        }
    }

    /// Handles a token that neither opens nor closes a block, and returns the meaning of the next
    /// one.
    fn token(&mut self, token: Token<'_>, (start, end): (usize, usize), expect: Expect) -> Expect {
        match token {
            Token::WhiteSpace(_) => return expect,
            Token::Comment(content) => {
                self.comment(content, start + "/*".len());
                return expect;
            }
            Token::Semicolon => {
                self.custom = self.custom.filter(|depth| *depth < self.open.len());
                return Expect::Nothing;
            }
            _ if expect == Expect::Condition => return expect,
            Token::Ident(_) if expect == Expect::Name => return expect,
            Token::AtKeyword(name) if name.eq_ignore_ascii_case("import") => return Expect::Link,
            Token::AtKeyword(name) if name.eq_ignore_ascii_case("namespace") => {
                return Expect::Name;
            }
            Token::AtKeyword(name) if name.eq_ignore_ascii_case("supports") => {
                return Expect::Condition;
            }
            Token::QuotedString(url) if matches!(expect, Expect::Link | Expect::Links) => {
                let link = quoted(self.text, start, end, &url);
                self.links.push(link.in_property(self.custom.is_some()));
            }
            Token::UnquotedUrl(url) if expect != Expect::Name => {
                let link = unquoted(self.text, start, end, &url);
                self.links.push(link.in_property(self.custom.is_some()));
            }
            _ => {}
        }
        after(expect)
    }

    /// Follows a declaration (CSS Syntax §5.5.6), whose value is that of a custom property if the
    /// name begins with two hyphens.
    fn declare(&mut self, token: &Token<'_>) {
        self.part = match (token, self.part) {
            (Token::WhiteSpace(_) | Token::Comment(_), part) => part,
            (Token::Semicolon | Token::CurlyBracketBlock | Token::CloseCurlyBracket, _) => {
                Part::Before
            }
            (Token::Ident(name), Part::Before) if name.starts_with("--") => Part::CustomName,
            (Token::Colon, Part::CustomName) => {
                self.custom.get_or_insert(self.open.len());
                Part::Behind
            }
            _ => Part::Behind,
        };
    }

    fn comment(&mut self, content: &str, start: usize) {
        if let Some(url) = source_map::in_comment(content) {
            let span = start + url.start..start + url.end;
            let url = content[url].to_owned();
            let link = Link::new(self.text.as_bytes(), span, url, Quoting::CssUrl);
            self.links.push(link.if_missing(IfMissing::SourceMap));
        }
    }
}

/// The block that a token opens: its end, and the meaning of its first token.
fn opens(token: &Token<'_>, expect: Expect) -> Option<(Closing, Expect)> {
    Some(match token {
        Token::Function(_) if expect == Expect::Name => (Closing::Parenthesis, expect),
        Token::Function(_) | Token::ParenthesisBlock if expect == Expect::Condition => {
            (Closing::Parenthesis, expect)
        }
        Token::Function(name) => (Closing::Parenthesis, in_function(name)),
        Token::ParenthesisBlock => (Closing::Parenthesis, Expect::Nothing),
        Token::SquareBracketBlock => (Closing::Square, Expect::Nothing),
        Token::CurlyBracketBlock => (Closing::Curly, Expect::Nothing),
        _ => return None,
    })
}

/// The meaning of the token behind one that is neither white space nor a comment. The strings of an
/// `image-set()` stand between commas and resolutions, and a condition has many parts.
fn after(expect: Expect) -> Expect {
    match expect {
        Expect::Links | Expect::Condition => expect,
        Expect::Nothing | Expect::Link | Expect::Name => Expect::Nothing,
    }
}

/// The meaning of a function's arguments.
fn in_function(name: &str) -> Expect {
    match name.to_ascii_lowercase().as_str() {
        "url" | "src" => Expect::Link,
        "image-set" | "-webkit-image-set" => Expect::Links,
        // Of an `@import`.
        "supports" => Expect::Condition,
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
        find,
    };

    #[track_caller]
    fn finds(text: &str, expected: &[(&str, &str)]) {
        assert_links(text, find(text).links, expected);
    }

    #[track_caller]
    fn plain(text: &str, urls: &[&str]) {
        assert_plain_links(text, find(text).links, urls);
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
            "@supports (b:url(c.png)) and (not (d:url('e.png'))){}",
            "@supports(b:image-set('c.png' 1x)) or selector([d='e.png']);",
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
    fn a_condition_ends_at_its_block() {
        plain("@supports (b:url(c.png)){a{b:url(d.png)}}a{b:url(e.png)}", &["d.png", "e.png"]);
        plain("@SUPPORTS not (b:c);@import 'd.css';", &["d.css"]);
        plain("@import url(a.css) supports(b:url(c.png)) x;@import 'd.css';", &["a.css", "d.css"]);
    }

    #[test]
    fn blocks_may_be_nested_to_any_depth() {
        let deep = |open: &str, close: &str| {
            let [open, close] = [open, close].map(|text| text.repeat(100_000));
            plain(&format!("{open}a{{b:url(c.png)}}{close}@import 'd.css'"), &["c.png", "d.css"]);
        };
        deep("a{", "}");
        deep("(", ")");
        deep("[", "]");
        deep("@media x{", "}");
        deep("calc(", ")");
        plain(&format!("{}url(a.png)", "(".repeat(100_000)), &["a.png"]);
    }

    #[test]
    fn a_block_ends_at_its_own_bracket() {
        plain("a{b:f(1]}2);c:url(d.png)}@import 'e.css'", &["d.png", "e.css"]);
        plain("a{b:(1}@import 'e.css'", &["e.css"]);
        plain("@import url('a.css') (x);@namespace (y) 'b.css';", &["a.css"]);
    }

    #[test]
    fn attribute_selectors_are_literals() {
        let literals = |text: &str| -> Vec<String> {
            let literals = find(text).literals.into_iter();
            literals.map(|literal| text[literal.span].to_owned()).collect()
        };
        assert_eq!(literals("a[href='b.png']{c:[d [e]]}"), ["[href='b.png']", "[d [e]]"]);
        assert_eq!(literals("a[href='b.png'"), ["[href='b.png'"]);
    }
}
