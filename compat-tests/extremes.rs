//! Configurations of absurd depth and size, through everything: parser, printer, checks, start, and a client's packets.
//!
//! Each ends with a clear complaint or a correct run, in a thread with the small stack that threads have by default.

use lessor::config::{load_text, load_text_explained, Family, Message};
use lessor::dhcp4::effect::{Effect, Ingress, Interface, InterfaceId};
use lessor::dhcp4::{Engine, Settings};
use lessor::eval::environment::Names;
use lessor::eval::startup::startup;
use lessor::leases::store::LeaseStore;
use lessor::syntax::source::SourceMap;
use lessor::syntax::{parse_file, parse_text, print, Collected, Fatal};
use lessor::wire::hardware::HardwareAddr;
use lessor::wire::units::{Now, Timestamp};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

/// The stack of a thread unless one asks for another.
const STACK: usize = 2 << 20;
const SERVED: &str = "authoritative; ping-check false;
    subnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.10 10.77.0.20; }\n";

/// What becomes of a text.
enum Outcome {
    /// A client is served, and option 12 of its OFFER is this, or is not there.
    Served(Option<&'static [u8]>),
    /// The first complaint.
    Refused(&'static str),
}
use Outcome::{Refused, Served};

/// The text goes behind a subnet that can be served.
fn check(name: &'static str, text: String, outcome: Outcome) {
    let run = move || {
        read_and_print(&text);
        let text = format!("{SERVED}{text}");
        let loading = load_text("c.conf", &text, Family::V4);
        assert_eq!(loading.fatal, load_text_explained("c.conf", &text, Family::V4).fatal, "{name}");
        let first = loading.messages.iter().find_map(|message| match message {
            Message::Complaint(complaint) => Some(complaint.message.clone()),
            _ => None,
        });
        match outcome {
            Refused(words) => assert_eq!(first.as_deref(), Some(words), "{name}: {:?}", loading.fatal),
            Served(host_name) => {
                assert_eq!(loading.fatal, None, "{name}: {first:?}");
                let offer = offer(loading.result.expect("a configuration"));
                let options = offer.get(240..).expect("options");
                assert_eq!(option(options, 12), host_name, "{name}");
            }
        }
    };
    std::thread::Builder::new().name(name.into()).stack_size(STACK).spawn(run).expect("a thread").join().expect(name);
}

/// Prints what is read, if it is without a mistake; it reads again.
fn read_and_print(text: &str) {
    let parse = |text: &str| {
        let (mut map, mut sink) = (SourceMap::default(), Collected::default());
        let _ = parse_text("c.conf", text, &mut map, &mut sink);
        (map, sink)
    };
    let (map, tree) = parse(text);
    for complaint in &tree.diagnostics {
        assert!(complaint.render(&map).len() < text.len() + 1000);
    }
    if tree.diagnostics.is_empty() {
        let again = parse(&print::statements(&map, &tree.statements)).1;
        assert_eq!((again.diagnostics.len(), again.statements.len()), (0, tree.statements.len()));
    }
}

/// The server's answer to a DISCOVER.
fn offer(config: lessor::config::model::Config) -> Vec<u8> {
    let (config, names) = (Arc::new(config), Names::default());
    let globals = startup(&config, &names, Timestamp(1000)).globals;
    let address = Ipv4Addr::new(10, 77, 0, 1);
    let subnet = config.subnet_of(address).expect("a subnet");
    let interface = Interface {
        name: "eth0".into(),
        hardware: HardwareAddr::new(1, &[2, 0, 0, 0, 0, 1]).expect("an address"),
        addresses: vec![address],
        network: config.subnets[subnet.index()].network,
    };
    let store = LeaseStore::new(&config);
    let mut engine = Engine::new(config, Settings::default(), store, vec![interface], Arc::new(names), globals);
    let mut discover = vec![1, 1, 6, 0, 1, 2, 3, 4];
    discover.resize(28, 0);
    discover.extend([2, 0, 0, 0x77, 0, 1]);
    discover.resize(236, 0);
    discover.extend([0x63, 0x82, 0x53, 0x63, 53, 1, 1, 60, 1, b'v', 57, 2, 5, 220, 255]);
    let ingress = Ingress { interface: InterfaceId(0), source: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68) };
    let mut out = Vec::new();
    engine.receive(Now { wall: Timestamp(1000), millis: 0 }, ingress, &discover, &mut out);
    let reply = out.into_iter().find_map(|effect| match effect {
        Effect::Send(reply) => Some(reply.payload),
        _ => None,
    });
    reply.expect("an offer")
}

fn option(mut area: &[u8], wanted: u8) -> Option<&[u8]> {
    while let [code, length, rest @ ..] = area {
        let (value, rest) = rest.split_at(usize::from(*length));
        if *code == wanted {
            return Some(value);
        }
        area = rest;
    }
    None
}

const MANY: usize = 5_000;
const TOO_DEEP: &str = "this is nested too deeply.";
const DEEP_BLOCKS: &str = "blocks nested too deeply";
const DEEP_EXPRESSION: &str = "expression nested too deeply";

/// `text` with `{}` replaced by each number.
fn numbered(text: &str, count: usize) -> String {
    (0..count).map(|number| text.replace("{}", &number.to_string())).collect()
}

#[test]
fn thousands_of_conditions() {
    let last = "option host-name = v-4999;";
    check("ifs", numbered("if known { break; } else { set v-{} = \"x\"; }\n", MANY) + last, Served(Some(b"x")));
    let elsifs = |word: &str, count| {
        let arm = format!("{word} option vendor-class-identifier = \"{{}}\" {{ }}\n");
        format!("if static {{ }}\n{}else {{ option host-name \"x\"; }}", numbered(&arm, count))
    };
    check("elsifs", elsifs("elsif", MANY), Refused(TOO_DEEP));
    check("else ifs", elsifs("else if", MANY), Refused(TOO_DEEP));
    check("a thousand elsifs", elsifs("elsif", 1000), Served(Some(b"x")));
    let nested = format!("{} option host-name \"x\"; {}", "if known { } else { ".repeat(MANY), "}".repeat(MANY));
    check("nested ifs", nested, Refused(DEEP_BLOCKS));
    let nested = format!("{} option host-name \"x\"; {}", "if known { } else { ".repeat(90), "}".repeat(90));
    check("ninety nested ifs", nested, Served(Some(b"x")));
}

#[test]
fn huge_switches() {
    let cases = numbered("case \"c{}\": option host-name \"{}\"; break;\n", 2 * MANY);
    let tail = "case \"v\": option host-name \"x\"; break; default: option host-name \"y\"; }";
    check("a switch", format!("switch (option vendor-class-identifier) {{ {cases} {tail}"), Served(Some(b"x")));
    let nested = format!("{}{}", "switch (hardware) { case \"a\": ".repeat(MANY), "}".repeat(MANY));
    check("nested switches", nested, Refused(DEEP_BLOCKS));
}

#[test]
fn thousands_of_classes() {
    let match_if = "class \"c{}\" { match if option vendor-class-identifier = \"{}\"; option host-name \"n\"; }\n";
    let last = "class \"v\" { match if option vendor-class-identifier = \"v\"; option host-name \"x\"; }";
    check("classes", numbered(match_if, MANY) + last, Served(Some(b"x")));
    let subclasses = numbered("subclass \"s\" \"{}\" { option host-name \"n\"; }\n", MANY);
    let class = "class \"s\" { match option vendor-class-identifier; }\n";
    let last = "subclass \"s\" \"v\" { option host-name \"x\"; }";
    check("subclasses", format!("{class}{subclasses}{last}"), Served(Some(b"x")));
    let nested = format!("{}{}", "class \"c\" { ".repeat(MANY), "}".repeat(MANY));
    check("nested classes", nested, Refused("class declarations not allowed here."));
}

#[test]
fn deep_expressions() {
    let around = |before: &str, inside: &str, after: &str, count: usize| {
        format!("option host-name = {}{inside}{};", before.repeat(count), after.repeat(count))
    };
    check("parentheses", around("(", "\"x\"", ")", MANY), Refused(DEEP_EXPRESSION));
    check("150 parentheses", around("(", "\"x\"", ")", 150), Served(Some(b"x")));
    check("concat", around("concat (\"\", ", "\"x\"", ")", MANY), Refused(DEEP_EXPRESSION));
    check("150 concats", around("concat (\"\", ", "\"x\"", ")", 150), Served(Some(b"x")));
    check("calls", around("v-f (", "\"x\"", ")", MANY), Refused(DEEP_EXPRESSION));
    let nots = |count| format!("if {}known {{ }} else {{ option host-name \"x\"; }}", "not ".repeat(count));
    check("nots", nots(MANY), Refused(DEEP_EXPRESSION));
    check("150 nots", nots(150), Served(Some(b"x")));
}

#[test]
fn long_expressions() {
    let concat = |count| format!("option host-name = substring (concat ({}\"x\"), 0, 1);", "\"x\", ".repeat(count));
    check("arguments", concat(MANY), Refused(TOO_DEEP));
    check("a thousand arguments", concat(1000), Served(Some(b"x")));
    let chain = |count| {
        let terms = "option vendor-class-identifier = \"w\" or ".repeat(count);
        format!("if {terms} option vendor-class-identifier = \"v\" {{ option host-name \"x\"; }}")
    };
    check("terms", chain(MANY), Refused(TOO_DEEP));
    check("a thousand terms", chain(1000), Served(Some(b"x")));
    let sum = |count| format!("option host-name = encode-int ({}1, 8);", "1 + ".repeat(count));
    check("summands", sum(MANY), Refused(TOO_DEEP));
    check("a hundred summands", sum(100), Served(Some(b"e")));
}

#[test]
fn long_texts() {
    const LONG: usize = 256 << 10;
    let long = "x".repeat(LONG);
    check("a string", format!("option host-name \"{long}\";"), Refused("string constant larger than internal buffer"));
    check("escapes", format!("option host-name \"{}\";", "\\170".repeat(LONG / 4)), {
        Refused("string constant larger than internal buffer")
    });
    check("a string without end", format!("option host-name \"{long}"), Refused("eof in string constant"));
    check("a word", format!("option host-name {long};"), Refused("token larger than internal buffer"));
    check("a comment", format!("# {long}\noption host-name \"x\";"), Served(Some(b"x")));
    check("one line", "option host-name \"x\"; ".repeat(2 * MANY), Served(Some(b"x")));
    check("a list", format!("option routers {}10.0.0.1;", "10.0.0.1, ".repeat(2 * MANY)), Served(None));
    check("braces", format!("group {}", "{".repeat(LONG)), Refused("expecting a parameter or declaration"));
    check("closing braces", "}".repeat(1 << 14), Refused("expecting a declaration"));
    check("semicolons", ";".repeat(1 << 14), Refused("expecting a declaration"));
}

#[test]
fn white_space_without_end() {
    let (mut map, mut sink) = (SourceMap::default(), Collected::default());
    let read = parse_text("c.conf", &" ".repeat(4 << 20), &mut map, &mut sink);
    assert!(matches!(read, Err(Fatal::WhiteSpace(..))));
}

#[test]
fn included_over_and_over() {
    let directory = std::env::temp_dir().join(format!("lessor-extremes-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let path = |name: &str| directory.join(name);
    let write = |name: &str, text: String| std::fs::write(path(name), text).expect("a file");
    let include = |name: &str| format!("include \"{}\";\n", path(name).display());
    write("self", include("self"));
    write("a", include("b"));
    write("b", include("c"));
    write("c", include("a"));
    for number in 0..200 {
        write(&format!("chain{number}"), include(&format!("chain{}", number + 1)));
        // Each doubles the one before it.
        let next = include(&format!("twice{}", number + 1));
        write(&format!("twice{number}"), format!("{next}{next}"));
    }
    let verdict = |name: &'static str| {
        let (mut map, mut sink) = (SourceMap::default(), Collected::default());
        let read = parse_file(&path(name), &mut map, &mut sink);
        (read, sink.diagnostics.into_iter().map(|complaint| complaint.message).next().unwrap_or_default())
    };
    for name in ["self", "a", "chain0"] {
        assert!(verdict(name).1.ends_with(" includes itself"), "{:?}", verdict(name));
    }
    assert!(matches!(verdict("twice0").0, Err(Fatal::TooLarge(_))), "{:?}", verdict("twice0"));
    std::fs::remove_dir_all(&directory).expect("removed");
}
