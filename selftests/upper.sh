#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An lbx device is no port of another device.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

ALL_TESTS="
	bond_says_why
	masters_are_refused
	links_are_refused
	vxlan_may_send_by_it
"

# the words of lbx; others have their own, or none
words="An lbx device is a loopback and cannot be a port of another device"

up()
{
	netns_up
	ipn -b - <<-END
		link add lbx0 address 02:00:00:00:00:01 type lbx
		link set lbx0 mtu 9000
		addr add 192.0.2.1/32 dev lbx0
		addr add 2001:db8:9::1/128 dev lbx0
	END
}

# everything that a refusal could change
shown()
{
	ipn -d -j addr show dev lbx0 | jq -c .
}

# added NAME TYPE...: the device NAME is there, or this kernel has none of the type
added()
{
	local name=$1; shift

	modprobe "rtnl-link-$1" 2>/dev/null
	ipn link add "$name" type "$@" 2>/dev/null
}

bond_says_why()
{
	local name="a bond is refused with words, and the device is as before"
	local before

	RET=0
	up
	if ! added bond0 bond; then
		log_test_skip "$name" "this kernel has no bond"
		return
	fi
	before=$(shown)
	refused "$words" ipn link set lbx0 master bond0
	[[ $(shown) == "$before" ]]
	check_err $? "the device was $before and is $(shown)"
	# and may go up and down by itself
	ipn link set lbx0 up
	check_err $? "the device cannot be brought up"
	log_test "$name"
}

masters_are_refused()
{
	local before type tried=''

	RET=0
	up
	before=$(shown)
	while read -r type; do
		# shellcheck disable=SC2086  # the type's arguments
		added up0 $type || continue
		refused "" ipn link set lbx0 master up0
		[[ $(shown) == "$before" ]]
		check_err $? "$type: the device was $before and is $(shown)"
		ipn link del up0
		tried+=" ${type%% *}"
	done <<-END
		bond
		bond mode active-backup fail_over_mac follow
		bridge
		team
		vrf table 10
		batadv
	END
	# a device that nothing distinguishes from lo but its flags
	ipn link set lbx0 up
	settle
	before=$(shown)
	for type in bond bridge team; do
		added up0 "$type" || continue
		refused "" ipn link set lbx0 master up0
		[[ $(shown) == "$before" ]]
		check_err $? "$type, up: the device was $before and is $(shown)"
		ipn link del up0
	done
	[[ $tried == *bond* && $tried == *bridge* ]]
	check_err $? "only these were tried:$tried"
	log_info "tried:$tried"
	log_test "no bond, bridge, team, VRF or mesh takes an lbx device as a port, and it stays as it is"
}

links_are_refused()
{
	local before type

	RET=0
	up
	before=$(shown)
	for type in "vlan id 4" macvlan macvtap ipvlan macsec; do
		modprobe "rtnl-link-${type%% *}" 2>/dev/null
		# shellcheck disable=SC2086  # the type's arguments
		refused "" ipn link add link lbx0 name up0 type $type
		[[ $(shown) == "$before" ]]
		check_err $? "$type: the device was $before and is $(shown)"
	done
	ipn link add eth0 type dummy
	modprobe rtnl-link-hsr 2>/dev/null
	refused "" ipn link add up0 type hsr slave1 lbx0 slave2 eth0
	[[ $(shown) == "$before" ]]
	check_err $? "hsr: the device was $before and is $(shown)"
	log_test "no VLAN, macvlan, ipvlan, macsec or HSR device on top of an lbx device"
}

# as lo may be the device of a tunnel
vxlan_may_send_by_it()
{
	local name="an lbx device may be the one that a VXLAN tunnel sends by"

	RET=0
	up
	if ! added up0 vxlan id 1 dev lbx0 local 192.0.2.1 remote 192.0.2.1 dstport 4789; then
		modprobe vxlan 2>/dev/null
		check_err $? "refused"
	fi
	log_test "$name"
}

tests_run
exit "$EXIT_STATUS"
