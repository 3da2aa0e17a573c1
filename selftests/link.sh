#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An lbx device as a link: made, changed, shown and removed like any other.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

ALL_TESTS="
	add_and_del
	names_are_given
	many
	user_namespace
	is_a_loopback
	settings_of_a_loopback
	state_follows_up_and_down
	features_as_lo
	noqueue_until_asked
	mtu_range
	mtu_holds
	lladdr_is_checked
	stays_in_its_netns
	takes_no_master
	taken_name_is_refused
	survives_rename
	counts_exactly
	lo_stays_lo
"

add_and_del()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link add pg type lbx
	check_err $? "add failed"
	ipn addr add 192.0.2.1/24 dev pg
	ipn link set pg up
	carries pg lo ping -c 1 192.0.2.1
	ipn link del pg
	check_err $? "del failed"
	ipn link show pg &>/dev/null
	check_fail $? "it is still there"
	[[ -z $(ipn route show table local dev lo 192.0.2.0/24) ]]
	check_err $? "its route is still there"
	log_test "a device is added, carries, and is deleted"
}

names_are_given()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link add type lbx && ipn link add type lbx
	check_err $? "add without a name failed"
	ipn link show lbx0 &>/dev/null && ipn link show lbx1 &>/dev/null
	check_err $? "they are not called lbx0 and lbx1"
	log_test "without a name it is lbx0, lbx1 and so on"
}

many()
{
	local i

	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	for i in {0..99}; do
		echo "link add lbx$i type lbx"
		echo "addr add 192.0.2.$i/32 dev lbx$i"
		echo "link set lbx$i up"
	done | ipn -batch -
	check_err $? "100 devices could not be made"
	carries lbx99 lbx98 ping -c 1 192.0.2.99
	carries lbx0 lo ping -c 1 192.0.2.0
	for i in {0..99}; do
		echo "link del lbx$i"
	done | ipn -batch -
	check_err $? "100 devices could not be removed"
	log_test "100 devices in one netns, each with its own traffic"
}

user_namespace()
{
	RET=0
	unshare -r -n bash -ec '
		ip link add lbx0 type lbx
		ip addr add 192.0.2.1/32 dev lbx0
		ip link set lbx0 up
		ping -c 1 192.0.2.1
		ip link del lbx0
	' >/dev/null
	check_err $? "it does not work there"
	log_test "root of a user namespace has its own"
}

is_a_loopback()
{
	local flags

	RET=0
	lbx_up
	flags=$(ipn -j link show lbx0 | jq -r '.[0].flags | join(" ")')
	[[ $flags == *LOOPBACK* && $flags == *LOWER_UP* ]]
	check_err $? "its flags are $flags"
	[[ $(ipn -j link show lbx0 | jq -r '.[0].link_type') == loopback ]]
	check_err $? "its link type is not loopback"
	ipn link add br0 type bridge
	refused "" ipn link set lbx0 master br0
	refused "" ipn link add link lbx0 name mv0 type macvlan
	refused "" ipn link add link lbx0 name vlan0 type vlan id 5
	log_test "it is a loopback, and bridge, macvlan and vlan refuse it"
}

settings_of_a_loopback()
{
	local name

	RET=0
	lbx_up
	for name in ipv4/conf/lbx0/disable_xfrm ipv4/conf/lbx0/disable_policy \
		    ipv6/conf/lbx0/keep_addr_on_down; do
		[[ $(inns cat "/proc/sys/net/$name") == 1 ]]
		check_err $? "$name is not 1"
	done
	for name in accept_dad use_tempaddr; do
		[[ $(inns cat "/proc/sys/net/ipv6/conf/lbx0/$name") == -1 ]]
		check_err $? "ipv6 $name is not -1"
	done
	# an inet6_dev of its own after IPv6 was off for its MTU, yet not otherwise
	inns sysctl -qw net.ipv6.conf.lbx0.keep_addr_on_down=0
	ipn link set lbx0 mtu 1500
	[[ $(inns cat /proc/sys/net/ipv6/conf/lbx0/keep_addr_on_down) == 0 ]]
	check_err $? "a new MTU undid the user's sysctl"
	ipn link set lbx0 mtu 1000
	ipn link set lbx0 mtu 1500
	[[ $(inns cat /proc/sys/net/ipv6/conf/lbx0/keep_addr_on_down) == 1 ]]
	check_err $? "IPv6 came back without its settings"
	log_test "it has the IP settings that the kernel gives to lo"
}

