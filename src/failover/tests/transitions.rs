//! The state machine on both roles (spec/failover.md 11), by what the partner says, by the end of the link, and by time.

use super::bench::{Bench, Terms, PEER, START};
use crate::failover::states;
use crate::leases::peer::PeerState::{
    self, CommunicationsInterrupted as CommInt, ConflictDone, Normal, PartnerDown, Paused,
    PotentialConflict as Conflict, Recover, RecoverDone, RecoverWait, ResolutionInterrupted as Interrupted, Shutdown,
    Startup, Unknown,
};
use crate::wire::failover::{Body, StateReport, FLAG_STARTUP};
use crate::wire::units::{Seconds, Timestamp};

const PARTNER: [PeerState; 13] = [
    Normal,
    CommInt,
    PartnerDown,
    Conflict,
    Interrupted,
    ConflictDone,
    Recover,
    RecoverWait,
    RecoverDone,
    Paused,
    Shutdown,
    Unknown,
    Startup,
];

/// Where a server in the first state is after the partner has told each of its states, the partner having been in another.
#[rustfmt::skip]
const TABLE: [(PeerState, [PeerState; 13]); 11] = [
    //               normal        comm-int      partner-down  conflict      interrupted   conflict-done recover       recover-wait  recover-done  paused        shutdown      unknown       startup
    (Normal,       [Normal,       Normal,       Conflict,     Conflict,     Conflict,     Conflict,     PartnerDown,  Normal,       Normal,       CommInt,      PartnerDown,  Normal,       Normal]),
    (CommInt,      [Normal,       Normal,       Conflict,     Conflict,     Conflict,     Conflict,     PartnerDown,  Normal,       Normal,       CommInt,      PartnerDown,  CommInt,      CommInt]),
    (PartnerDown,  [Conflict,     Conflict,     Conflict,     Conflict,     Conflict,     Conflict,     PartnerDown,  PartnerDown,  Normal,       PartnerDown,  PartnerDown,  PartnerDown,  PartnerDown]),
    (Conflict,     [Interrupted,  Conflict,     Conflict,     Conflict,     Conflict,     Conflict,     Recover,      Conflict,     Conflict,     Conflict,     PartnerDown,  Conflict,     Conflict]),
    (Interrupted,  [Conflict,     Conflict,     Conflict,     Conflict,     Conflict,     Conflict,     Conflict,     Conflict,     Conflict,     Interrupted,  PartnerDown,  Interrupted,  Interrupted]),
    (ConflictDone, [Normal,       ConflictDone, ConflictDone, ConflictDone, ConflictDone, ConflictDone, ConflictDone, ConflictDone, Normal,       ConflictDone, Shutdown,     ConflictDone, ConflictDone]),
    (Recover,      [Conflict,     Recover,      Recover,      Conflict,     Conflict,     Conflict,     Recover,      Recover,      Recover,      Recover,      PartnerDown,  Recover,      Recover]),
    (RecoverWait,  [RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait,  RecoverWait]),
    (RecoverDone,  [Normal,       RecoverDone,  RecoverDone,  Conflict,     Conflict,     Conflict,     RecoverDone,  RecoverDone,  Normal,       RecoverDone,  PartnerDown,  RecoverDone,  RecoverDone]),
    (Paused,       [Paused,       Paused,       Paused,       Paused,       Paused,       Paused,       Paused,       Paused,       Paused,       Paused,       Paused,       Paused,       Paused]),
    (Shutdown,     [Shutdown,     Shutdown,     Shutdown,     Shutdown,     Shutdown,     Shutdown,     Shutdown,     Shutdown,     Shutdown,     Shutdown,     Shutdown,     Shutdown,     Shutdown]),
];

/// A server with a link, in a state, that knows the partner to be in another.
fn linked(terms: Terms, mine: PeerState, partner: PeerState) -> (Bench, crate::failover::ConnectionId) {
    let mut bench = Bench::start(terms, Recover, Unknown, START);
    let link = bench.link_up(Some(6));
    bench.hear_state(link, Paused, 0);
    assert!(bench.set_state(mine));
    bench.engine.relationships[PEER.index()].standing.partner = partner;
    bench.take_sent();
    bench.log.clear();
    (bench, link)
}

/// A state of the partner from which the told one is news.
fn another(partner: PeerState) -> PeerState {
    if partner == Unknown {
        Startup
    } else {
        Unknown
    }
}

fn roles() -> [Terms; 2] {
    [Terms::primary(), Terms::secondary()]
}

