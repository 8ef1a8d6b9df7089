//! The calls by which a script takes a part of an element's URL, or tests it:
//! `image.src.match(/(\w+)\.png$/)`.

use oxc_ast::ast::{Argument, CallExpression, Expression, RegExpFlags, RegExpLiteral};

use super::{
    element_url::ElementUrls,
    variables::{Scope, Value, Variables},
};

/// A part of an element's URL that a script takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Taking {
    pub(crate) offset: usize,
    pub(crate) part: Part<Pattern>,
}

/// The way to a part of a URL, by a pattern of type `P`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part<P> {
    /// Whether a regular expression matches.
    Test(P),
    /// Whether it matches a text of which it is not known that it is a URL.
    TestOfAny(P),
    /// The groups of a regular expression, or all that matches it.
    Match(P),
    /// All but that.
    Rest {
        of: P,
        /// Whether nothing takes its place.
        is_removed: bool,
        /// Whether its groups take its place, or a function gets them.
        has_groups: bool,
        /// Whether a text counts wherever it stands.
        is_every: bool,
    },
    /// One of the pieces between texts: that of a number, which is negative if it counts from the end.
    Piece { between: P, at: isize },
    /// The number of those pieces.
    Count(P),
    /// The URL up to a place in the name, or from it.
    Cut,
}

/// A regular expression (ECMA-262 §22.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    /// Its source, with [`Pattern::UNKNOWN`] in the place of what is not known.
    pub(crate) source: String,
    pub(crate) ignores_case: bool,
    pub(crate) is_global: bool,
    pub(crate) has_unknown: bool,
    /// Whether it stands for many others, or has their texts in common.
    pub(crate) stands_for_many: bool,
}

impl<P> Part<P> {
    /// The same way by another pattern.
    pub(super) fn by<Q>(&self, pattern: Q) -> Part<Q> {
        match *self {
            Self::Test(_) => Part::Test(pattern),
            Self::TestOfAny(_) => Part::TestOfAny(pattern),
            Self::Match(_) => Part::Match(pattern),
            Self::Rest { is_removed, has_groups, is_every, .. } => {
                Part::Rest { of: pattern, is_removed, has_groups, is_every }
            }
            Self::Piece { at, .. } => Part::Piece { between: pattern, at },
            Self::Count(_) => Part::Count(pattern),
            Self::Cut => Part::Cut,
        }
    }

    pub(crate) fn pattern(&self) -> Option<&P> {
        match self {
            Self::Test(pattern) | Self::TestOfAny(pattern) | Self::Match(pattern) => Some(pattern),
            Self::Rest { of: pattern, .. } | Self::Piece { between: pattern, .. } => Some(pattern),
            Self::Count(pattern) => Some(pattern),
            Self::Cut => None,
        }
    }

    /// Whether a text in the place of the pattern is a regular expression, too.
    pub(super) fn takes_source(&self) -> bool {
        matches!(self, Self::Test(_) | Self::Match(_))
    }
}

impl<'a> Part<&'a Expression<'a>> {
    /// The part that a call takes of an element's URL.
    pub(super) fn of(
        call: &'a CallExpression<'a>,
        scope: Scope,
        urls: &mut ElementUrls<'_, 'a>,
        variables: &Variables<'a>,
    ) -> Option<Self> {
        let member = call.callee.as_member_expression()?;
        let object = member.object();
        let name = member.static_property_name()?;
        // These methods take at most two arguments; a third one shows a call of another kind.
        let mut arguments = call.arguments.iter().filter_map(Argument::as_expression);
        let arguments = [arguments.next(), arguments.next(), arguments.next()];
        let part = match (name, arguments) {
            ("match" | "matchAll", [Some(pattern), None, None]) if urls.is(scope, object) => {
                Self::Match(pattern)
            }
            ("search", [Some(pattern), None, None]) if urls.is(scope, object) => {
                Self::Test(pattern)
            }
            ("exec", [Some(url), None, None]) if urls.is(scope, url) => Self::Match(object),
            ("test", [Some(url), None, None]) if urls.is(scope, url) => Self::Test(object),
            ("replace" | "replaceAll", [Some(of), Some(to), None]) if urls.is(scope, object) => {
                let (is_removed, has_groups) = (is_empty(to), has_groups(to));
                Self::Rest { of, is_removed, has_groups, is_every: name == "replaceAll" }
            }
            // Of a variable, other elements than the last may be taken away.
            ("join", _)
                if matches!(object.get_inner_expression(), Expression::Identifier(_))
                    && split(scope, object, variables).is_some_and(|(scope, url, by)| {
                        by.is_specific_string_literal(".") && urls.is(scope, url)
                    }) =>
            {
                Self::Cut
            }
            ("splice", _)
                if split(scope, object, variables).is_some_and(|(scope, url, by)| {
                    by.is_specific_string_literal(".") && urls.is(scope, url)
                }) =>
            {
                Self::Cut
            }
            ("slice", [Some(_), Some(_), None])
                if is_split_at_dots(object) && urls.is(scope, object) =>
            {
                Self::Cut
            }
            ("slice" | "substring" | "substr", ends)
                if urls.is(scope, object)
                    && ends.into_iter().flatten().any(|it| is_in_name(scope, it, variables)) =>
            {
                Self::Cut
            }
            _ => return None,
        };
        Some(part)
    }
}

