//! The exchanges of spec/dhcpv4.md 29, octet for octet.

use super::harness::{hex, message, show, Server};
use crate::dhcp4::effect::{InterfaceId, Route};
use std::net::SocketAddrV4;

const CONFIG: &str = r#"
authoritative;
ping-check false;
default-lease-time 600;
max-lease-time 7200;
option domain-name "example.org";
option domain-name-servers 10.0.0.2, 10.0.0.3;
host bp { hardware ethernet 00:11:22:33:44:b0; fixed-address 10.0.0.60; filename "boot.img"; }
subnet 10.0.0.0 netmask 255.255.255.0 {
  range 10.0.0.10 10.0.0.20;
  option routers 10.0.0.1;
}
subnet 10.1.0.0 netmask 255.255.255.0 {
  range 10.1.0.10 10.1.0.20;
  option routers 10.1.0.1;
  allow leasequery;
}
subnet 10.99.0.0 netmask 255.255.255.0 { }
"#;

fn server() -> Server {
    Server::new(CONFIG, &[("eth0", "10.0.0.1"), ("eth1", "10.99.0.1")])
}

fn fallback(to: &str) -> Route {
    Route::Fallback { to: to.parse().unwrap() }
}

fn frame(hardware: &str, to: &str) -> Route {
    let to: SocketAddrV4 = to.parse().unwrap();
    let hardware = hex(hardware).try_into().unwrap();
    Route::Frame { interface: InterfaceId(0), hardware, source: "10.0.0.1".parse().unwrap(), to }
}

/// What goes on the wire after a request, compared octet for octet.
fn check(server: &mut Server, from: (u16, &str), request: &[u8], reply: &[u8], route: Route, logs: &[&str]) {
    let replies = server.receive(from.0, from.1, request);
    let logged = server.take_logs();
    assert_eq!(logged, logs);
    assert_eq!(replies.len(), 1);
    assert_eq!(show(&replies[0].payload), show(reply));
    assert_eq!(replies[0].route, route);
}

const H1: &str = "01010600 a0000001 0000 0000 00000000 00000000 00000000 00000000";
const OFFERED: &str = "02010600 a0000001 0000 0000 00000000 0a00000a 00000000 00000000";
const MAC1: &str = "001122334401";
const DISCOVER1: &str = "63825363 350101 3d0701001122334401 0c03706331 370401 03060f ff";
const REQUEST1: &str = "63825363 350103 3d0701001122334401 32040a00000a 36040a000001 0c03706331 37040103060f ff";
const OPTIONS1: &str = "36040a000001 330400000258 0104ffffff00 03040a000001 06080a0000020a000003
    0f0b6578616d706c652e6f7267 ff";

fn exchange(server: &mut Server) {
    check(
        server,
        (0, "0.0.0.0"),
        &message(H1, MAC1, DISCOVER1, 300),
        &message(OFFERED, MAC1, &format!("63825363 350102 {OPTIONS1}"), 300),
        frame(MAC1, "10.0.0.10:68"),
        &["DHCPDISCOVER from 00:11:22:33:44:01 via eth0", "DHCPOFFER on 10.0.0.10 to 00:11:22:33:44:01 (pc1) via eth0"],
    );
    assert_eq!(server.take_journal(), "");
    check(
        server,
        (0, "0.0.0.0"),
        &message(H1, MAC1, REQUEST1, 300),
        &message(OFFERED, MAC1, &format!("63825363 350105 {OPTIONS1}"), 300),
        frame(MAC1, "10.0.0.10:68"),
        &[
            "DHCPREQUEST for 10.0.0.10 (10.0.0.1) from 00:11:22:33:44:01 (pc1) via eth0",
            "DHCPACK on 10.0.0.10 to 00:11:22:33:44:01 (pc1) via eth0",
        ],
    );
}

/// 29.1 to 29.3
#[test]
fn discover_request_renew() {
    let mut server = server();
    exchange(&mut server);
    assert_eq!(
        server.take_journal(),
        r#"lease 10.0.0.10 {
  starts 0 2026/11/22 07:39:32;
  ends 0 2026/11/22 07:49:32;
  cltt 0 2026/11/22 07:39:32;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 00:11:22:33:44:01;
  uid "\001\000\021\"3D\001";
  client-hostname "pc1";
}
"#
    );
    server.pass(1);
    check(
        &mut server,
        (0, "10.0.0.10"),
        &message(
            "01010600 a0000002 0000 0000 0a00000a 00000000 00000000 00000000",
            MAC1,
            "63825363 350103 3d0701001122334401 37040103060f ff",
            300,
        ),
        &message(
            "02010600 a0000002 0000 0000 0a00000a 0a00000a 00000000 00000000",
            MAC1,
            "63825363 350105 36040a000001 330400000257 0104ffffff00 03040a000001 06080a0000020a000003
             0f0b6578616d706c652e6f7267 ff",
            300,
        ),
        fallback("10.0.0.10:68"),
        &[
            "reuse_lease: lease age 1 (secs) under 25% threshold, reply with unaltered, existing lease for 10.0.0.10",
            "DHCPREQUEST for 10.0.0.10 from 00:11:22:33:44:01 (pc1) via eth0",
            "DHCPACK on 10.0.0.10 to 00:11:22:33:44:01 (pc1) via eth0",
        ],
    );
    assert_eq!(server.take_journal(), "");
}

