#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Claims: an lbx device carries the local traffic to addresses of other interfaces.
#
#   +-------------- $NS -------------+        +---- $PEER ----+
#   | lo   lbx0   lbx1          eth0 |--------| eth0          |
#   |                   192.0.2.5    |        | 192.0.2.6     |
#   |                2001:db8:1::5   |        | 2001:db8:1::6 |
#   +--------------------------------+        +---------------+

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

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
	second_is_refused
	refused_with_reason
	any_address_is_refused
	refusal_changes_nothing
	unclaim_is_refused
	unclaim_comes_first
	netns_apart
	rename_is_followed
	waits_for_the_next
	leaves_the_netns
	change_is_reported
	change_is_reported_while_down
	connections_over_claim
	connections_over_down
	connections_over_delete
	connections_over_rmmod
	addresses_while_down
	counters
	netem
	tc_egress
	nft_egress
	nft_egress_of_lo
	offload_off
	thousand
	netns_deleted
	unloaded
"

nic4=192.0.2.5
nic6=2001:db8:1::5

# claim_up: make $NS with eth0, two addresses on lo as a router has one, and both lbx
# devices, which are up and have no addresses. eth0 is a dummy, which takes less time to
# make.
# claim_up_peer: make $PEER, too, connected with eth0
claim_up()
{
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn -b - <<-END
		link add lbx0 type lbx
		link add lbx1 type lbx
		link add eth0 type dummy
		link set lbx0 up
		link set lbx1 up
		link set eth0 up
		addr add $nic4/24 dev eth0
		addr add $nic6/64 dev eth0 nodad
		addr add 198.51.100.5/32 dev lo
		addr add 198.51.100.6/32 dev lo
	END
}

claim_up_peer()
{
	setup_ns NS PEER
	defer cleanup_ns "$NS" "$PEER"
	veth_up "$nic4/24 $nic6/64" "192.0.2.6/24 2001:db8:1::6/64"
	ipn -b - <<-END
		link add lbx0 type lbx
		link add lbx1 type lbx
		link set lbx0 up
		link set lbx1 up
		addr add 198.51.100.5/32 dev lo
	END
}

# change DEV OPTION...: change DEV
change()
{
	local dev=$1; shift

	ipn link set "$dev" type lbx "$@"
	check_err $? "'$dev $*' was refused"
}

# snapshot: save the packet counts of all loopbacks
# only_dev_counted DEV [N]: since snapshot, only DEV has carried packets, N of them
declare -A was

snapshot()
{
	local dev

	count_packets
	for dev in lo lbx0 lbx1; do
		was[$dev]=${received[$dev]:-0}
	done
}

only_dev_counted()
{
	local want=$1 number=${2:-} dev n

	count_packets
	for dev in lo lbx0 lbx1; do
		n=$((${received[$dev]:-0} - was[$dev]))
		if [[ $dev != "$want" ]]; then
			((n == 0))
			check_err $? "$dev carried $n packets that $want should carry"
		else
			((number ? n == number : n > 0))
			check_err $? "$dev carried $n packets, expected ${number:-more}"
		fi
	done
}

# only_on DEV COMMAND...: COMMAND succeeds, and only DEV carries its packets
only_on()
{
	local dev=$1; shift

	snapshot
	inns "$@" &>/tmp/only_on.out
	check_err $? "'$*' failed: $(</tmp/only_on.out)"
	only_dev_counted "$dev"
}

