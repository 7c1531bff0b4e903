//! The clocks.

use crate::wire::units::{Now, Timestamp};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The wall clock. Times after 2106 are the last of it.
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Timestamp(u32::try_from(since).unwrap_or(u32::MAX))
}

/// Both clocks of the service.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// The monotonic clock begins at 0.
    pub fn start() -> Clock {
        Clock { start: Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> Now {
        Now { wall: wall(), millis: self.start.elapsed().as_millis() as u64 }
    }
}
