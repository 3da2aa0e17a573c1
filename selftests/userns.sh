#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Unprivileged users: in their own user namespace they have their own lbx devices, and
# have access to nothing else. Without a user namespace they can read and change
# nothing. The kernel's messages to them have no uninitialised byte.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	makes_uses_deletes
	changes
	claims_its_own
	other_netns_refused
	claims_reach_no_other_netns
	foreign_claims_unseen
	foreign_refusals_unseen
	without_userns_refused
	without_userns_looks
	commands_of_claims
	files_read_only
	no_tracing
	no_module_control
	claims_are_charged
	memory_limit_holds
	replies_meant
	frames_meant
	short_frames
"

nobody=65534
as_nobody=(setpriv "--reuid=$nobody" "--regid=$nobody" --clear-groups)

# user_up: make a user namespace of an unprivileged user with a netns $NS in it, where
# ipn, inns and lbxn run as that user
user_up()
{
	local out

	out=$(mktemp)
	# shellcheck disable=SC2016  # the other shell's
	"${as_nobody[@]}" unshare -U -r -n bash -c 'echo; exec sleep infinity' >"$out" &
	user_pid=$!
	busywait "$BUSYWAIT_TIMEOUT" lines_in "$out" 1
	check_err $? "the user namespace cannot be made"
	rm "$out"
	NS=user-$$-$((++ns_count))
	ip netns attach "$NS" "$user_pid"
	NS_LIST+=("$NS")
	defer cleanup_ns "$NS"
	ipn link set lo up
}

as_user()
{
	nsenter -t "$user_pid" -U -n -- "$@"
}

ipn()
{
	as_user ip "$@"
}

inns()
{
	as_user "$@"
}

lbxn()
{
	as_user lbx "$@"
}

# user_nic_up: user_up, and eth0, which has addresses, and lbx0
user_nic_up()
{
	user_up
	{
		echo "link add eth0 type dummy"
		eth0_up "192.0.2.1/24 2001:db8::1/64"
		echo "link add lbx0 type lbx"
		echo "link set lbx0 up"
	} | ipn -b -
}

# other_up: make a netns $OTHER of root, like that of user_nic_up
other_up()
{
	setup_ns OTHER
	# shellcheck disable=SC2153  # setup_ns sets it
	defer cleanup_ns "$OTHER"
	{
		echo "link add eth0 type dummy"
		eth0_up "192.0.2.1/24 2001:db8::1/64"
		echo "link add theirs type lbx"
		echo "addr add 198.51.100.1/32 dev theirs"
		echo "link set theirs up"
	} | ip -n "$OTHER" -b -
}

# other_state: print all that is visible of it and that only root may change
other_state()
{
	ip -n "$OTHER" -d addr show
	ip -n "$OTHER" route show table all
	lbx -n "$OTHER" claims
}

makes_uses_deletes()
{
	RET=0
	user_up
	check_output 0 inns id -u
	grep -q "^Uid:.*\<$nobody\>" "/proc/$user_pid/status"
	check_err $? "the user is not $nobody"
	ipn link add lbx0 type lbx
	check_err $? "the device cannot be added"
	ipn addr add 192.0.2.1/24 dev lbx0
	ipn addr add 2001:db8:9::1/128 dev lbx0
	ipn link set lbx0 up
	settle
	carries lbx0 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 2001:db8:9::1
	carries lbx0 lo sweep 192.0.2.1 1
	carries lbx0 lo sweep 2001:db8:9::1 1
	ipn link del lbx0
	check_err $? "the device cannot be deleted"
	ipn link show lbx0 &>/dev/null
	check_fail $? "the device still exists"
	log_test "an unprivileged user in a user namespace can make, use and delete devices"
}

changes()
{
	RET=0
	user_up
	ipn link add lbx0 type lbx
	ipn link set lbx0 mtu 1500 type lbx isolate on direct off
	check_err $? "mtu, isolate and direct were refused"
	ipn link set lbx0 name web
	check_err $? "the rename was refused"
	ipn link set web address 02:00:00:00:00:01 up
	check_err $? "the link-layer address was refused"
	check_output '["web",1500,false,true,true]' dev '[.ifname, .mtu, .direct, .isolate, up]'
	lbxn set web mtu 2000 direct on isolate off
	check_err $? "lbx set failed"
	check_output '["web",2000,true,false,true]' dev '[.ifname, .mtu, .direct, .isolate, up]'
	log_test "an unprivileged user in a user namespace can change each attribute of a device"
}