# answer_on DEV ADDR...: each ADDR answers a ping from itself, and only DEV carries it
answer_on()
{
	local dev=$1 addr; shift

	snapshot
	for addr; do
		ping_once "$addr" -I "$addr"
		check_err $? "$addr does not answer"
	done
	only_dev_counted "$dev" $((2 * $#))
}

# moves_to DEV OTHER: the connections of talk go on, over DEV from now on. OTHER gets
# only the packets that are on their way.
moves_to()
{
	local dev=$1 other=$2 before n

	count_packets
	before=${received[$other]:-0}
	busywait "$BUSYWAIT_TIMEOUT" received_on "$dev" $((received[$dev] + 100))
	check_err $? "the connections do not go on over $dev: $(</tmp/talk.err)"
	count_packets
	n=$((${received[$other]:-0} - before))
	((n <= 2))
	check_err $? "$other carried $n packets that $dev should carry"
}

# claims DEV: print the claims of DEV on one line
claims()
{
	ipn -d -j link show dev "$1" | jq -r '
		[.[0].linkinfo.info_data.claims[] |
		 .addr // .ifname + (if .waiting then "(waiting)" else "" end)] |
		join(" ")'
}

claims_are()
{
	local dev=$1 want=$2 got

	got=$(claims "$dev")
	[[ $got == "$want" ]]
	check_err $? "$dev claims '$got', expected '$want'"
}

claim_count()
{
	ipn -d -j link show dev "$1" | jq '.[0].linkinfo.info_data.claim_count'
}

each_packet_once()
{
	local dev n
	local echo='icmp or (icmp6 and ip6[40] >= 128 and ip6[40] <= 129)'
	local -A want=([eth0]=0 [lo]=0 [lbx0]=8 [any]=8)

	RET=0
	claim_up_peer
	change lbx0 claim eth0
	for dev in "${!want[@]}"; do
		capture "$dev" "/tmp/$dev.pcap" "$echo"
	done
	ping_once "$nic4" -c 2 -i 0.2
	check_err $? "$nic4 does not answer"
	ping_once "$nic6" -c 2 -i 0.2
	check_err $? "$nic6 does not answer"
	for dev in "${!want[@]}"; do
		capture_end "/tmp/$dev.pcap"
		n=$(capture_count "/tmp/$dev.pcap")
		((n == want[$dev]))
		check_err $? "the capture on $dev has $n packets, expected ${want[$dev]}"
	done
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

second_is_refused()
{
	local text="Already claimed by lbx0"

	RET=0
	claim_up
	change lbx0 claim eth0 claim "$nic4" claim "$nic6"
	refused "$text" ipn link set lbx1 type lbx claim eth0
	refused "$text" ipn link set lbx1 type lbx claim "$nic4"
	refused "$text" ipn link set lbx1 type lbx claim "$nic6"
	refused "$text" ipn link set lbx0 type lbx claim eth0
	refused "$text" ipn link set lbx0 type lbx claim "$nic4"
	# down, because up to 6.1 a device that is up cannot be renamed
	ipn link set lbx0 down
	ipn link set lbx0 name holder
	refused "Already claimed by holder" ipn link set lbx1 type lbx claim eth0
	ipn link set holder name lbx0
	ipn link set lbx0 up
	change lbx0 unclaim eth0 unclaim "$nic4" unclaim "$nic6"
	change lbx1 claim eth0 claim "$nic4" claim "$nic6"
	answer_on lbx1 "$nic4" "$nic6"
	log_test "a second claim of a target is refused with the name of the holder"
}

refused_with_reason()
{
	local addr

	RET=0
	claim_up
	ipn addr add 203.0.113.1/32 dev lbx1
	ipn addr add 2001:db8:9::1/128 dev lbx1
	ipn addr add fe80::5/64 dev eth0 nodad
	refused "Cannot find the interface" ipn link set lbx0 type lbx claim nosuch
	refused "An lbx device cannot be claimed" \
		ipn link set lbx0 type lbx claim lbx1
	refused "An lbx device cannot be claimed" \
		ipn link set lbx0 type lbx claim lbx0
	refused "203.0.113.1 is already carried by lbx1" \
		ipn link set lbx0 type lbx claim 203.0.113.1
	refused "2001:db8:9::1 is already carried by lbx1" \
		ipn link set lbx0 type lbx claim 2001:db8:9::1
	ipn link set lbx1 down
	for addr in 203.0.113.1 2001:db8:9::1; do
		refused "$addr is already carried by lbx1" \
			ipn link set lbx0 type lbx claim "$addr"
	done
	ipn link set lbx1 up
	refused "A link-local address cannot be claimed" \
		ipn link set lbx0 type lbx claim fe80::5
	for addr in 198.51.100.9 192.0.2.6 192.0.2.255 224.0.0.1 255.255.255.255 \
		    2001:db8:f::9 2001:db8:1::6 ::; do
		refused "$addr is not a local address" \
			ipn link set lbx0 type lbx claim "$addr"
	done
	refused "lo cannot be claimed" ipn link set lbx0 type lbx claim lo
	refused "127.0.0.0/8 cannot be claimed" ipn link set lbx0 type lbx claim 127.0.0.5
	refused "::1 cannot be claimed" ipn link set lbx0 type lbx claim ::1
	claims_are lbx0 ""
	log_test "a claim of a target that cannot be claimed is refused with the reason"
}

any_address_is_refused()
{
	RET=0
	claim_up
	ipn link set lbx0 type lbx claim 0.0.0.0 2>/dev/null
	check_fail $? "'claim 0.0.0.0' was accepted"
	log_test "a claim of 0.0.0.0 is refused"
}

refusal_changes_nothing()
{
	RET=0
	claim_up
	change lbx0 claim "$nic6"
	refused "is not a local address" ipn link set lbx0 type lbx \
		isolate on direct off claim "$nic4" claim eth0 claim 198.51.100.9
	claims_are lbx0 "$nic6"
	refused "Cannot find the interface" ipn link set lbx0 type lbx \
		unclaim "$nic6" claim "$nic4" claim nosuch
	claims_are lbx0 "$nic6"
	refused "Already claimed by lbx0" ipn link set lbx0 type lbx \
		claim "$nic4" claim "$nic4"
	claims_are lbx0 "$nic6"
	ipn -d link show lbx0 | grep -q 'direct on isolate off'
	check_err $? "an option has changed"
	answer_on lbx0 "$nic6"
	answer_on lo "$nic4"
	log_test "a request with several claims changes nothing if one of them is refused"
}

unclaim_is_refused()
{
	RET=0
	claim_up
	refused "Not claimed by any lbx device" \
		ipn link set lbx0 type lbx unclaim eth0
	refused "Not claimed by any lbx device" \
		ipn link set lbx0 type lbx unclaim nosuch
	change lbx0 claim eth0
	refused "Not claimed by any lbx device" \
		ipn link set lbx0 type lbx unclaim "$nic4"
	refused "Claimed by lbx0, not by this device" \
		ipn link set lbx1 type lbx unclaim eth0
	refused "Duplicate target in request" \
		ipn link set lbx0 type lbx unclaim eth0 unclaim eth0
	claims_are lbx0 eth0
	answer_on lbx0 "$nic4"
	log_test "an unclaim of a target that is not claimed is refused"
}

unclaim_comes_first()
{
	RET=0
	claim_up
	change lbx0 claim eth0 claim "$nic4"
	change lbx0 claim eth0 unclaim eth0
	claims_are lbx0 "eth0 $nic4"
	change lbx0 claim "$nic6" unclaim "$nic4" unclaim eth0
	claims_are lbx0 "$nic6"
	log_test "a link request removes claims before others are added"
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

rename_is_followed()
{
	RET=0
	claim_up
	change lbx0 claim eth0
	# down, because 6.1 cannot rename an interface that is up. Its IPv6 addresses go
	# with that.
	ipn link set eth0 down
	answer_on lbx0 "$nic4"
	ipn link set eth0 name nic9
	claims_are lbx0 nic9
	ipn link set nic9 up
	ipn addr add "$nic6/64" dev nic9 nodad
	answer_on lbx0 "$nic4" "$nic6"
	refused "Already claimed by lbx0" ipn link set lbx1 type lbx claim nic9
	refused "Not claimed by any" ipn link set lbx0 type lbx unclaim eth0
	# another interface with the old name is not claimed
	ipn link add eth0 type dummy
	ipn addr add 198.51.100.1/32 dev eth0
	answer_on lo 198.51.100.1
	change lbx0 unclaim nic9
	answer_on lo "$nic4" "$nic6"
	log_test "a claim follows its interface when that is renamed"
}

waits_for_the_next()
{
	RET=0
	claim_up
	change lbx0 claim eth0
	ipn link del eth0
	claims_are lbx0 "eth0(waiting)"
	ipn -d link show lbx0 | grep -q 'claim eth0 (waiting)'
	check_err $? "ip shows '$(ipn -d link show lbx0)'"
	refused "Already claimed by lbx0" ipn link set lbx1 type lbx claim eth0
	ipn addr add "$nic4/24" dev lo
	answer_on lo "$nic4"
	ipn addr del "$nic4/24" dev lo

	ipn link add eth0 type dummy
	claims_are lbx0 eth0
	ipn link set eth0 up
	ipn addr add "$nic4/24" dev eth0
	ipn addr add "$nic6/64" dev eth0 nodad
	answer_on lbx0 "$nic4" "$nic6"

	ipn link del eth0
	claims_are lbx0 "eth0(waiting)"
	ipn link add nic9 type dummy
	ipn link set nic9 name eth0
	claims_are lbx0 eth0
	ipn addr add "$nic4/24" dev eth0
	answer_on lbx0 "$nic4"

	ipn link del eth0
	change lbx0 unclaim eth0
	claims_are lbx0 ""
	ipn link add eth0 type dummy
	claims_are lbx0 ""
	log_test "the claim of a deleted interface takes effect for the next interface of that name"
}

leaves_the_netns()
{
	local ns

	RET=0
	claim_up_peer
	ipn link add nic9 type dummy
	change lbx0 claim nic9
	ipn link set nic9 netns "$PEER"
	claims_are lbx0 "nic9(waiting)"
	ns=$NS NS=$PEER
	ipn addr add 198.51.100.1/32 dev nic9
	answer_on lo 198.51.100.1
	ipn link set nic9 netns "$ns"
	NS=$ns
	claims_are lbx0 nic9
	ipn addr add 198.51.100.1/32 dev nic9
	ipn addr add 2001:db8:a::1/128 dev nic9 nodad
	ipn link set nic9 up
	answer_on lbx0 198.51.100.1 2001:db8:a::1
	log_test "the claim of an interface that leaves the netns waits until the interface is back"
}

# reports TEXT COMMAND...: COMMAND makes the kernel send a notification that has TEXT
reports()
{
	local text=$1 pid; shift

	ipn -d monitor link >/tmp/monitor.out &
	pid=$!
	# change another device, to see that the monitor listens
	busywait "$BUSYWAIT_TIMEOUT" monitor_listens
	check_err $? "ip monitor did not start"
	"$@"
	slowwait "$WAIT_TIMEOUT" grep -q "$text" /tmp/monitor.out
	check_err $? "'$*' caused no notification with '$text'"
	kill_process "$pid"
}

monitor_listens()
{
	ipn link set lo alias "$RANDOM"
	[[ -s /tmp/monitor.out ]]
}

change_is_reported()
{
	RET=0
	claim_up
	ipn link add nic9 type dummy
	reports 'claim nic9' ipn link set lbx0 type lbx claim nic9
	reports 'claim nic8' ipn link set nic9 name nic8
	reports 'claim nic8 (waiting)' ipn link del nic8
	log_test "each change of a claim is reported by RTM_NEWLINK"
}

change_is_reported_while_down()
{
	RET=0
	claim_up
	ipn link set lbx0 down
	ipn link add nic9 type dummy
	reports 'claim nic9' ipn link set lbx0 type lbx claim nic9
	reports 'claim nic8' ipn link set nic9 name nic8
	log_test "each change of a claim is reported by RTM_NEWLINK while the lbx device is down"
}

connections_over_claim()
{
	RET=0
	claim_up
	talk_start "$nic4" "$nic6"
	moves_to lo lbx0
	change lbx0 claim eth0
	moves_to lbx0 lo
	change lbx1 claim "$nic4" claim "$nic6"
	moves_to lbx1 lbx0
	change lbx1 unclaim "$nic4" unclaim "$nic6"
	moves_to lbx0 lbx1
	change lbx0 unclaim eth0
	moves_to lo lbx0
	talk_end
	log_test "established connections move without loss when a claim is made or removed"
}

connections_over_down()
{
	local i

	RET=0
	claim_up
	change lbx0 claim eth0
	talk_start -t "$nic4" "$nic6"
	moves_to lbx0 lo
	for i in 1 2 3; do
		ipn link set lbx0 down
		moves_to lo lbx0
		ipn link set lbx0 up
		moves_to lbx0 lo
	done
	talk_end
	log_test "lo carries established claimed connections while the lbx device is down"
}

connections_over_delete()
{
	RET=0
	claim_up
	change lbx0 claim eth0
	talk_start -t "$nic4" "$nic6"
	moves_to lbx0 lo
	ipn link del lbx0
	check_err $? "lbx0 cannot be deleted"
	moves_to lo lbx1
	change lbx1 claim eth0
	moves_to lbx1 lo
	talk_end
	log_test "lo carries established claimed connections after the device is deleted, until the next claim"
}

connections_over_rmmod()
{
	RET=0
	claim_up
	change lbx0 claim "$nic4" claim "$nic6"
	talk_start -t "$nic4" "$nic6"
	moves_to lbx0 lo
	rmmod lbx
	check_err $? "the module cannot be removed"
	moves_to lo lbx0
	module_need
	ipn link add lbx0 type lbx claim "$nic4" claim "$nic6"
	ipn link set lbx0 up
	moves_to lbx0 lo
	talk_end
	log_test "lo carries established claimed connections while the module is not loaded"
}

addresses_while_down()
{
	RET=0
	claim_up
	ipn link set lbx0 down
	change lbx0 claim eth0
	answer_on lo "$nic4" "$nic6"
	ipn link set lbx0 up
	answer_on lbx0 "$nic4" "$nic6"
	ipn link set lbx0 down
	answer_on lo "$nic4" "$nic6"
	claims_are lbx0 eth0
	log_test "a device that is down keeps its claims, and lo carries the traffic to them"
}

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

# transfer ADDR: send 2 MB by TCP, and capture them on lbx0 into /tmp/tso.pcap
transfer()
{
	local addr=$1 pf=ip4 server

	[[ $addr != \[* ]] || pf=ip6
	inns_start socat -u "TCP-LISTEN:5000,pf=$pf,bind=$addr,reuseaddr" \
		OPEN:/tmp/tso.out,creat,trunc
	server=$!
	wait_listen 5000 tcp
	capture lbx0 /tmp/tso.pcap -s 100
	head -c 2000000 /dev/zero | inns socat -u -b 65536 - "TCP:$addr:5000"
	wait "$server"
	capture_end /tmp/tso.pcap
	(($(stat -c %s /tmp/tso.out) == 2000000))
	check_err $? "$(stat -c %s /tmp/tso.out) of 2000000 bytes arrived at $addr"
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
		transfer "$addr"
		(($(capture_count /tmp/tso.pcap greater 1515) > 0))
		check_err $? "$addr: no packet is larger than the MTU with tso on"
		inns ethtool -K lbx0 tso off
		transfer "$addr"
		n=$(capture_count /tmp/tso.pcap greater 1515)
		((n == 0))
		check_err $? "$addr: $n packets are larger than the MTU with tso off"
	done
	log_test "an offload that is off on the lbx device is off for claimed packets"
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
