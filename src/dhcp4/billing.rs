//! How many leases each class with a limit has (spec/dhcpv4.md 24).

use crate::config::model::Config;
use crate::eval::environment::Member;
use crate::leases::lease::{Billing, BindingState, Lease};
use rustc_hash::FxHashMap;

/// What billing asks of the classes of a packet.
pub trait Billable {
    /// What a lease that counts against it says.
    fn billing(&self, config: &Config) -> Option<Billing>;
    /// The most leases it may have; 0: no limit.
    fn limit(&self, config: &Config) -> u32;
    /// The name in the log line about a limit that was reached: the superclass's for a subclass.
    fn shown_name<'c>(&self, config: &'c Config) -> &'c str;
}

impl Billable for Member {
    fn billing(&self, config: &Config) -> Option<Billing> {
        let class = config.classes.get(self.class.index())?;
        let subclass = match (&class.superclass, &self.spawned) {
            (Some((superclass, data)), _) => {
                let superclass = config.classes.get(superclass.index())?;
                return Some(Billing { class: (&*superclass.name).into(), subclass: Some(data.clone()) });
            }
            (None, spawned) => spawned.clone(),
        };
        Some(Billing { class: (&*class.name).into(), subclass })
    }

    fn limit(&self, config: &Config) -> u32 {
        config.classes.get(self.class.index()).map_or(0, |class| class.lease_limit)
    }

    fn shown_name<'c>(&self, config: &'c Config) -> &'c str {
        let Some(class) = config.classes.get(self.class.index()) else { return "" };
        let superclass = class.superclass.as_ref().and_then(|(id, _)| config.classes.get(id.index()));
        &superclass.unwrap_or(class).name
    }
}

/// Leases by what they are billed to.
#[derive(Debug, Default)]
pub struct Counts {
    leases: FxHashMap<Billing, u32>,
}

impl Counts {
    /// Counts all leases.
    pub fn of<'l>(leases: impl Iterator<Item = &'l Lease>) -> Counts {
        let mut counts = Counts::default();
        for lease in leases {
            if let Some(billing) = counted(lease) {
                *counts.leases.entry(billing.clone()).or_default() += 1;
            }
        }
        counts
    }

    /// How many leases are billed to it.
    pub fn used(&self, billing: &Billing) -> u32 {
        self.leases.get(billing).copied().unwrap_or(0)
    }

    /// True if another lease may be billed.
    pub fn has_room(&self, billing: &Billing, limit: u32) -> bool {
        self.used(billing) < limit
    }

    /// A lease changes.
    pub fn change(&mut self, old: &Lease, new: &Lease) {
        let (old, new) = (counted(old), counted(new));
        if old == new {
            return;
        }
        if let Some(billing) = old {
            if let Some(count) = self.leases.get_mut(billing) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.leases.remove(billing);
                }
            }
        }
        if let Some(billing) = new {
            *self.leases.entry(billing.clone()).or_default() += 1;
        }
    }
}

/// What a lease is billed to, if it counts.
fn counted(lease: &Lease) -> Option<&Billing> {
    let counts = matches!(
        lease.state,
        BindingState::Active | BindingState::Expired | BindingState::Released | BindingState::Reset
    );
    lease.extras.as_deref().and_then(|extras| extras.billing.as_ref()).filter(|_| counts)
}

/// What the classes of a packet say to a new billing.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No class of the packet has a limit.
    Free,
    Billed(Billing),
    /// Every class with a limit is full; the name of the last one.
    Full(String),
}

/// The first class of a packet that has a limit and room.
pub fn bill(config: &Config, counts: &Counts, members: &[Member]) -> Verdict {
    let mut full = None;
    for member in members {
        let limit = member.limit(config);
        if limit == 0 {
            continue;
        }
        let Some(billing) = member.billing(config) else { continue };
        if counts.has_room(&billing, limit) {
            return Verdict::Billed(billing);
        }
        full = Some(member.shown_name(config).to_owned());
    }
    full.map_or(Verdict::Free, Verdict::Full)
}
