# lessor: the commands that a newcomer needs.
#
#   make           build the server (release)
#   make run       watch it serve two clients in network namespaces; LAB=keep leaves them up;
#                  CONF=file IFACE=eth0 serves a real interface in the foreground
#   make test      unit tests, the real ISC dhcpd beside ours, OMAPI, failover, real clients, crashes, the corpus
#   make failover  every scenario of failover, with the real ISC dhcpd in every pairing
#   make ddns      a real BIND updated by the real ISC dhcpd and by ours
#   make bench     speed and memory beside ISC dhcpd and Kea; CASE="rate load check subnets failover" chooses
#   make fuzz      every parser of what comes from outside, and the evaluator: 10 minutes each; SECONDS= TARGETS= choose
#   make install   DESTDIR= PREFIX=/usr/local

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
CARGO ?= cargo
CONF ?=
IFACE ?=
LAB ?=
CASE ?=
SECONDS ?= 600
TARGETS ?=
CORPUS ?= ../shared/corpus

TEST_PACKAGES = isc-dhcp-server isc-dhcp-client isc-dhcp-relay udhcpc iproute2 python3 dhcpd-pools python3-isc-dhcp-leases
DDNS_PACKAGES = isc-dhcp-server bind9 iproute2 python3
OMAPI_PACKAGES = isc-dhcp-server isc-dhcp-dev python3 python3-pypureomapi iproute2 gcc libc6-dev
FAILOVER_PACKAGES = isc-dhcp-server iproute2 python3
BENCH_PACKAGES = isc-dhcp-server kea-dhcp4-server kea-admin iproute2 python3
LAB_PACKAGES = isc-dhcp-relay udhcpc iproute2

.PHONY: all debug run test unit-test differential omapi failover failover-core ddns ddns-core crash clients corpus bench fuzz install clean

all:
	$(CARGO) build --release --bins

debug:
	$(CARGO) build --bins

run: all
ifneq ($(CONF),)
	contrib/lab/serve "$(CONF)" $(IFACE)
else
	@contrib/packages $(LAB_PACKAGES)
	contrib/lab/lab $(if $(filter keep,$(LAB)),--keep)
endif

test: unit-test differential omapi failover-core ddns-core crash clients corpus

unit-test:
	$(CARGO) test

differential: debug
	@contrib/packages $(TEST_PACKAGES)
	compat-tests/differential/run

omapi: debug
	@contrib/packages $(OMAPI_PACKAGES)
	compat-tests/omapi/run
	compat-tests/omapi/hostile

failover: debug
	@contrib/packages $(FAILOVER_PACKAGES)
	compat-tests/failover/run
	compat-tests/failover/hostile
	compat-tests/failover/chance --seeds 1-8

failover-core: debug
	@contrib/packages $(FAILOVER_PACKAGES)
	compat-tests/failover/run --core
	compat-tests/failover/hostile

ddns: debug
	@contrib/packages $(DDNS_PACKAGES)
	compat-tests/ddns/run

ddns-core: debug
	@contrib/packages $(DDNS_PACKAGES)
	compat-tests/ddns/run --core

crash: debug
	compat-tests/crash/run

clients: debug
	@contrib/packages $(TEST_PACKAGES)
	compat-tests/clients/run

corpus: debug
	@if [ -x "$(CORPUS)/check" ]; then compat-tests/corpus-check "$(CORPUS)/check" target/debug/dhcpd --both; \
	else echo "corpus check skipped: no $(CORPUS)"; fi

bench: all
	@contrib/packages $(BENCH_PACKAGES)
	$(CARGO) build --release --example stateless
	compat-tests/bench/run $(CASE)

fuzz:
	compat-tests/fuzz/run --seconds $(SECONDS) $(TARGETS)

install: all
	install -d "$(DESTDIR)$(SBINDIR)"
	install -m 755 target/release/dhcpd "$(DESTDIR)$(SBINDIR)/dhcpd"
	install -d "$(DESTDIR)$(BINDIR)"
	install -m 755 target/release/omshell "$(DESTDIR)$(BINDIR)/omshell"
	for page in man/*.[158]; do [ -f "$$page" ] || continue; \
	  section=$${page##*.}; install -d "$(DESTDIR)$(MANDIR)/man$$section"; \
	  install -m 644 "$$page" "$(DESTDIR)$(MANDIR)/man$$section/"; done
	install -d "$(DESTDIR)$(UNITDIR)"
	for unit in contrib/systemd/*.service; do \
	  sed "s|/usr/sbin/dhcpd|$(SBINDIR)/dhcpd|g" "$$unit" > "$(DESTDIR)$(UNITDIR)/$${unit##*/}"; \
	  chmod 644 "$(DESTDIR)$(UNITDIR)/$${unit##*/}"; done
	install -d "$(DESTDIR)/etc/apparmor.d"
	install -m 644 contrib/apparmor/usr.sbin.dhcpd "$(DESTDIR)/etc/apparmor.d/usr.sbin.dhcpd"

clean:
	$(CARGO) clean
