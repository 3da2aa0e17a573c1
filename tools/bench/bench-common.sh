# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154  # what choose_kernels has set
#
# bench-common.sh - the VMs that measure, shared by "run", "gate" and "profile". Sourced
# in the repository, after tools/common.sh and tools/vm/vm-common.sh. Never executed.

# bench_build KERNEL: set bin to the directory of the programs that "compare" calls, and
# labels to options that describe this run in the head
bench_build()
{
	bin=build/bench/bin-$1
	tools/vm/chroot "$1" make -s -C tools/bench "OUTPUT=/lbx/$bin"
	# shellcheck disable=SC2034  # for those who source this
	labels=(--head "kernel=$1"
		--head "build=$(<"$(tools/vm/image "$1")/release")/gcc-$(
			tools/vm/chroot "$1" gcc -dumpfullversion)"
		--head "qemu=$(qemu-system-x86_64 --version |
			sed -n 's/.*version \([0-9.]*\).*/\1/p')"
		--head "date=$(date -u '+%F %R UTC')")
}

# in_vms COMMAND...: run COMMAND KERNEL for each of $kernels, in turn
in_vms()
{
	local kernel

	for kernel in "${kernels[@]}"; do
		# One at a time; "image" reports what it makes
		tools/vm/image "$kernel" >/dev/null
	done
	for kernel in "${kernels[@]}"; do
		in_turn "$kernel" "$@" "$kernel"
	done
	wait
}
