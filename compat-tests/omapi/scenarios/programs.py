"""Programs that sites have on OMAPI."""

import os

from book import CONF, KEYED, OMAPI, scenario
from protocol import mac
from side import HERE

RESERVE = os.environ.get("OMAPI_RESERVE")


@scenario(conf=KEYED + CONF, needs="pypureomapi")
def pypureomapi_keyed(s):
    """python3-pypureomapi with a key: every call; its hosts are served."""
    s.program(os.path.join(HERE, "pypureomapi_session"), "keyed")
    for last in ("01", "02", "03", "05"):
        s.dora(mac(f"02:00:00:00:00:{last}"))
    s.leases()
    s.restart()
    s.leases()


@scenario(conf=OMAPI + CONF, needs="pypureomapi")
def pypureomapi_without_key(s):
    """The same without a key."""
    s.program(os.path.join(HERE, "pypureomapi_session"), "unkeyed")


@scenario(conf=OMAPI + CONF, needs="libdhcpctl")
def libdhcpctl(s):
    """A C program on libdhcpctl reserves an address, changes the reservation, reads a lease."""
    s.program(RESERVE, "-l", "10.0.0.103")
    s.program(RESERVE, "-l", "10.0.0.99")
    s.program(RESERVE, "desk", "02:00:00:00:00:01", "10.0.0.50", "new")
    s.dora(mac("02:00:00:00:00:01"))
    s.program(RESERVE, "desk", "02:00:00:00:00:01", "10.0.0.50", "new")
    s.program(RESERVE, "desk", "02:00:00:00:00:01", "10.0.0.51")
    s.dora(mac("02:00:00:00:00:01"))
    s.program(RESERVE, "nobody", "02:00:00:00:00:01", "10.0.0.51")
    s.leases()
    s.program(RESERVE, "-d", "desk")
    s.program(RESERVE, "-d", "desk")
    s.leases()
