//! Free addresses are shared between the servers (spec/failover.md 19, and the affinity of section 14).

use super::{Bindings, Context};
use crate::config::model::PoolId;
use crate::eval::LogKind;
use crate::failover::shares::{self, Shares};
use crate::leases::lease::{JournalPosition, Lease, LeaseId, SmallBytes};
use crate::leases::peer::{PeerState, Role, Standing};
use crate::leases::queue::Queue as PoolQueue;
use crate::wire::failover::{Body, Xid};
use crate::wire::units::{Seconds, Timestamp};

/// How many addresses change hands in one go, so that packets are not kept waiting.
const MOST_AT_ONCE: usize = 4096;

/// What balancing came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balanced {
    given: u32,
    /// Some pool has so little left here that the partner is asked.
    is_starving: bool,
}

impl Bindings {
    /// The timer: gives addresses away, or asks for some.
    pub(super) fn balance_by_timer(&mut self, context: &mut Context<'_>) {
        let balanced = self.balance(context, true);
        self.take_up_changes(context);
        if balanced.given > 0 {
            self.send(context);
        }
        if balanced.is_starving && context.window.is_some() {
            context.begin(Body::PoolRequest, JournalPosition::default());
        }
    }

    /// POOLREQ: the partner asks for addresses.
    pub fn pool_request(&mut self, context: &mut Context<'_>, xid: Xid) {
        let given = self.balance(context, false).given;
        context.answer(xid, Body::PoolResponse { transferred: Some(given) });
        if given == 0 {
            let text = format!(
                "peer {}: Got POOLREQ, answering negatively!  Peer may be out of leases or database inconsistent.",
                context.name
            );
            context.log(LogKind::Info, text);
        }
        self.take_up_changes(context);
        self.send(context);
    }

    /// Looks when pools will have to be balanced.
    pub fn look_at_all_shares(&mut self, context: &mut Context<'_>) {
        for pool in context.pools() {
            self.look_at_shares(context, pool);
        }
    }

    /// Looks when a pool will have to be balanced, and sees to it that it is by then.
    pub(super) fn look_at_shares(&mut self, context: &mut Context<'_>, pool: PoolId) {
        let standing = context.standing();
        if standing.state != PeerState::Normal {
            return;
        }
        let now = context.now.wall;
        let store = context.leases.store_mut();
        let (free, backup) = (store.first_free(pool), store.first_backup(pool));
        let age = |id: Option<LeaseId>| id.map_or(0, |id| now.since(store.get(id).ends).0);
        let (free, backup) = (age(free), age(backup));
        let delay = context.random % 5;
        let due = shares::due((free, backup), standing.role, &self.bounds, self.last_balance, delay, now);
        if self.next_balance.is_none_or(|scheduled| due < scheduled) {
            self.next_balance = Some(due);
        }
    }

    /// Balances all pools of the relationship, if both servers cooperate.
    pub(super) fn balance(&mut self, context: &mut Context<'_>, asks: bool) -> Balanced {
        let mut all = Balanced::default();
        let standing = context.standing();
        if standing.state != PeerState::Normal {
            return all;
        }
        self.last_balance = Some(context.now.wall);
        let mut left = MOST_AT_ONCE;
        for pool in context.pools() {
            let counts = context.leases.store().counts(pool);
            let mut shares = Shares::of(counts, standing.role, &self.bounds);
            let starving = asks && shares.is_starving();
            all.is_starving |= starving;
            let network = network_name(context, pool);
            let number = pool.index();
            let ask = if starving { "  (requesting peer rebalance!)" } else { "" };
            let text = format!(
                "balancing pool {number:x} {network}  total {}  free {}  backup {}  lts {}  max-own (+/-){}{ask}",
                counts.total, counts.free, counts.backup, shares.surplus, shares.hold
            );
            context.log(LogKind::Info, text);
            let given = self.balance_pool(context, &standing, pool, &mut shares, left);
            all.given += given as u32;
            left -= given;
            if left == 0 {
                // The rest follows.
                self.next_balance = Some(context.now.wall.plus(Seconds(1)));
                break;
            }
            let counts = context.leases.store().counts(pool);
            let (result, kind) = if shares.is_unbalanced() {
                ("IMBALANCED pool", LogKind::Error)
            } else {
                ("balanced pool", LogKind::Info)
            };
            let text = format!(
                "{result} {number:x} {network}  total {}  free {}  backup {}  lts {}  max-misbal {}",
                counts.total, counts.free, counts.backup, shares.surplus, shares.threshold
            );
            context.log(kind, text);
            self.look_at_shares(context, pool);
        }
        all
    }

