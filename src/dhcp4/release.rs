//! DHCPRELEASE (spec/dhcpv4.md 19).

use super::effect::Effect;
use super::engine::Engine;
use super::intake::{Request, REQUESTED_ADDRESS};
use super::LogKind;
use crate::leases::lease::LeaseId;
use crate::wire::units::Now;

impl Engine {
    pub(super) fn release_message(&mut self, now: Now, request: &Request<'_>, out: &mut Vec<Effect>) {
        if request.option(REQUESTED_ADDRESS).is_some() {
            let text = format!("DHCPRELEASE from {} specified requested-address.", request.hardware);
            out.push(Effect::Log(LogKind::Info, text));
        }
        let lease = self.lease_in_use(request);
        let (client, name) = self.client_and_name(request, lease);
        let found = if lease.is_some() { "found" } else { "not found" };
        let text =
            format!("DHCPRELEASE of {} from {client} {name}via {} ({found})", request.header.ciaddr, self.via(request));
        if let Some(id) = lease {
            let lease = self.store.get(id);
            let pool = lease.pool;
            if let (Some(peer), Some(reason)) = (self.peer_name(pool), self.not_responding(pool)) {
                out.push(Effect::Log(LogKind::Info, format!("{peer}: ignored{reason}")));
                return;
            }
            if lease.ends > now.wall {
                self.release(now, id, Some(request), out);
            }
        }
        out.push(Effect::Log(LogKind::Info, text));
    }

    /// The client's lease on the address it uses: found by identifier, else by address; its hardware address must be the
    /// client's.
    fn lease_in_use(&self, request: &Request<'_>) -> Option<LeaseId> {
        let address = request.header.ciaddr;
        let by_uid =
            request.uid().and_then(|uid| self.store.by_uid(uid).find(|id| self.store.get(*id).address == address));
        let found = by_uid.or_else(|| self.lease_at(address))?;
        (self.store.get(found).hardware == request.hardware).then_some(found)
    }
}
