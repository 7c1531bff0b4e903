//! A server of the tests: a configuration, leases, and everything else in plain tables.

use super::world::{Change, PeerView, Unwritable, World};
use super::{ConnectionId, Effect, Omapi};
use crate::config::model::{Config, HostId};
use crate::config::{load_text, Family};
use crate::eval::LogKind;
use crate::leases::lease::{Billing, JournalPosition, Lease, LeaseId};
use crate::leases::objects::{ClassRecord, GroupRecord, HostRecord, Objects};
use crate::leases::peer::PeerState;
use crate::leases::reader::{self, Destination};
use crate::leases::store::LeaseStore;
use crate::wire::hardware::HardwareAddr;
use crate::wire::omapi::ResultCode;
use crate::wire::units::{Now, Timestamp};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// When everything happens.
pub const NOW: Now = Now { wall: Timestamp(1_795_333_000), millis: 0 };

/// A server without network.
pub struct TestWorld {
    pub config: Config,
    pub leases: LeaseStore,
    pub hosts: BTreeMap<Box<str>, HostRecord>,
    pub classes: Vec<ClassRecord>,
    pub peers: BTreeMap<Box<str>, PeerView>,
    pub interfaces: Vec<Box<str>>,
    pub disabled: Vec<Box<str>>,
    pub is_failing: bool,
    pub is_shut_down: bool,
    pub lines: Vec<String>,
}

impl TestWorld {
    /// A server of a configuration and a lease file.
    pub fn new(config: &str, leases: &str) -> TestWorld {
        let loading = load_text("dhcpd.conf", config, Family::V4);
        let config = loading.result.unwrap_or_else(|| panic!("{:?}", loading.messages));
        let (mut store, mut objects) = (LeaseStore::new(&config), Objects::default());
        let report = &mut |_, line| panic!("{line}");
        let to = Destination { config: &config, store: &mut store, objects: &mut objects, report };
        reader::read(leases.as_bytes(), "dhcpd.leases", NOW.wall, to).unwrap();
        store.finish_load(&config);
        TestWorld {
            config,
            leases: store,
            hosts: BTreeMap::new(),
            classes: Vec::new(),
            peers: BTreeMap::new(),
            interfaces: Vec::new(),
            disabled: Vec::new(),
            is_failing: false,
            is_shut_down: false,
            lines: Vec::new(),
        }
    }

    fn change(&mut self) -> Change {
        match self.is_failing {
            true => Err(Unwritable),
            false => Ok(self.leases.append(b"#\n")),
        }
    }

    fn host_where(&self, matches: impl Fn(&HostRecord) -> bool) -> Option<&str> {
        self.hosts.values().find(|host| matches(host)).map(|host| &*host.name)
    }
}

