//! The tokens of a lease file (spec/leases-file.md 3), streamed through a buffer of fixed size: lease files are written by
//! machines and can be gigabytes.
//!
//! | token | text |
//! | --- | --- |
//! | word | letters, digits, `-`, `_` |
//! | string | `"` ... `"` with escapes, may contain newlines |
//! | punctuation | any other single octet |
//! | nothing | white space, and `#` to the end of the line |

use crate::wire::units::Timestamp;
use std::io::{self, Read};

/// Octets read at once.
const BUFFER: usize = 128 * 1024;
/// How much of the current line is kept for complaints when the buffer is refilled.
const KEPT: usize = 256;
/// Longest echo of a line in a complaint (spec/config-language.md 2.1).
const ECHO: usize = 80;
/// Longest token that is kept; what is longer is no lease's.
const LONGEST_TOKEN: usize = 65_536;
/// Longest text that is captured as it stands: a host, group or class, or an event block.
const LONGEST_CAPTURE: usize = 1 << 20;

/// What kind of token. A word's or string's octets are `Lexer::text`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    End,
    Word,
    String,
    Punctuation(u8),
}

/// Where a token stands: what a complaint about it shows.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    line: u32,
    column: u32,
    /// Offsets in the buffer of the line's start and of what was read of it.
    line_start: usize,
    read: usize,
    /// First thing on its line, not indented.
    first_on_line: bool,
}

/// A reader of tokens.
pub struct Lexer<R> {
    input: R,
    buffer: Box<[u8]>,
    position: usize,
    end: usize,
    at_end: bool,
    line: u32,
    line_start: usize,
    /// The octet at `position` was looked at already; it makes the next column one more (spec/config-language.md 2.2).
    looked: bool,
    token: Token,
    text: Vec<u8>,
    mark: Mark,
    previous: Mark,
    peeked: bool,
    unterminated_string: bool,
    torn_string: bool,
    captured: Vec<u8>,
    capture_from: Option<usize>,
    error: Option<io::Error>,
}

const fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_'
}

static WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = is_word(octet as u8);
        octet += 1;
    }
    table
};

impl<R: Read> Lexer<R> {
    /// Tokens of `input`.
    pub fn new(input: R) -> Lexer<R> {
        Lexer {
            input,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            position: 0,
            end: 0,
            at_end: false,
            line: 1,
            line_start: 0,
            looked: false,
            token: Token::End,
            text: Vec::new(),
            mark: Mark::default(),
            previous: Mark::default(),
            peeked: false,
            unterminated_string: false,
            torn_string: false,
            captured: Vec::new(),
            capture_from: None,
            error: None,
        }
    }

