#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Direct output: local traffic bypasses the queue of the device, unless something is
# attached to the device that needs to see the packets there. The other programs
# direct_*.sh have what is attached, offloads, and the order of packets.

# shellcheck source=selftests/lib/direct_lib.sh
source "$(dirname "$0")/lib/direct_lib.sh"

ALL_TESTS="
	is_the_default
	skips_queue_and_backlog
	not_inline_in_softirq
	answers_are_received_next
	others_than_the_next_by_the_backlog
	next_are_bounded
	off_is_the_queue
	switched_at_once
	switched_under_load
	rps_steers
	down_is_lo
	forwarded_is_dropped
	counts_exactly
"

shown()
{
	ipn -d -j link show dev lbx0 | jq -r '.[0].linkinfo.info_data.direct'
}

is_the_default()
{
	RET=0
	up
	[[ $(shown) == true ]]
	check_err $? "ip shows direct as '$(shown)', expected true"
	ipn -d link show dev lbx0 | grep -q ' lbx direct on '
	check_err $? "ip does not show 'direct on'"
	each_family all_direct
	all_direct ping -c 1 192.0.2.1
	all_direct ping -c 1 2001:db8:9::1
	all_direct serve 192.0.2.1
	all_direct serve 2001:db8:9::1
	log_test "direct output is the default for ICMP, UDP and TCP"
}

# as traced by the stack, not as counted by the driver
skips_queue_and_backlog()
{
	local addr event queued direct inline

	RET=0
	up
	trace_start net_dev_queue netif_rx
	for addr in $ADDRS; do
		count_paths udp_echo -s "$addr" 5000 50 64
		((direct == 100))
		check_err $? "$addr: $direct of 100 packets are direct, expected all"
		# except while the backlog of the CPU has other packets
		((inline > 50))
		check_err $? "$addr: $inline of 100 packets are inline, expected more than 50"
		(($(traced netif_rx) == direct - inline))
		check_err $? "$addr: $(traced netif_rx) packets went through the backlog, and $inline of 100 are inline"
		(($(traced net_dev_queue) == 0))
		check_err $? "$addr: $(traced net_dev_queue) packets were queued, expected 0"
		echo >"$trace/trace"
	done
	# the events of packets that are queued
	ipn link set lbx0 type lbx direct off
	for addr in $ADDRS; do
		count_paths udp_echo -s "$addr" 5000 50 64
		for event in net_dev_queue netif_rx; do
			(($(traced "$event") == 100))
			check_err $? "$addr: $(traced "$event") events $event with direct off, expected 100"
		done
		echo >"$trace/trace"
	done
	log_test "direct output bypasses the queue of the device and the backlog of the CPU"
}

# a timer sends the ACK that was not sent with an answer
delayed_ack='
import socket, sys, time
listener = socket.create_server((sys.argv[1], 0), family=int(sys.argv[2]))
client = socket.create_connection(listener.getsockname()[:2])
server, _ = listener.accept()
server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
client.send(b"x")
time.sleep(0.5)'

not_inline_in_softirq()
{
	local addr family queued direct inline

	RET=0
	up
	for addr in $ADDRS; do
		family=2
		[[ $addr != *:* ]] || family=10
		count_paths python3 -c "$delayed_ack" "$addr" "$family"
		((direct > 3 && inline < direct))
		check_err $? "$addr: $inline of $direct packets are inline, expected fewer"
	done
	log_test "a packet that a softirq sends is not received inline"
}

# the reply to a ping is sent while the request is received
answers_are_received_next()
{
	local addr queued direct inline

	RET=0
	up
	trace_start netif_rx
	for addr in $ADDRS; do
		count_paths ping -c 20 -i 0.01 "$addr"
		# except while the backlog of the CPU has other packets
		((direct == 40 && inline > 20))
		check_err $? "$addr: $inline of $direct packets are inline, expected more than 20 of 40"
		(($(traced netif_rx) == direct - inline))
		check_err $? "$addr: $(traced netif_rx) packets in the backlog, $inline of $direct inline"
		echo >"$trace/trace"
	done
	log_test "a packet that is sent during an inline receive is received right after it"
}

