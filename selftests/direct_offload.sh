#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Direct output with an offload off: packets are segmented, linear and have checksums, as
# the device asks for.

# shellcheck source=selftests/lib/direct_lib.sh
source "$(dirname "$0")/lib/direct_lib.sh"

ALL_TESTS="
	each_offload
	tso_off_segments
	tx_off_checksums
	sg_off_linear
	gso_max_size_holds
	gso_without_checksum
"

# offloads NAME on|off...: change offloads of lbx0
offloads()
{
	inns ethtool -K lbx0 "$@" &>/tmp/ethtool.out
	check_err $? "'ethtool -K $*' failed: $(</tmp/ethtool.out)"
}

each_offload()
{
	local offload seen='' queued direct inline

	RET=0
	up
	for offload in $(inns ethtool -k lbx0 | sed -nE 's/^\t?(tx-[^:]*): on$/\1/p'); do
		# skip one that stands for others in older versions, and one that users
		# cannot change
		[[ $offload != tx-checksumming && $offload != tx-nocache-copy ]] || continue
		inns ethtool -K lbx0 "$offload" off &>/dev/null || continue
		count_paths udp_echo -s 192.0.2.1 5000 1 64
		((queued > 0 && direct == 0))
		check_err $? "$direct packets are direct while $offload is off, expected 0"
		offloads tx on sg on tso on "$offload" on
		seen+=" $offload"
	done
	each_family all_direct
	[[ $seen == *tx-tcp-segmentation* && $seen == *tx-udp-segmentation* ]]
	check_err $? "only these offloads can be switched off:$seen"
	log_test "packets are queued while any transmit offload is off"
}

# big_packets BYTES: set $big to the number of packets of the connection that are larger
big_packets()
{
	capture lbx0 /tmp/big.pcap -s 100 "greater $(($1 + 1))"
	send 1000000
	capture_end /tmp/big.pcap
	big=$(capture_count /tmp/big.pcap)
}

tso_off_segments()
{
	local addr big

	RET=0
	up
	ipn link set lbx0 mtu 1500
	for addr in $ADDRS; do
		connection "$addr"
		big_packets 1514
		((big > 0))
		check_err $? "$addr: no packet is larger than the MTU with tso on"
		offloads tso off
		big_packets 1514
		((big == 0))
		check_err $? "$addr: $big packets are larger than the MTU with tso off"
		offloads tso on
		hang_up
	done
	log_test "no packet is larger than the MTU while tso is off"
}

# checksums RIGHT WRONG: of the packets with data of the connection, RIGHT have a
# correct checksum and WRONG have an incorrect one
checksums()
{
	local right wrong

	capture lbx0 /tmp/sum.pcap 'tcp and dst port 5000'
	send 1000
	capture_end /tmp/sum.pcap
	tcpdump -nn -vv -r /tmp/sum.pcap 2>/dev/null | grep 'length 1000$' >/tmp/sum.txt
	right=$(grep -c 'cksum 0x[0-9a-f]* (correct)' /tmp/sum.txt)
	wrong=$(grep -c 'cksum 0x[0-9a-f]* (incorrect' /tmp/sum.txt)
	((right == $1 && wrong == $2))
	check_err $? "$right correct checksums, expected $1; $wrong incorrect, expected $2: $(</tmp/sum.txt)"
}

tx_off_checksums()
{
	local addr

	RET=0
	up
	for addr in $ADDRS; do
		connection "$addr"
		# a capture shows packets without a checksum, and then with it
		checksums 0 1
		offloads tx off
		checksums 1 0
		offloads tx on sg on tso on
		hang_up
	done
	log_test "each packet has its checksum while tx is off"
}

sg_off_linear()
{
	local addr

	RET=0
	up
	trace_start net_dev_start_xmit
	for addr in $ADDRS; do
		connection "$addr"
		offloads sg off
		send 200000
		(($(traced net_dev_start_xmit) > 0))
		check_err $? "$addr: no packet was queued"
		(($(traced net_dev_start_xmit 'data_len=[1-9]') == 0))
		check_err $? "$addr: $(traced net_dev_start_xmit 'data_len=[1-9]') packets are not linear"
		offloads sg on tso on
		echo >"$trace/trace"
		hang_up
	done
	log_test "each packet is linear while sg is off"
}

gso_max_size_holds()
{
	local addr big

	RET=0
	up
	ipn link set lbx0 mtu 1500
	for addr in $ADDRS; do
		ipn link set lbx0 gso_max_size 65536
		connection "$addr"
		big_packets 4014
		((big > 0))
		check_err $? "$addr: no packet is larger than 4000 bytes before the change"
		ipn link set lbx0 gso_max_size 4000
		big_packets 4014
		((big == 0))
		check_err $? "$addr: $big packets are larger than gso_max_size"
		hang_up
	done
	log_test "a lower gso_max_size takes effect for established connections"
}

# For UDP with an extension header, IPv6 does not leave the checksum to the device, so
# each segment needs its own. Kernels before 6.11 refuse to send such a packet.
segments_with_options='
import errno, socket, sys
server, client = (socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(2))
server.bind((sys.argv[1], 5000))
server.settimeout(5)
pad = bytes([0, 0, 1, 4, 0, 0, 0, 0])
client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS, pad)
UDP_SEGMENT = 103
client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 100)
try:
	client.sendto(bytes(200), server.getsockname())
except OSError as error:
	sys.exit(4 if error.errno == errno.EIO else 1)
for _ in range(2):
	assert len(server.recv(1000)) == 100'

gso_without_checksum()
{
	local addr

	RET=0
	nic_up
	lbxn set lbx0 addr 2001:db8:9::1 >/dev/null
	lbxn claim eth0 dev lbx0 >/dev/null
	settle
	inns python3 -c "$segments_with_options" ::1 2>/dev/null
	if (($? == ksft_skip)); then
		log_test_skip "a GSO packet whose checksum is done already is segmented" \
			"this kernel refuses to send such a packet"
		return
	fi
	for addr in 2001:db8:9::1 2001:db8::1; do
		all_queued python3 -c "$segments_with_options" "$addr"
	done
	log_test "a GSO packet whose checksum is done already is segmented"
}

tests_run
exit "$EXIT_STATUS"
