//! Walks a file statement by statement, and its blocks by recursion.
//!
//! pest is asked for one statement (or the header of one block) at a time, so that memory is that of the statement and not
//! of the file, and so that a mistake costs one statement.

use super::ast::*;
use super::build::{Build, Node};
use super::diagnostic::{Code, Diagnostic};
use super::files;
use super::grammar::{Grammar, Rule};
use super::messages;
use super::reader::{after, starts, Reader, Word};
use super::source::{SourceMap, Span};
use super::table::{self, After, Blocks, Entry, Form, Found};
use super::{Fatal, Sink};
use pest::error::{ErrorVariant, InputLocation};
use pest::Parser;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// How deep blocks may nest, included files counted.
const DEEPEST: usize = 100;

/// Why reading ended before the end.
pub(super) enum Halt {
    Fatal(Fatal),
    /// The sink has had enough.
    Stopped,
}

impl From<Fatal> for Halt {
    fn from(fatal: Fatal) -> Self {
        Halt::Fatal(fatal)
    }
}

type Step<T> = Result<T, Halt>;

/// The block whose statements are read.
#[derive(Clone, Copy)]
struct Context {
    block: Blocks,
    /// True in a file included into the block.
    included: bool,
    /// True if a closing brace ends it, false if the end of the file does.
    braced: bool,
    depth: usize,
}

impl Context {
    fn inner(self, block: Blocks) -> Context {
        Context { block, included: false, braced: true, depth: self.depth + 1 }
    }

    fn executable(self) -> bool {
        Blocks::BODY.contains(self.block) || Blocks::SWITCH.contains(self.block)
    }
}

/// Where statements go: the outermost ones to the sink as they come, those of a block to its body.
type Target<'o> = Option<&'o mut Vec<Statement>>;

pub(super) struct Driver<'a> {
    pub map: &'a mut SourceMap,
    pub sink: &'a mut dyn Sink,
    /// The files being read, the innermost last.
    pub open: Vec<PathBuf>,
    /// How many errors were handed over.
    errors: usize,
}

impl<'a> Driver<'a> {
    pub fn new(map: &'a mut SourceMap, sink: &'a mut dyn Sink) -> Self {
        Driver { map, sink, open: Vec::new(), errors: 0 }
    }

    /// Reads a whole file.
    pub fn file(&mut self, reader: &mut Reader, block: Blocks) -> Step<()> {
        let context = Context { block, included: false, braced: false, depth: 0 };
        self.statements(reader, context, &mut None)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.errors += 1;
        self.sink.diagnostic(self.map, diagnostic);
    }

    fn emit(&mut self, target: &mut Target, statement: Statement) -> Step<()> {
        match target {
            Some(body) => body.push(statement),
            None => {
                if let ControlFlow::Break(()) = self.sink.statement(self.map, statement) {
                    return Err(Halt::Stopped);
                }
            }
        }
        Ok(())
    }

    /// Reads statements up to the end of the block or file.
    fn statements(&mut self, reader: &mut Reader, context: Context, target: &mut Target) -> Step<()> {
        let mut declared = false;
        loop {
            reader.skip_gap();
            if reader.at_end() {
                if reader.end < reader.source.text.len() && !reader.rest().starts_with('\u{FF}') {
                    return Err(files::white_space(self.map, reader).into());
                }
                if context.braced {
                    let words = if context.executable() { "right brace expected." } else { "unexpected end of file" };
                    self.report(Diagnostic::error(reader.span(0), Code::EndOfFile, words));
                }
                return Ok(());
            }
            if context.braced && reader.at_char(b'}') {
                reader.at += 1;
                return Ok(());
            }
            self.statement(reader, context, &mut declared, target)?;
        }
    }

    /// Reads the body of a block whose opening brace was read.
    fn body(&mut self, reader: &mut Reader, context: Context, block: Blocks) -> Step<Vec<Statement>> {
        let mut body = Vec::new();
        if context.depth >= DEEPEST {
            self.report(Diagnostic::error(reader.span(0), Code::Nesting, "blocks nested too deeply"));
            self.skip(reader, Rule::to_block_end);
        } else {
            self.statements(reader, context.inner(block), &mut Some(&mut body))?;
        }
        Ok(body)
    }

