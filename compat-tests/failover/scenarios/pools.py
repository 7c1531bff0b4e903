"""Who holds which addresses: exhaustion, balancing, several pools, reserved and abandoned leases, small windows."""

from book import conf, scenario

EXTRA = "min-balance 5;"


def exhausted(p, name):
    """Clients of one server alone take all that it has; then the other one's addresses have to come over."""
    other = "S" if name == "P" else "P"
    own = "free" if name == "P" else "backup"
    p.both_normal()
    for _ in range(6):
        p.dora(p.client_of(name), show=False)
    p.quiet()

    def has_some():
        used = p.servers[name].file().leases.values()
        return sum(lease.state == own for lease in used) + (10 - len(used)) * (own == "free") > 0

    for _ in range(2):
        p.until(has_some, 40, f"{name} gets addresses from its partner")
        p.quiet()
        client = p.client_of(name)
        p.until(lambda c=client: p.dora(c, show=False) == name, 30, f"{name} serves its clients again")
        p.note(f"{name} serves its clients again")
        p.quiet()
    p.note(f"a client of the other one is served by {p.dora(p.client_of(other), show=False)}")
    p.quiet()
    p.untold()
    p.agreement()


@scenario(conf(peer=EXTRA, time=300, mclt=120), core=True)
def primary_exhausted(p):
    """Clients that belong to the primary take all its addresses; the secondary gives some of its own."""
    exhausted(p, "P")


@scenario(conf(peer=EXTRA, time=300, mclt=120))
def secondary_exhausted(p):
    """Clients that belong to the secondary take all its addresses; the primary gives some of its own."""
    exhausted(p, "S")


@scenario(conf(peer=EXTRA, time=300, mclt=120, last=101))
def nothing_left(p):
    """Two addresses, three clients: who holds none says that the partner holds all, or that there is none."""
    p.both_normal()
    for number in (1, 2, 3):
        p.dora(p.client(number))
        p.quiet()
    for number in (4, 5):
        p.discover(p.client(number))
        p.flush()
    p.untold()
    p.leases()


@scenario(conf(peer="max-lease-misbalance 30; max-lease-ownership 20; max-balance 5; min-balance 3;", time=300, mclt=120, last=119))
def balanced_again(p):
    """Balancing with other limits, in a pool that is used from one side."""
    p.both_normal()
    for _ in range(7):
        p.dora(p.client_of("S"))
    p.quiet()
    p.pause(12)
    p.quiet()
    p.untold()
    p.agreement()


@scenario(conf(last=105))
def small_pool(p):
    """A pool of six addresses, and the odd one out."""
    p.both_normal()
    for number in range(1, 6):
        p.dora(p.client(number))
    p.quiet()
    p.leases()


@scenario(conf(unacked=1))
def window_of_one(p):
    """`max-unacked-updates 1`: one update at a time."""
    p.both_normal()
    for number in range(1, 5):
        p.dora(p.client(number))
    p.quiet()
    p.untold()
    p.leases()


@scenario(conf(unacked=100, last=250, mclt=30))
def larger_pool(p):
    """151 addresses."""
    p.both_normal()
    for number in range(1, 21):
        p.dora(p.client(number))
    p.quiet()
    p.leases()


@scenario(conf(time=600, mclt=600))
def long_mclt(p):
    """The maximum client lead time does not bound anything."""
    p.both_normal()
    for number in (1, 2):
        p.dora(p.client(number))
    p.quiet()
    p.leases()
    p.updates()


@scenario(conf(time=-1, mclt=20), tolerance=10)
def without_end(p):
    """Leases without an end."""
    p.both_normal()
    for number in (1, 2):
        p.dora(p.client(number))
    p.quiet()
    for number in (1, 2):
        p.renew(p.client(number), "P")
        p.quiet()
    p.leases()
    p.updates()


RESERVED = """\
lease 10.0.0.100 {
  starts 3 2025/01/01 10:00:00;
  ends 3 2025/01/01 11:00:00;
  cltt 3 2025/01/01 10:00:00;
  binding state free;
  reserved;
  hardware ethernet 02:46:4f:00:00:01;
}
"""


@scenario()
def reserved(p):
    """A lease that is reserved for a client at the primary, and is flagged so by both in the end."""
    p.start("P", leases=RESERVED)
    p.start("S", leases=RESERVED)
    p.normal()
    p.forget()
    p.dora(p.client(1))
    p.quiet()
    p.release(p.client(1), "P")
    p.quiet()
    p.leases()
    p.updates()


@scenario(conf(more="# one at a time\none-lease-per-client true;\n"))
def bootp(p):
    """BOOTP clients are balanced like DHCP clients, and get nothing from a pool of a pair."""
    p.both_normal()
    for number in (1, 2):
        client = p.client(number)
        p.ask("BOOTREQUEST", client, p.message(client, 0, bootp=True))
        p.flush()
    p.quiet()
    p.leases(agree=False)
