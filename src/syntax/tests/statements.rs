//! Each kind of statement, as the tree holds it.

use super::super::ast::*;
use super::*;

fn tokens(text: &str) -> Vec<TokenKind> {
    match executable(text) {
        Executable::Option { value: OptionValue::Tokens(tokens), .. } => {
            tokens.into_iter().map(|token| token.kind).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn subnets_pools_and_ranges() {
    let subnet =
        single("subnet 10 . 0 . 0 . 0 netmask 255.255.255.-1 { pool { range dynamic-bootp 10.0.0.1 10.0.0.9; } }");
    let Kind::Subnet { address, netmask, .. } = &subnet else { panic!("{subnet:?}") };
    assert_eq!((address.octets(), netmask.octets()), ([10, 0, 0, 0], [255; 4]));
    let pool = body(subnet).remove(0).kind;
    let Kind::Range { dynamic_bootp: true, low, high: Some(high) } = body(pool).remove(0).kind else {
        panic!("a range")
    };
    assert_eq!((low.octets()[3], high.octets()[3]), (1, 9));
}

#[test]
fn prefixes() {
    let text = "subnet6 2001:db8::/32 { range6 2001:db8::1 2001:db8::9; range6 2001:db8::/64 temporary;
                range6 2001:db8:: temporary; prefix6 2001:db8:: 2001:db8:ff:: /48; }";
    let Kind::Subnet6 { length: 32, body, .. } = single(text) else { panic!("a subnet6") };
    let kinds: Vec<_> = body.into_iter().map(|statement| statement.kind).collect();
    assert!(matches!(kinds[0], Kind::Range6 { rest: Range6::To(_), .. }));
    assert!(matches!(kinds[1], Kind::Range6 { rest: Range6::Prefix { length: 64, temporary: true }, .. }));
    assert!(matches!(kinds[2], Kind::Range6 { rest: Range6::Prefix { length: 64, temporary: true }, .. }));
    assert!(matches!(kinds[3], Kind::Prefix6 { length: 48, .. }));
}

#[test]
fn hosts() {
    let text = "host 3com.x { hardware ethernet 1:0a:FF; uid \"a\\0b\\101\"; fixed-address 10.0.0.1, 10.foo.example;
                group g; host-identifier v6relopt 2 dhcp6.remote-id 1:2; dynamic; }";
    let Kind::Host { name, body } = single(&text.replace("\\0b", "\\000")) else { panic!("a host") };
    assert_eq!(&*name.text, "3com.x");
    let kinds: Vec<_> = body.into_iter().map(|statement| statement.kind).collect();
    assert!(matches!(&kinds[0], Kind::Hardware { htype: 1, address } if **address == [1, 10, 255]));
    assert!(matches!(&kinds[1], Kind::Uid(octets) if **octets == *b"a\0A"));
    let Kind::FixedAddress(addresses) = &kinds[2] else { panic!("addresses") };
    assert!(matches!(&addresses[1], AddressOrName::Name(name) if &*name.text == "10.foo.example"));
    assert!(matches!(&kinds[3], Kind::HostGroup(name) if &*name.text == "g"));
    assert!(matches!(&kinds[4], Kind::HostIdentifier { relay: Some(2), value, .. } if value.len() == 3));
    assert!(matches!(kinds[5], Kind::Dynamic));
}

#[test]
fn classes() {
    let text = "class \"c\" { match if known; match hardware; lease limit 4; }";
    let kinds: Vec<_> = body(single(text)).into_iter().map(|statement| statement.kind).collect();
    assert!(matches!(kinds[..], [Kind::MatchIf(_), Kind::Match(_), Kind::LeaseLimit(4)]));
    assert!(matches!(single("subclass \"c\" 1:2;"), Kind::Subclass { data, body: None, .. } if *data == [1, 2]));
    let Kind::Subclass { flavour, data, body: Some(_), .. } = single("vendor-class \"v\" { }") else {
        panic!("a block")
    };
    assert_eq!((flavour, &*data), (ClassFlavour::VendorClass, &b"v"[..]));
}

#[test]
fn permits() {
    let text = "subnet 10.0.0.0 netmask 255.0.0.0 { pool { failover peer \"p\"; no failover peer allow known clients;
                deny members of \"c\"; allow after 4 2026/11/24 12:00:00; deny after epoch 5; allow after never;
                ignore bootp; } }";
    let kinds: Vec<_> = body(body(single(text)).remove(0).kind).into_iter().map(|statement| statement.kind).collect();
    assert!(matches!(&kinds[0], Kind::UsePeer { quoted: true, .. }));
    assert!(matches!(kinds[1], Kind::NoPeer));
    assert!(matches!(kinds[2], Kind::Permit { allow: true, permit: Permit::KnownClients }));
    assert!(matches!(&kinds[3], Kind::Permit { allow: false, permit: Permit::MembersOf(name) } if &*name.text == "c"));
    assert!(matches!(kinds[4], Kind::Permit { permit: Permit::After(1_795_521_600), .. }));
    assert!(matches!(kinds[5], Kind::Permit { permit: Permit::After(5), .. }));
    assert!(matches!(kinds[6], Kind::Permit { permit: Permit::After(0x7fff_ffff), .. }));
    assert!(matches!(&kinds[7], Kind::Executable(Executable::Flag { value: 2, .. })));
}

