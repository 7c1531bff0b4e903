//! The parser that pest makes of `grammar/`.

use pest_derive::Parser;

/// The language's grammar. `Rule` names its rules.
#[derive(Parser)]
#[grammar = "../grammar/lexical.pest"]
#[grammar = "../grammar/statements.pest"]
#[grammar = "../grammar/expressions.pest"]
pub(super) struct Grammar;
