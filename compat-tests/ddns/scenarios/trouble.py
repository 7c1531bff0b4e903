"""Name servers that are down, silent, refuse or lie: clients are served all the same."""

import struct

import dns
from book import KEYS, conf, key, scenario, zone, zones

REVERSE = "0.0.10.in-addr.arpa."
SILENCE = 14  # seconds after which an update has been given up


def through(s, change, only=None):
    """A name server at 127.0.0.2 that answers NOERROR, or what `change` makes of it for requests whose number is in `only`."""
    seen = []

    def handle(message):
        seen.append(message)
        good = dns.answer(message, 0)
        if only is None or len(seen) - 1 in only:
            return change(message, good)
        return dns.sign(message, good, s.secrets) if message.tsig else good

    s.fake("127.0.0.2", handle)


RCODES = list(range(1, 16))


@scenario(core=True, over=RCODES)
def rcode(s, number):
    """Each result code, for the addition and for the removal, for the first message and the second."""
    for only in ((0,), (1,)):
        s.fakes and s.fakes.pop().close()
        through(s, lambda message, good: dns.answer(message, number), only)
        conf_text = conf(statements=zones("127.0.0.2"))
        s.restart(conf_text) if s.is_up else s.start(conf_text)
        c = s.client(1 + only[0])
        s.dora(c, f"message {only[0]} of an addition is answered with {number}", host=f"h{number}")
        s.leases()
        s.fakes.pop().close()
        through(s, lambda message, good: dns.answer(message, number), only)
        s.release(c)
        d = s.client(11 + only[0])
        s.fakes.pop().close()
        through(s, lambda message, good: good)
        s.restart()
        s.dora(d, host="before")
        s.fakes.pop().close()
        through(s, lambda message, good: dns.answer(message, number), only)
        s.renew(d, f"message {only[0]} of a renaming is answered with {number}", host="after")
        s.commit()
        s.leases()


@scenario(over=RCODES)
def rcode_after_conflict(s, number):
    """Each result code for the second attempt, the third in mixed mode, and for the last message of a removal."""
    s.start(conf("ddns-dual-stack-mixed-mode true; ddns-other-guard-is-dynamic true;", statements=zones("127.0.0.2")))
    for count, script in enumerate(((6, number), (6, 8, number), (0, 0, number))):
        answers = list(script)
        s.fakes and s.fakes.pop().close()
        through(s, lambda message, good, a=answers: dns.answer(message, a.pop(0) if a else 0))
        c = s.client(count + 1)
        s.dora(c, f"answers {script}", host=f"h{count}")
        s.leases()
        answers += (0, number) if count else (8, number)
        s.release(c)


@scenario()
def expiry_refused(s):
    """The removal of a lease that ended is refused: its variables stay."""
    s.start(conf(time=4, statements=zones("127.0.0.2")))
    through(s, lambda message, good: good)
    c = s.client(1)
    s.dora(c, host="alpha")
    s.fakes.pop().close()
    through(s, lambda message, good: dns.answer(message, 5))
    s.until_logged("Can't remove reverse map", 15)
    s.settle()
    s.tell("the lease ends")
    s.commit()
    s.leases()


@scenario()
def rename_refused(s):
    """The removal before a change of name is refused: it is tried again at each renewal."""
    s.start(conf(statements=zones("127.0.0.2")))
    through(s, lambda message, good: good)
    c = s.client(1)
    s.dora(c, host="alpha")
    s.fakes.pop().close()
    through(s, lambda message, good: dns.answer(message, 5))
    s.renew(c, host="beta")
    s.leases()
    s.renew(c)
    s.fakes.pop().close()
    through(s, lambda message, good: good)
    s.renew(c)
    s.leases()


@scenario()
def silent(s):
    """A server that never answers: four attempts in twelve seconds, while clients are served."""
    through(s, lambda message, good: None)
    s.start(conf(statements=zones("127.0.0.2")))
    c, d = s.client(1), s.client(2)
    s.dora(c, host="alpha")
    s.dora(d, "somebody else, in between")
    s.until_logged("timed out", SILENCE)
    s.settle()
    s.tell("given up")
    s.leases()


@scenario()
def silent_at_first(s):
    """The first of two servers never answers: the second is asked after twelve seconds."""
    through(s, lambda message, good: None)
    s.start(conf(statements=zone("example.org.", "127.0.0.2", "127.0.0.1")))
    s.dora(s.client(1), host="alpha")
    s.until_logged("Added new forward map", SILENCE)
    s.settle()
    s.tell("the second one did it")


@scenario()
def lost_once(s):
    """The first attempt is lost."""
    through(s, lambda message, good: None, only=(0,))
    s.start(conf(statements=zones("127.0.0.2")))
    s.dora(s.client(1), host="alpha")
    s.until_logged("Added reverse map", 10)
    s.settle()
    s.tell("done")


@scenario(bind=False)
def nobody_there(s):
    """No server at the address: an ICMP message comes back, which nobody heeds."""
    s.start(conf())
    s.dora(s.client(1), host="alpha")
    s.until_logged("Unable to add forward map", SILENCE)
    s.settle()
    s.tell("given up")


@scenario()
def no_route(s):
    """The network of the server cannot be reached."""
    s.start(conf(statements=zones("192.0.2.53")))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.renew(c)
    s.release(c)


@scenario()
def restarted_server(s):
    """BIND is down for a while."""
    s.start(conf())
    s.stop_bind()
    c = s.client(1)
    s.dora(c, host="alpha")
    s.pause(4)
    s.start_bind()
    s.until_logged("Added reverse map", 14)
    s.settle()
    s.tell("it is back")
    s.release(c)


