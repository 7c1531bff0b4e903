"""A partner dies, the link breaks, an operator says that the partner is down, and everything heals."""

import signal

from book import conf, scenario

GONE = 40  # seconds in which a server notices that its partner has gone and finds it again


def some_leases(p, count=4):
    """Leases of both servers, acknowledged."""
    p.both_normal()
    for number in range(1, count + 1):
        p.dora(p.client(number))
    p.quiet()
    p.forget()


def long_leases(p, count=4):
    """Leases of both servers that outlive what follows: granted once, acknowledged, and renewed."""
    some_leases(p, count)
    for number in range(1, count + 1):
        p.renew(p.client(number), p.client(number).server)
    p.quiet()
    p.forget()


def killed(p, victim):
    other = "S" if victim == "P" else "P"
    some_leases(p)
    p.stop(victim)
    p.states(**{"primary": None, "secondary": None, ("primary" if other == "P" else "secondary"): "communications-interrupted"})
    p.tell("the other one is alone")
    for number in (11, 12, 13, 14):
        p.dora(p.client(number), (other,))
    for number in (1, 2):
        p.renew(p.client(number), (other))
    p.release(p.client(3), other)
    p.release(p.client(11), other)
    p.start(victim)
    p.normal(GONE)
    p.tell("together again")
    p.leases()
    p.updates()
    for number in (21, 22, 23):
        p.dora(p.client(number))
    p.quiet()
    p.leases()


@scenario(conf(mclt=30), core=True)
def secondary_killed(p):
    """The secondary is killed and comes back; the primary serves everybody meanwhile."""
    killed(p, "S")


@scenario(conf(mclt=30), core=True)
def primary_killed(p):
    """The primary is killed and comes back; the secondary serves everybody meanwhile."""
    killed(p, "P")


def ended(p, victim, how):
    other = "S" if victim == "P" else "P"
    some_leases(p, 2)
    p.stop(victim, how=how)
    p.until(lambda: p.servers[other].state == "communications-interrupted", 10, f"{other} notices")
    p.start(victim)
    p.normal(GONE)
    p.tell("together again")
    p.leases()
    p.updates()


@scenario()
def secondary_restarted(p):
    """The secondary is stopped in an orderly way and started at once."""
    ended(p, "S", signal.SIGTERM)


@scenario()
def primary_restarted(p):
    """The primary is stopped in an orderly way and started at once."""
    ended(p, "P", signal.SIGTERM)


@scenario(conf(mclt=30), core=True)
def link_cut(p):
    """The link breaks: both go on alone; it heals: they agree again."""
    some_leases(p)
    p.cut()
    p.states("communications-interrupted", "communications-interrupted", GONE)
    p.tell("apart")
    for number, server in ((11, "P"), (12, "S"), (13, "S"), (14, "P")):
        p.dora(p.client(number), (server,))
    p.renew(p.client(1), "P")
    p.renew(p.client(2), "S")
    p.release(p.client(3), "P")
    p.heal()
    p.normal(GONE)
    p.tell("together again")
    p.leases()
    p.updates()


@scenario()
def link_cut_while_leases_end(p):
    """Leases end while the link is broken."""
    some_leases(p)
    p.cut()
    p.states("communications-interrupted", "communications-interrupted", GONE)
    p.tell("apart")
    p.at(p.client(4), 18)
    for number, server in ((11, "P"), (12, "S")):
        p.dora(p.client(number), (server,))
    p.leases(agree=False)
    p.heal()
    p.normal(GONE)
    p.tell("together again")
    p.leases()
    p.updates()


@scenario()
def link_cut_shortly(p):
    """The link is broken for a moment only: nobody notices."""
    some_leases(p)
    p.cut()
    for number, server in ((11, "P"), (12, "S")):
        p.dora(p.client(number), (server,))
    p.pause(2)
    p.heal()
    p.quiet()
    p.tell("together again")
    p.leases()
    p.updates()


@scenario()
def one_address_by_both(p):
    """While they are apart, the same client is served by both: one address each at most, and they agree afterwards."""
    some_leases(p, 2)
    p.cut()
    p.states("communications-interrupted", "communications-interrupted", GONE)
    for number in (1, 2):
        p.renew(p.client(number), "P")
        p.pause(1.5)
        p.renew(p.client(number), "S")
    p.dora(p.client(15), ("P",))
    p.dora(p.client(15), ("S",))
    p.heal()
    p.normal(GONE)
    p.tell("together again")
    p.leases()


@scenario()
def renewed_while_it_ends(p):
    """A client renews at one server, the other one cannot know and lets the lease end. ISC's partners go on with different
    times for it, since nothing is said a second time; ours agree."""
    some_leases(p, 2)
    p.cut()
    p.states("communications-interrupted", "communications-interrupted", GONE)
    p.renew(p.client(1), "P")
    p.renew(p.client(2), "S")
    p.at(p.client(1), 12)
    p.heal()
    p.normal(GONE)
    p.untold()
    for number in (1, 2):
        p.renew(p.client(number), "P")
        p.quiet()
        p.renew(p.client(number), "S")
        p.quiet()
    p.untold()
    if p.is_ours:
        p.agreement()