claims_its_own()
{
	RET=0
	user_nic_up
	carries lo lbx0 ping -c 1 192.0.2.1
	ipn link set lbx0 type lbx claim eth0
	check_err $? "the claim of the interface was refused"
	carries lbx0 lo ping -c 1 192.0.2.1
	carries lbx0 lo ping -c 1 2001:db8::1
	lbxn claim 192.0.2.1 2001:db8::1 dev lbx0
	check_err $? "the claim of the addresses was refused"
	check_output "eth0 dev lbx0
192.0.2.1 dev lbx0
2001:db8::1 dev lbx0" lbxn claims
	lbxn unclaim all
	check_err $? "the unclaim failed"
	carries lo lbx0 ping -c 1 192.0.2.1
	log_test "an unprivileged user in a user namespace can claim interfaces and addresses there"
}

other_netns_refused()
{
	local before got want

	RET=0
	user_nic_up
	other_up
	ipn netns set "$OTHER" 7
	check_err $? "the other netns cannot get an ID"
	before=$(other_state)
	exec {fd}<"/run/netns/$OTHER"
	# for a device that exists, the netns of the link is ignored; newer kernels
	# refuse it
	got=$(inns python3 "$lib_dir/reach.py" netns lbx0 theirs "$fd" 1 7 | grep -v "^change link")
	exec {fd}<&-
	want="make pid EPERM
make fd EPERM
make link EPERM
make target EPERM
change pid EPERM
change fd EPERM
change target EPERM
delete pid EOPNOTSUPP
delete fd EOPNOTSUPP
delete link ENODEV
delete target EACCES
show pid EOPNOTSUPP
show fd EOPNOTSUPP
show link ENODEV
show target EACCES"
	[[ $got == "$want" ]]
	check_err $? "the answers are: $got"
	refused "" ipn link set lbx0 netns "$OTHER"
	refused "" ipn link set lbx0 netns 1
	refused "" lbxn -n "$OTHER" show
	check_output "$before" other_state
	log_test "requests of an unprivileged user for another netns are refused and change nothing there"
}

# to_self NETNS: root pings in NETNS an address that both namespaces have
to_self()
{
	ip netns exec "$1" ping -c 1 -W 2 192.0.2.1 >/dev/null
	check_err $? "192.0.2.1 in $1 does not answer"
}

claims_reach_no_other_netns()
{
	local before

	RET=0
	user_nic_up
	other_up
	ip -n "$OTHER" link add up9 index 99 type dummy
	# so that the claim hook is active there
	ip -n "$OTHER" link set theirs type lbx claim 2001:db8::1
	check_output "ENODEV at claims.claim.index: Cannot find the interface to claim
ENODEV at claims.claim.name: Cannot find the interface to claim
EADDRNOTAVAIL at claims.claim.addr: 198.51.100.1 is not a local address; add it to an lbx device instead" \
		inns python3 "$lib_dir/request.py" lbx0 <<-EOF
			claim=index:99
			claim=name:up9
			claim=addr:198.51.100.1
		EOF
	ipn link set lbx0 type lbx claim eth0 claim 192.0.2.1
	before=$(packets lbx0)
	to_self "$OTHER"
	check_output "$before" packets lbx0
	check_output 0 jq '.[0].stats64.rx.packets' < <(ip -n "$OTHER" -j -s link show theirs)
	check_output 2 jq '.[0].stats64.rx.packets' < <(ip -n "$OTHER" -j -s link show lo)
	carries lbx0 lo ping -c 1 192.0.2.1
	log_test "claims of an unprivileged user do not affect the same addresses in another netns"
}

foreign_claims_unseen()
{
	RET=0
	user_nic_up
	other_up
	ip -n "$OTHER" link set theirs type lbx claim eth0 claim 192.0.2.1
	check_output "" lbxn claims
	ipn link set lbx0 type lbx claim 2001:db8::1
	check_output "2001:db8::1 dev lbx0" lbxn claims
	check_output "eth0 dev theirs
192.0.2.1 dev theirs" lbx -n "$OTHER" claims
	log_test "an unprivileged user sees only the claims of its own netns"
}

