//! Zones and their servers: declared ones, and those that were found (spec/ddns.md 13, 14).

use super::LogKind;
use crate::config::model::{Config, FixedAddress, Zone};
use crate::eval::environment::Names;
use crate::wire::dns::name::Name;
use crate::wire::dns::tsig::TsigKey;
use crate::wire::mac::{Algorithm, MacKey};
use crate::wire::units::Timestamp;
use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// How many servers of a zone are asked.
pub const MAX_SERVERS: usize = 3;
/// How many found zones are remembered.
const MAX_FOUND: usize = 10_000;

/// A server of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Server {
    Address(IpAddr),
    Name(Arc<str>),
}

/// How updates of a zone are signed.
#[derive(Clone, Debug)]
enum Signing {
    None,
    Key(TsigKey),
    /// The key of that name cannot sign: updates go unsigned, and each is complained about.
    Unable(Box<str>),
}

/// What is known of a zone.
#[derive(Clone, Debug)]
struct Entry {
    name: Name,
    servers: Vec<Server>,
    signing: Signing,
    /// A found zone is forgotten then.
    until: Option<Timestamp>,
    /// A server said that it does not have the zone: it is not used any more.
    is_repudiated: bool,
}

/// The zone of a name, to be updated.
#[derive(Clone, Debug)]
pub struct ZoneUse {
    pub name: Name,
    /// Empty: they have to be found first.
    pub servers: Vec<IpAddr>,
    pub key: Option<TsigKey>,
}

/// What is known of a name's zone.
#[derive(Clone, Debug)]
pub enum Lookup {
    Zone(ZoneUse),
    /// It is not to be used.
    Repudiated,
    /// Its servers have to be found.
    Unknown,
}

/// The zones by name, in small letters.
#[derive(Debug, Default)]
pub struct Zones {
    entries: FxHashMap<Box<[u8]>, Entry>,
}

fn signing(config: &Config, zone: &Zone) -> Signing {
    let Some(key) = config.keys.iter().find(|key| Some(&key.name) == zone.key.as_ref()) else { return Signing::None };
    let mac = Algorithm::from_full_name(&key.algorithm).map(|algorithm| MacKey::new(algorithm, &key.secret));
    let name = Name::from_text(key.name.as_bytes()).ok();
    match name.zip(mac).and_then(|(name, mac)| TsigKey::new(&name, mac)) {
        Some(key) => Signing::Key(key),
        None => Signing::Unable(key.name.clone()),
    }
}

fn server(address: &FixedAddress) -> Server {
    match address {
        FixedAddress::Address(address) => Server::Address((*address).into()),
        FixedAddress::Name(name) => Server::Name(name.clone()),
    }
}

fn entry(config: &Config, zone: &Zone) -> Option<Entry> {
    let name = Name::from_text(zone.name.as_bytes()).ok()?;
    let v6 = |servers: &[std::net::Ipv6Addr]| servers.iter().map(|a| Server::Address((*a).into())).collect::<Vec<_>>();
    let mut servers: Vec<Server> = zone.primary.iter().map(server).collect();
    servers.extend(v6(&zone.primary6));
    servers.extend(zone.secondary.iter().map(server));
    servers.extend(v6(&zone.secondary6));
    let signing = signing(config, zone);
    Some(Entry { name, servers, signing, until: None, is_repudiated: false })
}

impl Zones {
    /// Those that a configuration declares.
    pub fn of(config: &Config) -> Zones {
        let entries = config.zones.iter().filter_map(|zone| entry(config, zone));
        Zones { entries: entries.map(|entry| (entry.name.lower().wire().into(), entry)).collect() }
    }

    /// The zone of a name: the closest one above it. What has to be complained about goes to `complain`.
    pub fn find(
        &mut self,
        now: Timestamp,
        name: &Name,
        hosts: &Names,
        mut complain: impl FnMut(LogKind, String),
    ) -> Lookup {
        let mut here = Some(name.lower());
        while let Some(candidate) = here {
            let is_over = |entry: &Entry| entry.until.is_some_and(|until| until <= now);
            if self.entries.get(candidate.wire()).is_some_and(is_over) {
                self.entries.remove(candidate.wire());
            }
            match self.entries.get(candidate.wire()) {
                Some(entry) if entry.is_repudiated => return Lookup::Repudiated,
                Some(entry) => return Lookup::Zone(entry.to_use(hosts, &mut complain)),
                None => here = candidate.parent().filter(|parent| !parent.is_root()),
            }
        }
        Lookup::Unknown
    }

    /// A server does not have the zone.
    pub fn repudiate(&mut self, zone: &Name) {
        if let Some(entry) = self.entries.get_mut(zone.lower().wire()) {
            entry.is_repudiated = true;
        }
    }

    /// Servers of a zone were found; a zone of that name that is known already stays.
    pub fn found(&mut self, name: &Name, servers: &[IpAddr], until: Timestamp) {
        if self.entries.len() >= MAX_FOUND {
            return;
        }
        let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = servers.iter().partition(|server| server.is_ipv4());
        let servers = v4.into_iter().chain(v6).map(Server::Address).collect();
        let signing = Signing::None;
        let entry = Entry { name: name.clone(), servers, signing, until: Some(until), is_repudiated: false };
        self.entries.entry(name.lower().wire().into()).or_insert(entry);
    }
}

impl Entry {
    fn to_use(&self, hosts: &Names, complain: &mut impl FnMut(LogKind, String)) -> ZoneUse {
        let mut servers = Vec::new();
        for server in &self.servers {
            match server {
                Server::Address(address) => servers.push(*address),
                Server::Name(name) => {
                    let found = hosts.find(name, |line| complain(LogKind::Error, line));
                    servers.extend(found.first().map(|address| IpAddr::from(*address)));
                }
            }
        }
        servers.truncate(MAX_SERVERS);
        let key = match &self.signing {
            Signing::None => None,
            Signing::Key(key) => Some(key.clone()),
            Signing::Unable(name) => {
                complain(LogKind::Error, format!("No tsec for use with key {name}"));
                None
            }
        };
        ZoneUse { name: self.name.clone(), servers, key }
    }
}
