"""Plays one scenario to two servers at once and compares what they do.

Both get every packet in the same second of the same clock, so times in replies, log lines and lease files are equal as
they stand: nothing about them is masked. A play in which a second passed between the two is thrown away and repeated.
"""

import os
import re
import selectors
import shutil
import signal
import socket
import struct
import tempfile
import time

import packet
from lab import RELAY_MAC, SERVER_ADDRESSES, SERVER_MACS, Lab
from packet import Error
from scenario import dates

BROADCAST = b"\xff" * 6
SENTINEL_LINE = "Discarding packet with bogus hlen."
START_TIMEOUT = 20.0
STEP_TIMEOUT = 5.0
GRACE = 0.4  # how long one server may take for a reply or a log line that the other has sent already

MESSAGE_TYPES = {"discover": 1, "request": 3, "renew": 3, "rebind": 3, "reboot": 3, "decline": 4, "release": 7,
                 "inform": 8, "leasequery": 10, "packet": None, "bootp": None}


class Slipped(Exception):
    """The two servers did not get a packet in the same second."""


class Client:
    def __init__(self, name):
        self.mac = packet.client_mac(name)
        self.defaults = []
        self.offered = self.server = self.address = None


class Side:
    """One server under test with what it did."""

    def __init__(self, lab):
        self.lab = lab
        self.transcript = []
        self.log, self.frames = [], []
        self.synced = True
        self.ended = False

    def note(self, line):
        self.transcript.append(line)

    def flush(self):
        """Moves what came since the last step into the transcript: log lines, then frames."""
        for line in self.log:
            self.note("  | " + line.replace(self.lab.directory, "@DIR@"))
        for iface, data in self.frames:
            self.transcript += packet.show(data, iface)
        self.log, self.frames = [], []


def send_sentinel(side, wire, port):
    """A packet that every server refuses at sight, with one known log line: what came before it has been dealt with."""
    payload = struct.pack("!BBBBI", 1, 1, 17, 0, 0xFFFFFFFF) + bytes(292)
    link = {"ethsrc": b"\x02\xcc\0\0\0\x09", "ethdst": BROADCAST, "src": "0.0.0.0", "dst": "255.255.255.255",
            "sport": 68, "dport": port}
    side.lab.sockets[wire].send(packet.frame(link, payload))


def answer_arp(sock, f):
    reply = (f["sha"] + b"\x02\xcc\0\0\0\x01" + b"\x08\x06" + b"\0\1\x08\0\6\4\0\2" + b"\x02\xcc\0\0\0\x01" + f["tpa"]
             + f["sha"] + f["spa"])
    sock.send(reply)


def arrived(sock):
    """What has arrived at a wire's end: kind, fields and octets of each frame. Who asks for the hardware address of another is answered."""
    while True:
        try:
            data, where = sock.recvfrom(4096)
        except BlockingIOError:
            return
        if where[2] == socket.PACKET_OUTGOING:
            continue
        kind, fields = packet.parse(data)
        if kind == "arp" and fields["op"] == b"\0\1" and fields["spa"] != fields["tpa"]:
            answer_arp(sock, fields)
        yield kind, fields, data


