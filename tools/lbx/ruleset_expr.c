// SPDX-License-Identifier: GPL-2.0-only
/* Evaluate the expressions of a rule for the packet that struct walk describes */
#include <arpa/inet.h>
#include <net/if_arp.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/rtnetlink.h>

#include "ruleset_eval.h"

/* nf_conntrack_common.h: IP_CT_NEW in nft and xt_conntrack; untracked in nft */
#define STATE_NEW	8
#define STATE_UNTRACKED	64
/* Return the offset of @len bytes in register @reg, or -1 if it does not have them. */
static int reg_at(uint32_t reg, size_t len)
{
	int at = reg >= NFT_REG32_00 ? 16 + ((int)reg - NFT_REG32_00) * 4 : (int)reg * 16;

	return reg > NFT_REG32_15 || at < 16 || at + len > REG_BYTES ? -1 : at;
}

static void reg_set(struct state *state, uint32_t reg, const void *value, size_t len,
		    bool device)
{
	int at = reg_at(reg, len);
	size_t i;

	if (at < 0)
		return;
	memcpy(state->data + at, value, len);
	for (i = 0; i < len; i++) {
		state->known[at + i] = true;
		state->device[at + i] = device;
	}
	/* like nft_reg_store8() and nft_reg_store16(), pad the word with zeros */
	for (; len % 4; len++) {
		state->data[at + len] = 0;
		state->known[at + len] = true;
	}
}

static void reg_forget(struct state *state, uint32_t reg, size_t len)
{
	int at = reg_at(reg, len);

	if (at >= 0)
		memset(state->known + at, 0, len);
}

static bool reg_known(const struct state *state, int at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!state->known[at + i])
			return false;
	return true;
}

static enum result run_meta(struct walk *walk, struct state *state,
			    const struct nlattr *data)
{
	static const struct iface none;
	bool is_in = walk->hook >= HOOK_INGRESS;
	const struct iface *in = is_in ? &walk->flow->in : &none;
	const struct iface *out = is_in ? &none : &walk->flow->out;
	uint32_t reg = find_u32(data, NFTA_META_DREG);
	bool ip4 = walk->flow->dst.family == AF_INET;
	const struct iface *dev = in;
	char name[IFNAMSIZ] = "";
	uint16_t type = ARPHRD_LOOPBACK;
	uint32_t word = 0;
	uint8_t byte;

	if (!find_attr(data, NFTA_META_DREG))
		return NEXT;		/* a statement that sets a value */
	switch (find_u32(data, NFTA_META_KEY)) {
	case NFT_META_PROTOCOL:
		type = htons(ip4 ? ETH_P_IP : ETH_P_IPV6);
		reg_set(state, reg, &type, sizeof(type), false);
		break;
	case NFT_META_NFPROTO:
		byte = ip4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
		reg_set(state, reg, &byte, 1, false);
		break;
	case NFT_META_L4PROTO:
		byte = walk->flow->proto;
		reg_set(state, reg, &byte, 1, false);
		break;
	case NFT_META_PKTTYPE:		/* PACKET_HOST */
		byte = 0;
		reg_set(state, reg, &byte, 1, false);
		break;
	case NFT_META_OIF:
		dev = out;
		/* fall through */
	case NFT_META_IIF:
		reg_set(state, reg, &dev->index, sizeof(dev->index), dev->index);
		break;
	case NFT_META_OIFNAME:
		dev = out;
		/* fall through */
	case NFT_META_IIFNAME:
		memcpy(name, dev->name, sizeof(name));
		reg_set(state, reg, name, sizeof(name), dev->index);
		break;
	case NFT_META_OIFKIND:
		dev = out;
		/* fall through */
	case NFT_META_IIFKIND:
		if (!dev->index || !*dev->kind)
			return NO_MATCH;
		memcpy(name, dev->kind, sizeof(name));
		reg_set(state, reg, name, sizeof(name), true);
		break;
	case NFT_META_OIFTYPE:
		dev = out;
		/* fall through */
	case NFT_META_IIFTYPE:
		if (!dev->index)
			return NO_MATCH;
		reg_set(state, reg, &type, sizeof(type), false);
		break;
	case NFT_META_MARK:
	case NFT_META_IIFGROUP:
	case NFT_META_OIFGROUP:
	case NFT_META_SECMARK:
		reg_set(state, reg, &word, sizeof(word), false);
		break;
	default:
		reg_forget(state, reg, 16);
	}
	return NEXT;
}

