//! Floor 6: the process. Flags, files, sockets, signals, clock, event loop; it carries out what the engines decide.

mod args;
mod check;
mod clock;
mod daemonize;
mod ddns;
mod duid;
mod eventloop;
mod execute;
mod failover;
mod fatal;
mod interfaces;
mod json;
mod leasefile;
mod listeners;
mod logging;
mod names;
mod omapi;
mod omapi_world;
mod outbox;
mod parameters;
mod paths;
mod pid;
mod privileges;
mod reload;
mod reverse;
mod startup;

pub use failover::SharedLeases;

use args::Parsed;
use fatal::Fatal;
use logging::Logger;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// What `--version` says (spec/operations.md 2).
const VERSION: &str = "isc-dhcpd-4.4.3-P1";

/// Runs `dhcpd` with these arguments (the program's name first) and returns its exit status.
pub fn main(words: Vec<OsString>) -> ExitCode {
    let program = words.first().map_or_else(|| "dhcpd".into(), base_name);
    let mut logger = Logger::new(&program);
    let texts: Vec<String> = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let marked = daemonize::take_mark(&program);
    let mut notes = Vec::new();
    let parsed = args::parse(&texts, &mut |line| notes.push(line));
    if matches!(&parsed, Ok(Parsed::Run(args)) if args.json) {
        logger.set_stderr(false);
    }
    let in_background = matches!(&parsed, Ok(Parsed::Run(args)) if !args.foreground && !marked);
    if !in_background {
        notes.iter().for_each(|line| logger.debug(line));
    }
    let args = match parsed {
        Ok(Parsed::Version) => {
            eprintln!("{VERSION}");
            return ExitCode::SUCCESS;
        }
        Ok(Parsed::Help) => {
            eprintln!("{}", args::usage(&program));
            return ExitCode::SUCCESS;
        }
        Ok(Parsed::Run(args)) => args,
        Err(error) => {
            if error.usage {
                startup::banner(&mut logger);
                let mut lines = vec![error.message];
                lines.extend(args::usage(&program).lines().map(String::from));
                return end(&mut logger, &Fatal { lines });
            }
            return end(&mut logger, &Fatal::new(error.message));
        }
    };
    if in_background {
        return match daemonize::start(&words) {
            Ok(status) => status,
            Err(error) => end(&mut logger, &Fatal::new(format!("Can't fork daemon: {error}"))),
        };
    }
    if args.explain || args.json {
        return check::run(&args, &mut logger);
    }
    let is_daemon = marked && !args.foreground;
    match startup::run(&args, is_daemon, &mut logger) {
        Ok(status) => status,
        Err(fatal) => end(&mut logger, &fatal),
    }
}

/// Ends with a fatal message.
fn end(logger: &mut Logger, fatal: &Fatal) -> ExitCode {
    fatal::log(logger, fatal);
    logger.finish();
    ExitCode::FAILURE
}

/// The last component of a path.
fn base_name(word: &OsString) -> String {
    Path::new(word).file_name().unwrap_or(word).to_string_lossy().into_owned()
}
