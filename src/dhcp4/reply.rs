//! What goes into a reply, and its way out (spec/dhcpv4.md 11 from item 29, 16, 17).

use super::ack::{Exchange, ReplyKind};
use super::effect::{Effect, Reply};
use super::engine::Engine;
use super::intake::{self, Request, SERVER_IDENTIFIER};
use super::lease_time::renewal_times;
use super::log_text::HostName;
use super::parameters as parameter;
use super::route::{self, BROADCAST};
use super::scopes::Draft;
use super::LogKind;
use crate::config::model::{Config, HostId, SubnetId};
use crate::leases::lease::Lease;
use crate::options::pack::{site_min_code, start_of_size, Packing, Site};
use crate::options::registry::{OptionKey, SpaceId};
use crate::wire::dhcp4::{Header, FILE_LEN, SNAME_LEN};
use std::net::Ipv4Addr;

/// Options of space `dhcp`.
const SUBNET_MASK: u32 = 1;
const ROUTERS: u32 = 3;
pub const HOST_NAME: u32 = 12;
const LEASE_TIME: u32 = 51;
pub const MESSAGE_TYPE: u32 = 53;
const REQUEST_LIST: u32 = 55;
const MAX_MESSAGE_SIZE: u32 = 57;
const RENEWAL_TIME: u32 = 58;
const REBINDING_TIME: u32 = 59;

/// What the fields `file` and `sname` are to hold.
pub struct Fields<'a> {
    pub filename: Option<&'a [u8]>,
    pub server_name: Option<&'a [u8]>,
}

impl Fields<'_> {
    /// Fills the fields; what does not fit is cut off, which is logged.
    pub fn put(&self, header: &mut Header, out: &mut Vec<Effect>) {
        let all = [
            (self.filename, &mut header.file[..], "file", FILE_LEN),
            (self.server_name, &mut header.sname[..], "server", SNAME_LEN),
        ];
        for (value, field, what, room) in all {
            let Some(value) = value else { continue };
            if value.len() >= room {
                let text = String::from_utf8_lossy(value);
                let text = format!(
                    "{what} name longer than packet field truncated - field: {room} name: {} {text}",
                    value.len()
                );
                out.push(Effect::Log(LogKind::Info, text));
            }
            copy_cut(value, field);
        }
    }
}

/// Copies as much as there is room for.
pub fn copy_cut(value: &[u8], field: &mut [u8]) {
    for (to, from) in field.iter_mut().zip(value) {
        *to = *from;
    }
}

/// How replies to a request are packed, unless something else is known.
pub fn packing_for<'a>(config: &'a Config, request: &'a Request<'_>) -> Packing<'a> {
    Packing {
        client_max_message_size: request.option(MAX_MESSAGE_SIZE),
        client_sent_fqdn: request.options.has_space(SpaceId::FQDN),
        subnet_mask: request.is_discover() || request.is_request(),
        bootp_request_len: (request.kind == 0).then_some(request.payload.len()),
        ..Packing::new(&config.registry)
    }
}

impl Engine {
    /// Makes and sends the reply to a request that got a lease.
    pub(super) fn finish(&mut self, mut exchange: Exchange<'_, '_>, out: &mut Vec<Effect>) {
        let config = self.config.clone();
        let request = exchange.request;
        let draft = &mut exchange.draft;
        let mut flags = request.header.flags;
        if self.flag(draft, parameter::ALWAYS_BROADCAST).is_on() {
            flags |= BROADCAST;
        }
        let configured = self.value(draft, OptionKey::dhcp(MAX_MESSAGE_SIZE));
        let size = start_of_size(request.option(MAX_MESSAGE_SIZE), configured.as_deref());
        self.copy_selection(draft, request);
        let mut source = self.source_address(request);
        if exchange.kind != ReplyKind::Bootp {
            let kind = if exchange.kind == ReplyKind::Offer { intake::OFFER } else { intake::ACK };
            draft.put(OptionKey::dhcp(MESSAGE_TYPE), &[kind]);
            source = self.put_server_identifier(draft, request);
            let time = exchange.expiry.since(exchange.now.wall).0;
            draft.put(OptionKey::dhcp(LEASE_TIME), &time.to_be_bytes());
            self.check_renewal_times(draft, time);
        }
        let siaddr = self.next_server(draft).unwrap_or(Ipv4Addr::UNSPECIFIED);
        self.put_subnet_mask(draft, &config, exchange.found.subnet);
        self.put_host_name(draft, exchange.host.or(exchange.found.host));
        let echoes = self.echo_own_client_id(draft, request);
        self.put_looked_up_name(draft, exchange.found.address, out);
        let default_route = self.flag(draft, parameter::USE_LEASE_ADDR_FOR_DEFAULT_ROUTE).is_on();
        if default_route && !draft.has(OptionKey::dhcp(ROUTERS)) {
            draft.put(OptionKey::dhcp(ROUTERS), &exchange.found.address.octets());
        }
        let Ok(site) = self.site(draft, out) else { return };
        let list = self.request_list(draft, request);
        out.push(Effect::Log(LogKind::Info, std::mem::take(&mut exchange.message)));
        if let (true, false, Some(id)) = (exchange.kind.commits(), exchange.reused, exchange.found.id) {
            self.log_functions(id, out);
        }

        let mut header = Header {
            flags,
            siaddr,
            ciaddr: request.header.ciaddr,
            yiaddr: exchange.found.address,
            ..Header::reply_to(&request.view)
        };
        let (filename, server_name) = (exchange.filename.as_deref(), exchange.server_name.as_deref());
        Fields { filename, server_name }.put(&mut header, out);
        let packing = Packing {
            request_list: &list,
            max_message_size: size,
            overload_file: filename.is_none_or(<[u8]>::is_empty),
            overload_sname: server_name.is_none_or(<[u8]>::is_empty),
            nul_terminate: draft.lease.as_ref().is_some_and(|lease| lease.flags.nul_terminated),
            site,
            echo_client_id: echoes,
            ..packing_for(&config, request)
        };
        draft.use_global_variables();
        let payload = self.pack(draft, &header, &packing, out);
        let route = self.from(request, source).lease_reply(&route::Exchange {
            ack: exchange.kind == ReplyKind::Ack,
            giaddr: request.header.giaddr,
            ciaddr: request.header.ciaddr,
            yiaddr: exchange.found.address,
            flags,
            hardware: request.hardware,
            sent_server_id: request.option(SERVER_IDENTIFIER).is_some(),
            on_link: self.is_on_link(request, exchange.found.subnet),
        });
        let log = self.reply_text(&exchange);
        let reply = Reply { route, payload, after: exchange.after, log, lease: None };
        self.dispatch(exchange, reply, out);
    }

