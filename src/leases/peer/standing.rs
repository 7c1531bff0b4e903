//! Where a relationship stands, as far as the DHCP service depends on it (spec/failover.md 10 and 12).

use super::balance::LoadBalance;
use crate::wire::units::{Seconds, Timestamp};

/// Which of the two servers this is; the numbers are OMAPI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    Primary = 0,
    Secondary = 1,
}

/// A server's state; the numbers are those of the wire, `RecoverWait`'s is ISC's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PeerState {
    #[default]
    Unknown = 0,
    Startup = 1,
    Normal = 2,
    CommunicationsInterrupted = 3,
    PartnerDown = 4,
    PotentialConflict = 5,
    Recover = 6,
    Paused = 7,
    Shutdown = 8,
    RecoverDone = 9,
    ResolutionInterrupted = 10,
    ConflictDone = 11,
    RecoverWait = 254,
}

/// How a server in a state treats clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceClass {
    Startup,
    Cooperating,
    NotCooperating,
    PartnerDown,
    #[default]
    NotResponding,
}

/// State, name in log and lease file, service class, and why clients are not answered.
const STATES: [(PeerState, &str, ServiceClass, &str); 13] = [
    (PeerState::Unknown, "unknown-state", ServiceClass::NotResponding, " (my state unknown)"),
    (PeerState::Startup, "startup", ServiceClass::Startup, " (startup)"),
    (PeerState::Normal, "normal", ServiceClass::Cooperating, ""),
    (PeerState::CommunicationsInterrupted, "communications-interrupted", ServiceClass::NotCooperating, ""),
    (PeerState::PartnerDown, "partner-down", ServiceClass::PartnerDown, ""),
    (PeerState::PotentialConflict, "potential-conflict", ServiceClass::NotResponding, " (resolving conflicts)"),
    (PeerState::Recover, "recover", ServiceClass::NotResponding, " (recovering)"),
    (PeerState::Paused, "paused", ServiceClass::NotResponding, " (paused)"),
    (PeerState::Shutdown, "shutdown", ServiceClass::NotResponding, " (shut down)"),
    (PeerState::RecoverDone, "recover-done", ServiceClass::NotResponding, " (recover done)"),
    (PeerState::ResolutionInterrupted, "resolution-interrupted", ServiceClass::NotResponding, " (resolving conflicts)"),
    (PeerState::ConflictDone, "conflict-done", ServiceClass::NotResponding, " (resolving conflicts)"),
    (PeerState::RecoverWait, "recover-wait", ServiceClass::NotResponding, " (recover wait)"),
];

impl PeerState {
    /// All states.
    pub fn all() -> impl Iterator<Item = PeerState> {
        STATES.into_iter().map(|row| row.0)
    }

    fn row(self) -> (PeerState, &'static str, ServiceClass, &'static str) {
        STATES.into_iter().find(|row| row.0 == self).unwrap_or(STATES[0])
    }

    /// The state of a number on the wire; `None` if there is none.
    pub fn from_number(number: u8) -> Option<PeerState> {
        PeerState::all().find(|state| *state as u8 == number)
    }

    /// The state of a word in the lease file, in any case.
    pub fn named(word: &[u8]) -> Option<PeerState> {
        PeerState::all().find(|state| state.name().as_bytes().eq_ignore_ascii_case(word))
    }

    /// Its name in log and lease file.
    pub fn name(self) -> &'static str {
        self.row().1
    }
}

/// Clocks that differ by no more than so many seconds agree.
const AGREEMENT: i64 = 1;

/// Where a relationship stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub role: Role,
    /// My state, and since when.
    pub state: PeerState,
    pub since: Timestamp,
    /// The last one the partner told.
    pub partner: PeerState,
    pub service: ServiceClass,
    /// Why clients are not answered, with a blank before it; empty if they are.
    pub reason: &'static str,
    pub mclt: Seconds,
    /// By how many seconds my clock is ahead of the partner's; negative if it is behind.
    pub skew: i64,
    pub balance: LoadBalance,
}

impl Standing {
    /// A relationship that nothing is known of: nobody is served.
    pub fn new(role: Role, since: Timestamp) -> Standing {
        Standing {
            role,
            state: PeerState::Startup,
            since,
            partner: PeerState::Unknown,
            service: ServiceClass::Startup,
            reason: " (startup)",
            mclt: Seconds(0),
            skew: 0,
            balance: LoadBalance::default(),
        }
    }

