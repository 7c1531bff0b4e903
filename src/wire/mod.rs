//! Floor 0: bytes to values and back, one file a format. Nothing here keeps state.

pub mod hardware;
pub mod units;
