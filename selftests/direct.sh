#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Local traffic bypasses the device's queue, unless something is attached to the device
# that needs to see the packets there.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

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
	qdisc_sees_all
	netem_loses
	netem_delays
	mq_sees_all
	clsact_sees_all
	tcx_sees_all
	nftables_sees_all
	each_offload
	tso_off_segments
	tx_off_checksums
	sg_off_linear
	gso_max_size_holds
	gso_without_checksum
	timestamps
	encapsulated_by_the_queue
	mpls_by_the_queue
	net_prio_sets_the_priority
	generic_xdp
	rps_steers
	down_is_lo
	forwarded_is_dropped
	none_overtakes
	order_pinned
	order_migrating
	order_tcp
	counts_exactly
"

ADDRS="192.0.2.1 2001:db8:9::1"
trace=/sys/kernel/tracing/instances/lbx_direct

up()
{
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
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

one_datagram='
import socket, sys
server, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
server.bind((sys.argv[1], 9))
client.sendto(bytes(10), server.getsockname())
server.recv(100)'

off_is_the_queue()
{
	local addr

	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link add lbx0 type lbx direct off
	ipn addr add 192.0.2.1/32 dev lbx0
	ipn addr add 2001:db8:9::1/128 dev lbx0
	ipn link set lbx0 up
	settle
	[[ $(shown) == false ]]
	check_err $? "ip shows direct as '$(shown)', expected false"
	each_family all_queued
	for addr in $ADDRS; do
		all_queued ping -c 1 "$addr"
		all_queued serve "$addr"
	done
	log_test "with direct off all packets are queued"
}

# This holds also for connections and neighbour entries that exist already and may have
# been used with either setting
switched_at_once()
{
	local addr i queued direct

	RET=0
	for addr in $ADDRS; do
		up
		connection "$addr"
		for i in 1 2; do
			ipn link set lbx0 type lbx direct off
			[[ $(shown) == false ]]
			check_err $? "ip shows direct as '$(shown)' after direct off"
			read_counters lbx0
			direct=${counted[direct_packets]} queued=${counted[queued_packets]}
			send 1000
			read_counters lbx0
			((counted[queued_packets] > queued &&
			  counted[direct_packets] == direct))
			check_err $? "$addr: $((counted[direct_packets] - direct)) packets are direct after direct off"
			all_queued udp_echo -s "$addr" 5000 3 64

			ipn link set lbx0 type lbx direct on
			[[ $(shown) == true ]]
			check_err $? "ip shows direct as '$(shown)' after direct on"
			read_counters lbx0
			direct=${counted[direct_packets]} queued=${counted[queued_packets]}
			send 1000
			read_counters lbx0
			((counted[direct_packets] > direct &&
			  counted[queued_packets] == queued))
			check_err $? "$addr: $((counted[queued_packets] - queued)) packets are queued after direct on"
			all_direct udp_echo -s "$addr" 5000 3 64
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

# sent_by_qdisc: print how many packets the root qdisc has sent
sent_by_qdisc()
{
	inns tc -s -j qdisc show dev lbx0 | jq '[.[] | select(.root)][0].packets'
}

qdisc_sees_all()
{
	local qdisc

	RET=0
	up
	while read -r qdisc; do
		# shellcheck disable=SC2086  # the qdisc's arguments
		inns tc qdisc add dev lbx0 root $qdisc
		check_err $? "the qdisc $qdisc cannot be added"
		each_family all_queued
		(($(sent_by_qdisc) == 40))
		check_err $? "$qdisc has seen $(sent_by_qdisc) packets, expected 40"
		inns tc qdisc del dev lbx0 root
		each_family all_direct
	done <<-END
		pfifo
		prio
		fq_codel
		tbf rate 10gbit burst 1mb latency 1s
		netem
	END
	inns tc qdisc add dev lbx0 root noqueue
	each_family all_direct
	log_test "the qdiscs pfifo, prio, fq_codel, tbf and netem see all packets"
}

netem_loses()
{
	local addr

	RET=0
	up
	inns tc qdisc add dev lbx0 root netem loss 100%
	for addr in $ADDRS; do
		ping_once "$addr" -W 1
		check_fail $? "$addr answers"
	done
	inns tc qdisc del dev lbx0 root
	for addr in $ADDRS; do
		ping_once "$addr"
		check_err $? "$addr does not answer without netem"
	done
	log_test "netem with loss 100% drops all packets"
}

netem_delays()
{
	local addr rtt

	RET=0
	up
	inns tc qdisc add dev lbx0 root netem delay 50ms
	for addr in $ADDRS; do
		rtt=$(inns ping -c 3 -i 0.01 "$addr" |
		      sed -n 's@^rtt min/avg/max/mdev = \([0-9]*\).*@\1@p')
		((rtt >= 100))
		check_err $? "$addr answers after $rtt ms, expected 100 ms or more"
	done
	log_test "netem with a delay delays all packets"
}

mq_sees_all()
{
	local addr i

	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link add lbx0 numtxqueues 4 type lbx
	ipn addr add 192.0.2.1/32 dev lbx0
	ipn addr add 2001:db8:9::1/128 dev lbx0
	ipn link set lbx0 up
	settle
	inns tc qdisc add dev lbx0 root handle 1: mq
	each_family all_queued
	(($(sent_by_qdisc) == 40))
	check_err $? "mq has seen $(sent_by_qdisc) packets, expected 40"
	for i in {1..4}; do
		inns tc qdisc replace dev lbx0 parent "1:$i" netem loss 100%
	done
	for addr in $ADDRS; do
		ping_once "$addr" -W 1
		check_fail $? "$addr answers"
	done
	log_test "the qdisc mq on a device with four queues sees all packets"
}

clsact_sees_all()
{
	local addr n

	RET=0
	up
	inns tc qdisc add dev lbx0 clsact
	inns tc filter add dev lbx0 egress matchall action pass
	each_family all_queued
	n=$(inns tc -s -j filter show dev lbx0 egress |
	    jq '[.. | .packets? // empty] | add')
	((n == 40))
	check_err $? "the filter has seen $n packets, expected 40"
	inns tc filter replace dev lbx0 egress protocol all pref 1 matchall action drop
	for addr in $ADDRS; do
		ping_once "$addr" -W 1
		check_fail $? "$addr answers although a filter drops"
	done
	inns tc qdisc del dev lbx0 clsact
	each_family all_direct
	log_test "a tc filter at egress (clsact) sees and drops all packets"
}

tcx_sees_all()
{
	local name="a tcx program at egress sees and drops all packets"
	local addr rc n

	RET=0
	up
	n=$(inns hook lbx0 tcx pass true)
	if (($? == 4)); then
		log_test_skip "$name" "this kernel does not have tcx"
		return
	fi
	for addr in $ADDRS; do
		n=$(inns hook lbx0 tcx pass udp_echo -s "$addr" 5000 10 64)
		check_err $? "$addr does not answer"
		((n == 20))
		check_err $? "$addr: the program has seen $n packets, expected 20"
		n=$(inns hook lbx0 tcx drop ping -c 1 -W 1 "$addr" 2>/dev/null)
		rc=$?
		# ping gets an error, and tries again
		((rc == 1 && n >= 1))
		check_err $? "$addr: ping ends with status $rc, and $n packets were dropped"
	done
	each_family all_direct
	log_test "$name"
}

nftables_sees_all()
{
	local addr

	RET=0
	up
	inns nft -f - <<-END
		table netdev t {
			counter seen { }
			chain e { type filter hook egress device lbx0 priority 0
				counter name seen; }
		}
	END
	check_err $? "nft cannot load the rules"
	each_family all_queued
	inns nft list counter netdev t seen | grep -q 'packets 40 '
	check_err $? "the chain has not seen 40 packets: $(inns nft list counter netdev t seen)"
	inns nft add rule netdev t e drop
	for addr in $ADDRS; do
		ping_once "$addr" -W 1
		check_fail $? "$addr answers although a rule drops"
	done
	inns nft delete table netdev t
	each_family all_direct
	log_test "an nftables chain at egress sees and drops all packets"
}

# offloads NAME on|off...: change offloads of lbx0
offloads()
{
	inns ethtool -K lbx0 "$@" &>/tmp/ethtool.out
	check_err $? "'ethtool -K $*' failed: $(</tmp/ethtool.out)"
}

each_offload()
{
	local offload seen='' queued direct inline

	RET=0
	up
	for offload in $(inns ethtool -k lbx0 | sed -nE 's/^\t?(tx-[^:]*): on$/\1/p'); do
		# skip one that stands for others in older versions, and one that users
		# cannot change
		[[ $offload != tx-checksumming && $offload != tx-nocache-copy ]] || continue
		inns ethtool -K lbx0 "$offload" off &>/dev/null || continue
		count_paths udp_echo -s 192.0.2.1 5000 1 64
		((queued > 0 && direct == 0))
		check_err $? "$direct packets are direct while $offload is off, expected 0"
		offloads tx on sg on tso on "$offload" on
		seen+=" $offload"
	done
	each_family all_direct
	[[ $seen == *tx-tcp-segmentation* && $seen == *tx-udp-segmentation* ]]
	check_err $? "only these offloads can be switched off:$seen"
	log_test "packets are queued while any transmit offload is off"
}

# big_packets BYTES: set $big to the number of packets of the connection that are larger
big_packets()
{
	capture lbx0 /tmp/big.pcap -s 100 "greater $(($1 + 1))"
	send 1000000
	capture_end /tmp/big.pcap
	big=$(capture_count /tmp/big.pcap)
}

tso_off_segments()
{
	local addr big

	RET=0
	up
	ipn link set lbx0 mtu 1500
	for addr in $ADDRS; do
		connection "$addr"
		big_packets 1514
		((big > 0))
		check_err $? "$addr: no packet is larger than the MTU with tso on"
		offloads tso off
		big_packets 1514
		((big == 0))
		check_err $? "$addr: $big packets are larger than the MTU with tso off"
		offloads tso on
		hang_up
	done
	log_test "no packet is larger than the MTU while tso is off"
}

# checksums RIGHT WRONG: of the packets with data of the connection, RIGHT have a
# correct checksum and WRONG have an incorrect one
checksums()
{
	local right wrong

	capture lbx0 /tmp/sum.pcap 'tcp and dst port 5000'
	send 1000
	capture_end /tmp/sum.pcap
	tcpdump -nn -vv -r /tmp/sum.pcap 2>/dev/null | grep 'length 1000$' >/tmp/sum.txt
	right=$(grep -c 'cksum 0x[0-9a-f]* (correct)' /tmp/sum.txt)
	wrong=$(grep -c 'cksum 0x[0-9a-f]* (incorrect' /tmp/sum.txt)
	((right == $1 && wrong == $2))
	check_err $? "$right correct checksums, expected $1; $wrong incorrect, expected $2: $(</tmp/sum.txt)"
}

tx_off_checksums()
{
	local addr

	RET=0
	up
	for addr in $ADDRS; do
		connection "$addr"
		# a capture shows packets without a checksum, and then with it
		checksums 0 1
		offloads tx off
		checksums 1 0
		offloads tx on sg on tso on
		hang_up
	done
	log_test "each packet has its checksum while tx is off"
}

sg_off_linear()
{
	local addr

	RET=0
	up
	trace_start net_dev_start_xmit
	for addr in $ADDRS; do
		connection "$addr"
		offloads sg off
		send 200000
		(($(traced net_dev_start_xmit) > 0))
		check_err $? "$addr: no packet was queued"
		(($(traced net_dev_start_xmit 'data_len=[1-9]') == 0))
		check_err $? "$addr: $(traced net_dev_start_xmit 'data_len=[1-9]') packets are not linear"
		offloads sg on tso on
		echo >"$trace/trace"
		hang_up
	done
	log_test "each packet is linear while sg is off"
}

gso_max_size_holds()
{
	local addr big

	RET=0
	up
	ipn link set lbx0 mtu 1500
	for addr in $ADDRS; do
		ipn link set lbx0 gso_max_size 65536
		connection "$addr"
		big_packets 4014
		((big > 0))
		check_err $? "$addr: no packet is larger than 4000 bytes before the change"
		ipn link set lbx0 gso_max_size 4000
		big_packets 4014
		((big == 0))
		check_err $? "$addr: $big packets are larger than gso_max_size"
		hang_up
	done
	log_test "a lower gso_max_size takes effect for established connections"
}

# For UDP with an extension header, IPv6 does not leave the checksum to the device, so
# each segment needs its own. Kernels before 6.11 refuse to send such a packet.
segments_with_options='
import errno, socket, sys
server, client = (socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(2))
server.bind((sys.argv[1], 5000))
server.settimeout(5)
pad = bytes([0, 0, 1, 4, 0, 0, 0, 0])
client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS, pad)
UDP_SEGMENT = 103
client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 100)
try:
	client.sendto(bytes(200), server.getsockname())
