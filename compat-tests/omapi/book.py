"""What scenarios are made of: their registration and the configuration and lease file that most of them start from."""

from side import KEY, OTHER_KEY

SCENARIOS = []

CONF = """\
authoritative;
ping-check false;
dhcp-cache-threshold 0;
default-lease-time 1000;
max-lease-time 2000;
class "sub-parent" { match hardware; lease limit 4; }
group named-group { option domain-name "named.example"; }
group other-group { option domain-name "other.example"; default-lease-time 2000; }
host conf-host { hardware ethernet 02:00:00:00:00:60; fixed-address 10.0.0.60; option host-name "from-conf"; }
host conf-uid { option dhcp-client-identifier "conf-uid"; fixed-address 10.0.0.61; }
subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.100 10.0.0.109; option routers 10.0.0.254; }
"""

OMAPI = "omapi-port 7911;\n"
KEYED = OMAPI + KEY.conf() + OTHER_KEY.conf() + "omapi-key omapi_key;\n"


def lease(address, state="active", mac="02:00:00:00:00:55", uid=None, ends="2 2036/11/18 10:00:00", more=""):
    """The text of a lease; the times of all of them are the same, far from the present."""
    text = f"lease {address} {{\n  starts 3 2025/01/01 10:00:00;\n"
    text += f"  ends {ends};\n  tstp {ends};\n" if ends else ""
    text += f"  cltt 3 2025/01/01 10:00:00;\n  binding state {state};\n  next binding state free;\n"
    text += f"  hardware ethernet {mac};\n" if mac else ""
    text += f"  uid {uid};\n" if uid else ""
    return text + more + "}\n"


PAST = "4 2025/01/02 10:00:00"
LEASES = "authoring-byte-order little-endian;\n" + "".join([
    lease("10.0.0.103", uid='"\\001\\002\\000\\000\\000\\000U"', more='  set vlan = "lab";\n  client-hostname "pc1";\n'),
    lease("10.0.0.104", mac="02:00:00:00:00:56"),
    lease("10.0.0.105", mac="02:00:00:00:00:57", uid='"twice"'),
    lease("10.0.0.106", mac="02:00:00:00:00:57", uid='"twice"'),
    lease("10.0.0.107", state="free", mac="02:00:00:00:00:58", ends=PAST),
    lease("10.0.0.108", state="abandoned", mac=None),
])


class Scenario:
    def __init__(self, play, conf, leases, shell, only, needs, disk):
        self.play, self.conf, self.leases, self.shell, self.only = play, conf, leases, shell, only
        self.needs, self.disk = needs, disk
        module = play.__module__.rsplit(".", 1)[-1]
        self.name = f"{module}.{play.__name__}".replace("_", "-")
        self.about = " ".join((play.__doc__ or "").split())


def scenario(conf=KEYED + CONF, leases=LEASES, shell=False, only=None, needs=None, disk=None):
    """Registers a scenario: played to the real server and to ours, with `shell` through each omshell too.

    `only` is `lessor` for what the real server is not to be asked. `needs` names a client program that may not be there.
    `disk` is the size of a file system of the server's own.
    """
    def register(play):
        SCENARIOS.append(Scenario(play, conf, leases, shell, only, needs, disk))
        return play

    return register
