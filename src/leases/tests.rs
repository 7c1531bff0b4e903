//! The store and the file format against what the real server did (spec/leases-file.md, spec/dhcpv4.md 6).

use super::file::FileText;
use super::lease::{BindingState, Lease, SmallBytes};
use super::objects::Objects;
use super::peer;
use super::reader::{read, Destination};
use super::store::LeaseStore;
use super::testing::Site;
use crate::config::model::{Config, PoolId};
use crate::wire::hardware::HardwareAddr;
use crate::wire::units::Timestamp;
use std::net::Ipv4Addr;

/// A file read into a store, and what was said about it.
pub struct Loaded {
    pub store: LeaseStore,
    pub objects: Objects,
    /// With the groups and classes of the file.
    pub config: Config,
    pub log: Vec<String>,
}

pub fn load(config: &Config, text: &[u8], now: u32) -> Loaded {
    load_into(Objects::default(), config, text, now)
}

pub fn load_into(objects: Objects, config: &Config, text: &[u8], now: u32) -> Loaded {
    let mut loaded = Loaded { store: LeaseStore::new(config), objects, config: config.clone(), log: Vec::new() };
    let to = Destination {
        config,
        store: &mut loaded.store,
        objects: &mut loaded.objects,
        report: &mut |_, line| loaded.log.push(line),
    };
    read(text, "L", Timestamp(now), to).unwrap();
    loaded.store.finish_load(config);
    loaded.objects.groups.apply(&mut loaded.config);
    loaded.objects.classes.apply(&mut loaded.config);
    loaded.objects.failover =
        peer::complete(std::mem::take(&mut loaded.objects.failover), &loaded.config.peers, Timestamp(now));
    loaded.store.set_peer_records(&loaded.config.peers, &loaded.objects.failover);
    loaded
}

/// What happens to a lease whose time has come, as far as its record goes (spec/dhcpv4.md 25.3, spec/failover.md 14).
pub fn expire(store: &mut LeaseStore, now: Timestamp) {
    while let Some(id) = store.due(now) {
        let mut lease = store.get(id).clone();
        let stays = store.peer_of(lease.pool).is_some() && lease.next_state == BindingState::Expired;
        if lease.state == BindingState::Active && !stays {
            lease.tstp = lease.ends;
            lease.hostname = SmallBytes::default();
            if let Some(extras) = &mut lease.extras {
                extras.agent_options.clear();
                (extras.billing, extras.on_expiry, extras.on_release) = (None, None, None);
            }
        }
        if let Some(extras) = &mut lease.extras {
            extras.atsfp = Timestamp::UNSET;
        }
        lease.state = lease.next_state;
        if lease.state == BindingState::Expired {
            lease.next_state = BindingState::Free;
        }
        store.supersede(id, lease, now, true);
    }
}

pub fn rewritten(loaded: &mut Loaded, now: u32) -> String {
    let (mut text, mut file) = (Vec::new(), FileText::new());
    while !file.chunk(&mut loaded.store, &loaded.objects, &loaded.config, Timestamp(now), 3, &mut text) {}
    String::from_utf8(text).unwrap()
}

fn hand_out(store: &mut LeaseStore, pool: u32) -> Vec<u8> {
    let mut order = Vec::new();
    while let Some(id) = store.first_free(PoolId(pool)) {
        let mut lease = store.get(id).clone();
        if lease.ends != Timestamp::UNSET {
            break;
        }
        order.push(lease.address.octets()[3]);
        lease.ends = Timestamp(100);
        store.supersede(id, lease, Timestamp(50), false);
    }
    order
}

#[test]
fn one_range_is_handed_out_ascending() {
    let mut store = LeaseStore::new(&Site::one_network(&[&["10.0.0.10-10.0.0.14"]]).build());
    assert_eq!(store.counts(PoolId(0)).free, 5);
    assert_eq!(hand_out(&mut store, 0), [10, 11, 12, 13, 14]);
    assert_eq!(store.counts(PoolId(0)).free, 5);
}