# when the window opens, hundreds of segments are sent at once
others_than_the_next_by_the_backlog()
{
	local addr queued direct inline

	RET=0
	up
	ipn link set lbx0 mtu 1280 gso_max_segs 1
	trace_start netif_rx
	for addr in $ADDRS; do
		count_paths taskset 1 python3 "$lib_dir/window.py" "$addr"
		((inline > 64))
		check_err $? "$addr: $inline of $direct packets are inline, expected more than 64"
		(($(traced netif_rx) > 64))
		check_err $? "$addr: $(traced netif_rx) of $direct packets went through the backlog, expected more than 64"
		echo >"$trace/trace"
	done
	inns nstat -asz TcpExtTCPOFOQueue TcpExtTCPFastRetrans |
		awk '$1 ~ /^Tcp/ && $2 {print; bad = 1} END {exit bad}'
	check_err $? "segments arrived out of order"
	log_test "the backlog gets the packets that the next list has no room for, in their order"
}

# One packet, and rules that send a hundred copies of it while it is received. The rules
# match only its TTL, which the copies do not have, so the copies make no others. Before
# any copy is received, the backlog drops those that have no room.
next_are_bounded()
{
	local max queued direct inline first dropped i

	RET=0
	up
	trace_start netif_rx
	echo 1 >"$trace/events/lbx/enable"
	max=$(sysctl -n net.core.netdev_max_backlog)
	defer sysctl -qw net.core.netdev_max_backlog="$max"
	{
		echo "table ip t {"
		echo "chain c { type filter hook input priority 0"
		for ((i = 0; i < 100; i++)); do
			echo "ip ttl 64 udp dport 9 dup to 192.0.2.1 device lbx0"
		done
		echo "}"
		echo "}"
	} | inns nft -f -
	check_err $? "nft cannot load the rules"
	sysctl -qw net.core.netdev_max_backlog=10
	read_counters lbx0
	dropped=${counted[drop_backlog]}
	count_paths python3 -c "$one_datagram" 192.0.2.1
	sysctl -qw net.core.netdev_max_backlog="$max"
	dropped=$((counted[drop_backlog] - dropped))
	((inline == 65))
	check_err $? "$inline packets were received inline, expected 65"
	((direct + dropped == 101 && dropped >= 20))
	check_err $? "$direct packets are direct and $dropped are dropped, expected 101 together"
	# the first one of these two events after the original packet was received
	first=$(grep -oE 'lbx_drop: |inline=1' "$trace/trace" | sed -n 2p)
	[[ $first == lbx_drop* ]]
	check_err $? "a copy was received before the first drop"
	log_test "the list of packets that are sent during an inline receive is bounded"
}

off_is_the_queue()
{
	local addr

	RET=0
	up_as type lbx direct off
	[[ $(shown) == false ]]
	check_err $? "ip shows direct as '$(shown)', expected false"
	each_family all_queued
	for addr in $ADDRS; do
		all_queued ping -c 1 "$addr"
		all_queued serve "$addr"
	done
	log_test "with direct off all packets are queued"
}

# switch_to ADDR on|off SHOWN PATH OTHER: after the change, ip shows SHOWN, and packets to
# ADDR take PATH and not OTHER
switch_to()
{
	local addr=$1 mode=$2 shown=$3 path=$4 other=$5
	local -A before

	ipn link set lbx0 type lbx direct "$mode"
	[[ $(shown) == "$shown" ]]
	check_err $? "ip shows direct as '$(shown)' after direct $mode"
	read_counters lbx0
	before[$path]=${counted[${path}_packets]} before[$other]=${counted[${other}_packets]}
	send 1000
	read_counters lbx0
	((counted[${path}_packets] > before[$path] &&
	  counted[${other}_packets] == before[$other]))
	check_err $? "$addr: $((counted[${other}_packets] - before[$other])) packets are $other after direct $mode"
	"all_$path" udp_echo -s "$addr" 5000 3 64
}

