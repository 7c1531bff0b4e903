//! The shell: what each command does with the connection and the object, and what it says (spec/omapi.md 14.2).
//!
//! A command first looks at its own line, then at what is open; the complaints about the one or the other come in ISC's order.

use super::base64;
use super::lexer::{Lexer, Token, Word};
use super::link::{Dial, Link};
use super::number;
use super::object::{Object, Value};
use super::output::{Output, Stream};
use super::random::Random;
use super::session::{Answer, Broken, Key, Request, Session, Unsignable};
use crate::wire::omapi::{Opcode, ResultCode, Values, DEFAULT_PORT};
use std::time::{Duration, Instant};

/// How long a server may take to accept a connection and the key. ISC's omshell waits without limit.
pub const CONNECT_PATIENCE: Duration = Duration::from_secs(30);
/// How long a server may take to answer a request. ISC dhcpd takes up to 18 seconds before it ends a connection that asked it
/// to shut down.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(60);

const HELP: &str = "Commands:
  port <server omapi port>
  server <server address>
  key <key name> <key value>
  connect
  disconnect
  new <object-type>
  set <name> = <value>
  create
  open
  update
  unset <name>
  refresh
  remove";

/// What there is of a connection.
enum Connection {
    None,
    Open(Box<dyn Link>, Box<Session>),
    /// It broke, and waits for `connect` or `disconnect`.
    Lost,
}

/// Why a request came to nothing: what ISC says of it, and what may help.
struct Failure {
    text: &'static str,
    advice: Option<Vec<u8>>,
}

impl From<ResultCode> for Failure {
    fn from(result: ResultCode) -> Failure {
        Failure { text: result.text(), advice: None }
    }
}

/// The state between two commands.
pub struct Shell<D> {
    dial: D,
    random: Random,
    server: Vec<u8>,
    port: i32,
    key_name: Option<Vec<u8>>,
    algorithm: Vec<u8>,
    secret: Vec<u8>,
    connection: Connection,
    object: Option<Object>,
}

impl<D: Dial> Shell<D> {
    /// As it is at the start; connections are made by `dial`.
    pub fn new(dial: D) -> Shell<D> {
        Shell {
            dial,
            random: Random::new(),
            server: b"127.0.0.1".to_vec(),
            port: i32::from(DEFAULT_PORT),
            key_name: None,
            algorithm: b"hmac-md5".to_vec(),
            secret: Vec::new(),
            connection: Connection::None,
            object: None,
        }
    }

    /// What stands before a command: the object, if there is a connection, and the prompt.
    pub fn prompt(&self) -> Output {
        let mut output = Output::default();
        match (&self.connection, &self.object) {
            (Connection::None, _) => {}
            (_, None) => output.say(&[b"obj: <null>"]),
            (_, Some(object)) => {
                output.say(&[b"obj: ", &object.kind]);
                object.lines().for_each(|line| output.say(&[&line]));
            }
        }
        output.pieces.push((Stream::Out, b"> ".to_vec()));
        output
    }

    /// Carries out a line.
    pub fn run(&mut self, line: &[u8]) -> Output {
        let mut lexer = Lexer::new(line);
        match lexer.read() {
            Token::End | Token::EndOfLine => {}
            Token::Mark(b'?') | Token::Word(Word::Help) => {
                lexer.output.say(&[HELP.as_bytes()]);
                lexer.skip_statement();
            }
            Token::Word(word) => self.command(word, &mut lexer),
            _ => {
                let text = lexer.text().to_vec();
                lexer.warn(&[b"unknown token: ", &text]);
                lexer.skip_statement();
            }
        }
        lexer.output
    }

    fn command(&mut self, word: Word, lexer: &mut Lexer) {
        match word {
            Word::Help => {}
            Word::Port => self.port(lexer),
            Word::Server => self.server(lexer),
            Word::KeyAlgorithm => self.key_algorithm(lexer),
            Word::Key => self.key(lexer),
            Word::Connect => self.connect(lexer),
            Word::Disconnect => self.disconnect(lexer),
            Word::New => self.new_object(lexer),
            Word::Close => self.close(lexer),
            Word::Set => self.set(lexer),
            Word::Unset => self.unset(lexer),
            Word::Open | Word::Create => self.open(lexer, word == Word::Create),
            Word::Update => self.update(lexer),
            Word::Remove => self.remove(lexer),
            Word::Refresh => self.refresh(lexer),
        }
    }

