//! Variables (spec/expressions.md 7).

use crate::config::ir::Function;
use std::sync::Arc;

/// The value of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Data(Arc<[u8]>),
    /// Data without any octets that ISC has no memory for: an empty constant, a substring beyond the end. It is empty data
    /// in every use, but the lease file does not hold it (spec/expressions.md 11).
    Nothing,
    Number(u64),
    Boolean(bool),
    Function(Arc<Function>),
}

/// The variables of one scope (a lease's, the global one, a function call's): newest first, as the lease file writes them.
/// Names compare without regard to case and are kept as first written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bindings {
    entries: Vec<(Arc<str>, Option<Value>)>,
}

impl Bindings {
    /// The value of a variable; `None` if it is unknown or has no value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).and_then(|(_, v)| v.as_ref())
    }

    /// True if the name is bound here, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// Binds a name, in place if it is known, else as the newest.
    pub fn set(&mut self, name: &Arc<str>, value: Option<Value>) {
        match self.entries.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some(entry) => entry.1 = value,
            None => self.entries.insert(0, (name.clone(), value)),
        }
    }

    /// Name and value of each variable, newest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &(Arc<str>, Option<Value>)> {
        self.entries.iter()
    }

    /// True if nothing is bound.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
