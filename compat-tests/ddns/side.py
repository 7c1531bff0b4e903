"""One server under test with a real BIND, and a middleman between them who writes down what passes and plays tricks."""

import os
import re
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import names
from lab import CLONE_NEWNET, CLONE_NEWNS, LIBC, Lab, _unshare, die_with_parent

BIND_PORT = 5353
SECRETS = {
    "hmac-md5": "AAECAwQFBgcICQoLDA0ODw==", "hmac-sha1": "AAECAwQFBgcICQoLDA0ODw==",
    "hmac-sha224": "AAECAwQFBgcICQoLDA0ODw==", "hmac-sha256": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "hmac-sha384": "AAECAwQFBgcICQoLDA0ODw==", "hmac-sha512": "AAECAwQFBgcICQoLDA0ODw==",
}
REVERSE = "0.0.10.in-addr.arpa"
ZONES = ["example.org", REVERSE, "other.org"] + [f"{name}.example" for name in SECRETS]
# Records that are there from the start.
STATIC = {"example.org": """\
ns A 127.0.0.1
static A 10.0.0.250
taken A 10.0.0.251
taken DHCID AAABAAABAAABAAABAAABAAABAAABAAABAAABAAABAAABAAA=
mixed AAAA fd00::1
mixed TXT "311e5bc1d49587be7879341a15ba208cdc"
both A 10.0.0.252
both AAAA fd00::2
both TXT "311e5bc1d49587be7879341a15ba208cdd"
six AAAA fd00::3
"""}
QUIET = 0.6
PATIENCE = 20
# Log lines about the DNS.
INTERESTING = re.compile(r"\b(map|DDNS|ddns|fwd update|tsec|DNS|fqdn)\b|host unknown|host\.domain")


class Machine(Lab):
    """A laboratory whose programs ask 127.0.0.1 for names."""

    def start(self, arguments, hosts=None):
        binary, directory, namespace = self.binary, self.directory, self.namespace
        self.write("resolv.conf", "nameserver 127.0.0.1\n")
        self.write("hosts", "127.0.0.1 localhost ns.example.org\n")

        def enter():
            LIBC.setns(namespace, CLONE_NEWNET)
            _unshare(CLONE_NEWNS)
            LIBC.mount(b"none", b"/", None, 0x44000, None)
            for name in ("resolv.conf", "hosts"):
                LIBC.mount(os.path.join(directory, name).encode(), f"/etc/{name}".encode(), None, 0x1000, None)
            die_with_parent()

        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        self.process = subprocess.Popen(
            [binary, *arguments], cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, preexec_fn=enter, env=environment)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.partial = b""


