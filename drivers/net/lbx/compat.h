/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that lbx builds for, 6.1 to 7.2.  The rest of
 * the driver is written for the newest of them; no other file asks for a version.
 */
#ifndef _LBX_COMPAT_H
#define _LBX_COMPAT_H

#include <linux/netdevice.h>
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
#else
#define LBX_COMPAT_NEWLINK_ARGS						\
	struct net_device *dev, struct rtnl_newlink_params *params,	\
	struct netlink_ext_ack *extack
#endif

#endif /* _LBX_COMPAT_H */
