#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module as a whole: load, parameter, unload.
#
# Other tests may run after this one, so each test case ends with the module loaded.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"

ALL_TESTS="
	load_makes_lbx0
	devices_makes_as_many
	devices_is_checked
	autoload_by_kind
	on_demand_makes_no_device
	on_demand_by_unprivileged
	by_hand_makes_lbx0
	unload_removes_everything
	unload_with_traffic
"

reload()
{
	! module_is_loaded || rmmod lbx
	module_load "$@"
}

load_makes_lbx0()
{
	RET=0
	reload
	check_err $? "the module cannot be loaded"
	ip link set lbx0 up
	check_err $? "lbx0 cannot be set up"
	ip addr add 192.0.2.1/32 dev lbx0
	ping -c 1 -W 2 192.0.2.1 >/dev/null
	check_err $? "192.0.2.1 of lbx0 does not answer"
	log_test "loading the module makes lbx0, which is ready after 'ip link set lbx0 up'"
	reload devices=0
}

devices_makes_as_many()
{
	RET=0
	reload devices=3
	[[ $(ip -j link show type lbx | jq length) == 3 ]]
	check_err $? "devices=3 did not make three devices"
	[[ $(cat /sys/module/lbx/parameters/devices) == 3 ]]
	check_err $? "the parameter devices does not read as 3"
	reload devices=0
	[[ $(ip -j link show type lbx | jq length) == 0 ]]
	check_err $? "devices=0 made a device"
	log_test "the parameter devices= sets the number of devices that are made, also 0"
}

devices_is_checked()
{
	local value

	RET=0
	rmmod lbx
	for value in -1 4097 many ''; do
		dmesg -C
		module_load "devices=$value" 2>/dev/null
		check_fail $? "devices=$value was accepted"
		dmesg | grep -q "lbx: invalid devices=$value: not a number from 0 to 4096"
		check_err $? "devices=$value: the log does not have the accepted range"
		module_is_loaded
		check_fail $? "devices=$value: the module is loaded"
	done
	log_test "an invalid number of devices is refused with the accepted range"
	module_need
}

autoload_by_kind()
{
	RET=0
	modinfo -F alias "${LBX_KO:-lbx}" | grep -qx rtnl-link-lbx
	check_err $? "the module does not have the alias rtnl-link-lbx"
	log_test "'ip link add type lbx' finds the module by the alias rtnl-link-lbx"
}

# modprobe_up: let modprobe find the module, which is not loaded. All other modules of
# the kernel are hidden, because depmod reads each of them.
modprobe_up()
{
	local dir

	dir=/lib/modules/$(uname -r)
	! module_is_loaded || rmmod lbx
	if [[ -n ${LBX_KO:-} ]]; then
		mount -t tmpfs tmpfs "$dir"
		defer umount "$dir"
		cp "$LBX_KO" "$dir"
		depmod 2>/dev/null
	fi
}

lbx_devices()
{
	ip -j link show type lbx 2>/dev/null | jq -r '[.[].ifname // empty] | join(" ")'
}

on_demand_makes_no_device()
{
	RET=0
	modprobe_up
	ip link add web type lbx
	check_err $? "the module was not loaded on demand"
	check_output web lbx_devices
	check_output 0 cat /sys/module/lbx/parameters/devices
	rmmod lbx
	ip link add type lbx
	check_output lbx0 lbx_devices
	rmmod lbx
	log_test "the module that is loaded on demand makes no device by itself"
	module_need
}

on_demand_by_unprivileged()
{
	local out

	RET=0
	modprobe_up
	out=$(setpriv --reuid=65534 --regid=65534 --clear-groups unshare -U -r -n sh -c '
		ip link add pg type lbx && ip -o link show type lbx' 2>&1)
	[[ $(wc -l <<<"$out") == 1 && $out == *pg:* ]]
	check_err $? "in the user namespace: $out"
	module_is_loaded
	check_err $? "the module is not loaded"
	check_output "" lbx_devices
	rmmod lbx
	log_test "an unprivileged user who loads the module makes no device in the initial netns"
	module_need
}

by_hand_makes_lbx0()
{
	local name

	RET=0
	modprobe_up
	for name in lbx rtnl-link-lbx; do
		modprobe "$name"
		check_err $? "'modprobe $name' failed"
		check_output lbx0 lbx_devices
		check_output 1 cat /sys/module/lbx/parameters/devices
		rmmod lbx
	done
	modprobe lbx devices=2
	check_output "lbx0 lbx1" lbx_devices
	rmmod lbx
	log_test "modprobe makes lbx0, or as many devices as devices= specifies"
	module_need
}

unload_removes_everything()
{
	RET=0
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link add lbx0 type lbx
	ipn link set lbx0 up
	ipn addr add 2001:db8:9::1/128 dev lbx0
	ip link add lbx7 type lbx
	settle
	rmmod lbx
	check_err $? "rmmod failed"
	[[ -z $(ipn -6 addr show dev lo scope global) ]]
	check_err $? "a mirror is still on lo: $(ipn -6 addr show dev lo scope global)"
	! ip link show lbx7 &>/dev/null && ! ipn link show lbx0 &>/dev/null
	check_err $? "a device still exists"
	[[ -z $(ipn route show table local 192.0.2.1) ]]
	check_err $? "a route still exists"
	log_test "rmmod removes devices, routes and mirrors in every netns"
	module_need
}

lbx0_received()
{
	(($(cat /sys/class/net/lbx0/statistics/rx_packets) > $1))
}

unload_with_traffic()
{
	local i pid
	local pids=()

	RET=0
	for i in {1..20}; do
		reload devices=1
		check_err $? "load $i failed"
		ip link set lbx0 up
		ip addr add 192.0.2.1/32 dev lbx0
		ip addr add 2001:db8:9::1/128 dev lbx0
		ping -q -i 0.01 192.0.2.1 &>/dev/null &
		pids=($!)
		ping -q -i 0.01 2001:db8:9::1 &>/dev/null &
		pids+=($!)
		busywait "$BUSYWAIT_TIMEOUT" lbx0_received 8
		check_err $? "round $i: lbx0 carries no traffic"
		rmmod lbx
		check_err $? "unload $i failed"
		for pid in "${pids[@]}"; do
			kill_process "$pid"
		done
	done
	log_test "the module can be loaded and unloaded 20 times while traffic runs"
	module_need
}

tests_run
exit "$EXIT_STATUS"
