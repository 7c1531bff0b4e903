//! A new address for a client without a lease (spec/dhcpv4.md 8.3).

use super::effect::Effect;
use super::engine::Engine;
use super::find_lease::Found;
use super::intake::Request;
use super::LogKind;
use crate::config::model::{NetworkId, PoolId};
use crate::leases::lease::{BindingState, Lease, LeaseId};
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::{Now, Timestamp};

/// What decides between the first leases of two pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    abandoned: bool,
    /// It had a client before.
    used: bool,
    ends: Timestamp,
}

impl Worth {
    fn of(lease: &Lease) -> Worth {
        Worth {
            abandoned: lease.state == BindingState::Abandoned,
            used: !lease.uid.is_empty() || lease.hardware != HardwareAddr::NONE,
            ends: lease.ends,
        }
    }

    /// True if this lease is better than the best one of earlier pools.
    pub fn beats(self, best: Worth) -> bool {
        let earlier = self.ends < best.ends;
        match (best.abandoned, self.abandoned) {
            (true, abandoned) => !abandoned || earlier,
            (false, true) => false,
            (false, false) if best.used => !self.used || earlier,
            (false, false) => !self.used && earlier,
        }
    }
}

impl Engine {
    /// The best free lease of the pools the client may use.
    pub(super) fn allocate(
        &mut self,
        now: Now,
        request: &Request<'_>,
        network: NetworkId,
        out: &mut Vec<Effect>,
    ) -> Option<Found> {
        let config = self.config.clone();
        let visitor = request.visitor(now);
        let mut best: Option<(LeaseId, Worth)> = None;
        for pool in config.networks.get(network.index())?.pools.iter().copied() {
            if !visitor.may_use(&config, pool) {
                continue;
            }
            let Some((id, worth)) = self.candidate(now, pool) else { continue };
            if best.is_none_or(|(_, best)| worth.beats(best)) {
                best = Some((id, worth));
            }
        }
        let (id, worth) = best?;
        if worth.abandoned {
            let text = format!("Reclaiming abandoned lease {}.", self.store.get(id).address);
            out.push(Effect::Log(LogKind::Error, text));
        }
        self.dynamic(id)
    }

    /// The first free lease of a pool, or its first abandoned one if none is free at all.
    fn candidate(&mut self, now: Now, pool: PoolId) -> Option<(LeaseId, Worth)> {
        let id = match self.store.standing(pool) {
            Some(_) => self.shared_candidate(now, pool)?,
            None => self.store.first_free(pool).or_else(|| self.store.first_abandoned(pool))?,
        };
        let worth = Worth::of(self.store.get(id));
        // One that ends later is on offer to somebody.
        (worth.abandoned || worth.ends <= now.wall).then_some((id, worth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn worth(abandoned: bool, used: bool, ends: u32) -> Worth {
        Worth { abandoned, used, ends: Timestamp(ends) }
    }

    /// spec/dhcpv4.md 8.3, item 3: candidate, best so far, and whether the candidate wins.
    #[test]
    fn compares_the_first_leases_of_pools() {
        let table = [
            (worth(false, true, 90), worth(true, false, 10), true),
            (worth(true, false, 5), worth(true, false, 10), true),
            (worth(true, false, 10), worth(true, false, 10), false),
            (worth(true, false, 5), worth(false, true, 10), false),
            (worth(false, false, 90), worth(false, true, 10), true),
            (worth(false, true, 5), worth(false, true, 10), true),
            (worth(false, true, 10), worth(false, true, 10), false),
            (worth(false, true, 5), worth(false, false, 10), false),
            (worth(false, false, 5), worth(false, false, 10), true),
            (worth(false, false, 10), worth(false, false, 10), false),
        ];
        for (candidate, best, wins) in table {
            assert_eq!(candidate.beats(best), wins, "{candidate:?} against {best:?}");
        }
    }
}
