#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Ordinary servers, bound to no device, on each kind of address of an lbx device, and
# the mirrors on lo that IPv6 needs for them.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	ipv4_server
	ipv6_server
	ipv6_at_once
	ipv6_with_lo_limits
	bound_to_the_device
	mirror_has_a_label
	mirror_is_deprecated
	mirror_alone_is_a_source
	mirror_of_a_vip
	mirror_ends_with_lifetime
	mirror_goes_at_once
	mirror_goes_with_ipv6
	mirror_moves
	mirror_is_charged
	mirror_comes_back
	mirror_deleted_again_and_again
	mirror_changed_by_user
	mirror_after_lo_down
	mirror_with_lo_never_up
	mirror_of_two
	users_own_address_on_lo_stays
	linklocal_has_no_mirror
	lo_without_ipv6
"

# serves ADDR [DEV]: TCP and UDP servers on ADDR answer requests over lbx0
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
	log_test "servers on an IPv4 address, within its prefix and on 127.0.0.53 answer"
}

ipv6_server()
{
	RET=0
	lbx_up 2001:db8:9::1/128 fd00:9::1/64
	serves 2001:db8:9::1
	serves fd00:9::1
	log_test "a server on an IPv6 address of an lbx device answers"
}

ipv6_at_once()
{
	local i out

	RET=0
	lbx_up
	# lo's max_addresses is 16
	for i in {1..20}; do
		out=$(inns bind6 "2001:db8:9::$i" 0 \
			ip addr add "2001:db8:9::$i/128" dev lbx0 2>&1)
		check_err $? "$out"
	done
	settle
	log_test "an IPv6 address can be bound as soon as 'ip addr add' has ended"
}

# lo_limits: print the sysctls of lo for router advertisements
lo_limits()
{
	inns sysctl -n net.ipv6.conf.lo.max_addresses net.ipv6.conf.lo.use_tempaddr | xargs
}

ipv6_with_lo_limits()
{
	local i

	RET=0
	lbx_up
	inns sysctl -qw net.ipv6.conf.lo.max_addresses=1 net.ipv6.conf.lo.use_tempaddr=2
	for i in {1..3}; do
		inns bind6 "2001:db8:9::$i" 0 ip addr add "2001:db8:9::$i/128" dev lbx0
		check_err $? "address $i cannot be bound"
	done
	settle
	[[ $(lo_limits) == "1 2" ]]
	check_err $? "the limits of lo are '$(lo_limits)', expected '1 2'"
	(($(mirrors | wc -l) == 3))
	check_err $? "the mirrors on lo are $(mirrors), expected 3"
	ipn -6 addr show dev lo | grep -q mngtmpaddr
	check_fail $? "a mirror has the flag mngtmpaddr"
	log_test "mirrors ignore and keep the max_addresses and use_tempaddr of lo"
}

bound_to_the_device()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	serves 192.0.2.1 lbx0
	serves 2001:db8:9::1 lbx0
	log_test "a server that is bound to the lbx device answers"
}

# mirrors: print the mirrors on lo, as "ADDR METRIC"
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
	check_err $? "lo has '$(mirrors)', and the index of lbx0 is $index"
	[[ -z $(ipn -6 route show dev lo) ]]
	check_err $? "lo has a prefix route: $(ipn -6 route show dev lo)"
	if ipn -6 addr show dev lo | grep -q kernel_lo; then
		ipn -6 addr show dev lo scope global | grep -q 'proto 0x6c'
		check_err $? "the mirror does not have proto 108"
	fi
	log_test "a mirror has the index of its device as metric, and proto 108"
}

# source_of DEST: print the source address that the kernel chooses for DEST
# source_is SRC DEST: it is SRC
source_of()
{
	ipn -6 -j route get "$1" | jq -r '.[0].prefsrc'
}

source_is()
{
	[[ $(source_of "$2") == "$1" ]]
	check_err $? "the source address for $2 is $(source_of "$2"), expected $1"
}

# vip_up: add eth0 with a network that is nearer to the addresses of lbx0 than to those
# of lo
vip_up()
{
	lbx_up
	{
		echo "link add eth0 type dummy"
		echo "link set eth0 up"
		echo "route add 2001:db8:2::/64 dev eth0"
	} | ipn -6 -b -
}

