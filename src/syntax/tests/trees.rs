//! Any tree that a text can stand for, printed and read again, is the same tree.

use super::super::ast::*;
use super::super::source::Span;
use super::round_trip::shape;
use super::*;
use crate::syntax::print;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The words that tokens point at, and of which class they are (spec/config-language.md 1.2).
const WORDS: &[(&str, TokenKind)] = &[
    ("0", TokenKind::Number),
    ("10", TokenKind::Number),
    ("-5", TokenKind::Number),
    ("4294967295", TokenKind::Number),
    ("0a", TokenKind::NumberOrName),
    ("0x1F", TokenKind::NumberOrName),
    ("f", TokenKind::NumberOrName),
    ("zade", TokenKind::NumberOrName),
    ("true", TokenKind::Name),
    ("if", TokenKind::Name),
    ("option", TokenKind::Name),
    ("Foo-1_x", TokenKind::Name),
    ("not", TokenKind::Name),
];
/// How many of them may stand in a list of octets.
const OCTETS: usize = 8;
const PUNCTUATION: &[u8] = b".:,/()[]=~!%+*&|^?<>@$'`\\_";

/// A file of the words, for tokens to point at.
fn words() -> SourceMap {
    let mut map = SourceMap::default();
    map.add("words".into(), WORDS.iter().map(|(word, _)| format!("{word} ")).collect());
    map
}

fn nowhere() -> Span {
    let mut map = SourceMap::default();
    Span { file: map.add(String::new(), String::new()), start: 0, end: 0 }
}

/// The token of a word.
fn word(number: usize) -> Token {
    let start = WORDS[..number].iter().map(|(word, _)| word.len() as u32 + 1).sum();
    let (text, kind) = &WORDS[number];
    Token { kind: kind.clone(), span: Span { start, end: start + text.len() as u32, ..nowhere() } }
}

fn named(text: impl Into<Box<str>>) -> Name {
    Name { text: text.into(), span: nowhere() }
}

fn statements(kinds: Vec<Kind>) -> Block {
    kinds.into_iter().map(|kind| Statement { span: nowhere(), kind }).collect()
}

/// A name in quotes: any octets but NUL.
fn quoted() -> impl Strategy<Value = Name> {
    "[ -~\t\u{1}\u{80}-\u{ff}]{0,6}".prop_map(named)
}

/// Words joined by dots.
fn dotted() -> impl Strategy<Value = Name> {
    "[a-z0-9-][a-zA-Z0-9_-]{0,4}(\\.[a-z][a-z0-9_-]{0,4}){0,2}\\.?".prop_map(named)
}

fn identifier() -> impl Strategy<Value = Name> {
    prop_oneof!["[a-z][a-zA-Z0-9_-]{0,5}", "0[g-z]"].prop_map(named)
}

/// Neither a keyword nor hexadecimal.
fn variable() -> impl Strategy<Value = Name> {
    "v-[a-zA-Z0-9_-]{0,5}".prop_map(named)
}

fn option_name() -> impl Strategy<Value = OptionName> {
    (option::of(select(vec!["dhcp", "server", "a1", "if", "option"])), "o-[a-z0-9_-]{1,4}|size|if|f1|max-lease-time")
        .prop_map(|(space, name)| OptionName { space: space.map(named), name: named(name) })
}

fn octets(least: usize, most: usize) -> impl Strategy<Value = Octets> {
    vec(any::<u8>(), least..=most).prop_map(Octets::from)
}

fn number() -> impl Strategy<Value = i64> {
    any::<i32>().prop_map(i64::from)
}

fn address() -> impl Strategy<Value = Ipv4Addr> {
    any::<u32>().prop_map(Ipv4Addr::from)
}

fn address6() -> impl Strategy<Value = Ipv6Addr> {
    prop_oneof![any::<u128>(), any::<u128>().prop_map(|bits| bits & (0xffff << 64)), any::<u32>().prop_map(u128::from)]
        .prop_map(Ipv6Addr::from)
}

fn address_or_name() -> impl Strategy<Value = AddressOrName> {
    let name = "[a-z][a-z0-9-]{0,4}(\\.[a-z0-9]{1,3})?".prop_map(named);
    prop_oneof![address().prop_map(AddressOrName::Address), name.prop_map(AddressOrName::Name)]
}

