//! The texts that a script joins of parts, such as `"img/" + name + ".png"`.

use std::collections::{BTreeMap, HashSet};

use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentOperator, AssignmentTarget, BindingPattern,
    CallExpression, ComputedMemberExpression, Expression, NewExpression, RegExpFlags,
    RegExpLiteral, SwitchStatement, VariableDeclarator,
};
use oxc_span::{GetSpan, Span};

use super::{
    any_of::{AnyOf, Parts, both, unknown},
    derived::{Cut, Derived, Joined, Purpose},
    nodes::{Node, is_joined, method, object},
    taking::{Part, Pattern, Taking, counted, number, split},
    texts::{Texts, text_of},
    variables::{Scope, Variable, Variables},
};

/// The texts that a script makes of others, as far as they may be names.
pub(super) fn derived<'a>(nodes: Vec<(Scope, Node<'a>)>, variables: &Variables<'a>) -> Derived {
    let mut search = Search {
        found: Derived::default(),
        keys: BTreeMap::new(),
        without_names: WithoutNames::default(),
        seen: HashSet::new(),
        scope: 0,
        appended: HashSet::new(),
        texts: Texts::new(variables),
    };
    for (scope, node) in nodes {
        search.scope = scope;
        search.look(node);
    }
    search.note_keys();
    let Search { mut found, without_names, .. } = search;
    found.takings.retain(|it| it.part != Part::Cut || !without_names.contain(it.offset));
    found
}

/// The expressions in which a URL may be cut without loss: it gets another end, and names a file that
/// the pair of both names pins; or its end is compared with a text.
#[derive(Default)]
struct WithoutNames(Vec<Span>);

impl WithoutNames {
    fn contain(&self, offset: usize) -> bool {
        self.0.iter().any(|span| (span.start as usize..span.end as usize).contains(&offset))
    }
}

/// The keys of a collection.
#[derive(Default)]
struct Keys<'a> {
    /// Where one has its value from an element's URL.
    of_urls: Vec<Span>,
    /// The joined ones, with their scopes.
    others: Vec<(Scope, &'a Expression<'a>)>,
}

struct Search<'v, 'a> {
    found: Derived,
    keys: BTreeMap<Variable, Keys<'a>>,
    without_names: WithoutNames,
    /// The texts in there, their purposes, and whether they are of an element's URL.
    seen: HashSet<(Parts, Purpose, bool)>,
    /// That of the node.
    scope: Scope,
    /// The variables that grow, which have been looked at.
    appended: HashSet<Variable>,
    texts: Texts<'v, 'a>,
}

