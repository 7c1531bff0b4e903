//! The client's side of a connection: octets in, octets out, no socket. One request at a time; an answer counts only if it
//! names the request and the authenticator, and is signed by the key (spec/omapi.md 6, 15).

use crate::wire::mac::{Algorithm, MacKey, ALGORITHM_DOMAIN};
use crate::wire::omapi::{introduction, Framer, Message, Opcode, Received, ResultCode, Values};

/// A key as the operator gave it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub name: Vec<u8>,
    /// As typed; without a dot it is completed.
    pub algorithm: Vec<u8>,
    pub secret: Vec<u8>,
}

impl Key {
    fn algorithm_name(&self) -> Vec<u8> {
        let domain = if self.algorithm.contains(&b'.') { "" } else { ALGORITHM_DOMAIN };
        [self.algorithm.as_slice(), domain.as_bytes()].concat()
    }
}

/// What ends a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The peer does not speak the protocol, or answers what was not asked.
    Protocol,
    /// The answer is not signed as the request was; true if it says that the signature of the request is wrong.
    Signature { refused: bool },
    /// The server did not open the authenticator.
    Authenticator(ResultCode),
}

/// Why a request cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsignable {
    NoSecret,
    UnknownAlgorithm,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The outcome, with the server's own words for it.
    Status { result: ResultCode, message: Vec<u8> },
    /// The object as the server has it.
    Object { handle: u32, values: Values },
}

/// A request without its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub op: Opcode,
    pub handle: u32,
    pub message: Values,
    pub object: Values,
}

/// A connection to a server.
pub struct Session {
    framer: Framer,
    next_id: u32,
    key: Option<Key>,
    /// The number that the server gave to the key.
    authid: u32,
    /// The number of the request that waits for its answer.
    waiting_for: Option<u32>,
    ready: bool,
    /// What has to be sent.
    output: Vec<u8>,
}

impl Session {
    /// A session whose first message gets the number `first_id`. With a key, its authenticator is opened first.
    pub fn new(first_id: u32, key: Option<Key>) -> Session {
        let output = introduction().to_vec();
        Session { framer: Framer::new(), next_id: first_id, key, authid: 0, waiting_for: None, ready: false, output }
    }

    /// True once requests can be sent.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// What has to be sent now.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Asks something.
    pub fn request(&mut self, request: Request) -> Result<(), Unsignable> {
        let signer = self.signer()?;
        self.send(request, signer);
        Ok(())
    }

    fn signer(&self) -> Result<Option<MacKey>, Unsignable> {
        let Some(key) = &self.key else { return Ok(None) };
        if key.secret.is_empty() {
            return Err(Unsignable::NoSecret);
        }
        let name = String::from_utf8(key.algorithm_name()).map_err(|_| Unsignable::UnknownAlgorithm)?;
        let algorithm = Algorithm::from_full_name(&name).ok_or(Unsignable::UnknownAlgorithm)?;
        Ok(Some(MacKey::new(algorithm, &key.secret)))
    }

    fn send(&mut self, request: Request, signer: Option<MacKey>) {
        let Request { op, handle, message, object } = request;
        let message = Message { op: op as u32, handle, id: self.next_id, rid: 0, message, object };
        self.output.extend(message.emit(signer.as_ref().map(|key| (self.authid, key))));
        self.waiting_for = Some(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
    }

    /// Takes in what the server sent. At most one answer comes of it, since at most one is waited for.
    pub fn receive(&mut self, octets: &[u8]) -> Result<Option<Answer>, Broken> {
        self.framer.push(octets);
        let mut answer = None;
        loop {
            let before = self.framer.is_introduced();
            let received = self.framer.next_message().map_err(|_| Broken::Protocol)?;
            if !before && self.framer.is_introduced() {
                self.introduced();
            }
            let Some(received) = received else { return Ok(answer) };
            self.check(&received)?;
            if self.ready {
                answer = Some(read_answer(received.message)?);
            } else {
                self.opened_authenticator(received.message)?;
            }
        }
    }

    fn introduced(&mut self) {
        let Some(key) = &self.key else {
            self.ready = true;
            return;
        };
        let (mut message, mut object) = (Values::new(), Values::new());
        message.set("type", *b"authenticator");
        object.set("name", key.name.clone());
        object.set("algorithm", key.algorithm_name());
        self.send(Request { op: Opcode::Open, handle: 0, message, object }, None);
    }

    /// Whether a message is the answer that is waited for.
    fn check(&mut self, received: &Received) -> Result<(), Broken> {
        if received.message.rid == 0 || Some(received.message.rid) != self.waiting_for.take() {
            return Err(Broken::Protocol);
        }
        let signed = match self.signer() {
            Ok(Some(key)) if self.ready => received.authid == self.authid && received.is_signed_by(&key),
            _ => received.authid == 0,
        };
        if signed {
            return Ok(());
        }
        let result = received.message.message.get_u32("result").map(ResultCode);
        let refused = received.authid == 0 && result == Some(ResultCode::INVALID_TSIG_KEY);
        Err(Broken::Signature { refused })
    }

    fn opened_authenticator(&mut self, message: Message) -> Result<(), Broken> {
        match read_answer(message)? {
            Answer::Object { handle, .. } => {
                self.authid = handle;
                self.ready = true;
                Ok(())
            }
            Answer::Status { result: ResultCode::SUCCESS, .. } => Err(Broken::Protocol),
            Answer::Status { result, .. } => Err(Broken::Authenticator(result)),
        }
    }
}

fn read_answer(message: Message) -> Result<Answer, Broken> {
    match Opcode::from_number(message.op) {
        Some(Opcode::Update) => Ok(Answer::Object { handle: message.handle, values: message.object }),
        Some(Opcode::Status) => {
            const UNEXPECTED: ResultCode = ResultCode(34);
            let result = message.message.get_u32("result").map_or(UNEXPECTED, ResultCode);
            let text = message.message.get("message").unwrap_or_default().to_vec();
            Ok(Answer::Status { result, message: text })
        }
        _ => Err(Broken::Protocol),
    }
}
