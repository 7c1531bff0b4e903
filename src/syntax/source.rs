//! Source texts and places in them.

use std::sync::{Arc, OnceLock};

/// Which of a `SourceMap`'s files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId(pub u16);

/// A stretch of one file's text: byte offsets into `SourceFile::text`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

/// One file: its name as given and its text, every byte of 0x80 and above decoded as that Latin-1 character (the language
/// knows no UTF-8: spec/config-language.md 1.1), so that a string's octets are its characters.
#[derive(Debug)]
pub struct SourceFile {
    pub name: String,
    pub text: String,
    /// Where each line begins; made when a position is first asked for.
    lines: OnceLock<Vec<u32>>,
}

impl SourceFile {
    fn new(name: String, text: String) -> Self {
        SourceFile { name, text, lines: OnceLock::new() }
    }

    /// Offsets of the beginnings of all lines; the first is 0.
    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect()
        })
    }
}

/// The octets of a file as text: each octet is the Latin-1 character of its number.
pub fn decode(octets: Vec<u8>) -> String {
    if octets.is_ascii() {
        String::from_utf8(octets).unwrap_or_default()
    } else {
        octets.into_iter().map(char::from).collect()
    }
}

/// All files of one parse, in the order they were opened.
#[derive(Debug, Default, Clone)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
}

impl SourceMap {
    /// Adds a file and returns its number.
    pub fn add(&mut self, name: String, text: String) -> FileId {
        self.files.push(Arc::new(SourceFile::new(name, text)));
        FileId((self.files.len() - 1) as u16)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True if no file was added.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file of that number, shared.
    pub fn file(&self, id: FileId) -> Arc<SourceFile> {
        self.files[id.0 as usize].clone()
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.files[span.file.0 as usize].text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column of a span's start, both from 1; columns count bytes of the original file.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let file = &self.files[span.file.0 as usize];
        let line = file.lines().partition_point(|start| *start <= span.start);
        let begin = file.lines()[line - 1] as usize;
        let column = file.text.get(begin..span.start as usize).map_or(0, |before| before.chars().count()) + 1;
        (line, column)
    }

    /// The number of the line a span starts in, from 1; however long the line is.
    pub fn line(&self, span: Span) -> usize {
        self.files[span.file.0 as usize].lines().partition_point(|start| *start <= span.start)
    }

    /// The line a span starts in, without its end.
    pub fn line_text(&self, span: Span) -> &str {
        let file = &self.files[span.file.0 as usize];
        let line = file.lines().partition_point(|start| *start <= span.start);
        let begin = file.lines()[line - 1] as usize;
        file.text[begin..].split('\n').next().unwrap_or("")
    }
}
