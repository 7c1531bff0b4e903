//! The syntax tree as text that reads as the same tree.

mod declarations;
mod expression;

use super::ast::*;
use super::source::SourceMap;

/// The text of statements, one a line, bodies indented. `map` holds the texts that the tree's tokens point into.
pub fn statements(map: &SourceMap, statements: &[Statement]) -> String {
    let mut printer = Printer { map, out: String::new(), depth: 0 };
    printer.statements(statements);
    printer.out
}

struct Printer<'a> {
    map: &'a SourceMap,
    out: String,
    depth: usize,
}

impl Printer<'_> {
    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            self.indent();
            self.kind(&statement.kind);
            self.out.push('\n');
        }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// `HEADER {`, the statements, `}`
    fn block(&mut self, header: &str, body: &[Statement]) {
        self.text(header);
        self.body(body);
    }

    fn body(&mut self, body: &[Statement]) {
        self.text(" {\n");
        self.depth += 1;
        self.statements(body);
        self.depth -= 1;
        self.indent();
        self.text("}");
    }

    fn executable(&mut self, statement: &Executable) {
        match statement {
            Executable::Option { operation, option, value } => self.setting(*operation, option, value),
            Executable::Flag { value, keyword } => {
                let word = ["deny", "allow", "ignore"][usize::from(*value).min(2)];
                self.text(&format!("{word} {};", keyword.text));
            }
            Executable::If { arms, otherwise } => {
                for (number, (condition, body)) in arms.iter().enumerate() {
                    self.text(if number == 0 { "if (" } else { " elsif (" });
                    self.expression(condition);
                    self.text(")");
                    self.body(body);
                }
                if let Some(body) = otherwise {
                    self.text(" else");
                    self.body(body);
                }
            }
            Executable::Switch { on, body } => {
                self.text("switch (");
                self.expression(on);
                self.text(")");
                self.body(body);
            }
            Executable::Case(value) => self.around("case ", value, ":"),
            Executable::DefaultCase => self.text("default:"),
            Executable::Break => self.text("break;"),
            Executable::On { events, body } => self.on(*events, body.as_deref()),
            Executable::Set { name, value } => self.around(&format!("set {} = ", name.text), value, ";"),
            Executable::Define { name, arguments, body, by_set } => {
                let arguments: Vec<&str> = arguments.iter().map(|argument| &*argument.text).collect();
                let word = if *by_set { "set" } else { "define" };
                self.block(&format!("{word} {} ({})", name.text, arguments.join(", ")), body);
            }
            Executable::Unset(name) => self.text(&format!("unset {};", name.text)),
            Executable::Eval(value) => self.around("eval ", value, ";"),
            Executable::Return(value) => self.around("return ", value, ";"),
            Executable::Log { level, text } => {
                let level = match level {
                    LogLevel::Fatal => "fatal",
                    LogLevel::Error => "error",
                    LogLevel::Info => "info",
                    LogLevel::Debug => "debug",
                };
                self.around(&format!("log ({level}, "), text, ");");
            }
            Executable::Execute { command, arguments } => {
                self.text(&format!("execute ({}", quoted(command)));
                for argument in arguments {
                    self.around(", ", argument, "");
                }
                self.text(");");
            }
            Executable::Add(name) => self.text(&format!("add {};", quoted_name(name))),
            Executable::ParseVendorOption => self.text("parse-vendor-option;"),
            Executable::DbTimeFormat { local } => {
                self.text(if *local { "db-time-format local;" } else { "db-time-format default;" });
            }
            Executable::Declaration(kind) => self.kind(kind),
        }
    }

    fn around(&mut self, before: &str, expression: &Expression, after: &str) {
        self.text(before);
        self.expression(expression);
        self.text(after);
    }

    fn setting(&mut self, operation: OptionOperation, option: &OptionName, value: &OptionValue) {
        match operation {
            // A parameter too: "option server.name" is the same.
            OptionOperation::Set => self.text("option "),
            OptionOperation::Supersede => self.text("supersede "),
            OptionOperation::Send => self.text("send "),
            OptionOperation::Default => self.text("default "),
            OptionOperation::Append => self.text("append "),
            OptionOperation::Prepend => self.text("prepend "),
        }
        self.option_name(option);
        match value {
            OptionValue::Tokens(tokens) => self.tokens(tokens),
            OptionValue::Expression(expression) => self.around(" = ", expression, ""),
        }
        self.text(";");
    }

    fn on(&mut self, events: Events, body: Option<&[Statement]>) {
        let all = [
            (events.commit, "commit"),
            (events.expiry, "expiry"),
            (events.release, "release"),
            (events.transmission, "transmission"),
        ];
        let names: Vec<&str> = all.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        self.text(&format!("on {}", names.join(" or ")));
        match body {
            Some(body) => self.body(body),
            None => self.text(";"),
        }
    }

    /// Tokens as they were written; those that touched touch again (an IPv6 address knows no white space).
    fn tokens(&mut self, tokens: &[Token]) {
        let mut end = None;
        for token in tokens {
            if end != Some(token.span.start) {
                self.text(" ");
            }
            match &token.kind {
                TokenKind::String(octets) => self.text(&quoted(octets)),
                TokenKind::Punctuation(octet) => self.out.push(char::from(*octet)),
                _ => self.text(self.map.text(token.span)),
            }
            end = Some(token.span.end);
        }
    }

    fn option_name(&mut self, option: &OptionName) {
        if let Some(space) = &option.space {
            self.text(&format!("{}.", space.text));
        }
        self.text(&option.name.text);
    }
}

/// A string with all that needs it escaped.
fn quoted(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for octet in octets {
        match octet {
            b'"' | b'\\' => text.extend(['\\', char::from(*octet)]),
            b' '..=b'~' => text.push(char::from(*octet)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text.push('"');
    text
}

/// A name in quotes.
fn quoted_name(name: &Name) -> String {
    quoted_text(&name.text)
}

/// A text whose characters are octets, in quotes.
fn quoted_text(text: &str) -> String {
    quoted(&text.chars().map(|c| c as u8).collect::<Vec<u8>>())
}

/// A name that may be a string: in quotes unless its words need none.
fn name_or_string(name: &Name) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let dots = name.text.starts_with('.') || name.text.contains("..") || name.text.contains("._");
    if name.text.is_empty() || dots || name.text.starts_with('_') || !name.text.chars().all(plain) {
        quoted_name(name)
    } else {
        name.text.to_string()
    }
}

/// `1:aa:0c`
fn hex(octets: &[u8]) -> String {
    let octets: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    octets.join(":")
}
