"""One server in its laboratory, with everything that a scenario may do to it, and the transcript of what came of it.

Times that lie near the present are shown relative to it (`<now>`, `<now+1000>`), names made of the time and of an address
in memory as `<made name>`; everything else stands as it came.
"""

import calendar
import contextlib
import difflib
import itertools
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../differential"))

import packet  # noqa: E402
from lab import CLONE_NEWNET, LIBC, SERVER_ADDRESSES, Lab, die_with_parent  # noqa: E402
from play import SENTINEL_LINE, arrived, send_sentinel  # noqa: E402
from protocol import Closed, Connection, Key, OP_NAMES, REFERENCES, UPDATE, Silent, items, show  # noqa: E402

PORT = 7911
KEY = Key("omapi_key", "hmac-md5", bytes(range(16)))
OTHER_KEY = Key("other_key", "hmac-md5", bytes(range(16, 32)))
SECRET = "AAECAwQFBgcICQoLDA0ODw=="
TIMES = ("ends", "starts", "tstp", "tsfp", "atsfp", "cltt", "partner-stos", "local-stos")

POINTERS = ("partner-address = ", "local-address = ")  # ISC shows octets of its memory (spec/omapi.md, 10.8)
# How far from the present the times are that the configurations of the scenarios bring about, in seconds.
DISTANCES = (0, 500, 600, 1000, 2000)
LIFE = 150  # no scenario lives longer, in seconds
POOL = re.compile(r"\bpool [0-9a-f]{1,16} (?=\d+\.)")  # in failover's log lines, where ISC shows the place of the pool in memory
SYNTHETIC = re.compile(r"\bn([hg])[0-9a-f]{8}[0-9a-f]{6,16}\b")
DATE = re.compile(r"\d (\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)")
CARET = re.compile(r"\s*\^")  # under a complaint: ISC's points behind the offending token, ours at it
START_TIMEOUT = 20.0
STEP_TIMEOUT = 10.0


class Talk(Connection):
    """A connection whose requests and replies are noted in the transcript."""

    def __init__(self, side, sock, name, introduce):
        self.side, self.name = side, name
        self.handles = {} if side.has_had_clients or name else None
        side.has_had_clients = True
        super().__init__(sock, introduce)

    def alias(self, handle):
        """A handle as it is shown: on the first connection of a server the number itself, on others (and on those with a
        name) the order in which the connection heard of it. ISC has one number for all connections, lessor one for each."""
        if self.handles is None or handle == 0:
            return str(handle)
        return f"#{self.handles.setdefault(handle, len(self.handles) + 1)}"

    def outcome(self, act):
        """What `act` returns; a connection ended or a server that is silent is noted and yields None."""
        try:
            return act()
        except Closed:
            self.side.note(f"  {self.name}closed")
        except Silent:
            self.side.note(f"  {self.name}no answer")
        return None

    def read(self):
        """Receives and notes one message."""
        reply = self.outcome(self.receive)
        if reply:
            self.side.note(*(f"  {self.name}{line}" for line in self.side.shown(reply, self.alias)))
            if not self.in_order:
                self.side.note(f"  {self.name}the number of the message does not follow that of the last")
        return reply

    def ask(self, op, handle=0, message=(), values=(), **more):
        ident = self.outcome(lambda: self.request(op, handle, message, values, **more))
        words = [self.name + OP_NAMES.get(op, str(op)), *(str(v) for n, v in items(message) if n == "type")]
        words += [n if isinstance(n, str) else n[:40].decode("latin-1") for n, _ in items(values)]
        self.side.note(" ".join(words))
        if ident is None:
            return None
        reply = self.read()
        if reply and reply.rid != ident:
            self.side.note("  that is the answer to something else")
        self.side.settle()
        return reply


