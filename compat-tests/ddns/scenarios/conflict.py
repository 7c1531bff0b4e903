"""Names that somebody holds already, in each mode of conflict detection."""

from book import conf, scenario

# What the zone holds before: static records, the other family's, and guards of others of either kind.
HELD = """\
static IN A 10.0.0.9
six IN AAAA 2001:db8::9
sixtxt IN AAAA 2001:db8::9
sixtxt IN TXT "02028fa08eeb04f5bf5e959c6b18ad7a3f"
sixdhcid IN AAAA 2001:db8::9
sixdhcid IN DHCID AAEBOSD+XR3Os/0LozeXVqcNc7FwCfQdWL3b/NaiUDlW2No=
both IN A 10.0.0.9
both IN AAAA 2001:db8::9
bothtxt IN A 10.0.0.9
bothtxt IN AAAA 2001:db8::9
bothtxt IN TXT "31aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
foreign IN A 10.0.0.9
foreign IN DHCID AAEBOSD+XR3Os/0LozeXVqcNc7FwCfQdWL3b/NaiUDlW2No=
foreigntxt IN A 10.0.0.9
foreigntxt IN TXT "31aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
guardonly IN DHCID AAEBOSD+XR3Os/0LozeXVqcNc7FwCfQdWL3b/NaiUDlW2No=
text IN TXT "hello"
alias IN CNAME static
mail IN MX 10 static
"""
NAMES = ("static", "six", "sixtxt", "sixdhcid", "both", "bothtxt", "foreign", "foreigntxt", "guardonly", "text", "alias", "mail", "free")
MODES = {
    "default": "",
    "no-detection": "update-conflict-detection false;",
    "no-match": "ddns-guard-id-must-match false;",
    "mixed": "ddns-dual-stack-mixed-mode true;",
    "mixed-no-match": "ddns-dual-stack-mixed-mode true; ddns-guard-id-must-match false;",
    "mixed-dynamic": "ddns-dual-stack-mixed-mode true; ddns-other-guard-is-dynamic true;",
    "mixed-all": "ddns-dual-stack-mixed-mode true; ddns-other-guard-is-dynamic true; ddns-guard-id-must-match false;",
    "dynamic-alone": "ddns-other-guard-is-dynamic true;",
    "no-detection-mixed": "update-conflict-detection false; ddns-dual-stack-mixed-mode true; ddns-other-guard-is-dynamic true;",
}
ZONE = {"example.org": HELD}


def everything(s, style, mode):
    s.start(conf(MODES[mode], style=style))
    clients = []
    for number, name in enumerate(NAMES, 1):
        c = s.client(number)
        s.dora(c, host=name)
        clients.append(c)
    s.leases()
    s.show_zones("example.org")
    for c in clients:
        s.renew(c)
        s.release(c)


@scenario(core=True, over=list(MODES), zones=ZONE)
def standard(s, mode):
    """Names held in every way, style standard."""
    everything(s, "standard", mode)


@scenario(over=list(MODES), zones=ZONE)
def interim(s, mode):
    """Names held in every way, style interim."""
    everything(s, "interim", mode)


@scenario(core=True, over=("standard", "interim"))
def two_clients(s, style):
    """Two clients want the same name; when the first gives it up the second gets it at its next renewal."""
    s.start(conf(style=style))
    c, d = s.client(1), s.client(2, b"\1\2\0\0\0\x17\2")
    s.dora(c, host="alpha")
    s.dora(d, host="alpha")
    s.leases()
    s.renew(d)
    s.release(c)
    s.renew(d)
    s.leases()
    s.release(d)


@scenario()
def removed_by_hand(s):
    """Records vanish from the zone while the lease has them."""
    s.start(conf())
    c, d = s.client(1), s.client(2)
    s.dora(c, host="alpha")
    s.dora(d, host="beta")
    s.stop_bind()
    s.bind.forget()
    s.start_bind()
    s.show_zones()
    s.renew(c, host="gamma")
    s.leases()
    s.release(c)
    s.release(d)


@scenario()
def mode_changed(s):
    """Added with one mode, removed with another."""
    s.start(conf())
    clients = [s.client(n) for n in range(1, 5)]
    for n, c in enumerate(clients):
        s.dora(c, host=f"n{n}")
    for c, mode in zip(clients, ("no-detection", "no-match", "mixed", "mixed-dynamic")):
        s.restart(conf(MODES[mode]))
        s.release(c)
