//! Which files and ports are used (spec/operations.md 3). From the weakest to the strongest: compiled default, environment,
//! flag, statement of the configuration.

use super::args::{self, Args, ArgsError};
use super::parameters::Parameters;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// Names that differ between the families: default, environment variable.
struct Names {
    leases: (&'static str, &'static str),
    pid: (&'static str, &'static str),
}

const V4: Names =
    Names { leases: ("/var/lib/dhcp/dhcpd.leases", "PATH_DHCPD_DB"), pid: ("/var/run/dhcpd.pid", "PATH_DHCPD_PID") };
const V6: Names = Names {
    leases: ("/var/lib/dhcp/dhcpd6.leases", "PATH_DHCPD6_DB"),
    pid: ("/var/run/dhcpd6.pid", "PATH_DHCPD6_PID"),
};
const CONFIG: (&str, &str) = ("/etc/dhcp/dhcpd.conf", "PATH_DHCPD_CONF");
const PORT: &str = "DHCPD_PORT";
const SERVICES: &str = "/etc/services";

/// The files of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub config: PathBuf,
    pub leases: PathBuf,
    pub pid: PathBuf,
}

/// What flags and environment say. `environment` looks a variable up.
pub fn choose(args: &Args, environment: impl Fn(&str) -> Option<OsString>) -> Paths {
    let names = if args.family6 { V6 } else { V4 };
    let pick = |flag: &Option<PathBuf>, (default, variable): (&str, &str)| {
        flag.clone().or_else(|| environment(variable).map(PathBuf::from)).unwrap_or_else(|| default.into())
    };
    Paths {
        config: pick(&args.config_file, CONFIG),
        leases: pick(&args.lease_file, names.leases),
        pid: pick(&args.pid_file, names.pid),
    }
}

impl Paths {
    /// Takes over what the configuration says.
    pub fn apply(&mut self, parameters: &Parameters, family6: bool) {
        let pick = |own6: &Option<Vec<u8>>, both: &Option<Vec<u8>>| {
            let name = own6.as_ref().filter(|_| family6).or(both.as_ref())?;
            Some(PathBuf::from(OsString::from_vec(name.clone())))
        };
        if let Some(leases) = pick(&parameters.dhcpv6_lease_file_name, &parameters.lease_file_name) {
            self.leases = leases;
        }
        if let Some(pid) = pick(&parameters.dhcpv6_pid_file_name, &parameters.pid_file_name) {
            self.pid = pid;
        }
    }
}

/// Where a server port comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum Port {
    Flag(u16),
    Environment(u16),
    Default(u16),
}

impl Port {
    /// The number.
    pub fn number(&self) -> u16 {
        match self {
            Port::Flag(port) | Port::Environment(port) | Port::Default(port) => *port,
        }
    }
}

/// The server port before the configuration is read.
pub fn server_port(args: &Args, environment: impl Fn(&str) -> Option<OsString>) -> Result<Port, ArgsError> {
    if let Some(port) = args.port {
        return Ok(Port::Flag(port));
    }
    if let Some(text) = environment(PORT) {
        return args::port(&text.to_string_lossy()).map(Port::Environment);
    }
    let (service, default) = if args.family6 { ("dhcpv6-server", 547) } else { ("dhcp", 67) };
    let services = std::fs::read_to_string(SERVICES).unwrap_or_default();
    Ok(Port::Default(udp_service(&services, service).unwrap_or(default)))
}

/// The UDP port of a service in a text of the form of services(5).
fn udp_service(services: &str, name: &str) -> Option<u16> {
    services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let (service, port) = (words.next()?, words.next()?.strip_suffix("/udp")?);
        (service == name || words.any(|alias| alias == name)).then(|| port.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<OsString> {
        None
    }

    fn all(name: &str) -> Option<OsString> {
        Some(format!("/env/{name}").into())
    }

    #[test]
    fn flags_beat_the_environment_and_it_beats_the_defaults() {
        let mut args = Args::default();
        assert_eq!(choose(&args, none).leases, PathBuf::from("/var/lib/dhcp/dhcpd.leases"));
        assert_eq!(choose(&args, all).config, PathBuf::from("/env/PATH_DHCPD_CONF"));
        args.pid_file = Some("p".into());
        let paths = choose(&args, all);
        assert_eq!((paths.pid, paths.leases), ("p".into(), "/env/PATH_DHCPD_DB".into()));
        args.family6 = true;
        assert_eq!(choose(&args, all).leases, PathBuf::from("/env/PATH_DHCPD6_DB"));
        assert_eq!(choose(&args, none).config, PathBuf::from("/etc/dhcp/dhcpd.conf"));
    }

    #[test]
    fn the_configuration_beats_all() {
        let mut parameters = Parameters { lease_file_name: Some(b"l".to_vec()), ..Default::default() };
        let mut paths = choose(&Args { lease_file: Some("flag".into()), ..Args::default() }, none);
        paths.apply(&parameters, false);
        assert_eq!(paths.leases, PathBuf::from("l"));
        parameters.dhcpv6_lease_file_name = Some(b"six".to_vec());
        paths.apply(&parameters, false);
        assert_eq!(paths.leases, PathBuf::from("l"));
        paths.apply(&parameters, true);
        assert_eq!(paths.leases, PathBuf::from("six"));
    }

    #[test]
    fn ports_come_from_flag_environment_or_service() {
        let port = |n| Args { port: n, ..Args::default() };
        let in_environment = |_: &str| Some("1067".into());
        assert_eq!(server_port(&port(Some(99)), in_environment), Ok(Port::Flag(99)));
        assert_eq!(server_port(&port(None), in_environment), Ok(Port::Environment(1067)));
        assert!(server_port(&port(None), |_| Some("x".into())).is_err());
        let services = "bootps 67/tcp\ndhcp-x 5/udp # dhcp\nboot 1067/udp other dhcp\n";
        assert_eq!(udp_service(services, "dhcp"), Some(1067));
        assert_eq!(udp_service(services, "nothing"), None);
    }
}
