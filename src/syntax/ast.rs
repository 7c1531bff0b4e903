//! The syntax tree of dhcpd.conf: what is written, before it means anything.
//!
//! Values whose reading depends on definitions (option and parameter values) stay lists of tokens; expressions stay chains of
//! operands and operators, because ISC's grouping depends on types (spec/expressions.md 3.2). `config::lower` reads both.

use super::source::Span;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A name with its place: an identifier, a dotted name, or a decoded string.
#[derive(Clone, Debug)]
pub struct Name {
    pub text: Box<str>,
    pub span: Span,
}

/// A lexical token (spec/config-language.md 1.2). Its text is that of its span, but for strings, which are decoded.
#[derive(Clone, Debug)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// What kind of token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A quoted string, its escapes decoded.
    String(Box<[u8]>),
    /// Digits, with an optional leading `-` (`-` alone too).
    Number,
    /// A word that can be read as hexadecimal: every byte after the first is a hex digit.
    NumberOrName,
    /// Any other word, keywords included.
    Name,
    /// One of `. : , / { } ( ) ...`.
    Punctuation(u8),
}

/// A statement of a block or file, in the order written. Included files are spliced in at their place.
#[derive(Clone, Debug)]
pub struct Statement {
    pub span: Span,
    pub kind: Kind,
}

/// The statements of a block.
pub type Block = Vec<Statement>;

/// An IPv4 address, or a name to be looked up when it is used.
#[derive(Clone, Debug)]
pub enum AddressOrName {
    Address(Ipv4Addr),
    Name(Name),
}

/// Data of `subclass` and `uid`: a string or a hex list.
pub type Octets = Box<[u8]>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassFlavour {
    Class,
    VendorClass,
    UserClass,
}

/// Every statement of the language (spec/config-language.md 4).
#[derive(Clone, Debug)]
pub enum Kind {
    // declarations with a block
    SharedNetwork {
        name: Name,
        body: Block,
    },
    Subnet {
        address: Ipv4Addr,
        netmask: Ipv4Addr,
        body: Block,
    },
    Subnet6 {
        address: Ipv6Addr,
        length: u32,
        body: Block,
    },
    Pool {
        body: Block,
    },
    Pool6 {
        body: Block,
    },
    Group {
        name: Option<Name>,
        body: Block,
    },
    Host {
        name: Name,
        body: Block,
    },
    Class {
        flavour: ClassFlavour,
        name: Name,
        body: Block,
    },
    /// `subclass "c" data;` or with a block. Vendor- and user-class with data are this too, `class` being the vendor string.
    Subclass {
        flavour: ClassFlavour,
        class: Name,
        data: Octets,
        body: Option<Block>,
    },
    FailoverPeer {
        name: Name,
        body: Vec<PeerStatement>,
    },
    /// `failover peer NAME state { ... }`: saved state, meant for lease files; its body is only checked for shape.
    FailoverState {
        name: Name,
        states: Vec<Name>,
    },
    Key {
        name: Name,
        algorithm: Option<Name>,
        secret: Option<(Box<str>, Span)>,
    },
    Zone {
        name: Name,
        body: Vec<ZoneStatement>,
    },
    // declarations without a block
    /// `interface NAME;` in a network or subnet.
    Interface(Name),
    Range {
        dynamic_bootp: bool,
        low: Ipv4Addr,
        high: Option<Ipv4Addr>,
    },
    Range6 {
        low: Ipv6Addr,
        rest: Range6,
    },
    Prefix6 {
        low: Ipv6Addr,
        high: Ipv6Addr,
        length: i64,
    },
    /// `hardware TYPE [HEXLIST];`: type number and address.
    Hardware {
        htype: u8,
        address: Octets,
    },
    /// `uid DATA;`
    Uid(Octets),
    HostIdentifier {
        relay: Option<i64>,
        option: OptionName,
        value: Vec<Token>,
    },
    FixedAddress(Vec<AddressOrName>),
    FixedAddress6(Vec<Ipv6Addr>),
    FixedPrefix6 {
        address: Ipv6Addr,
        length: i64,
    },
    /// `group NAME;` in a host.
    HostGroup(Name),
    Match(Expression),
    MatchIf(Expression),
    /// `spawn with DATA;`
    Spawn(Expression),
    LeaseLimit(i64),
    /// `failover peer NAME;` in a pool or shared network.
    UsePeer {
        name: Name,
        quoted: bool,
    },
    /// `no failover peer`
    NoPeer,
    /// `allow` / `deny` of a pool.
    Permit {
        allow: bool,
        permit: Permit,
    },
    Authoritative(bool),
    ServerDuid(ServerDuid),
    /// `lease-id-format hex;` (true) or `octal`
    LeaseIdFormat {
        hex: bool,
    },
    OptionSpace {
        name: Name,
        code_width: Option<i64>,
        length_width: Option<i64>,
    },
    OptionDefinition {
        option: OptionName,
        code: i64,
        definition: OptionType,
    },
    /// `dynamic;`, `deleted;`, `static;`
    Dynamic,
    Deleted,
    Static,
    Executable(Executable),
}

