// SPDX-License-Identifier: GPL-2.0-only
/*
 * Isolation: a boundary around an lbx device.
 *
 * Linux answers on any interface for an address of any other (the weak host model
 * of RFC 1122), so a neighbour with a route reaches the addresses of an lbx device.
 * A socket that is bound to an L3 master may also send by another device: flowi_oif is
 * reset to look further, so the binding is only a preference.  Netfilter hooks stop
 * both.  They check each packet, so existing connections stop as well.
 *
 *   LOCAL_IN, first	before a firewall rule can answer, or IPVS take the packet
 *   LOCAL_IN, last	after IPVS, which sends the packet to a local real server
 *   FORWARD		packets that NAT has redirected from an isolated address
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
 * @isolated: the isolated devices (struct lbx_priv); the hooks are registered if there
 *	are any; read under RCU
 * @keep_hooks: an isolated device is gone, and a mirror of its IPv6 addresses
 *	(mirror.c) may be left: the hooks are registered, too; read under RCU
 *
 * RTNL.
 */
struct lbx_isolate_net {
	struct hlist_head	isolated;
	bool			keep_hooks;
};

static unsigned int lbx_isolate_net_id;

/**
 * lbx_is_isolated - check if a device is isolated
 * @dev: any device
 *
 * Context: any.
 * Return: true if @dev is an lbx device and isolated.
 */
bool lbx_is_isolated(const struct net_device *dev)
{
	const struct lbx_priv *priv = netdev_priv(dev);

	return netif_is_lbx(dev) && READ_ONCE(priv->isolate);
}

/**
 * lbx_isolated_any - find any isolated device of a netns
 * @net: the netns
 *
 * Context: RCU.
 * Return: the device, or NULL if there is none any more.
 */
const struct net_device *lbx_isolated_any(struct net *net)
{
	const struct lbx_isolate_net *iso = net_generic(net, lbx_isolate_net_id);
	const struct lbx_priv *priv;

	hlist_for_each_entry_rcu(priv, &iso->isolated, isolated)
		return priv->dev;
	return NULL;
}

/**
 * lbx_isolated6 - find the isolated device that has an IPv6 address
 * @net: the netns
 * @addr: the address
 *
 * A link-local address is never found, since it belongs to one link: a router may well
 * have the same fe80::1 as lbx devices.
 *
 * Context: RCU.
 * Return: the device, or NULL.
 */
const struct net_device *lbx_isolated6(struct net *net, const struct in6_addr *addr)
{
	const struct lbx_isolate_net *iso = net_generic(net, lbx_isolate_net_id);
	const struct lbx_priv *priv;

	if (ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL)
		return NULL;
	hlist_for_each_entry_rcu(priv, &iso->isolated, isolated)
		if (lbx_addr6_has(priv->dev, addr))
			return priv->dev;
	return NULL;
}

/* Return the isolated device that has an IPv4 address, also by the local route of a
 * prefix, or NULL.
 */
static const struct net_device *lbx_isolated4(struct net *net, __be32 addr)
{
	const struct net_device *dev = __ip_dev_find(net, addr, false);

	return dev && lbx_is_isolated(dev) ? dev : NULL;
}

/* Return the device that has the destination address.  ip_route_input() and
 * ip6_route_input() make the L3 master the device of a local route.  But a destination
 * is on-link for a socket that is bound to another loopback
 * (ip_route_output_key_hash_rcu(), "apparently the interface is known"), and the packet
 * arrives with that route.
 *
 * While a device is down, or is going up or down, its IPv6 address has only the route
 * of its mirror on lo.  lbx_mirror_owner() sets @gone.
 */
static const struct net_device *
lbx_destination_owner(const struct sk_buff *skb, const struct nf_hook_state *state,
		      bool *gone)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (state->pf == NFPROTO_IPV4)
		return likely(container_of(dst, struct rtable, dst)->rt_type != RTN_UNICAST) ?
		       dst->dev :
		       __ip_dev_find(state->net, ip_hdr(skb)->daddr, false);
	return lbx_owner6(state->net, dst, gone);
}

