//! An OFFER, ACK or dynamic BOOTREPLY in the making (spec/dhcpv4.md 11): permission, terms, the new lease record.
//! What goes into the packet is `reply.rs`'s part.

use super::billing::{self, Billable, Verdict};
use super::effect::Effect;
use super::engine::Engine;
use super::find_lease::Found;
use super::intake::Request;
use super::lease_time::{self, Limits};
use super::parameters::{self as parameter, Flag};
use super::reuse;
use super::scopes::{Draft, NO_POOL};
use super::threshold;
use super::transitions::{extras, trim, Change};
use super::LogKind;
use crate::config::model::HostId;
use crate::eval::environment::Hooks;
use crate::eval::operators::until_nul;
use crate::leases::lease::{BindingState, JournalPosition, Lease, LeaseId, SmallBytes};
use crate::leases::store::virgin_lease;
use crate::wire::units::{Now, Timestamp};

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    Offer,
    Ack,
    Bootp,
}

impl ReplyKind {
    /// True if the reply gives the lease, false if it only offers it.
    pub fn commits(self) -> bool {
        self != ReplyKind::Offer
    }
}

/// What a request is to get.
pub struct Grant {
    pub found: Found,
    /// A host declaration found already.
    pub host: Option<HostId>,
    pub kind: ReplyKind,
    /// When the hold of an OFFER ends.
    pub offer_end: Timestamp,
    /// The request's log line, without a reason.
    pub message: String,
}

/// A request and the lease it gets.
pub struct Exchange<'r, 'p> {
    pub now: Now,
    pub request: &'r Request<'p>,
    pub found: Found,
    pub kind: ReplyKind,
    /// The request's log line, without a reason.
    pub message: String,
    pub draft: Draft<'r, 'p>,
    /// The lease as it was.
    pub old: Lease,
    /// The host declaration whose options the client gets.
    pub host: Option<HostId>,
    /// When the client is told that the lease ends.
    pub expiry: Timestamp,
    /// What the reply has to wait for.
    pub after: JournalPosition,
    /// The answer repeats the lease as it stands.
    pub reused: bool,
    /// The client that had the lease before.
    pub same_client: bool,
    pub filename: Option<Vec<u8>>,
    pub server_name: Option<Vec<u8>>,
}

/// Option 12.
const HOST_NAME: u32 = 12;
/// Option 51.
const LEASE_TIME: u32 = 51;
/// Option 60.
const VENDOR_CLASS: u32 = 60;

impl Engine {
    /// Answers a request with a lease.
    pub(super) fn answer(&mut self, now: Now, request: &Request<'_>, grant: Grant, out: &mut Vec<Effect>) {
        let Grant { found, host, kind, offer_end, message } = grant;
        let old = match found.id {
            Some(id) if self.store.get(id).flags.reply_pending => return,
            Some(id) => Lease { host: found.host, ..self.store.get(id).clone() },
            None => self.mock_lease(&found),
        };
        let mut draft = Draft::of_lease(now, Some(request), old.clone());
        if old.ends <= now.wall && kind.commits() {
            draft.progress.hooks = Hooks::default();
        }
        let mut exchange = Exchange {
            now,
            request,
            found,
            kind,
            message,
            draft,
            host: host.or(found.host),
            old,
            expiry: now.wall,
            after: JournalPosition::default(),
            reused: false,
            same_client: false,
            filename: None,
            server_name: None,
        };
        self.run_lease_scopes(&mut exchange, out);
        self.keep_one_lease(&mut exchange, out);
        if let Some(reason) = self.refusal(&mut exchange, out) {
            if let Some(reason) = reason {
                out.push(Effect::Log(LogKind::Info, format!("{}: {reason}", exchange.message)));
            }
            return;
        }
        if self.waits_for_name(&mut exchange, out) {
            return;
        }
        let Some(billing) = self.bill(&mut exchange, out) else { return };
        let draft = &mut exchange.draft;
        exchange.filename = self.data(draft, parameter::FILENAME);
        exchange.server_name = self.data(draft, parameter::SERVER_NAME);

        let mut new = self.new_record(&mut exchange);
        extras(&mut new).billing = billing;
        let Some(ends) = self.terms(&mut exchange, &mut new, out) else { return };
        new.ends = if kind == ReplyKind::Offer { offer_end } else { ends };
        if kind == ReplyKind::Offer {
            self.keep_terms(&exchange.old, &mut new);
        }
        exchange.expiry = ends;
        if new.flags.reserved && !exchange.old.flags.reserved {
            out.push(Effect::Log(LogKind::Debug, "Cannot reuse: lease is changing to RESERVED".into()));
            exchange.old.flags.cannot_reuse = true;
        }
        new.flags.reserved |= exchange.old.flags.reserved;
        new.flags.bootp |= exchange.old.flags.bootp;

        exchange.draft.lease = Some(new);
        if kind.commits() {
            if let Some(block) = exchange.draft.progress.hooks.commit.take() {
                self.run_block(&mut exchange.draft, &block, out);
            }
        }
        self.update_names(&mut exchange, out);
        let Some(mut new) = exchange.draft.lease.take() else { return };
        extras(&mut new).variables = exchange.draft.take_variables();
        exchange.draft.store_hooks(&mut new);
        self.settle(&mut exchange, new, out);
        self.finish(exchange, out);
    }

