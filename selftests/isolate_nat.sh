#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Isolation and what changes the destination of a packet, or its receiver: NAT, TPROXY
# and IPVS; and what answers in place of the address: a rule that rejects.
#
#   +-------------- $NS ---------------+      +-- $PEER --+   +-- $BOX ---+
#   | lbx0   eth0          br0 --veth--+------+-----------+---| eth0      |
#   |        192.0.2.5     172.17.0.1  |                      | 172.17.0.2|
#   +--------------------------------- +                      +-----------+

# shellcheck disable=SC2119 # their arguments are optional
# shellcheck source=selftests/lib/isolate_lib.sh
source "$(dirname "$0")/lib/isolate_lib.sh"

ALL_TESTS="
	published_port
	published_port_forged
	published_port_forged_answer
	redirected
	redirected_in_vrf
	nat_to_isolated
	tproxy
	ipvs
	rejected
"

open4=192.0.2.5
open6=2001:db8:1::5

# hello NS ADDR PORT: save in /tmp/hello.out what the server there sends
hello()
{
	ip netns exec "$1" timeout $((10 * WAIT_TIMEOUT)) bash -c \
		"exec 3<>/dev/tcp/$2/$3 && cat <&3" >/tmp/hello.out 2>&1
}

# says NS ADDR PORT WHAT: the server there sends hello
says()
{
	hello "$@"
	[[ $(</tmp/hello.out) == hello ]]
	check_err $? "$4: $2 port $3 sends '$(</tmp/hello.out)', expected hello"
}

# silent ADDR PORT WHAT: the peer gets no answer at all, and lbx0 counts drops
silent()
{
	local before pid

	before=$(dropped lbx0)
	hello "$PEER" "$@" 2>/dev/null &
	pid=$!
	# the peer retransmits
	busywait "$BUSYWAIT_TIMEOUT" dropped_more lbx0 $((before + 1))
	check_err $? "$3: no drop is counted for $1 port $2"
	[[ ! -s /tmp/hello.out ]]
	check_err $? "$3: $1 port $2 sends '$(</tmp/hello.out)', expected nothing"
	pkill -P "$pid"
	wait "$pid"
}

say_hello()
{
	local ns=$1 port=$2 options=$3 pid

	echo hello >/tmp/hello
	ip netns exec "$ns" socat "TCP6-LISTEN:$port,ipv6only=0,fork,reuseaddr$options" \
		OPEN:/tmp/hello,rdonly 2>/tmp/socat.err &
	pid=$!
	defer kill_process "$pid"
	NS=$ns wait_listen "$port" tcp
}

# box_up: make a container behind a bridge, with a server that sends hello at port 80,
# and the published ports of lbx0
box_up()
{
	isolate_up
	setup_ns BOX
	defer cleanup_ns "$BOX"
	inns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	# With br_netfilter, which another test may have loaded, NAT would take place in the
	# bridge, which does not send a packet back by its port
	[[ ! -e /proc/sys/net/bridge ]] ||
		inns sysctl -qw net.bridge.bridge-nf-call-iptables=0 \
			net.bridge.bridge-nf-call-ip6tables=0
	ipn -b - <<-END
		link add br0 type bridge
		link add veth0 type veth peer name eth0 netns $BOX
		addr add 172.17.0.1/16 dev br0
		addr add fd17::1/64 dev br0 nodad
		link set br0 up
		link set veth0 master br0 up
	END
	ip -n "$BOX" -b - <<-END
		addr add 172.17.0.2/16 dev eth0
		addr add fd17::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 172.17.0.1
		route add default via fd17::1
	END
	inns nft -f - <<-END
		table ip d {
			chain pre {
				type nat hook prerouting priority dstnat;
				ip daddr $own4 tcp dport 8080 dnat to 172.17.0.2:80
				ip daddr $own4 tcp dport 8081 redirect to :80
			}
			chain out {
				type nat hook output priority -100;
				ip daddr $own4 tcp dport 8080 dnat to 172.17.0.2:80
			}
			chain post {
				type nat hook postrouting priority srcnat;
				ip saddr 172.17.0.0/16 oifname != br0 masquerade
				ip saddr 172.17.0.2 ip daddr 172.17.0.2 masquerade
			}
		}
		table ip6 d {
			chain pre {
				type nat hook prerouting priority dstnat;
				ip6 daddr $own6 tcp dport 8080 dnat to [fd17::2]:80
				ip6 daddr $own6 udp dport 8080 dnat to [fd17::2]:80
				ip6 daddr $own6 tcp dport 8081 redirect to :80
			}
			chain out {
				type nat hook output priority -100;
				ip6 daddr $own6 tcp dport 8080 dnat to [fd17::2]:80
			}
			chain post {
				type nat hook postrouting priority srcnat;
				ip6 saddr fd17::/64 oifname != br0 masquerade
				ip6 saddr fd17::2 ip6 daddr fd17::2 masquerade
			}
		}
	END
	check_err $? "nft cannot load rules for NAT"
}

