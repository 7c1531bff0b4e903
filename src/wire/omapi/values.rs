//! Lists of names and values. The wire tells nothing of a value's type; no octets at all mean "no value".

use std::collections::HashMap;

/// A name and its octets.
type Pair = (Box<[u8]>, Box<[u8]>);

/// Names and values in their order on the wire. No name occurs twice: the later value takes the place of the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    pairs: Vec<Pair>,
}

impl Values {
    /// A list of nothing.
    pub fn new() -> Values {
        Values::default()
    }

    /// Sets a value, in the place of an earlier one of that name, else at the end. A name that the format cannot hold (empty,
    /// or longer than 65535 octets) is left out.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl Into<Box<[u8]>>) {
        let (name, value) = (name.as_ref(), value.into());
        if name.is_empty() || name.len() > usize::from(u16::MAX) || u32::try_from(value.len()).is_err() {
            return;
        }
        match self.pairs.iter_mut().find(|(other, _)| **other == *name) {
            Some(pair) => pair.1 = value,
            None => self.pairs.push((name.into(), value)),
        }
    }

    /// Sets a number: four octets, big-endian. Handles and flags are numbers, too.
    pub fn set_u32(&mut self, name: impl AsRef<[u8]>, number: u32) {
        self.set(name, number.to_be_bytes());
    }

    /// The octets of a name; `None` if it does not occur, no octets if it has no value.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let name = name.as_ref();
        self.pairs.iter().find(|(other, _)| **other == *name).map(|(_, value)| &**value)
    }

    /// The octets of a name, if it has any.
    pub fn present(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The number of a name; `None` if it does not occur or has not exactly four octets.
    pub fn get_u32(&self, name: impl AsRef<[u8]>) -> Option<u32> {
        self.get(name).and_then(number)
    }

    /// All names and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.pairs.iter().map(|(name, value)| (&**name, &**value))
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Reads a list from the beginning of `octets`; the rest comes back with it. `None` if it does not end in them.
    pub(super) fn parse(octets: &[u8]) -> Option<(Values, &[u8])> {
        let mut rest = octets;
        let mut pairs: Vec<Pair> = Vec::new();
        let mut places: HashMap<&[u8], usize> = HashMap::new();
        loop {
            let (length, after) = rest.split_first_chunk()?;
            let length = usize::from(u16::from_be_bytes(*length));
            if length == 0 {
                return Some((Values { pairs }, after));
            }
            let (name, after) = after.split_at_checked(length)?;
            let (length, after) = after.split_first_chunk()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (value, after) = after.split_at_checked(length)?;
            rest = after;
            match places.get(name).and_then(|place| pairs.get_mut(*place)) {
                Some(pair) => pair.1 = value.into(),
                None => {
                    places.insert(name, pairs.len());
                    pairs.push((name.into(), value.into()));
                }
            }
        }
    }

    /// Appends the list with its end.
    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        for (name, value) in self.iter() {
            // `set` and `parse` let nothing longer in.
            out.extend_from_slice(&(name.len() as u16).to_be_bytes());
            out.extend_from_slice(name);
            out.extend_from_slice(&(value.len() as u32).to_be_bytes());
            out.extend_from_slice(value);
        }
        out.extend_from_slice(&[0, 0]);
    }
}

/// The number that exactly four octets are.
fn number(octets: &[u8]) -> Option<u32> {
    octets.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_later_value_takes_the_place_of_the_first() {
        let wire = b"\0\x01a\0\0\0\x01x\0\x01b\0\0\0\0\0\x01a\0\0\0\x02yz\0\0rest";
        let (values, rest) = Values::parse(wire).unwrap();
        assert_eq!(rest, b"rest");
        let pairs: Vec<_> = values.iter().collect();
        assert_eq!(pairs, [(b"a".as_slice(), b"yz".as_slice()), (b"b", b"")]);
        assert_eq!(values.get("b"), Some(b"".as_slice()));
        assert_eq!(values.present("b"), None);
        assert_eq!(values.get("c"), None);
    }

    #[test]
    fn what_is_cut_short_is_no_list() {
        let wire = b"\0\x01a\0\0\0\x01x\0\0";
        assert!(Values::parse(wire).is_some());
        for length in 0..wire.len() {
            assert_eq!(Values::parse(&wire[..length]), None);
        }
        assert_eq!(Values::parse(b"\0\x01a\xff\xff\xff\xffx\0\0"), None);
    }

    #[test]
    fn names_that_cannot_be_sent_are_left_out() {
        let mut values = Values::new();
        values.set("", *b"x");
        values.set(vec![b'n'; 65536], *b"x");
        assert!(values.is_empty());
        values.set_u32("n", 7);
        assert_eq!((values.get_u32("n"), values.len()), (Some(7), 1));
    }

    proptest! {
        #[test]
        fn round_trip(pairs in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..20), prop::collection::vec(any::<u8>(), 0..40)), 0..20)) {
            let mut values = Values::new();
            for (name, value) in pairs {
                values.set(name, value);
            }
            let mut wire = Vec::new();
            values.emit(&mut wire);
            prop_assert_eq!(Values::parse(&wire), Some((values, [].as_slice())));
        }

        #[test]
        fn never_panics(octets in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Values::parse(&octets);
        }
    }
}
