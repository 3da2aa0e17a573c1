#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tool lbx: add, set, del, show, claim, unclaim, claims; usage and completion.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	add_makes
	add_settings
	add_undone
	bind_at_once
	bind_in_vain
	set_changes
	set_undone
	set_first_of_subnet
	set_keeps_routes
	set_while_down
	addresses_refused
	del_removes
	show_all
	claim_unclaim
	claim_of_interface
	claim_wait
	claim_refusals
	unclaim_refusals
	claims_10000
	claims_interrupted
	in_user_netns
	not_privileged
	module_missing
	usage
	aliases
	old_spellings
	completion
"

add_makes()
{
	RET=0
	netns_up
	check_output "" lbxn add pg 10.9.0.1/24 2001:db8::1
	carries pg lo ping -c 1 -W 2 10.9.0.77
	carries pg lo ping -c 1 -W 2 2001:db8::1
	check_output '["pg",true,65536,true,false,["10.9.0.1/24","2001:db8::1/128"]]' \
		dev '[.ifname, up, .mtu, .direct, .isolate,
		      [.addr_info[] | select(.local != "fe80::1") | "\(.local)/\(.prefixlen)"]]'
	log_test "lbx add makes a device that carries its addresses"
}

add_settings()
{
	RET=0
	netns_up
	check_output '["pg","DOWN",1500,false,true]' jq -c '[.ifname, .operstate, .mtu, .direct, .isolate]' \
		<(lbxn -j add pg mtu 1500 isolate on direct off down)
	[[ $(ipn -j -d link show dev pg | jq -c '.[0] | [.mtu, .linkinfo.info_data.isolate]') == \
	   '[1500,true]' ]]
	check_err $? "ip does not show mtu 1500 and isolate on"
	log_test "lbx add accepts settings, and prints the device as JSON"
}

add_undone()
{
	RET=0
	netns_up
	check_exit 2 "10.9.0.1/24" lbxn add pg 10.9.0.1/24 10.9.0.1/24
	check_exit 2 "127.0.0.1" lbxn add pg 10.9.0.1/24 127.0.0.1
	check_output "" lbxn show
	lbxn add pg mtu 1500
	check_exit 2 "a device of that name already exists" lbxn add pg 10.9.0.1/24
	check_output '[1500,0]' dev '[.mtu, (.addr_info | map(select(.family == "inet")) | length)]'
	log_test "lbx add rolls back all steps if one is refused"
}

bind_at_once()
{
	local i

	RET=0
	netns_up
	inns bind6 2001:db8::1 0 lbx add pg 2001:db8::1 2001:db8::2
	check_err $? "2001:db8::1 cannot be bound after add"
	for i in {3..22}; do
		inns bind6 "2001:db8::$i" 0 lbx set pg addr "2001:db8::$i"
		check_err $? "2001:db8::$i cannot be bound after set"
	done
	lbxn save >/tmp/saved
	lbxn del pg
	inns bind6 2001:db8::22 0 lbx restore /tmp/saved
	check_err $? "2001:db8::22 cannot be bound after restore"
	log_test "a server can bind an address as soon as lbx add, set and restore have ended"
}

bind_in_vain()
{
	RET=0
	netns_up
	inns sysctl -qw net.ipv6.conf.lo.disable_ipv6=1
	check_exit 0 "pg: programs cannot bind 2001:db8::1: IPv6 is disabled on lo" \
		lbxn add pg 192.0.2.1 2001:db8::1 2001:db8::2
	check_exit 0 "try: sysctl net.ipv6.conf.lo.disable_ipv6=0" \
		lbxn set pg addr 2001:db8::3
	inns sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
	settle
	check_output "" lbxn set pg addr 2001:db8::4
	log_test "lbx add and set report an address that no server can bind"
}

set_changes()
{
	RET=0
	netns_up
	lbxn add pg 10.9.0.1/24
	check_output "" lbxn set pg mtu 1500 isolate on direct off addr 10.8.0.1 addr 2001:db8::1
	check_output '[true,1500,false,true,["10.9.0.1","10.8.0.1","2001:db8::1"]]' \
		dev '[up, .mtu, .direct, .isolate,
		      [.addr_info[] | select(.local != "fe80::1").local]]'
	check_output "" lbxn set pg noaddr 10.9.0.1/24 isolate off
	check_output '[1500,false,["10.8.0.1","2001:db8::1"]]' \
		dev '[.mtu, .isolate, [.addr_info[] | select(.local != "fe80::1").local]]'
	lbxn set pg down
	check_output false dev up
	lbxn set pg up
	check_output true dev up
	log_test "lbx set changes only the given settings"
}

