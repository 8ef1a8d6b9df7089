//! The texts that a script joins of parts, such as `"img/" + name + ".png"`.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentOperator, AssignmentTarget, BinaryOperator,
    BindingPattern, CallExpression, ComputedMemberExpression, Expression, ImportExpression,
    NewExpression, Program, RegExpFlags, RegExpLiteral, SwitchStatement, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::{ScopeFlags, ScopeId};

use super::{
    derived::{Cut, Derived, Joined, Purpose},
    taking::{Part, Pattern, Taking, number, split},
    texts::{Parts, Texts, both, method, object, terms, text_of, unknown},
    variables::{Scope, Variable, Variables, number_of},
};

/// The texts that a script makes of others, as far as they may be names.
pub(super) fn derived<'a>(program: &Program<'a>, variables: &Variables<'a>) -> Derived {
    let mut search = Search {
        found: Derived::default(),
        keys: HashMap::new(),
        without_names: WithoutNames::default(),
        seen: HashSet::new(),
        scopes: Vec::new(),
        appended: HashSet::new(),
        texts: Texts::new(variables),
    };
    search.visit_program(program);
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
    /// Whether one has its value from an element's URL.
    has_url: bool,
    /// The joined ones, with their scopes.
    others: Vec<(Scope, &'a Expression<'a>)>,
}

struct Search<'v, 'a> {
    found: Derived,
    keys: HashMap<Variable, Keys<'a>>,
    without_names: WithoutNames,
    /// The texts in there, their purposes, and whether they are of an element's URL.
    seen: HashSet<(Parts, Purpose, bool)>,
    scopes: Vec<Scope>,
    /// The variables that grow, which have been looked at.
    appended: HashSet<Variable>,
    texts: Texts<'v, 'a>,
}

impl<'a> Visit<'a> for Search<'_, 'a> {
    fn enter_scope(&mut self, _: ScopeFlags, scope: &Cell<Option<ScopeId>>) {
        self.scopes.push(number_of(scope));
    }

    fn leave_scope(&mut self) {
        self.scopes.pop();
    }

    fn visit_expression(&mut self, it: &Expression<'a>) {
        let it: &'a Expression<'a> = self.alloc(it);
        if is_joined(it) {
            self.note(it, Purpose::Any);
        }
        if is_compared(it) {
            self.without_names.0.push(it.span());
        }
        if let Expression::BinaryExpression(it) = it
            && it.operator.is_equality()
        {
            self.compared(&it.left, &it.right);
            self.compared(&it.right, &it.left);
        }
        match it {
            // Each part of a sum is looked at once.
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                terms(it).into_iter().for_each(|term| self.visit_expression(term));
            }
            _ => walk::walk_expression(self, it),
        }
    }

    /// `switch (name_of(link.href)) { case name + ".css": … }`
    fn visit_switch_statement(&mut self, it: &SwitchStatement<'a>) {
        for case in it.cases.iter().filter_map(|case| case.test.as_ref()) {
            self.compared(self.alloc(&it.discriminant), self.alloc(case));
        }
        walk::walk_switch_statement(self, it);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        self.note(self.alloc(&it.source), Purpose::Fetch);
        walk::walk_import_expression(self, it);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
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
        walk::walk_new_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
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
            Some("replace" | "replaceAll") => self.cut(self.alloc(it)),
            Some("endsWith" | "includes" | "indexOf" | "lastIndexOf" | "startsWith") => {
                self.looks_for(self.alloc(it));
                self.looked_up(self.alloc(it));
            }
            Some("get" | "has") => self.looked_up(self.alloc(it)),
            Some("at") => {
                let at = it.arguments.first().and_then(Argument::as_expression).and_then(number);
                if let Some((list, at)) = object(self.alloc(it)).zip(at) {
                    self.takes_piece(list, at, it.span);
                }
            }
            _ => {}
        }
        if let (Some("add" | "get" | "has" | "includes" | "indexOf" | "push" | "set"), Some(key)) =
            (name, it.arguments.first().and_then(Argument::as_expression))
            && let Some(collection) = object(self.alloc(it))
        {
            self.key(collection, self.alloc(key));
        }
        if it.callee.is_specific_id("RegExp") {
            self.tests_any(&it.arguments);
        }
        self.takes(self.alloc(it));
        walk::walk_call_expression(self, it);
    }

    /// `url.split(".")[1]`
    fn visit_computed_member_expression(&mut self, it: &ComputedMemberExpression<'a>) {
        if let Some(at) = number(&it.expression) {
            self.takes_piece(self.alloc(&it.object), at, it.span);
        }
        self.key(self.alloc(&it.object), self.alloc(&it.expression));
        walk::walk_computed_member_expression(self, it);
    }

    /// `const [name, extension] = url.split(".")`
    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let (BindingPattern::ArrayPattern(pieces), Some(list)) = (&it.id, &it.init) {
            for (at, _) in pieces.elements.iter().enumerate().filter(|(_, it)| it.is_some()) {
                self.takes_piece(self.alloc(list), at as isize, it.span);
            }
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_reg_exp_literal(&mut self, it: &RegExpLiteral<'a>) {
        // One that stands for a text is a part of a URL by itself.
        let is_text = text_of(&it.regex.pattern.text).is_some();
        if !is_text || it.regex.flags.contains(RegExpFlags::I) {
            self.take(it.span, Part::TestOfAny(Pattern::of(it)));
        }
    }

    /// `image.src = …`, `url += …`, and `parts_of_url[1] = …`
    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        let here = self.here();
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
            && self.texts.urls.is(here, self.alloc(&element.object))
        {
            let text = self.texts.of(here, self.alloc(&it.right));
            let text = both(both(unknown(), &text), &unknown());
            self.note_all(text, it.span, Purpose::Any, true);
        }
        if let AssignmentTarget::ArrayAssignmentTarget(pieces) = &it.left {
            for (at, _) in pieces.elements.iter().enumerate().filter(|(_, it)| it.is_some()) {
                self.takes_piece(self.alloc(&it.right), at as isize, it.span);
            }
        }
        if let AssignmentTarget::StaticMemberExpression(member) = &it.left
            && FETCHED.contains(&member.property.name.as_str())
        {
            self.note(self.alloc(&it.right), Purpose::Fetch);
        }
        walk::walk_assignment_expression(self, it);
    }
}

