//! The vectors of spec/expressions.md 16 through the whole engine, each with the number of its row there. `Rows of` in front
//! of a test names the rows that it proves: compat-tests/vectors.rs sees that none is forgotten.

use super::harness::{hex, option, Client, Server};
use std::collections::BTreeSet;

/// The server of the tables, with global lines and lines in the subnet.
fn server(global: &str, subnet: &str) -> Server {
    let text = format!(
        "ddns-update-style none; default-lease-time 600; max-lease-time 7200; authoritative; ping-check false;\n{global}\n\
         subnet 10.77.0.0 netmask 255.255.0.0 {{ range 10.77.1.10 10.77.1.250;\n{subnet}\n}}"
    );
    Server::on(&text, "10.77.0.2")
}

/// The DISCOVER of spec/expressions.md 16 with one option more.
fn discover(more: &[(u8, &[u8])]) -> Vec<u8> {
    let mut options: Vec<(u8, &[u8])> = vec![
        (12, b"Host"),
        (61, &[1, 2, 0, 0, 0x77, 0, 1]),
        (60, b"MSFT 5.0"),
        (77, b""),
        (82, &[1, 1, 0xaa]),
        (200, &[1, 2, 3, 4, 5, 6, 7, 8]),
        (55, &[15]),
    ];
    options.extend_from_slice(more);
    Client::new(1).discover(&options)
}

/// What the statements log while such a request is answered.
fn logged(subnet: &str, request: &[u8]) -> Vec<String> {
    let mut server = server("", subnet);
    server.take_logs();
    server.ask(request).expect("an OFFER");
    let mut lines = server.take_logs();
    lines.retain(|line| !line.starts_with("DHCP"));
    lines
}

/// The value of a data expression as hex, `N` for null, behind what was complained about.
fn data(expression: &str, request: &[u8]) -> Vec<String> {
    let statement = format!(
        "log (info, concat (\"=\", pick-first-value (binary-to-ascii (16, 8, \":\", concat ({expression}, \"\")), \"N\")));"
    );
    let mut lines = logged(&statement, request);
    let value = lines.pop().expect("a value");
    let octets = value.strip_prefix('=').expect("the value comes last").split(':');
    let octets = octets.map(|octet| if octet.len() == 1 && octet != "N" { format!("0{octet}") } else { octet.into() });
    lines.push(octets.collect());
    lines
}

/// Each row of the range has an entry.
fn is_complete<'t>(entries: impl Iterator<Item = &'t u8>, first: u8, last: u8) {
    let found: BTreeSet<u8> = entries.copied().collect();
    let missing: Vec<u8> = (first..=last).filter(|row| !found.contains(row)).collect();
    assert!(missing.is_empty(), "no entry for rows {missing:?}");
}

fn text(octets: &str) -> String {
    octets.bytes().map(|octet| format!("{octet:02x}")).collect()
}

