#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Isolation: packets from outside do not reach the addresses of an lbx device, and a
# socket that is bound to the device sends nothing by another device.

# shellcheck source=selftests/lib/isolate_lib.sh
source "$(dirname "$0")/lib/isolate_lib.sh"

ALL_TESTS="
	off_is_reachable
	on_is_not_reachable
	no_icmp_errors
	arp_answers
	at_creation
	shown
	local_as_before
	connection_stops_and_goes_on
	forwarding_as_before
	bound_cannot_leave
	bound_stops_at_once
	bound_within
	bound_elsewhere
	two_devices
	down_is_blocked
	down_stops_connections
	other_device_down
	never_open
	claimed_is_no_part
	hooks_only_while_isolated
	netns_deleted
	unloaded
"

off_is_reachable()
{
	RET=0
	isolate_up
	answers_peer "$own4" "$own6"
	isolate lbx0 off
	answers_peer "$own4" "$own6"
	(($(dropped lbx0) == 0))
	check_err $? "lbx0 counts $(dropped lbx0) drops, expected 0"
	log_test "a device is not isolated by default"
}

on_is_not_reachable()
{
	local addr pf before pid

	RET=0
	isolate_up
	isolate lbx0 on
	drops_peer lbx0 "$own4" "$own6"
	(($(stat64 lbx0 rx.dropped) == 2))
	check_err $? "lbx0 has $(stat64 lbx0 rx.dropped) in 'rx dropped', expected 2"
	for addr in "$own4" "[$own6]"; do
		pf=ip4
		[[ $addr != \[* ]] || pf=ip6
		inns_start socat -u "TCP-LISTEN:5000,pf=$pf,bind=$addr,reuseaddr" - >/dev/null
		pid=$!
		wait_listen 5000 tcp
		before=$(dropped lbx0)
		ip netns exec "$PEER" socat -u - "TCP:$addr:5000,connect-timeout=1" \
			</dev/null 2>/dev/null
		check_fail $? "the peer connects to $addr"
		dropped_more lbx0 "$before"
		check_err $? "no drop is counted for TCP to $addr"
		kill_process "$pid"

		before=$(dropped lbx0)
		echo | ip netns exec "$PEER" socat -u - "UDP:$addr:9"
		busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 "$before"
		check_err $? "no drop is counted for UDP to $addr"
	done
	answers_peer 203.0.113.2 2001:db8:9::2 192.0.2.5 2001:db8:1::5
	isolate lbx0 off
	answers_peer "$own4" "$own6"
	log_test "an isolated device is not reachable from outside, and counts the packets that it drops"
}

# Send packets that the kernel answers before it delivers them: IPv4 with a malformed
# option, the first of several IPv4 fragments without the others, and IPv6 with an
# unknown option.
send_undeliverable()
{
	ip netns exec "$PEER" python3 - "$own4" "$own6" "$peer4" <<-'END'
		import socket, struct, sys

		own4, own6, peer4 = sys.argv[1:]
		echo = bytes.fromhex("0800f7ff00000000")
		raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
		for options, frag_off in ((bytes((7, 40, 4, 0)), 0), (b"", 0x2000)):
		    header = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 0, 1,
		                         frag_off, 64, socket.IPPROTO_ICMP, 0,
		                         socket.inet_aton(peer4), socket.inet_aton(own4))
		    raw.sendto(header + options + echo, (own4, 0))
		udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS,
		               bytes.fromhex("0000be0400000000"))
		udp.sendto(b"x", (own6, 9))
	END
}

no_icmp_errors()
{
	local own="src host $own4 or src host $own6" state before n

	RET=0
	isolate_up
	# All are answered, even by a kernel that limits the first answers of a netns.
	# It does so in the 20 ms after its 32 bits of jiffies wrap, five minutes after
	# boot.
	inns sysctl -qw net.ipv4.ipfrag_time=1 net.ipv4.icmp_ratemask=0 \
		net.ipv6.icmp.ratemask=
	for state in off on; do
		isolate lbx0 "$state"
		before=$(dropped lbx0)
		NS=$PEER capture eth0 /tmp/errors.pcap -Q in
		send_undeliverable
		check_err $? "'isolate $state': the packets cannot be sent"
		if [[ $state == off ]]; then
			busywait "$BUSYWAIT_TIMEOUT" captured 3 /tmp/errors.pcap "$own"
			check_err $? "off: not all packets are answered, only these: $(
				tcpdump -nnqr /tmp/errors.pcap "$own" 2>/dev/null)"
		else
			busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 $((before + 2))
			check_err $? "on: $(($(dropped lbx0) - before)) drops are counted, expected 3"
		fi
		NS=$PEER capture_end /tmp/errors.pcap
	done
	n=$(capture_count /tmp/errors.pcap "$own")
	((n == 0))
	check_err $? "$n ICMP errors were sent from isolated addresses"
	# for this machine the errors are as before
	refused refused inns udp_echo "$own4" 9 1 1
	refused refused inns udp_echo "$own6" 9 1 1
	log_test "a packet that cannot be delivered to an isolated device causes no ICMP error"
}

