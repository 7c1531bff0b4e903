//! Tokens of a command line. The rules are those of dhcpd.conf, but that a line feed is a token; so are the complaints, their
//! text, line number and caret included, since they are what operators are used to (spec/omapi.md 14.1).
//!
//! | begins with | is |
//! | --- | --- |
//! | `"` | a string; `\t \r \n \b \x41 \101` are escapes, after other octets a backslash means nothing |
//! | digit or `-` | a number; with hex digits a number or name; with other letters, `-`, `_` a name |
//! | letter | a number or name if all are hex digits, else a name, or a keyword in any case |
//! | `#` | a comment up to the end of the line |
//! | blank, tab, vertical tab, form feed, carriage return | a gap |
//! | octet 255 | the end, as for the C library |
//! | other | a mark |
//!
//! All tokens are built in one buffer, and a bad escape leaves in a string what the buffer held there: what a mistyped string
//! is worth is seen on the screen, and is the same as ever.

use super::output::Output;
use crate::syntax;

/// Room for one token. A line is shorter.
const ROOM: usize = 1500;
/// How much of a line is shown in a complaint, in octets.
const SHOWN: usize = 80;
/// The longest indentation of a caret, in columns.
const MAX_INDENT: usize = 255;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    End,
    EndOfLine,
    Mark(u8),
    String,
    Number,
    NumberOrName,
    Name,
    /// A word that the shell knows.
    Word(Word),
    /// A keyword of dhcpd.conf that means nothing here.
    Keyword,
}

impl Token {
    /// True for the end of what can be read on this line.
    pub fn is_end(self) -> bool {
        matches!(self, Token::End | Token::EndOfLine)
    }

    /// True for what may stand where a name is wanted. Octets that are not ASCII count, too, each by itself.
    pub fn is_identifier(self) -> bool {
        match self {
            Token::NumberOrName | Token::Name | Token::Word(_) | Token::Keyword => true,
            Token::Mark(octet) => !octet.is_ascii(),
            Token::End | Token::EndOfLine | Token::String | Token::Number => false,
        }
    }
}

/// The words of the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Help,
    Port,
    Server,
    KeyAlgorithm,
    Key,
    Connect,
    Disconnect,
    New,
    Close,
    Set,
    Unset,
    Create,
    Open,
    Update,
    Remove,
    Refresh,
}

const WORDS: &[(&str, Word)] = &[
    ("help", Word::Help),
    ("port", Word::Port),
    ("server", Word::Server),
    ("key-algorithm", Word::KeyAlgorithm),
    ("key", Word::Key),
    ("connect", Word::Connect),
    ("disconnect", Word::Disconnect),
    ("new", Word::New),
    ("close", Word::Close),
    ("set", Word::Set),
    ("unset", Word::Unset),
    ("create", Word::Create),
    ("open", Word::Open),
    ("update", Word::Update),
    ("remove", Word::Remove),
    ("refresh", Word::Refresh),
];

/// Where a token begins, as complaints count it.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    line: u32,
    column: usize,
}

/// Which of the two lines that are remembered: there can be one before the line feed and an empty one behind it.
type LineIndex = usize;

/// The reader of one command line.
pub struct Lexer<'a> {
    input: &'a [u8],
    at: usize,
    /// The next octet was read before, and noted in the line to be shown.
    noted: bool,
    next: Place,
    lines: [Vec<u8>; 2],
    current: LineIndex,
    /// The line that a complaint shows.
    shown: LineIndex,
    token: Place,
    peeked: Option<(Token, Place)>,
    /// Where every token but a mark is built, and how much of it is the last one.
    buffer: [u8; ROOM],
    /// The text of the last token, without what follows a NUL in it.
    text: Vec<u8>,
    /// What the command says.
    pub output: Output,
}

