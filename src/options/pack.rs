//! Packing a DHCPv4 reply, octet for octet as ISC dhcpd does (spec/options.md 12 to 17).
//!
//! The order in the packet: the listed options, 52 if `file` or `sname` hold options, 82, 255. Sizes count from the cookie.

use super::decode::Seen;
use super::encapsulate::encapsulate;
use super::format::{encapsulated_space, has_text};
use super::registry::{OptionKey, Registry, SpaceId, Storage};
use crate::wire::dhcp4::{COOKIE, FILE_LEN, HEADER_LEN, MIN_REPLY_LEN, SNAME_LEN};
use std::fmt;

const SUBNET_MASK: u32 = 1;
const ROUTERS: u32 = 3;
const VENDOR_OPTIONS: u32 = 43;
const OVERLOAD: u8 = 52;
const CLIENT_IDENTIFIER: u32 = 61;
const FQDN: u32 = 81;
const AGENT_OPTIONS: u32 = 82;
const SUBNET_SELECTION: u32 = 118;
const END: u8 = 255;

/// First in every reply: message type, server identifier, lease time, renewal and rebinding time, message, requested
/// address, associated address.
const MANDATORY: [u32; 8] = [53, 54, 51, 58, 59, 56, 50, 92];
/// Next if nothing is requested: subnet mask, routers, name servers, host name, FQDN.
const UNREQUESTED: [u32; 5] = [SUBNET_MASK, ROUTERS, 6, 12, FQDN];

/// The server parameter that names the space of option 43.
pub const VENDOR_OPTION_SPACE: OptionKey = OptionKey::server(19);

/// Octets of options that fit in 576 octets with IP and UDP.
const MIN_AREA: usize = 312;
/// Octets of options that fit in 1500 octets.
const MAX_AREA: usize = 1236;
const MIN_MTU: u16 = 576;
const MAX_MTU: u16 = 1500;
/// The fixed header with IP and UDP headers, and room that ISC keeps.
const FIXED_WITH_IP: usize = 264;
/// Octets of options of a BOOTP reply to a short request.
const BOOTP_AREA: usize = 64;
/// Between these the codes of a site option space may begin (RFC 3942).
const MIN_SITE_CODE: u32 = 128;
const MAX_SITE_CODE: u32 = 224;
/// Codes on the list, duplicates counted.
const LIST_CAPACITY: usize = 300;
/// Room made at once for options; most replies need no more.
const USUAL_AREA: usize = 128;
/// Room in which option 82 is prepared.
const AGENT_ROOM: usize = 1024;
const MAX_CHUNK: usize = 255;

/// What a source knows of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is not set.
    Unset,
    /// It is set, but its expression has no value.
    Null,
    /// Its bytes were appended.
    Bytes,
}

/// The options of a reply, their expressions evaluated when their turn comes.
pub trait Source {
    /// Evaluates an option and appends its bytes to `out`.
    fn value(&mut self, key: OptionKey, out: &mut Vec<u8>) -> Found;
    /// True if the option is set, with or without a value.
    fn is_set(&self, key: OptionKey) -> bool;
    /// Codes of a space that are set, in ISC's order (spec/options.md 8).
    fn codes(&self, space: SpaceId, storage: Storage) -> Vec<u32>;
}

/// The site option space of a reply: codes from `min_code` up are looked up there (spec/options.md 17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    pub space: SpaceId,
    pub min_code: u32,
}

/// How a reply is packed.
#[derive(Clone, Copy, Debug)]
pub struct Packing<'a> {
    pub registry: &'a Registry,
    /// Option 55, the configured one before the client's; empty: everything is sent.
    pub request_list: &'a [u8],
    /// From `start_of_size`; 0 if there is none.
    pub max_message_size: u16,
    /// Option 57 of the packet, whatever its length.
    pub client_max_message_size: Option<&'a [u8]>,
    /// For a BOOTP reply: octets of the request.
    pub bootp_request_len: Option<usize>,
    /// `file` may hold options.
    pub overload_file: bool,
    /// `sname` may hold options.
    pub overload_sname: bool,
    /// End text with a NUL (spec/options.md 13).
    pub nul_terminate: bool,
    pub site: Option<Site>,
    pub echo_client_id: bool,
    /// The client sent an option 81 that could be decoded.
    pub client_sent_fqdn: bool,
    /// It answers a DISCOVER or REQUEST: the subnet mask goes with it.
    pub subnet_mask: bool,
    /// Pad to 300 octets (all but lease query replies).
    pub pad: bool,
}

