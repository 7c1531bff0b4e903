//! The samples of spec/leases-file.md: what the real server wrote, and what damage does.

use super::tests::{load, rewritten, Loaded};
use crate::config::model::Config;
use crate::config::{load_text, Family};
use std::net::Ipv4Addr;

const SPEC: &str = include_str!("../../compat-tests/spec/leases-file.md");
/// 2026-11-22 08:00 UTC
const NOW: u32 = 1_795_334_400;

/// The code blocks of a section.
fn blocks(section: &str) -> Vec<&'static str> {
    let (_, rest) = SPEC.split_once(section).unwrap();
    let text = rest.split("\n### ").next().unwrap();
    text.split("\n```\n").skip(1).step_by(2).collect()
}

fn config() -> Config {
    let text = "class \"lim\" { match hardware; lease limit 5; }\n\
                class \"port\" { spawn with option agent.circuit-id; lease limit 2; }\n\
                subnet 10.0.0.0 netmask 255.255.255.0 { pool { range 10.0.0.10 10.0.0.12; } range 10.0.0.15 10.0.0.60; }\n\
                subnet 10.1.0.0 netmask 255.255.255.0 { range 10.1.0.10 10.1.0.20; }\n";
    load_text("dhcpd.conf", text, Family::V4).result.unwrap()
}

/// The record of an address, from its keyword to its brace.
fn record(text: &str, address: &str) -> String {
    let start = text.rfind(&format!("lease {address} {{\n")).unwrap();
    let end = text[start..].find("\n}\n").unwrap();
    text[start..start + end + 3].to_string()
}

#[test]
fn a_journal_is_rewritten_as_after_a_restart() {
    let journal = &format!("{}\n", blocks("### 22.1 ")[0]);
    let text = rewritten(&mut load(&config(), journal.as_bytes(), NOW), NOW);
    let restarted = blocks("### 22.2 ")[0];
    for address in ["10.1.0.10", "10.0.0.10"] {
        assert_eq!(record(&text, address), record(&format!("{restarted}\n"), address));
    }
    // All that changes in the others is that `tstp` is known.
    for address in ["10.0.0.20", "10.0.0.21", "10.0.0.24", "10.0.0.25", "10.0.0.26"] {
        let before = record(journal, address);
        let tstp = before.lines().find(|line| line.starts_with("  ends")).unwrap().replace("ends", "tstp");
        assert_eq!(record(&text, address), before.replace("\n  cltt", &format!("\n{tstp}\n  cltt")));
    }
    for address in ["10.0.0.22", "10.0.0.23"] {
        assert_eq!(record(&text, address), record(journal, address));
    }
    assert!(text.starts_with(&journal[..journal.find("server-duid").unwrap()]));
}

#[test]
fn other_records_are_written_back_as_they_were() {
    for block in &blocks("### 22.4 ")[..4] {
        let text = format!("{block}\n");
        let address = text.split(' ').nth(1).unwrap();
        let again = rewritten(&mut load(&config(), text.as_bytes(), NOW), NOW);
        let known_end = text.contains("tstp");
        let record = record(&again, address);
        let without: String = record
            .lines()
            .filter(|line| known_end || !line.starts_with("  tstp"))
            .map(|l| l.to_owned() + "\n")
            .collect();
        assert_eq!(without, text);
    }
}

/// A whole record, after damage.
const GOOD: &str = "lease 10.0.0.31 {\n  ends 1 2026/11/23 00:00:00;\n  binding state active;\n}\n";

fn has(loaded: &Loaded, last: u8) -> bool {
    loaded.store.by_address(Ipv4Addr::new(10, 0, 0, last)).is_some()
}

#[test]
fn damage_costs_no_more_than_the_damaged_record() {
    let torn = [
        "lease 10.0.0.30 {\n  ends 1 2026/11",
        "lease 10.0.0.30 {\n  uid \"abc",
        "lease 10.0.0.30 {\n  starts never;\n",
    ];
    let bad = [
        "lease 10.0.0.30 {\n  bogus x;\n  ends never;\n}\n",
        "lease 10.0.0.30 {\n  binding state odd;\n}\n",
        "lease 10.0.0.30 {\n  set a = 5;\n}\n",
        "lease 10.0.0.30 {\n  ends 1 2026/11/23 00:00:00;\n  bilease 10.0.0.30 {\n  ends never;\n}\n",
    ];
    for damage in torn.into_iter().chain(bad) {
        let loaded = load(&config(), format!("{GOOD}{damage}\n{}", GOOD.replace("31", "32")).as_bytes(), NOW);
        assert!(has(&loaded, 31) && has(&loaded, 32) && !has(&loaded, 30), "{damage}: {:?}", loaded.log);
        assert!(loaded.log.iter().any(|line| line.ends_with("possibly corrupt lease file")), "{damage}");
        assert!(has(&load(&config(), format!("{GOOD}{damage}").as_bytes(), NOW), 31));
    }
    for between in
        ["\0\0\0\0", "}\n", "bogus x;\n", "bogus { x; }\n", "failover peer \"x\" state { my state normal; }\n"]
    {
        let loaded = load(&config(), format!("{between}{GOOD}").as_bytes(), NOW);
        assert!(has(&loaded, 31), "{between:?}");
        assert!(!loaded.log.is_empty(), "{between:?}");
    }
    let one_line = ["  timestamp 1 2026/11/23 00:00:00;\n", "  option host-name \"x\";\n", "  class foo;\n"];
    for line in one_line {
        let loaded = load(&config(), GOOD.replace("  binding", &format!("{line}  binding")).as_bytes(), NOW);
        assert!(has(&loaded, 31), "{line}: {:?}", loaded.log);
    }
}

#[test]
fn complaints_look_as_the_real_server_prints_them() {
    let text = "lease 10.0.0.20 {\n  ends never;\n foo bar;\n}\nbogus;\nlease 10.99.0.1 {\n}\n";
    let log = load(&config(), text.as_bytes(), NOW).log;
    assert_eq!(log[..3], ["L line 3: Unexpected configuration directive.", " foo ", "  ^"]);
    assert!(log.contains(&"Corrupt lease file - possible data loss!".to_string()));
    assert_eq!(log.last().unwrap(), "lease 10.99.0.1: no subnet.");
}
