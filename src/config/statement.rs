//! Executable statements (spec/config-language.md 9, spec/expressions.md 8).

use super::expression::{kind_of, Context};
use super::ir::{Expr, Function, OptionOp, Shared, Stmt};
use super::lowering::{constant, Act, Lowering, Naming, MAX_DEPTH};
use super::message::Lowered;
use crate::options::registry::{OptionDef, OptionKey};
use crate::syntax::ast::{Executable, Expression, Kind, Name, OperandKind, OptionOperation, OptionValue, Statement};
use crate::syntax::ast::{Token, TokenKind};
use crate::syntax::source::Span;
use std::sync::Arc;

/// The flags of `allow`, `deny` and `ignore`, and the server option that each sets (spec/config-language.md 6.1).
const FLAGS: &[(&str, u32)] = &[
    ("bootp", 8),
    ("booting", 9),
    ("dynamic-bootp", 7),
    ("unknown-clients", 6),
    ("duplicates", 28),
    ("declines", 29),
    ("client-updates", 40),
    ("new", 40),
    ("leasequery", 49),
];

/// All flags.
pub fn flag_names() -> impl Iterator<Item = &'static str> {
    FLAGS.iter().map(|(name, _)| *name)
}

/// The server option of a flag.
pub fn flag_code(keyword: &str) -> Option<u32> {
    FLAGS.iter().find(|(name, _)| keyword.eq_ignore_ascii_case(name)).map(|(_, code)| *code)
}

