// SPDX-License-Identifier: GPL-2.0-only
/*
 * Isolation: a boundary around an lbx device.
 *
 * Linux answers by any interface for an address of any other (the weak host model
 * of RFC 1122), so a neighbour with a route reaches the addresses of an lbx
 * device.  And the device that a socket is bound to is no more than a preference
 * where it is an L3 master: flowi_oif is reset to look further.  Netfilter hooks end
 * both.  They look at each packet, so existing connections stop as well.
 *
 *   LOCAL_IN, first	before a rule of a firewall can answer, or IPVS take the packet
 *   LOCAL_IN, last	after IPVS, which makes the packet one for a local real server
 *   FORWARD		what NAT has turned away from an isolated address
 *   LOCAL_OUT, last	after NAT and IPVS have changed the route
 *
 * The hooks are registered in a netns only while it has an isolated device.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/dst.h>
#include <net/ip_fib.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netns/generic.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/xfrm.h>

#include "compat.h"
#include "lbx.h"

/**
 * struct lbx_isolate_net - isolation in a netns
 * @isolated: the isolated devices (struct lbx_priv); read under RCU
 * @n_isolated: their number; the hooks are registered if it is not 0
 * @leaving: an isolated device is gone and a mirror of its IPv6 addresses (mirror.c) may
 *	be left: the hooks are registered, too; read under RCU
 *
 * RTNL.
 */
struct lbx_isolate_net {
	struct list_head	isolated;
	unsigned int		n_isolated;
	bool			leaving;
};

static unsigned int lbx_isolate_net_id;

/**
 * lbx_is_isolated - ask whether a device is isolated
 * @dev: any device
 *
 * Context: any.
 * Return: true if it is an lbx device and isolated.
 */
bool lbx_is_isolated(const struct net_device *dev)
{
	const struct lbx_priv *priv = netdev_priv(dev);

	return lbx_is_lbx(dev) && READ_ONCE(priv->isolate);
}

/**
 * lbx_isolated_any - some isolated device of a netns
 * @net: the netns
 *
 * Context: RCU.
 * Return: the device, or NULL if there is none any longer.
 */
const struct net_device *lbx_isolated_any(struct net *net)
{
	struct lbx_isolate_net *inet = net_generic(net, lbx_isolate_net_id);
	const struct lbx_priv *priv;

	priv = list_first_or_null_rcu(&inet->isolated, struct lbx_priv, isolated);
	return priv ? priv->dev : NULL;
}

/**
 * lbx_isolated6 - look for the isolated device that has an IPv6 address
 * @net: the netns
 * @addr: the address
 *
 * A link-local address belongs to each link on its own: a router may well have the
 * fe80::1 that lbx devices have.
 *
 * Context: RCU.
 * Return: the device, or NULL.
 */
const struct net_device *lbx_isolated6(struct net *net, const struct in6_addr *addr)
{
	const struct lbx_isolate_net *inet = net_generic(net, lbx_isolate_net_id);
	const struct lbx_priv *priv;

	if (ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL)
		return NULL;
	list_for_each_entry_rcu(priv, &inet->isolated, isolated)
		if (lbx_addr6_has(priv->dev, addr))
			return priv->dev;
	return NULL;
}

