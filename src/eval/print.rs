//! Statements as ISC dhcpd writes them into the lease file (spec/expressions.md 12, spec/leases-file.md 9), line breaks
//! included. Where ISC writes what it cannot read again (`"` in a string, `return E;`, `add`), this is written readably.

use super::operators::printable;
use crate::config::ir::{Events, Expr, LogLevel, OptionOp, Stmt};
use crate::options::registry::{OptionDef, Registry, SpaceId};

/// The last column.
const WIDTH: usize = 79;
/// Deeper than any expression that the configuration parser lets through; what lies deeper is written as `null`.
const DEPTH: usize = 512;

/// Appends each statement on a new line with `indent` blanks.
pub fn statements(out: &mut Vec<u8>, registry: &Registry, statements: &[Stmt], indent: usize) {
    Printer { out, registry, depth: 0 }.statements(statements, indent);
}

/// Appends an expression that begins at a column; lines that it goes on in are indented by as much.
pub fn expression(out: &mut Vec<u8>, registry: &Registry, expression: &Expr, column: usize) {
    Printer { out, registry, depth: 0 }.expression(expression, column, column, false);
}

struct Printer<'a> {
    out: &'a mut Vec<u8>,
    registry: &'a Registry,
    depth: usize,
}

/// Where an argument stands: at the column behind the opening parenthesis, or at the indent of the whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Paren,
    Indent,
}

