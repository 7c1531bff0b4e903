//! Declarations.

use super::*;

impl Printer<'_> {
    pub(super) fn kind(&mut self, kind: &Kind) {
        match kind {
            Kind::SharedNetwork { name, body } => {
                self.block(&format!("shared-network {}", name_or_string(name)), body);
            }
            Kind::Subnet { address, netmask, body } => {
                self.block(&format!("subnet {address} netmask {netmask}"), body);
            }
            Kind::Subnet6 { address, length, body } => self.block(&format!("subnet6 {address}/{length}"), body),
            Kind::Pool { body } => self.block("pool", body),
            Kind::Pool6 { body } => self.block("pool6", body),
            Kind::Group { name: None, body } => self.block("group", body),
            Kind::Group { name: Some(name), body } => self.block(&format!("group {}", quoted_name(name)), body),
            Kind::Host { name, body } => self.block(&format!("host {}", name.text), body),
            Kind::Class { name, body, .. } => self.block(&format!("class {}", quoted_name(name)), body),
            Kind::Subclass { flavour, class, data, body } => self.subclass(*flavour, class, data, body.as_deref()),
            Kind::FailoverPeer { name, body } => {
                let lines: Vec<String> = body.iter().map(|line| peer_line(&line.kind)).collect();
                self.lines(&format!("failover peer {}", quoted_name(name)), &lines);
            }
            Kind::FailoverState { name, states } => {
                let line = |(number, state): (usize, &Name)| {
                    let whose = if number == 0 { "my" } else { "partner" };
                    format!("{whose} state {} at never;", state.text)
                };
                let lines: Vec<String> = states.iter().enumerate().map(line).collect();
                self.lines(&format!("failover peer {} state", quoted_name(name)), &lines);
            }
            Kind::Key { name, algorithm, secret } => {
                let algorithm = algorithm.as_ref().map(|name| format!("algorithm {};", name.text));
                let secret = secret.as_ref().map(|(text, _)| format!("secret {};", quoted_text(text)));
                let lines: Vec<String> = algorithm.into_iter().chain(secret).collect();
                self.lines(&format!("key {}", name_or_string(name)), &lines);
            }
            Kind::Zone { name, body } => {
                let lines: Vec<String> = body.iter().map(|line| zone_line(&line.kind)).collect();
                self.lines(&format!("zone {}", name.text), &lines);
            }
            Kind::HostIdentifier { relay, option, value } => {
                match relay {
                    Some(relay) => self.text(&format!("host-identifier v6relopt {relay} ")),
                    None => self.text("host-identifier option "),
                }
                self.option_name(option);
                self.tokens(value);
                self.text(";");
            }
            Kind::Match(value) => self.around("match ", value, ";"),
            Kind::MatchIf(condition) => self.around("match if ", condition, ";"),
            Kind::Spawn(value) => self.around("spawn with ", value, ";"),
            Kind::Executable(executable) => self.executable(executable),
            other => self.text(&simple(other)),
        }
    }

    fn lines(&mut self, header: &str, lines: &[String]) {
        self.text(&format!("{header} {{\n"));
        for line in lines {
            self.indent();
            self.text(&format!("  {line}\n"));
        }
        self.indent();
        self.text("}");
    }

    fn subclass(&mut self, flavour: ClassFlavour, class: &Name, data: &[u8], body: Option<&[Statement]>) {
        let header = match flavour {
            ClassFlavour::Class => format!("subclass {} {}", quoted_name(class), quoted(data)),
            ClassFlavour::VendorClass => format!("vendor-class {}", quoted_name(class)),
            ClassFlavour::UserClass => format!("user-class {}", quoted_name(class)),
        };
        match body {
            Some(body) => self.block(&header, body),
            None => self.text(&format!("{header};")),
        }
    }
}

