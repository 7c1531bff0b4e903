"""The control object and failover states."""

from book import CONF, KEYED, LEASES, scenario


@scenario()
def opened(s):
    """The control object: found by anything, few things can be written."""
    c = s.connect()
    one = c.open("control")
    c.open("control", {"state": 1})
    c.open("control", {"handle": 4000})
    c.open("control", {"handle": 4000}, flags=["create"])
    c.open("control", {"handle": one.handle}, flags=["create", "exclusive"])
    c.open("control", flags=["create", "exclusive"])
    c.open("control", {"state": 1}, flags=["create"])
    c.open("control", {"state": 1}, flags=["update"])
    for value in (0, 1, 3, 4, 77, b"\2"):
        c.update(one.handle, {"state": value})
    c.update(one.handle, {"nonsense": 1})
    c.update(one.handle, {})
    c.delete(one.handle)
    c.refresh(one.handle)


PAIR = """\
failover peer "fo" { primary; address 10.0.0.1; port 647; peer address 10.0.0.2; peer port 647; max-response-delay 30;
 max-unacked-updates 10; mclt 60; split 128; load balance max seconds 3; }
"""
PAIRED = KEYED + CONF.replace("{ range 10.0.0.100 10.0.0.109;", '{ pool { failover peer "fo"; range 10.0.0.100 10.0.0.109; }')


@scenario(conf=PAIR + PAIRED, leases=LEASES, shell=True)
def failover_state(s):
    """A failover relation: found, told apart, its state written."""
    s.omshell("""
        new failover-state
        set name = "fo"
        open
        set local-state = 4
        update
        refresh
        close
        new failover-state
        set name = "nobody"
        open
        close
        new failover-state
        open
    """)
    s.leases()


@scenario(conf=PAIR + PAIRED, leases=LEASES)
def failover_written(s):
    """Every attribute of a failover relation written: only the state can be, and to any."""
    c = s.connect()
    one = c.open("failover-state", {"name": "fo"}).handle
    c.open("failover-state", {"handle": one})
    c.open("failover-state", {"name": "FO"})
    c.open("failover-state", {"handle": one, "name": "nobody"})
    c.open("failover-state", {"name": "fo"}, flags=["create", "exclusive"])
    for name in ("name", "partner-address", "partner-port", "local-address", "local-port", "max-outstanding-updates", "mclt",
                 "load-balance-max-secs", "load-balance-hba", "partner-state", "partner-stos", "local-stos", "hierarchy",
                 "last-packet-sent", "last-timestamp-received", "skew", "max-response-delay", "cur-unacked-updates", "nonsense"):
        c.update(one, {name: 1})
    c.update(one, {"local-state": b"\1"})
    c.update(one, {})
    c.delete(one)
    c.update(one, {"local-state": 4})
    s.attributes(c, one, "local-state", "partner-state")
    c.update(one, {"local-state": 4})
    s.leases()


@scenario(conf=PAIR + PAIRED, leases=LEASES)
def failover_states(s):
    """A relation without its partner taken from one state to another."""
    c = s.connect()
    one = c.open("failover-state", {"name": "fo"}).handle
    # Not normal (2): pools are balanced then, which failover's own scenarios look at.
    for state in (4, 3, 5, 6, 7, 10, 11, 254, 9, 4):
        c.update(one, {"local-state": state})
        s.attributes(c, one, "local-state", "partner-state")
    s.leases()


DEATH = """\
UPDATE local-state
  closed
  | failover peer fo: I move from startup to unknown-state
  | Impossible case at failover.c:1716.
  | 
  | 
  | If you think you have received this message due to a bug rather
  | than a configuration issue please read the section on submitting
  | bugs on either our web page at www.isc.org or in the README file
  | before submitting a bug.  These pages explain the proper
  | process and the information we find helpful for debugging.
  | 
  | exiting.
  (the server ended: status 1)
"""


@scenario(conf=PAIR + PAIRED, leases=LEASES)
def failover_state_that_does_not_exist(s):
    """A state that there is not."""
    c = s.connect()
    one = c.open("failover-state", {"name": "fo"}).handle
    for value in (13, 255):
        with s.differs("ISC dies of it", isc=DEATH, lessor="""\
UPDATE local-state
  STATUS handle 0 signed
    result 0x60003 invalid argument
    message: can't update object
"""):
            c.update(one, {"local-state": value})
        s.fresh()
        c = s.connect()
        one = c.open("failover-state", {"name": "fo"}).handle


@scenario(shell=True)
def shutdown(s):
    """Shutdown through omshell: ISC stops serving at once and answers never, lessor answers and ends."""
    with s.differs("a shutdown is answered and orderly", isc="""
            omshell
              > server 127.0.0.1
              > port 7911
              > key omapi_key AAECAwQFBgcICQoLDA0ODw==
              > connect
                obj: <null>
              > new control
                obj: control
              > open
                obj: control
                state = 00:00:00:00
              > set state = 2
                obj: control
                state = 2
              > update
                can't update object: connection reset by peer
                obj: control
                state = 2
              | Disabling output on LPF/eth0/02:00:00:00:00:01/10.0.0.0/24
              | Disabling input on LPF/eth0/02:00:00:00:00:01/10.0.0.0/24
              (the server ended: status 0)
            """, lessor="""
            omshell
              > server 127.0.0.1
              > port 7911
              > key omapi_key AAECAwQFBgcICQoLDA0ODw==
              > connect
                obj: <null>
              > new control
                obj: control
              > open
                obj: control
                state = 00:00:00:00
              > set state = 2
                obj: control
                state = 2
              > update
                obj: control
                state = 2
              | Disabling output on LPF/eth0/02:00:00:00:00:01/10.0.0.0/24
              | Disabling input on LPF/eth0/02:00:00:00:00:01/10.0.0.0/24
              (the server ended: status 0)
            """):
        s.omshell("new control\nopen\nset state = 2\nupdate", settle=False)
        s.wait_for_end(15)
    s.start()
    s.leases()
