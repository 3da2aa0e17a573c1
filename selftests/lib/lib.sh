# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that the tests share. Each test program sources this file first. It sources
# the kernel's net/lib.sh (setup_ns, check_err, log_test, tests_run, defer, busywait
# ...) and loads the module. Addresses are those reserved for documentation: RFC 5737,
# RFC 3849.

: "${KSFT_DIR:=/usr/src/linux-selftests/tools/testing/selftests}"

# kselftest sets KSFT_MACHINE_SLOW=yes for a debug kernel and the like, where everything
# takes many times as long: wait longer for what should happen. See also slow_scale.
[[ ${KSFT_MACHINE_SLOW:-} != yes ]] || : "${WAIT_TIMEOUT:=120}"

# slow_scale MANY FEW: print MANY, or FEW on a slow machine
slow_scale()
{
	[[ ${KSFT_MACHINE_SLOW:-} != yes ]] && echo "$1" || echo "$2"
}

# shellcheck source=/usr/src/linux-selftests/tools/testing/selftests/net/lib.sh
source "$KSFT_DIR/net/lib.sh"

# lib_dir: this directory, with the scripts in Python
# repo_dir: the repository, unless the tests are installed
# bin_dir: what lib.mk has built
lib_dir=$(dirname "$(readlink -e "${BASH_SOURCE[0]}")")
# shellcheck disable=SC2034  # used by the programs that source this
repo_dir=$lib_dir/../..
bin_dir=${OUTPUT:-$lib_dir/..}
PATH=$bin_dir:$PATH
export IP_LIB_DIR=$bin_dir

# The next functions replace those of net/lib.sh, which start a dozen programs for each
# netns and two for each busywait. On emulated CPUs that takes longer than the tests
# themselves.
ns_count=0
# Not empty if a new netns has rp_filter off. A new netns inherits the value of the
# initial netns, unless the sysctl net.core.devconf_inherit_init_net is changed
# (devinet_init_net()).
ns_inherits=unknown

# rp_filter_off NAME: turn rp_filter off in a new netns, unless it is off already
rp_filter_off()
{
	local conf=/proc/sys/net/ipv4/conf

	if [[ $ns_inherits == unknown ]]; then
		ns_inherits=
		[[ $(netns_exec "$1" cat $conf/{all,default}/rp_filter) != $'0\n0' ]] ||
			ns_inherits=1
	fi
	[[ $ns_inherits ]] || ip netns exec "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0
}

