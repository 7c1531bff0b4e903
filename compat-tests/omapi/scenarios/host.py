"""Hosts: made, found, changed, deleted; those of dhcpd.conf; what the next packet gets and what a restart keeps."""

import signal

from book import scenario
from protocol import address, mac

ETHER = 1


def host(name, last, **more):
    """The attributes of a host with the hardware address 02:..:`last`."""
    values = {"name": name} if name else {}
    values |= {"hardware-address": mac(f"02:00:00:00:00:{last}"), "hardware-type": ETHER}
    return values | {key.replace("_", "-"): value for key, value in more.items()}


@scenario(shell=True)
def life_by_omshell(s):
    """A host is created with everything, found by each key, changed and deleted."""
    s.omshell("""
        new host
        set name = "h1"
        set hardware-address = 02:00:00:00:00:01
        set hardware-type = 1
        set ip-address = 10.0.0.50
        set statements = "option host-name \\"h1\\"; default-lease-time 500;"
        create
        set ip-address = 10.0.0.51
        update
        refresh
        close
        new host
        set name = "h1"
        open
        close
        new host
        set hardware-address = 02:00:00:00:00:01
        open
        close
        new host
        set name = "H1"
        open
        close
        new host
        set name = "h1"
        set hardware-address = 02:00:00:00:00:02
        set hardware-type = 1
        create
    """)
    s.leases()
    s.omshell("""
        new host
        set name = "h1"
        open
        unset ip-address
        update
        refresh
        remove
        new host
        set name = "h1"
        open
    """)
    s.leases()
    s.restart()
    s.leases()


@scenario()
def next_packet(s):
    """A host made by OMAPI is served at once: address, options, group; its changes and its end too; all after a restart."""
    c = s.connect()
    s.dora(mac("02:00:00:00:00:01"))
    one = c.open("host", host("h1", "01", ip_address=address("10.0.0.50"), statements='option host-name "made";'),
                 flags=["create", "exclusive"])
    s.dora(mac("02:00:00:00:00:01"))
    c.update(one.handle, {"ip-address": address("10.0.0.51")})
    s.dora(mac("02:00:00:00:00:01"))
    s.restart()
    s.dora(mac("02:00:00:00:00:01"))
    s.leases()
    c = s.connect()
    one = c.open("host", {"name": "h1"})
    c.update(one.handle, {"ip-address": None})
    s.dora(mac("02:00:00:00:00:01"))
    c.update(one.handle, {"group": "named-group"})
    s.dora(mac("02:00:00:00:00:01"))
    c.delete(one.handle)
    s.dora(mac("02:00:00:00:00:01"))
    s.leases()
    s.restart()
    s.leases()
    s.dora(mac("02:00:00:00:00:01"))


@scenario()
def without_name(s):
    """Hosts without a name get one; names that cannot be written are refused."""
    c = s.connect()
    one = c.open("host", host(None, "01", ip_address=address("10.0.0.50")), flags=["create"])
    c.refresh(one.handle)
    c.open("host", {"hardware-address": mac("02:00:00:00:00:01")})
    c.open("host", host("", "02"), flags=["create"])
    c.open("host", {"name": "no-identity"}, flags=["create"])
    c.open("host", {}, flags=["create"])
    s.leases()
    s.restart()
    s.leases()


@scenario()
def attributes(s):
    """Each attribute, written once and twice, empty and wrong."""
    c = s.connect()
    one = c.open("host", host("h1", "01"), flags=["create", "exclusive"]).handle
    for name, value in (("name", "h2"), ("name", None), ("hardware-address", mac("02:00:00:00:00:07")),
                        ("hardware-address", None), ("hardware-type", 6), ("hardware-type", b"\1"), ("hardware-type", ETHER),
                        ("dhcp-client-identifier", None), ("dhcp-client-identifier", "first"),
                        ("dhcp-client-identifier", "second"), ("ip-address", address("10.0.0.50") + address("10.0.0.51")),
                        ("group", "no-such-group"), ("group", None), ("group", "named-group"), ("group", "other-group"),
                        ("statements", None),
                        ("statements", 'option host-name "x";'), ("statements", 'option host-name "y";'),
                        ("known", 1), ("known", None), ("known", "x"), ("nonsense", 1)):
        c.update(one, {name: value})
        c.refresh(one)
    s.leases()
    c.open("host", {"name": "h3", "hardware-address": b"\2" * 21, "hardware-type": ETHER}, flags=["create"])
    c.open("host", {"name": "h4", "hardware-address": b"\2" * 20, "hardware-type": ETHER}, flags=["create"])
    c.open("host", {"name": "h5", "hardware-address": mac("02:00:00:00:00:05")}, flags=["create"])
    s.dora(mac("02:00:00:00:00:05"))
    s.leases()


