//! The lease a client has, or has asked for (spec/dhcpv4.md 7).
//!
//! The decision is made on facts that are looked up first; what it does to other leases (releases) and what it logs goes out
//! on the way, in ISC's order.

use super::effect::Effect;
use super::engine::Engine;
use super::hosts::Fixed;
use super::intake::Request;
use super::LogKind;
use crate::config::model::{HostId, NetworkId, PoolId, SubnetId};
use crate::leases::lease::{BindingState, Lease, LeaseId};
use crate::wire::units::Now;
use std::net::Ipv4Addr;

/// The lease a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// `None`: the fixed address of `host`.
    pub id: Option<LeaseId>,
    pub address: Ipv4Addr,
    pub subnet: SubnetId,
    /// The host declaration that gives the fixed address, or whose options an active lease's client gets.
    pub host: Option<HostId>,
}

impl Found {
    /// A fixed address.
    pub fn fixed(fixed: Fixed) -> Found {
        Found { id: None, address: fixed.address, subnet: fixed.subnet, host: Some(fixed.host) }
    }
}

/// What a search gave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    pub lease: Option<Found>,
    /// The address asked for is ours to refuse: a REQUEST without lease gets a NAK.
    pub ours: bool,
}

/// Texts of option 56 in a NAK. The last one stays for the next NAK, whoever it is for.
const INCORRECT: &str = "requested address is incorrect";
const BAD_SUBNET: &str = "requested address on bad subnet";
const NOT_AVAILABLE: &str = "requested address not available";
const CONFLICT: &str = "database conflict - call for help!";

/// The three leases a client may have, by how they were found.
#[derive(Clone, Copy, Debug, Default)]
struct Candidates {
    ip: Option<LeaseId>,
    uid: Option<LeaseId>,
    hardware: Option<LeaseId>,
}

impl Engine {
    /// Searches the client's lease on a shared network. `attached` is the lease whose agent options were attached to the
    /// request (spec/dhcpv4.md 5.2). Sets `request.known`.
    pub(super) fn find_lease(
        &mut self,
        now: Now,
        request: &mut Request<'_>,
        network: NetworkId,
        attached: Option<LeaseId>,
        out: &mut Vec<Effect>,
    ) -> Search {
        let (config, hosts) = (self.config.clone(), self.hosts.clone());
        let hosts = hosts.over(&config);
        let asked = request.asked_address();
        let matched = hosts.matching(request);
        request.known |= !matched.is_empty();
        let mut complain = |line| out.push(Effect::Log(LogKind::Error, line));
        let mut fixed = hosts.fixed_on(&matched, network, &self.names, &mut complain);
        if request.is_request() && fixed.is_some_and(|fixed| Some(fixed.address) != asked) {
            self.nak_text = INCORRECT;
            return Search { lease: None, ours: true };
        }

        let mut found = Candidates {
            uid: self.first_by_uid(now, request, network, out),
            hardware: self.first_by_hardware(now, request, network, out),
            ip: None,
        };
        let mut ours = false;
        found.ip = self.asked_lease(request, network, attached, asked, &mut ours);
        self.forget_unofferable(now, request, &mut found);
        self.settle_duplicates(now, request, network, &mut found, &mut fixed, out);
        if let (true, Some(host), Some(_)) = (request.is_request(), fixed, found.ip) {
            self.log_conflict(host.address, Some(host.host), network, out);
            found.ip = None;
        }
        collapse(&mut found);
        self.forget_forbidden(now, request, &mut found, out);

        if found.ip.is_none() {
            self.nak_text = NOT_AVAILABLE;
            if request.is_request() && fixed.is_none() {
                return Search { lease: None, ours };
            }
        }
        let lease = self.choose(now, request, network, &found, fixed, out);
        let lease = lease.map(|lease| self.attach_host(lease, &matched, fixed.is_some()));
        self.reclaim(request, lease, found.ip, ours, out)
    }

    fn was_active(&self, lease: &Lease) -> bool {
        lease.state == BindingState::Active || lease.rewind_state == BindingState::Active
    }

    fn on_network(&self, pool: PoolId, network: NetworkId) -> bool {
        self.config.pools.get(pool.index()).is_some_and(|pool| pool.network == network)
    }

