"""Two dhcpd that are failover partners (`../failover/pair.py`), with one BIND that both update, beside the primary.

A tap in the primary's namespace takes down the messages to BIND, with the name of the server that they come from.
"""

import importlib.util
import os
import re
import socket

import dns
import packet
from bind import Bind, Unfulfilled
from lab import ETH_P_ALL, Inside
from pair import LINK, Pair
from pair import Unfulfilled as Missed

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = {address: name for name, address in LINK.items()}
MORE = ('ddns-update-style standard;\nddns-domainname "example.org";\n'
        + "".join(f'zone {zone}. {{ primary {LINK["P"]}; }}\n' for zone in ("example.org", "0.0.10.in-addr.arpa")))
STORY = re.compile(r"forward map|Forward map|reverse map|DDNS")


def is_isc(binary):
    """Whether that is ISC's program and not one that took its place: Rust leaves its mark in every program."""
    try:
        with open(binary, "rb") as f:
            return b"RUST_BACKTRACE" not in f.read()
    except OSError:
        return False


def failover_conf(**words):
    """The configuration of a pair, as the scenarios of failover have it."""
    spec = importlib.util.spec_from_file_location("failover_book", os.path.join(HERE, "../failover/book.py"))
    book = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(book)
    return book.conf(**words)


class Partners:
    def __init__(self, programs, directory, time=40):
        self.pair = Pair([(program, is_isc(program)) for program in programs], failover_conf(time=time, mclt=15, more=MORE),
                         directory)
        self.transcript, self.failures, self.whole = [], [], []
        self.bind = self.tap = None
        self.seen = {name: 0 for name in self.pair.servers}
        try:
            lab = self.pair.servers["P"].lab
            self.bind = Bind(lab, addresses=(LINK["P"], "127.0.0.1"))
            with Inside(lab.namespace):
                self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
                self.tap.setsockopt(socket.SOL_SOCKET, 33, 1 << 23)  # SO_RCVBUFFORCE
                self.tap.setblocking(False)
        except BaseException:
            self.close()
            raise

    def note(self, *lines):
        self.transcript += lines

    def fail(self, text):
        self.failures.append(text)
        self.note("FAILS: " + text)

    def messages(self):
        """Lines that show what came to BIND since the last time, and its answers."""
        lines = []
        while True:
            try:
                data, (interface, _, kind, *_) = self.tap.recvfrom(70000)
            except BlockingIOError:
                return lines
            what, fields = packet.parse(data)
            if interface == "lo" and kind == socket.PACKET_OUTGOING or what != "udp" or 53 not in (fields["sport"], fields["dport"]):
                continue
            message = dns.Message(fields["payload"])
            if message.opcode != dns.UPDATE:
                continue
            if message.is_reply:
                lines.append(f"  = {dns.RCODES.get(message.rcode, message.rcode)}")
            else:
                first, *rest = message.shown({})
                lines += [f"{NAMES[fields['src']]}: {first}", *rest]

    def step(self, title, in_order=True):
        """Lets everything come to rest and puts it into the transcript; without `in_order`, only who did something."""
        self.pair.quiet()
        self.pair.pause(1)
        lines = self.messages()
        for name, server in self.pair.servers.items():
            story = [line for line in server.whole[self.seen[name]:] if STORY.search(line)]
            self.seen[name] = len(server.whole)
            lines += [f"{name}| {line}" for line in story if in_order or "forward map" not in line]
        if not in_order:
            lines = sorted({line.split(" ")[0] for line in lines if line[1:3] == ": "} | {line for line in lines if line[1:2] == "|"})
        self.note(title, *(f"  {line}" for line in lines), *self.bind.shown())
        self.messages()

    def tell(self, title):
        self.note(title)

    def finish(self):
        self.whole = [f"{name}: {line}" for name, server in self.pair.servers.items() for line in server.whole]

    def close(self):
        if self.bind:
            self.bind.kill()
        if self.tap:
            self.tap.close()
        self.pair.close()


def play(action):
    """Makes what a pair misses a failure of the scenario."""
    def with_pair(s):
        try:
            s.pair.both_normal()
            action(s, s.pair)
        except Missed as e:
            raise Unfulfilled(str(e)) from e

    with_pair.__name__, with_pair.__doc__, with_pair.__module__ = action.__name__, action.__doc__, action.__module__
    return with_pair
