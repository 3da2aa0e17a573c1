# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# common.sh - shared by check, test/, bench/ and .ci/run. Sourced, never executed.

# result VERDICT NAME: print a result in the format of log_test() of the kernel's
# net/lib.sh, for tools/test/results
result()
{
	printf 'TEST: %-60s  [%s]\n' "$2" "$1"
}

# sum LOG...: print on one line how many tests passed, failed and were skipped
sum()
{
	# Its exit status is 1 if a test failed
	{ tools/test/results "$@" || :; } | tail -n 1
}

# minutes SECONDS: print as m:ss
minutes()
{
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# refuse MESSAGE: report invalid usage
refuse()
{
	printf 'tools/%s: %s\n' "${0##*tools/}" "$*" >&2
	exit 2
}

# words TEXT: print one word on each line
words()
{
	tr -s '[:space:]' '\n' <<<"$1" | sed '/^$/d'
}

# test_programs: print the programs of the selftests, one on each line
test_programs()
{
	sed -nE 's/^TEST_(GEN_)?PROGS *[:+]?= *//p' selftests/Makefile
}

# extended_programs: print the programs that run only on request, without their
# directories
extended_programs()
{
	sed -nE 's|^TEST_PROGS_EXTENDED *[:+]?= *(.*/)?||p' selftests/Makefile
}

# long_programs: print those of them that "make test-long" runs: they are in no directory
long_programs()
{
	sed -nE 's|^TEST_PROGS_EXTENDED *[:+]?= *([^/]*)$|\1|p' selftests/Makefile
}

# in_turn NAME COMMAND...: run COMMAND in the background as soon as a CPU is free,
# because an emulated machine keeps one busy. NAME precedes each line of its output. The
# caller waits.
running=0
in_turn()
{
	local name=$1; shift

	for_a_cpu
	"$@" </dev/null 2>&1 | sed -u "s/^/$name: /" &
}

# in_turn_whole COMMAND...: like in_turn, but print the output as a whole when COMMAND
# has ended
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

# for_a_cpu: wait until a CPU is free, or one of $slots if that is set
for_a_cpu()
{
	[ "$running" -lt "${slots:-$(nproc)}" ] || wait -n || :
	running=$((running + 1))
}

# choose_kernels: set kernels to those in $KERNELS, without duplicates, in the order of
# VM_KERNELS (see tools/vm/vm-common.sh)
choose_kernels()
{
	local kernel wanted

	mapfile -t wanted < <(words "${KERNELS-6.12}")
	[ ${#wanted[@]} -gt 0 ] ||
		refuse "KERNELS is empty, choose from: ${VM_KERNELS[*]}"
	for kernel in "${wanted[@]}"; do
		[[ " ${VM_KERNELS[*]} " = *" $kernel "* ]] ||
			refuse "unknown kernel \"$kernel\", choose from: ${VM_KERNELS[*]}"
	done
	kernels=()
	for kernel in "${VM_KERNELS[@]}"; do
		[[ " ${wanted[*]} " != *" $kernel "* ]] || kernels+=("$kernel")
	done
}

# choose_tests: set programs to all selftests except the extended ones, and tests to
# those in $TESTS, which may be extended ones
choose_tests()
{
	local test known

	# shellcheck disable=SC2034  # used by the scripts that source this
	mapfile -t programs < <(test_programs)
	mapfile -t known < <(test_programs; extended_programs)
	mapfile -t tests < <(words "${TESTS-}")
	for test in "${tests[@]}"; do
		[[ " ${known[*]} " = *" $test "* ]] ||
			refuse "unknown test \"$test\", choose from: ${known[*]}"
	done
}