# This holds also for connections and neighbour entries that exist already and may have
# been used with either setting
switched_at_once()
{
	local addr i

	RET=0
	for addr in $ADDRS; do
		up
		connection "$addr"
		for i in 1 2; do
			switch_to "$addr" off false queued direct
			switch_to "$addr" on true direct queued
		done
		hang_up
	done
	log_test "direct on and direct off take effect at once, also for established connections"
}

switched_under_load()
{
	local addr sent i udp tcp

	RET=0
	up
	for addr in $ADDRS; do
		touch /tmp/direct.go
		# shellcheck disable=SC2016  # for the inner shell
		inns_start bash -c 'while [[ -e /tmp/direct.go ]]; do
				flows -f 2 "$0" 500 || exit; done' "$addr" >/tmp/direct.udp
		udp=$!
		# shellcheck disable=SC2016
		inns_start bash -c 'while [[ -e /tmp/direct.go ]]; do
				serve "$0" || exit; done' "$addr" 2>/tmp/direct.tcp
		tcp=$!
		sent=$(packets lbx0)
		for i in {1..5}; do
			ipn link set lbx0 type lbx direct off
			ipn link set lbx0 type lbx direct on
			# not faster than packets are sent
			busywait "$BUSYWAIT_TIMEOUT" received_on lbx0 $((sent + i * 200))
			check_err $? "$addr: no more packets are sent"
		done
		rm /tmp/direct.go
		wait "$udp"
		check_err $? "$addr: a datagram was lost"
		[[ $(sort -u /tmp/direct.udp) == 0 ]]
		check_err $? "$addr: datagrams were reordered: $(xargs </tmp/direct.udp)"
		wait "$tcp"
		check_err $? "$addr: $(</tmp/direct.tcp)"
	done
	read_counters lbx0
	((counted[queued_packets] > 0 && counted[direct_packets] > 0))
	check_err $? "one of the packet paths was not used"
	log_test "switching direct on and off while datagrams are sent loses and reorders none"
}

# rps MASK: set the CPUs on which lbx0 receives
rps()
{
	inns bash -c "echo $1 >/sys/class/net/lbx0/queues/rx-0/rps_cpus"
}

