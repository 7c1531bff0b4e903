//! What makes ISC dhcpd die or go on for ever ends here with a line in the log.

use super::{option, run};
use std::time::{Duration, Instant};

#[test]
fn a_value_made_of_itself_is_null() {
    assert_eq!(option("option host-name = config-option host-name;", 12), None);
    let both = "option host-name = config-option root-path; option root-path = concat(\"a\", config-option host-name);";
    assert_eq!(option(both, 12), None);
}

#[test]
fn functions_that_call_themselves_come_to_an_end() {
    let start = Instant::now();
    let run = run("define ff_f (argx) { set aa_a = ff_f(argx); set bb_b = ff_f(argx); return argx; } \
                   set zz_v = ff_f(\"x\"); log(info, \"after\");");
    assert!(run.texts().contains(&"ff_f: functions call each other too deeply."));
    assert_eq!(run.texts().last(), Some(&"statements and expressions go on for too long."));
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn values_do_not_grow_without_bound() {
    let doubling = "set zz_v = concat(zz_w, zz_w); set zz_w = concat(zz_v, zz_v);".repeat(40);
    let run = run(&format!("set zz_w = \"x\"; {doubling}"));
    assert_eq!(run.texts(), ["data: a value is longer than 65536 bytes."]);
    assert_eq!(run.variable("zz_v"), None);
}

#[test]
fn joined_options_do_not_nest_without_bound() {
    let many = "append domain-name = option host-name;".repeat(1500);
    let run = run(&many);
    assert_eq!(run.texts().len(), 499);
    assert_eq!(run.texts()[0], "option domain-name is made of too many parts.");
    assert_eq!(option(&"append domain-name \"a\";".repeat(5000), 15).unwrap().len(), 5000);
}

#[test]
fn the_deepest_expressions_that_load_have_values() {
    let text = format!("set zz_v = concat({}\"b\");", "\"a\", ".repeat(1900));
    std::thread::Builder::new()
        .stack_size(8 << 20)
        .spawn(move || {
            let run = run(&text);
            assert!(run.variable("zz_v").is_some(), "{:?}", run.texts());
        })
        .unwrap()
        .join()
        .unwrap();
}
