//! Floor 6: `omshell`, which examines and changes what a running server knows, over OMAPI (spec/omapi.md 14, 15; omshell(1)).
//!
//! | module | what |
//! | --- | --- |
//! | `lexer`, `number`, `base64` | a command line's tokens and values |
//! | `shell` | the commands; `output` is what they say |
//! | `object` | the object that is open, and how it is shown |
//! | `session` | the client's side of the protocol, without I/O |
//! | `link` | what the shell needs of the network; `socket` is the network |
//! | `terminal`, `syslog` | the streams, and the system log |

mod base64;
mod lexer;
mod link;
mod number;
mod object;
mod output;
mod random;
mod session;
mod shell;
mod socket;
mod syslog;
mod terminal;

use shell::Shell;
use socket::Network;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use terminal::Terminal;

/// Reads commands from standard input until it ends; any argument is one too many.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let program = arguments.first().and_then(|path| Path::new(path).file_name()).unwrap_or("omshell".as_ref());
    let program = program.to_string_lossy();
    if arguments.len() > 1 {
        // Nobody is left to be told if that fails.
        let _ = writeln!(io::stderr(), "Usage: {program}");
        return ExitCode::FAILURE;
    }
    match serve(&mut Terminal::new(&program)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(terminal: &mut Terminal) -> io::Result<()> {
    let mut shell = Shell::new(Network);
    loop {
        terminal.show(shell.prompt())?;
        terminal.flush()?;
        let Some(line) = terminal.read_line()? else { return Ok(()) };
        terminal.show(shell.run(&line))?;
    }
}