state_follows_up_and_down()
{
	local operstate=/sys/class/net/lbx0/operstate

	RET=0
	lbx_up
	[[ $(ipn -j link show lbx0 | jq -r '.[0].operstate') == UP ]]
	check_err $? "up, its state is not UP"
	inns ethtool lbx0 | grep -q 'Link detected: yes'
	check_err $? "ethtool sees no link"
	ipn link set lbx0 down
	[[ $(ipn -j link show lbx0 | jq -r '.[0].operstate') == DOWN ]]
	check_err $? "down, its state is not DOWN"
	ipn link set lbx0 up
	[[ $(inns cat "$operstate") == up ]]
	check_err $? "up again, its state is not up"
	log_test "its state is UP when it is up and DOWN when it is down"
}

features_as_lo()
{
	RET=0
	lbx_up
	# some that are fixed on lo can be switched off on an lbx device
	diff <(inns ethtool -k lo | tail -n +2 | sed 's/ \[fixed\]$//') \
	     <(inns ethtool -k lbx0 | tail -n +2 | sed 's/ \[fixed\]$//') >/tmp/features.diff
	check_err $? "they differ: $(grep '^[<>]' /tmp/features.diff | tr '\n' ' ')"
	[[ $(ipn -j -d link show lbx0 | jq '.[0].tso_max_size') == \
	   $(ipn -j -d link show lo | jq '.[0].tso_max_size') ]]
	check_err $? "its largest GSO packet is not lo's"
	log_test "its offloads are those of lo"
}

noqueue_until_asked()
{
	RET=0
	lbx_up 192.0.2.1/32
	[[ $(ipn -j -d link show lbx0 | jq -r '.[0].qdisc') == noqueue ]]
	check_err $? "its qdisc is not noqueue"
	inns tc qdisc add dev lbx0 root handle 1: pfifo limit 100
	check_err $? "it takes no qdisc"
	ping_once 192.0.2.1
	[[ $(inns tc -j -s qdisc show dev lbx0 | jq '.[0].packets') == 2 ]]
	check_err $? "its traffic is not seen by the qdisc"
	inns tc qdisc del dev lbx0 root
	[[ $(ipn -j link show lbx0 | jq -r '.[0].qdisc') == noqueue ]]
	check_err $? "noqueue did not come back"
	log_test "qdisc noqueue until the user adds one, which then sees the traffic"
}

mtu_range()
{
	local mtu

	RET=0
	lbx_up
	[[ $(inns cat /sys/class/net/lbx0/mtu) == 65536 ]]
	check_err $? "a new device has another MTU than lo"
	for mtu in 68 576 1280 65536; do
		ipn link set lbx0 mtu "$mtu"
		check_err $? "MTU $mtu was refused"
	done
	refused "mtu less than device minimum" ipn link set lbx0 mtu 67
	refused "mtu greater than device maximum" ipn link set lbx0 mtu 65537
	[[ $(inns cat /sys/class/net/lbx0/mtu) == 65536 ]]
	check_err $? "a refused MTU was taken"
	refused "mtu less than device minimum" ipn link add lbx1 mtu 10 type lbx
	ipn link show lbx1 &>/dev/null
	check_fail $? "a refused device was made"
	log_test "MTU 68 to 65536, others refused with the reason"
}

