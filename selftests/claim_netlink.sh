#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The generic netlink family "lbx": claims are made, moved, removed, read and reported.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	new_get_del
	dump_of_one_device
	reply_is_a_request
	exists_already
	device_is_checked
	malformed
	header_flags
	change_is_done_in_order
	change_is_atomic
	change_of_many
	move_without_gap
	waiting_interface
	waiting_address
	waiting_is_bounded
	vrf_is_refused
	vrf_afterwards
	notified
	notified_of_events
	notified_beyond_the_link
	notified_link_requests
	refused_is_not_notified
	dump_is_consistent
	policy
	privilege
	user_namespace
"

# claims_up: make $NS with eth0 and its addresses, addresses on lo, and two lbx devices
claims_up()
{
	netns_up
	{
		echo "link add lbx0 type lbx"
		echo "link add lbx1 type lbx"
		echo "link add eth0 type dummy"
		eth0_up "192.0.2.1/24 192.0.2.2/24 2001:db8::1/64"
		echo "link set lbx0 up"
		echo "link set lbx1 up"
		echo "route add local 198.18.0.0/16 dev lo"
	} | ipn -b -
	lbx0=$(ifindex lbx0)
	lbx1=$(ifindex lbx1)
	eth0=$(ifindex eth0)
}

ifindex()
{
	inns cat "/sys/class/net/$1/ifindex"
}