# For busywait: captured N FILE FILTER: FILE has N packets or more
captured()
{
	(($(capture_count "$2" "$3") >= $1))
}

# True if ARP has answered the peer
arp_answered()
{
	ip -n "$PEER" neigh show "$own4" | grep -q lladdr
}

# ARP answers for each local address, by whichever interface the request arrives
arp_answers()
{
	RET=0
	isolate_up isolate on
	ip -n "$PEER" route add "$own4" dev eth0
	drops_peer lbx0 "$own4"
	arp_answered
	check_err $? "ARP does not answer"
	inns sysctl -qw net.ipv4.conf.eth0.arp_ignore=1
	ip -n "$PEER" neigh flush dev eth0
	pings "$PEER" -W 0.3 -- "$own4" >/dev/null
	arp_answered
	check_fail $? "ARP answers although arp_ignore is 1"
	log_test "ARP answers for IPv4 addresses of an isolated device, unless arp_ignore is 1"
}

at_creation()
{
	RET=0
	isolate_up isolate on
	drops_peer lbx0 "$own4" "$own6"
	isolate lbx0 off
	answers_peer "$own4" "$own6"
	log_test "a device can be isolated when it is made"
}

shown()
{
	local want

	RET=0
	isolate_up
	for want in off on off; do
		isolate lbx0 "$want"
		ipn -d link show lbx0 | grep -q "isolate $want"
		check_err $? "ip does not show 'isolate $want'"
	done
	log_test "ip shows whether a device is isolated"
}

local_as_before()
{
	local addr

	RET=0
	isolate_up isolate on
	isolate lbx1 on
	for addr in "$own4" "$own6"; do
		carries lbx0 lo ping -c 1 "$addr"
		carries lbx0 lo serve "$addr"
	done
	# From the address of one isolated device to that of another. Not in IPv4, where
	# the reply arrives on the other device.
	inns ping -c 1 -W 5 -I 2001:db8:9::2 "$own6" &>/dev/null
	check_err $? "$own6 does not answer the address of lbx1"
	(($(dropped lbx0) + $(dropped lbx1) == 0))
	check_err $? "lbx0 counts $(dropped lbx0) drops and lbx1 $(dropped lbx1), expected 0"
	log_test "an isolated device is reachable from this machine"
}

connection_stops_and_goes_on()
{
	local addr pf before

	RET=0
	isolate_up
	for addr in "$own4" "$own6"; do
		pf=ip4
		[[ $addr != *:* ]] || pf=ip6
		inns_start socat "TCP-LISTEN:5000,pf=$pf,reuseaddr" PIPE
		wait_listen 5000 tcp
		: >/tmp/talk.out
		ip netns exec "$PEER" talk -c -t "$addr" >/tmp/talk.out 2>/tmp/talk.err &
		talk_pid=$!
		busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/talk.out 5
		check_err $? "$addr: the peer cannot connect: $(</tmp/talk.err)"
		isolate lbx0 on
		before=$(wc -l </tmp/talk.out)
		# the peer retransmits
		busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 $(($(dropped lbx0) + 3))
		check_err $? "$addr: no drops are counted"
		(($(wc -l </tmp/talk.out) <= before + 1))
		check_err $? "$addr: the connection goes on while isolation is on"
		isolate lbx0 off
		talk_goes_on
		check_err $? "$addr: the connection does not go on after isolation is off: $(</tmp/talk.err)"
		talk_end
	done
	log_test "a connection from outside stops while isolation is on, and goes on when it is off"
}

