// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims: an lbx device takes local traffic over from lo.
 *
 * This file has the claim tables of a netns, the changes of claims, and the events of
 * interfaces.  claim_hook.c takes the packets over.  claim_netlink.c parses requests.
 */
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/stringhash.h>
#include <net/addrconf.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/netlink.h>
#include <net/route.h>

#include "claim.h"
#include "compat.h"
#include "trace.h"

/* Limit of claims in a netns that wait for an interface.  A request can make such a
 * claim for any name, so the number is limited.  This limits the length of by_name's
 * buckets too.
 */
#define LBX_WAITING_MAX	4096

unsigned int lbx_claim_net_id;

static struct hlist_head *lbx_name_bucket(struct lbx_claim_net *cnet,
					  const char *name)
{
	unsigned int hash = full_name_hash(cnet, name, strlen(name));

	return &cnet->by_name[hash & (ARRAY_SIZE(cnet->by_name) - 1)];
}

/* Return the claim that waits for @name, or NULL.  RTNL */
static struct lbx_claim *lbx_find_waiting(struct lbx_claim_net *cnet,
					  const char *name)
{
	struct lbx_claim *claim;

	hlist_for_each_entry(claim, lbx_name_bucket(cnet, name), name_node)
		if (!claim->ifindex && !strcmp(claim->ifname, name))
			return claim;
	return NULL;
}

/**
 * lbx_claim_find - find the claim of a target
 * @net: the netns
 * @target: the target; the name of an interface may be an alternative name
 *
 * Context: RTNL.
 * Return: the claim, or NULL if there is none.
 */
struct lbx_claim *lbx_claim_find(struct net *net, const struct lbx_target *target)
{
	struct lbx_claim_net *cnet = lbx_claim_net(net);
	struct lbx_claim *claim = NULL;

	rcu_read_lock();
	switch (target->family) {
	case AF_INET:
		claim = lbx_find_addr4(cnet, &target->addr.s6_addr32[3]);
		break;
	case AF_INET6:
		claim = lbx_find_addr6(cnet, &target->addr);
		break;
	default:
		if (target->dev)
			claim = lbx_find_index(cnet, target->dev->ifindex) ?:
				lbx_find_waiting(cnet, target->dev->name);
		if (!claim && *target->ifname)
			claim = lbx_find_waiting(cnet, target->ifname);
	}
	rcu_read_unlock();
	return claim;
}

/* Return the L3 master of @dev, such as a VRF, or NULL.  The L3 master carries the
 * local traffic that lo carries for other interfaces, see
 * ip_route_output_key_hash_rcu().  RTNL
 */
static const struct net_device *lbx_l3_master(const struct net_device *dev)
{
	const struct net_device *master;

	rcu_read_lock();
	master = l3mdev_master_dev_rcu(dev);
	rcu_read_unlock();
	return master;
}

static void lbx_claim_next_seq(struct lbx_claim_net *cnet)
{
	if (!++cnet->seq)
		cnet->seq = 1;
}

static void lbx_claim_set_name(struct lbx_claim_net *cnet, struct lbx_claim *claim,
			       const char *name)
{
	hlist_del_init(&claim->name_node);
	strscpy(claim->ifname, name, IFNAMSIZ);
	hlist_add_head(&claim->name_node, lbx_name_bucket(cnet, name));
}

static void lbx_claim_attach(struct lbx_claim_net *cnet, struct lbx_claim *claim,
			     const struct net_device *target)
{
	cnet->n_waiting--;
	WRITE_ONCE(cnet->n_index, cnet->n_index + 1);
	claim->ifindex = target->ifindex;
	hlist_add_head_rcu(&claim->index_node,
			   lbx_index_bucket(cnet, claim->ifindex));
}

