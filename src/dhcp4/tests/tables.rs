//! Tables of spec/options.md 23, spec/expressions.md 16.4 and spec/config-language.md 16.4, through the whole engine.

use super::harness::{hex, option, options, show, shown, Client, Server};

const BASE: &str =
    "ddns-update-style none; default-lease-time 600; max-lease-time 7200; authoritative; ping-check false;";

/// The server of the tables, with global lines and lines in the subnet.
fn server(global: &str, subnet: &str) -> Server {
    let text = format!(
        "{BASE}\n{global}\nsubnet 10.77.0.0 netmask 255.255.0.0 {{ range 10.77.1.10 10.77.1.250;\n{subnet}\n}}"
    );
    Server::on(&text, "10.77.0.2")
}

/// Options in the tables' notation: `PRL 1,2`, or `c=hex`, blank separated.
fn parse_options(text: &str) -> Vec<(u8, Vec<u8>)> {
    text.split_whitespace()
        .map(|word| match word.split_once('=') {
            Some((code, value)) => (code.parse().unwrap(), hex(value)),
            None => (55, word.split(',').map(|code| code.parse().unwrap()).collect()),
        })
        .collect()
}

fn ask(server: &mut Server, kind: u8, text: &str) -> Vec<u8> {
    let parsed = parse_options(text);
    let borrowed: Vec<(u8, &[u8])> = parsed.iter().map(|(code, value)| (*code, value.as_slice())).collect();
    server.ask(&Client::new(1).packet(kind, &borrowed)).expect("a reply")
}

/// What the tables write as `...`.
const START: &str = "53=02 54=0a4d0002 51=00000258";

const C1: &str = "option routers 10.77.0.2; option domain-name \"example.org\"; option domain-name-servers 1.1.1.1; \
    option host-name \"h\"; option ntp-servers 1.2.3.4; option interface-mtu 1400; option time-offset 3600;";
const O3: &str = "option o1 code 130 = text; option o2 code 147 = text; option o3 code 164 = text;";
const SUNW: &str = "option space SUNW; option SUNW.a code 1 = unsigned integer 16; option SUNW.b code 2 = ip-address; \
    option SUNW.c code 4 = text; option SUNW.z code 9 = zerolen;";