/// The tokens of a value. What begins with `=` or `.` would be something else.
fn tokens() -> impl Strategy<Value = Vec<Token>> {
    let mark = |octet| Token { kind: TokenKind::Punctuation(octet), span: nowhere() };
    let string = octets(0, 5).prop_map(|text| Token { kind: TokenKind::String(text), span: nowhere() });
    let token = prop_oneof![
        4 => (0..WORDS.len()).prop_map(word),
        2 => select(PUNCTUATION).prop_map(mark),
        2 => string,
    ];
    vec(token, 0..5).prop_filter("another statement", |tokens| {
        !matches!(tokens.first().map(|token| &token.kind), Some(TokenKind::Punctuation(b'=' | b'.')))
    })
}

const OPERATORS: [Operator; 13] = [
    Operator::Equal,
    Operator::NotEqual,
    Operator::Regex,
    Operator::RegexIgnoreCase,
    Operator::And,
    Operator::Or,
    Operator::Add,
    Operator::Multiply,
    Operator::Divide,
    Operator::Remainder,
    Operator::BitAnd,
    Operator::BitOr,
    Operator::BitXor,
];
/// Built-in operators and how many arguments they take, at least and at most.
const BUILTINS: [(&str, usize, usize); 11] = [
    ("substring", 3, 3),
    ("suffix", 2, 2),
    ("lcase", 1, 1),
    ("ucase", 1, 1),
    ("concat", 2, 4),
    ("pick-first-value", 1, 4),
    ("binary-to-ascii", 4, 4),
    ("reverse", 2, 2),
    ("packet", 2, 2),
    ("v6relay", 2, 2),
    ("gethostname", 0, 0),
];
const CONSTANTS: [&str; 12] = [
    "hardware",
    "leased-address",
    "client-state",
    "filename",
    "server-name",
    "lease-time",
    "null",
    "known",
    "static",
    "booting",
    "noerror",
    "notzone",
];

/// A chain of operands.
fn expression() -> BoxedStrategy<Expression> {
    let leaf = prop_oneof![
        octets(0, 6).prop_map(OperandKind::String),
        vec((0..OCTETS).prop_map(word), 1..4).prop_map(OperandKind::Digits),
        option_name().prop_map(OperandKind::Exists),
        option_name().prop_map(OperandKind::Option),
        option_name().prop_map(OperandKind::ConfigOption),
        select(&CONSTANTS[..]).prop_map(OperandKind::Word),
        Just(OperandKind::Check(named("default"))),
        variable().prop_map(OperandKind::Defined),
        quoted().prop_map(OperandKind::GetHostByName),
        variable().prop_map(OperandKind::Variable),
    ];
    let single = |kind| Expression { span: nowhere(), first: Box::new(operand(kind)), rest: Vec::new() };
    leaf.prop_map(single)
        .prop_recursive(4, 32, 4, move |inner| {
            let builtin = select(&BUILTINS[..]).prop_flat_map({
                let inner = inner.clone();
                move |(keyword, least, most)| {
                    vec(inner.clone(), least..=most)
                        .prop_map(move |all| OperandKind::Builtin { keyword, arguments: all })
                }
            });
            let width = || select(vec![8, 16, 32]);
            let nested = prop_oneof![
                builtin,
                inner.clone().prop_map(OperandKind::Parenthesis),
                inner.clone().prop_map(|inner| OperandKind::Not(inner.first)),
                (inner.clone(), width()).prop_map(|(inner, width)| OperandKind::EncodeInt(Box::new(inner), width)),
                (inner.clone(), width()).prop_map(|(inner, width)| OperandKind::ExtractInt(Box::new(inner), width)),
                (variable(), vec(inner.clone(), 1..4))
                    .prop_map(|(name, arguments)| OperandKind::Call { name, arguments }),
            ];
            let chain = (inner.clone(), vec((select(&OPERATORS[..]), inner), 1..4)).prop_map(|(first, rest)| {
                let rest = rest.into_iter().map(|(operator, operand)| (operator, *operand.first)).collect();
                Expression { rest, ..first }
            });
            prop_oneof![2 => nested.prop_map(single), 1 => chain]
        })
        .boxed()
}