impl World for TestWorld {
    fn now(&self) -> Now {
        NOW
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn log(&mut self, _: LogKind, line: String) {
        self.lines.push(line);
    }

    fn leases(&self) -> &LeaseStore {
        &self.leases
    }

    fn lease_at(&mut self, address: Ipv4Addr) -> Option<LeaseId> {
        self.leases.materialize(address)
    }

    fn change_lease(&mut self, id: LeaseId, new: Lease) -> Change {
        self.change()?;
        Ok(self.leases.supersede(id, new, NOW.wall, true))
    }

    fn expire(&mut self) {}

    fn leases_used(&self, class: &Billing) -> u32 {
        let billing = |lease: &&Lease| lease.extras.as_ref().and_then(|extras| extras.billing.as_ref()) == Some(class);
        self.leases.leases().filter(billing).count() as u32
    }

    fn host_name(&self, id: HostId) -> Option<&str> {
        self.config.hosts.get(id.index()).map(|host| &*host.name)
    }

    fn addresses_of(&self, _: &str) -> Vec<Ipv4Addr> {
        Vec::new()
    }

    fn host(&self, name: &str) -> Option<HostRecord> {
        self.hosts.get(name).cloned()
    }

    fn host_with_uid(&self, uid: &[u8]) -> Option<&str> {
        self.host_where(|host| *host.uid == *uid)
    }

    fn host_with_hardware(&self, hardware: &HardwareAddr) -> Option<&str> {
        self.host_where(|host| host.hardware == *hardware)
    }

    fn put_host(&mut self, host: HostRecord) -> Change {
        let position = self.change()?;
        self.hosts.insert(host.name.clone(), host);
        Ok(position)
    }

    fn remove_host(&mut self, name: &str) -> Change {
        let position = self.change()?;
        self.hosts.remove(name);
        Ok(position)
    }

    fn put_group(&mut self, group: GroupRecord) -> Change {
        let position = self.change()?;
        self.config.put_group(&group.name, &group.statements);
        Ok(position)
    }

    fn remove_group(&mut self, name: &str) -> Change {
        let position = self.change()?;
        self.config.remove_group(name);
        Ok(position)
    }

    fn put_class(&mut self, class: ClassRecord) -> Change {
        let position = self.change()?;
        match &class.key.subclass {
            None => drop(self.config.put_class(&class.key.class, &class.body)),
            Some(data) => drop(self.config.put_subclass(&class.key.class, data, &class.body)),
        }
        self.classes.push(class);
        Ok(position)
    }

    fn class_record(&self, class: &Billing) -> Option<&ClassRecord> {
        self.classes.iter().find(|record| record.key == *class)
    }

    fn remove_class(&mut self, class: &Billing) -> Change {
        let position = self.change()?;
        match &class.subclass {
            None => self.config.remove_class(&class.class),
            Some(data) => self.config.remove_subclass(&class.class, data),
        }
        self.classes.retain(|record| record.key != *class);
        Ok(position)
    }

    fn interfaces(&self) -> Vec<Box<str>> {
        self.interfaces.clone()
    }

    fn disable_interface(&mut self, name: &str) -> bool {
        let is_served = self.interfaces.iter().any(|known| **known == *name) && !self.disabled.contains(&name.into());
        if is_served {
            self.disabled.push(name.into());
        }
        is_served
    }

    fn peer(&self, name: &str) -> Option<PeerView> {
        self.peers.get(name).cloned()
    }

    fn set_peer_state(&mut self, name: &str, state: PeerState) -> Result<(), ResultCode> {
        let view = self.peers.get_mut(name).ok_or(ResultCode::NOT_IMPLEMENTED)?;
        view.local = state;
        Ok(())
    }

    fn shut_down(&mut self) {
        self.is_shut_down = true;
    }
}

/// What comes back on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Octets(Vec<u8>),
    Closed,
}

/// A client's end of a connection.
pub struct Client {
    connection: ConnectionId,
    /// The positions that the answers waited for.
    pub waited: Vec<JournalPosition>,
}

impl Client {
    /// Connects; the first message of the server has this id. Gives its introduction, too.
    pub fn connect(server: &mut Omapi, number: u32, first_id: u32) -> (Client, Vec<u8>) {
        let (mut client, mut effects) = (Client { connection: ConnectionId(number), waited: Vec::new() }, Vec::new());
        server.connected(client.connection, first_id, &mut effects);
        match client.answers(effects).as_slice() {
            [Answer::Octets(introduction)] => (client, introduction.clone()),
            other => panic!("{other:?}"),
        }
    }

    /// Sends octets and gives what comes back.
    pub fn send(&mut self, server: &mut Omapi, world: &mut TestWorld, octets: &[u8]) -> Vec<Answer> {
        let mut effects = Vec::new();
        server.receive(self.connection, octets);
        while server.answer(self.connection, 8, world, &mut effects) == 8 {}
        self.answers(effects)
    }

    /// True if the server takes the client for one that may ask.
    pub fn is_trusted(&self, server: &Omapi) -> bool {
        server.is_trusted(self.connection)
    }

    fn answers(&mut self, effects: Vec<Effect>) -> Vec<Answer> {
        let mut answers = Vec::new();
        for effect in effects {
            match effect {
                Effect::Send { to, octets, after } => {
                    assert_eq!(to, self.connection);
                    self.waited.push(after);
                    answers.push(Answer::Octets(octets));
                }
                Effect::Close(connection) => {
                    assert_eq!(connection, self.connection);
                    answers.push(Answer::Closed);
                }
            }
        }
        answers
    }
}