    fn port(&mut self, lexer: &mut Lexer) {
        match lexer.read() {
            token if token.is_identifier() => match self.dial.service(lexer.text()) {
                Some(port) => self.port = i32::from(port),
                None => {
                    let name = lexer.text().to_vec();
                    lexer.output.say(&[b"unknown service name: ", &name]);
                    return;
                }
            },
            Token::Number => self.port = number::decimal(lexer.text()),
            _ => return usage(lexer, "port <port>"),
        }
        ends(lexer, "port <server>");
    }

    fn server(&mut self, lexer: &mut Lexer) {
        let server = match lexer.read() {
            Token::Number => dotted_quad(lexer),
            token if token.is_identifier() => Some(lexer.text().to_vec()),
            _ => None,
        };
        let Some(server) = server else { return usage(lexer, "server <server>") };
        self.server = server;
        ends(lexer, "server <server>");
    }

    fn key_algorithm(&mut self, lexer: &mut Lexer) {
        if lexer.read() != Token::Name {
            lexer.output.say(&[b"missing or invalid algorithm name"]);
            return usage(lexer, "key-algoritm <algorithm name>");
        }
        self.algorithm = lexer.text().to_vec();
        if !lexer.read().is_end() {
            lexer.output.say(&[b"extra information after ", &self.algorithm]);
            usage(lexer, "key-algorithm <algorithm name>");
        }
    }

    fn key(&mut self, lexer: &mut Lexer) {
        if lexer.peek() == Token::String {
            lexer.read();
            return usage(lexer, "key <name> <value>");
        }
        let Some(name) = key_name(lexer) else { return usage(lexer, "key <name> <value>") };
        self.key_name = Some(name);
        match base64::secret(lexer) {
            Some(secret) => {
                self.secret = secret;
                ends(lexer, "key <name> <value>");
            }
            None => {
                self.secret.clear();
                lexer.skip_statement();
            }
        }
    }

    fn connect(&mut self, lexer: &mut Lexer) {
        if !ends(lexer, "connect") {
            return;
        }
        let key = self.key_name.clone().map(|name| Key {
            name,
            algorithm: self.algorithm.clone(),
            secret: self.secret.clone(),
        });
        let had_one = !matches!(self.connection, Connection::None);
        self.connection = if had_one { Connection::Lost } else { Connection::None };
        match self.open_session(key) {
            Ok((link, session)) => self.connection = Connection::Open(link, session),
            Err(failure) => complain(lexer, "dhcpctl_connect", failure),
        }
    }

    fn open_session(&mut self, key: Option<Key>) -> Result<(Box<dyn Link>, Box<Session>), Failure> {
        let until = Instant::now() + CONNECT_PATIENCE;
        // Beyond 16 bits a port is cut, as ISC does.
        let mut link = self.dial.dial(&self.server, self.port as u16, until)?;
        let mut session = Box::new(Session::new(self.random.draw(), key));
        while !session.is_ready() {
            let step = exchange(&mut *link, &mut session, until);
            step.map_err(|trouble| self.trouble_of_connect(trouble))?;
        }
        Ok((link, session))
    }

    fn trouble_of_connect(&self, trouble: Trouble) -> Failure {
        match trouble {
            Trouble::Silence => ResultCode::TIMED_OUT.into(),
            Trouble::Broken(Broken::Authenticator(result)) => {
                let key = self.key_name.as_deref().unwrap_or_default();
                let advice = match result {
                    ResultCode::NOT_FOUND => {
                        [b"the server has no key ", key, b" with algorithm ", &self.algorithm].concat()
                    }
                    ResultCode::INVALID_TSIG_KEY => {
                        [b"the server refuses key ", key, b": it is not its omapi-key"].concat()
                    }
                    _ => [b"the server refuses key ", key].concat(),
                };
                Failure { text: result.text(), advice: Some(advice) }
            }
            Trouble::Broken(_) | Trouble::Closed => ResultCode::NO_MORE.into(),
        }
    }

    fn disconnect(&mut self, lexer: &mut Lexer) {
        if !ends(lexer, "disconnect") {
            return;
        }
        match std::mem::replace(&mut self.connection, Connection::None) {
            Connection::None => lexer.output.complain(&[b"not connected"]),
            Connection::Open(..) | Connection::Lost => {}
        }
    }

    fn new_object(&mut self, lexer: &mut Lexer) {
        let token = lexer.read();
        if !token.is_identifier() && token != Token::String {
            return lexer.output.say(&[b"usage: new <object-type>"]);
        }
        if self.object.is_some() {
            return refuse(lexer, "an object is already open.");
        }
        if !self.is_connected() {
            return refuse(lexer, "not connected.");
        }
        self.object = Some(Object::new(lexer.text()));
        ends(lexer, "new <object-type>");
    }

