#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tool lbx: stats, top and monitor, which report what happens.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

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
	monitor_reports
	monitor_believes_the_kernel
	monitor_claims
	monitor_many
	monitor_json
	monitor_times
	monitor_lost
"

# packets_to ADDR N: send N UDP packets from CPU 1
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
	# No socket listens, and the rule drops the ICMP errors, which would be counted,
	# too
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
	check_err $? "lbx stats prints $(lbxn -j stats)"
	[[ $(lbxn stats | awk '$1 == "pg" {print $2, $3, $4, $5, $6}') == "all 50 6400 50 0" ]]
	check_err $? "lbx stats prints as text $(lbxn stats)"
	[[ $(lbxn -j stats | jq -c 'map(.ifname)') == '["pg","other"]' ]]
	check_err $? "lbx stats does not have all devices"
	refused 'Cannot find device "nothing"' lbxn stats nothing
	log_test "lbx stats prints the counters of the given devices"
}

stats_cpu()
{
	RET=0
	devices_up
	packets_to 10.9.0.1 50
	[[ $(lbxn -j stats pg cpu |
	     jq -c '.[0].cpus | map([.cpu, .stats.direct_packets])') == '[[0,0],[1,50]]' ]]
	check_err $? "lbx stats cpu prints $(lbxn -j stats pg cpu)"
	[[ $(lbxn stats cpu | awk '$1 == "pg" {print $2, $3}') == $'all 50\n0 0\n1 50' ]]
	check_err $? "lbx stats cpu prints as text $(lbxn stats cpu)"
	log_test "lbx stats cpu prints the counters of each CPU"
}

stats_watch()
{
	local pid

	RET=0
	devices_up
	lbx -n "$NS" -j stats pg watch 1.5 >/tmp/watch &
	pid=$!
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/watch 1
	packets_to 10.9.0.1 100
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/watch $(($(wc -l </tmp/watch) + 2))
	kill "$pid"
	wait "$pid"
	# All packets are in a few intervals. Each is as long as requested, plus the
	# delay of a busy host. If the rates were not per second, the sum would be 150.
	jq -se 'map(.[0].rates.direct_packets) | add * 1.5 | . > 35 and . < 105' \
		/tmp/watch >/dev/null
	check_err $? "the rates for 100 packets are $(jq -sc 'map(.[0].rates.direct_packets)' /tmp/watch)"
	check_output true jq -se 'all(.[][]; .timestamp | test("^2[0-9T:-]{18}[.][0-9]{6}$"))' /tmp/watch
	timeout 20 lbx -n "$NS" stats watch 0.1 | head -n 2 >/tmp/watch
	grep -qE '^\[2[0-9T:-]{18}\.[0-9]{6}\] packets and bytes per second$' /tmp/watch
	check_err $? "the time and the unit of the rates are missing: $(</tmp/watch)"
	log_test "lbx stats watch prints rates per second, with the time and the unit"
}

stats_ends()
{
	local pid

	RET=0
	devices_up
	# The reader has ended
	timeout 20 lbx -n "$NS" stats watch 0.1 | head -n 1 >/dev/null
	((PIPESTATUS[0] == 2))
	check_err $? "lbx stats watch does not end with its reader"
	: >/tmp/gone
	timeout 20 lbx -n "$NS" stats pg watch 0.1 &>/tmp/gone &
	pid=$!
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/gone 1
	check_err $? "lbx stats watch prints nothing"
	lbxn del pg
	wait "$pid"
	(($? == 2))
	check_err $? "lbx stats watch does not end with its device"
	grep -q 'Cannot find device "pg"' /tmp/gone
	check_err $? "lbx stats watch prints: $(tail -n 2 /tmp/gone)"
	log_test "lbx stats watch ends when its reader or its device is gone"
}

# top_start [INTERVAL]: start lbx top in a terminal of 80x24 that tmux emulates. The
# screen may show an incomplete update.
top_start()
{
	defer tmux kill-server
	tmux -f /dev/null new-session -d -x 80 -y 24 -s top \
		"ip netns exec $NS lbx top interval ${1-0.2}; echo status \$?; sleep 100"
	busywait "$BUSYWAIT_TIMEOUT" screen_has "q quit"
	check_err $? "lbx top does not start: $(screen)"
}

screen()
{
	tmux capture-pane -p -t top
}

# screen_has REGEX: true if a line on the screen matches
screen_has()
{
	screen | grep -qE "$1"
}

