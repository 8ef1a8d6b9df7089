//! Whether a script asks for its own URL, or for that of another script of its page.

use std::{cell::Cell, collections::HashMap, mem};

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, ArrowFunctionExpression, AssignmentExpression,
    AssignmentTarget, BinaryExpression, BindingPattern, BindingProperty, CallExpression,
    CatchClause, ChainElement, ComputedMemberExpression, ConditionalExpression, Expression,
    Function, IdentifierReference, IfStatement, LogicalExpression, NewExpression, Program,
    RegExpLiteral, StaticMemberExpression, StringLiteral, UnaryExpression, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::Span;
use oxc_syntax::scope::{ScopeFlags, ScopeId};

use super::variables::{Scope, Value, Variable, Variables, number_of};

/// The URLs that a script asks for, each with the place.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Asked {
    /// Its own.
    pub(super) own: Option<usize>,
    /// That of the context that it runs in: its own, if it is a worker.
    pub(super) location: Option<usize>,
    /// Those of elements, by their `id`.
    pub(super) of_ids: Vec<(usize, String)>,
}

pub(super) fn asked<'a>(program: &Program<'a>, variables: &Variables<'a>) -> Asked {
    let mut questions = Questions::new(variables, names_current_script(program.source_text));
    questions.visit_program(program);
    questions.end_function();
    let own = [questions.asked.own, questions.stack].into_iter().flatten().min();
    Asked { own, ..questions.asked }
}

/// Whether a text may name `currentScript`, perhaps with escapes for letters of ASCII.
fn names_current_script(text: &str) -> bool {
    const NAME: &[u8] = b"currentScript";
    let text = text.as_bytes();
    let is_escaped = |at| escaped(&text[at + 1..]).is_some_and(|letter| NAME.contains(&letter));
    memchr::memmem::find(text, NAME).is_some() || memchr::memchr_iter(b'\\', text).any(is_escaped)
}

/// The letter of ASCII that an escape stands for, by the text behind its backslash: `x63`, `u0063`,
/// `u{63}`, `143` (ECMA-262 §12.9.4).
fn escaped(text: &[u8]) -> Option<u8> {
    let (digits, most, base) = match text {
        [b'u', b'{', digits @ ..] => (digits, digits.len(), 16),
        [b'u', digits @ ..] => (digits, 4, 16),
        [b'x', digits @ ..] => (digits, 2, 16),
        digits => (digits, 3, 8),
    };
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(base);
    let count = digits.iter().take(most).take_while(is_digit).count();
    u8::from_str_radix(str::from_utf8(&digits[..count]).ok()?, base).ok()
}

/// A script element, or a list of such.
#[derive(Clone, Copy, PartialEq)]
enum Element<'a> {
    /// `document.currentScript`
    Current,
    /// One of those of the page, as was looked up before there was `currentScript`.
    OfPage,
    WithId(&'a str),
}

struct Questions<'v, 'a> {
    variables: &'v Variables<'a>,
    elements: Elements<'v, 'a>,
    /// Whether a variable may have the script's own element.
    has_current: bool,
    asked: Asked,
    scopes: Vec<Scope>,
    function: AskedFunction,
    /// Where the stack of an error is first read for the URL in it.
    stack: Option<usize>,
    /// How many errors are made.
    errors: usize,
    /// The texts and the patterns so far; of a function that has been looked at, at most one, which is
    /// part of a URL.
    texts: Vec<&'a str>,
}

/// A function, or the whole script, as far as it has been looked at.
#[derive(Clone, Copy, Default)]
struct AskedFunction {
    /// Where it asks for the stack of an error.
    stack: Option<usize>,
    /// The errors before it.
    errors: usize,
    /// The texts before it.
    texts: usize,
}

impl<'v, 'a> Questions<'v, 'a> {
    fn new(variables: &'v Variables<'a>, has_current: bool) -> Self {
        let known = vec![None; variables.count()];
        Self {
            variables,
            elements: Elements { variables, known, results: HashMap::new(), depth: 0 },
            has_current,
            asked: Asked::default(),
            scopes: Vec::new(),
            function: AskedFunction::default(),
            stack: None,
            errors: 0,
            texts: Vec::new(),
        }
    }

    fn here(&self) -> Scope {
        self.scopes.last().copied().unwrap_or_default()
    }

