/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lbx: declarations that the files of the driver share
 *
 *   main.c      the module: parameter, load and unload
 *   device.c    the net_device and its netlink kind
 *   netlink.c   the attributes of the kind
 *   xmit.c      the packet paths, transmit and receive
 *   neigh.c     output of a neighbour entry: direct, queued, or over lo
 *   conntrack.c connection tracking of packets that wait
 *   claim.c     claims: local traffic that an lbx device takes over from lo
 *   claim_hook.c     the hook at lo's egress
 *   claim_netlink.c  requests and notifications of claims
 *   claim.h     declarations that these three share
 *   isolate.c   isolation from the traffic of other devices
 *   isolate6.c  isolated addresses in IPv6 extension headers
 *   stats.c     the counters and their readers
 *   address.c   IPv4 addresses and settings
 *   address6.c  IPv6 addresses and settings, and the link-local address
 *   mirror.c    a mirror of each IPv6 address on lo, so that a server can bind it
 *   route6.c    a route to ::1, so that a client on ::1 sees refused connections
 *   trace.h     the tracepoints
 *   compat.h    differences between kernel versions
 *   compat.c    texts of refusals for kernels before 6.2
 */
#ifndef _LBX_H
#define _LBX_H

#include <linux/cache.h>
#include <linux/ethtool.h>
#include <linux/llist.h>
#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>
#include <linux/lbx.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>

#define LBX_VERSION	"0.2.0"

/* For all of these the device does nothing, because a loopback needs none of that work.
 * Each can be switched off with ethtool -K.
 */
#define LBX_OFFLOADS	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_GSO_SOFTWARE | \
			 NETIF_F_HW_CSUM | NETIF_F_SCTP_CRC)

/**
 * struct lbx_stats - one CPU's counters of one device
 * @count: indexed by LBX_XSTATS_* - 1, see <linux/lbx.h>; the first eight, one cache
 *	line, are those that change with each packet
 * @syncp: lets 32-bit readers see the 64-bit counters whole
 *
 * Written only on their own CPU, with softirqs or preemption off.  On 64 bits,
 * local64_inc() is safe in hardirqs (netpoll); on 32 bits, u64_stats_t needs them off.
 */
struct lbx_stats {
	u64_stats_t		count[LBX_XSTATS_PAD - 1];
	struct u64_stats_sync	syncp;
} ____cacheline_aligned_in_smp;

/**
 * struct lbx_priv - the private part of an lbx net_device
 * @stats: per-CPU counters
 * @direct: IP may bypass the queue; written under RTNL
 * @isolate: the device is isolated; written under RTNL
 * @isolated: entry of the netns's list of isolated devices (isolate.c); RCU
 * @claims: the device's claims, those of interfaces first; RTNL
 * @n_claims: number of @claims; RTNL
 * @changed: entry of the list of devices whose claims a request has changed, or empty;
 *	RTNL
 * @new_neigh6: number of IPv6 neighbour entries made since the last release of all, see
 *	neigh.c
 * @neigh6_full: entry of the list of devices whose entries are to be released, see
 *	neigh.c
 * @dev: the device
 * @linklocal: lbx_addr6_linklocals() adds a link-local address to the device; RTNL
 * @in6_dev: the inet6_dev that lbx_addr6_setup() has set up, compared and never
 *	dereferenced; RTNL
 */
struct lbx_priv {
	struct lbx_stats __percpu *stats;
	bool			direct;
	bool			isolate;
	struct hlist_node	isolated;
	struct list_head	claims;
	unsigned int		n_claims;
	struct list_head	changed;
	atomic_t		new_neigh6;
	struct llist_node	neigh6_full;
	struct net_device	*dev;
	bool			linklocal;
	const void		*in6_dev;
};

/* device.c */
extern const struct net_device_ops lbx_netdev_ops;
extern struct rtnl_link_ops lbx_link_ops;
int lbx_register(struct net_device *dev, struct nlattr *data[],
		 struct netlink_ext_ack *extack);
int lbx_device_init(void);
void lbx_device_exit(void);

/* Called in every context, also while the module is unloaded: lbx_setup() sets
 * netdev_ops, and nothing changes it.
 */
static inline bool netif_is_lbx(const struct net_device *dev)
{
	return dev->netdev_ops == &lbx_netdev_ops;
}

/* netlink.c */
extern const struct nla_policy lbx_policy[];
int lbx_change(struct net_device *dev, struct nlattr *data[],
	       struct netlink_ext_ack *extack);
size_t lbx_get_size(const struct net_device *dev);
int lbx_fill_info(struct sk_buff *skb, const struct net_device *dev);

/* xmit.c */
netdev_tx_t lbx_xmit(struct sk_buff *skb, struct net_device *dev);
bool lbx_xmit_direct(struct sk_buff *skb, struct net_device *dev, const u8 *ha);
void lbx_xmit_claimed(struct sk_buff *skb, struct net_device *dev);

/* neigh.c */
int lbx_neigh_construct(struct net_device *dev, struct neighbour *n);
#if IS_ENABLED(CONFIG_IPV6)
void lbx_neigh_exit(void);
#else
static inline void lbx_neigh_exit(void) { }
#endif

/* conntrack.c */
#if IS_ENABLED(CONFIG_NF_CONNTRACK) && !defined(LBX_HAVE_CARRIES_LOCAL)
bool lbx_may_wait(const struct net_device *dev);
bool lbx_confirm(struct sk_buff *skb);
#else
static inline bool lbx_may_wait(const struct net_device *dev) { return false; }
static inline bool lbx_confirm(struct sk_buff *skb) { return true; }
#endif

