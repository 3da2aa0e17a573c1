# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that the tests of isolation share.
#
#   +----------------- $NS ----------------+        +---- $PEER ----+
#   | lo   lbx0           lbx1        eth0 |--veth--| eth0          |
#   |      203.0.113.1    203.0.113.2      |        | 192.0.2.6     |
#   |      2001:db8:9::1  2001:db8:9::2    |        | 2001:db8:1::6 |
#   +--------------------------------------+        +---------------+

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

own4=203.0.113.1
own6=2001:db8:9::1
peer4=192.0.2.6
peer6=2001:db8:1::6

# isolate_up [OPTION...]: make the setup above, with these options for lbx0
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

# vrf_up [OPTION...]: like isolate_up, with eth0 in a VRF, which removes its IPv6 addresses
vrf_up()
{
	isolate_up "$@"
	ipn -b - <<-END
		link add vrf0 type vrf table 100
		link set vrf0 up
		link set eth0 master vrf0
		addr add 2001:db8:1::5/64 dev eth0 nodad
	END
	check_err $? "no VRF"
}

# with_rules: add rules. Without any, IPv4 routes packets of a socket that is bound to a
# loopback over that loopback only.
with_rules()
{
	ipn rule add pref 100 lookup main
	ipn -6 rule add pref 100 lookup main
}

isolate()
{
	ipn link set "$1" type lbx isolate "$2"
	check_err $? "$1 refused 'isolate $2'"
}

dropped()
{
	counter "$1" drop_isolated
}

# For busywait: dropped_more DEV N: true if DEV has counted more than N drops
dropped_more()
{
	(($(dropped "$1") > $2))
}

# pings NS OPTION... -- ADDR...: ping all ADDR at once in NS, and print how many answer
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

# answers_peer ADDR...: each ADDR answers the peer
# answers_local ADDR...: each ADDR answers this machine
# drops_peer DEV ADDR...: no ADDR answers the peer, and DEV counts one drop for each
# drops_local DEV ADDR...: no ADDR answers this machine, and DEV counts one drop for each
answers_peer()
{
	all_answer "$PEER" "the peer" "$@"
}

answers_local()
{
	all_answer "$NS" "this machine" "$@"
}

drops_peer()
{
	none_answers "$PEER" "the peer" "$@"
}

drops_local()
{
	none_answers "$NS" "this machine" "$@"
}

all_answer()
{
	local ns=$1 whom=$2 n; shift 2

	n=$(pings "$ns" -W 5 -- "$@")
	((n == $#))
	check_err $? "only $n of $# addresses answer $whom: $*"
}

none_answers()
{
	local ns=$1 whom=$2 dev=$3 before n; shift 3

	before=$(dropped "$dev")
	# A short wait is enough, because the drops are counted
	n=$(pings "$ns" -W 0.3 -- "$@")
	((n == 0))
	check_err $? "$n of $# addresses answer $whom, expected 0: $*"
	n=$(($(dropped "$dev") - before))
	((n == $#))
	check_err $? "$dev counts $n drops, expected $#, for pings to: $*"
}

# agent NS: start outside.py in NS
# ask NS COMMAND...: make that outside.py execute COMMAND
# /tmp/served has what its services receive.
declare -A agent_in agent_out
served=/tmp/served

agent()
{
	local ns=$1 in out pid

	rm -f /tmp/agent.in /tmp/agent.out
	mkfifo /tmp/agent.in /tmp/agent.out
	exec {in}<>/tmp/agent.in {out}<>/tmp/agent.out
	: >"$served"
	ip netns exec "$ns" python3 "$lib_dir/outside.py" "$served" <&"$in" >&"$out" &
	pid=$!
	defer kill_process "$pid"
	agent_in[$ns]=$in agent_out[$ns]=$out
	answered "$ns" "the start of outside.py"
}

# answered NS WHAT: wait for ok. The interpreter may need long to start.
answered()
{
	local ns=$1 what=$2 answer

	read -r -t $((10 * WAIT_TIMEOUT)) -u "${agent_out[$ns]}" answer
	[[ $answer == ok ]]
	check_err $? "$what in $ns was not answered with ok: ${answer:-no answer}"
}

ask()
{
	local ns=$1; shift

	echo "$*" >&"${agent_in[$ns]}"
	answered "$ns" "'$*'"
}

# attack NAME DATAGRAM...: plan that the peer sends a datagram
# attack_error NAME PORT ERROR...: plan that it sends an ICMP error for the socket of PORT
# attacks_fail and attacks_succeed send what is planned.
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

# hits TAG: print the names of the attacks that have been delivered
# misses TAG: print the names of those that have not
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
	local -A arrived=()

	mapfile -t all <"$served"
	for line in "${all[@]}"; do
		arrived[$line]=1
	done
	for i in "${!attacks[@]}"; do
		IFS='|' read -r name line _ <<<"${attacks[i]}"
		line=${line/TEXT/$tag.$i}
		((${arrived[$line]:-0} == missed)) || echo "$name"
	done
}

# no_misses TAG: for busywait: true if all attacks have been delivered
no_misses()
{
	[[ -z $(misses "$1") ]]
}

# attacks_fail [DEV [NS]]: NS sends all attacks. With isolation off, all are delivered.
# With isolation on, none is delivered, DEV counts a drop for each, and an address that
# is not isolated is still reached.
attacks_fail()
{
	local dev=${1:-lbx0} ns=${2:-$PEER} before delivered

	isolate "$dev" off
	strike "$ns" off
	busywait "$BUSYWAIT_TIMEOUT" no_misses off
	check_err $? "not delivered while isolation is off: $(misses off)"

	isolate "$dev" on
	before=$(dropped "$dev")
	strike "$ns" on
	busywait "$BUSYWAIT_TIMEOUT" dropped_more "$dev" $((before + ${#attacks[@]} - 1))
	check_err $? "$dev counts $(($(dropped "$dev") - before)) drops, expected ${#attacks[@]}"
	answers_peer 192.0.2.5 2001:db8:1::5
	delivered=$(hits on)
	[[ ! $delivered ]]
	check_err $? "delivered while isolation is on: $delivered"
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

# attacks_succeed: with isolation on, all attacks are delivered, and no drop is counted
attacks_succeed()
{
	local dev=${1:-lbx0} before

	isolate "$dev" on
	before=$(dropped "$dev")
	strike "$PEER" on
	busywait "$BUSYWAIT_TIMEOUT" no_misses on
	check_err $? "not delivered: $(misses on)"
	(($(dropped "$dev") == before))
	check_err $? "$dev counts $(($(dropped "$dev") - before)) drops, expected 0"
	attacks=()
}