# screen_rows N: true if there are N devices and CPUs on the screen
screen_rows()
{
	(($(screen | grep -cE '^(pg|other|d[0-9]+|  cpu[01]) ') == $1))
}

# screen_order "LINE:DEV LINE:DEV": true if the devices other and pg are on these lines
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
	check_err $? "the title is missing: $(screen)"
	busywait "$BUSYWAIT_TIMEOUT" screen_rows 2
	check_err $? "the lines of the devices are missing: $(screen)"
	log_test "lbx top shows all devices before the first interval has ended"
}

top_shows()
{
	local pid

	RET=0
	devices_up
	top_start
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^pg +0 +0 +0 +0 +0 +0 +0$"
	check_err $? "the line of the idle device pg is missing: $(screen)"
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^lbx top - 2 devices, per second"
	check_err $? "the title is missing: $(screen)"
	inns taskset -c 1 python3 -c "import socket, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        sock.sendto(bytes(100), ('10.8.0.1', 9))
    except OSError:
        pass
    time.sleep(0.001)" &
	pid=$!
	# The device with more packets is above
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^other +[1-9][0-9.k]* "
	check_err $? "the rates of the device other are missing: $(screen)"
	busywait "$BUSYWAIT_TIMEOUT" screen_order "5:other 6:pg"
	check_err $? "the busiest device is not first: $(screen)"
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^total +[1-9][0-9.k]* "
	check_err $? "the rates of all devices are missing: $(screen)"
	kill "$pid"
	wait "$pid" 2>/dev/null
	log_test "lbx top shows rates in a terminal of 80x24, with the busiest device first"
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
	busywait "$BUSYWAIT_TIMEOUT" screen_rows 19
	check_err $? "the screen is not full: $(screen)"
	tmux send-keys -t top Down Down Down Down
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^d20 "
	check_err $? "the screen does not scroll: $(screen)"
	tmux send-keys -t top c
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^  cpu1 "
	check_err $? "the key c does not show CPUs: $(screen)"
	tmux resize-window -t top -x 80 -y 12
	busywait "$BUSYWAIT_TIMEOUT" screen_rows 7
	check_err $? "the number of lines is wrong in a smaller terminal: $(screen)"
	tmux send-keys -t top q
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^status 0"
	check_err $? "the key q does not end lbx top: $(screen)"
	log_test "lbx top scrolls, shows CPUs, adapts to the size of the terminal, and ends by q"
}

top_ends()
{
	RET=0
	devices_up
	top_start
	pkill -INT -x lbx
	busywait "$BUSYWAIT_TIMEOUT" screen_has "^status [1-9]"
	check_err $? "SIGINT does not end lbx top: $(screen)"
	# The terminal echoes again, as before
	tmux send-keys -t top "echoed"
	busywait "$BUSYWAIT_TIMEOUT" screen_has "echoed"
	check_err $? "the terminal does not echo: $(screen)"
	log_test "lbx top restores the terminal, also after SIGINT"
}

top_needs_terminal()
{
	RET=0
	devices_up
	refused "try: lbx stats watch" lbxn top
	refused "try: lbx -j stats watch" lbxn -j top
	refused "unknown terminal" env TERM=nothing script -qec "lbx -n $NS top" /dev/null
	log_test "lbx top is refused without a terminal"
}

# monitor_start [OPTION]: start lbx monitor
# monitor_told WANTED...: it has printed exactly these events
monitor_start()
{
	lbx -n "$NS" "$@" monitor >/tmp/events 2>/tmp/events.err &
	monitor_pid=$!
	busywait "$BUSYWAIT_TIMEOUT" grep -q watching /tmp/events.err
	check_err $? "lbx monitor does not start: $(</tmp/events.err)"
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
	check_err $? "lbx monitor has printed: $(</tmp/events)"
}

monitor_reports()
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
	log_test "lbx monitor reports each change of lbx devices, and of no others"
}

# A process with CAP_NET_ADMIN in a netns can send to sockets of rtnetlink there
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
	check_err $? "the message cannot be sent"
	lbxn set pg mtu 1500
	monitor_told "device pg changed: mtu 1500"
	log_test "lbx monitor ignores messages that do not come from the kernel"
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
	lbxn unclaim all
	monitor_told "claim eth0 added dev pg" \
		"claim 192.0.2.1 added dev pg" \
		"claim 192.0.2.1 deleted dev pg" \
		"claim eth0 deleted dev pg" \
		"claim eth1 added dev pg" \
		"claim eth1 waits dev pg" \
		"claim eth1 works dev pg" \
		"claim eth1 deleted dev pg"
	log_test "lbx monitor reports claims, and the changes of their interfaces"
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
	log_test "lbx monitor reports claims that a link message has no room for"
}

