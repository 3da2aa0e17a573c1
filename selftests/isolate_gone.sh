#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Isolation of IPv6 addresses that are added and deleted, whose mirrors on lo have local
# routes, too; and the cost of isolation.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	address_comes_and_goes
	device_comes_and_goes
	last_device_goes
	others_answer_after
	cost_of_devices
	error_from_an_isolated_address
"

own=2001:db8:9::1

# peers_up: make lbx0, isolated, and a peer with a route to its address
peers_up()
{
	setup_ns NS PEER
	defer cleanup_ns "$NS"
	defer cleanup_ns "$PEER"
	ipn link add lbx0 type lbx
	inns lbx set lbx0 isolate on up >/dev/null
	veth_up "2001:db8:1::1/64" "2001:db8:1::2/64"
	ip -n "$PEER" route add 2001:db8:9::/64 via 2001:db8:1::1
	# so that no other address answers in its place
	inns sysctl -qw net.ipv6.conf.all.forwarding=0
}

# knocks_start: the peer sends packets to the address all the time
# knocks_end: none of them was answered
knocks_start()
{
	ip netns exec "$PEER" ping -n -i 0.002 "$own" >/tmp/knocks 2>&1 &
	knocks_pid=$!
}

knocks_end()
{
	local n

	kill -INT "$knocks_pid"
	wait "$knocks_pid"
	n=$(grep -c 'bytes from' /tmp/knocks)
	((n == 0))
	check_err $? "$n packets of the peer were answered, expected 0"
	grep -q 'packets transmitted' /tmp/knocks
	check_err $? "the peer has sent nothing: $(</tmp/knocks)"
}

address_comes_and_goes()
{
	local i

	RET=0
	peers_up
	knocks_start
	for ((i = 0; i < $(slow_scale 200 20); i++)); do
		echo "addr add $own/128 dev lbx0"
		echo "addr add 2001:db8:9::2/128 dev lbx0"
		echo "addr del $own/128 dev lbx0"
		echo "addr del 2001:db8:9::2/128 dev lbx0"
	done | ipn -b -
	knocks_end
	log_test "an isolated address that is added and deleted is never open"
}

device_comes_and_goes()
{
	local i

	RET=0
	peers_up
	ipn link add lbx1 type lbx
	inns lbx set lbx1 isolate on up >/dev/null
	knocks_start
	for ((i = 0; i < $(slow_scale 30 5); i++)); do
		inns lbx add lbx2 "$own/128" isolate on >/dev/null
		ipn link del lbx2
	done
	knocks_end
	log_test "an isolated device that is made and deleted is never open"
}

no_mirror()
{
	[[ -z $(ipn -6 addr show dev lo scope global) ]]
}

last_device_goes()
{
	local i

	RET=0
	peers_up
	ipn link del lbx0
	knocks_start
	for ((i = 0; i < $(slow_scale 30 5); i++)); do
		inns lbx add lbx0 "$own/128" isolate on >/dev/null
		ipn link del lbx0
	done
	knocks_end
	busywait "$BUSYWAIT_TIMEOUT" no_mirror
	check_err $? "a mirror was not removed"
	log_test "the last isolated device stays isolated until its mirrors are removed"
}

peer_reaches()
{
	ip netns exec "$PEER" ping -c 1 -W 1 "$own" &>/dev/null
}

others_answer_after()
{
	RET=0
	peers_up
	ipn addr add "$own/128" dev lbx0
	ipn link del lbx0
	busywait "$BUSYWAIT_TIMEOUT" no_mirror
	ipn link add lbx0 type lbx
	ipn addr add "$own/128" dev lbx0
	ipn link set lbx0 up
	busywait "$BUSYWAIT_TIMEOUT" peer_reaches
	check_err $? "the peer does not reach the address"
	log_test "the former address of an isolated device is open on one that is not isolated"
}

# lookups: print how often the kernel looks an address up for a ping over lo
lookups()
{
	calls ipv6_chk_addr_and_flags ip netns exec "$NS" ping -c 5 -i 0.01 ::1
}

cost_of_devices()
{
	local before i

	RET=0
	if ! can_trace ipv6_chk_addr_and_flags; then
		log_test_skip "isolated devices that are down cause no lookups for IPv6 packets on lo" \
			"this kernel cannot trace functions"
		return
	fi
	setup_ns NS
	defer cleanup_ns "$NS"
	before=$(lookups)
	for i in {1..20}; do
		inns lbx add "pg$i" "2001:db8:9::$i" down isolate on >/dev/null
	done
	(($(lookups) <= before))
	check_err $? "ping causes $(lookups) lookups, and $before without lbx devices"
	log_test "isolated devices that are down cause no lookups for IPv6 packets on lo"
}

error_from_an_isolated_address()
{
	RET=0
	peers_up
	# both lbx0 and eth0 have fe80::1
	ipn addr add fe80::1/64 dev eth0 nodad
	ip netns exec "$PEER" socat -u - "UDP6:[fe80::1%eth0]:9" <<<x
	busywait "$BUSYWAIT_TIMEOUT" unreachable
	check_err $? "the peer gets no error from fe80::1 of eth0"
	log_test "ICMPv6 errors of a link-local address are sent although an isolated device has it too"
}

unreachable()
{
	ip netns exec "$PEER" socat -u - "UDP6:[fe80::1%eth0]:9" <<<x
	# shellcheck disable=SC2016  # for awk
	(($(ip netns exec "$PEER" awk '/^Icmp6InDestUnreachs/ {print $2}' /proc/net/snmp6) > 0))
}

tool_need
tests_run
exit "$EXIT_STATUS"