/* A concurrent reader still sees the old index, or 0, which matches no interface */
static void lbx_claim_detach(struct lbx_claim_net *cnet, struct lbx_claim *claim)
{
	if (!claim->ifindex)
		return;
	hlist_del_rcu(&claim->index_node);
	WRITE_ONCE(claim->ifindex, 0);
	WRITE_ONCE(cnet->n_index, cnet->n_index - 1);
	cnet->n_waiting++;
}

/* Interfaces come first in a reply */
static void lbx_claim_list_add(struct lbx_claim *claim)
{
	struct lbx_priv *priv = netdev_priv(claim->dev);

	if (claim->family == AF_UNSPEC)
		list_add(&claim->node, &priv->claims);
	else
		list_add_tail(&claim->node, &priv->claims);
	priv->n_claims++;
}

static void lbx_claim_list_del(struct lbx_claim *claim)
{
	struct lbx_priv *priv = netdev_priv(claim->dev);

	list_del(&claim->node);
	priv->n_claims--;
}

/* Insert the claim into the tables.  Fails only for want of memory. */
static int lbx_claim_insert(struct lbx_claim_net *cnet, struct lbx_claim *claim,
			    const struct net_device *target, const char *name)
{
	int err = 0;

	switch (claim->family) {
	case AF_INET:
		err = rhashtable_insert_fast(&cnet->addr4, &claim->addr_node,
					     lbx_addr4_params);
		break;
	case AF_INET6:
		err = rhashtable_insert_fast(&cnet->addr6, &claim->addr_node,
					     lbx_addr6_params);
		break;
	default:
		cnet->n_waiting++;
		lbx_claim_set_name(cnet, claim, name);
		if (target)
			lbx_claim_attach(cnet, claim, target);
	}
	if (!err)
		lbx_claim_list_add(claim);
	return err;
}

static void lbx_claim_remove(struct lbx_claim_net *cnet, struct lbx_claim *claim)
{
	switch (claim->family) {
	case AF_INET:
		rhashtable_remove_fast(&cnet->addr4, &claim->addr_node,
				       lbx_addr4_params);
		break;
	case AF_INET6:
		rhashtable_remove_fast(&cnet->addr6, &claim->addr_node,
				       lbx_addr6_params);
		break;
	default:
		lbx_claim_detach(cnet, claim);
		cnet->n_waiting--;
		hlist_del(&claim->name_node);
	}
	lbx_claim_list_del(claim);
	kfree_rcu(claim, rcu);
}

/* Check that the interface can be claimed.  Clear @dev if the claim has to wait. */
static int lbx_claim_check_dev(struct lbx_claim_net *cnet,
			       const struct lbx_target *target,
			       struct net_device **dev,
			       struct netlink_ext_ack *extack)
{
	const struct net_device *master;

	*dev = target->dev;
	if (*dev) {
		if (*dev == dev_net(*dev)->loopback_dev) {
			NL_SET_ERR_MSG_ATTR(extack, target->attr,
					    "lo cannot be claimed; claim another interface, or single addresses");
			return -EINVAL;
		}
		if (netif_is_lbx(*dev)) {
			NL_SET_ERR_MSG_ATTR(extack, target->attr,
					    "An lbx device cannot be claimed; it already carries its addresses");
			return -EINVAL;
		}
		master = lbx_l3_master(*dev);
		if (master == *dev) {
			NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr,
						"%s is an L3 master (VRF) and carries its local traffic itself",
						master->name);
			return -EINVAL;
		}
		if (!master)
			return 0;
		if (!target->may_wait) {
			NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr,
						"VRF %s carries its traffic; remove %s from it first",
						master->name, (*dev)->name);
			return -EINVAL;
		}
		*dev = NULL;
	} else if (!target->may_wait || !*target->ifname) {
		NL_SET_ERR_MSG_ATTR(extack, target->attr,
				    "Cannot find the interface to claim");
		return -ENODEV;
	} else if (!dev_valid_name(target->ifname)) {
		NL_SET_ERR_MSG_ATTR(extack, target->attr,
				    "Invalid interface name");
		return -EINVAL;
	}
	if (cnet->n_waiting >= LBX_WAITING_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, target->attr,
				    "Too many waiting claims");
		return -ENOSPC;
	}
	return 0;
}

