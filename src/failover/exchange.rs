//! Where a relationship's leases meet its connection and states: each call of the leases' part, and asking the partner for
//! what it knows (spec/failover.md 15 to 19).

use super::bindings::{Bindings, Context, Outgoing};
use super::effect::Effect;
use super::work::Work;
use super::LogKind;
use crate::config::model::PoolId;
use crate::leases::lease::LeaseId;
use crate::wire::failover::{BindingAck, BindingUpdate, Body, Xid};

impl Work<'_> {
    /// Calls the leases' part, sends what it has for the partner and logs what it has to say.
    fn bindings<T>(&mut self, call: impl FnOnce(&mut Bindings, &mut Context<'_>) -> T) -> T {
        let link = self.me.link.and_then(|link| self.connections.get_mut(&link));
        let window = link.as_ref().map(|_| self.me.window());
        let mut no_xid = 0;
        let (mut messages, mut log) = (Vec::new(), Vec::new());
        let mut context = Context {
            now: self.now,
            peer: self.peer,
            name: &self.me.settings.name,
            window,
            next_xid: link.map_or(&mut no_xid, |link| &mut link.next_xid),
            random: self.random.below(u32::MAX),
            leases: self.leases,
            messages: &mut messages,
            log: &mut log,
        };
        let result = call(&mut self.me.bindings, &mut context);
        self.out.extend(log.into_iter().map(|(kind, line)| Effect::Log(kind, line)));
        for Outgoing { xid, body, after } in messages {
            self.answer(xid, body, after);
        }
        result
    }

    /// BNDUPD has arrived.
    pub fn binding_update(&mut self, xid: Xid, update: &BindingUpdate) {
        self.bindings(|bindings, context| bindings.update(context, xid, update));
    }

    /// BNDACK has arrived.
    pub fn binding_ack(&mut self, xid: Xid, ack: &BindingAck) {
        self.bindings(|bindings, context| bindings.ack(context, xid, ack));
    }

    /// UPDREQ or UPDREQALL has arrived.
    pub fn updates_requested(&mut self, xid: Xid, everything: bool) {
        self.bindings(|bindings, context| bindings.update_request(context, xid, everything));
    }

    /// POOLREQ has arrived.
    pub fn pools_requested(&mut self, xid: Xid) {
        self.bindings(|bindings, context| bindings.pool_request(context, xid));
    }

    /// Leases changed here, and free addresses of pools were taken.
    pub fn leases_changed(&mut self, leases: &[LeaseId], drained: &[PoolId]) {
        self.bindings(|bindings, context| {
            bindings.leases_changed(context, leases, drained);
            bindings.send(context);
        });
    }

    /// Tells the partner of leases, as many as it takes.
    pub fn send_updates(&mut self) {
        self.bindings(|bindings, context| bindings.send(context));
    }

    /// Both servers are about to cooperate.
    pub fn share(&mut self) {
        self.bindings(|bindings, context| bindings.entered_normal(context));
    }

    /// The configuration was replaced: leases are the same, but pools may be others.
    pub fn pools_changed(&mut self) {
        self.bindings(|bindings, context| bindings.pools_changed(context));
    }

    /// Looks when pools will have to be balanced.
    pub fn check_pools(&mut self) {
        self.bindings(|bindings, context| bindings.look_at_all_shares(context));
    }

    /// A time that the leases' part waits for has come.
    pub fn tend_leases(&mut self) {
        self.bindings(|bindings, context| bindings.tick(context));
    }

    /// Asks for what the partner has not told yet; for all, if that was asked for and is not done.
    pub fn request_updates(&mut self) {
        if self.me.awaits_all {
            return self.request_all_updates();
        }
        if self.send(Body::UpdateRequest).is_some() {
            self.me.has_asked = true;
            self.log(LogKind::Info, format!("Sent update request message to {}", self.me.name()));
        }
    }

    /// Asks for all leases.
    pub fn request_all_updates(&mut self) {
        if self.send(Body::UpdateRequestAll).is_some() {
            (self.me.awaits_all, self.me.has_asked) = (true, true);
            self.log(LogKind::Info, format!("Sent update request all message to {}", self.me.name()));
        }
    }
}
