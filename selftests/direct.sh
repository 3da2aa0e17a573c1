#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets of the machine itself go past the device's queue, unless there is
# something on that way that they would miss.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

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

declare -A counter

count_ways()
{
	local name value

	while read -r name value; do
		# but for the title
		[[ $name != *: ]] || counter[${name%:}]=$value
	done < <(inns ethtool -S lbx0)
}

# ways COMMAND...: COMMAND succeeds, and $queued, $direct and $inline packets of
# lbx0 went that way; of those of a process, UDP, each one is where it belongs
# when COMMAND has ended
ways()
{
	local way rc
	local -A before

	count_ways
	for way in queued direct inline; do
		before[$way]=${counter[${way}_packets]}
	done
	inns "$@" &>/tmp/ways.out
	rc=$?
	count_ways
	queued=$((counter[queued_packets] - before[queued]))
	direct=$((counter[direct_packets] - before[direct]))
	inline=$((counter[inline_packets] - before[inline]))
	check_err "$rc" "'$*' failed: $(</tmp/ways.out)"
}

# all_queued COMMAND..., all_direct COMMAND...: it sends, and all by this way
all_queued()
{
	local queued direct inline

	ways "$@"
	((queued > 0 && direct == 0 && inline == 0))
	check_err $? "'$*': $queued queued, $direct direct, $inline of them inline"
}

all_direct()
{
	local queued direct inline

	ways "$@"
	((direct > 0 && queued == 0))
	check_err $? "'$*': $queued queued, $direct direct"
}

# each_family WAY: ten datagrams and their answers, in IPv4 and IPv6
each_family()
{
	local addr

	for addr in $ADDRS; do
		"$1" udp_echo -s "$addr" 5000 10 64
	done
}

# trace_start EVENT...: these events of net:, of lbx0 alone
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

# traced EVENT [REGEX]: how often
traced()
{
	grep -c " $1: .*${2-}" "$trace/trace"
}

# connection ADDR: a TCP connection, of which say BYTES sends some more and waits
# until they are there
connection()
{
	local addr=$1 pf=ip4

	[[ $addr != *:* ]] || pf=ip6 addr="[$addr]"
	said=0
	: >/tmp/direct.said
	inns_start socat -u "TCP-LISTEN:5000,pf=$pf,bind=$addr,reuseaddr" \
		OPEN:/tmp/direct.said
	ends=($!)
	wait_listen 5000 tcp
	exec {mouth}> >(inns socat -u -b 65536 - "TCP:$addr:5000")
	ends+=($!)
	say 1
}

said()
{
	(($(stat -c %s /tmp/direct.said) == said))
}

say()
{
	head -c "$1" /dev/zero >&"$mouth"
	said=$((said + $1))
	busywait "$BUSYWAIT_TIMEOUT" said
	check_err $? "$(stat -c %s /tmp/direct.said) of $said bytes came"
}

hang_up()
{
	exec {mouth}>&-
	wait "${ends[@]}"
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
	check_err $? "ip shows '$(shown)'"
	ipn -d link show dev lbx0 | grep -q ' lbx direct on '
	check_err $? "ip does not show 'direct on'"
	each_family all_direct
	all_direct ping -c 1 192.0.2.1
	all_direct ping -c 1 2001:db8:9::1
	all_direct serve 192.0.2.1
	all_direct serve 2001:db8:9::1
	log_test "direct output is the default, for ICMP, UDP and TCP"
}