set_undone()
{
	local before

	RET=0
	netns_up
	lbxn add pg 10.9.0.1/24
	before=$(dev 'del(.stats)')
	check_exit 2 "127.0.0.1" lbxn set pg mtu 1500 isolate on addr 10.8.0.1 addr 127.0.0.1
	check_output "$before" dev 'del(.stats)'
	check_exit 2 "pg has no address 10.9.0.1/32" lbxn set pg mtu 1500 noaddr 10.9.0.1
	check_exit 2 'Cannot find device "nothing"' lbxn set nothing up
	check_exit 2 "lo is not an lbx device" lbxn set lo up
	check_output "$before" dev 'del(.stats)'
	log_test "lbx set rolls back all steps if one is refused"
}

set_first_of_subnet()
{
	RET=0
	netns_up
	lbxn add pg 10.9.0.1/24 10.9.0.2/24 10.9.0.3/24
	# The kernel removes the addresses after it, too
	lbxn set pg noaddr 10.9.0.1/24
	check_output '["10.9.0.2","10.9.0.3"]' \
		dev '[.addr_info[] | select(.family == "inet").local]'
	check_exit 2 "127.0.0.1" lbxn set pg noaddr 10.9.0.2/24 addr 127.0.0.1
	check_output '["10.9.0.2","10.9.0.3"]' \
		dev '[.addr_info[] | select(.family == "inet").local]'
	log_test "lbx set removes the first address of a subnet without the others"
}

# The kernel removes IPv4 routes with the last address of the device
set_keeps_routes()
{
	RET=0
	netns_up
	lbxn add pg 10.9.0.1/24 10.9.0.2/24 2001:db8::1
	ipn route add local 10.8.0.0/16 dev pg
	ipn route add local default dev pg table 100
	ipn -6 route add local 2001:db8:a::/64 dev pg
	lbxn set pg noaddr 10.9.0.1/24
	[[ $(ipn route show table local | grep -c 'local 10.8.0.0/16 dev pg') == 1 &&
	   $(ipn route show table 100) == "local default dev pg"* &&
	   $(ipn -6 route show table local) == *"local 2001:db8:a::/64 dev pg"* ]]
	check_err $? "a route was removed: $(ipn route show table all)"
	log_test "lbx set keeps local routes when it removes an address"
}

set_while_down()
{
	RET=0
	netns_up
	ipn link add lbx0 type lbx
	check_exit 0 'lbx0 is down: lo carries its addresses until "lbx set lbx0 up"' \
		lbxn set lbx0 addr 10.9.0.1/24
	check_exit 0 "its addresses do not answer" lbxn set lbx0 addr 10.8.0.1/24 isolate on
	check_output "" lbxn set lbx0 addr 10.7.0.1/24 down
	check_output false dev up
	check_output "" lbxn set lbx0 addr 10.6.0.1/24 up
	check_output true dev up
	log_test "lbx set prints a note when an address is added to a device that is down"
}

addresses_refused()
{
	local addr

	RET=0
	nic_up
	lbxn add pg 10.9.0.1/24 2001:db8:9::1
	check_exit 2 "pg already has 10.9.0.1" lbxn add w2 10.9.0.1/24
	check_exit 2 "try: lbx set pg noaddr 10.9.0.1/24" lbxn add w2 10.9.0.1/32
	check_exit 2 "pg already has 2001:db8:9::1" lbxn set lbx0 addr 2001:db8:9::1
	check_exit 2 "try: lbx claim 192.0.2.1 dev w2" lbxn add w2 192.0.2.1
	for addr in 224.0.0.1 239.255.255.250/32 ff02::1/128; do
		check_exit 2 "a device cannot have a multicast address" lbxn add w2 "$addr"
	done
	check_exit 2 "an address of 0.0.0.0/8" lbxn set lbx0 addr 0.0.0.1
	check_exit 2 "a broadcast address" lbxn set lbx0 addr 255.255.255.255
	check_exit 2 "a multicast address" lbxn restore <<<"add w2 224.0.0.1"
	check_output '["lbx0","pg"]' jq -c 'map(.ifname)' <(lbxn -j show)
	# The device's own addresses, link-local addresses of other devices and
	# 240.0.0.0/4 are allowed
	lbxn set pg addr 10.9.0.1/24 addr fe80::5/64 addr 240.0.0.1
	check_err $? "an address of its own was refused"
	lbxn set lbx0 addr fe80::5/64
	check_err $? "a link-local address was refused"
	log_test "lbx add and set refuse addresses of other interfaces and addresses that no device can have"
}

