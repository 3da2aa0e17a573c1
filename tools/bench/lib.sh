# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154  # what choose_kernels has set
#
# lib.sh - what "run", "gate" and "profile" share: the VMs that measure. Sourced, never
# run, in the repository, after tools/lib.sh and tools/vm/lib.sh.

# bench_build KERNEL: sets bin, the folder with what "lab" calls, and labels, what the
# head is to say of this run, as options
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

# in_vms COMMAND...: COMMAND KERNEL for each of $kernels, in turn
in_vms()
{
	local kernel

	for kernel in "${kernels[@]}"; do
		# One at a time, and it says by itself what it makes
		tools/vm/image "$kernel" >/dev/null
	done
	for kernel in "${kernels[@]}"; do
		in_turn "$kernel" "$@" "$kernel"
	done
	wait
}
