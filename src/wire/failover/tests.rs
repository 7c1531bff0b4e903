//! Messages captured from ISC servers, hostile octets, and round trips.

use super::*;
use crate::wire::units::{Seconds, Timestamp};
use proptest::prelude::*;
use std::net::Ipv4Addr;

/// All messages of spec/vectors: file, octets in hex, and what the line says of them.
const VECTORS: [(&str, &str); 11] = [
    ("bndack-cases", include_str!("../../../compat-tests/spec/vectors/failover-bndack-cases.txt")),
    ("bndupd-cases", include_str!("../../../compat-tests/spec/vectors/failover-bndupd-cases.txt")),
    ("conflict", include_str!("../../../compat-tests/spec/vectors/failover-conflict.txt")),
    ("connect-rejects", include_str!("../../../compat-tests/spec/vectors/failover-connect-rejects.txt")),
    ("flags-reset", include_str!("../../../compat-tests/spec/vectors/failover-flags-reset.txt")),
    ("pool", include_str!("../../../compat-tests/spec/vectors/failover-pool.txt")),
    ("reconnect", include_str!("../../../compat-tests/spec/vectors/failover-reconnect.txt")),
    ("recover", include_str!("../../../compat-tests/spec/vectors/failover-recover.txt")),
    ("restart-keepdb", include_str!("../../../compat-tests/spec/vectors/failover-restart-keepdb.txt")),
    ("shutdown", include_str!("../../../compat-tests/spec/vectors/failover-shutdown.txt")),
    ("startup", include_str!("../../../compat-tests/spec/vectors/failover-startup.txt")),
];

fn from_hex(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|digit| !digit.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap()).collect()
}

/// Direction, octets and description of each message.
fn messages(file: &str) -> Vec<(&str, Vec<u8>, &str)> {
    let mut messages = Vec::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (_, Some(direction), Some(hex)) = (words.next(), words.next(), words.next()) else { continue };
        if hex != "-" {
            messages.push((direction, from_hex(hex), line.split_once('#').map_or("", |(_, said)| said.trim())));
        }
    }
    messages
}

/// Lines that a synthetic partner sent, which is not bound to ISC's ways, of these files.
fn is_isc(file: &str, direction: &str, bytes: &[u8]) -> bool {
    match file {
        "bndupd-cases" | "flags-reset" => direction == "P>S",
        "bndack-cases" => direction == "P>S",
        // Either side may be the synthetic one: ISC's carry its vendor class or are answers.
        "connect-rejects" => matches!(bytes[2], 10) || bytes[2] == 12 && direction == "P>S",
        _ => true,
    }
}

#[test]
fn isc_s_messages_are_written_as_they_were_read() {
    let mut again = 0;
    for (file, text) in VECTORS {
        for (direction, bytes, said) in messages(text) {
            let Ok(message) = Message::parse(&bytes) else {
                assert!(file == "connect-rejects" || file == "bndupd-cases", "{file}: {said}");
                continue;
            };
            let name = said.split(' ').next().unwrap();
            assert_eq!(kind_name(&message.body), name, "{said}");
            if is_isc(file, direction, &bytes) {
                assert_eq!(message.emit(), bytes, "{file}: {said}");
                again += 1;
            }
        }
    }
    assert!(again > 300, "{again} messages");
}

fn kind_name(body: &Body) -> &'static str {
    let names = [
        "",
        "POOLREQ",
        "POOLRESP",
        "BNDUPD",
        "BNDACK",
        "CONNECT",
        "CONNECTACK",
        "UPDREQALL",
        "UPDDONE",
        "UPDREQ",
        "STATE",
        "CONTACT",
        "DISCONNECT",
    ];
    names.get(usize::from(body.kind())).copied().unwrap_or("")
}

fn parsed(hex: &str) -> Body {
    Message::parse(&from_hex(hex)).unwrap().body
}