def inside(machine, make):
    """What `make` makes in a machine's namespace."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    LIBC.setns(machine.namespace, CLONE_NEWNET)
    try:
        return make()
    finally:
        LIBC.setns(home, CLONE_NEWNET)
        os.close(home)


def bound(kind, address, port):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    if kind == socket.SOCK_STREAM:
        s.listen(8)
    return s


class Middleman(threading.Thread):
    """Takes messages at some addresses, port 53, for BIND. `trick`: what is done to updates (`pass_on`), or None. `clients`: what
    those are called who send them; without it the address that they send to is written down."""

    def __init__(self, machine, addresses, clients):
        super().__init__(daemon=True)
        self.clients = clients
        self.trick, self.lines, self.last, self.busy, self.over = None, [], time.monotonic(), False, False
        where = [(address, 53) for address in addresses]
        self.datagrams = [inside(machine, lambda at=at: bound(socket.SOCK_DGRAM, *at)) for at in where]
        self.streams = [inside(machine, lambda at=at: bound(socket.SOCK_STREAM, *at)) for at in where]
        self.bind = inside(machine, lambda: bound(socket.SOCK_DGRAM, "127.0.0.1", 0))
        self.bind.settimeout(3)
        self.connect = lambda: inside(machine, lambda: socket.create_connection(("127.0.0.1", BIND_PORT), 5))

    def run(self):
        while not self.over:
            for s in select.select(self.datagrams + self.streams, [], [], 0.2)[0]:
                self.busy = True
                try:
                    if s in self.datagrams:
                        message, client = s.recvfrom(65535)
                        answer = self.pass_on(message, s.getsockname()[0], client[0], self.ask)
                        if answer:
                            s.sendto(answer, client)
                    else:
                        self.serve_stream(s)
                except (OSError, EOFError):
                    pass
                self.busy = False

    def ask(self, message):
        self.bind.sendto(message, ("127.0.0.1", BIND_PORT))
        return self.bind.recv(65535)

    def serve_stream(self, s):
        connection, client = s.accept()
        with connection:
            connection.settimeout(3)
            message = names.exactly(connection, struct.unpack("!H", names.exactly(connection, 2))[0])

            def ask(octets):
                with self.connect() as bind:
                    bind.sendall(struct.pack("!H", len(octets)) + octets)
                    return names.exactly(bind, struct.unpack("!H", names.exactly(bind, 2))[0])

            self.lines.append("over TCP")
            answer = self.pass_on(message, s.getsockname()[0], client[0], ask)
            if answer:
                connection.sendall(struct.pack("!H", len(answer)) + answer)

    def pass_on(self, message, at, client, ask):
        is_update = message[2] >> 3 & 15 == names.UPDATE
        if is_update:
            self.last = time.monotonic()
            self.lines.append(f"from {self.clients[client]}" if self.clients else f"to {at}")
            self.lines += names.shown(message)
        trick = self.trick if is_update else None
        if trick == "drop" or (trick == "dead first" and at == "127.0.0.1"):
            return None
        codes = {"refuse": 5, "servfail": 2, "notauth": 9, "notzone": 10}
        code = codes.get(trick) if trick else None
        if trick == "refuse first" and at == "127.0.0.1":
            code = 5
        if code:
            answer = message[:2] + struct.pack("!5H", 0xA800 | code, 0, 0, 0, 0)
        else:
            answer = ask(message)
            if trick == "forge":
                answer = answer[:-20] + bytes([answer[-20] ^ 1]) + answer[-19:]
            if trick == "garbage":
                answer = answer[:2] + b"\xff" * 20
        if is_update:
            self.last = time.monotonic()
            self.lines += names.shown(answer) if trick != "garbage" else ["  garbage"]
        return answer


class NameServer:
    """BIND on a machine, and the middleman."""

    def __init__(self, machine, addresses, clients=None):
        self.machine = machine
        self.start_bind()
        self.middleman = Middleman(machine, addresses, clients)
        self.middleman.start()
        self.wait_for_bind()

    def start_bind(self):
        conf = [f'options {{ directory "{self.machine.directory}"; listen-on port {BIND_PORT} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};'
                ' recursion no; dnssec-validation no; allow-transfer { any; }; pid-file none; session-keyfile none;'
                ' notify no; empty-zones-enable no; check-names primary ignore; };', "controls { };"]
        for algorithm, secret in SECRETS.items():
            conf.append(f'key "key-{algorithm}" {{ algorithm {algorithm}; secret "{secret}"; }};')
        for zone in ZONES:
            key = zone.removesuffix(".example")
            who = f'key "key-{key}"' if key in SECRETS else "any"
            conf.append(f'zone "{zone}" {{ type primary; file "{zone}.zone"; allow-update {{ {who}; }}; }};')
            text = f"$TTL 300\n@ SOA ns.example.org. h.example.org. 1 300 300 300 300\n@ NS ns.example.org.\n"
            self.machine.write(f"{zone}.zone", text + STATIC.get(zone, ""))
        self.machine.write("named.conf", "\n".join(conf) + "\n")
        namespace = self.machine.namespace

        def enter():
            LIBC.setns(namespace, CLONE_NEWNET)
            die_with_parent()

        with open(self.machine.path("named.log"), "w", encoding="latin-1") as log:
            self.named = subprocess.Popen(["/usr/sbin/named", "-g", "-n", "1", "-c", self.machine.path("named.conf")],
                                          cwd=self.machine.directory, stdout=log, stderr=log, preexec_fn=enter)

    def wait_for_bind(self):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                self.middleman.connect().close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("BIND does not start: " + self.machine.read("named.log")[-500:])

    def zones(self):
        lines = []
        for zone in ZONES:
            with self.middleman.connect() as connection:
                lines += [f"{zone}: {record}" for record in names.transfer(connection, zone)]
        return lines

    def close(self):
        self.middleman.over = True
        self.named.kill()
        self.named.wait()


class Side(NameServer):
    """A DHCP server, BIND, and clients."""

    def __init__(self, name, directory, binaries):
        self.binaries, self.directory = binaries, directory
        os.makedirs(directory, exist_ok=True)
        machine = Machine(name, binaries[0], directory)
        inside(machine, self.with_ipv6)
        self.log, self.answers, self.leases, self.xid = [], [], {}, 1
        super().__init__(machine, ["127.0.0.1", "127.0.0.2", "::1"])

    @staticmethod
    def with_ipv6():
        with open("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "w", encoding="ascii") as f:
            f.write("0")

    def serve(self, conf, binary=0):
        """(Re)starts the DHCP server."""
        self.stop_server()
        self.machine.binary = self.binaries[binary]
        self.machine.write("dhcpd.conf", conf)
        if not os.path.exists(self.machine.path("dhcpd.leases")):
            self.machine.write("dhcpd.leases", "")
        self.machine.start(["-4", "-d", "-f", "-cf", "dhcpd.conf", "-lf", "dhcpd.leases", "-pf", "dhcpd.pid", "eth0"])
        until = time.monotonic() + PATIENCE
        while not any("Server starting service" in line for line in self.log[self.mark:]):
            if not self.collect() or time.monotonic() > until:
                raise RuntimeError("the server does not start: " + "\n".join(self.log[-8:]))
            time.sleep(0.02)

    mark = 0

    def stop_server(self):
        if self.machine.process:
            self.machine.process.send_signal(signal.SIGTERM)
            self.machine.process.wait(5)
            self.collect()
        self.machine.stop()
        self.mark = len(self.log)

    def collect(self):
        lines = self.machine.lines()
        if lines is None:
            return False
        self.log += lines
        return True

    def settle(self, least=QUIET):
        """Waits until nothing has passed for a while."""
        begin, until = time.monotonic(), time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.collect()
            if not self.middleman.busy and time.monotonic() > max(self.middleman.last, begin) + least:
                return
            time.sleep(0.05)

    # --- clients

    def send(self, kind, mac, options, ciaddr="0.0.0.0", broadcast=True):
        self.xid += 1
        chaddr = bytes.fromhex(mac.replace(":", ""))
        payload = struct.pack("!4BIHH", 1, 1, 6, 0, self.xid, 0, 0x8000 if broadcast else 0)
        payload += socket.inet_aton(ciaddr) + bytes(12) + chaddr + bytes(10 + 64 + 128) + b"\x63\x82\x53\x63"
        payload += bytes([53, 1, kind])
        for code, octets in options.items():
            payload += bytes([code, len(octets)]) + octets
        payload += b"\xff"
        payload += bytes(max(0, 300 - len(payload)))
        udp = struct.pack("!4H", 68, 67, 8 + len(payload), 0) + payload
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
        total = sum(struct.unpack("!10H", ip))
        total = (total & 0xFFFF) + (total >> 16)
        ip = ip[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + ip[12:]
        self.machine.sockets["eth0"].send(b"\xff" * 6 + chaddr + b"\x08\x00" + ip + udp)

    def reply(self, patience=3.0):
        s, until = self.machine.sockets["eth0"], time.monotonic() + patience
        while time.monotonic() < until:
            self.collect()
            if not select.select([s], [], [], 0.05)[0]:
                continue
            frame, address = s.recvfrom(65535)
            if address[2] == 4 or len(frame) < 282 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
                continue
            payload = frame[42:]
            if payload[0] != 2 or struct.unpack("!I", payload[4:8])[0] != self.xid:
                continue
            options, at = {}, 240
            while at < len(payload) and payload[at] != 255:
                if payload[at] == 0:
                    at += 1
                    continue
                options[payload[at]] = payload[at + 2:at + 2 + payload[at + 1]]
                at += 2 + payload[at + 1]
            return socket.inet_ntoa(payload[16:20]), options
        return None

    def lease(self, mac, **extra):
        """DISCOVER and REQUEST; writes the FQDN option of the ACK down."""
        options = given(extra)
        self.send(1, mac, options)
        offer = self.reply()
        if offer is None:
            self.answers.append(f"{mac} no offer")
            return
        server = offer[1][54]
        self.leases[mac] = offer[0]
        self.request(mac, {50: socket.inet_aton(offer[0]), 54: server, **options})

    def renew(self, mac, **extra):
        self.request(mac, given(extra), self.leases[mac])

    def request(self, mac, options, ciaddr="0.0.0.0"):
        begin = time.monotonic()
        self.send(3, mac, options, ciaddr)
        ack = self.reply()
        if ack is None:
            self.answers.append(f"{mac} no answer")
            return
        fqdn = ack[1].get(81)
        slow = " late" if time.monotonic() - begin > 1.5 else ""
        self.answers.append(f"{mac} {ack[0]} type {ack[1][53][0]} fqdn {fqdn.hex() if fqdn is not None else '-'}{slow}")

    def release(self, mac, **extra):
        self.send(7, mac, {54: socket.inet_aton("10.0.0.1"), **given(extra)}, self.leases[mac])
        time.sleep(0.1)

    def decline(self, mac, **extra):
        address = socket.inet_aton(self.leases[mac])
        self.send(4, mac, {50: address, 54: socket.inet_aton("10.0.0.1"), **given(extra)})
        time.sleep(0.1)

    # --- what has come of it

    def variables(self):
        """The variables of each lease in its last record."""
        last = {}
        for address, body in re.findall(r"^lease (\S+) \{\n(.*?)^\}", self.machine.read("dhcpd.leases"), re.S | re.M):
            last[address] = [line for line in body.splitlines() if re.match(r"  (set|binding)", line)]
        return [f"{address}{line}" for address in sorted(last) for line in last[address]]

    def transcript(self):
        self.collect()
        log = [re.sub(r"cb=\S+", "cb=POINTER", line) for line in self.log if INTERESTING.search(line)]
        parts = [("messages", self.middleman.lines), ("answers", self.answers), ("log", log), ("leases", self.variables()),
                 ("zones", self.zones())]
        return [f"{title}: {line}" for title, lines in parts for line in lines]

    def close(self):
        self.machine.close()
        super().close()


def given(extra):
    """Options of keyword arguments: host, fqdn, uid, prl."""
    codes = {"host": 12, "uid": 61, "fqdn": 81, "prl": 55}
    octets = {name: value.encode("latin-1") if isinstance(value, str) else value for name, value in extra.items()}
    return {codes[name]: value for name, value in octets.items()}