impl<'a> Lexer<'a> {
    /// Of a line with its line feed, if it has one. What follows a NUL is not read.
    pub fn new(line: &'a [u8]) -> Lexer<'a> {
        Lexer {
            input: line.split(|octet| *octet == 0).next().unwrap_or_default(),
            at: 0,
            noted: false,
            next: Place { line: 1, column: 1 },
            lines: Default::default(),
            current: 0,
            shown: 0,
            token: Place::default(),
            peeked: None,
            buffer: [0; ROOM],
            text: Vec::new(),
            output: Output::default(),
        }
    }

    /// The text of the token that was read or peeked at last; that of the one before if that is the end.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Reads a token.
    pub fn read(&mut self) -> Token {
        if let Some((token, place)) = self.peeked.take() {
            if self.token.line != place.line {
                self.shown = self.current;
            }
            self.token = place;
            return token;
        }
        let token = self.token();
        self.shown = self.current;
        token
    }

    /// The next token, which stays unread. Complaints about what follows still point at the token before it.
    pub fn peek(&mut self) -> Token {
        if let Some((token, _)) = self.peeked {
            return token;
        }
        let before = self.token;
        let token = self.token();
        if self.token.line != before.line {
            self.shown = 1 - self.current;
        }
        self.peeked = Some((token, self.token));
        self.token = before;
        token
    }

    /// Reads up to a semicolon that is not in braces, the brace that closes the first one, or the end.
    pub fn skip_statement(&mut self) {
        let mut depth = 0usize;
        loop {
            match self.peek() {
                Token::Mark(b'}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.read();
                        return;
                    }
                }
                Token::Mark(b'{') => depth += 1,
                Token::Mark(b';') if depth == 0 => {
                    self.read();
                    return;
                }
                Token::EndOfLine | Token::End => {
                    self.read();
                    return;
                }
                _ => {}
            }
            self.read();
        }
    }

    /// A complaint about the token that was read last: the text, what was read of the line, a caret.
    pub fn warn(&mut self, text: &[&[u8]]) {
        let place = format!("<STDIN> line {}: ", self.token.line);
        self.output.complain_and_log(&[place.as_bytes(), &text.concat()].concat());
        let line = self.lines.get(self.shown).cloned().unwrap_or_default();
        self.output.complain_and_log(&line);
        if self.token.column > SHOWN {
            self.output.complain(&[b"^"]);
            return;
        }
        let mut caret = Vec::new();
        for octet in line.iter().take(self.token.column.saturating_sub(1)) {
            caret.push(b' ');
            while *octet == b'\t' && caret.len() % 8 != 0 {
                caret.push(b' ');
            }
        }
        caret.truncate(MAX_INDENT);
        caret.push(b'^');
        self.output.complain_and_log(&caret);
    }

    /// The next octet. Octet 255 reads as the end, but one can read on behind it.
    fn octet(&mut self) -> Option<u8> {
        let octet = self.input.get(self.at).copied();
        self.at += usize::from(octet.is_some());
        let octet = octet.filter(|octet| *octet != 0xff);
        if std::mem::take(&mut self.noted) {
            return octet;
        }
        match octet {
            Some(b'\n') => {
                self.current = 1 - self.current;
                if let Some(line) = self.lines.get_mut(self.current) {
                    line.clear();
                }
                self.next = Place { line: self.next.line + 1, column: 1 };
            }
            Some(octet) => {
                if let Some(line) = self.lines.get_mut(self.current).filter(|_| self.next.column <= SHOWN) {
                    line.push(octet);
                }
                self.next.column += 1;
            }
            None => {}
        }
        octet
    }

    /// Puts back the octet that ended a token.
    fn put_back(&mut self, octet: Option<u8>) {
        if octet.is_some() {
            self.at -= 1;
            self.noted = true;
        }
    }

    fn token(&mut self) -> Token {
        loop {
            let place = self.next;
            match self.octet() {
                None => return Token::End,
                Some(octet @ (b'\t' | 0x0b | 0x0c | b'\r' | b' ')) => {
                    if !self.gap(octet) {
                        return Token::End;
                    }
                }
                Some(b'#') => while !matches!(self.octet(), None | Some(b'\n')) {},
                Some(octet) => {
                    self.token = place;
                    return match octet {
                        b'"' => self.string(),
                        b'0'..=b'9' | b'-' => self.number(octet),
                        _ if octet.is_ascii_alphabetic() => self.word(octet),
                        b'\n' => self.mark(octet, Token::EndOfLine),
                        _ => self.mark(octet, Token::Mark(octet)),
                    };
                }
            }
        }
    }

    fn mark(&mut self, octet: u8, token: Token) -> Token {
        self.text = vec![octet];
        token
    }

    /// Notes an octet of the token being built. A line is shorter than the buffer.
    fn put(&mut self, at: usize, octet: u8) {
        if let Some(place) = self.buffer.get_mut(at) {
            *place = octet;
        }
    }

    /// The token ends here.
    fn finish(&mut self, length: usize) {
        self.put(length, 0);
        self.text = self.buffer.split(|octet| *octet == 0).next().unwrap_or_default().to_vec();
    }

    /// Blanks. False if the input ends with them.
    fn gap(&mut self, first: u8) -> bool {
        let mut octet = Some(first);
        let mut length = 0;
        while let Some(blank) = octet.filter(|octet| matches!(octet, b'\t' | 0x0b | 0x0c | b'\r' | b' ')) {
            self.put(length, blank);
            length += 1;
            octet = self.octet();
        }
        if octet.is_some() {
            self.put_back(octet);
            self.finish(length);
        }
        octet.is_some()
    }

