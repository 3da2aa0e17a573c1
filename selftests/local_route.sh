#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A local route over an lbx device for the address of a network interface, before the
# kernel's own route. Users can add one. Claims replace it: such a route works only for
# IPv4 and for one address.

# shellcheck source=selftests/lib/claim_lib.sh
source "$(dirname "$0")/lib/claim_lib.sh"

ALL_TESTS="
	without_route
	with_route
	with_route_and_down
	remote_is_as_before
	route_gone
"

# route_up: make $NS and $PEER, with the route
route_up()
{
	claim_up_peer
	ipn route prepend local "$nic4" dev lbx0 table local
	check_err $? "the kernel refuses the route"
}

# captured LO [LBX]: ping the address of eth0. The captures on lo and lbx0 see as many
# packets, and that on eth0 none.
captured()
{
	local -A want=([eth0]=0 [lo]=$1)

	[[ ! ${2-} ]] || want[lbx0]=$2
	check_captures icmp "$nic4"
}

without_route()
{
	RET=0
	claim_up_peer
	# lo shows both directions of a packet, and libpcap drops one of them
	captured 4 0
	log_test "local traffic to the address of an interface is on lo, and not on the interface"
}

with_route()
{
	RET=0
	route_up
	captured 0 4
	log_test "a local route over lbx0 moves local traffic of an interface to lbx0, each packet once"
}

with_route_and_down()
{
	RET=0
	route_up
	ipn link set lbx0 down
	captured 4
	ipn link set lbx0 up
	captured 0 4
	log_test "lo carries what a local route over lbx0 has moved there, while lbx0 is down"
}

remote_is_as_before()
{
	RET=0
	route_up
	capture eth0 /tmp/eth0.pcap icmp
	ip netns exec "$PEER" ping -c 3 -i 0.2 -W 2 "$nic4" >/dev/null
	check_err $? "$nic4 does not answer the peer"
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
	route_up
	ipn link del lbx0
	captured 4
	log_test "lo carries the local traffic of an interface after lbx0 is deleted"
}

tests_run
exit "$EXIT_STATUS"
