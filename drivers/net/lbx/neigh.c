// SPDX-License-Identifier: GPL-2.0-only
/*
 * The neighbour's output, the last step of ip_finish_output2() before the device.
 *
 * A local route stays when its device goes down (its scope is nowhere, and
 * fib_sync_down_dev() leaves it), so does a route that a socket holds: what it
 * carries would be lost in the noop qdisc.  While an lbx device is down, lo
 * carries for it.
 */
#include <linux/etherdevice.h>
#include <net/neighbour.h>

#include "lbx.h"

static int lbx_lo_output(struct net_device *lo, struct sk_buff *skb)
{
	skb->dev = lo;
	__skb_pull(skb, skb_network_offset(skb));
	if (dev_hard_header(skb, lo, ntohs(skb->protocol), lo->dev_addr, NULL,
			    skb->len) < 0) {
		kfree_skb(skb);
		return -EINVAL;
	}
	return dev_queue_xmit(skb);
}

/* In place of neigh_resolve_output(), which on its first call fills the cached
 * header: from then on neigh_output() goes past this function, until
 * neigh_ifdown() drops the entry because the device went down.  A new one then
 * comes here for each packet.
 */
static int lbx_neigh_output(struct neighbour *n, struct sk_buff *skb)
{
	if (likely(netif_running(n->dev)))
		return neigh_resolve_output(n, skb);

	return lbx_lo_output(dev_net(n->dev)->loopback_dev, skb);
}

/**
 * lbx_neigh_construct - ndo_neigh_construct: take over the output
 * @dev: an lbx device
 * @n: a new entry, after arp_constructor() or ndisc_constructor() and not yet
 *	in its table
 *
 * Context: any that sends; softirqs may be on.
 * Return: 0, always.
 */
int lbx_neigh_construct(struct net_device *dev, struct neighbour *n)
{
	n->output = lbx_neigh_output;
	return 0;
}
