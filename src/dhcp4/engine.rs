//! The engine: its state, and where each message goes (spec/dhcpv4.md 3.4 and 5).

use super::billing::Counts;
use super::effect::{Effect, Ingress, Interface};
use super::hosts::Hosts;
use super::intake::{self, Request};
use super::log_text::{Client, TypeName, Via};
use super::lookup::Lookups;
use super::ping::Pings;
use super::threshold::Mark;
use super::LogKind;
use crate::config::model::{Config, NetworkId, PoolId, ScopeId};
use crate::eval::bindings::Bindings;
use crate::eval::environment::{Names, Outcome};
use crate::eval::fold::Folded;
use crate::leases::lease::LeaseId;
use crate::leases::objects::DynamicHosts;
use crate::leases::store::LeaseStore;
use crate::options::decode::{DecodeNote, NoteLevel, PacketOptions};
use crate::options::registry::SpaceId;
use crate::wire::dhcp4::{MessageError, MessageView};
use crate::wire::dns::guard::Style;
use crate::wire::units::{Now, Seconds, Timestamp};
use rustc_hash::FxHashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// What is the same for all clients (spec/dhcpv4.md 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub server_port: u16,
    pub client_port: u16,
    pub limited_broadcast: Ipv4Addr,
    pub abandon_lease_time: Seconds,
    /// Some clients send `secs` in the order of their host.
    pub check_secs_byte_order: bool,
    /// A REQUEST for a lease of a failover pool that names another server is not answered.
    pub server_id_check: bool,
    /// How names are guarded; `None`: no DNS updates are made.
    pub dns_style: Option<Style>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            server_port: 67,
            client_port: 68,
            limited_broadcast: Ipv4Addr::BROADCAST,
            abandon_lease_time: Seconds(86400),
            check_secs_byte_order: false,
            server_id_check: false,
            dns_style: None,
        }
    }
}

/// When `Engine::tick` has something to do next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadlines {
    /// By the monotonic clock, in milliseconds: a ping's wait ends.
    pub millis: Option<u64>,
    /// By the wall clock: a lease ends.
    pub wall: Option<Timestamp>,
}

type Fold = Arc<Folded>;

/// DHCPv4 and BOOTP service.
pub struct Engine {
    pub(super) config: Arc<Config>,
    pub(super) store: LeaseStore,
    pub(super) hosts: Arc<Hosts>,
    pub(super) settings: Settings,
    pub(super) interfaces: Vec<Interface>,
    pub(super) names: Arc<Names>,
    pub(super) lookups: Lookups,
    /// The global variables.
    pub(super) globals: Bindings,
    /// What statements of the request at hand want done.
    pub(super) outcomes: Vec<Outcome>,
    /// What scopes give that do not depend on the packet, by scopes of subnet and pool.
    pub(super) folds: FxHashMap<(ScopeId, Option<ScopeId>), Fold>,
    pub(super) pings: Pings,
    /// Leases by class.
    pub(super) counts: Counts,
    /// Some class has a `lease limit`.
    pub(super) has_limits: bool,
    /// By pool.
    pub(super) marks: Vec<Mark>,
    /// Why the last search refused an address: option 56 of the next NAK, whoever it is for (spec/dhcpv4.md 18).
    pub(super) nak_text: &'static str,
    /// DHCPINFORMs refused since the last advice.
    pub(super) informs_refused: u32,
    /// Site option spaces whose low codes were complained about.
    pub(super) low_sites: Vec<SpaceId>,
    /// `log (fatal, ...)` ran: nothing is done any more.
    pub(super) is_ending: bool,
    notes: Vec<DecodeNote>,
}

impl Engine {
    /// The global variables.
    pub fn globals_mut(&mut self) -> &mut Bindings {
        &mut self.globals
    }

    /// An engine for a configuration whose leases are in the store. `globals` are the variables that the top level of the
    /// configuration set at start.
    pub fn new(
        config: Arc<Config>,
        settings: Settings,
        store: LeaseStore,
        interfaces: Vec<Interface>,
        names: Arc<Names>,
        globals: Bindings,
    ) -> Engine {
        let mut engine = Engine {
            config,
            hosts: Arc::default(),
            store,
            settings,
            interfaces,
            names,
            lookups: Lookups::default(),
            globals,
            outcomes: Vec::new(),
            folds: FxHashMap::default(),
            pings: Pings::default(),
            counts: Counts::default(),
            has_limits: false,
            marks: Vec::new(),
            nak_text: "",
            informs_refused: 0,
            low_sites: Vec::new(),
            is_ending: false,
            notes: Vec::new(),
        };
        engine.prepare();
        engine
    }

    /// What follows from configuration and leases.
    fn prepare(&mut self) {
        self.folds.clear();
        self.has_limits = self.config.classes.iter().any(|class| class.lease_limit > 0);
        self.marks = vec![Mark::default(); self.config.pools.len()];
        self.recount();
    }

    /// Takes over a new configuration; leases are kept. Offers that wait for an echo reply are still made.
    pub fn reconfigure(
        &mut self,
        config: Arc<Config>,
        settings: Settings,
        interfaces: Vec<Interface>,
        globals: Bindings,
    ) {
        self.store.rebind(&config);
        self.hosts = Arc::default();
        self.config = config;
        self.settings = settings;
        self.interfaces = interfaces;
        self.globals = globals;
        self.prepare();
    }

    /// Takes over the hosts made at run time; to be called again after `reconfigure`.
    pub fn set_dynamic_hosts(&mut self, records: &DynamicHosts) {
        self.hosts = Arc::new(Hosts::new(&self.config, records));
    }

    /// Replaces what is known of names outside.
    pub fn set_names(&mut self, names: Arc<Names>) {
        self.names = names;
    }

