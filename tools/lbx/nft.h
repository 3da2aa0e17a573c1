/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attributes of nftables, and what ruleset.c has read, for the files ruleset*.c.  Other
 * files include ruleset.h only.
 */
#ifndef NFT_H
#define NFT_H

#include <arpa/inet.h>
#include <string.h>
#include <linux/netfilter/nf_tables.h>

#include "ruleset.h"

static inline const char *get_name(const struct nlattr *attr, char *buf)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len >= NFT_NAME_SIZE)
		len = NFT_NAME_SIZE - 1;
	memcpy(buf, mnl_attr_get_payload(attr), len);
	buf[len] = '\0';
	return buf;
}

/* All numbers of nftables are in network byte order. */
static inline uint32_t get_u32(const struct nlattr *attr)
{
	return nl_is(attr, MNL_TYPE_U32) ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

static inline const struct nlattr *find_attr(const struct nlattr *nest, int type)
{
	const struct nlattr *attr;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static inline uint32_t find_u32(const struct nlattr *nest, int type)
{
	const struct nlattr *attr = find_attr(nest, type);

	return attr ? get_u32(attr) : 0;
}

bool nft_verdict(const struct nlattr *value, int32_t *code, char *chain);
const struct chain *ruleset_chain(const struct ruleset *ruleset, int family,
				  const char *table, const char *name);
bool ruleset_is_dormant(const struct ruleset *ruleset, const struct chain *chain);
const struct set *ruleset_set(struct ruleset *ruleset, const struct chain *base,
			      const char *name);

#endif /* NFT_H */
