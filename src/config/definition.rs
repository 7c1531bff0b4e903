//! Option spaces and option definitions (spec/config-language.md 8.4, 8.5; spec/options.md 5, 6).

use super::declare::Declarer;
use super::lowering::space_of;
use super::state::Step;
use crate::options::registry::{OptionKey, Registry, SpaceId, Storage};
use crate::syntax::ast::{Name, OptionName, OptionType, SimpleType};
use crate::syntax::source::Span;

/// The longest format.
const MAX_FORMAT: usize = 128;

/// ISC's last words when a second option encapsulates a space.
const SECOND_PARENT: &str =
    "Internal inconsistency: storage value has not been initialized to zero (from parse.c:1849).";

impl Declarer<'_> {
    /// `option space NAME ...;`. A space of the same name is hidden, with its options.
    pub fn option_space(&mut self, name: Name, code_width: Option<i64>, length_width: Option<i64>, span: Span) {
        let code_width = match code_width.unwrap_or(1) {
            width @ (1 | 2 | 4) => width as u8,
            width => {
                let text = format!("invalid code width ({width}), expecting a 1, 2 or 4.");
                self.state.log.complain(span, "option-space", text);
                return;
            }
        };
        let length_width = match length_width.unwrap_or(1) {
            width @ (1 | 2) => width as u8,
            width => {
                let text = format!("invalid length width ({width}) expecting 1 or 2.");
                self.state.log.complain(span, "option-space", text);
                return;
            }
        };
        if self.state.registry.spaces().len() >= usize::from(u16::MAX) {
            self.state.log.complain(span, "option-space", "there are too many option spaces.");
            return;
        }
        self.state.registry.add_space(&name.text, code_width, length_width, 0, Storage::Hash);
    }

    /// `option NAME code N = TYPE;`
    pub fn option_definition(&mut self, option: OptionName, code: i64, definition: OptionType, span: Span) -> Step {
        let Ok(space) = space_of(&self.state.registry, &mut self.state.log, &option) else { return Ok(()) };
        let format = match format_of(&self.state.registry, &definition) {
            Ok(format) => format,
            Err(text) => {
                self.state.log.complain(span, "option-definition", text);
                return Ok(());
            }
        };
        let key = OptionKey { space, code: code as u32 };
        self.state.registry.define(key, &option.name.text, &format.letters);
        if let Some(encapsulated) = format.encapsulated {
            if self.state.registry.space(encapsulated).parent.is_some() {
                return Err(self.state.fatal(SECOND_PARENT));
            }
            self.state.registry.set_parent(encapsulated, key);
        }
        Ok(())
    }
}

/// A format being put together.
#[derive(Debug, Default)]
struct Format {
    letters: String,
    encapsulated: Option<SpaceId>,
}

/// The format letters of a type.
fn format_of(registry: &Registry, definition: &OptionType) -> Result<Format, String> {
    let mut format = Format::default();
    match definition {
        OptionType::Simple(simple) => format.item(registry, simple, false)?,
        OptionType::Array(simple) => {
            format.item(registry, simple, true)?;
            format.finish_array('a')?;
        }
        OptionType::Record(items) => format.record(registry, items, false)?,
        OptionType::ArrayOfRecord(items) => {
            format.record(registry, items, true)?;
            format.finish_array('A')?;
        }
    }
    Ok(format)
}

impl Format {
    fn record(&mut self, registry: &Registry, items: &[(bool, SimpleType)], in_array: bool) -> Result<(), String> {
        let mut ended_by = None;
        for (array, simple) in items {
            if let Some(what) = ended_by {
                return Err(format!("{what} must be at end of record."));
            }
            if self.encapsulated.is_some() {
                return Err("encapsulate must always be the last item.".into());
            }
            if *array && in_array {
                return Err("no nested arrays.".into());
            }
            self.item(registry, simple, *array || in_array)?;
            if *array {
                self.push("a")?;
            }
            ended_by = match simple {
                SimpleType::Text => Some("text"),
                SimpleType::String
                | SimpleType::DomainName
                | SimpleType::DomainList { .. }
                | SimpleType::ZeroLength => Some("string"),
                _ => None,
            };
        }
        Ok(())
    }

    fn item(&mut self, registry: &Registry, simple: &SimpleType, in_array: bool) -> Result<(), String> {
        let letter = match simple {
            SimpleType::Boolean => "f",
            SimpleType::Integer { signed: true, bits: 8 } => "b",
            SimpleType::Integer { signed: false, bits: 8 } => "B",
            SimpleType::Integer { signed: true, bits: 16 } => "s",
            SimpleType::Integer { signed: false, bits: 16 } => "S",
            SimpleType::Integer { signed: true, bits: 32 } => "l",
            SimpleType::Integer { signed: false, bits: 32 } => "L",
            SimpleType::Integer { bits, .. } => return Err(format!("{bits} bit precision is not supported.")),
            SimpleType::IpAddress => "I",
            SimpleType::Ip6Address => "6",
            SimpleType::ZeroLength if in_array => return Err("array incompatible with zerolen.".into()),
            SimpleType::ZeroLength => "Z",
            SimpleType::Encapsulate(space) => return self.encapsulate(registry, space),
            _ if in_array => return Err("arrays of text strings not yet supported.".into()),
            SimpleType::Text => "t",
            SimpleType::String => "X",
            SimpleType::DomainName => "d",
            SimpleType::DomainList { compressed: false } => "D",
            SimpleType::DomainList { compressed: true } => "Dc",
        };
        self.push(letter)
    }

    fn encapsulate(&mut self, registry: &Registry, space: &Name) -> Result<(), String> {
        let Some(id) = registry.space_named(&space.text) else {
            return Err(format!("unknown option space {}", space.text));
        };
        self.encapsulated = Some(id);
        self.push(&format!("E{}.", space.text))
    }

    fn finish_array(&mut self, letter: char) -> Result<(), String> {
        if self.encapsulated.is_some() {
            return Err("Arrays of encapsulations don't make sense.".into());
        }
        self.letters.push(letter);
        Ok(())
    }

    fn push(&mut self, letters: &str) -> Result<(), String> {
        if self.letters.len() + letters.len() > MAX_FORMAT {
            return Err("too many types in record.".into());
        }
        self.letters.push_str(letters);
        Ok(())
    }
}
