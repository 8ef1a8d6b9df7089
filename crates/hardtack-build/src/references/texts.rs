//! The texts that expressions of a script say.

use std::collections::HashMap;

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, BinaryOperator, CallExpression, Expression, ObjectProperty,
    ObjectPropertyKind, TemplateLiteral,
};
use oxc_span::GetSpan;
use percent_encoding::percent_decode_str;

use super::{
    any_of::{AnyOf, Parts, any, append, both, grown, unknown},
    element_url::ElementUrls,
    nodes::{method, object, terms},
    taking::Pattern,
    variables::{Scope, Value, Variable, Variables},
};

/// The texts of expressions: for each expression, what it may say.
pub(super) struct Texts<'v, 'a> {
    pub(super) variables: &'v Variables<'a>,
    pub(super) urls: ElementUrls<'v, 'a>,
    /// Those of variables. A variable that is made of itself has none yet.
    known: Vec<Option<AnyOf>>,
    /// Those that functions return. One that calls itself returns none yet.
    results: HashMap<Scope, AnyOf>,
    /// Those of the elements of lists, by their places. A list that is made of itself has none yet.
    lists: HashMap<Place, Option<Vec<AnyOf>>>,
    /// Those of properties, by the places of their objects. One that is made of itself has none yet.
    properties: HashMap<(Place, Option<&'a str>), AnyOf>,
    depth: usize,
}

/// The offsets of an expression's beginning and end.
type Place = (u32, u32);

fn place(expression: &Expression<'_>) -> Place {
    let span = expression.span();
    (span.start, span.end)
}

impl<'v, 'a> Texts<'v, 'a> {
    pub(super) fn new(variables: &'v Variables<'a>) -> Self {
        let known = vec![None; variables.count()];
        let urls = ElementUrls::new(variables);
        Self {
            variables,
            urls,
            known,
            results: HashMap::new(),
            lists: HashMap::new(),
            properties: HashMap::new(),
            depth: 0,
        }
    }

    /// Looks one expression deeper, if that is not too deep.
    fn deeper<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let found = look(self);
        self.depth -= 1;
        Some(found)
    }

    pub(super) fn of(&mut self, scope: Scope, expression: &'a Expression<'a>) -> AnyOf {
        let texts = self.deeper(|it| it.of_any(scope, expression.get_inner_expression()));
        texts.unwrap_or_else(unknown)
    }