# not by the driver's own word, but by that of the stack
skips_queue_and_backlog()
{
	local addr event queued direct inline

	RET=0
	up
	trace_start net_dev_queue netif_rx
	for addr in $ADDRS; do
		ways udp_echo -s "$addr" 5000 50 64
		((direct == 100))
		check_err $? "$addr: $direct of 100 direct"
		# but while the CPU's backlog has others
		((inline > 50))
		check_err $? "$addr: $inline of 100 inline"
		(($(traced netif_rx) == direct - inline))
		check_err $? "$addr: $(traced netif_rx) by the backlog, $inline of 100 inline"
		(($(traced net_dev_queue) == 0))
		check_err $? "$addr: $(traced net_dev_queue) by the queue"
		echo >"$trace/trace"
	done
	# what the events are like if it does not
	ipn link set lbx0 type lbx direct off
	for addr in $ADDRS; do
		ways udp_echo -s "$addr" 5000 50 64
		for event in net_dev_queue netif_rx; do
			(($(traced "$event") == 100))
			check_err $? "$addr: off, and $(traced "$event") events $event of 100"
		done
		echo >"$trace/trace"
	done
	log_test "it goes past the device's queue and the CPU's backlog"
}

# a timer sends the ACK that nobody has sent with an answer
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
		ways python3 -c "$delayed_ack" "$addr" "$family"
		((direct > 3 && inline < direct))
		check_err $? "$addr: $inline inline of $direct"
	done
	log_test "what a softirq sends is not received inline"
}

# the answer to a ping is sent while the request is received
answers_are_received_next()
{
	local addr queued direct inline

	RET=0
	up
	trace_start netif_rx
	for addr in $ADDRS; do
		ways ping -c 20 -i 0.01 "$addr"
		# but while the CPU's backlog has others
		((direct == 40 && inline > 20))
		check_err $? "$addr: $inline inline of $direct"
		(($(traced netif_rx) == direct - inline))
		check_err $? "$addr: $(traced netif_rx) by the backlog, $inline of $direct inline"
		echo >"$trace/trace"
	done
	log_test "what is sent while a packet is received inline is received next"
}

# a window that opens lets hundreds of segments go at once
others_than_the_next_by_the_backlog()
{
	local addr queued direct inline

	RET=0
	up
	ipn link set lbx0 mtu 1280 gso_max_segs 1
	trace_start netif_rx
	for addr in $ADDRS; do
		ways taskset 1 python3 "$here/window.py" "$addr"
		((inline > 64))
		check_err $? "$addr: $inline of $direct inline"
		(($(traced netif_rx) > 64))
		check_err $? "$addr: $(traced netif_rx) of $direct by the backlog"
		echo >"$trace/trace"
	done
	inns nstat -asz TcpExtTCPOFOQueue TcpExtTCPFastRetrans |
		awk '$1 ~ /^Tcp/ && $2 {print; bad = 1} END {exit bad}'
	check_err $? "segments came out of order"
	log_test "if they are many, the backlog gets the last of them, in their order"
}

# One packet, and rules that send a hundred copies of it while it is received (with the
# next TTL, so that these make no others).  Before any of them is received, those
# for which there is no room are dropped by the backlog.
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
	check_err $? "nft failed"
	sysctl -qw net.core.netdev_max_backlog=10
	count_ways
	dropped=${counter[drop_backlog]}
	ways python3 -c "$one_datagram" 192.0.2.1
	sysctl -qw net.core.netdev_max_backlog="$max"
	dropped=$((counter[drop_backlog] - dropped))
	((inline == 65))
	check_err $? "$inline packets were received inline, not 65"
	((direct + dropped == 101 && dropped >= 20))
	check_err $? "$direct packets direct and $dropped dropped of 101"
	# the first of the two that have come after the original
	first=$(grep -oE 'lbx_drop: |inline=1' "$trace/trace" | sed -n 2p)
	[[ $first == lbx_drop* ]]
	check_err $? "the first drop came after the first of the copies was received"
	log_test "packets sent during an inline receive wait in a list that is bounded"
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
	check_err $? "ip shows '$(shown)'"
	each_family all_queued
	for addr in $ADDRS; do
		all_queued ping -c 1 "$addr"
		all_queued serve "$addr"
	done
	log_test "with direct off every packet goes by the queue"
}

