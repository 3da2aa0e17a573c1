#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Claims while interfaces, devices and the module change: the claim follows its interface,
# each change is reported, and established connections go on.

# shellcheck source=selftests/lib/claim_lib.sh
source "$(dirname "$0")/lib/claim_lib.sh"

ALL_TESTS="
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
"

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
	busywait "$BUSYWAIT_TIMEOUT" monitor_listens
	check_err $? "ip monitor did not start"
	"$@"
	slowwait "$WAIT_TIMEOUT" grep -q "$text" /tmp/monitor.out
	check_err $? "'$*' caused no notification with '$text'"
	kill_process "$pid"
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

tests_run
exit "$EXIT_STATUS"
