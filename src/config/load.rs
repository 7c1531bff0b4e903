//! Loading a configuration: the parser hands over one statement at a time, and each is lowered as it comes.

use super::advice::{self, Advisor};
use super::declare::{Declarer, OpenGroup};
use super::index::finish;
use super::ir::{Expr, OptionOp, Stmt};
use super::lowering::{constant, Lowering, Naming};
use super::message::{Log, Lowered, Message};
use super::model::Config;
use super::place::{BlockKind, Place};
use super::state::{Family, State};
use crate::options::registry::{OptionKey, Registry};
use crate::syntax::ast::{Kind, Name, Statement};
use crate::syntax::source::{SourceMap, Span};
use crate::syntax::{
    parse_block_text, parse_file, parse_named_block_text, parse_text, Collected, Diagnostic, Fatal, Sink,
};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// The last line about a configuration with mistakes.
pub const ERRORS_ENCOUNTERED: &str = "Configuration file errors encountered -- exiting";

/// A complaint of the parser that ISC goes on about in a log line.
const GOES_ON: (&str, &str) =
    ("failover peers may only be defined in shared-network", "declarations and the outer scope.");

/// What came of loading a configuration.
#[derive(Debug)]
pub struct Loading {
    /// The configuration, if it can be used.
    pub result: Option<Config>,
    /// What there is to tell, in ISC's order.
    pub messages: Vec<Message>,
    /// The message of the fatal error that ends the server; there always is one if `result` is `None`.
    pub fatal: Option<String>,
    /// The files read, for showing complaints.
    pub sources: SourceMap,
    /// Statements without effect, if an explanation was asked for.
    pub warnings: Vec<Diagnostic>,
}

/// Loads a configuration file and what it includes.
pub fn load(path: &Path, family: Family) -> Loading {
    load_with(Loader::new(family), |map, sink| parse_file(path, map, sink))
}

/// The same, with hints in the complaints and with warnings. It takes more time and memory.
pub fn load_explained(path: &Path, family: Family) -> Loading {
    load_with(Loader::explaining(family), |map, sink| parse_file(path, map, sink))
}

/// Loads a text as a configuration file of that name. Every character is an octet.
pub fn load_text(name: &str, text: &str, family: Family) -> Loading {
    load_with(Loader::new(family), |map, sink| parse_text(name, text, map, sink))
}

/// The same, with hints and warnings.
pub fn load_text_explained(name: &str, text: &str, family: Family) -> Loading {
    load_with(Loader::explaining(family), |map, sink| parse_text(name, text, map, sink))
}

fn load_with(mut loader: Loader, parse: impl FnOnce(&mut SourceMap, &mut dyn Sink) -> Result<(), Fatal>) -> Loading {
    let mut sources = SourceMap::default();
    let parsed = parse(&mut sources, &mut loader);
    let Loader { mut state, advisor, .. } = loader;
    let mut messages = std::mem::take(&mut state.log.messages);
    if advisor.is_some() {
        add_hints(&mut messages, &sources, &state);
    }
    let mistakes = state.log.failed.then(|| ERRORS_ENCOUNTERED.to_owned());
    let fatal = parsed.err().map(|fatal| fatal.to_string()).or_else(|| state.fatal.take()).or(mistakes);
    let result = if fatal.is_none() { Some(finish(state)) } else { None };
    let warnings = advisor.map_or_else(Vec::new, |advisor| advisor.finish(result.as_ref(), &mistakes_in(&messages)));
    Loading { result, messages, fatal, sources, warnings }
}

fn add_hints(messages: &mut [Message], sources: &SourceMap, state: &State) {
    let names = advice::Names::of(state);
    for message in messages {
        if let Message::Complaint(complaint) = message {
            advice::explain(&names, sources, complaint);
        }
    }
}

/// The places of all complaints.
fn mistakes_in(messages: &[Message]) -> Vec<Span> {
    let place = |message: &Message| match message {
        Message::Complaint(complaint) => Some(complaint.span),
        _ => None,
    };
    messages.iter().filter_map(place).collect()
}

/// Takes the statements of a file.
struct Loader {
    state: State,
    root: Place,
    /// The groups that are open, each inside the one before it.
    groups: Vec<OpenGroup>,
    /// Where in the messages those about the current statement begin.
    fresh: usize,
    /// Looks for statements without effect, if that is wanted.
    advisor: Option<Box<Advisor>>,
}

impl Loader {
    fn new(family: Family) -> Loader {
        let mut state = State::new(family);
        let seeded = seed(&state.registry);
        state.scopes[Config::ROOT.index()].statements.extend(seeded);
        let root = Place::new(BlockKind::Other, Config::ROOT);
        Loader { state, root, groups: Vec::new(), fresh: 0, advisor: None }
    }

    fn explaining(family: Family) -> Loader {
        Loader { advisor: Some(Box::new(Advisor::new(family))), ..Loader::new(family) }
    }
}

