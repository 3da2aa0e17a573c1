// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims: an lbx device takes local traffic over from lo.
 *
 * The route of a local packet says whose address it is to, though lo is to carry
 * it: rtable's rt_iif is the owner's index (ip_route_output_key_hash_rcu(), "make
 * sure orig_oif points to fib result device"), and in IPv6 the fib6_info that it
 * is made from has the owner as its nexthop device.  A netfilter egress hook on lo
 * looks it up, and takes what is claimed (NF_STOLEN).  So addresses come and go
 * without anything to do here, and what a claim or its end changes, it changes for
 * the next packet of each connection.
 *
 * The hook is there only while the netns has a claim.  For other traffic on lo it
 * is one test of a hash bucket, and one lookup if single addresses are claimed.
 */
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_netdev.h>
#include <linux/rhashtable.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/netlink.h>
#include <net/netns/generic.h>
#include <net/route.h>

#include "compat.h"
#include "hash.h"
#include "lbx.h"
#include "trace.h"

#define LBX_CLAIM_HASH_BITS	6

/* Buckets that a hash table of addresses always has.  It would shrink to 4, and then
 * a quarter of what lo carries meets the first claim in its bucket, at 0.4 % of what
 * a UDP packet costs
 */
#define LBX_CLAIM_MIN_SIZE	64

/**
 * struct lbx_claim - what one lbx device carries instead of lo
 * @dev: the lbx device
 * @node: in its lbx_priv.claims
 * @staged: in the list of what a request adds or removes
 * @leaving: a request removes it, unless that adds it too
 * @family: AF_INET or AF_INET6 for an address, AF_UNSPEC for an interface
 * @addr: the address, an IPv4 one as its last word
 * @addr_node: in lbx_claim_net.addr4 or .addr6
 * @ifindex: of the interface, 0 while there is none
 * @ifname: its name, or the last that it had
 * @index_node: in lbx_claim_net.by_index while there is one
 * @name_node: in lbx_claim_net.interfaces
 * @rcu: for kfree_rcu()
 *
 * RTNL; @dev, @ifindex, @addr and the hash nodes are read under RCU.
 */
struct lbx_claim {
	struct net_device	*dev;
	struct list_head	node;
	struct list_head	staged;
	bool			leaving;
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
			struct list_head	name_node;
		};
	};
	struct rcu_head		rcu;
};

/**
 * struct lbx_claim_net - the claims in a netns
 * @addr4: claims of IPv4 addresses
 * @addr6: claims of IPv6 addresses
 * @n_addr4: number of them, so that an empty table costs nothing
 * @n_addr6: likewise
 * @n_claims: number of all claims; the hook is there if it is not 0
 * @seq: changes with each claim, so that a dump sees what it has missed; never 0
 * @by_index: claims of interfaces that there are
 * @interfaces: claims of interfaces, those that wait too; if it is empty, which is
 *	asked for under RCU, too, nothing is in @by_index
 * @ops: the hook
 */
struct lbx_claim_net {
	struct rhashtable	addr4;
	struct rhashtable	addr6;
	unsigned int		n_addr4;
	unsigned int		n_addr6;
	unsigned int		n_claims;
	unsigned int		seq;
	struct hlist_head	by_index[1 << LBX_CLAIM_HASH_BITS];
	struct list_head	interfaces;
	struct nf_hook_ops	ops;
};

static unsigned int lbx_claim_net_id;

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

/* Or rhashtable_compare() would call memcmp(), for each that is in the bucket */
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

static struct lbx_claim_net *lbx_claim_net(const struct net *net)
{
	return net_generic(net, lbx_claim_net_id);
}

static struct hlist_head *lbx_index_bucket(struct lbx_claim_net *cnet,
					   unsigned int ifindex)
{
	return &cnet->by_index[ifindex & (ARRAY_SIZE(cnet->by_index) - 1)];
}

/* RCU or RTNL */
static struct lbx_claim *lbx_find_index(struct lbx_claim_net *cnet, int ifindex)
{
	struct lbx_claim *claim;

