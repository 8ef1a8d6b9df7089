//! The variables of a script (ECMA-262 §9.1), and the expressions that give them their values.

use std::{borrow::Cow, cell::Cell};

use oxc_allocator::{Allocator, ArenaVec};
use oxc_ast::ast::{
    Argument, ArrowFunctionBody, AssignmentExpression, AssignmentOperator, AssignmentTarget,
    AssignmentTargetProperty, BinaryOperator, BindingIdentifier, BindingPattern, CallExpression,
    CatchClause, ComputedMemberExpression, Expression, ForOfStatement, ForStatementLeft,
    FormalParameters, Function, FunctionBody, MethodDefinition, ObjectProperty, Program,
    PropertyDefinition, PropertyKey, Statement, SwitchStatement, VariableDeclaration,
    VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_str::{ArenaIdentHashMap, Ident};
use oxc_syntax::scope::{ScopeFlags, ScopeId};

use super::nodes::{Node, terms};

/// The number of a scope. The scope of the whole script is 0.
pub(super) type Scope = usize;

/// The number of a variable.
pub(super) type Variable = usize;

/// A source of a variable's values. The scope is that of the expression.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Of(Scope, &'a Expression<'a>),
    /// The value before, with that text behind it: `+=`.
    With(Scope, &'a Expression<'a>),
    /// An element of that list.
    ElementOf(Scope, &'a Expression<'a>),
    /// The property of that name of that object, or of an element of that list.
    PropertyOf(Scope, &'a Expression<'a>, &'a str),
    /// The property of that name of an object that is not known.
    Property(&'a str),
    /// An argument of a method with that parameter, or of another method of its name.
    Passed(Scope, &'a Expression<'a>),
    /// An error that was caught.
    Caught,
    /// None that is known.
    Unknown,
}

impl<'a> Value<'a> {
    fn property(self, name: &'a str) -> Self {
        match self {
            Self::Of(scope, it) | Self::ElementOf(scope, it) => Self::PropertyOf(scope, it, name),
            _ => Self::Property(name),
        }
    }

    fn element(self) -> Self {
        match self {
            Self::Of(scope, it) => Self::ElementOf(scope, it),
            _ => Self::Unknown,
        }
    }
}

/// The variables of a script. Most scopes are small, and there are many: their lists are in the arena
/// of the syntax tree, which is freed as a whole.
pub(super) struct Variables<'a> {
    allocator: &'a Allocator,
    scopes: Vec<Declared<'a>>,
    /// The properties of `this`, which are known by their names alone.
    of_this: ArenaIdentHashMap<'a, Variable>,
    sources: Vec<Sources<'a>>,
    /// The functions that are properties of any object, by their names. A name that is written as a
    /// text is there, too, without its functions.
    methods: ArenaIdentHashMap<'a, ArenaVec<'a, Parameters<'a>>>,
}

/// The names that a scope declares.
struct Declared<'a> {
    outer: Scope,
    takes_var: bool,
    names: ArenaIdentHashMap<'a, Variable>,
}

/// The sources of a variable's values.
struct Sources<'a> {
    /// In the order of the text.
    values: ArenaVec<'a, Value<'a>>,
    function: Option<Parameters<'a>>,
}