# also for a connection and a neighbour that there are already, which may have
# been used either way
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
			check_err $? "off, and ip shows '$(shown)'"
			count_ways
			direct=${counter[direct_packets]} queued=${counter[queued_packets]}
			say 1000
			count_ways
			((counter[queued_packets] > queued &&
			  counter[direct_packets] == direct))
			check_err $? "$addr: off, and $((counter[direct_packets] - direct)) are direct"
			all_queued udp_echo -s "$addr" 5000 3 64

			ipn link set lbx0 type lbx direct on
			[[ $(shown) == true ]]
			check_err $? "on, and ip shows '$(shown)'"
			count_ways
			direct=${counter[direct_packets]} queued=${counter[queued_packets]}
			say 1000
			count_ways
			((counter[direct_packets] > direct &&
			  counter[queued_packets] == queued))
			check_err $? "$addr: on, and $((counter[queued_packets] - queued)) are queued"
			all_direct udp_echo -s "$addr" 5000 3 64
		done
		hang_up
	done
	log_test "on and off take effect at once, and for connections that there are"
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
			# not faster than they send
			busywait "$BUSYWAIT_TIMEOUT" received_on lbx0 $((sent + i * 200))
			check_err $? "$addr: nothing is sent any more"
		done
		rm /tmp/direct.go
		wait "$udp"
		check_err $? "$addr: a datagram was lost"
		[[ $(sort -u /tmp/direct.udp) == 0 ]]
		check_err $? "$addr: datagrams were reordered: $(xargs </tmp/direct.udp)"
		wait "$tcp"
		check_err $? "$addr: $(</tmp/direct.tcp)"
	done
	count_ways
	((counter[queued_packets] > 0 && counter[direct_packets] > 0))
	check_err $? "one of the ways was not used"
	log_test "switched while datagrams are sent, it loses none and keeps the order"
}

# sent_by_qdisc: the packets that the root qdisc has sent
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
		check_err $? "no qdisc $qdisc"
		each_family all_queued
		(($(sent_by_qdisc) == 40))
		check_err $? "$qdisc has seen $(sent_by_qdisc) of 40 packets"
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
	log_test "a qdisc sees every packet: pfifo, prio, fq_codel, tbf, netem"
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
	log_test "netem loss 100% loses all"
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
		check_err $? "$addr answers after $rtt ms, and the delay is 50 ms each way"
	done
	log_test "netem delay delays every packet"
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
	check_err $? "mq has seen $(sent_by_qdisc) of 40 packets"
	for i in {1..4}; do
		inns tc qdisc replace dev lbx0 parent "1:$i" netem loss 100%
	done
	for addr in $ADDRS; do
		ping_once "$addr" -W 1
		check_fail $? "$addr answers"
	done
	log_test "mq on a device with four queues sees every packet"
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
	check_err $? "the filter has seen $n of 40 packets"
	inns tc filter replace dev lbx0 egress protocol all pref 1 matchall action drop
	for addr in $ADDRS; do
		ping_once "$addr" -W 1
		check_fail $? "$addr answers though a filter drops"
	done
	inns tc qdisc del dev lbx0 clsact
	each_family all_direct
	log_test "a tc filter at egress (clsact) sees and drops every packet"
}

tcx_sees_all()
{
	local name="a tcx program at egress sees and drops every packet"
	local addr rc n

	RET=0
	up
	n=$(inns hook lbx0 tcx pass true)
	if (($? == 4)); then
		log_test_skip "$name" "this kernel has no tcx"
		return
	fi
	for addr in $ADDRS; do
		n=$(inns hook lbx0 tcx pass udp_echo -s "$addr" 5000 10 64)
		check_err $? "$addr: no answer"
		((n == 20))
		check_err $? "$addr: the program has seen $n of 20 packets"
		n=$(inns hook lbx0 tcx drop ping -c 1 -W 1 "$addr" 2>/dev/null)
		rc=$?
		# it is told, and tries again
		((rc == 1 && n >= 1))
		check_err $? "$addr: ping ends with $rc, and $n packets were dropped"
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
	check_err $? "nft failed"
	each_family all_queued
	inns nft list counter netdev t seen | grep -q 'packets 40 '
	check_err $? "$(inns nft list counter netdev t seen) of 40 packets"
	inns nft add rule netdev t e drop
	for addr in $ADDRS; do
		ping_once "$addr" -W 1
		check_fail $? "$addr answers though a rule drops"
	done
	inns nft delete table netdev t
	each_family all_direct
	log_test "an nftables chain at egress sees and drops every packet"
}

