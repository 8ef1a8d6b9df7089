//! Strings in JSON (RFC 8259), with their places.
//!
//! JSON is a part of JavaScript, and the JavaScript parser reports places.

use oxc_allocator::Allocator;
use oxc_ast::ast::{Expression, PropertyKey, StringLiteral};
use oxc_parser::Parser;
use oxc_span::SourceType;

use super::{Link, depth::is_too_deep};
use crate::rewrite::Quoting;

/// A value in JSON.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    text: &'a str,
    expression: &'a Expression<'a>,
}

/// Parses a text, and passes its value to a function; none if the text is not JSON.
pub(super) fn parse<T>(text: &str, look: impl FnOnce(Value<'_>) -> T) -> Option<T> {
    if is_too_deep(text) {
        return None;
    }
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, SourceType::script()).parse_expression();
    let expression = parsed.ok()?;
    Some(look(Value { text, expression: &expression }))
}

impl<'a> Value<'a> {
    /// The members of an object: links of their names, and values. Empty if the value is no object.
    pub(super) fn members(self) -> Vec<(Link, Value<'a>)> {
        let Expression::ObjectExpression(object) = self.expression else { return Vec::new() };
        let properties = object.properties.iter().filter_map(|property| property.as_property());
        let member = |(key, expression): (&'a PropertyKey<'a>, &'a Expression<'a>)| match key {
            PropertyKey::StringLiteral(name) => {
                Some((self.link_of(name), Value { text: self.text, expression }))
            }
            _ => None,
        };
        properties.map(|property| (&property.key, &property.value)).filter_map(member).collect()
    }

    /// The value of the member of that name.
    pub(super) fn member(self, name: &str) -> Option<Value<'a>> {
        let mut members = self.members().into_iter();
        members.find(|(key, _)| key.url == name).map(|(_, value)| value)
    }

    /// The elements of an array. Empty if the value is no array.
    pub(super) fn elements(self) -> Vec<Value<'a>> {
        let Expression::ArrayExpression(array) = self.expression else { return Vec::new() };
        let elements = array.elements.iter().filter_map(|element| element.as_expression());
        elements.map(|expression| Value { text: self.text, expression }).collect()
    }

    /// The offset behind the bracket that an object begins with.
    pub(super) fn inside(self) -> Option<usize> {
        match self.expression {
            Expression::ObjectExpression(object) => Some(object.span.start as usize + 1),
            _ => None,
        }
    }

    /// The string as a link.
    pub(super) fn link(self) -> Option<Link> {
        match self.expression {
            Expression::StringLiteral(string) => Some(self.link_of(string)),
            _ => None,
        }
    }

    fn link_of(self, string: &StringLiteral<'_>) -> Link {
        let span = string.span.start as usize + 1..string.span.end as usize - 1;
        Link::new(self.text.as_bytes(), span, string.value.to_string(), Quoting::JavaScript)
    }
}
