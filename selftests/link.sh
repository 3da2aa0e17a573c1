#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An lbx device as a link: it can be made, changed, shown and deleted like any other.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

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
	check_err $? "the device cannot be added"
	ipn addr add 192.0.2.1/24 dev pg
	ipn link set pg up
	carries pg lo ping -c 1 192.0.2.1
	ipn link del pg
	check_err $? "the device cannot be deleted"
	ipn link show pg &>/dev/null
	check_fail $? "the device still exists"
	[[ -z $(ipn route show table local dev lo 192.0.2.0/24) ]]
	check_err $? "the route of the device still exists"
	log_test "an lbx device can be added, carries traffic, and can be deleted"
}

names_are_given()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link add type lbx && ipn link add type lbx
	check_err $? "a device cannot be added without a name"
	ipn link show lbx0 &>/dev/null && ipn link show lbx1 &>/dev/null
	check_err $? "the devices are not named lbx0 and lbx1"
	log_test "devices that are added without a name are named lbx0, lbx1 and so on"
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
	check_err $? "one of 100 devices cannot be made"
	carries lbx99 lbx98 ping -c 1 192.0.2.99
	carries lbx0 lo ping -c 1 192.0.2.0
	for i in {0..99}; do
		echo "link del lbx$i"
	done | ipn -batch -
	check_err $? "one of 100 devices cannot be deleted"
	log_test "100 devices in one netns each carry their own traffic"
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
	check_err $? "an lbx device does not work in a user namespace"
	log_test "root of a user namespace can make and use an lbx device"
}

is_a_loopback()
{
	local flags

	RET=0
	lbx_up
	flags=$(ipn -j link show lbx0 | jq -r '.[0].flags | join(" ")')
	[[ $flags == *LOOPBACK* && $flags == *LOWER_UP* ]]
	check_err $? "the flags of lbx0 are $flags"
	[[ $(ipn -j link show lbx0 | jq -r '.[0].link_type') == loopback ]]
	check_err $? "the link type of lbx0 is not loopback"
	ipn link add br0 type bridge
	refused "" ipn link set lbx0 master br0
	refused "" ipn link add link lbx0 name mv0 type macvlan
	refused "" ipn link add link lbx0 name vlan0 type vlan id 5
	log_test "an lbx device is a loopback, and cannot be a port of a bridge, macvlan or vlan"
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
	# After an MTU that disabled IPv6 the device has a new inet6_dev; otherwise it
	# keeps the old one
	inns sysctl -qw net.ipv6.conf.lbx0.keep_addr_on_down=0
	ipn link set lbx0 mtu 1500
	[[ $(inns cat /proc/sys/net/ipv6/conf/lbx0/keep_addr_on_down) == 0 ]]
	check_err $? "a new MTU has reset the sysctl of the user"
	ipn link set lbx0 mtu 1000
	ipn link set lbx0 mtu 1500
	[[ $(inns cat /proc/sys/net/ipv6/conf/lbx0/keep_addr_on_down) == 1 ]]
	check_err $? "IPv6 was enabled again without the settings of a loopback"
	log_test "an lbx device has the IP settings that the kernel gives to lo"
}

state_follows_up_and_down()
{
	local operstate=/sys/class/net/lbx0/operstate

	RET=0
	lbx_up
	[[ $(ipn -j link show lbx0 | jq -r '.[0].operstate') == UP ]]
	check_err $? "the state of lbx0 is not UP while it is up"
	inns ethtool lbx0 | grep -q 'Link detected: yes'
	check_err $? "ethtool detects no link"
	ipn link set lbx0 down
	[[ $(ipn -j link show lbx0 | jq -r '.[0].operstate') == DOWN ]]
	check_err $? "the state of lbx0 is not DOWN while it is down"
	ipn link set lbx0 up
	[[ $(inns cat "$operstate") == up ]]
	check_err $? "the state of lbx0 is not up when it is up again"
	log_test "the state of an lbx device is UP when it is up and DOWN when it is down"
}

features_as_lo()
{
	RET=0
	lbx_up
	# some features that are fixed on lo can be switched off on an lbx device
	diff <(inns ethtool -k lo | tail -n +2 | sed 's/ \[fixed\]$//') \
	     <(inns ethtool -k lbx0 | tail -n +2 | sed 's/ \[fixed\]$//') >/tmp/features.diff
	check_err $? "the offloads of lo and lbx0 differ: $(grep '^[<>]' /tmp/features.diff | tr '\n' ' ')"
	[[ $(ipn -j -d link show lbx0 | jq '.[0].tso_max_size') == \
	   $(ipn -j -d link show lo | jq '.[0].tso_max_size') ]]
	check_err $? "the largest GSO packet of lbx0 is not that of lo"
	log_test "an lbx device has the offloads of lo"
}