    /// Sends the reply, now or after the ping.
    fn dispatch(&mut self, mut exchange: Exchange<'_, '_>, mut reply: Reply, out: &mut Vec<Effect>) {
        let Some(id) = exchange.found.id else {
            out.push(Effect::Send(reply));
            return;
        };
        if exchange.kind == ReplyKind::Offer {
            if let Some(wait) = self.ping_wait(&mut exchange) {
                self.ping(exchange.now, id, wait, reply, out);
                return;
            }
        } else if !exchange.reused {
            reply.lease = Some(id);
            self.store.edit_flags(id, |flags| flags.reply_pending = true);
        }
        out.push(Effect::Send(reply));
    }

    /// The line that goes with an OFFER, ACK or dynamic BOOTREPLY.
    fn reply_text(&self, exchange: &Exchange<'_, '_>) -> String {
        let what = match exchange.kind {
            ReplyKind::Offer => "DHCPOFFER",
            ReplyKind::Ack => "DHCPACK",
            ReplyKind::Bootp => "BOOTREPLY",
        };
        let request = exchange.request;
        let lease: Option<&Lease> = exchange.found.id.and(exchange.draft.lease.as_ref());
        let name = HostName(lease.map_or(&[][..], |lease| lease.hostname.as_bytes()));
        format!("{what} on {} to {} {name}via {}", exchange.found.address, request.hardware, self.via(request))
    }

    /// The receiving interface is on the lease's network.
    fn is_on_link(&self, request: &Request<'_>, subnet: SubnetId) -> bool {
        let network = self.config.subnets.get(subnet.index()).map(|subnet| subnet.network);
        let received_on = self.interfaces.get(usize::from(request.ingress.interface.0)).map(|i| i.network);
        network.is_some() && network == received_on
    }

    /// Option 118 of the request goes back.
    pub(super) fn copy_selection(&mut self, draft: &mut Draft<'_, '_>, request: &Request<'_>) {
        if let Some(selection) = request.option(intake::SUBNET_SELECTION) {
            draft.put(OptionKey::dhcp(intake::SUBNET_SELECTION), selection);
        }
    }

    /// The first address of the receiving interface.
    pub(super) fn source_address(&self, request: &Request<'_>) -> Ipv4Addr {
        let interface = self.interfaces.get(usize::from(request.ingress.interface.0));
        interface.and_then(|i| i.addresses.first()).copied().unwrap_or(Ipv4Addr::UNSPECIFIED)
    }

    /// Puts option 54 into the reply and gives it: the configured one if it is an address, else the interface's.
    pub(super) fn put_server_identifier(&mut self, draft: &mut Draft<'_, '_>, request: &Request<'_>) -> Ipv4Addr {
        let key = OptionKey::dhcp(SERVER_IDENTIFIER);
        if let Some(configured) = self.value(draft, key).and_then(|id| <[u8; 4]>::try_from(id).ok()) {
            return configured.into();
        }
        let source = self.source_address(request);
        if !source.is_unspecified() {
            draft.put(key, &source.octets());
        }
        source
    }

    /// The same, configured in other scopes than those of the reply.
    pub(super) fn copy_server_identifier(
        &mut self,
        scopes: &mut Draft<'_, '_>,
        reply: &mut Draft<'_, '_>,
        request: &Request<'_>,
    ) -> Ipv4Addr {
        let source = self.put_server_identifier(scopes, request);
        if !source.is_unspecified() {
            reply.put(OptionKey::dhcp(SERVER_IDENTIFIER), &source.octets());
        }
        source
    }

