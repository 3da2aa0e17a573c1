#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Claims: an lbx device carries the local traffic to addresses of other interfaces. The
# other programs claim_*.sh have refusals, changes, and what sees claimed packets.

# shellcheck source=selftests/lib/claim_lib.sh
source "$(dirname "$0")/lib/claim_lib.sh"

ALL_TESTS="
	each_packet_once
	tcp_and_udp
	link_local_address
	addresses_come_and_go
	remote_is_as_before
	single_addresses
	address_before_interface
	plain_lo_stays
	hook_only_while_claimed
	protocol_of_another_family
	shown
	at_creation
	netns_apart
	thousand
	netns_deleted
	unloaded
"

claim_count()
{
	ipn -d -j link show dev "$1" | jq '.[0].linkinfo.info_data.claim_count'
}

each_packet_once()
{
	local echo='icmp or (icmp6 and ip6[40] >= 128 and ip6[40] <= 129)'
	local -A want=([eth0]=0 [lo]=0 [lbx0]=8 [any]=8)

	RET=0
	claim_up_peer
	change lbx0 claim eth0
	check_captures "$echo" "$nic4" "$nic6"
	log_test "packets to a claimed interface appear once on lbx0, and not on the interface or lo"
}

tcp_and_udp()
{
	local addr

	RET=0
	claim_up
	change lbx0 claim eth0
	for addr in "$nic4" "$nic6"; do
		only_on lbx0 serve "$addr"
	done
	log_test "an lbx device carries TCP and UDP to a claimed interface, by IPv4 and IPv6"
}

link_local_address()
{
	RET=0
	claim_up
	# nodad: this address needs no duplicate address detection
	ipn addr add fe80::5/64 dev eth0 nodad
	change lbx0 claim eth0
	only_on lbx0 ping -c 1 -W 5 fe80::5%eth0
	only_on lbx0 serve fe80::5%eth0
	log_test "an lbx device carries traffic to the link-local address of a claimed interface"
}

addresses_come_and_go()
{
	RET=0
	claim_up
	change lbx0 claim eth0
	ipn addr add 192.0.2.7/24 dev eth0
	ipn addr add 2001:db8:1::7/64 dev eth0 nodad
	answer_on lbx0 192.0.2.7 2001:db8:1::7
	ipn addr del 192.0.2.7/24 dev eth0
	ipn addr del 2001:db8:1::7/64 dev eth0
	ipn addr add 192.0.2.7/24 dev lo
	ipn addr add 2001:db8:1::7/128 dev lo
	answer_on lo 192.0.2.7 2001:db8:1::7
	answer_on lbx0 "$nic4" "$nic6"
	log_test "addresses added to a claimed interface are claimed, until they are deleted"
}

remote_is_as_before()
{
	local addr before

	RET=0
	claim_up_peer
	change lbx0 claim eth0
	before=$(packets lbx0)
	for addr in "$nic4" "$nic6"; do
		ip netns exec "$PEER" ping -c 2 -i 0.2 -W 5 "$addr" &>/dev/null
		check_err $? "$addr does not answer the peer"
	done
	for addr in 192.0.2.6 2001:db8:1::6; do
		ping_once "$addr"
		check_err $? "the peer does not answer at $addr"
	done
	(($(packets lbx0) == before))
	check_err $? "lbx0 has carried a packet"
	log_test "traffic with other machines stays on a claimed interface"
}

single_addresses()
{
	RET=0
	claim_up
	ipn addr add 192.0.2.7/24 dev eth0
	ipn addr add 2001:db8:1::7/64 dev eth0 nodad
	change lbx0 claim "$nic4" claim "$nic6"
	answer_on lbx0 "$nic4" "$nic6"
	answer_on lo 192.0.2.7 2001:db8:1::7
	change lbx0 unclaim "$nic4"
	answer_on lo "$nic4"
	answer_on lbx0 "$nic6"
	change lbx0 unclaim "$nic6"
	answer_on lo "$nic4" "$nic6"
	log_test "a claim of single addresses leaves the other addresses of the interface on lo"
}

address_before_interface()
{
	RET=0
	claim_up
	ipn addr add 192.0.2.7/24 dev eth0
	ipn addr add 2001:db8:1::7/64 dev eth0 nodad
	change lbx0 claim eth0
	change lbx1 claim "$nic4" claim "$nic6"
	answer_on lbx1 "$nic4" "$nic6"
	answer_on lbx0 192.0.2.7 2001:db8:1::7
	ipn link set lbx1 down
	answer_on lo "$nic4" "$nic6"
	change lbx1 unclaim "$nic4" unclaim "$nic6"
	answer_on lbx0 "$nic4" "$nic6"
	log_test "the claim of an address takes precedence over that of its interface"
}

