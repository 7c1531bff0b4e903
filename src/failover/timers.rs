//! What a relationship waits for (spec/failover.md 9). Short waits are measured by the monotonic clock, so that setting the
//! clock cuts no link; what depends on times in records is compared with the wall clock.

use crate::wire::units::{Now, Seconds, Timestamp};

/// A wait by the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// In startup, for the partner.
    Startup,
    /// Before dialling again.
    Reconnect,
    /// Before sending CONTACT.
    Contact,
    /// Before giving up the link because the partner is silent.
    Receive,
    /// Before a state is told that an ISC partner might not survive without having told its own.
    Withheld,
    /// Before the partner is taken to be down.
    AutoPartnerDown,
    /// Before the server ends without the partner having taken over.
    Shutdown,
}

/// A wait for a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appointment {
    /// The end of recover-wait.
    RecoverDone,
}

const WAITS: [Wait; 7] = [
    Wait::Startup,
    Wait::Reconnect,
    Wait::Contact,
    Wait::Receive,
    Wait::Withheld,
    Wait::AutoPartnerDown,
    Wait::Shutdown,
];
const APPOINTMENTS: [Appointment; 1] = [Appointment::RecoverDone];

/// All waits of one relationship: at most one of each kind.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    /// Milliseconds of the monotonic clock.
    waits: [Option<u64>; WAITS.len()],
    appointments: [Option<Timestamp>; APPOINTMENTS.len()],
}

impl Timers {
    /// Waits from now; a wait of that kind that is pending is replaced.
    pub fn wait(&mut self, wait: Wait, now: Now, length: Seconds) {
        self.wait_millis(wait, now, u64::from(length.0) * 1000);
    }

    /// The same, in milliseconds.
    pub fn wait_millis(&mut self, wait: Wait, now: Now, length: u64) {
        self.waits[wait as usize] = Some(now.millis.saturating_add(length));
    }

    /// Waits no longer.
    pub fn cancel(&mut self, wait: Wait) {
        self.waits[wait as usize] = None;
    }

    /// True if there is such a wait.
    pub fn is_waiting(&self, wait: Wait) -> bool {
        self.waits[wait as usize].is_some()
    }

    /// Waits until that time; an appointment of that kind is replaced.
    pub fn appoint(&mut self, appointment: Appointment, at: Timestamp) {
        self.appointments[appointment as usize] = Some(at);
    }

    /// Calls it off.
    pub fn call_off(&mut self, appointment: Appointment) {
        self.appointments[appointment as usize] = None;
    }

    /// A wait that is over, which is forgotten; the earliest first.
    pub fn take_wait(&mut self, now: Now) -> Option<Wait> {
        let over = WAITS.into_iter().filter(|wait| self.waits[*wait as usize].is_some_and(|at| at <= now.millis));
        let wait = over.min_by_key(|wait| self.waits[*wait as usize])?;
        self.waits[wait as usize] = None;
        Some(wait)
    }

    /// An appointment whose time has come, which is forgotten.
    pub fn take_appointment(&mut self, now: Now) -> Option<Appointment> {
        let due = |at: &Appointment| self.appointments[*at as usize].is_some_and(|at| at <= now.wall);
        let appointment = APPOINTMENTS.into_iter().find(due)?;
        self.appointments[appointment as usize] = None;
        Some(appointment)
    }

    /// When the next wait is over.
    pub fn next_wait(&self) -> Option<u64> {
        self.waits.into_iter().flatten().min()
    }

    /// When the next appointment is.
    pub fn next_appointment(&self) -> Option<Timestamp> {
        self.appointments.into_iter().flatten().min()
    }
}
