//! Floor 1: text to syntax tree. The grammar is in `grammar/`; nothing here knows what a statement means.

pub mod ast;
pub mod source;
