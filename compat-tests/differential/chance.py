"""Scenarios made by chance: one of these configurations and random steps. Same seed, same scenario.

No lease ends by itself in them: the moment within the second at which that is noticed is chance.
"""

import random

CONFS = [
    """\
authoritative;
class "foo" { match if substring(option vendor-class-identifier, 0, 3) = "foo"; option domain-name "foo"; }
class "lim" { match if exists user-class; lease limit 2; }
class "port" { spawn with option agent.circuit-id; lease limit 3; }
host known { hardware ethernet 00:11:22:33:44:01; option host-name "known"; }
host fixed { hardware ethernet 00:11:22:33:44:02; fixed-address 10.0.0.60, 10.1.0.60; }
host byid { option dhcp-client-identifier "id3"; fixed-address 10.0.0.61; }
option domain-name-servers 10.0.0.2;
option routers 10.0.0.1;
subnet 10.0.0.0 netmask 255.255.255.0 {
  pool { allow members of "foo"; range 10.0.0.10 10.0.0.12; }
  pool { deny members of "foo"; deny dynamic bootp clients; range 10.0.0.20 10.0.0.24; option domain-name "pool"; }
  pool { allow dynamic bootp clients; allow known-clients; range 10.0.0.30 10.0.0.31; }
}
subnet 10.1.0.0 netmask 255.255.255.0 { range 10.1.0.10 10.1.0.13; allow leasequery; }
subnet 10.99.0.0 netmask 255.255.255.0 { }
""",
    """\
one-lease-per-client true;
min-lease-time 100;
default-lease-time 300;
max-lease-time 400;
dhcp-cache-threshold 50;
shared-network sn {
  subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.10 10.0.0.12; option domain-name "a"; }
  subnet 10.2.0.0 netmask 255.255.255.0 { range dynamic-bootp 10.2.0.10 10.2.0.12; option domain-name "b"; authoritative; }
}
subnet 10.1.0.0 netmask 255.255.255.0 {
  range 10.1.0.10 10.1.0.11;
  on commit { set when = "commit"; log(info, concat("commit ", pick-first-value(option host-name, "none"))); }
  on expiry { log(info, concat("expiry ", binary-to-ascii(10, 8, ".", leased-address))); }
  on release { log(info, "release"); }
}
subnet 10.99.0.0 netmask 255.255.255.0 { }
""",
    """\
adaptive-lease-time-threshold 50;
log-threshold-high 60;
log-threshold-low 20;
infinite-is-reserved true;
echo-client-id true;
use-host-decl-names true;
deny duplicates;
option domain-name "a-rather-long-domain-name-that-takes-room.example.org";
option domain-search "a.example.org", "b.example.org", "example.org";
option root-path "/a/path/that/is/also/rather/long/so/that/options/spill/over/into/the/other/fields/of/the/packet";
option nis-domain "nis.example.org";
option tftp-server-name "tftp.example.org";
filename "boot/file";
next-server 10.0.0.7;
group { option host-name "group"; host h1 { hardware ethernet 00:11:22:33:44:01; } }
host h2 { hardware ethernet 00:11:22:33:44:02; fixed-address 10.0.0.11; always-broadcast true; }
subnet 10.0.0.0 netmask 255.255.255.0 { authoritative; range 10.0.0.10 10.0.0.15; }
subnet 10.1.0.0 netmask 255.255.255.0 { pool { range 10.1.0.10 10.1.0.12; min-secs 2; } }
subnet 10.2.0.0 netmask 255.255.255.0 { range 10.2.0.10 10.2.0.12; ignore bootp; }
subnet 10.99.0.0 netmask 255.255.255.0 { }
""",
]

ADDRESSES = ["10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.0.20", "10.0.0.21", "10.0.0.30", "10.0.0.60", "10.0.0.61",
             "10.0.0.99", "10.1.0.10", "10.1.0.11", "10.2.0.10", "10.2.0.11", "10.77.0.1", "0.0.0.0"]

VERBS = ["discover"] * 5 + ["exchange"] * 8 + ["request"] * 3 + ["renew"] * 4 + ["rebind"] * 2 + ["reboot"] * 4 + \
    ["release"] * 3 + ["decline"] + ["inform"] * 2 + ["bootp"] * 2 + ["leasequery"]


def step(rng):
    """One random step."""
    verb = rng.choice(VERBS)
    client = f"c{rng.randint(1, 6)}"
    words = [verb, client]

    def maybe(chance, *choices):
        if rng.random() < chance:
            words.append(rng.choice(choices))

    maybe(0.4, "uid=auto", 'uid="id3"', 'uid="other"', "uid=x00", f"uid=x01{rng.randint(16, 18):x}")
    maybe(0.3, 'hostname="pc"', 'hostname="other"', 'hostname="pc\\0"', 'hostname="a b"', 'hostname="q\\"x"')
    maybe(0.3, 'vendor="foo1"', 'vendor="MSFT 5.0"')
    maybe(0.15, 'user-class="u"')
    maybe(0.5, "prl=1,3,6,15", "prl=12,15,1", "prl=66,67,17,119,3", "prl=51,58,59")
    maybe(0.15, "lease=u32:100", "lease=u32:4294967295", "lease=u16:5")
    maybe(0.15, "flags=broadcast")
    maybe(0.1, "secs=3", "hops=2")
    maybe(0.15, "msgsize=u16:400", "msgsize=u16:600", "msgsize=u16:1400")
    maybe(0.05, "sid=10.0.0.1", "sid=10.99.0.1", "sid=10.9.9.9", "sid=none")
    if verb in ("reboot", "decline", "discover") or rng.random() < 0.05:
        maybe(0.6, *(f"reqip={a}" for a in ADDRESSES))
    if verb == "inform" or (verb in ("renew", "rebind", "release", "leasequery") and rng.random() < 0.2):
        words.append("ciaddr=" + rng.choice(ADDRESSES))
    if verb == "leasequery" or rng.random() < 0.3:
        words.append("via=" + rng.choice(["10.1.0.1", "10.1.0.1", "10.2.0.1", "10.0.0.1", "10.55.0.1"]))
        maybe(0.6, '82={1="p1"}', '82={1="p2" 2="sw"}', "82={2=x0006aabb}", "82=x01",
              # ISC puts the link selection of an INFORM into the reply as option 5, where it means name servers.
              "82={1=x31}" if verb == "inform" else "82={5=10.1.0.0}")
    maybe(0.03, "118=10.2.0.0", "118=10.1.0.0")
    return " ".join(words)


def scenario(seed):
    """The text of a scenario."""
    rng = random.Random(seed)
    steps = []
    for _ in range(rng.randint(15, 40)):
        dice = rng.random()
        if dice < 0.06:
            steps.append("wait 1")
        elif dice < 0.08:
            steps.append("restart")
        elif dice < 0.1:
            steps.append("leases")
        else:
            steps.append(step(rng))
    return f"interfaces: eth0 eth1\n\n[conf]\n{rng.choice(CONFS)}\n[steps]\n" + "\n".join(steps) + "\n"