impl Sink for Loader {
    fn statement(&mut self, map: &SourceMap, statement: Statement) -> ControlFlow<()> {
        if let Some(advisor) = &mut self.advisor {
            advisor.statement(map, &self.state.registry, &statement);
        }
        let mut declarer = Declarer { map, state: &mut self.state };
        let step = match self.groups.last_mut() {
            Some(group) => declarer.group_statement(group, statement),
            None => declarer.statement(&mut self.root, None, statement),
        };
        self.state.log.sort_by_place(self.fresh);
        self.fresh = self.state.log.messages.len();
        match step {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn begin_group(&mut self, map: &SourceMap, name: Option<&Name>) -> bool {
        if let Some(advisor) = &mut self.advisor {
            advisor.begin_group();
        }
        let parent = self.groups.last().map_or(self.root.scope, |group| group.place.scope);
        self.groups.push(Declarer { map, state: &mut self.state }.begin_group(parent, name.cloned()));
        true
    }

    fn end_group(&mut self, map: &SourceMap) {
        if let Some(advisor) = &mut self.advisor {
            advisor.end_group();
        }
        if let Some(group) = self.groups.pop() {
            Declarer { map, state: &mut self.state }.end_group(group);
        }
    }

    fn diagnostic(&mut self, _: &SourceMap, diagnostic: Diagnostic) {
        let goes_on = diagnostic.message == GOES_ON.0;
        self.state.log.push_complaint(diagnostic);
        if goes_on {
            self.state.log.error(GOES_ON.1);
        }
    }
}

/// The statements that the root scope has before the file is read (spec/config-language.md 5).
fn seed(registry: &Registry) -> Vec<Stmt> {
    let named = |space: &str, name: &str| registry.option_named(registry.space_named(space)?, name).cloned();
    let seed = || {
        let (domain_name, host_name) = (named("dhcp", "domain-name")?, named("dhcp", "host-name")?);
        let choices = vec![
            Arc::new(Expr::Option(named("fqdn", "hostname")?)),
            Arc::new(Expr::Option(host_name.clone())),
            Arc::new(Expr::ConfigOption(host_name)),
        ];
        let parameters = [
            (24, Arc::new(Expr::Pick(choices))),
            (23, Arc::new(Expr::ConfigOption(domain_name))),
            (25, constant(&b"in-addr.arpa."[..])),
        ];
        let statement = |(code, value)| {
            let option = registry.option_coded(OptionKey::server(code)).cloned()?;
            Some(Stmt::Option { op: OptionOp::Supersede, option, value })
        };
        parameters.into_iter().map(statement).collect::<Option<Vec<_>>>()
    };
    seed().unwrap_or_default()
}

/// Lowers executable statements that stand in a lease file: `on expiry { ... }` and the like.
///
/// # Errors
/// All complaints about the text.
pub fn lower_block(config: &Config, text: &str) -> Result<Arc<[Stmt]>, Vec<Diagnostic>> {
    let (map, statements) = parse_block_text(text)?;
    lower_statements(config, &map, statements)
}

/// The same for statements that somebody else wrote, who has a name in complaints.
///
/// # Errors
/// All complaints, ready to be logged.
pub fn lower_named_block(config: &Config, name: &str, text: &str) -> Result<Arc<[Stmt]>, Vec<String>> {
    let (map, Collected { statements, mut diagnostics }) = parse_named_block_text(name, text);
    if diagnostics.is_empty() {
        match lower_statements(config, &map, statements) {
            Ok(lowered) => return Ok(lowered),
            Err(complaints) => diagnostics = complaints,
        }
    }
    Err(diagnostics.iter().map(|diagnostic| diagnostic.render(&map)).collect())
}

fn lower_statements(
    config: &Config,
    map: &SourceMap,
    statements: Vec<Statement>,
) -> Result<Arc<[Stmt]>, Vec<Diagnostic>> {
    let mut log = Log::default();
    let mut lowered = Vec::with_capacity(statements.len());
    let mut lowering = Lowering::new(map, &config.registry, &config.index.classes_by_name, &mut log);
    for statement in statements {
        let result: Lowered<Option<Stmt>> = match statement.kind {
            Kind::Executable(executable) => lowering.executable(executable, statement.span, None, Naming::Use),
            _ => Err(lowering.log.complain(statement.span, "not-executable", "right brace expected.")),
        };
        lowered.extend(result.ok().flatten());
    }
    if !log.failed {
        return Ok(lowered.into());
    }
    let complaints = log.messages.into_iter().filter_map(|message| match message {
        Message::Complaint(diagnostic) => Some(diagnostic),
        _ => None,
    });
    Err(complaints.collect())
}

/// Lowers a condition that stands in a lease file: that of a class.
///
/// # Errors
/// All complaints about the text.
pub fn lower_boolean(config: &Config, text: &str) -> Result<Arc<Expr>, Vec<Diagnostic>> {
    match &*lower_block(config, &format!("if {text} {{ }}"))? {
        [Stmt::If { condition, .. }] => Ok(condition.clone()),
        _ => Err(Vec::new()),
    }
}

/// The same for an expression whose value is data.
///
/// # Errors
/// All complaints about the text.
pub fn lower_data(config: &Config, text: &str) -> Result<Arc<Expr>, Vec<Diagnostic>> {
    match &*lower_block(config, &format!("log (info, {text});"))? {
        [Stmt::Log { text, .. }] => Ok(text.clone()),
        _ => Err(Vec::new()),
    }
}
