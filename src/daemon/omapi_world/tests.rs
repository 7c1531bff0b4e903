//! Objects of OMAPI over a server without sockets: replies, effects, and what the lease file says before and after restarts.

use super::{FailoverService, OmapiWorld};
use crate::config::{load_text, Family};
use crate::daemon::leasefile::{self, LeaseFile};
use crate::dhcp4::effect::Effect;
use crate::dhcp4::engine::{Engine, Settings};
use crate::eval::bindings::Bindings;
use crate::leases::file::FileText;
use crate::leases::objects::Objects;
use crate::leases::reader::{read, Destination};
use crate::leases::store::LeaseStore;
use crate::omapi::handles::Numbers;
use crate::omapi::kinds;
use crate::omapi::object::{Contents, Keys, Value};
use crate::omapi::world::{Object, World};
use crate::wire::omapi::{ResultCode, Values};
use crate::wire::units::{Now, Timestamp};
use proptest::prelude::*;
use std::sync::Arc;

/// 2026/11/24 00:00:00 UTC
const START: u32 = 1_795_478_400;
const SUBNET: &str = "subnet 10.71.0.0 netmask 255.255.255.0 { range 10.71.0.100 10.71.0.120; }\n";

/// A server that was started with a configuration and a lease file.
struct Site {
    config: String,
    engine: Engine,
    lease_file: LeaseFile,
    failover: FailoverService,
    now: Now,
    effects: Vec<Effect>,
    is_failing: bool,
    /// What the lease file holds.
    file: String,
    /// What was logged at the last start.
    start_log: Vec<String>,
}

impl Site {
    fn new(config: &str) -> Site {
        Site::with_leases(config, "")
    }

    fn with_leases(config: &str, leases: &str) -> Site {
        let text = format!("{config}\n{SUBNET}");
        let loading = load_text("dhcpd.conf", &text, Family::V4);
        let mut config_read = loading.result.unwrap_or_else(|| panic!("{:?}", loading.messages));
        let (mut store, mut objects, mut log) = (LeaseStore::new(&config_read), Objects::default(), Vec::new());
        let to = Destination {
            config: &config_read,
            store: &mut store,
            objects: &mut objects,
            report: &mut |_, line| log.push(line),
        };
        let now = Now { wall: Timestamp(START), millis: 7 };
        read(leases.as_bytes(), "L", now.wall, to).unwrap();
        store.finish_load(&config_read);
        log.extend(leasefile::apply(&objects, &mut config_read));
        let config_read = Arc::new(config_read);
        let mut engine = Engine::new(
            config_read.clone(),
            Settings::default(),
            store,
            Vec::new(),
            Arc::default(),
            Bindings::default(),
        );
        engine.set_dynamic_hosts(&objects.hosts);
        engine.load_finished(now, &mut Vec::new());
        let (mut out, mut file) = (Vec::new(), FileText::new());
        while !file.chunk(engine.store_mut(), &objects, &config_read, now.wall, 100, &mut out) {}
        drop(config_read);
        let file = String::from_utf8(out).unwrap().split_off(crate::leases::writer::header().len());
        let endpoints = crate::daemon::failover::endpoints(engine.config()).unwrap();
        let failover = FailoverService::new(engine.config(), endpoints, &objects.failover, now, 0);
        Site {
            config: config.into(),
            engine,
            failover,
            lease_file: LeaseFile::new(objects, now.wall),
            now,
            effects: Vec::new(),
            is_failing: false,
            file,
            start_log: log,
        }
    }

    /// Ends and begins again.
    fn restart(mut self) -> Site {
        self.journal();
        Site::with_leases(&self.config, &self.file)
    }

    /// What was recorded since the last look; it is in the file then.
    fn journal(&mut self) -> String {
        let text = String::from_utf8(self.engine.store_mut().take_journal().0).unwrap();
        self.file.push_str(&text);
        text
    }

    fn world<T>(&mut self, act: impl FnOnce(&mut dyn World) -> T) -> T {
        let mut shut_down = false;
        act(&mut OmapiWorld {
            now: self.now,
            engine: &mut self.engine,
            lease_file: &mut self.lease_file,
            listeners: &mut [],
            failover: &mut self.failover,
            effects: &mut self.effects,
            is_failing: self.is_failing,
            shut_down: &mut shut_down,
        })
    }

    fn logs(&mut self) -> Vec<String> {
        let line = |effect| match effect {
            Effect::Log(_, line) => Some(line),
            Effect::Say(_, line) => String::from_utf8(line).ok(),
            _ => None,
        };
        self.effects.drain(..).filter_map(line).collect()
    }

