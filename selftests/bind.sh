#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An ordinary server, bound to no device, on each address of an lbx device; and
# the mirrors on lo that IPv6 needs for it.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

ALL_TESTS="
	ipv4_server
	ipv6_server
	ipv6_at_once
	bound_to_the_device
	mirror_has_a_label
	mirror_comes_back
	mirror_after_lo_down
	mirror_with_lo_never_up
	mirror_of_two
	users_own_address_on_lo_stays
	linklocal_has_no_mirror
	lo_without_ipv6
"

# serves ADDR [DEV]: TCP and UDP servers on ADDR are asked and answer, over lbx0
serves()
{
	carries lbx0 lo serve "$@"
}

ipv4_server()
{
	RET=0
	lbx_up 192.0.2.1/24 127.0.0.53/32
	serves 192.0.2.1
	serves 192.0.2.77
	serves 127.0.0.53
	log_test "a server on an IPv4 address, on one of a prefix, on 127.0.0.53"
}

ipv6_server()
{
	RET=0
	lbx_up 2001:db8:9::1/128 fd00:9::1/64
	serves 2001:db8:9::1
	serves fd00:9::1
	log_test "a server on an IPv6 address"
}

ipv6_at_once()
{
	local i out

	RET=0
	lbx_up
	for i in {1..20}; do
		out=$(inns bind6 "2001:db8:9::$i" 100 \
			ip addr add "2001:db8:9::$i/128" dev lbx0 2>&1)
		check_err $? "$out"
	done
	log_test "an IPv6 address can be bound 100 ms after 'ip addr add', or before"
}

bound_to_the_device()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	serves 192.0.2.1 lbx0
	serves 2001:db8:9::1 lbx0
	log_test "a server bound to the device"
}

# mirrors: what lo has, as "ADDR METRIC"
mirrors()
{
	ipn -6 -j addr show dev lo scope global |
		jq -r '.[0].addr_info[]? | select(.local) | "\(.local) \(.metric)"'
}

mirror_has_a_label()
{
	local index

	RET=0
	lbx_up 2001:db8:9::1/64
	index=$(inns cat /sys/class/net/lbx0/ifindex)
	[[ $(mirrors) == "2001:db8:9::1 $index" ]]
	check_err $? "lo has '$(mirrors)', and lbx0's index is $index"
	[[ -z $(ipn -6 route show dev lo) ]]
	check_err $? "lo has a prefix route: $(ipn -6 route show dev lo)"
	if ipn -6 addr show dev lo | grep -q kernel_lo; then
		ipn -6 addr show dev lo scope global | grep -q 'proto 0x6c'
		check_err $? "it has no proto 108"
	fi
	log_test "a mirror has the device's index as metric, and proto 108"
}

mirror_comes_back()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	ipn addr del 2001:db8:9::1/128 dev lo
	settle
	serves 2001:db8:9::1
	log_test "a mirror that somebody deletes comes back"
}

mirror_after_lo_down()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	ipn link set lo down
	ipn link set lo up
	settle
	serves 2001:db8:9::1
	log_test "mirrors are there after lo went down and up"
}

mirror_with_lo_never_up()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link set lo down
	ipn link add lbx0 type lbx
	ipn addr add 2001:db8:9::1/128 dev lbx0
	ipn addr add 192.0.2.1/32 dev lbx0
	ipn link set lbx0 up
	settle
	serves 2001:db8:9::1
	serves 192.0.2.1
	log_test "lo need not be up"
}

mirror_of_two()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	ipn link add lbx1 type lbx
	ipn addr add 2001:db8:9::1/128 dev lbx1
	ipn link set lbx1 up
	settle
	ipn link del lbx1
	settle
	serves 2001:db8:9::1
	ipn link del lbx0
	settle
	[[ -z $(mirrors) ]]
	check_err $? "lo has kept $(mirrors)"
	log_test "one mirror for two devices, while either is there"
}

lo_has()
{
	[[ $(mirrors) == "$1" ]]
}

users_own_address_on_lo_stays()
{
	local index

	RET=0
	lbx_up
	index=$(inns cat /sys/class/net/lbx0/ifindex)
	ipn addr add 2001:db8:9::1/128 dev lo
	ipn addr add 2001:db8:9::1/128 dev lbx0
	ipn addr add 2001:db8:9::2/128 dev lbx0
	busywait "$BUSYWAIT_TIMEOUT" lo_has "2001:db8:9::2 $index"$'\n'"2001:db8:9::1 null"
	check_err $? "lo has '$(mirrors)' while lbx0 is there"
	ipn link del lbx0
	busywait "$BUSYWAIT_TIMEOUT" lo_has "2001:db8:9::1 null"
	check_err $? "lo has '$(mirrors)' when lbx0 is gone"
	log_test "the same address on lo by a user's hand is left alone"
}

linklocal_has_no_mirror()
{
	RET=0
	lbx_up 2001:db8:9::1/128 fe80::9/64
	[[ $(ipn -6 -j addr show dev lo scope link | jq '.[0].addr_info | length') \
	   -lt 1 ]]
	check_err $? "lo has $(ipn -6 addr show dev lo scope link)"
	serves fe80::9%lbx0
	log_test "a link-local address is bound with its device, without a mirror"
}

lo_without_ipv6()
{
	RET=0
	lbx_up
	inns sysctl -qw net.ipv6.conf.lo.disable_ipv6=1
	dmesg -C
	ipn addr add 2001:db8:9::1/128 dev lbx0
	busywait "$BUSYWAIT_TIMEOUT" log_has 'cannot mirror 2001:db8:9::1 on lo'
	check_err $? "the log does not say so"
	carries lbx0 lo ping -c 1 2001:db8:9::1
	inns sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
	settle
	serves 2001:db8:9::1
	log_test "with IPv6 off on lo the log says why, and mirrors come with it"
}

tests_run
exit "$EXIT_STATUS"
