/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lbx: what the files of the driver share
 *
 *   main.c      the module: parameters, load and unload
 *   device.c    the net_device and its netlink kind
 *   xmit.c      the path of a packet, transmit and receive
 *   neigh.c     the neighbour's output: who carries while the device is down
 *   address.c   which IPv4 addresses a device takes
 *   address6.c  which IPv6 addresses it takes, and the ones it has of itself
 *   mirror.c    a copy of each IPv6 address on lo, so that a server can bind it
 *   compat.h    what differs between kernel versions
 */
#ifndef _LBX_H
#define _LBX_H

#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>
#include <linux/lbx.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>

/**
 * struct lbx_stats - one CPU's counters of one device
 * @packets: packets handed to the receive path
 * @bytes: their length without the Ethernet header, as lo counts it
 * @not_local: packets dropped because their route is not a local one
 * @syncp: lets 32-bit readers see the 64-bit counters whole
 *
 * Written with softirqs off by lbx_xmit() only, on the CPU that they belong to.
 */
struct lbx_stats {
	u64_stats_t		packets;
	u64_stats_t		bytes;
	u64_stats_t		not_local;
	struct u64_stats_sync	syncp;
};

/**
 * struct lbx_priv - the private part of an lbx net_device
 * @stats: per-CPU counters
 * @in6_dev: the inet6_dev that lbx_addr6_setup() has set up, compared and never
 *	dereferenced; RTNL
 */
struct lbx_priv {
	struct lbx_stats __percpu *stats;
	const void		*in6_dev;
};

/* device.c */
extern struct rtnl_link_ops lbx_link_ops;
bool lbx_is_lbx(const struct net_device *dev);
int lbx_register(struct net_device *dev, struct netlink_ext_ack *extack);
int lbx_device_init(void);
void lbx_device_exit(void);

/* xmit.c */
netdev_tx_t lbx_xmit(struct sk_buff *skb, struct net_device *dev);
rx_handler_result_t lbx_receive(struct sk_buff **pskb);

/* neigh.c */
int lbx_neigh_construct(struct net_device *dev, struct neighbour *n);

/* address.c */
void lbx_addr_setup(struct net_device *dev);
int lbx_addr_init(void);
void lbx_addr_exit(void);

#if IS_ENABLED(CONFIG_IPV6)
/* address6.c */
bool lbx_addr6_setup(struct net_device *dev);
void lbx_addr6_up(struct net_device *dev);
int lbx_addr6_init(void);
void lbx_addr6_exit(void);

/* mirror.c */
void lbx_mirror_sync(struct net *net, bool reorder);
int lbx_mirror_init(void);
void lbx_mirror_exit(void);
#else
static inline bool lbx_addr6_setup(struct net_device *dev) { return false; }
static inline void lbx_addr6_up(struct net_device *dev) { }
static inline int lbx_addr6_init(void) { return 0; }
static inline void lbx_addr6_exit(void) { }
static inline int lbx_mirror_init(void) { return 0; }
static inline void lbx_mirror_exit(void) { }
#endif

#endif /* _LBX_H */