impl<'a> Variables<'a> {
    /// Also numbers the scopes in the syntax tree, for [`number_of`]; and finds the nodes that may
    /// make texts, each with its scope, in the order of the text.
    pub(super) fn of(
        program: &Program<'a>,
        allocator: &'a Allocator,
    ) -> (Self, Vec<(Scope, Node<'a>)>) {
        let variables = Self {
            allocator,
            scopes: Vec::new(),
            of_this: ArenaIdentHashMap::new_in(allocator),
            sources: Vec::new(),
            methods: ArenaIdentHashMap::new_in(allocator),
        };
        let mut survey = Survey {
            variables,
            open: Vec::new(),
            is_var: false,
            given: Vec::new(),
            functions: Vec::new(),
            nodes: Vec::new(),
        };
        survey.visit_program(program);
        survey.finish()
    }

    /// The variable of that name in a scope, if the script declares it or gives it a value.
    pub(super) fn find(&self, mut scope: Scope, name: Ident<'a>) -> Option<Variable> {
        loop {
            let declared = self.scopes.get(scope)?;
            match declared.names.get(&name) {
                None if scope != 0 => scope = declared.outer,
                found => return found.copied(),
            }
        }
    }

    /// The property of that name of `this`, if the script gives it a value.
    pub(super) fn find_of_this(&self, name: Ident<'a>) -> Option<Variable> {
        self.of_this.get(&name).copied()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.sources.len()
    }

    /// How many arguments of a call are known as values of the function's parameters.
    pub(super) fn followed(&self, scope: Scope, call: &'a CallExpression<'a>) -> usize {
        let parameters = self.parameters(scope, call).map(|it| it.all.items.iter());
        let is_name = |pattern: &BindingPattern<'_>| pattern.get_binding_identifier().is_some();
        parameters.map_or(0, |all| all.take_while(|it| is_name(&it.pattern)).count())
    }

    /// The expression that a call returns last, with its scope, if the function is known.
    pub(super) fn result(
        &self,
        scope: Scope,
        call: &'a CallExpression<'a>,
    ) -> Option<(Scope, &'a Expression<'a>)> {
        self.parameters(scope, call)?.result()
    }

    /// The expressions that the methods of the name that is called return last, with their scopes.
    pub(super) fn results_of_method(
        &self,
        call: &'a CallExpression<'a>,
    ) -> impl Iterator<Item = (Scope, &'a Expression<'a>)> {
        self.methods_of(call).iter().filter_map(Parameters::result)
    }

    /// The methods of the name that is called. Which one is meant is not known, so a name that
    /// many have says nothing.
    fn methods_of(&self, call: &CallExpression<'a>) -> &[Parameters<'a>] {
        const MOST: usize = 4;
        let name = match &call.callee {
            Expression::StaticMemberExpression(it) => Some(it.property.name),
            Expression::ComputedMemberExpression(it) => {
                it.static_property_name().map(|name| Ident::from(name.as_str()))
            }
            _ => None,
        };
        let methods = name.and_then(|name| self.methods.get(&name)).map_or(&[][..], |it| it);
        if methods.len() > MOST { &[] } else { methods }
    }

    /// The expression that a function returns last, with its scope: `a => a.href`.
    pub(super) fn result_of(
        &self,
        scope: Scope,
        function: &'a Expression<'a>,
    ) -> Option<(Scope, &'a Expression<'a>)> {
        self.function(scope, function)?.result()
    }

    fn parameters(&self, scope: Scope, call: &'a CallExpression<'a>) -> Option<Parameters<'a>> {
        self.function(scope, &call.callee)
    }

    fn function(&self, scope: Scope, function: &'a Expression<'a>) -> Option<Parameters<'a>> {
        match function.get_inner_expression() {
            Expression::Identifier(name) => self.sources[self.find(scope, name.name)?].function,
            Expression::StaticMemberExpression(it) => {
                self.own_method(scope, &it.object, it.property.name)
            }
            function => parameters(function),
        }
    }

    /// A method of an object that is written out, or of `this` or a new object, if one method of the
    /// script alone has that name.
    fn own_method(
        &self,
        scope: Scope,
        object: &'a Expression<'a>,
        name: Ident<'a>,
    ) -> Option<Parameters<'a>> {
        // Most methods are not the script's own.
        let methods = self.methods.get(&name)?;
        match object.get_inner_expression() {
            Expression::ThisExpression(_) | Expression::NewExpression(_) => match methods[..] {
                [only] => Some(only),
                _ => None,
            },
            Expression::ObjectExpression(object) => {
                let mut properties = object.properties.iter().filter_map(|it| it.as_property());
                let own = properties.find(|it| it.key.is_specific_static_name(&name))?;
                parameters(&own.value)
            }
            Expression::Identifier(variable) => {
                let (inside, value) = self.only_value(self.find(scope, variable.name)?)?;
                let is_known = matches!(
                    value.get_inner_expression(),
                    Expression::NewExpression(_) | Expression::ObjectExpression(_)
                );
                is_known.then(|| self.own_method(inside, value, name)).flatten()
            }
            _ => None,
        }
    }

    /// The expression that gives a variable its value, if no other one is known to.
    pub(super) fn only_value(&self, variable: Variable) -> Option<(Scope, &'a Expression<'a>)> {
        let mut known = self.values(variable).iter().filter(|it| !matches!(it, Value::Unknown));
        match (known.next(), known.next()) {
            (Some(Value::Of(scope, it)), None) => Some((*scope, it)),
            _ => None,
        }
    }

    pub(super) fn values(&self, variable: Variable) -> &[Value<'a>] {
        &self.sources[variable].values
    }

    /// The sources of a variable. A name that no scope declares is a global variable.
    fn sources(&mut self, scope: Scope, name: Ident<'a>) -> &mut Sources<'a> {
        let variable = self.find(scope, name).unwrap_or_else(|| self.declare(0, name));
        &mut self.sources[variable]
    }

    fn declare(&mut self, scope: Scope, name: Ident<'a>) -> Variable {
        declare(&mut self.scopes[scope].names, &mut self.sources, name, self.allocator)
    }
}

