"""omshell itself: its language, its texts, its display."""

from book import CONF, OMAPI, scenario

UNKEYED = OMAPI + CONF


@scenario(conf=UNKEYED, shell=True)
def complaints(s):
    """Every command with nothing, too much, at the wrong time; unknown ones; comments and blanks."""
    s.omshell("""
        help
        ?
        HELP

        # a comment
        new # a comment behind
        help me
        quit
        exit
        nonsense
        server
        server 127.0.0.1 again
        server a.b
        server "127.0.0.1"
        port
        port 1 2
        port nonsense
        port domain
        key
        key x
        key x y
        key "quoted" AAAA
        key x AAAA more
        key-algorithm
        key-algorithm hmac-md5 more
        key-algorithm "hmac-md5"
        new
        new host
        new host more
        set
        set a
        set a = 1
        unset
        unset a
        open
        open it
        create
        create it
        update
        update it
        refresh
        refresh it
        remove
        remove it
        close
        close it
        disconnect
        disconnect it
        connect it
        ;
        {
        "text"
        10
        set name = "unended
    """, key=None, connect=False)


@scenario(conf=UNKEYED, shell=True)
def complaints_connected(s):
    """The same once connected, without an object and with one."""
    s.omshell("""
        new
        set a = 1
        unset a
        open
        create
        update
        refresh
        remove
        close
        new host more
        new host
        set
        set a
        set a =
        set a = true
        set a = null
        set a = word
        set a b
        set 1 = 2
        set "quoted" = 1
        set a = 1 more
        set a = 1;
        unset
        unset a more
        unset nothing
        open it
        create it
        update it
        refresh it
        remove it
        close it
        update
        refresh
        remove
        close
        new "lease"
        close
        new nonsense
        open
        close

        # only a comment
        server 10.0.0.1
        port 1
        key x AAAA
        disconnect
        new host
    """, key=None)


@scenario(conf=UNKEYED, shell=True)
def values(s):
    """Values as they are written and shown."""
    s.omshell("""
        new host
        set a = "text"
        set b = 10
        set c = -5
        set d = 010
        set e = 4294967296
        set f = 1.2.3.4
        set g = 1.2
        set h = 10..1
        set i = 256.1
        set j = 0a:b:C:ff
        set k = 10:20
        set l = ff
        set m = a
        set n = 1a2b
        set o = 41:42:43
        set p = ""
        set q = "with \\"quotes\\" and \\x41\\101 \\n"
        set r = 1:2:
        set s = 300:1
        set t = 2147483648
        set a = "again"
        unset b
        set name = 1
        SET u = 1
        set Host = 1
        set ip-address = 10.0.0.1
        set lease = 1
        set v = 1.2.3.4.5
        set w = 99999999999
        set x = fff
        set y = 00:00
        set z = -
    """, key=None)


@scenario(conf=UNKEYED, shell=True)
def what_is_sent(s):
    """Changed attributes are sent at open; update repeats all since; the display after each."""
    s.omshell("""
        new lease
        set ip-address = 10.0.0.104
        open
        set ip-address = 10.0.0.105
        open
        unset ip-address
        set hardware-address = 02:00:00:00:00:56
        open
        set state = 2
        update
        set client-hostname = "x"
        update
        refresh
        close
        new host
        set name = "h"
        set hardware-address = 02:00:00:00:00:01
        set hardware-type = 1
        set known = 1
        create
        create
        unset known
        set ip-address = 10.0.0.50
        update
        update
        set ip-address = 10.0.0.50
        set nonsense = 1
        update
        refresh
        remove
        remove
        refresh
        new host
        set name = "h"
        open
        close
        disconnect
        connect
        new host
        set name = "conf-host"
        open
        disconnect
        connect
    """, key=None)


@scenario(conf=UNKEYED, shell=True)
def long_data(s):
    """Data longer than what is shown, and lines longer than what is read."""
    s.omshell('new host\nset name = "h"\nset hardware-address = 02:00:00:00:00:01\nset hardware-type = 1\n'
              f'set statements = "option host-name \\"{"x" * 400}\\";"\ncreate\n'
              f'set ip-address = {".".join(["10.0.0.50"] * 100)}\nupdate\nrefresh\n'
              f'set a = "{"y" * 1100}"\n', key=None)


@scenario(conf=UNKEYED, shell=True)
def server_goes_away(s):
    """What omshell says when nobody listens."""
    s.stop()
    s.omshell("new host\ndisconnect", key=None)
    s.omshell("new host", key="omapi_key")