const WRONG: (&str, &str) = (
    "01010600 a0000003 0000 0000 00000000 00000000 00000000 00000000",
    "63825363 350103 3d0701001122334401 32040a090909 ff",
);
const REFUSED: &str = "02010600 a0000003 0000 8000 00000000 00000000 00000000 00000000";
const REFUSAL: [&str; 2] = [
    "DHCPREQUEST for 10.9.9.9 from 00:11:22:33:44:01 via eth0: wrong network.",
    "DHCPNAK on 10.9.9.9 to 00:11:22:33:44:01 via eth0",
];

/// 29.4
#[test]
fn refuses_with_the_text_left_over() {
    let mut server = server();
    exchange(&mut server);
    check(
        &mut server,
        (0, "0.0.0.0"),
        &message(WRONG.0, MAC1, WRONG.1, 300),
        &message(
            REFUSED,
            MAC1,
            "63825363 350106 36040a000001 381f726571756573746564206164647265737320 6e6f7420617661696c61626c65 ff",
            300,
        ),
        frame("ffffffffffff", "255.255.255.255:68"),
        &REFUSAL,
    );
}

/// 18, item 2: the first refusal of a process has no text.
#[test]
fn refuses_without_text_at_first() {
    check(
        &mut server(),
        (0, "0.0.0.0"),
        &message(WRONG.0, MAC1, WRONG.1, 300),
        &message(REFUSED, MAC1, "63825363 350106 36040a000001 ff", 300),
        frame("ffffffffffff", "255.255.255.255:68"),
        &REFUSAL,
    );
}

/// 29.5
#[test]
fn informs() {
    check(
        &mut server(),
        (0, "10.0.0.77"),
        &message(
            "01010600 a0000004 0000 0000 0a00004d 00000000 00000000 00000000",
            "001122334477",
            "63825363 350108 3702060f ff",
            300,
        ),
        &message(
            "02010600 a0000004 0000 0000 0a00004d 00000000 00000000 00000000",
            "001122334477",
            "63825363 350105 36040a000001 06080a0000020a000003 0f0b6578616d706c652e6f7267 ff",
            300,
        ),
        fallback("10.0.0.77:68"),
        &["DHCPINFORM from 10.0.0.77 via eth0", "DHCPACK to 10.0.0.77 (00:11:22:33:44:77) via eth0"],
    );
}

/// 29.6
#[test]
fn boots_a_fixed_address() {
    let head = "01010600 a0000005 0000 0000 00000000 00000000 00000000 00000000";
    let answer = "02010600 a0000005 0000 0000 00000000 0a00003c 0a000001 00000000";
    let mac = "0011223344b0";
    let packed = "63825363 0104ffffff00 03040a000001 06080a0000020a000003 0f0b6578616d706c652e6f7267 ff";
    for (request, area) in [("63825363 ff", packed), ("00", "00"), ("01020304 56454e444f52", "01020304 56454e444f52")] {
        let mut reply = message(answer, mac, area, 300);
        reply[108..116].copy_from_slice(b"boot.img");
        check(
            &mut server(),
            (0, "0.0.0.0"),
            &message(head, mac, request, 300),
            &reply,
            frame(mac, "10.0.0.60:68"),
            &[
                "BOOTREQUEST from 00:11:22:33:44:b0 via eth0",
                "BOOTREPLY for 10.0.0.60 to bp (00:11:22:33:44:b0) via eth0",
            ],
        );
    }
}

