/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Claims: declarations that claim.c, claim_hook.c and claim_netlink.c share
 */
#ifndef _LBX_CLAIM_H
#define _LBX_CLAIM_H

#include <linux/netfilter.h>
#include <linux/rhashtable.h>
#include <net/ipv6.h>
#include <net/netns/generic.h>

#include "hash.h"
#include "lbx.h"

#define LBX_CLAIM_HASH_BITS	6

/* The least number of buckets of a hash table of addresses.  The table would otherwise
 * shrink to 4 buckets.  A quarter of the packets on lo would then find the first claim
 * in their bucket, which costs 0.4 % of a UDP packet.
 */
#define LBX_CLAIM_MIN_SIZE	64

/**
 * struct lbx_claim - a claim of one target by one lbx device
 * @dev: the lbx device that carries the traffic
 * @to: the lbx device that holds the claim after the request, NULL if the request
 *	removes the claim; @dev unless the claim is staged
 * @node: in @dev's lbx_priv.claims
 * @staged: in lbx_claim_txn.staged, or empty
 * @fresh: the current request has made the claim
 * @family: AF_INET or AF_INET6 for an address, AF_UNSPEC for an interface
 * @addr: the address; an IPv4 address is in the last word
 * @addr_node: in lbx_claim_net.addr4 or .addr6
 * @ifindex: index of the interface, 0 while the claim waits
 * @ifname: name of the interface, or the name that the claim waits for
 * @index_node: in lbx_claim_net.by_index, unless the claim waits
 * @name_node: in lbx_claim_net.by_name
 * @rcu: for kfree_rcu()
 *
 * RTNL; @dev, @ifindex, @addr and the hash nodes are read under RCU.
 */
struct lbx_claim {
	struct net_device	*dev;
	struct net_device	*to;
	struct list_head	node;
	struct list_head	staged;
	bool			fresh;
	u8			family;
	union {
		struct {
			struct in6_addr		addr;
			struct rhash_head	addr_node;
		};
		struct {
			int			ifindex;
			char			ifname[IFNAMSIZ];
			struct hlist_node	index_node;
			struct hlist_node	name_node;
		};
	};
	struct rcu_head		rcu;
};

/**
 * struct lbx_claim_net - the claims in a netns
 * @addr4: claims of IPv4 addresses
 * @addr6: claims of IPv6 addresses
 * @n_index: number of claims in @by_index, so that none costs nothing
 * @n_waiting: number of claims that wait for an interface
 * @seq: changes with each change of a claim, for genl_dump_check_consistent(); never 0
 * @by_index: claims of interfaces that exist
 * @by_name: all claims of interfaces
 * @hooked: @ops is registered
 * @ops: the hook
 */
struct lbx_claim_net {
	struct rhashtable	addr4;
	struct rhashtable	addr6;
	unsigned int		n_index;
	unsigned int		n_waiting;
	unsigned int		seq;
	struct hlist_head	by_index[1 << LBX_CLAIM_HASH_BITS];
	struct hlist_head	by_name[1 << LBX_CLAIM_HASH_BITS];
	bool			hooked;
	struct nf_hook_ops	ops;
};

/**
 * struct lbx_target - the target of a request, as read by lbx_target_parse()
 * @attr: the attribute that a refusal names
 * @family: as in struct lbx_claim
 * @may_wait: LBX_CLAIM_WAITING is set
 * @dev: the interface, NULL if there is none
 * @ifname: name of the interface in the request, empty if the request has only an index
 * @addr: as in struct lbx_claim
 */
struct lbx_target {
	const struct nlattr	*attr;
	u8			family;
	bool			may_wait;
	struct net_device	*dev;
	char			ifname[IFNAMSIZ];
	struct in6_addr		addr;
};

/**
 * struct lbx_claim_txn - a transaction: all of its changes are made, or none
 * @net: the netns
 * @staged: the claims that change
 */
struct lbx_claim_txn {
	struct net		*net;
	struct list_head	staged;
};

extern unsigned int lbx_claim_net_id;

static inline struct lbx_claim_net *lbx_claim_net(const struct net *net)
{
	return net_generic(net, lbx_claim_net_id);
}

static __always_inline u32 lbx_addr4_hash(const void *addr, u32 len, u32 seed)
{
	return lbx_addr_hash(0, *(const u32 *)addr, seed);
}