timestamp_ms()
{
	echo $((${EPOCHREALTIME//[!0-9]/} / 1000))
}

# busywait with a pause of 10 ms. Without the pause it takes half of an emulated CPU
# from the process that it waits for. Nobody writes to the pipe.
exec {pause_fd}<> <(:)

loopy_wait()
{
	local command=$1 end out
	((end = ${EPOCHREALTIME//[!0-9]/} + $2 * 1000))
	shift 2

	until out=$("$@"); do
		if ((${EPOCHREALTIME//[!0-9]/} > end)); then
			echo -n "$out"
			return 1
		fi
		if [[ $command == : ]]; then
			read -rt 0.01 -u "$pause_fd"
		else
			$command
		fi
	done
	echo -n "$out"
}

setup_ns()
{
	local name new=()

	for name; do
		cleanup_ns "${!name-}"
		printf -v "$name" '%s-%d-%d' "${name,,}" "$$" "$((++ns_count))"
		new+=("${!name}")
	done
	NS_LIST+=("${new[@]}")
	printf 'netns add %s\n' "${new[@]}" | ip -b - || return "$ksft_skip"
	for name in "${new[@]}"; do
		ip -n "$name" link set lo up
		rp_filter_off "$name"
	done
}

cleanup_ns()
{
	local ns pids there=()

	for ns; do
		remove_ns_list "$ns"
		[[ ! $ns || ! -e /run/netns/$ns ]] || there+=("$ns")
	done
	((${#there[@]})) || return 0
	mapfile -t pids < <(printf 'netns pids %s\n' "${there[@]}" | ip -b -)
	kill "${pids[@]}" 2>/dev/null
	printf 'netns del %s\n' "${there[@]}" | ip -b -
}

# ipn ARG...: run ip in the netns of the test
# lbxn ARG...: run lbx in it
# inns COMMAND...: run any command in it
# inns_start COMMAND...: run a command in the background. $! is the command itself. Save
# $! at once: a later < <() replaces it.
ipn()
{
	ip -n "$NS" "$@"
}

lbxn()
{
	lbx -n "$NS" "$@"
}

inns()
{
	case $* in
	# A command that may read /sys, of which each netns has its own part
	*/sys*|*bash*|*bench*|*hook*|*lbx\ *|*python*|*sh\ *|*tcpdump*)
		ip netns exec "$NS" "$@" ;;
	*)
		netns_exec "$NS" "$@" ;;
	esac
}

inns_start()
{
	ip netns exec "$NS" "$@" &
}

module_load()
{
	if [[ -n ${LBX_KO:-} ]]; then
		insmod "$LBX_KO" "$@"
	else
		modprobe lbx "$@"
	fi
}

module_is_loaded()
{
	[[ -d /sys/module/lbx ]]
}

# The tests make the devices that they need, each in a netns of its own.
module_need()
{
	module_is_loaded && return
	if ! module_load devices=0; then
		echo "SKIP: cannot load lbx: set LBX_KO to lbx.ko or run 'make install'"
		exit "$ksft_skip"
	fi
}

# For tests of the tool lbx
tool_need()
{
	type -P lbx >/dev/null && return
	echo "SKIP: lbx is not on the PATH: run 'make install'"
	exit "$ksft_skip"
}

# check_exit STATUS TEXT COMMAND...: COMMAND ends with STATUS and prints TEXT
check_exit()
{
	local want=$1 text=$2; shift 2
	local out status

	out=$("$@" 2>&1)
	status=$?
	((status == want))
	check_err $? "'$*' ended with status $status, expected $want: $out"
	[[ $out == *"$text"* ]]
	check_err $? "'$*' printed '$out', expected '$text'"
}

# check_output WANTED COMMAND...: COMMAND prints WANTED
check_output()
{
	local want=$1 got; shift

	got=$("$@" 2>&1)
	[[ $got == "$want" ]]
	check_err $? "'$*' printed '$got', expected '$want'"
}

# dev JQ: apply JQ to the first lbx device of "lbx show". In JQ, "up" is true if it is up.
dev()
{
	lbxn -j show | jq -c "def up: any(.flags[]; . == \"UP\"); .[0] | $1"
}

# netns_up: make an empty netns $NS
# nic_up: make $NS with eth0, which has addresses, and lbx0, which has none
netns_up()
{
	setup_ns NS
	defer cleanup_ns "$NS"
}

nic_up()
{
	netns_up
	{
		echo "link add eth0 type dummy"
		eth0_up "192.0.2.1/24 203.0.113.2/24 2001:db8::1/64"
		echo "link add lbx0 type lbx"
		echo "link set lbx0 up"
	} | ipn -b -
}

# addr_list N: print N addresses of 198.18.0.0/16, one a line
addr_list()
{
	local i

	for ((i = 0; i < $1; i++)); do
		echo "198.18.$((i / 250)).$((i % 250))"
	done
}

# lbx_up [ADDR]...: make a netns $NS with lbx0, which is up and has these addresses.
# lbx_link, if set, is its kind with options for "ip link add".
lbx_up()
{
	local addr

	netns_up
	{
		echo "link add lbx0 ${lbx_link:-type lbx}"
		for addr; do
			echo "addr add $addr dev lbx0"
		done
		echo "link set lbx0 up"
	} | ipn -b -
	[[ $* != *:* ]] || settle
}

# veth_up "ADDR..." "PEER-ADDR...": connect eth0 in $NS and eth0 in $PEER by a veth pair
veth_up()
{
	{
		echo "link add eth0 type veth peer name eth0 netns $PEER"
		eth0_up "$1"
	} | ipn -b -
	eth0_up "$2" | ip -n "$PEER" -b -
}

eth0_up()
{
	local addr

	for addr in $1; do
		echo "addr add $addr dev eth0 $([[ $addr != *:* ]] || echo nodad)"
	done
	echo "link set eth0 up"
}

# mirrors_fit: true if lo has a mirror of each IPv6 address of the lbx devices of $NS,
# and the devices' own routes come first. The module adds mirrors from a work item. (A
# mirror is recognised by its metric: iproute2 6.1 shows no proto. With -6, ip shows no
# link_type.)
mirrors_fit()
{
	printf '%s\n' "addr show" "route show table local" | ipn -6 -j -b - | jq -es '
		[.[0][] | select(any(.flags[]; . == "LOOPBACK")) |
		 {lo: (.ifname == "lo"), up: any(.flags[]; . == "UP")} +
		 (.addr_info[] | select(.scope == "global"))] as $addrs |
		(.[1] | reverse | INDEX(.dst)) as $first |
		([$addrs[] | select(.lo and .metric).local] | unique) as $mirrored |
		($mirrored == ([$addrs[] | select(.lo | not).local] | unique)) and
		all($addrs[] | select(.up and (.lo | not)).local;
		    $first[.].dev != "lo" and $first[.].dev)' >/dev/null
}

settle()
{
	busywait "$BUSYWAIT_TIMEOUT" mirrors_fit && return
	check_err 1 "after $WAIT_TIMEOUT s lo lacks the mirror of an IPv6 address, or carries that address"
	ipn -6 -d addr show
	ipn -6 -d route show table local
}

# outranks ADDR: true if the first local route to ADDR is that of lbx0
outranks()
{
	ipn -6 route get "$1" | grep -q 'dev lbx0'
}

# stat64 DEV FIELD: print a counter of DEV, such as tx.dropped
stat64()
{
	local dev=$1 field=$2

	ipn -j -s link show dev "$dev" | jq ".[0].stats64.$field"
}

# counter DEV NAME: print a counter that "ethtool -S" shows of an lbx device
counter()
{
	local name value

	# Without awk, because starting it takes longer
	while read -r name value; do
		[[ $name != "$2:" ]] || echo "$value"
	done < <(inns ethtool -S "$1")
}

# read_counters DEV: set counted[NAME] to each counter that "ethtool -S" shows of an lbx
# device, in total and of each CPU
declare -A counted

read_counters()
{
	local name value

	counted=()
	while read -r name value; do
		# except the title
		# shellcheck disable=SC2034  # used by the programs that source this
		[[ $name != *: || ! $value ]] || counted[${name%:}]=$value
	done < <(inns ethtool -S "$1")
}

# count_packets: set received[DEV] for each device. It starts no other program, because
# on an emulated CPU that takes longer than what is tested.
declare -A received

count_packets()
{
	local dev packets

	received=()
	while read -r dev _ packets _; do
		received[${dev%:}]=$packets
	done < <(inns cat /proc/net/dev)
}

# packets DEV: print how many packets DEV has received
packets()
{
	count_packets
	echo "${received[$1]}"
}

# carries DEV OTHER COMMAND...: COMMAND succeeds, DEV carries all packets of it, and
# OTHER carries none
carries()
{
	local dev=$1 other=$2; shift 2
	local dev_before other_before rc

	count_packets
	dev_before=${received[$dev]} other_before=${received[$other]}
	inns "$@" &>/tmp/carries.out
	rc=$?
	count_packets

	check_err $rc "'$*' failed: $(</tmp/carries.out)"
	((received[$dev] > dev_before))
	check_err $? "'$*' sent nothing over $dev"
	((received[$other] == other_before))
	check_err $? "'$*' sent $((received[$other] - other_before)) packets over $other"
}

# For busywait:
# lines_in FILE N: true if FILE has N lines or more
# connections N: true if there are N TCP connections, where both ends count
# monitor_listens: true if "ip monitor" listens in $NS: a socket of rtnetlink has groups
lines_in()
{
	(($(wc -l <"$1") >= $2))
}

connections()
{
	(($(inns ss -Htn state established | wc -l) == $1))
}

monitor_listens()
{
	# shellcheck disable=SC2016  # awk's own
	inns awk '$2 == 0 && $4 != "00000000" { found = 1 }
		  END { exit !found }' /proc/net/netlink
}

# wait_listen PORT tcp|udp: wait until a socket in $NS listens at PORT
listens()
{
	[[ $(ss -N "$NS" -Hln "--$2" "sport = :$1") ]]
}

wait_listen()
{
	busywait "$BUSYWAIT_TIMEOUT" listens "$1" "$2"
	check_err $? "no socket listens at port $1 after $WAIT_TIMEOUT s"
}

# talk_start ARG...: start "talk", with connections that stay, in the background
# talk_goes_on: true if the connections still transfer data
# talk_end: end the connections, and fail if data was lost
talk_start()
{
	: >/tmp/talk.out
	inns_start talk "$@" >/tmp/talk.out 2>/tmp/talk.err
	talk_pid=$!
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/talk.out 1
	check_err $? "talk made no connection: $(</tmp/talk.err)"
}

talk_goes_on()
{
	busywait "$BUSYWAIT_TIMEOUT" lines_in /tmp/talk.out \
		$(($(wc -l </tmp/talk.out) + 5))
}

talk_end()
{
	kill "$talk_pid"
	wait "$talk_pid"
	check_err $? "$(</tmp/talk.err)"
}

# calls FUNCTION COMMAND...: print how often the kernel calls FUNCTION during COMMAND
# can_trace FUNCTION: true if this kernel can trace FUNCTION
can_trace()
{
	mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
	grep -q "^$1\>" /sys/kernel/tracing/available_filter_functions 2>/dev/null
}

calls()
{
	local function=$1; shift
	local trace=/sys/kernel/tracing

	echo "$function" >"$trace/set_ftrace_filter"
	echo >"$trace/trace"
	echo function >"$trace/current_tracer"
	"$@" &>/dev/null
	grep -c "$function" "$trace/trace"
	echo nop >"$trace/current_tracer"
	echo >"$trace/set_ftrace_filter"
}

# received_on DEV N: true if DEV has received more than N packets
received_on()
{
	(($(packets "$1") > $2))
}

# log_has TEXT: true if TEXT is in the kernel log
log_has()
{
	dmesg | grep -qF "$1"
}

# refused TEXT COMMAND...: COMMAND fails and prints TEXT
refused()
{
	local text=$1; shift
	local out

	out=$("$@" 2>&1)
	check_fail $? "'$*' was accepted, expected a refusal"
	[[ $out == *"$text"* ]]
	check_err $? "'$*' printed '$out', expected '$text'"
}

# capture DEV FILE [FILTER]: start tcpdump and wait until it sees packets
# capture_end FILE: stop it
# capture_count FILE [FILTER]: print how many packets the capture has
# For packets of one direction, FILTER is "-Q in" or "-Q out".  libpcap itself filters the
# first packet that follows pcap_setfilter(), and "inbound" is false for it then.
declare -A capture_pid

capture()
{
	local dev=$1 file=$2; shift 2

	: >"$file.err"
	inns_start tcpdump -i "$dev" -nn -U --immediate-mode -w "$file" "$@" \
		2>"$file.err"
	capture_pid[$file]=$!
	busywait "$BUSYWAIT_TIMEOUT" grep -q 'listening on' "$file.err"
	check_err $? "tcpdump did not start: $(cat "$file.err")"
}

# capture_is_written FILE: true if tcpdump has written all packets that its socket
# received. On SIGUSR1 it prints how many it has written. Two equal reports, of which the
# second was requested after the first, mean that it has found no more in between.
capture_is_written()
{
	local file=$1 lines

	kill -USR1 "${capture_pid[$file]}"
	mapfile -t lines <"$file.err"
	[[ ${lines[*]: -1} == *" captured, "* && ${lines[*]: -2:1} == "${lines[*]: -1}" ]]
}

capture_end()
{
	local file=$1

	# tcpdump does not read the rest when it is killed
	busywait "$BUSYWAIT_TIMEOUT" capture_is_written "$file"
	check_err $? "tcpdump does not write what it has seen: $(tail -n 1 "$file.err")"
	kill "${capture_pid[$file]}"
	wait "${capture_pid[$file]}"
	unset "capture_pid[$file]"
}

# capture_tcp ADDR BYTES SIZE: send BYTES by TCP to ADDR ("[...]" for IPv6) in writes of
# SIZE, and capture them on lbx0 into /tmp/tcp.pcap
capture_tcp()
{
	local addr=$1 bytes=$2 size=$3 pf=ip4 server got

	[[ $addr != *:* ]] || pf=ip6
	inns_start socat -u "TCP-LISTEN:5000,pf=$pf,bind=$addr,reuseaddr" \
		OPEN:/tmp/tcp.out,creat,trunc
	server=$!
	wait_listen 5000 tcp
	capture lbx0 /tmp/tcp.pcap -s 100
	head -c "$bytes" /dev/zero | inns socat -u -b "$size" - "TCP:$addr:5000"
	wait "$server"
	capture_end /tmp/tcp.pcap
	got=$(stat -c %s /tmp/tcp.out)
	((got == bytes))
	check_err $? "$got of $bytes bytes arrived at $addr"
}

capture_count()
{
	local file=$1; shift

	tcpdump -nn -r "$file" "$@" 2>/dev/null | wc -l
}

# ping_once ADDR [ARG...]: true if ADDR answers one ping
ping_once()
{
	local addr=$1; shift

	inns ping -c 1 -W 2 "$@" "$addr" &>/dev/null
}

module_need
