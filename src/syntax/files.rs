//! Opening the files of a configuration.

use super::reader::Reader;
use super::source::{decode, SourceMap, Span};
use super::Fatal;
use std::path::{Path, PathBuf};

/// The longest file: places are 32-bit offsets.
const LONGEST: usize = u32::MAX as usize / 2;

/// ISC's scanner gives up at a run of this much white space.
const WHITE_SPACE: usize = 1500;

/// Reads a file and adds it to the map under that name.
///
/// # Errors
/// It cannot be opened or read, or is beyond all measure.
pub(super) fn open(path: &Path, name: &str, map: &mut SourceMap) -> Result<Reader, Fatal> {
    let mut file = std::fs::File::open(path).map_err(|error| Fatal::Open(name.into(), reason(&error)))?;
    let mut octets = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut octets).map_err(|error| Fatal::Read(name.into(), reason(&error)))?;
    add(name, decode(octets), map)
}

/// Adds a text to the map.
pub(super) fn add(name: &str, text: String, map: &mut SourceMap) -> Result<Reader, Fatal> {
    if text.len() > LONGEST || map.len() > usize::from(u16::MAX) {
        return Err(Fatal::TooLarge(name.into()));
    }
    let end = disaster(&text).unwrap_or(text.len());
    let file = map.add(name.to_owned(), text);
    Ok(Reader { file, source: map.file(file), at: 0, end })
}

/// What the C library says of an error.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// The same for all names of one file.
pub(super) fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// True if that file is being read.
pub(super) fn is_open(open: &[PathBuf], path: &Path) -> bool {
    open.contains(&identity(path))
}

/// Where the first run of too much white space reaches that length, if there is one outside of strings and comments.
fn disaster(text: &str) -> Option<usize> {
    let blank = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c);
    let octets = text.as_bytes();
    // A run of that length covers a multiple of it.
    let suspect = (0..octets.len()).step_by(WHITE_SPACE).any(|at| {
        let before = octets[..at].iter().rev().take(WHITE_SPACE).take_while(|octet| blank(octet)).count();
        let after = octets[at..].iter().take(WHITE_SPACE).take_while(|octet| blank(octet)).count();
        after > 0 && before + after >= WHITE_SPACE
    });
    if suspect {
        scan(text)
    } else {
        None
    }
}

/// The same by reading token after token.
fn scan(text: &str) -> Option<usize> {
    use super::grammar::{Grammar, Rule};
    use pest::Parser;
    let mut at = 0;
    while at < text.len() {
        let run = text[at..].bytes().take_while(|octet| b" \t\r\n\x0b\x0c".contains(octet)).count();
        if run >= WHITE_SPACE {
            return Some(at);
        }
        at += run;
        at += match Grammar::parse(Rule::gap_or_token, &text[at..]) {
            Ok(pairs) => pairs.as_str().len(),
            Err(_) => return None,
        };
    }
    None
}

/// The end of everything that ISC makes of too much white space.
pub(super) fn white_space(map: &SourceMap, reader: &Reader) -> Fatal {
    let span = Span { file: reader.file, start: reader.end as u32, end: reader.end as u32 };
    let (line, _) = map.line_column(span);
    Fatal::WhiteSpace(map.file(reader.file).name.clone(), line)
}
