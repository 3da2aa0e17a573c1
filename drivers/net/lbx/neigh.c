// SPDX-License-Identifier: GPL-2.0-only
/*
 * Output of a neighbour entry: the choice of the packet path.
 *
 * It is the last step of ip_finish_output2() and ip6_finish_output2() before the
 * device:
 *
 * - direct: straight into the device, around __dev_queue_xmit(), which would only cost
 *   time for most packets.
 * - queued: if anything is attached to the queue, or direct output is off.
 * - lo, while the device is down.  A local route stays when its device goes down (its
 *   scope is nowhere, so fib_sync_down_dev() leaves it), and so does a route that a
 *   socket holds.  The noop qdisc would drop their packets.  If the device is blocked
 *   (isolated and down), the packet is dropped.
 *
 * neigh_output() calls this output for each packet, because no entry ever has a cached
 * header: neigh_resolve_output() makes none for lbx_header_ops, see device.c.
 */
#include <linux/etherdevice.h>
#include <linux/llist.h>
#include <linux/workqueue.h>
#include <net/ndisc.h>
#include <net/neighbour.h>

#include "compat.h"
#include "lbx.h"

/* IPv6 has one entry for each destination.  (IPv4 has one for all, as
 * __ipv4_neigh_lookup_noref() does for a loopback.)  Newer kernels exempt the entries
 * of a loopback from the forced collection of neigh_alloc(), so an AnyIP prefix could
 * add as many entries as it has addresses before neigh_periodic_work() runs.  So
 * whenever a device has this many new entries, a work item releases all of its entries.
 * Each release costs a netlink message.
 */
#define LBX_NEIGH6_MAX	1024

/* Number of entries released under one hold of the table's lock */
#define LBX_NEIGH_BATCH	64

/* As neigh_hh_output(), with the header made from @ha.  @dev is an lbx device or lo;
 * both have an Ethernet header.  ip_finish_output2() has made room for it.
 */
static __always_inline int lbx_queue_output(struct net_device *dev,
					    struct sk_buff *skb, const u8 *ha)
{
	struct ethhdr *eth;

	if (unlikely(skb_nfct(skb)) && lbx_may_wait(dev) && !lbx_confirm(skb))
		return -EPERM;

	if (WARN_ON_ONCE(skb_headroom(skb) < ETH_HLEN)) {
		kfree_skb(skb);
		return NET_XMIT_DROP;
	}
	eth = __skb_push(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, ha);
	ether_addr_copy(eth->h_source, dev->dev_addr);
	eth->h_proto = skb->protocol;
	return dev_queue_xmit(skb);
}

static int lbx_lo_output(struct net_device *dev, struct sk_buff *skb)
{
	const struct lbx_priv *priv = netdev_priv(dev);
	struct net_device *lo = dev_net(dev)->loopback_dev;

	if (READ_ONCE(priv->isolate)) {
		lbx_count_drop(dev, skb, LBX_XSTATS_DROP_ISOLATED);
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_READY);
		return -ENETDOWN;
	}
	skb->dev = lo;
	return lbx_queue_output(lo, skb, lo->dev_addr);
}

static int lbx_neigh_output(struct neighbour *n, struct sk_buff *skb)
{
	struct net_device *dev = n->dev;
	const struct lbx_priv *priv = netdev_priv(dev);

	lbx_check_l3mdev_accept(dev);

	/* The entries are NUD_NOARP: only a user changes n->ha */
	if (likely(READ_ONCE(priv->direct)) &&
	    likely(lbx_xmit_direct(skb, dev, n->ha)))
		return NET_XMIT_SUCCESS;
	if (likely(netif_running(dev)))
		return lbx_queue_output(dev, skb, n->ha);

	return lbx_lo_output(dev, skb);
}

#if IS_ENABLED(CONFIG_IPV6)
/* Arguments of the callback of __neigh_for_each_release(), which passes none: the
 * device whose entries are released, and how many more may be.  Only lbx_neigh6_work
 * uses them.
 */
static const struct net_device *lbx_neigh_dev;
static unsigned int lbx_neigh_left;

static int lbx_neigh_is_due(struct neighbour *n)
{
	if (n->dev != lbx_neigh_dev || !(n->nud_state & NUD_NOARP) ||
	    !lbx_neigh_left)
		return 0;

	lbx_neigh_left--;
	return 1;
}

/* Release the IPv6 entries of @dev, except those that a user has added.  Sleeps. */
static void lbx_neigh_release(struct net_device *dev)
{
	bool again;

	lbx_neigh_dev = dev;
	do {
		lbx_neigh_left = LBX_NEIGH_BATCH;
		lbx_compat_neigh_lock(&nd_tbl.lock);
		__neigh_for_each_release(&nd_tbl, lbx_neigh_is_due);
		lbx_compat_neigh_unlock(&nd_tbl.lock);
		again = !lbx_neigh_left;
		cond_resched();
	} while (again);
}

/* Devices with LBX_NEIGH6_MAX new entries; the list holds a reference to each */
static LLIST_HEAD(lbx_neigh6_full);

static void lbx_neigh6_release(struct work_struct *work)
{
	struct lbx_priv *priv, *next;

	llist_for_each_entry_safe(priv, next, llist_del_all(&lbx_neigh6_full),
				  neigh6_full) {
		struct net_device *dev = priv->dev;

		/* the device may be added to the list again from here on */
		atomic_set(&priv->new_neigh6, 0);
		lbx_neigh_release(dev);
		dev_put(dev);
	}
}

static DECLARE_WORK(lbx_neigh6_work, lbx_neigh6_release);

/* Called when no device is left */
void lbx_neigh_exit(void)
{
	flush_work(&lbx_neigh6_work);
}
#endif

/**
 * lbx_neigh_construct - ndo_neigh_construct: set the output function
 * @dev: an lbx device
 * @n: a new entry, after arp_constructor() or ndisc_constructor() and not yet
 *	in its table
 *
 * Context: any that sends; softirqs may be on.
 * Return: always 0.
 */
int lbx_neigh_construct(struct net_device *dev, struct neighbour *n)
{
	n->output = lbx_neigh_output;

#if IS_ENABLED(CONFIG_IPV6)
	if (n->tbl->family == AF_INET6) {
		struct lbx_priv *priv = netdev_priv(dev);

		/* @n has a reference to the device */
		if (atomic_inc_return(&priv->new_neigh6) == LBX_NEIGH6_MAX) {
			dev_hold(dev);
			llist_add(&priv->neigh6_full, &lbx_neigh6_full);
			schedule_work(&lbx_neigh6_work);
		}
	}
#endif
	return 0;
}
