"""One dhcpd, a name server beside it and clients, in a network namespace of their own; what happens goes into a transcript.

    eth0  10.0.0.1/24   where clients are; this program holds the other end
    lo    127.0.0.1:53  a real BIND; 127.0.0.2 and so on: name servers that are this program

There is no default route. A tap on lo takes down every DNS message between dhcpd and the name servers.
"""

import os
import re
import select
import signal
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../differential")]

import dns  # noqa: E402
import packet  # noqa: E402
from bind import Bind, Unfulfilled  # noqa: E402
from lab import ETH_P_ALL, Inside, Lab  # noqa: E402
from play import SENTINEL_LINE, arrived, send_sentinel  # noqa: E402

BIND = "127.0.0.1"
STEP = 20.0  # seconds that a server may take for what it does at once
STARTED = "Server starting service."
SERVER_MAC = bytes.fromhex("020000000001")
LINKS = """\
link add eth0 address 02:00:00:00:00:01 type veth peer name c0 address 02:cc:00:00:00:01
link set lo up
link set eth0 up
link set c0 up
address add 10.0.0.1/24 broadcast 10.0.0.255 dev eth0
"""
# What tells of updates, or of the means to send them, while a server starts.
AT_START = re.compile(r"tsec|DNS|DDNS|ddns|resolv|zone|\bkey\b|forward map|reverse map")
# What tells how updates went. It comes while clients are served, so that its place among the lines about them is chance.
STORY = re.compile(r"forward map|Forward map|reverse map|^DDNS: |host unknown|temporary name server failure")
LEASE = re.compile(r"(?ms)^lease (\S+) \{\n(.*?)^\}\n")
VARIABLE = re.compile(r'(?m)^  (set \S+ = .*|binding state .*|client-hostname .*);$')


class Client:
    """A client: number N has the hardware address 02:00:00:00:17:NN."""

    def __init__(self, number, uid=None):
        self.hardware = bytes.fromhex("0200000017") + bytes([number])
        self.name, self.uid, self.address, self.options = f"c{number}", uid, None, ()