@scenario(conf(time=240, mclt=60), core=True)
def released_and_back(p):
    """Clients release their leases at one server and get them back at the other, while the two cannot reach each other. Of two
    of ISC's the secondary then takes the release for the later word, and gives the address to another client; one of ours is
    enough to prevent that."""
    clients = {"P": p.client_of("P"), "S": p.client_of("S")}
    p.both_normal()
    for client in clients.values():
        p.dora(client)
    p.quiet()
    p.cut()
    p.states("communications-interrupted", "communications-interrupted", GONE)
    p.pause(2)
    for name, client in clients.items():
        p.release(client, name)
    p.pause(3)
    for name, client in clients.items():
        p.dora(client, ("S" if name == "P" else "P",))
    p.pause(2)
    p.heal()
    p.normal(GONE)
    p.untold()
    if all(server.isc for server in p.servers.values()):
        return
    p.agreement()
    for name, client in clients.items():
        lease = p.servers[name].file().leases[client.address]
        if lease.state != "active":
            p.fail(f"{client.name} has {client.address}, and {name} has it as {lease.state}")


def partner_down(p, victim):
    other = "S" if victim == "P" else "P"
    long_leases(p)
    p.stop(victim)
    p.until(lambda: p.servers[other].state == "communications-interrupted", 10, f"{other} notices")
    p.set_state(other, "partner-down")
    p.until(lambda: p.servers[other].state == "partner-down", 10, f"{other} in partner-down")
    p.mark()
    p.tell("partner-down")
    p.since_mark(13)
    for number in range(11, 16):
        p.dora(p.client(number), (other,))
    p.since_mark(22)
    served = [number for number in range(16, 21) if p.dora(p.client(number), (other,), show=False)]
    p.note(f"served: {served}")
    for number in (1, 2):
        p.renew(p.client(number), other)
    p.tell("after the maximum client lead time")
    p.forget()
    p.start(victim)
    p.normal(60)
    p.tell("together again")
    p.agreement()


@scenario(conf(mclt=20), core=True)
def secondary_down(p):
    """The operator says that the secondary is down: the primary takes all addresses in time; the secondary returns."""
    partner_down(p, "S")


@scenario(conf(mclt=20))
def primary_down(p):
    """The operator says that the primary is down: the secondary takes all addresses in time; the primary returns."""
    partner_down(p, "P")


def new_disk(p, victim):
    other = "S" if victim == "P" else "P"
    long_leases(p)
    p.stop(victim)
    p.until(lambda: p.servers[other].state == "communications-interrupted", 10, f"{other} notices")
    p.set_state(other, "partner-down")
    p.until(lambda: p.servers[other].state == "partner-down", 10, f"{other} in partner-down")
    p.empty(victim)
    p.start(victim)
    p.until(lambda: p.servers[victim].state == "recover-wait", 20, f"{victim} waits")
    p.quiet()
    p.tell("recovering")
    p.note(f"served by {p.dora(p.client(12), show=False)}")
    for number in (1, 2):
        p.renew(p.client(number), other)
    p.normal(60)
    p.tell("together again")
    p.agreement()


@scenario(core=True, tolerance=4)
def secondary_without_leases(p):
    """The secondary comes back without its lease file: it waits for the maximum client lead time."""
    new_disk(p, "S")


@scenario(tolerance=4)
def primary_without_leases(p):
    """The primary comes back without its lease file: it waits for the maximum client lead time."""
    new_disk(p, "P")


@scenario()
def lease_file_lost_in_communications_interrupted(p):
    """A server without its lease file meets a partner that was never told: partner-down follows by itself."""
    long_leases(p)
    p.stop("S")
    p.states("communications-interrupted", None)
    p.empty("S")
    p.start("S")
    p.normal(60)
    p.tell("together again")
    p.leases()


@scenario(conf(mclt=40), tolerance=4)
def conflict(p):
    """Both were in partner-down and served: potential-conflict, and then normal."""
    long_leases(p)
    p.cut()
    p.states("communications-interrupted", "communications-interrupted", GONE)
    for name in ("P", "S"):
        p.set_state(name, "partner-down")
    p.states("partner-down", "partner-down")
    for number, server in ((1, "P"), (2, "S")):
        p.renew(p.client(number), server)
    for number, server in ((11, "P"), (12, "P"), (13, "S"), (14, "S")):
        p.dora(p.client(number), (server,))
    p.tell("apart")
    p.forget()
    p.heal()
    p.normal(GONE)
    p.tell("together again")
    p.leases()


@scenario(conf(peer="auto-partner-down 5;"))
def by_itself(p):
    """`auto-partner-down`: nobody has to say that the partner is down."""
    p.mark()
    long_leases(p, 2)
    p.since_mark(18)
    p.stop("S")
    p.states("partner-down", None, 20)
    p.tell("partner-down")
    p.dora(p.client(11), ("P",))
    p.start("S")
    p.normal(60)
    p.tell("together again")
    p.leases()


@scenario()
def alone_from_the_start(p):
    """A server starts and finds nobody: recover serves no client; with a lease file that says normal it serves after a while."""
    p.start("P")
    p.dora(p.client(1), ("P",))
    p.states("startup", None)
    p.tell("nobody there")
    p.start("S")
    p.normal(GONE)
    p.untold()
    p.stop("P", "S")
    p.start("P")
    p.dora(p.client(1), ("P",))
    p.states("communications-interrupted", None, 30)
    p.dora(p.client(1), ("P",))
    p.tell("nobody there again")
    p.start("S")
    p.normal(GONE)
    p.tell("normal again")
    p.leases()
