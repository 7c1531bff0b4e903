//! The Internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit words.

/// A running one's complement sum, kept in 64 bits and folded at the end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// Adds octets; an odd last octet counts as the high half of a word, so only the last piece may be odd.
    pub fn plus(self, octets: &[u8]) -> Sum {
        let mut sum = self.0;
        let (words, rest) = octets.as_chunks::<4>();
        for word in words {
            sum += u64::from(u32::from_be_bytes(*word));
        }
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        Sum(sum + u64::from(u32::from_be_bytes(last)))
    }

    /// Adds one 16-bit word.
    pub fn plus_word(self, word: u16) -> Sum {
        Sum(self.0 + u64::from(word))
    }

    /// The checksum to store, or 0 if the summed octets held a right one.
    pub fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_words_and_odd_ends() {
        // RFC 1071 3
        let octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Sum::default().plus(&octets).finish(), !0xddf2);
        assert_eq!(Sum::default().plus(&octets[..4]).plus(&octets[4..]).finish(), !0xddf2);
        assert_eq!(Sum::default().plus(&[1]).finish(), !0x0100);
        assert_eq!(Sum::default().plus(&[1, 2, 3]).finish(), !(0x0102 + 0x0300));
        assert_eq!(Sum::default().plus(&[0xff; 1500]).finish(), 0);
    }
}