	hlist_for_each_entry_rcu(claim, lbx_index_bucket(cnet, ifindex),
				 index_node, lockdep_rtnl_is_held())
		if (READ_ONCE(claim->ifindex) == ifindex)
			return claim;
	return NULL;
}

/* RCU */
static struct lbx_claim *lbx_find_addr4(struct lbx_claim_net *cnet,
					const __be32 *addr)
{
	return READ_ONCE(cnet->n_addr4) ?
	       rhashtable_lookup(&cnet->addr4, addr, lbx_addr4_params) : NULL;
}

/* RCU */
static struct lbx_claim *lbx_find_addr6(struct lbx_claim_net *cnet,
					const struct in6_addr *addr)
{
	return READ_ONCE(cnet->n_addr6) ?
	       rhashtable_lookup(&cnet->addr6, addr, lbx_addr6_params) : NULL;
}

/* One that waits for the name counts only if no interface has it; RTNL */
static struct lbx_claim *lbx_find_name(struct lbx_claim_net *cnet,
				       const char *name)
{
	struct lbx_claim *claim, *waits = NULL;

	list_for_each_entry(claim, &cnet->interfaces, name_node) {
		if (strcmp(claim->ifname, name))
			continue;
		if (claim->ifindex)
			return claim;
		waits = waits ?: claim;
	}
	return waits;
}

