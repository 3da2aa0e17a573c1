# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that the tests of direct output share.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ADDRS="192.0.2.1 2001:db8:9::1"
trace=/sys/kernel/tracing/instances/lbx_direct

# up: make $NS with lbx0, which has an address of each family
# up_as [OPTION...] type lbx [OPTION...]: the same, with these options of "ip link add"
up()
{
	up_as type lbx
}

up_as()
{
	lbx_link=$* lbx_up 192.0.2.1/32 2001:db8:9::1/128
}

# count_paths COMMAND...: COMMAND succeeds. Set $queued, $direct and $inline to the
# packets of lbx0 that took that packet path. UDP packets of a process have been received
# when COMMAND has ended.
count_paths()
{
	local path rc
	local -A before

	read_counters lbx0
	for path in queued direct inline; do
		before[$path]=${counted[${path}_packets]}
	done
	inns "$@" &>/tmp/paths.out
	rc=$?
	read_counters lbx0
	queued=$((counted[queued_packets] - before[queued]))
	direct=$((counted[direct_packets] - before[direct]))
	inline=$((counted[inline_packets] - before[inline]))
	check_err "$rc" "'$*' failed: $(</tmp/paths.out)"
}

# all_queued COMMAND..., all_direct COMMAND...: COMMAND sends packets, and all take this
# packet path
all_queued()
{
	local queued direct inline

	count_paths "$@"
	((queued > 0 && direct == 0 && inline == 0))
	check_err $? "'$*': $queued packets queued, $direct direct, $inline of them inline, expected all queued"
}

all_direct()
{
	local queued direct inline

	count_paths "$@"
	((direct > 0 && queued == 0))
	check_err $? "'$*': $queued packets queued, $direct direct, expected all direct"
}

# each_family CHECK: run CHECK for ten datagrams and their replies, in IPv4 and IPv6
each_family()
{
	local addr

	for addr in $ADDRS; do
		"$1" udp_echo -s "$addr" 5000 10 64
	done
}

# trace_start EVENT...: enable these events of net: for lbx0 only
trace_start()
{
	local event

	mountpoint -q /sys/kernel/tracing ||
		mount -t tracefs tracefs /sys/kernel/tracing
	mkdir "$trace"
	defer rmdir "$trace"
	for event; do
		echo 'name == "lbx0"' >"$trace/events/net/$event/filter"
		echo 1 >"$trace/events/net/$event/enable"
	done
}

# traced EVENT [REGEX]: print how often the event was traced
traced()
{
	grep -c " $1: .*${2-}" "$trace/trace"
}

# connection ADDR: make a TCP connection. After that, send BYTES sends BYTES over it and
# waits until they have been received.
connection()
{
	local addr=$1 pf=ip4

	[[ $addr != *:* ]] || pf=ip6 addr="[$addr]"
	sent=0
	: >/tmp/direct.received
	inns_start socat -u "TCP-LISTEN:5000,pf=$pf,bind=$addr,reuseaddr" \
		OPEN:/tmp/direct.received
	tcp_pids=($!)
	wait_listen 5000 tcp
	exec {tx_fd}> >(inns socat -u -b 65536 - "TCP:$addr:5000")
	tcp_pids+=($!)
	send 1
}

all_received()
{
	(($(stat -c %s /tmp/direct.received) == sent))
}

send()
{
	head -c "$1" /dev/zero >&"$tx_fd"
	sent=$((sent + $1))
	busywait "$BUSYWAIT_TIMEOUT" all_received
	check_err $? "$(stat -c %s /tmp/direct.received) of $sent bytes arrived"
}

hang_up()
{
	exec {tx_fd}>&-
	wait "${tcp_pids[@]}"
	check_err $? "the connection has failed"
}

# shellcheck disable=SC2034  # used by the programs that source this
one_datagram='
import socket, sys
server, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
server.bind((sys.argv[1], 9))
client.sendto(bytes(10), server.getsockname())
server.recv(100)'
