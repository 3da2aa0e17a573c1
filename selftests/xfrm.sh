#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# IPsec between local addresses. With esp4_offload and esp6_offload the stack leaves the
# encryption to validate_xmit_xfrm(), on the way to the device.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	direct_is_encrypted
	queued_is_encrypted
	claimed_is_encrypted
	claimed_and_queued_is_encrypted
"

# A packet of more than 64 KiB has a hop-by-hop option first (jumbo payload, RFC 2675)
esp='esp or (ip6[6] == 0 and ip6[40] == 50)'
key=0x0102030405060708090a0b0c0d0e0f1011121314

# sa A B SPI: encrypt packets between A and B
sa()
{
	local src=$1 dst=$2 spi=$3 dir

	{
		for dir in 1 2; do
			echo "xfrm state add src $src dst $dst proto esp spi $spi$dir reqid $spi mode transport aead rfc4106(gcm(aes)) $key 128"
			echo "xfrm policy add src $src dst $dst dir out tmpl src $src dst $dst proto esp reqid $spi mode transport"
			echo "xfrm policy add src $src dst $dst dir in tmpl src $src dst $dst proto esp reqid $spi mode transport"
			src=$2 dst=$1
		done
	} | ipn -b -
}

up()
{
	local name=$1

	if ! modprobe -a esp4_offload esp6_offload 2>/dev/null; then
		log_test_skip "$name" "this kernel does not have esp4_offload"
		return 1
	fi
	netns_up
	ipn -b - <<-END
		link add lbx0 type lbx
		addr add 192.0.2.1/32 dev lbx0
		addr add 192.0.2.2/32 dev lbx0
		addr add 2001:db8:9::1/128 dev lbx0
		addr add 2001:db8:9::2/128 dev lbx0
		link set lbx0 up
		link add eth0 type dummy
		addr add 203.0.113.1/24 dev eth0
		addr add 203.0.113.2/24 dev eth0
		addr add 2001:db8:1::1/64 dev eth0 nodad
		addr add 2001:db8:1::2/64 dev eth0 nodad
		link set eth0 up
	END
	settle
	# IPv4 exempts a loopback from IPsec unless this is off
	inns sysctl -qw net.ipv4.conf.lbx0.disable_xfrm=0 \
		net.ipv4.conf.lbx0.disable_policy=0 \
		net.ipv4.conf.lo.disable_xfrm=0 net.ipv4.conf.lo.disable_policy=0
	sa 192.0.2.1 192.0.2.2 0x1
	sa 2001:db8:9::1 2001:db8:9::2 0x2
	sa 203.0.113.1 203.0.113.2 0x3
	sa 2001:db8:1::1 2001:db8:1::2 0x4
}

# encrypted A B: A sends small and large packets to B by lbx0, all of them encrypted
encrypted()
{
	local src=$1 dst=$2 pf=ip4 server

	[[ $src != *:* ]] || pf=ip6 src="[$1]" dst="[$2]"
	yes in-the-clear | head -c 300000 >/tmp/xfrm.in
	capture lbx0 /tmp/xfrm.pcap
	inns ping -c 2 -i 0.1 -W 2 -p 696e2d7468652d636c656172 -I "$1" "$2" &>/dev/null
	check_err $? "$1 does not reach $2"
	# ends when it has received everything
	inns_start timeout "$WAIT_TIMEOUT" socat -u \
		"TCP-LISTEN:5000,pf=$pf,bind=$dst,reuseaddr" OPEN:/tmp/xfrm.out,creat,trunc
	server=$!
	wait_listen 5000 tcp
	inns timeout "$WAIT_TIMEOUT" socat -u OPEN:/tmp/xfrm.in \
		"TCP:$dst:5000,bind=$src"
	check_err $? "$1 cannot send to $2"
	wait "$server"
	check_err $? "$2 has not received everything"
	capture_end /tmp/xfrm.pcap
	cmp -s /tmp/xfrm.in /tmp/xfrm.out
	check_err $? "$2 has received other data"
	(($(capture_count /tmp/xfrm.pcap "$esp") > 4))
	check_err $? "$1 to $2: $(capture_count /tmp/xfrm.pcap "$esp") packets are ESP, expected more than 4"
	(($(capture_count /tmp/xfrm.pcap "not ($esp) and not icmp6") == 0))
	check_err $? "$1 to $2: packets are not ESP: $(tcpdump -nn -r /tmp/xfrm.pcap "not ($esp) and not icmp6" 2>/dev/null | head -n 2)"
	grep -q 'the-clear' /tmp/xfrm.pcap
	check_fail $? "$1 to $2: the payload is not encrypted"
}

direct_is_encrypted()
{
	local name="IPsec with esp4_offload and esp6_offload encrypts between addresses of an lbx device"

	RET=0
	up "$name" || return
	encrypted 192.0.2.1 192.0.2.2
	encrypted 2001:db8:9::1 2001:db8:9::2
	log_test "$name"
}

queued_is_encrypted()
{
	local name="IPsec with esp4_offload and esp6_offload encrypts with direct off"

	RET=0
	up "$name" || return
	ipn link set lbx0 type lbx direct off
	encrypted 192.0.2.1 192.0.2.2
	encrypted 2001:db8:9::1 2001:db8:9::2
	log_test "$name"
}

claimed_is_encrypted()
{
	local name="IPsec with esp4_offload and esp6_offload encrypts between claimed addresses"

	RET=0
	up "$name" || return
	ipn link set lbx0 type lbx claim eth0
	encrypted 203.0.113.1 203.0.113.2
	encrypted 2001:db8:1::1 2001:db8:1::2
	log_test "$name"
}

claimed_and_queued_is_encrypted()
{
	local name="IPsec with esp4_offload and esp6_offload encrypts claimed packets that pass a qdisc"

	RET=0
	up "$name" || return
	ipn link set lbx0 type lbx claim eth0
	inns tc qdisc add dev lbx0 root pfifo
	encrypted 203.0.113.1 203.0.113.2
	encrypted 2001:db8:1::1 2001:db8:1::2
	log_test "$name"
}

tests_run
exit "$EXIT_STATUS"
