//! The three streams, buffered as the C library does it, so that what a script reads from one file for two of them comes in the
//! same order: standard error at once, standard output line by line on a terminal, else when the next command is wanted.

use super::output::{Output, Stream};
use super::syslog::Syslog;
use std::io::{self, BufRead, IsTerminal, StdinLock, Write};

/// The longest command line with its line feed, in octets. A longer one is taken for several.
const MAX_LINE: usize = 1023;

/// Where commands come from, and where what they say goes to.
pub struct Terminal {
    input: StdinLock<'static>,
    by_line: bool,
    /// What waits for standard output.
    waiting: Vec<u8>,
    syslog: Syslog,
}

impl Terminal {
    /// The standard streams; `program` is the name in the system log.
    pub fn new(program: &str) -> Terminal {
        Terminal {
            input: io::stdin().lock(),
            by_line: io::stdout().is_terminal(),
            waiting: Vec::new(),
            syslog: Syslog::new(program),
        }
    }

    /// The next command line, with its line feed if it has one; `None` at the end.
    pub fn read_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        read_line(&mut self.input)
    }

    /// Says something, some of it later.
    pub fn show(&mut self, output: Output) -> io::Result<()> {
        for (stream, text) in output.pieces {
            match stream {
                Stream::Out => self.waiting.extend_from_slice(&text),
                // A closed standard error ends nothing.
                Stream::Err => drop(io::stderr().write_all(&text)),
            }
            if self.by_line {
                self.flush()?;
            }
        }
        output.log.iter().for_each(|line| self.syslog.error(line));
        Ok(())
    }

    /// Says what waits.
    pub fn flush(&mut self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(&self.waiting)?;
        self.waiting.clear();
        out.flush()
    }
}

fn read_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    io::Read::take(input, MAX_LINE as u64).read_until(b'\n', &mut line)?;
    Ok((!line.is_empty()).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_length() {
        let text = [b"a\n\n".to_vec(), vec![b'b'; 1500], b"\nc".to_vec()].concat();
        let mut input = text.as_slice();
        let mut lengths = Vec::new();
        while let Some(line) = read_line(&mut input).unwrap() {
            lengths.push(line.len());
        }
        assert_eq!(lengths, [2, 1, 1023, 1500 - 1023 + 1, 1]);
    }
}
