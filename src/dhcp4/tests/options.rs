//! The option vectors of spec/options.md 23, from configuration text to reply, as captured from the server.

use super::harness::{hex, Server};

const NAME: &str = "6578616d706c652e6f7267";
const C1: &str = r#"option routers 10.77.0.2; option domain-name "example.org"; option domain-name-servers 1.1.1.1;
    option host-name "h"; option ntp-servers 1.2.3.4; option interface-mtu 1400; option time-offset 3600;"#;

/// The server of 23 with a row's global and subnet lines.
fn server(global: &str, subnet: &str) -> Server {
    let text = format!(
        "ddns-update-style none; default-lease-time 600; max-lease-time 7200; authoritative; ping-check false;\n{global}\n\
         subnet 10.77.0.0 netmask 255.255.0.0 {{ range 10.77.1.10 10.77.1.250;\n{subnet}\n}}"
    );
    Server::on(&text, "10.77.0.2")
}

/// The request of 23 with those options between cookie and END.
fn request(ciaddr: &str, options: &[u8]) -> Vec<u8> {
    let mut payload = hex(&format!("01010600 12345678 0000 8000 {ciaddr} 00000000 00000000 00000000 020000770001"));
    payload.resize(236, 0);
    payload.extend(hex("63825363"));
    payload.extend_from_slice(options);
    payload.push(255);
    payload
}

/// Options in the notation of 23: `c=hex` separated by blanks.
fn options(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for option in text.split_whitespace() {
        let (code, value) = option.split_once('=').unwrap();
        let value = hex(value);
        out.extend([code.parse().unwrap(), value.len() as u8]);
        out.extend(value);
    }
    out
}

fn area_text(area: &[u8]) -> String {
    let mut all = Vec::new();
    let mut at = 0;
    while at < area.len() && area[at] != 255 {
        let end = at + 2 + usize::from(area[at + 1]);
        let value: String = area[at + 2..end].iter().map(|b| format!("{b:02x}")).collect();
        all.push(format!("{}={value}", area[at]));
        at = end;
    }
    all.join(" ")
}

/// The reply in the notation of 23.
fn reply_text(reply: &[u8]) -> String {
    area_text(&reply[240..]).replace("53=02 54=0a4d0002 51=00000258", "...")
}

/// The OFFER to a DISCOVER with those options.
fn offer(global: &str, subnet: &str, sent: &str) -> String {
    let reply = server(global, subnet).ask(&request("00000000", &options(&format!("53=01 {sent}")))).unwrap();
    reply_text(&reply)
}

/// The same to a list of requested codes.
fn requested(global: &str, list: &[u8]) -> String {
    let list: String = list.iter().map(|code| format!("{code:02x}")).collect();
    offer(global, "", &format!("55={list}"))
}

#[test]
fn a_complete_pair() {
    let mut payload = request("00000000", &hex("350101 37040103060f 0c027063 3d0701020000770001"));
    payload[10] = 0x80;
    let mut wanted = hex("02010600 12345678 0000 8000 00000000 0a4d010a 00000000 00000000 020000770001");
    wanted.resize(236, 0);
    wanted.extend(hex("63825363 350102 36040a4d0002 330400000258 0104ffff0000 ff"));
    wanted.resize(300, 0);
    assert_eq!(server("", "").ask(&payload).unwrap(), wanted);
}

