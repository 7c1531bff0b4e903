//! Records of failover relationships (spec/leases-file.md 13, spec/failover.md 21).

use super::super::lexer::Token;
use super::super::peer::{PeerRecord, PeerState};
use super::super::text::{from_latin1, latin1};
use super::{Fault, Reader};
use crate::wire::units::{Seconds, Timestamp};
use std::io::Read;

/// A block could not be understood further; what stood before counts.
enum Stop {
    Bogus,
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

impl<R: Read> Reader<'_, R> {
    /// A record, its first word taken.
    pub fn failover(&mut self) -> Result<(), Fault> {
        let token = self.token()?;
        if !self.lexer.is("peer") {
            // ISC says nothing either.
            return if token == Token::Punctuation(b'{') { self.skip_block(1) } else { self.skip_statement(0) };
        }
        if !matches!(self.token()?, Token::String | Token::Word) {
            self.complain("expecting failover peer name");
            return self.skip_statement(0);
        }
        let name = self.lexer.text().to_vec();
        let config = self.to.config;
        let Some(peer) = config.peers.iter().find(|peer| latin1(&peer.name) == name) else {
            self.complain(&format!("unknown failover peer: {}", from_latin1(&name)));
            return self.skip_statement(0);
        };
        for (expected, missing) in
            [(Token::Word, "expecting 'state'"), (Token::Punctuation(b'{'), "expecting left brace")]
        {
            let token = self.token()?;
            if token != expected || token == Token::Word && !self.lexer.is("state") {
                self.complain(missing);
                return if token == Token::Punctuation(b';') { Ok(()) } else { self.skip_statement(0) };
            }
        }
        let known = self.to.objects.failover.iter().find(|record| record.name == peer.name).cloned();
        let mut record = known.unwrap_or_else(|| PeerRecord::new(peer, self.now));
        let outcome = self.settings(&mut record);
        match outcome {
            // Cut off: the record before it is the better one.
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Bogus) => self.skip_block(1)?,
            Ok(()) => {}
        }
        match self.to.objects.failover.iter_mut().find(|old| old.name == record.name) {
            Some(old) => *old = record,
            None => self.to.objects.failover.push(record),
        }
        Ok(())
    }

    /// What stands between the braces, the closing one included.
    fn settings(&mut self, record: &mut PeerRecord) -> Result<(), Stop> {
        loop {
            if self.token()? == Token::Punctuation(b'}') {
                return Ok(());
            }
            match &*self.lexer.text().to_ascii_lowercase() {
                b"my" => (record.state, record.since) = self.state_setting((record.state, record.since))?,
                b"partner" => {
                    let old = (record.partner, record.partner_since);
                    (record.partner, record.partner_since) = self.state_setting(old)?;
                }
                b"mclt" => match (&record.mclt, self.token()?) {
                    (None, _) => return Err(self.bogus("mclt not valid for primary")),
                    (Some(_), Token::Word) => {
                        let Ok(mclt) = String::from_utf8_lossy(self.lexer.text()).parse() else {
                            return Err(self.bogus("expecting a number."));
                        };
                        record.mclt = Some(Seconds(mclt));
                        self.semicolon()?;
                    }
                    _ => return Err(self.bogus("expecting a number.")),
                },
                _ => return Err(self.bogus("expecting state setting.")),
            }
        }
    }

    fn bogus(&mut self, message: &str) -> Stop {
        self.complain(message);
        Stop::Bogus
    }

    /// `state <state> [at <date>];`, the first word of the statement taken. A state that is not known leaves the old one.
    fn state_setting(&mut self, old: (PeerState, Timestamp)) -> Result<(PeerState, Timestamp), Stop> {
        self.token()?;
        if !self.lexer.is("state") {
            return Err(self.bogus("expecting 'state'"));
        }
        self.token()?;
        let Some(state) = PeerState::named(self.lexer.text()) else {
            self.complain("unknown failover state");
            self.skip_statement(0)?;
            return Ok(old);
        };
        match self.token()? {
            Token::Punctuation(b';') => Ok((state, self.now)),
            _ if self.lexer.is("at") => Ok((state, self.date()?)),
            _ => {
                self.complain("expecting \"at\"");
                self.skip_statement(0)?;
                Ok(old)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read, Destination};
    use super::*;
    use crate::config::{load_text, Family};
    use crate::leases::objects::Objects;
    use crate::leases::store::LeaseStore;

    const CONF: &str =
        "failover peer \"p\" { primary; address 10.0.0.1; peer address 10.0.0.2; mclt 60; split 128; }\n\
        failover peer \"s\" { secondary; address 10.0.0.1; peer address 10.0.0.3; }\n";

    /// The records of a text, and what was complained about.
    fn records(text: &str) -> (Vec<PeerRecord>, Vec<String>) {
        let config = load_text("c", CONF, Family::V4).result.unwrap();
        let mut store = LeaseStore::new(&config);
        let (mut objects, mut lines) = (Objects::default(), Vec::new());
        let mut report = |_, line: String| lines.push(line.lines().next().unwrap_or_default().to_owned());
        let to = Destination { config: &config, store: &mut store, objects: &mut objects, report: &mut report };
        read(text.as_bytes(), "l", Timestamp(9), to).unwrap();
        (objects.failover, lines)
    }

    #[test]
    fn reads_what_it_writes() {
        let text = "\nfailover peer \"s\" state {\n  my state communications-interrupted at 0 2026/11/22 07:36:28;\n  \
            partner state recover-wait at 0 2026/11/22 07:36:29;\n  mclt 60;\n}\n";
        let (records, lines) = records(text);
        assert_eq!(lines, Vec::<String>::new());
        let mut out = Vec::new();
        records[0].write(&mut out, false);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn the_last_record_counts_and_a_bad_setting_ends_its_block() {
        let text = "failover peer s state { my state normal at epoch 5; partner state normal at epoch 6; mclt 7; }\n\
            failover peer \"s\" state { my state PARTNER-DOWN at epoch 8; peer state normal at epoch 8; }\n\
            failover peer \"p\" state { my state normal; mclt 5; partner state normal; }\n\
            failover peer \"q\" state { my state normal; }\n\
            lease 10.0.0.5 { binding state active; }\n";
        let (records, lines) = records(text);
        let of = |name: &str| records.iter().find(|record| &*record.name == name).unwrap();
        let s = of("s");
        assert_eq!(
            (s.state, s.since.0, s.partner, s.mclt),
            (PeerState::PartnerDown, 8, PeerState::Normal, Some(Seconds(7)))
        );
        let p = of("p");
        assert_eq!((p.state, p.since.0, p.partner, p.mclt), (PeerState::Normal, 9, PeerState::Unknown, None));
        let expected = ["expecting state setting.", "mclt not valid for primary", "unknown failover peer: q"];
        assert!(expected.iter().all(|text| lines.iter().any(|line| line.ends_with(text))), "{lines:?}");
    }

    #[test]
    fn a_record_cut_off_does_not_count() {
        let text =
            "failover peer \"s\" state { my state normal at epoch 5; }\nfailover peer \"s\" state { my state recover";
        assert_eq!(records(text).0[0].state, PeerState::Normal);
    }
}
