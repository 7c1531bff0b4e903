//! Which statement a word begins, by the block it stands in (spec/config-language.md 3 and 4).

use super::grammar::Rule;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::LazyLock;

/// A set of kinds of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocks(u16);

impl Blocks {
    /// The file itself.
    pub const ROOT: Blocks = Blocks(1);
    pub const GROUP: Blocks = Blocks(1 << 1);
    pub const NETWORK: Blocks = Blocks(1 << 2);
    pub const SUBNET: Blocks = Blocks(1 << 3);
    pub const POOL: Blocks = Blocks(1 << 4);
    pub const POOL6: Blocks = Blocks(1 << 5);
    pub const HOST: Blocks = Blocks(1 << 6);
    pub const CLASS: Blocks = Blocks(1 << 7);
    /// Bodies of `if`, `on` and functions.
    pub const BODY: Blocks = Blocks(1 << 8);
    /// The body of `switch`, which has labels.
    pub const SWITCH: Blocks = Blocks(1 << 9);

    /// Where declarations may stand.
    const DECLARATIONS: Blocks = Blocks(0xff);
    const EXECUTABLE: Blocks = Blocks(0x3ff);
    const POOLS: Blocks = Blocks(Self::POOL.0 | Self::POOL6.0);
    const NETWORKS: Blocks = Blocks(Self::NETWORK.0 | Self::SUBNET.0);
    const NOT_IN_NETWORK: Blocks = Blocks(Self::NETWORKS.0 | Self::HOST.0 | Self::CLASS.0);
    const NOT_IN_SUBNET: Blocks = Blocks(Self::SUBNET.0 | Self::HOST.0 | Self::CLASS.0);
    const LEAVES: Blocks = Blocks(Self::HOST.0 | Self::CLASS.0);

    const fn without(self, other: Blocks) -> Blocks {
        Blocks(self.0 & !other.0)
    }

    const fn with(self, other: Blocks) -> Blocks {
        Blocks(self.0 | other.0)
    }

    /// True if all of `other` is in this set.
    pub const fn contains(self, other: Blocks) -> bool {
        self.0 & other.0 == other.0
    }
}

/// How a statement is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One rule, through its semicolon.
    Simple,
    /// One rule through a semicolon or an opening brace; a block of this kind after a brace.
    Block(Blocks),
    Include,
    If,
    /// `option`: a setting, a definition or a space.
    Option,
    /// `default`: a setting or a label.
    Default,
    /// `failover peer`: a definition, a state or a reference.
    Failover,
    Key,
    Zone,
}

/// What the next unknown statement of the block is told to be: ISC forgets and remembers that a declaration stood before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Declared,
    Unchanged,
    Forgotten,
}

/// One row: a word at the beginning of a statement.
#[derive(Debug)]
pub(super) struct Entry {
    pub word: &'static str,
    pub rule: Rule,
    pub form: Form,
    /// Where it may stand.
    pub blocks: Blocks,
    /// True for the private grammar of a block, which a file included into it lacks.
    pub private: bool,
    /// What ISC says of it elsewhere; in blocks without a row it is no statement at all.
    pub misplaced: &'static [(Blocks, &'static str)],
    /// True if ISC reads it all before it complains of its place.
    pub read_first: bool,
    pub after: After,
}

const fn row(word: &'static str, rule: Rule, form: Form, blocks: Blocks, after: After) -> Entry {
    Entry { word, rule, form, blocks, private: false, misplaced: &[], read_first: false, after }
}

const fn private(word: &'static str, rule: Rule, form: Form, blocks: Blocks) -> Entry {
    Entry { private: true, ..row(word, rule, form, blocks, After::Unchanged) }
}

const fn executable(word: &'static str, rule: Rule) -> Entry {
    row(word, rule, Form::Simple, Blocks::EXECUTABLE, After::Unchanged)
}

const fn elsewhere(entry: Entry, misplaced: &'static [(Blocks, &'static str)]) -> Entry {
    Entry { misplaced, ..entry }
}

const fn read_first(entry: Entry) -> Entry {
    Entry { read_first: true, ..entry }
}

const ALL: Blocks = Blocks::DECLARATIONS;
const EXE: Blocks = Blocks::EXECUTABLE;