    fn close(&mut self, lexer: &mut Lexer) {
        if !ends(lexer, "close") {
            return;
        }
        if !self.is_connected() {
            return refuse(lexer, "not connected.");
        }
        if self.object.take().is_none() {
            refuse(lexer, "not open.");
        }
    }

    fn set(&mut self, lexer: &mut Lexer) {
        const USAGE: &str = "set <name> = <value>";
        let Some(name) = self.attribute_name(lexer, USAGE) else { return };
        if lexer.read() != Token::Mark(b'=') {
            return usage(lexer, USAGE);
        }
        let (value, token) = value(lexer);
        if let (Some(value), Some(object)) = (value, &mut self.object) {
            object.set(&name, Some(value));
        }
        if !token.is_end() {
            usage(lexer, USAGE);
        }
    }

    fn unset(&mut self, lexer: &mut Lexer) {
        const USAGE: &str = "unset <name>";
        let Some(name) = self.attribute_name(lexer, USAGE) else { return };
        if !ends(lexer, USAGE) {
            return;
        }
        if let Some(object) = &mut self.object {
            object.set(&name, None);
        }
    }

    /// The name of an attribute to set, if it can be set.
    fn attribute_name(&self, lexer: &mut Lexer, usage_text: &str) -> Option<Vec<u8>> {
        let token = lexer.read();
        if !token.is_identifier() && token != Token::String {
            usage(lexer, usage_text);
        } else if self.object.is_none() {
            refuse(lexer, "no open object.");
        } else if !self.is_connected() {
            refuse(lexer, "not connected.");
        } else {
            return Some(lexer.text().to_vec());
        }
        None
    }

    fn open(&mut self, lexer: &mut Lexer, create: bool) {
        if !self.may_ask(lexer, "you must make a new object first!") {
            return;
        }
        let mut message = Values::new();
        if create {
            message.set_u32("create", 1);
            message.set_u32("exclusive", 1);
        }
        let Some(object) = &self.object else { return };
        message.set("type", object.kind.clone());
        let request = Request { op: Opcode::Open, handle: 0, message, object: object.changes() };
        let outcome = self.ask(request).and_then(|answer| self.learn(answer));
        self.report(lexer, "can't open object: ", outcome);
    }

    fn update(&mut self, lexer: &mut Lexer) {
        if !self.may_ask(lexer, "you haven't opened an object yet!") {
            return;
        }
        let Some(object) = &self.object else { return };
        let request =
            Request { op: Opcode::Update, handle: object.handle, message: Values::new(), object: object.changes() };
        let outcome = self.ask(request).and_then(|answer| self.learn(answer));
        self.report(lexer, "can't update object: ", outcome);
    }

    fn refresh(&mut self, lexer: &mut Lexer) {
        if !ends(lexer, "refresh") || !self.has_object(lexer) {
            return;
        }
        // What was lost before has another text here than elsewhere.
        let outcome = match self.connection {
            Connection::Lost => Err(ResultCode::NO_MORE.into()),
            _ => self.ask_about_object(Opcode::Refresh).and_then(|answer| self.learn(answer)),
        };
        self.report(lexer, "can't refresh object: ", outcome);
    }

    fn remove(&mut self, lexer: &mut Lexer) {
        if !ends(lexer, "remove") || !self.has_object(lexer) {
            return;
        }
        let outcome = self.ask_about_object(Opcode::Delete).and_then(|answer| match answer {
            Answer::Status { result: ResultCode::SUCCESS, .. } => Ok(()),
            Answer::Status { result, .. } => Err(result.into()),
            Answer::Object { .. } => {
                self.connection = Connection::Lost;
                Err(ResultCode::NO_MORE.into())
            }
        });
        if outcome.is_ok() {
            self.object = None;
        }
        self.report(lexer, "can't destroy object: ", outcome);
    }

    /// The complaints of `refresh` and `remove`, which do not read the line on.
    fn has_object(&self, lexer: &mut Lexer) -> bool {
        if !self.is_connected() {
            lexer.output.say(&[b"not connected."]);
        } else if self.object.is_none() {
            lexer.output.say(&[b"no object."]);
        } else {
            return true;
        }
        false
    }

    /// The complaints of `open`, `create` and `update`; the usage they print is the word that is too much.
    fn may_ask(&self, lexer: &mut Lexer, without_object: &str) -> bool {
        if !lexer.read().is_end() {
            let word = lexer.text().to_vec();
            lexer.output.say(&[b"usage: ", &word]);
            lexer.skip_statement();
        } else if !self.is_connected() {
            refuse(lexer, "not connected.");
        } else if self.object.is_none() {
            refuse(lexer, without_object);
        } else {
            return true;
        }
        false
    }

