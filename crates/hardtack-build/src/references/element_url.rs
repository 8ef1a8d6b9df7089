//! The expressions of a script that have their value from an element's URL: `image.src.slice(0, -4)`.

use std::collections::HashMap;

use oxc_ast::ast::{BinaryOperator, CallExpression, ChainElement, Expression, NewExpression};

use super::{
    own_script::{first_text, is_location},
    variables::{Scope, Value, Variable, Variables},
};

/// Finds the expressions that have their value from an element's URL.
pub(super) struct ElementUrls<'v, 'a> {
    variables: &'v Variables<'a>,
    /// Those of variables. A variable that has its value from itself has none yet.
    known: Vec<Option<bool>>,
    /// Whether functions return one. A function that calls itself returns none yet.
    results: HashMap<Scope, bool>,
    depth: usize,
}

impl<'v, 'a> ElementUrls<'v, 'a> {
    pub(super) fn new(variables: &'v Variables<'a>) -> Self {
        let known = vec![None; variables.count()];
        Self { variables, known, results: HashMap::new(), depth: 0 }
    }

    /// Whether an expression has its value, or a part of it, from an element's URL.
    pub(super) fn is(&mut self, scope: Scope, expression: &'a Expression<'a>) -> bool {
        const DEEPEST: usize = 64;
        if self.depth == DEEPEST {
            return false;
        }
        self.depth += 1;
        let is = self.is_any(scope, expression.get_inner_expression());
        self.depth -= 1;
        is
    }

    fn is_any(&mut self, scope: Scope, expression: &'a Expression<'a>) -> bool {
        match expression {
            Expression::StaticMemberExpression(it) => {
                self.is_property(scope, &it.object, it.property.name.as_str())
            }
            Expression::ComputedMemberExpression(it) => match &it.expression {
                Expression::StringLiteral(name) => {
                    self.is_property(scope, &it.object, name.value.as_str())
                }
                _ => self.is(scope, &it.object) || is_data(&it.object),
            },
            Expression::CallExpression(call) => self.is_call(scope, call),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.is_call(scope, call),
                ChainElement::StaticMemberExpression(it) => {
                    self.is_property(scope, &it.object, it.property.name.as_str())
                }
                ChainElement::ComputedMemberExpression(it) => self.is(scope, &it.object),
                _ => false,
            },
            Expression::NewExpression(it) => self.is_new(scope, it),
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                self.is(scope, &sum.left) || self.is(scope, &sum.right)
            }
            Expression::TemplateLiteral(template) => {
                template.expressions.iter().any(|it| self.is(scope, it))
            }
            Expression::ConditionalExpression(it) => {
                self.is(scope, &it.consequent) || self.is(scope, &it.alternate)
            }
            Expression::LogicalExpression(it) => {
                self.is(scope, &it.left) || self.is(scope, &it.right)
            }
            Expression::AssignmentExpression(it) => self.is(scope, &it.right),
            Expression::ArrayExpression(list) => {
                let elements = list.elements.iter().filter_map(|it| it.as_expression());
                elements.into_iter().any(|it| self.is(scope, it))
            }
            Expression::Identifier(name) => {
                let variable = self.variables.find(scope, name.name);
                variable.is_some_and(|variable| self.is_variable(variable))
            }
            _ => false,
        }
    }

    fn is_property(&mut self, scope: Scope, object: &'a Expression<'a>, name: &str) -> bool {
        is_url(name) && !is_location(object) || is_data(object) || self.is(scope, object)
    }

    /// `image.getAttribute("src")`, `url.slice(0, -4)`, `/\d+/.exec(url)`, `decodeURI(url)`
    fn is_call(&mut self, scope: Scope, call: &'a CallExpression<'a>) -> bool {
        if let Some(member) = call.callee.as_member_expression() {
            match member.static_property_name() {
                Some("getAttribute" | "getAttributeNode" | "getNamedItem" | "attr" | "prop") => {
                    return first_text(call)
                        .is_some_and(|it| is_url(it) || it.starts_with("data-"));
                }
                Some("exec" | "String" | "decodeURI" | "from") => {}
                name => {
                    return self.is(scope, member.object()) || self.is_method(scope, call, name);
                }
            }
        }
        let argument = call.arguments.first().and_then(|first| first.as_expression());
        argument.is_some_and(|it| self.is(scope, it))
            || (self.variables.result(scope, call)).is_some_and(|it| self.is_result(it))
    }

    /// `links.map(link => link.href)`, and the script's own methods
    fn is_method(
        &mut self,
        scope: Scope,
        call: &'a CallExpression<'a>,
        name: Option<&str>,
    ) -> bool {
        let function = call.arguments.first().and_then(|first| first.as_expression());
        let function = function.filter(|_| matches!(name, Some("map" | "flatMap")));
        let of_element = function.and_then(|it| self.variables.result_of(scope, it));
        let own = self.variables.result(scope, call);
        own.into_iter().chain(of_element).any(|it| self.is_result(it))
    }

    /// Whether a function returns one, whose scope is given.
    fn is_result(&mut self, (function, result): (Scope, &'a Expression<'a>)) -> bool {
        if let Some(known) = self.results.get(&function) {
            return *known;
        }
        self.results.insert(function, false);
        let is = self.is(function, result);
        self.results.insert(function, is);
        is
    }

    /// `new URL(image.src)`
    fn is_new(&mut self, scope: Scope, it: &'a NewExpression<'a>) -> bool {
        let argument = it.arguments.first().and_then(|first| first.as_expression());
        it.callee.is_specific_id("URL") && argument.is_some_and(|it| self.is(scope, it))
    }

    pub(super) fn is_variable(&mut self, variable: Variable) -> bool {
        if let Some(known) = self.known[variable] {
            return known;
        }
        self.known[variable] = Some(false);
        let variables = self.variables;
        let is = variables.values(variable).iter().any(|value| match value {
            Value::Of(scope, it) | Value::With(scope, it) | Value::ElementOf(scope, it) => {
                self.is(*scope, it)
            }
            Value::PropertyOf(scope, it, name) => self.is_property(*scope, it, name),
            Value::Property(name) => is_url(name),
            Value::Passed(..) | Value::Caught | Value::Unknown => false,
        });
        self.known[variable] = Some(is);
        is
    }
}

/// Whether an attribute or a property of that name is a URL that is rewritten.
fn is_url(name: &str) -> bool {
    matches!(name, "src" | "currentSrc" | "srcset" | "href" | "poster" | "backgroundImage")
}

/// `image.dataset`
fn is_data(object: &Expression<'_>) -> bool {
    match object.get_inner_expression() {
        Expression::StaticMemberExpression(it) => it.property.name == "dataset",
        _ => false,
    }
}
