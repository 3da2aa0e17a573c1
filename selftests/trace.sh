#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tracepoints, by tracefs, as perf, trace-cmd and bpftrace use them. stats.sh tests
# which packet hits which tracepoint.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	tools_find_them
	filters
	histograms
	xmit_fields
	drop_fields
	config_when_made
	config_when_changed
	config_not_when_refused
	silent_when_off
"

trace=/sys/kernel/tracing
instance=$trace/instances/lbx

# on EVENT...: enable only these events
on()
{
	local event

	echo 0 >"$instance/events/enable"
	for event; do
		echo 1 >"$instance/events/lbx/$event/enable"
	done
	echo >"$instance/trace"
}

# events: print what has been traced since, without the columns of the tracer
events()
{
	sed -nE 's/^[^#].*: (lbx_[a-z]+: )/\1/p' "$instance/trace"
}

# hits PATTERN COUNT: PATTERN was traced COUNT times
hits()
{
	local n

	n=$(events | grep -cE "$1")
	((n == $2))
	check_err $? "'$1' was traced $n times, expected $2, in '$(events)'"
}

ifindex()
{
	ipn -j link show dev lbx0 | jq '.[0].ifindex'
}

tools_find_them()
{
	local event

	RET=0
	for event in lbx_xmit lbx_drop lbx_config; do
		grep -qx "lbx:$event" "$trace/available_events"
		check_err $? "lbx:$event is not in available_events"
		# what a tool needs to decode a record
		grep -q 'field:char name\[16\];' "$trace/events/lbx/$event/format" &&
		grep -q 'field:int ifindex;' "$trace/events/lbx/$event/format" &&
		grep -q '^print fmt: "dev=%s ifindex=%d ' "$trace/events/lbx/$event/format"
		check_err $? "the format of lbx:$event is $(cat "$trace/events/lbx/$event/format")"
	done
	log_test "perf, trace-cmd and bpftrace can find the three tracepoints and their fields"
}

filters()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	on lbx_xmit
	echo 'name == "lbx0" && protocol == 0x86dd' >"$instance/events/lbx/lbx_xmit/filter"
	check_err $? "the filter cannot be set"
	inns sweep 192.0.2.1 3 0
	inns sweep 2001:db8:9::1 2 0
	echo 0 >"$instance/events/lbx/lbx_xmit/filter"
	hits 'lbx_xmit: .*' 2
	hits 'protocol=0x86dd' 2
	log_test "the fields of tracepoints can be filtered in the kernel"
}

histograms()
{
	local name="the fields of tracepoints can be summed in the kernel"
	local hist

	RET=0
	# CONFIG_HIST_TRIGGERS
	if [[ ! -e $instance/events/lbx/lbx_xmit/hist ]]; then
		log_test_skip "$name" "this kernel does not have histograms of events"
		return
	fi
	lbx_up 192.0.2.1/32
	on
	hist='hist:keys=ifindex,path,is_inline:vals=len'
	echo "$hist" >"$instance/events/lbx/lbx_xmit/trigger"
	check_err $? "the histogram cannot be set"
	inns sweep 192.0.2.1 3 0
	grep -qE 'hitcount: +3 +len: +96' "$instance/events/lbx/lbx_xmit/hist"
	check_err $? "the histogram is $(cat "$instance/events/lbx/lbx_xmit/hist")"
	echo "!$hist" >"$instance/events/lbx/lbx_xmit/trigger"
	log_test "$name"
}

xmit_fields()
{
	local lbx0

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	lbx0="dev=lbx0 ifindex=$(ifindex) skbaddr=[0-9a-f]+"
	on lbx_xmit
	inns sweep 192.0.2.1 1
	inns sweep 2001:db8:9::1 1
	hits "lbx_xmit: $lbx0 len=32 protocol=0x0800 path=direct inline=1\$" 1
	hits "lbx_xmit: $lbx0 len=52 protocol=0x86dd path=direct inline=1\$" 1
	hits '' 2
	log_test "lbx_xmit reports device, length, protocol and packet path"
}

drop_fields()
{
	RET=0
	lbx_up 203.0.113.1/32 2001:db8:9::1/128
	setup_ns PEER
	defer cleanup_ns "$PEER"
	veth_up "192.0.2.1/24 2001:db8:1::1/64" "192.0.2.2/24 2001:db8:1::2/64"
	ip -n "$PEER" route add default via 192.0.2.1
	ip -n "$PEER" route add default via 2001:db8:1::1
	inns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ipn link set lbx0 type lbx isolate on
	on lbx_drop
	ip netns exec "$PEER" ping -c 1 -W 1 203.0.113.1 &>/dev/null
	ip netns exec "$PEER" ping -c 1 -W 1 2001:db8:9::1 &>/dev/null
	hits "lbx_drop: dev=lbx0 ifindex=$(ifindex) skbaddr=[0-9a-f]+ protocol=0x0800 reason=isolated\$" 1
	hits "lbx_drop: dev=lbx0 ifindex=$(ifindex) skbaddr=[0-9a-f]+ protocol=0x86dd reason=isolated\$" 1
	hits '' 2
	log_test "lbx_drop reports device, protocol and reason"
}

config_when_made()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	on lbx_config
	ipn link add lbx0 type lbx
	hits 'lbx_config: dev=lbx0 ifindex=[0-9]+ direct=1 isolate=0 claims=0$' 1
	ipn link add lbx1 type lbx direct off isolate on
	hits 'lbx_config: dev=lbx1 ifindex=[0-9]+ direct=0 isolate=1 claims=0$' 1
	hits '' 2
	log_test "lbx_config reports a new device once"
}

config_when_changed()
{
	local lbx0

	RET=0
	lbx_up
	ipn link add eth0 type dummy
	ipn addr add 192.0.2.5/24 dev eth0
	lbx0="lbx_config: dev=lbx0 ifindex=$(ifindex)"
	on lbx_config
	ipn link set lbx0 type lbx direct off
	hits "$lbx0 direct=0 isolate=0 claims=0\$" 1
	ipn link set lbx0 type lbx direct on
	hits "$lbx0 direct=1 isolate=0 claims=0\$" 1
	ipn link set lbx0 type lbx isolate on
	hits "$lbx0 direct=1 isolate=1 claims=0\$" 1
	ipn link set lbx0 type lbx claim eth0 claim 192.0.2.5
	hits "$lbx0 direct=1 isolate=1 claims=2\$" 1
	ipn link set lbx0 type lbx unclaim eth0 isolate off
	hits "$lbx0 direct=1 isolate=0 claims=1\$" 1
	hits '' 5
	log_test "lbx_config reports each change once, with the new settings"
}

config_not_when_refused()
{
	RET=0
	lbx_up
	on lbx_config
	ipn link set lbx0 type lbx claim eth7 direct off 2>/dev/null
	check_fail $? "an interface that does not exist was claimed"
	hits '' 0
	log_test "lbx_config does not report a change that is refused"
}

# The kernel ensures this. The test fails only if the driver enables the tracepoints by
# itself.
silent_when_off()
{
	RET=0
	lbx_up 192.0.2.1/32
	on
	inns sweep 192.0.2.1 1
	ipn link set lbx0 type lbx direct off
	hits '' 0
	log_test "tracepoints that are off report nothing"
}

mountpoint -q "$trace" || mount -t tracefs tracefs "$trace"
mkdir "$instance"
trap 'rmdir "$instance"; defer_scopes_cleanup' EXIT

tests_run
exit "$EXIT_STATUS"
