#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each protocol works over an lbx device, without loss or damage.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	icmp
	tcp
	udp
	sctp
	fragments
	parallel_streams
	small_mtu
	without_offloads
	port_closed
	qdisc_that_delays
	timestamps
"

ADDRS="192.0.2.1 [2001:db8:9::1]"
data=/tmp/protocols.data
head -c 5000000 /dev/urandom >"$data"
sum=$(md5sum <"$data")

# transfer ADDR: the data is sent by TCP over lbx0, and arrives unchanged
transfer()
{
	local addr=$1 pf=ip4 pid

	[[ $addr != *:* ]] || pf=ip6
	inns_start timeout 120 socat -u "TCP-LISTEN:5000,bind=$addr,pf=$pf" \
		OPEN:/tmp/got,creat,trunc 2>/tmp/transfer.err
	pid=$!
	wait_listen 5000 tcp
	carries lbx0 lo timeout 120 socat -u "OPEN:$data" "TCP:$addr:5000"
	wait "$pid"
	check_err $? "the receiver ended with status $?"
	[[ $(md5sum </tmp/got) == "$sum" ]]
	check_err $? "TCP to $addr: $(stat -c %s /tmp/got) of 5000000 bytes arrived, or they are damaged; $(cat /tmp/transfer.err)"
}

icmp()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	carries lbx0 lo ping -c 5 -i 0.05 192.0.2.1
	carries lbx0 lo ping -c 5 -i 0.05 2001:db8:9::1
	log_test "ICMP works over an lbx device, by IPv4 and IPv6"
}

tcp()
{
	local addr

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	for addr in $ADDRS; do
		transfer "$addr"
	done
	log_test "TCP transfers 5 MB over an lbx device, by IPv4 and IPv6"
}

udp()
{
	local addr

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	for addr in 192.0.2.1 2001:db8:9::1; do
		carries lbx0 lo udp_echo -s "$addr" 5000 500 64
		carries lbx0 lo udp_echo -s "$addr" 5000 50 30000
	done
	log_test "UDP datagrams of 64 and 30000 bytes are answered, by IPv4 and IPv6"
}

sctp()
{
	local name="SCTP works over an lbx device, by IPv4 and IPv6"

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	# SCTP may be built in
	if [[ ! -e /proc/net/sctp ]] && ! modprobe -q sctp; then
		log_test_skip "$name" "this kernel does not have SCTP"
		return
	fi
	carries lbx0 lo serve -s 192.0.2.1
	carries lbx0 lo serve -s 2001:db8:9::1
	log_test "$name"
}

fragments()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link set lbx0 mtu 1500
	carries lbx0 lo ping -c 3 -i 0.05 -s 60000 192.0.2.1
	carries lbx0 lo ping -c 3 -i 0.05 -s 60000 2001:db8:9::1
	log_test "an lbx device carries fragments, by IPv4 and IPv6"
}

parallel_streams()
{
	local addr pid

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	for addr in 192.0.2.1 2001:db8:9::1; do
		inns_start iperf3 -s -1 -B "$addr" &>/dev/null
		pid=$!
		wait_listen 5201 tcp
		carries lbx0 lo iperf3 -c "$addr" -P 4 -t 2
		wait "$pid"
	done
	[[ $(stat64 lbx0 rx.errors) == 0 && $(stat64 lbx0 tx.dropped) == 0 ]]
	check_err $? "the device counts errors or drops"
	log_test "four concurrent TCP streams (iperf3) work over an lbx device"
}

small_mtu()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link set lbx0 mtu 1280
	transfer 192.0.2.1
	transfer '[2001:db8:9::1]'
	log_test "TCP works over an lbx device with MTU 1280"
}

without_offloads()
{
	RET=0
	lbx_up 192.0.2.1/32
	inns ethtool -K lbx0 tso off gso off
	check_err $? "tso and gso cannot be switched off"
	transfer 192.0.2.1
	inns ethtool -k lbx0 | grep -q '^tcp-segmentation-offload: off'
	check_err $? "TSO is still on"
	log_test "TCP works over an lbx device without segmentation offload"
}

port_closed()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	refused "Connection refused" inns socat - TCP:192.0.2.1:5009
	refused "Connection refused" inns socat - 'TCP:[2001:db8:9::1]:5009'
	refused "Connection refused" inns udp_echo 192.0.2.1 5009 1 10
	refused "Connection refused" inns udp_echo 2001:db8:9::1 5009 1 10
	log_test "a closed port refuses connections, by TCP and UDP"
}

qdisc_that_delays()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	inns tc qdisc add dev lbx0 root netem delay 3ms limit 10000
	transfer 192.0.2.1
	ping_once 192.0.2.1 -q
	[[ $(inns ping -c 3 -i 0.05 192.0.2.1 |
	     sed -n 's@^rtt min/avg/max/mdev = \([0-9]*\).*@\1@p') -ge 6 ]]
	check_err $? "a ping takes less time than two delays"
	log_test "TCP works over an lbx device with a netem qdisc that delays packets"
}

timestamps()
{
	RET=0
	lbx_up 192.0.2.1/32
	inns ethtool -T lbx0 | grep -q 'software-transmit'
	check_err $? "ethtool does not show software-transmit"
	inns ethtool -T lbx0 | grep -q 'software-receive'
	check_err $? "ethtool does not show software-receive"
	# ping prints the time from the kernel's receive timestamp
	inns ping -D -c 1 192.0.2.1 | grep -q 'time='
	check_err $? "ping prints no time"
	log_test "an lbx device has software timestamps"
}

lbx_cleanup()
{
	rm -f "$data"
}
trap lbx_cleanup EXIT

tests_run
exit "$EXIT_STATUS"
