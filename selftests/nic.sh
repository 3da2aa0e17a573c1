#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A service that is reached by the address of the machine's own NIC.
#
#   +-------- $NS ---------+        +-- $PEER --+
#   | lo    lbx0     eth0  |--veth--|  eth0     |
#   |           192.0.2.5  |        | 192.0.2.6 |
#   +----------------------+        +-----------+
#
# Its local traffic is on lo, and a capture on the NIC shows nothing.  A local
# route that names lbx0 moves it there.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

ALL_TESTS="
	without_route
	with_route
	with_route_and_down
	remote_is_as_before
	route_gone
"

# experiment NIC LO [LBX]: ping the NIC's address locally and compare the captures
experiment()
{
	local dev n
	local -A want=([eth0]=$1 [lo]=$2)

	[[ ! ${3-} ]] || want[lbx0]=$3
	for dev in "${!want[@]}"; do
		capture "$dev" "/tmp/$dev.pcap" icmp
	done
	ping_once 192.0.2.5 -c 3 -i 0.2
	check_err $? "192.0.2.5 does not answer"
	for dev in "${!want[@]}"; do
		capture_end "/tmp/$dev.pcap"
		n=$(capture_count "/tmp/$dev.pcap")
		((n == want[$dev]))
		check_err $? "$n packets on $dev, not ${want[$dev]}"
	done
}

without_route()
{
	RET=0
	# lo shows both directions of a packet, and libpcap drops one
	experiment 0 6 0
	log_test "local traffic to the NIC's address is on lo, not on the NIC"
}

with_route()
{
	RET=0
	ipn route prepend local 192.0.2.5 dev lbx0 table local
	experiment 0 0 6
	log_test "a local route moves it to lbx0: NIC 0, lo 0, lbx0 each packet once"
}

with_route_and_down()
{
	RET=0
	ipn link set lbx0 down
	experiment 0 6
	ipn link set lbx0 up
	experiment 0 0 6
	log_test "while lbx0 is down lo carries, and lbx0 again when it is up"
}

remote_is_as_before()
{
	RET=0
	capture eth0 /tmp/eth0.pcap icmp
	ip netns exec "$PEER" ping -c 3 -i 0.2 -W 2 192.0.2.5 >/dev/null
	check_err $? "the peer gets no answer"
	ping_once 192.0.2.6
	check_err $? "the peer does not answer"
	capture_end /tmp/eth0.pcap
	(($(capture_count /tmp/eth0.pcap) == 8))
	check_err $? "$(capture_count /tmp/eth0.pcap) packets on eth0, not 8"
	log_test "what comes from other machines is on the NIC as before"
}

route_gone()
{
	RET=0
	ipn link del lbx0
	experiment 0 6
	log_test "with lbx0 gone, lo carries"
}

setup_ns NS PEER
trap cleanup_all_ns EXIT
ipn link add lbx0 type lbx
ipn link set lbx0 up
veth_up 192.0.2.5/24 192.0.2.6/24

tests_run
exit "$EXIT_STATUS"
