#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An lbx device is an L3 master and not a VRF. These tests check that it behaves like lo
# where the kernel treats an L3 master differently. Documentation/design.rst lists all
# these places.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	accepted_socket_unbound
	accepted_socket_survives_down
	accepted_claimed_survives_down
	answers_to_any_source
	answers_with_rules
	answers_after_down_and_up
	loopback_stays_on_lo
	reverse_path_filters
"

# l3mdev_up: make lbx0 and eth0, with addresses
# reject_up: add a firewall that rejects
l3mdev_up()
{
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link add eth0 type dummy
	ipn addr add 198.51.100.1/24 dev eth0
	ipn addr add 2001:db8:1::1/64 dev eth0 nodad
	ipn link set eth0 up
}

reject_up()
{
	l3mdev_up
	inns nft -f - <<-'N'
		table inet f {
			chain in {
				type filter hook input priority 0
				tcp dport 1001 reject with tcp reset
				th dport 1002 reject with icmpx port-unreachable
			}
		}
	N
	check_err $? "nft cannot load rules that reject"
	busywait "$BUSYWAIT_TIMEOUT" has_loopback_route
	check_err $? "lbx0 does not have a route to ::1"
}

has_loopback_route()
{
	ipn -6 route show table local dev lbx0 | grep -q '^local ::1 '
}

# bound: print how many sockets of TCP connections are bound to lbx0
bound()
{
	inns ss -Htn state established | grep -c '%lbx0'
}

all_refused()
{
	local addr

	for addr in 192.0.2.1 2001:db8:9::1; do
		check_exit 0 "" inns python3 "$lib_dir/refused.py" "$addr" - 192.0.2.1 \
			198.51.100.1 127.0.0.1 2001:db8:9::1 2001:db8:1::1 ::1
	done
}

accept_sysctl()
{
	inns sysctl -qw net.ipv4.tcp_l3mdev_accept=1 net.ipv4.udp_l3mdev_accept=1 \
		net.ipv4.raw_l3mdev_accept=1
}

accepted_socket_unbound()
{
	RET=0
	l3mdev_up
	accept_sysctl
	talk_start 192.0.2.1 2001:db8:9::1
	check_output 0 bound
	talk_end
	log_test "with tcp_l3mdev_accept an accepted socket is not bound to the lbx device"
}

# survives ADDR...: connections to ADDR go on while lbx0 is down and when it is up again
survives()
{
	talk_start "$@"
	ipn link set lbx0 down
	talk_goes_on
	check_err $? "connections stop while lbx0 is down: $(</tmp/talk.err)"
	ipn link set lbx0 up
	talk_goes_on
	check_err $? "connections stop when lbx0 is up again: $(</tmp/talk.err)"
	talk_end
}

accepted_socket_survives_down()
{
	RET=0
	l3mdev_up
	accept_sysctl
	survives -t 192.0.2.1 2001:db8:9::1
	log_test "with tcp_l3mdev_accept connections go on while the lbx device is down and after"
}

accepted_claimed_survives_down()
{
	RET=0
	l3mdev_up
	accept_sysctl
	lbxn claim eth0 dev lbx0 >/dev/null
	check_err $? "eth0 cannot be claimed"
	survives -t 198.51.100.1 2001:db8:1::1
	log_test "with tcp_l3mdev_accept claimed connections go on while the lbx device is down and after"
}

answers_to_any_source()
{
	RET=0
	reject_up
	all_refused
	log_test "a closed or rejected port refuses a client at any local address"
}

# the kernel calls l3mdev_update_flow() only if there is a rule
answers_with_rules()
{
	RET=0
	reject_up
	ipn rule add pref 100 fwmark 77 table 77
	ipn -6 rule add pref 100 fwmark 77 table 77
	all_refused
	ipn link add vrf0 type vrf table 77
	check_err $? "this kernel cannot make a VRF"
	ipn link set vrf0 up
	all_refused
	log_test "a closed or rejected port refuses a client if there are rules and a VRF"
}

answers_after_down_and_up()
{
	RET=0
	reject_up
	ipn link set lbx0 down
	all_refused
	ipn link set lbx0 up
	settle
	busywait "$BUSYWAIT_TIMEOUT" has_loopback_route
	check_err $? "lbx0 does not have a route to ::1 when it is up again"
	all_refused
	log_test "a closed or rejected port refuses a client while the lbx device is down and after"
}

loopback_stays_on_lo()
{
	RET=0
	reject_up
	carries lo lbx0 ping -c 1 ::1
	carries lo lbx0 ping -c 1 127.0.0.1
	log_test "lo carries ::1 and 127.0.0.1 although lbx devices have local routes to ::1"
}

# nft_fib_is_loopback() matters here: firewalld and others check the reverse path by fib
reverse_path_filters()
{
	local addr

	RET=0
	l3mdev_up
	inns sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.lbx0.rp_filter=1
	inns nft -f - <<-'N'
		table inet f {
			chain pre {
				type filter hook prerouting priority 0
				fib saddr . iif oif missing drop
				fib daddr type != { local, multicast } drop
			}
		}
	N
	check_err $? "nft cannot load rules with fib expressions"
	for addr in 192.0.2.1 2001:db8:9::1; do
		carries lbx0 lo ping -c 1 -W 5 "$addr"
	done
	# the reply goes to an address that lo carries
	check_exit 0 "" inns ping -c 1 -W 5 -I 198.51.100.1 192.0.2.1
	check_exit 0 "" inns ping -c 1 -W 5 -I 2001:db8:1::1 2001:db8:9::1
	log_test "reverse path filters of the stack and of nftables accept what an lbx device carries"
}

tests_run
exit "$EXIT_STATUS"
