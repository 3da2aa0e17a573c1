#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tool lbx: save and restore, which are atomic, also when several run at once.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	save_restore
	restore_again
	restore_moves
	restore_routes
	restore_what_is_there
	restore_loads
	restore_undone
	ip6_that_leaves
	restore_bad_file
	restore_killed
	two_at_once
"

save_restore()
{
	local saved

	RET=0
	nic_up
	lbxn set lbx0 addr 10.9.0.1/24 addr 2001:db8:9::1 mtu 1500 isolate on direct off
	lbxn add lbx1 10.8.0.1 down
	lbxn claim eth0 192.0.2.1 2001:db8::1 dev lbx0
	saved=$(lbxn save)
	check_output '["lbx0","lbx1"]' jq -c 'map(.ifname)' <(lbxn -j save)
	lbxn del lbx0
	lbxn del lbx1
	check_output '[{"ifname":"lbx0","change":"added"},{"ifname":"lbx1","change":"added"}]' \
		lbxn -j restore <(echo "$saved")
	check_output "$saved" lbxn save
	carries lbx0 lo ping -c 1 -W 2 10.9.0.1
	carries lbx0 lo ping -c 1 -W 2 2001:db8::1
	# From stdin, in other words: a new device has half of the settings by default
	lbxn del lbx1
	check_output "" lbxn restore < <(printf '\n# of mine\n  add lbx1 10.8.0.1\tdown # down\n')
	check_output "$saved" lbxn save
	log_test "lbx restore makes the devices that lbx save has printed"
}

restore_again()
{
	local saved events

	RET=0
	nic_up
	lbxn set lbx0 addr 10.9.0.1/24 addr 10.9.0.2/24
	lbxn claim eth0 192.0.2.1 dev lbx0
	saved=$(lbxn save)
	ip -n "$NS" monitor link address >/tmp/events 2>&1 &
	events=$!
	sleep 0.5
	check_output '[{"ifname":"lbx0","change":"none"}]' lbxn -j restore <(echo "$saved")
	sleep 0.5
	kill "$events"
	wait "$events"
	check_output "" cat /tmp/events
	# Settings that have changed since are restored
	lbxn set lbx0 mtu 1500 noaddr 10.9.0.1/24 addr 10.7.0.1
	lbxn unclaim eth0
	check_output '[{"ifname":"lbx0","change":"changed"}]' lbxn -j restore <(echo "$saved")
	check_output "$saved" lbxn save
	log_test "lbx restore changes only what differs from the save file"
}

restore_moves()
{
	local swapped

	RET=0
	nic_up
	lbxn add lbx1 10.9.0.1/24
	lbxn set lbx0 addr 10.8.0.1/24
	lbxn claim eth0 dev lbx0
	lbxn claim 192.0.2.1 dev lbx1
	swapped=$(lbxn save | sed 's/lbx0/lbx9/; s/lbx1/lbx0/; s/lbx9/lbx1/')
	check_output "" lbxn restore <(echo "$swapped")
	check_output "$(sort <<<"$swapped")" sort <(lbxn save)
	log_test "lbx restore moves addresses and claims from one device to another"
}

restore_routes()
{
	local saved

	RET=0
	netns_up
	ipn link set lo up
	lbxn add any 10.10.0.0/16 2001:db8:a::1
	lbxn add tp0
	ipn -6 route add local 2001:db8:a::/64 dev any
	ipn route add local 198.51.100.0/24 dev any metric 7
	ipn route add local default dev tp0 table 100
	saved=$(lbxn save)
	check_output '[["2001:db8:a::/64",255,1024],["198.51.100.0/24",255,7],["0.0.0.0/0",100,0]]' \
		jq -c '[.[].routes | sort_by(.metric) | reverse[] | [.dst, .table, .metric]]' \
		<(lbxn -j save)
	lbxn del any
	lbxn del tp0
	check_output "" lbxn restore <(echo "$saved")
	check_output "$saved" lbxn save
	carries any lo ping -c 1 -W 2 2001:db8:a::77
	carries any lo ping -c 1 -W 2 198.51.100.9
	[[ $(ipn route show table 100) == "local default dev tp0"* ]]
	check_err $? "table 100 has: $(ipn route show table 100)"
	check_output '[{"ifname":"any","change":"none"},{"ifname":"tp0","change":"none"}]' \
		lbxn -j restore <(echo "$saved")
	# Routes that are not in the file are removed, and come back if the restore is
	# refused
	ipn route add local 203.0.113.0/24 dev any
	check_exit 2 "nothing was changed" lbxn restore <<<"$saved
		add bad 127.0.0.1"
	ipn route show table local | grep -q '203.0.113.0/24 dev any'
	check_err $? "a refused restore has removed a route"
	check_output "" lbxn restore <(echo "$saved")
	check_output "$saved" lbxn save
	# With the last IPv4 address, the kernel removes the routes
	check_output "" lbxn restore <(echo "${saved/10.10.0.0/10.11.0.0}")
	carries any lo ping -c 1 -W 2 198.51.100.9
	check_exit 2 "10.8.0.1/16" lbxn restore <<<$'add x\nlocal 10.8.0.1/16 dev x'
	check_exit 2 'Cannot find "add y" above' lbxn restore <<<"local 10.8.0.0/16 dev y"
	log_test "lbx save and restore include local routes over lbx devices"
}

