#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Isolation and what a packet can name besides its destination, and the routes that may
# deliver it: routing headers, source routes, ICMP errors, fragments.

# shellcheck disable=SC2119 # their arguments are optional
# shellcheck source=selftests/lib/isolate_lib.sh
source "$(dirname "$0")/lib/isolate_lib.sh"

ALL_TESTS="
	routing_headers
	routing_headers_elsewhere
	header_chains
	header_chains_defragmented
	header_chains_unreadable
	home_address_routing
	source_route
	spoofed_source
	icmp_errors
	nd_redirects
	fragments_and_prefixes
	route_localnet
	policy_route
	local_route
"

open4=192.0.2.5
open6=2001:db8:1::5
also6=2001:db8:1::55
any4=198.51.100.9
any6=2001:db8:a::9

# routing_up: allow routing headers and source routes from the peer. lbx0 has the
# prefixes of $any4 and $any6.
routing_up()
{
	isolate_up
	inns sysctl -qw net.ipv6.conf.{all,eth0}.seg6_enabled=1 \
		net.ipv6.conf.{all,eth0}.rpl_seg_enabled=1 \
		net.ipv6.conf.{all,eth0}.accept_source_route=1 \
		net.ipv4.conf.{all,eth0}.accept_source_route=1
	ipn -b - <<-END
		addr add 198.51.100.0/24 dev lbx0
		route add local 2001:db8:a::/64 dev lbx0
		addr add fd00::9/128 dev lbx0
		addr add $also6/64 dev eth0 nodad
	END
	ip -n "$PEER" -b - <<-END
		route add 198.51.100.0/24 via $open4
		route add 2001:db8:a::/64 via $open6
	END
	settle
	agent "$NS"
	agent "$PEER"
	# resolve the neighbours, so that no packet waits for neighbour discovery
	answers_peer "$open4" "$open6"
}

# serve ADDR [PORT] [MODE...]: start a UDP service in $NS
serve()
{
	ask "$NS" serve "$1" "${@:2}"
}

# attack6 NAME FINAL HEADER...: plan an attack on FINAL through the open address
attack6()
{
	attack "$1" "$peer6" "$open6" "$2" 7000 "${@:3}"
}

routing_headers()
{
	RET=0
	routing_up
	serve "$own6" 7000
	serve fd00::9 7000
	serve "$also6" 7000
	attack6 "type 4, second segment" "$own6" "rt4:$own6"
	attack6 "type 4, third segment" "$own6" "rt4:$also6,$own6"
	attack6 "type 4, on the way" "$also6" "rt4:$own6,$also6"
	attack6 "type 3, second segment" "$own6" "rt3:$own6"
	attack6 "type 3, third segment" "$own6" "rt3:$also6,$own6"
	attack6 "type 3, on the way" "$also6" "rt3:$own6,$also6"
	# an address of which no part can be left out
	attack6 "type 3, whole addresses" fd00::9 "rt3:fd00::9"
	attacks_fail
	log_test "a routing header does not lead to an isolated device"
}

routing_headers_elsewhere()
{
	RET=0
	routing_up
	serve "$also6" 7000
	serve 2001:db8:9::2 7000
	attack6 "type 4" "$also6" "rt4:$also6"
	attack6 "type 3" "$also6" "rt3:$also6"
	attack6 "options" "$also6" hop dest "rt4:$also6" dest
	attack6 "two headers" "$also6" "rt4:2001:db8:9::2" "rt4:$also6"
	attack6 "fragments" "$also6" split:48 "rt4:$also6"
	attack6 "another lbx device" 2001:db8:9::2 "rt4:2001:db8:9::2"
	attacks_succeed
	log_test "a routing header still leads to addresses that are not isolated"
}

# chains: a routing header after, before and within other headers
chains()
{
	serve "$own6" 7000
	serve "$any6" 7000
	attack6 "behind options" "$own6" hop dest "rt4:$own6"
	attack6 "before options" "$own6" "rt4:$own6" dest
	attack6 "behind a fragment header" "$own6" frag "rt4:$own6"
	attack6 "behind many options" "$own6" dest:8 "rt4:$own6"
	attack6 "the second of two" "$own6" "rt4:$also6" "rt4:$own6"
	attack6 "the second of two of different types" "$own6" "rt3:$also6" "rt4:$own6"
	attack6 "in two fragments" "$own6" split:48 "rt4:$own6"
	attack6 "in two fragments, behind options" "$own6" split:56 dest "rt4:$own6"
	attack6 "an address of a prefix" "$any6" "rt4:$any6"
	attacks_fail
}

