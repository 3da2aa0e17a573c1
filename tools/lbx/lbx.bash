# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of lbx(8) for bash. What there is to offer, lbx itself tells, by the
# table of commands that it parses with.

_lbx()
{
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" --complete \
		"${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	# As a file: after "restore", and "out" of "bench"
	[[ ${COMP_WORDS[COMP_CWORD - 1]} != @(restore|out) ]] || compopt -o default 2>/dev/null
}

complete -F _lbx lbx
