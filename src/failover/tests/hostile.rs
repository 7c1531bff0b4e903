//! Partners that send anything at all: nothing panics, and what is done stays in proportion to what was sent.

use super::bench::{Bench, Terms, START};
use crate::leases::peer::PeerState;
use crate::wire::failover::Message;
use proptest::prelude::*;

const VECTORS: [&str; 4] = [
    include_str!("../../../compat-tests/spec/vectors/failover-startup.txt"),
    include_str!("../../../compat-tests/spec/vectors/failover-connect-rejects.txt"),
    include_str!("../../../compat-tests/spec/vectors/failover-conflict.txt"),
    include_str!("../../../compat-tests/spec/vectors/failover-bndupd-cases.txt"),
];

/// Captured messages of both directions.
fn captured() -> Vec<Vec<u8>> {
    let hexes = VECTORS.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#'));
    let hexes = hexes.filter_map(|line| line.split_whitespace().nth(2)).filter(|hex| *hex != "-");
    let pair = |hex: &str, at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    hexes.map(|hex| (0..hex.len()).step_by(2).map(|at| pair(hex, at)).collect()).collect()
}

/// What a partner, the network or an administrator does.
#[derive(Clone, Debug)]
enum Step {
    Connect,
    Dial,
    HangUp(usize),
    /// A captured message on one of the connections, one of its octets changed.
    Message {
        on: usize,
        which: usize,
        at: usize,
        to: u8,
        is_changed: bool,
    },
    /// Any state, with any flags.
    State {
        on: usize,
        state: u8,
        flags: u8,
    },
    Octets {
        on: usize,
        octets: Vec<u8>,
    },
    Wait(u32),
    Set(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Connect),
        1 => Just(Step::Dial),
        1 => (0usize..9).prop_map(Step::HangUp),
        8 => (0usize..9, any::<usize>(), any::<usize>(), any::<u8>(), any::<bool>())
            .prop_map(|(on, which, at, to, is_changed)| Step::Message { on, which, at, to, is_changed }),
        6 => (0usize..9, prop_oneof![0u8..13, Just(254), any::<u8>()], 0u8..3)
            .prop_map(|(on, state, flags)| Step::State { on, state, flags }),
        1 => (0usize..9, proptest::collection::vec(any::<u8>(), 0..60)).prop_map(|(on, octets)| Step::Octets { on, octets }),
        2 => (1u32..20).prop_map(Step::Wait),
        1 => prop_oneof![0u8..13, Just(254)].prop_map(Step::Set),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn anything_is_survived(is_primary: bool, steps in proptest::collection::vec(step(), 1..60)) {
        let captured = captured();
        let terms = if is_primary { Terms::primary() } else { Terms::secondary() };
        let mut bench = Bench::start(terms, PeerState::Recover, PeerState::Unknown, START);
        bench.dials = 0;
        for step in steps {
            let open: Vec<_> = bench.open.iter().copied().collect();
            let pick = |on: usize| open.get(on % open.len().max(1)).copied();
            let before = bench.sent.len() + bench.log.len();
            let mut octets_given = 0;
            match step {
                Step::Connect => {
                    bench.link_up_or_not();
                }
                Step::Dial if bench.dials > 0 => {
                    bench.dialled();
                }
                Step::Dial => {}
                Step::HangUp(on) => {
                    if let Some(connection) = pick(on) {
                        bench.hang_up(connection);
                    }
                }
                Step::Message { on, which, at, to, is_changed } => {
                    let mut octets = captured[which % captured.len()].clone();
                    // Clocks agree, so that handshakes succeed.
                    octets[4..8].copy_from_slice(&bench.now.wall.0.to_be_bytes());
                    if is_changed {
                        let at = at % octets.len();
                        octets[at] = to;
                    }
                    octets_given = octets.len();
                    if let Some(connection) = pick(on) {
                        bench.octets(connection, &octets);
                    }
                }
                Step::State { on, state, flags } => {
                    if let Some(connection) = pick(on) {
                        let body = crate::wire::failover::Body::State(crate::wire::failover::StateReport {
                            state: Some(state),
                            flags: Some(flags),
                            since: None,
                        });
                        bench.hear(connection, body);
                    }
                }
                Step::Octets { on, octets } => {
                    octets_given = octets.len();
                    if let Some(connection) = pick(on) {
                        bench.octets(connection, &octets);
                    }
                }
                Step::Wait(seconds) => {
                    bench.pass(seconds, None);
                    octets_given = 200 * seconds as usize;
                }
                Step::Set(state) => {
                    if let Some(state) = PeerState::from_number(state) {
                        bench.set_state(state);
                    }
                }
            }
            // At most some messages and lines for each message that came, and one for each of the ten addresses.
            let done = bench.sent.len() + bench.log.len() - before;
            prop_assert!(done <= 60 + octets_given / 2, "{done} for {octets_given}");
            for (_, message, _) in &bench.sent {
                prop_assert!(Message::parse(&message.emit()).is_ok());
            }
        }
    }
}