    fn is_connected(&self) -> bool {
        !matches!(self.connection, Connection::None)
    }

    fn ask_about_object(&mut self, op: Opcode) -> Result<Answer, Failure> {
        let handle = self.object.as_ref().map_or(0, |object| object.handle);
        self.ask(Request { op, handle, message: Values::new(), object: Values::new() })
    }

    /// Sends a request and waits for the answer. What breaks a connection leaves it lost.
    fn ask(&mut self, request: Request) -> Result<Answer, Failure> {
        let Connection::Open(link, session) = &mut self.connection else {
            return Err(ResultCode::INVALID_ARGUMENT.into());
        };
        // Of a removal ISC's omshell says this when the connection breaks.
        let broken = match request.op {
            Opcode::Delete => ResultCode::NO_MORE,
            _ => ResultCode::CONNECTION_RESET,
        };
        if let Err(unsignable) = session.request(request) {
            self.connection = Connection::Lost;
            return Err(self.unsignable(unsignable));
        }
        let until = Instant::now() + ANSWER_PATIENCE;
        loop {
            match exchange(&mut **link, session, until) {
                Ok(Some(answer)) => return self.read(answer),
                Ok(None) => {}
                Err(trouble) => {
                    self.connection = Connection::Lost;
                    return Err(self.trouble_of_request(trouble, broken));
                }
            }
        }
    }

    fn read(&self, answer: Answer) -> Result<Answer, Failure> {
        let wants_key = matches!(answer, Answer::Status { result: ResultCode::NO_KEY_SPECIFIED, .. });
        if wants_key && self.key_name.is_none() {
            let advice = b"the server wants a key: give it with \"key\", then connect again".to_vec();
            return Err(Failure { text: ResultCode::NO_KEY_SPECIFIED.text(), advice: Some(advice) });
        }
        Ok(answer)
    }

    fn unsignable(&self, unsignable: Unsignable) -> Failure {
        let key = self.key_name.as_deref().unwrap_or_default();
        let (text, advice) = match unsignable {
            Unsignable::NoSecret => ("illegal operation for a null key", [b"key ", key, b" has no secret"].concat()),
            Unsignable::UnknownAlgorithm => {
                ("out of memory", [b"unknown key algorithm: ", self.algorithm.as_slice()].concat())
            }
        };
        Failure { text, advice: Some(advice) }
    }

    fn trouble_of_request(&self, trouble: Trouble, broken: ResultCode) -> Failure {
        let key = self.key_name.as_deref().unwrap_or_default();
        match trouble {
            Trouble::Silence => ResultCode::TIMED_OUT.into(),
            Trouble::Broken(Broken::Signature { refused }) => {
                let advice = match refused {
                    true => [b"the server refuses the signature of key ", key, b": is the secret right?"].concat(),
                    false => [b"the answer is not signed with key ", key, b", it is not believed"].concat(),
                };
                Failure { text: broken.text(), advice: Some(advice) }
            }
            Trouble::Broken(_) | Trouble::Closed => broken.into(),
        }
    }

    /// Takes the answer to `open`, `create`, `update` or `refresh` over into the object.
    fn learn(&mut self, answer: Answer) -> Result<(), Failure> {
        match (answer, &mut self.object) {
            (Answer::Status { result: ResultCode::SUCCESS, .. }, _) => Ok(()),
            (Answer::Status { result, .. }, _) => Err(result.into()),
            (Answer::Object { handle, values }, Some(object)) => Ok(object.learn(handle, &values)?),
            (Answer::Object { .. }, None) => Ok(()),
        }
    }

    fn report(&self, lexer: &mut Lexer, what: &str, outcome: Result<(), Failure>) {
        if let Err(failure) = outcome {
            lexer.output.say(&[what.as_bytes(), failure.text.as_bytes()]);
            advise(lexer, failure.advice);
        }
    }
}

/// What can go wrong between a request and its answer.
enum Trouble {
    Closed,
    /// Nothing came in time.
    Silence,
    Broken(Broken),
}

/// Sends what there is to send, then takes in what has arrived.
fn exchange(link: &mut dyn Link, session: &mut Session, until: Instant) -> Result<Option<Answer>, Trouble> {
    let output = session.take_output();
    if !output.is_empty() {
        link.send(&output, until).map_err(trouble)?;
    }
    let mut buffer = [0; 4096];
    let count = link.receive(&mut buffer, until).map_err(trouble)?;
    match buffer.get(..count) {
        None | Some([]) => Err(Trouble::Closed),
        Some(octets) => {
            let answer = session.receive(octets).map_err(Trouble::Broken)?;
            let output = session.take_output();
            if !output.is_empty() {
                link.send(&output, until).map_err(trouble)?;
            }
            Ok(answer)
        }
    }
}

