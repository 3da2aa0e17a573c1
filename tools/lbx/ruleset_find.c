// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the rules of nftables that matter for an lbx device, describe them, and format a
 * command that lets its packets pass.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "nft.h"

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
		if (!scan.matches || !scan.translates || ruleset_is_dormant(ruleset, chain) ||
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
