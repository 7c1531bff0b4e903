//! DHCPLEASEQUERY (spec/dhcpv4.md 26, RFC 4388).

use super::effect::{Effect, Reply, Route};
use super::engine::Engine;
use super::intake::{self, Request};
use super::log_text::identifier;
use super::parameters as parameter;
use super::reply::{packing_for, MESSAGE_TYPE};
use super::scopes::Draft;
use super::LogKind;
use crate::config::model::Config;
use crate::eval::bindings::Value;
use crate::leases::lease::{BindingState, JournalPosition, Lease, LeaseId};
use crate::options::pack::Packing;
use crate::options::registry::{OptionKey, SpaceId};
use crate::wire::dhcp4::{Header, BOOTREPLY, CHADDR_LEN};
use crate::wire::units::{Now, Seconds, Timestamp};
use std::net::{Ipv4Addr, SocketAddrV4};

/// The most addresses in option 92.
const MOST_ASSOCIATED: usize = 40;

/// Options of space `dhcp`.
const LEASE_TIME: u32 = 51;
const REQUEST_LIST: u32 = 55;
const RENEWAL_TIME: u32 = 58;
const REBINDING_TIME: u32 = 59;
const VENDOR_CLASS: u32 = 60;
const CLIENT_LAST_TRANSACTION: u32 = 91;
const ASSOCIATED: u32 = 92;

/// What was asked for.
struct Answer {
    /// As the log shows it.
    target: String,
    lease: Option<LeaseId>,
    /// The lease was asked for by its address, which is in a range but was never used.
    is_virgin: bool,
    address: Ipv4Addr,
    associated: Vec<Ipv4Addr>,
}

impl Engine {
    pub(super) fn leasequery(&mut self, now: Now, request: &Request<'_>, out: &mut Vec<Effect>) {
        let relay = request.header.giaddr;
        let message = format!("DHCPLEASEQUERY from {relay}");
        if relay.is_unspecified() {
            let text = format!("{message}: missing giaddr, ciaddr is {}, no reply sent", request.header.ciaddr);
            out.push(Effect::Log(LogKind::Info, text));
            return;
        }
        let config = self.config.clone();
        let subnet = config.subnet_of(relay).and_then(|subnet| config.subnets.get(subnet.index()));
        let scope = subnet.map_or(Config::ROOT, |subnet| subnet.scope);
        let mut draft = Draft::global(now, Some(request));
        self.run_scopes(&mut draft, scope, None, out);
        self.run_classes(&mut draft, Some(scope), out);
        if !self.flag(&mut draft, parameter::LEASEQUERY).is_on() {
            let text = format!("{message}: LEASEQUERY not allowed, query ignored");
            out.push(Effect::Log(LogKind::Info, text));
            return;
        }
        let mut answer = self.look_up(request);
        let count = answer.associated.len();
        if count > MOST_ASSOCIATED {
            let text = format!(
                "{count} IP addresses associated with {}, only {MOST_ASSOCIATED} sent in reply.",
                answer.target
            );
            out.push(Effect::Log(LogKind::Info, text));
            answer.associated.truncate(MOST_ASSOCIATED);
        }
        out.push(Effect::Log(LogKind::Info, format!("{message} for {}", answer.target)));
        let active = answer.lease.map(|id| self.store.get(id)).filter(|lease| lease.state == BindingState::Active);
        let (kind, name) = match (active, answer.lease) {
            (Some(_), _) => (intake::LEASE_ACTIVE, "DHCPLEASEACTIVE"),
            (None, None) if !answer.is_virgin => (intake::LEASE_UNKNOWN, "DHCPLEASEUNKNOWN"),
            _ => (intake::LEASE_UNASSIGNED, "DHCPLEASEUNASSIGNED"),
        };
        let mut header = echoed(request, answer.address);
        if let Some(lease) = active.cloned() {
            draft = Draft::of_lease(now, Some(request), lease.clone());
            describe(&mut draft, &lease, now.wall, &answer.associated);
            header.htype = lease.hardware.htype();
            header.hlen = lease.hardware.address().len() as u8;
            header.chaddr = [0; CHADDR_LEN];
            super::reply::copy_cut(lease.hardware.address(), &mut header.chaddr);
        }
        draft.put(OptionKey::dhcp(MESSAGE_TYPE), &[kind]);
        self.put_server_identifier(&mut draft, request);
        let list = self.value(&mut draft, OptionKey::dhcp(REQUEST_LIST)).unwrap_or_default();
        let packing = Packing { request_list: &list, pad: false, ..packing_for(&config, request) };
        draft.use_global_variables();
        let payload = self.pack(&mut draft, &header, &packing, out);
        out.push(Effect::Send(Reply {
            route: Route::Fallback { to: SocketAddrV4::new(relay, self.settings.server_port) },
            payload,
            after: JournalPosition::default(),
            log: format!("{name} to {relay} for {} ({count} associated IPs)", answer.target),
            lease: None,
        }));
    }

