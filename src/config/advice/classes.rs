//! Classes without members, and classes that do nothing for theirs (spec/config-language.md 7.6, 12.3).

use super::warning;
use crate::config::ir::Expr;
use crate::config::model::{Class, Config};
use crate::syntax::ast::{Kind, Name, Permit, Statement};
use crate::syntax::Diagnostic;
use rustc_hash::FxHashSet;

/// What the statements say about classes.
#[derive(Debug, Default)]
pub struct Seen {
    /// Where each was first declared.
    declared: Vec<Name>,
    known: FxHashSet<Box<str>>,
    /// Those that a pool asks for.
    permitted: FxHashSet<Box<str>>,
    /// Those that an `add` statement puts packets into.
    added: FxHashSet<Box<str>>,
}

impl Seen {
    pub fn declared(&mut self, name: &Name) {
        if self.known.insert(name.text.clone()) {
            self.declared.push(name.clone());
        }
    }

    pub fn added(&mut self, name: &Name) {
        self.added.insert(name.text.clone());
    }

    /// The permits of a pool.
    pub fn permits(&mut self, body: &[Statement]) {
        for statement in body {
            if let Kind::Permit { permit: Permit::MembersOf(name), .. } = &statement.kind {
                self.permitted.insert(name.text.clone());
            }
        }
    }

    /// Classes that never have members, or whose members get nothing by it. `reclassifies`: classes may be tested a second
    /// time, when the host is known.
    pub fn without_effect(&self, config: &Config, reclassifies: bool) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for name in self.declared.iter().filter(|name| !self.added.contains(&name.text)) {
            let Some(id) = config.class_named(&name.text) else { continue };
            let Some(class) = config.classes.get(id.index()).filter(|class| !class.dynamic) else { continue };
            if let Some(why) = never_matches(class, reclassifies) {
                let text = format!("class \"{}\" never has a member: {why}", name.text);
                found.push(warning(name.span, "class-never-matches", text));
            } else if !self.permitted.contains(&name.text) && does_nothing(config, class) {
                let text =
                    format!("class \"{}\" does nothing: it has no statements, and no pool asks for it", name.text);
                found.push(warning(name.span, "class-unused", text));
            }
        }
        found
    }
}

fn never_matches(class: &Class, reclassifies: bool) -> Option<&'static str> {
    match &class.condition {
        None if class.submatch.is_none() => return Some("it has neither \"match\" nor \"spawn with\""),
        Some(condition) if !reclassifies && never_true(condition) => {
            return Some(
                "classes are matched before hosts and leases are looked up, so that nothing is known or static",
            );
        }
        _ => {}
    }
    let needs_subclass = class.submatch.is_some() && !class.spawning && class.subclasses.is_empty();
    needs_subclass.then_some("it matches by its subclasses, and there is none")
}

/// True if the condition cannot hold when packets are classified.
fn never_true(condition: &Expr) -> bool {
    match condition {
        Expr::Known | Expr::Static => true,
        Expr::And(one, other) => never_true(one) || never_true(other),
        Expr::Or(one, other) => never_true(one) && never_true(other),
        _ => false,
    }
}

/// True if being a member, or one of a subclass, makes no difference. A class in a block runs that block's statements too.
fn does_nothing(config: &Config, class: &Class) -> bool {
    let empty = |class: &Class| class.lease_limit == 0 && config.scope(class.scope).statements.is_empty();
    let subclasses = || class.subclasses.values().filter_map(|id| config.classes.get(id.index()));
    empty(class) && config.scope(class.scope).parent == Some(Config::ROOT) && subclasses().all(empty)
}
