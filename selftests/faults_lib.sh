# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What faults.sh and tool_faults.sh share. Sourced in place of lib.sh; brings that. Skips
# where the kernel has no fault injection; the debug kernel has, which also tells of what
# leaks.
#
# MINUTES, if set, is after how many no other sweep is begun.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

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

# fail_in_turn NAME COMMAND...: by a program that has them fail, in $NS
fail_in_turn()
{
	local name=$1 out; shift

	out=$(inns "$@" 2>&1)
	check_err $? "$out"
	log_info "$out"
	log_test "$name: each allocation fails in turn"
}

# faults_run: the sweeps of TESTS, or ALL_TESTS. What one has chosen to fail is no choice for
# the next.
faults_run()
{
	local sweep not_begun=()

	for sweep in ${TESTS:-$ALL_TESTS}; do
		if [[ ! ${MINUTES:-} ]] || ((SECONDS < MINUTES * 60)); then
			RET=0
			may_fail
			in_defer_scope "$sweep"
		else
			not_begun+=("$sweep")
		fi
	done
	((!${#not_begun[@]})) || log_info "no minute left for ${not_begun[*]}"
}

if ! may_fail; then
	echo "SKIP: this kernel has no fault injection"
	exit "$ksft_skip"
fi
