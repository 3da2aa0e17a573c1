#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# net_over_lo.sh PROGRAM - run a program of the kernel's tests over lo
#
# These programs take addresses as arguments. The kernel's own scripts run them over
# veth or netdevsim, or do not run them at all. This script runs them with two addresses
# of "lo", with the other arguments of those scripts. Of two scripts it runs each case,
# because those scripts end with the first failure. It has to run in the directory of
# the program, in a network namespace of its own. It prints one line for each case. The
# status is 0 if no case failed.

set -u

cases=0 failed=0

# report NAME: print the result of the previous command, by its status
report()
{
	local status=$?

	cases=$((cases + 1))
	# A program that was stopped may have left an incomplete line
	echo
	if ((status)); then
		echo "not ok $cases $1"
		failed=$((failed + 1))
	else
		echo "ok $cases $1"
	fi
}

# until_ok COMMAND...: repeat COMMAND until it succeeds, for at most ten seconds
until_ok()
{
	local i

	for ((i = 0; i < 100; i++)); do
		"$@" && return
		sleep 0.1
	done
}

# is_served PORT: true if a socket listens at PORT
is_served()
{
	[[ $(ss -Hlntu "sport = :$1") ]]
}

# both PORT SERVER... -- CLIENT...: true if neither fails. The client starts when the
# server listens at PORT.
both()
{
	local port=$1 server=() pid status=0; shift

	while [[ $1 != -- ]]; do
		server+=("$1")
		shift
	done
	shift
	timeout 60 "${server[@]}" &
	pid=$!
	until_ok is_served "$port"
	timeout 60 "$@" || status=$?
	wait "$pid" || status=$?
	return "$status"
}

# set_endpoints IPVERSION: set from and to
set_endpoints()
{
	from=${from_[$1]} to=${to_[$1]}
}

# As msg_zerocopy.sh does. Its packets are copied, too, because they are queued to a
# socket of this machine (-Z 0).
msg_zerocopy()
{
	local ip mode zerocopy

	sysctl -qw net.core.optmem_max=1000000
	for ip in 4 6; do
		set_endpoints $ip
		for mode in tcp udp; do
			for zerocopy in "" -z; do
				# shellcheck disable=SC2086  # none or one
				both 8000 ./msg_zerocopy -$ip -i lo -t 5 -S "$from" -D "$to" $zerocopy -r $mode -- \
					./msg_zerocopy -$ip -i lo -t 1 -S "$from" -D "$to" $zerocopy \
					$mode -Z 0
				report "ipv$ip $mode $zerocopy"
			done
		done
	done
}

# Each case of udpgso.sh, which itself ends with the first failure
udpgso()
{
	local args

	while read -r -a args; do
		./in_netns.sh ./udpgso.sh "${args[@]}" </dev/null
		report "${args[*]}"
	done < <(sed -n 's|^./in_netns.sh [^ ]* ||p' udpgso.sh)
}

# The programs of run_afpackettests, one of which may never end
run_afpackettests()
{
	local program

	for program in psock_fanout psock_tpacket txring_overwrite; do
		timeout 100 ./in_netns.sh "./$program"
		report "$program"
	done
}

# As io_uring_zerocopy_tx.sh does
io_uring_zerocopy_tx()
{
	local ip mode

	sysctl -qw net.core.optmem_max=1000000 kernel.io_uring_disabled=0
	for ip in 4 6; do
		set_endpoints $ip
		for mode in 1 2 3; do
			both 8000 ./msg_zerocopy -$ip -t 5 -S "$from" -D "$to" -r udp -- \
				./io_uring_zerocopy_tx -$ip -t 1 -D "$to" -m $mode -n 32 udp
			report "ipv$ip udp mode $mode"
			both 8000 ./msg_zerocopy -$ip -t 5 -S "$from" -D "$to" -r tcp -- \
				./io_uring_zerocopy_tx -$ip -t 1 -D "$to" -m $mode -n 1 tcp
			report "ipv$ip tcp mode $mode"
		done
	done
}

# No script of the kernel runs it. The client would send 32 GiB. The server prints how
# much it has received when the client is stopped.
tcp_mmap()
{
	local ip server option

	for ip in 4 6; do
		set_endpoints $ip
		for option in "" -z "-M 4108"; do
			# shellcheck disable=SC2086  # none, one or two words
			stdbuf -oL ./tcp_mmap -s -$ip $option -H "$to" >/tmp/tcp_mmap &
			server=$!
			until_ok is_served 8787
			# shellcheck disable=SC2086
			timeout 5 ./tcp_mmap -$ip $option -H "$to"
			until_ok grep -q '^received' /tmp/tcp_mmap
			kill "$server"
			wait "$server"
			cat /tmp/tcp_mmap
			grep -q '^received' /tmp/tcp_mmap
			report "ipv$ip $option"
		done
	done
}

# As so_txtime.py does. How late a packet is depends on the machine. KSFT_MACHINE_SLOW
# makes the program compare only the order of packets. ETF drops packets that are late.
# so_txtime.py sets ETF to wake up 0.4 ms early, which is too late on a slow machine.
so_txtime()
{
	local ip clock

	export KSFT_MACHINE_SLOW=yes
	tc qdisc add dev lo root fq
	for clock in mono tai; do
		for ip in 4 6; do
			txtime $ip $clock fq a,-1 a,-1
			txtime $ip $clock fq a,0 a,0
			txtime $ip $clock fq a,10 a,10
			txtime $ip $clock fq a,10,b,20 a,10,b,20
			txtime $ip $clock fq a,20,b,10 b,10,a,20
		done
	done
	tc qdisc replace dev lo root handle 1: prio
	tc qdisc add dev lo parent 1:1 handle 10: etf clockid CLOCK_TAI delta 8000000
	tc filter add dev lo parent 1: protocol all handle 100 fw flowid 1:1
	for ip in 4 6; do
		txtime $ip tai "etf drops" a,-1 a,-1
		txtime $ip tai "etf drops" a,0 a,0
		txtime $ip tai etf a,10 a,10
		txtime $ip tai etf a,10,b,20 a,10,b,20
		txtime $ip tai etf a,20,b,10 b,10,a,20
	done
}

# txtime IPVERSION CLOCK QDISC SEND EXPECT: run one case of so_txtime
txtime()
{
	local ip=$1 clock=$2 qdisc=$3 send=$4 expect=$5 status=0
	local start=$((${EPOCHREALTIME//[!0-9]/} * 1000 + 2000000000)) args

	set_endpoints "$ip"
	args=("-$ip" -c "$clock" -t "$start" -S "$from" -D "$to")
	both 8000 ./so_txtime "${args[@]}" "$expect" -r -- \
		./so_txtime -m 100 "${args[@]}" "$send" || status=1
	[[ $status = 1 && $qdisc = *drops || $status = 0 && $qdisc != *drops ]]
	report "ipv$ip $clock $qdisc $send"
}

printf 'address add %s dev lo\n' 198.51.100.1/32 198.51.100.2/32 \
	"2001:db8:1::1/128 nodad" "2001:db8:1::2/128 nodad" | ip -b -
from_=([4]=198.51.100.1 [6]=2001:db8:1::1)
to_=([4]=198.51.100.2 [6]=2001:db8:1::2)
# addrconf adds the routes in a work item
for ((i = 0; i < 100; i++)); do
	ip -6 route get 2001:db8:1::2 | grep -q 'dev lo ' && break
done

"$1"
((cases && !failed))
