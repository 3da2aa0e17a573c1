#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Documentation/netlink/specs with the kernel's own ynl: cli.py reads such a spec, and
# sends requests and prints replies accordingly.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

linux=$KSFT_DIR/../../..
cli=$linux/tools/net/ynl/pyynl/cli.py
schemas=$linux/Documentation/netlink
specs=$repo_dir/Documentation/netlink/specs

ALL_TESTS="
	valid
	make_show_delete
	claims
	claim_dump
	claim_commands
	claim_notifications
	dump
	counters
	refusal
"

# ynl ARG...: run cli.py with the spec lbx-link. The reply is JSON.
ynl()
{
	inns python3 "$cli" --no-schema --spec "$specs/lbx-link.yaml" --output-json "$@"
}

# ynl_claims ARG...: run cli.py with the spec of the family lbx
ynl_claims()
{
	inns python3 "$cli" --no-schema --spec "$specs/lbx.yaml" --output-json "$@"
}

# change DATA: change lbx0
change()
{
	ynl --do newlink --json '{"ifname": "lbx0",
		"linkinfo": {"kind": "lbx", "data": '"$1"'}}'
}

# has FILTER JSON: jq's FILTER prints JSON for the reply about lbx0
has()
{
	local got

	got=$(ynl --do getlink --json '{"ifname": "lbx0"}' | jq -cS "$1")
	[[ $got == "$2" ]]
	check_err $? "the reply has $got, expected $2"
}

valid()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	[[ $(inns python3 "$cli" --schema "$schemas/netlink-raw.yaml" \
		--spec "$specs/lbx-link.yaml" --list-ops) == *newlink* ]]
	check_err $? "cli.py does not accept lbx-link.yaml"
	# cli.py asks the kernel for the family when it reads a genetlink spec
	[[ $(inns python3 "$cli" --schema "$schemas/genetlink.yaml" \
		--spec "$specs/lbx.yaml" --list-ops) == *claim-get* ]]
	check_err $? "cli.py does not accept lbx.yaml"
	log_test "the specs are valid by the schemas of the kernel"
}

make_show_delete()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ynl --create --excl --do newlink --json '{"ifname": "lbx0", "mtu": 1500,
		"linkinfo": {"kind": "lbx", "data": {"direct": 0, "isolate": 1}}}' >/dev/null
	check_err $? "newlink failed"
	[[ $(ipn -j -d link show dev lbx0 |
	     jq -c '.[0].linkinfo.info_data | [.direct, .isolate]') == '[false,true]' ]]
	check_err $? "ip does not show direct off and isolate on"
	has '[.ifname, .mtu, .linkinfo.kind, .linkinfo.data]' \
		'["lbx0",1500,"lbx",{"claim-count":0,"direct":0,"isolate":1}]'
	has '."ifi-flags" | contains(["loopback"])' true
	change '{"direct": 1}' >/dev/null
	check_err $? "a change failed"
	has '.linkinfo.data' '{"claim-count":0,"direct":1,"isolate":1}'
	ynl --do dellink --json '{"ifname": "lbx0"}' >/dev/null
	check_err $? "dellink failed"
	ipn link show dev lbx0 &>/dev/null
	check_fail $? "the device still exists"
	log_test "a device can be made, read, changed and deleted by the spec"
}

claims()
{
	local index

	RET=0
	lbx_up
	ipn link add eth0 type dummy
	ipn addr add 192.0.2.1/24 dev eth0
	ipn addr add 2001:db8::1/64 dev eth0 nodad
	ipn link set eth0 up
	index=$(inns cat /sys/class/net/eth0/ifindex)
	change '{"claims": {"claim": [{"ifname": "eth0"}, {"addr4": "192.0.2.1"},
		{"addr6": "2001:db8::1"}]}}' >/dev/null
	check_err $? "the claims were refused"
	has '.linkinfo.data | [."claim-count", .claims.claim]' \
		'[3,[{"ifindex":'"$index"',"ifname":"eth0"},{"addr4":"192.0.2.1"},{"addr6":"2001:db8::1"}]]'
	change '{"unclaims": {"claim": [{"ifindex": '"$index"'}, {"addr6": "2001:db8::1"}]}}' \
		>/dev/null
	check_err $? "the unclaims were refused"
	has '.linkinfo.data | [."claim-count", .claims.claim]' \
		'[1,[{"addr4":"192.0.2.1"}]]'
	log_test "claims can be made, read and removed by the spec of the link"
}

claim_dump()
{
	local index lbx

	RET=0
	lbx_up
	ipn link add lbx1 type lbx
	ipn link add eth0 type dummy
	lbx=$(inns cat /sys/class/net/lbx0/ifindex)
	index=$(inns cat /sys/class/net/eth0/ifindex)
	# More than a link message has, and more than one message has room for
	ipn route add local 198.18.0.0/16 dev lo
	inns claims add lbx0 198.18.0.0 1000
	check_err $? "one of 1000 claims was refused"
	ipn link set lbx1 type lbx claim eth0
	ynl_claims --dump claim-get >/tmp/claims.json
	check_err $? "the dump failed"
	[[ $(jq 'map(select(.ifindex == '"$lbx"').claim.addr4) | unique | length' \
	     /tmp/claims.json) == 1000 ]]
	check_err $? "the dump does not have all addresses"
	[[ $(jq -c 'map(select(.ifindex != '"$lbx"') | .claim)' /tmp/claims.json) == \
	   '[{"ifname":"eth0","ifindex":'"$index"'}]' ]]
	check_err $? "the claim of lbx1 is $(jq -c '.[-1]' /tmp/claims.json)"
	[[ $(jq length /tmp/claims.json) == 1001 ]]
	check_err $? "the dump has $(jq length /tmp/claims.json) claims, expected 1001"
	log_test "a dump has all claims, also more than a link message has room for"
}

