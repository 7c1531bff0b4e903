//! Expressions: chains of operands and operators.

use super::*;

/// How deep parentheses, operators' arguments and `not` may nest.
const DEEPEST: usize = 200;

impl Build {
    /// The expression that a pair consists of.
    pub(super) fn expression(&mut self, pair: Node) -> Option<Expression> {
        self.chain(pair, 0)
    }

    fn chain(&mut self, pair: Node, depth: usize) -> Option<Expression> {
        let span = self.span(&pair);
        if depth > DEEPEST {
            self.complain(&pair, Code::Nesting, "expression nested too deeply");
            return None;
        }
        let (mut first, mut rest, mut pending) = (None, Vec::new(), None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::operator => pending = operator(inner),
                Rule::right_operand => {
                    let operand = self.operand(inner.into_inner().next()?, depth)?;
                    rest.push((pending.take()?, operand));
                }
                _ => first = Some(Box::new(self.operand(inner, depth)?)),
            }
        }
        Some(Expression { span, first: first?, rest })
    }

    /// A term or a reference.
    fn operand(&mut self, pair: Node, depth: usize) -> Option<Operand> {
        let span = self.span(&pair);
        let inner = pair.into_inner().next()?;
        let kind = match inner.as_rule() {
            Rule::string_constant => OperandKind::String(self.octets(inner)?),
            Rule::digits => OperandKind::Digits(self.digits(inner)),
            Rule::parenthesis => {
                OperandKind::Parenthesis(self.chain(child(inner, Rule::inner_expression)?, depth + 1)?)
            }
            Rule::negation => return self.negation(inner, depth),
            Rule::option_value => OperandKind::Option(self.child_option(inner)?),
            Rule::config_option_value => OperandKind::ConfigOption(self.child_option(inner)?),
            Rule::existence => OperandKind::Exists(self.child_option(inner)?),
            Rule::collection => self.collection(inner)?,
            Rule::definedness => OperandKind::Defined(self.child_name(inner, Rule::variable_name)?),
            Rule::extract_int | Rule::encode_int => self.integer(inner, depth)?,
            Rule::host_lookup => OperandKind::GetHostByName(self.child_name(inner, Rule::host_literal)?),
            Rule::local_host_name => OperandKind::Builtin { keyword: "gethostname", arguments: Vec::new() },
            Rule::builtin | Rule::two_arguments_or_more => self.builtin(inner, depth)?,
            Rule::builtin_word => OperandKind::Word(builtin_word(inner.as_str())?),
            Rule::function_call => self.call(inner, depth)?,
            Rule::variable => OperandKind::Variable(self.name(inner)),
            _ => return None,
        };
        Some(Operand { span, kind })
    }

    fn child_option(&mut self, pair: Node) -> Option<OptionName> {
        self.option_name(child(pair, Rule::option_name)?)
    }

    fn digits(&mut self, pair: Node) -> Vec<Token> {
        let octets = pair.into_inner().filter(|inner| inner.as_rule() == Rule::hex_octet);
        octets.map(|octet| self.token(octet)).collect()
    }

    fn negation(&mut self, pair: Node, depth: usize) -> Option<Operand> {
        let whole = self.span(&pair);
        let nots: Vec<Span> = {
            let words = pair.clone().into_inner().filter(|inner| inner.as_rule() == Rule::NOT);
            words.map(|word| self.span(&word)).collect()
        };
        if nots.len() + depth > DEEPEST {
            self.complain(&pair, Code::Nesting, "expression nested too deeply");
            return None;
        }
        let negated = child(pair, Rule::negated)?.into_inner().next()?;
        let operand = self.operand(negated, depth + nots.len())?;
        Some(nots.iter().rev().fold(operand, |operand, not| Operand {
            span: Span { start: not.start, ..whole },
            kind: OperandKind::Not(Box::new(operand)),
        }))
    }

    /// `check "default"`: the only collection there is.
    fn collection(&mut self, pair: Node) -> Option<OperandKind> {
        let name = self.child_name(pair.clone(), Rule::collection_name)?;
        if &*name.text != "default" {
            self.complain(&pair, Code::Value, "unknown collection.");
        }
        Some(OperandKind::Check(name))
    }

    fn integer(&mut self, pair: Node, depth: usize) -> Option<OperandKind> {
        let extract = pair.as_rule() == Rule::extract_int;
        let (mut argument, mut width) = (None, 0);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::data | Rule::numeric => argument = self.chain(inner, depth + 1),
                Rule::width => width = self.width(&inner),
                _ => {}
            }
        }
        let argument = Box::new(argument?);
        Some(match extract {
            true => OperandKind::ExtractInt(argument, width),
            false => OperandKind::EncodeInt(argument, width),
        })
    }

    fn builtin(&mut self, pair: Node, depth: usize) -> Option<OperandKind> {
        let (mut keyword, mut arguments) = (None, Vec::new());
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::data | Rule::numeric => arguments.push(self.chain(inner, depth + 1)?),
                rule => keyword = keyword.or(builtin_keyword(rule)),
            }
        }
        Some(OperandKind::Builtin { keyword: keyword?, arguments })
    }

    fn call(&mut self, pair: Node, depth: usize) -> Option<OperandKind> {
        let (mut name, mut arguments) = (None, Vec::new());
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::variable => name = Some(self.name(inner)),
                Rule::function_arguments => {
                    for argument in inner.into_inner().filter(|part| part.as_rule() == Rule::function_argument) {
                        arguments.push(self.chain(argument, depth + 1)?);
                    }
                }
                _ => {}
            }
        }
        Some(OperandKind::Call { name: name?, arguments })
    }
}

fn operator(pair: Node) -> Option<Operator> {
    let sign = pair.into_inner().next()?;
    Some(match sign.as_rule() {
        Rule::regex if has(&sign, Rule::without_case) => Operator::RegexIgnoreCase,
        Rule::regex => Operator::Regex,
        Rule::equal => Operator::Equal,
        Rule::not_equal => Operator::NotEqual,
        Rule::and => Operator::And,
        Rule::or => Operator::Or,
        Rule::add => Operator::Add,
        Rule::multiply => Operator::Multiply,
        Rule::divide => Operator::Divide,
        Rule::remainder => Operator::Remainder,
        Rule::bit_and => Operator::BitAnd,
        Rule::bit_or => Operator::BitOr,
        Rule::bit_xor => Operator::BitXor,
        _ => return None,
    })
}

fn builtin_keyword(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::SUBSTRING => "substring",
        Rule::SUFFIX => "suffix",
        Rule::LCASE => "lcase",
        Rule::UCASE => "ucase",
        Rule::CONCAT => "concat",
        Rule::PICK => "pick-first-value",
        Rule::BINARY_TO_ASCII => "binary-to-ascii",
        Rule::REVERSE => "reverse",
        Rule::PACKET => "packet",
        Rule::V6RELAY => "v6relay",
        _ => return None,
    })
}

/// Operands of one word, as the grammar lists them.
const WORDS: [&str; 28] = [
    "hardware",
    "leased-address",
    "client-state",
    "filename",
    "server-name",
    "lease-time",
    "null",
    "host-decl-name",
    "known",
    "static",
    "booting",
    "reboot",
    "select",
    "request",
    "bound",
    "renew",
    "rebind",
    "noerror",
    "formerr",
    "servfail",
    "nxdomain",
    "notimp",
    "refused",
    "yxdomain",
    "yxrrset",
    "nxrrset",
    "notauth",
    "notzone",
];

fn builtin_word(text: &str) -> Option<&'static str> {
    WORDS.into_iter().find(|word| word.eq_ignore_ascii_case(text))
}