#[test]
fn a_turn_of_the_bucket_circle_comes_first() {
    let mut store = LeaseStore::new(&Site::one_network(&[&["10.0.128.104-10.0.128.108"]]).build());
    assert_eq!(hand_out(&mut store, 0), [106, 107, 108, 104, 105]);
}

#[test]
fn interleaved_pools_are_handed_out_descending() {
    let config = Site::one_network(&[&["10.0.0.10", "10.0.0.12", "10.0.0.14"], &["10.0.0.11", "10.0.0.13"]]).build();
    let mut store = LeaseStore::new(&config);
    assert_eq!(hand_out(&mut store, 0), [14, 12, 10]);
    assert_eq!(hand_out(&mut store, 1), [13, 11]);
}

#[test]
fn pools_in_the_same_buckets_are_handed_out_descending() {
    // 100003 addresses apart.
    let config = Site::one_network(&[&["10.0.0.10-10.0.0.13"], &["10.1.134.173-10.1.134.176"]]).build();
    let mut store = LeaseStore::new(&config);
    assert_eq!(hand_out(&mut store, 0), [13, 12, 11, 10]);
    assert_eq!(hand_out(&mut store, 1), [176, 175, 174, 173]);
}

#[test]
fn addresses_after_a_used_one_come_first() {
    let config = Site::one_network(&[&["10.0.0.10-10.0.0.16"]]).build();
    let text = b"lease 10.0.0.12 { ends 1 2026/11/23 00:00:00; binding state active; next binding state free; }";
    let mut store = load(&config, text, 1_700_000_000).store;
    assert_eq!(store.counts(PoolId(0)).free, 6);
    assert_eq!(hand_out(&mut store, 0), [13, 14, 15, 16, 10, 11]);
}

#[test]
fn a_huge_range_costs_nothing() {
    let mut store = LeaseStore::new(&Site::one_network(&[&["10.0.0.0-10.255.255.255"]]).build());
    assert_eq!(store.counts(PoolId(0)).total, 1 << 24);
    let first = store.first_free(PoolId(0)).unwrap();
    assert_eq!(u32::from(store.get(first).address) % 100_003, 0);
    assert_eq!(store.len(), 1);
}

fn leased(store: &LeaseStore, id: super::lease::LeaseId, hardware: u8, ends: u32, cltt: u32) -> Lease {
    let mut lease = store.get(id).clone();
    lease.hardware = HardwareAddr::new(1, &[0, 0, 0, 0, 0, hardware]).unwrap();
    (lease.ends, lease.cltt) = (Timestamp(ends), Timestamp(cltt));
    (lease.state, lease.next_state) = (BindingState::Active, BindingState::Free);
    lease
}

#[test]
fn a_second_lease_sorts_behind_an_older_active_one() {
    let mut store = LeaseStore::new(&Site::one_network(&[&["10.0.0.10-10.0.0.14"]]).build());
    let hardware = HardwareAddr::new(1, &[0, 0, 0, 0, 0, 7]).unwrap();
    let mut ids = Vec::new();
    for (ends, cltt) in [(1000, 100), (2000, 200)] {
        let id = store.first_free(PoolId(0)).unwrap();
        store.supersede(id, leased(&store, id, 7, ends, cltt), Timestamp(cltt), true);
        ids.push(id);
    }
    // The second was free when its place was looked for.
    assert_eq!(store.by_hardware(&hardware).collect::<Vec<_>>(), ids);
    // Its renewal is placed by what it was before.
    store.supersede(ids[1], leased(&store, ids[1], 7, 3000, 300), Timestamp(300), true);
    assert_eq!(store.by_hardware(&hardware).collect::<Vec<_>>(), [ids[1], ids[0]]);
    store.supersede(ids[1], leased(&store, ids[1], 8, 3000, 300), Timestamp(300), true);
    assert_eq!(store.by_hardware(&hardware).collect::<Vec<_>>(), [ids[0]]);
}