@scenario()
def renewed_while_waiting(s):
    """The client renews, under the same name and another, while an update waits for an answer."""
    through(s, lambda message, good: None)
    s.start(conf(statements=zones("127.0.0.2")))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.pause(1)
    s.renew(c)
    s.pause(1)
    s.renew(c, host="beta")
    s.until_logged("timed out", SILENCE)
    s.settle()
    s.tell("given up")


@scenario()
def released_while_waiting(s):
    """The client goes away while an update waits for an answer."""
    through(s, lambda message, good: None)
    s.start(conf(statements=zones("127.0.0.2")))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.pause(1)
    s.release(c)
    s.pause(SILENCE)
    s.tell("later")


LIES = {
    "other-id": lambda m, good: struct.pack("!H", m.id ^ 1) + good[2:],
    "no-reply-bit": lambda m, good: good[:2] + bytes([good[2] & 0x7F]) + good[3:],
    "other-opcode": lambda m, good: good[:2] + b"\x80" + good[3:],
    "other-zone": lambda m, good: good[:13] + b"X" + good[14:],
    "no-zone": lambda m, good: good[:4] + bytes(8),
    "header-alone": lambda m, good: good[:12],
    "short": lambda m, good: good[:11],
    "empty": lambda m, good: b"",
    "cut": lambda m, good: good[:-3],
    "garbage-behind": lambda m, good: good + b"garbage",
    "truncated-bit": lambda m, good: good[:2] + bytes([good[2] | 2]) + good[3:],
    "pointer-loop": lambda m, good: good[:12] + b"\xc0\x0c" + b"\0\6\0\1",
    "huge-counts": lambda m, good: good[:4] + b"\xff" * 8 + good[12:],
    "unasked-signature": lambda m, good: good[:10] + b"\0\1" + good[12:] + b"\0" + struct.pack("!HHIH", 250, 255, 0, 0),
    "bad-first": lambda m, good: [struct.pack("!H", m.id ^ 1) + good[2:], b"?", good],
    "refused-then-good": lambda m, good: [dns.answer(m, 5), good],
}


# Those that ISC's dhcpd takes for the end, with a text of its own, are noise to lessor: it goes on waiting for an answer.
UNREADABLE = ("header-alone", "cut", "pointer-loop", "huge-counts", "unasked-signature")


@scenario(over=[name for name in LIES if name not in UNREADABLE])
def lie(s, name):
    """Answers that are none."""
    through(s, LIES[name])
    s.start(conf(statements=zones("127.0.0.2")))
    s.dora(s.client(1), host="alpha")
    s.pause(SILENCE - 1)
    s.settle()
    s.tell("later")
    s.leases()


@scenario(over=UNREADABLE)
def unreadable(s, name):
    """Answers that cannot be read. How it is told, and after how many attempts, differs; what is left must not."""
    through(s, LIES[name])
    s.start(conf(statements=zones("127.0.0.2")))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.until(lambda: any(line.startswith("Unable to add forward map") for line in s.whole), SILENCE, "the update is given up")
    s.settle()
    s.transcript.clear()
    s.forget()
    s.fakes.pop().close()
    through(s, lambda message, good: good)
    s.renew(c, "the server can be understood again")


FORGERIES = {
    "unsigned": lambda s, m, good: good,
    "spoilt": lambda s, m, good: dns.sign(m, good, s.secrets, spoil=True),
    "cut-to-half": lambda s, m, good: dns.sign(m, good, s.secrets, cut=16),
    "cut-to-ten": lambda s, m, good: dns.sign(m, good, s.secrets, cut=10),
    "late": lambda s, m, good: dns.sign(m, good, s.secrets, skew=-301),
    "early": lambda s, m, good: dns.sign(m, good, s.secrets, skew=302),
    "a-little-late": lambda s, m, good: dns.sign(m, good, s.secrets, skew=-200),
    "other-name": lambda s, m, good: dns.sign(m, good, s.secrets, name="other"),
    "other-algorithm": lambda s, m, good: dns.sign(m, good, s.secrets, algorithm="hmac-sha1"),
    "badsig": lambda s, m, good: dns.sign(m, dns.answer(m, 9), s.secrets, error=16, empty=True),
    "badkey": lambda s, m, good: dns.sign(m, dns.answer(m, 9), s.secrets, error=17, empty=True),
    "badtime": lambda s, m, good: dns.sign(m, dns.answer(m, 9), s.secrets, error=18),
    "badtrunc": lambda s, m, good: dns.sign(m, dns.answer(m, 9), s.secrets, error=22),
    "empty-mac": lambda s, m, good: dns.sign(m, good, s.secrets, empty=True),
    "signed-notauth": lambda s, m, good: dns.sign(m, dns.answer(m, 9), s.secrets),
    "signed-yxdomain": lambda s, m, good: dns.sign(m, dns.answer(m, 6), s.secrets),
    "unsigned-yxdomain": lambda s, m, good: dns.answer(m, 6),
    "upper-case-name": lambda s, m, good: dns.sign(m, good, s.secrets, name="KEY-HMAC-SHA256"),
}


@scenario(over=list(FORGERIES), keys=KEYS)
def forged(s, name):
    """Answers with signatures that are none."""
    through(s, lambda m, good: FORGERIES[name](s, m, good), only=(0,))
    algorithm, secret = KEYS["key-hmac-sha256"]
    s.start(conf(key("key-hmac-sha256", algorithm, secret), statements=zones("127.0.0.2", key="key-hmac-sha256")))
    c = s.client(1)
    s.dora(c, host="alpha")
    s.renew(c)
    s.release(c)
