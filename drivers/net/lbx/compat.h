/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels that lbx supports, 6.1 to 7.2.  The rest of the
 * driver is written for the newest of them.  Only this file checks for versions, and
 * Kbuild for what a version does not determine.
 */
#ifndef _LBX_COMPAT_H
#define _LBX_COMPAT_H

#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/version.h>
#include <net/addrconf.h>
#include <net/genetlink.h>
#include <net/ip6_fib.h>
#include <net/rtnetlink.h>

/* 6.10 and some stable series added it */
#ifndef dst_rt6_info
#define dst_rt6_info(_ptr)	container_of_const(_ptr, struct rt6_info, dst)
#endif

/* 6.12 turned NETIF_F_LLTX and NETIF_F_NETNS_LOCAL into members of net_device.  6.15
 * renamed the second one and stable series followed, so the version does not determine
 * the name: Kbuild looks it up.
 */
static inline void lbx_compat_set_lltx(struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

static inline void lbx_compat_set_netns_immutable(struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	dev->features |= NETIF_F_NETNS_LOCAL;
#elif defined(LBX_HAVE_NETNS_IMMUTABLE)
	dev->netns_immutable = true;
#else
	dev->netns_local = true;
#endif
}

/* 6.10 moved it from net/ipv6/addrconf.c to a header */
#ifndef INFINITY_LIFE_TIME
#define INFINITY_LIFE_TIME	0xFFFFFFFF
#endif

/* 6.9 moved rps_needed to a header of its own */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#include <net/rps.h>
#endif

/* 6.3 split gso_max_size by family */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline unsigned int netif_get_gso_max_size(const struct net_device *dev,
						  const struct sk_buff *skb)
{
	return READ_ONCE(dev->gso_max_size);
}
#endif

/* Return true if nft, tc or cgroup net_prio is in use at the egress of @dev, or, in the
 * second function, if nft or tc is at its ingress.  6.6 added tcx.  The pointers are
 * ORed to get one branch.
 */
static inline bool lbx_compat_has_egress(const struct net_device *dev)
{
	unsigned long users = 0;

#ifdef CONFIG_NETFILTER_EGRESS
	users |= (unsigned long)rcu_access_pointer(dev->nf_hooks_egress);
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#ifdef CONFIG_NET_CLS_ACT
	users |= (unsigned long)rcu_access_pointer(dev->miniq_egress);
#endif
#else
#ifdef CONFIG_NET_XGRESS
	users |= (unsigned long)rcu_access_pointer(dev->tcx_egress);
#endif
#endif
#if IS_ENABLED(CONFIG_CGROUP_NET_PRIO)
	users |= (unsigned long)rcu_access_pointer(dev->priomap);
#endif
	return users;
}

static inline bool lbx_compat_has_ingress(const struct net_device *dev)
{
	unsigned long users = 0;

#ifdef CONFIG_NETFILTER_INGRESS
	users |= (unsigned long)rcu_access_pointer(dev->nf_hooks_ingress);
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#ifdef CONFIG_NET_CLS_ACT
	users |= (unsigned long)rcu_access_pointer(dev->miniq_ingress);
#endif
#else
#ifdef CONFIG_NET_XGRESS
	users |= (unsigned long)rcu_access_pointer(dev->tcx_ingress);
#endif
#endif
	return users;
}

/* True if validate_xmit_skb() has to encrypt or drop @skb:
 *
 * - IPsec: a sec path
 * - kTLS and PSP: decrypted
 * - device memory: unreadable, from 6.12 on
 *
 * One expression, so that GCC tests bits of one byte together.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#ifdef CONFIG_TLS_DEVICE
#define lbx_compat_is_opaque(skb)	((skb)->decrypted)
#else
#define lbx_compat_is_opaque(skb)	false
#endif
#elif defined(CONFIG_SKB_DECRYPTED)
#define lbx_compat_is_opaque(skb)	((skb)->decrypted || (skb)->unreadable)
#else
#define lbx_compat_is_opaque(skb)	((skb)->unreadable)
#endif

static inline bool lbx_compat_is_special(const struct sk_buff *skb)
{
#ifdef CONFIG_XFRM
	if (skb_ext_exist(skb, SKB_EXT_SEC_PATH))
		return true;
#endif
	if (lbx_compat_is_opaque(skb))
		return true;
	return false;
}

/* 6.2 gave the extack room for a formatted text.  Before, compat.c keeps the texts. */
#ifndef NL_SET_ERR_MSG_FMT
__printf(3, 4)
void lbx_compat_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
		       const char *fmt, ...);
