#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A service that listens at an address of a network interface.
#
#   +-------- $NS ---------+        +-- $PEER --+
#   | lo    lbx0     eth0  |--veth--|  eth0     |
#   |           192.0.2.5  |        | 192.0.2.6 |
#   +----------------------+        +-----------+
#
# Its local traffic is on lo, and a capture on the interface shows nothing. A local
# route over lbx0 moves the traffic to lbx0.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	without_route
	with_route
	with_route_and_down
	remote_is_as_before
	route_gone
"

# experiment NIC LO [LBX]: ping the address of eth0 locally, and compare the captures
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
		check_err $? "the capture on $dev has $n packets, expected ${want[$dev]}"
	done
}

without_route()
{
	RET=0
	# lo shows both directions of a packet, and libpcap drops one of them
	experiment 0 6 0
	log_test "local traffic to the address of an interface is on lo, and not on the interface"
}

with_route()
{
	RET=0
	ipn route prepend local 192.0.2.5 dev lbx0 table local
	experiment 0 0 6
	log_test "a local route over lbx0 moves local traffic of an interface to lbx0, each packet once"
}

with_route_and_down()
{
	RET=0
	ipn link set lbx0 down
	experiment 0 6
	ipn link set lbx0 up
	experiment 0 0 6
	log_test "lo carries what a local route over lbx0 has moved there, while lbx0 is down"
}

remote_is_as_before()
{
	RET=0
	capture eth0 /tmp/eth0.pcap icmp
	ip netns exec "$PEER" ping -c 3 -i 0.2 -W 2 192.0.2.5 >/dev/null
	check_err $? "192.0.2.5 does not answer the peer"
	ping_once 192.0.2.6
	check_err $? "the peer does not answer"
	capture_end /tmp/eth0.pcap
	(($(capture_count /tmp/eth0.pcap) == 8))
	check_err $? "the capture on eth0 has $(capture_count /tmp/eth0.pcap) packets, expected 8"
	log_test "traffic with other machines stays on the interface if a local route moves local traffic"
}

route_gone()
{
	RET=0
	ipn link del lbx0
	experiment 0 6
	log_test "lo carries the local traffic of an interface after lbx0 is deleted"
}

setup_ns NS PEER
trap cleanup_all_ns EXIT
ipn link add lbx0 type lbx
ipn link set lbx0 up
veth_up 192.0.2.5/24 192.0.2.6/24

tests_run
exit "$EXIT_STATUS"
