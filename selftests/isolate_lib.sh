# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of isolation share.
#
#   +----------------- $NS ----------------+        +---- $PEER ----+
#   | lo   lbx0           lbx1        eth0 |--veth--| eth0          |
#   |      203.0.113.1    203.0.113.2      |        | 192.0.2.6     |
#   |      2001:db8:9::1  2001:db8:9::2    |        | 2001:db8:1::6 |
#   +--------------------------------------+        +---------------+

# shellcheck source=selftests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

own4=203.0.113.1
own6=2001:db8:9::1
peer4=192.0.2.6
peer6=2001:db8:1::6

# isolate_up [OPTION...]: as above, lbx0 made with these options
isolate_up()
{
	setup_ns NS PEER
	defer cleanup_ns "$NS" "$PEER"
	veth_up "192.0.2.5/24 2001:db8:1::5/64" "$peer4/24 $peer6/64"
	ipn -b - <<-END
		link add lbx0 type lbx $*
		link add lbx1 type lbx
		addr add $own4/32 dev lbx0
		addr add $own6/128 dev lbx0
		addr add 203.0.113.2/32 dev lbx1
		addr add 2001:db8:9::2/128 dev lbx1
		link set lbx0 up
		link set lbx1 up
	END
	ip -n "$PEER" -b - <<-END
		route add 203.0.113.0/24 via 192.0.2.5
		route add 2001:db8:9::/64 via 2001:db8:1::5
	END
	settle
}

# with_rules: rules of one's own, for without any IPv4 sends what is bound to a
# loopback nowhere but there
with_rules()
{
	ipn rule add pref 100 lookup main
	ipn -6 rule add pref 100 lookup main
}

isolate()
{
	ipn link set "$1" type lbx isolate "$2"
	check_err $? "'isolate $2' was refused by $1"
}

dropped()
{
	counter "$1" drop_isolated
}

# For busywait: dropped_more DEV N
dropped_more()
{
	(($(dropped "$1") > $2))
}

# pings NS OPTION... -- ADDR...: how many of them answer there, all asked at once
pings()
{
	local ns=$1 args=() n=0 addr pid; shift
	local pids=()

	while [[ $1 != -- ]]; do
		args+=("$1")
		shift
	done
	shift
	for addr; do
		ip netns exec "$ns" ping -c 1 "${args[@]}" "$addr" &>/dev/null &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && ((n++))
	done
	echo "$n"
}

# reached ADDR...: all answer the peer; not_reached DEV ADDR...: none does, and DEV
# counts one drop for each
reached()
{
	local n

	n=$(pings "$PEER" -W 5 -- "$@")
	((n == $#))
	check_err $? "$n of $* answer the peer, not all"
}

not_reached()
{
	local dev=$1; shift

	no_answer "$PEER" "$dev" "$@"
}

# answers ADDR... and closed DEV ADDR...: the same of the machine itself
answers()
{
	local n

	n=$(pings "$NS" -W 5 -- "$@")
	((n == $#))
	check_err $? "$n of $* answer, not all"
}

closed()
{
	local dev=$1; shift

	no_answer "$NS" "$dev" "$@"
}

no_answer()
{
	local ns=$1 dev=$2 before n; shift 2

	before=$(dropped "$dev")
	# no longer, since what has been dropped is counted
	n=$(pings "$ns" -W 0.3 -- "$@")
	((n == 0))
	check_err $? "$n of $* answer in $ns"
	n=$(($(dropped "$dev") - before))
	((n == $#))
	check_err $? "$n drops are counted of $*, not $#"
}

# agent NS: start outside.py there; ask NS COMMAND...: have it do that.  What comes to its
# services is in /tmp/served.
declare -A agent_in agent_out
served=/tmp/served

agent()
{
	local ns=$1 in out pid

	rm -f /tmp/agent.in /tmp/agent.out
	mkfifo /tmp/agent.in /tmp/agent.out
	exec {in}<>/tmp/agent.in {out}<>/tmp/agent.out
	: >"$served"
	ip netns exec "$ns" python3 "$here/outside.py" "$served" <&"$in" >&"$out" &
	pid=$!
	defer kill_process "$pid"
	agent_in[$ns]=$in agent_out[$ns]=$out
	answered "$ns" "the start of outside.py"
}

# answered NS WHAT: to start the interpreter may take long
answered()
{
	local ns=$1 what=$2 answer

	read -r -t $((10 * WAIT_TIMEOUT)) -u "${agent_out[$ns]}" answer
	[[ $answer == ok ]]
	check_err $? "$what in $ns: ${answer:-no answer}"
}

ask()
{
	local ns=$1; shift

	echo "$*" >&"${agent_in[$ns]}"
	answered "$ns" "'$*'"
}

# attack NAME DATAGRAM...: the peer sends a datagram; attack_error NAME PORT ERROR...: it
# sends an ICMP error, for the socket of PORT.  Both wait for attacks_fail.
attacks=()

attack()
{
	local name=$1; shift

	attacks+=("$name|TEXT|send $* TEXT")
}

attack_error()
{
	local name=$1 port=$2; shift 2

	attacks+=("$name|error $port|error $*")
}

# hits TAG: the names of the attacks that have come, and misses TAG: of those that have not
hits()
{
	list_attacks "$1" 0
}

misses()
{
	list_attacks "$1" 1
}

list_attacks()
{
	local tag=$1 missed=$2 all i name line _
	local -A said=()

	mapfile -t all <"$served"
	for line in "${all[@]}"; do
		said[$line]=1
	done
	for i in "${!attacks[@]}"; do
		IFS='|' read -r name line _ <<<"${attacks[i]}"
		line=${line/TEXT/$tag.$i}
		((${said[$line]:-0} == missed)) || echo "$name"
	done
}

# no_misses TAG: for busywait
no_misses()
{
	[[ -z $(misses "$1") ]]
}

# attacks_fail [DEV [NS]]: with isolation off all of them, which NS sends, are delivered.
# With isolation on none is, DEV counts a drop for each, and an address that is not
# isolated is reached.
attacks_fail()
{
	local dev=${1:-lbx0} ns=${2:-$PEER} before delivered

	isolate "$dev" off
	strike "$ns" off
	busywait "$BUSYWAIT_TIMEOUT" no_misses off
	check_err $? "is not delivered while isolation is off: $(misses off)"

	isolate "$dev" on
	before=$(dropped "$dev")
	strike "$ns" on
	busywait "$BUSYWAIT_TIMEOUT" dropped_more "$dev" $((before + ${#attacks[@]} - 1))
	check_err $? "$(($(dropped "$dev") - before)) drops are counted of ${#attacks[@]}"
	reached 192.0.2.5 2001:db8:1::5
	delivered=$(hits on)
	[[ ! $delivered ]]
	check_err $? "is delivered while isolation is on: $delivered"
	attacks=()
}

strike()
{
	local ns=$1 tag=$2 i command

	: >"$served"
	for i in "${!attacks[@]}"; do
		command=${attacks[i]##*|}
		ask "$ns" "${command/TEXT/$tag.$i}"
	done
}

# attacks_succeed: with isolation on all of them are delivered, and no drop is counted
attacks_succeed()
{
	local dev=${1:-lbx0} before

	isolate "$dev" on
	before=$(dropped "$dev")
	strike "$PEER" on
	busywait "$BUSYWAIT_TIMEOUT" no_misses on
	check_err $? "is not delivered: $(misses on)"
	(($(dropped "$dev") == before))
	check_err $? "$(($(dropped "$dev") - before)) drops are counted"
	attacks=()
}
