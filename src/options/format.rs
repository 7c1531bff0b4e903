//! What a format string says about the bytes of a value (spec/options.md 2).

use super::enums::Enumeration;

/// True if values end in text of any length: NULs at their end are not part of it (spec/options.md 2, 10.3, 13).
pub fn has_text(format: &str) -> bool {
    let mut letters = format.bytes();
    while let Some(letter) = letters.next() {
        match letter {
            b't' | b'k' => return true,
            b'A' | b'a' | b'X' | b'x' | b'D' | b'd' => return false,
            b'E' | b'N' => skip_name(&mut letters),
            _ => {}
        }
    }
    false
}

/// Octets before the first part of variable length.
pub fn min_length(format: &str) -> usize {
    let mut total = 0;
    let mut last = 0;
    let mut rest = format;
    while let Some(letter) = rest.bytes().next() {
        rest = rest.get(1..).unwrap_or("");
        last = match letter {
            b'6' => 16,
            b'I' | b'l' | b'L' | b'T' => 4,
            b's' | b'S' => 2,
            b'b' | b'B' | b'f' | b'F' => 1,
            b'N' => {
                let (name, after) = rest.split_once('.').unwrap_or((rest, ""));
                rest = after;
                Enumeration::named(name).map_or(1, |e| e.width.into())
            }
            b'o' => return total - last,
            _ => return total,
        };
        total += last;
    }
    total
}

/// The name in a format that starts with `E<name>.`; empty for `E.`, whose space `vendor-option-space` names.
pub fn encapsulated_space(format: &str) -> Option<&str> {
    format.strip_prefix('E')?.strip_suffix('.').filter(|name| !name.contains('.'))
}

fn skip_name(letters: &mut std::str::Bytes<'_>) {
    for letter in letters {
        if letter == b'.' {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_seen_before_arrays_and_opaque_data() {
        for text in ["t", "Bt", "fto", "Nstatus-codes.to", "k"] {
            assert!(has_text(text), "{text}");
        }
        for other in ["IA", "X", "BX", "Dc", "d", "Eagent.", "fIa", ""] {
            assert!(!has_text(other), "{other}");
        }
    }

    #[test]
    fn minimum_lengths() {
        for (format, length) in
            [("t", 0), ("Bt", 1), ("fto", 1), ("BB6Ia", 22), ("Nstatus-codes.to", 2), ("So", 0), ("BBS", 4)]
        {
            assert_eq!(min_length(format), length, "{format}");
        }
    }

    #[test]
    fn encapsulated_names() {
        assert_eq!(encapsulated_space("Eagent."), Some("agent"));
        assert_eq!(encapsulated_space("E."), Some(""));
        assert_eq!(encapsulated_space("BES."), None);
        assert_eq!(encapsulated_space("X"), None);
    }
}
