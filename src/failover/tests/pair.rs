//! Two engines, one the primary, connected by a network without a memory: from whatever states they start, they come to normal.

use super::bench::{Bench, Terms, PEER, START};
use crate::failover::ConnectionId;
use crate::leases::peer::PeerState::{self, *};
use crate::wire::failover::Body;
use proptest::prelude::*;
use std::collections::BTreeMap;

struct Pair {
    servers: [Bench; 2],
    /// The other end of each connection, by server.
    ends: [BTreeMap<ConnectionId, ConnectionId>; 2],
    is_cut: bool,
    /// How many more messages arrive before the next cut.
    cut_after: Option<u32>,
    /// State of a server, whether it starts, what it knows of the other, and what it was told.
    harms: Vec<(PeerState, bool, PeerState, PeerState)>,
}

impl Pair {
    fn start(states: [PeerState; 2], partners: [PeerState; 2]) -> Pair {
        let primary = Bench::start(Terms::primary(), states[0], partners[0], START);
        let secondary = Bench::start(Terms::secondary(), states[1], partners[1], START);
        Pair {
            servers: [primary, secondary],
            ends: Default::default(),
            is_cut: false,
            cut_after: None,
            harms: Vec::new(),
        }
    }

    /// Carries messages, and the ends of connections, until there are none.
    fn carry(&mut self) {
        for round in 0.. {
            assert!(round < 200, "they do not come to rest");
            let mut is_quiet = true;
            for from in [0, 1] {
                let to = 1 - from;
                for (connection, message, _) in std::mem::take(&mut self.servers[from].sent) {
                    is_quiet = false;
                    if self.cut_after == Some(0) {
                        self.cut();
                    }
                    self.cut_after = self.cut_after.map(|left| left - 1);
                    let end = self.ends[from].get(&connection).copied();
                    if let Some(end) = end.filter(|end| self.servers[to].open.contains(end)) {
                        self.judge(to, &message.body);
                        self.servers[to].octets(end, &message.emit());
                    }
                }
                for (connection, _) in std::mem::take(&mut self.servers[from].closed) {
                    is_quiet = false;
                    let end = self.ends[from].remove(&connection);
                    if let Some(end) = end.filter(|end| self.servers[to].open.contains(end)) {
                        self.servers[to].hang_up(end);
                    }
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    /// Notes a state that would end an ISC server in the place of the one that is told it, or send it to shutdown for good.
    fn judge(&mut self, to: usize, body: &Body) {
        let told = match body {
            Body::State(report) => report.state.and_then(PeerState::from_number),
            _ => None,
        };
        let me = &self.servers[to].engine.relationships[PEER.index()];
        let Some(told) = told.filter(|told| me.standing.partner != *told || !me.is_starting()) else { return };
        let harms = match me.effective_state() {
            ConflictDone => !matches!(told, Normal | Shutdown | PotentialConflict | ResolutionInterrupted),
            Normal => {
                me.standing.partner != told && matches!(told, ConflictDone | PotentialConflict | ResolutionInterrupted)
            }
            PotentialConflict => me.standing.partner != told && told == Normal,
            _ => false,
        };
        if harms {
            self.harms.push((me.effective_state(), me.is_starting(), me.standing.partner, told));
        }
    }

    fn connect(&mut self) {
        for from in [0, 1] {
            let to = 1 - from;
            if self.servers[from].dials > 0 && !self.is_cut {
                let mine = self.servers[from].dialled();
                let theirs = self.servers[to].accept();
                self.ends[from].insert(mine, theirs);
                self.ends[to].insert(theirs, mine);
            }
        }
    }

    fn pass(&mut self, seconds: u32) {
        for _ in 0..seconds * 2 {
            self.connect();
            self.carry();
            for server in &mut self.servers {
                server.pass_half(None);
            }
            self.carry();
        }
    }

    fn states(&self) -> [PeerState; 2] {
        [self.servers[0].state(), self.servers[1].state()]
    }

    fn cut(&mut self) {
        self.is_cut = true;
        self.cut_after = None;
        for server in &mut self.servers {
            let open: Vec<ConnectionId> = server.open.iter().copied().collect();
            for connection in open {
                server.hang_up(connection);
            }
        }
    }
}

/// All states in which a server can have ended, but for those that only an administrator ends.
const ENDED: [PeerState; 9] = [
    Normal,
    CommunicationsInterrupted,
    PartnerDown,
    PotentialConflict,
    Recover,
    RecoverDone,
    ResolutionInterrupted,
    ConflictDone,
    RecoverWait,
];

#[test]
fn two_servers_come_to_normal_from_any_states() {
    let mut stuck = Vec::new();
    for primary in ENDED {
        for secondary in ENDED {
            for is_known in [false, true] {
                let partners = if is_known { [secondary, primary] } else { [Unknown, Unknown] };
                let mut pair = Pair::start([primary, secondary], partners);
                pair.pass(150);
                if pair.states() != [Normal, Normal] {
                    stuck.push((primary, secondary, is_known, pair.states()));
                }
            }
        }
    }
    assert!(stuck.is_empty(), "{stuck:#?}");
}

#[test]
fn a_cut_heals() {
    let mut pair = Pair::start([Recover, Recover], [Unknown, Unknown]);
    pair.pass(2);
    assert_eq!(pair.states(), [Normal, Normal]);
    pair.cut();
    assert_eq!(pair.states(), [CommunicationsInterrupted; 2]);
    pair.pass(30);
    pair.is_cut = false;
    pair.pass(10);
    assert_eq!(pair.states(), [Normal, Normal]);
    // Each believes the other to be down.
    pair.cut();
    for server in &mut pair.servers {
        server.set_state(PartnerDown);
    }
    pair.pass(30);
    pair.is_cut = false;
    pair.pass(10);
    assert_eq!(pair.states(), [Normal, Normal]);
}

/// One server is gone without a word: the other gives up the link when it hears nothing.
#[test]
fn a_server_that_dies_and_comes_back() {
    for who in [0, 1] {
        let mut pair = Pair::start([Recover, Recover], [Unknown, Unknown]);
        pair.pass(5);
        pair.servers[who].restart();
        pair.ends = Default::default();
        pair.pass(30);
        assert_eq!(pair.states(), [Normal, Normal]);
    }
}

/// What befalls a pair.
#[derive(Clone, Copy, Debug)]
enum Event {
    Cut,
    /// In the middle of what the servers say.
    CutAfter(u32),
    Heal,
    Restart(usize),
    /// An administrator declares the partner down.
    PartnerDown(usize),
    Pass(u32),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => Just(Event::Cut),
        3 => (0u32..20).prop_map(Event::CutAfter),
        3 => Just(Event::Heal),
        1 => (0usize..2).prop_map(Event::Restart),
        1 => (0usize..2).prop_map(Event::PartnerDown),
        1 => (1u32..30).prop_map(Event::Pass),
        1 => Just(Event::Pass(1)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn two_servers_come_to_normal_whatever_befell_them(events in proptest::collection::vec(event(), 1..40)) {
        let mut pair = Pair::start([Recover, Recover], [Unknown, Unknown]);
        for event in events {
            match event {
                Event::Cut => pair.cut(),
                Event::CutAfter(messages) => pair.cut_after = Some(messages),
                Event::Heal => pair.is_cut = false,
                Event::Restart(who) => {
                    let open: Vec<ConnectionId> = pair.servers[who].open.iter().copied().collect();
                    pair.servers[who].restart();
                    for end in open.into_iter().filter_map(|connection| pair.ends[who].remove(&connection)) {
                        if pair.servers[1 - who].open.contains(&end) {
                            pair.servers[1 - who].hang_up(end);
                        }
                    }
                }
                Event::PartnerDown(who) => {
                    pair.servers[who].set_state(PartnerDown);
                }
                Event::Pass(seconds) => pair.pass(seconds),
            }
        }
        (pair.is_cut, pair.cut_after) = (false, None);
        pair.pass(150);
        prop_assert_eq!(pair.states(), [Normal, Normal]);
        prop_assert_eq!(pair.harms, []);
    }
}
