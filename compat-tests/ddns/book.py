"""What scenarios are made of: their registration and the configuration that most of them start from."""

import dns

SCENARIOS = []
SECRET = bytes(range(16))
KEYS = {f"key-{name}": (name, bytes(range(dns.digest_size(name)))) for name in dns.ALGORITHMS}

CONF = """\
authoritative;
ping-check false;
dhcp-cache-threshold 0;
default-lease-time {time};
max-lease-time {time};
ddns-update-style {style};
ddns-domainname "example.org";
{more}
{zones}
subnet 10.0.0.0 netmask 255.255.255.0 {{
  range 10.0.0.100 10.0.0.199;
  {subnet}
}}
"""


def zone(name, *servers, key=None, secondary=()):
    """A zone statement."""
    body = [f"primary {', '.join(servers)};"] if servers else []
    body += [f"secondary {', '.join(secondary)};"] if secondary else []
    body += [f"key {key};"] if key else []
    return f"zone {name} {{ {' '.join(body)} }}\n"


def zones(*servers, key=None, secondary=()):
    """The statements for both zones that BIND serves."""
    return "".join(zone(name, *(servers or ("127.0.0.1",)), key=key, secondary=secondary)
                   for name in ("example.org.", "0.0.10.in-addr.arpa."))


def key(name, algorithm, secret):
    return f'key {name} {{ algorithm {algorithm}; secret "{dns.secret(secret)}"; }}\n'


def conf(more="", style="standard", time=1200, statements=None, subnet=""):
    """A configuration: `more` goes behind the usual parameters, `statements` instead of the usual zone statements."""
    return CONF.format(more=more, style=style, time=time, zones=zones() if statements is None else statements, subnet=subnet)


class Scenario:
    def __init__(self, play, name, about, core, swaps, partners, options):
        self.play, self.name, self.about, self.core, self.swaps = play, name, about, core, swaps
        self.partners, self.options = partners, options


def scenario(core=False, swaps=False, partners=False, over=None, **options):
    """Registers a scenario. `core` ones are played by `make test`; one that `swaps` starts with one program and goes on with
    another; `partners` are two servers (`partners.py`); `over` is a list of arguments that it is played with, one after the other; `options` are those of the scene."""
    def register(play):
        module = play.__module__.rsplit(".", 1)[-1]
        about = " ".join((play.__doc__ or "").split())
        for value in over or [None]:
            name = f"{module}.{play.__name__}".replace("_", "-") + (f"-{value}" if over else "")
            action = (lambda s, v=value: play(s, v)) if over else play
            SCENARIOS.append(Scenario(action, name, about, core, swaps, partners, options))
        return play

    return register
