//! Links in JavaScript (ECMA-262): module specifiers, and URLs beside `import.meta.url`; and the
//! literals that may contain other names.

use std::{cell::RefCell, mem};

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, CallExpression, Comment, ExportAllDeclaration, ExportFromDeclaration, Expression,
    ImportDeclaration, ImportExpression, ImportMeta, NewExpression, RegExpLiteral,
    StaticMemberExpression, StringLiteral, TemplateElement, TemplateLiteral,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::{ParseOptions, Parser};
use oxc_span::{GetSpan, SourceType, Span};

use super::{
    Found, IfMissing, Link,
    depth::is_too_deep,
    joined::derived,
    literal::{Literal, LiteralKind, PartOfUrl, Where},
    nodes::method,
    own_script::asked,
    source_map,
    texts::text_of,
    variables::Variables,
};
use crate::rewrite::Quoting;

/// The links in a file, which is a module by its name or its text. A file that is not JavaScript
/// has none, but a remark.
pub(super) fn find_in_file(bytes: &[u8], logical_path: &str) -> Found {
    let source_type = match logical_path.rsplit('.').next() {
        Some("mjs") => SourceType::mjs(),
        Some("cjs") => SourceType::script(),
        _ => SourceType::unambiguous(),
    };
    match str::from_utf8(bytes) {
        Ok(text) => find(text, source_type),
        Err(error) => Found::remark(error.valid_up_to(), "is served as it is: not UTF-8"),
    }
}

/// The links in a module that stands in a page, whose own URL is the page's.
pub(super) fn find_in_page(text: &str) -> Found {
    let mut found = find(text, SourceType::mjs());
    let beside = |link: &&mut Link| !link.is_specifier && link.if_missing == IfMissing::AtRunTime;
    let starts_workers = found.starts_workers;
    found.links.iter_mut().filter(beside).for_each(|it| it.needs_page_origin = starts_workers);
    found
}

/// The links in a classic script that stands in a page: those of `import()`, which begin at the
/// page as a module's do (WHATWG HTML §8.1.6.7.3).
pub(super) fn find_in_classic_script(text: &str) -> Found {
    let found = find(text, SourceType::script());
    // Many elements in a page only look like scripts, such as templates.
    if found.remarks.is_empty() {
        found
    } else {
        Found { literals: vec![Literal::data(0..text.len())], ..Found::default() }
    }
}

fn find(text: &str, source_type: SourceType) -> Found {
    if is_too_deep(text) {
        let remark = "is served as it is: it is nested too deep to be read";
        return Found { literals: vec![Literal::data(0..text.len())], ..Found::remark(0, remark) };
    }
    thread_local! {
        /// The memory of syntax trees, which is used again: to get it from the system takes time.
        static ALLOCATOR: RefCell<Allocator> = RefCell::default();
    }
    ALLOCATOR.with_borrow_mut(|allocator| {
        let found = find_by(allocator, text, source_type);
        allocator.reset();
        found
    })
}

fn find_by(allocator: &Allocator, text: &str, source_type: SourceType) -> Found {
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    let parsed = Parser::new(allocator, text, source_type).with_options(options).parse();
    if let Some(fault) = parsed.diagnostics.iter().next() {
        let offset = fault.labels.first().map_or(0, |label| label.offset() as usize);
        let remark = format!("is served as it is: not JavaScript: {fault}");
        let literals = vec![Literal::data(0..text.len())];
        return Found { literals, ..Found::remark(offset, &remark) };
    }
    let mut module = Module { text, found: Found::default(), known_uses: Vec::new() };
    module.visit_program(&parsed.program);
    if text.contains("serviceWorker") {
        // One of these URLs may come to `register()` by a variable.
        let used_somehow = mem::take(&mut module.found.used_somehow);
        module.found.service_workers.extend(used_somehow);
    }
    for comment in &parsed.program.comments {
        module.comment(comment);
    }
    let (variables, nodes) = Variables::of(&parsed.program, allocator);
    let asked = asked(&parsed.program, &variables);
    module.found.derived.absorb(derived(nodes, &variables), |at| at);
    Found {
        own_url: module.found.own_url.or(asked.own),
        own_location: asked.location,
        asked_ids: asked.of_ids,
        ..module.found
    }
}

