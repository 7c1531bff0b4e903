//! Statements of a block that a later one makes void, and authority that comes too late.

use super::{warning, Around, At};
use crate::config::statement::flag_code;
use crate::options::registry::{OptionKey, Registry};
use crate::syntax::ast::{Executable, Kind, OptionName, OptionOperation, Statement};
use crate::syntax::source::Span;
use crate::syntax::Diagnostic;
use rustc_hash::FxHashMap;

/// `dhcp-client-identifier`: in a host the first one identifies it.
pub const CLIENT_IDENTIFIER: OptionKey = OptionKey::dhcp(61);

/// The option that a name stands for.
pub fn key_of(registry: &Registry, option: &OptionName) -> Option<OptionKey> {
    let space = registry.space_named(option.space.as_ref().map_or("dhcp", |space| &space.text))?;
    Some(registry.option_named(space, &option.name.text)?.key)
}

/// What the statements of a block so far have done to each option, since something could last have looked at it.
#[derive(Debug, Default)]
pub struct Settings {
    done: FxHashMap<OptionKey, Vec<Span>>,
}

impl Settings {
    /// The earlier statements of the block that this one makes void.
    pub fn see(&mut self, at: &At<'_>, statement: &Statement) -> Vec<Diagnostic> {
        let (key, name, overrides) = match &statement.kind {
            Kind::Executable(Executable::Option { operation, option, .. }) => {
                use OptionOperation::{Send, Set, Supersede};
                let overrides = matches!(operation, Set | Supersede | Send);
                (key_of(at.registry, option), &*option.name.text, overrides)
            }
            Kind::Executable(Executable::Flag { keyword, .. }) => {
                (flag_code(&keyword.text).map(OptionKey::server), &*keyword.text, true)
            }
            Kind::Executable(Executable::On { .. } | Executable::Define { .. }) => return Vec::new(),
            // It may look at what is set so far, or end the list.
            Kind::Executable(_) => {
                self.done.clear();
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        let Some(key) = key else { return Vec::new() };
        if at.around == Around::Host && key == CLIENT_IDENTIFIER {
            return Vec::new();
        }
        let done = self.done.entry(key).or_default();
        let void = if overrides { std::mem::take(done) } else { Vec::new() };
        done.push(statement.span);
        let line = at.map.line(statement.span);
        let describe = |span: Span| {
            let file = match span.file == statement.span.file {
                true => String::new(),
                false => format!("{} ", at.map.file(statement.span.file).name),
            };
            let text = format!("this has no effect: {name} is set again in the same block ({file}line {line})");
            warning(span, "overridden-option", text)
        };
        void.into_iter().map(describe).collect()
    }
}

/// Where authority is declared, among the networks of a block.
#[derive(Debug, Default)]
pub struct Authority {
    /// There is a network above that does not declare its own.
    network_without: bool,
    declared: bool,
}

impl Authority {
    /// What is wrong with an `authoritative`. Its value is copied where a block opens (spec/config-language.md 11.6).
    pub fn see(&mut self, around: Around, statement: &Statement) -> Option<Diagnostic> {
        match &statement.kind {
            Kind::Authoritative(_) if matches!(around, Around::Pool | Around::Class) => {
                let text = "this has no effect: pools and classes have no authority, only networks";
                Some(warning(statement.span, "authoritative-ineffective", text))
            }
            Kind::Authoritative(authoritative) => {
                let late = *authoritative && !self.declared && self.network_without;
                self.declared = true;
                let text = "this does not apply to the subnets and shared networks declared above it";
                let mut found = warning(statement.span, "authoritative-too-late", text);
                found.hint = Some("put \"authoritative;\" before the first subnet".into());
                late.then_some(found)
            }
            kind => {
                self.network_without |= has_network_without(kind);
                None
            }
        }
    }

    /// Takes what a group amounts to that was in this block.
    pub fn after_group(&mut self, group: &Authority) {
        self.network_without |= group.network_without && !group.declared;
    }
}

/// True for a network, or a group with one, that does not declare its own authority.
fn has_network_without(kind: &Kind) -> bool {
    let declares = |body: &[Statement]| body.iter().any(|inner| matches!(inner.kind, Kind::Authoritative(_)));
    match kind {
        Kind::Subnet { body, .. } | Kind::SharedNetwork { body, .. } => !declares(body),
        Kind::Group { body, .. } => !declares(body) && body.iter().any(|inner| has_network_without(&inner.kind)),
        _ => false,
    }
}
