//! Records of the lease file that are not leases: classes, groups, hosts, failover states, the server's DUID
//! (spec/leases-file.md 10 to 14). They are kept, written back in ISC's order, and hosts are found by client.

use super::ia::IaTables;
use super::text;
use crate::config::ir::Stmt;
use crate::config::model::{Config, FixedAddress};
use crate::eval::print;
use crate::options::registry::Registry;
use crate::wire::hardware::HardwareAddr;
use rustc_hash::FxHashMap;

/// A `class`, `subclass`, `group` or `failover peer` record: what it is called, and its text as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Name, and for a subclass its data.
    pub key: Vec<u8>,
    pub deleted: bool,
    /// The record from its keyword to its closing brace.
    pub text: Vec<u8>,
}

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

/// Counts for the `Wrote ...` lines (spec/leases-file.md 20).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectCounts {
    pub classes: usize,
    pub groups: usize,
    pub deleted_hosts: usize,
}

/// All records that are not leases.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    pub classes: Vec<Kept>,
    pub groups: Vec<Kept>,
    pub failover: Vec<Kept>,
    /// The DUID the file remembers.
    pub server_duid: Option<Box<[u8]>>,
    pub hosts: DynamicHosts,
    /// The leases of a DHCPv6 server; `None` in the other one, which does not read them.
    pub associations: Option<IaTables>,
}

impl Objects {
    /// Writes classes, groups, deleted hosts, dynamic hosts and failover states, in this order.
    pub fn write(&self, out: &mut Vec<u8>, registry: &Registry) -> ObjectCounts {
        let mut counts = ObjectCounts::default();
        for class in &self.classes {
            counts.classes += 1;
            out.extend_from_slice(&class.text);
            out.extend_from_slice(b"\n\n");
        }
        let mut groups: Vec<&Kept> = self.groups.iter().filter(|group| !group.deleted).collect();
        groups.sort_by_key(|group| table_place(&group.key, GROUP_TABLE));
        for group in groups {
            counts.groups += 1;
            out.extend_from_slice(&group.text);
            out.push(b'\n');
        }
        let mut hosts: Vec<&HostRecord> = self.hosts.records().collect();
        hosts.sort_by_key(|host| table_place(host.name.as_bytes(), HOST_TABLE));
        for host in hosts.iter().filter(|host| host.deleted) {
            counts.deleted_hosts += 1;
            write_host(out, host, registry);
        }
        for host in hosts.iter().filter(|host| !host.deleted && host.dynamic) {
            write_host(out, host, registry);
        }
        for peer in &self.failover {
            out.push(b'\n');
            out.extend_from_slice(&peer.text);
            out.push(b'\n');
        }
        counts
    }

    /// The lines a rewrite logs before that of the leases, for those kinds of objects of which there are any.
    pub fn log_lines(&self, config: &Config, counts: ObjectCounts) -> Vec<String> {
        let mut lines = Vec::new();
        if !config.classes.is_empty() || !self.classes.is_empty() {
            lines.push(format!("Wrote {} class decls to leases file.", counts.classes));
        }
        if !config.groups.is_empty() || !self.groups.is_empty() {
            lines.push(format!("Wrote {} group decls to leases file.", counts.groups));
        }
        if !config.hosts.is_empty() || self.hosts.records().next().is_some() {
            lines.push(format!("Wrote {} deleted host decls to leases file.", counts.deleted_hosts));
            // ISC counts failures here (spec/leases-file.md 20).
            lines.push("Wrote 0 new dynamic host decls to leases file.".into());
        }
        lines
    }
}

/// Sizes of the tables in whose order ISC writes hosts and groups.
const HOST_TABLE: u32 = 22_501;
const GROUP_TABLE: u32 = 9973;

/// The place of a name in such a table: octets are added to twice the sum, carries beyond 16 bits at the low end.
pub fn table_place(name: &[u8], size: u32) -> u32 {
    let sum = name.iter().fold(0u32, |sum, octet| {
        let sum = (sum << 1) + u32::from(*octet);
        let sum = (sum & 0xffff) + (sum >> 16);
        (sum & 0xffff) + (sum >> 16)
    });
    sum % size
}