/// Attributes and properties that a browser fetches a file for.
const FETCHED: &[&str] = &["data", "poster", "src"];

fn is_text_of(argument: Option<&Argument<'_>>, texts: &[&str]) -> bool {
    matches!(argument, Some(Argument::StringLiteral(text)) if texts.contains(&text.value.as_str()))
}

impl<'a> Search<'_, 'a> {
    fn here(&self) -> Scope {
        self.scopes.last().copied().unwrap_or_default()
    }

    fn note_argument(&mut self, arguments: &[Argument<'a>], at: usize) {
        if let Some(argument) = arguments.get(at).and_then(Argument::as_expression) {
            self.note(self.alloc(argument), Purpose::Fetch);
        }
    }

    /// `sheet.href.endsWith(name + ".css")`
    fn looks_for(&mut self, it: &'a CallExpression<'a>) {
        let scope = self.here();
        let (Some(url), [text, ..]) = (object(it), &it.arguments[..]) else { return };
        if let Some(text) = text.as_expression()
            && self.texts.urls.is(scope, url)
        {
            self.note(text, Purpose::Find);
        }
    }

    /// `link.getAttribute("href") == name + ".css"`
    fn compared(&mut self, url: &'a Expression<'a>, text: &'a Expression<'a>) {
        if !is_constant(text) && self.may_be_of_url(url) {
            self.note(text, Purpose::Find);
        }
    }

    /// `image.src.match(/(\w+)\.png$/)`
    fn takes(&mut self, it: &'a CallExpression<'a>) {
        let scope = self.here();
        let Texts { urls, variables, .. } = &mut self.texts;
        let Some(part) = Part::of(it, scope, urls, variables) else { return };
        match part.pattern() {
            None => self.take(it.span, Part::Cut),
            Some(pattern) => {
                for pattern in self.texts.patterns(scope, pattern, part.takes_source()) {
                    self.take(it.span, part.by(pattern));
                }
            }
        }
    }

    fn takes_piece(&mut self, list: &'a Expression<'a>, at: isize, span: Span) {
        if let Expression::CallExpression(call) = list.get_inner_expression()
            && let (Some("reverse"), Some(list)) = (method(call), object(call))
        {
            return self.takes_piece(list, -1 - at, span);
        }
        let Some((scope, url, by)) = split(self.here(), list, self.texts.variables) else { return };
        if self.texts.urls.is(scope, url) {
            for between in self.texts.patterns(scope, by, false) {
                self.take(span, Part::Piece { between, at });
            }
        }
    }

    /// `new RegExp("/(" + names.join("|") + ")\\.css$")`
    fn tests_any(&mut self, arguments: &[Argument<'a>]) {
        let source = arguments.first().and_then(Argument::as_expression);
        if let Some(source) = source {
            for pattern in self.texts.patterns(self.here(), self.alloc(source), true) {
                self.take(source.span(), Part::TestOfAny(pattern));
            }
        }
    }

    fn take(&mut self, span: Span, part: Part<Pattern>) {
        let says_nothing = match &part {
            Part::TestOfAny(pattern) => !pattern.says_extension(),
            part => part.pattern().is_some_and(|it| it.has_unknown && !it.says_extension()),
        };
        if !says_nothing {
            self.found.takings.push(Taking { offset: span.start as usize, part });
        }
    }

    /// Whether a text has its value from an element's URL, perhaps by a method that is not known:
    /// `path.basename(link.href)`.
    fn may_be_of_url(&mut self, text: &'a Expression<'a>) -> bool {
        let scope = self.here();
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
        let scope = self.here();
        let Some(variable) = self.texts.variables.find(scope, name.name) else { return };
        if is_joined(key.get_inner_expression()) && !self.may_be_of_url(key) {
            self.keys.entry(variable).or_default().others.push((scope, key));
        } else if !is_constant(key) && self.may_be_of_url(key) {
            self.keys.entry(variable).or_default().has_url = true;
        }
    }

    /// Notes the other keys of collections of which some key is an element's URL.
    fn note_keys(&mut self) {
        let keys = std::mem::take(&mut self.keys).into_values().filter(|keys| keys.has_url);
        for (scope, text) in keys.flat_map(|keys| keys.others) {
            self.note_in(scope, text, Purpose::Find);
        }
    }

    /// `[name + ".css"].includes(url)`, `new Set([name + ".css"]).has(url)`
    fn looked_up(&mut self, it: &'a CallExpression<'a>) {
        let (scope, url) = (self.here(), it.arguments.first().and_then(Argument::as_expression));
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
        let scope = self.here();
        let ([from, to], Some(url)) = (&it.arguments[..], object(it)) else { return };
        let [Some(from), Some(to)] = [from.as_expression(), to.as_expression()] else { return };
        let is_known =
            self.texts.of(scope, to).iter().any(|text| text.iter().any(|it| !it.is_empty()));
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
        self.note_in(self.here(), it, purpose);
    }

    fn note_in(&mut self, scope: Scope, it: &'a Expression<'a>, purpose: Purpose) {
        if matches!(it.get_inner_expression(), Expression::StringLiteral(_)) {
            return;
        }
        let texts = self.texts.of(scope, it);
        let is_of_url = texts.iter().any(|text| text.len() > 1) && self.texts.urls.is(scope, it);
        self.note_all(texts, it.span(), purpose, is_of_url);
    }

    fn note_all(&mut self, texts: Vec<Parts>, span: Span, purpose: Purpose, is_of_url: bool) {
        let offset = span.start as usize;
        for parts in texts {
            let is_of_url = is_of_url && parts.len() > 1;
            if is_of_url && parts.iter().any(|part| part.contains('.')) {
                self.without_names.0.push(span);
            }
            let may_be_name = is_of_url || parts.iter().any(|part| part.contains(['.', '/']));
            if may_be_name && self.seen.insert((parts.clone(), purpose, is_of_url)) {
                self.found.joined.push(Joined { offset, parts, purpose, is_of_url });
            }
        }
    }
}

/// `image.src.slice(-7) == "off.png"`
fn is_compared(expression: &Expression<'_>) -> bool {
    let Expression::BinaryExpression(it) = expression else { return false };
    let sides = [&it.left, &it.right];
    it.operator.is_equality()
        && sides.iter().any(|it| matches!(it.get_inner_expression(), Expression::StringLiteral(_)))
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

/// Whether an expression makes a text of others.
fn is_joined(expression: &Expression<'_>) -> bool {
    match expression {
        Expression::BinaryExpression(sum) => sum.operator == BinaryOperator::Addition,
        Expression::TemplateLiteral(template) => !template.expressions.is_empty(),
        Expression::TaggedTemplateExpression(it) => !it.quasi.expressions.is_empty(),
        Expression::CallExpression(call) => method(call).is_some_and(|name| {
            matches!(name, "concat" | "join" | "replace" | "replaceAll")
                || matches!(name, "slice" | "substr" | "substring" | "toLowerCase")
        }),
        _ => false,
    }
}
