"""The last record of every lease and of the failover state in a lease file, and how they are shown."""

import calendar
import re

DATE = re.compile(r"\d (\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)")
RECORD = re.compile(r"(?ms)^(?:lease (\S+)|failover peer \"([^\"]*)\" state) \{\n(.*?)^\}\n")
STATEMENT = re.compile(r"(?m)^  (starts|ends|tstp|tsfp|atsfp|cltt|binding state|next binding state|rewind binding state|"
                       r"hardware \S+|uid|client-hostname|my state|partner state|mclt|reserved|dynamic-bootp)(?: (.*))?;$")
TIMES = ("ends", "tstp", "tsfp", "atsfp", "cltt")
FAR = 0x7FFFFFFF


def seconds(text):
    """A date of a lease file as seconds since 1970; `never` is as far as it gets."""
    match = DATE.search(text)
    return calendar.timegm(tuple(int(g) for g in match.groups())) if match else FAR


def is_whole(text):
    """Whether a lease file ends with a whole record."""
    return not text or text.endswith("\n") and text.rstrip("\n").rpartition("\n")[2][:1] not in ("", " ") and not text.endswith("{\n")


class Lease:
    def __init__(self, address, body):
        self.address = address
        self.values = {}
        for name, value in STATEMENT.findall(body):
            self.values["hardware" if name.startswith("hardware") else name] = value
        vendor_class = re.search(r"(?m)^  set vendor-class-identifier = (.*);$", body)
        # What the client calls itself, and what it is.
        self.names = self.values.get("client-hostname"), vendor_class and vendor_class.group(1)
        self.state = self.values.get("binding state", "?")
        self.client = self.values.get("hardware", "")
        self.times = {name: seconds(self.values[name]) for name in ("starts", *TIMES) if name in self.values}

    @property
    def untouched(self):
        """Whether it says no more than no record would: servers that start anew leave such ones out."""
        return self.values == {"binding state": "free"}

    def essence(self):
        """What both servers have to agree on."""
        return (self.state, self.client, self.values.get("uid"), self.times.get("ends"), self.times.get("starts"),
                self.times.get("tsfp"))

    def shown(self):
        """In one line, times relative to the start of the lease; what was before it is shown as the start. The time of the
        client's last transaction is left out: ISC keeps it at the server that it took place at alone, lessor at both."""
        words = [self.state]
        for name in ("next", "rewind"):
            if f"{name} binding state" in self.values:
                words.append(f"{name} {self.values[f'{name} binding state']}")
        words += [name for name in ("reserved", "dynamic-bootp") if name in self.values]
        words += [f"{name} {self.values[name]}" for name in ("hardware", "uid", "client-hostname") if name in self.values]
        start = self.times.get("starts")
        for name in TIMES[:-1]:
            if name in self.times:
                when = self.times[name]
                words.append(f"{name} {'never' if when >= FAR - 1 else 'set' if start is None else f'~{max(0, when - start)}'}")
        return " ".join(words)


class LeaseFile:
    def __init__(self, text):
        self.leases, self.peers = {}, {}
        for address, peer, body in RECORD.findall(text):
            if address:
                lease = Lease(address, body)
                self.leases[address] = lease
                if lease.untouched:
                    del self.leases[address]
            else:
                found = dict(STATEMENT.findall(body))
                self.peers[peer] = (found.get("my state", "").split(" at")[0], found.get("partner state", "").split(" at")[0],
                                    found.get("mclt"))


def by_address(addresses):
    return sorted(addresses, key=lambda a: [int(n) for n in a.split(".")])
