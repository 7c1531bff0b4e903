//! The text of the lease file (spec/leases-file.md 2 and 4): header and lease records, byte for byte as ISC dhcpd writes
//! them, except that strings are always written so that they read back.

use super::lease::{BindingState, Lease, LeaseExtras};
use super::text;
use crate::config::ir::Stmt;
use crate::config::model::Config;
use crate::eval::bindings::{Bindings, Value};
use crate::eval::print;
use crate::options::print::{pretty_into, Style};
use crate::options::registry::{OptionDef, OptionKey, Registry, SpaceId};
use crate::wire::units::Timestamp;
use std::sync::Arc;

/// What of the configuration decides how records look.
#[derive(Clone, Debug)]
pub struct Format {
    /// `db-time-format local`
    pub local_times: bool,
    /// `lease-id-format hex`
    pub hex_identifiers: bool,
    /// Definitions of options.
    registry: Arc<Registry>,
    /// That of relay agent sub-options without one.
    opaque: Arc<OptionDef>,
}

impl Format {
    /// As the configuration says.
    pub fn new(config: &Config) -> Format {
        Format {
            local_times: config.local_times,
            hex_identifiers: config.lease_id_hex,
            registry: config.registry.clone(),
            opaque: Arc::new(OptionDef {
                key: OptionKey { space: SpaceId::AGENT, code: 0 },
                name: "".into(),
                format: "X".into(),
            }),
        }
    }

    /// Names of options.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    fn agent_option(&self, code: u8) -> Option<&OptionDef> {
        let key = OptionKey { space: SpaceId::AGENT, code: u32::from(code) };
        self.registry.option_coded(key).map(|def| &**def)
    }
}

/// The six lines at the top of every file.
pub fn header() -> Vec<u8> {
    let order = if cfg!(target_endian = "big") { "big-endian" } else { "little-endian" };
    format!(
        "# The format of this file is documented in the dhcpd.leases(5) manual page.\n\
         # This lease file was written by isc-dhcp-4.4.3-P1\n\
         \n\
         # authoring-byte-order entry is generated, DO NOT DELETE\n\
         authoring-byte-order {order};\n\
         \n"
    )
    .into_bytes()
}

/// The word for a state.
pub fn state_name(state: BindingState) -> &'static str {
    match state {
        BindingState::Free => "free",
        BindingState::Active => "active",
        BindingState::Expired => "expired",
        BindingState::Released => "released",
        BindingState::Abandoned => "abandoned",
        BindingState::Reset => "reset",
        BindingState::Backup => "backup",
    }
}

/// True if a rewrite of the file keeps the lease: one that is idle and remembers nobody is left out.
pub fn is_worth_writing(lease: &Lease) -> bool {
    let tsfp = lease.extras.as_ref().map_or(Timestamp::UNSET, |extras| extras.tsfp);
    !lease.hardware.is_none() || !lease.uid.is_empty() || tsfp != Timestamp::UNSET || lease.state != BindingState::Free
}

/// Appends the record of a lease. `now` decides whether its billing is still written.
pub fn lease(out: &mut Vec<u8>, lease: &Lease, format: &Format, now: Timestamp) {
    let extras = lease.extras.as_deref();
    out.extend_from_slice(b"lease ");
    text::address(out, lease.address);
    out.extend_from_slice(b" {");
    dates(out, lease, format.local_times);
    states(out, lease);
    if lease.flags.reserved {
        out.extend_from_slice(b"\n  reserved;");
    }
    if lease.flags.bootp {
        out.extend_from_slice(b"\n  dynamic-bootp;");
    }
    if lease.ends > now {
        billing(out, extras);
    }
    if !lease.hardware.is_none() {
        out.extend_from_slice(b"\n  hardware ");
        text::hardware(out, lease.hardware.htype(), lease.hardware.address());
        out.push(b';');
    }
    if !lease.uid.is_empty() {
        out.extend_from_slice(b"\n  uid ");
        text::identifier(out, lease.uid.as_bytes(), format.hex_identifiers);
        out.push(b';');
    }
    if let Some(extras) = extras {
        variables(out, &extras.variables, b"\n  ");
        agent_options(out, extras, format);
    }
    // A name that would need an escape stays in memory only (spec/leases-file.md 6).
    let hostname = lease.hostname.as_bytes();
    if !hostname.is_empty() && text::is_plain(hostname) {
        out.extend_from_slice(b"\n  client-hostname \"");
        out.extend_from_slice(hostname);
        out.extend_from_slice(b"\";");
    }
    if let Some(extras) = extras {
        events(out, extras, format, 2);
    }
    out.extend_from_slice(b"\n}\n");
}

