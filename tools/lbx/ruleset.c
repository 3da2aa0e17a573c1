// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read the rules of nftables by netlink: those of nft(8), and those of iptables with the
 * nft backend.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/utsname.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

#include "nft.h"

static uint64_t get_u64(const struct nlattr *attr)
{
	return nl_is(attr, MNL_TYPE_U64) ? be64toh(mnl_attr_get_u64(attr)) : 0;
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

/* Find a chain by its name. */
const struct chain *ruleset_chain(const struct ruleset *ruleset, int family,
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
		chain = ruleset_chain(ruleset, family, table, name);
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

/* Return true if the table of a chain is switched off. */
bool ruleset_is_dormant(const struct ruleset *ruleset, const struct chain *chain)
{
	size_t i;

	for (i = 0; i < ruleset->dormant.n; i++)
		if (ruleset->dormant.item[i].family == chain->family &&
		    !strcmp(ruleset->dormant.item[i].name, chain->table))
			return true;
	return false;
}

/* Parse NFTA_DATA_VERDICT, of an immediate or of an element of a map. */
bool nft_verdict(const struct nlattr *value, int32_t *code, char *chain)
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
					element.verdict = nft_verdict(attr, &element.code,
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

/* Find a set by its name, for a rule that is reached from @base.  Read its elements at
 * its first use.  Return NULL if that fails.
 */
const struct set *ruleset_set(struct ruleset *ruleset, const struct chain *base,
			      const char *name)
{
	struct nl_error error;
	struct nlmsghdr *nlh;
	size_t i;

	for (i = 0; i < ruleset->sets.n; i++) {
		struct set *set = &ruleset->sets.item[i];

		if (set->family != base->family || strcmp(set->name, name) ||
		    strcmp(set->table, base->table))
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
