//! Classes and subclasses made at run time (spec/leases-file.md 12, spec/omapi.md 11).

use super::table::Table;
use crate::config::dynamic::ClassBody;
use crate::config::model::Config;
use crate::eval::print;
use crate::leases::lease::Billing;
use crate::leases::text;
use crate::options::registry::Registry;
use std::sync::Arc;

/// A `class` or `subclass` record.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRecord {
    /// The class, or the subclass by its data.
    pub key: Billing,
    pub body: ClassBody,
    /// The record as it stood in the file, if not all of it could be understood; it is written back like that.
    pub verbatim: Option<Vec<u8>>,
}

impl ClassRecord {
    /// A class or subclass made at run time.
    pub fn new(key: Billing, body: ClassBody) -> ClassRecord {
        ClassRecord { key, body, verbatim: None }
    }

    /// Appends the text of the record.
    pub fn write(&self, out: &mut Vec<u8>, registry: &Registry) {
        if let Some(verbatim) = &self.verbatim {
            out.extend_from_slice(verbatim);
            out.extend_from_slice(b"\n\n");
            return;
        }
        write_heading(out, &self.key);
        out.extend_from_slice(b"  dynamic;\n");
        write_body(out, &self.body, registry);
    }
}

/// Appends the text that takes a class or subclass away. It holds, as ISC's does, all that the class had.
pub fn write_class_deletion(out: &mut Vec<u8>, class: &ClassRecord, registry: &Registry) {
    write_heading(out, &class.key);
    out.extend_from_slice(b"  deleted;\n");
    write_body(out, &class.body, registry);
}

fn write_heading(out: &mut Vec<u8>, key: &Billing) {
    out.extend_from_slice(if key.subclass.is_some() { b"subclass ".as_slice() } else { b"class ".as_slice() });
    text::quoted_name(out, &key.class);
    if let Some(data) = &key.subclass {
        out.push(b' ');
        text::plain_or_hex(out, data);
    }
    out.extend_from_slice(b" {\n");
}

fn write_body(out: &mut Vec<u8>, body: &ClassBody, registry: &Registry) {
    if body.lease_limit > 0 {
        out.extend_from_slice(b"  lease limit ");
        text::number(out, body.lease_limit.into());
        out.extend_from_slice(b";\n");
    }
    if let Some(condition) = &body.condition {
        out.extend_from_slice(b"  match if ");
        print::expression(out, registry, condition, 5);
        out.extend_from_slice(b";\n");
    }
    if let Some(submatch) = &body.submatch {
        // ISC leaves the `with` out, and cannot read that.
        out.extend_from_slice(if body.spawning { b"  spawn with ".as_slice() } else { b"  match ".as_slice() });
        print::expression(out, registry, submatch, 5);
        out.extend_from_slice(b";\n");
    }
    print::statements(out, registry, &body.statements, 8);
    out.extend_from_slice(b"}\n\n");
}

/// What was made at run time of one class: itself, or only subclasses of one in dhcpd.conf.
#[derive(Clone, Debug, Default)]
struct Family {
    class: Option<ClassRecord>,
    subclasses: Table<Box<[u8]>, ClassRecord>,
}

impl Family {
    fn each(&self, visit: &mut dyn FnMut(&ClassRecord)) {
        self.class.iter().for_each(&mut *visit);
        self.subclasses.iter().for_each(|(_, class)| visit(class));
    }
}

/// Classes and subclasses besides those of dhcpd.conf.
#[derive(Clone, Debug, Default)]
pub struct DynamicClasses {
    families: Table<Arc<str>, Family>,
}

impl DynamicClasses {
    /// Enters a record; the last one of a class counts.
    pub fn enter(&mut self, class: ClassRecord) {
        let name = class.key.class.clone();
        if self.families.get(&*name).is_none() {
            self.families.put(name.clone(), Family::default());
        }
        let Some(family) = self.families.get_mut(&*name) else { return };
        match class.key.subclass.clone() {
            None => family.class = Some(class),
            Some(data) => family.subclasses.put(data, class),
        }
    }

    /// Takes a class with its subclasses, or a subclass, away.
    pub fn remove(&mut self, key: &Billing) -> Option<ClassRecord> {
        let Some(data) = &key.subclass else { return self.families.remove(&*key.class)?.class };
        let family = self.families.get_mut(&*key.class)?;
        let removed = family.subclasses.remove(data);
        if family.class.is_none() && family.subclasses.is_empty() {
            self.families.remove(&*key.class);
        }
        removed
    }

    /// The record of a class or subclass.
    pub fn get(&self, key: &Billing) -> Option<&ClassRecord> {
        let family = self.families.get(&*key.class)?;
        match &key.subclass {
            None => family.class.as_ref(),
            Some(data) => family.subclasses.get(data),
        }
    }

    /// True if there is no record.
    pub fn is_empty(&self) -> bool {
        self.families.is_empty()
    }

    /// Visits all records, each class before its subclasses.
    fn each(&self, mut visit: impl FnMut(&ClassRecord)) {
        self.families.iter().for_each(|(_, family)| family.each(&mut visit));
    }

    /// The same in the order of the lease file: classes as a configuration has them, dhcpd.conf's first. Those whose class it
    /// does not have come last.
    pub fn each_in_file_order(&self, config: &Config, mut visit: impl FnMut(&ClassRecord)) {
        let named = config.index.top_classes.iter().filter_map(|id| config.classes.get(id.index()));
        for class in named {
            self.families.get(&*class.name).into_iter().for_each(|family| family.each(&mut visit));
        }
        let others = self.families.iter().filter(|(name, _)| config.class_named(name).is_none());
        others.for_each(|(_, family)| family.each(&mut visit));
    }

    /// Makes the classes known to a configuration that was read without them. Gives the names of classes whose subclasses
    /// cannot be: there is no such class.
    pub fn apply(&self, config: &mut Config) -> Vec<Arc<str>> {
        let mut unknown = Vec::new();
        self.each(|class| match &class.key.subclass {
            None => drop(config.put_class(&class.key.class, &class.body)),
            Some(data) if config.put_subclass(&class.key.class, data, &class.body).is_none() => {
                unknown.push(class.key.class.clone());
            }
            Some(_) => {}
        });
        unknown.dedup();
        unknown
    }
}
