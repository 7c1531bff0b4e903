"""Two servers that are partners, each in a network namespace of its own, and everything that a scenario may do to them.

    P  the primary    eth0 10.0.0.1  eth1 10.9.9.1
    S  the secondary  eth0 10.0.0.2  eth1 10.9.9.2

The clients' wire is this program: what a client sends goes to one server or to both, as the scenario says. The link on which
the servers talk to each other (eth1) leads over a bridge in a third namespace, where it can be cut without either of them
noticing at once, and where a tap listens.

What happens goes into a transcript: what clients were told, log lines, lease files. A number written `~N` is a time; times of
two transcripts are the same when they are not far apart.
"""

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
sys.path[:0] = [os.path.join(HERE, "../differential")]

import packet  # noqa: E402
from lab import CLONE_NEWNET, ETH_P_ALL, LIBC, Inside, Lab, die_with_parent  # noqa: E402
from leasefile import LeaseFile, by_address, is_whole  # noqa: E402
from play import SENTINEL_LINE, arrived, send_sentinel  # noqa: E402
from protocol import BINDINGS, Tap, bucket  # noqa: E402

NAMES = ("P", "S")
ADDRESS = {"P": "10.0.0.1", "S": "10.0.0.2"}
LINK = {"P": "10.9.9.1", "S": "10.9.9.2"}
MAC = {"P": bytes.fromhex("020000000001"), "S": bytes.fromhex("020000000002")}
SECRET = "AAECAwQFBgcICQoLDA0ODw=="
KEYED = f'omapi-port 7911;\nkey omapi_key {{ algorithm hmac-md5; secret {SECRET}; }}\nomapi-key omapi_key;\n'
STEP = 20.0  # seconds that a server may take for what it does at once
QUIET = 2.7  # a little more than the timers that hold acknowledgments and commits back
STATE_NUMBERS = {"partner-down": 4, "recover": 6, "paused": 7, "shutdown": 8, "normal": 2, "potential-conflict": 5}

LINKS = """\
link add eth0 address {mac0} type veth peer name c0 address 02:cc:00:00:00:0{n}
link add eth1 address 02:00:00:00:01:0{n} type veth peer name h{name}
link set lo up
link set eth0 up
link set c0 up
link set eth1 up
address add {address}/24 broadcast 10.0.0.255 dev eth0
address add {link}/24 dev eth1
neigh add {other} lladdr 02:00:00:00:01:0{m} dev eth1 nud permanent
link set h{name} netns /proc/{pid}/fd/{hub}
"""
STORY = re.compile(r"failover|^peer |balanced? |balancing|IMBALANCED|Sending updates|bind update|pool response|[Uu]pdate request"
                   r"|Sent update|Both servers|Lease conflict|^Peer ")
# How an update that was asked for went on depends on what crosses on the wire, and on how much there is to tell: lessor has
# nothing to say of an address that nobody ever had, ISC dhcpd tells of each.
CHATTER = re.compile(r"Update request |Received update request while|Sent update done|peer update completed|less critical than outgoing"
                     r"|Sending updates to|xid mismatch")
STARTED = "Server starting service."


class Unfulfilled(Exception):
    """What had to come did not come in time."""


