"""What becomes of a lease's records: made, kept, replaced, removed."""

import signal

from book import KEYS, SECRET, conf, key, scenario, zones

STYLES = ("standard", "interim")


@scenario(core=True, over=STYLES)
def add_renew_release(s, style):
    """A client gets a lease, renews it and gives it back."""
    s.start(conf(style=style))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.leases()
    s.records()
    s.show_zones()
    s.renew(c)
    s.release(c)
    s.leases()


@scenario(core=True, over=STYLES)
def expiry(s, style):
    """A lease runs out."""
    s.start(conf(style=style, time=4))
    c = s.client(1, b"\1\2\0\0\0\x17\1")
    s.dora(c, host="alpha")
    s.expire(c, 15)
    s.commit()
    s.records()


@scenario(over=STYLES)
def expiry_while_down(s, style):
    """A lease runs out while the server is down: what is left is found at the next start."""
    s.start(conf(style=style, time=3))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.stop(signal.SIGKILL)
    s.pause(4)
    s.start()
    s.expire(c, 10)
    s.commit()


@scenario(over=STYLES)
def decline(s, style):
    """A client declines the address that it has got."""
    s.start(conf(style=style))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.decline(c)
    s.leases()


@scenario(core=True, over=STYLES)
def rename(s, style):
    """A client renews under another name: the old one goes, then the new one comes."""
    s.start(conf(style=style))
    c = s.client(1)
    s.dora(c, host="gamma")
    s.renew(c, host="gamma2")
    s.leases()
    s.renew(c, "the same name in other letters", host="GAMMA2")
    s.leases()
    s.release(c)


@scenario(core=True, over=STYLES)
def change_of_style(s, style):
    """The style is changed: the lease moves to the other guard at its next renewal."""
    s.start(conf(style=style))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.restart(conf(style="interim" if style == "standard" else "standard"))
    s.leases()
    s.renew(c)
    s.leases()
    s.release(c)


@scenario()
def renamed_by_configuration(s):
    """The names that the configuration makes change between two runs."""
    s.start(conf())
    c = s.client(1)
    s.dora(c, host="alpha")
    s.restart(conf('ddns-hostname = concat("x-", option host-name);'))
    s.renew(c)
    s.release(c)


@scenario()
def style_none(s):
    """No style: no update, no answer to the client's name, and records of an earlier run stay."""
    s.start(conf())
    c = s.client(1)
    s.dora(c, host="alpha")
    s.restart(conf(style="none"))
    s.renew(c, fqdn=b"\1\0\0alpha")
    s.release(c)
    d = s.client(2)
    s.dora(d, host="beta", fqdn=b"\1\0\0beta")


@scenario()
def identifiers(s):
    """Guards of clients with every kind of identifier."""
    for style in STYLES:
        s.restart(conf(style=style, more="option domain-name-servers 10.0.0.1;")) if s.is_up else s.start(conf(style=style))
        s.note(f"style {style}")
        duid = b"\0\3\0\1\2\0\0\0\x17\x0a"
        for number, uid in enumerate((None, b"\1\2\0\0\0\x17\2", b"\xff\0\0\0\1" + duid, b"\xff", b"\xff\0\0\0\1", b"\0text", b"\x07"), 1):
            c = s.client(number + (20 if style == "interim" else 0), uid and uid + (b"" if style == "standard" or len(uid) < 6 else b"i"))
            s.dora(c, f"client {number} with identifier {uid and uid.hex()}", host=f"h{number}-{style[:3]}")
            s.release(c)


@scenario()
def guard_is_case_sensitive(s):
    """A name in capitals: as is in the message and in the guard."""
    s.start(conf())
    c = s.client(2, b"\1\2\0\0\0\x17\2")
    s.dora(c, host="Beta")
    s.release(c)


@scenario()
def same_client_new_address(s):
    """A client comes again and gets another address under the same name."""
    s.start(conf())
    c = s.client(1)
    s.dora(c, host="alpha")
    d = s.client(1, b"\1" + c.hardware)
    s.dora(d, "the same machine with an identifier", host="alpha")
    s.release(c)
    s.release(d)


@scenario()
def reacquired(s):
    """Given back and taken again."""
    s.start(conf())
    c = s.client(1)
    s.dora(c, host="alpha")
    s.release(c)
    s.dora(c, host="alpha")
    s.release(c)


@scenario()
def with_other_variables(s):
    """Variables of the operator share the list with those of updates."""
    s.start(conf('on commit { set first = "1"; set second = option host-name; }\non release { log(info, "released"); }\n'
                 'on expiry { log(info, "ended"); }\n'))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.leases()
    s.records()
    s.restart()
    s.leases()
    s.renew(c, host="alpha2")
    s.leases()
    s.release(c)


@scenario()
def update_optimization_off(s):
    """update-optimization false: the add is made anew at each renewal."""
    s.start(conf("update-optimization false;"))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.renew(c)
    s.renew(c, host="beta")
    s.release(c)


@scenario(core=True)
def static_leases(s):
    """Fixed addresses: updates only with update-static-leases, and never a removal."""
    hosts = "".join(f"host fixed{n} {{ hardware ethernet 02:00:00:00:17:0{n}; fixed-address 10.0.0.{n + 10}; {more} }}\n"
                    for n, more in ((1, ""), (2, "update-static-leases true;"), (3, "update-static-leases true; ddns-hostname \"third\";")))
    s.start(conf(hosts))
    for number in (1, 2, 3):
        c = s.client(number)
        s.dora(c, host=f"st{number}")
        s.renew(c)
        s.renew(c, host=f"st{number}new")
        s.release(c)


@scenario(core=True, over=list(KEYS), keys=KEYS)
def signed(s, name):
    """Updates signed with each algorithm; BIND takes no others."""
    algorithm, secret = KEYS[name]
    s.start(conf(key(name, algorithm, secret), statements=zones(key=name)))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.renew(c, host="beta")
    s.release(c)


@scenario(core=True, keys={"KEY-Long": ("hmac-sha512", SECRET)}, who='key "key-long"')
def signed_only(s):
    """A key name in capitals; BIND refuses what is not signed."""
    s.start(conf(key("KEY-Long", "HMAC-SHA512.SIG-ALG.REG.INT", SECRET), statements=zones(key="key-LONG")))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.release(c)
    s.restart(conf())
    s.dora(c, host="alpha")


LONG = ".".join(["k" * 60] * 3)


@scenario(keys={LONG: ("hmac-sha512", bytes(64))}, who=f'key "{LONG}"')
def by_tcp(s):
    """Messages of more than 512 octets go by TCP."""
    s.start(conf(key(LONG, "hmac-sha512", bytes(64)), statements=zones(key=LONG)))
    c = s.client(1)
    s.dora(c, host=".".join(["h" * 60] * 3))
    s.leases()
    s.release(c)


@scenario()
def bootp(s):
    """A BOOTP client is named too."""
    s.start(conf("host old { hardware ethernet 02:00:00:00:17:09; fixed-address 10.0.0.50; update-static-leases true; ddns-hostname \"old\"; }"))
    c = s.client(9)
    body = bytearray(s.message(c, 1, [(12, b"old")]))
    del body[240:243]  # no message type
    s.ask(c, bytes(body).ljust(300, b"\0"))
    s.settle()
    s.tell("BOOTP")