noqueue_until_asked()
{
	RET=0
	lbx_up 192.0.2.1/32
	[[ $(ipn -j -d link show lbx0 | jq -r '.[0].qdisc') == noqueue ]]
	check_err $? "the qdisc of lbx0 is not noqueue"
	inns tc qdisc add dev lbx0 root handle 1: pfifo limit 100
	check_err $? "the qdisc cannot be added"
	ping_once 192.0.2.1
	[[ $(inns tc -j -s qdisc show dev lbx0 | jq '.[0].packets') == 2 ]]
	check_err $? "the qdisc has not seen 2 packets"
	inns tc qdisc del dev lbx0 root
	[[ $(ipn -j link show lbx0 | jq -r '.[0].qdisc') == noqueue ]]
	check_err $? "the qdisc is not noqueue again"
	log_test "an lbx device has the qdisc noqueue until a user adds one, which then sees the traffic"
}

mtu_range()
{
	local mtu

	RET=0
	lbx_up
	[[ $(inns cat /sys/class/net/lbx0/mtu) == 65536 ]]
	check_err $? "the MTU of a new device is not 65536"
	for mtu in 68 576 1280 65536; do
		ipn link set lbx0 mtu "$mtu"
		check_err $? "MTU $mtu was refused"
	done
	refused "mtu less than device minimum" ipn link set lbx0 mtu 67
	refused "mtu greater than device maximum" ipn link set lbx0 mtu 65537
	[[ $(inns cat /sys/class/net/lbx0/mtu) == 65536 ]]
	check_err $? "a refused MTU was set"
	refused "mtu less than device minimum" ipn link add lbx1 mtu 10 type lbx
	ipn link show lbx1 &>/dev/null
	check_fail $? "the refused device exists"
	log_test "an MTU of 68 to 65536 is accepted, and any other is refused with the reason"
}

mtu_holds()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link set lbx0 mtu 1500
	settle
	# -M do: no fragments
	inns ping -c 1 -M "do" -s 1472 192.0.2.1 &>/dev/null
	check_err $? "an IPv4 packet of 1500 bytes does not pass"
	refused "essage too long" inns ping -c 1 -W 1 -M "do" -s 1473 192.0.2.1
	inns ping -c 1 -M "do" -s 1452 2001:db8:9::1 &>/dev/null
	check_err $? "an IPv6 packet of 1500 bytes does not pass"
	refused "essage too long" inns ping -c 1 -W 1 -M "do" -s 1453 2001:db8:9::1
	carries lbx0 lo ping -c 1 -s 20000 192.0.2.1
	carries lbx0 lo ping -c 1 -s 20000 2001:db8:9::1
	log_test "no packet is larger than the MTU, and larger datagrams are fragmented"
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
	check_fail $? "the refused device exists"
	ipn link add lbx0 address 02:00:00:00:00:09 type lbx
	check_err $? "a valid link-layer address was refused"
	ipn addr add 192.0.2.1/32 dev lbx0
	ipn link set lbx0 up
	carries lbx0 lo ping -c 1 192.0.2.1
	ipn link set lbx0 address 02:00:00:00:00:0a
	carries lbx0 lo ping -c 1 192.0.2.1
	log_test "a valid link-layer address is accepted, also for a device that is up"
}

stays_in_its_netns()
{
	RET=0
	lbx_up
	refused "" ipn link set lbx0 netns 1
	ipn link show lbx0 &>/dev/null
	check_err $? "lbx0 has left its netns"
	log_test "an lbx device cannot be moved to another netns"
}

takes_no_master()
{
	RET=0
	lbx_up
	ipn link add dummy0 type dummy
	refused "" ipn link set dummy0 master lbx0
	log_test "an lbx device cannot have ports although it is an L3 master"
}

taken_name_is_refused()
{
	RET=0
	lbx_up
	refused "File exists" ipn link add lbx0 type lbx
	[[ $(ipn -j link show type lbx | jq length) == 1 ]]
	check_err $? "there is more than one lbx device"
	log_test "a device with a name that exists is refused"
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
	log_test "an lbx device still carries its traffic after it is renamed"
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
		check_err $? "$dir: $(($(stat64 lbx0 "$dir.packets") - count)) packets, expected 20"
		[[ $(stat64 lbx0 "$dir.bytes") == $((bytes + 20 * 84)) ]]
		check_err $? "$dir: $(($(stat64 lbx0 "$dir.bytes") - bytes)) bytes, expected $((20 * 84))"
		[[ $(stat64 lbx0 "$dir.dropped") == 0 && $(stat64 lbx0 "$dir.errors") == 0 ]]
		check_err $? "$dir: drops or errors are counted"
	done
	log_test "packets and bytes are counted exactly in both directions"
}

lo_stays_lo()
{
	RET=0
	lbx_up 192.0.2.1/32
	carries lo lbx0 ping -c 1 127.0.0.1
	carries lo lbx0 ping -c 1 ::1
	[[ $(ipn -j addr show dev lbx0 | jq '[.[0].addr_info[].local] |
		index("127.0.0.1") or index("::1")') == false ]]
	check_err $? "lbx0 has 127.0.0.1 or ::1"
	log_test "127.0.0.1 and ::1 stay on lo"
}

tests_run
exit "$EXIT_STATUS"