restore_what_is_there()
{
	local out

	RET=0
	nic_up
	lbxn del lbx0
	out=$(lbxn restore 2>&1 <<-'END'
	add lbx0 10.9.0.1/24
	add lbx1 10.8.0.1/24
	claim eth0 eth7 dev lbx0
	claim 192.0.2.1 198.51.100.1 dev lbx1
	END
	)
	(($? == 3))
	check_err $? "the status of lbx restore is not 3 although a claim is impossible: $out"
	[[ $out == *"lbx1 does not claim 198.51.100.1, which is not a local address; the rest is restored"* &&
	   $out != *eth7* ]]
	check_err $? "lbx restore prints: $out"
	check_output $'eth7 dev lbx0 (waiting)\neth0 dev lbx0\n192.0.2.1 dev lbx1' lbxn claims
	carries lbx0 lo ping -c 1 -W 2 10.9.0.1
	# Once the targets exist, the same file makes the claims
	ipn link add eth7 type dummy
	ipn link set eth7 up
	ipn addr add 198.51.100.1/24 dev eth7
	check_output "" lbxn restore <<-'END'
	add lbx0 10.9.0.1/24
	add lbx1 10.8.0.1/24
	claim eth0 eth7 dev lbx0
	claim 192.0.2.1 198.51.100.1 dev lbx1
	END
	check_output 4 jq length <(lbxn -j claims)
	log_test "lbx restore makes waiting claims of interfaces, and reports addresses it cannot claim"
}

# As at boot: the kernel calls modprobe for the alias of the kind
restore_loads()
{
	local modules

	RET=0
	modules=/lib/modules/$(uname -r)
	if [[ ${LBX_KO-} ]]; then
		mount -t tmpfs tmpfs "$modules"
		defer umount "$modules"
		cp "$LBX_KO" "$modules/lbx.ko"
		depmod 2>/dev/null
	fi
	rmmod lbx
	check_output "" lbx restore <<<"add boot0 10.9.0.1/24"
	check_output '["boot0"]' jq -c 'map(.ifname) - ["lbx0"]' <(lbx -j show)
	rmmod lbx
	module_need
	log_test "lbx restore loads the module"
}

restore_undone()
{
	local before

	RET=0
	nic_up
	lbxn set lbx0 addr 10.9.0.1/24 addr 10.9.0.2/24
	lbxn claim eth0 192.0.2.1 dev lbx0
	before=$(lbxn save)
	check_exit 2 "nothing was changed" lbxn restore <<-'END'
	add lbx0 10.9.0.2/24 mtu 1500 isolate on
	add lbx1 10.8.0.1/24
	claim 203.0.113.2 dev lbx1
	claim lo dev lbx1
	END
	check_output "$before" lbxn save
	check_exit 2 "127.0.0.1" lbxn restore <<<"add lbx0 127.0.0.1"
	check_output "$before" lbxn save
	log_test "a restore that is refused is rolled back completely"
}

# saved_words: print the saved state in any order, because IPv6 addresses are in the
# order in which they were added
saved_words()
{
	lbxn save | tr ' ' '\n' | sort
}