    /// Takes over both states; service class and reason follow. The partner's state may forbid service.
    pub fn set_states(&mut self, state: PeerState, since: Timestamp, partner: PeerState) {
        let (_, _, service, reason) = state.row();
        (self.state, self.since, self.partner) = (state, since, partner);
        (self.service, self.reason) = match partner {
            _ if service == ServiceClass::NotResponding => (service, reason),
            PeerState::PartnerDown => (ServiceClass::NotResponding, " (peer demands: recovering)"),
            PeerState::PotentialConflict | PeerState::ConflictDone | PeerState::ResolutionInterrupted => {
                (ServiceClass::NotResponding, " (peer demands: resolving conflicts)")
            }
            _ => (service, reason),
        };
    }

    /// A time by the partner's clock, by mine. A second is within what clocks that agree may show.
    pub fn by_my_clock(&self, at: Timestamp) -> Timestamp {
        if self.skew.abs() <= AGREEMENT || matches!(at, Timestamp::UNSET | Timestamp::NEVER) {
            return at;
        }
        let mine = i64::from(at.0).saturating_add(self.skew);
        Timestamp(mine.clamp(1, i64::from(Timestamp::NEVER.0) - 1) as u32)
    }

    /// True if clients are answered.
    pub fn serves(&self) -> bool {
        matches!(self.service, ServiceClass::Cooperating | ServiceClass::NotCooperating | ServiceClass::PartnerDown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_found_by_number_and_by_name() {
        for state in PeerState::all() {
            assert_eq!(PeerState::from_number(state as u8), Some(state));
            assert_eq!(PeerState::named(state.name().to_ascii_uppercase().as_bytes()), Some(state));
        }
        assert_eq!(PeerState::from_number(12), None);
        assert_eq!(PeerState::named(b"backup"), None);
    }

    /// spec/failover.md 10: what a client that is not answered is told to be the reason, in the log.
    #[test]
    fn reasons_by_state() {
        let table = [
            (PeerState::Unknown, " (my state unknown)"),
            (PeerState::Startup, " (startup)"),
            (PeerState::Normal, ""),
            (PeerState::CommunicationsInterrupted, ""),
            (PeerState::PartnerDown, ""),
            (PeerState::PotentialConflict, " (resolving conflicts)"),
            (PeerState::Recover, " (recovering)"),
            (PeerState::Paused, " (paused)"),
            (PeerState::Shutdown, " (shut down)"),
            (PeerState::RecoverDone, " (recover done)"),
            (PeerState::ResolutionInterrupted, " (resolving conflicts)"),
            (PeerState::ConflictDone, " (resolving conflicts)"),
            (PeerState::RecoverWait, " (recover wait)"),
        ];
        assert_eq!(table.len(), PeerState::all().count());
        for (state, reason) in table {
            let mut standing = Standing::new(Role::Secondary, Timestamp(5));
            standing.set_states(state, Timestamp(6), PeerState::Normal);
            assert_eq!((standing.reason, standing.serves()), (reason, reason.is_empty()), "{state:?}");
        }
    }

    #[test]
    fn times_are_read_by_my_clock() {
        let mut standing = Standing::new(Role::Primary, Timestamp(5));
        let read = |standing: &Standing, at| standing.by_my_clock(Timestamp(at)).0;
        assert_eq!(read(&standing, 1000), 1000);
        standing.skew = -1;
        assert_eq!(read(&standing, 1000), 1000);
        standing.skew = -30;
        assert_eq!((read(&standing, 1000), read(&standing, 0), read(&standing, 7)), (970, 0, 1));
        assert_eq!(standing.by_my_clock(Timestamp::NEVER), Timestamp::NEVER);
    }

    /// spec/failover.md 10.
    #[test]
    fn the_partner_may_forbid_service() {
        let mut standing = Standing::new(Role::Primary, Timestamp(5));
        assert!(!standing.serves());
        standing.set_states(PeerState::Normal, Timestamp(6), PeerState::Normal);
        assert!(standing.serves());
        assert_eq!(standing.reason, "");
        standing.set_states(PeerState::Startup, Timestamp(6), PeerState::PartnerDown);
        assert_eq!(standing.service, ServiceClass::NotResponding);
        assert_eq!(standing.reason, " (peer demands: recovering)");
        standing.set_states(PeerState::CommunicationsInterrupted, Timestamp(6), PeerState::ConflictDone);
        assert_eq!(standing.reason, " (peer demands: resolving conflicts)");
        standing.set_states(PeerState::Recover, Timestamp(6), PeerState::PartnerDown);
        assert_eq!(standing.reason, " (recovering)");
    }
}
