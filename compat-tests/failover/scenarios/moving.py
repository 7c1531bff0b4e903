"""A site moves from one program to the other, one machine at a time, and back: the lease files go along."""

import signal

from book import conf, scenario

LONG = conf(time=120, mclt=60)


def turn(p, name, program):
    """That server is stopped in an orderly way and started as another program on the same files."""
    p.stop(name, how=signal.SIGTERM)
    p.switch(name, p.binaries[program])
    p.start(name)
    p.normal(40)
    p.untold()


def moves(p, order):
    p.both_normal()
    for number in (1, 2, 3):
        p.dora(p.client(number))
    p.quiet()
    others = {name: "ours" if p.servers[name].isc else "isc" for name in "PS"}
    for step, name in enumerate(order):
        turn(p, name, others[name])
        others[name] = "isc" if others[name] == "ours" else "ours"
        p.renew(p.client(1), "P")
        p.renew(p.client(2), "S")
        p.dora(p.client(11 + step))
        p.quiet()
        p.leases()
    p.release(p.client(1), "S")
    p.quiet()
    p.leases()


@scenario(LONG, tolerance=12)
def secondary_first(p):
    """The secondary changes its program, then the primary, and then both go back the same way."""
    moves(p, "SPSP")


@scenario(LONG, tolerance=12)
def primary_first(p):
    """The primary changes its program, then the secondary, and then both go back the same way."""
    moves(p, "PSPS")


NAMED = conf(time=600, mclt=300)


@scenario(NAMED, core=True)
def names(p):
    """What a client says of itself reaches the partner if both are ours; an ISC partner takes the message, works on and keeps
    what it would keep without it."""
    p.both_normal()
    options = [(12, b"printer"), (60, b"MSFT 5.0")]
    clients = [p.client(1), p.client(2)]
    served = {client: {p.dora(client, options=options)} for client in clients}

    def look():
        p.quiet()
        p.leases_without_names()
        for name in "PS":
            server = p.servers[name]
            for client in clients:
                lease = server.file().leases[client.address]
                if name in served[client]:
                    p.note(f"  {name} {client.name} {lease.names}")
                elif lease.names != (('"printer"', '"MSFT 5.0"') if p.is_ours else (None, None)):
                    p.fail(f"{name} was told of {client.name}: {lease.names}")

    look()
    before = len(p.transcript)
    for client in clients:
        (server,) = served[client]
        other = "S" if server == "P" else "P"
        p.renew(client, other, options)
        served[client].add(other)
    # A server that was told the name logs it.
    p.transcript[before:] = [line.replace(" (printer)", "") for line in p.transcript[before:]]
    look()
    told = [m for _, _, m in p.tap.messages if m.kind == "BNDUPD" and m.get("request-options")]
    wrong = [m for _, _, m in p.tap.messages if m.kind == "BNDACK" and m.get("reject-reason")]
    if any(not server.isc for server in p.servers.values()) and not told:
        p.fail("the name of a client was not told")
    if wrong:
        p.fail(f"{len(wrong)} updates were rejected")
    p.release(clients[0], "P")
    p.release(clients[1], "S")
    p.quiet()
    p.leases_without_names()