const NO_CLASS: &[(Blocks, &str)] = &[(Blocks::CLASS, "class declarations not allowed here.")];
const NO_GROUP: &[(Blocks, &str)] = &[(Blocks::LEAVES, "group declarations not allowed here.")];
const NO_HOST: &[(Blocks, &str)] = &[(Blocks::LEAVES, "host declarations not allowed here.")];
const NO_NETWORK: &[(Blocks, &str)] = &[(Blocks::NOT_IN_NETWORK, "shared-network parameters not allowed here.")];
const NO_SUBNET: &[(Blocks, &str)] = &[(Blocks::NOT_IN_SUBNET, "subnet declarations not allowed here.")];
const NO_HARDWARE: &[(Blocks, &str)] = &[(ALL, "hardware address parameter not allowed here.")];
const NO_ADDRESS: &[(Blocks, &str)] = &[(ALL, "fixed-address parameter not allowed here.")];
const NO_PREFIX: &[(Blocks, &str)] = &[(ALL, "fixed-prefix6 declaration not allowed here.")];
const NO_RANGE: &[(Blocks, &str)] = &[(ALL, "range declaration not allowed here.")];
const NO_RANGE6: &[(Blocks, &str)] = &[(ALL, "range6 declaration not allowed here.")];
const NO_PREFIX6: &[(Blocks, &str)] = &[(ALL, "prefix6 declaration not allowed here.")];
const NO_POOL: &[(Blocks, &str)] =
    &[(Blocks::POOLS, "pool declared within pool."), (ALL, "pool declared outside of network")];
const NO_POOL6: &[(Blocks, &str)] =
    &[(Blocks::POOLS, "pool6 declared within pool."), (ALL, "pool6 declared outside of network")];
const NO_FAILOVER: &[(Blocks, &str)] = &[(ALL, "failover peers may only be defined in shared-network")];
const NO_AUTHORITY: &[(Blocks, &str)] = &[(Blocks::HOST, "authority makes no sense here.")];
const NO_CASE: &[(Blocks, &str)] = &[(EXE, "case statement in inappropriate scope.")];

