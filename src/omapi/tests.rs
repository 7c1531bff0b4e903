//! The rules of spec/omapi.md 2, 6 and 7 that no captured connection shows, and clients that mean no good.

use super::testing::{Answer, Client, TestWorld};
use super::Omapi;
use crate::leases::lease::JournalPosition;
use crate::wire::mac::{Algorithm, MacKey};
use crate::wire::omapi::{introduction, Message, Received, ResultCode, Values};
use proptest::prelude::*;

const CONFIG: &str = r#"
key omapi_key { algorithm hmac-md5; secret AAECAwQFBgcICQoLDA0ODw==; }
key unusable { algorithm hmac-foo; secret AAECAwQFBgcICQoLDA0ODw==; }
subnet 10.71.0.0 netmask 255.255.255.0 { range 10.71.0.100 10.71.0.110; }
"#;

fn omapi_key() -> MacKey {
    MacKey::new(Algorithm::HmacMd5, &(0..16).collect::<Vec<u8>>())
}

fn values(pairs: &[(&str, &[u8])]) -> Values {
    let mut values = Values::new();
    pairs.iter().for_each(|(name, value)| values.set(name, *value));
    values
}

fn open(kind: &str, flags: &[&str], object: &[(&str, &[u8])]) -> Message {
    let mut message = values(&[("type", kind.as_bytes())]);
    flags.iter().for_each(|flag| message.set_u32(flag, 1));
    Message { op: 1, id: 7, message, object: values(object), ..Message::default() }
}

fn request(op: u32, handle: u32, object: &[(&str, &[u8])]) -> Message {
    Message { op, handle, id: 7, object: values(object), ..Message::default() }
}

/// One client and its server.
struct Play {
    server: Omapi,
    world: TestWorld,
    client: Client,
}

impl Play {
    fn new(key: Option<&str>) -> Play {
        let mut server = Omapi::new(key.map(Into::into));
        let (client, _) = Client::connect(&mut server, 0, 1);
        let mut play = Play { server, world: TestWorld::new(CONFIG, ""), client };
        assert_eq!(play.send(&introduction()), []);
        play
    }

    fn send(&mut self, octets: &[u8]) -> Vec<Answer> {
        self.client.send(&mut self.server, &mut self.world, octets)
    }

    /// The one answer to a request, and whether it is signed by the authenticator 1.
    fn asked(&mut self, octets: &[u8]) -> (Message, bool) {
        match self.send(octets).as_slice() {
            [Answer::Octets(octets)] => {
                let received = Received::parse(octets, 24).expect("a message");
                let is_signed = received.authid == 1 && received.is_signed_by(&omapi_key());
                assert!(is_signed || (received.authid, received.signature.len()) == (0, 0));
                (received.message, is_signed)
            }
            other => panic!("{other:?}"),
        }
    }

    /// The result and text of an unsigned request that fails.
    fn failure(&mut self, request: &Message) -> (ResultCode, String) {
        let (answer, _) = self.asked(&request.emit(None));
        status(&answer)
    }

    /// Opens the key as authenticator 1.
    fn authenticate(&mut self) {
        let name = open("authenticator", &[], &[("name", b"OMAPI_KEY"), ("algorithm", ALGORITHM)]);
        assert_eq!(self.asked(&name.emit(None)).0.handle, 1);
    }
}

const ALGORITHM: &[u8] = b"HMAC-MD5.sig-alg.reg.int.";

fn status(answer: &Message) -> (ResultCode, String) {
    assert_eq!((answer.op, answer.handle, answer.rid), (5, 0, 7));
    let text = answer.message.get("message").unwrap_or_default();
    let result = answer.message.get_u32("result").expect("a result");
    (ResultCode(result), String::from_utf8_lossy(text).into_owned())
}

fn failed(code: u32, text: &str) -> (ResultCode, String) {
    (ResultCode(code), text.to_owned())
}

#[test]
fn a_key_keeps_everybody_else_out() {
    let mut play = Play::new(Some("omapi_key"));
    for op in 0..=6 {
        assert_eq!(play.failure(&request(op, 1, &[])), failed(0x60009, "No authenticator on message"));
    }
    assert_eq!(play.failure(&open("lease", &[], &[])), failed(0x60009, "No authenticator on message"));
    assert_eq!(play.failure(&open("nonsense", &["create"], &[])), failed(0x60009, "No authenticator on message"));
    assert!(!play.client.is_trusted(&play.server));
    play.authenticate();
    assert!(!play.client.is_trusted(&play.server));
    let (answer, is_signed) = play.asked(&open("control", &[], &[]).emit(Some((1, &omapi_key()))));
    assert_eq!((answer.op, is_signed), (3, true));
    assert!(play.client.is_trusted(&play.server));
    // What is not signed is still not served, and answered without a signature.
    let (answer, is_signed) = play.asked(&open("control", &[], &[]).emit(None));
    assert_eq!((status(&answer).0, is_signed), (ResultCode::NO_KEY_SPECIFIED, false));
}

