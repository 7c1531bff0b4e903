//! Operands: constants, the words and built-in functions of the language, variables and calls (spec/config-language.md 10.1).

use super::expression::{kind_of, Context, Typed};
use super::ir::{Expr, Shared};
use super::lowering::{Lowering, Naming, MAX_DEPTH};
use super::message::Lowered;
use crate::syntax::ast::{Expression, Operand, OperandKind, Token, TokenKind};
use crate::syntax::number::{atoi, convert};
use crate::syntax::source::Span;
use std::sync::Arc;

/// Words that are numbers: result codes of DNS updates and states of a DHCP client, as ISC's headers number them.
const NUMBERS: &[(&str, u64)] = &[
    ("noerror", 0),
    ("formerr", 1),
    ("servfail", 393_230),
    ("nxdomain", 393_231),
    ("notimp", 27),
    ("refused", 393_233),
    ("yxdomain", 393_234),
    ("yxrrset", 393_235),
    ("nxrrset", 393_236),
    ("notauth", 393_237),
    ("notzone", 393_238),
    ("reboot", 1),
    ("booting", 2),
    ("select", 3),
    ("request", 4),
    ("bound", 5),
    ("renew", 6),
    ("rebind", 7),
];

/// The expression of a word without arguments.
fn word(word: &str) -> Option<Expr> {
    Some(match word {
        "hardware" => Expr::Hardware,
        "leased-address" => Expr::LeasedAddress,
        "host-decl-name" => Expr::HostDeclName,
        "filename" => Expr::Filename,
        "server-name" => Expr::ServerName,
        "lease-time" => Expr::LeaseTime,
        "client-state" => Expr::ClientState,
        "null" => Expr::Null,
        "known" => Expr::Known,
        "static" => Expr::Static,
        "gethostname" => Expr::GetHostName,
        _ => Expr::ConstInt(NUMBERS.iter().find(|(name, _)| *name == word)?.1),
    })
}

