#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Torture: traffic of all kinds while everything that it depends on changes all the
# time. torture_plan.py has the operations, and traffic.c the checks.
#
#   +---------------------- $NS ----------------------+        +---- $PEER ----+
#   | lo             t0 ... t5     sink          eth0 |--------| eth0          |
#   | 198.51.100.5   198.18.N.1             192.0.2.5 |        | 192.0.2.6     |
#   | 198.51.100.6   2001:db8:9:N::1    2001:db8:1::5 |        | 2001:db8:1::6 |
#   +-------------------------------------------------+        +---------------+
#
# Reads from the environment:
#   SEED     makes the operations of a run repeatable (default: a random one)
#   MINUTES  duration (default: 10). From 10 on it is a full run, in which each kind of
#            operation has to succeed, and bytes of each flow have to be checked. It goes on
#            until that is done, but not for more than twice the time.
#
# Leaves $OUTPUT/torture-results: the operations of each actor in their order.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/../lib/lib.sh"

ALL_TESTS="
	goes_on
	every_byte
	every_operation
	nothing_stays
	works_again
"

: "${SEED:=$RANDOM$RANDOM}" "${MINUTES:=10}"
here=$(dirname "$(readlink -e "$0")")
directory=$bin_dir/torture-results

trap cleanup_all_ns EXIT

# result JQ: apply JQ to the result of torture.py
result()
{
	jq -r "$1" "$directory/result.json"
}

# can_hotplug: 6.12 occasionally warns "Dying CPU not properly vacated!" because of a
# task that is in no queue but is counted: its dequeue is delayed. If the kernel has a
# switch for that, turn it off.
can_hotplug()
{
	[[ $(uname -r) == 6.12.* ]] || return 0
	{ echo NO_DELAY_DEQUEUE >/sys/kernel/debug/sched/features; } 2>/dev/null ||
		export NO_HOTPLUG="6.12 occasionally warns about its own scheduler then"
}

goes_on()
{
	RET=0
	log_info "SEED=$SEED MINUTES=$MINUTES, $(nproc) CPUs"
	rm -rf "$directory"
	mkdir -p "$directory"
	# Not every kernel has SCTP: torture.py reports that. Load the other modules
	# now, and not by "tc". It holds the device while modprobe waits for
	# pernet_ops_rwsem, which "rmmod" holds (rtnl_link_unregister()) until the
	# device is free.
	modprobe -qa sctp cls_{matchall,u32,flower,bpf} \
		act_{gact,mirred,police,skbedit,csum} \
		sch_{ingress,fq,fq_codel,htb,tbf,netem,prio,sfq}
	can_hotplug
	setup_ns NS PEER
	# A socket that is closed while its address is gone keeps the netns until it
	# gives up: SCTP after five times rto_max, which is a minute, and TCP after
	# eight retries at growing intervals.
	if inns test -e /proc/sys/net/sctp; then
		inns sysctl -qw net.sctp.rto_max=3000
	fi
	inns sysctl -qw net.ipv4.tcp_orphan_retries=3
	veth_up "192.0.2.5/24 192.0.2.7/24 2001:db8:1::5/64" "192.0.2.6/24 2001:db8:1::6/64"
	ip -n "$PEER" route add 198.18.0.0/16 via 192.0.2.5
	ipn -b - <<-END
		link add sink type dummy
		link set sink up
		addr add 198.51.100.5/32 dev lo
		addr add 198.51.100.6/32 dev lo
	END
	# from memory: the other file systems of the VM are slow, and the copy needs no
	# backup
	if [[ ${LBX_KO:-} ]]; then
		cp "$LBX_KO" /tmp/torture.ko
		export LBX_KO=/tmp/torture.ko
	fi
	PEER=$PEER inns python3 "$here/torture.py" "$SEED" $((MINUTES * 60)) "$directory"
	check_err $? "torture.py ended with status $?"
	[[ $(result '.failures | join("; ")') == "" ]]
	check_err $? "$(result '.failures | join("; ")')"
	log_test "traffic and all changes of its environment go on and end"
}

# A flow that has checked nothing has proven nothing. In a short run, this applies only
# to the flows whose address is never removed.
every_byte()
{
	local few

	RET=0
	few=$(result ".flows | to_entries[] | select(
		if $MINUTES >= 10 then .value.bytes < .value.least
		else (.key | test(\"192.0.2.5|198.51|2001:db8:1:\")) and .value.checks == 0 end) |
		\"\(.key): \(.value.bytes) bytes, \(.value.checks) checks; \"")
	[[ ! $few ]]
	check_err $? "too few bytes arrived to be checked: $few"
	log_info "$(result '"checked: " +
		([.flows | to_entries[] | {kind: (.key | split(" ")[0]), value}] |
		 group_by(.kind) | map("\(.[0].kind) \(map(.value.bytes) | add) bytes in " +
			"\(map(.value.checks) | add)") | join(", "))')"
	log_info "$(result '"\(.packets) IP packets received, \(.counts.capture) frames captured, " +
		"\(.counts.inject) injected"')"
	log_test "all bytes of TCP and SCTP arrive in order, and all datagrams arrive undamaged"
}

every_operation()
{
	local none

	RET=0
	log_info "$(result '.operations | "\(length) kinds of operations, \(map(.done) | add) done, " +
		"\(map(.refused) | add) refused"')"
	[[ ! $(result '.not_tested | keys[]') ]] ||
		log_info "$(result '"not tested: " +
			(.not_tested | to_entries | map("\(.key) (\(.value))") | join(", "))')"
	none=$(result '.operations | to_entries[] | select(.value.done == 0) |
		       "\(.key) (\(.value.reason)); "')
	# A short run does not have the time for that
	((MINUTES >= 10)) || return 0
	[[ ! $none ]]
	check_err $? "never done: ${none//$'\n'/}"
	log_test "each kind of operation succeeds at least once during torture"
}

# devices_gone: there are no devices in this netns, which started with none
devices_gone()
{
	[[ ! $(ip -o link show type lbx) ]]
}

nothing_stays()
{
	local cpu

	RET=0
	for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do
		[[ ! -e $cpu || $(<"$cpu") == 1 ]]
		check_err $? "$cpu is $(<"$cpu")"
	done
	module_is_loaded
	check_err $? "the module is not loaded"
	cleanup_all_ns
	rm -f /run/netns/torture-[0-9]
	rmmod lbx
	check_err $? "the module cannot be unloaded"
	busywait "$BUSYWAIT_TIMEOUT" devices_gone
	check_err $? "devices still exist: $(ip -o link show type lbx)"
	log_test "the netns and the module can be removed after torture"
}

works_again()
{
	RET=0
	module_load devices=1
	check_err $? "the module cannot be loaded"
	lbx_up 192.0.2.1/24 2001:db8::1/64
	carries lbx0 lo ping -c 1 -W 5 192.0.2.1
	carries lbx0 lo serve 192.0.2.1
	carries lbx0 lo serve 2001:db8::1
	log_test "the module that is loaded again after torture carries IPv4 and IPv6"
}

tests_run
exit "$EXIT_STATUS"
