#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# BIG TCP: packets above 65,575 bytes, which is the most that the header of an IPv6
# packet can tell of itself; IPv4's is 65,535.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

ALL_TESTS="
	ipv6
	ipv6_small_mtu
	ipv6_largest
	ipv6_by_the_queue
	ipv6_tso_off
	ipv6_claimed
	ipv6_default
	ipv4
	ipv4_default
	too_large_is_refused
"

BYTES=16000000
SIZE=196608

trace=/sys/kernel/tracing
instance=$trace/instances/lbx

# sizes SIZE: of what TCP makes, and of what a receiver may make of it
sizes()
{
	ipn link set lbx0 gso_max_size "$1" gro_max_size "$1"
	check_err $? "gso_max_size $1 is refused"
}

# 6.3 gave IPv4 attributes of its own; before, it has packets up to 65,536 bytes
sizes_ipv4()
{
	ipn link set lbx0 gso_ipv4_max_size "$1" gro_ipv4_max_size "$1" 2>/dev/null
}

# retransmissions: of TCP, in segments
retransmissions()
{
	inns nstat -asz TcpRetransSegs | awk '/TcpRetransSegs/ {print $2}'
}

# transfer ADDR: BYTES by one connection.  Sets packets, how many that took with
# their acknowledgements, and big, the bytes in those above 65,575.
#
# A collapse would be seen in losses, for each of which TCP waits and then repeats,
# or in many small packets.  Loss probes are off, as they repeat what is not lost
# where CPUs are slow; and all is on one CPU, since packets of a task that moves to
# another may overtake those before, on lo as well.
transfer()
{
	local addr=$1 server before lost

	inns sysctl -qw net.ipv4.tcp_early_retrans=0
	inns_start taskset -c 0 socat -u -b 1000000 \
		"TCP-LISTEN:5000,pf=$([[ $addr != *:* ]] && echo ip4 || echo ip6)" \
		SYSTEM:'wc -c >/tmp/big.out'
	server=$!
	wait_listen 5000 tcp
	lost=$(retransmissions)
	before=$(packets lbx0)
	echo >"$instance/trace"
	inns taskset -c 0 socat -u -b 1000000 \
		"OPEN:/dev/zero,readbytes=$BYTES" "TCP:$addr:5000"
	check_err $? "$addr: cannot send"
	wait "$server"
	packets=$(($(packets lbx0) - before))
	lost=$(($(retransmissions) - lost))
	big=$(awk '/ lbx_xmit: dev=lbx0 / {sub(/.* len=/, ""); sum += $1} END {print sum + 0}' \
		"$instance/trace")

	[[ $(</tmp/big.out) == "$BYTES" ]]
	check_err $? "$addr: $(</tmp/big.out) of $BYTES bytes came"
	((lost * 100 <= packets))
	check_err $? "$addr: $lost segments were sent again, with $packets packets in all"
	# half of what 16 KiB in each would be, acknowledgements counted
	((packets * 8192 <= BYTES))
	check_err $? "$addr: it took $packets packets"
}

# most_is_big WHAT, nothing_is_big WHAT: of the last transfer
most_is_big()
{
	((big * 2 >= BYTES))
	check_err $? "$1: $big of $BYTES bytes were in packets above 65575, $packets packets in all"
}

nothing_is_big()
{
	((big == 0))
	check_err $? "$1: $big bytes were in packets above 65575"
}

ipv6()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	sizes "$SIZE"
	transfer '[2001:db8:9::1]'
	most_is_big IPv6
	log_test "IPv6 with gso_max_size $SIZE: packets above 65575, none lost"
}

ipv6_small_mtu()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	sizes "$SIZE"
	ipn link set lbx0 mtu 1500
	transfer '[2001:db8:9::1]'
	most_is_big "MTU 1500"
	log_test "so with MTU 1500"
}

ipv6_largest()
{
	local max

	RET=0
	lbx_up 2001:db8:9::1/128
	max=$(ipn -d -j link show lbx0 | jq '.[0].tso_max_size')
	((max == 8 * 65535))
	check_err $? "tso_max_size is $max"
	sizes "$max"
	transfer '[2001:db8:9::1]'
	most_is_big "gso_max_size $max"
	log_test "so with the largest that the kernel allows"
}

ipv6_by_the_queue()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	sizes "$SIZE"
	inns tc qdisc add dev lbx0 root pfifo limit 1000
	transfer '[2001:db8:9::1]'
	most_is_big pfifo
	log_test "so by a qdisc"
}

ipv6_tso_off()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	sizes "$SIZE"
	inns ethtool -K lbx0 tso off &>/dev/null
	transfer '[2001:db8:9::1]'
	nothing_is_big "tso off"
	log_test "with tso off the kernel segments them before, none lost"
}

# TCP makes what lo takes
ipv6_claimed()
{
	RET=0
	lbx_up
	ipn link add eth0 type dummy
	ipn addr add 2001:db8:5::1/64 dev eth0 nodad
	ipn link set eth0 up
	ipn link set lbx0 type lbx claim eth0
	ipn link set lo gso_max_size "$SIZE"
	transfer '[2001:db8:5::1]'
	nothing_is_big "lo takes more"
	sizes "$SIZE"
	transfer '[2001:db8:5::1]'
	most_is_big claimed
	log_test "so when claimed, and lo takes more than lbx0: none lost"
}

# by themselves: TCP makes packets of two segments at least (tcp_min_tso_segs), and
# with the MTU of 65536 these are too large for the device
ipv6_default()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	transfer '[2001:db8:9::1]'
	nothing_is_big "as it is made"
	sizes 70000
	transfer '[2001:db8:9::1]'
	log_test "IPv6 with the sizes of a new device, and just above 65575: none lost"
}

ipv4()
{
	local mtu

	RET=0
	lbx_up 192.0.2.1/32
	sizes "$SIZE"
	for mtu in 65536 1500; do
		ipn link set lbx0 mtu "$mtu"
		if sizes_ipv4 "$SIZE"; then
			transfer 192.0.2.1
			most_is_big "IPv4, MTU $mtu"
		else
			transfer 192.0.2.1
			nothing_is_big "IPv4, MTU $mtu"
		fi
	done
	log_test "IPv4 with gso_ipv4_max_size $SIZE, where the kernel has it: none lost"
}

ipv4_default()
{
	RET=0
	lbx_up 192.0.2.1/32
	transfer 192.0.2.1
	nothing_is_big "as it is made"
	log_test "IPv4 with the sizes of a new device: none lost"
}

too_large_is_refused()
{
	RET=0
	lbx_up
	ipn link set lbx0 gso_max_size 524281 2>/dev/null
	check_fail $? "524281 is accepted"
	[[ $(ipn -d -j link show lbx0 | jq '.[0].gso_max_size') == 65536 ]]
	check_err $? "gso_max_size is $(ipn -d -j link show lbx0 | jq '.[0].gso_max_size')"
	log_test "more than the kernel allows is refused"
}

mountpoint -q "$trace" || mount -t tracefs tracefs "$trace"
mkdir "$instance"
trap 'rmdir "$instance"; defer_scopes_cleanup' EXIT
echo 'len > 65575' >"$instance/events/lbx/lbx_xmit/filter"
echo 1 >"$instance/events/lbx/lbx_xmit/enable"

tests_run
exit "$EXIT_STATUS"
