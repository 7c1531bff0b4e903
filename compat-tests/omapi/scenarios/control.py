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
