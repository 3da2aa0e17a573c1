#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Isolation and tunnels that end on this machine. An inner packet arrives on the device
# of the tunnel, or on the one that carries the tunnel.

# shellcheck disable=SC2119 # their arguments are optional
# shellcheck source=selftests/lib/isolate_lib.sh
source "$(dirname "$0")/lib/isolate_lib.sh"

ALL_TESTS="
	tunnels
	ipsec
	segment_routing
"

open4=192.0.2.5
open6=2001:db8:1::5
addrs=()

# tunnel N FAMILIES TYPE 4|6|remote OPTION...: make tN in both namespaces, over IPv4 or
# IPv6 ("remote": without a local address), and an address of lbx0 for each of FAMILIES
# to which the peer has a route through the tunnel
tunnel()
{
	local n=$1 families=$2 type=$3 over=$4; shift 4
	local near far

	case $over in
	4)	near=(local "$open4" remote "$peer4")
		far=(local "$peer4" remote "$open4") ;;
	6)	near=(local "$open6" remote "$peer6")
		far=(local "$peer6" remote "$open6") ;;
	remote)	near=(remote "$peer4")
		far=(remote "$open4") ;;
	esac
	ipn link add "t$n" type "$type" "$@" "${near[@]}"
	check_err $? "a tunnel of type $type cannot be made"
	ip -n "$PEER" link add "t$n" type "$type" "$@" "${far[@]}"
	tunnel_up "$n" "$families"
}

tunnel_up()
{
	local n=$1 families=$2

	{
		echo "link set t$n up"
		[[ $families != *4* ]] || echo "addr add 10.77.$n.1/24 dev t$n"
		[[ $families != *6* ]] || echo "addr add fd77:$n::1/64 dev t$n nodad"
	} | ipn -b -
	{
		echo "link set t$n up"
		[[ $families != *4* ]] || echo "addr add 10.77.$n.2/24 dev t$n"
		[[ $families != *6* ]] || echo "addr add fd77:$n::2/64 dev t$n nodad"
		[[ $families != *4* ]] || echo "route add 10.78.$n.1 via 10.77.$n.1"
		[[ $families != *6* ]] || echo "route add fd78:$n::1 via fd77:$n::1"
	} | ip -n "$PEER" -b -
	inside "$n" "$families"
}

# inside N FAMILIES: add addresses of lbx0
inside()
{
	local n=$1 families=$2

	if [[ $families == *4* ]]; then
		ipn addr add "10.78.$n.1/32" dev lbx0
		addrs+=("10.78.$n.1")
	fi
	if [[ $families == *6* ]]; then
		ipn addr add "fd78:$n::1/128" dev lbx0
		addrs+=("fd78:$n::1")
	fi
}

wireguard()
{
	local n=$1 near far

	near=$(wg genkey) far=$(wg genkey)
	ipn link add "t$n" type wireguard
	check_err $? "a tunnel of type wireguard cannot be made"
	ip -n "$PEER" link add "t$n" type wireguard
	inns wg set "t$n" listen-port 5182 private-key <(echo "$near") \
		peer "$(wg pubkey <<<"$far")" allowed-ips 0.0.0.0/0,::/0
	ip netns exec "$PEER" wg set "t$n" private-key <(echo "$far") \
		peer "$(wg pubkey <<<"$near")" allowed-ips 0.0.0.0/0,::/0 \
		endpoint "$open4:5182"
	tunnel_up "$n" 46
}

# reached with isolation off, dropped with isolation on
through()
{
	settle
	answers_peer "${addrs[@]}"
	isolate lbx0 on
	drops_peer lbx0 "${addrs[@]}"
	answers_peer "$open4" "$open6"
}

tunnels()
{
	RET=0
	addrs=()
	isolate_up
	tunnel 1 4 ipip 4
	tunnel 2 46 sit 4 mode any
	tunnel 3 46 gre 4 key 3
	tunnel 4 46 gretap 4 key 4
	tunnel 5 46 ip6tnl 6 mode any
	tunnel 6 46 ip6gre 6 key 6
	tunnel 7 46 vxlan 4 id 7 dstport 4789
	tunnel 8 46 geneve remote id 8
	if modprobe fou; then
		inns ip fou add port 5555 ipproto 47
		ip netns exec "$PEER" ip fou add port 5555 ipproto 47
		tunnel 9 46 gre 4 key 9 encap fou encap-sport 5555 encap-dport 5555
	fi
	wireguard 10
	through
	log_test "a packet from a tunnel does not reach an isolated device"
}

# esp NS SRC DST SPI: add one direction of ESP, which has no device
esp()
{
	local ns=$1 src=$2 dst=$3 spi=$4

	ip -n "$ns" xfrm state add src "$src" dst "$dst" proto esp spi "$spi" mode tunnel \
		aead 'rfc4106(gcm(aes))' "0x$(printf '%040d' "$spi")" 128
}

ipsec()
{
	local ns way

	RET=0
	addrs=()
	isolate_up
	inside 20 46
	for ns in "$NS" "$PEER"; do
		esp "$ns" "$peer4" "$open4" 1
		esp "$ns" "$peer6" "$open6" 2
		check_err $? "ESP cannot be configured"
		way=in
		[[ $ns == "$NS" ]] || way=out
		ip -n "$ns" -b - <<-END
			xfrm policy add src $peer4 dst 10.78.20.1 dir $way tmpl src $peer4 dst $open4 proto esp mode tunnel
			xfrm policy add src $peer6 dst fd78:20::1 dir $way tmpl src $peer6 dst $open6 proto esp mode tunnel
		END
		check_err $? "a policy for ESP cannot be added"
	done
	ip -n "$PEER" -b - <<-END
		route add 10.78.20.1 via $open4
		route add fd78:20::1 via $open6
	END
	NS=$PEER capture eth0 /tmp/esp.pcap -Q out
	through
	NS=$PEER capture_end /tmp/esp.pcap
	(($(capture_count /tmp/esp.pcap 'ip proto 50') == 2 &&
	  $(capture_count /tmp/esp.pcap 'ip6 proto 50') == 2))
	check_err $? "not all packets are ESP"
	log_test "a packet from IPsec in tunnel mode does not reach an isolated device"
}

# This machine handles SRv6 in three forms: an inner packet after the last segment, a
# segment routing header that another kernel inserted, and a segment that decapsulates
segment_routing()
{
	RET=0
	addrs=()
	isolate_up
	inns sysctl -qw net.ipv6.conf.{all,eth0}.seg6_enabled=1
	inside 30 46
	inside 31 6
	inside 32 6
	ip -n "$PEER" -6 -b - <<-END
		route add fd78:30::1 encap seg6 mode encap segs $open6 dev eth0
		route add fd78:31::1 encap seg6 mode inline segs $open6 dev eth0
		route add 2001:db8:5::1 via $open6
		route add fd78:32::1 encap seg6 mode encap segs 2001:db8:5::1 dev eth0
	END
	check_err $? "a route with SRv6 cannot be added"
	ip -n "$PEER" route add 10.78.30.1 encap seg6 mode encap segs "$open6" dev eth0
	check_err $? "a route with SRv6 for IPv4 cannot be added"
	ipn -6 route add 2001:db8:5::1 encap seg6local action End.DT6 table 255 dev eth0
	check_err $? "a route with End.DT6 cannot be added"
	through
	log_test "a packet from SRv6 does not reach an isolated device"
}

tests_run
exit "$EXIT_STATUS"