class Side:
    def __init__(self, binary, shell, isc, directory, isc_shell):
        self.lab = Lab("side", binary, directory)
        self.shell, self.isc, self.isc_shell = shell, isc, isc_shell
        self.transcript, self.failures = [], []
        self.log = []
        self.base = int(time.time())
        self.xid = 0xA0000000
        self.frames = []
        self.ended = True
        self.shows_remote_handles = False
        self.has_had_clients = self.masks_handles = False
        self.hints = []  # what our omshell says besides
        self.keep = []

    # ---- the transcript

    def note(self, *lines):
        self.transcript += lines

    def masked_number(self, number):
        for distance in DISTANCES:
            if self.base - 3 <= number - distance <= self.base + LIFE:
                return f"<now+{distance}>" if distance else "<now>"
        return str(number)

    def masked_text(self, text):
        """Text of a log line or of a lease file."""
        def date(match):
            second = calendar.timegm(tuple(int(g) for g in match.groups()))
            shown = self.masked_number(second)
            return shown if shown[0] == "<" else match.group(0)

        text = DATE.sub(date, text.replace(self.lab.directory, "@DIR@"))
        text = POOL.sub("pool <place> ", SYNTHETIC.sub(r"<made name n\1>", text))
        return re.sub(r"\b\d{10}\b", lambda m: self.masked_number(int(m.group())), text)

    def masked_shell_line(self, line):
        """A line of omshell: times are four octets there, which may all happen to be printable."""
        match = re.fullmatch(r"([a-z-]+) = (?:((?:[0-9a-f]{2}:){3}[0-9a-f]{2})|\"(.{4})\")", line)
        if match and match.group(1) in TIMES:
            data = bytes.fromhex(match.group(2).replace(":", "")) if match.group(2) else match.group(3).encode("latin-1")
            return f"{match.group(1)} = {self.masked_number(struct.unpack('!I', data)[0])} (time)"
        if match and match.group(1) in REFERENCES and self.masks_handles:
            return match.group(1) + " = <handle>"
        if line.startswith(POINTERS):
            return line.split(" = ")[0] + " = <process memory>"
        return self.masked_text(line)

    def shown(self, message, alias):
        lines = []
        for line in show(message, alias):
            name, _, value = line.strip().partition(" = ")
            if name == "remote-handle" and not self.shows_remote_handles:
                continue
            if name in TIMES and value.isdigit():
                line = f"  {name} = {self.masked_number(int(value))}"
            elif line.strip().startswith(POINTERS):
                line = f"  {name} = <process memory>"
            lines.append(self.masked_text(line))
        return lines

    def fail(self, text):
        self.failures.append(text)

    def hinted(self, *wanted):
        """Our omshell said this on its standard error, besides what ISC's says."""
        if not self.isc_shell and self.hints != list(wanted):
            self.fail(f"our omshell should hint {list(wanted)}, it said {self.hints}")
        self.hints = []

    @contextlib.contextmanager
    def differs(self, reason, isc, lessor, of="server"):
        """What is done inside has a result of its own for each server, or each omshell: both are stated, with the reason."""
        is_isc = self.isc if of == "server" else self.isc_shell
        before = len(self.transcript)
        yield
        got = "\n".join(self.transcript[before:])
        del self.transcript[before:]
        self.note(f"(meant to differ: {reason})")
        wanted = _block(isc if is_isc else lessor)
        if got.strip() != wanted.strip():
            whose = f"ISC's {of}" if is_isc else f"our {of}"
            change = difflib.unified_diff(wanted.strip().splitlines(), got.strip().splitlines(), "stated", whose, lineterm="")
            self.fail("\n".join([reason, *change]))

    # ---- the server

    def start(self, conf=None, leases=None):
        if conf is not None:
            self.lab.write("dhcpd.conf", conf)
        if leases is not None:
            self.lab.write("dhcpd.leases", leases)
        self.lab.start(["-4", "-d", "-cf", "dhcpd.conf", "-lf", "dhcpd.leases", "-pf", "dhcpd.pid", "eth0"])
        self.ended = self.has_had_clients = False
        end = time.monotonic() + START_TIMEOUT
        seen = len(self.log)
        while time.monotonic() < end and not self.ended and "Server starting service." not in self.log[seen:]:
            self.pump(end - time.monotonic())
        if "Server starting service." not in self.log[seen:]:
            self.note("  (does not start)")
        self.flush()

    def stop(self, how=signal.SIGTERM):
        if self.lab.process:
            self.log += self.lab.lines() or []
            self.lab.stop(how)
        self.ended = True
        self.flush()

    def fresh(self):
        """A server started anew over the same files, running or not, without a word in the transcript."""
        before = len(self.transcript)
        self.stop()
        self.start()
        del self.transcript[before:]

    def records(self):
        """Notes which records the lease file holds: the first line of each, and whether it is a deletion."""
        parts = re.split(r"(?m)^(?=(?:class|subclass|group|host|lease) )", self.lease_file())[1:]
        self.note("records " + ", ".join(part.split(" {")[0] + (" deleted" if "  deleted;" in part else "") for part in parts))

    def restart(self, conf=None, how=signal.SIGTERM):
        self.note("restart")
        self.stop(how)
        self.start(conf)

    def close(self):
        for thing in self.keep:
            thing.close()
        self.lab.close()

    def pump(self, timeout):
        """Takes in log lines and frames that arrive within that time, one round."""
        wire = self.lab.sockets["eth0"]
        watched = [wire] + ([] if self.ended else [self.lab.stderr])
        for ready in select.select(watched, [], [], max(0, timeout))[0]:
            if ready is wire:
                self.take_frames(wire)
                continue
            lines = self.lab.lines()
            if lines is None:
                self.ended = True
            else:
                self.log += lines

    def take_frames(self, wire):
        self.frames += [data for kind, _, data in arrived(wire) if kind == "udp"]

    def settle(self):
        """Waits until the server has dealt with everything sent to it so far; its log lines go into the transcript."""
        if not self.ended:
            send_sentinel(self, "eth0", 67)
            end = time.monotonic() + STEP_TIMEOUT
            while SENTINEL_LINE not in self.log and not self.ended:
                if time.monotonic() > end:
                    self.note("  (does not answer)")
                    break
                self.pump(end - time.monotonic())
        self.flush()

    def flush(self):
        self.note(*("  | " + self.masked_text(line) for line in self.log if line != SENTINEL_LINE and not CARET.fullmatch(line)))
        self.log = []
        if self.ended and self.lab.process:
            status = self.lab.process.wait()
            self.note(f"  (the server ended: {'signal' if status < 0 else 'status'} {abs(status)})")
            self.lab.process.stderr.close()
            self.lab.process = None

    def wait_for_end(self, seconds):
        """Whether the server ends by itself within that time."""
        end = time.monotonic() + seconds
        while not self.ended and time.monotonic() < end:
            self.pump(end - time.monotonic())
        self.flush()

    def pause(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(end - time.monotonic())
        self.settle()

    def lease_file(self):
        """The lease file without what every server has of its own: its DUID and the place of it, and the order of records that come from ISC's
        hash tables when the file is written anew, which is before the first lease."""
        text = re.sub(r"(?m)^server-duid .*;\n\n", "", self.masked_text(self.lab.read("dhcpd.leases")))
        head, lease, rest = text.partition("\nlease ")
        first, *records = re.split(r"(?m)^(?=(?:class|subclass|group|host) )", head + "\n")
        text = first + "".join(sorted(records)) + in_order_of_address((lease + rest).removeprefix("\n"))
        return text if self.shows_remote_handles else without_remote_handles(text)

    def leases(self, since=0):
        """Notes the lease file, or what was appended since it was of that length.

        A server may write beside its service what no client waits for: the file is read once it has stood still.
        """
        text = None
        end = time.monotonic() + STEP_TIMEOUT
        while text != self.lease_file() and time.monotonic() < end:
            text = self.lease_file()
            self.pump(0.1)
        self.note("lease file", *("  = " + line for line in text[since:].splitlines()))

    def length(self):
        return len(self.lease_file())

    def fill_disk(self):
        """Takes all the room that the file system of the server has left."""
        with open(self.lab.path("filler"), "wb") as filler:
            with contextlib.suppress(OSError):
                while True:
                    os.write(filler.fileno(), bytes(4096))
            with contextlib.suppress(OSError):
                while True:
                    os.write(filler.fileno(), b"x")

    def free_disk(self):
        os.unlink(self.lab.path("filler"))

    def attributes(self, talk, handle, *names):
        """Refreshes an object and notes only some of its attributes."""
        before = len(self.transcript)
        reply = talk.refresh(handle)
        if reply and reply.op == UPDATE:
            shown = self.transcript[before:]
            del self.transcript[before:]
            shown = [line.strip().removeprefix(talk.name).strip() for line in shown]
            found = {line.split(" = ")[0]: line for line in shown}
            self.note("now " + ", ".join(found.get(name, f"no {name}") for name in names))

    # ---- OMAPI clients

    def inside(self):
        """For preexec_fn: into the server's namespace, not outliving the test."""
        LIBC.setns(self.lab.namespace, CLONE_NEWNET)
        die_with_parent()

    def socket(self, port=PORT, receive_buffer=None):
        """A TCP connection to the server."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        LIBC.setns(self.lab.namespace, CLONE_NEWNET)
        try:
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        finally:
            LIBC.setns(home, CLONE_NEWNET)
            os.close(home)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(STEP_TIMEOUT)
        sock.connect(("127.0.0.1", port))
        self.keep.append(sock)
        return sock

    def connect(self, key=KEY, name="", introduce=True):
        """A connection of the raw client, its authenticator opened quietly if there is a key."""
        talk = Talk(self, self.socket(), f"{name}: " if name else "", introduce)
        if key:
            before = len(self.transcript)
            reply = talk.authenticate(key)
            if reply and reply.op == 3:
                del self.transcript[before:]
        return talk

    def omshell(self, commands, key="omapi_key", secret=SECRET, algorithm=None, connect=True, settle=True):
        """A session of omshell: what is typed and what it prints."""
        lines = [line.strip() for line in _block(commands).splitlines()]
        preamble = ["server 127.0.0.1", f"port {PORT}"]
        preamble += [f"key-algorithm {algorithm}"] if algorithm else []
        preamble += [f"key {key} {secret}"] if key else []
        preamble += ["connect"] if connect else []
        lines = preamble + lines
        self.masks_handles, self.has_had_clients = self.has_had_clients, True
        done = subprocess.run([self.shell], input="\n".join(lines).encode("latin-1") + b"\n", capture_output=True, timeout=60,
                              cwd=self.lab.directory, preexec_fn=self.inside, check=False,
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"})
        pieces = re.split(r"(?m)(?:^|(?<=> ))> ", done.stdout.decode("latin-1"))
        self.note("omshell")
        if len(pieces) == len(lines) + 2 and not pieces[0] and not pieces[-1]:
            for line, piece in zip(lines, pieces[1:]):
                self.note("  > " + line, *("    " + self.masked_shell_line(text) for text in piece.splitlines() if "remote-handle = 0" not in text))
        else:
            self.note(*("    " + self.masked_shell_line(text) for text in done.stdout.decode("latin-1").splitlines()))
        for text in done.stderr.decode("latin-1").splitlines():
            if text.startswith("omshell: ") and not self.isc_shell:
                self.hints.append(text.removeprefix("omshell: "))
            else:
                self.note("  ! " + self.masked_text(text))
        if done.returncode:
            self.note(f"  (status {done.returncode})")
        if settle:
            self.settle()

    def program(self, name, *words, timeout=60):
        """Runs a client program in the namespace; what it prints goes into the transcript."""
        done = subprocess.run([name, *words], capture_output=True, timeout=timeout, cwd=self.lab.directory,
                              preexec_fn=self.inside, check=False,
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"})
        self.has_had_clients = True
        self.note(" ".join([os.path.basename(name), *words]).replace(HERE + "/", ""))
        for mark, data in (("    ", done.stdout), ("  ! ", done.stderr)):
            self.note(*(mark + self.masked_text(text) for text in data.decode("latin-1").splitlines()))
        if done.returncode:
            self.note(f"  (status {done.returncode})")
        self.settle()

    # ---- DHCP clients

    def send_dhcp(self, hardware, kind, options=(), answers=True):
        """Broadcasts one message from that hardware address; (message, its options) of the answer, or None."""
        self.xid += 1
        body = struct.pack("!BBBBIHH", 1, 1, 6, 0, self.xid, 0, 0x8000) + bytes(16) + hardware.ljust(16, b"\0") + bytes(192)
        body += packet.COOKIE + packet.option(53, bytes([kind]))
        body += b"".join(packet.option(code, data) for code, data in options) + b"\xff"
        link = {"ethsrc": hardware, "ethdst": b"\xff" * 6, "src": "0.0.0.0", "dst": "255.255.255.255", "sport": 68, "dport": 67}
        self.frames = []
        self.lab.sockets["eth0"].send(packet.frame(link, body.ljust(300, b"\0")))
        end = time.monotonic() + (STEP_TIMEOUT if answers else 0)
        wanted = struct.pack("!I", self.xid)
        while True:
            for data in self.frames:
                message = packet.parse(data)[1]["payload"]
                if message[4:8] == wanted:
                    return message, packet.options_of(message)
            if time.monotonic() > end or self.ended:
                return None
            self.pump(min(0.2, end - time.monotonic()))

    def dora(self, hardware, options=((55, bytes([1, 3, 12, 15])),), quiet=False):
        """A client gets an address; what it is told is noted. Its address, or None."""
        if not quiet:
            self.note(f"DHCP client {hardware.hex(':')}")
        offer = self.send_dhcp(hardware, 1, options)
        reply = offer
        if offer:
            given = [(50, offer[0][16:20]), (54, offer[1].get(54, b""))]
            reply = self.send_dhcp(hardware, 3, [*given, *options])
        address = socket.inet_ntoa(reply[0][16:20]) if reply else None
        if quiet:
            return address
        if reply:
            kind = packet.MESSAGE_NAMES.get(reply[1].get(53, b"\0")[0], "?")
            told = [f"{code}={data.hex()}" for code, data in sorted(reply[1].items()) if code not in (53, 54)]
            self.note(f"  {kind} {address} {' '.join(told)}")
        else:
            self.note("  no answer")
        self.settle()
        return address

    def release(self, hardware, address):
        self.note(f"DHCP client {hardware.hex(':')} releases {address}")
        self.xid += 1
        body = struct.pack("!BBBBIHH", 1, 1, 6, 0, self.xid, 0, 0) + socket.inet_aton(address) + bytes(12)
        body += hardware.ljust(16, b"\0") + bytes(192) + packet.COOKIE + packet.option(53, b"\7")
        body += packet.option(54, socket.inet_aton(SERVER_ADDRESSES["eth0"])) + b"\xff"
        link = {"ethsrc": hardware, "ethdst": bytes.fromhex("020000000001"), "src": address,
                "dst": SERVER_ADDRESSES["eth0"], "sport": 68, "dport": 67}
        self.lab.sockets["eth0"].send(packet.frame(link, body.ljust(300, b"\0")))
        self.settle()


def in_order_of_address(text):
    """Neighbouring leases that end at the same masked time, by address: whether they ended in the same second or in two is chance."""
    records = re.split(r"(?m)^(?=lease )", text)

    def end(record):
        found = re.search(r"\n  ends (<now[^>]*>);", record) if record.startswith("lease ") else None
        return found and found.group(1)

    ordered = []
    for time_of_end, group in itertools.groupby(records, end):
        ordered += sorted(group, key=lambda record: record.split()[1]) if time_of_end else group
    return "".join(ordered)


def without_remote_handles(text):
    """A lease file without the variable that ISC keeps the handle of every lease in that was written to, and without the
    records that say nothing new then. That lessor keeps none is stated in scenarios/better.py."""
    text = re.sub(r"(?m)^  set remote-handle = %\d+;\n", "", text)
    last = {}

    def record(match):
        virgin = f"lease {match.group(1)} {{\n  binding state free;\n}}\n"
        same = last.get(match.group(1), virgin) == match.group(0)
        last[match.group(1)] = match.group(0)
        return "" if same else match.group(0)

    return re.sub(r"(?ms)^lease (\S+) \{\n.*?^\}\n", record, text)


def _block(text):
    """A text of several lines without the indent that all of them have."""
    lines = text.strip("\n").rstrip().splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines)