static struct lbx_claim *lbx_claim_of4(struct lbx_claim_net *cnet,
				       const struct sk_buff *skb)
{
	const struct rtable *rt = container_of(skb_dst(skb), struct rtable, dst);
	const __be32 *daddr = &ip_hdr(skb)->daddr;
	struct lbx_claim *claim;

	/* most of what lo carries, and never claimed */
	if (ipv4_is_loopback(*daddr))
		return NULL;

	claim = lbx_find_addr4(cnet, daddr) ?: lbx_find_index(cnet, rt->rt_iif);
	/* tc can change skb->protocol (act_mpls pop) and leave the route */
	return claim && rt->dst.ops->family == AF_INET &&
	       rt->rt_type == RTN_LOCAL ? claim : NULL;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct lbx_claim *lbx_claim_of6(struct lbx_claim_net *cnet,
				       const struct sk_buff *skb)
{
	const struct in6_addr *daddr = &ipv6_hdr(skb)->daddr;
	const struct fib6_info *f6i;
	struct lbx_claim *claim;

	if (ipv6_addr_loopback(daddr))
		return NULL;

	claim = lbx_find_addr6(cnet, daddr);
	/* what has the index is three pointers away */
	if (!claim && list_empty(&cnet->interfaces))
		return NULL;

	/* tc can change skb->protocol (act_mpls pop) and leave the route */
	if (unlikely(skb_dst(skb)->ops->family != AF_INET6))
		return NULL;

	f6i = rcu_dereference(dst_rt6_info(skb_dst(skb))->from);
	/* one with a nexthop object has no fib6_nh, and no address either */
	if (!f6i || f6i->fib6_type != RTN_LOCAL || f6i->nh)
		return NULL;

	return claim ?: lbx_find_index(cnet, f6i->fib6_nh->fib_nh_dev->ifindex);
}
#endif

/* NF_NETDEV_EGRESS of lo: softirqs off, RCU, see __dev_queue_xmit() */
static unsigned int lbx_claim_hook(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	struct lbx_claim *claim = NULL;
	struct net_device *dev;

	if (!skb_valid_dst(skb))
		return NF_ACCEPT;

	if (skb->protocol == htons(ETH_P_IP))
		claim = lbx_claim_of4(priv, skb);
#if IS_ENABLED(CONFIG_IPV6)
	else if (skb->protocol == htons(ETH_P_IPV6))
		claim = lbx_claim_of6(priv, skb);
#endif
	if (!claim)
		return NF_ACCEPT;

	dev = claim->dev;
	if (unlikely(!netif_running(dev)))
		return NF_ACCEPT;

	lbx_xmit_claimed(skb, dev);
	return NF_STOLEN;
}

/* Before the first claim, which is not made if this fails; RTNL */
static int lbx_claim_hold_hook(struct net *net)
{
	struct lbx_claim_net *cnet = lbx_claim_net(net);

	if (cnet->n_claims)
		return 0;
	/* first of all, so that others on lo's egress do not see what is not lo's */
	cnet->ops = (struct nf_hook_ops) {
		.hook		= lbx_claim_hook,
		.priv		= cnet,
		.dev		= net->loopback_dev,
		.pf		= NFPROTO_NETDEV,
		.hooknum	= NF_NETDEV_EGRESS,
		.priority	= INT_MIN,
	};
	return nf_register_net_hook(net, &cnet->ops);
}

/* After the last claim is gone; RTNL */
static void lbx_claim_drop_hook(struct net *net)
{
	struct lbx_claim_net *cnet = lbx_claim_net(net);

	if (!cnet->n_claims)
		nf_unregister_net_hook(net, &cnet->ops);
}

/* A claim came, went or has another interface; RTNL */
static void lbx_claim_changed(struct lbx_claim_net *cnet)
{
	if (!++cnet->seq)
		cnet->seq = 1;
}

static void lbx_claim_attach(struct lbx_claim_net *cnet, struct lbx_claim *claim,
			     const struct net_device *target)
{
	strscpy(claim->ifname, target->name, IFNAMSIZ);
	claim->ifindex = target->ifindex;
	hlist_add_head_rcu(&claim->index_node,
			   lbx_index_bucket(cnet, claim->ifindex));
}

/* A reader that is here still sees the index of before, or 0, which fits nobody */
static void lbx_claim_detach(struct lbx_claim *claim)
{
	if (!claim->ifindex)
		return;
	hlist_del_rcu(&claim->index_node);
	WRITE_ONCE(claim->ifindex, 0);
}

/* Makes the claim work; the only errors are those of memory */
static int lbx_claim_insert(struct lbx_claim_net *cnet, struct lbx_claim *claim,
			    const struct net_device *target)
{
	struct lbx_priv *priv = netdev_priv(claim->dev);
	int err = 0;

	switch (claim->family) {
	case AF_INET:
		err = rhashtable_insert_fast(&cnet->addr4, &claim->addr_node,
					     lbx_addr4_params);
		if (!err)
			WRITE_ONCE(cnet->n_addr4, cnet->n_addr4 + 1);
		break;
	case AF_INET6:
		err = rhashtable_insert_fast(&cnet->addr6, &claim->addr_node,
					     lbx_addr6_params);
		if (!err)
			WRITE_ONCE(cnet->n_addr6, cnet->n_addr6 + 1);
		break;
	default:
		lbx_claim_attach(cnet, claim, target);
		list_add_tail(&claim->name_node, &cnet->interfaces);
	}
	if (err)
		return err;

	if (claim->family == AF_UNSPEC)
		list_add(&claim->node, &priv->claims);
	else
		list_add_tail(&claim->node, &priv->claims);
	priv->n_claims++;
	cnet->n_claims++;
	lbx_claim_changed(cnet);
	return 0;
}

static void lbx_claim_remove(struct lbx_claim_net *cnet, struct lbx_claim *claim)
{
	struct lbx_priv *priv = netdev_priv(claim->dev);

	switch (claim->family) {
	case AF_INET:
		rhashtable_remove_fast(&cnet->addr4, &claim->addr_node,
				       lbx_addr4_params);
		WRITE_ONCE(cnet->n_addr4, cnet->n_addr4 - 1);
		break;
	case AF_INET6:
		rhashtable_remove_fast(&cnet->addr6, &claim->addr_node,
				       lbx_addr6_params);
		WRITE_ONCE(cnet->n_addr6, cnet->n_addr6 - 1);
		break;
	default:
		lbx_claim_detach(claim);
		list_del(&claim->name_node);
	}
	list_del(&claim->node);
	priv->n_claims--;
	cnet->n_claims--;
	lbx_claim_changed(cnet);
	kfree_rcu(claim, rcu);
}

static const struct nla_policy lbx_claim_policy[LBX_CLAIM_MAX + 1] = {
	[LBX_CLAIM_IFNAME]	= { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[LBX_CLAIM_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[LBX_CLAIM_ADDR]	= { .type = NLA_BINARY,
				    .len = sizeof(struct in6_addr) },
};

static int lbx_claim_parse(struct nlattr *tb[], const struct nlattr *attr,
			   struct netlink_ext_ack *extack)
{
	int err;

	if (nla_type(attr) != IFLA_LBX_CLAIM) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "A list of claims has IFLA_LBX_CLAIM only");
		return -EINVAL;
	}

	err = nla_parse_nested(tb, LBX_CLAIM_MAX, attr, lbx_claim_policy, extack);
	if (err)
		return err;

	if (!!tb[LBX_CLAIM_IFNAME] + !!tb[LBX_CLAIM_IFINDEX] +
	    !!tb[LBX_CLAIM_ADDR] != 1) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "A claim has an interface's name, its index, or an address, and one of them only");
		return -EINVAL;
	}
	if (tb[LBX_CLAIM_ADDR] &&
	    nla_len(tb[LBX_CLAIM_ADDR]) != sizeof(__be32) &&
	    nla_len(tb[LBX_CLAIM_ADDR]) != sizeof(struct in6_addr)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBX_CLAIM_ADDR],
				    "A claimed address has 4 (IPv4) or 16 (IPv6) bytes");
		return -EINVAL;
	}
	return 0;
}

