// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of a device, and their readers: "ip -s link" (stats64), "ethtool -S" (also
 * per CPU) and IFLA_INFO_XSTATS.
 */
#include <linux/ethtool.h>
#include <net/netlink.h>

#include "lbx.h"
#include "trace.h"

#define LBX_COUNTERS	ARRAY_SIZE(((struct lbx_stats *)0)->count)

/* Names in "ethtool -S", indexed by LBX_XSTATS_* - 1 */
static const char lbx_counter_names[][ETH_GSTRING_LEN] = {
	"queued_packets",
	"queued_bytes",
	"direct_packets",
	"direct_bytes",
	"claimed_packets",
	"claimed_bytes",
	"inline_packets",
	"multicast_packets",
	"drop_not_local",
	"drop_isolated",
	"drop_backlog",
	"drop_down",
	"drop_malformed",
};

int lbx_stats_alloc(struct net_device *dev)
{
	struct lbx_priv *priv = netdev_priv(dev);

	BUILD_BUG_ON(ARRAY_SIZE(lbx_counter_names) != LBX_COUNTERS);
	BUILD_BUG_ON(LBX_XSTATS_MULTICAST_PACKETS != 8);

	priv->stats = netdev_alloc_pcpu_stats(struct lbx_stats);
	return priv->stats ? 0 : -ENOMEM;
}

void lbx_stats_free(struct net_device *dev)
{
	struct lbx_priv *priv = netdev_priv(dev);

	free_percpu(priv->stats);
}

/**
 * lbx_count_drop - count and trace a dropped packet
 * @dev: an lbx device
 * @skb: the packet, or NULL if it is freed already
 * @reason: LBX_XSTATS_DROP_*
 *
 * Context: any.  netpoll calls with hardirqs off, where local_bh_enable() would turn
 *	them on to run softirqs.
 */
void lbx_count_drop(const struct net_device *dev, const struct sk_buff *skb,
		    unsigned int reason)
{
	const struct lbx_priv *priv = netdev_priv(dev);
	struct lbx_stats *stats;
	unsigned long flags;

	trace_lbx_drop(skb, dev, reason);
	stats = get_cpu_ptr(priv->stats);
	flags = u64_stats_update_begin_irqsave(&stats->syncp);
	u64_stats_inc(&stats->count[reason - 1]);
	u64_stats_update_end_irqrestore(&stats->syncp, flags);
	put_cpu_ptr(priv->stats);
}

static void lbx_add_cpu(const struct net_device *dev, int cpu, u64 *sum)
{
	const struct lbx_priv *priv = netdev_priv(dev);
	const struct lbx_stats *stats = per_cpu_ptr(priv->stats, cpu);
	u64 count[LBX_COUNTERS];
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		for (i = 0; i < LBX_COUNTERS; i++)
			count[i] = u64_stats_read(&stats->count[i]);
	} while (u64_stats_fetch_retry(&stats->syncp, start));

	for (i = 0; i < LBX_COUNTERS; i++)
		sum[i] += count[i];
}

static void lbx_sum(const struct net_device *dev, u64 *sum)
{
	int cpu;

	memset(sum, 0, LBX_COUNTERS * sizeof(*sum));
	for_each_possible_cpu(cpu)
		lbx_add_cpu(dev, cpu, sum);
}

/**
 * lbx_get_stats64 - ndo_get_stats64
 * @dev: an lbx device
 * @stats: zeroed, to fill
 *
 * Every sent packet is received, as on lo, so both directions have the same figures.
 * Backlog drops are not added here: enqueue_to_backlog() has counted them, and
 * dev_get_stats() adds them.
 *
 * Context: RCU or RTNL.
 */
void lbx_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	u64 sum[LBX_COUNTERS];

	lbx_sum(dev, sum);
	stats->tx_packets = sum[LBX_XSTATS_QUEUED_PACKETS - 1] +
			    sum[LBX_XSTATS_DIRECT_PACKETS - 1] +
			    sum[LBX_XSTATS_CLAIMED_PACKETS - 1];
	stats->tx_bytes = sum[LBX_XSTATS_QUEUED_BYTES - 1] +
			  sum[LBX_XSTATS_DIRECT_BYTES - 1] +
			  sum[LBX_XSTATS_CLAIMED_BYTES - 1];
	stats->rx_packets = stats->tx_packets;
	stats->rx_bytes = stats->tx_bytes;
	stats->multicast = sum[LBX_XSTATS_MULTICAST_PACKETS - 1];
	stats->tx_dropped = sum[LBX_XSTATS_DROP_NOT_LOCAL - 1] +
			    sum[LBX_XSTATS_DROP_MALFORMED - 1];
	stats->rx_dropped = sum[LBX_XSTATS_DROP_ISOLATED - 1];
}

/* The totals, then the counters of each possible CPU: "cpu0_", "cpu1_", ... */
int lbx_get_sset_count(struct net_device *dev, int sset)
{
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return LBX_COUNTERS * (1 + num_possible_cpus());
}

void lbx_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	unsigned int i;
	int cpu;

	if (sset != ETH_SS_STATS)
		return;

	memcpy(data, lbx_counter_names, sizeof(lbx_counter_names));
	data += sizeof(lbx_counter_names);
	for_each_possible_cpu(cpu)
		for (i = 0; i < LBX_COUNTERS; i++)
			ethtool_sprintf(&data, "cpu%d_%s", cpu,
					lbx_counter_names[i]);
}

void lbx_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *es,
			   u64 *data)
{
	int cpu;

	memset(data, 0, es->n_stats * sizeof(*data));
	lbx_sum(dev, data);
	for_each_possible_cpu(cpu) {
		data += LBX_COUNTERS;
		lbx_add_cpu(dev, cpu, data);
	}
}

/* rtnl_link_get_size() adds the header of the nest */
size_t lbx_get_xstats_size(const struct net_device *dev)
{
	return LBX_COUNTERS * nla_total_size_64bit(sizeof(u64));
}

/**
 * lbx_fill_xstats - rtnl_link_ops.fill_xstats: fill IFLA_INFO_XSTATS
 * @skb: the message
 * @dev: an lbx device
 *
 * Context: RTNL, or RCU in newer kernels.
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int lbx_fill_xstats(struct sk_buff *skb, const struct net_device *dev)
{
	u64 sum[LBX_COUNTERS];
	struct nlattr *nest;
	unsigned int i;

	nest = nla_nest_start(skb, IFLA_INFO_XSTATS);
	if (!nest)
		return -EMSGSIZE;

	lbx_sum(dev, sum);
	for (i = 0; i < LBX_COUNTERS; i++) {
		if (nla_put_u64_64bit(skb, i + 1, sum[i], LBX_XSTATS_PAD)) {
			nla_nest_cancel(skb, nest);
			return -EMSGSIZE;
		}
	}
	nla_nest_end(skb, nest);
	return 0;
}
