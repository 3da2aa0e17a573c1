#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# BIG TCP: packets above 65,575 bytes, the largest length that the header of an IPv6
# packet can express. The largest of IPv4 is 65,535.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

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

# sizes SIZE: set the size of the packets that TCP makes, and of those that GRO makes
sizes()
{
	ipn link set lbx0 gso_max_size "$1" gro_max_size "$1"
	check_err $? "gso_max_size $1 is refused"
}

# Linux 6.3 added attributes for IPv4. Before, IPv4 has packets up to 65,536 bytes.
sizes_ipv4()
{
	ipn link set lbx0 gso_ipv4_max_size "$1" gro_ipv4_max_size "$1" 2>/dev/null
}

# retransmissions: print how many TCP segments were retransmitted
retransmissions()
{
	inns nstat -asz TcpRetransSegs | awk '/TcpRetransSegs/ {print $2}'
}

# transfer ADDR: send BYTES over one connection. Set packets, the number of packets
# including acknowledgements, and big, the bytes in packets above 65,575.
#
# A collapse of the throughput would show as losses, for each of which TCP waits and
# retransmits, or as many small packets. Loss probes are off, because on slow CPUs they
# retransmit segments that are not lost. All processes run on one CPU, because packets
# of a task that moves to another CPU may overtake earlier ones, on lo as well.
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
	check_err $? "the client cannot send to $addr"
	wait "$server"
	packets=$(($(packets lbx0) - before))
	lost=$(($(retransmissions) - lost))
	big=$(awk '/ lbx_xmit: dev=lbx0 / {sub(/.* len=/, ""); sum += $1} END {print sum + 0}' \
		"$instance/trace")

	[[ $(</tmp/big.out) == "$BYTES" ]]
	check_err $? "$addr: $(</tmp/big.out) of $BYTES bytes arrived"
	((lost * 100 <= packets))
	check_err $? "$addr: $lost segments were retransmitted, with $packets packets in all"
	# half of the bytes that packets of 16 KiB would have, because acknowledgements
	# count
	((packets * 8192 <= BYTES))
	check_err $? "$addr: the transfer took too many packets: $packets"
}

# most_is_big WHAT: most bytes of the last transfer were in packets above 65,575
# nothing_is_big WHAT: no byte was
most_is_big()
{
	((big * 2 >= BYTES))
	check_err $? "$1: only $big of $BYTES bytes were in packets above 65575, $packets packets in all"
}

nothing_is_big()
{
	((big == 0))
	check_err $? "$1: $big bytes were in packets above 65575, expected 0"
}

ipv6()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	sizes "$SIZE"
	transfer '[2001:db8:9::1]'
	most_is_big IPv6
	log_test "IPv6 with gso_max_size $SIZE sends packets above 65575 without loss"
}

ipv6_small_mtu()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	sizes "$SIZE"
	ipn link set lbx0 mtu 1500
	transfer '[2001:db8:9::1]'
	most_is_big "MTU 1500"
	log_test "IPv6 with MTU 1500 sends packets above 65575 without loss"
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
	log_test "IPv6 with the largest gso_max_size of the kernel sends big packets without loss"
}

ipv6_by_the_queue()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	sizes "$SIZE"
	inns tc qdisc add dev lbx0 root pfifo limit 1000
	transfer '[2001:db8:9::1]'
	most_is_big pfifo
	log_test "IPv6 through a qdisc sends packets above 65575 without loss"
}

ipv6_tso_off()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	sizes "$SIZE"
	inns ethtool -K lbx0 tso off &>/dev/null
	transfer '[2001:db8:9::1]'
	nothing_is_big "tso off"
	log_test "the kernel segments big IPv6 packets without loss if tso is off"
}

# TCP makes packets of the size that lo accepts
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
	nothing_is_big "gso_max_size of lo only"
	sizes "$SIZE"
	transfer '[2001:db8:5::1]'
	most_is_big claimed
	log_test "claimed big IPv6 packets are not lost, also if only lo accepts them"
}

# With the sizes of a new device TCP still makes packets of at least two segments
# (tcp_min_tso_segs). With the MTU of 65536 these are too large for the device.
ipv6_default()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	transfer '[2001:db8:9::1]'
	nothing_is_big "sizes of a new device"
	sizes 70000
	transfer '[2001:db8:9::1]'
	log_test "IPv6 loses nothing with the sizes of a new device or just above 65575"
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
	log_test "IPv4 with gso_ipv4_max_size $SIZE loses nothing, on kernels with that option or without"
}

ipv4_default()
{
	RET=0
	lbx_up 192.0.2.1/32
	transfer 192.0.2.1
	nothing_is_big "sizes of a new device"
	log_test "IPv4 loses nothing with the sizes of a new device"
}

too_large_is_refused()
{
	RET=0
	lbx_up
	ipn link set lbx0 gso_max_size 524281 2>/dev/null
	check_fail $? "gso_max_size 524281 is accepted"
	[[ $(ipn -d -j link show lbx0 | jq '.[0].gso_max_size') == 65536 ]]
	check_err $? "gso_max_size is $(ipn -d -j link show lbx0 | jq '.[0].gso_max_size')"
	log_test "a gso_max_size above the kernel's limit is refused"
}

mountpoint -q "$trace" || mount -t tracefs tracefs "$trace"
mkdir "$instance"
trap 'rmdir "$instance"; defer_scopes_cleanup' EXIT
echo 'len > 65575' >"$instance/events/lbx/lbx_xmit/filter"
echo 1 >"$instance/events/lbx/lbx_xmit/enable"

tests_run
exit "$EXIT_STATUS"