    fn statement(
        &mut self,
        reader: &mut Reader,
        context: Context,
        declared: &mut bool,
        target: &mut Target,
    ) -> Step<()> {
        let word = reader.word();
        let found =
            word.as_ref().map_or(Found::Other, |word| table::find(word.as_str(), context.block, context.included));
        match found {
            Found::Statement(entry) => {
                *declared = match entry.after {
                    // A subnet of an explicit network makes ISC forget.
                    After::Declared => !(context.block == Blocks::NETWORK && entry.word.starts_with("subnet")),
                    After::Unchanged => *declared,
                    After::Forgotten => false,
                };
                self.known(reader, context, entry, target)
            }
            Found::Misplaced(entry, words) => {
                self.misplaced(reader, entry, words);
                Ok(())
            }
            Found::Parameter => self.simple(reader, Rule::parameter, target),
            Found::Other => self.other(reader, context, *declared, target),
        }
    }

    /// A statement by its row of the table.
    fn known(&mut self, reader: &mut Reader, context: Context, entry: &Entry, target: &mut Target) -> Step<()> {
        match entry.form {
            Form::Simple => {
                self.simple(reader, entry.rule, target)?;
                if context.block == Blocks::GROUP && entry.private {
                    self.more_expected(reader);
                }
                Ok(())
            }
            Form::Block(block) => self.block(reader, context, entry.rule, block, target),
            Form::Include => self.include(reader, context, target),
            Form::If => self.if_statement(reader, context, target),
            Form::Option => self.option(reader, context, target),
            Form::Default => self.default(reader, context, target),
            Form::Failover => self.failover(reader, target),
            Form::Key => self.key(reader, context, target),
            Form::Zone => self.zone(reader, context, target),
        }
    }

    /// After `dynamic;`, `deleted;` or `static;` in a group ISC wants another statement.
    fn more_expected(&mut self, reader: &mut Reader) {
        reader.skip_gap();
        if reader.at_char(b'}') {
            let words = "expecting a parameter or declaration";
            self.report(Diagnostic::error(reader.span(1), Code::Expected, words));
        }
    }

    fn misplaced(&mut self, reader: &mut Reader, entry: &Entry, words: &str) {
        let span = reader.span(entry.word.len());
        if entry.read_first {
            self.read(reader, entry.rule, |_, _| None::<()>);
        } else {
            self.skip(reader, Rule::to_statement_end);
        }
        self.report(Diagnostic::error(span, Code::Misplaced, words));
    }

    /// A word that begins no statement: an expression, or a mistake.
    fn other(&mut self, reader: &mut Reader, context: Context, declared: bool, target: &mut Target) -> Step<()> {
        let word = reader.rest().starts_with(|c: char| c.is_ascii_alphanumeric());
        if word && Grammar::parse(Rule::call_start, reader.rest()).is_ok() {
            return self.simple(reader, Rule::call, target);
        }
        let words = match (context.executable(), declared) {
            (true, _) => "right brace expected.",
            (false, true) => "expecting a declaration",
            (false, false) => "expecting a parameter or declaration",
        };
        let (span, text) = offender(reader);
        let diagnostic = match unterminated(&text) {
            Some(diagnostic) => Diagnostic { span, ..diagnostic },
            None => Diagnostic::error(span, Code::UnknownStatement, words),
        };
        self.report(diagnostic);
        if reader.at_char(b'}') {
            // Of no block: one that is open was closed by now.
            reader.at += 1;
        } else {
            self.recover(reader);
        }
        Ok(())
    }

    /// Reads a statement by its rule, converts it and hands it on.
    fn simple(&mut self, reader: &mut Reader, rule: Rule, target: &mut Target) -> Step<()> {
        let start = reader.at;
        match self.read(reader, rule, Build::statement) {
            Some(kind) => self.finish(reader, start, kind, target),
            None => Ok(()),
        }
    }

    fn finish(&mut self, reader: &Reader, start: usize, kind: Kind, target: &mut Target) -> Step<()> {
        let span = Span { file: reader.file, start: start as u32, end: reader.at as u32 };
        self.emit(target, Statement { span, kind })
    }

    /// The same for a key, a zone or a peer, which counts only if there was no mistake since there were `before`.
    fn finish_sound(
        &mut self,
        before: usize,
        reader: &Reader,
        start: usize,
        kind: Kind,
        target: &mut Target,
    ) -> Step<()> {
        match self.errors == before {
            true => self.finish(reader, start, kind, target),
            false => Ok(()),
        }
    }

