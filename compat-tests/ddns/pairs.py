"""Failover partners: which of the two puts a client's names into the DNS, and which takes them out."""

import re
import time

from book import conf
from pair import LINK, Pair
from side import INTERESTING, REVERSE, NameServer

MORE = ('ddns-update-style standard;\nddns-domainname "example.org";\n'
        f'zone example.org. {{ primary {LINK["P"]}; }}\nzone {REVERSE}. {{ primary {LINK["P"]}; }}\n')
HOST = [(12, b"alpha")]


def renewed_by_both(p, settle, lines):
    """Each of them answers a renewal; the lease then runs out. Both take the names out then, and which of them finds them still
    there is a matter of moments: what is told of the end is only that both did, and what is left."""
    client = p.client_of("P")
    p.dora(client, options=HOST)
    settle()
    p.renew(client, "S", HOST)
    settle()
    p.renew(client, "P", HOST)
    settle()
    begin, logged = len(lines), {name: len(server.whole) for name, server in p.servers.items()}
    p.at(client, 62)
    p.quiet()
    settle()
    lines[begin:] = sorted({line for line in lines[begin:] if line.startswith("from ")})
    for name, server in p.servers.items():
        server.whole[logged[name]:] = [line for line in server.whole[logged[name]:] if "forward map" not in line]


def released_at_the_other(p, settle, _):
    """The one that did not make the names takes the release."""
    client = p.client_of("S")
    p.dora(client, options=HOST)
    settle()
    p.release(client, "P")
    p.quiet()
    settle()


PAIRS = {"pair_renewed_by_both": renewed_by_both, "pair_released_at_the_other": released_at_the_other}


def play(name, binaries, directory, real):
    pair, names = Pair([(binary, binary == real) for binary in binaries], conf(time=40, mclt=15, more=MORE), directory), None
    try:
        names = NameServer(pair.servers["P"].lab, [LINK["P"]], {address: name for name, address in LINK.items()})

        def settle():
            until = time.monotonic() + 20
            while time.monotonic() < until and (names.middleman.busy or time.monotonic() < names.middleman.last + 1.5):
                pair.pause(0.2)
            pair.pause(1)

        pair.both_normal()
        PAIRS[name](pair, settle, names.middleman.lines)
        log = [f"log {server.name}: {line}" for server in pair.servers.values() for line in server.whole
               if INTERESTING.search(line) and not re.search("failover|pool", line)]
        return names.middleman.lines + log + names.zones()
    finally:
        if names:
            names.close()
        pair.close()
