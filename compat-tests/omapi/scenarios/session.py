"""Connections, keys and signatures."""

import struct

from book import CONF, KEYED, LEASES, OMAPI, scenario
from protocol import INTRODUCTION, OPEN, REFRESH, Closed, Key, address, build, mac
from side import KEY, OTHER_KEY

LEASE = {"ip-address": address("10.0.0.104")}
ALGORITHMS = [Key(f"key-{name.removeprefix('hmac-')}", name, bytes(range(size)))
              for name, size in (("hmac-md5", 16), ("hmac-sha1", 20), ("hmac-sha224", 28), ("hmac-sha256", 32),
                                 ("hmac-sha384", 48), ("HMAC-SHA512", 64), ("hmac-sha256.SIG-ALG.REG.INT.", 80))]
ALGORITHMS[-1].name = "long-secret"


@scenario()
def wrong_keys(s):
    """Unsigned, with an unknown key, with one that is not the omapi-key, with a wrong secret."""
    c = s.connect(key=None)
    c.open("lease", LEASE)
    for op in range(7):
        c.ask(op, 1)
    c.authenticate(Key("nobody", "hmac-md5", b"x"))
    c.authenticate(OTHER_KEY)
    c.authenticate(KEY, algorithm="hmac-md5")
    c.authenticate(KEY, algorithm="HMAC-MD5.sig-alg.reg.int.")
    c.authenticate(KEY, algorithm="hmac-sha1.SIG-ALG.REG.INT.")
    c.open("lease", LEASE)
    c.open("authenticator", {"name": "OMAPI_KEY", "algorithm": KEY.full_algorithm}, signed=False)
    for flags in (["create"], ["update"], ["create", "exclusive"]):
        c.open("authenticator", {"name": "omapi_key", "algorithm": KEY.full_algorithm}, flags=flags, signed=False)
        c.open("authenticator", {"name": "nobody", "algorithm": KEY.full_algorithm}, flags=flags, signed=False)
    for values in ({}, {"name": "omapi_key"}, {"algorithm": KEY.full_algorithm}, {"name": None, "algorithm": None}):
        c.open("authenticator", values, signed=False)
    c.refresh(c.authid)
    c.delete(c.authid)
    c.update(c.authid, {"name": "x"})


@scenario()
def wrong_signatures(s):
    """A signature that does not fit, of another length, of another key; the connection stays."""
    c = s.connect()
    other = Key("omapi_key", "hmac-md5", b"wrong")
    c.open("lease", LEASE, authid=c.authid, key=other)
    c.open("lease", LEASE, authid=c.authid, key=KEY, signature=bytes(16))
    c.open("lease", LEASE, authid=c.authid, authlen=20)
    c.open("lease", LEASE, authid=c.authid, authlen=1)
    c.open("lease", LEASE, authid=0, authlen=16)
    c.open("lease", LEASE)


@scenario()
def inactive_authid(s):
    """An authenticator must be opened on each connection."""
    c = s.connect()
    second = s.connect(key=None, name="second")
    second.open("lease", LEASE, authid=c.authid, key=KEY)


@scenario(shell=True)
def keys_of_omshell(s):
    """What omshell says to keys that do not do."""
    ask = "new lease\nset ip-address = 10.0.0.104\nopen"
    s.omshell(ask, key=None)
    s.hinted('the server wants a key: give it with "key", then connect again')
    s.omshell(ask, key="nobody")
    s.hinted("the server has no key nobody with algorithm hmac-md5")
    s.omshell(ask, key="other_key")
    s.hinted("the server refuses key other_key: it is not its omapi-key")
    s.omshell(ask, algorithm="hmac-sha256")
    s.hinted("the server has no key omapi_key with algorithm hmac-sha256")
    s.omshell(ask + "\nrefresh\nupdate", secret="d3Jvbmc=")
    s.hinted("the server refuses the signature of key omapi_key: is the secret right?")
    s.omshell("port 1\nconnect\nnew lease\nopen\ndisconnect", connect=False)


@scenario(conf=OMAPI + "".join(key.conf() for key in ALGORITHMS) + CONF, shell=True)
def algorithms(s):
    """Every algorithm, on a server that wants no key."""
    for key in ALGORITHMS:
        c = s.connect(key=key)
        c.open("lease", LEASE)
        c.open("lease", {"ip-address": address("10.0.0.99")})
        c.open("lease", LEASE, authid=c.authid, authlen=key.size)
    for key in ALGORITHMS[:-1]:
        secret = key.conf().split("secret ")[1].split(";")[0]
        s.omshell("new lease\nset ip-address = 10.0.0.104\nopen", key=key.name, secret=secret, algorithm=key.algorithm)


@scenario(conf=OMAPI + KEY.conf() + CONF, shell=True)
def unkeyed_server(s):
    """A server without omapi-key: unsigned requests, signed ones, both on one connection."""
    c = s.connect(key=None)
    c.open("lease", LEASE)
    c.authenticate(KEY)
    c.open("lease", LEASE)
    c.open("lease", LEASE, signed=False)
    s.omshell("new host\nset name = \"conf-host\"\nopen", key=None)
    s.omshell("new host\nset name = \"conf-host\"\nopen")
    for op in (0, 5, 7):
        c = s.connect(key=None, name=f"op {op}")
        c.ask(op)
    c = s.connect(key=None)
    c.ask(4, 1)
    c = s.connect(key=None, name="rid")
    c.ask(OPEN, rid=7, message={"type": "control"})


