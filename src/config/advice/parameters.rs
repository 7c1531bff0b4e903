//! Parameters where nobody looks at them (spec/config-language.md 5, 6.1, 15).

use super::{warning, Around};
use crate::config::state::Family;
use crate::syntax::ast::{Executable, OptionName};
use crate::syntax::source::Span;
use crate::syntax::Diagnostic;

/// Who looks at a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// The server as it starts, in the global scope alone.
    Start,
    /// The same, in DHCPv6 only.
    Start6,
    /// DHCPv6, for each client.
    Clients6,
    Nobody,
}

/// The parameters that are not simply read for each client.
const READERS: &[(&str, Reader)] = &[
    ("abandon-lease-time", Reader::Start),
    ("authoritative", Reader::Nobody),
    ("bind-local-address6", Reader::Start6),
    ("check-secs-byte-order", Reader::Start),
    ("ddns-dual-stack-mixed-mode", Reader::Start),
    ("ddns-guard-id-must-match", Reader::Start),
    ("ddns-local-address4", Reader::Start),
    ("ddns-local-address6", Reader::Start),
    ("ddns-other-guard-is-dynamic", Reader::Start),
    ("ddns-update-style", Reader::Start),
    ("delayed-ack", Reader::Start),
    ("dhcpv6-lease-file-name", Reader::Start6),
    ("dhcpv6-pid-file-name", Reader::Start6),
    ("dhcpv6-set-tee-times", Reader::Clients6),
    ("dont-use-fsync", Reader::Start),
    ("dynamic-bootp", Reader::Nobody),
    ("lease-file-name", Reader::Start),
    ("limit-addrs-per-ia", Reader::Clients6),
    ("limit-prefs-per-ia", Reader::Clients6),
    ("limited-broadcast-address", Reader::Start),
    ("local-address", Reader::Start),
    ("local-address6", Reader::Start6),
    ("local-port", Reader::Start),
    ("log-facility", Reader::Start),
    ("max-ack-delay", Reader::Start),
    ("omapi-key", Reader::Start),
    ("omapi-port", Reader::Start),
    ("pid-file-name", Reader::Start),
    ("preferred-lifetime", Reader::Clients6),
    ("prefix-length-mode", Reader::Start6),
    ("release-on-roam", Reader::Start6),
    ("remote-port", Reader::Start),
    ("server-id-check", Reader::Start),
    ("update-conflict-detection", Reader::Start),
];

/// What is wrong with a parameter or flag that stands around here.
pub fn without_effect(around: Around, family: Family, executable: &Executable, span: Span) -> Option<Diagnostic> {
    let name = match executable {
        Executable::Option { option: OptionName { space: Some(space), name }, .. }
            if space.text.eq_ignore_ascii_case("server") =>
        {
            &name.text
        }
        Executable::Flag { keyword, .. } => &keyword.text,
        _ => return None,
    };
    let (name, reader) = READERS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known))?;
    let (code, text) = match reader {
        Reader::Nobody => ("ineffective-parameter", format!("this has no effect: the server never looks at {name}")),
        Reader::Start6 | Reader::Clients6 if family == Family::V4 => {
            ("other-family-parameter", format!("this has no effect: {name} is for DHCPv6 (-6)"))
        }
        Reader::Start | Reader::Start6 if around != Around::Root => {
            let text = format!("this has no effect: {name} is read from the global scope only, not from a block");
            ("global-only-parameter", text)
        }
        _ => return None,
    };
    Some(warning(span, code, text))
}
