//! Scopes: who is inside whom, and what the root begins with.

use super::super::ir::{Expr, OptionOp, Stmt};
use super::super::model::*;
use super::{good, v4};
use crate::options::registry::OptionKey;

/// The domain names that run from the root down to a scope.
fn domain_names(config: &Config, scope: ScopeId, limit: Option<ScopeId>) -> String {
    let mut text = String::new();
    for scope in config.chain(scope, limit) {
        for statement in &config.scope(scope).statements {
            if let Stmt::Option { option, value, .. } = statement {
                if option.key == OptionKey::dhcp(15) {
                    text += &String::from_utf8_lossy(value.constant().unwrap());
                }
            }
        }
    }
    text
}

/// spec/config-language.md 16.4
const SCOPES: &str = r#"
option domain-name "G1,";
class "A" { match if exists host-name; append domain-name "classA,"; }
class "S" { match hardware; append domain-name "classS,"; }
subclass "S" 1:02:00:00:00:00:01 { append domain-name "subS,"; }
subclass "S" 1:02:00:00:00:00:02;
group "ng" { append domain-name "namedgroup,"; }
group { append domain-name "outergroup,";
 shared-network sn { append domain-name "shared,";
  class "D" { match if exists host-name; append domain-name "classD-in-shared,"; }
  subnet 10.77.0.0 netmask 255.255.255.0 { append domain-name "subnet,";
   pool { range 10.77.0.20 10.77.0.30; append domain-name "pool,"; }
   append domain-name "subnet-after-pool,"; }
  append domain-name "shared-after,"; } }
group { append domain-name "hostgroup,";
 host h1 { hardware ethernet 02:00:00:00:00:01; append domain-name "host,"; }
 host h2 { hardware ethernet 02:00:00:00:00:02; group "ng"; append domain-name "host2,"; }
 host h3 { hardware ethernet 02:00:00:00:00:03; group "ng"; }
 host h4 { hardware ethernet 02:00:00:00:00:04; fixed-address 10.77.0.40; append domain-name "host4,"; }
 host h5 { hardware ethernet 02:00:00:00:00:05; } }
append domain-name "G2,";
"#;

#[test]
fn scopes_are_inside_each_other() {
    let config = good(SCOPES);
    let subnet = config.subnets[0].scope;
    assert_eq!(domain_names(&config, subnet, None), "G1,G2,outergroup,shared,shared-after,subnet,subnet-after-pool,");
    let pool = config.pools[0].scope;
    assert_eq!(domain_names(&config, pool, Some(config.networks[0].scope)), "pool,");
    assert_eq!(config.scope(pool).parent, Some(config.networks[0].scope));
    let class = |name| &config.classes[config.class_named(name).unwrap().index()];
    assert_eq!(domain_names(&config, class("D").scope, Some(pool)), "classD-in-shared,");
    let subclass = |last| class("S").subclasses[&[1, 2, 0, 0, 0, 0, last][..]];
    let scope = |id: ClassId| config.classes[id.index()].scope;
    assert_eq!(domain_names(&config, scope(subclass(1)), Some(pool)), "classS,subS,");
    assert_eq!(scope(subclass(2)), class("S").scope);
}

#[test]
fn hosts_borrow_the_scope_around_them() {
    let config = good(SCOPES);
    let pool = config.pools[0].scope;
    let of_host = |name| {
        let host = &config.hosts[config.host_named(name).unwrap().index()];
        domain_names(&config, host.scope, Some(pool))
    };
    assert_eq!(of_host("h1"), "hostgroup,host,");
    assert_eq!(of_host("h2"), "namedgroup,host2,");
    assert_eq!(of_host("h3"), "namedgroup,");
    assert_eq!(of_host("h4"), "hostgroup,host4,");
    assert_eq!(of_host("h5"), "hostgroup,");
    let scope = |name| config.hosts[config.host_named(name).unwrap().index()].scope;
    assert_eq!(scope("h3"), config.groups["ng"]);
    assert_eq!(config.scope(scope("h1")).parent, Some(scope("h5")));
}

#[test]
fn a_second_group_of_a_name_takes_the_first_away() {
    let group = "group \"g\" { }";
    assert!(!good(&group.repeat(2)).groups.contains_key("g"));
    assert!(good(&group.repeat(3)).groups.contains_key("g"));
    assert!(!good("group \"g\" { } group \"g\" { deleted; option host-name \"x\"; }").groups.contains_key("g"));
}

#[test]
fn authority_is_copied_at_the_brace() {
    let config = good(
        "subnet 10.0.0.0 netmask 255.255.255.0 { } authoritative; subnet 10.0.1.0 netmask 255.255.255.0 { }
         subnet 10.0.2.0 netmask 255.255.255.0 { not authoritative; }",
    );
    let authority: Vec<_> = config.subnets.iter().map(|subnet| config.scope(subnet.scope).authoritative).collect();
    assert_eq!(authority, [false, true, false]);
}

#[test]
fn the_root_begins_with_names_for_dns() {
    let config = good("");
    let root = &config.scope(Config::ROOT).statements;
    let code = |statement: &Stmt| match statement {
        Stmt::Option { op: OptionOp::Supersede, option, .. } => option.key,
        other => panic!("{other:?}"),
    };
    assert_eq!(root.iter().map(code).collect::<Vec<_>>(), [24, 23, 25].map(OptionKey::server));
    assert!(
        matches!(&root[0], Stmt::Option { value, .. } if matches!(&**value, Expr::Pick(choices) if choices.len() == 3))
    );
}

#[test]
fn messages_come_in_the_order_of_the_file() {
    let loading =
        v4("subnet 10.0.0.0 netmask 255.255.255.0 {\n option nonsense 1;\n option routers 1.2 3;\n option x 1;\n}");
    let at = |message: &super::Message| match message {
        super::Message::Complaint(complaint) => loading.sources.line_column(complaint.span).0,
        _ => 0,
    };
    assert_eq!(loading.messages.iter().map(at).collect::<Vec<_>>(), [2, 3, 4]);
}
