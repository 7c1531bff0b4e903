//! Serving pools that are shared with a failover partner (spec/failover.md 12, 13, 20): whether a client is answered by this
//! server at all, with which address, and for how long.

use super::dns;
use super::effect::Effect;
use super::engine::Engine;
use super::intake::{Request, SERVER_IDENTIFIER};
use super::scopes::Draft;
use super::LogKind;
use crate::config::model::{NetworkId, PoolId};
use crate::leases::dns::DnsRecord;
use crate::leases::lease::{BindingState, JournalPosition, Lease, LeaseId};
use crate::leases::peer::{self, Role, ServiceClass, Standing};
use crate::wire::units::{Now, Timestamp};
use std::net::Ipv4Addr;

/// What a REQUEST for a lease of a shared pool gets, if it is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Silent(&'static str),
    Nak(&'static str),
}

/// True if a client may have a lease: it is its own, or the address may go to anybody here.
fn is_usable(standing: &Standing, lease: &Lease, now: Timestamp) -> bool {
    lease.state == BindingState::Active
        || lease.rewind_state == BindingState::Active
        || standing.may_reallocate(lease, now)
}

/// Why a REQUEST for a lease is not served, from the lease's state.
fn refusal(standing: &Standing, lease: &Lease, now: Timestamp) -> Option<Refusal> {
    use BindingState::*;
    if standing.may_reallocate(lease, now) {
        return None;
    }
    match lease.state {
        Free | Backup => Some(Refusal::Silent("lease owned by peer")),
        Released if lease.rewind_state != Active => Some(Refusal::Silent("lease in transition state released")),
        Expired if lease.rewind_state != Active => Some(Refusal::Silent("lease in transition state expired")),
        Reset => Some(Refusal::Nak("lease reset by administrator")),
        Released | Expired | Active | Abandoned => None,
    }
}

