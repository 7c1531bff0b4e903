//! Floor 1: text to syntax tree. The grammar is in `grammar/`; nothing here knows what a statement means.

pub mod ast;
mod build;
mod diagnostic;
mod driver;
mod files;
mod grammar;
mod messages;
pub mod number;
pub mod print;
mod reader;
pub mod source;
mod table;
#[cfg(test)]
mod tests;

pub use diagnostic::{Code, Diagnostic, Severity};
pub use table::{blocks_of_statement, statement_words};

use ast::{Name, Statement};
use driver::{Driver, Halt};
use pest::Parser;
use source::SourceMap;
use std::ops::ControlFlow;
use std::path::Path;
use table::Blocks;

/// True if a word is a keyword of the language, in any case.
pub fn is_keyword(word: &str) -> bool {
    let parsed = grammar::Grammar::parse(grammar::Rule::keyword, word);
    parsed.is_ok_and(|mut pairs| pairs.next().is_some_and(|pair| pair.as_str().len() == word.len()))
}

/// Takes the statements of a file, and the complaints about it, as they are read.
pub trait Sink {
    /// An outermost statement with its whole body, in the order of the files. `Break` ends the reading.
    fn statement(&mut self, map: &SourceMap, statement: Statement) -> ControlFlow<()>;

    /// The beginning of a `group` that no other block is around. A sink that says true gets the statements inside one by one,
    /// and then `end_group`; to one that says false the group comes as one statement. A group may hold any number of hosts.
    fn begin_group(&mut self, _map: &SourceMap, _name: Option<&Name>) -> bool {
        false
    }

    /// The end of the group that began last.
    fn end_group(&mut self, _map: &SourceMap) {}

    /// A complaint. Complaints about the inside of a block come before the statement.
    fn diagnostic(&mut self, map: &SourceMap, diagnostic: Diagnostic);
}

/// What ends everything at once. The texts are ISC's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fatal {
    /// File and reason.
    #[error("Can't open {0}: {1}")]
    Open(String, String),
    /// File and reason.
    #[error("Can't read in {0}: {1}")]
    Read(String, String),
    /// File and line: 1500 octets of white space in a row.
    #[error("{0} line {1}: whitespace too long, buffer overflow.\nExiting")]
    WhiteSpace(String, usize),
    /// A file of 2 GB, or too many files.
    #[error("{0}: too large")]
    TooLarge(String),
}

/// Reads a configuration file and what it includes. Memory is that of the file's text and of one outermost statement.
///
/// # Errors
/// A file that cannot be read. All other mistakes go to the sink.
pub fn parse_file(path: &Path, map: &mut SourceMap, sink: &mut dyn Sink) -> Result<(), Fatal> {
    let mut reader = files::open(path, &path.to_string_lossy(), map)?;
    let mut driver = Driver::new(map, sink);
    driver.open.push(files::identity(path));
    ended(driver.file(&mut reader, Blocks::ROOT))
}

/// Reads a text as a configuration file of that name; every character is an octet.
///
/// # Errors
/// An included file that cannot be read.
pub fn parse_text(name: &str, text: &str, map: &mut SourceMap, sink: &mut dyn Sink) -> Result<(), Fatal> {
    let mut reader = files::add(name, text.to_owned(), map)?;
    ended(Driver::new(map, sink).file(&mut reader, Blocks::ROOT))
}

fn ended(result: Result<(), Halt>) -> Result<(), Fatal> {
    match result {
        Err(Halt::Fatal(fatal)) => Err(fatal),
        Ok(()) | Err(Halt::Stopped) => Ok(()),
    }
}

/// Reads executable statements, such as stand in the event blocks of a lease file.
///
/// # Errors
/// All complaints, if there is any.
pub fn parse_block_text(text: &str) -> Result<(SourceMap, Vec<Statement>), Vec<Diagnostic>> {
    let (map, Collected { statements, diagnostics }) = parse_named_block_text("", text);
    match diagnostics.is_empty() {
        true => Ok((map, statements)),
        false => Err(diagnostics),
    }
}

/// The same for a text that has a name in complaints; what was good is there besides them.
pub fn parse_named_block_text(name: &str, text: &str) -> (SourceMap, Collected) {
    let (mut map, mut sink) = (SourceMap::default(), Collected::default());
    let read = files::add(name, text.to_owned(), &mut map);
    if let Ok(mut reader) = read {
        // Nothing is included in a body, so that nothing fatal can happen but too much white space.
        let _ = Driver::new(&mut map, &mut sink).file(&mut reader, Blocks::BODY);
    }
    (map, sink)
}

/// Statements and complaints, kept.
#[derive(Debug, Default)]
pub struct Collected {
    pub statements: Vec<Statement>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Sink for Collected {
    fn statement(&mut self, _: &SourceMap, statement: Statement) -> ControlFlow<()> {
        self.statements.push(statement);
        ControlFlow::Continue(())
    }

    fn diagnostic(&mut self, _: &SourceMap, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