forwarding_as_before()
{
	RET=0
	isolate_up isolate on
	setup_ns FAR
	defer cleanup_ns "$FAR"
	ipn link add eth1 type veth peer name eth0 netns "$FAR"
	inns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ipn -b - <<-END
		addr add 198.51.100.5/24 dev eth1
		addr add 2001:db8:a::5/64 dev eth1 nodad
		link set eth1 up
	END
	ip -n "$FAR" -b - <<-END
		addr add 198.51.100.6/24 dev eth0
		addr add 2001:db8:a::6/64 dev eth0 nodad
		link set eth0 up
		route add default via 198.51.100.5
		route add default via 2001:db8:a::5
	END
	ip -n "$PEER" -b - <<-END
		route add default via 192.0.2.5
		route add default via 2001:db8:1::5
	END
	answers_peer 198.51.100.6 2001:db8:a::6
	drops_peer lbx0 "$own4" "$own6"
	PEER=$FAR drops_peer lbx0 "$own4" "$own6"
	log_test "a router with an isolated device still forwards packets"
}

# send to the peer from sockets that are bound to lbx0: ping, UDP and TCP
bound_send()
{
	local addr host

	local pids=()

	: >/tmp/bound.out
	for addr in "$peer4" "$peer6"; do
		host=$addr
		[[ $addr != *:* ]] || host="[$addr]"
		inns_start ping -c 1 -W 1 -I lbx0 "$addr" &>/dev/null
		pids+=($!)
		inns_start socat -u - "TCP:$host:5000,so-bindtodevice=lbx0,connect-timeout=1" \
			</dev/null &>/dev/null
		pids+=($!)
		echo | inns socat -u - "UDP-SENDTO:$host:9,so-bindtodevice=lbx0" \
			2>>/tmp/bound.out
	done
	wait "${pids[@]}"
}

bound_cannot_leave()
{
	local state filter addr before n

	RET=0
	isolate_up
	with_rules
	# The first packet to a neighbour waits until it is resolved
	for addr in "$peer4" "$peer6"; do
		ping_once "$addr"
		check_err $? "no answer from $addr"
	done
	for state in off on; do
		isolate lbx0 "$state"
		before=$(dropped lbx0)
		NS=$PEER capture eth0 /tmp/bound.pcap -Q in
		bound_send
		NS=$PEER capture_end /tmp/bound.pcap
		for filter in 'icmp[icmptype] == 8' 'icmp6 and ip6[40] == 128' \
			      'ip and udp' 'ip6 and udp' 'ip and tcp' 'ip6 and tcp'; do
			n=$(capture_count /tmp/bound.pcap "$filter")
			if [[ $state == off ]]; then
				((n > 0))
				check_err $? "off: no '$filter' packet is sent"
			else
				((n == 0))
				check_err $? "on: $n '$filter' packets are sent"
			fi
		done
	done
	(($(grep -c 'not permitted' /tmp/bound.out) >= 2))
	check_err $? "the sender does not get the error EPERM: $(</tmp/bound.out)"
	(($(dropped lbx0) - before >= 6))
	check_err $? "$(($(dropped lbx0) - before)) drops are counted, expected 6 or more"

	# nor by another loopback
	for addr in 203.0.113.2 2001:db8:9::2 127.0.0.1 ::1 192.0.2.5 2001:db8:1::5; do
		before=$(dropped lbx0)
		[[ $addr != *:* ]] || addr="[$addr]"
		echo | inns socat -u - "UDP-SENDTO:$addr:9,so-bindtodevice=lbx0" 2>&1 |
			grep -q 'not permitted'
		check_err $? "$addr: the sender does not get the error EPERM"
		(($(dropped lbx0) == before + 1))
		check_err $? "$addr: $(($(dropped lbx0) - before)) drops are counted, expected 1"
	done
	log_test "a socket that is bound to an isolated device cannot send by another device"
}

# peer_echos: print how many echo requests of both families the peer has received
peer_echos()
{
	ip netns exec "$PEER" cat /proc/net/snmp /proc/net/snmp6 |
		awk '$1 == "Icmp6InEchos" {n += $2}
		     $1 == "Icmp:" && !col {for (i = 2; i <= NF; i++)
			if ($i == "InEchos") col = i; next}
		     $1 == "Icmp:" {n += $col} END {print n}'
}

peer_echos_more()
{
	(($(peer_echos) > $1))
}

