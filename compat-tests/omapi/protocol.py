"""The OMAPI protocol as a client speaks it that may do anything: valid, wrong, cut short.

    introduction    version u32 = 100, header size u32 = 24
    header          authid, authlen, op, handle, id, rid: u32 each, big-endian
    two lists       (name length u16, name, value length u32, value)*, 0000
    signature       HMAC over everything from authlen to the end of the second list

(spec/omapi.md, sections 2 to 6.)
"""

import base64
import hashlib
import hmac
import socket
import struct

OPEN, REFRESH, UPDATE, NOTIFY, STATUS, DELETE = 1, 2, 3, 4, 5, 6
OP_NAMES = {1: "OPEN", 2: "REFRESH", 3: "UPDATE", 4: "NOTIFY", 5: "STATUS", 6: "DELETE"}
RESULT_NAMES = {0: "success", 1: "out of memory", 6: "permission denied", 18: "already exists", 23: "not found",
                25: "failure", 26: "I/O error", 27: "not implemented", 0x60003: "invalid argument",
                0x60006: "more than one object matches key", 0x60007: "key conflict", 0x60008: "parse error(s) occurred",
                0x60009: "no key specified", 0x6000B: "invalid TSIG key", 0x60020: "unknown attribute"}
INTRODUCTION = struct.pack("!II", 100, 24)
SUFFIX = ".SIG-ALG.REG.INT."
PATIENCE = 10.0

# Attributes whose four octets are a number, and those that are addresses.
NUMBERS = {"state", "hardware-type", "ends", "starts", "tstp", "tsfp", "atsfp",
           "cltt", "lease-limit", "leases-used", "lease-count", "free-leases", "backup-leases", "partner-port", "local-port",
           "max-outstanding-updates", "mclt", "load-balance-max-secs", "partner-state", "local-state", "partner-stos",
           "local-stos", "hierarchy", "last-packet-sent", "last-timestamp-received", "skew", "max-response-delay",
           "cur-unacked-updates", "remote-handle"}
REFERENCES = {"subnet", "pool", "host", "billing-class"}  # to other objects, by handle


class Closed(Exception):
    """The server ended the connection."""


class Silent(Exception):
    """The server did not answer in time."""


def integer(number):
    return struct.pack("!I", number & 0xFFFFFFFF)


def address(text):
    return socket.inet_aton(text)


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def octets(value):
    """What a value of a scenario is on the wire: numbers in four octets, None without any."""
    if value is None:
        return b""
    if isinstance(value, int):
        return integer(value)
    return value.encode("latin-1") if isinstance(value, str) else value


def items(values):
    """The pairs of a list or of a dictionary."""
    return values.items() if isinstance(values, dict) else values


def pairs(values):
    """A name/value list with its end."""
    out = b""
    for name, value in items(values):
        name, value = octets(name), octets(value)
        out += struct.pack("!H", len(name)) + name + struct.pack("!I", len(value)) + value
    return out + b"\0\0"


class Key:
    def __init__(self, name, algorithm, secret):
        self.name, self.algorithm, self.secret = name, algorithm, secret
        self.digest = getattr(hashlib, algorithm.lower().split(".")[0].removeprefix("hmac-"))
        self.size = self.digest().digest_size

    def conf(self):
        return f'key {self.name} {{ algorithm {self.algorithm}; secret {base64.b64encode(self.secret).decode()}; }}\n'

    @property
    def full_algorithm(self):
        return self.algorithm + ("" if "." in self.algorithm else SUFFIX)

    def sign(self, covered):
        return hmac.new(self.secret, covered, self.digest).digest()


def build(op, handle=0, message=(), values=(), ident=1, rid=0, authid=0, key=None, authlen=None, signature=None):
    """The octets of one message. `key` signs it under `authid`; `authlen` and `signature` are for the lies."""
    size = (key.size if key else 0) if authlen is None else authlen
    covered = struct.pack("!IIIII", size, op, handle, ident, rid) + pairs(message) + pairs(values)
    if signature is None:
        signature = key.sign(covered) if key else bytes(size)
    return struct.pack("!I", authid) + covered + signature


class Message:
    """A message from the server."""

    def __init__(self, authid, op, handle, ident, rid, message, values, signed, verified):
        self.authid, self.op, self.handle, self.ident, self.rid = authid, op, handle, ident, rid
        self.message, self.values, self.signed, self.verified = message, values, signed, verified

    @property
    def result(self):
        data = dict(self.message).get("result")
        return struct.unpack("!I", data)[0] if data else None

    def __getitem__(self, name):
        return dict(self.values)[name]

    def get(self, name):
        return dict(self.values).get(name)

    def number(self, name):
        return struct.unpack("!I", self[name])[0]


