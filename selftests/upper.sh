#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An lbx device cannot be a port of another device.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	bond_names_reason
	masters_are_refused
	links_are_refused
	vxlan_may_send_by_it
"

# the message of lbx; the other devices have their own, or none
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

# everything that a refused request could change
shown()
{
	ipn -d -j addr show dev lbx0 | jq -c .
}

# added NAME TYPE...: true if the device NAME was added, false if the kernel lacks the
# type
added()
{
	local name=$1; shift

	modprobe "rtnl-link-$1" 2>/dev/null
	ipn link add "$name" type "$@" 2>/dev/null
}

bond_names_reason()
{
	local name="a bond refuses an lbx device with the reason, and does not change it"
	local before

	RET=0
	up
	if ! added bond0 bond; then
		log_test_skip "$name" "this kernel does not have bond"
		return
	fi
	before=$(shown)
	refused "$words" ipn link set lbx0 master bond0
	[[ $(shown) == "$before" ]]
	check_err $? "the device was $before and is $(shown)"
	# the device can still be set up
	ipn link set lbx0 up
	check_err $? "the device cannot be set up"
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
	# a device that only its flags distinguish from lo
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
	check_err $? "only these types were tried:$tried"
	log_info "tried:$tried"
	log_test "an lbx device cannot be a port of a bond, bridge, team, VRF or mesh, and is not changed"
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
	log_test "an lbx device cannot carry a VLAN, macvlan, ipvlan, macsec or HSR device"
}

# lo can be the device of a tunnel, too
vxlan_may_send_by_it()
{
	local name="a VXLAN tunnel can send by an lbx device"

	RET=0
	up
	if ! added up0 vxlan id 1 dev lbx0 local 192.0.2.1 remote 192.0.2.1 dstport 4789; then
		modprobe vxlan 2>/dev/null
		check_err $? "the tunnel was refused"
	fi
	log_test "$name"
}

tests_run
exit "$EXIT_STATUS"
