"""One program follows the other on the same lease file, and goes on where that one was."""

import signal

import dns
from book import SECRET, conf, key, scenario, zones


def full(flags):
    return bytes([flags | 4, 0, 0]) + b"\2c1\6radish\3org\0"


@scenario(core=True, swaps=True, over=("standard", "interim"))
def release(s, style):
    """What the first one put there is removed by the second when the client gives its lease back."""
    s.start(conf(style=style))
    c, d = s.client(1), s.client(2, b"\1\2\0\0\0\x17\2")
    s.dora(c, host="alpha")
    s.dora(d, fqdn=full(0))
    s.swap()
    s.leases()
    s.renew(c)
    s.release(c)
    s.release(d)


@scenario(core=True, swaps=True, over=("standard", "interim"))
def expiry(s, style):
    """What the first one put there is removed by the second when the lease ends."""
    s.start(conf(style=style, time=6))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.swap()
    s.expire(c, 15)
    s.commit()


@scenario(swaps=True, over=("standard", "interim"))
def expired_meanwhile(s, style):
    """The lease ends between the two."""
    s.start(conf(style=style, time=3))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.stop(signal.SIGKILL)
    s.pause(4)
    s.lab.binary = s.programs[1]
    s.start()
    s.expire(c, 10)
    s.commit()


@scenario(core=True, swaps=True, over=("standard", "interim"))
def rename(s, style):
    """The client renews with the second under another name."""
    s.start(conf(style=style))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.swap()
    s.renew(c, host="beta")
    s.leases()
    s.release(c)


@scenario(swaps=True)
def other_style(s):
    """The second one has another style."""
    s.start(conf(style="interim"))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.swap(conf(style="standard"))
    s.renew(c)
    s.leases()
    s.release(c)


@scenario(swaps=True, keys={"dhcp-key": ("hmac-sha256", SECRET)}, who='key "dhcp-key"')
def signed(s):
    """With signatures."""
    s.start(conf(key("dhcp-key", "hmac-sha256", SECRET), statements=zones(key="dhcp-key")))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.swap()
    s.renew(c, host="beta")
    s.release(c)


@scenario(swaps=True)
def half_done(s):
    """The first one could not add the reverse record."""
    s.start(conf(statements='zone example.org. { primary 127.0.0.1; }\nzone 0.0.10.in-addr.arpa. { primary 127.0.0.9; }\n'))
    s.fake("127.0.0.9", lambda message: dns.answer(message, 5))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.swap(conf())
    s.leases()
    s.renew(c)
    s.release(c)


@scenario(swaps=True)
def taken_by_another(s):
    """The address is another client's by the time that the second one is there; the name is refused to others."""
    s.start(conf())
    c, d = s.client(1), s.client(2)
    s.dora(c, host="alpha")
    s.swap()
    s.dora(d, host="alpha")
    s.release(c)
    s.renew(d)
