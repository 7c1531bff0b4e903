"""The scenarios: what the server is configured with, and what its clients do."""

import time

from side import REVERSE, SECRETS

A, B, C = "02:00:00:00:17:01", "02:00:00:00:17:02", "02:00:00:00:17:03"
ZONES = f"zone example.org. {{ primary 127.0.0.1; }}\nzone {REVERSE}. {{ primary 127.0.0.1; }}\n"
SCENARIOS = []


def conf(text="", style="standard", zones=ZONES, subnet="", life=1200, domain='ddns-domainname "example.org";'):
    return (f"ddns-update-style {style};\n{domain}\nping-check false;\nauthoritative;\ndefault-lease-time {life};\n"
            f"min-lease-time 1;\nmax-lease-time {life};\n{zones}{text}\n"
            f"subnet 10.0.0.0 netmask 255.255.255.0 {{ range 10.0.0.100 10.0.0.150; {subnet} }}\n")


def scenario(function):
    SCENARIOS.append((function.__name__, function))
    return function


def many(values):
    """The same scenario for each value."""
    def wrap(function):
        for value in values:
            label = "_".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
            SCENARIOS.append((f"{function.__name__}_{label}", lambda side, value=value: function(side, value)))
        return function
    return wrap


def flush(side):
    """Another client's lease: the real server leaves what a removal has changed in memory until the next commit."""
    side.lease("02:00:00:00:17:99", host="later")
    side.settle()


@many(["standard", "interim"])
def add_renew_release(side, style):
    side.serve(conf(style=style))
    side.lease(A, host="alpha")
    side.settle()
    side.renew(A, host="alpha")
    side.settle()
    side.lease(B, host="beta", uid="\x01\x02\x00\x00\x00\x17\x02")
    side.settle()
    side.lease(C, host="gamma", uid=bytes.fromhex("ff000000010003000102000000170a"))
    side.settle()
    side.release(A)
    side.settle()
    side.release(B, uid="\x01\x02\x00\x00\x00\x17\x02")
    side.settle()


@many(["standard", "interim"])
def expiry(side, style):
    side.serve(conf(style=style, life=4))
    side.lease(A, host="alpha")
    side.settle()
    time.sleep(4.5)
    side.settle()
    flush(side)


@scenario
def expiry_while_down(side):
    side.serve(conf(life=3))
    side.lease(A, host="alpha")
    side.settle()
    side.stop_server()
    time.sleep(3.5)
    side.serve(conf(life=3))
    side.settle()
    flush(side)


@many(["standard", "interim"])
def rename(side, style):
    side.serve(conf(style=style))
    side.lease(A, host="gamma")
    side.settle()
    side.renew(A, host="gamma2")
    side.settle()
    side.renew(A, host="GAMMA2")
    side.settle()


@many([("interim", "standard"), ("standard", "interim")])
def change_of_style(side, styles):
    side.serve(conf(style=styles[0]))
    side.lease(A, host="alpha")
    side.settle()
    side.serve(conf(style=styles[1]))
    side.renew(A, host="alpha")
    side.settle()


@many(["standard", "interim"])
def conflict(side, style):
    side.serve(conf(style=style))
    side.lease(A, host="alpha")
    side.settle()
    side.lease(B, host="alpha")
    side.settle()
    side.lease(C, host="static")
    side.settle()
    side.renew(C, host="taken")
    side.settle()
    side.release(B)
    side.settle()


@many(["off", "no_match"])
def conflict_mode(side, mode):
    text = {"off": "update-conflict-detection false;", "no_match": "ddns-guard-id-must-match false;"}[mode]
    side.serve(conf(text))
    side.lease(A, host="static")
    side.settle()
    side.lease(B, host="taken")
    side.settle()
    side.lease(C, host="alpha")
    side.settle()
    for client in (A, B, C):
        side.release(client)
        side.settle()


@many(["plain", "dynamic", "dynamic_no_match"])
def mixed_mode(side, mode):
    text = "ddns-dual-stack-mixed-mode true;"
    if mode != "plain":
        text += "ddns-other-guard-is-dynamic true;"
    if mode == "dynamic_no_match":
        text += "ddns-guard-id-must-match false;"
    side.serve(conf(text))
    for client, host in ((A, "mixed"), (B, "both"), (C, "six")):
        side.lease(client, host=host)
        side.settle()
    for client in (A, B, C):
        side.release(client)
        side.settle()


@many(list(SECRETS))
def signed(side, algorithm):
    zones = (f'key "KEY-{algorithm}" {{ algorithm {algorithm}; secret "{SECRETS[algorithm]}"; }}\n'
             f"zone {algorithm}.example. {{ primary 127.0.0.1; key KEY-{algorithm}; }}\n"
             f"zone {REVERSE}. {{ primary 127.0.0.1; }}\n")
    side.serve(conf(zones=zones, domain=f'ddns-domainname "{algorithm}.example";'))
    side.lease(A, host="m")
    side.settle()
    side.lease(B, host="m")
    side.settle()
    side.release(A)
    side.settle()