/* Which claim is it that @tb means, if there is one?  RTNL */
static struct lbx_claim *lbx_claim_lookup(struct net *net, struct nlattr *tb[])
{
	struct lbx_claim_net *cnet = lbx_claim_net(net);
	struct lbx_claim *claim = NULL;
	struct net_device *target;
	char name[IFNAMSIZ];

	rcu_read_lock();
	if (tb[LBX_CLAIM_IFINDEX]) {
		claim = lbx_find_index(cnet, nla_get_u32(tb[LBX_CLAIM_IFINDEX]));
	} else if (tb[LBX_CLAIM_IFNAME]) {
		nla_strscpy(name, tb[LBX_CLAIM_IFNAME], sizeof(name));
		/* by an alternative name as well */
		target = __dev_get_by_name(net, name);
		if (target)
			claim = lbx_find_index(cnet, target->ifindex);
		if (!claim)
			claim = lbx_find_name(cnet, name);
	} else if (nla_len(tb[LBX_CLAIM_ADDR]) == sizeof(__be32)) {
		claim = lbx_find_addr4(cnet, nla_data(tb[LBX_CLAIM_ADDR]));
	} else {
		claim = lbx_find_addr6(cnet, nla_data(tb[LBX_CLAIM_ADDR]));
	}
	rcu_read_unlock();
	return claim;
}

static int lbx_claim_target(struct net *net, struct nlattr *tb[],
			    struct net_device **target,
			    struct netlink_ext_ack *extack)
{
	struct nlattr *attr = tb[LBX_CLAIM_IFINDEX] ?: tb[LBX_CLAIM_IFNAME];
	char name[IFNAMSIZ];

	if (tb[LBX_CLAIM_IFINDEX]) {
		*target = __dev_get_by_index(net, nla_get_u32(attr));
	} else {
		nla_strscpy(name, attr, sizeof(name));
		*target = __dev_get_by_name(net, name);
	}

	if (!*target) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "There is no such interface to claim");
		return -ENODEV;
	}
	if (*target == net->loopback_dev) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "What is lo's own stays on lo; claim another interface, or single addresses");
		return -EINVAL;
	}
	if (lbx_is_lbx(*target)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "An lbx device carries its addresses itself, they cannot be claimed");
		return -EINVAL;
	}
	return 0;
}

