// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook at lo's egress that takes claimed packets over (NF_STOLEN).
 *
 * The route of a local packet names the interface that has its destination address,
 * although lo is to carry the packet.  In IPv4, rtable's rt_iif is the index of that
 * interface (ip_route_output_key_hash_rcu(), "make sure orig_oif points to fib result
 * device").  In IPv6, the route is made from a fib6_info, whose nexthop device is that
 * interface.  So nothing has to be updated when addresses come and go, and a new or
 * removed claim takes effect for the next packet of each connection.
 *
 * The hook exists only while the netns has a claim.  Other traffic on lo pays for the
 * test of one hash bucket, and for one lookup if single addresses are claimed.
 */
#include <linux/in.h>
#include <linux/netfilter_netdev.h>
#include <net/dst_metadata.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "claim.h"
#include "compat.h"

static struct lbx_claim *lbx_claim_of4(struct lbx_claim_net *cnet,
				       const struct sk_buff *skb)
{
	const struct rtable *rt = container_of(skb_dst(skb), struct rtable, dst);
	const __be32 *daddr = &ip_hdr(skb)->daddr;
	struct lbx_claim *claim;

	/* most of lo's traffic, and never claimed */
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
	/* skip the dependent loads below when no interface is claimed */
	if (!claim && !READ_ONCE(cnet->n_index))
		return NULL;

	/* tc can change skb->protocol (act_mpls pop) and leave the route */
	if (unlikely(skb_dst(skb)->ops->family != AF_INET6))
		return NULL;

	f6i = rcu_dereference(dst_rt6_info(skb_dst(skb))->from);
	/* a route with a nexthop object has no fib6_nh, and belongs to no address */
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

	dev = READ_ONCE(claim->dev);
	if (unlikely(!netif_running(dev)))
		return NF_ACCEPT;

	lbx_xmit_claimed(skb, dev);
	return NF_STOLEN;
}

/**
 * lbx_claim_hook_get - register the hook of a netns, unless it is registered
 * @net: the netns
 *
 * Context: RTNL.
 * Return: 0, or the error of nf_register_net_hook().
 */
int lbx_claim_hook_get(struct net *net)
{
	struct lbx_claim_net *cnet = lbx_claim_net(net);
	int err;

	if (cnet->hooked)
		return 0;
	/* before all other hooks at lo's egress: they see only what lo carries */
	cnet->ops = (struct nf_hook_ops) {
		.hook		= lbx_claim_hook,
		.priv		= cnet,
		.dev		= net->loopback_dev,
		.pf		= NFPROTO_NETDEV,
		.hooknum	= NF_NETDEV_EGRESS,
		.priority	= INT_MIN,
	};
	err = nf_register_net_hook(net, &cnet->ops);
	cnet->hooked = !err;
	return err;
}

/**
 * lbx_claim_hook_put - unregister the hook of a netns without claims
 * @net: the netns
 *
 * Context: RTNL.
 */
void lbx_claim_hook_put(struct net *net)
{
	struct lbx_claim_net *cnet = lbx_claim_net(net);

	if (!cnet->hooked || !lbx_claim_net_is_empty(cnet))
		return;
	nf_unregister_net_hook(net, &cnet->ops);
	cnet->hooked = false;
}
