//! Expressions.

use super::*;

impl Printer<'_> {
    pub(super) fn expression(&mut self, expression: &Expression) {
        self.operand(&expression.first);
        for (operator, operand) in &expression.rest {
            self.text(sign(*operator));
            self.operand(operand);
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match &operand.kind {
            OperandKind::String(octets) => self.text(&quoted(octets)),
            OperandKind::Digits(tokens) => {
                let words: Vec<&str> = tokens.iter().map(|token| self.map.text(token.span)).collect();
                self.text(&words.join(":"));
            }
            OperandKind::Parenthesis(inner) => self.around("(", inner, ")"),
            OperandKind::Not(inner) => {
                self.text("not ");
                self.operand(inner);
            }
            OperandKind::Exists(option) => self.option("exists ", option),
            OperandKind::Option(option) => self.option("option ", option),
            OperandKind::ConfigOption(option) => self.option("config-option ", option),
            OperandKind::Builtin { keyword, arguments } => self.call(keyword, arguments),
            OperandKind::Word(word) => self.text(word),
            OperandKind::EncodeInt(argument, width) => {
                self.around("encode-int (", argument, &format!(", {width})"));
            }
            OperandKind::ExtractInt(argument, width) => {
                self.around("extract-int (", argument, &format!(", {width})"));
            }
            OperandKind::Check(name) => self.text(&format!("check {}", quoted_name(name))),
            OperandKind::Defined(name) => self.text(&format!("defined ({})", name.text)),
            OperandKind::GetHostByName(name) => self.text(&format!("gethostbyname ({})", quoted_name(name))),
            OperandKind::Variable(name) => self.text(&name.text),
            OperandKind::Call { name, arguments } => self.call(&name.text, arguments),
        }
    }

    fn option(&mut self, word: &str, option: &OptionName) {
        self.text(word);
        self.option_name(option);
    }

    fn call(&mut self, name: &str, arguments: &[Expression]) {
        self.text(&format!("{name} ("));
        for (number, argument) in arguments.iter().enumerate() {
            self.around(if number == 0 { "" } else { ", " }, argument, "");
        }
        self.text(")");
    }
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => " = ",
        Operator::NotEqual => " != ",
        Operator::Regex => " ~= ",
        Operator::RegexIgnoreCase => " ~~ ",
        Operator::And => " and ",
        Operator::Or => " or ",
        Operator::Add => " + ",
        Operator::Multiply => " * ",
        Operator::Divide => " / ",
        Operator::Remainder => " % ",
        Operator::BitAnd => " & ",
        Operator::BitOr => " | ",
        Operator::BitXor => " ^ ",
    }
}
