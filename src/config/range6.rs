//! `range6` and `prefix6`: stretches of addresses as the fewest CIDR blocks (spec/config-language.md 7.3).

use super::declare::Declarer;
use super::model::{PermitRule, Pool6, Prefix6, Range6};
use super::network::{host_bits, BOTH_FAMILIES};
use super::place::{Place, SubnetAt};
use super::state::{Family, Step};
use crate::syntax::ast;
use crate::syntax::source::Span;
use std::net::Ipv6Addr;

impl Declarer<'_> {
    /// `range6` of a subnet, in `pool` or outside of pools.
    pub fn range6(
        &mut self,
        place: &Place,
        pool: Option<&mut Pool6>,
        low: Ipv6Addr,
        rest: ast::Range6,
        span: Span,
    ) -> Step {
        if self.refused_in_v4(span, "range6") {
            return Ok(());
        }
        let Some(SubnetAt::V6 { address, length: subnet_length }) = place.subnet else {
            return Err(self.state.fatal(BOTH_FAMILIES));
        };
        let outside = |other: Ipv6Addr| {
            let host = host_bits(other, subnet_length);
            u128::from(other) - host != u128::from(address)
        };
        if outside(low) {
            self.state.log.complain(span, "range6", "range6 start address is outside the subnet");
            return Ok(());
        }
        let mut blocks: Vec<Range6> = Vec::new();
        match rest {
            ast::Range6::To(high) => {
                if outside(high) {
                    self.state.log.complain(span, "range6", "range6 end address is outside the subnet");
                    return Ok(());
                }
                let block = |(address, length)| Range6 { address, length, temporary: false };
                blocks.extend(cidr_blocks(low, high).into_iter().map(block));
            }
            ast::Range6::Prefix { length, temporary } => {
                let complaint = match u8::try_from(length) {
                    Ok(129..) | Err(_) => Some("networks have 0 to 128 bits"),
                    // The 64 bits that ISC assumes are not compared.
                    Ok(length) if length < subnet_length && self.map.text(span).contains('/') => {
                        Some("network mask smaller than subnet mask")
                    }
                    Ok(length) if host_bits(low, length) != 0 => Some("network mask too short"),
                    Ok(_) => None,
                };
                if let Some(text) = complaint {
                    self.state.log.complain(span, "range6", text);
                    return Ok(());
                }
                if temporary && length < 64 {
                    self.state.log.complain(span, "range6", "temporary mask too short");
                }
                if temporary && length == 128 {
                    self.state.log.complain(span, "range6", "temporary singleton?");
                }
                blocks.push(Range6 { address: low, length: length as u8, temporary });
            }
        }
        self.with_pool6(place, pool, |pool| pool.ranges.extend(blocks));
        Ok(())
    }

    /// `prefix6 LOW HIGH /LENGTH;` of a subnet, in `pool` or outside of pools.
    pub fn prefix6(
        &mut self,
        place: &Place,
        pool: Option<&mut Pool6>,
        low: Ipv6Addr,
        high: Ipv6Addr,
        length: i64,
        span: Span,
    ) {
        if self.refused_in_v4(span, "prefix6") {
            return;
        }
        let Some(delegated) = u8::try_from(length).ok().filter(|length| (1..128).contains(length)) else {
            self.state.log.complain(span, "prefix6", "networks have 0 to 128 bits (exclusive)");
            return;
        };
        if host_bits(low, delegated) != 0 || host_bits(high, delegated) != 0 {
            self.state.log.complain(span, "prefix6", "network mask too short");
            return;
        }
        let mut blocks = Vec::new();
        for (address, length) in cidr_blocks(low, high) {
            // The last prefix of a stretch comes out as its first address alone.
            let length = if length == 128 { delegated } else { length };
            if length > delegated {
                self.state.log.complain(span, "prefix6", "impossible mask length");
            } else {
                blocks.push(Prefix6 { address, length, delegated });
            }
        }
        self.with_pool6(place, pool, |pool| pool.prefixes.extend(blocks));
    }

    fn refused_in_v4(&mut self, span: Span, statement: &str) -> bool {
        let refused = self.state.family == Family::V4;
        if refused {
            let text = format!("{statement} statement is only supported in DHCPv6 mode.");
            self.state.log.complain(span, "family", text);
        }
        refused
    }

    /// The pool given, or the one for ranges outside of pools: the first of the network that all clients may use and that has
    /// no statements, if the subnet has none either so far; else a new one.
    fn with_pool6(&mut self, place: &Place, pool: Option<&mut Pool6>, fill: impl FnOnce(&mut Pool6)) {
        if let Some(pool) = pool {
            return fill(pool);
        }
        let Some(network) = place.network else { return };
        let plain = |scope| self.state.scope(scope).statements.is_empty();
        let pools = &self.state.networks[network.index()].pools6;
        let like_it =
            |pool: &Pool6| plain(pool.scope) && pool.prohibit.is_empty() && pool.permit == [PermitRule::AllClients];
        let found = if plain(place.scope) { pools.iter().position(like_it) } else { None };
        let at = found.unwrap_or(pools.len());
        if found.is_none() {
            let pool = Pool6 {
                scope: self.state.new_scope(place.scope),
                permit: vec![PermitRule::AllClients],
                prohibit: Vec::new(),
                ranges: Vec::new(),
                prefixes: Vec::new(),
                valid_from: None,
                valid_until: None,
            };
            self.state.networks[network.index()].pools6.push(pool);
        }
        if let Some(pool) = self.state.networks[network.index()].pools6.get_mut(at) {
            fill(pool);
        }
    }
}

/// The fewest blocks `address/length` that make up a stretch, its ends in either order. The last comes first, as ISC keeps
/// them.
fn cidr_blocks(low: Ipv6Addr, high: Ipv6Addr) -> Vec<(Ipv6Addr, u8)> {
    let (mut at, end) = (u128::from(low.min(high)), u128::from(low.max(high)));
    let mut blocks = Vec::new();
    loop {
        let mut bits = at.trailing_zeros().min(128);
        while bits > 0 && at | (u128::MAX >> (128 - bits)) > end {
            bits -= 1;
        }
        blocks.push((Ipv6Addr::from(at), (128 - bits) as u8));
        let last = at | if bits == 0 { 0 } else { u128::MAX >> (128 - bits) };
        match last.checked_add(1) {
            Some(next) if next <= end => at = next,
            _ => break,
        }
    }
    blocks.reverse();
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(low: &str, high: &str) -> Vec<String> {
        let blocks = cidr_blocks(low.parse().unwrap(), high.parse().unwrap());
        blocks.into_iter().map(|(address, length)| format!("{address}/{length}")).collect()
    }

    #[test]
    fn stretches_become_blocks() {
        assert_eq!(blocks("2001:db8::100", "2001:db8::1ff"), ["2001:db8::100/120"]);
        assert_eq!(blocks("2001:db8::1ff", "2001:db8::100"), ["2001:db8::100/120"]);
        assert_eq!(blocks("::1", "::4"), ["::4/128", "::2/127", "::1/128"]);
        assert_eq!(blocks("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ["::/0"]);
        assert_eq!(
            blocks("2001:db8::", "2001:db8:0:300::"),
            ["2001:db8:0:300::/128", "2001:db8:0:200::/56", "2001:db8::/55"]
        );
    }
}