# answers WANTED REQUEST...: send these requests, one after the other. WANTED has one
# line for each line of the answers, which begins with it.
answers()
{
	local want=$1 got i wanted lines; shift

	got=$(printf '%s\n' "$@" | inns python3 "$lib_dir/claim_request.py" 2>&1)
	mapfile -t wanted <<<"$want"
	mapfile -t lines <<<"$got"
	((${#lines[@]} == ${#wanted[@]}))
	check_err $? "the answer to '$*' is '$got', expected '$want'"
	for ((i = 0; i < ${#wanted[@]}; i++)); do
		[[ ${lines[i]-} == "${wanted[i]}"* ]]
		check_err $? "the answer to '$*' has '${lines[i]-}', expected '${wanted[i]}'"
	done
}

# claims_are WANTED...: "lbx claims" prints exactly these lines
claims_are()
{
	check_output "$(printf '%s\n' "$@")" lbxn claims
}

new_get_del()
{
	RET=0
	claims_up
	answers "ok
ok
ok
dev:#$lbx0 name:eth0 index:$eth0
ok
dev:#$lbx0 name:eth0 index:$eth0
ok
dev:#$lbx1 addr:192.0.2.1
ok
dev:#$lbx1 addr:2001:db8::1
ok" \
		"new dev:lbx0 name:eth0" "new dev:#$lbx1 addr:192.0.2.1" \
		"new dev:lbx1 dev:#$lbx1 addr:2001:db8::1" \
		"get name:eth0" "get index:$eth0" "get addr:192.0.2.1" \
		"get dev:lbx1 addr:2001:db8::1"
	claims_are "eth0 dev lbx0" "192.0.2.1 dev lbx1" "2001:db8::1 dev lbx1"
	carries lbx1 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 192.0.2.2
	answers "ENOENT at claim.addr: Cannot find the claim
ENOENT at claim.addr: Cannot find the claim" \
		"get addr:192.0.2.2" "get dev:lbx0 addr:192.0.2.1"
	answers "ENOENT at claim.addr: Claimed by lbx1
ok
ok
ok
ENOENT at claim.addr: Not claimed by any" \
		"del dev:lbx0 addr:192.0.2.1" "del dev:lbx1 addr:192.0.2.1" \
		"del addr:2001:db8::1" "del index:$eth0" "del addr:192.0.2.1"
	claims_are ""
	carries lo lbx1 ping -c 1 192.0.2.1
	log_test "a claim is made, read and removed, for a device given by name or index"
}

dump_of_one_device()
{
	local why="claim: A dump cannot" which="dev: Cannot find the lbx device"

	# genl_start() of 6.1 has no extack for the family
	[[ $(uname -r) != 6.1.* ]] || why="" which=""
	RET=0
	claims_up
	answers "ok" "change new dev:lbx0 name:eth0; new dev:lbx1 addr:192.0.2.1; new dev:lbx1 addr:192.0.2.2"
	answers "dev:#$lbx1 addr:192.0.2.1
dev:#$lbx1 addr:192.0.2.2
ok" "dump dev:lbx1"
	answers "dev:#$lbx0 name:eth0 index:$eth0
ok" "dump dev:#$lbx0"
	answers "EINVAL at $why
ENODEV at $which" "dump addr:192.0.2.1" "dump dev:lbx9"
	log_test "a dump of claims can be limited to one device"
}

reply_is_a_request()
{
	local line requests=() undo=() claims

	RET=0
	claims_up
	ipn link add eth1 type dummy
	answers ok "change new dev:lbx0 name:eth0; new dev:lbx1 addr:192.0.2.1; new dev:lbx0 addr:2001:db8::1; new dev:lbx1 name:eth1"
	ipn link del eth1
	claims=$(lbxn claims)
	[[ $claims == *"eth1 dev lbx1 (waiting)"* ]]
	check_err $? "the claim of eth1 is not waiting: $claims"
	while read -r line; do
		[[ $line == ok ]] && break
		requests+=("new $line")
		undo+=("del $line")
	done < <(inns python3 "$lib_dir/claim_request.py" <<<dump)
	((${#requests[@]} == 4))
	check_err $? "the dump has ${#requests[@]} claims, expected 4"
	answers "$(printf 'ok\n%.0s' 1 2 3 4)" "${requests[@]}"
	check_output "$claims" lbxn claims
	answers "$(printf 'ok\n%.0s' 1 2 3 4)" "${undo[@]}"
	claims_are ""
	answers "$(printf 'ok\n%.0s' 1 2 3 4)" "${requests[@]}"
	check_output "$(sort <<<"$claims")" eval "lbxn claims | sort"
	log_test "a claim as it was read is accepted in a request to make or to remove it"
}

exists_already()
{
	RET=0
	claims_up
	answers "ok
ok
EEXIST at claim.name: Already claimed by lbx0
EBUSY at claim.name: Already claimed by lbx0
EBUSY at claim.name: Already claimed by lbx0
ok
ok" \
		"new dev:lbx0 name:eth0" "new dev:lbx0 name:eth0" \
		"new dev:lbx0 name:eth0 excl" "new dev:lbx1 name:eth0" \
		"new dev:lbx1 name:eth0 excl" "new dev:lbx0 name:eth0 replace" \
		"new dev:lbx1 name:eth0 replace"
	claims_are "eth0 dev lbx1"
	carries lbx1 lo ping -c 1 192.0.2.1
	log_test "LBX_F_EXCL refuses a claim that exists, and LBX_F_REPLACE moves it to the new device"
}

device_is_checked()
{
	RET=0
	claims_up
	answers "EINVAL at no attribute: An lbx device is required
ENODEV at dev: Cannot find the lbx device
ENODEV at dev: Cannot find the lbx device
EOPNOTSUPP at dev: eth0 is not an lbx device
ENODEV at dev: The index does not match the name
ENODEV at claim.index: The index does not match the name
ENODEV at claim.name: Cannot find the interface
EINVAL at change: An lbx device is required" \
		"new name:eth0" "new dev:lbx9 name:eth0" "new dev:#999 name:eth0" \
		"new dev:eth0 name:eth0" "new dev:lbx0 dev:#$lbx1 name:eth0" \
		"new dev:lbx0 name:eth0 index:$lbx1" "new dev:lbx0 name:eth9" \
		"change new name:eth0"
	claims_are ""
	log_test "a request with an unknown device or interface is refused with the reason"
}

malformed()
{
	RET=0
	claims_up
	answers "EINVAL at no attribute: A claim is required
EINVAL at no attribute: A claim is required
EINVAL at no attribute: A claim is required
EINVAL at change: A claim is required
EINVAL at claim: A claim needs either
EINVAL at claim: A claim needs either
EINVAL at claim: A claim needs either
ERANGE at claim.index:
ERANGE at claim.raw:
ERANGE at claim.raw:
ERANGE at claim.raw:
ERANGE at claim.raw:
EINVAL at claim.raw:
EINVAL at flags:
EINVAL at flags: LBX_F_EXCL and LBX_F_REPLACE are mutually
EINVAL at raw:
ERANGE at change.claim.raw:
EINVAL at change.flags:" \
		"new dev:lbx0" "del dev:lbx0" "get" "change new dev:lbx0" \
		"new dev:lbx0 waiting" "new dev:lbx0 name:eth0 addr:192.0.2.1" \
		"new dev:lbx0 addr:192.0.2.1 addr:2001:db8::1" \
		"new dev:lbx0 index:0" "new dev:lbx0 claim:3:c00002" \
		"new dev:lbx0 claim:3:c000020101" "new dev:lbx0 claim:4:c0000201" \
		"new dev:lbx0 addr:192.0.2.1 claim:5:01" "new dev:lbx0 addr:192.0.2.1 claim:6:" \
		"new dev:lbx0 name:eth0 flags:4" "new dev:lbx0 name:eth0 excl replace" \
		"new dev:lbx0 name:eth0 raw:7:00" \
		"change new dev:lbx0 claim:3:c0" "change del name:eth0 flags:1"
	claims_are ""
	log_test "malformed claim requests are refused with the attribute"
}

# genl_header_check() does this for families that are not old
header_flags()
{
	RET=0
	claims_up
	answers "EINVAL at no attribute: ambiguous or reserved bits
EINVAL at no attribute: ambiguous or reserved bits
ok" "new dev:lbx0 name:eth0 header:0x400" "new dev:lbx0 name:eth0 header:0x200" \
		"new dev:lbx0 name:eth0"
	log_test "flags of a netlink header that are not defined for the command are refused"
}

change_is_done_in_order()
{
	RET=0
	claims_up
	answers "ok
ok
ok
EINVAL at change.claim.addr: Duplicate target
ok" \
		"change new dev:lbx0 name:eth0; del name:eth0; new dev:lbx1 name:eth0" \
		"change del name:eth0; new dev:lbx0 name:eth0; new dev:lbx0 addr:192.0.2.1" \
		"change new dev:lbx1 addr:192.0.2.2; new dev:lbx0 addr:192.0.2.2 replace" \
		"change del addr:192.0.2.2; del addr:192.0.2.2" \
		"change new dev:lbx0 addr:2001:db8::1; del addr:2001:db8::1"
	claims_are "eth0 dev lbx0" "192.0.2.1 dev lbx0" "192.0.2.2 dev lbx0"
	carries lbx0 lo ping -c 1 192.0.2.2
	log_test "the changes of a request are done in their order"
}

change_is_atomic()
{
	local before change

	RET=0
	claims_up
	answers ok "change new dev:lbx0 name:eth0; new dev:lbx0 addr:192.0.2.1; new dev:lbx1 addr:2001:db8::1"
	before=$(lbxn claims)
	listen_start
	for change in "new dev:lbx1 addr:192.0.2.2; del name:eth0; new dev:lbx1 name:nosuch" \
		      "del addr:192.0.2.1; new dev:lbx1 addr:192.0.2.1; new dev:lbx9 addr:192.0.2.2" \
		      "new dev:lbx1 name:eth0 replace; new dev:lbx1 addr:192.0.2.1 replace; del addr:192.0.2.2" \
		      "del addr:2001:db8::1; del addr:192.0.2.1; del name:eth0; del name:eth0" \
		      "new dev:lbx0 addr:198.18.0.1; new dev:lbx0 addr:198.18.0.2; new dev:lbx0 addr:198.18.0.1 excl"; do
		inns python3 "$lib_dir/claim_request.py" <<<"change $change" >/dev/null
		check_fail $? "'$change' was accepted"
		check_output "$before" lbxn claims
	done
	carries lbx0 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 192.0.2.2
	carries lo lbx0 ping -c 1 198.18.0.1
	listen_end ""
	log_test "if one of several changes is refused, none is done and none is reported"
}

change_of_many()
{
	local i changes=""

	RET=0
	claims_up
	for ((i = 0; i < 3000; i++)); do
		changes+="new dev:lbx$((i % 2)) addr:198.18.$((i / 250)).$((i % 250)); "
	done
	answers ok "change $changes"
	(($(lbxn claims | wc -l) == 3000))
	check_err $? "there are $(lbxn claims | wc -l) claims, expected 3000"
	refused "EADDRNOTAVAIL" inns python3 "$lib_dir/claim_request.py" \
		<<<"change ${changes//new dev:lbx[01]/del} new dev:lbx0 addr:203.0.113.1"
	(($(lbxn claims | wc -l) == 3000))
	check_err $? "there are $(lbxn claims | wc -l) claims after a refused change, expected 3000"
	answers ok "change ${changes//new dev:lbx[01]/del}"
	claims_are ""
	log_test "one request can make or remove 3000 claims of two devices"
}

# While a claim moves, no packet takes lo
move_without_gap()
{
	local before i

	RET=0
	claims_up
	answers ok "change new dev:lbx0 name:eth0; new dev:lbx0 addr:192.0.2.1"
	talk_start -t 192.0.2.1 192.0.2.2
	busywait "$BUSYWAIT_TIMEOUT" received_on lbx0 100
	check_err $? "lbx0 carries no traffic"
	count_packets
	before=${received[lo]}
	for ((i = 0; i < 50; i++)); do
		echo "change new dev:lbx1 addr:192.0.2.1 replace; del name:eth0; new dev:lbx1 name:eth0"
		echo "change new dev:lbx0 addr:192.0.2.1 replace; del name:eth0; new dev:lbx0 name:eth0"
	done | inns python3 "$lib_dir/claim_request.py" | grep -v '^ok$'
	check_fail $? "a move was refused"
	talk_goes_on
	check_err $? "the connections do not go on"
	count_packets
	((received[lo] == before))
	check_err $? "lo carried $((received[lo] - before)) packets, expected 0"
	((received[lbx1] > 0))
	check_err $? "lbx1 carried no packet"
	talk_end
	log_test "lo carries no packet while a claim moves from one device to another"
}

waiting_interface()
{
	RET=0
	claims_up
	answers "ENODEV at claim.name: Cannot find the interface
ok
dev:#$lbx0 name:eth1 waiting
ok
ok
EBUSY at claim.name: Already claimed by lbx0
EINVAL at claim.name: Invalid interface name
ENODEV at claim.index: Cannot find the interface" \
		"new dev:lbx0 name:eth1" "new dev:lbx0 name:eth1 waiting" "get name:eth1" \
		"new dev:lbx0 name:eth1 waiting" "new dev:lbx1 name:eth1 waiting" \
		"new dev:lbx1 name:a/b waiting" "new dev:lbx1 index:999 waiting"
	ipn link add eth1 type dummy
	ipn addr add 203.0.113.1/32 dev eth1
	answers "dev:#$lbx0 name:eth1 index:$(ifindex eth1)
ok" "get name:eth1"
	carries lbx0 lo ping -c 1 203.0.113.1
	answers "ok
ok
ok" "new dev:lbx1 name:eth2 waiting" "del name:eth2" "new dev:lbx1 name:eth0 waiting"
	claims_are "eth1 dev lbx0" "eth0 dev lbx1"
	log_test "a claim can be made before its interface exists, and works as soon as it does"
}

waiting_address()
{
	RET=0
	claims_up
	answers "EADDRNOTAVAIL at claim.addr: 203.0.113.1
EADDRNOTAVAIL at claim.addr: 2001:db8:9::1
ok
ok
EADDRNOTAVAIL at claim.addr:
EADDRNOTAVAIL at claim.addr:
EADDRNOTAVAIL at claim.addr:
EADDRNOTAVAIL at claim.addr:
EADDRNOTAVAIL at claim.addr:
EADDRNOTAVAIL at claim.addr:
EINVAL at claim.addr: 127.0.0.0/8 cannot be claimed
EINVAL at claim.addr: ::1 cannot be claimed
EINVAL at claim.addr: A link-local" \
		"new dev:lbx0 addr:203.0.113.1" "new dev:lbx0 addr:2001:db8:9::1" \
		"new dev:lbx0 addr:203.0.113.1 waiting" \
		"new dev:lbx0 addr:2001:db8:9::1 waiting" \
		"new dev:lbx0 addr:224.0.0.1 waiting" "new dev:lbx0 addr:0.0.0.0 waiting" \
		"new dev:lbx0 addr:255.255.255.255 waiting" \
		"new dev:lbx0 addr:192.0.2.255 waiting" "new dev:lbx0 addr:ff05::1 waiting" \
		"new dev:lbx0 addr::: waiting" "new dev:lbx0 addr:127.0.0.5 waiting" \
		"new dev:lbx0 addr:::1 waiting" "new dev:lbx0 addr:fe80::5 waiting"
	claims_are "203.0.113.1 dev lbx0" "2001:db8:9::1 dev lbx0"
	ipn addr add 203.0.113.1/32 dev eth0
	ipn addr add 2001:db8:9::1/128 dev eth0 nodad
	carries lbx0 lo ping -c 1 203.0.113.1
	carries lbx0 lo ping -c 1 2001:db8:9::1
	log_test "a claim can be made before its address exists, and works as soon as it does"
}

waiting_is_bounded()
{
	local i changes=""

	RET=0
	claims_up
	for ((i = 0; i < 2048; i++)); do
		changes+="new dev:lbx0 name:a$i waiting; "
	done
	answers "ok
ok
ENOSPC at claim.name: Too many
ok
ok
ENOSPC at change.claim.name: Too many" \
		"change $changes" "change ${changes//name:a/name:b}" \
		"new dev:lbx0 name:c waiting" "new dev:lbx0 name:eth0" "del name:a7" \
		"change new dev:lbx0 name:d waiting; new dev:lbx0 name:e waiting"
	ipn link add a9 type dummy
	answers "ok
ok" "new dev:lbx0 name:d waiting" "new dev:lbx0 name:e waiting"
	log_test "at most 4096 claims can wait for an interface"
}

vrf_is_refused()
{
	RET=0
	claims_up
	ipn link add red type vrf table 10
	check_err $? "this kernel cannot make a VRF"
	ipn link set red up
	ipn link set eth0 master red
	ipn addr replace 192.0.2.1/24 dev eth0
	ipn addr replace 2001:db8::1/64 dev eth0 nodad
	answers "EINVAL at claim.name: VRF red carries its traffic; remove
EINVAL at claim.name: red is an L3 master
EINVAL at claim.addr: 192.0.2.1 is in VRF red
EINVAL at claim.addr: 2001:db8::1 is in VRF red
EINVAL at claim.addr: 192.0.2.1 is in VRF red" \
		"new dev:lbx0 name:eth0" "new dev:lbx0 name:red waiting" \
		"new dev:lbx0 addr:192.0.2.1" "new dev:lbx0 addr:2001:db8::1" \
		"new dev:lbx0 addr:192.0.2.1 waiting"
	refused "VRF red carries" ipn link set lbx0 type lbx claim eth0
	claims_are ""
	answers ok "new dev:lbx0 name:eth0 waiting"
	claims_are "eth0 dev lbx0 (waiting)"
	ipn link set eth0 nomaster
	claims_are "eth0 dev lbx0"
	carries lbx0 lo ping -c 1 192.0.2.1
	log_test "a claim of a VRF, of an interface in it or of an address in it is refused"
}

vrf_afterwards()
{
	RET=0
	claims_up
	ipn link add red type vrf table 10
	ipn link set red up
	answers ok "new dev:lbx0 name:eth0"
	listen_start
	ipn link set eth0 master red
	claims_are "eth0 dev lbx0 (waiting)"
	inns ping -c 1 -I red 192.0.2.1 >/dev/null
	check_err $? "192.0.2.1 does not answer in the VRF"
	ipn link set eth0 nomaster
	claims_are "eth0 dev lbx0"
	carries lbx0 lo ping -c 1 192.0.2.1
	ipn link set eth0 master red
	ipn link del red
	claims_are "eth0 dev lbx0"
	listen_end "new dev:#$lbx0 name:eth0 waiting
new dev:#$lbx0 name:eth0 index:$eth0
new dev:#$lbx0 name:eth0 waiting
new dev:#$lbx0 name:eth0 index:$eth0"
	log_test "a claim waits while its interface is in a VRF"
}

# listen_start: read notifications into /tmp/claim.events
# listen_end WANTED: exactly these notifications have arrived. It makes another claim, whose
# notification is the last.
listen_start()
{
	: >/tmp/claim.events
	inns_start python3 "$lib_dir/claim_request.py" listen >/tmp/claim.events 2>&1
	listen_pid=$!
	busywait "$BUSYWAIT_TIMEOUT" grep -q listening /tmp/claim.events
	check_err $? "the listener did not start: $(</tmp/claim.events)"
}

listen_end()
{
	local want=$1 got

	answers ok "new dev:lbx1 addr:198.18.255.1"
	busywait "$BUSYWAIT_TIMEOUT" grep -q "addr:198.18.255.1" /tmp/claim.events
	check_err $? "a new claim is not reported: $(</tmp/claim.events)"
	kill "$listen_pid"
	wait "$listen_pid" 2>/dev/null
	got=$(grep -v "listening\|addr:198.18.255.1" /tmp/claim.events)
	[[ $got == "$want" ]]
	check_err $? "the notifications are '$got', expected '$want'"
}

notified()
{
	RET=0
	claims_up
	listen_start
	answers "$(printf 'ok\n%.0s' {1..8})" \
		"new dev:lbx0 name:eth0" "new dev:lbx0 name:eth0" \
		"new dev:lbx1 addr:192.0.2.1" "new dev:lbx0 addr:192.0.2.1 replace" \
		"del addr:192.0.2.1" \
		"change new dev:lbx0 addr:192.0.2.2; new dev:lbx1 addr:2001:db8::1; del name:eth0" \
		"change del addr:192.0.2.2; new dev:lbx0 addr:192.0.2.2" \
		"change new dev:lbx0 addr:192.0.2.1; del addr:192.0.2.1"
	listen_end "new dev:#$lbx0 name:eth0 index:$eth0
new dev:#$lbx1 addr:192.0.2.1
new dev:#$lbx0 addr:192.0.2.1
del dev:#$lbx0 addr:192.0.2.1
new dev:#$lbx0 addr:192.0.2.2
new dev:#$lbx1 addr:2001:db8::1
del dev:#$lbx0 name:eth0 index:$eth0"
	log_test "each change of a claim is reported once to the group claims"
}

notified_of_events()
{
	RET=0
	claims_up
	answers ok "change new dev:lbx0 name:eth0; new dev:lbx0 addr:192.0.2.1"
	listen_start
	ipn link set eth0 down
	ipn link set eth0 name nic9
	ipn link del nic9
	ipn link add nic9 type dummy
	answers "dev:#$lbx0 name:nic9 index:$(ifindex nic9)
ok" "get name:nic9"
	ipn link del lbx0
	listen_end "del dev:#$lbx0 name:eth0 index:$eth0
new dev:#$lbx0 name:nic9 index:$eth0
new dev:#$lbx0 name:nic9 waiting
new dev:#$lbx0 name:nic9 index:$(ifindex nic9)
del dev:#$lbx0 name:nic9 index:$(ifindex nic9)
del dev:#$lbx0 addr:192.0.2.1"
	log_test "changes of a claim by its interface, or by the end of its device, are reported"
}

notified_beyond_the_link()
{
	local i changes=""

	RET=0
	claims_up
	for ((i = 1; i <= 40; i++)); do
		changes+="new dev:lbx0 addr:198.18.0.$i; "
	done
	answers ok "change $changes"
	check_output 32 eval "ipn -d -j link show dev lbx0 | jq '.[0].linkinfo.info_data.claims | length'"
	listen_start
	answers "ok
ok" "new dev:lbx0 addr:198.18.1.1" "del addr:198.18.0.40"
	listen_end "new dev:#$lbx0 addr:198.18.1.1
del dev:#$lbx0 addr:198.18.0.40"
	log_test "changes are reported also of claims that a link message has no room for"
}

notified_link_requests()
{
	RET=0
	claims_up
	listen_start
	ipn link set lbx0 type lbx claim eth0 claim 192.0.2.1
	ipn link set lbx0 type lbx unclaim eth0 claim 192.0.2.2
	ipn link add lbx2 type lbx claim eth0
	listen_end "new dev:#$lbx0 name:eth0 index:$eth0
new dev:#$lbx0 addr:192.0.2.1
del dev:#$lbx0 name:eth0 index:$eth0
new dev:#$lbx0 addr:192.0.2.2
new dev:#$(ifindex lbx2) name:eth0 index:$eth0"

	ipn -d -o monitor link dev lbx0 >/tmp/monitor.out &
	listen_pid=$!
	busywait "$BUSYWAIT_TIMEOUT" monitor_listens
	check_err $? "ip monitor does not start"
	answers ok "change del addr:192.0.2.1; del addr:192.0.2.2; new dev:lbx0 addr:2001:db8::1"
	busywait "$BUSYWAIT_TIMEOUT" grep -q "isolate off claim 2001:db8::1" /tmp/monitor.out
	check_err $? "no RTM_NEWLINK has the new claims: $(tail -n 1 /tmp/monitor.out)"
	kill "$listen_pid"
	wait "$listen_pid" 2>/dev/null
	log_test "claims made by RTM_NEWLINK or by the family lbx are reported by both"
}

refused_is_not_notified()
{
	RET=0
	claims_up
	answers ok "new dev:lbx0 name:eth0"
	listen_start
	answers "EBUSY at claim.name
ENOENT at claim.addr
ENODEV at change.claim.name" \
		"new dev:lbx1 name:eth0" "del addr:192.0.2.1" \
		"change new dev:lbx0 addr:192.0.2.1; new dev:lbx0 name:nosuch"
	refused "" ipn link set lbx1 type lbx claim 192.0.2.2 claim eth0
	listen_end ""
	log_test "a change that is refused is not reported"
}

# make a claim between two reads of a dump
dump_is_consistent()
{
	RET=0
	claims_up
	inns claims add lbx0 198.18.0.0 2000
	check_err $? "a claim was refused"
	inns python3 - "$lib_dir" <<-'END' >/tmp/dump.out 2>&1
		import sys
		sys.path.append(sys.argv[1])
		import claim_request as c
		def interrupted(meanwhile):
		    with c.connect() as sock, c.connect() as other:
		        family, _ = c.find_family(sock)
		        sock.send(c.Message(family, c.GET, c.NLM_F_DUMP).finish())
		        flags, first = 0, True
		        for type_, flag, payload in c.messages(sock):
		            flags |= flag
		            if first and meanwhile:
		                message = c.Message(family, *meanwhile[:1], 0)
		                message.put_words(meanwhile[1].split(), "")
		                assert c.ask(other, message)[-1] == "ok"
		            first = False
		            if type_ == c.NLMSG_DONE:
		                return bool(flags & c.NLM_F_DUMP_INTR)
		print(interrupted(None), interrupted((c.NEW, "dev:lbx1 addr:198.18.200.1")),
		      interrupted((c.NEW, "dev:lbx0 addr:198.18.200.1 replace")),
		      interrupted((c.DEL, "addr:198.18.200.1")), interrupted((c.GET, "addr:198.18.0.1")))
	END
	[[ $(</tmp/dump.out) == "False True True True False" ]]
	check_err $? "the flags of the dumps are $(</tmp/dump.out)"
	log_test "a dump during which claims change has the flag NLM_F_DUMP_INTR"
}

policy()
{
	local out

	RET=0
	claims_up
	out=$(inns genl ctrl policy name lbx 2>&1)
	[[ $out == *"op 2 policies: do="* && $out == *"op 4 policies: do="* ]]
	check_err $? "the commands have no policies: $out"
	# of LBX_CLAIM_ADDR6
	[[ $out == *"attr[4]: type=BINARY min len:16 max len:16"* ]]
	check_err $? "the policy of an IPv6 address does not have an exact length: $out"
	log_test "programs can dump the policies of the commands"
}

privilege()
{
	local as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all)

	RET=0
	claims_up
	answers ok "new dev:lbx0 name:eth0"
	printf '%s\n' "new dev:lbx1 addr:192.0.2.1" "del name:eth0" "change" "get name:eth0" "dump" |
		inns "${as_nobody[@]}" python3 "$lib_dir/claim_request.py" >/tmp/nobody.out 2>&1
	check_output "EPERM
EPERM
EPERM
dev:#$lbx0 name:eth0 index:$eth0
ok
dev:#$lbx0 name:eth0 index:$eth0
ok" sed 's/ at no attribute.*//' /tmp/nobody.out
	claims_are "eth0 dev lbx0"
	log_test "changing claims needs CAP_NET_ADMIN, and reading them needs no capability"
}

user_namespace()
{
	local out

	RET=0
	claims_up
	answers ok "new dev:lbx0 addr:192.0.2.1"
	# shellcheck disable=SC2016  # the other shell's
	out=$(setpriv --reuid=65534 --regid=65534 --clear-groups unshare -U -r -n bash -c '
		ip link add lbx0 type lbx
		ip link add eth0 type dummy
		printf "%s\n" "new dev:lbx0 name:eth0" "get name:eth0" "del addr:192.0.2.1" \
			"change del name:eth0; new dev:lbx0 name:eth9 waiting" |
			python3 "$0/claim_request.py"' "$lib_dir" 2>&1 | sed 's/#[0-9]*/#/; s/index.*/index/; s/ at.*//')
	[[ $out == $'ok\ndev:# name:eth0 index\nok\nENOENT\nok' ]]
	check_err $? "the answers in a user namespace are: $out"
	claims_are "192.0.2.1 dev lbx0"
	log_test "an unprivileged user can change claims in the netns of a user namespace only"
}

tool_need
tests_run
exit "$EXIT_STATUS"
