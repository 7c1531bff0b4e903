//! The named values of formats `N<name>.` (spec/options.md 21).

/// One enumeration: the words a configuration may write, compared with regard to case, and their numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Enumeration {
    pub name: &'static str,
    /// Octets of a value: 1 or 2.
    pub width: u8,
    pub values: &'static [(&'static str, u16)],
}

impl Enumeration {
    /// The enumeration of that name.
    pub fn named(name: &str) -> Option<&'static Enumeration> {
        ENUMERATIONS.iter().find(|e| e.name == name)
    }

    /// The number of a word, in exactly this spelling.
    pub fn value(&self, word: &str) -> Option<u16> {
        self.values.iter().find(|(w, _)| *w == word).map(|(_, v)| *v)
    }

    /// The word of a number.
    pub fn word(&self, value: u16) -> Option<&'static str> {
        self.values.iter().find(|(_, v)| *v == value).map(|(w, _)| *w)
    }

    /// The octets of a value. Two-octet values go out low octet first, as ISC sends them (spec/options.md 21).
    pub fn bytes(&self, value: u16) -> Vec<u8> {
        value.to_le_bytes().into_iter().take(self.width as usize).collect()
    }
}

/// All enumerations.
#[rustfmt::skip]
pub const ENUMERATIONS: &[Enumeration] = &[
    Enumeration { name: "ddns-styles", width: 1, values: &[("none", 0), ("ad-hoc", 1), ("interim", 2), ("standard", 3)] },
    Enumeration { name: "syslog-facilities", width: 1, values: &[
        ("kern", 0), ("user", 8), ("mail", 16), ("daemon", 24), ("auth", 32), ("syslog", 40), ("lpr", 48), ("news", 56),
        ("uucp", 64), ("cron", 72), ("authpriv", 80), ("ftp", 88), ("local0", 128), ("local1", 136), ("local2", 144),
        ("local3", 152), ("local4", 160), ("local5", 168), ("local6", 176), ("local7", 184),
    ] },
    Enumeration { name: "prefix_length_modes", width: 1, values: &[
        ("ignore", 0), ("prefer", 1), ("exact", 2), ("minimum", 3), ("maximum", 4),
    ] },
    Enumeration { name: "status-codes", width: 2, values: &[
        ("success", 0), ("UnspecFail", 1), ("NoAddrsAvail", 2), ("NoBinding", 3), ("NotOnLink", 4), ("UseMulticast", 5),
        ("NoPrefixAvail", 6), ("UnknownQueryType", 7), ("MalformedQuery", 8), ("NotConfigured", 9), ("NotAllowed", 10),
        ("QueryTerminated", 11),
    ] },
    Enumeration { name: "duid-types", width: 2, values: &[("duid-llt", 1), ("duid-en", 2), ("duid-ll", 3), ("duid-uuid", 4)] },
    Enumeration { name: "dhcpv6-messages", width: 1, values: &[
        ("SOLICIT", 1), ("ADVERTISE", 2), ("REQUEST", 3), ("CONFIRM", 4), ("RENEW", 5), ("REBIND", 6), ("REPLY", 7),
        ("RELEASE", 8), ("DECLINE", 9), ("RECONFIGURE", 10), ("INFORMATION-REQUEST", 11), ("RELAY-FORW", 12),
        ("RELAY-REPL", 13), ("LEASEQUERY", 14), ("LEASEQUERY-REPLY", 15), ("LEASEQUERY-DONE", 16),
        ("LEASEQUERY-DATA", 17), ("RECONFIGURE-REQUEST", 18), ("RECONFIGURE-REPLY", 19), ("DHCPV4-QUERY", 20),
        ("DHCPV4-RESPONSE", 21),
    ] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_case_sensitive_and_two_octet_values_go_low_octet_first() {
        let codes = Enumeration::named("status-codes").unwrap();
        assert_eq!(codes.value("NoBinding"), Some(3));
        assert_eq!(codes.value("nobinding"), None);
        assert_eq!(codes.bytes(3), [3, 0]);
        assert_eq!(codes.word(5), Some("UseMulticast"));
        let facilities = Enumeration::named("syslog-facilities").unwrap();
        assert_eq!(facilities.bytes(184), [184]);
        assert!(Enumeration::named("nothing").is_none());
    }
}
