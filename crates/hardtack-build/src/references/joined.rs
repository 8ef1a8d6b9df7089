//! The texts that a script joins of parts, such as `"img/" + name + ".png"`.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, AssignmentExpression, AssignmentOperator, AssignmentTarget,
    BinaryOperator, BindingPattern, CallExpression, ComputedMemberExpression, Expression,
    ImportExpression, NewExpression, ObjectProperty, ObjectPropertyKind, Program, RegExpFlags,
    RegExpLiteral, SwitchStatement, TemplateLiteral, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::{ScopeFlags, ScopeId};
use percent_encoding::percent_decode_str;

use super::{
    derived::{Cut, Derived, Joined, Purpose},
    element_url::ElementUrls,
    taking::{Part, Pattern, Taking, number, split},
    variables::{Scope, Value, Variable, Variables, number_of},
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
        texts: Texts {
            variables,
            urls: ElementUrls::new(variables),
            known: vec![None; variables.count()],
            results: HashMap::new(),
            depth: 0,
        },
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

/// The constant parts of a text, with an unknown one between each two.
type Parts = Vec<String>;

/// Unknown parts only.
fn unknown() -> Vec<Parts> {
    vec![vec![String::new(), String::new()]]
}

/// The texts of expressions: for each expression, what it may say.
struct Texts<'v, 'a> {
    variables: &'v Variables<'a>,
    urls: ElementUrls<'v, 'a>,
    /// Those of variables. A variable that is made of itself has none yet.
    known: Vec<Option<Vec<Parts>>>,
    /// Those that functions return. One that calls itself returns none yet.
    results: HashMap<Scope, Vec<Parts>>,
    depth: usize,
}

impl<'a> Texts<'_, 'a> {
    fn of(&mut self, scope: Scope, expression: &'a Expression<'a>) -> Vec<Parts> {
        const DEEPEST: usize = 64;
        if self.depth == DEEPEST {
            return unknown();
        }
        self.depth += 1;
        let texts = self.of_any(scope, expression.get_inner_expression());
        self.depth -= 1;
        texts
    }

    fn of_any(&mut self, scope: Scope, expression: &'a Expression<'a>) -> Vec<Parts> {
        match expression {
            Expression::StringLiteral(text) => vec![vec![text.value.to_string()]],
            Expression::NumericLiteral(number) => vec![vec![number.value.to_string()]],
            Expression::TemplateLiteral(template) => self.of_template(scope, template),
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                self.of_all(scope, terms(expression))
            }
            Expression::ConditionalExpression(it) => {
                either(self.of(scope, &it.consequent), self.of(scope, &it.alternate))
            }
            Expression::LogicalExpression(it) => {
                either(self.of(scope, &it.left), self.of(scope, &it.right))
            }
            Expression::AssignmentExpression(it) if it.operator.is_assign() => {
                self.of(scope, &it.right)
            }
            Expression::Identifier(it) => self.of_variable(self.variables.find(scope, it.name)),
            Expression::CallExpression(call) => self.of_call(scope, call),
            Expression::StaticMemberExpression(it)
                if matches!(it.object, Expression::ThisExpression(_)) =>
            {
                self.of_variable(self.variables.find_of_this(it.property.name))
            }
            Expression::StaticMemberExpression(it) => {
                self.of_property(scope, &it.object, Some(it.property.name.as_str()))
            }
            Expression::ComputedMemberExpression(it) => self.of_property(scope, &it.object, None),
            Expression::TaggedTemplateExpression(it) => self.of_template(scope, &it.quasi),
            _ => unknown(),
        }
    }

    fn of_template(&mut self, scope: Scope, template: &'a TemplateLiteral<'a>) -> Vec<Parts> {
        let mut texts = vec![vec![String::new()]];
        for (at, text) in template.quasis.iter().enumerate() {
            let text = text.value.cooked.unwrap_or(text.value.raw);
            texts = both(texts, &[vec![text.to_string()]]);
            if let Some(next) = template.expressions.get(at) {
                texts = both(texts, &self.of(scope, next));
            }
        }
        texts
    }

    fn of_all(&mut self, scope: Scope, all: Vec<&'a Expression<'a>>) -> Vec<Parts> {
        let none = vec![vec![String::new()]];
        all.into_iter().fold(none, |texts, term| both(texts, &self.of(scope, term)))
    }

    fn of_variable(&mut self, variable: Option<Variable>) -> Vec<Parts> {
        let Some(variable) = variable else { return unknown() };
        if let Some(known) = &self.known[variable] {
            return known.clone();
        }
        self.known[variable] = Some(unknown());
        let mut texts: Vec<Parts> = Vec::new();
        let variables = self.variables;
        for value in variables.values(variable) {
            texts = match *value {
                Value::Of(scope, it) | Value::Passed(scope, it) => {
                    either(texts, self.of(scope, it))
                }
                Value::ElementOf(scope, list) => either(texts, self.of_elements(scope, list)),
                Value::PropertyOf(scope, object, name) => {
                    either(texts, self.of_property(scope, object, Some(name)))
                }
                Value::With(scope, it) => {
                    let longer = both(texts.clone(), &self.of(scope, it));
                    either(texts, longer)
                }
                Value::Property(_) | Value::Caught | Value::Unknown => either(texts, unknown()),
            };
        }
        if texts.is_empty() || !are_short(&texts) {
            texts = unknown();
        }
        self.known[variable] = Some(texts.clone());
        texts
    }

    /// A property of an object that is written out; of one that is not named, any.
    fn of_property(
        &mut self,
        scope: Scope,
        object: &'a Expression<'a>,
        name: Option<&str>,
    ) -> Vec<Parts> {
        let Some((scope, object, is_open)) = self.written_out(scope, object) else {
            return unknown();
        };
        let objects = match (object, name) {
            (Expression::ObjectExpression(it), _) => vec![it],
            (Expression::ArrayExpression(list), Some(_)) => {
                let elements = list.elements.iter().filter_map(|it| it.as_expression());
                let object = |it: &'a Expression<'a>| match it.get_inner_expression() {
                    Expression::ObjectExpression(it) => Some(it),
                    _ => None,
                };
                elements.filter_map(object).collect()
            }
            _ if name.is_none() => return self.of_elements(scope, object),
            _ => return unknown(),
        };
        let mut texts = Vec::new();
        for property in objects.iter().flat_map(|it| &it.properties) {
            if let ObjectPropertyKind::ObjectProperty(property) = property
                && name.is_none_or(|name| property.key.is_specific_static_name(name))
            {
                texts = either(texts, self.of(scope, &property.value));
            }
        }
        if texts.is_empty() || is_open { either(texts, unknown()) } else { texts }
    }

    fn of_elements(&mut self, scope: Scope, list: &'a Expression<'a>) -> Vec<Parts> {
        let elements = self.list(scope, list).unwrap_or_default();
        let texts = elements.into_iter().fold(Vec::new(), either);
        if texts.is_empty() { unknown() } else { texts }
    }

    /// The object or list that an expression stands for, with its scope, and whether it may have
    /// other members than those that are written out.
    fn written_out(
        &self,
        mut scope: Scope,
        mut expression: &'a Expression<'a>,
    ) -> Option<(Scope, &'a Expression<'a>, bool)> {
        let mut is_open = false;
        for _ in 0..8 {
            expression = expression.get_inner_expression();
            let Expression::Identifier(name) = expression else {
                return Some((scope, expression, is_open));
            };
            let variable = self.variables.find(scope, name.name)?;
            let values = self.variables.values(variable).iter();
            let mut known = values.filter(|it| !matches!(it, Value::Unknown));
            let (Some(Value::Of(inside, value)), None) = (known.next(), known.next()) else {
                return None;
            };
            is_open |= self.variables.values(variable).len() > 1;
            (scope, expression) = (*inside, value);
        }
        None
    }

    fn of_call(&mut self, scope: Scope, call: &'a CallExpression<'a>) -> Vec<Parts> {
        let arguments: Vec<_> =
            call.arguments.iter().filter_map(|argument| argument.as_expression()).collect();
        let Some((name, object)) = method(call).zip(object(call)) else {
            return match (arguments[..].first(), call.callee.get_inner_expression()) {
                (Some(only), Expression::Identifier(name)) if is_same(&name.name) => {
                    self.of(scope, only)
                }
                (Some(only), Expression::Identifier(name))
                    if name.name.starts_with("decodeURI") =>
                {
                    self.of(scope, only).into_iter().map(decoded).collect()
                }
                _ => match self.variables.result(scope, call) {
                    Some(result) => self.of_result(result),
                    None => unknown(),
                },
            };
        };
        match name {
            "concat" if !matches!(object, Expression::ArrayExpression(_)) => {
                self.of_all(scope, [vec![object], arguments].concat())
            }
            "join" => {
                let between = match arguments.first() {
                    Some(text) => self.of(scope, text),
                    None => vec![vec![",".to_owned()]],
                };
                let Some(list) = self.list(scope, object) else { return unknown() };
                let mut texts = vec![vec![String::new()]];
                for (at, element) in list.into_iter().enumerate() {
                    texts = if at > 0 { both(texts, &between) } else { texts };
                    texts = both(texts, &element);
                }
                texts
            }
            "toString" | "trim" => self.of(scope, object),
            "replace" | "replaceAll" => self.of_replaced(scope, object, &arguments),
            "slice" | "substring" | "substr" | "toLowerCase" | "toUpperCase" => {
                let arguments: Option<Vec<_>> =
                    arguments.into_iter().map(|it| self.constant(scope, it)).collect();
                let texts = self.of(scope, object).into_iter();
                let changed = texts.map(|parts| match (&parts[..], &arguments) {
                    ([only], Some(arguments)) => changed(name, only, arguments),
                    _ => None,
                });
                let changed = changed.map(|text| text.map_or_else(unknown, |it| vec![vec![it]]));
                changed.fold(Vec::new(), either)
            }
            _ => {
                let results = self.variables.results_of_method(call);
                let texts = results.map(|it| self.of_result(it)).fold(Vec::new(), either);
                if texts.is_empty() { unknown() } else { texts }
            }
        }
    }

    /// What a function returns, whose scope is given.
    fn of_result(&mut self, (function, result): (Scope, &'a Expression<'a>)) -> Vec<Parts> {
        if let Some(known) = self.results.get(&function) {
            return known.clone();
        }
        self.results.insert(function, unknown());
        let texts = self.of(function, result);
        self.results.insert(function, texts.clone());
        texts
    }

    /// `text.replace("{name}", name)`
    fn of_replaced(
        &mut self,
        scope: Scope,
        object: &'a Expression<'a>,
        arguments: &[&'a Expression<'a>],
    ) -> Vec<Parts> {
        let [from, to] = arguments else { return unknown() };
        if self.urls.is(scope, object) {
            let to = self.of(scope, to).into_iter().map(without_groups).collect::<Vec<_>>();
            return both(both(unknown(), &to), &unknown());
        }
        let (texts, to) = (self.of(scope, object), self.of(scope, to));
        let Some(from) = self.constant(scope, from).filter(|from| !from.is_empty()) else {
            return unknown();
        };
        let mut replaced = Vec::new();
        for text in texts {
            let [text] = &text[..] else { return unknown() };
            let mut parts = text.split(from.as_str()).map(|part| vec![vec![part.to_owned()]]);
            let first = parts.next().unwrap_or_else(unknown);
            let text = parts.fold(first, |text, part| both(both(text, &to), &part));
            replaced = either(replaced, text);
        }
        replaced
    }

    /// The regular expressions that an expression stands for. A text is the source of one, or stands
    /// for itself.
    fn patterns(
        &mut self,
        scope: Scope,
        expression: &'a Expression<'a>,
        is_source: bool,
    ) -> Vec<Pattern> {
        const DEEPEST: usize = 64;
        if self.depth == DEEPEST {
            return Vec::new();
        }
        self.depth += 1;
        let patterns = self.patterns_of_any(scope, expression.get_inner_expression(), is_source);
        self.depth -= 1;
        patterns
    }

    fn patterns_of_any(
        &mut self,
        scope: Scope,
        expression: &'a Expression<'a>,
        is_source: bool,
    ) -> Vec<Pattern> {
        let (callee, arguments) = match expression {
            Expression::RegExpLiteral(literal) => return vec![Pattern::of(literal)],
            Expression::NewExpression(new) => (&new.callee, &new.arguments),
            Expression::CallExpression(call) => (&call.callee, &call.arguments),
            Expression::Identifier(name) => {
                let variable = self.variables.find(scope, name.name);
                let values = variable.map_or(&[][..], |it| self.variables.values(it)).iter();
                let known = values.filter(|it| !matches!(it, Value::Unknown));
                let [only] = known.collect::<Vec<_>>()[..] else { return Vec::new() };
                return match *only {
                    Value::Of(inside, value) => self.patterns(inside, value, is_source),
                    _ => Vec::new(),
                };
            }
            _ => return self.patterns_of_texts(scope, expression, is_source),
        };
        if !callee.is_specific_id("RegExp") {
            return self.patterns_of_texts(scope, expression, is_source);
        }
        let mut arguments = arguments.iter().filter_map(Argument::as_expression);
        let Some(source) = arguments.next() else { return Vec::new() };
        let flags = match arguments.next().map(Expression::get_inner_expression) {
            Some(Expression::StringLiteral(flags)) => flags.value.as_str(),
            _ => "",
        };
        match source.get_inner_expression() {
            Expression::RegExpLiteral(literal) => vec![Pattern::of(literal)],
            _ => {
                let texts = self.of(scope, source).into_iter();
                texts.map(|parts| Pattern::of_source(&parts, flags)).collect()
            }
        }
    }

    fn patterns_of_texts(
        &mut self,
        scope: Scope,
        expression: &'a Expression<'a>,
        is_source: bool,
    ) -> Vec<Pattern> {
        let texts = self.of(scope, expression).into_iter();
        let pattern = |parts: Parts| match &parts[..] {
            _ if is_source => Some(Pattern::of_source(&parts, "")),
            [only] => Some(Pattern::of_text(only)),
            _ => None,
        };
        texts.filter_map(pattern).collect()
    }

    /// The one text that an expression says, in the case of a pattern its source.
    fn constant(&mut self, scope: Scope, expression: &'a Expression<'a>) -> Option<String> {
        match expression.get_inner_expression() {
            Expression::RegExpLiteral(pattern) => text_of(&pattern.regex.pattern.text),
            Expression::UnaryExpression(minus) => {
                Some(format!("-{}", self.constant(scope, &minus.argument)?))
            }
            other => match &mut self.of(scope, other)[..] {
                [only] if only.len() == 1 => only.pop(),
                _ => None,
            },
        }
    }

    /// The names or the values of an object that is written out.
    fn members(
        &mut self,
        scope: Scope,
        object: &'a Expression<'a>,
        are_names: bool,
    ) -> Option<Vec<Vec<Parts>>> {
        let (scope, Expression::ObjectExpression(object), false) =
            self.written_out(scope, object)?
        else {
            return None;
        };
        let properties = object.properties.iter().filter_map(|it| it.as_property());
        let member = |it: &'a ObjectProperty<'a>| match are_names {
            true => it.key.static_name().map(|name| vec![vec![name.to_string()]]),
            false => Some(self.of(scope, &it.value)),
        };
        properties.map(member).collect()
    }

    /// The elements of a list or a `Set`, and the keys of a `Map`, as far as they are written out.
    fn keys(&self, scope: Scope, list: &'a Expression<'a>) -> Vec<(Scope, &'a Expression<'a>)> {
        match self.written_out(scope, list) {
            Some((scope, Expression::ArrayExpression(list), _)) => {
                let elements = list.elements.iter().filter_map(|it| it.as_expression());
                elements.map(|it| (scope, it)).collect()
            }
            Some((scope, Expression::NewExpression(new), _)) => {
                let list = new.arguments.first().and_then(Argument::as_expression);
                let keys = list.map(|list| self.keys(scope, list)).unwrap_or_default().into_iter();
                let first = |(scope, it): (Scope, &'a Expression<'a>)| match it {
                    Expression::ArrayExpression(pair) => {
                        Some((scope, pair.elements.first()?.as_expression()?))
                    }
                    _ => Some((scope, it)),
                };
                keys.filter_map(first).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The elements of a list.
    fn list(&mut self, scope: Scope, list: &'a Expression<'a>) -> Option<Vec<Vec<Parts>>> {
        match self.written_out(scope, list)? {
            (scope, Expression::ArrayExpression(array), false) => {
                let is_known = |it: &ArrayExpressionElement<'_>| it.as_expression().is_some();
                array.elements.iter().all(is_known).then(|| {
                    let elements = array.elements.iter().filter_map(|it| it.as_expression());
                    elements.map(|element| self.of(scope, element)).collect()
                })
            }
            (scope, Expression::CallExpression(call), false) => {
                let object = object(call)?;
                let arguments = call.arguments.iter().filter_map(|it| it.as_expression());
                let arguments: Vec<_> = arguments.collect();
                match (method(call)?, &arguments[..]) {
                    ("keys" | "values", [of]) if object.is_specific_id("Object") => {
                        self.members(scope, of, method(call) == Some("keys"))
                    }
                    ("split", [by, ..]) => {
                        let (text, by) = (self.constant(scope, object)?, self.constant(scope, by)?);
                        let parts =
                            text.split(by.as_str()).filter(|it| !by.is_empty() || !it.is_empty());
                        Some(parts.map(|part| vec![vec![part.to_owned()]]).collect())
                    }
                    ("reverse", []) => {
                        self.list(scope, object).map(|list| list.into_iter().rev().collect())
                    }
                    ("filter", _) => self.list(scope, object),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The terms of a sum, in order.
fn terms<'a>(sum: &'a Expression<'a>) -> Vec<&'a Expression<'a>> {
    let (mut terms, mut open) = (Vec::new(), vec![sum]);
    while let Some(next) = open.pop() {
        match next.get_inner_expression() {
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                open.extend([&sum.right, &sum.left]);
            }
            term => terms.push(term),
        }
    }
    terms
}

fn method<'a>(call: &'a CallExpression<'a>) -> Option<&'a str> {
    call.callee.as_member_expression()?.static_property_name()
}

fn object<'a>(call: &'a CallExpression<'a>) -> Option<&'a Expression<'a>> {
    call.callee.as_member_expression().map(|member| member.object())
}

/// A text that replaces another, in which `$1` is unknown.
fn without_groups(parts: Parts) -> Parts {
    let mut known = vec![String::new()];
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            append(&mut known, &unknown()[0]);
        }
        let mut pieces = part.split('$');
        append(&mut known, &vec![pieces.next().unwrap_or_default().to_owned()]);
        for piece in pieces {
            let name = |it: char| it.is_ascii_digit() || matches!(it, '&' | '\'' | '`');
            append(&mut known, &unknown()[0]);
            append(&mut known, &vec![piece.trim_start_matches(name).to_owned()]);
        }
    }
    known
}

/// The most texts that an expression is followed for.
const MOST: usize = 64;

/// The texts of one expression or another.
fn either(mut one: Vec<Parts>, other: Vec<Parts>) -> Vec<Parts> {
    for text in other {
        if one.contains(&text) {
            continue;
        }
        if one.len() >= MOST {
            return unknown();
        }
        one.push(text);
    }
    one
}

/// Each of the first texts with each of the others behind it.
fn both(mut first: Vec<Parts>, then: &[Parts]) -> Vec<Parts> {
    if let [then] = then {
        first.iter_mut().for_each(|parts| append(parts, then));
        return first;
    }
    if first.len() * then.len() > MOST || !are_short(&first) {
        return both(first, &unknown());
    }
    let longer = |parts: &Parts, then: &Parts| {
        let mut parts = parts.clone();
        append(&mut parts, then);
        parts
    };
    first.iter().flat_map(|parts| then.iter().map(move |then| longer(parts, then))).collect()
}

fn append(parts: &mut Parts, then: &Parts) {
    let (Some(last), [next, rest @ ..]) = (parts.last_mut(), &then[..]) else { return };
    last.push_str(next);
    // Two unknown parts beside each other are one.
    for part in rest {
        let is_one = parts.len() > 1 && parts.last().is_some_and(String::is_empty);
        if is_one {
            parts.pop();
        }
        parts.push(part.clone());
    }
}

/// Whether texts may be names. Longer ones are not copied.
fn are_short(texts: &[Parts]) -> bool {
    const LONGEST: usize = 2000;
    texts.iter().flatten().map(String::len).sum::<usize>() < LONGEST
}

/// Whether a function leaves a name as it is.
fn is_same(function: &str) -> bool {
    matches!(function, "String" | "encodeURI" | "encodeURIComponent")
}

/// A text after `decodeURIComponent()`.
fn decoded(parts: Parts) -> Parts {
    let decoded = |part: String| percent_decode_str(&part).decode_utf8_lossy().into_owned();
    parts.into_iter().map(decoded).collect()
}

/// A text after a method without side effects, whose arguments are constant.
fn changed(method: &str, text: &str, arguments: &[String]) -> Option<String> {
    let number = |at: usize| arguments.get(at).map(|it| it.parse::<isize>()).transpose().ok();
    match (method, arguments) {
        ("toLowerCase", []) => Some(text.to_lowercase()),
        ("toUpperCase", []) => Some(text.to_uppercase()),
        ("slice", _) => part(text, number(0)?.unwrap_or(0), number(1)?, true),
        ("substring", _) => part(text, number(0)?.unwrap_or(0), number(1)?, false),
        ("substr", _) => {
            let start = number(0)?.unwrap_or(0);
            let start = if start < 0 { start + text.len() as isize } else { start };
            part(text, start, number(1)?.map(|length| start + length), false)
        }
        _ => None,
    }
}

/// A part of a text in ASCII. A negative number may count from the end.
fn part(text: &str, start: isize, end: Option<isize>, counts_back: bool) -> Option<String> {
    let length = text.len() as isize;
    let clamp = |at: isize| {
        let at = if at < 0 && counts_back { at + length } else { at };
        at.clamp(0, length) as usize
    };
    let (start, end) = (clamp(start), clamp(end.unwrap_or(length)));
    let range = if start > end && !counts_back { end..start } else { start..end };
    Some(text.get(range)?.to_owned()).filter(|_| text.is_ascii())
}

/// The one text that a pattern stands for, if it is no more than that, perhaps at the end.
pub(super) fn text_of(pattern: &str) -> Option<String> {
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    let is_plain = |it: char| it.is_alphanumeric() || matches!(it, '-' | '_' | '/' | '@');
    let text = pattern.replace("\\.", "\0").replace("\\/", "/").replace("\\-", "-");
    text.chars().all(|it| is_plain(it) || it == '\0').then(|| text.replace('\0', "."))
}
