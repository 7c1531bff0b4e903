//! Reads a lease file into the store (spec/leases-file.md 15 to 17), streaming and tolerant.
//!
//! What ISC dhcpd reads, this reads to the same effect. It is better in what a crash or a full disk leaves behind: a record
//! that the file's end or the next record cuts off never replaces a good one, and after damage reading goes on at the next
//! record that begins a line, so that nothing but the damaged record is lost.

mod block;
mod failover;
mod ia;
mod lease;
mod object;
mod option;
mod value;

use super::lexer::{Lexer, Token};
use super::objects::Objects;
use super::store::LeaseStore;
use super::text;
use crate::config::ir::Stmt;
use crate::config::model::Config;
use crate::eval::bindings::Value;
use crate::eval::LogKind;
use crate::syntax::Diagnostic;
use crate::wire::units::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use std::io::{self, Read};
use std::sync::Arc;

/// How many different names, values and event blocks are kept to be shared; a million leases usually have a handful.
const SHARED: usize = 4096;

/// Where a load puts things.
pub struct Destination<'a> {
    pub config: &'a Config,
    pub store: &'a mut LeaseStore,
    pub objects: &'a mut Objects,
    /// Takes log lines.
    pub report: &'a mut dyn FnMut(LogKind, String),
}

/// What stopped the reading of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It cannot be understood; that many blocks are open.
    Record { depth: u32 },
    /// Another record begins here.
    CutOff,
    /// The file ended.
    End,
}

/// The state of one load.
struct Reader<'a, R> {
    lexer: Lexer<R>,
    path: String,
    now: Timestamp,
    to: Destination<'a>,
    class_names: FxHashSet<Box<[u8]>>,
    names: FxHashMap<Box<[u8]>, Arc<str>>,
    values: FxHashMap<Box<[u8]>, Value>,
    event_blocks: FxHashMap<Box<[u8]>, Arc<[Stmt]>>,
    /// `authoring-byte-order` came, or is taken to be this host's.
    seen_byte_order: bool,
    /// IAIDs are in the other order of octets.
    foreign_order: bool,
    /// A word that could not be understood was complained about, and nothing good was read since.
    in_damage: bool,
}