class Play:
    def __init__(self, scenario, binaries, keep=None):
        self.scenario, self.keep = scenario, keep
        self.root = tempfile.mkdtemp(prefix="differential-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.clients = {}
        self.alive = set(scenario.alive)
        self.port = scenario.port or int(dict(zip(scenario.arguments, scenario.arguments[1:])).get("-p", 67))
        self.xid = 0xA0000000
        self.asked = {}  # xid -> client
        self.failures = []
        self.annotations = []
        self.selector = selectors.DefaultSelector()
        self.sides = []
        try:
            for name, binary in zip("ab", binaries):
                lab = Lab(name, binary, os.path.join(self.root, name))
                side = Side(lab)
                self.sides.append(side)
                for wire, s in lab.sockets.items():
                    self.selector.register(s, selectors.EVENT_READ, (side, wire))
        except BaseException:
            self.close()
            raise

    def close(self):
        for side in self.sides:
            side.lab.close()
        self.selector.close()
        if self.keep:
            shutil.copytree(self.root, self.keep, dirs_exist_ok=True)
        shutil.rmtree(self.root, ignore_errors=True)

    # ---- what comes from the servers

    def pump(self, timeout):
        """Takes in what arrives within `timeout` seconds, at least one round."""
        for key, _ in self.selector.select(max(0, timeout)):
            side, wire = key.data
            if wire == "log":
                lines = side.lab.lines()
                if lines is None:
                    self.selector.unregister(key.fileobj)
                    side.ended = True
                    continue
                for line in lines:
                    if not side.synced and line == SENTINEL_LINE:
                        if side.own == 0:
                            side.synced = True
                            continue
                        side.own -= 1
                    side.log.append(line)
            else:
                self.take_frames(side, wire, key.fileobj)

    def pump_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(end - time.monotonic())

    def take_frames(self, side, wire, sock):
        for kind, f, data in arrived(sock):
            if kind == "icmp" and f["body"][:1] == b"\x08":
                side.frames.append((wire, data))
                if f["dst"] in self.alive:
                    self.answer_ping(sock, f)
            elif kind in ("udp", "icmp"):
                side.frames.append((wire, data))

    @staticmethod
    def answer_ping(sock, f):
        body = b"\0\0\0\0" + f["body"][4:]
        body = b"\0\0" + struct.pack("!H", packet.checksum(body)) + body[4:]
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0) + f["head"][16:20] + f["head"][12:16]
        head = head[:10] + struct.pack("!H", packet.checksum(head)) + head[12:]
        sock.send(f["ethsrc"] + f["ethdst"] + b"\x08\0" + head + body)

    def settle(self, wire):
        """Waits until both servers have dealt with everything sent so far on `wire`."""
        for side in self.sides:
            if side.lab.process and not side.ended:
                side.synced = False
                send_sentinel(side, wire, self.port)
        end = time.monotonic() + STEP_TIMEOUT
        while time.monotonic() < end and any(not s.synced and not s.ended for s in self.sides):
            self.pump(end - time.monotonic())
        for side in self.sides:
            if not side.synced and not side.ended:
                side.note("  (does not answer)")
                side.synced = True
        self.pump(0.002)
        self.wait_for_both()

    def wait_for_both(self):
        """One server may be slower than the other."""
        end = time.monotonic() + GRACE
        while len({(len(s.frames), len(s.log)) for s in self.sides}) > 1 and time.monotonic() < end:
            self.pump(end - time.monotonic())

    # ---- the servers

    def start(self, fresh):
        arguments = ["-4", "-d", "-cf", "dhcpd.conf", "-lf", "dhcpd.leases", "-pf", "dhcpd.pid",
                     *self.scenario.arguments, *self.scenario.interfaces]
        self.fresh_second()
        now = int(time.time())
        for side in self.sides:
            if fresh:
                side.lab.write("dhcpd.conf", self.scenario.confs[0])
                side.lab.write("dhcpd.leases", dates(self.scenario.leases, now))
            side.lab.start(arguments, self.scenario.hosts)
            side.ended = False
            self.selector.register(side.lab.stderr, selectors.EVENT_READ, (side, "log"))
        end = time.monotonic() + START_TIMEOUT
        while time.monotonic() < end and not all(self.started(s) for s in self.sides):
            self.pump(end - time.monotonic())
        for side in self.sides:
            if not self.started(side):
                side.note("  (did not start)")

    @staticmethod
    def started(side):
        return side.ended or "Server starting service." in side.log

    def stop(self, how):
        for side in self.sides:
            if side.lab.process:
                if not side.ended:
                    self.selector.unregister(side.lab.stderr)
                side.log += side.lab.lines() or []
                side.lab.stop(how)

    def fresh_second(self):
        """Goes on to the next second when this one is nearly over."""
        if time.time() % 1 > 0.6:
            self.sleep_until(int(time.time()) + 1)

    def sleep_until(self, second):
        """Until a little after the beginning of that second, listening: timers that are due in it have run by then."""
        while time.time() < second + 0.1:
            self.pump(second + 0.1 - time.time())

    def show_leases(self):
        """The lease files, once they are equal or have had time to become so: a server may write beside its service."""
        end = time.monotonic() + GRACE
        while True:
            texts = [re.sub(r"(?m)^server-duid .*;$", "server-duid <its own>;", side.lab.read("dhcpd.leases"))
                     for side in self.sides]
            if len(set(texts)) == 1 or time.monotonic() > end:
                break
            self.pump(0.02)
        for side, text in zip(self.sides, texts):
            for line in text.splitlines():
                side.note("  = " + line)

    # ---- the steps

    def run(self):
        """Plays everything; the two transcripts are in self.sides afterwards."""
        self.announce("start")
        self.start(fresh=True)
        if self.sides[0].ended:
            self.failures.append("the first server does not start: " + "\n    ".join(self.sides[0].log))
        self.flush()
        for step in self.scenario.steps:
            self.step(step)
        self.announce("end")
        if self.sides[0].ended and not self.scenario.ends:
            self.failures.append("the first server died")
        self.flush()
        self.announce("lease file")
        self.show_leases()
        self.stop(signal.SIGKILL)

    def announce(self, text):
        for side in self.sides:
            side.note(text)

    def flush(self):
        for side in self.sides:
            side.flush()

    def step(self, step):
        self.announce(step.line)
        if step.verb == "exchange":
            self.send(step, "discover")
            self.remember()
            self.flush()
            self.send(step, "request")
        elif step.verb in MESSAGE_TYPES:
            self.send(step, step.verb)
        elif step.verb == "client":
            self.clients.setdefault(step.words[0], Client(step.words[0])).defaults = step.keys
        elif step.verb == "wait":
            self.sleep_until(int(time.time()) + int(step.words[0]))
        elif step.verb in ("restart", "kill"):
            self.stop(signal.SIGTERM if step.verb == "restart" else signal.SIGKILL)
            self.flush()
            if step.words:
                for side in self.sides:
                    side.lab.write("dhcpd.conf", self.scenario.confs[1])
            self.start(fresh=False)
        elif step.verb == "leases":
            self.show_leases()
        elif step.verb == "answers-ping":
            self.alive = set(step.words)
        else:
            raise Error(f"{self.scenario.path}: no step {step.verb}")
        self.expect(step)
        self.remember()
        self.flush()

    def remember(self):
        """What the first server answered is what the clients go on with, on both sides."""
        for iface, data in self.sides[0].frames:
            kind, f = packet.parse(data)
            if kind != "udp" or len(f["payload"]) < 240:
                continue
            name, address = packet.verdict(data)
            client = self.asked.get(f["payload"][4:8])
            if client is None or address == "0.0.0.0":
                continue
            if name == "OFFER":
                client.offered = address
                client.server = packet.options_of(f["payload"]).get(54)
            elif name in ("ACK", "BOOTREPLY"):
                client.address = address
                client.server = packet.options_of(f["payload"]).get(54, client.server)

    def results(self, side):
        return [packet.verdict(data) for _, data in side.frames if packet.parse(data)[0] == "udp"]

    def expect(self, step):
        got = self.results(self.sides[0])
        shown = [name if address == "0.0.0.0" else f"{name} {address}" for name, address in got] or ["none"]
        self.annotations.append((step, " ".join(shown)))
        if step.expected is None:
            return
        names = [name for name, _ in got] or ["none"]
        if step.expected not in ([names[0]], shown[0].split()):
            self.failures.append(f"{step.line}\n    but the first server sent: {', '.join(shown)}")

    def send(self, step, verb):
        if not step.words:
            raise Error(f"{self.scenario.path}: which client? {step.line}")
        client = self.clients.setdefault(step.words[0], Client(step.words[0]))
        wire, data, own = self.build(client, verb, step.keys)
        self.fresh_second()
        second = int(time.time())
        for side in self.sides:
            side.own = own
            if side.lab.process and not side.ended:
                side.lab.sockets[wire].send(data)
        if "heard" in dict(step.keys):
            self.pump_for(0.2)
            end = time.monotonic() + STEP_TIMEOUT
            is_awaited = step.expected not in (None, ["none"])
            while is_awaited and not all(map(self.results, self.sides)) and time.monotonic() < end:
                self.pump(end - time.monotonic())
            self.wait_for_both()
            return
        self.settle(wire)
        if int(time.time()) != second and len({len(s.frames) for s in self.sides}) == 1:
            raise Slipped(step.line)

    def build(self, client, verb, keys):
        """(wire, frame, own refusals) of a client's message. Keys of the step win over the client's, those over the verb's."""
        given = dict(keys)
        via = given.get("via")
        wire = given.get("iface", "eth1" if via else "eth0")
        link = {"ethsrc": client.mac, "ethdst": BROADCAST, "src": "0.0.0.0", "dst": "255.255.255.255", "sport": 68,
                "dport": 67}
        head = {"op": 1, "htype": 1, "hlen": 6, "hops": 0, "secs": 0, "flags": 0, "ciaddr": "0.0.0.0",
                "yiaddr": "0.0.0.0", "siaddr": "0.0.0.0", "giaddr": "0.0.0.0", "sname": b"", "file": b""}
        chaddr = client.mac
        auto = {}
        if MESSAGE_TYPES[verb]:
            auto[53] = bytes([MESSAGE_TYPES[verb]])
        address = client.address or client.offered or "0.0.0.0"
        if verb == "request":
            auto[50] = socket.inet_aton(client.offered or address)
            auto[54] = client.server
        elif verb in ("renew", "rebind", "release"):
            head["ciaddr"] = link["src"] = address
            if verb != "rebind":
                link["dst"], link["ethdst"] = SERVER_ADDRESSES[wire], SERVER_MACS[wire]
            if verb == "release":
                auto[54] = client.server
        elif verb in ("reboot", "decline"):
            auto[50] = socket.inet_aton(address)
            if verb == "decline":
                auto[54] = client.server
        if via:
            head["giaddr"], head["hops"] = via, 1
            link.update(ethsrc=RELAY_MAC, ethdst=SERVER_MACS[wire], src=via, dst=SERVER_ADDRESSES[wire], sport=67)
        elif "ciaddr" in given and verb in ("renew", "rebind", "release", "inform"):
            link["src"] = given["ciaddr"]
        explicit, size, own, cookie, end, raw = [], 300, 0, packet.COOKIE, b"\xff", None
        for key, text in [k for k in client.defaults if k[0] not in given] + keys:
            if key in ("via", "iface", "heard"):
                continue
            if key in ("src", "dst", "sport", "dport", "ttl", "mf", "fragment", "ipsum", "udpsum", "udplen", "iplen",
                       "vlan", "trailer", "cut", "ipopts", "proto"):
                link[key] = text
            elif key in ("ethsrc", "ethdst"):
                link[key] = packet.mac(text)
            elif key == "mac":
                chaddr = packet.mac(text)
                link["ethsrc"] = chaddr[:6].ljust(6, b"\0") if not via else RELAY_MAC
            elif key in ("sname", "file"):
                head[key] = packet.value(text)
            elif key == "flags":
                head[key] = 0x8000 if text == "broadcast" else int(text, 16)
            elif key in head:
                head[key] = text
            elif key == "size":
                size = int(text)
            elif key == "own":
                own = int(text)
            elif key == "cookie":
                cookie = packet.value(text)
            elif key == "end":
                end = packet.value(text)
            elif key == "raw":
                raw = packet.value(text)
            else:
                code = packet.OPTION_NAMES.get(key) or int(key)
                if key == "uid" and text == "auto":
                    data = b"\1" + client.mac
                else:
                    data = None if text == "none" else packet.value(text)
                if code in auto:
                    auto[code] = data
                elif data is not None:
                    explicit.append((code, data))
        self.xid += 1
        self.asked[struct.pack("!I", self.xid)] = client
        message = struct.pack("!BBBBIHH", int(head["op"]), int(head["htype"]), int(head["hlen"]), int(head["hops"]),
                              self.xid, int(head["secs"]), int(head["flags"]))
        message += b"".join(socket.inet_aton(head[k]) for k in ("ciaddr", "yiaddr", "siaddr", "giaddr"))
        message += chaddr[:16].ljust(16, b"\0") + head["sname"].ljust(64, b"\0") + head["file"].ljust(128, b"\0")
        if raw is not None:
            message += raw
        else:
            options = [(c, d) for c, d in auto.items() if d is not None] + explicit
            message += cookie + b"".join(packet.option(c, d) for c, d in options) + end
        message = message.ljust(size, b"\0") if size > len(message) or size == 0 else message
        if "size" in given:
            message = message[:size]
        return wire, packet.frame(link, message), own


def play(scenario, binaries, attempts=6, keep=None):
    """Plays until both servers got everything in the same seconds; the finished play."""
    for attempt in range(attempts):
        one = Play(scenario, binaries, keep)
        try:
            one.run()
            return one
        except Slipped:
            if attempt + 1 == attempts:
                raise
        finally:
            one.close()
