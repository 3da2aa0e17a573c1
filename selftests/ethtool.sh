#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ethtool shows and changes.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

ALL_TESTS="
	driver
	offloads_can_be_switched
	offload_off_takes_the_queue
	checksum_off
	segmentation_off
	timestamping
	link_is_up
"

# direct: how many packets went past the queue
direct()
{
	inns ethtool -S lbx0 | awk '$1 == "direct_packets:" {print $2}'
}

# is_on FEATURE
is_on()
{
	inns ethtool -k lbx0 | grep -q "^[[:space:]]*$1: on$"
}

driver()
{
	local out

	RET=0
	lbx_up
	out=$(inns ethtool -i lbx0)
	grep -qx 'driver: lbx' <<<"$out" &&
	grep -qx "version: $(</sys/module/lbx/version)" <<<"$out" &&
	grep -qx 'supports-statistics: yes' <<<"$out"
	check_err $? "it says '$out'"
	log_test "driver name and version, that of the module"
}

# those that are fixed on lo, as parts of what lo is
OFFLOADS="tx-checksum-ip-generic tx-checksum-sctp tx-scatter-gather
	  tx-scatter-gather-fraglist tx-tcp-segmentation tx-tcp-ecn-segmentation
	  tx-tcp-mangleid-segmentation tx-tcp6-segmentation
	  tx-sctp-segmentation tx-udp-segmentation tx-gso-list"

offloads_can_be_switched()
{
	local offload

	RET=0
	lbx_up 192.0.2.1/32
	for offload in $OFFLOADS; do
		is_on "$offload"
		check_err $? "$offload is not on, or fixed"
		inns ethtool -K lbx0 "$offload" off &>/dev/null
		is_on "$offload"
		check_fail $? "$offload is still on"
		inns ethtool -K lbx0 "$offload" on &>/dev/null
		is_on "$offload"
		check_err $? "$offload is not on again"
	done
	# what one took with it has come back
	[[ $(inns ethtool -k lbx0 | grep -c ': off$') == \
	   $(ipn link add lbx1 type lbx && inns ethtool -k lbx1 | grep -c ': off$') ]]
	check_err $? "something has stayed off: $(inns ethtool -k lbx0 | grep ': off$')"
	log_test "each offload can be switched off, and on again"
}

offload_off_takes_the_queue()
{
	local offload before

	RET=0
	lbx_up 192.0.2.1/32
	for offload in tx-checksum-ip-generic tx-scatter-gather \
		       tx-tcp-segmentation tx-udp-segmentation; do
		inns ethtool -K lbx0 "$offload" off &>/dev/null
		before=$(direct)
		inns sweep 192.0.2.1 1
		check_err $? "$offload off: nothing arrives"
		(($(direct) == before))
		check_err $? "$offload off: the packet went past the queue"
		inns ethtool -K lbx0 "$offload" on &>/dev/null
		inns sweep 192.0.2.1 1
		(($(direct) == before + 1))
		check_err $? "$offload on again: the packet did not go past the queue"
	done
	log_test "with an offload off packets go by the queue, with it on past it"
}

# checksums PATTERN: what tcpdump says of a datagram's checksum
checksums()
{
	local pattern=$1 family

	for family in 192.0.2.1 2001:db8:9::1; do
		capture lbx0 /tmp/sum.pcap udp
		inns sweep "$family" 1
		check_err $? "$family: nothing arrives"
		capture_end /tmp/sum.pcap
		tcpdump -nn -vv -r /tmp/sum.pcap 2>/dev/null | grep -q "$pattern"
		check_err $? "$family: no '$pattern' in $(tcpdump -nn -vv -r /tmp/sum.pcap 2>&1)"
	done
}

checksum_off()
{
	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	checksums 'bad udp cksum'
	inns ethtool -K lbx0 tx off &>/dev/null
	checksums 'udp sum ok'
	inns ethtool -K lbx0 tx on &>/dev/null
	checksums 'bad udp cksum'
	log_test "with tx off a captured packet has its checksum, with tx on not yet"
}

# segments ADDR: of a TCP transfer, are all captured packets within the MTU?
segments()
{
	local addr=$1 server

	inns_start socat -u TCP-LISTEN:5000,pf="$([[ $addr != *:* ]] && echo ip4 || echo ip6)" \
		OPEN:/tmp/tcp.out,creat,trunc
	server=$!
	wait_listen 5000 tcp
	capture lbx0 /tmp/tcp.pcap -s 100
	head -c 500000 /dev/zero | inns socat -u -b 200000 - "TCP:$addr:5000"
	wait "$server"
	capture_end /tmp/tcp.pcap
	[[ $(stat -c %s /tmp/tcp.out) == 500000 ]]
	check_err $? "$addr: $(stat -c %s /tmp/tcp.out) of 500000 bytes came"
	[[ $(capture_count /tmp/tcp.pcap greater 1515) == 0 ]]
}

# A capture is taken before the segmentation: what is seen is what TCP makes.
# Without generic segmentation too, it makes packets of the MTU.
segmentation_off()
{
	local addr

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link set lbx0 mtu 1500
	settle
	for addr in 192.0.2.1 '[2001:db8:9::1]'; do
		segments "$addr"
		check_fail $? "$addr: no packet is above the MTU with tso on"
		inns ethtool -K lbx0 tso off gso off &>/dev/null
		segments "$addr"
		check_err $? "$addr: packets are above the MTU with tso and gso off"
		inns ethtool -K lbx0 tso on gso on &>/dev/null
	done
	log_test "with tso and gso off no TCP packet is above the MTU"
}

timestamping()
{
	local out flag

	RET=0
	lbx_up
	out=$(inns ethtool -T lbx0)
	for flag in software-transmit software-receive software-system-clock; do
		grep -qw "$flag" <<<"$out"
		check_err $? "no $flag in '$out'"
	done
	grep -qi 'clock: none\|clock provider index: none' <<<"$out"
	check_err $? "it has a hardware clock: '$out'"
	! grep -q '^	hardware-' <<<"$out"
	check_err $? "it claims hardware time stamps: '$out'"
	log_test "timestamping is in software, transmit and receive"
}

# as of any device, __ethtool_get_link() says no while it is down
link_is_up()
{
	RET=0
	lbx_up
	inns ethtool lbx0 | grep -q 'Link detected: yes'
	check_err $? "it says '$(inns ethtool lbx0)'"
	ipn link set lbx0 down
	ipn link set lbx0 up
	inns ethtool lbx0 | grep -q 'Link detected: yes'
	check_err $? "after down and up it says '$(inns ethtool lbx0)'"
	log_test "the link is detected whenever the device is up"
}

tests_run
exit "$EXIT_STATUS"
