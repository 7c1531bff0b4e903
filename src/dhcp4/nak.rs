//! DHCPNAK (spec/dhcpv4.md 18).

use super::effect::{Effect, Reply};
use super::engine::Engine;
use super::intake::{Request, NAK};
use super::reply::packing_for;
use super::route::BROADCAST;
use super::scopes::Draft;
use crate::config::model::{Config, ScopeId};
use crate::leases::lease::JournalPosition;
use crate::options::pack::Packing;
use crate::options::registry::OptionKey;
use crate::wire::dhcp4::Header;
use crate::wire::units::Now;
use std::net::Ipv4Addr;

/// Option 56.
const MESSAGE: u32 = 56;

impl Engine {
    /// Refuses the address to the client. `fallback` is the scope whose server identifier counts if the client's network is
    /// not known.
    pub(super) fn nak(
        &mut self,
        now: Now,
        request: &Request<'_>,
        address: Ipv4Addr,
        fallback: Option<ScopeId>,
        out: &mut Vec<Effect>,
    ) {
        let config = self.config.clone();
        let mut scopes = Draft::global(now, Some(request));
        let shared = request.network.and_then(|network| config.networks.get(network.index()));
        match shared {
            Some(shared) => {
                let subnet = shared.subnets.first().and_then(|subnet| config.subnets.get(subnet.index()));
                self.run_scopes(&mut scopes, subnet.map_or(shared.scope, |subnet| subnet.scope), None, out);
                if let Some(pool) = shared.pools.first().and_then(|pool| config.pools.get(pool.index())) {
                    self.run_scopes(&mut scopes, pool.scope, Some(shared.scope), out);
                }
            }
            None => self.run_scopes(&mut scopes, fallback.unwrap_or(Config::ROOT), None, out),
        }
        self.run_classes(&mut scopes, None, out);

        let mut draft = Draft::global(now, Some(request));
        draft.put(OptionKey::dhcp(super::reply::MESSAGE_TYPE), &[NAK]);
        if !self.nak_text.is_empty() {
            draft.put(OptionKey::dhcp(MESSAGE), self.nak_text.as_bytes());
        }
        let source = self.copy_server_identifier(&mut scopes, &mut draft, request);
        draft.add_all_agent_options();
        let echoes = self.echo_client_id(&mut scopes, &mut draft, request);

        let packing = Packing { echo_client_id: echoes, ..packing_for(&config, request) };
        let header = Header { flags: request.header.flags | BROADCAST, ..Header::reply_to(&request.view) };
        let route = self.from(request, source).nak(request.header.giaddr);
        let payload = self.pack(&mut draft, &header, &packing, out);
        out.push(Effect::Send(Reply {
            route,
            payload,
            after: JournalPosition::default(),
            log: format!("DHCPNAK on {address} to {} via {}", request.hardware, self.via(request)),
            lease: None,
        }));
    }
}
