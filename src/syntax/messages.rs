//! ISC's words for a mistake: from the statement and what the grammar expected at the offending token.

use super::grammar::Rule;

/// One row: in this statement (or in any), where this could have stood, ISC says this.
type Row = (Option<Rule>, Rule, &'static str);

const fn any(expected: Rule, words: &'static str) -> Row {
    (None, expected, words)
}

const fn of(statement: Rule, expected: Rule, words: &'static str) -> Row {
    (Some(statement), expected, words)
}

/// The first row that fits is taken. Rows of a statement come before those of any.
static TABLE: &[Row] = &[
    // declarations
    of(Rule::include, Rule::file_name, "filename string expected."),
    of(Rule::subclass, Rule::left_brace, "expecting left brace."),
    of(Rule::vendor_class, Rule::left_brace, "expecting left brace."),
    of(Rule::user_class, Rule::left_brace, "expecting left brace."),
    of(Rule::interface, Rule::interface_name, "semicolon expected."),
    of(Rule::subnet, Rule::NETMASK, "Expecting netmask"),
    any(Rule::subnet_slash, "Expecting a '/'."),
    any(Rule::subnet_length, "Expecting a number."),
    any(Rule::network_name, "expecting a name for shared-network"),
    of(Rule::host, Rule::label, "expecting a name for host declaration."),
    any(Rule::class_name, "Expecting class name"),
    any(Rule::class_data, "Expecting string or hex list."),
    of(Rule::failover, Rule::PEER, "expecting \"peer\""),
    any(Rule::peer_name, "expecting failover peer name."),
    any(Rule::peer_brace, "expecting left brace"),
    of(Rule::pool_peer, Rule::PEER, "expecting 'peer'."),
    any(Rule::pool_peer_name, "expecting string."),
    of(Rule::no_peer, Rule::FAILOVER, "expecting \"failover peer\"."),
    of(Rule::no_peer, Rule::PEER, "expecting \"failover peer\"."),
    of(Rule::zone, Rule::label, "expecting hostname."),
    of(Rule::algorithm, Rule::label, "expecting key algorithm name."),
    any(Rule::key_name, "expecting key name."),
    any(Rule::key_brace, "expecting left brace"),
    any(Rule::zone_end, "expecting semicolon."),
    // the server
    of(Rule::not_authoritative, Rule::AUTHORITATIVE, "expecting assertion"),
    any(Rule::enterprise_number, "enterprise number expected"),
    any(Rule::duid_identifier, "identifier expected"),
    any(Rule::duid_time, "timestamp expected"),
    any(Rule::duid_hardware, "hardware type expected"),
    any(Rule::EN, "DUID type of LLT, EN, or LL expected"),
    any(Rule::LLT, "DUID type of LLT, EN, or LL expected"),
    any(Rule::duid_semicolon, "semicolon expected"),
    any(Rule::OCTAL, "lease-id-format is invalid:  it must be octal or hex."),
    any(Rule::HEX, "lease-id-format is invalid:  it must be octal or hex."),
    any(Rule::lease_id_end, "corrupt lease file; expecting a semicolon"),
    any(Rule::LOCAL, "Expecting 'local' or 'default'."),
    any(Rule::time_format_end, "Expecting a semicolon."),
    // addresses
    of(Rule::range, Rule::octet_number, "expecting numeric value."),
    of(Rule::range, Rule::ip_address, "expecting numeric value."),
    of(Rule::range6, Rule::prefix_bits, "expecting number"),
    any(Rule::prefix_slash, "expecting '/'"),
    any(Rule::prefix_number, "expecting number"),
    of(Rule::range6, Rule::TEMPORARY, "Invalid IPv6 address."),
    any(Rule::fixed_slash, "expecting '/'"),
    any(Rule::fixed_length, "expecting number"),
    any(Rule::CLIENTS, "expecting \"clients\""),
    any(Rule::BOOTP, "expecting \"bootp\""),
    of(Rule::permit, Rule::OF, "expecting \"of\""),
    any(Rule::member_class, "expecting class name."),
    any(Rule::KNOWN_CLIENTS, "expecting permit type."),
    // dates
    any(Rule::epoch_seconds, "Seconds since epoch expected."),
    any(Rule::weekday, "numeric day of week expected."),
    any(Rule::date, "numeric day of week expected."),
    any(Rule::year_slash, "expected slash separating year from month."),
    any(Rule::month_slash, "expected slash separating month from day."),
    any(Rule::hour_colon, "expected colon separating hour from minute."),
    any(Rule::minute_colon, "expected colon separating minute from second."),
    any(Rule::year, "numeric year expected."),
    any(Rule::month, "numeric month expected."),
    any(Rule::day, "numeric day of month expected."),
    any(Rule::hour, "numeric hour expected."),
    any(Rule::minute, "numeric minute expected."),
    any(Rule::second, "numeric second expected."),
    any(Rule::offset, "Time zone offset or semicolon expected."),
    // hosts
    any(Rule::hardware_type, "expecting a network hardware type"),
    of(Rule::hardware, Rule::hex_octet, "expecting numeric value."),
    of(Rule::uid, Rule::hex_octet, "expecting numeric value."),
    of(Rule::peer_statement, Rule::hex_octet, "expecting numeric value."),
    any(Rule::hardware_address, "expecting numeric value."),
    any(Rule::hardware_end, "expecting semicolon."),
    any(Rule::uid_list, "expecting numeric value."),
    of(Rule::uid, Rule::string, "expecting numeric value."),
    any(Rule::host_group_name, "expecting string or identifier."),
    of(Rule::host_identifier, Rule::V6RELOPT, "host-identifier must be an option or v6relopt"),
    any(Rule::relay_number, "host-identifier v6relopt must have a number"),
    // classes
    any(Rule::match_condition, "expecting boolean expr."),
    any(Rule::match_data, "expecting data expr."),
    any(Rule::WITH, "expecting with after spawn"),
    any(Rule::LIMIT, "expecting \"limit\""),
    any(Rule::limit, "expecting a number"),
    // failover peers
    any(Rule::BALANCE, "expecting 'balance'"),
    any(Rule::MAX, "expecting 'max'"),
    any(Rule::SECONDS, "expecting 'secs'"),
    any(Rule::peer_value, "expecting number."),
    any(Rule::peer_setting, "expecting number"),
    any(Rule::hash_buckets, "expecting numeric value."),
    of(Rule::peer_statement, Rule::ADDRESS, "invalid statement in peer declaration"),
    // options: spaces and definitions
    of(Rule::option_space, Rule::identifier, "expecting identifier."),
    of(Rule::option_definition, Rule::identifier, "expecting option space identifier"),
    any(Rule::WIDTH, "expecting width token."),
    any(Rule::SIZE, "expecting size token."),
    any(Rule::code_width, "expecting number 1, 2, 4."),
    any(Rule::length_width, "expecting number 1 or 2."),
    any(Rule::hash_size, "expecting a 10base number"),
    any(Rule::space_clause, "Unexpected token."),
    any(Rule::option_code, "expecting option code number."),
    any(Rule::definition_equals, "expecting \"=\""),
    any(Rule::OF, "expecting \"of\"."),
    any(Rule::bits, "expecting number."),
    any(Rule::INTEGER, "expecting \"integer\" keyword."),
    of(Rule::option_definition, Rule::right_brace, "expecting right brace."),
    any(Rule::option_suffix, "expecting identifier after '.'"),
    any(Rule::option_word, "expecting identifier after option keyword."),
    any(Rule::option_name, "expecting identifier after option keyword."),
    // executable statements
    any(Rule::flag_name, "expecting allow/deny key"),
    any(Rule::event, "expecting a lease event type"),
    any(Rule::switch_paren, "expecting left brace."),
    any(Rule::switch_value, "expecting data or numeric expression."),
    any(Rule::switch_close, "right paren expected."),
    any(Rule::case_value, "expecting data expression."),
    any(Rule::case_colon, "colon expected."),
    any(Rule::if_paren, "expecting right paren."),
    any(Rule::else_brace, "left brace or if expected."),
    any(Rule::body_brace, "left brace expected."),
    any(Rule::condition, "boolean expression expected."),
    of(Rule::set, Rule::set_equals, "expecting '=' in set statement."),
    of(Rule::define, Rule::set_equals, "expecting '=' in define statement."),
    any(Rule::set_value, "expecting expression."),
    any(Rule::parameter_list, "expecting argument name"),
    any(Rule::argument_name, "expecting argument name"),
    any(Rule::function_close, "expecting right paren."),
    any(Rule::evaluated, "expecting data expression."),
    any(Rule::called, "expecting function call."),
    any(Rule::command, "Expecting a quoted string."),
    any(Rule::execute_argument, "expecting expression."),
    any(Rule::added_class, "expecting class name."),
    // expressions
    any(Rule::collection_name, "string expected."),
    any(Rule::host_literal, "Expecting quoted literal: \"foo.example.com\""),
    any(Rule::width, "number expected."),
    any(Rule::option_data, "expecting a data expression."),
    any(Rule::data, "expecting data expression."),
    any(Rule::numeric, "expecting numeric expression."),
    any(Rule::negated, "expression expected"),
    any(Rule::inner_expression, "expression expected"),
    any(Rule::function_argument, "expecting expression."),
    any(Rule::hex_octet, "expecting hexadecimal number."),
    any(Rule::close_call, "Right parenthesis expected."),
    any(Rule::open, "left parenthesis expected."),
    any(Rule::separator, "comma expected."),
    any(Rule::close, "right parenthesis expected."),
    any(Rule::right_paren, "right paren expected"),
    any(Rule::right_operand, "expecting right-hand side."),
    any(Rule::not_equal_sign, "! in boolean context without ="),
    any(Rule::with_case, "expecting ~= or ~~ operator"),
    // what ends a statement, or its parts
    of(Rule::switch, Rule::left_brace, "left brace expected."),
    of(Rule::set, Rule::left_brace, "expecting left brace."),
    any(Rule::semicolon, "semicolon expected."),
    any(Rule::left_brace, "expecting left brace."),
    any(Rule::octet_number, "expecting numeric value."),
    any(Rule::ip_address, "expecting numeric value."),
    any(Rule::dot, "too few numbers."),
    any(Rule::ip6_address, "Invalid IPv6 address."),
];

/// ISC's words for `found` where one of `expected` could have stood.
pub(super) fn words(statement: Rule, expected: &[Rule], found: &str) -> String {
    let address = [Rule::fixed_address, Rule::zone_servers, Rule::peer_statement].contains(&statement);
    if expected.contains(&Rule::address_or_name) || address && expected.contains(&Rule::label) {
        return address_or_name(found);
    }
    if [Rule::set_name, Rule::variable_name].iter().any(|rule| expected.contains(rule)) {
        return format!("{} can't be a variable name", found.trim_matches('"'));
    }
    if expected.contains(&Rule::base64) || expected.contains(&Rule::base64_first) {
        return format!("invalid base64 character {}.", found.bytes().next().unwrap_or_default());
    }
    if statement == Rule::option_definition {
        if let Some(words) = data_type(expected, found) {
            return words;
        }
    }
    let fits = |row: &&Row| row.0.is_none_or(|rule| rule == statement) && expected.contains(&row.1);
    TABLE.iter().find(fits).map_or_else(|| "expecting a parameter or declaration".to_owned(), |row| row.2.to_owned())
}

/// ISC prints the number of the token, which for punctuation is its octet.
fn address_or_name(found: &str) -> String {
    let (text, token) = match found.as_bytes() {
        [] => ("", 607),
        [b'"', ..] => (found.trim_matches('"'), 262),
        [octet, ..] => (found, u32::from(*octet)),
    };
    format!("{text} ({token}): expecting IP address or hostname")
}

/// A type of an option definition.
fn data_type(expected: &[Rule], found: &str) -> Option<String> {
    let types = [Rule::simple_type, Rule::option_type, Rule::record_item, Rule::record];
    if !types.iter().any(|rule| expected.contains(rule)) {
        return None;
    }
    Some(match found.to_ascii_lowercase().as_str() {
        "array" => "no nested arrays.".to_owned(),
        "{" => "only uniform array inside record.".to_owned(),
        _ => format!("unknown data type {}", found.trim_matches('"')),
    })
}

/// Rules that people know by what they write.
static WRITTEN: &[(&[Rule], &str)] = &[
    (
        &[
            Rule::semicolon,
            Rule::zone_end,
            Rule::hardware_end,
            Rule::duid_semicolon,
            Rule::time_format_end,
            Rule::lease_id_end,
        ],
        "\";\"",
    ),
    (&[Rule::left_brace, Rule::body_brace, Rule::else_brace, Rule::key_brace, Rule::peer_brace], "\"{\""),
    (&[Rule::right_brace], "\"}\""),
    (&[Rule::separator, Rule::comma], "\",\""),
    (&[Rule::open, Rule::left_paren, Rule::function_open, Rule::switch_paren], "\"(\""),
    (
        &[Rule::close, Rule::right_paren, Rule::close_call, Rule::function_close, Rule::if_paren, Rule::switch_close],
        "\")\"",
    ),
    (&[Rule::dot], "\".\""),
    (&[Rule::colon, Rule::case_colon], "\":\""),
    (&[Rule::slash, Rule::subnet_slash, Rule::prefix_slash, Rule::fixed_slash], "\"/\""),
    (&[Rule::equals, Rule::set_equals, Rule::definition_equals], "\"=\""),
    (&[Rule::octet_number], "number"),
    (&[Rule::label], "name"),
    (&[Rule::member_class, Rule::pool_peer_name], "quoted name"),
];

/// A rule's name for people.
pub(super) fn describe(rule: &Rule) -> String {
    match WRITTEN.iter().find(|(rules, _)| rules.contains(rule)) {
        Some((_, written)) => (*written).to_owned(),
        None => format!("{rule:?}").to_lowercase().trim_end_matches('_').replace('_', "-"),
    }
}
