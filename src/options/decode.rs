//! The options of a received DHCPv4 packet (spec/options.md 10, spec/dhcpv4.md 3.4 and 3.5).
//!
//! All octets are copied once; a value is a place in that copy. Only values that arrived in pieces (RFC 3396), and names of
//! option 81, take more room behind it.

use super::format::{encapsulated_space, has_text, min_length};
use super::fqdn::{self, FqdnError};
use super::registry::{OptionKey, Registry, Space, SpaceId};
use crate::wire::dhcp4::MessageView;
use std::fmt;
use std::ops::Range;

const PAD: u32 = 0;
const HOST_NAME: u32 = 12;
const OVERLOAD: u32 = 52;
const MESSAGE_TYPE: u32 = 53;
const CLIENT_IDENTIFIER: u32 = 61;
/// Options for which there is room at once.
const USUAL_OPTIONS: usize = 16;
const OVERLOAD_FILE: u8 = 1;
const OVERLOAD_SNAME: u8 = 2;

/// Why an option area cannot be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedReason {
    #[error("code tag at end of buffer - missing length field")]
    NoLength,
    #[error("option length exceeds option buffer length")]
    TooLong,
}

/// Something to be logged about a packet's options; `Display` is ISC's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeNote {
    /// Level error.
    Malformed {
        space: Box<str>,
        code: u32,
        reason: MalformedReason,
    },
    /// Level info.
    Fqdn(FqdnError),
    /// Level debug, as are all below.
    EmptyHostName,
    EmptyClientId,
    ShortClientId,
    NoClientId,
}

/// The level of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteLevel {
    Error,
    Info,
    Debug,
}

impl DecodeNote {
    /// At which level ISC logs it.
    pub fn level(&self) -> NoteLevel {
        match self {
            DecodeNote::Malformed { .. } => NoteLevel::Error,
            DecodeNote::Fqdn(_) => NoteLevel::Info,
            _ => NoteLevel::Debug,
        }
    }
}

impl fmt::Display for DecodeNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeNote::Malformed { space, code, reason } => {
                write!(f, "parse_option_buffer: malformed option {space}.<unknown> (code {code}): {reason}.")
            }
            DecodeNote::Fqdn(error) => error.fmt(f),
            DecodeNote::EmptyHostName => f.write_str("Ignoring empty DHO_HOST_NAME option"),
            DecodeNote::EmptyClientId => f.write_str("Dropped DHCPv4 packet with zero-length client-id"),
            DecodeNote::ShortClientId => f.write_str(
                "Accepted DHCPv4 packet with one-character client-id - a future version of ISC DHCP will reject this",
            ),
            DecodeNote::NoClientId => {
                f.write_str("Received DHCPv4 packet without client-id option and empty hlen field.")
            }
        }
    }
}

/// Why a packet is dropped; what there is to log is among the notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    #[error("malformed options")]
    Malformed,
    #[error("client identifier of no octets")]
    EmptyClientId,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: OptionKey,
    start: u32,
    len: u32,
    had_nulls: bool,
}

/// The options of a packet, decoded. Lookups in space `dhcp` take one step.
#[derive(Clone, Debug)]
pub struct PacketOptions {
    octets: Vec<u8>,
    /// Space `dhcp`, one entry a code.
    dhcp: Vec<Entry>,
    /// By code: 1 + its place in `dhcp`, or 0.
    dhcp_places: [u8; 256],
    /// Other spaces, in order of arrival; a code may come again.
    others: Vec<Entry>,
    valid: bool,
}

impl Default for PacketOptions {
    fn default() -> Self {
        PacketOptions { octets: Vec::new(), dhcp: Vec::new(), dhcp_places: [0; 256], others: Vec::new(), valid: false }
    }
}

/// Reads the options of a packet. Without the cookie there are none, and the packet is plain BOOTP.
pub fn parse_packet_options(
    message: &MessageView<'_>,
    registry: &Registry,
    notes: &mut Vec<DecodeNote>,
) -> Result<PacketOptions, Dropped> {
    let mut options = PacketOptions::default();
    options.parse(message, registry, notes)?;
    Ok(options)
}

