//! DHCPINFORM (spec/dhcpv4.md 21).

use super::effect::{Effect, Reply};
use super::engine::Engine;
use super::intake::{Request, ACK, LINK_SELECTION};
use super::parameters as parameter;
use super::reply::{packing_for, Fields};
use super::route::BROADCAST;
use super::scopes::Draft;
use super::LogKind;
use crate::config::model::{Config, HostId, SubnetId};
use crate::leases::lease::JournalPosition;
use crate::options::pack::Packing;
use crate::options::registry::OptionKey;
use crate::wire::dhcp4::Header;
use crate::wire::units::Now;
use std::net::Ipv4Addr;

/// What to do when the server is not authoritative for the subnet.
const ADVICE: [&str; 5] = [
    "If this DHCP server is authoritative for that subnet,",
    "please write an `authoritative;' directive either in the",
    "subnet declaration or in some scope that encloses the",
    "subnet declaration - for example, write it at the top",
    "of the dhcpd.conf file.",
];
/// The advice comes with the first of so many lines.
const ADVICE_EVERY: u32 = 101;

/// Options of a lease, which a client that has none does not get: lease, renewal and rebinding time.
const LEASE_OPTIONS: [u32; 3] = [51, 58, 59];

impl Engine {
    pub(super) fn inform(&mut self, now: Now, request: &Request<'_>, out: &mut Vec<Effect>) {
        let config = self.config.clone();
        let has_ciaddr = !request.header.ciaddr.is_unspecified();
        let client = if has_ciaddr { request.header.ciaddr } else { *request.ingress.source.ip() };
        let message = format!("DHCPINFORM from {client} via {}", self.via(request));
        let ignored = |reason: String| Effect::Log(LogKind::Info, format!("{message}: {reason}"));
        if client.is_unspecified() {
            out.push(ignored("ignored (null source address).".into()));
            return;
        }
        let Ok((kind, address)) = place(request, client) else {
            out.push(ignored("ignored (invalid subnet selection option).".into()));
            return;
        };
        let Some(id) = config.subnet_of(address) else {
            out.push(ignored(format!("unknown subnet for {kind} address {address}")));
            return;
        };
        let Some(subnet) = config.subnets.get(id.index()) else { return };
        if !config.scopes.get(subnet.scope.index()).is_some_and(|scope| scope.authoritative) {
            out.push(ignored(format!("not authoritative for subnet {}", subnet.address)));
            if self.informs_refused == 0 {
                out.extend(ADVICE.map(|line| Effect::Log(LogKind::Info, line.into())));
            }
            self.informs_refused = (self.informs_refused + 1) % ADVICE_EVERY;
            return;
        }
        let mut draft = Draft::global(now, Some(request));
        match request.hints().link_selection {
            // ISC puts the relay's sub-option back under its number, but into the space of DHCP options.
            Some(selected) => draft.put(OptionKey::dhcp(LINK_SELECTION), selected),
            None => self.copy_selection(&mut draft, request),
        }
        draft.add_agent_options();
        self.run_inform_scopes(&mut draft, &config, id, client, has_ciaddr, out);
        self.send_inform_ack(request, &mut draft, (id, client), message, out);
    }

    fn run_inform_scopes(
        &mut self,
        draft: &mut Draft<'_, '_>,
        config: &Config,
        id: SubnetId,
        client: Ipv4Addr,
        has_ciaddr: bool,
        out: &mut Vec<Effect>,
    ) {
        let Some(subnet) = config.subnets.get(id.index()) else { return };
        self.run_scopes(draft, subnet.scope, None, out);
        let pool = config.range_of(client).filter(|_| has_ciaddr);
        if let Some(pool) = pool.and_then(|(pool, _)| config.pools.get(pool.index())) {
            let limit = config.networks.get(pool.network.index()).map(|network| network.scope);
            self.run_scopes(draft, pool.scope, limit, out);
        }
        self.run_classes(draft, Some(subnet.scope), out);
        if let Some(host) = draft.request.and_then(|request| self.inform_host(request, client, out)) {
            self.run_host(draft, host, Some(subnet.scope), out);
        }
    }

