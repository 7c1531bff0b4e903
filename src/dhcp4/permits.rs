//! May a client use a pool (spec/dhcpv4.md 8.2)? Pure.

use crate::config::model::{Config, PermitRule, Pool, PoolId};
use crate::wire::units::Timestamp;

/// What of a client the lists of a pool look at.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// It matched a host declaration, on whatever network.
    pub known: bool,
    /// It speaks BOOTP, or its options are invalid.
    pub bootp: bool,
    /// Names of the classes it is in, and of their superclasses.
    pub classes: &'a [crate::config::model::ClassId],
    pub now: Timestamp,
}

impl Visitor<'_> {
    /// True if no entry of the prohibit list matches, and one of the permit list does or there is none.
    pub fn may_use(&self, config: &Config, pool: PoolId) -> bool {
        config.pools.get(pool.index()).is_some_and(|pool| self.passes(config, pool))
    }

    fn passes(&self, config: &Config, pool: &Pool) -> bool {
        let matches = |rule: &PermitRule| self.matches(config, rule);
        !pool.prohibit.iter().any(matches) && (pool.permit.is_empty() || pool.permit.iter().any(matches))
    }

    fn matches(&self, config: &Config, rule: &PermitRule) -> bool {
        match rule {
            PermitRule::KnownClients => self.known,
            PermitRule::UnknownClients => !self.known,
            PermitRule::AllClients | PermitRule::UnauthenticatedClients => true,
            PermitRule::DynamicBootpClients => self.bootp,
            // Nobody ever authenticates.
            PermitRule::AuthenticatedClients => false,
            PermitRule::MembersOf(class) => self.classes.iter().any(|member| {
                let superclass = config.classes.get(member.index()).and_then(|c| c.superclass.as_ref());
                member == class || superclass.is_some_and(|(superclass, _)| superclass == class)
            }),
            PermitRule::After(date) => self.now > *date,
        }
    }
}