impl<'a> Search<'_, 'a> {
    fn look(&mut self, node: Node<'a>) {
        match node {
            Node::Joined(it) => self.note(it, Purpose::Any),
            Node::Compared(it) => self.comparison(it),
            Node::Switch(it) => self.switch(it),
            Node::Import(it) => self.note(&it.source, Purpose::Fetch),
            Node::New(it) => self.new_object(it),
            Node::Call(it) => self.call(it),
            Node::Element(it) => self.element(it),
            Node::Declarator(it) => self.declarator(it),
            Node::Pattern(it) => self.pattern(it),
            Node::Assignment(it) => self.assignment(it),
        }
    }

    /// `image.src.slice(-7) == "off.png"`
    fn comparison(&mut self, it: &'a Expression<'a>) {
        let Expression::BinaryExpression(sides) = it else { return };
        self.counts(&sides.left);
        self.counts(&sides.right);
        if !sides.operator.is_equality() {
            return;
        }
        if is_text(&sides.left) || is_text(&sides.right) {
            self.without_names.0.push(it.span());
        }
        let are_of_urls =
            [self.compared(&sides.left, &sides.right), self.compared(&sides.right, &sides.left)];
        if are_of_urls == [true, true] {
            self.found.comparisons.push(sides.span.start as usize);
        }
    }

    /// `image.src.split(".").length > 2`
    fn counts(&mut self, length: &'a Expression<'a>) {
        let split = counted(length).and_then(|it| split(self.scope, it, self.texts.variables));
        let Some((scope, url, by)) = split else { return };
        if self.texts.urls.is(scope, url) {
            let patterns = self.texts.patterns(scope, by, false);
            self.take_each(length.span(), patterns, Part::Count);
        }
    }

    /// `switch (name_of(link.href)) { case name + ".css": … }`
    fn switch(&mut self, it: &'a SwitchStatement<'a>) {
        for case in it.cases.iter().filter_map(|case| case.test.as_ref()) {
            self.compared(&it.discriminant, case);
        }
    }

    fn new_object(&mut self, it: &'a NewExpression<'a>) {
        let name = match it.callee.get_inner_expression() {
            Expression::Identifier(name) => name.name.as_str(),
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            _ => "",
        };
        if name == "RegExp" {
            self.tests_any(&it.arguments);
        }
        let is_beside = it.arguments.len() == 2 && name == "URL";
        if is_beside || matches!(name, "Audio" | "Request" | "SharedWorker" | "Worker") {
            self.note_argument(&it.arguments, 0);
        }
    }

    fn call(&mut self, it: &'a CallExpression<'a>) {
        let name = match it.callee.get_inner_expression() {
            Expression::Identifier(name) => Some(name.name.as_str()),
            callee => {
                callee.as_member_expression().and_then(|member| member.static_property_name())
            }
        };
        match name {
            Some("fetch" | "importScripts" | "getJSON" | "getScript" | "load") => {
                self.note_argument(&it.arguments, 0);
            }
            Some("open") => self.note_argument(&it.arguments, 1),
            Some("setAttribute") if is_text_of(it.arguments.first(), FETCHED) => {
                self.note_argument(&it.arguments, 1);
            }
            Some("replace" | "replaceAll") => self.cut(it),
            Some("endsWith" | "includes" | "indexOf" | "lastIndexOf" | "startsWith") => {
                self.looks_for(it);
                self.looked_up(it);
            }
            Some("get" | "has") => self.looked_up(it),
            Some("at") => {
                let at = it.arguments.first().and_then(Argument::as_expression).and_then(number);
                if let Some((list, at)) = object(it).zip(at) {
                    self.takes_piece(list, at, it.span);
                }
            }
            _ => {}
        }
        if let (Some("add" | "get" | "has" | "includes" | "indexOf" | "push" | "set"), Some(key)) =
            (name, it.arguments.first().and_then(Argument::as_expression))
            && let Some(collection) = object(it)
        {
            self.key(collection, key);
        }
        if it.callee.is_specific_id("RegExp") {
            self.tests_any(&it.arguments);
        }
        self.takes(it);
    }

    /// `url.split(".")[1]`
    fn element(&mut self, it: &'a ComputedMemberExpression<'a>) {
        if let Some(at) = number(&it.expression) {
            self.takes_piece(&it.object, at, it.span);
        }
        self.key(&it.object, &it.expression);
    }

    /// `const [name, extension] = url.split(".")`
    fn declarator(&mut self, it: &'a VariableDeclarator<'a>) {
        if let (BindingPattern::ArrayPattern(pieces), Some(list)) = (&it.id, &it.init) {
            for (at, _) in pieces.elements.iter().enumerate().filter(|(_, it)| it.is_some()) {
                self.takes_piece(list, at as isize, it.span);
            }
        }
    }

    fn pattern(&mut self, it: &'a RegExpLiteral<'a>) {
        // One that stands for a text is a part of a URL by itself.
        let is_text = text_of(&it.regex.pattern.text).is_some();
        if !is_text || it.regex.flags.contains(RegExpFlags::I) {
            self.take(it.span, Part::TestOfAny(Pattern::of(it)));
        }
    }

    /// `image.src = …`, `url += …`, and `parts_of_url[1] = …`
    fn assignment(&mut self, it: &'a AssignmentExpression<'a>) {
        let here = self.scope;
        if let AssignmentTarget::AssignmentTargetIdentifier(name) = &it.left
            && it.operator == AssignmentOperator::Addition
            && let Some(variable) = self.texts.variables.find(here, name.name)
            && self.appended.insert(variable)
        {
            let texts = self.texts.of_variable(Some(variable));
            let is_of_url = self.texts.urls.is_variable(variable);
            self.note_all(texts, it.span, Purpose::Any, is_of_url);
        }
        if let AssignmentTarget::ComputedMemberExpression(element) = &it.left
            && self.texts.urls.is(here, &element.object)
        {
            let text = self.texts.of(here, &it.right);
            let text = both(both(unknown(), &text), &unknown());
            self.note_all(text, it.span, Purpose::Any, true);
        }
        if let AssignmentTarget::ArrayAssignmentTarget(pieces) = &it.left {
            for (at, _) in pieces.elements.iter().enumerate().filter(|(_, it)| it.is_some()) {
                self.takes_piece(&it.right, at as isize, it.span);
            }
        }
        if let AssignmentTarget::StaticMemberExpression(member) = &it.left
            && FETCHED.contains(&member.property.name.as_str())
        {
            self.note(&it.right, Purpose::Fetch);
        }
    }
}