fn trouble(error: std::io::Error) -> Trouble {
    match error.kind() {
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => Trouble::Silence,
        _ => Trouble::Closed,
    }
}

/// Whether the line ends here; else its usage is printed.
fn ends(lexer: &mut Lexer, text: &str) -> bool {
    let at_end = lexer.read().is_end();
    if !at_end {
        usage(lexer, text);
    }
    at_end
}

fn usage(lexer: &mut Lexer, text: &str) {
    lexer.output.say(&[b"usage: ", text.as_bytes()]);
    lexer.skip_statement();
}

fn refuse(lexer: &mut Lexer, text: &str) {
    lexer.output.say(&[text.as_bytes()]);
    lexer.skip_statement();
}

fn complain(lexer: &mut Lexer, function: &str, failure: Failure) {
    lexer.output.complain(&[function.as_bytes(), b": ", failure.text.as_bytes()]);
    advise(lexer, failure.advice);
}

fn advise(lexer: &mut Lexer, advice: Option<Vec<u8>>) {
    if let Some(advice) = advice {
        lexer.output.complain(&[b"omshell: ", &advice]);
    }
}

/// Four numbers with dots between them, the first one read.
fn dotted_quad(lexer: &mut Lexer) -> Option<Vec<u8>> {
    let mut address = lexer.text().to_vec();
    for _ in 0..3 {
        if lexer.read() != Token::Mark(b'.') || lexer.read() != Token::Number {
            return None;
        }
        address.push(b'.');
        address.extend_from_slice(lexer.text());
    }
    Some(address)
}

/// Words and numbers with dots between them, perhaps one at the end.
fn key_name(lexer: &mut Lexer) -> Option<Vec<u8>> {
    let mut name = Vec::new();
    loop {
        let token = lexer.peek();
        if !token.is_identifier() && token != Token::Number {
            break;
        }
        name.extend_from_slice(lexer.text());
        lexer.read();
        if lexer.peek() != Token::Mark(b'.') {
            break;
        }
        lexer.read();
        name.push(b'.');
    }
    (!name.is_empty()).then_some(name)
}

/// The value of `set`, and the token behind it.
fn value(lexer: &mut Lexer) -> (Option<Value>, Token) {
    match lexer.read() {
        Token::String => {
            let value = Value::String(lexer.text().to_vec());
            (Some(value), lexer.read())
        }
        Token::Number => {
            let text = lexer.text().to_vec();
            match lexer.peek() {
                Token::Mark(b':') => hexadecimal(lexer, text),
                Token::Mark(b'.') => dotted(lexer, text),
                _ => (Some(Value::Integer(number::decimal(&text))), lexer.read()),
            }
        }
        Token::NumberOrName => {
            let text = lexer.text().to_vec();
            hexadecimal(lexer, text)
        }
        token => {
            lexer.output.say(&[b"invalid value."]);
            lexer.skip_statement();
            (None, token)
        }
    }
}

/// Octets in hexadecimal, with colons between them.
fn hexadecimal(lexer: &mut Lexer, mut text: Vec<u8>) -> (Option<Value>, Token) {
    let mut octets = Vec::new();
    loop {
        octets.push(number::octet(lexer, &text));
        let mut token = lexer.read();
        if token == Token::Mark(b':') {
            token = lexer.read();
            if matches!(token, Token::Number | Token::NumberOrName) {
                text = lexer.text().to_vec();
                continue;
            }
        }
        return (Some(Value::Data(octets)), token);
    }
}

/// Octets in decimal, with dots between them; a dot without a number is a zero. The first number was read, a dot follows.
fn dotted(lexer: &mut Lexer, mut text: Vec<u8>) -> (Option<Value>, Token) {
    let mut octets = Vec::new();
    let mut token = Token::Mark(b'.');
    loop {
        let octet = number::decimal(&text);
        if octet > 255 {
            lexer.warn(&[b"dotted octet > 255: ", &text]);
            lexer.skip_statement();
            return (None, token);
        }
        octets.push(octet as u8);
        token = lexer.read();
        if token == Token::Mark(b'.') {
            token = lexer.read();
            while token == Token::Mark(b'.') {
                octets.push(0);
                token = lexer.read();
            }
        }
        if token != Token::Number {
            return (Some(Value::Data(octets)), token);
        }
        text = lexer.text().to_vec();
    }
}

#[cfg(test)]
mod tests;