/* Check that lo carries the address now, or, for a claim that may wait, could carry it
 * later.
 */
static int lbx_claim_check4(struct net *net, const struct lbx_target *target,
			    struct netlink_ext_ack *extack)
{
	__be32 addr = target->addr.s6_addr32[3];
	const struct net_device *owner, *master;
	struct flowi4 fl4 = { .daddr = addr };
	unsigned int type;
	struct rtable *rt;
	int err = 0;

	if (ipv4_is_loopback(addr)) {
		NL_SET_ERR_MSG_ATTR(extack, target->attr,
				    "127.0.0.0/8 cannot be claimed; add an address of it to an lbx device instead");
		return -EINVAL;
	}
	type = inet_addr_type(net, addr);
	if (type != RTN_LOCAL) {
		rcu_read_lock();
		owner = __ip_dev_find(net, addr, false);
		master = l3mdev_master_dev_rcu(owner);
		rcu_read_unlock();
		if (master) {
			NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr,
						"%pI4 is in VRF %s, which carries its local traffic",
						&addr, master->name);
			return -EINVAL;
		}
		if (target->may_wait && type == RTN_UNICAST)
			return 0;
		NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr,
					"%pI4 is not a local address; add it to an lbx device instead",
					&addr);
		return -EADDRNOTAVAIL;
	}

	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	if (netif_is_lbx(rt->dst.dev)) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr,
					"%pI4 is already carried by %s",
					&addr, rt->dst.dev->name);
		err = -EINVAL;
	}
	ip_rt_put(rt);
	return err;
}

#if IS_ENABLED(CONFIG_IPV6)
/* Return the VRF with a port that has the address, or NULL.  Loops over all VRFs,
 * because ipv6_chk_addr_and_flags() checks one VRF at a time.  RTNL
 */
static const struct net_device *lbx_vrf_of6(struct net *net,
					    const struct in6_addr *addr)
{
	struct net_device *dev;

	for_each_netdev(net, dev)
		if (netif_is_l3_master(dev) && !netif_is_lbx(dev) &&
		    ipv6_chk_addr_and_flags(net, addr, dev, true, 0, 0))
			return dev;
	return NULL;
}

static int lbx_claim_check6(struct net *net, const struct lbx_target *target,
			    struct netlink_ext_ack *extack)
{
	const struct in6_addr *addr = &target->addr;
	const struct net_device *master;
	int type = ipv6_addr_type(addr);
	const struct net_device *dev;
	struct rt6_info *rt;
	int err = 0;
	bool gone;

	if (type & IPV6_ADDR_UNICAST && type & IPV6_ADDR_LINKLOCAL) {
		NL_SET_ERR_MSG_ATTR(extack, target->attr,
				    "A link-local address cannot be claimed; claim its interface instead");
		return -EINVAL;
	}

	if (type & IPV6_ADDR_LOOPBACK) {
		NL_SET_ERR_MSG_ATTR(extack, target->attr,
				    "::1 cannot be claimed; add another address to an lbx device instead");
		return -EINVAL;
	}

	/* ipv6.disable=1: the tables that are looked into below do not exist */
	if (!ipv6_mod_enabled()) {
		NL_SET_ERR_MSG_ATTR(extack, target->attr,
				    "IPv6 is disabled by the kernel parameter ipv6.disable");
		return -EAFNOSUPPORT;
	}

	rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	if (rt && rt->rt6i_flags & RTF_LOCAL) {
		/* the route of a mirror: the lbx device is down */
		rcu_read_lock();
		dev = lbx_owner6(net, &rt->dst, &gone);
		rcu_read_unlock();
		if (dev && netif_is_lbx(dev)) {
			NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr,
						"%pI6c is already carried by %s",
						addr, dev->name);
			err = -EINVAL;
		}
	} else {
		master = lbx_vrf_of6(net, addr);
		if (master) {
			NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr,
						"%pI6c is in VRF %s, not on lo",
						addr, master->name);
			err = -EINVAL;
		} else if (!target->may_wait || !(type & IPV6_ADDR_UNICAST)) {
			NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr,
						"%pI6c is not a local address",
						addr);
			err = -EADDRNOTAVAIL;
		}
	}
	ip6_rt_put(rt);
	return err;
}
#else
static int lbx_claim_check6(struct net *net, const struct lbx_target *target,
			    struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG_ATTR(extack, target->attr, "This kernel does not support IPv6");
	return -EAFNOSUPPORT;
}
#endif

/**
 * lbx_claim_begin - begin a transaction of changes of claims
 * @txn: the transaction; end it with lbx_claim_commit() or lbx_claim_rollback()
 * @net: the netns
 *
 * Context: RTNL, held until the transaction ends.
 */
void lbx_claim_begin(struct lbx_claim_txn *txn, struct net *net)
{
	txn->net = net;
	INIT_LIST_HEAD(&txn->staged);
}

static void lbx_claim_stage(struct lbx_claim_txn *txn, struct lbx_claim *claim,
			    struct net_device *to)
{
	claim->to = to;
	if (list_empty(&claim->staged))
		list_add_tail(&claim->staged, &txn->staged);
}

static int lbx_claim_make(struct lbx_claim_txn *txn, struct net_device *dev,
			  const struct lbx_target *target,
			  struct netlink_ext_ack *extack)
{
	struct lbx_claim_net *cnet = lbx_claim_net(txn->net);
	struct net_device *target_dev = NULL;
	struct lbx_claim *claim;
	int err;

	switch (target->family) {
	case AF_INET:
		err = lbx_claim_check4(txn->net, target, extack);
		break;
	case AF_INET6:
		err = lbx_claim_check6(txn->net, target, extack);
		break;
	default:
		err = lbx_claim_check_dev(cnet, target, &target_dev, extack);
	}
	if (err)
		return err;

	/* accounted: a user namespace may make as many claims as it has memory for */
	claim = kzalloc(sizeof(*claim), GFP_KERNEL_ACCOUNT);
	if (!claim)
		return -ENOMEM;
	claim->dev = dev;
	claim->family = target->family;
	claim->fresh = true;
	INIT_LIST_HEAD(&claim->staged);
	if (claim->family != AF_UNSPEC)
		claim->addr = target->addr;

	err = lbx_claim_hook_get(txn->net);
	if (!err)
		err = lbx_claim_insert(cnet, claim, target_dev,
				       target->dev ? target->dev->name :
						     target->ifname);
	if (err) {
		kfree(claim);
		return err;
	}
	lbx_claim_stage(txn, claim, dev);
	return 0;
}

/**
 * lbx_claim_add - claim a target
 * @txn: the transaction
 * @dev: the lbx device
 * @target: the target
 * @flags: LBX_F_*
 * @extack: for the reason of a refusal
 *
 * Context: RTNL.
 * Return: 0; -EINVAL if the target cannot be claimed, -ENODEV if the interface is not
 *	found, -EADDRNOTAVAIL if the address is not local, -EBUSY if another device
 *	holds the claim, -EEXIST if @dev holds it and LBX_F_EXCL is set, -ENOSPC if
 *	too many claims wait, -ENOMEM.
 */
int lbx_claim_add(struct lbx_claim_txn *txn, struct net_device *dev,
		  const struct lbx_target *target, u32 flags,
		  struct netlink_ext_ack *extack)
{
	struct lbx_claim *claim = lbx_claim_find(txn->net, target);

	if (!claim)
		return lbx_claim_make(txn, dev, target, extack);

