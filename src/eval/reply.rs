//! The options and parameters of a reply being built (ISC's "out" option state): what ran last wins, values unevaluated.

use crate::config::ir::Shared;
use crate::options::registry::{OptionKey, SpaceId, Storage};
use crate::options::set::{bucket, OptionSet};
use std::sync::Arc;

/// One value: an expression evaluated when it is needed, or bytes the server put there.
#[derive(Debug, Clone)]
pub enum ReplyValue {
    Expression(Shared),
    Bytes(Box<[u8]>),
    /// Taken out again, although the folded base has it.
    Removed,
}

/// A ready table shared by all packets of a scope, and what this packet's statements put over it.
#[derive(Debug, Clone, Default)]
pub struct ReplyOptions {
    base: Option<Arc<OptionSet<ReplyValue>>>,
    own: OptionSet<ReplyValue>,
}

impl ReplyOptions {
    /// Starts from a folded scope.
    pub fn over(base: Arc<OptionSet<ReplyValue>>) -> ReplyOptions {
        ReplyOptions { base: Some(base), own: OptionSet::default() }
    }

    /// The value of an option.
    pub fn get(&self, key: OptionKey) -> Option<&ReplyValue> {
        let value = self.own.get(key).or_else(|| self.base.as_ref().and_then(|b| b.get(key)))?;
        (!matches!(value, ReplyValue::Removed)).then_some(value)
    }

    /// Sets or replaces a value.
    pub fn set(&mut self, key: OptionKey, value: ReplyValue) {
        self.own.set(key, value);
    }

    /// Takes a value away.
    pub fn remove(&mut self, key: OptionKey) {
        if self.base.as_ref().is_some_and(|b| b.get(key).is_some()) {
            self.own.set(key, ReplyValue::Removed);
        } else {
            self.own.remove(key);
        }
    }

    /// The codes of a space that have a value, in the order ISC walks them.
    pub fn codes(&self, space: SpaceId, storage: Storage) -> Vec<u32> {
        let mut codes = Vec::new();
        if let Some(base) = &self.base {
            codes.extend(base.in_order_set().filter(|(k, _)| k.space == space).map(|(k, _)| k.code));
        }
        for (key, _) in self.own.in_order_set() {
            if key.space == space && !codes.contains(&key.code) {
                codes.push(key.code);
            }
        }
        codes.retain(|code| self.get(OptionKey { space, code: *code }).is_some());
        if storage == Storage::Hash {
            codes.reverse();
            codes.sort_by_key(|code| bucket(*code));
        }
        codes
    }

    /// Everything as one set, to become a folded base.
    pub fn into_set(self) -> OptionSet<ReplyValue> {
        let mut set = self.base.map(|b| (*b).clone()).unwrap_or_default();
        for (key, value) in self.own.in_order_set() {
            match value {
                ReplyValue::Removed => drop(set.remove(*key)),
                value => set.set(*key, value.clone()),
            }
        }
        set
    }
}
