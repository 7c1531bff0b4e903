//! Parameters that count for the whole server: read once at start, from the root scope (spec/config-language.md 5, "G").

use crate::config::model::Key;
use crate::ddns::Conflicts;
use crate::eval::startup::Startup;
use crate::wire::dns::guard::Style;
use crate::wire::units::Seconds;
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Codes of space `server`.
mod code {
    pub const LEASE_FILE_NAME: u32 = 26;
    pub const PID_FILE_NAME: u32 = 27;
    pub const OMAPI_PORT: u32 = 31;
    pub const LOCAL_PORT: u32 = 32;
    pub const LIMITED_BROADCAST_ADDRESS: u32 = 33;
    pub const REMOTE_PORT: u32 = 34;
    pub const LOCAL_ADDRESS: u32 = 35;
    pub const OMAPI_KEY: u32 = 36;
    pub const DDNS_UPDATE_STYLE: u32 = 39;
    pub const UPDATE_CONFLICT_DETECTION: u32 = 48;
    pub const DDNS_LOCAL_ADDRESS4: u32 = 80;
    pub const DDNS_LOCAL_ADDRESS6: u32 = 81;
    pub const DDNS_DUAL_STACK_MIXED_MODE: u32 = 93;
    pub const DDNS_GUARD_ID_MUST_MATCH: u32 = 94;
    pub const DDNS_OTHER_GUARD_IS_DYNAMIC: u32 = 95;
    pub const LOG_FACILITY: u32 = 44;
    pub const DHCPV6_LEASE_FILE_NAME: u32 = 54;
    pub const DHCPV6_PID_FILE_NAME: u32 = 55;
    pub const DELAYED_ACK: u32 = 58;
    pub const MAX_ACK_DELAY: u32 = 59;
    pub const DONT_USE_FSYNC: u32 = 79;
    pub const SERVER_ID_CHECK: u32 = 86;
    pub const PREFIX_LENGTH_MODE: u32 = 87;
    pub const ABANDON_LEASE_TIME: u32 = 89;
    pub const CHECK_SECS_BYTE_ORDER: u32 = 92;
}

/// The parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    pub lease_file_name: Option<Vec<u8>>,
    pub pid_file_name: Option<Vec<u8>>,
    pub dhcpv6_lease_file_name: Option<Vec<u8>>,
    pub dhcpv6_pid_file_name: Option<Vec<u8>>,
    pub omapi_port: Option<u16>,
    /// The name of the key that OMAPI is restricted to, as it was declared.
    pub omapi_key: Option<Box<str>>,
    /// `ddns-update-style`; `None`: no DNS updates are made.
    pub ddns_style: Option<Style>,
    /// How DNS updates find out and spare the names of others.
    pub ddns_conflicts: Conflicts,
    pub ddns_local_address4: Option<Ipv4Addr>,
    pub ddns_local_address6: Option<Ipv6Addr>,
    pub local_port: Option<u16>,
    pub remote_port: Option<u16>,
    pub limited_broadcast: Option<Ipv4Addr>,
    pub local_address: Option<Ipv4Addr>,
    /// A value of the table of facilities in spec/options.md 21: shifted left by three, as in a priority.
    pub log_facility: Option<u8>,
    pub dont_use_fsync: bool,
    pub server_id_check: bool,
    pub check_secs_byte_order: bool,
    pub abandon_lease_time: Option<Seconds>,
}

/// A parameter that the server cannot start with: the fatal line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(Cow<'static, str>);

/// A value of exactly `N` octets; another length is fatal with the text `wrong`.
fn exact<const N: usize>(startup: &Startup, code: u32, wrong: &'static str) -> Result<Option<[u8; N]>, Unusable> {
    let Some(octets) = startup.octets(code) else { return Ok(None) };
    octets.try_into().map(Some).map_err(|_| Unusable(wrong.into()))
}

