#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A packet that is received inline is received in the process of its sender. It is
# accounted as if a softirq received it: not to the sender.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	server_pays_for_its_sockets
	ingress_has_no_task
"

# a server that accepts and keeps connections, on a port that it prints
accepts='
import socket
server = socket.create_server(("0.0.0.0", 0), backlog=4000)
print(server.getsockname()[1], flush=True)
connections = []
while True:
	connections.append(server.accept()[0])'

# ADDR PORT CGROUP N: print the bytes of slab that CGROUP is charged for each of N
# connections, for this end of them. The kernel flushes the counters every 2 seconds at
# the latest, so this reads until they stop changing.
connects='
import os, socket, sys, time
addr, port, group, n = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with open(group + "/cgroup.procs", "w") as f:
	f.write(str(os.getpid()))

def slab():
	last = None
	while True:
		with open(group + "/memory.stat") as f:
			now = next(int(line.split()[1]) for line in f if line.startswith("slab "))
		if now == last:
			return now
		last = now
		time.sleep(2.5)

connections = [socket.create_connection((addr, port)) for _ in range(20)]
before = slab()
connections += [socket.create_connection((addr, port)) for _ in range(n)]
print((slab() - before) // n)'

# cgroup_mount NAME TYPE: mount a cgroup hierarchy at $cgroup, or skip the test NAME
cgroup_mount()
{
	local name=$1; shift

	cgroup=/tmp/cgroup.$$
	mkdir -p "$cgroup"
	if ! mount -t "$@" none "$cgroup" 2>/dev/null; then
		rmdir "$cgroup"
		log_test_skip "$name" "cannot mount $*"
		return 1
	fi
	defer rmdir "$cgroup"
	defer umount "$cgroup"
}

server_pays_for_its_sockets()
{
	local name="a client is charged no more for the sockets of its server than over lo"
	local cgroup addr port server
	local -A paid

	RET=0
	cgroup_mount "$name" cgroup2 || return
	if ! echo +memory >"$cgroup/cgroup.subtree_control"; then
		log_test_skip "$name" "this kernel has no memory controller"
		return
	fi
	lbx_up 192.0.2.1/32
	mkdir "$cgroup/lbx"
	defer rmdir "$cgroup/lbx"
	for addr in 127.0.0.1 192.0.2.1; do
		exec {port_fd}< <(exec ip netns exec "$NS" python3 -c "$accepts")
		server=$!
		read -r port <&"$port_fd"
		paid[$addr]=$(inns python3 -c "$connects" "$addr" "$port" \
			"$cgroup/lbx" "$(slow_scale 400 200)")
		check_err $? "$addr: the client has no connections"
		kill "$server"
		exec {port_fd}<&-
	done
	log_info "bytes of each connection: lo ${paid[127.0.0.1]}, lbx0 ${paid[192.0.2.1]}"
	((paid[192.0.2.1] * 10 <= paid[127.0.0.1] * 11))
	check_err $? "the client is charged ${paid[192.0.2.1]} bytes for a connection, over lo ${paid[127.0.0.1]}"
	log_test "$name"
}

# marked DEV: print how many packets the cgroup filter of DEV has matched
marked()
{
	inns tc -s -j filter show dev "$1" ingress |
		jq '[.. | .packets? // empty] | add // 0'
}

# cls_cgroup takes the class from the task, except in a softirq
ingress_has_no_task()
{
	local name="a tc cgroup filter at ingress does not match the class of the sender"
	local cgroup dev addr n

	RET=0
	cgroup_mount "$name" cgroup -o net_cls || return
	lbx_up 192.0.2.1/32
	mkdir "$cgroup/lbx"
	defer rmdir "$cgroup/lbx"
	echo 0x10001 >"$cgroup/lbx/net_cls.classid"
	for dev in lo lbx0; do
		addr=127.0.0.1
		[[ $dev == lo ]] || addr=192.0.2.1
		# not clsact: its egress part makes packets queued
		inns tc qdisc add dev "$dev" ingress
		inns tc filter add dev "$dev" ingress protocol ip handle 1: cgroup action pass
		check_err $? "tc refuses the cgroup filter"
		# the whole shell, so that no child process is outside of the group
		inns bash -c "echo \$\$ >$cgroup/lbx/cgroup.procs; ping -c 4 -i 0.1 $addr" &>/dev/null
		check_err $? "$addr does not answer"
		n=$(marked "$dev")
		((n == 0))
		check_err $? "$dev: the filter has matched $n packets, expected 0"
	done
	log_test "$name"
}

tests_run
exit "$EXIT_STATUS"