/// The real server carries out a request that names an authenticator and has no signature.
#[test]
fn no_signature_is_a_wrong_signature() {
    let mut play = Play::new(Some("omapi_key"));
    play.authenticate();
    let mut octets = open("control", &[], &[]).emit(None);
    octets[3] = 1;
    let (answer, is_signed) = play.asked(&octets);
    assert_eq!((status(&answer), is_signed), (failed(0x6000b, ""), false));
    let mut short = open("control", &[], &[]).emit(Some((1, &omapi_key())));
    short.pop();
    short[7] = 15;
    assert_eq!(status(&play.asked(&short).0), failed(0x6000b, ""));
}

#[test]
fn a_signature_nobody_asked_for_is_ignored() {
    let mut play = Play::new(None);
    let mut octets = open("control", &[], &[]).emit(None);
    octets[7] = 3;
    octets.extend_from_slice(b"abc");
    let (answer, is_signed) = play.asked(&octets);
    assert_eq!((answer.op, is_signed), (3, false));
}

#[test]
fn an_authenticator_belongs_to_its_connection() {
    let mut play = Play::new(Some("omapi_key"));
    play.authenticate();
    let (mut other, _) = Client::connect(&mut play.server, 1, 1);
    let octets = [introduction().to_vec(), open("control", &[], &[]).emit(Some((1, &omapi_key())))].concat();
    assert_eq!(other.send(&mut play.server, &mut play.world, &octets), [Answer::Closed]);
    assert_eq!(other.send(&mut play.server, &mut play.world, &octets), []);
}

/// A signed request that names an object cannot be sent again on another connection, nor can a whole connection be.
#[test]
fn a_recorded_connection_cannot_be_played_again() {
    let host: [(&str, &[u8]); 3] =
        [("name", b"h"), ("hardware-address", &[2, 0, 0, 0, 0, 1]), ("hardware-type", &[0, 0, 0, 1])];
    let key = [("name", &b"omapi_key"[..]), ("algorithm", ALGORITHM)];
    let mut play = Play::new(Some("omapi_key"));
    let recorded = [
        open("authenticator", &[], &key).emit(None),
        open("host", &["create"], &host).emit(Some((1, &omapi_key()))),
        open("host", &[], &host[..1]).emit(Some((1, &omapi_key()))),
        request(6, 2, &[]).emit(Some((1, &omapi_key()))),
    ];
    play.asked(&recorded[0]);
    assert_eq!(play.asked(&recorded[1]).0.handle, 2);

    let (mut other, _) = Client::connect(&mut play.server, 1, 1);
    other.send(&mut play.server, &mut play.world, &introduction());
    let mut send = |play: &mut Play, octets: &[u8]| other.send(&mut play.server, &mut play.world, octets);
    let answer = |answers: Vec<Answer>| match answers.as_slice() {
        [Answer::Octets(octets)] => Received::parse(octets, 24).unwrap().message,
        other => panic!("{other:?}"),
    };
    assert_eq!(answer(send(&mut play, &recorded[0])).handle, 3);
    // What is not signed can be changed.
    let patched = |octets: &[u8]| [&[0, 0, 0, 3], &octets[4..]].concat();
    assert_eq!(answer(send(&mut play, &patched(&recorded[2]))).handle, 4);
    assert_eq!(status(&answer(send(&mut play, &patched(&recorded[3])))), failed(0x17, "no matching handle"));
    assert_eq!(play.world.hosts.len(), 1);
    let signed = |message: Message| message.emit(Some((3, &omapi_key())));
    let by_handle = |flags: &[&str]| signed(open("host", flags, &[("handle", &[0, 0, 0, 2])]));
    let nothing = failed(0x17, "no object matches specification");
    assert_eq!(status(&answer(send(&mut play, &by_handle(&["update"])))), nothing);
    // Reading is another matter.
    assert_eq!(answer(send(&mut play, &by_handle(&[]))).handle, 4);
    assert_eq!(answer(send(&mut play, &signed(request(2, 2, &[])))).object.get("name"), Some(&b"h"[..]));
    // Where it was given out the handle is good.
    assert_eq!(status(&play.asked(&recorded[3]).0), failed(0, ""));
    // The other connection's handle went with the object, even if there is another of that name.
    play.asked(&recorded[1]);
    assert_eq!(status(&answer(send(&mut play, &signed(request(2, 4, &[]))))), failed(0x17, "no matching handle"));
}

