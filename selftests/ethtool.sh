#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ethtool shows an lbx device and changes its offloads.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	driver
	offloads_can_be_switched
	offload_off_takes_the_queue
	checksum_off
	segmentation_off
	timestamping
	link_is_up
"

# direct: print how many packets were direct
direct()
{
	inns ethtool -S lbx0 | awk '$1 == "direct_packets:" {print $2}'
}

# is_on FEATURE: true if FEATURE is on and can be changed
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
	check_err $? "ethtool -i prints '$out'"
	log_test "ethtool -i shows the driver lbx and the version of the module"
}

# offloads that are fixed on lo, because they are part of what lo is
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
		check_err $? "$offload is off or fixed"
		inns ethtool -K lbx0 "$offload" off &>/dev/null
		is_on "$offload"
		check_fail $? "$offload is still on after it was switched off"
		inns ethtool -K lbx0 "$offload" on &>/dev/null
		is_on "$offload"
		check_err $? "$offload is still off after it was switched on"
	done
	# features that went off together with an offload are on again
	[[ $(inns ethtool -k lbx0 | grep -c ': off$') == \
	   $(ipn link add lbx1 type lbx && inns ethtool -k lbx1 | grep -c ': off$') ]]
	check_err $? "features are still off: $(inns ethtool -k lbx0 | grep ': off$')"
	log_test "each offload of an lbx device can be switched off and on again"
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
		check_err $? "the datagram was not received with $offload off"
		(($(direct) == before))
		check_err $? "the packet was direct with $offload off"
		inns ethtool -K lbx0 "$offload" on &>/dev/null
		inns sweep 192.0.2.1 1
		(($(direct) == before + 1))
		check_err $? "the packet was not direct after $offload was on again"
	done
	log_test "packets are queued while an offload is off, and direct while all are on"
}

# checksums PATTERN: tcpdump prints PATTERN about the checksum of a datagram
checksums()
{
	local pattern=$1 family

	for family in 192.0.2.1 2001:db8:9::1; do
		capture lbx0 /tmp/sum.pcap udp
		inns sweep "$family" 1
		check_err $? "the datagram to $family was not received"
		capture_end /tmp/sum.pcap
		tcpdump -nn -vv -r /tmp/sum.pcap 2>/dev/null | grep -q "$pattern"
		check_err $? "$family: tcpdump does not print '$pattern': $(tcpdump -nn -vv -r /tmp/sum.pcap 2>&1)"
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
	log_test "captured packets have a checksum with tx off, and none yet with tx on"
}

# segments ADDR: true if no captured packet of a TCP transfer is larger than the MTU
segments()
{
	capture_tcp "$1" 500000 200000
	[[ $(capture_count /tmp/tcp.pcap greater 1515) == 0 ]]
}

# A capture is taken before the segmentation, so it shows the packets that TCP makes.
# Without generic segmentation, too, TCP makes packets of the size of the MTU.
segmentation_off()
{
	local addr

	RET=0
	lbx_up 192.0.2.1/32 2001:db8:9::1/128
	ipn link set lbx0 mtu 1500
	settle
	for addr in 192.0.2.1 '[2001:db8:9::1]'; do
		segments "$addr"
		check_fail $? "$addr: no packet is larger than the MTU with tso on"
		inns ethtool -K lbx0 tso off gso off &>/dev/null
		segments "$addr"
		check_err $? "$addr: packets are larger than the MTU with tso and gso off"
		inns ethtool -K lbx0 tso on gso on &>/dev/null
	done
	log_test "no TCP packet is larger than the MTU while tso and gso are off"
}

timestamping()
{
	local out flag

	RET=0
	lbx_up
	out=$(inns ethtool -T lbx0)
	for flag in software-transmit software-receive software-system-clock; do
		grep -qw "$flag" <<<"$out"
		check_err $? "ethtool -T does not show $flag: '$out'"
	done
	grep -qi 'clock: none\|clock provider index: none' <<<"$out"
	check_err $? "ethtool -T shows a hardware clock: '$out'"
	! grep -q '^	hardware-' <<<"$out"
	check_err $? "ethtool -T shows hardware timestamps: '$out'"
	log_test "an lbx device has software timestamps for transmit and receive"
}

# as for any device, __ethtool_get_link() reports no link while it is down
link_is_up()
{
	RET=0
	lbx_up
	inns ethtool lbx0 | grep -q 'Link detected: yes'
	check_err $? "ethtool prints '$(inns ethtool lbx0)'"
	ipn link set lbx0 down
	ipn link set lbx0 up
	inns ethtool lbx0 | grep -q 'Link detected: yes'
	check_err $? "ethtool prints '$(inns ethtool lbx0)' after down and up"
	log_test "ethtool detects a link whenever the device is up"
}

tests_run
exit "$EXIT_STATUS"
