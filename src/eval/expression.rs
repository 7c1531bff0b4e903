//! Evaluation of expressions (spec/expressions.md 4 to 7). "Null" is `None`, or `false` where bytes are appended.

use super::bindings::{Bindings, Value};
use super::classify;
use super::environment::{Environment, Packet};
use super::operators as op;
use super::reply::ReplyValue;
use super::statement::Flow;
use super::LogKind;
use crate::config::ir::{Expr, Shared};
use crate::options::names;
use crate::options::registry::OptionKey;
use std::sync::Arc;

/// The type that an expression has before it is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    Data,
    Number,
    /// Variables and calls.
    Any,
}

/// How deep functions may call each other.
const CALL_DEPTH: usize = 64;
/// The longest value. No packet has room for more.
const LONGEST_DATA: usize = 1 << 16;

/// Type and opcode, as ISC numbers them in log lines (spec/expressions.md 14).
fn nature(expression: &Expr) -> (Kind, u8) {
    use Kind::*;
    match expression {
        Expr::Check => (Boolean, 2),
        Expr::Equal(..) => (Boolean, 3),
        Expr::And(..) => (Boolean, 8),
        Expr::Or(..) => (Boolean, 9),
        Expr::Not(..) => (Boolean, 10),
        Expr::Exists(..) => (Boolean, 22),
        Expr::Known => (Boolean, 24),
        Expr::Static => (Boolean, 33),
        Expr::NotEqual(..) => (Boolean, 38),
        Expr::Defined(..) => (Boolean, 40),
        Expr::Regex { ignore_case, .. } => (Boolean, if *ignore_case { 59 } else { 58 }),
        Expr::Substring { .. } => (Data, 4),
        Expr::Suffix { .. } => (Data, 5),
        Expr::Concat(..) => (Data, 6),
        Expr::HostLookup { .. } => (Data, 7),
        Expr::Option(..) => (Data, 11),
        Expr::Hardware => (Data, 12),
        Expr::Packet { .. } => (Data, 13),
        Expr::Const(..) => (Data, 14),
        Expr::EncodeInt(_, bits) => (Data, 18 + bits / 16),
        Expr::Reverse { .. } => (Data, 25),
        Expr::LeasedAddress => (Data, 26),
        Expr::BinaryToAscii { .. } => (Data, 27),
        Expr::ConfigOption(..) => (Data, 28),
        Expr::HostDeclName => (Data, 29),
        Expr::Pick(..) => (Data, 30),
        Expr::Null => (Data, 39),
        Expr::Filename => (Data, 42),
        Expr::ServerName => (Data, 43),
        Expr::Ucase(..) => (Data, 56),
        Expr::Lcase(..) => (Data, 57),
        Expr::GetHostName => (Data, 60),
        Expr::V6Relay { .. } => (Data, 61),
        Expr::ConcatDomainLists(..) => (Data, 62),
        Expr::ExtractInt(_, bits) => (Number, 15 + bits / 16),
        Expr::ConstInt(..) => (Number, 21),
        Expr::LeaseTime => (Number, 31),
        Expr::Add(..) => (Number, 47),
        Expr::Multiply(..) => (Number, 49),
        Expr::Divide(..) => (Number, 50),
        Expr::Remainder(..) => (Number, 51),
        Expr::BitAnd(..) => (Number, 52),
        Expr::BitOr(..) => (Number, 53),
        Expr::BitXor(..) => (Number, 54),
        Expr::ClientState => (Number, 55),
        Expr::Variable(..) => (Any, 41),
        Expr::Call(..) => (Any, 45),
    }
}

/// The number of a variable's type in log lines.
fn type_number(value: &Value) -> u8 {
    match value {
        Value::Boolean(_) => 0,
        Value::Data(_) | Value::Nothing => 1,
        Value::Number(_) => 2,
        Value::Function(_) => 4,
    }
}