	if (claim->to == dev && !(flags & LBX_F_EXCL))
		return 0;
	if (claim->to && (claim->to == dev || !(flags & LBX_F_REPLACE))) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr, "Already claimed by %s",
					claim->to->name);
		return claim->to == dev ? -EEXIST : -EBUSY;
	}
	lbx_claim_stage(txn, claim, dev);
	return 0;
}

/**
 * lbx_claim_del - remove a claim
 * @txn: the transaction
 * @dev: the lbx device that must hold the claim, or NULL for any
 * @target: the target
 * @extack: for the reason of a refusal
 *
 * Context: RTNL.
 * Return: 0; -ENOENT if the target is not claimed, or not by @dev; -EINVAL if @txn has
 *	removed the claim already.
 */
int lbx_claim_del(struct lbx_claim_txn *txn, const struct net_device *dev,
		  const struct lbx_target *target, struct netlink_ext_ack *extack)
{
	struct lbx_claim *claim = lbx_claim_find(txn->net, target);

	if (!claim) {
		NL_SET_ERR_MSG_ATTR(extack, target->attr,
				    "Not claimed by any lbx device");
		return -ENOENT;
	}
	if (!claim->to) {
		NL_SET_ERR_MSG_ATTR(extack, target->attr,
				    "Duplicate target in request");
		return -EINVAL;
	}
	if (dev && claim->to != dev) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, target->attr,
					"Claimed by %s, not by this device",
					claim->to->name);
		return -ENOENT;
	}
	lbx_claim_stage(txn, claim, NULL);
	return 0;
}

static void lbx_claim_mark_changed(struct net_device *dev, struct list_head *changed)
{
	struct lbx_priv *priv = netdev_priv(dev);

	if (list_empty(&priv->changed))
		list_add_tail(&priv->changed, changed);
}

/* rtnetlink_event() sends an RTM_NEWLINK for this event */
static void lbx_claim_notify_link(struct net_device *dev)
{
	call_netdevice_notifiers(NETDEV_CHANGEINFODATA, dev);
}

/**
 * lbx_claim_commit - make the changes final, and report them
 * @txn: the transaction
 * @notify_links: also report each lbx device whose claims changed; rtnetlink does so
 *	itself for its own requests
 *
 * Context: RTNL.
 */
void lbx_claim_commit(struct lbx_claim_txn *txn, bool notify_links)
{
	struct lbx_claim_net *cnet = lbx_claim_net(txn->net);
	struct lbx_claim *claim, *next;
	struct lbx_priv *priv, *tmp;
	LIST_HEAD(changed);

	list_for_each_entry_safe(claim, next, &txn->staged, staged) {
		bool fresh = claim->fresh;

		list_del_init(&claim->staged);
		claim->fresh = false;
		if (claim->to == claim->dev && !fresh)
			continue;

		lbx_claim_next_seq(cnet);
		if (!fresh || claim->to)
			lbx_claim_mark_changed(claim->dev, &changed);
		if (!claim->to) {
			if (!fresh)
				lbx_claim_notify(claim, LBX_CMD_CLAIM_DEL_NTF);
			lbx_claim_remove(cnet, claim);
			continue;
		}
		if (claim->to != claim->dev) {
			lbx_claim_list_del(claim);
			WRITE_ONCE(claim->dev, claim->to);
			lbx_claim_list_add(claim);
			lbx_claim_mark_changed(claim->dev, &changed);
		}
		lbx_claim_notify(claim, LBX_CMD_CLAIM_NEW_NTF);
	}
	lbx_claim_hook_put(txn->net);

	list_for_each_entry_safe(priv, tmp, &changed, changed) {
		list_del_init(&priv->changed);
		if (!notify_links)
			continue;
		trace_lbx_config(priv->dev);
		lbx_claim_notify_link(priv->dev);
	}
}

/**
 * lbx_claim_rollback - undo the changes
 * @txn: the transaction
 *
 * Context: RTNL.
 */