/* Drop.  @dev is lo if the isolated device is gone, see lbx_isolate_route6() */
static unsigned int lbx_isolate_drop(const struct net_device *dev,
				     const struct sk_buff *skb)
{
	if (likely(netif_is_lbx(dev)))
		lbx_count_drop(dev, skb, LBX_XSTATS_DROP_ISOLATED);
	return NF_DROP;
}

/* Return the isolated device that has an address, also by the local route of a prefix,
 * or NULL.
 */
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

/* If NAT has changed the destination of @skb's connection, and the original destination
 * is an isolated address, return its device; otherwise return NULL.  @dir is set to the
 * direction of @skb.
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

/* Return true if @skb came in by the device by which its source address is reached.
 * rp_filter may be off, and IPv6 has none.  Not for a VRF, whose table is another one.
 */
static bool lbx_is_reverse_path(const struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	struct flowi4 fl4 = {};
	struct rtable *rt;
	bool is_reverse;

	if (netif_is_l3_master(skb->dev))
		return true;
	if (state->pf == NFPROTO_IPV6)
		return lbx_isolate_reverse6(state->net, skb);

	fl4.daddr = ip_hdr(skb)->saddr;
	rt = ip_route_output_key(state->net, &fl4);
	if (IS_ERR(rt))
		return false;
	is_reverse = rt->dst.dev == skb->dev;
	ip_rt_put(rt);
	return is_reverse;
}

/* @skb is sent to an isolated device.  Return true if it is a reply of a connection
 * that this machine opened to an isolated address, and that NAT gave another
 * destination, such as the published port of a container.  Only this machine can open
 * such a connection: lbx_isolate_outside(), lbx_isolate_forward() and lbx_isolate_out()
 * drop the first packet of any other, so conntrack does not confirm it.
 */
static bool lbx_is_reply(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	enum ip_conntrack_dir dir;

	return lbx_nat_owner(skb, state->pf, state->net, &dir) &&
	       dir == IP_CT_DIR_REPLY && lbx_is_reverse_path(skb, state);
}

/* Return true if the route is in the local table, as the routes of lbx devices are */
static bool lbx_dst_is_local6(const struct dst_entry *dst)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct fib6_info *from = rcu_dereference(dst_rt6_info(dst)->from);

	return from && from->fib6_table && from->fib6_table->tb6_id == RT6_TABLE_LOCAL;
#else
	return true;
#endif
}

/* Return the isolated device that has the destination address of @skb, or its source
 * address if @source, whatever the route, or NULL.
 */
static const struct net_device *lbx_isolated_end(const struct sk_buff *skb,
						 const struct nf_hook_state *state,
						 bool source)
{
	const void *addr;

	if (state->pf == NFPROTO_IPV4)
		addr = source ? &ip_hdr(skb)->saddr : &ip_hdr(skb)->daddr;
	else
		addr = source ? &ipv6_hdr(skb)->saddr : &ipv6_hdr(skb)->daddr;
	return lbx_isolated(state->net, state->pf, addr);
}

/* A packet that a policy route delivers (ip rule, TPROXY) has the device of that route,
 * but its destination address may still be isolated.
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
	return lbx_isolated_end(skb, state, false);
}

/* If a packet from outside has an isolated source address, the reply would be delivered
 * to that address, with data that the packet brought.  In IPv4, fib_validate_source()
 * has dropped most of these packets, but not with accept_local, nor, without rp_filter,
 * those with an address of a local prefix.
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

/* TPROXY and BPF choose a socket, whose address may differ from the packet's */
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

/* An ICMP error is delivered to the socket that its inner packet names */
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

