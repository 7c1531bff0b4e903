//! Statements of the configuration language that a client sends.

use super::super::world::World;
use super::keys::text;
use crate::config::ir::Stmt;
use crate::config::lower_named_block;
use crate::eval::LogKind;
use crate::wire::omapi::ResultCode;
use std::sync::Arc;

/// The name of the text in complaints, as ISC dhcpd calls it.
const NETWORK_CLIENT: &str = "network client";

/// Parses statements; complaints about them are logged.
pub fn parse(world: &mut dyn World, value: &[u8]) -> Result<Arc<[Stmt]>, ResultCode> {
    let written = text(value)?;
    lower_named_block(world.config(), NETWORK_CLIENT, &written).map_err(|complaints| {
        for complaint in complaints {
            world.log(LogKind::Error, complaint.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "?"));
        }
        ResultCode::PARSE_ERROR
    })
}
