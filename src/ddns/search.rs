//! Finding zones and their servers by asking resolvers (spec/ddns.md 14.2, 14.3). Pure.

use super::lanes::OperationId;
use super::outcome::Outcome;
use super::zones::MAX_SERVERS;
use crate::wire::dns::message::{address_of, kind};
use crate::wire::dns::name::Name;
use crate::wire::dns::reply::{AnswerData, Reply};
use std::collections::VecDeque;
use std::net::IpAddr;

/// How many name servers of a zone are considered.
const MAX_HOSTS: usize = 16;

/// A search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SearchId(pub u64);

/// What a search is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The servers that this update goes to: where the SOA record says.
    Update(OperationId),
    /// To know the zone next time: its NS records.
    Zone,
}

impl Goal {
    /// The type of the records that lead to servers.
    fn kind(self) -> u16 {
        match self {
            Goal::Update(_) => kind::SOA,
            Goal::Zone => kind::NS,
        }
    }
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    pub goal: Goal,
    /// The name that is asked for: first the whole one, then with labels stripped.
    pub name: Name,
    /// The zone, once it is known.
    pub zone: Option<Name>,
    /// Servers whose addresses are still to be asked for, the first one being asked for now.
    hosts: VecDeque<Name>,
    /// The type of address asked for.
    family: u16,
    pub addresses: Vec<IpAddr>,
    /// The smallest TTL of an address, in seconds.
    pub ttl: u32,
}

/// How a search goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Ask(Name, u16),
    /// `zone` and `addresses` are known.
    Found,
    Failed(Outcome),
}

impl Search {
    /// A search, and its first question.
    pub fn begin(goal: Goal, name: Name) -> (Search, Next) {
        let ask = Next::Ask(name.clone(), goal.kind());
        let (hosts, addresses) = (VecDeque::new(), Vec::new());
        (Search { goal, name, zone: None, hosts, family: kind::A, addresses, ttl: u32::MAX }, ask)
    }

    /// The answer to the last question.
    pub fn take(&mut self, outcome: Outcome, reply: Option<&Reply>) -> Next {
        let answers = reply.filter(|_| outcome == Outcome::Success).map_or(&[][..], |reply| &reply.answers);
        if self.zone.is_some() {
            for answer in answers.iter().filter(|answer| answer.kind == self.family) {
                let AnswerData::Octets(octets) = &answer.data else { continue };
                if let Some(address) = address_of(answer.kind, octets).filter(|_| self.addresses.len() < MAX_SERVERS) {
                    self.addresses.push(address);
                    self.ttl = self.ttl.min(answer.ttl);
                }
            }
            return self.next_host();
        }
        let wanted = self.goal.kind();
        for answer in answers.iter().filter(|answer| answer.kind == wanted) {
            let AnswerData::Name(host) = &answer.data else { continue };
            let is_one_more = wanted == kind::NS || self.hosts.is_empty();
            if is_one_more && self.hosts.len() < MAX_HOSTS {
                self.zone.get_or_insert_with(|| answer.name.clone());
                self.hosts.push_back(host.clone());
            }
        }
        match self.hosts.front() {
            Some(host) => Next::Ask(host.clone(), self.family),
            None => self.strip(outcome),
        }
    }

    /// The same question for a shorter name.
    fn strip(&mut self, outcome: Outcome) -> Next {
        let goes_on = self.goal == Goal::Zone || matches!(outcome, Outcome::Success | Outcome::NxDomain);
        match self.name.parent().filter(|parent| !parent.is_root()) {
            _ if !goes_on => Next::Failed(outcome),
            None => Next::Failed(Outcome::NotFound),
            Some(parent) => {
                self.name = parent.clone();
                Next::Ask(parent, self.goal.kind())
            }
        }
    }

    /// The next type of address, or the next server.
    fn next_host(&mut self) -> Next {
        let is_full = self.addresses.len() >= MAX_SERVERS;
        if self.family == kind::A {
            self.family = kind::AAAA;
        } else {
            self.family = kind::A;
            self.hosts.pop_front();
        }
        match self.hosts.front().filter(|_| !is_full) {
            Some(host) => Next::Ask(host.clone(), self.family),
            None if self.addresses.is_empty() => Next::Failed(Outcome::NotFound),
            None => Next::Found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dns::reply::Answer;

    fn name(text: &str) -> Name {
        Name::from_text(text.as_bytes()).unwrap()
    }

    fn reply(records: &[(&str, u16, AnswerData)]) -> Reply {
        let answer = |(owner, kind, data): &(&str, u16, AnswerData)| Answer {
            name: name(owner),
            kind: *kind,
            ttl: 60,
            data: data.clone(),
        };
        let answers = records.iter().map(answer).collect();
        Reply { id: 0, rcode: 0, is_truncated: false, answers, signature: None }
    }

    #[test]
    fn from_a_name_to_servers() {
        let (mut search, first) = Search::begin(Goal::Zone, name("a.b.org"));
        assert_eq!(first, Next::Ask(name("a.b.org"), kind::NS));
        assert_eq!(search.take(Outcome::NxDomain, None), Next::Ask(name("b.org"), kind::NS));
        let ns = reply(&[("b.org", kind::NS, AnswerData::Name(name("ns.b.org")))]);
        assert_eq!(search.take(Outcome::Success, Some(&ns)), Next::Ask(name("ns.b.org"), kind::A));
        let a = reply(&[("ns.b.org", kind::A, AnswerData::Octets(vec![10, 0, 0, 1]))]);
        assert_eq!(search.take(Outcome::Success, Some(&a)), Next::Ask(name("ns.b.org"), kind::AAAA));
        assert_eq!(search.take(Outcome::Success, Some(&reply(&[]))), Next::Found);
        assert_eq!((search.zone, search.addresses, search.ttl), (Some(name("b.org")), vec![[10, 0, 0, 1].into()], 60));
    }

    #[test]
    fn searches_end() {
        let (mut search, _) = Search::begin(Goal::Zone, name("a.org"));
        assert_eq!(search.take(Outcome::TimedOut, None), Next::Ask(name("org"), kind::NS));
        assert_eq!(search.take(Outcome::ServFail, None), Next::Failed(Outcome::NotFound));
        let (mut search, first) = Search::begin(Goal::Update(OperationId(1)), name("a.org"));
        assert_eq!(first, Next::Ask(name("a.org"), kind::SOA));
        assert_eq!(search.take(Outcome::ServFail, None), Next::Failed(Outcome::ServFail));
    }
}