/* Is the address local, and not an lbx device's?  Then lo carries it now */
static int lbx_claim_check4(struct net *net, __be32 addr,
			    const struct nlattr *attr,
			    struct netlink_ext_ack *extack)
{
	struct flowi4 fl4 = { .daddr = addr };
	struct rtable *rt;
	int err = 0;

	if (ipv4_is_loopback(addr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "127.0.0.0/8 stays on lo; give an lbx device an address of it instead");
		return -EINVAL;
	}
	if (inet_addr_type(net, addr) != RTN_LOCAL) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, attr,
					"%pI4 is no address of this machine; give it to an lbx device instead",
					&addr);
		return -EADDRNOTAVAIL;
	}

	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	if (lbx_is_lbx(rt->dst.dev)) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, attr, "%pI4 is carried by %s already",
					&addr, rt->dst.dev->name);
		err = -EINVAL;
	}
	ip_rt_put(rt);
	return err;
}

#if IS_ENABLED(CONFIG_IPV6)
static int lbx_claim_check6(struct net *net, const struct in6_addr *addr,
			    const struct nlattr *attr,
			    struct netlink_ext_ack *extack)
{
	int type = ipv6_addr_type(addr);
	struct rt6_info *rt;
	int err = 0;

	if (type & IPV6_ADDR_UNICAST && type & IPV6_ADDR_LINKLOCAL) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "A link-local address belongs to its interface; claim that");
		return -EINVAL;
	}

	if (type & IPV6_ADDR_LOOPBACK) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "::1 stays on lo; give an lbx device an address of its own instead");
		return -EINVAL;
	}

	rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	if (!rt || !(rt->rt6i_flags & RTF_LOCAL)) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, attr,
					"%pI6c is no address of this machine",
					addr);
		err = -EADDRNOTAVAIL;
	} else if (lbx_is_lbx(rt->dst.dev)) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, attr, "%pI6c is carried by %s already",
					addr, rt->dst.dev->name);
		err = -EINVAL;
	}
	ip6_rt_put(rt);
	return err;
}
#else
static int lbx_claim_check6(struct net *net, const struct in6_addr *addr,
			    const struct nlattr *attr,
			    struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG_ATTR(extack, attr, "This kernel has no IPv6");
	return -EAFNOSUPPORT;
}
#endif

/* One claim more, which works at once; and in @added */
static int lbx_claim_add(struct net_device *dev, struct nlattr *attr,
			 struct list_head *added, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[LBX_CLAIM_MAX + 1], *key;
	struct net *net = dev_net(dev);
	struct net_device *target = NULL;
	struct lbx_claim *claim;
	int err;

	err = lbx_claim_parse(tb, attr, extack);
	if (err)
		return err;

	key = tb[LBX_CLAIM_IFNAME] ?: tb[LBX_CLAIM_IFINDEX] ?: tb[LBX_CLAIM_ADDR];
	claim = lbx_claim_lookup(net, tb);
	if (claim && claim->leaving) {
		claim->leaving = false;
		list_del_init(&claim->staged);
		return 0;
	}
	if (claim) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, key, "Claimed by %s already",
					claim->dev->name);
		return claim->dev == dev ? -EEXIST : -EBUSY;
	}

	/* a user namespace may make as many as it has memory for */
	claim = kzalloc(sizeof(*claim), GFP_KERNEL_ACCOUNT);
	if (!claim)
		return -ENOMEM;
	claim->dev = dev;

	if (key != tb[LBX_CLAIM_ADDR]) {
		err = lbx_claim_target(net, tb, &target, extack);
	} else if (nla_len(key) == sizeof(__be32)) {
		claim->family = AF_INET;
		claim->addr.s6_addr32[3] = nla_get_in_addr(key);
		err = lbx_claim_check4(net, claim->addr.s6_addr32[3], key, extack);
	} else {
		claim->family = AF_INET6;
		claim->addr = nla_get_in6_addr(key);
		err = lbx_claim_check6(net, &claim->addr, key, extack);
	}
	if (!err)
		err = lbx_claim_insert(lbx_claim_net(net), claim, target);
	if (err) {
		kfree(claim);
		return err;
	}
	list_add_tail(&claim->staged, added);
	return 0;
}