impl<'a> Packing<'a> {
    /// The plainest reply: no request list, no overloading, nothing echoed.
    pub fn new(registry: &'a Registry) -> Packing<'a> {
        Packing {
            registry,
            request_list: &[],
            max_message_size: 0,
            client_max_message_size: None,
            bootp_request_len: None,
            overload_file: false,
            overload_sname: false,
            nul_terminate: false,
            site: None,
            echo_client_id: false,
            client_sent_fqdn: false,
            subnet_mask: false,
            pad: true,
        }
    }
}

/// Something to log, level error; `Display` is ISC's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackNote {
    UnknownSpace(Box<str>),
    NoRoomForAgentOptions,
}

impl fmt::Display for PackNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PackNote::UnknownSpace(name) => {
                write!(f, "option_space_encapsulate: option space '{name}' does not exist, but is configured.")
            }
            PackNote::NoRoomForAgentOptions => f.write_str("Unable to store relay agent information in reply packet."),
        }
    }
}

/// Where the size of an OFFER or ACK starts: option 57 of the packet, the configured one only if the packet has none; 0
/// unless it is two octets (spec/options.md 12.1). Other replies start at 0.
pub fn start_of_size(client: Option<&[u8]>, configured: Option<&[u8]>) -> u16 {
    client.or(configured).and_then(|value| value.try_into().ok()).map_or(0, u16::from_be_bytes)
}

/// Octets of options before option 82 is added, cookie and END included.
fn area_size(packing: &Packing<'_>) -> usize {
    let mut size = packing.max_message_size;
    if let Some(client) = packing.client_max_message_size.and_then(|value| value.first_chunk()) {
        let client = u16::from_be_bytes(*client);
        if size == 0 || client < size {
            size = client;
        }
    }
    match (size, packing.bootp_request_len) {
        (0, None) => MIN_AREA,
        (0, Some(request)) if request >= HEADER_LEN + BOOTP_AREA => request - HEADER_LEN,
        (0, Some(_)) => BOOTP_AREA,
        (..MIN_MTU, _) => MIN_AREA,
        (..=MAX_MTU, _) => usize::from(size) - FIXED_WITH_IP,
        _ => MAX_AREA,
    }
}

/// Appends the option area to `message`, which holds the fixed header and nothing else, and puts options into its `file`
/// and `sname` if need be.
pub fn pack_reply<S: Source>(source: &mut S, packing: &Packing<'_>, message: &mut Vec<u8>, notes: &mut Vec<PackNote>) {
    let mut packer = Packer { source, packing, notes, value: Vec::with_capacity(MAX_CHUNK) };
    let agent = packer.agent_options();
    let total = (area_size(packing) + agent.len()).min(MAX_AREA);
    let main = if total > agent.len() { total - agent.len() } else { total };

    message.reserve(USUAL_AREA + agent.len());
    let start = message.len();
    message.extend_from_slice(&COOKIE);
    let mut areas = Areas {
        main: Main { start: message.len(), limit: main.saturating_sub(COOKIE.len()), out: message },
        file: Field::new(packing.overload_file, FILE_LEN),
        sname: Field::new(packing.overload_sname, SNAME_LEN),
    };
    packer.store(&packer.priority_list(), &mut areas);
    let Areas { file, sname, .. } = areas;

    let overload = u8::from(file.used > 0) | u8::from(sname.used > 0) << 1;
    if overload != 0 {
        message.extend([OVERLOAD, 1, overload]);
        file.close_into(message.get_mut(start - FILE_LEN..start));
        sname.close_into(message.get_mut(start - FILE_LEN - SNAME_LEN..start - FILE_LEN));
    }
    if message.len() == start + COOKIE.len() && overload == 0 {
        // Only a BOOTP reply can have nothing to say; it goes without cookie then, and without option 82.
        message.truncate(start);
    } else if message.len() - start + agent.len() <= total {
        message.extend_from_slice(&agent);
    } else {
        notes.push(PackNote::NoRoomForAgentOptions);
    }
    if message.len() > start && message.len() - start < total {
        message.push(END);
    }
    if packing.pad && message.len() < MIN_REPLY_LEN {
        message.resize(MIN_REPLY_LEN, 0);
    }
}

struct Packer<'a, S> {
    source: &'a mut S,
    packing: &'a Packing<'a>,
    notes: &'a mut Vec<PackNote>,
    /// The value at hand.
    value: Vec<u8>,
}

