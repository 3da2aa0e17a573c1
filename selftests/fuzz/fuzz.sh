#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Invalid requests and packets of all kinds: the kernel refuses or drops them, and lbx
# still works afterwards. Damage inside of the kernel is found by the kernel variant
# "debug".
#
# SEED selects the requests and packets (default: random), and the same SEED makes the
# same ones again. COUNT is the number of each kind (default: 20000; the long form has
# 1000000).

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/../lib/lib.sh"

ALL_TESTS="
	link_requests
	fuzz_packets
"

: "${SEED:=$RANDOM$RANDOM}" "${COUNT:=20000}"
echo "SEED=$SEED COUNT=$COUNT"

no_veth()
{
	! ip link show "$1" &>/dev/null
}

# netns_is_gone: delete $NS and wait until the kernel has removed it completely. Then
# the end of a veth pair in it is gone, and with that the other end.
netns_is_gone()
{
	ip link add fuzz-end type veth peer name fuzz-end netns "$NS"
	check_err $? "a veth pair cannot be made"
	cleanup_ns "$NS"
	busywait "$BUSYWAIT_TIMEOUT" no_veth fuzz-end
	check_err $? "the netns still exists after $WAIT_TIMEOUT s"
	rmmod lbx
	check_err $? "the module cannot be removed"
	module_need
}

link_requests()
{
	local accepted refused dev start

	RET=0
	nic_up
	ipn link del lbx0
	{
		echo "route add local 198.18.0.0/24 dev lo"
		echo "route add local 2001:db8:9::/64 dev lo"
	} | ipn -b -
	start=$SECONDS
	inns fuzz_link "$SEED" "$COUNT" >/tmp/fuzz.out 2>/tmp/fuzz.err
	check_err $? "$(</tmp/fuzz.err)"
	cat /tmp/fuzz.out
	echo "in $((SECONDS - start)) s"
	# otherwise the test proves nothing, because the requests do not reach lbx
	read -r accepted refused < <(sed -n 's/.*: \([0-9]*\) accepted, \([0-9]*\) refused by lbx.*/\1 \2/p' \
		/tmp/fuzz.out)
	((accepted > COUNT / 10 && refused > COUNT / 10))
	check_err $? "only $accepted of $COUNT requests were accepted, and $refused refused by lbx"

	lbxn unclaim all
	check_err $? "the claims cannot be removed"
	check_output "[]" lbxn -j claims
	# not by -j: an alias may have any bytes, and ip would print them as they are
	while read -r dev; do
		ipn link del "$dev"
		check_err $? "$dev cannot be deleted"
	done < <(ipn link show type lbx | LC_ALL=C sed -n 's/^[0-9]*: \([^:]*\): <.*/\1/p')
	check_output "" ipn link show type lbx

	# some of the requests were about other interfaces
	ipn link del eth0 2>/dev/null
	{
		echo "link set lo up"
		echo "link add eth0 type dummy"
		eth0_up "192.0.2.1/24 2001:db8::1/64"
		echo "link add lbx0 type lbx claim eth0"
		echo "link set lbx0 up"
	} | ipn -b -
	check_err $? "lbx0 cannot be made"
	carries lbx0 lo ping -c 1 -W 5 192.0.2.1
	carries lbx0 lo ping -c 1 -W 5 2001:db8::1
	netns_is_gone
	log_test "$COUNT random requests of seed $SEED are all answered, and lbx works afterwards"
}

