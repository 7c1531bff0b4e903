//! Complaints about a text, with their places.

use super::source::{SourceMap, Span};

/// How bad it is. Whatever ISC's parser complains of fails the parse; warnings do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// What kind of mistake, for programs: stable, unlike the words of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Something else was expected here.
    Expected,
    /// No statement begins like this.
    UnknownStatement,
    /// A statement that does not belong into this block.
    Misplaced,
    /// The file ended inside a block or a string.
    EndOfFile,
    /// A number that is none, or is out of range.
    Number,
    /// An address that is none.
    Address,
    /// A string with a bad escape.
    String,
    /// A token longer than 1499 octets.
    TokenTooLong,
    /// Blocks or parentheses nested beyond all reason.
    Nesting,
    /// An included file that includes itself, or has mistakes.
    Include,
    /// A date, a key's secret, a list of a length that cannot be.
    Value,
}

impl Code {
    /// Its name in kebab case.
    pub fn name(self) -> &'static str {
        match self {
            Code::Expected => "expected",
            Code::UnknownStatement => "unknown-statement",
            Code::Misplaced => "misplaced",
            Code::EndOfFile => "end-of-file",
            Code::Number => "number",
            Code::Address => "address",
            Code::String => "string",
            Code::TokenTooLong => "token-too-long",
            Code::Nesting => "nesting",
            Code::Include => "include",
            Code::Value => "value",
        }
    }
}

/// One complaint.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// What it is about: the offending token; empty at the end of a file.
    pub span: Span,
    pub severity: Severity,
    pub code: &'static str,
    /// ISC's words where ISC has any.
    pub message: String,
    /// What could have stood there, in the grammar's terms.
    pub expected: Vec<String>,
    /// The word at the beginning of the statement, if no statement begins so: ISC reads on and complains of what follows.
    pub unknown_word: Option<Span>,
    /// What may have been meant; only on demand, for it takes some looking.
    pub hint: Option<String>,
}

/// How many octets of a line are echoed, as ISC does (spec/config-language.md 2.1).
const ECHO: usize = 80;

impl Diagnostic {
    /// An error without a list of what was expected.
    pub fn error(span: Span, code: Code, message: impl Into<String>) -> Self {
        Diagnostic::new(span, Severity::Error, code.name(), message)
    }

    /// Any complaint or warning, with nothing but its message.
    pub fn new(span: Span, severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        let (message, expected) = (message.into(), Vec::new());
        Diagnostic { span, severity, code, message, expected, unknown_word: None, hint: None }
    }

    /// The three lines of ISC: `<file> line <n>: <message>`, the line, a caret under the place.
    pub fn render(&self, map: &SourceMap) -> String {
        let (line, column) = map.line_column(self.span);
        let text = map.line_text(self.span).trim_end_matches('\r');
        let echo: String = text.chars().take(ECHO).collect();
        let caret = if column > ECHO { 0 } else { indentation(&echo, column - 1) };
        let name = &map.file(self.span.file).name;
        format!("{name} line {line}: {}\n{echo}\n{}^", self.message, " ".repeat(caret))
    }
}

/// How far the octet of that number stands from the left on a terminal: a tab goes to the next multiple of 8.
fn indentation(line: &str, octets: usize) -> usize {
    let column = |at: usize, c: char| if c == '\t' { (at / 8 + 1) * 8 } else { at + 1 };
    let written = line.chars().take(octets).fold(0, column);
    (written + octets.saturating_sub(line.chars().count())).min(255)
}
