#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# netns_lo.sh - for netns_setup.so: bring up "lo" of a new network namespace
#
# Reads from the environment:
#   LO_IS  lo: it is the kernel's own; lbx: it is an lbx device of that name
#
# The kernel's device is renamed to lo0 then. 127.0.0.1 and ::1 stay addresses of
# lo0, since lbx refuses them, but their routes are those of the lbx device: of two
# IPv4 routes the older one is taken, which is why lo0 comes up last, and that of ::1 is
# replaced. Its source is chosen among the addresses of the lbx device, as on any L3
# master, and so it has one: 2001:db8:ffff::1. It has no link-local address, as lo has
# none.

set -eu

if [ "$LO_IS" = lo ]; then
	exec ip link set lo up
fi

ip -b - <<END
link set lo name lo0
link add lo type lbx
link set lo addrgenmode none
link set lo up
route add local 127.0.0.1 dev lo src 127.0.0.1 table local
route add local 127.0.0.0/8 dev lo src 127.0.0.1 table local
link set lo0 up
address add 2001:db8:ffff::1/128 dev lo nodad
route del local ::1 dev lo0 table local
route add local ::1 dev lo table local
END

# addrconf makes that route in a work of its own
n=0
until ip -6 route get 2001:db8:ffff::1 2>&1 | grep -q 'dev lo '; do
	n=$((n + 1))
	[ "$n" -lt 100 ] || { echo "2001:db8:ffff::1 has no route by lo" >&2; exit 1; }
done
