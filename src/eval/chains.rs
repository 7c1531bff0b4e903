//! Chains of one or two operators, as long as the configuration allows, are evaluated without recursion: the server's threads
//! have small stacks.

use super::environment::Environment;
use crate::config::ir::{Expr, Shared};

/// What a chain that leans to the left begins with, and its operators from the last one to the first.
fn unwound<'e>(
    chain: &'e Expr,
    sides: impl Fn(&'e Expr) -> Option<(&'e Shared, &'e Shared)>,
) -> (&'e Expr, Vec<&'e Expr>) {
    let (mut at, mut nodes) = (chain, Vec::new());
    while let Some((left, _)) = sides(at) {
        nodes.push(at);
        at = left;
    }
    (at, nodes)
}

fn joined(expression: &Expr) -> Option<(&Shared, &Shared)> {
    match expression {
        Expr::Concat(left, right) => Some((left, right)),
        _ => None,
    }
}

fn connected(expression: &Expr) -> Option<(&Shared, &Shared)> {
    match expression {
        Expr::And(left, right) | Expr::Or(left, right) => Some((left, right)),
        _ => None,
    }
}

impl Environment<'_> {
    /// `concat`: all parts, or null.
    pub(super) fn concatenation(&mut self, chain: &Expr, out: &mut Vec<u8>) -> Option<()> {
        let (first, nodes) = unwound(chain, joined);
        self.append_some(first, out)?;
        for (_, right) in nodes.into_iter().rev().filter_map(joined) {
            self.append_some(right, out)?;
        }
        Some(())
    }

    /// `and` and `or`. What is false on the left of `and` makes null; on the left of `or` it counts if the right is null.
    pub(super) fn connection(&mut self, chain: &Expr) -> Option<bool> {
        // Null so far, unless the right side of some `or` was reached.
        let (mut at, mut fallback) = (chain, None);
        while let Some((left, right)) = connected(at) {
            let left = match connected(left) {
                Some(_) => self.connection_to_the_left(left),
                None => self.boolean(left),
            };
            match (at, left) {
                (Expr::And(..), Some(true)) => {}
                (Expr::And(..), _) => return fallback,
                (_, Some(true)) => return left,
                (_, left) => fallback = left.or(fallback),
            }
            at = right;
        }
        self.boolean(at).or(fallback)
    }

    /// The same for one that leans to the left.
    fn connection_to_the_left(&mut self, chain: &Expr) -> Option<bool> {
        let (first, nodes) = unwound(chain, connected);
        let mut value = self.boolean(first);
        for node in nodes.into_iter().rev() {
            let Some((_, right)) = connected(node) else { continue };
            value = match (node, value) {
                (Expr::And(..), Some(true)) => self.boolean(right),
                (Expr::And(..), _) => None,
                (_, Some(true)) => value,
                (_, left) => self.boolean(right).or(left),
            };
        }
        value
    }
}