header_chains()
{
	RET=0
	routing_up
	chains
	log_test "a chain of IPv6 headers does not lead to an isolated device"
}

header_chains_defragmented()
{
	RET=0
	routing_up
	inns nft -f - <<-END
		table inet t {
			chain c { type filter hook prerouting priority 0; ct state new counter; }
		}
	END
	check_err $? "nft cannot load rules for connection tracking"
	chains
	log_test "a chain of IPv6 headers that conntrack defragments does not lead to an isolated device"
}

header_chains_unreadable()
{
	local headers before

	RET=0
	routing_up
	serve "$own6" 7000
	isolate lbx0 on
	: >"$served"
	for headers in dest:40 "dest:40 rt4:$own6" "split:8 dest rt4:$own6" \
		       "split:16 rt4:$own6"; do
		before=$(dropped lbx0)
		ask "$PEER" send "$peer6" "$open6" "$own6" 7000 "$headers" unreadable
		busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 "$before"
		check_err $? "$headers: no drop is counted"
	done
	[[ ! -s $served ]]
	check_err $? "a packet was delivered: $(<"$served")"
	log_test "a chain of IPv6 headers that cannot be parsed to its end is dropped"
}

home_address_routing()
{
	local name="a type 2 routing header does not lead to an isolated device"

	RET=0
	routing_up
	ipn addr change "$own6/128" dev lbx0 home
	if ! ipn xfrm state add src "$peer6" dst "$own6" proto route2 mode ro coa "$open6" \
	     2>/tmp/state.err; then
		log_test_skip "$name" "$(</tmp/state.err)"
		return
	fi
	ipn xfrm policy add src "$peer6" dst "$own6" dir in \
		tmpl src "$peer6" dst "$own6" proto route2 mode ro level use
	check_err $? "the policy cannot be added"
	serve "$own6" 7000
	attack6 "type 2" "$own6" "rt2:$own6"
	attacks_fail
	log_test "$name"
}

source_route()
{
	RET=0
	routing_up
	serve "$own4" 7000
	attack "loose" "$peer4" "$open4" "$own4" 7000 "lsrr:$own4"
	attack "strict" "$peer4" "$open4" "$own4" 7000 "ssrr:$own4"
	attack "on the way" "$peer4" "$open4" "$own4" 7000 "lsrr:203.0.113.2,$own4"
	attacks_fail
	log_test "an IPv4 source route does not lead to an isolated device"
}

# An echo service of an open address answers packets with the source address of an
# isolated device
spoofed_source()
{
	RET=0
	routing_up
	inns sysctl -qw net.ipv4.conf.eth0.accept_local=1
	serve "$open4" 7 echo
	serve "$open6" 7 echo
	serve "$own4" 7000
	serve "$any4" 7000
	serve "$own6" 7000
	attack "IPv4" "$own4" "$open4" "$open4" 7
	attack "an IPv4 address of a prefix" "$any4" "$open4" "$open4" 7
	attack "IPv6" "$own6" "$open6" "$open6" 7
	attacks_fail
	inns sysctl -qw net.ipv4.conf.eth0.accept_local=0
	attack "an IPv4 address of a prefix, without accept_local" "$any4" "$open4" "$open4" 7
	attacks_fail
	log_test "a packet from outside with the source address of an isolated device is dropped"
}

icmp_errors()
{
	local port=6000

	RET=0
	routing_up
	for port in 6001 6002 6003 6004; do
		serve "$own6" "$port" from "$own6" 7001
	done
	for port in 6005 6006; do
		serve "$own4" "$port" from "$own4" 7001
	done
	attack_error "IPv6" 6001 "$peer6" "$open6" "$own6" 6001 "$own6" 7001
	attack_error "IPv6 behind options" 6002 "$peer6" "$open6" "$own6" 6002 "$own6" 7001 \
		hop dest
	attack_error "IPv6 in fragments, the inner packet in the second" 6003 \
		"$peer6" "$open6" "$own6" 6003 "$own6" 7001 split:8
	attack_error "IPv6 in fragments, the inner packet in both" 6004 \
		"$peer6" "$open6" "$own6" 6004 "$own6" 7001 split:24
	attack_error "IPv4" 6005 "$peer4" "$open4" "$own4" 6005 "$own4" 7001
	attack_error "IPv4 in fragments" 6006 "$peer4" "$open4" "$own4" 6006 "$own4" 7001 split
	attacks_fail
	log_test "an ICMP error from outside does not reach a socket of an isolated device"
}

