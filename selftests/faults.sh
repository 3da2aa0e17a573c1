#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each allocation fails in turn, of whatever is done with lbx: faults.py. For kernels with
# fault injection, such as the debug kernel, which also tells of what leaks.
#
# MINUTES, if set, is after how many no other operation is begun.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

# Those with the fewest allocations first
ALL_TESTS="
	packet4 packet6 claimed_packet connect
	dump isolate unclaim claim address4 address6 down up mtu
	dellink newlink netns_exit netns module_ends module_begins
	tool_show tool_claims tool_stats tool_save tool_set tool_add tool_del tool_claim
	tool_unclaim tool_restore tool_trace tool_doctor tool_monitor tool_watch tool_top
"

# may_fail: whatever a task allocates with fail-nth
may_fail()
{
	local debug=/sys/kernel/debug fault

	mountpoint -q "$debug" || mount -t debugfs debugfs "$debug"
	[[ -e /proc/self/fail-nth && -e $debug/failslab ]] || return
	for fault in failslab fail_page_alloc; do
		echo 0 >"$debug/$fault/verbose"
		echo N >"$debug/$fault/ignore-gfp-wait"
		everywhere "$debug/$fault"
	done
	echo 0 >"$debug/fail_page_alloc/min-order"
}

# everywhere FAULT: faults.py has it in some functions only, of some operations
everywhere()
{
	[[ -e $1/require-start ]] || return 0
	echo 0 >"$1/require-start"
	echo 0xffffffffffffffff >"$1/require-end"
}

# can_choose: and the kernel can do so
can_choose()
{
	[[ -e /sys/kernel/debug/failslab/require-start ]]
}

# swept NAME OPERATION [COMMAND...]
swept()
{
	local name=$1 out; shift

	RET=0
	may_fail
	if [[ $1 == @(command|find|watch) ]]; then
		nic_up
	else
		netns_up
	fi
	out=$(inns "$here/faults.py" "$@" 2>&1)
	check_err $? "$out"
	log_info "$out"
	log_test "$name: each allocation fails in turn"
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

# tool_swept VERB ARG... [-- UNDO...]; tool_watched TEXT VERB ARG... [-- CHANGE...]: what the
# tool allocates before its main() is swept once, with "show": its other verbs have the
# same then, and about as many as with -V.
tool_swept()
{
	local tool root first=1 operation=command

	tool_in_memory
	[[ $1 == show ]] || tool_main
	# Their status is 1 as well when they have found something
	[[ $1 != trace && $1 != doctor ]] || operation="find"
	swept "lbx $1" "$operation" "$first" "$root" "${tool[@]}" "$@"
}

tool_watched()
{
	local text=$1 tool root first; shift

	tool_in_memory
	tool_main
	swept "lbx $1, watching" watch "$first" "$root" "$text" "${tool[@]}" "$@"
}

# tool_in_memory: sets root, a folder with the tool and its libraries, and tool
tool_in_memory()
{
	local lib

	root=$(mktemp -d -p /run)
	defer rm -r "$root"
	cp "$(type -P lbx)" "$root"
	while read -r lib; do
		cp "$lib" "$root"
	done < <(ldd "$(type -P lbx)" | grep -o '/[^ ]*')
	lib=$(echo "$root"/ld-linux*)
	tool=("${lib#"$root"}" --inhibit-cache --library-path / /lbx)
}

# tool_main: sets first, an allocation just before main()
tool_main()
{
	may_fail
	first=$("$here/faults.py" before "$root" "${tool[@]}" -V)
}

tool_show()	{ tool_swept show; }
tool_claims()	{ tool_swept claims; }
tool_stats()	{ tool_swept stats --cpu; }
tool_save()	{ tool_swept save; }
tool_trace()	{ tool_swept trace 192.0.2.1; }
tool_doctor()	{ tool_swept doctor; }
tool_watch()	{ tool_watched lbx0 stats --watch 0.1; }
tool_monitor()	{ tool_watched lbx1 monitor -- bash -c 'ip link add lbx1 type lbx; ip link del lbx1'; }

tool_top()
{
	# What ncurses looks for is in memory, too
	mkdir -p /run/faults.terminfo/l
	defer rm -r /run/faults.terminfo
	infocmp linux | tic -o /run/faults.terminfo -
	TERM=linux TERMINFO=/run/faults.terminfo tool_watched lbx0 top
}

tool_add()
{
	tool_swept add pg 10.9.0.1/24 2001:db8:9::1 isolate on -- lbx del pg
}

tool_del()
{
	tool_swept del lbx0 -- lbx add lbx0 10.9.0.1/24 2001:db8:9::1 isolate on
}

tool_set()
{
	tool_swept set lbx0 addr 10.9.0.1/24 mtu 1500 direct off -- \
		lbx set lbx0 noaddr 10.9.0.1/24 mtu 65536 direct on
}

tool_claim()
{
	tool_swept claim eth0 192.0.2.1 2001:db8::1 dev lbx0 -- \
		lbx unclaim eth0 192.0.2.1 2001:db8::1
}

# The first time, nothing is claimed
tool_unclaim()
{
	tool_swept unclaim --all -- lbx claim eth0 192.0.2.1 2001:db8::1 dev lbx0
}

tool_restore()
{
	echo "add pg 10.9.0.1/24 2001:db8:9::1 isolate on" >/run/faults.saved
	echo "add pg" >/run/faults.before
	defer rm /run/faults.saved /run/faults.before
	tool_swept restore /run/faults.saved -- lbx restore /run/faults.before
}

tool_need
if ! may_fail; then
	echo "SKIP: this kernel has no fault injection"
	exit "$ksft_skip"
fi
for operation in ${TESTS:-$ALL_TESTS}; do
	if [[ ! ${MINUTES:-} ]] || ((SECONDS < MINUTES * 60)); then
		in_defer_scope "$operation"
	else
		not_begun+=" $operation"
	fi
done
[[ ! ${not_begun:-} ]] || log_info "no minute left for$not_begun"
exit "$EXIT_STATUS"
