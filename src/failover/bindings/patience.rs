//! When two servers reach each other again, both have something to tell, and it crosses. ISC dhcpd takes the partner's word that
//! a client has released a lease even if it has given the client the lease again since, and then gives the address to another.
//! So the partner is heard first: for a moment it is told of no lease that was given back here. (Of a lease that has run out it
//! may be told: it knows better until when it has prolonged the lease.)

use super::Bindings;
use crate::leases::lease::{BindingState, Lease};
use crate::wire::units::{Seconds, Timestamp};

/// So long after the partner's last update it is taken to have told what it knew.
const QUIET: Seconds = Seconds(2);

/// However much the partner has to tell, this is the longest that leases which were given back wait.
const LONGEST: Seconds = Seconds(30);

/// How long the partner is heard first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    since: Timestamp,
    pub until: Timestamp,
}

impl Patience {
    fn new(now: Timestamp) -> Patience {
        Patience { since: now, until: now.plus(QUIET) }
    }

    /// The partner has told of a lease.
    fn heard(self, now: Timestamp) -> Patience {
        Patience { until: now.plus(QUIET).min(self.since.plus(LONGEST)), ..self }
    }
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

    /// True if the lease is not to be told yet: it was given back, or taken away, before there was a link.
    pub(super) fn holds_back(&self, lease: &Lease) -> bool {
        let is_given_back = matches!(lease.state, BindingState::Released | BindingState::Reset);
        self.patience.is_some_and(|patience| is_given_back && lease.ends <= patience.since)
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