void lbx_claim_rollback(struct lbx_claim_txn *txn)
{
	struct lbx_claim_net *cnet = lbx_claim_net(txn->net);
	struct lbx_claim *claim, *next;

	list_for_each_entry_safe(claim, next, &txn->staged, staged) {
		list_del_init(&claim->staged);
		claim->to = claim->dev;
		if (claim->fresh)
			lbx_claim_remove(cnet, claim);
	}
	lbx_claim_hook_put(txn->net);
}

/**
 * lbx_claim_flush - remove all claims of a device
 * @dev: an lbx device that is being removed
 *
 * Context: RTNL.  unregister_netdevice_many_notify() waits for a grace period, after
 *	which no reader is left.
 */
void lbx_claim_flush(struct net_device *dev)
{
	struct lbx_claim_net *cnet = lbx_claim_net(dev_net(dev));
	struct lbx_priv *priv = netdev_priv(dev);
	struct lbx_claim *claim, *next;

	list_for_each_entry_safe(claim, next, &priv->claims, node) {
		lbx_claim_next_seq(cnet);
		lbx_claim_notify(claim, LBX_CMD_CLAIM_DEL_NTF);
		lbx_claim_remove(cnet, claim);
	}
	lbx_claim_hook_put(dev_net(dev));
}

/* Make the claim wait: its interface leaves this netns, or joins a VRF */
static struct lbx_claim *lbx_claim_dev_gone(struct lbx_claim_net *cnet,
					    const struct net_device *dev)
{
	struct lbx_claim *claim = lbx_find_index(cnet, dev->ifindex);

	if (claim) {
		lbx_claim_detach(cnet, claim);
		lbx_claim_notify(claim, LBX_CMD_CLAIM_NEW_NTF);
	}
	return claim;
}

/* Attach a claim to an interface that is new, has a new name, or has left its VRF */
static struct lbx_claim *lbx_claim_dev_named(struct lbx_claim_net *cnet,
					     const struct net_device *dev)
{
	struct lbx_claim *claim = lbx_find_index(cnet, dev->ifindex);

	/* A claim that waits for the new name keeps waiting, for another interface */
	if (claim) {
		if (!strcmp(claim->ifname, dev->name))
			return NULL;
		lbx_claim_notify(claim, LBX_CMD_CLAIM_DEL_NTF);
		lbx_claim_set_name(cnet, claim, dev->name);
	} else {
		claim = lbx_find_waiting(cnet, dev->name);
		if (!claim || lbx_l3_master(dev))
			return NULL;
		lbx_claim_attach(cnet, claim, dev);
	}
	lbx_claim_notify(claim, LBX_CMD_CLAIM_NEW_NTF);
	return claim;
}

static int lbx_claim_event(struct notifier_block *nb, unsigned long event,
			   void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct lbx_claim_net *cnet = lbx_claim_net(dev_net(dev));
	struct lbx_claim *claim = NULL;

	if (lbx_claim_net_is_empty(cnet) || netif_is_lbx(dev))
		return NOTIFY_DONE;

	switch (event) {
	case NETDEV_REGISTER:
	case NETDEV_CHANGENAME:
		claim = lbx_claim_dev_named(cnet, dev);
		break;
	case NETDEV_CHANGEUPPER:
		/* do_vrf_add_slave() sets the flag before this event.  vrf_del_slave()
		 * clears it after this event, when the interface has no upper device
		 * any more.
		 */
		claim = lbx_l3_master(dev) ? lbx_claim_dev_gone(cnet, dev) :
					     lbx_claim_dev_named(cnet, dev);
		break;
	case NETDEV_UNREGISTER:
		claim = lbx_claim_dev_gone(cnet, dev);
		break;
	}
	if (claim) {
		lbx_claim_next_seq(cnet);
		lbx_claim_notify_link(claim->dev);
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

	WARN_ON_ONCE(!lbx_claim_net_is_empty(cnet) || cnet->hooked);
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
}
