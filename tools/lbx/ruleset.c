// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of nftables, read by netlink: those of nft(8), and those of iptables with
 * the nft backend.  struct flow describes a packet, and the rules are evaluated for it
 * as nft_do_chain() does, but without a packet.
 *
 * Some values are unknown here: a rate limit, a mark that a program sets, an extension
 * of iptables.  A match that cannot be evaluated counts as false, and a later drop in
 * the same rule is reported as possible only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/utsname.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/rtnetlink.h>

#include "ruleset.h"

/* The same as NFT_JUMP_STACK_SIZE */
#define DEPTH_MAX	16

/* nf_conntrack_common.h: IP_CT_NEW in nft and xt_conntrack; untracked in nft */
#define STATE_NEW	8
#define STATE_UNTRACKED	64

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

static const char *get_name(const struct nlattr *attr, char *buf)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len >= NFT_NAME_SIZE)
		len = NFT_NAME_SIZE - 1;
	memcpy(buf, mnl_attr_get_payload(attr), len);
	buf[len] = '\0';
	return buf;
}

/* All numbers of nftables are in network byte order. */
static uint32_t get_u32(const struct nlattr *attr)
{
	return nl_is(attr, MNL_TYPE_U32) ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

static uint64_t get_u64(const struct nlattr *attr)
{
	return nl_is(attr, MNL_TYPE_U64) ? be64toh(mnl_attr_get_u64(attr)) : 0;
}

static const struct nlattr *find_attr(const struct nlattr *nest, int type)
{
	const struct nlattr *attr;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static uint32_t find_u32(const struct nlattr *nest, int type)
{
	const struct nlattr *attr = find_attr(nest, type);

	return attr ? get_u32(attr) : 0;
}

static int message_family(const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	return nl_has(nlh, sizeof(*nfg)) ? nfg->nfgen_family : -1;
}

static int add_table(const struct nlmsghdr *nlh, void *data)
{
	struct table_entry table = { .family = message_family(nlh) };
	struct ruleset *ruleset = data;
	const struct nlattr *attr;
	uint32_t flags = 0;

	if (table.family < 0)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME)
			get_name(attr, table.name);
		else if (mnl_attr_get_type(attr) == NFTA_TABLE_FLAGS)
			flags = get_u32(attr);
	}
	if (flags & NFT_TABLE_F_DORMANT)
		list_add(&ruleset->dormant, table);
	return MNL_CB_OK;
}

static void read_hook(const struct nlattr *nest, struct chain *chain)
{
	const struct nlattr *attr, *dev;
	char name[NFT_NAME_SIZE];

	chain->base = true;
	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case NFTA_HOOK_HOOKNUM:
			chain->hook = get_u32(attr);
			break;
		case NFTA_HOOK_PRIORITY:
			chain->prio = (int32_t)get_u32(attr);
			break;
		case NFTA_HOOK_DEV:
			copy_name(chain->dev, get_name(attr, name));
			break;
		case NFTA_HOOK_DEVS:
			/* several devices: the first one stands for all of them */
			dev = find_attr(attr, NFTA_DEVICE_NAME);
			if (dev && !*chain->dev)
				copy_name(chain->dev, get_name(dev, name));
			break;
		}
	}
}

static int add_chain(const struct nlmsghdr *nlh, void *data)
{
	struct chain chain = { .family = message_family(nlh) };
	struct ruleset *ruleset = data;
	const struct nlattr *attr;
	char name[NFT_NAME_SIZE];

	if (chain.family < 0)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case NFTA_CHAIN_TABLE:
			get_name(attr, chain.table);
			break;
		case NFTA_CHAIN_NAME:
			get_name(attr, chain.name);
			break;
		case NFTA_CHAIN_HOOK:
			read_hook(attr, &chain);
			break;
		case NFTA_CHAIN_POLICY:
			chain.drop = get_u32(attr) == NF_DROP;
			break;
		case NFTA_CHAIN_TYPE:
			copy_name(chain.type, get_name(attr, name));
			break;
		}
	}
	list_add(&ruleset->chains, chain);
	return MNL_CB_OK;
}

static const struct chain *find_chain(const struct ruleset *ruleset, int family,
				      const char *table, const char *name)
{
	const struct chain *chain;
	size_t i;

	for (i = 0; i < ruleset->chains.n; i++) {
		chain = &ruleset->chains.item[i];
		if (chain->family == family && !strcmp(chain->name, name) &&
		    !strcmp(chain->table, table))
			return chain;
	}
	return NULL;
}