/// Rows of options.md: 1-9
#[test]
fn rows_1_to_9() {
    let all = format!("... 1=ffff0000 3=0a4d0002 6=01010101 12=68 2=00000e10 26=0578 42=01020304 15={NAME}");
    assert_eq!(offer(C1, "", ""), all);
    assert_eq!(offer(C1, "", "55="), all);
    assert_eq!(requested(C1, &[3, 6, 1]), "... 1=ffff0000 6=01010101 3=0a4d0002");
    assert_eq!(requested(C1, &[3, 3, 15, 3, 15]), format!("... 1=ffff0000 15={NAME} 3=0a4d0002"));
    assert_eq!(requested(C1, &[255, 0, 15, 82]), format!("... 15={NAME} 1=ffff0000"));
    assert_eq!(offer(C1, "", "55=0f 55=06"), format!("... 15={NAME} 6=01010101 1=ffff0000"));
    let inform = server(C1, "").ask(&request("0a4d0001", &options("53=08 55=0f"))).unwrap();
    assert_eq!(reply_text(&inform), format!("53=05 54=0a4d0002 15={NAME}"));
    let mut nak = server(C1, "");
    nak.ask(&request("00000000", &options("53=01"))).unwrap();
    let refused = nak.ask(&request("00000000", &options("53=03 50=0a63010a"))).unwrap();
    let text = "7265717565737465642061646472657373206e6f7420617661696c61626c65";
    assert_eq!(reply_text(&refused), format!("53=06 54=0a4d0002 56={text}"));
    let row9 = format!("{C1} option dhcp-parameter-request-list 15,42,55;");
    assert_eq!(requested(&row9, &[3]), format!("... 15={NAME} 42=01020304 55=0f2a37 1=ffff0000"));
}

