#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The attributes that only lbx devices have: they are set, changed, shown and refused.
# The requests are made by ip with link_lbx.so, or are requests that ip would not make.
# See <linux/lbx.h>.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	help
	defaults
	set_when_made
	changed_one_by_one
	claims_are_shown
	claim_by_index
	claim_waits
	claim_is_renamed
	unclaims_come_first
	many_claims
	changes_are_reported
	counters
	one_line
	ip_without_plugin
	user_namespace
	claims_go_with_the_device
	ip_checks_arguments
	unknown_targets
	targets_that_cannot_be
	targets_of_others
	twice
	malformed
	refused_as_a_whole
	refused_when_made
"

direct_only='{"direct":true,"isolate":false,"claims":[],"claim_count":0}'

# targets_up: make $NS with lbx0, and eth0 with 192.0.2.1 and 2001:db8::1
targets_up()
{
	lbx_up
	ipn link add eth0 type dummy
	ipn addr add 192.0.2.1/24 dev eth0
	ipn addr add 2001:db8::1/64 dev eth0 nodad
	ipn link set eth0 up
}

# data DEV: print the attributes of DEV as JSON. It does not use jq, which would take as
# long on an emulated CPU as the rest of the function.
data()
{
	local out

	out=$(ipn -j -d link show dev "$1")
	out=${out#*'"info_data":'}
	echo "${out%%'},"inet6_addr_gen_mode"'*}"
}

# has DEV JSON: DEV has exactly these attributes
has()
{
	local got

	got=$(data "$1")
	[[ $got == "$2" ]]
	check_err $? "$1 has $got, expected $2"
}

# shows DEV TEXT: ip shows exactly TEXT for DEV
shows()
{
	local got

	got=$(ipn -o -d link show dev "$1" |
	      sed -E 's/.*\\    (lbx .*)addrgenmode.*/\1/; s/ $//')
	[[ $got == "$2" ]]
	check_err $? "ip shows '$got', expected '$2'"
}

ifindex()
{
	inns cat "/sys/class/net/$1/ifindex"
}

# change ARG...: change lbx0 by ip
change()
{
	ipn link set lbx0 type lbx "$@"
}

# unchanged COMMAND...: COMMAND does not change the attributes of lbx0
unchanged()
{
	local before

	before=$(data lbx0)
	"$@"
	has lbx0 "$before"
}

# is_refused TEXT ARG...: ip cannot make this change of lbx0, and prints TEXT
is_refused()
{
	local text=$1; shift

	unchanged refused "$text" change "$@"
}

# request: send the requests that stdin has, one a line, by request.py
request()
{
	inns python3 -ES "$lib_dir/request.py" lbx0
}

# requests_are_refused: each line of stdin is a request for request.py, " -> " and a
# part of the answer to it. All of the requests together change nothing.
requests_are_refused()
{
	local before requests answers i

	mapfile -t requests
	before=$(data lbx0)
	mapfile -t answers < <(printf '%s\n' "${requests[@]% -> *}" | request)
	for i in "${!requests[@]}"; do
		[[ ${answers[i]-} == *"${requests[i]#* -> }"* && ${answers[i]-} != ok ]]
		check_err $? "the answer to '${requests[i]}' is '${answers[i]-}'"
	done
	has lbx0 "$before"
}

help()
{
	RET=0
	ip link help lbx | tr -s ' \n' ' ' | grep -qF \
		'[ direct { on | off } ] [ isolate { on | off } ] [ claim TARGET ]... [ unclaim TARGET ]...'
	check_err $? "'ip link help lbx' does not print the options"
	log_test "ip prints a help text for the options of lbx"
}

defaults()
{
	RET=0
	lbx_up
	has lbx0 "$direct_only"
	shows lbx0 "lbx direct on isolate off"
	log_test "a new lbx device is direct, is not isolated, and has no claim"
}

set_when_made()
{
	RET=0
	targets_up
	ipn link add lbx1 type lbx direct off isolate on claim eth0 claim 192.0.2.1
	check_err $? "a device cannot be made with attributes"
	has lbx1 '{"direct":false,"isolate":true,"claims":[{"ifname":"eth0","waiting":false,"ifindex":'"$(ifindex eth0)"'},{"addr":"192.0.2.1"}],"claim_count":2}'
	shows lbx1 "lbx direct off isolate on claim eth0 claim 192.0.2.1"
	has lbx0 "$direct_only"
	log_test "attributes that are given when a device is made apply to this device only"
}

changed_one_by_one()
{
	local direct isolate

	RET=0
	lbx_up
	for isolate in true false; do
		change isolate "$([[ $isolate == true ]] && echo on || echo off)"
		for direct in false true; do
			change direct "$([[ $direct == true ]] && echo on || echo off)"
			has lbx0 '{"direct":'"$direct"',"isolate":'"$isolate"',"claims":[],"claim_count":0}'
		done
	done
	# values that the device has already
	change direct on isolate off
	check_err $? "a change to the present values was refused"
	has lbx0 "$direct_only"
	change
	check_err $? "a request without an attribute was refused"
	has lbx0 "$direct_only"
	log_test "each attribute of a device changes without the others"
}

claims_are_shown()
{
	RET=0
	targets_up
	change claim 192.0.2.1
	shows lbx0 "lbx direct on isolate off claim 192.0.2.1"
	change claim 2001:db8::1
	change claim eth0
	has lbx0 '{"direct":true,"isolate":false,"claims":[{"ifname":"eth0","waiting":false,"ifindex":'"$(ifindex eth0)"'},{"addr":"192.0.2.1"},{"addr":"2001:db8::1"}],"claim_count":3}'
	shows lbx0 "lbx direct on isolate off claim eth0 claim 192.0.2.1 claim 2001:db8::1"
	change unclaim eth0
	shows lbx0 "lbx direct on isolate off claim 192.0.2.1 claim 2001:db8::1"
	change unclaim 2001:db8::1 claim eth0 unclaim 192.0.2.1
	has lbx0 '{"direct":true,"isolate":false,"claims":[{"ifname":"eth0","waiting":false,"ifindex":'"$(ifindex eth0)"'}],"claim_count":1}'
	change unclaim eth0
	has lbx0 "$direct_only"
	log_test "claims are added and removed, and shown with the interfaces first"
}

claim_by_index()
{
	RET=0
	targets_up
	request <<<"claim=index:$(ifindex eth0)" >/dev/null
	check_err $? "the index of an interface cannot be claimed"
	shows lbx0 "lbx direct on isolate off claim eth0"
	request <<<"unclaim=index:$(ifindex eth0)" >/dev/null
	check_err $? "the index of an interface cannot be unclaimed"
	has lbx0 "$direct_only"
	log_test "an interface can be claimed by its index"
}

claim_waits()
{
	RET=0
	targets_up
	change claim eth0
	ipn link del eth0
	shows lbx0 "lbx direct on isolate off claim eth0 (waiting)"
	has lbx0 '{"direct":true,"isolate":false,"claims":[{"ifname":"eth0","waiting":true}],"claim_count":1}'
	ipn link add eth0 type dummy
	shows lbx0 "lbx direct on isolate off claim eth0"
	has lbx0 '{"direct":true,"isolate":false,"claims":[{"ifname":"eth0","waiting":false,"ifindex":'"$(ifindex eth0)"'}],"claim_count":1}'
	ipn link del eth0
	change unclaim eth0
	check_err $? "a waiting claim cannot be removed"
	has lbx0 "$direct_only"
	log_test "the claim of a deleted interface waits for the next interface of that name"
}

claim_is_renamed()
{
	RET=0
	targets_up
	change claim eth0
	ipn link set eth0 down
	ipn link set eth0 name uplink
	shows lbx0 "lbx direct on isolate off claim uplink"
	is_refused "Not claimed" unclaim eth0
	change unclaim uplink
	has lbx0 "$direct_only"
	log_test "a claim follows its interface to a new name"
}

unclaims_come_first()
{
	RET=0
	targets_up
	change claim eth0 claim 192.0.2.1
	change claim eth0 unclaim eth0 unclaim 192.0.2.1 claim 192.0.2.1
	check_err $? "a request cannot unclaim a target and claim it again"
	shows lbx0 "lbx direct on isolate off claim eth0 claim 192.0.2.1"
	log_test "the unclaims of a link request are done before its claims"
}

# many_addrs VERB N: print a batch for ip with N addresses, 30 a line, because ip's
# requests have 1 KiB
many_addrs()
{
	local i line=

	for ((i = 0; i < $2; i++)); do
		line+=" $1 10.1.$((i / 250)).$((i % 250 + 1))"
		if ((i % 30 == 29)); then
			echo "link set lbx0 type lbx$line"
			line=
		fi
	done
}

many_claims()
{
	local got before

	RET=0
	targets_up
	# A module that another test has loaded may add its own, such as tunl0
	before=$(ipn -j link show | jq -r .[].ifname)
	ipn route add local 10.1.0.0/16 dev lo
	many_addrs claim 300 | ipn -batch -
	check_err $? "a claim of one of 300 addresses was refused"
	change claim eth0
	got=$(data lbx0 | jq -c '[.claim_count, (.claims | length), .claims[0].ifname]')
	[[ $got == '[301,32,"eth0"]' ]]
	check_err $? "number of claims, length of the list and first claim are $got"
	[[ $(ipn -d link show dev lbx0) == *" claim 10."*" claims 301 "* ]]
	check_err $? "ip does not show the number of claims"
	got=$(ipn -j link show | jq -r .[].ifname)
	[[ $got == "$before" ]]
	check_err $? "ip no longer lists all devices: $got"
	# By libc, whose buffer has little room for a link
	got=$(inns python3 -c 'import socket; print(*dict(socket.if_nameindex()).values(), sep="\n")')
	[[ $got == "$before" ]]
	check_err $? "libc no longer lists all devices: $got"
	many_addrs unclaim 300 | ipn -batch -
	check_err $? "an unclaim of one of 300 addresses was refused"
	shows lbx0 "lbx direct on isolate off claim eth0"
	log_test "ip shows 32 of the claims of a device, and the number of all"
}

# reported WHAT: the last message about lbx0 that the monitor has printed has WHAT
reported()
{
	[[ $(grep ' lbx0: ' /tmp/monitor.out | tail -n 1) == *"$1 "* ]]
}

# reports TEXT COMMAND...: after COMMAND the monitor prints a message that has TEXT
reports()
{
	local text=$1; shift
	local before

	before=$(grep -c ' lbx0: ' /tmp/monitor.out)
	"$@"
	busywait "$BUSYWAIT_TIMEOUT" reported "$text"
	check_err $? "'$*' caused no notification with '$text'; the last one is: $(tail -n 1 /tmp/monitor.out)"
	(($(grep -c ' lbx0: ' /tmp/monitor.out) > before))
	check_err $? "'$*' caused no notification"
}

changes_are_reported()
{
	local monitor

	RET=0
	targets_up
	inns_start ip -o -d monitor link dev lbx0 >/tmp/monitor.out
	monitor=$!
	busywait "$BUSYWAIT_TIMEOUT" monitor_listens
	check_err $? "ip monitor does not start"

	reports "direct off isolate off" change direct off
	reports "direct off isolate on" change isolate on
	reports "isolate on claim eth0" change claim eth0
	reports "claim eth0 claim 192.0.2.1" change claim 192.0.2.1
	reports "isolate on claim eth0" change unclaim 192.0.2.1
	ipn link set eth0 down
	reports "claim uplink" ipn link set eth0 name uplink
	reports "claim uplink (waiting)" ipn link del uplink
	reports "claim uplink" ipn link add uplink type dummy
	reports "direct on isolate off" change direct on isolate off unclaim uplink

	kill "$monitor"
	wait "$monitor" 2>/dev/null
	log_test "each change of an attribute is reported by RTM_NEWLINK"
}

# ip_counter NAME: print a counter of lbx0, as ip shows it
ip_counter()
{
	ipn -j -s -d link show dev lbx0 | jq ".[0].linkinfo.info_xstats.$1"
}

counters()
{
	local name

	RET=0
	lbx_up 192.0.2.1/32
	change direct off
	inns ping -q -c 5 -i 0.01 -s 56 192.0.2.1 >/dev/null
	change direct on
	inns ping -q -c 5 -i 0.01 -s 56 192.0.2.1 >/dev/null
	# 5 requests and 5 replies of 20 + 8 + 56 bytes
	for name in queued direct; do
		[[ $(ip_counter "${name}_packets") == 10 && $(ip_counter "${name}_bytes") == 840 ]]
		check_err $? "$name: $(ip_counter "${name}_packets") packets, $(ip_counter "${name}_bytes") bytes"
	done
	[[ $(ipn -j -s -d link show dev lbx0 |
	     jq -c '[.[0].linkinfo.info_xstats | keys_unsorted[]]') == '["queued_packets","queued_bytes","direct_packets","direct_bytes","claimed_packets","claimed_bytes","inline_packets","multicast_packets","drop_not_local","drop_isolated","drop_backlog","drop_down","drop_malformed"]' ]]
	check_err $? "ip shows other counters than expected"
	ipn -s -d link show dev lbx0 | grep -qE '^ +queued: packets 10 bytes 840 $'
	check_err $? "the text of ip has no line for queued packets"
	ipn -s -d link show dev lbx0 | grep -qE '^ +direct: packets 10 bytes 840 $'
	check_err $? "the text of ip has no line for direct packets"
	! ipn -d link show dev lbx0 | grep -q queued
	check_err $? "ip shows counters without -s"
	log_test "ip -s shows the counters of an lbx device"
}

one_line()
{
	RET=0
	targets_up
	change claim eth0
	[[ $(ipn -o -s -d link show dev lbx0 | wc -l) == 1 ]]
	check_err $? "ip -o prints more than one line"
	log_test "ip -o prints an lbx device on one line"
}

ip_without_plugin()
{
	local out

	RET=0
	targets_up
	change direct off claim eth0
	out=$(IP_LIB_DIR=/nonexistent ipn -s -d link show dev lbx0)
	check_err $? "ip without the plugin cannot show the device"
	[[ $out == *" lbx "* && $out != *claim* ]]
	check_err $? "ip without the plugin shows: $out"
	log_test "ip without the plugin shows an lbx device without its attributes"
}

user_namespace()
{
	RET=0
	unshare -r -n bash -ec '
		ip link add eth0 type dummy
		ip link add lbx0 type lbx isolate on claim eth0
		ip link set lbx0 type lbx direct off
		ip -d link show lbx0 | grep -q "lbx direct off isolate on claim eth0 "
	'
	check_err $? "root of a user namespace cannot set attributes"
	log_test "root of a user namespace can set attributes"
}

claims_go_with_the_device()
{
	RET=0
	targets_up
	change claim eth0 claim 192.0.2.1
	ipn link del lbx0
	ipn link add lbx1 type lbx claim eth0 claim 192.0.2.1
	check_err $? "a claim outlives its device"
	log_test "the claims of a device go when the device is deleted"
}

# Mistakes that ip refuses by itself, without a request to the kernel
ip_checks_arguments()
{
	local many

	RET=0
	targets_up
	is_refused 'must be one of' direct yes
	is_refused 'duplicate "isolate"' isolate on isolate off
	is_refused 'Command line is not complete' direct
	is_refused 'Command line is not complete' isolate on claim
	is_refused 'unknown option "calim"' direct off calim eth0
	is_refused 'Usage: ... lbx' help
	is_refused 'must be an interface' claim ''
	is_refused 'must be an interface' claim sixteencharacter
	is_refused 'must be an interface' claim 192.0.2.0/24
	is_refused 'must be an interface' unclaim 2001:db8::g
	printf -v many ' claim eth%s' {1..100}
	# shellcheck disable=SC2086  # words
	is_refused 'too many targets for one request' direct off $many
	log_test "ip refuses arguments that lbx does not have"
}

unknown_targets()
{
	RET=0
	targets_up
	is_refused "Cannot find the interface to claim" claim eth1
	is_refused "198.51.100.1 is not a local address" claim 198.51.100.1
	is_refused "2001:db8:9::1 is not a local address" claim 2001:db8:9::1
	change claim 192.0.2.1
	is_refused "Not claimed" unclaim eth0
	is_refused "Not claimed" unclaim eth1
	is_refused "Not claimed" unclaim 192.0.2.2
	is_refused "Not claimed" unclaim 2001:db8::1
	requests_are_refused <<-'EOF'
	claim=index:4711 -> ENODEV at claims.claim.index: Cannot find the interface
	claim=addr:198.51.100.1 -> EADDRNOTAVAIL at claims.claim.addr: 198.51.100.1 is
	unclaim=name:eth0 -> ENOENT at unclaims.claim.name: Not claimed
	unclaim=index:4711 -> ENOENT at unclaims.claim.index: Not claimed
	EOF
	log_test "a claim of a target that does not exist is refused"
}

targets_that_cannot_be()
{
	RET=0
	targets_up
	ipn addr add fe80::9/64 dev eth0 nodad
	ipn addr add 203.0.113.1/32 dev lbx0
	is_refused "link-local" claim fe80::9
	is_refused "not a local address" claim 192.0.2.255
	is_refused "not a local address" claim 224.0.0.1
	is_refused "not a local address" claim ff05::1
	is_refused "" claim ff02::1
	is_refused "" claim 0.0.0.0
	is_refused "" claim ::
	is_refused "An lbx device cannot be claimed" claim lbx0
	is_refused "203.0.113.1 is already carried by lbx0" claim 203.0.113.1
	log_test "a claim of an lbx device, or of an address that lo does not carry, is refused"
}

targets_of_others()
{
	RET=0
	targets_up
	ipn link add lbx1 type lbx claim eth0 claim 192.0.2.1
	is_refused "Already claimed by lbx1" claim eth0
	is_refused "Already claimed by lbx1" claim 192.0.2.1
	requests_are_refused <<-EOF
	claim=index:$(ifindex eth0) -> EBUSY at claims.claim.index: Already claimed by lbx1
	EOF
	is_refused "Claimed by lbx1" unclaim eth0
	is_refused "Claimed by lbx1" unclaim 192.0.2.1
	shows lbx1 "lbx direct on isolate off claim eth0 claim 192.0.2.1"
	log_test "a claim of a target that another device has claimed is refused"
}

twice()
{
	RET=0
	targets_up
	ipn link property add dev eth0 altname uplink
	is_refused "" claim eth0 claim eth0
	is_refused "" claim 2001:db8::1 claim 2001:db8::1
	is_refused "" claim eth0 claim uplink
	change claim eth0 claim 2001:db8::1
	is_refused "Already claimed by lbx0" claim eth0
	is_refused "Already claimed by lbx0" claim uplink
	is_refused "Already claimed by lbx0" claim 2001:db8::1
	requests_are_refused <<-EOF
	claim=index:$(ifindex eth0) -> EEXIST at claims.claim.index: Already claimed by lbx0
	EOF
	is_refused "" unclaim eth0 unclaim eth0
	log_test "a second claim of the same target is refused"
}

malformed()
{
	RET=0
	targets_up
	requests_are_refused <<-'EOF'
	direct=2 -> ERANGE at direct:
	direct=255 -> ERANGE at direct:
	direct=0x0100 -> at direct:
	direct=0x -> at direct:
	isolate=2 -> ERANGE at isolate:
	isolate=0x0100 -> at isolate:
	count=1 -> EINVAL at count: The number of claims is read-only
	claims=0x -> EINVAL at claims: NLA_F_NESTED is missing
	claim= -> EINVAL at claims.claim: A claim needs
	claim=name:eth0,addr:192.0.2.1 -> EINVAL at claims.claim: A claim needs
	claim=name:eth0,index:1 -> ENODEV at claims.claim.index: The index does not match the name
	unclaim= -> EINVAL at unclaims.claim: A claim needs
	claim=addr:0xc000020101 -> ERANGE at claims.claim.addr:
	claim=addr:0x -> ERANGE at claims.claim.addr:
	claim=addr:0x0000000000000000000000000000000001 -> ERANGE at claims.claim.addr:
	claim=addr:192.0.2.1,addr:2001:db8::1 -> EINVAL at claims.claim: A claim needs
	claim=name: -> at claims.claim.name:
	claim=name:sixteencharacter -> at claims.claim.name:
	claim=index:0 -> at claims.claim.index:
	EOF
	log_test "malformed link requests are refused with the attribute and the reason"
}

refused_as_a_whole()
{
	RET=0
	targets_up
	change direct off claim 192.0.2.1
	is_refused "Cannot find the interface" direct on isolate on claim eth0 claim eth1
	is_refused "Cannot find the interface" unclaim 192.0.2.1 claim 192.0.2.1 claim eth1
	is_refused "Not claimed" claim eth0 unclaim 192.0.2.1 unclaim 2001:db8::1
	requests_are_refused <<-'EOF'
	isolate=1 unclaim=addr:192.0.2.1 claim=name:eth0 direct=2 -> at direct:
	EOF
	log_test "a link request with one invalid part changes nothing"
}

refused_when_made()
{
	RET=0
	targets_up
	refused "Cannot find the interface to claim" \
		ipn link add lbx1 type lbx isolate on claim eth0 claim eth1
	ipn link show dev lbx1 &>/dev/null
	check_fail $? "a device was made although its attributes were refused"
	change claim eth0
	check_err $? "a device that was not made has claimed eth0"
	log_test "a device whose attributes are refused is not made"
}

tests_run
exit "$EXIT_STATUS"
