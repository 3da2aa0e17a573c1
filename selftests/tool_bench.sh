#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lbx bench measures the given workloads over the given peers, and leaves nothing
# behind.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	measures
	keeps_tables
	refuses
	fails_if_another_carries
	interrupted
"

# The scripts are in tools/bench, and the programs where those of the tests are
export LBX_EXEC_PATH=$repo_dir/tools/bench LBX_BENCH=$bin_dir

# running: true while lbx bench measures
running()
{
	pgrep -x lbx-bench >/dev/null
}

# nothing_left: no netns and no process of lbx bench is left
nothing_left()
{
	! { ip netns list | grep -q lbx-bench || running; }
}

measures()
{
	local got

	RET=0
	lbx -j bench peers "lo lbx veth tun unix" workloads $'udp:64\ntcp-crr:1' rounds 1 \
		>/tmp/bench.out
	check_err $? "lbx bench failed"
	got=$(jq -sc '[.[0].head.measure, (.[1:] | length),
		       (.[1:] | all(.value > 0 and .p50 > 0 and .p50 <= .p99)),
		       ([.[1:][].peer] | unique)]' /tmp/bench.out)
	# Two workloads in two families, except AF_UNIX, which is a family of its own
	[[ $got == '["time",18,true,["lbx","lo","tun","unix","veth"]]' ]]
	check_err $? "lbx bench prints $got"
	nothing_left
	check_err $? "lbx bench leaves a netns or a process behind"
	log_test "lbx bench measures each workload over each peer, and prints JSON"
}

keeps_tables()
{
	RET=0
	rm -rf /tmp/bench
	lbx bench peers "lo lbx" workloads "udp:64" rounds 6 out /tmp/bench >/tmp/bench.out 2>&1
	check_err $? "lbx bench failed: $(</tmp/bench.out)"
	grep -qE '^\| udp 64 +\| +IPv6 \| +[0-9.]+ \| +[0-9.]+( ~)? \|' /tmp/bench.out
	check_err $? "there is no ratio in $(</tmp/bench.out)"
	diff /tmp/bench.out <(echo "Measuring, this takes some minutes ..."; cat /tmp/bench/bench.md; echo) \
		>/tmp/bench.diff
	check_err $? "the file differs from the output: $(</tmp/bench.diff)"
	[[ -s /tmp/bench/bench-IPv4.svg && $(jq '.measurements | length' /tmp/bench/bench.json) == 24 ]]
	check_err $? "the plot or the JSON file is missing"
	log_test "lbx bench prints tables, and saves them"
}

refuses()
{
	RET=0
	# other+1 is a former name of lo-alias-1claim
	refused 'unknown "nothing", choose from: lo lbx' lbx bench peers "other+1 nothing"
	refused 'invalid workload "udp": must be such as udp:64' lbx bench workloads udp
	refused 'unknown workload "udpp"' lbx bench peers lo workloads udpp:1
	refused "udp takes sizes from 1 to 65000" lbx bench peers lo workloads udp:65001
	refused "--cpus 1000: only" lbx bench peers lo cpus 1000
	LBX_EXEC_PATH=/nowhere refused "are not installed" lbx bench
	nothing_left
	check_err $? "lbx bench leaves a netns or a process behind"
	log_test "lbx bench refuses what it cannot measure, with the reason"
}

fails_if_another_carries()
{
	RET=0
	netns_up
	refused "lo has carried" inns lbx-bench --to 127.0.0.1 --via lbx0 --seconds 0.1 udp 64
	log_test "a measurement fails if another device carries its traffic"
}

interrupted()
{
	local signal pid

	RET=0
	for signal in TERM INT; do
		# Background commands of a script ignore SIGINT, those of a terminal do
		# not
		env --default-signal=INT lbx bench peers "lo lbx" >/tmp/bench.out 2>&1 &
		pid=$!
		busywait $((BUSYWAIT_TIMEOUT * 10)) running
		check_err $? "lbx bench does not start: $(</tmp/bench.out)"
		kill -s "$signal" "$pid"
		wait "$pid"
		(($? > 128))
		check_err $? "SIG$signal does not end lbx bench"
		nothing_left
		check_err $? "SIG$signal leaves a netns or a process behind"
	done
	log_test "lbx bench leaves nothing behind when it is interrupted"
}

tool_need
tests_run
exit "$EXIT_STATUS"
