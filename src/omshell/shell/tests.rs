//! Sessions of ISC's omshell with ISC dhcpd 4.4.3-P1, captured with every octet that they exchanged, and servers that misbehave.

use super::*;
use crate::omshell::output::Output;
use crate::wire::mac::{Algorithm, MacKey};
use crate::wire::omapi::{introduction, Message};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

/// What one connection has yet to see: octets of the client (true) or of the server, in their order.
#[derive(Default)]
struct Script {
    steps: VecDeque<(bool, Vec<u8>)>,
    sent: Vec<u8>,
}

/// The connections that will be made.
struct Replay(VecDeque<Rc<RefCell<Script>>>);

struct ReplayLink(Rc<RefCell<Script>>);

impl Dial for Replay {
    fn dial(&mut self, _: &[u8], _: u16, _: Instant) -> Result<Box<dyn Link>, ResultCode> {
        let script = self.0.pop_front().ok_or(ResultCode::NO_MORE)?;
        Ok(Box::new(ReplayLink(script)))
    }

    fn service(&self, name: &[u8]) -> Option<u16> {
        (name == b"ssh").then_some(22)
    }
}

impl Link for ReplayLink {
    fn send(&mut self, octets: &[u8], _: Instant) -> io::Result<()> {
        self.0.borrow_mut().sent.extend_from_slice(octets);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _: Instant) -> io::Result<usize> {
        let mut script = self.0.borrow_mut();
        while let Some((from_client, octets)) = script.steps.pop_front() {
            if !from_client {
                buffer[..octets.len()].copy_from_slice(&octets);
                return Ok(octets.len());
            }
            let length = octets.len().min(script.sent.len());
            let sent: Vec<u8> = script.sent.drain(..length).collect();
            assert_eq!(sent, octets, "not what ISC's sends");
        }
        Ok(0)
    }
}