/// Declarations of one line without expressions and tokens.
fn simple(kind: &Kind) -> String {
    match kind {
        Kind::Interface(name) => format!("interface {};", quoted_name(name)),
        Kind::Range { dynamic_bootp, low, high } => {
            let flag = if *dynamic_bootp { "dynamic-bootp " } else { "" };
            format!("range {flag}{low}{};", high.map(|high| format!(" {high}")).unwrap_or_default())
        }
        Kind::Range6 { low, rest: Range6::To(high) } => format!("range6 {low} {high};"),
        Kind::Range6 { low, rest: Range6::Prefix { length, temporary } } => {
            format!("range6 {low}/{length}{};", if *temporary { " temporary" } else { "" })
        }
        Kind::Prefix6 { low, high, length } => format!("prefix6 {low} {high} /{length};"),
        Kind::Hardware { htype, address } => {
            let name = match htype {
                1 => "ethernet".to_owned(),
                6 => "token-ring".to_owned(),
                8 => "fddi".to_owned(),
                32 => "infiniband".to_owned(),
                other => format!("unknown-{other}"),
            };
            format!("hardware {name} {};", hex(address))
        }
        Kind::Uid(octets) => format!("uid {};", quoted(octets)),
        Kind::FixedAddress(addresses) => format!("fixed-address {};", addresses_or_names(addresses)),
        Kind::FixedAddress6(addresses) => format!("fixed-address6 {};", list(addresses)),
        Kind::FixedPrefix6 { address, length } => format!("fixed-prefix6 {address}/{length};"),
        Kind::HostGroup(name) => format!("group {};", quoted_name(name)),
        Kind::LeaseLimit(limit) => format!("lease limit {limit};"),
        Kind::UsePeer { name, quoted: true } => format!("failover peer {};", quoted_name(name)),
        Kind::UsePeer { name, quoted: false } => format!("failover peer {};", name.text),
        Kind::NoPeer => "no failover peer".to_owned(),
        Kind::Permit { allow, permit } => {
            format!("{} {};", if *allow { "allow" } else { "deny" }, permit_text(permit))
        }
        Kind::Authoritative(true) => "authoritative;".to_owned(),
        Kind::Authoritative(false) => "not authoritative;".to_owned(),
        Kind::ServerDuid(duid) => server_duid(duid),
        Kind::LeaseIdFormat { hex } => format!("lease-id-format {};", if *hex { "hex" } else { "octal" }),
        Kind::OptionSpace { name, code_width, length_width } => {
            let code = code_width.map(|width| format!(" code width {width}")).unwrap_or_default();
            let length = length_width.map(|width| format!(" length width {width}")).unwrap_or_default();
            format!("option space {}{code}{length};", name.text)
        }
        Kind::OptionDefinition { option, code, definition } => {
            let space = option.space.as_ref().map(|space| format!("{}.", space.text)).unwrap_or_default();
            format!("option {space}{} code {code} = {};", option.name.text, option_type(definition))
        }
        Kind::Dynamic => "dynamic;".to_owned(),
        Kind::Deleted => "deleted;".to_owned(),
        Kind::Static => "static;".to_owned(),
        _ => String::new(),
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

fn address_or_name(address: &AddressOrName) -> String {
    match address {
        AddressOrName::Address(address) => address.to_string(),
        AddressOrName::Name(name) => name.text.to_string(),
    }
}

fn addresses_or_names(addresses: &[AddressOrName]) -> String {
    list(&addresses.iter().map(address_or_name).collect::<Vec<_>>())
}

fn permit_text(permit: &Permit) -> String {
    match permit {
        Permit::KnownClients => "known clients".to_owned(),
        Permit::UnknownClients => "unknown clients".to_owned(),
        Permit::AllClients => "all clients".to_owned(),
        Permit::DynamicBootpClients => "dynamic bootp clients".to_owned(),
        Permit::AuthenticatedClients => "authenticated clients".to_owned(),
        Permit::UnauthenticatedClients => "unauthenticated clients".to_owned(),
        Permit::MembersOf(name) => format!("members of {}", quoted_name(name)),
        Permit::After(date) => format!("after epoch {date}"),
    }
}

fn server_duid(duid: &ServerDuid) -> String {
    let hardware = |number: u16| match number {
        6 => "token-ring",
        8 => "fddi",
        _ => "ethernet",
    };
    match duid {
        ServerDuid::Llt(None) => "server-duid llt;".to_owned(),
        ServerDuid::Llt(Some((kind, time, address))) => {
            format!("server-duid llt {} {} {};", hardware(*kind), *time as i32, hex(address))
        }
        ServerDuid::Ll(None) => "server-duid ll;".to_owned(),
        ServerDuid::Ll(Some((kind, address))) => format!("server-duid ll {} {};", hardware(*kind), hex(address)),
        ServerDuid::En(number, data) => format!("server-duid en {} {};", *number as i32, quoted(data)),
        ServerDuid::Other(kind, data) => format!("server-duid {kind} {};", quoted(data)),
    }
}

fn option_type(definition: &OptionType) -> String {
    match definition {
        OptionType::Simple(simple) => simple_type(simple),
        OptionType::Array(simple) => format!("array of {}", simple_type(simple)),
        OptionType::Record(items) => record(items),
        OptionType::ArrayOfRecord(items) => format!("array of {}", record(items)),
    }
}

fn record(items: &[(bool, SimpleType)]) -> String {
    let item = |(array, simple): &(bool, SimpleType)| {
        format!("{}{}", if *array { "array of " } else { "" }, simple_type(simple))
    };
    format!("{{ {} }}", list(&items.iter().map(item).collect::<Vec<_>>()))
}

fn simple_type(simple: &SimpleType) -> String {
    match simple {
        SimpleType::Boolean => "boolean".to_owned(),
        SimpleType::Integer { signed, bits } => {
            format!("{} integer {bits}", if *signed { "signed" } else { "unsigned" })
        }
        SimpleType::IpAddress => "ip-address".to_owned(),
        SimpleType::Ip6Address => "ip6-address".to_owned(),
        SimpleType::Text => "text".to_owned(),
        SimpleType::String => "string".to_owned(),
        SimpleType::DomainName => "domain-name".to_owned(),
        SimpleType::DomainList { compressed: true } => "domain-list compressed".to_owned(),
        SimpleType::DomainList { compressed: false } => "domain-list".to_owned(),
        SimpleType::Encapsulate(space) => format!("encapsulate {}", space.text),
        SimpleType::ZeroLength => "zerolen".to_owned(),
    }
}

fn peer_line(kind: &PeerKind) -> String {
    match kind {
        PeerKind::Primary => "primary;".to_owned(),
        PeerKind::Secondary => "secondary;".to_owned(),
        PeerKind::Address(address) => format!("address {};", address_or_name(address)),
        PeerKind::PeerAddress(address) => format!("peer address {};", address_or_name(address)),
        PeerKind::Port(port) => format!("port {port};"),
        PeerKind::PeerPort(port) => format!("peer port {port};"),
        PeerKind::Number { keyword, value } => format!("{keyword} {value};"),
        PeerKind::PeerNumber { keyword, value } => format!("peer {keyword} {value};"),
        PeerKind::LoadBalanceMaxSeconds(seconds) => format!("load balance max seconds {seconds};"),
        PeerKind::Hba(octets) => format!("hba {};", hex(octets)),
    }
}

fn zone_line(kind: &ZoneKind) -> String {
    match kind {
        ZoneKind::Primary(servers) => format!("primary {};", addresses_or_names(servers)),
        ZoneKind::Secondary(servers) => format!("secondary {};", addresses_or_names(servers)),
        ZoneKind::Primary6(servers) => format!("primary6 {};", list(servers)),
        ZoneKind::Secondary6(servers) => format!("secondary6 {};", list(servers)),
        ZoneKind::Key(name) => format!("key {};", name_or_string(name)),
    }
}
