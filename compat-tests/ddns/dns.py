"""DNS messages: read, shown as text, answered and signed (RFC 1035, 2136, 8945), and zones fetched (RFC 5936)."""

import base64
import hashlib
import hmac
import socket
import struct

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 16: "TXT", 28: "AAAA", 41: "OPT", 49: "DHCID", 250: "TSIG", 252: "AXFR",
         255: "ANY"}
NUMBERS = {name: number for number, name in TYPES.items()}
CLASSES = {1: "IN", 254: "NONE", 255: "ANY"}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET",
          8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE"}
UPDATE, TSIG = 5, 250
ALGORITHMS = {"hmac-md5": ("hmac-md5.sig-alg.reg.int", "md5"), **{f"hmac-{d}": (f"hmac-{d}", d) for d in
              ("sha1", "sha224", "sha256", "sha384", "sha512")}}
DIGESTS = {wire: digest for wire, digest in ALGORITHMS.values()}


def wire_name(text):
    """A name without compression; `text` has no escapes."""
    out = b""
    for label in text.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def read_name(data, at):
    """(text, where it ends). Octets that are not printable, and dots, are shown as \\DDD."""
    labels, end, jumps = [], None, 0
    while True:
        length = data[at]
        if length >= 0xC0:
            end = end or at + 2
            at = struct.unpack_from("!H", data, at)[0] & 0x3FFF
            jumps += 1
            if jumps > 100:
                raise ValueError("a name without end")
            continue
        at += 1
        if length == 0:
            break
        labels.append("".join(chr(b) if 32 < b < 127 and b != 46 else f"\\{b:03d}" for b in data[at : at + length]))
        at += length
    return ".".join(labels) or ".", end or at


class Record:
    def __init__(self, message, at):
        self.start = at
        self.name, at = read_name(message, at)
        self.kind, self.klass, self.ttl, length = struct.unpack_from("!HHIH", message, at)
        self.at = at + 10
        self.end = self.at + length
        self.data = message[self.at : self.end]
        self.message = message

    def value(self):
        """The data as text."""
        if not self.data:
            return ""
        if self.kind in (2, 5, 12):
            return read_name(self.message, self.at)[0]
        if self.kind == 6:
            first, at = read_name(self.message, self.at)
            return f"{first} {read_name(self.message, at)[0]} ..."
        if self.kind == 1 and len(self.data) == 4:
            return socket.inet_ntoa(self.data)
        if self.kind == 28 and len(self.data) == 16:
            return socket.inet_ntop(socket.AF_INET6, self.data)
        if self.kind == 16:
            return repr(self.data[1:].decode("latin-1")) if self.data[0] == len(self.data) - 1 else self.data.hex()
        return self.data.hex()

    def shown(self):
        words = [self.name, CLASSES.get(self.klass, str(self.klass)), TYPES.get(self.kind, str(self.kind))]
        if self.ttl:
            words.append(f"ttl {self.ttl}")
        return " ".join([*words, self.value()]).rstrip()


class Message:
    """A whole message; `ValueError`, `IndexError` or `struct.error` when it is none."""

    def __init__(self, data):
        self.data = data
        self.id, self.flags, *counts = struct.unpack_from("!HHHHHH", data)
        self.is_reply, self.opcode, self.rcode = self.flags >> 15, self.flags >> 11 & 15, self.flags & 15
        at = 12
        self.questions = []
        for _ in range(counts[0]):
            name, at = read_name(data, at)
            kind, klass = struct.unpack_from("!HH", data, at)
            at += 4
            self.questions.append((name, kind, klass))
        self.question_end = at
        self.sections = []
        for count in counts[1:]:
            section = []
            for _ in range(count):
                section.append(Record(data, at))
                at = section[-1].end
            self.sections.append(section)
        self.end = at
        self.counts = counts
        last = self.sections[2][-1:]
        self.tsig = Tsig(self, last[0]) if last and last[0].kind == TSIG else None

    def question(self):
        return ", ".join(f"{name} {TYPES.get(kind, kind)}" for name, kind, _ in self.questions)

    def masked(self):
        """The octets as hex, with ids, and the time and MAC of a signature, made the same in all."""
        data = bytearray(self.data)
        data[0:2] = b"\0\0"
        tsig = self.tsig
        if tsig:
            at = tsig.at
            data[at : at + 6] = bytes(6)
            data[at + 10 : at + 10 + len(tsig.mac)] = bytes(len(tsig.mac))
            at += 10 + len(tsig.mac)
            data[at : at + 2] = b"\0\0"
        return data.hex()

    def shown(self, keys):
        """Lines that show everything but the id, and the time and the MAC of a signature, which is checked instead."""
        if self.opcode != UPDATE:
            edns = ["edns"] if any(r.kind == 41 for r in self.sections[2]) else []
            return [" ".join([f"query {self.question()}", *(["rd"] if self.flags & 0x100 else []), *edns])]
        zone = self.questions[0] if self.questions else ("(no zone)", 6, 1)
        lines = [f"update {zone[0]} ({len(self.data)} octets)"]
        lines += [f"  if {r.shown()}" for r in self.sections[0]]
        lines += [f"  do {r.shown()}" for r in self.sections[1]]
        lines += [f"  and {r.shown()}" for r in self.sections[2] if r.kind != TSIG]
        tsig = self.tsig
        if tsig:
            lines.append("  " + tsig.shown(keys))
        lines.append("  as " + self.masked())
        return lines


