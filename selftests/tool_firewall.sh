#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tool lbx: trace and doctor when a firewall drops packets or a socket is bound to
# another device.

# shellcheck source=selftests/lib/lib.sh
source "$(dirname "$0")/lib/lib.sh"
# shellcheck source=selftests/lib/tool_lib.sh
source "$(dirname "$0")/lib/tool_lib.sh"

ALL_TESTS="
	trace_udp_dropped
	trace_tcp_dropped
	trace_output_dropped
	trace_sets_and_maps
	trace_perhaps
	trace_iptables
	trace_tc_dropped
	trace_of_program
	trace_bound_elsewhere
	doctor_firewall
	doctor_firewall_of_claims
	doctor_firewall_meant
	doctor_firewall_iptables
	doctor_firewall_unread
	doctor_sockets
	doctor_source_nat
"

# rules: load nftables rules from stdin
rules()
{
	inns nft -f -
	check_err $? "nft refused the rules"
}

# undelivered REASON MEND ARG...: the probe of "lbx trace ARG..." is seen on lbx0 and
# dropped. The number of a rule is not compared.
undelivered()
{
	local reason=$1 mend=$2; shift 2

	status 3 lbxn trace "$@"
	sed 's/rule [0-9]* of/rule of/' /tmp/status.out |
		grep -qF "seen on lbx0, not delivered: $reason"
	check_err $? "'trace $*' does not report '$reason': $(</tmp/status.out)"
	grep -qF "try: $mend" /tmp/status.out
	check_err $? "'trace $*' does not suggest '$mend': $(</tmp/status.out)"
}

LISTEN='
import signal, socket, sys
proto, addr, port, *dev, ready = sys.argv[1:]
sock = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET,
                     socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
if dev:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev[0].encode())
sock.bind((addr, int(port)))
if proto == "tcp":
    sock.listen()
open(ready, "w").close()
signal.pause()'

# listen PROTO ADDR PORT [DEV]: run a program that has the port, until the test ends
listen()
{
	local ready=/tmp/listen.$3 pid

	rm -f "$ready"
	inns_start python3 -c "$LISTEN" "$@" "$ready"
	pid=$!
	defer kill "$pid"
	busywait 60000 test -e "$ready" >/dev/null
	check_err $? "no program listens on $2 port $3"
}

trace_udp_dropped()
{
	RET=0
	devices_up
	rules <<-'END'
	table inet f {
		chain in {
			type filter hook input priority 0; policy drop;
			iif lo accept
			ct state established,related accept
			iif != lo ip daddr 127.0.0.0/8 counter drop
		}
	}
	END
	lbxn set lbx0 addr 127.0.9.53
	undelivered "the policy of chain in, table inet f drops it" \
		$'nft \'insert rule inet f in meta iifkind "lbx" accept\'' 10.9.0.1
	undelivered "the policy of chain in, table inet f drops it" \
		$'nft \'insert rule inet f in meta iifkind "lbx" accept\'' 2001:db8:9::1
	undelivered "rule of chain in, table inet f drops it" \
		$'nft \'insert rule inet f in meta iifkind "lbx" accept\'' 127.0.9.53
	traced 10.9.0.1 '[.proven, .probe.delivered, .probe.seen[].ifname]' \
		'[false,false,"lbx0"]'
	# The suggestion works
	inns nft 'insert rule inet f in meta iifkind "lbx" accept'
	traced 10.9.0.1 '[.proven, .probe.delivered, .probe.reason]' '[true,true,null]'
	traced 127.0.9.53 '[.proven, .probe.delivered]' '[true,true]'
	log_test "lbx trace names the firewall rule that drops its probe"
}

