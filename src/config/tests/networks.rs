//! Networks, subnets, pools and ranges.

use super::super::model::*;
use super::{accepted, good, refused, said, v4, v6};
use std::net::Ipv4Addr;

#[test]
fn ranges_must_be_in_their_subnet() {
    let loading = v4("subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.10 10.0.1.20; } nonsense nonsense;");
    let fatal = "bad range, address 10.0.1.20 not in subnet 10.0.0.0 netmask 255.255.255.0";
    assert_eq!((loading.fatal.as_deref(), said(&loading).len()), (Some(fatal), 0));
}

#[test]
fn both_families_do_not_go_together() {
    let both = "subnet_number():inet.c:45: Addr/mask length mismatch.";
    for text in [
        "subnet 10.0.0.0 netmask 255.255.255.0 { } subnet6 2001:db8::/64 { }",
        "subnet6 2001:db8::/64 { range 10.0.0.1; }",
        "subnet 10.0.0.0 netmask 255.255.255.0 { range6 2001:db8::1 2001:db8::2; }",
    ] {
        assert_eq!(v6(text).fatal.as_deref(), Some(both), "{text}");
    }
}

#[test]
fn overlaps_are_warned_of() {
    assert_eq!(
        accepted(v4("subnet 10.0.0.0 netmask 255.255.255.0 { } subnet 10.0.0.0 netmask 255.255.255.0 { }")),
        ["Warning: subnet 10.0.0.0/24 overlaps subnet 10.0.0.0/24"]
    );
    assert_eq!(
        accepted(v6("subnet6 2001:db8::/32 { } subnet6 2001:db8:1::/48 { }")),
        ["Warning: subnet 2001:db8:1::/32 overlaps subnet 2001:db8::/32"]
    );
}

#[test]
fn complaints_about_networks() {
    let rows = [
        ("shared-network a { }", "empty shared-network decl"),
        ("shared-network a { group { subnet 10.0.0.0 netmask 255.255.255.0 { } } }", "empty shared-network decl"),
        ("shared-network \"\" { subnet 10.0.0.0 netmask 255.255.255.0 { } }", "zero-length shared network name"),
        ("subnet 10.0.0.0 netmask 255.255.255.0 { pool { } }", "Pool declaration with no address range."),
        (
            "subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.5 10.0.0.6; pool { range 10.0.0.6; } }",
            "lease 10.0.0.6 is declared twice!",
        ),
        (
            "shared-network a { pool { range 10.0.0.5; } subnet 10.0.0.0 netmask 255.255.255.0 { } }",
            "address range not on network a",
        ),
        (
            "subnet 10.0.0.0 netmask 255.255.255.0 { pool { range 10.0.0.5; allow members of \"x\"; } }",
            "no such class: x",
        ),
        (
            "subnet 10.0.0.0 netmask 255.255.255.0 { pool { range 10.0.0.5; allow after epoch 1; deny after epoch 2; } }",
            "duplicate \"after\" clause.",
        ),
        (
            "subnet 10.0.0.0 netmask 255.255.255.0 { pool { range 10.0.0.5; failover peer \"f\"; } }",
            "failover peer f: not found",
        ),
        (
            "subnet 10.0.0.0 netmask 255.255.255.0 { interface eth0; interface eth1; }",
            "A subnet or shared network can't be connected to two interfaces.",
        ),
        (
            "shared-network a { failover peer \"f\"; subnet 10.0.0.0 netmask 255.255.255.0 { } }",
            "reference to unknown failover peer f",
        ),
    ];
    for (text, complaint) in rows {
        assert_eq!(refused(v4(text)).first().map(String::as_str), Some(complaint), "{text}");
    }
    assert_eq!(
        refused(v4("subnet 10.0.0.1 netmask 255.255.255.0 { }")),
        ["subnet 10.0.0.1 netmask 255.255.255.0: bad subnet number/mask combination."]
    );
}