class Tsig:
    def __init__(self, message, record):
        self.message, self.record = message, record
        self.algorithm, self.at = read_name(message.data, record.at)
        high, low, self.fudge, length = struct.unpack_from("!HIHH", message.data, self.at)
        self.time = high << 32 | low
        self.mac = message.data[self.at + 10 : self.at + 10 + length]
        self.original, self.error, other = struct.unpack_from("!HHH", message.data, self.at + 10 + length)
        self.other = message.data[self.at + 16 + length : self.at + 16 + length + other]

    def is_good(self, keys):
        secret = keys.get(self.record.name.lower())
        if secret is None or self.algorithm not in DIGESTS:
            return False
        data = self.message.data
        covered = data[:10] + struct.pack("!H", self.message.counts[3] - 1) + data[12 : self.record.start]
        variables = _variables(self.record.name, self.algorithm, self.time, self.fudge, self.error, self.other)
        good = hmac.new(secret, covered + variables, DIGESTS[self.algorithm]).digest()
        return hmac.compare_digest(good, self.mac)

    def shown(self, keys):
        return (f"signed {self.record.name} {self.algorithm} fudge {self.fudge} mac {len(self.mac)} "
                f"{'good' if self.is_good(keys) else 'BAD'} error {self.error} other {self.other.hex() or 'none'}"
                f"{'' if self.original == self.message.id else ' with another id'}")


def _variables(name, algorithm, when, fudge, error, other):
    return (wire_name(name.lower()) + struct.pack("!HI", 255, 0) + wire_name(algorithm)
            + struct.pack("!HIHHH", when >> 32, when & 0xFFFFFFFF, fudge, error, len(other)) + other)


def question(name, kind, number=1, recursive=False):
    return struct.pack("!HHHHHH", number, 0x100 if recursive else 0, 1, 0, 0, 0) + wire_name(name) + struct.pack("!HH", kind, 1)


def record(name, kind, ttl, data):
    return wire_name(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def answer(message, rcode, answers=(), authority=()):
    """The answer to a request: its question or zone section, and records made by `record`."""
    flags = 0x8000 | message.opcode << 11 | rcode | (0x400 if message.opcode == 0 else 0)
    head = struct.pack("!HHHHHH", message.id, flags, len(message.questions), len(answers), len(authority), 0)
    return head + message.data[12 : message.question_end] + b"".join(answers) + b"".join(authority)


def sign(message, reply, keys, error=0, skew=0, name=None, algorithm=None, cut=None, spoil=False, empty=False):
    """An answer with a signature; the keywords make it a wrong one."""
    asked = message.tsig
    name, algorithm = name or asked.record.name, algorithm or asked.algorithm
    when, fudge = asked.time + skew, 300
    secret = keys[asked.record.name.lower()]
    digest = hmac.new(secret, struct.pack("!H", len(asked.mac)) + asked.mac + reply
                      + _variables(name, algorithm, when, fudge, error, b""), DIGESTS[asked.algorithm]).digest()
    if spoil:
        digest = bytes([digest[0] ^ 1]) + digest[1:]
    if empty:
        digest = b""
    digest = digest[:cut]
    data = (wire_name(algorithm) + struct.pack("!HIHH", when >> 32, when & 0xFFFFFFFF, fudge, len(digest)) + digest
            + struct.pack("!HHH", message.id, error, 0))
    return (reply[:10] + struct.pack("!H", 1) + reply[12:] + wire_name(name)
            + struct.pack("!HHIH", TSIG, 255, 0, len(data)) + data)


def secret(octets):
    return base64.b64encode(octets).decode()


def digest_size(algorithm):
    return hashlib.new(ALGORITHMS[algorithm][1]).digest_size


def transfer(address, zone, timeout=10):
    """The records of a zone, shown, in order; without its SOA and NS records."""
    with socket.create_connection((address, 53), timeout) as stream:
        ask = question(zone, 252)
        stream.sendall(struct.pack("!H", len(ask)) + ask)
        out, ends = [], 0
        with stream.makefile("rb") as answers:
            while ends < 2:
                (length,) = struct.unpack("!H", answers.read(2))
                message = Message(answers.read(length))
                if message.rcode:
                    raise OSError(f"transfer of {zone}: {RCODES.get(message.rcode, message.rcode)}")
                for r in message.sections[0]:
                    if r.kind == 6:
                        ends += 1
                    elif r.kind != 2:
                        out.append(r.shown())
    return sorted(out)