/// 16.1: row, expression, value.
///
/// Rows of expressions.md: 1-19, 21
#[test]
fn data_expressions() {
    let four = "0a:ff:00:64";
    let to = |base: u8, width: u8, separator: &str, octets: &str| {
        format!("binary-to-ascii({base},{width},\"{separator}\",{octets})")
    };
    let entries: Vec<(u8, String, String)> = vec![
        (1, "option host-name".into(), "486f7374".into()),
        (1, "option domain-name".into(), "N".into()),
        (1, "option user-class".into(), "".into()),
        (2, "substring(option unknown-200,6,10)".into(), "0708".into()),
        (3, "substring(option unknown-200,8,1)".into(), "".into()),
        (3, "substring(option unknown-200,20,1)".into(), "".into()),
        (3, "substring(option unknown-200,2,0)".into(), "".into()),
        (4, "suffix(option unknown-200,3)".into(), "060708".into()),
        (4, "suffix(option unknown-200,30)".into(), "0102030405060708".into()),
        (4, "suffix(option unknown-200,0)".into(), "".into()),
        (5, "lcase(\"aBcZ@[\u{c3}\u{a9}\")".into(), "6162637a405bc3a9".into()),
        (5, "ucase(\"aBcz`{\")".into(), "4142435a607b".into()),
        (6, "hardware".into(), "01020000770001".into()),
        (6, "packet(28,6)".into(), "020000770001".into()),
        (6, "packet(236,4)".into(), "63825363".into()),
        (6, "packet(1000,4)".into(), "N".into()),
        (7, "concat(\"a\",\"b\",\"c\")".into(), "616263".into()),
        (7, "concat(\"a\",\"\")".into(), "61".into()),
        (7, "concat(\"a\",option domain-name)".into(), "N".into()),
        (8, "encode-int(258,8)".into(), "02".into()),
        (8, "encode-int(258,16)".into(), "0102".into()),
        (8, "encode-int(258,32)".into(), "00000102".into()),
        (8, "encode-int(65537,16)".into(), "0001".into()),
        (9, to(10, 8, ".", four), text("10.255.0.100")),
        (10, to(16, 8, ":", four), text("a:ff:0:64")),
        (10, to(8, 8, "-", four), text("12-377-0-144")),
        (11, to(16, 16, ":", "00:0a:01:02"), text("a:102")),
        (11, to(16, 32, ":", "00:0a:01:02"), text("a0102")),
        (12, to(2, 8, ",", "05:80"), text("101,10000000")),
        (12, to(3, 8, ":", "1a:02"), text("222:2")),
        (12, to(17, 8, ":", "01:02"), text(":")),
        (12, to(1, 8, "", "01:02"), text("0000")),
        (14, to(7, 32, " ", "ff:ff:ff:ff"), text("211301422353")),
        (14, to(8, 32, " ", "ff:ff:ff:ff"), text("37777777777")),
        (15, "reverse(1,01:02:03)".into(), "030201".into()),
        (15, "reverse(2,01:02:03:04)".into(), "03040102".into()),
        (16, "pick(option domain-name,null,\"x\")".into(), "78".into()),
        (16, "pick(\"\",\"x\")".into(), "".into()),
        (17, "leased-address".into(), "0a4d010a".into()),
        (17, "filename".into(), "N".into()),
        (18, "config-option server.default-lease-time".into(), "00000258".into()),
        (19, "option agent.circuit-id".into(), "aa".into()),
        (19, "option relay-agent-information".into(), "0101aa".into()),
    ];
    for (row, expression, value) in &entries {
        assert_eq!(data(expression, &discover(&[])), [value.as_str()], "row {row}: {expression}");
    }
    let complaints = [
        (13, to(10, 16, "", "01:02:03"), "binary-to-ascii: length of buffer 3 not a multiple of width 2!"),
        (13, to(10, 24, "", "01:02:03"), "binary_to_ascii: invalid width 24!"),
        (15, "reverse(2,01:02:03)".into(), "reverse: length of buffer 3 not a multiple of width 2!"),
        (17, "host-decl-name".into(), "data: host_decl_name: not available"),
    ];
    for (row, expression, complaint) in &complaints {
        assert_eq!(data(expression, &discover(&[])), [complaint, "N"], "row {row}: {expression}");
    }
    let mut named = discover(&[]);
    named[44..46].copy_from_slice(b"sn");
    named[108..110].copy_from_slice(b"bf");
    assert_eq!(data("concat(filename,\"|\",server-name)", &named), [text("bf|sn")], "row 21");
    let rows = entries.iter().map(|entry| &entry.0).chain(complaints.iter().map(|entry| &entry.0));
    is_complete(rows, 1, 19);
}

/// 16.2: row, expression, value.
///
/// Rows of expressions.md: 22-29
#[test]
fn numeric_expressions() {
    let entries: [(u8, &str, Option<u32>); 18] = [
        (22, "extract-int(option unknown-200,8)", Some(1)),
        (22, "extract-int(option unknown-200,16)", Some(258)),
        (22, "extract-int(option unknown-200,32)", Some(16_909_060)),
        (23, "extract-int(encode-int(5,8),16)", None),
        (24, "7 / 0", None),
        (24, "7 % 0", None),
        (24, "7 % 3", Some(1)),
        (25, "3 + 4 % 5", Some(2)),
        (25, "3 * 4 % 5", Some(2)),
        (26, "100 / 2 + 3", Some(20)),
        (26, "1 + 100 / 2 + 3", Some(20)),
        (27, "6 & 3", Some(2)),
        (27, "6 | 1", Some(7)),
        (27, "6 ^ 3", Some(5)),
        (27, "12 ^ 5 ^ 1", Some(8)),
        (27, "1 + 2 & 2 + 4", Some(7)),
        (28, "extract-int(option unknown-200,16) * 2 + extract-int(01,8)", Some(774)),
        (29, "extract-int(option domain-name,8) + 1", None),
    ];
    for (row, expression, value) in &entries {
        let value = value.map_or("N".into(), |value| format!("{value:08x}"));
        let found = data(&format!("encode-int({expression}, 32)"), &discover(&[]));
        assert_eq!(found, [value], "row {row}: {expression}");
    }
    is_complete(entries.iter().map(|entry| &entry.0), 22, 29);
}

