//! Taking over a new configuration while the server runs.

use super::effect::{Effect, Leases};
use super::engine::Failover;
use super::relationship::{Endpoint, Relationship};
use super::timers::Wait;
use super::work::RECONNECT;
use crate::config::model::{Config, FailoverPeer, PeerId};
use crate::leases::peer::PeerRecord;
use crate::wire::units::Now;

/// What becomes of a relationship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// It goes on as it is.
    None,
    /// The servers have to agree anew: the link is given up.
    Terms,
    /// It begins anew, as after a restart.
    Place,
}

fn change(old: &Relationship, settings: &FailoverPeer, endpoint: &Endpoint) -> Change {
    let place = |peer: &FailoverPeer| (peer.primary, peer.port, peer.peer_port);
    let limits = |peer: &FailoverPeer| (peer.max_response_delay, peer.max_unacked_updates);
    let lead = |peer: &FailoverPeer| (peer.mclt, peer.hba);
    if place(&old.settings) != place(settings) || old.endpoint != *endpoint {
        Change::Place
    } else if limits(&old.settings) != limits(settings) || settings.primary && lead(&old.settings) != lead(settings) {
        Change::Terms
    } else {
        Change::None
    }
}

impl Failover {
    /// Takes over a new configuration, to which the leases have been bound. Relationships are known by their names; one with
    /// the same role, addresses and ports goes on as it is, others begin anew as after a restart. `endpoints` are those of
    /// the configuration's peers in their order. Dials that are under way are to be abandoned.
    pub fn reconfigure(
        &mut self,
        now: Now,
        config: &Config,
        endpoints: Vec<Endpoint>,
        leases: &mut dyn Leases,
        out: &mut Vec<Effect>,
    ) {
        let mut old: Vec<Option<Relationship>> =
            std::mem::take(&mut self.relationships).into_iter().map(Some).collect();
        // The new number of each old relationship that goes on.
        let mut numbers = vec![None; old.len()];
        let mut changes = Vec::new();
        for (settings, endpoint) in config.peers.iter().zip(endpoints) {
            let number = PeerId(self.relationships.len() as u32);
            let is_same = |me: &Option<Relationship>| me.as_ref().is_some_and(|me| me.settings.name == settings.name);
            let place = old.iter().position(is_same);
            let known = place.and_then(|place| old.get_mut(place)?.take().zip(Some(place)));
            let (me, change) = match known {
                None => (
                    Relationship::new(settings.clone(), endpoint, &PeerRecord::new(settings, now.wall), now.wall),
                    None,
                ),
                Some((me, place)) => match change(&me, settings, &endpoint) {
                    Change::Place => {
                        (Relationship::new(settings.clone(), endpoint, &me.record(), now.wall), Some(Change::Place))
                    }
                    change => {
                        numbers[place] = Some(number);
                        (me.with_settings(settings.clone()), Some(change))
                    }
                },
            };
            self.relationships.push(me);
            changes.push(change);
        }
        self.renumber(&numbers, out);
        self.stop_listening(out);
        for (peer, change) in (0..).map(PeerId).zip(changes).collect::<Vec<_>>().into_iter().rev() {
            let Some(mut work) = self.work(now, peer, leases, out) else { continue };
            if work.me.dialling.take().is_some() {
                work.me.timers.wait(Wait::Reconnect, now, RECONNECT);
            }
            work.publish();
            work.pools_changed();
            match change {
                Some(Change::None) => {}
                Some(Change::Terms) => work.close_link(),
                None | Some(Change::Place) => self.begin(now, peer, leases, out),
            }
        }
    }

    /// Connections of relationships that do not go on are closed.
    fn renumber(&mut self, numbers: &[Option<PeerId>], out: &mut Vec<Effect>) {
        let mut gone = Vec::new();
        for (connection, known) in &mut self.connections {
            match numbers.get(known.peer.index()).copied().flatten() {
                Some(number) => known.peer = number,
                None => gone.push(*connection),
            }
        }
        gone.sort_unstable();
        for connection in gone {
            self.connections.remove(&connection);
            out.push(Effect::Close { connection, flush: false });
        }
    }

    /// Listeners that nobody needs any more end.
    fn stop_listening(&mut self, out: &mut Vec<Effect>) {
        let needed: Vec<_> = self.relationships.iter().map(Relationship::listens_at).collect();
        self.listeners.retain(|listener| {
            let is_needed = needed.contains(&listener.at);
            if !is_needed {
                out.push(Effect::StopListening { at: listener.at });
            }
            is_needed
        });
    }
}

impl Relationship {
    /// The same with other settings.
    fn with_settings(mut self, settings: FailoverPeer) -> Relationship {
        if settings.primary {
            self.standing.mclt = settings.mclt;
            self.standing.balance.buckets = settings.hba;
        }
        self.standing.balance.max_seconds = settings.load_balance_max_seconds;
        self.settings = settings;
        self
    }
}
