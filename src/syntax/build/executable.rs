//! Executable statements.

use super::super::number::atoi;
use super::*;

impl Build {
    /// An executable statement, its body (if it has one) still empty.
    pub(super) fn executable(&mut self, pair: Node) -> Option<Executable> {
        match pair.as_rule() {
            Rule::option_setting => self.option_setting(pair),
            Rule::parameter => self.parameter(pair),
            Rule::server_identifier => self.server_identifier(pair),
            Rule::flag => self.flag(pair),
            Rule::if_ => {
                let condition = self.condition(pair)?;
                Some(Executable::If { arms: vec![(condition, Vec::new())], otherwise: None })
            }
            Rule::switch => {
                Some(Executable::Switch { on: self.child_expression(pair, Rule::switch_value)?, body: Vec::new() })
            }
            Rule::case => Some(Executable::Case(self.child_expression(pair, Rule::case_value)?)),
            Rule::default_case => Some(Executable::DefaultCase),
            Rule::break_ => Some(Executable::Break),
            Rule::on => Some(on(pair)),
            Rule::set | Rule::define => self.set(pair),
            Rule::unset => Some(Executable::Unset(self.child_name(pair, Rule::set_name)?)),
            Rule::eval => Some(Executable::Eval(self.child_expression(pair, Rule::evaluated)?)),
            Rule::return_ => Some(Executable::Return(self.child_expression(pair, Rule::evaluated)?)),
            Rule::call => Some(Executable::Eval(self.child_expression(pair, Rule::called)?)),
            Rule::log => self.log(pair),
            Rule::execute => self.execute(pair),
            Rule::add_class => Some(Executable::Add(self.child_name(pair, Rule::added_class)?)),
            Rule::parse_vendor_option => Some(Executable::ParseVendorOption),
            Rule::db_time_format => Some(Executable::DbTimeFormat { local: has(&pair, Rule::LOCAL) }),
            _ => None,
        }
    }

    /// The condition of an `if`, `elsif` or `else if`.
    fn condition(&mut self, pair: Node) -> Option<Expression> {
        pair.into_inner().find_map(|inner| match inner.as_rule() {
            Rule::condition => self.expression(inner),
            Rule::enclosed => self.condition(inner),
            _ => None,
        })
    }

    fn option_setting(&mut self, pair: Node) -> Option<Executable> {
        let (mut operation, mut option, mut value) = (OptionOperation::Set, None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::SUPERSEDE => operation = OptionOperation::Supersede,
                Rule::SEND => operation = OptionOperation::Send,
                Rule::APPEND => operation = OptionOperation::Append,
                Rule::PREPEND => operation = OptionOperation::Prepend,
                Rule::DEFAULT => operation = OptionOperation::Default,
                Rule::option_name => option = self.option_name(inner),
                Rule::setting => value = self.setting(inner),
                _ => {}
            }
        }
        Some(Executable::Option { operation, option: option?, value: value? })
    }

    fn parameter(&mut self, pair: Node) -> Option<Executable> {
        let (mut option, mut value) = (None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::parameter_name => {
                    let name = self.name(inner);
                    let space = Some(Name { text: "server".into(), span: name.span });
                    option = Some(OptionName { space, name });
                }
                Rule::setting => value = self.setting(inner),
                _ => {}
            }
        }
        Some(Executable::Option { operation: OptionOperation::Set, option: option?, value: value? })
    }

    fn server_identifier(&mut self, pair: Node) -> Option<Executable> {
        let keyword = child(pair.clone(), Rule::SERVER_IDENTIFIER)?;
        let name = Name { text: "dhcp-server-identifier".into(), span: self.span(&keyword) };
        let value = self.setting(child(pair, Rule::setting)?)?;
        Some(Executable::Option { operation: OptionOperation::Set, option: OptionName { space: None, name }, value })
    }

    fn setting(&mut self, pair: Node) -> Option<OptionValue> {
        pair.into_inner().find_map(|inner| match inner.as_rule() {
            Rule::option_data => self.expression(inner).map(OptionValue::Expression),
            Rule::value => Some(OptionValue::Tokens(self.tokens(inner))),
            _ => None,
        })
    }

    fn flag(&mut self, pair: Node) -> Option<Executable> {
        let (mut value, mut keyword) = (0, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::ALLOW => value = 1,
                Rule::IGNORE => value = 2,
                Rule::flag_name => keyword = Some(self.name(inner)),
                _ => {}
            }
        }
        Some(Executable::Flag { value, keyword: keyword? })
    }

    fn set(&mut self, pair: Node) -> Option<Executable> {
        let by_set = pair.as_rule() == Rule::set;
        let (mut name, mut arguments) = (None, Vec::new());
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::set_name => name = Some(self.name(inner)),
                Rule::set_value => {
                    return Some(Executable::Set { name: name?, value: self.expression(inner)? });
                }
                Rule::parameter_list => {
                    let names = inner.into_inner().filter(|part| part.as_rule() == Rule::argument_name);
                    arguments = names.map(|name| self.name(name)).collect();
                }
                _ => {}
            }
        }
        Some(Executable::Define { name: name?, arguments, body: Vec::new(), by_set })
    }

    fn log(&mut self, pair: Node) -> Option<Executable> {
        let (mut level, mut text) = (LogLevel::Debug, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::log_level if has(&inner, Rule::FATAL) => level = LogLevel::Fatal,
                Rule::log_level if has(&inner, Rule::ERROR) => level = LogLevel::Error,
                Rule::log_level if has(&inner, Rule::INFO) => level = LogLevel::Info,
                Rule::log_text => text = self.expression(inner),
                _ => {}
            }
        }
        Some(Executable::Log { level, text: text? })
    }

    fn execute(&mut self, pair: Node) -> Option<Executable> {
        let (mut command, mut arguments) = (None, Vec::new());
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::command => command = Some(self.string(&inner)),
                Rule::execute_argument => arguments.extend(self.expression(inner)),
                _ => {}
            }
        }
        Some(Executable::Execute { command: command?, arguments })
    }

    /// `[space.]name`
    pub(super) fn option_name(&mut self, pair: Node) -> Option<OptionName> {
        let (mut space, mut name) = (None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::option_word => name = Some(self.name(inner)),
                Rule::option_suffix => {
                    space = name.take();
                    name = Some(self.name(inner));
                }
                _ => {}
            }
        }
        Some(OptionName { space, name: name? })
    }

    /// 8, 16 or 32.
    pub(super) fn width(&mut self, pair: &Node) -> i64 {
        let width = atoi(pair.as_str());
        if ![8, 16, 32].contains(&width) {
            self.complain(pair, Code::Number, format!("unsupported integer size {width}"));
        }
        width
    }
}

fn on(pair: Node) -> Executable {
    let mut events = Events::default();
    let body = has(&pair, Rule::body_brace).then(Vec::new);
    for event in pair.into_inner().filter(|inner| inner.as_rule() == Rule::event) {
        events.commit |= has(&event, Rule::COMMIT);
        events.expiry |= has(&event, Rule::EXPIRY);
        events.release |= has(&event, Rule::RELEASE);
        events.transmission |= has(&event, Rule::TRANSMISSION);
    }
    Executable::On { events, body }
}
