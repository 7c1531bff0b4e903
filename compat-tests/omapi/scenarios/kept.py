"""Records that OMAPI left in a lease file: read, served, written again. No client of OMAPI takes part."""

from book import CONF, LEASES, scenario
from protocol import mac

HOSTS = """\
host h1 {
  dynamic;
  hardware ethernet 02:00:00:00:00:01;
  uid "cidx";
  fixed-address 10.0.0.50,10.0.0.51;
        supersede host-name = "abc";
        supersede server.default-lease-time = 00:00:02:00;
        if exists user-class {
          supersede domain-name = "x";
        }
}
host h2 {
  dynamic;
  hardware ethernet 02:00:00:00:00:02;
  uid 01:02:03;
  fixed-address 10.0.0.52;
}
host h2 {
  dynamic;
  deleted;
}
host h2 {
  dynamic;
  hardware ethernet 02:00:00:00:00:03;
  fixed-address 10.0.0.53;
}
host h4 {
  dynamic;
  hardware ethernet 02:00:00:00:00:04;
  group "named-group";
}
host conf-uid {
  deleted;
}
host conf-host {
  hardware ethernet 02:00:00:00:00:60;
  fixed-address 10.0.0.70;
}
"""

GROUPS = """\
group g1 {
  dynamic;
        supersede domain-name = "g1.example";
}
host h1 {
  dynamic;
  hardware ethernet 02:00:00:00:00:01;
  group "g1";
}
"""

CLASSES = """\
class "c1" {
  dynamic;
  match hardware;
}

subclass "c1" 01:02:00:00:00:00:05 {
  dynamic;
}

subclass "sub-parent" 01:02:00:00:00:00:06 {
  dynamic;
  lease limit 4;
}

subclass "sub-parent" "abcd" {
  dynamic;
  lease limit 4;
}

subclass "sub-parent" "abcd" {
  deleted;
  lease limit 4;
}

"""


@scenario(conf=CONF, leases=LEASES + HOSTS)
def hosts(s):
    """Hosts of every form: the last record of a name holds."""
    for last, options in (("01", []), ("02", []), ("03", []), ("04", []), ("60", []), ("61", [(61, b"conf-uid")]),
                          ("07", [(61, b"cidx"), (77, b"u")])):
        s.dora(mac(f"02:00:00:00:00:{last}"), [*options, (55, bytes([1, 3, 12, 15]))])
    s.leases()
    s.restart()
    s.dora(mac("02:00:00:00:00:60"))
    s.leases()


@scenario(conf=CONF, leases=GROUPS + LEASES)
def groups(s):
    """A group and its member."""
    s.dora(mac("02:00:00:00:00:01"))
    s.leases()
    s.restart()
    s.leases()


@scenario(conf=CONF.replace("range 10.0.0.100 10.0.0.109;", 'pool { allow members of "sub-parent"; range 10.0.0.20 10.0.0.29; } '
                            'pool { deny members of "sub-parent"; range 10.0.0.100 10.0.0.109; }'), leases=CLASSES + LEASES)
def classes(s):
    """Classes and subclasses: billed and kept."""
    for last in ("05", "06", "07"):
        s.dora(mac(f"02:00:00:00:00:{last}"))
    s.leases()
    s.restart()
    s.leases()
