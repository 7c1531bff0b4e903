//! Vectors of spec/options.md 23.1, 23.2, 23.4 and spec/dhcpv4.md 29.9, captured from the server.

use super::*;
use crate::options::set::OptionSet;
use proptest::prelude::*;

/// Values at rest; `None` is an expression without a value.
#[derive(Default)]
struct Values(OptionSet<Option<Vec<u8>>>);

impl Source for Values {
    fn value(&mut self, key: OptionKey, out: &mut Vec<u8>) -> Found {
        match self.0.get(key) {
            None => Found::Unset,
            Some(None) => Found::Null,
            Some(Some(bytes)) => {
                out.extend_from_slice(bytes);
                Found::Bytes
            }
        }
    }

    fn is_set(&self, key: OptionKey) -> bool {
        self.0.get(key).is_some()
    }

    fn codes(&self, space: SpaceId, storage: Storage) -> Vec<u32> {
        self.0.codes(space, storage)
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap()).collect()
}

/// A reply in the making: configuration, then what the server adds for an OFFER.
struct Case {
    values: Values,
    registry: Registry,
}

impl Case {
    fn new() -> Case {
        Case { values: Values::default(), registry: Registry::builtin() }
    }

    fn set(mut self, key: OptionKey, value: &[u8]) -> Case {
        self.values.0.set(key, Some(value.to_vec()));
        self
    }

    fn dhcp(self, code: u32, value: &str) -> Case {
        self.set(OptionKey::dhcp(code), &hex(value))
    }

    fn text(self, code: u32, value: &str) -> Case {
        self.set(OptionKey::dhcp(code), value.as_bytes())
    }

    /// `... ` of the vectors: what every OFFER has.
    fn offer(self) -> Case {
        let case = self.dhcp(53, "02").dhcp(54, "0a4d0002").dhcp(51, "00000258");
        match case.values.is_set(OptionKey::dhcp(1)) {
            true => case,
            false => case.dhcp(1, "ffff0000"),
        }
    }

    fn space(&mut self, name: &str, widths: (u8, u8), options: &[(u32, &str)]) -> SpaceId {
        let space = self.registry.add_space(name, widths.0, widths.1, 0, Storage::Hash);
        for (code, format) in options {
            self.registry.define(OptionKey { space, code: *code }, &format!("o{code}"), format);
        }
        space
    }

    fn define(&mut self, key: OptionKey, format: &str) {
        self.registry.define(key, &format!("o{}", key.code), format);
        if let Some(child) = encapsulated_space(format).and_then(|name| self.registry.space_named(name)) {
            self.registry.set_parent(child, key);
        }
    }

    fn pack<'a>(&'a mut self, change: impl FnOnce(&mut Packing<'a>)) -> Packed {
        let mut packing = Packing::new(&self.registry);
        packing.subnet_mask = true;
        packing.overload_file = true;
        packing.overload_sname = true;
        change(&mut packing);
        let mut message = vec![0; HEADER_LEN];
        let mut notes = Vec::new();
        pack_reply(&mut self.values, &packing, &mut message, &mut notes);
        Packed { message, notes }
    }

    /// The reply to a request with that list, as text.
    fn reply<'a>(&'a mut self, list: &'a [u8]) -> String {
        self.pack(|p| p.request_list = list).text()
    }
}

struct Packed {
    message: Vec<u8>,
    notes: Vec<PackNote>,
}

fn options(area: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < area.len() && area[at] != 255 {
        let end = at + 2 + area[at + 1] as usize;
        found.push((area[at], area[at + 2..end].to_vec()));
        at = end;
    }
    assert!(area[area.len().min(at + 1)..].iter().all(|b| *b == 0), "padding is zero");
    found
}

impl Packed {
    fn main(&self) -> Vec<(u8, Vec<u8>)> {
        assert_eq!(self.message[236..240], COOKIE);
        options(&self.message[240..])
    }

    fn text(&self) -> String {
        let hex = |value: &[u8]| value.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let all: Vec<_> = self.main().iter().map(|(code, value)| format!("{code}={}", hex(value))).collect();
        all.join(" ").replace("53=02 54=0a4d0002 51=00000258", "...")
    }

