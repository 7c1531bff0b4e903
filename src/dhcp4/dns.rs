//! What a lease has to do with the DNS (spec/ddns.md 3 to 8): which names a client gets when it is answered, what its FQDN option
//! is answered with, and which names go when the lease ends. The updates themselves are made elsewhere, and nothing waits for
//! them.

use super::ack::Exchange;
use super::effect::Effect;
use super::engine::Engine;
use super::parameters::{self as parameter, Flag};
use super::transitions::extras;
use super::LogKind;
use crate::eval::bindings::Value;
use crate::leases::dns::{
    DnsChange, DnsRecord, DnsRemoval, DnsUpdate, Need, Owner, VariableChange, CLIENT, DHCID, FORWARD, REVERSE, TXT,
};
use crate::leases::lease::{Lease, LeaseId, SmallBytes};
use crate::leases::text;
use crate::options::fqdn;
use crate::options::registry::{OptionKey, SpaceId};
use crate::wire::dns::guard::Style;
use crate::wire::units::Now;
use std::net::Ipv4Addr;

/// Options of space `dhcp`.
const HOST_NAME: u32 = 12;
const DOMAIN_NAME: u32 = 15;
/// The longest names that are tried, in octets.
const MAX_PARTS: usize = 253;
const MAX_NAME: usize = 255;
/// The longest TTL that is computed, in seconds.
const MAX_TTL: u32 = 3600;
/// Where the names of addresses are, unless `ddns-rev-domainname` says otherwise.
const REVERSE_DOMAIN: &[u8] = b"in-addr.arpa.";
/// A client identifier that begins so holds a DUID behind four more octets (RFC 4361).
const DUID_IDENTIFIER: u8 = 255;
const DUID_AT: usize = 5;
/// The code of the client identifier, its type in interim guards.
const CLIENT_IDENTIFIER: u16 = 61;
/// What the answer to an FQDN option holds as rcodes.
const RCODE: u8 = 255;

/// Who puts the forward name into the DNS, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    forward: Vec<u8>,
    by_server: bool,
}

/// What tells the client of a lease in a guard; `None` if its identifier is too short.
fn owner(style: Style, lease: &Lease) -> Option<Owner> {
    let uid = lease.uid.as_bytes();
    let (kind, octets) = match (style, uid.first()) {
        (_, None) => (0, lease.hardware.as_bytes()),
        (Style::Interim, Some(_)) => (CLIENT_IDENTIFIER, uid),
        (Style::Standard, Some(&DUID_IDENTIFIER)) => (2, uid.get(DUID_AT..)?),
        (Style::Standard, Some(_)) => (1, uid),
    };
    Some(Owner { style, kind, octets: SmallBytes::new(octets) })
}

/// The name of an address below a domain.
fn reverse_name(address: Ipv4Addr, domain: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(16 + domain.len());
    for octet in address.octets().into_iter().rev() {
        text::number(&mut name, octet.into());
        name.push(b'.');
    }
    name.extend_from_slice(domain);
    name
}

/// What a lease's variables say of names.
pub(super) fn record(lease: &Lease) -> DnsRecord {
    lease.extras.as_deref().map(|extras| DnsRecord::of(&extras.variables)).unwrap_or_default()
}

/// Takes the names out of a lease's variables.
pub(super) fn forget_names(lease: &mut Lease) {
    let Some(extras) = lease.extras.as_deref_mut() else { return };
    for name in [FORWARD, REVERSE, DHCID, TXT, CLIENT] {
        if extras.variables.contains(name) {
            extras.variables.set(&name.into(), None);
        }
    }
}

fn fqdn_key(code: u32) -> OptionKey {
    OptionKey { space: SpaceId::FQDN, code }
}

impl Engine {
    /// A lease is given: its names are chosen, and the FQDN option is answered.
    pub(super) fn update_names(&mut self, exchange: &mut Exchange<'_, '_>, out: &mut Vec<Effect>) {
        let Some(style) = self.settings.dns_style.filter(|_| exchange.kind.commits()) else { return };
        if self.flag(&mut exchange.draft, parameter::DDNS_UPDATES).is_off() {
            return;
        }
        if exchange.found.id.is_some() {
            out.push(Effect::Dns(DnsChange::Cancel(exchange.found.address.into())));
        }
        let client_updates = self.flag(&mut exchange.draft, parameter::CLIENT_UPDATES);
        let Some(choice) = self.choose_name(exchange, client_updates, out) else { return };
        if self.begin_update(exchange, style, &choice, out) {
            self.answer_fqdn(exchange, &choice, client_updates == Flag::Ignore);
        }
    }

