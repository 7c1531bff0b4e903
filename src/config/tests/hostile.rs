//! Texts that nobody means well with: they are answered, in bounded time and without a panic.

use super::super::{load_text, Family};
use super::{good, refused, v4};
use proptest::prelude::*;

#[test]
fn depth_is_bounded() {
    let terms: Vec<String> = (0..5000).map(|i| format!("option host-name = \"{i}\"")).collect();
    let chain = |count: usize| format!("if {} {{ }}", terms[..count].join(" or "));
    good(&chain(1500));
    assert_eq!(refused(v4(&chain(5000)))[0], "this is nested too deeply.");

    let parts = |count: usize| format!("set x = concat({});", vec!["\"a\""; count].join(","));
    good(&parts(1500));
    assert_eq!(refused(v4(&parts(5000)))[0], "this is nested too deeply.");

    let elsifs = |count: usize| format!("if known {{ }} {}", "elsif static { } ".repeat(count));
    good(&elsifs(1500));
    assert_eq!(refused(v4(&elsifs(5000)))[0], "this is nested too deeply.");
}

#[test]
fn many_subnets_and_hosts_are_no_matter() {
    let subnets: String = (0..3000)
        .map(|i| format!("subnet 10.{}.{}.0 netmask 255.255.255.0 {{ range 10.{0}.{1}.9; }}\n", i / 256, i % 256))
        .collect();
    let hosts: String = (0..3000)
        .map(|i| format!("host h{i} {{ hardware ethernet 0:0:0:0:{:x}:{:x}; }}\n", i / 256, i % 256))
        .collect();
    let config = good(&(subnets + &hosts));
    assert_eq!((config.index.subnets.len(), config.index.ranges.len()), (3000, 3000));
    assert_eq!((config.hosts.len(), config.scopes.len() < 7000), (3000, true));
}

/// Pieces that configurations are made of.
fn piece() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "subnet",
        "10.0.0.0",
        "netmask",
        "255.255.255.0",
        "{",
        "}",
        ";",
        "range",
        "pool",
        "host",
        "h",
        "hardware",
        "ethernet",
        "1:2:3",
        "option",
        "routers",
        "x",
        "code",
        "=",
        "text",
        "array of",
        "class",
        "\"c\"",
        "subclass",
        "match",
        "if",
        "known",
        "and",
        "or",
        "not",
        "(",
        ")",
        "substring",
        "concat",
        ",",
        "1",
        "failover",
        "peer",
        "split",
        "primary",
        "shared-network",
        "group",
        "subnet6",
        "2001:db8::/32",
        "range6",
        "prefix6",
        "pool6",
        "zone",
        "key",
        "secret",
        "aaaa",
        "algorithm",
        "set",
        "switch",
        "case",
        "default",
        "on",
        "commit",
        "space",
        "encapsulate",
        "fixed-address",
        "uid",
        "deleted",
        "allow",
        "members",
        "of",
        "lease",
        "limit",
        "-1",
        "99999999999",
        "domain-search",
        "unknown-12",
        "dhcp6.status-code",
        "success",
        "include",
        "extract-int",
        "8",
        "+",
        "*",
        "~=",
        "interface",
        "host-identifier",
        "v6relopt",
        "after",
        "epoch",
        "dynamic-bootp",
    ]);
    prop::collection::vec(words, 1..40).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_panics(text in piece(), six in any::<bool>()) {
        let loading = load_text("c.conf", &text, if six { Family::V6 } else { Family::V4 });
        prop_assert_eq!(loading.result.is_none(), loading.fatal.is_some());
    }
}