foreign_refusals_unseen()
{
	local why="is not a local address; add it to an lbx device instead"
	local out count=5000 pid

	RET=0
	user_nic_up
	other_up
	out=$(mktemp)
	# Both run on one CPU: one is scheduled while the other one receives its answers
	ip netns exec "$OTHER" taskset -c 0 \
		python3 "$lib_dir/reach.py" reasons theirs 203.0.113.1 "$count" >"$out" &
	pid=$!
	check_output "EADDRNOTAVAIL at claims.claim.addr: 203.0.113.22 $why" \
		inns taskset -c 0 python3 "$lib_dir/reach.py" reasons lbx0 203.0.113.22 "$count"
	wait "$pid"
	check_err $? "the requests in the other netns did not complete"
	check_output "EADDRNOTAVAIL at claims.claim.addr: 203.0.113.1 $why" cat "$out"
	rm "$out"
	log_test "an unprivileged user gets the reasons of its own refusals, and never those of others"
}

# as_nobody_in_other COMMAND...: run COMMAND as an unprivileged user in root's netns
as_nobody_in_other()
{
	ip netns exec "$OTHER" "${as_nobody[@]}" "$@"
}

without_userns_refused()
{
	local before change

	RET=0
	other_up
	ip -n "$OTHER" link set theirs type lbx claim 2001:db8::1
	before=$(other_state)
	for change in "link add lbx9 type lbx" "link set theirs type lbx isolate on" \
		      "link set theirs type lbx direct off" \
		      "link set theirs type lbx claim eth0" \
		      "link set theirs type lbx unclaim 2001:db8::1" \
		      "link set theirs mtu 1500" "link del theirs"; do
		# shellcheck disable=SC2086  # words
		refused "Operation not permitted" as_nobody_in_other ip $change
	done
	for change in "add lbx9" "set theirs isolate on" "claim eth0 dev theirs" \
		      "unclaim all" "del theirs"; do
		# shellcheck disable=SC2086  # words
		check_exit 2 "it needs CAP_NET_ADMIN" as_nobody_in_other lbx $change
	done
	check_output "$before" other_state
	log_test "an unprivileged user without a user namespace cannot change anything"
}

without_userns_looks()
{
	local show

	RET=0
	other_up
	ip -n "$OTHER" link set theirs type lbx claim eth0 claim 2001:db8::1
	for show in "ip -d -s link" "lbx show" "lbx claims" "lbx save" "ethtool -S theirs" \
		    "ethtool -k theirs"; do
		# shellcheck disable=SC2086  # words
		check_output "$(ip netns exec "$OTHER" $show)" as_nobody_in_other $show
	done
	[[ $(as_nobody_in_other lbx claims) == *"2001:db8::1 dev theirs"* ]]
	check_err $? "the claims are not shown"
	log_test "an unprivileged user without a user namespace can read devices, claims and counters"
}

commands_of_claims()
{
	RET=0
	user_nic_up
	# LBX_CMD_CLAIM_GET, NEW and DEL need a claim. CHANGE without a change succeeds.
	check_output "1 EINVAL
2 EINVAL
3 EINVAL
4 ok" eval "inns python3 '$lib_dir/reach.py' commands | grep -v ' EOPNOTSUPP$'"
	log_test "the generic netlink family has only the commands for claims"
}

files_read_only()
{
	local before user

	RET=0
	user_nic_up
	before=$(</sys/module/lbx/parameters/devices)
	for user in as_user "${as_nobody[*]}"; do
		# shellcheck disable=SC2086  # words
		check_output "" $user find /sys/module/lbx -writable
		# shellcheck disable=SC2086
		refused "" $user bash -c 'echo 9 >/sys/module/lbx/parameters/devices'
	done
	check_output "$before" cat /sys/module/lbx/parameters/devices
	# only the sysctls of IPv4, IPv6 and MPLS that each device has
	check_output "" as_user find /proc/sys -name '*lbx*' -not -path '/proc/sys/net/*/lbx0'
	log_test "unprivileged users cannot write files of the module, and it has no sysctl of its own"
}

no_tracing()
{
	local user file

	RET=0
	user_nic_up
	can_trace schedule
	for user in as_user "${as_nobody[*]}"; do
		for file in lbx_xmit/format lbx_drop/enable lbx_config/id; do
			# shellcheck disable=SC2086  # words
			refused "Permission denied" \
				$user cat "/sys/kernel/tracing/events/lbx/$file"
		done
	done
	log_test "unprivileged users cannot use the tracepoints"
}

no_module_control()
{
	local user

	RET=0
	user_nic_up
	for user in as_user "${as_nobody[*]}"; do
		# shellcheck disable=SC2086  # words
		refused "Operation not permitted" $user rmmod lbx
		# shellcheck disable=SC2086
		[[ ! ${LBX_KO-} ]] ||
			refused "Operation not permitted" $user insmod "$LBX_KO"
	done
	module_is_loaded
	check_err $? "the module is not loaded"
	log_test "unprivileged users cannot load or unload the module"
}

