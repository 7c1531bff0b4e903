//! Running statements (spec/expressions.md 8).

use super::bindings::Value;
use super::environment::{Environment, Member, Outcome};
use super::expression::{is_boolean, is_number};
use super::operators::until_nul;
use super::reply::ReplyValue;
use super::LogKind;
use crate::config::ir::{Events, Expr, LogLevel, OptionOp, Shared, Stmt};
use crate::config::model::ScopeId;
use crate::options::decode::PacketOptions;
use crate::options::registry::{OptionDef, OptionKey, SpaceId};
use std::sync::Arc;

/// How a list of statements ended.
#[derive(Debug, PartialEq)]
pub enum Flow {
    Next,
    Break,
    /// Of a function.
    Return(Option<Value>),
}

/// `vendor-option-space`
const VENDOR_OPTION_SPACE: OptionKey = OptionKey::server(19);
/// Option 43.
const VENDOR_OPTIONS: OptionKey = OptionKey::dhcp(43);
/// Format of compressed domain lists.
const DOMAIN_LIST: &str = "Dc";

impl Environment<'_> {
    /// Runs a scope and those around it, outermost first, leaving out `limit` and those around that.
    pub fn run_scopes(&mut self, scope: ScopeId, limit: Option<ScopeId>) {
        let config = self.config;
        for id in config.chain(scope, limit) {
            self.run(&config.scope(id).statements);
        }
    }

    /// Runs statements one after the other. `break` ends this list alone.
    pub fn run(&mut self, statements: &[Stmt]) -> Flow {
        for statement in statements {
            match self.step(statement) {
                Flow::Next => {}
                // A list inside this one has ended.
                Flow::Break if !matches!(statement, Stmt::Break) => {}
                flow => return flow,
            }
        }
        Flow::Next
    }

    fn step(&mut self, statement: &Stmt) -> Flow {
        match statement {
            Stmt::Option { op, option, value } => self.set_option(*op, option, value),
            Stmt::If { condition, then, otherwise } => {
                let branch = if self.boolean(condition) == Some(true) { then } else { otherwise };
                return self.run(branch);
            }
            Stmt::Switch { on, body } => return self.switch(on, body),
            Stmt::Case(_) | Stmt::DefaultCase => {}
            Stmt::Break => return Flow::Break,
            Stmt::On { events, body } => self.hook(*events, body),
            Stmt::Set { name, value } => {
                let value = self.value(value);
                self.scope_of(name).set(name, value);
            }
            Stmt::Unset(name) => {
                let scope = self.scope_of(name);
                if scope.contains(name) {
                    scope.set(name, None);
                }
            }
            Stmt::Define { name, function } => {
                if matches!(self.scope_of(name).get(name), Some(Value::Function(_))) {
                    self.error("execute.c(387): invalid binding type: 4".into());
                }
                let value = Value::Function(function.clone());
                self.scope_of(name).set(name, Some(value));
            }
            Stmt::Eval(expression) => drop(self.value(expression)),
            Stmt::Return(value) => {
                let value = value.as_ref().and_then(|value| self.value(value));
                if !self.frames.is_empty() {
                    return Flow::Return(value);
                }
            }
            Stmt::Log { level, text } => self.log_statement(*level, text),
            Stmt::Execute { command, arguments } => self.execute(command, arguments),
            Stmt::Add(class) => {
                if let Some(class) = self.config.class_named(class) {
                    self.progress.added.push(Member { class, spawned: None });
                }
            }
            Stmt::ParseVendorOption => self.parse_vendor_option(),
        }
        Flow::Next
    }

    fn set_option(&mut self, op: OptionOp, option: &Arc<OptionDef>, value: &Shared) {
        let reply = &mut self.progress.reply;
        let joined = match (op, reply.get(option.key)) {
            (OptionOp::Default, Some(_)) => return,
            (OptionOp::Append, Some(old)) => join(option, &as_expression(old), value),
            (OptionOp::Prepend, Some(old)) => join(option, value, &as_expression(old)),
            _ => value.clone(),
        };
        reply.set(option.key, ReplyValue::Expression(joined));
    }

    fn switch(&mut self, on: &Expr, body: &[Stmt]) -> Flow {
        let at = match self.switch_value(on) {
            Some(value) => {
                let mut cases = body.iter().enumerate();
                let found = cases.find_map(|(at, statement)| match statement {
                    Stmt::Case(case) if self.case_value(case, &value).as_ref() == Some(&value) => Some(at),
                    _ => None,
                });
                found
            }
            None => None,
        };
        let at = at.or_else(|| body.iter().position(|statement| matches!(statement, Stmt::DefaultCase)));
        match at.and_then(|at| body.get(at + 1..)) {
            Some(rest) => self.run(rest),
            None => Flow::Next,
        }
    }

    fn switch_value(&mut self, on: &Expr) -> Option<Value> {
        if is_boolean(on) {
            return self.number(on).map(Value::Number);
        }
        if is_number(on) {
            return self.number(on).map(Value::Number);
        }
        self.value(on)
    }

    fn case_value(&mut self, case: &Expr, value: &Value) -> Option<Value> {
        match value {
            Value::Number(_) => self.number(case).map(Value::Number),
            _ => self.value(case),
        }
    }

    fn hook(&mut self, events: Events, body: &Option<Arc<[Stmt]>>) {
        let hooks = &mut self.progress.hooks;
        let all = [
            (events.commit, &mut hooks.commit),
            (events.expiry, &mut hooks.expiry),
            (events.release, &mut hooks.release),
        ];
        for (_, hook) in all.into_iter().filter(|(named, _)| *named) {
            hook.clone_from(body);
        }
    }

    fn log_statement(&mut self, level: LogLevel, text: &Expr) {
        let Some(data) = self.data(text) else { return };
        let text = String::from_utf8_lossy(until_nul(&data)).into_owned();
        let kind = match level {
            LogLevel::Fatal => {
                self.outcomes.push(Outcome::Fatal(text));
                return;
            }
            LogLevel::Error => LogKind::Error,
            LogLevel::Info => LogKind::Info,
            LogLevel::Debug => LogKind::Debug,
        };
        self.log(kind, text);
    }

    fn execute(&mut self, command: &[u8], arguments: &[Shared]) {
        let shown = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        self.log(LogKind::Debug, format!("execute_statement argv[0] = {}", shown(command)));
        let mut values = Vec::with_capacity(arguments.len());
        for (at, argument) in (1..).zip(arguments) {
            let Some(value) = self.data(argument) else {
                self.error(format!("execute: bad arg {at}"));
                return;
            };
            let value = until_nul(&value).to_vec();
            self.log(LogKind::Debug, format!("execute_statement argv[{at}] = {}", shown(&value)));
            values.push(value);
        }
        self.outcomes.push(Outcome::Execute { command: command.to_vec(), arguments: values });
    }

    /// Decodes option 43 of the packet as the options of the space named by `vendor-option-space`.
    fn parse_vendor_option(&mut self) {
        let Some(name) = self.progress.reply.get(VENDOR_OPTION_SPACE).cloned() else { return };
        let mut space = Vec::new();
        if !self.append_reply_value(&name, &mut space) {
            return;
        }
        let Some(data) = self.packet_option(VENDOR_OPTIONS).map(<[u8]>::to_vec) else { return };
        let registry = &self.config.registry;
        let Some(space) = std::str::from_utf8(&space).ok().and_then(|name| registry.space_named(name)) else {
            return;
        };
        if space == SpaceId::DHCP {
            return;
        }
        let mut notes = Vec::new();
        let found = self.progress.vendor.get_or_insert_with(|| Box::new(PacketOptions::default()));
        found.set(VENDOR_OPTIONS, &data);
        found.decode_into(registry, VENDOR_OPTIONS, space, &mut notes);
        for note in notes {
            self.error(note.to_string());
        }
    }
}

/// What a reply has for an option, as an expression.
fn as_expression(value: &ReplyValue) -> Shared {
    match value {
        ReplyValue::Expression(expression) => expression.clone(),
        ReplyValue::Bytes(bytes) => Arc::new(Expr::Const(bytes.to_vec().into())),
        ReplyValue::Removed => Arc::new(Expr::Null),
    }
}

fn join(option: &OptionDef, first: &Shared, second: &Shared) -> Shared {
    let (first, second) = (first.clone(), second.clone());
    Arc::new(if &*option.format == DOMAIN_LIST {
        Expr::ConcatDomainLists(first, second)
    } else {
        Expr::Concat(first, second)
    })
}
