//! What name servers answer, while leases come, change and go: the parser of replies, signatures, zones that are looked for, and
//! what follows from all that. The input is a row of steps, each a kind, an argument and, for answers, a length and as many
//! octets. In the end everything ends by itself.

#![no_main]

use lessor::config::model::Config;
use lessor::ddns::{Conflicts, Ddns, Effect, ExchangeId, Leases, Outcome, Settings};
use lessor::leases::dns::{DnsChange, DnsRecord, DnsRemoval, DnsUpdate, Owner, VariableChange};
use lessor::leases::lease::SmallBytes;
use lessor::wire::dns::guard::Style;
use lessor::wire::dns::reply::Reply;
use lessor::wire::units::Now;
use lessor_fuzz::{config, START};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

/// A signed zone, one without a server, and all others to be looked for.
const CONFIG: &str = "key k { algorithm hmac-sha256; secret AAECAwQFBgcICQoLDA0ODw==; }
    zone example.org. { primary 10.0.0.53, 10.0.0.54; key k; }
    zone 0.0.10.in-addr.arpa. { }\n";
/// The ends of the clients' names.
const DOMAINS: [&str; 4] = ["example.org", "example.org.", "example.net", "bad..example.org"];

static LOADED: OnceLock<Arc<Config>> = OnceLock::new();

/// Variables of leases are nobody's business here.
struct Nowhere;

impl Leases for Nowhere {
    fn set_variables(&mut self, _: Now, _: IpAddr, _: Vec<VariableChange>) {}
}

/// A message that has no answer yet.
struct Sent {
    exchange: ExchangeId,
    to: SocketAddr,
    octets: Vec<u8>,
    is_stream: bool,
}

struct World {
    ddns: Ddns,
    now: Now,
    sent: Vec<Sent>,
    out: Vec<Effect>,
}

impl World {
    fn new(config: &Config, flags: u8) -> World {
        let style = if flags & 1 == 0 { Style::Standard } else { Style::Interim };
        let conflicts = Conflicts {
            detects: flags & 2 == 0,
            mixed: flags & 4 != 0,
            must_match: flags & 8 == 0,
            other_is_dynamic: flags & 16 != 0,
        };
        let resolvers = vec![[10, 0, 0, 1].into(), [10, 0, 0, 2].into()];
        let settings = Settings { style: Some(style), conflicts, has_v4: true, has_v6: flags & 32 != 0, resolvers };
        let ddns = Ddns::new(config, settings, Arc::default(), 1);
        World { ddns, now: Now { wall: START, millis: 1000 }, sent: Vec::new(), out: Vec::new() }
    }

    /// Notes what is sent.
    fn take(&mut self) {
        for effect in self.out.drain(..) {
            let (exchange, to, octets, is_stream) = match effect {
                Effect::Datagram { exchange, to, octets } => (exchange, to, octets, false),
                Effect::Stream { exchange, to, octets } => (exchange, to, octets, true),
                Effect::Hangup(_) | Effect::Log(..) => continue,
            };
            self.sent.push(Sent { exchange, to, octets, is_stream });
        }
    }

    fn update(&self, argument: u8) -> DnsUpdate {
        let (number, style) = (argument >> 2 & 7, if argument & 128 == 0 { Style::Standard } else { Style::Interim });
        let forward = format!("h{number}.{}", DOMAINS[usize::from(argument & 3)]);
        let owner = Owner { style, kind: 1, octets: SmallBytes::new(&[1, 2, number]) };
        DnsUpdate {
            address: [10, 0, 0, number].into(),
            is_lease: argument & 64 == 0,
            forward: forward.into_bytes().into(),
            owner: (argument & 32 == 0).then_some(owner),
            reverse: Some(format!("{number}.0.0.10.in-addr.arpa.").into_bytes().into()),
            adds_reverse: true,
            ttl: 600,
            replaces: None,
        }
    }

    fn record(&self, argument: u8) -> DnsRecord {
        let update = self.update(argument);
        let guard = update.owner.as_ref().and_then(|owner| owner.guard(&update.forward));
        let guard = guard.map(|guard| (guard.style, Box::from(guard.variable())));
        let of = |style| guard.clone().filter(|guard| guard.0 == style).map(|guard| guard.1);
        let (dhcid, txt) = (of(Style::Standard), of(Style::Interim));
        DnsRecord { forward: Some(update.forward), reverse: update.reverse, dhcid, txt, client: None }
    }

    /// One of the messages is answered: by octets of its own, or by its own octets with a few others in them.
    fn answer(&mut self, argument: u8, octets: &[u8]) {
        if self.sent.is_empty() {
            return;
        }
        let Sent { exchange, to, octets: request, is_stream } =
            self.sent.swap_remove(usize::from(argument >> 2) % self.sent.len());
        let mut reply = request[..2].to_vec();
        if argument & 1 == 0 {
            reply.extend(octets);
        } else {
            reply.extend(&request[2..]);
            reply[2] |= 0x80;
            for change in octets.chunks_exact(2) {
                let at = usize::from(change[0]) % reply.len();
                reply[at] = change[1];
            }
        }
        let _ = Reply::parse(&reply);
        match is_stream {
            true => self.ddns.answered(self.now, exchange, &reply, &mut Nowhere, &mut self.out),
            false => self.ddns.received(self.now, to, &reply, &mut Nowhere, &mut self.out),
        }
        if is_stream || argument & 2 != 0 {
            self.ddns.failed(self.now, exchange, Outcome::ConnectionReset, &mut Nowhere, &mut self.out);
        }
    }

    fn pass(&mut self, millis: u64) {
        self.now.millis += millis;
        self.ddns.tick(self.now, &mut Nowhere, &mut self.out);
        self.take();
    }
}

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let config = LOADED.get_or_init(|| config(CONFIG).expect("a good configuration"));
    let Some((flags, mut rest)) = octets.split_first() else { return };
    let mut world = World::new(config, *flags);
    while let [kind, argument, after @ ..] = rest {
        rest = after;
        let change = match kind % 8 {
            0 => DnsChange::Update(world.update(*argument)),
            1 => {
                let replaces = Some(Box::new(world.record(argument ^ 1)));
                DnsChange::Update(DnsUpdate { replaces, ..world.update(*argument) })
            }
            2 => {
                let (record, address) = (world.record(*argument), world.update(*argument).address);
                DnsChange::Remove(DnsRemoval { address, record, is_active: argument & 64 != 0 })
            }
            3 => DnsChange::Cancel(world.update(*argument).address),
            4 => {
                world.pass(u64::from(*argument) * 100);
                continue;
            }
            _ => {
                let Some((length, after)) = rest.split_first() else { break };
                let (answer, after) = after.split_at(after.len().min(usize::from(*length)));
                rest = after;
                world.answer(*argument, answer);
                world.take();
                continue;
            }
        };
        world.ddns.change(world.now, change, &mut Nowhere, &mut world.out);
        world.take();
    }
    for _ in 0..100_000 {
        let Some(due) = world.ddns.next_deadline() else { break };
        world.pass(due.saturating_sub(world.now.millis));
        world.sent.clear();
    }
    assert!(world.ddns.is_idle() && world.ddns.next_deadline().is_none(), "something does not end");
});