    /// The error that ended the input early.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// The octets of the word or string read last.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// True if the word read last is `keyword` (lower case), in any case.
    pub fn is(&self, keyword: &str) -> bool {
        self.token == Token::Word && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// True if the token read or peeked last begins its line.
    pub fn is_first_on_line(&self) -> bool {
        self.mark.first_on_line
    }

    /// True if the input ended inside a string.
    pub fn ended_in_string(&self) -> bool {
        self.unterminated_string
    }

    /// True if the token read last is a string that a crash cut off: a lease begins on its next line. Strings are written
    /// without newlines.
    pub fn is_torn(&self) -> bool {
        self.torn_string
    }

    /// Takes the next token.
    pub fn next(&mut self) -> Token {
        if self.peeked {
            self.peeked = false;
            return self.token;
        }
        self.read_token();
        self.token
    }

    /// Looks at the next token without taking it; complaints are still about the one before.
    pub fn peek(&mut self) -> Token {
        if !self.peeked {
            self.previous = self.mark;
            self.read_token();
            self.peeked = true;
        }
        self.token
    }

    /// A complaint about the token taken last: line number, the line as far as it was read, and a caret under the token.
    pub fn complaint(&self, path: &str, message: &str) -> [String; 3] {
        let mark = if self.peeked { self.previous } else { self.mark };
        let line = self.buffer.get(mark.line_start..mark.read.max(mark.line_start)).unwrap_or(&[]);
        let line = line.get(..ECHO).unwrap_or(line);
        let echo: String = line.iter().map(|octet| char::from(*octet)).collect();
        let mut caret = 0;
        for octet in line.iter().take(mark.column.saturating_sub(1) as usize) {
            caret = if *octet == b'\t' { (caret / 8 + 1) * 8 } else { caret + 1 };
        }
        [format!("{path} line {}: {message}", mark.line), echo, format!("{:caret$}^", "")]
    }

    /// Keeps the text of what follows as it stands, until `end_capture`.
    pub fn begin_capture(&mut self) {
        self.captured.clear();
        self.capture_from = Some(self.position);
    }

    /// How many octets lie between `begin_capture` and the end of the token taken last; none must have been peeked.
    pub fn capture_length(&self) -> usize {
        let since = self.capture_from.map_or(0, |from| self.position.saturating_sub(from));
        self.captured.len() + since
    }

    /// The text since `begin_capture` up to and including the token taken last.
    pub fn end_capture(&mut self) -> &[u8] {
        if let Some(from) = self.capture_from.take() {
            self.captured.extend_from_slice(self.buffer.get(from..self.position).unwrap_or(&[]));
        }
        &self.captured
    }

    /// A date in the form every server writes, ` <w> YYYY/MM/DD HH:MM:SS;`, taken at once; `None`, with nothing taken, if
    /// what follows looks otherwise.
    pub fn plain_date(&mut self) -> Option<Timestamp> {
        const PATTERN: &[u8; 23] = b" 0 0000/00/00 00:00:00;";
        if self.peeked {
            return None;
        }
        let text = self.buffer[..self.end].get(self.position..self.position + PATTERN.len())?;
        let matches = PATTERN.iter().zip(text).all(|(p, t)| if *p == b'0' { t.is_ascii_digit() } else { p == t });
        if !matches {
            return None;
        }
        let two = |at: usize| i64::from(text[at] - b'0') * 10 + i64::from(text[at + 1] - b'0');
        let date = calendar_time(two(3) * 100 + two(5), two(8), two(11), two(14), two(17), two(20));
        self.position += PATTERN.len();
        self.looked = false;
        Some(date)
    }

    fn read_token(&mut self) {
        self.torn_string = false;
        self.skip_space();
        let column = (self.position - self.line_start) as u32 + 1 + u32::from(self.looked);
        self.mark = Mark {
            line: self.line,
            column,
            line_start: self.line_start,
            read: self.position,
            first_on_line: self.position == self.line_start,
        };
        let Some(octet) = self.at() else {
            self.token = Token::End;
            return;
        };
        self.token = match octet {
            b'"' => self.read_string(),
            octet if WORD[usize::from(octet)] => self.read_word(),
            octet => {
                self.position += 1;
                self.looked = false;
                self.mark.read = self.position;
                Token::Punctuation(octet)
            }
        };
    }

    /// The octet at `position`, reading on if the buffer is used up.
    fn at(&mut self) -> Option<u8> {
        if self.position == self.end && !self.fill() {
            return None;
        }
        Some(self.buffer[self.position])
    }

    /// Reads on; false at the end of the input. Keeps the part of the current line that complaints may show.
    fn fill(&mut self) -> bool {
        if self.at_end {
            return false;
        }
        if let Some(from) = self.capture_from.as_mut() {
            if self.captured.len() < LONGEST_CAPTURE {
                self.captured.extend_from_slice(self.buffer.get(*from..self.position).unwrap_or(&[]));
            }
            *from = self.position;
        }
        let oldest = self.line_start.min(self.mark.line_start).min(self.previous.line_start);
        let keep = oldest.max(self.position.saturating_sub(KEPT));
        self.buffer.copy_within(keep..self.end, 0);
        let moved = |at: &mut usize| *at = at.saturating_sub(keep);
        for at in [&mut self.position, &mut self.end, &mut self.line_start] {
            moved(at);
        }
        for mark in [&mut self.mark, &mut self.previous] {
            moved(&mut mark.line_start);
            moved(&mut mark.read);
        }
        self.capture_from.as_mut().map(moved);
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => self.end += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => (self.at_end, self.error) = (true, Some(e)),
            }
            return !self.at_end;
        }
    }

    fn skip_space(&mut self) {
        while let Some(octet) = self.at() {
            match octet {
                b' ' | b'\t' | b'\r' => self.position += 1,
                b'\n' => self.new_line(),
                b'#' => self.skip_comment(),
                _ => return,
            }
            self.looked = true;
        }
    }

    fn skip_comment(&mut self) {
        while let Some(octet) = self.at() {
            if octet == b'\n' {
                return;
            }
            self.position += 1;
        }
    }

    /// Passes a newline.
    fn new_line(&mut self) {
        self.position += 1;
        self.line += 1;
        self.line_start = self.position;
    }

    fn read_word(&mut self) -> Token {
        self.text.clear();
        loop {
            let rest = &self.buffer[self.position..self.end];
            let len = rest.iter().position(|octet| !WORD[usize::from(*octet)]).unwrap_or(rest.len());
            if self.text.len() < LONGEST_TOKEN {
                self.text.extend_from_slice(&rest[..len]);
            }
            let ended = len < rest.len();
            self.position += len;
            if ended || self.at().is_none() {
                break;
            }
        }
        self.looked = true;
        // The octet that ended the word was read too, unless it began a new line.
        let ender = self.buffer[..self.end].get(self.position).filter(|octet| **octet != b'\n');
        self.mark.read = self.position + usize::from(ender.is_some());
        Token::Word
    }

    fn read_string(&mut self) -> Token {
        self.text.clear();
        self.position += 1;
        self.looked = false;
        loop {
            let Some(octet) = self.at() else {
                self.unterminated_string = true;
                return Token::String;
            };
            let value = match octet {
                b'"' => {
                    self.position += 1;
                    self.mark.read = self.position;
                    return Token::String;
                }
                b'\\' => {
                    self.position += 1;
                    self.escape()
                }
                b'\n' => {
                    self.new_line();
                    if self.line_begins_a_lease() {
                        self.torn_string = true;
                        return Token::String;
                    }
                    Some(octet)
                }
                octet => {
                    self.position += 1;
                    Some(octet)
                }
            };
            if let Some(value) = value.filter(|_| self.text.len() < LONGEST_TOKEN) {
                self.text.push(value);
            }
        }
    }

    fn line_begins_a_lease(&mut self) -> bool {
        const LEASE: &[u8] = b"lease ";
        while self.end - self.position < LEASE.len() && self.fill() {}
        self.buffer[self.position..self.end].starts_with(LEASE)
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Option<u8> {
        let octet = self.at()?;
        if octet == b'\n' {
            // It stands for itself.
            return None;
        }
        self.position += 1;
        Some(match octet {
            b't' => b'\t',
            b'r' => b'\r',
            b'n' => b'\n',
            b'b' => 8,
            b'0'..=b'3' => self.digits(octet - b'0', 8),
            b'x' => self.digits(0, 16),
            other => other,
        })
    }

    /// Up to two more digits of an octal or hexadecimal escape.
    fn digits(&mut self, first: u8, base: u32) -> u8 {
        let mut value = u32::from(first);
        for _ in 0..2 {
            let Some(digit) = self.at().and_then(|octet| char::from(octet).to_digit(base)) else { break };
            value = value * base + digit;
            self.position += 1;
        }
        value as u8
    }
}

/// Seconds since 1970 of a date in the Gregorian calendar, UTC, computed arithmetically from whatever the fields are.
/// Before 1970 it is 0, from 2038 on `never` (spec/leases-file.md 5, 23).
pub fn calendar_time(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Timestamp {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    if year >= 2038 {
        return Timestamp::NEVER;
    }
    // Years that begin in March put the leap day last.
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month_from_march + 2) / 5
        + day
        - 1
        - 719_468;
    clamped(days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// A number of seconds as a time that can be stored and written again.
pub fn clamped(seconds: i64) -> Timestamp {
    Timestamp(seconds.clamp(0, i64::from(Timestamp::NEVER.0)) as u32)
}
