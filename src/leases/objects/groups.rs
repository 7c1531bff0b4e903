//! Named groups made at run time, and the tombstones of those in dhcpd.conf (spec/leases-file.md 11, spec/omapi.md 11).

use super::table::Table;
use super::table_place;
use crate::config::ir::Stmt;
use crate::config::model::Config;
use crate::eval::print;
use crate::leases::text;
use crate::options::registry::Registry;
use std::sync::Arc;

/// Size of the table in whose order ISC writes groups.
const GROUP_TABLE: u32 = 9973;

/// A `group` record.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRecord {
    pub name: Box<str>,
    /// Made at run time; otherwise it stands for a group of dhcpd.conf.
    pub dynamic: bool,
    pub deleted: bool,
    pub statements: Arc<[Stmt]>,
    /// dhcpd.conf has a group of that name. Not in the file.
    pub is_declared: bool,
    /// The record as it stood in the file, if not all of it could be understood; it is written back like that.
    pub verbatim: Option<Vec<u8>>,
}

impl GroupRecord {
    /// A group made at run time.
    pub fn new(name: &str, statements: Arc<[Stmt]>) -> GroupRecord {
        GroupRecord { name: name.into(), dynamic: true, deleted: false, statements, is_declared: false, verbatim: None }
    }

    /// Its end.
    pub fn deletion(name: &str, dynamic: bool) -> GroupRecord {
        GroupRecord { dynamic, deleted: true, ..GroupRecord::new(name, Arc::from([])) }
    }
}

/// Named groups over those of dhcpd.conf.
#[derive(Clone, Debug, Default)]
pub struct DynamicGroups {
    groups: Table<Box<str>, GroupRecord>,
}

impl DynamicGroups {
    /// Enters a record; the last one of a name counts. `is_declared`: dhcpd.conf has a group of that name. Nothing remains of a
    /// group made at run time that is deleted, unless one of dhcpd.conf would come back.
    pub fn enter(&mut self, group: GroupRecord, is_declared: bool) {
        if group.deleted && !is_declared {
            self.groups.remove(&*group.name);
        } else {
            let dynamic = group.dynamic && !group.deleted;
            self.groups.put(group.name.clone(), GroupRecord { dynamic, is_declared, ..group });
        }
    }

    /// The record of that name, a tombstone too.
    pub fn get(&self, name: &str) -> Option<&GroupRecord> {
        self.groups.get(name)
    }

    /// All records, tombstones included.
    pub fn records(&self) -> impl Iterator<Item = &GroupRecord> {
        self.groups.iter().map(|(_, group)| group)
    }

    /// True if there is no record.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// All records in the order of the lease file.
    pub fn in_file_order(&self) -> Vec<&GroupRecord> {
        let mut records: Vec<_> = self.records().collect();
        records.sort_by_key(|group| table_place(group.name.as_bytes(), GROUP_TABLE));
        records
    }

    /// Makes the groups known to a configuration that was read without them.
    pub fn apply(&self, config: &mut Config) {
        for group in self.records() {
            if group.deleted {
                config.remove_group(&group.name);
            } else {
                config.put_group(&group.name, &group.statements);
            }
        }
        // From the start on their members are without them.
        config.ended_groups.clear();
    }
}

/// A statement without effect. ISC's reader takes what follows a flag for a statement, be it the brace that ends the record:
/// of a record of flags alone it loses that brace, and with it the leases behind.
const NOTHING: &[u8] = b"\n        if static {\n        }";

/// The text of a `group` record. Both servers read it as it is meant, unlike what ISC itself writes (spec/omapi.md 11).
pub fn write_group(out: &mut Vec<u8>, group: &GroupRecord, registry: &Registry) {
    if let Some(verbatim) = &group.verbatim {
        out.extend_from_slice(verbatim);
        out.push(b'\n');
        return;
    }
    out.extend_from_slice(b"group ");
    text::word_or_quoted(out, &group.name);
    out.extend_from_slice(b" {");
    if group.deleted {
        out.extend_from_slice(b"\n  deleted;");
    } else if group.dynamic {
        out.extend_from_slice(b"\n  dynamic;");
    }
    if group.deleted || group.statements.is_empty() {
        out.extend_from_slice(NOTHING);
    } else {
        print::statements(out, registry, &group.statements, 8);
    }
    out.extend_from_slice(b"\n}\n");
}
