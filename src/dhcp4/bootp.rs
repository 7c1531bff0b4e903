//! BOOTP (spec/dhcpv4.md 22).

use super::ack::{Grant, ReplyKind};
use super::effect::{Effect, Reply};
use super::engine::Engine;
use super::find_lease::Found;
use super::intake::Request;
use super::parameters::{self as parameter, Flag};
use super::reply::{copy_cut, packing_for};
use super::route::BROADCAST;
use super::scopes::Draft;
use super::LogKind;
use crate::config::model::{HostId, NetworkId};
use crate::leases::lease::JournalPosition;
use crate::wire::dhcp4::{Header, BOOTREQUEST, MIN_REPLY_LEN};
use crate::wire::units::{Now, Timestamp};
use std::net::Ipv4Addr;

impl Engine {
    pub(super) fn bootp(&mut self, now: Now, request: &mut Request<'_>, out: &mut Vec<Effect>) {
        if request.view.op() != BOOTREQUEST {
            return;
        }
        let message = format!("BOOTREQUEST from {} via {}", request.hardware, self.via(request));
        let Some(network) = request.network else {
            out.push(Effect::Log(LogKind::Info, format!("{message}: network unknown")));
            return;
        };
        let found = self.find_lease(now, request, network, None, out).lease;
        match found {
            Some(found) if found.id.is_none() => self.fixed_bootp(now, request, found, message, out),
            found => self.dynamic_bootp(now, request, network, found, message, out),
        }
    }

    fn dynamic_bootp(
        &mut self,
        now: Now,
        request: &mut Request<'_>,
        network: NetworkId,
        found: Option<Found>,
        message: String,
        out: &mut Vec<Effect>,
    ) {
        let host = found
            .and_then(|found| found.host)
            .or_else(|| self.hosts().first_without_address(&self.hosts().by_hardware(request)));
        let Some(found) = found.or_else(|| self.allocate(now, request, network, out)) else {
            let text = format!("{message}: BOOTP from dynamic client and no dynamic leases");
            out.push(Effect::Log(LogKind::Info, text));
            return;
        };
        if let Some(pool) = found.id.map(|id| self.store.get(id).pool) {
            let reason = match (self.not_responding(pool), self.load_balanced_to(request, pool)) {
                (Some(reason), _) => Some(format!("not responding{reason}")),
                (None, Some(peer)) => Some(format!("load balance to peer {peer}")),
                (None, None) => None,
            };
            if let Some(reason) = reason {
                out.push(Effect::Log(LogKind::Info, format!("{message}: {reason}")));
                return;
            }
        }
        let grant = Grant { found, host, kind: ReplyKind::Bootp, offer_end: Timestamp::UNSET, message };
        self.answer(now, request, grant, out);
    }

    /// A client with a fixed address.
    fn fixed_bootp(&mut self, now: Now, request: &Request<'_>, found: Found, message: String, out: &mut Vec<Effect>) {
        let config = self.config.clone();
        let Some(subnet) = config.subnets.get(found.subnet.index()) else { return };
        let mut draft = Draft::of_lease(now, Some(request), self.mock_lease(&found));
        self.run_scopes(&mut draft, subnet.scope, None, out);
        self.run_classes(&mut draft, Some(subnet.scope), out);
        if let Some(host) = found.host {
            self.run_host(&mut draft, host, Some(subnet.scope), out);
        }
        let checks = [(parameter::ALLOW_BOOTP, "bootp disallowed"), (parameter::ALLOW_BOOTING, "booting disallowed")];
        for (code, reason) in checks {
            match self.flag(&mut draft, code) {
                Flag::Off => out.push(Effect::Log(LogKind::Info, format!("{message}: {reason}"))),
                Flag::Ignore => {}
                Flag::Unset | Flag::On => continue,
            }
            return;
        }
        let payload = self.fixed_bootp_payload(&mut draft, request, &found, found.host, out);
        if let Some(block) = draft.progress.hooks.commit.take() {
            self.run_block(&mut draft, &block, out);
        }
        let source = self.source_address(request);
        let via = self.via(request).to_string();
        if source.is_unspecified() {
            let name = self.interface_name(request);
            let text = format!(
                "{message}: Interface {name} appears to have no IPv4 addresses, and so dhcpd cannot select a source address."
            );
            out.push(Effect::Log(LogKind::Error, text));
            return;
        }
        out.push(Effect::Log(LogKind::Info, message));
        let name = found.host.and_then(|id| self.hosts().get(id)).map_or("unknown", |host| &host.name);
        let flags = payload.1;
        out.push(Effect::Send(Reply {
            route: self.from(request, source).fixed_bootp(
                request.header.giaddr,
                flags,
                &request.hardware,
                found.address,
            ),
            payload: payload.0,
            after: JournalPosition::default(),
            log: format!("BOOTREPLY for {} to {name} ({}) via {via}", found.address, request.hardware),
            lease: None,
        }));
    }

    /// The reply and its flags.
    fn fixed_bootp_payload(
        &mut self,
        draft: &mut Draft<'_, '_>,
        request: &Request<'_>,
        found: &Found,
        host: Option<HostId>,
        out: &mut Vec<Effect>,
    ) -> (Vec<u8>, u16) {
        let config = self.config.clone();
        let packed = request.options.is_valid() || self.flag(draft, parameter::ALWAYS_REPLY_RFC1048).is_on();
        let mut flags = request.header.flags;
        if self.flag(draft, parameter::ALWAYS_BROADCAST).is_on() {
            flags |= BROADCAST;
        }
        let siaddr = self.next_server(draft).unwrap_or_else(|| self.network_address(request, found));
        let mut header = Header {
            flags,
            siaddr,
            ciaddr: request.header.ciaddr,
            yiaddr: found.address,
            ..Header::reply_to(&request.view)
        };
        match self.data(draft, parameter::FILENAME) {
            Some(filename) => copy_cut(&filename, &mut header.file),
            None => copy_cut(request.view.file(), &mut header.file),
        }
        if let Some(name) = self.data(draft, parameter::SERVER_NAME) {
            copy_cut(&name, &mut header.sname);
        }
        if !packed {
            return (header.message(request.view.vendor_area(), MIN_REPLY_LEN), flags);
        }
        self.put_subnet_mask(draft, &config, found.subnet);
        self.put_host_name(draft, host);
        let packing = packing_for(&config, request);
        (self.pack(draft, &header, &packing, out), flags)
    }

    /// The address of the interface on the lease's network, else of the receiving one.
    fn network_address(&self, request: &Request<'_>, found: &Found) -> Ipv4Addr {
        let network = self.config.subnets.get(found.subnet.index()).map(|subnet| subnet.network);
        let on_network = self.interfaces.iter().find(|interface| Some(interface.network) == network);
        let address = on_network.and_then(|interface| interface.addresses.first()).copied();
        address.unwrap_or_else(|| self.source_address(request))
    }
}
