# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lib.sh - what test, check and .ci/run share. Sourced, never run.

# result VERDICT NAME: in the words of log_test() of the kernel's net/lib.sh, for
# tools/results to count
result()
{
	printf 'TEST: %-60s  [%s]\n' "$2" "$1"
}

# sum LOG...: how many passed, failed and were skipped, on one line
sum()
{
	# Its status says whether any failed
	{ tools/results "$@" || :; } | tail -n 1
}

# minutes SECONDS: as m:ss
minutes()
{
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}