    /// Steps 3 to 6. `None`: nothing more is done.
    fn choose_name(
        &mut self,
        exchange: &mut Exchange<'_, '_>,
        client_updates: Flag,
        out: &mut Vec<Effect>,
    ) -> Option<Choice> {
        let request = exchange.request;
        let sent = |code| request.value(fqdn_key(code));
        let client_name = sent(fqdn::FQDN).filter(|name| !name.is_empty());
        let is_clients = !client_updates.is_off()
            && sent(fqdn::SERVER_UPDATE).is_some_and(|flag| flag == [0])
            && sent(fqdn::DOMAINNAME).is_some();
        if let Some(name) = client_name.filter(|_| is_clients) {
            return Some(Choice { forward: name.to_vec(), by_server: false });
        }
        let draft = &mut exchange.draft;
        if self.flag(draft, parameter::DO_FORWARD_UPDATES).is_off() {
            return None;
        }
        if exchange.found.id.is_none() && !self.flag(draft, parameter::UPDATE_STATIC_LEASES).is_on() {
            return None;
        }
        let host = self.host_part(exchange);
        let domain = match exchange.draft.has(OptionKey::server(parameter::DDNS_DOMAINNAME)) {
            true => self.data(&mut exchange.draft, parameter::DDNS_DOMAINNAME),
            false => self.value(&mut exchange.draft, OptionKey::dhcp(DOMAIN_NAME)),
        };
        let Some((host, domain)) = host.zip(domain) else {
            return Some(Choice { forward: Vec::new(), by_server: true });
        };
        if host.len() + domain.len() > MAX_PARTS {
            out.push(Effect::Log(LogKind::Error, "ddns_update: host.domain name too long".into()));
            return None;
        }
        Some(Choice { forward: [&host[..], b".", &domain].concat(), by_server: true })
    }

    /// The first part of the forward name.
    fn host_part(&mut self, exchange: &mut Exchange<'_, '_>) -> Option<Vec<u8>> {
        let request = exchange.request;
        let draft = &mut exchange.draft;
        let host = if draft.has(OptionKey::server(parameter::DDNS_HOSTNAME)) {
            self.data(draft, parameter::DDNS_HOSTNAME)
        } else {
            let sent = request.value(fqdn_key(fqdn::HOSTNAME)).or_else(|| request.option(HOST_NAME));
            sent.map(<[u8]>::to_vec).or_else(|| self.value(draft, OptionKey::dhcp(HOST_NAME)))
        };
        if host.is_some() || !self.flag(&mut exchange.draft, parameter::USE_HOST_DECL_NAMES).is_on() {
            return host;
        }
        let declared = exchange.host.or(exchange.found.host).and_then(|id| self.hosts().get(id));
        declared.map(|host| host.name.as_bytes().to_vec())
    }

    /// Steps 7 to 12. True if the FQDN option is to be answered.
    fn begin_update(
        &mut self,
        exchange: &mut Exchange<'_, '_>,
        style: Style,
        choice: &Choice,
        out: &mut Vec<Effect>,
    ) -> bool {
        let address = exchange.found.address;
        let is_lease = exchange.found.id.is_some();
        let record = exchange.draft.variables().map(DnsRecord::of).unwrap_or_default();
        let optimizes = !self.flag(&mut exchange.draft, parameter::UPDATE_OPTIMIZATION).is_off();
        let need = record.need(style, &choice.forward, optimizes);
        if need == Need::Nothing {
            return true;
        }
        let replaces = (need == Need::Replace).then(|| Box::new(record));
        if choice.forward.len() > MAX_NAME {
            out.push(Effect::Log(LogKind::Error, "client provided fqdn: too long".into()));
        }
        if choice.forward.is_empty() || choice.forward.len() > MAX_NAME {
            if let Some(record) = replaces {
                let removal = DnsRemoval { address: address.into(), record: *record, is_active: true };
                self.start(exchange, DnsChange::Remove(removal), out);
            }
            return false;
        }
        let ttl = self.name_ttl(exchange);
        let reverse = self.reverse_of(exchange, out);
        let adds_reverse = !self.flag(&mut exchange.draft, parameter::DO_REVERSE_UPDATES).is_off();
        let lease = exchange.draft.lease.as_ref().filter(|_| choice.by_server);
        let owner = match lease.map(|lease| owner(style, lease)) {
            None => None,
            // Without a guard nothing is updated.
            Some(owner) => match owner.filter(|owner| owner.can_guard(&choice.forward)) {
                None => return false,
                owner => owner,
            },
        };
        let update = DnsUpdate {
            address: address.into(),
            is_lease,
            forward: choice.forward.clone().into(),
            owner,
            reverse,
            adds_reverse,
            ttl,
            replaces,
        };
        if update.is_silent() {
            for (name, value) in update.reverse_variables() {
                exchange.draft.set_variable(name, &value.unwrap_or_default());
            }
        } else {
            self.start(exchange, DnsChange::Update(update), out);
        }
        true
    }

    /// An update begins: the lease is recorded anew, whatever its age.
    fn start(&self, exchange: &mut Exchange<'_, '_>, change: DnsChange, out: &mut Vec<Effect>) {
        exchange.old.flags.cannot_reuse = true;
        out.push(Effect::Dns(change));
    }

