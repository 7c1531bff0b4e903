"""Groups, classes, subclasses and interfaces."""

from book import scenario
from protocol import DELETE, OPEN, address, mac


@scenario()
def group_life(s):
    """A group is made, found, served, and survives a restart."""
    c = s.connect()
    one = c.open("group", {"name": "g1", "statements": 'option domain-name "g1.example"; default-lease-time 2000;'},
                 flags=["create", "exclusive"])
    c.open("group", {"name": "g1"})
    c.open("group", {"name": "G1"})
    c.open("group", {"name": "named-group"})
    c.open("group", {"handle": one.handle})
    c.open("group", {"handle": one.handle, "name": "nothing-of-that-name"})
    c.open("group", {"handle": one.handle, "name": "named-group"})
    c.open("group", {"name": "g1", "statements": "option domain-name \"x\";"}, flags=["create"])
    c.open("group", {"name": "g1", "statements": "option domain-name \"x\";"}, flags=["create", "exclusive"])
    c.open("group", {"name": "g2"}, flags=["create"])
    c.open("group", {"name": "g4", "nonsense": 1}, flags=["create"])
    c.update(one.handle, {"name": "g9"})
    c.update(one.handle, {"statements": "option domain-name \"y\";"})
    c.update(one.handle, {"nonsense": "y"})
    s.leases()
    s.restart()
    s.leases()
    c = s.connect()
    c.open("group", {"name": "g1"})
    c.open("host", {"name": "h1", "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1, "group": "g1"},
           flags=["create"])
    s.dora(mac("02:00:00:00:00:01"))


@scenario()
def group_without_name(s):
    """A group without a name gets one."""
    c = s.connect()
    c.open("group", {"statements": 'option domain-name "g";'}, flags=["create"])
    c.open("group", {})
    c.open("group", {"statements": 'option domain-name "g";'})


@scenario()
def class_life(s):
    """A class and its subclasses are made, found, counted and deleted."""
    c = s.connect()
    one = c.open("class", {"name": "c1", "match": "hardware"}, flags=["create", "exclusive"])
    c.open("class", {"name": "c1"})
    c.open("class", {"name": "C1"})
    c.open("class", {"name": "sub-parent"})
    c.open("class", {"name": "nothing"})
    c.open("class", {"match": "hardware"})
    c.open("class", {})
    c.open("class", {"name": "c1"}, flags=["create", "exclusive"])
    c.open("class", {"name": "c2", "match": "software"}, flags=["create"])
    c.open("class", {"name": "c3", "match": "hard"}, flags=["create"])
    c.open("class", {"name": "c4", "match": "hardware and more"}, flags=["create"])
    c.open("class", {"name": "c5", "group": "no-such"}, flags=["create"])
    c.open("class", {"name": "c6", "group": "named-group"}, flags=["create"])
    c.open("class", {"name": "c7", "option": "x"}, flags=["create"])
    c.open("class", {"name": "c8", "hashstring": "x"}, flags=["create"])
    c.update(one.handle, {"lease-limit": 3})
    c.update(one.handle, {"name": "c9"})
    sub = c.open("subclass", {"name": "c1", "hashstring": b"\1" + mac("02:00:00:00:00:05")}, flags=["create", "exclusive"])
    c.open("subclass", {"name": "sub-parent", "hashstring": "abcd"}, flags=["create"])
    c.open("subclass", {"name": "sub-parent", "hashstring": "abcd"}, flags=["create"])
    c.open("subclass", {"name": "sub-parent", "hashstring": "abcd"}, flags=["create", "exclusive"])
    c.open("subclass", {"name": "sub-parent", "hashstring": "abcd"})
    c.open("subclass", {"name": "sub-parent", "hashstring": "none"})
    c.open("subclass", {"name": "sub-parent"})
    c.open("subclass", {"hashstring": "abcd"})
    c.open("subclass", {"name": "no-parent", "hashstring": "abcd"}, flags=["create"])
    c.update(sub.handle, {"hashstring": "again"})
    c.update(sub.handle, {"lease-limit": 4})
    s.leases()
    s.restart()
    s.leases()
    c = s.connect()
    c.delete(c.open("subclass", {"name": "sub-parent", "hashstring": "abcd"}).handle)
    c.open("subclass", {"name": "sub-parent", "hashstring": "abcd"})
    s.leases()


@scenario()
def billed_subclass(s):
    """A subclass made by OMAPI: the next lease is billed to it, up to its limit."""
    c = s.connect()
    sub = c.open("subclass", {"name": "sub-parent", "hashstring": b"\1" + mac("02:00:00:00:00:05")}, flags=["create"])
    c.refresh(sub.handle)
    s.dora(mac("02:00:00:00:00:05"))
    c.refresh(sub.handle)
    s.release(mac("02:00:00:00:00:05"), "10.0.0.100")
    c.refresh(sub.handle)
    c.delete(sub.handle)
    s.dora(mac("02:00:00:00:00:05"))


@scenario()
def interface(s):
    """Interfaces: found by name, their state; made without effect."""
    c = s.connect()
    one = c.open("interface", {"name": "eth0"})
    c.open("interface", {"name": "eth9"})
    c.open("interface", {"handle": one.handle})
    c.open("interface", {})
    c.update(one.handle, {"state": "down"})
    c.update(one.handle, {"name": "a-name-of-sixteen"})
    s.dora(mac("02:00:00:00:00:05"))


@scenario()
def interface_deleted(s):
    """An interface taken away is not served any more; OMAPI goes on."""
    c = s.connect()
    one = c.open("interface", {"name": "eth0"}).handle
    c.request(DELETE, one)
    c.read()
    s.pump(0.3)
    s.flush()
    s.send_dhcp(mac("02:00:00:00:00:05"), 1, answers=False)
    s.pump(0.3)
    s.flush()
    c.request(OPEN, message={"type": "lease"}, values={"ip-address": address("10.0.0.104")})
    c.read()
    c.request(DELETE, one)
    c.read()
    c.request(OPEN, message={"type": "interface"}, values={"name": "eth0"})
    c.read()
    s.ended = s.lab.process.poll() is not None
    s.stop()
    s.start()


@scenario(shell=True)
def by_omshell(s):
    """Groups and classes as an operator makes them."""
    s.omshell("""
        new group
        set name = "g1"
        set statements = "option domain-name \\"g1.example\\";"
        create
        close
        new host
        set name = "h1"
        set hardware-address = 02:00:00:00:00:01
        set hardware-type = 1
        set group = "g1"
        create
        close
        new class
        set name = "c1"
        set match = "hardware"
        create
        close
        new subclass
        set name = "c1"
        set hashstring = 01:02:00:00:00:00:01
        create
        remove
        new interface
        set name = "eth0"
        open
    """)
    s.dora(mac("02:00:00:00:00:01"))
    s.leases()


@scenario()
def types(s):
    """Types that cannot be opened, made or deleted."""
    c = s.connect()
    for kind in ("pool", "subnet", "shared-network", "connection", "listener", "io", "generic", "protocol", "protocol-listener",
                 "message", "waiter", "failover-link", "failover-listener", "failover-state", "Lease", "", "nonsense"):
        c.open(kind, {"name": "x"})
        c.open(kind, {"name": "x"}, flags=["create"])
    for kind in ("lease", "pool", "failover-state"):
        c.open(kind, {"ip-address": address("10.0.0.77")}, flags=["create"])
    c.ask(1, values={"name": "x"})
    c.ask(1, message={"create": 1}, values={"name": "x"})
    c.ask(1, message={"type": None}, values={"name": "x"})
