/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that lbx builds for, 6.1 to 7.2.  The rest of
 * the driver is written for the newest of them; no other file asks for a version.
 */
#ifndef _LBX_COMPAT_H
#define _LBX_COMPAT_H

#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/version.h>
#include <net/ip6_fib.h>
#include <net/rtnetlink.h>

/* 6.10 and some of the stable series */
#ifndef dst_rt6_info
#define dst_rt6_info(_ptr)	container_of_const(_ptr, struct rt6_info, dst)
#endif

/* 6.12 turned NETIF_F_LLTX and NETIF_F_NETNS_LOCAL into members of net_device.
 * 6.15 renamed the second of them and stable series followed, so that no version
 * tells which name it has: Kbuild looks it up.
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

/* Does nft or tc do something to what leaves by @dev?  6.6 brought tcx. */
static inline bool lbx_compat_has_egress(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(dev->nf_hooks_egress))
		return true;
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#ifdef CONFIG_NET_CLS_ACT
	if (rcu_access_pointer(dev->miniq_egress))
		return true;
#endif
#else
#ifdef CONFIG_NET_XGRESS
	if (rcu_access_pointer(dev->tcx_egress))
		return true;
#endif
#endif
	return false;
}

/* 6.2 gave the extack room for a text of its own.  Before, it points to one that
 * must last until the answer is sent, which is after RTNL: in the worst case, of
 * two requests that are refused in the same moment, the first gets the second's.
 */
#ifndef NL_SET_ERR_MSG_FMT
#define NL_SET_ERR_MSG_ATTR_FMT(extack, attr, fmt, args...) do {		\
	static char __text[128];						\
										\
	scnprintf(__text, sizeof(__text), fmt, ##args);				\
	do_trace_netlink_extack(__text);					\
	if (extack) {								\
		(extack)->_msg = __text;					\
		(extack)->bad_attr = (attr);					\
		(extack)->policy = NULL;					\
	}									\
} while (0)
#endif

/* 6.15 made the lists of captures per netns, and asks for RCU by name */
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

/* 6.15 moved netdev_lockdep_set_classes() to a header of its own */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#include <net/netdev_lock.h>
#endif

/* 6.13 began to split RTNL by network namespace */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define rtnl_net_lock(net)	rtnl_lock()
#define rtnl_net_unlock(net)	rtnl_unlock()
#endif

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

#endif /* _LBX_COMPAT_H */