# offloads NAME on|off...
offloads()
{
	inns ethtool -K lbx0 "$@" &>/tmp/ethtool.out
	check_err $? "ethtool -K $*: $(</tmp/ethtool.out)"
}

each_offload()
{
	local offload seen='' queued direct inline

	RET=0
	up
	for offload in $(inns ethtool -k lbx0 | sed -nE 's/^\t?(tx-[^:]*): on$/\1/p'); do
		# one that stands for others, in older versions, or is not the user's
		[[ $offload != tx-checksumming && $offload != tx-nocache-copy ]] || continue
		inns ethtool -K lbx0 "$offload" off &>/dev/null || continue
		ways udp_echo -s 192.0.2.1 5000 1 64
		((queued > 0 && direct == 0))
		check_err $? "$offload is off, and $direct packets are direct"
		offloads tx on sg on tso on "$offload" on
		seen+=" $offload"
	done
	each_family all_direct
	[[ $seen == *tx-tcp-segmentation* && $seen == *tx-udp-segmentation* ]]
	check_err $? "only these could be switched off:$seen"
	log_test "any transmit offload switched off leads by the queue"
}

# big_packets BYTES: of the connection's packets, $big are bigger
big_packets()
{
	capture lbx0 /tmp/big.pcap -s 100 "greater $(($1 + 1))"
	say 1000000
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
		check_err $? "$addr: tso is on, and no packet is bigger than the MTU"
		offloads tso off
		big_packets 1514
		((big == 0))
		check_err $? "$addr: tso is off, and $big packets are bigger than the MTU"
		offloads tso on
		hang_up
	done
	log_test "with tso off no packet is bigger than the MTU"
}

# checksums RIGHT WRONG: of the connection's packets with data, so many have it
# right and so many wrong
checksums()
{
	local right wrong

	capture lbx0 /tmp/sum.pcap 'tcp and dst port 5000'
	say 1000
	capture_end /tmp/sum.pcap
	tcpdump -nn -vv -r /tmp/sum.pcap 2>/dev/null | grep 'length 1000$' >/tmp/sum.txt
	right=$(grep -c 'cksum 0x[0-9a-f]* (correct)' /tmp/sum.txt)
	wrong=$(grep -c 'cksum 0x[0-9a-f]* (incorrect' /tmp/sum.txt)
	((right == $1 && wrong == $2))
	check_err $? "$right right and $wrong wrong, not $1 and $2: $(</tmp/sum.txt)"
}

tx_off_checksums()
{
	local addr

	RET=0
	up
	for addr in $ADDRS; do
		connection "$addr"
		# a capture shows that there is none, and then that there is
		checksums 0 1
		offloads tx off
		checksums 1 0
		offloads tx on sg on tso on
		hang_up
	done
	log_test "with tx off each packet has its checksum"
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
		say 200000
		(($(traced net_dev_start_xmit) > 0))
		check_err $? "$addr: nothing went by the queue"
		(($(traced net_dev_start_xmit 'data_len=[1-9]') == 0))
		check_err $? "$addr: $(traced net_dev_start_xmit 'data_len=[1-9]') packets are in pieces"
		offloads sg on tso on
		echo >"$trace/trace"
		hang_up
	done
	log_test "with sg off each packet is in one piece"
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
		check_err $? "$addr: no packet is bigger than 4000 bytes before"
		ipn link set lbx0 gso_max_size 4000
		big_packets 4014
		((big == 0))
		check_err $? "$addr: $big packets are bigger than gso_max_size"
		hang_up
	done
	log_test "a lower gso_max_size holds for connections that there are already"
}