/* One claim less, when @leaving is removed */
static int lbx_claim_leave(struct net_device *dev, struct nlattr *attr,
			   struct list_head *leaving,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[LBX_CLAIM_MAX + 1], *key;
	struct lbx_claim *claim;
	int err;

	err = lbx_claim_parse(tb, attr, extack);
	if (err)
		return err;

	key = tb[LBX_CLAIM_IFNAME] ?: tb[LBX_CLAIM_IFINDEX] ?: tb[LBX_CLAIM_ADDR];
	claim = lbx_claim_lookup(dev_net(dev), tb);
	if (!claim) {
		NL_SET_ERR_MSG_ATTR(extack, key, "Not claimed by any lbx device");
		return -ENOENT;
	}
	if (claim->dev != dev) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, key, "Claimed by %s, not by this device",
					claim->dev->name);
		return -ENOENT;
	}
	if (claim->leaving) {
		NL_SET_ERR_MSG_ATTR(extack, key, "In the request twice");
		return -EINVAL;
	}
	claim->leaving = true;
	list_add_tail(&claim->staged, leaving);
	return 0;
}

/**
 * lbx_claim_change - add and remove claims, all of them or none
 * @dev: an lbx device
 * @add: IFLA_LBX_CLAIMS or NULL
 * @remove: IFLA_LBX_UNCLAIMS or NULL
 * @extack: where the reason of a refusal goes
 *
 * Context: RTNL.
 * Return: 0; -EINVAL if the request is malformed or the target cannot be claimed,
 *	-ENODEV if there is no such interface, -EADDRNOTAVAIL if the address is not
 *	local, -EBUSY if the target is another device's, -EEXIST if it is this
 *	one's, -ENOENT if it is to be removed and not this one's, -ENOMEM,
 *	-EOPNOTSUPP if the kernel has no egress hook.
 */
int lbx_claim_change(struct net_device *dev, const struct nlattr *add,
		     const struct nlattr *remove, struct netlink_ext_ack *extack)
{
	struct net *net = dev_net(dev);
	struct lbx_claim_net *cnet = lbx_claim_net(net);
	struct lbx_claim *claim, *next;
	LIST_HEAD(leaving);
	LIST_HEAD(added);
	struct nlattr *attr;
	int rem, err = 0;

	if (!add && !remove)
		return 0;

	if (!IS_ENABLED(CONFIG_NETFILTER_EGRESS)) {
		NL_SET_ERR_MSG_ATTR(extack, add ?: remove,
				    "Claims need a kernel with CONFIG_NETFILTER_EGRESS");
		return -EOPNOTSUPP;
	}

	if (remove)
		nla_for_each_nested(attr, remove, rem) {
			err = lbx_claim_leave(dev, attr, &leaving, extack);
			if (err)
				goto out;
		}

	err = lbx_claim_hold_hook(net);
	if (err)
		goto out;

	if (add)
		nla_for_each_nested(attr, add, rem) {
			err = lbx_claim_add(dev, attr, &added, extack);
			if (err)
				break;
		}

	/* undone, or done with what leaves */
	list_for_each_entry_safe(claim, next, err ? &added : &leaving, staged)
		lbx_claim_remove(cnet, claim);
	lbx_claim_drop_hook(net);
out:
	if (err)
		list_for_each_entry(claim, &leaving, staged)
			claim->leaving = false;
	return err;
}

/**
 * lbx_claim_flush - remove all claims of a device
 * @dev: an lbx device that goes
 *
 * Context: RTNL.  Readers are gone after a grace period, which
 *	unregister_netdevice_many_notify() waits for.
 */
void lbx_claim_flush(struct net_device *dev)
{
	struct lbx_priv *priv = netdev_priv(dev);
	struct lbx_claim *claim, *next;

	if (!priv->n_claims)
		return;
	list_for_each_entry_safe(claim, next, &priv->claims, node)
		lbx_claim_remove(lbx_claim_net(dev_net(dev)), claim);
	lbx_claim_drop_hook(dev_net(dev));
}