/// `on expiry` and `on release` blocks, the whole indented by `indent`.
pub fn events(out: &mut Vec<u8>, extras: &LeaseExtras, format: &Format, indent: usize) {
    let mut block = |events: &[u8], statements: &[Stmt]| {
        out.push(b'\n');
        out.resize(out.len() + indent, b' ');
        out.extend_from_slice(b"on ");
        out.extend_from_slice(events);
        out.extend_from_slice(b" {");
        print::statements(out, &format.registry, statements, indent + 2);
        out.push(b'\n');
        out.resize(out.len() + indent, b' ');
        out.push(b'}');
    };
    let same = match (&extras.on_expiry, &extras.on_release) {
        (Some(expiry), Some(release)) => Arc::ptr_eq(expiry, release),
        _ => false,
    };
    if let Some(expiry) = &extras.on_expiry {
        block(if same { b"expiry or release" } else { b"expiry" }, expiry);
    }
    if let Some(release) = extras.on_release.as_ref().filter(|_| !same) {
        block(b"release", release);
    }
}

fn dates(out: &mut Vec<u8>, lease: &Lease, local: bool) {
    let (tsfp, atsfp) = lease.extras.as_ref().map_or_else(Default::default, |extras| (extras.tsfp, extras.atsfp));
    let dates: [(&[u8], Timestamp); 6] = [
        (b"\n  starts ", lease.starts),
        (b"\n  ends ", lease.ends),
        (b"\n  tstp ", lease.tstp),
        (b"\n  tsfp ", tsfp),
        (b"\n  atsfp ", atsfp),
        (b"\n  cltt ", lease.cltt),
    ];
    for (keyword, at) in dates {
        if at != Timestamp::UNSET {
            out.extend_from_slice(keyword);
            text::date(out, at, local);
        }
    }
}

fn states(out: &mut Vec<u8>, lease: &Lease) {
    let mut line = |keyword: &[u8], state| {
        out.extend_from_slice(keyword);
        out.extend_from_slice(state_name(state).as_bytes());
        out.push(b';');
    };
    line(b"\n  binding state ", lease.state);
    if lease.next_state != lease.state {
        line(b"\n  next binding state ", lease.next_state);
    }
    if lease.rewind_state != lease.state {
        line(b"\n  rewind binding state ", lease.rewind_state);
    }
}

fn billing(out: &mut Vec<u8>, extras: Option<&LeaseExtras>) {
    let Some(billing) = extras.and_then(|extras| extras.billing.as_ref()) else { return };
    match &billing.subclass {
        None => {
            out.extend_from_slice(b"\n  billing class ");
            text::quoted_name(out, &billing.class);
        }
        Some(data) => {
            out.extend_from_slice(b"\n  billing subclass ");
            text::quoted_name(out, &billing.class);
            out.push(b' ');
            text::plain_or_hex(out, data);
        }
    }
    out.push(b';');
}

/// `set` lines of variables that have a value a file can hold.
pub fn variables(out: &mut Vec<u8>, variables: &Bindings, indent: &[u8]) {
    for (name, value) in variables.iter() {
        let Some(value) = value.as_ref().filter(|value| !matches!(value, Value::Function(_) | Value::Nothing)) else {
            continue;
        };
        out.extend_from_slice(indent);
        out.extend_from_slice(b"set ");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b" = ");
        match value {
            Value::Data(data) => text::quoted(out, data),
            Value::Number(value) => {
                out.push(b'%');
                // Numbers are signed in the file.
                let value = *value as i64;
                if value < 0 {
                    out.push(b'-');
                }
                text::number(out, value.unsigned_abs());
            }
            Value::Boolean(true) => out.extend_from_slice(b"true"),
            Value::Boolean(false) => out.extend_from_slice(b"false"),
            Value::Function(_) | Value::Nothing => {}
        }
        out.push(b';');
    }
}

fn agent_options(out: &mut Vec<u8>, extras: &LeaseExtras, format: &Format) {
    for (code, data) in extras.agent_options.iter().filter(|(_, data)| !data.is_empty()) {
        out.extend_from_slice(b"\n  option agent.");
        let def = format.agent_option(*code);
        match def {
            Some(def) => out.extend_from_slice(def.name.as_bytes()),
            None => {
                out.extend_from_slice(b"unknown-");
                text::number(out, u64::from(*code));
            }
        }
        out.push(b' ');
        // what does not fit its format becomes `<error>`, as in ISC's file; the reader passes over it
        pretty_into(def.unwrap_or(&*format.opaque), data, Style::LEASE_FILE, out);
        out.push(b';');
    }
}
