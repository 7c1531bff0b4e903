//! The server parameters that the engine looks at (spec/config-language.md 5).

pub const DEFAULT_LEASE_TIME: u32 = 1;
pub const MAX_LEASE_TIME: u32 = 2;
pub const MIN_LEASE_TIME: u32 = 3;
pub const DYNAMIC_BOOTP_LEASE_CUTOFF: u32 = 4;
pub const DYNAMIC_BOOTP_LEASE_LENGTH: u32 = 5;
pub const BOOT_UNKNOWN_CLIENTS: u32 = 6;
pub const ALLOW_BOOTP: u32 = 8;
pub const ALLOW_BOOTING: u32 = 9;
pub const ONE_LEASE_PER_CLIENT: u32 = 10;
pub const GET_LEASE_HOSTNAMES: u32 = 11;
pub const USE_HOST_DECL_NAMES: u32 = 12;
pub const USE_LEASE_ADDR_FOR_DEFAULT_ROUTE: u32 = 13;
pub const MIN_SECS: u32 = 14;
pub const FILENAME: u32 = 15;
pub const SERVER_NAME: u32 = 16;
pub const NEXT_SERVER: u32 = 17;
pub const ALWAYS_REPLY_RFC1048: u32 = 20;
pub const SITE_OPTION_SPACE: u32 = 21;
pub const ALWAYS_BROADCAST: u32 = 22;
pub const DDNS_DOMAINNAME: u32 = 23;
pub const DDNS_HOSTNAME: u32 = 24;
pub const DDNS_REV_DOMAINNAME: u32 = 25;
pub const DUPLICATES: u32 = 28;
pub const DECLINES: u32 = 29;
pub const DDNS_UPDATES: u32 = 30;
pub const STASH_AGENT_OPTIONS: u32 = 37;
pub const DDNS_TTL: u32 = 38;
pub const CLIENT_UPDATES: u32 = 40;
pub const UPDATE_OPTIMIZATION: u32 = 41;
pub const PING_CHECK: u32 = 42;
pub const UPDATE_STATIC_LEASES: u32 = 43;
pub const DO_FORWARD_UPDATES: u32 = 45;
pub const PING_TIMEOUT: u32 = 46;
pub const INFINITE_IS_RESERVED: u32 = 47;
pub const LEASEQUERY: u32 = 49;
pub const ADAPTIVE_LEASE_TIME_THRESHOLD: u32 = 50;
pub const DO_REVERSE_UPDATES: u32 = 51;
pub const FQDN_REPLY: u32 = 52;
pub const DHCP_CACHE_THRESHOLD: u32 = 78;
pub const IGNORE_CLIENT_UIDS: u32 = 82;
pub const LOG_THRESHOLD_LOW: u32 = 83;
pub const LOG_THRESHOLD_HIGH: u32 = 84;
pub const ECHO_CLIENT_ID: u32 = 85;
pub const PING_CLTT_SECS: u32 = 99;
pub const PING_TIMEOUT_MS: u32 = 100;

/// The value of a boolean parameter: one octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    Unset,
    On,
    /// Also any value that is no boolean.
    Off,
    /// Off, and the refusal is not logged.
    Ignore,
}

impl Flag {
    /// From the value of a parameter that is configured.
    pub fn of(value: &[u8]) -> Flag {
        match value {
            [1] => Flag::On,
            [2] => Flag::Ignore,
            _ => Flag::Off,
        }
    }

    /// Configured and true.
    pub fn is_on(self) -> bool {
        self == Flag::On
    }

    /// Configured and false.
    pub fn is_off(self) -> bool {
        matches!(self, Flag::Off | Flag::Ignore)
    }
}
