#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own tests of networking, tools/testing/selftests/net: each test that
# sends over lo has the same result over lbx. net_selftests.list has these tests.
#
# Reads from the environment:
#   NET_SELFTESTS  the kernel's tests as "make install" installs them
#   NET_TESTS      which of them to run (default: all of the list that are suitable)
#   RESULTS        keep the output of each test, and the table of results, in this directory
#
# The tests are unchanged. They run in network namespaces whose "lo" is an lbx device
# (netns_lo.sh). It carries 127.0.0.0/8, ::1 and all addresses that a test adds to "lo".
# Two tracepoints prove that: lbx:lbx_xmit, which each packet on an lbx device hits, and
# net:net_dev_xmit, which each packet on the kernel's lo hits.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/../lib/lib.sh"

: "${NET_SELFTESTS:=$KSFT_DIR}"
: "${RESULTS:=$(mktemp -d)}"
here=$(dirname "$(readlink -e "$0")")
list=$here/net_selftests.list
events=/sys/kernel/tracing/events
# How often a test runs over each of both if the results differ
attempts=3
# Time limit of one test in seconds
limit=600
# Makes tests print how late a packet was, instead of failing
export KSFT_MACHINE_SLOW=yes

# section NAME: print the lines of this section of the list
section()
{
	awk -v name="[$1]" '/^\[/ {there = $1 == name; next} there && !/^(#|$)/' "$list"
}

# count_events on|off|clear: count how often each device hits the two tracepoints
count_events()
{
	local event

	mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
	for event in net/net_dev_xmit lbx/lbx_xmit; do
		case $1 in
		on)	echo hist:keys=name ;;
		clear)	echo hist:keys=name:clear ;;
		off)	echo '!hist:keys=name' ;;
		esac >>"$events/$event/trigger"
	done
}

# events_of EVENT [KEYS]: print how often EVENT was hit, with these keys
events_of()
{
	awk -v keys="${2-}" '/hitcount:/ && /^{/ && index($0, keys) {n += $NF}
			     END {print n + 0}' "$events/$1/hist"
}

# sandbox COMMAND...: run COMMAND in its own namespaces for network (with the lo that
# LO_IS selects), mounts and processes. They are gone afterwards. File systems that
# tests need are mounted.
sandbox()
{
	# shellcheck disable=SC2016  # the inner shells expand these
	timeout -s KILL "$limit" unshare --mount --pid --fork --kill-child --mount-proc \
		bash -c '
		mkdir -p /run/netns
		mount -t tmpfs tmpfs /run/netns
		NETNS_SETUP=$1 LD_PRELOAD=$2 unshare --net bash -c "
			mount -t sysfs sysfs /sys
			mount -t tracefs tracefs /sys/kernel/tracing
			mount -t debugfs debugfs /sys/kernel/debug
			mount -t bpf bpf /sys/fs/bpf
			mount -t cgroup2 cgroup2 /sys/fs/cgroup
			\"\$@\"; exit \$?" bash "${@:3}"
		exit $?' bash "$here/netns_lo.sh" "$bin_dir/netns_setup.so" "$@"
}

# verdicts LOG: print the lines with the result of a part of a test, without durations
verdicts()
{
	sed -e 's/\x1b\[[0-9;]*m//g' "$1" | grep -aE "$verdict_lines" |
		sed -E 's/[0-9.]+ ?(ms|us|ns|s|sec|MB|Gbit)\>/N \1/g;s/error [0-9]+/error N/'
}
tap='^ *(# )?(not )?ok [0-9]+'
words="$tap|\[ *(ok|OK|FAIL|PASS|SKIP|XFAIL)[A-Za-z]* *\]"
words+='|(^|[ :])(PASS|FAIL|SKIP|OK|XFAIL)(ED)?([ :]|$)'

# run NAME LO COMMAND...: run COMMAND over LO. Set result, which is compared,
# packets[LO], and by_kernel, the number of packets that the kernel's lo has carried in
# place of lbx.
declare -A packets

