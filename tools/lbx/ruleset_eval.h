/* SPDX-License-Identifier: GPL-2.0-only */
/* The evaluation of rules: ruleset_eval.c for chains, ruleset_expr.c for expressions */
#ifndef RULESET_EVAL_H
#define RULESET_EVAL_H

#include "nft.h"

/* The hooks that a packet passes, in this order */
enum hook {
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_EGRESS,
	HOOK_INGRESS,
	HOOK_PREROUTING,
	HOOK_INPUT,
	N_HOOKS,
};

/* Registers: NFT_REG_1 to 4 have 16 bytes, NFT_REG32_00 to 15 are 4-byte parts of them */
#define REG_BYTES	80

/**
 * struct state - state of the rule that is evaluated
 * @data: the registers
 * @known: for each byte, whether its value is known
 * @device: for each byte, whether it identifies the device in question
 * @unsure: a match could not be evaluated
 * @named: a match of the device was true
 * @code: the verdict
 * @target: the chain of a jump
 * @reject: the verdict is a reject
 */
struct state {
	unsigned char	data[REG_BYTES];
	bool		known[REG_BYTES];
	bool		device[REG_BYTES];
	bool		unsure;
	bool		named;
	int32_t		code;
	char		target[NFT_NAME_SIZE];
	bool		reject;
};

/**
 * struct walk - a packet on its walk through the chains of a hook
 * @ruleset: the rules
 * @flow: the packet
 * @hook: the hook
 * @base: the base chain
 * @packet: its network and transport headers
 * @transport: offset of the transport header
 * @len: length of both headers
 * @untracked: a rule has set notrack
 * @outcome: filled
 */
struct walk {
	struct ruleset		*ruleset;
	const struct flow	*flow;
	enum hook		hook;
	const struct chain	*base;
	unsigned char		packet[64];
	size_t			transport;
	size_t			len;
	bool			untracked;
	struct outcome		*outcome;
};

/* Result of an expression */
enum result {
	NEXT,		/* go on with the next expression */
	NO_MATCH,	/* go on with the next rule */
	UNSURE,		/* go on, but the match is unknown */
	VERDICT,
};

enum result run_expr(struct walk *walk, struct state *state,
		     const struct nlattr *expr);

#endif /* RULESET_EVAL_H */