    /// The lease that stands for a fixed address while its client is served (spec/dhcpv4.md 23).
    pub(super) fn mock_lease(&self, found: &Found) -> Lease {
        let mut lease = virgin_lease(found.address, NO_POOL);
        lease.host = found.host;
        if let Some(host) = found.host.and_then(|id| self.hosts().get(id)) {
            lease.hardware = host.hardware;
            lease.uid = SmallBytes::new(host.client_id.as_deref().unwrap_or(&[]));
        }
        lease
    }

    /// Subnet, pool and classes; the host comes later (spec/config-language.md 11.1).
    fn run_lease_scopes(&mut self, exchange: &mut Exchange<'_, '_>, out: &mut Vec<Effect>) {
        let config = self.config.clone();
        let Some(subnet) = config.subnets.get(exchange.found.subnet.index()) else { return };
        let pool = exchange.found.id.and_then(|_| config.pools.get(exchange.old.pool.index()));
        let network = config.networks.get(subnet.network.index());
        let pool_scopes = pool.zip(network).map(|(pool, network)| (pool.scope, network.scope));
        self.run_base_scopes(&mut exchange.draft, subnet.scope, pool_scopes, out);
        let limit = pool.map_or(subnet.scope, |pool| pool.scope);
        self.run_classes(&mut exchange.draft, Some(limit), out);
    }

    /// `one-lease-per-client`: a REQUEST gives up the client's other leases (spec/dhcpv4.md 11, item 6).
    fn keep_one_lease(&mut self, exchange: &mut Exchange<'_, '_>, out: &mut Vec<Effect>) {
        if !exchange.request.is_request() || !self.flag(&mut exchange.draft, parameter::ONE_LEASE_PER_CLIENT).is_on() {
            return;
        }
        let (now, request) = (exchange.now, exchange.request);
        let others = |engine: &Engine, id: LeaseId| {
            let state = engine.store.get(id).state;
            Some(id) != exchange.found.id && matches!(state, BindingState::Active | BindingState::Abandoned)
        };
        if !exchange.old.uid.is_empty() {
            let all: Vec<LeaseId> = self.store.by_uid(exchange.old.uid.as_bytes()).collect();
            for id in all.into_iter().filter(|id| others(self, *id)).collect::<Vec<_>>() {
                self.release(now, id, Some(request), out);
            }
        }
        let host = exchange.host.and_then(|id| self.hosts().get(id));
        let by_hardware = exchange.old.uid.is_empty()
            || host.is_some_and(|host| host.client_id.as_deref().unwrap_or(&[]).is_empty())
                && self.flag(&mut exchange.draft, parameter::DUPLICATES).is_off();
        if by_hardware {
            let all: Vec<LeaseId> = self.store.by_hardware(&exchange.old.hardware).collect();
            for id in all.into_iter().filter(|id| others(self, *id)).collect::<Vec<_>>() {
                self.release(now, id, Some(request), out);
            }
        }
    }

