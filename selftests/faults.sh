#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each allocation fails in turn, of each operation of the kernel on lbx devices: faults.py.

# shellcheck source=selftests/faults_lib.sh
source "$(dirname "$0")/faults_lib.sh"

# Those with the fewest allocations first
ALL_TESTS="
	packet4 packet6 claimed_packet connect
	dump isolate unclaim claim address4 address6 down up mtu
	dellink newlink netns_exit netns module_ends module_begins
"

# can_choose: in some of the functions only
can_choose()
{
	[[ -e /sys/kernel/debug/failslab/require-start ]]
}

# swept NAME OPERATION
swept()
{
	netns_up
	fail_in_turn "$1" "$here/faults.py" "$2"
}

# chosen NAME OPERATION: of which only a part may fail
chosen()
{
	if can_choose; then
		swept "$@"
	else
		log_test_skip "$1: each allocation fails in turn (no stack filter)"
	fi
}

# module NAME OPERATION
module()
{
	module_is_loaded && rmmod lbx
	chosen "$@"
	module_need
}

module_begins()	{ module "the module's beginning" module_load; }
module_ends()	{ module "the module's end" module_unload; }
netns()		{ swept "a new netns" netns; }
netns_exit()	{ chosen "the end of a netns" netns_exit; }
newlink()	{ swept "newlink" newlink; }
dellink()	{ swept "dellink" dellink; }
isolate()	{ swept "isolation" isolate; }
claim()		{ swept "claims" claim; }
unclaim()	{ swept "the end of claims" unclaim; }
mtu()		{ swept "another MTU" mtu; }
up()		{ swept "up" up; }
down()		{ swept "down" down; }
address4()	{ swept "an IPv4 address" address4; }
address6()	{ swept "an IPv6 address" address6; }
packet4()	{ swept "the first packet, IPv4" packet4; }
packet6()	{ swept "the first packet, IPv6" packet6; }
claimed_packet() { swept "the first claimed packet" claimed_packet; }
connect()	{ swept "a TCP connection" connect; }
dump()		{ swept "dumps" dump; }

faults_run
exit "$EXIT_STATUS"