#[test]
fn values_are_tokens() {
    use TokenKind::*;
    let text = "option x.y \"s\", 10 0x1f 1a foo if x.z:5;";
    assert_eq!(
        tokens(text),
        [
            String(b"s"[..].into()),
            Punctuation(b','),
            Number,
            NumberOrName,
            NumberOrName,
            Name,
            Name,
            NumberOrName,
            Punctuation(b'.'),
            NumberOrName,
            Punctuation(b':'),
            Number,
        ]
    );
    assert_eq!(tokens("default-lease-time 00-11;"), [Name]);
    assert_eq!(tokens("max-lease-time -;"), [Number]);
    assert_eq!(tokens("option dhcp6.rapid-commit;"), []);
}

#[test]
fn parameters_are_options_of_the_server() {
    let Executable::Option { option, .. } = executable("Max-Lease-Time 5;") else { panic!("an option") };
    assert_eq!(option.space.map(|space| space.text).as_deref(), Some("server"));
    assert_eq!(&*option.name.text, "Max-Lease-Time");
    assert!(matches!(
        executable("append server.ddns-hostname = \"x\";"),
        Executable::Option { operation: OptionOperation::Append, value: OptionValue::Expression(_), .. }
    ));
}

#[test]
fn option_spaces_and_definitions() {
    let Kind::OptionSpace { code_width: Some(2), length_width: Some(1), .. } =
        single("option space s length width 1 code width 2 hash size 7;")
    else {
        panic!("a space")
    };
    let text = "option s.o code 5 = array of { unsigned integer 16, ip-address, array of boolean };";
    let Kind::OptionDefinition { code: 5, definition: OptionType::ArrayOfRecord(items), .. } = single(text) else {
        panic!("a definition")
    };
    assert!(matches!(items[0], (false, SimpleType::Integer { signed: false, bits: 16 })));
    assert!(matches!(items[2], (true, SimpleType::Boolean)));
}

#[test]
fn conditions() {
    let text =
        "if (known) { break; } elsif not (static) { } else if option a.b = \"x\" and exists c { } else { log(\"x\"); }";
    let Executable::If { arms, otherwise: Some(otherwise) } = executable(text) else { panic!("an if") };
    assert_eq!((arms.len(), arms[0].1.len(), otherwise.len()), (3, 1, 1));
    let operators: Vec<_> = arms[2].0.rest.iter().map(|(operator, _)| *operator).collect();
    assert_eq!(operators, [Operator::Equal, Operator::And]);
    assert!(matches!(arms[1].0.first.kind, OperandKind::Not(_)));
}

