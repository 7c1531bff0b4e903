"""A laboratory for one server: a network namespace of its own with virtual Ethernet pairs, and the server in it.

The namespaces have no names and the server dies with the process that started it, so nothing is left behind whatever
happens, and any number of laboratories stand side by side.

    eth0  10.0.0.1/24   02:00:00:00:00:01   the clients' wire; the tests hold its other end, c0
    eth1  10.99.0.1/24  02:00:00:00:00:02   toward relays: everything unknown is routed to 10.99.0.2 (02:99:00:00:00:02)
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess

CLONE_NEWNET = 0x40000000
CLONE_NEWNS = 0x00020000
LIBC = ctypes.CDLL(None, use_errno=True)
RELAY_MAC = bytes.fromhex("029900000002")
SERVER_MACS = {"eth0": bytes.fromhex("020000000001"), "eth1": bytes.fromhex("020000000002")}
SERVER_ADDRESSES = {"eth0": "10.0.0.1", "eth1": "10.99.0.1"}
ETH_P_ALL = 3

LINKS = """\
link add eth0 address 02:00:00:00:00:01 type veth peer name c0 address 02:cc:00:00:00:01
link add eth1 address 02:00:00:00:00:02 type veth peer name c1 address 02:99:00:00:00:02
link set lo up
link set eth0 up
link set c0 up
link set eth1 up
link set c1 up
address add 10.0.0.1/24 broadcast 10.0.0.255 dev eth0
address add 10.99.0.1/24 broadcast 10.99.0.255 dev eth1
neigh add 10.99.0.2 lladdr 02:99:00:00:00:02 dev eth1 nud permanent
route add default via 10.99.0.2 dev eth1
"""


def _unshare(flags):
    if LIBC.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Inside:
    """Work inside a namespace."""

    def __init__(self, namespace):
        self.namespace = namespace

    def __enter__(self):
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        LIBC.setns(self.namespace, CLONE_NEWNET)

    def __exit__(self, *_):
        LIBC.setns(self.home, CLONE_NEWNET)
        os.close(self.home)


def die_with_parent():
    """PR_SET_PDEATHSIG: the child is killed when its parent goes."""
    LIBC.prctl(1, signal.SIGKILL)


def _no_checksum_offload(name):
    """ETHTOOL_STXCSUM 0: the kernel's own UDP packets carry a real checksum."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        command = ctypes.create_string_buffer(struct.pack("II", 0x17, 0))
        request = struct.pack("16sP", name.encode(), ctypes.addressof(command)) + bytes(16)
        fcntl.ioctl(s, 0x8946, request)


class Lab:
    """One namespace, one directory, one server. `wires` names the server's interfaces and the ends that the tests hold."""

    def __init__(self, name, binary, directory, links=LINKS, wires=(("eth0", "c0"), ("eth1", "c1"))):
        self.name, self.binary, self.directory = name, binary, directory
        os.makedirs(directory, exist_ok=True)
        self.process = None
        self.partial = b""
        self.namespace = None
        self.sockets = {}
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        _unshare(CLONE_NEWNET)
        try:
            self.namespace = os.open("/proc/self/ns/net", os.O_RDONLY)
            for which in ("all", "default"):
                try:
                    with open(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6", "w") as f:
                        f.write("1")
                except OSError:
                    pass  # a kernel without IPv6
            subprocess.run(["ip", "-batch", "-"], input=links.encode(), check=True)
            for name, _ in wires:
                _no_checksum_offload(name)
            for wire, peer in wires:
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
                s.bind((peer, ETH_P_ALL))
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
                s.setblocking(False)
                self.sockets[wire] = s
        finally:
            LIBC.setns(home, CLONE_NEWNET)
            os.close(home)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="latin-1") as f:
            f.write(text)

    def read(self, name):
        try:
            with open(self.path(name), encoding="latin-1") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def start(self, arguments, hosts=None, resolver=None):
        """Starts the server; its standard error becomes readable at self.stderr. `hosts` and `resolver` are what it finds in
        /etc/hosts and /etc/resolv.conf."""
        namespace, directory = self.namespace, self.directory
        mounts = []
        for name, text in (("hosts", hosts), ("resolv.conf", resolver)):
            if text is not None:
                self.write(name, text)
                mounts.append((self.path(name).encode(), f"/etc/{name}".encode()))

        def enter():
            LIBC.setns(namespace, CLONE_NEWNET)
            if mounts:
                _unshare(CLONE_NEWNS)
                LIBC.mount(b"none", b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE
                for source, target in mounts:
                    LIBC.mount(source, target, None, 0x1000, None)  # MS_BIND
            die_with_parent()

        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        self.process = subprocess.Popen(
            [self.binary, *arguments], cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, preexec_fn=enter, env=environment)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.partial = b""

    @property
    def stderr(self):
        return self.process.stderr if self.process else None

    def lines(self):
        """Complete log lines that are there now; None at the end of the file."""
        try:
            data = os.read(self.process.stderr.fileno(), 65536)
        except BlockingIOError:
            return []
        if not data:
            return None
        self.partial += data
        *whole, self.partial = self.partial.split(b"\n")
        return [line.decode("latin-1") for line in whole]

    def stop(self, how=signal.SIGTERM):
        """Ends the server and waits for it."""
        if self.process:
            if self.process.poll() is None:
                self.process.send_signal(how)
                try:
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            self.process.stderr.close()
            self.process = None

    def close(self):
        self.stop(signal.SIGKILL)
        for s in self.sockets.values():
            s.close()
        if self.namespace is not None:
            os.close(self.namespace)
            self.namespace = None