# memcg_up: make a cgroup $memcg whose memory is accounted, or return 1
memcg_up()
{
	local root=/sys/fs/cgroup

	mountpoint -q "$root" || mount -t cgroup2 cgroup2 "$root"
	grep -qs '\<memory\>' "$root/cgroup.controllers" || return
	echo +memory >"$root/cgroup.subtree_control"
	memcg=$root/lbx-$$
	mkdir "$memcg"
	defer rmdir "$memcg"
}

# in_memcg COMMAND...: charge $memcg for the kernel memory that COMMAND needs
in_memcg()
{
	# shellcheck disable=SC2016  # the other shell's
	bash -c 'echo $$ >"$0/cgroup.procs" && exec nsenter -t "$1" -U -n -- "${@:2}"' \
		"$memcg" "$user_pid" "$@"
}

slab()
{
	awk '$1 == "slab" { print $2 }' "$memcg/memory.stat"
}

claims_are_charged()
{
	local name="the memory of a claim is charged to the memory cgroup of the process that makes it"
	local before charged

	RET=0
	user_nic_up
	memcg_up || { log_test_skip "$name" "this kernel has no memory controller"; return; }
	ipn route add local 10.0.0.0/8 dev eth0
	in_memcg true
	before=$(slab)
	in_memcg claims add lbx0 10.0.0.0 20000
	check_err $? "one of 20000 claims was refused"
	charged=$(($(slab) - before))
	# the minimum for the addresses and list nodes of the claims
	((charged >= 20000 * 64))
	check_err $? "only $charged bytes are charged for 20000 claims"
	ipn link del lbx0
	log_test "$name"
}

memory_limit_holds()
{
	local name="a memory limit limits the number of claims" n

	RET=0
	user_nic_up
	memcg_up || { log_test_skip "$name" "this kernel has no memory controller"; return; }
	ipn route add local 10.0.0.0/8 dev eth0
	echo 4M >"$memcg/memory.max"
	in_memcg claims add lbx0 10.0.0.0 100000 2>/dev/null
	check_fail $? "100000 claims fit in 4 MiB"
	n=$(ipn -j -d link show lbx0 | jq '.[0].linkinfo.info_data.claim_count')
	((n < 4 * 1024 * 1024 / 64))
	check_err $? "$n claims fit in 4 MiB"
	carries lbx0 lo ping -c 1 10.0.0.1
	ipn link del lbx0
	check_err $? "the device cannot be deleted"
	log_test "$name"
}

# meant ARG...: bytes.py finds no uninitialised byte
meant()
{
	check_output "" inns python3 "$lib_dir/bytes.py" "$@"
}

replies_meant()
{
	local name

	RET=0
	user_nic_up
	# names of all lengths for the padding, one that waits, and one that was longer
	# before
	for name in e et eth fifteen-letters waits; do
		echo "link add $name type dummy"
	done | ipn -b -
	ipn link set lbx0 name fourteen-chars
	ipn link set fourteen-chars name lbx0
	for name in e et eth0 fifteen-letters waits 192.0.2.1 2001:db8::1; do
		ipn link set lbx0 type lbx claim "$name"
	done
	ipn link del waits
	carries lbx0 lo ping -c 1 192.0.2.1
	ipn link set lbx0 down
	meant replies lbx0
	log_test "messages about links, claims, refusals and counters have no uninitialised byte"
}

frames_meant()
{
	RET=0
	user_nic_up
	ipn link set lbx0 address 02:00:00:00:00:01
	ipn addr add 203.0.113.1/32 dev lbx0
	ipn addr add 2001:db8:9::1/128 dev lbx0
	settle
	meant frames lbx0 203.0.113.1 own
	meant frames lbx0 2001:db8:9::1 own
	ipn link set lbx0 type lbx direct off
	meant frames lbx0 203.0.113.1 own
	meant frames lbx0 2001:db8:9::1 own
	ipn link set lbx0 type lbx direct on claim eth0
	# the packet was on its way to lo until then
	meant frames lbx0 192.0.2.1 00:00:00:00:00:00
	meant frames lbx0 2001:db8::1 00:00:00:00:00:00
	log_test "captured frames, their addresses and lengths have no uninitialised byte"
}

short_frames()
{
	RET=0
	user_nic_up
	check_output "$(printf '%d EINVAL\n' {0..13})
14 ok" inns python3 "$lib_dir/bytes.py" short lbx0
	log_test "frames shorter than an Ethernet header are refused"
}

tests_run
exit "$EXIT_STATUS"