    /// A statement that may have a block of statements.
    fn block(
        &mut self,
        reader: &mut Reader,
        context: Context,
        rule: Rule,
        block: Blocks,
        target: &mut Target,
    ) -> Step<()> {
        let start = reader.at;
        let Some(mut kind) = self.read(reader, rule, Build::statement) else { return Ok(()) };
        if opened(reader) {
            if let (Kind::Group { name, .. }, None) = (&kind, &target) {
                if context.depth < DEEPEST && self.sink.begin_group(self.map, name.as_ref()) {
                    self.statements(reader, context.inner(block), target)?;
                    self.sink.end_group(self.map);
                    return Ok(());
                }
            }
            let body = self.body(reader, context, block)?;
            if let Some(place) = body_of(&mut kind) {
                *place = body;
            }
        }
        self.finish(reader, start, kind, target)
    }

    fn if_statement(&mut self, reader: &mut Reader, context: Context, target: &mut Target) -> Step<()> {
        let start = reader.at;
        let (mut all, mut last) = (Vec::new(), None);
        loop {
            let header = self.read(reader, Rule::if_, Build::statement);
            let Some(Kind::Executable(Executable::If { arms, .. })) = header else { break };
            let mut body = self.body(reader, context, Blocks::BODY)?;
            all.extend(arms.into_iter().map(|(condition, _)| (condition, std::mem::take(&mut body))));
            match following(reader) {
                Following::Condition => {}
                Following::Otherwise => {
                    if self.read(reader, Rule::else_, |_, _| Some(())).is_some() {
                        last = Some(self.body(reader, context, Blocks::BODY)?);
                    }
                    break;
                }
                Following::Nothing => break,
            }
        }
        if all.is_empty() {
            return Ok(());
        }
        self.finish(reader, start, Kind::Executable(Executable::If { arms: all, otherwise: last }), target)
    }

    /// `option`: what follows the word and the name tells a space or a definition from a setting.
    fn option(&mut self, reader: &mut Reader, context: Context, target: &mut Target) -> Step<()> {
        let rule = if context.executable() { Rule::option_setting } else { option_rule(reader) };
        let scoped = match rule {
            Rule::option_space => "option space definitions may not be scoped.",
            Rule::option_definition => "option definitions may not be scoped.",
            _ => return self.simple(reader, rule, target),
        };
        if context.block == Blocks::ROOT {
            return self.simple(reader, rule, target);
        }
        let span = reader.span("option".len());
        self.report(Diagnostic::error(span, Code::Misplaced, scoped));
        self.skip(reader, Rule::to_statement_end);
        Ok(())
    }

    /// `default`: a label of a switch, or a setting.
    fn default(&mut self, reader: &mut Reader, context: Context, target: &mut Target) -> Step<()> {
        if !after(reader.rest(), "default".len()).starts_with(':') {
            return self.simple(reader, Rule::option_setting, target);
        }
        if context.block != Blocks::SWITCH {
            let words = "switch default statement in inappropriate scope.";
            self.report(Diagnostic::error(reader.span("default".len()), Code::Misplaced, words));
            self.read(reader, Rule::default_case, |_, _| None::<()>);
            return Ok(());
        }
        self.simple(reader, Rule::default_case, target)
    }

    fn failover(&mut self, reader: &mut Reader, target: &mut Target) -> Step<()> {
        let start = reader.at;
        let header = |build: &mut Build, pair: Node| {
            let state = pair.clone().into_inner().any(|inner| inner.as_rule() == Rule::STATE);
            let quoted = pair.clone().into_inner().any(|inner| inner.as_str().starts_with('"'));
            Some((build.header_name(pair)?, state, quoted))
        };
        let before = self.errors;
        let Some((name, state, quoted)) = self.read(reader, Rule::failover, header) else { return Ok(()) };
        let kind = if !opened(reader) {
            Kind::UsePeer { name, quoted }
        } else if state {
            let unknown = "expecting state setting.";
            let states = self.lines(reader, table::state_rule, unknown, |build, pair, _| build.peer_state(pair))?;
            Kind::FailoverState { name, states }
        } else {
            let unknown = "invalid statement in peer declaration";
            let body = self.lines(reader, table::peer_rule, unknown, |build, pair, span| {
                Some(PeerStatement { span, kind: build.peer_statement(pair)? })
            })?;
            Kind::FailoverPeer { name, body }
        };
        self.finish_sound(before, reader, start, kind, target)
    }