#[test]
fn what_the_partner_says_moves_this_server() {
    for terms in roles() {
        for (mine, row) in TABLE {
            for (partner, want) in PARTNER.into_iter().zip(row) {
                let (mut bench, link) = linked(terms, mine, another(partner));
                bench.hear_state(link, partner, 0);
                let what = format!("{mine:?} and {partner:?}, {terms:?}\n{:#?}", bench.log);
                assert_eq!(bench.state(), want, "{what}");
                let line = format!("peer moves from {} to {}", another(partner).name(), partner.name());
                assert!(bench.logged(&format!("failover peer fo-test: {line}")), "{what}");
                // Every state that is entered is told, unless the link was given up for it.
                let told = bench.take_states();
                if want != mine && want != Interrupted {
                    assert_eq!(told.last(), Some(&(want, 0)), "{what}");
                }
                assert_eq!(bench.open.is_empty(), want == Interrupted && mine == Conflict, "{what}");
                let record = bench.leases.records.last().unwrap();
                assert_eq!((record.state, record.partner), (want, partner), "{what}");
            }
        }
    }
}

/// In startup the same table counts, with the state before it; then startup is left in any case.
#[test]
fn a_server_that_starts_goes_on_from_where_it_was() {
    for terms in roles() {
        for (mine, row) in TABLE {
            if mine == ConflictDone && !terms.is_primary {
                continue;
            }
            for (partner, want) in PARTNER.into_iter().zip(row) {
                let mut bench = Bench::start(terms, mine, another(partner), START);
                let link = bench.link_up(Some(6));
                assert_eq!(bench.state(), Startup);
                bench.hear_state(link, partner, 0);
                let want = match (mine, partner) {
                    (Normal, PartnerDown) => Recover,
                    _ => want,
                };
                assert_eq!(bench.state(), want, "{mine:?} and {partner:?}\n{:#?}", bench.log);
            }
        }
    }
}

#[test]
fn what_was_known_already_ends_startup_only() {
    for (mine, _) in TABLE {
        for partner in PARTNER {
            let mut bench = Bench::start(Terms::primary(), mine, partner, START);
            let link = bench.link_up(Some(6));
            bench.hear_state(link, partner, 0);
            let want = match (mine, partner) {
                (Interrupted, _) | (Normal | RecoverDone, Conflict | Interrupted | ConflictDone) => Conflict,
                (PartnerDown, Normal | CommInt | PartnerDown | Conflict | Interrupted | ConflictDone) => Conflict,
                (RecoverDone, Normal | RecoverDone) | (CommInt | PartnerDown, RecoverDone) => Normal,
                _ => mine,
            };
            assert_eq!(bench.state(), want, "{mine:?} and {partner:?}");
            assert!(!bench.log.iter().any(|line| line.contains("peer moves")), "{:?}", bench.log);
        }
    }
    for mine in [Normal, Conflict, RecoverDone, Shutdown, Paused, RecoverWait] {
        let (mut bench, link) = linked(Terms::primary(), mine, Recover);
        bench.hear_state(link, Recover, 0);
        assert_eq!((bench.state(), bench.log.len()), (mine, 0));
    }
    let (mut bench, link) = linked(Terms::primary(), CommInt, Normal);
    bench.hear_state(link, Normal, 0);
    assert_eq!(bench.state(), Normal);
    assert!(bench.logged("failover peer fo-test: peer moves from normal to normal"));
    assert!(bench.logged("failover peer fo-test: Both servers normal"));
}

#[test]
fn partner_down_waits_for_a_partner_that_starts() {
    let (mut bench, link) = linked(Terms::primary(), PartnerDown, Unknown);
    bench.hear_state(link, Normal, FLAG_STARTUP);
    assert_eq!(bench.state(), PartnerDown);
    bench.hear_state(link, Recover, 0);
    bench.hear_state(link, Normal, 0);
    assert_eq!(bench.state(), Conflict);
}

#[test]
fn lines_say_what_is_odd() {
    let cases = [
        (Normal, Conflict, "Peer fo-test: Invalid state transition unknown-state to potential-conflict."),
        (RecoverDone, RecoverDone, "Both servers have entered recover-done!"),
        (Recover, Recover, "failover peer fo-test: requesting full update from peer"),
        (Conflict, ConflictDone, "Peer fo-test: Unexpected move to conflict-done."),
        (
            ConflictDone,
            CommInt,
            "Peer fo-test: Invalid attempt to move from unknown-state to communications-interrupted while local state is \
             conflict-done.",
        ),
    ];
    for (mine, partner, line) in cases {
        let (mut bench, link) = linked(Terms::secondary(), mine, Unknown);
        bench.hear_state(link, partner, 0);
        assert!(bench.logged(line), "{line}\n{:#?}", bench.log);
    }
}