# The machine that packets are sent to has devices in all of their modes, and a TAP and a
# TUN device by which it is reached from outside.
#
#   lbx0   203.0.113.1   2001:db8:9::1     with default settings
#   lbx1   203.0.113.2   2001:db8:9::2     queued, with a qdisc
#   lbx2   203.0.113.3   2001:db8:9::3     the smallest MTU of IPv6
#   lbx3   203.0.113.4                     the smallest MTU
#   lbx4   claims tap0 and addresses of 198.18.0.0/24 and 2001:db8:18::/64
#   lbx5   203.0.113.5   2001:db8:9::5     isolated
#   tap0   192.0.2.1     2001:db8::1       the peer is 192.0.2.6, 2001:db8::6
#   tun0   192.0.2.9     2001:db8::9       the peer is 192.0.2.10, 2001:db8::a
packets_up()
{
	local i

	netns_up
	# tun is built in, or is loaded by name where no udev makes the device node
	# first
	modprobe tun 2>/dev/null
	{
		echo "tuntap add tap0 mode tap vnet_hdr"
		echo "tuntap add tun0 mode tun"
		for i in tap0 tun0; do
			echo "link set $i addrgenmode none"
			echo "link set $i up"
		done
		echo "addr add 192.0.2.1/24 brd + dev tap0"
		echo "addr add 2001:db8::1/64 dev tap0 nodad"
		echo "addr add 192.0.2.9 peer 192.0.2.10 dev tun0"
		echo "addr add 2001:db8::9 peer 2001:db8::a dev tun0"
		echo "neigh add 192.0.2.6 lladdr 02:00:00:00:00:06 dev tap0"
		echo "neigh add 2001:db8::6 lladdr 02:00:00:00:00:06 dev tap0"
		echo "route add local 198.18.0.0/24 dev lo"
		echo "route add local 2001:db8:18::/64 dev lo"
		echo "link add lbx0 type lbx"
		echo "link add lbx1 type lbx direct off"
		echo "link add lbx2 mtu 1280 type lbx"
		echo "link add lbx3 mtu 68 type lbx"
		echo "link add lbx4 type lbx claim tap0 claim 198.18.0.1 claim 2001:db8:18::1"
		echo "link add lbx5 type lbx isolate on"
		for i in 0 1 2 3 4 5; do
			echo "link set lbx$i up"
		done
		for i in 0:1 1:2 2:3 3:4 5:5; do
			echo "addr add 203.0.113.${i#*:}/32 dev lbx${i%:*}"
		done
		for i in 0:1 1:2 2:3 5:5; do
			echo "addr add 2001:db8:9::${i#*:}/128 dev lbx${i%:*}"
		done
		# packets to this prefix are forwarded to lbx0, and no device has the
		# addresses
		echo "route add 198.51.100.0/24 dev lbx0"
	} | ipn -b -
	check_err $? "the devices cannot be made"
	tc -n "$NS" qdisc add dev lbx1 root pfifo limit 100
	check_err $? "the qdisc cannot be added"
	inns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.accept_source_route=1 \
		net.ipv4.icmp_echo_ignore_broadcasts=0 net.ipv4.icmp_ratelimit=0 \
		net.ipv6.icmp.ratelimit=0 net.ipv4.ipfrag_time=1
	settle
}

# Count packets that leave by tap0 and tun0 from the addresses of lbx0, and from those
# of lbx5. Forwarded packets, which may have any source, are not counted.
answers_count()
{
	inns nft -f - <<-END
		table inet fuzz {
			counter open { }
			counter isolated { }
			chain leaves {
				ip saddr 203.0.113.1 counter name open
				ip6 saddr 2001:db8:9::1 counter name open
				ip saddr 203.0.113.5 counter name isolated
				ip6 saddr 2001:db8:9::5 counter name isolated
			}
			chain output {
				# after the hook of lbx, which is the last but one;
				# without a set, because lockdep complains about
				# nf_tables of 6.12
				type filter hook output priority 2147483647
				oifname tap0 jump leaves
				oifname tun0 jump leaves
			}
		}
	END
	check_err $? "nft cannot add the counters"
}

# counter_of FAMILY NAME: print a counter of nftables
counter_of()
{
	inns nft -j list counter "$1" fuzz "$2" |
		jq '.nftables[] | .counter? // empty | .packets'
}

