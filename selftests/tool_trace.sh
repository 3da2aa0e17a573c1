#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tool lbx: trace and doctor, which report where packets go and why.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"
# shellcheck source=selftests/lib/tool_lib.sh
source "$(dirname "$0")/lib/tool_lib.sh"

ALL_TESTS="
	trace_of_device
	trace_of_prefix
	trace_of_lo
	trace_of_claims
	trace_while_down
	trace_of_others
	trace_disproved
	trace_anyip
	trace_names
	trace_link_local
	trace_refusals
	doctor_well
	doctor_changes_nothing
	doctor_down
	doctor_rules
	doctor_claims
	doctor_sysctls
	doctor_drops
	doctor_bare
	doctor_unused
	doctor_routes
	doctor_stub_resolver
	doctor_shared
	doctor_not_root
	doctor_version
"

trace_of_device()
{
	RET=0
	devices_up
	traced 10.9.0.1 '[.ifname, .route.type, .route.table, .rule.priority, .probe.seen, .proven]' \
		'["lbx0","local","local",0,[{"ifname":"lbx0","in":1,"out":0}],true]'
	traced 2001:db8:9::1 '[.ifname, .route.dst, .probe.seen[0].ifname, .proven]' \
		'["lbx0","2001:db8:9::1/128","lbx0",true]'
	# With direct off, a capture sees the probe leave
	lbxn set lbx0 direct off
	traced 10.9.0.1 '[.probe.seen, .proven]' '[[{"ifname":"lbx0","in":0,"out":1}],true]'
	log_test "lbx trace proves that an lbx device carries traffic to its address"
}

trace_of_prefix()
{
	RET=0
	devices_up
	ipn route add local 198.51.100.0/24 dev lbx0
	traced 198.51.100.7 '[.ifname, .proven]' '["lbx0",true]'
	traced 10.9.0.77 '[.ifname, .proven]' '["lbx0",true]'
	log_test "lbx trace proves that an lbx device carries traffic to its local prefix"
}

