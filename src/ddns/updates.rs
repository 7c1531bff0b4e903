//! The messages (spec/ddns.md 9): one for each step. Pure.

use super::settings::Conflicts;
use crate::wire::dns::guard::Guard;
use crate::wire::dns::message::{address_kind, class, kind, Data, Record, Update};
use crate::wire::dns::name::Name;
use std::net::IpAddr;

/// A step of an update: one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Add to a name that nobody uses (F1).
    AddUnused,
    /// Add to a name that is in use, if the guard allows it (F2).
    AddGuarded,
    /// Add beside the other family's records (F3).
    AddMixed,
    AddReverse,
    RemoveAddress,
    /// Remove the address from a name whose guard is of the other style (D1o).
    RemoveOther,
    RemoveGuard,
    RemoveReverse,
}

impl Step {
    /// It concerns the forward name.
    pub fn is_forward(self) -> bool {
        !matches!(self, Step::AddReverse | Step::RemoveReverse)
    }
}

/// What the messages about a forward name are made of.
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a> {
    pub name: &'a Name,
    pub address: IpAddr,
    pub guard: &'a Guard,
    pub ttl: u32,
    pub conflicts: Conflicts,
}

impl Forward<'_> {
    fn record(&self, kind: u16, class: u16, data: Data) -> Record {
        let ttl = if class == class::IN { self.ttl } else { 0 };
        Record { name: self.name.clone(), kind, class, ttl, data }
    }

    /// A prerequisite: none of a type.
    fn without(&self, kind: u16) -> Record {
        self.record(kind, class::NONE, Data::Empty)
    }

    /// A prerequisite, any of a type; or a change, all of a type go.
    fn any(&self, kind: u16) -> Record {
        self.record(kind, class::ANY, Data::Empty)
    }

    fn guard(&self, class: u16) -> Record {
        self.record(self.guard.style.kind(), class, Data::Octets(self.guard.data.to_vec()))
    }

    fn address(&self, class: u16) -> Record {
        self.record(address_kind(self.address), class, self.address.into())
    }

    /// The prerequisite that the name is ours. Guards in prerequisites have no TTL.
    fn ours(&self) -> Vec<Record> {
        let Conflicts { detects, must_match, .. } = self.conflicts;
        match (detects, must_match) {
            (false, _) => Vec::new(),
            (true, true) => vec![Record { ttl: 0, ..self.guard(class::IN) }],
            (true, false) => vec![self.any(self.guard.style.kind())],
        }
    }

    /// Prerequisites and changes of a step; none for those of the reverse name.
    fn records(&self, step: Step) -> (Vec<Record>, Vec<Record>) {
        let (own, guard) = (address_kind(self.address), self.guard.style.kind());
        let other = self.guard.style.other().kind();
        let conflicts = self.conflicts;
        match step {
            Step::AddUnused => (vec![self.without(kind::ANY)], vec![self.address(class::IN), self.guard(class::IN)]),
            Step::AddGuarded if conflicts.detects => (self.ours(), vec![self.any(own), self.address(class::IN)]),
            Step::AddGuarded => {
                let changes = vec![self.any(guard), self.guard(class::IN), self.any(own), self.address(class::IN)];
                (Vec::new(), changes)
            }
            Step::AddMixed if conflicts.other_is_dynamic => {
                let unguarded = conflicts.must_match.then(|| self.without(guard));
                let prerequisites = unguarded.into_iter().chain([self.any(other)]).collect();
                (prerequisites, vec![self.any(own), self.address(class::IN), self.guard(class::IN)])
            }
            Step::AddMixed => {
                let prerequisites = vec![self.without(own), self.without(guard), self.any(other)];
                (prerequisites, vec![self.address(class::IN), self.guard(class::IN)])
            }
            Step::RemoveAddress => (self.ours(), vec![self.address(class::NONE)]),
            Step::RemoveOther => (vec![self.without(guard), self.any(other)], vec![self.address(class::NONE)]),
            Step::RemoveGuard => {
                let kinds = if conflicts.mixed { vec![own] } else { vec![kind::A, kind::AAAA] };
                let prerequisites = kinds.into_iter().map(|kind| self.without(kind)).collect();
                let change = if conflicts.must_match { self.guard(class::NONE) } else { self.any(guard) };
                (prerequisites, vec![change])
            }
            Step::AddReverse | Step::RemoveReverse => Default::default(),
        }
    }

    /// The message of a step.
    pub fn update(&self, step: Step, zone: Name) -> Update {
        let (prerequisites, changes) = self.records(step);
        Update { zone, prerequisites, changes }
    }
}