#[test]
fn complaints_about_ipv6_networks() {
    let rows = [
        ("subnet6 2001:db8::/129 { }", "Expecting a number between 0 and 128."),
        ("subnet6 2001:db8::1/64 { }", "New subnet mask too short."),
        ("subnet6 2001:db8::/64 { range6 2001:db9::1 2001:db8::2; }", "range6 start address is outside the subnet"),
        ("subnet6 2001:db8::/64 { range6 2001:db8::1 2001:db9::2; }", "range6 end address is outside the subnet"),
        ("subnet6 2001:db8::/64 { range6 2001:db8::/129; }", "networks have 0 to 128 bits"),
        ("subnet6 2001:db8::/64 { range6 2001:db8::/63; }", "network mask smaller than subnet mask"),
        ("subnet6 2001:db8::/64 { range6 2001:db8::1/80; }", "network mask too short"),
        ("subnet6 2001:db8::/32 { range6 2001:db8::/48 temporary; }", "temporary mask too short"),
        ("subnet6 2001:db8::/64 { range6 2001:db8::1/128 temporary; }", "temporary singleton?"),
        ("subnet6 2001:db8::/64 { prefix6 2001:db8:: 2001:db8:: /0; }", "networks have 0 to 128 bits (exclusive)"),
        ("subnet6 2001:db8::/64 { prefix6 2001:db8::1 2001:db8:: /64; }", "network mask too short"),
        ("subnet6 2001:db8::/64 { pool6 { } }", "Pool6 declaration with no address range6 or prefix6."),
    ];
    for (text, complaint) in rows {
        assert_eq!(refused(v6(text)).first().map(String::as_str), Some(complaint), "{text}");
    }
}

#[test]
fn ipv6_networks_have_their_blocks() {
    let loading = v6("subnet6 2001:db8::/32 {
           range6 2001:db8::100 2001:db8::1ff; range6 2001:db8:5::/64 temporary;
           prefix6 2001:db8:100:: 2001:db8:100:ff00:: /56;
           option dhcp6.preference 5;
           range6 2001:db8:7::/64;
           pool6 { range6 2001:db8:6:: temporary; deny unknown-clients; } }");
    let config = loading.result.expect("good");
    let network = &config.networks[0];
    assert_eq!(&*network.name, "2001:db8::/32");
    let lengths = |pool: &Pool6| pool.ranges.iter().map(|r| (r.length, r.temporary)).collect::<Vec<_>>();
    assert_eq!(
        network.pools6.iter().map(lengths).collect::<Vec<_>>(),
        [
            vec![(120, false), (64, true)],
            // the subnet has a statement now, so that ISC finds no pool like it
            vec![(64, false)],
            vec![(64, true)],
        ]
    );
    let prefixes = &network.pools6[0].prefixes;
    assert!(prefixes.iter().all(|prefix| prefix.delegated == 56));
    assert_eq!((prefixes[0].length, prefixes.last().unwrap().length), (56, 49));
    assert_eq!(network.pools6[2].prohibit, [PermitRule::UnknownClients]);
}