/// Rows of one word stand together, private ones first.
static TABLE: &[Entry] = &[
    // declarations
    row("include", Rule::include, Form::Include, ALL, After::Declared),
    elsewhere(
        row(
            "shared-network",
            Rule::shared_network,
            Form::Block(Blocks::NETWORK),
            ALL.without(Blocks::NOT_IN_NETWORK),
            After::Declared,
        ),
        NO_NETWORK,
    ),
    elsewhere(
        row("subnet", Rule::subnet, Form::Block(Blocks::SUBNET), ALL.without(Blocks::NOT_IN_SUBNET), After::Declared),
        NO_SUBNET,
    ),
    elsewhere(
        row("subnet6", Rule::subnet6, Form::Block(Blocks::SUBNET), ALL.without(Blocks::NOT_IN_SUBNET), After::Declared),
        NO_SUBNET,
    ),
    elsewhere(row("pool", Rule::pool, Form::Block(Blocks::POOL), Blocks::NETWORKS, After::Unchanged), NO_POOL),
    elsewhere(row("pool6", Rule::pool6, Form::Block(Blocks::POOL6), Blocks::SUBNET, After::Unchanged), NO_POOL6),
    private("group", Rule::host_group, Form::Simple, Blocks::HOST),
    elsewhere(
        row("group", Rule::group, Form::Block(Blocks::GROUP), ALL.without(Blocks::LEAVES), After::Declared),
        NO_GROUP,
    ),
    elsewhere(
        row("host", Rule::host, Form::Block(Blocks::HOST), ALL.without(Blocks::LEAVES), After::Declared),
        NO_HOST,
    ),
    elsewhere(
        row("class", Rule::class, Form::Block(Blocks::CLASS), ALL.without(Blocks::CLASS), After::Declared),
        NO_CLASS,
    ),
    elsewhere(
        row("subclass", Rule::subclass, Form::Block(Blocks::CLASS), ALL.without(Blocks::CLASS), After::Declared),
        NO_CLASS,
    ),
    elsewhere(
        row(
            "vendor-class",
            Rule::vendor_class,
            Form::Block(Blocks::CLASS),
            ALL.without(Blocks::CLASS),
            After::Declared,
        ),
        NO_CLASS,
    ),
    elsewhere(
        row("user-class", Rule::user_class, Form::Block(Blocks::CLASS), ALL.without(Blocks::CLASS), After::Declared),
        NO_CLASS,
    ),
    private("failover", Rule::pool_peer, Form::Simple, Blocks::POOL),
    elsewhere(
        row("failover", Rule::failover, Form::Failover, Blocks::ROOT.with(Blocks::NETWORK), After::Forgotten),
        NO_FAILOVER,
    ),
    private("interface", Rule::interface, Form::Simple, Blocks::NETWORKS),
    // addresses
    private("range", Rule::range, Form::Simple, Blocks::POOL),
    elsewhere(row("range", Rule::range, Form::Simple, Blocks::SUBNET, After::Unchanged), NO_RANGE),
    private("range6", Rule::range6, Form::Simple, Blocks::POOL6),
    elsewhere(row("range6", Rule::range6, Form::Simple, Blocks::SUBNET, After::Unchanged), NO_RANGE6),
    private("prefix6", Rule::prefix6, Form::Simple, Blocks::POOL6),
    elsewhere(row("prefix6", Rule::prefix6, Form::Simple, Blocks::SUBNET, After::Unchanged), NO_PREFIX6),
    private("no", Rule::no_peer, Form::Simple, Blocks::POOL),
    // hosts
    read_first(elsewhere(private("hardware", Rule::hardware, Form::Simple, Blocks::HOST), NO_HARDWARE)),
    read_first(elsewhere(private("fixed-address", Rule::fixed_address, Form::Simple, Blocks::HOST), NO_ADDRESS)),
    read_first(elsewhere(private("fixed-address6", Rule::fixed_address6, Form::Simple, Blocks::HOST), NO_ADDRESS)),
    elsewhere(private("fixed-prefix6", Rule::fixed_prefix6, Form::Simple, Blocks::HOST), NO_PREFIX),
    private("uid", Rule::uid, Form::Simple, Blocks::HOST),
    private("host-identifier", Rule::host_identifier, Form::Simple, Blocks::HOST),
    private("dynamic", Rule::dynamic, Form::Simple, Blocks::LEAVES.with(Blocks::GROUP)),
    private("deleted", Rule::deleted, Form::Simple, Blocks::LEAVES.with(Blocks::GROUP)),
    private("static", Rule::static_, Form::Simple, Blocks::GROUP),
    // classes
    private("match", Rule::class_match, Form::Simple, Blocks::CLASS),
    private("spawn", Rule::spawn, Form::Simple, Blocks::CLASS),
    private("lease", Rule::lease_limit, Form::Simple, Blocks::CLASS),
    // the server
    read_first(elsewhere(
        row("not", Rule::not_authoritative, Form::Simple, ALL.without(Blocks::HOST), After::Forgotten),
        NO_AUTHORITY,
    )),
    read_first(elsewhere(
        row("authoritative", Rule::authoritative, Form::Simple, ALL.without(Blocks::HOST), After::Forgotten),
        NO_AUTHORITY,
    )),
    row("server-identifier", Rule::server_identifier, Form::Simple, ALL, After::Unchanged),
    row("server-duid", Rule::server_duid, Form::Simple, ALL, After::Forgotten),
    row("lease-id-format", Rule::lease_id_format, Form::Simple, ALL, After::Forgotten),
    row("%", Rule::percent, Form::Simple, ALL, After::Forgotten),
    // executable statements
    row("option", Rule::option_setting, Form::Option, EXE, After::Unchanged),
    executable("supersede", Rule::option_setting),
    executable("send", Rule::option_setting),
    executable("append", Rule::option_setting),
    executable("prepend", Rule::option_setting),
    row("default", Rule::option_setting, Form::Default, EXE, After::Unchanged),
    private("allow", Rule::permit, Form::Simple, Blocks::POOLS),
    executable("allow", Rule::flag),
    private("deny", Rule::permit, Form::Simple, Blocks::POOLS),
    executable("deny", Rule::flag),
    executable("ignore", Rule::flag),
    row("if", Rule::if_, Form::If, EXE, After::Unchanged),
    row("switch", Rule::switch, Form::Block(Blocks::SWITCH), EXE, After::Unchanged),
    elsewhere(row("case", Rule::case, Form::Simple, Blocks::SWITCH, After::Unchanged), NO_CASE),
    executable("break", Rule::break_),
    row("on", Rule::on, Form::Block(Blocks::BODY), EXE, After::Unchanged),
    row("set", Rule::set, Form::Block(Blocks::BODY), EXE, After::Unchanged),
    row("define", Rule::define, Form::Block(Blocks::BODY), EXE, After::Unchanged),
    executable("unset", Rule::unset),
    executable("eval", Rule::eval),
    executable("return", Rule::return_),
    executable("log", Rule::log),
    executable("execute", Rule::execute),
    executable("add", Rule::add_class),
    executable("parse-vendor-option", Rule::parse_vendor_option),
    executable("db-time-format", Rule::db_time_format),
    row("key", Rule::key, Form::Key, EXE, After::Unchanged),
    row("zone", Rule::zone, Form::Zone, EXE, After::Unchanged),
];