/// Reads all records of `input`, whose name in complaints is `path`. `now` decides whether a lease without a state is active.
/// Afterwards the store has to be told that loading is over (`LeaseStore::finish_load`). Errors are those of reading.
pub fn read(input: impl Read, path: &str, now: Timestamp, to: Destination<'_>) -> io::Result<()> {
    let classes = to.config.classes.iter().filter(|class| class.superclass.is_none());
    let class_names = classes.map(|class| text::latin1(&class.name).into()).collect();
    let mut reader = Reader {
        lexer: Lexer::new(input),
        path: path.into(),
        now,
        to,
        class_names,
        names: FxHashMap::default(),
        values: FxHashMap::default(),
        event_blocks: FxHashMap::default(),
        seen_byte_order: false,
        foreign_order: false,
        in_damage: false,
    };
    reader.file();
    match reader.lexer.take_error() {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

impl<R: Read> Reader<'_, R> {
    fn file(&mut self) {
        loop {
            match self.lexer.next() {
                Token::End => return,
                Token::Word => self.top_level(),
                // A stray brace or NUL octets cost nothing but themselves.
                _ => self.corrupt(),
            }
        }
    }

    /// One record, its first word taken.
    fn top_level(&mut self) {
        let outcome = match Record::named(self.lexer.text()) {
            Some(Record::Lease) => self.lease(),
            Some(Record::Other(kind)) => self.object(kind),
            None if self.is_glued_lease() => {
                self.corrupt();
                self.lease()
            }
            None => {
                self.corrupt();
                self.resynchronise(0);
                return;
            }
        };
        match outcome {
            Ok(()) => self.in_damage = false,
            Err(Fault::Record { depth }) => {
                self.complain("possibly corrupt lease file");
                self.corrupt();
                self.resynchronise(depth);
            }
            Err(Fault::CutOff) => {
                self.complain("Unexpected configuration directive.");
                self.complain("possibly corrupt lease file");
            }
            Err(Fault::End) if self.lexer.ended_in_string() => {
                self.complain("eof in string constant");
                self.complain("unexpected end of file");
            }
            Err(Fault::End) => self.complain("unexpected end of file"),
        }
    }

    /// A write that failed half-way can leave `  bilease 10.0.0.58 {`: the start of one record, then a whole one.
    fn is_glued_lease(&mut self) -> bool {
        self.lexer.text().ends_with(b"lease") && self.lexer.peek() == Token::Word && {
            let text = self.lexer.text();
            text.iter().all(u8::is_ascii_digit)
        }
    }

    fn corrupt(&mut self) {
        if !self.in_damage {
            (self.to.report)(LogKind::Error, "Corrupt lease file - possible data loss!".into());
        }
        self.in_damage = true;
    }

    /// Logs a complaint about the token taken last.
    fn complain(&mut self, message: &str) {
        for line in self.lexer.complaint(&self.path, message) {
            (self.to.report)(LogKind::Error, line);
        }
    }

    /// Logs the complaints about statements of the configuration language.
    fn complain_all(&mut self, complaints: &[Diagnostic]) {
        for complaint in complaints {
            self.complain(&complaint.message);
        }
    }

    /// Skips to the end of the damaged statement or block, `depth` blocks deep, or to a record that begins a line.
    fn resynchronise(&mut self, mut depth: u32) {
        loop {
            let token = self.lexer.peek();
            if token == Token::End || self.at_record() {
                return;
            }
            self.lexer.next();
            match token {
                Token::Punctuation(b'{') => depth += 1,
                Token::Punctuation(b'}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return;
                    }
                }
                Token::Punctuation(b';') if depth == 0 => return,
                _ => {}
            }
        }
    }

    /// True if the token peeked is the first word of a record at the beginning of a line, where statements of a record
    /// never are.
    fn at_record(&self) -> bool {
        self.lexer.is_first_on_line() && Record::named(self.lexer.text()).is_some_and(|record| record.starts_a_block())
    }

    /// Takes a token inside a record.
    fn token(&mut self) -> Result<Token, Fault> {
        match self.lexer.peek() {
            Token::End => return Err(Fault::End),
            Token::Word if self.at_record() => return Err(Fault::CutOff),
            _ => {}
        }
        match self.lexer.next() {
            Token::String if self.lexer.ended_in_string() => Err(Fault::End),
            Token::String if self.lexer.is_torn() => Err(Fault::CutOff),
            token => Ok(token),
        }
    }

    /// Takes the semicolon of a statement; without it complains and skips to the next.
    fn semicolon(&mut self) -> Result<(), Fault> {
        if self.token()? == Token::Punctuation(b';') {
            return Ok(());
        }
        self.complain("semicolon expected.");
        self.skip_statement(0)
    }

    /// Skips to the semicolon that ends a statement in which `depth` blocks are open. The brace that closes the record is
    /// left.
    fn skip_statement(&mut self, mut depth: u32) -> Result<(), Fault> {
        loop {
            match self.lexer.peek() {
                Token::End => return Err(Fault::End),
                Token::Punctuation(b';') if depth == 0 => {
                    self.lexer.next();
                    return Ok(());
                }
                Token::Punctuation(b'{') => depth += 1,
                Token::Punctuation(b'}') if depth == 0 => return Ok(()),
                Token::Punctuation(b'}') => {
                    depth -= 1;
                    if depth == 0 {
                        self.lexer.next();
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.token()?;
        }
    }

    /// Takes tokens up to the brace that closes the innermost of `depth` open blocks.
    fn skip_block(&mut self, mut depth: u32) -> Result<(), Fault> {
        while depth > 0 {
            match self.token()? {
                Token::Punctuation(b'{') => depth += 1,
                Token::Punctuation(b'}') => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }
}

/// A record of a lease file by its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    Lease,
    Other(Other),
}

/// Records that are not leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    Ia,
    Class,
    Subclass,
    Host,
    Group,
    Failover,
    ServerDuid,
    ByteOrder,
}

impl Record {
    fn named(word: &[u8]) -> Option<Record> {
        const WORDS: [(&[u8], Record); 11] = [
            (b"lease", Record::Lease),
            (b"host", Record::Other(Other::Host)),
            (b"group", Record::Other(Other::Group)),
            (b"class", Record::Other(Other::Class)),
            (b"subclass", Record::Other(Other::Subclass)),
            (b"failover", Record::Other(Other::Failover)),
            (b"ia-na", Record::Other(Other::Ia)),
            (b"ia-ta", Record::Other(Other::Ia)),
            (b"ia-pd", Record::Other(Other::Ia)),
            (b"server-duid", Record::Other(Other::ServerDuid)),
            (b"authoring-byte-order", Record::Other(Other::ByteOrder)),
        ];
        WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, record)| *record)
    }

    fn starts_a_block(self) -> bool {
        !matches!(self, Record::Other(Other::ServerDuid | Other::ByteOrder))
    }
}