impl<S: Source> Packer<'_, S> {
    /// Option 82 as it goes behind all others: empty if there is none, or more than fits in 1024 octets.
    fn agent_options(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.evaluate(AGENT_OPTIONS) {
            let mut areas = Areas {
                main: Main { start: 0, limit: AGENT_ROOM, out: &mut out },
                file: Field::new(false, 0),
                sname: Field::new(false, 0),
            };
            areas.place(AGENT_OPTIONS as u8, &self.value, true);
        }
        out
    }

    /// The codes to try, in order, without duplicates; the subnet mask before the routers (spec/options.md 12.2, 12.3).
    fn priority_list(&self) -> Vec<u32> {
        let packing = self.packing;
        let mut list = PriorityList::with_capacity(packing.request_list.len() + MANDATORY.len() + 4);
        list.extend(MANDATORY);
        if packing.request_list.is_empty() {
            self.list_everything(&mut list);
        } else {
            list.extend(self.source.is_set(OptionKey::dhcp(SUBNET_SELECTION)).then_some(SUBNET_SELECTION));
            list.extend(packing.echo_client_id.then_some(CLIENT_IDENTIFIER));
            let requested = packing.request_list.iter().take(LIST_CAPACITY - list.counted);
            list.extend(requested.map(|code| u32::from(*code)).filter(|code| *code != AGENT_OPTIONS));
            list.extend(packing.client_sent_fqdn.then_some(FQDN));
            list.extend(packing.subnet_mask.then_some(SUBNET_MASK));
        }
        list.finish()
    }

    fn list_everything(&self, list: &mut PriorityList) {
        let registry = self.packing.registry;
        let codes = |space| self.source.codes(space, registry.space(space).storage);
        list.extend(UNREQUESTED);
        let site = self.packing.site.unwrap_or(Site { space: SpaceId::DHCP, min_code: 0 });
        if site.min_code > 0 {
            list.extend(codes(SpaceId::DHCP).into_iter().filter(|c| *c < site.min_code && *c != AGENT_OPTIONS));
        }
        list.extend(codes(site.space).into_iter().filter(|c| *c >= site.min_code && *c != AGENT_OPTIONS));
        let parents = registry.spaces().iter().filter_map(|space| space.parent);
        list.extend(parents.filter(|p| p.space == SpaceId::DHCP && p.code != AGENT_OPTIONS).map(|p| p.code));
        list.extend([VENDOR_OPTIONS]);
    }

    fn key(&self, code: u32) -> OptionKey {
        match self.packing.site {
            Some(site) if code >= site.min_code => OptionKey { space: site.space, code },
            _ => OptionKey::dhcp(code),
        }
    }

    /// Puts the bytes of a code into `value`; false if there is nothing to send.
    fn evaluate(&mut self, code: u32) -> bool {
        self.value.clear();
        let key = self.key(code);
        match self.source.value(key, &mut self.value) {
            Found::Unset => self.evaluate_encapsulated(key),
            Found::Null => false,
            Found::Bytes => !self.value.is_empty(),
        }
    }

    /// An option without a value of its own may have that of a space.
    fn evaluate_encapsulated(&mut self, key: OptionKey) -> bool {
        let registry = self.packing.registry;
        let Some(name) = registry.option_coded(key).and_then(|def| encapsulated_space(&def.format)) else {
            return false;
        };
        let configured;
        let name = if name.is_empty() {
            let mut bytes = Vec::new();
            if self.source.value(VENDOR_OPTION_SPACE, &mut bytes) != Found::Bytes || bytes.is_empty() {
                return false;
            }
            configured = String::from_utf8_lossy(&bytes).into_owned();
            &configured
        } else {
            name
        };
        let Some(space) = registry.space_named(name) else {
            self.notes.push(PackNote::UnknownSpace(name.into()));
            return false;
        };
        encapsulate(self.source, registry, space, &mut self.value) && !self.value.is_empty()
    }

    fn store(&mut self, list: &[u32], areas: &mut Areas<'_>) {
        for (at, code) in list.iter().enumerate() {
            if !self.evaluate(*code) {
                continue;
            }
            if self.packing.nul_terminate {
                let def = self.packing.registry.option_coded(self.key(*code));
                if def.is_some_and(|def| has_text(&def.format)) {
                    self.value.push(0);
                }
            }
            // a code beyond an octet loses its high part, as ISC's does
            areas.place(*code as u8, &self.value, at + 1 == list.len());
        }
    }
}

/// Codes in order, first ones kept; ISC counts duplicates against the capacity.
struct PriorityList {
    codes: Vec<u32>,
    seen: Seen,
    counted: usize,
}

impl PriorityList {
    fn with_capacity(codes: usize) -> PriorityList {
        PriorityList { codes: Vec::with_capacity(codes), seen: Seen::default(), counted: 0 }
    }

    fn extend(&mut self, codes: impl IntoIterator<Item = u32>) {
        for code in codes {
            if self.counted == LIST_CAPACITY {
                return;
            }
            self.counted += 1;
            if self.seen.is_new(code) {
                self.codes.push(code);
            }
        }
    }

    fn finish(mut self) -> Vec<u32> {
        let place = |code| self.codes.iter().position(|c| *c == code);
        if let (Some(mask), Some(routers)) = (place(SUBNET_MASK), place(ROUTERS)) {
            if routers < mask {
                self.codes.swap(routers, mask);
            }
        }
        self.codes
    }
}

