//! Declarations.

use super::super::number::atoi;
use super::*;

impl Build {
    pub(super) fn subnet(&mut self, pair: Node) -> Option<Kind> {
        match self.addresses(pair)[..] {
            [address, netmask] => Some(Kind::Subnet { address, netmask, body: Vec::new() }),
            _ => None,
        }
    }

    pub(super) fn subnet6(&mut self, pair: Node) -> Option<Kind> {
        let (mut address, mut length) = (None, 0);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::ip6_address => address = Some(self.address6(inner)),
                Rule::subnet_length => {
                    let value = atoi(inner.as_str());
                    if !(0..=128).contains(&value) {
                        self.complain(&inner, Code::Number, "Expecting a number between 0 and 128.");
                    }
                    length = value.clamp(0, 128) as u32;
                }
                _ => {}
            }
        }
        Some(Kind::Subnet6 { address: address?, length, body: Vec::new() })
    }

    pub(super) fn subclass(&mut self, pair: Node) -> Option<Kind> {
        let (mut class, mut data) = (None, None);
        let mut body = None;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::class_name => class = Some(self.name(inner)),
                Rule::class_data => data = self.octets(inner),
                Rule::left_brace => body = Some(Vec::new()),
                _ => {}
            }
        }
        Some(Kind::Subclass { flavour: ClassFlavour::Class, class: class?, data: data?, body })
    }

    /// `vendor-class` and `user-class`: a subclass of the class of that name, with the name as its data.
    pub(super) fn implicit_class(&mut self, pair: Node, flavour: ClassFlavour) -> Option<Kind> {
        let body = has(&pair, Rule::left_brace).then(Vec::new);
        let class = self.child_name(pair, Rule::class_name)?;
        let data = class.text.chars().map(|c| c as u8).collect();
        Some(Kind::Subclass { flavour, class, data, body })
    }

    pub(super) fn server_duid(&mut self, pair: Node) -> Option<Kind> {
        let (mut rule, mut number, mut hardware, mut octets) = (None, 0, None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                kind @ (Rule::EN | Rule::LL | Rule::LLT) => rule = Some(kind),
                Rule::enterprise_number | Rule::duid_type | Rule::duid_time => number = atoi(inner.as_str()),
                Rule::duid_hardware => hardware = Some(u16::from(hardware_type(&inner))),
                Rule::duid_identifier => octets = Some(self.string(&inner)),
                Rule::hex_list => octets = Some(self.hex_list(inner)),
                _ => {}
            }
        }
        let duid = match rule {
            Some(Rule::EN) => ServerDuid::En(number as u32, octets?),
            Some(Rule::LL) => ServerDuid::Ll(hardware.zip(octets)),
            Some(Rule::LLT) => {
                ServerDuid::Llt(hardware.zip(octets).map(|(hardware, octets)| (hardware, number as u32, octets)))
            }
            _ => ServerDuid::Other(number as u16, octets?),
        };
        Some(Kind::ServerDuid(duid))
    }

    pub(super) fn range(&mut self, pair: Node) -> Option<Kind> {
        let dynamic_bootp = has(&pair, Rule::DYNAMIC_BOOTP);
        let addresses = self.addresses(pair);
        Some(Kind::Range { dynamic_bootp, low: *addresses.first()?, high: addresses.get(1).copied() })
    }

    pub(super) fn range6(&mut self, pair: Node) -> Option<Kind> {
        let temporary = has(&pair, Rule::TEMPORARY);
        let length = self.child_atoi(pair.clone(), Rule::prefix_bits);
        let addresses = self.addresses6(pair);
        let rest = match (addresses.get(1), length) {
            (Some(high), _) => Range6::To(*high),
            (None, Some(length)) => Range6::Prefix { length, temporary },
            (None, None) => Range6::Prefix { length: 64, temporary },
        };
        Some(Kind::Range6 { low: *addresses.first()?, rest })
    }

    pub(super) fn prefix6(&mut self, pair: Node) -> Option<Kind> {
        let length = self.child_atoi(pair.clone(), Rule::prefix_number)?;
        match self.addresses6(pair)[..] {
            [low, high] => Some(Kind::Prefix6 { low, high, length }),
            _ => None,
        }
    }

    pub(super) fn permit(&mut self, pair: Node) -> Option<Kind> {
        let allow = has(&pair, Rule::ALLOW);
        let permit = pair.into_inner().find_map(|inner| {
            Some(match inner.as_rule() {
                Rule::KNOWN_CLIENTS | Rule::KNOWN => Permit::KnownClients,
                Rule::UNKNOWN_CLIENTS | Rule::UNKNOWN => Permit::UnknownClients,
                Rule::ALL => Permit::AllClients,
                Rule::AUTHENTICATED => Permit::AuthenticatedClients,
                Rule::UNAUTHENTICATED => Permit::UnauthenticatedClients,
                Rule::DYNAMIC => Permit::DynamicBootpClients,
                Rule::member_class => Permit::MembersOf(self.name(inner)),
                Rule::date => Permit::After(self.date(inner)),
                _ => return None,
            })
        })?;
        Some(Kind::Permit { allow, permit })
    }

    pub(super) fn hardware(&mut self, pair: Node) -> Option<Kind> {
        let (mut htype, mut address) = (0, Octets::default());
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::hardware_type => htype = hardware_type(&inner),
                Rule::hardware_address => {
                    address = self.octets(inner.clone()).unwrap_or_default();
                    if address.len() > 20 {
                        self.complain(&inner, Code::Value, "hardware address too long");
                    }
                }
                _ => {}
            }
        }
        Some(Kind::Hardware { htype, address })
    }

    pub(super) fn uid(&mut self, pair: Node) -> Option<Kind> {
        self.octets(pair).map(Kind::Uid)
    }

    pub(super) fn host_identifier(&mut self, pair: Node) -> Option<Kind> {
        let (mut relay, mut option, mut value) = (None, None, Vec::new());
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::relay_number => {
                    let number = atoi(inner.as_str());
                    if number < 0 {
                        self.complain(&inner, Code::Number, "host-identifier v6relopt must have a number >= 0");
                    }
                    relay = Some(number);
                }
                Rule::option_name => option = self.option_name(inner),
                Rule::value => value = self.tokens(inner),
                _ => {}
            }
        }
        Some(Kind::HostIdentifier { relay, option: option?, value })
    }

    pub(super) fn fixed_prefix6(&mut self, pair: Node) -> Option<Kind> {
        let length = self.child_atoi(pair.clone(), Rule::fixed_length)?;
        let address = *self.addresses6(pair).first()?;
        Some(Kind::FixedPrefix6 { address, length })
    }

    pub(super) fn class_match(&mut self, pair: Node) -> Option<Kind> {
        pair.into_inner().find_map(|inner| match inner.as_rule() {
            Rule::match_condition => self.expression(inner).map(Kind::MatchIf),
            Rule::match_data => self.expression(inner).map(Kind::Match),
            _ => None,
        })
    }

    pub(super) fn option_space(&mut self, pair: Node) -> Option<Kind> {
        let (mut name, mut code_width, mut length_width) = (None, None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::space_name => name = Some(self.name(inner)),
                Rule::space_clause => {
                    for part in inner.into_inner() {
                        let number = atoi(part.as_str());
                        match part.as_rule() {
                            Rule::code_width => code_width = Some(self.code_width(&part, number)),
                            Rule::length_width => length_width = Some(self.length_width(&part, number)),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Some(Kind::OptionSpace { name: name?, code_width, length_width })
    }

    fn code_width(&mut self, pair: &Node, number: i64) -> i64 {
        if ![1, 2, 4].contains(&number) {
            self.complain(pair, Code::Number, format!("invalid code width ({number}), expecting a 1, 2 or 4."));
        }
        number
    }

    fn length_width(&mut self, pair: &Node, number: i64) -> i64 {
        if ![1, 2].contains(&number) {
            self.complain(pair, Code::Number, format!("invalid length width ({number}) expecting 1 or 2."));
        }
        number
    }

    pub(super) fn option_definition(&mut self, pair: Node) -> Option<Kind> {
        let (mut option, mut code, mut definition) = (None, 0, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::option_name => option = self.option_name(inner),
                Rule::option_code => code = atoi(inner.as_str()),
                Rule::option_type => definition = self.option_type(inner),
                _ => {}
            }
        }
        Some(Kind::OptionDefinition { option: option?, code, definition: definition? })
    }

    fn option_type(&mut self, pair: Node) -> Option<OptionType> {
        let array = has(&pair, Rule::ARRAY);
        pair.into_inner().find_map(|inner| match (inner.as_rule(), array) {
            (Rule::record, false) => Some(OptionType::Record(self.record(inner))),
            (Rule::record, true) => Some(OptionType::ArrayOfRecord(self.record(inner))),
            (Rule::simple_type, false) => self.simple_type(inner).map(OptionType::Simple),
            (Rule::simple_type, true) => self.simple_type(inner).map(OptionType::Array),
            _ => None,
        })
    }

    fn record(&mut self, pair: Node) -> Vec<(bool, SimpleType)> {
        let items = pair.into_inner().filter(|inner| inner.as_rule() == Rule::record_item);
        items
            .filter_map(|item| {
                let array = has(&item, Rule::ARRAY);
                Some((array, self.simple_type(child(item, Rule::simple_type)?)?))
            })
            .collect()
    }

    fn simple_type(&mut self, pair: Node) -> Option<SimpleType> {
        let (mut unsigned, mut found) = (false, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::UNSIGNED => unsigned = true,
                Rule::BOOLEAN => found = Some(SimpleType::Boolean),
                Rule::IP_ADDRESS => found = Some(SimpleType::IpAddress),
                Rule::IP6_ADDRESS => found = Some(SimpleType::Ip6Address),
                Rule::TEXT => found = Some(SimpleType::Text),
                Rule::STRING => found = Some(SimpleType::String),
                Rule::DOMAIN_NAME => found = Some(SimpleType::DomainName),
                Rule::DOMAIN_LIST => found = Some(SimpleType::DomainList { compressed: false }),
                Rule::COMPRESSED => found = Some(SimpleType::DomainList { compressed: true }),
                Rule::ZEROLEN => found = Some(SimpleType::ZeroLength),
                Rule::space_name => found = Some(SimpleType::Encapsulate(self.name(inner))),
                Rule::bits => {
                    let bits = atoi(inner.as_str());
                    if ![8, 16, 32].contains(&bits) {
                        self.complain(&inner, Code::Number, format!("{bits} bit precision is not supported."));
                    }
                    found = Some(SimpleType::Integer { signed: !unsigned, bits });
                }
                _ => {}
            }
        }
        found
    }

    /// A statement of a failover peer's block.
    pub fn peer_statement(&mut self, pair: Node) -> Option<PeerKind> {
        let of_peer = has(&pair, Rule::PEER);
        let (mut keyword, mut kind) = ("", None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::PRIMARY => kind = Some(PeerKind::Primary),
                Rule::SECONDARY => kind = Some(PeerKind::Secondary),
                Rule::address_or_name => {
                    let address = self.address_or_name(inner)?;
                    kind = Some(if of_peer { PeerKind::PeerAddress(address) } else { PeerKind::Address(address) });
                }
                Rule::hash_buckets => kind = Some(PeerKind::Hba(self.hash_buckets(inner))),
                Rule::peer_value | Rule::peer_setting => {
                    kind = Some(peer_number(keyword, of_peer, atoi(inner.as_str())));
                }
                rule => keyword = peer_keyword(rule).unwrap_or(keyword),
            }
        }
        kind
    }

    fn hash_buckets(&mut self, pair: Node) -> Octets {
        let octets = self.octets(pair.clone()).unwrap_or_default();
        if octets.len() < 32 {
            self.complain(&pair, Code::Value, "too few numbers.");
        } else if octets.len() > 32 {
            self.complain(&pair, Code::Expected, "semicolon expected.");
        }
        octets
    }

    /// A statement of a zone's block.
    pub fn zone_statement(&mut self, pair: Node) -> Option<ZoneKind> {
        let secondary = has(&pair, Rule::SECONDARY) || has(&pair, Rule::SECONDARY6);
        match pair.as_rule() {
            Rule::zone_servers if secondary => Some(ZoneKind::Secondary(self.addresses_or_names(pair))),
            Rule::zone_servers => Some(ZoneKind::Primary(self.addresses_or_names(pair))),
            Rule::zone_servers6 if secondary => Some(ZoneKind::Secondary6(self.addresses6(pair))),
            Rule::zone_servers6 => Some(ZoneKind::Primary6(self.addresses6(pair))),
            _ => self.child_name(pair, Rule::key_name).map(ZoneKind::Key),
        }
    }

    /// The base64 text of a key's secret.
    pub fn secret(&mut self, pair: Node) -> Option<(Box<str>, Span)> {
        pair.into_inner().find_map(|inner| match inner.as_rule() {
            Rule::string => Some((self.name(inner.clone()).text, self.span(&inner))),
            Rule::base64 => {
                let span = self.span(&inner);
                Some((inner.into_inner().map(|part| part.as_str()).collect::<String>().into(), span))
            }
            _ => None,
        })
    }

    /// The word of a line of a saved failover state: `my state WORD at ...`.
    pub fn peer_state(&mut self, pair: Node) -> Option<Name> {
        self.child_name(pair, Rule::identifier)
    }

    /// The name in a header: of a peer, a key, a zone, an algorithm, a file.
    pub fn header_name(&mut self, pair: Node) -> Option<Name> {
        let names = [Rule::peer_name, Rule::key_name, Rule::zone_name, Rule::algorithm_name, Rule::file_name];
        let name = pair.into_inner().find(|inner| names.contains(&inner.as_rule()))?;
        Some(self.name(name))
    }
}