#[test]
fn switches() {
    let text = "switch (hardware) { case \"a\": break; case 01:02: log(\"b\"); default: log(\"c\"); }";
    let Executable::Switch { body, .. } = executable(text) else { panic!("a switch") };
    let cases = body.iter().filter(|statement| matches!(&statement.kind, Kind::Executable(Executable::Case(_))));
    assert_eq!((body.len(), cases.count()), (6, 2));
}

#[test]
fn functions_and_events() {
    let Executable::Define { arguments, body, .. } = executable("define f (a, b) { return a; }") else {
        panic!("define")
    };
    assert_eq!((arguments.len(), body.len()), (2, 1));
    let Executable::On { events, body: Some(_) } = executable("on commit or expiry { }") else { panic!("on") };
    assert!(events.commit && events.expiry && !events.release);
    assert!(matches!(executable("on release;"), Executable::On { body: None, .. }));
    assert!(matches!(executable("foo;"), Executable::Eval(_)));
}

#[test]
fn operands() {
    let text = "eval concat(substring(hardware, 1, 3), binary-to-ascii(16, 8, \":\", 0a:0b), encode-int(extract-int(x1y, 8), 16),
                pick(null, fun(1, y-z)), gethostbyname(\"h\"));";
    let Executable::Eval(expression) = executable(text) else { panic!("an expression") };
    let OperandKind::Builtin { keyword: "concat", arguments } = &expression.first.kind else { panic!("concat") };
    assert_eq!(arguments.len(), 5);
    assert!(matches!(arguments[0].first.kind, OperandKind::Builtin { keyword: "substring", .. }));
    assert!(matches!(arguments[2].first.kind, OperandKind::EncodeInt(_, 16)));
    assert!(matches!(arguments[3].first.kind, OperandKind::Builtin { keyword: "pick-first-value", .. }));
    assert!(matches!(arguments[4].first.kind, OperandKind::GetHostByName(_)));
}

#[test]
fn keys_zones_and_peers() {
    let Kind::Key { secret: Some((secret, _)), algorithm: Some(_), .. } =
        single("key k.x { algorithm hmac-md5; secret aG+ Vs/bG8 = ; };")
    else {
        panic!("a key")
    };
    assert_eq!(&*secret, "aG+Vs/bG8=");
    let Kind::Zone { body, .. } = single("zone x. { primary 127.0.0.1, ns.x; primary6 ::1; key k; }") else {
        panic!("zone")
    };
    assert!(matches!(&body[0].kind, ZoneKind::Primary(servers) if servers.len() == 2));
    let text = "failover peer \"p\" { primary; address 10.0.0.1; peer port 520; mclt 60; split 128; load balance max seconds 3; }";
    let Kind::FailoverPeer { body, .. } = single(text) else { panic!("a peer") };
    assert!(matches!(body[2].kind, PeerKind::PeerPort(520)));
    assert!(matches!(body[4].kind, PeerKind::Number { keyword: "split", value: 128 }));
    assert!(matches!(body[5].kind, PeerKind::LoadBalanceMaxSeconds(3)));
}

#[test]
fn server_duids() {
    assert!(matches!(single("server-duid llt;"), Kind::ServerDuid(ServerDuid::Llt(None))));
    assert!(matches!(
        single("server-duid llt ethernet 5 1:2;"),
        Kind::ServerDuid(ServerDuid::Llt(Some((1, 5, address)))) if *address == [1, 2]
    ));
    assert!(matches!(single("server-duid en 9 \"x\";"), Kind::ServerDuid(ServerDuid::En(9, _))));
}

#[test]
fn blocks_of_lease_files() {
    let (map, statements) = super::super::parse_block_text("set x = \"1\"; execute(\"a\", 1:2);").expect("statements");
    assert_eq!(statements.len(), 2);
    assert_eq!(map.text(statements[0].span), "set x = \"1\";");
    assert!(super::super::parse_block_text("subnet 1.2.3.4 netmask 1.2.3.4 { }").is_err());
}