#[test]
fn a_long_chain_loses_nobody() {
    let mut store = LeaseStore::new(&Site::one_network(&[&["10.0.0.1-10.0.0.250"]]).build());
    for i in 0..250 {
        let id = store.first_free(PoolId(0)).unwrap();
        store.supersede(id, leased(&store, id, 7, 1000 + i % 7, i), Timestamp(1), false);
    }
    let hardware = HardwareAddr::new(1, &[0, 0, 0, 0, 0, 7]).unwrap();
    let mut found: Vec<_> = store.by_hardware(&hardware).collect();
    assert_eq!(found.len(), 250);
    for id in found.drain(..) {
        store.supersede(id, leased(&store, id, 8, 5, 5), Timestamp(1), false);
    }
    assert_eq!(store.by_hardware(&hardware).count(), 0);
}

#[test]
fn leases_fall_due_in_the_order_of_their_ends() {
    let mut store = LeaseStore::new(&Site::one_network(&[&["10.0.0.10-10.0.0.14"]]).build());
    for ends in [300, 100, 200] {
        let id = store.first_free(PoolId(0)).unwrap();
        store.supersede(id, leased(&store, id, 7, ends, 1), Timestamp(1), true);
    }
    assert_eq!(store.next_due(), Some(Timestamp(100)));
    assert_eq!(store.due(Timestamp(99)), None);
    expire(&mut store, Timestamp(250));
    assert_eq!(store.next_due(), Some(Timestamp(300)));
    assert_eq!(store.counts(PoolId(0)).free, 4);
}

#[test]
fn a_reply_waits_for_the_newest_record_of_its_lease() {
    let mut store = LeaseStore::new(&Site::one_network(&[&["10.0.0.10-10.0.0.14"]]).build());
    let id = store.first_free(PoolId(0)).unwrap();
    let position = store.supersede(id, leased(&store, id, 7, 500, 1), Timestamp(1), true);
    let (text, last) = store.take_journal();
    assert_eq!((position, last), (store.position_of(id), position));
    assert!(
        text.starts_with(b"lease 10.0.0.10 {\n  ends 4 1970/01/01 00:08:20;\n"),
        "{}",
        String::from_utf8_lossy(&text)
    );
    let again = store.supersede(id, leased(&store, id, 7, 600, 2), Timestamp(2), true);
    store.set_durable(position);
    assert_eq!(store.position_of(id), again);
    store.set_durable(again);
    assert_eq!(store.position_of(id).0, 0);
    assert_eq!(store.supersede(id, leased(&store, id, 7, 700, 3), Timestamp(3), false).0, 0);
}

#[test]
fn a_new_configuration_keeps_leases_and_brings_back_old_ones() {
    let wide = Site::one_network(&[&["10.0.0.10-10.0.0.12"], &["10.0.1.10-10.0.1.12"]]).build();
    let narrow = Site::one_network(&[&["10.0.1.10-10.0.1.11"]]).build();
    let mut store = LeaseStore::new(&wide);
    let first = store.first_free(PoolId(0)).unwrap();
    store.supersede(first, leased(&store, first, 7, 500, 1), Timestamp(1), true);
    let second = store.first_free(PoolId(1)).unwrap();
    store.supersede(second, leased(&store, second, 8, 500, 1), Timestamp(1), true);
    store.rebind(&narrow);
    assert_eq!(store.by_address(Ipv4Addr::new(10, 0, 0, 10)), None);
    assert_eq!(store.get(second).pool, PoolId(0));
    assert_eq!(store.counts(PoolId(0)), super::store::PoolCounts { total: 2, free: 1, backup: 0 });
    store.supersede(first, leased(&store, first, 7, 600, 2), Timestamp(2), true);
    store.rebind(&wide);
    assert_eq!(store.by_address(Ipv4Addr::new(10, 0, 0, 10)), Some(first));
    assert_eq!(store.get(first).ends, Timestamp(600));
    assert_eq!(store.counts(PoolId(0)).free, 2);
}
