"""How names are made, and names that are none."""

from book import conf, scenario, zone

PLAIN = ("a", "a.b", "fq.example.org", "UPPER", "with_underscore", "with space", "at@sign", "dollar$", "semi;colon", 'quo"te',
         "ba\\ck", "de\\100c", "a\\1", "a\\300x", "a\\999", "\xc3\xa4", "\xff", "nul\0", "nul\0\0", "tab\t",
         "bell\a", "-", "*", "1", "(paren)")
INVALID = ("a..b", ".a", "dot.", ".", "x" * 63, "x" * 64, "x" * 200, ".".join(["y" * 63] * 3), ".".join(["z" * 60] * 4),
           ".".join(["z" * 62] * 3) + ".zzzzzzzzzz", ".".join(["w" * 59] * 4) + ".abcd")


def each(s, style, names):
    s.start(conf(style=style))
    for number, name in enumerate(names, 1):
        c = s.client(number)
        s.dora(c, host=name)
        s.release(c)


@scenario(core=True, over=("standard", "interim"))
def unusual(s, style):
    """Host names with everything in them: nothing is checked, master-file escapes count."""
    each(s, style, PLAIN)


@scenario(core=True, over=("standard", "interim"))
def invalid(s, style):
    """Names that the DNS cannot have."""
    each(s, style, INVALID)


@scenario()
def unusual_renewed(s):
    """Their variables, and their removal after a restart."""
    s.start(conf())
    clients = [s.client(number) for number, _ in enumerate(PLAIN, 1)]
    for c, name in zip(clients, PLAIN):
        s.dora(c, host=name)
    s.leases()
    s.restart()
    s.leases()
    for c in clients:
        s.release(c)


@scenario(core=True)
def from_expressions(s):
    """ddns-hostname, ddns-domainname, ddns-rev-domainname and ddns-ttl as expressions, in each scope."""
    more = """
class "phones" { match if option host-name = "phone"; ddns-hostname = concat("ph-", binary-to-ascii(16, 8, "", suffix(hardware, 2))); ddns-ttl 77; }
host h3 { hardware ethernet 02:00:00:00:17:03; ddns-hostname "declared"; ddns-domainname "sub.example.org"; }
if option host-name = "conditional" { ddns-hostname = concat("c-", binary-to-ascii(10, 8, "-", leased-address)); ddns-ttl = encode-int(99, 32); }
"""
    s.start(conf(more, subnet='if option host-name = "short" { ddns-ttl = encode-int(5, 16); } '
                              'if option host-name = "zero" { ddns-ttl 0; }'
                              'if option host-name = "long" { ddns-ttl 4294967295; }'
                              'if option host-name = "empty" { ddns-hostname ""; }'
                              'if option host-name = "nothing" { ddns-hostname = option nis-domain; }'
                              'if option host-name = "elsewhere" { ddns-rev-domainname "rev.example.org"; }'
                              'if option host-name = "dotted" { ddns-domainname "example.org."; }'
                              'if option host-name = "nodomain" { ddns-domainname ""; }'))
    for number, name in enumerate(("phone", "conditional", "x", "short", "zero", "long", "empty", "nothing", "elsewhere", "dotted",
                                   "nodomain"), 1):
        c = s.client(number)
        s.dora(c, host=name)
        s.leases()
        s.release(c)


@scenario()
def built_in(s):
    """Without ddns-domainname the configured domain-name counts; the host part comes from what is configured too."""
    s.start(conf('option domain-name "example.org"; ddns-domainname = config-option domain-name;\n'
                 'host h1 { hardware ethernet 02:00:00:00:17:01; option host-name "configured"; }\n'
                 'host h2 { hardware ethernet 02:00:00:00:17:02; }\n'
                 'host h3 { hardware ethernet 02:00:00:00:17:03; option host-name "configured3"; }\n'
                 "use-host-decl-names true;\n"))
    s.dora(s.client(1))
    s.dora(s.client(2))
    s.dora(s.client(3), host="own")
    s.dora(s.client(4))
    s.dora(s.client(5), host="own5")


@scenario()
def no_domain(s):
    """No domain from anywhere: no update."""
    s.start(conf().replace('ddns-domainname "example.org";', ""))
    s.dora(s.client(1), host="alpha")


@scenario()
def updates_off(s):
    """ddns-updates off in a class; removals go on."""
    s.start(conf())
    c = s.client(1)
    s.dora(c, host="alpha")
    s.restart(conf("ddns-updates off;"))
    s.renew(c, host="beta", fqdn=b"\1\0\0beta")
    s.release(c)


@scenario()
def forward_updates_off_later(s):
    """do-forward-updates false keeps what is there, until the lease is given back."""
    s.start(conf())
    c = s.client(1)
    s.dora(c, host="alpha")
    s.restart(conf("do-forward-updates false;"))
    s.renew(c, host="beta")
    s.leases()
    s.release(c)


@scenario()
def ttl_of_long_and_short_leases(s):
    """The TTL is half the lease's time, an hour at most."""
    for time in (7199, 7201, 86400, 11, 3):
        conf_text = conf(time=time)
        s.restart(conf_text) if s.is_up else s.start(conf_text)
        c = s.client(time % 100)
        s.dora(c, f"lease of {time} s", host=f"t{time}")
        if time > 5:
            s.release(c)
    s.expire(c, 15)
    s.commit()


@scenario()
def infinite_lease(s):
    """A lease without end."""
    s.start(conf(time=4294967295))
    c = s.client(1)
    s.dora(c, host="alpha", options=[(51, b"\xff\xff\xff\xff")])
    s.release(c)


@scenario()
def zone_spelled_otherwise(s):
    """The spelling of the zone statement is that of the message."""
    s.start(conf(statements=zone("EXAMPLE.Org.", "127.0.0.1") + zone("0.0.10.IN-ADDR.arpa", "127.0.0.1")))
    c = s.client(1)
    s.dora(c, host="Alpha")
    s.release(c)