/// ISC goes to shutdown and stays there.
#[test]
fn a_state_that_does_not_exist_costs_the_link_only() {
    let (mut bench, link) = linked(Terms::primary(), Normal, Normal);
    bench.hear(link, Body::State(StateReport { state: Some(77), ..StateReport::default() }));
    assert!(bench.logged("failover peer fo-test: Invalid state: 77"));
    assert_eq!(bench.closed, [(link, false)]);
    assert_eq!(bench.state(), CommInt);
    let (mut bench, link) = linked(Terms::primary(), CommInt, Normal);
    bench.hear(link, Body::State(StateReport::default()));
    assert!(bench.logged("failover peer fo-test: peer moves from normal to unknown-state"));
    assert_eq!(bench.state(), CommInt);
}

#[test]
fn the_end_of_the_link_moves_this_server() {
    for (mine, _) in TABLE {
        let want = match mine {
            Normal => CommInt,
            Conflict => Interrupted,
            mine => mine,
        };
        let (mut bench, link) = linked(Terms::secondary(), mine, Normal);
        bench.hang_up(link);
        assert_eq!(bench.state(), want);
        assert!(bench.logged("peer fo-test: disconnected"));
        // The same in startup, by the end of a link and by the end of the wait.
        let mut bench = Bench::start(Terms::primary(), mine, Normal, START);
        let link = bench.link_up(Some(6));
        bench.hang_up(link);
        assert_eq!(bench.state(), want, "{mine:?}");
        let mut bench = Bench::start(Terms::primary(), mine, Normal, START);
        bench.pass(14, None);
        assert_eq!(bench.state(), Startup);
        bench.pass(1, None);
        assert_eq!(bench.state(), want);
        assert!(!bench.logged("peer fo-test: disconnected"));
    }
}

#[test]
fn the_end_of_the_updates_moves_this_server() {
    let done = |terms, mine, partner, age| {
        let (mut bench, link) = linked(terms, mine, partner);
        bench.engine.relationships[PEER.index()].standing.since = Timestamp(bench.now.wall.0 - age);
        bench.hear(link, Body::UpdateDone);
        assert!(bench.logged("failover peer fo-test: peer update completed."));
        bench
    };
    for terms in roles() {
        assert_eq!(done(terms, Recover, PartnerDown, 0).state(), RecoverWait);
        assert_eq!(done(terms, Recover, PartnerDown, 60).state(), RecoverDone);
        assert_eq!(done(terms, Recover, Recover, 0).state(), RecoverDone);
        assert_eq!(done(terms, Recover, RecoverDone, 0).state(), RecoverDone);
        assert_eq!(done(terms, Normal, Normal, 0).state(), Normal);
        let bench = done(terms, ConflictDone, Conflict, 0);
        assert_eq!(bench.state(), ConflictDone);
        assert!(bench.logged("Spurious update-done message."));
    }
    assert_eq!(done(Terms::primary(), Conflict, Conflict, 0).state(), ConflictDone);
    assert_eq!(done(Terms::secondary(), Conflict, ConflictDone, 0).state(), Normal);
    let bench = done(Terms::secondary(), Conflict, Conflict, 0);
    assert_eq!(bench.state(), Conflict);
    assert!(bench.logged("Spurious update-done message."));
    let bench = done(Terms::primary(), Conflict, ConflictDone, 0);
    assert_eq!((bench.state(), bench.open.len()), (Interrupted, 0));
    assert!(bench.logged("Secondary is in conflict_done state after conflict resolution, this is illegal."));
}

#[test]
fn recover_wait_lasts_until_every_lease_that_was_given_has_ended() {
    let mut bench = Bench::start(Terms::secondary(), Recover, Unknown, START);
    let link = bench.link_up(Some(6));
    bench.hear_state(link, PartnerDown, 0);
    bench.pass(10, Some(link));
    bench.hear(link, Body::UpdateDone);
    assert_eq!(bench.state(), RecoverWait);
    bench.pass(49, Some(link));
    assert_eq!(bench.state(), RecoverWait);
    // The wait goes on without a link and over a restart.
    bench.hang_up(link);
    bench.restart();
    bench.pass(15, None);
    assert_eq!(bench.state(), RecoverDone);
}

#[test]
fn a_partner_that_stays_away_is_taken_to_be_down_if_configured() {
    let terms = Terms { auto_partner_down: 6, ..Terms::primary() };
    let mut bench = Bench::start(terms, Normal, Normal, START);
    bench.pass(20, None);
    assert_eq!(bench.state(), CommInt);
    bench.pass(1, None);
    assert_eq!(bench.state(), PartnerDown);
    assert_eq!(bench.leases.store.standing_of(PEER).unwrap().since, Timestamp(START + 21));
    // Another state calls it off.
    let (mut bench, _) = linked(terms, CommInt, Normal);
    bench.pass(3, None);
    bench.set_state(Paused);
    bench.pass(10, None);
    assert_eq!(bench.state(), Paused);
}

