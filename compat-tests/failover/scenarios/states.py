"""Restarts in every state, and what an operator does to the state by omshell."""

import signal

from scenarios.apart import GONE, long_leases
from book import conf, scenario


@scenario(conf(mclt=15, time=600))
def recovery_by_the_operator(p):
    """An operator lets a server begin anew."""
    p.both_normal()
    p.untold()
    p.set_state("S", "recover")
    p.until(lambda: any("to recover-wait" in line for line in p.servers["S"].whole), 10, "S begins")
    p.normal(60)
    p.tell("together again")
    p.leases()


def alone(p, name="P"):
    """One server in partner-down, the other one dead."""
    other = "S" if name == "P" else "P"
    long_leases(p, 2)
    p.stop(other)
    p.until(lambda: p.servers[name].state == "communications-interrupted", 10, f"{name} notices")
    p.set_state(name, "partner-down")
    p.until(lambda: p.servers[name].state == "partner-down", 10, f"{name} in partner-down")


def back(p, *names):
    """Starts what is not there; both come to normal and agree."""
    p.start(*names)
    p.normal(60)
    p.tell("together again")
    p.leases()


@scenario()
def restart_in_communications_interrupted(p):
    """The one that is left is restarted too, both ways of ending."""
    long_leases(p, 2)
    p.stop("S")
    p.states("communications-interrupted", None)
    p.stop("P", how=signal.SIGTERM)
    p.start("P")
    p.dora(p.client(11), ("P",))
    p.states("startup", None)
    p.until(lambda: p.servers["P"].state == "communications-interrupted", 30, "P goes on alone")
    p.dora(p.client(11), ("P",))
    p.tell("restarted")
    back(p, "S")


@scenario()
def restart_in_partner_down(p):
    """A server in partner-down is restarted."""
    alone(p)
    p.stop("P")
    p.start("P")
    p.until(lambda: p.servers["P"].state == "partner-down", 30, "P goes on alone")
    p.dora(p.client(11), ("P",))
    p.tell("restarted")
    back(p, "S")


@scenario(tolerance=4)
def restart_in_recover_wait(p):
    """A server that waits is restarted."""
    alone(p)
    p.empty("S")
    p.start("S")
    p.until(lambda: p.servers["S"].state == "recover-wait", 20, "S waits")
    p.quiet()
    p.stop("S")
    p.pause(1)
    back(p, "S")


@scenario(conf(mclt=20), tolerance=4)
def link_lost_in_recover_wait(p):
    """The link breaks while a server waits: the wait goes on."""
    alone(p)
    p.empty("S")
    p.start("S")
    p.until(lambda: p.servers["S"].state == "recover-wait", 20, "S waits")
    p.quiet()
    p.cut()
    p.until(lambda: p.servers["S"].state == "recover-done", 40, "S has waited")
    p.tell("apart")
    p.heal()
    p.normal(GONE)
    p.tell("together again")
    p.leases()


@scenario()
def restart_in_recover(p):
    """A server that never found its partner is restarted."""
    p.start("S")
    p.until(lambda: p.servers["S"].state == "startup", 5, "S starts")
    p.pause(1)
    p.stop("S")
    p.start("S")
    p.until(lambda: p.servers["S"].state == "recover", 30, "S is alone")
    p.tell("alone")
    p.start("P")
    p.normal(60)
    p.untold()
    p.leases()


@scenario()
def both_restarted(p):
    """Both are killed at once, and come back."""
    long_leases(p, 2)
    p.stop("P", "S")
    p.start("P", "S")
    p.normal(60)
    p.untold()
    p.leases()


@scenario()
def both_restarted_in_partner_down(p):
    """Both were in partner-down and are restarted."""
    long_leases(p, 2)
    p.cut()
    p.states("communications-interrupted", "communications-interrupted", GONE)
    for name in ("P", "S"):
        p.set_state(name, "partner-down")
    p.states("partner-down", "partner-down")
    p.stop("P", "S")
    p.heal()
    back(p, "P", "S")


@scenario()
def paused(p):
    """An operator pauses a server: it serves nobody until it is restarted."""
    long_leases(p, 2)
    p.set_state("P", "paused")
    p.states("paused", "communications-interrupted")
    for number in (11, 12):
        p.dora(p.client(number))
    p.renew(p.client(1), "P")
    p.release(p.client(2), "P")
    p.quiet()
    p.tell("paused")
    p.set_state("P", "normal")
    p.normal(GONE)
    p.tell("again")
    p.leases()


@scenario()
def shut_down_state(p):
    """An operator puts a server into shutdown: the partner takes over."""
    long_leases(p, 2)
    p.set_state("S", "shutdown")
    p.states("partner-down", "shutdown")
    for number in (11, 12):
        p.dora(p.client(number))
    p.quiet()
    p.tell("shut down")
    p.stop("S", how=signal.SIGTERM)
    p.pause(1)
    p.tell("stopped")


@scenario(conf(delay=6))
def orderly_shutdown(p):
    """`control` with state 2: the partner is told and goes to partner-down; the server comes back as after a failure."""
    long_leases(p, 2)
    p.omshell("S", "new control", "open", "set state = 2", "update")
    p.until(lambda: not p.servers["S"].is_up, 60, "S ends")
    p.untold()
    p.note(f"P is in {p.servers['P'].state}")
    p.dora(p.client(11), ("P",))
    p.start("S")
    p.normal(60)
    p.untold()
    p.leases()


@scenario()
def normal_said_twice(p):
    """An operator says what is true already."""
    long_leases(p, 2)
    p.set_state("P", "normal")
    p.quiet()
    p.tell("said to P")
    p.set_state("S", "normal")
    p.quiet()
    p.tell("said to S")
    p.leases()


@scenario()
def conflict_by_the_operator(p):
    """partner-down is said to the primary while the partner is there."""
    long_leases(p, 2)
    p.set_state("P", "partner-down")
    p.until(lambda: any("to potential-conflict" in line for line in p.servers["P"].whole), 10, "P obeys")
    p.pause(6)
    p.quiet()
    p.tell("what comes of it")
    p.leases(agree=False)
