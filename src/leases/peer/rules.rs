//! Who may give which address to whom, and for how long (spec/failover.md 12 to 14). Pure.

use super::standing::{PeerState, Role, ServiceClass, Standing};
use crate::leases::lease::{BindingState, Lease};
use crate::wire::units::{Seconds, Timestamp};

/// How long a secondary waits for the primary to say that a lease has ended. (ISC's waits for ever, and the primary does not
/// say it again if it was refused.)
const OVERDUE: Seconds = Seconds(120);

/// An unlimited lease, in seconds.
const INFINITE: u32 = u32::MAX;

impl Role {
    /// The state of free addresses that this server gives out.
    pub fn free_state(self) -> BindingState {
        match self {
            Role::Primary => BindingState::Free,
            Role::Secondary => BindingState::Backup,
        }
    }

    /// The other server.
    pub fn partner(self) -> Role {
        match self {
            Role::Primary => Role::Secondary,
            Role::Secondary => Role::Primary,
        }
    }
}

impl Standing {
    /// True if a lease may go to another client than its last one, from the most careful guess of what the partner knows.
    pub fn may_reallocate(&self, lease: &Lease, now: Timestamp) -> bool {
        let is_alone = self.service == ServiceClass::PartnerDown;
        match lease.state {
            BindingState::Active => false,
            BindingState::Free | BindingState::Abandoned | BindingState::Backup => {
                let owner = if lease.state == BindingState::Backup { Role::Secondary } else { Role::Primary };
                self.role == owner || is_alone && self.partner_is_done(lease.tsfp()) < now
            }
            BindingState::Released | BindingState::Expired => {
                let is_mine = lease.rewind_state == self.role.free_state();
                is_mine || is_alone && self.partner_is_done(lease.told_until()) < now
            }
            BindingState::Reset => is_alone && self.partner_is_done(lease.told_until()) < now,
        }
    }

    /// In partner-down: until when a partner that knew of a lease until `told` may have given it to its client before it went
    /// down. ISC waits until `since` + MCLT for leases that have ended, whatever the partner knew of.
    fn partner_is_done(&self, told: Timestamp) -> Timestamp {
        told.max(self.since).plus(self.mclt)
    }

    /// When a lease in that state moves on that stands in its list with the time `at`.
    pub fn moves_at(&self, state: BindingState, at: Timestamp) -> Timestamp {
        match state {
            BindingState::Expired | BindingState::Released | BindingState::Reset => self.partner_is_done(at),
            BindingState::Active if self.leaves_expiry_to_partner() => at.plus(OVERDUE),
            _ => at,
        }
    }

    /// The state a lease goes to instead of `next` when it ends: while the partner cannot be heard, at once to what the
    /// partner believes in at worst, if that is mine to give.
    pub fn rewound(&self, lease: &Lease, next: BindingState) -> BindingState {
        let rewinds = self.service == ServiceClass::NotCooperating && lease.rewind_state == self.role.free_state();
        match next {
            BindingState::Expired | BindingState::Released if rewinds => lease.rewind_state,
            next => next,
        }
    }

    /// True if it is the partner's part to say that leases have ended.
    fn leaves_expiry_to_partner(&self) -> bool {
        self.role == Role::Secondary && self.state == PeerState::Normal
    }

    /// True if the partner may have extended leases of which this server does not know yet: it has just been started, or has
    /// lost what it knew. A lease that it let end now would be taken from its client, and given up by an ISC partner that
    /// believes every report of an end.
    fn is_behind(&self) -> bool {
        matches!(self.state, PeerState::Startup | PeerState::Recover)
    }

    /// True if leases in that state move on by themselves when their time comes.
    pub fn expires(&self, state: BindingState) -> bool {
        match state {
            BindingState::Active => !self.is_behind(),
            BindingState::Expired | BindingState::Released | BindingState::Reset => {
                self.state == PeerState::PartnerDown
            }
            BindingState::Abandoned => true,
            BindingState::Free | BindingState::Backup => false,
        }
    }
}

/// The length that a client wanting `desired` seconds is granted: no longer than the partner knows of plus MCLT. `tsfp` is
/// the lease's.
pub fn granted(desired: u32, mclt: Seconds, tsfp: Timestamp, now: Timestamp) -> u32 {
    if desired <= mclt.0 {
        return desired;
    }
    let limit = u64::from(tsfp.since(now).0) + u64::from(mclt.0);
    u64::from(desired).min(limit) as u32
}

