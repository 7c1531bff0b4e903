//! Running statements (spec/expressions.md 8).

use super::bindings::Value;
use super::classify::MOST_CLASSES;
use super::environment::{Environment, Member, Outcome};
use super::expression::is_data;
use super::operators::until_nul;
use super::reply::ReplyValue;
use super::LogKind;
use crate::config::ir::{Events, Expr, LogLevel, OptionOp, Shared, Stmt};
use crate::config::model::ScopeId;
use crate::options::decode::PacketOptions;
use crate::options::names;
use crate::options::registry::{OptionDef, OptionKey, SpaceId};
use crate::wire::hardware::HardwareAddr;
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
/// How often values that are not constants may be joined in one exchange; each makes an expression deeper.
const MOST_JOINS: u32 = 1000;
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
            if self.enter().is_none() {
                return Flow::Break;
            }
            let flow = self.step(statement);
            self.leave();
            match flow {
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
            Stmt::If { condition, then, otherwise } => return self.conditional(condition, then, otherwise),
            Stmt::Switch { on, body } => return self.switch(on, body),
            Stmt::Case(_) | Stmt::DefaultCase => {}
            Stmt::Break => return Flow::Break,
            Stmt::On { events, body } => self.hook(*events, body),
            Stmt::Set { name, value } => {
                // The old value is gone before the new one is made: a variable cannot be made of itself.
                self.scope_of(name).set(name, None);
                let value = self.value(value);
                self.scope_of(name).set(name, value);
            }
            Stmt::Unset(name) => {
                let scope = self.scope_of(name);
                if scope.contains(name) {
                    scope.set(name, None);
                }
            }
            Stmt::SetFunction(name) => {
                self.scope_of(name).set(name, None);
                self.error("evaluate_expression: invalid expression type: 46".into());
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
                    self.join_class(Member { class, spawned: None });
                }
            }
            Stmt::ParseVendorOption => self.parse_vendor_option(),
        }
        Flow::Next
    }

    /// `if` and the `elsif`s behind it, which nest in the model.
    fn conditional(&mut self, condition: &Expr, then: &[Stmt], otherwise: &[Stmt]) -> Flow {
        let (mut condition, mut then, mut otherwise) = (condition, then, otherwise);
        loop {
            if self.boolean(condition) == Some(true) {
                return self.run(then);
            }
            match otherwise {
                [Stmt::If { condition: next, then: branch, otherwise: rest }] => {
                    (condition, then, otherwise) = (next, branch, rest);
                }
                rest => return self.run(rest),
            }
        }
    }

    fn set_option(&mut self, op: OptionOp, option: &Arc<OptionDef>, value: &Shared) {
        let joined = match (op, self.progress.reply.get(option.key)) {
            (OptionOp::Default, Some(_)) => return,
            (OptionOp::Append, Some(old)) => Some(join(option, &as_expression(old), value)),
            (OptionOp::Prepend, Some(old)) => Some(join(option, value, &as_expression(old))),
            _ => None,
        };
        if joined.as_ref().is_some_and(|joined| joined.constant().is_none()) {
            self.progress.joins += 1;
            if self.progress.joins > MOST_JOINS {
                self.error(format!("option {} is made of too many parts.", option.name));
                return;
            }
        }
        let value = joined.unwrap_or_else(|| value.clone());
        self.progress.reply.set(option.key, ReplyValue::Expression(value));
    }

    fn switch(&mut self, on: &Expr, body: &[Stmt]) -> Flow {
        let at = match is_data(on) {
            true => self.data(on).and_then(|value| self.case_of(body, value, Self::data)),
            // Also variables and calls, whatever they hold.
            false => self.number(on).and_then(|value| self.case_of(body, value, Self::number)),
        };
        let at = at.or_else(|| body.iter().position(|statement| matches!(statement, Stmt::DefaultCase)));
        match at.and_then(|at| body.get(at + 1..)) {
            Some(rest) => self.run(rest),
            None => Flow::Next,
        }
    }

    /// The place of the case with that value.
    fn case_of<T: PartialEq>(
        &mut self,
        body: &[Stmt],
        value: T,
        evaluate: impl Fn(&mut Self, &Expr) -> Option<T>,
    ) -> Option<usize> {
        body.iter().position(|statement| match statement {
            Stmt::Case(case) => evaluate(self, case).as_ref() == Some(&value),
            _ => false,
        })
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

    /// Puts the packet in a class, unless it is in so many already.
    pub(super) fn join_class(&mut self, member: Member) {
        if self.progress.matched + self.progress.added.len() < MOST_CLASSES {
            self.progress.added.push(member);
            return;
        }
        let hardware = self.packet.and_then(|packet| packet.hardware()).and_then(|octets| octets.split_first());
        let shown = hardware.and_then(|(htype, address)| HardwareAddr::new(*htype, address)).unwrap_or_default();
        self.error(format!("too many classes match {shown}"));
    }

    fn log_statement(&mut self, level: LogLevel, text: &Expr) {
        let Some(data) = self.data(text) else { return };
        let octets = until_nul(&data);
        let kind = match level {
            LogLevel::Fatal => {
                self.outcomes.push(Outcome::Fatal(String::from_utf8_lossy(octets).into_owned()));
                self.progress.stopped = true;
                return;
            }
            LogLevel::Error => LogKind::Error,
            LogLevel::Info => LogKind::Info,
            LogLevel::Debug => LogKind::Debug,
        };
        let octets = octets.to_vec();
        self.say(kind, octets);
    }

    fn execute(&mut self, command: &[u8], arguments: &[Shared]) {
        let shown = |at: usize, word: &[u8]| [format!("execute_statement argv[{at}] = ").as_bytes(), word].concat();
        self.say(LogKind::Debug, shown(0, command));
        let mut values = Vec::with_capacity(arguments.len());
        for (at, argument) in (1..).zip(arguments) {
            let Some(value) = self.data(argument) else {
                self.log(LogKind::Debug, format!("execute: bad arg {at}"));
                return;
            };
            let value = until_nul(&value).to_vec();
            self.say(LogKind::Debug, shown(at, &value));
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

/// Both one after the other; of constants at once.
fn join(option: &OptionDef, first: &Shared, second: &Shared) -> Shared {
    let is_list = &*option.format == DOMAIN_LIST;
    if let (Some(a), Some(b)) = (first.constant(), second.constant()) {
        let joined = if is_list { names::concat_lists(a, b).ok() } else { Some([&**a, &**b].concat()) };
        if let Some(joined) = joined {
            return Arc::new(Expr::Const(joined.into()));
        }
    }
    let (first, second) = (first.clone(), second.clone());
    Arc::new(if is_list { Expr::ConcatDomainLists(first, second) } else { Expr::Concat(first, second) })
}
