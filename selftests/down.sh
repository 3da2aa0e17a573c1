#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# While an lbx device is down, lo carries its traffic.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	lo_carries
	lbx_carries_again
	prefix_and_route
	bind_while_down
	connection_goes_on
	many_times
	up_for_a_moment
	addresses_can_go_with_it
"

down()
{
	ipn link set lbx0 down
	settle
}

up()
{
	ipn link set lbx0 up
	settle
	busywait "$BUSYWAIT_TIMEOUT" outranks 2001:db8:9::1
	check_err $? "lo carries 2001:db8:9::1 although lbx0 is up"
}

lo_carries()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	carries lbx0 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 2001:db8:9::1
	down
	carries lo lbx0 ping -c 1 192.0.2.1
	carries lo lbx0 ping -c 1 2001:db8:9::1
	log_test "lo carries the traffic to an lbx device that is down"
}

lbx_carries_again()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	down
	carries lo lbx0 ping -c 1 192.0.2.1
	carries lo lbx0 ping -c 1 2001:db8:9::1
	up
	carries lbx0 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 2001:db8:9::1
	log_test "an lbx device that comes up again carries its traffic"
}

prefix_and_route()
{
	RET=0
	lbx_up 192.0.2.1/24 2001:db8:9::1/128
	ipn route add local 198.51.100.0/24 dev lbx0
	carries lbx0 lo ping -c 1 198.51.100.7
	down
	carries lo lbx0 ping -c 1 198.51.100.7
	carries lo lbx0 ping -c 1 192.0.2.77
	up
	carries lbx0 lo ping -c 1 198.51.100.7
	carries lbx0 lo ping -c 1 192.0.2.77
	log_test "lo carries traffic to the IPv4 prefixes and local routes of a device that is down"
}

bind_while_down()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	down
	inns bind6 2001:db8:9::1 0
	check_err $? "the IPv6 address cannot be bound"
	log_test "a server can bind an address of an lbx device that is down"
}

# a TCP connection that sends a line every few milliseconds, all of which arrive
connection_goes_on()
{
	local addr i want pf

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	want=$(seq 300 | md5sum)
	for addr in 192.0.2.1 '[2001:db8:9::1]'; do
		pf=ip4
		[[ $addr != *:* ]] || pf=ip6
		inns_start socat -u "TCP-LISTEN:5000,pf=$pf,bind=$addr" \
			OPEN:/tmp/conn.txt,creat,append
		wait_listen 5000 tcp
		: >/tmp/conn.txt
		# shellcheck disable=SC2016  # for the inner shell
		inns bash -c 'for i in {1..300}; do
				echo $i; read -rt 0.02 <> <(:)
			done | socat -u - TCP:'"$addr"':5000' &
		for i in {1..5}; do
			busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/conn.txt $((i * 20))
			down
			busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/conn.txt $((i * 20 + 10))
			check_err $? "$addr: the connection stops while the device is down"
			up
		done
		wait
		[[ $(md5sum </tmp/conn.txt) == "$want" ]]
		check_err $? "$addr: $(wc -l </tmp/conn.txt) of 300 lines arrived"
	done
	log_test "an established connection loses nothing when the device goes down and up"
}

many_times()
{
	local i

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	for i in {1..50}; do
		ipn link set lbx0 down
		ipn link set lbx0 up
	done
	up
	carries lbx0 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 2001:db8:9::1
	[[ $(ipn -6 -j addr show dev lo scope global |
	     jq '[.[0].addr_info[] | select(.local)] | length') == 1 ]]
	check_err $? "lo does not have exactly one mirror"
	log_test "an lbx device can go down and up 50 times in a row"
}

# A work item makes the routes. It waits for RTNL, which the shutdown of eth0 holds for
# a while. The work item should be pending when lbx0 goes down, too.
up_for_a_moment()
{
	local i

	RET=0
	lbx_up 2001:db8:9::1/128 2001:db8:9::2/128 2001:db8:9::3/128
	ipn link add eth0 type dummy
	for i in {1..10}; do
		ipn link set eth0 up
		printf 'link set %s\n' "lbx0 down" "lbx0 up" "eth0 down" "lbx0 down" |
			ipn -b -
		up
	done
	log_test "a device that was up only for a moment carries its addresses when it comes up again"
}

addresses_can_go_with_it()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	inns sysctl -qw net.ipv6.conf.lbx0.keep_addr_on_down=0
	down
	[[ -z $(ipn -6 addr show scope global) ]]
	check_err $? "an address was not removed"
	log_test "a device that goes down loses its IPv6 addresses if keep_addr_on_down is 0"
}

tests_run
exit "$EXIT_STATUS"