    /// That of all records, in seconds (spec/ddns.md 8).
    fn name_ttl(&mut self, exchange: &mut Exchange<'_, '_>) -> u32 {
        let ends = exchange.draft.lease.as_ref().map(|lease| lease.ends).unwrap_or_default();
        let computed = (ends.since(exchange.now.wall).0 / 2).min(MAX_TTL);
        self.number(&mut exchange.draft, parameter::DDNS_TTL).unwrap_or(computed)
    }

    /// The reverse name of the lease's address.
    fn reverse_of(&mut self, exchange: &mut Exchange<'_, '_>, out: &mut Vec<Effect>) -> Option<Box<[u8]>> {
        let draft = &mut exchange.draft;
        let domain = match draft.has(OptionKey::server(parameter::DDNS_REV_DOMAINNAME)) {
            true => self.data(draft, parameter::DDNS_REV_DOMAINNAME)?,
            false => REVERSE_DOMAIN.to_vec(),
        };
        let name = reverse_name(exchange.found.address, &domain);
        if name.len() >= MAX_NAME {
            out.push(Effect::Log(LogKind::Error, "ddns_update: Calculated rev domain name too long.".into()));
            return None;
        }
        Some(name.into())
    }

    /// The answer to the client's FQDN option (spec/ddns.md 5.3).
    fn answer_fqdn(&mut self, exchange: &mut Exchange<'_, '_>, choice: &Choice, ignores_client: bool) {
        let request = exchange.request;
        let Some(encoded) = request.value(fqdn_key(fqdn::ENCODED)) else { return };
        if self.flag(&mut exchange.draft, parameter::FQDN_REPLY).is_off() {
            return;
        }
        let client_wants = request.value(fqdn_key(fqdn::SERVER_UPDATE)).is_some_and(|flag| flag == [0]);
        let is_servers = choice.by_server && !(ignores_client && client_wants);
        let name = match (choice.by_server, is_servers) {
            (true, false) => request.value(fqdn_key(fqdn::FQDN)).unwrap_or_default(),
            _ => &choice.forward,
        };
        let values: [(u32, &[u8]); 6] = [
            (fqdn::NO_CLIENT_UPDATE, &[u8::from(is_servers)]),
            (fqdn::SERVER_UPDATE, &[u8::from(is_servers)]),
            (fqdn::ENCODED, encoded),
            (fqdn::RCODE1, &[RCODE]),
            (fqdn::RCODE2, &[RCODE]),
            (fqdn::FQDN, name),
        ];
        for (code, value) in values {
            exchange.draft.put(fqdn_key(code), value);
        }
    }

    /// A lease ends: its names go. `is_active`: it keeps its variables until they are gone.
    pub(super) fn remove_names(&self, lease: &Lease, is_active: bool, out: &mut Vec<Effect>) {
        if self.settings.dns_style.is_some() {
            let (address, record) = (lease.address.into(), record(lease));
            out.push(Effect::Dns(DnsChange::Remove(DnsRemoval { address, record, is_active })));
        }
    }

    /// Changes variables of a lease, and records it.
    pub fn set_variables(&mut self, now: Now, id: LeaseId, changes: Vec<VariableChange>) {
        let mut lease = self.store.get(id).clone();
        let variables = &mut extras(&mut lease).variables;
        for (name, value) in changes {
            // A name that was never bound has no place to keep.
            if value.is_some() || variables.contains(name) {
                variables.set(&name.into(), value.map(|octets| Value::Data((&*octets).into())));
            }
        }
        self.store.end(id, lease, now.wall, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::PoolId;
    use crate::leases::store::virgin_lease;
    use crate::wire::hardware::HardwareAddr;

    #[test]
    fn identifiers_by_style() {
        let mut lease = virgin_lease(Ipv4Addr::LOCALHOST, PoolId(0));
        lease.hardware = HardwareAddr::new(1, &[2, 0, 0, 0, 0x17, 1]).unwrap();
        let kinds = |lease: &Lease| {
            let of = |style| owner(style, lease).map(|owner| (owner.kind, owner.octets.as_bytes().to_vec()));
            (of(Style::Standard), of(Style::Interim))
        };
        let hardware = Some((0, b"\x01\x02\0\0\0\x17\x01".to_vec()));
        assert_eq!(kinds(&lease), (hardware.clone(), hardware));
        lease.uid = SmallBytes::new(b"\x01\x02");
        assert_eq!(kinds(&lease), (Some((1, vec![1, 2])), Some((61, vec![1, 2]))));
        lease.uid = SmallBytes::new(b"\xff\0\0\0\x01\0\x03");
        assert_eq!(kinds(&lease).0, Some((2, vec![0, 3])));
        lease.uid = SmallBytes::new(b"\xff\0\0\0");
        assert_eq!(kinds(&lease), (None, Some((61, vec![255, 0, 0, 0]))));
    }

    #[test]
    fn reverse_names() {
        assert_eq!(reverse_name(Ipv4Addr::new(10, 10, 17, 100), REVERSE_DOMAIN), b"100.17.10.10.in-addr.arpa.");
    }
}