trace_tcp_dropped()
{
	RET=0
	devices_up
	rules <<-'END'
	table inet f {
		chain in {
			type filter hook input priority 0
			tcp dport 81 drop
			tcp dport 82 reject with tcp reset
			tcp dport 83 jump sub
		}
		chain sub {
			ip saddr 10.9.0.0/24 goto subsub
		}
		chain subsub {
			counter drop
		}
	}
	END
	undelivered "rule of chain in, table inet f drops it" "nft -a list chain inet f in" \
		10.9.0.1 81 tcp
	undelivered "rule of chain in, table inet f rejects it" "nft -a list chain inet f in" \
		10.9.0.1 82 tcp
	undelivered "rule of chain subsub, table inet f drops it" \
		"nft -a list chain inet f subsub" 10.9.0.1 83 tcp
	status 0 lbxn trace 10.9.0.1 84 tcp
	status 0 lbxn trace 10.9.0.1 81 udp
	grep -qF "UDP to 10.9.0.1 port 81: seen on lbx0, delivered" /tmp/status.out
	check_err $? "a rule for TCP has changed the result for UDP: $(</tmp/status.out)"
	log_test "lbx trace names a rule that drops or rejects TCP, also in a chain that is jumped to"
}

trace_output_dropped()
{
	RET=0
	devices_up
	rules <<-'END'
	table ip f {
		chain out {
			type filter hook output priority 0
			oifname "lbx*" udp dport 83 drop
		}
	}
	END
	check_exit 3 "of chain out, table ip f drops it" lbxn trace 10.9.0.1 83
	check_exit 3 "try: nft -a list chain ip f out" lbxn trace 10.9.0.1 83
	status 0 lbxn trace 10.9.0.1 84
	log_test "lbx trace names the rule that drops its probe at output"
}

trace_sets_and_maps()
{
	RET=0
	devices_up
	lbxn add lbx1 10.7.0.1
	rules <<-'END'
	table inet f {
		set ports {
			type inet_service; flags interval; elements = { 100-110, 200 }
		}
		chain no {
			drop
		}
		chain in {
			type filter hook input priority 0
			iifname vmap { "lo" : accept, "lbx1" : goto no }
			meta l4proto udp th dport @ports drop
			udp dport != 1-999 ip daddr { 10.9.0.5, 10.9.0.6 } drop
		}
	}
	END
	undelivered "rule of chain in, table inet f drops it" "" 10.9.0.1 105
	undelivered "rule of chain in, table inet f drops it" "" 10.9.0.1 200
	undelivered "rule of chain in, table inet f drops it" "" 10.9.0.6 1000
	status 0 lbxn trace 10.9.0.1 111
	status 0 lbxn trace 10.9.0.6 999
	status 0 lbxn trace 10.9.0.7 1000
	check_exit 3 "seen on lbx1, not delivered: rule" lbxn trace 10.7.0.1
	check_exit 3 "of chain no, table inet f drops it" lbxn trace 10.7.0.1
	log_test "lbx trace evaluates rules with sets, intervals and verdict maps"
}

trace_perhaps()
{
	RET=0
	devices_up
	rules <<-'END'
	table inet f {
		chain in {
			type filter hook input priority 0
			udp dport 85 limit rate over 1/day burst 1 packets drop
		}
	}
	END
	# The rule accepts two packets: trace names no rule when the probe is delivered
	status 0 lbxn trace 10.9.0.1 85
	lbxn trace 10.9.0.1 85 >/dev/null
	undelivered "rule of chain in, table inet f perhaps drops it" "" 10.9.0.1 85
	log_test "lbx trace names a rule whose match it cannot evaluate as a possible reason"
}

trace_iptables()
{
	RET=0
	devices_up
	inns iptables-nft -A INPUT -i lo -j ACCEPT
	inns iptables-nft -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
	inns iptables-nft -A INPUT -p tcp --dport 22 -j ACCEPT
	inns iptables-nft -A INPUT -p tcp -j REJECT
	inns iptables-nft -P INPUT DROP
	undelivered "the policy of chain INPUT, table ip filter drops it" \
		"iptables -I INPUT -i lbx0 -j ACCEPT" 10.9.0.1
	undelivered "rule of chain INPUT, table ip filter rejects it" \
		"iptables -I INPUT -i lbx0 -j ACCEPT" 10.9.0.1 80 tcp
	status 0 lbxn trace 10.9.0.1 22 tcp
	status 0 lbxn trace 2001:db8:9::1
	log_test "lbx trace names rules that iptables has made by nftables"
}