/// The key that `omapi-key` names; case does not matter, a final dot does (spec/omapi.md 1). ISC prints freed memory for the
/// name of one that is not declared; this prints the name.
fn omapi_key(startup: &Startup, keys: &[Key]) -> Result<Option<Box<str>>, Unusable> {
    let Some(name) = startup.octets(code::OMAPI_KEY) else { return Ok(None) };
    match keys.iter().find(|key| key.name.as_bytes().eq_ignore_ascii_case(name)) {
        Some(key) => Ok(Some(key.name.clone())),
        None => Err(Unusable(format!("OMAPI key {}: not found", String::from_utf8_lossy(name)).into())),
    }
}

/// How DNS updates treat names in use (spec/ddns.md 2).
fn conflicts(startup: &Startup) -> Conflicts {
    let is_not_off = |code| startup.octets(code).is_none() || startup.is_on(code);
    Conflicts {
        detects: is_not_off(code::UPDATE_CONFLICT_DETECTION),
        mixed: startup.is_on(code::DDNS_DUAL_STACK_MIXED_MODE),
        must_match: is_not_off(code::DDNS_GUARD_ID_MUST_MATCH),
        other_is_dynamic: startup.is_on(code::DDNS_OTHER_GUARD_IS_DYNAMIC),
    }
}

