use super::*;
use crate::wire::dhcp4::COOKIE;
use proptest::prelude::*;

fn packet(options: &[u8]) -> Vec<u8> {
    let mut payload = vec![0; 236];
    payload[2] = 6;
    payload.extend(COOKIE);
    payload.extend_from_slice(options);
    payload
}

fn decode(payload: &[u8]) -> (Result<PacketOptions, Dropped>, Vec<String>) {
    let mut notes = Vec::new();
    let view = MessageView::parse(payload).unwrap();
    let outcome = parse_packet_options(&view, &Registry::builtin(), &mut notes);
    (outcome, notes.iter().map(ToString::to_string).collect())
}

fn good(options: &[u8]) -> PacketOptions {
    decode(&packet(options)).0.unwrap()
}

fn agent(options: &PacketOptions) -> Vec<(u32, Vec<u8>)> {
    options.space(SpaceId::AGENT).map(|(code, value)| (code, value.to_vec())).collect()
}

#[test]
fn without_a_cookie_there_are_no_options() {
    let mut payload = packet(b"\x35\x01\x01");
    payload[237] = 0;
    let options = decode(&payload).0.unwrap();
    assert!(!options.is_valid());
    assert_eq!(options.message_type(), 0);
}

#[test]
fn pieces_are_joined_across_options_file_and_sname() {
    let mut payload = packet(b"\x0f\x01A\x34\x01\x03\x35\x01\x01\x0f\x01a\x35\x01\x03\xff\x0f\x01x");
    payload[108..112].copy_from_slice(b"\x0f\x01B\xff");
    payload[44..48].copy_from_slice(b"\x0f\x01C\xff");
    let options = decode(&payload).0.unwrap();
    assert_eq!(options.get(OptionKey::dhcp(15)), Some(&b"AaBC"[..]));
    assert_eq!(options.get(OptionKey::dhcp(53)), Some(&[1, 3][..]));
    assert_eq!(options.message_type(), 1);
}

#[test]
fn malformed_areas_drop_the_packet_unless_a_server_sent_it() {
    let (outcome, notes) = decode(&packet(b"\x35\x01\x01\x0f"));
    assert_eq!(outcome.unwrap_err(), Dropped::Malformed);
    let text = "parse_option_buffer: malformed option dhcp.<unknown> (code 15): ";
    assert_eq!(notes, [format!("{text}code tag at end of buffer - missing length field.")]);
    let (outcome, notes) = decode(&packet(b"\x35\x01\x05\x0f\x02a"));
    assert_eq!(outcome.unwrap().message_type(), 5);
    assert_eq!(notes, [format!("{text}option length exceeds option buffer length.")]);
}

#[test]
fn pads_are_skipped_and_the_end_ends() {
    let options = good(b"\0\0\x35\x01\x01\0\xff\x0f");
    assert_eq!(options.message_type(), 1);
    assert_eq!(options.get(OptionKey::dhcp(15)), None);
}

#[test]
fn text_loses_the_nuls_at_its_end_but_not_in_later_pieces() {
    let options = good(b"\x0c\x05foo\0\0\x0f\x02a\0\x0f\x02b\0\x3c\x02c\0");
    assert_eq!(options.get(OptionKey::dhcp(12)), Some(&b"foo"[..]));
    assert!(options.had_nulls(OptionKey::dhcp(12)));
    assert_eq!(options.get(OptionKey::dhcp(15)), Some(&b"ab\0"[..]));
    assert_eq!(options.get(OptionKey::dhcp(60)), Some(&b"c\0"[..]));
    assert!(!options.had_nulls(OptionKey::dhcp(60)));
    assert!(good(b"\x0c\x02\0\0").had_nulls(OptionKey::dhcp(12)));
}

#[test]
fn an_empty_host_name_is_no_host_name() {
    let (outcome, notes) = decode(&packet(b"\x0c\x00\x0c\x01a"));
    assert_eq!(outcome.unwrap().get(OptionKey::dhcp(12)), Some(&b"a"[..]));
    assert_eq!(notes, ["Ignoring empty DHO_HOST_NAME option"]);
}

#[test]
fn client_identifiers_are_looked_at() {
    let (outcome, notes) = decode(&packet(b"\x3d\x00"));
    assert_eq!(outcome.unwrap_err(), Dropped::EmptyClientId);
    assert_eq!(notes, ["Dropped DHCPv4 packet with zero-length client-id"]);
    assert!(decode(&packet(b"\x3d\x01a")).1[0].starts_with("Accepted DHCPv4 packet with one-character client-id"));
    let mut payload = packet(b"\xff");
    payload[2] = 0;
    assert_eq!(decode(&payload).1, ["Received DHCPv4 packet without client-id option and empty hlen field."]);
}