monitor_json()
{
	local index

	RET=0
	devices_up
	ipn link add eth0 type dummy
	monitor_start -j
	lbxn set pg mtu 1500 addr 10.7.0.1/24
	lbxn claim eth0 dev pg
	lbxn del other
	index=$(ipn -j link show dev eth0 | jq '.[0].ifindex')
	monitor_told '{"event":"device","change":"changed","dev":"pg","mtu":1500}' \
		'{"event":"address","change":"added","dev":"pg","family":"inet","local":"10.7.0.1","prefixlen":24}' \
		'{"event":"claim","change":"added","dev":"pg","ifname":"eth0","waiting":false,"ifindex":'"$index"'}' \
		'{"event":"device","change":"changed","dev":"other","flags":["LOOPBACK"],"operstate":"DOWN"}' \
		'{"event":"address","change":"deleted","dev":"other","family":"inet6","local":"fe80::1","prefixlen":64}' \
		'{"event":"address","change":"deleted","dev":"other","family":"inet","local":"10.8.0.1","prefixlen":32}' \
		'{"event":"device","change":"deleted","dev":"other"}'
	log_test "lbx monitor -j prints an object for each event"
}

# The form is that of "ip monitor"
monitor_times()
{
	local option ip_pid

	RET=0
	devices_up
	for option in timestamp -t tshort -ts; do
		lbx -n "$NS" monitor "$option" >/tmp/events 2>/tmp/events.err &
		monitor_pid=$!
		busywait "$BUSYWAIT_TIMEOUT" grep -q watching /tmp/events.err
		ip -n "$NS" "-${option#-}" monitor link >/tmp/events.ip &
		ip_pid=$!
		busywait "$BUSYWAIT_TIMEOUT" ip_reports
		check_err $? "ip monitor reports nothing"
		busywait "$BUSYWAIT_TIMEOUT" grep -q mtu /tmp/events
		kill "$monitor_pid" "$ip_pid"
		wait "$monitor_pid" "$ip_pid"
		[[ $(times /tmp/events) == "$(times /tmp/events.ip)" && -n $(times /tmp/events) ]]
		check_err $? "monitor $option prints $(</tmp/events), and ip $(</tmp/events.ip)"
	done
	lbx -n "$NS" -j monitor timestamp >/tmp/events 2>/tmp/events.err &
	monitor_pid=$!
	busywait "$BUSYWAIT_TIMEOUT" grep -q watching /tmp/events.err
	lbxn set pg mtu 1500
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/events 1
	kill "$monitor_pid"
	wait "$monitor_pid"
	check_output true jq '.timestamp | test("^2[0-9T:-]{18}[.][0-9]{6}$")' /tmp/events
	log_test "lbx monitor prints times in the form of ip monitor -t and -ts"
}

# ip_reports: change a device, until ip monitor has started and reports it. busywait calls
# it in a subshell.
ip_reports()
{
	lbxn set pg mtu $((2000 + 10#${EPOCHREALTIME: -6} % 1000))
	grep -q mtu /tmp/events.ip
}

# times FILE: the form of the first time: each digit as 0, and each day and month as A
times()
{
	grep -m1 -oE '^(Timestamp: .* usec|\[[^]]*\] )' "$1" |
		sed -E 's/ ([0-9]) / 0\1 /; s/[0-9]+ usec/0 usec/; s/[0-9]/0/g; s/: [A-Z][a-z]+ [A-Z][a-z]+/: A A/'
}

# More notifications than the socket holds while monitor does not read
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
	check_err $? "lbx monitor does not report the last change: $(tail -n 3 /tmp/events)"
	grep -q "notifications were lost" /tmp/events.err
	check_err $? "lbx monitor does not report that events were lost: $(</tmp/events.err)"
	busywait "$BUSYWAIT_TIMEOUT" grep -q "mtu 2999" /tmp/events
	check_err $? "lbx monitor does not report the present state of pg: $(tail -n 3 /tmp/events)"
	lbxn set pg mtu 1500
	busywait "$BUSYWAIT_TIMEOUT" grep -q "mtu 1500" /tmp/events
	check_err $? "lbx monitor does not go on: $(tail -n 3 /tmp/events)"
	kill "$monitor_pid"
	wait "$monitor_pid"
	log_test "lbx monitor reports the present state after events were lost"
}

tool_need
tests_run
exit "$EXIT_STATUS"