/// Rows of options.md: 10-18
#[test]
fn rows_10_to_18() {
    let defined = "option o1 code 130 = text; option o2 code 147 = text; option o3 code 164 = text;";
    let row10 = format!(r#"{defined} option o1 "1"; option o2 "2"; option o3 "3";"#);
    assert_eq!(offer(&row10, "", ""), "... 1=ffff0000 147=32 130=31 164=33");
    let row11 = format!(r#"{defined} option o3 "3"; option o2 "2"; option o1 "1";"#);
    assert_eq!(offer(&row11, "", ""), "... 1=ffff0000 130=31 147=32 164=33");
    let row12 = "option routers 1.1.1.1; option subnet-mask 255.0.0.0;";
    assert_eq!(requested(row12, &[3]), "... 1=ff000000 3=01010101");
    let row13 = server(row12, "").ask(&request("0a4d0001", &options("53=08 55=03"))).unwrap();
    assert_eq!(reply_text(&row13), "53=05 54=0a4d0002 3=01010101");
    let row14 = r#"option dhcp-lease-time 5; option dhcp-renewal-time 100; option dhcp-rebinding-time 200;
        option dhcp-message "hi"; option dhcp-message-type 9; option dhcp-server-identifier 9.9.9.9;
        option dhcp-requested-address 1.1.1.1; option associated-ip 2.2.2.2;"#;
    assert_eq!(
        requested(row14, &[15]),
        "53=02 54=09090909 51=00000258 58=00000064 59=000000c8 56=6869 50=01010101 92=02020202 1=ffff0000"
    );
    let row15 = "option dhcp-renewal-time 300; option dhcp-rebinding-time 200;";
    assert_eq!(requested(row15, &[15]), "... 59=000000c8 1=ffff0000");
    let row16 = "option dhcp-renewal-time 100; option dhcp-rebinding-time 600;";
    assert_eq!(requested(row16, &[15]), "... 58=00000064 1=ffff0000");
    assert_eq!(offer("echo-client-id on;", "", "61=0102 55=0f"), "... 61=0102 1=ffff0000");
    assert_eq!(offer("", "", "118=0a4d0000 55=0f"), "... 118=0a4d0000 1=ffff0000");
}

/// The lengths of the reply where 224 is a text of that many octets.
fn lengths(extra: &str, octets: usize, sent: &str) -> String {
    let global = format!(
        r#"option big code 224 = text; option small code 225 = unsigned integer 32; {extra}
        option big "{}"; option small 1;"#,
        "A".repeat(octets)
    );
    let sent = if sent.contains("55=") { sent.to_string() } else { format!("55=e0e1 {sent}") };
    let reply = server(&global, "").ask(&request("00000000", &options(&format!("53=01 {sent}")))).unwrap();
    lengths_of(&reply)
}

/// Lengths of a reply: `code(length)` without the three OFFER options, then `file` and `sname`, then all.
fn lengths_of(reply: &[u8]) -> String {
    let list = |area: &[u8]| {
        let text = area_text(area);
        let shown = text.split_whitespace().map(|option| option.split_once('=').unwrap());
        let shown = shown.filter(|(code, _)| !["53", "54", "51"].contains(code));
        shown.map(|(code, value)| format!("{code}({})", value.len() / 2)).collect::<Vec<_>>().join(" ")
    };
    let mut text = list(&reply[240..]);
    for (bit, name, field) in [(1, "file", &reply[108..236]), (2, "sname", &reply[44..108])] {
        if [bit, 3].iter().any(|value| area_text(&reply[240..]).contains(&format!(" 52=0{value}"))) {
            text += &format!(" {name}: {}", list(field));
        }
    }
    format!("{text}, {}", reply.len())
}

/// Rows of options.md: 19-31
#[test]
fn rows_19_to_31() {
    assert_eq!(lengths("", 255, ""), "224(255) 225(4) 1(4), 525");
    assert_eq!(lengths("", 256, ""), "224(255) 224(1) 225(4) 1(4), 528");
    let row21 = "224(255) 224(31) 52(1) file: 224(14) 225(4) 1(4), 548";
    assert_eq!(lengths("", 300, ""), row21);
    assert_eq!(lengths("", 420, ""), "224(255) 224(31) 52(1) file: 224(125) sname: 224(9) 225(4) 1(4), 548");
    assert_eq!(lengths("", 472, ""), "224(255) 224(31) 52(1) file: 224(125) sname: 224(61), 548");
    assert_eq!(lengths("", 473, ""), "225(4) 1(4), 300");
    assert_eq!(lengths("", 300, "57=0258"), "224(255) 224(45) 225(4) 1(4), 572");
    assert_eq!(lengths("", 300, "57=0064"), row21);
    assert_eq!(lengths("", 600, "57=07d0"), "224(255) 224(255) 224(90) 225(4) 1(4), 874");
    let row28 = lengths(r#"filename "boot";"#, 300, "");
    assert_eq!(row28, "224(255) 224(31) 52(1) sname: 224(14) 225(4) 1(4), 548");
    let row29 = lengths(r#"filename "boot"; server-name "s";"#, 300, "");
    assert_eq!(row29, "225(4) 1(4), 300");
    let sized = "option dhcp-max-message-size 600;";
    assert_eq!(lengths(sized, 400, "55=e0 57=04b0"), "224(255) 224(145) 1(4), 666");
    assert_eq!(lengths(sized, 400, "55=e0"), "224(255) 224(55) 52(1) file: 224(90) 1(4), 572");
}

/// The lengths of a reply to that packet where 224 is an opaque of that many octets and 225 one of two.
fn opaque_lengths(octets: usize, list: &str) -> String {
    let global = format!(
        r#"option big code 224 = string; option small code 225 = string; option big "{}"; option small "AA";"#,
        "A".repeat(octets)
    );
    let sent = options(&format!("53=01 55={list}"));
    lengths_of(&server(&global, "").ask(&request("00000000", &sent)).unwrap())
}

/// Rows of options.md: 32-34
#[test]
fn rows_32_to_34() {
    assert_eq!(opaque_lengths(278, "e0e101"), "224(255) 224(23) 225(2) 1(4), 548");
    assert_eq!(opaque_lengths(279, "e0e101"), "224(255) 224(24) 225(2) 52(1) file: 1(4), 546");
    assert_eq!(opaque_lengths(277, "01e1e0"), "1(4) 225(2) 224(255) 224(21) 52(1) file: 224(1), 548");
}

/// Rows of options.md: 35
#[test]
fn row_35() {
    let global = format!(
        r#"option big code 224 = text; option small code 225 = unsigned integer 32; option big "{}"; option small 1;"#,
        "A".repeat(300)
    );
    let agent = format!("01c8{}", "07".repeat(200));
    let mut payload = request("00000000", &options(&format!("53=01 55=e0e1 82={agent}")));
    payload[24..28].copy_from_slice(&[10, 77, 0, 9]);
    let reply = server(&global, "").ask(&payload).unwrap();
    assert_eq!(lengths_of(&reply), "224(255) 224(31) 52(1) 82(202) file: 224(14) 225(4) 1(4), 752");
}

/// A BOOTP reply to a request of that many octets.
fn bootp(global: &str, subnet: &str, octets: usize) -> String {
    let given = format!(
        r#"option x code 226 = string; option routers 1.1.1.1; option host-name "h"; option domain-name "example.org";
        option x "{}"; {global}"#,
        "A".repeat(60)
    );
    let mut payload = request("00000000", &[]);
    payload.resize(octets, 0);
    lengths_of(&server(&given, subnet).ask(&payload).unwrap())
}

/// Rows of options.md: 36-37
#[test]
fn rows_36_and_37() {
    let fixed = "host b { hardware ethernet 02:00:00:77:00:01; fixed-address 10.77.0.9; }";
    assert_eq!(bootp(fixed, "", 300), "1(4) 3(4) 12(1) 15(11), 300");
    assert_eq!(bootp(fixed, "", 400), "1(4) 3(4) 12(1) 226(60) 15(11), 331");
    let row37 = bootp("", "range dynamic-bootp 10.77.2.1 10.77.2.9;", 300);
    assert_eq!(row37, "1(4) 3(4) 12(1) 15(11) 52(1) file: 226(60), 300");
}

/// The bytes of option 230 of that type with that value.
fn encoded(kind: &str, value: &str) -> String {
    let reply = requested(&format!("option x code 230 = {kind}; option x {value};"), &[230]);
    let option = reply.split_whitespace().find_map(|option| option.strip_prefix("230="));
    option.unwrap_or_default().to_string()
}

/// Rows of options.md: 38-48
#[test]
fn rows_38_to_48() {
    assert_eq!(encoded("array of { unsigned integer 8, ip-address }", "5 1.2.3.4, 6 1.2.3.5"), "05010203040601020305");
    assert_eq!(encoded("{ array of ip-address, unsigned integer 8 }", "1.2.3.4, 1.2.3.5 7"), "010203040102030507");
    assert_eq!(encoded("{ boolean, text }", "true \"xyz\""), "0178797a");
    assert_eq!(encoded("text", r#""a\x41\101\n\t\\\"z""#), "6141410a095c227a");
    assert_eq!(encoded("string", "1:2:a:ff"), "01020aff");
    assert_eq!(encoded("domain-name", "foo.example.com"), "03666f6f076578616d706c6503636f6d00");
    assert_eq!(encoded("{ unsigned integer 8, domain-list }", "3 \"a.b\""), "030161016200");
    assert_eq!(encoded("unsigned integer 32", "4294967299"), "00000003");
    let slp = "option slp-directory-agent true 1.2.3.4, 5.6.7.8; option slp-service-scope false;";
    assert_eq!(requested(slp, &[78, 79]), "... 78=010102030405060708 79=00 1=ffff0000");
    let rd = "option option-6rd 1 2 fd77:: 1.1.1.1, 2.2.2.2;";
    assert_eq!(requested(rd, &[212]), "... 212=0102fd7700000000000000000000000000000101010102020202 1=ffff0000");
    let rdnss = "option rdnss-selection 1 1.1.1.1 2.2.2.2 \"a.b\",\"c.b\";";
    assert_eq!(requested(rdnss, &[146]), "... 146=01010101010202020201610162000163016200 1=ffff0000");
}

const SUNW: &str =
    "option space SUNW; option SUNW.mtu code 1 = unsigned integer 16; option SUNW.ip code 2 = ip-address;
    option SUNW.path code 4 = text; option SUNW.none code 9 = zerolen; vendor-option-space SUNW;";

/// Rows of options.md: 49-57
#[test]
fn rows_49_to_57() {
    let row49 =
        format!(r#"{SUNW} option SUNW.path "/x"; option SUNW.ip 1.2.3.4; option SUNW.mtu 7; option SUNW.none;"#);
    assert_eq!(requested(&row49, &[43]), "... 43=0102000702040102030404022f780900 1=ffff0000");
    let row50 = format!("{row49} option vendor-encapsulated-options 1:1:5;");
    assert_eq!(requested(&row50, &[43]), "... 43=010105 1=ffff0000");
    let row52 = "option space PX; option space SUNW; option SUNW.mtu code 1 = unsigned integer 16;
        option PX.a code 1 = ip-address; option SUNW.px code 20 = encapsulate PX; vendor-option-space SUNW;
        option PX.a 9.9.9.9;";
    assert_eq!(requested(row52, &[43]), "... 1=ffff0000");
    let row51 = format!("{row52} option SUNW.mtu 7;");
    assert_eq!(requested(&row51, &[43]), "... 43=010200071406010409090909 1=ffff0000");
    let row53 = r#"option space S; option S.a code 1 = text; option S.b code 18 = text; option S.c code 35 = text;
        option S.d code 17 = text; option S.e code 200 = text; vendor-option-space S;
        option S.a "a"; option S.b "b"; option S.c "c"; option S.d "d"; option S.e "e";"#;
    assert_eq!(requested(row53, &[43]), "... 43=110164120162010161230163c80165 1=ffff0000");
    let row54 = r#"option space W2 code width 2 length width 2; option W2.a code 1 = text;
        option W2.b code 300 = unsigned integer 8; option w code 231 = encapsulate W2; option W2.a "q"; option W2.b 5;"#;
    assert_eq!(requested(row54, &[231]), "... 231=0001000171012c000105 1=ffff0000");
    let row55 = r#"option vendor.isc 1:2:3; option vendor-class.isc "cls";"#;
    assert_eq!(requested(row55, &[124, 125]), "... 124=000009bf03636c73 125=000009bf03010203 1=ffff0000");
    let row56 = r#"option space V9; option V9.a code 150 = array of ip-address; option vendor.nine code 9 = encapsulate V9;
        option vendor.ten code 10 = string; option V9.a 1.1.1.1; option vendor.ten "z"; option isc.media "m";"#;
    assert_eq!(requested(row56, &[125]), "... 125=0000000a017a000009bf05000100016d0000000906960401010101 1=ffff0000");
    assert_eq!(requested("option nwip.nsq-broadcast = null;", &[63]), "... 63=01020100 1=ffff0000");
}

/// Rows of options.md: 58-62
#[test]
fn rows_58_to_62() {
    let relayed = |global: &str, agent: &str| {
        let mut payload = request("00000000", &options(&format!("53=01 55=0f 82={agent}")));
        payload[24..28].copy_from_slice(&[10, 77, 0, 9]);
        reply_text(&server(global, "").ask(&payload).unwrap())
    };
    assert_eq!(relayed("", "02020a0b01020102"), "... 1=ffff0000 82=02020a0b01020102");
    assert_eq!(relayed("", "010101010102"), "... 1=ffff0000 82=010101");
    assert_eq!(relayed("", "0101aa02050102"), "... 1=ffff0000 82=0101aa");
    let row61 = r#"option agent.circuit-id "cfg"; option agent.agent-id 1.2.3.4;"#;
    assert_eq!(relayed(row61, "02020a0b01020102"), "... 1=ffff0000 82=02020a0b0103636667030401020304");
    let row62 = r#"option agent.circuit-id "a"; append agent.circuit-id "b";"#;
    assert_eq!(offer(row62, "", "55=0f"), "... 1=ffff0000 82=01026162");
}

/// Rows of options.md: 63-68
#[test]
fn rows_63_to_68() {
    let fqdn = |encoded: &str| {
        format!(
            r#"option fqdn.encoded {encoded}; option fqdn.fqdn "host.example.org"; option fqdn.server-update on;
            option fqdn.rcode1 255; option fqdn.rcode2 254;"#
        )
    };
    assert_eq!(requested(&fqdn("on"), &[81]), "... 81=05fffe04686f7374076578616d706c65036f726700 1=ffff0000");
    assert_eq!(
        offer(&fqdn("off"), "", "55=0f 81=01000061"),
        "... 81=01fffe686f73742e6578616d706c652e6f7267 1=ffff0000"
    );
    let row65 = r#"option domain-name "example.org"; option host-name "h";
        option r code 225 = { unsigned integer 8, text }; option s code 226 = string; option r 5 "x"; option s "abc";"#;
    assert_eq!(
        offer(row65, "", "12=666f6f00 55=0f0ce1e2"),
        format!("... 15={NAME}00 12=6800 225=057800 226=616263 1=ffff0000")
    );
    let row66 = r#"option domain-search "example.com","a.example.com"; append domain-search "b.example.com";
        prepend domain-search "z.org";"#;
    assert_eq!(requested(row66, &[119]), "... 119=017a036f726700076578616d706c6503636f6d000161c0070162c007 1=ffff0000");
    let row67 = r#"option space ST; option ST.a code 230 = text; option ST.b code 240 = text;
        option d code 240 = text; option d2 code 229 = text;
        option ST.a "A"; option ST.b "B"; option d "D"; option d2 "D2"; option domain-name "x"; site-option-space "ST";"#;
    assert_eq!(requested(row67, &[229, 230, 240, 15]), "... 230=41 240=42 15=78 1=ffff0000");
    let row68 = r#"option space S; option S.a code 1 = text; option s code 230 = encapsulate S; vendor-option-space S;
        option S.a "a"; option vendor.isc 01; option vendor-class.isc "c"; option fqdn.fqdn "f"; option domain-name "d";
        option agent.circuit-id "z"; option host-name "h";"#;
    assert_eq!(
        offer(row68, "", ""),
        "... 1=ffff0000 12=68 81=00000066 15=64 124=000009bf0163 125=000009bf0101 230=010161 43=010161 82=01017a"
    );
}

/// 23.5: what expressions see of option 81.
#[test]
fn option_81_in_expressions() {
    let seen = |data: &str| {
        let global = r#"log (info, concat ("nc=", pick (binary-to-ascii (10, 8, "", option fqdn.no-client-update), "-"),
            " su=", pick (binary-to-ascii (10, 8, "", option fqdn.server-update), "-"), " enc=",
            binary-to-ascii (10, 8, "", option fqdn.encoded), " ",
            pick (option fqdn.hostname, "-"), " ", pick (option fqdn.domainname, "-"), " ", pick (option fqdn.fqdn, "-")));"#;
        let mut server = server(global, "");
        server.ask(&request("00000000", &options(&format!("53=01 81={data}"))));
        server.take_logs().into_iter().find(|line| line.starts_with("nc=")).unwrap_or_default()
    };
    let text = |prefix: &str, name: &[u8]| {
        let name: String = name.iter().map(|b| format!("{b:02x}")).collect();
        format!("{prefix}{name}")
    };
    assert_eq!(seen(&text("01ffff", b"host.example.org")), "nc=0 su=1 enc=0 host example.org host.example.org");
    assert_eq!(seen(&text("010000", b"host.ex\0")), "nc=1 su=1 enc=0 host ex host.ex");
    assert_eq!(seen("010000"), "nc=1 su=1 enc=0 - - -");
    assert_eq!(seen(&text("050000", b"\x04host\x02ex\0")), "nc=0 su=1 enc=1 host .ex host.ex");
    assert_eq!(seen(&text("050000", b"\x04host\x02ex")), "nc=0 su=1 enc=1 host.ex - host.ex");
    assert_eq!(seen("05000000"), "nc=0 su=1 enc=1 - - -");
    assert_eq!(seen("050000c000"), "nc=- su=- enc=1 - - -");
    assert_eq!(seen(&text("020000", b"h.e")), "nc=1 su=0 enc=0 h e h.e");
}