trace_of_lo()
{
	RET=0
	devices_up
	traced 192.0.2.1 '[.ifname, .route.dev, .claim, .probe.seen[].ifname, .proven]' \
		'["lo","eth0",null,"lo",true]'
	traced ::1 '[.ifname, .proven]' '["lo",true]'
	[[ $(lbxn trace 192.0.2.1 443) == *"route   local 192.0.2.1/32 dev eth0 table local
device  lo: the address is local, and no lbx device has or claims it
probe   UDP to 192.0.2.1 port 443: seen on lo, delivered
socket  no program has UDP port 443" ]]
	check_err $? "lbx trace prints other text than expected"
	log_test "lbx trace proves that lo carries traffic to an address of a network interface"
}

trace_of_claims()
{
	RET=0
	devices_up
	lbxn add lbx1
	lbxn claim eth0 dev lbx0
	traced 192.0.2.1 '[.ifname, .claim.ifname, .probe.seen, .proven]' \
		'["lbx0","eth0",[{"ifname":"lbx0","in":1,"out":0}],true]'
	traced 2001:db8::1 '[.ifname, .claim.ifname, .proven]' '["lbx0","eth0",true]'
	# The claim of an address takes precedence over that of the interface
	lbxn claim 192.0.2.1 dev lbx1
	traced 192.0.2.1 '[.ifname, .claim.addr, .proven]' '["lbx1","192.0.2.1",true]'
	traced 192.0.2.2 '[.ifname, .claim.ifname, .proven]' '["lbx0","eth0",true]'
	log_test "lbx trace proves that a claimed address is carried by the device that claims it"
}

trace_while_down()
{
	RET=0
	devices_up
	lbxn claim eth0 dev lbx0
	lbxn set lbx0 down
	traced 10.9.0.1 '[.ifname, .why, .proven]' \
		'["lo","the lbx device that has the address is down",true]'
	traced 192.0.2.1 '[.ifname, .why, .proven]' \
		'["lo","the lbx device that claims the address is down",true]'
	log_test "lbx trace reports that lo carries because the device is down"
}

trace_of_others()
{
	RET=0
	setup_ns NS PEER
	defer cleanup_ns "$NS" "$PEER"
	veth_up "192.0.2.1/24 2001:db8::1/64" "192.0.2.2/24 2001:db8::2/64"
	# The ends of the veth pair need a moment until they can resolve each other
	busywait "$BUSYWAIT_TIMEOUT" ping_once 2001:db8::2
	check_err $? "the peer does not answer"
	traced 192.0.2.2 '[.ifname, .why, .probe.seen, .proven]' \
		'["eth0","the address is not local",[{"ifname":"eth0","in":0,"out":1}],true]'
	traced 2001:db8::2 '[.ifname, .route.type, .proven]' '["eth0","unicast",true]'
	log_test "lbx trace proves that packets to other machines leave by the network interface"
}

trace_disproved()
{
	RET=0
	devices_up
	inns tc qdisc add dev lbx0 clsact
	inns tc filter add dev lbx0 egress matchall action mirred egress redirect dev eth0
	status 3 lbxn trace 10.9.0.1
	grep -q "was expected on lbx0 and nowhere else" /tmp/status.out
	check_err $? "lbx trace prints: $(</tmp/status.out)"
	traced 10.9.0.1 .proven false
	log_test "lbx trace reports no proof if the probe is not seen where expected"
}

trace_refusals()
{
	RET=0
	devices_up
	refused "Network is unreachable" lbxn trace 198.51.100.1
	check_exit 1 'invalid address or unknown host "eth0"' lbxn trace eth0
	check_exit 1 'invalid address or unknown host "192.0.2.1/24"' lbxn trace 192.0.2.1/24
	check_exit 1 'invalid PORT "70000"' lbxn trace 10.9.0.1 70000
	check_exit 1 'invalid PORT "0"' lbxn trace 10.9.0.1 0
	check_exit 1 'Cannot find interface "eth7"' lbxn trace fe80::1%eth7
	refused "try: run lbx as root" inns setpriv --reuid 65534 --clear-groups lbx trace 10.9.0.1
	[[ $(inns setpriv --reuid 65534 --clear-groups lbx trace 10.9.0.1 2>/dev/null) == *"device  lbx0: "* ]]
	check_err $? "lbx trace does not report the route when it cannot send a probe"
	log_test "lbx trace refuses unreachable addresses, unknown hosts, invalid ports and missing privileges"
}

trace_anyip()
{
	RET=0
	devices_up
	ipn -6 route add local 2001:db8:a::/64 dev lbx0
	traced 2001:db8:a::77 '[.ifname, .probe.delivered, .proven]' '["lbx0",true,true]'
	log_test "lbx trace proves that a probe to an address of a local IPv6 prefix is delivered"
}

trace_names()
{
	RET=0
	devices_up
	echo "10.9.0.1 my-loopback" >/tmp/hosts
	cat /etc/hosts >>/tmp/hosts
	mount --bind /tmp/hosts /etc/hosts
	defer umount /etc/hosts
	check_exit 0 "UDP to 10.9.0.1 port 33434: seen on lbx0, delivered" lbxn trace my-loopback
	check_exit 0 "TCP to 10.9.0.1 port 80: seen on lbx0, delivered" \
		lbxn trace my-loopback http tcp
	log_test "lbx trace accepts names of hosts and services"
}

trace_link_local()
{
	RET=0
	devices_up
	lbxn add lbx1
	check_exit 2 "several interfaces have fe80::1: lbx0, lbx1" lbxn trace fe80::1
	traced fe80::1%lbx1 '[.ifname, .probe.seen[].ifname, .proven]' '["lbx1","lbx1",true]'
	traced fe80::1%lbx0 '[.ifname, .probe.seen[].ifname, .proven]' '["lbx0","lbx0",true]'
	lbxn del lbx0
	traced fe80::1 '[.ifname, .proven]' '["lbx1",true]'
	log_test "lbx trace needs the interface for a link-local address that several interfaces have"
}

doctor_well()
{
	RET=0
	devices_up
	status 0 lbxn doctor
	finds ok "a capture shows each packet once" ""
	finds ok "the module is loaded, version $(</sys/module/lbx/version)" ""
	finds ok "IPv4: table local is looked up first" ""
	finds ok "IPv6: table local is looked up first" ""
	[[ $(jq 'map(select(.level != "ok")) | length' /tmp/findings) == 0 ]]
	check_err $? "lbx doctor finds $(</tmp/findings)"
	log_test "lbx doctor ends with status 0 if it finds no problem"
}

doctor_changes_nothing()
{
	local before

	RET=0
	devices_up
	before=$(ipn -d addr show; ipn route show table all; ip netns list)
	lbxn doctor >/dev/null
	[[ $(ipn -d addr show; ipn route show table all; ip netns list) == "$before" ]]
	check_err $? "the configuration differs after lbx doctor"
	[[ $(lbxn -j stats | jq -c 'map(.stats | add)') == '[0]' ]]
	check_err $? "lbx doctor has sent packets over lbx0"
	log_test "lbx doctor changes nothing in its netns and sends nothing over its devices"
}

doctor_down()
{
	RET=0
	devices_up
	lbxn set lbx0 down
	status 3 lbxn doctor
	finds problem "lbx0 is down: lo carries" "lbx set lbx0 up"
	lbxn set lbx0 isolate on
	finds problem "lbx0 is down: its addresses do not answer" "lbx set lbx0 up"
	ipn link set lo down
	finds problem "lo is down" "ip link set lo up"
	log_test "lbx doctor reports devices that are down"
}

doctor_rules()
{
	RET=0
	devices_up
	ipn rule add pref 100 lookup local
	ipn rule del pref 0
	ipn rule add pref 50 lookup 1000
	ipn route add 10.9.0.1/32 dev eth0 table 1000
	ipn rule add pref 60 to 192.0.2.0/24 lookup 1001
	status 3 lbxn doctor
	finds problem "IPv4: rule 50 looks up table 1000 before table local" \
		"ip -4 rule add pref 0 lookup local"
	finds problem "10.9.0.1 of lbx0 is not local" "lbx trace 10.9.0.1"
	finds note "rule 60 looks up table 1001 before table local, for some packets" ""
	ipn rule del pref 50
	ipn rule del pref 100
	finds problem "10.9.0.1 of lbx0 cannot be reached" "lbx trace 10.9.0.1"
	ipn rule add pref 0 lookup local
	finds ok "IPv4: table local is looked up first" ""
	ipn -6 rule del pref 0
	finds problem "IPv6: no rule looks up table local" \
		"ip -6 rule add pref 0 lookup local"
	log_test "lbx doctor reports rules before the table local, and that no rule selects it"
}

doctor_claims()
{
	RET=0
	devices_up
	lbxn claim eth0 dev lbx0
	status 0 lbxn doctor
	ipn link del eth0
	status 3 lbxn doctor
	finds problem "lbx0 claims eth0, which does not exist" "lbx unclaim eth0 dev lbx0"
	lbxn unclaim eth0 dev lbx0
	status 0 lbxn doctor
	log_test "lbx doctor reports the claim of an interface that is gone"
}

doctor_sysctls()
{
	RET=0
	devices_up
	ipn link add eth1 type dummy
	ipn link set eth1 up
	inns sysctl -qw net.ipv4.conf.eth1.rp_filter=1
	finds note "eth1 drops packets if the reply would leave by another interface (rp_filter)" \
		"sysctl -w net.ipv4.conf.eth1.rp_filter=2"
	inns sysctl -qw net.ipv4.conf.eth1.rp_filter=2
	inns sysctl -qw net.ipv4.conf.eth0.route_localnet=1
	lbxn doctor >/dev/null
	finds ok "" ""
	finds_not rp_filter
	finds_not route_localnet
	lbxn set lbx0 addr 127.0.9.53
	status 3 lbxn doctor
	finds problem "reach lbx0's addresses of 127.0.0.0/8 through eth0" \
		"sysctl -w net.ipv4.conf.eth0.route_localnet=0"
	lbxn set lbx0 isolate on
	status 0 lbxn doctor
	log_test "lbx doctor reports rp_filter and route_localnet"
}

doctor_drops()
{
	RET=0
	setup_ns NS PEER
	defer cleanup_ns "$NS" "$PEER"
	veth_up "192.0.2.1/24" "192.0.2.2/24"
	ipn link set lo up
	lbxn add lbx0 10.9.0.1 isolate on
	ip -n "$PEER" route add 10.9.0.0/24 via 192.0.2.1
	ip netns exec "$PEER" ping -c 1 -W 1 10.9.0.1 &>/dev/null
	check_fail $? "an isolated device has answered"
	status 0 lbxn doctor
	finds note "lbx0 has dropped 1 packet for the reason isolated" "echo 1 >events/lbx/lbx_drop/enable"
	log_test "lbx doctor reports packets that were dropped, with the reason"
}

doctor_bare()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link set lo up
	finds note "this network namespace has no lbx device" "lbx add NAME ADDR"
	lbxn add lbx0
	finds note "lbx0 has no address, no claim and no local route" "lbx set lbx0 addr ADDR"
	lbxn set lbx0 addr 10.9.0.1 mtu 1500
	finds note "lbx0 has MTU 1500, below the 65536 of lo" "lbx set lbx0 mtu 65536"
	finds_not "carries nothing"
	status 0 lbxn doctor
	log_test "lbx doctor reports missing devices and addresses, and an MTU below that of lo"
}

doctor_unused()
{
	RET=0
	devices_up
	ipn link add lbx1 type lbx
	status 0 lbxn doctor
	! grep lbx1 /tmp/status.out
	check_err $? "lbx doctor reports a device that is not used: $(</tmp/status.out)"
	ipn addr add 10.7.0.1/32 dev lbx1
	finds problem "lbx1 is down" "lbx set lbx1 up"
	log_test "lbx doctor does not report a device that is down and has no address, claim or route"
}

doctor_routes()
{
	RET=0
	devices_up
	lbxn add tp0
	finds note "tp0 has no address, no claim and no local route" ""
	ipn rule add fwmark 1 table 100
	ipn route add local default dev tp0 table 100
	lbxn -j doctor >/tmp/findings
	finds_not "carries nothing"
	ipn route flush table 100
	ipn -6 route add local 2001:db8:a::/64 dev tp0
	lbxn -j doctor >/tmp/findings
	finds_not "carries nothing"
	log_test "lbx doctor does not report a device with local routes as unused"
}

doctor_stub_resolver()
{
	RET=0
	devices_up
	lbxn set lbx0 addr 127.0.0.53
	finds note "127.0.0.53 of lbx0 is an address of systemd-resolved" \
		"lbx set lbx0 noaddr 127.0.0.53/32 addr 127.0.9.53"
	inns lbx set lbx0 noaddr 127.0.0.53/32 addr 127.0.9.53
	lbxn -j doctor >/tmp/findings
	finds_not systemd-resolved
	log_test "lbx doctor reports addresses of systemd-resolved"
}

doctor_shared()
{
	RET=0
	devices_up
	lbxn add lbx1
	ipn addr add 10.9.0.1/24 dev lbx1
	ipn -6 addr add 2001:db8::1/128 dev lbx1
	status 3 lbxn doctor
	finds problem "both lbx0 and lbx1 have the address 10.9.0.1" \
		"lbx set lbx0 noaddr 10.9.0.1/24"
	finds problem "both lbx1 and eth0 have the address 2001:db8::1" ""
	# A mirror on lo does not count
	finds_not "2001:db8:9::1"
	lbxn del lbx1
	status 0 lbxn doctor
	ipn addr add 192.0.2.77/24 dev lbx0
	finds problem "all of 192.0.2.77/24 is local to lbx0, but eth0 has 192.0.2.1/24" ""
	log_test "lbx doctor reports addresses and networks that two devices have"
}

doctor_not_root()
{
	RET=0
	devices_up
	inns setpriv --reuid 65534 --clear-groups lbx -j doctor >/tmp/findings
	check_err $? "lbx doctor finds a problem: $(</tmp/findings)"
	jq -e 'any(.[]; .level == "note" and (.text | contains("only root can test")))' \
		/tmp/findings >/dev/null
	check_err $? "lbx doctor does not report that it cannot test the module: $(</tmp/findings)"
	log_test "lbx doctor reports that only root can test the module"
}

doctor_version()
{
	RET=0
	devices_up
	# What sysfs shows for another version
	echo 0.0.1 >/tmp/version
	mount --bind /tmp/version /sys/module/lbx/version
	defer umount /sys/module/lbx/version
	refused "the module has version 0.0.1, but lbx has version $(lbx -V | cut -d' ' -f2)" \
		lbx doctor
	log_test "lbx doctor reports that the module has another version"
}

tool_need
tests_run
exit "$EXIT_STATUS"