fn operand(kind: OperandKind) -> Operand {
    Operand { span: nowhere(), kind }
}

/// The block that statements stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Group,
    Network,
    Subnet,
    Pool,
    Pool6,
    Host,
    Class,
    Body,
    Switch,
}

/// The statements of a block of which others may stand in it, so deep.
fn block(place: Place, depth: u32) -> BoxedStrategy<Block> {
    let body = vec(statement(place, depth), 0..4);
    body.prop_map(move |mut kinds| {
        if place == Place::Group {
            // `dynamic;` and the like are never the last statement of a group.
            kinds.push(Kind::Authoritative(true));
        }
        statements(kinds)
    })
    .boxed()
}

/// Any statement of a block.
fn statement(place: Place, depth: u32) -> BoxedStrategy<Kind> {
    use Place::*;
    let executables = executable(place, depth).prop_map(Kind::Executable).boxed();
    let mut all = vec![(4, executables)];
    if !matches!(place, Body | Switch) {
        all.push((1, declaration().boxed()));
        all.push((1, server_duid().prop_map(Kind::ServerDuid).boxed()));
        all.push((1, any::<bool>().prop_map(|hex| Kind::LeaseIdFormat { hex }).boxed()));
    }
    if !matches!(place, Host | Body | Switch) {
        all.push((1, any::<bool>().prop_map(Kind::Authoritative).boxed()));
    }
    match place {
        Root => all.push((3, prop_oneof![option_space(), option_definition(), peer()].boxed())),
        Network => all.push((2, prop_oneof![peer(), quoted().prop_map(Kind::Interface)].boxed())),
        Subnet => all.push((3, prop_oneof![range(), range6(), prefix6(), quoted().prop_map(Kind::Interface)].boxed())),
        Pool => all.push((4, prop_oneof![range(), permit(), pool_peer()].boxed())),
        Pool6 => all.push((4, prop_oneof![range6(), prefix6(), permit()].boxed())),
        Host => all.push((6, host_line().boxed())),
        Class => all.push((4, class_line().boxed())),
        Group => all.push((1, prop_oneof![Just(Kind::Static), Just(Kind::Dynamic), Just(Kind::Deleted)].boxed())),
        Body | Switch => {}
    }
    if depth > 0 {
        all.extend(inner_blocks(place, depth - 1).map(|strategy| (2, strategy)));
    }
    proptest::strategy::Union::new_weighted(all).boxed()
}

/// The declarations with a block that may stand in a block.
fn inner_blocks(place: Place, depth: u32) -> Option<BoxedStrategy<Kind>> {
    use Place::*;
    let networks = || {
        prop_oneof![
            (quoted(), block(Network, depth)).prop_map(|(name, body)| Kind::SharedNetwork { name, body }),
            (option::of(quoted()), block(Group, depth)).prop_map(|(name, body)| Kind::Group { name, body }),
        ]
    };
    let subnets = || {
        prop_oneof![
            (address(), address(), block(Subnet, depth)).prop_map(|(address, netmask, body)| Kind::Subnet {
                address,
                netmask,
                body
            }),
            (address6(), 0u32..=128, block(Subnet, depth)).prop_map(|(address, length, body)| Kind::Subnet6 {
                address,
                length,
                body
            }),
        ]
    };
    let pools = || {
        let pool6 = block(Pool6, depth).prop_map(|body| Kind::Pool6 { body });
        prop_oneof![block(Pool, depth).prop_map(|body| Kind::Pool { body }), pool6]
    };
    let hosts = || (dotted(), block(Host, depth)).prop_map(|(name, body)| Kind::Host { name, body });
    Some(match place {
        Root => prop_oneof![networks(), subnets(), hosts(), classes(depth)].boxed(),
        Group => prop_oneof![networks(), subnets(), hosts()].boxed(),
        Network => prop_oneof![subnets(), block(Pool, depth).prop_map(|body| Kind::Pool { body }), hosts()].boxed(),
        Subnet => prop_oneof![pools(), hosts(), classes(depth)].boxed(),
        Host => classes(depth),
        Pool | Pool6 | Class | Body | Switch => return None,
    })
}

