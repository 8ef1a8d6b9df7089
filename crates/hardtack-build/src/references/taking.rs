//! The calls by which a script takes a part of an element's URL: `image.src.match(/(\w+)\.png$/)`.

use oxc_ast::ast::{Argument, CallExpression, Expression, RegExpFlags, RegExpLiteral};

use super::{
    element_url::ElementUrls,
    variables::{Scope, Value, Variables},
};

/// A part of an element's URL that a script takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Taking {
    pub(crate) offset: usize,
    pub(crate) part: Part,
}

/// The way to a part of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// The groups of a regular expression, or all that matches it.
    Match(Pattern),
    /// All but that.
    Rest {
        of: Pattern,
        /// Whether nothing takes its place.
        is_removed: bool,
        /// Whether its groups take its place, or a function gets them.
        has_groups: bool,
    },
    /// The URL up to a place in the name, or from it.
    Cut,
}

/// A regular expression (ECMA-262 §22.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub(crate) source: String,
    pub(crate) ignores_case: bool,
}

impl Taking {
    pub(super) fn of<'a>(
        call: &'a CallExpression<'a>,
        scope: Scope,
        urls: &mut ElementUrls<'_, 'a>,
        variables: &Variables<'a>,
    ) -> Option<Self> {
        let member = call.callee.as_member_expression()?;
        let object = member.object();
        let arguments: Vec<_> = call.arguments.iter().filter_map(Argument::as_expression).collect();
        let part = match (member.static_property_name()?, &arguments[..]) {
            ("match" | "matchAll", [pattern]) if urls.is(scope, object) => {
                Part::Match(pattern_of(pattern)?)
            }
            ("exec", [url]) if urls.is(scope, url) => Part::Match(pattern_of(object)?),
            ("replace" | "replaceAll", [pattern, to]) if urls.is(scope, object) => {
                let of = pattern_of(pattern)?;
                Part::Rest { of, is_removed: is_empty(to), has_groups: has_groups(to) }
            }
            ("slice", [_, _]) if is_split_at_dots(object) && urls.is(scope, object) => Part::Cut,
            ("slice" | "substring" | "substr", ends)
                if urls.is(scope, object)
                    && ends.iter().any(|it| is_in_name(scope, it, variables)) =>
            {
                Part::Cut
            }
            _ => return None,
        };
        Some(Self { offset: call.span.start as usize, part })
    }
}

/// `url.split(".")`
fn is_split_at_dots(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::CallExpression(call) => {
            let name = call.callee.as_member_expression().and_then(|it| it.static_property_name());
            let by = call.arguments.first().and_then(Argument::as_expression);
            name == Some("split") && by.is_some_and(|by| by.is_specific_string_literal("."))
        }
        _ => false,
    }
}

fn pattern_of(expression: &Expression<'_>) -> Option<Pattern> {
    match expression.get_inner_expression() {
        Expression::RegExpLiteral(pattern) => Some(Pattern::of(pattern)),
        Expression::StringLiteral(text) => {
            let escaped = text.value.chars().map(|next| match next {
                _ if next.is_alphanumeric() => next.to_string(),
                _ => format!("\\x{{{:x}}}", u32::from(next)),
            });
            Some(Pattern { source: escaped.collect(), ignores_case: false })
        }
        _ => None,
    }
}

impl Pattern {
    fn of(literal: &RegExpLiteral<'_>) -> Self {
        let source = literal.regex.pattern.text.to_string();
        Self { source, ignores_case: literal.regex.flags.contains(RegExpFlags::I) }
    }
}

fn is_empty(expression: &Expression<'_>) -> bool {
    expression.get_inner_expression().is_specific_string_literal("")
}

fn has_groups(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::StringLiteral(text) => text.value.contains('$'),
        other => other.is_function(),
    }
}

/// Whether a number is a place in the name of a file: before its end, or where a letter stands that
/// is no delimiter of a URL.
fn is_in_name<'a>(scope: Scope, number: &'a Expression<'a>, variables: &Variables<'a>) -> bool {
    match number.get_inner_expression() {
        // Fewer letters are no extension.
        Expression::UnaryExpression(it) => matches!(&it.argument,
            Expression::NumericLiteral(letters) if letters.value > 2.0),
        Expression::BinaryExpression(it) if it.operator.as_str() == "-" => {
            matches!(it.left.get_inner_expression(), Expression::StaticMemberExpression(it)
                if it.property.name == "length")
        }
        Expression::CallExpression(call) => {
            let text = call.arguments.first().and_then(Argument::as_expression);
            let text = text.map(Expression::get_inner_expression);
            matches!(text, Some(Expression::StringLiteral(text))
                if text.value.chars().all(|it| it.is_alphanumeric() || "-_.@".contains(it)))
        }
        Expression::Identifier(name) => {
            let variable = variables.find(scope, name.name);
            let mut values = variable.into_iter().flat_map(|it| variables.values(it));
            values.any(|value| match value {
                Value::Of(scope, it) if !matches!(it, Expression::Identifier(_)) => {
                    is_in_name(*scope, it, variables)
                }
                _ => false,
            })
        }
        _ => false,
    }
}
