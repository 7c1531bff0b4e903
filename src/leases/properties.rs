//! Properties of the file format: what is written reads back, and nothing that is read can do harm.

use super::lease::{Billing, BindingState, Lease, LeaseExtras, LeaseFlags, SmallBytes};
use super::lexer::calendar_time;
use super::objects::Objects;
use super::reader::{read, Destination};
use super::store::{virgin_lease, LeaseStore};
use super::testing::Site;
use super::writer::{self, Format};
use crate::config::model::PoolId;
use crate::eval::bindings::{Bindings, Value};
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use std::net::Ipv4Addr;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 5);
const NOW: Timestamp = Timestamp(1000);
/// 2038-01-01, from which on dates read as `never`.
const YEAR_2038: u32 = 2_145_916_800;

fn site() -> Site {
    Site { classes: vec!["c\"\\é".into()], ..Site::one_network(&[&["10.0.0.0-10.0.0.9"]]) }
}

/// All leases of a file, and the lines logged.
fn read_all(text: &[u8]) -> (LeaseStore, Vec<String>) {
    let config = site().build();
    let (mut store, mut objects, mut log) = (LeaseStore::new(&config), Objects::default(), Vec::new());
    let to = Destination {
        config: &config,
        store: &mut store,
        objects: &mut objects,
        report: &mut |_, line| log.push(line),
    };
    read(text, "L", NOW, to).unwrap();
    (store, log)
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![(1..YEAR_2038).prop_map(Timestamp), Just(Timestamp::NEVER)]
}

fn state() -> impl Strategy<Value = BindingState> {
    use BindingState::*;
    prop::sample::select(vec![Free, Active, Expired, Released, Abandoned, Reset, Backup])
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        vec(any::<u8>(), 0..40).prop_map(|octets| Value::Data(octets.into())),
        any::<i64>().prop_map(|number| Value::Number(number as u64)),
        any::<bool>().prop_map(Value::Boolean),
    ]
}

prop_compose! {
    fn extras()(
        variables in vec(("[a-z][a-z0-9_-]{0,8}", value()), 0..4),
        agent in vec((1u8..=255, vec(any::<u8>(), 1..20)), 0..4),
        subclass in prop::option::of(vec(any::<u8>(), 1..20)),
        tsfp in time(),
        atsfp in time(),
    ) -> LeaseExtras {
        let mut bindings = Bindings::default();
        for (name, value) in variables {
            bindings.set(&name.into(), Some(value));
        }
        // Sub-options with a fixed format have a fixed length; a NUL at the end of a text is dropped.
        let agent = agent.into_iter().filter(|(code, data)| !matches!(code, 3..=5 | 19) && data.last() != Some(&0));
        LeaseExtras {
            variables: bindings,
            agent_options: agent.map(|(code, data)| (code, data.into())).collect(),
            billing: Some(Billing { class: "c\"\\é".into(), subclass: subclass.map(Into::into) }),
            tsfp,
            atsfp,
            ..LeaseExtras::default()
        }
    }
}

prop_compose! {
    fn lease()(
        times in (time(), time(), time(), time()),
        hardware in prop::option::of((any::<u8>(), vec(any::<u8>(), 0..=20))),
        uid in vec(any::<u8>(), 0..40),
        hostname in "[ !#-\\[\\]-~]{0,40}",
        states in (state(), state(), state()),
        flags in (any::<bool>(), any::<bool>()),
        extras in prop::option::of(extras()),
    ) -> Lease {
        let hardware = hardware.and_then(|(htype, address)| HardwareAddr::new(htype, &address)).unwrap_or_default();
        Lease {
            starts: times.0,
            ends: times.1,
            tstp: times.2,
            cltt: times.3,
            hardware,
            uid: SmallBytes::new(&uid),
            hostname: SmallBytes::new(hostname.as_bytes()),
            state: states.0,
            next_state: states.1,
            rewind_state: states.2,
            flags: LeaseFlags { reserved: flags.0, bootp: flags.1, ..LeaseFlags::default() },
            extras: extras.map(Box::new),
            ..virgin_lease(ADDRESS, PoolId(0))
        }
    }
}