/// spec/failover.md 28.
#[test]
fn messages_say_what_the_annotations_say() {
    let connect = parsed(
        "006d050c6b0297e200000000 00160007666f2d74657374 000e00040000000a 0013000400000006
         001c000c6973632d342e342e332d5031 0014000101 001b000100 000f00040000001e
         000b0020ffffffffffffffffffffffffffffffff00000000000000000000000000000000",
    );
    let buckets: Vec<u8> = [[0xff; 16], [0; 16]].concat();
    let want = Connect {
        name: Some((*b"fo-test").into()),
        max_unacked: Some(10),
        receive_timer: Some(Seconds(6)),
        vendor_class: Some(VENDOR_CLASS.into()),
        protocol_version: Some(PROTOCOL_VERSION),
        tls_request: Some(0),
        mclt: Some(Seconds(30)),
        hash_buckets: Some(buckets.into()),
    };
    assert_eq!(connect, Body::Connect(want));

    let update = parsed(
        "004c030c6b0297e800000019 000200040a4d006a 0003000102 0004000401aabbcc 000500070102464f000003
         000d00046b029806 001200046b029851 001900046b0297e8 000600046b0297e8",
    );
    let start = Timestamp(0x6b0297e8);
    let want = BindingUpdate {
        address: Some(Ipv4Addr::new(10, 77, 0, 106)),
        status: Some(2),
        client_id: Some([1, 0xaa, 0xbb, 0xcc].into()),
        hardware: Some([1, 2, 0x46, 0x4f, 0, 0, 3].into()),
        lease_expiry: Some(start.plus(Seconds(30))),
        potential_expiry: Some(start.plus(Seconds(105))),
        starts: Some(start),
        last_transaction: Some(start),
        flags: None,
        client_options: None,
    };
    assert_eq!(update, Body::BindingUpdate(want));

    let state = parsed("001e0a0c6b0297e200000000 0018000106 0017000101 001900046b0297e2");
    let want = StateReport { state: Some(6), flags: Some(FLAG_STARTUP), since: Some(Timestamp(0x6b0297e2)) };
    assert_eq!(state, Body::State(want));
    let accept = BindingAck::accept(Ipv4Addr::new(10, 77, 0, 106));
    assert_eq!(parsed("0014040c6b0299cc00000019000200040a4d006a"), Body::BindingAck(accept));
    assert_eq!(parsed("0014020c6b0299ca000000180001000400000003"), Body::PoolResponse { transferred: Some(3) });
}