    /// Why the client gets nothing, if so; `Some(None)` if nobody wants to read of it. Finds the host and runs its scope.
    fn refusal(&mut self, exchange: &mut Exchange<'_, '_>, out: &mut Vec<Effect>) -> Option<Option<String>> {
        let request = exchange.request;
        if exchange.kind == ReplyKind::Offer {
            if let Some(least) = self.small(&mut exchange.draft, parameter::MIN_SECS) {
                let secs = request.header.secs;
                if secs < u16::from(least) {
                    return Some(Some(format!(
                        "configured min-secs value ({least}) is greater than secs field ({secs}).  message dropped."
                    )));
                }
            }
        }
        let config = self.config.clone();
        exchange.host = exchange.host.or_else(|| self.hosts().without_address(request));
        if let Some(host) = exchange.host {
            let pool = exchange.found.id.and_then(|_| config.pools.get(exchange.old.pool.index()));
            let subnet = config.subnets.get(exchange.found.subnet.index());
            let limit = pool.map(|pool| pool.scope).or_else(|| subnet.map(|subnet| subnet.scope));
            self.run_host(&mut exchange.draft, host, limit, out);
        }
        let checks = [
            (exchange.host.is_none(), parameter::BOOT_UNKNOWN_CLIENTS, "unknown client"),
            (exchange.kind == ReplyKind::Bootp, parameter::ALLOW_BOOTP, "bootp disallowed"),
            (true, parameter::ALLOW_BOOTING, "booting disallowed"),
        ];
        for (applies, code, reason) in checks {
            if !applies {
                continue;
            }
            match self.flag(&mut exchange.draft, code) {
                Flag::Off => return Some(Some(reason.to_owned())),
                Flag::Ignore => return Some(None),
                Flag::Unset | Flag::On => {}
            }
        }
        None
    }

    /// Counts the lease against a class with a limit (spec/dhcpv4.md 24). `None`: all are full, and that was logged.
    fn bill(
        &mut self,
        exchange: &mut Exchange<'_, '_>,
        out: &mut Vec<Effect>,
    ) -> Option<Option<crate::leases::lease::Billing>> {
        if !self.has_limits || exchange.found.id.is_none() {
            return Some(None);
        }
        let active = exchange.old.state == BindingState::Active;
        let members = &exchange.request.members;
        if let Some(billing) = exchange.old.extras.as_deref().and_then(|extras| extras.billing.clone()) {
            if members.iter().any(|member| member.billing(&self.config).as_ref() == Some(&billing)) {
                return Some(Some(billing));
            }
            exchange.old.flags.cannot_reuse |= active;
        }
        match billing::bill(&self.config, &self.counts, members) {
            Verdict::Free => Some(None),
            Verdict::Full(name) => {
                let text = format!(
                    "{}: no available billing: lease limit reached in all matching classes (last: '{name}')",
                    exchange.message
                );
                out.push(Effect::Log(LogKind::Info, text));
                None
            }
            Verdict::Billed(_) if exchange.kind == ReplyKind::Offer && !active => Some(None),
            Verdict::Billed(billing) => {
                exchange.old.flags.cannot_reuse = true;
                Some(Some(billing))
            }
        }
    }

    /// The length of the lease (spec/dhcpv4.md 12). `None`: the pool is not valid now, and a NAK is on its way.
    fn terms(&mut self, exchange: &mut Exchange<'_, '_>, new: &mut Lease, out: &mut Vec<Effect>) -> Option<Timestamp> {
        let now = exchange.now.wall;
        if exchange.kind == ReplyKind::Bootp {
            new.flags.bootp = true;
            let length = self.number(&mut exchange.draft, parameter::DYNAMIC_BOOTP_LEASE_LENGTH);
            let cutoff = self.number(&mut exchange.draft, parameter::DYNAMIC_BOOTP_LEASE_CUTOFF);
            return Some(lease_time::bootp_expiry(now, length, cutoff));
        }
        let draft = &mut exchange.draft;
        let mut limits = Limits::default();
        limits.default = self.number(draft, parameter::DEFAULT_LEASE_TIME).unwrap_or(limits.default);
        let requested = exchange.request.number(LEASE_TIME);
        if requested == Some(lease_time::INFINITE) && self.flag(draft, parameter::INFINITE_IS_RESERVED).is_on() {
            new.flags.reserved = true;
            let text = format!("Infinite-leasetime reservation made on {}.", new.address);
            out.push(Effect::Log(LogKind::Info, text));
        }
        limits.max = self.number(draft, parameter::MAX_LEASE_TIME).unwrap_or(limits.max);
        limits.min = self.number(draft, parameter::MIN_LEASE_TIME);
        let mut time = limits.desired(requested);
        if exchange.found.id.is_some() {
            time = self.adapt(exchange, limits.minimum(), time, out);
            if exchange.kind == ReplyKind::Ack {
                self.check_threshold(exchange, out);
            }
            time = self.within_validity(exchange, time, out)?;
        }
        let time = if time < limits.minimum() { limits.raise(time) } else { time };
        let time = match exchange.found.id {
            Some(_) => self.limit_by_partner(exchange.now, exchange.kind.commits(), time, &exchange.old, new),
            None => time,
        };
        Some(lease_time::expiry(now, time))
    }