del_removes()
{
	RET=0
	netns_up
	lbxn add pg
	ipn link add eth0 type dummy
	check_exit 2 "eth0 is not an lbx device" lbxn del eth0
	check_exit 2 'Cannot find device "nothing"' lbxn del nothing
	check_output '{"ifname":"pg","deleted":true}' lbxn -j del pg
	ipn link show dev pg &>/dev/null
	check_fail $? "the device still exists"
	ipn link show dev eth0 &>/dev/null
	check_err $? "eth0 was deleted"
	log_test "lbx del deletes lbx devices only"
}

show_all()
{
	local want

	RET=0
	netns_up
	check_output "[]" lbxn -j show
	lbxn add pg 192.0.2.1 isolate on
	lbxn add other down
	ping_once 192.0.2.1
	want="$(dev .ifindex): pg: <LOOPBACK,UP,LOWER_UP> mtu 65536 direct on isolate on
    inet 192.0.2.1/32
    inet6 fe80::1/64
    packets 2 bytes 168 direct 2 queued 0 claimed 0 inline 2"
	check_output "$want" lbxn show pg
	check_output '["pg","other"]' jq -c 'map(.ifname)' <(lbxn -j show)
	want='map([.ifindex, .ifname, .flags, .mtu, .operstate,
		   (.addr_info | map([.family, .local, .prefixlen]))])'
	check_output "$(ipn -j addr show type lbx | jq -c "$want")" jq -c "$want" <(lbxn -j show)
	check_output '["other"]' jq -c 'map(.ifname)' <(lbxn -j show dev other)
	# A device with the name "nothing" in another netns does not count
	check_exit 2 'Cannot find device "nothing"' lbxn show nothing
	check_exit 2 "lo is not an lbx device" lbxn show lo
	check_output "$(lbxn -j show)" jq -c . <(lbxn -p show)
	log_test "lbx show prints state, addresses and counters, as text and as JSON"
}

claim_unclaim()
{
	RET=0
	nic_up
	check_output "" lbxn claim 192.0.2.1 2001:db8::1 dev lbx0
	carries lbx0 lo ping -c 1 -W 2 192.0.2.1
	carries lbx0 lo ping -c 1 -W 2 2001:db8::1
	carries lo lbx0 ping -c 1 -W 2 203.0.113.2
	check_output $'192.0.2.1 dev lbx0\n2001:db8::1 dev lbx0' lbxn claims
	check_output '[{"addr":"192.0.2.1","dev":"lbx0"}]' lbxn -j unclaim 2001:db8::1
	carries lo lbx0 ping -c 1 -W 2 2001:db8::1
	check_output "" lbxn unclaim 192.0.2.1 dev lbx0
	check_output "" lbxn claims
	carries lo lbx0 ping -c 1 -W 2 192.0.2.1
	log_test "lbx claim and unclaim move the traffic of addresses to a device and back"
}

claim_of_interface()
{
	local claim

	RET=0
	nic_up
	claim='{"ifname":"eth0","waiting":false,"ifindex":'$(ipn -j link show dev eth0 | jq '.[0].ifindex')
	check_output "[$claim,\"dev\":\"lbx0\"}]" lbxn -j claim eth0 dev lbx0
	check_output "[$claim}]" dev .claims
	# the plugin of ip prints the same
	check_output "[$claim}]" jq -c '.[0].linkinfo.info_data.claims' <(ipn -j -d link show dev lbx0)
	ipn addr add 192.0.2.9/24 dev eth0
	carries lbx0 lo ping -c 1 -W 2 192.0.2.9
	ipn link del eth0
	check_output "eth0 dev lbx0 (waiting)" lbxn claims lbx0
	check_output "" lbxn unclaim all dev lbx0
	check_output "" lbxn claims
	log_test "lbx claim of an interface includes addresses that are added later"
}

