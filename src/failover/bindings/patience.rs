//! When two servers reach each other again, both have something to tell, and it crosses. ISC dhcpd takes the partner's word that
//! a client has released a lease even if it has given the client the lease again since, and then gives the address to another.
//! So the partner is heard first: for a moment it is told of no lease that has ended here.

use super::Bindings;
use crate::leases::lease::BindingState;
use crate::wire::units::{Seconds, Timestamp};

/// So long after the partner's last update it is taken to have told what it knew.
const QUIET: Seconds = Seconds(2);

/// However much the partner has to tell, this is the longest that leases which have ended wait.
const LONGEST: Seconds = Seconds(30);

/// How long the partner is heard first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    pub until: Timestamp,
    at_most: Timestamp,
}

impl Patience {
    fn new(now: Timestamp) -> Patience {
        Patience { until: now.plus(QUIET), at_most: now.plus(LONGEST) }
    }

    /// The partner has told of a lease.
    fn heard(self, now: Timestamp) -> Patience {
        Patience { until: now.plus(QUIET).min(self.at_most), ..self }
    }
}

/// True if the end of the client's lease is what there is to tell.
fn is_end(state: BindingState) -> bool {
    matches!(state, BindingState::Released | BindingState::Expired | BindingState::Reset)
}

impl Bindings {
    /// There is a link: the partner is heard first.
    pub fn linked(&mut self, now: Timestamp) {
        self.patience = Some(Patience::new(now));
    }

    /// The partner has told of a lease.
    pub(super) fn keep_patience(&mut self, now: Timestamp) {
        self.patience = self.patience.map(|patience| patience.heard(now));
    }

    /// Whatever was held back is told: the partner was heard, or asks.
    pub(super) fn lose_patience(&mut self) {
        self.patience = None;
        self.queue.let_go();
    }

    /// True if a lease in that state is not to be told yet.
    pub(super) fn holds_back(&self, state: BindingState) -> bool {
        self.patience.is_some() && is_end(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_lasts_while_the_partner_tells_and_not_for_ever() {
        let mut patience = Patience::new(Timestamp(100));
        assert_eq!(patience.until, Timestamp(102));
        for now in 101..200 {
            patience = patience.heard(Timestamp(now));
            assert_eq!(patience.until, Timestamp((now + 2).min(130)));
        }
    }
}