    fn create(&mut self, kind: &str, pairs: &[Pair<'_>]) -> Result<Object, ResultCode> {
        let kind = kinds::named(kind.as_bytes()).unwrap();
        self.world(|world| (kind.create)(world, &values(pairs)))
    }

    fn find(&mut self, kind: &str, pairs: &[Pair<'_>]) -> Result<Object, ResultCode> {
        let kind = kinds::named(kind.as_bytes()).unwrap();
        let (values, handles) = (values(pairs), Numbers::default());
        self.world(|world| (kind.find)(world, &Keys::new(kind.name, &values, &handles)))
    }

    fn update(&mut self, object: &Object, pairs: &[Pair<'_>]) -> Result<(), ResultCode> {
        self.world(|world| (kinds::of(object).update)(world, object, &values(pairs), 5))
    }

    fn remove(&mut self, object: &Object) -> Result<(), ResultCode> {
        self.world(|world| (kinds::of(object).remove)(world, object))
    }

    fn contents(&mut self, object: &Object) -> Option<Contents> {
        self.world(|world| (kinds::of(object).contents)(world, object))
    }

    fn shown(&mut self, object: &Object) -> String {
        let show = |value: Value| match value {
            Value::Int(number) => number.to_string(),
            Value::Bytes(octets) => octets.escape_ascii().to_string(),
            Value::Reference(object) => format!("{object:?}"),
        };
        let contents = self.contents(object).expect("an object");
        contents.into_iter().map(|(name, value)| format!("{name}={}", show(value))).collect::<Vec<_>>().join(" ")
    }
}

/// Keys and what they find; attributes and why they are refused.
type Found<'p> = (&'p [Pair<'p>], Result<Object, ResultCode>);
type Refused<'p> = (&'p [Pair<'p>], ResultCode);
/// An attribute.
type Pair<'p> = (&'p str, &'p [u8]);

fn values(pairs: &[Pair<'_>]) -> Values {
    let mut values = Values::new();
    pairs.iter().for_each(|(name, value)| values.set(name, *value));
    values
}

const MAC1: Pair<'_> = ("hardware-address", &[2, 0, 0, 0, 0, 1]);
const ETHERNET: Pair<'_> = ("hardware-type", &[0, 0, 0, 1]);

fn host(name: &str) -> Object {
    Object::Host(name.into())
}

fn group(name: &str) -> Object {
    Object::Group(name.into())
}

#[test]
fn a_host_is_made_changed_and_deleted() {
    let mut site = Site::new("group \"named-group\" { option domain-name \"g\"; }");
    let fixed: Pair<'_> = ("ip-address", &[10, 71, 0, 52, 10, 71, 0, 53]);
    let statements: Pair<'_> = (
        "statements",
        br#"option host-name "abc"; if exists user-class { option domain-name "x"; } else { default-lease-time 55; }"#,
    );
    let made = site.create(
        "host",
        &[
            ("name", b"h1"),
            MAC1,
            ETHERNET,
            ("dhcp-client-identifier", b"cidx"),
            fixed,
            ("group", b"named-group"),
            statements,
            ("known", b""),
        ],
    );
    assert_eq!(made, Ok(host("h1")));
    let text = r#"host h1 {
  dynamic;
  hardware ethernet 02:00:00:00:00:01;
  uid "cidx";
  fixed-address 10.71.0.52,10.71.0.53;
  group "named-group";
        supersede host-name = "abc";
        if exists user-class {
          supersede domain-name = "x";
        } else {
          supersede server.default-lease-time = 00:00:00:37;
        }
}
"#;
    assert_eq!(site.journal(), text);
    let shown = "ip-address=\\nG\\x004\\nG\\x005 dhcp-client-identifier=cidx name=h1 \
                 hardware-address=\\x02\\x00\\x00\\x00\\x00\\x01 hardware-type=1";
    assert_eq!(site.shown(&host("h1")), shown);
    assert_eq!(site.find("host", &[MAC1]), Ok(host("h1")));
    assert_eq!(site.find("host", &[("dhcp-client-identifier", b"cidx"), MAC1, ("name", b"h1")]), Ok(host("h1")));
    // Read back after a restart, the same text.
    let mut site = site.restart();
    assert_eq!(site.start_log, [""; 0]);
    assert_eq!(site.file, text);
    assert_eq!(site.shown(&host("h1")), shown);

    // A type may come before its address.
    let later = site.create("host", &[("name", b"l"), ETHERNET, ("dhcp-client-identifier", b"l")]).unwrap();
    assert_eq!(site.journal(), "host l {\n  dynamic;\n  uid \"l\";\n}\n");
    assert_eq!(site.update(&later, &[("hardware-address", &[9])]), Ok(()));
    assert!(site.journal().contains("  hardware ethernet 09;\n"));
    assert_eq!(site.remove(&later), Ok(()));
    site.journal();
    assert_eq!(site.update(&host("h1"), &[("ip-address", b"")]), Ok(()));
    let deletion = "host h1 {\n  dynamic;\n  deleted;\n}\n";
    let without = text.replace("  fixed-address 10.71.0.52,10.71.0.53;\n", "");
    assert_eq!(site.journal(), format!("{deletion}{without}"));
    assert_eq!(site.remove(&host("h1")), Ok(()));
    assert_eq!(site.journal(), deletion);
    assert_eq!(site.contents(&host("h1")), None);
    assert_eq!(site.find("host", &[MAC1]), Err(ResultCode::NOT_FOUND));
    assert_eq!(site.remove(&host("h1")), Err(ResultCode::NOT_FOUND));
    assert_eq!(site.restart().file, "");
}

#[test]
fn hosts_are_refused_before_they_are_live() {
    let mut site = Site::new("host c { hardware ethernet 02:00:00:00:00:09; }");
    let uid: Pair<'_> = ("dhcp-client-identifier", b"u");
    let none: Pair<'_> = ("ip-address", &[10, 71, 0, 52]);
    use ResultCode as R;
    let refused: &[Refused<'_>] = &[
        (&[("name", b"x")], R::INVALID_ARGUMENT),
        (&[("name", b""), uid], R::INVALID_ARGUMENT),
        (&[("name", b"c"), uid], R::ALREADY_EXISTS),
        (&[("name", b"a b"), uid], R::IO_ERROR),
        (&[("name", b"a{"), uid], R::IO_ERROR),
        (&[("name", b"a\""), uid], R::IO_ERROR),
        (&[("name", b"a\x00"), uid], R::IO_ERROR),
        (&[("name", b"x"), ("hardware-address", &[1; 21])], R::INVALID_ARGUMENT),
        (&[("name", b"x"), ("hardware-address", b"")], R::INVALID_ARGUMENT),
        (&[("name", b"x"), MAC1, ("hardware-type", &[1])], R::INVALID_ARGUMENT),
        (&[("name", b"x"), ("dhcp-client-identifier", b"")], R::INVALID_ARGUMENT),
        (&[("name", b"x"), uid, none, ("ip-address", &[1, 2, 3])], R::INVALID_ARGUMENT),
        (&[("name", b"x"), uid, ("group", b"no")], R::NOT_FOUND),
        (&[("name", b"x"), uid, ("group", b"")], R::INVALID_ARGUMENT),
        (&[("name", b"x"), uid, ("statements", b"")], R::INVALID_ARGUMENT),
        (&[("name", b"x"), uid, ("statements", b"option nonsense 1;")], R::PARSE_ERROR),
        (&[("name", b"x"), uid, ("colour", b"red")], R::UNKNOWN_ATTRIBUTE),
    ];
    for (pairs, code) in refused {
        assert_eq!(site.create("host", pairs), Err(*code), "{pairs:?}");
        assert_eq!(site.journal(), "");
        assert_eq!(site.find("host", &[uid]), Err(R::NOT_FOUND));
    }
    assert!(site.logs()[0].starts_with("network client line 1: "));
    site.is_failing = true;
    assert_eq!(site.create("host", &[("name", b"x"), uid]), Err(R::IO_ERROR));
    assert_eq!(site.remove(&host("c")), Err(R::IO_ERROR));
    site.is_failing = false;
    // A name is found for one without, and the identifier in the statements.
    let made = site.create("host", &[("statements", b"option dhcp-client-identifier \"u\";")]).unwrap();
    assert_eq!(made, host("nh6b04d38000000007"));
    assert_eq!(site.create("host", &[MAC1]), Ok(host("nh6b04d38000000008")));
    assert_eq!(site.find("host", &[uid]), Ok(made.clone()));
    assert_eq!(site.update(&made, &[none]), Ok(()));
    let warning = "Warning, host declaration 'nh6b04d38000000007' already has uid '\"u\"', \
                   ignoring dhcp-client-identifier '\"u\"'";
    assert_eq!(site.logs().last().map(String::as_str), Some(warning));
    // What is there once is not written again, and the rest of such a request neither.
    let c = host("c");
    for (pair, code) in [
        (("name", b"d".as_slice()), R::ALREADY_EXISTS),
        (MAC1, R::ALREADY_EXISTS),
        (("colour", b"red"), R::UNKNOWN_ATTRIBUTE),
    ] {
        assert_eq!(site.update(&c, &[none, pair]), Err(code));
    }
    assert_eq!(site.shown(&c), "name=c hardware-address=\\x02\\x00\\x00\\x00\\x00\\t hardware-type=1");
}

#[test]
fn hosts_are_found_by_the_client_of_a_lease() {
    let lease =
        "lease 10.71.0.100 {\n  ends never;\n  binding state active;\n  hardware ethernet 02:00:00:00:00:01;\n}\n";
    let config = "host a { hardware ethernet 02:00:00:00:00:01; } host b { hardware ethernet 02:00:00:00:00:01; }";
    let mut site = Site::with_leases(config, lease);
    let at = |last: u8| [10, 71, 0, last];
    use ResultCode as R;
    let cases: &[Found<'_>] = &[
        (&[("ip-address", &at(100))], Ok(host("a"))),
        (&[("ip-address", &at(101))], Err(R::NOT_FOUND)),
        (&[("ip-address", &at(50)), ("name", b"a")], Err(R::NOT_FOUND)),
        (&[("ip-address", &[1]), ("name", b"a")], Err(R::NOT_FOUND)),
        (&[("ip-address", &at(100)), ("name", b"b")], Err(R::KEY_CONFLICT)),
        (&[MAC1, ("name", b"b")], Err(R::KEY_CONFLICT)),
        (&[MAC1, ("ip-address", &at(101)), ("name", b"a")], Ok(host("a"))),
        (&[MAC1, ("name", b"z")], Err(R::KEY_CONFLICT)),
        (&[MAC1, ("hardware-type", &[0, 0, 0, 6])], Err(R::NOT_FOUND)),
        (&[MAC1, ("hardware-type", &[0, 0, 1, 1])], Err(R::INVALID_ARGUMENT)),
        (&[("name", b"A")], Err(R::NOT_FOUND)),
        (&[("colour", b"red"), ("name", b"")], Err(R::NO_KEY_SPECIFIED)),
    ];
    for (pairs, expected) in cases {
        assert_eq!(&site.find("host", pairs), expected, "{pairs:?}");
    }
}

/// The table of spec/omapi.md 11.
#[test]
fn hosts_of_the_configuration_over_restarts() {
    let config = "host conf { hardware ethernet 02:00:00:00:00:01; fixed-address 10.71.0.60; option host-name \"n\"; }";
    let address = |site: &mut Site| site.find("host", &[MAC1]).map(|host| site.shown(&host));
    let original = "ip-address=\\nG\\x00< name=conf hardware-address=\\x02\\x00\\x00\\x00\\x00\\x01 hardware-type=1";
    let conf = host("conf");

    let mut site = Site::new(config);
    assert_eq!(site.update(&conf, &[("ip-address", &[10, 71, 0, 61])]), Ok(()));
    let text = "host conf {\n  hardware ethernet 02:00:00:00:00:01;\n  fixed-address 10.71.0.61;\n        \
                supersede host-name = \"n\";\n}\n";
    assert_eq!(site.journal(), format!("host conf {{\n  deleted;\n}}\n{text}"));
    let updated = original.replace('<', "=");
    assert_eq!(address(&mut site), Ok(updated.clone()));
    let mut site = site.restart();
    assert_eq!((site.file.clone(), address(&mut site)), ("".to_owned(), Ok(updated)));
    let mut site = site.restart();
    assert_eq!(address(&mut site), Ok(original.into()));

    assert_eq!(site.remove(&conf), Ok(()));
    let deletion = "host conf {\n  deleted;\n}\n";
    assert_eq!(site.journal(), deletion);
    let site = site.restart();
    assert_eq!(site.file, deletion);
    let mut site = site.restart();
    assert_eq!((site.file.clone(), address(&mut site)), (deletion.to_owned(), Err(ResultCode::NOT_FOUND)));

    assert_eq!(site.create("host", &[("name", b"conf"), MAC1, ETHERNET]), Ok(conf.clone()));
    let made = "host conf {\n  dynamic;\n  hardware ethernet 02:00:00:00:00:01;\n}\n";
    assert_eq!(site.journal(), made);
    let mut site = site.restart();
    assert_eq!(site.file, made);
    assert_eq!(address(&mut site).unwrap(), original.replace("ip-address=\\nG\\x00< ", ""));
    let mut site = site.restart();
    assert!(site.start_log[0].ends_with("host conf: already exists"), "{:?}", site.start_log);
    assert_eq!((site.file.clone(), address(&mut site)), ("".to_owned(), Ok(original.into())));
}

#[test]
fn groups() {
    let mut site = Site::new("group \"s\" { option domain-name \"static\"; } host c { group \"s\"; uid \"c\"; }");
    let statements: Pair<'_> = ("statements", b"option domain-name \"g1.example\";");
    use ResultCode as R;
    for (pairs, code) in [
        (&[("name", b"g1".as_slice())][..], R::INVALID_ARGUMENT),
        (&[("name", b""), statements], R::INVALID_ARGUMENT),
        (&[("name", b"g1"), ("statements", b"")], R::INVALID_ARGUMENT),
        (&[("name", b"g1"), ("statements", b"option nonsense 1;")], R::PARSE_ERROR),
        (&[("name", b"s"), statements], R::ALREADY_EXISTS),
        (&[("name", b"a\nb"), statements], R::IO_ERROR),
        (&[("name", b"g1"), statements, ("colour", b"red")], R::NOT_FOUND),
    ] {
        assert_eq!(site.create("group", pairs), Err(code), "{pairs:?}");
        assert_eq!(site.journal(), "");
    }
    assert_eq!(site.create("group", &[("name", b"g1"), statements]), Ok(group("g1")));
    let text = "group g1 {\n  dynamic;\n        supersede domain-name = \"g1.example\";\n}\n";
    assert_eq!(site.journal(), text);
    assert_eq!(site.shown(&group("g1")), "name=g1");
    assert_eq!(site.update(&group("g1"), &[statements]), Err(R::ALREADY_EXISTS));
    let made = site.create("host", &[("name", b"m"), MAC1, ETHERNET, ("group", b"g1")]);
    assert_eq!(made, Ok(host("m")));
    let member = "host m {\n  dynamic;\n  hardware ethernet 02:00:00:00:00:01;\n  group \"g1\";\n}\n";
    assert_eq!(site.journal(), member);
    let mut site = site.restart();
    assert_eq!((site.start_log.len(), site.file.clone()), (0, format!("{text}{member}")));
    // Its end: no record names it any more.
    assert_eq!(site.remove(&group("g1")), Ok(()));
    assert_eq!(site.journal(), "group g1 {\n  deleted;\n        if static {\n        }\n}\n");
    assert_eq!(site.remove(&group("g1")), Err(R::NOT_FOUND));
    assert_eq!(site.update(&host("m"), &[("ip-address", &[10, 71, 0, 60])]), Ok(()));
    assert!(!site.journal().contains("group"));
    // A group of the configuration stays deleted, also if another was made in its place meanwhile.
    assert_eq!(site.remove(&group("s")), Ok(()));
    let deletion = "group s {\n  deleted;\n        if static {\n        }\n}\n";
    assert_eq!(site.journal(), deletion);
    let mut site = site.restart();
    assert!(site.file.starts_with(deletion));
    assert_eq!(site.find("group", &[("name", b"s")]), Err(R::NOT_FOUND));
    assert_eq!(site.create("group", &[("name", b"s"), statements]), Ok(group("s")));
    let mut site = site.restart();
    assert_eq!(site.find("group", &[("name", b"s")]), Ok(group("s")));
    assert_eq!(site.remove(&group("s")), Ok(()));
    let mut site = site.restart();
    assert_eq!(site.find("group", &[("name", b"s")]), Err(R::NOT_FOUND));
    assert!(site.start_log.is_empty());
}

#[test]
fn classes_and_subclasses() {
    let mut site = Site::new(
        "group \"re\" { option domain-name \"re\"; } class \"sub-parent\" { match hardware; lease limit 4; }",
    );
    let data: Pair<'_> = ("hashstring", &[1, 2, 0, 0, 0, 0, 5]);
    use ResultCode as R;
    for (kind, pairs, code) in [
        ("class", &[("group", b"re".as_slice())][..], R::INVALID_ARGUMENT),
        ("class", &[("name", b"")], R::INVALID_ARGUMENT),
        ("class", &[("name", b"sub-parent")], R::ALREADY_EXISTS),
        ("class", &[("name", b"c"), ("match", b"uid")], R::INVALID_ARGUMENT),
        ("class", &[("name", b"c"), ("match", b"")], R::INVALID_ARGUMENT),
        ("class", &[("name", b"c"), ("group", b"no")], R::NOT_FOUND),
        ("class", &[("name", b"c"), ("option", b"x")], R::INVALID_ARGUMENT),
        ("class", &[("name", b"c"), ("lease-limit", &[0, 0, 0, 1])], R::UNKNOWN_ATTRIBUTE),
        ("class", &[("name", b"c"), data], R::UNKNOWN_ATTRIBUTE),
        ("subclass", &[("name", b"no"), data], R::NOT_FOUND),
        ("subclass", &[("name", b"sub-parent")], R::INVALID_ARGUMENT),
        ("subclass", &[("name", b"sub-parent"), ("hashstring", b"")], R::INVALID_ARGUMENT),
        ("subclass", &[data], R::INVALID_ARGUMENT),
    ] {
        assert_eq!(site.create(kind, pairs), Err(code), "{pairs:?}");
        assert_eq!(site.journal(), "");
    }
    let class = site.create("class", &[("name", b"c1"), ("match", b"hardware")]).unwrap();
    let text = "class \"c1\" {\n  dynamic;\n  match hardware;\n}\n\n";
    assert_eq!(site.journal(), text);
    assert_eq!(site.shown(&class), "lease-limit=0 leases-used=0");
    assert_eq!(site.update(&class, &[("match", b"hard")]), Err(R::ALREADY_EXISTS));
    site.create("subclass", &[("name", b"c1"), data]).unwrap();
    assert_eq!(site.journal(), "subclass \"c1\" 01:02:00:00:00:00:05 {\n  dynamic;\n}\n\n");
    assert_eq!(site.create("subclass", &[("name", b"c1"), data]), Err(R::ALREADY_EXISTS));
    let abcd = site.create("subclass", &[("name", b"sub-parent"), ("hashstring", b"abcd")]).unwrap();
    assert_eq!(site.journal(), "subclass \"sub-parent\" \"abcd\" {\n  dynamic;\n  lease limit 4;\n}\n\n");
    assert_eq!(site.shown(&abcd), "lease-limit=4 leases-used=0");
    let c3 = site.create("class", &[("name", b"c3"), ("group", b"re")]).unwrap();
    assert_eq!(site.journal(), "class \"c3\" {\n  dynamic;\n\n        supersede domain-name = \"re\";}\n\n");
    let mut site = site.restart();
    assert!(site.start_log.is_empty(), "{:?}", site.start_log);
    assert_eq!(site.shown(&abcd), "lease-limit=4 leases-used=0");
    assert!(site.find("subclass", &[("name", b"c1"), data]).is_ok());
    assert_eq!(site.find("class", &[("name", b"c3")]), Ok(c3.clone()));
    assert_eq!(site.remove(&c3), Ok(()));
    assert_eq!(site.journal(), "class \"c3\" {\n  deleted;\n\n        supersede domain-name = \"re\";}\n\n");
    assert_eq!(site.find("subclass", &[("name", b"c1")]), Err(R::NO_KEY_SPECIFIED));
    assert_eq!(site.find("subclass", &[("name", b"no")]), Err(R::NOT_FOUND));
    // A class takes its subclasses with it.
    assert_eq!(site.remove(&class), Ok(()));
    assert_eq!(site.find("subclass", &[("name", b"c1"), data]), Err(R::NOT_FOUND));
    assert_eq!(site.remove(&abcd), Ok(()));
    let site = site.restart();
    assert_eq!(site.file, "");
    assert!(site.start_log.is_empty());
}

/// ISC dhcpd reads these as something else, or not at all.
#[test]
fn records_that_isc_misreads() {
    let leases = "group g1 {\n  dynamic;\n        supersede domain-name = \"x\";\n}\n\
                  group g1 {\n  dynamic;\n  deleted;\n}\n\
                  group g2 {\n  dynamic;\n}\n\
                  group s {\n  deleted;\n}\n\
                  class \"sp\" {\n  dynamic;\n  spawn option agent.circuit-id;\n}\n\n\
                  class \"mi\" {\n  dynamic;\n  match if option host-name = \"a\";\n}\n\n\
                  class \"gone\" {\n  deleted;\n\n        supersede domain-name = \"re\";}\n\n\
                  lease 10.71.0.100 {\n  ends never;\n  binding state active;\n}\n";
    let mut site = Site::with_leases("group s { option domain-name \"static\"; }", leases);
    assert!(site.start_log.is_empty(), "{:?}", site.start_log);
    for (name, found) in [("g1", false), ("g2", true), ("s", false)] {
        assert_eq!(site.find("group", &[("name", name.as_bytes())]).is_ok(), found, "{name}");
    }
    let rewritten = "class \"sp\" {\n  dynamic;\n  spawn with \n     option agent.circuit-id;\n}\n\n\
                     class \"mi\" {\n  dynamic;\n  match if option host-name = \"a\";\n}\n\n";
    assert!(site.file.starts_with(rewritten), "{}", site.file);
    assert!(
        site.file.contains("group s {\n  deleted;\n        if static {\n        }\n}\n")
            && site.file.contains("\nlease 10.71.0.100 {")
    );
}

/// What this configuration cannot understand is kept as it is.
#[test]
fn records_that_are_not_understood_are_kept() {
    let group =
        "group g {\n  dynamic;\n        supersede no-such-option = \"x\";\n        supersede domain-name = \"y\";\n}\n";
    let class = "class \"c\" {\n  dynamic;\n  match if option no.such = \"a\";\n}\n\n";
    let site = Site::with_leases("", &format!("{class}{group}"));
    assert_eq!(site.start_log.iter().filter(|line| line.starts_with("L line ")).count(), 2, "{:?}", site.start_log);
    assert_eq!(site.file, format!("{class}{group}"));
    assert_eq!(site.restart().file, format!("{class}{group}"));
}

const LEASE: &str = "lease 10.71.0.103 {
  starts 2 2026/11/24 00:00:00;
  ends 2 2026/11/24 01:00:00;
  tstp 2 2026/11/24 01:00:00;
  cltt 2 2026/11/24 00:00:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 02:00:00:00:00:55;
  uid \"\\001\\002\\000\\000\\000\\000U\";
  set vlan = \"lab\";
  client-hostname \"pc1\";
  on expiry {
    log (info, \"expired\");
  }
  on release {
    log (info, \"released\");
  }
}
";

fn lease_site() -> (Site, Object) {
    let mut site = Site::with_leases("", LEASE);
    let lease = site.find("lease", &[("ip-address", &[10, 71, 0, 103])]).unwrap();
    (site, lease)
}

#[test]
fn leases_are_found_and_shown() {
    let (mut site, lease) = lease_site();
    let uid: Pair<'_> = ("dhcp-client-identifier", &[1, 2, 0, 0, 0, 0, 0x55]);
    let mac: Pair<'_> = ("hardware-address", &[2, 0, 0, 0, 0, 0x55]);
    use ResultCode as R;
    let cases: &[Found<'_>] = &[
        (&[uid], Ok(lease.clone())),
        (&[mac], Ok(lease.clone())),
        (&[("ip-address", &[10, 71, 0, 103]), uid, mac, ("hardware-type", &[0, 0, 0, 1])], Ok(lease.clone())),
        (&[("ip-address", &[10, 71, 0, 104]), uid], Err(R::KEY_CONFLICT)),
        (&[("ip-address", &[10, 71, 0, 99])], Err(R::NOT_FOUND)),
        (&[("ip-address", &[10, 71])], Err(R::NOT_FOUND)),
        (&[("state", &[0, 0, 0, 2])], Err(R::NO_KEY_SPECIFIED)),
        (&[mac, ("hardware-type", &[1])], Err(R::INVALID_ARGUMENT)),
    ];
    for (pairs, expected) in cases {
        assert_eq!(&site.find("lease", pairs), expected, "{pairs:?}");
    }
    assert_eq!(
        site.shown(&lease),
        "state=2 ip-address=\\nG\\x00g dhcp-client-identifier=\\x01\\x02\\x00\\x00\\x00\\x00U client-hostname=pc1 \
         subnet=Subnet(10.71.0.0, 255.255.255.0) pool=Pool(PoolId(0)) \
         hardware-address=\\x02\\x00\\x00\\x00\\x00U hardware-type=1 \
         ends=1795482000 starts=1795478400 tstp=1795482000 tsfp=0 atsfp=0 cltt=1795478400 flags=\\x00 vlan=lab"
    );
    let other = LEASE.replace("10.71.0.103", "10.71.0.104");
    let mut site = Site::with_leases("", &format!("{LEASE}{other}"));
    assert_eq!(site.find("lease", &[uid]), Err(R::MORE_THAN_ONE));
    let first = site.find("lease", &[("ip-address", &[10, 71, 0, 103])]);
    let codes = [103, 104].map(|last| site.find("lease", &[("ip-address", &[10, 71, 0, last]), uid]).unwrap_err());
    assert!(first.is_ok() && codes.contains(&R::MORE_THAN_ONE) && codes.contains(&R::KEY_CONFLICT), "{codes:?}");
}

#[test]
fn writing_ends_extends_a_lease_or_ends_it() {
    let (mut site, lease) = lease_site();
    let later = START + 86400;
    assert_eq!(site.update(&lease, &[("ends", &later.to_be_bytes())]), Ok(()));
    let record = site.journal();
    assert!(record.contains("ends 3 2026/11/25 00:00:00;\n  tstp 3 2026/11/25 00:00:00;"), "{record}");
    assert!(record.contains("binding state active;") && record.contains("set vlan = \"lab\";"));
    assert_eq!(site.logs(), [format!("lease 10.71.0.103 end changed from 1795482000 to {later}")]);
    assert_eq!(site.update(&lease, &[("ends", &(START - 1).to_be_bytes())]), Ok(()));
    let record = site.journal();
    assert!(record.contains("\n  binding state free;") && !record.contains("client-hostname"), "{record}");
    assert_eq!(record.matches("lease 10.71.0.103").count(), 1);
    assert_eq!(
        site.logs(),
        ["expired".to_owned(), format!("lease 10.71.0.103 end changed from {later} to {}", START - 1)]
    );
}

#[test]
fn writing_state_runs_what_it_brings_about() {
    let (mut site, lease) = lease_site();
    assert_eq!(site.update(&lease, &[("state", &[0, 0, 0, 2])]), Ok(()));
    assert_eq!((site.journal().as_str(), site.logs().len()), ("", 0));
    for bad in [&[][..], &[2], &[0, 0, 0, 0], &[0, 0, 0, 8]] {
        assert_eq!(site.update(&lease, &[("state", bad)]), Err(ResultCode::INVALID_ARGUMENT));
    }
    assert_eq!(site.update(&lease, &[("state", &[0, 0, 0, 1])]), Ok(()));
    assert_eq!(site.logs(), ["expired", "lease 10.71.0.103 state changed from active to free"]);
    assert!(site.shown(&lease).starts_with("state=1 "));
    let (mut site, lease) = lease_site();
    assert_eq!(site.update(&lease, &[("state", &[0, 0, 0, 4])]), Ok(()));
    assert_eq!(site.logs(), ["released", "lease 10.71.0.103 state changed from active to released"]);
    // A lease whose time is past goes on at once.
    let (mut site, _) = lease_site();
    let other = site.find("lease", &[("ip-address", &[10, 71, 0, 110])]).unwrap();
    assert_eq!(site.update(&other, &[("state", &[0, 0, 0, 2])]), Ok(()));
    let record = site.journal();
    assert_eq!(record.matches("lease 10.71.0.110").count(), 2, "{record}");
    assert!(site.shown(&other).starts_with("state=1 "));
}

#[test]
fn writing_flags_and_variables_leaves_the_state() {
    let (mut site, lease) = lease_site();
    assert_eq!(site.update(&lease, &[("flags", &[0x84])]), Ok(()));
    let record = site.journal();
    assert!(record.contains("binding state active;") && record.contains("\n  reserved;"), "{record}");
    assert_eq!(site.logs(), ["lease flags changed from  0 to 4 for lease 10.71.0.103."]);
    assert_eq!(site.update(&lease, &[("flags", &[0, 0, 0, 4])]), Ok(()));
    assert_eq!(site.journal(), "");
    assert_eq!(site.update(&lease, &[("flags", &[])]), Err(ResultCode::INVALID_ARGUMENT));
    let note: Pair<'_> = ("note", b"a \"b\"\x00");
    assert_eq!(site.update(&lease, &[note, ("vlan", b"")]), Ok(()));
    let record = site.journal();
    assert!(record.ends_with("}\n") && record.contains("  set note = \"a \\\"b\\\"\\000\";\n"), "{record}");
    let mut site = site.restart();
    assert!(site.start_log.is_empty());
    let shown = site.shown(&lease);
    assert!(shown.ends_with("flags=\\x04 note=a \\\"b\\\"\\x00"), "{shown}");
    use ResultCode as R;
    for (name, value, code) in [
        ("unheard-of", b"".as_slice(), R::UNKNOWN_ATTRIBUTE),
        ("a b", b"x", R::UNKNOWN_ATTRIBUTE),
        ("1a", b"x", R::UNKNOWN_ATTRIBUTE),
        ("ip-address", b"x", R::PERMISSION_DENIED),
        ("starts", b"x", R::PERMISSION_DENIED),
        ("tstp", b"x", R::PERMISSION_DENIED),
        ("subnet", b"x", R::INVALID_ARGUMENT),
    ] {
        assert_eq!(site.update(&lease, &[("state", &[0, 0, 0, 1]), (name, value)]), Err(code), "{name}");
    }
    for name in ["host", "hostname", "client-hostname", "billing-class", "hardware-address", "handle"] {
        assert_eq!(site.update(&lease, &[(name, b"x")]), Ok(()));
    }
    assert_eq!((site.journal().as_str(), site.logs().len()), ("", 0));
}

/// What to do, the type of object, and attributes by their numbers in `NAMES`.
type Asked = (u8, String, Vec<(usize, Vec<u8>)>);

/// Any sequence of requests leaves a lease file that reads back without a complaint, to the same objects.
fn requests() -> impl Strategy<Value = Vec<Asked>> {
    let kind = prop::sample::select(vec!["host", "group", "class", "subclass", "lease"]);
    let value = prop_oneof![
        prop::sample::select(vec![
            &b"a"[..],
            b"b.c",
            b"sub",
            b"g",
            b"hardware",
            b"option host-name \"x\";",
            &[0, 0, 0, 4],
            &[10, 71, 0, 105]
        ])
        .prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    let request = (0_u8..3, kind.prop_map(str::to_owned), prop::collection::vec((0_usize..NAMES.len(), value), 1..6));
    prop::collection::vec(request, 1..30)
}

const NAMES: [&str; 14] = [
    "name",
    "name",
    "hardware-address",
    "hardware-type",
    "dhcp-client-identifier",
    "ip-address",
    "group",
    "statements",
    "hashstring",
    "match",
    "state",
    "ends",
    "flags",
    "note",
];

proptest! {
    #[test]
    fn whatever_is_asked_the_lease_file_reads_back(requests in requests()) {
        let mut site = Site::with_leases("group g { option domain-name \"x\"; } class \"sub\" { match hardware; } host a { uid \"u\"; }", LEASE);
        for (what, kind, pairs) in requests {
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (NAMES[*name], &value[..])).collect();
            match (what, site.find(&kind, &pairs)) {
                (0, _) => drop(site.create(&kind, &pairs)),
                (1, Ok(object)) => drop(site.update(&object, &pairs)),
                (2, Ok(object)) => drop(site.remove(&object)),
                _ => {}
            }
        }
        site.journal();
        let before = site.lease_file.objects().clone();
        let site = site.restart();
        prop_assert!(site.start_log.is_empty(), "{:?}\n{}", site.start_log, site.file);
        let after = site.lease_file.objects();
        let mut written = [Vec::new(), Vec::new()];
        for (objects, out) in [&before, after].into_iter().zip(&mut written) {
            objects.write(out, site.engine.config());
        }
        prop_assert_eq!(String::from_utf8_lossy(&written[0]), String::from_utf8_lossy(&written[1]));
    }
}
