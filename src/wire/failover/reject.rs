//! Why a connection or an update is refused (spec/failover.md 8).

/// A reason; the partner may send any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject(pub u8);

impl Reject {
    pub const ILLEGAL_ADDRESS: Reject = Reject(1);
    pub const CONFLICT: Reject = Reject(2);
    pub const MISSING_BINDING: Reject = Reject(3);
    pub const TIME_MISMATCH: Reject = Reject(4);
    pub const INVALID_MCLT: Reject = Reject(5);
    pub const UNKNOWN: Reject = Reject(6);
    pub const DUPLICATE_CONNECTION: Reject = Reject(7);
    pub const INVALID_PARTNER: Reject = Reject(8);
    pub const OUTDATED: Reject = Reject(15);
    pub const LESS_CRITICAL: Reject = Reject(16);
    pub const BUCKET_CONFLICT: Reject = Reject(18);
    pub const NOT_RESERVED: Reject = Reject(19);

    /// Its text in the log.
    pub fn text(self) -> String {
        match TEXTS.iter().find(|(number, _)| *number == self.0) {
            Some((_, text)) => (*text).into(),
            None => format!("Undefined-{}: This reason code is not defined in the protocol standard.", self.0),
        }
    }
}

const TEXTS: [(u8, &str); 22] = [
    (1, "Illegal IP address (not part of any address pool)."),
    (2, "Fatal conflict exists: address in use by other client."),
    (3, "Missing binding information."),
    (4, "Connection rejected, time mismatch too great."),
    (5, "Connection rejected, invalid MCLT."),
    (6, "Connection rejected, unknown reason."),
    (7, "Connection rejected, duplicate connection."),
    (8, "Connection rejected, invalid failover partner."),
    (9, "TLS not supported."),
    (10, "TLS supported but not configured."),
    (11, "TLS required but not supported by partner."),
    (12, "Message digest not supported."),
    (13, "Message digest not configured."),
    (14, "Protocol version mismatch."),
    (15, "Outdated binding information."),
    (16, "Less critical binding information."),
    (17, "No traffic within sufficient time."),
    (18, "Hash bucket assignment conflict."),
    (19, "IP not reserved on this server."),
    (20, "Message digest failed to compare."),
    (21, "Missing message digest."),
    (254, "Unknown Error."),
];