    /// Item 7: the preferred lease of the client identifier that the client may have here.
    fn first_by_uid(
        &mut self,
        now: Now,
        request: &Request<'_>,
        network: NetworkId,
        out: &mut Vec<Effect>,
    ) -> Option<LeaseId> {
        let uid = request.uid()?;
        let visitor = request.visitor(now);
        let may_release = request.header.ciaddr.is_unspecified();
        let mut chosen = None;
        let mut unfit = Vec::new();
        for id in self.store.by_uid(uid) {
            let lease = self.store.get(id);
            let elsewhere = !self.on_network(lease.pool, network);
            let usable = self.was_active(lease) || self.is_reallocatable(lease, now.wall);
            if usable && !elsewhere && visitor.may_use(&self.config, lease.pool) {
                chosen = Some(id);
                break;
            }
            if may_release && !(usable && elsewhere) {
                unfit.push(id);
            }
        }
        for id in unfit {
            self.release(now, id, Some(request), out);
        }
        chosen
    }

    /// Item 8: the preferred lease of the hardware address, if it is not another client identifier's.
    fn first_by_hardware(
        &mut self,
        now: Now,
        request: &Request<'_>,
        network: NetworkId,
        out: &mut Vec<Effect>,
    ) -> Option<LeaseId> {
        let visitor = request.visitor(now);
        let may_release = request.header.ciaddr.is_unspecified();
        let mut chosen = None;
        let mut unfit = Vec::new();
        for id in self.store.by_hardware(&request.hardware) {
            let lease = self.store.get(id);
            if !self.was_active(lease) && !self.is_reallocatable(lease, now.wall) {
                continue;
            }
            let idle = matches!(lease.state, BindingState::Free | BindingState::Backup);
            let foreign = !lease.uid.is_empty() && request.uid() != Some(lease.uid.as_bytes());
            if !idle && foreign || !self.on_network(lease.pool, network) {
                continue;
            }
            if visitor.may_use(&self.config, lease.pool) {
                chosen = Some(id);
                break;
            }
            if may_release {
                unfit.push(id);
            }
        }
        for id in unfit {
            self.release(now, id, Some(request), out);
        }
        chosen
    }

    /// Items 9 to 11: the lease of the address asked for, if it is on the network and not another client's.
    fn asked_lease(
        &mut self,
        request: &Request<'_>,
        network: NetworkId,
        attached: Option<LeaseId>,
        asked: Option<Ipv4Addr>,
        ours: &mut bool,
    ) -> Option<LeaseId> {
        let pool = match attached {
            Some(id) => self.store.get(id).pool,
            None => self.store.pool_of(asked?)?,
        };
        *ours = true;
        if !self.on_network(pool, network) {
            self.nak_text = BAD_SUBNET;
            return None;
        }
        let id = match attached {
            Some(id) => id,
            None => self.store.materialize(asked?)?,
        };
        let lease = self.store.get(id);
        let idle = matches!(lease.state, BindingState::Free | BindingState::Backup);
        if !idle && !belongs_to(lease, request) {
            // One that nobody uses may be the peer's: no NAK for it.
            if lease.state != BindingState::Active {
                *ours = false;
            }
            return None;
        }
        Some(id)
    }

    /// Item 12.
    fn forget_unofferable(&self, now: Now, request: &Request<'_>, found: &mut Candidates) {
        let Some(ip) = found.ip else { return };
        let lease = self.store.get(ip);
        let has_other = found.uid.is_some() || found.hardware.is_some();
        if request.is_discover() && has_other && !self.was_active(lease) && !self.is_reallocatable(lease, now.wall) {
            found.ip = None;
        }
    }

    /// Item 13: the client has two leases under its identifier, or a fixed address and the lease asked for.
    fn settle_duplicates(
        &mut self,
        now: Now,
        request: &Request<'_>,
        network: NetworkId,
        found: &mut Candidates,
        fixed: &mut Option<Fixed>,
        out: &mut Vec<Effect>,
    ) {
        let Some(ip) = found.ip else { return };
        let lease = self.store.get(ip);
        if lease.state != BindingState::Active || lease.uid.is_empty() || found.ip == found.uid {
            return;
        }
        let address = lease.address;
        if request.uid() == Some(lease.uid.as_bytes()) {
            if let Some(uid) = found.uid {
                if self.store.get(uid).state == BindingState::Active {
                    let network_name = self.network_name(network);
                    let text = format!("client {} has duplicate leases on {network_name}", request.hardware);
                    out.push(Effect::Log(LogKind::Error, text));
                    if request.is_request() && request.header.ciaddr.is_unspecified() {
                        self.release(now, uid, Some(request), out);
                    }
                }
                found.uid = found.ip;
            }
        }
        if request.is_request() && fixed.take().is_some() {
            self.log_conflict(address, None, network, out);
        }
        if found.ip != found.uid {
            found.ip = None;
        }
    }

    fn log_conflict(&mut self, address: Ipv4Addr, host: Option<HostId>, network: NetworkId, out: &mut Vec<Effect>) {
        let host = host.and_then(|id| self.hosts().get(id));
        let host = host.map_or_else(|| address.to_string(), |host| host.name.to_string());
        let lines = [
            format!("Dynamic and static leases present for {address}."),
            format!("Remove host declaration {host} or remove {address}"),
            format!("from the dynamic address pool for {}", self.network_name(network)),
        ];
        out.extend(lines.map(|line| Effect::Log(LogKind::Error, line)));
        self.nak_text = CONFLICT;
    }

