"""Leases: found, not found, ambiguous; written; their variables."""

from book import scenario
from protocol import address, mac


@scenario(shell=True)
def lookup_by_omshell(s):
    """Leases by address, hardware address and client identifier."""
    s.omshell("""
        new lease
        set ip-address = 10.0.0.103
        open
        close
        new lease
        set hardware-address = 02:00:00:00:00:55
        set hardware-type = 1
        open
        refresh
        close
        new lease
        set dhcp-client-identifier = 01:02:00:00:00:00:55
        open
        close
        new lease
        set ip-address = 10.0.0.99
        open
        close
        new lease
        set ip-address = 10.9.0.99
        open
        close
        new lease
        open
        create
        set ip-address = 10.0.0.104
        open
    """)


@scenario()
def keys(s):
    """Every key of a lease and what two of them together find."""
    c = s.connect()
    c.open("lease", {"ip-address": address("10.0.0.103")})
    c.open("lease", {"hardware-address": mac("02:00:00:00:00:55")})
    c.open("lease", {"hardware-address": mac("02:00:00:00:00:55"), "hardware-type": 1})
    c.open("lease", {"hardware-address": mac("02:00:00:00:00:55"), "hardware-type": 6})
    c.open("lease", {"hardware-address": mac("02:00:00:00:00:55"), "hardware-type": b"\1"})
    c.open("lease", {"hardware-address": mac("02:00:00:00:00:99")})
    c.open("lease", {"hardware-address": mac("02:00:00:00:00:57")})
    c.open("lease", {"dhcp-client-identifier": "twice"})
    c.open("lease", {"dhcp-client-identifier": "nobody"})
    c.open("lease", {"dhcp-client-identifier": b"\1" + mac("02:00:00:00:00:55")})
    c.open("lease", {"ip-address": address("10.0.0.105"), "dhcp-client-identifier": "twice"})
    c.open("lease", {"ip-address": address("10.0.0.106"), "dhcp-client-identifier": "twice"})
    c.open("lease", {"ip-address": address("10.0.0.103"), "hardware-address": mac("02:00:00:00:00:56")})
    c.open("lease", {"ip-address": address("10.0.0.103"), "hardware-address": mac("02:00:00:00:00:99")})
    c.open("lease", {"ip-address": address("10.0.0.103"), "hardware-address": mac("02:00:00:00:00:55")})
    c.open("lease", {"ip-address": b"\n\0\0"})
    c.open("lease", {"ip-address": None, "hardware-address": mac("02:00:00:00:00:56")})
    c.open("lease", {"state": 2})
    c.open("lease", {"client-hostname": "pc1"})
    c.open("lease", {"ip-address": address("10.0.0.101")})
    c.open("lease", {"ip-address": address("10.0.0.107")})
    c.open("lease", {"ip-address": address("10.0.0.108")})
    c.open("lease", {"ip-address": address("10.0.0.109"), "nonsense": "x"})


@scenario()
def by_handle(s):
    """A handle as key; pools and subnets by theirs."""
    c = s.connect()
    found = c.open("lease", {"ip-address": address("10.0.0.103")})
    c.open("lease", {"handle": found.handle})
    c.open("lease", {"handle": found.handle, "ip-address": address("10.0.0.104")})
    c.open("lease", {"handle": 4000})
    c.open("lease", {"handle": b"\0\3"})
    c.open("host", {"handle": found.handle})
    c.refresh(found.number("pool"))
    c.refresh(found.number("subnet"))
    c.refresh(4000)
    c.delete(found.handle)
    c.delete(found.number("pool"))
    c.update(found.number("pool"), {"lease-count": 3})
    c.update(found.number("pool"), {})
    c.update(found.number("subnet"), {"x": 1})


@scenario()
def state_written(s):
    """An active lease set free, a free one made active, then released; the same state again."""
    c = s.connect()
    one = c.open("lease", {"ip-address": address("10.0.0.103")}).handle
    c.update(one, {"state": 2})
    c.update(one, {"state": 1})
    c.refresh(one)
    s.leases()
    c.update(one, {"state": 4})
    c.refresh(one)
    two = c.open("lease", {"ip-address": address("10.0.0.104")}).handle
    c.update(two, {"state": 3})
    c.refresh(two)
    three = c.open("lease", {"ip-address": address("10.0.0.101")}).handle
    c.update(three, {"state": 5})
    c.refresh(three)
    c.update(three, {"state": 0})
    c.update(three, {"state": 8})
    c.update(three, {"state": b"\1"})
    s.leases()
    s.restart()
    s.leases()


@scenario()
def ignored_and_refused(s):
    """Attributes that are accepted without effect, and those that are refused."""
    c = s.connect()
    one = c.open("lease", {"ip-address": address("10.0.0.103")}).handle
    for name in ("dhcp-client-identifier", "hostname", "client-hostname", "host", "billing-class", "hardware-address",
                 "hardware-type", "ip-address", "pool", "starts", "subnet"):
        c.update(one, {name: b"\0\0\0\1"})
    c.update(one, {})
    s.leases()


@scenario(shell=True)
def state_by_omshell(s):
    """What operators do: free a lease by hand."""
    s.omshell("""
        new lease
        set ip-address = 10.0.0.104
        open
        set state = 1
        update
        refresh
    """)
    s.leases()
    s.dora(mac("02:00:00:00:00:56"))


@scenario()
def of_a_client(s):
    """A lease as a client got it."""
    s.dora(mac("02:00:00:00:07:01"), [(12, b"laptop"), (61, b"\1\2\0\0\0\7\1"), (55, b"\1\3\x0f")])
    c = s.connect()
    found = c.open("lease", {"hardware-address": mac("02:00:00:00:07:01")})
    c.refresh(found.number("pool"))
    s.release(mac("02:00:00:00:07:01"), "10.0.0.100")
    c.refresh(found.handle)
    c.refresh(found.number("pool"))


@scenario()
def of_a_host(s):
    """A lease of a client with a declaration and one with a billing class."""
    c = s.connect()
    c.open("subclass", {"name": "sub-parent", "hashstring": b"\1" + mac("02:00:00:00:07:03")}, flags=["create"])
    c.open("host", {"name": "h3", "hardware-address": mac("02:00:00:00:07:03"), "hardware-type": 1}, flags=["create"])
    s.dora(mac("02:00:00:00:07:03"))
    found = c.open("lease", {"hardware-address": mac("02:00:00:00:07:03")})
    c.refresh(found.number("host"))
    if found.get("billing-class"):
        c.refresh(found.number("billing-class"))
    c.delete(found.number("host"))
    s.dora(mac("02:00:00:00:07:03"))
    c.refresh(found.handle)
