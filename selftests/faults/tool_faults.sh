#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tool lbx: each allocation of each command fails in turn, both in the tool and in
# what it requests from the kernel. See faults_program.py.

# shellcheck source=selftests/faults/faults_lib.sh
source "$(dirname "$0")/faults_lib.sh"

# Sweeps with the fewest allocations come first
ALL_TESTS="
	tool_claims tool_save tool_watch tool_monitor tool_claim tool_stats tool_unclaim
	tool_set tool_del tool_top tool_restore tool_trace tool_add tool_doctor tool_show
"

# tool_swept VERB ARG... [-- UNDO...]
# tool_watched TEXT VERB ARG... [-- CHANGE...]
# What the tool allocates before its main() is swept once, with "show". With the other verbs
# the allocations there are the same, about as many as with -V.
tool_swept()
{
	local tool root first=1 how=command

	tool_in_memory
	[[ $1 == show ]] || tool_main
	# These commands also end with status 3 if they have found a problem
	[[ $1 != trace && $1 != doctor ]] || how="find"
	nic_up
	fail_in_turn "lbx $1" \
		"$here/faults_program.py" "$how" "$first" "$root" "${tool[@]}" "$@"
}

tool_watched()
{
	local text=$1 tool root first; shift

	tool_in_memory
	tool_main
	nic_up
	fail_in_turn "lbx $1 in watch mode" \
		"$here/faults_program.py" watch "$first" "$root" "$text" "${tool[@]}" "$@"
}

# tool_in_memory: set root to a directory with the tool and its libraries, and tool
tool_in_memory()
{
	local lib

	root=$(mktemp -d -p /run)
	defer rm -r "$root"
	cp "$(type -P lbx)" "$root"
	while read -r lib; do
		cp "$lib" "$root"
	done < <(ldd "$(type -P lbx)" | grep -o '/[^ ]*')
	lib=$(echo "$root"/ld-linux*)
	tool=("${lib#"$root"}" --inhibit-cache --library-path / /lbx)
}

# tool_main: set first to the number of an allocation just before main()
tool_main()
{
	first=$("$here/faults_program.py" before "$root" "${tool[@]}" -V)
}

tool_show()	{ tool_swept show; }
tool_claims()	{ tool_swept claims; }
tool_stats()	{ tool_swept stats cpu; }
tool_save()	{ tool_swept save; }
tool_trace()	{ tool_swept trace 192.0.2.1; }
tool_doctor()	{ tool_swept doctor; }
tool_watch()	{ tool_watched lbx0 stats watch 0.1; }
tool_monitor()	{ tool_watched lbx1 monitor -- bash -c 'ip link add lbx1 type lbx; ip link del lbx1'; }

tool_top()
{
	# The files that ncurses reads are in memory, too
	mkdir -p /run/faults.terminfo/l
	defer rm -r /run/faults.terminfo
	infocmp linux | tic -o /run/faults.terminfo -
	TERM=linux TERMINFO=/run/faults.terminfo tool_watched lbx0 top
}

tool_add()
{
	tool_swept add pg 10.9.0.1/24 2001:db8:9::1 isolate on -- lbx del pg
}

tool_del()
{
	tool_swept del lbx0 -- lbx add lbx0 10.9.0.1/24 2001:db8:9::1 isolate on
}

tool_set()
{
	tool_swept set lbx0 addr 10.9.0.1/24 mtu 1500 direct off -- \
		lbx set lbx0 noaddr 10.9.0.1/24 mtu 65536 direct on
}

tool_claim()
{
	tool_swept claim eth0 192.0.2.1 2001:db8::1 dev lbx0 -- \
		lbx unclaim eth0 192.0.2.1 2001:db8::1
}

# The first time, there are no claims
tool_unclaim()
{
	tool_swept unclaim all -- lbx claim eth0 192.0.2.1 2001:db8::1 dev lbx0
}

tool_restore()
{
	echo "add pg 10.9.0.1/24 2001:db8:9::1 isolate on" >/run/faults.saved
	echo "add pg" >/run/faults.before
	defer rm /run/faults.saved /run/faults.before
	tool_swept restore /run/faults.saved -- lbx restore /run/faults.before
}

tool_need
faults_run
exit "$EXIT_STATUS"