/// The variable of that name, which is new if there is none yet.
fn declare<'a>(
    names: &mut ArenaIdentHashMap<'a, Variable>,
    sources: &mut Vec<Sources<'a>>,
    name: Ident<'a>,
    allocator: &'a Allocator,
) -> Variable {
    *names.entry(name).or_insert_with(|| {
        sources.push(Sources { values: ArenaVec::new_in(&allocator), function: None });
        sources.len() - 1
    })
}

/// The number of a scope, as [`Variables::of`] has written it down.
pub(super) fn number_of(scope: &Cell<Option<ScopeId>>) -> Scope {
    scope.get().map_or(0, ScopeId::index)
}

struct Survey<'a> {
    variables: Variables<'a>,
    open: Vec<Scope>,
    /// Whether a declaration is `var`, and belongs to the whole function.
    is_var: bool,
    given: Vec<(Scope, Ident<'a>, Value<'a>)>,
    functions: Vec<(Scope, Ident<'a>, Parameters<'a>)>,
    nodes: Vec<(Scope, Node<'a>)>,
}

#[derive(Clone, Copy)]
struct Parameters<'a> {
    all: &'a FormalParameters<'a>,
    scope: &'a Cell<Option<ScopeId>>,
    body: Body<'a>,
}

#[derive(Clone, Copy)]
enum Body<'a> {
    Expression(&'a Expression<'a>),
    Statements(&'a FunctionBody<'a>),
}

impl<'a> Parameters<'a> {
    /// The expression that the function returns last, with its scope.
    fn result(&self) -> Option<(Scope, &'a Expression<'a>)> {
        let result = match self.body {
            Body::Expression(result) => Some(result),
            Body::Statements(body) => body.statements.iter().rev().find_map(|it| match it {
                Statement::ReturnStatement(it) => it.argument.as_ref(),
                _ => None,
            }),
        };
        Some((number_of(self.scope), result?))
    }
}

impl<'a> Survey<'a> {
    fn here(&self) -> Scope {
        self.open.last().copied().unwrap_or_default()
    }

    fn declare(&mut self, name: Ident<'a>) {
        let mut scope = self.here();
        while self.is_var && !self.variables.scopes[scope].takes_var {
            scope = self.variables.scopes[scope].outer;
        }
        self.variables.declare(scope, name);
    }

    fn give(&mut self, name: Ident<'a>, value: Value<'a>) {
        self.given.push((self.here(), name, value));
    }

    /// A property with a text, which a method may read from `this`.
    fn property(&mut self, key: &'a PropertyKey<'a>, value: Option<&'a Expression<'a>>) {
        if let (PropertyKey::StaticIdentifier(name), Some(value)) = (key, value)
            && matches!(value, Expression::StringLiteral(_) | Expression::TemplateLiteral(_))
        {
            self.give_this(name.name, value);
        }
        let Some(function) = value.and_then(parameters) else { return };
        match (name_of(key), key.static_name()) {
            (Some(name), _) => self.methods(name).push(function),
            (None, Some(Cow::Borrowed(name))) => {
                self.methods(Ident::from(name));
            }
            _ => {}
        }
    }

