/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of nftables: read (ruleset.c), evaluated for a packet (ruleset_eval.c and
 * ruleset_expr.c), and searched for those that matter to lbx (ruleset_find.c)
 */
#ifndef RULESET_H
#define RULESET_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "dev.h"
#include "nl.h"
#include "util.h"

#define NFT_NAME_SIZE	256
#define KIND_SIZE	16

/**
 * struct iface - an interface, as rules can match it
 * @index: its index; 0 if there is none at that hook
 * @name: its name
 * @kind: the kind of its link (IFLA_INFO_KIND), or empty
 */
struct iface {
	uint32_t	index;
	char		name[IFNAMSIZ];
	char		kind[KIND_SIZE];
};

/**
 * struct flow - the first packet of a connection
 * @proto: IPPROTO_UDP or IPPROTO_TCP
 * @src: its source; the family is that of the packet
 * @dst: its destination
 * @sport: source port
 * @dport: destination port
 * @out: the device of its route
 * @in: the device on which it is received
 */
struct flow {
	int		proto;
	struct prefix	src;
	struct prefix	dst;
	uint16_t	sport;
	uint16_t	dport;
	struct iface	out;
	struct iface	in;
};

struct chain {
	int		family;		/* NFPROTO_* */
	char		table[NFT_NAME_SIZE];
	char		name[NFT_NAME_SIZE];
	char		type[16];
	bool		base;
	uint32_t	hook;
	int32_t		prio;
	char		dev[IFNAMSIZ];	/* in family netdev, and at the ingress hook */
	bool		drop;		/* the policy is drop */
};

struct rule_entry {
	size_t		chain;
	uint64_t	handle;
	struct nlattr	*exprs;
};

struct element {
	unsigned char	key[64];
	uint32_t	len;
	uint32_t	flags;
	bool		range;		/* has an end key */
	bool		verdict;	/* in a map: @code and @chain are valid */
	int32_t		code;
	char		chain[NFT_NAME_SIZE];
};

struct set {
	int		family;
	char		table[NFT_NAME_SIZE];
	char		name[NFT_NAME_SIZE];
	uint32_t	flags;
	bool		loaded;
	struct { struct element *item; size_t n; } elements;
};

struct table_entry {
	int		family;
	char		name[NFT_NAME_SIZE];
};

/**
 * struct ruleset - all chains, rules and sets of this network namespace
 * @dormant: tables that are switched off
 * @chains: base chains and others
 * @rules: the rules; those of a chain are in their order
 * @sets: the sets and maps; their elements are read when a rule needs them
 */
struct ruleset {
	struct { struct table_entry *item; size_t n; } dormant;
	struct { struct chain *item; size_t n; } chains;
	struct { struct rule_entry *item; size_t n; } rules;
	struct { struct set *item; size_t n; } sets;
};

/**
 * struct place - where a packet is dropped
 * @chain: the chain that drops it
 * @base: the base chain from which @chain was reached
 * @handle: the handle of the rule, 0 for the policy of the chain
 * @reject: the sender is notified
 * @named: a rule on the way matches the device by its name or index
 */
struct place {
	const struct chain	*chain;
	const struct chain	*base;
	uint64_t		handle;
	bool			reject;
	bool			named;
};

/**
 * struct outcome - what the rules do with a packet
 * @dropped: the packet is dropped, at @where
 * @may_drop: it is dropped, at @maybe, if a match that was not evaluated is true
 * @where: see @dropped
 * @maybe: see @may_drop
 */
struct outcome {
	bool		dropped;
	bool		may_drop;
	struct place	where;
	struct place	maybe;
};

bool ruleset_exists(void);
int ruleset_get(struct ruleset *ruleset, struct nl_error *error);
void ruleset_free(struct ruleset *ruleset);
void ruleset_judge(struct ruleset *ruleset, const struct flow *flow,
		   struct outcome *outcome);
bool ruleset_prefers_lo(struct ruleset *ruleset, const struct flow *flow,
			struct place *place);
bool ruleset_source_nat(const struct ruleset *ruleset, const struct iface *dev,
			struct place *place);
bool ruleset_has_chain(const struct ruleset *ruleset, const char *begin);
const char *place_text(const struct place *place, char *buf, size_t size);
const char *place_mend(struct ruleset *ruleset, const struct place *place,
		       const struct flow *flow, char *buf, size_t size);
const char *family_text(const struct chain *chain);

#endif /* RULESET_H */
