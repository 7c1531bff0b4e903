//! Failover in simulation: two whole servers on a simulated network, clock and disk, through random schedules of client
//! traffic, losses, delays, partitions, crashes with a lost unsynced tail, and clocks that differ. A schedule follows from its
//! seed alone; one that fails names it: `SEED=n cargo test --test simulation` plays it again, with `STORY=n` lines of what
//! happened. `SEEDS=n` plays more of them than the check does.

mod client;
mod server;
mod world;

use world::{Random, Weather, World};

/// How many schedules are played by default.
const SCHEDULES: u64 = 60;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The trouble of a schedule.
fn weather(seed: u64) -> Weather {
    let mut random = Random::new(seed ^ 0x5eed);
    let lease = 20 + random.below(180) as u32;
    Weather {
        clients: 3 + random.below(14) as u8,
        addresses: 6 + random.below(16) as u8,
        lease,
        mclt: 5 + random.below(u64::from(lease)) as u32,
        delay: 6 + random.below(20) as u32,
        loss: random.below(80),
        mishaps: 20_000 + random.below(200_000),
        skew: random.below(111) as i64 - 55,
        split: [0, 64, 128, 255][random.below(4) as usize],
        haste: false,
    }
}

/// The trouble of a schedule in which much happens within one second, in which whole seconds tell nothing apart.
fn haste(seed: u64) -> Weather {
    let weather = weather(seed);
    let mut random = Random::new(seed ^ 0x4a57e);
    Weather { loss: random.below(10), mishaps: 3_000 + random.below(10_000), haste: true, ..weather }
}

/// Trouble for some minutes; then all is mended, and the servers have to agree.
fn play(seed: u64, weather: Weather) -> u32 {
    let mut world = World::new(seed, weather);
    world.tell_weather();
    let minutes = if weather.haste { 3 } else { 20 };
    for minute in 1..=minutes {
        world.run(minute * 60_000);
        world.check_known();
    }
    world.calm();
    // The longest that anything has to wait for: MCLT, and a lease given before.
    let rest = u64::from(2 * weather.lease + 2 * weather.mclt + 120) * 1000;
    world.run(world.now + rest);
    world.silence();
    world.run(world.now + 30_000);
    world.check_agreement();
    world.check_known();
    world.acks
}

/// Plays schedules, or the one that is asked for.
fn play_all(weather: fn(u64) -> Weather) {
    if let Some(seed) = number("SEED") {
        println!("{} leases acknowledged", play(seed, weather(seed)));
        return;
    }
    let first = number("FIRST").unwrap_or(1);
    let mut acks = 0;
    for seed in first..first + number("SEEDS").unwrap_or(SCHEDULES) {
        let outcome = std::panic::catch_unwind(|| play(seed, weather(seed)));
        match outcome {
            Ok(more) => acks += more,
            Err(_) => panic!("schedule {seed} failed: play it again with SEED={seed}"),
        }
    }
    assert!(acks > 0, "no client ever got a lease");
}

#[test]
fn random_schedules() {
    play_all(weather);
}

#[test]
fn hasty_schedules() {
    play_all(haste);
}

/// A year of two servers and a few clients, with a mishap about every day.
#[test]
fn a_year() {
    let day = 24 * 3600;
    let weather = Weather {
        clients: 4,
        addresses: 10,
        lease: 2 * day,
        mclt: 3600,
        delay: 1200,
        loss: 10,
        mishaps: 1000 * u64::from(day),
        skew: 3,
        split: 128,
        haste: false,
    };
    let mut world = World::new(1, weather);
    for week in 1..=52 {
        world.run(week * 7 * 1000 * u64::from(day));
        world.check_known();
        world.story.clear();
    }
    world.calm();
    world.run(world.now + 5 * 1000 * u64::from(day));
    world.silence();
    world.run(world.now + 60_000);
    world.check_agreement();
    assert!(world.acks > 500, "{}", world.acks);
}