plain_lo_stays()
{
	local addr

	RET=0
	claim_up
	change lbx0 claim eth0 claim 198.51.100.5
	answer_on lo 127.0.0.1 ::1
	for addr in 127.0.0.1 ::1; do
		only_on lo serve "$addr"
	done
	log_test "traffic to an address that is not claimed stays on lo"
}

hook_only_while_claimed()
{
	local n

	RET=0
	if ! can_trace lbx_claim_hook; then
		log_test_skip "the claim hook exists only while the netns has a claim" \
			"this kernel cannot trace functions"
		return
	fi
	claim_up_peer
	n=$(calls lbx_claim_hook inns ping -c 1 "$nic4")
	((n == 0))
	check_err $? "the hook was called $n times without a claim"
	change lbx0 claim "$nic4"
	n=$(calls lbx_claim_hook inns ping -c 1 127.0.0.1)
	((n > 0))
	check_err $? "the hook was not called while there was a claim"
	n=$(calls lbx_claim_hook ip netns exec "$PEER" ping -c 1 127.0.0.1)
	((n == 0))
	check_err $? "the hook was called $n times in a netns without a claim"
	change lbx0 unclaim "$nic4"
	n=$(calls lbx_claim_hook inns ping -c 1 "$nic4")
	((n == 0))
	check_err $? "the hook was called $n times after the last claim was removed"
	log_test "the claim hook exists only while the netns has a claim"
}

shown()
{
	RET=0
	claim_up
	claims_are lbx0 ""
	change lbx0 claim "$nic4" claim eth0 claim "$nic6"
	change lbx0 claim 198.51.100.5
	claims_are lbx0 "eth0 $nic4 $nic6 198.51.100.5"
	(($(claim_count lbx0) == 4))
	check_err $? "the number of claims is $(claim_count lbx0), expected 4"
	ipn -d link show lbx0 | grep -q "claim eth0 claim $nic4 claim $nic6 claim 198.51.100.5"
	check_err $? "ip shows '$(ipn -d link show lbx0)'"
	claims_are lbx1 ""
	log_test "ip shows the claims of a device, interfaces first"
}

at_creation()
{
	RET=0
	claim_up
	ipn link add lbx2 type lbx claim eth0 claim 198.51.100.5
	check_err $? "the kernel refused claims at the creation of a device"
	claims_are lbx2 "eth0 198.51.100.5"
	answer_on lo "$nic4"
	count_packets
	ipn link set lbx2 up
	carries lbx2 lo ping -c 1 "$nic4"
	carries lbx2 lo ping -c 1 "$nic6"
	refused "Cannot find the interface to claim" \
		ipn link add lbx3 type lbx claim 198.51.100.6 claim nosuch
	ipn link show lbx3 &>/dev/null
	check_fail $? "the refused device exists"
	answer_on lo 198.51.100.6
	log_test "a device can be made with claims, and is not made if one is refused"
}

netns_apart()
{
	local ns

	RET=0
	claim_up_peer
	ns=$NS NS=$PEER
	ipn link add lbx0 type lbx
	ipn link set lbx0 up
	ipn addr add 198.51.100.5/32 dev lo
	NS=$ns
	change lbx0 claim eth0 claim 198.51.100.5
	answer_on lbx0 "$nic4" "$nic6" 198.51.100.5
	NS=$PEER
	answer_on lo 192.0.2.6 2001:db8:1::6 198.51.100.5
	change lbx0 claim eth0 claim 198.51.100.5
	answer_on lbx0 192.0.2.6 2001:db8:1::6 198.51.100.5
	ipn link del lbx0
	answer_on lo 192.0.2.6 2001:db8:1::6 198.51.100.5
	NS=$ns
	claims_are lbx0 "eth0 198.51.100.5"
	answer_on lbx0 "$nic4" "$nic6" 198.51.100.5
	log_test "the claims of two network namespaces are independent"
}

