# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of lbx(8) for bash. lbx itself prints the completions, from the table of
# commands that its parser uses.

_lbx()
{
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" --complete \
		"${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	# Complete file names after "restore", and after "out" of "bench"
	[[ ${COMP_WORDS[COMP_CWORD - 1]} != @(restore|out) ]] || compopt -o default 2>/dev/null
}

complete -F _lbx lbx