/* Return the isolated device that has an IPv4 address, also as one of a prefix */
static const struct net_device *lbx_isolated4(struct net *net, __be32 addr)
{
	const struct net_device *dev = __ip_dev_find(net, addr, false);

	return dev && lbx_is_isolated(dev) ? dev : NULL;
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

/* @dev is lo for an isolated device that is gone, see lbx_isolate_route6() */
static unsigned int lbx_isolate_drop(const struct net_device *dev,
				     const struct sk_buff *skb)
{
	if (likely(lbx_is_lbx(dev)))
		lbx_count_drop(dev, skb, LBX_XSTATS_DROP_ISOLATED);
	return NF_DROP;
}

/* Return the isolated device that has an address, also as one of a prefix */
static const struct net_device *lbx_isolated(struct net *net, u8 pf,
					     const union nf_inet_addr *addr)
{
	const struct net_device *dev;
	bool is_local;

	if (pf == NFPROTO_IPV4)
		return lbx_isolated4(net, addr->ip);
	dev = lbx_isolated6(net, &addr->in6);
	return dev ?: lbx_isolate_route6(net, &addr->in6, &is_local);
}

/* Return the isolated device to an address of which the connection of @skb was opened,
 * before NAT gave it another destination.  NULL if there is none.
 */
static const struct net_device *lbx_nat_owner(const struct sk_buff *skb, u8 pf,
					      struct net *net,
					      enum ip_conntrack_dir *dir)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info info;
	const struct nf_conn *ct;

	ct = nf_ct_get(skb, &info);
	if (likely(!ct || !(READ_ONCE(ct->status) & IPS_DST_NAT)))
		return NULL;

	*dir = CTINFO2DIR(info);
	return lbx_isolated(net, pf, &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.dst.u3);
#else
	return NULL;
#endif
}

/* Return true if @skb, for an isolated device, answers a connection that this machine
 * opened to an isolated address and that NAT gave another destination, such as the
 * published port of a container.  Nobody else opens one: lbx_isolate_outside() and
 * lbx_isolate_forward() drop the first packet, so conntrack does not confirm it.
 */
static bool lbx_is_answer(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	enum ip_conntrack_dir dir;

	return lbx_nat_owner(skb, state->pf, state->net, &dir) && dir == IP_CT_DIR_REPLY;
}

/* Return true if the route is one of the local table, where those of lbx devices are */
static bool lbx_dst_is_local6(const struct dst_entry *dst)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct fib6_info *from = rcu_dereference(dst_rt6_info(dst)->from);

	return from && from->fib6_table && from->fib6_table->tb6_id == RT6_TABLE_LOCAL;
#else
	return true;
#endif
}

/* The same of the destination address of a packet, whatever its route */
static const struct net_device *lbx_isolated_destination(const struct sk_buff *skb,
							 const struct nf_hook_state *state)
{
	const void *addr = &ipv6_hdr(skb)->daddr;

	if (state->pf == NFPROTO_IPV4)
		addr = &ip_hdr(skb)->daddr;
	return lbx_isolated(state->net, state->pf, addr);
}

/* What a policy route delivers (ip rule, TPROXY) has the device of that route, and an
 * address may be isolated nevertheless.
 */
static const struct net_device *
lbx_outside_destination(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (state->pf == NFPROTO_IPV4) {
		if (likely(!state->net->ipv4.fib_has_custom_local_routes &&
			   !fib4_has_custom_rules(state->net)))
			return NULL;
	} else if (likely(lbx_dst_is_local6(skb_dst(skb)))) {
		return NULL;
	}
	return lbx_isolated_destination(skb, state);
}

/* The answer to a packet from outside with an isolated source would be delivered there,
 * with what the packet brought.  In IPv4 fib_validate_source() has dropped most, but not
 * with accept_local, nor, without rp_filter, an address that is one of a prefix.
 */
static const struct net_device *
lbx_outside_source(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct in_device *in_dev;

	if (state->pf != NFPROTO_IPV4)
		return lbx_isolated6(state->net, &ipv6_hdr(skb)->saddr);

	in_dev = __in_dev_get_rcu(skb->dev);
	if (in_dev && !IN_DEV_ACCEPT_LOCAL(in_dev) && IN_DEV_RPFILTER(in_dev) &&
	    !secpath_exists(skb))
		return NULL;
	return lbx_isolated4(state->net, ip_hdr(skb)->saddr);
}

