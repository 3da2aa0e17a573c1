#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each allocation fails in turn, in each operation of the kernel on lbx devices. See
# faults.py.

# shellcheck source=selftests/faults/faults_lib.sh
source "$(dirname "$0")/faults_lib.sh"

# Sweeps with the fewest allocations come first
ALL_TESTS="
	packet4 packet6 claimed_packet connect
	dump isolate unclaim claim address4 address6 down up mtu
	dellink newlink netns_exit netns module_ends module_begins
"

# can_choose: true if this kernel can let allocations of chosen functions fail only
can_choose()
{
	[[ -e /sys/kernel/debug/failslab/require-start ]]
}

# swept NAME OPERATION: run the sweep of OPERATION
swept()
{
	netns_up
	fail_in_turn "$1" "$here/faults.py" "$2"
}

# chosen NAME OPERATION: run the sweep of an OPERATION of which only a part may fail
chosen()
{
	if can_choose; then
		swept "$@"
	else
		log_test_skip "$1 handles the failure of each allocation" \
			"this kernel has no stack filter for faults"
	fi
}

# module NAME OPERATION: run the sweep of an OPERATION that starts without the module
module()
{
	module_is_loaded && rmmod lbx
	chosen "$@"
	module_need
}

module_begins()	{ module "loading the module" module_load; }
module_ends()	{ module "unloading the module" module_unload; }
netns()		{ swept "making a netns" netns; }
netns_exit()	{ chosen "deleting a netns" netns_exit; }
newlink()	{ swept "making a device" newlink; }
dellink()	{ swept "deleting a device" dellink; }
isolate()	{ swept "changing isolate" isolate; }
claim()		{ swept "making claims" claim; }
unclaim()	{ swept "removing claims" unclaim; }
mtu()		{ swept "changing the MTU" mtu; }
up()		{ swept "setting a device up" up; }
down()		{ swept "setting a device down" down; }
address4()	{ swept "adding an IPv4 address" address4; }
address6()	{ swept "adding an IPv6 address" address6; }
packet4()	{ swept "sending the first IPv4 packet" packet4; }
packet6()	{ swept "sending the first IPv6 packet" packet6; }
claimed_packet() { swept "sending the first claimed packet" claimed_packet; }
connect()	{ swept "making a TCP connection" connect; }
dump()		{ swept "dumping devices and claims" dump; }

faults_run
exit "$EXIT_STATUS"