static int add_entry(const struct nlmsghdr *nlh, void *data)
{
	char table[NFT_NAME_SIZE] = "", name[NFT_NAME_SIZE] = "";
	const struct nlattr *attr, *exprs = NULL;
	struct rule_entry entry = { }, *last;
	struct ruleset *ruleset = data;
	const struct chain *chain = NULL;
	int family = message_family(nlh);

	if (family < 0)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case NFTA_RULE_TABLE:
			get_name(attr, table);
			break;
		case NFTA_RULE_CHAIN:
			get_name(attr, name);
			break;
		case NFTA_RULE_HANDLE:
			entry.handle = get_u64(attr);
			break;
		case NFTA_RULE_EXPRESSIONS:
			exprs = attr;
			break;
		}
	}
	/* The kernel lists the rules of one chain after the other: try the last chain
	 * before searching thousands
	 */
	if (ruleset->rules.n) {
		last = &ruleset->rules.item[ruleset->rules.n - 1];
		chain = &ruleset->chains.item[last->chain];
		if (chain->family != family || strcmp(chain->name, name) ||
		    strcmp(chain->table, table))
			chain = NULL;
	}
	if (!chain)
		chain = find_chain(ruleset, family, table, name);
	if (!chain || !exprs)
		return MNL_CB_OK;
	entry.chain = chain - ruleset->chains.item;
	entry.exprs = memcpy(xcalloc(1, exprs->nla_len), exprs, exprs->nla_len);
	list_add(&ruleset->rules, entry);
	return MNL_CB_OK;
}

static int add_set(const struct nlmsghdr *nlh, void *data)
{
	struct set set = { .family = message_family(nlh) };
	struct ruleset *ruleset = data;
	const struct nlattr *attr;

	if (set.family < 0)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case NFTA_SET_TABLE:
			get_name(attr, set.table);
			break;
		case NFTA_SET_NAME:
			get_name(attr, set.name);
			break;
		case NFTA_SET_FLAGS:
			set.flags = get_u32(attr);
			break;
		}
	}
	list_add(&ruleset->sets, set);
	return MNL_CB_OK;
}

static void forget_dormant(void *data)
{
	struct ruleset *ruleset = data;

	list_free(&ruleset->dormant);
}

static void forget_chains(void *data)
{
	struct ruleset *ruleset = data;

	list_free(&ruleset->chains);
}

static void forget_rules(void *data)
{
	struct ruleset *ruleset = data;
	size_t i;

	for (i = 0; i < ruleset->rules.n; i++)
		free(ruleset->rules.item[i].exprs);
	list_free(&ruleset->rules);
}

static void forget_sets(void *data)
{
	struct ruleset *ruleset = data;
	size_t i;

	for (i = 0; i < ruleset->sets.n; i++)
		list_free(&ruleset->sets.item[i].elements);
	list_free(&ruleset->sets);
}

static struct nlmsghdr *new_request(int command, int family)
{
	struct nlmsghdr *nlh = nl_new(NFNL_SUBSYS_NFTABLES << 8 | command, 0);
	struct nfgenmsg *nfg = nl_header(nlh, sizeof(*nfg));

	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static int dump(int command, mnl_cb_t cb, void (*forget)(void *data),
		struct ruleset *ruleset, struct nl_error *error)
{
	struct nlmsghdr *nlh = new_request(command, NFPROTO_UNSPEC);
	int err = nl_dump(NETLINK_NETFILTER, nlh, cb, forget, ruleset, error);