@scenario()
def keys(s):
    """What finds a host and what does not."""
    c = s.connect()
    c.open("host", {"name": "conf-host"})
    c.open("host", {"name": "CONF-HOST"})
    c.open("host", {"hardware-address": mac("02:00:00:00:00:60")})
    c.open("host", {"hardware-address": mac("02:00:00:00:00:60"), "hardware-type": 6})
    c.open("host", {"dhcp-client-identifier": "conf-uid"})
    c.open("host", {"ip-address": address("10.0.0.60")})
    c.open("host", {"ip-address": address("10.0.0.104")})
    c.open("host", {"name": "conf-host", "ip-address": address("10.0.0.60")})
    c.open("host", {"name": "conf-host", "hardware-address": mac("02:00:00:00:00:60")})
    c.open("host", {"name": "conf-uid", "hardware-address": mac("02:00:00:00:00:60")})
    c.open("host", {"name": "nobody", "hardware-address": mac("02:00:00:00:00:60")})
    c.open("host", {"hardware-address": mac("02:00:00:00:00:99")})
    c.open("host", {"known": 1})
    first = c.open("host", {})
    c.refresh(first.handle)
    c.open("host", {"group": "named-group"})
    c.open("host", host("leased", "56"), flags=["create"])
    c.open("host", {"ip-address": address("10.0.0.104")})
    c.open("host", {"ip-address": address("10.0.0.104"), "name": "leased"})
    c.open("host", {"ip-address": address("10.0.0.104"), "name": "conf-host"})
    for name in ("twin-1", "twin-2"):
        c.open("host", host(name, "66"), flags=["create"])
    c.open("host", {"hardware-address": mac("02:00:00:00:00:66")})


@scenario()
def of_the_configuration(s):
    """Hosts of dhcpd.conf changed and deleted: in force at once, after one restart and after two."""
    c = s.connect()
    s.dora(mac("02:00:00:00:00:60"))
    one = c.open("host", {"name": "conf-host"}).handle
    c.update(one, {"ip-address": address("10.0.0.70")})
    s.dora(mac("02:00:00:00:00:60"))
    two = c.open("host", {"name": "conf-uid"}).handle
    c.delete(two)
    c.open("host", {"name": "conf-uid"})
    s.leases()
    s.restart()
    s.dora(mac("02:00:00:00:00:60"))
    s.dora(mac("02:00:00:00:00:61"), [(61, b"conf-uid")])
    s.leases()
    s.restart()
    s.dora(mac("02:00:00:00:00:60"))
    s.leases()


@scenario()
def deleted_and_made_again(s):
    """A host of dhcpd.conf deleted, then one of its name created: kept at the first restart, gone at the second."""
    c = s.connect()
    c.delete(c.open("host", {"name": "conf-host"}).handle)
    c.open("host", host("conf-host", "60", ip_address=address("10.0.0.71")), flags=["create", "exclusive"])
    s.dora(mac("02:00:00:00:00:60"))
    s.leases()
    s.restart()
    s.dora(mac("02:00:00:00:00:60"))
    s.leases()
    s.restart()
    s.dora(mac("02:00:00:00:00:60"))
    s.leases()


@scenario(leases="")
def deleted_made_deleted(s):
    """A host of dhcpd.conf deleted, made again and deleted again stays deleted."""
    c = s.connect()
    c.delete(c.open("host", {"name": "conf-host"}).handle)
    c.open("host", host("conf-host", "60"), flags=["create"])
    c.delete(c.open("host", {"name": "conf-host"}).handle)
    for _ in range(3):
        s.restart()
        s.connect().open("host", {"name": "conf-host"})
    s.leases()


@scenario()
def made_deleted_made(s):
    """A dynamic host deleted and made again, several times, with other values."""
    c = s.connect()
    for last, ip in (("01", "10.0.0.50"), ("02", "10.0.0.51"), ("01", "10.0.0.52")):
        one = c.open("host", host("h1", last, ip_address=address(ip)), flags=["create", "exclusive"])
        s.dora(mac(f"02:00:00:00:00:{last}"))
        c.delete(one.handle)
        s.dora(mac(f"02:00:00:00:00:{last}"))
    one = c.open("host", host("h1", "03", ip_address=address("10.0.0.53")), flags=["create", "exclusive"])
    s.leases()
    s.restart()
    s.leases()
    s.dora(mac("02:00:00:00:00:03"))


