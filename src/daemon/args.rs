//! The command line (spec/operations.md 2): single-dash long names, in any order; every other word is an interface.

use std::path::PathBuf;

/// What the command line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    pub family6: bool,
    pub port: Option<u16>,
    pub foreground: bool,
    /// `-d`: foreground, and standard error keeps getting the log.
    pub debug: bool,
    pub quiet: bool,
    /// `-t`, and `-T`, which beats it.
    pub test_config: bool,
    pub test_leases: bool,
    /// `--explain` and `--json`, which ISC dhcpd does not have: with `-t` or `-T` only.
    pub explain: bool,
    pub json: bool,
    pub config_file: Option<PathBuf>,
    pub lease_file: Option<PathBuf>,
    pub pid_file: Option<PathBuf>,
    pub no_pid: bool,
    /// `-s`: where broadcasts go.
    pub broadcast: Option<String>,
    pub user: Option<String>,
    pub group: Option<String>,
    pub chroot: Option<PathBuf>,
    pub trace_output: Option<PathBuf>,
    pub trace_input: Option<PathBuf>,
    pub interfaces: Vec<String>,
}

/// What the arguments amount to.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    Run(Box<Args>),
    Version,
    Help,
}

/// A command line that cannot be used: the fatal message, and whether the usage text follows it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ArgsError {
    pub message: String,
    pub usage: bool,
}

/// The longest interface name (IFNAMSIZ less its NUL).
const MAX_INTERFACE: usize = 15;

fn fatal(message: impl Into<String>) -> ArgsError {
    ArgsError { message: message.into(), usage: false }
}

/// Reads the words after the program's name. Lines to log (level debug) go to `note` as they come up.
pub fn parse(words: &[String], note: &mut dyn FnMut(String)) -> Result<Parsed, ArgsError> {
    // These win wherever they stand.
    for word in words {
        match word.as_str() {
            "--version" => return Ok(Parsed::Version),
            "--help" | "-h" => return Ok(Parsed::Help),
            _ => {}
        }
    }
    let mut args = Args::default();
    let mut family4 = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .cloned()
                .ok_or_else(|| ArgsError { message: format!("No argument for command: {word} "), usage: true })
        };
        match word.as_str() {
            "-4" => family4 = true,
            "-6" => args.family6 = true,
            "-p" => {
                let port = port(&value()?)?;
                note(format!("binding to user-specified port {port}"));
                args.port = Some(port);
            }
            "-f" => args.foreground = true,
            "-d" => (args.foreground, args.debug) = (true, true),
            "-q" => args.quiet = true,
            "-t" => (args.foreground, args.test_config) = (true, true),
            "-T" => (args.foreground, args.test_leases) = (true, true),
            "--explain" => args.explain = true,
            "--json" => args.json = true,
            "-cf" => args.config_file = Some(value()?.into()),
            "-lf" => args.lease_file = Some(value()?.into()),
            "-pf" => args.pid_file = Some(value()?.into()),
            "--no-pid" => args.no_pid = true,
            "-s" => args.broadcast = Some(value()?),
            "-user" => args.user = Some(value()?),
            "-group" => args.group = Some(value()?),
            "-chroot" => args.chroot = Some(value()?.into()),
            "-tf" => args.trace_output = Some(value()?.into()),
            "-play" => (args.foreground, args.trace_input) = (true, Some(value()?.into())),
            _ if word.starts_with('-') => {
                return Err(ArgsError { message: format!("Unknown command {word}"), usage: true })
            }
            _ if word.len() > MAX_INTERFACE => {
                return Err(fatal(format!("{word}: interface name too long (is {})", word.len())))
            }
            _ => args.interfaces.push(word.clone()),
        }
        if family4 && args.family6 {
            return Err(fatal("Server cannot run in both IPv4 and IPv6 mode at the same time."));
        }
    }
    if (args.explain || args.json) && !(args.test_config || args.test_leases) {
        return Err(fatal("--explain and --json can only be used with -t or -T."));
    }
    Ok(Parsed::Run(Box::new(args)))
}

/// A UDP port number.
pub fn port(text: &str) -> Result<u16, ArgsError> {
    let number: i64 = text.parse().map_err(|_| fatal(format!("Invalid port number specification: {text}")))?;
    match u16::try_from(number) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(fatal("Port number specified is out of range (1-65535).")),
    }
}

/// The usage text; `program` is the base name of the program.
pub fn usage(program: &str) -> String {
    let indent = " ".repeat("Usage: ".len() + program.len());
    format!(
        "Usage: {program} [-p <UDP port #>] [-f] [-d] [-q] [-t|-T]\n\
         {indent} [-4|-6] [-cf config-file] [-lf lease-file]\n\
         {indent} [-user user] [-group group] [-chroot dir]\n\
         {indent} [-tf trace-output-file]\n\
         {indent} [-play trace-input-file]\n\
         {indent} [-pf pid-file] [--no-pid] [-s server]\n\
         {indent} [if0 [...ifN]]\n       {program} {{--version|--help|-h}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(String::from).collect()
    }

    fn run(line: &str) -> Args {
        match parse(&words(line), &mut |_| ()) {
            Ok(Parsed::Run(args)) => *args,
            other => panic!("{other:?}"),
        }
    }

    fn error(line: &str) -> (String, bool) {
        let error = parse(&words(line), &mut |_| ()).unwrap_err();
        (error.message, error.usage)
    }

    #[test]
    fn reads_what_init_scripts_pass() {
        let args = run("-user dhcpd -group dhcpd -f -4 -pf /run/p -cf /etc/c eth0 eth1");
        assert_eq!(args.user.as_deref(), Some("dhcpd"));
        assert!(args.foreground && !args.debug && !args.family6);
        assert_eq!(args.interfaces, ["eth0", "eth1"]);
        assert!(run("-4 -q -cf /etc/dhcp/dhcpd.conf").quiet);
        assert!(run("-t").foreground && run("-d").debug);
    }

    #[test]
    fn complains_in_the_words_of_isc() {
        assert_eq!(error("-4 -6").0, "Server cannot run in both IPv4 and IPv6 mode at the same time.");
        assert_eq!(error("-x"), ("Unknown command -x".into(), true));
        assert_eq!(error("-cf"), ("No argument for command: -cf ".into(), true));
        assert_eq!(error("-p 0").0, "Port number specified is out of range (1-65535).");
        assert_eq!(error("-p x").0, "Invalid port number specification: x");
        assert_eq!(error("abcdefghijklmnop").0, "abcdefghijklmnop: interface name too long (is 16)");
        assert_eq!(parse(&words("-x --version"), &mut |_| ()), Ok(Parsed::Version));
    }

    #[test]
    fn explains_checks_only() {
        let args = run("--json -T --explain -cf c");
        assert!(args.json && args.explain && args.test_leases);
        assert!(!run("-t").explain);
        assert_eq!(error("--json"), ("--explain and --json can only be used with -t or -T.".into(), false));
        assert_eq!(error("-f --explain eth0").0, "--explain and --json can only be used with -t or -T.");
        assert_eq!(error("-t -explain").0, "Unknown command -explain");
    }

    #[test]
    fn usage_is_laid_out_under_the_program_name() {
        let text = usage("dhcpd");
        assert!(text.starts_with("Usage: dhcpd [-p <UDP port #>] [-f] [-d] [-q] [-t|-T]\n             [-4|-6]"));
        assert!(text.ends_with("\n       dhcpd {--version|--help|-h}"));
    }
}
