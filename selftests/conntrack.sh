#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connection tracking and NAT on an lbx device, which netfilter treats as a VRF.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	delayed_by_qdisc
	delayed_by_qdisc_direct_off
	delayed_by_lo_while_down
	delayed_fragments
	delayed_untracked
	rps
	inline_is_not_confirmed_early
	null_binding
	dnat_to_other_device
	postrouting_has_no_effect
	snat_in_hook_input
	snat_of_claimed
	does_not_need_conntrack
"

ADDRS="192.0.2.1 2001:db8:9::1"

# ct_up: make lbx0 with addresses, enable connection tracking, and count the first
# packets of connections when they are received, and those that are confirmed by then
ct_up()
{
	lbx_up 192.0.2.1/32 192.0.2.2/32 2001:db8:9::1/128
	inns nft -f - <<-'N'
		table inet t {
			counter new { }
			counter confirmed { }
			chain pre {
				type filter hook prerouting priority 0;
				meta l4proto ipv6-icmp icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } accept
				ct state new counter name new
				ct state new ct status confirmed counter name confirmed
			}
		}
	N
	check_err $? "nft cannot load rules for connection tracking"
}

ct_counter()
{
	inns nft -j list counter inet t "$1" | jq '.nftables[].counter.packets // empty'
}