struct Module<'t> {
    text: &'t str,
    found: Found,
    /// The arguments that can be no URL of a service worker.
    known_uses: Vec<Span>,
}

impl<'a> Visit<'a> for Module<'_> {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        self.import(inner(it.source.span), &it.source.value);
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        self.import(inner(it.source.span), &it.source.value);
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        self.import(inner(it.source.span), &it.source.value);
    }

    /// `import("./x.js")`
    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        match literal(&it.source) {
            Some((span, url)) => self.specifier(span, url),
            None => {
                self.found.computed.push(it.span.start as usize);
                let beginning = beginning(&it.source).filter(|it| is_path(it));
                let beginning = beginning.map(|text| (it.span.start as usize, text.to_owned()));
                self.found.beginnings.extend(beginning);
                self.known_uses.push(it.source.span());
                self.visit_expression(&it.source);
            }
        }
        it.options.iter().for_each(|options| self.visit_expression(options));
    }

    /// `new URL("x", import.meta.url)`
    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        if let (Expression::Identifier(callee), [first, second]) = (&it.callee, &it.arguments[..])
            && callee.name == "URL"
            && second.as_expression().is_some_and(is_import_meta_url)
        {
            match first.as_expression().and_then(literal) {
                Some((_, "")) => self.own_url(it.span),
                Some((_, url)) if url.ends_with(['/', '.']) => {}
                Some((span, url)) => {
                    self.link(span, url, IfMissing::AtRunTime);
                    if !self.known_uses.iter().any(|use_of| use_of.contains_inclusive(it.span)) {
                        self.found.used_somehow.push(url.to_owned());
                    }
                }
                None => self.found.computed.push(it.span.start as usize),
            }
            // The name in `import.meta.url` has no part in the result.
            return self.visit_argument(first);
        }
        self.found.starts_workers |= self.starts_worker(it);
        if is_worker(&it.callee) {
            let url = it.arguments.first().and_then(|first| first.as_expression());
            self.known_uses.extend(url.map(GetSpan::span));
            self.found.workers.extend(url.and_then(constant_url));
        }
        walk::walk_new_expression(self, it);
    }

    /// `import.meta.resolve("./x.js")`
    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if let (Expression::StaticMemberExpression(callee), [first, ..]) =
            (&it.callee, &it.arguments[..])
            && matches!(callee.object, Expression::ImportMeta(_))
            && callee.property.name == "resolve"
        {
            match first.as_expression().and_then(literal) {
                Some((span, url)) => self.specifier(span, url),
                None => self.found.computed.push(it.span.start as usize),
            }
        }
        if let Some(name) = method(it) {
            self.call(name, it);
        }
        if let (true, [first, ..]) = (it.callee.is_specific_id("fetch"), &it.arguments[..]) {
            self.known_uses.push(first.span());
        }
        if it.callee.is_specific_id("importScripts") || method(it) == Some("importScripts") {
            let urls = it.arguments.iter().filter_map(|url| literal(url.as_expression()?));
            self.found.imported_scripts.extend(urls.map(|(_, url)| url.to_owned()));
        }
        if is_log(it) {
            it.arguments.iter().for_each(|one| self.logged(one));
        } else if !is_require(it) {
            walk::walk_call_expression(self, it);
        }
    }

    /// `import.meta.url` where it is no base
    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        if !matches!(it.object, Expression::ImportMeta(_)) {
            return walk::walk_static_member_expression(self, it);
        }
        if it.property.name == "url" {
            self.own_url(it.span);
        }
    }

    /// One whose property is not named, as in `const { url } = import.meta`
    fn visit_import_meta(&mut self, it: &ImportMeta) {
        self.own_url(it.span);
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        self.literal(inner(it.span), LiteralKind::String);
    }

    fn visit_template_element(&mut self, it: &TemplateElement<'a>) {
        self.literal(it.span, LiteralKind::String);
    }

    fn visit_reg_exp_literal(&mut self, it: &RegExpLiteral<'a>) {
        let pattern = &it.regex.pattern.text;
        let text = text_of(pattern).filter(|text| text.contains('.'));
        let place = if pattern.ends_with('$') { Where::End } else { Where::Anywhere };
        let part = text.map(|text| PartOfUrl { text, place });
        self.found.parts.extend(part.map(|part| (it.span.start as usize, part)));
        self.literal(it.span, LiteralKind::Pattern);
    }
}