# To see the effect of a redirect on a TCP socket, the test would have to guess a
# sequence number. So it checks the drops.
nd_redirects()
{
	local before

	RET=0
	routing_up
	before=$(dropped lbx0)
	isolate lbx0 off
	ask "$PEER" redirect fe80::99 "$open6" "$own6" 6001 "$own6" 7001
	isolate lbx0 on
	ask "$PEER" redirect fe80::99 "$open6" "$open6" 6001 "$peer6" 7001
	answers_peer "$open4" "$open6"
	(($(dropped lbx0) == before))
	check_err $? "$(($(dropped lbx0) - before)) drops are counted, not 0"
	ask "$PEER" redirect fe80::99 "$open6" "$own6" 6001 "$own6" 7001
	busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 "$before"
	check_err $? "a redirect for a socket of an isolated device is not dropped"
	log_test "an ICMPv6 redirect does not reach a socket of an isolated device"
}

fragments_and_prefixes()
{
	local before

	RET=0
	routing_up
	serve "$own4" 7000
	serve "$any4" 7000
	serve "$own6" 7000
	serve "$any6" 7000
	attack "IPv4 fragments" "$peer4" "$own4" "$own4" 7000 split
	attack "IPv6 fragments" "$peer6" "$own6" "$own6" 7000 split:8
	attack "an IPv4 address of a prefix" "$peer4" "$any4" "$any4" 7000
	attack "an IPv6 address of a prefix" "$peer6" "$any6" "$any6" 7000
	attacks_fail

	ipn addr add 10.9.0.1/24 brd 10.9.0.255 dev lbx0
	ip -n "$PEER" route add 10.9.0.0/24 via "$open4"
	before=$(dropped lbx0)
	ask "$PEER" send "$peer4" 10.9.0.255 10.9.0.255 7000 broadcast
	busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 "$before"
	check_err $? "no drop is counted for a broadcast"
	log_test "fragments, and packets to its prefixes, do not reach an isolated device"
}

route_localnet()
{
	RET=0
	routing_up
	inns sysctl -qw net.ipv4.conf.{all,eth0}.route_localnet=1
	ip netns exec "$PEER" sysctl -qw net.ipv4.conf.all.route_localnet=1
	ipn addr add 127.0.0.53/32 dev lbx0
	ip -n "$PEER" addr del 127.0.0.1/8 dev lo
	ip -n "$PEER" route add 127.0.0.53 via "$open4" src "$peer4"
	serve 127.0.0.53 7000
	attack "127.0.0.53" "$peer4" 127.0.0.53 127.0.0.53 7000
	attacks_fail
	log_test "route_localnet does not open an address of 127.0.0.0/8 of an isolated device"
}

policy_route()
{
	local family addr

	RET=0
	routing_up
	for family in -4 -6; do
		# as TPROXY needs it; before the rule of the table local
		ipn "$family" -b - <<-END
			route add local default dev lo table 100
			rule add pref 1 lookup local
			rule del pref 0
			rule add pref 0 iif eth0 lookup 100
		END
	done
	for addr in "$own4" "$any4"; do
		serve "$addr" 7000
		attack "$addr" "$peer4" "$addr" "$addr" 7000
	done
	for addr in "$own6" "$any6"; do
		serve "$addr" 7000
		attack "$addr" "$peer6" "$addr" "$addr" 7000
	done
	attacks_fail
	log_test "a policy route to lo does not open an isolated device"
}

local_route()
{
	RET=0
	routing_up
	ipn route prepend local "$own4" dev eth0 table local
	serve "$own4" 7000
	attack "IPv4" "$peer4" "$own4" "$own4" 7000
	attacks_fail
	log_test "a local route over another device does not open an isolated device"
}

tests_run
exit "$EXIT_STATUS"
