#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Direct output, and what has to see, delay or mark the packets of a device: qdiscs,
# filters, XDP, timestamps, tunnels and cgroups.

# shellcheck source=selftests/lib/direct_lib.sh
source "$(dirname "$0")/lib/direct_lib.sh"

ALL_TESTS="
	qdisc_sees_all
	netem_loses
	netem_delays
	mq_sees_all
	clsact_sees_all
	tcx_sees_all
	nftables_sees_all
	timestamps
	encapsulated_by_the_queue
	mpls_by_the_queue
	net_prio_sets_the_priority
	generic_xdp
"

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
	up_as numtxqueues 4 type lbx
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

tests_run
exit "$EXIT_STATUS"