@scenario()
def introductions(s):
    """Versions and header sizes."""
    for version, size in ((99, 24), (101, 24), (100, 20), (100, 0), (0, 0)):
        c = s.connect(key=None, introduce=False)
        try:
            c.send(struct.pack("!II", version, size))
            c.take(8)
            c.take(1)
        except Closed:
            s.note(f"introduction {version} {size}: closed")
    for size in (32, 56):
        c = s.connect(key=None, introduce=False)
        c.send(struct.pack("!II", 100, size))
        s.note(f"introduction 100 {size}: " + c.take(8).hex())
        request = build(OPEN, message={"type": "authenticator"}, values={"name": KEY.name, "algorithm": KEY.full_algorithm})
        c.send(request[:24] + bytes(size - 24) + request[24:])
        c.read()


@scenario()
def reserved_names(s):
    """Message values with names that the protocol uses inside itself; those that are unknown."""
    for name in ("op", "handle", "id", "rid", "authid", "object", "notify-object", "authenticator", "authlen", "unknown"):
        c = s.connect(key=None, name=name)
        c.ask(OPEN, message=[(name, 1), ("type", "control")])
    c = s.connect()
    c.ask(OPEN, message=[("type", "nonsense"), ("type", "control")])
    c.ask(OPEN, message=[("type", "control"), ("type", "nonsense")])
    c.open("lease", [("ip-address", address("10.0.0.99")), ("ip-address", address("10.0.0.104"))])


@scenario()
def pipelined(s):
    """Many requests at once, and one octet at a time: every answer, in order."""
    c = s.connect()
    for number in range(6):
        c.request(OPEN, message={"type": "lease"}, values={"ip-address": address(f"10.0.0.{100 + number}")})
    for number in range(6):
        c.read()
    s.settle()
    request = build(OPEN, message={"type": "lease"}, values=LEASE, authid=c.authid, key=KEY, ident=0)
    for octet in request:
        c.send(bytes([octet]))
    c.read()
    one = c.open("lease", LEASE).handle
    c.send(b"".join(build(REFRESH, one, authid=c.authid, key=KEY, ident=i) for i in range(3)) + request[:30])
    for number in range(3):
        c.read()
    c.send(request[30:])
    c.read()


@scenario()
def introduction_and_requests_together(s):
    """A client that does not wait for anything."""
    c = s.connect(key=None, introduce=False)
    opening = build(OPEN, message={"type": "authenticator"}, values={"name": KEY.name, "algorithm": KEY.full_algorithm})
    c.keys[1] = KEY
    c.send(INTRODUCTION + opening + build(OPEN, message={"type": "lease"}, values=LEASE, authid=1, key=KEY, ident=2))
    s.note(c.take(8).hex())
    c.read()
    c.read()


@scenario()
def several_connections(s):
    """Connections do not disturb each other; what one makes all see."""
    many = [s.connect(name=str(number)) for number in range(5)]
    handles = [c.open("lease", {"ip-address": address(f"10.0.0.{100 + number}")}).handle for number, c in enumerate(many)]
    for c, handle in zip(many, handles):
        c.refresh(handle)
    many[0].close()
    many[1].send(b"\0" * 24 + b"\0\7half")
    many[2].send(b"\xff" * 100)
    many[3].refresh(handles[3])
    host = {"name": "h1", "hardware-address": mac("02:00:00:00:00:01"), "hardware-type": 1}
    made = many[3].open("host", host, flags=["create"])
    seen = many[4].open("host", {"name": "h1"})
    many[4].refresh(seen.handle)
    many[4].delete(seen.handle)
    many[3].refresh(made.handle)
    many[3].open("host", {"name": "h1"})


@scenario()
def half_closed(s):
    """A client that ends its half after a request still gets the answer."""
    c = s.connect()
    c.request(OPEN, message={"type": "lease"}, values=LEASE)
    c.sock.shutdown(1)
    c.read()
    c.read()


@scenario()
def long_values(s):
    """Values and names longer than any buffer."""
    c = s.connect(key=None)
    c.open("authenticator", {"name": "x" * 30000, "algorithm": "y" * 20000})
    c.open("authenticator", {"n" * 40000: "x"})
    c.authenticate(KEY)
    c.open("host", {"name": "x" * 3000})


@scenario(conf=OMAPI.replace("7911", "7912") + CONF, leases=LEASES, shell=True)
def other_port(s):
    """omapi-port says where; elsewhere nobody listens."""
    s.omshell("port 7912\nserver localhost\nconnect\nnew lease\nset ip-address = 10.0.0.104\nopen", key=None, connect=False)
    s.omshell("new lease", key=None)


@scenario(conf=KEYED.replace("omapi-key omapi_key;", "omapi-key OMAPI_KEY;") + CONF)
def key_name_in_capitals(s):
    """Names of keys do not depend on capitals."""
    c = s.connect()
    c.open("lease", LEASE)
