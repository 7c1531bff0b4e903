"""Option 81: every combination of flags and names, under each rule for client updates."""

from book import conf, scenario


def wire(*labels, end=True):
    return b"".join(bytes([len(label)]) + label for label in labels) + (b"\0" if end else b"")


NAMES = {
    "encoded full": (4, wire(b"{}", b"radish", b"org")),
    "encoded single": (4, wire(b"{}")),
    "encoded partial": (4, wire(b"{}", b"radish", end=False)),
    "encoded partial single": (4, wire(b"{}", end=False)),
    "text full": (0, b"{}.radish.org"),
    "text with final dot": (0, b"{}.radish.org."),
    "text single": (0, b"{}"),
    "text with NUL": (0, b"{}.radish.org\0"),
    "root": (4, b"\0"),
    "no name": (0, b""),
}
RULES = {"unset": "", "allow": "allow client-updates;", "deny": "deny client-updates;", "ignore": "ignore client-updates;"}


def option(flags, form, number):
    encoded, name = NAMES[form]
    return bytes([flags | encoded, 0, 0]) + name.replace(b"{}", b"c%d" % number)


@scenario(core=True, over=list(RULES))
def every_name(s, rule):
    """Each form of a name, with the server asked to update and not."""
    s.start(conf(RULES[rule]))
    number = 0
    for form in NAMES:
        for flags in (0, 1):
            number += 1
            c = s.client(number)
            s.dora(c, f"{form}, flags {flags}", fqdn=option(flags, form, number))
            s.leases()
            s.release(c)


@scenario(over=["unset", "deny", "ignore"])
def every_flag(s, rule):
    """All sixteen flags, with a name in the encoding that they say."""
    s.start(conf(RULES[rule]))
    for flags in range(16):
        c = s.client(flags + 1)
        form = "encoded full" if flags & 4 else "text full"
        s.dora(c, f"flags {flags:#x}", fqdn=option(flags, form, flags))
        s.renew(c)
        s.release(c)


@scenario(over=["bits"])
def high_flags(s, _):
    """Flags that mean nothing."""
    s.start(conf())
    for number, flags in enumerate((0x11, 0x80, 0xF5), 1):
        c = s.client(number)
        s.dora(c, f"flags {flags:#x}", fqdn=option(flags, "text full", number))


@scenario()
def broken(s):
    """Option 81 too short, with a label past the end, with a label too long, with labels of every octet."""
    s.start(conf())
    for number, data in enumerate((b"", b"\1", b"\1\0", b"\5\0\0\5abc", b"\5\0\0\x40" + b"x" * 64 + b"\0", b"\5\0\0\xc0\x0c",
                                   b"\5\0\0" + wire(b"a.b", b"c d"), b"\5\0\0" + wire(b"\xc3\xa4", b"\\"), b"\1\0\0a..b",
                                   b"\1\0\0.", b"\1\0\0.a", b"\5\0\0\0\0", b"\5\0\0" + wire(b"a", b"b") + b"more"), 1):
        c = s.client(number)
        s.dora(c, f"option 81 = {data.hex()}", host=f"host{number}", fqdn=data)


@scenario()
def with_host_name(s):
    """Option 81 and option 12 together; the name of option 81 comes first."""
    s.start(conf())
    for number, flags in enumerate((0, 1, 4, 5), 1):
        c = s.client(number)
        s.dora(c, host=f"host{number}", fqdn=option(flags & 1, "encoded full" if flags & 4 else "text single", number))
        s.leases()
        s.release(c)
    for number, form in enumerate(("no name", "root"), 11):
        s.dora(s.client(number), host=f"host{number}", fqdn=option(1, form, number))


@scenario(core=True)
def client_updates_then_server(s):
    """A client that updated its name itself leaves it to the server, and the reverse."""
    s.start(conf())
    c = s.client(1)
    s.dora(c, fqdn=option(0, "encoded full", 1))
    s.leases()
    s.renew(c, fqdn=option(1, "encoded full", 1))
    s.leases()
    s.renew(c, fqdn=option(0, "encoded full", 1))
    s.leases()
    s.release(c)
    s.leases()


@scenario()
def client_updates_expiry(s):
    """The lease of a client that did its own update runs out."""
    s.start(conf(time=4))
    c = s.client(1)
    s.dora(c, fqdn=option(0, "encoded full", 1))
    s.expire(c, 15, ["Removed reverse map"])
    s.commit()


@scenario()
def fqdn_reply(s):
    """fqdn-reply false: no option 81 in the answer."""
    s.start(conf("fqdn-reply false;"))
    c = s.client(1)
    s.dora(c, fqdn=option(1, "encoded full", 1))
    s.release(c)


@scenario()
def parameter_request_list(s):
    """The option is sent whether it was asked for or not."""
    s.start(conf())
    for number, wanted in enumerate((b"\1\3\x51\6", b"\1\3\6", b"\x51"), 1):
        c = s.client(number)
        s.dora(c, f"asks for {wanted.hex()}", fqdn=option(1, "encoded full", number), options=[(55, wanted)])


@scenario()
def no_forward_updates(s):
    """do-forward-updates false: a client that updates its name itself still gets a PTR record, others nothing."""
    s.start(conf("do-forward-updates false;"))
    for number, flags in ((1, 0), (2, 1)):
        c = s.client(number)
        s.dora(c, host=f"h{number}", fqdn=option(flags, "encoded full", number))
        s.leases()
        s.release(c)


@scenario()
def no_reverse_updates(s):
    """do-reverse-updates false."""
    s.start(conf("do-reverse-updates false;"))
    for number, flags in ((1, 0), (2, 1)):
        c = s.client(number)
        s.dora(c, host=f"h{number}", fqdn=option(flags, "encoded full", number))
        s.leases()
        s.release(c)
        s.leases()


@scenario()
def static_client_updates(s):
    """A client with a fixed address that updates its name itself."""
    s.start(conf("host f { hardware ethernet 02:00:00:00:17:01; fixed-address 10.0.0.20; }"))
    c = s.client(1)
    s.dora(c, fqdn=option(0, "encoded full", 1))
    s.renew(c)
    s.release(c)


@scenario()
def inform(s):
    """DHCPINFORM gets no answer to the name."""
    s.start(conf())
    c = s.client(1)
    c.address = "10.0.0.77"
    s.ask(c, s.message(c, 8, [(81, option(1, "encoded full", 1))], ciaddr=c.address), unicast=True)
    s.settle()
    s.tell("INFORM")