    fn element(&mut self, expression: &'a Expression<'a>) -> Option<Element<'a>> {
        self.elements.of(self.here(), expression)
    }

    /// The URL of an expression's value is read.
    fn reads(&mut self, expression: &'a Expression<'a>, span: Span) {
        let at = span.start as usize;
        match self.element(expression) {
            Some(Element::WithId(id)) => self.asked.of_ids.push((at, id.to_owned())),
            Some(Element::Current | Element::OfPage) => self.asks(at),
            None => {}
        }
    }

    /// A value is passed on: what is asked of it then is not known.
    fn passes_on(&mut self, expression: &'a Expression<'a>, span: Span) {
        if self.has_current && self.element(expression) == Some(Element::Current) {
            self.asks(span.start as usize);
        }
    }

    fn asks(&mut self, at: usize) {
        self.asked.own.get_or_insert(at);
    }

    fn asks_location(&mut self, span: Span) {
        self.asked.location.get_or_insert(span.start as usize);
    }

    fn asks_for_stack(&mut self, span: Span) {
        self.function.stack.get_or_insert(span.start as usize);
    }

    fn within_function(&mut self, walk: impl FnOnce(&mut Self)) {
        let (errors, texts) = (self.errors, self.texts.len());
        let function = AskedFunction { stack: None, errors, texts };
        let outer = mem::replace(&mut self.function, function);
        walk(self);
        self.end_function();
        self.function = outer;
    }

    /// Notes a function that reads the stack of an error for the URL in it: the error is made there,
    /// and a part of a URL is searched for.
    fn end_function(&mut self) {
        let AskedFunction { stack, errors, texts } = self.function;
        if let Some(at) = stack.filter(|_| self.errors > errors) {
            // One text is enough for the function around this one, too.
            let url = self.texts.drain(texts..).find(|text| is_part_of_url(text));
            self.texts.extend(url);
            self.stack = [self.stack, url.map(|_| at)].into_iter().flatten().min();
        }
    }

    /// Looks into an expression that is kept, or only asked whether it is there.
    fn test(&mut self, it: &Expression<'a>) {
        match it.get_inner_expression() {
            Expression::Identifier(name) if name.name != "location" => {}
            Expression::StaticMemberExpression(it) if it.property.name == "currentScript" => {}
            Expression::LogicalExpression(it) => {
                self.test(&it.left);
                self.test(&it.right);
            }
            Expression::ConditionalExpression(it) => {
                self.test(&it.test);
                self.test(&it.consequent);
                self.test(&it.alternate);
            }
            other => self.visit_expression(other),
        }
    }

    fn pattern(&mut self, id: &BindingPattern<'a>, init: &Expression<'a>, span: Span) {
        match id {
            BindingPattern::BindingIdentifier(_) => {}
            BindingPattern::ObjectPattern(object) => {
                let names_others = object.rest.is_none()
                    && object.properties.iter().all(|it| {
                        !it.key.is_specific_static_name("src") && it.key.static_name().is_some()
                    });
                if !names_others {
                    self.reads(self.alloc(init), span);
                }
                if names_location(object.properties.iter()) && is_location(init) {
                    self.asks_location(span);
                }
            }
            _ => self.passes_on(self.alloc(init), span),
        }
    }
}

impl<'a> Visit<'a> for Questions<'_, 'a> {
    fn enter_scope(&mut self, _: ScopeFlags, scope: &Cell<Option<ScopeId>>) {
        self.scopes.push(number_of(scope));
    }

    fn leave_scope(&mut self) {
        self.scopes.pop();
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        self.within_function(|inside| walk::walk_function(inside, it, flags));
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.within_function(|inside| walk::walk_arrow_function_expression(inside, it));
    }

