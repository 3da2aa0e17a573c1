#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What counts, delays, filters and segments packets of an lbx device does the same with
# claimed packets.

# shellcheck source=selftests/lib/claim_lib.sh
source "$(dirname "$0")/lib/claim_lib.sh"

ALL_TESTS="
	counters
	netem
	tc_egress
	nft_egress
	nft_egress_of_lo
	offload_off
"

counters()
{
	local name
	local -A n

	RET=0
	claim_up
	change lbx0 claim eth0
	# not pings: the reply to a ping is routed in the L3 domain of lbx0, and so
	# takes the direct path
	inns_start socat -u UDP6-RECV:9,ipv6only=0 OPEN:/dev/null
	wait_listen 9 udp
	# shellcheck disable=SC2016  # for the inner shell
	inns bash -c 'for addr; do echo >"/dev/udp/$addr/9"; done' bash \
		"$nic4" "$nic6" "$nic4" "$nic6" "$nic4"
	for name in claimed_packets claimed_bytes inline_packets queued_packets; do
		n[$name]=$(counter lbx0 "$name")
	done
	((n[claimed_packets] == 5))
	check_err $? "claimed_packets is ${n[claimed_packets]}, expected 5"
	((n[claimed_bytes] == 3 * 29 + 2 * 49))
	check_err $? "claimed_bytes is ${n[claimed_bytes]}, expected $((3 * 29 + 2 * 49))"
	# all, except those that are sent while the backlog is busy
	((n[inline_packets] >= 1 && n[inline_packets] <= 5))
	check_err $? "inline_packets is ${n[inline_packets]}, expected 1 to 5"
	((n[queued_packets] == 0))
	check_err $? "queued_packets is ${n[queued_packets]}, expected 0"
	(($(stat64 lbx0 tx.packets) == 5 && $(stat64 lbx0 rx.packets) == 5))
	check_err $? "stats64 has $(stat64 lbx0 tx.packets) tx and $(stat64 lbx0 rx.packets) rx packets, expected 5"
	log_test "claimed packets, and those received inline, are counted"
}

netem()
{
	local addr ms

	RET=0
	claim_up
	inns tc qdisc add dev lbx0 root netem delay 50ms
	change lbx0 claim eth0
	for addr in "$nic4" "$nic6"; do
		ms=$(inns ping -c 1 -W 5 "$addr" | sed -n 's/.*time=\([0-9]*\).*/\1/p')
		((${ms:-0} >= 100))
		check_err $? "$addr answers after ${ms:-no} ms, expected 100 ms or more"
		only_on lbx0 serve "$addr"
	done
	(($(counter lbx0 queued_packets) > 4 && $(counter lbx0 claimed_packets) == 0))
	check_err $? "$(counter lbx0 claimed_packets) packets bypassed the qdisc"
	inns tc qdisc del dev lbx0 root
	ping_once "$nic4"
	(($(counter lbx0 claimed_packets) > 0))
	check_err $? "packets are still queued after the qdisc is removed"
	log_test "claimed packets pass the qdisc of the lbx device"
}

tc_egress()
{
	local hook proto

	RET=0
	claim_up
	change lbx0 claim eth0
	inns tc qdisc add dev lbx0 clsact
	for hook in egress ingress; do
		inns tc filter add dev lbx0 "$hook" protocol all matchall action pass
	done
	answer_on lbx0 "$nic4" "$nic6"
	for hook in egress ingress; do
		inns tc -s filter show dev lbx0 "$hook" | grep -q ' 4 pkt'
		check_err $? "the filter at $hook has not seen 4 packets: $(inns tc -s filter show dev lbx0 "$hook" | grep Sent)"
	done
	inns tc filter del dev lbx0 egress
	inns tc filter add dev lbx0 egress protocol all matchall action drop
	for proto in "$nic4" "$nic6"; do
		ping_once "$proto"
		check_fail $? "$proto answers although the filter at egress drops"
	done
	log_test "a tc filter at egress of the lbx device sees each claimed packet once"
}

# nft_counter DEV: add a counter at the egress of DEV in $NS
# nft_count DEV: print it
# The rules use no set, because lockdep reports 6.12's nft_set_lookup().
nft_counter()
{
	inns nft -f - <<-END
		table netdev $1 {
			counter seen { }
			chain c { type filter hook egress device $1 priority 0
				meta l4proto icmp counter name seen
				meta l4proto icmpv6 counter name seen; }
		}
	END
	check_err $? "nft cannot load the rules"
}

nft_count()
{
	inns nft list counter netdev "$1" seen | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

nft_egress()
{
	RET=0
	claim_up
	change lbx0 claim eth0
	nft_counter lbx0
	answer_on lbx0 "$nic4" "$nic6"
	(($(nft_count lbx0) == 4))
	check_err $? "the counter at egress has $(nft_count lbx0) packets, expected 4"
	inns nft add rule netdev lbx0 c ip daddr "$nic4" drop
	ping_once "$nic4"
	check_fail $? "$nic4 answers although the rule at egress drops"
	answer_on lbx0 "$nic6"
	log_test "nftables at egress of the lbx device sees each claimed packet once"
}

nft_egress_of_lo()
{
	RET=0
	claim_up
	nft_counter lo
	change lbx0 claim eth0
	answer_on lbx0 "$nic4" "$nic6"
	(($(nft_count lo) == 0))
	check_err $? "the counter of lo has $(nft_count lo) claimed packets, expected 0"
	inns nft delete table netdev lo
	nft_counter lo
	answer_on lbx0 "$nic4" "$nic6"
	(($(nft_count lo) == 0))
	check_err $? "the counter of lo that is newer than the claim has $(nft_count lo) packets, expected 0"
	answer_on lo 127.0.0.1 ::1
	(($(nft_count lo) == 4))
	check_err $? "the counter of lo has $(nft_count lo) packets, expected 4"
	change lbx0 unclaim eth0
	answer_on lo "$nic4"
	(($(nft_count lo) == 6))
	check_err $? "the counter of lo has $(nft_count lo) packets after the unclaim, expected 6"
	log_test "nftables at egress of lo sees only packets that are not claimed"
}

offload_off()
{
	local addr n

	RET=0
	claim_up
	# the route, and so the segment size, stay those of lo
	ipn link set lo mtu 1500
	change lbx0 claim eth0
	for addr in "$nic4" "[$nic6]"; do
		inns ethtool -K lbx0 tso on
		capture_tcp "$addr" 2000000 65536
		(($(capture_count /tmp/tcp.pcap greater 1515) > 0))
		check_err $? "$addr: no packet is larger than the MTU with tso on"
		inns ethtool -K lbx0 tso off
		capture_tcp "$addr" 2000000 65536
		n=$(capture_count /tmp/tcp.pcap greater 1515)
		((n == 0))
		check_err $? "$addr: $n packets are larger than the MTU with tso off"
	done
	log_test "an offload that is off on the lbx device is off for claimed packets"
}

tests_run
exit "$EXIT_STATUS"
