//! Identity associations: the leases of DHCPv6 as the lease file holds them (spec/dhcpv6.md 20).
//!
//! What an address's last statement says counts, not what the last block of its association leaves out: ISC's way loses
//! live leases (spec/dhcpv6.md 20.3, rule 4).

use super::lease::{BindingState, LeaseExtras};
use super::objects::table_place;
use super::text;
use super::writer::{state_name, variables, Format};
use crate::config::model::{Config, Prefix6, Range6};
use crate::wire::units::Timestamp;
use rustc_hash::FxHashMap;
use std::io::Write;
use std::net::Ipv6Addr;

/// Size of the tables in whose order ISC writes associations.
const TABLE: u32 = 9973;

/// What an association is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IaKind {
    NonTemporary,
    Temporary,
    Prefixes,
}

impl IaKind {
    /// All kinds in the order of the file.
    pub const ALL: [IaKind; 3] = [IaKind::NonTemporary, IaKind::Temporary, IaKind::Prefixes];

    /// The record's keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            IaKind::NonTemporary => "ia-na",
            IaKind::Temporary => "ia-ta",
            IaKind::Prefixes => "ia-pd",
        }
    }

    /// True if a pool of the configuration holds the address or prefix.
    pub fn has_pool(self, config: &Config, address: Ipv6Addr, length: u8) -> bool {
        let mut pools = config.networks.iter().flat_map(|network| &network.pools6);
        let in_range = |range: &Range6, temporary: bool| {
            range.temporary == temporary && covers(range.address, range.length, address)
        };
        let in_prefix = |prefix: &Prefix6| prefix.delegated == length && covers(prefix.address, prefix.length, address);
        match self {
            IaKind::NonTemporary => pools.any(|pool| pool.ranges.iter().any(|range| in_range(range, false))),
            IaKind::Temporary => pools.any(|pool| pool.ranges.iter().any(|range| in_range(range, true))),
            IaKind::Prefixes => pools.any(|pool| pool.prefixes.iter().any(in_prefix)),
        }
    }
}

/// True if the first `length` bits of both are the same.
fn covers(block: Ipv6Addr, length: u8, address: Ipv6Addr) -> bool {
    let differ = u128::from(block) ^ u128::from(address);
    differ.checked_shr(128u32.saturating_sub(length.into())).unwrap_or(0) == 0
}

/// An address or prefix and how long it is given.
#[derive(Clone, Debug, PartialEq)]
pub struct IaLease {
    pub address: Ipv6Addr,
    /// Bits of the prefix; 128 for an address.
    pub length: u8,
    pub state: BindingState,
    pub preferred: u32,
    pub max: u32,
    pub ends: Timestamp,
    /// Variables and events.
    pub extras: LeaseExtras,
}

/// An association.
#[derive(Clone, Debug, PartialEq)]
pub struct Ia {
    /// IAID, in the order of octets of this host's memory, and DUID.
    pub key: Box<[u8]>,
    pub cltt: Timestamp,
    pub leases: Vec<IaLease>,
}

/// The associations of one kind.
#[derive(Clone, Debug, Default)]
struct Table {
    associations: Vec<Ia>,
    by_key: FxHashMap<Box<[u8]>, usize>,
    holders: FxHashMap<(Ipv6Addr, u8), usize>,
    /// Counts blocks, so that the newest is written first among those of one place of ISC's table.
    entered: Vec<u64>,
    blocks: u64,
}

/// All associations.
#[derive(Clone, Debug, Default)]
pub struct IaTables {
    tables: [Table; 3],
}

impl IaTables {
    /// Enters what a block says of an association. The answer names the addresses that another association held.
    pub fn enter(&mut self, kind: IaKind, ia: Ia) -> Vec<Ipv6Addr> {
        let table = &mut self.tables[kind as usize];
        let mut taken = Vec::new();
        table.blocks += 1;
        let at = match table.by_key.get(&ia.key) {
            Some(at) => *at,
            None => {
                table.associations.push(Ia { leases: Vec::new(), ..ia.clone() });
                table.entered.push(0);
                table.by_key.insert(ia.key.clone(), table.associations.len() - 1);
                table.associations.len() - 1
            }
        };
        table.entered[at] = table.blocks;
        table.associations[at].cltt = ia.cltt;
        for lease in ia.leases {
            let place = (lease.address, lease.length);
            let lives = matches!(lease.state, BindingState::Active | BindingState::Abandoned);
            let holder = table.holders.get(&place).copied();
            if let Some(holder) = holder.filter(|holder| lives || *holder == at) {
                table.associations[holder].leases.retain(|other| (other.address, other.length) != place);
                table.holders.remove(&place);
                if holder != at {
                    taken.push(lease.address);
                }
            }
            if lives {
                table.holders.insert(place, at);
                table.associations[at].leases.push(lease);
            }
        }
        taken
    }

    /// The associations that hold anything, in ISC's order.
    fn in_order(&self, kind: IaKind) -> Vec<&Ia> {
        let table = &self.tables[kind as usize];
        let held = table.associations.iter().zip(&table.entered).filter(|(ia, _)| !ia.leases.is_empty());
        let mut order: Vec<_> = held.collect();
        order.sort_by_key(|(ia, entered)| (table_place(&ia.key, TABLE), std::cmp::Reverse(**entered)));
        order.into_iter().map(|(ia, _)| ia).collect()
    }

    /// Writes all associations.
    pub fn write(&self, out: &mut Vec<u8>, format: &Format) {
        for kind in IaKind::ALL {
            for ia in self.in_order(kind) {
                write_ia(out, kind, ia, format);
            }
        }
    }

    /// What a rewrite logs about them.
    pub fn log_line(&self) -> String {
        let [na, ta, pd] = IaKind::ALL.map(|kind| self.in_order(kind).len());
        format!("Wrote {na} NA, {ta} TA, {pd} PD leases to lease file.")
    }
}

/// The record of an association (spec/dhcpv6.md 20.1).
pub fn write_ia(out: &mut Vec<u8>, kind: IaKind, ia: &Ia, format: &Format) {
    out.extend_from_slice(kind.keyword().as_bytes());
    out.push(b' ');
    text::identifier(out, &ia.key, format.hex_identifiers);
    out.extend_from_slice(b" {\n");
    if ia.cltt != Timestamp::UNSET {
        out.extend_from_slice(b"  cltt ");
        text::date(out, ia.cltt, format.local_times);
        out.push(b'\n');
    }
    for lease in &ia.leases {
        write_ia_lease(out, kind, lease, format);
    }
    out.extend_from_slice(b"}\n\n");
}

fn write_ia_lease(out: &mut Vec<u8>, kind: IaKind, lease: &IaLease, format: &Format) {
    // Writing to memory cannot fail.
    let _ = match kind {
        IaKind::Prefixes => write!(out, "  iaprefix {}/{} {{", lease.address, lease.length),
        _ => write!(out, "  iaaddr {} {{", lease.address),
    };
    let state = state_name(lease.state);
    let (preferred, max) = (lease.preferred, lease.max);
    let _ =
        write!(out, "\n    binding state {state};\n    preferred-life {preferred};\n    max-life {max};\n    ends ");
    text::date(out, lease.ends, format.local_times);
    variables(out, &lease.extras.variables, b"\n    ");
    super::writer::events(out, &lease.extras, format, 4);
    out.extend_from_slice(b"\n  }\n");
}