    /// The lease database.
    pub fn store(&self) -> &LeaseStore {
        &self.store
    }

    /// The lease database, for journal and rewrites.
    pub fn store_mut(&mut self) -> &mut LeaseStore {
        &mut self.store
    }

    /// The configuration in force.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The lease file was read: leases whose time came while the server was down move on. Their records are not kept for
    /// the journal: the file that is written next has them all, and if it cannot be, the old one leads to the same again.
    pub fn load_finished(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.recount();
        loop {
            let more = self.expire(now, out);
            let (_, position) = self.store.take_journal();
            self.store.set_durable(position);
            if !more {
                return;
            }
        }
    }

    /// Does what is due: offers after their ping, a bounded number of expiries.
    pub fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.end_pings(now, out);
        self.expire(now, out);
        self.stop_at_fatal(out);
    }

    /// When to call `tick` next.
    pub fn next_deadline(&self) -> Deadlines {
        Deadlines { millis: self.pings.next_deadline(), wall: self.store.next_due() }
    }

    /// The reply that commits a lease has left.
    pub fn sent(&mut self, lease: LeaseId) {
        self.store.edit_flags(lease, |flags| flags.reply_pending = false);
    }

    /// The reply that commits a lease was dropped, because its record could not be stored: the next REQUEST is recorded again
    /// whatever its age.
    pub fn commit_failed(&mut self, lease: LeaseId) {
        self.store.edit_flags(lease, |flags| {
            flags.reply_pending = false;
            flags.cannot_reuse = true;
        });
    }

    /// A message came: the UDP payload of a frame to the server port.
    pub fn receive(&mut self, now: Now, ingress: Ingress, payload: &[u8], out: &mut Vec<Effect>) {
        let view = match MessageView::parse(payload) {
            Ok(view) => view,
            Err(MessageError::Short(_)) => return,
            Err(error) => {
                out.push(Effect::Log(LogKind::Info, error.to_string()));
                return;
            }
        };
        let mut options = PacketOptions::default();
        let config = self.config.clone();
        let parsed = options.parse(&view, &config.registry, &mut self.notes);
        out.extend(self.notes.drain(..).map(|note| {
            let kind = match note.level() {
                NoteLevel::Error => LogKind::Error,
                NoteLevel::Info => LogKind::Info,
                NoteLevel::Debug => LogKind::Debug,
            };
            Effect::Log(kind, note.to_string())
        }));
        if parsed.is_err() {
            return;
        }
        let mut request = Request::new(ingress, payload, view, options);
        self.dispatch_message(now, &mut request, out);
        self.flush(out);
        self.stop_at_fatal(out);
    }

    /// What would follow a fatal log statement is not done.
    fn stop_at_fatal(&self, out: &mut Vec<Effect>) {
        if self.is_ending {
            let end = out.iter().position(|effect| matches!(effect, Effect::Fatal(_)));
            out.truncate(end.map_or(0, |at| at + 1));
        }
    }

    fn dispatch_message(&mut self, now: Now, request: &mut Request<'_>, out: &mut Vec<Effect>) {
        let Some(interface) = self.interfaces.get(usize::from(request.ingress.interface.0)) else { return };
        request.network = request.hints().network(&self.config, interface.network);
        if request.kind == 0 {
            self.bootp(now, request, out);
            return;
        }
        let may_roam = matches!(request.kind, intake::REQUEST | intake::INFORM | intake::LEASEQUERY);
        if request.network.is_none() && !may_roam {
            let text = format!("{}: unknown network segment", self.plain_text(request));
            out.push(Effect::Log(LogKind::Info, text));
            return;
        }
        let attached = self.attach_agent_options(now, request);
        self.classify(now, request, out);
        match (request.kind, request.network) {
            (intake::DISCOVER, Some(network)) => self.discover(now, request, network, out),
            (intake::REQUEST, _) => self.request(now, request, attached, out),
            (intake::RELEASE, _) => self.release_message(now, request, out),
            (intake::DECLINE, _) => self.decline(now, request, out),
            (intake::INFORM, _) => self.inform(now, request, out),
            (intake::LEASEQUERY, _) => self.leasequery(now, request, out),
            // Other servers' messages, or our own seen again.
            (intake::OFFER | intake::ACK | intake::NAK, _) => {}
            (intake::LEASE_UNASSIGNED | intake::LEASE_UNKNOWN | intake::LEASE_ACTIVE, _) => {}
            _ => {
                let text = format!("{}: unknown packet type", self.plain_text(request));
                out.push(Effect::Log(LogKind::Info, text));
            }
        }
    }

    /// The line of any message.
    fn plain_text(&self, request: &Request<'_>) -> String {
        let client = Client { hardware: &request.hardware, uid: None };
        format!("{} from {client} via {}", TypeName(request.kind), self.via(request))
    }

    /// By which way a request came.
    pub(super) fn via<'a>(&'a self, request: &Request<'_>) -> Via<'a> {
        Via { giaddr: request.header.giaddr, interface: self.interface_name(request) }
    }

    /// The receiving interface.
    pub(super) fn interface_name(&self, request: &Request<'_>) -> &str {
        self.interfaces.get(usize::from(request.ingress.interface.0)).map_or("", |interface| &interface.name)
    }

    /// The name of a shared network.
    pub(super) fn network_name(&self, network: NetworkId) -> &str {
        self.config.networks.get(network.index()).map_or("", |network| &network.name)
    }

    /// The failover peer of a pool.
    pub(super) fn peer_name(&self, pool: PoolId) -> Option<&str> {
        let peer = self.config.pools.get(pool.index())?.failover_peer?;
        self.config.peers.get(peer.index()).map(|peer| &*peer.name)
    }
}
