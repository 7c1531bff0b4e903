//! Hosts made at run time, and the tombstones of those in dhcpd.conf (spec/leases-file.md 10, spec/omapi.md 11).

use super::table::Table;
use crate::config::ir::Stmt;
use crate::config::model::FixedAddress;
use crate::eval::print;
use crate::leases::text;
use crate::options::registry::Registry;
use crate::wire::hardware::HardwareAddr;

/// A host that OMAPI made, or the tombstone of one in dhcpd.conf.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostRecord {
    pub name: Box<str>,
    /// Made at run time; otherwise it is or stands for a host of a configuration, and only its deletion is written.
    pub dynamic: bool,
    pub deleted: bool,
    pub hardware: HardwareAddr,
    /// Client identifier; empty if none.
    pub uid: Box<[u8]>,
    pub fixed_addresses: Vec<FixedAddress>,
    pub group: Option<Box<str>>,
    /// Its statements.
    pub statements: Vec<Stmt>,
}

/// True if a host of that name reads back from the lease file: words of letters, digits, `-` and `_`, joined by dots.
pub fn is_host_name(name: &str) -> bool {
    let word = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(word))
}

/// The text of a `host` record (spec/leases-file.md 10). `has_group` tells if there is a
/// named group. A name that could not be read back is not written.
pub fn write_host(out: &mut Vec<u8>, host: &HostRecord, registry: &Registry, has_group: &dyn Fn(&str) -> bool) {
    if !text::is_plain(host.name.as_bytes()) {
        return;
    }
    out.extend_from_slice(b"host ");
    out.extend_from_slice(host.name.as_bytes());
    out.extend_from_slice(b" {");
    if host.dynamic {
        out.extend_from_slice(b"\n  dynamic;");
    }
    if host.deleted {
        out.extend_from_slice(b"\n  deleted;");
    } else {
        write_contents(out, host, registry, has_group);
    }
    out.extend_from_slice(b"\n}\n");
}

fn write_contents(out: &mut Vec<u8>, host: &HostRecord, registry: &Registry, has_group: &dyn Fn(&str) -> bool) {
    if !host.hardware.is_none() {
        out.extend_from_slice(b"\n  hardware ");
        text::hardware(out, host.hardware.htype(), host.hardware.address());
        out.push(b';');
    }
    if !host.uid.is_empty() {
        out.extend_from_slice(b"\n  uid ");
        text::plain_or_hex(out, &host.uid);
        out.push(b';');
    }
    for (i, address) in host.fixed_addresses.iter().enumerate() {
        out.extend_from_slice(if i == 0 { b"\n  fixed-address ".as_slice() } else { b",".as_slice() });
        match address {
            FixedAddress::Address(address) => text::address(out, *address),
            FixedAddress::Name(name) => out.extend_from_slice(name.as_bytes()),
        }
    }
    if !host.fixed_addresses.is_empty() {
        out.push(b';');
    }
    if let Some(group) = host.group.as_ref().filter(|group| has_group(group)) {
        out.extend_from_slice(b"\n  group ");
        text::quoted_name(out, group);
        out.push(b';');
    }
    print::statements(out, registry, &host.statements, 8);
}

/// A host of that name is known and not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyExists;

/// Hosts made at run time, over those of dhcpd.conf.
#[derive(Clone, Debug, Default)]
pub struct DynamicHosts {
    hosts: Table<Box<str>, HostRecord>,
}

impl DynamicHosts {
    /// All records, tombstones included, in the order in which their names came up.
    pub fn records(&self) -> impl Iterator<Item = &HostRecord> {
        self.hosts.iter().map(|(_, host)| host)
    }

    /// Enters a record that was read. One that says `deleted` takes the place of the host of that name, and any may take the
    /// place of a deleted one; otherwise a known name is an error. `is_declared`: dhcpd.conf has a host of that name.
    pub fn enter(&mut self, host: HostRecord, is_declared: bool) -> Result<(), AlreadyExists> {
        let is_known = match self.by_name(&host.name) {
            Some(old) => !old.deleted,
            None => is_declared,
        };
        if !host.deleted && is_known {
            return Err(AlreadyExists);
        }
        self.replace(host, is_declared);
        Ok(())
    }

    /// Enters a record; it replaces an earlier one of that name. A host that was made at run time and is deleted leaves nothing
    /// behind, unless one of dhcpd.conf would come back.
    pub fn replace(&mut self, host: HostRecord, is_declared: bool) {
        if host.deleted && host.dynamic && !is_declared {
            self.hosts.remove(&*host.name);
        } else {
            let dynamic = host.dynamic && !host.deleted;
            self.hosts.put(host.name.clone(), HostRecord { dynamic, ..host });
        }
    }

    /// The record of that name, a tombstone too.
    pub fn by_name(&self, name: &str) -> Option<&HostRecord> {
        self.hosts.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, dynamic: bool, deleted: bool) -> HostRecord {
        HostRecord { name: name.into(), dynamic, deleted, ..HostRecord::default() }
    }

    #[test]
    fn a_host_of_the_configuration_stays_deleted_whatever_was_made_in_its_place() {
        let mut hosts = DynamicHosts::default();
        assert_eq!(hosts.enter(record("c", true, false), true), Err(AlreadyExists));
        hosts.enter(record("c", false, true), true).unwrap();
        hosts.enter(record("c", true, false), true).unwrap();
        hosts.enter(record("c", true, true), true).unwrap();
        assert_eq!(hosts.by_name("c"), Some(&record("c", false, true)));
        hosts.enter(record("d", true, false), false).unwrap();
        assert_eq!(hosts.enter(record("d", true, false), false), Err(AlreadyExists));
        hosts.enter(record("d", true, true), false).unwrap();
        assert_eq!(hosts.by_name("d"), None);
    }

    #[test]
    fn names_that_the_lease_file_can_hold() {
        for name in ["h1", "a.b.c", "nh6b02978b564af25265f0", "x_y-z", "10", "deleted"] {
            assert!(is_host_name(name), "{name}");
        }
        for name in ["", "a b", "a{", "a}", "a\"", ".a", "a.", "a..b", "ä", "a;b", "a#b", "a/b"] {
            assert!(!is_host_name(name), "{name}");
        }
    }

    #[test]
    fn a_group_that_is_gone_is_not_named() {
        let host = HostRecord { group: Some("g".into()), ..record("h", true, false) };
        let registry = Registry::builtin();
        let written = |live: bool| {
            let mut out = Vec::new();
            write_host(&mut out, &host, &registry, &|_| live);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(true), "host h {\n  dynamic;\n  group \"g\";\n}\n");
        assert_eq!(written(false), "host h {\n  dynamic;\n}\n");
    }
}