    /// The methods of that name so far.
    fn methods(&mut self, name: Ident<'a>) -> &mut ArenaVec<'a, Parameters<'a>> {
        let Variables { methods, allocator, .. } = &mut self.variables;
        methods.entry(name).or_insert_with(|| ArenaVec::new_in(allocator))
    }

    fn give_this(&mut self, name: Ident<'a>, value: &'a Expression<'a>) {
        let value = Value::Of(self.here(), value);
        let Variables { of_this, sources, allocator, .. } = &mut self.variables;
        let variable = declare(of_this, sources, name, allocator);
        sources[variable].values.push(value);
    }

    /// `const [first] = list`, `const { name = "x" } = object`
    fn give_pattern(&mut self, scope: Scope, pattern: &'a BindingPattern<'a>, value: Value<'a>) {
        let given = &mut self.given;
        bind(scope, pattern, vec![value], &mut |name, value| given.push((scope, name, value)));
    }

    fn declarator(&mut self, it: &VariableDeclarator<'a>, is_var: bool) {
        if let BindingPattern::ArrayPattern(_) = &it.id {
            self.note(Node::Declarator(self.alloc(it)));
        }
        let before = std::mem::replace(&mut self.is_var, is_var);
        self.visit_binding_pattern(&it.id);
        self.is_var = before;
        if let Some(init) = &it.init {
            let value = Value::Of(self.here(), self.alloc(init));
            self.give_pattern(self.here(), self.alloc(&it.id), value);
            if let (BindingPattern::BindingIdentifier(name), Some(parameters)) =
                (&it.id, parameters(self.alloc(init)))
            {
                self.functions.push((self.here(), name.name, parameters));
            }
            self.visit_expression(init);
        }
    }

    fn note(&mut self, node: Node<'a>) {
        self.nodes.push((self.here(), node));
    }

    fn finish(mut self) -> (Variables<'a>, Vec<(Scope, Node<'a>)>) {
        for (scope, name, value) in std::mem::take(&mut self.given) {
            self.variables.sources(scope, name).values.push(value);
        }
        for (scope, name, parameters) in std::mem::take(&mut self.functions) {
            self.variables.sources(scope, name).function = Some(parameters);
        }
        let nodes = std::mem::take(&mut self.nodes);
        for (scope, node) in &nodes {
            let (scope, Node::Call(call)) = (*scope, *node) else { continue };
            if let Some(parameters) = self.variables.parameters(scope, call) {
                self.pass(parameters, &call.arguments, |it| Value::Of(scope, it));
            }
            for parameters in self.variables.methods_of(call).to_vec() {
                self.pass(parameters, &call.arguments, |it| Value::Passed(scope, it));
            }
        }
        (self.variables, nodes)
    }

    /// Gives the arguments of a call to the parameters of a function.
    fn pass(
        &mut self,
        parameters: Parameters<'a>,
        arguments: &'a [Argument<'a>],
        value: impl Fn(&'a Expression<'a>) -> Value<'a>,
    ) {
        let inside = number_of(parameters.scope);
        for (parameter, argument) in parameters.all.items.iter().zip(arguments) {
            if let Some(argument) = argument.as_expression() {
                bind(inside, &parameter.pattern, vec![value(argument)], &mut |name, value| {
                    self.variables.sources(inside, name).values.push(value);
                });
            }
        }
    }
}