class Scene:
    def __init__(self, programs, directory, bind=True, keys=None, who="any", zones=None):
        """`programs` are the paths of dhcpd and of the one that follows it. `keys` is {name: (algorithm, secret)}; `who` may
        update BIND's zones, `zones` is {name: additional records}."""
        self.programs = list(programs)
        self.lab = Lab("scene", self.programs[0], directory, LINKS, (("eth0", "c0"),))
        self.transcript, self.failures = [], []
        self.log, self.whole, self.dns, self.told, self.replies = [], [], [], [], []
        self.started = self.is_up = False
        self.synced, self.active, self.xid = 0, 0.0, 0xD0000000
        self.secrets = {name.lower().rstrip("."): octets for name, (_, octets) in (keys or {}).items()}
        self.open, self.sent, self.streams = {}, {}, {}
        self.fakes, self.bind, self.tap = [], None, None
        self.hosts = "127.0.0.1 localhost ns.example.org\n"
        self.resolver = "nameserver 127.0.0.1\n"
        self.conf = ""
        self.without_queries = False  # whether only updates are taken down
        try:
            with self.inside():
                self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
                self.tap.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE
                self.tap.bind(("lo", ETH_P_ALL))
                self.tap.setblocking(False)
            if bind:
                self.bind = Bind(self.lab, keys, who, zones)
                self.drain_tap()
        except BaseException:
            self.close()
            raise

    # ---- BIND

    def inside(self):
        return Inside(self.lab.namespace)

    def start_bind(self):
        self.bind.start()
        self.drain_tap()

    def stop_bind(self):
        self.bind.stop()

    def show_zones(self, *zones):
        """Puts the contents of BIND's zones into the transcript."""
        self.note(*self.bind.shown(*zones))
        self.drain_tap()

    # ---- name servers that are this program

    def fake(self, address, handler):
        """A name server: `handler(message)` returns its answer, several in a list, or None."""
        fake = Fake(self, address, handler)
        self.fakes.append(fake)
        return fake

    # ---- the transcript

    def note(self, *lines):
        self.transcript += lines

    def fail(self, text):
        self.failures.append(text)
        self.note("FAILS: " + text)

    def tell(self, title):
        """Puts into the transcript what clients were told, what was logged and what was sent to name servers since the last
        time."""
        story = [line for line in self.log if STORY.search(line)]
        rest = [line for line in self.log if not STORY.search(line)]
        self.note(title, *(f"  < {line}" for line in self.replies), *(f"  | {line}" for line in rest),
                  *(f"  * {line}" for line in story), *(f"  > {line}" for line in self.dns))
        self.replies, self.log, self.dns = [], [], []

    def forget(self):
        """Leaves out what happened since the last time that something was told."""
        self.replies, self.log, self.dns = [], [], []

    def leases(self):
        """Puts the last record of every lease into the transcript."""
        last = dict(LEASE.findall(self.lab.read("dhcpd.leases")))
        for address, body in sorted(last.items()):
            self.note(f"lease {address}", *(f"  {line}" for line in VARIABLE.findall(body)))

    def commit(self):
        """Lets a client without a name get a lease: ISC's dhcpd writes what follows from removals together with the next
        thing that it has to write."""
        self.dora(self.client(250), "somebody without a name asks")

    def records(self):
        """Puts every record of the lease file into the transcript, in order."""
        for address, body in LEASE.findall(self.lab.read("dhcpd.leases")):
            self.note(f"record {address}: " + "; ".join(VARIABLE.findall(body)))

    # ---- time passes

    def finish(self):
        """What is left when everything is over."""
        self.stop()
        self.tell("in the end")
        self.leases()
        if self.bind and self.bind.process:
            self.show_zones()

    def close(self):
        self.lab.close()
        if self.bind:
            self.bind.kill()
        for fake in self.fakes:
            fake.close()
        if self.tap:
            self.tap.close()

    def pump(self, timeout):
        """Takes in what comes within that time, one round."""
        wire = self.lab.sockets["eth0"]
        watched = {wire: self.take_frames, self.tap: self.take_tap}
        if self.is_up:
            watched[self.lab.stderr] = self.take_log
        for fake in self.fakes:
            watched.update(fake.watched())
        for ready in select.select(list(watched), [], [], max(0.0, timeout))[0]:
            watched[ready]()

    def take_log(self):
        lines = self.lab.lines()
        if lines is None:
            self.is_up = False
            status = self.lab.process.wait()
            self.log.append(f"(ends: {'signal' if status < 0 else 'status'} {abs(status)})")
            self.lab.process.stderr.close()
            self.lab.process = None
            return
        for line in lines:
            self.whole.append(line)
            line = re.sub(r"0x[0-9a-f]+", "<pointer>", line)
            line = re.sub("[\x80-\xff]+", "<not ASCII>", line)
            if line == SENTINEL_LINE:
                self.synced += 1
            elif line == STARTED:
                self.started = True
            elif self.started or AT_START.search(line) and not line.startswith(("Database file", "Config file", "PID file")):
                self.active = time.monotonic()
                self.log.append(line)

    def take_frames(self):
        for kind, fields, _ in arrived(self.lab.sockets["eth0"]):
            if kind == "udp" and fields["dport"] == 68:
                self.told.append(fields["payload"])

    def drain_tap(self):
        while True:
            try:
                self.tap.recv(70000)
            except BlockingIOError:
                return

    def take_tap(self):
        while True:
            try:
                data, where = self.tap.recvfrom(70000)
            except BlockingIOError:
                return
            if where[2] == socket.PACKET_OUTGOING:
                continue  # each packet comes by twice
            kind, fields = packet.parse(data)
            if kind == "udp" and 53 in (fields["sport"], fields["dport"]):
                self.take_message(fields, fields["payload"], "")
            elif len(data) > 34 and data[12:14] == b"\x08\0" and data[23] == 6:
                self.take_segment(data)

    def take_segment(self, data):
        """A TCP segment. On lo they come in order, and once."""
        ihl = (data[14] & 15) * 4
        total = struct.unpack("!H", data[16:18])[0]
        body = data[14 + ihl : 14 + total]
        sport, dport = struct.unpack("!HH", body[:4])
        if 53 not in (sport, dport):
            return
        fields = {"src": socket.inet_ntoa(data[26:30]), "dst": socket.inet_ntoa(data[30:34]), "sport": sport, "dport": dport}
        flow = (fields["src"], sport, fields["dst"], dport)
        stream = self.streams.pop(flow, b"") + body[(body[12] >> 4) * 4 :]
        while len(stream) > 2:
            (length,) = struct.unpack("!H", stream[:2])
            if len(stream) < 2 + length:
                break
            self.take_message(fields, stream[2 : 2 + length], " by TCP")
            stream = stream[2 + length :]
        self.streams[flow] = stream

    def take_message(self, fields, data, how):
        now = time.monotonic()
        self.active = now
        try:
            message = dns.Message(data)
        except (ValueError, IndexError, struct.error) as e:
            self.open.pop((fields["dst"], fields["dport"], fields["src"], int.from_bytes(data[:2], "big")), None)
            self.dns.append(f"broken message from port {fields['sport']}, behind its id: {data[2:].hex()} ({e})")
            return
        if fields["sport"] == 53:
            self.open.pop((fields["dst"], fields["dport"], fields["src"], message.id), None)
            signed = ""
            if message.tsig:
                signed = f", signed, error {message.tsig.error}"
            if message.opcode == dns.UPDATE:
                self.dns.append(f"  = {dns.RCODES.get(message.rcode, message.rcode)}{signed}")
            return
        if message.opcode == 0 and not any(record.kind == 41 for record in message.sections[2]):
            return  # the C library looks up the name of a server
        if message.opcode == 0 and self.without_queries:
            return
        server = fields["dst"]
        where = "" if server == BIND else f" to {server}"
        if fields["src"] != BIND:
            where += f" from {fields['src']}"
        if self.bind and self.bind.process and server == BIND:
            self.open[(fields["src"], fields["sport"], server, message.id)] = message
        if data in self.sent and not how:
            self.dns.append(f"again after ~{round(now - self.sent[data])} s{where}")
            return
        self.sent[data] = now
        first, *rest = message.shown(self.secrets)
        self.dns += [first + where + how, *rest]

    def until(self, condition, seconds, what):
        """Waits for a condition."""
        end = time.monotonic() + seconds
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                raise Unfulfilled(f"in {seconds} s it did not come to: {what}")
            self.pump(min(left, 0.1))

    def pause(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pump(left)

    def until_logged(self, text, seconds=STEP):
        """Waits for a line of the log that holds that text, since the last time that something was told."""
        self.until(lambda: any(text in line for line in self.log), seconds, f"a line with “{text}”")

    def settle(self):
        """Waits until dhcpd has dealt with what was sent to it, and has had all its answers."""
        calm = 0
        end = time.monotonic() + STEP
        while calm < 2:
            before = self.active
            if self.is_up:
                wanted = self.synced + 1
                send_sentinel(self, "eth0", 67)
                self.until(lambda w=wanted: self.synced >= w or not self.is_up, STEP, "dhcpd answers")
            self.pause(0.06)
            calm = calm + 1 if self.active == before and not self.open else 0
            if time.monotonic() > end:
                raise Unfulfilled("it does not come to rest")

    # ---- dhcpd

    def start(self, conf=None, leases=None):
        if conf is not None:
            self.conf = conf
        self.lab.write("dhcpd.conf", self.conf)
        if leases is not None or not os.path.exists(self.lab.path("dhcpd.leases")):
            self.lab.write("dhcpd.leases", leases or "")
        self.started = False
        self.lab.start(["-4", "-d", "-cf", "dhcpd.conf", "-lf", "dhcpd.leases", "-pf", "dhcpd.pid", "eth0"],
                       hosts=self.hosts, resolver=self.resolver)
        self.is_up = True
        self.until(lambda: self.started or not self.is_up, STEP, "dhcpd starts")
        if not self.is_up:
            raise Unfulfilled("dhcpd does not start:\n" + "\n".join(self.whole[-12:]))

    def stop(self, how=signal.SIGTERM):
        if self.is_up:
            self.take_log()
        if self.is_up:
            self.lab.stop(how)
            self.is_up = False

    def restart(self, conf=None):
        self.stop()
        self.start(conf)
        self.settle()

    def swap(self, conf=None):
        """The other program takes over, on the same lease file."""
        self.stop()
        self.lab.binary = self.programs[1]
        self.start(conf)
        self.settle()

    # ---- clients

    def client(self, number, uid=None):
        return Client(number, uid)

    def message(self, client, kind, options=(), ciaddr="0.0.0.0"):
        self.xid += 1
        body = struct.pack("!BBBBIHH", 1, 1, 6, 0, self.xid, 0, 0 if ciaddr != "0.0.0.0" else 0x8000)
        body += socket.inet_aton(ciaddr) + bytes(12) + client.hardware.ljust(16, b"\0") + bytes(192)
        body += packet.COOKIE + packet.option(53, bytes([kind]))
        if client.uid:
            body += packet.option(61, client.uid)
        body += b"".join(packet.option(code, data) for code, data in options) + b"\xff"
        return body.ljust(300, b"\0")

    def ask(self, client, body, unicast=False, answered=True):
        """Sends one message; its answer as (kind, address, options), or None."""
        link = {"ethsrc": client.hardware, "ethdst": SERVER_MAC if unicast else b"\xff" * 6,
                "src": client.address if unicast else "0.0.0.0", "dst": "10.0.0.1" if unicast else "255.255.255.255",
                "sport": 68, "dport": 67}
        self.told = []
        self.lab.sockets["eth0"].send(packet.frame(link, body))
        mine = lambda: [m for m in self.told if m[4:8] == body[4:8]]  # noqa: E731
        if not answered:
            return None
        try:
            self.until(lambda: mine() or not self.is_up, 5, "an answer")
        except Unfulfilled:
            self.replies.append("no answer")
            return None
        if not mine():
            return None
        answer = mine()[0]
        options = packet.options_of(answer)
        kind = packet.MESSAGE_NAMES.get(options.get(53, b"\0")[0], "BOOTREPLY")
        address = socket.inet_ntoa(answer[16:20])
        words = [kind, address]
        if 12 in options:
            words.append(f"hostname {options[12]!r}")
        if 81 in options:
            words.append(f"fqdn {options[81].hex()} {options[81][3:]!r}")
        self.replies.append(" ".join(words))
        return kind, address, options

    def dora(self, client, title=None, host=None, fqdn=None, options=(), settle=True):
        """A client gets a lease. `fqdn` is the data of option 81; what it says is said again when it renews."""
        client.options = [*([(12, host.encode("latin-1"))] if host is not None else []), *([(81, fqdn)] if fqdn is not None else []),
                          *options]
        offer = self.ask(client, self.message(client, 1, client.options))
        if offer and offer[0] == "OFFER":
            client.address = offer[1]
            self.request(client)
        if settle:
            self.settle()
        self.tell(title or f"{client.name} asks" + (f" as {host!r}" if host is not None else "")
                  + (f" with fqdn {fqdn.hex()}" if fqdn is not None else ""))

    def request(self, client):
        self.ask(client, self.message(client, 3, [(50, socket.inet_aton(client.address)), (54, socket.inet_aton("10.0.0.1")),
                                                  *client.options]))

    def renew(self, client, title=None, host=None, fqdn=None, settle=True):
        """The client renews, possibly under another name."""
        if host is not None or fqdn is not None:
            client.options = [*([(12, host.encode("latin-1"))] if host is not None else []), *([(81, fqdn)] if fqdn is not None else [])]
        self.ask(client, self.message(client, 3, client.options, ciaddr=client.address), unicast=True)
        if settle:
            self.settle()
        self.tell(title or f"{client.name} renews" + (f" as {host!r}" if host is not None else "")
                  + (f" with fqdn {fqdn.hex()}" if fqdn is not None else ""))

    def release(self, client, settle=True):
        self.ask(client, self.message(client, 7, [(54, socket.inet_aton("10.0.0.1"))], ciaddr=client.address), unicast=True,
                 answered=False)
        if settle:
            self.settle()
        self.tell(f"{client.name} releases")

    def decline(self, client):
        self.ask(client, self.message(client, 4, [(50, socket.inet_aton(client.address)), (54, socket.inet_aton("10.0.0.1"))]),
                 answered=False)
        self.settle()
        self.tell(f"{client.name} declines")

    def expire(self, client, seconds, lines=("Removed forward map", "Removed reverse map")):
        """Waits until the lease has ended and what has to be said of it has been said."""
        for line in lines:
            self.until_logged(line, seconds)
        self.settle()
        self.tell(f"the lease of {client.name} ends")


class Fake:
    """A name server that does as the scenario says, over UDP and TCP."""

    def __init__(self, scene, address, handler):
        self.handler, self.streams = handler, {}
        with scene.inside():
            self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.datagrams.bind((address, 53))
            self.datagrams.setblocking(False)
            self.listener = socket.create_server((address, 53))
            self.listener.setblocking(False)

    def watched(self):
        return {self.datagrams: self.take_datagram, self.listener: self.accept,
                **{stream: lambda s=stream: self.take_stream(s) for stream in self.streams}}

    def answers(self, data):
        answer = self.handler(dns.Message(data))
        return answer if isinstance(answer, list) else [] if answer is None else [answer]

    def take_datagram(self):
        data, who = self.datagrams.recvfrom(4096)
        for answer in self.answers(data):
            self.datagrams.sendto(answer, who)

    def accept(self):
        stream, _ = self.listener.accept()
        stream.setblocking(False)
        self.streams[stream] = b""

    def take_stream(self, stream):
        try:
            data = stream.recv(65536)
        except OSError:
            data = b""
        if not data:
            del self.streams[stream]
            stream.close()
            return
        self.streams[stream] += data
        data = self.streams[stream]
        if len(data) > 2 and len(data) >= 2 + struct.unpack("!H", data[:2])[0]:
            self.streams[stream] = b""
            for answer in self.answers(data[2:]):
                stream.sendall(struct.pack("!H", len(answer)) + answer)

    def close(self):
        for one in (self.datagrams, self.listener, *self.streams):
            one.close()
