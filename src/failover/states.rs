//! The state machine as tables (spec/failover.md 11). Pure.
//!
//! Where ISC's server ends, goes to shutdown for good or waits for a partner that waits for it, this one goes on in a way that
//! leads both servers back to normal.

use crate::leases::peer::{PeerState, Role};
use crate::wire::units::{Seconds, Timestamp};
use PeerState::{
    CommunicationsInterrupted as CommInt, ConflictDone, Normal, PartnerDown, Paused, PotentialConflict as Conflict,
    Recover, RecoverDone, RecoverWait, ResolutionInterrupted as Interrupted, Shutdown, Startup, Unknown,
};

/// What the partner's state brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Stay,
    Go(PeerState),
    /// Both are normal already: see whether the pools are to be balanced.
    CheckPools,
    /// To normal, but what the partner has to know of leases is sent first.
    UpdateAndGo,
    /// To recover if I have just started, else to potential-conflict.
    RecoverOrConflict,
    /// The partner sees a conflict where I see none: to potential-conflict. ISC goes to shutdown and stays there.
    UnexpectedConflict,
    /// The partner is normal and I see a conflict: begin again with a new link, which shows the partner the conflict at a
    /// moment at which it can take it. ISC goes to shutdown and stays there.
    UnexpectedNormal,
    /// The partner, the primary, has all my leases: ask for its own, if it was in potential-conflict before.
    RequestUpdates,
    /// Ask for all leases, unless that happens on leaving startup anyway.
    RequestAll,
    /// The same, with a line in the log.
    RequestAllAloud,
    /// The same, if it has not been asked for on this link. ISC's does not ask, and is never answered.
    RequestIfNew,
    /// To normal; both are in recover-done.
    BothRecovered,
    /// Stay, and tell the partner my state again by staying: it will come to potential-conflict. ISC's process ends.
    Odd,
    /// ISC's process ends where this goes on to normal: the partner has recovered, and knows what I know.
    OddNormal,
}
use Step::*;

/// The partner's states, in the order of the columns.
const COLUMNS: [PeerState; 11] = [
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
];

/// My state, and what happens for each of the partner's.
#[rustfmt::skip]
const TABLE: [(PeerState, [Step; COLUMNS.len()]); 8] = [
    //              normal            comm-int      partner-down       pot-conflict        res-interrupted     conflict-done       recover          recover-wait  recover-done   paused       shutdown
    (Normal,       [CheckPools,       Stay,         RecoverOrConflict, UnexpectedConflict, UnexpectedConflict, UnexpectedConflict, Go(PartnerDown), Stay,         Stay,          Go(CommInt), Go(PartnerDown)]),
    (CommInt,      [UpdateAndGo,      UpdateAndGo,  Go(Conflict),      Go(Conflict),       Go(Conflict),       Go(Conflict),       Go(PartnerDown), UpdateAndGo,  UpdateAndGo,   Stay,        Go(PartnerDown)]),
    (PartnerDown,  [Go(Conflict),     Go(Conflict), Go(Conflict),      Go(Conflict),       Go(Conflict),       Go(Conflict),       Stay,            Stay,         Go(Normal),    Stay,        Stay]),
    (Conflict,     [UnexpectedNormal, Stay,         Stay,              Stay,               Stay,               RequestUpdates,     Go(Recover),     Stay,         Stay,          Stay,        Go(PartnerDown)]),
    (Interrupted,  [Go(Conflict),     Go(Conflict), Go(Conflict),      Go(Conflict),       Go(Conflict),       Go(Conflict),       Go(Conflict),    Go(Conflict), Go(Conflict),  Stay,        Go(PartnerDown)]),
    (ConflictDone, [Go(Normal),       Odd,          Odd,               Stay,               Stay,               Odd,                Odd,             Odd,          OddNormal,     Odd,         Go(Shutdown)]),
    (Recover,      [Go(Conflict),     RequestAll,   RequestAll,        Go(Conflict),       Go(Conflict),       Go(Conflict),       RequestAllAloud, RequestIfNew, RequestIfNew,  RequestIfNew, Go(PartnerDown)]),
    (RecoverDone,  [Go(Normal),       Stay,         Stay,              Go(Conflict),       Go(Conflict),       Go(Conflict),       Stay,            Stay,         BothRecovered, Stay,        Go(PartnerDown)]),
];

/// What a report of the partner's state brings about. `mine` is the state before startup, if in startup; `partner_starts` is
/// the STARTUP flag.
pub fn on_partner_state(mine: PeerState, partner: PeerState, partner_starts: bool) -> Step {
    if mine == PartnerDown && partner_starts {
        return Stay;
    }
    if mine == ConflictDone && matches!(partner, Unknown | Startup) {
        return Odd;
    }
    let column = COLUMNS.iter().position(|state| *state == partner);
    let row = TABLE.iter().find(|(state, _)| *state == mine);
    row.zip(column).map_or(Stay, |((_, row), column)| row[column])
}