impl<'a> Module<'_> {
    /// An argument of `console.log()`, where `import.meta.url` makes no name.
    fn logged(&mut self, argument: &Argument<'a>) {
        let Some(argument) = argument.as_expression() else {
            return self.visit_argument(argument);
        };
        let mut open = vec![argument];
        while let Some(next) = open.pop() {
            match next.get_inner_expression() {
                Expression::BinaryExpression(sum) => open.extend([&sum.left, &sum.right]),
                it if is_import_meta_url(it) => {}
                other => self.visit_expression(other),
            }
        }
    }
}

impl Module<'_> {
    /// A method that takes a URL, or looks for one.
    fn call(&mut self, name: &str, it: &CallExpression<'_>) {
        let Some(argument) = it.arguments.first().and_then(|first| first.as_expression()) else {
            return;
        };
        match name {
            "endsWith" => self.part_of_url(argument, Where::End),
            "startsWith" => self.part_of_url(argument, Where::Beginning),
            "includes" | "indexOf" | "lastIndexOf" => self.part_of_url(argument, Where::Anywhere),
            "replace" | "replaceAll" if it.arguments.len() == 2 => {
                self.replacement(it.span, argument, it.arguments[1].as_expression());
            }
            "join" => self.split_and_joined(it, argument),
            "register" if is_service_worker(&it.callee) => self.service_worker(argument),
            "addModule" | "fetch" => self.known_uses.push(argument.span()),
            _ => {}
        }
    }

    fn part_of_url(&mut self, argument: &Expression<'_>, place: Where) {
        let part = literal(argument).filter(|(_, text)| place == Where::End || text.contains('.'));
        self.found.parts.extend(
            part.map(|(at, text)| (at.start as usize, PartOfUrl { text: text.to_owned(), place })),
        );
    }

    /// `url.replace("a", "b")`; a pattern counts if it stands for one text.
    fn replacement(&mut self, at: Span, from: &Expression<'_>, to: Option<&Expression<'_>>) {
        let from = match from.get_inner_expression() {
            Expression::RegExpLiteral(pattern) => text_of(&pattern.regex.pattern.text),
            other => literal(other).map(|(_, text)| text.to_owned()),
        };
        if let (Some(from), Some((_, to))) = (from.filter(|it| it.len() > 1), to.and_then(literal))
        {
            self.found.derived.replacements.push((at.start as usize, [from, to.to_owned()]));
        }
    }

    /// `url.split("a").join("b")`
    fn split_and_joined(&mut self, join: &CallExpression<'_>, to: &Expression<'_>) {
        let list = join.callee.as_member_expression().map(|it| it.object().get_inner_expression());
        if let Some(Expression::CallExpression(split)) = list
            && method(split) == Some("split")
            && let [from] = &split.arguments[..]
        {
            from.as_expression().iter().for_each(|it| self.replacement(join.span, it, Some(to)));
        }
    }

    /// The URL of a service worker is never renamed: a browser asks for it again under the name
    /// that it was registered with (W3C Service Workers §3.4).
    fn service_worker(&mut self, argument: &Expression<'_>) {
        self.found.service_workers.extend(constant_url(argument));
    }

    fn own_url(&mut self, span: Span) {
        self.found.own_url.get_or_insert(span.start as usize);
    }

    /// A literal that may contain a name. Names of files mostly have an extension.
    fn literal(&mut self, span: Span, kind: LiteralKind) {
        let span = span.start as usize..span.end as usize;
        if span.len() > 2 {
            self.found.literals.push(Literal { span, kind });
        }
    }

    /// A module that is loaded before this one runs.
    fn import(&mut self, span: Span, url: &str) {
        let known = self.found.links.len();
        self.specifier(span, url);
        for link in &mut self.found.links[known..] {
            (link.is_import, link.if_missing) = (true, IfMissing::Error);
        }
    }

    fn specifier(&mut self, span: Span, url: &str) {
        if !is_path(url) {
            return self.found.bare.push(url.to_owned());
        }
        self.link(span, url, IfMissing::AtRunTime);
        if let Some(link) = self.found.links.last_mut() {
            link.is_specifier = true;
        }
    }

    /// Whether a worker is started from a URL that the script may have made of its own.
    fn starts_worker(&self, it: &NewExpression<'_>) -> bool {
        let first = it.arguments.first().and_then(|first| first.as_expression());
        is_worker(&it.callee)
            && first.is_some_and(|url| literal(url).is_none())
            && ["import.meta", "currentScript"].iter().any(|own| self.text.contains(own))
    }

    fn comment(&mut self, comment: &Comment) {
        let span = comment.content_span();
        let content = &self.text[span.start as usize..span.end as usize];
        if let Some(url) = source_map::in_comment(content) {
            let start = span.start + url.start as u32;
            let url = &content[url];
            let span = Span::new(start, start + url.len() as u32);
            self.link(span, url, IfMissing::SourceMap);
        }
    }

    fn link(&mut self, span: Span, url: &str, if_missing: IfMissing) {
        let span = span.start as usize..span.end as usize;
        let link = Link::new(self.text.as_bytes(), span, url.to_owned(), Quoting::JavaScript);
        self.found.links.push(link.if_missing(if_missing));
    }
}