mtu_holds()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link set lbx0 mtu 1500
	settle
	# -M do: no fragments
	inns ping -c 1 -M "do" -s 1472 192.0.2.1 &>/dev/null
	check_err $? "1500 bytes do not pass"
	refused "essage too long" inns ping -c 1 -W 1 -M "do" -s 1473 192.0.2.1
	inns ping -c 1 -M "do" -s 1452 2001:db8:9::1 &>/dev/null
	check_err $? "1500 bytes of IPv6 do not pass"
	refused "essage too long" inns ping -c 1 -W 1 -M "do" -s 1453 2001:db8:9::1
	carries lbx0 lo ping -c 1 -s 20000 192.0.2.1
	carries lbx0 lo ping -c 1 -s 20000 2001:db8:9::1
	log_test "no packet is larger than the MTU, larger ones go in fragments"
}

lladdr_is_checked()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	refused "Link-layer address must be unicast and not all zero" \
		ipn link add lbx0 address 01:00:5e:00:00:01 type lbx
	refused "Link-layer address must have 6 bytes" \
		ipn link add lbx0 address 02:00:00:00 type lbx
	ipn link show lbx0 &>/dev/null
	check_fail $? "a refused device was made"
	ipn link add lbx0 address 02:00:00:00:00:09 type lbx
	check_err $? "a good address was refused"
	ipn addr add 192.0.2.1/32 dev lbx0
	ipn link set lbx0 up
	carries lbx0 lo ping -c 1 192.0.2.1
	ipn link set lbx0 address 02:00:00:00:00:0a
	carries lbx0 lo ping -c 1 192.0.2.1
	log_test "a link-layer address is taken if it is one, and changed live"
}

stays_in_its_netns()
{
	RET=0
	lbx_up
	refused "" ipn link set lbx0 netns 1
	ipn link show lbx0 &>/dev/null
	check_err $? "it has gone"
	log_test "it cannot be moved to another netns"
}

takes_no_master()
{
	RET=0
	lbx_up
	ipn link add dummy0 type dummy
	refused "" ipn link set dummy0 master lbx0
	log_test "no device can be enslaved to it, though it is an L3 master"
}

taken_name_is_refused()
{
	RET=0
	lbx_up
	refused "File exists" ipn link add lbx0 type lbx
	[[ $(ipn -j link show type lbx | jq length) == 1 ]]
	check_err $? "there is more than one"
	log_test "a name that is taken is refused"
}

survives_rename()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link set lbx0 down
	ipn link set lbx0 name web
	ipn link set web up
	settle
	carries web lo ping -c 1 192.0.2.1
	carries web lo ping -c 1 2001:db8:9::1
	log_test "it can be renamed"
}

counts_exactly()
{
	local dir count bytes

	RET=0
	lbx_up 192.0.2.1/32
	count=$(packets lbx0) bytes=$(stat64 lbx0 rx.bytes)
	# 10 requests and 10 replies of 20 + 8 + 56 bytes
	inns ping -q -c 10 -i 0.01 -s 56 192.0.2.1 >/dev/null
	for dir in rx tx; do
		[[ $(stat64 lbx0 "$dir.packets") == $((count + 20)) ]]
		check_err $? "$dir: $(($(stat64 lbx0 "$dir.packets") - count)) packets for 20"
		[[ $(stat64 lbx0 "$dir.bytes") == $((bytes + 20 * 84)) ]]
		check_err $? "$dir: $(($(stat64 lbx0 "$dir.bytes") - bytes)) bytes for $((20 * 84))"
		[[ $(stat64 lbx0 "$dir.dropped") == 0 && $(stat64 lbx0 "$dir.errors") == 0 ]]
		check_err $? "$dir: drops or errors where there were none"
	done
	log_test "packets and bytes are counted exactly, in both directions"
}

lo_stays_lo()
{
	RET=0
	lbx_up 192.0.2.1/32
	carries lo lbx0 ping -c 1 127.0.0.1
	carries lo lbx0 ping -c 1 ::1
	[[ $(ipn -j addr show dev lbx0 | jq '[.[0].addr_info[].local] |
		index("127.0.0.1") or index("::1")') == false ]]
	check_err $? "lbx0 has lo's address"
	log_test "127.0.0.1 and ::1 stay with lo"
}

tests_run
exit "$EXIT_STATUS"
