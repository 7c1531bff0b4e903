//! Where a statement stands. Which statements may stand where is the parser's to check.

use super::model::{NetworkId, ScopeId, SubnetId};
use std::net::Ipv6Addr;

/// The kinds of blocks that make a difference to the statements in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    SharedNetwork,
    Subnet,
    /// The file itself, groups, pools, hosts, classes.
    Other,
}

/// The subnet of a subnet block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubnetAt {
    V4(SubnetId),
    V6 { address: Ipv6Addr, length: u8 },
}

/// A block and what its statements refer to.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub kind: BlockKind,
    /// The block's scope; while `borrowed`, that of the block around it, until the block needs its own.
    pub scope: ScopeId,
    pub borrowed: bool,
    /// The network of a shared-network or subnet block. A group in it does not know of it.
    pub network: Option<NetworkId>,
    pub subnet: Option<SubnetAt>,
}

impl Place {
    /// A block that has a scope of its own.
    pub fn new(kind: BlockKind, scope: ScopeId) -> Place {
        Place { kind, scope, borrowed: false, network: None, subnet: None }
    }
}
