//! DHCPDISCOVER (spec/dhcpv4.md 9).

use super::ack::{Grant, ReplyKind};
use super::effect::Effect;
use super::engine::Engine;
use super::intake::Request;
use super::lease_time::OFFER_HOLD;
use super::log_text::{Client, HostName};
use super::LogKind;
use crate::config::model::NetworkId;
use crate::leases::lease::LeaseId;
use crate::wire::units::Now;

impl Engine {
    pub(super) fn discover(&mut self, now: Now, request: &mut Request<'_>, network: NetworkId, out: &mut Vec<Effect>) {
        let found = self.find_lease(now, request, network, None, out).lease;
        let message = self.discover_text(request, found.and_then(|found| found.id));
        let found = found.or_else(|| self.allocate(now, request, network, out));
        let Some(found) = found else {
            let reason = if self.has_unserved_pool(now, request, network) {
                (LogKind::Info, format!("{message}: not responding (startup)"))
            } else {
                (LogKind::Error, format!("{message}: network {}: no free leases", self.network_name(network)))
            };
            out.push(Effect::Log(reason.0, reason.1));
            return;
        };
        let mut offer_end = now.wall.plus(OFFER_HOLD);
        if let Some(id) = found.id {
            let lease = self.store.get(id);
            if !self.is_served(lease.pool) {
                out.push(Effect::Log(LogKind::Info, format!("{message}: not responding (startup)")));
                return;
            }
            offer_end = offer_end.max(lease.ends);
            if lease.ends < now.wall {
                self.drop_variables(id);
            }
        }
        let grant = Grant { found, host: None, kind: ReplyKind::Offer, offer_end, message };
        self.answer(now, request, grant, out);
    }

    /// The request's line, without a reason.
    fn discover_text(&self, request: &Request<'_>, lease: Option<LeaseId>) -> String {
        let (client, name) = self.client_and_name(request, lease);
        format!("DHCPDISCOVER from {client} {name}via {}", self.via(request))
    }

    /// True if the client might get an address of a pool that waits for a failover peer.
    fn has_unserved_pool(&self, now: Now, request: &Request<'_>, network: NetworkId) -> bool {
        let visitor = request.visitor(now);
        let Some(network) = self.config.networks.get(network.index()) else { return false };
        network.pools.iter().any(|pool| !self.is_served(*pool) && visitor.may_use(&self.config, *pool))
    }

    /// A lease that ended some time ago: its variables are nobody's.
    fn drop_variables(&mut self, id: LeaseId) {
        let Some(mut extras) = self.store.get(id).extras.clone() else { return };
        extras.variables = Default::default();
        self.store.set_extras(id, Some(extras));
    }

    /// Client and host name as request lines show them: both may come from the lease.
    pub(super) fn client_and_name<'a>(
        &'a self,
        request: &'a Request<'_>,
        lease: Option<LeaseId>,
    ) -> (Client<'a>, HostName<'a>) {
        let lease = lease.map(|id| self.store.get(id));
        let uid = lease.map(|lease| lease.uid.as_bytes());
        let name = lease.map_or(&[][..], |lease| lease.hostname.as_bytes());
        (Client { hardware: &request.hardware, uid }, HostName(name))
    }
}
