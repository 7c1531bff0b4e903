//! May the partner change a lease as it says (spec/failover.md 16)? Pure.

use crate::leases::lease::BindingState;
use crate::leases::peer::{PeerState, Role};
use crate::wire::units::{Seconds, Timestamp};

/// Clocks count whole seconds, and differ by one when they agree. (ISC takes the partner's word for an end that is up to 65 s away, and so lets a client lose its
/// lease if the partner's clock is ahead.)
const CLOCK_TOLERANCE: Seconds = Seconds(2);

/// The lease as it is here.
#[derive(Clone, Copy, Debug)]
pub struct Local {
    pub state: BindingState,
    pub ends: Timestamp,
    pub cltt: Timestamp,
}

/// What the partner says of it; times that it leaves out are unset.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    pub state: BindingState,
    pub potential_expiry: Timestamp,
    pub cltt: Timestamp,
}

/// True if what I have told the partner and not heard back of is better than what it tells me of the same lease
/// (spec/failover.md 16.1). `local.state` is the state I told.
pub fn mine_wins(local: Local, incoming: Incoming, role: Role) -> bool {
    use BindingState::{Active, Expired};
    match (local.state, incoming.state) {
        (Active, Active) if incoming.cltt != local.cltt => incoming.cltt < local.cltt,
        (Active, Expired) => false,
        (state, Active) if state != Active => false,
        _ => role == Role::Primary,
    }
}

/// True if the lease may go to the state the partner says it is in (spec/failover.md 16.2, and 16.3 unless both cooperate).
pub fn allows(local: Local, incoming: Incoming, role: Role, state: PeerState, now: Timestamp) -> bool {
    use BindingState::*;
    if local.state == incoming.state {
        return true;
    }
    let is_over_for_partner = incoming.potential_expiry <= now;
    let has_ended = local.ends.0.saturating_sub(CLOCK_TOLERANCE.0) <= now.0;
    if state != PeerState::Normal {
        return match (local.state, incoming.state) {
            (Active, Free | Backup) => false,
            (Active, Expired) => has_ended,
            _ => true,
        };
    }
    match (local.state, incoming.state) {
        (Active, Free | Backup | Expired | Reset) if role == Role::Primary => false,
        (Active, Free | Backup) => is_over_for_partner,
        (Active, Expired) => has_ended,
        (Expired | Reset, Free | Backup) => is_over_for_partner,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BindingState::*;

    const NOW: Timestamp = Timestamp(1000);

    fn allowed(local: (BindingState, u32), incoming: (BindingState, u32), role: Role, state: PeerState) -> bool {
        let local = Local { state: local.0, ends: Timestamp(local.1), cltt: NOW };
        let incoming = Incoming { state: incoming.0, potential_expiry: Timestamp(incoming.1), cltt: NOW };
        allows(local, incoming, role, state, NOW)
    }

    const STATES: [BindingState; 7] = [Free, Backup, Active, Expired, Released, Abandoned, Reset];

    /// spec/failover.md 16.2: local state, role, then what is allowed of free, backup, active, expired, released, abandoned,
    /// reset when nothing is over yet, and when all is.
    #[test]
    fn transitions_in_normal() {
        let all = [true; 7];
        let table = [
            (Free, Role::Primary, all, all),
            (Abandoned, Role::Secondary, all, all),
            (Released, Role::Primary, all, all),
            (Backup, Role::Primary, all, all),
            (
                Active,
                Role::Primary,
                [false, false, true, false, true, true, false],
                [false, false, true, false, true, true, false],
            ),
            (Active, Role::Secondary, [false, false, true, false, true, true, true], all),
            (Expired, Role::Primary, [false, false, true, true, true, true, true], all),
            (Reset, Role::Secondary, [false, false, true, true, true, true, true], all),
        ];
        for (local, role, early, late) in table {
            for ((incoming, early), late) in STATES.into_iter().zip(early).zip(late) {
                let got = allowed((local, 1003), (incoming, 1001), role, PeerState::Normal);
                assert_eq!(got, early, "{role:?} {local:?} to {incoming:?}, early");
                let got = allowed((local, 1002), (incoming, 1000), role, PeerState::Normal);
                assert_eq!(got, late, "{role:?} {local:?} to {incoming:?}, late");
            }
        }
    }

    /// spec/failover.md 16.3.
    #[test]
    fn transitions_otherwise() {
        for role in [Role::Primary, Role::Secondary] {
            for local in STATES {
                for incoming in STATES {
                    let want = local != Active || !matches!(incoming, Free | Backup);
                    let got = allowed((local, 1002), (incoming, 2000), role, PeerState::Recover);
                    assert_eq!(got, want, "{local:?} to {incoming:?}");
                }
            }
            assert!(!allowed((Active, 1003), (Expired, 0), role, PeerState::PartnerDown));
        }
    }

    /// spec/failover.md 16.1: local, incoming, its cltt, whether the primary's and the secondary's own wins.
    #[test]
    fn duels() {
        let table = [
            (Active, Active, 999, true, true),
            (Active, Active, 1001, false, false),
            (Active, Active, 1000, true, false),
            (Active, Expired, 1000, false, false),
            (Active, Free, 1000, true, false),
            (Free, Active, 1, false, false),
            (Free, Backup, 1000, true, false),
            (Expired, Active, 1, false, false),
        ];
        for (mine, theirs, cltt, primary, secondary) in table {
            let local = Local { state: mine, ends: NOW, cltt: NOW };
            let incoming = Incoming { state: theirs, potential_expiry: NOW, cltt: Timestamp(cltt) };
            for (role, want) in [(Role::Primary, primary), (Role::Secondary, secondary)] {
                assert_eq!(mine_wins(local, incoming, role), want, "{mine:?} {theirs:?} {cltt} {role:?}");
            }
        }
    }
}