/// What reading does to a lease that was written: variables come back in reverse, an ended lease without its billing.
fn expected(mut lease: Lease) -> Lease {
    if let Some(extras) = &mut lease.extras {
        let mut reversed = Bindings::default();
        for (name, value) in extras.variables.iter() {
            reversed.set(name, value.clone());
        }
        extras.variables = reversed;
        if lease.ends <= NOW {
            extras.billing = None;
        }
    }
    lease
}

proptest! {
    #[test]
    fn a_record_reads_back(lease in lease(), hex_identifiers: bool, local_times: bool) {
        let mut format = Format::new(&site().build());
        (format.hex_identifiers, format.local_times) = (hex_identifiers, local_times);
        let mut text = Vec::new();
        writer::lease(&mut text, &lease, &format, NOW);
        let (store, log) = read_all(&text);
        let shown = String::from_utf8_lossy(&text).into_owned();
        prop_assert!(log.is_empty(), "{log:?}\n{shown}");
        let id = store.by_address(ADDRESS).unwrap();
        prop_assert_eq!(store.get(id), &expected(lease), "{}", shown);
    }

    #[test]
    fn a_record_that_is_cut_off_never_replaces_a_good_one(lease in lease(), cut in 1usize..2000) {
        let mut text = Vec::new();
        let good = Lease { ends: Timestamp(77), ..virgin_lease(ADDRESS, PoolId(0)) };
        writer::lease(&mut text, &good, &Format::new(&site().build()), NOW);
        let start = text.len();
        writer::lease(&mut text, &lease, &Format::new(&site().build()), NOW);
        // Without the brace that ends it.
        text.truncate((start + cut).min(text.len() - 2));
        let torn_at_end = read_all(&text).0;
        let id = torn_at_end.by_address(ADDRESS).unwrap();
        prop_assert_eq!(torn_at_end.get(id).ends, Timestamp(77));
        // The next record, on a line of its own, is not harmed.
        text.extend_from_slice(b"\nlease 10.0.0.6 { ends 1 1970/01/01 00:00:09; }\n");
        let (torn_in_the_middle, _) = read_all(&text);
        prop_assert!(torn_in_the_middle.by_address(Ipv4Addr::new(10, 0, 0, 6)).is_some());
    }

    #[test]
    fn no_octets_do_harm(octets in vec(any::<u8>(), 0..600)) {
        read_all(&octets);
    }

    #[test]
    fn no_words_do_harm(words in vec(prop::sample::select(WORDS.to_vec()), 0..80)) {
        read_all(words.join(" ").as_bytes());
        read_all(words.join("\n").as_bytes());
    }

    #[test]
    fn dates_read_as_they_are_written(at in 0..YEAR_2038) {
        let mut text = Vec::new();
        super::text::date(&mut text, Timestamp(at), false);
        let number = |from: usize, to: usize| std::str::from_utf8(&text[from..to]).unwrap().parse::<i64>().unwrap();
        let (year, month, day) = (number(2, 6), number(7, 9), number(10, 12));
        let read = calendar_time(year, month, day, number(13, 15), number(16, 18), number(19, 21));
        prop_assert_eq!(read, Timestamp(at));
    }
}

/// What records are made of.
const WORDS: [&str; 60] = [
    "lease",
    "10.0.0.5",
    "{",
    "}",
    ";",
    "starts",
    "ends",
    "never",
    "epoch",
    "4",
    "2026/11/22",
    "07:55:24",
    "tstp",
    "tsfp",
    "atsfp",
    "cltt",
    "binding",
    "state",
    "active",
    "next",
    "rewind",
    "free",
    "abandoned",
    "hardware",
    "ethernet",
    "00:11",
    "uid",
    "\"a\\001\"",
    "\"",
    "\\",
    "client-hostname",
    "set",
    "x",
    "=",
    "%",
    "-5",
    "true",
    "on",
    "expiry",
    "or",
    "release",
    "log",
    "option",
    "agent.circuit-id",
    "billing",
    "class",
    "subclass",
    "host",
    "h",
    "dynamic",
    "deleted",
    "fixed-address",
    "group",
    "failover",
    "peer",
    "server-duid",
    "authoring-byte-order",
    "ia-na",
    "timestamp",
    "reserved",
];