impl PacketOptions {
    /// As `parse_packet_options`, but into room that is there already.
    pub fn parse(
        &mut self,
        message: &MessageView<'_>,
        registry: &Registry,
        notes: &mut Vec<DecodeNote>,
    ) -> Result<(), Dropped> {
        self.clear();
        self.dhcp.reserve(USUAL_OPTIONS);
        if let Some(area) = message.options() {
            if !self.read_area(registry, area, notes) && !matches!(self.message_type(), 2 | 5 | 6) {
                return Err(Dropped::Malformed);
            }
            let overload = self.overload();
            let fields = [(OVERLOAD_FILE, message.file()), (OVERLOAD_SNAME, message.sname())];
            for (_, field) in fields.into_iter().filter(|(bit, _)| overload & bit != 0) {
                if !self.read_area(registry, field, notes) {
                    return Err(Dropped::Malformed);
                }
            }
            self.valid = true;
        }
        match self.get(OptionKey::dhcp(CLIENT_IDENTIFIER)).map(<[u8]>::len) {
            Some(0) => {
                notes.push(DecodeNote::EmptyClientId);
                return Err(Dropped::EmptyClientId);
            }
            Some(1) => notes.push(DecodeNote::ShortClientId),
            None if message.hlen() == 0 => notes.push(DecodeNote::NoClientId),
            _ => {}
        }
        Ok(())
    }

    /// Forgets everything but keeps the room.
    pub fn clear(&mut self) {
        for entry in self.dhcp.drain(..) {
            self.dhcp_places[entry.key.code as usize & 0xff] = 0;
        }
        self.octets.clear();
        self.others.clear();
        self.valid = false;
    }

    /// False if the packet had no cookie: it is plain BOOTP.
    pub fn is_valid(&self) -> bool {
        self.valid
    }

    /// The value of an option; of several instances the first.
    pub fn get(&self, key: OptionKey) -> Option<&[u8]> {
        self.entry(key).map(|entry| self.value(entry))
    }

    /// True if the text value ended in NULs when it arrived.
    pub fn had_nulls(&self, key: OptionKey) -> bool {
        self.entry(key).is_some_and(|entry| entry.had_nulls)
    }

    /// The first octet of option 53; 0 if there is none: the BOOTP path.
    pub fn message_type(&self) -> u8 {
        self.first_octet(MESSAGE_TYPE)
    }

    /// The first octet of option 52; 0 if there is none.
    pub fn overload(&self) -> u8 {
        self.first_octet(OVERLOAD)
    }

    /// True if a space other than `dhcp` has a value.
    pub fn has_space(&self, space: SpaceId) -> bool {
        self.others.iter().any(|e| e.key.space == space)
    }

    /// Code and value of the options of a space in order of arrival; of several instances the first. This is how option 82
    /// goes back (spec/dhcpv4.md 3.5).
    pub fn space(&self, space: SpaceId) -> impl Iterator<Item = (u32, &[u8])> {
        let entries = if space == SpaceId::DHCP { &self.dhcp } else { &self.others };
        let mut seen = Seen::default();
        let of_space = entries.iter().filter(move |e| e.key.space == space && seen.is_new(e.key.code));
        of_space.map(|e| (e.key.code, self.value(e)))
    }

    /// Adds a value, or replaces the first of that option: what the server remembers of the client (spec/options.md 10.4).
    pub fn set(&mut self, key: OptionKey, value: &[u8]) {
        let start = self.octets.len();
        self.octets.extend_from_slice(value);
        let place = start..self.octets.len();
        match self.entry_mut(key) {
            Some(entry) => *entry = Entry::new(key, place),
            None => self.push(Entry::new(key, place)),
        }
    }

    /// Decodes the value of an option as options of `space`: `parse-vendor-option`, whose failure is only logged.
    pub fn decode_into(&mut self, registry: &Registry, key: OptionKey, space: SpaceId, notes: &mut Vec<DecodeNote>) {
        if let Some(entry) = self.entry(key) {
            let place = entry.place();
            self.decode_encapsulated(registry, space, place, notes);
        }
    }

    fn first_octet(&self, code: u32) -> u8 {
        self.get(OptionKey::dhcp(code)).and_then(<[u8]>::first).copied().unwrap_or(0)
    }