/// spec/options.md 23.1 and 23.4: global lines, options of a DISCOVER, the reply.
#[test]
fn order_and_selection() {
    let vendor = format!(
        "{SUNW} vendor-option-space SUNW; option SUNW.c \"/x\"; option SUNW.b 1.2.3.4; option SUNW.a 7; option SUNW.z;"
    );
    let direct = format!("{vendor} option vendor-encapsulated-options 1:1:5;");
    let table: Vec<(&str, &str, &str)> = vec![
        (C1, "", "... 1=ffff0000 3=0a4d0002 6=01010101 12=68 2=00000e10 26=0578 42=01020304 15=6578616d706c652e6f7267"),
        (C1, "3,6,1", "... 1=ffff0000 6=01010101 3=0a4d0002"),
        (C1, "3,3,15,3,15", "... 1=ffff0000 15=6578616d706c652e6f7267 3=0a4d0002"),
        (C1, "255,0,15,82", "... 15=6578616d706c652e6f7267 1=ffff0000"),
        (C1, "55=0f 55=06", "... 15=6578616d706c652e6f7267 6=01010101 1=ffff0000"),
        ("option routers 1.1.1.1; option subnet-mask 255.0.0.0;", "3", "... 1=ff000000 3=01010101"),
        (
            "option dhcp-lease-time 5; option dhcp-renewal-time 100; option dhcp-rebinding-time 200; \
             option dhcp-message \"hi\"; option dhcp-message-type 9; option dhcp-server-identifier 9.9.9.9; \
             option dhcp-requested-address 1.1.1.1; option associated-ip 2.2.2.2;",
            "15",
            "53=02 54=09090909 51=00000258 58=00000064 59=000000c8 56=6869 50=01010101 92=02020202 1=ffff0000",
        ),
        ("option dhcp-renewal-time 300; option dhcp-rebinding-time 200;", "15", "... 59=000000c8 1=ffff0000"),
        ("option dhcp-renewal-time 100; option dhcp-rebinding-time 600;", "15", "... 58=00000064 1=ffff0000"),
        ("echo-client-id on;", "61=0102 15", "... 61=0102 1=ffff0000"),
        ("", "118=0a4d0000 15", "... 118=0a4d0000 1=ffff0000"),
        (&vendor, "43", "... 43=0102000702040102030404022f780900 1=ffff0000"),
        (&direct, "43", "... 43=010105 1=ffff0000"),
        (
            "option agent.circuit-id \"cfg\"; option agent.agent-id 1.2.3.4;",
            "15 82=02020a0b01020102",
            "... 1=ffff0000 82=02020a0b0103636667030401020304",
        ),
        ("option agent.circuit-id \"a\"; append agent.circuit-id \"b\";", "15", "... 1=ffff0000 82=01026162"),
        ("", "15 82=02020a0b01020102", "... 1=ffff0000 82=02020a0b01020102"),
        ("", "15 82=010101010102", "... 1=ffff0000 82=010101"),
        (
            "option e code 225 = { unsigned integer 8, text }; option f code 226 = string; \
             option domain-name \"example.org\"; option host-name \"h\"; option e 5 \"x\"; option f \"abc\";",
            "12=666f6f00 15,12,225,226",
            "... 15=6578616d706c652e6f726700 12=6800 225=057800 226=616263 1=ffff0000",
        ),
        (
            "option domain-search \"example.com\",\"a.example.com\"; append domain-search \"b.example.com\"; \
             prepend domain-search \"z.org\";",
            "119",
            "... 119=017a036f726700076578616d706c6503636f6d000161c0070162c007 1=ffff0000",
        ),
    ];
    for (global, request, reply) in table {
        let reply = reply.replace("...", START);
        assert_eq!(shown(&ask(&mut server(global, ""), 1, request)), reply, "{global} / {request}");
    }
    let ordered = format!("{O3} option o1 \"1\"; option o2 \"2\"; option o3 \"3\";");
    let reversed = format!("{O3} option o3 \"3\"; option o2 \"2\"; option o1 \"1\";");
    for (global, tail) in [(ordered, "147=32 130=31 164=33"), (reversed, "130=31 147=32 164=33")] {
        assert_eq!(shown(&ask(&mut server(&global, ""), 1, "")), format!("{START} 1=ffff0000 {tail}"));
    }
    let configured = format!("{C1} option dhcp-parameter-request-list 15,42,55;");
    let want = format!("{START} 15=6578616d706c652e6f7267 42=01020304 55=0f2a37 1=ffff0000");
    assert_eq!(shown(&ask(&mut server(&configured, ""), 1, "3")), want);
}

/// spec/expressions.md 16.4: configuration, options of a DISCOVER from a client that says `Host`, options of the reply.
///
/// Rows of expressions.md: 42-44, 48-51
#[test]
fn expressions_in_replies() {
    let table = [
        (
            "option domain-name = concat(\"a\",00,41,\"z\"); option ntp-servers = 01:02:03;",
            "15,42",
            "15=6100417a 42=010203",
        ),
        (
            "option host-name = concat(lcase(option host-name),\"-\",binary-to-ascii(10,8,\"-\",leased-address));",
            "12",
            "12=686f73742d31302d37372d312d3130",
        ),
        ("set zz_n = \"hello\"; option domain-name = zz_n;", "15", ""),
        ("option domain-name = binary-to-ascii(10,32,\"\",encode-int(lease-time,32));", "15", "15=313230"),
        ("option root-path = config-option dhcp-lease-time;", "17", "17=00000258"),
        ("option domain-name = config-option server.filename; filename \"ff\";", "15", "15=6666"),
        (
            "option merit-dump = option host-name; option host-name \"later\"; \
             option root-path = config-option host-name;",
            "12,14,17",
            "12=6c61746572 14=486f7374 17=6c61746572",
        ),
        (
            "define myf (argx, argy) { return concat(argx,\"/\",argy); } set rr_v = myf(\"a\",\"b\"); \
             option domain-name = myf(\"x\",\"y\");",
            "15",
            "",
        ),
    ];
    for (subnet, list, want) in table {
        let mut server = server("", subnet);
        let reply = ask(&mut server, 1, &format!("12=486f7374 {list}"));
        let own: Vec<String> = options(&reply)
            .into_iter()
            .filter(|(code, _)| ![53, 54, 51, 1].contains(code))
            .map(|(code, value)| format!("{code}={}", show(&value)))
            .collect();
        assert_eq!(own.join(" "), want, "{subnet}");
    }
}

