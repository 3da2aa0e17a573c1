#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Requests of claims and unclaims that are refused, each with its reason, and the order in
# which a request is carried out.

# shellcheck source=selftests/lib/claim_lib.sh
source "$(dirname "$0")/lib/claim_lib.sh"

ALL_TESTS="
	second_is_refused
	refused_with_reason
	any_address_is_refused
	refusal_changes_nothing
	unclaim_is_refused
	unclaim_comes_first
"

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

tests_run
exit "$EXIT_STATUS"