	free(nlh);
	return err;
}

/**
 * ruleset_exists - check whether nftables can have rules
 *
 * A request would load the module nf_tables, and a diagnostic tool should not do that.
 *
 * Return: true if the module is loaded or built in.
 */
bool ruleset_exists(void)
{
	char path[256], *line = NULL;
	struct utsname name;
	bool found = false;
	size_t size;
	FILE *file;

	if (!access("/sys/module/nf_tables", F_OK))
		return true;
	if (uname(&name))
		return false;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", name.release);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && getline(&line, &size, file) >= 0)
		found = strstr(line, "/nf_tables.ko");
	free(line);
	fclose(file);
	return found;
}

/**
 * ruleset_get - read all rules of nftables
 * @ruleset: filled; free it with ruleset_free()
 * @error: filled on failure
 *
 * Needs CAP_NET_ADMIN (nfnetlink_rcv()).
 *
 * Return: 0 or -1.
 */
int ruleset_get(struct ruleset *ruleset, struct nl_error *error)
{
	memset(ruleset, 0, sizeof(*ruleset));
	if (!ruleset_exists())
		return 0;
	if (dump(NFT_MSG_GETTABLE, add_table, forget_dormant, ruleset, error) ||
	    dump(NFT_MSG_GETCHAIN, add_chain, forget_chains, ruleset, error) ||
	    dump(NFT_MSG_GETRULE, add_entry, forget_rules, ruleset, error) ||
	    dump(NFT_MSG_GETSET, add_set, forget_sets, ruleset, error)) {
		ruleset_free(ruleset);
		return -1;
	}
	return 0;
}

void ruleset_free(struct ruleset *ruleset)
{
	forget_dormant(ruleset);
	forget_chains(ruleset);
	forget_rules(ruleset);
	forget_sets(ruleset);
}

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

/* Parse NFTA_DATA_VERDICT, of an immediate or of an element of a map. */
static bool read_verdict(const struct nlattr *value, int32_t *code, char *chain)
{
	const struct nlattr *verdict = find_attr(value, NFTA_DATA_VERDICT), *name;

	if (!verdict)
		return false;
	*code = (int32_t)find_u32(verdict, NFTA_VERDICT_CODE);
	name = find_attr(verdict, NFTA_VERDICT_CHAIN);
	if (name)
		get_name(name, chain);
	return true;
}

static enum result run_immediate(struct walk *walk, struct state *state,
				 const struct nlattr *data)
{
	const struct nlattr *value = find_attr(data, NFTA_IMMEDIATE_DATA), *bytes;

	(void)walk;
	if (read_verdict(value, &state->code, state->target))
		return VERDICT;
	bytes = find_attr(value, NFTA_DATA_VALUE);
	if (bytes)
		reg_set(state, find_u32(data, NFTA_IMMEDIATE_DREG),
			mnl_attr_get_payload(bytes), mnl_attr_get_payload_len(bytes),
			false);
	return NEXT;
}

static int add_elements(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *list, *item, *attr, *key;
	struct set *set = data;

	mnl_attr_for_each(list, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(list) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(item, list) {
			struct element element = { };

			mnl_attr_for_each_nested(attr, item) {
				switch (mnl_attr_get_type(attr)) {
				case NFTA_SET_ELEM_KEY:
					key = find_attr(attr, NFTA_DATA_VALUE);
					element.len = key ? mnl_attr_get_payload_len(key) : 0;
					if (element.len > sizeof(element.key))
						element.len = 0;
					else if (key)
						memcpy(element.key,
						       mnl_attr_get_payload(key),
						       element.len);
					break;
				case NFTA_SET_ELEM_KEY_END:
					element.range = true;
					break;
				case NFTA_SET_ELEM_FLAGS:
					element.flags = get_u32(attr);
					break;
				case NFTA_SET_ELEM_DATA:
					element.verdict = read_verdict(attr, &element.code,
								       element.chain);
					break;
				}
			}
			list_add(&set->elements, element);
		}
	}
	return MNL_CB_OK;
}

static void forget_elements(void *data)
{
	struct set *set = data;

	list_free(&set->elements);
}

static struct set *load_set(struct walk *walk, const char *name)
{
	struct nl_error error;
	struct nlmsghdr *nlh;
	size_t i;

	for (i = 0; i < walk->ruleset->sets.n; i++) {
		struct set *set = &walk->ruleset->sets.item[i];

		if (set->family != walk->base->family || strcmp(set->name, name) ||
		    strcmp(set->table, walk->base->table))
			continue;
		if (set->loaded)
			return set;
		nlh = new_request(NFT_MSG_GETSETELEM, set->family);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, set->table);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
		set->loaded = !nl_dump(NETLINK_NETFILTER, nlh, add_elements,
				       forget_elements, set, &error);
		free(nlh);
		return set->loaded ? set : NULL;
	}
	return NULL;
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