published_port()
{
	local addr

	RET=0
	box_up
	say_hello "$BOX" 80 ""
	for addr in "$own4" "$own6"; do
		says "$NS" "$addr" 8080 "off, from the machine itself"
		says "$BOX" "$addr" 8080 "off, from the container"
		says "$PEER" "$addr" 8080 "off, from outside"
	done
	isolate lbx0 on
	for addr in "$own4" "$own6"; do
		says "$NS" "$addr" 8080 "on, from the machine itself"
		says "$BOX" "$addr" 8080 "on, from the container"
	done
	(($(dropped lbx0) == 0))
	check_err $? "lbx0 counts $(dropped lbx0) drops, expected 0"
	silent "$own4" 8080 "on"
	silent "$own6" 8080 "on"
	log_test "the published port of an isolated address is reachable from this machine only"
}

# The peer uses an address of this machine as source. In IPv4 such a packet is a
# martian.
published_port_forged()
{
	RET=0
	box_up
	agent "$NS"
	agent "$PEER"
	agent "$BOX"
	answers_peer "$open4" "$open6"
	ask "$NS" serve "$own6" 7000
	ask "$BOX" serve fd17::2 80 echo
	attack "IPv6" "$own6" "$own6" "$own6" 8080
	attacks_fail
	# back by the device that it came in by
	attack "IPv6, from the container" "$own6" "$own6" "$own6" 8080
	attacks_fail lbx0 "$BOX"
	log_test "a forged packet cannot open a connection whose replies isolation lets through"
}

# The machine itself has a connection to the container.  The peer claims to be that.
published_port_forged_answer()
{
	RET=0
	box_up
	inns sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600
	inns nft -f - <<-END
		add rule ip d out ip daddr $own4 udp dport 8087 dnat to 172.17.0.2:7000
		add rule ip6 d out ip6 daddr $own6 udp dport 8087 dnat to [fd17::2]:7000
	END
	agent "$NS"
	agent "$PEER"
	agent "$BOX"
	ask "$NS" serve "$own4" 7000
	ask "$NS" serve "$own6" 7000
	ask "$BOX" serve 172.17.0.2 7000
	ask "$BOX" serve fd17::2 7000
	ask "$NS" send "$own4" "$own4" "$own4" 8087 opened
	ask "$NS" send "$own6" "$own6" "$own6" 8087 opened
	attack "IPv4" 172.17.0.2 "$own4" "$own4" 7000
	attack "IPv6" fd17::2 "$own6" "$own6" 7000
	attacks_fail
	log_test "another machine cannot answer in the name of a container with a published port"
}

redirected()
{
	local addr

	RET=0
	box_up
	say_hello "$NS" 80 ""
	for addr in "$own4" "$own6"; do
		says "$PEER" "$addr" 8081 "off"
	done
	isolate lbx0 on
	for addr in "$own4" "$own6"; do
		silent "$addr" 8081 "on"
	done
	says "$PEER" "$open4" 80 "on, the server itself"
	log_test "a packet to an isolated address that a rule redirects is dropped"
}