    /// A host that has the client's address, by identifier before hardware; else one without any.
    fn inform_host(&self, request: &Request<'_>, client: Ipv4Addr, out: &mut Vec<Effect>) -> Option<HostId> {
        let mut complain = |line| out.push(Effect::Log(LogKind::Error, line));
        let by_id = self.hosts().by_client_id(request);
        let by_hardware = self.hosts().by_hardware(request);
        let mut with_address = |hosts: &[HostId]| {
            let mut has = |host| self.hosts().has_address(host, client, &self.names, &mut complain);
            hosts.iter().copied().find(|host| has(*host))
        };
        with_address(&by_id)
            .or_else(|| with_address(&by_hardware))
            .or_else(|| self.hosts().first_without_address(&by_id))
            .or_else(|| self.hosts().first_without_address(&by_hardware))
    }

    fn send_inform_ack(
        &mut self,
        request: &Request<'_>,
        draft: &mut Draft<'_, '_>,
        (subnet, client): (SubnetId, Ipv4Addr),
        message: String,
        out: &mut Vec<Effect>,
    ) {
        let config = self.config.clone();
        let filename = self.data(draft, parameter::FILENAME);
        let server_name = self.data(draft, parameter::SERVER_NAME);
        draft.put(OptionKey::dhcp(super::reply::MESSAGE_TYPE), &[ACK]);
        let source = self.put_server_identifier(draft, request);
        for code in LEASE_OPTIONS {
            draft.remove(OptionKey::dhcp(code));
        }
        let siaddr = self.next_server(draft).unwrap_or(Ipv4Addr::UNSPECIFIED);
        self.put_subnet_mask(draft, &config, subnet);
        let Ok(site) = self.site(draft, out) else { return };
        let list = self.request_list(draft, request);
        out.push(Effect::Log(LogKind::Info, message));

        let to_relay = request.header.ciaddr.is_unspecified() && request.giaddr().is_some();
        let mut header = Header { ciaddr: request.header.ciaddr, siaddr, ..Header::reply_to(&request.view) };
        if to_relay {
            header.flags |= BROADCAST;
        }
        Fields { filename: filename.as_deref(), server_name: server_name.as_deref() }.put(&mut header, out);
        let packing = Packing {
            request_list: &list,
            nul_terminate: request.had_nulls(12),
            site,
            ..packing_for(&config, request)
        };
        let payload = self.pack(draft, &header, &packing, out);
        let from = self.from(request, source);
        let route = if to_relay { from.nak(request.header.giaddr) } else { from.unicast(client) };
        let hardware = if request.view.htype() == 0 || request.view.hlen() == 0 {
            "<no client hardware address>".to_owned()
        } else {
            request.hardware.to_string()
        };
        let via = if to_relay { request.header.giaddr.to_string() } else { self.interface_name(request).to_owned() };
        out.push(Effect::Send(Reply {
            route,
            payload,
            after: JournalPosition::default(),
            log: format!("DHCPACK to {client} ({hardware}) via {via}"),
            lease: None,
        }));
    }
}

/// By which address the client's subnet is found, and what kind of address that is.
fn place(request: &Request<'_>, client: Ipv4Addr) -> Result<(&'static str, Ipv4Addr), ()> {
    let has_ciaddr = !request.header.ciaddr.is_unspecified();
    let relay = request.giaddr().filter(|_| !has_ciaddr);
    match (request.hints().selector(), relay) {
        (Some(selected), Some(_)) => Ok(("relay link select", selected?)),
        (Some(selected), None) => Ok(("selected", selected?)),
        (None, Some(relay)) => Ok(("relay", relay)),
        (None, None) if has_ciaddr => Ok(("client", client)),
        (None, None) => Ok(("source", client)),
    }
}
