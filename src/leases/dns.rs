//! What a lease has to do with the DNS: the variables that remember its names (spec/ddns.md 17), and the changes of names that
//! changes of leases bring about. DHCP service says what is to change; DNS updates carry it out.

use super::lease::SmallBytes;
use crate::eval::bindings::{Bindings, Value};
use crate::wire::dns::guard::{Guard, Identifier, Style};
use crate::wire::dns::name::Name;
use std::net::IpAddr;

/// The variables.
pub const FORWARD: &str = "ddns-fwd-name";
pub const REVERSE: &str = "ddns-rev-name";
pub const DHCID: &str = "ddns-dhcid";
pub const TXT: &str = "ddns-txt";
pub const CLIENT: &str = "ddns-client-fqdn";

/// The variable that keeps the guard of a style.
pub fn guard_variable(style: Style) -> &'static str {
    match style {
        Style::Interim => TXT,
        Style::Standard => DHCID,
    }
}

/// A variable's new value, or that it has none any more.
pub type VariableChange = (&'static str, Option<Box<[u8]>>);

/// What the variables of a lease say of its names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsRecord {
    pub forward: Option<Box<[u8]>>,
    pub reverse: Option<Box<[u8]>>,
    pub dhcid: Option<Box<[u8]>>,
    pub txt: Option<Box<[u8]>>,
    /// The name that the client has put into the DNS itself.
    pub client: Option<Box<[u8]>>,
}

/// What a lease's names need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Nothing,
    Add,
    /// The old names have to go first.
    Replace,
}

impl DnsRecord {
    /// That of a lease's variables.
    pub fn of(variables: &Bindings) -> DnsRecord {
        let text = |name| match variables.get(name) {
            Some(Value::Data(octets)) => Some(Box::from(&octets[..])),
            Some(Value::Nothing) => Some(Box::default()),
            _ => None,
        };
        DnsRecord {
            forward: text(FORWARD),
            reverse: text(REVERSE),
            dhcid: text(DHCID),
            txt: text(TXT),
            client: text(CLIENT),
        }
    }

    /// The guard of the forward name; `None` if there is none that could be one.
    pub fn guard(&self) -> Option<Guard> {
        match (&self.dhcid, &self.txt) {
            (Some(dhcid), _) => Guard::of_variable(Style::Standard, dhcid),
            (None, Some(txt)) => Guard::of_variable(Style::Interim, txt),
            (None, None) => None,
        }
    }

    /// What is needed for a lease to have a forward name (spec/ddns.md 4, step 7); `optimizes`: what is there already is not
    /// done again.
    pub fn need(&self, style: Style, forward: &[u8], optimizes: bool) -> Need {
        let other_guard = match style {
            Style::Standard => &self.txt,
            Style::Interim => &self.dhcid,
        };
        match (&self.forward, &self.client) {
            (Some(name), _) if **name != *forward || other_guard.is_some() => Need::Replace,
            (Some(_), _) if optimizes => Need::Nothing,
            (None, Some(name)) if **name == *forward && optimizes => Need::Nothing,
            _ => Need::Add,
        }
    }
}

/// Whose a forward name is to be: what its guard is made of, when its turn comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub style: Style,
    /// Kind and octets of the identifier.
    pub kind: u16,
    pub octets: SmallBytes,
}

impl Owner {
    /// The guard of a name; `None` if it is none.
    pub fn guard(&self, forward: &[u8]) -> Option<Guard> {
        let identifier = Identifier { kind: self.kind, octets: self.octets.as_bytes() };
        Some(Guard::of(self.style, identifier, &self.name(forward)?))
    }

    /// True if there is a guard for the name.
    pub fn can_guard(&self, forward: &[u8]) -> bool {
        self.name(forward).is_some()
    }

    /// The name as far as it goes into the guard: it is no part of an interim guard; what is wrong with it is found later.
    fn name(&self, forward: &[u8]) -> Option<Name> {
        match self.style {
            Style::Standard => Name::from_text(forward).ok(),
            Style::Interim => Some(Name::root()),
        }
    }
}

/// Names that a lease gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsUpdate {
    pub address: IpAddr,
    /// It is a lease, whose variables are kept; else a fixed address.
    pub is_lease: bool,
    pub forward: Box<[u8]>,
    /// Of the forward name; `None`: the client updates it.
    pub owner: Option<Owner>,
    pub reverse: Option<Box<[u8]>>,
    /// The reverse name is to be added.
    pub adds_reverse: bool,
    /// Of all records, in seconds.
    pub ttl: u32,
    /// What has to go first.
    pub replaces: Option<Box<DnsRecord>>,
}

/// Names that a lease loses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRemoval {
    pub address: IpAddr,
    pub record: DnsRecord,
    /// The lease keeps its variables until its names are gone.
    pub is_active: bool,
}

/// A change of a lease, to the DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsChange {
    /// What is under way for a lease ends where it is: its client is being answered.
    Cancel(IpAddr),
    Update(DnsUpdate),
    Remove(DnsRemoval),
}

impl DnsUpdate {
    /// The variables of a lease whose forward name was added.
    pub fn forward_variables(&self, guard: Option<&Guard>) -> Vec<VariableChange> {
        let guard = guard.iter().map(|guard| (guard_variable(guard.style), Some(guard.variable().into())));
        std::iter::once((FORWARD, Some(self.forward.clone()))).chain(guard).collect()
    }

    /// The variables of a lease whose reverse name was added.
    pub fn reverse_variables(&self) -> Vec<VariableChange> {
        let reverse = self.reverse.clone().map(|reverse| (REVERSE, Some(reverse)));
        let client = self.owner.is_none().then(|| (CLIENT, Some(self.forward.clone())));
        reverse.into_iter().chain(client).collect()
    }

    /// No DNS server has to hear of it.
    pub fn is_silent(&self) -> bool {
        self.owner.is_none() && self.replaces.is_none() && !(self.adds_reverse && self.reverse.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// spec/ddns.md 4, step 7
    #[test]
    fn needs() {
        let text = |text: &str| Some(Box::from(text.as_bytes()));
        let standard = DnsRecord { forward: text("a.b"), dhcid: text("x"), ..DnsRecord::default() };
        let interim = DnsRecord { forward: text("a.b"), txt: text("x"), ..DnsRecord::default() };
        let client = DnsRecord { client: text("a.b"), ..DnsRecord::default() };
        let table = [
            (&DnsRecord::default(), "a.b", true, Need::Add),
            (&standard, "a.b", true, Need::Nothing),
            (&standard, "a.b", false, Need::Add),
            (&standard, "a.B", true, Need::Replace),
            (&standard, "a.b.", false, Need::Replace),
            (&interim, "a.b", true, Need::Replace),
            (&client, "a.b", true, Need::Nothing),
            (&client, "a.b", false, Need::Add),
            (&client, "c.b", true, Need::Add),
        ];
        for (record, forward, optimizes, want) in table {
            assert_eq!(record.need(Style::Standard, forward.as_bytes(), optimizes), want, "{record:?} {forward}");
        }
        assert_eq!(interim.need(Style::Interim, b"a.b", true), Need::Nothing);
        assert_eq!(standard.need(Style::Interim, b"a.b", true), Need::Replace);
        assert_eq!(standard.guard().map(|guard| guard.style), Some(Style::Standard));
        assert_eq!(client.guard(), None);
    }
}