# received_count: count by nftables what the devices receive
received_count()
{
	local i

	{
		echo "table netdev fuzz {"
		for i in 0 1 2 3 4 5; do
			echo "counter lbx$i { }"
			echo "chain in$i {"
			echo "type filter hook ingress device lbx$i priority -500"
			echo "counter name lbx$i"
			echo "}"
		done
		echo "}"
	} | inns nft -f -
	check_err $? "nft cannot add counters at ingress"
}

# all_counted N: each device counts all that it receives, and that is more than N
all_counted()
{
	local i got counted

	for i in 0 1 2 3 4 5; do
		got=$(counter_of netdev "lbx$i")
		counted=$(packets "lbx$i")
		((got > $1 && got <= counted))
		check_err $? "lbx$i has received $got packets, and its counter is $counted"
	done
}

# still_carries DEV N COMMAND...: COMMAND succeeds, and DEV carries its N packets.
# Earlier packets may be retransmitted meanwhile, by lo as well.
still_carries()
{
	local dev=$1 n=$2 before; shift 2

	before=$(packets "$dev")
	inns "$@" &>/tmp/carries.out
	check_err $? "'$*' failed: $(</tmp/carries.out)"
	n=$((before + n))
	(($(packets "$dev") >= n))
	check_err $? "$dev did not carry all packets of '$*'"
}

fuzz_packets()
{
	local n addr dev start

	RET=0
	packets_up
	answers_count
	received_count
	talk_start -t 203.0.113.1 203.0.113.2 2001:db8:9::1 2001:db8:9::2

	# the connections stay, and would use most of the time
	kill -STOP "$talk_pid"

	start=$SECONDS
	echo "by TAP and TUN:"
	inns fuzz_packet -t "$SEED" $((COUNT / 2)) tap0 tun0 >/tmp/fuzz.out 2>/tmp/fuzz.err
	check_err $? "$(</tmp/fuzz.err) $(</tmp/fuzz.out)"
	paste -sd, /tmp/fuzz.out
	n=$(counter_of inet open)
	echo "$n answers of lbx0, $(counter lbx5 drop_isolated) packets to lbx5 dropped"
	# If the open addresses did not answer either, the silence of the isolated ones
	# would prove nothing
	((n > COUNT / 5000))
	check_err $? "only $n answers came from the addresses of lbx0"
	n=$(counter_of inet isolated)
	((n == 0))
	check_err $? "$n answers came from the isolated addresses of lbx5"
	n=$(counter lbx5 drop_isolated)
	((n > COUNT / 1000))
	check_err $? "only $n packets to lbx5 were dropped"

	echo "in $((SECONDS - start)) s"
	start=$SECONDS
	echo "by packet sockets:"
	inns fuzz_packet "$SEED" $((COUNT - COUNT / 2)) lbx0 lbx1 lbx2 lbx3 lbx4 lbx5 \
		>/tmp/fuzz.out 2>/tmp/fuzz.err
	check_err $? "$(</tmp/fuzz.err) $(</tmp/fuzz.out)"
	paste -sd, /tmp/fuzz.out
	echo "in $((SECONDS - start)) s"
	all_counted $((COUNT / 100))

	kill -CONT "$talk_pid"
	talk_goes_on
	check_err $? "the connections do not go on: $(</tmp/talk.err)"
	talk_end
	for addr in 0:203.0.113.1 1:203.0.113.2 2:203.0.113.3 3:203.0.113.4 5:203.0.113.5 \
		    4:192.0.2.1 4:198.18.0.1 4:2001:db8::1 \
		    0:2001:db8:9::1 1:2001:db8:9::2 2:2001:db8:9::3 5:2001:db8:9::5; do
		dev=lbx${addr%%:*}
		addr=${addr#*:}
		still_carries "$dev" 2 ping -c 1 -W 5 "$addr"
		still_carries "$dev" 20 udp_echo -s "$addr" 5001 10 1000
	done
	netns_is_gone
	log_test "after $COUNT random packets of seed $SEED, lbx works and no isolated address has answered"
}

tests_run
exit "$EXIT_STATUS"