static enum result run_payload(struct walk *walk, struct state *state,
			       const struct nlattr *data)
{
	uint32_t reg = find_u32(data, NFTA_PAYLOAD_DREG);
	size_t at = find_u32(data, NFTA_PAYLOAD_OFFSET);
	size_t len = find_u32(data, NFTA_PAYLOAD_LEN);

	if (!find_attr(data, NFTA_PAYLOAD_DREG))
		return NEXT;
	if (len > 16)
		len = 16;
	switch (find_u32(data, NFTA_PAYLOAD_BASE)) {
	case NFT_PAYLOAD_TRANSPORT_HEADER:
		at += walk->transport;
		/* fall through */
	case NFT_PAYLOAD_NETWORK_HEADER:
		if (at + len <= walk->len) {
			reg_set(state, reg, walk->packet + at, len, false);
			return NEXT;
		}
	}
	reg_forget(state, reg, len);
	return NEXT;
}

static enum result run_cmp(struct walk *walk, struct state *state,
			   const struct nlattr *data)
{
	const struct nlattr *value = find_attr(find_attr(data, NFTA_CMP_DATA),
					       NFTA_DATA_VALUE);
	size_t len = value ? mnl_attr_get_payload_len(value) : 0;
	int at = reg_at(find_u32(data, NFTA_CMP_SREG), len), order;
	bool match;

	(void)walk;
	if (!value || at < 0 || !reg_known(state, at, len))
		return UNSURE;
	order = memcmp(state->data + at, mnl_attr_get_payload(value), len);
	switch (find_u32(data, NFTA_CMP_OP)) {
	case NFT_CMP_EQ:
		match = !order;
		state->named |= match && state->device[at];
		break;
	case NFT_CMP_NEQ:
		match = order;
		break;
	case NFT_CMP_LT:
		match = order < 0;
		break;
	case NFT_CMP_LTE:
		match = order <= 0;
		break;
	case NFT_CMP_GT:
		match = order > 0;
		break;
	case NFT_CMP_GTE:
		match = order >= 0;
		break;
	default:
		return UNSURE;
	}
	return match ? NEXT : NO_MATCH;
}

static enum result run_range(struct walk *walk, struct state *state,
			     const struct nlattr *data)
{
	const struct nlattr *from = find_attr(find_attr(data, NFTA_RANGE_FROM_DATA),
					      NFTA_DATA_VALUE);
	const struct nlattr *to = find_attr(find_attr(data, NFTA_RANGE_TO_DATA),
					    NFTA_DATA_VALUE);
	size_t len = from ? mnl_attr_get_payload_len(from) : 0;
	int at = reg_at(find_u32(data, NFTA_RANGE_SREG), len);
	bool inside;

	(void)walk;
	if (!from || !to || mnl_attr_get_payload_len(to) != len || at < 0 ||
	    !reg_known(state, at, len))
		return UNSURE;
	inside = memcmp(state->data + at, mnl_attr_get_payload(from), len) >= 0 &&
		 memcmp(state->data + at, mnl_attr_get_payload(to), len) <= 0;
	return inside == (find_u32(data, NFTA_RANGE_OP) == NFT_RANGE_EQ) ? NEXT : NO_MATCH;
}