/* TPROXY and BPF choose a socket by its address, and that of the packet is another */
static const struct net_device *
lbx_outside_socket(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct sock *sk = skb->sk;
	const void *addr;

	if (likely(!sk))
		return NULL;
	if (state->pf == NFPROTO_IPV4) {
		addr = &sk->sk_rcv_saddr;
		if (!sk->sk_rcv_saddr || likely(sk->sk_rcv_saddr == ip_hdr(skb)->daddr))
			return NULL;
	} else {
#if IS_ENABLED(CONFIG_IPV6)
		addr = &sk->sk_v6_rcv_saddr;
		if (sk->sk_family != AF_INET6 || ipv6_addr_any(addr) ||
		    likely(ipv6_addr_equal(addr, &ipv6_hdr(skb)->daddr)))
#endif
			return NULL;
	}
	return lbx_isolated(state->net, state->pf, addr);
}

/* An ICMP error is for the socket that its inner packet names */
static const struct net_device *
lbx_outside_headers4(const struct sk_buff *skb, struct net *net)
{
	unsigned int offset = skb_network_offset(skb) + ip_hdrlen(skb);
	const struct iphdr *inner;
	const struct icmphdr *icmp;
	struct icmphdr _icmp;
	struct iphdr _inner;

	if (likely(ip_hdr(skb)->protocol != IPPROTO_ICMP))
		return NULL;
	icmp = skb_header_pointer(skb, offset, sizeof(_icmp), &_icmp);
	if (!icmp || !icmp_is_err(icmp->type))
		return NULL;
	inner = skb_header_pointer(skb, offset + sizeof(_icmp), sizeof(_inner), &_inner);
	return inner ? lbx_isolated4(net, inner->saddr) : NULL;
}

/* A packet that came in by a device of other machines, for an address that is not
 * isolated: return the isolated device that it would reach nevertheless, or NULL.
 */
static noinline const struct net_device *
lbx_isolate_outside(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct net_device *dev;
	enum ip_conntrack_dir dir;

	dev = lbx_outside_destination(skb, state);
	if (!dev)
		dev = lbx_outside_source(skb, state);
	if (!dev)
		dev = lbx_outside_socket(skb, state);
	if (!dev && state->pf == NFPROTO_IPV4)
		dev = lbx_outside_headers4(skb, state->net);
	if (!dev && state->pf == NFPROTO_IPV6)
		dev = lbx_isolate_headers6(state->net, skb);
	if (!dev) {
		dev = lbx_nat_owner(skb, state->pf, state->net, &dir);
		if (dev && dir == IP_CT_DIR_REPLY)
			dev = NULL;
	}
	return dev;
}

/* dev_loopback_xmit() keeps the device that the packet leaves by */
static bool lbx_is_outside(const struct sk_buff *skb)
{
	return !(skb->dev->flags & IFF_LOOPBACK) && skb->pkt_type != PACKET_LOOPBACK;
}

/* NF_INET_LOCAL_IN, first */
static unsigned int lbx_isolate_in(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	const struct net_device *dev;
	bool is_outside, gone = false;

	if (unlikely(!skb_dst(skb)))
		return NF_ACCEPT;

	dev = lbx_owner(skb, state, &gone);
	if (unlikely(gone))
		return NF_DROP;
	if (likely(dev == skb->dev))
		return NF_ACCEPT;

	is_outside = lbx_is_outside(skb);
	if (dev && lbx_is_isolated(dev)) {
		if (is_outside && lbx_is_answer(skb, state))
			return NF_ACCEPT;
	} else {
		if (!is_outside)
			return NF_ACCEPT;
		dev = lbx_isolate_outside(skb, state);
		if (likely(!dev))
			return NF_ACCEPT;
	}
	return lbx_isolate_drop(dev, skb);
}

/* NF_INET_LOCAL_IN, last: ip_vs_nat_xmit() has given the packet the address of a real
 * server of this machine.  __ip_vs_get_out_rt() leaves the route as it was.
 */
static unsigned int lbx_isolate_in_last(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
#if IS_ENABLED(CONFIG_IP_VS)
	const struct net_device *dev;

	if (likely(!skb->ipvs_property) || !lbx_is_outside(skb))
		return NF_ACCEPT;
	dev = lbx_isolated_destination(skb, state);
	if (dev)
		return lbx_isolate_drop(dev, skb);
#endif
	return NF_ACCEPT;
}