    fn value(&self, entry: &Entry) -> &[u8] {
        self.octets.get(entry.place()).unwrap_or(&[])
    }

    /// Place in `dhcp` of a code of that space.
    fn dhcp_place(&self, code: u32) -> Option<usize> {
        usize::from(*self.dhcp_places.get(code as usize)?).checked_sub(1)
    }

    fn entry(&self, key: OptionKey) -> Option<&Entry> {
        if key.space == SpaceId::DHCP {
            return self.dhcp.get(self.dhcp_place(key.code)?);
        }
        self.others.iter().find(|e| e.key == key)
    }

    fn entry_mut(&mut self, key: OptionKey) -> Option<&mut Entry> {
        if key.space == SpaceId::DHCP {
            let place = self.dhcp_place(key.code)?;
            return self.dhcp.get_mut(place);
        }
        self.others.iter_mut().find(|e| e.key == key)
    }

    /// Adds a first instance in space `dhcp`, any instance elsewhere. Codes of `dhcp` beyond an octet are not received.
    fn push(&mut self, entry: Entry) {
        if entry.key.space != SpaceId::DHCP {
            self.others.push(entry);
        } else if let Some(place) = self.dhcp_places.get_mut(entry.key.code as usize) {
            // 255 places always fit: 0 is never received, and 255 only ends the area
            if let Ok(next) = u8::try_from(self.dhcp.len() + 1) {
                *place = next;
                self.dhcp.push(entry);
            }
        }
    }

    fn read_area(&mut self, registry: &Registry, area: &[u8], notes: &mut Vec<DecodeNote>) -> bool {
        let start = self.octets.len();
        self.octets.extend_from_slice(area);
        self.read(registry, registry.space(SpaceId::DHCP), start..self.octets.len(), notes)
    }

    /// The loop over one area (spec/options.md 10.1). False if it is malformed; what came before stays.
    fn read(&mut self, registry: &Registry, space: &Space, area: Range<usize>, notes: &mut Vec<DecodeNote>) -> bool {
        let mut at = area.start;
        while let Some(code) = self.number(at, space.code_width, area.end) {
            if space.code_width == 0 || code == space.end_code {
                break;
            }
            at += usize::from(space.code_width);
            if code == PAD {
                continue;
            }
            let length = match space.length_width {
                0 => Ok(area.len() - usize::from(space.code_width)),
                width => self.number(at, width, area.end).map(|n| n as usize).ok_or(MalformedReason::NoLength),
            };
            at += usize::from(space.length_width);
            let place = length.and_then(|length| match at.checked_add(length) {
                Some(end) if end <= area.end => Ok(at..end),
                _ => Err(MalformedReason::TooLong),
            });
            match place {
                Ok(place) => {
                    at = place.end;
                    self.take(registry, OptionKey { space: space.id, code }, place, notes);
                }
                Err(reason) => {
                    notes.push(DecodeNote::Malformed { space: space.name.clone(), code, reason });
                    return false;
                }
            }
        }
        true
    }

    /// A number of 0, 1, 2 or 4 octets in network order that ends at or before `end`.
    fn number(&self, at: usize, width: u8, end: usize) -> Option<u32> {
        let octets = self.octets.get(at..at + usize::from(width)).filter(|o| at + o.len() <= end)?;
        Some(octets.iter().fold(0, |n, octet| n << 8 | u32::from(*octet)))
    }

    /// Takes one option: decodes what it encapsulates and stores its bytes.
    fn take(&mut self, registry: &Registry, key: OptionKey, place: Range<usize>, notes: &mut Vec<DecodeNote>) {
        let def = registry.option_coded(key);
        if let Some(name) = def.and_then(|d| encapsulated_space(&d.format)).filter(|name| !name.is_empty()) {
            if let Some(space) = registry.space_named(name) {
                self.decode_encapsulated(registry, space, place.clone(), notes);
            }
        }
        if key == OptionKey::dhcp(HOST_NAME) && place.is_empty() {
            notes.push(DecodeNote::EmptyHostName);
            return;
        }
        if key.space == SpaceId::DHCP {
            if let Some(at) = self.dhcp_place(key.code) {
                return self.append(at, place);
            }
        }
        let format = def.map_or("X", |d| &d.format);
        self.push(self.trimmed(key, format, place));
    }