static __always_inline u32 lbx_addr6_hash(const void *addr, u32 len, u32 seed)
{
	u64 high, low;

	memcpy(&high, addr, sizeof(high));
	memcpy(&low, addr + sizeof(high), sizeof(low));
	return lbx_addr_hash(high, low, seed);
}

/* rhashtable_compare() would call memcmp() for each entry of a bucket */
static __always_inline int lbx_addr4_cmp(struct rhashtable_compare_arg *arg,
					 const void *obj)
{
	const struct lbx_claim *claim = obj;

	return *(const __be32 *)arg->key != claim->addr.s6_addr32[3];
}

static __always_inline int lbx_addr6_cmp(struct rhashtable_compare_arg *arg,
					 const void *obj)
{
	const struct lbx_claim *claim = obj;

	return !ipv6_addr_equal(arg->key, &claim->addr);
}

/* Defined as constants in each file that includes this; otherwise the lookups would
 * call the functions through their pointers.
 */
static const struct rhashtable_params lbx_addr4_params = {
	.key_offset	= offsetof(struct lbx_claim, addr.s6_addr32[3]),
	.key_len	= sizeof(__be32),
	.hashfn		= lbx_addr4_hash,
	.obj_cmpfn	= lbx_addr4_cmp,
	.head_offset	= offsetof(struct lbx_claim, addr_node),
	.min_size	= LBX_CLAIM_MIN_SIZE,
	.automatic_shrinking = true,
};

static const struct rhashtable_params lbx_addr6_params = {
	.key_offset	= offsetof(struct lbx_claim, addr),
	.key_len	= sizeof(struct in6_addr),
	.hashfn		= lbx_addr6_hash,
	.obj_cmpfn	= lbx_addr6_cmp,
	.head_offset	= offsetof(struct lbx_claim, addr_node),
	.min_size	= LBX_CLAIM_MIN_SIZE,
	.automatic_shrinking = true,
};

static inline struct hlist_head *lbx_index_bucket(struct lbx_claim_net *cnet,
						  unsigned int ifindex)
{
	return &cnet->by_index[ifindex & (ARRAY_SIZE(cnet->by_index) - 1)];
}

/* Called under RCU or RTNL */
static inline struct lbx_claim *lbx_find_index(struct lbx_claim_net *cnet,
					       int ifindex)
{
	struct lbx_claim *claim;

	hlist_for_each_entry_rcu(claim, lbx_index_bucket(cnet, ifindex),
				 index_node, lockdep_rtnl_is_held())
		if (READ_ONCE(claim->ifindex) == ifindex)
			return claim;
	return NULL;
}

/* Return true if there is no claim in the netns.  RTNL */
static inline bool lbx_claim_net_is_empty(const struct lbx_claim_net *cnet)
{
	return !atomic_read(&cnet->addr4.nelems) && !atomic_read(&cnet->addr6.nelems) &&
	       !cnet->n_index && !cnet->n_waiting;
}

/* Called under RCU.  A lookup in an empty table would hash the address. */
static inline struct lbx_claim *lbx_find_addr4(struct lbx_claim_net *cnet,
					       const __be32 *addr)
{
	return atomic_read(&cnet->addr4.nelems) ?
	       rhashtable_lookup(&cnet->addr4, addr, lbx_addr4_params) : NULL;
}

/* Called under RCU */
static inline struct lbx_claim *lbx_find_addr6(struct lbx_claim_net *cnet,
					       const struct in6_addr *addr)
{
	return atomic_read(&cnet->addr6.nelems) ?
	       rhashtable_lookup(&cnet->addr6, addr, lbx_addr6_params) : NULL;
}

/* claim_hook.c */
int lbx_claim_hook_get(struct net *net);
void lbx_claim_hook_put(struct net *net);

/* claim.c */
struct lbx_claim *lbx_claim_find(struct net *net, const struct lbx_target *target);
void lbx_claim_begin(struct lbx_claim_txn *txn, struct net *net);
int lbx_claim_add(struct lbx_claim_txn *txn, struct net_device *dev,
		  const struct lbx_target *target, u32 flags,
		  struct netlink_ext_ack *extack);
int lbx_claim_del(struct lbx_claim_txn *txn, const struct net_device *dev,
		  const struct lbx_target *target, struct netlink_ext_ack *extack);
void lbx_claim_commit(struct lbx_claim_txn *txn, bool notify_links);
void lbx_claim_rollback(struct lbx_claim_txn *txn);

/* claim_netlink.c */
void lbx_claim_notify(const struct lbx_claim *claim, u8 cmd);

#endif /* _LBX_CLAIM_H */
