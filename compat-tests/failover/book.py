"""What scenarios are made of: their registration and the configuration that most of them start from."""

from pair import KEYED, LINK

SCENARIOS = []

CONF = """\
authoritative;
ping-check false;
dhcp-cache-threshold 0;
default-lease-time {time};
max-lease-time {time};
{more}failover peer "fo" {{
  {role};
  address {here};
  port 647;
  peer address {there};
  peer port 647;
  max-response-delay {delay};
  max-unacked-updates {unacked};
{statements}}}
subnet 10.0.0.0 netmask {net} {{
  option routers 10.0.0.254;
  pool {{
    failover peer "fo";
    range {first} {last};
  }}
}}
"""


def conf(time=90, mclt=15, balance="split 128;", secs=3, last=109, delay=6, unacked=10, peer="", primary="", secondary="", more="",
         net="255.255.255.0", first="10.0.0.100"):
    """The configuration of a pair: a function of `P` and `S`. `peer` is put into the peer declaration of both servers,
    `primary` and `secondary` into that of one; `more` stands in front."""
    def text(name):
        is_primary = name == "P"
        statements = [f"mclt {mclt};", balance] if is_primary else []
        statements += [f"load balance max seconds {secs};" if secs else "", peer, primary if is_primary else secondary]
        return KEYED + CONF.format(
            time=time, delay=delay, unacked=unacked, more=more, net=net, first=first,
            last=last if "." in str(last) else f"10.0.0.{last}", role="primary" if is_primary else "secondary",
            here=LINK[name], there=LINK["S" if is_primary else "P"], statements="".join(f"  {s}\n" for s in statements if s))

    return text


class Scenario:
    def __init__(self, play, text, core, tolerance):
        self.play, self.conf, self.core, self.tolerance = play, text, core, tolerance
        module = play.__module__.rsplit(".", 1)[-1]
        self.name = f"{module}.{play.__name__}".replace("_", "-")
        self.about = " ".join((play.__doc__ or "").split())


def scenario(text=None, core=False, tolerance=3):
    """Registers a scenario. `core` ones are played by `make test`; `tolerance` is how far apart times may be, in seconds."""
    def register(play):
        SCENARIOS.append(Scenario(play, text or conf(), core, tolerance))
        return play

    return register