/// `url.split(".")`, or a variable with that: the URL, and the argument, with their scope.
pub(super) fn split<'a>(
    mut scope: Scope,
    mut expression: &'a Expression<'a>,
    variables: &Variables<'a>,
) -> Option<(Scope, &'a Expression<'a>, &'a Expression<'a>)> {
    for _ in 0..8 {
        match expression.get_inner_expression() {
            Expression::CallExpression(call) => {
                let member = call.callee.as_member_expression()?;
                let by = call.arguments.first()?.as_expression()?;
                let is_split = member.static_property_name() == Some("split");
                return is_split.then_some((scope, member.object(), by));
            }
            Expression::Identifier(name) => {
                let values = variables.values(variables.find(scope, name.name)?);
                let of = values.iter().find_map(|value| match value {
                    Value::Of(scope, it) => Some((*scope, *it)),
                    _ => None,
                });
                (scope, expression) = of?;
            }
            _ => return None,
        }
    }
    None
}

/// The number of an element in a list: `1`, `-2`, `list.length - 2`.
pub(super) fn number(index: &Expression<'_>) -> Option<isize> {
    match index.get_inner_expression() {
        Expression::NumericLiteral(number) => Some(number.value as isize),
        Expression::UnaryExpression(it) if it.operator.as_str() == "-" => {
            number(&it.argument).map(|number| -number)
        }
        Expression::BinaryExpression(it) if it.operator.as_str() == "-" => {
            let length = it.left.get_inner_expression().as_member_expression()?;
            let is_length = length.static_property_name() == Some("length");
            number(&it.right).filter(|_| is_length).map(|number| -number)
        }
        _ => None,
    }
}

/// The list whose length an expression is.
pub(super) fn counted<'a>(length: &'a Expression<'a>) -> Option<&'a Expression<'a>> {
    let member = length.get_inner_expression().as_member_expression()?;
    (member.static_property_name() == Some("length")).then(|| member.object())
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

impl Pattern {
    /// The stand-in for an unknown part of a source: letters of one segment, but not [`Self::MARK`].
    pub(crate) const UNKNOWN: &'static str = "[^/\x01]+";
    /// The number above which patterns are tried as one.
    pub(super) const MANY: usize = 64;
    /// A letter that stands in no URL.
    pub(crate) const MARK: char = '\x01';

    pub(super) fn of(literal: &RegExpLiteral<'_>) -> Self {
        let flags = literal.regex.flags;
        Self {
            source: literal.regex.pattern.text.to_string(),
            ignores_case: flags.contains(RegExpFlags::I),
            is_global: flags.contains(RegExpFlags::G),
            has_unknown: false,
            stands_for_many: false,
        }
    }

    /// That of `new RegExp(source, flags)`, whose source has an unknown part between each two.
    pub(super) fn of_source(parts: &[String], flags: &str, is_cut: bool) -> Self {
        Self {
            source: parts.join(Self::UNKNOWN),
            ignores_case: flags.contains('i'),
            is_global: flags.contains('g'),
            has_unknown: parts.len() > 1,
            stands_for_many: is_cut && stands_for_many(parts),
        }
    }

    /// One that matches a text, and nothing else.
    pub(super) fn of_text(parts: &[String], is_cut: bool) -> Self {
        let escaped = |next: char| match next {
            '.' => "\\.".to_owned(),
            _ if next.is_alphanumeric() => next.to_string(),
            _ => format!("\\x{{{:x}}}", u32::from(next)),
        };
        let escaped = parts.iter().map(|part| part.chars().map(escaped).collect());
        Self::of_source(&escaped.collect::<Vec<String>>(), "", is_cut)
    }

    /// One in the place of many, which have the same flags.
    pub(super) fn any(patterns: &[Self]) -> Self {
        let sources = patterns.iter().map(|it| format!("(?:{})", it.source));
        Self {
            source: sources.collect::<Vec<_>>().join("|"),
            ignores_case: patterns.iter().any(|it| it.ignores_case),
            is_global: false,
            has_unknown: false,
            stands_for_many: true,
        }
    }

    /// Whether it says more than that a text is there.
    pub(super) fn says_something(&self) -> bool {
        !self.has_unknown || self.says_extension() || self.stands_for_many
    }

    /// Whether it may say an extension: a dot, and letters behind that.
    pub(crate) fn says_extension(&self) -> bool {
        self.source.match_indices('.').any(|(dot, _)| {
            let rest = self.source[dot + 1..].trim_start_matches([']', '(', '[']);
            rest.trim_start_matches("?:").starts_with(|next: char| next.is_ascii_alphabetic())
        })
    }
}

/// Whether a text says something, but not all.
fn stands_for_many(parts: &[String]) -> bool {
    parts.len() > 1 && parts.iter().any(|part| part.contains(char::is_alphanumeric))
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
                Value::Of(scope, it) => {
                    let it = it.get_inner_expression();
                    // A variable may have its value from itself.
                    !matches!(it, Expression::Identifier(_)) && is_in_name(*scope, it, variables)
                }
                _ => false,
            })
        }
        _ => false,
    }
}
