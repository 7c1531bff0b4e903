//! Hosts, groups, classes, peers, keys, zones, definitions.

use super::super::model::*;
use super::super::{sanity_check, Message};
use super::{accepted, good, refused, said, v4, v6};
use crate::options::registry::SpaceId;

const NET: &str = "subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.10 10.0.0.20; }\n";

#[test]
fn messages_of_single_configurations() {
    let rows = [
        (
            "option unknown-12 \"x\";",
            "option unknown-12 has been redefined as option host-name.  Please update your configs if necessary.",
        ),
        ("lease-id-format hex;", "lease_id_format is: hex"),
        ("key k { algorithm hmac-md6; secret aaaa; }", "Unable to create tsec structure for k"),
        (
            "subnet 10.0.0.0 netmask 255.255.255.0 { host a { } host b { } }",
            "WARNING: Host declarations are global.  They are not limited to the scope you declared them in.",
        ),
        (
            "host a { if known { option dhcp-client-identifier 1; } }",
            "dhcp client identifier may not be specified conditionally.",
        ),
        (
            "host a { uid 1:2; option dhcp-client-identifier \"x\"; }",
            "Warning, host declaration 'a' already has uid '01:02', ignoring dhcp-client-identifier '\"x\"'",
        ),
    ];
    for (text, message) in rows {
        assert_eq!(accepted(v4(text)), [message], "{text}");
    }
    for text in ["foo;", "", "host a { deleted; }", "%nonsense { ;", "option space s; option s.x code 300 = text;"] {
        assert_eq!(accepted(v4(text)), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn complaints_of_single_configurations() {
    let rows = [
        ("host a { } host a { }", "host a: already exists"),
        (
            "host a { hardware ethernet 1:2:3:4:5:6; hardware ethernet 1; }",
            "Host a hardware address already configured.",
        ),
        ("host a { hardware ethernet 1:2:3:4:5:6:7:8:9:0:1:2:3:4:5:6:7:8:9:0:1; }", "hardware address too long"),
        ("host a { fixed-address 1.2.3.4; fixed-address6 ::1; }", "Only one fixed address declaration per host."),
        ("host a { uid 1:2; uid \"x\"; }", "Host 'a' already has a uid '01:02'"),
        ("host a { group g; }", "unknown group g in host a"),
        ("host a { host-identifier option nonsense 1; }", "unknown option dhcp.nonsense"),
        (
            "host a { host-identifier option host-name \"x\"; host-identifier option host-name \"y\"; }",
            "only one host-identifier allowed per host",
        ),
        ("host a { fixed-prefix6 2001:db8::1/64; }", "network mask too short"),
        ("host a { fixed-prefix6 2001:db8::/129; }", "networks have 0 to 128 bits"),
        ("class \"a\" { match if known; match if known; }", "A class may only have one 'match if' clause."),
        ("class \"a\" { match hardware; spawn with hardware; }", "can't override existing submatch/spawn."),
        ("class \"a\" { match hardware; } subclass \"a\" 1 { match hardware; }", "invalid match in subclass."),
        ("class \"a\" { match hardware; } subclass \"a\" 1 { spawn with hardware; }", "invalid spawn in subclass."),
        ("class \"a\" { match if hardware; }", "Expecting a boolean expression."),
        ("subclass \"a\" 1;", "no class named a"),
        ("vendor-class \"a\" { }", "no class named a"),
        ("add \"a\";", "class a: not found"),
        ("zone z. { key k; }", "unknown key k"),
        ("zone z. { primary 1.1.1.1; primary 1.1.1.2; }", "more than one primary."),
        ("key k { algorithm hmac-md5; }", "key k: an algorithm and a secret are needed"),
        ("key k { secret aaaa; }", "key k: an algorithm and a secret are needed"),
        ("key k { algorithm hmac-md5; secret \"a*\"; }", "invalid base64 character 42."),
        ("failover peer \"f\";", "failover peer reference not in shared-network declaration"),
        ("supersede nonsense 1;", "no option named nonsense in space dhcp"),
        ("option nonsense 1;", "unknown option dhcp.nonsense"),
        ("option a.nonsense 1;", "no option space named a."),
        ("if known { option nonsense 1; }", "no option named nonsense in space dhcp"),
        ("option unknown-0 1;", "Option codes 0 and 255 are illegal in the dhcp space."),
        ("option fqdn.unknown-0 1;", "Option codes 0 and 0 are illegal in the fqdn space."),
        ("option x code 1 = integer 7;", "7 bit precision is not supported."),
        ("option x code 1 = array of text;", "arrays of text strings not yet supported."),
        ("option x code 1 = array of domain-list;", "arrays of text strings not yet supported."),
        ("option x code 1 = array of zerolen;", "array incompatible with zerolen."),
        ("option x code 1 = { text, ip-address };", "text must be at end of record."),
        ("option x code 1 = { string, ip-address };", "string must be at end of record."),
        ("option x code 1 = { domain-list, ip-address };", "string must be at end of record."),
        ("option x code 1 = { encapsulate agent, ip-address };", "encapsulate must always be the last item."),
        ("option space s; option x code 1 = array of encapsulate s;", "Arrays of encapsulations don't make sense."),
        ("option x code 1 = encapsulate s;", "unknown option space s"),
        ("option x code 1 = array of { array of boolean };", "no nested arrays."),
        ("option space s code width 3;", "invalid code width (3), expecting a 1, 2 or 4."),
        ("option space s length width 4;", "invalid length width (4) expecting 1 or 2."),
        ("allow;", "expecting allow/deny key"),
    ];
    for (text, complaint) in rows {
        let messages = refused(v4(text));
        assert_eq!(messages.first().map(String::as_str), Some(complaint), "{text}: {messages:?}");
    }
}

#[test]
fn fatal_configurations_end_at_once() {
    let rows = [
        ("class \"a\" { lease limit -1; } nonsense nonsense;", "no memory for billed leases."),
        (
            "key k { algorithm hmac-md5; secret aaaa; } zone z { key k; key k; }",
            "Multiple key definitions for zone z..",
        ),
        (
            "option x code 200 = encapsulate agent;",
            "Internal inconsistency: storage value has not been initialized to zero (from parse.c:1849).",
        ),
    ];
    for (text, fatal) in rows {
        let loading = v4(text);
        assert_eq!(loading.fatal.as_deref(), Some(fatal), "{text}");
        assert!(said(&loading).is_empty());
    }
}

#[test]
fn hosts_are_found_by_what_identifies_them() {
    let config = good(
        "host a { hardware ethernet 0:1:2:3:4:5; fixed-address 10.0.0.1, a.example.org; }
         host b { hardware ethernet 0:1:2:3:4:5; option dhcp-client-identifier 1:2; }
         host c { uid \"id\"; hardware token-ring 0:1:2:3:4:5; dynamic; }
         host d { host-identifier option host-name \"d\"; }
         host e { host-identifier v6relopt 1 dhcp6.client-id 0:1; fixed-address6 2001:db8::1; fixed-prefix6 2001:db8:1::/48; }
         host f { host-identifier option host-name \"d\"; }
         host g { hardware ethernet; }",
    );
    let name = |id: &HostId| &*config.hosts[id.index()].name;
    let names = |ids: &[HostId]| ids.iter().map(name).collect::<Vec<_>>();
    let hardware = crate::wire::hardware::HardwareAddr::new(1, &[0, 1, 2, 3, 4, 5]).unwrap();
    assert_eq!(names(config.hosts_with_hardware(&hardware)), ["a", "b"]);
    assert_eq!(names(config.hosts_with_client_id(&[1, 2])), ["b"]);
    assert_eq!(names(config.hosts_with_client_id(b"id")), ["c"]);
    assert_eq!(config.host_named("e").as_ref().map(name), Some("e"));
    assert_eq!(config.host_named("E"), None);
    let tables = &config.index.hosts_by_identifier;
    assert_eq!(
        tables.iter().map(|t| (&*t.option.name, t.relay)).collect::<Vec<_>>(),
        [("host-name", 0), ("client-id", 1)]
    );
    assert_eq!(names(config.hosts_with_identifier(&tables[0], b"d")), ["d", "f"]);
    assert_eq!(names(config.hosts_with_identifier(&tables[1], &[0, 1])), ["e"]);
    let a = &config.hosts[0];
    assert_eq!(
        a.fixed_addresses.as_deref().unwrap(),
        [FixedAddress::Address([10, 0, 0, 1].into()), FixedAddress::Name("a.example.org".into())]
    );
    assert!(config.hosts[2].dynamic);
    assert_eq!(config.hosts[6].hardware.as_bytes(), [1]);
}

#[test]
fn deleted_hosts_are_gone() {
    let config = good("host a { } host b { } host a { deleted; } host a { hardware ethernet 1; }");
    let names: Vec<_> = config.hosts.iter().map(|host| &*host.name).collect();
    assert_eq!(names, ["b", "a"]);
    assert_eq!(config.host_named("a"), Some(HostId(1)));
}

#[test]
fn classes_are_opened_again_and_subclasses_found() {
    let config = good(
        "class \"a\" { match hardware; lease limit 4; }
         class \"b\" { match if known; }
         subclass \"a\" 1:2;
         subclass \"a\" \"x\" { option host-name \"h\"; }
         class \"a\" { match option host-name; option domain-name \"d\"; }
         subclass \"a\" 1:2 { lease limit 2; }",
    );
    let tops: Vec<_> = config.index.top_classes.iter().map(|id| &*config.classes[id.index()].name).collect();
    assert_eq!(tops, ["a", "b"]);
    let a = &config.classes[config.class_named("a").unwrap().index()];
    assert_eq!((a.subclasses.len(), a.lease_limit, a.spawning), (2, 4, false));
    assert_eq!(config.scope(a.scope).statements.len(), 1);
    let numbered = &config.classes[a.subclasses[&[1, 2][..]].index()];
    assert_eq!(numbered.lease_limit, 2);
    let named = &config.classes[a.subclasses[&b"x"[..]].index()];
    assert_eq!((named.lease_limit, config.scope(named.scope).parent), (4, Some(a.scope)));
}

#[test]
fn spawning_classes_and_permits() {
    let config = good(
        "class \"s\" { spawn with option agent.circuit-id; }
         subnet 10.0.0.0 netmask 255.255.255.0 { pool { range 10.0.0.5; allow members of \"s\"; deny known-clients; allow after epoch 100; } }",
    );
    let class = config.class_named("s").unwrap();
    assert!(config.classes[class.index()].spawning && config.classes[class.index()].submatch.is_some());
    let pool = &config.pools[0];
    let hundred = crate::wire::units::Timestamp(100);
    assert_eq!(pool.permit, [PermitRule::MembersOf(class), PermitRule::After(hundred)]);
    assert_eq!(pool.prohibit, [PermitRule::KnownClients]);
    assert_eq!((pool.valid_from, pool.valid_until), (Some(hundred), None));
}

#[test]
fn failover_peers_have_what_they_need() {
    let peer = "failover peer \"f\" { primary; address 10.0.0.1; port 519; peer address 10.0.0.2; mclt 600; split 128; load balance max seconds 3; }";
    let text =
        format!("{peer} subnet 10.0.0.0 netmask 255.255.255.0 {{ pool {{ failover peer \"f\"; range 10.0.0.5; }} }}");
    let config = good(&text);
    let f = &config.peers[0];
    assert_eq!((f.port, f.peer_port, f.mclt.0, f.max_balance.0, f.referring_pools), (519, 647, 600, 3600, 1));
    assert_eq!(f.hba.unwrap()[15..17], [0xff, 0]);
    assert_eq!(config.pools[0].failover_peer, Some(PeerId(0)));
    let (messages, failed) = sanity_check(&config.peers);
    assert!(messages.is_empty() && !failed);

    let (messages, failed) = sanity_check(&good(&format!("{peer} {NET}")).peers);
    let line = "ERROR: Failover peer, f, has no referring pools. You must refer to each peer in at least one pool declaration.";
    assert!(failed);
    assert!(matches!(&messages[..], [Message::Error(text)] if text == line), "{messages:?}");
    let (messages, failed) = sanity_check(&good(&text.replace("load balance max seconds 3;", "")).peers);
    let line = "WARNING: load balancing will be disabled for failover peer, f, because its load balance max secs is 0";
    assert!(!failed);
    assert!(matches!(&messages[..], [Message::Info(text)] if text == line), "{messages:?}");

    let rows: [(&str, &[&str]); 5] = [
        ("primary; peer address a.b; mclt 1;", &["primary failover server must have hba or split."]),
        ("peer address a.b; split 1;", &["primary failover server must have mclt."]),
        ("secondary;", &["peer address may not be omitted"]),
        ("secondary; peer address a.b; split 1;", &["secondary may not define load balance settings."]),
        (
            "primary; peer address a.b; mclt 1; split 257;",
            &["split must be between 0 and 256, inclusive", "primary failover server must have hba or split."],
        ),
    ];
    for (body, complaints) in rows {
        assert_eq!(refused(v4(&format!("failover peer \"f\" {{ {body} }}"))), complaints, "{body}");
    }
    let octets = |count| vec!["ff"; count].join(":");
    for (count, complaint) in [(31, "too few numbers."), (33, "semicolon expected.")] {
        let text = format!("failover peer \"f\" {{ primary; peer address a.b; mclt 1; hba {}; }}", octets(count));
        assert_eq!(refused(v4(&text))[0], complaint, "{count}");
    }
    assert_eq!(refused(v4(&format!("{peer} {peer}"))), ["redeclaration of failover peer f"]);
    let inside = refused(v4(&format!("subnet 10.0.0.0 netmask 255.255.255.0 {{ {peer} }}")));
    assert_eq!(
        inside[..2],
        ["failover peers may only be defined in shared-network", "declarations and the outer scope."]
    );
}

#[test]
fn bootp_does_not_go_with_failover() {
    let text = "failover peer \"f\" { primary; peer address 10.0.0.2; mclt 600; split 128; }
        subnet 10.0.0.0 netmask 255.255.255.0 { pool { failover peer \"f\"; range dynamic-bootp 10.0.0.5; } }";
    let messages = refused(v4(text));
    let lines = [
        "dynamic-bootp flag is not permitted for address",
        "range declarations where there is a failover",
        "peer in scope.   If you wish to declare an",
        "address range from which dynamic bootp leases",
        "can be allocated, please declare it within a",
        "pool declaration that also contains the \"no",
        "failover\" statement.   The failover protocol",
        "itself does not permit dynamic bootp - this",
        "is not a limitation specific to the ISC DHCP",
        "server.   Please don't ask me to defend this",
        "until you have read and really tried to understand",
        "the failover protocol specification.",
    ];
    assert_eq!(messages, lines);
}

#[test]
fn keys_zones_and_the_rest() {
    let config = good(
        "key k { algorithm hmac-md5; secret aGVsbG8=; };
         if known { key \"l\" { algorithm HMAC-SHA256.SIG-ALG.REG.INT; secret \"d29ybGQ=\"; } }
         zone example.org { primary 10.0.0.1, ns.example.org; key l; }
         zone Example.org. { secondary6 2001:db8::1; }
         server-duid en 9 \"abc\"; db-time-format local;",
    );
    assert_eq!(config.keys[0].algorithm.as_ref(), "hmac-md5.SIG-ALG.REG.INT.");
    assert_eq!(config.keys[0].secret.as_ref(), b"hello");
    assert_eq!(config.keys[1].algorithm.as_ref(), "HMAC-SHA256.SIG-ALG.REG.INT.");
    assert_eq!(config.zones.len(), 1);
    assert_eq!((config.zones[0].primary.len(), config.zones[0].secondary6.len()), (0, 1));
    assert!(config.local_times && !config.lease_id_hex && config.server_duid.is_some());
}

#[test]
fn definitions_make_formats() {
    let rows = [
        ("boolean", "f"),
        ("integer 8", "b"),
        ("unsigned integer 16", "S"),
        ("signed integer 32", "l"),
        ("array of ip-address", "Ia"),
        ("{ boolean, text }", "ft"),
        ("array of { unsigned integer 8, ip6-address }", "B6A"),
        ("{ array of ip-address, unsigned integer 8 }", "IaB"),
        ("domain-list compressed", "Dc"),
        ("encapsulate S", "ES."),
        ("{ unsigned integer 8, encapsulate s }", "BEs."),
        ("zerolen", "Z"),
        ("domain-name", "d"),
        ("string", "X"),
    ];
    for (definition, format) in rows {
        let config = good(&format!("option space s; option x code 222 = {definition};"));
        let option = config.registry.option_named(SpaceId::DHCP, "X").unwrap();
        assert_eq!((&*option.format, option.key.code), (format, 222), "{definition}");
    }
}

#[test]
fn statements_of_the_other_family() {
    assert_eq!(
        refused(v4("subnet6 2001:db8::/64 { range6 2001:db8::/65; }")),
        ["subnet6 statement is only supported in DHCPv6 mode."]
    );
    let text = "subnet 10.0.0.0 netmask 255.255.255.0 { range6 ::1 ::2; prefix6 :: :: /64; }";
    assert_eq!(
        refused(v4(text)),
        ["range6 statement is only supported in DHCPv6 mode.", "prefix6 statement is only supported in DHCPv6 mode."]
    );
    assert!(accepted(v6("subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.5; }")).is_empty());
}

/// The one peer of a configuration whose block has those statements.
fn peer_with(body: &str) -> FailoverPeer {
    let text = format!(
        "failover peer \"f\" {{ {body} }}
         subnet 10.0.0.0 netmask 255.255.255.0 {{ pool {{ failover peer \"f\"; range 10.0.0.5; }} }}"
    );
    good(&text).peers[0].clone()
}

/// spec/config-language.md 7.7: what each statement changes, and what holds without it.
#[test]
fn every_statement_of_a_peer() {
    let base = "peer address 10.0.0.2; mclt 600; split 128;";
    type Field = fn(&FailoverPeer) -> u32;
    let rows: [(&str, Field, u32, u32); 12] = [
        ("primary;", |peer| u32::from(peer.primary), 1, 1),
        ("address 10.0.0.1;", |peer| u32::from(peer.address.is_some()), 0, 1),
        ("port 519;", |peer| u32::from(peer.port), 647, 519),
        ("peer port 520;", |peer| u32::from(peer.peer_port), 647, 520),
        ("max-response-delay 30;", |peer| peer.max_response_delay.0, 20, 30),
        ("max-unacked-updates 9;", |peer| peer.max_unacked_updates, 100, 9),
        ("load balance max seconds 3;", |peer| peer.load_balance_max_seconds, 0, 3),
        ("max-lease-misbalance 20;", |peer| peer.max_lease_misbalance, 15, 20),
        ("max-lease-ownership 20;", |peer| peer.max_lease_ownership, 10, 20),
        ("min-balance 30;", |peer| peer.min_balance.0, 60, 30),
        ("max-balance 1800;", |peer| peer.max_balance.0, 3600, 1800),
        ("auto-partner-down 90;", |peer| peer.auto_partner_down.0, 0, 90),
    ];
    for (statement, field, without, with) in rows {
        assert_eq!(field(&peer_with(base)), without, "without {statement}");
        assert_eq!(field(&peer_with(&format!("{base} {statement}"))), with, "{statement}");
    }
    // What a secondary may not have is what a primary must have.
    let buckets = |peer: &FailoverPeer| peer.hba.map(|hba| hba.iter().map(|octet| octet.count_ones()).sum::<u32>());
    let secondary = peer_with("secondary; peer address 10.0.0.2;");
    assert_eq!((secondary.primary, secondary.mclt.0, buckets(&secondary)), (false, 0, None));
    assert_eq!((peer_with(base).mclt.0, buckets(&peer_with(base))), (600, Some(128)));
    let halves = format!("peer address 10.0.0.2; mclt 60; hba {};", ["f0"; 32].join(":"));
    assert_eq!(peer_with(&halves).hba, Some([0xf0; 32]));
}

/// A pool has the peer of its network unless it says otherwise.
#[test]
fn a_pool_without_the_peer_of_its_network() {
    let text = "failover peer \"f\" { primary; peer address 10.0.0.2; mclt 600; split 128; }
        shared-network n { failover peer \"f\"; subnet 10.0.0.0 netmask 255.255.255.0 { }
          pool { range 10.0.0.5; } pool { no failover peer range 10.0.0.6; } }";
    let peers: Vec<_> = good(text).pools.iter().map(|pool| pool.failover_peer).collect();
    assert_eq!(peers, [Some(PeerId(0)), None]);
}

/// `static` in a group says that the lease file shall not hold it: it holds none of those of the configuration.
#[test]
fn static_groups_are_as_others() {
    let statements = |word: &str| {
        let config =
            good(&format!("group \"g\" {{ {word} option routers 10.0.0.1; }} host h {{ group \"g\"; }} {NET}"));
        format!("{:?}", config.scopes.iter().map(|scope| &scope.statements).collect::<Vec<_>>())
    };
    assert_eq!(statements("static;").len(), statements("").len());
    assert!(statements("static;").contains("10, 0, 0, 1"));
}

/// What a lease file says of a peer may stand in a configuration too.
#[test]
fn the_state_of_a_peer_needs_the_peer() {
    let state = "failover peer \"f\" state { my state normal at 2 2020/01/01 00:00:00; }";
    let peer = "failover peer \"f\" { primary; peer address 10.0.0.2; mclt 600; split 128; }";
    assert_eq!(good(&format!("{peer} {state}")).peers.len(), 1);
    assert_eq!(refused(v4(state)).len(), 1);
}
