//! Nothing that can be built makes the evaluator panic.

use super::super::bindings::Bindings;
use super::super::environment::{Environment, Names, Progress};
use super::super::{classify, print};
use super::{configuration, Request, LEASE};
use crate::config::ir::{Events, Expr, Function, LogLevel, OptionOp, Shared, Stmt};
use crate::options::registry::{OptionDef, OptionKey};
use crate::wire::units::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

fn definition() -> impl Strategy<Value = Arc<OptionDef>> {
    (prop_oneof![Just(12), Just(15), Just(43), Just(82), Just(119), Just(200)]).prop_map(|code| {
        let format = if code == 119 { "Dc" } else { "X" };
        Arc::new(OptionDef { key: OptionKey::dhcp(code), name: "x".into(), format: format.into() })
    })
}

fn name() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![Just("f".into()), Just("x".into()), Just("y".into())]
}

fn bits() -> impl Strategy<Value = u8> {
    prop_oneof![Just(8), Just(16), Just(32)]
}

fn leaf() -> impl Strategy<Value = Expr> {
    prop_oneof![
        vec(any::<u8>(), 0..9).prop_map(|octets| Expr::Const(octets.into())),
        "[a-c.*(\\[]{0,4}".prop_map(|text| Expr::Const(text.into_bytes().into())),
        prop_oneof![0..40_u64, any::<u64>()].prop_map(Expr::ConstInt),
        definition().prop_map(Expr::Option),
        definition().prop_map(Expr::ConfigOption),
        definition().prop_map(Expr::Exists),
        name().prop_map(Expr::Variable),
        name().prop_map(Expr::Defined),
        prop_oneof![
            Just(Expr::Known),
            Just(Expr::Static),
            Just(Expr::Check),
            Just(Expr::Hardware),
            Just(Expr::LeasedAddress),
            Just(Expr::HostDeclName),
            Just(Expr::Filename),
            Just(Expr::ServerName),
            Just(Expr::GetHostName),
            Just(Expr::Null),
            Just(Expr::LeaseTime),
            Just(Expr::ClientState),
            Just(Expr::HostLookup { name: "h".into(), first_only: true }),
        ],
    ]
}

fn expression() -> impl Strategy<Value = Shared> {
    let shared = |expression: Expr| Arc::new(expression);
    leaf().prop_map(shared).prop_recursive(5, 40, 4, |inner| {
        let one = inner.clone();
        let two = (inner.clone(), inner.clone());
        let four = (inner.clone(), inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            (0..6_u8, one, bits()).prop_map(|(which, a, bits)| Arc::new(match which {
                0 => Expr::Not(a),
                1 => Expr::Lcase(a),
                2 => Expr::Ucase(a),
                3 => Expr::EncodeInt(a, bits),
                _ => Expr::ExtractInt(a, bits),
            })),
            (0..19_u8, two).prop_map(|(which, (a, b))| Arc::new(match which {
                0 => Expr::Equal(a, b),
                1 => Expr::NotEqual(a, b),
                2 => Expr::And(a, b),
                3 => Expr::Or(a, b),
                4 => Expr::Concat(a, b),
                5 => Expr::ConcatDomainLists(a, b),
                6 => Expr::Suffix { data: a, length: b },
                7 => Expr::Packet { offset: a, length: b },
                8 => Expr::Reverse { width: a, data: b },
                9 => Expr::V6Relay { relay: a, data: b },
                10 => Expr::Add(a, b),
                11 => Expr::Multiply(a, b),
                12 => Expr::Divide(a, b),
                13 => Expr::Remainder(a, b),
                14 => Expr::BitAnd(a, b),
                15 => Expr::BitOr(a, b),
                16 => Expr::BitXor(a, b),
                which => Expr::Regex { ignore_case: which == 17, data: a, pattern: b },
            })),
            (any::<bool>(), four).prop_map(|(which, (a, b, c, d))| Arc::new(match which {
                true => Expr::Substring { data: a, offset: b, length: c },
                false => Expr::BinaryToAscii { base: a, width: b, separator: c, data: d },
            })),
            (any::<bool>(), name(), vec(inner, 0..4)).prop_map(|(which, name, parts)| Arc::new(match which {
                true => Expr::Pick(parts),
                false => Expr::Call(name, parts),
            })),
        ]
    })
}

fn statement() -> impl Strategy<Value = Stmt> {
    let op = prop_oneof![
        Just(OptionOp::Supersede),
        Just(OptionOp::Default),
        Just(OptionOp::Append),
        Just(OptionOp::Prepend)
    ];
    let simple = prop_oneof![
        (op, definition(), expression()).prop_map(|(op, option, value)| Stmt::Option { op, option, value }),
        (name(), expression()).prop_map(|(name, value)| Stmt::Set { name, value }),
        name().prop_map(Stmt::Unset),
        expression().prop_map(Stmt::Eval),
        expression().prop_map(|value| Stmt::Return(Some(value))),
        expression().prop_map(|text| Stmt::Log { level: LogLevel::Info, text }),
        expression().prop_map(Stmt::Case),
        vec(expression(), 0..3)
            .prop_map(|arguments| Stmt::Execute { command: b"c"[..].into(), arguments: arguments.into() }),
        prop_oneof![
            Just(Stmt::Break),
            Just(Stmt::DefaultCase),
            Just(Stmt::ParseVendorOption),
            Just(Stmt::Add("A".into()))
        ],
    ];
    simple.prop_recursive(3, 12, 4, |inner| {
        let body = || vec(inner.clone(), 0..4).prop_map(Arc::<[Stmt]>::from);
        prop_oneof![
            (expression(), body(), body()).prop_map(|(condition, then, otherwise)| Stmt::If {
                condition,
                then,
                otherwise
            }),
            (expression(), body()).prop_map(|(on, body)| Stmt::Switch { on, body }),
            (any::<[bool; 4]>(), proptest::option::of(body())).prop_map(
                |([commit, expiry, release, transmission], body)| {
                    Stmt::On { events: Events { commit, expiry, release, transmission }, body }
                }
            ),
            (name(), vec(name(), 0..3), body()).prop_map(|(name, arguments, body)| Stmt::Define {
                name,
                function: Arc::new(Function { arguments, body })
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_statements_are_survived(
        statements in vec(statement(), 0..6),
        has_packet in any::<bool>(),
        lease in any::<Option<bool>>(),
    ) {
        let config = configuration("class \"A\" { match if exists host-name; } class \"B\" { spawn with option host-name; }");
        let request = Request::new(&config);
        let names = Names::default();
        let (mut globals, mut variables, mut progress, mut outcomes) =
            (Bindings::default(), Bindings::default(), Progress::default(), Vec::new());
        let mut environment =
            Environment::new(&config, Timestamp(900), &names, &mut globals, &mut progress, &mut outcomes);
        environment.packet = if has_packet { Some(&request) } else { None };
        environment.lease = lease.map(|_| LEASE);
        environment.variables = lease.filter(|own| *own).map(|_| &mut variables);
        environment.run(&statements);
        for code in [12, 15, 119] {
            if let Some(value) = environment.progress.reply.get(OptionKey::dhcp(code)).cloned() {
                environment.append_reply_value(&value, &mut Vec::new());
            }
        }
        prop_assert!(classify::classify(&mut environment, &"x").len() <= classify::MOST_CLASSES);
        prop_assert!(environment.frames.is_empty() && environment.configured.is_empty());
        prop_assert!(progress.added.len() <= classify::MOST_CLASSES);
        print::statements(&mut Vec::new(), &config.registry, &statements, 4);
    }
}
