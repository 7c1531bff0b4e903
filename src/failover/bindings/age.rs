//! Which of two servers' knowledge of a lease is the newer. Pure.
//!
//! A BNDUPD has no number of its own order: all there is to go by are whole seconds, by two clocks, and whether the partner has
//! acknowledged what this server changed last. Updates that cross are common when a link stalls for seconds and is not given up.

use crate::leases::lease::{BindingState, Lease};
use crate::leases::peer::{Role, Standing};
use crate::wire::failover::BindingUpdate;
use crate::wire::units::{Seconds, Timestamp};

/// Which of two servers' knowledge of a lease is the newer, from when each heard the client last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// The partner tells of a time after which the client was heard here.
    Older,
    Newer,
    /// Within what clocks and messages leave open.
    Alike,
}

/// How far apart two times have to be to be told apart.
const MARGIN: Seconds = Seconds(2);

/// By how much whole seconds of two clocks that count as one may be apart for one moment.
pub(super) const TICK: Seconds = Seconds(1);

/// True if the partner tells of a lease of another client than the one that has it here.
pub(super) fn is_of_other_client(lease: &Lease, update: &BindingUpdate) -> bool {
    update.hardware.as_deref().unwrap_or_default() != lease.hardware.as_bytes()
        || update.client_id.as_deref().unwrap_or_default() != lease.uid.as_bytes()
}

/// When the partner heard the client of a lease that it tells of, and when this server did.
pub(super) fn contacts(standing: &Standing, lease: &Lease, update: &BindingUpdate) -> (Timestamp, Timestamp) {
    match update.last_transaction {
        Some(heard) => (standing.by_my_clock(heard), lease.cltt),
        // An ISC partner that learned the lease from here tells no time of the client, but when the lease began.
        None => (update.starts.unwrap_or(lease.starts), lease.starts),
    }
}

/// By my clock, when the client gave the lease back or the address became free, if that is what the partner tells.
fn ended(standing: &Standing, state: BindingState, update: &BindingUpdate) -> Option<Timestamp> {
    let at = match state {
        BindingState::Released => update.lease_expiry,
        BindingState::Free | BindingState::Backup => update.starts,
        _ => None,
    };
    at.map(|at| standing.by_my_clock(at))
}

/// How old an update of a lease is: the client that was acknowledged later must not lose by it. ISC takes the update, and may
/// give the address to another. `is_new`: the partner has not acknowledged what it is to know of the lease, so that it spoke
/// without knowing it. Of two things within a second either may then be the later one, and both servers have to decide for
/// the same: that the client has its lease; of two clients, for the primary's.
pub(super) fn age(
    standing: &Standing,
    lease: &Lease,
    state: BindingState,
    update: &BindingUpdate,
    is_new: bool,
    now: Timestamp,
) -> Age {
    if lease.state == BindingState::Active && lease.ends > now {
        age_for_held(standing, lease, state, update, is_new)
    } else if is_new && is_before_end(standing, lease, state, update) {
        Age::Older
    } else {
        Age::Newer
    }
}

/// The same for a lease that a client holds here.
fn age_for_held(standing: &Standing, lease: &Lease, state: BindingState, update: &BindingUpdate, is_new: bool) -> Age {
    use BindingState::{Active, Released};
    let (heard, mine) = contacts(standing, lease, update);
    if is_new && state == Active && is_of_other_client(lease, update) {
        let is_mine = heard < mine || heard == mine && standing.role == Role::Primary;
        return if is_mine { Age::Older } else { Age::Newer };
    }
    // That an address is free is the word of a partner that knew of the lease, if it knew of it.
    let ended = ended(standing, state, update).filter(|_| is_new || state == Released);
    if ended.is_some_and(|at| at < lease.cltt || is_new && at <= lease.cltt.plus(TICK)) {
        return Age::Older;
    }
    if update.starts == Some(lease.starts) {
        return Age::Alike;
    }
    // Of two active leases either server may take the other's to be the older one, and both must not; an end that is refused
    // is taken back by the partner.
    let margin = if state == Active { MARGIN } else { Seconds(0) };
    if heard.plus(margin) < mine {
        Age::Older
    } else if mine.plus(MARGIN) < heard {
        Age::Newer
    } else {
        Age::Alike
    }
}