    /// `adaptive-lease-time-threshold`
    fn adapt(&mut self, exchange: &mut Exchange<'_, '_>, minimum: u32, time: u32, out: &mut Vec<Effect>) -> u32 {
        let threshold = self.small(&mut exchange.draft, parameter::ADAPTIVE_LEASE_TIME_THRESHOLD).map(u32::from);
        let Some(threshold) = threshold.filter(|threshold| (1..100).contains(threshold)) else { return time };
        let (lease, now) = (&exchange.old, exchange.now.wall);
        let counts = self.store.counts(lease.pool);
        let adaptive = lease_time::adaptive(minimum, lease.ends.since(now), threshold::used(counts), counts.total);
        let text = format!(
            "Adap-lease: Total: {}, Free: {}, Ends: {}, Adaptive: {}, Fill: {}, Threshold: {threshold}",
            counts.total,
            counts.free.saturating_add(counts.backup),
            i64::from(lease.ends.0) - i64::from(now.0),
            adaptive.time,
            adaptive.fill,
        );
        out.push(Effect::Log(LogKind::Debug, text));
        if adaptive.fill < threshold || time <= adaptive.time {
            return time;
        }
        let text = format!("Pool over threshold, time for {} reduced from {time} to {}.", lease.address, adaptive.time);
        out.push(Effect::Log(LogKind::Info, text));
        adaptive.time
    }

    /// `log-threshold-high` and `log-threshold-low`
    fn check_threshold(&mut self, exchange: &mut Exchange<'_, '_>, out: &mut Vec<Effect>) {
        let pool = exchange.old.pool;
        let wants_high = self.marks.get(pool.index()).is_some_and(|mark| mark.wants_high());
        let high = if wants_high { self.small(&mut exchange.draft, parameter::LOG_THRESHOLD_HIGH) } else { None };
        if wants_high && high.is_none() {
            return;
        }
        let low = self.small(&mut exchange.draft, parameter::LOG_THRESHOLD_LOW);
        let counts = self.store.counts(pool);
        let network = self.config.pools.get(pool.index()).map(|pool| pool.network);
        let name = network.map_or(String::new(), |network| self.network_name(network).to_owned());
        let Some(mark) = self.marks.get_mut(pool.index()) else { return };
        if let Some(line) = mark.check(counts, high, low, &name, exchange.old.address) {
            out.push(Effect::Log(LogKind::Error, line));
        }
    }

    /// `allow after` and `deny after` of the pool.
    fn within_validity(&mut self, exchange: &Exchange<'_, '_>, time: u32, out: &mut Vec<Effect>) -> Option<u32> {
        let now = exchange.now.wall;
        let pool = self.config.pools.get(exchange.old.pool.index())?;
        let too_early = pool.valid_from.is_some_and(|from| now < from);
        let too_late = pool.valid_until.is_some_and(|until| now >= until);
        if too_early || too_late {
            let scope = self.config.subnets.get(exchange.found.subnet.index()).map(|subnet| subnet.scope);
            self.nak(exchange.now, exchange.request, exchange.old.address, scope, out);
            return None;
        }
        Some(pool.valid_until.map_or(time, |until| time.min(until.since(now).0)))
    }