fn classes(depth: u32) -> BoxedStrategy<Kind> {
    let class = (quoted(), block(Place::Class, depth));
    let data = (quoted(), octets(0, 5), option::of(block(Place::Class, depth)));
    let old = (any::<bool>(), quoted(), option::of(block(Place::Class, depth)));
    prop_oneof![
        class.prop_map(|(name, body)| Kind::Class { flavour: ClassFlavour::Class, name, body }),
        data.prop_map(|(class, data, body)| Kind::Subclass { flavour: ClassFlavour::Class, class, data, body }),
        old.prop_map(|(vendor, class, body)| {
            let flavour = if vendor { ClassFlavour::VendorClass } else { ClassFlavour::UserClass };
            // The name is the data.
            let data = class.text.chars().map(|c| c as u8).collect();
            Kind::Subclass { flavour, class, data, body }
        }),
    ]
    .boxed()
}

fn host_line() -> impl Strategy<Value = Kind> {
    prop_oneof![
        (any::<u8>(), octets(0, 20)).prop_map(|(htype, address)| Kind::Hardware { htype, address }),
        octets(0, 8).prop_map(Kind::Uid),
        (option::of(0i64..100), option_name(), tokens()).prop_map(|(relay, option, value)| Kind::HostIdentifier {
            relay,
            option,
            value
        }),
        vec(address_or_name(), 1..4).prop_map(Kind::FixedAddress),
        vec(address6(), 1..4).prop_map(Kind::FixedAddress6),
        (address6(), number()).prop_map(|(address, length)| Kind::FixedPrefix6 { address, length }),
        quoted().prop_map(Kind::HostGroup),
        Just(Kind::Dynamic),
        Just(Kind::Deleted),
    ]
}

fn class_line() -> impl Strategy<Value = Kind> {
    prop_oneof![
        expression().prop_map(Kind::Match),
        expression().prop_map(Kind::MatchIf),
        expression().prop_map(Kind::Spawn),
        number().prop_map(Kind::LeaseLimit),
        Just(Kind::Dynamic),
        Just(Kind::Deleted),
    ]
}

fn range() -> impl Strategy<Value = Kind> {
    (any::<bool>(), address(), option::of(address())).prop_map(|(dynamic_bootp, low, high)| Kind::Range {
        dynamic_bootp,
        low,
        high,
    })
}

fn range6() -> impl Strategy<Value = Kind> {
    let rest = prop_oneof![
        address6().prop_map(Range6::To),
        (number(), any::<bool>()).prop_map(|(length, temporary)| Range6::Prefix { length, temporary }),
    ];
    (address6(), rest).prop_map(|(low, rest)| Kind::Range6 { low, rest })
}

fn prefix6() -> impl Strategy<Value = Kind> {
    (address6(), address6(), number()).prop_map(|(low, high, length)| Kind::Prefix6 { low, high, length })
}

fn permit() -> impl Strategy<Value = Kind> {
    let permit = prop_oneof![
        Just(Permit::KnownClients),
        Just(Permit::UnknownClients),
        Just(Permit::AllClients),
        Just(Permit::DynamicBootpClients),
        Just(Permit::AuthenticatedClients),
        Just(Permit::UnauthenticatedClients),
        quoted().prop_map(Permit::MembersOf),
        number().prop_map(Permit::After),
    ];
    (any::<bool>(), permit).prop_map(|(allow, permit)| Kind::Permit { allow, permit })
}

fn pool_peer() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::NoPeer), quoted().prop_map(|name| Kind::UsePeer { name, quoted: true })]
}

fn server_duid() -> impl Strategy<Value = ServerDuid> {
    let hardware = || select(vec![1u16, 6, 8]);
    prop_oneof![
        option::of((hardware(), any::<u32>(), octets(1, 8))).prop_map(ServerDuid::Llt),
        option::of((hardware(), octets(1, 8))).prop_map(ServerDuid::Ll),
        (any::<u32>(), octets(0, 8)).prop_map(|(number, data)| ServerDuid::En(number, data)),
        (any::<u16>(), octets(0, 8)).prop_map(|(kind, data)| ServerDuid::Other(kind, data)),
    ]
}

