"""Failover messages: octets to readable values and back, a listener on the link between the servers, and the hash.

Facts: spec/failover.md, sections 4 to 6 and 20.
"""

import socket
import struct

MESSAGES = {1: "POOLREQ", 2: "POOLRESP", 3: "BNDUPD", 4: "BNDACK", 5: "CONNECT", 6: "CONNECTACK", 7: "UPDREQALL", 8: "UPDDONE",
            9: "UPDREQ", 10: "STATE", 11: "CONTACT", 12: "DISCONNECT"}
OPTIONS = {
    1: ("addresses-transferred", "I"), 2: ("assigned-IP", "a"), 3: ("binding-status", "B"), 4: ("client-id", "x"),
    5: ("chaddr", "x"), 6: ("cltt", "I"), 7: ("reply-options", "x"), 8: ("request-options", "x"), 9: ("DDNS", "x"),
    11: ("HBA", "x"), 12: ("IP-flags", "H"), 13: ("lease-expiry", "I"), 14: ("max-unacked", "I"), 15: ("MCLT", "I"),
    16: ("message", "s"), 18: ("potential-expiry", "I"), 19: ("receive-timer", "I"), 20: ("protocol-version", "B"),
    21: ("reject-reason", "B"), 22: ("relationship-name", "s"), 23: ("server-flags", "B"), 24: ("server-state", "B"),
    25: ("stos", "I"), 26: ("TLS-reply", "B"), 27: ("TLS-request", "B"), 28: ("vendor-class", "s"),
}
CODES = {name: (code, form) for code, (name, form) in OPTIONS.items()}
NUMBERS = {name: number for number, name in MESSAGES.items()}
STATES = {1: "startup", 2: "normal", 3: "communications-interrupted", 4: "partner-down", 5: "potential-conflict", 6: "recover",
          7: "paused", 8: "shutdown", 9: "recover-done", 10: "resolution-interrupted", 11: "conflict-done", 254: "recover-wait"}
BINDINGS = {1: "free", 2: "active", 3: "expired", 4: "released", 5: "abandoned", 6: "reset", 7: "backup"}

# RFC 3074's table as in spec/failover.md, section 20.
MIXING = bytes.fromhex(
    "fbaf77d7510e4fbf6731b58fba9d00e81f20373c983a11edae46a090dc5a39df"
    "3b03128c6fa6cbc486f37c5fdeb3c541b430240f6b2ee982a51e7ba1d1176110"
    "285bdb3d640ad26dfa7f168a1d6cf443cf09b2cc4a627ef9a774224dc1c87905"
    "14714723800db65e19e2e3c74b1b29f5e6e02be1b11a9b96d48eda73f1495869"
    "27723effc0c991d6a89edd949a7a0c5452a32c8be4eccdf2d90bbb929f4056ef"
    "c32a6ac67670b8ac5702ad75b0e5f7fd89b963a466932d42e7348dd3c2cef6ee"
    "386e4ef83ff0bd5d5c3335b713ab48322168654508fc53784c875536ca7dbcd5"
    "60eb88d0a281be849c262f0107fe1804d88359151c8525999550aa4406a9ea97")


def bucket(key):
    """The hash bucket of a client: of its identifier, or of its hardware address without the type."""
    h = len(key) & 0xFF
    for octet in reversed(key):
        h = MIXING[h ^ octet]
    return h


