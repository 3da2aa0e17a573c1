// SPDX-License-Identifier: GPL-2.0-only
/*
 * Isolation: a boundary around an lbx device.
 *
 * Linux answers by any interface for an address of any other (the weak host model
 * of RFC 1122), so a neighbour with a route reaches the addresses of an lbx
 * device.  And the device that a socket is bound to is no more than a preference
 * where it is an L3 master: flowi_oif is reset to look further.  Two netfilter
 * hooks end both, for each packet, and so at once for connections that there are.
 *
 * They are in a netns only while it has an isolated device.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/route.h>

#include "compat.h"
#include "lbx.h"

/**
 * struct lbx_isolate_net - isolation in a netns
 * @n_isolated: number of isolated devices; the hooks are there if it is not 0
 * @leaving: an isolated device is gone and a mirror of its IPv6 addresses (mirror.c) may
 *	be left: the hooks are there, too; read under RCU
 *
 * RTNL.
 */
struct lbx_isolate_net {
	unsigned int	n_isolated;
	bool		leaving;
};

static unsigned int lbx_isolate_net_id;

static bool lbx_is_isolated(const struct net_device *dev)
{
	const struct lbx_priv *priv = netdev_priv(dev);

	return lbx_is_lbx(dev) && READ_ONCE(priv->isolate);
}

/* Whose address is it?  ip_route_input() and ip6_route_input() make the L3 master
 * the device of a local route.  But what a socket sends that is bound to another
 * loopback is on-link there (ip_route_output_key_hash_rcu(), "apparently the
 * interface is known"), and arrives by that route.
 *
 * An IPv6 address of a device that is down, or is going up or down, has no route but that
 * of its mirror on lo.
 */
static const struct net_device *lbx_owner(const struct sk_buff *skb,
					  const struct nf_hook_state *state,
					  bool *gone)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (state->pf == NFPROTO_IPV4)
		return likely(container_of(dst, struct rtable, dst)->rt_type != RTN_UNICAST) ?
		       dst->dev :
		       __ip_dev_find(state->net, ip_hdr(skb)->daddr, false);
	if (dst->dev == state->net->loopback_dev)
		return lbx_mirror_owner(state->net, dst, gone);
	return dst->dev;
}

/* NF_INET_LOCAL_IN */
static unsigned int lbx_isolate_in(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	const struct net_device *dev;
	bool gone = false;

	if (unlikely(!skb_dst(skb)))
		return NF_ACCEPT;

	dev = lbx_owner(skb, state, &gone);
	if (unlikely(gone))
		return NF_DROP;
	if (!dev || dev == skb->dev || !lbx_is_isolated(dev))
		return NF_ACCEPT;

	lbx_count_drop(dev, skb, LBX_XSTATS_DROP_ISOLATED);
	return NF_DROP;
}

/* What has a malformed option, or is a fragment of which the others do not come, is
 * answered before NF_INET_LOCAL_IN, by ip_rcv_options(), ip6_rcv_core() and ip_expire(),
 * and tells that there is somebody.
 */
static bool lbx_is_icmp_error(const struct sk_buff *skb, u8 pf)
{
	unsigned int offset = skb_network_offset(skb);
	const u8 *type;
	u8 buf;

	if (pf == NFPROTO_IPV4) {
		if (likely(ip_hdr(skb)->protocol != IPPROTO_ICMP))
			return false;
		offset += ip_hdrlen(skb);
	} else {
		if (likely(ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6))
			return false;
		offset += sizeof(struct ipv6hdr);
	}
	type = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!type)
		return false;
	return pf == NFPROTO_IPV4 ? icmp_is_err(*type) : icmpv6_is_err(*type);
}

/* Return the device that has the source address.  A link-local one belongs to the link
 * by which the packet leaves.
 */
static const struct net_device *lbx_source_owner(const struct sk_buff *skb,
						 const struct nf_hook_state *state)
{
	const struct in6_addr *saddr;

	if (state->pf == NFPROTO_IPV4)
		return __ip_dev_find(state->net, ip_hdr(skb)->saddr, false);
	saddr = &ipv6_hdr(skb)->saddr;
	if (ipv6_addr_type(saddr) & IPV6_ADDR_LINKLOCAL)
		return NULL;
	return lbx_mirror_addr_owner(state->net, saddr);
}

/* NF_INET_LOCAL_OUT: what a socket sends that is bound to an isolated device, and what
 * the kernel answers for an address of one
 */