fn option_space() -> impl Strategy<Value = Kind> {
    (identifier(), option::of(select(vec![1i64, 2, 4])), option::of(1i64..3))
        .prop_map(|(name, code_width, length_width)| Kind::OptionSpace { name, code_width, length_width })
}

fn option_definition() -> impl Strategy<Value = Kind> {
    let simple = || {
        prop_oneof![
            Just(SimpleType::Boolean),
            (any::<bool>(), select(vec![8i64, 16, 32])).prop_map(|(signed, bits)| SimpleType::Integer { signed, bits }),
            Just(SimpleType::IpAddress),
            Just(SimpleType::Ip6Address),
            Just(SimpleType::Text),
            Just(SimpleType::String),
            Just(SimpleType::DomainName),
            any::<bool>().prop_map(|compressed| SimpleType::DomainList { compressed }),
            identifier().prop_map(SimpleType::Encapsulate),
            Just(SimpleType::ZeroLength),
        ]
    };
    let record = move || vec((any::<bool>(), simple()), 1..4);
    let definition = prop_oneof![
        simple().prop_map(OptionType::Simple),
        simple().prop_map(OptionType::Array),
        record().prop_map(OptionType::Record),
        record().prop_map(OptionType::ArrayOfRecord),
    ];
    (option_name(), number(), definition).prop_map(|(option, code, definition)| Kind::OptionDefinition {
        option,
        code,
        definition,
    })
}

/// Failover peers: a definition, a saved state, a reference.
fn peer() -> impl Strategy<Value = Kind> {
    const NUMBERS: [&str; 9] = [
        "max-response-delay",
        "max-unacked-updates",
        "mclt",
        "max-lease-misbalance",
        "max-lease-ownership",
        "min-balance",
        "max-balance",
        "auto-partner-down",
        "split",
    ];
    let kind = prop_oneof![
        Just(PeerKind::Primary),
        Just(PeerKind::Secondary),
        address_or_name().prop_map(PeerKind::Address),
        address_or_name().prop_map(PeerKind::PeerAddress),
        number().prop_map(PeerKind::Port),
        number().prop_map(PeerKind::PeerPort),
        (select(&NUMBERS[..]), number()).prop_map(|(keyword, value)| PeerKind::Number { keyword, value }),
        (select(&NUMBERS[..]), number()).prop_map(|(keyword, value)| PeerKind::PeerNumber { keyword, value }),
        number().prop_map(PeerKind::LoadBalanceMaxSeconds),
        octets(32, 32).prop_map(PeerKind::Hba),
    ];
    let line = kind.prop_map(|kind| PeerStatement { span: nowhere(), kind });
    prop_oneof![
        (quoted(), vec(line, 0..5)).prop_map(|(name, body)| Kind::FailoverPeer { name, body }),
        (quoted(), vec(identifier(), 0..3)).prop_map(|(name, states)| Kind::FailoverState { name, states }),
        quoted().prop_map(|name| Kind::UsePeer { name, quoted: true }),
        identifier().prop_map(|name| Kind::UsePeer { name, quoted: false }),
    ]
}

/// Keys and zones, which may stand anywhere.
fn declaration() -> impl Strategy<Value = Kind> {
    let secret = quoted().prop_map(|name| (name.text, nowhere()));
    let key_name = || prop_oneof![quoted(), dotted()];
    let line = prop_oneof![
        vec(address_or_name(), 1..3).prop_map(ZoneKind::Primary),
        vec(address_or_name(), 1..3).prop_map(ZoneKind::Secondary),
        vec(address6(), 1..3).prop_map(ZoneKind::Primary6),
        vec(address6(), 1..3).prop_map(ZoneKind::Secondary6),
        key_name().prop_map(ZoneKind::Key),
    ];
    let line = line.prop_map(|kind| ZoneStatement { span: nowhere(), kind });
    prop_oneof![
        (key_name(), option::of(dotted()), option::of(secret)).prop_map(|(name, algorithm, secret)| Kind::Key {
            name,
            algorithm,
            secret
        }),
        (dotted(), vec(line, 0..4)).prop_map(|(name, body)| Kind::Zone { name, body }),
    ]
}

