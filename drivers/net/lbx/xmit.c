// SPDX-License-Identifier: GPL-2.0-only
/*
 * The path of a packet: transmit hands it to the receive path of the same
 * device.  Follows loopback_xmit() in drivers/net/loopback.c, with two additions:
 * a packet is captured once, and one whose route is not local does not come in.
 */
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/skbuff.h>
#include <net/dst_metadata.h>
#include <net/route.h>

#include "compat.h"
#include "lbx.h"

/* A packet that is forwarded to an lbx device, and not to an address of it, keeps
 * its route (netif_keep_dst()) and would be forwarded again on arrival, round and
 * round until its TTL ends.  On lo it does.
 *
 * What the machine itself sends by a loopback is local to __mkroute_output()
 * whatever the route's type, and has to be: the answer to a ping between two lbx
 * devices is searched in the L3 domain of the one that the request came by, is
 * taken for on-link when not found there, and arrives by this.  Broadcast and
 * multicast are for ip_local_deliver() if a socket joined and for dst_discard() if
 * none did, but captures shall see both, as on lo.  In IPv6
 * ip6_route_info_create() makes any other route through a loopback a reject route,
 * but multicast routing has a way out of its own (ip6mr_forward2()).
 */
static bool lbx_route_is_local(const struct sk_buff *skb)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (!skb_valid_dst(skb))
		return true;

	switch (dst->ops->family) {
	case AF_INET:
		return container_of(dst, struct rtable, dst)->rt_flags &
		       (RTCF_LOCAL | RTCF_BROADCAST | RTCF_MULTICAST);
	case AF_INET6:
		return dst_rt6_info(dst)->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST) ||
		       ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
	}
	return true;
}

/**
 * lbx_xmit - ndo_start_xmit: loop a packet back
 * @skb: the packet, with its Ethernet header
 * @dev: an lbx device
 *
 * Context: softirqs off, as __dev_queue_xmit() calls; reentrant on other CPUs
 *	(lltx), no lock held.
 * Return: NETDEV_TX_OK, always: what cannot be delivered is dropped and counted.
 */
netdev_tx_t lbx_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct lbx_stats *stats = this_cpu_ptr(((struct lbx_priv *)netdev_priv(dev))->stats);
	int len;

	if (unlikely(!lbx_route_is_local(skb))) {
		u64_stats_update_begin(&stats->syncp);
		u64_stats_inc(&stats->not_local);
		u64_stats_update_end(&stats->syncp);
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_OUTNOROUTES);
		return NETDEV_TX_OK;
	}

	skb_tx_timestamp(skb);

	/* do not fool net_timestamp_check() with various clock bases */
	skb_clear_tstamp(skb);

	skb_orphan(skb);

	/* the route must outlive the queue of __netif_rx() */
	skb_dst_force(skb);

	skb->protocol = eth_type_trans(skb, dev);

	/* dev_queue_xmit_nit() has shown it to captures; with this type
	 * packet_rcv() passes over the receive side's copy, as for
	 * vrf_local_xmit().  lbx_receive() sets the true one.
	 */
	skb->pkt_type = PACKET_LOOPBACK;

	len = skb->len;
	if (likely(__netif_rx(skb) == NET_RX_SUCCESS)) {
		u64_stats_update_begin(&stats->syncp);
		u64_stats_inc(&stats->packets);
		u64_stats_add(&stats->bytes, len);
		u64_stats_update_end(&stats->syncp);
	}

	return NETDEV_TX_OK;
}

/* What eth_type_trans() takes a frame for */
static unsigned char lbx_pkt_type(const struct sk_buff *skb)
{
	const struct ethhdr *eth = eth_hdr(skb);

	if (likely(ether_addr_equal_64bits(eth->h_dest, skb->dev->dev_addr)))
		return PACKET_HOST;
	if (!is_multicast_ether_addr_64bits(eth->h_dest))
		return PACKET_OTHERHOST;
	if (ether_addr_equal_64bits(eth->h_dest, skb->dev->broadcast))
		return PACKET_BROADCAST;
	return PACKET_MULTICAST;
}

/**
 * lbx_receive - rx_handler: after the captures, before the protocols
 * @pskb: the packet
 *
 * tcp_v4_rcv() and others take PACKET_HOST only, so the type that lbx_xmit() set
 * ends here; a frame injected with another destination address becomes
 * PACKET_OTHERHOST, as eth_type_trans() has it on lo.
 *
 * Context: softirq, RCU read side, from __netif_receive_skb_core().
 * Return: RX_HANDLER_PASS, always.
 */
rx_handler_result_t lbx_receive(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;

	if (likely(skb->pkt_type == PACKET_LOOPBACK))
		skb->pkt_type = lbx_pkt_type(skb);
	return RX_HANDLER_PASS;
}