#[derive(Clone, Debug)]
pub enum Range6 {
    /// `range6 A B;`
    To(Ipv6Addr),
    /// `range6 A/LEN [temporary];` or `range6 A temporary;` (length 64)
    Prefix { length: i64, temporary: bool },
}

/// `[space.]name` of an option.
#[derive(Clone, Debug)]
pub struct OptionName {
    pub space: Option<Name>,
    pub name: Name,
}

/// The type of an option definition (spec/options.md 5).
#[derive(Clone, Debug)]
pub enum OptionType {
    Simple(SimpleType),
    Array(SimpleType),
    Record(Vec<(bool, SimpleType)>),
    ArrayOfRecord(Vec<(bool, SimpleType)>),
}

#[derive(Clone, Debug)]
pub enum SimpleType {
    Boolean,
    Integer { signed: bool, bits: i64 },
    IpAddress,
    Ip6Address,
    Text,
    String,
    DomainName,
    DomainList { compressed: bool },
    Encapsulate(Name),
    ZeroLength,
}

#[derive(Clone, Debug)]
pub enum Permit {
    KnownClients,
    UnknownClients,
    AllClients,
    DynamicBootpClients,
    AuthenticatedClients,
    UnauthenticatedClients,
    MembersOf(Name),
    /// Seconds since the epoch.
    After(i64),
}

#[derive(Clone, Debug)]
pub enum ServerDuid {
    /// `server-duid llt;`, `server-duid ll;` with the data if given.
    Llt(Option<(u16, u32, Octets)>),
    Ll(Option<(u16, Octets)>),
    En(u32, Octets),
    Other(u16, Octets),
}

/// A statement of `failover peer NAME { ... }` (spec/config-language.md 7.7).
#[derive(Clone, Debug)]
pub struct PeerStatement {
    pub span: Span,
    pub kind: PeerKind,
}

#[derive(Clone, Debug)]
pub enum PeerKind {
    Primary,
    Secondary,
    Address(AddressOrName),
    PeerAddress(AddressOrName),
    Port(i64),
    PeerPort(i64),
    /// The numeric statements, by their keyword (`max-response-delay`, `mclt`, `split`, ...).
    Number {
        keyword: &'static str,
        value: i64,
    },
    PeerNumber {
        keyword: &'static str,
        value: i64,
    },
    LoadBalanceMaxSeconds(i64),
    Hba(Octets),
}

#[derive(Clone, Debug)]
pub struct ZoneStatement {
    pub span: Span,
    pub kind: ZoneKind,
}

#[derive(Clone, Debug)]
pub enum ZoneKind {
    Primary(Vec<AddressOrName>),
    Secondary(Vec<AddressOrName>),
    Primary6(Vec<Ipv6Addr>),
    Secondary6(Vec<Ipv6Addr>),
    Key(Name),
}