impl Engine {
    /// Why leases of a pool are not given at present, with a blank before it; `None` if they are.
    pub(super) fn not_responding(&self, pool: PoolId) -> Option<&'static str> {
        self.store.standing(pool).filter(|standing| !standing.serves()).map(|standing| standing.reason)
    }

    /// True if the lease can go to another client.
    pub(super) fn is_reallocatable(&self, lease: &Lease, now: Timestamp) -> bool {
        match self.store.standing(lease.pool) {
            Some(standing) => standing.may_reallocate(lease, now),
            None => matches!(lease.state, BindingState::Free | BindingState::Backup),
        }
    }

    /// True if a DISCOVER may be answered with a lease that was found.
    pub(super) fn is_offerable(&self, id: LeaseId, now: Timestamp) -> bool {
        let lease = self.store.get(id);
        self.store.standing(lease.pool).is_none_or(|standing| is_usable(standing, lease, now))
    }

    /// True if the partner has addresses to give on a shared network.
    pub(super) fn partner_has_leases(&self, network: NetworkId) -> bool {
        let Some(network) = self.config.networks.get(network.index()) else { return false };
        network.pools.iter().any(|pool| {
            self.store.standing(*pool).is_some_and(|standing| {
                let counts = self.store.counts(*pool);
                match standing.role {
                    Role::Primary => counts.backup > 0,
                    Role::Secondary => counts.free > 0,
                }
            })
        })
    }

    /// The partner by whose part of the load the client is, if it is.
    pub(super) fn load_balanced_to(&self, request: &Request<'_>, pool: PoolId) -> Option<&str> {
        let standing = self.store.standing(pool).filter(|standing| standing.service == ServiceClass::Cooperating)?;
        let secs = peer::seconds_waited(request.header.secs, self.settings.check_secs_byte_order);
        let key = request.uid().unwrap_or(request.hardware.address());
        let is_mine = standing.balance.is_mine(standing.role, key, secs);
        self.peer_name(pool).filter(|_| !is_mine)
    }

    /// The first address of a shared pool that may be given to anybody: my own first, the partner's if it may be taken and
    /// was free for longer.
    pub(super) fn shared_candidate(&mut self, now: Now, pool: PoolId) -> Option<LeaseId> {
        let role = self.store.standing(pool)?.role;
        let (mine, others) = match role {
            Role::Primary => (self.store.first_free(pool), self.store.first_backup(pool)),
            Role::Secondary => (self.store.first_backup(pool), self.store.first_free(pool)),
        };
        let may_take = |id: &LeaseId| self.is_reallocatable(self.store.get(*id), now.wall);
        let ends = |id: LeaseId| self.store.get(id).ends;
        let taken = others.filter(|id| mine.is_none_or(|mine| ends(mine) > ends(*id))).filter(may_take);
        taken.or(mine).or_else(|| self.store.first_abandoned(pool).filter(may_take))
    }

    /// Why a REQUEST for a lease of a shared pool is not served; a NAK is sent here. True if it was dealt with.
    pub(super) fn refuses_request(
        &mut self,
        now: Now,
        request: &Request<'_>,
        id: LeaseId,
        message: &str,
        out: &mut Vec<Effect>,
    ) -> bool {
        let lease = self.store.get(id);
        let Some(standing) = self.store.standing(lease.pool) else { return false };
        let mut log = |kind, reason: &str| out.push(Effect::Log(kind, format!("{message}: {reason}")));
        if !standing.serves() {
            log(LogKind::Info, &format!("not responding{}", standing.reason));
            return true;
        }
        match refusal(standing, lease, now.wall) {
            Some(Refusal::Silent(reason)) => log(LogKind::Debug, reason),
            Some(Refusal::Nak(reason)) => {
                log(LogKind::Debug, reason);
                let address = lease.address;
                let scope =
                    self.config.range_of(address).and_then(|(_, subnet)| self.config.subnets.get(subnet.index()));
                let scope = scope.map(|subnet| subnet.scope);
                self.nak(now, request, address, scope, out);
            }
            None if self.settings.server_id_check && !self.is_for_me(now, request, out) => {
                out.push(Effect::Log(LogKind::Debug, format!("{message}: not our server id")));
            }
            None => return false,
        }
        true
    }

    /// True unless the request names another server.
    fn is_for_me(&mut self, now: Now, request: &Request<'_>, out: &mut Vec<Effect>) -> bool {
        let named = request.option(SERVER_IDENTIFIER).and_then(|id| <[u8; 4]>::try_from(id).ok()).map(Ipv4Addr::from);
        match named {
            Some(named) if !named.is_unspecified() => {
                let mut draft = Draft::global(now, Some(request));
                let network = request.network.and_then(|network| self.config.networks.get(network.index()));
                if let Some(scope) = network.map(|network| network.scope) {
                    self.run_scopes(&mut draft, scope, None, out);
                }
                self.put_server_identifier(&mut draft, request) == named
            }
            _ => true,
        }
    }

    /// An offer holds a free address for the client. A lease of a shared pool that is a client's, or was and whose end the
    /// partner does not know yet, needs no hold, and its times must not change: the partner would be told. (ISC's do.)
    pub(super) fn keep_terms(&self, old: &Lease, new: &mut Lease) {
        let is_idle = matches!(old.state, BindingState::Free | BindingState::Backup);
        if self.store.peer_of(old.pool).is_some() && !is_idle {
            (new.starts, new.ends, new.cltt) = (old.starts, old.ends, old.cltt);
        }
    }

    /// Limits the length of a lease of a shared pool by what the partner knows, and notes in the new record what it will be
    /// told (spec/failover.md 13). `time` is what the client would get without a partner.
    pub(super) fn limit_by_partner(&self, now: Now, commits: bool, time: u32, old: &Lease, new: &mut Lease) -> u32 {
        let Some(standing) = self.store.standing(old.pool) else { return time };
        let granted = peer::granted(time, standing.mclt, old.tsfp(), now.wall);
        if commits {
            new.tstp = peer::potential_expiry(time, granted, now.wall);
            new.set_tsfp(old.tsfp().min(new.tstp));
        } else {
            new.tstp = old.tstp;
        }
        granted
    }

    /// New contents for a lease on behalf of failover: what changing its state brings about, then the change. `propagate`:
    /// the partner has to be told. What the record has to wait for.
    pub fn install(
        &mut self,
        now: Now,
        id: LeaseId,
        mut new: Lease,
        propagate: bool,
        out: &mut Vec<Effect>,
    ) -> JournalPosition {
        self.forget_pending(id);
        let old = self.store.get(id);
        let is_other_client = old.hardware != new.hardware || old.uid != new.uid;
        if new.state == BindingState::Active && is_other_client && dns::record(old) != DnsRecord::default() {
            self.remove_names(old, false, out);
            dns::forget_names(&mut new);
        }
        let change = if propagate { super::transitions::Change::EVENT } else { super::transitions::Change::PARTNER };
        self.supersede(now, id, new, change, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leases::peer::PeerState;
    use crate::leases::store::virgin_lease;
    use crate::wire::units::Seconds;

    /// spec/failover.md 12, table of REQUEST: state, rewind state, and what primary and secondary say in normal.
    #[test]
    fn requests_by_state() {
        use BindingState::*;
        let silent = |reason| Some(Refusal::Silent(reason));
        let table = [
            (Free, Free, None, silent("lease owned by peer")),
            (Backup, Backup, silent("lease owned by peer"), None),
            (Active, Free, None, None),
            (Released, Active, None, None),
            (Released, Free, None, silent("lease in transition state released")),
            (Expired, Backup, silent("lease in transition state expired"), None),
            (
                Reset,
                Free,
                Some(Refusal::Nak("lease reset by administrator")),
                Some(Refusal::Nak("lease reset by administrator")),
            ),
        ];
        for (state, rewind, primary, secondary) in table {
            let mut lease = virgin_lease(Ipv4Addr::LOCALHOST, PoolId(0));
            (lease.state, lease.rewind_state) = (state, rewind);
            for (role, want) in [(Role::Primary, primary), (Role::Secondary, secondary)] {
                let mut standing = Standing::new(role, Timestamp(10));
                standing.set_states(PeerState::Normal, Timestamp(10), PeerState::Normal);
                standing.mclt = Seconds(30);
                assert_eq!(refusal(&standing, &lease, Timestamp(1000)), want, "{state:?} {rewind:?} {role:?}");
            }
        }
    }
}
