//! The content of an option space as the value of its parent option (spec/options.md 14, 16).

use super::fqdn;
use super::pack::{Found, Source};
use super::registry::{OptionKey, Registry, Space, SpaceId};

/// Spaces within spaces; more only a configuration that encapsulates a space in itself would ask for.
const MAX_DEPTH: u8 = 32;
/// Spec/options.md 14: what the encoder of space `nwip` sends when all its values are null.
const NO_NWIP: [u8; 4] = [1, 2, 1, 0];

/// Appends the options of a space. False if it yields nothing.
pub fn encapsulate<S: Source>(source: &mut S, registry: &Registry, space: SpaceId, out: &mut Vec<u8>) -> bool {
    encapsulate_at(source, registry, space, out, 0)
}

fn encapsulate_at<S: Source>(source: &mut S, registry: &Registry, id: SpaceId, out: &mut Vec<u8>, depth: u8) -> bool {
    let space = registry.space(id);
    let codes = source.codes(id, space.storage);
    // a space with nothing set directly yields nothing, whatever lies within it
    if codes.is_empty() || depth == MAX_DEPTH {
        return false;
    }
    match id {
        SpaceId::FQDN => {
            encode_fqdn(source, out);
            true
        }
        SpaceId::NWIP => encode_nwip(source, space, &codes, out),
        _ if space.code_width == 0 || space.length_width == 0 => false,
        _ => {
            let start = out.len();
            for code in codes {
                append_option(source, registry, space, code, out);
            }
            append_children(source, registry, space, out, depth);
            out.len() > start
        }
    }
}

/// Code, length and bytes of one option. Null and empty values are left out, but for format `Z`.
fn append_option<S: Source>(source: &mut S, registry: &Registry, space: &Space, code: u32, out: &mut Vec<u8>) {
    let start = out.len();
    let value = start_option(space, code, out);
    let key = OptionKey { space: space.id, code };
    let found = source.value(key, out);
    let zero_length = || registry.option_coded(key).is_some_and(|def| def.format.starts_with('Z'));
    if found == Found::Bytes && (out.len() > value || zero_length()) {
        set_length(space, value, out);
    } else {
        out.truncate(start);
    }
}

/// The spaces whose parent option is in this space and has no value of its own.
fn append_children<S: Source>(source: &mut S, registry: &Registry, space: &Space, out: &mut Vec<u8>, depth: u8) {
    for child in registry.spaces() {
        let Some(parent) = child.parent.filter(|parent| parent.space == space.id) else { continue };
        let encapsulates = registry.option_coded(parent).is_some_and(|def| def.format.starts_with('E'));
        if !encapsulates || source.is_set(parent) {
            continue;
        }
        let start = out.len();
        let value = start_option(space, parent.code, out);
        if encapsulate_at(source, registry, child.id, out, depth + 1) && out.len() > value {
            set_length(space, value, out);
        } else {
            out.truncate(start);
        }
    }
}

/// Writes a code and room for a length; where the value begins.
fn start_option(space: &Space, code: u32, out: &mut Vec<u8>) -> usize {
    push_number(code, space.code_width, out);
    push_number(0, space.length_width, out);
    out.len()
}

/// Fills in the length of what was written from `value` on. It wraps like ISC's (spec/options.md 14).
fn set_length(space: &Space, value: usize, out: &mut [u8]) {
    let length = ((out.len() - value) as u32).to_be_bytes();
    let width = usize::from(space.length_width);
    out[value - width..value].copy_from_slice(&length[length.len() - width..]);
}

/// The low octets of a number in network order.
fn push_number(number: u32, width: u8, out: &mut Vec<u8>) {
    let octets = number.to_be_bytes();
    out.extend_from_slice(&octets[octets.len().saturating_sub(width.into())..]);
}

fn encode_fqdn<S: Source>(source: &mut S, out: &mut Vec<u8>) {
    let value = |code| {
        let mut bytes = Vec::new();
        source.value(OptionKey { space: SpaceId::FQDN, code }, &mut bytes);
        bytes
    };
    fqdn::encode(value, out);
}

/// ISC forgets the length of a space `nwip` that has values, so that only "no values" is ever sent.
fn encode_nwip<S: Source>(source: &mut S, space: &Space, codes: &[u32], out: &mut Vec<u8>) -> bool {
    let mut bytes = Vec::new();
    for code in codes {
        source.value(OptionKey { space: space.id, code: *code }, &mut bytes);
    }
    if bytes.is_empty() {
        out.extend(NO_NWIP);
    }
    bytes.is_empty()
}