    fn word(&mut self, first: u8) -> Token {
        let mut token = Token::NumberOrName;
        let mut length = 1;
        self.put(0, first);
        loop {
            let octet = self.octet();
            let Some(letter) = octet.filter(|octet| is_word_octet(*octet)) else {
                self.put_back(octet);
                break;
            };
            // The first letter may be any: "x1" is a number or name.
            if !letter.is_ascii_hexdigit() {
                token = Token::Name;
            }
            self.put(length, letter);
            length += 1;
        }
        self.finish(length);
        let text = String::from_utf8_lossy(&self.text);
        match WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)) {
            Some((_, word)) => Token::Word(*word),
            None if syntax::is_keyword(&text) => Token::Keyword,
            None => token,
        }
    }

    fn number(&mut self, first: u8) -> Token {
        let mut token = Token::Number;
        let mut length = 1;
        self.put(0, first);
        loop {
            let octet = self.octet();
            let Some(letter) = octet.filter(|octet| is_word_octet(*octet)) else {
                self.put_back(octet);
                break;
            };
            token = self.longer_number(token, length, letter);
            self.put(length, letter);
            length += 1;
        }
        self.finish(length);
        token
    }

    /// What a number becomes with one more octet. `0x` is a name until a digit follows.
    fn longer_number(&self, token: Token, length: usize, octet: u8) -> Token {
        let begins_with_0x = matches!(self.buffer, [b'0', b'x' | b'X', ..]);
        match token {
            Token::Number if octet.is_ascii_digit() => Token::Number,
            Token::Number | Token::NumberOrName if octet.is_ascii_hexdigit() => Token::NumberOrName,
            _ if length == 2 && begins_with_0x && octet.is_ascii_hexdigit() => Token::NumberOrName,
            _ => Token::Name,
        }
    }

    fn string(&mut self) -> Token {
        let mut length = 0;
        let mut escape = Escape::None;
        while length < ROOM {
            let Some(octet) = self.octet() else {
                self.warn(&[b"eof in string constant"]);
                break;
            };
            if octet == b'"' && escape == Escape::None {
                break;
            }
            let (value, next) = escape.take(octet);
            escape = next;
            match value {
                Value::Not => continue,
                Value::Is(value) => self.put(length, value),
                Value::Bad(complaint) => self.warn(&[complaint, hexadecimal(octet).as_bytes()]),
            }
            length += 1;
        }
        self.finish(length);
        Token::String
    }
}

fn is_word_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_')
}

/// An octet as a C program prints a `char`.
fn hexadecimal(octet: u8) -> String {
    format!("{:x}", i32::from(octet as i8))
}

/// Where in an escape a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    Backslash,
    Octal { value: u32, digits: u32 },
    Hexadecimal { value: u32, digits: u32 },
}

/// What an octet of a string text comes to.
enum Value {
    /// Nothing yet.
    Not,
    Is(u8),
    /// A complaint; what the buffer holds stays.
    Bad(&'static [u8]),
}

impl Escape {
    /// The next octet of the text.
    fn take(self, octet: u8) -> (Value, Escape) {
        match self {
            Escape::None if octet == b'\\' => (Value::Not, Escape::Backslash),
            Escape::None => (Value::Is(octet), Escape::None),
            Escape::Backslash => Escape::after_backslash(octet),
            Escape::Hexadecimal { value, digits } => match char::from(octet).to_digit(16) {
                Some(digit) if digits == 1 => (Value::Is((value * 16 + digit) as u8), Escape::None),
                Some(digit) => (Value::Not, Escape::Hexadecimal { value: digit, digits: 1 }),
                None => (Value::Bad(b"invalid hex digit: "), Escape::None),
            },
            Escape::Octal { value, digits } => match char::from(octet).to_digit(8) {
                Some(digit) if digits == 2 => (Value::Is((value * 8 + digit) as u8), Escape::None),
                Some(digit) => (Value::Not, Escape::Octal { value: value * 8 + digit, digits: digits + 1 }),
                // Zeros that end early are forgotten, and what follows is escaped.
                None if value == 0 => (Value::Not, Escape::Backslash),
                // The number goes on behind what does not belong there.
                None => (Value::Bad(b"invalid octal digit "), self),
            },
        }
    }