# softnet COLUMN: print a column of CPU 1: 1 is processed, 10 is received_rps
softnet()
{
	local -a column

	read -ra column < <(sed -n 2p /proc/net/softnet_stat)
	echo $((16#${column[$1 - 1]}))
}

rps_steers()
{
	local name="RPS selects the CPU that receives"
	local addr processed steered queued direct inline

	RET=0
	if (($(nproc) < 2)); then
		log_test_skip "$name" "the machine has one CPU only"
		return
	fi
	up
	rps 2
	check_err $? "rps_cpus cannot be set"
	defer rps 0
	for addr in $ADDRS; do
		processed=$(softnet 1) steered=$(softnet 10)
		count_paths taskset 1 udp_echo -s "$addr" 5000 50 64
		((inline == 0))
		check_err $? "$addr: $inline of $((queued + direct)) packets are inline with RPS, expected 0"
		processed=$(($(softnet 1) - processed))
		((processed >= 100 && $(softnet 10) > steered))
		check_err $? "$addr: CPU 1 has received $processed packets, expected 100"
		inns flows "$addr" 300 >/tmp/direct.flows
		check_err $? "$addr: a datagram was lost"
		[[ $(</tmp/direct.flows) == 0 ]]
		check_err $? "$addr: $(</tmp/direct.flows) datagrams were reordered"
	done
	rps 0
	count_paths udp_echo -s 192.0.2.1 5000 50 64
	((inline > 0))
	check_err $? "no packet is inline after RPS is off again"
	log_test "$name"
}

down_is_lo()
{
	local addr

	RET=0
	up
	for addr in $ADDRS; do
		connection "$addr"
		ipn link set lbx0 down
		settle
		carries lo lbx0 udp_echo -s "$addr" 5000 10 64
		send 1000
		ipn link set lbx0 up
		settle
		busywait "$BUSYWAIT_TIMEOUT" outranks 2001:db8:9::1
		check_err $? "lo still carries the traffic"
		all_direct udp_echo -s "$addr" 5000 10 64
		send 1000
		hang_up
	done
	log_test "lo carries while the device is down, and output is direct when it is up again"
}

# dropped_of_three NAME EVENTS: three packets to lbx0 are dropped and make EVENTS events
dropped_of_three()
{
	local before

	read_counters lbx0
	before=${counted[drop_not_local]}
	ip netns exec "$PEER" ping -c 3 -i 0.01 -W 1 198.51.100.7 &>/dev/null
	check_fail $? "$1: an address answered"
	read_counters lbx0
	((counted[drop_not_local] == before + 3))
	check_err $? "$1: $((counted[drop_not_local] - before)) packets are dropped, expected 3"
	(($(traced net_dev_start_xmit) == $2))
	check_err $? "$1: $(traced net_dev_start_xmit) packets were queued, expected $2"
	((counted[direct_packets] == 0 && counted[queued_packets] == 0))
	check_err $? "$1: a packet was received"
}

forwarded_is_dropped()
{
	RET=0
	setup_ns NS PEER
	defer cleanup_ns "$NS" "$PEER"
	ipn link add lbx0 type lbx
	ipn link set lbx0 up
	veth_up 192.0.2.1/24 192.0.2.2/24
	ip -n "$PEER" route add default via 192.0.2.1
	inns sysctl -qw net.ipv4.ip_forward=1
	ipn route add 198.51.100.0/24 dev lbx0
	trace_start net_dev_start_xmit
	dropped_of_three direct 0
	ipn link set lbx0 type lbx direct off
	dropped_of_three queued 3
	log_test "a forwarded packet is dropped both with direct on and with direct off"
}

counts_exactly()
{
	local addr header key cpu n sum total

	RET=0
	up
	for addr in $ADDRS; do
		header=28
		[[ $addr != *:* ]] || header=48
		local -A before=()
		read_counters lbx0
		for key in "${!counted[@]}"; do
			before[$key]=${counted[$key]}
		done
		total=$(stat64 lbx0 tx.bytes)
		inns flows -s 200 "$addr" 1000 >/dev/null
		check_err $? "$addr: datagrams were lost"
		read_counters lbx0
		for key in "${!counted[@]}"; do
			counted[$key]=$((counted[$key] - before[$key]))
		done
		((counted[direct_packets] == 8000 && counted[queued_packets] == 0))
		check_err $? "$addr: ${counted[direct_packets]} packets direct, expected 8000; ${counted[queued_packets]} queued, expected 0"
		((counted[direct_bytes] == 8000 * (200 + header)))
		check_err $? "$addr: direct_bytes is ${counted[direct_bytes]}"
		(($(stat64 lbx0 tx.bytes) - total == 8000 * (200 + header)))
		check_err $? "$addr: ip shows $(($(stat64 lbx0 tx.bytes) - total)) bytes"
		sum=0
		for ((cpu = 0; cpu < $(nproc); cpu++)); do
			n=${counted[cpu${cpu}_direct_packets]}
			sum=$((sum + n))
			# flow i is sent on CPU i modulo the number of CPUs
			((n == 1000 * ((8 - cpu + $(nproc) - 1) / $(nproc))))
			check_err $? "$addr: the counter of CPU $cpu is $n"
		done
		((sum == counted[direct_packets]))
		check_err $? "$addr: the counters of all CPUs are $sum together"
	done
	[[ $(stat64 lbx0 tx.packets) == 16000 && $(stat64 lbx0 rx.packets) == 16000 ]]
	check_err $? "ip shows $(stat64 lbx0 tx.packets) packets sent, $(stat64 lbx0 rx.packets) received, expected 16000"
	log_test "packets of 8 concurrent senders are counted exactly, each on the CPU that sends it"
}

tests_run
exit "$EXIT_STATUS"