fn option_setting() -> impl Strategy<Value = Executable> {
    use OptionOperation::*;
    let value = prop_oneof![tokens().prop_map(OptionValue::Tokens), expression().prop_map(OptionValue::Expression),];
    (select(vec![Set, Supersede, Send, Default, Append, Prepend]), option_name(), value)
        .prop_map(|(operation, option, value)| Executable::Option { operation, option, value })
}

fn events() -> impl Strategy<Value = Events> {
    (1u8..16).prop_map(|bits| Events {
        commit: bits & 1 != 0,
        expiry: bits & 2 != 0,
        release: bits & 4 != 0,
        transmission: bits & 8 != 0,
    })
}

/// Any executable statement of a block.
fn executable(place: Place, depth: u32) -> BoxedStrategy<Executable> {
    use LogLevel::*;
    const FLAGS: [&str; 9] = [
        "bootp",
        "booting",
        "dynamic-bootp",
        "unknown-clients",
        "duplicates",
        "declines",
        "client-updates",
        "new",
        "leasequery",
    ];
    // In a pool `allow` and `deny` are of its permits.
    let least = if matches!(place, Place::Pool | Place::Pool6) { 2u8 } else { 0 };
    let simple = prop_oneof![
        4 => option_setting(),
        1 => (least..3, select(&FLAGS[..]))
            .prop_map(|(value, keyword)| Executable::Flag { value, keyword: named(keyword) }),
        1 => Just(Executable::Break),
        2 => (variable(), expression()).prop_map(|(name, value)| Executable::Set { name, value }),
        1 => variable().prop_map(Executable::Unset),
        1 => expression().prop_map(Executable::Eval),
        1 => expression().prop_map(Executable::Return),
        1 => (select(vec![Fatal, Error, Info, Debug]), expression())
            .prop_map(|(level, text)| Executable::Log { level, text }),
        1 => (octets(0, 6), vec(expression(), 0..3))
            .prop_map(|(command, arguments)| Executable::Execute { command, arguments }),
        1 => quoted().prop_map(Executable::Add),
        1 => Just(Executable::ParseVendorOption),
        1 => any::<bool>().prop_map(|local| Executable::DbTimeFormat { local }),
    ];
    let mut all = vec![(4, simple.boxed())];
    if matches!(place, Place::Body | Place::Switch) {
        all.push((1, declaration().prop_map(|kind| Executable::Declaration(Box::new(kind))).boxed()));
    }
    if place == Place::Switch {
        all.push((4, prop_oneof![expression().prop_map(Executable::Case), Just(Executable::DefaultCase)].boxed()));
    }
    if depth > 0 {
        all.push((2, compound(depth - 1)));
    }
    proptest::strategy::Union::new_weighted(all).boxed()
}

/// Executable statements with a body.
fn compound(depth: u32) -> BoxedStrategy<Executable> {
    let body = block(Place::Body, depth);
    prop_oneof![
        (vec((expression(), body.clone()), 1..3), option::of(body.clone()))
            .prop_map(|(arms, otherwise)| Executable::If { arms, otherwise }),
        (expression(), block(Place::Switch, depth)).prop_map(|(on, body)| Executable::Switch { on, body }),
        (events(), option::of(body.clone())).prop_map(|(events, body)| Executable::On { events, body }),
        (variable(), vec(variable(), 0..3), body, any::<bool>())
            .prop_map(|(name, arguments, body, by_set)| { Executable::Define { name, arguments, body, by_set } }),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_printed_tree_reads_as_itself(tree in block(Place::Root, 3)) {
        let map = words();
        let printed = print::statements(&map, &tree);
        let (again_map, again) = parse(&printed);
        prop_assert!(again.diagnostics.is_empty(), "{}{:?}", printed, messages(&printed));
        prop_assert_eq!(shape(&tree), shape(&again.statements), "{}", printed);
        // The words that the tokens point at are in no tree.
        prop_assert_eq!(print::statements(&again_map, &again.statements), printed);
    }
}