    /// `echo-client-id`: option 61 of the request goes back. True if it is on.
    pub(super) fn echo_own_client_id(&mut self, draft: &mut Draft<'_, '_>, request: &Request<'_>) -> bool {
        let echoes = self.flag(draft, parameter::ECHO_CLIENT_ID).is_on();
        if let Some(uid) = request.uid().filter(|_| echoes) {
            draft.put(OptionKey::dhcp(intake::CLIENT_IDENTIFIER), uid);
        }
        echoes
    }

    /// The same, configured in other scopes than those of the reply.
    pub(super) fn echo_client_id(
        &mut self,
        scopes: &mut Draft<'_, '_>,
        reply: &mut Draft<'_, '_>,
        request: &Request<'_>,
    ) -> bool {
        let echoes = self.flag(scopes, parameter::ECHO_CLIENT_ID).is_on();
        if let Some(uid) = request.uid().filter(|_| echoes) {
            reply.put(OptionKey::dhcp(intake::CLIENT_IDENTIFIER), uid);
        }
        echoes
    }

    /// Takes out configured options 58 and 59 that do not fit the lease.
    fn check_renewal_times(&mut self, draft: &mut Draft<'_, '_>, time: u32) {
        let number =
            |value: Option<Vec<u8>>| value.and_then(|value| value.get(..4)?.try_into().ok()).map(u32::from_be_bytes);
        let rebinding = number(self.value(draft, OptionKey::dhcp(REBINDING_TIME)));
        let renewal = number(self.value(draft, OptionKey::dhcp(RENEWAL_TIME)));
        let (keeps_renewal, keeps_rebinding) = renewal_times(renewal, rebinding, time);
        if rebinding.is_some() && !keeps_rebinding {
            draft.remove(OptionKey::dhcp(REBINDING_TIME));
        }
        if renewal.is_some() && !keeps_renewal {
            draft.remove(OptionKey::dhcp(RENEWAL_TIME));
        }
    }

    /// The first address of `next-server`.
    pub(super) fn next_server(&mut self, draft: &mut Draft<'_, '_>) -> Option<Ipv4Addr> {
        let value = self.data(draft, parameter::NEXT_SERVER)?;
        <[u8; 4]>::try_from(value.get(..4)?).ok().map(Ipv4Addr::from)
    }

    /// Option 1 from the subnet, unless it is configured.
    pub(super) fn put_subnet_mask(&mut self, draft: &mut Draft<'_, '_>, config: &Config, subnet: SubnetId) {
        let key = OptionKey::dhcp(SUBNET_MASK);
        if let (None, Some(subnet)) = (draft.progress.reply.get(key), config.subnets.get(subnet.index())) {
            draft.put(key, &subnet.netmask.octets());
        }
    }

    /// `use-host-decl-names`
    pub(super) fn put_host_name(&mut self, draft: &mut Draft<'_, '_>, host: Option<HostId>) {
        let key = OptionKey::dhcp(HOST_NAME);
        if draft.has(key) || !self.flag(draft, parameter::USE_HOST_DECL_NAMES).is_on() {
            return;
        }
        if let Some(host) = host.and_then(|id| self.hosts().get(id)) {
            draft.put(key, host.name.as_bytes());
        }
    }

    /// `site-option-space`; `Err` if there is no such space, and that was logged.
    pub(super) fn site(&mut self, draft: &mut Draft<'_, '_>, out: &mut Vec<Effect>) -> Result<Option<Site>, ()> {
        let Some(name) = self.data(draft, parameter::SITE_OPTION_SPACE) else { return Ok(None) };
        let name = String::from_utf8_lossy(&name);
        let registry = &self.config.registry;
        let Some(space) = registry.space_named(&name) else {
            out.push(Effect::Log(LogKind::Error, format!("unknown option space {name}.")));
            return Err(());
        };
        let (min_code, warning) = site_min_code(registry, space);
        if let Some(text) = warning.filter(|_| !self.low_sites.contains(&space)) {
            self.low_sites.push(space);
            out.push(Effect::Log(LogKind::Error, text));
        }
        Ok(Some(Site { space, min_code }))
    }

    /// Option 55: the configured one before the client's.
    pub(super) fn request_list(&mut self, draft: &mut Draft<'_, '_>, request: &Request<'_>) -> Vec<u8> {
        let key = OptionKey::dhcp(REQUEST_LIST);
        if draft.has(key) {
            return self.value(draft, key).unwrap_or_default();
        }
        request.option(REQUEST_LIST).map(<[u8]>::to_vec).unwrap_or_default()
    }

    /// The sender's end of a reply.
    pub(super) fn from(&self, request: &Request<'_>, source: Ipv4Addr) -> route::From {
        route::From {
            interface: request.ingress.interface,
            source,
            server_port: self.settings.server_port,
            client_port: self.settings.client_port,
            limited_broadcast: self.settings.limited_broadcast,
        }
    }
}