claim_commands()
{
	local index

	RET=0
	lbx_up
	ipn link add lbx1 type lbx
	ipn link add eth0 type dummy
	ipn route add local 198.18.0.0/16 dev lo
	index=$(inns cat /sys/class/net/lbx0/ifindex)
	ynl_claims --do claim-new --json '{"ifname": "lbx0", "flags": ["excl"],
		"claim": {"addr4": "198.18.0.1"}}' >/dev/null
	check_err $? "claim-new was refused"
	check_output '{"claim":{"addr4":"198.18.0.1"},"ifindex":'"$index"'}' \
		eval "ynl_claims --do claim-get --json '{\"claim\": {\"addr4\": \"198.18.0.1\"}}' | jq -cS ."
	refused "Already claimed by lbx0" ynl_claims --do claim-new --json '{"ifname": "lbx0",
		"flags": ["excl"], "claim": {"addr4": "198.18.0.1"}}'
	# ynl does not find the refused attribute in a list
	refused "" ynl_claims --do claim-change --json '{
		"new": [{"ifname": "lbx1", "claim": {"ifname": "eth0"}},
			{"ifname": "lbx1", "claim": {"addr4": "198.18.0.1"}}]}'
	check_output '[{"addr4":"198.18.0.1"}]' eval "ynl_claims --dump claim-get | jq -c 'map(.claim)'"
	ynl_claims --do claim-change --json '{"del": [{"claim": {"addr4": "198.18.0.1"}}],
		"new": [{"ifname": "lbx1", "claim": {"addr4": "198.18.0.1"}},
			{"ifname": "lbx0", "claim": {"ifname": "eth1", "waiting": true}}]}' >/dev/null
	check_err $? "claim-change was refused"
	check_output '[{"addr4":"198.18.0.1"}]' eval "ynl_claims --dump claim-get --json '{\"ifname\": \"lbx1\"}' | jq -c 'map(.claim)'"
	check_output '[{"ifname":"eth1","waiting":true}]' eval "ynl_claims --dump claim-get --json '{\"ifindex\": $index}' | jq -c 'map(.claim)'"
	ynl_claims --do claim-del --json '{"claim": {"ifname": "eth1"}}' >/dev/null
	check_err $? "claim-del was refused"
	[[ $(ynl_claims --dump claim-get | jq length) == 1 ]]
	check_err $? "the claim of eth1 still exists"
	log_test "claims can be made, read, changed and removed by the spec of the family lbx"
}

claim_notifications()
{
	local pid

	RET=0
	lbx_up
	ipn route add local 198.18.0.0/16 dev lo
	inns_start python3 -u "$cli" --no-schema --spec "$specs/lbx.yaml" --output-json \
		--subscribe claims --duration 600 >/tmp/claims.events 2>&1
	pid=$!
	busywait "$BUSYWAIT_TIMEOUT" claims_subscribed
	check_err $? "no notification was received: $(</tmp/claims.events)"
	inns claims add lbx0 198.18.1.1 1
	inns claims del lbx0 198.18.1.1 1
	busywait "$BUSYWAIT_TIMEOUT" grep -q 'claim-del-ntf.*198.18.1.1' /tmp/claims.events
	check_err $? "the removed claim is not reported: $(</tmp/claims.events)"
	grep -q 'claim-new-ntf.*198.18.1.1' /tmp/claims.events
	check_err $? "the new claim is not reported: $(</tmp/claims.events)"
	kill_process "$pid"
	log_test "notifications of claims can be read by the spec"
}

claims_subscribed()
{
	inns claims add lbx0 198.18.0.1 1
	inns claims del lbx0 198.18.0.1 1
	grep -q 198.18.0.1 /tmp/claims.events
}

dump()
{
	RET=0
	lbx_up
	ipn link add lbx1 type lbx isolate on
	ipn link add eth0 type veth peer name eth1
	[[ $(ynl --dump getlink --json '{"linkinfo": {"kind": "lbx"}}' |
	     jq -c '[.[] | {(.ifname): .linkinfo.data.isolate}] | add') == '{"lbx0":0,"lbx1":1}' ]]
	check_err $? "the dump does not have lbx0 and lbx1 only"
	log_test "the devices of kind lbx can be dumped by the spec"
}

counters()
{
	RET=0
	lbx_up 192.0.2.1/32
	ping_once 192.0.2.1
	has '.linkinfo.xstats | [."queued-packets" + ."direct-packets", length]' '[2,13]'
	log_test "the counters of a device can be read by the spec"
}

refusal()
{
	RET=0
	lbx_up
	refused "'bad-attr': '.linkinfo.data(lbx).isolate'" change '{"isolate": 2}'
	has '.linkinfo.data' '{"claim-count":0,"direct":1,"isolate":0}'
	log_test "a refusal names the attribute as the spec does"
}

if ! python3 -c 'import jsonschema, yaml' 2>/dev/null || [[ ! -e $cli ]]; then
	echo "SKIP: $cli is missing, or python3-jsonschema or python3-yaml, which it needs"
	exit "$ksft_skip"
fi
tests_run
exit "$EXIT_STATUS"
