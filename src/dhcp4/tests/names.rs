//! What leases have to do with the DNS (spec/ddns.md 4 and 5).

use super::harness::{hex, option, show, Client, Server};
use crate::dhcp4::effect::Effect;
use crate::leases::dns::{DnsChange, DnsRecord, DnsUpdate, VariableChange};
use crate::wire::hardware::HardwareAddr;

const SUBNET: &str = "subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.100 10.0.0.150; }";

fn server(text: &str) -> Server {
    let text = format!(
        "ddns-update-style standard; ddns-domainname \"example.org\"; ping-check false; default-lease-time 1200;
         authoritative; {text} {SUBNET}"
    );
    Server::on(&text, "10.0.0.1")
}

/// A client is given its lease; what it is told in option 81.
fn ask(server: &mut Server, options: &[(u8, &[u8])]) -> Option<String> {
    let reply = server.ask(&Client::new(1).request("10.0.0.100", options)).unwrap();
    option(&reply, 81).map(|value| show(&value))
}

/// The update that was asked for since the last look.
fn update(server: &mut Server) -> Option<DnsUpdate> {
    let changes = std::mem::take(&mut server.names);
    changes.into_iter().find_map(|change| match change {
        DnsChange::Update(update) => Some(update),
        DnsChange::Cancel(_) | DnsChange::Remove(_) => None,
    })
}

/// The variables of a lease whose forward name was added.
fn forward_variables(update: &DnsUpdate) -> Vec<VariableChange> {
    let guard = update.owner.as_ref().and_then(|owner| owner.guard(&update.forward));
    update.forward_variables(guard.as_ref())
}

/// 5.3: setting, option 81 of the request, answer, forward name, the server updates it.
#[test]
fn answers_to_the_fqdn_option() {
    let org = "076578616d706c65036f726700";
    let radish = "06726164697368036f726700";
    let text = |text: &str| show(text.as_bytes());
    let table = [
        ("allow", format!("050000026331{radish}"), format!("07ffff026331{org}"), "c1.example.org", true),
        ("allow", format!("040000026332{radish}"), format!("04ffff026332{radish}"), "c2.radish.org", false),
        ("deny", format!("040000026332{radish}"), format!("07ffff026332{org}"), "c2.example.org", true),
        ("ignore", format!("040000026332{radish}"), format!("04ffff026332{radish}"), "c2.example.org", true),
        (
            "allow",
            format!("010000{}", text("c3.radish.org")),
            format!("03ffff{}", text("c3.example.org")),
            "c3.example.org",
            true,
        ),
        (
            "allow",
            format!("000000{}", text("c5.radish.org.")),
            format!("00ffff{}", text("c5.radish.org.")),
            "c5.radish.org.",
            false,
        ),
        ("allow", "040000026336".into(), format!("07ffff026336{org}"), "c6.example.org", true),
        ("ignore", "040000026336".into(), "04ffff02633600".into(), "c6.example.org", true),
    ];
    for (setting, sent, answer, forward, by_server) in table {
        let mut server = server(&format!("{setting} client-updates;"));
        assert_eq!(ask(&mut server, &[(81, &hex(&sent))]), Some(answer), "{setting} {sent}");
        let update = update(&mut server).unwrap();
        assert_eq!(String::from_utf8_lossy(&update.forward), forward);
        assert_eq!(update.owner.is_some(), by_server);
    }
    let mut server = server("");
    for sent in ["050000", "05000000"] {
        assert_eq!(ask(&mut server, &[(81, &hex(sent))]), None);
        assert_eq!(update(&mut server), None);
    }
}

#[test]
fn a_lease_with_its_name_needs_nothing_more() {
    let mut server = server("");
    ask(&mut server, &[(12, b"alpha")]);
    let first = update(&mut server).unwrap();
    assert_eq!((&*first.forward, first.ttl, first.replaces.is_none()), (&b"alpha.example.org"[..], 600, true));
    assert_eq!(first.reverse.as_deref(), Some(&b"100.0.0.10.in-addr.arpa."[..]));
    let id = server.engine.store().by_address([10, 0, 0, 100].into()).unwrap();
    let now = server.now;
    server.engine.set_variables(now, id, forward_variables(&first));
    server.engine.set_variables(now, id, first.reverse_variables());
    ask(&mut server, &[(12, b"alpha")]);
    assert_eq!(update(&mut server), None);
    ask(&mut server, &[(12, b"beta")]);
    let second = update(&mut server).unwrap();
    assert_eq!(second.replaces.unwrap().forward.as_deref(), Some(&b"alpha.example.org"[..]));
    server.pass(1201);
    let gone = std::mem::take(&mut server.names);
    let [DnsChange::Remove(removal)] = &gone[..] else { panic!("{gone:?}") };
    assert!(removal.is_active);
    assert_eq!(removal.record.reverse, first.reverse);
}

#[test]
fn a_release_takes_the_variables_at_once() {
    let mut server = server("");
    ask(&mut server, &[(12, b"alpha")]);
    let added = update(&mut server).unwrap();
    let id = server.engine.store().by_address([10, 0, 0, 100].into()).unwrap();
    let now = server.now;
    server.engine.set_variables(now, id, forward_variables(&added));
    server.receive(0, "10.0.0.100", &Client::new(1).using("10.0.0.100").packet(7, &[(54, &[10, 0, 0, 1])]));
    let [DnsChange::Remove(first), rest @ ..] = &server.names[..] else { panic!("{:?}", server.names) };
    assert!(!first.is_active && first.record.forward.is_some());
    let is_empty = |change: &DnsChange| matches!(change, DnsChange::Remove(r) if r.record == DnsRecord::default());
    assert!(rest.iter().all(is_empty));
    assert!(!server.take_journal().rsplit("lease ").next().unwrap().contains("ddns-"));
}

#[test]
fn without_a_style_names_are_nobodys_business() {
    let text = format!("ddns-domainname \"example.org\"; ping-check false; authoritative; {SUBNET}");
    let mut server = Server::on(&text, "10.0.0.1");
    assert_eq!(ask(&mut server, &[(12, b"alpha"), (81, &hex("050000026331"))]), None);
    server.pass(100_000);
    assert!(server.names.is_empty());
}

/// 18: the partner gave the address to another client.
#[test]
fn a_partners_new_client_takes_the_names_of_the_old_one() {
    let mut server = server("");
    ask(&mut server, &[(12, b"alpha")]);
    let added = update(&mut server).unwrap();
    let id = server.engine.store().by_address([10, 0, 0, 100].into()).unwrap();
    let now = server.now;
    server.engine.set_variables(now, id, forward_variables(&added));
    let mut told = server.engine.store().get(id).clone();
    server.engine.install(now, id, told.clone(), false, &mut Vec::new());
    let name = |server: &Server| {
        let lease = server.engine.store().get(id);
        lease.extras.as_deref().and_then(|extras| DnsRecord::of(&extras.variables).forward)
    };
    assert!(name(&server).is_some(), "the same client keeps its name");
    told.hardware = HardwareAddr::new(1, &[2, 0, 0, 0x77, 0, 9]).unwrap();
    let mut out = Vec::new();
    server.engine.install(now, id, told, false, &mut out);
    let removal = out.iter().find_map(|effect| match effect {
        Effect::Dns(DnsChange::Remove(removal)) => Some(removal),
        _ => None,
    });
    assert_eq!(removal.map(|r| (r.is_active, r.record.forward.clone())), Some((false, Some(added.forward))));
    assert_eq!(name(&server), None);
}
