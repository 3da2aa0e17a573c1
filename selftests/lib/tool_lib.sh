# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that tests of "lbx trace" and "lbx doctor" share. Source it after lib.sh.

# traced ADDR JQ WANTED: trace prints WANTED for ADDR, after the filter JQ
traced()
{
	local got

	got=$(lbxn -j trace "$1" | jq -c "$2")
	[[ $got == "$3" ]]
	check_err $? "trace prints $got for $1, expected $3"
}

# finds LEVEL TEXT MEND: the doctor has such a finding
# finds_not TEXT: it has no finding with TEXT
finds()
{
	lbxn -j doctor >/tmp/findings
	jq -e --arg level "$1" --arg text "$2" --arg mend "$3" \
		'any(.[]; .level == $level and (.text | contains($text)) and
		     ((.mend // "") | contains($mend)))' /tmp/findings >/dev/null
	check_err $? "no finding of level $1 with '$2' and the suggestion '$3': $(</tmp/findings)"
}

finds_not()
{
	! grep -qF "$1" /tmp/findings
	check_err $? "the doctor still reports '$1': $(</tmp/findings)"
}

# status N COMMAND...: COMMAND ends with status N
status()
{
	local want=$1 got; shift

	"$@" &>/tmp/status.out
	got=$?
	((got == want))
	check_err $? "'$*' ended with status $got, expected $want: $(</tmp/status.out)"
}

devices_up()
{
	setup_ns NS
	defer cleanup_ns "$NS"
	ipn link set lo up
	ipn link add eth0 type dummy
	ipn -batch - <<-'END'
	addr add 192.0.2.1/24 dev eth0
	addr add 192.0.2.2/24 dev eth0
	addr add 2001:db8::1/64 dev eth0 nodad
	link set eth0 up
	END
	lbxn add lbx0 10.9.0.1/24 2001:db8:9::1
}
