#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Isolation and the devices by which a packet may arrive, what they disclose about
# addresses, and the moments at which an isolated device changes.

# shellcheck disable=SC2119 # their arguments are optional
# shellcheck source=selftests/lib/isolate_lib.sh
source "$(dirname "$0")/lib/isolate_lib.sh"

ALL_TESTS="
	bridge
	bridge_netfilter
	macvlan
	ipvlan_outside
	ipvlan_container
	vlan
	vrf
	neighbour_discovery
	link_local
	moments
"

open4=192.0.2.5
open6=2001:db8:1::5

# in_place DEV: move the addresses of eth0 to DEV
in_place()
{
	ipn -b - <<-END
		addr flush dev eth0
		addr add $open4/24 dev $1
		addr add $open6/64 dev $1 nodad
		link set $1 up
	END
	ip -n "$PEER" neigh flush dev eth0
}

# stays_closed: the peer reaches all addresses with isolation off, and only the open
# ones with isolation on
stays_closed()
{
	isolate lbx0 off
	answers_peer "$open4" "$open6" "$own4" "$own6"
	isolate lbx0 on
	drops_peer lbx0 "$own4" "$own6"
	answers_peer "$open4" "$open6"
}

bridge()
{
	RET=0
	isolate_up
	ipn link add br0 type bridge
	ipn link set eth0 master br0
	in_place br0
	stays_closed
	log_test "a packet from a bridge does not reach an isolated device"
}

bridge_netfilter()
{
	local name="a packet from a bridge with br_netfilter does not reach an isolated device"

	RET=0
	# it may be built in
	if [[ ! -e /proc/sys/net/bridge ]] && ! modprobe br_netfilter 2>/tmp/modprobe.err; then
		log_test_skip "$name" "$(</tmp/modprobe.err)"
		return
	fi
	isolate_up
	inns sysctl -qw net.bridge.bridge-nf-call-iptables=1 \
		net.bridge.bridge-nf-call-ip6tables=1
	ipn link add br0 type bridge
	ipn link set eth0 master br0
	in_place br0
	stays_closed
	log_test "$name"
}

macvlan()
{
	RET=0
	isolate_up
	ipn link add m0 link eth0 type macvlan mode bridge
	in_place m0
	stays_closed
	log_test "a packet from a macvlan does not reach an isolated device"
}

ipvlan_outside()
{
	RET=0
	isolate_up
	ipn link add i0 link eth0 type ipvlan mode l2
	in_place i0
	stays_closed
	log_test "a packet from an ipvlan does not reach an isolated device"
}

# An ipvlan sends packets of its namespace in the namespace of its port. In IPv4 such a
# packet is bound to the port, and does not find an address of another device.
ipvlan_container()
{
	local mode

	RET=0
	for mode in l3 l3s; do
		isolate_up
		setup_ns BOX
		defer cleanup_ns "$BOX"
		ipn link add i0 link eth0 netns "$BOX" type ipvlan mode "$mode"
		check_err $? "an ipvlan of mode $mode cannot be made"
		ip -n "$BOX" -b - <<-END
			addr add 192.0.2.77/24 dev i0
			addr add 2001:db8:1::77/64 dev i0 nodad
			link set i0 up
			route add default dev i0
			route add default dev i0 metric 1 via 2001:db8:1::5
		END
		agent "$NS"
		agent "$BOX"
		ask "$NS" serve "$own4" 7000
		ask "$NS" serve "$own6" 7000
		ask "$NS" serve ::1 7002
		inns nft -f - <<-END
			table ip6 d {
				chain out {
					type nat hook output priority -100;
					ip6 daddr $own6 udp dport 8082 redirect to :7002
				}
			}
		END
		check_err $? "there is no NAT"
		attack "IPv6, $mode" 2001:db8:1::77 "$own6" "$own6" 7000
		attack "IPv6, $mode, redirected" 2001:db8:1::77 "$own6" "$own6" 8082
		attacks_fail lbx0 "$BOX"
	done
	log_test "a packet from an ipvlan in another namespace does not reach an isolated device"
}