impl Environment<'_> {
    /// A boolean; `None` is null, which is false where a condition is needed.
    pub fn boolean(&mut self, expression: &Expr) -> Option<bool> {
        self.enter()?;
        let value = self.boolean_of(expression);
        self.leave();
        value
    }

    fn boolean_of(&mut self, expression: &Expr) -> Option<bool> {
        match expression {
            Expr::Equal(left, right) => Some(self.equal(left, right)),
            Expr::NotEqual(left, right) => Some(!self.equal(left, right)),
            Expr::And(..) | Expr::Or(..) => self.connection(expression),
            Expr::Not(operand) => self.boolean(operand).map(|value| !value),
            Expr::Exists(option) => Some(self.packet_option(option.key).is_some()),
            Expr::Known => self.packet.map(|packet| packet.is_known()),
            Expr::Static => Some(self.lease.is_some_and(|lease| lease.is_static)),
            Expr::Defined(name) => Some(self.scope_of(name).get(name).is_some()),
            Expr::Check => Some(self.check()),
            Expr::Regex { ignore_case, data, pattern } => {
                // ISC keeps no octets for an empty constant, and then cannot search it or for it.
                let is_nothing = |side: &Expr| side.constant().is_some_and(|octets| octets.is_empty());
                if is_nothing(data) {
                    self.error("data_string_new: src cannot be NULL tree.c(811)".into());
                    return None;
                }
                if is_nothing(pattern) {
                    return Some(false);
                }
                let data = self.data(data)?;
                let found = match pattern.constant() {
                    Some(pattern) => op::matches(&data, pattern, *ignore_case, true),
                    None => op::matches(&data, &self.data(pattern)?, *ignore_case, false),
                };
                Some(found.unwrap_or_else(|_| {
                    self.error("regular expression takes too many steps, taken as not matching.".into());
                    false
                }))
            }
            Expr::Variable(name) => match self.scope_of(name).get(name)?.clone() {
                Value::Boolean(value) => Some(value),
                other => self.wrong_type(&other, "boolean"),
            },
            Expr::Call(name, arguments) => {
                self.lose_call(name, arguments, "boolean", 0, "Bogus opcode in evaluate_boolean_expression: 45")
            }
            other => self.wrong_nature(other, "boolean"),
        }
    }

    /// A number, 64 bits that wrap around.
    pub fn number(&mut self, expression: &Expr) -> Option<u64> {
        self.enter()?;
        let value = self.number_of(expression);
        self.leave();
        value
    }

    fn number_of(&mut self, expression: &Expr) -> Option<u64> {
        match expression {
            Expr::ConstInt(number) => Some(*number),
            Expr::ExtractInt(data, bits) => op::extract_int(&self.data(data)?, *bits),
            Expr::LeaseTime => self.lease_time(),
            Expr::ClientState => None,
            Expr::Add(left, right) => self.arithmetic(left, right, |a, b| Some(a.wrapping_add(b))),
            Expr::Multiply(left, right) => self.arithmetic(left, right, |a, b| Some(a.wrapping_mul(b))),
            Expr::Divide(left, right) => self.arithmetic(left, right, u64::checked_div),
            Expr::Remainder(left, right) => self.arithmetic(left, right, u64::checked_rem),
            Expr::BitAnd(left, right) => self.arithmetic(left, right, |a, b| Some(a & b)),
            Expr::BitOr(left, right) => self.arithmetic(left, right, |a, b| Some(a | b)),
            Expr::BitXor(left, right) => self.arithmetic(left, right, |a, b| Some(a ^ b)),
            Expr::Variable(name) => match self.scope_of(name).get(name)?.clone() {
                Value::Number(number) => Some(number),
                other => self.wrong_type(&other, "numeric"),
            },
            Expr::Call(name, arguments) => {
                self.lose_call(name, arguments, "numeric", 2, "evaluate_numeric_expression: bogus opcode 45")
            }
            other => self.wrong_nature(other, "numeric"),
        }
    }

    /// Bytes; `None` is null.
    pub fn data(&mut self, expression: &Expr) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        self.append(expression, &mut out).then_some(out)
    }

    /// Appends the bytes of an expression; false if it is null, and then nothing is appended.
    pub fn append(&mut self, expression: &Expr, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let done = self.append_some(expression, out).is_some();
        if !done {
            out.truncate(start);
        }
        done
    }

    /// The same, but what is there when it turns out to be null stays.
    pub(super) fn append_some(&mut self, expression: &Expr, out: &mut Vec<u8>) -> Option<()> {
        self.enter()?;
        let start = out.len();
        let done = self.append_of(expression, out);
        self.leave();
        if out.len() - start > LONGEST_DATA {
            self.error(format!("data: a value is longer than {LONGEST_DATA} bytes."));
            return None;
        }
        done
    }

    fn append_of(&mut self, expression: &Expr, out: &mut Vec<u8>) -> Option<()> {
        match expression {
            Expr::Const(bytes) => out.extend_from_slice(bytes),
            Expr::Option(option) => out.extend_from_slice(self.packet_option(option.key)?),
            Expr::Concat(..) => return self.concatenation(expression, out),
            Expr::Substring { data, offset, length } => {
                let data = self.data(data)?;
                let (offset, length) = (self.number(offset)?, self.number(length)?);
                out.extend_from_slice(op::substring(&data, offset, length));
            }
            Expr::Suffix { data, length } => {
                let data = self.data(data)?;
                out.extend_from_slice(op::suffix(&data, self.number(length)?));
            }
            Expr::Lcase(data) => out.extend(self.data(data)?.iter().map(u8::to_ascii_lowercase)),
            Expr::Ucase(data) => out.extend(self.data(data)?.iter().map(u8::to_ascii_uppercase)),
            Expr::ConcatDomainLists(left, right) => {
                let (left, right) = (self.data(left)?, self.data(right)?);
                out.extend(names::concat_lists(&left, &right).ok()?);
            }
            Expr::ConfigOption(option) => return self.config_option(option.key, out),
            Expr::EncodeInt(number, bits) => op::encode_int(self.number(number)?, *bits, out),
            Expr::BinaryToAscii { base, width, separator, data } => {
                let (base, width) = (self.number(base)?, self.number(width)?);
                let separator = self.data(separator)?;
                let data = self.data(data)?;
                if let Err(error) = op::binary_to_ascii(base, width, &separator, &data, out) {
                    self.error(error.to_string());
                    return None;
                }
            }
            Expr::Reverse { width, data } => {
                let width = self.number(width)?;
                let data = self.data(data)?;
                let Some(reversed) = op::reverse(&data, width) else {
                    self.error(format!("reverse: length of buffer {} not a multiple of width {width}!", data.len()));
                    return None;
                };
                out.extend(reversed);
            }
            Expr::Pick(choices) => {
                return choices.iter().any(|choice| self.append(choice, out)).then_some(());
            }
            Expr::Null => return None,
            Expr::Variable(name) => match self.scope_of(name).get(name)?.clone() {
                Value::Data(bytes) => out.extend_from_slice(&bytes),
                Value::Nothing => {}
                other => return self.wrong_type(&other, "data"),
            },
            Expr::Call(name, arguments) => {
                return self.lose_call(name, arguments, "data", 1, "Bogus opcode in evaluate_data_expression: 45");
            }
            other => return self.append_fact(other, out),
        }
        Some(())
    }

    /// Data that comes from the packet, the lease or outside.
    fn append_fact(&mut self, expression: &Expr, out: &mut Vec<u8>) -> Option<()> {
        match expression {
            Expr::Hardware => {
                let of_packet = self.packet.map(Packet::hardware);
                let of_lease = || self.lease.map(|lease| lease.hardware);
                match of_packet.unwrap_or_else(of_lease) {
                    Some(hardware) => out.extend_from_slice(hardware),
                    None => {
                        self.error("data: hardware: no raw packet or lease is available".into());
                        return None;
                    }
                }
            }
            Expr::Packet { offset, length } => {
                let (offset, length) = (self.number(offset)?, self.number(length)?);
                let Some(octets) = self.packet.and_then(|packet| packet.octets()) else {
                    self.error("data: packet: raw packet not available".into());
                    return None;
                };
                let found = op::substring(octets, offset, length);
                if offset >= octets.len() as u64 {
                    return None;
                }
                out.extend_from_slice(found);
            }
            Expr::LeasedAddress => match self.lease {
                Some(lease) => out.extend_from_slice(lease.address),
                None => {
                    let text = "data: \"leased-address\" configuration directive: there is no lease associated with \
                                this client.";
                    self.log(LogKind::Debug, text.into());
                    return None;
                }
            },
            Expr::HostDeclName => match self.lease.and_then(|lease| lease.host_name) {
                Some(name) => out.extend_from_slice(name.as_bytes()),
                None => {
                    self.error("data: host_decl_name: not available".into());
                    return None;
                }
            },
            Expr::Filename => append_field(self.packet?.file()?, out)?,
            Expr::ServerName => append_field(self.packet?.sname()?, out)?,
            Expr::GetHostName => out.extend_from_slice(self.names.own.as_bytes()),
            Expr::HostLookup { name, first_only } => {
                let names = self.names;
                let found = names.find(name, |line| self.error(line));
                if found.is_empty() {
                    return None;
                }
                let count = if *first_only { 1 } else { found.len() };
                out.extend(found.iter().take(count).flat_map(|address| address.octets()));
            }
            Expr::V6Relay { relay, data } => {
                let number = self.number(relay)?;
                let packet = self.packet?;
                let relay = if number == 0 { packet } else { packet.relay(number)? };
                self.packet = Some(relay);
                let done = self.append(data, out);
                self.packet = Some(packet);
                return done.then_some(());
            }
            other => return self.wrong_nature(other, "data"),
        }
        Some(())
    }

    /// A value of whatever type the expression has.
    pub fn value(&mut self, expression: &Expr) -> Option<Value> {
        match (expression, nature(expression).0) {
            (Expr::Variable(name), _) => self.scope_of(name).get(name).cloned(),
            (Expr::Call(name, arguments), _) => {
                self.enter()?;
                let value = self.call(name, arguments);
                self.leave();
                value
            }
            (_, Kind::Boolean) => self.boolean(expression).map(Value::Boolean),
            (_, Kind::Number) => self.number(expression).map(Value::Number),
            _ => self.data_value(expression),
        }
    }

    /// The value of a data expression as a variable keeps it.
    fn data_value(&mut self, expression: &Expr) -> Option<Value> {
        if let Expr::Pick(choices) = expression {
            self.enter()?;
            let value = choices.iter().find_map(|choice| self.data_value(choice));
            self.leave();
            return value;
        }
        let data = self.data(expression)?;
        Some(match expression {
            Expr::Const(_) if data.is_empty() => Value::Nothing,
            Expr::Substring { length, .. } if data.is_empty() && !matches!(**length, Expr::ConstInt(0)) => {
                Value::Nothing
            }
            Expr::Variable(name) if data.is_empty() => self.scope_of(name).get(name)?.clone(),
            _ => Value::Data(data.into()),
        })
    }

    /// Appends the value of an option of the reply as it stands.
    pub fn append_reply_value(&mut self, value: &ReplyValue, out: &mut Vec<u8>) -> bool {
        match value {
            ReplyValue::Bytes(bytes) => {
                out.extend_from_slice(bytes);
                true
            }
            ReplyValue::Expression(expression) => self.append(expression, out),
            ReplyValue::Removed => false,
        }
    }

    fn config_option(&mut self, key: OptionKey, out: &mut Vec<u8>) -> Option<()> {
        let value = self.progress.reply.get(key)?.clone();
        // ISC dies when a value is made of itself.
        if self.configured.contains(&key) {
            self.error("data: config-option: the value of an option depends on itself.".into());
            return None;
        }
        self.configured.push(key);
        let done = self.append_reply_value(&value, out);
        self.configured.pop();
        done.then_some(())
    }

    fn equal(&mut self, left: &Expr, right: &Expr) -> bool {
        let octets = |value| match value {
            Value::Nothing => Value::Data([].into()),
            value => value,
        };
        let left = self.value(left).map(octets);
        left == self.value(right).map(octets)
    }

    fn arithmetic(&mut self, left: &Expr, right: &Expr, apply: impl Fn(u64, u64) -> Option<u64>) -> Option<u64> {
        let left = self.number(left);
        let right = self.number(right);
        apply(left?, right?)
    }

    fn lease_time(&mut self) -> Option<u64> {
        let Some(lease) = self.lease else {
            self.error("data: leased_lease: not available".into());
            return None;
        };
        if lease.ends < self.now {
            self.error(format!("data: lease_time: lease ends at {} when it is now {}", lease.ends.0, self.now.0));
            return None;
        }
        Some(u64::from(lease.ends.since(self.now).0))
    }

    /// `check "default"`
    fn check(&mut self) -> bool {
        let found = classify::members(self);
        let any = !found.is_empty();
        for member in found {
            self.join_class(member);
        }
        any
    }

    /// Calls a function: its statements run until `return`.
    pub fn call(&mut self, name: &Arc<str>, arguments: &[Shared]) -> Option<Value> {
        let function = match self.scope_of(name).get(name) {
            Some(Value::Function(function)) => function.clone(),
            found => {
                let what = if found.is_some() { "not a function" } else { "no such function" };
                self.error(format!("{name}: {what}."));
                return None;
            }
        };
        if arguments.len() != function.arguments.len() {
            let what = if arguments.len() > function.arguments.len() { "many" } else { "few" };
            self.error(format!("{name}: too {what} arguments."));
            return None;
        }
        if self.frames.len() >= CALL_DEPTH {
            self.error(format!("{name}: functions call each other too deeply."));
            return None;
        }
        let mut frame = Bindings::default();
        for (parameter, argument) in function.arguments.iter().zip(arguments) {
            let value = self.value(argument);
            frame.set(parameter, value);
        }
        self.frames.push(frame);
        let flow = self.run(&function.body);
        self.frames.pop();
        match flow {
            Flow::Return(value) => value,
            Flow::Next | Flow::Break => None,
        }
    }

    /// A call where ISC makes it but loses its value (spec/expressions.md 7). `wanted` is the number of the type too.
    fn lose_call<T>(
        &mut self,
        name: &Arc<str>,
        arguments: &[Shared],
        wanted: &str,
        wanted_type: u8,
        complaint: &str,
    ) -> Option<T> {
        let returned = self.call(name, arguments).map(|value| type_number(&value));
        if let Some(returned) = returned.filter(|returned| *returned != wanted_type) {
            self.error(format!("{name}() returned type {returned} in evaluate_{wanted}_expression."));
        }
        self.error(complaint.into());
        None
    }

    fn wrong_type<T>(&mut self, value: &Value, wanted: &str) -> Option<T> {
        self.error(format!("binding type {} in evaluate_{wanted}_expression.", type_number(value)));
        None
    }

    fn wrong_nature<T>(&mut self, expression: &Expr, wanted: &str) -> Option<T> {
        let (kind, opcode) = nature(expression);
        let kind = match kind {
            Kind::Boolean => "Boolean",
            Kind::Number => "Numeric",
            Kind::Data | Kind::Any => "Data",
        };
        self.error(format!("{kind} opcode in evaluate_{wanted}_expression: {opcode}"));
        None
    }
}

/// The text of a header field; a field that starts with a NUL has none.
fn append_field(field: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let text = op::until_nul(field);
    out.extend_from_slice(text);
    (!text.is_empty()).then_some(())
}

/// True if the expression is data by its form, as `switch` has to know.
pub(super) fn is_data(expression: &Expr) -> bool {
    nature(expression).0 == Kind::Data
}