/// The main area: what `out` holds from `start` on may grow to less than `limit` octets.
struct Main<'m> {
    out: &'m mut Vec<u8>,
    start: usize,
    limit: usize,
}

impl Main<'_> {
    fn used(&self) -> usize {
        self.out.len() - self.start
    }
}

/// `file` or `sname` as room for options; `limit` 0 if it is not available.
struct Field {
    octets: [u8; FILE_LEN],
    limit: usize,
    used: usize,
}

impl Field {
    fn new(available: bool, length: usize) -> Field {
        Field { octets: [0; FILE_LEN], limit: if available { length } else { 0 }, used: 0 }
    }

    /// Octets of value that can still be written, END kept free.
    fn room(&self) -> usize {
        self.limit.saturating_sub(self.used + 3)
    }

    fn write(&mut self, code: u8, value: &[u8]) {
        let end = self.used + 2 + value.len();
        if let Some(place) = self.octets.get_mut(self.used..end) {
            put(place, code, value);
            self.used = end;
        }
    }

    /// Ends the area and puts it into the field, if it was used.
    fn close_into(mut self, field: Option<&mut [u8]>) {
        if self.used == 0 {
            return;
        }
        if let Some(end) = self.octets.get_mut(self.used) {
            *end = END;
        }
        if let Some(field) = field {
            let octets = self.octets.get_mut(self.used + 1..).unwrap_or(&mut []);
            octets.fill(0);
            field.copy_from_slice(&self.octets[..field.len()]);
        }
    }
}

fn put(place: &mut [u8], code: u8, value: &[u8]) {
    if let [tag, length, rest @ ..] = place {
        *tag = code;
        *length = value.len() as u8;
        rest.copy_from_slice(value);
    }
}

/// The three places an option can go to.
struct Areas<'m> {
    main: Main<'m>,
    file: Field,
    sname: Field,
}

impl Areas<'_> {
    /// Writes an option whole or in pieces, or not at all (spec/options.md 12.3 step 5).
    fn place(&mut self, code: u8, value: &[u8], last: bool) {
        if value.len() > MAX_CHUNK || !self.place_whole(code, value, last) {
            self.place_pieces(code, value);
        }
    }

    fn place_whole(&mut self, code: u8, value: &[u8], last: bool) -> bool {
        let end = self.main.used() + value.len();
        let untouched = self.file.used == 0 && self.sname.used == 0;
        if end + 5 < self.main.limit || (last && untouched && end + 2 < self.main.limit) {
            self.write_main(code, value);
        } else if value.len() < self.file.room() {
            self.file.write(code, value);
        } else if value.len() < self.sname.room() {
            self.sname.write(code, value);
        } else {
            return false;
        }
        true
    }

    fn place_pieces(&mut self, code: u8, value: &[u8]) {
        let before = (self.main.out.len(), self.file.used, self.sname.used);
        let mut rest = value;
        while !rest.is_empty() {
            let main_room = self.main.limit.saturating_sub(self.main.used() + 5);
            let (field, room) = match (main_room, self.file.room(), self.sname.room()) {
                (2.., ..) => (None, main_room),
                (_, room @ 2.., _) => (Some(&mut self.file), room),
                (_, _, room @ 2..) => (Some(&mut self.sname), room),
                _ => {
                    self.main.out.truncate(before.0);
                    (self.file.used, self.sname.used) = (before.1, before.2);
                    return;
                }
            };
            let (piece, after) = rest.split_at(rest.len().min(room).min(MAX_CHUNK));
            match field {
                Some(field) => field.write(code, piece),
                None => self.write_main(code, piece),
            }
            rest = after;
        }
    }

    fn write_main(&mut self, code: u8, value: &[u8]) {
        self.main.out.extend([code, value.len() as u8]);
        self.main.out.extend_from_slice(value);
    }
}

/// The lowest code of a site option space, between 128 and 224, and ISC's warning if it is below 224
/// (spec/options.md 17).
pub fn site_min_code(registry: &Registry, space: SpaceId) -> (u32, Option<String>) {
    let lowest = registry.definitions(space).first().map_or(MAX_SITE_CODE, |def| def.key.code.min(MAX_SITE_CODE));
    let warning = (lowest < MAX_SITE_CODE).then(|| {
        format!(
            "WARNING: site-local option codes less than 224 have been deprecated by RFC3942.  You have options listed in \
             site local space {} that number as low as {}.  Please investigate if these should be declared as regular \
             options rather than site-local options, or migrated up past 224.",
            registry.space(space).name,
            lowest
        )
    });
    (lowest.max(MIN_SITE_CODE), warning)
}

#[cfg(test)]
mod tests;