/* claim.c */
void lbx_claim_flush(struct net_device *dev);
int lbx_claim_init(void);
void lbx_claim_exit(void);

/* claim_netlink.c */
int lbx_claim_change(struct net_device *dev, const struct nlattr *add,
		     const struct nlattr *remove, struct netlink_ext_ack *extack);
size_t lbx_claim_size(const struct net_device *dev);
int lbx_claim_fill(struct sk_buff *skb, const struct net_device *dev);
int lbx_genl_init(void);
void lbx_genl_exit(void);

/* isolate.c */
int lbx_isolate_set(struct net_device *dev, bool isolate);
void lbx_isolate_remove(struct net_device *dev);
bool lbx_is_isolated(const struct net_device *dev);
const struct net_device *lbx_isolated_any(struct net *net);
const struct net_device *lbx_isolated6(struct net *net, const struct in6_addr *addr);
bool lbx_isolate_hooks_kept(struct net *net);
void lbx_isolate_keep_hooks(struct net_device *dev);
void lbx_isolate_release_hooks(struct net *net);
int lbx_isolate_init(void);
void lbx_isolate_exit(void);

/* stats.c */
int lbx_stats_alloc(struct net_device *dev);
void lbx_stats_free(struct net_device *dev);
void lbx_count_drop(const struct net_device *dev, const struct sk_buff *skb,
		    unsigned int reason);
void lbx_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats);
int lbx_get_sset_count(struct net_device *dev, int sset);
void lbx_get_strings(struct net_device *dev, u32 sset, u8 *data);
void lbx_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *es,
			   u64 *data);
size_t lbx_get_xstats_size(const struct net_device *dev);
int lbx_fill_xstats(struct sk_buff *skb, const struct net_device *dev);

/* address.c */
void lbx_addr_setup(struct net_device *dev);
void lbx_l3mdev_accept(struct net_device *dev);
int lbx_addr_init(void);
void lbx_addr_exit(void);

/* No event announces a change of the sysctl.  So each sent packet checks it, before the
 * packet that asks for a connection is received.
 */
static __always_inline void lbx_check_l3mdev_accept(struct net_device *dev)
{
#ifndef LBX_HAVE_CARRIES_LOCAL
	if (unlikely(READ_ONCE(dev_net(dev)->ipv4.sysctl_tcp_l3mdev_accept)))
		lbx_l3mdev_accept(dev);
#endif
}

#if IS_ENABLED(CONFIG_IPV6)
/* address6.c */
bool lbx_addr6_setup(struct net_device *dev);
void lbx_addr6_pre_up(struct net_device *dev);
bool lbx_addr6_has(struct net_device *dev, const struct in6_addr *addr);
int lbx_addr6_init(void);
void lbx_addr6_exit(void);

/* isolate6.c */
const struct net_device *lbx_isolate_route6(struct net *net, const struct in6_addr *addr,
					    bool *is_local);
const struct net_device *lbx_isolate_headers6(struct net *net, const struct sk_buff *skb);
bool lbx_isolate_reverse6(struct net *net, const struct sk_buff *skb);
#else
static inline bool lbx_addr6_setup(struct net_device *dev) { return false; }
static inline void lbx_addr6_pre_up(struct net_device *dev) { }
static inline bool lbx_addr6_has(struct net_device *dev,
				 const struct in6_addr *addr) { return false; }
static inline const struct net_device *
lbx_isolate_route6(struct net *net, const struct in6_addr *addr, bool *is_local)
{
	return NULL;
}

static inline const struct net_device *
lbx_isolate_headers6(struct net *net, const struct sk_buff *skb)
{
	return NULL;
}

static inline bool lbx_isolate_reverse6(struct net *net, const struct sk_buff *skb)
{
	return false;
}

static inline int lbx_addr6_init(void) { return 0; }
static inline void lbx_addr6_exit(void) { }
#endif

#if IS_ENABLED(CONFIG_IPV6) && !defined(LBX_HAVE_CARRIES_LOCAL)
/* address6.c */
void lbx_addr6_up(struct net_device *dev);
void lbx_addr6_linklocals(struct net *net);

/* mirror.c */
void lbx_mirror_queue_work(struct net *net);
void lbx_mirror_queue_routes(struct net *net);
struct net_device *lbx_mirror_owner(struct net *net, const struct dst_entry *dst,
				    bool *gone);
int lbx_mirror_init(void);
void lbx_mirror_exit(void);

/* route6.c */
int lbx_route6_update(struct net *net);
#else
static inline void lbx_addr6_up(struct net_device *dev) { }
static inline void lbx_mirror_queue_work(struct net *net)
{
	lbx_isolate_release_hooks(net);
}

static inline struct net_device *
lbx_mirror_owner(struct net *net, const struct dst_entry *dst, bool *gone)
{
	return NULL;
}

static inline int lbx_mirror_init(void) { return 0; }
static inline void lbx_mirror_exit(void) { }
#endif

/* Return the device that an IPv6 packet with the route @dst belongs to: the lbx device
 * if the route is that of a mirror, NULL for any other route on lo, and else the device
 * of the route.  @gone: see lbx_mirror_owner().  RCU
 */
static inline struct net_device *lbx_owner6(struct net *net, const struct dst_entry *dst,
					    bool *gone)
{
	return dst->dev == net->loopback_dev ? lbx_mirror_owner(net, dst, gone) :
					       dst->dev;
}

#endif /* _LBX_H */