    fn key(&mut self, reader: &mut Reader, context: Context, target: &mut Target) -> Step<()> {
        let start = reader.at;
        let before = self.errors;
        let Some(name) = self.read(reader, Rule::key, Build::header_name) else { return Ok(()) };
        let (mut algorithm, mut secret, mut twice) = (None, None, Vec::new());
        self.lines(reader, table::key_rule, "expecting right brace.", |build, pair, span| {
            let second = if pair.as_rule() == Rule::algorithm {
                algorithm.replace(build.header_name(pair)?).map(|_| "algorithms")
            } else {
                secret.replace(build.secret(pair)?).map(|_| "secrets")
            };
            twice.extend(second.map(|what| (span, what)));
            Some(())
        })?;
        for (span, what) in twice {
            let words = format!("key {}: too many {what}", name.text);
            self.report(Diagnostic::error(span, Code::Value, words));
        }
        // Old files have a semicolon here.
        if after(reader.rest(), 0).starts_with(';') {
            reader.skip_gap();
            reader.at += 1;
        }
        let kind = declaration(context, Kind::Key { name, algorithm, secret });
        self.finish_sound(before, reader, start, kind, target)
    }

    fn zone(&mut self, reader: &mut Reader, context: Context, target: &mut Target) -> Step<()> {
        let start = reader.at;
        let before = self.errors;
        let Some(name) = self.read(reader, Rule::zone, Build::header_name) else { return Ok(()) };
        let body = self.lines(reader, table::zone_rule, "expecting right brace.", |build, pair, span| {
            Some(ZoneStatement { span, kind: build.zone_statement(pair)? })
        })?;
        let kind = declaration(context, Kind::Zone { name, body });
        self.finish_sound(before, reader, start, kind, target)
    }

    /// Reads a block of statements of its own grammar: of a peer, a key, a zone.
    fn lines<T>(
        &mut self,
        reader: &mut Reader,
        rule: fn(&str) -> Option<Rule>,
        unknown: &str,
        mut convert: impl FnMut(&mut Build, Node, Span) -> Option<T>,
    ) -> Step<Vec<T>> {
        let mut all = Vec::new();
        loop {
            reader.skip_gap();
            if reader.at_char(b'}') {
                reader.at += 1;
                return Ok(all);
            }
            let word = reader.word().filter(|_| !reader.at_end());
            match word.and_then(|word| rule(word.as_str())) {
                Some(rule) => {
                    let line = self.read(reader, rule, |build, pair| {
                        let span = build.span(&pair);
                        convert(build, pair, span)
                    });
                    all.extend(line);
                }
                None => {
                    let (span, _) = offender(reader);
                    self.report(Diagnostic::error(span, Code::UnknownStatement, unknown));
                    self.skip(reader, Rule::to_block_end);
                    return Ok(all);
                }
            }
        }
    }

    /// Parses by a rule from here, moves past it and converts it. After a mistake: reports it, moves to where reading can
    /// go on, and returns `None`.
    fn read<T>(
        &mut self,
        reader: &mut Reader,
        rule: Rule,
        convert: impl FnOnce(&mut Build, Node) -> Option<T>,
    ) -> Option<T> {
        let source = reader.source.clone();
        let text = source.text.get(reader.at..reader.end).unwrap_or("");
        match Grammar::parse(rule, text) {
            Ok(mut pairs) => {
                let pair = pairs.next()?;
                let mut build = Build::new(reader.file, reader.at);
                reader.at += pair.as_span().end();
                let converted = convert(&mut build, pair);
                build.complaints.into_iter().for_each(|complaint| self.report(complaint));
                converted
            }
            Err(error) => {
                let unknown_word = (rule == Rule::call).then(|| offender(reader).0);
                if let InputLocation::Pos(at) = error.location {
                    reader.at += at;
                }
                let diagnostic = explain(reader, rule, error.variant);
                self.report(Diagnostic { unknown_word, ..diagnostic });
                self.recover(reader);
                None
            }
        }
    }

    /// After a mistake: to the end of the statement, or to the brace that closes the block.
    fn recover(&mut self, reader: &mut Reader) {
        let before = reader.at;
        self.skip(reader, Rule::to_statement_end);
        if reader.at == before && !reader.at_end() && !reader.at_char(b'}') {
            reader.at += reader.rest().chars().next().map_or(0, char::len_utf8);
        }
    }

    fn skip(&mut self, reader: &mut Reader, rule: Rule) {
        let length = match Grammar::parse(rule, reader.rest()) {
            Ok(pairs) => pairs.as_str().len(),
            // Nested beyond what the stack holds.
            Err(_) => reader.rest().len(),
        };
        reader.at += length;
    }