	set = attr ? load_set(walk, get_name(attr, name)) : NULL;
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

static enum result run_expr(struct walk *walk, struct state *state,
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
			target = find_chain(ruleset, chain->family, chain->table,
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

static bool is_dormant(const struct ruleset *ruleset, const struct chain *chain)
{
	size_t i;

	for (i = 0; i < ruleset->dormant.n; i++)
		if (ruleset->dormant.item[i].family == chain->family &&
		    !strcmp(ruleset->dormant.item[i].name, chain->table))
			return true;
	return false;
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

	if (!chain->base || is_dormant(walk->ruleset, chain))
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

/* For ruleset_source_nat(): whether a rule matches the device and translates the source
 */
struct scan {
	const struct iface	*dev;
	bool			matches;
	bool			translates;
};

static bool loads(const char *name, const struct nlattr *data)
{
	uint32_t key = find_u32(data, NFTA_META_KEY);

	return !strcmp(name, "meta") &&
	       (key == NFT_META_OIF || key == NFT_META_OIFNAME ||
		key == NFT_META_OIFKIND);
}

static bool compares(const struct scan *scan, const struct nlattr *data)
{
	const struct nlattr *attr = find_attr(find_attr(data, NFTA_CMP_DATA),
					      NFTA_DATA_VALUE);
	const char *value = attr ? mnl_attr_get_payload(attr) : "";
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;
	char name[IFNAMSIZ] = "";

	if (!len || find_u32(data, NFTA_CMP_OP) != NFT_CMP_EQ)
		return false;
	if (len == sizeof(uint32_t) && !memcmp(value, &scan->dev->index, len))
		return true;
	if (len > sizeof(name))
		return false;
	memcpy(name, scan->dev->name, sizeof(name));
	if (!memcmp(value, name, len))
		return true;
	memset(name, 0, sizeof(name));
	strcpy(name, scan->dev->kind);
	return *name && !memcmp(value, name, len);
}

static bool translates(const char *name, const struct nlattr *data)
{
	const struct nlattr *attr;
	char target[NFT_NAME_SIZE];

	if (!strcmp(name, "nat"))
		return find_u32(data, NFTA_NAT_TYPE) == NFT_NAT_SNAT;
	if (!strcmp(name, "masq"))
		return true;
	attr = strcmp(name, "target") ? NULL : find_attr(data, NFTA_TARGET_NAME);
	if (!attr)
		return false;
	get_name(attr, target);
	return !strcmp(target, "SNAT") || !strcmp(target, "MASQUERADE");
}

static void scan_rule(struct scan *scan, const struct nlattr *list)
{
	const struct nlattr *expr, *attr, *data;
	char name[NFT_NAME_SIZE];
	bool loaded = false;

	mnl_attr_for_each_nested(expr, list) {
		attr = find_attr(expr, NFTA_EXPR_NAME);
		data = find_attr(expr, NFTA_EXPR_DATA);
		if (!attr)
			continue;
		get_name(attr, name);
		if (!strcmp(name, "cmp"))
			scan->matches |= loaded && compares(scan, data);
		else if (strcmp(name, "bitwise"))
			loaded = loads(name, data);
		scan->translates |= translates(name, data);
	}
}

/**
 * ruleset_source_nat - find a rule of source NAT in postrouting that matches a device
 * @ruleset: the rules
 * @dev: the output device
 * @place: set to the first such rule
 *
 * A rule in a chain without a hook counts if its table has a NAT chain at that hook,
 * which may jump to it.
 *
 * Return: true if there is one.
 */
bool ruleset_source_nat(const struct ruleset *ruleset, const struct iface *dev,
			struct place *place)
{
	uint32_t hook = NF_INET_POST_ROUTING;
	size_t i, j;

	for (i = 0; i < ruleset->rules.n; i++) {
		const struct rule_entry *rule = &ruleset->rules.item[i];
		const struct chain *chain = &ruleset->chains.item[rule->chain], *base;
		struct scan scan = { .dev = dev };

		scan_rule(&scan, rule->exprs);
		if (!scan.matches || !scan.translates || is_dormant(ruleset, chain) ||
		    (chain->base && (chain->hook != hook || strcmp(chain->type, "nat"))))
			continue;
		for (j = 0; j < ruleset->chains.n; j++) {
			base = &ruleset->chains.item[j];
			if (!base->base || base->hook != hook || strcmp(base->type, "nat") ||
			    base->family != chain->family ||
			    strcmp(base->table, chain->table))
				continue;
			*place = (struct place){ .chain = chain, .base = base,
						 .handle = rule->handle };
			return true;
		}
	}
	return false;
}

/* Return true if the name of a chain begins with @begin, which identifies ufw(8). */
bool ruleset_has_chain(const struct ruleset *ruleset, const char *begin)
{
	size_t i;

	for (i = 0; i < ruleset->chains.n; i++)
		if (!strncmp(ruleset->chains.item[i].name, begin, strlen(begin)))
			return true;
	return false;
}

/* Return the family of a chain, as nft(8) names it. */
const char *family_text(const struct chain *chain)
{
	switch (chain->family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_NETDEV:
		return "netdev";
	}
	return "";
}

/**
 * place_text - describe where a packet is dropped
 * @place: the place
 * @buf: buffer for the text
 * @size: size of @buf
 *
 * Return: @buf: "rule 7 of chain in, table inet f", "the policy of chain ...".
 */
const char *place_text(const struct place *place, char *buf, size_t size)
{
	char rule[32] = "the policy";

	if (place->handle)
		snprintf(rule, sizeof(rule), "rule %llu",
			 (unsigned long long)place->handle);
	snprintf(buf, size, "%s of chain %s, table %s %s", rule, place->chain->name,
		 family_text(place->chain), place->chain->table);
	return buf;
}

/* Return true if the rules would accept the packet on lo, all else being equal. */
static bool lo_accepts(struct ruleset *ruleset, const struct flow *flow)
{
	struct flow by_lo = *flow;
	struct outcome outcome;

	memset(&by_lo.in, 0, sizeof(by_lo.in));
	strcpy(by_lo.in.name, "lo");
	by_lo.in.index = if_nametoindex("lo");
	by_lo.out = by_lo.in;
	ruleset_judge(ruleset, &by_lo, &outcome);
	return !outcome.dropped;
}

/**
 * ruleset_prefers_lo - check whether a packet is dropped that would pass on lo
 * @ruleset: the rules
 * @flow: the packet
 * @place: set to where it is dropped
 *
 * Such a ruleset accepts lo by its name or index.  A rule that drops packets by the
 * name of the lbx device is intended, and does not count.
 *
 * Return: true if it is.
 */
bool ruleset_prefers_lo(struct ruleset *ruleset, const struct flow *flow,
			struct place *place)
{
	struct outcome outcome;

	ruleset_judge(ruleset, flow, &outcome);
	*place = outcome.where;
	return outcome.dropped && !outcome.where.named && lo_accepts(ruleset, flow);
}

/**
 * place_mend - format a command that lets a packet pass, or lists the chain that drops
 * it
 * @ruleset: the rules
 * @place: where it is dropped
 * @flow: the packet
 * @buf: buffer for the command
 * @size: size of @buf
 *
 * Return: @buf.
 */
const char *place_mend(struct ruleset *ruleset, const struct place *place,
		       const struct flow *flow, char *buf, size_t size)
{
	const char *dev = flow->in.name, *family = family_text(place->base);
	const struct chain *base = place->base;
	struct place ignored;
	bool in = base->hook == NF_INET_LOCAL_IN || base->hook == NF_INET_PRE_ROUTING;
	bool iptables = (base->family == NFPROTO_IPV4 || base->family == NFPROTO_IPV6) &&
			!strcmp(base->table, "filter") && !strcmp(base->name, in ?
								  "INPUT" : "OUTPUT");

	if (base->family == NFPROTO_NETDEV || base->hook == NF_INET_INGRESS ||
	    !ruleset_prefers_lo(ruleset, flow, &ignored))
		snprintf(buf, size, "nft -a list chain %s %s %s", family_text(place->chain),
			 place->chain->table, place->chain->name);
	else if (!strcmp(base->table, "firewalld"))
		snprintf(buf, size, "firewall-cmd --zone=trusted --add-interface=%s", dev);
	else if (iptables && ruleset_has_chain(ruleset, "ufw-"))
		snprintf(buf, size, "ufw allow %s on %s", in ? "in" : "out", dev);
	else if (iptables)
		snprintf(buf, size, "%s -I %s -%c %s -j ACCEPT",
			 base->family == NFPROTO_IPV4 ? "iptables" : "ip6tables", base->name,
			 in ? 'i' : 'o', dev);
	else if (*flow->in.kind)
		snprintf(buf, size, "nft 'insert rule %s %s %s meta %sifkind \"%s\" accept'",
			 family, base->table, base->name, in ? "i" : "o", flow->in.kind);
	else
		snprintf(buf, size, "nft 'insert rule %s %s %s meta %sifname \"%s\" accept'",
			 family, base->table, base->name, in ? "i" : "o", dev);
	return buf;
}
