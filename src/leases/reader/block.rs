//! Records of groups and classes (spec/leases-file.md 11 and 12). ISC's own reader takes the brace that ends a record of flags
//! alone for the next statement, and so loses what follows; this one does not.

use super::super::lexer::Token;
use super::super::objects::{ClassRecord, GroupRecord};
use super::super::text::from_latin1;
use super::{Fault, Reader};
use crate::config::dynamic::ClassBody;
use crate::config::ir::Stmt;
use crate::config::{lower_block, lower_boolean, lower_data};
use crate::leases::lease::Billing;
use crate::syntax::Diagnostic;
use std::io::Read;
use std::ops::Range;

/// What stands in a block.
#[derive(Default)]
struct Body {
    dynamic: bool,
    deleted: bool,
    lease_limit: u32,
    /// Where the statements stand in the captured text, in order.
    statements: Vec<Range<usize>>,
    /// Where `match` and `spawn` stand.
    matches: Vec<Range<usize>>,
    /// The length of the record's text.
    length: usize,
}

/// A text that could not be understood: what there is to say about it.
type Complaints = Vec<Diagnostic>;

impl<R: Read> Reader<'_, R> {
    /// `group <name> { ... }`, the keyword taken.
    pub fn group(&mut self) -> Result<(), Fault> {
        self.lexer.begin_capture();
        let name = from_latin1(&self.name_and_brace()?);
        let body = self.body(false)?;
        let Some(text) = self.record_text(b"group", &body) else { return Ok(()) };
        let lowered = self.statements(&text, &body);
        let complete = lowered.is_ok();
        let group = GroupRecord {
            dynamic: body.dynamic,
            deleted: body.deleted,
            verbatim: (!complete && !body.deleted).then(|| [b"group".as_slice(), &text].concat()),
            ..GroupRecord::new(&name, self.or_complain(lowered).into())
        };
        let is_declared = self.to.config.groups.contains_key(&*group.name);
        self.to.objects.groups.enter(group, is_declared);
        Ok(())
    }

    /// `class "<name>" { ... }` or `subclass "<name>" <data> { ... }`, the keyword taken.
    pub fn class(&mut self, is_subclass: bool) -> Result<(), Fault> {
        self.lexer.begin_capture();
        if self.token()? != Token::String {
            self.complain("Expecting class name");
            return Err(Fault::Record { depth: 0 });
        }
        let name = self.lexer.text().to_vec();
        let subclass = match is_subclass {
            false => None,
            true => match self.string_or_hex()? {
                Some(data) => Some(data.into()),
                None => return Err(Fault::Record { depth: 0 }),
            },
        };
        if self.token()? != Token::Punctuation(b'{') {
            self.complain("left brace expected.");
            return Err(Fault::Record { depth: 0 });
        }
        let body = self.body(true)?;
        let key = Billing { class: from_latin1(&name).into(), subclass };
        if body.deleted {
            self.lexer.end_capture();
            self.to.objects.classes.remove(&key);
            return Ok(());
        }
        let keyword: &[u8] = if is_subclass { b"subclass" } else { b"class" };
        let Some(text) = self.record_text(keyword, &body) else { return Ok(()) };
        if !is_subclass {
            self.class_names.insert(name.into());
        }
        let lowered = self.class_body(&text, &body);
        let verbatim = lowered.is_err().then(|| [keyword, &text].concat());
        let body = self.or_complain(lowered);
        self.to.objects.classes.enter(ClassRecord { verbatim, ..ClassRecord::new(key, body) });
        Ok(())
    }

    /// What could be understood; the rest is complained about.
    fn or_complain<T>(&mut self, lowered: Result<T, (T, Complaints)>) -> T {
        lowered.unwrap_or_else(|(part, complaints)| {
            self.complain_all(&complaints);
            self.corrupt();
            part
        })
    }

    /// The text of the record behind its keyword; `None`, complained about, if it was too long to be kept.
    fn record_text(&mut self, keyword: &[u8], body: &Body) -> Option<Vec<u8>> {
        let mut text = self.lexer.end_capture().to_vec();
        text.truncate(body.length);
        if text.len() == body.length {
            return Some(text);
        }
        let keyword = from_latin1(keyword);
        self.complain(&format!("{keyword} record too long"));
        self.corrupt();
        None
    }

    /// The statements of a block whose brace was taken, up to and including the brace that closes it.
    fn body(&mut self, is_class: bool) -> Result<Body, Fault> {
        let mut body = Body::default();
        loop {
            match self.token()? {
                Token::Punctuation(b'}') => break,
                Token::Word => {}
                _ => {
                    self.complain("expecting a parameter or declaration");
                    self.skip_statement(0)?;
                    continue;
                }
            }
            let from = self.lexer.capture_length().saturating_sub(self.lexer.text().len());
            match &*self.lexer.text().to_ascii_lowercase() {
                b"dynamic" => body.dynamic = true,
                b"static" => {}
                b"deleted" => body.deleted = true,
                b"lease" if is_class => {
                    body.lease_limit = self.lease_limit()?;
                }
                b"match" | b"spawn" if is_class => {
                    let to = self.statement_end()?;
                    body.matches.push(from..to);
                    continue;
                }
                _ => {
                    let to = self.statement_end()?;
                    body.statements.push(from..to);
                    continue;
                }
            }
            self.semicolon()?;
        }
        body.length = self.lexer.capture_length();
        Ok(body)
    }

    /// `lease limit <n>`, the first word taken.
    fn lease_limit(&mut self) -> Result<u32, Fault> {
        self.token()?;
        if !self.lexer.is("limit") {
            self.complain("expecting \"limit\"");
            return Ok(0);
        }
        self.token()?;
        let limit = std::str::from_utf8(self.lexer.text()).ok().and_then(|digits| digits.parse().ok());
        if limit.is_none() {
            self.complain("expecting a number");
        }
        Ok(limit.unwrap_or(0))
    }

    /// The statements of a record, as far as they can be understood.
    fn statements(&self, text: &[u8], body: &Body) -> Result<Vec<Stmt>, (Vec<Stmt>, Complaints)> {
        let (mut lowered, mut complaints) = (Vec::new(), Vec::new());
        for range in &body.statements {
            let statement = from_latin1(text.get(range.clone()).unwrap_or_default());
            match lower_block(self.to.config, &statement) {
                Ok(statements) => lowered.extend_from_slice(&statements),
                Err(more) => complaints.extend(more),
            }
        }
        if complaints.is_empty() {
            Ok(lowered)
        } else {
            Err((lowered, complaints))
        }
    }

    /// The same with what makes a packet a member of a class.
    fn class_body(&self, text: &[u8], body: &Body) -> Result<ClassBody, (ClassBody, Complaints)> {
        let (statements, mut complaints) = match self.statements(text, body) {
            Ok(statements) => (statements, Vec::new()),
            Err(both) => both,
        };
        let mut class =
            ClassBody { lease_limit: body.lease_limit, statements: statements.into(), ..ClassBody::default() };
        for range in &body.matches {
            let written = from_latin1(text.get(range.clone()).unwrap_or_default());
            if let Err(more) = self.add_match(&mut class, &written) {
                complaints.extend(more);
            }
        }
        if complaints.is_empty() {
            Ok(class)
        } else {
            Err((class, complaints))
        }
    }

    /// `match if <condition>;`, `match <data>;` or `spawn with <data>;`. The server that wrote the file may have left `with`
    /// out.
    fn add_match(&self, class: &mut ClassBody, written: &str) -> Result<(), Complaints> {
        let (keyword, rest) = first_word(written);
        let rest = rest.trim_end().trim_end_matches(';');
        let (second, behind) = first_word(rest);
        class.spawning |= keyword.eq_ignore_ascii_case("spawn");
        if !class.spawning && second.eq_ignore_ascii_case("if") {
            class.condition = Some(lower_boolean(self.to.config, behind)?);
            return Ok(());
        }
        let data = if class.spawning && second.eq_ignore_ascii_case("with") { behind } else { rest };
        class.submatch = Some(lower_data(self.to.config, data)?);
        Ok(())
    }
}

/// A word and what follows it.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(text.len());
    text.split_at(end)
}