class Connection:
    """One connection. `sock` is connected; its introduction has not been sent."""

    def __init__(self, sock, introduce=True):
        self.sock = sock
        self.sock.settimeout(PATIENCE)
        self.buffer = b""
        self.keys = {}
        self.authid = 0
        self.ident = 0x11110000
        self.last = None
        if introduce:
            self.send(INTRODUCTION)
            self.introduction = self.take(8)

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed from error

    def fill(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError as error:
            raise Closed from error
        except TimeoutError as error:
            raise Silent from error
        if not data:
            raise Closed
        self.buffer += data

    def take(self, size):
        while len(self.buffer) < size:
            self.fill()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def take_pairs(self):
        out, raw = [], b""
        while True:
            head = self.take(2)
            raw += head
            size = struct.unpack("!H", head)[0]
            if size == 0:
                return out, raw
            name = self.take(size)
            head = self.take(4)
            value = self.take(struct.unpack("!I", head)[0])
            raw += name + head + value
            out.append((name.decode("latin-1"), value))

    def receive(self):
        """The next message of the server, its signature checked when it has one."""
        head = self.take(24)
        authid, authlen, op, handle, ident, rid = struct.unpack("!6I", head)
        message, first = self.take_pairs()
        values, second = self.take_pairs()
        signature = self.take(authlen)
        key = self.keys.get(authid)
        verified = bool(authlen) and key is not None and key.sign(head[4:] + first + second) == signature
        self.last, previous = ident, self.last
        self.in_order = previous is None or ident == (previous + 1) & 0xFFFFFFFF
        return Message(authid, op, handle, ident, rid, message, values, authlen, verified)

    def next_ident(self):
        self.ident += 1
        return self.ident

    def request(self, op, handle=0, message=(), values=(), signed=True, **lies):
        """Sends one request, returns its identifier."""
        lies.setdefault("ident", self.next_ident())
        if signed and self.authid and "key" not in lies and "authid" not in lies:
            lies.update(authid=self.authid, key=self.keys[self.authid])
        self.send(build(op, handle, message, values, **lies))
        return lies["ident"]

    def ask(self, op, handle=0, message=(), values=(), **more):
        ident = self.request(op, handle, message, values, **more)
        reply = self.receive()
        reply.answers = reply.rid == ident
        return reply

    def authenticate(self, key, algorithm=None):
        """Opens the authenticator and signs with it from now on."""
        reply = self.ask(OPEN, message={"type": "authenticator"},
                         values={"name": key.name, "algorithm": algorithm or key.full_algorithm}, signed=False)
        if reply.op == UPDATE:
            self.authid = reply.handle
            self.keys[reply.handle] = key
        return reply

    def open(self, kind, values=(), flags=(), **more):
        """OPEN; `flags` are of create, update and exclusive."""
        return self.ask(OPEN, message=[(flag, 1) for flag in flags] + [("type", kind)], values=values, **more)

    def update(self, handle, values, **more):
        return self.ask(UPDATE, handle, values=values, **more)

    def refresh(self, handle, **more):
        return self.ask(REFRESH, handle, **more)

    def delete(self, handle, **more):
        return self.ask(DELETE, handle, **more)

    def close(self):
        self.sock.close()


def show_value(name, data):
    if name in NUMBERS and len(data) == 4:
        return str(struct.unpack("!I", data)[0])
    if data and all(32 <= b < 127 for b in data):
        return f'"{data.decode()}"'
    return data.hex(":") or "nothing"


def show(message, alias=str):
    """Lines that show a message of the server: what is not the number of the message itself. `alias` makes text of handles."""
    signed = "" if not message.signed else " signed" if message.verified else " BADLY SIGNED"
    line = f"{OP_NAMES.get(message.op, message.op)} handle {alias(message.handle)}{signed}"
    if not getattr(message, "answers", True):
        line += " NOT AN ANSWER"
    lines = [line]
    for name, data in message.message:
        if name == "result" and len(data) == 4:
            code = struct.unpack("!I", data)[0]
            lines.append(f"  result {code:#x} {RESULT_NAMES.get(code, '?')}")
        else:
            lines.append(f"  {name}: {data.decode('latin-1')}")
    for name, data in message.values:
        is_reference = name in REFERENCES and len(data) == 4
        lines.append(f"  {name} = {alias(struct.unpack('!I', data)[0]) if is_reference else show_value(name, data)}")
    return lines