run()
{
	local log=$RESULTS/$2/${1//\//.}.log lo=$2 status; shift 2

	count_events clear
	LO_IS=$lo sandbox "$@" &>"$log"
	status=$?
	result="status $status"$'\n'$(verdicts "$log")
	if [[ $lo = lo ]]; then
		packets[lo]=$(events_of net/net_dev_xmit "{ name: lo ")
	else
		packets[lbx]=$(events_of lbx/lbx_xmit)
		by_kernel=$(events_of net/net_dev_xmit "{ name: lo0 ")
	fi
}

# summary RESULT: print RESULT in a few words
summary()
{
	awk 'NR == 1 {status = $2; next}
	     /not ok|FAIL/ {bad++; next}
	     /SKIP|XFAIL/ {skipped++; next}
	     {ok++}
	     END {
		word["0"] = "passes"; word["4"] = "is skipped"; word["137"] = "does not end"
		printf status in word ? word[status] : "fails (" status ")"
		if (ok + bad + skipped > 1)
			printf ": %d ok, %d not, %d skipped", ok, bad, skipped
	     }' <<<"$1"
}

# explained NAME: set part and why if the list has a reason for a different result
explained()
{
	part='' why=''
	IFS='|' read -r _ part why < <(section differs | grep "^$1|")
}

# but_for PART RESULT: print what is compared of RESULT, without PART, which may be
# "all"
but_for()
{
	if [[ $1 = all ]]; then
		echo
	elif [[ $1 ]]; then
		sed 1d <<<"$2" | grep -vF -- "$1"
	else
		echo "$2"
	fi
}

# row CELL...: add a row to the table
row()
{
	local IFS='|'

	echo "|$*|" >>"$table"
}

# compare NAME COMMAND...: run COMMAND over lo and over lbx, and compare the results
compare()
{
	local name=$1 over_lo over_lbx part why attempt seen='' note; shift
	local title="$name has the same result over lbx as over lo"

	RET=0 retmsg=''
	explained "$name"
	for ((attempt = 1; attempt <= attempts; attempt++)); do
		run "$name" lo "$@"
		over_lo=$result
		run "$name" lbx "$@"
		over_lbx=$result
		[[ $(but_for "$part" "$over_lo") != "$(but_for "$part" "$over_lbx")" ]] || break
		seen+="; $(summary "$over_lo") and $(summary "$over_lbx")"
	done

	((!packets[lo] || packets[lbx]))
	check_err $? "lbx has carried no packet, and lo ${packets[lo]}"
	((!by_kernel)) || [[ $why ]]
	check_err $? "the kernel's lo has carried $by_kernel packets"
	if ((attempt > attempts)); then
		check_err 1 "$(diff <(echo "$over_lo") <(echo "$over_lbx") | tr '\n' ' ')"
	elif [[ $why && $over_lo = "$over_lbx" ]]; then
		check_err 1 "the results no longer differ: remove the test from the section 'differs' of the list"
	fi
	note=$retmsg

	if ((RET)); then
		log_test "$title"
	elif [[ $why ]]; then
		[[ $part = all ]] && note=$why || note="$part: $why"
		log_test_xfail "$title, except $part"
	elif [[ $over_lo = "status 137"* ]]; then
		note="no result in $limit s"
		log_test_skip "$title" "$note"
	else
		if [[ $over_lo = "status 4"* ]]; then
			note=$(grep -i skip "$RESULTS/lo/${name//\//.}.log" | tail -n 1)
		elif [[ $seen ]]; then
			note="varies; before, over lo and lbx: ${seen#; }"
		fi
		log_test "$title"
	fi
	row "$name" "$(summary "$over_lo")" "$(summary "$over_lbx")" "${packets[lo]}" "${packets[lbx]}" \
		"${note//|/ }"
}

# A test of the kernel that is missing in the list would never run
all_are_listed()
{
	local name missing=()

	RET=0
	while read -r name; do
		grep -qE "^${name//./\\.}( |$)" "$list" || missing+=("$name")
	done < <(sed -n 's|:|/|;/^net/p' "$NET_SELFTESTS/kselftest-list.txt")
	((!${#missing[@]}))
	check_err $? "not in the list: ${missing[*]}"
	log_test "each of the kernel's tests is in the list, as one that runs or one that does not"
}

if [[ ! -e $NET_SELFTESTS/kselftest-list.txt ]]; then
	echo "SKIP: no tests in $NET_SELFTESTS: set NET_SELFTESTS, or run 'make net-selftests'"
	exit "$ksft_skip"
fi

# others: print the tests that do not run, with the reasons
others()
{
	awk '/^\[/ {fits = $1 ~ /^\[(over|run|differs)\]$/; reason = $0; sub(/^[^ ]* /, "", reason)}
	     !fits && /^\[/ {print "\n- " reason ":"}
	     !fits && /^[^[#]/ {print "  " $1}' "$list"
}

mkdir -p "$RESULTS/lo" "$RESULTS/lbx"
table=$RESULTS.md
echo "Linux $(uname -r), $(date +%F)" >"$table"
echo >>"$table"
row test "over lo" "over lbx" "packets, lo" lbx ""
row --- --- --- --: --: ---
[[ ${NET_TESTS-} ]] || all_are_listed
count_events on
while read -r name; do
	[[ ! ${NET_TESTS-} || " $NET_TESTS " = *" $name "* ]] || continue
	program=${name##*/}
	command=("./$program") verdict_lines=$words
	if section over | grep -qx "$name"; then
		command=(bash "$here/net_over_lo.sh" "${program%.*}") verdict_lines=$tap
	fi
	cd "$NET_SELFTESTS/${name%/*}" || exit
	compare "$name" "${command[@]}" </dev/null
done < <(section run; section over; [[ ! ${NET_TESTS-} ]] || section varies)
count_events off
[[ ${NET_TESTS-} ]] || others >>"$table"

exit "$EXIT_STATUS"