/// Variables of the global scope.
///
/// Rows of expressions.md: 45, 46
#[test]
fn global_variables_reach_options() {
    let reply = ask(&mut server("set zz_r = \"rootvar\";", "option domain-name = zz_r;"), 1, "15");
    assert_eq!(option(&reply, 15).unwrap(), b"rootvar");

    let mut server = server("", "set vv_z = pick(option host-name,\"none\"); option domain-name = vv_z;");
    assert_eq!(option(&ask(&mut server, 1, "12=486f7374 15"), 15), None);
    let inform = Client::new(2).using("10.77.0.9").packet(8, &[(12, b"informhost"), (55, &[15])]);
    assert_eq!(option(&server.ask(&inform).unwrap(), 15).unwrap(), b"informhost");
    assert_eq!(option(&ask(&mut server, 1, "12=7365636f6e64 15"), 15).unwrap(), b"informhost");
}

/// Which of the statements run.
///
/// Rows of expressions.md: 52-54, 56
#[test]
fn statements_run() {
    let l = |n: u8| format!("log (info, \"L{n}\");");
    let table =
        [
            (
                format!(
                "switch (option host-name) {{ case \"a\": {} case \"Host\": {} case \"b\": {} break; case \"c\": {} \
                 default: {} }} {}",
                l(1), l(2), l(3), l(4), l(5), l(6)
            ),
                "L2 L3 L6",
            ),
            (format!("switch (option domain-name) {{ default: {} case \"a\": {} }} {}", l(1), l(2), l(3)), "L1 L2 L3"),
            (format!("{} break; {}", l(1), l(2)), "L1"),
            (format!("if exists host-name {{ {} break; {} }} {}", l(1), l(2), l(3)), "L1 L3"),
            ("execute (\"/bin/false\");".into(), "execute_statement argv[0] = /bin/false (execute /bin/false)"),
        ];
    for (subnet, want) in table {
        let mut server = server("", &subnet);
        ask(&mut server, 1, "12=486f7374");
        let logs = server.take_logs();
        let lines: Vec<&str> = logs.iter().map(String::as_str).filter(|line| !line.starts_with("DHCP")).collect();
        assert_eq!(lines.join(" "), want, "{subnet}");
    }
    let classes: String =
        (0..7).map(|n| format!("class \"C{n}\" {{ match if exists host-name; log (info, \"C{n}\"); }}\n")).collect();
    let mut server = server(&classes, "");
    ask(&mut server, 1, "12=486f7374");
    let too_many = "too many classes match 02:00:00:77:00:01";
    assert_eq!(server.take_logs()[..7], [too_many, too_many, "C4", "C3", "C2", "C1", "C0"]);
}

/// Vendor options that are parsed on request, and statements that act on a commit.
///
/// Rows of expressions.md: 57, 58, 60
#[test]
fn vendor_options_and_commit() {
    let space = "option space SUNW; option SUNW.server-address code 2 = ip-address; \
        option SUNW.server-name code 3 = text;";
    let subnet = "vendor-option-space SUNW; parse-vendor-option; \
        log (info, concat (binary-to-ascii (16, 8, \":\", option SUNW.server-address), \" \", \
        pick (option SUNW.server-name, \"N\")));";
    let mut first = server(space, subnet);
    ask(&mut first, 1, "43=020401020304");
    assert_eq!(first.take_logs()[0], "1:2:3:4 N");
    let mut second = server(space, subnet);
    ask(&mut second, 1, "43=0204010203040309");
    assert_eq!(
        second.take_logs()[..2],
        [
            "parse_option_buffer: malformed option SUNW.<unknown> (code 3): option length exceeds option buffer length.",
            "1:2:3:4 N",
        ]
    );

    let commit = "on commit { option domain-name \"x\"; default ntp-servers 1.1.1.1; filename \"late\"; }";
    let mut server = server("", commit);
    let reply = server.ask(&Client::new(1).request("10.77.1.20", &[(55, &[15, 42])])).unwrap();
    assert_eq!(option(&reply, 15).unwrap(), b"x");
    assert_eq!(option(&reply, 42).unwrap(), [1, 1, 1, 1]);
    assert_eq!(reply[108], 0);
}

