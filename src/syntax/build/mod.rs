//! From pest's pairs to the syntax tree: one function a rule.
//!
//! The grammar has already settled the shape, so that these functions only convert; what cannot be converted (a number too
//! large, an address that is none) is complained of and the statement goes on with some value, as in ISC's server.

mod declarations;
mod executable;
mod expression;
mod literal;

use super::ast::*;
use super::diagnostic::{Code, Diagnostic};
use super::grammar::Rule;
use super::source::{FileId, Span};
use pest::iterators::Pair;

pub(super) type Node<'t> = Pair<'t, Rule>;

/// Converts the pairs of one statement.
pub(super) struct Build {
    file: FileId,
    /// Where the text that pest was given begins in the file.
    base: u32,
    pub complaints: Vec<Diagnostic>,
}

impl Build {
    pub fn new(file: FileId, base: usize) -> Self {
        Build { file, base: base as u32, complaints: Vec::new() }
    }

    /// The place of a pair.
    pub fn span(&self, pair: &Node) -> Span {
        // pest takes white space before a part that is left out for part of the whole.
        let start = pair.as_span().start();
        let end = start + pair.as_str().trim_end().len();
        Span { file: self.file, start: self.base + start as u32, end: self.base + end as u32 }
    }

    fn complain(&mut self, pair: &Node, code: Code, message: impl Into<String>) {
        let span = self.span(pair);
        self.complaints.push(Diagnostic::error(span, code, message));
    }

    /// A statement, its block (if it has one) still empty. `None` if its rule is no statement's.
    pub fn statement(&mut self, pair: Node) -> Option<Kind> {
        match pair.as_rule() {
            Rule::shared_network => {
                Some(Kind::SharedNetwork { name: self.child_name(pair, Rule::network_name)?, body: Vec::new() })
            }
            Rule::subnet => self.subnet(pair),
            Rule::subnet6 => self.subnet6(pair),
            Rule::pool => Some(Kind::Pool { body: Vec::new() }),
            Rule::pool6 => Some(Kind::Pool6 { body: Vec::new() }),
            Rule::group => Some(Kind::Group { name: self.child_name(pair, Rule::group_name), body: Vec::new() }),
            Rule::host => Some(Kind::Host { name: self.child_name(pair, Rule::host_decl_name)?, body: Vec::new() }),
            Rule::class => Some(Kind::Class {
                flavour: ClassFlavour::Class,
                name: self.child_name(pair, Rule::class_name)?,
                body: Vec::new(),
            }),
            Rule::subclass => self.subclass(pair),
            Rule::vendor_class => self.implicit_class(pair, ClassFlavour::VendorClass),
            Rule::user_class => self.implicit_class(pair, ClassFlavour::UserClass),
            Rule::interface => Some(Kind::Interface(self.child_name(pair, Rule::interface_name)?)),
            Rule::authoritative => Some(Kind::Authoritative(true)),
            Rule::not_authoritative => Some(Kind::Authoritative(false)),
            Rule::server_duid => self.server_duid(pair),
            Rule::lease_id_format => Some(Kind::LeaseIdFormat { hex: has(&pair, Rule::HEX) }),
            Rule::range => self.range(pair),
            Rule::range6 => self.range6(pair),
            Rule::prefix6 => self.prefix6(pair),
            Rule::no_peer => Some(Kind::NoPeer),
            Rule::pool_peer => Some(Kind::UsePeer { name: self.child_name(pair, Rule::pool_peer_name)?, quoted: true }),
            Rule::permit => self.permit(pair),
            Rule::hardware => self.hardware(pair),
            Rule::uid => self.uid(pair),
            Rule::host_identifier => self.host_identifier(pair),
            Rule::fixed_address => Some(Kind::FixedAddress(self.addresses_or_names(pair))),
            Rule::fixed_address6 => Some(Kind::FixedAddress6(self.addresses6(pair))),
            Rule::fixed_prefix6 => self.fixed_prefix6(pair),
            Rule::host_group => Some(Kind::HostGroup(self.child_name(pair, Rule::host_group_name)?)),
            Rule::dynamic => Some(Kind::Dynamic),
            Rule::deleted => Some(Kind::Deleted),
            Rule::static_ => Some(Kind::Static),
            Rule::class_match => self.class_match(pair),
            Rule::spawn => Some(Kind::Spawn(self.child_expression(pair, Rule::match_data)?)),
            Rule::lease_limit => Some(Kind::LeaseLimit(self.child_atoi(pair, Rule::limit)?)),
            Rule::option_space => self.option_space(pair),
            Rule::option_definition => self.option_definition(pair),
            _ => self.executable(pair).map(Kind::Executable),
        }
    }
}

/// The first child of that rule.
fn child<'t>(pair: Node<'t>, rule: Rule) -> Option<Node<'t>> {
    pair.into_inner().find(|inner| inner.as_rule() == rule)
}

/// True if a child is of that rule.
fn has(pair: &Node, rule: Rule) -> bool {
    pair.clone().into_inner().any(|inner| inner.as_rule() == rule)
}

impl Build {
    /// The name a child of that rule stands for.
    fn child_name(&mut self, pair: Node, rule: Rule) -> Option<Name> {
        child(pair, rule).map(|inner| self.name(inner))
    }

    /// The number of a child of that rule, as `atoi` reads it.
    fn child_atoi(&mut self, pair: Node, rule: Rule) -> Option<i64> {
        child(pair, rule).map(|inner| super::number::atoi(inner.as_str()))
    }

    /// The expression in a child of that rule.
    fn child_expression(&mut self, pair: Node, rule: Rule) -> Option<Expression> {
        self.expression(child(pair, rule)?)
    }
}