    /// `const script = document.currentScript`
    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let Some(init) = &it.init {
            self.pattern(&it.id, init, it.span);
            self.visit_binding_pattern(&it.id);
            self.test(init);
        }
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        match &it.left {
            // The target of an assignment is not read.
            AssignmentTarget::StaticMemberExpression(member) => {
                self.visit_expression(&member.object);
                self.visit_expression(&it.right);
            }
            AssignmentTarget::AssignmentTargetIdentifier(_) => self.test(&it.right),
            _ => walk::walk_assignment_expression(self, it),
        }
    }

    /// `script.src`, `error.stack`, `location.href`
    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        let it: &'a StaticMemberExpression<'a> = self.alloc(it);
        match it.property.name.as_str() {
            "src" | "attributes" | "outerHTML" => self.reads(&it.object, it.span),
            "stack" => self.stack(&it.object, it.span),
            "currentScript" => self.asks(it.span.start as usize),
            "location" if it.object.get_inner_expression().is_specific_id("self") => {
                self.asks(it.span.start as usize);
            }
            "href" | "pathname" | "toString" if is_location(&it.object) => {
                self.visit_expression(&it.object);
            }
            _ => {}
        }
        if !is_named(&it.object) {
            self.visit_expression(&it.object);
        }
    }

    fn visit_computed_member_expression(&mut self, it: &ComputedMemberExpression<'a>) {
        let it: &'a ComputedMemberExpression<'a> = self.alloc(it);
        if it.expression.is_specific_string_literal("currentScript") {
            self.asks(it.span.start as usize);
        }
        if it.expression.is_specific_string_literal("src") {
            self.reads(&it.object, it.span);
        }
        walk::walk_computed_member_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let it: &'a CallExpression<'a> = self.alloc(it);
        let member = it.callee.as_member_expression();
        if let Some((name, object)) =
            member.and_then(|member| Some((member.static_property_name()?, member.object())))
        {
            match name {
                "getAttribute" | "getAttributeNode" | "attr" | "prop"
                    if first_text(it) == Some("src") =>
                {
                    self.reads(object, it.span);
                }
                "cloneNode" => self.passes_on(object, it.span),
                _ => {}
            }
        }
        if it.callee.get_inner_expression().is_specific_id("Error") {
            self.errors += 1;
        }
        self.visit_expression(&it.callee);
        // Only what an argument may have of the script's own element is followed.
        let followed = if self.has_current { self.variables.followed(self.here(), it) } else { 0 };
        for (at, argument) in it.arguments.iter().enumerate() {
            match argument.as_expression().filter(|_| at < followed) {
                Some(argument) => self.test(argument),
                None => self.visit_argument(argument),
            }
        }
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        if let Expression::Identifier(name) = it.callee.get_inner_expression() {
            if name.name.ends_with("Error") {
                self.errors += 1;
            }
            if let (true, [first, base]) = (name.name == "URL", &it.arguments[..])
                && base.as_expression().is_some_and(is_location_or_its_href)
            {
                // A base gives no name.
                return self.visit_argument(first);
            }
        }
        walk::walk_new_expression(self, it);
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        if self.has_current {
            let variable = self.variables.find(self.here(), it.name);
            let element = variable.and_then(|variable| self.elements.of_variable(variable));
            if element == Some(Element::Current) {
                self.asks(it.span.start as usize);
            }
        }
        if it.name == "location" {
            self.asks_location(it.span);
        }
    }

    /// `const { currentScript } = document`
    fn visit_binding_property(&mut self, it: &BindingProperty<'a>) {
        if it.key.is_specific_static_name("currentScript") {
            self.asks(it.span.start as usize);
        }
        if it.key.is_specific_static_name("stack") {
            self.asks_for_stack(it.span);
        }
        walk::walk_binding_property(self, it);
    }

    /// `catch ({ stack })`
    fn visit_catch_clause(&mut self, it: &CatchClause<'a>) {
        if it.param.as_ref().is_some_and(|it| it.pattern.get_binding_identifier().is_none()) {
            self.errors += 1;
        }
        walk::walk_catch_clause(self, it);
    }

    /// `script.src == url` makes no name.
    fn visit_binary_expression(&mut self, it: &BinaryExpression<'a>) {
        if !it.operator.is_equality() {
            return walk::walk_binary_expression(self, it);
        }
        for side in [&it.left, &it.right] {
            if !is_source(side) {
                self.test(side);
            }
        }
    }

    fn visit_logical_expression(&mut self, it: &LogicalExpression<'a>) {
        if it.operator.is_and() {
            self.test(&it.left);
        } else {
            self.visit_expression(&it.left);
        }
        self.visit_expression(&it.right);
    }

    fn visit_conditional_expression(&mut self, it: &ConditionalExpression<'a>) {
        self.test(&it.test);
        self.visit_expression(&it.consequent);
        self.visit_expression(&it.alternate);
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        self.test(&it.test);
        self.visit_statement(&it.consequent);
        it.alternate.iter().for_each(|other| self.visit_statement(other));
    }

    fn visit_unary_expression(&mut self, it: &UnaryExpression<'a>) {
        self.test(&it.argument);
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        self.texts.push(it.value.as_str());
    }

    fn visit_reg_exp_literal(&mut self, it: &RegExpLiteral<'a>) {
        self.texts.push(it.regex.pattern.text.as_str());
    }
}