/* Return the isolated device that a packet from outside would reach although its route
 * is not that of an isolated device, or NULL.  It would reach the device by:
 *
 * 1. its destination address, with a policy route
 * 2. its source address, to which the reply goes
 * 3. the socket that TPROXY or BPF chose
 * 4. in IPv4, the inner packet of an ICMP error
 * 5. in IPv6, an extension header or the inner packet of an ICMP error
 * 6. the original destination of its connection, before NAT; a reply is let through
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

/* Return true if @skb comes from outside.  A copy made by dev_loopback_xmit() does not,
 * but keeps the device that the packet leaves by.
 */
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

	dev = lbx_destination_owner(skb, state, &gone);
	if (unlikely(gone))
		return NF_DROP;
	/* A VRF is the device of its routes as well, and of what its ports receive */
	if (likely(dev == skb->dev && dev->flags & IFF_LOOPBACK))
		return NF_ACCEPT;

	is_outside = lbx_is_outside(skb);
	if (dev && lbx_is_isolated(dev)) {
		if (is_outside && lbx_is_reply(skb, state))
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
 * server on this machine.  __ip_vs_get_out_rt() keeps the old route.
 */
static unsigned int lbx_isolate_in_last(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
#if IS_ENABLED(CONFIG_IP_VS)
	const struct net_device *dev;

	if (likely(!skb->ipvs_property) || !lbx_is_outside(skb))
		return NF_ACCEPT;
	dev = lbx_isolated_end(skb, state, false);
	if (dev)
		return lbx_isolate_drop(dev, skb);
#endif
	return NF_ACCEPT;
}

/* NF_INET_FORWARD: a published port of an isolated address is for this machine only.
 * A packet that leaves by the device that it came in by passes, because it reaches only
 * the sender's own link.  An example is a container that calls the published port of
 * another container, or its own.  It must not have an isolated source address: the
 * replies would be sent to that, and lbx_is_reply() lets them through.
 */
static unsigned int lbx_isolate_forward(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	const struct net_device *dev;
	enum ip_conntrack_dir dir;

	dev = lbx_nat_owner(skb, state->pf, state->net, &dir);
	if (likely(!dev))
		return NF_ACCEPT;
	if (state->in == state->out &&
	    (dir == IP_CT_DIR_REPLY || !lbx_isolated_end(skb, state, true)))
		return NF_ACCEPT;
	return lbx_isolate_drop(dev, skb);
}

/* Return true if @skb is an ICMP error.  ip_rcv_options(), ip6_rcv_core() and
 * ip_expire() answer before NF_INET_LOCAL_IN if a packet has a malformed option, or if
 * the other fragments of a fragment do not arrive.  The answer reveals that the address
 * exists.
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

/* Return the isolated device that has the source address, lo for one that is gone, or
 * NULL.  A link-local address belongs to the link by which the packet leaves.
 */
static const struct net_device *lbx_isolated_sender(const struct sk_buff *skb,
						    const struct nf_hook_state *state)
{
	const struct in6_addr *saddr;
	bool is_local;

	if (state->pf == NFPROTO_IPV4)
		return lbx_isolated4(state->net, ip_hdr(skb)->saddr);
	saddr = &ipv6_hdr(skb)->saddr;
	if (ipv6_addr_type(saddr) & IPV6_ADDR_LINKLOCAL)
		return NULL;
	return lbx_isolate_route6(state->net, saddr, &is_local);
}

static int lbx_is_ipvlan(struct net_device *dev, struct netdev_nested_priv *priv)
{
	return dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "ipvlan");
}

/* Return true if the packet comes from an ipvlan of another netns.
 * ipvlan_process_outbound() sends it in this netns, without a socket, and leaves the
 * device of its port in skb->dev.
 */
static bool lbx_is_from_ipvlan(const struct sk_buff *skb)
{
	struct netdev_nested_priv priv = {};

	return skb->dev && rcu_access_pointer(skb->dev->rx_handler) &&
	       netdev_walk_all_upper_dev_rcu(skb->dev, lbx_is_ipvlan, &priv);
}

