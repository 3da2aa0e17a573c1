#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The traffic that an lbx device carries: traffic to its addresses, their prefixes and
# the local routes of the device.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	ipv4_address
	ipv4_prefix
	ipv4_local_route
	ipv4_loopback_range
	ipv4_loopback_refused
	ipv6_address
	ipv6_many
	ipv6_local_route
	ipv6_local_route_alone
	ipv6_linklocal
	ipv6_linklocal_comes_back
	ipv6_linklocal_can_be_off
	ipv6_loopback_refused
	added_before_up
	added_among_others
	added_while_down
	removed
	two_devices_are_apart
	reachable_from_outside
	mtu_below_ipv6
"

# carries_own ADDR/LENGTH: lbx0 with this address carries the traffic to it
# carries_route PREFIX ADDR...: lbx0 carries the traffic to each ADDR by a local route for
# PREFIX
# loopback_refused ADDR LENGTH...: lbx0 cannot have ADDR with any prefix length
carries_own()
{
	local addr=${1%/*}

	RET=0
	lbx_up "$1"
	carries lbx0 lo ping -c 1 "$addr"
	ipn route get "$addr" | grep -qE "local $addr (from :: )?dev lbx0"
	check_err $? "ip route get prints $(ipn route get "$addr")"
}

carries_route()
{
	local prefix=$1 addr; shift

	ipn route add local "$prefix" dev lbx0
	check_err $? "the kernel refuses the route"
	for addr; do
		carries lbx0 lo ping -c 1 "$addr"
	done
}

loopback_refused()
{
	local addr=$1 length; shift

	RET=0
	lbx_up
	for length; do
		refused "$addr belongs to lo" ipn addr add "$addr/$length" dev lbx0
	done
	ipn addr show dev lbx0 | grep -qF " $addr/"
	check_fail $? "lbx0 has $addr"
}

ipv4_address()
{
	carries_own 192.0.2.1/32
	log_test "an lbx device carries traffic to its IPv4 address"
}

ipv4_prefix()
{
	RET=0
	lbx_up 10.9.0.0/16
	carries lbx0 lo ping -c 1 10.9.0.0
	carries lbx0 lo ping -c 1 10.9.0.1
	carries lbx0 lo ping -c 1 10.9.200.7
	log_test "an lbx device carries traffic to every address of its IPv4 prefix"
}

ipv4_local_route()
{
	RET=0
	lbx_up
	carries_route 198.51.100.0/24 198.51.100.77
	log_test "an lbx device carries traffic to an IPv4 local route without having an address"
}

ipv4_loopback_range()
{
	RET=0
	lbx_up 127.0.0.53/32
	carries lbx0 lo ping -c 1 127.0.0.53
	carries lo lbx0 ping -c 1 127.0.0.54
	log_test "an lbx device with 127.0.0.53/32 carries no other address of 127.0.0.0/8"
}

ipv4_loopback_refused()
{
	loopback_refused 127.0.0.1 8 32
	log_test "127.0.0.1 on an lbx device is refused with the reason that it belongs to lo"
}

ipv6_address()
{
	carries_own 2001:db8:9::1/64
	log_test "an lbx device carries traffic to its IPv6 address"
}

ipv6_many()
{
	local i

	RET=0
	lbx_up
	for i in {1..200}; do
		echo "addr add 2001:db8:9::$i/128 dev lbx0"
	done | ipn -batch -
	settle
	carries lbx0 lo ping -c 1 2001:db8:9::1
	carries lbx0 lo ping -c 1 2001:db8:9::200
	for i in {1..200}; do
		echo "addr del 2001:db8:9::$i/128 dev lbx0"
	done | ipn -batch -
	settle
	[[ -z $(ipn -6 addr show dev lo scope global) ]]
	check_err $? "lo still has mirrors of deleted addresses"
	log_test "200 IPv6 addresses can be added to an lbx device and deleted"
}

ipv6_local_route()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	carries_route 2001:db8:a::/64 2001:db8:a::77 2001:db8:a:0:1:2:3:4
	log_test "an lbx device carries traffic to every address of an IPv6 local route"
}

ipv6_local_route_alone()
{
	local pid

	RET=0
	lbx_up
	carries_route 2001:db8:a::/64 2001:db8:a::77
	inns_start socat -u TCP6-LISTEN:5000,bind=:: OPEN:/tmp/route.txt,creat,trunc
	pid=$!
	wait_listen 5000 tcp
	carries lbx0 lo bash -c 'echo there | socat -u - TCP6:[2001:db8:a::88]:5000'
	wait "$pid"
	[[ $(cat /tmp/route.txt) == there ]]
	check_err $? "the TCP server received '$(cat /tmp/route.txt)'"
	log_test "an lbx device carries traffic to an IPv6 local route without having an address"
}

ipv6_linklocal()
{
	RET=0
	lbx_up
	carries lbx0 lo ping -c 1 fe80::1%lbx0
	ipn link set lbx0 down
	ipn link set lbx0 up
	carries lbx0 lo ping -c 1 fe80::1%lbx0
	log_test "an lbx device has the link-local address fe80::1"
}

# linklocal_of DEV: print the link-local addresses of DEV
# linklocal_is_back WHEN: fe80::1 of lbx0 is back and answers
linklocal_of()
{
	ipn -6 -j addr show dev "$1" scope link | jq -r '.[0].addr_info[]? | .local // empty'
}

has_linklocal()
{
	[[ $(linklocal_of "$1") ]]
}

linklocal_is_back()
{
	busywait "$BUSYWAIT_TIMEOUT" has_linklocal lbx0
	check_err $? "fe80::1 does not come back after $1"
	busywait "$BUSYWAIT_TIMEOUT" ping_once fe80::1%lbx0
	check_err $? "fe80::1 does not answer after $1"
}

ipv6_linklocal_comes_back()
{
	local conf=net.ipv6.conf.lbx0 all=net.ipv6.conf.all

	RET=0
	lbx_up
	ipn -6 route add local 2001:db8:a::/64 dev lbx0
	inns sysctl -qw "$conf.disable_ipv6=1"
	[[ -z $(linklocal_of lbx0) ]]
	check_err $? "disable_ipv6=1 does not remove $(linklocal_of lbx0)"
	inns sysctl -qw "$conf.disable_ipv6=0"
	linklocal_is_back "disable_ipv6"
	ipn -6 route add local 2001:db8:a::/64 dev lbx0
	carries lbx0 lo ping -c 1 2001:db8:a::77
	inns sysctl -qw "$all.disable_ipv6=1"
	inns sysctl -qw "$all.disable_ipv6=0"
	linklocal_is_back "disable_ipv6 of all"
	ipn link set lbx0 down
	inns sysctl -qw "$conf.disable_ipv6=1"
	inns sysctl -qw "$conf.disable_ipv6=0"
	ipn link set lbx0 up
	linklocal_is_back "disable_ipv6 while it is down"
	ipn link set lbx0 mtu 1000
	[[ -z $(linklocal_of lbx0) ]]
	check_err $? "an MTU of 1000 does not remove $(linklocal_of lbx0)"
	ipn link set lbx0 mtu 1280
	linklocal_is_back "an MTU below 1280"
	ipn link set lbx0 mtu 1000
	ipn link set lbx0 down
	ipn link set lbx0 mtu 1280
	ipn link set lbx0 up
	linklocal_is_back "an MTU below 1280 that ends while it is down"
	inns sysctl -qw "$conf.forwarding=1"
	inns sysctl -qw "$conf.forwarding=0"
	linklocal_is_back "forwarding"
	ipn -6 addr flush dev lbx0
	ipn link set lbx0 down
	ipn link set lbx0 up
	linklocal_is_back "a flush, down and up"
	log_test "fe80::1 comes back after disable_ipv6, a low MTU, down or a flush removed it"
}

ipv6_linklocal_can_be_off()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link add lbx0 type lbx
	ipn link set lbx0 addrgenmode none
	ipn link set lbx0 up
	[[ -z $(ipn -6 addr show dev lbx0) ]]
	check_err $? "lbx0 has $(ipn -6 addr show dev lbx0)"
	inns sysctl -qw net.ipv6.conf.lbx0.disable_ipv6=1
	inns sysctl -qw net.ipv6.conf.lbx0.disable_ipv6=0
	# This request comes after the work item that might add a link-local address
	ipn addr add 2001:db8:9::1/128 dev lbx0
	settle
	[[ -z $(linklocal_of lbx0) ]]
	check_err $? "lbx0 has $(linklocal_of lbx0) after disable_ipv6"
	log_test "an lbx device with addrgenmode none has no fe80::1"
}

ipv6_loopback_refused()
{
	loopback_refused ::1 128
	log_test "::1 on an lbx device is refused with the reason that it belongs to lo"
}

added_before_up()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link add lbx0 type lbx
	ipn addr add 192.0.2.1/24 dev lbx0
	ipn addr add 2001:db8:9::1/64 dev lbx0
	ipn link set lbx0 up
	settle
	carries lbx0 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 192.0.2.77
	carries lbx0 lo ping -c 1 2001:db8:9::1
	log_test "addresses that are added before the device is up work when it is up"
}

# come_and_go: add and delete an address on lo, and change lo, while the file $busy
# exists
come_and_go()
{
	while [[ -e $busy ]]; do
		ipn link set lo txqueuelen 1000
		ipn addr add 2001:db8:ffff::1/64 dev lo nodad
		ipn addr del 2001:db8:ffff::1/64 dev lo
	done 2>/dev/null
}

# Work items make the routes of a device's addresses and of their mirrors on lo. They
# may run late and in any order when others hold RTNL.
added_among_others()
{
	local busy i n

	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	busy=$(mktemp)
	come_and_go &
	come_and_go &
	for i in {1..15}; do
		{
			echo "link add lbx0 type lbx"
			for n in {1..40}; do
				echo "addr add 2001:db8:9::$n/128 dev lbx0"
			done
			echo "link set lbx0 up"
		} | ipn -b -
		settle
		((!RET)) || break
		ipn link del lbx0
	done
	rm "$busy"
	wait
	log_test "a device that comes up carries its 40 addresses at once while lo's addresses change"
}

added_while_down()
{
	RET=0
	lbx_up
	ipn link set lbx0 down
	ipn addr add 192.0.2.1/32 dev lbx0
	ipn addr add 2001:db8:9::1/128 dev lbx0
	settle
	# Use them, so that lo's caches have them
	carries lo lbx0 ping -c 1 192.0.2.1
	carries lo lbx0 ping -c 1 2001:db8:9::1
	ipn link set lbx0 up
	settle
	busywait "$BUSYWAIT_TIMEOUT" outranks 2001:db8:9::1
	carries lbx0 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 2001:db8:9::1
	log_test "addresses that are added and used while the device is down move to it when it is up"
}

removed()
{
	local addr

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn addr del 192.0.2.1/32 dev lbx0
	ipn addr del 2001:db8:9::1/128 dev lbx0
	settle
	for addr in 192.0.2.1 2001:db8:9::1; do
		ping_once "$addr"
		check_fail $? "$addr answers"
	done
	log_test "an address that is removed from an lbx device does not answer"
}

two_devices_are_apart()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link add lbx1 type lbx
	ipn addr add 192.0.2.2/32 dev lbx1
	ipn addr add 2001:db8:9::2/128 dev lbx1
	ipn link set lbx1 up
	settle
	carries lbx0 lbx1 ping -c 1 192.0.2.1
	carries lbx1 lbx0 ping -c 1 192.0.2.2
	carries lbx0 lbx1 ping -c 1 2001:db8:9::1
	carries lbx1 lbx0 ping -c 1 2001:db8:9::2
	# the reply goes to the device that has the address of the client
	carries lbx1 lo ping -c 1 -I 192.0.2.1 192.0.2.2
	carries lbx1 lo ping -c 1 -I 2001:db8:9::1 2001:db8:9::2
	log_test "two lbx devices carry traffic to their own addresses only"
}

reachable_from_outside()
{
	local addr

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	setup_ns PEER
	defer cleanup_ns "$PEER"
	veth_up "198.51.100.1/24 2001:db8:1::1/64" "198.51.100.2/24 2001:db8:1::2/64"
	ip -n "$PEER" route add 192.0.2.1 via 198.51.100.1
	ip -n "$PEER" route add 2001:db8:9::1 via 2001:db8:1::1
	for addr in 192.0.2.1 2001:db8:9::1; do
		ip netns exec "$PEER" ping -c 1 -W 5 "$addr" >/dev/null
		check_err $? "$addr does not answer the peer"
	done
	log_test "an address of an lbx device is reachable from outside for machines with a route to it"
}

mtu_below_ipv6()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link set lbx0 mtu 1000
	settle
	carries lbx0 lo ping -c 1 192.0.2.1
	[[ -z $(ipn -6 addr show dev lo scope global) ]]
	check_err $? "lo still has the mirror"
	ipn link set lbx0 mtu 1280
	ipn addr add 2001:db8:9::1/128 dev lbx0
	settle
	carries lbx0 lo ping -c 1 2001:db8:9::1
	carries lbx0 lo ping -c 1 fe80::1%lbx0
	log_test "an MTU below 1280 disables IPv6 on an lbx device, and a higher MTU enables it again"
}

tests_run
exit "$EXIT_STATUS"
