"""DNS messages as readable text, and the little of the DNS that the tests speak themselves."""

import socket
import struct

TYPES = {1: "A", 2: "NS", 6: "SOA", 12: "PTR", 16: "TXT", 28: "AAAA", 41: "OPT", 49: "DHCID", 250: "TSIG", 252: "AXFR", 255: "ANY"}
CLASSES = {1: "IN", 254: "NONE", 255: "ANY"}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET",
          9: "NOTAUTH", 10: "NOTZONE"}
UPDATE, QUERY = 5, 0


def name(message, at):
    """The name at an offset, and where it ends."""
    labels, end = [], None
    while True:
        length = message[at]
        if length >= 0xC0:
            end = end or at + 2
            at = (length & 0x3F) << 8 | message[at + 1]
            continue
        at += 1
        if length == 0:
            return ".".join(labels) + ".", end or at
        labels.append(message[at:at + length].decode("latin-1"))
        at += length


def sections(message):
    """Header fields, the first section as (name, type, class), the records of the others, each with where it begins."""
    ident, flags, *counts = struct.unpack("!6H", message[:12])
    at, first, rest = 12, [], []
    for _ in range(counts[0]):
        owner, at = name(message, at)
        first.append((owner, *struct.unpack("!2H", message[at:at + 4])))
        at += 4
    for count in counts[1:]:
        records = []
        for _ in range(count):
            begin = at
            owner, at = name(message, at)
            kind, cls, ttl, length = struct.unpack("!2HIH", message[at:at + 10])
            at += 10
            records.append((begin, owner, kind, cls, ttl, at, length))
            at += length
        rest.append(records)
    return ident, flags, first, rest


def data(message, kind, at, length):
    octets = message[at:at + length]
    if not octets:
        return ""
    if kind == 1:
        return socket.inet_ntoa(octets)
    if kind == 28:
        return socket.inet_ntop(socket.AF_INET6, octets)
    if kind in (2, 12):
        return name(message, at)[0]
    if kind == 16:
        return repr(octets[1:].decode("latin-1"))
    return octets.hex()


def masked(message):
    """The octets without what differs from run to run: id, and time and MAC of a TSIG record."""
    octets = bytearray(message)
    octets[0:2] = bytes(2)
    for _, _, kind, _, _, at, length in sections(message)[3][2]:
        if kind == 250:
            _, place = name(message, at)
            size = struct.unpack("!H", message[place + 8:place + 10])[0]
            octets[place:place + 6] = bytes(6)
            octets[place + 10:place + 10 + size + 2] = bytes(size + 2)
    return bytes(octets).hex()


def shown(message):
    """A message in a line or several."""
    ident, flags, first, (second, third, fourth) = sections(message)
    opcode = flags >> 11 & 15
    if flags & 0x8000:
        return [f"  answer {RCODES.get(flags & 15, flags & 15)}"]
    owner, kind, _ = first[0]
    if opcode == QUERY:
        return [f"query {owner} {TYPES.get(kind, kind)}"]
    lines = [f"update {owner} {masked(message)}"]
    for title, records in (("need", second), ("change", third), ("with", fourth)):
        for _, owner, kind, cls, ttl, at, length in records:
            text = "" if kind == 250 else data(message, kind, at, length)
            lines.append(f"  {title} {owner} {ttl} {CLASSES.get(cls, cls)} {TYPES.get(kind, kind)} {text}".rstrip())
    return lines


def wire(text):
    """A name's octets."""
    out = b""
    for label in text.rstrip(".").split("."):
        out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def transfer(connection, zone):
    """The records of a zone over an open connection, sorted, without SOA and NS."""
    query = struct.pack("!6H", 1, 0, 1, 0, 0, 0) + wire(zone) + struct.pack("!2H", 252, 1)
    connection.sendall(struct.pack("!H", len(query)) + query)
    records, ends = set(), 0
    while ends < 2:
        message = exactly(connection, struct.unpack("!H", exactly(connection, 2))[0])
        _, flags, _, (answers, _, _) = sections(message)
        if flags & 15 or not answers:
            return [f"transfer of {zone} failed"]
        for _, owner, kind, _, ttl, at, length in answers:
            ends += kind == 6
            if kind not in (2, 6):
                records.add(f"{owner} {ttl} {TYPES.get(kind, kind)} {data(message, kind, at, length)}")
    return sorted(records)


def exactly(connection, length):
    octets = b""
    while len(octets) < length:
        more = connection.recv(length - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets
