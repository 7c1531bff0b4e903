//! Tables of spec/dhcpv4.md.

use super::harness::{option, yiaddr, Client, Server};
use crate::config::dynamic::ClassBody;
use crate::config::ir::Expr;
use crate::config::lower_block;
use crate::config::model::FixedAddress;
use crate::leases::objects::{DynamicHosts, HostRecord};
use crate::wire::hardware::HardwareAddr;
use std::net::Ipv4Addr;
use std::sync::Arc;

const SUBNET: &str = "subnet 10.77.0.0 netmask 255.255.0.0 { range 10.77.1.10 10.77.1.250; }";

/// 12.2: configuration, requested option 51, time sent.
#[test]
fn lease_times() {
    let base = "ping-check false; authoritative; default-lease-time 600;";
    let low = "ping-check false; default-lease-time 100;";
    let table: [(String, Option<&[u8]>, u32); 14] = [
        (base.into(), None, 600),
        (base.into(), Some(&[0, 0, 0, 60]), 300),
        (base.into(), Some(&[0, 0, 1, 45]), 301),
        (base.into(), Some(&[0, 0, 0, 0]), 300),
        (base.into(), Some(&[0, 1, 0x51, 0x81]), 86400),
        (base.into(), Some(&[0xff; 4]), 86400),
        (base.into(), Some(&[0x80, 0, 0, 0]), 86400),
        (base.into(), Some(&[0, 60]), 600),
        (low.into(), None, 300),
        (format!("{low} max-lease-time 200;"), Some(&[0, 0, 0, 20]), 200),
        (format!("{low} min-lease-time 0;"), Some(&[0, 0, 0, 50]), 50),
        (format!("{low} min-lease-time 0;"), Some(&[0, 0, 0, 0]), 0),
        (format!("{low} default-lease-time 1000; max-lease-time 900; min-lease-time 950;"), None, 950),
        (format!("{base} max-lease-time infinite;"), Some(&[0xff; 4]), 0x7fff_ffff - super::harness::START),
    ];
    for (config, requested, sent) in table {
        let mut server = Server::on(&format!("{config} {SUBNET}"), "10.77.0.2");
        let options: Vec<(u8, &[u8])> = requested.into_iter().map(|value| (51, value)).collect();
        let reply = server.ask(&Client::new(1).discover(&options)).unwrap();
        assert_eq!(option(&reply, 51).unwrap(), sent.to_be_bytes(), "{config} {requested:?}");
    }
}