    /// As 23.2 writes it: `code(length)`, the three OFFER options left out, fields after `/`.
    fn lengths(&self) -> String {
        let list = |options: Vec<(u8, Vec<u8>)>| {
            let shown = options.iter().filter(|(code, _)| ![53, 54, 51].contains(code));
            let all: Vec<_> = shown.map(|(code, value)| format!("{code}({})", value.len())).collect();
            all.join(" ")
        };
        let main = self.main();
        let overload = main.iter().find(|(code, _)| *code == 52).map_or(0, |(_, value)| value[0]);
        let mut text = list(main);
        if overload & 1 != 0 {
            text += &format!(" /file: {}", list(options(&self.message[108..236])));
        }
        if overload & 2 != 0 {
            text += &format!(" /sname: {}", list(options(&self.message[44..108])));
        }
        format!("{text}, {}", self.message.len())
    }
}

/// Configuration C1 of 23.1.
fn c1() -> Case {
    Case::new()
        .dhcp(3, "0a4d0002")
        .text(15, "example.org")
        .dhcp(6, "01010101")
        .text(12, "h")
        .dhcp(42, "01020304")
        .dhcp(26, "0578")
        .dhcp(2, "00000e10")
        .offer()
}

const NAME: &str = "6578616d706c652e6f7267";

#[test]
fn rows_1_to_9_order_and_selection() {
    let all = format!("... 1=ffff0000 3=0a4d0002 6=01010101 12=68 2=00000e10 26=0578 42=01020304 15={NAME}");
    assert_eq!(c1().reply(&[]), all);
    assert_eq!(c1().reply(&[3, 6, 1]), "... 1=ffff0000 6=01010101 3=0a4d0002");
    assert_eq!(c1().reply(&[3, 3, 15, 3, 15]), format!("... 1=ffff0000 15={NAME} 3=0a4d0002"));
    assert_eq!(c1().reply(&[255, 0, 15, 82]), format!("... 15={NAME} 1=ffff0000"));
    assert_eq!(c1().reply(&[15, 6]), format!("... 15={NAME} 6=01010101 1=ffff0000"));
    let mut inform = c1().dhcp(53, "05");
    inform.values.0.remove(OptionKey::dhcp(51));
    let packed = inform.pack(|p| {
        p.request_list = &[15];
        p.subnet_mask = false;
    });
    assert_eq!(packed.text(), format!("53=05 54=0a4d0002 15={NAME}"));
    let mut row9 = c1().dhcp(55, "0f2a37");
    assert_eq!(row9.reply(&[15, 42, 55]), format!("... 15={NAME} 42=01020304 55=0f2a37 1=ffff0000"));
}

#[test]
fn rows_10_to_16_hash_order_and_mandatory_options() {
    let mut row10 = Case::new().text(130, "1").text(147, "2").text(164, "3").offer();
    assert_eq!(row10.reply(&[]), "... 1=ffff0000 147=32 130=31 164=33");
    let mut row11 = Case::new().text(164, "3").text(147, "2").text(130, "1").offer();
    assert_eq!(row11.reply(&[]), "... 1=ffff0000 130=31 147=32 164=33");
    let mut row12 = Case::new().dhcp(3, "01010101").dhcp(1, "ff000000").offer();
    assert_eq!(row12.reply(&[3]), "... 1=ff000000 3=01010101");
    let mut row14 = Case::new().dhcp(58, "00000064").dhcp(59, "000000c8").text(56, "hi");
    row14 = row14.dhcp(50, "01010101").dhcp(92, "02020202").offer();
    assert_eq!(row14.reply(&[15]), "... 58=00000064 59=000000c8 56=6869 50=01010101 92=02020202 1=ffff0000");
}

#[test]
fn rows_17_and_18_echoes() {
    let mut row17 = Case::new().dhcp(61, "0102").offer();
    let packed = row17.pack(|p| {
        p.request_list = &[15];
        p.echo_client_id = true;
    });
    assert_eq!(packed.text(), "... 61=0102 1=ffff0000");
    assert_eq!(Case::new().dhcp(118, "0a4d0000").offer().reply(&[15]), "... 118=0a4d0000 1=ffff0000");
}