# For UDP with an extension header, IPv6 leaves no checksum to the device, and so each
# segment needs its own.  Kernels before 6.11 refuse to send it.
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
		log_test_skip "a GSO packet without a checksum to be done is segmented" \
			"this kernel refuses to send it"
		return
	fi
	for addr in 2001:db8:9::1 2001:db8::1; do
		all_queued python3 -c "$segments_with_options" "$addr"
	done
	log_test "a GSO packet without a checksum to be done is segmented"
}

timestamps()
{
	local addr queued direct inline

	RET=0
	up
	for addr in $ADDRS; do
		ways stamps sent "$addr"
		((queued > 0 && direct == 0))
		check_err $? "$addr: $direct direct, and the timestamps were asked for"
		all_direct stamps received "$addr"
	done
	log_test "software timestamps are taken: queued, sent, received"
}

# The device does no offload inside of a tunnel: the inner checksum is done in software.
encapsulated_by_the_queue()
{
	local name="a packet of a tunnel goes by the queue, which does the inner checksum"
	local queued direct inline

	RET=0
	up
	ipn addr add 192.0.2.2/32 dev lbx0
	modprobe ipip 2>/dev/null
	if ! ipn link add tun0 type ipip local 192.0.2.1 remote 192.0.2.2 2>/dev/null; then
		log_test_skip "$name" "this kernel has no ipip"
		return
	fi
	ipn addr add 198.51.100.1/24 dev tun0
	ipn link set tun0 up
	ways python3 -c "$datagram_to" 198.51.100.2
	# the answer, an ICMP error, has no tunnel
	((queued == 1))
	check_err $? "$queued packets were queued and $direct direct"
	log_test "$name"
}

datagram_to='
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(bytes(10), (sys.argv[1], 9))'

# The device has no features for MPLS: mpls_features are 0.
mpls_by_the_queue()
{
	local name="an MPLS packet goes by the queue, which does the checksum"

	RET=0
	up
	modprobe -a mpls_router mpls_iptunnel 2>/dev/null
	if ! ipn route add 198.51.100.1/32 encap mpls 100 via inet 192.0.2.1 dev lbx0 2>/dev/null; then
		log_test_skip "$name" "this kernel has no mpls_iptunnel"
		return
	fi
	all_queued python3 -c "$datagram_to" 198.51.100.1
	log_test "$name"
}

# read_priomap() and write_priomap() know the devices of the initial netns alone
net_prio_sets_the_priority()
{
	local name="cgroup net_prio sets the priority of every packet"
	local cgroup=/tmp/net_prio.$$ i

	RET=0
	mkdir -p "$cgroup"
	defer rmdir "$cgroup"
	if ! mount -t cgroup -o net_prio none "$cgroup" 2>/dev/null; then
		log_test_skip "$name" "this kernel has no cgroup net_prio"
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
	check_err $? "nft failed"
	defer nft delete table inet lbxprio
	echo "lbxprio0 5" >"$cgroup/net_prio.ifpriomap"
	check_err $? "no priority for lbxprio0"
	for ((i = 0; i < 3; i++)); do
		python3 -c "$one_datagram" 192.0.2.77
		check_err $? "no datagram came"
	done
	nft list counter inet lbxprio seen | grep -q 'packets 3 '
	check_err $? "$(nft list counter inet lbxprio seen | grep packets) of 3"
	log_test "$name"
}