    fn after_backslash(octet: u8) -> (Value, Escape) {
        match octet {
            b't' => (Value::Is(b'\t'), Escape::None),
            b'r' => (Value::Is(b'\r'), Escape::None),
            b'n' => (Value::Is(b'\n'), Escape::None),
            b'b' => (Value::Is(8), Escape::None),
            b'0'..=b'3' => (Value::Not, Escape::Octal { value: u32::from(octet - b'0'), digits: 1 }),
            b'x' => (Value::Not, Escape::Hexadecimal { value: 0, digits: 0 }),
            _ => (Value::Is(octet), Escape::None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::Stream;
    use super::*;
    use proptest::prelude::*;

    fn tokens(line: &[u8]) -> Vec<(Token, Vec<u8>)> {
        let mut lexer = Lexer::new(line);
        let read = std::iter::from_fn(|| {
            let token = lexer.read();
            (!token.is_end()).then(|| (token, lexer.text().to_vec()))
        });
        read.collect()
    }

    fn one(line: &str) -> (Token, String) {
        let mut all = tokens(line.as_bytes());
        assert_eq!(all.len(), 1, "{line}");
        all.pop().map(|(token, text)| (token, String::from_utf8(text).unwrap())).unwrap()
    }

    #[test]
    fn kinds() {
        for (text, token) in [
            ("10", Token::Number),
            ("-5", Token::Number),
            ("-", Token::Number),
            ("010", Token::Number),
            ("1f", Token::NumberOrName),
            ("0x1f", Token::NumberOrName),
            ("0x", Token::Name),
            ("1g", Token::Name),
            ("ff", Token::NumberOrName),
            ("x1", Token::NumberOrName),
            ("add", Token::Keyword),
            ("lease", Token::Keyword),
            ("some-host", Token::Name),
            ("CREATE", Token::Word(Word::Create)),
            ("Key-Algorithm", Token::Word(Word::KeyAlgorithm)),
            ("=", Token::Mark(b'=')),
        ] {
            assert_eq!(one(text), (token, text.to_owned()));
        }
    }

    #[test]
    fn strings() {
        for (text, value) in [
            (r#""a b""#, "a b"),
            (r#""a\"b\\c""#, "a\"b\\c"),
            (r#""\x41\101\t\q""#, "AA\tq"),
            (r#""a\000b""#, "a"),
            (r#""a\0bcd""#, "acd"),
        ] {
            assert_eq!(one(text), (Token::String, value.to_owned()), "{text}");
        }
    }

    #[test]
    fn comments_gaps_and_ends() {
        assert_eq!(tokens(b" \t\x0b\x0c\r# new\n"), []);
        assert_eq!(tokens(b"a#b\n").len(), 1);
        assert_eq!(tokens(b"a\0b\n").len(), 1);
        assert_eq!(tokens(b"a \xffb\n").len(), 1);
        assert_eq!(tokens("\u{e9}".as_bytes()), [(Token::Mark(0xc3), vec![0xc3]), (Token::Mark(0xa9), vec![0xa9])]);
    }

    /// The line of a complaint is what was read of it, and it is empty if the line feed was.
    #[test]
    fn complaints() {
        let complaint = |line: &[u8], read: usize| {
            let mut lexer = Lexer::new(line);
            for _ in 0..read {
                lexer.read();
            }
            lexer.warn(&[b"text"]);
            (String::from_utf8(lexer.output.text(Stream::Err)).unwrap(), lexer.output.log.len())
        };
        assert_eq!(complaint(b"foo\n", 1), ("<STDIN> line 1: text\n\n^\n".to_owned(), 3));
        assert_eq!(complaint(b"  foo bar\n", 1), ("<STDIN> line 1: text\n  foo \n   ^\n".to_owned(), 3));
        assert_eq!(complaint(b"\tfoo\tbar\n", 1), ("<STDIN> line 1: text\n\tfoo\t\n         ^\n".to_owned(), 3));
        let long = [b" ".repeat(100), b"foo bar".to_vec()].concat();
        let shown = format!("<STDIN> line 1: text\n{}\n^\n", " ".repeat(80));
        assert_eq!(complaint(&long, 1), (shown, 2));
    }

    proptest! {
        #[test]
        fn never_panics(line in prop::collection::vec(any::<u8>(), 0..1100)) {
            let mut lexer = Lexer::new(&line);
            lexer.read();
            lexer.peek();
            lexer.skip_statement();
            let mut lexer = Lexer::new(&line);
            for _ in 0..=line.len() {
                lexer.read();
            }
        }

        #[test]
        fn never_panics_in_strings(line in r#""([0-9xa\\\\"tn{};]|\PC){0,40}"#) {
            let mut lexer = Lexer::new(line.as_bytes());
            lexer.read();
            lexer.skip_statement();
        }
    }
}
