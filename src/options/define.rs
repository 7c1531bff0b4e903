//! What a configuration may define and name: option types as format strings, spaces, options by name
//! (spec/options.md 5 to 7; spec/config-language.md 8.4, 8.5).

use super::registry::{OptionDef, OptionKey, Registry, SpaceId, Storage};
use std::fmt::Write;
use std::sync::Arc;

/// Letters of a format.
const MAX_FORMAT: usize = 128;
/// The format of options nobody defined.
const OPAQUE: &str = "X";

/// A type that is not made of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    Boolean,
    Integer {
        signed: bool,
        bits: i64,
    },
    IpAddress,
    Ip6Address,
    Text,
    String,
    DomainName,
    DomainList {
        compressed: bool,
    },
    /// The name of a space, as written.
    Encapsulate(&'a str),
    ZeroLength,
}

/// One item of a type: a scalar, or an array of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub array: bool,
    pub scalar: Scalar<'a>,
}

/// A whole type: one scalar, or a record in braces; `array of` either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition<'a> {
    pub array: bool,
    pub record: bool,
    /// One, unless it is a record; then none has `array` but by its own words.
    pub items: &'a [Item<'a>],
}

/// What is wrong with a type; `Display` is ISC's complaint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    #[error("encapsulate must always be the last item.")]
    AfterEncapsulate,
    #[error("no nested arrays.")]
    NestedArray,
    #[error("{0} bit precision is not supported.")]
    Precision(i64),
    #[error("arrays of text strings not yet supported.")]
    ArrayOfText,
    #[error("unknown option space {0}")]
    UnknownSpace(Box<str>),
    #[error("array incompatible with zerolen.")]
    ArrayOfZeroLength,
    #[error("too many types in record.")]
    TooLong,
    #[error("{0} must be at end of record.")]
    NotLast(&'static str),
    #[error("Arrays of encapsulations don't make sense.")]
    ArrayOfSpaces,
}

/// The format of a type, and the space it encapsulates. An error comes with the place of the item it is about.
pub fn format_of(
    definition: &Definition<'_>,
    registry: &Registry,
) -> Result<(String, Option<SpaceId>), (usize, TypeError)> {
    let mut format = String::new();
    let mut encapsulated = None;
    for (at, item) in definition.items.iter().enumerate() {
        if encapsulated.is_some() {
            return Err((at, TypeError::AfterEncapsulate));
        }
        let in_array = definition.array || item.array;
        let last = at + 1 == definition.items.len();
        let scalar = scalar_letters(item, definition.array, registry).map_err(|e| (at, e))?;
        format.push_str(&scalar.letters);
        encapsulated = scalar.space;
        if item.array && definition.record {
            format.push('a');
        }
        if format.len() > MAX_FORMAT {
            return Err((at, TypeError::TooLong));
        }
        if let Some(what) = scalar.only_last.filter(|_| definition.record && !last) {
            return Err((at, TypeError::NotLast(what)));
        }
        if encapsulated.is_some() && in_array && !(item.array && definition.record) {
            return Err((at, TypeError::ArrayOfSpaces));
        }
    }
    if definition.array {
        format.push(if definition.record { 'A' } else { 'a' });
    }
    Ok((format, encapsulated))
}

struct Letters {
    letters: String,
    space: Option<SpaceId>,
    /// Nothing may follow in a record; the word ISC complains with.
    only_last: Option<&'static str>,
}

fn scalar_letters(item: &Item<'_>, whole_array: bool, registry: &Registry) -> Result<Letters, TypeError> {
    if item.array && whole_array {
        return Err(TypeError::NestedArray);
    }
    let in_array = item.array || whole_array;
    let plain = |letter: &str| Ok(Letters { letters: letter.into(), space: None, only_last: None });
    let text = |letters: &str, what| match in_array {
        true => Err(TypeError::ArrayOfText),
        false => Ok(Letters { letters: letters.into(), space: None, only_last: Some(what) }),
    };
    match item.scalar {
        Scalar::Boolean => plain("f"),
        Scalar::Integer { signed, bits } => match (bits, signed) {
            (8, true) => plain("b"),
            (8, false) => plain("B"),
            (16, true) => plain("s"),
            (16, false) => plain("S"),
            (32, true) => plain("l"),
            (32, false) => plain("L"),
            _ => Err(TypeError::Precision(bits)),
        },
        Scalar::IpAddress => plain("I"),
        Scalar::Ip6Address => plain("6"),
        Scalar::Text => text("t", "text"),
        Scalar::String => text("X", "string"),
        Scalar::DomainName => text("d", "string"),
        Scalar::DomainList { compressed: true } => text("Dc", "string"),
        Scalar::DomainList { compressed: false } => text("D", "string"),
        Scalar::ZeroLength if in_array => Err(TypeError::ArrayOfZeroLength),
        Scalar::ZeroLength => text("Z", "string"),
        Scalar::Encapsulate(name) => {
            let space = registry.space_named(name).ok_or_else(|| TypeError::UnknownSpace(name.into()))?;
            Ok(Letters { letters: format!("E{name}."), space: Some(space), only_last: None })
        }
    }
}

