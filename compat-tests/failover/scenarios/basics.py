"""A pair in good health: from nothing to normal, and what clients do."""

from book import conf, scenario


@scenario(core=True)
def fresh(p):
    """Two servers that know nothing come to normal and share the pool."""
    p.both_normal()
    p.leases()


@scenario(core=True)
def life(p):
    """Eight clients get addresses, renew at either server, release at either, and run out."""
    p.both_normal()
    p.next_second()
    p.mark()
    for number in range(1, 9):
        p.dora(p.client(number))
    p.quiet()
    p.leases()
    p.updates()
    p.since_mark(7)
    for number in (1, 2):
        p.renew(p.client(number), "P")
    for number in (3, 5):
        p.renew(p.client(number), "S")
    p.quiet()
    p.since_mark(19)
    p.quiet()
    p.leases()
    p.updates()
    for when, number, server in ((26, 1, "P"), (32, 3, "S"), (38, 2, "P"), (44, 5, "S")):
        p.since_mark(when)
        p.release(p.client(number), server)
        p.quiet()
        p.updates()
    p.leases()
    p.since_mark(51)
    for number in (1, 2, 3, 6):
        p.dora(p.client(number))
    p.quiet()
    p.leases()


@scenario()
def heard_by_both(p):
    """Requests that both servers hear: of an offer of one of them, and of a lease that both know."""
    p.both_normal()
    for number in (1, 2):
        client = p.client(number)
        offer = p.discover(client)[0]
        p.ask("REQUEST to the other", client, p.message(client, 3, [(50, offer[1][16:20]), (54, offer[2][54])]),
              ("S",) if offer[0] == "P" else ("P",))
        p.request(client, offer, (offer[0],))
        p.flush()
    p.quiet()
    for number in (1, 2):
        p.rebind(p.client(number))
        p.quiet()
        p.reboot(p.client(number))
        p.quiet()
    p.untold()
    p.leases()


@scenario(core=True)
def identifiers(p):
    """Client identifiers decide which server answers."""
    p.both_normal()
    for n, uid in enumerate((bytes.fromhex("0102464f000002"), bytes.fromhex("01aabbcc"), b"test-10", bytes(8), b"abcdefghij", b"x")):
        p.dora(p.client(20 + n, uid))
    p.quiet()
    p.leases()
    p.release(p.client(20, bytes.fromhex("0102464f000002")), "S")
    p.release(p.client(25, b"x"), "P")
    p.quiet()
    p.leases()


@scenario(tolerance=8)
def declined(p):
    """An address that is in use: abandoned on both."""
    p.both_normal()
    p.forget()
    for number in (1, 2):
        p.dora(p.client(number))
    p.quiet()
    p.decline(p.client(1), ("P",))
    p.quiet()
    p.decline(p.client(2), ("S",))
    p.quiet()
    p.leases()
    p.updates()
    for number in (1, 2):
        p.dora(p.client(number))
    p.quiet()
    p.leases()


def balanced(p):
    p.both_normal()
    for number in range(1, 9):
        p.discover(p.client(number))
        p.flush()
    for number in (1, 2, 3):
        p.dora(p.client(number))
    p.quiet()
    p.leases()


@scenario(conf(balance="split 0;"))
def split_0(p):
    """Everything is the secondary's."""
    balanced(p)


@scenario(conf(balance="split 255;"))
def split_255(p):
    """Everything but one bucket is the primary's."""
    balanced(p)


@scenario(conf(balance="split 256;"))
def split_256(p):
    """Everything is the primary's."""
    balanced(p)


@scenario(conf(balance="hba " + ":".join(["aa"] * 32) + ";"))
def buckets(p):
    """Every other bucket is the primary's."""
    balanced(p)


@scenario(conf(secs=0))
def no_balancing(p):
    """Without `load balance max seconds` both servers answer everybody."""
    balanced(p)


@scenario(core=True)
def seconds(p):
    """Whoever has waited longer than `load balance max seconds` gets an answer from both."""
    p.both_normal()
    for number in (1, 2):
        for secs in (0, 3, 4, 256, 1024):
            p.discover(p.client(number), secs=secs)
            p.flush()


@scenario(conf(secs=3, more="check-secs-byte-order on;\n"))
def seconds_swapped(p):
    """The same with clients whose octets are in the wrong order."""
    p.both_normal()
    for number in (1, 2):
        for secs in (0, 3, 4, 256, 768, 1024):
            p.discover(p.client(number), secs=secs)
            p.flush()
