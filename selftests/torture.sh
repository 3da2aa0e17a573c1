#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Torture: traffic of every kind, while all that it takes for granted changes all the
# time. See torture_plan.py for what is done, and traffic.c for what is checked.
#
#   +---------------------- $NS ----------------------+        +---- $PEER ----+
#   | lo             t0 ... t5     sink          eth0 |--------| eth0          |
#   | 198.51.100.5   198.18.N.1             192.0.2.5 |        | 192.0.2.6     |
#   | 198.51.100.6   2001:db8:9:N::1    2001:db8:1::5 |        | 2001:db8:1::6 |
#   +-------------------------------------------------+        +---------------+
#
# Reads from the environment:
#   SEED     makes the operations of a run repeatable (default: a random one)
#   MINUTES  how long (default: 10). From 10 on it is a full run, where each kind of
#            operation has to succeed, and bytes of each flow to be checked. It goes on until
#            they have, but not for more than twice the time.
#
# Leaves $OUTPUT/torture: the operations of each actor, as they were done.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

ALL_TESTS="
	goes_on
	every_byte
	every_operation
	nothing_stays
	works_again
"

: "${SEED:=$RANDOM$RANDOM}" "${MINUTES:=10}"
folder=${OUTPUT:-$here}/torture

trap cleanup_all_ns EXIT

# result JQ: of what torture.py has written
result()
{
	jq -r "$1" "$folder/result.json"
}

# can_hotplug: 6.12 warns now and again, "Dying CPU not properly vacated!", by a task that
# is in no queue, but counted: its dequeue is delayed. If there is a switch, it is off.
can_hotplug()
{
	[[ $(uname -r) == 6.12.* ]] || return 0
	{ echo NO_DELAY_DEQUEUE >/sys/kernel/debug/sched/features; } 2>/dev/null ||
		export NO_HOTPLUG="6.12 warns of its own scheduler then, now and again"
}

goes_on()
{
	RET=0
	log_info "SEED=$SEED MINUTES=$MINUTES, $(nproc) CPUs"
	rm -rf "$folder"
	mkdir -p "$folder"
	# SCTP is not in every kernel: torture.py says so. The others now, not by "tc": that
	# holds the device while modprobe waits for pernet_ops_rwsem, which "rmmod" holds
	# (rtnl_link_unregister()) until the device is free.
	modprobe -qa sctp cls_{matchall,u32,flower,bpf} \
		act_{gact,mirred,police,skbedit,csum} \
		sch_{ingress,fq,fq_codel,htb,tbf,netem,prio,sfq}
	can_hotplug
	setup_ns NS PEER
	# What is closed while its address is away keeps the netns until it has given up: SCTP
	# after five times rto_max, which is a minute, and TCP after eight retries, later and later
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
	# from memory: the VM's other file systems are slow, and to be missed by nobody
	if [[ ${LBX_KO:-} ]]; then
		cp "$LBX_KO" /tmp/torture.ko
		export LBX_KO=/tmp/torture.ko
	fi
	PEER=$PEER inns python3 "$here/torture.py" "$SEED" $((MINUTES * 60)) "$folder"
	check_err $? "torture.py ended with status $?"
	[[ $(result '.failures | join("; ")') == "" ]]
	check_err $? "$(result '.failures | join("; ")')"
	log_test "traffic, and all changes of what it runs over, go on and end"
}

# Whoever has checked nothing has found nothing. In a short run, that goes for the flows
# whose address is there all the time.
every_byte()
{
	local few

	RET=0
	few=$(result ".flows | to_entries[] | select(
		if $MINUTES >= 10 then .value.bytes < .value.least
		else (.key | test(\"192.0.2.5|198.51|2001:db8:1:\")) and .value.checks == 0 end) |
		\"\(.key): \(.value.bytes) bytes, \(.value.checks) checks; \"")
	[[ ! $few ]]
	check_err $? "too little has come to be checked: $few"
	log_info "$(result '"checked: " +
		([.flows | to_entries[] | {kind: (.key | split(" ")[0]), value}] |
		 group_by(.kind) | map("\(.[0].kind) \(map(.value.bytes) | add) bytes in " +
			"\(map(.value.checks) | add)") | join(", "))')"
	log_info "$(result '"\(.packets) IP packets received, \(.counts.capture) frames captured, " +
		"\(.counts.inject) injected"')"
	log_test "every byte of TCP and SCTP has arrived in order, and every datagram whole"
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
	# There is not the time for that
	((MINUTES >= 10)) || return 0
	[[ ! $none ]]
	check_err $? "never done: ${none//$'\n'/}"
	log_test "every kind of operation has succeeded"
}

# devices_gone: of those made here, none in the netns that started with none
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
		check_err $? "$cpu says $(<"$cpu")"
	done
	module_is_loaded
	check_err $? "the module is not loaded"
	cleanup_all_ns
	rm -f /run/netns/torture-[0-9]
	rmmod lbx
	check_err $? "the module cannot be unloaded"
	busywait "$BUSYWAIT_TIMEOUT" devices_gone
	check_err $? "devices stay: $(ip -o link show type lbx)"
	log_test "the netns go, and the module with all that is left"
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
	log_test "loaded again, it carries IPv4 and IPv6"
}

tests_run
exit "$EXIT_STATUS"
