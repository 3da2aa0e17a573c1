#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# netns_lo.sh - for netns_setup.so: bring up "lo" of a new network namespace
#
# Reads from the environment:
#   LO_IS  lo: "lo" is the kernel's own device; lbx: it is an lbx device of that name
#
# In the second case the kernel's device is renamed to lo0. 127.0.0.1 and ::1 stay
# addresses of lo0, because lbx refuses them, but their routes are those of the lbx
# device. Of two IPv4 routes the kernel uses the older one, so lo0 comes up last. The
# route of ::1 is replaced. Its source is selected among the addresses of the lbx
# device, as on any L3 master, so the device has the address 2001:db8:ffff::1. It has no
# link-local address, because lo has none.

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

# addrconf adds that route in a work item
n=0
until ip -6 route get 2001:db8:ffff::1 2>&1 | grep -q 'dev lo '; do
	n=$((n + 1))
	[ "$n" -lt 100 ] || { echo "2001:db8:ffff::1 has no route by lo" >&2; exit 1; }
done
