//! Values by format: octets, and complaints.

use super::super::ir::{Expr, Stmt};
use super::super::model::Config;
use super::{good, refused, v4};

/// The octets of an expression of constants, in hexadecimal; host names in brackets, with a `*` for all addresses.
fn shown(value: &Expr) -> String {
    match value {
        Expr::Const(octets) => octets.iter().map(|octet| format!("{octet:02x}")).collect(),
        Expr::Concat(left, right) => shown(left) + &shown(right),
        Expr::HostLookup { name, first_only } => format!("[{name}{}]", if *first_only { "" } else { "*" }),
        other => panic!("{other:?}"),
    }
}

/// The value of the last statement of the root.
fn last_value(text: &str) -> String {
    let config = good(text);
    match config.scope(Config::ROOT).statements.last() {
        Some(Stmt::Option { value, .. }) => shown(value),
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_of_defined_formats() {
    let rows = [
        ("array of { unsigned integer 8, ip-address }", "5 1.2.3.4, 6 1.2.3.5", "05010203040601020305"),
        ("{ array of ip-address, unsigned integer 8 }", "1.2.3.4, 1.2.3.5 7", "010203040102030507"),
        ("{ boolean, text }", "true \"xyz\"", "0178797a"),
        ("text", r#""a\x41\101\n\t\\\"z""#, "6141410a095c227a"),
        ("text", "identifier", "6964656e746966696572"),
        ("string", "1:2:a:ff", "01020aff"),
        ("string", "\"ab\"", "6162"),
        ("domain-name", "foo.example.com", "03666f6f076578616d706c6503636f6d00"),
        ("domain-name", "foo.", "03666f6f00"),
        ("{ unsigned integer 8, domain-list }", "3 \"a.b\"", "030161016200"),
        ("unsigned integer 32", "4294967299", "00000003"),
        ("integer 8", "-1", "ff"),
        ("unsigned integer 8", "010", "08"),
        ("signed integer 16", "-2", "fffe"),
        ("boolean", "IGNORE", "02"),
        ("ip6-address", "fd77::1", "fd770000000000000000000000000001"),
        ("ip6-address", "::ffff:1.2.3.4", "00000000000000000000ffff01020304"),
        ("zerolen", "", ""),
        ("ip-address", "a.example.org", "[a.example.org]"),
        ("array of ip-address", "a.example.org, 1.2.3.4", "[a.example.org*]01020304"),
        ("{ array of ip-address, unsigned integer 8 }", "3com.example 5", "[3com.example*]05"),
    ];
    for (definition, value, octets) in rows {
        let text = format!("option x code 222 = {definition}; option x {value};");
        assert_eq!(last_value(&text), octets, "{text}");
    }
}

#[test]
fn values_of_predefined_options() {
    let rows = [
        ("option slp-directory-agent true 1.2.3.4, 5.6.7.8;", "010102030405060708"),
        ("option slp-directory-agent true a.example, b.example;", "01[a.example][b.example*]"),
        ("option slp-service-scope false;", "00"),
        ("option slp-service-scope false \"x\";", "0078"),
        ("option option-6rd 1 2 fd77:: 1.1.1.1, 2.2.2.2;", "0102fd7700000000000000000000000000000101010102020202"),
        ("option rdnss-selection 1 1.1.1.1 2.2.2.2 \"a.b\",\"c.b\";", "01010101010202020201610162000163016200"),
        ("option domain-search \"a.b\", \"c.b\";", "01610162000163c002"),
        ("option dhcp6.status-code NoBinding \"xy\";", "03007879"),
        ("option static-routes 10.0.0.1 10.0.0.2, 10.0.0.3 10.0.0.4;", "0a0000010a0000020a0000030a000004"),
        ("max-lease-time infinite;", "ffffffff"),
        ("filename \"a b\";", "612062"),
        ("ddns-update-style standard;", "03"),
        ("vendor-option-space SUNW;", "53554e57"),
        ("next-server boot.example.org;", "[boot.example.org]"),
        ("deny bootp;", "00"),
        ("ignore client-updates;", "02"),
        ("allow new;", "01"),
        ("server-identifier 10.0.0.1;", "0a000001"),
        ("option domain-name-servers 1.1.1.1 ,\n# comment\n 2.2.2.2 ;", "0101010102020202"),
        ("option routers = \"abcd\";", "61626364"),
        ("option routers = 1:2:3;", "010203"),
    ];
    for (text, octets) in rows {
        assert_eq!(last_value(text), octets, "{text}");
    }
}

#[test]
fn long_values_keep_their_octets() {
    let addresses: Vec<String> = (0..5000).map(|i| format!("10.0.{}.{}", i / 256, i % 256)).collect();
    let octets = last_value(&format!("option routers {};", addresses.join(",")));
    assert_eq!((octets.len(), &octets[39_992..]), (40_000, "0a001387"));
}

#[test]
fn complaints_about_values() {
    let rows = [
        ("option routers 1.2.3;", "too few numbers."),
        ("option routers 1.2.3.x;", "expecting numeric value."),
        ("option routers 1.2.3.256;", "256 exceeds max (255) for precision."),
        ("option routers \"x\";", "x (262): expecting IP address or hostname"),
        ("option routers ,;", ", (44): expecting IP address or hostname"),
        ("option routers 1.2.3.4,;", "; (59): expecting IP address or hostname"),
        ("option routers 1.2.3.4 5.6.7.8;", "semicolon expected."),
        ("option routers;", "semicolon expected."),
        ("option domain-name x y;", "semicolon expected."),
        ("option domain-name 5;", "expecting string."),
        ("option domain-name, \"x\";", "expecting string."),
        ("option dhcp6.unicast 10.0.0.1;", "Invalid IPv6 address."),
        ("option time-offset x.y;", "Bogus number x: digit 33 not in base 10"),
        ("option time-offset hello;", "expecting number."),
        ("option interface-mtu 65536;", "65536 exceeds max (65535) for precision."),
        ("option ip-forwarding \"x\";", "expecting identifier."),
        ("option ip-forwarding yes;", "expecting boolean."),
        ("option vendor-class-identifier name;", "expecting string or hexadecimal data."),
        ("option vendor-class-identifier 1:;", "expecting hexadecimal number."),
        ("option vendor-class-identifier 100;", "100 exceeds max (255) for precision."),
        ("option vendor-class-identifier 0x41;", "Bogus number 0x41: digit 33 not in base 16"),
        ("option domain-search a.b;", "Expecting a domain string."),
        ("option domain-search \"a..b\";", "Error compressing domain list: Message too long"),
        ("option bcms-controller-names \"a..b\";", "Error assembling domain list: Message too long"),
        ("option v4-lost \"x\";", "not a valid domain name."),
        ("option dhcp6.rapid-commit 1;", "semicolon expected."),
        ("ddns-update-style Standard;", "unknown value"),
        ("log-facility \"x\";", "identifier expected"),
        ("option nwip.illegal-1 5;", "Bad format '\0' in parse_option_token."),
        ("dynamic-bootp-lease-cutoff 2 2030/01/01 00:00:00;", "semicolon expected."),
        ("omapi-key ,;", "not a valid key name."),
    ];
    for (text, complaint) in rows {
        let messages = refused(v4(text));
        assert_eq!(messages.first().map(String::as_str), Some(complaint), "{text}: {messages:?}");
    }
}
