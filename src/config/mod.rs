//! Floor 2: the checked model of dhcpd.conf, and the lowering of the syntax tree into it.
//!
//! [`load`] reads a file into a [`model::Config`]. The parser hands over one outermost statement at a time; `declare` sends it
//! to whoever knows its kind, and what they find goes into a `state::State`. When the file has ended, `index` makes a
//! configuration of the state, with the indexes that the packet path needs. Expressions and executable statements become the
//! trees of `ir` on the way (`expression`, `operand`, `value`, `statement`).

pub mod advice;
mod class;
mod declare;
mod definition;
pub mod dynamic;
mod expression;
mod failover;
mod host;
pub mod host_table;
mod index;
pub mod ir;
mod keys;
mod load;
mod lowering;
mod message;
pub mod model;
mod network;
mod operand;
mod place;
mod pool;
mod range;
mod range6;
mod ranges;
mod search;
mod state;
mod statement;
#[cfg(test)]
mod tests;
mod value;

pub use failover::{sanity_check, SANITY_FAILED};
pub use host::{client_id_of, take_client_id};
pub use load::{
    load, load_explained, load_text, load_text_explained, lower_block, lower_boolean, lower_data, lower_named_block,
    Loading, ERRORS_ENCOUNTERED,
};
pub use message::Message;
pub use state::Family;