static unsigned int lbx_isolate_out(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);
	const struct sock *sk = state->sk;
	const struct net_device *dev = NULL;
	int ifindex;

	if (unlikely(!dst))
		return NF_ACCEPT;

	ifindex = sk ? READ_ONCE(sk->sk_bound_dev_if) : 0;
	if (unlikely(ifindex) && dst->dev->ifindex != ifindex)
		dev = dev_get_by_index_rcu(state->net, ifindex);
	else if (unlikely(lbx_is_icmp_error(skb, state->pf)) &&
		 !(dst->dev->flags & IFF_LOOPBACK))
		dev = lbx_source_owner(skb, state);
	if (!dev || !lbx_is_isolated(dev))
		return NF_ACCEPT;

	lbx_count_drop(dev, skb, LBX_XSTATS_DROP_ISOLATED);
	return NF_DROP;
}

/* Where a filter would be */
#define LBX_ISOLATE_HOOK(_family, _hooknum, _hook) {			\
	.hook		= _hook,					\
	.pf		= _family,					\
	.hooknum	= _hooknum,					\
	.priority	= NF_IP_PRI_FILTER,				\
}

static const struct nf_hook_ops lbx_isolate_ops[] = {
	LBX_ISOLATE_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_IN, lbx_isolate_in),
	LBX_ISOLATE_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT, lbx_isolate_out),
	LBX_ISOLATE_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_IN, lbx_isolate_in),
	LBX_ISOLATE_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_OUT, lbx_isolate_out),
};

static void lbx_isolate_unhook(struct net *net)
{
	const struct lbx_isolate_net *inet = net_generic(net, lbx_isolate_net_id);

	if (!inet->n_isolated && !inet->leaving)
		nf_unregister_net_hooks(net, lbx_isolate_ops,
					ARRAY_SIZE(lbx_isolate_ops));
}

/**
 * lbx_isolate_is_leaving - may a mirror be left of an isolated device that is gone?
 * @net: the netns
 *
 * Context: any.
 * Return: true if so.
 */
bool lbx_isolate_is_leaving(struct net *net)
{
	const struct lbx_isolate_net *inet = net_generic(net, lbx_isolate_net_id);

	return READ_ONCE(inet->leaving);
}

/**
 * lbx_isolate_leave - a device is about to go
 * @dev: an lbx device that is still in the lists
 *
 * If it is isolated its IPv6 addresses stay so until lbx_isolate_left().
 *
 * Context: RTNL.
 */
void lbx_isolate_leave(struct net_device *dev)
{
	struct net *net = dev_net(dev);
	struct lbx_isolate_net *inet = net_generic(net, lbx_isolate_net_id);

	if (!lbx_is_isolated(dev))
		return;
	WRITE_ONCE(inet->leaving, true);
	lbx_mirror_leaving(net);
}

/**
 * lbx_isolate_left - no mirror is left of an isolated device that is gone
 * @net: the netns
 *
 * Context: RTNL.
 */
void lbx_isolate_left(struct net *net)
{
	struct lbx_isolate_net *inet = net_generic(net, lbx_isolate_net_id);

	if (!inet->leaving)
		return;
	WRITE_ONCE(inet->leaving, false);
	lbx_isolate_unhook(net);
}

/**
 * lbx_isolate_set - switch isolation on or off
 * @dev: an lbx device
 * @isolate: whether to
 *
 * Context: RTNL.
 * Return: 0, or the error of nf_register_net_hooks(); off has none.
 */
int lbx_isolate_set(struct net_device *dev, bool isolate)
{
	struct net *net = dev_net(dev);
	struct lbx_isolate_net *inet = net_generic(net, lbx_isolate_net_id);
	struct lbx_priv *priv = netdev_priv(dev);
	int err;

	if (priv->isolate == isolate)
		return 0;

	if (isolate && !inet->n_isolated && !inet->leaving) {
		err = nf_register_net_hooks(net, lbx_isolate_ops,
					    ARRAY_SIZE(lbx_isolate_ops));
		if (err)
			return err;
	}
	inet->n_isolated += isolate ? 1 : -1;
	WRITE_ONCE(priv->isolate, isolate);
	lbx_isolate_unhook(net);
	return 0;
}

/* The devices are gone, and the mirrors too: with the netns or, when the module is
 * unloaded, by lbx_mirror_exit().
 */
static void __net_exit lbx_isolate_net_exit(struct net *net)
{
	const struct lbx_isolate_net *inet = net_generic(net, lbx_isolate_net_id);

	WARN_ON_ONCE(inet->n_isolated);
	lbx_isolate_left(net);
}

static struct pernet_operations lbx_isolate_net_ops = {
	.exit	= lbx_isolate_net_exit,
	.id	= &lbx_isolate_net_id,
	.size	= sizeof(struct lbx_isolate_net),
};

int lbx_isolate_init(void)
{
	return register_pernet_subsys(&lbx_isolate_net_ops);
}

void lbx_isolate_exit(void)
{
	unregister_pernet_subsys(&lbx_isolate_net_ops);
}
