"""Client packets written as readable text, and replies shown as readable text.

A value is a list of atoms joined by commas, put one behind the other:

    "text"            its octets; \\xHH, \\0, \\n, \\" and \\\\ are escapes
    10.0.0.1          4 octets
    300  u16:300  u32:300   a number in 1 (at most 255), 2 or 4 octets
    x00112233         hex
    01:00:11          octets, two hex digits each (at least two of them)
    rep:60:"A"        the value 60 times
    {1="port 7" 2=x0006}    sub-options: code, length, value (as in option 82)
    nothing           no octets
"""

import re
import socket
import struct

COOKIE = b"\x63\x82\x53\x63"

OPTION_NAMES = {
    "mask": 1, "routers": 3, "hostname": 12, "reqip": 50, "lease": 51, "overload": 52, "type": 53, "sid": 54,
    "prl": 55, "message": 56, "msgsize": 57, "vendor": 60, "uid": 61, "user-class": 77, "fqdn": 81, "agent": 82,
    "subnet-selection": 118,
}

MESSAGE_NAMES = {
    1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM",
    10: "LEASEQUERY", 11: "UNASSIGNED", 12: "UNKNOWN", 13: "ACTIVE",
}


class Error(Exception):
    """A scenario that cannot be read."""


def tokens(text):
    """Splits at blanks outside quotes and braces."""
    out, depth, quoted, word, i = [], 0, False, "", 0
    while i < len(text):
        c = text[i]
        if quoted:
            word += c
            if c == "\\" and i + 1 < len(text):
                i += 1
                word += text[i]
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
            word += c
        elif c == "{":
            depth += 1
            word += c
        elif c == "}":
            depth -= 1
            word += c
        elif c.isspace() and depth == 0:
            if word:
                out.append(word)
            word = ""
        else:
            word += c
        i += 1
    if quoted or depth:
        raise Error(f"unbalanced quotes or braces: {text}")
    if word:
        out.append(word)
    return out


def _atoms(text):
    out, depth, quoted, word, i = [], 0, False, "", 0
    while i < len(text):
        c = text[i]
        if quoted and c == "\\" and i + 1 < len(text):
            word += c + text[i + 1]
            i += 2
            continue
        if c == '"':
            quoted = not quoted
        if not quoted and c == "{":
            depth += 1
        if not quoted and c == "}":
            depth -= 1
        if c == "," and not quoted and depth == 0:
            out.append(word)
            word = ""
        else:
            word += c
        i += 1
    out.append(word)
    return out


def _text(body):
    def one(match):
        escape = match.group(1)
        if escape.startswith("x"):
            return chr(int(escape[1:], 16))
        return {"0": "\0", "n": "\n", "t": "\t"}.get(escape, escape)

    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)", one, body, flags=re.S).encode("latin-1")


