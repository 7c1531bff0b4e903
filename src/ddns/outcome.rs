//! How a message to the servers of a zone ended (spec/ddns.md 16).

use crate::wire::dns::tsig::TsigError;
use std::fmt;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    FormErr,
    ServFail,
    NxDomain,
    NotImp,
    Refused,
    YxDomain,
    YxRrset,
    NxRrset,
    NotAuth,
    NotZone,
    BadVers,
    Failure,
    NotFound,
    TimedOut,
    Canceled,
    FamilyNotSupported,
    NetworkUnreachable,
    HostUnreachable,
    ConnectionRefused,
    ConnectionReset,
    EndOfFile,
    UnexpectedEnd,
    Tsig(TsigError),
}

/// The answer codes of servers.
const RCODES: &[(u8, Outcome)] = &[
    (0, Outcome::Success),
    (1, Outcome::FormErr),
    (2, Outcome::ServFail),
    (3, Outcome::NxDomain),
    (4, Outcome::NotImp),
    (5, Outcome::Refused),
    (6, Outcome::YxDomain),
    (7, Outcome::YxRrset),
    (8, Outcome::NxRrset),
    (9, Outcome::NotAuth),
    (10, Outcome::NotZone),
    (16, Outcome::BadVers),
];

/// The texts in log lines.
const TEXTS: &[(Outcome, &str)] = &[
    (Outcome::Success, "success"),
    (Outcome::FormErr, "FORMERR"),
    (Outcome::ServFail, "SERVFAIL"),
    (Outcome::NxDomain, "NXDOMAIN"),
    (Outcome::NotImp, "NOTIMP"),
    (Outcome::Refused, "REFUSED"),
    (Outcome::YxDomain, "YXDOMAIN"),
    (Outcome::YxRrset, "YXRRSET"),
    (Outcome::NxRrset, "NXRRSET"),
    (Outcome::NotAuth, "NOTAUTH"),
    (Outcome::NotZone, "NOTZONE"),
    (Outcome::BadVers, "BADVERS"),
    (Outcome::Failure, "failure"),
    (Outcome::NotFound, "not found"),
    (Outcome::TimedOut, "timed out"),
    (Outcome::Canceled, "operation canceled"),
    (Outcome::FamilyNotSupported, "address family not supported"),
    (Outcome::NetworkUnreachable, "network unreachable"),
    (Outcome::HostUnreachable, "host unreachable"),
    (Outcome::ConnectionRefused, "connection refused"),
    (Outcome::ConnectionReset, "connection reset"),
    (Outcome::EndOfFile, "end of file"),
    (Outcome::UnexpectedEnd, "unexpected end of input"),
];

impl Outcome {
    /// That of an answer's code.
    pub fn of_rcode(rcode: u8) -> Outcome {
        RCODES.iter().find(|(code, _)| *code == rcode).map_or(Outcome::Failure, |(_, outcome)| *outcome)
    }

    /// True if the next server of the zone may know better.
    pub fn tries_next(self) -> bool {
        use Outcome::*;
        !matches!(self, Success | NxDomain | YxDomain | YxRrset | NxRrset | NotZone | Canceled)
    }

    /// The server does not have the zone.
    pub fn repudiates(self) -> bool {
        matches!(self, Outcome::NotAuth | Outcome::NotZone)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Tsig(error) => error.fmt(f),
            other => f.write_str(TEXTS.iter().find(|(outcome, _)| outcome == other).map_or("", |(_, text)| text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_text() {
        for (outcome, text) in TEXTS {
            assert_eq!(outcome.to_string(), *text);
        }
        assert_eq!(Outcome::of_rcode(9).to_string(), "NOTAUTH");
        assert_eq!(Outcome::of_rcode(11), Outcome::Failure);
        assert_eq!(Outcome::Tsig(TsigError::Refused).to_string(), "tsig indicates error");
        assert!(Outcome::Refused.tries_next() && !Outcome::NotZone.tries_next());
    }
}