/// Plays commands; what goes to standard output and, without what only ours says, to standard error.
fn play(commands: &[u8], dial: Replay) -> (String, String, String) {
    let mut shell = Shell::new(dial);
    let mut all = Output::default();
    for line in commands.split_inclusive(|octet| *octet == b'\n') {
        all.pieces.extend(shell.prompt().pieces);
        all.pieces.extend(shell.run(line).pieces);
    }
    all.pieces.extend(shell.prompt().pieces);
    let text = |stream| String::from_utf8(all.text(stream)).unwrap();
    let (ours, isc): (Vec<&str>, Vec<&str>) = all.pieces.iter().filter(|(stream, _)| *stream == Stream::Err).fold(
        Default::default(),
        |mut both, (_, piece)| {
            let piece = std::str::from_utf8(piece).unwrap();
            if piece.starts_with("omshell: ") {
                both.0.push(piece)
            } else {
                both.1.push(piece)
            }
            both
        },
    );
    (text(Stream::Out), isc.concat(), ours.concat())
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// A captured session: commands, output, complaints, connections.
fn parts(text: &str) -> (&str, &str, &str, Replay) {
    let (commands, rest) = text.strip_prefix("== commands\n").unwrap().split_once("== out\n").unwrap();
    let (out, rest) = rest.split_once("\n== err\n").unwrap();
    let (err, wire) = rest.split_once("== wire\n").unwrap();
    let mut connections: VecDeque<Rc<RefCell<Script>>> = VecDeque::new();
    for line in wire.lines() {
        match line.split_once(' ') {
            None if line == "connection" => connections.push_back(Rc::default()),
            None => {}
            Some((who, hex)) => connections.back().unwrap().borrow_mut().steps.push_back((who == ">", octets(hex))),
        }
    }
    (commands, out, err, Replay(connections))
}

/// What ours adds on standard error is in the last argument.
fn same_as_captured(text: &str, advice: &str) {
    let (commands, out, err, dial) = parts(text);
    let connections: Vec<_> = dial.0.iter().cloned().collect();
    let (our_out, our_err, our_advice) = play(commands.as_bytes(), dial);
    assert_eq!(our_out, out);
    assert_eq!(our_err, err);
    assert_eq!(our_advice, advice);
    for connection in connections {
        let script = connection.borrow();
        let rest: Vec<u8> = script.steps.iter().filter(|(client, _)| *client).flat_map(|(_, o)| o.clone()).collect();
        assert_eq!(script.sent, rest, "sent at the end");
    }
}

#[test]
fn lines() {
    same_as_captured(include_str!("../transcripts/lines.txt"), "");
}

#[test]
fn values() {
    same_as_captured(include_str!("../transcripts/values.txt"), "");
}

#[test]
fn a_host_from_creation_to_removal() {
    same_as_captured(include_str!("../transcripts/host.txt"), "");
}

#[test]
fn a_lease() {
    same_as_captured(include_str!("../transcripts/lease.txt"), "");
}

#[test]
fn other_algorithms_and_a_second_connection() {
    same_as_captured(include_str!("../transcripts/sha256.txt"), "");
}

#[test]
fn a_server_that_wants_a_key() {
    let advice = "omshell: the server wants a key: give it with \"key\", then connect again\n".repeat(4);
    same_as_captured(include_str!("../transcripts/no-key.txt"), &advice);
}

#[test]
fn keys_that_are_not_taken() {
    let advice = "omshell: the server refuses key other_key: it is not its omapi-key\n\
                  omshell: the server has no key nobody with algorithm hmac-sha256\n";
    same_as_captured(include_str!("../transcripts/wrong-key.txt"), advice);
}

#[test]
fn a_wrong_secret() {
    let advice = "omshell: the server refuses the signature of key omapi_key: is the secret right?\n";
    same_as_captured(include_str!("../transcripts/wrong-secret.txt"), advice);
}

/// A server that sends these pieces, whatever it is asked, and then ends the connection.
fn server(pieces: &[Vec<u8>]) -> Replay {
    let script = Script { steps: pieces.iter().map(|piece| (false, piece.clone())).collect(), sent: Vec::new() };
    Replay([Rc::new(RefCell::new(script))].into())
}

const OPEN: &[u8] = b"connect\nnew host\nopen\n";
const OPEN_WITH_KEY: &[u8] = b"key k AAAA\nconnect\nnew host\nopen\n";
const FIRST_ID: u32 = 0x6b8b4567;

fn opened(rid: u32) -> Message {
    let mut message = Message { op: Opcode::Update as u32, handle: 1, rid, ..Message::default() };
    message.object.set("name", *b"h");
    message
}

#[test]
fn only_the_answer_to_the_request_counts() {
    let outcome = |message: Message| {
        let pieces = [introduction().to_vec(), message.emit(None)];
        play(OPEN, server(&pieces)).0
    };
    assert!(outcome(opened(FIRST_ID)).ends_with("obj: host\nname = \"h\"\n> "));
    for message in [
        opened(FIRST_ID + 1),
        opened(0),
        Message { op: Opcode::Delete as u32, ..opened(FIRST_ID) },
        Message { op: 9, ..opened(FIRST_ID) },
    ] {
        assert!(outcome(message.clone()).contains("can't open object: connection reset by peer\n"), "{message:?}");
    }
}

/// ISC's believes an answer without a signature, if it only names the key.
#[test]
fn answers_must_be_signed() {
    let right = MacKey::new(Algorithm::HmacMd5, &[0, 0, 0]);
    let wrong = MacKey::new(Algorithm::HmacMd5, &[1]);
    let outcome = |octets: Vec<u8>| {
        let pieces = [introduction().to_vec(), opened(FIRST_ID).emit(None), octets];
        play(OPEN_WITH_KEY, server(&pieces))
    };
    let answer = opened(FIRST_ID + 1);
    assert!(outcome(answer.emit(Some((1, &right)))).0.contains("name = \"h\""));
    let mut unsigned = answer.emit(None);
    unsigned[3] = 1;
    for octets in [answer.emit(Some((1, &wrong))), answer.emit(Some((2, &right))), answer.emit(None), unsigned] {
        let (out, _, advice) = outcome(octets);
        assert!(out.contains("can't open object: connection reset by peer\n"), "{out}");
        assert_eq!(advice, "omshell: the answer is not signed with key k, it is not believed\n");
    }
}

#[test]
fn a_claimed_length_is_not_believed() {
    let mut header = opened(FIRST_ID).emit(None);
    header.truncate(24);
    header.extend_from_slice(b"\0\0\0\x01a\x7f\xff\xff\xff");
    let (out, ..) = play(OPEN, server(&[introduction().to_vec(), header]));
    assert!(out.contains("can't open object: connection reset by peer\n"));
    let (_, err, _) = play(b"connect\n", server(&[b"\0\0\0\x63\0\0\0\x18".to_vec()]));
    assert_eq!(err, "dhcpctl_connect: no more\n");
}

/// A server that says nothing more after these pieces.
struct Silent(Vec<Vec<u8>>);

impl Dial for Silent {
    fn dial(&mut self, _: &[u8], _: u16, _: Instant) -> Result<Box<dyn Link>, ResultCode> {
        Ok(Box::new(SilentLink(self.0.clone().into())))
    }

    fn service(&self, _: &[u8]) -> Option<u16> {
        None
    }
}

struct SilentLink(VecDeque<Vec<u8>>);

impl Link for SilentLink {
    fn send(&mut self, _: &[u8], _: Instant) -> io::Result<()> {
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> io::Result<usize> {
        assert!(until > Instant::now());
        let piece = self.0.pop_front().ok_or(io::ErrorKind::TimedOut)?;
        buffer[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

#[test]
fn a_silent_server_is_left() {
    let mut shell = Shell::new(Silent(vec![]));
    assert_eq!(shell.run(b"connect\n").text(Stream::Err), b"dhcpctl_connect: timed out\n");
    assert_eq!(shell.prompt().text(Stream::Out), b"> ");

    let mut shell = Shell::new(Silent(vec![introduction().to_vec()]));
    for line in [&b"connect\n"[..], b"new host\n"] {
        assert_eq!(shell.run(line), Output::default());
    }
    assert_eq!(shell.run(b"open\n").text(Stream::Out), b"can't open object: timed out\n");
    // The late answer could be taken for that to the next request.
    assert_eq!(shell.run(b"open\n").text(Stream::Out), b"can't open object: invalid argument\n");
    assert_eq!(shell.run(b"refresh\n").text(Stream::Out), b"can't refresh object: no more\n");
    // ISC's cannot disconnect any more.
    assert_eq!(shell.run(b"disconnect\n"), Output::default());
    assert_eq!(shell.prompt().text(Stream::Out), b"> ");
    assert_eq!(shell.run(b"connect\n"), Output::default());
}

#[test]
fn keys_that_cannot_sign() {
    for (commands, text) in [
        (&b"key k\nconnect\nnew host\nopen\n"[..], "can't open object: illegal operation for a null key\n"),
        (b"key k AAAA\nkey-algorithm hmac-foo\nconnect\nnew host\nopen\n", "can't open object: out of memory\n"),
    ] {
        let (out, _, advice) = play(commands, server(&[introduction().to_vec(), opened(FIRST_ID).emit(None)]));
        assert!(out.contains(text), "{out}");
        assert!(advice.starts_with("omshell: "), "{advice}");
    }
}

proptest! {
    #[test]
    fn whatever_the_server_sends(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..80), 0..6)) {
        let pieces: Vec<Vec<u8>> = std::iter::once(introduction().to_vec()).chain(pieces).collect();
        let commands = b"connect\nnew host\nset a = 1\nopen\nupdate\nrefresh\nremove\nclose\ndisconnect\n";
        play(commands, server(&pieces));
    }

    #[test]
    fn whatever_is_typed(line in prop::collection::vec(any::<u8>(), 0..200), word in 0usize..6) {
        let mut shell = Shell::new(Silent(vec![introduction().to_vec()]));
        shell.run(b"connect\n");
        shell.run(b"new host\n");
        let word = [&b""[..], b"set a = ", b"key ", b"key a ", b"server ", b"port "][word];
        shell.run(&[word, &line].concat());
        shell.prompt();
    }
}
