# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that the tests of claims share.
#
#   +-------------- $NS -------------+        +---- $PEER ----+
#   | lo   lbx0   lbx1          eth0 |--------| eth0          |
#   |                   192.0.2.5    |        | 192.0.2.6     |
#   |                2001:db8:1::5   |        | 2001:db8:1::6 |
#   +--------------------------------+        +---------------+

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

nic4=192.0.2.5
nic6=2001:db8:1::5

# claim_up: make $NS with eth0, two addresses on lo as a router has one, and both lbx
# devices, which are up and have no addresses. eth0 is a dummy, which takes less time to
# make.
# claim_up_peer: make $PEER, too, connected with eth0
claim_up()
{
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn -b - <<-END
		link add lbx0 type lbx
		link add lbx1 type lbx
		link add eth0 type dummy
		link set lbx0 up
		link set lbx1 up
		link set eth0 up
		addr add $nic4/24 dev eth0
		addr add $nic6/64 dev eth0 nodad
		addr add 198.51.100.5/32 dev lo
		addr add 198.51.100.6/32 dev lo
	END
}

claim_up_peer()
{
	setup_ns NS PEER
	defer cleanup_ns "$NS" "$PEER"
	veth_up "$nic4/24 $nic6/64" "192.0.2.6/24 2001:db8:1::6/64"
	ipn -b - <<-END
		link add lbx0 type lbx
		link add lbx1 type lbx
		link set lbx0 up
		link set lbx1 up
		addr add 198.51.100.5/32 dev lo
	END
}

# change DEV OPTION...: change DEV
change()
{
	local dev=$1; shift

	ipn link set "$dev" type lbx "$@"
	check_err $? "'$dev $*' was refused"
}

# snapshot: save the packet counts of all loopbacks
# only_dev_counted DEV [N]: since snapshot, only DEV has carried packets, N of them
declare -A was

snapshot()
{
	local dev

	count_packets
	for dev in lo lbx0 lbx1; do
		was[$dev]=${received[$dev]:-0}
	done
}

only_dev_counted()
{
	local want=$1 number=${2:-} dev n

	count_packets
	for dev in lo lbx0 lbx1; do
		n=$((${received[$dev]:-0} - was[$dev]))
		if [[ $dev != "$want" ]]; then
			((n == 0))
			check_err $? "$dev carried $n packets that $want should carry"
		else
			((number ? n == number : n > 0))
			check_err $? "$dev carried $n packets, expected ${number:-more}"
		fi
	done
}

# only_on DEV COMMAND...: COMMAND succeeds, and only DEV carries its packets
only_on()
{
	local dev=$1; shift

	snapshot
	inns "$@" &>/tmp/only_on.out
	check_err $? "'$*' failed: $(</tmp/only_on.out)"
	only_dev_counted "$dev"
}

# answer_on DEV ADDR...: each ADDR answers a ping from itself, and only DEV carries it
answer_on()
{
	local dev=$1 addr; shift

	snapshot
	for addr; do
		ping_once "$addr" -I "$addr"
		check_err $? "$addr does not answer"
	done
	only_dev_counted "$dev" $((2 * $#))
}

# check_captures FILTER ADDR...: ping each ADDR twice. The capture on each DEV sees as many
# packets of FILTER as want[DEV], which the caller declares.
check_captures()
{
	local filter=$1 addr dev n; shift

	for dev in "${!want[@]}"; do
		capture "$dev" "/tmp/$dev.pcap" "$filter"
	done
	for addr; do
		ping_once "$addr" -c 2 -i 0.2
		check_err $? "$addr does not answer"
	done
	for dev in "${!want[@]}"; do
		capture_end "/tmp/$dev.pcap"
		n=$(capture_count "/tmp/$dev.pcap")
		# shellcheck disable=SC2004  # an associative array
		((n == want[$dev]))
		check_err $? "the capture on $dev has $n packets, expected ${want[$dev]}"
	done
}

# claims DEV: print the claims of DEV on one line
claims()
{
	ipn -d -j link show dev "$1" | jq -r '
		[.[0].linkinfo.info_data.claims[] |
		 .addr // .ifname + (if .waiting then "(waiting)" else "" end)] |
		join(" ")'
}

claims_are()
{
	local dev=$1 want=$2 got

	got=$(claims "$dev")
	[[ $got == "$want" ]]
	check_err $? "$dev claims '$got', expected '$want'"
}
