//! Hosts, groups, classes, peers, keys, zones, definitions.

use super::super::model::*;
use super::super::sanity_check;
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
    assert!(failed && messages.len() == 1);

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
    assert_eq!(refused(v4(&format!("{peer} {peer}"))), ["redeclaration of failover peer f"]);
}

#[test]
fn bootp_does_not_go_with_failover() {
    let text = "failover peer \"f\" { primary; peer address 10.0.0.2; mclt 600; split 128; }
        subnet 10.0.0.0 netmask 255.255.255.0 { pool { failover peer \"f\"; range dynamic-bootp 10.0.0.5; } }";
    let messages = refused(v4(text));
    assert_eq!(messages[0], "dynamic-bootp flag is not permitted for address");
    assert_eq!(messages[1], "range declarations where there is a failover");
    assert_eq!((messages.len(), messages[11].as_str()), (12, "the failover protocol specification."));
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
