"""Zone and key statements, and names that no statement covers."""

import dns
from book import SECRET, conf, key, scenario, zone, zones

REVERSE = "0.0.10.in-addr.arpa."


@scenario(core=True)
def discovered(s):
    """No zone statement: the zone is looked for, and the update that made it so is lost."""
    s.start(conf(statements=""))
    for number in (1, 2, 3):
        s.dora(s.client(number), host=f"h{number}")
    s.leases()


@scenario()
def discovery_of_nothing(s):
    """The zone is nowhere to be found."""
    s.start(conf(statements="").replace("example.org", "example.net"))
    for number in (1, 2):
        s.dora(s.client(number), host=f"h{number}.sub")


@scenario(core=True)
def without_servers(s):
    """Zone statements that name no server: it is looked for. ISC's dhcpd looks again for the second message of a removal."""
    s.start(conf(statements=zone("example.org.") + zone(REVERSE)))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.without_queries = True
    s.release(c)


@scenario(keys={"dhcp-key": ("hmac-sha256", SECRET)})
def without_servers_signed(s):
    """The same with a key."""
    s.start(conf(key("dhcp-key", "hmac-sha256", SECRET),
                 statements=zone("example.org.", key="dhcp-key") + zone(REVERSE, key="dhcp-key")))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.without_queries = True
    s.release(c)


@scenario()
def by_name(s):
    """A server given by a name, and by one that does not exist."""
    s.start(conf(statements=zone("example.org.", "ns.example.org") + zone(REVERSE, "nowhere.example.org")))
    s.dora(s.client(1), host="alpha")


@scenario(core=True, zones={"example.org": "six AAAA 2001:db8::1\ntext TXT text\n"})
def by_names_that_fail(s):
    """Servers, options and fixed addresses given by names that have no address: each is said once, not for each client."""
    more = """option domain-name-servers six.example.org; option routers text.example.org; option log-servers nowhere.example.org;
option ntp-servers ns.example.org, localhost;
host fixed { hardware ethernet 02:00:00:00:17:02; fixed-address gone.example.org; }
"""
    s.start(conf(more, statements=zone("example.org.", "nobody.example.org") + zone(REVERSE, "127.0.0.1")))
    for number in (1, 2, 3):
        s.dora(s.client(number), host=f"h{number}", options=[(55, bytes([3, 6, 7, 42]))])


@scenario(core=True)
def most_specific(s):
    """The most specific zone statement counts, and the last of the same name."""
    s.start(conf(statements=zone("org.", "127.0.0.5") + zone("example.org.", "127.0.0.6") + zone("example.ORG", "127.0.0.1")
                 + zone("10.in-addr.arpa.", "127.0.0.5") + zone(REVERSE, "127.0.0.1")))
    c = s.client(1)
    s.dora(c, host="a.b.c")
    s.release(c)


@scenario()
def of_a_lower_zone(s):
    """A statement for a name that is no zone of its own."""
    s.start(conf(statements=zone("sub.example.org.", "127.0.0.1") + zone("100.0.0.10.in-addr.arpa.", "127.0.0.1")))
    c = s.client(1)
    s.dora(c, host="a.sub")
    s.renew(c, "the zone has been repudiated")


@scenario()
def of_a_higher_zone(s):
    """A statement for a zone above."""
    s.start(conf(statements=zone("org.", "127.0.0.1") + zone("10.in-addr.arpa.", "127.0.0.1")))
    c = s.client(1)
    s.dora(c, host="a")
    s.renew(c)


@scenario(keys={"dhcp-key": ("hmac-sha256", SECRET)}, who='key "dhcp-key"', over=("name", "secret", "algorithm", "unknown-algorithm"))
def wrong_key(s, what):
    """A key that BIND does not know, or knows otherwise."""
    name = "other-key" if what == "name" else "dhcp-key"
    algorithm = {"algorithm": "hmac-sha1", "unknown-algorithm": "hmac-sha256."}.get(what, "hmac-sha256")
    s.start(conf(key(name, algorithm, bytes(16) if what == "secret" else SECRET), statements=zones(key=name)))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.renew(c)


@scenario()
def secondaries(s):
    """Four servers: three of them are tried, in their order."""
    tried = []
    for last in (2, 3, 4, 5):
        s.fake(f"127.0.0.{last}", lambda message, n=last: (tried.append(n), dns.answer(message, 5))[1])
    s.start(conf(statements=zones("127.0.0.2", "127.0.0.3", secondary=("127.0.0.4", "127.0.0.5"))))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.note(f"tried {tried}")


@scenario(core=True)
def secondary_answers(s):
    """The primary refuses, the secondary does it."""
    s.fake("127.0.0.2", lambda message: dns.answer(message, 5))
    s.start(conf(statements=zones("127.0.0.2", secondary=("127.0.0.1",))))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.release(c)


@scenario()
def local_address(s):
    """ddns-local-address4."""
    s.start(conf("ddns-local-address4 127.0.0.33;"))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.release(c)


@scenario()
def foreign_local_address(s):
    """ddns-local-address4 that the machine does not have."""
    s.start(conf("ddns-local-address4 192.0.2.1;"))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.release(c)
