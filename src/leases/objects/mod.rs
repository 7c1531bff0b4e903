//! Records of the lease file that are not leases: classes, groups, hosts, failover states, the server's DUID
//! (spec/leases-file.md 10 to 14). They are kept and written back in ISC's order; the configuration in force takes groups and
//! classes over from here, the engine hosts.

mod classes;
mod groups;
mod hosts;
mod table;

pub use classes::{write_class_deletion, ClassRecord, DynamicClasses};
pub use groups::{write_group, DynamicGroups, GroupRecord};
pub use hosts::{is_host_name, write_host, AlreadyExists, DynamicHosts, HostRecord};

use super::ia::IaTables;
use super::peer::PeerRecord;
use super::text;
use crate::config::model::Config;

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
    pub classes: DynamicClasses,
    pub groups: DynamicGroups,
    /// Relationships, in the order of their records.
    pub failover: Vec<PeerRecord>,
    /// The DUID the file remembers.
    pub server_duid: Option<Box<[u8]>>,
    pub hosts: DynamicHosts,
    /// The leases of a DHCPv6 server; `None` in the other one, which does not read them.
    pub associations: Option<IaTables>,
}

impl Objects {
    /// Writes classes, groups, deleted hosts, dynamic hosts and failover states, in this order.
    pub fn write(&self, out: &mut Vec<u8>, config: &Config) -> ObjectCounts {
        let registry = &config.registry;
        let mut counts = ObjectCounts::default();
        self.classes.each_in_file_order(config, |class| {
            counts.classes += 1;
            class.write(out, registry);
        });
        for group in self.groups.in_file_order() {
            counts.groups += 1;
            write_group(out, group, registry);
        }
        let mut hosts: Vec<&HostRecord> = self.hosts.records().collect();
        hosts.sort_by_key(|host| table_place(host.name.as_bytes(), HOST_TABLE));
        for host in hosts.iter().filter(|host| host.deleted) {
            counts.deleted_hosts += 1;
            write_host(out, host, registry, &|_| true);
        }
        let has_group = |name: &str| config.groups.contains_key(name);
        for host in hosts.iter().filter(|host| !host.deleted && host.dynamic) {
            write_host(out, host, registry, &has_group);
        }
        for peer in &self.failover {
            peer.write(out, config.local_times);
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

/// Size of the table in whose order ISC writes hosts.
const HOST_TABLE: u32 = 22_501;

/// The place of a name in such a table: octets are added to twice the sum, carries beyond 16 bits at the low end.
pub fn table_place(name: &[u8], size: u32) -> u32 {
    let sum = name.iter().fold(0u32, |sum, octet| {
        let sum = (sum << 1) + u32::from(*octet);
        let sum = (sum & 0xffff) + (sum >> 16);
        (sum & 0xffff) + (sum >> 16)
    });
    sum % size
}

/// The text of a `server-duid` record.
pub fn write_server_duid(out: &mut Vec<u8>, duid: &[u8], as_hex: bool) {
    out.extend_from_slice(b"server-duid ");
    text::identifier(out, duid, as_hex);
    out.extend_from_slice(b";\n\n");
}