@many(["secret", "name", "algorithm", "none", "unknown_algorithm"])
def signed_wrongly(side, what):
    secret = "AAAA" if what == "secret" else SECRETS["hmac-sha256"]
    key = "other" if what == "name" else "key-hmac-sha256"
    algorithm = {"algorithm": "hmac-sha1", "unknown_algorithm": "hmac-sha256."}.get(what, "hmac-sha256")
    use = "" if what == "none" else f"key {key};"
    zones = (f'key "{key}" {{ algorithm {algorithm}; secret "{secret}"; }}\n'
             f"zone hmac-sha256.example. {{ primary 127.0.0.1; {use} }}\n")
    side.serve(conf(zones=zones, domain='ddns-domainname "hmac-sha256.example";'))
    side.lease(A, host="m")
    side.settle()


@many(["secret", "forge"])
def forged_answers(side, what):
    zones = (f'key "key-hmac-md5" {{ algorithm hmac-md5; secret "{SECRETS["hmac-md5"]}"; }}\n'
             "zone hmac-md5.example. { primary 127.0.0.1; key key-hmac-md5; }\n")
    side.serve(conf(zones=zones, domain='ddns-domainname "hmac-md5.example";'))
    side.middleman.trick = "forge" if what == "forge" else "refuse"
    side.lease(A, host="m")
    side.settle()


FQDNS = ["050000 026331 06726164697368 036f7267 00", "040000 026332 06726164697368 036f7267 00",
         "010000 63332e7261646973682e6f7267", "000000 63352e7261646973682e6f72672e", "040000 026336",
         "040000 03633135 06726164697368", "050000", "05000000", "0000006334", "0c0000 026336 00"]


@many(["allow", "deny", "ignore"])
def fqdn(side, updates):
    zones = ZONES + "zone radish.org. { primary 127.0.0.2; }\n"
    side.serve(conf(f"{updates} client-updates;", zones=zones))
    for number, option in enumerate(FQDNS):
        client = f"02:00:00:00:18:{number:02x}"
        side.lease(client, fqdn=bytes.fromhex(option))
        side.settle(0.3)


@scenario
def fqdn_without_reply(side):
    side.serve(conf("fqdn-reply false;"))
    side.lease(A, fqdn=bytes.fromhex(FQDNS[0]))
    side.settle()


@scenario
def client_then_server_and_back(side):
    side.serve(conf())
    for option in (FQDNS[1], FQDNS[0], FQDNS[1]):
        side.lease(A, fqdn=bytes.fromhex(option))
        side.settle()
    side.release(A)
    side.settle()


PARAMETERS = {
    "updates_off": "ddns-updates off;",
    "hostname": 'ddns-hostname "fixed";',
    "hostname_expression": 'ddns-hostname = concat("dhcp-", binary-to-ascii(10, 8, "-", leased-address));',
    "empty_hostname": 'ddns-hostname "";',
    "rev_domain": 'ddns-rev-domainname "other.org";\nzone other.org. { primary 127.0.0.1; }',
    "ttl": "ddns-ttl 77;",
    "no_forward": "do-forward-updates false;",
    "no_reverse": "do-reverse-updates false;",
    "not_optimized": "update-optimization false;",
    "configured_host_name": 'option host-name "configured";',
    "domain_name": 'option domain-name "other.org";\nzone other.org. { primary 127.0.0.1; }',
    "zone_case": "zone EXAMPLE.Org { primary 127.0.0.1; }",
    "on_commit": 'on commit { set seen = "yes"; } on expiry { set gone = "yes"; } on release { set gone = "r"; }',
    "ignore_uids": "ignore-client-uids true;",
    "client_updates_denied": "deny client-updates;",
    "client_updates_denied_by_its_other_name": "deny new;",
    "local_address": "ddns-local-address4 127.0.0.1;",
    "local_address_of_the_other_family": "ddns-local-address6 ::1;",
    "server_with_ipv6": "zone example.org. { primary6 ::1; }",
    "long_domain": f'ddns-domainname "{"a" * 60}.{"b" * 60}.{"c" * 60}.{"d" * 60}.{"e" * 9}";',
}


@many(list(PARAMETERS))
def parameter(side, name):
    domain = "" if name == "domain_name" else 'ddns-domainname "example.org";'
    side.serve(conf(PARAMETERS[name], domain=domain))
    side.lease(A, host="alpha", uid="\x01\x02\x00\x00\x00\x17\x01")
    side.settle()
    side.renew(A, host="alpha", uid="\x01\x02\x00\x00\x00\x17\x01")
    side.settle()
    side.lease(B, fqdn=bytes.fromhex(FQDNS[1]))
    side.settle()
    side.release(A, uid="\x01\x02\x00\x00\x00\x17\x01")
    side.settle()
    side.release(B)
    side.settle()