# ct_failures: print how many connections conntrack could not insert in its table, or
# only by resolving a clash
ct_failures()
{
	local -a column
	local i sum=0 line

	# The debug kernels do not have CONFIG_NF_CONNTRACK_PROCFS
	[[ -e /proc/net/stat/nf_conntrack ]] || { echo 0; return; }
	{
		read -ra column
		while read -ra line; do
			for i in "${!column[@]}"; do
				case ${column[i]} in
				clashres|insert_failed|drop)
					((sum += 16#${line[i]}))
				esac
			done
		done
	} < <(inns cat /proc/net/stat/nf_conntrack)
	echo "$sum"
}

# all_confirmed: each connection was in the table when its first packet was received
all_confirmed()
{
	local new confirmed

	new=$(ct_counter new) confirmed=$(ct_counter confirmed)
	((new > 0 && new == confirmed))
	check_err $? "$confirmed of $new first packets were confirmed when received, expected all"
	check_output 0 ct_failures
}

# none_lost: send 40 echo requests and 20 datagrams without a pause, so that all are
# sent while the first one of the connection is still on its way
none_lost()
{
	local addr

	for addr in $ADDRS; do
		check_exit 0 " 0% packet loss" inns ping -q -c 40 -i 0.002 -W 10 "$addr"
		check_exit 0 "" inns python3 "$lib_dir/burst.py" "$addr" "$addr" 20
	done
}

delayed_by_qdisc()
{
	RET=0
	ct_up
	inns tc qdisc add dev lbx0 root netem delay 300ms
	none_lost
	all_confirmed
	log_test "connection tracking and a qdisc that delays lose no packet"
}

delayed_by_qdisc_direct_off()
{
	RET=0
	ct_up
	lbxn set lbx0 direct off >/dev/null
	ping_once 192.0.2.1
	ping_once 2001:db8:9::1
	inns tc qdisc add dev lbx0 root netem delay 300ms
	inns nft reset counters >/dev/null
	none_lost
	all_confirmed
	log_test "connection tracking and a qdisc that delays lose no packet with direct off"
}

delayed_by_lo_while_down()
{
	RET=0
	ct_up
	ipn link set lbx0 down
	inns tc qdisc add dev lo root netem delay 300ms
	none_lost
	all_confirmed
	log_test "connection tracking loses no packet that lo's qdisc delays while the lbx device is down"
}

delayed_fragments()
{
	local addr

	RET=0
	ct_up
	ipn link set lbx0 mtu 1500
	inns tc qdisc add dev lbx0 root netem delay 300ms limit 10000
	for addr in $ADDRS; do
		check_exit 0 " 0% packet loss" inns ping -q -c 8 -s 8000 -i 0.002 -W 10 "$addr"
	done
	all_confirmed
	log_test "connection tracking and a qdisc that delays lose no fragment"
}

delayed_untracked()
{
	RET=0
	ct_up
	inns nft add chain inet t raw '{ type filter hook output priority -300; }'
	inns nft add rule inet t raw notrack
	inns tc qdisc add dev lbx0 root netem delay 300ms
	none_lost
	check_output 0 ct_counter new
	log_test "a qdisc that delays loses no packet that is not tracked"
}

rps()
{
	RET=0
	ct_up
	inns sh -c 'echo 1 >/sys/class/net/lbx0/queues/rx-0/rps_cpus'
	none_lost
	all_confirmed
	inns sh -c 'echo 0 >/sys/class/net/lbx0/queues/rx-0/rps_cpus'
	log_test "a connection is confirmed before RPS passes its first packet to another CPU"
}

# An early confirmation would cost time here, and would take its effect from the hook
# input
inline_is_not_confirmed_early()
{
	RET=0
	ct_up
	ping_once 192.0.2.1
	ping_once 2001:db8:9::1
	check_output 2 ct_counter new
	check_output 0 ct_counter confirmed
	log_test "a connection whose first packet is received inline is confirmed in the hook input"
}

# distinct LINES: print how many different lines there are
distinct()
{
	sort -u <<<"$1" | wc -l
}

# Two connections that differ only in what DNAT replaces. On lo, nf_nat_inet_fn() gives
# the second one another source port.
null_binding()
{
	local addr dev ports

	RET=0
	for dev in lo lbx0; do
		ct_up
		ipn addr add 198.51.100.1/32 dev lo
		addr=192.0.2.1
		[[ $dev == lbx0 ]] || addr=198.51.100.1
		inns nft add chain inet t nat '{ type nat hook output priority -100; }'
		inns nft add rule inet t nat udp dport 7001 dnat ip to "$addr:7000"
		inns tc qdisc add dev "$dev" root netem delay 300ms
		ports=$(inns python3 "$lib_dir/burst.py" "$addr" "$addr:7001" "$addr:7000" 5 2>&1)
		check_err $? "the datagrams over $dev failed: $ports"
		check_output 2 distinct "$ports"
	done
	log_test "two connections that DNAT makes equal stay distinct behind a qdisc, as on lo"
}

# ip_route_me_harder() does this
dnat_to_other_device()
{
	RET=0
	ct_up
	ipn addr add 198.51.100.1/32 dev lo
	inns nft add chain inet t nat '{ type nat hook output priority -100; }'
	inns nft add rule inet t nat ip daddr 192.0.2.1 udp dport 7001 \
		dnat ip to 198.51.100.1:7000
	carries lo lbx0 python3 "$lib_dir/burst.py" 198.51.100.1 198.51.100.1 \
		192.0.2.1:7001 1
	log_test "dnat in the hook output redirects a packet from an lbx device to lo"
}

# usage.rst and lbx(8) document this limit. If this test fails, the limit is gone.
postrouting_has_no_effect()
{
	RET=0
	ct_up
	inns nft add chain inet t nat '{ type nat hook postrouting priority 100; }'
	inns nft add rule inet t nat oifname lbx0 udp dport 7000 snat ip to 192.0.2.99:6099
	check_output 6000 inns python3 "$lib_dir/burst.py" 192.0.2.2 192.0.2.1 1
	log_test "snat in the hook postrouting does not change packets that an lbx device carries"
}

snat_in_hook_input()
{
	RET=0
	ct_up
	inns nft add chain inet t nat '{ type nat hook input priority 100; }'
	inns nft add rule inet t nat iifname lbx0 udp dport 7000 snat ip to 192.0.2.99:6099
	check_output 6099 inns python3 "$lib_dir/burst.py" 192.0.2.2 192.0.2.1 1
	log_test "snat in the hook input changes the source of packets that an lbx device carries"
}

snat_of_claimed()
{
	RET=0
	ct_up
	ipn link add eth0 type dummy
	ipn addr add 198.51.100.1/24 dev eth0
	ipn link set eth0 up
	lbxn claim eth0 dev lbx0 >/dev/null
	inns nft add chain inet t nat '{ type nat hook postrouting priority 100; }'
	inns nft add rule inet t nat oifname lo udp dport 7000 snat ip to 198.51.100.1:6099
	carries lbx0 lo python3 "$lib_dir/burst.py" 198.51.100.1 198.51.100.1 1
	check_output 6099 cat /tmp/carries.out
	log_test "snat in the hook postrouting with oifname lo changes the source of claimed packets"
}

does_not_need_conntrack()
{
	local name="lbx works with connection tracking and does not depend on its module"

	RET=0
	ct_up
	[[ -d /sys/module/nf_conntrack/holders ]] ||
		{ log_test_skip "$name" "nf_conntrack is built into this kernel"; return; }
	[[ ! -e /sys/module/nf_conntrack/holders/lbx ]]
	check_err $? "lbx depends on nf_conntrack"
	log_test "$name"
}

tests_run

exit "$EXIT_STATUS"