/// `require("./x.js")`: a module of Node.js, which no browser fetches by that name.
fn is_require(call: &CallExpression<'_>) -> bool {
    let name = call.arguments.first().and_then(|first| first.as_expression()).and_then(literal);
    call.callee.is_specific_id("require") && call.arguments.len() == 1 && name.is_some()
}

/// `console.log(…)`
fn is_log(call: &CallExpression<'_>) -> bool {
    let object = call.callee.as_member_expression().map(|member| member.object());
    object.is_some_and(|object| object.is_specific_id("console"))
}

/// The constant text that a computed one begins with.
fn beginning<'e>(expression: &'e Expression<'_>) -> Option<&'e str> {
    match expression.get_inner_expression() {
        Expression::BinaryExpression(sum) => beginning(&sum.left),
        Expression::TemplateLiteral(template) => template.quasis.first()?.value.cooked.as_deref(),
        other => literal(other).map(|(_, text)| text),
    }
}

/// `Worker`, `self.SharedWorker`
fn is_worker(callee: &Expression<'_>) -> bool {
    let name = match callee {
        Expression::Identifier(callee) => callee.name.as_str(),
        Expression::StaticMemberExpression(callee) => callee.property.name.as_str(),
        _ => return false,
    };
    matches!(name, "Worker" | "SharedWorker")
}

/// `"x.js"`, or that of `new URL("x.js", …)`
fn constant_url(expression: &Expression<'_>) -> Option<String> {
    let url = match expression.get_inner_expression() {
        Expression::NewExpression(new) => new.arguments.first()?.as_expression()?,
        other => other,
    };
    literal(url).map(|(_, url)| url.to_owned())
}

/// `navigator.serviceWorker`, or a variable that holds it.
fn is_service_worker(callee: &Expression<'_>) -> bool {
    let object = callee.as_member_expression().map(|member| member.object().get_inner_expression());
    match object {
        Some(Expression::Identifier(variable)) => variable.name == "serviceWorker",
        Some(other) => other
            .as_member_expression()
            .and_then(|member| member.static_property_name())
            .is_some_and(|name| name == "serviceWorker"),
        None => false,
    }
}

/// A specifier that is a path. A bare specifier is left to the import map.
pub(super) fn is_path(specifier: &str) -> bool {
    ["./", "../", "/"].iter().any(|start| specifier.starts_with(start))
}

/// The span and the value of a string, or of a template without substitutions.
fn literal<'e>(expression: &'e Expression<'_>) -> Option<(Span, &'e str)> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(string) => Some((inner(string.span), &string.value)),
        Expression::TemplateLiteral(template) => template_text(template),
        _ => None,
    }
}