/// The number of a hardware type (RFC 1700).
fn hardware_type(pair: &Node) -> u8 {
    let text = pair.as_str().to_ascii_lowercase();
    match text.as_str() {
        "ethernet" => 1,
        "token-ring" => 6,
        "fddi" => 8,
        "infiniband" => 32,
        other => atoi(other.strip_prefix("unknown-").unwrap_or_default()) as u8,
    }
}

fn peer_keyword(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::MAX_RESPONSE_DELAY => "max-response-delay",
        Rule::MAX_UNACKED_UPDATES => "max-unacked-updates",
        Rule::MCLT => "mclt",
        Rule::MAX_LEASE_MISBALANCE => "max-lease-misbalance",
        Rule::MAX_LEASE_OWNERSHIP => "max-lease-ownership",
        Rule::MIN_BALANCE => "min-balance",
        Rule::MAX_BALANCE => "max-balance",
        Rule::AUTO_PARTNER_DOWN => "auto-partner-down",
        Rule::PORT => "port",
        Rule::SPLIT => "split",
        Rule::LOAD => "load",
        _ => return None,
    })
}

fn peer_number(keyword: &'static str, of_peer: bool, value: i64) -> PeerKind {
    match (keyword, of_peer) {
        ("port", false) => PeerKind::Port(value),
        ("port", true) => PeerKind::PeerPort(value),
        ("load", _) => PeerKind::LoadBalanceMaxSeconds(value),
        (_, false) => PeerKind::Number { keyword, value },
        (_, true) => PeerKind::PeerNumber { keyword, value },
    }
}
