//! Option spaces and option definitions (spec/options.md 1, 5, 6; options.csv; universes.csv).

use super::table::SPACES;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Codes below this are looked up by place.
const SMALL_CODES: usize = 256;

/// An option space ("universe"), numbered in order of creation: 0 `dhcp` ... 11 `server`, user spaces from 12 (universes.csv).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceId(pub u16);

impl SpaceId {
    pub const DHCP: SpaceId = SpaceId(0);
    pub const NWIP: SpaceId = SpaceId(1);
    pub const FQDN: SpaceId = SpaceId(2);
    pub const VENDOR_CLASS: SpaceId = SpaceId(3);
    pub const VENDOR: SpaceId = SpaceId(4);
    pub const ISC: SpaceId = SpaceId(5);
    pub const DHCP6: SpaceId = SpaceId(6);
    pub const VSIO: SpaceId = SpaceId(7);
    pub const ISC6: SpaceId = SpaceId(8);
    pub const FQDN6: SpaceId = SpaceId(9);
    pub const AGENT: SpaceId = SpaceId(10);
    pub const SERVER: SpaceId = SpaceId(11);
}

/// Space and code: what an option is stored under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionKey {
    pub space: SpaceId,
    pub code: u32,
}

impl OptionKey {
    /// An option of space `dhcp`.
    pub const fn dhcp(code: u32) -> OptionKey {
        OptionKey { space: SpaceId::DHCP, code }
    }

    /// A server parameter (spec/config-language.md 5).
    pub const fn server(code: u32) -> OptionKey {
        OptionKey { space: SpaceId::SERVER, code }
    }
}

/// An option's definition.
#[derive(Debug, PartialEq, Eq)]
pub struct OptionDef {
    pub key: OptionKey,
    /// As first written; compared without regard to case.
    pub name: Box<str>,
    /// Format letters (spec/options.md 2).
    pub format: Box<str>,
}

/// How a space stores its options, which decides their order on the wire (spec/options.md 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Hash,
    Linked,
}

/// An option space.
#[derive(Clone, Debug)]
pub struct Space {
    pub id: SpaceId,
    pub name: Box<str>,
    /// Octets of the option code on the wire: 1, 2 or 4 (0: has no wire form of its own).
    pub code_width: u8,
    /// Octets of the length: 0, 1 or 2.
    pub length_width: u8,
    /// The code that ends an option area; 255 for `dhcp`, 0 elsewhere.
    pub end_code: u32,
    pub storage: Storage,
    /// The option that encapsulates this space, if one does.
    pub parent: Option<OptionKey>,
    by_name: FxHashMap<Box<str>, Arc<OptionDef>>,
    /// Codes of one octet, by code; as long as the highest of them needs.
    small_codes: Vec<Option<Arc<OptionDef>>>,
    large_codes: FxHashMap<u32, Arc<OptionDef>>,
}

impl Space {
    fn coded(&self, code: u32) -> Option<&Arc<OptionDef>> {
        match self.small_codes.get(code as usize) {
            Some(def) => def.as_ref(),
            None => self.large_codes.get(&code),
        }
    }

    fn set_coded(&mut self, code: u32, def: Option<Arc<OptionDef>>) {
        let at = code as usize;
        if at < SMALL_CODES {
            if at >= self.small_codes.len() {
                self.small_codes.resize(at + 1, None);
            }
            self.small_codes[at] = def;
        } else if let Some(def) = def {
            self.large_codes.insert(code, def);
        } else {
            self.large_codes.remove(&code);
        }
    }
}

/// All spaces and definitions. Mutable while a configuration is read, frozen with it.
#[derive(Clone, Debug)]
pub struct Registry {
    spaces: Vec<Space>,
    by_name: FxHashMap<Box<str>, SpaceId>,
}

impl Registry {
    /// No spaces at all; `Registry::builtin` has the predefined ones.
    pub fn empty() -> Registry {
        Registry { spaces: Vec::new(), by_name: FxHashMap::default() }
    }

    /// The predefined spaces and options (spec/options.csv, spec/universes.csv).
    pub fn builtin() -> Registry {
        let mut registry = Registry::empty();
        for row in SPACES {
            let space = registry.add_space(row.name, row.code_width, row.length_width, row.end_code, row.storage);
            for (code, name, format) in row.options {
                registry.define(OptionKey { space, code: *code }, name, format);
            }
        }
        for (child, row) in SPACES.iter().enumerate() {
            let parent = row.parent.and_then(|(name, code)| Some((registry.space_named(name)?, code)));
            if let Some((space, code)) = parent {
                registry.set_parent(SpaceId(child as u16), OptionKey { space, code });
            }
        }
        registry
    }

