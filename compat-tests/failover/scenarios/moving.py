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
        p.dora(p.client(11 + 2 * step))
        p.dora(p.client(12 + 2 * step))
        p.quiet()
        p.leases()
    p.release(p.client(1), "S")
    p.quiet()
    p.leases()


@scenario(LONG, tolerance=12)
def secondary_first(p):
    """The secondary changes its program, then the primary, and then the secondary goes back."""
    moves(p, "SPS")


@scenario(LONG, tolerance=12)
def primary_first(p):
    """The primary changes its program, then the secondary, and then the primary goes back."""
    moves(p, "PSP")


NAMED = conf(time=600, mclt=300)


@scenario(NAMED, core=True)
def names(p):
    """What a client calls itself reaches the partner if both are ours; an ISC partner takes the message and ignores that."""
    p.both_normal()
    options = [(12, b"printer"), (60, b"MSFT 5.0")]
    for number in (1, 2):
        p.dora(p.client(number), options=options)
    p.quiet()
    p.leases_without_names()
    told = [m for _, _, m in p.tap.messages if m.kind == "BNDUPD" and m.get("request-options")]
    wrong = [m for _, _, m in p.tap.messages if m.kind == "BNDACK" and m.get("reject-reason")]
    ours = {name for name in "PS" if not p.servers[name].isc}
    if ours and not told:
        p.fail("the name of a client was not told")
    if wrong:
        p.fail(f"{len(wrong)} updates were rejected")
    if p.is_ours:
        for name in "PS":
            for lease in p.servers[name].file().leases.values():
                if lease.state == "active" and lease.values.get("client-hostname") != '"printer"':
                    p.fail(f"{name} does not know the name of the client of {lease.address}")