    fn of_any(&mut self, scope: Scope, expression: &'a Expression<'a>) -> AnyOf {
        match expression {
            Expression::StringLiteral(text) => AnyOf::constant(text.value.as_str()),
            Expression::NumericLiteral(number) => AnyOf::constant(number.value.to_string()),
            Expression::TemplateLiteral(template) => self.of_template(scope, template),
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                self.of_all(scope, terms(expression))
            }
            Expression::ConditionalExpression(it) => {
                any([self.of(scope, &it.consequent), self.of(scope, &it.alternate)])
            }
            Expression::LogicalExpression(it) => {
                any([self.of(scope, &it.left), self.of(scope, &it.right)])
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

    fn of_template(&mut self, scope: Scope, template: &'a TemplateLiteral<'a>) -> AnyOf {
        let mut texts = AnyOf::constant("");
        for (at, text) in template.quasis.iter().enumerate() {
            let text = text.value.cooked.unwrap_or(text.value.raw);
            texts = both(texts, &AnyOf::constant(text.as_str()));
            if let Some(next) = template.expressions.get(at) {
                texts = both(texts, &self.of(scope, next));
            }
        }
        texts
    }

    fn of_all(&mut self, scope: Scope, all: Vec<&'a Expression<'a>>) -> AnyOf {
        let none = AnyOf::constant("");
        all.into_iter().fold(none, |texts, term| both(texts, &self.of(scope, term)))
    }

    pub(super) fn of_variable(&mut self, variable: Option<Variable>) -> AnyOf {
        let Some(variable) = variable else { return unknown() };
        if let Some(known) = &self.known[variable] {
            return known.clone();
        }
        self.known[variable] = Some(unknown());
        let mut texts = AnyOf::default();
        let mut others = Vec::new();
        let variables = self.variables;
        for value in variables.values(variable) {
            others.push(match *value {
                Value::Of(scope, it) | Value::Passed(scope, it) => self.of(scope, it),
                Value::ElementOf(scope, list) => self.of_elements(scope, list),
                Value::PropertyOf(scope, object, name) => {
                    self.of_property(scope, object, Some(name))
                }
                Value::With(scope, it) => {
                    texts = any([texts].into_iter().chain(others.drain(..)));
                    texts = grown(texts, &self.of(scope, it));
                    continue;
                }
                Value::Property(_) | Value::Caught | Value::Unknown => unknown(),
            });
        }
        // The many values of a parameter are no list of names, but one of them may be.
        let is_cut = texts.is_cut || others.iter().any(|it| it.is_cut);
        let texts = any([texts].into_iter().chain(others)).or_unknown().short();
        let texts = AnyOf { is_cut, ..texts };
        self.known[variable] = Some(texts.clone());
        texts
    }

    /// A property of an object that is written out; of one that is not named, any.
    fn of_property(
        &mut self,
        scope: Scope,
        object: &'a Expression<'a>,
        name: Option<&'a str>,
    ) -> AnyOf {
        let Some((scope, object, is_open)) = self.written_out(scope, object) else {
            return unknown();
        };
        let key = (place(object), name);
        if let Some(known) = self.properties.get(&key) {
            return known.clone();
        }
        self.properties.insert(key, unknown());
        let texts = self.of_property_written_out(scope, object, name);
        let texts = if is_open { any([texts, unknown()]) } else { texts };
        self.properties.insert(key, texts.clone());
        texts
    }

    fn of_property_written_out(
        &mut self,
        scope: Scope,
        object: &'a Expression<'a>,
        name: Option<&'a str>,
    ) -> AnyOf {
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
        let properties = objects.iter().flat_map(|it| &it.properties);
        let properties = properties.filter_map(|property| match property {
            ObjectPropertyKind::ObjectProperty(it)
                if name.is_none_or(|name| it.key.is_specific_static_name(name)) =>
            {
                Some(self.of(scope, &it.value))
            }
            _ => None,
        });
        any(properties).or_unknown()
    }

    fn of_elements(&mut self, scope: Scope, list: &'a Expression<'a>) -> AnyOf {
        any(self.list(scope, list).unwrap_or_default()).or_unknown()
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
            let only = self.variables.only_value(variable)?;
            is_open |= self.variables.values(variable).len() > 1;
            (scope, expression) = only;
        }
        None
    }

    fn of_call(&mut self, scope: Scope, call: &'a CallExpression<'a>) -> AnyOf {
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
                    self.of(scope, only).changed(decoded)
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
                    None => AnyOf::constant(","),
                };
                let Some(list) = self.list(scope, object) else { return unknown() };
                let mut texts = AnyOf::constant("");
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
                let texts = self.of(scope, object);
                let changed = texts.texts.iter().map(|parts| {
                    let changed = arguments.as_ref().and_then(|it| changed(name, parts, it));
                    changed.map_or_else(unknown, AnyOf::one)
                });
                let changed = any(changed);
                AnyOf { is_cut: texts.is_cut || changed.is_cut, ..changed }
            }
            _ => {
                let results = self.variables.results_of_method(call);
                any(results.map(|it| self.of_result(it))).or_unknown()
            }
        }
    }

    /// The result of a function, whose scope is given.
    fn of_result(&mut self, (function, result): (Scope, &'a Expression<'a>)) -> AnyOf {
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
    ) -> AnyOf {
        let [from, to] = arguments else { return unknown() };
        if self.urls.is(scope, object) {
            let to = self.of(scope, to).changed(without_groups);
            return both(both(unknown(), &to), &unknown());
        }
        let (texts, to) = (self.of(scope, object), self.of(scope, to));
        let Some(from) = self.constant(scope, from).filter(|from| !from.is_empty()) else {
            return unknown();
        };
        let mut replaced = Vec::new();
        for text in texts.texts {
            let [text] = &text[..] else { return unknown() };
            let mut parts = text.split(from.as_str()).map(AnyOf::constant);
            let first = parts.next().unwrap_or_else(unknown);
            replaced.push(parts.fold(first, |text, part| both(both(text, &to), &part)));
        }
        any(replaced)
    }

    /// The regular expressions that an expression stands for. A text is the source of one, or stands
    /// for itself.
    pub(super) fn patterns(
        &mut self,
        scope: Scope,
        expression: &'a Expression<'a>,
        is_source: bool,
    ) -> Vec<Pattern> {
        let expression = expression.get_inner_expression();
        self.deeper(|it| it.patterns_of_any(scope, expression, is_source)).unwrap_or_default()
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
                let only = variable.and_then(|it| self.variables.only_value(it));
                return match only {
                    Some((inside, value)) => self.patterns(inside, value, is_source),
                    None => self.patterns_of_texts(scope, expression, is_source),
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
            _ => patterns_of_sources(&self.of(scope, source), flags),
        }
    }

    fn patterns_of_texts(
        &mut self,
        scope: Scope,
        expression: &'a Expression<'a>,
        is_source: bool,
    ) -> Vec<Pattern> {
        let texts = self.of(scope, expression);
        if is_source {
            return patterns_of_sources(&texts, "");
        }
        let pattern = |parts: &Parts| Pattern::of_text(parts, texts.is_cut);
        texts.texts.iter().map(pattern).collect()
    }

    /// The one text that an expression says, in the case of a pattern its source.
    pub(super) fn constant(
        &mut self,
        scope: Scope,
        expression: &'a Expression<'a>,
    ) -> Option<String> {
        match expression.get_inner_expression() {
            Expression::RegExpLiteral(pattern) => text_of(&pattern.regex.pattern.text),
            Expression::UnaryExpression(minus) => {
                let number = self.deeper(|it| it.constant(scope, &minus.argument));
                Some(format!("-{}", number??))
            }
            other => match &mut self.of(scope, other).texts[..] {
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
    ) -> Option<Vec<AnyOf>> {
        let (scope, Expression::ObjectExpression(object), false) =
            self.written_out(scope, object)?
        else {
            return None;
        };
        let properties = object.properties.iter().filter_map(|it| it.as_property());
        let member = |it: &'a ObjectProperty<'a>| {
            if are_names {
                it.key.static_name().map(AnyOf::constant)
            } else {
                Some(self.of(scope, &it.value))
            }
        };
        properties.map(member).collect()
    }

    /// The elements of a list or a `Set`, and the keys of a `Map`, as far as they are written out.
    pub(super) fn keys(
        &mut self,
        scope: Scope,
        list: &'a Expression<'a>,
    ) -> Vec<(Scope, &'a Expression<'a>)> {
        match self.written_out(scope, list) {
            Some((scope, Expression::ArrayExpression(list), _)) => {
                let elements = list.elements.iter().filter_map(|it| it.as_expression());
                elements.map(|it| (scope, it)).collect()
            }
            Some((scope, Expression::NewExpression(new), _)) => {
                let list = new.arguments.first().and_then(Argument::as_expression);
                let keys = list.and_then(|list| self.deeper(|it| it.keys(scope, list)));
                let first = |(scope, it): (Scope, &'a Expression<'a>)| match it {
                    Expression::ArrayExpression(pair) => {
                        Some((scope, pair.elements.first()?.as_expression()?))
                    }
                    _ => Some((scope, it)),
                };
                keys.unwrap_or_default().into_iter().filter_map(first).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The elements of a list.
    fn list(&mut self, scope: Scope, list: &'a Expression<'a>) -> Option<Vec<AnyOf>> {
        let (scope, list, false) = self.written_out(scope, list)? else { return None };
        if let Some(known) = self.lists.get(&place(list)) {
            return known.clone();
        }
        self.lists.insert(place(list), None);
        let elements = self.deeper(|it| it.list_written_out(scope, list)).flatten();
        self.lists.insert(place(list), elements.clone());
        elements
    }

    fn list_written_out(&mut self, scope: Scope, list: &'a Expression<'a>) -> Option<Vec<AnyOf>> {
        match list {
            Expression::ArrayExpression(array) => {
                let is_known = |it: &ArrayExpressionElement<'_>| it.as_expression().is_some();
                array.elements.iter().all(is_known).then(|| {
                    let elements = array.elements.iter().filter_map(|it| it.as_expression());
                    elements.map(|element| self.of(scope, element)).collect()
                })
            }
            Expression::CallExpression(call) => {
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
                        Some(parts.map(AnyOf::constant).collect())
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

/// The regular expressions of these sources. Many are one if they have a text in common: to try each
/// takes long.
fn patterns_of_sources(sources: &AnyOf, flags: &str) -> Vec<Pattern> {
    if sources.texts.len() > Pattern::MANY {
        let in_common = sources.in_common().texts.into_iter();
        let pattern = in_common.map(|parts| Pattern::of_source(&parts, flags, true)).next();
        if let Some(pattern) = pattern.filter(|it| it.stands_for_many) {
            return vec![pattern];
        }
    }
    let pattern = |parts: &Parts| Pattern::of_source(parts, flags, sources.is_cut);
    sources.texts.iter().map(pattern).collect()
}

/// A text that replaces another, in which `$1` is unknown.
fn without_groups(parts: Parts) -> Parts {
    let gap = vec![String::new(), String::new()];
    let mut known = vec![String::new()];
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            append(&mut known, &gap);
        }
        let mut pieces = part.split('$');
        append(&mut known, &vec![pieces.next().unwrap_or_default().to_owned()]);
        for piece in pieces {
            let name = |it: char| it.is_ascii_digit() || matches!(it, '&' | '\'' | '`');
            append(&mut known, &gap);
            append(&mut known, &vec![piece.trim_start_matches(name).to_owned()]);
        }
    }
    known
}

/// The nesting of expressions that is followed.
const DEEPEST: usize = 64;

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
fn changed(method: &str, parts: &Parts, arguments: &[String]) -> Option<Parts> {
    let number = |at: usize| arguments.get(at).map(|it| it.parse::<isize>()).transpose().ok();
    let one = |text: Option<String>| Some(vec![text?]);
    match (method, arguments, &parts[..]) {
        ("toLowerCase", [], _) => Some(parts.iter().map(|it| it.to_lowercase()).collect()),
        ("toUpperCase", [], _) => Some(parts.iter().map(|it| it.to_uppercase()).collect()),
        ("slice", _, [text]) => one(part(text, number(0)?.unwrap_or(0), number(1)?, true)),
        ("substring", _, [text]) => one(part(text, number(0)?.unwrap_or(0), number(1)?, false)),
        ("substr", _, [text]) => {
            let start = number(0)?.unwrap_or(0);
            let start = if start < 0 { start + text.len() as isize } else { start };
            one(part(text, start, number(1)?.map(|length| start + length), false))
        }
        // The end of a text whose first part is long enough.
        (_, [_], [first, rest @ ..]) => {
            let start = usize::try_from(number(0)??).ok()?;
            let first = Some(first.get(start..)?.to_owned()).filter(|_| first.is_ascii());
            Some([first?].into_iter().chain(rest.iter().cloned()).collect())
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