except OSError as error:
	sys.exit(4 if error.errno == errno.EIO else 1)
for _ in range(2):
	assert len(server.recv(1000)) == 100'

gso_without_checksum()
{
	local addr

	RET=0
	nic_up
	lbxn set lbx0 addr 2001:db8:9::1 >/dev/null
	lbxn claim eth0 dev lbx0 >/dev/null
	settle
	inns python3 -c "$segments_with_options" ::1 2>/dev/null
	if (($? == ksft_skip)); then
		log_test_skip "a GSO packet whose checksum is done already is segmented" \
			"this kernel refuses to send such a packet"
		return
	fi
	for addr in 2001:db8:9::1 2001:db8::1; do
		all_queued python3 -c "$segments_with_options" "$addr"
	done
	log_test "a GSO packet whose checksum is done already is segmented"
}

timestamps()
{
	local addr queued direct inline

	RET=0
	up
	for addr in $ADDRS; do
		count_paths stamps sent "$addr"
		((queued > 0 && direct == 0))
		check_err $? "$addr: $queued packets queued, $direct direct, although timestamps were requested"
		all_direct stamps received "$addr"
	done
	log_test "software timestamps are taken when a packet is queued, sent and received"
}

# The device has no offloads for packets inside of a tunnel: software computes the inner
# checksum.
encapsulated_by_the_queue()
{
	local name="a packet of a tunnel is queued, so that its inner checksum is computed"
	local queued direct inline

	RET=0
	up
	ipn addr add 192.0.2.2/32 dev lbx0
	modprobe ipip 2>/dev/null
	if ! ipn link add tun0 type ipip local 192.0.2.1 remote 192.0.2.2 2>/dev/null; then
		log_test_skip "$name" "this kernel does not have ipip"
		return
	fi
	ipn addr add 198.51.100.1/24 dev tun0
	ipn link set tun0 up
	count_paths python3 -c "$datagram_to" 198.51.100.2
	# the answer, an ICMP error, has no tunnel header
	((queued == 1))
	check_err $? "$queued packets are queued and $direct direct, expected 1 queued"
	log_test "$name"
}