udp_delivered()
{
	(($(inns cat /proc/net/snmp /proc/net/snmp6 |
	    awk '$1 == "Udp:" && $2 != "InDatagrams" {n = $2}
		 $1 == "Udp6InDatagrams" {n += $2} END {print n}') >= $1))
}

thousand()
{
	local addrs=() i
	local lo_before lbx_before

	RET=0
	claim_up
	# AnyIP: each address of these prefixes is local
	ipn route add local 198.51.100.0/24 dev eth0
	ipn route add local 203.0.113.0/24 dev eth0
	ipn route add local 2001:db8:a::/64 dev eth0
	for i in {1..250}; do
		addrs+=("198.51.100.$i" "203.0.113.$i" "2001:db8:a::$i" "2001:db8:a::b:$i")
	done
	printf '%s\n' "${addrs[@]}" | xargs -n 25 | sed 's/^\| / claim /g' |
		sed 's/^/link set lbx0 type lbx /' >/tmp/claims
	ipn -b /tmp/claims
	check_err $? "a claim was refused"
	(($(claim_count lbx0) == 1000))
	check_err $? "the number of claims is $(claim_count lbx0), expected 1000"
	ipn -d link show lbx0 | grep -q 'claims 1000'
	check_err $? "ip does not show the number of claims"

	inns_start socat -u UDP6-RECV:9,ipv6only=0 OPEN:/dev/null
	wait_listen 9 udp
	count_packets
	lo_before=${received[lo]} lbx_before=${received[lbx0]}
	# shellcheck disable=SC2016  # for the inner shell
	inns bash -c 'for addr; do echo >"/dev/udp/$addr/9"; done' bash "${addrs[@]}"
	count_packets
	((received[lbx0] - lbx_before == 1000))
	check_err $? "lbx0 has carried $((received[lbx0] - lbx_before)) packets, expected 1000"
	((received[lo] == lo_before))
	check_err $? "lo has carried $((received[lo] - lo_before)) packets, expected 0"
	busywait "$BUSYWAIT_TIMEOUT" udp_delivered 1000
	check_err $? "not all of the 1000 datagrams were delivered"

	sed -i 's/claim/unclaim/g' /tmp/claims
	ipn -b /tmp/claims
	check_err $? "an unclaim was refused"
	(($(claim_count lbx0) == 0))
	check_err $? "the number of claims is $(claim_count lbx0), expected 0"
	answer_on lo "${addrs[0]}"
	only_on lo ping -c 1 -W 5 "${addrs[999]}"
	log_test "an lbx device can claim 1000 addresses and unclaim them"
}

netns_deleted()
{
	local i

	RET=0
	for i in 1 2 3; do
		claim_up
		change lbx0 claim eth0 claim 198.51.100.5
		change lbx1 claim "$nic4" claim "$nic6"
		inns_start ping -q -i 0.01 "$nic4" &>/dev/null
		inns_start ping -q -i 0.01 198.51.100.5 &>/dev/null
		busywait "$BUSYWAIT_TIMEOUT" received_on lbx0 4 &&
			busywait "$BUSYWAIT_TIMEOUT" received_on lbx1 4
		check_err $? "round $i: lbx0 or lbx1 carries no traffic"
		cleanup_ns "$NS"
		wait
	done
	rmmod lbx
	check_err $? "the module cannot be removed"
	module_need
	log_test "namespaces with claims can be deleted while traffic runs, and the module removed after"
}

unloaded()
{
	local i

	RET=0
	claim_up
	for i in 1 2 3; do
		change lbx0 claim eth0 claim "$nic6" claim 198.51.100.5
		answer_on lbx0 "$nic4" "$nic6"
		rmmod lbx
		check_err $? "the module cannot be removed"
		answer_on lo "$nic4" "$nic6" ::1
		module_need
		ipn link add lbx0 type lbx
		ipn link set lbx0 up
		claims_are lbx0 ""
	done
	log_test "the module can be removed while there are claims, and has none when loaded again"
}

# act_mpls changes the protocol of the packet to IPv6 and leaves its route, which is of
# IPv4. On lo the protocol selects how the claim is looked up, and the lookup must not
# use the route as one of IPv6.
protocol_of_another_family()
{
	local name="lo carries a packet whose protocol does not match its route"
	local before

	RET=0
	nic_up
	modprobe -a mpls_router mpls_iptunnel 2>/dev/null
	ipn neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent
	if ! ipn route add 198.51.100.1/32 encap mpls 100 via inet 192.0.2.9 \
		dev eth0 2>/dev/null ||
	   ! inns tc qdisc add dev eth0 clsact ||
	   ! inns tc filter add dev eth0 egress protocol all matchall \
		action mpls pop protocol ipv6 pipe \
		action mirred egress redirect dev lo 2>/dev/null; then
		log_test_skip "$name" "this kernel does not have mpls_iptunnel or act_mpls"
		return
	fi
	ipn link set lbx0 type lbx claim eth0
	check_err $? "eth0 cannot be claimed"
	before=$(packets lo)
	inns python3 -c '
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(bytes(100), ("198.51.100.1", 9))'
	# Packets that eth0 sends by itself (MLD) take the same path
	(($(packets lo) > before && $(packets lbx0) == 0))
	check_err $? "lo has received $(($(packets lo) - before)) packets, expected more; lbx0 $(packets lbx0), expected 0"
	log_test "$name"
}

tests_run
exit "$EXIT_STATUS"
