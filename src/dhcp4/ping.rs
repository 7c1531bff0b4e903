//! Is an address free? An ICMP echo before the OFFER (spec/dhcpv4.md 14).

use super::ack::Exchange;
use super::effect::{Effect, Reply};
use super::engine::Engine;
use super::parameters as parameter;
use super::LogKind;
use crate::leases::lease::{BindingState, LeaseId};
use crate::wire::units::Now;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// OFFERs that wait for an echo reply not to come.
#[derive(Debug, Default)]
pub struct Pings {
    offers: FxHashMap<LeaseId, (u64, Reply)>,
    /// Monotonic milliseconds, and the lease.
    timers: BTreeSet<(u64, LeaseId)>,
}

impl Pings {
    /// When the next wait ends.
    pub fn next_deadline(&self) -> Option<u64> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// True if no echo is outstanding.
    pub fn is_empty(&self) -> bool {
        self.offers.is_empty()
    }

    fn add(&mut self, id: LeaseId, until: u64, reply: Reply) {
        self.take(id);
        self.timers.insert((until, id));
        self.offers.insert(id, (until, reply));
    }

    /// Ends a wait.
    pub fn take(&mut self, id: LeaseId) -> Option<Reply> {
        let (until, reply) = self.offers.remove(&id)?;
        self.timers.remove(&(until, id));
        Some(reply)
    }

    fn due(&self, millis: u64) -> Option<LeaseId> {
        self.timers.first().filter(|(at, _)| *at <= millis).map(|(_, id)| *id)
    }
}

impl Engine {
    /// How long to wait for an echo reply, in milliseconds; `None`: no ping.
    pub(super) fn ping_wait(&mut self, exchange: &mut Exchange<'_, '_>) -> Option<u64> {
        let old = &exchange.old;
        if old.state == BindingState::Active {
            return None;
        }
        let (known, abandoned) = (old.cltt.0 != 0, old.state == BindingState::Abandoned);
        let since = exchange.now.wall.since(old.cltt).0;
        let draft = &mut exchange.draft;
        if self.flag(draft, parameter::PING_CHECK).is_off() {
            return None;
        }
        const CLTT_SECS: u32 = 60;
        let recent = self.number(draft, parameter::PING_CLTT_SECS).unwrap_or(CLTT_SECS);
        if exchange.same_client && known && !abandoned && since < recent {
            return None;
        }
        let seconds = self.number(draft, parameter::PING_TIMEOUT).unwrap_or(1);
        match self.number(draft, parameter::PING_TIMEOUT_MS).unwrap_or(0) {
            0 => Some(u64::from(seconds) * 1000),
            millis => Some(u64::from(millis)),
        }
    }

    /// Sends an echo request, and the OFFER when the wait is over.
    pub(super) fn ping(&mut self, now: Now, id: LeaseId, wait: u64, reply: Reply, out: &mut Vec<Effect>) {
        out.push(Effect::Ping(self.store.get(id).address));
        if wait == 0 {
            out.push(Effect::Send(reply));
            return;
        }
        self.store.edit_flags(id, |flags| flags.reply_pending = true);
        self.pings.add(id, now.millis.saturating_add(wait), reply);
    }

    /// Sends the OFFERs whose wait is over.
    pub(super) fn end_pings(&mut self, now: Now, out: &mut Vec<Effect>) {
        while let Some(id) = self.pings.due(now.millis) {
            self.store.edit_flags(id, |flags| flags.reply_pending = false);
            if let Some(reply) = self.pings.take(id) {
                out.push(Effect::Send(reply));
            }
        }
    }

    /// Drops what waits to be said about a lease that is taken from its client.
    pub(super) fn forget_pending(&mut self, id: LeaseId) {
        if self.pings.take(id).is_some() {
            self.store.edit_flags(id, |flags| flags.reply_pending = false);
        }
    }

    /// An echo reply came.
    pub fn echo_reply(&mut self, now: Now, from: Ipv4Addr, out: &mut Vec<Effect>) {
        if self.pings.is_empty() {
            return;
        }
        let Some(id) = self.store.by_address(from).or_else(|| self.store.materialize(from)) else {
            out.push(Effect::Log(LogKind::Debug, format!("unexpected ICMP Echo Reply from {from}")));
            return;
        };
        if self.pings.take(id).is_none() {
            out.push(Effect::Log(LogKind::Debug, format!("ICMP Echo Reply for {from} late or spurious.")));
            return;
        }
        self.store.edit_flags(id, |flags| flags.reply_pending = false);
        if self.store.get(id).ends > now.wall {
            out.push(Effect::Log(LogKind::Debug, format!("ICMP Echo reply while lease {from} valid.")));
        }
        self.abandon(now, id, "pinged before offer", out);
    }
}