/// A space can be encapsulated by one option only; a second one ends ISC's server with this text
/// (spec/config-language.md 8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Internal inconsistency: storage value has not been initialized to zero (from parse.c:1849).")]
pub struct SecondParent;

/// Defines an option with a format from `format_of`.
pub fn define_option(
    registry: &mut Registry,
    key: OptionKey,
    name: &str,
    format: &str,
    encapsulated: Option<SpaceId>,
) -> Result<Arc<OptionDef>, SecondParent> {
    if let Some(space) = encapsulated {
        if registry.space(space).parent.is_some() {
            return Err(SecondParent);
        }
        registry.set_parent(space, key);
    }
    Ok(registry.define(key, name, format))
}

/// What is wrong with the widths of a space; `Display` is ISC's complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WidthError {
    #[error("invalid code width ({0}), expecting a 1, 2 or 4.")]
    Code(i64),
    #[error("invalid length width ({0}) expecting 1 or 2.")]
    Length(i64),
}

/// Adds a space; widths that are not written are 1.
pub fn define_space(
    registry: &mut Registry,
    name: &str,
    code_width: Option<i64>,
    length_width: Option<i64>,
) -> Result<SpaceId, WidthError> {
    let code = match code_width.unwrap_or(1) {
        width @ (1 | 2 | 4) => width as u8,
        other => return Err(WidthError::Code(other)),
    };
    let length = match length_width.unwrap_or(1) {
        width @ (1 | 2) => width as u8,
        other => return Err(WidthError::Length(other)),
    };
    Ok(registry.add_space(name, code, length, 0, Storage::Hash))
}

/// An option found by name, and a line to log (level info) if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub def: Arc<OptionDef>,
    pub note: Option<String>,
}

/// Why a name is no option; `Display` is ISC's complaint in expressions and executable statements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("no option space named {0}.")]
    NoSpace(Box<str>),
    #[error("Option codes 0 and {end} are illegal in the {space} space.")]
    IllegalCode { end: u32, space: Box<str> },
    #[error("no option named {name} in space {space}")]
    Unknown { space: Box<str>, name: Box<str> },
}

impl NameError {
    /// ISC's complaint where an option statement could also have been a definition.
    pub fn statement_text(&self) -> String {
        match self {
            NameError::Unknown { space, name } => format!("unknown option {space}.{name}"),
            other => other.to_string(),
        }
    }
}

/// The space of `[space.]name`.
pub fn find_space(registry: &Registry, space: Option<&str>) -> Result<SpaceId, NameError> {
    match space {
        None => Ok(SpaceId::DHCP),
        Some(name) => registry.space_named(name).ok_or_else(|| NameError::NoSpace(name.into())),
    }
}

/// The option `[space.]name`; `unknown-N` is the option of code N, defined or not.
pub fn find_option(registry: &Registry, space: Option<&str>, name: &str) -> Result<Named, NameError> {
    let id = find_space(registry, space)?;
    if let Some(def) = registry.option_named(id, name) {
        return Ok(Named { def: def.clone(), note: None });
    }
    let space = registry.space(id);
    let Some(number) = name.get(..8).filter(|head| head.eq_ignore_ascii_case("unknown-")).and(name.get(8..)) else {
        return Err(NameError::Unknown { space: space.name.clone(), name: name.into() });
    };
    let code = decimal(number);
    if code == 0 || code == space.end_code {
        return Err(NameError::IllegalCode { end: space.end_code, space: space.name.clone() });
    }
    let key = OptionKey { space: id, code };
    Ok(match registry.option_coded(key) {
        Some(def) => {
            let mut note = String::new();
            let _ = write!(
                note,
                "option {name} has been redefined as option {}.  Please update your configs if necessary.",
                def.name
            );
            Named { def: def.clone(), note: Some(note) }
        }
        None => Named { def: unknown(key, name), note: None },
    })
}

/// A definition for an option that has none.
fn unknown(key: OptionKey, name: &str) -> Arc<OptionDef> {
    Arc::new(OptionDef { key, name: name.into(), format: OPAQUE.into() })
}

/// The definition of a code: the registered one, or `unknown-N` with opaque bytes (what a packet may bring).
pub fn option_of_code(registry: &Registry, key: OptionKey) -> Arc<OptionDef> {
    match registry.option_coded(key) {
        Some(def) => def.clone(),
        None => unknown(key, &format!("unknown-{}", key.code)),
    }
}