def value(text):
    """The octets of a value."""
    out = b""
    for atom in _atoms(text):
        if atom == "nothing":
            continue
        if atom.startswith('"') and atom.endswith('"') and len(atom) >= 2:
            out += _text(atom[1:-1])
        elif atom.startswith("{"):
            for word in tokens(atom[1:-1]):
                code, _, rest = word.partition("=")
                data = value(rest)
                out += bytes([int(code), len(data)]) + data
        elif re.fullmatch(r"\d+\.\d+\.\d+\.\d+", atom):
            out += socket.inet_aton(atom)
        elif re.fullmatch(r"x([0-9a-fA-F]{2})+", atom):
            out += bytes.fromhex(atom[1:])
        elif re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2})+", atom):
            out += bytes.fromhex(atom.replace(":", ""))
        elif atom.startswith("u16:"):
            out += struct.pack("!H", int(atom[4:]))
        elif atom.startswith("u32:"):
            out += struct.pack("!I", int(atom[4:]))
        elif atom.startswith("rep:"):
            _, count, rest = atom.split(":", 2)
            out += value(rest) * int(count)
        elif atom.isdigit() and int(atom) < 256:
            out += bytes([int(atom)])
        else:
            raise Error(f"not a value: {atom}")
    return out


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def option(code, data):
    """One option, in pieces of 255 octets when it is longer (RFC 3396)."""
    if not data:
        return bytes([code, 0])
    return b"".join(bytes([code, len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255))


def frame(link, payload):
    """An Ethernet frame with IPv4 and UDP. `link` holds ethsrc ethdst src dst sport dport and the deliberate faults."""
    src, dst = socket.inet_aton(link["src"]), socket.inet_aton(link["dst"])
    udplen = 8 + len(payload) if link.get("udplen") is None else int(link["udplen"])
    udp = struct.pack("!HHHH", int(link["sport"]), int(link["dport"]), udplen & 0xFFFF, 0)
    pseudo = src + dst + struct.pack("!BBH", 0, 17, udplen & 0xFFFF)
    covered = (udp + payload)[:udplen] if udplen >= 8 else udp + payload
    total = checksum(pseudo + covered) or 0xFFFF
    if link.get("udpsum") == "zero":
        total = 0
    elif link.get("udpsum") == "bad":
        total = (total + 1) & 0xFFFF or 1
    udp = udp[:6] + struct.pack("!H", total)
    ipopts = value(link.get("ipopts", "nothing"))
    ihl = 5 + len(ipopts) // 4
    fragment = int(link.get("fragment", 0)) | (0x2000 if link.get("mf") else 0)
    iplen = ihl * 4 + 8 + len(payload) if link.get("iplen") is None else int(link["iplen"])
    ip = struct.pack("!BBHHHBBH", 0x40 | ihl, 0, iplen & 0xFFFF, 7, fragment, int(link.get("ttl", 64)),
                     int(link.get("proto", 17)), 0) + src + dst + ipopts
    total = checksum(ip)
    if link.get("ipsum") == "bad":
        total = (total + 1) & 0xFFFF
    ip = ip[:10] + struct.pack("!H", total) + ip[12:]
    ethertype = struct.pack("!H", 0x0800)
    if link.get("vlan") is not None:
        ethertype = struct.pack("!HHH", 0x8100, int(link["vlan"]), 0x0800)
    whole = link["ethdst"] + link["ethsrc"] + ethertype + ip + udp + payload
    if link.get("trailer"):
        whole += b"\xee" * int(link["trailer"])
    if link.get("cut"):
        whole = whole[: int(link["cut"])]
    return whole


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def client_mac(name):
    """c7 is the client with the address 00:11:22:33:44:07; c300 has 00:11:22:33:45:2c."""
    number = int(re.fullmatch(r"c(\d+)", name).group(1))
    return bytes.fromhex("00112233") + struct.pack("!H", 0x4400 + number)


def _printable(data):
    return all(32 <= b < 127 for b in data) and len(data) > 0


def show_options(data, indent, where):
    """Lines that show an option area."""
    lines, i = [], 0
    while i < len(data):
        code = data[i]
        if code == 0:
            run = i
            while run < len(data) and data[run] == 0:
                run += 1
            lines.append(f"{indent}{where}: {run - i} pad")
            i = run
            continue
        if code == 255:
            lines.append(f"{indent}{where}: end")
            rest = data[i + 1 :]
            if rest.strip(b"\0"):
                lines.append(f"{indent}{where}: after the end {rest.hex()}")
            elif rest:
                lines.append(f"{indent}{where}: {len(rest)} zero octets after the end")
            break
        if i + 1 >= len(data) or i + 2 + data[i + 1] > len(data):
            lines.append(f"{indent}{where}: broken {data[i:].hex()}")
            break
        body = data[i + 2 : i + 2 + data[i + 1]]
        text = f'  "{body.decode()}"' if _printable(body) and len(body) > 1 else ""
        lines.append(f"{indent}{where}: {code} ({len(body)}) = {body.hex()}{text}")
        i += 2 + data[i + 1]
    return lines


def options_of(message):
    """The options of a message's main area by code (repeated ones joined); {} without cookie."""
    out = {}
    if message[236:240] != COOKIE:
        return out
    i = 240
    while i + 1 < len(message) and message[i] != 255:
        if message[i] == 0:
            i += 1
            continue
        out[message[i]] = out.get(message[i], b"") + message[i + 2 : i + 2 + message[i + 1]]
        i += 2 + message[i + 1]
    return out


def parse(data):
    """Ethernet frame -> (kind, fields); kind is arp, udp, icmp or None for what is of no interest."""
    if len(data) < 34:
        return None, {}
    kind = data[12:14]
    if kind == b"\x08\x06" and len(data) >= 42:
        return "arp", {"op": data[20:22], "sha": data[22:28], "spa": data[28:32], "tpa": data[38:42]}
    if kind != b"\x08\x00":
        return None, {}
    ihl = (data[14] & 15) * 4
    total = struct.unpack("!H", data[16:18])[0]
    head, body = data[14 : 14 + ihl], data[14 + ihl : 14 + total]
    fields = {"ethdst": data[:6], "ethsrc": data[6:12], "src": socket.inet_ntoa(head[12:16]),
              "dst": socket.inet_ntoa(head[16:20]), "head": head, "body": body, "trailer": data[14 + total :]}
    if head[9] == 17:
        fields["sport"], fields["dport"] = struct.unpack("!HH", body[:4])
        fields["payload"] = body[8:]
        return "udp", fields
    if head[9] == 1:
        return "icmp", fields
    return None, {}


def show(data, iface):
    """Lines that show a reply completely: what they do not name is in the raw line."""
    kind, f = parse(data)
    head = f["head"]
    # With DF set the packet comes from the kernel's UDP, and its number from the kernel's counter.
    number = "kernel's" if head[6:8] == b"\x40\0" else int.from_bytes(head[4:6], "big")
    lines = [f"  < {iface} {f['ethsrc'].hex(':')} > {f['ethdst'].hex(':')} {f['src']} > {f['dst']} "
             f"tos {head[1]:#x} id {number} frag {head[6:8].hex()} ttl {head[8]}"]
    if kind == "icmp":
        # The identifier is the server's own affair; the checksum follows from it.
        body = f["body"]
        lines[0] += f" icmp type {body[0]} code {body[1]} seq {body[6:8].hex()} data {body[8:].hex()}"
        return lines
    m = f["payload"]
    lines[0] += f" udp {f['sport']} > {f['dport']} sum {'ok' if udp_ok(f) else f['body'][6:8].hex()} payload {len(m)}"
    if len(m) < 236:
        lines.append(f"    short {m.hex()}")
        return lines
    ip = socket.inet_ntoa
    lines.append(f"    op {m[0]} htype {m[1]} hlen {m[2]} hops {m[3]} xid {m[4:8].hex()} secs {m[8:10].hex()} flags {m[10:12].hex()}")
    lines.append(f"    ciaddr {ip(m[12:16])} yiaddr {ip(m[16:20])} siaddr {ip(m[20:24])} giaddr {ip(m[24:28])} chaddr {m[28:44].hex()}")
    overload = options_of(m).get(52, b"\0")[0]
    for name, area, bit in (("sname", m[44:108], 2), ("file", m[108:236], 1)):
        if overload & bit:
            lines += show_options(area, "    ", name)
        elif area.strip(b"\0"):
            lines.append(f"    {name} {area.rstrip(bytes(1))!r}{'' if area[-1:] == bytes(1) else ' (full)'}")
    if m[236:240] == COOKIE:
        lines += show_options(m[240:], "    ", "option")
    elif m[236:].strip(b"\0"):
        lines.append(f"    vendor area {m[236:].hex()}")
    else:
        lines.append(f"    vendor area {len(m) - 236} zero octets")
    if f["trailer"].strip(b"\0"):
        lines.append(f"    trailer {f['trailer'].hex()}")
    return lines


def udp_ok(f):
    body = f["body"]
    pseudo = socket.inet_aton(f["src"]) + socket.inet_aton(f["dst"]) + struct.pack("!BBH", 0, 17, len(body))
    return checksum(pseudo + body) == 0


def verdict(data):
    """(`OFFER`, `10.0.0.10`) of a reply: its type and the address it is about."""
    _, f = parse(data)
    m = f["payload"]
    kind = options_of(m).get(53)
    name = MESSAGE_NAMES.get(kind[0], str(kind[0])) if kind else "BOOTREPLY"
    address = socket.inet_ntoa(m[16:20])
    return name, address