def unshared():
    """A new network namespace; its descriptor."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    if LIBC.unshare(CLONE_NEWNET):
        raise OSError("no network namespace")
    try:
        return os.open("/proc/self/ns/net", os.O_RDONLY)
    finally:
        LIBC.setns(home, CLONE_NEWNET)
        os.close(home)


class Server:
    """One of the two: its namespace, its log as it comes, the state that it last said it is in."""

    def __init__(self, name, binary, isc, directory, hub):
        n = NAMES.index(name) + 1
        links = LINKS.format(name=name, n=n, m=3 - n, mac0=MAC[name].hex(":"), address=ADDRESS[name], link=LINK[name],
                             other=LINK[NAMES[2 - n]], pid=os.getpid(), hub=hub)
        self.lab = Lab(name, binary, directory, links, (("eth0", "c0"),))
        self.name, self.isc = name, isc
        self.log, self.story, self.whole = [], [], []
        self.started = self.is_up = False
        self.state, self.partner = None, None
        self.synced = 0

    def take(self, lines):
        """Log lines that came: those of failover go into the story, the rest is for the step that is being made."""
        for line in lines:
            self.whole.append(line)
            move = re.match(r"failover peer (\S+): (I move|peer moves) from (\S+) to (\S+)$", line)
            if move:
                if move.group(2) == "I move":
                    self.state = move.group(4)
                else:
                    self.partner = move.group(4)
            elif line.endswith(": Both servers normal"):
                self.partner = "normal"
            if line == SENTINEL_LINE:
                self.synced += 1
            elif STORY.search(line) and not line.startswith("DHCP") and not line.startswith("BOOT"):
                if CHATTER.search(line):
                    continue
                self.story.append(re.sub(r"(balanc\w+|IMBALANCED) pool [0-9a-f]+", r"\1 pool <it>", line))
            elif line == STARTED:
                self.started = True
            elif self.started:
                self.log.append(line)

    def file(self):
        return LeaseFile(self.lab.read("dhcpd.leases"))


class Client:
    """A client: number N has the hardware address 02:46:4f:00:NN:NN, whose bucket is known."""

    def __init__(self, number, uid=None):
        self.number, self.uid = number, uid
        self.hardware = bytes.fromhex("02464f00") + struct.pack("!H", number)
        self.name = f"c{number}"
        self.address = self.server = None
        self.bound = 0.0

    @property
    def bucket(self):
        return bucket(self.uid if self.uid else self.hardware)


class Pair:
    def __init__(self, binaries, conf, directory):
        """`binaries` is ((path, is ISC's) of the primary, of the secondary); `conf` a function of `P` and `S`."""
        self.conf = conf
        self.transcript, self.failures = [], []
        self.servers, self.clients = {}, {}
        self.hub = self.tap_socket = None
        self.xid = 0xB0000000
        self.past = []
        self.frames = []  # (server's name, frame)
        self.handler = None  # of frames, when a load is running
        self.hub = unshared()
        with Inside(self.hub):
            subprocess.run(["ip", "-batch", "-"], input=b"link add name hub type bridge\nlink set hub up\n", check=True)
        try:
            for name, (binary, isc) in zip(NAMES, binaries):
                self.servers[name] = Server(name, binary, isc, os.path.join(directory, name), self.hub)
                with Inside(self.hub):
                    subprocess.run(["ip", "-batch", "-"], check=True,
                                   input=f"link set h{name} master hub\nlink set h{name} up\n".encode())
            self.tap = Tap(LINK)
            with Inside(self.hub):
                self.tap_socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
                self.tap_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE if hasattr(socket, "SO_RCVBUFFORCE") else 33, 1 << 23)
                self.tap_socket.bind(("hP", ETH_P_ALL))
                self.tap_socket.setblocking(False)
            for server in self.servers.values():
                server.lab.sockets["eth0"].setsockopt(socket.SOL_SOCKET, 33, 1 << 23)  # SO_RCVBUFFORCE
        except BaseException:
            self.close()
            raise

    def close(self):
        for server in self.servers.values():
            server.lab.close()
        if self.tap_socket:
            self.tap_socket.close()
        if self.hub is not None:
            os.close(self.hub)

    # ---- the transcript

    def note(self, *lines):
        self.transcript += lines

    def fail(self, text):
        self.failures.append(text)
        self.note("FAILS: " + text)

    def tell(self, title):
        """Puts into the transcript what the servers said about failover since the last time."""
        self.note(title)
        for name in NAMES:
            server = self.servers[name]
            self.note(*(f"  {name}: {line}" for line in server.story))
            server.story = []

    def untold(self):
        """Leaves out what the servers said about failover since the last time: for what depends on chance."""
        for server in self.servers.values():
            server.story = []

    def unheard(self):
        """Leaves out what they said about clients."""
        for server in self.servers.values():
            server.log = []

    @property
    def is_ours(self):
        """Whether both servers are ours."""
        return not any(server.isc for server in self.servers.values())

    def flush(self):
        """Puts into the transcript what the servers said about clients."""
        for name in NAMES:
            server = self.servers[name]
            self.note(*(f"  {name}| {line}" for line in server.log))
            server.log = []

    # ---- time passes

    def pump(self, timeout):
        """Takes in what comes within that time, one round."""
        watched = {self.tap_socket: None}
        for server in self.servers.values():
            watched[server.lab.sockets["eth0"]] = server
            if server.is_up:
                watched[server.lab.stderr] = server
        for ready in select.select(list(watched), [], [], max(0.0, timeout))[0]:
            server = watched[ready]
            if server is None:
                self.take_tap()
            elif ready is server.lab.sockets["eth0"]:
                self.take_frames(server)
            else:
                lines = server.lab.lines()
                if lines is None:
                    server.is_up = False
                    status = server.lab.process.wait()
                    server.story.append(f"(ends: {'signal' if status < 0 else 'status'} {abs(status)})")
                    server.lab.process.stderr.close()
                    server.lab.process = None
                else:
                    server.take(lines)

    def take_tap(self):
        while True:
            try:
                data = self.tap_socket.recv(70000)
            except BlockingIOError:
                return
            self.tap.frame(time.monotonic(), data)

    def take_frames(self, server):
        for kind, fields, _ in arrived(server.lab.sockets["eth0"]):
            if kind == "udp" and self.handler:
                self.handler(server.name, fields["payload"])
            elif kind == "udp":
                self.frames.append((server.name, fields["payload"]))

    def until(self, condition, seconds, what):
        """Waits for a condition."""
        end = time.monotonic() + seconds
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                states = ", ".join(f"{n} {s.state}{'' if s.is_up else ' (down)'}" for n, s in self.servers.items())
                raise Unfulfilled(f"in {seconds} s it did not come to: {what} ({states})")
            self.pump(min(left, 0.1))

    def pause(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pump(left)

    def mark(self):
        """Where `since_mark` counts from."""
        self.marked = time.monotonic()

    def next_second(self):
        """Waits until a second begins: what follows at once falls into one, and ends in one."""
        self.pause(1.02 - time.time() % 1)

    def since_mark(self, seconds):
        """Waits until that many seconds have passed since the mark: what follows comes at the same time in every pairing."""
        self.pause(self.marked + seconds - time.monotonic())

    def at(self, client, seconds):
        """Waits until the lease of the client is that many seconds old."""
        self.pause(client.bound + seconds - time.monotonic())

    def states(self, primary, secondary, seconds=STEP):
        """Waits until the servers are in these states (None: any)."""
        wanted = {"P": primary, "S": secondary}
        self.until(lambda: all(w is None or self.servers[n].state == w for n, w in wanted.items()), seconds,
                   f"P {primary}, S {secondary}")

    def normal(self, seconds=STEP):
        """Waits until both are in normal, know it of each other and have nothing left to tell."""
        self.until(lambda: all(s.state == "normal" and s.partner == "normal" for s in self.servers.values()), seconds,
                   "both in normal")
        self.quiet()

    def quiet(self, seconds=30):
        """Waits until the servers have told each other everything and both lease files stand still."""
        since, last = time.monotonic(), None
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            text = tuple(s.lab.read("dhcpd.leases") for s in self.servers.values())
            if text != last:
                last, since = text, max(since, now - QUIET + 0.3)
            if now - max(since, self.tap.busy) > QUIET and not self.tap.open:
                return
            if now > end:
                self.fail(f"the servers do not come to rest; unanswered: {sorted(set(self.tap.open.values()))[:5]}")
                return
            self.pump(0.1)

    # ---- the servers

    def start(self, *names, leases=None, binary=None, known=False):
        """Starts servers, one behind the other; with `leases`, on that lease file."""
        for name in names:
            server = self.servers[name]
            server.lab.write("dhcpd.conf", self.conf(name))
            if leases is not None or not os.path.exists(server.lab.path("dhcpd.leases")):
                server.lab.write("dhcpd.leases", leases or "")
            if binary:
                server.lab.binary = binary
            server.started, server.state, server.partner = False, None, None
            server.lab.start(["-4", "-d", "-cf", "dhcpd.conf", "-lf", "dhcpd.leases", "-pf", "dhcpd.pid", "eth0"])
            server.is_up = True
            self.until(lambda s=server: s.started or not s.is_up, STEP, f"{name} starts")
            if not server.is_up:
                raise Unfulfilled(f"{name} does not start:\n" + "\n".join(server.whole[-12:]))

    def both_normal(self):
        """A fresh pair comes to normal. (The order in which they get there is a matter of chance.)"""
        self.start("P", "S")
        self.normal()
        self.untold()
        self.forget()

    def stop(self, *names, how=signal.SIGKILL):
        for name in names:
            server = self.servers[name]
            if server.is_up:
                if server.isc and how == signal.SIGKILL:
                    self.between_records(server)
                server.take(server.lab.lines() or [])
                server.lab.stop(how)
                server.is_up = False
        self.tap.open = {}

    def between_records(self, server):
        """Holds ISC's server where its lease file ends with a whole record. Killed in the middle of one, it takes the torn record
        for a lease without a state, forgets the lease, and ends with `Impossible case` when its partner speaks of it: after that
        there is nothing left to compare with. Ours is killed anywhere."""
        end = time.monotonic() + STEP
        while True:
            server.lab.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, server.lab.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            if is_whole(server.lab.read("dhcpd.leases")):
                return
            server.lab.process.send_signal(signal.SIGCONT)
            if time.monotonic() > end:
                raise Unfulfilled(f"the lease file of {server.name} stays torn")
            self.pump(0.001)

    def switch(self, name, binary_isc):
        """From its next start on, the server is this program."""
        self.servers[name].lab.binary, self.servers[name].isc = binary_isc

    def empty(self, name):
        """The server loses its lease file."""
        self.servers[name].lab.write("dhcpd.leases", "")

    def cut(self):
        """The link goes down somewhere in the middle: nobody is told, nothing arrives."""
        self.bridge("link set hS nomaster")
        self.tap.open = {}

    def heal(self):
        self.bridge("link set hS master hub")

    def bridge(self, line):
        with Inside(self.hub):
            subprocess.run(["ip", "-batch", "-"], input=(line + "\n").encode(), check=True)

    def omshell(self, name, *lines):
        """Lets the real omshell do something to a server; its output."""
        server = self.servers[name]
        script = "\n".join(["server 127.0.0.1", "port 7911", f"key omapi_key {SECRET}", "connect", *lines]) + "\n"

        def enter():
            LIBC.setns(server.lab.namespace, CLONE_NEWNET)
            die_with_parent()

        process = subprocess.Popen(["/usr/bin/omshell"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   preexec_fn=enter, cwd=server.lab.directory, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
        try:
            process.stdin.write(script.encode())
            process.stdin.close()
            self.until(lambda: process.poll() is not None, STEP, "omshell ends")
            return process.stdout.read().decode("latin-1")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def set_state(self, name, state, peer="fo"):
        """What the operator does by omshell: `set local-state`."""
        self.note(f"omshell: {name} is to go to {state}")
        number = STATE_NUMBERS.get(state, state)
        out = self.omshell(name, "new failover-state", f'set name = "{peer}"', "open", f"set local-state = {number}", "update")
        if "can't" in out or "obj: failover-state" not in out:
            self.fail(f"omshell could not set the state of {name}:\n{out}")

    # ---- clients

    def client(self, number, uid=None):
        return self.clients.setdefault((number, uid), Client(number, uid))

    def client_of(self, name, split=128):
        """A client that has not been here yet and that the load balancing leaves to that server."""
        number = max([n for n, _ in self.clients] + [100])
        while True:
            number += 1
            client = Client(number)
            if (client.bucket < split) == (name == "P"):
                return self.client(number)

    def send(self, frame, to=NAMES):
        for name in to:
            self.servers[name].lab.sockets["eth0"].send(frame)

    def settle(self, names=NAMES):
        """Waits until the servers have dealt with everything sent to them so far."""
        waiting = {}
        for name in names:
            if self.servers[name].is_up:
                waiting[name] = self.servers[name].synced + 1
                send_sentinel(self.servers[name], "eth0", 67)
        self.until(lambda: all(self.servers[n].synced >= count or not self.servers[n].is_up for n, count in waiting.items()), STEP,
                   "the servers answer")

    def message(self, client, kind, options=(), secs=0, ciaddr="0.0.0.0", broadcast=True, bootp=False):
        self.xid += 1
        body = struct.pack("!BBBBIHH", 1, 1, 6, 0, self.xid, secs, 0x8000 if broadcast else 0)
        body += socket.inet_aton(ciaddr) + bytes(12) + client.hardware.ljust(16, b"\0") + bytes(192)
        if not bootp:
            body += packet.COOKIE + packet.option(53, bytes([kind]))
            if client.uid:
                body += packet.option(61, client.uid)
            body += b"".join(packet.option(code, data) for code, data in options) + b"\xff"
        return body.ljust(300, b"\0")

    def ask(self, title, client, body, to=NAMES, unicast=False, show=True):
        """Sends one message; notes and returns what the servers answer: [(server's name, message, its options)]."""
        self.frames = []
        before = {n: len(s.whole) for n, s in self.servers.items()}
        for name in to:
            link = {"ethsrc": client.hardware, "ethdst": MAC[name] if unicast else b"\xff" * 6,
                    "src": client.address if unicast else "0.0.0.0", "dst": ADDRESS[name] if unicast else "255.255.255.255",
                    "sport": 68, "dport": 67}
            self.send(packet.frame(link, body), (name,))
        self.settle(to)
        xid, answers = body[4:8], []

        def log(name):
            return self.servers[name].whole[before[name]:]

        def served(name):
            """What it takes to be answered: its line gives no reason against it."""
            return sum(bool(re.match(r"(DHCPDISCOVER|DHCPREQUEST|BOOTREQUEST) .* via eth0$", line)) for line in log(name))

        def told(name):
            return sum(bool(re.match(r"(DHCP(OFFER|ACK|NAK) |BOOTREPLY )", line)) for line in log(name))

        def arrived():
            return all(not self.servers[name].is_up or served(name) <= told(name) <=
                       sum(n == name and m[4:8] == xid for n, m in self.frames) for name in to)

        try:
            self.until(arrived, STEP / 4, f"answers to {title}")
        except Unfulfilled:
            self.note("  (said to be served, but not answered)")
        for name, message in sorted(self.frames, key=lambda f: f[0]):
            if message[4:8] == xid:
                answers.append((name, message, packet.options_of(message)))
        if show:
            self.note(f"{client.name} {title}" + ("" if tuple(to) == NAMES else f" (to {''.join(to)} alone)"))
            for name, message, options in answers:
                lease = f" for ~{struct.unpack('!I', options[51])[0]} s" if 51 in options else ""
                kind = packet.MESSAGE_NAMES.get(options.get(53, b"\0")[0], "BOOTREPLY")
                self.note(f"  {name}: {kind} {socket.inet_ntoa(message[16:20])}{lease}")
        return answers

    def discover(self, client, to=NAMES, secs=0, options=(), show=True):
        return self.ask(f"DISCOVER secs {secs}", client, self.message(client, 1, options, secs), to, show=show)

    def request(self, client, offer, to=NAMES, options=(), show=True):
        """REQUEST of what was offered, broadcast as clients do it."""
        name, message, told = offer
        wanted = [(50, message[16:20]), (54, told.get(54, b"")), *options]
        answers = self.ask(f"REQUEST of {name}'s offer", client, self.message(client, 3, wanted), to, show=show)
        return self.keep(client, answers)

    def keep(self, client, answers):
        for name, message, told in answers:
            if told.get(53) == b"\5":
                client.address, client.server = socket.inet_ntoa(message[16:20]), name
                client.bound = time.monotonic()
        return answers

    def dora(self, client, to=NAMES, secs=0, options=(), show=True, hears=None):
        """A client gets an address, from whoever offers first (the primary, if both do). The server's name, or None.

        Only the server that made the offer hears the REQUEST, unless `hears` says otherwise: what the other one makes of it
        depends on whether it has heard of the lease yet.
        """
        offers = self.discover(client, to, secs, options, show)
        if offers:
            self.request(client, offers[0], hears or (offers[0][0],), options, show)
        if show:
            self.flush()
        else:
            self.unheard()
        return offers[0][0] if offers else None

    def renew(self, client, to, options=()):
        """RENEWING: unicast to one server."""
        body = self.message(client, 3, options, ciaddr=client.address, broadcast=False)
        answers = self.keep(client, self.ask("renews", client, body, (to,), unicast=True))
        self.flush()
        return answers

    def rebind(self, client, to=NAMES):
        """REBINDING: broadcast."""
        answers = self.keep(client, self.ask("rebinds", client, self.message(client, 3, ciaddr=client.address), to))
        self.flush()
        return answers

    def reboot(self, client, to=NAMES):
        """INIT-REBOOT: broadcast, asking for the address it had."""
        body = self.message(client, 3, [(50, socket.inet_aton(client.address))])
        answers = self.keep(client, self.ask("reboots", client, body, to))
        self.flush()
        return answers

    def release(self, client, to):
        body = self.message(client, 7, [(54, socket.inet_aton(ADDRESS[to]))], ciaddr=client.address, broadcast=False)
        self.ask("releases", client, body, (to,), unicast=True)
        self.flush()

    def decline(self, client, to=NAMES, server=None):
        options = [(50, socket.inet_aton(client.address)), (54, socket.inet_aton(ADDRESS[server or client.server]))]
        self.ask("declines", client, self.message(client, 4, options), to)
        self.flush()

    # ---- what they keep

    def leases(self, agree=True):
        """Notes both lease files, and fails if they do not agree."""
        files = {name: self.servers[name].file() for name in NAMES}
        self.note("lease files")
        for name in NAMES:
            for peer, (mine, partner, mclt) in files[name].peers.items():
                self.note(f"  {name} {peer}: {mine}, partner {partner}, mclt {mclt}")
        for address in by_address(set(files["P"].leases) | set(files["S"].leases)):
            found = {name: files[name].leases.get(address) for name in NAMES}
            for name, lease in found.items():
                self.note(f"  {name} {address} {lease.shown() if lease else 'untouched'}")
            if agree and not (all(found.values()) and found["P"].essence() == found["S"].essence()):
                self.fail(f"the servers do not agree about {address}")

    def leases_without_names(self):
        """The same without what clients call themselves."""
        before = len(self.transcript)
        self.leases()
        self.transcript[before:] = [re.sub(r" client-hostname \S+", "", line) for line in self.transcript[before:]]

    def agreement(self):
        """Fails if the lease files do not agree, and puts nothing into the transcript: for what depends on chance."""
        before = len(self.transcript)
        self.leases()
        told = self.transcript[before:]
        del self.transcript[before:]
        if any(line.startswith("FAILS: ") for line in told):
            self.note(*told)
        self.forget()

    def updates(self):
        """Notes the binding updates since the last time, in order for each lease, and how each was answered."""
        answers = {}
        told = self.tap.messages
        for _, name, message in told:
            if message.kind == "BNDACK":
                answers.setdefault((name, message.xid, message.get("assigned-IP")), message)
        lines = []
        for _, name, message in told:
            if message.kind != "BNDUPD":
                continue
            other = "S" if name == "P" else "P"
            start = message.get("stos", 0)
            words = [f"  {name}>{other} {message.get('assigned-IP')} {BINDINGS.get(message.get('binding-status'))}"]
            for option, value in message.options:
                if option in ("lease-expiry", "potential-expiry") and value:
                    words.append(f"{option} {f'~{max(0, value - start)}' if start and value < 0x7FFFFFFE else 'set'}")
                elif option in ("chaddr", "client-id"):
                    words.append(f"{option} {value.hex()}")
                elif option == "IP-flags":
                    words.append(f"flags {value}")
            answer = answers.get((other, message.xid, message.get("assigned-IP")))
            if answer is None:
                words.append("- not answered")
            elif answer.get("reject-reason"):
                words.append(f"- rejected {answer.get('reject-reason')}")
            lines.append(" ".join(words))
        self.note("binding updates", *sorted(lines, key=lambda line: line.split()[1::-1]))
        self.forget()

    def forget(self):
        """What was said so far is not to be shown."""
        self.past += self.tap.messages
        self.tap.messages = []

    @property
    def told(self):
        """Everything that the servers said to each other."""
        return self.past + self.tap.messages