/// Puts a record in the place of an earlier one of the same key, or at the end.
pub fn keep(records: &mut Vec<Kept>, record: Kept) {
    match records.iter_mut().find(|old| old.key == record.key) {
        Some(old) => *old = record,
        None => records.push(record),
    }
}

/// The text of a `server-duid` record.
pub fn write_server_duid(out: &mut Vec<u8>, duid: &[u8], as_hex: bool) {
    out.extend_from_slice(b"server-duid ");
    text::identifier(out, duid, as_hex);
    out.extend_from_slice(b";\n\n");
}

/// The text of a `host` record (spec/leases-file.md 10). A name that could not be read back is not written.
pub fn write_host(out: &mut Vec<u8>, host: &HostRecord, registry: &Registry) {
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
        write_host_contents(out, host, registry);
    }
    out.extend_from_slice(b"\n}\n");
}

fn write_host_contents(out: &mut Vec<u8>, host: &HostRecord, registry: &Registry) {
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
    if let Some(group) = &host.group {
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
    hosts: Vec<HostRecord>,
    by_name: FxHashMap<Box<str>, usize>,
    by_hardware: FxHashMap<HardwareAddr, Vec<usize>>,
    by_uid: FxHashMap<Box<[u8]>, Vec<usize>>,
}

impl DynamicHosts {
    /// All records, tombstones included, in the order in which their names came up.
    pub fn records(&self) -> impl Iterator<Item = &HostRecord> {
        // A dynamic host that was deleted leaves nothing behind.
        self.hosts.iter().filter(|host| !(host.dynamic && host.deleted))
    }

    /// Enters a record. One that says `deleted` takes the place of the host of that name, and any may take the place of a
    /// deleted one; otherwise a known name is an error.
    pub fn enter(&mut self, host: HostRecord) -> Result<(), AlreadyExists> {
        if !host.deleted && self.by_name(&host.name).is_some_and(|old| !old.deleted) {
            return Err(AlreadyExists);
        }
        self.replace(host);
        Ok(())
    }

    /// Enters a record; it replaces an earlier one of that name.
    pub fn replace(&mut self, host: HostRecord) {
        let at = match self.by_name.get(&host.name) {
            Some(at) => {
                let at = *at;
                self.unindex(at);
                if let Some(old) = self.hosts.get_mut(at) {
                    *old = host;
                }
                at
            }
            None => {
                self.by_name.insert(host.name.clone(), self.hosts.len());
                self.hosts.push(host);
                self.hosts.len() - 1
            }
        };
        self.index(at);
    }

    /// The live hosts of a hardware address, in order of entry.
    pub fn by_hardware(&self, hardware: &HardwareAddr) -> impl Iterator<Item = &HostRecord> {
        self.by_hardware.get(hardware).into_iter().flatten().filter_map(|at| self.hosts.get(*at))
    }

    /// The live hosts of a client identifier, in order of entry.
    pub fn by_uid(&self, uid: &[u8]) -> impl Iterator<Item = &HostRecord> {
        self.by_uid.get(uid).into_iter().flatten().filter_map(|at| self.hosts.get(*at))
    }

    /// The record of that name, a tombstone too.
    pub fn by_name(&self, name: &str) -> Option<&HostRecord> {
        self.by_name.get(name).and_then(|at| self.hosts.get(*at))
    }

    /// True if the host of dhcpd.conf of that name was deleted or replaced at run time, and does not count any more.
    pub fn hides(&self, name: &str) -> bool {
        self.by_name(name).is_some()
    }

    fn index(&mut self, at: usize) {
        let Some(host) = self.hosts.get(at).filter(|host| !host.deleted) else { return };
        if !host.hardware.is_none() {
            self.by_hardware.entry(host.hardware).or_default().push(at);
        }
        if !host.uid.is_empty() {
            self.by_uid.entry(host.uid.clone()).or_default().push(at);
        }
    }

    fn unindex(&mut self, at: usize) {
        let Some(host) = self.hosts.get(at) else { return };
        if let Some(list) = self.by_hardware.get_mut(&host.hardware) {
            list.retain(|other| *other != at);
        }
        if let Some(list) = self.by_uid.get_mut(&host.uid) {
            list.retain(|other| *other != at);
        }
    }
}
