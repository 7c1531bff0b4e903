//! One connection: what has arrived, who speaks, and the ids of what is sent.

use super::handles::Handles;
use super::world::Object;
use crate::config::model::{Config, Key};
use crate::wire::mac::{Algorithm, MacKey};
use crate::wire::omapi::{Framer, Message, Received};

/// Names in the message values that the real server takes for parts of the header, and closes the connection over
/// (spec/omapi.md 3).
const RESERVED: &[&str] = &["op", "handle", "id", "rid", "authid", "object", "notify-object"];

/// What a connection knows.
#[derive(Debug)]
pub struct Session {
    pub framer: Framer,
    pub handles: Handles,
    next_id: u32,
    /// The authenticators that were opened on this connection.
    authenticators: Vec<Authenticator>,
    /// The peer has shown that it may send requests.
    pub is_trusted: bool,
    /// Nothing more is taken from it.
    pub is_closed: bool,
}

#[derive(Debug)]
struct Authenticator {
    authid: u32,
    key: Object,
}

/// Who signed a message: the authenticator's handle and its key.
pub type Signer = Option<(u32, MacKey)>;

/// What comes before a message is looked into.
#[derive(Debug)]
pub enum Admission {
    /// Its signature is right, or it has none.
    Admitted(Signer),
    /// Its signature is wrong or missing: it is told so without a signature.
    BadSignature,
    /// The connection is closed.
    Refused,
}

impl Session {
    /// A connection whose first message gets this id.
    pub fn new(first_id: u32) -> Session {
        Session {
            framer: Framer::new(),
            handles: Handles::default(),
            next_id: first_id,
            authenticators: Vec::new(),
            is_trusted: false,
            is_closed: false,
        }
    }

    /// Lets messages be signed with a key from now on.
    pub fn activate(&mut self, authid: u32, key: Object) {
        if !self.authenticators.iter().any(|known| known.authid == authid) {
            self.authenticators.push(Authenticator { authid, key });
        }
    }

    /// Checks a message before anything else is done with it. `required` is the key that OMAPI is restricted to.
    ///
    /// The real server takes a message without signature octets for a signed one if it names an authenticator; here that
    /// is a wrong signature.
    pub fn admit(&self, received: &Received, config: &Config, required: Option<&Key>) -> Admission {
        if RESERVED.iter().any(|name| received.message.message.get(name).is_some()) {
            return Admission::Refused;
        }
        if received.authid == 0 {
            return Admission::Admitted(None);
        }
        let Some(key) = self.key(received.authid, config, required) else { return Admission::Refused };
        match received.is_signed_by(&key) {
            true => Admission::Admitted(Some((received.authid, key))),
            false => Admission::BadSignature,
        }
    }

    /// The key of an authenticator of this connection, if it can sign; it is looked up anew for each message, for the
    /// configuration may have been replaced.
    fn key(&self, authid: u32, config: &Config, required: Option<&Key>) -> Option<MacKey> {
        let authenticator = self.authenticators.iter().find(|known| known.authid == authid)?;
        let Object::Authenticator(name) = &authenticator.key else { return None };
        let key = config.keys.iter().find(|key| key.name == *name)?;
        if required.is_some_and(|required| required.name != key.name) {
            return None;
        }
        Some(MacKey::new(Algorithm::from_full_name(&key.algorithm)?, &key.secret))
    }

    /// The octets of an answer to a request.
    pub fn reply(&mut self, mut message: Message, rid: u32, signer: &Signer) -> Vec<u8> {
        (message.id, message.rid) = (self.next_id, rid);
        self.next_id = self.next_id.wrapping_add(1);
        message.emit(signer.as_ref().map(|(authid, key)| (*authid, key)))
    }
}