    /// Gives away at most `left` addresses of a pool: first those whose last client is the partner's, then the oldest.
    fn balance_pool(
        &mut self,
        context: &mut Context<'_>,
        standing: &Standing,
        pool: PoolId,
        shares: &mut Shares,
        left: usize,
    ) -> usize {
        let mut given = 0;
        let mine = match standing.role {
            Role::Primary => PoolQueue::Free,
            Role::Secondary => PoolQueue::Backup,
        };
        let wanted = (shares.surplus + shares.hold).clamp(0, left as i64) as usize;
        let store = context.leases.store();
        let is_partners = |id: &LeaseId| is_partners(standing, store.get(*id));
        let owned: Vec<LeaseId> = store.on_queue(pool, mine).filter(is_partners).take(wanted).collect();
        for id in owned {
            self.give_away(context, standing, id);
            shares.give();
            given += 1;
        }
        if !shares.may_give_to_owner() {
            return given;
        }
        while given < left {
            let Some(id) = first_of_mine(context, standing.role, pool) else { break };
            if !shares.must_give(context.leases.store().get(id).ends != Timestamp::UNSET) {
                break;
            }
            self.give_away(context, standing, id);
            shares.give();
            given += 1;
        }
        given
    }

    /// A lease has become free: if its last client is the secondary's, the secondary gets it unless it has enough. What its
    /// record has to wait for.
    pub(super) fn give_to_owner(
        &mut self,
        context: &mut Context<'_>,
        standing: &Standing,
        id: LeaseId,
    ) -> JournalPosition {
        let store = context.leases.store();
        let lease = store.get(id);
        let is_free = lease.state == standing.role.free_state() && !lease.flags.reserved && !lease.flags.bootp;
        let shares = Shares::of(store.counts(lease.pool), standing.role, &self.bounds);
        let gives =
            standing.role == Role::Primary && is_free && is_partners(standing, lease) && shares.may_give_to_owner();
        if !gives {
            return JournalPosition::default();
        }
        self.give_away(context, standing, id)
    }

    /// A free address becomes the partner's.
    fn give_away(&mut self, context: &mut Context<'_>, standing: &Standing, id: LeaseId) -> JournalPosition {
        let now = context.now.wall;
        let mut lease = context.leases.store().get(id).clone();
        lease.state = standing.role.partner().free_state();
        (lease.starts, lease.tstp) = (now, now);
        lease.hostname = SmallBytes::default();
        context.leases.install(context.now, id, lease, true)
    }
}

/// True if the last client of a lease is one that the partner answers.
fn is_partners(standing: &Standing, lease: &Lease) -> bool {
    standing.balance.owner(lease.balance_key()) == Some(standing.role.partner())
}

/// The address that this server would give out next.
fn first_of_mine(context: &mut Context<'_>, role: Role, pool: PoolId) -> Option<LeaseId> {
    let store = context.leases.store_mut();
    match role {
        Role::Primary => store.first_free(pool),
        Role::Secondary => store.first_backup(pool),
    }
}

fn network_name(context: &Context<'_>, pool: PoolId) -> String {
    let config = context.leases.config();
    let network = config.pools.get(pool.index()).map(|pool| pool.network);
    network
        .and_then(|network| config.networks.get(network.index()))
        .map_or(String::new(), |network| network.name.to_string())
}