    fn include(&mut self, reader: &mut Reader, context: Context, target: &mut Target) -> Step<()> {
        let Some(name) = self.read(reader, Rule::include, Build::header_name) else { return Ok(()) };
        let path = Path::new(&*name.text).to_path_buf();
        if context.depth >= DEEPEST || files::is_open(&self.open, &path) {
            let words = format!("{} includes itself", name.text);
            self.report(Diagnostic::error(name.span, Code::Include, words));
            return Ok(());
        }
        let before = self.errors;
        let mut inner = files::open(&path, &name.text, self.map)?;
        self.open.push(files::identity(&path));
        let context = Context { included: true, braced: false, depth: context.depth + 1, ..context };
        self.statements(&mut inner, context, target)?;
        self.open.pop();
        if self.errors > before {
            let words = format!("{}: bad parse.", name.text);
            self.report(Diagnostic::error(name.span, Code::Include, words));
        }
        Ok(())
    }
}

/// A declaration in place, or wrapped in a body.
fn declaration(context: Context, kind: Kind) -> Kind {
    match context.executable() {
        true => Kind::Executable(Executable::Declaration(Box::new(kind))),
        false => kind,
    }
}

/// True if what was read last is an opening brace.
fn opened(reader: &Reader) -> bool {
    reader.source.text.as_bytes().get(reader.at.wrapping_sub(1)) == Some(&b'{')
}

/// Where the statements of a block go.
fn body_of(kind: &mut Kind) -> Option<&mut Vec<Statement>> {
    match kind {
        Kind::SharedNetwork { body, .. }
        | Kind::Subnet { body, .. }
        | Kind::Subnet6 { body, .. }
        | Kind::Pool { body }
        | Kind::Pool6 { body }
        | Kind::Group { body, .. }
        | Kind::Host { body, .. }
        | Kind::Class { body, .. }
        | Kind::Executable(Executable::Switch { body, .. } | Executable::Define { body, .. }) => Some(body),
        Kind::Subclass { body, .. } | Kind::Executable(Executable::On { body, .. }) => body.as_mut(),
        _ => None,
    }
}

/// What follows the body of an `if`.
enum Following {
    /// `elsif` or `else if`
    Condition,
    /// `else`
    Otherwise,
    Nothing,
}

/// Looks at what follows, and moves to it if it belongs to the `if`.
fn following(reader: &mut Reader) -> Following {
    let next = after(reader.rest(), 0);
    let found = if starts(next, "elsif") || starts(next, "else") && starts(after(next, "else".len()), "if") {
        Following::Condition
    } else if starts(next, "else") {
        Following::Otherwise
    } else {
        return Following::Nothing;
    };
    reader.skip_gap();
    found
}

/// Which of the three statements an `option` is: `option space`, `option NAME code`, or a setting.
fn option_rule(reader: &Reader) -> Rule {
    let name = after(reader.rest(), "option".len());
    let length = |text: &str| Word::first(text).map_or(0, |word| word.len());
    if starts(name, "space") {
        return Rule::option_space;
    }
    let mut next = after(name, length(name));
    if next.starts_with('.') {
        let suffix = after(next, 1);
        next = after(suffix, length(suffix));
    }
    if starts(next, "code") {
        Rule::option_definition
    } else {
        Rule::option_setting
    }
}

/// The token here: its place and text.
fn offender(reader: &Reader) -> (Span, String) {
    let length = match Grammar::parse(Rule::offender, reader.rest()) {
        Ok(pairs) => pairs.as_str().len(),
        Err(_) => 0,
    };
    (reader.span(length), reader.rest()[..length].to_owned())
}

/// A quote that opens a string which never ends.
fn unterminated(text: &str) -> Option<Diagnostic> {
    let span = Span { file: super::source::FileId(0), start: 0, end: 0 };
    (text == "\"").then(|| Diagnostic::error(span, Code::EndOfFile, "eof in string constant"))
}

/// Why pest stopped here, in ISC's words.
fn explain(reader: &Reader, rule: Rule, variant: ErrorVariant<Rule>) -> Diagnostic {
    let (span, text) = offender(reader);
    let ErrorVariant::ParsingError { positives, .. } = variant else {
        return Diagnostic::error(span, Code::Nesting, "expression nested too deeply");
    };
    if let Some(diagnostic) = unterminated(&text) {
        return Diagnostic { span, ..diagnostic };
    }
    let words = messages::words(rule, &positives, &text);
    let expected = positives.iter().map(messages::describe).collect();
    Diagnostic { expected, ..Diagnostic::error(span, Code::Expected, words) }
}