impl<'a> Visit<'a> for Survey<'a> {
    fn enter_scope(&mut self, flags: ScopeFlags, scope: &Cell<Option<ScopeId>>) {
        let number = self.variables.scopes.len();
        let declared = Declared {
            outer: self.here(),
            takes_var: flags.is_var(),
            names: ArenaIdentHashMap::new_in(self.variables.allocator),
        };
        self.variables.scopes.push(declared);
        scope.set(Some(ScopeId::new(number)));
        self.open.push(number);
    }

    fn leave_scope(&mut self) {
        self.open.pop();
    }

    fn visit_expression(&mut self, it: &Expression<'a>) {
        let it: &'a Expression<'a> = self.alloc(it);
        if let Some(node) = Node::of(it) {
            self.note(node);
        }
        match it {
            // Each part of a sum is looked at once.
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                terms(it).into_iter().for_each(|term| self.visit_expression(term));
            }
            _ => walk::walk_expression(self, it),
        }
    }

    fn visit_switch_statement(&mut self, it: &SwitchStatement<'a>) {
        self.note(Node::Switch(self.alloc(it)));
        walk::walk_switch_statement(self, it);
    }

    fn visit_computed_member_expression(&mut self, it: &ComputedMemberExpression<'a>) {
        self.note(Node::Element(self.alloc(it)));
        walk::walk_computed_member_expression(self, it);
    }

    fn visit_binding_identifier(&mut self, it: &BindingIdentifier<'a>) {
        self.declare(it.name);
    }

    fn visit_variable_declaration(&mut self, it: &VariableDeclaration<'a>) {
        for declarator in &it.declarations {
            self.declarator(declarator, it.kind.is_var());
        }
    }

    /// The name of a declaration belongs to the scope around the function.
    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        let it: &'a Function<'a> = self.alloc(it);
        if let Some(name) = it.id.as_ref().filter(|_| it.is_declaration()) {
            self.declare(name.name);
            let parameters = of_function(it);
            let parameters = parameters.map(|all| (self.here(), name.name, all));
            self.functions.extend(parameters);
        }
        walk::walk_function(self, it, flags);
    }

    fn visit_formal_parameters(&mut self, it: &FormalParameters<'a>) {
        for parameter in &it.items {
            let default = parameter.initializer.as_ref();
            let default = default.map(|it| Value::Of(self.here(), self.alloc(it.as_ref())));
            for value in default.into_iter().chain([Value::Unknown]) {
                self.give_pattern(self.here(), self.alloc(&parameter.pattern), value);
            }
        }
        walk::walk_formal_parameters(self, it);
    }

    fn visit_catch_clause(&mut self, it: &CatchClause<'a>) {
        walk::walk_catch_clause(self, it);
        if let Some(BindingPattern::BindingIdentifier(name)) =
            it.param.as_ref().map(|parameter| &parameter.pattern)
        {
            self.given.push((number_of(&it.scope_id), name.name, Value::Caught));
        }
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        walk::walk_for_of_statement(self, it);
        let scope = number_of(&it.scope_id);
        let list = Value::ElementOf(scope, self.alloc(&it.right));
        match &it.left {
            ForStatementLeft::VariableDeclaration(declaration) => {
                for declarator in &declaration.declarations {
                    self.give_pattern(scope, self.alloc(&declarator.id), list);
                }
            }
            ForStatementLeft::AssignmentTargetIdentifier(name) => {
                self.given.push((scope, name.name, list));
            }
            _ => {}
        }
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        let it: &'a AssignmentExpression<'a> = self.alloc(it);
        self.note(Node::Assignment(it));
        if let AssignmentTarget::AssignmentTargetIdentifier(name) = &it.left {
            let (scope, right) = (self.here(), self.alloc(&it.right));
            let value = match it.operator {
                AssignmentOperator::Addition => Value::With(scope, right),
                operator if operator.is_assign() || operator.is_logical() => {
                    Value::Of(scope, right)
                }
                _ => Value::Unknown,
            };
            self.give(name.name, value);
        }
        if let AssignmentTarget::ObjectAssignmentTarget(object) = &it.left {
            let value = Value::Of(self.here(), self.alloc(&it.right));
            let names = object.properties.iter().filter_map(|it| match it {
                AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(it) => {
                    Some(it.binding.name)
                }
                AssignmentTargetProperty::AssignmentTargetPropertyProperty(_) => None,
            });
            names.for_each(|name| self.give(name, value.property(name.as_str())));
        }
        if let Some(member) = it.left.as_member_expression()
            && let Expression::Identifier(name) = member.object()
        {
            self.give(name.name, Value::Unknown);
        }
        if let AssignmentTarget::StaticMemberExpression(member) = &it.left {
            if let Some(function) = parameters(self.alloc(&it.right)) {
                self.methods(member.property.name).push(function);
            }
            if matches!(member.object, Expression::ThisExpression(_)) {
                self.give_this(member.property.name, self.alloc(&it.right));
            }
        }
        walk::walk_assignment_expression(self, it);
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        let it: &'a MethodDefinition<'a> = self.alloc(it);
        if let (Some(name), Some(function)) = (name_of(&it.key), of_function(&it.value)) {
            self.methods(name).push(function);
        }
        walk::walk_method_definition(self, it);
    }

    fn visit_property_definition(&mut self, it: &PropertyDefinition<'a>) {
        let it: &'a PropertyDefinition<'a> = self.alloc(it);
        self.property(&it.key, it.value.as_ref());
        walk::walk_property_definition(self, it);
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        let it: &'a ObjectProperty<'a> = self.alloc(it);
        self.property(&it.key, Some(&it.value));
        walk::walk_object_property(self, it);
    }

    /// `list.forEach(element => …)`, and arguments.
    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let it: &'a CallExpression<'a> = self.alloc(it);
        self.note(Node::Call(it));
        walk::walk_call_expression(self, it);
        let list = it.callee.as_member_expression().map(|member| member.object());
        let callback = it.arguments.first().and_then(Argument::as_expression).and_then(parameters);
        if let (Some(list), Some(Parameters { all, scope, .. })) = (list, callback)
            && let Some(first) = all.items.first()
        {
            let value = Value::ElementOf(self.here(), list);
            self.give_pattern(number_of(scope), &first.pattern, value);
        }
        if let (Some("assign" | "extend" | "merge"), Some(Expression::Identifier(name))) = (
            it.callee.as_member_expression().and_then(|member| member.static_property_name()),
            it.arguments.first().and_then(Argument::as_expression),
        ) {
            self.give(name.name, Value::Unknown);
        }
    }
}