fn template_text<'e>(template: &'e TemplateLiteral<'_>) -> Option<(Span, &'e str)> {
    match &template.quasis[..] {
        [only] => Some((inner(template.span), only.value.cooked.as_ref()?)),
        _ => None,
    }
}

/// A literal without its quotes.
fn inner(literal: Span) -> Span {
    Span::new(literal.start + 1, literal.end - 1)
}

/// `import.meta.url`
fn is_import_meta_url(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::StaticMemberExpression(member) => {
            matches!(member.object, Expression::ImportMeta(_)) && member.property.name == "url"
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{assert_links, assert_plain_links},
        *,
    };

    #[track_caller]
    fn finds(text: &str, expected: &[(&str, &str)]) {
        assert_links(text, find_in_file(text.as_bytes(), "a.js").links, expected);
    }

    #[track_caller]
    fn plain(text: &str, urls: &[&str]) {
        assert_plain_links(text, find_in_file(text.as_bytes(), "a.js").links, urls);
    }

    #[track_caller]
    fn remarks(text: &str, expected: &str) {
        let found = find_in_file(text.as_bytes(), "a.js");
        let [(_, remark)] = &found.remarks[..] else { panic!("{text}: {:?}", found.remarks) };
        assert!(remark.contains(expected), "{remark}");
    }

    #[test]
    fn imports() {
        plain("import a from './a.js'", &["./a.js"]);
        plain("import './a.js';import \"../b.js\"", &["./a.js", "../b.js"]);
        plain("import{a}from'/a.js'", &["/a.js"]);
        plain("import*as a from './a.js';import b,{c}from './b.mjs'", &["./a.js", "./b.mjs"]);
        plain("import a from './a.json' with { type: 'json' }", &["./a.json"]);
        plain("import a from './a.js?x#y'", &["./a.js?x#y"]);
        plain("import defer * as a from './a.js'", &["./a.js"]);
    }

    #[test]
    fn only_static_imports_are_imports() {
        let text = "import './a.js'; export * from './b.js'; export { c } from './c.js';
            import('./d.js'); new URL('e.js', import.meta.url); import.meta.resolve('./f.js');
            import 'bare';";
        let links = find_in_file(text.as_bytes(), "a.js").links;
        let imports = links.iter().filter(|link| link.is_import);
        let imports: Vec<_> = imports.map(|link| link.url.as_str()).collect();
        assert_eq!(imports, ["./a.js", "./b.js", "./c.js"]);
    }

    #[test]
    fn exports() {
        plain("export*from './a.js'", &["./a.js"]);
        plain("export*as a from './a.js'", &["./a.js"]);
        plain("export{a}from './a.js'", &["./a.js"]);
        plain("export{a};import\"./b.js\"", &["./b.js"]);
        plain("export default function(){};export const a=1", &[]);
    }

    #[test]
    fn dynamic_imports() {
        plain("import('./a.js')", &["./a.js"]);
        plain("const a=()=>import(`./a.js`)", &["./a.js"]);
        plain("import(/* webpackChunkName: 'x' */'./a.js')", &["./a.js"]);
        plain("import(('./a.js'))", &["./a.js"]);
        plain("import('./a.json',{with:{type:'json'}})", &["./a.json"]);
        plain("if(x)import('./a.js').then(()=>import('./b.js'))", &["./a.js", "./b.js"]);
    }

    #[test]
    fn urls_beside_the_module() {
        plain("new URL('./a.png',import.meta.url)", &["./a.png"]);
        plain("new URL('a.png',import.meta.url)", &["a.png"]);
        plain("new URL(`a.png`,import.meta.url).href", &["a.png"]);
        plain("new Worker(new URL('./w.js',import.meta.url),{type:'module'})", &["./w.js"]);
        plain("import.meta.resolve('./a.js')", &["./a.js"]);
        plain("new URL('./',import.meta.url);new URL('.',import.meta.url)", &[]);
        plain("new URL('./a.png',location);new URL('./a.png');URL('./a',import.meta.url)", &[]);
        plain("new Worker('./w.js')", &[]);
        plain("import.meta.resolve('bare')", &[]);
    }

    #[test]
    fn workers_from_the_scripts_own_url() {
        let starts = |text: &str, expected: bool| {
            assert_eq!(find_in_file(text.as_bytes(), "a.js").starts_workers, expected, "{text}");
        };
        starts("new Worker(new URL('./w.js', import.meta.url), { type: 'module' })", true);
        starts("const u = new URL('./w.js', import.meta.url);new self.SharedWorker(u)", true);
        starts("const s = document.currentScript.src;new Worker(s + '/../w.js')", true);
        starts("new Worker('./w.js');import.meta.url", false);
        starts("new Worker(URL.createObjectURL(b))", false);
        starts("new URL('./w.js', import.meta.url)", false);
    }

    #[test]
    fn bare_specifiers_are_left_to_the_import_map() {
        plain("import a from 'a';import 'b/c.js';import('d');export*from'@e/f'", &[]);
        plain("import 'https://cdn/a.js'", &[]);
        let text = "import a from 'a';import './b.js';import(`c/d.js`);import.meta.resolve('e')";
        assert_eq!(find_in_file(text.as_bytes(), "a.js").bare, ["a", "c/d.js", "e"]);
    }

    #[test]
    fn what_only_looks_like_an_import() {
        for text in [
            "const a='import \"./a.js\"'",
            "const a=`import('./a.js')`",
            "// import './a.js'\n/* export*from './a.js' */",
            "const a=/import('.\\/a.js')/",
            "a.import('./a.js')",
            "const a={import:1,from:'./a.js'}",
            "require('./a.js')",
            "const a=`${'import'} './a.js'`",
            "/import '.\\/a.js'/.test(x)",
        ] {
            plain(text, &[]);
        }
        plain("const a=`${import('./a.js')}`", &["./a.js"]);
        plain("x=a/import('./a.js')/2", &["./a.js"]);
    }

    #[test]
    fn odd_texts() {
        plain("#!/usr/bin/env node\nimport './a.js'", &["./a.js"]);
        plain("\u{feff}import './a.js'", &["./a.js"]);
        plain("import './a.js'\r\nimport './b.js'\r\n", &["./a.js", "./b.js"]);
        plain("'é';import './é.js'", &["./é.js"]);
        finds("import './\\x61.js'", &[("./\\x61.js", "./a.js")]);
        finds("import '.\\u002fa.js'", &[(".\\u002fa.js", "./a.js")]);
        plain("<!-- an old comment\nvar a=1", &[]);
        plain("return 1", &[]);
        plain("var await=1,let=2;with(a){}", &[]);
        plain("", &[]);
    }

    #[test]
    fn source_maps() {
        plain("a()\n//# sourceMappingURL=a.js.map", &["a.js.map"]);
        plain("a();//# sourceMappingURL=a.js.map\n", &["a.js.map"]);
        plain("a()\n//@ sourceMappingURL=a.js.map", &["a.js.map"]);
        plain("/*# sourceMappingURL=a.js.map */", &["a.js.map"]);
        plain("'//# sourceMappingURL=a.js.map'", &[]);
        plain("//# sourceMappingURL=data:application/json,x", &["data:application/json,x"]);
        plain("`\n//# sourceMappingURL=a.js.map\n`", &[]);
    }

    #[test]
    fn computed_urls_are_counted() {
        let counts = |text: &str, expected: &[usize]| {
            assert_eq!(find_in_file(text.as_bytes(), "a.js").computed, expected, "{text}");
        };
        counts("import(a)", &[0]);
        counts("x;import(`./${a}.js`)", &[2]);
        counts("new URL(a,import.meta.url);import.meta.resolve(a)", &[0, 27]);
        counts("import('./'+a);import('./b.js');new URL(a);new URL('b',import.meta.url)", &[0]);
    }

    #[test]
    fn what_is_not_javascript_is_a_remark() {
        remarks("import", "not JavaScript");
        remarks("{% if a %}", "not JavaScript");
        assert_eq!(find_in_file(b"a\xff", "a.js").remarks[0].0, 1);
    }
}