mirror_is_deprecated()
{
	RET=0
	vip_up
	ipn addr add 2001:db8:1::1/128 dev lo
	ipn addr add 2001:db8:2::99/128 dev lbx0 preferred_lft 0
	settle
	source_is 2001:db8:1::1 2001:db8:2::98
	ipn addr change 2001:db8:2::99/128 dev lbx0 preferred_lft forever valid_lft forever
	source_is 2001:db8:1::1 2001:db8:2::98
	ipn addr change 2001:db8:2::99/128 dev lbx0 preferred_lft 0 valid_lft forever
	source_is 2001:db8:1::1 2001:db8:2::98
	# to the address itself, and to lo's own
	source_is 2001:db8:2::99 2001:db8:2::99
	source_is 2001:db8:1::1 2001:db8:1::1
	source_is ::1 ::1
	serves 2001:db8:2::99
	log_test "an lbx device's address is not the source for other devices if there is another address"
}

mirror_alone_is_a_source()
{
	RET=0
	vip_up
	ipn addr add 2001:db8:2::99/128 dev lbx0
	settle
	source_is 2001:db8:2::99 2001:db8:2::98
	log_test "an lbx device's address is the source if there is no other address of its scope"
}

# as keepalived and kube-vip do
mirror_of_a_vip()
{
	local i

	RET=0
	vip_up
	ipn addr add 2001:db8:1::1/128 dev lo
	for i in {1..20}; do
		inns bind6 2001:db8:2::99 0 \
			ip addr add 2001:db8:2::99/128 dev lbx0 nodad preferred_lft 0
		check_err $? "round $i: the new address cannot be bound"
		source_is 2001:db8:1::1 2001:db8:2::98
		ipn addr del 2001:db8:2::99/128 dev lbx0
		inns bind6 2001:db8:2::99 0 2>/dev/null
		check_fail $? "round $i: the deleted address can be bound"
		((!RET)) || break
	done
	log_test "a deprecated address is added and deleted 20 times, each time with immediate effect"
}

mirror_ends_with_lifetime()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	ipn addr change 2001:db8:9::1/128 dev lbx0 valid_lft 2 preferred_lft 1
	slowwait "$WAIT_TIMEOUT" lo_has ""
	check_err $? "lo still has '$(mirrors)'"
	[[ -z $(ipn -6 addr show dev lbx0 scope global) ]]
	check_err $? "lbx0 still has the address"
	log_test "a mirror goes when the lifetime of its address ends"
}

mirror_goes_at_once()
{
	local i n

	RET=0
	lbx_up 2001:db8:9::1/128
	for i in {1..10}; do
		for n in 2 3 4; do
			echo "addr add 2001:db8:9::$n/128 dev lbx0"
		done | ipn -b -
		for n in 2 3 4; do
			echo "addr del 2001:db8:9::$n/128 dev lbx0"
		done | ipn -b -
		(($(mirrors | wc -l) == 1))
		check_err $? "round $i: lo has '$(mirrors)'"
		((!RET)) || break
	done
	log_test "a mirror is gone as soon as 'ip addr del' has ended"
}

# addrconf_ifdown() removes the addresses, without addrconf_verify_rtnl()
mirror_goes_with_ipv6()
{
	RET=0
	lbx_up 2001:db8:9::1/128 2001:db8:9::2/128
	inns sysctl -qw net.ipv6.conf.lbx0.disable_ipv6=1
	busywait "$BUSYWAIT_TIMEOUT" lo_has ""
	check_err $? "lo still has '$(mirrors)'"
	log_test "mirrors go when IPv6 is disabled on their device"
}

mirror_moves()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	ipn link add lbx1 type lbx
	ipn link set lbx1 up
	printf '%s\n' "addr del 2001:db8:9::1/128 dev lbx0" \
		"addr add 2001:db8:9::1/128 dev lbx1" | ipn -b -
	inns bind6 2001:db8:9::1 0
	check_err $? "the address cannot be bound when it is on lbx1"
	settle
	carries lbx1 lbx0 serve 2001:db8:9::1
	log_test "an address that moves to another lbx device can be bound there at once"
}

# charged DEV: print the kernel memory, in bytes, that the process that adds 500
# addresses to DEV is charged for
charged()
{
	local dev=$1 before
	local cgroup=/sys/fs/cgroup/bind-$1

	mkdir "$cgroup"
	before=$(awk '$1 == "slab_unreclaimable" {print $2}' "$cgroup/memory.stat")
	{
		echo 0 >"$cgroup/cgroup.procs"
		for i in {1..500}; do
			echo "addr add 2001:db8:9::$i/128 dev $dev nodad"
		done | ip -n "$NS" -b -
	} | cat
	awk -v before="$before" '$1 == "slab_unreclaimable" {print $2 - before}' \
		"$cgroup/memory.stat"
}