fn refused(kind: u8, offset: u8, options: &str) -> Error {
    let options = from_hex(options);
    let mut bytes = vec![0, 12 + options.len() as u8, kind, offset, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(options);
    let mut framer = Framer::default();
    framer.push(&bytes);
    framer.next().unwrap().unwrap_err()
}

#[test]
fn errors_are_told_in_isc_s_words() {
    let line = |error: Error| (error.log_line().unwrap_or_default(), error.result());
    for (error, text) in [
        (refused(10, 12, "00"), "FAILOVER: message overflow at option code."),
        (refused(10, 12, "001800"), "FAILOVER: message overflow at length."),
        (refused(10, 12, "0018000201"), "FAILOVER: message overflow at data."),
        (refused(13, 12, "0018000201"), "FAILOVER: invalid message type: 13"),
        (refused(10, 12, "00180001020018000102"), "FAILOVER: duplicate option server-state"),
        (refused(10, 12, "001800020102"), "FAILOVER: option size (2:1), option server-state"),
        (refused(5, 12, "001b00020000"), "FAILOVER: option size (2:1), option TLS-request"),
        (refused(3, 12, "00050000 00050000"), "FAILOVER: duplicate option client-hardware-address"),
        (refused(5, 8, ""), ""),
        (refused(5, 13, ""), ""),
    ] {
        assert_eq!(line(error), (text.into(), "protocol error"));
    }
    for length in [0u16, 11, 2049, 0xffff] {
        let mut framer = Framer::default();
        framer.push(&length.to_be_bytes());
        let error = framer.next().unwrap().unwrap_err();
        assert_eq!((error.log_line(), error.result()), (None, "unexpected error"));
    }
}

/// Options that a type does not have may be of any size and come twice; so may DDNS, which ends a connection to ISC.
#[test]
fn what_does_not_matter_is_skipped() {
    let connect = parsed("0027050c0000000000000000 00180001020018000102 001100020000 0009000100");
    assert_eq!(connect, Body::Connect(Connect::default()));
    assert_eq!(parsed("0018030c0000000000000000 00090002000000090000"), Body::BindingUpdate(BindingUpdate::default()));
    assert_eq!(parsed("0014000c0000000000000000 0018000477777777"), Body::Unknown(0));
    assert_eq!(parsed("000c4d0c0000000000000000"), Body::Unknown(77));
    let behind_16 = parsed("00150a1000000000000000007777777700180001 02");
    assert_eq!(behind_16, Body::State(StateReport { state: Some(2), flags: None, since: None }));
}

#[test]
fn a_stream_may_come_in_any_pieces() {
    let all: Vec<Vec<u8>> = messages(VECTORS[10].1).into_iter().map(|(_, bytes, _)| bytes).collect();
    let want: Vec<Message> = all.iter().map(|bytes| Message::parse(bytes).unwrap()).collect();
    let stream = all.concat();
    for size in [1, 7, 13, 100, stream.len()] {
        let mut framer = Framer::default();
        let mut got = Vec::new();
        for piece in stream.chunks(size) {
            framer.push(piece);
            while let Some(message) = framer.next() {
                got.push(message.unwrap());
            }
        }
        assert_eq!(got, want, "pieces of {size}");
    }
}

#[test]
fn no_message_is_longer_than_may_be() {
    let update = BindingUpdate {
        address: Some(Ipv4Addr::LOCALHOST),
        status: Some(2),
        client_id: Some(vec![7; 1900].into()),
        client_options: Some(vec![8; 200].into()),
        ..BindingUpdate::default()
    };
    let body = Body::BindingUpdate(update.clone());
    let bytes = Message { time: Timestamp(1), xid: Xid(2), body }.emit();
    let read = Message::parse(&bytes).unwrap().body;
    assert_eq!(read, Body::BindingUpdate(BindingUpdate { client_options: None, ..update }));
}

fn octets() -> impl Strategy<Value = Option<Box<[u8]>>> {
    proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40).prop_map(Into::into))
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    proptest::option::of(any::<u32>().prop_map(Timestamp))
}

fn seconds() -> impl Strategy<Value = Option<Seconds>> {
    proptest::option::of(any::<u32>().prop_map(Seconds))
}

prop_compose! {
    fn update()(
        address in proptest::option::of(any::<u32>().prop_map(Ipv4Addr::from)),
        status in any::<Option<u8>>(),
        (client_id, hardware, client_options) in (octets(), octets(), octets()),
        (lease_expiry, potential_expiry, starts, last_transaction) in (time(), time(), time(), time()),
        flags in any::<Option<u16>>(),
    ) -> BindingUpdate {
        BindingUpdate {
            address, status, client_id, hardware, lease_expiry, potential_expiry, starts, last_transaction, flags,
            client_options,
        }
    }
}

prop_compose! {
    fn connect()(
        (name, vendor_class, hash_buckets) in (octets(), octets(), octets()),
        (max_unacked, protocol_version, tls_request) in any::<(Option<u32>, Option<u8>, Option<u8>)>(),
        (receive_timer, mclt) in (seconds(), seconds()),
    ) -> Connect {
        Connect { name, max_unacked, receive_timer, vendor_class, protocol_version, tls_request, mclt, hash_buckets }
    }
}

