#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A capture shows each packet exactly once, on whatever device it is taken.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	link_type
	once_on_device
	once_on_any
	once_with_netem
	once_per_packet_of_tcp
	nothing_on_lo
	one_service_alone
	receive_only_socket
	netfilter_sees_it_once
	tc_ingress_sees_it_once
	frame_to_another_address
	verdicts_of_nftables_stay
	verdicts_of_tc_stay
"

# two_pings_on DEV: a capture on DEV shows each packet of one ping in each family once
two_pings_on()
{
	local dev=$1 n

	capture "$dev" /tmp/once.pcap 'icmp or (icmp6 and ip6[40] >= 128 and ip6[40] <= 129)'
	ping_once 192.0.2.1
	check_err $? "192.0.2.1 does not answer"
	ping_once 2001:db8:9::1
	check_err $? "2001:db8:9::1 does not answer"
	capture_end /tmp/once.pcap
	n=$(capture_count /tmp/once.pcap)
	((n == 4))
	check_err $? "the capture on $dev has $n packets, expected 4: $(tcpdump -nn -r /tmp/once.pcap 2>&1 | tail -n +2)"
}

link_type()
{
	RET=0
	lbx_up
	capture lbx0 /tmp/type.pcap
	capture_end /tmp/type.pcap
	grep -q 'link-type EN10MB' /tmp/type.pcap.err
	check_err $? "tcpdump prints $(cat /tmp/type.pcap.err)"
	log_test "a capture on an lbx device has the link type EN10MB"
}

once_on_device()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	two_pings_on lbx0
	log_test "a capture on an lbx device shows each packet once"
}

once_on_any()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	two_pings_on any
	log_test "a capture on the device 'any' shows each packet once"
}

once_with_netem()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	inns tc qdisc add dev lbx0 root netem delay 5ms
	two_pings_on lbx0
	two_pings_on any
	log_test "a capture shows each packet once if the device has a netem qdisc"
}

once_per_packet_of_tcp()
{
	local before n server

	RET=0
	lbx_up 192.0.2.1/32
	inns_start socat -u TCP4-LISTEN:5000,bind=192.0.2.1 \
		OPEN:/tmp/tcp.out,creat,trunc
	server=$!
	wait_listen 5000 tcp
	capture lbx0 /tmp/tcp.pcap -s 100
	before=$(packets lbx0)
	head -c 2000000 /dev/zero | inns socat -u - TCP:192.0.2.1:5000
	wait "$server"
	busywait "$BUSYWAIT_TIMEOUT" connections 0
	n=$(($(packets lbx0) - before))
	capture_end /tmp/tcp.pcap
	[[ $(capture_count /tmp/tcp.pcap) == "$n" ]]
	check_err $? "the capture has $(capture_count /tmp/tcp.pcap) packets, and the device counts $n"
	[[ $(stat -c %s /tmp/tcp.out) == 2000000 ]]
	check_err $? "$(stat -c %s /tmp/tcp.out) of 2000000 bytes arrived"
	log_test "a capture of a TCP transfer has as many packets as the device counts"
}

nothing_on_lo()
{
	RET=0
	lbx_up 192.0.2.1/32
	capture lo /tmp/lo.pcap
	ping_once 192.0.2.1
	capture_end /tmp/lo.pcap
	[[ $(capture_count /tmp/lo.pcap) == 0 ]]
	check_err $? "the capture on lo has $(capture_count /tmp/lo.pcap) packets, expected 0"
	log_test "a capture on lo shows no packet that an lbx device carries"
}

one_service_alone()
{
	RET=0
	lbx_up 192.0.2.1/32
	ipn link add lbx1 type lbx
	ipn addr add 192.0.2.2/32 dev lbx1
	ipn link set lbx1 up
	capture lbx1 /tmp/alone.pcap icmp
	ping_once 192.0.2.1
	ping_once 192.0.2.2
	ping_once 127.0.0.1
	capture_end /tmp/alone.pcap
	[[ $(capture_count /tmp/alone.pcap) == 2 &&
	   $(capture_count /tmp/alone.pcap host 192.0.2.2) == 2 ]]
	check_err $? "the capture does not have the 2 packets of lbx1 only: $(tcpdump -nn -r /tmp/alone.pcap 2>&1)"
	log_test "a capture on an lbx device shows the local traffic of its own addresses only"
}

# A packet socket of one protocol gets only received packets. The packet type that hides
# a packet from captures does not hide it from such a socket.
receive_only_socket()
{
	local out

	RET=0
	lbx_up 192.0.2.1/32
	out=$(inns frames lbx0 2 ping -c 1 -q 192.0.2.1 2>&1 >/dev/null)
	check_err $? "$out"
	log_test "a packet socket of one protocol gets each packet once"
}

netfilter_sees_it_once()
{
	local hook

	RET=0
	lbx_up 192.0.2.1/32
	inns nft -f - <<-END
		table ip t {
			chain prerouting { type filter hook prerouting priority 0
				iif lbx0 meta pkttype host counter; }
			chain input { type filter hook input priority 0
				iif lbx0 meta pkttype host counter; }
			chain output { type filter hook output priority 0
				oif lbx0 counter; }
			chain postrouting { type filter hook postrouting priority 0
				oif lbx0 counter; }
		}
	END
	check_err $? "nft cannot load the rules"
	ping_once 192.0.2.1
	for hook in prerouting input output postrouting; do
		inns nft list chain ip t "$hook" | grep -q 'counter packets 2 bytes 168'
		check_err $? "the counter in $hook is wrong: $(inns nft list chain ip t "$hook" | grep counter)"
	done
	log_test "netfilter sees each packet once per hook, with the name of the lbx device"
}

