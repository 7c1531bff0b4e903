"""Failover partners: which of the two puts a client's names into the DNS, and which takes them out."""

from book import scenario
from partners import play

HOST = [(12, b"alpha")]


@scenario(partners=True)
@play
def renewed_by_both(s, p):
    """Each of them answers a renewal and then has the names in its lease; the lease runs out. Both take the names out then, and
    which of them finds them still there is a matter of moments."""
    client = p.client_of("P")
    p.dora(client, options=HOST)
    s.step("granted by P")
    p.renew(client, "S", HOST)
    s.step("renewed by S")
    p.renew(client, "P", HOST)
    s.step("renewed by P")
    p.at(client, 62)
    s.step("ended", in_order=False)


@scenario(partners=True)
@play
def released_at_the_other(s, p):
    """The one that did not make the names takes the release."""
    client = p.client_of("S")
    p.dora(client, options=HOST)
    s.step("granted by S")
    p.release(client, "P")
    s.step("released at P")


@scenario(partners=True)
@play
def released_at_the_same(s, p):
    """The one that made the names takes the release."""
    client = p.client_of("P")
    p.dora(client, options=HOST)
    s.step("granted by P")
    p.release(client, "P")
    s.step("released at P")