#[test]
fn times_of_states() {
    let entry = |old, new, is_settled| states::Entry {
        old,
        new,
        since: Timestamp(500),
        partner: PartnerDown,
        is_settled,
        mclt: Seconds(60),
        now: Timestamp(1000),
    };
    let since = |old, new, saved| states::since(entry(old, new, true), saved).0;
    assert_eq!(since(Normal, CommInt, Normal), 1000);
    assert_eq!(since(Normal, Startup, Normal), 500);
    assert_eq!(since(Startup, Normal, Normal), 500);
    assert_eq!(since(Startup, Recover, Normal), 500);
    assert_eq!(since(Recover, RecoverWait, Recover), 500);
    assert_eq!(since(RecoverWait, RecoverDone, RecoverWait), 1000);
    assert_eq!(since(Shutdown, Recover, Shutdown), 940);
    assert_eq!(states::since(entry(Shutdown, Recover, false), Shutdown).0, 1000);
    // ISC counts from before the start here, and takes over the partner's addresses at once.
    assert_eq!(since(Startup, PartnerDown, Normal), 1000);
    assert_eq!(since(Startup, PartnerDown, PartnerDown), 500);
}

#[test]
fn the_administrator_may_set_what_is_a_state() {
    let (mut bench, _) = linked(Terms::primary(), Normal, Normal);
    assert!(!bench.set_state(Unknown) && !bench.set_state(Startup));
    assert_eq!(bench.state(), Normal);
    assert!(bench.set_state(PartnerDown));
    assert_eq!(bench.take_states(), [(PartnerDown, 0)]);
    assert!(bench.logged("failover peer fo-test: I move from normal to partner-down"));
}

/// What harms an ISC partner (spec/failover.md 27): most states when it is in conflict-done, a conflict when it is normal.
#[test]
fn a_partner_that_resolves_conflicts_is_told_nothing_that_ends_it() {
    for partner in [Conflict, Interrupted, ConflictDone] {
        for mine in [CommInt, PartnerDown, Recover, RecoverWait, RecoverDone, ConflictDone, Paused] {
            let mut bench = Bench::start(Terms::secondary(), mine, partner, START);
            bench.link_up(Some(6));
            assert_eq!(bench.take_states(), [(Conflict, 0)], "{mine:?} {partner:?}");
        }
        for mine in [Normal, Conflict, Interrupted, Shutdown] {
            let mut bench = Bench::start(Terms::secondary(), mine, partner, START);
            bench.link_up(Some(6));
            let told = bench.take_states();
            assert_eq!(told.iter().map(|told| told.0).collect::<Vec<_>>(), [mine], "{partner:?}");
        }
    }
    let mut bench = Bench::start(Terms::primary(), ConflictDone, Conflict, START);
    let link = bench.link_up(Some(6));
    assert_eq!(bench.take_states(), []);
    bench.hear_state(link, Normal, FLAG_STARTUP);
    assert_eq!(bench.take_states(), [(Normal, 0)]);
    // A partner that says nothing is told after a while.
    let mut bench = Bench::start(Terms::primary(), ConflictDone, Conflict, START);
    let link = bench.link_up(Some(6));
    bench.pass(2, Some(link));
    assert_eq!(bench.take_states().len(), 1);
}

/// spec/failover.md 18: a request is told, and one for some becomes one for all while all are awaited.
#[test]
fn what_is_asked_for_is_told() {
    let (mut bench, link) = linked(Terms::primary(), CommInt, CommInt);
    bench.hear(link, Body::UpdateDone);
    bench.hear_state(link, Conflict, 0);
    assert_eq!(bench.state(), Conflict);
    assert!(bench.logged("Sent update request message to fo-test"), "{:#?}", bench.log);
    assert!(bench.take_sent().contains(&Body::UpdateRequest));
    let (mut bench, link) = linked(Terms::primary(), Recover, Unknown);
    bench.hear_state(link, PartnerDown, 0);
    assert!(bench.logged("Sent update request all message to fo-test"), "{:#?}", bench.log);
    assert!(bench.take_sent().contains(&Body::UpdateRequestAll));
    bench.log.clear();
    bench.hear_state(link, Conflict, 0);
    assert_eq!(bench.state(), Conflict);
    assert!(bench.logged("Sent update request all message to fo-test"), "{:#?}", bench.log);
}

#[test]
fn the_partners_answer_about_addresses_is_told() {
    let (mut bench, link) = linked(Terms::primary(), Normal, Normal);
    bench.hear(link, Body::PoolResponse { transferred: Some(3) });
    assert_eq!(bench.log, ["pool response: 3 leases"]);
}
