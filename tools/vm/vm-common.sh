# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# vm-common.sh - shared by the VM tools. Sourced, never executed.

# The Debian packages that these tools need on the host. The compilers, and everything
# that the tests call, are in the images.
VM_HOST_PACKAGES=(
	debian-archive-keyring
	mmdebstrap
	qemu-system-x86
	util-linux
)

# Debian's kernels, and all kernels: "debug-kernel" builds those that Debian does not
# have. To add a kernel, add a word here and a line in vm_kernel().
VM_DEBIAN_KERNELS=(6.1 6.12 7.2)
VM_DEBUG_KERNELS=(debug debug-6.1 kcsan)
VM_KERNELS=("${VM_DEBIAN_KERNELS[@]}" "${VM_DEBUG_KERNELS[@]}")

vm_dir=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck disable=SC2034  # used by the scripts that source this
vm_repo=$(realpath "$vm_dir/../..")
# shellcheck disable=SC2034
vm_cache=${XDG_CACHE_HOME:-$HOME/.cache}/lbx
vm_name=tools/vm/${0##*/}

# vm_kernel KERNEL: set the properties of a kernel
#   vm_suite      the Debian release of its root
#   vm_base       the Debian kernel of its root: itself, except for debug kernels
#   vm_debug      name of the kernel that "debug-kernel" builds from vm_base, or empty
#   vm_configs    its configuration files; later files override earlier ones
vm_kernel()
{
	vm_base=$1 vm_debug='' vm_configs=(debug.config)
	case $1 in
	debug)
		vm_base=6.12 vm_debug=debug-6.12
		;;
	debug-6.1)
		vm_base=6.1 vm_debug=debug-6.1
		vm_configs+=(debug-6.1.config)
		;;
	kcsan)
		vm_base=6.12 vm_debug=kcsan-6.12
		vm_configs+=(kcsan.config)
		;;
	esac
	case $vm_base in
	6.1)	vm_suite=bookworm ;;
	6.12)	vm_suite=trixie ;;
	7.2)	vm_suite=trixie ;;
	*)	vm_usage "unknown kernel \"$1\", choose from: ${VM_KERNELS[*]}" ;;
	esac
	# shellcheck disable=SC2034
	readonly vm_suite vm_base vm_debug vm_configs
}

# vm_is_debug KERNEL
vm_is_debug()
{
	[[ " ${VM_DEBUG_KERNELS[*]} " = *" $1 "* ]]
}

vm_say()
{
	printf '%s: %s\n' "$vm_name" "$*" >&2
}

vm_usage()
{
	vm_say "$* (see --help)"
	exit 2
}

# vm_help: print the comment block at the head of the calling script
vm_help()
{
	sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"
}

# vm_code SCRIPT...: print scripts without their comments, for a hash that stays as it is
# when only a comment changes
vm_code()
{
	sed -E '/^[[:space:]]*#( |$)/d' "$@"
}

# vm_need COMMAND...: check that they are installed, or print how to install them
vm_need()
{
	local command

	for command; do
		[ -n "$(type -P "$command")" ] && continue
		vm_usage "cannot find $command, install it:" \
			 "apt-get install ${VM_HOST_PACKAGES[*]}"
	done
	[ "$(id -u)" = 0 ] || vm_usage "run this as root, it uses chroot and mount"
}

# vm_in_root [-s] [-m DIR] ROOT COMMAND [ARG...]
#   -s      writes to ROOT are allowed and discarded
#   -m DIR  mount DIR on /mnt, read-write
#
# Runs COMMAND on the host's kernel in the root of an image, with the repository at
# /lbx. Everything is read-only except for /lbx/build and a temporary /tmp. The mounts
# are in a private namespace. The processes are in a PID namespace that ends with its
# first process, and with the caller. So nothing is left behind, however this ends.
vm_in_root()
{
	local scratch='' mnt='' root option OPTIND

	while getopts sm: option; do
		case $option in
		s)	scratch=1 ;;
		m)	mnt=$OPTARG ;;
		*)	return 2 ;;
		esac
	done
	root=${*:OPTIND:1}
	shift "$OPTIND"
	mkdir -p "$vm_repo/build"
	# shellcheck disable=SC2016  # the inner shell expands these
	setpriv --pdeathsig KILL \
		unshare --mount --pid --fork --kill-child --propagation private \
		bash -euc '
			root=$1 repo=$2 scratch=$3 mnt=$4
			shift 4
			if [ "$scratch" ]; then
				# Relative paths: a colon would need a backslash
				cd "$root"
				mount -t tmpfs tmpfs tmp
				mkdir tmp/upper tmp/work
				mount -t overlay -o lowerdir=.,upperdir=tmp/upper,workdir=tmp/work \
					overlay "$root"
				# The network of the host may have changed
				cat /etc/resolv.conf >"$root/etc/resolv.conf" || :
			else
				mount --bind -o ro "$root" "$root"
			fi
			[ ! "$mnt" ] || mount --bind "$mnt" "$root/mnt"
			mount -t proc proc "$root/proc"
			mount --bind /dev "$root/dev"
			mount -t tmpfs tmpfs "$root/tmp"
			mount --bind -o ro "$repo" "$root/lbx"
			mount --bind "$repo/build" "$root/lbx/build"
			exec chroot "$root" /usr/bin/env -i -C /lbx \
				HOME=/root LANG=C.UTF-8 TERM="${TERM-dumb}" \
				PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
				"$@"
		' bash "$root" "$vm_repo" "$scratch" "$mnt" "$@"
}

# vm_discard PID DIR: stop that process, and remove what it has made
vm_discard()
{
	# SIGKILL: "unshare --fork" blocks SIGTERM until its child has ended
	kill -KILL "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
	# The kernel has sent SIGKILL to its children. They may need some milliseconds
	# to exit, and may create another file.
	until rm -rf --one-file-system "$2" 2>/dev/null; do
		sleep 0.1
	done
}