/// Names of the option space "server" (spec/config-language.md 5).
static PARAMETERS: &[&str] = &[
    "abandon-lease-time",
    "adaptive-lease-time-threshold",
    "allow-booting",
    "allow-bootp",
    "always-broadcast",
    "always-reply-rfc1048",
    "authoritative",
    "bind-local-address6",
    "boot-unknown-clients",
    "check-secs-byte-order",
    "client-updates",
    "ddns-domainname",
    "ddns-dual-stack-mixed-mode",
    "ddns-guard-id-must-match",
    "ddns-hostname",
    "ddns-local-address4",
    "ddns-local-address6",
    "ddns-other-guard-is-dynamic",
    "ddns-rev-domainname",
    "ddns-ttl",
    "ddns-update-style",
    "ddns-updates",
    "declines",
    "default-lease-time",
    "delayed-ack",
    "dhcp-cache-threshold",
    "dhcpv6-lease-file-name",
    "dhcpv6-pid-file-name",
    "dhcpv6-set-tee-times",
    "do-forward-updates",
    "do-reverse-updates",
    "dont-use-fsync",
    "duplicates",
    "dynamic-bootp",
    "dynamic-bootp-lease-cutoff",
    "dynamic-bootp-lease-length",
    "echo-client-id",
    "filename",
    "fqdn-reply",
    "get-lease-hostnames",
    "ignore-client-uids",
    "infinite-is-reserved",
    "lease-file-name",
    "leasequery",
    "limit-addrs-per-ia",
    "limit-prefs-per-ia",
    "limited-broadcast-address",
    "local-address",
    "local-address6",
    "local-port",
    "log-facility",
    "log-threshold-high",
    "log-threshold-low",
    "max-ack-delay",
    "max-lease-time",
    "min-lease-time",
    "min-secs",
    "next-server",
    "omapi-key",
    "omapi-port",
    "one-lease-per-client",
    "pid-file-name",
    "ping-check",
    "ping-cltt-secs",
    "ping-timeout",
    "ping-timeout-ms",
    "preferred-lifetime",
    "prefix-length-mode",
    "release-on-roam",
    "remote-port",
    "server-id-check",
    "server-name",
    "site-option-space",
    "stash-agent-options",
    "update-conflict-detection",
    "update-optimization",
    "update-static-leases",
    "use-host-decl-names",
    "use-lease-addr-for-default-route",
    "vendor-option-space",
];

static BY_WORD: LazyLock<FxHashMap<&'static str, Vec<&'static Entry>>> = LazyLock::new(|| {
    let mut index: FxHashMap<&'static str, Vec<&'static Entry>> = FxHashMap::default();
    for entry in TABLE {
        index.entry(entry.word).or_default().push(entry);
    }
    index
});

static PARAMETER_SET: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| PARAMETERS.iter().copied().collect());

/// All words that begin a statement somewhere; those of several blocks come more than once.
pub fn statement_words() -> impl Iterator<Item = &'static str> {
    let inner = PEER_WORDS.iter().chain(KEY_WORDS).chain(ZONE_WORDS);
    TABLE.iter().map(|entry| entry.word).chain(PARAMETERS.iter().chain(inner).copied())
}