datagram_to='
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(bytes(10), (sys.argv[1], 9))'

# The device has no features for MPLS: mpls_features is 0.
mpls_by_the_queue()
{
	local name="an MPLS packet is queued, so that its checksum is computed"

	RET=0
	up
	modprobe -a mpls_router mpls_iptunnel 2>/dev/null
	if ! ipn route add 198.51.100.1/32 encap mpls 100 via inet 192.0.2.1 dev lbx0 2>/dev/null; then
		log_test_skip "$name" "this kernel does not have mpls_iptunnel"
		return
	fi
	all_queued python3 -c "$datagram_to" 198.51.100.1
	log_test "$name"
}

# read_priomap() and write_priomap() find only the devices of the initial netns
net_prio_sets_the_priority()
{
	local name="cgroup net_prio sets the priority of all packets"
	local cgroup=/tmp/net_prio.$$ i

	RET=0
	mkdir -p "$cgroup"
	defer rmdir "$cgroup"
	if ! mount -t cgroup -o net_prio none "$cgroup" 2>/dev/null; then
		log_test_skip "$name" "this kernel does not have cgroup net_prio"
		return
	fi
	defer umount "$cgroup"
	ip link add lbxprio0 type lbx
	defer ip link del lbxprio0
	ip addr add 192.0.2.77/32 dev lbxprio0
	ip link set lbxprio0 up
	nft -f - <<-END
		table inet lbxprio {
			counter seen { }
			chain i { type filter hook input priority 0
				iifname lbxprio0 meta priority 0:5 counter name seen; }
		}
	END
	check_err $? "nft cannot load the rules"
	defer nft delete table inet lbxprio
	echo "lbxprio0 5" >"$cgroup/net_prio.ifpriomap"
	check_err $? "the priority of lbxprio0 cannot be set"
	for ((i = 0; i < 3; i++)); do
		python3 -c "$one_datagram" 192.0.2.77
		check_err $? "a datagram was not received"
	done
	nft list counter inet lbxprio seen | grep -q 'packets 3 '
	check_err $? "not 3 packets have the priority: $(nft list counter inet lbxprio seen | grep packets)"
	log_test "$name"
}

generic_xdp()
{
	local addr n rc

	RET=0
	up
	for addr in $ADDRS; do
		n=$(inns hook lbx0 xdp pass udp_echo -s "$addr" 5000 10 64)
		check_err $? "$addr: pass: the server does not answer"
		((n == 20))
		check_err $? "$addr: pass: the program has seen $n packets, expected 20"
		n=$(inns hook lbx0 xdp pass serve "$addr")
		check_err $? "$addr: pass: TCP fails"

		n=$(inns hook lbx0 xdp drop ping -c 3 -i 0.01 -W 1 "$addr" 2>/dev/null)
		rc=$?
		((rc == 1 && n == 3))
		check_err $? "$addr: drop: ping ends with status $rc, and the program has seen $n packets, expected 3"

		# the program sees each packet again when it is back
		n=$(inns hook lbx0 xdp tx ping -c 3 -i 0.01 "$addr" 2>/dev/null)
		check_err $? "$addr: tx: ping gets no answer"
		((n == 12))
		check_err $? "$addr: tx: the program has seen $n packets, expected 12"
	done
	log_test "a generic XDP program sees all packets, and can pass, drop or send them (tx)"
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