impl Lowering<'_> {
    /// One executable statement. `case` is the kind of the labels allowed here: `None` outside of a `switch`. What acts when
    /// it is read gives no statement but an entry of `acts`.
    pub fn executable(
        &mut self,
        written: Executable,
        span: Span,
        case: Option<Context>,
        naming: Naming,
    ) -> Lowered<Option<Stmt>> {
        Ok(Some(match written {
            Executable::Option { operation, option, value } => {
                self.option_statement(operation, &option, &value, naming, span)?
            }
            Executable::Flag { value, keyword } => self.flag(value, &keyword)?,
            Executable::If { arms, otherwise } => self.conditional(arms, otherwise, span)?,
            Executable::Switch { on, body } => {
                let on = self.expression(&on, Context::DataOrNumeric)?.expr;
                let labels = if kind_of(&on) == Context::Data { Context::Data } else { Context::Numeric };
                let body = self.body(body, span, Some(labels))?;
                Stmt::Switch { on: Arc::new(on), body }
            }
            Executable::Case(label) => match case {
                Some(labels) if takes_the_colon(&label, labels) => {
                    return Err(self.log.complain(label.span, "expression", "expecting hexadecimal number."));
                }
                Some(labels) => Stmt::Case(Arc::new(self.expression(&label, labels)?.expr)),
                None => return Err(self.log.complain(span, "case", "case statement in inappropriate scope.")),
            },
            Executable::DefaultCase if case.is_some() => Stmt::DefaultCase,
            Executable::DefaultCase => {
                return Err(self.log.complain(span, "case", "switch default statement in inappropriate scope."));
            }
            Executable::Break => Stmt::Break,
            Executable::On { events, body } => {
                let body = body.map(|body| self.body(body, span, None)).transpose()?;
                Stmt::On { events, body }
            }
            Executable::Set { name, value } => {
                Stmt::Set { name: (*name.text).into(), value: self.shared(&value, Context::Any)? }
            }
            Executable::Define { name, body, by_set: true, .. } => {
                self.body(body, span, case)?;
                Stmt::SetFunction((*name.text).into())
            }
            Executable::Define { name, arguments, body, .. } => {
                let arguments = arguments.iter().map(|argument| (*argument.text).into()).collect();
                let body = self.body(body, span, case)?;
                Stmt::Define { name: (*name.text).into(), function: Arc::new(Function { arguments, body }) }
            }
            Executable::Unset(name) => Stmt::Unset((*name.text).into()),
            Executable::Eval(value) => Stmt::Eval(self.shared(&value, Context::Data)?),
            Executable::Return(value) => Stmt::Return(Some(self.shared(&value, Context::Data)?)),
            Executable::Log { level, text } => Stmt::Log { level, text: Arc::new(self.data(&text)?.expr) },
            Executable::Execute { command, arguments } => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in &arguments {
                    values.push(Arc::new(self.data(argument)?.expr));
                }
                Stmt::Execute { command: command[..].into(), arguments: values.into() }
            }
            Executable::Add(class) => self.add_class(&class)?,
            Executable::ParseVendorOption => Stmt::ParseVendorOption,
            Executable::DbTimeFormat { local } => {
                self.acts.push(Act::LocalTimes(local));
                return Ok(None);
            }
            Executable::Declaration(kind) => {
                self.acts.push(Act::Declare(kind, span));
                return Ok(None);
            }
        }))
    }

    /// The statements of a body. Complaints do not keep the rest from being checked.
    pub fn body(&mut self, statements: Vec<Statement>, span: Span, case: Option<Context>) -> Lowered<Arc<[Stmt]>> {
        self.nested(span, |this| {
            let mut lowered = Vec::with_capacity(statements.len());
            let mut lost = None;
            for statement in statements {
                let result = match statement.kind {
                    Kind::Executable(executable) => this.executable(executable, statement.span, case, Naming::Use),
                    Kind::Key { .. } | Kind::Zone { .. } => {
                        this.acts.push(Act::Declare(Box::new(statement.kind), statement.span));
                        Ok(None)
                    }
                    _ => Err(this.log.complain(statement.span, "not-executable", "right brace expected.")),
                };
                match result {
                    Ok(statement) => lowered.extend(statement),
                    Err(complained) => lost = Some(complained),
                }
            }
            lost.map_or(Ok(lowered.into()), Err)
        })
    }

    fn shared(&mut self, written: &Expression, context: Context) -> Lowered<Shared> {
        Ok(Arc::new(self.expression(written, context)?.expr))
    }

    fn option_statement(
        &mut self,
        operation: OptionOperation,
        name: &crate::syntax::ast::OptionName,
        value: &OptionValue,
        naming: Naming,
        span: Span,
    ) -> Lowered<Stmt> {
        let (op, naming) = match operation {
            OptionOperation::Set => (OptionOp::Supersede, naming),
            OptionOperation::Supersede | OptionOperation::Send => (OptionOp::Supersede, Naming::Use),
            OptionOperation::Default => (OptionOp::Default, Naming::Use),
            OptionOperation::Append => (OptionOp::Append, Naming::Use),
            OptionOperation::Prepend => (OptionOp::Prepend, Naming::Use),
        };
        let option = self.option(name, naming)?;
        let value = match value {
            OptionValue::Tokens(tokens) => self.value(&option, tokens, span)?,
            OptionValue::Expression(written) => Arc::new(self.data(written)?.expr),
        };
        Ok(Stmt::Option { op, option, value })
    }

    fn flag(&mut self, value: u8, keyword: &Name) -> Lowered<Stmt> {
        let option = flag_code(&keyword.text).and_then(|code| self.server_option(code));
        match option {
            Some(option) => Ok(Stmt::Option { op: OptionOp::Supersede, option, value: constant([value]) }),
            None => Err(self.log.complain(keyword.span, "flag", "expecting allow/deny key")),
        }
    }

    fn server_option(&self, code: u32) -> Option<Arc<OptionDef>> {
        self.registry.option_coded(OptionKey::server(code)).cloned()
    }

    fn add_class(&mut self, class: &Name) -> Lowered<Stmt> {
        if self.classes.contains_key(&class.text) {
            Ok(Stmt::Add((*class.text).into()))
        } else {
            Err(self.log.complain(class.span, "unknown-class", format!("class {}: not found", class.text)))
        }
    }

    /// `if`, its `elsif`s nested in their `else`.
    fn conditional(
        &mut self,
        arms: Vec<(Expression, Vec<Statement>)>,
        otherwise: Option<Vec<Statement>>,
        span: Span,
    ) -> Lowered<Stmt> {
        if arms.len() as u32 > MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        let mut lost = None;
        let mut lowered = Vec::with_capacity(arms.len());
        for (condition, body) in arms {
            let condition = self.boolean(&condition).map(|typed| Arc::new(typed.expr));
            let body = self.body(body, span, None);
            match (condition, body) {
                (Ok(condition), Ok(body)) => lowered.push((condition, body)),
                (Err(complained), _) | (_, Err(complained)) => lost = Some(complained),
            }
        }
        let mut rest: Arc<[Stmt]> = match otherwise {
            Some(body) => self.body(body, span, None)?,
            None => Arc::from([]),
        };
        if let Some(complained) = lost {
            return Err(complained);
        }
        let mut statement = None;
        for (condition, then) in lowered.into_iter().rev() {
            if let Some(later) = statement.take() {
                rest = Arc::from([later]);
            }
            statement = Some(Stmt::If { condition, then, otherwise: std::mem::replace(&mut rest, Arc::from([])) });
        }
        Ok(statement.unwrap_or(Stmt::Eval(Arc::new(Expr::Null))))
    }
}

/// True for a label of hex octets: ISC takes the colon that ends the label for one between two octets.
fn takes_the_colon(label: &Expression, labels: Context) -> bool {
    let OperandKind::Digits(digits) = &label.first.kind else { return false };
    let hexadecimal = |token: &Token| token.kind == TokenKind::NumberOrName;
    label.rest.is_empty() && (matches!(labels, Context::Data) || digits.iter().any(hexadecimal))
}