impl Printer<'_> {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn line(&mut self, indent: usize) {
        self.out.push(b'\n');
        self.out.resize(self.out.len() + indent, b' ');
    }

    /// Writes a token at a column and gives the column behind it. A token that would pass the last column goes on a new line,
    /// without its prefix.
    fn token(&mut self, col: usize, indent: usize, prefix: &str, suffix: &str, token: &[u8]) -> usize {
        let mut col = col;
        let length = prefix.len() + token.len();
        if col + length > WIDTH {
            if indent + length < WIDTH {
                self.line(indent);
                col = indent;
            } else {
                self.line(col);
                col = if length > WIDTH { 0 } else { WIDTH - length - 1 };
            }
        } else {
            self.text(prefix);
            col += prefix.len();
        }
        self.out.extend_from_slice(token);
        col += token.len();
        if suffix.is_empty() {
            return col;
        }
        if col + suffix.len() > WIDTH {
            self.line(indent);
            return indent;
        }
        self.text(suffix);
        col + suffix.len()
    }

    fn constant(&mut self, col: usize, indent: usize, octets: &[u8]) -> usize {
        if printable(octets) {
            let quoted: Vec<u8> = [b"\"", octets, b"\""].concat();
            return self.token(col, indent, "", "", &quoted);
        }
        let mut col = col;
        for (at, octet) in octets.iter().enumerate() {
            if at > 0 {
                col = self.token(col, indent, "", "", b":");
            }
            col = self.token(col, indent, "", "", format!("{octet:02x}").as_bytes());
        }
        col
    }

    fn option_name(&mut self, word: &str, option: &OptionDef, col: usize, indent: usize) -> usize {
        let col = self.token(col, indent, "", "", word.as_bytes());
        if option.key.space == SpaceId::DHCP {
            return self.token(col, indent, " ", "", option.name.as_bytes());
        }
        let space = self.registry.space(option.key.space).name.clone();
        let col = self.token(col, indent, " ", "", space.as_bytes());
        let col = self.token(col, indent, "", "", b".");
        self.token(col, indent, "", "", option.name.as_bytes())
    }

    /// A name, and arguments in parentheses; each argument with its indent and that of the comma before it.
    fn call(&mut self, name: &str, arguments: &[(&Expr, At, At)], col: usize, indent: usize) -> usize {
        let col = self.token(col, indent, "", "", name.as_bytes());
        let mut col = self.token(col, indent, " ", "", b"(");
        let paren = col;
        let place = |at: At| if at == At::Paren { paren } else { indent };
        for (number, (argument, at, comma)) in arguments.iter().enumerate() {
            if number > 0 {
                col = self.token(col, place(*comma), "", " ", b",");
            }
            col = self.expression(argument, col, place(*at), number == 0);
        }
        self.token(col, indent, "", "", b")")
    }

    /// The same with all arguments behind the parenthesis.
    fn plain_call<'e>(
        &mut self,
        name: &str,
        arguments: impl IntoIterator<Item = &'e Expr>,
        col: usize,
        indent: usize,
    ) -> usize {
        let arguments: Vec<_> = arguments.into_iter().map(|argument| (argument, At::Paren, At::Paren)).collect();
        self.call(name, &arguments, col, indent)
    }

    /// `extract-int` and `encode-int`: the width has a blank of its own.
    fn sized_call(&mut self, name: &str, argument: &Expr, bits: u8, col: usize, indent: usize) -> usize {
        let col = self.token(col, indent, "", "", name.as_bytes());
        let paren = self.token(col, indent, " ", "", b"(");
        let col = self.expression(argument, paren, indent, true);
        let col = self.token(col, paren, "", " ", b",");
        let col = self.token(col, paren, " ", "", bits.to_string().as_bytes());
        self.token(col, indent, "", "", b")")
    }

    fn infix(&mut self, left: &Expr, word: &str, right: &Expr, col: usize, indent: usize) -> usize {
        let col = self.expression(left, col, indent, true);
        let col = self.token(col, indent, " ", " ", word.as_bytes());
        self.expression(right, col, indent + 2, false)
    }

    /// Writes an expression at a column and gives the column behind it. Larger ones start a line unless they are first.
    fn expression(&mut self, expression: &Expr, col: usize, indent: usize, first: bool) -> usize {
        if self.depth >= DEPTH {
            return self.token(col, indent, "", "", b"null");
        }
        self.depth += 1;
        let mut col = col;
        if !first && is_compound(expression) {
            self.line(indent);
            col = indent;
        }
        let col = self.operator(expression, col, indent);
        self.depth -= 1;
        col
    }

    fn operator(&mut self, expression: &Expr, col: usize, indent: usize) -> usize {
        if let Some((left, word, right)) = infix(expression) {
            return self.infix(left, word, right, col, indent);
        }
        if let Some(word) = word(expression) {
            return self.token(col, indent, "", "", word.as_bytes());
        }
        match expression {
            Expr::Not(operand) => {
                let col = self.token(col, indent, "", " ", b"not");
                self.expression(operand, col, indent + 2, true)
            }
            Expr::Exists(option) => self.option_name("exists", option, col, indent),
            Expr::Option(option) => self.option_name("option", option, col, indent),
            Expr::ConfigOption(option) => self.option_name("config-option", option, col, indent),
            Expr::Const(octets) => self.constant(col, indent, octets),
            Expr::ConstInt(number) => self.token(col, indent, "", "", number.to_string().as_bytes()),
            // ISC takes these for the first thing on their line.
            Expr::Variable(name) => self.token(indent, indent, "", "", name.as_bytes()),
            Expr::Defined(name) => {
                let col = self.token(indent, indent, "", "", b"defined");
                let col = self.token(col, indent, " ", "", b"(");
                let col = self.token(col, indent, "", "", name.as_bytes());
                self.token(col, indent, "", "", b")")
            }
            Expr::Call(name, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(|a| (&**a, At::Indent, At::Indent)).collect();
                self.call(name, &arguments, indent, indent)
            }
            Expr::Substring { data, offset, length } => {
                let arguments = [
                    (&**data, At::Paren, At::Paren),
                    (&**offset, At::Indent, At::Indent),
                    (&**length, At::Paren, At::Paren),
                ];
                self.call("substring", &arguments, col, indent)
            }
            Expr::Packet { offset, length } => {
                let arguments = [(&**offset, At::Indent, At::Indent), (&**length, At::Paren, At::Paren)];
                self.call("packet", &arguments, col, indent)
            }
            Expr::Suffix { data, length } => self.plain_call("suffix", [&**data, length], col, indent),
            Expr::Lcase(data) => self.plain_call("lcase", [&**data], col, indent),
            Expr::Ucase(data) => self.plain_call("ucase", [&**data], col, indent),
            Expr::Concat(..) | Expr::ConcatDomainLists(..) => {
                self.plain_call("concat", concatenated(expression), col, indent)
            }
            Expr::EncodeInt(number, bits) => self.sized_call("encode-int", number, *bits, col, indent),
            Expr::ExtractInt(data, bits) => self.sized_call("extract-int", data, *bits, col, indent),
            Expr::BinaryToAscii { base, width, separator, data } => {
                self.plain_call("binary-to-ascii", [&**base, width, separator, data], col, indent)
            }
            Expr::Reverse { width, data } => self.plain_call("reverse", [&**width, data], col, indent),
            Expr::Pick(choices) => {
                self.plain_call("pick-first-value", choices.iter().map(|choice| &**choice), col, indent)
            }
            Expr::V6Relay { relay, data } => self.plain_call("v6relay", [&**relay, data], col, indent),
            Expr::HostLookup { name, .. } => {
                let col = self.token(col, indent, "", "", b"gethostbyname");
                let col = self.token(col, indent, " ", "", b"(");
                let col = self.token(col, indent, "", "", format!("\"{name}\"").as_bytes());
                self.token(col, indent, "", "", b")")
            }
            _ => col,
        }
    }

    fn statements(&mut self, statements: &[Stmt], indent: usize) {
        for statement in statements {
            self.statement(statement, indent);
        }
    }

    fn statement(&mut self, statement: &Stmt, indent: usize) {
        match statement {
            Stmt::Case(value) => {
                self.line(indent.saturating_sub(1));
                self.text("case ");
                let col = self.expression(value, indent + 5, indent + 5, true);
                self.token(col, indent + 5, "", "", b":");
                return;
            }
            Stmt::DefaultCase => {
                self.line(indent.saturating_sub(1));
                self.text("default: ");
                return;
            }
            _ => self.line(indent),
        }
        match statement {
            Stmt::On { events, body } => self.on(*events, body.as_deref(), indent),
            Stmt::Switch { on, body } => {
                self.text("switch (");
                let col = self.expression(on, indent + 7, indent + 7, true);
                let col = self.token(col, indent + 7, "", "", b")");
                self.token(col, indent, " ", "", b"{");
                self.block_end(body, indent);
            }
            Stmt::If { condition, then, otherwise } => self.conditional(condition, then, otherwise, indent),
            Stmt::Eval(expression) => {
                self.text("eval ");
                self.expression(expression, indent + 5, indent + 5, true);
                self.text(";");
            }
            Stmt::Return(value) => {
                self.text("return");
                if let Some(value) = value {
                    self.text(" ");
                    self.expression(value, indent + 7, indent + 7, true);
                }
                self.text(";");
            }
            Stmt::Add(class) => self.text(&format!("add \"{class}\";")),
            Stmt::Break => self.text("break;"),
            Stmt::ParseVendorOption => self.text("parse-vendor-option;"),
            Stmt::Option { op, option, value } => self.option(*op, option, value, indent),
            Stmt::Set { name, value } => {
                self.text("set ");
                let col = self.token(indent + 4, indent + 4, "", "", name.as_bytes());
                self.token(col, indent + 4, " ", " ", b"=");
                let col = self.expression(value, indent + 3, indent + 3, false);
                self.token(col, indent + 4, " ", "", b";");
            }
            Stmt::Unset(name) => {
                self.text("unset ");
                let col = self.token(indent + 6, indent + 6, "", "", name.as_bytes());
                self.token(col, indent + 6, " ", "", b";");
            }
            Stmt::SetFunction(name) => {
                self.text(&format!("set {name} () {{"));
                self.block_end(&[], indent);
            }
            Stmt::Define { name, function } => {
                self.text(&format!("define {name} ({}) {{", function.arguments.join(", ")));
                self.block_end(&function.body, indent);
            }
            Stmt::Log { level, text } => {
                self.text("log ");
                let col = self.token(indent + 4, indent + 4, "", "", b"(");
                self.token(col, indent + 4, "", " ", level_word(*level).as_bytes());
                let col = self.expression(text, indent + 4, indent + 4, false);
                self.token(col, indent + 4, "", "", b");");
            }
            Stmt::Execute { command, arguments } => {
                let col = self.token(indent + 4, indent + 4, "", "", b"execute");
                let col = self.token(col, indent + 4, " ", "", b"(");
                let mut col = self.constant(col, indent + 4, command);
                for argument in arguments.iter() {
                    col = self.token(col, indent + 4, "", " ", b",");
                    col = self.expression(argument, col, indent + 4, false);
                }
                self.token(col, indent + 4, "", "", b");");
            }
            Stmt::Case(_) | Stmt::DefaultCase => {}
        }
    }

    /// A body, and the brace that closes it.
    fn block_end(&mut self, body: &[Stmt], indent: usize) {
        self.statements(body, indent + 2);
        self.line(indent);
        self.text("}");
    }

    fn on(&mut self, events: Events, body: Option<&[Stmt]>, indent: usize) {
        let named = [(events.expiry, "expiry"), (events.commit, "commit"), (events.release, "release")];
        let names: Vec<&str> = named.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect();
        self.text(&format!("on {}", names.join(" or ")));
        match body {
            Some(body) => {
                self.text(" {");
                self.block_end(body, indent);
            }
            None => self.text(";"),
        }
    }

    fn conditional(&mut self, condition: &Expr, then: &[Stmt], otherwise: &[Stmt], indent: usize) {
        self.text("if ");
        let mut col = self.expression(condition, indent + 3, indent + 3, true);
        let (mut then, mut otherwise) = (then, otherwise);
        loop {
            self.token(col, indent, " ", "", b"{");
            self.statements(then, indent + 2);
            self.line(indent);
            match otherwise {
                [] => break,
                [Stmt::If { condition, then: next, otherwise: last }] => {
                    self.text("} elsif ");
                    col = self.expression(condition, indent + 6, indent + 6, true);
                    (then, otherwise) = (next, last);
                }
                body => {
                    self.text("} else {");
                    self.block_end(body, indent);
                    return;
                }
            }
        }
        self.text("}");
    }

    fn option(&mut self, op: OptionOp, option: &OptionDef, value: &Expr, indent: usize) {
        let word = match op {
            OptionOp::Supersede => "supersede",
            OptionOp::Default => "default",
            OptionOp::Append => "append",
            OptionOp::Prepend => "prepend",
        };
        let space = match option.key.space {
            SpaceId::DHCP => String::new(),
            space => format!("{}.", self.registry.space(space).name),
        };
        let start = format!("{word} {space}{} = ", option.name);
        self.text(&start);
        self.expression(value, indent + start.len(), indent + 8, true);
        self.text(";");
    }
}