vlan()
{
	RET=0
	isolate_up
	ipn link add v0 link eth0 type vlan id 7
	ip -n "$PEER" link add v0 link eth0 type vlan id 7
	in_place v0
	ip -n "$PEER" -b - <<-END
		addr flush dev eth0
		addr add $peer4/24 dev v0
		addr add $peer6/64 dev v0 nodad
		link set v0 up
		route replace 203.0.113.0/24 via $open4
		route replace 2001:db8:9::/64 via $open6
	END
	stays_closed
	log_test "a packet from a VLAN does not reach an isolated device"
}

# The VRF replaces its port as the device on which a packet arrived. The addresses are
# in another L3 domain, so no reply comes back: the test checks the drops.
vrf()
{
	RET=0
	vrf_up
	isolate lbx0 on
	drops_peer lbx0 "$own4" "$own6"
	answers_peer "$open4" "$open6"
	log_test "a packet from a VRF does not reach an isolated device"
}

nd_answered()
{
	ip -n "$PEER" neigh show "$1" | grep -q lladdr
}

neighbour_discovery()
{
	RET=0
	isolate_up isolate on
	ip -n "$PEER" route replace "$own6" dev eth0
	ip -n "$PEER" neigh flush dev eth0
	# ask for this address first: if it is ever answered, it is answered by then
	pings "$PEER" -W 0.3 -- "$own6" >/dev/null
	answers_peer "$open4" "$open6"
	nd_answered "$open6"
	check_err $? "neighbour discovery does not answer for $open6"
	nd_answered "$own6"
	check_fail $? "neighbour discovery answers for $own6"
	log_test "neighbour discovery does not answer for IPv6 addresses of an isolated device"
}

# lbx0 has fe80::1 too, on its own link
link_local()
{
	RET=0
	isolate_up isolate on
	ipn addr add fe80::5/64 dev eth0 nodad
	ip -n "$PEER" -6 addr flush dev eth0 scope link
	ip -n "$PEER" addr add fe80::1/64 dev eth0 nodad
	ip netns exec "$PEER" ping -c 1 -W 20 fe80::5%eth0 &>/tmp/ping.out
	check_err $? "fe80::5 does not answer fe80::1: $(</tmp/ping.out)"
	(($(dropped lbx0) == 0))
	check_err $? "lbx0 counts $(dropped lbx0) drops, expected 0"
	log_test "another machine may have the link-local address of an isolated device"
}

# send packets all the time while the device changes
moments()
{
	local addr i n
	local pids=()

	RET=0
	isolate_up isolate on
	for addr in "$own4" "$own6" 203.0.113.77; do
		ip netns exec "$PEER" ping -n -i 0.002 "$addr" >"/tmp/open.$addr" 2>&1 &
		pids+=($!)
	done
	busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 10
	check_err $? "the peer sends nothing"
	for i in {1..30}; do
		cat <<-END
			link set lbx0 down
			link set lbx0 name other
			link set other name lbx0
			link set lbx0 up
			addr add 203.0.113.77/32 dev lbx0
			addr replace 2001:db8:9::77/128 dev lbx0
			link set lbx0 mtu 1280
			link set lbx0 mtu 65536
			link set lbx0 type lbx direct off
			link set lbx0 type lbx direct on isolate on
			addr del 203.0.113.77/32 dev lbx0
			link add other type lbx isolate on
			link del other
		END
	done | ipn -b -
	check_err $? "the device cannot be changed"
	for pid in "${pids[@]}"; do
		kill -INT "$pid"
		wait "$pid"
	done
	for addr in "$own4" "$own6" 203.0.113.77; do
		n=$(grep -c 'bytes from' "/tmp/open.$addr")
		((n == 0))
		check_err $? "$addr has answered $n times, expected 0"
	done
	log_test "an isolated device that changes is never open"
}

tests_run
exit "$EXIT_STATUS"
