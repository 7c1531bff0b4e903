//! The lease file as a whole: what stands in it, in order, a piece at a time; and what is said when it cannot be opened.

use super::cursor::Cursor;
use super::objects::{write_server_duid, ObjectCounts, Objects};
use super::store::LeaseStore;
use super::writer;
use crate::config::model::Config;
use crate::wire::units::Timestamp;
use std::path::Path;

/// The text of a complete lease file: header, objects, leases (spec/leases-file.md 2). It is taken in chunks, between which
/// leases may change.
#[derive(Debug, Default)]
pub struct FileText {
    cursor: Option<Cursor>,
    counts: ObjectCounts,
}

impl FileText {
    /// From the beginning.
    pub fn new() -> FileText {
        FileText::default()
    }

    /// Appends the next piece, up to `limit` leases, to `out`; true if it was the last.
    pub fn chunk(
        &mut self,
        store: &mut LeaseStore,
        objects: &Objects,
        config: &Config,
        now: Timestamp,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        let cursor = match &mut self.cursor {
            Some(cursor) => cursor,
            None => {
                out.extend_from_slice(&writer::header());
                self.counts = objects.write(out, config);
                self.cursor.insert(store.begin_rewrite())
            }
        };
        let done = store.write_slice(cursor, now, limit, out);
        if done {
            store.end_rewrite(now, out);
            if let Some(associations) = &objects.associations {
                if let Some(duid) = &objects.server_duid {
                    write_server_duid(out, duid, store.format.hex_identifiers);
                }
                associations.write(out, &store.format);
            }
        }
        done
    }

    /// The lines to log (level info) when all is written.
    pub fn log_lines(&self, objects: &Objects, config: &Config) -> Vec<String> {
        let mut lines = objects.log_lines(config, self.counts);
        let leases = self.cursor.as_ref().map_or(0, Cursor::written);
        lines.push(match &objects.associations {
            Some(associations) => associations.log_line(),
            None => format!("Wrote {leases} leases to leases file."),
        });
        lines
    }
}

/// What is logged, the last line as fatal, if the lease file cannot be opened.
pub fn cannot_open(path: &Path, error: &std::io::Error) -> [String; 4] {
    [
        format!("Can't open lease database {}: {} --", path.display(), super::journal::disk::error_text(error)),
        "  check for failed database rewrite attempt!".into(),
        "Please read the dhcpd.leases manual page if you".into(),
        "don't know what to do about this.".into(),
    ]
}
