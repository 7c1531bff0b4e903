//! What the client said of itself, in option client-request-options of BNDUPD: what the partner needs beside the binding to
//! name the client in DNS and inventories. ISC neither sends nor reads it (it stores and forgets it), so that it can be sent
//! to any partner.
//!
//! The content is a list of DHCP options:
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 1 | code: 12 host name, 60 vendor class identifier; others are skipped |
//! | 1 | 1 | length |
//! | 2 | length | data, not empty |

const HOST_NAME: u8 = 12;
const VENDOR_CLASS: u8 = 60;

/// Octets of the longest value: longer ones are cut off.
pub const MAX_OPTION: usize = 255;

/// A client's description of itself; empty is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientOptions {
    /// As it goes into `client-hostname`.
    pub host_name: Box<[u8]>,
    pub vendor_class: Box<[u8]>,
}

impl ClientOptions {
    /// The option's content; `None` if there is nothing to say.
    pub fn emit(&self) -> Option<Box<[u8]>> {
        let mut out = Vec::new();
        for (code, value) in [(HOST_NAME, &self.host_name), (VENDOR_CLASS, &self.vendor_class)] {
            let value = value.get(..MAX_OPTION).unwrap_or(value);
            if !value.is_empty() {
                out.push(code);
                out.push(value.len() as u8);
                out.extend_from_slice(value);
            }
        }
        (!out.is_empty()).then(|| out.into())
    }

    /// Reads the option's content as far as it can be followed. Of several values of one code the last one counts.
    pub fn parse(mut content: &[u8]) -> ClientOptions {
        let mut options = ClientOptions::default();
        while let [code, length, rest @ ..] = content {
            let Some((value, rest)) = rest.split_at_checked(usize::from(*length)) else { break };
            match *code {
                HOST_NAME => options.host_name = value.into(),
                VENDOR_CLASS => options.vendor_class = value.into(),
                _ => {}
            }
            content = rest;
        }
        options
    }
}