generic_xdp()
{
	local addr n rc

	RET=0
	up
	for addr in $ADDRS; do
		n=$(inns hook lbx0 xdp pass udp_echo -s "$addr" 5000 10 64)
		check_err $? "$addr: no answer"
		((n == 20))
		check_err $? "$addr: pass, and the program has seen $n of 20 packets"
		n=$(inns hook lbx0 xdp pass serve "$addr")
		check_err $? "$addr: pass, and TCP fails"

		n=$(inns hook lbx0 xdp drop ping -c 3 -i 0.01 -W 1 "$addr" 2>/dev/null)
		rc=$?
		((rc == 1 && n == 3))
		check_err $? "$addr: drop, ping ends with $rc, and the program has seen $n of 3 packets"

		# each once more, when it is back
		n=$(inns hook lbx0 xdp tx ping -c 3 -i 0.01 "$addr" 2>/dev/null)
		check_err $? "$addr: tx, and no answer"
		((n == 12))
		check_err $? "$addr: tx, and the program has seen $n of 12 packets"
	done
	log_test "generic XDP sees each packet: pass, drop, tx"
}

# rps MASK: on which CPUs lbx0 receives
rps()
{
	inns bash -c "echo $1 >/sys/class/net/lbx0/queues/rx-0/rps_cpus"
}

# softnet COLUMN: of CPU 1, 1 is processed, 10 is received_rps
softnet()
{
	local -a column

	read -ra column < <(sed -n 2p /proc/net/softnet_stat)
	echo $((16#${column[$1 - 1]}))
}

rps_steers()
{
	local name="RPS chooses the CPU that receives"
	local addr processed steered queued direct inline

	RET=0
	if (($(nproc) < 2)); then
		log_test_skip "$name" "one CPU"
		return
	fi
	up
	rps 2
	check_err $? "rps_cpus cannot be set"
	defer rps 0
	for addr in $ADDRS; do
		processed=$(softnet 1) steered=$(softnet 10)
		ways taskset 1 udp_echo -s "$addr" 5000 50 64
		((inline == 0))
		check_err $? "$addr: $inline of $((queued + direct)) inline"
		processed=$(($(softnet 1) - processed))
		((processed >= 100 && $(softnet 10) > steered))
		check_err $? "$addr: CPU 1 has received $processed of 100"
		inns flows "$addr" 300 >/tmp/direct.flows
		check_err $? "$addr: a datagram was lost"
		[[ $(</tmp/direct.flows) == 0 ]]
		check_err $? "$addr: $(</tmp/direct.flows) datagrams were reordered"
	done
	rps 0
	ways udp_echo -s 192.0.2.1 5000 50 64
	((inline > 0))
	check_err $? "RPS is off again, and nothing is inline"
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
		say 1000
		ipn link set lbx0 up
		settle
		busywait "$BUSYWAIT_TIMEOUT" outranks 2001:db8:9::1
		check_err $? "lo carries still"
		all_direct udp_echo -s "$addr" 5000 10 64
		say 1000
		hang_up
	done
	log_test "while the device is down lo carries, and direct output when it is up"
}

# dropped_of_three DIRECT-OR-QUEUED WANT-EVENTS
dropped_of_three()
{
	local before

	count_ways
	before=${counter[drop_not_local]}
	ip netns exec "$PEER" ping -c 3 -i 0.01 -W 1 198.51.100.7 &>/dev/null
	check_fail $? "$1: somebody answered"
	count_ways
	((counter[drop_not_local] == before + 3))
	check_err $? "$1: $((counter[drop_not_local] - before)) of 3 dropped"
	(($(traced net_dev_start_xmit) == $2))
	check_err $? "$1: $(traced net_dev_start_xmit) by the queue, not $2"
	((counter[direct_packets] == 0 && counter[queued_packets] == 0))
	check_err $? "$1: some were received"
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
	log_test "a forwarded packet is dropped before the queue, as behind it"
}

# small_rounds: a softirq receives a packet at a time, and soon leaves the rest to
# ksoftirqd, so that there is a backlog
small_rounds()
{
	local key

	for key in dev_weight netdev_budget; do
		defer sysctl -qw "net.core.$key=$(sysctl -n "net.core.$key")"
		sysctl -qw "net.core.$key=1"
	done
}

# A burst of more segments than the device takes at once goes by the queue, and is
# segmented there; the single datagram after it does not.
none_overtakes()
{
	local addr queued direct inline

	RET=0
	up
	small_rounds
	ipn link set lbx0 gso_max_segs 2
	for addr in $ADDRS; do
		ways flows -f 1 -g 40 "$addr" 4100
		((queued >= 4000 && direct >= 100))
		check_err $? "$addr: $queued queued, $direct direct"
		[[ $(</tmp/ways.out) == 0 ]]
		check_err $? "$addr: $(</tmp/ways.out) of 4100 datagrams were reordered"
	done
	log_test "a direct packet does not overtake those in the backlog"
}

# in_order ADDR OPTION...: sets $reordered
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
		check_err $? "$addr: $reordered of 16000 were reordered"
	done
	log_test "8 UDP flows at a time, each sent on one CPU: all come, in order"
}

# A sender that changes its CPU may overtake itself, on lo as well: no more than on
# lo, and 0.1 % for chance
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
		check_err $? "$addr: $reordered of 16000 were reordered, $lo on lo"
	done
	log_test "8 UDP flows that change CPUs: all come, no less in order than on lo"
}