impl<'a> Questions<'_, 'a> {
    /// `error.stack`
    fn stack(&mut self, object: &'a Expression<'a>, span: Span) {
        if let Expression::Identifier(name) = object.get_inner_expression()
            && let Some(variable) = self.variables.find(self.here(), name.name)
            && self.variables.values(variable).iter().any(|it| matches!(it, Value::Caught))
        {
            self.errors += 1;
        }
        self.asks_for_stack(span);
    }
}

/// The script elements that expressions stand for.
struct Elements<'v, 'a> {
    variables: &'v Variables<'a>,
    /// Those of variables. A variable that has its value from itself has none yet.
    known: Vec<Option<Option<Element<'a>>>>,
    /// Those that functions return. A function that calls itself returns none yet.
    results: HashMap<Scope, Option<Element<'a>>>,
    depth: usize,
}

impl<'a> Elements<'_, 'a> {
    fn of(&mut self, scope: Scope, expression: &'a Expression<'a>) -> Option<Element<'a>> {
        const DEEPEST: usize = 64;
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let element = self.of_any(scope, expression.get_inner_expression());
        self.depth -= 1;
        element
    }

    fn of_any(&mut self, scope: Scope, expression: &'a Expression<'a>) -> Option<Element<'a>> {
        match expression {
            Expression::StaticMemberExpression(it) => match it.property.name.as_str() {
                "currentScript" => Some(Element::Current),
                "scripts" if it.object.get_inner_expression().is_specific_id("document") => {
                    Some(Element::OfPage)
                }
                _ => None,
            },
            Expression::ComputedMemberExpression(it) => {
                if it.expression.is_specific_string_literal("currentScript") {
                    return Some(Element::Current);
                }
                if is_text(&it.expression) { None } else { self.of(scope, &it.object) }
            }
            Expression::CallExpression(call) => {
                self.of_call(scope, call).or_else(|| self.of_result(scope, call))
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.of_call(scope, call),
                _ => None,
            },
            Expression::ArrayExpression(array) => array.elements.iter().find_map(|it| match it {
                ArrayExpressionElement::SpreadElement(list) => self.of(scope, &list.argument),
                _ => None,
            }),
            Expression::LogicalExpression(it) => {
                self.of(scope, &it.left).or_else(|| self.of(scope, &it.right))
            }
            Expression::ConditionalExpression(it) => {
                self.of(scope, &it.consequent).or_else(|| self.of(scope, &it.alternate))
            }
            Expression::AssignmentExpression(it) => self.of(scope, &it.right),
            Expression::Identifier(name) => {
                self.of_variable(self.variables.find(scope, name.name)?)
            }
            _ => None,
        }
    }

    fn of_variable(&mut self, variable: Variable) -> Option<Element<'a>> {
        if let Some(known) = self.known[variable] {
            return known;
        }
        self.known[variable] = Some(None);
        let variables = self.variables;
        let values = variables.values(variable).iter();
        let mut elements = values.filter_map(|value| match value {
            Value::Of(scope, it) | Value::ElementOf(scope, it) => self.of(*scope, it),
            Value::With(..)
            | Value::PropertyOf(..)
            | Value::Property(_)
            | Value::Passed(..)
            | Value::Caught
            | Value::Unknown => None,
        });
        let element = elements.next();
        drop(elements);
        self.known[variable] = Some(element);
        element
    }

    /// `document.querySelector("script")`, `Array.from(document.scripts)`, `scripts.find(…)`
    fn of_call(&mut self, scope: Scope, call: &'a CallExpression<'a>) -> Option<Element<'a>> {
        let text = first_text(call);
        let member = call.callee.as_member_expression();
        let name = match call.callee.get_inner_expression() {
            Expression::Identifier(name) => Some(name.name.as_str()),
            _ => member.and_then(|member| member.static_property_name()),
        };
        match (name?, text) {
            ("getElementById", Some(id)) => Some(Element::WithId(id)),
            ("querySelector" | "$" | "jQuery", Some(selector)) if is_id(selector) => {
                Some(Element::WithId(&selector[1..]))
            }
            (
                "getElementsByTagName" | "querySelector" | "querySelectorAll" | "$" | "jQuery",
                Some(it),
            ) => selects_scripts(it).then_some(Element::OfPage),
            (
                "at" | "eq" | "filter" | "find" | "first" | "get" | "item" | "last" | "namedItem"
                | "pop" | "reverse" | "shift" | "slice",
                _,
            ) => self.of(scope, member?.object()),
            ("from" | "call" | "apply" | "toArray", _) => {
                self.of(scope, call.arguments.first()?.as_expression()?)
            }
            _ => None,
        }
    }

    /// The element that a function returns.
    fn of_result(&mut self, scope: Scope, call: &'a CallExpression<'a>) -> Option<Element<'a>> {
        let (function, result) = self.variables.result(scope, call)?;
        if let Some(known) = self.results.get(&function) {
            return *known;
        }
        self.results.insert(function, None);
        let element = self.of(function, result);
        self.results.insert(function, element);
        element
    }
}

