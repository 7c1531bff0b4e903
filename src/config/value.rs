//! Option and parameter values by their format letters (spec/options.md 2 to 4).
//!
//! The format is walked letter by letter; each letter takes tokens and gives a piece, and the pieces are joined. `A` repeats
//! the whole format after a comma, `a` the letter before it, `o` makes the letter before it optional.

use super::ir::{Expr, Shared};
use super::lowering::{constant, octets_of, text_of, Lowering, MAX_DEPTH};
use super::message::{Lost, Lowered};
use crate::options::enums::Enumeration;
use crate::options::names;
use crate::options::registry::OptionDef;
use crate::syntax::ast::{Token, TokenKind};
use crate::syntax::number::convert;
use crate::syntax::source::Span;
use std::net::Ipv6Addr;
use std::sync::Arc;

/// How many pieces stay apart; in longer values neighbouring constants become one. Only the lease file shows the difference,
/// where ISC writes one `concat` for each piece.
const MAX_PIECES: usize = 64;

/// The longest text of an IPv6 address that ISC's buffer takes.
const MAX_IPV6_TEXT: usize = 45;

/// Tokens being taken from the front.
pub struct Cursor<'t> {
    tokens: &'t [Token],
    /// Where a complaint about missing tokens points.
    end: Span,
}

impl<'t> Cursor<'t> {
    pub fn new(tokens: &'t [Token], statement: Span) -> Cursor<'t> {
        let end = tokens.last().map_or(statement, |token| token.span);
        Cursor { tokens, end: Span { start: end.end, ..end } }
    }

    pub fn peek(&self) -> Option<&'t Token> {
        self.tokens.first()
    }

    pub fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Where the next token stands.
    fn span(&self) -> Span {
        self.peek().map_or(self.end, |token| token.span)
    }

    fn at_punctuation(&self, mark: u8) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Punctuation(mark))
    }

    fn take_punctuation(&mut self, mark: u8) -> bool {
        let found = self.at_punctuation(mark);
        if found {
            self.next();
        }
        found
    }
}

/// True for what the grammar calls an identifier: words, keywords included.
fn is_identifier(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::Name | TokenKind::NumberOrName)
}

fn is_number(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::Number | TokenKind::NumberOrName)
}

/// Why a piece was not read.
enum Miss {
    /// The token is not of the kind wanted; to complain is up to whoever knows whether the piece is optional.
    Wrong(Span, &'static str),
    Complained(Lost),
}

impl From<Lost> for Miss {
    fn from(lost: Lost) -> Miss {
        Miss::Complained(lost)
    }
}

/// What could have stood where a piece was not of the kind wanted, by the complaint.
fn wanted(complaint: &str) -> &'static [&'static str] {
    match complaint {
        "expecting boolean." => &["true", "false", "on", "off", "ignore"],
        "expecting number." => &["number"],
        "expecting identifier." => &["identifier"],
        "expecting string or hexadecimal data." => &["string", "hex-list"],
        _ => &[],
    }
}