const SCOPES: &str = r#"
ping-check false;
option domain-name "G1,";
class "A" { match if exists host-name; append domain-name "classA,"; }
class "B" { match if exists dhcp-message-type; append domain-name "classB,"; }
class "S" { match hardware; append domain-name "classS,"; }
subclass "S" 1:02:00:00:77:00:01 { append domain-name "subS,"; }
subclass "S" 1:02:00:00:77:00:02;
class "C" { match if known; append domain-name "classC,"; }
group "ng" { append domain-name "namedgroup,"; }
group { append domain-name "outergroup,";
 shared-network sn { append domain-name "shared,";
  class "D" { match if exists host-name; append domain-name "classD-in-shared,"; }
  subnet 10.77.0.0 netmask 255.255.255.0 { append domain-name "subnet,";
   pool { range 10.77.0.20 10.77.0.30; append domain-name "pool,"; }
   append domain-name "subnet-after-pool,"; }
  append domain-name "shared-after,"; } }
group { append domain-name "hostgroup,";
 host h1 { hardware ethernet 02:00:00:77:00:01; append domain-name "host,"; }
 host h2 { hardware ethernet 02:00:00:77:00:02; group "ng"; append domain-name "host2,"; }
 host h3 { hardware ethernet 02:00:00:77:00:03; group "ng"; }
 host h4 { hardware ethernet 02:00:00:77:00:04; fixed-address 10.77.0.40; append domain-name "host4,"; } }
append domain-name "G2,";
"#;

/// spec/config-language.md 16.4.
#[test]
fn scopes_run_in_order() {
    let common = "G1,G2,outergroup,shared,shared-after,subnet,subnet-after-pool,";
    let table: [(u8, bool, &str); 5] = [
        (1, true, "pool,classD-in-shared,classS,subS,classB,classA,hostgroup,host,"),
        (2, true, "pool,classD-in-shared,classS,classB,classA,namedgroup,host2,"),
        (3, false, "pool,classB,namedgroup,"),
        (4, true, "classD-in-shared,classB,classA,hostgroup,host4,"),
        (9, true, "pool,classD-in-shared,classB,classA,"),
    ];
    for (client, sends_name, rest) in table {
        let name: &[(u8, &[u8])] = if sends_name { &[(12, b"pc")] } else { &[] };
        let reply = Server::on(SCOPES, "10.77.0.1").ask(&Client::new(client).discover(name)).unwrap();
        let text = String::from_utf8(option(&reply, 15).unwrap()).unwrap();
        assert_eq!(text, format!("{common}{rest}"), "client {client}");
    }
}

/// spec/options.md 23.2, row by row: what is configured, the request, lengths in the main area, and octets of the whole.
#[test]
fn sizes() {
    /// Length of option 224, more configuration, more options, lengths in the reply's main area, length of the reply.
    type Row = (usize, &'static str, &'static str, &'static [(u8, usize)], usize);
    let table: [Row; 9] = [
        (255, "", "", &[(224, 255), (225, 4), (1, 4)], 525),
        (256, "", "", &[(224, 255), (224, 1), (225, 4), (1, 4)], 528),
        (300, "", "", &[(224, 255), (224, 31), (52, 1)], 548),
        (473, "", "", &[(225, 4), (1, 4)], 300),
        (300, "", "57=0258", &[(224, 255), (224, 45), (225, 4), (1, 4)], 572),
        (300, "", "57=0064", &[(224, 255), (224, 31), (52, 1)], 548),
        (600, "", "57=07d0", &[(224, 255), (224, 255), (224, 90), (225, 4), (1, 4)], 874),
        (400, "option dhcp-max-message-size 600;", "57=04b0", &[(224, 255), (224, 145), (1, 4)], 666),
        (400, "option dhcp-max-message-size 600;", "", &[(224, 255), (224, 55), (52, 1)], 572),
    ];
    for (length, more, request, main, total) in table {
        let small = if more.is_empty() { "option small 1;" } else { "" };
        let global = format!(
            "option big code 224 = text; option small code 225 = unsigned integer 32; option big \"{}\"; {small} {more}",
            "A".repeat(length)
        );
        let reply = ask(&mut server(&global, ""), 1, &format!("224,225 {request}"));
        let lengths: Vec<(u8, usize)> =
            options(&reply).into_iter().map(|(code, value)| (code, value.len())).skip(3).collect();
        assert_eq!((lengths.as_slice(), reply.len()), (main, total), "{length} {more} {request}");
    }
}