/// What becomes of a REQUEST.
#[derive(Debug, PartialEq)]
enum Outcome {
    Ack,
    Nak(&'static str),
    Silence(&'static str),
}

/// 10: the summary table.
#[test]
fn requests() {
    use Outcome::*;
    let config = "ping-check false; authoritative; default-lease-time 600; shared-network one { authoritative;
        subnet 10.77.0.0 netmask 255.255.0.0 { range 10.77.1.10 10.77.1.250; } }
        subnet 10.88.0.0 netmask 255.255.0.0 { }";
    let me = Client::new(1);
    let table = [
        (me.request("10.77.1.20", &[]), Ack),
        (me.request("10.77.1.20", &[(54, &[9, 9, 9, 9])]), Ack),
        (me.request("10.77.1.30", &[]), Nak("lease 10.77.1.30 unavailable.")),
        (me.request("10.77.1.40", &[]), Silence("unknown lease 10.77.1.40.")),
        (me.request("10.77.2.1", &[]), Silence("unknown lease 10.77.2.1.")),
        (me.request("10.88.0.1", &[]), Nak("wrong network.")),
        (me.request("10.99.0.1", &[]), Nak("wrong network.")),
        (me.clone().using("10.77.1.50").packet(3, &[]), Ack),
        (me.clone().using("10.77.1.30").packet(3, &[]), Nak("lease 10.77.1.30 unavailable.")),
        (me.clone().using("10.99.0.1").packet(3, &[]), Silence("unknown lease 10.99.0.1.")),
        (me.clone().using("10.99.0.1").behind("10.77.0.1").packet(3, &[]), Nak("wrong network.")),
        (me.packet(3, &[]), Silence("unknown lease 0.0.0.0.")),
    ];
    for (packet, outcome) in table {
        let mut server = Server::on(config, "10.77.0.2");
        server.ask(&Client::new(2).request("10.77.1.30", &[])).unwrap();
        server.ask(&Client::new(2).packet(4, &[(50, &[10, 77, 1, 40])]));
        server.take_logs();
        let reply = server.ask(&packet);
        let logs = server.take_logs();
        let kind = reply.map(|reply| option(&reply, 53).unwrap()[0]);
        let (expected, text) = match outcome {
            Ack => (Some(5), ""),
            Nak(text) => (Some(6), text),
            Silence(text) => (None, text),
        };
        assert_eq!(kind, expected, "{logs:?}");
        assert!(logs.iter().any(|line| line.ends_with(text)), "{logs:?} want {text}");
    }
}

#[test]
fn offers_go_out_after_the_ping() {
    let mut server = Server::on(&format!("authoritative; {SUBNET}"), "10.77.0.2");
    assert_eq!(server.ask(&Client::new(1).discover(&[])), None);
    assert_eq!(server.pings, ["10.77.1.10".parse::<std::net::Ipv4Addr>().unwrap()]);
    // A repeated DISCOVER is ignored while the answer waits.
    assert_eq!(server.ask(&Client::new(1).discover(&[])), None);
    assert_eq!(server.take_logs(), ["DHCPDISCOVER from 02:00:00:77:00:01 via eth0"]);
    let replies = server.pass(1);
    assert_eq!(yiaddr(&replies[0].payload).to_string(), "10.77.1.10");
    // The same client again: no ping.
    assert!(server.ask(&Client::new(1).discover(&[])).is_some());
    server.take_logs();

    assert_eq!(server.ask(&Client::new(2).discover(&[])), None);
    assert!(server.echo("10.77.1.11").is_empty());
    assert_eq!(
        server.take_logs(),
        [
            "DHCPDISCOVER from 02:00:00:77:00:02 via eth0",
            "ICMP Echo reply while lease 10.77.1.11 valid.",
            "Abandoning IP address 10.77.1.11: pinged before offer",
        ]
    );
    assert!(server.take_journal().contains("binding state abandoned;"));
    assert!(server.pass(1).is_empty());
    assert_eq!(server.ask(&Client::new(2).discover(&[])), None);
    assert_eq!(yiaddr(&server.pass(1)[0].payload).to_string(), "10.77.1.12");
}

#[test]
fn leases_end() {
    let config = format!(
        "ping-check false; default-lease-time 600; on expiry {{ log (info, concat (\"gone \", \
         binary-to-ascii (10, 8, \".\", leased-address))); }} {SUBNET}"
    );
    let mut server = Server::on(&config, "10.77.0.2");
    server.ask(&Client::new(1).request("10.77.1.20", &[])).unwrap();
    server.take_journal();
    server.take_logs();
    server.pass(599);
    assert_eq!(server.take_journal(), "");
    server.pass(1);
    assert_eq!(server.take_logs(), ["gone 10.77.1.20"]);
    assert!(server.take_journal().contains("  binding state free;\n"));
    assert_eq!(server.engine.next_deadline().wall, None);
}

#[test]
fn releases() {
    let config = format!("ping-check false; authoritative; on release {{ log (info, \"let go\"); }} {SUBNET}");
    let mut server = Server::on(&config, "10.77.0.2");
    server.ask(&Client::new(1).request("10.77.1.20", &[])).unwrap();
    server.take_logs();
    server.take_journal();
    let release = Client::new(1).using("10.77.1.20").packet(7, &[]);
    assert_eq!(server.ask(&release), None);
    assert_eq!(server.take_logs(), ["let go", "DHCPRELEASE of 10.77.1.20 from 02:00:00:77:00:01 via eth0 (found)"]);
    assert!(server.take_journal().contains("binding state free;"));
    server.ask(&Client::new(2).using("10.77.1.20").packet(7, &[]));
    assert_eq!(server.take_logs(), ["DHCPRELEASE of 10.77.1.20 from 02:00:00:77:00:02 via eth0 (not found)"]);
    server.ask(&Client::new(2).using("10.77.1.20").packet(7, &[(50, &[1, 2, 3, 4])]));
    assert_eq!(
        server.take_logs(),
        [
            "DHCPRELEASE from 02:00:00:77:00:02 specified requested-address.",
            "DHCPRELEASE of 10.77.1.20 from 02:00:00:77:00:02 via eth0 (not found)",
        ]
    );
}

/// Hosts that OMAPI made, and one of dhcpd.conf that it deleted.
#[test]
fn hosts_of_the_lease_file() {
    let config = format!(
        "ping-check false; group \"special\" {{ option domain-name \"group\"; }} \
         host gone {{ hardware ethernet 02:00:00:77:00:02; fixed-address 10.77.0.42; }} {SUBNET}"
    );
    let mut server = Server::on(&config, "10.77.0.2");
    let record = |name: &str, number: u8, deleted: bool| HostRecord {
        name: name.into(),
        dynamic: !deleted,
        deleted,
        hardware: HardwareAddr::new(1, &[2, 0, 0, 0x77, 0, number]).unwrap(),
        uid: Box::default(),
        fixed_addresses: vec![FixedAddress::Address(Ipv4Addr::new(10, 77, 0, 41))],
        group: Some("special".into()),
        statements: Vec::new(),
    };
    let mut records = DynamicHosts::default();
    records.enter(record("made", 1, false), false).unwrap();
    records.enter(record("gone", 2, true), true).unwrap();
    server.engine.set_dynamic_hosts(&records);
    let reply = server.ask(&Client::new(1).discover(&[])).unwrap();
    assert_eq!(yiaddr(&reply).to_string(), "10.77.0.41");
    assert_eq!(option(&reply, 15).unwrap(), b"group");
    let reply = server.ask(&Client::new(2).discover(&[])).unwrap();
    assert_eq!(yiaddr(&reply).to_string(), "10.77.1.10");
}

/// Groups, classes and subclasses that OMAPI makes and takes away count from the next packet on.
#[test]
fn groups_and_classes_made_at_run_time() {
    let mut server = Server::on(
        &format!("ping-check false; class \"declared\" {{ match hardware; lease limit 1; }} {SUBNET}"),
        "10.77.0.2",
    );
    let statements = |server: &Server, text: &str| lower_block(server.engine.config(), text).unwrap();
    let domain = |server: &mut Server, client: u8| {
        let reply = server.ask(&Client::new(client).discover(&[])).unwrap();
        option(&reply, 15).map(|value| String::from_utf8_lossy(&value).into_owned())
    };
    let record = HostRecord {
        name: "made".into(),
        dynamic: true,
        hardware: HardwareAddr::new(1, &[2, 0, 0, 0x77, 0, 1]).unwrap(),
        group: Some("g".into()),
        ..HostRecord::default()
    };
    server.engine.enter_host(&record);
    assert_eq!(domain(&mut server, 1), None);
    for (text, domain_then) in [("option domain-name \"one\";", "one"), ("option domain-name \"two\";", "two")] {
        let group = statements(&server, text);
        server.engine.edit_config(|config| {
            config.put_group("g", &group);
            false
        });
        assert_eq!(domain(&mut server, 1).as_deref(), Some(domain_then));
    }
    // Members keep what they had.
    server.engine.edit_config(|config| {
        config.remove_group("g");
        false
    });
    assert_eq!(domain(&mut server, 1).as_deref(), Some("two"));
    server.engine.enter_host(&HostRecord { deleted: true, ..record });
    assert_eq!(domain(&mut server, 1), None);

    let body = ClassBody {
        submatch: Some(Arc::new(Expr::Hardware)),
        statements: statements(&server, "option domain-name \"class\";"),
        ..ClassBody::default()
    };
    let sub = |text: &str, server: &Server| ClassBody { statements: statements(server, text), ..ClassBody::default() };
    let special = sub("option domain-name \"special\";", &server);
    let data = |client: u8| [1, 2, 0, 0, 0x77, 0, client];
    server.engine.edit_config(|config| {
        config.put_class("made", &body);
        config.put_subclass("made", &data(2), &ClassBody::default()).unwrap();
        config.put_subclass("made", &data(3), &special).unwrap();
        config.put_subclass("declared", &data(4), &ClassBody::default()).unwrap();
        assert_eq!(config.put_subclass("unheard-of", &data(4), &special), None);
        true
    });
    let domains = [1, 2, 3, 4].map(|client| domain(&mut server, client));
    assert_eq!(domains, [None, Some("class".into()), Some("special".into()), None]);
    let config = server.engine.config();
    let declared = config.class_of("declared", Some(&data(4))).unwrap();
    assert_eq!(config.classes[declared.index()].lease_limit, 1);
    let classes = config.classes.len();
    server.engine.edit_config(|config| {
        config.remove_subclass("made", &data(3));
        false
    });
    assert_eq!(domain(&mut server, 3), None);
    server.engine.edit_config(|config| {
        config.remove_class("made");
        config.remove_class("declared");
        // Places of what was taken away are used again.
        for _ in 0..10 {
            config.put_class("other", &body);
            config.remove_class("other");
        }
        false
    });
    assert_eq!(domain(&mut server, 2), None);
    assert_eq!(server.engine.config().classes.len(), classes);
}

/// `get-lease-hostnames`: the client waits for the DNS, nobody else does.
#[test]
fn names_of_addresses() {
    let mut server = Server::on(&format!("ping-check false; get-lease-hostnames on; {SUBNET}"), "10.77.0.2");
    assert_eq!(server.ask(&Client::new(1).discover(&[])), None);
    let asked = std::mem::take(&mut server.lookups);
    assert_eq!(asked, ["10.77.1.10".parse::<Ipv4Addr>().unwrap()]);
    let replies = server.name("10.77.1.10", Some("ten.example.org"));
    assert_eq!(option(&replies[0].payload, 12).unwrap(), b"ten.example.org\0");
    // Known now.
    let reply = server.ask(&Client::new(1).request("10.77.1.10", &[])).unwrap();
    assert_eq!(option(&reply, 12).unwrap(), b"ten.example.org\0");
    server.take_logs();
    server.ask(&Client::new(2).discover(&[]));
    let replies = server.name("10.77.1.11", None);
    assert_eq!(option(&replies[0].payload, 12), None);
    assert_eq!(server.take_logs()[0], "No hostname for 10.77.1.11");
}
