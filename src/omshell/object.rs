//! The object that the shell holds: its type, its attributes, what of them the server does not know yet, and how it is shown
//! (spec/omapi.md 14.3, 14.4).

use crate::wire::omapi::{ResultCode, Values};

/// The longest data that is shown in hexadecimal, in octets; longer data shows as nothing.
const MAX_HEX: usize = 341;
/// The longest data that is shown as text, in octets; of longer data its beginning.
const MAX_TEXT: usize = 1022;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Integer(i32),
    /// Written in quotes here.
    String(Vec<u8>),
    /// Written as octets here, or from the server, which does not say what a value is.
    Data(Vec<u8>),
}

impl Value {
    /// As on the wire.
    fn octets(&self) -> Vec<u8> {
        match self {
            Value::Integer(number) => number.to_be_bytes().to_vec(),
            Value::String(octets) | Value::Data(octets) => octets.clone(),
        }
    }

    /// As on the screen.
    pub fn show(&self) -> Vec<u8> {
        match self {
            Value::Integer(number) => number.to_string().into_bytes(),
            Value::String(text) => [b"\"", text.as_slice(), b"\""].concat(),
            Value::Data(octets) => {
                let text = octets.get(..MAX_TEXT).unwrap_or(octets);
                if text.iter().all(|octet| matches!(octet, b' '..=b'~')) {
                    return [b"\"", text, b"\""].concat();
                }
                let shown = octets.get(..).filter(|octets| octets.len() <= MAX_HEX).unwrap_or_default();
                let hex: Vec<String> = shown.iter().map(|octet| format!("{octet:02x}")).collect();
                hex.join(":").into_bytes()
            }
        }
    }
}

/// One attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    name: Vec<u8>,
    /// `None` asks the server to remove it.
    value: Option<Value>,
    changed: bool,
}

/// An object of the server, as far as it is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub kind: Vec<u8>,
    /// What the server calls it; 0 before it was opened.
    pub handle: u32,
    /// In the order in which they were first heard of.
    attributes: Vec<Attribute>,
}

impl Object {
    /// One of which only the type is known.
    pub fn new(kind: &[u8]) -> Object {
        Object { kind: kind.to_vec(), handle: 0, attributes: Vec::new() }
    }

    /// Sets an attribute here; `None` marks it for removal.
    pub fn set(&mut self, name: &[u8], value: Option<Value>) {
        let attribute = Attribute { name: name.to_vec(), value, changed: true };
        match self.attributes.iter_mut().find(|other| other.name == name) {
            Some(place) => *place = attribute,
            None => self.attributes.push(attribute),
        }
    }

    /// What the server has to be told.
    pub fn changes(&self) -> Values {
        let mut values = Values::new();
        for attribute in self.attributes.iter().filter(|attribute| attribute.changed) {
            values.set(&attribute.name, attribute.value.as_ref().map(Value::octets).unwrap_or_default());
        }
        values
    }

    /// Takes the object as the server sent it: with its handle, and at least one attribute.
    pub fn learn(&mut self, handle: u32, values: &Values) -> Result<(), ResultCode> {
        if values.is_empty() {
            return Err(ResultCode::INVALID_ARGUMENT);
        }
        for (name, octets) in values.iter() {
            if name == b"remote-handle" {
                self.handle = values.get_u32(name).ok_or(ResultCode::INVALID_ARGUMENT)?;
            } else {
                self.set(name, (!octets.is_empty()).then(|| Value::Data(octets.to_vec())));
            }
        }
        if handle != 0 {
            self.handle = handle;
        }
        self.attributes.retain(|attribute| attribute.value.is_some());
        self.attributes.iter_mut().for_each(|attribute| attribute.changed = false);
        Ok(())
    }

    /// The lines of its attributes, without line feeds.
    pub fn lines(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.attributes.iter().map(|attribute| {
            let value = attribute.value.as_ref().map_or(b"<null>".to_vec(), Value::show);
            [&attribute.name, b" = ".as_slice(), &value].concat()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(object: &Object) -> String {
        let lines: Vec<String> = object.lines().map(|line| String::from_utf8(line).unwrap()).collect();
        lines.join("|")
    }

    #[test]
    fn values_on_the_screen() {
        for (value, shown) in [
            (Value::Integer(-5), "-5"),
            (Value::String(b"a\"b".to_vec()), "\"a\"b\""),
            (Value::String(vec![]), "\"\""),
            (Value::Data(b"abcd".to_vec()), "\"abcd\""),
            (Value::Data(vec![0, 0, 0, 1]), "00:00:00:01"),
            (Value::Data(vec![0; 342]), ""),
        ] {
            assert_eq!(value.show(), shown.as_bytes(), "{value:?}");
        }
        assert_eq!(Value::Data(vec![0; 341]).show().len(), 341 * 3 - 1);
        assert_eq!(Value::Data(vec![b'a'; 2000]).show().len(), 1024);
    }

    #[test]
    fn attributes_keep_their_place() {
        let mut object = Object::new(b"host");
        object.set(b"name", Some(Value::String(b"h".to_vec())));
        object.set(b"gone", None);
        object.set(b"hardware-type", Some(Value::Integer(1)));
        assert_eq!(lines(&object), "name = \"h\"|gone = <null>|hardware-type = 1");
        assert_eq!(object.changes().len(), 3);
        assert_eq!(object.changes().get("gone"), Some(&[][..]));

        let mut answer = Values::new();
        answer.set_u32("hardware-type", 1);
        assert_eq!(object.learn(7, &answer), Ok(()));
        assert_eq!((object.handle, lines(&object).as_str()), (7, "name = \"h\"|hardware-type = 00:00:00:01"));
        assert!(object.changes().is_empty());

        object.set(b"new", Some(Value::Data(vec![1])));
        assert_eq!(lines(&object), "name = \"h\"|hardware-type = 00:00:00:01|new = 01");
        assert_eq!(object.changes().len(), 1);
    }

    #[test]
    fn answers_that_make_no_sense() {
        let mut object = Object::new(b"pool");
        assert_eq!(object.learn(7, &Values::new()), Err(ResultCode::INVALID_ARGUMENT));
        let mut values = Values::new();
        values.set("remote-handle", *b"abc");
        assert_eq!(object.learn(7, &values), Err(ResultCode::INVALID_ARGUMENT));
        assert_eq!(object.handle, 0);
    }
}