class Message:
    """One message: its kind by name, xid, time and options in their order."""

    def __init__(self, kind, xid=0, time=0, options=()):
        self.kind, self.xid, self.time, self.options = kind, xid, time, list(options)

    def get(self, name, default=None):
        return next((value for n, value in self.options if n == name), default)

    def emit(self):
        body = b""
        for name, value in self.options:
            code, form = CODES[name] if isinstance(name, str) else (name, "x")
            if form in "BHI":
                value = struct.pack("!" + form, value)
            elif form == "a":
                value = socket.inet_aton(value)
            elif form == "s":
                value = value.encode("latin-1")
            body += struct.pack("!HH", code, len(value)) + value
        kind = self.kind if isinstance(self.kind, int) else NUMBERS[self.kind]
        return struct.pack("!HBBII", 12 + len(body), kind, 12, self.time, self.xid) + body

    @staticmethod
    def parse(data):
        _, kind, offset, time, xid = struct.unpack("!HBBII", data[:12])
        options, i = [], offset
        while i + 4 <= len(data):
            code, length = struct.unpack("!HH", data[i : i + 4])
            body = data[i + 4 : i + 4 + length]
            name, form = OPTIONS.get(code, (f"option-{code}", "x"))
            if form in "BHI" and length == struct.calcsize("!" + form):
                body = struct.unpack("!" + form, body)[0]
            elif form == "a" and length == 4:
                body = socket.inet_ntoa(body)
            elif form == "s":
                body = body.decode("latin-1")
            options.append((name, body))
            i += 4 + length
        return Message(MESSAGES.get(kind, f"type-{kind}"), xid, time, options)

    def __str__(self):
        words = [self.kind, f"xid={self.xid}"]
        for name, value in self.options:
            if name == "server-state":
                value = STATES.get(value, value)
            elif name == "binding-status":
                value = BINDINGS.get(value, value)
            elif isinstance(value, bytes):
                value = value.hex()
            words.append(f"{name}={value}")
        return " ".join(words)


def split(data):
    """(whole messages, the rest) of a stream; a length that cannot be ends it."""
    out = []
    while len(data) >= 12:
        length = struct.unpack("!H", data[:2])[0]
        if length < 12:
            return out, b""
        if len(data) < length:
            break
        out.append(data[:length])
        data = data[length:]
    return out, data


class Stream:
    """One direction of one TCP connection, put together again from its segments."""

    def __init__(self):
        self.next = None
        self.rest = b""
        self.early = {}

    def segment(self, seq, syn, data):
        """The whole messages that this segment completes."""
        if syn:
            self.next, self.rest, self.early = (seq + 1) & 0xFFFFFFFF, b"", {}
            return []
        if self.next is None:
            self.next = seq
        out = []
        self.early[seq] = data
        moved = True
        while moved:
            moved = False
            for at in sorted(self.early):
                behind = (self.next - at) & 0xFFFFFFFF
                if behind < 0x80000000:  # begins at or before what is expected next
                    fresh = self.early.pop(at)[behind:]
                    self.next = (self.next + len(fresh)) & 0xFFFFFFFF
                    messages, self.rest = split(self.rest + fresh)
                    out += messages
                    moved = True
        return out


class Tap:
    """Everything that the servers say to each other, and the updates that nobody has acknowledged yet."""

    def __init__(self, addresses):
        self.names = {address: name for name, address in addresses.items()}  # `P`, `S` by address
        self.streams = {}
        self.messages = []  # (seconds, `P` or `S` that sent it, Message)
        self.open = {}  # (sender, xid, connection) -> address of the lease
        self.busy = 0.0  # when anything but CONTACT was last said

    def frame(self, now, data):
        if len(data) < 54 or data[12:14] != b"\x08\x00" or data[23] != 6:
            return
        head = (data[14] & 15) * 4
        total = struct.unpack("!H", data[16:18])[0]
        sender, receiver = socket.inet_ntoa(data[26:30]), socket.inet_ntoa(data[30:34])
        if sender not in self.names:
            return
        tcp = data[14 + head : 14 + (total or len(data))]
        sport, dport, seq = struct.unpack("!HHI", tcp[:8])
        flags = tcp[13]
        key = (sender, sport, receiver, dport)
        connection = frozenset((key[:2], key[2:]))
        if flags & 5:  # FIN or RST: what waits for an answer on this connection waits in vain
            self.open = {k: v for k, v in self.open.items() if k[2] != connection}
        stream = self.streams.setdefault(key, Stream())
        for raw in stream.segment(seq, flags & 2, tcp[(tcp[12] >> 4) * 4 :]):
            message = Message.parse(raw)
            name = self.names[sender]
            self.messages.append((now, name, message))
            if message.kind != "CONTACT":
                self.busy = now
            if message.kind == "BNDUPD":
                self.open[(name, message.xid, connection)] = message.get("assigned-IP")
            elif message.kind == "BNDACK":
                other = next(n for n in self.names.values() if n != name)
                self.open.pop((other, message.xid, connection), None)