impl Lowering<'_> {
    /// One operand; `context` decides how digits are read.
    pub fn operand(&mut self, operand: &Operand, context: Context) -> Lowered<Typed> {
        let span = operand.span;
        let leaf = |expr| Ok(Typed::leaf(expr, span));
        match &operand.kind {
            OperandKind::String(octets) => leaf(Expr::Const(octets[..].into())),
            OperandKind::Digits(tokens) => self.digits(tokens, context, span),
            OperandKind::Parenthesis(inner) => self.nested(span, |this| this.expression(inner, context)),
            OperandKind::Not(inner) => {
                let inner = self.nested(span, |this| this.operand(inner, Context::Boolean))?;
                if kind_of(&inner.expr) != Context::Boolean {
                    return Err(self.log.complain(inner.span, "expression-type", "boolean expression expected"));
                }
                let (inner, height) = share(inner);
                self.built(Expr::Not(inner), height, span)
            }
            OperandKind::Exists(name) => leaf(Expr::Exists(self.option(name, Naming::Use)?)),
            OperandKind::Option(name) => leaf(Expr::Option(self.option(name, Naming::Use)?)),
            OperandKind::ConfigOption(name) => leaf(Expr::ConfigOption(self.option(name, Naming::Use)?)),
            OperandKind::Builtin { keyword, arguments } => {
                self.nested(span, |this| this.builtin(keyword, arguments, span))
            }
            OperandKind::Word(written) => match word(written) {
                Some(expr) => leaf(expr),
                None => Err(self.log.complain(span, "expression", "expression expected")),
            },
            OperandKind::EncodeInt(inner, width) => {
                let (inner, height) = share(self.nested(span, |this| this.numeric(inner))?);
                let width = self.int_width(*width, span)?;
                self.built(Expr::EncodeInt(inner, width), height, span)
            }
            OperandKind::ExtractInt(inner, width) => {
                let (inner, height) = share(self.nested(span, |this| this.data(inner))?);
                let width = self.int_width(*width, span)?;
                self.built(Expr::ExtractInt(inner, width), height, span)
            }
            OperandKind::Check(name) if &*name.text == "default" => leaf(Expr::Check),
            OperandKind::Check(name) => Err(self.log.complain(name.span, "unknown-collection", "unknown collection.")),
            OperandKind::Defined(name) => leaf(Expr::Defined((*name.text).into())),
            OperandKind::GetHostByName(name) => leaf(Expr::HostLookup { name: (*name.text).into(), first_only: false }),
            OperandKind::Variable(name) => leaf(Expr::Variable((*name.text).into())),
            OperandKind::Call { name, arguments } => {
                if arguments.is_empty() {
                    return Err(self.log.complain(span, "expression", "expecting expression."));
                }
                let (arguments, height) = self.nested(span, |this| {
                    let mut height = 0;
                    let mut shared = Vec::with_capacity(arguments.len());
                    for argument in arguments {
                        let (argument, deep) = share(this.expression(argument, Context::Any)?);
                        height = height.max(deep);
                        shared.push(argument);
                    }
                    Ok((shared, height))
                })?;
                self.built(Expr::Call((*name.text).into(), arguments), height, span)
            }
        }
    }

    /// Digits: a decimal number where one is expected, else octets in hexadecimal.
    fn digits(&mut self, tokens: &[Token], context: Context, span: Span) -> Lowered<Typed> {
        let numeric = matches!(context, Context::Numeric | Context::DataOrNumeric);
        let first = tokens.first().filter(|token| numeric && token.kind == TokenKind::Number);
        if let Some(number) = first {
            if let Some(more) = tokens.get(1) {
                return Err(self.log.complain(more.span, "expression", "right parenthesis expected."));
            }
            let value = atoi(self.map.text(number.span));
            return Ok(Typed::leaf(Expr::ConstInt(value as u64), span));
        }
        let octets = self.hex_list(tokens, span)?;
        Ok(Typed::leaf(Expr::Const(octets.into()), span))
    }

    /// Octets in hexadecimal with colons between them.
    pub fn hex_list(&mut self, tokens: &[Token], span: Span) -> Lowered<Vec<u8>> {
        let mut octets = Vec::with_capacity(tokens.len());
        let mut lost = None;
        let mut digits_due = true;
        for token in tokens {
            match token.kind {
                TokenKind::Punctuation(b':') if !digits_due => digits_due = true,
                TokenKind::Number | TokenKind::NumberOrName => {
                    let converted = convert(self.map.text(token.span), 16, 8);
                    octets.push(converted.value as u8);
                    if let Some(text) = converted.complaint {
                        lost = Some(self.log.complain(token.span, "number", text));
                    }
                    digits_due = false;
                }
                _ => return Err(self.log.complain(token.span, "hex-list", "expecting hexadecimal number.")),
            }
        }
        if digits_due {
            return Err(self.log.complain(span, "hex-list", "expecting hexadecimal number."));
        }
        lost.map_or(Ok(octets), Err)
    }

    fn int_width(&mut self, width: i64, span: Span) -> Lowered<u8> {
        match width {
            8 | 16 | 32 => Ok(width as u8),
            _ => Err(self.log.complain(span, "integer-size", format!("unsupported integer size {}", width as i32))),
        }
    }

    /// A built-in function with its arguments.
    fn builtin(&mut self, keyword: &str, arguments: &[Expression], span: Span) -> Lowered<Typed> {
        match keyword {
            "concat" => self.concat(arguments, span),
            "pick" | "pick-first-value" => {
                if arguments.is_empty() {
                    return Err(self.log.complain(span, "expression", "expecting data expression."));
                }
                let (choices, height) = self.all_data(arguments)?;
                self.built(Expr::Pick(choices), height, span)
            }
            "gethostname" => Ok(Typed::leaf(Expr::GetHostName, span)),
            _ => {
                let (values, height) = self.arguments(signature(keyword), arguments, span)?;
                match fixed(keyword, values) {
                    Some(expr) => self.built(expr, height, span),
                    None => Err(self.log.complain(span, "expression", "expression expected")),
                }
            }
        }
    }

    fn concat(&mut self, arguments: &[Expression], span: Span) -> Lowered<Typed> {
        let (parts, height) = self.all_data(arguments)?;
        let mut parts = parts.into_iter();
        let (Some(first), Some(second)) = (parts.next(), parts.next()) else {
            return Err(self.log.complain(span, "expression", "comma expected."));
        };
        let more = parts.len() as u32;
        let mut expr = Expr::Concat(first, second);
        for part in parts {
            expr = Expr::Concat(Arc::new(expr), part);
        }
        self.built(expr, height.saturating_add(more), span)
    }

    fn all_data(&mut self, arguments: &[Expression]) -> Lowered<(Vec<Shared>, u32)> {
        let mut height = 0;
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let (value, deep) = share(self.data(argument)?);
            height = height.max(deep);
            values.push(value);
        }
        Ok((values, height))
    }

    /// Arguments of a function that takes these kinds.
    fn arguments(&mut self, kinds: &[Context], arguments: &[Expression], span: Span) -> Lowered<(Vec<Shared>, u32)> {
        let mut height = 0;
        let mut values = Vec::with_capacity(kinds.len());
        for (kind, argument) in kinds.iter().zip(arguments) {
            let typed = if *kind == Context::Data { self.data(argument)? } else { self.numeric(argument)? };
            let (value, deep) = share(typed);
            height = height.max(deep);
            values.push(value);
        }
        if arguments.len() < kinds.len() {
            return Err(self.log.complain(span, "expression", "comma expected."));
        }
        if let Some(surplus) = arguments.get(kinds.len()) {
            return Err(self.log.complain(surplus.span, "expression", "right parenthesis expected."));
        }
        Ok((values, height))
    }

    fn built(&mut self, expr: Expr, height_of_parts: u32, span: Span) -> Lowered<Typed> {
        if height_of_parts >= MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        Ok(Typed { expr, height: height_of_parts + 1, span })
    }
}

fn share(typed: Typed) -> (Shared, u32) {
    (Arc::new(typed.expr), typed.height)
}

/// The kinds of arguments of the functions that take a fixed number of them.
fn signature(keyword: &str) -> &'static [Context] {
    use Context::{Data, Numeric};
    match keyword {
        "substring" => &[Data, Numeric, Numeric],
        "suffix" => &[Data, Numeric],
        "lcase" | "ucase" => &[Data],
        "binary-to-ascii" => &[Numeric, Numeric, Data, Data],
        "reverse" => &[Numeric, Data],
        "packet" => &[Numeric, Numeric],
        "v6relay" => &[Numeric, Data],
        _ => &[],
    }
}

/// The expression of such a function; `values` are as many as its signature says.
fn fixed(keyword: &str, values: Vec<Shared>) -> Option<Expr> {
    let mut values = values.into_iter();
    let mut next = || values.next();
    Some(match keyword {
        "substring" => Expr::Substring { data: next()?, offset: next()?, length: next()? },
        "suffix" => Expr::Suffix { data: next()?, length: next()? },
        "lcase" => Expr::Lcase(next()?),
        "ucase" => Expr::Ucase(next()?),
        "binary-to-ascii" => Expr::BinaryToAscii { base: next()?, width: next()?, separator: next()?, data: next()? },
        "reverse" => Expr::Reverse { width: next()?, data: next()? },
        "packet" => Expr::Packet { offset: next()?, length: next()? },
        "v6relay" => Expr::V6Relay { relay: next()?, data: next()? },
        _ => return None,
    })
}
