"""Two thousand clients, and a server that is killed in the middle of it."""

from book import conf, scenario
from load import RENEWING, Load

CLIENTS = 2000
MANY = conf(time=900, mclt=300, unacked=100, net="255.255.0.0", first="10.0.16.0", last="10.0.35.255")


def crowd(p, victim):
    other = "S" if victim == "P" else "P"
    p.start("P", "S")
    p.states("normal", "normal", 60)
    p.quiet(60)
    load = Load(p)
    load.begin(range(1000, 1000 + CLIENTS))
    load.run(lambda: len(load.told) >= CLIENTS // 2, 60, "half of the clients have an address")
    p.stop(victim)
    load.run(load.idle, 60, "all clients have an address")
    p.until(lambda: p.servers[other].state == "communications-interrupted", 10, f"{other} notices")
    load.begin(range(1000, 1000 + CLIENTS, 10), RENEWING)
    load.run(load.idle, 60, "every tenth client renews at the one that is left", patience=3)
    # Those the other one served in its last moment are not known here: the partner was still to be told.
    if len(load.unheard) > 10:
        p.fail(f"{len(load.unheard)} clients could not renew")
    p.note(f"{len(load.told)} clients have an address, {load.naks} were refused")
    p.start(victim)
    p.normal(60)
    p.untold()
    load.check()
    load.begin(range(1000, 1000 + CLIENTS, 7), RENEWING)
    load.begin(range(1000 + CLIENTS, 1200 + CLIENTS))
    load.run(load.idle, 60, "clients renew and come anew")
    p.quiet(60)
    load.check()
    p.note(f"{len(load.told)} clients have an address, {load.naks} were refused")
    p.untold()
    p.unheard()
    p.forget()


@scenario(MANY, core=True)
def primary_killed(p):
    """The primary is killed: nobody gets an address that another one has, nothing is lost, the files agree in the end."""
    crowd(p, "P")


@scenario(MANY)
def secondary_killed(p):
    """The secondary is killed: nobody gets an address that another one has, nothing is lost, the files agree in the end."""
    crowd(p, "S")


@scenario(MANY)
def link_cut(p):
    """The link breaks while clients come, and heals while they come."""
    p.start("P", "S")
    p.states("normal", "normal", 60)
    p.quiet(60)
    load = Load(p)
    load.begin(range(1000, 1000 + CLIENTS))
    load.run(lambda: len(load.told) >= 500, 60, "500 clients have an address")
    p.cut()
    load.run(lambda: len(load.told) >= 1200, 60, "1200 clients have an address")
    p.states("communications-interrupted", "communications-interrupted", 30)
    load.run(lambda: len(load.told) >= 1500, 60, "1500 clients have an address")
    p.heal()
    load.run(load.idle, 60, "all clients have an address")
    p.normal(60)
    p.untold()
    load.check()
    p.note(f"{len(load.told)} clients have an address, {load.naks} were refused")
    p.unheard()
    p.forget()
