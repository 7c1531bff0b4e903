//! Writes a lease file of N active leases to standard output, for measuring how long a server takes to load it.
//!
//! `cargo run --release --example lease_file -- 1000000 [ENDS] >dhcpd.leases`; the addresses are those from 10.0.0.0 up
//! (`range 10.0.0.0 10.15.255.255;` holds a million), ENDS is a time in seconds since 1970 (default 2000000000).

use lessor::config::model::PoolId;
use lessor::config::{load_text, Family};
use lessor::leases::lease::{BindingState, LeaseExtras, SmallBytes};
use lessor::leases::store::virgin_lease;
use lessor::leases::writer::{self, Format};
use lessor::wire::hardware::HardwareAddr;
use lessor::wire::units::Timestamp;
use std::io::Write;

const LENGTH: u32 = 3600;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u32>().ok());
    let count = arguments.next().flatten().unwrap_or(1_000_000);
    let ends = arguments.next().flatten().unwrap_or(2_000_000_000);
    let format = Format::new(
        &load_text("", "", Family::V4).result.unwrap_or_else(|| unreachable!("an empty configuration is good")),
    );
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let mut text = writer::header();
    for number in 0..count {
        let mut lease = virgin_lease((0x0a00_0000 + number).into(), PoolId(0));
        let [a, b, c, d] = number.to_be_bytes();
        // Mixed, so that neighbours do not end together.
        let ends = ends + number.wrapping_mul(2_654_435_761) % LENGTH;
        (lease.starts, lease.cltt) = (Timestamp(ends - LENGTH), Timestamp(ends - LENGTH));
        lease.ends = Timestamp(ends);
        (lease.state, lease.next_state) = (BindingState::Active, BindingState::Free);
        lease.hardware = HardwareAddr::new(1, &[2, 0, a, b, c, d]).unwrap_or_default();
        lease.uid = SmallBytes::new(&[1, 2, 0, a, b, c, d]);
        lease.hostname = SmallBytes::new(format!("host-{number}").as_bytes());
        lease.extras = None::<Box<LeaseExtras>>;
        writer::lease(&mut text, &lease, &format, Timestamp(0));
        out.write_all(&text)?;
        text.clear();
    }
    out.flush()
}