/// 16.3: row, expression, value.
///
/// Rows of expressions.md: 30-41
#[test]
fn boolean_expressions() {
    let entries = [
        (30, r#"option host-name = "Host""#, "T"),
        (30, r#"option host-name != "Host""#, "F"),
        (30, "option host-name = 48:6f:73:74", "T"),
        (31, r#"option domain-name = "x""#, "F"),
        (31, r#"option domain-name != "x""#, "T"),
        (31, "option domain-name = option domain-name", "T"),
        (31, "option domain-name = null", "T"),
        (32, r#""" = null"#, "F"),
        (32, r#""" = """#, "T"),
        (32, "null != null", "F"),
        (33, "exists host-name or exists domain-name", "T"),
        (34, "not (exists domain-name and exists host-name)", "N"),
        (35, "not exists domain-name and exists host-name", "T"),
        (37, r#"option host-name = "x" and option host-name = "x" or option host-name = "Host""#, "N"),
        (38, r#"option host-name ~= "^h""#, "F"),
        (38, r#"option host-name ~~ "^h""#, "T"),
        (38, r#"option host-name ~= "(""#, "F"),
        (38, r#"option domain-name ~= "a""#, "N"),
        (39, "extract-int(05,8) = extract-int(00:05,16)", "T"),
        (40, r#"num_k = "5""#, "F"),
        (40, r#"num_k != "5""#, "T"),
        (41, "substring(hardware,1,3) = 02:00:00", "T"),
    ];
    // Null is what makes neither a condition nor its negation true.
    for (row, expression, value) in &entries {
        let statements = format!(
            "set num_k = extract-int(05, 8); if ({expression}) {{ log (info, \"T\"); }} \
             elsif not ({expression}) {{ log (info, \"F\"); }} else {{ log (info, \"N\"); }}"
        );
        assert_eq!(logged(&statements, &discover(&[])), [*value], "row {row}: {expression}");
    }
    // What the table calls false where the operators say null (section 4): no condition is true by it.
    let conditions = [
        (33, "exists host-name and exists domain-name"),
        (36, "exists host-name or exists host-name and exists domain-name"),
    ];
    for (row, condition) in &conditions {
        let statements = format!("if {condition} {{ log (info, \"T\"); }} else {{ log (info, \"F\"); }}");
        assert_eq!(logged(&statements, &discover(&[])), ["F"], "row {row}: {condition}");
    }
    let rows = entries.iter().map(|entry| &entry.0).chain(conditions.iter().map(|entry| &entry.0));
    is_complete(rows, 30, 41);
}

/// 16.4: `lease-time` in an option is what the message at hand grants.
///
/// Rows of expressions.md: 47
#[test]
fn the_time_granted_in_an_option() {
    let mut server = server("", "option domain-name = binary-to-ascii(10,32,\"\",encode-int(lease-time,32));");
    let offer = server.ask(&discover(&[])).unwrap();
    assert_eq!(option(&offer, 15).unwrap(), b"120");
    let ack =
        server.ask(&Client::new(1).request("10.77.1.10", &[(61, &[1, 2, 0, 0, 0x77, 0, 1]), (55, &[15])])).unwrap();
    assert_eq!(option(&ack, 15).unwrap(), b"600");
}

/// 16.4: the class that is declared first has the last word, but for the host.
///
/// Rows of expressions.md: 55
#[test]
fn the_first_of_two_classes_wins() {
    let class = |name: &str| {
        format!(
            "class \"{name}\" {{ match if exists host-name; log (info, \"{name}\"); option domain-name \"{name}\"; }}"
        )
    };
    let host = "host h { hardware ethernet 02:00:00:77:00:01; log (info, \"host\"); }";
    let global = format!("log (info, \"root\"); {} {} {host}", class("A"), class("B"));
    let mut server = server(&global, "log (info, \"subnet\");");
    server.take_logs();
    let reply = server.ask(&discover(&[])).unwrap();
    let mut lines = server.take_logs();
    lines.retain(|line| !line.starts_with("DHCP"));
    assert_eq!(lines, ["root", "subnet", "B", "A", "host"]);
    assert_eq!(option(&reply, 15).unwrap(), hex("41"));
}

/// 16.4: option 125 is decoded by itself.
///
/// Rows of expressions.md: 59
#[test]
fn options_of_a_vendor() {
    assert_eq!(data("option isc.media", &discover(&[(125, &hex("000009bf05000100016d"))])), ["6d"]);
}

/// 16.5: variables of every type in the lease's record.
///
/// Rows of expressions.md: 62
#[test]
fn variables_in_the_lease_file() {
    let statements = r#"set s_str = "a b\"c\\d"; set s_bin = 01:02:7f:41:20:ff; set s_num = extract-int(01:00,16);
        set s_true = exists host-name; set s_false = exists domain-name; set s_null = option domain-name;
        set s_empty = ""; set s_neg = encode-int(1,8);
        set ClientMac = binary-to-ascii(16,8,":",substring(hardware,1,6));"#;
    let mut server = server("", statements);
    server.take_journal();
    let request = Client::new(1).request("10.77.1.10", &[(12, b"Host"), (60, b"MSFT")]);
    server.ask(&request).unwrap();
    let journal = server.take_journal();
    let written = r#"  hardware ethernet 02:00:00:77:00:01;
  set vendor-class-identifier = "MSFT";
  set ClientMac = "2:0:0:77:0:1";
  set s_neg = "\001";
  set s_false = false;
  set s_true = true;
  set s_num = %256;
  set s_bin = "\001\002\177A \377";
  set s_str = "a b\"c\\d";
"#;
    assert!(journal.contains(written), "{journal}");
    assert!(!journal.contains("s_null") && !journal.contains("s_empty"), "{journal}");
}
