//! `pool` and `pool6`: permits, failover peers, merging (spec/config-language.md 6.2, 7.3).

use super::declare::{end_of, Declarer};
use super::model::{PermitRule, Pool, Pool6};
use super::place::{BlockKind, Place};
use super::state::{MergeKey, PermitKey, Step};
use crate::syntax::ast::{Block, Kind, Name, Permit};
use crate::syntax::source::Span;
use crate::wire::units::Timestamp;

/// The permits of a pool being read, of either family.
#[derive(Default)]
pub struct Permits {
    pub permit: Vec<PermitRule>,
    pub prohibit: Vec<PermitRule>,
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
}

impl Declarer<'_> {
    /// `pool { ... }` of a subnet or shared network.
    pub fn pool(&mut self, place: &Place, body: Block, span: Span) -> Step {
        let Some(network) = place.network else { return Ok(()) };
        let parent = self.state.networks[network.index()].scope;
        let mut pool = Pool {
            network,
            scope: self.state.new_scope(parent),
            permit: Vec::new(),
            prohibit: Vec::new(),
            ranges: Vec::new(),
            failover_peer: self.state.networks[network.index()].failover_peer,
            valid_from: None,
            valid_until: None,
        };
        let mut permits = Permits::default();
        let mut inner = Place::new(BlockKind::Other, pool.scope);
        for statement in body {
            let at = statement.span;
            match statement.kind {
                Kind::NoPeer => pool.failover_peer = None,
                Kind::UsePeer { name, quoted } => self.pool_peer(&mut pool, &name, quoted),
                Kind::Range { dynamic_bootp, low, high } => {
                    self.range(place, Some(&mut pool), dynamic_bootp, low, high, at)?;
                }
                Kind::Permit { allow, permit } => self.permit(&mut permits, allow, &permit, at),
                _ => self.statement(&mut inner, None, statement)?,
            }
        }
        (pool.permit, pool.prohibit) = (permits.permit, permits.prohibit);
        (pool.valid_from, pool.valid_until) = (permits.valid_from, permits.valid_until);
        let empty = pool.ranges.is_empty();
        self.merge_or_add(pool);
        if empty {
            self.state.log.complain(end_of(span), "empty-block", "Pool declaration with no address range.");
            self.state.log.error("Pool declarations must always contain at least");
            self.state.log.error("one range statement.");
        }
        Ok(())
    }

    /// A pool without statements goes into an earlier one that is like it.
    fn merge_or_add(&mut self, pool: Pool) {
        let plain = self.state.scope(pool.scope).statements.is_empty();
        let draft = &self.state.drafts[pool.network.index()];
        match draft.mergeable.get(&merge_key(&pool)).filter(|_| plain) {
            Some(earlier) => self.state.pools[earlier.index()].ranges.extend(pool.ranges),
            None => {
                self.add_pool(pool);
            }
        }
    }

    /// `failover peer "NAME";`
    fn pool_peer(&mut self, pool: &mut Pool, name: &Name, quoted: bool) {
        if !quoted {
            self.state.log.complain(name.span, "unknown-peer", "expecting string.");
            return;
        }
        pool.failover_peer = self.state.peer_named(&name.text);
        match pool.failover_peer {
            Some(peer) => self.state.peers[peer.index()].referring_pools += 1,
            None => {
                let text = format!("failover peer {}: not found", name.text);
                self.state.log.complain(name.span, "unknown-peer", text);
            }
        }
    }

    /// `pool6 { ... }` of a subnet.
    pub fn pool6(&mut self, place: &Place, body: Block, span: Span) -> Step {
        let Some(network) = place.network else { return Ok(()) };
        let mut pool = Pool6 {
            scope: self.state.new_scope(place.scope),
            permit: Vec::new(),
            prohibit: Vec::new(),
            ranges: Vec::new(),
            prefixes: Vec::new(),
            valid_from: None,
            valid_until: None,
        };
        let mut permits = Permits::default();
        let mut inner = Place::new(BlockKind::Other, pool.scope);
        for statement in body {
            let at = statement.span;
            match statement.kind {
                Kind::Range6 { low, rest } => self.range6(place, Some(&mut pool), low, rest, at)?,
                Kind::Prefix6 { low, high, length } => self.prefix6(place, Some(&mut pool), low, high, length, at),
                Kind::Permit { allow, permit } => self.permit(&mut permits, allow, &permit, at),
                _ => self.statement(&mut inner, None, statement)?,
            }
        }
        (pool.permit, pool.prohibit) = (permits.permit, permits.prohibit);
        (pool.valid_from, pool.valid_until) = (permits.valid_from, permits.valid_until);
        if pool.ranges.is_empty() && pool.prefixes.is_empty() {
            self.state.log.complain(
                end_of(span),
                "empty-block",
                "Pool6 declaration with no address range6 or prefix6.",
            );
            self.state.log.error("Pool6 declarations must always contain at least");
            self.state.log.error("one range6 or prefix6 statement.");
        }
        self.state.networks[network.index()].pools6.push(pool);
        Ok(())
    }

    /// `allow` or `deny` of clients.
    fn permit(&mut self, permits: &mut Permits, allow: bool, permit: &Permit, span: Span) {
        let rule = match permit {
            Permit::KnownClients => PermitRule::KnownClients,
            Permit::UnknownClients => PermitRule::UnknownClients,
            Permit::AllClients => PermitRule::AllClients,
            Permit::DynamicBootpClients => PermitRule::DynamicBootpClients,
            Permit::AuthenticatedClients => PermitRule::AuthenticatedClients,
            Permit::UnauthenticatedClients => PermitRule::UnauthenticatedClients,
            Permit::MembersOf(name) => match self.state.class_names.get(&name.text) {
                Some(class) => PermitRule::MembersOf(*class),
                None => {
                    let text = format!("no such class: {}", name.text);
                    self.state.log.complain(name.span, "unknown-class", text);
                    return;
                }
            },
            Permit::After(seconds) => {
                // A time of zero does not count as an `after` that was there.
                let was_there = |time: Option<Timestamp>| time.is_some_and(|time| time != Timestamp(0));
                if was_there(permits.valid_from) || was_there(permits.valid_until) {
                    self.state.log.complain(span, "permit", "duplicate \"after\" clause.");
                    return;
                }
                let time = Timestamp(u32::try_from(*seconds).unwrap_or(0));
                *(if allow { &mut permits.valid_from } else { &mut permits.valid_until }) = Some(time);
                PermitRule::After(time)
            }
        };
        (if allow { &mut permits.permit } else { &mut permits.prohibit }).push(rule);
    }
}

/// What makes two pools of a network the same.
pub fn merge_key(pool: &Pool) -> MergeKey {
    let set = |rules: &[PermitRule]| {
        let mut keys: Vec<PermitKey> = rules.iter().map(permit_key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    (pool.failover_peer, set(&pool.permit), set(&pool.prohibit))
}

fn permit_key(rule: &PermitRule) -> PermitKey {
    PermitKey::Plain(match rule {
        PermitRule::MembersOf(class) => return PermitKey::Class(*class),
        PermitRule::KnownClients => 0,
        PermitRule::UnknownClients => 1,
        PermitRule::AllClients => 2,
        PermitRule::DynamicBootpClients => 3,
        PermitRule::AuthenticatedClients => 4,
        PermitRule::UnauthenticatedClients => 5,
        PermitRule::After(_) => 6,
    })
}
