"""Many clients at once, each wanting one address, and what they were told."""

import collections
import socket
import time

import packet
from pair import ADDRESS, NAMES

WINDOW = 64  # clients that wait for an answer at a time
RETRY = 1.0  # seconds after which a client asks again
DISCOVER, REQUEST, OFFER, ACK, NAK = 1, 3, 2, 5, 6
RENEWING = "renewing"


class Load:
    """`begin` lets clients start, `run` goes on until a condition holds. What is not answered is asked again."""

    def __init__(self, pair):
        self.pair = pair
        self.waiting = {}  # xid -> (client, what was sent, when, the frame's words)
        self.queue = collections.deque()
        self.began = {}  # client -> when it began to ask
        self.told = {}  # client -> (address, server) of its last ACK
        self.owners = collections.defaultdict(set)  # address -> every client that got an ACK for it
        self.acks = collections.Counter()
        self.naks = 0
        self.unheard = []  # clients that gave up renewing

    def begin(self, numbers, what=DISCOVER):
        for number in numbers:
            self.queue.append((self.pair.client(number), what))

    def run(self, until, seconds, what, patience=60):
        """`patience` is how long a client tries to renew, in seconds."""
        pair = self.pair
        pair.handler = self.receive
        try:
            end = time.monotonic() + seconds
            while not until():
                now = time.monotonic()
                if now > end:
                    pair.fail(f"in {seconds} s it did not come to: {what} ({len(self.told)} clients have an address, "
                              f"{len(self.waiting)} wait)")
                    return
                while self.queue and len(self.waiting) < WINDOW:
                    self.ask(*self.queue.popleft())
                for xid in [x for x, w in self.waiting.items() if now - w[2] > RETRY]:
                    client, asked, _ = self.waiting.pop(xid)
                    if asked != RENEWING:
                        self.ask(client, DISCOVER)
                    elif now - self.began[client] < patience:
                        self.ask(client, RENEWING)
                    else:  # it has its lease until it ends, and would go on asking
                        del self.began[client]
                        self.unheard.append(client)
                pair.pump(0.02)
                for server in pair.servers.values():
                    server.log = []
        finally:
            pair.handler = None

    def idle(self):
        return not self.queue and not self.waiting

    def ask(self, client, what, offer=None):
        pair, now = self.pair, time.monotonic()
        waited = int(now - self.began.setdefault(client, now))
        if what == DISCOVER:
            body = pair.message(client, DISCOVER, secs=waited)
        elif what == REQUEST:
            body = pair.message(client, REQUEST, [(50, offer[0]), (54, offer[1])], secs=waited)
        else:
            body = pair.message(client, REQUEST, ciaddr=self.told[client][0], secs=waited)
        self.waiting[body[4:8]] = (client, what, now)
        pair.send(packet.frame({"ethsrc": client.hardware, "ethdst": b"\xff" * 6, "src": "0.0.0.0", "dst": "255.255.255.255",
                                "sport": 68, "dport": 67}, body))

    def receive(self, name, message):
        found = self.waiting.get(message[4:8])
        if not found or message[28:34] != found[0].hardware:
            return
        client, what, _ = found
        options = packet.options_of(message)
        kind = options.get(53, b"\0")[0]
        if kind == OFFER and what == DISCOVER:
            del self.waiting[message[4:8]]
            self.ask(client, REQUEST, (message[16:20], options.get(54, socket.inet_aton(ADDRESS[name]))))
        elif kind == ACK and what in (REQUEST, RENEWING):
            del self.waiting[message[4:8]]
            address = socket.inet_ntoa(message[16:20])
            if what == RENEWING and self.told[client][0] != address:
                self.pair.fail(f"{client.name} renewed {self.told[client][0]} and was given {address}")
            self.told[client] = (address, name)
            self.owners[address].add(client)
            self.acks[name] += 1
            self.began.pop(client, None)
        elif kind == NAK:
            del self.waiting[message[4:8]]
            self.naks += 1
            self.pair.fail(f"{client.name} was refused by {name}")
            self.ask(client, DISCOVER)

    def check(self):
        """No address was told to two clients; what a client was told is in both lease files, as its own."""
        pair = self.pair
        twice = [address for address, clients in self.owners.items() if len(clients) > 1]
        if twice:
            pair.fail(f"{len(twice)} addresses were given to two clients: {twice[:5]}")
        files = {name: pair.servers[name].file().leases for name in NAMES}
        for name in NAMES:
            lost = []
            for client, (address, _) in self.told.items():
                lease = files[name].get(address)
                if not lease or lease.state != "active" or lease.client != client.hardware.hex(":"):
                    lost.append((client.name, address, lease and lease.shown()))
            if lost:
                pair.fail(f"{len(lost)} leases that clients have are not in the file of {name}: {lost[:3]}")
        differing = [a for a in set(files["P"]) | set(files["S"])
                     if a not in files["P"] or a not in files["S"] or files["P"][a].essence() != files["S"][a].essence()]
        if differing:
            shown = [(a, *(files[n][a].shown() if a in files[n] else "untouched" for n in NAMES)) for a in differing[:3]]
            pair.fail(f"the lease files differ in {len(differing)} leases: {shown}")