/// 29.7 and 29.8
#[test]
fn serves_a_relay_and_tells_it_later() {
    let mut server = server();
    let mac = "001122334402";
    let head = "01010601 a0000006 0000 0000 00000000 00000000 00000000 0a010001";
    let answer = "02010601 a0000006 0000 0000 00000000 0a01000a 00000000 0a010001";
    let options = "36040a630001 330400000258 0104ffffff00 03040a010001 520d01060004000101020203737731 ff";
    check(
        &mut server,
        (1, "10.1.0.1"),
        &message(head, mac, "63825363 350101 37020103 520d01060004000101020203737731 ff", 300),
        &message(answer, mac, &format!("63825363 350102 {options}"), 300),
        fallback("10.1.0.1:67"),
        &[
            "DHCPDISCOVER from 00:11:22:33:44:02 via 10.1.0.1",
            "DHCPOFFER on 10.1.0.10 to 00:11:22:33:44:02 via 10.1.0.1",
        ],
    );
    check(
        &mut server,
        (1, "10.1.0.1"),
        &message(
            head,
            mac,
            "63825363 350103 32040a01000a 36040a630001 37020103 520d01060004000101020203737731 ff",
            300,
        ),
        &message(answer, mac, &format!("63825363 350105 {options}"), 300),
        fallback("10.1.0.1:67"),
        &[
            "DHCPREQUEST for 10.1.0.10 (10.99.0.1) from 00:11:22:33:44:02 via 10.1.0.1",
            "DHCPACK on 10.1.0.10 to 00:11:22:33:44:02 via 10.1.0.1",
        ],
    );
    assert_eq!(
        server.take_journal(),
        r#"lease 10.1.0.10 {
  starts 0 2026/11/22 07:39:32;
  ends 0 2026/11/22 07:49:32;
  cltt 0 2026/11/22 07:39:32;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 00:11:22:33:44:02;
  option agent.circuit-id 0:4:0:1:1:2;
  option agent.remote-id "sw1";
}
"#
    );
    server.pass(2);
    check(
        &mut server,
        (1, "10.1.0.1"),
        &message("01010600 a0000007 0000 0000 00000000 00000000 00000000 0a010001", mac, "63825363 35010a ff", 300),
        &message(
            "02010600 a0000007 0000 0000 0a01000a 00000000 00000000 0a010001",
            mac,
            "63825363 35010d 36040a630001 330400000256 3a040000012a 3b040000020b 5b0400000002
             520d01060004000101020203737731 ff",
            0,
        ),
        fallback("10.1.0.1:67"),
        &[
            "DHCPLEASEQUERY from 10.1.0.1 for MAC address 00:11:22:33:44:02",
            "DHCPLEASEACTIVE to 10.1.0.1 for MAC address 00:11:22:33:44:02 (0 associated IPs)",
        ],
    );
    check(
        &mut server,
        (1, "10.1.0.1"),
        &message(
            "01000000 a0000008 0000 0000 0a010063 00000000 00000000 0a010001",
            "000000000000",
            "63825363 35010a 3d0201aa ff",
            300,
        ),
        &message(
            "02000000 a0000008 0000 0000 0a010063 00000000 00000000 0a010001",
            "000000000000",
            "63825363 35010c 36040a630001 03040a010001 06080a0000020a000003 0f0b6578616d706c652e6f7267 ff",
            0,
        ),
        fallback("10.1.0.1:67"),
        &[
            "DHCPLEASEQUERY from 10.1.0.1 for IP 10.1.0.99",
            "DHCPLEASEUNKNOWN to 10.1.0.1 for IP 10.1.0.99 (0 associated IPs)",
        ],
    );
}

/// 29.9
#[test]
fn overloads_file_and_sname() {
    let mut config = String::new();
    for code in 150..160 {
        config += &format!("option o{code} code {code} = text;\n");
    }
    for code in 150..160u32 {
        let letter = char::from_u32(code - 150 + 0x40).unwrap().to_string();
        config += &format!("option o{code} \"{}\";\n", letter.repeat(60));
    }
    config += &CONFIG.lines().filter(|line| !line.starts_with("option domain-name")).collect::<Vec<_>>().join("\n");
    let codes = |payload: &[u8]| super::harness::options(payload).iter().map(|(code, _)| *code).collect::<Vec<_>>();
    let mut server = Server::on(&config, "10.0.0.1");
    let reply = server.ask(&message(H1, MAC1, "63825363 350101 ff", 300)).unwrap();
    assert_eq!(reply.len(), 519);
    assert_eq!(codes(&reply), [53, 54, 51, 1, 3, 158, 159, 150, 151, 52]);
    assert_eq!(super::harness::option(&reply, 52), Some(vec![3]));
    let fields =
        |at: std::ops::Range<usize>| super::harness::area(&reply[at]).iter().map(|(code, _)| *code).collect::<Vec<_>>();
    assert_eq!(fields(108..236), [152, 153]);
    assert_eq!(fields(44..108), [154]);

    let reply = server.ask(&message(H1, "001122334409", "63825363 350101 390205dc ff", 300)).unwrap();
    assert_eq!(reply.len(), 888);
    assert_eq!(codes(&reply), [53, 54, 51, 1, 3, 158, 159, 150, 151, 152, 153, 154, 155, 156, 157]);
    let reply = server.ask(&message(H1, "0011223344b0", "63825363 ff", 300)).unwrap();
    assert_eq!(codes(&reply), [1, 3]);
    let reply = server.ask(&message(H1, "0011223344b0", "63825363 ff", 548)).unwrap();
    assert_eq!((codes(&reply), reply.len()), (vec![1, 3, 158, 159, 150, 151], 501));
}