/* NF_INET_LOCAL_OUT, last.  Drops:
 *
 * 1. packets of a socket that is bound to an isolated device, by another device
 * 2. ICMP errors that the kernel sends for an isolated address
 * 3. packets of an ipvlan to an isolated device, or to where NAT leads from there
 */
static unsigned int lbx_isolate_out(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);
	const struct sock *sk = state->sk;
	const struct net_device *dev = NULL;
	enum ip_conntrack_dir dir;
	int ifindex;

	if (unlikely(!dst))
		return NF_ACCEPT;

	ifindex = sk ? READ_ONCE(sk->sk_bound_dev_if) : 0;
	if (unlikely(ifindex) && dst->dev->ifindex != ifindex)
		dev = dev_get_by_index_rcu(state->net, ifindex);
	else if (unlikely(lbx_is_icmp_error(skb, state->pf)) &&
		 !(dst->dev->flags & IFF_LOOPBACK))
		dev = lbx_isolated_sender(skb, state);
	else if (unlikely(!sk) && lbx_is_from_ipvlan(skb))
		dev = netif_is_lbx(dst->dev) ? dst->dev :
		      lbx_nat_owner(skb, state->pf, state->net, &dir);
	if (!dev || !lbx_is_isolated(dev))
		return NF_ACCEPT;

	return lbx_isolate_drop(dev, skb);
}

/* nf_register_net_hook() registers NFPROTO_INET for IPv4 and for IPv6, one of which is
 * the state->pf of a packet.
 */
#define LBX_ISOLATE_HOOK(_hooknum, _priority, _hook) {			\
	.hook		= _hook,					\
	.pf		= NFPROTO_INET,					\
	.hooknum	= _hooknum,					\
	.priority	= _priority,					\
}

/* Last, but before NF_IP_PRI_CONNTRACK_CONFIRM: conntrack forgets a dropped packet */
#define LBX_PRI_FIRST	NF_IP_PRI_FIRST
#define LBX_PRI_LAST	(NF_IP_PRI_LAST - 1)

static const struct nf_hook_ops lbx_isolate_ops[] = {
	LBX_ISOLATE_HOOK(NF_INET_LOCAL_IN, LBX_PRI_FIRST, lbx_isolate_in),
	LBX_ISOLATE_HOOK(NF_INET_LOCAL_IN, LBX_PRI_LAST, lbx_isolate_in_last),
	LBX_ISOLATE_HOOK(NF_INET_FORWARD, LBX_PRI_LAST, lbx_isolate_forward),
	LBX_ISOLATE_HOOK(NF_INET_LOCAL_OUT, LBX_PRI_LAST, lbx_isolate_out),
};

static bool lbx_isolate_needs_hooks(const struct lbx_isolate_net *iso)
{
	return !hlist_empty(&iso->isolated) || iso->keep_hooks;
}

/* Called when the last reason for the hooks may be gone */
static void lbx_isolate_unhook(struct net *net)
{
	if (!lbx_isolate_needs_hooks(net_generic(net, lbx_isolate_net_id)))
		nf_unregister_net_hooks(net, lbx_isolate_ops,
					ARRAY_SIZE(lbx_isolate_ops));
}

/**
 * lbx_isolate_hooks_kept - check if a mirror of a removed isolated device may be left
 * @net: the netns
 *
 * Context: any.
 * Return: true if a mirror may be left.
 */
bool lbx_isolate_hooks_kept(struct net *net)
{
	const struct lbx_isolate_net *iso = net_generic(net, lbx_isolate_net_id);

	return READ_ONCE(iso->keep_hooks);
}

/**
 * lbx_isolate_keep_hooks - keep the hooks when an isolated device is removed
 * @dev: an lbx device that is still in the lists
 *
 * If the device is isolated, its IPv6 addresses stay isolated until
 * lbx_isolate_release_hooks().
 *
 * Context: RTNL.
 */
void lbx_isolate_keep_hooks(struct net_device *dev)
{
	struct net *net = dev_net(dev);
	struct lbx_isolate_net *iso = net_generic(net, lbx_isolate_net_id);

	if (!lbx_is_isolated(dev))
		return;
	WRITE_ONCE(iso->keep_hooks, true);
	lbx_mirror_queue_work(net);
}