bound_stops_at_once()
{
	local addr before pid

	RET=0
	isolate_up
	with_rules
	for addr in "$peer4" "$peer6"; do
		inns_start ping -q -i 0.05 -I lbx0 "$addr" &>/dev/null
		pid=$!
		busywait "$BUSYWAIT_TIMEOUT" peer_echos_more $(($(peer_echos) + 3))
		check_err $? "$addr: the peer receives nothing while isolation is off"
		isolate lbx0 on
		before=$(peer_echos)
		busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 $(($(dropped lbx0) + 5))
		check_err $? "$addr: no drops are counted"
		(($(peer_echos) <= before + 1))
		check_err $? "$addr: the peer received $(($(peer_echos) - before)) requests while isolation was on"
		isolate lbx0 off
		busywait "$BUSYWAIT_TIMEOUT" peer_echos_more $(($(peer_echos) + 3))
		check_err $? "$addr: the peer receives nothing after isolation is off again"
		kill_process "$pid"
	done
	log_test "isolation takes effect at once for a bound socket that is sending"
}

bound_within()
{
	local addr before

	RET=0
	isolate_up isolate on
	for addr in "$own4" "$own6"; do
		carries lbx0 lo ping -c 1 -I lbx0 "$addr"
		carries lbx0 lo serve "$addr" lbx0
	done
	with_rules
	for addr in "$own4" "$own6"; do
		carries lbx0 lo ping -c 1 -I lbx0 "$addr"
		carries lbx0 lo serve "$addr" lbx0
	done
	(($(dropped lbx0) == 0))
	check_err $? "lbx0 counts $(dropped lbx0) drops, expected 0"
	log_test "a socket that is bound to an isolated device can communicate on it"
}

bound_elsewhere()
{
	local dev addr

	RET=0
	isolate_up isolate on
	# over lo in IPv4 only, because in IPv6 lo has the mirror (usage.rst, IPv6
	# mirrors)
	for dev in lbx1 lo; do
		for addr in "$own4" "$own6"; do
			[[ $dev == lo && $addr == "$own6" ]] && continue
			inns ping -c 1 -W 1 -I "$dev" "$addr" &>/dev/null
			check_fail $? "$addr answers over $dev"
		done
	done
	log_test "a socket that is bound to another loopback does not reach an isolated device"
}

two_devices()
{
	RET=0
	isolate_up isolate on
	isolate lbx1 on
	drops_peer lbx0 "$own4" "$own6"
	drops_peer lbx1 203.0.113.2 2001:db8:9::2
	isolate lbx0 off
	answers_peer "$own4" "$own6"
	drops_peer lbx1 203.0.113.2 2001:db8:9::2
	isolate lbx0 on
	ipn link del lbx1
	drops_peer lbx0 "$own4" "$own6"
	log_test "two isolated devices are isolated independently"
}

down_is_blocked()
{
	RET=0
	isolate_up isolate on
	answers_local "$own4" "$own6"
	ipn link set lbx0 down
	drops_peer lbx0 "$own4" "$own6"
	drops_local lbx0 "$own4" "$own6"
	isolate lbx0 off
	answers_peer "$own4" "$own6"
	answers_local "$own4" "$own6"
	isolate lbx0 on
	drops_peer lbx0 "$own4" "$own6"
	drops_local lbx0 "$own4" "$own6"
	ipn link set lbx0 up
	settle
	answers_local "$own4" "$own6"
	drops_peer lbx0 "$own4" "$own6"
	log_test "an isolated device that is down is blocked for this machine as well"
}

down_stops_connections()
{
	local before

	RET=0
	isolate_up isolate on
	talk_start -t "$own4" "$own6"
	ipn link set lbx0 down
	before=$(wc -l </tmp/talk.out)
	busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 $(($(dropped lbx0) + 2))
	check_err $? "no drops are counted"
	(($(wc -l </tmp/talk.out) <= before + 1))
	check_err $? "the connections go on while the device is down"
	ipn link set lbx0 up
	talk_goes_on
	check_err $? "the connections do not go on after the device is up: $(</tmp/talk.err)"
	talk_end
	log_test "connections to an isolated device go on after the device was down"
}

other_device_down()
{
	RET=0
	isolate_up isolate on
	ipn link set lbx0 down
	ipn link set lbx1 down
	drops_local lbx0 "$own4" "$own6"
	answers_local 203.0.113.2 2001:db8:9::2 127.0.0.1 ::1
	answers_peer 203.0.113.2 2001:db8:9::2 192.0.2.5 2001:db8:1::5
	log_test "devices that are down and not isolated still answer while another one is blocked"
}