/// Reads the parameters, in ISC's order of complaints. `keys` are the declared ones.
pub fn read(startup: &Startup, keys: &[Key]) -> Result<Parameters, Unusable> {
    use code::*;
    let text = |code| startup.octets(code).map(<[u8]>::to_vec);
    let omapi_port = exact(startup, OMAPI_PORT, "invalid omapi port data length")?.map(u16::from_be_bytes);
    let omapi_key = omapi_key(startup, keys)?;
    let local_port = exact(startup, LOCAL_PORT, "invalid local port data length")?.map(u16::from_be_bytes);
    let remote_port = exact(startup, REMOTE_PORT, "invalid remote port data length")?.map(u16::from_be_bytes);
    let broadcast = exact::<4>(startup, LIMITED_BROADCAST_ADDRESS, "invalid broadcast address data length")?;
    let local_address = exact::<4>(startup, LOCAL_ADDRESS, "invalid local address data length")?;
    let update_style = exact::<1>(startup, DDNS_UPDATE_STYLE, "invalid dns update type")?;
    if update_style == Some([1]) {
        return Err(Unusable("ddns-update-style ad_hoc no longer supported".into()));
    }
    // Values of another length count as none.
    let address4 = startup.octets(DDNS_LOCAL_ADDRESS4).and_then(|octets| <[u8; 4]>::try_from(octets).ok());
    let address6 = startup.octets(DDNS_LOCAL_ADDRESS6).and_then(|octets| <[u8; 16]>::try_from(octets).ok());
    let facility = exact::<1>(startup, LOG_FACILITY, "invalid log facility")?;
    exact::<2>(startup, DELAYED_ACK, "invalid max delayed ACK count ")?;
    exact::<4>(startup, MAX_ACK_DELAY, "invalid max ack delay configuration")?;
    exact::<1>(startup, PREFIX_LENGTH_MODE, "invalid prefix-len-mode")?;
    let abandon = exact(startup, ABANDON_LEASE_TIME, "invalid abandon-lease-time")?;
    Ok(Parameters {
        lease_file_name: text(LEASE_FILE_NAME),
        pid_file_name: text(PID_FILE_NAME),
        dhcpv6_lease_file_name: text(DHCPV6_LEASE_FILE_NAME),
        dhcpv6_pid_file_name: text(DHCPV6_PID_FILE_NAME),
        omapi_port,
        omapi_key,
        ddns_style: update_style.and_then(|[style]| Style::of(style)),
        ddns_conflicts: conflicts(startup),
        ddns_local_address4: address4.map(Ipv4Addr::from),
        ddns_local_address6: address6.map(Ipv6Addr::from),
        local_port,
        remote_port,
        limited_broadcast: broadcast.map(Ipv4Addr::from),
        local_address: local_address.map(Ipv4Addr::from),
        log_facility: facility.map(|[facility]| facility),
        dont_use_fsync: startup.is_on(DONT_USE_FSYNC),
        server_id_check: startup.is_on(SERVER_ID_CHECK),
        check_secs_byte_order: startup.is_on(CHECK_SECS_BYTE_ORDER),
        abandon_lease_time: abandon.map(|octets| Seconds(u32::from_be_bytes(octets))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn startup(values: &[(u32, &[u8])]) -> Startup {
        Startup {
            parameters: values.iter().map(|(code, octets)| (*code, octets.to_vec())).collect(),
            ..Startup::default()
        }
    }

    /// The parameters that a configuration's text gives.
    fn of(text: &str) -> Parameters {
        let loading = crate::config::load_text("c", text, crate::config::Family::V4);
        let config = loading.result.unwrap_or_else(|| panic!("{text}"));
        let names = crate::eval::environment::Names::default();
        let found = crate::eval::startup::startup(&config, &names, crate::wire::units::Timestamp(0));
        read(&found, &config.keys).unwrap()
    }

    #[test]
    fn each_is_read_from_its_statement() {
        let nothing = Parameters::default;
        assert_eq!(of(""), nothing());
        let rows = [
            ("lease-file-name \"l\";", Parameters { lease_file_name: Some(b"l".to_vec()), ..nothing() }),
            ("pid-file-name \"p\";", Parameters { pid_file_name: Some(b"p".to_vec()), ..nothing() }),
            ("omapi-port 7911;", Parameters { omapi_port: Some(7911), ..nothing() }),
            ("local-port 1067;", Parameters { local_port: Some(1067), ..nothing() }),
            ("log-facility local7;", Parameters { log_facility: Some(23 << 3), ..nothing() }),
            ("log-facility daemon;", Parameters { log_facility: Some(3 << 3), ..nothing() }),
            ("dont-use-fsync on;", Parameters { dont_use_fsync: true, ..nothing() }),
            ("check-secs-byte-order on;", Parameters { check_secs_byte_order: true, ..nothing() }),
            (
                "key k { algorithm hmac-md5; secret c2VjcmV0; } omapi-key k;",
                Parameters { omapi_key: Some("k".into()), ..nothing() },
            ),
            // These are checked, and have no part in what the server does.
            ("delayed-ack 28; max-ack-delay 1000;", nothing()),
        ];
        for (text, wanted) in rows {
            assert_eq!(of(text), wanted, "{text}");
        }
    }

    #[test]
    fn values_are_read_and_wrong_lengths_are_fatal() {
        let values: [(u32, &[u8]); 5] =
            [(26, b"leases"), (32, &[4, 43]), (35, &[10, 0, 0, 1]), (79, &[1]), (89, &[0, 0, 1, 0])];
        let parameters = read(&startup(&values), &[]).unwrap();
        assert_eq!(parameters.lease_file_name.as_deref(), Some(&b"leases"[..]));
        assert_eq!(parameters.local_port, Some(1067));
        assert_eq!(parameters.local_address, Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert!(parameters.dont_use_fsync && !parameters.server_id_check);
        assert_eq!(parameters.abandon_lease_time, Some(Seconds(256)));
        let key = |name: &str| Key { name: name.into(), algorithm: "a.".into(), secret: Box::default() };
        let named = |name: &'static [u8]| read(&startup(&[(36, name)]), &[key("other"), key("omapi_key")]);
        assert_eq!(named(b"OMAPI_Key").unwrap().omapi_key.as_deref(), Some("omapi_key"));
        assert!(named(b"omapi_key.").is_err());
        let wrong = |code, octets| read(&startup(&[(code, octets)]), &[]).unwrap_err().to_string();
        assert_eq!(wrong(31, &[1]), "invalid omapi port data length");
        assert_eq!(wrong(36, b"nobody"), "OMAPI key nobody: not found");
        assert_eq!(wrong(39, &[1]), "ddns-update-style ad_hoc no longer supported");
        assert_eq!(wrong(39, &[1, 2]), "invalid dns update type");
        assert_eq!(wrong(58, &[]), "invalid max delayed ACK count ");
    }
}
