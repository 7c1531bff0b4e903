//! Expressions and executable statements that come to nothing.

use super::spelling::nearest;
use super::warning;
use crate::syntax::ast::{Executable, Expression, Name, Operand, OperandKind, OptionValue, Statement};
use crate::syntax::source::{SourceMap, Span};
use crate::syntax::{statement_words, Diagnostic};
use rustc_hash::FxHashSet;

/// Words that look like a truth, and are variables that nobody sets.
const TRUTHS: [&str; 4] = ["true", "on", "yes", "1"];

/// What is wrong with a statement; `span` is that of the whole of it.
pub fn without_effect(map: &SourceMap, executable: &Executable, span: Span) -> Vec<Diagnostic> {
    match executable {
        // Without `eval`, so that the expression is all there is.
        Executable::Eval(expression) if expression.span.start == span.start && !calls(expression) => {
            vec![unknown_word(map, expression.span)]
        }
        Executable::If { arms, .. } => arms.iter().filter_map(|(condition, _)| never_true(condition)).collect(),
        Executable::On { events, .. } if events.transmission => {
            vec![warning(span, "event-never-happens", "a server never has the event \"transmission\"")]
        }
        _ => Vec::new(),
    }
}

fn unknown_word(map: &SourceMap, span: Span) -> Diagnostic {
    let word = map.text(span).trim_end();
    let text = format!("\"{word}\" is no statement; it is taken as an expression, and has no effect");
    let mut found = warning(span, "unknown-word", text);
    found.hint = nearest(word, statement_words()).map(|meant| format!("did you mean \"{meant}\"?"));
    found
}

fn never_true(condition: &Expression) -> Option<Diagnostic> {
    if !condition.rest.is_empty() {
        return None;
    }
    match &condition.first.kind {
        OperandKind::Parenthesis(inner) => never_true(inner),
        OperandKind::Variable(name) if TRUTHS.iter().any(|truth| name.text.eq_ignore_ascii_case(truth)) => {
            let text = format!("this condition is never true: \"{}\" is a variable without a value", name.text);
            Some(warning(condition.span, "condition-never-true", text))
        }
        _ => None,
    }
}

fn calls(expression: &Expression) -> bool {
    let mut found = false;
    operands(expression, &mut |operand| found |= matches!(operand.kind, OperandKind::Call { .. }));
    found
}

/// What all expressions together name.
#[derive(Debug, Default)]
pub struct Seen {
    called: Vec<Name>,
    /// Names of functions, of their arguments and of variables, in lower case.
    defined: FxHashSet<String>,
    /// `check` stands somewhere: classes may be tested after the host is known.
    pub reclassifies: bool,
}

impl Seen {
    /// Takes what one statement names; its inner statements come by themselves.
    pub fn statement(&mut self, executable: &Executable) {
        match executable {
            Executable::Define { name, arguments, .. } => {
                let names = std::iter::once(name).chain(arguments);
                self.defined.extend(names.map(|name| name.text.to_ascii_lowercase()));
            }
            Executable::Set { name, .. } => {
                self.defined.insert(name.text.to_ascii_lowercase());
            }
            _ => {}
        }
        expressions(executable, &mut |expression| self.look(expression));
    }

    /// Takes what one expression names.
    pub fn look(&mut self, expression: &Expression) {
        operands(expression, &mut |operand| match &operand.kind {
            OperandKind::Call { name, .. } => self.called.push(name.clone()),
            OperandKind::Check(_) => self.reclassifies = true,
            _ => {}
        });
    }

    /// Calls of what is defined nowhere.
    pub fn unknown_functions(&self) -> Vec<Diagnostic> {
        let unknown = self.called.iter().filter(|name| !self.defined.contains(&name.text.to_ascii_lowercase()));
        let describe = |name: &Name| {
            let text = format!("the function \"{}\" is not defined anywhere; calling it has no effect", name.text);
            let mut found = warning(name.span, "unknown-function", text);
            let mut known: Vec<&str> = self.defined.iter().map(String::as_str).collect();
            known.sort_unstable();
            found.hint = nearest(&name.text, known).map(|meant| format!("did you mean \"{meant}\"?"));
            found
        };
        unknown.map(describe).collect()
    }
}

/// The statement lists inside a statement.
pub fn bodies(executable: &Executable, see: &mut dyn FnMut(&[Statement])) {
    match executable {
        Executable::If { arms, otherwise } => {
            arms.iter().for_each(|(_, body)| see(body));
            otherwise.iter().for_each(|body| see(body));
        }
        Executable::Switch { body, .. } | Executable::Define { body, .. } => see(body),
        Executable::On { body: Some(body), .. } => see(body),
        _ => {}
    }
}

/// The expressions of a statement, without those of its inner statements.
fn expressions(executable: &Executable, see: &mut dyn FnMut(&Expression)) {
    match executable {
        Executable::Option { value: OptionValue::Expression(value), .. }
        | Executable::Set { value, .. }
        | Executable::Eval(value)
        | Executable::Return(value)
        | Executable::Case(value)
        | Executable::Switch { on: value, .. }
        | Executable::Log { text: value, .. } => see(value),
        Executable::If { arms, .. } => arms.iter().for_each(|(condition, _)| see(condition)),
        Executable::Execute { arguments, .. } => arguments.iter().for_each(see),
        _ => {}
    }
}

/// All operands of an expression, outer ones first. The parser has bounded their depth.
fn operands(expression: &Expression, see: &mut dyn FnMut(&Operand)) {
    operand(&expression.first, see);
    expression.rest.iter().for_each(|(_, right)| operand(right, see));
}

fn operand(this: &Operand, see: &mut dyn FnMut(&Operand)) {
    see(this);
    match &this.kind {
        OperandKind::Parenthesis(inner) => operands(inner, see),
        OperandKind::EncodeInt(inner, _) | OperandKind::ExtractInt(inner, _) => operands(inner, see),
        OperandKind::Not(inner) => operand(inner, see),
        OperandKind::Builtin { arguments, .. } | OperandKind::Call { arguments, .. } => {
            arguments.iter().for_each(|argument| operands(argument, see));
        }
        _ => {}
    }
}
