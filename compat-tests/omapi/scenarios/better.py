"""Where ISC dhcpd is wrong and lessor is not: both results are stated. (README.md lists these differences.)"""

import signal

from book import scenario
from protocol import DELETE, OPEN, UPDATE, address, build, mac
from side import KEY

FREED = "10.0.0.104"


@scenario()
def no_signature_bypass(s):
    """An authenticator with an empty signature is a wrong signature."""
    c = s.connect()
    with s.differs("ISC executes a request whose signature is left out", isc="""
            OPEN control
              UPDATE handle 2 signed
                state = 0
            """, lessor="""
            OPEN control
              STATUS handle 0
                result 0x6000b invalid TSIG key
            """):
        c.ask(OPEN, message={"type": "control"}, authid=c.authid, authlen=0)


def dies(s, what, act, lessor="""
              STATUS handle 0 signed
                result 0x60003 invalid argument
                message: can't update object
            """):
    """`act` ends ISC by a null pointer; lessor answers."""
    def lines(text):
        return [line[14:] for line in text.splitlines() if line.strip()]

    isc = "\n".join([what, "  closed", "  (the server ended: signal 11)"])
    with s.differs("ISC dies of a value without octets", isc=isc, lessor="\n".join([what, *("  " + l for l in lines(lessor))])):
        act()
    s.fresh()


@scenario()
def empty_values(s):
    """A value of no octets where one is needed."""
    for name in ("state", "ends", "flags"):
        c = s.connect()
        found = c.open("lease", {"ip-address": address(FREED)})
        dies(s, f"UPDATE {name}", lambda: c.update(found.handle, {name: None}))
    c = s.connect()
    found = c.open("control")
    dies(s, "UPDATE state", lambda: c.update(found.handle, {"state": None}))
    for kind, name in (("group", "name"), ("group", "statements"), ("class", "name"), ("class", "match"), ("subclass", "name"),
                       ("subclass", "hashstring"), ("interface", "name")):
        values = {"name": "g", "statements": "option domain-name \"x\";"} if kind == "group" else {}
        values[name] = None
        c = s.connect()
        dies(s, " ".join(["OPEN", kind, *values]), lambda: c.open(kind, values, flags=["create"]))
    s.leases()


@scenario()
def empty_message_values(s):
    """Reserved names without a value, before any authentication."""
    for name in ("op", "handle", "id", "rid", "authid", "object", "notify-object"):
        c = s.connect(key=None)
        with s.differs("ISC dies of a message value without octets", lessor="OPEN control\n  closed",
                       isc="OPEN control\n  closed\n  (the server ended: signal 11)"):
            c.ask(OPEN, message=[(name, None), ("type", "control")])
        s.fresh()


WRITTEN = """\
lease 10.0.0.104 {{
  starts 3 2025/01/01 10:00:00;
  ends {ends};
  tstp {ends};
  cltt 3 2025/01/01 10:00:00;
  {state}{flags}
  hardware ethernet 02:00:00:00:00:56;{more}
}}
"""
LATER = "2 2036/11/18 10:13:19"
FREE = "binding state free;\n  rewind binding state active;"
ACTIVE = "binding state active;\n  next binding state free;"


def written(*entries):
    """The lines of a transcript that show lease entries appended to the file."""
    text = "".join(WRITTEN.format(**{"ends": "2 2036/11/18 10:00:00", "state": ACTIVE, "flags": "", "more": "", **entry}) for entry in entries)
    return "\n".join(["lease file", *("  = " + line for line in text.splitlines())])


@scenario()
def ends_extends(s):
    """Writing the end of a lease moves the end, not the state; one in the past ends it."""
    s.shows_remote_handles = True
    c = s.connect()
    one = c.open("lease", {"ip-address": address(FREED)}).handle
    start = s.length()
    done = """\
UPDATE ends
  STATUS handle 0 signed
    result 0x0 success
  | lease 10.0.0.104 end changed from 2110615200 to 2110615999
"""
    handle = "\n  set remote-handle = %2;"
    with s.differs("ISC frees an active lease whatever end is written",
                   isc=done + "now state = 1, ends = 2110615999\n" + written(
                       {"ends": LATER, "state": FREE}, {"ends": LATER, "state": FREE, "more": handle}),
                   lessor=done + "now state = 2, ends = 2110615999\n" + written({"ends": LATER})):
        c.update(one, {"ends": 2110615999})
        s.attributes(c, one, "state", "ends")
        s.leases(start)
    for value in (b"\1", b"12345"):
        c.update(one, {"ends": value})


