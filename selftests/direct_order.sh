#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Direct output does not reorder the packets of a flow.

# shellcheck source=selftests/lib/direct_lib.sh
source "$(dirname "$0")/lib/direct_lib.sh"

ALL_TESTS="
	none_overtakes
	order_pinned
	order_migrating
	order_tcp
"

# small_rounds: limit a softirq to one packet at a time, so that it soon leaves the rest
# to ksoftirqd, and packets wait in the backlog
small_rounds()
{
	local key

	for key in dev_weight netdev_budget; do
		defer sysctl -qw "net.core.$key=$(sysctl -n "net.core.$key")"
		sysctl -qw "net.core.$key=1"
	done
}

# A burst of more segments than the device accepts at once is queued, and segmented
# there. The single datagram after it is direct.
none_overtakes()
{
	local addr queued direct inline

	RET=0
	up
	small_rounds
	ipn link set lbx0 gso_max_segs 2
	for addr in $ADDRS; do
		count_paths flows -f 1 -g 40 "$addr" 4100
		((queued >= 4000 && direct >= 100))
		check_err $? "$addr: $queued packets queued, expected 4000; $direct direct, expected 100"
		[[ $(</tmp/paths.out) == 0 ]]
		check_err $? "$addr: $(</tmp/paths.out) of 4100 datagrams were reordered"
	done
	log_test "a direct packet does not overtake packets in the backlog"
}

# in_order ADDR OPTION...: set $reordered to the number of datagrams out of order
in_order()
{
	local addr=$1; shift

	reordered=$(inns flows "$@" "$addr" 2000)
	check_err $? "$addr $*: datagrams were lost"
}

order_pinned()
{
	local addr reordered

	RET=0
	up
	for addr in 127.0.0.1 $ADDRS ::1; do
		in_order "$addr"
		((reordered == 0))
		check_err $? "$addr: $reordered of 16000 datagrams were reordered"
	done
	log_test "8 concurrent UDP flows, each sent on one CPU, arrive complete and in order"
}

# A sender that moves to another CPU may overtake its own packets, on lo as well. The
# test allows as many as on lo, and 0.1 % for chance.
order_migrating()
{
	local addr reordered lo

	RET=0
	up
	in_order 127.0.0.1 -m
	lo=$reordered
	for addr in $ADDRS; do
		in_order "$addr" -m
		((reordered <= lo + 16))
		check_err $? "$addr: $reordered of 16000 datagrams were reordered, and $lo on lo"
	done
	log_test "8 UDP flows that change CPUs arrive complete, with no more reordering than on lo"
}

# nstat_get NAME: print a counter of nstat
nstat_get()
{
	inns nstat -asz "$1" | awk -v name="$1" '$1 == name {print $2}'
}

# tcp_disorder ADDR: set $disorder to the number of segments that arrived too early, or
# were retransmitted for that reason. All processes run on one CPU: a sender that moves
# to another CPU overtakes the packets that the softirqs of the former CPU have sent,
# some dozens of segments at once, and as often on lo.
tcp_disorder()
{
	local addr=$1 server before

	before=$(($(nstat_get TcpExtTCPOFOQueue) + $(nstat_get TcpExtTCPFastRetrans)))
	inns_start taskset -c 0 iperf3 -s -1 -B "$addr" &>/dev/null
	server=$!
	wait_listen 5201 tcp
	inns taskset -c 0 iperf3 -c "$addr" -P 4 -n 1M &>/tmp/iperf.out
	check_err $? "$addr: iperf3 failed: $(tail -n 1 /tmp/iperf.out)"
	wait "$server"
	disorder=$(($(nstat_get TcpExtTCPOFOQueue) +
		    $(nstat_get TcpExtTCPFastRetrans) - before))
}

order_tcp()
{
	local addr disorder

	RET=0
	up
	small_rounds
	# many packets, and bursts of them from softirqs
	ipn link set lbx0 mtu 1500 gso_max_segs 1
	for addr in $ADDRS; do
		tcp_disorder "$addr"
		((disorder == 0))
		check_err $? "$addr: $disorder segments were too early or retransmitted, expected 0"
	done
	log_test "4 concurrent TCP streams on one CPU deliver all segments in order"
}

tests_run
exit "$EXIT_STATUS"