/// Leading digits as a number that wraps like C's.
fn decimal(text: &str) -> u32 {
    let digits = text.bytes().take_while(u8::is_ascii_digit);
    digits.fold(0u32, |n, digit| n.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(scalar: Scalar<'_>) -> Item<'_> {
        Item { array: false, scalar }
    }

    fn format(array: bool, record: bool, items: &[Item<'_>]) -> Result<String, String> {
        let outcome = format_of(&Definition { array, record, items }, &Registry::builtin());
        outcome.map(|(format, _)| format).map_err(|(_, e)| e.to_string())
    }

    const BYTE: Scalar<'static> = Scalar::Integer { signed: false, bits: 8 };

    #[test]
    fn types_become_letters() {
        let address = item(Scalar::IpAddress);
        let addresses = Item { array: true, ..address };
        assert_eq!(format(false, false, &[address]).unwrap(), "I");
        assert_eq!(format(true, false, &[address]).unwrap(), "Ia");
        assert_eq!(format(true, true, &[item(BYTE), address]).unwrap(), "BIA");
        assert_eq!(format(false, true, &[addresses, item(BYTE)]).unwrap(), "IaB");
        assert_eq!(format(false, true, &[item(BYTE), item(Scalar::DomainList { compressed: true })]).unwrap(), "BDc");
        assert_eq!(format(false, false, &[item(Scalar::Encapsulate("agent"))]).unwrap(), "Eagent.");
        assert_eq!(format(false, false, &[item(Scalar::Integer { signed: true, bits: 16 })]).unwrap(), "s");
    }

    #[test]
    fn what_isc_refuses() {
        let inner = |scalar| Item { array: true, scalar };
        let refused = |array, record, items: &[Item<'_>], text: &str| {
            assert_eq!(format(array, record, items).unwrap_err(), text);
        };
        refused(true, false, &[item(Scalar::Text)], "arrays of text strings not yet supported.");
        refused(false, true, &[inner(Scalar::DomainName)], "arrays of text strings not yet supported.");
        refused(false, true, &[item(Scalar::Text), item(BYTE)], "text must be at end of record.");
        refused(false, true, &[item(Scalar::ZeroLength), item(BYTE)], "string must be at end of record.");
        refused(true, false, &[item(Scalar::ZeroLength)], "array incompatible with zerolen.");
        refused(true, true, &[inner(BYTE)], "no nested arrays.");
        refused(
            false,
            false,
            &[item(Scalar::Integer { signed: true, bits: 24 })],
            "24 bit precision is not supported.",
        );
        refused(false, false, &[item(Scalar::Encapsulate("nix"))], "unknown option space nix");
        refused(true, false, &[item(Scalar::Encapsulate("isc"))], "Arrays of encapsulations don't make sense.");
        let after = [item(Scalar::Encapsulate("isc")), item(BYTE)];
        refused(false, true, &after, "encapsulate must always be the last item.");
        refused(false, true, &[item(BYTE); 129], "too many types in record.");
        assert!(format(false, true, &[item(BYTE); 128]).is_ok());
    }

    #[test]
    fn a_space_has_one_parent() {
        let mut registry = Registry::builtin();
        let space = define_space(&mut registry, "S", None, Some(2)).unwrap();
        assert!(define_option(&mut registry, OptionKey::dhcp(200), "s", "ES.", Some(space)).is_ok());
        assert_eq!(registry.space(space).parent, Some(OptionKey::dhcp(200)));
        assert_eq!(define_option(&mut registry, OptionKey::dhcp(201), "t", "ES.", Some(space)), Err(SecondParent));
        let wrong = |code, length| define_space(&mut Registry::builtin(), "S", code, length).unwrap_err().to_string();
        assert_eq!(wrong(Some(3), None), "invalid code width (3), expecting a 1, 2 or 4.");
        assert_eq!(wrong(None, Some(4)), "invalid length width (4) expecting 1 or 2.");
    }

    #[test]
    fn names_and_unknown_codes() {
        let registry = Registry::builtin();
        let find = |space, name| find_option(&registry, space, name);
        assert_eq!(find(None, "Domain-Name").unwrap().def.key, OptionKey::dhcp(15));
        assert_eq!(find(Some("SERVER"), "filename").unwrap().def.key, OptionKey::server(15));
        let known = find(None, "unknown-15").unwrap();
        assert_eq!(known.def.key.code, 15);
        assert_eq!(
            known.note.unwrap(),
            "option unknown-15 has been redefined as option domain-name.  Please update your configs if necessary."
        );
        let adhoc = find(Some("agent"), "unknown-9").unwrap();
        assert_eq!((adhoc.def.key.code, &*adhoc.def.format, adhoc.note), (9, "X", None));
        let error = |space, name| find(space, name).unwrap_err();
        assert_eq!(error(None, "unknown-255").to_string(), "Option codes 0 and 255 are illegal in the dhcp space.");
        assert_eq!(
            error(Some("agent"), "unknown-x").to_string(),
            "Option codes 0 and 0 are illegal in the agent space."
        );
        assert_eq!(error(Some("nix"), "a").to_string(), "no option space named nix.");
        assert_eq!(error(None, "nix").to_string(), "no option named nix in space dhcp");
        assert_eq!(error(None, "nix").statement_text(), "unknown option dhcp.nix");
        assert_eq!(&*option_of_code(&registry, OptionKey::dhcp(200)).name, "unknown-200");
    }
}