@scenario()
def statements_written(s):
    """How the lease file tells the statements of a host."""
    c = s.connect()
    texts = ['option host-name "abc"; if exists user-class { option domain-name "x"; }',
             "option domain-name-servers 10.0.0.1, 10.0.0.2; default-lease-time 500; max-lease-time 600;",
             "supersede routers 10.0.0.9; append domain-name-servers 1.2.3.4; filename \"boot\"; next-server 10.0.0.3;",
             "if option host-name = \"a\" { deny booting; } else { option host-name \"b\"; }",
             "deny booting;", "ddns-hostname \"q\";", "set x = \"1\"; on commit { set y = 2; }", "# only a comment", "nonsense;",
             "option no-such-option 1;"]
    for number, text in enumerate(texts):
        c.open("host", host(f"s{number}", f"{number:02x}", statements=text), flags=["create"])
    s.leases()
    s.restart()
    s.leases()


@scenario()
def group_membership(s):
    """A host in a group: its statements come from there, with or without its own."""
    c = s.connect()
    c.open("group", {"name": "made", "statements": 'option domain-name "made.example";'}, flags=["create"])
    one = c.open("host", host("h1", "01", group="made"), flags=["create"])
    s.dora(mac("02:00:00:00:00:01"))
    c.update(one.handle, {"group": "named-group"})
    s.dora(mac("02:00:00:00:00:01"))
    c.open("host", {**host("h2", "02", group="made"), "statements": 'option host-name "own";'}, flags=["create"])
    s.dora(mac("02:00:00:00:00:02"))
    c.open("host", {**host("h3", "03", statements='option host-name "own";'), "group": "made"}, flags=["create"])
    s.dora(mac("02:00:00:00:00:03"))
    s.leases()
    s.restart()
    s.leases()
    s.dora(mac("02:00:00:00:00:01"))
    s.dora(mac("02:00:00:00:00:02"))


@scenario()
def killed_behind_the_reply(s):
    """What a client was told survives the server's violent death."""
    c = s.connect()
    for number in range(5):
        c.open("host", host(f"h{number}", f"0{number}", ip_address=address(f"10.0.0.5{number}")), flags=["create"])
    c.delete(c.open("host", {"name": "h3"}).handle)
    c.update(c.open("lease", {"ip-address": address("10.0.0.104")}).handle, {"state": 1})
    s.restart(how=signal.SIGKILL)
    s.leases()
    c = s.connect()
    for number in range(5):
        c.open("host", {"name": f"h{number}"})


@scenario()
def flags_of_open(s):
    """create, update and exclusive in every combination, on what is there and what is not."""
    c = s.connect()
    c.open("host", host("h1", "01"), flags=["create", "exclusive"])
    for flags in (["create"], ["create", "exclusive"], ["update"], ["update", "exclusive"], ["create", "update"], ["exclusive"]):
        c.open("host", {"hardware-address": mac("02:00:00:00:00:01"), "ip-address": address("10.0.0.104")}, flags=flags)
        c.open("host", {"name": "h1"}, flags=flags)
        c.open("host", host("nobody", "09"), flags=flags)
        found = c.open("host", {"name": "nobody"})
        if found and found.op == 3:
            c.delete(found.handle)
    for flag in ("create", "update", "exclusive"):
        for value in (b"\1", b"\0\0\0\0\1", None, 0, 2):
            c.ask(1, message=[(flag, value), ("type", "host")], values={"name": "h1"})


@scenario(conf="omapi-port 7911;\nauthoritative; ping-check false; dhcp-cache-threshold 0; default-lease-time 1000; max-lease-time 2000;\n"
          "deny unknown-clients;\nsubnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.100 10.0.0.109; }\n", leases="")
def known_clients(s):
    """A host without an address makes its client a known one."""
    c = s.connect(key=None)
    s.send_dhcp(mac("02:00:00:00:00:01"), 1, answers=False)
    s.settle()
    one = c.open("host", host("h1", "01", known=1), flags=["create"])
    s.dora(mac("02:00:00:00:00:01"))
    c.delete(one.handle)
    s.send_dhcp(mac("02:00:00:00:00:01"), 1, answers=False)
    s.settle()