fn level_word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Fatal => "fatal,",
        LogLevel::Error => "error,",
        LogLevel::Debug => "debug,",
        LogLevel::Info => "info,",
    }
}

/// The operators between two operands.
fn infix(expression: &Expr) -> Option<(&Expr, &'static str, &Expr)> {
    Some(match expression {
        Expr::Equal(left, right) => (left, "=", right),
        Expr::NotEqual(left, right) => (left, "!=", right),
        Expr::Regex { ignore_case: false, data, pattern } => (data, "~=", pattern),
        Expr::Regex { ignore_case: true, data, pattern } => (data, "~~", pattern),
        Expr::And(left, right) => (left, "and", right),
        Expr::Or(left, right) => (left, "or", right),
        Expr::Add(left, right) => (left, "+", right),
        Expr::Multiply(left, right) => (left, "*", right),
        Expr::Divide(left, right) => (left, "/", right),
        Expr::Remainder(left, right) => (left, "%", right),
        Expr::BitAnd(left, right) => (left, "&", right),
        Expr::BitOr(left, right) => (left, "|", right),
        Expr::BitXor(left, right) => (left, "^", right),
        _ => return None,
    })
}

/// The operators that are one word.
fn word(expression: &Expr) -> Option<&'static str> {
    Some(match expression {
        Expr::Known => "known",
        Expr::Static => "static",
        Expr::Check => "check \"default\"",
        Expr::Hardware => "hardware",
        Expr::LeasedAddress => "leased-address",
        Expr::HostDeclName => "host-decl-name",
        Expr::Filename => "filename",
        Expr::ServerName => "server-name",
        Expr::GetHostName => "gethostname()",
        Expr::Null => "null",
        Expr::LeaseTime => "lease-time",
        Expr::ClientState => "client-state",
        _ => return None,
    })
}