/* NF_INET_FORWARD: a published port of an isolated address is for this machine.  What
 * leaves by the device that it came in by reaches nothing that is not next to the
 * sender, such as a container that calls the published port of another one, or its own.
 */
static unsigned int lbx_isolate_forward(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	const struct net_device *dev;
	enum ip_conntrack_dir dir;

	dev = lbx_nat_owner(skb, state->pf, state->net, &dir);
	if (likely(!dev) || state->in == state->out)
		return NF_ACCEPT;
	return lbx_isolate_drop(dev, skb);
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

static int lbx_is_ipvlan(struct net_device *dev, struct netdev_nested_priv *priv)
{
	return dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "ipvlan");
}

/* ipvlan_process_outbound() sends for another netns in this one, without a socket.  It
 * has left the device of its port in the packet.
 */
static bool lbx_is_of_ipvlan(const struct sk_buff *skb)
{
	struct netdev_nested_priv priv = {};

	return skb->dev && rcu_access_pointer(skb->dev->rx_handler) &&
	       netdev_walk_all_upper_dev_rcu(skb->dev, lbx_is_ipvlan, &priv);
}

/* NF_INET_LOCAL_OUT, last: what a socket sends that is bound to an isolated device, what
 * the kernel answers for an address of one, and what ipvlan sends to one
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
	else if (unlikely(!sk) && lbx_is_lbx(dst->dev) && lbx_is_of_ipvlan(skb))
		dev = dst->dev;
	if (!dev || !lbx_is_isolated(dev))
		return NF_ACCEPT;

	return lbx_isolate_drop(dev, skb);
}

#define LBX_ISOLATE_HOOK(_family, _hooknum, _priority, _hook) {		\
	.hook		= _hook,					\
	.pf		= _family,					\
	.hooknum	= _hooknum,					\
	.priority	= _priority,					\
}

/* Last, but before NF_IP_PRI_CONNTRACK_CONFIRM: conntrack forgets what is dropped */
#define LBX_PRI_FIRST	NF_IP_PRI_FIRST
#define LBX_PRI_LAST	(NF_IP_PRI_LAST - 1)

static const struct nf_hook_ops lbx_isolate_ops[] = {
	LBX_ISOLATE_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_IN, LBX_PRI_FIRST,
			 lbx_isolate_in),
	LBX_ISOLATE_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_IN, LBX_PRI_LAST,
			 lbx_isolate_in_last),
	LBX_ISOLATE_HOOK(NFPROTO_IPV4, NF_INET_FORWARD, LBX_PRI_LAST,
			 lbx_isolate_forward),
	LBX_ISOLATE_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT, LBX_PRI_LAST,
			 lbx_isolate_out),
	LBX_ISOLATE_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_IN, LBX_PRI_FIRST,
			 lbx_isolate_in),
	LBX_ISOLATE_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_IN, LBX_PRI_LAST,
			 lbx_isolate_in_last),
	LBX_ISOLATE_HOOK(NFPROTO_IPV6, NF_INET_FORWARD, LBX_PRI_LAST,
			 lbx_isolate_forward),
	LBX_ISOLATE_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_OUT, LBX_PRI_LAST,
			 lbx_isolate_out),
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
	if (isolate) {
		/* At the head: a reader who is at this entry, from the list before, then
		 * passes the others once more and misses none.
		 */
		list_add_rcu(&priv->isolated, &inet->isolated);
	} else {
		list_del_rcu(&priv->isolated);
	}
	lbx_isolate_unhook(net);
	return 0;
}

static int __net_init lbx_isolate_net_init(struct net *net)
{
	struct lbx_isolate_net *inet = net_generic(net, lbx_isolate_net_id);

	INIT_LIST_HEAD(&inet->isolated);
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
	.init	= lbx_isolate_net_init,
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