#[test]
fn a_new_configuration_may_take_the_key_away() {
    let mut play = Play::new(Some("omapi_key"));
    play.authenticate();
    play.world.config.keys.retain(|key| &*key.name != "omapi_key");
    play.server.reconfigure(Some("unusable".into()));
    let octets = open("control", &[], &[]).emit(Some((1, &omapi_key())));
    assert_eq!(play.send(&octets), [Answer::Closed]);
}

#[test]
fn what_opening_an_authenticator_may_give() {
    let mut play = Play::new(Some("omapi_key"));
    let short: [(&str, &[u8]); 2] = [("name", b"omapi_key"), ("algorithm", b"hmac-md5")];
    let nobody: [(&str, &[u8]); 2] = [("name", b"nobody"), ("algorithm", ALGORITHM)];
    let key: [(&str, &[u8]); 2] = [("name", b"omapi_key"), ("algorithm", ALGORITHM)];
    let unusable: [(&str, &[u8]); 2] = [("name", b"unusable"), ("algorithm", b"hmac-foo.SIG-ALG.REG.INT.")];
    let nothing = failed(0x17, "no object matches specification");
    let refused = failed(0x1b, "can't create new object");
    for (flags, object, outcome) in [
        (&[][..], &short[..], &nothing),
        (&[], &nobody, &nothing),
        (&[], &key[..1], &nothing),
        (&[], &[], &refused),
        (&["create"], &nobody, &refused),
        (&["create"], &key, &failed(0, "can't update object")),
        (&["update"], &key, &failed(0, "can't update object")),
        (&["create", "exclusive"], &key, &failed(0x12, "specified object already exists")),
        (&[], &unusable, &failed(0x6000b, "can't select authenticator")),
    ] {
        assert_eq!(&play.failure(&open("authenticator", flags, object)), outcome, "{flags:?} {object:?}");
    }
}

#[test]
fn a_key_that_cannot_sign_ends_the_connection() {
    let mut play = Play::new(None);
    let unusable: [(&str, &[u8]); 2] = [("name", b"unusable"), ("algorithm", b"hmac-foo.SIG-ALG.REG.INT.")];
    assert_eq!(play.asked(&open("authenticator", &[], &unusable).emit(None)).0.handle, 1);
    assert_eq!(play.send(&open("control", &[], &[]).emit(Some((1, &omapi_key())))), [Answer::Closed]);
}

#[test]
fn what_ends_a_connection() {
    let with = |change: &dyn Fn(&mut Message)| {
        let mut message = open("control", &[], &[]);
        change(&mut message);
        Play::new(None).send(&message.emit(None))
    };
    assert_eq!(with(&|message| message.rid = 1), [Answer::Closed]);
    for op in [0, 5, 7] {
        assert_eq!(with(&|message| message.op = op), [Answer::Closed]);
    }
    for name in ["op", "handle", "id", "rid", "authid", "object", "notify-object"] {
        assert_eq!(with(&|message| message.message.set_u32(name, 1)), [Answer::Closed], "{name}");
        // The real server dies of these.
        assert_eq!(with(&|message| message.message.set(name, [])), [Answer::Closed], "{name}");
    }
    for name in ["authenticator", "authlen", "unheard-of"] {
        assert!(matches!(with(&|message| message.message.set(name, [])).as_slice(), [Answer::Octets(_)]), "{name}");
    }
}

#[test]
fn flags_and_types() {
    let mut play = Play::new(None);
    for flag in ["create", "update", "exclusive"] {
        let mut message = open("host", &[], &[("name", b"x")]);
        message.message.set(flag, [1]);
        assert_eq!(play.failure(&message), failed(0x60003, &format!("invalid {flag} flag value")));
        message.message.set(flag, []);
        assert_eq!(play.failure(&message), failed(0x17, "no object matches specification"));
        message.message.set(flag, [0; 4]);
        assert_eq!(play.failure(&message), failed(0x17, "no object matches specification"));
    }
    for kind in ["", "Lease", "nonsense"] {
        assert_eq!(play.failure(&open(kind, &[], &[])), failed(0x17, "no matching handle"));
        assert_eq!(play.failure(&open(kind, &["create"], &[])), failed(0x60003, "type required on create"));
    }
    for kind in super::kinds::UNSEARCHABLE {
        assert_eq!(play.failure(&open(kind, &[], &[])), failed(0x1b, "unsearchable object type"));
    }
    for kind in ["lease", "pool", "subnet", "shared-network", "failover-state"] {
        assert_eq!(play.failure(&open(kind, &[], &[])), failed(0x1b, "can't create new object"));
    }
    assert_eq!(play.failure(&open("control", &["create"], &[])), failed(0x60003, "can't update object"));
    assert_eq!(
        play.failure(&open("control", &["create", "exclusive"], &[])),
        failed(0x12, "specified object already exists")
    );
    // An OPEN without a type asks for the object of a handle.
    let shown = play.asked(&open("control", &[], &[]).emit(None)).0;
    let again = play.asked(&request(1, shown.handle, &[]).emit(None)).0;
    assert_eq!((again.op, again.handle, again.object), (3, shown.handle, shown.object));
}

