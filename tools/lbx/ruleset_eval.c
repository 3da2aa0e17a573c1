// SPDX-License-Identifier: GPL-2.0-only
/*
 * Evaluate the rules of nftables as nft_do_chain() does, but without a packet, which
 * struct flow describes.
 *
 * Some values are unknown here: a rate limit, a mark that a program sets, an extension
 * of iptables.  A match that cannot be evaluated counts as false, and a later drop in
 * the same rule is reported as possible only.
 */
#include <arpa/inet.h>
#include <string.h>
#include <linux/netfilter.h>

#include "ruleset_eval.h"

/* The same as NFT_JUMP_STACK_SIZE */
#define DEPTH_MAX	16
/* Evaluate a rule up to its verdict.  Return false if it has none. */
static bool run_rule(struct walk *walk, const struct rule_entry *rule,
		     struct state *state)
{
	const struct nlattr *expr;

	mnl_attr_for_each_nested(expr, rule->exprs) {
		switch (run_expr(walk, state, expr)) {
		case NEXT:
			break;
		case NO_MATCH:
			return false;
		case UNSURE:
			state->unsure = true;
			break;
		case VERDICT:
			return true;
		}
	}
	return false;
}

static void note_drop(struct walk *walk, const struct place *place, bool unsure)
{
	if (!unsure) {
		walk->outcome->where = *place;
		walk->outcome->dropped = true;
	} else if (!walk->outcome->may_drop) {
		walk->outcome->maybe = *place;
		walk->outcome->may_drop = true;
	}
}

/* Return NF_ACCEPT or NF_DROP if the walk ends there, NFT_RETURN if the calling chain
 * continues, or NFT_CONTINUE at the end of the chain.
 */
static int run_chain(struct walk *walk, const struct chain *chain, int depth,
		     bool unsure, bool named)
{
	const struct ruleset *ruleset = walk->ruleset;
	const struct chain *target;
	int verdict;
	size_t i;

	for (i = 0; i < ruleset->rules.n; i++) {
		const struct rule_entry *rule = &ruleset->rules.item[i];
		struct state state = { .unsure = unsure, .named = named };
		struct place place = { .chain = chain, .base = walk->base,
				       .handle = rule->handle };

		if (&ruleset->chains.item[rule->chain] != chain ||
		    !run_rule(walk, rule, &state))
			continue;
		switch (state.code) {
		case NF_ACCEPT:
		case NFT_RETURN:
			if (state.unsure)
				break;
			return state.code;
		case NF_DROP:
			place.reject = state.reject;
			place.named = state.named;
			note_drop(walk, &place, state.unsure);
			if (state.unsure)
				break;
			return NF_DROP;
		case NFT_JUMP:
		case NFT_GOTO:
			target = ruleset_chain(ruleset, chain->family, chain->table,
					       state.target);
			if (!target || depth == DEPTH_MAX)
				break;
			verdict = run_chain(walk, target, depth + 1, state.unsure,
					    state.named);
			if (verdict == NF_ACCEPT || verdict == NF_DROP)
				return verdict;
			if (state.code == NFT_GOTO && !state.unsure)
				return NFT_RETURN;
			break;
		}
	}
	return NFT_CONTINUE;
}

/* Return true if a base chain sees packets of that family at that hook. */
static bool is_at(const struct walk *walk, const struct chain *chain)
{
	static const uint32_t inet_hooks[] = {
		[HOOK_OUTPUT] = NF_INET_LOCAL_OUT,
		[HOOK_POSTROUTING] = NF_INET_POST_ROUTING,
		[HOOK_INGRESS] = NF_INET_INGRESS,
		[HOOK_PREROUTING] = NF_INET_PRE_ROUTING,
		[HOOK_INPUT] = NF_INET_LOCAL_IN,
	};
	bool netdev = chain->family == NFPROTO_NETDEV;

	if (!chain->base || ruleset_is_dormant(walk->ruleset, chain))
		return false;
	switch (walk->hook) {
	case HOOK_EGRESS:
		return netdev && chain->hook == NF_NETDEV_EGRESS &&
		       !strcmp(chain->dev, walk->flow->in.name);
	case HOOK_INGRESS:
		return chain->hook == (netdev ? (uint32_t)NF_NETDEV_INGRESS :
						(uint32_t)NF_INET_INGRESS) &&
		       (netdev || chain->family == NFPROTO_INET) &&
		       !strcmp(chain->dev, walk->flow->in.name);
	default:
		return chain->hook == inet_hooks[walk->hook] &&
		       (chain->family == NFPROTO_INET ||
			chain->family == (walk->flow->dst.family == AF_INET ?
					  NFPROTO_IPV4 : NFPROTO_IPV6));
	}
}

/* Run the base chains of a hook, in the order of their priority. */
static bool run_hook(struct walk *walk)
{
	const struct ruleset *ruleset = walk->ruleset;
	int64_t done = INT64_MIN, prio;
	struct place place = { };
	int verdict;
	size_t i;

	for (;;) {
		prio = INT64_MAX;
		for (i = 0; i < ruleset->chains.n; i++)
			if (ruleset->chains.item[i].prio > done &&
			    ruleset->chains.item[i].prio < prio &&
			    is_at(walk, &ruleset->chains.item[i]))
				prio = ruleset->chains.item[i].prio;
		if (prio == INT64_MAX)
			return true;
		done = prio;
		for (i = 0; i < ruleset->chains.n; i++) {
			const struct chain *chain = &ruleset->chains.item[i];

			if (chain->prio != prio || !is_at(walk, chain))
				continue;
			walk->base = chain;
			verdict = run_chain(walk, chain, 0, false, false);
			if (verdict == NF_DROP)
				return false;
			if (verdict != NF_ACCEPT && chain->drop) {
				place = (struct place){ .chain = chain, .base = chain };
				note_drop(walk, &place, false);
				return false;
			}
		}
	}
}

/* Build the header fields that rules look at. */
static void make_packet(struct walk *walk)
{
	const struct flow *flow = walk->flow;
	unsigned char *packet = walk->packet;
	uint16_t sport = htons(flow->sport), dport = htons(flow->dport);

	if (flow->dst.family == AF_INET) {
		packet[0] = 0x45;
		packet[8] = 64;
		packet[9] = flow->proto;
		memcpy(packet + 12, flow->src.addr, 4);
		memcpy(packet + 16, flow->dst.addr, 4);
		walk->transport = 20;
	} else {
		packet[0] = 0x60;
		packet[6] = flow->proto;
		packet[7] = 64;
		memcpy(packet + 8, flow->src.addr, 16);
		memcpy(packet + 24, flow->dst.addr, 16);
		walk->transport = 40;
	}
	memcpy(packet + walk->transport, &sport, 2);
	memcpy(packet + walk->transport + 2, &dport, 2);
	packet[walk->transport + 13] = 0x02;	/* TCP: SYN */
	walk->len = walk->transport + (flow->proto == IPPROTO_TCP ? 20 : 8);
}

/**
 * ruleset_judge - determine what the rules do with the first packet of a connection
 * @ruleset: the rules
 * @flow: the packet, which this machine sends to itself
 * @outcome: filled
 */
void ruleset_judge(struct ruleset *ruleset, const struct flow *flow,
		   struct outcome *outcome)
{
	struct walk walk = { .ruleset = ruleset, .flow = flow, .outcome = outcome };

	memset(outcome, 0, sizeof(*outcome));
	make_packet(&walk);
	for (walk.hook = 0; walk.hook < N_HOOKS; walk.hook++)
		if (!run_hook(&walk))
			break;
}