/// What the partner is told that the lease may last to.
pub fn potential_expiry(desired: u32, granted: u32, now: Timestamp) -> Timestamp {
    if desired == INFINITE {
        return Timestamp::NEVER;
    }
    let sum = u64::from(now.0) + u64::from(desired) + u64::from(granted / 2);
    Timestamp(sum.min(u64::from(Timestamp::NEVER.0 - 1)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::PoolId;
    use crate::leases::store::virgin_lease;
    use std::net::Ipv4Addr;

    fn standing(role: Role, state: PeerState) -> Standing {
        let mut standing = Standing::new(role, Timestamp(0));
        standing.set_states(state, Timestamp(1000), PeerState::Normal);
        standing.mclt = Seconds(30);
        standing
    }

    fn lease(state: BindingState, rewind_state: BindingState, tsfp: u32) -> Lease {
        let mut lease = virgin_lease(Ipv4Addr::LOCALHOST, PoolId(0));
        (lease.state, lease.rewind_state) = (state, rewind_state);
        lease.set_tsfp(Timestamp(tsfp));
        lease
    }

    /// spec/failover.md 12, "Mine to reallocate": state, rewind state, tsfp, then primary and secondary in normal, and both in
    /// partner-down since 1000 with an MCLT of 30 at 1030 and at 1031.
    #[test]
    fn the_careful_guess() {
        use BindingState::*;
        let table = [
            (Active, Active, 0, [false; 6]),
            (Free, Free, 0, [true, false, true, false, true, true]),
            (Free, Free, 1001, [true, false, true, false, true, false]),
            (Abandoned, Free, 0, [true, false, true, false, true, true]),
            (Backup, Backup, 0, [false, true, false, true, true, true]),
            (Expired, Free, 0, [true, false, true, false, true, true]),
            (Released, Backup, 2000, [false, true, false, true, false, true]),
            (Expired, Active, 1000, [false, false, false, false, true, true]),
            (Reset, Free, 1000, [false, false, false, false, true, true]),
            (Reset, Free, 1001, [false; 6]),
        ];
        for (state, rewind, tsfp, want) in table {
            let lease = lease(state, rewind, tsfp);
            let mut got = Vec::new();
            for (peer_state, now) in
                [(PeerState::Normal, 1031), (PeerState::PartnerDown, 1030), (PeerState::PartnerDown, 1031)]
            {
                for role in [Role::Primary, Role::Secondary] {
                    got.push(standing(role, peer_state).may_reallocate(&lease, Timestamp(now)));
                }
            }
            assert_eq!(got, want, "{state:?} {rewind:?} {tsfp}");
        }
    }

    /// The worked example of spec/failover.md 13.
    #[test]
    fn no_lease_outlasts_what_the_partner_knows_by_more_than_mclt() {
        let at = |tsfp, now| granted(90, Seconds(30), Timestamp(tsfp), Timestamp(now));
        assert_eq!(at(0, 100), 30);
        assert_eq!(potential_expiry(90, 30, Timestamp(100)), Timestamp(205));
        assert_eq!(at(205, 111), 90);
        assert_eq!(at(205, 154), 81);
        assert_eq!(at(205, 205), 30);
        assert_eq!(granted(20, Seconds(30), Timestamp(0), Timestamp(100)), 20);
        assert_eq!(granted(INFINITE, Seconds(30), Timestamp(0), Timestamp(100)), 30);
    }

    #[test]
    fn potential_expiries_stay_within_what_can_be_written() {
        assert_eq!(potential_expiry(INFINITE, 30, Timestamp(100)), Timestamp::NEVER);
        assert_eq!(potential_expiry(INFINITE - 1, 30, Timestamp(100)), Timestamp(0x7fff_fffe));
    }

    #[test]
    fn what_was_never_told_to_the_partner_is_taken_back() {
        let ended = lease(BindingState::Active, BindingState::Free, 0);
        let after = |role, state| standing(role, state).rewound(&ended, BindingState::Expired);
        assert_eq!(after(Role::Primary, PeerState::Normal), BindingState::Expired);
        assert_eq!(after(Role::Primary, PeerState::CommunicationsInterrupted), BindingState::Free);
        assert_eq!(after(Role::Secondary, PeerState::CommunicationsInterrupted), BindingState::Expired);
    }

    #[test]
    fn who_lets_leases_end() {
        let ends = |role, state, lease| standing(role, state).expires(lease);
        assert!(ends(Role::Primary, PeerState::Normal, BindingState::Active));
        assert!(ends(Role::Secondary, PeerState::CommunicationsInterrupted, BindingState::Active));
        assert!(ends(Role::Secondary, PeerState::RecoverWait, BindingState::Active));
        assert!(!ends(Role::Secondary, PeerState::Recover, BindingState::Active));
        assert!(!ends(Role::Primary, PeerState::Startup, BindingState::Active));
        assert!(!ends(Role::Primary, PeerState::Normal, BindingState::Expired));
        assert!(ends(Role::Secondary, PeerState::PartnerDown, BindingState::Released));
        assert!(ends(Role::Secondary, PeerState::Normal, BindingState::Abandoned));
    }

    #[test]
    fn when_leases_end() {
        let at = |role, state| standing(role, state).moves_at(BindingState::Active, Timestamp(5000)).0;
        assert_eq!(at(Role::Primary, PeerState::Normal), 5000);
        assert_eq!(at(Role::Secondary, PeerState::Normal), 5120);
        assert_eq!(at(Role::Secondary, PeerState::CommunicationsInterrupted), 5000);
    }
}
