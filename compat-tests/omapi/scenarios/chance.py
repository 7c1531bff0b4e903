"""Sessions made by chance, of omshell and of raw requests, in any order and with mistakes. OMAPI_SEEDS=first-last chooses
others.

Left out is what would end ISC dhcpd, and what is stated as a difference in better.py.
"""

import os
import random

from book import CONF, KEYED, OMAPI, scenario
from protocol import address, mac

FIRST, LAST = (int(number) for number in os.environ.get("OMAPI_SEEDS", "1-4").split("-"))
TYPES = ["host", "lease", "group", "class", "subclass", "interface", "control", '"host"', "Host", "pool", "x-1", "10"]
NAMES = ["name", "hardware-address", "hardware-type", "ip-address", "statements", "dhcp-client-identifier", "group", "known",
         "hashstring", "match", "handle", "a", "host", "lease", "NAME", "option", "key"]
SAFE = [name for name in NAMES if name not in ("name", "statements", "hashstring", "match")]  # without a value these end ISC
VALUES = ['"h1"', '"conf-host"', '"named-group"', '"eth0"', '"hardware"', "02:00:00:00:00:01", "02:00:00:00:00:56", "1", "0",
          "10.0.0.104", "10.0.0.50", "10.0.0.103", '"option host-name \\"x\\";"', "-1", "ff", "1.2", "a:b", "true", "", '""', "x y",
          "1 2", '"a" "b"', "4294967297", "1:2:3:", "1..2", "300.1", "1ff:2", "# c", ";", "=", '"\\x41\\101\\t"', "0x10", "1e5",
          "12345678901234567890", "a.b", "10.0.0.0/24", "{ }", "- 5", "::", "a-b", "1-2", "00", "007", "08", "!", "(1)", "$x",
          "''", "\\"]
PLAIN = ["open", "create", "update", "refresh", "remove", "close", "", "help", "open x", "create 1", "update;", "refresh #x",
         "remove", "close x", "nonsense", "set", "unset", "new", "?", "CREATE", "server", "port x", "key", "set a", "set a =",
         "connect x", "disconnect x", "key-algorithm", "new lease x"]


def script(seed):
    chance = random.Random(seed)
    lines = []
    for _ in range(40):
        kind = chance.random()
        if kind < 0.15:
            lines.append(f"new {chance.choice(TYPES)}")
        elif kind < 0.5:
            lines.append(f"set {chance.choice(NAMES)} = {chance.choice(VALUES)}")
        elif kind < 0.55:
            lines.append(f"unset {chance.choice(SAFE)}")
        elif kind < 0.6:
            lines.append("close")
        else:
            lines.append(chance.choice(PLAIN))
    return "\n".join(lines)


MACS = [mac(f"02:00:00:00:00:{last}") for last in ("01", "02", "03", "55", "56", "57", "60")]
ADDRESSES = [address(f"10.0.0.{last}") for last in (50, 51, 60, 100, 103, 104, 105, 109)]
HOSTS = ["h1", "h2", "h3", "conf-host", "conf-uid", "H1", "h-4", "h_5.x", "5"]
UIDS = ["conf-uid", "twice", b"\1\2\0\0\0\0U", b"\1\2\3", "u"]
STATEMENTS = ['option host-name "x";', "default-lease-time 600;", 'if known { option domain-name "k"; }', "deny booting;",
              'option domain-name-servers 1.2.3.4, 5.6.7.8;', 'filename "f"; server-name "s";']
GROUPS = ["named-group", "other-group", "g1", "g2", "nothing"]


