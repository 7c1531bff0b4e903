//! DHCPREQUEST (spec/dhcpv4.md 10).

use super::ack::{Grant, ReplyKind};
use super::effect::Effect;
use super::engine::Engine;
use super::find_lease::{belongs_to, Search};
use super::intake::{Request, SERVER_IDENTIFIER};
use super::network::{network_of, subnet_on};
use super::LogKind;
use crate::config::model::{ScopeId, SubnetId};
use crate::leases::lease::LeaseId;
use crate::options::registry::{OptionKey, SpaceId};
use crate::wire::units::{Now, Timestamp};
use std::net::Ipv4Addr;

/// What the wrong-network test says (item 3).
enum Place {
    Fine,
    /// NAK.
    Wrong,
    Ignored(&'static str),
}

impl Engine {
    /// Attaches the agent options that the relay gave earlier to a renewal that comes without a relay (5, item 2). Gives the
    /// lease they are from.
    pub(super) fn attach_agent_options(&self, now: Now, request: &mut Request<'_>) -> Option<LeaseId> {
        let header = &request.header;
        let wanted = request.is_request() && !header.ciaddr.is_unspecified() && header.giaddr.is_unspecified();
        if !wanted || request.has_agent_options() {
            return None;
        }
        let id = self.lease_at(header.ciaddr)?;
        let lease = self.store.get(id);
        let agent_options = &lease.extras.as_deref()?.agent_options;
        if agent_options.is_empty() || lease.ends <= now.wall || !belongs_to(lease, request) {
            return None;
        }
        for (code, value) in agent_options {
            let key = OptionKey { space: SpaceId::AGENT, code: u32::from(*code) };
            request.options.set(key, value);
        }
        request.stashed = true;
        Some(id)
    }

    pub(super) fn request(
        &mut self,
        now: Now,
        request: &mut Request<'_>,
        attached: Option<LeaseId>,
        out: &mut Vec<Effect>,
    ) {
        let config = self.config.clone();
        let requested = request.requested_address();
        let address = requested.unwrap_or(request.header.ciaddr);
        let subnet = config.subnet_of(address);
        let search = match subnet.and_then(|subnet| network_of(&config, subnet)) {
            Some(network) => self.find_lease(now, request, network, attached, out),
            None => Search::default(),
        };
        let message = self.request_text(request, address, search.lease.and_then(|found| found.id));
        if let Some(id) = search.lease.and_then(|found| found.id) {
            if self.refuses_request(now, request, id, &message, out) {
                return;
            }
        }
        let scope = subnet.and_then(|subnet| config.subnets.get(subnet.index())).map(|subnet| subnet.scope);
        match self.judge_place(request, address, requested.is_some(), subnet) {
            Place::Fine => {}
            Place::Wrong => {
                out.push(Effect::Log(LogKind::Info, format!("{message}: wrong network.")));
                self.nak(now, request, address, scope, out);
                return;
            }
            Place::Ignored(reason) => {
                out.push(Effect::Log(LogKind::Info, format!("{message}: {reason}")));
                return;
            }
        }
        match search.lease {
            Some(found) => {
                let grant = Grant { found, host: None, kind: ReplyKind::Ack, offer_end: Timestamp::UNSET, message };
                self.answer(now, request, grant, out);
            }
            None if search.ours => {
                out.push(Effect::Log(LogKind::Info, format!("{message}: lease {address} unavailable.")));
                self.nak(now, request, address, scope, out);
            }
            None => out.push(Effect::Log(LogKind::Info, format!("{message}: unknown lease {address}."))),
        }
    }

    /// Is the address asked for one of the network the client is on? A client that renews is not asked.
    fn judge_place(
        &self,
        request: &Request<'_>,
        address: Ipv4Addr,
        has_requested: bool,
        subnet: Option<SubnetId>,
    ) -> Place {
        let config = &self.config;
        let has_ciaddr = !request.header.ciaddr.is_unspecified();
        let authoritative = |scope: Option<ScopeId>| {
            scope.and_then(|scope| config.scopes.get(scope.index())).is_some_and(|scope| scope.authoritative)
        };
        let Some(network) = request.network else {
            let Some(subnet) = subnet else { return Place::Ignored("ignored (unknown subnet).") };
            return match authoritative(config.subnets.get(subnet.index()).map(|subnet| subnet.scope)) {
                true => Place::Wrong,
                false => Place::Ignored("ignored (not authoritative)."),
            };
        };
        let relayed_renewal = has_ciaddr && request.giaddr().is_some();
        let asks = has_requested && !has_ciaddr;
        if !(relayed_renewal || asks) || subnet_on(config, network, address).is_some() {
            return Place::Fine;
        }
        match authoritative(config.networks.get(network.index()).map(|network| network.scope)) {
            true => Place::Wrong,
            false => Place::Ignored("ignored (not authoritative)."),
        }
    }

    /// The request's line, without a reason.
    fn request_text(&self, request: &Request<'_>, address: Ipv4Addr, lease: Option<LeaseId>) -> String {
        let server: Option<[u8; 4]> =
            request.option(SERVER_IDENTIFIER).and_then(|id| id.get(..4)).and_then(|id| id.try_into().ok());
        let server = server.map_or(String::new(), |id| format!(" ({})", Ipv4Addr::from(id)));
        let (client, name) = self.client_and_name(request, lease);
        format!("DHCPREQUEST for {address}{server} from {client} {name}via {}", self.via(request))
    }
}