/// Attributes and properties that a browser fetches a file for.
const FETCHED: &[&str] = &["data", "poster", "src"];

fn is_text_of(argument: Option<&Argument<'_>>, texts: &[&str]) -> bool {
    matches!(argument, Some(Argument::StringLiteral(text)) if texts.contains(&text.value.as_str()))
}

impl<'a> Search<'_, 'a> {
    fn note_argument(&mut self, arguments: &'a [Argument<'a>], at: usize) {
        if let Some(argument) = arguments.get(at).and_then(Argument::as_expression) {
            self.note(argument, Purpose::Fetch);
        }
    }

    /// `sheet.href.endsWith(name + ".css")`
    fn looks_for(&mut self, it: &'a CallExpression<'a>) {
        let scope = self.scope;
        let (Some(url), [text, ..]) = (object(it), &it.arguments[..]) else { return };
        if let Some(text) = text.as_expression()
            && self.texts.urls.is(scope, url)
        {
            self.note(text, Purpose::Find);
            if self.texts.urls.is(scope, text) {
                self.found.comparisons.push(it.span.start as usize);
            }
        }
    }

    /// `link.getAttribute("href") == name + ".css"`. Returns whether the first is an element's URL, and
    /// the other one is not constant.
    fn compared(&mut self, url: &'a Expression<'a>, text: &'a Expression<'a>) -> bool {
        let is_of_url = !is_constant(text) && self.may_be_of_url(url);
        if is_of_url {
            self.note(text, Purpose::Find);
        }
        is_of_url
    }

    /// `image.src.match(/(\w+)\.png$/)`
    fn takes(&mut self, it: &'a CallExpression<'a>) {
        let scope = self.scope;
        let Texts { urls, variables, .. } = &mut self.texts;
        let Some(part) = Part::of(it, scope, urls, variables) else { return };
        match part.pattern() {
            None => self.take(it.span, Part::Cut),
            Some(pattern) => {
                let patterns = self.texts.patterns(scope, pattern, part.takes_source());
                self.take_each(it.span, patterns, |pattern| part.by(pattern));
            }
        }
    }

    fn takes_piece(&mut self, list: &'a Expression<'a>, at: isize, span: Span) {
        if let Expression::CallExpression(call) = list.get_inner_expression()
            && let (Some("reverse"), Some(list)) = (method(call), object(call))
        {
            return self.takes_piece(list, -1 - at, span);
        }
        let Some((scope, url, by)) = split(self.scope, list, self.texts.variables) else { return };
        if self.texts.urls.is(scope, url) {
            let patterns = self.texts.patterns(scope, by, false);
            self.take_each(span, patterns, |between| Part::Piece { between, at });
        }
    }

    /// `new RegExp("/(" + names.join("|") + ")\\.css$")`
    fn tests_any(&mut self, arguments: &'a [Argument<'a>]) {
        let source = arguments.first().and_then(Argument::as_expression);
        if let Some(source) = source {
            for pattern in self.texts.patterns(self.scope, source, true) {
                self.take(source.span(), Part::TestOfAny(pattern));
            }
        }
    }

    /// Takes the part by each pattern. To try many on each URL would take too long: these are one.
    fn take_each(
        &mut self,
        span: Span,
        mut patterns: Vec<Pattern>,
        part: impl Fn(Pattern) -> Part<Pattern>,
    ) {
        patterns.retain(Pattern::says_something);
        if patterns.len() > Pattern::MANY {
            patterns = vec![Pattern::any(&patterns)];
        }
        patterns.into_iter().for_each(|pattern| self.take(span, part(pattern)));
    }

    fn take(&mut self, span: Span, part: Part<Pattern>) {
        let says_something = match &part {
            Part::TestOfAny(pattern) => pattern.says_extension(),
            part => part.pattern().is_none_or(Pattern::says_something),
        };
        if says_something {
            self.found.takings.push(Taking { offset: span.start as usize, part });
        }
    }

    /// Whether a text has its value from an element's URL, perhaps by a method that is not known:
    /// `path.basename(link.href)`.
    fn may_be_of_url(&mut self, text: &'a Expression<'a>) -> bool {
        let scope = self.scope;
        let arguments = match text.get_inner_expression() {
            Expression::CallExpression(call) => &call.arguments[..],
            _ => &[],
        };
        let mut arguments = arguments.iter().filter_map(Argument::as_expression);
        self.texts.urls.is(scope, text) || arguments.any(|it| self.texts.urls.is(scope, it))
    }

    /// A key of a collection, or an element: `sheets[name_of(link.href)]`, `set.has(name + ".css")`.
    fn key(&mut self, collection: &'a Expression<'a>, key: &'a Expression<'a>) {
        let Expression::Identifier(name) = collection.get_inner_expression() else { return };
        let scope = self.scope;
        let Some(variable) = self.texts.variables.find(scope, name.name) else { return };
        if is_joined(key.get_inner_expression()) && !self.may_be_of_url(key) {
            self.keys.entry(variable).or_default().others.push((scope, key));
        } else if !is_constant(key) && self.may_be_of_url(key) {
            self.keys.entry(variable).or_default().of_urls.push(key.span());
        }
    }

    /// Notes the other keys of collections of which some key is an element's URL.
    fn note_keys(&mut self) {
        for keys in std::mem::take(&mut self.keys).into_values() {
            let [first, others @ ..] = &keys.of_urls[..] else { continue };
            if !others.is_empty() {
                self.found.comparisons.push(first.start as usize);
            }
            for (scope, text) in keys.others {
                self.note_in(scope, text, Purpose::Find);
            }
        }
        self.found.comparisons.sort_unstable();
    }

    /// `[name + ".css"].includes(url)`, `new Set([name + ".css"]).has(url)`
    fn looked_up(&mut self, it: &'a CallExpression<'a>) {
        let (scope, url) = (self.scope, it.arguments.first().and_then(Argument::as_expression));
        if let Some((list, url)) = object(it).zip(url)
            && self.texts.urls.is(scope, url)
        {
            for (scope, text) in self.texts.keys(scope, list) {
                self.note_in(scope, text, Purpose::Find);
            }
        }
    }

    /// `image.src.replace(/light|dark/, other)`
    fn cut(&mut self, it: &'a CallExpression<'a>) {
        let scope = self.scope;
        let ([from, to], Some(url)) = (&it.arguments[..], object(it)) else { return };
        let [Some(from), Some(to)] = [from.as_expression(), to.as_expression()] else { return };
        let is_known = self.texts.of(scope, to).texts.iter().flatten().any(|part| !part.is_empty());
        if is_known || !self.texts.urls.is(scope, url) {
            return;
        }
        let pattern = match from.get_inner_expression() {
            Expression::RegExpLiteral(pattern) => pattern.regex.pattern.text.to_string(),
            other => self.texts.constant(scope, other).unwrap_or_default(),
        };
        self.found.cuts.extend(Cut::by(&pattern, it.span.start as usize));
    }

    /// Notes a text that may be a name. A single literal is not joined.
    fn note(&mut self, it: &'a Expression<'a>, purpose: Purpose) {
        self.note_in(self.scope, it, purpose);
    }

    fn note_in(&mut self, scope: Scope, it: &'a Expression<'a>, purpose: Purpose) {
        if matches!(it.get_inner_expression(), Expression::StringLiteral(_)) {
            return;
        }
        let texts = self.texts.of(scope, it);
        let has_unknown = texts.texts.iter().any(|text| text.len() > 1);
        let is_of_url = has_unknown && self.texts.urls.is(scope, it);
        self.note_all(texts, it.span(), purpose, is_of_url);
    }

    fn note_all(&mut self, all: AnyOf, span: Span, purpose: Purpose, is_of_url: bool) {
        for parts in all.texts {
            let has_unknown = parts.len() > 1;
            let is_of_url = is_of_url && has_unknown;
            if is_of_url && parts.iter().any(|part| part.contains('.')) {
                self.without_names.0.push(span);
            }
            if !is_of_url && !parts.iter().any(|part| part.contains(['.', '/'])) {
                continue;
            }
            // It may stand for many names, of which the extension is known.
            if all.is_cut && has_unknown {
                self.note_text(parts.clone(), span, Purpose::Find, is_of_url);
            }
            self.note_text(parts, span, purpose, is_of_url);
        }
    }

    fn note_text(&mut self, parts: Parts, span: Span, purpose: Purpose, is_of_url: bool) {
        if self.seen.insert((parts.clone(), purpose, is_of_url)) {
            let offset = span.start as usize;
            self.found.joined.push(Joined { offset, parts, purpose, is_of_url });
        }
    }
}

fn is_text(expression: &Expression<'_>) -> bool {
    matches!(expression.get_inner_expression(), Expression::StringLiteral(_))
}

/// `null`, `""`: an element's URL is mostly compared with these.
fn is_constant(expression: &Expression<'_>) -> bool {
    matches!(
        expression.get_inner_expression(),
        Expression::StringLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::NullLiteral(_)
            | Expression::BooleanLiteral(_)
            | Expression::UnaryExpression(_)
    )
}
