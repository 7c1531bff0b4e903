//! Result codes and their texts (spec/omapi.md 9): what `result` in a STATUS message says, and what omshell prints.

use std::fmt;

/// A result code, as on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultCode(pub u32);

impl ResultCode {
    pub const SUCCESS: ResultCode = ResultCode(0);
    pub const TIMED_OUT: ResultCode = ResultCode(2);
    pub const ADDRESS_NOT_AVAILABLE: ResultCode = ResultCode(4);
    pub const ADDRESS_IN_USE: ResultCode = ResultCode(5);
    pub const PERMISSION_DENIED: ResultCode = ResultCode(6);
    /// A name that is taken.
    pub const ALREADY_EXISTS: ResultCode = ResultCode(0x12);
    pub const NOT_FOUND: ResultCode = ResultCode(0x17);
    pub const FAILURE: ResultCode = ResultCode(25);
    pub const IO_ERROR: ResultCode = ResultCode(26);
    pub const NOT_IMPLEMENTED: ResultCode = ResultCode(0x1b);
    pub const NO_MORE: ResultCode = ResultCode(29);
    pub const UNEXPECTED: ResultCode = ResultCode(34);
    pub const HOST_UNKNOWN: ResultCode = ResultCode(0x60000);
    pub const VERSION_MISMATCH: ResultCode = ResultCode(0x60001);
    pub const PROTOCOL_ERROR: ResultCode = ResultCode(0x60002);
    pub const INVALID_ARGUMENT: ResultCode = ResultCode(0x60003);
    pub const UNCHANGED: ResultCode = ResultCode(0x60005);
    pub const MORE_THAN_ONE: ResultCode = ResultCode(0x60006);
    pub const KEY_CONFLICT: ResultCode = ResultCode(0x60007);
    pub const PARSE_ERROR: ResultCode = ResultCode(0x60008);
    pub const NO_KEY_SPECIFIED: ResultCode = ResultCode(0x60009);
    pub const INVALID_TSIG_KEY: ResultCode = ResultCode(0x6000b);
    pub const CONNECTION_RESET: ResultCode = ResultCode(0x6001f);
    pub const UNKNOWN_ATTRIBUTE: ResultCode = ResultCode(0x60020);

    /// Its text; a code of no table has ISC's text for such.
    pub fn text(self) -> &'static str {
        let (table, index) = match self.0.checked_sub(DHCP_BASE) {
            Some(index) => (DHCP_TEXTS, index),
            None => (GENERAL_TEXTS, self.0),
        };
        let text = usize::try_from(index).ok().and_then(|index| table.get(index)).copied();
        text.unwrap_or("(result code text not available)")
    }
}

impl fmt::Debug for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} ({})", self.0, self.text())
    }
}

/// The texts of the codes from 0.
const GENERAL_TEXTS: &[&str] = &[
    "success",
    "out of memory",
    "timed out",
    "no available threads",
    "address not available",
    "address in use",
    "permission denied",
    "no pending connections",
    "network unreachable",
    "host unreachable",
    "network down",
    "host down",
    "connection refused",
    "not enough free resources",
    "end of file",
    "socket already bound",
    "reload",
    "lock busy",
    "already exists",
    "ran out of space",
    "operation canceled",
    "socket is not bound",
    "shutting down",
    "not found",
    "unexpected end of input",
    "failure",
    "I/O error",
    "not implemented",
    "unbalanced parentheses",
    "no more",
    "invalid file",
    "bad base64 encoding",
    "unexpected token",
    "quota reached",
    "unexpected error",
    "already running",
    "ignore",
    "address mask not contiguous",
    "file not found",
    "file already exists",
    "socket is not connected",
    "out of range",
    "out of entropy",
    "invalid use of multicast address",
    "not a file",
    "not a directory",
    "queue is full",
    "address family mismatch",
    "address family not supported",
    "bad hex encoding",
    "too many open files",
    "not blocking",
    "unbalanced quotes",
    "operation in progress",
    "connection reset",
    "soft quota reached",
    "not a valid number",
    "disabled",
    "max size",
    "invalid address format",
    "bad base32 encoding",
    "unset",
    "multiple",
    "would block",
    "complete",
    "crypto failure",
    "disc quota",
    "disc full",
    "default",
    "IPv4 prefix",
];

/// Where the codes of DHCP begin.
const DHCP_BASE: u32 = 0x60000;

/// The texts of the codes from [`DHCP_BASE`].
const DHCP_TEXTS: &[&str] = &[
    "host unknown",
    "protocol version mismatch",
    "protocol error",
    "invalid argument",
    "data not yet available",
    "object unchanged",
    "more than one object matches key",
    "key conflict",
    "parse error(s) occurred",
    "no key specified",
    "zone TSIG key not known",
    "invalid TSIG key",
    "operation in progress",
    "DNS format error",
    "DNS server failed",
    "no such domain",
    "not implemented",
    "refused",
    "domain already exists",
    "RRset already exists",
    "no such RRset",
    "not authorized",
    "not a zone",
    "bad DNS signature",
    "bad DNS key",
    "clock skew too great",
    "no root zone",
    "destination address required",
    "cross-zone update",
    "no TSIG signature",
    "not equal",
    "connection reset by peer",
    "unknown attribute",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (code, text) in [
            (ResultCode::SUCCESS, "success"),
            (ResultCode::ALREADY_EXISTS, "already exists"),
            (ResultCode::NOT_FOUND, "not found"),
            (ResultCode::NOT_IMPLEMENTED, "not implemented"),
            (ResultCode(69), "IPv4 prefix"),
            (ResultCode(70), "(result code text not available)"),
            (ResultCode::INVALID_TSIG_KEY, "invalid TSIG key"),
            (ResultCode::CONNECTION_RESET, "connection reset by peer"),
            (ResultCode::UNKNOWN_ATTRIBUTE, "unknown attribute"),
            (ResultCode(0x60021), "(result code text not available)"),
            (ResultCode(u32::MAX), "(result code text not available)"),
        ] {
            assert_eq!(code.text(), text);
        }
    }
}
