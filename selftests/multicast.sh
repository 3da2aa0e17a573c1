#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Multicast and broadcast packets arrive exactly once at each receiver.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	multicast_once
	multicast_two_receivers
	multicast_without_member
	multicast_captured_once
	broadcast_once
	subnet_broadcast_ping
	ipv6_multicast_as_lo
	ipv6_multicast_beside_interface
"

GROUP=233.252.0.1

multicast_once()
{
	RET=0
	lbx_up 192.0.2.1/24
	inns mcast -i lbx0 -s 192.0.2.1 -n 10 -e 10 "$GROUP"
	check_err $? "10 datagrams did not arrive once each"
	log_test "a multicast datagram arrives once"
}

multicast_two_receivers()
{
	RET=0
	lbx_up 192.0.2.1/24
	inns mcast -i lbx0 -s 192.0.2.1 -n 10 -e 10 -r 2 "$GROUP"
	check_err $? "10 datagrams did not arrive once at each of two sockets"
	log_test "a multicast datagram arrives once at each of two members"
}

multicast_without_member()
{
	RET=0
	lbx_up 192.0.2.1/24
	inns mcast -i lbx0 -s 192.0.2.1 -n 10 -e 0 -j lo "$GROUP"
	check_err $? "a member on another device received a datagram"
	log_test "a member of a group on another device receives no multicast from an lbx device"
}

multicast_captured_once()
{
	RET=0
	lbx_up 192.0.2.1/24
	capture lbx0 /tmp/mc.pcap udp
	inns mcast -i lbx0 -s 192.0.2.1 -n 10 -e 10 "$GROUP"
	check_err $? "10 datagrams did not arrive once each"
	capture_end /tmp/mc.pcap
	[[ $(capture_count /tmp/mc.pcap) == 10 ]]
	check_err $? "the capture has $(capture_count /tmp/mc.pcap) packets, expected 10"
	log_test "a multicast datagram is captured once"
}

broadcast_once()
{
	RET=0
	lbx_up 192.0.2.1/24
	inns mcast -i lbx0 -s 192.0.2.1 -n 10 -e 10 192.0.2.255
	check_err $? "10 datagrams did not arrive once each"
	[[ $(packets lo) == 0 ]]
	check_err $? "lo has carried a packet"
	log_test "a broadcast datagram arrives once"
}

subnet_broadcast_ping()
{
	local n

	RET=0
	lbx_up 192.0.2.1/24
	inns sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0
	n=$(inns ping -b -c 2 -i 0.1 -W 1 192.0.2.255 2>/dev/null | grep -c 'bytes from')
	[[ $n == 2 ]]
	check_err $? "$n replies to 2 requests were received"
	inns ping -b -c 2 -i 0.1 -W 1 192.0.2.255 2>&1 | grep -q DUP
	check_fail $? "a reply was received twice"
	log_test "a ping to the broadcast address is answered once"
}

# ip6_route_info_create() refuses multicast routes through a loopback, lo or lbx, unless
# they are local routes
ipv6_multicast_as_lo()
{
	local dev

	RET=0
	lbx_up 2001:db8:9::1/128
	ipn addr add 2001:db8:9::2/128 dev lo
	for dev in lo lbx0; do
		ipn -6 route add local ff00::/8 dev "$dev" table local
		check_err $? "the route for $dev cannot be added"
		inns mcast -i "$dev" -s fe80::1 -n 10 -e 10 ff02::114
		check_err $? "$dev: 10 datagrams did not arrive once each"
		ipn -6 route del local ff00::/8 dev "$dev" table local
	done
	log_test "IPv6 multicast arrives once if there is a local route for it, as on lo"
}

# Each network interface that is up has a route for ff00::/8 with metric 256
# (addrconf_add_mroute())
ipv6_multicast_beside_interface()
{
	local dev

	RET=0
	lbx_up 2001:db8:9::1/128
	ipn addr add 2001:db8:9::2/128 dev lo
	ipn link add eth0 type dummy
	ipn link set eth0 up
	for dev in lo lbx0; do
		ipn -6 route add local ff00::/8 dev "$dev" table local metric 1
		check_err $? "the route for $dev cannot be added"
		[[ $(ipn -6 route get ff0e::114) == *" dev $dev "* ]]
		check_err $? "the route of ff0e::114 is: $(ipn -6 route get ff0e::114)"
		inns mcast -i "$dev" -s fe80::1 -n 10 -e 10 ff02::114
		check_err $? "$dev: 10 datagrams did not arrive once each"
		ipn -6 route del local ff00::/8 dev "$dev" table local
	done
	log_test "a route with metric 1 has precedence over eth0's for IPv6 multicast, as on lo"
}

tests_run
exit "$EXIT_STATUS"
