"""A BIND in the namespace of a laboratory, with zones that may be updated."""

import os
import socket
import subprocess
import time

import dns
from lab import CLONE_NEWNET, LIBC, Inside, die_with_parent

NAMED = "/usr/sbin/named"
STEP = 20.0  # seconds that it may take to start
ZONES = ("example.org", "0.0.10.in-addr.arpa")
CONF = """\
options {{
  directory "{directory}";
  listen-on {{ {addresses} }};
  listen-on-v6 {{ none; }};
  pid-file none;
  session-keyfile "session.key";
  managed-keys-directory "{directory}";
  recursion no;
  dnssec-validation no;
  allow-transfer {{ any; }};
  notify no;
}};
controls {{ }};
{keys}"""
ZONE_CONF = 'zone "{zone}" {{ type primary; file "{zone}.db"; allow-update {{ {who}; }}; }};\n'
ZONE_FILE = """\
$TTL 300
@ IN SOA ns.example.org. root.example.org. 1 3600 600 86400 300
@ IN NS ns.example.org.
"""


class Unfulfilled(Exception):
    """What had to come did not come in time."""


class Bind:
    """`keys` is {name: (algorithm, secret)}; `who` may update; `zones` is {name: records that are there from the start}; it
    listens at `addresses`, the first of which is asked for whether it has started."""

    def __init__(self, lab, keys=None, who="any", zones=None, addresses=("127.0.0.1",)):
        self.lab, self.process, self.address = lab, None, addresses[0]
        self.zones = {**{zone: "" for zone in ZONES}, **(zones or {})}
        self.directory = lab.path("named")
        os.mkdir(self.directory)
        statements = "".join(f'key "{name}" {{ algorithm {algorithm}; secret "{dns.secret(octets)}"; }};\n'
                             for name, (algorithm, octets) in (keys or {}).items())
        text = CONF.format(directory=self.directory, keys=statements, addresses="".join(f"{a}; " for a in addresses))
        for zone, more in self.zones.items():
            text += ZONE_CONF.format(zone=zone, who=who)
            more = ("ns IN A 127.0.0.1\n" if zone == "example.org" else "") + more
            lab.write(f"named/{zone}.db", ZONE_FILE + more)
        lab.write("named/named.conf", text)
        self.start()

    def start(self):
        namespace = self.lab.namespace

        def enter():
            LIBC.setns(namespace, CLONE_NEWNET)
            die_with_parent()

        with open(self.lab.path("named.log"), "ab") as log:
            self.process = subprocess.Popen([NAMED, "-g", "-n", "1", "-c", os.path.join(self.directory, "named.conf")],
                                            cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=enter)
        end = time.monotonic() + STEP
        while not self.answers():
            if time.monotonic() > end or self.process.poll() is not None:
                raise Unfulfilled("named does not start:\n" + self.lab.read("named.log")[-2000:])
            time.sleep(0.05)

    def answers(self):
        """Whether it serves the last of its zones yet."""
        with Inside(self.lab.namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.2)
            try:
                probe.connect((self.address, 53))
                probe.send(dns.question(list(self.zones)[-1], dns.NUMBERS["SOA"]))
                return dns.Message(probe.recv(4096)).rcode == 0
            except OSError:
                return False

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process = None

    def forget(self):
        """All updates are gone at its next start."""
        for zone in self.zones:
            journal = os.path.join(self.directory, f"{zone}.db.jnl")
            if os.path.exists(journal):
                os.unlink(journal)

    def shown(self, *zones):
        """The contents of zones, all of them by default, as lines."""
        lines = []
        with Inside(self.lab.namespace):
            for zone in zones or self.zones:
                lines += [f"zone {zone}", *(f"  {line}" for line in dns.transfer(self.address, zone))]
        return lines

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