fn big(octets: usize) -> Case {
    let mut case = Case::new();
    case.define(OptionKey::dhcp(224), "t");
    case.define(OptionKey::dhcp(225), "L");
    case.text(224, &"A".repeat(octets)).dhcp(225, "00000001").offer()
}

fn big_lengths(octets: usize, change: impl FnOnce(&mut Packing<'_>)) -> String {
    let packed = big(octets).pack(|p| {
        p.request_list = &[224, 225];
        change(p);
    });
    packed.lengths()
}

#[test]
fn rows_19_to_24_splitting() {
    let lengths = |octets| big_lengths(octets, |_| ());
    assert_eq!(lengths(255), "224(255) 225(4) 1(4), 525");
    assert_eq!(lengths(256), "224(255) 224(1) 225(4) 1(4), 528");
    assert_eq!(lengths(300), "224(255) 224(31) 52(1) /file: 224(14) 225(4) 1(4), 548");
    assert_eq!(lengths(420), "224(255) 224(31) 52(1) /file: 224(125) /sname: 224(9) 225(4) 1(4), 548");
    assert_eq!(lengths(472), "224(255) 224(31) 52(1) /file: 224(125) /sname: 224(61), 548");
    assert_eq!(lengths(473), "225(4) 1(4), 300");
}

#[test]
fn rows_25_to_31_sizes() {
    let sized = |octets, configured: Option<&'static [u8]>, client: Option<&'static [u8]>| {
        big_lengths(octets, |p| {
            p.max_message_size = start_of_size(client, configured);
            p.client_max_message_size = client;
            if configured.is_some() {
                p.request_list = &[224];
            }
        })
    };
    assert_eq!(sized(300, None, Some(&[2, 0x58])), "224(255) 224(45) 225(4) 1(4), 572");
    assert_eq!(sized(300, None, Some(&[0, 0x64])), "224(255) 224(31) 52(1) /file: 224(14) 225(4) 1(4), 548");
    assert_eq!(sized(600, None, Some(&[7, 0xd0])), "224(255) 224(255) 224(90) 225(4) 1(4), 874");
    assert_eq!(sized(400, Some(&[2, 0x58]), Some(&[4, 0xb0])), "224(255) 224(145) 1(4), 666");
    assert_eq!(sized(400, Some(&[2, 0x58]), None), "224(255) 224(55) 52(1) /file: 224(90) 1(4), 572");
    let no_file = big_lengths(300, |p| p.overload_file = false);
    assert_eq!(no_file, "224(255) 224(31) 52(1) /sname: 224(14) 225(4) 1(4), 548");
    let no_overload = big_lengths(300, |p| (p.overload_file, p.overload_sname) = (false, false));
    assert_eq!(no_overload, "225(4) 1(4), 300");
}

#[test]
fn rows_32_to_34_last_octets_of_the_main_area() {
    let pack = |octets: usize, list: &[u8]| {
        let mut case = Case::new();
        case.define(OptionKey::dhcp(224), "X");
        case.define(OptionKey::dhcp(225), "X");
        let mut case = case.text(224, &"A".repeat(octets)).text(225, "AA").offer();
        case.pack(|p| p.request_list = list).lengths()
    };
    assert_eq!(pack(278, &[224, 225, 1]), "224(255) 224(23) 225(2) 1(4), 548");
    assert_eq!(pack(279, &[224, 225, 1]), "224(255) 224(24) 225(2) 52(1) /file: 1(4), 546");
    assert_eq!(pack(277, &[1, 225, 224]), "1(4) 225(2) 224(255) 224(21) 52(1) /file: 224(1), 548");
}

fn agent(code: u32) -> OptionKey {
    OptionKey { space: SpaceId::AGENT, code }
}

#[test]
fn row_35_agent_options_come_on_top() {
    let mut case = big(300).set(agent(1), &[7; 200]);
    let packed = case.pack(|p| p.request_list = &[224, 225]);
    assert_eq!(packed.lengths(), "224(255) 224(31) 52(1) 82(202) /file: 224(14) 225(4) 1(4), 752");
}

#[test]
fn rows_36_and_37_bootp() {
    let bootp = |request: usize, overload| {
        let mut case = Case::new();
        case.define(OptionKey::dhcp(226), "X");
        let case = case.dhcp(1, "ffff0000").dhcp(3, "01010101").text(12, "h").text(226, &"A".repeat(60));
        case.text(15, "d").pack(|p| {
            p.bootp_request_len = Some(request);
            (p.overload_file, p.overload_sname) = (overload, overload);
        })
    };
    assert_eq!(bootp(300, false).lengths(), "1(4) 3(4) 12(1) 15(1), 300");
    assert_eq!(bootp(400, false).lengths(), "1(4) 3(4) 12(1) 226(60) 15(1), 321");
    assert_eq!(bootp(300, true).lengths(), "1(4) 3(4) 12(1) 15(1) 52(1) /file: 226(60), 300");
}

/// spec/dhcpv4.md 29.9
#[test]
fn ten_options_of_60_octets_overload() {
    let ten = |dhcp: bool| {
        let mut case = Case::new();
        for code in 150..160 {
            case.define(OptionKey::dhcp(code), "t");
            case = case.set(OptionKey::dhcp(code), &[(code - 150 + 0x40) as u8; 60]);
        }
        let case = case.dhcp(1, "ffffff00").dhcp(3, "0a000001");
        if dhcp {
            case.offer()
        } else {
            case
        }
    };
    let packed = ten(true).pack(|_| ());
    assert_eq!(
        packed.lengths(),
        "1(4) 3(4) 158(60) 159(60) 150(60) 151(60) 52(1) /file: 152(60) 153(60) /sname: 154(60), 519"
    );
    assert_eq!(ten(true).pack(|p| p.client_max_message_size = Some(&[5, 0xdc])).message.len(), 888);
    let bootp = |request| {
        ten(false).pack(|p| {
            p.bootp_request_len = Some(request);
            (p.overload_file, p.overload_sname) = (false, false);
        })
    };
    assert_eq!(bootp(300).lengths(), "1(4) 3(4), 300");
    assert_eq!(bootp(548).lengths(), "1(4) 3(4) 158(60) 159(60) 150(60) 151(60), 501");
}

/// Space SUNW of row 49, named by `vendor-option-space`.
fn sunw() -> (Case, SpaceId) {
    let mut case = Case::new();
    let space = case.space("SUNW", (1, 1), &[(1, "S"), (2, "I"), (4, "t"), (9, "Z")]);
    (case.set(VENDOR_OPTION_SPACE, b"SUNW"), space)
}

#[test]
fn rows_49_to_53_vendor_options() {
    let row49 = || {
        let (case, space) = sunw();
        let key = |code| OptionKey { space, code };
        case.set(key(4), b"/x").set(key(2), &[1, 2, 3, 4]).set(key(1), &[0, 7]).set(key(9), b"").offer()
    };
    assert_eq!(row49().reply(&[43]), "... 43=0102000702040102030404022f780900 1=ffff0000");
    assert_eq!(row49().dhcp(43, "010105").reply(&[43]), "... 43=010105 1=ffff0000");

    let nested = |direct: bool| {
        let (mut case, space) = sunw();
        let px = case.space("PX", (1, 1), &[(1, "I")]);
        case.define(OptionKey { space, code: 20 }, "EPX.");
        case = case.set(OptionKey { space: px, code: 1 }, &[9; 4]);
        if direct {
            case = case.set(OptionKey { space, code: 1 }, &[0, 7]);
        }
        case.offer().reply(&[43])
    };
    assert_eq!(nested(true), "... 43=010200071406010409090909 1=ffff0000");
    assert_eq!(nested(false), "... 1=ffff0000");

    let (mut case, space) = sunw();
    for (code, value) in [(1, "a"), (18, "b"), (35, "c"), (17, "d"), (200, "e")] {
        case = case.set(OptionKey { space, code }, value.as_bytes());
    }
    assert_eq!(case.offer().reply(&[43]), "... 43=110164120162010161230163c80165 1=ffff0000");

    let mut unknown = Case::new().set(VENDOR_OPTION_SPACE, b"nowhere").offer();
    assert_eq!(
        unknown.pack(|_| ()).notes[0].to_string(),
        "option_space_encapsulate: option space 'nowhere' does not exist, but is configured."
    );
}

#[test]
fn rows_54_to_57_wide_spaces_and_nwip() {
    let mut row54 = Case::new();
    let space = row54.space("W2", (2, 2), &[(1, "t"), (300, "B")]);
    row54.define(OptionKey::dhcp(231), "EW2.");
    let row54 = row54.set(OptionKey { space, code: 1 }, b"q").set(OptionKey { space, code: 300 }, &[5]);
    assert_eq!(row54.offer().reply(&[231]), "... 231=0001000171012c000105 1=ffff0000");

    let isc = |space| OptionKey { space, code: 2495 };
    let row55 = Case::new().set(isc(SpaceId::VENDOR), &[1, 2, 3]).set(isc(SpaceId::VENDOR_CLASS), b"cls");
    assert_eq!(row55.offer().reply(&[124, 125]), "... 124=000009bf03636c73 125=000009bf03010203 1=ffff0000");

    let mut row56 = Case::new();
    let v9 = row56.space("V9", (1, 1), &[(150, "IA")]);
    row56.define(OptionKey { space: SpaceId::VENDOR, code: 9 }, "EV9.");
    row56.define(OptionKey { space: SpaceId::VENDOR, code: 10 }, "X");
    let row56 = row56
        .set(OptionKey { space: v9, code: 150 }, &[1; 4])
        .set(OptionKey { space: SpaceId::VENDOR, code: 10 }, b"z")
        .set(OptionKey { space: SpaceId::ISC, code: 1 }, b"m");
    assert_eq!(
        row56.offer().reply(&[125]),
        "... 125=0000000a017a000009bf05000100016d0000000906960401010101 1=ffff0000"
    );

    let nsq = OptionKey { space: SpaceId::NWIP, code: 5 };
    let mut row57 = Case::new().offer();
    row57.values.0.set(nsq, None);
    assert_eq!(row57.reply(&[63]), "... 63=01020100 1=ffff0000");
    assert_eq!(Case::new().set(nsq, &[1]).offer().reply(&[63]), "... 1=ffff0000");
}

#[test]
fn rows_58_to_62_agent_options() {
    let echo = Case::new().set(agent(2), &[10, 11]).set(agent(1), &[1, 2]);
    assert_eq!(echo.offer().reply(&[15]), "... 1=ffff0000 82=02020a0b01020102");
    let row61 = Case::new().set(agent(2), &[10, 11]).set(agent(1), b"cfg").set(agent(3), &[1, 2, 3, 4]);
    assert_eq!(row61.offer().reply(&[15]), "... 1=ffff0000 82=02020a0b0103636667030401020304");
    let empty = Case::new().set(agent(2), b"").set(agent(19), b"");
    assert_eq!(empty.offer().reply(&[15]), "... 1=ffff0000 82=1300");
    let direct = Case::new().set(agent(2), b"a").dhcp(82, "0101aa");
    assert_eq!(direct.offer().reply(&[82]), "... 1=ffff0000 82=0101aa");
}

#[test]
fn rows_63_to_65_fqdn_and_nuls() {
    let fqdn = |code| OptionKey { space: SpaceId::FQDN, code };
    let named = |encoded| {
        let case = Case::new().set(fqdn(3), &[encoded]).set(fqdn(8), b"host.example.org").set(fqdn(2), &[1]);
        case.set(fqdn(4), &[255]).set(fqdn(5), &[254]).offer()
    };
    assert_eq!(named(1).reply(&[81]), "... 81=05fffe04686f7374076578616d706c65036f726700 1=ffff0000");
    let sent = named(0).pack(|p| {
        p.request_list = &[15];
        p.client_sent_fqdn = true;
    });
    assert_eq!(sent.text(), "... 81=01fffe686f73742e6578616d706c652e6f7267 1=ffff0000");

    let mut row65 = Case::new();
    row65.define(OptionKey::dhcp(225), "Bt");
    row65.define(OptionKey::dhcp(226), "X");
    let row65 = row65.text(15, "example.org").text(12, "h").dhcp(225, "0578").text(226, "abc");
    let packed = row65.offer().pack(|p| {
        p.request_list = &[15, 12, 225, 226];
        p.nul_terminate = true;
    });
    assert_eq!(packed.text(), format!("... 15={NAME}00 12=6800 225=057800 226=616263 1=ffff0000"));
}

#[test]
fn rows_67_and_68_site_space_and_everything() {
    let mut row67 = Case::new();
    let site = row67.space("ST", (1, 1), &[(230, "t"), (240, "t")]);
    let (min_code, warning) = site_min_code(&row67.registry, site);
    assert_eq!((min_code, warning), (224, None));
    let key = |code| OptionKey { space: site, code };
    let row67 = row67.set(key(230), b"A").set(key(240), b"B").text(240, "D").text(229, "D2").text(15, "x");
    let packed = row67.offer().pack(|p| {
        p.request_list = &[229, 230, 240, 15];
        p.site = Some(Site { space: site, min_code });
    });
    assert_eq!(packed.text(), "... 230=41 240=42 15=78 1=ffff0000");

    let mut row68 = Case::new();
    let s = row68.space("S", (1, 1), &[(1, "t")]);
    row68.define(OptionKey::dhcp(230), "ES.");
    let row68 = row68
        .set(VENDOR_OPTION_SPACE, b"S")
        .set(OptionKey { space: s, code: 1 }, b"a")
        .set(OptionKey { space: SpaceId::VENDOR, code: 2495 }, &[1])
        .set(OptionKey { space: SpaceId::VENDOR_CLASS, code: 2495 }, b"c")
        .set(OptionKey { space: SpaceId::FQDN, code: 8 }, b"f")
        .text(15, "d")
        .set(agent(1), b"z")
        .text(12, "h");
    assert_eq!(
        row68.offer().reply(&[]),
        "... 1=ffff0000 12=68 81=00000066 15=64 124=000009bf0163 125=000009bf0101 230=010161 43=010161 82=01017a"
    );
}

#[test]
fn site_codes_are_capped_and_warned_about() {
    let mut case = Case::new();
    let low = case.space("low", (1, 1), &[(5, "t"), (230, "t")]);
    let (min_code, warning) = site_min_code(&case.registry, low);
    assert_eq!(min_code, 128);
    assert!(warning.unwrap().contains("site local space low that number as low as 5.  Please investigate"));
    let high = case.space("high", (1, 1), &[(250, "t")]);
    assert_eq!(site_min_code(&case.registry, high).0, 224);
}

#[test]
fn a_space_within_itself_ends() {
    let mut case = Case::new();
    let space = case.space("LOOP", (1, 1), &[(1, "t")]);
    case.define(OptionKey { space, code: 2 }, "ELOOP.");
    let mut case = case.set(OptionKey { space, code: 1 }, b"x").set(VENDOR_OPTION_SPACE, b"LOOP").offer();
    assert!(case.reply(&[43]).starts_with("... 43=010178"));
}

#[test]
fn odd_codes_of_spaces_lose_their_high_octets() {
    let mut case = Case::new();
    case.define(OptionKey::dhcp(300), "t");
    assert_eq!(case.text(300, "x").offer().reply(&[]), "... 1=ffff0000 44=78");
}

proptest! {
    /// Whatever is configured and asked for: the reply stays in its size and parses.
    #[test]
    fn any_reply_is_well_formed(
        values in proptest::collection::vec((1u32..255, 0usize..700), 0..30),
        list in proptest::collection::vec(any::<u8>(), 0..300),
        size in any::<u16>(),
        bootp in proptest::option::of(0usize..1500),
        overload in any::<(bool, bool)>(),
        agent_len in 0usize..1200,
        nul in any::<bool>(),
    ) {
        let mut case = Case::new();
        for (code, octets) in values {
            case = case.set(OptionKey::dhcp(code), &vec![b'v'; octets]);
        }
        if agent_len > 0 {
            case = case.set(agent(1), &vec![1; agent_len]);
        }
        let packed = case.pack(|p| {
            p.request_list = &list;
            p.max_message_size = size;
            p.bootp_request_len = bootp;
            (p.overload_file, p.overload_sname) = overload;
            p.nul_terminate = nul;
        });
        prop_assert!(packed.message.len() <= HEADER_LEN + MAX_AREA.max(bootp.unwrap_or(0)));
        prop_assert!(packed.message.len() >= MIN_REPLY_LEN);
    }
}
