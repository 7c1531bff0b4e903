//! Named groups and classes that are made and taken away while the server runs: they go into the configuration in force. Each
//! change takes O(1), and places that became free are used again.

use super::ir::{Expr, Stmt};
use super::model::{Class, ClassId, Config, Scope, ScopeId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Places in the tables of a configuration that nothing refers to any more.
#[derive(Clone, Debug, Default)]
pub struct Spare {
    scopes: Vec<ScopeId>,
    classes: Vec<ClassId>,
}

/// What a class or subclass holds.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassBody {
    /// 0: none
    pub lease_limit: u32,
    /// `match if`
    pub condition: Option<Arc<Expr>>,
    /// `match` or `spawn with`
    pub submatch: Option<Arc<Expr>>,
    pub spawning: bool,
    pub statements: Arc<[Stmt]>,
}

impl Default for ClassBody {
    fn default() -> Self {
        ClassBody { lease_limit: 0, condition: None, submatch: None, spawning: false, statements: Arc::from([]) }
    }
}

impl Config {
    /// Enters a named group, in the place of one of that name.
    pub fn put_group(&mut self, name: &str, statements: &[Stmt]) {
        self.remove_group(name);
        self.forget_ended_group(name);
        let scope = self.new_scope(Config::ROOT, statements);
        self.dynamic_groups.insert(scope);
        self.groups.insert(name.into(), scope);
    }

    /// Takes a named group away. Its members keep its statements, those made at run time until there is another group of that
    /// name.
    pub fn remove_group(&mut self, name: &str) {
        let Some(scope) = self.groups.remove(name) else { return };
        self.forget_ended_group(name);
        self.ended_groups.insert(name.into(), scope);
    }

    fn forget_ended_group(&mut self, name: &str) {
        let Some(scope) = self.ended_groups.remove(name) else { return };
        if self.dynamic_groups.remove(&scope) {
            self.free_scope(scope);
        }
    }

    /// The scope of the named group that a host refers to.
    pub fn scope_of_group(&self, name: &str) -> Option<ScopeId> {
        self.groups.get(name).or_else(|| self.ended_groups.get(name)).copied()
    }

    /// Enters a class. One of the configuration of that name is opened again.
    pub fn put_class(&mut self, name: &str, body: &ClassBody) -> ClassId {
        if let Some(id) = self.class_named(name) {
            self.reopen_class(id, body);
            return id;
        }
        let scope = self.new_scope(Config::ROOT, &body.statements);
        let id = self.new_class(name.into(), None, scope, body);
        self.index.top_classes.push(id);
        self.index.classes_by_name.insert(name.into(), id);
        id
    }

    /// Enters a subclass; `None` if there is no such class. One of that data is opened again.
    pub fn put_subclass(&mut self, class: &str, data: &[u8], body: &ClassBody) -> Option<ClassId> {
        let parent = self.class_named(class)?;
        let Class { scope, lease_limit, subclasses, .. } = self.classes.get(parent.index())?;
        let (scope, lease_limit) = (*scope, *lease_limit);
        if let Some(id) = subclasses.get(data).copied() {
            self.reopen_class(id, body);
            return Some(id);
        }
        let scope = self.new_scope(scope, &body.statements);
        let id = self.new_class("".into(), Some((parent, data.into())), scope, body);
        let class = self.classes.get_mut(id.index())?;
        if class.lease_limit == 0 {
            class.lease_limit = lease_limit;
        }
        self.classes.get_mut(parent.index())?.subclasses.insert(data.into(), id);
        Some(id)
    }

    /// Takes a class with its subclasses away.
    pub fn remove_class(&mut self, name: &str) {
        let Some(id) = self.index.classes_by_name.remove(name) else { return };
        self.index.top_classes.retain(|other| *other != id);
        let subclasses = self.classes.get_mut(id.index()).map(|class| std::mem::take(&mut class.subclasses));
        for subclass in subclasses.unwrap_or_default().into_values() {
            self.free_class(subclass);
        }
        self.free_class(id);
    }

    /// Takes a subclass away.
    pub fn remove_subclass(&mut self, class: &str, data: &[u8]) {
        let parent = self.class_named(class).and_then(|id| self.classes.get_mut(id.index()));
        if let Some(id) = parent.and_then(|parent| parent.subclasses.remove(data)) {
            self.free_class(id);
        }
    }

    /// The class of that name, or its subclass of that data.
    pub fn class_of(&self, name: &str, subclass: Option<&[u8]>) -> Option<ClassId> {
        let class = self.class_named(name)?;
        match subclass {
            None => Some(class),
            Some(data) => self.classes.get(class.index())?.subclasses.get(data).copied(),
        }
    }

    fn new_scope(&mut self, parent: ScopeId, statements: &[Stmt]) -> ScopeId {
        let authoritative = self.scope(parent).authoritative;
        let scope = Scope { parent: Some(parent), statements: statements.to_vec(), authoritative };
        if let Some(id) = self.spare.scopes.pop() {
            if let Some(place) = self.scopes.get_mut(id.index()) {
                *place = scope;
                return id;
            }
        }
        let id = ScopeId(self.scopes.len() as u32);
        self.scopes.push(scope);
        id
    }

    fn free_scope(&mut self, id: ScopeId) {
        if let Some(scope) = self.scopes.get_mut(id.index()) {
            *scope = Scope { parent: Some(Config::ROOT), ..Scope::default() };
            self.spare.scopes.push(id);
        }
    }

    fn new_class(
        &mut self,
        name: Box<str>,
        superclass: Option<(ClassId, Box<[u8]>)>,
        scope: ScopeId,
        body: &ClassBody,
    ) -> ClassId {
        let class = Class {
            name,
            superclass,
            scope,
            condition: body.condition.clone(),
            submatch: body.submatch.clone(),
            spawning: body.spawning,
            lease_limit: body.lease_limit,
            subclasses: FxHashMap::default(),
            dynamic: true,
        };
        if let Some(id) = self.spare.classes.pop() {
            if let Some(place) = self.classes.get_mut(id.index()) {
                *place = class;
                return id;
            }
        }
        let id = ClassId(self.classes.len() as u32);
        self.classes.push(class);
        id
    }

    fn reopen_class(&mut self, id: ClassId, body: &ClassBody) {
        let Some(class) = self.classes.get_mut(id.index()) else { return };
        class.dynamic = true;
        if body.lease_limit > 0 {
            class.lease_limit = body.lease_limit;
        }
        if body.condition.is_some() {
            class.condition = body.condition.clone();
        }
        if body.submatch.is_some() {
            (class.submatch, class.spawning) = (body.submatch.clone(), body.spawning);
        }
        if !body.statements.is_empty() {
            let around = class.scope;
            let scope = self.new_scope(around, &body.statements);
            if let Some(class) = self.classes.get_mut(id.index()) {
                class.scope = scope;
            }
        }
    }

    /// The place of a class of the configuration is kept: pools may name it.
    fn free_class(&mut self, id: ClassId) {
        let Some(class) = self.classes.get_mut(id.index()) else { return };
        if id.index() < self.declared_classes {
            return;
        }
        let scope = class.scope;
        (class.condition, class.submatch, class.superclass) = (None, None, None);
        self.free_scope(scope);
        self.spare.classes.push(id);
    }
}
