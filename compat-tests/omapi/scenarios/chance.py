"""Sessions of omshell made by chance: commands, values and mistakes in any order. OMAPI_SEEDS=first-last chooses others."""

import os
import random

from book import CONF, OMAPI, scenario

FIRST, LAST = (int(number) for number in os.environ.get("OMAPI_SEEDS", "1-4").split("-"))
TYPES = ["host", "lease", "group", "class", "subclass", "interface", "control", '"host"', "Host", "pool", "x-1", "10"]
NAMES = ["name", "hardware-address", "hardware-type", "ip-address", "statements", "dhcp-client-identifier", "group", "known",
         "hashstring", "match", "handle", "a", "host", "lease", "NAME", "option", "key"]
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
            lines.append(f"unset {chance.choice(NAMES)}")
        elif kind < 0.6:
            lines.append("close")
        else:
            lines.append(chance.choice(PLAIN))
    return "\n".join(lines)


def _register(seed):
    def play(s):
        s.omshell(script(seed), key=None)

    play.__name__, play.__doc__ = f"seed_{seed}", f"Commands made by chance from {seed}."
    play.__module__ = __name__
    scenario(conf=OMAPI + CONF, shell=True)(play)


for _seed in range(FIRST, LAST + 1):
    _register(_seed)