/// Blocks by the word that opens them.
const BLOCK_NAMES: &[(Blocks, &str)] = &[
    (Blocks::ROOT, "the file outside of blocks"),
    (Blocks::GROUP, "group"),
    (Blocks::NETWORK, "shared-network"),
    (Blocks::SUBNET, "subnet"),
    (Blocks::POOL, "pool"),
    (Blocks::POOL6, "pool6"),
    (Blocks::HOST, "host"),
    (Blocks::CLASS, "class"),
    (Blocks::BODY, "if"),
    (Blocks::SWITCH, "switch"),
];

/// The blocks in which a statement may stand, by its first word in lower case. None for a word that begins no statement.
pub fn blocks_of_statement(word: &str) -> Vec<&'static str> {
    let entries = BY_WORD.get(word).map_or(&[][..], Vec::as_slice);
    let fits = |block: &Blocks| entries.iter().any(|entry| entry.blocks.contains(*block));
    let inner = [(PEER_WORDS, "failover peer"), (KEY_WORDS, "key"), (ZONE_WORDS, "zone")];
    let outer = BLOCK_NAMES.iter().filter(|(block, _)| fits(block)).map(|(_, name)| *name);
    outer.chain(inner.into_iter().filter(|(words, _)| words.contains(&word)).map(|(_, name)| name)).collect()
}

/// What a statement is, by its first word.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    Statement(&'static Entry),
    /// A statement that does not belong here, and ISC's words for it.
    Misplaced(&'static Entry, &'static str),
    Parameter,
    /// No keyword of a statement: an expression or nothing.
    Other,
}

/// Looks a word up, given in lower case. `included` is true in a file included into the block.
pub(super) fn find(word: &str, block: Blocks, included: bool) -> Found {
    let entries = BY_WORD.get(word).map_or(&[][..], Vec::as_slice);
    let here = |entry: &&&Entry| entry.blocks.contains(block) && !(entry.private && included);
    if let Some(entry) = entries.iter().find(here) {
        return Found::Statement(entry);
    }
    let misplaced = entries.iter().find_map(|entry| {
        let (_, words) = entry.misplaced.iter().find(|(blocks, _)| blocks.contains(block))?;
        Some(Found::Misplaced(entry, words))
    });
    match misplaced {
        Some(found) => found,
        None if PARAMETER_SET.contains(word) => Found::Parameter,
        None => Found::Other,
    }
}

/// Statements of a failover peer's block.
const PEER_WORDS: &[&str] = &[
    "primary",
    "secondary",
    "peer",
    "address",
    "port",
    "max-lease-misbalance",
    "max-lease-ownership",
    "max-balance",
    "min-balance",
    "auto-partner-down",
    "max-response-delay",
    "max-unacked-updates",
    "mclt",
    "hba",
    "split",
    "load",
];

/// Statements of a key's block.
const KEY_WORDS: &[&str] = &["algorithm", "secret"];

/// Statements of a zone's block.
const ZONE_WORDS: &[&str] = &["primary", "secondary", "primary6", "secondary6", "key"];

/// The rule of a statement of a failover peer's block.
pub(super) fn peer_rule(word: &str) -> Option<Rule> {
    PEER_WORDS.contains(&word).then_some(Rule::peer_statement)
}

/// The rule of a statement of a key's block.
pub(super) fn key_rule(word: &str) -> Option<Rule> {
    match word {
        "algorithm" => Some(Rule::algorithm),
        "secret" => Some(Rule::secret),
        _ => None,
    }
}

/// The rule of a statement of a zone's block.
pub(super) fn zone_rule(word: &str) -> Option<Rule> {
    match word {
        "primary" | "secondary" => Some(Rule::zone_servers),
        "primary6" | "secondary6" => Some(Rule::zone_servers6),
        "key" => Some(Rule::zone_key),
        _ => None,
    }
}

/// The rule of a line of a failover peer's saved state.
pub(super) fn state_rule(word: &str) -> Option<Rule> {
    ["my", "partner", "mclt"].contains(&word).then_some(Rule::peer_state)
}