trace_tc_dropped()
{
	RET=0
	devices_up
	inns tc qdisc add dev lbx0 clsact
	inns tc filter add dev lbx0 ingress matchall action drop
	undelivered "no nftables rule drops it" "tc filter show dev lbx0 ingress" 10.9.0.1
	log_test "lbx trace reports that nftables does not drop a probe that tc drops"
}

trace_of_program()
{
	RET=0
	devices_up
	listen tcp 10.9.0.1 80
	listen udp 10.9.0.1 53
	# The protocol is that of the program
	check_exit 0 "TCP to 10.9.0.1 port 80: seen on lbx0, delivered" lbxn trace 10.9.0.1 80
	check_exit 0 "socket  of python3 (PID " lbxn trace 10.9.0.1 80
	check_exit 0 "which may or may not have received the probe" lbxn trace 10.9.0.1 53
	rules <<-'END'
	table inet f {
		chain in {
			type filter hook input priority 0
			th dport { 53, 80 } drop
		}
	}
	END
	undelivered "rule of chain in, table inet f drops it" "" 10.9.0.1 80
	undelivered "rule of chain in, table inet f drops it" "" 10.9.0.1 53
	log_test "lbx trace names the program that has the port, which gets packets if no rule drops them"
}

trace_bound_elsewhere()
{
	RET=0
	devices_up
	listen tcp 10.9.0.1 80 lo
	listen udp 10.9.0.1 53 lo
	listen udp 10.9.0.1 54 lbx0
	check_exit 3 "has bound TCP port 80 to the interface lo and receives nothing from lbx0" \
		lbxn trace 10.9.0.1 80
	check_exit 3 "has bound UDP port 53 to the interface lo and receives nothing from lbx0" \
		lbxn trace 10.9.0.1 53
	status 0 lbxn trace 10.9.0.1 54
	log_test "lbx trace names a program that is bound to lo, and reports no proof"
}

doctor_firewall()
{
	RET=0
	devices_up
	rules <<-'END'
	table inet f {
		chain in {
			type filter hook input priority 0; policy drop;
			iifname { "lo", "eth0" } accept
			ct state vmap { established : accept, related : accept, invalid : drop }
			tcp dport 22 accept
		}
	}
	END
	status 3 lbxn doctor
	finds problem "a firewall that accepts lo drops UDP for 10.9.0.1 on lbx0: the policy of chain in, table inet f" \
		$'nft \'insert rule inet f in meta iifkind "lbx" accept\''
	finds problem "a firewall that accepts lo drops UDP for 2001:db8:9::1 on lbx0" ""
	inns nft 'insert rule inet f in meta iifkind "lbx" accept'
	status 0 lbxn doctor
	# Also by the type of the interface, which is that of lo
	inns nft flush chain inet f in
	inns nft add rule inet f in meta iiftype loopback accept
	status 0 lbxn doctor
	inns nft flush chain inet f in
	inns nft add rule inet f in iif lo accept
	status 3 lbxn doctor
	# A table that is switched off drops nothing
	inns nft add table inet f "{ flags dormant; }"
	status 0 lbxn doctor
	log_test "lbx doctor reports a firewall that accepts lo and drops lbx devices, and the missing rule"
}

doctor_firewall_of_claims()
{
	RET=0
	devices_up
	lbxn del lbx0
	lbxn add lbx1
	rules <<-'END'
	table ip f {
		chain in {
			type filter hook input priority 0; policy drop;
			iif lo accept
		}
	}
	END
	status 0 lbxn doctor
	lbxn claim eth0 dev lbx1
	status 3 lbxn doctor
	finds problem "drops UDP for 192.0.2.1 on lbx1" \
		$'nft \'insert rule ip f in meta iifkind "lbx" accept\''
	lbxn unclaim eth0
	lbxn claim 192.0.2.2 dev lbx1
	finds problem "drops UDP for 192.0.2.2 on lbx1" ""
	log_test "lbx doctor reports a firewall that drops packets to claimed addresses"
}

