//! What reading a configuration has to tell, in the order in which ISC dhcpd tells it.

use crate::syntax::source::Span;
use crate::syntax::{Diagnostic, Severity};

/// One thing to tell (spec/config-language.md 2, 14).
#[derive(Clone, Debug)]
pub enum Message {
    /// A complaint at a place; the configuration is refused.
    Complaint(Diagnostic),
    /// Log lines of these levels; the configuration may still be good.
    Error(String),
    Info(String),
    Debug(String),
}

/// A complaint has been made about what was being read; nothing can be made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// What lowering a part gives.
pub type Lowered<T> = Result<T, Lost>;

/// The messages so far.
#[derive(Debug, Default)]
pub struct Log {
    pub messages: Vec<Message>,
    /// True once there is a complaint.
    pub failed: bool,
}

impl Log {
    /// Complains at a place. `code` names the kind of complaint for programs.
    pub fn complain(&mut self, span: Span, code: &'static str, text: impl Into<String>) -> Lost {
        self.push_complaint(Diagnostic::new(span, Severity::Error, code, text));
        Lost
    }

    /// The same, with what could have stood there.
    pub fn miss(&mut self, span: Span, code: &'static str, text: impl Into<String>, expected: &[&str]) -> Lost {
        let expected = expected.iter().map(|word| (*word).to_owned()).collect();
        self.push_complaint(Diagnostic { expected, ..Diagnostic::new(span, Severity::Error, code, text) });
        Lost
    }

    /// Takes over a complaint.
    pub fn push_complaint(&mut self, diagnostic: Diagnostic) {
        self.failed = true;
        self.messages.push(Message::Complaint(diagnostic));
    }

    pub fn error(&mut self, text: impl Into<String>) {
        self.messages.push(Message::Error(text.into()));
    }

    pub fn info(&mut self, text: impl Into<String>) {
        self.messages.push(Message::Info(text.into()));
    }

    pub fn debug(&mut self, text: impl Into<String>) {
        self.messages.push(Message::Debug(text.into()));
    }

    /// Sorts the messages from `start` on by their place in the file: a complaint about grammar arrives before those about
    /// the meaning of what stands before it. Log lines stay behind the complaint that they follow.
    pub fn sort_by_place(&mut self, start: usize) {
        let Some(fresh) = self.messages.get_mut(start..) else { return };
        let first_file = fresh.iter().find_map(|m| place(m).map(|span| span.file));
        if fresh.iter().any(|m| place(m).is_some_and(|span| Some(span.file) != first_file)) {
            return;
        }
        let mut at = 0;
        let keys: Vec<u32> = fresh
            .iter()
            .map(|m| {
                at = place(m).map_or(at, |span| span.start);
                at
            })
            .collect();
        if keys.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|i| keys[*i]);
        let sorted: Vec<Message> = order.into_iter().map(|i| fresh[i].clone()).collect();
        fresh.clone_from_slice(&sorted);
    }
}

fn place(message: &Message) -> Option<Span> {
    match message {
        Message::Complaint(diagnostic) => Some(diagnostic.span),
        _ => None,
    }
}