# A VRF is the device of the packet and of its route, as a loopback is
redirected_in_vrf()
{
	RET=0
	vrf_up
	inns sysctl -qw net.ipv4.udp_l3mdev_accept=1
	inns nft -f - <<-END
		table ip6 d {
			chain pre {
				type nat hook prerouting priority dstnat;
				ip6 daddr $own6 udp dport 8081 redirect to :7000
			}
		}
	END
	agent "$NS"
	agent "$PEER"
	ask "$NS" serve :: 7000
	attack "IPv6" "$peer6" "$own6" "$own6" 8081
	attacks_fail
	log_test "a packet to an isolated address that a rule redirects is dropped in a VRF"
}

nat_to_isolated()
{
	RET=0
	box_up
	inns nft -f - <<-END
		add rule ip d pre ip daddr $open4 tcp dport 8082 dnat to $own4:80
		add rule ip6 d pre ip6 daddr $open6 tcp dport 8082 dnat to [$own6]:80
	END
	say_hello "$NS" 80 ""
	says "$PEER" "$open4" 8082 "off"
	says "$PEER" "$open6" 8082 "off"
	isolate lbx0 on
	silent "$open4" 8082 "on"
	silent "$open6" 8082 "on"
	log_test "a packet that NAT sends from an open address to an isolated one is dropped"
}

tproxy()
{
	local family

	RET=0
	isolate_up
	for family in -4 -6; do
		ipn "$family" -b - <<-END
			rule add fwmark 1 lookup 100
			route add local default dev lo table 100
		END
	done
	if ! inns nft -f - <<-END
		table inet t {
			chain pre {
				type filter hook prerouting priority mangle;
				ip protocol tcp tcp dport 8083 tproxy ip to $own4:81 meta mark set 1
				ip6 nexthdr tcp tcp dport 8083 tproxy ip6 to [$own6]:82 meta mark set 1
			}
		}
	END
	then
		log_test_skip "TPROXY does not pass a packet to a socket of an isolated device" \
			"this kernel does not have TPROXY"
		return
	fi
	say_hello "$NS" 81 ",bind=[::ffff:$own4],ip-transparent"
	say_hello "$NS" 82 ",bind=[$own6],ip-transparent"
	says "$PEER" "$open4" 8083 "off"
	says "$PEER" "$open6" 8083 "off"
	isolate lbx0 on
	silent "$open4" 8083 "on"
	silent "$open6" 8083 "on"
	log_test "TPROXY does not pass a packet to a socket of an isolated device"
}

ipvs()
{
	local name="IPVS neither serves from an isolated address nor uses it for a service"

	RET=0
	box_up
	if ! inns ipvsadm -A -t "$open4:8084" 2>/tmp/ipvs.err; then
		log_test_skip "$name" "$(</tmp/ipvs.err)"
		return
	fi
	inns sysctl -qw net.ipv4.vs.conntrack=1
	inns ipvsadm -a -t "$open4:8084" -r "$own4:80" -m
	inns ipvsadm -A -t "[$open6]:8084"
	inns ipvsadm -a -t "[$open6]:8084" -r "[$own6]:80" -m
	inns ipvsadm -A -t "$own4:8085"
	inns ipvsadm -a -t "$own4:8085" -r 172.17.0.2:80 -m
	check_err $? "ipvsadm cannot add a real server"
	say_hello "$NS" 80 ""
	say_hello "$BOX" 80 ""
	says "$PEER" "$open4" 8084 "off"
	says "$PEER" "$open6" 8084 "off"
	says "$PEER" "$own4" 8085 "off"
	isolate lbx0 on
	silent "$open4" 8084 "on"
	silent "$open6" 8084 "on"
	silent "$own4" 8085 "on"
	log_test "$name"
}

rejected()
{
	local addr

	RET=0
	isolate_up
	inns nft -f - <<-END
		table inet t {
			chain in {
				type filter hook input priority -300;
				tcp dport 8086 reject with tcp reset
			}
		}
	END
	for addr in "$own4" "$own6"; do
		hello "$PEER" "$addr" 8086
		grep -q refused /tmp/hello.out
		check_err $? "off: the connection to $addr is not refused: $(</tmp/hello.out)"
	done
	isolate lbx0 on
	for addr in "$own4" "$own6"; do
		silent "$addr" 8086 "on"
	done
	log_test "a firewall rule that rejects does not answer for an isolated device"
}

tests_run
exit "$EXIT_STATUS"