    /// Item 16: what the lists of its pool deny to the client is forgotten, and released if the client is not using it.
    fn forget_forbidden(&mut self, now: Now, request: &Request<'_>, found: &mut Candidates, out: &mut Vec<Effect>) {
        let visitor = request.visitor(now);
        let may_release = request.header.ciaddr.is_unspecified();
        for (candidate, only_active) in [(&mut found.ip, true), (&mut found.uid, false), (&mut found.hardware, false)] {
            let Some(id) = *candidate else { continue };
            let lease = self.store.get(id);
            if visitor.may_use(&self.config, lease.pool) {
                continue;
            }
            if may_release && (!only_active || lease.state == BindingState::Active) {
                self.release(now, id, Some(request), out);
            }
            *candidate = None;
        }
    }

    /// Item 19: a fixed address first, else the lease asked for, else that of the identifier, else that of the hardware.
    fn choose(
        &mut self,
        now: Now,
        request: &Request<'_>,
        network: NetworkId,
        found: &Candidates,
        fixed: Option<Fixed>,
        out: &mut Vec<Effect>,
    ) -> Option<Found> {
        let may_release = request.header.ciaddr.is_unspecified();
        let mut chosen = fixed.map(Found::fixed);
        if let Some(ip) = found.ip {
            if chosen.is_none() {
                chosen = self.dynamic(ip);
            } else if may_release {
                self.release(now, ip, Some(request), out);
            }
        }
        if let Some(uid) = found.uid {
            if chosen.is_none() {
                chosen = self.dynamic(uid);
            } else {
                let address = self.store.get(uid).address;
                let name = self.network_name(network);
                let text = format!("uid lease {address} for client {} is duplicate on {name}", request.hardware);
                out.push(Effect::Log(LogKind::Error, text));
                if may_release && request.is_request() && self.store.get(uid).state == BindingState::Active {
                    self.release(now, uid, Some(request), out);
                }
            }
        }
        if let (None, Some(hardware)) = (chosen, found.hardware) {
            let lease = self.store.get(hardware);
            let fits = match request.uid() {
                _ if lease.uid.is_empty() => true,
                Some(uid) => lease.uid.as_bytes() == uid,
                None => request.kind == 0,
            };
            if fits {
                chosen = self.dynamic(hardware);
            }
        }
        chosen
    }

    /// A lease of a pool, its host reference dropped.
    pub(super) fn dynamic(&self, id: LeaseId) -> Option<Found> {
        let address = self.store.get(id).address;
        let (_, subnet) = self.config.range_of(address)?;
        Some(Found { id: Some(id), address, subnet, host: None })
    }

    /// Item 20: an active lease keeps the first host without a fixed address at hand.
    fn attach_host(&self, lease: Found, matched: &[HostId], has_fixed: bool) -> Found {
        let active = lease.id.is_some_and(|id| self.store.get(id).state == BindingState::Active);
        if has_fixed || !active {
            return lease;
        }
        Found { host: self.hosts().first_without_address(matched), ..lease }
    }

    /// Item 21: an abandoned lease goes to nobody but the client that holds its offer and asks for it.
    fn reclaim(
        &self,
        request: &Request<'_>,
        lease: Option<Found>,
        ip: Option<LeaseId>,
        ours: bool,
        out: &mut Vec<Effect>,
    ) -> Search {
        let abandoned = |id: &LeaseId| self.store.get(*id).state == BindingState::Abandoned;
        let Some(id) = lease.and_then(|lease| lease.id).filter(abandoned) else { return Search { lease, ours } };
        if ip == Some(id) && request.is_request() {
            let text = format!("Reclaiming REQUESTed abandoned IP address {}.", self.store.get(id).address);
            out.push(Effect::Log(LogKind::Error, text));
            return Search { lease, ours };
        }
        Search { lease: None, ours: true }
    }
}

/// True if the lease is identified with the client: by its identifier if it has one, else by hardware address.
pub(super) fn belongs_to(lease: &Lease, request: &Request<'_>) -> bool {
    if lease.uid.is_empty() {
        lease.hardware == request.hardware
    } else {
        request.uid() == Some(lease.uid.as_bytes())
    }
}

/// Item 15: each lease counts once.
fn collapse(found: &mut Candidates) {
    if found.hardware == found.uid || found.hardware == found.ip {
        found.hardware = None;
    }
    if found.uid == found.ip {
        found.uid = None;
    }
}