tc_ingress_sees_it_once()
{
	local hook

	RET=0
	lbx_up 192.0.2.1/32
	inns tc qdisc add dev lbx0 clsact
	inns tc filter add dev lbx0 ingress protocol ip matchall action pass
	inns tc filter add dev lbx0 egress protocol ip matchall action pass
	ping_once 192.0.2.1
	for hook in ingress egress; do
		inns tc -s filter show dev lbx0 "$hook" | grep -q ' 2 pkt'
		check_err $? "the filter at $hook has not seen 2 packets: $(inns tc -s filter show dev lbx0 "$hook" | grep Sent)"
	done
	log_test "tc sees each packet once at egress and once at ingress"
}

# As on lo: a frame that is not for the link-layer address of the device is captured and
# then dropped
frame_to_another_address()
{
	local frame

	RET=0
	lbx_up 192.0.2.1/32
	# an Ethernet header to 02:00:00:00:00:09 before a UDP datagram to port 9
	frame='\x02\x00\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x08\x00'
	frame+='\x45\x00\x00\x1d\x00\x00\x00\x00\x40\x11\xf6\xd2\xc0\x00\x02\x01'
	frame+='\xc0\x00\x02\x01\x00\x09\x00\x09\x00\x09\x00\x00\x00'
	capture lbx0 /tmp/other.pcap
	# shellcheck disable=SC2059
	printf "$frame" | inns socat -u - INTERFACE:lbx0
	capture_end /tmp/other.pcap
	[[ $(capture_count /tmp/other.pcap) == 1 ]]
	check_err $? "the frame was captured $(capture_count /tmp/other.pcap) times, expected 1"
	[[ $(inns nstat -az IpInDelivers | awk '/IpInDelivers/ {print $2}') == 0 ]]
	check_err $? "the frame was delivered"
	log_test "a frame to another link-layer address is captured once and not delivered"
}

# packet_type_up: make lbx0 with a qdisc and a claim of eth0, so that its packets are
# queued
packet_type_up()
{
	nic_up
	{
		echo "addr add 198.51.100.1/32 dev lbx0"
		echo "addr add 2001:db8:9::1/128 dev lbx0"
		echo "link set lbx0 type lbx claim eth0"
	} | ipn -b -
	settle
	inns tc qdisc add dev lbx0 root pfifo
}

# pings_by_lbx0: 8 packets
pings_by_lbx0()
{
	local addr

	for addr in 198.51.100.1 2001:db8:9::1 192.0.2.1 2001:db8::1; do
		ping_once "$addr"
		check_err $? "$addr does not answer"
	done
}

verdicts_of_nftables_stay()
{
	local dev

	RET=0
	packet_type_up
	inns nft -f - <<-END
		table netdev t {
			counter host { }
			counter others { }
			chain i { type filter hook ingress device lbx0 priority 0
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert,
					      nd-router-solicit, mld2-listener-report } accept
				meta pkttype host counter name host accept
				counter name others; }
		}
	END
	check_err $? "nft cannot load the rules"
	pings_by_lbx0
	for dev in lbx0 any; do
		capture "$dev" /tmp/verdict.pcap
		pings_by_lbx0
		capture_end /tmp/verdict.pcap
	done
	inns nft list counter netdev t host | grep -q 'packets 24 '
	check_err $? "the wrong number of packets is for the host, expected 24: $(inns nft list counter netdev t host | grep packets)"
	inns nft list counter netdev t others | grep -q 'packets 0 '
	check_err $? "packets have another type than host: $(inns nft list counter netdev t others | grep packets)"
	inns nft delete table netdev t
	# Each packet is captured once again, now that the rule is gone
	two_pings_on_lbx0
	log_test "a capture does not change the packet type that nftables sees at ingress"
}

two_pings_on_lbx0()
{
	capture lbx0 /tmp/verdict.pcap icmp
	ping_once 198.51.100.1
	capture_end /tmp/verdict.pcap
	(($(capture_count /tmp/verdict.pcap) == 2))
	check_err $? "the capture has $(capture_count /tmp/verdict.pcap) packets, expected 2"
}

verdicts_of_tc_stay()
{
	local name="a capture does not change the packet type that tc sees at ingress"
	local n

	RET=0
	packet_type_up
	inns tc qdisc add dev lbx0 ingress
	if ! inns tc filter add dev lbx0 ingress protocol all prio 1 basic \
			match 'meta(pkt_type eq 0)' action pass 2>/tmp/verdict.err; then
		log_test_skip "$name" "$(</tmp/verdict.err)"
		return
	fi
	inns tc filter add dev lbx0 ingress protocol all prio 2 matchall action drop
	pings_by_lbx0
	capture lbx0 /tmp/verdict.pcap
	pings_by_lbx0
	capture_end /tmp/verdict.pcap
	# not -j: what it prints for the match is not JSON
	n=$(inns tc -s filter show dev lbx0 ingress pref 1 |
	    awk '$1 == "Sent" {n += $4} END {print n + 0}')
	((n >= 16))
	check_err $? "$n packets are for the host, expected at least 16"
	log_test "$name"
}

tests_run
exit "$EXIT_STATUS"