/// spec/dhcpv4.md 3.5
#[test]
fn agent_options_keep_their_order_and_first_instances() {
    let options = good(b"\x52\x0c\x09\x01z\x01\x02ab\x01\x01c\xff\x00\x52\x05\x02\x01r\x00\x07");
    assert_eq!(agent(&options), [(9, b"z".to_vec()), (1, b"ab".to_vec()), (255, b"".to_vec()), (2, b"r".to_vec())]);
    assert!(options.has_space(SpaceId::AGENT));
    let key = OptionKey { space: SpaceId::AGENT, code: 1 };
    assert_eq!(options.get(key), Some(&b"ab"[..]));
    let (outcome, notes) = decode(&packet(b"\x52\x06\x01\x01\xaa\x02\x05\x01"));
    assert_eq!(agent(&outcome.unwrap()), [(1, vec![0xaa])]);
    assert_eq!(
        notes,
        ["parse_option_buffer: malformed option agent.<unknown> (code 2): option length exceeds option buffer length."]
    );
}

#[test]
fn vendor_options_are_decoded_two_levels_deep() {
    let options = good(b"\x7d\x0b\0\0\x09\xbf\x06\0\x01\0\x02mm");
    let media = OptionKey { space: SpaceId::ISC, code: 1 };
    assert_eq!(options.get(media), Some(&b"mm"[..]));
    let isc = OptionKey { space: SpaceId::VENDOR, code: 2495 };
    assert_eq!(options.get(isc).map(<[u8]>::len), Some(6));
}

#[test]
fn option_81_fills_its_space() {
    let key = |code| OptionKey { space: SpaceId::FQDN, code };
    let options = good(b"\x51\x0d\x05\0\0\x04host\x02ex\0\0");
    assert_eq!(options.get(key(fqdn::HOSTNAME)), Some(&b"host"[..]));
    assert_eq!(options.get(key(fqdn::DOMAINNAME)), Some(&b".ex"[..]));
    assert_eq!(options.get(key(fqdn::SERVER_UPDATE)), Some(&[1][..]));
    let (outcome, notes) = decode(&packet(b"\x51\x05\x05\0\0\xc0\0"));
    let options = outcome.unwrap();
    assert_eq!(options.get(key(fqdn::ENCODED)), Some(&[1][..]));
    assert_eq!(options.get(key(fqdn::SERVER_UPDATE)), None);
    assert_eq!(notes, ["label length exceeds 63 in fqdn option"]);
}

#[test]
fn option_43_is_decoded_on_request_only() {
    let mut registry = Registry::builtin();
    let space = registry.add_space("S", 1, 1, 0, super::super::registry::Storage::Hash);
    registry.define(OptionKey { space, code: 4 }, "path", "t");
    let payload = packet(b"\x2b\x04\x04\x02/x\xff");
    let view = MessageView::parse(&payload).unwrap();
    let mut notes = Vec::new();
    let mut options = parse_packet_options(&view, &registry, &mut notes).unwrap();
    assert!(!options.has_space(space));
    options.decode_into(&registry, OptionKey::dhcp(43), space, &mut notes);
    assert_eq!(options.get(OptionKey { space, code: 4 }), Some(&b"/x"[..]));
}

#[test]
fn room_is_used_again() {
    let registry = Registry::builtin();
    let mut options = good(b"\x0f\x01a\x35\x01\x01");
    let payload = packet(b"\x35\x01\x03");
    options.parse(&MessageView::parse(&payload).unwrap(), &registry, &mut Vec::new()).unwrap();
    assert_eq!(options.get(OptionKey::dhcp(15)), None);
    assert_eq!(options.message_type(), 3);
    options.set(OptionKey::dhcp(53), &[8]);
    options.set(OptionKey::dhcp(15), b"set");
    assert_eq!((options.message_type(), options.get(OptionKey::dhcp(15))), (8, Some(&b"set"[..])));
}

proptest! {
    #[test]
    fn any_octets_are_survived(area in proptest::collection::vec(any::<u8>(), 0..700), overload in 0u8..4) {
        let mut payload = packet(&[52, 1, overload]);
        payload.extend(&area);
        for (field, octet) in payload[44..236].iter_mut().zip(&area) {
            *field = *octet;
        }
        if let Ok(options) = decode(&payload).0 {
            for space in 0..12 {
                let total: usize = options.space(SpaceId(space)).map(|(_, value)| value.len()).sum();
                prop_assert!(total < 2000);
            }
        }
    }

    #[test]
    fn every_option_is_found_again(values in proptest::collection::btree_map(128u8..255, proptest::collection::vec(1u8.., 0..9), 0..30)) {
        let mut area = Vec::new();
        for (code, value) in &values {
            area.extend([*code, value.len() as u8]);
            area.extend(value);
        }
        let options = good(&area);
        for (code, value) in &values {
            prop_assert_eq!(options.get(OptionKey::dhcp((*code).into())), Some(&value[..]));
        }
    }
}
