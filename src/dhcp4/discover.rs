//! DHCPDISCOVER (spec/dhcpv4.md 9).

use super::ack::{Grant, ReplyKind};
use super::effect::Effect;
use super::engine::Engine;
use super::intake::Request;
use super::lease_time::OFFER_HOLD;
use super::log_text::{Client, HostName};
use super::LogKind;
use crate::config::model::{NetworkId, PoolId};
use crate::leases::lease::LeaseId;
use crate::wire::units::Now;

impl Engine {
    pub(super) fn discover(&mut self, now: Now, request: &mut Request<'_>, network: NetworkId, out: &mut Vec<Effect>) {
        let found = self.find_lease(now, request, network, None, out).lease;
        let message = self.discover_text(request, found.and_then(|found| found.id));
        let found = found.filter(|found| found.id.is_none_or(|id| self.is_offerable(id, now.wall)));
        let found = found.or_else(|| self.allocate(now, request, network, out));
        let Some(found) = found else {
            let text = if self.partner_has_leases(network) {
                format!("{message}: peer holds all free leases")
            } else {
                format!("{message}: network {}: no free leases", self.network_name(network))
            };
            out.push(Effect::Log(LogKind::Error, text));
            return;
        };
        let mut offer_end = now.wall.plus(OFFER_HOLD);
        if let Some(id) = found.id {
            let lease = self.store.get(id);
            if self.leaves_to_partner(request, network, lease.pool, &message, out) {
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

    /// True if a lease of that pool is not offered because of the failover partner; logs why.
    fn leaves_to_partner(
        &self,
        request: &Request<'_>,
        network: NetworkId,
        pool: PoolId,
        message: &str,
        out: &mut Vec<Effect>,
    ) -> bool {
        if let Some(reason) = self.not_responding(pool) {
            out.push(Effect::Log(LogKind::Info, format!("{message}: not responding{reason}")));
            return true;
        }
        let Some(peer) = self.load_balanced_to(request, pool) else { return false };
        let leaves = self.partner_has_leases(network);
        let text = match leaves {
            true => format!("{message}: load balance to peer {peer}"),
            false => format!("{message}: cancel load balance to peer {peer} - no free leases"),
        };
        out.push(Effect::Log(LogKind::Debug, text));
        leaves
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
