//! Entering states, and what brings them about (spec/failover.md 11).

use super::states::{self, Completion, Entry, Step};
use super::timers::{Appointment, Wait};
use super::work::Work;
use super::LogKind;
use crate::leases::peer::PeerState;
use crate::wire::failover::{StateReport, FLAG_STARTUP};
use crate::wire::units::{Seconds, Timestamp};

/// How long a server that has started waits for its partner.
const STARTUP: Seconds = Seconds(15);

impl Work<'_> {
    /// Enters a state: the common procedure.
    pub fn enter(&mut self, new: PeerState) {
        let old = self.me.standing.state;
        if states::resends_on_leaving(old) {
            self.me.bindings.rescind();
        }
        self.me.standing.since = self.since(new);
        if new == PeerState::Startup && old != PeerState::Startup {
            self.me.saved = old;
        }
        self.me.standing.state = new;
        self.record();
        self.log(
            LogKind::Info,
            format!("failover peer {}: I move from {} to {}", self.me.name(), old.name(), new.name()),
        );
        self.log_if_both_are_normal();
        if new != PeerState::Startup {
            self.me.timers.cancel(Wait::Startup);
        }
        self.me.timers.cancel(Wait::AutoPartnerDown);
        self.me.timers.call_off(Appointment::RecoverDone);
        self.publish();
        self.send_state();
        self.begin(new);
    }

    fn since(&self, new: PeerState) -> Timestamp {
        let standing = &self.me.standing;
        let entry = Entry {
            old: standing.state,
            new,
            since: standing.since,
            partner: standing.partner,
            is_settled: self.me.bindings.is_settled(),
            mclt: standing.mclt,
            now: self.now.wall,
        };
        states::since(entry, self.me.effective_state())
    }

    /// What a state begins with.
    fn begin(&mut self, new: PeerState) {
        match new {
            PeerState::Startup => self.me.timers.wait(Wait::Startup, self.now, STARTUP),
            PeerState::Normal => self.share(),
            PeerState::CommunicationsInterrupted => {
                let length = self.me.settings.auto_partner_down;
                if length.0 != 0 {
                    self.me.timers.wait(Wait::AutoPartnerDown, self.now, length);
                }
            }
            PeerState::PotentialConflict
                if self.me.is_primary() || self.me.standing.partner == PeerState::ConflictDone =>
            {
                self.request_updates();
            }
            PeerState::Recover if self.me.link.is_some() => self.request_all_updates(),
            PeerState::RecoverWait => {
                if self.must_wait() {
                    let until = self.me.standing.since.plus(self.me.standing.mclt);
                    self.me.timers.appoint(Appointment::RecoverDone, until);
                } else {
                    self.recover_done();
                }
            }
            _ => {}
        }
    }

    /// True if leases that the partner may not know of have not ended yet.
    fn must_wait(&self) -> bool {
        self.me.standing.since.plus(self.me.standing.mclt) > self.now.wall
    }

    fn log_if_both_are_normal(&mut self) {
        if (self.me.standing.state, self.me.standing.partner) == (PeerState::Normal, PeerState::Normal) {
            self.log(LogKind::Info, format!("failover peer {}: Both servers normal", self.me.name()));
        }
    }

    /// The link is gone, or startup is over without one.
    pub fn disconnected(&mut self) {
        (self.me.has_heard, self.me.has_asked) = (false, false);
        if self.me.link.take().is_some() {
            self.log(LogKind::Info, format!("peer {}: disconnected", self.me.name()));
            self.me.bindings.unlinked();
        }
        for wait in [Wait::Contact, Wait::Receive, Wait::Startup, Wait::Withheld] {
            self.me.timers.cancel(wait);
        }
        let mine = self.me.effective_state();
        let next = states::on_disconnect(mine);
        if next != self.me.standing.state {
            self.enter(next);
        }
    }

    /// STATE has arrived on the link.
    pub fn partner_reports(&mut self, report: StateReport) {
        self.hear(report);
        if self.me.timers.is_waiting(Wait::Withheld) {
            self.send_state();
        }
    }

    fn hear(&mut self, report: StateReport) {
        let number = report.state.unwrap_or_default();
        let Some(reported) = PeerState::from_number(number) else {
            // ISC goes to shutdown; a partner that makes sense again finds this server where it was.
            self.log(LogKind::Error, format!("failover peer {}: Invalid state: {number}", self.me.name()));
            return self.close_link();
        };
        let previous = self.me.standing.partner;
        let is_starting = report.flags.unwrap_or_default() & FLAG_STARTUP != 0;
        self.me.has_heard = true;
        if reported == previous {
            if self.me.is_starting() {
                return self.enter(states::after_startup(self.me.saved, reported, is_starting));
            }
            if states::ignores_repetition(self.me.standing.state) {
                return;
            }
        }
        self.me.standing.partner = reported;
        self.me.partner_since = self.now.wall;
        let (name, old, new) = (self.me.name(), previous.name(), reported.name());
        self.log(LogKind::Info, format!("failover peer {name}: peer moves from {old} to {new}"));
        self.log_if_both_are_normal();
        self.record();
        self.take(states::on_partner_state(self.me.effective_state(), reported, is_starting), previous);
        if self.me.is_starting() {
            self.enter(self.me.saved);
        }
        self.publish();
    }

    /// Takes a step that the partner's new state brings about.
    fn take(&mut self, step: Step, previous: PeerState) {
        let partner = self.me.standing.partner;
        match step {
            Step::Stay => {}
            Step::Go(state) => self.enter(state),
            Step::CheckPools => self.check_pools(),
            Step::UpdateAndGo => {
                self.send_updates();
                self.enter(PeerState::Normal);
            }
            Step::RecoverOrConflict if self.me.is_starting() => self.enter(PeerState::Recover),
            Step::RecoverOrConflict => self.enter(PeerState::PotentialConflict),
            Step::UnexpectedConflict => {
                let (name, old, new) = (self.me.name(), previous.name(), partner.name());
                self.log(LogKind::Error, format!("Peer {name}: Invalid state transition {old} to {new}."));
                self.enter(PeerState::PotentialConflict);
            }
            Step::UnexpectedNormal => {
                let text = "moves to normal during conflict resolution: beginning again with a new connection.";
                self.log(LogKind::Error, format!("Peer {} {text}", self.me.name()));
                self.close_link();
            }
            Step::RequestUpdates if previous == PeerState::PotentialConflict => self.request_updates(),
            Step::RequestUpdates => {
                self.log(LogKind::Error, format!("Peer {}: Unexpected move to conflict-done.", self.me.name()));
            }
            Step::RequestAll => self.request_all_unless_starting(),
            Step::RequestIfNew if self.me.has_asked => {}
            Step::RequestIfNew => self.request_all_unless_starting(),
            Step::RequestAllAloud => {
                let name = self.me.name();
                self.log(LogKind::Info, format!("failover peer {name}: requesting full update from peer"));
                self.request_all_unless_starting();
            }
            Step::BothRecovered => {
                self.log(LogKind::Error, "Both servers have entered recover-done!".into());
                self.enter(PeerState::Normal);
            }
            Step::Odd | Step::OddNormal => {
                let (name, old, new) = (self.me.name(), previous.name(), partner.name());
                let text = format!(
                    "Peer {name}: Invalid attempt to move from {old} to {new} while local state is conflict-done."
                );
                self.log(LogKind::Error, text);
                if step == Step::OddNormal {
                    self.enter(PeerState::Normal);
                }
            }
        }
    }

    /// A server that leaves startup for recover asks then.
    fn request_all_unless_starting(&mut self) {
        if !self.me.is_starting() {
            self.request_all_updates();
        }
    }

    /// UPDDONE has arrived on the link.
    pub fn updates_done(&mut self) {
        self.log(LogKind::Info, format!("failover peer {}: peer update completed.", self.me.name()));
        self.me.awaits_all = false;
        let standing = &self.me.standing;
        let completion = states::on_updates_done(standing.role, standing.state, standing.partner, self.must_wait());
        match completion {
            Completion::Nothing => {}
            Completion::Go(state) => self.enter(state),
            Completion::Spurious => self.log(LogKind::Error, "Spurious update-done message.".into()),
            Completion::TwoPrimaries => {
                let text = "Secondary is in conflict_done state after conflict resolution, this is illegal.";
                self.log(LogKind::Error, text.into());
                self.close_link();
            }
        }
    }

    /// The wait for leases that the partner may not know of is over. A partner that told its state meanwhile, when it moved
    /// nothing, is not going to tell it again.
    pub fn recover_done(&mut self) {
        if self.me.standing.state != PeerState::RecoverWait {
            return;
        }
        self.enter(PeerState::RecoverDone);
        if self.me.has_heard {
            let partner = self.me.standing.partner;
            self.take(states::on_partner_state(PeerState::RecoverDone, partner, false), partner);
        }
    }

    /// The link is new: tells my state, unless an ISC partner might not survive it.
    pub fn introduce(&mut self) {
        let (role, mine) = (self.me.standing.role, self.me.effective_state());
        if states::expects_conflict(role, mine, self.me.standing.partner) {
            self.enter(PeerState::PotentialConflict);
        } else if states::listens_first(role, mine) {
            self.me.timers.wait(Wait::Withheld, self.now, Seconds(2));
        } else {
            self.send_state();
        }
    }
}
