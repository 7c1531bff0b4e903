//! The leases of one relationship: what the partner is told of them, what it says, and who may give which (spec/failover.md
//! 14 to 19). The connection and the servers' states are `relationship`'s part, which calls in here.

mod accept;
mod age;
mod agree;
mod balance;
mod patience;
mod request;
mod tell;
#[cfg(test)]
mod tests;

use super::effect::Leases;
use super::queue::Queue;
use super::refusals::Refusals;
use super::shares::Bounds;
use crate::config::model::{FailoverPeer, PeerId, PoolId};
use crate::eval::LogKind;
use crate::leases::lease::{JournalPosition, Lease, LeaseId};
use crate::leases::peer::{Role, Standing};
use crate::leases::queue::Queue as PoolQueue;
use crate::wire::failover::{Body, Xid};
use crate::wire::units::{Now, Timestamp};
use patience::Patience;
use request::Request;

/// A message for the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub xid: Xid,
    pub body: Body,
    /// What has to be on stable storage before it may leave.
    pub after: JournalPosition,
}

/// What a call works with.
pub struct Context<'c> {
    pub now: Now,
    pub peer: PeerId,
    pub name: &'c str,
    /// How many unacknowledged updates the partner takes; `None`: there is no link.
    pub window: Option<u32>,
    /// The number of the next message that this server begins.
    pub next_xid: &'c mut u32,
    /// A number from the server's generator, for delays.
    pub random: u32,
    pub leases: &'c mut dyn Leases,
    pub messages: &'c mut Vec<Outgoing>,
    pub log: &'c mut Vec<(LogKind, String)>,
}

/// The leases of a relationship.
#[derive(Debug)]
pub struct Bindings {
    queue: Queue,
    /// Answers to updates, in order, that wait for the end of the call.
    acks: Vec<Outgoing>,
    /// An update request of the partner that is being answered.
    request: Option<Request>,
    /// Leases whose update the partner refused.
    refusals: Refusals,
    /// The partner is heard first, and for so long.
    patience: Option<Patience>,
    bounds: Bounds,
    last_balance: Option<Timestamp>,
    next_balance: Option<Timestamp>,
}

impl Bindings {
    /// Nothing is queued, nothing balanced.
    pub fn new(peer: &FailoverPeer) -> Bindings {
        Bindings {
            queue: Queue::default(),
            acks: Vec::new(),
            request: None,
            refusals: Refusals::default(),
            patience: None,
            bounds: Bounds::of(peer),
            last_balance: None,
            next_balance: None,
        }
    }

    /// How many updates the partner has not acknowledged.
    pub fn unacked(&self) -> usize {
        self.queue.unacked()
    }

    /// True if the partner knows and acknowledged all.
    pub fn is_settled(&self) -> bool {
        self.queue.is_empty()
    }

    /// Leases changed here, in this order, and free addresses were taken from pools of the relationship.
    pub fn leases_changed(&mut self, context: &mut Context<'_>, leases: &[LeaseId], drained: &[PoolId]) {
        for id in leases {
            self.queue.push(*id);
        }
        for pool in drained {
            self.look_at_shares(context, *pool);
        }
    }

    /// What was not acknowledged is told anew.
    pub fn rescind(&mut self) {
        self.queue.rescind();
    }

    /// The link is gone: no answer to what was told will come, and what the partner asked for it will ask for again. (ISC
    /// tells again only when some states are left, and so never again what it told while it recovered.)
    pub fn unlinked(&mut self) {
        self.acks.clear();
        self.request = None;
        self.lose_patience();
        self.queue.rescind();
    }

    /// When `tick` has something to do.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let patience = self.patience.map(|patience| patience.until);
        self.refusals.next().into_iter().chain(self.next_balance).chain(patience).min()
    }

    /// Does what is due.
    pub fn tick(&mut self, context: &mut Context<'_>) {
        let now = context.now.wall;
        while let Some(id) = self.refusals.take_due(now) {
            if is_unknown_to_partner(context.leases.store().get(id)) {
                self.queue.push(id);
            } else {
                self.refusals.forget(id);
            }
        }
        if self.next_balance.is_some_and(|at| at <= now) {
            self.next_balance = None;
            self.balance_by_timer(context);
        }
        if self.patience.is_some_and(|patience| patience.until <= now) {
            self.lose_patience();
        }
        self.send(context);
    }
}

/// True if the partner has not acknowledged the lease as it is.
fn is_unknown_to_partner(lease: &Lease) -> bool {
    lease.tstp > lease.atsfp() || PoolQueue::of_lease(lease) == PoolQueue::Expired
}

impl Context<'_> {
    fn log(&mut self, kind: LogKind, line: String) {
        self.log.push((kind, line));
    }

    fn standing(&self) -> Standing {
        let standing = self.leases.store().standing_of(self.peer);
        standing.cloned().unwrap_or_else(|| Standing::new(Role::Secondary, Timestamp::UNSET))
    }

    /// A message that this server begins.
    fn begin(&mut self, body: Body, after: JournalPosition) -> Xid {
        // An update never has number 0.
        if *self.next_xid == 0 && matches!(body, Body::BindingUpdate(_)) {
            *self.next_xid = 1;
        }
        let xid = Xid(*self.next_xid);
        *self.next_xid = self.next_xid.wrapping_add(1);
        self.messages.push(Outgoing { xid, body, after });
        xid
    }

    fn answer(&mut self, xid: Xid, body: Body) {
        self.messages.push(Outgoing { xid, body, after: JournalPosition::default() });
    }

    /// The pools of the relationship: shared networks last declared first, as ISC keeps them.
    fn pools(&self) -> Vec<PoolId> {
        let config = self.leases.config();
        let pools = config.networks.iter().rev().flat_map(|network| network.pools.iter().copied());
        pools.filter(|pool| self.leases.store().peer_of(*pool) == Some(self.peer)).collect()
    }
}