/// Whether a text or a pattern has a part of a URL, by which a script may search for one.
fn is_part_of_url(text: &str) -> bool {
    const WITH_COLON: [&str; 4] = ["file:", "://", ":\\/\\/", ":\\d"];
    let has = |part: &&str| text.contains(*part);
    ["http", ".js"].iter().any(has) || (text.contains(':') && WITH_COLON.iter().any(has))
}

/// Whether a selector is for an element with an `id`, and says no more.
fn is_id(selector: &str) -> bool {
    let id = selector.strip_prefix('#').unwrap_or_default();
    !id.is_empty() && id.chars().all(|it| it.is_alphanumeric() || matches!(it, '-' | '_'))
}

/// Whether a selector is for scripts.
fn selects_scripts(selector: &str) -> bool {
    let last = selector.rsplit([' ', '>', '+', '~', ',']).next().unwrap_or_default();
    let all = [selector, last];
    all.iter().any(|selector| {
        let rest = selector.strip_prefix("script");
        rest.is_some_and(|rest| {
            !rest.starts_with(|next: char| next.is_alphanumeric() || next == '-')
        })
    })
}

pub(super) fn first_text<'a>(call: &'a CallExpression<'a>) -> Option<&'a str> {
    match call.arguments.first()? {
        Argument::StringLiteral(text) => Some(&text.value),
        Argument::TemplateLiteral(template) => match &template.quasis[..] {
            [only] => only.value.cooked.as_deref(),
            _ => None,
        },
        _ => None,
    }
}

fn is_text(expression: &Expression<'_>) -> bool {
    matches!(expression, Expression::StringLiteral(_))
}

/// A variable, or `document.currentScript`: an object of which only a property is asked.
fn is_named(object: &Expression<'_>) -> bool {
    match object.get_inner_expression() {
        Expression::Identifier(_) => true,
        Expression::StaticMemberExpression(member) => {
            member.property.name == "currentScript" || is_location(object)
        }
        _ => false,
    }
}

/// `script.src`, or `script.getAttribute("src")`
fn is_source(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::StaticMemberExpression(member) => member.property.name == "src",
        Expression::CallExpression(call) => {
            let name = call.callee.as_member_expression().and_then(|it| it.static_property_name());
            name == Some("getAttribute")
        }
        _ => false,
    }
}

/// `location`, `self.location`
pub(super) fn is_location(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::Identifier(name) => name.name == "location",
        Expression::StaticMemberExpression(member) => {
            let of = ["self", "globalThis", "window"];
            let object = member.object.get_inner_expression();
            member.property.name == "location" && of.iter().any(|it| object.is_specific_id(it))
        }
        _ => false,
    }
}

/// `location`, `location.href`
fn is_location_or_its_href(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::StaticMemberExpression(member) if member.property.name == "href" => {
            is_location(&member.object)
        }
        other => is_location(other),
    }
}

fn names_location<'b, 'a: 'b>(
    mut properties: impl Iterator<Item = &'b BindingProperty<'a>>,
) -> bool {
    properties.any(|it| {
        it.key.is_specific_static_name("href") || it.key.is_specific_static_name("pathname")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_script_may_be_written_with_escapes() {
        for text in [
            "document.currentScript",
            r"a['\x63urrentScript']",
            r"a.current\u0053cript",
            r"a.current\u{53}cript",
            r"a.current\u{00053}cript",
            r"a['curren\164Script']",
        ] {
            assert!(names_current_script(text), "{text}");
        }
        for text in ["a.b", r"'\n\'\u2028\x1b'", r"/\s(a)\1\u{1F600}/", r"'\x41\u0042\", ""] {
            assert!(!names_current_script(text), "{text}");
        }
    }
}