claim_wait()
{
	RET=0
	nic_up
	check_exit 2 "try: lbx claim eth7 dev lbx0 wait" lbxn claim eth7 dev lbx0
	check_exit 2 "198.51.100.1 is not a local address" lbxn claim 198.51.100.1 dev lbx0
	check_output "" lbxn claim eth7 198.51.100.1 dev lbx0 wait
	check_output $'eth7 dev lbx0 (waiting)\n198.51.100.1 dev lbx0' lbxn claims
	ipn link add eth7 type dummy
	ipn addr add 198.51.100.1/32 dev eth7
	ipn addr add 198.51.100.2/32 dev eth7
	check_output $'eth7 dev lbx0\n198.51.100.1 dev lbx0' lbxn claims
	carries lbx0 lo ping -c 1 198.51.100.1
	carries lbx0 lo ping -c 1 198.51.100.2
	log_test "lbx claim with wait claims targets that do not exist, and carries them once they exist"
}

claim_refusals()
{
	RET=0
	nic_up
	lbxn add lbx1
	lbxn claim eth0 dev lbx0
	check_exit 2 "try: lbx unclaim eth0 dev lbx0" lbxn claim eth0 dev lbx1
	check_exit 2 "Already claimed by lbx0" lbxn claim 192.0.2.1 eth0 dev lbx1
	check_exit 2 "try: lbx set lbx1 addr 198.51.100.1/32, or for a whole prefix: ip route add local" \
		lbxn claim 198.51.100.1 dev lbx1
	check_exit 2 "Cannot find the interface" lbxn claim eth7 dev lbx1
	check_exit 2 "lo" lbxn claim lo dev lbx1
	check_exit 2 "127.0.0.0/8 cannot be claimed" lbxn claim 127.0.0.1 dev lbx1
	check_exit 2 "An lbx device cannot be claimed" lbxn claim lbx0 dev lbx1
	check_exit 2 'Cannot find device "lbx7"' lbxn claim eth0 dev lbx7
	check_exit 2 "eth0 is not an lbx device" lbxn claim 192.0.2.1 dev eth0
	check_exit 1 "a prefix cannot be claimed" lbxn claim 192.0.2.0/24 dev lbx1
	check_output "eth0 dev lbx0" lbxn claims
	log_test "a refused claim prints the reason and what would work, and changes nothing"
}

unclaim_refusals()
{
	RET=0
	nic_up
	lbxn add lbx1
	lbxn claim eth0 192.0.2.1 dev lbx0
	check_exit 2 "203.0.113.2 is not claimed" lbxn unclaim eth0 203.0.113.2
	check_exit 2 "eth0 is not claimed by lbx1" lbxn unclaim eth0 dev lbx1
	check_exit 2 'Cannot find device "lbx7"' lbxn unclaim eth0 dev lbx7
	check_exit 1 'either TARGET or "all"' lbxn unclaim
	check_exit 1 'either TARGET or "all"' lbxn unclaim all eth0
	check_output $'eth0 dev lbx0\n192.0.2.1 dev lbx0' lbxn claims
	log_test "lbx unclaim of a target that is not claimed is refused and changes nothing"
}

# cost NAME COMMAND...: COMMAND succeeds. Set messages[NAME] to the netlink messages in
# $NS meanwhile, which nlmon0 counts, and least[NAME] to the milliseconds that it took,
# if that is less than before.
declare -A messages least