/// Calls a function with each variable in a pattern, and with the part of each value that it gets. The
/// scope is that of the pattern. A default is one of the values.
fn bind<'a>(
    scope: Scope,
    pattern: &'a BindingPattern<'a>,
    mut values: Vec<Value<'a>>,
    give: &mut impl FnMut(Ident<'a>, Value<'a>),
) {
    match pattern {
        BindingPattern::BindingIdentifier(name) => {
            values.into_iter().for_each(|value| give(name.name, value));
        }
        BindingPattern::AssignmentPattern(it) => {
            values.insert(0, Value::Of(scope, &it.right));
            bind(scope, &it.left, values, give);
        }
        BindingPattern::ArrayPattern(list) => {
            for part in list.elements.iter().flatten() {
                bind(scope, part, parts(&values, Value::element), give);
            }
        }
        BindingPattern::ObjectPattern(object) => {
            for part in &object.properties {
                if let Some(name) = name_of(&part.key) {
                    let values = parts(&values, |value| value.property(name.as_str()));
                    bind(scope, &part.value, values, give);
                }
            }
        }
    }
}

/// The same part of each value. One that is not known is there once.
fn parts<'a>(values: &[Value<'a>], part: impl Fn(Value<'a>) -> Value<'a>) -> Vec<Value<'a>> {
    let is_known = |it: &Value<'_>| !matches!(it, Value::Property(_) | Value::Unknown);
    let (mut known, others): (Vec<_>, Vec<_>) =
        values.iter().map(|value| part(*value)).partition(is_known);
    // All of these are the same.
    known.extend(others.first());
    known
}

fn name_of<'a>(key: &PropertyKey<'a>) -> Option<Ident<'a>> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name),
        _ => None,
    }
}

/// The parameters of a function, if the expression is one.
fn parameters<'a>(function: &'a Expression<'a>) -> Option<Parameters<'a>> {
    match function.get_inner_expression() {
        Expression::FunctionExpression(it) => of_function(it),
        Expression::ArrowFunctionExpression(it) => {
            let body = match &it.body {
                ArrowFunctionBody::FunctionBody(body) => Body::Statements(body),
                other => Body::Expression(other.as_expression()?),
            };
            Some(Parameters { all: &it.params, scope: &it.scope_id, body })
        }
        _ => None,
    }
}

fn of_function<'a>(it: &'a Function<'a>) -> Option<Parameters<'a>> {
    let body = Body::Statements(it.body.as_ref()?);
    Some(Parameters { all: &it.params, scope: &it.scope_id, body })
}