#[test]
fn an_object_opened_by_nothing_is_gone_at_once() {
    let mut play = Play::new(None);
    for kind in ["host", "group", "class", "subclass", "interface"] {
        let (answer, _) = play.asked(&open(kind, &[], &[]).emit(None));
        assert_eq!(answer.op, 3, "{kind}");
        assert!(answer.handle > 0);
        assert_eq!(play.failure(&request(2, answer.handle, &[])), failed(0x17, "no matching handle"), "{kind}");
    }
}

#[test]
fn handles() {
    let mut play = Play::new(None);
    let lease = play.asked(&open("lease", &[], &[("ip-address", &[10, 71, 0, 100])]).emit(None)).0;
    let (pool, subnet) = (lease.object.get_u32("pool").unwrap(), lease.object.get_u32("subnet").unwrap());
    assert_eq!((lease.handle, subnet, pool), (1, 2, 3));
    let shown = play.asked(&request(2, pool, &[]).emit(None)).0;
    assert_eq!(
        shown.object.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        [b"lease-count".as_slice(), b"free-leases", b"backup-leases"]
    );
    assert_eq!((shown.object.get_u32("lease-count"), shown.object.get_u32("free-leases")), (Some(11), Some(11)));
    assert!(play.asked(&request(2, subnet, &[]).emit(None)).0.object.is_empty());
    assert_eq!(play.failure(&request(3, pool, &[("lease-count", &[1])])), failed(0x60020, "can't update object"));
    assert_eq!(play.failure(&request(3, subnet, &[("x", &[1])])), failed(0x17, "can't update object"));
    assert_eq!(play.failure(&request(3, subnet, &[])), failed(0x60003, "can't update object"));
    assert_eq!(play.failure(&request(6, pool, &[])), failed(0x1b, ""));
    for op in [2, 3, 6] {
        assert_eq!(play.failure(&request(op, 99, &[])), failed(0x17, "no matching handle"));
    }
    for (kind, handle, code) in
        [("lease", &[0, 0, 0, 9][..], 0x17), ("lease", &[0, 0, 1], 0x60003), ("host", &[0, 0, 0, 1], 0x60003)]
    {
        let text = if code == 0x17 { "no object matches specification" } else { "object lookup failed" };
        assert_eq!(play.failure(&open(kind, &[], &[("handle", handle)])), failed(code, text));
    }
}

#[test]
fn authenticators_are_neither_written_nor_removed() {
    let mut play = Play::new(None);
    play.authenticate();
    assert_eq!(play.failure(&request(3, 1, &[("name", b"x")])), failed(0, "cannot update authenticator"));
    assert_eq!(play.failure(&request(6, 1, &[])), failed(0x1b, "no remove method for object"));
    assert_eq!(play.asked(&request(2, 1, &[]).emit(None)).0.object.get("name"), Some(&b"omapi_key"[..]));
}

#[test]
fn the_answer_to_a_change_waits_for_its_record() {
    let mut play = Play::new(None);
    let host: [(&str, &[u8]); 3] =
        [("name", b"h"), ("hardware-address", &[2, 0, 0, 0, 0, 1]), ("hardware-type", &[0, 0, 0, 1])];
    let answer = play.asked(&open("host", &["create"], &host).emit(None)).0;
    assert_eq!(answer.op, 3);
    play.asked(&open("host", &[], &host[..1]).emit(None));
    play.asked(&request(3, answer.handle, &[("ip-address", &[10, 71, 0, 9])]).emit(None));
    play.asked(&request(6, answer.handle, &[]).emit(None));
    assert_eq!(play.client.waited, [0, 1, 0, 2, 3].map(JournalPosition));
}

#[test]
fn nothing_changes_while_the_lease_file_cannot_be_written() {
    let mut play = Play::new(None);
    play.world.is_failing = true;
    let host: [(&str, &[u8]); 3] =
        [("name", b"h"), ("hardware-address", &[2, 0, 0, 0, 0, 1]), ("hardware-type", &[0, 0, 0, 1])];
    assert_eq!(play.failure(&open("host", &["create"], &host)), failed(26, "can't update object"));
    assert!(play.world.hosts.is_empty());
}

