# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # what is shared with those that source it
#
# setups.sh - set up the transports that the benchmark compares. Sourced by "compare",
# "apps" and "perf-record", never executed.
#
# Everything is in network namespaces whose names begin with $ns, and is removed with
# them. A function setup_NAME sets up the transport NAME. It calls "peer" with the
# properties of the transport, and returns 77 if the kernel does not support it.

# In the order of the tables. The first one is the base of the ratios.
peer_names=(lo lbx queued isolated claimed lo-nic-claimed
	    lo-alias lo-alias-1claim lo-alias-100kclaims veth vrf netkit tun unix)

# Names before version 0.2.0, which are accepted for one version
declare -A former_names=(
	[lo+claim]=lo-nic-claimed
	[other]=lo-alias
	[other+1]=lo-alias-1claim
	[other+1e5]=lo-alias-100kclaims
)

ns=lbx-bench-$$
me=${0##*/}
# The directory of lbx-bench, claims and link_lbx.so, which ip needs for lbx devices
bin=${LBX_BENCH-$(dirname "$(realpath "$0")")}

# peer_args[NAME FAMILY]: options of lbx-bench
# peer_switch[NAME]: a command to call with "on" before each measurement, and with "off"
#     after it, and with the round
# peer_dev[NAME]: the device that carries the traffic
declare -A peer_args peer_switch peer_dev

fail()
{
	printf '%s: %s\n' "$me" "$*" >&2
	exit 1
}

usage()
{
	printf '%s: %s (see --help)\n' "$me" "$*" >&2
	exit 2
}

# list NAME TEXT: set the array NAME to the words of TEXT, which can have several lines
list()
{
	read -rd '' -a "$1" <<<"$2" || :
}

# rename_former NAME: replace former names of transports in the array NAME
rename_former()
{
	local -n words=$1
	local i

	for i in "${!words[@]}"; do
		words[i]=${former_names[${words[i]}]-${words[i]}}
	done
}

# of LIST WORD...: check that each word is in LIST
of()
{
	local word list=$1

	shift
	for word; do
		[[ " $list " = *" $word "* ]] || usage "unknown \"$word\", choose from: $list"
	done
}

# peers_begin: call before any setup. At exit, the setup and the background processes of
# the caller are removed.
peers_begin()
{
	inserted=''
	[ "$(id -u)" = 0 ] || fail "run this as root, it creates network namespaces"
	export IP_LIB_DIR=${IP_LIB_DIR-$bin}
	trap peers_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	[ -e /sys/module/lbx ] && return
	[ "${LBX_KO-}" ] || fail "the module is not loaded, try: modprobe lbx"
	insmod "$LBX_KO" devices=0
	inserted=1
}

# shellcheck disable=SC2317  # the EXIT trap calls it
peers_end()
{
	trap '' INT TERM HUP
	# Not with $!, since a signal may arrive before it is saved
	while read -r pid; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done < <(jobs -p)
	peers_down
	[ ! "$inserted" ] || rmmod lbx
}

# peer NAME DEV ADDR ADDR6 [OPTION...]: define a transport that is measured from the
# initial network namespace
peer()
{
	local name=$1 dev=$2 addr=$3 addr6=$4
	shift 4

	peer_dev[$name]=$dev
	peer_args[$name IPv4]="--client-netns $ns --server-netns $ns --via $dev --to $addr $*"
	peer_args[$name IPv6]="--client-netns $ns --server-netns $ns --via $dev --to $addr6 $*"
}

# has_kind "KIND [OPTION...]": check in a temporary netns whether the kernel can create
# devices of that kind
has_kind()
{
	local status=0

	ip netns add "$ns-try" || return
	# shellcheck disable=SC2086  # words
	ip -n "$ns-try" link add try type $1 2>/dev/null || status=$?
	ip netns del "$ns-try"
	return "$status"
}

# add_lbx DEV ADDR ADDR6 [OPTION...]
add_lbx()
{
	local dev=$1 addr=$2 addr6=$3
	shift 3

	ip -n "$ns" link add "$dev" type lbx "$@" || return
	ip -n "$ns" -batch - <<-END
		link set $dev up
		address add $addr/32 dev $dev
		address add $addr6/128 dev $dev
	END
}

setup_lo()
{
	peer lo lo 127.0.0.1 ::1
}

setup_lbx()
{
	add_lbx lbx0 192.0.2.1 2001:db8::1 || return
	peer lbx lbx0 192.0.2.1 2001:db8::1
}

setup_queued()
{
	add_lbx lbx1 192.0.2.2 2001:db8::2 direct off || return
	peer queued lbx1 192.0.2.2 2001:db8::2
}

# Isolated only during its measurements: the hooks of isolation see all packets
setup_isolated()
{
	add_lbx lbx2 192.0.2.3 2001:db8::3 || return
	peer isolated lbx2 192.0.2.3 2001:db8::3
	peer_switch[isolated]=isolate
}

isolate()
{
	ip -n "$ns" link set lbx2 type lbx isolate "$1"
}

# A dummy NIC, and a device that claims its addresses during their measurements
setup_nic()
{
	[ ! "${has_nic-}" ] || return 0
	has_nic=yes
	ip -n "$ns" -batch - <<-END
		link add lbx3 type lbx
		link set lbx3 up
		link add nic type dummy
		address add 198.51.100.1/24 dev nic
		address add 2001:db8:100::1/64 dev nic nodad
		link set nic up
	END
}

claim()
{
	local keyword=claim

	[ "$1" = on ] || keyword=unclaim
	ip -n "$ns" link set lbx3 type lbx "$keyword" nic
}

setup_claimed()
{
	setup_nic || return
	peer claimed lbx3 198.51.100.1 2001:db8:100::1
	peer_switch[claimed]=claim
}

# shellcheck disable=SC2317  # by its name
setup_lo-nic-claimed()
{
	setup_nic || return
	peer lo-nic-claimed lo 127.0.0.1 ::1
	peer_switch[lo-nic-claimed]=claim
}

# setup_alias NAME CLAIMS: another address of lo, while CLAIMS other addresses are
# claimed in the same netns. They are claimed only during its measurements: with the
# first hook in any netns, the kernel patches its code to look for hooks in all of them,
# which costs 50 instructions for each packet of lo.
setup_alias()
{
	local name=$1 netns=$ns-$2

	ip netns add "$netns"
	ip -n "$netns" -batch - <<-END || return
		link set lo up
		address add 203.0.113.1/32 dev lo
		address add 2001:db8:101::1/128 dev lo
		route add local 198.18.0.0/15 dev lo
		route add local 2001:db8:9::/64 dev lo
		link add lbx0 type lbx
		link set lbx0 up
	END
	[ "$2" = 0 ] || peer_switch[$name]="claim_others $2"
	peer "$name" lo 203.0.113.1 2001:db8:101::1 \
		--client-netns "$netns" --server-netns "$netns"
}

# claim_others CLAIMS on|off ROUND: start at another address in each round. One address
# in 64 shares the hash bucket of the measured address, which costs that address 13
# instructions.
claim_others()
{
	local addr command=add

	[ "$2" = on ] || command=del
	for addr in 198.18.0.$(($3 % 256)) "2001:db8:9::$3"; do
		ip netns exec "$ns-$1" "$bin/claims" "$command" lbx0 "$addr" "$1" || return
	done
}

# shellcheck disable=SC2317
setup_lo-alias() { setup_alias lo-alias 0; }
# shellcheck disable=SC2317
setup_lo-alias-1claim() { setup_alias lo-alias-1claim 1; }
# shellcheck disable=SC2317
setup_lo-alias-100kclaims() { setup_alias lo-alias-100kclaims 100000; }

# setup_pair KIND NET: a pair of devices with their default MTU, the far end in a netns
# of its own
setup_pair()
{
	local kind=$1 net=$2 far=$ns-far

	has_kind "$kind" || return 77
	[ -e "/run/netns/$far" ] || ip netns add "$far"
	ip -n "$ns" link add "${kind}0" type "$kind" peer name "${kind}1"
	ip -n "$ns" link set "${kind}1" netns "$far"
	ip -n "$ns" -batch - <<-END
		address add 198.18.$net.1/24 dev ${kind}0
		address add 2001:db8:$net::1/64 dev ${kind}0 nodad
		link set ${kind}0 up
	END
	ip -n "$far" -batch - <<-END
		link set lo up
		address add 198.18.$net.2/24 dev ${kind}1
		address add 2001:db8:$net::2/64 dev ${kind}1 nodad
		link set ${kind}1 up
	END
	peer "$kind" "${kind}0" "198.18.$net.2" "2001:db8:$net::2" --server-netns "$far"
}

# With permanent neighbours: an entry that must be confirmed from time to time costs 90
# instructions for each packet, or none
setup_veth()
{
	setup_pair veth 1 || return
	ip -n "$ns" -batch - <<-END
		link set veth0 address 02:00:00:00:00:01
		neighbour replace 198.18.1.2 lladdr 02:00:00:00:00:02 dev veth0 nud permanent
		neighbour replace 2001:db8:1::2 lladdr 02:00:00:00:00:02 dev veth0 nud permanent
	END
	ip -n "$ns-far" -batch - <<-END
		link set veth1 address 02:00:00:00:00:02
		neighbour replace 198.18.1.1 lladdr 02:00:00:00:00:01 dev veth1 nud permanent
		neighbour replace 2001:db8:1::1 lladdr 02:00:00:00:00:01 dev veth1 nud permanent
	END
}

setup_netkit()
{
	setup_pair netkit 2
}

# Local traffic in a VRF uses the device of the VRF, and only sockets bound to that
# device are in the VRF. In a netns of its own, because a VRF adds a routing rule.
setup_vrf()
{
	local netns=$ns-vrf

	has_kind "vrf table 100" || return 77
	ip netns add "$netns"
	ip -n "$netns" -batch - <<-END || return
		link set lo up
		link add vrf0 type vrf table 100
		link set vrf0 up
		link add vrfnic type dummy
		link set vrfnic master vrf0
		address add 198.18.4.1/24 dev vrfnic
		address add 2001:db8:4::1/64 dev vrfnic nodad
		link set vrfnic up
	END
	peer vrf vrf0 198.18.4.1 2001:db8:4::1 --dev vrf0 \
		--client-netns "$netns" --server-netns "$netns"
}

# A tunnel; the process itself is its other end, .2: see echo.c
setup_tun()
{
	modprobe -q tun || :
	[ -e /dev/net/tun ] || return 77
	ip -n "$ns" tuntap add dev tun0 mode tun || return 77
	ip -n "$ns" -batch - <<-END
		address add 198.18.3.1/24 dev tun0
		address add 2001:db8:3::1/64 dev tun0 nodad
		link set tun0 up
	END
	peer tun tun0 198.18.3.2 2001:db8:3::2 --tun tun0 --divide 10
	peer_args[tun IPv4]+=" --at 198.18.3.1"
	peer_args[tun IPv6]+=" --at 2001:db8:3::1"
}

# Without a network: the lower bound. AF_UNIX uses a stream for all workloads.
setup_unix()
{
	peer_dev[unix]=''
	peer_args[unix unix]="--client-netns $ns --server-netns $ns"
}

# Additional objects without traffic: more_devices N, more_claims N, more_netns N.
# more_devices also prints the memory of each device, as a measurement.
memory_free()
{
	local name kib rest

	while read -r name kib rest; do
		[ "$name" != MemFree: ] || echo "$kib"
	done </proc/meminfo
}

more_devices()
{
	local i before

	[ "$1" -gt 0 ] || return 0
	before=$(memory_free)
	for ((i = 0; i < $1; i++)); do
		printf 'link add more%d type lbx\nlink set more%d up\n' "$i" "$i"
		printf 'address add 198.19.%d.%d/32 dev more%d\n' $((i / 250)) $((i % 250 + 1)) "$i"
	done | ip -n "$ns" -batch - || return
	# Fewer devices fit into the reserves of each CPU and each slab
	[ "$1" -lt 100 ] || devices_memory=$((before - $(memory_free)))
}

more_claims()
{
	setup_nic || return
	ip -n "$ns" route add local 198.16.0.0/15 dev lo
	[ "$1" = 0 ] || ip netns exec "$ns" "$bin/claims" add lbx3 198.16.0.0 "$1"
}

more_netns()
{
	local i

	for ((i = 0; i < $1; i++)); do
		ip netns add "$ns-$i" || return
		ip -n "$ns-$i" -batch - <<-END || return
			link set lo up
			link add lbx0 type lbx
			link set lbx0 up
		END
	done
}

# grow_neighbours: after a boot, the hash tables of neighbours have 8 buckets. Two of
# our devices may share a bucket, by a chance that differs from boot to boot. That costs
# 5 instructions for each packet in IPv4, and 17 in IPv6. Tables never shrink, so this
# grows them.
grow_neighbours()
{
	local i

	ip -n "$ns" link add neighbours up type dummy || return
	for ((i = 1; i <= 1100; i++)); do
		printf 'neighbour add %s lladdr 02:00:00:00:00:01 dev neighbours nud permanent\n' \
			"198.19.$((i / 256)).$((i % 256))" "2001:db8:ff::$i"
	done | ip -n "$ns" -batch - || return
	ip -n "$ns" link del neighbours
}

# peers_up NAME...: set up the transports that this kernel supports, and set peers to
# them
peers_up()
{
	local name status

	peers=()
	ip netns add "$ns" || return
	ip -n "$ns" link set lo up
	for name; do
		status=0
		"setup_$name" || status=$?
		case $status in
		0)	peers+=("$name") ;;
		77)	printf '%s: this kernel does not support %s, skipping it\n' "$me" "$name" >&2 ;;
		*)	printf '%s: cannot set up %s\n' "$me" "$name" >&2; return 1 ;;
		esac
	done
}

# peers_down: remove everything that was set up
peers_down()
{
	local netns

	for netns in "/run/netns/$ns" "/run/netns/$ns"-*; do
		[ ! -e "$netns" ] || ip netns del "${netns##*/}"
	done
}