/**
 * lbx_isolate_release_hooks - undo lbx_isolate_keep_hooks() when no mirror is left
 * @net: the netns
 *
 * Context: RTNL.
 */
void lbx_isolate_release_hooks(struct net *net)
{
	struct lbx_isolate_net *iso = net_generic(net, lbx_isolate_net_id);

	if (!iso->keep_hooks)
		return;
	WRITE_ONCE(iso->keep_hooks, false);
	lbx_isolate_unhook(net);
}

/**
 * lbx_isolate_remove - remove a device from the list of isolated devices
 * @dev: an lbx device, in the list or not
 *
 * Does not change whether the device is isolated: while it unregisters, a packet may
 * still have its IPv4 route, which outlives NETDEV_DOWN (fib_sync_down_dev()).
 *
 * Context: RTNL.
 */
void lbx_isolate_remove(struct net_device *dev)
{
	struct lbx_priv *priv = netdev_priv(dev);

	if (hlist_unhashed(&priv->isolated))
		return;
	hlist_del_init_rcu(&priv->isolated);
	lbx_isolate_unhook(dev_net(dev));
}

/**
 * lbx_isolate_set - switch isolation on or off
 * @dev: an lbx device
 * @isolate: true for on
 *
 * Context: RTNL.
 * Return: 0, or the error of nf_register_net_hooks(); off never fails.
 */
int lbx_isolate_set(struct net_device *dev, bool isolate)
{
	struct net *net = dev_net(dev);
	struct lbx_isolate_net *iso = net_generic(net, lbx_isolate_net_id);
	struct lbx_priv *priv = netdev_priv(dev);
	int err;

	if (priv->isolate == isolate)
		return 0;

	if (isolate && !lbx_isolate_needs_hooks(iso)) {
		err = nf_register_net_hooks(net, lbx_isolate_ops,
					    ARRAY_SIZE(lbx_isolate_ops));
		if (err)
			return err;
	}
	WRITE_ONCE(priv->isolate, isolate);
	if (isolate)
		/* Add at the head: a reader that is at this entry, still in its old
		 * list, then passes all others once more and misses none.
		 */
		hlist_add_head_rcu(&priv->isolated, &iso->isolated);
	else
		lbx_isolate_remove(dev);
	return 0;
}

static int __net_init lbx_isolate_net_init(struct net *net)
{
	struct lbx_isolate_net *iso = net_generic(net, lbx_isolate_net_id);

	INIT_HLIST_HEAD(&iso->isolated);
	return 0;
}

/* The devices are gone, and so are the mirrors: they went with the netns or, on module
 * unload, by lbx_mirror_exit().
 */
static void __net_exit lbx_isolate_net_exit(struct net *net)
{
	const struct lbx_isolate_net *iso = net_generic(net, lbx_isolate_net_id);

	WARN_ON_ONCE(!hlist_empty(&iso->isolated));
	lbx_isolate_release_hooks(net);
}

/* When the module is unloaded, the hooks must be gone a grace period before the memory
 * that they read.  That is freed right after .exit, and ops_undo_list() waits before
 * .exit only.
 */
static void __net_exit lbx_isolate_net_pre_exit(struct net *net)
{
	if (check_net(net))
		lbx_isolate_release_hooks(net);
}

static struct pernet_operations lbx_isolate_net_ops = {
	.init		= lbx_isolate_net_init,
	.pre_exit	= lbx_isolate_net_pre_exit,
	.exit		= lbx_isolate_net_exit,
	.id		= &lbx_isolate_net_id,
	.size		= sizeof(struct lbx_isolate_net),
};

int lbx_isolate_init(void)
{
	return register_pernet_subsys(&lbx_isolate_net_ops);
}

void lbx_isolate_exit(void)
{
	unregister_pernet_subsys(&lbx_isolate_net_ops);
}
