//! What lowering expressions, values and executable statements needs at hand, and how option names are found.

use super::ir::{Expr, Shared};
use super::message::{Log, Lost, Lowered};
use super::model::ClassId;
use crate::options::registry::{OptionDef, OptionKey, Registry, SpaceId};
use crate::syntax::ast::{Kind, Name, OptionName, Token, TokenKind};
use crate::syntax::number::atoi;
use crate::syntax::source::{SourceMap, Span};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Expressions and blocks may be this deep. ISC has no limit but its stack; evaluating must not exhaust ours.
pub const MAX_DEPTH: u32 = 2000;

/// What stands inside executable statements but acts when it is read (spec/config-language.md 9).
#[derive(Debug)]
pub enum Act {
    /// A `key` or `zone` declaration.
    Declare(Box<Kind>, Span),
    /// `db-time-format`: true for `local`.
    LocalTimes(bool),
}

/// The surroundings of a statement being lowered.
pub struct Lowering<'a> {
    pub map: &'a SourceMap,
    pub registry: &'a Registry,
    pub classes: &'a FxHashMap<Box<str>, ClassId>,
    pub log: &'a mut Log,
    /// What is to be done once the statement is lowered, in order.
    pub acts: Vec<Act>,
    /// How deep in parentheses and blocks this is.
    pub depth: u32,
}

/// Where an option is named: it decides the complaint about an unknown name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `option X` at declaration level, where a definition might have followed.
    Declaration,
    /// Anywhere else.
    Use,
}

impl<'a> Lowering<'a> {
    pub fn new(
        map: &'a SourceMap,
        registry: &'a Registry,
        classes: &'a FxHashMap<Box<str>, ClassId>,
        log: &'a mut Log,
    ) -> Lowering<'a> {
        Lowering { map, registry, classes, log, acts: Vec::new(), depth: 0 }
    }

    /// The definition an option name stands for (spec/options.md 7).
    pub fn option(&mut self, name: &OptionName, naming: Naming) -> Lowered<Arc<OptionDef>> {
        let space = space_of(self.registry, self.log, name)?;
        match lookup(self.registry, self.log, space, &name.name)? {
            Some(def) => Ok(def),
            None => {
                let space = &self.registry.space(space).name;
                let text = match naming {
                    Naming::Declaration => format!("unknown option {space}.{}", name.name.text),
                    Naming::Use => format!("no option named {} in space {space}", name.name.text),
                };
                Err(self.log.complain(name.name.span, "unknown-option", text))
            }
        }
    }

    /// The text of a token as written; of a string, its octets.
    pub fn token_octets(&self, token: &Token) -> Vec<u8> {
        match &token.kind {
            TokenKind::String(octets) => octets.to_vec(),
            _ => octets_of(self.map.text(token.span)),
        }
    }
}

/// The space of an option name: `dhcp` unless one is given.
pub fn space_of(registry: &Registry, log: &mut Log, name: &OptionName) -> Lowered<SpaceId> {
    match &name.space {
        None => Ok(SpaceId::DHCP),
        Some(space) => registry.space_named(&space.text).ok_or_else(|| {
            log.complain(space.span, "unknown-option-space", format!("no option space named {}.", space.text))
        }),
    }
}

/// The definition of a name in a space, if it is known. `unknown-N` always is, unless the code is illegal.
pub fn lookup(registry: &Registry, log: &mut Log, space: SpaceId, name: &Name) -> Lowered<Option<Arc<OptionDef>>> {
    if let Some(def) = registry.option_named(space, &name.text) {
        return Ok(Some(def.clone()));
    }
    let Some(number) = unknown_number(&name.text) else { return Ok(None) };
    let code = atoi(number) as u32;
    let space = registry.space(space);
    if code == 0 || code == space.end_code {
        let text = format!("Option codes 0 and {} are illegal in the {} space.", space.end_code, space.name);
        return Err(log.complain(name.span, "illegal-option-code", text));
    }
    let key = OptionKey { space: space.id, code };
    Ok(Some(match registry.option_coded(key) {
        Some(def) => {
            log.info(format!(
                "option {} has been redefined as option {}.  Please update your configs if necessary.",
                name.text, def.name
            ));
            def.clone()
        }
        None => Arc::new(OptionDef { key, name: name.text.clone(), format: "X".into() }),
    }))
}

fn unknown_number(name: &str) -> Option<&str> {
    let prefix = name.get(..8)?;
    prefix.eq_ignore_ascii_case("unknown-").then_some(&name[8..])
}

/// The octets of a text of the source, whose characters are octets (`SourceFile::text`).
pub fn octets_of(text: &str) -> Vec<u8> {
    text.chars().map(|c| c as u32 as u8).collect()
}

/// The text whose characters are these octets.
pub fn text_of(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

/// A shared constant.
pub fn constant(octets: impl Into<Arc<[u8]>>) -> Shared {
    Arc::new(Expr::Const(octets.into()))
}

/// A nesting level that is gone when the closure returns.
impl Lowering<'_> {
    pub fn nested<T>(&mut self, span: Span, inner: impl FnOnce(&mut Self) -> Lowered<T>) -> Lowered<T> {
        if self.depth >= MAX_DEPTH / 8 {
            return Err(self.too_deep(span));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    pub fn too_deep(&mut self, span: Span) -> Lost {
        self.log.complain(span, "too-deep", "this is nested too deeply.")
    }
}