ip6_that_leaves()
{
	local before

	RET=0
	nic_up
	lbxn set lbx0 addr 10.9.0.1/24 addr 2001:db8:9::1/64 addr fe80::5/64
	before=$(saved_words)
	check_exit 2 "nothing was changed" lbxn restore <<-'END'
	add lbx0 10.9.0.1/24 mtu 1000
	claim lo dev lbx0
	END
	check_output "$before" saved_words
	check_exit 2 "2001:db8:9::1" lbxn restore <<<"add lbx0 2001:db8:9::1/64 mtu 1000"
	check_output "$before" saved_words
	lbxn set lbx0 down
	check_err $? "down failed"
	check_output '["10.9.0.1","2001:db8:9::1","fe80::5"]' \
		dev '[.addr_info[].local] - ["fe80::1"] | sort'
	lbxn set lbx0 mtu 1000
	check_err $? "an MTU without IPv6 failed"
	check_output '["10.9.0.1"]' dev '[.addr_info[].local]'
	log_test "IPv6 addresses that a low MTU or down would remove are restored or kept"
}

restore_bad_file()
{
	local before

	RET=0
	nic_up
	before=$(lbxn save)
	check_exit 2 'stdin:2: unknown command "del": must be "add", "local" or "claim"' \
		lbxn restore <<<$'add lbx0 mtu 1500\ndel lbx0'
	check_exit 2 'stdin:1: invalid mtu "1"' lbxn restore <<<"add lbx0 mtu 1"
	check_exit 2 'stdin:1: Cannot find "add lbx0" above' lbxn restore <<<"claim eth0 dev lbx0"
	check_exit 2 'stdin:2: duplicate device "lbx0"' lbxn restore <<<$'add lbx0\nadd lbx0'
	check_exit 2 "/nothing: No such file" lbxn restore /nothing
	check_exit 2 "/tmp: Is a directory" lbxn restore /tmp
	check_output "$before" lbxn save
	log_test "a save file with a mistake changes nothing, and the line is named"
}

restore_killed()
{
	local i monitor n pid

	RET=0
	netns_up
	ipn link set lo up
	ipn route add local 198.18.0.0/16 dev lo
	{
		for ((i = 0; i < 100; i++)); do
			echo "add lbx$i 10.9.$i.1/24 10.10.$i.1/24 2001:db8::$i mtu 1500 isolate off direct on up"
		done
		addr_list 3000 | sed 's/.*/claim & dev lbx0/'
	} >/tmp/state
	for ((i = 0; i < 3; i++)); do
		lbx -n "$NS" monitor >/tmp/events 2>/tmp/events.err &
		monitor=$!
		busywait "$BUSYWAIT_TIMEOUT" grep -q watching /tmp/events.err
		lbx -n "$NS" restore /tmp/state &
		pid=$!
		# Kill it after the first change. Not by busywait, which starts
		# programs.
		SECONDS=0
		while [[ ! -s /tmp/events ]] && ((SECONDS < 20)); do :; done
		kill -KILL "$pid"
		kill "$monitor"
		wait "$pid" "$monitor" 2>/dev/null
		n=$(lbxn save | grep -c ^add)
		((n > 0 && n < 100))
		check_err $? "restore was not killed in the middle: there are $n devices"
	done
	check_output "" lbxn restore /tmp/state
	check_output "100 3000" echo "$(lbxn save | grep -c ^add) $(lbxn claims | wc -l)"
	check_output '["10.9.99.1","10.10.99.1","2001:db8::99"]' jq -c \
		'.[0] | [.addr_info[] | select(.local != "fe80::1").local]' \
		<(lbxn -j show lbx99)
	log_test "lbx restore completes what a restore that was killed by SIGKILL has begun"
}

two_at_once()
{
	local i j failed=0 pids=()

	RET=0
	nic_up
	for ((i = 0; i < 8; i++)); do
		{
			printf 'add lbx1'
			for ((j = 1; j <= 40; j++)); do
				printf ' 10.7.%d.%d/32' "$i" "$j"
			done
		} >"/tmp/state$i"
	done
	for ((j = 0; j < 3; j++)); do
		for ((i = 0; i < 8; i++)); do
			lbx -n "$NS" restore "/tmp/state$i" &
			pids+=($!)
			lbx -n "$NS" set lbx0 addr "10.8.$j.$i/32" &
			pids+=($!)
		done
	done
	for i in "${pids[@]}"; do
		wait "$i" || failed=$((failed + 1))
	done
	((failed == 0))
	check_err $? "$failed commands were refused"
	check_output 24 dev '[.addr_info[] | select(.family == "inet")] | length'
	# One of them was the last, and its device is complete
	check_output 1 jq '.[0].addr_info | map(select(.family == "inet").local |
		sub("\\.[0-9]+$"; "")) | if length == 40 then unique | length else . end' \
		<(lbxn -j show lbx1)
	log_test "several lbx commands that run at once do not mix their changes"
}

tool_need
tests_run
exit "$EXIT_STATUS"