/**
 * lbx_claim_size - room that lbx_claim_fill() needs
 * @dev: an lbx device
 *
 * Context: RTNL, or none for an estimate.
 * Return: bytes.
 */
size_t lbx_claim_size(const struct net_device *dev)
{
	const struct lbx_priv *priv = netdev_priv(dev);

	return nla_total_size(sizeof(u32)) +
	       nla_total_size(min_t(unsigned int, LBX_CLAIMS_SHOWN,
				    READ_ONCE(priv->n_claims)) *
			      nla_total_size(nla_total_size(IFNAMSIZ) +
					     nla_total_size(sizeof(u32))));
}

static int lbx_claim_fill_one(struct sk_buff *skb, int type,
			      const struct lbx_claim *claim)
{
	struct nlattr *nest;
	int err;

	nest = nla_nest_start(skb, type);
	if (!nest)
		return -EMSGSIZE;

	switch (claim->family) {
	case AF_INET:
		err = nla_put_in_addr(skb, LBX_CLAIM_ADDR,
				      claim->addr.s6_addr32[3]);
		break;
	case AF_INET6:
		err = nla_put_in6_addr(skb, LBX_CLAIM_ADDR, &claim->addr);
		break;
	default:
		err = nla_put_string(skb, LBX_CLAIM_IFNAME, claim->ifname) ?:
		      nla_put_u32(skb, LBX_CLAIM_IFINDEX, claim->ifindex);
	}
	if (err) {
		nla_nest_cancel(skb, nest);
		return err;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * lbx_claim_fill - IFLA_LBX_CLAIM_COUNT and IFLA_LBX_CLAIMS
 * @skb: the message
 * @dev: an lbx device
 *
 * Context: RTNL, as rtnl_fill_ifinfo() asserts.
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int lbx_claim_fill(struct sk_buff *skb, const struct net_device *dev)
{
	const struct lbx_priv *priv = netdev_priv(dev);
	const struct lbx_claim *claim;
	struct nlattr *nest;
	unsigned int n = 0;

	if (nla_put_u32(skb, IFLA_LBX_CLAIM_COUNT, priv->n_claims))
		return -EMSGSIZE;
	if (!priv->n_claims)
		return 0;

	nest = nla_nest_start(skb, IFLA_LBX_CLAIMS);
	if (!nest)
		return -EMSGSIZE;
	list_for_each_entry(claim, &priv->claims, node) {
		if (n++ == LBX_CLAIMS_SHOWN)
			break;
		if (lbx_claim_fill_one(skb, IFLA_LBX_CLAIM, claim)) {
			nla_nest_cancel(skb, nest);
			return -EMSGSIZE;
		}
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int lbx_claim_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			      const struct lbx_claim *claim)
{
	void *header;

	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &lbx_genl_family, NLM_F_MULTI, LBX_CMD_CLAIM_GET);
	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);

	if (nla_put_u32(skb, LBX_A_IFINDEX, claim->dev->ifindex) ||
	    lbx_claim_fill_one(skb, LBX_A_CLAIM, claim)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/**
 * lbx_claim_dump - dumpit of LBX_CMD_CLAIM_GET: go on listing claims
 * @skb: the message
 * @cb: the dump; args[0] is how many it has listed
 *
 * Context: process; takes RTNL.
 * Return: length of the message, 0 when all are listed.
 */
int lbx_claim_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct net *net = sock_net(skb->sk);
	const struct lbx_claim *claim;
	const struct lbx_priv *priv;
	unsigned long n = 0;
	struct net_device *dev;

	rtnl_net_lock(net);
	cb->seq = lbx_claim_net(net)->seq;
	for_each_netdev(net, dev) {
		if (!lbx_is_lbx(dev))
			continue;
		priv = netdev_priv(dev);
		if (n + priv->n_claims <= cb->args[0]) {
			n += priv->n_claims;
			continue;
		}
		list_for_each_entry(claim, &priv->claims, node) {
			if (n++ < cb->args[0])
				continue;
			if (lbx_claim_dump_one(skb, cb, claim))
				goto out;
			cb->args[0]++;
		}
	}
out:
	rtnl_net_unlock(net);
	return skb->len;
}

/* An interface goes, out of this netns or for good: its claim waits */
static struct lbx_claim *lbx_claim_gone(struct lbx_claim_net *cnet,
					const struct net_device *dev)
{
	struct lbx_claim *claim = lbx_find_index(cnet, dev->ifindex);

	if (claim)
		lbx_claim_detach(claim);
	return claim;
}

/* An interface has come or has a new name: the claim that waits for that has it */
static struct lbx_claim *lbx_claim_named(struct lbx_claim_net *cnet,
					 const struct net_device *dev)
{
	struct lbx_claim *claim = lbx_find_index(cnet, dev->ifindex);

	/* The one that waited for this name keeps waiting, for another one */
	if (claim) {
		strscpy(claim->ifname, dev->name, IFNAMSIZ);
		return claim;
	}

	claim = lbx_find_name(cnet, dev->name);
	if (!claim || claim->ifindex)
		return NULL;
	lbx_claim_attach(cnet, claim, dev);
	return claim;
}

static int lbx_claim_event(struct notifier_block *nb, unsigned long event,
			   void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct lbx_claim_net *cnet = lbx_claim_net(dev_net(dev));
	struct lbx_claim *claim = NULL;

	if (!cnet->n_claims || lbx_is_lbx(dev))
		return NOTIFY_DONE;

	switch (event) {
	case NETDEV_REGISTER:
	case NETDEV_CHANGENAME:
		claim = lbx_claim_named(cnet, dev);
		break;
	case NETDEV_UNREGISTER:
		claim = lbx_claim_gone(cnet, dev);
		break;
	}
	if (claim) {
		lbx_claim_changed(cnet);
		/* rtnetlink_event() makes it RTM_NEWLINK */
		call_netdevice_notifiers(NETDEV_CHANGEINFODATA, claim->dev);
	}
	return NOTIFY_DONE;
}

static struct notifier_block lbx_claim_notifier = {
	.notifier_call = lbx_claim_event,
};

static int __net_init lbx_claim_net_init(struct net *net)
{
	struct lbx_claim_net *cnet = lbx_claim_net(net);
	int err;

	INIT_LIST_HEAD(&cnet->interfaces);
	cnet->seq = 1;
	err = rhashtable_init(&cnet->addr4, &lbx_addr4_params);
	if (err)
		return err;
	err = rhashtable_init(&cnet->addr6, &lbx_addr6_params);
	if (err)
		rhashtable_destroy(&cnet->addr4);
	return err;
}

/* The devices are gone, and their claims with them */
static void __net_exit lbx_claim_net_exit(struct net *net)
{
	struct lbx_claim_net *cnet = lbx_claim_net(net);

	WARN_ON_ONCE(cnet->n_claims);
	rhashtable_destroy(&cnet->addr4);
	rhashtable_destroy(&cnet->addr6);
}

static struct pernet_operations lbx_claim_net_ops = {
	.init	= lbx_claim_net_init,
	.exit	= lbx_claim_net_exit,
	.id	= &lbx_claim_net_id,
	.size	= sizeof(struct lbx_claim_net),
};

int lbx_claim_init(void)
{
	int err;

	err = register_pernet_subsys(&lbx_claim_net_ops);
	if (err)
		return err;

	err = register_netdevice_notifier(&lbx_claim_notifier);
	if (err)
		unregister_pernet_subsys(&lbx_claim_net_ops);
	return err;
}

void lbx_claim_exit(void)
{
	unregister_netdevice_notifier(&lbx_claim_notifier);
	unregister_pernet_subsys(&lbx_claim_net_ops);
	lbx_compat_texts_free();
}
