//! JSON text (RFC 8259), as far as a list of findings needs it.

use std::fmt::Write;

/// A string in its quotes. Everything but quotes, backslashes and control characters stands for itself.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a string cannot fail. DEL is legal, but no terminal's friend.
            control if control.is_ascii_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Values that are JSON already, as an array.
pub fn array(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(","))
}

/// Members whose values are JSON already, as an object.
pub fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", string(name))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_what_must_be() {
        assert_eq!(string(""), "\"\"");
        assert_eq!(string("a \"b\" \\c/"), r#""a \"b\" \\c/""#);
        assert_eq!(string("1\n2\t3\r4\0\u{1b}\u{7f}"), r#""1\n2\t3\r4\u0000\u001b\u007f""#);
        assert_eq!(string("Küche \u{1F600}"), "\"Küche \u{1F600}\"");
    }

    #[test]
    fn puts_values_together() {
        assert_eq!(array(["1", "\"a\""].map(String::from).into_iter()), "[1,\"a\"]");
        assert_eq!(array(std::iter::empty()), "[]");
        assert_eq!(object(&[("a", "1".into()), ("b\"", "null".into())]), r#"{"a":1,"b\"":null}"#);
    }

    /// Reads what `string` writes.
    fn unescape(json: &str) -> Option<String> {
        let mut characters = json.strip_prefix('"')?.strip_suffix('"')?.chars();
        let mut out = String::new();
        while let Some(character) = characters.next() {
            if character != '\\' {
                if character == '"' || u32::from(character) < 0x20 {
                    return None;
                }
                out.push(character);
                continue;
            }
            out.push(match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                }
                itself @ ('"' | '\\') => itself,
                _ => return None,
            });
        }
        Some(out)
    }

    proptest! {
        #[test]
        fn reads_back(text in any::<String>()) {
            prop_assert_eq!(unescape(&string(&text)), Some(text));
        }
    }
}