/// Statements that may stand inside `if`, `switch`, `on` and functions too (spec/config-language.md 9).
#[derive(Clone, Debug)]
pub enum Executable {
    /// `option N V;`, `supersede`, `default`, `append`, `prepend`, `send`, and parameters (space `server`).
    Option {
        operation: OptionOperation,
        option: OptionName,
        value: OptionValue,
    },
    /// `allow`, `deny`, `ignore` of a flag; the value is 1, 0 or 2.
    Flag {
        value: u8,
        keyword: Name,
    },
    If {
        arms: Vec<(Expression, Vec<Statement>)>,
        otherwise: Option<Vec<Statement>>,
    },
    /// `case` and `default` labels stand in the body.
    Switch {
        on: Expression,
        body: Vec<Statement>,
    },
    Case(Expression),
    DefaultCase,
    Break,
    On {
        events: Events,
        body: Option<Vec<Statement>>,
    },
    Set {
        name: Name,
        value: Expression,
    },
    /// `set F (args) { ... }` and `define F (args) { ... }`
    Define {
        name: Name,
        arguments: Vec<Name>,
        body: Vec<Statement>,
        /// It is `set`, which makes nothing of it (spec/config-language.md 9).
        by_set: bool,
    },
    Unset(Name),
    Eval(Expression),
    Return(Expression),
    Log {
        level: LogLevel,
        text: Expression,
    },
    Execute {
        command: Octets,
        arguments: Vec<Expression>,
    },
    Add(Name),
    ParseVendorOption,
    /// `db-time-format local;` (true) or `default`
    DbTimeFormat {
        local: bool,
    },
    /// `key` and `zone` act when they are read, wherever they stand.
    Declaration(Box<Kind>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionOperation {
    /// `option`, a bare parameter
    Set,
    Supersede,
    Send,
    Default,
    Append,
    Prepend,
}

#[derive(Clone, Debug)]
pub enum OptionValue {
    /// Read by the option's format.
    Tokens(Vec<Token>),
    /// `= EXPRESSION`
    Expression(Expression),
}

/// Lease events of an `on` statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    pub commit: bool,
    pub expiry: bool,
    pub release: bool,
    pub transmission: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Fatal,
    Error,
    Info,
    Debug,
}

/// Operands joined by operators, in the order written; grouping is lowering's work.
#[derive(Clone, Debug)]
pub struct Expression {
    pub span: Span,
    pub first: Box<Operand>,
    pub rest: Vec<(Operator, Operand)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Regex,
    RegexIgnoreCase,
    And,
    Or,
    Add,
    Multiply,
    Divide,
    Remainder,
    BitAnd,
    BitOr,
    BitXor,
}

#[derive(Clone, Debug)]
pub struct Operand {
    pub span: Span,
    pub kind: OperandKind,
}

/// An operand (spec/config-language.md 10.1).
#[derive(Clone, Debug)]
pub enum OperandKind {
    String(Octets),
    /// A number, or words joined by `:`. Decimal or hexadecimal is decided by the context.
    Digits(Vec<Token>),
    Parenthesis(Expression),
    Not(Box<Operand>),
    Exists(OptionName),
    Option(OptionName),
    ConfigOption(OptionName),
    /// A built-in function by its keyword (`substring`, `concat`, `pick-first-value`, ...) with its arguments.
    Builtin {
        keyword: &'static str,
        arguments: Vec<Expression>,
    },
    /// A built-in word without arguments (`hardware`, `known`, `static`, `null`, `noerror`, `booting`, ...).
    Word(&'static str),
    /// `encode-int (D, 8)`, `extract-int (D, 16)`: `width` as written.
    EncodeInt(Box<Expression>, i64),
    ExtractInt(Box<Expression>, i64),
    Check(Name),
    Defined(Name),
    GetHostByName(Name),
    Variable(Name),
    Call {
        name: Name,
        arguments: Vec<Expression>,
    },
}