void lbx_compat_exit(void);

#define NL_SET_ERR_MSG_ATTR_FMT(extack, attr, fmt, args...)		\
	lbx_compat_refuse(extack, attr, fmt, ##args)
#else
static inline void lbx_compat_exit(void) { }
#endif

/* 6.15 made the lists of captures per netns, and put RCU into the function's name */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define dev_nit_active_rcu(dev)	dev_nit_active(dev)
#endif

/* neigh_table::lock was an rwlock_t, and became a spinlock_t after 6.12 */
static inline void lbx_compat_rw_lock(rwlock_t *lock)
{
	write_lock_bh(lock);
}

static inline void lbx_compat_rw_unlock(rwlock_t *lock)
{
	write_unlock_bh(lock);
}

static inline void lbx_compat_spin_lock(spinlock_t *lock)
{
	spin_lock_bh(lock);
}

static inline void lbx_compat_spin_unlock(spinlock_t *lock)
{
	spin_unlock_bh(lock);
}

#define lbx_compat_neigh_lock(lock)					\
	_Generic(lock, rwlock_t * : lbx_compat_rw_lock,			\
		 spinlock_t * : lbx_compat_spin_lock)(lock)
#define lbx_compat_neigh_unlock(lock)					\
	_Generic(lock, rwlock_t * : lbx_compat_rw_unlock,		\
		 spinlock_t * : lbx_compat_spin_unlock)(lock)

/* Return true if the device is about to become a port of a bond.  6.2 added
 * IFF_NO_ADDRCONF.  Before, addrconf checked IFF_SLAVE, which was set as early.
 */
static inline bool lbx_compat_is_port(const struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return dev->flags & IFF_SLAVE;
#else
	return dev->priv_flags & IFF_NO_ADDRCONF;
#endif
}

/* 6.15 moved netdev_lockdep_set_classes() to a header of its own */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#include <net/netdev_lock.h>
#endif

/* 6.13 began to split RTNL by network namespace */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define rtnl_net_lock(net)	rtnl_lock()
#define rtnl_net_unlock(net)	rtnl_unlock()
#endif

/* 6.7 put the attributes of a dump into a genl_info */
static inline struct nlattr **lbx_compat_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_info_dump(cb)->attrs;
#endif
}

/* 6.15 packed the arguments of rtnl_link_ops::newlink into a structure */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define LBX_COMPAT_NEWLINK_ARGS						\
	struct net *src_net, struct net_device *dev, struct nlattr *tb[],	\
	struct nlattr *data[], struct netlink_ext_ack *extack
#define LBX_COMPAT_NEWLINK_DATA	data
#else
#define LBX_COMPAT_NEWLINK_ARGS						\
	struct net_device *dev, struct rtnl_newlink_params *params,	\
	struct netlink_ext_ack *extack
#define LBX_COMPAT_NEWLINK_DATA	params->data
#endif

/* A kernel with the draft series of Documentation/upstream has
 * net_device::carries_local: local routes lead to the device, which is not an L3
 * master, and IFF_LOOPBACK may be set while it registers.  Kbuild looks the member up.
 * With it, lbx is built without mirror.c, route6.c, conntrack.c, the link-local address
 * and what an L3 master needs in device.c, address.c and address6.c.
 */
#ifdef LBX_HAVE_CARRIES_LOCAL
#define LBX_COMPAT_L3MDEV_MASTER	0

static inline void lbx_compat_set_carries_local(struct net_device *dev)
{
	dev->flags = IFF_LOOPBACK;
	dev->carries_local = true;
}
#else
#define LBX_COMPAT_L3MDEV_MASTER	IFF_L3MDEV_MASTER
#endif

#endif /* _LBX_COMPAT_H */
