//! Source texts and places in them.

use std::sync::Arc;

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
}

/// All files of one parse, in the order they were opened.
#[derive(Debug, Default, Clone)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
}

impl SourceMap {
    /// Adds a file and returns its number.
    pub fn add(&mut self, name: String, text: String) -> FileId {
        self.files.push(Arc::new(SourceFile { name, text }));
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
        &self.files[span.file.0 as usize].text[span.start as usize..span.end as usize]
    }

    /// Line and column of a span's start, both from 1; columns count bytes of the original file.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let before = &self.files[span.file.0 as usize].text[..span.start as usize];
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}