static enum result run_bitwise(struct walk *walk, struct state *state,
			       const struct nlattr *data)
{
	const struct nlattr *mask = find_attr(find_attr(data, NFTA_BITWISE_MASK),
					      NFTA_DATA_VALUE);
	const struct nlattr *xor = find_attr(find_attr(data, NFTA_BITWISE_XOR),
					     NFTA_DATA_VALUE);
	size_t len = find_u32(data, NFTA_BITWISE_LEN), i;
	int from = reg_at(find_u32(data, NFTA_BITWISE_SREG), len);
	uint32_t reg = find_u32(data, NFTA_BITWISE_DREG);
	unsigned char value[REG_BYTES];
	const unsigned char *m, *x;

	(void)walk;
	if (!mask || !xor || from < 0 || mnl_attr_get_payload_len(mask) < len ||
	    mnl_attr_get_payload_len(xor) < len || !reg_known(state, from, len)) {
		reg_forget(state, reg, len);
		return NEXT;
	}
	m = mnl_attr_get_payload(mask);
	x = mnl_attr_get_payload(xor);
	for (i = 0; i < len; i++)
		value[i] = (state->data[from + i] & m[i]) ^ x[i];
	reg_set(state, reg, value, len, false);
	return NEXT;
}

static enum result run_byteorder(struct walk *walk, struct state *state,
				 const struct nlattr *data)
{
	(void)walk;
	reg_forget(state, find_u32(data, NFTA_BYTEORDER_DREG),
		   find_u32(data, NFTA_BYTEORDER_LEN));
	return NEXT;
}

static enum result run_immediate(struct walk *walk, struct state *state,
				 const struct nlattr *data)
{
	const struct nlattr *value = find_attr(data, NFTA_IMMEDIATE_DATA), *bytes;

	(void)walk;
	if (nft_verdict(value, &state->code, state->target))
		return VERDICT;
	bytes = find_attr(value, NFTA_DATA_VALUE);
	if (bytes)
		reg_set(state, find_u32(data, NFTA_IMMEDIATE_DREG),
			mnl_attr_get_payload(bytes), mnl_attr_get_payload_len(bytes),
			false);
	return NEXT;
}

/* Find the element that matches a key.  Sets @unsure for ranges of concatenated keys,
 * which are not evaluated.
 */
static const struct element *find_element(const struct set *set,
					  const unsigned char *key, size_t *len,
					  bool *unsure)
{
	const struct element *found = NULL, *element;
	size_t i;

	for (i = 0; i < set->elements.n; i++) {
		element = &set->elements.item[i];
		if (element->flags & NFT_SET_ELEM_CATCHALL) {
			if (!found && !(set->flags & NFT_SET_INTERVAL))
				found = element;
			continue;
		}
		*len = element->len;
		if (element->range) {
			*unsure = true;
			return NULL;
		}
		if (!(set->flags & NFT_SET_INTERVAL)) {
			if (!memcmp(element->key, key, element->len))
				return element;
			continue;
		}
		/* start or end of an interval: find the last one that is not above the
		 * key
		 */
		if (memcmp(element->key, key, element->len) <= 0 &&
		    (!found || memcmp(element->key, found->key, element->len) > 0 ||
		     (!memcmp(element->key, found->key, element->len) &&
		      !(element->flags & NFT_SET_ELEM_INTERVAL_END))))
			found = element;
	}
	return found && !(found->flags & NFT_SET_ELEM_INTERVAL_END) ? found : NULL;
}

