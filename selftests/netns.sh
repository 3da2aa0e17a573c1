#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Network namespaces with lbx devices are made and deleted.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	fifty_with_traffic
	same_addresses_side_by_side
	deleted_with_sockets
	fib_null_entry_stays_with_lo
"

fifty_with_traffic()
{
	local i

	RET=0
	for i in {1..50}; do
		setup_ns NS
		ipn -b - <<-END
			link add lbx0 type lbx
			link add lbx1 type lbx
			addr add 192.0.2.1/32 dev lbx0
			addr add 2001:db8:9::1/128 dev lbx1
			link set lbx0 up
			link set lbx1 up
		END
		inns_start ping -q -i 0.01 192.0.2.1 &>/dev/null
		inns_start ping -q -i 0.01 2001:db8:9::1 &>/dev/null
		busywait "$BUSYWAIT_TIMEOUT" received_on lbx0 4 &&
			busywait "$BUSYWAIT_TIMEOUT" received_on lbx1 4
		check_err $? "round $i: the devices carry no traffic"
		# cleanup_ns would end the traffic first
		ip netns del "$NS"
		pkill -x ping
		wait
	done
	log_test "50 namespaces can be made and deleted while traffic runs in them"
}

same_addresses_side_by_side()
{
	local ns

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ns=$NS
	NS=
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	carries lbx0 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 2001:db8:9::1
	[[ $(ip -n "$ns" -j -s link show lbx0 | jq '.[0].stats64.rx.packets') == 0 ]]
	check_err $? "the device in one namespace has counted traffic of the other"
	log_test "two namespaces can have the same device names and addresses independently"
}

# a waiting socket holds a reference to its route, and the route to the device
deleted_with_sockets()
{
	local pid

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	inns_start socat -u TCP-LISTEN:5000,pf=ip4,bind=192.0.2.1 - >/dev/null
	wait_listen 5000 tcp
	inns_start socat -u EXEC:'sleep 1000' TCP:192.0.2.1:5000 2>/dev/null
	pid=$!
	busywait "$BUSYWAIT_TIMEOUT" connections 2
	check_err $? "the client has no connection"
	ipn link del lbx0
	check_err $? "the device cannot be deleted"
	kill_process "$pid"
	log_test "an lbx device can be deleted while sockets use it"
}

# ip6_route_dev_notify() uses the first loopback that it sees as lo of the netns, and
# must not see an lbx device
fib_null_entry_stays_with_lo()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	ipn link del lbx0
	ping_once 2001:db8:b::1
	refused "unreachable" ipn route get 2001:db8:b::1
	ipn link add lbx0 type lbx
	ipn link set lbx0 up
	refused "unreachable" ipn route get 2001:db8:b::1
	ip netns del "$NS"
	log_test "routes without a destination belong to lo, also after an lbx device is deleted"
}

tests_run
exit "$EXIT_STATUS"
