# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lib.sh - what test, bench/run, check and .ci/run share. Sourced, never run.

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

# refuse MESSAGE: wrong usage
refuse()
{
	printf 'tools/%s: %s\n' "${0##*tools/}" "$*" >&2
	exit 2
}

# words TEXT: one word on each line
words()
{
	tr -s '[:space:]' '\n' <<<"$1" | sed '/^$/d'
}

# test_programs: those of the selftests, one on each line
test_programs()
{
	sed -nE 's/^TEST_(GEN_)?PROGS *[:+]?= *//p' selftests/Makefile
}

# extended_programs: those that are run when asked for
extended_programs()
{
	sed -nE 's/^TEST_PROGS_EXTENDED *[:+]?= *//p' selftests/Makefile
}

# in_turn NAME COMMAND...: COMMAND in the background, as soon as a CPU is free, since an
# emulated machine keeps one busy; NAME is before each line that it prints. Then: wait
running=0
in_turn()
{
	local name=$1; shift

	for_a_cpu
	"$@" </dev/null 2>&1 | sed -u "s/^/$name: /" &
}

# in_turn_whole COMMAND...: in_turn, what it prints being printed when it has ended, in one
# piece
in_turn_whole()
{
	for_a_cpu
	whole "$@" </dev/null &
}

whole()
{
	local out

	out=$("$@" 2>&1) || :
	printf '%s\n' "$out"
}

# for_a_cpu: waits until one is free
for_a_cpu()
{
	[ "$running" -lt "$(nproc)" ] || wait -n || :
	running=$((running + 1))
}

# choose_kernels: sets kernels, those of $KERNELS in the order of VM_KERNELS (see
# tools/vm/lib.sh) and none twice
choose_kernels()
{
	local kernel wanted

	mapfile -t wanted < <(words "${KERNELS-6.12}")
	[ ${#wanted[@]} -gt 0 ] ||
		refuse "KERNELS is empty, choose from: ${VM_KERNELS[*]}"
	for kernel in "${wanted[@]}"; do
		[[ " ${VM_KERNELS[*]} " = *" $kernel "* ]] ||
			refuse "there is no kernel '$kernel', choose from: ${VM_KERNELS[*]}"
	done
	kernels=()
	for kernel in "${VM_KERNELS[@]}"; do
		[[ " ${wanted[*]} " != *" $kernel "* ]] || kernels+=("$kernel")
	done
}

# choose_tests: sets programs, all of the selftests but the extended, and tests, those in
# $TESTS, which may be extended
choose_tests()
{
	local test known

	# shellcheck disable=SC2034  # used by the scripts that source this
	mapfile -t programs < <(test_programs)
	mapfile -t known < <(test_programs; extended_programs)
	mapfile -t tests < <(words "${TESTS-}")
	for test in "${tests[@]}"; do
		[[ " ${known[*]} " = *" $test "* ]] ||
			refuse "there is no test '$test', choose from: ${known[*]}"
	done
}
