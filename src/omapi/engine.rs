//! All connections, and what they share.

use super::dispatch::{Dispatch, Outcome};
use super::handles::Numbers;
use super::objects::authenticator;
use super::session::{Admission, Session};
use super::world::World;
use crate::leases::lease::JournalPosition;
use crate::wire::omapi::{introduction, Opcode, Received, ResultCode};
use rustc_hash::FxHashMap;

/// A connection, as its owner numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Octets for a client, behind all earlier ones for it; they may leave when the journal is on stable storage up to there.
    Send { to: ConnectionId, octets: Vec<u8>, after: JournalPosition },
    /// Close a connection. What is still to be sent on it need not be.
    Close(ConnectionId),
}

/// The OMAPI server: octets of connections in, effects out.
#[derive(Debug, Default)]
pub struct Omapi {
    /// The name in `omapi-key`: nobody without it is served.
    key: Option<Box<str>>,
    numbers: Numbers,
    sessions: FxHashMap<ConnectionId, Session>,
}

impl Omapi {
    /// A server that is restricted to the key of that name, if there is one.
    pub fn new(key: Option<Box<str>>) -> Omapi {
        Omapi { key, ..Omapi::default() }
    }

    /// Another configuration is in force. It restricts OMAPI to that key, on open connections too.
    pub fn reconfigure(&mut self, key: Option<Box<str>>) {
        self.key = key;
        self.numbers.forget_numbered();
        self.sessions.values_mut().for_each(|session| session.handles.forget_numbered());
    }

    /// A client has connected. `first_id` is the id of the first message to it, any number.
    pub fn connected(&mut self, connection: ConnectionId, first_id: u32, effects: &mut Vec<Effect>) {
        self.sessions.insert(connection, Session::new(first_id));
        let (octets, after) = (introduction().to_vec(), JournalPosition::default());
        effects.push(Effect::Send { to: connection, octets, after });
    }

    /// A connection is gone.
    pub fn closed(&mut self, connection: ConnectionId) {
        self.sessions.remove(&connection);
    }

    /// Octets have arrived. They are looked at by `answer`, which is to be called until it has found less than it may before
    /// more are taken from that connection; then no more than one message and what is given here is ever kept.
    pub fn receive(&mut self, connection: ConnectionId, octets: &[u8]) {
        if let Some(session) = self.sessions.get_mut(&connection).filter(|session| !session.is_closed) {
            session.framer.push(octets);
        }
    }

    /// Answers up to `limit` messages that have arrived on a connection, and tells how many it found.
    pub fn answer(
        &mut self,
        connection: ConnectionId,
        limit: usize,
        world: &mut dyn World,
        effects: &mut Vec<Effect>,
    ) -> usize {
        for found in 0..limit {
            let Some(session) = self.sessions.get_mut(&connection).filter(|session| !session.is_closed) else {
                return found;
            };
            match session.framer.next_message() {
                Ok(Some(received)) => self.message(connection, &received, world, effects),
                Ok(None) => return found,
                Err(_) => self.close(connection, effects),
            }
        }
        limit
    }

    /// True if the client has shown that it knows the key that is required, or has asked anything if none is.
    pub fn is_trusted(&self, connection: ConnectionId) -> bool {
        self.sessions.get(&connection).is_some_and(|session| session.is_trusted)
    }

    fn close(&mut self, connection: ConnectionId, effects: &mut Vec<Effect>) {
        if let Some(session) = self.sessions.get_mut(&connection) {
            session.is_closed = true;
        }
        effects.push(Effect::Close(connection));
    }

    fn message(
        &mut self,
        connection: ConnectionId,
        received: &Received,
        world: &mut dyn World,
        effects: &mut Vec<Effect>,
    ) {
        let Some(session) = self.sessions.get_mut(&connection) else { return };
        let required = match &self.key {
            // A key that vanished with a new configuration still keeps everybody out.
            Some(name) => match authenticator::required(world.config(), name) {
                Some(key) => Some(key.clone()),
                None => return self.close(connection, effects),
            },
            None => None,
        };
        let admission = session.admit(received, world.config(), required.as_ref());
        let before = world.leases().position();
        let mut removed = None;
        let (outcome, signer) = match admission {
            Admission::Admitted(signer) => {
                let is_signed = signer.is_some();
                let mut dispatch = Dispatch {
                    world,
                    handles: &mut session.handles,
                    numbers: &mut self.numbers,
                    required: required.as_ref(),
                    is_signed,
                    activated: None,
                    removed: None,
                };
                let outcome = dispatch.request(&received.message);
                removed = dispatch.removed;
                if let Some((authid, key)) = dispatch.activated {
                    session.activate(authid, key);
                }
                session.is_trusted |= outcome != Outcome::Close && (is_signed || required.is_none());
                (outcome, signer)
            }
            Admission::BadSignature => (Outcome::Status(ResultCode::INVALID_TSIG_KEY, None), None),
            Admission::Refused => (Outcome::Close, None),
        };
        let is_refused = matches!(outcome, Outcome::Status(code, _) if code != ResultCode::SUCCESS);
        let Some(message) = outcome.message() else { return self.close(connection, effects) };
        let after = match world.leases().position() {
            // A repeated change may have nothing to write while its first record is still on its way. A refusal waits for
            // nothing: that the disk is full must not have to wait for room.
            position if position != before || (is_change(&received.message.op) && !is_refused) => position,
            _ => JournalPosition::default(),
        };
        let octets = session.reply(message, received.message.id, &signer);
        if let Some(object) = removed {
            self.numbers.forget(&object);
            self.sessions.values_mut().for_each(|session| session.handles.forget(&object));
        }
        effects.push(Effect::Send { to: connection, octets, after });
    }
}

/// True if a request of that opcode may change something by itself.
fn is_change(op: &u32) -> bool {
    matches!(Opcode::from_number(*op), Some(Opcode::Update | Opcode::Delete))
}
