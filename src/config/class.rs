//! Classes and subclasses (spec/config-language.md 7.6).

use super::declare::Declarer;
use super::message::Lost;
use super::model::{Class, ClassId, ScopeId};
use super::place::{BlockKind, Place};
use super::state::{Step, Stop};
use crate::syntax::ast::{Block, ClassFlavour, Expression, Kind, Name, Statement};
use crate::syntax::source::Span;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What a class block has had.
#[derive(Default)]
struct Once {
    condition: bool,
    submatch: bool,
    deleted: bool,
}

impl Declarer<'_> {
    /// `class NAME { ... }`, or the older `vendor-class` and `user-class`, which declare subclasses.
    pub fn class(&mut self, scope: ScopeId, flavour: ClassFlavour, name: Name, body: Block) -> Step {
        if flavour != ClassFlavour::Class {
            return self.subclass(flavour, name, [].into(), Some(body));
        }
        let reopened = self.state.class_names.get(&name.text).copied();
        let class = match reopened {
            Some(class) => class,
            None => {
                let scope = self.state.new_scope(scope);
                self.new_class(name.text.clone(), None, scope, 0)
            }
        };
        let once = self.class_block(class, false, body)?;
        match (once.deleted, reopened) {
            (true, _) => {
                if let Some(class) = self.state.class_names.remove(&name.text) {
                    self.state.top_classes.retain(|other| *other != class);
                }
            }
            (false, None) => {
                self.state.top_classes.push(class);
                self.state.class_names.insert(name.text, class);
            }
            (false, Some(_)) => {}
        }
        Ok(())
    }

    /// `subclass CLASS DATA;`, or with a block.
    pub fn subclass(&mut self, flavour: ClassFlavour, class: Name, data: Box<[u8]>, body: Option<Block>) -> Step {
        let Some(parent) = self.state.class_names.get(&class.text).copied() else {
            self.state.log.complain(class.span, "unknown-class", format!("no class named {}", class.text));
            return Ok(());
        };
        // ISC means the name of the older forms to be the data, but forgets to copy it: there are only zeros.
        let data = match flavour {
            ClassFlavour::Class => data,
            ClassFlavour::VendorClass | ClassFlavour::UserClass => vec![0; class.text.chars().count()].into(),
        };
        let subclass = match self.state.classes[parent.index()].subclasses.get(&data).copied() {
            Some(subclass) => subclass,
            None => {
                let Class { scope, lease_limit, .. } = self.state.classes[parent.index()];
                let name = match flavour {
                    ClassFlavour::Class => "",
                    ClassFlavour::VendorClass => "implicit-vendor-class",
                    ClassFlavour::UserClass => "implicit-user-class",
                };
                let id = self.new_class(name.into(), Some((parent, data.clone())), scope, lease_limit);
                self.state.classes[parent.index()].subclasses.insert(data.clone(), id);
                id
            }
        };
        let Some(body) = body else { return Ok(()) };
        let scope = self.state.classes[subclass.index()].scope;
        self.state.classes[subclass.index()].scope = self.state.new_scope(scope);
        let once = self.class_block(subclass, true, body)?;
        if once.deleted {
            self.state.classes[parent.index()].subclasses.remove(&data);
        }
        Ok(())
    }

    fn new_class(
        &mut self,
        name: Box<str>,
        superclass: Option<(ClassId, Box<[u8]>)>,
        scope: ScopeId,
        lease_limit: u32,
    ) -> ClassId {
        let id = ClassId(self.state.classes.len() as u32);
        self.state.classes.push(Class {
            name,
            superclass,
            scope,
            condition: None,
            submatch: None,
            spawning: false,
            lease_limit,
            subclasses: FxHashMap::default(),
            dynamic: false,
        });
        id
    }

    fn class_block(&mut self, class: ClassId, is_subclass: bool, body: Block) -> Result<Once, Stop> {
        let mut once = Once::default();
        let scope = self.state.classes[class.index()].scope;
        let mut place = Place::new(BlockKind::Other, scope);
        for statement in body {
            if self.class_statement(class, is_subclass, &mut once, &mut place, statement)?.is_err() {
                break;
            }
        }
        Ok(once)
    }

    /// One statement of a class block. A mistake in what is special to classes ends the block.
    fn class_statement(
        &mut self,
        class: ClassId,
        is_subclass: bool,
        once: &mut Once,
        place: &mut Place,
        statement: Statement,
    ) -> Result<Result<(), Lost>, Stop> {
        let span = statement.span;
        let index = class.index();
        match statement.kind {
            Kind::Dynamic => self.state.classes[index].dynamic = true,
            Kind::Deleted => once.deleted = true,
            Kind::MatchIf(_) | Kind::Match(_) if is_subclass => {
                return Ok(Err(self.state.log.complain(span, "misplaced", "invalid match in subclass.")));
            }
            Kind::Spawn(_) if is_subclass => {
                return Ok(Err(self.state.log.complain(span, "misplaced", "invalid spawn in subclass.")));
            }
            Kind::MatchIf(_) if once.condition => {
                let text = "A class may only have one 'match if' clause.";
                return Ok(Err(self.state.log.complain(span, "class-match", text)));
            }
            Kind::MatchIf(condition) => {
                once.condition = true;
                let lowered = self.state.lower(self.map, |lowering| lowering.boolean(&condition));
                self.state.classes[index].condition = lowered.ok().map(|typed| Arc::new(typed.expr));
            }
            Kind::Match(data) => return Ok(self.submatch(class, once, &data, span)),
            Kind::Spawn(data) => {
                self.state.classes[index].spawning = true;
                return Ok(self.submatch(class, once, &data, span));
            }
            Kind::LeaseLimit(limit) => match u32::try_from(limit as i32) {
                Ok(limit) => self.state.classes[index].lease_limit = limit,
                Err(_) => return Err(self.state.fatal("no memory for billed leases.")),
            },
            _ => self.statement(place, None, statement)?,
        }
        Ok(Ok(()))
    }

    fn submatch(&mut self, class: ClassId, once: &mut Once, data: &Expression, span: Span) -> Result<(), Lost> {
        if once.submatch {
            return Err(self.state.log.complain(span, "class-match", "can't override existing submatch/spawn."));
        }
        once.submatch = true;
        let lowered = self.state.lower(self.map, |lowering| lowering.data(data));
        self.state.classes[class.index()].submatch = lowered.ok().map(|typed| Arc::new(typed.expr));
        Ok(())
    }
}
