//! Handing over to the partner before the server ends (spec/failover.md 23).

use super::timers::Wait;
use super::work::Work;
use crate::leases::peer::PeerState;
use crate::wire::units::Seconds;

/// How long the partner has to take over.
const HAND_OVER: Seconds = Seconds(5);

impl Work<'_> {
    /// The server is going to end: a relationship in normal is handed over.
    pub fn begin_shutdown(&mut self) {
        if self.me.standing.state == PeerState::Normal {
            self.enter(PeerState::Shutdown);
        }
        if self.me.standing.state == PeerState::Shutdown {
            self.me.timers.wait(Wait::Shutdown, self.now, HAND_OVER);
            self.go_if_handed_over();
        }
    }

    /// The partner has taken over, perhaps.
    pub fn go_if_handed_over(&mut self) {
        if self.me.timers.is_waiting(Wait::Shutdown) && self.me.standing.partner == PeerState::PartnerDown {
            self.end_shutdown();
        }
    }

    /// The partner has taken over, or was given the time to.
    pub fn end_shutdown(&mut self) {
        self.me.timers.cancel(Wait::Shutdown);
        self.close_link();
        if self.me.standing.state == PeerState::Shutdown {
            self.enter(PeerState::Recover);
        }
    }
}
