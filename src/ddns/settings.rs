//! What is the same for all updates (spec/ddns.md 2).

use crate::wire::dns::guard::Style;
use std::net::IpAddr;

/// How names of others are found out and spared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflicts {
    /// `update-conflict-detection`: a name in use is another's unless its guard is ours.
    pub detects: bool,
    /// `ddns-dual-stack-mixed-mode`: names are shared with a server of the other family and style.
    pub mixed: bool,
    /// `ddns-guard-id-must-match`: the guard has to be this client's, not just any of our style.
    pub must_match: bool,
    /// `ddns-other-guard-is-dynamic`: addresses beside a guard of the other style may be replaced.
    pub other_is_dynamic: bool,
}

impl Default for Conflicts {
    fn default() -> Self {
        Conflicts { detects: true, mixed: false, must_match: true, other_is_dynamic: false }
    }
}

impl Conflicts {
    /// Without detection the rest is off.
    pub fn effective(self) -> Conflicts {
        match self.detects {
            true => self,
            false => Conflicts { detects: false, mixed: false, must_match: false, other_is_dynamic: false },
        }
    }
}

/// The settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `None`: no updates are made.
    pub style: Option<Style>,
    pub conflicts: Conflicts,
    /// Servers of these families can be reached.
    pub has_v4: bool,
    pub has_v6: bool,
    /// Whom to ask for zones and addresses, in this order.
    pub resolvers: Vec<IpAddr>,
}
