#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What goes to many arrives once at each.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

ALL_TESTS="
	multicast_once
	multicast_two_receivers
	multicast_without_member
	multicast_captured_once
	broadcast_once
	subnet_broadcast_ping
	ipv6_multicast_as_lo
	ipv6_multicast_beside_card
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
	check_err $? "a group of another device received"
	log_test "no multicast for who joined on another device"
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
	check_err $? "$(capture_count /tmp/mc.pcap) lines for 10 datagrams"
	log_test "a multicast datagram is captured once"
}

broadcast_once()
{
	RET=0
	lbx_up 192.0.2.1/24
	inns mcast -i lbx0 -s 192.0.2.1 -n 10 -e 10 192.0.2.255
	check_err $? "10 datagrams did not arrive once each"
	[[ $(packets lo) == 0 ]]
	check_err $? "lo has carried some"
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
	check_err $? "$n answers to 2 requests"
	inns ping -b -c 2 -i 0.1 -W 1 192.0.2.255 2>&1 | grep -q DUP
	check_fail $? "an answer came twice"
	log_test "a ping to the broadcast address is answered once"
}

# ip6_route_info_create() lets no multicast route through a loopback, lo or lbx,
# unless it is a local one
ipv6_multicast_as_lo()
{
	local dev

	RET=0
	lbx_up 2001:db8:9::1/128
	ipn addr add 2001:db8:9::2/128 dev lo
	for dev in lo lbx0; do
		ipn -6 route add local ff00::/8 dev "$dev" table local
		check_err $? "no route can be added for $dev"
		inns mcast -i "$dev" -s fe80::1 -n 10 -e 10 ff02::114
		check_err $? "$dev: 10 datagrams did not arrive once each"
		ipn -6 route del local ff00::/8 dev "$dev" table local
	done
	log_test "IPv6 multicast arrives once where a local route allows it, as on lo"
}

# Each card that is up has a route for ff00::/8 with metric 256 (addrconf_add_mroute())
ipv6_multicast_beside_card()
{
	local dev

	RET=0
	lbx_up 2001:db8:9::1/128
	ipn addr add 2001:db8:9::2/128 dev lo
	ipn link add eth0 type dummy
	ipn link set eth0 up
	for dev in lo lbx0; do
		ipn -6 route add local ff00::/8 dev "$dev" table local metric 1
		check_err $? "no route can be added for $dev"
		[[ $(ipn -6 route get ff0e::114) == *" dev $dev "* ]]
		check_err $? "ff0e::114 goes: $(ipn -6 route get ff0e::114)"
		inns mcast -i "$dev" -s fe80::1 -n 10 -e 10 ff02::114
		check_err $? "$dev: 10 datagrams did not arrive once each"
		ipn -6 route del local ff00::/8 dev "$dev" table local
	done
	log_test "a route with metric 1 takes IPv6 multicast from the card's own, as on lo"
}

tests_run
exit "$EXIT_STATUS"