    /// Adds a space; one of the same name is hidden from lookups by name (spec/options.md 6).
    pub fn add_space(
        &mut self,
        name: &str,
        code_width: u8,
        length_width: u8,
        end_code: u32,
        storage: Storage,
    ) -> SpaceId {
        let id = SpaceId(self.spaces.len() as u16);
        self.spaces.push(Space {
            id,
            name: name.into(),
            code_width,
            length_width,
            end_code,
            storage,
            parent: None,
            by_name: FxHashMap::default(),
            small_codes: Vec::new(),
            large_codes: FxHashMap::default(),
        });
        self.by_name.insert(name.to_ascii_lowercase().into(), id);
        id
    }

    /// The space of that name, in any case.
    pub fn space_named(&self, name: &str) -> Option<SpaceId> {
        // formats mostly have it in lower case: no copy then
        if let Some(id) = self.by_name.get(name) {
            return Some(*id);
        }
        self.by_name.get(name.to_ascii_lowercase().as_str()).copied()
    }

    /// The space of that number.
    pub fn space(&self, id: SpaceId) -> &Space {
        &self.spaces[id.0 as usize]
    }

    /// All spaces in order of creation.
    pub fn spaces(&self) -> &[Space] {
        &self.spaces
    }

    /// Makes `option` the one that encapsulates `space`.
    pub fn set_parent(&mut self, space: SpaceId, option: OptionKey) {
        self.spaces[space.0 as usize].parent = Some(option);
    }

    /// The definition of that name, in any case.
    pub fn option_named(&self, space: SpaceId, name: &str) -> Option<&Arc<OptionDef>> {
        self.space(space).by_name.get(name.to_ascii_lowercase().as_str())
    }

    /// The definition of that code.
    pub fn option_coded(&self, key: OptionKey) -> Option<&Arc<OptionDef>> {
        self.space(key.space).coded(key.code)
    }

    /// Defines an option. A known *name* loses its old definition altogether; a known *code* keeps its old name
    /// (spec/options.md 5).
    pub fn define(&mut self, key: OptionKey, name: &str, format: &str) -> Arc<OptionDef> {
        let space = &mut self.spaces[key.space.0 as usize];
        let def = Arc::new(OptionDef { key, name: name.into(), format: format.into() });
        let folded: Box<str> = name.to_ascii_lowercase().into();
        if let Some(old) = space.by_name.insert(folded, def.clone()) {
            if space.coded(old.key.code).is_some_and(|d| Arc::ptr_eq(d, &old)) {
                space.set_coded(old.key.code, None);
            }
        }
        space.set_coded(key.code, Some(def.clone()));
        def
    }

    /// All definitions of a space, by ascending code.
    pub fn definitions(&self, space: SpaceId) -> Vec<&Arc<OptionDef>> {
        let space = self.space(space);
        let mut all: Vec<_> = space.small_codes.iter().flatten().chain(space.large_codes.values()).collect();
        all.sort_by_key(|d| d.key.code);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_knows_what_the_default_build_knows() {
        let registry = Registry::builtin();
        let total: usize = registry.spaces().iter().map(|s| registry.definitions(s.id).len()).sum();
        assert_eq!(total, 297);
        assert_eq!(registry.space_named("AGENT"), Some(SpaceId::AGENT));
        assert_eq!(registry.space_named("server"), Some(SpaceId::SERVER));
        assert_eq!(registry.space(SpaceId::ISC).parent, Some(OptionKey { space: SpaceId::VENDOR, code: 2495 }));
        assert_eq!(registry.space(SpaceId::AGENT).parent, Some(OptionKey::dhcp(82)));
        assert_eq!(registry.space(SpaceId::DHCP).end_code, 255);
        let search = registry.option_named(SpaceId::DHCP, "Domain-Search").unwrap();
        assert_eq!((search.key.code, &*search.format), (119, "Dc"));
        assert_eq!(&*registry.option_coded(OptionKey::server(100)).unwrap().name, "ping-timeout-ms");
        assert!(registry.option_coded(OptionKey::server(90)).is_none());
    }

    #[test]
    fn a_name_moves_and_a_code_keeps_its_old_names() {
        let mut registry = Registry::builtin();
        registry.define(OptionKey::dhcp(200), "domain-name", "I");
        assert!(registry.option_coded(OptionKey::dhcp(15)).is_none());
        registry.define(OptionKey::dhcp(6), "resolvers", "IA");
        assert_eq!(registry.option_named(SpaceId::DHCP, "domain-name-servers").unwrap().key.code, 6);
        assert_eq!(&*registry.option_coded(OptionKey::dhcp(6)).unwrap().name, "resolvers");
    }
}