/// True if the partner tells of what was before the end of a lease here, which it does not know of.
fn is_before_end(standing: &Standing, lease: &Lease, state: BindingState, update: &BindingUpdate) -> bool {
    use BindingState::{Abandoned, Active, Expired, Released, Reset};
    let (heard, mine) = contacts(standing, lease, update);
    match (lease.state, state) {
        (Active, _) => false,
        (Abandoned, Active) => heard <= mine.plus(TICK),
        // It does not bring the lease back.
        (_, Active) => heard.plus(TICK) < mine,
        // It does not free the address: the primary gives it to others, and only when the partner knows the end.
        (Released | Expired | Reset, _) if standing.role != Role::Primary => false,
        (Released | Expired | Reset, Expired) => heard < mine,
        (Released | Expired | Reset, _) => ended(standing, state, update).is_some_and(|at| at <= mine.plus(TICK)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::PoolId;
    use crate::leases::store::virgin_lease;
    use crate::wire::hardware::HardwareAddr;
    use BindingState::*;

    const NOW: Timestamp = Timestamp(1000);
    const MINE: [u8; 7] = [1, 2, 0, 0, 0, 0, 1];
    const OTHER: [u8; 7] = [1, 2, 0, 0, 0, 0, 2];

    /// A lease in that state whose client was heard at `cltt`.
    fn lease(state: BindingState, cltt: u32) -> Lease {
        let mut lease = virgin_lease(std::net::Ipv4Addr::new(10, 0, 0, 1), PoolId(0));
        (lease.state, lease.starts, lease.cltt) = (state, Timestamp(cltt - 10), Timestamp(cltt));
        lease.ends = Timestamp(if state == Active { NOW.0 + 60 } else { cltt });
        lease.hardware = HardwareAddr::new(MINE[0], &MINE[1..]).unwrap();
        lease
    }

    /// What the partner says: of the client that it heard at `at`, or whose lease ended then.
    fn update(client: [u8; 7], at: u32) -> BindingUpdate {
        BindingUpdate {
            hardware: Some(client.into()),
            starts: Some(Timestamp(at)),
            lease_expiry: Some(Timestamp(at)),
            last_transaction: Some(Timestamp(at)),
            ..BindingUpdate::default()
        }
    }

    /// My state, the partner's, its client, by how many seconds it is the later one; how old it is while the partner has not
    /// acknowledged what it is to know, and how old otherwise.
    #[test]
    fn ages() {
        use Age::*;
        let table = [
            // A grant here against what ends it there: in doubt the client keeps its lease.
            (Active, Released, MINE, -1, Older, Older),
            (Active, Released, MINE, 0, Older, Alike),
            (Active, Released, MINE, 1, Older, Alike),
            (Active, Released, MINE, 2, Alike, Alike),
            (Active, Free, MINE, 1, Older, Alike),
            (Active, Backup, MINE, 0, Older, Alike),
            (Active, Backup, MINE, 3, Newer, Newer),
            // An end here against a grant there: likewise.
            (Released, Active, MINE, -2, Older, Newer),
            (Released, Active, MINE, -1, Newer, Newer),
            (Free, Active, OTHER, -2, Older, Newer),
            (Expired, Active, MINE, 0, Newer, Newer),
            (Released, Released, MINE, 2, Newer, Newer),
            (Expired, Released, MINE, 2, Newer, Newer),
            // An address that is not to be used stays unused.
            (Abandoned, Active, MINE, 1, Older, Newer),
            (Abandoned, Active, MINE, 2, Newer, Newer),
            // The same client, heard by both.
            (Active, Active, MINE, -3, Older, Older),
            (Active, Active, MINE, -2, Alike, Alike),
            (Active, Active, MINE, 2, Alike, Alike),
            (Active, Active, MINE, 3, Newer, Newer),
            // Two clients of one address.
            (Active, Active, OTHER, -1, Older, Alike),
            (Active, Active, OTHER, 1, Newer, Alike),
        ];
        for role in [Role::Primary, Role::Secondary] {
            let standing = Standing::new(role, NOW);
            for (mine, theirs, client, later, unacknowledged, acknowledged) in table {
                let update = update(client, NOW.0.saturating_add_signed(later));
                let got = |is_new| age(&standing, &lease(mine, NOW.0), theirs, &update, is_new, NOW);
                assert_eq!(got(true), unacknowledged, "{mine:?} {theirs:?} {later}, not acknowledged");
                assert_eq!(got(false), acknowledged, "{mine:?} {theirs:?} {later}, acknowledged");
            }
            // What depends on who may give the address to others.
            let rows = [
                (Active, Active, OTHER, 0),
                (Released, Released, MINE, 1),
                (Released, Free, MINE, 0),
                (Expired, Expired, MINE, -1),
            ];
            for (mine, theirs, client, later) in rows {
                let update = update(client, NOW.0.saturating_add_signed(later));
                let got = age(&standing, &lease(mine, NOW.0), theirs, &update, true, NOW);
                assert_eq!(got, if role == Role::Primary { Older } else { Newer }, "{mine:?} {theirs:?} {later}");
            }
        }
    }

    /// What one server takes the other refuses: the release of a client at one server, and its grant at the other.
    #[test]
    fn both_servers_decide_for_the_same() {
        for (granted, released) in (995..1005).flat_map(|granted| (995..1005).map(move |released| (granted, released)))
        {
            let standing = Standing::new(Role::Primary, NOW);
            let keeps =
                age(&standing, &lease(Active, granted), Released, &update(MINE, released), true, NOW) == Age::Older;
            let takes =
                age(&standing, &lease(Released, released), Active, &update(MINE, granted), true, NOW) != Age::Older;
            assert_eq!(keeps, takes, "granted {granted}, released {released}");
        }
    }
}