    /// By address, else by identifier, else by hardware.
    fn look_up(&self, request: &Request<'_>) -> Answer {
        let address = request.header.ciaddr;
        if !address.is_unspecified() {
            let lease = self.lease_at(address);
            return Answer {
                target: format!("IP {address}"),
                lease,
                is_virgin: lease.is_none() && self.store.pool_of(address).is_some(),
                address,
                associated: Vec::new(),
            };
        }
        let (target, chain): (_, Vec<LeaseId>) = match request.uid() {
            Some(uid) => (format!("client-id {}", identifier(uid)), self.store.by_uid(uid).collect()),
            None => (format!("MAC address {}", request.hardware), self.store.by_hardware(&request.hardware).collect()),
        };
        let newest = self.newest(&chain);
        let is_other = |id: &LeaseId| self.store.get(*id).state == BindingState::Active && Some(*id) != newest;
        let associated = chain.iter().filter(|id| is_other(id)).map(|id| self.store.get(*id).address).collect();
        let address = newest.map_or(address, |id| self.store.get(id).address);
        Answer { target, lease: newest, is_virgin: false, address, associated }
    }

    /// An active lease with the latest transaction, or the lease that ends last.
    fn newest(&self, chain: &[LeaseId]) -> Option<LeaseId> {
        let (first, rest) = chain.split_first()?;
        Some(rest.iter().fold(*first, |best, id| {
            let (newest, lease) = (self.store.get(best), self.store.get(*id));
            let wins = if newest.state == BindingState::Active {
                lease.state == BindingState::Active && lease.cltt > newest.cltt
            } else {
                lease.ends > newest.ends
            };
            if wins {
                *id
            } else {
                best
            }
        }))
    }
}

/// The request's header as an answer: all but a few fields stay.
fn echoed(request: &Request<'_>, address: Ipv4Addr) -> Header {
    let view = &request.view;
    let mut header = Header {
        op: BOOTREPLY,
        ciaddr: address,
        yiaddr: view.yiaddr(),
        siaddr: view.siaddr(),
        ..Header::reply_to(view)
    };
    super::reply::copy_cut(view.sname(), &mut header.sname);
    super::reply::copy_cut(view.file(), &mut header.file);
    header
}

/// What a relay is told of an active lease.
fn describe(draft: &mut Draft<'_, '_>, lease: &Lease, now: Timestamp, associated: &[Ipv4Addr]) {
    let length = lease.ends.since(lease.starts).0;
    let renewal = lease.starts.plus(Seconds(length / 2)).since(now).0;
    let rebinding = length / 2 + length / 4 + length / 8;
    let rebinding = lease.starts.plus(Seconds(rebinding)).since(now).0;
    if !lease.uid.is_empty() {
        draft.put(OptionKey::dhcp(intake::CLIENT_IDENTIFIER), lease.uid.as_bytes());
    }
    let times = [(RENEWAL_TIME, renewal), (REBINDING_TIME, rebinding), (LEASE_TIME, lease.ends.since(now).0)];
    for (code, time) in times.into_iter().filter(|(_, time)| *time > 0) {
        draft.put(OptionKey::dhcp(code), &time.to_be_bytes());
    }
    let extras = lease.extras.as_deref();
    let class = extras.and_then(|extras| extras.variables.get("vendor-class-identifier"));
    if let Some(Value::Data(class)) = class {
        draft.put(OptionKey::dhcp(VENDOR_CLASS), class);
    }
    for (code, value) in extras.iter().flat_map(|extras| &extras.agent_options) {
        draft.put(OptionKey { space: SpaceId::AGENT, code: u32::from(*code) }, value);
    }
    if lease.cltt != Timestamp::UNSET {
        draft.put(OptionKey::dhcp(CLIENT_LAST_TRANSACTION), &now.since(lease.cltt).0.to_be_bytes());
    }
    if !associated.is_empty() {
        let octets: Vec<u8> = associated.iter().flat_map(|address| address.octets()).collect();
        draft.put(OptionKey::dhcp(ASSOCIATED), &octets);
    }
}
