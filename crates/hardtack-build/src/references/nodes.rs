//! The nodes of a script's syntax tree by which it may make a text of others, or look for one.

use oxc_ast::ast::{
    AssignmentExpression, BinaryOperator, CallExpression, ComputedMemberExpression, Expression,
    ImportExpression, NewExpression, RegExpLiteral, SwitchStatement, VariableDeclarator,
};

/// One of them.
#[derive(Clone, Copy)]
pub(super) enum Node<'a> {
    /// `a + ".png"`, `url.slice(0, -4)`
    Joined(&'a Expression<'a>),
    /// `a == b`, `a < b`
    Compared(&'a Expression<'a>),
    Switch(&'a SwitchStatement<'a>),
    Import(&'a ImportExpression<'a>),
    New(&'a NewExpression<'a>),
    Call(&'a CallExpression<'a>),
    /// `list[0]`
    Element(&'a ComputedMemberExpression<'a>),
    Declarator(&'a VariableDeclarator<'a>),
    Pattern(&'a RegExpLiteral<'a>),
    Assignment(&'a AssignmentExpression<'a>),
}

impl<'a> Node<'a> {
    /// The node of an expression. Calls, elements and assignments are noted where they are visited.
    pub(super) fn of(expression: &'a Expression<'a>) -> Option<Self> {
        match expression {
            Expression::BinaryExpression(it)
                if it.operator.is_compare() || it.operator.is_equality() =>
            {
                Some(Self::Compared(expression))
            }
            Expression::ImportExpression(it) => Some(Self::Import(it)),
            Expression::NewExpression(it) => Some(Self::New(it)),
            Expression::RegExpLiteral(it) => Some(Self::Pattern(it)),
            _ => is_joined(expression).then_some(Self::Joined(expression)),
        }
    }
}

/// Whether an expression makes a text of others.
pub(super) fn is_joined(expression: &Expression<'_>) -> bool {
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

/// The terms of a sum, in order.
pub(super) fn terms<'a>(sum: &'a Expression<'a>) -> Vec<&'a Expression<'a>> {
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

pub(super) fn method<'a>(call: &'a CallExpression<'a>) -> Option<&'a str> {
    call.callee.as_member_expression()?.static_property_name()
}

pub(super) fn object<'a>(call: &'a CallExpression<'a>) -> Option<&'a Expression<'a>> {
    call.callee.as_member_expression().map(|member| member.object())
}
