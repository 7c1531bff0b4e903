//! Chains of operands and operators to expressions: ISC's grouping, which is not that of other languages, and its type checks.
//!
//! | strength | operators |
//! | --- | --- |
//! | 100 | `&` `\|` `^` |
//! | 4 | `=` `!=` `~=` `~~` |
//! | 3 | `and` `or` |
//! | 2 | `+` |
//! | 1 | `*` `/` `%` |
//!
//! A stronger operator on the right takes *everything* that follows as part of its right side (spec/expressions.md 3.2).

use super::ir::{Expr, Shared};
use super::lowering::{Lowering, MAX_DEPTH};
use super::message::Lowered;
use crate::syntax::ast::{Expression, Operator};
use crate::syntax::source::Span;
use std::sync::Arc;

/// What is expected where an expression stands, or what an expression is known to be. It decides how digits are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    Any,
    Boolean,
    Data,
    Numeric,
    DataOrNumeric,
}

/// An expression with its height and where it was written.
pub struct Typed {
    pub expr: Expr,
    pub height: u32,
    pub span: Span,
}

impl Typed {
    /// An expression without parts.
    pub fn leaf(expr: Expr, span: Span) -> Typed {
        Typed { expr, height: 1, span }
    }
}

/// What an expression is known to be before it runs; variables and calls may be anything.
pub fn kind_of(expr: &Expr) -> Context {
    use Expr::*;
    match expr {
        Equal(..)
        | NotEqual(..)
        | Regex { .. }
        | And(..)
        | Or(..)
        | Not(_)
        | Exists(_)
        | Known
        | Static
        | Defined(_)
        | Check => Context::Boolean,
        ConstInt(_) | ExtractInt(..) | LeaseTime | ClientState | Add(..) | Multiply(..) | Divide(..)
        | Remainder(..) | BitAnd(..) | BitOr(..) | BitXor(..) => Context::Numeric,
        Variable(_) | Call(..) => Context::Any,
        Const(_)
        | Substring { .. }
        | Suffix { .. }
        | Lcase(_)
        | Ucase(_)
        | Concat(..)
        | ConcatDomainLists(..)
        | Option(_)
        | ConfigOption(_)
        | Hardware
        | Packet { .. }
        | EncodeInt(..)
        | BinaryToAscii { .. }
        | Reverse { .. }
        | LeasedAddress
        | HostDeclName
        | Pick(_)
        | Filename
        | ServerName
        | GetHostName
        | HostLookup { .. }
        | V6Relay { .. }
        | Null => Context::Data,
    }
}

fn strength(operator: Operator) -> u8 {
    match operator {
        Operator::BitAnd | Operator::BitOr | Operator::BitXor => 100,
        Operator::Equal | Operator::NotEqual | Operator::Regex | Operator::RegexIgnoreCase => 4,
        Operator::And | Operator::Or => 3,
        Operator::Add => 2,
        Operator::Multiply | Operator::Divide | Operator::Remainder => 1,
    }
}

/// How the operand after a stronger operator is read, whatever stands left of it.
fn context_after(operator: Operator) -> Context {
    match operator {
        Operator::Equal | Operator::NotEqual | Operator::Regex | Operator::RegexIgnoreCase => Context::Data,
        Operator::And | Operator::Or => Context::Boolean,
        _ => Context::Numeric,
    }
}