#[test]
fn addresses_find_subnets_in_the_order_of_the_search() {
    let address = |text: &str| text.parse::<Ipv4Addr>().unwrap();
    let loading = v4("subnet 10.0.0.0 netmask 255.0.0.0 { } subnet 10.1.0.0 netmask 255.255.0.0 { }
         subnet 192.168.1.0 netmask 255.255.255.0 { } subnet 192.168.0.0 netmask 255.255.0.0 { }");
    let config = loading.result.expect("good");
    let found = |text| config.subnet_of(address(text)).map(|id| config.subnets[id.index()].address.to_string());
    assert_eq!(found("10.1.2.3").as_deref(), Some("10.1.0.0"));
    assert_eq!(found("10.2.2.3").as_deref(), Some("10.0.0.0"));
    // declared after the narrow one, the wide one is found first
    assert_eq!(found("192.168.1.3").as_deref(), Some("192.168.0.0"));
    assert_eq!(found("11.0.0.0"), None);
    assert_eq!(found("255.255.255.255"), None);
}

#[test]
fn netmasks_with_holes_are_searched_too() {
    let config = good("subnet 10.0.0.1 netmask 255.255.0.255 { } subnet 10.1.0.0 netmask 255.255.255.0 { }");
    let found = |text: &str| config.subnet_of(text.parse().unwrap()).map(|id| id.0);
    assert_eq!((found("10.0.7.1"), found("10.0.7.2"), found("10.1.0.9")), (Some(0), None, Some(1)));
    assert_eq!(config.networks[0].name.as_ref(), "10.0.0.1/32");
}

#[test]
fn implicit_pools_go_one_too_far_back() {
    let config = good(
        "subnet 10.0.0.0 netmask 255.255.255.0 {
           range 10.0.0.10; range dynamic-bootp 10.0.0.20; range dynamic-bootp 10.0.0.30; }",
    );
    let lows = |pool: &Pool| pool.ranges.iter().map(|r| r.low.octets()[3]).collect::<Vec<_>>();
    assert_eq!(config.pools.iter().map(lows).collect::<Vec<_>>(), [vec![10, 30], vec![20]]);
    assert_eq!(config.pools[0].prohibit, [PermitRule::DynamicBootpClients]);
    assert_eq!(config.pools[1].permit, [PermitRule::AllClients]);
    assert_eq!(config.range_of([10, 0, 0, 30].into()), Some((PoolId(0), SubnetId(0))));
    assert_eq!(config.range_of([10, 0, 0, 11].into()), None);
}

#[test]
fn pools_that_are_alike_are_one() {
    let config = good(
        "subnet 10.0.0.0 netmask 255.255.255.0 {
           pool { range 10.0.0.20 10.0.0.10; allow known-clients; allow unknown-clients; }
           pool { range 10.0.0.30; allow unknown-clients; allow known-clients; allow known-clients; }
           pool { range 10.0.0.40; allow unknown-clients; }
           pool { range 10.0.0.50; allow unknown-clients; option domain-name \"x\"; } }",
    );
    assert_eq!(config.pools.iter().map(|pool| pool.ranges.len()).collect::<Vec<_>>(), [2, 1, 1]);
    assert_eq!(config.pools[0].ranges[0].low.octets()[3], 10);
    assert_eq!(config.networks[0].pools, [PoolId(0), PoolId(1), PoolId(2)]);
}

#[test]
fn a_range_may_be_a_whole_class_a_net() {
    let config = good("subnet 10.0.0.0 netmask 255.0.0.0 { range 10.0.0.0 10.255.255.255; }");
    assert_eq!(config.index.ranges, [(0x0a00_0000, 0x0aff_ffff, PoolId(0), SubnetId(0))]);
    let config = good("subnet 0.0.0.0 netmask 0.0.0.0 { range 0.0.0.0 255.255.255.255; }");
    assert_eq!(config.range_of([255, 255, 255, 255].into()), Some((PoolId(0), SubnetId(0))));
}

#[test]
fn what_is_said_twice_is_bounded() {
    let range = "range 10.0.0.0 10.255.255.255;";
    let messages = refused(v4(&format!("subnet 10.0.0.0 netmask 255.0.0.0 {{ {range} {range} }}")));
    assert_eq!(messages.len(), 1001);
    assert_eq!(messages[0], "lease 10.0.0.0 is declared twice!");
    assert_eq!(messages[1000], "leases 10.0.3.232 to 10.255.255.255 are declared twice!");
}

#[test]
fn subnets_of_a_network_keep_their_order() {
    let loading = v4(
        "shared-network a { interface eth0; subnet 10.0.0.0 netmask 255.0.0.0 { } subnet 11.0.0.0 netmask 255.0.0.0 { }
           subnet 10.1.0.0 netmask 255.255.0.0 { } subnet 11.1.0.0 netmask 255.255.0.0 { } }
         subnet 12.0.0.0 netmask 255.0.0.0 { interface eth0; }",
    );
    let config = loading.result.expect("good");
    // the last one is not looked at, so that the first narrow one moves and the second does not
    assert_eq!(config.networks[0].subnets, [SubnetId(2), SubnetId(0), SubnetId(1), SubnetId(3)]);
    assert_eq!(config.networks[0].interface.as_deref(), Some("eth0"));
    assert_eq!(config.networks[1].interface, None);
}