cost()
{
	local name=$1 start took; shift

	count_packets
	messages[$name]=${received[nlmon0]}
	start=${EPOCHREALTIME//[!0-9]/}
	"$@" >/tmp/cost.out
	check_err $? "$name failed"
	took=$(((${EPOCHREALTIME//[!0-9]/} - start) / 1000))
	count_packets
	messages[$name]=$((received[nlmon0] - messages[$name]))
	((took >= ${least[$name]-1000000})) || least[$name]=$took
}

# The time is compared with that of as many local routes of lo, measured alternately,
# because it depends on the machine and its other load. 10,000 addresses in a quadratic
# loop would take a hundred times as long.
claims_10000()
{
	local addrs many i name

	RET=0
	many=$(slow_scale 10000 3000)
	netns_up
	ipn link set lo up
	ipn link add nlmon0 type nlmon
	ipn link set nlmon0 up
	ipn route add local 198.18.0.0/16 dev lo
	lbxn add lbx0
	mapfile -t addrs < <(addr_list "$many")
	printf 'route add local %s dev lo table 9\n' "${addrs[@]}" >/tmp/routes
	sed 's/ add / del /' /tmp/routes >/tmp/routes.del
	for i in 1 2; do
		cost add-routes ipn -b /tmp/routes
		cost claim lbxn claim "${addrs[@]}" dev lbx0
		cost list-routes ipn route show table 9
		cost list lbxn claims
		cut -d' ' -f1 /tmp/cost.out | cmp - <(printf '%s\n' "${addrs[@]}")
		check_err $? "the list differs from the addresses that were claimed"
		cost del-routes ipn -b /tmp/routes.del
		cost unclaim lbxn unclaim "${addrs[@]}"
		check_output "" lbxn claims
		lbxn claim "${addrs[@]}" dev lbx0
		cost unclaim-all lbxn unclaim all
		check_output "" lbxn claims
	done
	for name in claim list unclaim unclaim-all; do
		log_info "$name: ${messages[$name]} messages, ${least[$name]} ms"
		((messages[$name] <= many / 20))
		check_err $? "$name took ${messages[$name]} messages, expected at most $((many / 20))"
	done
	for name in add-routes list-routes del-routes; do
		log_info "$name: ${messages[$name]} messages, ${least[$name]} ms"
	done
	for name in claim:add list:list unclaim:del unclaim-all:del; do
		((least[${name%:*}] <= 4 * least[${name#*:}-routes]))
		check_err $? "${name%:*} took ${least[${name%:*}]} ms, and ip ${least[${name#*:}-routes]} ms"
	done
	lbxn claim "${addrs[@]}" dev lbx0
	carries lbx0 lo ping -c 1 -W 2 "${addrs[-1]}"
	# The last address is not claimed, so the others are not unclaimed either
	check_exit 2 "198.19.0.1 is not claimed" lbxn unclaim "${addrs[@]}" 198.19.0.1
	(($(lbxn claims | wc -l) == many))
	check_err $? "some claims were removed"
	log_test "lbx handles $many claims in few messages, and at most 4 times as slowly as ip routes"
}

# 500 claims are made and removed at once, which come before those of the other device
# in the list. If a list were continued after they are gone, some of the others would be
# missing.
claims_interrupted()
{
	local addrs churn i torn=0

	RET=0
	netns_up
	ipn link set lo up
	ipn route add local 198.18.0.0/16 dev lo
	lbxn add lbx0
	lbxn add lbx1
	mapfile -t addrs < <(addr_list 5000)
	lbxn claim "${addrs[@]:500}" dev lbx1
	lbxn claims >/tmp/without
	lbxn claim "${addrs[@]:0:500}" dev lbx0
	lbxn claims >/tmp/with
	(
		trap 'exit 0' TERM
		while :; do
			lbxn unclaim all dev lbx0
			lbxn claim "${addrs[@]:0:500}" dev lbx0
		done
	) &
	churn=$!
	for ((i = 0; i < 40; i++)); do
		lbxn claims >/tmp/list
		cmp -s /tmp/list /tmp/with || cmp -s /tmp/list /tmp/without ||
			torn=$((torn + 1))
	done
	kill "$churn"
	wait "$churn"
	((torn == 0))
	check_err $? "$torn lists of 40 had a part of the claims only"
	log_test "lbx claims reads a list again that changes while it is read"
}

in_user_netns()
{
	RET=0
	unshare --user --map-root-user --net bash -c '
		lbx add pg 10.9.0.1/24 && lbx set pg mtu 1500 && ping -c 1 -W 2 10.9.0.5 &&
		lbx save | lbx restore' &>/tmp/user
	check_err $? "$(</tmp/user)"
	log_test "root of a user namespace can make and change devices with lbx"
}

not_privileged()
{
	RET=0
	nic_up
	lbxn claim eth0 dev lbx0
	check_exit 2 "try: run lbx as root" inns setpriv --reuid 65534 --clear-groups lbx add pg
	check_exit 2 "try: run lbx as root" inns setpriv --reuid 65534 --clear-groups \
		lbx set lbx0 mtu 1500
	check_exit 2 "try: run lbx as root" inns setpriv --reuid 65534 --clear-groups lbx del lbx0
	check_exit 2 "try: run lbx as root" inns setpriv --reuid 65534 --clear-groups \
		lbx unclaim eth0
	check_exit 0 "claim eth0" inns setpriv --reuid 65534 --clear-groups lbx show
	check_exit 0 "eth0 dev lbx0" inns setpriv --reuid 65534 --clear-groups lbx claims
	check_output '[65536,1]' dev '[.mtu, (.claims | length)]'
	log_test "any user can read with lbx, and a refused change prints a suggestion to be root"
}

module_missing()
{
	RET=0
	rmmod lbx
	check_exit 2 "modprobe lbx" lbx add pg
	check_exit 2 "the module is not loaded" lbx show
	[[ $(lbx show 2>&1 | grep -c "not loaded") == 1 ]]
	check_err $? "lbx show does not report the missing module exactly once: $(lbx show 2>&1)"
	# A kernel that is locked down loads no modules without a signature
	mount -t tmpfs tmpfs /sys/kernel/security
	defer umount /sys/kernel/security
	echo "none [integrity] confidentiality" >/sys/kernel/security/lockdown
	check_exit 2 "this kernel is locked down and loads only signed modules" lbx show
	check_exit 3 "this kernel is locked down" lbx doctor
	echo "[none] integrity confidentiality" >/sys/kernel/security/lockdown
	! lbx show 2>&1 | grep -q "locked down"
	check_err $? "lbx show reports a lockdown of a kernel that is not locked down"
	check_exit 2 "the module is not loaded" lbx claims
	check_exit 2 "the module is not loaded" lbx stats
	check_exit 2 "the module is not loaded" lbx save
	check_exit 2 "the module is not loaded" lbx restore <<<"add pg"
	# without the error, it would wait for events
	check_exit 2 "the module is not loaded" timeout 20 lbx monitor
	module_need
	check_exit 0 "" lbx show
	log_test "each command of lbx reports that the module is not loaded"
}

usage()
{
	local command

	RET=0
	check_exit 1 'unknown command "shwo", did you mean "show"?' lbx shwo
	check_exit 1 'claim needs "dev NAME", did you mean "dev web"?' lbx claim eth0 web
	check_exit 1 'unknown argument "mut", did you mean "mtu"?' lbx add pg mut 1500
	check_exit 1 'ambiguous command "s": "set" "show"' lbx s
	check_exit 1 "a command is required" lbx
	check_exit 1 'unknown option "-x"' lbx -x
	check_exit 1 'unknown option "--jsno", did you mean "--json"?' lbx --jsno show
	check_exit 1 "options come before the command" lbx show -j
	check_exit 1 'unknown argument "--cpus", did you mean "cpu"?' lbx stats --cpus
	check_exit 2 'Cannot find network namespace "nothing"' lbx -n nothing show
	for command in add set del show claim unclaim claims trace stats top monitor doctor \
		       save restore; do
		check_exit 0 "Usage: lbx $command" lbx "$command" -h
	done
	check_exit 0 "$(cat /sys/module/lbx/version)" lbx -V
	# output to a full disk
	check_exit 2 "No space left on device" bash -c 'lbx -h >/dev/full'
	log_test "invalid usage of lbx ends with status 1 and suggests a word"
}

aliases()
{
	RET=0
	netns_up
	lbxn add pg
	check_output "$(lbxn -j show)" lbxn -j ls
	check_output "$(lbxn -j show)" lbxn -json list pg
	check_output "$(lbxn show)" lbxn lst pg
	lbxn rm pg
	check_err $? "rm failed"
	check_output "[]" lbxn -j show
	log_test "lbx accepts ls, list and lst for show, and rm for del"
}

# Remove it with the spellings "--..." in commands.c, after version 0.2
old_spellings()
{
	RET=0
	nic_up
	check_output true jq '.[0] | has("cpus")' <(lbxn -j stats lbx0 --cpu)
	lbxn claim eth0 dev lbx0
	check_output "" lbxn unclaim --all
	check_output "" lbxn claims
	timeout 20 lbx -n "$NS" stats --watch 0.1 | head -n 1 | grep -q .
	check_err $? "stats --watch prints nothing"
	refused "top needs a terminal" lbxn top --interval 2 --cpu
	log_test "lbx accepts the spellings with dashes of the version before"
}

completion()
{
	local got

	RET=0
	netns_up
	lbxn add pg 10.9.0.1/24
	ipn link add eth0 type dummy
	# shellcheck disable=SC2016  # for the inner shell
	got=$(inns bash -c '. '"$repo_dir"'/tools/lbx/lbx.bash
		for words in "mo" "show p" "claim eth" "claim eth0 dev " "set pg isolate o" "trace 10." \
			"trace 10.9.0.1 80 t" "-n '"$NS"'" "-n '"$NS"' show p"; do
			read -ra COMP_WORDS <<<"lbx $words"
			[[ $words != *" " ]] || COMP_WORDS+=("")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_lbx
			echo "${COMPREPLY[*]}"
		done')
	[[ $got == $'monitor\npg\neth0\npg\non off\n10.9.0.1\ntcp\n'"$NS"$'\npg' ]]
	check_err $? "the completions are $got"
	log_test "bash completes commands, devices, interfaces, addresses, keywords and namespaces of lbx"
}

tool_need
tests_run
exit "$EXIT_STATUS"