/// True if in that state a report of the state that the partner is known to be in is ignored.
pub fn ignores_repetition(mine: PeerState) -> bool {
    matches!(mine, Normal | Conflict | RecoverDone | Shutdown | Paused | RecoverWait)
}

/// Where a server in startup goes when the partner is where it was. ISC's stays apart for good from a partner that waits for
/// it or that sees a conflict.
pub fn after_startup(saved: PeerState, partner: PeerState, partner_starts: bool) -> PeerState {
    match (saved, on_partner_state(saved, partner, partner_starts)) {
        (Interrupted, _) | (Normal | PartnerDown | RecoverDone, UnexpectedConflict | Go(Conflict)) => Conflict,
        (PartnerDown | RecoverDone, Go(Normal) | BothRecovered) => Normal,
        (CommInt, UpdateAndGo) if partner == RecoverDone => Normal,
        _ => saved,
    }
}

/// Where the end of the link leads.
pub fn on_disconnect(mine: PeerState) -> PeerState {
    match mine {
        Normal => CommInt,
        Conflict | Unknown => Interrupted,
        mine => mine,
    }
}

/// What a state that is entered has to be known from.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub old: PeerState,
    pub new: PeerState,
    /// Since when it was in the old state.
    pub since: Timestamp,
    pub partner: PeerState,
    /// The partner knows of all leases.
    pub is_settled: bool,
    pub mclt: Seconds,
    pub now: Timestamp,
}

/// Since when the new state counts. Startup and recover-wait are no states of their own in this. A server that has just
/// started counts from before, but not in partner-down, where it would take over the partner's addresses without the wait:
/// unless it was in partner-down before.
pub fn since(entry: Entry, saved: PeerState) -> Timestamp {
    let is_new_partner_down = entry.new == PartnerDown && saved != PartnerDown;
    match (entry.old, entry.new) {
        (Shutdown, Recover) if entry.partner == PartnerDown && entry.is_settled => {
            Timestamp(entry.now.0.saturating_sub(entry.mclt.0))
        }
        (_, RecoverWait | Startup) => entry.since,
        (Startup, _) if !is_new_partner_down => entry.since,
        _ => entry.now,
    }
}

/// True if leaving that state means that all unacknowledged updates are sent again.
pub fn resends_on_leaving(old: PeerState) -> bool {
    matches!(old, Normal | Conflict | PartnerDown)
}

/// What the end of the partner's updates brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    Nothing,
    Go(PeerState),
    /// It was not asked for.
    Spurious,
    /// The partner, a secondary, is in conflict-done, which is the primary's: begin again with a new link.
    TwoPrimaries,
}

/// What UPDDONE brings about.
pub fn on_updates_done(role: Role, mine: PeerState, partner: PeerState, must_wait: bool) -> Completion {
    match (mine, role) {
        (Recover, _) if must_wait && !matches!(partner, Recover | RecoverDone) => Completion::Go(RecoverWait),
        (Recover, _) => Completion::Go(RecoverDone),
        (Conflict, Role::Primary) if partner == ConflictDone => Completion::TwoPrimaries,
        (Conflict, Role::Primary) => Completion::Go(ConflictDone),
        (Conflict, Role::Secondary) if partner == ConflictDone => Completion::Go(Normal),
        (Conflict, Role::Secondary) | (ConflictDone, _) => Completion::Spurious,
        _ => Completion::Nothing,
    }
}

/// True if a secondary with a new link has to see a conflict before it tells its state: an ISC primary that the record shows
/// resolving conflicts might be in conflict-done, in which its process ends when it is told of most states.
pub fn expects_conflict(role: Role, mine: PeerState, partner: PeerState) -> bool {
    let is_resolving = matches!(partner, Conflict | Interrupted | ConflictDone);
    let is_survived = matches!(mine, Normal | Shutdown | Conflict | Interrupted);
    role == Role::Secondary && is_resolving && !is_survived
}

/// True if a primary with a new link hears the partner's state before it tells its own: an ISC secondary that has come to
/// normal, which this server does not know, goes to shutdown when it is told of a conflict.
pub fn listens_first(role: Role, mine: PeerState) -> bool {
    role == Role::Primary && mine == ConflictDone
}

/// True if an administrator may set that state.
pub fn may_be_set(state: PeerState) -> bool {
    !matches!(state, Unknown | Startup)
}