@scenario()
def ends_in_the_past(s):
    """An end in the past ends an active lease: its address is free."""
    c = s.connect()
    one = c.open("lease", {"ip-address": address(FREED)}).handle
    c.update(one, {"ends": 1735725600})
    s.attributes(c, one, "state", "ends")
    two = c.open("lease", {"ip-address": address("10.0.0.107")}).handle
    c.update(two, {"ends": 2110615999})
    s.attributes(c, two, "state", "ends")


@scenario()
def flags_keep_the_state(s):
    """Writing the flags of a lease leaves its state alone."""
    s.shows_remote_handles = True
    c = s.connect()
    one = c.open("lease", {"ip-address": address(FREED)}).handle
    start = s.length()
    done = """\
UPDATE flags
  STATUS handle 0 signed
    result 0x0 success
  | lease flags changed from  0 to 4 for lease 10.0.0.104.
"""
    handle = "\n  set remote-handle = %2;"
    reserved = "\n  reserved;"
    with s.differs("ISC frees an active lease whose flags are written",
                   isc=done + "now state = 1, flags = 04\n" + written(
                       {"state": FREE, "flags": reserved}, {"state": FREE, "flags": reserved, "more": handle}),
                   lessor=done + "now state = 2, flags = 04\n" + written({"flags": reserved})):
        c.update(one, {"flags": 4})
        s.attributes(c, one, "state", "flags")
        s.leases(start)
    c.update(one, {"flags": b"\4"})
    c.update(one, {"flags": b"\0\0"})
    c.update(one, {"flags": b"\x40"})
    s.attributes(c, one, "flags")
    c.update(one, {"flags": 0xFF})
    s.attributes(c, one, "flags")


@scenario()
def variables(s):
    """Variables of a lease: written, read, kept in the lease file."""
    s.shows_remote_handles = True
    c = s.connect()
    one = c.open("lease", {"ip-address": address(FREED)}).handle
    start = s.length()
    ok = "  STATUS handle 0 signed\n    result 0x0 success\n"
    handle = "\n  set remote-handle = %2;"
    with s.differs("ISC writes every value as true, and remembers the handle as another variable",
                   isc="UPDATE note\n" + ok + written({"more": "\n  set note = true;"}, {"more": handle + "\n  set note = true;"}),
                   lessor="UPDATE note\n" + ok + written({"more": '\n  set note = "abc";'})):
        c.update(one, {"note": "abc"})
        s.leases(start)
    # What ISC shows for the variable is octets of its memory.
    with s.differs("the same", isc="", lessor="now note = \"abc\", no remote-handle"):
        if not s.isc:
            s.attributes(c, one, "note", "remote-handle")
    with s.differs("the same", isc="UPDATE note\n" + ok + "now no note, remote-handle = 2", lessor="UPDATE note\n" + ok + "now no note, no remote-handle"):
        c.update(one, {"note": None})
        s.attributes(c, one, "note", "remote-handle")
    c.update(one, {"other": None})


