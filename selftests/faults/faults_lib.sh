# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that faults.sh and tool_faults.sh share. They source this file instead of
# lib.sh, and it sources that. It skips the test where the kernel has no fault
# injection. The kernel variant "debug" has fault injection and also reports leaks.
#
# MINUTES, if set, is the time after which no further sweep starts.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/../lib/lib.sh"
# shellcheck disable=SC2034  # used by the programs that source this
here=$(dirname "$(readlink -e "$0")")

# may_fail: let any allocation of a task fail that has fail-nth
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

# everywhere FAULT: undo the limit by which faults.py lets allocations fail in some
# functions only, for some operations
everywhere()
{
	[[ -e $1/require-start ]] || return 0
	echo 0 >"$1/require-start"
	echo 0xffffffffffffffff >"$1/require-end"
}

# fail_in_turn NAME COMMAND...: run in $NS a program that lets each allocation fail in
# turn
fail_in_turn()
{
	local name=$1 out; shift

	out=$(inns "$@" 2>&1)
	check_err $? "$out"
	log_info "$out"
	log_test "$name handles the failure of each allocation"
}

# faults_run: run the sweeps of TESTS, or of ALL_TESTS. Each starts with the fault
# settings reset, so that one sweep does not restrict the next.
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