/// The message that makes a reverse name lead to a name, or takes it away.
pub fn reverse(owner: &Name, to: Option<(&Name, u32)>, zone: Name) -> Update {
    let record = |class, ttl, data| Record { name: owner.clone(), kind: kind::PTR, class, ttl, data };
    let mut changes = vec![record(class::ANY, 0, Data::Empty)];
    changes.extend(to.map(|(name, ttl)| record(class::IN, ttl, Data::Name(name.clone()))));
    Update { zone, prerequisites: Vec::new(), changes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dns::guard::{Identifier, Style};

    fn octets(text: &str) -> String {
        text.chars().filter(char::is_ascii_hexdigit).collect()
    }

    /// The message of a step for `name`.example.org, after its id and flags, in hexadecimal digits.
    fn message(step: Step, name: &str, address: &str, identifier: Identifier<'_>, conflicts: Conflicts) -> String {
        let name = Name::from_text(format!("{name}.example.org").as_bytes()).unwrap();
        let guard = Guard::of(Style::Standard, identifier, &name);
        let address = address.parse().unwrap();
        let forward = Forward { name: &name, address, guard: &guard, ttl: 600, conflicts };
        let update = forward.update(step, Name::from_text(b"example.org.").unwrap());
        update.emit(0).iter().skip(4).map(|octet| format!("{octet:02x}")).collect()
    }

    fn alpha(step: Step) -> String {
        let identifier = Identifier { kind: 0, octets: b"\x01\x02\0\0\0\x17\x01" };
        message(step, "alpha", "10.10.17.100", identifier, Conflicts::default())
    }

    /// spec/ddns.md 20.1 and 20.3
    #[test]
    fn the_captured_messages_of_alpha() {
        let guard = "000001 38064a42fae3a04a495dfcc79a50f1ba348721619c9cd7ab37d54773f5759fc9";
        let zone = "07 6578616d706c65 03 6f7267 00 0006 0001 05 616c706861 c00c";
        let add = format!(
            "0001 0001 0002 0000 {zone} 00ff 00fe 00000000 0000 c01d 0001 0001 00000258 0004 0a0a1164
             c01d 0031 0001 00000258 0023 {guard}"
        );
        assert_eq!(alpha(Step::AddUnused), octets(&add));
        let address =
            format!("0001 0001 0001 0000 {zone} 0031 0001 00000000 0023 {guard} c01d 0001 00fe 00000000 0004 0a0a1164");
        assert_eq!(alpha(Step::RemoveAddress), octets(&address));
        let record = format!(
            "0001 0002 0001 0000 {zone} 0001 00fe 00000000 0000 c01d 001c 00fe 00000000 0000
             c01d 0031 00fe 00000000 0023 {guard}"
        );
        assert_eq!(alpha(Step::RemoveGuard), octets(&record));
    }

    /// spec/ddns.md 20.4
    #[test]
    fn the_second_try() {
        let identifier = Identifier { kind: 1, octets: b"\x01\x02\0\0\0\x17\x02" };
        let want = "0001 0001 0002 0000 07 6578616d706c65 03 6f7267 00 0006 0001 05 616c706861 c00c 0031 0001 00000000
                    0023 000101 6b0912c6b4a2ae895a55d6adfe2e5523af66ac6288ee17115347ce14d46ee476
                    c01d 0001 00ff 00000000 0000 c01d 0001 0001 00000258 0004 0a0a1165";
        assert_eq!(message(Step::AddGuarded, "alpha", "10.10.17.101", identifier, Conflicts::default()), octets(want));
    }

    /// The lengths of spec/ddns.md 20.7.
    #[test]
    fn lengths_of_the_variants() {
        let identifier = Identifier { kind: 0, octets: b"\x01\x02\0\0\0\x17\x01" };
        let length = |step, name: &str, conflicts: Conflicts| {
            message(step, name, "10.10.17.100", identifier, conflicts).len() / 2 + 4
        };
        let off = Conflicts { detects: false, ..Conflicts::default() }.effective();
        assert_eq!(length(Step::AddGuarded, "static", off), 123);
        assert_eq!(length(Step::RemoveAddress, "static", off), 52);
        assert_eq!(length(Step::RemoveGuard, "static", off), 72);
        let mixed = Conflicts { mixed: true, ..Conflicts::default() };
        assert_eq!(length(Step::AddMixed, "dsmm", mixed), 133);
    }
}