#[test]
fn interfaces() {
    let mut play = Play::new(None);
    play.world.interfaces.push("eth0".into());
    let eth0 = play.asked(&open("interface", &[], &[("name", b"eth0")]).emit(None)).0;
    assert_eq!(eth0.object.get("state"), Some(&b"up"[..]));
    assert_eq!(
        play.failure(&open("interface", &[], &[("name", b"eth")])),
        failed(0x17, "no object matches specification")
    );
    for (value, code) in [(&b"eth0"[..], 0), (b"eth1", 6), (b"", 0x60003), (b"sixteen-octets-x", 0x60003)] {
        assert_eq!(play.failure(&request(3, eth0.handle, &[("name", value)])).0, ResultCode(code), "{value:?}");
    }
    assert_eq!(play.failure(&request(3, eth0.handle, &[("state", b"down")])), failed(0x17, "can't update object"));
    assert_eq!(play.failure(&request(6, eth0.handle, &[])), failed(0, ""));
    assert_eq!(play.world.disabled, ["eth0".into()]);
    assert_eq!(play.failure(&request(6, eth0.handle, &[])), failed(0x17, ""));
    assert_eq!(play.asked(&open("interface", &["create"], &[("name", b"eth9")]).emit(None)).0.op, 3);
}

#[test]
fn control() {
    let mut play = Play::new(None);
    let handle = play.asked(&open("control", &[], &[("state", &[0, 0, 0, 1])]).emit(None)).0.handle;
    for (name, value, code) in [
        ("state", &[0, 0, 0, 3][..], 0x60003),
        ("state", &[], 0x60003),
        ("state", &[2], 0x60003),
        ("other", &[0, 0, 0, 2], 0x17),
    ] {
        assert_eq!(play.failure(&request(3, handle, &[(name, value)])), failed(code, "can't update object"));
    }
    assert_eq!(play.failure(&request(6, handle, &[])), failed(6, ""));
    assert!(!play.world.is_shut_down);
    assert_eq!(play.failure(&request(3, handle, &[("state", &[0, 0, 0, 2])])), failed(0, ""));
    assert!(play.world.is_shut_down);
}

const NAMES: &[&str] = &[
    "name",
    "ip-address",
    "hardware-address",
    "hardware-type",
    "dhcp-client-identifier",
    "handle",
    "state",
    "ends",
    "flags",
    "statements",
    "group",
    "known",
    "match",
    "hashstring",
    "option",
    "local-state",
    "vlan",
    "algorithm",
];

const TYPES: &[&str] = &[
    "lease",
    "host",
    "group",
    "class",
    "subclass",
    "pool",
    "subnet",
    "control",
    "failover-state",
    "interface",
    "authenticator",
    "connection",
    "",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..8),
        (0u32..9).prop_map(|number| number.to_be_bytes().to_vec()),
        prop::sample::select(vec![
            "h",
            "g",
            "eth0",
            "hardware",
            "option host-name \"x\";",
            "if option x { ",
            "omapi_key"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        Just(vec![10, 71, 0, 100]),
    ]
}

fn any_request() -> impl Strategy<Value = Message> {
    let pairs = prop::collection::vec((prop::sample::select(NAMES), value()), 0..5);
    let flags = prop::collection::vec(prop::sample::select(vec!["create", "update", "exclusive"]), 0..3);
    (1u32..7, prop::sample::select(TYPES), flags, 0u32..12, pairs).prop_map(|(op, kind, flags, handle, pairs)| {
        let mut request = open(kind, &flags, &[]);
        (request.op, request.handle) = (op, handle);
        pairs.into_iter().for_each(|(name, value)| request.object.set(name, value));
        request
    })
}

proptest! {
    /// Every request has one answer, or ends the connection.
    #[test]
    fn requests_of_all_kinds(requests in prop::collection::vec(any_request(), 1..12)) {
        let mut play = Play::new(None);
        play.world.interfaces.push("eth0".into());
        for request in requests {
            let answers = play.send(&request.emit(None));
            prop_assert_eq!(answers.len(), 1);
            if answers == [Answer::Closed] {
                prop_assert!(request.op == 5);
                break;
            }
        }
    }

    #[test]
    fn octets_of_all_kinds(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..6), keyed in any::<bool>()) {
        let mut play = Play::new(keyed.then_some("omapi_key"));
        for piece in pieces {
            play.send(&piece);
        }
    }
}
