//! A place in a file, moved over gaps and words.

use super::source::{FileId, SourceFile, Span};
use std::sync::Arc;

/// The octet that stands for the end of the file.
const END: char = '\u{FF}';

/// How far a file has been read.
pub(super) struct Reader {
    pub file: FileId,
    pub source: Arc<SourceFile>,
    pub at: usize,
    /// Where reading stops: the length of the text, or the place of a lexical disaster.
    pub end: usize,
}

impl Reader {
    /// What is not yet read.
    pub fn rest(&self) -> &str {
        self.source.text.get(self.at..self.end).unwrap_or("")
    }

    /// Moves over white space and comments.
    pub fn skip_gap(&mut self) {
        self.at += gap(self.rest());
    }

    /// True at the end of the file.
    pub fn at_end(&self) -> bool {
        matches!(self.rest().chars().next(), None | Some(END))
    }

    /// True if the next character is this one.
    pub fn at_char(&self, octet: u8) -> bool {
        self.rest().as_bytes().first() == Some(&octet)
    }

    /// The word or character here, not moved over; a word in lower case, `None` if it is longer than any keyword.
    pub fn word(&self) -> Option<Word> {
        Word::first(self.rest())
    }

    /// The span of the next so many octets.
    pub fn span(&self, length: usize) -> Span {
        Span { file: self.file, start: self.at as u32, end: (self.at + length) as u32 }
    }
}

/// The length of the white space and comments a text begins with.
fn gap(text: &str) -> usize {
    let octets = text.as_bytes();
    let mut at = 0;
    while let Some(octet) = octets.get(at) {
        match octet {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => at += 1,
            b'#' => at += comment(&text[at..]),
            _ => break,
        }
    }
    at
}

/// A text without so many octets and the gap after them.
pub(super) fn after(text: &str, octets: usize) -> &str {
    let rest = text.get(octets..).unwrap_or("");
    &rest[gap(rest)..]
}

/// True if a text begins with that word.
pub(super) fn starts(text: &str, word: &str) -> bool {
    Word::first(text).is_some_and(|first| first.as_str() == word)
}

/// The length of a comment, its end of line left out.
fn comment(text: &str) -> usize {
    let line = text.find('\n').unwrap_or(text.len());
    match text[..line].find(END) {
        Some(at) => at + END.len_utf8(),
        None => line,
    }
}

/// A word of at most 48 octets in lower case, or a single ASCII character.
pub(super) struct Word {
    octets: [u8; 48],
    length: usize,
}

impl Word {
    /// The first of a text; `None` if it is longer than any keyword.
    pub fn first(text: &str) -> Option<Word> {
        let mut octets = [0; 48];
        let word = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        let length = text.bytes().take_while(word).count().max(1);
        if !text.is_char_boundary(length) {
            return None;
        }
        let target = octets.get_mut(..length)?;
        target.copy_from_slice(text.as_bytes().get(..length)?);
        target.make_ascii_lowercase();
        Some(Word { octets, length })
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.octets[..self.length]).unwrap_or("")
    }

    pub fn len(&self) -> usize {
        self.length
    }
}