mirror_is_charged()
{
	local dummy lbx

	RET=0
	lbx_up
	ipn link add eth0 type dummy
	ipn link set eth0 up
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
	if ! grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
		log_test_skip "the memory of a mirror is charged to the process that adds the address" \
			"this kernel has no memory controller"
		return
	fi
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	dummy=$(charged eth0)
	ipn addr flush dev eth0
	lbx=$(charged lbx0)
	((dummy > 0 && lbx * 10 >= dummy * 14))
	check_err $? "500 addresses are charged $lbx bytes on lbx0, and $dummy bytes on a dummy device"
	log_test "the memory of a mirror is charged to the process that adds the address"
}

mirror_comes_back()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	ipn addr del 2001:db8:9::1/128 dev lo
	settle
	serves 2001:db8:9::1
	log_test "a mirror that a user deletes comes back"
}

# complaints: print how often the log reports that mirrors are deleted
complaints()
{
	dmesg | grep -c 'a program repeatedly deletes the addresses'
}

has_mirror()
{
	[[ $(mirrors) ]]
}

mirror_deleted_again_and_again()
{
	local i

	RET=0
	lbx_up 2001:db8:9::1/128
	dmesg -C
	# after 0, 1/8, 1/4, 1/2, 1, 2 and 4 seconds
	for i in {1..7}; do
		slowwait "$WAIT_TIMEOUT" has_mirror
		check_err $? "the mirror does not come back after $i deletions"
		ipn addr del 2001:db8:9::1/128 dev lo
	done
	(($(complaints) == 1))
	check_err $? "the log has $(complaints) messages about deleted mirrors, expected 1"
	inns bind6 2001:db8:9::2 0 ip addr add 2001:db8:9::2/128 dev lbx0
	check_err $? "another address cannot be bound meanwhile"
	log_test "a mirror that is deleted again and again comes back later each time, with one log line"
}

mirror_changed_by_user()
{
	local index

	RET=0
	lbx_up 2001:db8:9::1/128
	index=$(inns cat /sys/class/net/lbx0/ifindex)
	ipn addr change 2001:db8:9::1/128 dev lo preferred_lft forever valid_lft forever
	ipn link del lbx0
	ipn link add lbx1 type lbx
	ipn addr add 2001:db8:9::2/128 dev lbx1
	ipn link del lbx1
	busywait "$BUSYWAIT_TIMEOUT" lo_has "2001:db8:9::1 $index"
	check_err $? "lo has '$(mirrors)' after lbx0 is deleted"
	ipn addr show dev lo to 2001:db8:9::1 | grep -q deprecated
	check_fail $? "the changed mirror is deprecated"
	log_test "a mirror that a user changes becomes the user's address and stays"
}

mirror_after_lo_down()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	ipn link set lo down
	ipn link set lo up
	settle
	serves 2001:db8:9::1
	log_test "mirrors come back when lo goes down and up"
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
	log_test "servers on an lbx device answer while lo is down"
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
	check_err $? "lo still has $(mirrors)"
	log_test "two devices with the same address share a mirror until both are gone"
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
	check_err $? "lo has '$(mirrors)' while lbx0 exists"
	ipn -6 addr show dev lo to 2001:db8:9::1 | grep -q deprecated
	check_fail $? "the address of the user is deprecated"
	ipn addr del 2001:db8:9::1/128 dev lo
	settle
	ipn addr del 2001:db8:9::1/128 dev lbx0
	ipn addr add 2001:db8:9::1/128 dev lo
	ipn link del lbx0
	busywait "$BUSYWAIT_TIMEOUT" lo_has "2001:db8:9::1 null"
	check_err $? "lo has '$(mirrors)' after lbx0 is deleted"
	log_test "an address that a user has added to lo is left alone when an lbx device has it too"
}

linklocal_has_no_mirror()
{
	RET=0
	lbx_up 2001:db8:9::1/128 fe80::9/64
	[[ $(ipn -6 -j addr show dev lo scope link | jq '.[0].addr_info | length') \
	   -lt 1 ]]
	check_err $? "lo has $(ipn -6 addr show dev lo scope link)"
	serves fe80::9%lbx0
	log_test "a server binds a link-local address with its device, without a mirror"
}

lo_without_ipv6()
{
	RET=0
	lbx_up
	inns sysctl -qw net.ipv6.conf.lo.disable_ipv6=1
	dmesg -C
	ipn addr add 2001:db8:9::1/128 dev lbx0
	busywait "$BUSYWAIT_TIMEOUT" log_has \
		'cannot mirror 2001:db8:9::1 on lo, so servers cannot bind it: IPv6 is disabled on lo'
	check_err $? "the log does not report that the address cannot be mirrored"
	carries lbx0 lo ping -c 1 2001:db8:9::1
	inns sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
	settle
	serves 2001:db8:9::1
	log_test "the log reports missing mirrors if IPv6 is off on lo, and mirrors come when it is on"
}

tests_run
exit "$EXIT_STATUS"