impl Lowering<'_> {
    /// Any expression in a context.
    pub fn expression(&mut self, written: &Expression, context: Context) -> Lowered<Typed> {
        let mut rest = written.rest.iter();
        let mut context = context;
        // Left sides whose right side goes on to the end of the expression.
        let mut waiting: Vec<(Typed, Operator)> = Vec::new();
        let mut left: Option<(Typed, Operator)> = None;
        let mut operand = &*written.first;
        loop {
            let right = self.operand(operand, context)?;
            let next = rest.next();
            context = kind_of(&right.expr);
            left = match (left, next) {
                (None, None) => return Ok(right),
                (None, Some((operator, _))) => Some((right, *operator)),
                (Some((lhs, operator)), None) => {
                    let mut value = self.combine(lhs, operator, right)?;
                    while let Some((lhs, operator)) = waiting.pop() {
                        value = self.combine(lhs, operator, value)?;
                    }
                    return Ok(value);
                }
                (Some((lhs, operator)), Some((next, _))) if strength(operator) < strength(*next) => {
                    waiting.push((lhs, operator));
                    context = context_after(*next);
                    Some((right, *next))
                }
                (Some((lhs, operator)), Some((next, _))) => Some((self.combine(lhs, operator, right)?, *next)),
            };
            if let Some((_, following)) = next {
                operand = following;
            }
        }
    }

    /// An expression that must be data, as far as one can tell.
    pub fn data(&mut self, written: &Expression) -> Lowered<Typed> {
        self.of_kind(written, Context::Data, "Expecting a data expression.")
    }

    /// An expression that must be a number, as far as one can tell.
    pub fn numeric(&mut self, written: &Expression) -> Lowered<Typed> {
        self.of_kind(written, Context::Numeric, "Expecting a numeric expression.")
    }

    /// An expression that must be a condition, as far as one can tell.
    pub fn boolean(&mut self, written: &Expression) -> Lowered<Typed> {
        self.of_kind(written, Context::Boolean, "Expecting a boolean expression.")
    }

    fn of_kind(&mut self, written: &Expression, context: Context, complaint: &'static str) -> Lowered<Typed> {
        let typed = self.expression(written, context)?;
        let kind = kind_of(&typed.expr);
        if kind == context || kind == Context::Any {
            Ok(typed)
        } else {
            Err(self.log.complain(written.span, "expression-type", complaint))
        }
    }

    /// Joins two sides, if their types allow it.
    fn combine(&mut self, left: Typed, operator: Operator, right: Typed) -> Lowered<Typed> {
        if let Some(text) = type_complaint(kind_of(&left.expr), operator, kind_of(&right.expr)) {
            return Err(self.log.complain(right.span, "expression-type", text));
        }
        let span = Span { end: right.span.end.max(left.span.start), ..left.span };
        let height = left.height.max(right.height) + 1;
        if height > MAX_DEPTH {
            return Err(self.too_deep(right.span));
        }
        let (a, b): (Shared, Shared) = (Arc::new(left.expr), Arc::new(right.expr));
        let expr = match operator {
            Operator::Equal => Expr::Equal(a, b),
            Operator::NotEqual => Expr::NotEqual(a, b),
            Operator::Regex => Expr::Regex { ignore_case: false, data: a, pattern: b },
            Operator::RegexIgnoreCase => Expr::Regex { ignore_case: true, data: a, pattern: b },
            Operator::And => Expr::And(a, b),
            Operator::Or => Expr::Or(a, b),
            Operator::Add => Expr::Add(a, b),
            Operator::Multiply => Expr::Multiply(a, b),
            Operator::Divide => Expr::Divide(a, b),
            Operator::Remainder => Expr::Remainder(a, b),
            Operator::BitAnd => Expr::BitAnd(a, b),
            Operator::BitOr => Expr::BitOr(a, b),
            Operator::BitXor => Expr::BitXor(a, b),
        };
        Ok(Typed { expr, height, span })
    }
}

/// What is wrong with an operator between operands of these kinds.
fn type_complaint(left: Context, operator: Operator, right: Context) -> Option<&'static str> {
    let known = |kind| kind != Context::Any;
    if known(left) && known(right) && left != right {
        return Some("illegal expression relating different types");
    }
    match operator {
        Operator::Equal | Operator::NotEqual if right == Context::Boolean => Some("expecting data/numeric expression"),
        Operator::Regex if right != Context::Data => Some("expecting data expression"),
        Operator::And | Operator::Or if known(right) && right != Context::Boolean => {
            Some("expecting boolean expressions")
        }
        Operator::Add
        | Operator::Multiply
        | Operator::Divide
        | Operator::Remainder
        | Operator::BitAnd
        | Operator::BitOr
        | Operator::BitXor
            if known(right) && right != Context::Numeric =>
        {
            Some("expecting numeric expressions")
        }
        _ => None,
    }
}