    /// An entry without the NULs at the end of text.
    fn trimmed(&self, key: OptionKey, format: &str, place: Range<usize>) -> Entry {
        let mut entry = Entry::new(key, place);
        if self.value(&entry).last() == Some(&0) && has_text(format) {
            let least = min_length(format);
            let value = self.value(&entry);
            let kept = value.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1).max(least.min(value.len()));
            entry.had_nulls = kept < value.len();
            entry.len = kept as u32;
        }
        entry
    }

    /// Joins a further instance to a value (RFC 3396).
    fn append(&mut self, at: usize, more: Range<usize>) {
        let Some(entry) = self.dhcp.get_mut(at) else { return };
        let old = entry.place();
        let start = if old.end == self.octets.len() { old.start } else { self.octets.len() };
        if start != old.start {
            self.octets.extend_from_within(old);
        }
        self.octets.extend_from_within(more);
        entry.start = start as u32;
        entry.len = (self.octets.len() - start) as u32;
    }

    fn decode_encapsulated(
        &mut self,
        registry: &Registry,
        space: SpaceId,
        place: Range<usize>,
        notes: &mut Vec<DecodeNote>,
    ) {
        match space {
            SpaceId::FQDN => self.decode_fqdn(registry, place, notes),
            SpaceId::FQDN6 | SpaceId::SERVER => {}
            _ => {
                self.read(registry, registry.space(space), place, notes);
            }
        }
    }

    /// Option 81; a later one replaces the values of an earlier one.
    fn decode_fqdn(&mut self, registry: &Registry, place: Range<usize>, notes: &mut Vec<DecodeNote>) {
        let Some(decoded) = self.octets.get(place).and_then(fqdn::decode) else { return };
        let key = |code| OptionKey { space: SpaceId::FQDN, code };
        self.set(key(fqdn::ENCODED), &[decoded.encoded.into()]);
        let rest = match decoded.rest {
            Ok(rest) => rest,
            Err(error) => return notes.push(DecodeNote::Fqdn(error)),
        };
        let hostname = rest.name.get(..rest.hostname_len).unwrap_or(&[]);
        let domainname = rest.domainname_at.and_then(|at| rest.name.get(at..)).unwrap_or(&[]);
        for (code, text) in [(fqdn::HOSTNAME, hostname), (fqdn::DOMAINNAME, domainname), (fqdn::FQDN, &rest.name)] {
            if !text.is_empty() {
                self.set(key(code), text);
                self.trim(registry, key(code));
            }
        }
        for (code, octet) in [
            (fqdn::NO_CLIENT_UPDATE, rest.flags.no_client_update.into()),
            (fqdn::SERVER_UPDATE, rest.flags.server_update.into()),
            (fqdn::RCODE1, rest.flags.rcode1),
            (fqdn::RCODE2, rest.flags.rcode2),
        ] {
            self.set(key(code), &[octet]);
        }
    }

    fn trim(&mut self, registry: &Registry, key: OptionKey) {
        let format = registry.option_coded(key).map_or("X", |d| &*d.format);
        if let Some(place) = self.entry(key).map(Entry::place) {
            let trimmed = self.trimmed(key, format, place);
            if let Some(entry) = self.entry_mut(key) {
                *entry = trimmed;
            }
        }
    }
}

impl Entry {
    fn new(key: OptionKey, place: Range<usize>) -> Entry {
        Entry { key, start: place.start as u32, len: place.len() as u32, had_nulls: false }
    }

    fn place(&self) -> Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// Codes met before; one-octet codes take one step.
#[derive(Default)]
pub(super) struct Seen {
    small: [u64; 4],
    large: Vec<u32>,
}

impl Seen {
    /// True if the code was not met before.
    pub(super) fn is_new(&mut self, code: u32) -> bool {
        let Some(word) = self.small.get_mut(code as usize / 64) else {
            let new = !self.large.contains(&code);
            if new {
                self.large.push(code);
            }
            return new;
        };
        let bit = 1 << (code % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

#[cfg(test)]
mod tests;