/// The parts of a concatenation: those of the right one are its own.
fn concatenated(expression: &Expr) -> Vec<&Expr> {
    let mut parts = Vec::new();
    let mut at = expression;
    while let Expr::Concat(left, right) | Expr::ConcatDomainLists(left, right) = at {
        parts.push(&**left);
        at = right;
    }
    parts.push(at);
    parts
}

/// True if the expression starts a line of its own.
fn is_compound(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Substring { .. }
            | Expr::Suffix { .. }
            | Expr::Option(_)
            | Expr::Concat(..)
            | Expr::EncodeInt(..)
            | Expr::BinaryToAscii { .. }
            | Expr::Reverse { .. }
            | Expr::Pick(_)
            | Expr::ConfigOption(_)
            | Expr::ExtractInt(..)
            | Expr::V6Relay { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{load_text, Family};

    /// Statements of an `on expiry` block at top level, written at indent 4.
    fn written(text: &str) -> String {
        let loading = load_text("dhcpd.conf", &format!("on expiry {{ {text} }}"), Family::V4);
        let config = loading.result.unwrap_or_else(|| panic!("{:?} {text}", loading.fatal));
        let found = config.scopes[0].statements.iter().find_map(|statement| match statement {
            Stmt::On { body: Some(body), .. } => Some(body.clone()),
            _ => None,
        });
        let mut out = Vec::new();
        statements(&mut out, &config.registry, &found.unwrap(), 4);
        String::from_utf8(out).unwrap()
    }

    /// spec/expressions.md 16.5.
    ///
    /// Rows of expressions.md: 63
    #[test]
    fn writes_what_the_server_writes() {
        let table = [
            (
                r#"if option host-name = "a" and not exists domain-name { log(error,"x"); } elsif known { set aa_z = 1:2:ff; } else { unset aa_z; }"#,
                "
    if option host-name = \"a\" and not exists domain-name {
      log (error, \"x\");
    } elsif known {
      set aa_z = 01:02:ff ;
    } else {
      unset aa_z ;
    }",
            ),
            (
                r#"switch (option host-name) { case "q": log(debug,"q"); break; default: log("d"); }"#,
                "
    switch (option host-name) {
     case \"q\":
      log (debug, \"q\");
      break;
     default: 
      log (debug, \"d\");
    }",
            ),
            (
                r#"execute("/bin/true","a",lcase(option host-name));"#,
                "
    execute (\"/bin/true\", \"a\", lcase (option host-name));",
            ),
            (
                r#"option domain-name "dn"; supersede ntp-servers 1.2.3.4, 5.6.7.8;"#,
                "
    supersede domain-name = \"dn\";
    supersede ntp-servers = concat (01:02:03:04, 05:06:07:08);",
            ),
            (
                r#"default routers 1.1.1.1; append agent.circuit-id "z"; prepend root-path = concat("a","b"); filename "fn";"#,
                "
    default routers = 01:01:01:01;
    append agent.circuit-id = \"z\";
    prepend root-path = concat (\"a\", \"b\");
    supersede server.filename = \"fn\";",
            ),
            (
                "set nn_z = extract-int(option host-name, 16);",
                "
    set nn_z = 
       extract-int (option host-name,  16) ;",
            ),
            (
                r#"set ff_z = myfun("a",known); set gg_z = gethostname(); set pk_z = packet(1,2); set nu_z = null;"#,
                "
    set ff_z = myfun (\"a\", known) ;
    set gg_z = gethostname() ;
    set pk_z = packet (1, 2) ;
    set nu_z = null ;",
            ),
            (
                "set pp_z = encode-int(1 + 2, 8);",
                "
    set pp_z = 
       encode-int (1 + 2,  8) ;",
            ),
            (
                r#"set ss_y = "q\"\\\n";"#,
                "
    set ss_y = 71:22:5c:0a ;",
            ),
            (
                r#"log(info, concat("expired ", binary-to-ascii(10,8,".",leased-address))); execute("/bin/true", "x"); unset mac-str;"#,
                "
    log (info, 
        concat (\"expired \", 
                binary-to-ascii (10, 8, \".\", leased-address)));
    execute (\"/bin/true\", \"x\");
    unset mac-str ;",
            ),
        ];
        for (source, want) in table {
            assert_eq!(written(source), want, "{source}");
        }
    }
}