class Walk:
    """Requests of one client, one after the other."""

    def __init__(self, side, seed):
        self.side, self.chance = side, random.Random(seed)
        self.talk = side.connect()
        self.hosts, self.leases, self.others = [], [], []

    def some(self, options):
        """A few of the attributes, in any order."""
        names = self.chance.sample(sorted(options), self.chance.randint(1, min(3, len(options))))
        return [(name, self.chance.choice(options[name])) for name in names]

    def step(self):
        self.chance.choice([self.open_host, self.make_host, self.make_host, self.change_host, self.change_host, self.delete_host,
                            self.open_lease, self.open_lease, self.free_lease, self.refresh, self.serve, self.group,
                            self.subclass])()

    def keep(self, where, reply):
        if reply.op == 3 and reply.values:
            where.append(reply.handle)

    def open_host(self):
        keys = {"name": HOSTS, "hardware-address": MACS, "hardware-type": [1, 1, 6], "dhcp-client-identifier": UIDS,
                "ip-address": ADDRESSES, "handle": self.hosts + self.leases + [99], "known": [1]}
        self.keep(self.hosts, self.talk.open("host", self.some(keys)))

    def make_host(self):
        values = dict(self.some({"name": HOSTS, "dhcp-client-identifier": UIDS, "ip-address": ADDRESSES, "known": [0, 1],
                                 "statements": STATEMENTS, "group": GROUPS[:2]}))
        if self.chance.random() < 0.8:
            values |= {"hardware-address": self.chance.choice(MACS), "hardware-type": self.chance.choice([1, 1, 1, 6])}
        values = list(values.items())
        self.chance.shuffle(values)
        # The group takes the statements away, so it comes first.
        values.sort(key=lambda pair: pair[0] == "statements")
        self.keep(self.hosts, self.talk.open("host", values, flags=["create", "exclusive"]))

    def change_host(self):
        if self.hosts:
            name, value = self.some({"ip-address": [*ADDRESSES, None, ADDRESSES[0] + ADDRESSES[1]], "hardware-type": [1, 6],
                                     "name": HOSTS, "dhcp-client-identifier": UIDS, "group": GROUPS, "nonsense": [1],
                                     "statements": STATEMENTS, "hardware-address": MACS, "known": [1]})[0]
            self.talk.update(self.chance.choice(self.hosts), {name: value})

    def delete_host(self):
        if self.hosts:
            handle = self.hosts.pop(self.chance.randrange(len(self.hosts)))
            self.hosts = [other for other in self.hosts if other != handle]
            self.talk.delete(handle)

    def open_lease(self):
        keys = {"ip-address": ADDRESSES, "hardware-address": MACS, "dhcp-client-identifier": UIDS, "hardware-type": [1, 1, 6],
                "handle": self.leases + [99]}
        self.keep(self.leases, self.talk.open("lease", self.some(keys)))

    def free_lease(self):
        if self.leases:
            self.talk.update(self.chance.choice(self.leases), {"state": 1})

    def refresh(self):
        if self.leases or self.hosts:
            self.talk.refresh(self.chance.choice(self.leases + self.hosts))

    def serve(self):
        hardware = self.chance.choice(MACS)
        if self.chance.random() < 0.7:
            self.side.dora(hardware)
        else:
            self.side.release(hardware, f"10.0.0.{self.chance.choice([103, 104, 109])}")

    def group(self):
        self.talk.open("group", self.some({"name": GROUPS, "statements": STATEMENTS}), flags=self.chance.choice([[], ["create"]]))

    def subclass(self):
        keys = {"name": ["sub-parent", "nothing"], "hashstring": ["abc", b"\1" + MACS[0], b"\1" + MACS[3]]}
        self.talk.open("subclass", self.some(keys), flags=self.chance.choice([[], ["create"], ["create", "exclusive"]]))


def _register(kind, seed, play, **more):
    play.__name__, play.__doc__ = f"{kind}_{seed}", f"Made by chance from {seed}."
    play.__module__ = __name__
    scenario(**more)(play)


def _commands(seed):
    return lambda s: s.omshell(script(seed), key=None)


def _requests(seed):
    def play(s):
        walk = Walk(s, seed)
        for _ in range(25):
            walk.step()
        s.leases()
        s.restart()
        s.leases()

    return play


for _seed in range(FIRST, LAST + 1):
    _register("commands", _seed, _commands(_seed), conf=OMAPI + CONF, shell=True)
    # A host with a uid of its own: ISC warns of a statement that gives one each time the host is written.
    _register("requests", _seed, _requests(_seed),
              conf=KEYED + CONF.replace('option dhcp-client-identifier "conf-uid";', 'uid "conf-uid";'))