impl Lowering<'_> {
    /// The value of an option from the tokens up to its semicolon.
    pub fn value(&mut self, option: &OptionDef, tokens: &[Token], statement: Span) -> Lowered<Shared> {
        let mut cursor = Cursor::new(tokens, statement);
        if tokens.is_empty() && !option.format.starts_with('Z') {
            return Err(self.semicolon_expected(statement));
        }
        let pieces = self.pieces(&option.format, &mut cursor)?;
        if cursor.peek().is_some() {
            return Err(self.semicolon_expected(cursor.span()));
        }
        self.join(pieces, statement)
    }

    fn semicolon_expected(&mut self, span: Span) -> Lost {
        self.log.miss(span, "semicolon", "semicolon expected.", &["\";\""])
    }

    /// Walks the format (spec/options.md 4).
    fn pieces(&mut self, format: &str, cursor: &mut Cursor) -> Lowered<Vec<Shared>> {
        let format = format.as_bytes();
        let letter = |at: usize| format.get(at).copied().unwrap_or(0);
        let mut pieces = Vec::new();
        let mut at = 0;
        let mut all_addresses = false;
        loop {
            all_addresses |= letter(at) != b'Z' && letter(at + 1).eq_ignore_ascii_case(&b'a');
            loop {
                match letter(at) {
                    b'A' | b'a' => break,
                    b'o' => {}
                    _ if letter(at + 1) == b'o' && cursor.peek().is_none() => {}
                    _ => {
                        let (piece, last) = self.piece(format, at, all_addresses, cursor);
                        at = last;
                        match piece {
                            Ok(piece) => pieces.push(piece),
                            Err(_) if letter(at + 1) == b'o' => {}
                            Err(Miss::Complained(lost)) => return Err(lost),
                            Err(Miss::Wrong(span, text)) => {
                                return Err(self.log.miss(span, "option-value", text, wanted(text)));
                            }
                        }
                    }
                }
                at += 1;
                if at >= format.len() {
                    return Ok(pieces);
                }
            }
            let whole = letter(at) == b'A';
            if cursor.take_punctuation(b',') {
                all_addresses = false;
                at = if whole { 0 } else { at.saturating_sub(1) };
            } else if whole || at + 1 >= format.len() {
                return Ok(pieces);
            } else {
                at += 1;
            }
        }
    }

    /// One piece, and the place of the last character of its letter in the format.
    fn piece(
        &mut self,
        format: &[u8],
        at: usize,
        all_addresses: bool,
        cursor: &mut Cursor,
    ) -> (Result<Shared, Miss>, usize) {
        let letter = format.get(at).copied().unwrap_or(0);
        match letter {
            b'E' | b'N' => {
                let rest = format.get(at + 1..).unwrap_or(&[]);
                let length = rest.iter().position(|b| *b == b'.').unwrap_or(rest.len());
                let last = at + 1 + length;
                let piece = if letter == b'E' {
                    self.opaque(cursor)
                } else {
                    self.enumerated(&String::from_utf8_lossy(&rest[..length]), cursor).map_err(Miss::from)
                };
                (piece, last)
            }
            b'D' if format.get(at + 1) == Some(&b'c') => (self.domain_list(true, cursor).map_err(Miss::from), at + 1),
            _ => (self.simple(letter, all_addresses, cursor), at),
        }
    }

    fn simple(&mut self, letter: u8, all_addresses: bool, cursor: &mut Cursor) -> Result<Shared, Miss> {
        match letter {
            b'U' => self.word(cursor, "expecting identifier.", is_identifier),
            b't' => {
                let text = |kind: &TokenKind| is_identifier(kind) || matches!(kind, TokenKind::String(_));
                self.word(cursor, "expecting string.", text)
            }
            b'X' => self.opaque(cursor),
            b'D' => Ok(self.domain_list(false, cursor)?),
            b'd' => Ok(self.domain_name(cursor)?),
            b'k' => Ok(self.key_name(cursor)?),
            b'I' => Ok(self.address(all_addresses, cursor)?),
            b'6' => {
                let address = self.ipv6(cursor)?;
                Ok(constant(address.octets()))
            }
            b'T' if cursor.peek().is_some_and(|token| self.is_word(token, "infinite")) => {
                cursor.next();
                Ok(constant([0xff; 4]))
            }
            b'T' | b'L' | b'l' => self.integer(32, cursor),
            b'S' | b's' => self.integer(16, cursor),
            b'B' | b'b' => self.integer(8, cursor),
            b'f' => self.boolean_flag(cursor),
            b'Z' if cursor.peek().is_none() => Ok(constant([])),
            b'Z' => Err(self.semicolon_expected(cursor.span()).into()),
            _ => {
                let text = format!("Bad format '{}' in parse_option_token.", char::from(letter));
                Err(self.log.complain(cursor.span(), "option-format", text).into())
            }
        }
    }

    fn is_word(&self, token: &Token, word: &str) -> bool {
        token.kind == TokenKind::Name && self.map.text(token.span).eq_ignore_ascii_case(word)
    }

    /// A token whose own text is the value.
    fn word(
        &mut self,
        cursor: &mut Cursor,
        complaint: &'static str,
        wanted: impl Fn(&TokenKind) -> bool,
    ) -> Result<Shared, Miss> {
        let span = cursor.span();
        match cursor.next() {
            Some(token) if wanted(&token.kind) => Ok(constant(self.token_octets(token))),
            _ => Err(Miss::Wrong(span, complaint)),
        }
    }

    /// A string, or octets in hexadecimal.
    fn opaque(&mut self, cursor: &mut Cursor) -> Result<Shared, Miss> {
        let span = cursor.span();
        match cursor.peek().map(|token| &token.kind) {
            Some(TokenKind::String(octets)) => {
                cursor.next();
                Ok(constant(octets[..].to_vec()))
            }
            Some(kind) if is_number(kind) => Ok(constant(self.hex_octets(cursor)?)),
            _ => {
                cursor.next();
                Err(Miss::Wrong(span, "expecting string or hexadecimal data."))
            }
        }
    }

    fn hex_octets(&mut self, cursor: &mut Cursor) -> Lowered<Vec<u8>> {
        let start = cursor.tokens;
        let span = cursor.span();
        let mut length = 0;
        while start.get(length).is_some_and(|token| is_number(&token.kind)) {
            length += 1;
            if start.get(length).map(|token| &token.kind) != Some(&TokenKind::Punctuation(b':')) {
                break;
            }
            length += 1;
        }
        let (taken, rest) = start.split_at(length.min(start.len()));
        cursor.tokens = rest;
        self.hex_list(taken, span)
    }

    fn integer(&mut self, size: u32, cursor: &mut Cursor) -> Result<Shared, Miss> {
        let span = cursor.span();
        match cursor.next() {
            Some(token) if is_number(&token.kind) => {
                let converted = convert(self.map.text(token.span), 0, size);
                if let Some(text) = converted.complaint {
                    return Err(self.log.complain(span, "number", text).into());
                }
                let octets = converted.value.to_be_bytes();
                Ok(constant(&octets[4 - size as usize / 8..]))
            }
            _ => Err(Miss::Wrong(span, "expecting number.")),
        }
    }

    fn boolean_flag(&mut self, cursor: &mut Cursor) -> Result<Shared, Miss> {
        let span = cursor.span();
        let Some(token) = cursor.next().filter(|token| is_identifier(&token.kind)) else {
            return Err(Miss::Wrong(span, "expecting identifier."));
        };
        let value = match self.map.text(token.span).to_ascii_lowercase().as_str() {
            "true" | "on" => 1,
            "false" | "off" => 0,
            "ignore" => 2,
            _ => return Err(Miss::Wrong(span, "expecting boolean.")),
        };
        Ok(constant([value]))
    }

    fn enumerated(&mut self, enumeration: &str, cursor: &mut Cursor) -> Lowered<Shared> {
        let span = cursor.span();
        let Some(token) = cursor.next().filter(|token| is_identifier(&token.kind)) else {
            return Err(self.log.complain(span, "option-value", "identifier expected"));
        };
        let enumeration = Enumeration::named(enumeration);
        let value = enumeration.and_then(|e| Some(e.bytes(e.value(self.map.text(token.span))?)));
        value.map(constant).ok_or_else(|| {
            let words: Vec<&str> = enumeration.into_iter().flat_map(|e| e.values).map(|(word, _)| *word).collect();
            self.log.miss(span, "option-value", "unknown value", &words)
        })
    }

    /// An address, or a host name that is looked up when the value is used (spec/options.md 3.5).
    fn address(&mut self, all_addresses: bool, cursor: &mut Cursor) -> Lowered<Shared> {
        let is = |at: usize, wanted: TokenKind| cursor.tokens.get(at).is_some_and(|token| token.kind == wanted);
        if is(0, TokenKind::Number) && is(1, TokenKind::Punctuation(b'.')) && is(2, TokenKind::Number) {
            return Ok(constant(self.ipv4(cursor)?));
        }
        match self.dotted_name(cursor) {
            Some(name) => Ok(Arc::new(Expr::HostLookup { name: name.into(), first_only: !all_addresses })),
            None => {
                let span = cursor.span();
                let (text, number) = self.describe(cursor.peek());
                let text = format!("{text} ({number}): expecting IP address or hostname");
                Err(self.log.complain(span, "option-value", text))
            }
        }
    }

    /// A token's text and number as ISC prints them; none is the semicolon.
    fn describe(&self, token: Option<&Token>) -> (String, u32) {
        match token.map(|token| &token.kind) {
            Some(TokenKind::String(octets)) => (text_of(octets), 262),
            Some(TokenKind::Punctuation(mark)) => (char::from(*mark).to_string(), u32::from(*mark)),
            _ => (";".to_owned(), u32::from(b';')),
        }
    }

    fn ipv4(&mut self, cursor: &mut Cursor) -> Lowered<[u8; 4]> {
        let mut octets = [0; 4];
        let mut lost = None;
        for (place, octet) in octets.iter_mut().enumerate() {
            if place > 0 && !cursor.take_punctuation(b'.') {
                return Err(self.log.complain(cursor.span(), "address", "too few numbers."));
            }
            let span = cursor.span();
            let Some(token) = cursor.next().filter(|token| token.kind == TokenKind::Number) else {
                return Err(self.log.complain(span, "address", "expecting numeric value."));
            };
            let converted = convert(self.map.text(token.span), 10, 8);
            *octet = converted.value as u8;
            if let Some(text) = converted.complaint {
                lost = Some(self.log.complain(span, "number", text));
            }
        }
        lost.map_or(Ok(octets), Err)
    }

    /// Words, numbers, colons and dots without space between them, read as one IPv6 address.
    fn ipv6(&mut self, cursor: &mut Cursor) -> Lowered<Ipv6Addr> {
        let span = cursor.span();
        let mut text = String::new();
        let mut end = None;
        while let Some(token) = cursor.peek() {
            let written = self.map.text(token.span);
            let fits = match token.kind {
                TokenKind::Number | TokenKind::Punctuation(b':' | b'.') => true,
                TokenKind::Name | TokenKind::NumberOrName => written.bytes().all(|b| b.is_ascii_hexdigit()),
                _ => false,
            };
            let adjoins = end.is_none_or(|end| token.span.start == end);
            if !fits || !adjoins || text.len() + written.len() > MAX_IPV6_TEXT {
                break;
            }
            text.push_str(written);
            end = Some(token.span.end);
            cursor.next();
        }
        text.parse().map_err(|_| self.log.complain(span, "address", "Invalid IPv6 address."))
    }

    /// Words and numbers joined by dots; a dot may end it.
    fn dotted_name(&mut self, cursor: &mut Cursor) -> Option<String> {
        let mut name = String::new();
        while let Some(token) = cursor.peek().filter(|token| is_identifier(&token.kind) || is_number(&token.kind)) {
            name.push_str(self.map.text(token.span));
            cursor.next();
            if !cursor.take_punctuation(b'.') {
                break;
            }
            name.push('.');
        }
        (!name.is_empty()).then_some(name)
    }

    fn key_name(&mut self, cursor: &mut Cursor) -> Lowered<Shared> {
        if let Some(TokenKind::String(octets)) = cursor.peek().map(|token| &token.kind) {
            cursor.next();
            let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
            return Ok(constant(&octets[..end]));
        }
        let span = cursor.span();
        match self.dotted_name(cursor) {
            Some(name) => Ok(constant(octets_of(&name))),
            None => Err(self.log.complain(span, "option-value", "not a valid key name.")),
        }
    }

    fn domain_name(&mut self, cursor: &mut Cursor) -> Lowered<Shared> {
        let span = cursor.span();
        let Some(name) = self.dotted_name(cursor) else {
            return Err(self.log.complain(span, "option-value", "not a valid domain name."));
        };
        match names::pack_list([&octets_of(&name)[..]], false) {
            Ok(octets) => Ok(constant(octets)),
            Err(_) => {
                self.log.complain(span, "domain-name", "Error assembling domain name: Message too long");
                Err(self.log.complain(span, "option-value", "not a valid domain name."))
            }
        }
    }

    /// Strings with commas between them, each a domain name.
    fn domain_list(&mut self, compressed: bool, cursor: &mut Cursor) -> Lowered<Shared> {
        let span = cursor.span();
        let mut list = Vec::new();
        loop {
            let at = cursor.span();
            match cursor.next().map(|token| &token.kind) {
                Some(TokenKind::String(octets)) => list.push(&octets[..]),
                _ => return Err(self.log.complain(at, "option-value", "Expecting a domain string.")),
            }
            if !cursor.take_punctuation(b',') {
                break;
            }
        }
        names::pack_list(list, compressed).map(constant).map_err(|_| {
            let doing = if compressed { "compressing" } else { "assembling" };
            self.log.complain(span, "domain-name", format!("Error {doing} domain list: Message too long"))
        })
    }

    /// Joins the pieces of a value, from the left.
    fn join(&mut self, pieces: Vec<Shared>, span: Span) -> Lowered<Shared> {
        let pieces = if pieces.len() > MAX_PIECES { merge_constants(pieces) } else { pieces };
        if pieces.len() as u32 > MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        let joined = pieces.into_iter().reduce(|left, right| Arc::new(Expr::Concat(left, right)));
        Ok(joined.unwrap_or_else(|| constant([])))
    }
}

fn merge_constants(pieces: Vec<Shared>) -> Vec<Shared> {
    let mut merged = Vec::new();
    let mut octets: Vec<u8> = Vec::new();
    for piece in pieces {
        match piece.constant() {
            Some(more) => octets.extend_from_slice(more),
            None => {
                if !octets.is_empty() {
                    merged.push(constant(std::mem::take(&mut octets)));
                }
                merged.push(piece);
            }
        }
    }
    if !octets.is_empty() {
        merged.push(constant(octets));
    }
    merged
}