@scenario()
def group_deleted(s):
    """A deleted group leaves a lease file that can be read: leases written after it survive."""
    c = s.connect()
    made = c.open("group", {"name": "g1", "statements": 'option domain-name "g1";'}, flags=["create"])
    conf = c.open("group", {"name": "named-group"})
    c.open("host", {"name": "h1", "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1, "group": "g1"},
           flags=["create"])
    s.leases()
    start = s.length()
    with s.differs("what ISC writes it cannot read back; these words both servers read", isc="""\
DELETE
  STATUS handle 0 signed
    result 0x0 success
DELETE
  STATUS handle 0 signed
    result 0x0 success
lease file
  = group g1 {
  =   dynamic;
  =   deleted;
  = }
  = group named-group {
  =   deleted;
  = }
""", lessor="""\
DELETE
  STATUS handle 0 signed
    result 0x0 success
DELETE
  STATUS handle 0 signed
    result 0x0 success
lease file
  = group g1 {
  =   deleted;
  =         if static {
  =         }
  = }
  = group named-group {
  =   deleted;
  =         if static {
  =         }
  = }
"""):
        c.delete(made.handle)
        c.delete(conf.handle)
        s.leases(start)
    c.open("group", {"name": "g1"})
    c.open("group", {"name": "named-group"})
    s.dora(mac("02:00:00:00:00:01"))
    s.fresh()
    kept = "lease 10.0.0.103, lease 10.0.0.104, lease 10.0.0.105, lease 10.0.0.106, lease 10.0.0.108"
    with s.differs("ISC cannot read the deletion of a group back: a lease behind it is lost, and so is the deletion",
                   isc=f"records host h1, lease 10.0.0.107, {kept}",
                   lessor=f"records group named-group deleted, host h1, lease 10.0.0.107, lease 10.0.0.109, {kept}"):
        s.records()
    s.connect().open("group", {"name": "named-group"})
    s.fresh()
    with s.differs("the same", isc=f"records host h1, lease 10.0.0.107, {kept}",
                   lessor=f"records group named-group deleted, host h1, lease 10.0.0.107, lease 10.0.0.109, {kept}"):
        s.records()


MISTAKES = ('option host-name "x"; option domain-name;', "subnet 1.2.3.0 netmask 255.255.255.0 { }", "}", 'option host-name "open')


@scenario()
def statements_with_mistakes(s):
    """Statements that cannot be parsed are refused; ISC takes some of them, and what it understood."""
    c = s.connect()
    made = "  UPDATE handle {} signed\n    name = \"s\"\n    hardware-address = 02:00:00:00:00:01\n    hardware-type = 1\n"
    refused = "  STATUS handle 0 signed\n    result 0x60008 parse error(s) occurred\n    message: can't update object\n"
    complaints = (("semicolon expected.",), (), (), ("eof in string constant", "semicolon expected."))
    ours = (("semicolon expected.",), ("right brace expected.",), ("right brace expected.",), ("eof in string constant",))
    for number, (text, isc, lessor) in enumerate(zip(MISTAKES, complaints, ours)):
        def lines(found):
            return "".join(f"  | network client line 1: {complaint}\n  | {text}\n" for complaint in found)

        head = "OPEN host name hardware-address hardware-type statements\n"
        with s.differs("ISC makes the host all the same", isc=head + made.format(number + 2) + lines(isc),
                       lessor=head + refused + lines(lessor)):
            found = c.open("host", {"name": "s", "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1,
                                    "statements": text}, flags=["create"])
        if found.op == 3:
            c.delete(found.handle)
            s.transcript.pop(), s.transcript.pop(), s.transcript.pop()


@scenario()
def all_or_nothing(s):
    """A request that is refused leaves a host as it was."""
    c = s.connect()
    one = c.open("host", {"name": "h1", "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1}, flags=["create"]).handle
    refused = """\
UPDATE ip-address nonsense hardware-type
  STATUS handle 0 signed
    result 0x60020 unknown attribute
    message: can't update object
"""
    with s.differs("with ISC what came before the refused attribute holds, in memory alone",
                   isc=refused + "now ip-address = 0a:00:00:32, hardware-type = 1",
                   lessor=refused + "now no ip-address, hardware-type = 1"):
        c.update(one, [("ip-address", address("10.0.0.50")), ("nonsense", 1), ("hardware-type", 6)])
        s.attributes(c, one, "ip-address", "hardware-type")
    s.leases()


@scenario()
def deleted_but_referred_to(s):
    """What is deleted is gone, also when something in the server still refers to it."""
    c = s.connect()
    gone = """\
  STATUS handle 0 signed
    result 0x17 not found
    message: no matching handle
"""
    sub = c.open("subclass", {"name": "sub-parent", "hashstring": b"\1" + mac("02:00:00:00:00:05")}, flags=["create"])
    s.dora(mac("02:00:00:00:00:05"))
    c.delete(sub.handle)
    with s.differs("ISC shows a deleted object as long as a lease or a table refers to it", lessor="REFRESH\n" + gone, isc="""\
REFRESH
  UPDATE handle 2 signed
    lease-limit = 4
    leases-used = 1
"""):
        c.refresh(sub.handle)
    made = c.open("host", {"name": "h3", "hardware-address": mac("02:00:00:00:07:03"), "hardware-type": 1}, flags=["create"])
    s.dora(mac("02:00:00:00:07:03"))
    held = c.open("lease", {"hardware-address": mac("02:00:00:00:07:03")})
    c.delete(made.handle)
    with s.differs("the same", isc="now state = 2, host = 3", lessor="now state = 2, no host"):
        s.attributes(c, held.handle, "state", "host")
    host = c.open("host", {"name": "conf-uid"})
    c.delete(host.handle)
    with s.differs("the same", lessor="REFRESH\n" + gone + "DELETE\n" + gone, isc="""\
REFRESH
  UPDATE handle 7 signed
    ip-address = 0a:00:00:3d
    dhcp-client-identifier = "conf-uid"
    name = "conf-uid"
DELETE
  STATUS handle 0 signed
    result 0x0 success
"""):
        c.refresh(host.handle)
        c.delete(host.handle)


@scenario(only="lessor")
def group_deleted_twice(s):
    """A handle of a deleted group yields 0x17 even when a host refers to it."""
    c = s.connect()
    made = c.open("group", {"name": "g1", "statements": 'option domain-name "g1";'}, flags=["create"])
    c.open("host", {"name": "h1", "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1, "group": "g1"},
           flags=["create"])
    with s.differs("ISC dies of the second deletion", isc="", lessor="""
            DELETE
              STATUS handle 0 signed
                result 0x0 success
            DELETE
              STATUS handle 0 signed
                result 0x17 not found
                message: no matching handle
            """):
        c.delete(made.handle)
        c.delete(made.handle)


@scenario(only="lessor", leases="")
def reload_keeps_objects(s):
    """A new configuration at SIGHUP, which ISC cannot take, keeps hosts made at run time, connections and handles."""
    c = s.connect()
    made = c.open("host", {"name": "h1", "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1,
                           "ip-address": address("10.0.0.50"), "group": "named-group"}, flags=["create"])
    conf = s.lab.read("dhcpd.conf").replace("named.example", "renamed.example").replace("10.0.0.60", "10.0.0.63")
    s.lab.write("dhcpd.conf", conf)
    s.lab.process.send_signal(signal.SIGHUP)
    s.pause(0.5)
    with s.differs("ISC cannot", isc="", lessor="""
            DHCP client 02:00:00:00:00:01
              ACK 10.0.0.50 1=ffffff00 3=0a0000fe 15=72656e616d65642e6578616d706c65 51=000003e8
              | DHCPDISCOVER from 02:00:00:00:00:01 via eth0
              | DHCPOFFER on 10.0.0.50 to 02:00:00:00:00:01 via eth0
              | DHCPREQUEST for 10.0.0.50 (10.0.0.1) from 02:00:00:00:00:01 via eth0
              | DHCPACK on 10.0.0.50 to 02:00:00:00:00:01 via eth0
            now ip-address = 0a:00:00:32, name = "h1"
            OPEN host name
              UPDATE handle 3 signed
                ip-address = 0a:00:00:3f
                name = "conf-host"
                hardware-address = 02:00:00:00:00:60
                hardware-type = 1
            DELETE
              STATUS handle 0 signed
                result 0x0 success
            """):
        s.dora(mac("02:00:00:00:00:01"))
        s.attributes(c, made.handle, "ip-address", "name")
        c.open("host", {"name": "conf-host"})
        c.delete(made.handle)


@scenario()
def replay(s):
    """A deletion captured on one connection and sent again on another: handles are a connection's own."""
    c = s.connect(name="first")
    second = s.connect(name="second")
    host = {"name": "h1", "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1}
    made = c.open("host", host, flags=["create"])
    c.delete(made.handle, ident=77)
    made = c.open("host", host, flags=["create"])
    # The authenticator is not covered by the signature: whoever sends it again puts there what it needs.
    captured = build(DELETE, made.handle, ident=78, authid=second.authid, key=KEY)
    with s.differs("ISC carries it out", isc="  second: STATUS handle 0 signed\n  second:   result 0x0 success\nfirst: OPEN host name\n"
                   "  first: STATUS handle 0 signed\n  first:   result 0x17 not found\n"
                   "  first:   message: no object matches specification", lessor="""\
  second: STATUS handle 0 signed
  second:   result 0x17 not found
  second:   message: no matching handle
first: OPEN host name
  first: UPDATE handle #3 signed
  first:   name = "h1"
  first:   hardware-address = 02:00:00:00:00:01
  first:   hardware-type = 1
"""):
        second.send(captured)
        second.read()
        c.open("host", {"name": "h1"})


@scenario(shell=True)
def another_connection(s):
    """After a refused signature omshell can connect again."""
    with s.differs("ISC's omshell has to be left once a connection broke", of="omshell", isc="""
            omshell
              > server 127.0.0.1
              > port 7911
              > key omapi_key d3Jvbmc=
              > connect
                obj: <null>
              > new control
                obj: control
              > open
                can't open object: connection reset by peer
                obj: control
              > disconnect
                obj: control
              > key omapi_key AAECAwQFBgcICQoLDA0ODw==
                obj: control
              ! dhcpctl_disconnect detected invalid arg
              ! dhcpctl_disconnect: invalid argument
            """, lessor="""
            omshell
              > server 127.0.0.1
              > port 7911
              > key omapi_key d3Jvbmc=
              > connect
                obj: <null>
              > new control
                obj: control
              > open
                can't open object: connection reset by peer
                obj: control
              > disconnect
              > key omapi_key AAECAwQFBgcICQoLDA0ODw==
            """):
        s.omshell("new control\nopen\ndisconnect\nkey omapi_key AAECAwQFBgcICQoLDA0ODw==", secret="d3Jvbmc=")
    s.hinted("the server refuses the signature of key omapi_key: is the secret right?")


@scenario(shell=True)
def handles_of_another_connection(s):
    """An object that omshell still holds after it connected anew can be read; to change it, it has to be opened again."""
    head = """\
omshell
  > server 127.0.0.1
  > port 7911
  > key omapi_key AAECAwQFBgcICQoLDA0ODw==
  > connect
    obj: <null>
  > new host
    obj: host
  > set name = "conf-uid"
    obj: host
    name = "conf-uid"
  > open
    obj: host
    name = "conf-uid"
    ip-address = 0a:00:00:3d
    dhcp-client-identifier = "conf-uid"
  > disconnect
  > connect
    obj: host
    name = "conf-uid"
    ip-address = 0a:00:00:3d
    dhcp-client-identifier = "conf-uid"
  > refresh
    obj: host
    name = "conf-uid"
    ip-address = 0a:00:00:3d
    dhcp-client-identifier = "conf-uid"
  > remove
"""
    held = """\
    can't destroy object: not found
    obj: host
    name = "conf-uid"
    ip-address = 0a:00:00:3d
    dhcp-client-identifier = "conf-uid"
"""
    with s.differs("nothing is changed by handles of an earlier connection, which keeps recorded requests from being repeated",
                   isc=head + "    obj: <null>\n", lessor=head + held):
        s.omshell('new host\nset name = "conf-uid"\nopen\ndisconnect\nconnect\nrefresh\nremove')


OK = "  STATUS handle 0 signed\n    result 0x0 success\n"
NOT_UPDATED = "  STATUS handle 0 signed\n    result {}\n    message: can't update object\n"


@scenario()
def host_names(s):
    """Names that the lease file cannot hold are not taken."""
    c = s.connect()
    refused = NOT_UPDATED.format("0x1a I/O error")
    head = "OPEN host name hardware-address hardware-type\n"
    for name, takes in (("with space", True), ("brace}", True), ("semi;colon", True), ('quo"te', False), ("back\\slash", False)):
        made = f"  UPDATE handle 2 signed\n    name = \"{name}\"\n    hardware-address = 02:00:00:00:00:01\n    hardware-type = 1\n"
        with s.differs("ISC takes some that break the next reading of the file", isc=head + (made if takes else refused),
                       lessor=head + refused):
            c.open("host", {"name": name, "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1}, flags=["create"])
        s.fresh()
        s.lab.write("dhcpd.leases", "")
        s.fresh()
        c = s.connect()


@scenario()
def host_addresses(s):
    """A fixed address is made of four octets."""
    c = s.connect()
    one = c.open("host", {"name": "h1", "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1}, flags=["create"]).handle
    with s.differs("ISC stores any octets, and loses them at the next start", isc="UPDATE ip-address\n" + OK + "now ip-address = 01:02:03",
                   lessor="UPDATE ip-address\n" + NOT_UPDATED.format("0x60003 invalid argument") + "now no ip-address"):
        c.update(one, {"ip-address": b"\1\2\3"})
        s.attributes(c, one, "ip-address")


@scenario()
def other_times(s):
    """Times of a lease other than its end cannot be written."""
    c = s.connect()
    one = c.open("lease", {"ip-address": address(FREED)}).handle
    for name in ("tstp", "tsfp", "atsfp", "cltt"):
        with s.differs("ISC makes variables of them", isc=f"UPDATE {name}\n" + OK,
                       lessor=f"UPDATE {name}\n" + NOT_UPDATED.format("0x6 permission denied")):
            c.update(one, {name: 2110615999})


@scenario()
def interface_name(s):
    """The name of an interface stays."""
    c = s.connect()
    one = c.open("interface", {"name": "eth0"}).handle
    with s.differs("ISC renames it in its memory", isc="UPDATE name\n" + OK,
                   lessor="UPDATE name\n" + NOT_UPDATED.format("0x6 permission denied")):
        c.update(one, {"name": "eth9"})


@scenario(only="lessor", leases="", disk="128k")
def disk_full(s):
    """A change that cannot be written is not answered until it is; others are refused meanwhile, lookups go on."""
    c, second = s.connect(name="first"), s.connect(name="second")
    host = {"hardware-type": 1, "ip-address": address("10.0.0.50")}
    s.fill_disk()
    # The records until the end of the last block still find room.
    c.sock.settimeout(3)
    made = 0
    while made < 200 and c.open("host", {**host, "name": f"h{made}", "hardware-address": bytes([2, 0, 0, 0, 1, made])},
                                flags=["create"]):
        made += 1
    if not 0 < made < 200:
        s.fail(f"{made} hosts were made on a full disk")
    s.transcript.clear()
    with s.differs("others are refused", isc="", lessor="""\
second: OPEN host name
  second: UPDATE handle #2 signed
  second:   ip-address = 0a:00:00:32
  second:   name = "h0"
  second:   hardware-address = 02:00:00:00:01:00
  second:   hardware-type = 1
second: UPDATE ip-address
  second: STATUS handle 0 signed
  second:   result 0x1a I/O error
  second:   message: can't update object
now ip-address = 0a:00:00:32
"""):
        found = second.open("host", {"name": "h0"}).handle
        second.update(found, {"ip-address": address("10.0.0.51")})
        s.attributes(second, found, "ip-address")
    s.free_disk()
    s.pause(6)
    if c.read().op != UPDATE:
        s.fail("what waited for the disk was not answered")
    s.transcript.clear()
    with s.differs("it goes on", isc="", lessor="""\
second: UPDATE ip-address
  second: STATUS handle 0 signed
  second:   result 0x0 success
now ip-address = 0a:00:00:33
"""):
        second.update(found, {"ip-address": address("10.0.0.51")})
        s.attributes(second, found, "ip-address")
    s.restart(how=signal.SIGKILL)
    kept = s.connect()
    for number in range(made + 1):
        if kept.open("host", {"name": f"h{number}"}).op != UPDATE:
            s.fail(f"h{number} was made and is lost")