prop_compose! {
    fn connect_ack()(
        (name, vendor_class, message) in (octets(), octets(), octets()),
        (max_unacked, protocol_version, tls_reply, reject) in any::<(Option<u32>, Option<u8>, Option<u8>, Option<u8>)>(),
        receive_timer in seconds(),
    ) -> ConnectAck {
        ConnectAck { name, max_unacked, receive_timer, vendor_class, protocol_version, tls_reply, reject, message }
    }
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        Just(Body::PoolRequest),
        any::<Option<u32>>().prop_map(|transferred| Body::PoolResponse { transferred }),
        update().prop_map(Body::BindingUpdate),
        (update(), any::<Option<u8>>(), octets()).prop_map(|(update, reject, message)| Body::BindingAck(BindingAck {
            update,
            reject,
            message
        })),
        connect().prop_map(Body::Connect),
        connect_ack().prop_map(Body::ConnectAck),
        Just(Body::UpdateRequestAll),
        Just(Body::UpdateDone),
        Just(Body::UpdateRequest),
        (any::<Option<u8>>(), any::<Option<u8>>(), time()).prop_map(|(state, flags, since)| Body::State(StateReport {
            state,
            flags,
            since
        })),
        Just(Body::Contact),
        (any::<Option<u8>>(), octets()).prop_map(|(reject, message)| Body::Disconnect(Disconnect { reject, message })),
        (13u8..).prop_map(Body::Unknown),
    ]
}

proptest! {
    #[test]
    fn messages_are_read_as_they_were_written(time in any::<u32>(), xid in any::<u32>(), body in body()) {
        let message = Message { time: Timestamp(time), xid: Xid(xid), body };
        prop_assert_eq!(Message::parse(&message.emit()), Ok(message));
    }

    #[test]
    fn any_octets_are_survived(octets in proptest::collection::vec(any::<u8>(), 0..300), kind in 0u8..14, is_framed: bool) {
        let mut octets = octets;
        if is_framed && octets.len() >= 12 {
            octets[0] = (octets.len() >> 8) as u8;
            octets[1] = octets.len() as u8;
            (octets[2], octets[3]) = (kind, 12);
        }
        let mut framer = Framer::default();
        framer.push(&octets);
        while let Some(Ok(message)) = framer.next() {
            prop_assert!(message.emit().len() <= MAX_MESSAGE);
        }
    }

    #[test]
    fn what_clients_say_is_read_as_it_was_written(
        host_name in proptest::collection::vec(any::<u8>(), 0..300), vendor_class in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let options = ClientOptions { host_name: host_name.into(), vendor_class: vendor_class.into() };
        let read = ClientOptions::parse(&options.emit().unwrap_or_default());
        prop_assert_eq!(&read.host_name[..], &options.host_name[..options.host_name.len().min(MAX_OPTION)]);
        prop_assert_eq!(&read.vendor_class[..], &options.vendor_class[..options.vendor_class.len().min(MAX_OPTION)]);
    }

    #[test]
    fn any_client_options_are_survived(content in proptest::collection::vec(any::<u8>(), 0..100)) {
        let options = ClientOptions::parse(&content);
        prop_assert!(options.host_name.len() + options.vendor_class.len() <= content.len());
    }
}

/// spec/failover.md 8.
#[test]
fn reasons_have_isc_s_texts() {
    let texts = [
        "Illegal IP address (not part of any address pool).",
        "Fatal conflict exists: address in use by other client.",
        "Missing binding information.",
        "Connection rejected, time mismatch too great.",
        "Connection rejected, invalid MCLT.",
        "Connection rejected, unknown reason.",
        "Connection rejected, duplicate connection.",
        "Connection rejected, invalid failover partner.",
        "TLS not supported.",
        "TLS supported but not configured.",
        "TLS required but not supported by partner.",
        "Message digest not supported.",
        "Message digest not configured.",
        "Protocol version mismatch.",
        "Outdated binding information.",
        "Less critical binding information.",
        "No traffic within sufficient time.",
        "Hash bucket assignment conflict.",
        "IP not reserved on this server.",
        "Message digest failed to compare.",
        "Missing message digest.",
    ];
    for (number, text) in (1..).zip(texts) {
        assert_eq!(Reject(number).text(), text);
    }
    assert_eq!(Reject(254).text(), "Unknown Error.");
    for number in [0, 22, 253, 255] {
        let text = format!("Undefined-{number}: This reason code is not defined in the protocol standard.");
        assert_eq!(Reject(number).text(), text);
    }
}