# nstat_get NAME
nstat_get()
{
	inns nstat -asz "$1" | awk -v name="$1" '$1 == name {print $2}'
}

# tcp_disorder ADDR: segments that came too early or were sent again for that, in
# $disorder.  All is on one CPU: a sender that moves to another overtakes what the
# softirqs of the former one have sent, some dozens of segments at once, and as
# often on lo.
tcp_disorder()
{
	local addr=$1 server before

	before=$(($(nstat_get TcpExtTCPOFOQueue) + $(nstat_get TcpExtTCPFastRetrans)))
	inns_start taskset -c 0 iperf3 -s -1 -B "$addr" &>/dev/null
	server=$!
	wait_listen 5201 tcp
	inns taskset -c 0 iperf3 -c "$addr" -P 4 -n 1M &>/tmp/iperf.out
	check_err $? "$addr: $(tail -n 1 /tmp/iperf.out)"
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
		check_err $? "$addr: $disorder segments too early or sent again"
	done
	log_test "4 TCP streams at a time on one CPU: all segments in order"
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
		count_ways
		for key in "${!counter[@]}"; do
			before[$key]=${counter[$key]}
		done
		total=$(stat64 lbx0 tx.bytes)
		inns flows -s 200 "$addr" 1000 >/dev/null
		check_err $? "$addr: datagrams were lost"
		count_ways
		for key in "${!counter[@]}"; do
			counter[$key]=$((counter[$key] - before[$key]))
		done
		((counter[direct_packets] == 8000 && counter[queued_packets] == 0))
		check_err $? "$addr: ${counter[direct_packets]} packets direct, ${counter[queued_packets]} queued of 8000"
		((counter[direct_bytes] == 8000 * (200 + header)))
		check_err $? "$addr: ${counter[direct_bytes]} bytes"
		(($(stat64 lbx0 tx.bytes) - total == 8000 * (200 + header)))
		check_err $? "$addr: ip shows $(($(stat64 lbx0 tx.bytes) - total)) bytes"
		sum=0
		for ((cpu = 0; cpu < $(nproc); cpu++)); do
			n=${counter[cpu${cpu}_direct_packets]}
			sum=$((sum + n))
			# flow i is sent on CPU i modulo their number
			((n == 1000 * ((8 - cpu + $(nproc) - 1) / $(nproc))))
			check_err $? "$addr: CPU $cpu counts $n"
		done
		((sum == counter[direct_packets]))
		check_err $? "$addr: the CPUs count $sum together"
	done
	[[ $(stat64 lbx0 tx.packets) == 16000 && $(stat64 lbx0 rx.packets) == 16000 ]]
	check_err $? "ip shows $(stat64 lbx0 tx.packets) sent, $(stat64 lbx0 rx.packets) received of 16000"
	log_test "8 senders at a time are counted exactly, each where it sends"
}

tests_run
exit "$EXIT_STATUS"
