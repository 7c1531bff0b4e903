//! Advice beyond what ISC dhcpd says: what a misspelt word may have meant, and statements that can never have effect.
//!
//! It is given on demand only (`dhcpd -t --explain`): an [`Advisor`] sees every statement before it is lowered, and keeps
//! names and places that the checked model does not have. Each concept has its file; what it finds are [`Diagnostic`]s of
//! severity warning. Only what is certain is said.
//!
//! | code | the statement has no effect because |
//! | --- | --- |
//! | `unknown-word` | the word is no statement: it is taken as an expression |
//! | `unknown-function` | the function called is never defined |
//! | `condition-never-true` | `true` and the like are variables without a value |
//! | `global-only-parameter` | the parameter is read from the global scope alone |
//! | `ineffective-parameter` | the server never looks at the parameter |
//! | `other-family-parameter` | only DHCPv6 knows the parameter |
//! | `overridden-option` | the option is set again later in the same block |
//! | `authoritative-ineffective` | pools and classes have no authority |
//! | `authoritative-too-late` | the networks above it are not covered |
//! | `event-never-happens` | the event is for clients |
//! | `host-never-matches` | nothing identifies the host |
//! | `fixed-address-outside` | the address is in no subnet |
//! | `permit-never-matches` | there is no authentication |
//! | `pool-excludes-everybody` | no client may use the pool |
//! | `class-never-matches` | no packet can be a member |
//! | `class-unused` | members get nothing, and no pool asks for them |

mod classes;
mod expressions;
mod hints;
mod hosts;
mod parameters;
mod pools;
mod settings;
pub mod spelling;
#[cfg(test)]
mod tests;

pub use hints::{explain, Names};

use super::model::Config;
use super::state::Family;
use crate::options::registry::Registry;
use crate::syntax::ast::{Executable, Kind, Statement};
use crate::syntax::source::{SourceMap, Span};
use crate::syntax::{Diagnostic, Severity};
use settings::{Authority, Settings};

/// What kind of block a statement stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// The file itself, and the bodies of its conditions.
    Root,
    Group,
    Network,
    Subnet,
    Pool,
    Host,
    Class,
}

/// What the statements of one block amount to so far.
#[derive(Debug, Default)]
struct BlockState {
    settings: Settings,
    authority: Authority,
}

/// Sees the statements of a configuration and finds those without effect.
#[derive(Debug)]
pub struct Advisor {
    family: Family,
    root: BlockState,
    /// The groups that are open, each inside the one before it.
    groups: Vec<BlockState>,
    hosts: hosts::Seen,
    classes: classes::Seen,
    expressions: expressions::Seen,
    warnings: Vec<Diagnostic>,
    /// Warnings that only hold if the block of that span was read without a mistake.
    doubtful: Vec<(Span, Diagnostic)>,
}

/// A statement, and what is known where it stands.
struct At<'a> {
    map: &'a SourceMap,
    registry: &'a Registry,
    around: Around,
}

fn warning(span: Span, code: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(span, Severity::Warning, code, message)
}

impl Advisor {
    pub fn new(family: Family) -> Advisor {
        Advisor {
            family,
            root: BlockState::default(),
            groups: Vec::new(),
            hosts: hosts::Seen::default(),
            classes: classes::Seen::default(),
            expressions: expressions::Seen::default(),
            warnings: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    /// Takes a statement of the file or of the group that began last, in the order of the files; `registry` has the options
    /// defined so far.
    pub fn statement(&mut self, map: &SourceMap, registry: &Registry, statement: &Statement) {
        let around = if self.groups.is_empty() { Around::Root } else { Around::Group };
        let innermost = self.groups.last_mut().unwrap_or(&mut self.root);
        let mut state = std::mem::take(innermost);
        self.in_block(&At { map, registry, around }, &mut state, statement);
        *self.groups.last_mut().unwrap_or(&mut self.root) = state;
    }

    /// A group begins whose statements come one by one.
    pub fn begin_group(&mut self) {
        self.groups.push(BlockState::default());
    }

    /// The group that began last ends.
    pub fn end_group(&mut self) {
        let Some(group) = self.groups.pop() else { return };
        self.groups.last_mut().unwrap_or(&mut self.root).authority.after_group(&group.authority);
    }

    /// All warnings in the order of their places. `config` is what came of the statements, if they were good; `mistakes` are
    /// the places of complaints.
    pub fn finish(mut self, config: Option<&Config>, mistakes: &[Span]) -> Vec<Diagnostic> {
        let mut mistakes: Vec<(u16, u32)> = mistakes.iter().map(|at| (at.file.0, at.start)).collect();
        mistakes.sort_unstable();
        let spoilt = |block: &Span| {
            let first = mistakes.partition_point(|at| *at < (block.file.0, block.start));
            mistakes.get(first).is_some_and(|at| *at <= (block.file.0, block.end))
        };
        let sure = self.doubtful.into_iter().filter(|(block, _)| !spoilt(block));
        self.warnings.extend(sure.map(|(_, found)| found));
        self.warnings.extend(self.expressions.unknown_functions());
        if let Some(config) = config {
            self.warnings.extend(self.classes.without_effect(config, self.expressions.reclassifies));
            if self.family == Family::V4 {
                self.warnings.extend(self.hosts.outside(config));
            }
        }
        self.warnings.sort_by_key(|found| (found.span.file.0, found.span.start));
        self.warnings
    }

    fn in_block(&mut self, at: &At<'_>, state: &mut BlockState, statement: &Statement) {
        let span = statement.span;
        self.warnings.extend(state.settings.see(at, statement));
        self.warnings.extend(state.authority.see(at.around, statement));
        match &statement.kind {
            Kind::SharedNetwork { body, .. } => self.block(at, Around::Network, body),
            Kind::Subnet { body, .. } | Kind::Subnet6 { body, .. } => self.block(at, Around::Subnet, body),
            Kind::Group { body, .. } => self.block(at, Around::Group, body),
            Kind::Pool { body } | Kind::Pool6 { body } => {
                self.classes.permits(body);
                self.warnings.extend(body.iter().filter_map(pools::never_matches));
                self.doubtful.extend(pools::excludes_everybody(span, body).map(|found| (span, found)));
                self.block(at, Around::Pool, body);
            }
            Kind::Host { name, body } => {
                self.hosts.addresses(body);
                self.doubtful.extend(hosts::never_matches(at.registry, name, body).map(|found| (span, found)));
                self.block(at, Around::Host, body);
            }
            Kind::Class { name, body, .. } => {
                self.classes.declared(name);
                self.block(at, Around::Class, body);
            }
            Kind::Subclass { body: Some(body), .. } => self.block(at, Around::Class, body),
            Kind::Match(expression) | Kind::MatchIf(expression) | Kind::Spawn(expression) => {
                self.expressions.look(expression);
            }
            Kind::Executable(executable) => self.executable(at, executable, span),
            _ => {}
        }
    }

    fn block(&mut self, at: &At<'_>, around: Around, body: &[Statement]) {
        let (mut state, at) = (BlockState::default(), At { around, ..*at });
        for statement in body {
            self.in_block(&at, &mut state, statement);
        }
    }

    fn executable(&mut self, at: &At<'_>, executable: &Executable, span: Span) {
        self.warnings.extend(parameters::without_effect(at.around, self.family, executable, span));
        self.warnings.extend(expressions::without_effect(at.map, executable, span));
        self.expressions.statement(executable);
        if let Executable::Add(class) = executable {
            self.classes.added(class);
        }
        expressions::bodies(executable, &mut |body| self.block(at, at.around, body));
    }
}
