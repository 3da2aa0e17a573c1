#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each counter counts exactly what its name describes, wherever it is read, and the
# tracepoints report the same.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	names
	queued
	direct_inline
	direct_next
	claimed
	claimed_and_queued
	multicast
	multicast_ipv6
	drop_not_local
	drop_isolated
	drop_backlog
	drop_with_irqs_off
	drop_malformed
	drop_down
	each_cpu_has_its_own
	everywhere_the_same
	survives_down_and_up
"

NAMES="queued_packets queued_bytes direct_packets direct_bytes claimed_packets
       claimed_bytes inline_packets multicast_packets drop_not_local
       drop_isolated drop_backlog drop_down drop_malformed"

trace=/sys/kernel/tracing

# exactly COUNTERS EVENTS COMMAND...: COMMAND adds exactly COUNTERS ("NAME=N" in the
# order of NAMES) to the total of lbx0, and hits exactly the tracepoints EVENTS
# ("PATH/INLINE" of lbx_xmit and "REASON" of lbx_drop)
exactly()
{
	local want=$1 want_events=$2; shift 2
	local name got events
	local -A before

	read_counters lbx0
	for name in $NAMES; do
		before[$name]=${counted[$name]}
	done
	echo >"$trace/instances/lbx/trace"
	"$@" &>/tmp/exactly.out
	check_err $? "'$*' failed: $(</tmp/exactly.out)"
	events=$(sed -nE 's/.* lbx_xmit: dev=lbx0 .*path=(\w+) inline=(.).*/\1\/\2/p
			  s/.* lbx_drop: dev=lbx0 .*reason=(\w+).*/\1/p' \
			"$trace/instances/lbx/trace")
	read_counters lbx0
	got=
	for name in $NAMES; do
		((counted[$name] == before[$name])) ||
			got+=" $name=$((counted[$name] - before[$name]))"
	done

	[[ ${got# } == "$want" ]]
	check_err $? "'$*' counted '${got# }', expected '$want'"
	[[ ${events//$'\n'/ } == "$want_events" ]]
	check_err $? "'$*' traced '${events//$'\n'/ }', expected '$want_events'"
}

# one ADDR: send one datagram of four bytes to ADDR, without a reply
one()
{
	inns sweep "$1" 1
}

no_answer()
{
	! ip netns exec "$1" ping -c 1 -W 1 "$2"
}

names()
{
	local name cpu got want

	RET=0
	lbx_up
	for name in $NAMES; do
		want+="$name "
	done
	for ((cpu = 0; cpu < $(getconf _NPROCESSORS_CONF); cpu++)); do
		for name in $NAMES; do
			want+="cpu${cpu}_$name "
		done
	done
	got=$(inns ethtool -S lbx0 | sed -n 's/: [0-9]*$//p' | tr -s '[:space:]' ' ')
	[[ ${got# } == "$want" ]]
	check_err $? "the counters are '$got', expected '$want'"
	log_test "ethtool -S shows each counter, in total and of each CPU"
}

queued()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link set lbx0 type lbx direct off
	exactly "queued_packets=1 queued_bytes=32" queued/0 one 192.0.2.1
	exactly "queued_packets=1 queued_bytes=52" queued/0 one 2001:db8:9::1
	log_test "a queued packet is counted and traced as queued"
}

direct_inline()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	exactly "direct_packets=1 direct_bytes=32 inline_packets=1" direct/1 \
		one 192.0.2.1
	exactly "direct_packets=1 direct_bytes=52 inline_packets=1" direct/1 \
		one 2001:db8:9::1
	log_test "a direct packet is counted and traced as direct, and as inline if received inline"
}

# the reply to a ping is sent while the request is being received
direct_next()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	exactly "direct_packets=2 direct_bytes=168 inline_packets=2" \
		"direct/1 direct/1" inns ping -c 1 192.0.2.1
	exactly "direct_packets=2 direct_bytes=208 inline_packets=2" \
		"direct/1 direct/1" inns ping -c 1 2001:db8:9::1
	log_test "a reply from the receive path is counted and traced as direct and inline"
}

claimed_up()
{
	lbx_up
	ipn link add eth0 type dummy
	ipn addr add 192.0.2.5/24 dev eth0
	ipn addr add 2001:db8:5::1/64 dev eth0 nodad
	ipn link set eth0 up
	ipn link set lbx0 type lbx claim eth0
}

claimed()
{
	local lo

	RET=0
	claimed_up
	lo=$(packets lo)
	exactly "claimed_packets=1 claimed_bytes=32 inline_packets=1" claimed/1 \
		one 192.0.2.5
	exactly "claimed_packets=1 claimed_bytes=52 inline_packets=1" claimed/1 \
		one 2001:db8:5::1
	(($(packets lo) == lo))
	check_err $? "lo has counted a claimed packet"
	log_test "a claimed packet is counted and traced as claimed, and lo does not count it"
}

claimed_and_queued()
{
	RET=0
	claimed_up
	inns tc qdisc add dev lbx0 root pfifo
	exactly "queued_packets=1 queued_bytes=32" queued/0 one 192.0.2.5
	log_test "a claimed packet that has to pass a qdisc is counted and traced as queued"
}

# send_many ADDR: send three bytes to a multicast or broadcast address without receivers
send_many()
{
	printf lbx | inns socat -u - "$1"
}

multicast()
{
	local want="direct_packets=1 direct_bytes=31 inline_packets=1"

	RET=0
	lbx_up 192.0.2.1/24
	exactly "$want multicast_packets=1" direct/1 \
		send_many UDP4-DATAGRAM:233.252.0.1:5000,ip-multicast-if=192.0.2.1
	exactly "$want multicast_packets=1" direct/1 \
		send_many UDP4-DATAGRAM:192.0.2.255:5000,broadcast
	ipn link set lbx0 type lbx direct off
	exactly "queued_packets=1 queued_bytes=31 multicast_packets=1" queued/0 \
		send_many UDP4-DATAGRAM:233.252.0.1:5000,ip-multicast-if=192.0.2.1
	log_test "multicast and broadcast packets are also counted as multicast"
}

multicast_ipv6()
{
	RET=0
	lbx_up 2001:db8:9::1/128
	ipn -6 route add local ff00::/8 dev lbx0 table local
	exactly "direct_packets=1 direct_bytes=51 inline_packets=1 multicast_packets=1" \
		direct/1 send_many "UDP6-DATAGRAM:[ff0e::db8:1]:5000"
	ipn link set lbx0 type lbx direct off
	exactly "queued_packets=1 queued_bytes=51 multicast_packets=1" \
		queued/0 send_many "UDP6-DATAGRAM:[ff0e::db8:1]:5000"
	log_test "IPv6 multicast packets are also counted as multicast"
}

# peer_up: make a peer that sends all packets by $NS
peer_up()
{
	lbx_up 203.0.113.1/32
	setup_ns PEER
	defer cleanup_ns "$PEER"
	veth_up 192.0.2.1/24 192.0.2.2/24
	ip -n "$PEER" route add default via 192.0.2.1
	inns sysctl -qw net.ipv4.ip_forward=1
}

drop_not_local()
{
	RET=0
	peer_up
	ipn route add 198.51.100.0/24 dev lbx0
	exactly "drop_not_local=1" not_local no_answer "$PEER" 198.51.100.7
	(($(stat64 lbx0 tx.dropped) == 1 && $(stat64 lbx0 rx.dropped) == 0))
	check_err $? "ip shows $(stat64 lbx0 tx.dropped) tx dropped, expected 1; $(stat64 lbx0 rx.dropped) rx dropped, expected 0"
	ipn link set lbx0 type lbx direct off
	exactly "drop_not_local=1" not_local no_answer "$PEER" 198.51.100.7
	(($(stat64 lbx0 tx.dropped) == 2))
	check_err $? "ip shows $(stat64 lbx0 tx.dropped) tx dropped with direct off, expected 2"
	log_test "a forwarded packet to an lbx device is counted as drop_not_local and tx dropped"
}

drop_isolated()
{
	RET=0
	peer_up
	ipn link set lbx0 type lbx isolate on
	exactly "drop_isolated=1" isolated no_answer "$PEER" 203.0.113.1
	(($(stat64 lbx0 rx.dropped) == 1 && $(stat64 lbx0 tx.dropped) == 0))
	check_err $? "ip shows $(stat64 lbx0 rx.dropped) rx dropped, expected 1; $(stat64 lbx0 tx.dropped) tx dropped, expected 0"
	log_test "a packet from outside to an isolated device is counted as drop_isolated and rx dropped"
}

# softnet_dropped: print the drops of the backlogs of all CPUs
softnet_dropped()
{
	local dropped sum=0

	while read -r _ dropped _; do
		((sum += 16#$dropped))
	done </proc/net/softnet_stat
	echo "$sum"
}

# The packets that a qdisc releases together are sent in one softirq and received in the
# next. A backlog of 0 has room for one packet.
drop_backlog()
{
	local name="a packet that a full backlog refuses is counted as drop_backlog and rx dropped"
	local before backlog

	RET=0
	lbx_up 192.0.2.1/32
	# CONFIG_NET_SCH_PLUG
	if [[ $(inns tc qdisc add dev lbx0 root plug limit 100000 2>&1) == *unknown* ]]; then
		log_test_skip "$name" "this kernel does not have the qdisc plug"
		return
	fi
	backlog=$(sysctl -n net.core.netdev_max_backlog)
	defer sysctl -qw "net.core.netdev_max_backlog=$backlog"
	sysctl -qw net.core.netdev_max_backlog=0
	before=$(softnet_dropped)
	exactly "queued_packets=1 queued_bytes=32 drop_backlog=4" \
		"queued/0 queued/0 backlog queued/0 backlog queued/0 backlog queued/0 backlog" \
		inns sweep -e 1 192.0.2.1 5 0 \
		tc qdisc change dev lbx0 root plug release_indefinite
	(($(stat64 lbx0 rx.dropped) == 4 && $(stat64 lbx0 tx.dropped) == 0))
	check_err $? "ip shows $(stat64 lbx0 rx.dropped) rx dropped, expected 4; $(stat64 lbx0 tx.dropped) tx dropped, expected 0"
	(($(softnet_dropped) - before == 4))
	check_err $? "softnet_stat shows $(($(softnet_dropped) - before)) drops, expected 4"
	log_test "$name"
}

# netpoll sends with hardirqs off. A drop that enabled them would run the softirqs, and
# these would make room for the next packet.
drop_with_irqs_off()
{
	local name="packets that netpoll sends are dropped with hardirqs off"
	local config=/sys/kernel/config/netconsole
	local max i

	RET=0
	lbx_up 192.0.2.1/32
	mountpoint -q /sys/kernel/config ||
		mount -t configfs configfs /sys/kernel/config 2>/dev/null
	if ! modprobe netconsole 2>/dev/null || [[ ! -d $config ]]; then
		log_test_skip "$name" "this kernel does not have netconsole"
		return
	fi
	max=$(sysctl -n net.core.netdev_max_backlog)
	for i in 1 2 3 4; do
		mkdir "$config/lbx$i"
		defer rmdir "$config/lbx$i"
		# not by "ip netns exec", which has another /sys
		nsenter "--net=/run/netns/$NS" bash -c "cd $config/lbx$i &&
			echo lbx0 >dev_name && echo 192.0.2.1 >local_ip &&
			echo 192.0.2.1 >remote_ip && echo 1 >enabled" 2>/tmp/netpoll.err
		check_err $? "netconsole cannot be enabled on lbx0: $(</tmp/netpoll.err)"
		defer bash -c "echo 0 >$config/lbx$i/enabled"
	done
	defer sysctl -qw net.core.netdev_max_backlog="$max"
	sysctl -qw net.core.netdev_max_backlog=0
	read_counters lbx0
	local queued=${counted[queued_packets]} dropped=${counted[drop_backlog]}
	echo "<1>lbx selftest: to four targets, with room for one" >/dev/kmsg
	busywait "$BUSYWAIT_TIMEOUT" netpoll_has_sent "$queued"
	check_err $? "netconsole has sent no packet"
	read_counters lbx0
	queued=$((counted[queued_packets] - queued))
	dropped=$((counted[drop_backlog] - dropped))
	((dropped == 3 * queued))
	check_err $? "$queued packets were queued and $dropped dropped, expected three drops for each"
	log_test "$name"
}

netpoll_has_sent()
{
	read_counters lbx0
	((counted[queued_packets] > $1))
}

# ten bytes: less than an Ethernet header
drop_malformed()
{
	RET=0
	lbx_up 192.0.2.1/32
	modprobe -q tun
	ipn tuntap add dev tun0 mode tun
	ipn link set tun0 addrgenmode none
	ipn link set tun0 up
	inns tc qdisc add dev tun0 clsact
	inns tc filter add dev tun0 ingress matchall \
		action mirred egress redirect dev lbx0
	check_err $? "the redirect cannot be added"
	exactly "drop_malformed=1" malformed write_tun 'E123456789'
	(($(stat64 lbx0 tx.dropped) == 1 && $(stat64 lbx0 rx.dropped) == 0))
	check_err $? "ip shows $(stat64 lbx0 tx.dropped) tx dropped, expected 1; $(stat64 lbx0 rx.dropped) rx dropped, expected 0"
	exactly "queued_packets=1" queued/0 write_tun 'E1234567890123'
	log_test "a frame with an incomplete Ethernet header is counted as drop_malformed and tx dropped"
}

write_tun()
{
	printf %s "$1" | inns socat -u - TUN,tun-name=tun0,iff-no-pi
}

# The kernel closes a device in two steps: first the device, then its queue. The test
# has to hit a packet that is sent between them. A claimed packet is copied and its
# checksum is computed if the device lacks offloads that lo has. This makes the time
# longer.
drop_down()
{
	local flood rx events

	RET=0
	claimed_up
	inns ethtool -K lbx0 tx off sg off &>/dev/null
	# events of millions of packets would overwrite those of the drops
	echo 0 >"$trace/instances/lbx/events/lbx/lbx_xmit/enable"
	defer trace_all
	echo >"$trace/instances/lbx/trace"
	inns_start socat -u -b 60000 OPEN:/dev/zero UDP4-SENDTO:192.0.2.5:5000 \
		2>/dev/null
	flood=$!
	slowwait "$WAIT_TIMEOUT" received_on lbx0 0
	check_err $? "no packet is sent"
	slowwait $((10 * WAIT_TIMEOUT)) down_up_drops
	check_err $? "no packet was dropped"
	kill "$flood"
	wait "$flood" 2>/dev/null
	read_counters lbx0
	rx=$(stat64 lbx0 rx.dropped)
	((rx == counted[drop_down] + counted[drop_backlog]))
	check_err $? "ip shows $rx rx dropped, expected $((counted[drop_down] + counted[drop_backlog]))"
	events=$(grep -c ' lbx_drop: dev=lbx0 .*reason=down' "$trace/instances/lbx/trace")
	((events == counted[drop_down]))
	check_err $? "$events events were traced, expected ${counted[drop_down]}"
	log_test "a packet that is sent while the device goes down is counted as drop_down and rx dropped"
}

down_up_drops()
{
	printf 'link set lbx0 down\nlink set lbx0 up\n%.0s' {1..20} | ipn -batch -
	read_counters lbx0
	((counted[drop_down] > 0))
}

each_cpu_has_its_own()
{
	local name cpu key sum

	RET=0
	lbx_up 192.0.2.1/24 2001:db8:9::1/128
	for cpu in 0 1; do
		exactly "direct_packets=1 direct_bytes=32 inline_packets=1" direct/1 \
			inns taskset -c "$cpu" sweep 192.0.2.1 1
		sum=
		for name in $NAMES; do
			key=cpu${cpu}_$name
			((counted[$key] == 0)) || sum+=" $name=${counted[$key]}"
		done
		[[ $sum == " direct_packets=1 direct_bytes=32 inline_packets=1" ]]
		check_err $? "CPU $cpu has counted $sum"
	done
	inns ping -c 1 192.0.2.1 &>/dev/null
	ipn link set lbx0 type lbx direct off
	inns ping -c 1 2001:db8:9::1 &>/dev/null
	send_many UDP4-DATAGRAM:192.0.2.255:5000,broadcast
	read_counters lbx0
	for name in $NAMES; do
		sum=0
		for ((cpu = 0; cpu < $(getconf _NPROCESSORS_CONF); cpu++)); do
			key=cpu${cpu}_$name
			((sum += counted[$key]))
		done
		((sum == counted[$name]))
		check_err $? "$name is ${counted[$name]}, and the sum over the CPUs is $sum"
	done
	log_test "each CPU counts its own packets, and the total is their sum"
}

# mixed_up: make all counters other than 0, except those of the backlog and of going
# down
mixed_up()
{
	peer_up
	ipn addr add 203.0.113.129/25 dev lbx0
	ipn route add 198.51.100.0/24 dev lbx0
	ipn link set lbx0 type lbx claim eth0
	inns sweep 203.0.113.1 3 0
	inns sweep 192.0.2.1 2 0
	inns ping -c 1 203.0.113.1
	send_many UDP4-DATAGRAM:203.0.113.255:5000,broadcast
	no_answer "$PEER" 198.51.100.7
	ipn link set lbx0 type lbx direct off isolate on
	no_answer "$PEER" 203.0.113.1
	inns sweep 203.0.113.1 4 0
}

everywhere_the_same()
{
	local name xstats stats

	RET=0
	mixed_up &>/dev/null
	read_counters lbx0
	xstats=$(ipn -s -d -j link show dev lbx0)
	for name in $NAMES; do
		((counted[$name] == $(jq ".. | objects | .$name // empty" <<<"$xstats" || echo -1)))
		check_err $? "$name is ${counted[$name]} in ethtool, and $(jq ".. | .$name? // empty" <<<"$xstats") in IFLA_INFO_XSTATS"
	done

	stats=$(ipn -s -s -j link show dev lbx0 | jq -c '.[0].stats64 |
		(.rx, .tx) | with_entries(select(.value != 0))' | tr '\n' ' ')
	[[ $stats == '{"bytes":487,"packets":12,"dropped":1,"multicast":1} '`
		`'{"bytes":487,"packets":12,"dropped":1} ' ]]
	check_err $? "ip shows $stats"
	log_test "ethtool, IFLA_INFO_XSTATS and stats64 have the same values"
}

survives_down_and_up()
{
	local -A before
	local name

	RET=0
	mixed_up &>/dev/null
	read_counters lbx0
	for name in $NAMES; do
		before[$name]=${counted[$name]}
	done
	ipn link set lbx0 down
	ipn link set lbx0 up
	read_counters lbx0
	for name in $NAMES; do
		((counted[$name] == before[$name]))
		check_err $? "$name was ${before[$name]} and is ${counted[$name]}"
	done
	log_test "the counters keep their values when the device goes down and up"
}

trace_all()
{
	echo 1 >"$trace/instances/lbx/events/lbx/enable"
}

mountpoint -q "$trace" || mount -t tracefs tracefs "$trace"
mkdir "$trace/instances/lbx"
trap 'rmdir "$trace/instances/lbx"; defer_scopes_cleanup' EXIT
trace_all

tests_run
exit "$EXIT_STATUS"