doctor_firewall_meant()
{
	RET=0
	devices_up
	rules <<-'END'
	table inet f {
		chain in {
			type filter hook input priority 0; policy accept;
			iifname "lbx0" drop
		}
	}
	END
	status 0 lbxn doctor
	inns nft flush chain inet f in
	inns nft add rule inet f in udp dport 33434 drop
	status 0 lbxn doctor
	log_test "lbx doctor accepts rules that name the device and rules that drop on lo, too"
}

doctor_firewall_iptables()
{
	RET=0
	devices_up
	inns iptables-nft -A INPUT -i lo -j ACCEPT
	inns iptables-nft -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
	inns iptables-nft -P INPUT DROP
	finds problem "drops UDP for 10.9.0.1 on lbx0: the policy of chain INPUT, table ip filter" \
		"iptables -I INPUT -i lbx0 -j ACCEPT"
	inns iptables-nft -I INPUT -i lbx0 -j ACCEPT
	status 0 lbxn doctor
	inns iptables-nft -D INPUT -i lbx0 -j ACCEPT
	# How ufw and firewalld are recognised
	inns iptables-nft -N ufw-before-input
	finds problem "table ip filter" "ufw allow in on lbx0"
	inns iptables-nft -F
	inns iptables-nft -P INPUT ACCEPT
	rules <<-'END'
	table inet firewalld {
		chain filter_INPUT {
			type filter hook input priority 10;
			iifname "lo" accept
			reject with icmpx admin-prohibited
		}
	}
	END
	finds problem "of chain filter_INPUT, table inet firewalld" \
		"firewall-cmd --zone=trusted --add-interface=lbx0"
	log_test "lbx doctor recognises firewalls of iptables, ufw and firewalld"
}

doctor_firewall_unread()
{
	RET=0
	devices_up
	rules <<<"table inet f { }"
	inns setpriv --reuid 65534 --clear-groups lbx -j doctor >/tmp/findings
	check_err $? "lbx doctor finds a problem: $(</tmp/findings)"
	grep -qF "only root can read the netfilter rules" /tmp/findings
	check_err $? "lbx doctor does not report what it cannot read: $(</tmp/findings)"
	log_test "lbx doctor reports that only root can read the rules of netfilter"
}

doctor_sockets()
{
	RET=0
	devices_up
	listen udp 10.9.0.1 53 lo
	listen tcp 10.9.0.1 80
	status 3 lbxn doctor
	finds problem "has bound UDP port 53 of 10.9.0.1 to lo and receives nothing" \
		"lbx set lbx0 noaddr 10.9.0.1/24"
	finds_not "port 80"
	log_test "lbx doctor reports a program that is bound to lo at an address of an lbx device"
}

doctor_source_nat()
{
	RET=0
	devices_up
	rules <<-'END'
	table ip n {
		chain post {
			type nat hook postrouting priority 100
			oifname "lbx0" ip daddr 10.9.0.77 snat to 10.9.0.5
		}
		chain in {
			type nat hook input priority 100
			iifname "lbx0" ip daddr 10.9.0.78 snat to 10.9.0.5
		}
	}
	END
	finds problem "source NAT in postrouting has no effect on packets that lbx0 carries: rule" \
		"lbx_snat '{ type nat hook input priority 100; }'"
	inns nft flush chain ip n post
	inns nft add rule ip n post oifname eth0 masquerade
	status 0 lbxn doctor
	log_test "lbx doctor reports source NAT in postrouting that has no effect on an lbx device"
}

tool_need
tests_run
exit "$EXIT_STATUS"