# send packets all the time while the device goes through all its states
never_open()
{
	local addr i pid n
	local pids=()

	RET=0
	isolate_up isolate on
	for addr in "$own4" "$own6"; do
		ip netns exec "$PEER" ping -n -i 0.002 "$addr" >"/tmp/open.$addr" 2>&1 &
		pids+=($!)
	done
	busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 10
	check_err $? "the peer sends nothing"
	for i in {1..100}; do
		echo "link set lbx0 down"
		echo "link set lbx0 up"
	done | ipn -b -
	isolate lbx1 on
	isolate lbx1 off
	for pid in "${pids[@]}"; do
		kill -INT "$pid"
		wait "$pid"
	done
	for addr in "$own4" "$own6"; do
		n=$(grep -c 'bytes from' "/tmp/open.$addr")
		((n == 0))
		check_err $? "$addr has answered $n times, expected 0"
	done
	log_test "an isolated device that goes down and up is never open"
}

claimed_is_no_part()
{
	RET=0
	isolate_up isolate on
	ipn link set lbx0 type lbx claim eth0 claim 192.0.2.5
	check_err $? "the claim was refused"
	carries lbx0 lo ping -c 1 192.0.2.5
	carries lbx0 lo ping -c 1 2001:db8:1::5
	answers_peer 192.0.2.5 2001:db8:1::5
	drops_peer lbx0 "$own4" "$own6"
	ipn link set lbx0 down
	answers_local 192.0.2.5 2001:db8:1::5
	answers_peer 192.0.2.5 2001:db8:1::5
	log_test "isolation does not concern the addresses that the device claims"
}

hooks_only_while_isolated()
{
	local hooks="lbx_isolate_[io]*" n

	RET=0
	if ! can_trace lbx_isolate_in; then
		log_test_skip "the hooks of isolation exist only while a device is isolated" \
			"this kernel cannot trace functions"
		return
	fi
	isolate_up
	# eth0 has packets of its own to send
	ipn link set eth0 down
	n=$(calls "$hooks" answers_local "$own4" "$own6" 127.0.0.1)
	((n == 0))
	check_err $? "the hooks were called $n times while no device was isolated"
	isolate lbx0 on
	isolate lbx1 on
	# one hook at output, two at input
	n=$(calls "$hooks" answers_local "$own4" "$own6")
	((n == 12))
	check_err $? "the hooks were called $n times for 4 packets, expected 12"
	n=$(calls "$hooks" ip netns exec "$PEER" ping -c 1 -W 5 "$peer4")
	((n == 0))
	check_err $? "the hooks were called $n times in another netns"
	isolate lbx1 off
	n=$(calls "$hooks" answers_local "$own4")
	((n == 6))
	check_err $? "the hooks were called $n times for 2 packets with one isolated device, expected 6"
	isolate lbx0 off
	n=$(calls "$hooks" answers_local "$own4" "$own6" 127.0.0.1)
	((n == 0))
	check_err $? "the hooks were called $n times after no device was isolated"
	isolate lbx0 on
	ipn link del lbx0
	n=$(calls "$hooks" answers_local 127.0.0.1)
	((n == 0))
	check_err $? "the hooks were called $n times after the isolated device was deleted"
	log_test "the hooks of isolation exist only while a device of the netns is isolated"
}

netns_deleted()
{
	local i

	RET=0
	for i in 1 2 3; do
		isolate_up isolate on
		inns_start ping -q -i 0.01 "$own4" &>/dev/null
		inns_start ping -q -i 0.01 "$own6" &>/dev/null
		ip netns exec "$PEER" ping -q -i 0.01 "$own4" &>/dev/null &
		ip netns exec "$PEER" ping -q -i 0.01 "$own6" &>/dev/null &
		busywait "$BUSYWAIT_TIMEOUT" received_on lbx0 4 &&
			busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 4
		check_err $? "round $i: the devices see no traffic"
		cleanup_ns "$NS"
		cleanup_ns "$PEER"
		wait
	done
	rmmod lbx
	check_err $? "the module cannot be removed"
	module_need
	log_test "namespaces with isolated devices can be deleted while traffic runs"
}

unloaded()
{
	local i

	RET=0
	isolate_up isolate on
	for i in 1 2 3; do
		drops_peer lbx0 "$own4" "$own6"
		rmmod lbx
		check_err $? "the module cannot be removed"
		answers_peer 192.0.2.5 2001:db8:1::5
		module_need
		ipn -b - <<-END
			link add lbx0 type lbx
			addr add $own4/32 dev lbx0
			addr add $own6/128 dev lbx0
			link set lbx0 up
		END
		settle
		answers_peer "$own4" "$own6"
		isolate lbx0 on
	done
	log_test "the module can be removed while devices are isolated, and has none when loaded again"
}

tests_run
exit "$EXIT_STATUS"
