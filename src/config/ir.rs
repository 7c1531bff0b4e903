//! Checked expressions and executable statements: what `eval` runs and what the lease file stores for events.
//!
//! Source: spec/expressions.md 4 to 8. One enum for all three types, because variables and calls have any type until they run.

use crate::options::registry::OptionDef;
use std::sync::Arc;

/// A shared expression. Statements keep them unevaluated in the reply (spec/options.md 1).
pub type Shared = Arc<Expr>;

/// An expression. Booleans first, then data, then numbers, then those of any type.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Equal(Shared, Shared),
    NotEqual(Shared, Shared),
    /// `~=`, or `~~` when `ignore_case`.
    Regex {
        ignore_case: bool,
        data: Shared,
        pattern: Shared,
    },
    And(Shared, Shared),
    Or(Shared, Shared),
    Not(Shared),
    Exists(Arc<OptionDef>),
    Known,
    Static,
    Defined(Arc<str>),
    /// `check "default"`
    Check,

    /// A constant. `text` is how it is written back only by its bytes (spec/leases-file.md 6).
    Const(Arc<[u8]>),
    Substring {
        data: Shared,
        offset: Shared,
        length: Shared,
    },
    Suffix {
        data: Shared,
        length: Shared,
    },
    Lcase(Shared),
    Ucase(Shared),
    /// Two parts; longer concatenations nest to the left.
    Concat(Shared, Shared),
    /// Joins two compressed domain lists (append/prepend of format `Dc`).
    ConcatDomainLists(Shared, Shared),
    Option(Arc<OptionDef>),
    ConfigOption(Arc<OptionDef>),
    Hardware,
    Packet {
        offset: Shared,
        length: Shared,
    },
    /// Width in bits: 8, 16 or 32.
    EncodeInt(Shared, u8),
    BinaryToAscii {
        base: Shared,
        width: Shared,
        separator: Shared,
        data: Shared,
    },
    Reverse {
        width: Shared,
        data: Shared,
    },
    LeasedAddress,
    HostDeclName,
    Pick(Vec<Shared>),
    Filename,
    ServerName,
    GetHostName,
    /// A host name: all its IPv4 addresses, or only the first when `first_only` (spec/options.md 3.5).
    HostLookup {
        name: Arc<str>,
        first_only: bool,
    },
    V6Relay {
        relay: Shared,
        data: Shared,
    },
    Null,

    ConstInt(u64),
    /// Width in bits: 8, 16 or 32.
    ExtractInt(Shared, u8),
    LeaseTime,
    ClientState,
    Add(Shared, Shared),
    Multiply(Shared, Shared),
    Divide(Shared, Shared),
    Remainder(Shared, Shared),
    BitAnd(Shared, Shared),
    BitOr(Shared, Shared),
    BitXor(Shared, Shared),

    Variable(Arc<str>),
    Call(Arc<str>, Vec<Shared>),
}

impl Expr {
    /// The bytes, if this is a constant.
    pub fn constant(&self) -> Option<&Arc<[u8]>> {
        match self {
            Expr::Const(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// How an option statement changes the reply (spec/options.md 8). `option`, `send` and parameters are `Supersede`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionOp {
    Supersede,
    Default,
    Append,
    Prepend,
}

/// The lease events an `on` statement names.
pub use crate::syntax::ast::Events;
/// The level of a `log` statement.
pub use crate::syntax::ast::LogLevel;

/// An executable statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Stmt {
    Option {
        op: OptionOp,
        option: Arc<OptionDef>,
        value: Shared,
    },
    If {
        condition: Shared,
        then: Arc<[Stmt]>,
        otherwise: Arc<[Stmt]>,
    },
    Switch {
        on: Shared,
        body: Arc<[Stmt]>,
    },
    Case(Shared),
    DefaultCase,
    Break,
    /// `body` is `None` for `on EVENTS;`, which takes an earlier block away.
    On {
        events: Events,
        body: Option<Arc<[Stmt]>>,
    },
    Set {
        name: Arc<str>,
        value: Shared,
    },
    Unset(Arc<str>),
    /// `set F (args) { ... }`: the variable is left without a value (spec/config-language.md 9).
    SetFunction(Arc<str>),
    Define {
        name: Arc<str>,
        function: Arc<Function>,
    },
    Eval(Shared),
    Return(Option<Shared>),
    Log {
        level: LogLevel,
        text: Shared,
    },
    Execute {
        command: Arc<[u8]>,
        arguments: Arc<[Shared]>,
    },
    /// Puts the packet in the class of that name.
    Add(Arc<str>),
    ParseVendorOption,
}

/// What `define` binds.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub arguments: Vec<Arc<str>>,
    pub body: Arc<[Stmt]>,
}