static enum result run_lookup(struct walk *walk, struct state *state,
			      const struct nlattr *data)
{
	bool invert = find_u32(data, NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV;
	const struct nlattr *attr = find_attr(data, NFTA_LOOKUP_SET);
	int at = reg_at(find_u32(data, NFTA_LOOKUP_SREG), 4);
	const struct nlattr *dreg = find_attr(data, NFTA_LOOKUP_DREG);
	unsigned char key[64] = { };
	const struct element *element;
	char name[NFT_NAME_SIZE];
	bool unsure = false;
	const struct set *set;
	size_t len = 0, known;

	set = attr ? ruleset_set(walk->ruleset, walk->base, get_name(attr, name)) : NULL;
	if (!set || at < 0)
		return UNSURE;
	for (known = 0; known < sizeof(key) && at + known < REG_BYTES &&
	     state->known[at + known]; known++)
		key[known] = state->data[at + known];
	element = find_element(set, key, &len, &unsure);
	if (unsure || known < len)
		return UNSURE;
	if (!element == !invert)
		return NO_MATCH;
	state->named |= element && state->device[at];
	if (!dreg)
		return NEXT;
	if (element && element->verdict) {
		state->code = element->code;
		strcpy(state->target, element->chain);
		return VERDICT;
	}
	reg_forget(state, get_u32(dreg), 16);
	return NEXT;
}

static enum result run_ct(struct walk *walk, struct state *state,
			  const struct nlattr *data)
{
	uint32_t reg = find_u32(data, NFTA_CT_DREG), word = 0;
	uint8_t byte = 0;

	if (!find_attr(data, NFTA_CT_DREG))
		return NEXT;
	switch (find_u32(data, NFTA_CT_KEY)) {
	case NFT_CT_STATE:
		word = walk->untracked ? STATE_UNTRACKED : STATE_NEW;
		reg_set(state, reg, &word, sizeof(word), false);
		break;
	case NFT_CT_DIRECTION:
		reg_set(state, reg, &byte, sizeof(byte), false);
		break;
	case NFT_CT_MARK:
		reg_set(state, reg, &word, sizeof(word), false);
		break;
	case NFT_CT_STATUS:
		reg_set(state, reg, &word, sizeof(word), false);
		break;
	default:
		reg_forget(state, reg, 16);
	}
	return NEXT;
}

static enum result run_notrack(struct walk *walk, struct state *state,
			       const struct nlattr *data)
{
	(void)data;
	walk->untracked |= !state->unsure;
	return NEXT;
}

/* nft_fib4_eval() accepts the source of packets that come from a loopback device. */
static enum result run_fib(struct walk *walk, struct state *state,
			   const struct nlattr *data)
{
	uint32_t reg = find_u32(data, NFTA_FIB_DREG), word;
	uint32_t flags = find_u32(data, NFTA_FIB_FLAGS);

	switch (find_u32(data, NFTA_FIB_RESULT)) {
	case NFT_FIB_RESULT_ADDRTYPE:
		word = RTN_LOCAL;
		reg_set(state, reg, &word, sizeof(word), false);
		return NEXT;
	case NFT_FIB_RESULT_OIF:
		word = flags & NFTA_FIB_F_PRESENT ? 1 : walk->flow->in.index;
		if (walk->hook < HOOK_INGRESS || !(flags & NFTA_FIB_F_SADDR))
			break;
		reg_set(state, reg, &word, sizeof(word), false);
		return NEXT;
	}
	reg_forget(state, reg, 16);
	return NEXT;
}

static enum result run_accept(struct walk *walk, struct state *state,
			      const struct nlattr *data)
{
	(void)walk;
	(void)data;
	state->code = NF_ACCEPT;
	return VERDICT;
}

static enum result run_reject(struct walk *walk, struct state *state,
			      const struct nlattr *data)
{
	(void)walk;
	(void)data;
	state->code = NF_DROP;
	state->reject = true;
	return VERDICT;
}

static enum result run_nothing(struct walk *walk, struct state *state,
			       const struct nlattr *data)
{
	(void)walk;
	(void)state;
	(void)data;
	return NEXT;
}

static bool port_in(const uint16_t *range, uint16_t port, bool invert)
{
	return (port >= range[0] && port <= range[1]) != invert;
}

/* Evaluate extensions of iptables, xtables-addons(8). */
static enum result run_xt_match(struct walk *walk, struct state *state,
				const struct nlattr *data)
{
	const struct nlattr *name = find_attr(data, NFTA_MATCH_NAME);
	const struct nlattr *info = find_attr(data, NFTA_MATCH_INFO);
	size_t len = info ? mnl_attr_get_payload_len(info) : 0;
	const struct flow *flow = walk->flow;
	struct xt_conntrack_mtinfo3 ct;
	char text[NFT_NAME_SIZE];
	struct xt_tcp tcp;
	struct xt_udp udp;
	bool match;

	(void)state;
	if (!name || !info)
		return UNSURE;
	get_name(name, text);
	if (!strcmp(text, "comment"))
		return NEXT;
	if (!strcmp(text, "udp") && len >= sizeof(udp)) {
		memcpy(&udp, mnl_attr_get_payload(info), sizeof(udp));
		match = flow->proto == IPPROTO_UDP &&
			port_in(udp.spts, flow->sport,
				udp.invflags & XT_UDP_INV_SRCPT) &&
			port_in(udp.dpts, flow->dport, udp.invflags & XT_UDP_INV_DSTPT);
		return match ? NEXT : NO_MATCH;
	}
	if (!strcmp(text, "tcp") && len >= sizeof(tcp)) {
		memcpy(&tcp, mnl_attr_get_payload(info), sizeof(tcp));
		if (tcp.option)
			return UNSURE;
		match = flow->proto == IPPROTO_TCP &&
			port_in(tcp.spts, flow->sport,
				tcp.invflags & XT_TCP_INV_SRCPT) &&
			port_in(tcp.dpts, flow->dport,
				tcp.invflags & XT_TCP_INV_DSTPT) &&
			((0x02 & tcp.flg_mask) == tcp.flg_cmp) !=
			!!(tcp.invflags & XT_TCP_INV_FLAGS);
		return match ? NEXT : NO_MATCH;
	}
	if (!strcmp(text, "conntrack") && len >= sizeof(ct)) {
		memcpy(&ct, mnl_attr_get_payload(info), sizeof(ct));
		if (ct.match_flags != XT_CONNTRACK_STATE)
			return UNSURE;
		match = !!(ct.state_mask & (walk->untracked ? STATE_UNTRACKED :
							      STATE_NEW)) !=
			!!(ct.invert_flags & XT_CONNTRACK_STATE);
		return match ? NEXT : NO_MATCH;
	}
	if (!strcmp(text, "state") && len >= sizeof(uint32_t)) {
		uint32_t mask;

		memcpy(&mask, mnl_attr_get_payload(info), sizeof(mask));
		return mask & STATE_NEW ? NEXT : NO_MATCH;
	}
	return UNSURE;
}

static enum result run_xt_target(struct walk *walk, struct state *state,
				 const struct nlattr *data)
{
	static const char *const accepting[] = { "DNAT", "SNAT", "MASQUERADE", "REDIRECT",
						 "NETMAP", "TPROXY", "NFQUEUE", NULL };
	const struct nlattr *name = find_attr(data, NFTA_TARGET_NAME);
	char text[NFT_NAME_SIZE];
	size_t i;

	if (!name)
		return UNSURE;
	get_name(name, text);
	if (!strcmp(text, "REJECT"))
		return run_reject(walk, state, data);
	for (i = 0; accepting[i]; i++)
		if (!strcmp(text, accepting[i]))
			return run_accept(walk, state, data);
	return NEXT;		/* LOG, MARK and others */
}

static const struct {
	const char	*name;
	enum result	(*run)(struct walk *walk, struct state *state,
			       const struct nlattr *data);
} exprs[] = {
	{ "meta", run_meta },
	{ "cmp", run_cmp },
	{ "payload", run_payload },
	{ "immediate", run_immediate },
	{ "lookup", run_lookup },
	{ "ct", run_ct },
	{ "bitwise", run_bitwise },
	{ "range", run_range },
	{ "byteorder", run_byteorder },
	{ "fib", run_fib },
	{ "match", run_xt_match },
	{ "target", run_xt_target },
	{ "reject", run_reject },
	{ "notrack", run_notrack },
	{ "counter", run_nothing },
	{ "log", run_nothing },
	{ "last", run_nothing },
	{ "objref", run_nothing },
	{ "nat", run_accept },
	{ "masq", run_accept },
	{ "redir", run_accept },
	{ "tproxy", run_accept },
	{ "queue", run_accept },
};

/* Evaluate an expression: NFTA_LIST_ELEM of a rule. */
enum result run_expr(struct walk *walk, struct state *state,
		     const struct nlattr *expr)
{
	const struct nlattr *attr = find_attr(expr, NFTA_EXPR_NAME);
	char name[NFT_NAME_SIZE];
	size_t i;

	if (!attr)
		return UNSURE;
	get_name(attr, name);
	for (i = 0; i < ARRAY_SIZE(exprs); i++)
		if (!strcmp(exprs[i].name, name))
			return exprs[i].run(walk, state, find_attr(expr, NFTA_EXPR_DATA));
	return UNSURE;
}
