#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Documentation/netlink/specs, with the kernel's own ynl: cli.py takes such a spec, and
# makes requests and shows replies by it.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

linux=$KSFT_DIR/../../..
cli=$linux/tools/net/ynl/pyynl/cli.py
schemas=$linux/Documentation/netlink
specs=$here/../Documentation/netlink/specs

ALL_TESTS="
	valid
	make_show_delete
	claims
	claim_dump
	dump
	counters
	refusal
"

# ynl ARG...: its reply is JSON
ynl()
{
	inns python3 "$cli" --no-schema --spec "$specs/lbx-link.yaml" --output-json "$@"
}

# change DATA: of lbx0
change()
{
	ynl --do newlink --json '{"ifname": "lbx0",
		"linkinfo": {"kind": "lbx", "data": '"$1"'}}'
}

# has FILTER JSON: what jq's FILTER finds in the reply for lbx0
has()
{
	local got

	got=$(ynl --do getlink --json '{"ifname": "lbx0"}' | jq -cS "$1")
	[[ $got == "$2" ]]
	check_err $? "the reply has $got and not $2"
}

valid()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	[[ $(inns python3 "$cli" --schema "$schemas/netlink-raw.yaml" \
		--spec "$specs/lbx-link.yaml" --list-ops) == *newlink* ]]
	check_err $? "cli.py does not accept lbx-link.yaml"
	# To read a genetlink spec, it asks the kernel for the family
	[[ $(inns python3 "$cli" --schema "$schemas/genetlink.yaml" \
		--spec "$specs/lbx.yaml" --list-ops) == *claim-get* ]]
	check_err $? "cli.py does not accept lbx.yaml"
	log_test "the specs are valid by the kernel's schemas"
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
	check_err $? "ip shows something else"
	has '[.ifname, .mtu, .linkinfo.kind, .linkinfo.data]' \
		'["lbx0",1500,"lbx",{"claim-count":0,"direct":0,"isolate":1}]'
	has '."ifi-flags" | contains(["loopback"])' true
	change '{"direct": 1}' >/dev/null
	check_err $? "a change failed"
	has '.linkinfo.data' '{"claim-count":0,"direct":1,"isolate":1}'
	ynl --do dellink --json '{"ifname": "lbx0"}' >/dev/null
	check_err $? "dellink failed"
	ipn link show dev lbx0 &>/dev/null
	check_fail $? "it is still there"
	log_test "a device is made, read, changed and deleted by the spec"
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
	change '{"claims": {"claim": [{"ifname": "eth0"}, {"addr": "192.0.2.1"},
		{"addr": "2001:db8::1"}]}}' >/dev/null
	check_err $? "claims were refused"
	has '.linkinfo.data | [."claim-count", .claims.claim]' \
		'[3,[{"ifindex":'"$index"',"ifname":"eth0"},{"addr":"192.0.2.1"},{"addr":"2001:db8::1"}]]'
	change '{"unclaims": {"claim": [{"ifindex": '"$index"'}, {"addr": "2001:db8::1"}]}}' \
		>/dev/null
	check_err $? "unclaims were refused"
	has '.linkinfo.data | [."claim-count", .claims.claim]' \
		'[1,[{"addr":"192.0.2.1"}]]'
	log_test "claims are made, read and removed by the spec"
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
	# More than a link tells of, and than a message holds
	ipn route add local 198.18.0.0/16 dev lo
	inns claims add lbx0 198.18.0.0 1000
	check_err $? "1000 claims were refused"
	ipn link set lbx1 type lbx claim eth0
	inns python3 "$cli" --no-schema --spec "$specs/lbx.yaml" --output-json \
		--dump claim-get >/tmp/claims.json
	check_err $? "no dump"
	[[ $(jq 'map(select(.ifindex == '"$lbx"').claim.addr) | unique | length' \
	     /tmp/claims.json) == 1000 ]]
	check_err $? "not all addresses are listed"
	[[ $(jq -c 'map(select(.ifindex != '"$lbx"') | .claim)' /tmp/claims.json) == \
	   '[{"ifname":"eth0","ifindex":'"$index"'}]' ]]
	check_err $? "the claim of lbx1 is $(jq -c '.[-1]' /tmp/claims.json)"
	[[ $(jq length /tmp/claims.json) == 1001 ]]
	check_err $? "$(jq length /tmp/claims.json) claims are listed and not 1001"
	log_test "all claims are dumped, also more than a link's message has"
}

dump()
{
	RET=0
	lbx_up
	ipn link add lbx1 type lbx isolate on
	ipn link add eth0 type veth peer name eth1
	[[ $(ynl --dump getlink --json '{"linkinfo": {"kind": "lbx"}}' |
	     jq -c '[.[] | {(.ifname): .linkinfo.data.isolate}] | add') == '{"lbx0":0,"lbx1":1}' ]]
	check_err $? "the dump has something else"
	log_test "the devices of kind lbx are dumped by the spec"
}

counters()
{
	RET=0
	lbx_up 192.0.2.1/32
	ping_once 192.0.2.1
	has '.linkinfo.xstats | [."queued-packets" + ."direct-packets", length]' '[2,13]'
	log_test "the device's counters are read by the spec"
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
	echo "SKIP: no $cli, or no python3-jsonschema or python3-yaml for it"
	exit "$ksft_skip"
fi
tests_run
exit "$EXIT_STATUS"
