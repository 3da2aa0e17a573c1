#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many devices, network namespaces, destinations and claims: all of them work, and use
# no more memory than expected.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	devices
	devices_on_load
	namespaces
	anyip4
	anyip6
	neighbours_of_others
	addresses6
	claims4
	claims6
	claims_go_with_device
"

# How many of each. A debug kernel is used to find errors, and would take hours for as
# many.
: "${DEVICES:=$(slow_scale 1000 50)}" "${NAMESPACES:=$(slow_scale 200 20)}"
: "${DESTINATIONS:=$(slow_scale 100000 10000)}" "${CLAIMS:=$(slow_scale 100000 5000)}"
: "${ADDRESSES:=$(slow_scale 4000 400)}"

# seconds to wait for the memory that netns free one after the other
PATIENCE=300

# memory: print the memory in KiB that the kernel uses and cannot reclaim
memory()
{
	local slab

	for slab in /sys/kernel/slab/*/shrink; do
		echo 1 >"$slab"
	done 2>/dev/null
	echo 2 >/proc/sys/vm/drop_caches
	awk '/^(Slab|Percpu|VmallocUsed):/ {sum += $2} END {print sum}' /proc/meminfo
}

# Memory is freed step by step: after RCU, and from the lists of each CPU
memory_is_back()
{
	(($(memory) <= $1))
}

# given_back BEFORE USED PART SECONDS: within SECONDS all of USED is freed, except one
# part in PART. On a debug kernel it may be a megabyte more, which its checkers keep.
# There kmemleak finds leaks.
given_back()
{
	local before=$1 used=$2 part=$3 seconds=$4

	slowwait "$seconds" memory_is_back \
		$((before + used / part + $(slow_scale 0 1024)))
	check_err $? "$(($(memory) - before)) of $used KiB were not freed"
}

# timed WHAT COMMAND...: COMMAND succeeds, and the time that it took is printed. The
# time is not checked, because it depends on the machine and its other load. The time
# limit of this program ends an operation that became quadratic.
timed()
{
	local what=$1 start=$SECONDS; shift

	"$@"
	check_err $? "$what failed"
	log_info "$what: $((SECONDS - start)) s"
}

# add_devices, del_devices: add or delete DEVICES devices
add_devices()
{
	local i

	for ((i = 0; i < DEVICES; i++)); do
		echo "link add lbx$i group 9 type lbx"
		printf 'addr add 198.18.%d.%d/32 dev lbx%d\n' $((i / 256)) $((i % 256)) "$i"
		printf 'addr add 2001:db8:9::%x/128 dev lbx%d\n' "$i" "$i"
		echo "link set lbx$i up"
	done | ipn -batch - && settle
}

del_devices()
{
	ipn link del group 9
}

# each_has N: each device has received N packets
each_has()
{
	local i dev others=0

	count_packets
	for ((i = 0; i < DEVICES; i++)); do
		dev=lbx$i
		((received[$dev] == $1)) || ((++others))
	done
	((others == 0))
	check_err $? "$others of $DEVICES devices have not received $1 packets"
}

devices()
{
	local before used

	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	before=$(memory)
	timed "adding $DEVICES devices" add_devices
	used=$(($(memory) - before))
	log_info "a device with an address of each family takes $((used / DEVICES)) KiB"
	((used / DEVICES <= 100))
	check_err $? "a device takes $((used / DEVICES)) KiB, expected at most 100"

	inns sweep 198.18.0.0 "$DEVICES"
	check_err $? "not all IPv4 addresses receive"
	each_has 1
	inns sweep 2001:db8:9:: "$DEVICES"
	check_err $? "not all IPv6 addresses receive"
	each_has 2
	((received[lo] == 0))
	check_err $? "lo has carried ${received[lo]} packets, expected 0"

	timed "deleting them" del_devices
	[[ $(ipn -br link show type lbx | wc -l) == 0 ]]
	check_err $? "not all devices were deleted"
	given_back "$before" "$used" 10 "$WAIT_TIMEOUT"
	log_test "$DEVICES devices in one netns each carry their own traffic, and free their memory"
}

devices_on_load()
{
	RET=0
	rmmod lbx
	defer module_need
	timed "loading with devices=$DEVICES" module_load "devices=$DEVICES"
	[[ $(ip -br link show type lbx | wc -l) == "$DEVICES" ]]
	check_err $? "there are $(ip -br link show type lbx | wc -l) devices, expected $DEVICES"
	timed "unloading" rmmod lbx
	log_test "the module can be loaded with devices=$DEVICES and unloaded"
}

# of_all add|del: add or delete all netns at once
of_all()
{
	local i

	for ((i = 0; i < NAMESPACES; i++)); do
		echo "netns $1 lbx-scale-$i"
	done | ip -force -batch -
}

# ip -n, because "ip netns exec" would mount /sys again in each
add_namespaces()
{
	local i

	of_all add || return
	for ((i = 0; i < NAMESPACES; i++)); do
		ip -n "lbx-scale-$i" -batch /tmp/scale.batch || return
	done
}

# lo is down, as in each new netns
carry_in_all()
{
	local i

	for ((i = 0; i < NAMESPACES; i++)); do
		nsenter "--net=/run/netns/lbx-scale-$i" sweep 192.0.2.1 1 || return
	done
}

namespaces()
{
	local before used

	RET=0
	cat >/tmp/scale.batch <<-END
		link add lbx0 type lbx
		addr add 192.0.2.1/32 dev lbx0
		link set lbx0 up
	END
	before=$(memory)
	timed "adding $NAMESPACES netns, a device in each" add_namespaces
	used=$(($(memory) - before))
	log_info "a netns with its device takes $((used / NAMESPACES)) KiB"

	carry_in_all
	check_err $? "not every device carries traffic"

	of_all del
	check_err $? "the netns cannot be deleted"
	given_back "$before" "$used" 5 "$PATIENCE"
	log_test "$NAMESPACES netns with a device each carry traffic, and free their memory when deleted"
}

# neighbours FAMILY: print the number of neighbour entries of lbx0
neighbours()
{
	ipn "$1" neigh show nud all dev lbx0 | wc -l
}

# swept ADDR STEP: lbx0 delivers one datagram to each destination
swept()
{
	local before used

	before=$(memory)
	inns sweep "$1" "$DESTINATIONS" "$2"
	check_err $? "not all datagrams were received"
	used=$(($(memory) - before))
	(($(packets lbx0) == DESTINATIONS))
	check_err $? "lbx0 has received $(packets lbx0) packets, expected $DESTINATIONS"
	log_info "memory changed by $used KiB"
	# The 1024 neighbour entries that are allowed may take a debug kernel 3 MiB and
	# more
	((used <= DESTINATIONS / 10 + $(slow_scale 0 8000)))
	check_err $? "$DESTINATIONS destinations take $used KiB"
}

anyip4()
{
	RET=0
	lbx_up 10.0.0.1/8
	swept 10.0.0.1 167
	(($(neighbours -4) <= 1))
	check_err $? "there are $(neighbours -4) neighbour entries, expected at most 1"
	log_test "$DESTINATIONS destinations of an IPv4 /8 take one neighbour entry and no memory"
}

# For busywait, because a work item releases them
neighbours_at_most()
{
	(($(neighbours -6) <= $1))
}

anyip6()
{
	RET=0
	lbx_up
	ipn link set lbx0 addrgenmode none
	ipn -6 route add local 2001:db8:9::/48 dev lbx0
	swept 2001:db8:9::1 $((0x1000200030005))
	busywait "$BUSYWAIT_TIMEOUT" neighbours_at_most 1032
	check_err $? "there are $(neighbours -6) neighbour entries, expected at most 1032"
	ipn link set lbx0 down
	(($(neighbours -6) == 0))
	check_err $? "there are $(neighbours -6) neighbour entries while the device is down, expected 0"
	log_test "$DESTINATIONS destinations of an IPv6 /48 take few neighbour entries and bounded memory"
}

# If a device has too many neighbour entries, a work item releases them, not the sender
neighbours_of_others()
{
	local trace=/sys/kernel/tracing limit n

	RET=0
	lbx_up
	ipn link set lbx0 addrgenmode none
	ipn link add lbx1 type lbx
	ipn link set lbx1 up
	ipn -6 route add local 2001:db8:9::/48 dev lbx0
	ipn -6 route add local 2001:db8:8::/48 dev lbx1
	# otherwise older kernels collect them
	for n in 2 3; do
		limit=$(sysctl -n "net.ipv6.neigh.default.gc_thresh$n")
		defer sysctl -qw "net.ipv6.neigh.default.gc_thresh$n=$limit"
		sysctl -qw "net.ipv6.neigh.default.gc_thresh$n=100000"
	done
	inns sweep 2001:db8:8::1 5 1
	n=$(ipn -6 neigh show nud all dev lbx1 | wc -l)
	((n >= 5))
	check_err $? "lbx1 has $n neighbour entries for 5 destinations"
	if can_trace __neigh_for_each_release; then
		echo __neigh_for_each_release >"$trace/set_ftrace_filter"
		echo >"$trace/trace"
		echo function >"$trace/current_tracer"
	fi
	inns sweep 2001:db8:9::1 3000 1
	check_err $? "not all datagrams were received"
	busywait "$BUSYWAIT_TIMEOUT" neighbours_at_most 1032
	check_err $? "lbx0 has $(neighbours -6) neighbour entries, expected at most 1032"
	if can_trace __neigh_for_each_release; then
		# 64 each time. Older kernels clear the trace when the tracer changes.
		(($(grep -c '^ *kworker.*__neigh_for_each_release' "$trace/trace") > 16))
		check_err $? "no work item released the neighbour entries"
		! grep -q '^ *sweep.*__neigh_for_each_release' "$trace/trace"
		check_err $? "the sender released neighbour entries"
		echo nop >"$trace/current_tracer"
		echo >"$trace/set_ftrace_filter"
	fi
	[[ $(ipn -6 neigh show nud all dev lbx1 | wc -l) == "$n" ]]
	check_err $? "lbx1 had $n neighbour entries, and now has $(ipn -6 neigh show nud all dev lbx1 | wc -l)"
	log_test "a work item releases the IPv6 neighbour entries of a device that has too many only"
}

# addresses FROM TO: print a batch for ip that adds IPv6 addresses to dev0
addresses()
{
	local i

	for ((i = $1; i < $2; i++)); do
		printf 'addr add 2001:db8:9::%x/128 dev dev0 nodad\n' "$i"
	done
}

# last_addresses TYPE: set cost to the CPU time for the last eighth of ADDRESSES, in ms
last_addresses()
{
	local type=$1 from=$((ADDRESSES * 7 / 8)) user system TIMEFORMAT='%3U %3S'

	netns_up
	{
		echo "link add dev0 type $type"
		echo "link set dev0 up"
		addresses 0 "$from"
	} | ipn -b -
	check_err $? "a $type device cannot have $from addresses"
	addresses "$from" "$ADDRESSES" >/tmp/addresses
	read -r user system < <({ time ipn -b /tmp/addresses; } 2>&1)
	cost=$((10#${user/./} + 10#${system/./}))
	[[ $(ipn -6 addr show dev dev0 scope global | grep -c inet6) == "$ADDRESSES" ]]
	check_err $? "a $type device does not have all of $ADDRESSES addresses"
}

# The kernel itself takes longer for each address the more addresses there are. An lbx
# device has a mirror of each on lo, and takes about three times as long as a dummy
# device.
addresses6()
{
	local cost dummy=1000000 lbx=1000000 i

	RET=0
	# The minimum is the time that other load on the host has not made longer
	for i in 1 2 3; do
		last_addresses dummy
		((cost >= dummy)) || dummy=$cost
		last_addresses lbx
		((cost >= lbx)) || lbx=$cost
	done
	log_info "the last $((ADDRESSES / 8)) addresses: $lbx ms, of a dummy device $dummy ms"
	((lbx <= 5 * dummy))
	check_err $? "the last $((ADDRESSES / 8)) addresses take $lbx ms, and $dummy ms on a dummy device"
	log_test "the last of $ADDRESSES IPv6 addresses take at most five times as long as on a dummy device"
}

claim_count()
{
	ipn -d -j link show dev lbx0 | jq '.[0].linkinfo.info_data.claim_count'
}

# claims PREFIX FIRST BEYOND: claim CLAIMS addresses from FIRST on, of a prefix that is
# local on lo, send to each, and unclaim them. lo carries the address BEYOND.
claims()
{
	local prefix=$1 first=$2 beyond=$3
	local before used

	lbx_up
	ipn link set lbx0 addrgenmode none
	ipn route add local "$prefix" dev lo
	before=$(memory)
	timed "claiming $CLAIMS addresses" inns claims add lbx0 "$first" "$CLAIMS"
	used=$(($(memory) - before))
	log_info "a claim takes $((used * 1024 / CLAIMS)) bytes"
	((used * 1024 / CLAIMS <= 400))
	check_err $? "a claim takes $((used * 1024 / CLAIMS)) bytes, expected at most 400"
	(($(claim_count) == CLAIMS))
	check_err $? "lbx0 has $(claim_count) claims, expected $CLAIMS"

	inns sweep "$first" "$CLAIMS"
	check_err $? "not all datagrams were received"
	(($(packets lbx0) == CLAIMS && $(packets lo) == 0))
	check_err $? "lbx0 has received $(packets lbx0) packets, expected $CLAIMS; lo $(packets lo), expected 0"
	carries lo lbx0 sweep "$beyond" 1

	timed "giving them back" inns claims del lbx0 "$first" "$CLAIMS"
	(($(claim_count) == 0))
	check_err $? "lbx0 still has $(claim_count) claims"
	carries lo lbx0 sweep "$first" 3
	# IPv6 has made a neighbour entry of lo for each destination
	ipn link set lo down
	given_back "$before" "$used" 5 "$WAIT_TIMEOUT"
}

claims4()
{
	RET=0
	claims 198.18.0.0/15 198.18.0.0 198.19.255.255
	log_test "an lbx device carries $CLAIMS claimed IPv4 addresses and no others"
}

claims6()
{
	RET=0
	claims 2001:db8:9::/64 2001:db8:9:: 2001:db8:9:0:1::
	log_test "an lbx device carries $CLAIMS claimed IPv6 addresses and no others"
}

claims_go_with_device()
{
	local before used

	RET=0
	lbx_up
	ipn route add local 198.18.0.0/15 dev lo
	before=$(memory)
	inns claims add lbx0 198.18.0.0 "$CLAIMS"
	check_err $? "the addresses cannot be claimed"
	used=$(($(memory) - before))
	timed "deleting the device" ipn link del lbx0
	inns sweep 198.18.0.0 3
	check_err $? "lo does not carry the addresses that were claimed"
	given_back "$before" "$used" 5 "$WAIT_TIMEOUT"
	log_test "deleting a device removes its $CLAIMS claims and frees their memory"
}

tests_run
exit "$EXIT_STATUS"