@many([(updates, names) for updates in ("on", "off") for names in ("on", "off")])
def static(side, flags):
    text = (f"update-static-leases {flags[0]}; use-host-decl-names {flags[1]};\n"
            f"host reserved {{ hardware ethernet {A}; fixed-address 10.0.0.20; }}\n"
            f"host named {{ hardware ethernet {B}; }}\n")
    side.serve(conf(text))
    side.lease(A)
    side.settle()
    side.lease(A, host="other")
    side.settle()
    side.lease(B)
    side.settle()
    side.lease(A, fqdn=bytes.fromhex(FQDNS[1]))
    side.settle()


NAMES = ["a.b", "dot.", "a..b", "sp ace", "under_score", "ba\\ck", "de\\100c", "x" * 63, "x" * 64, "nul\0\0", "\xc3\xa9", "-", "a@b"]


@many(["standard", "interim"])
def odd_names(side, style):
    side.serve(conf(style=style))
    for number, host in enumerate(NAMES):
        side.lease(f"02:00:00:00:19:{number:02x}", host=host)
        side.settle(0.3)


@scenario
def decline(side):
    side.serve(conf())
    side.lease(A, host="alpha")
    side.settle()
    side.decline(A)
    side.settle()


@many(["refuse", "servfail", "notauth", "notzone"])
def server_says(side, trick):
    side.serve(conf())
    side.middleman.trick = trick
    side.lease(A, host="alpha")
    side.settle()
    side.middleman.trick = None
    side.renew(A, host="alpha")
    side.settle()
    side.lease(B, host="beta")
    side.settle()
    side.middleman.trick = trick
    side.renew(B, host="beta2")
    side.settle()
    side.release(A)
    side.settle()


@scenario
def black_hole(side):
    side.serve(conf())
    side.middleman.trick = "drop"
    side.lease(A, host="alpha")
    side.settle(13)


@scenario
def rename_while_it_waits(side):
    side.serve(conf())
    side.middleman.trick = "drop"
    side.lease(A, host="alpha")
    side.settle()
    side.middleman.trick = None
    side.renew(A, host="beta")
    side.settle()
    side.middleman.trick = "drop"
    side.renew(A, host="gamma")
    side.settle()
    side.release(A)
    side.middleman.trick = None
    side.settle(4)


@scenario
def nobody_listens(side):
    side.serve(conf(zones=f"zone example.org. {{ primary 127.0.0.9; }}\nzone {REVERSE}. {{ primary 127.0.0.1; }}\n"))
    side.lease(A, host="alpha")
    side.settle(13)


@scenario
def no_route(side):
    side.serve(conf(zones="zone example.org. { primary 203.0.113.1; }\n"))
    side.lease(A, host="alpha")
    side.settle(2)


@many(["refuse first", "dead first"])
def two_servers(side, trick):
    zones = f"zone example.org. {{ primary 127.0.0.1; secondary 127.0.0.2; }}\nzone {REVERSE}. {{ primary 127.0.0.2; }}\n"
    side.serve(conf(zones=zones))
    side.middleman.trick = trick
    side.lease(A, host="alpha")
    side.settle(13 if trick == "dead first" else 1)


@scenario
def discovery(side):
    side.serve(conf(zones=""))
    for client, host in ((A, "alpha"), (B, "beta"), (C, "gamma")):
        side.lease(client, host=host)
        side.settle(1)


@scenario
def zones_without_servers(side):
    side.serve(conf(zones=f"zone example.org. {{ }}\nzone {REVERSE}. {{ }}\n"))
    side.lease(A, host="alpha")
    side.settle(1)
    side.release(A)
    side.settle(1)


@scenario
def server_by_name(side):
    side.serve(conf(zones=f"zone example.org. {{ primary ns.example.org; }}\nzone {REVERSE}. {{ primary localhost; }}\n"))
    time.sleep(1)
    side.lease(A, host="alpha")
    side.settle(1)


@scenario
def over_tcp(side):
    long = ".".join(["a" * 60] * 3 + ["b" * 40])
    key = f'key key-hmac-sha512 {{ algorithm hmac-sha512; secret "{SECRETS["hmac-sha512"]}"; }}\n'
    zones = key + "zone hmac-sha512.example. { primary 127.0.0.1; key key-hmac-sha512; }\n"
    side.serve(conf(zones=zones, domain='ddns-domainname "hmac-sha512.example";'))
    side.lease(A, host=long)
    side.settle(1)


@many(["standard", "interim"])
def migration(side, style):
    """With the second binary: names put there by the first one go."""
    side.serve(conf(style=style, life=10))
    side.lease(A, host="alpha")
    side.settle(0.3)
    side.lease(B, host="beta", uid="\x01\x02\x00\x00\x00\x17\x02")
    side.settle(2)
    side.lease(C, fqdn=bytes.fromhex(FQDNS[1]))
    side.settle(0.3)
    side.serve(conf(style=style, life=10), binary=1)
    side.settle()
    side.release(B, uid="\x01\x02\x00\x00\x00\x17\x02")
    side.settle()
    time.sleep(11)
    side.settle()
    flush(side)


@scenario
def nothing_without_a_style(side):
    side.serve(conf(style="none"))
    side.lease(A, host="alpha", fqdn=bytes.fromhex(FQDNS[0]))
    side.settle()