    /// The lease as the client will have it, but for its end (spec/dhcpv4.md 11, items 13 to 25).
    fn new_record(&mut self, exchange: &mut Exchange<'_, '_>) -> Lease {
        let (now, request) = (exchange.now.wall, exchange.request);
        let mut new = exchange.old.clone();
        new.starts = now;
        new.cltt = now;
        new.tstp = Timestamp::UNSET;
        new.flags.reserved = false;
        new.flags.bootp = false;
        if exchange.kind.commits() {
            new.state = BindingState::Active;
        }
        let keeps_uid = !self.flag(&mut exchange.draft, parameter::IGNORE_CLIENT_UIDS).is_on();
        new.uid = SmallBytes::new(request.uid().filter(|_| keeps_uid).unwrap_or(&[]));
        new.host = exchange.host;
        if let Some(class) = request.option(VENDOR_CLASS).filter(|class| !class.is_empty()) {
            exchange.draft.set_variable("vendor-class-identifier", class);
        }
        new.flags.nul_terminated = exchange.kind != ReplyKind::Bootp && request.had_nulls(HOST_NAME);
        let came_with_packet = !request.stashed && request.has_agent_options();
        if came_with_packet && !self.flag(&mut exchange.draft, parameter::STASH_AGENT_OPTIONS).is_off() {
            extras(&mut new).agent_options = exchange.draft.unconfigured_agent_options();
        }
        let hostname = request.option(HOST_NAME).unwrap_or(&[]);
        if !hostname.is_empty() && hostname != exchange.old.hostname.as_bytes() {
            exchange.old.flags.cannot_reuse = true;
        }
        new.hostname = SmallBytes::new(until_nul(hostname));
        new.hardware = request.hardware;
        new
    }

    /// Puts the new record in place of the old one, or finds that the old one will do.
    fn settle(&mut self, exchange: &mut Exchange<'_, '_>, mut new: Lease, out: &mut Vec<Effect>) {
        let Some(id) = exchange.found.id else {
            exchange.draft.lease = Some(new);
            return;
        };
        let (now, kind) = (exchange.now, exchange.kind);
        exchange.same_client = reuse::same_client(&exchange.old, &new);
        let age = match self.cache_threshold(&mut exchange.draft, &exchange.old) {
            0 => None,
            threshold => reuse::reusable_age(&exchange.old, &new, threshold, now.wall).map(|age| (age, threshold)),
        };
        if let Some((age, threshold)) = age {
            let text = format!(
                "reuse_lease: lease age {age} (secs) under {threshold}% threshold, reply with unaltered, existing lease for {}",
                new.address
            );
            out.push(Effect::Log(LogKind::Debug, text));
            exchange.reused = true;
            exchange.expiry = exchange.old.ends;
            // Variables and event blocks change in memory; all else stays.
            let old = self.store.get(id).extras.as_deref();
            let kept = old.map(|old| (old.agent_options.clone(), old.billing.clone()));
            let changed = extras(&mut new);
            (changed.agent_options, changed.billing) = kept.unwrap_or_default();
            trim(&mut new);
            self.store.set_extras(id, new.extras.take());
            let is_shared = self.store.peer_of(exchange.old.pool).is_some();
            if kind.commits() || !is_shared {
                self.store.set_cltt(id, now.wall);
            }
            let nul_terminated = new.flags.nul_terminated;
            self.store.edit_flags(id, |flags| {
                flags.nul_terminated = nul_terminated;
                flags.cannot_reuse = false;
            });
            exchange.after = self.store.position_of(id);
            // The client may have given the lease back to the partner, which tells of it later: it must know of this.
            if is_shared && kind.commits() && exchange.request.header.ciaddr.is_unspecified() {
                let again = self.store.get(id).clone();
                exchange.after = self.supersede(now, id, again, Change::ACK, out);
            }
        } else {
            new.flags.cannot_reuse = kind == ReplyKind::Offer;
            let over = kind.commits() && new.ends < now.wall;
            let change = if kind.commits() && !over { Change::ACK } else { Change::OFFER };
            exchange.after = self.supersede(now, id, new, change, out);
            if over {
                // Its time was over before it began: it moves on at once, and is recorded as it then is, twice.
                self.expire(now, out);
                let ended = self.store.get(id).clone();
                exchange.after = self.store.supersede(id, ended, now.wall, true);
            }
        }
        exchange.draft.lease = Some(self.store.get(id).clone());
    }

    /// `dhcp-cache-threshold`, 0 if off.
    fn cache_threshold(&mut self, draft: &mut Draft<'_, '_>, old: &Lease) -> u8 {
        if old.state != BindingState::Active || old.flags.cannot_reuse {
            return 0;
        }
        const DEFAULT: u8 = 25;
        self.small(draft, parameter::DHCP_CACHE_THRESHOLD).filter(|percent| *percent < 100).unwrap_or(DEFAULT)
    }
}
