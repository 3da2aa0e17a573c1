#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lbx, the tool: stats, top and monitor, which tell what happens.

# shellcheck source=selftests/lib.sh
source "$(dirname "$0")/lib.sh"

ALL_TESTS="
	stats_once
	stats_cpu
	stats_watch
	stats_ends
	top_begins
	top_shows
	top_keys
	top_ends
	top_needs_terminal
	monitor_tells
	monitor_believes_the_kernel
	monitor_claims
	monitor_many
	monitor_json
	monitor_lost
"

# packets_to ADDR N: sends N UDP packets from CPU 1
packets_to()
{
	inns taskset -c 1 python3 -c "import socket
for i in range($2):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.sendto(bytes(100), ('$1', 9))"
}

devices_up()
{
	setup_ns NS
	defer cleanup_ns "$NS"
	# Nobody listens: no answers, which would be counted too
	inns sysctl -qw net.ipv4.icmp_ratelimit=0
	lbxn add pg 10.9.0.1
	lbxn add other 10.8.0.1
	inns nft -f - <<-'END'
	table ip t {
		chain c {
			type filter hook output priority 0
			meta l4proto icmp drop
		}
	}
	END
}

stats_once()
{
	RET=0
	devices_up
	packets_to 10.9.0.1 50
	[[ $(lbxn -j stats pg | jq -c 'map([.ifname, .stats.direct_packets, .stats.direct_bytes,
		.stats.inline_packets, .stats.drop_malformed])') == '[["pg",50,6400,50,0]]' ]]
	check_err $? "it counts $(lbxn -j stats)"
	[[ $(lbxn stats | awk '$1 == "pg" {print $2, $3, $4, $5, $6}') == "all 50 6400 50 0" ]]
	check_err $? "the text is $(lbxn stats)"
	[[ $(lbxn -j stats | jq -c 'map(.ifname)') == '["pg","other"]' ]]
	check_err $? "not all devices are there"
	refused "there is no device nothing" lbxn stats nothing
	log_test "stats are those of the device"
}

stats_cpu()
{
	RET=0
	devices_up
	packets_to 10.9.0.1 50
	[[ $(lbxn -j stats pg --cpu |
	     jq -c '.[0].cpus | map([.cpu, .stats.direct_packets])') == '[[0,0],[1,50]]' ]]
	check_err $? "the CPUs have $(lbxn -j stats pg --cpu)"
	[[ $(lbxn stats --cpu | awk '$1 == "pg" {print $2, $3}') == $'all 50\n0 0\n1 50' ]]
	check_err $? "the text is $(lbxn stats --cpu)"
	log_test "stats --cpu have each CPU's share"
}

stats_watch()
{
	local pid

	RET=0
	devices_up
	lbx -n "$NS" -j stats pg --watch 1.5 >/tmp/watch &
	pid=$!
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/watch 1
	packets_to 10.9.0.1 100
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/watch $(($(wc -l </tmp/watch) + 2))
	kill "$pid"
	wait "$pid"
	# All in a few intervals, each as long as asked for and what a busy host adds. If they
	# were not per second, it would be 150.
	jq -se 'map(.[0].rates.direct_packets) | add * 1.5 | . > 35 and . < 105' \
		/tmp/watch >/dev/null
	check_err $? "of 100 packets, it saw $(jq -sc 'map(.[0].rates.direct_packets)' /tmp/watch)"
	log_test "stats --watch have the rates"
}

stats_ends()
{
	local pid

	RET=0
	devices_up
	# Nobody reads any more
	timeout 20 lbx -n "$NS" stats --watch 0.1 | head -n 1 >/dev/null
	((PIPESTATUS[0] == 1))
	check_err $? "it goes on when nobody reads"
	: >/tmp/gone
	timeout 20 lbx -n "$NS" stats pg --watch 0.1 &>/tmp/gone &
	pid=$!
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/gone 1
	check_err $? "it tells nothing"
	lbxn del pg
	wait "$pid"
	(($? == 1))
	check_err $? "it goes on without the device"
	grep -q "there is no device pg" /tmp/gone
	check_err $? "it says: $(tail -n 2 /tmp/gone)"
	log_test "stats --watch ends with its reader and its device"
}

# top_start [INTERVAL]: in a terminal of 80x24 that tmux emulates. What is on it may
# be half of what is drawn next.
top_start()
{
	defer tmux kill-server
	tmux -f /dev/null new-session -d -x 80 -y 24 -s top \
		"ip netns exec $NS lbx top --interval ${1-0.2}; echo status \$?; sleep 100"
	busywait "$BUSYWAIT_TIMEOUT" screen_has "q quit"
	check_err $? "top does not start: $(screen)"
}

screen()
{
	tmux capture-pane -p -t top
}

# screen_has REGEX
screen_has()
{
	screen | grep -qE "$1"
}

# screen_rows N: as many devices and CPUs
screen_rows()
{
	(($(screen | grep -cE '^(pg|other|d[0-9]+|  cpu[01]) ') == $1))
}

# screen_order "LINE:DEV LINE:DEV": where other and pg are
screen_order()
{
	[[ $(screen | grep -nE '^(other|pg) ' | tr -s ' ' : | cut -d: -f1,2 | paste -sd ' ') == "$1" ]]
}

top_begins()
{
	RET=0
	devices_up
	top_start 1000
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^lbx top - 2 devices, per second"
	check_err $? "no head: $(screen)"
	busywait "$BUSYWAIT_TIMEOUT" screen_rows 2
	check_err $? "no lines: $(screen)"
	log_test "top has all devices before the first interval is over"
}

top_shows()
{
	local pid

	RET=0
	devices_up
	top_start
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^pg +0 +0 +0 +0 +0 +0 +0$"
	check_err $? "no line of pg that is idle: $(screen)"
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^lbx top - 2 devices, per second"
	check_err $? "no head: $(screen)"
	inns taskset -c 1 python3 -c "import socket, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        sock.sendto(bytes(100), ('10.8.0.1', 9))
    except OSError:
        pass
    time.sleep(0.001)" &
	pid=$!
	# What has more packets is above
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^other +[1-9][0-9.k]* "
	check_err $? "no rates of other: $(screen)"
	busywait "$BUSYWAIT_TIMEOUT" screen_order "4:other 5:pg"
	check_err $? "the busiest is not the first: $(screen)"
	kill "$pid"
	wait "$pid" 2>/dev/null
	log_test "top shows rates in a terminal of 80x24, the busiest device first"
}

top_keys()
{
	local i

	RET=0
	devices_up
	for ((i = 0; i < 40; i++)); do
		echo "add d$i"
	done | lbxn restore
	top_start
	busywait "$BUSYWAIT_TIMEOUT" screen_rows 20
	check_err $? "the screen is not full: $(screen)"
	tmux send-keys -t top Down Down Down
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^d20 "
	check_err $? "it does not scroll: $(screen)"
	tmux send-keys -t top c
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^  cpu1 "
	check_err $? "c does not show CPUs: $(screen)"
	tmux resize-window -t top -x 80 -y 12
	busywait "$BUSYWAIT_TIMEOUT" screen_rows 8
	check_err $? "a smaller terminal has another number of lines: $(screen)"
	tmux send-keys -t top q
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^status 0"
	check_err $? "q does not end it: $(screen)"
	log_test "top scrolls, shows CPUs, follows the terminal's size, and ends by q"
}

top_ends()
{
	RET=0
	devices_up
	top_start
	pkill -INT -x lbx
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^status [1-9]"
	check_err $? "SIGINT does not end it: $(screen)"
	# The terminal echoes again, as it did
	tmux send-keys -t top "echoed"
	busywait "$BUSYWAIT_TIMEOUT" screen_has "echoed"
	check_err $? "the terminal is not as before: $(screen)"
	log_test "top leaves the terminal as it was, after SIGINT too"
}

top_needs_terminal()
{
	RET=0
	devices_up
	refused "try: lbx stats --watch" lbxn top
	refused "try: lbx -j stats --watch" lbxn -j top
	refused "is not known" env TERM=nothing script -qec "lbx -n $NS top" /dev/null
	log_test "top needs a terminal"
}

# monitor_start [OPTION]; monitor_told WANTED...: has it told these, and nothing else?
monitor_start()
{
	lbx -n "$NS" "$@" monitor >/tmp/events 2>/tmp/events.err &
	monitor_pid=$!
	busywait "$BUSYWAIT_TIMEOUT" grep -q watching /tmp/events.err
	check_err $? "it does not start: $(</tmp/events.err)"
}

monitor_told()
{
	local want

	want=$(printf '%s\n' "$@")
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/events $#
	sleep 0.2
	kill "$monitor_pid"
	wait "$monitor_pid"
	[[ $(</tmp/events) == "$want" ]]
	check_err $? "it has told: $(</tmp/events)"
}

monitor_tells()
{
	RET=0
	devices_up
	ipn link add eth0 type dummy
	monitor_start
	lbxn set pg mtu 1500
	lbxn set pg isolate on direct off
	ipn addr add 10.7.0.1/24 dev pg
	ipn addr del 10.7.0.1/24 dev pg
	ipn addr add 192.0.2.1/24 dev eth0
	ipn link set other down
	ipn link set other name another
	ipn link add fresh type lbx
	ipn link del eth0
	ipn link del fresh
	monitor_told "device pg changed: mtu 1500" \
		"device pg changed: direct off isolate on" \
		"address 10.7.0.1/24 added dev pg" \
		"address 10.7.0.1/24 deleted dev pg" \
		"device other changed: down" \
		"address fe80::1/64 deleted dev other" \
		"device another changed: name was other" \
		"device fresh added: down mtu 65536 direct on isolate off" \
		"device fresh deleted"
	log_test "monitor tells of each change of lbx devices, and of no others"
}

# Who has CAP_NET_ADMIN in a netns can send to rtnetlink's sockets there
monitor_believes_the_kernel()
{
	RET=0
	devices_up
	monitor_start
	inns python3 - "$monitor_pid" "$(dev .ifindex)" <<-'END'
		import socket, struct, sys
		to, index = map(int, sys.argv[1:])
		with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
		    # RTM_DELLINK
		    sock.sendto(struct.pack("IHHIIBxHiII", 32, 17, 0, 0, 0, 0, 0, index, 0, 0), (to, 0))
	END
	check_err $? "it could not be sent"
	lbxn set pg mtu 1500
	monitor_told "device pg changed: mtu 1500"
	log_test "monitor believes the kernel, and nobody else who sends to it"
}

monitor_claims()
{
	RET=0
	devices_up
	ipn link add eth0 type dummy
	ipn addr add 192.0.2.1/24 dev eth0
	ipn link set eth0 up
	monitor_start
	lbxn claim eth0 192.0.2.1 dev pg
	lbxn unclaim 192.0.2.1
	ipn link set eth0 down
	ipn link set eth0 name eth1
	ipn link del eth1
	ipn link add eth1 type dummy
	lbxn unclaim --all
	monitor_told "claim eth0 added dev pg" \
		"claim 192.0.2.1 added dev pg" \
		"claim 192.0.2.1 deleted dev pg" \
		"claim eth0 deleted dev pg" \
		"claim eth1 added dev pg" \
		"claim eth1 waits dev pg" \
		"claim eth1 works dev pg" \
		"claim eth1 deleted dev pg"
	log_test "monitor tells of claims, and of what becomes of them"
}

monitor_many()
{
	local addrs

	RET=0
	devices_up
	ipn link set lo up
	ipn route add local 198.18.0.0/16 dev lo
	mapfile -t addrs < <(addr_list 1000)
	monitor_start
	lbxn claim "${addrs[@]}" dev pg
	lbxn claim 198.18.9.9 dev pg
	mapfile -t addrs < <(printf 'claim %s added dev pg\n' "${addrs[@]}" | LC_ALL=C sort -V)
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/events 1001
	LC_ALL=C sort -V -o /tmp/events /tmp/events
	monitor_told "${addrs[@]}" "claim 198.18.9.9 added dev pg"
	log_test "monitor tells of claims of which a link's message has only the first"
}

monitor_json()
{
	RET=0
	devices_up
	ipn link add eth0 type dummy
	monitor_start -j
	lbxn set pg mtu 1500 addr 10.7.0.1/24
	lbxn claim eth0 dev pg
	lbxn del other
	monitor_told '{"event":"device","change":"changed","dev":"pg","mtu":1500}' \
		'{"event":"address","change":"added","dev":"pg","family":"inet","local":"10.7.0.1","prefixlen":24}' \
		'{"event":"claim","change":"added","dev":"pg","ifname":"eth0","waiting":false}' \
		'{"event":"device","change":"changed","dev":"other","up":false}' \
		'{"event":"address","change":"deleted","dev":"other","family":"inet6","local":"fe80::1","prefixlen":64}' \
		'{"event":"address","change":"deleted","dev":"other","family":"inet","local":"10.8.0.1","prefixlen":32}' \
		'{"event":"device","change":"deleted","dev":"other"}'
	log_test "monitor -j prints an object for each event"
}

# More than the socket holds while monitor does not read
monitor_lost()
{
	local i

	RET=0
	devices_up
	monitor_start
	kill -STOP "$monitor_pid"
	for ((i = 0; i < 1000; i++)); do
		echo "link set pg mtu $((2000 + i))"
	done | ipn -batch -
	lbxn del other
	kill -CONT "$monitor_pid"
	busywait "$BUSYWAIT_TIMEOUT" grep -q "other deleted" /tmp/events
	check_err $? "it does not tell of what came last: $(tail -n 3 /tmp/events)"
	grep -q "events were lost" /tmp/events.err
	check_err $? "it does not tell that events were lost: $(</tmp/events.err)"
	busywait "$BUSYWAIT_TIMEOUT" grep -q "mtu 2999" /tmp/events
	check_err $? "what has become of pg is not told: $(tail -n 3 /tmp/events)"
	lbxn set pg mtu 1500
	busywait "$BUSYWAIT_TIMEOUT" grep -q "mtu 1500" /tmp/events
	check_err $? "it does not go on: $(tail -n 3 /tmp/events)"
	kill "$monitor_pid"
	wait "$monitor_pid"
	log_test "monitor catches up when events were lost"
}

tool_need
tests_run
exit "$EXIT_STATUS"
