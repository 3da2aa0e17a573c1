#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A packet that is forwarded to an lbx device does not circulate there until its TTL
# ends.
#
#   +- $PEER -+        +------- $NS -------+
#   |  eth0   |--veth--|  eth0  ->  lbx0   |   198.51.100.0/24 dev lbx0
#   +---------+        +-------------------+

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	forwarded_ends_at_once
	own_ends_at_once
	ipv6_is_unreachable
	to_its_address_is_delivered
	drop_has_a_reason
"

# ends_at_once NS CAME DROPPED: NS sends three packets to an address that no device has.
# lbx0 receives CAME packets and counts DROPPED drops.
ends_at_once()
{
	local want_came=$2 want_dropped=$3 came dropped

	came=$(packets lbx0) dropped=$(stat64 lbx0 tx.dropped)
	ip netns exec "$1" ping -c 3 -i 0.1 -W 1 198.51.100.7 &>/dev/null
	check_fail $? "an address answered that no device has"
	came=$(($(packets lbx0) - came))
	dropped=$(($(stat64 lbx0 tx.dropped) - dropped))
	((came == want_came))
	check_err $? "lbx0 has received $came packets, expected $want_came"
	((dropped == want_dropped))
	check_err $? "lbx0 counts $dropped drops, expected $want_dropped"
}

forwarded_ends_at_once()
{
	RET=0
	ends_at_once "$PEER" 0 3
	log_test "a forwarded packet is dropped and counted in tx dropped"
}

own_ends_at_once()
{
	RET=0
	ends_at_once "$NS" 3 0
	log_test "a packet of this machine to a route of the device is received there once"
}

ipv6_is_unreachable()
{
	RET=0
	ip netns exec "$PEER" ping -c 1 -W 2 2001:db8:a::7 2>&1 |
		grep -qi 'unreachable\|no route'
	check_err $? "the sender gets no ICMPv6 error"
	inns nstat -az Ip6OutForwDatagrams | grep -q 'Datagrams  *0 '
	check_err $? "the packet was forwarded: $(inns nstat -az Ip6OutForwDatagrams | tail -n 1)"
	log_test "the sender of a forwarded IPv6 packet gets the error that the address is unreachable"
}

to_its_address_is_delivered()
{
	RET=0
	ip netns exec "$PEER" ping -c 1 -W 2 203.0.113.1 &>/dev/null
	check_err $? "the address of lbx0 does not answer"
	log_test "a packet from outside to the address of the device is delivered"
}

drop_has_a_reason()
{
	local trace=/sys/kernel/tracing

	RET=0
	mountpoint -q "$trace" || mount -t tracefs tracefs "$trace"
	echo 1 >"$trace/events/skb/kfree_skb/enable"
	echo >"$trace/trace"
	ip netns exec "$PEER" ping -c 1 -W 1 198.51.100.7 &>/dev/null
	echo 0 >"$trace/events/skb/kfree_skb/enable"
	grep -q 'reason: IP_OUTNOROUTES' "$trace/trace"
	check_err $? "the trace has '$(grep reason "$trace/trace")'"
	log_test "the drop of a forwarded packet has the reason IP_OUTNOROUTES"
}

setup_ns NS PEER
trap cleanup_all_ns EXIT
ipn link add lbx0 type lbx
ipn link set lbx0 addrgenmode none
ipn link set lbx0 up
ipn addr add 203.0.113.1/32 dev lbx0
veth_up "192.0.2.1/24 2001:db8:1::1/64" "192.0.2.2/24 2001:db8:1::2/64"
ip -n "$PEER" route add default via 192.0.2.1
ip -n "$PEER" route add default via 2001:db8:1::1
inns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ipn route add 198.51.100.0/24 dev lbx0
ipn route add 2001:db8:a::/64 dev lbx0

tests_run
exit "$EXIT_STATUS"
