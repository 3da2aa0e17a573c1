// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet paths: transmit passes a packet to the receive path of the same device.
 *
 * Follows loopback_xmit() in drivers/net/loopback.c, with two additions: a capture sees
 * a packet once, and a packet whose route is not local is not received.
 *
 * A packet comes here by one of three paths: queued (lbx_xmit()), direct, from IP
 * without the queue (lbx_xmit_direct(), see neigh.c), or claimed, from lo
 * (lbx_xmit_claimed(), see claim_hook.c).
 */
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/sched/task_stack.h>
#include <linux/skbuff.h>
#include <net/dst_metadata.h>
#include <net/neighbour.h>
#include <net/pkt_sched.h>
#include <net/route.h>

#include "compat.h"
#include "lbx.h"
#define CREATE_TRACE_POINTS
#include "trace.h"

/* More of the task's stack than the receive path needs: half of it */
#define LBX_STACK_NEEDED	(THREAD_SIZE / 2)

enum lbx_route {
	LBX_ROUTE_LOCAL,
	LBX_ROUTE_MULTICAST,	/* or broadcast */
	LBX_ROUTE_OTHER,
	LBX_ROUTE_NOT_IP,	/* only with want_ip: no route of IP, or another protocol */
};

/* Return the kind of a packet's route.
 *
 * LBX_ROUTE_OTHER: a packet that is forwarded to an lbx device, but not to an address
 * of it, keeps its route (netif_keep_dst()).  On arrival it would be forwarded again
 * and again until its TTL ends, as on lo.  In IPv6, ip6_route_info_create() makes any
 * other route through a loopback a reject route, but multicast routing has an output
 * path of its own (ip6mr_forward2()).
 *
 * LBX_ROUTE_LOCAL: __mkroute_output() makes the route of a packet that this machine
 * sends by a loopback local, whatever the route's type.  The reply to a ping between
 * two lbx devices needs this: its route is looked up in the L3 domain of the device
 * that the request came by, is taken for on-link when not found there, and brings it
 * here.
 *
 * LBX_ROUTE_MULTICAST: ip_local_deliver() takes a packet if a socket joined, and
 * dst_discard() takes it otherwise.  Captures must see both, as on lo.
 */
static __always_inline enum lbx_route lbx_route(const struct sk_buff *skb,
						bool want_ip)
{
	const struct dst_entry *dst = skb_dst(skb);
	unsigned int flags;

	if (!skb_valid_dst(skb))
		return want_ip ? LBX_ROUTE_NOT_IP : LBX_ROUTE_LOCAL;

	switch (dst->ops->family) {
	case AF_INET:
		if (want_ip && unlikely(skb->protocol != htons(ETH_P_IP)))
			return LBX_ROUTE_NOT_IP;
		flags = container_of(dst, struct rtable, dst)->rt_flags;
		if (unlikely(flags & (RTCF_BROADCAST | RTCF_MULTICAST)))
			return LBX_ROUTE_MULTICAST;
		if (unlikely(!(flags & RTCF_LOCAL)))
			return LBX_ROUTE_OTHER;
		break;
	case AF_INET6:
		if (want_ip && unlikely(skb->protocol != htons(ETH_P_IPV6)))
			return LBX_ROUTE_NOT_IP;
		if (unlikely(ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr)))
			return LBX_ROUTE_MULTICAST;
		flags = dst_rt6_info(dst)->rt6i_flags;
		if (unlikely(!(flags & (RTF_LOCAL | RTF_ANYCAST))))
			return LBX_ROUTE_OTHER;
		break;
	}
	return LBX_ROUTE_LOCAL;
}

/* Return the packet type that eth_type_trans() would set */
static __always_inline unsigned char lbx_pkt_type(const struct ethhdr *eth,
						  const struct net_device *dev)
{
	if (likely(ether_addr_equal_64bits(eth->h_dest, dev->dev_addr)))
		return PACKET_HOST;
	if (!is_multicast_ether_addr_64bits(eth->h_dest))
		return PACKET_OTHERHOST;
	if (ether_addr_equal_64bits(eth->h_dest, dev->broadcast))
		return PACKET_BROADCAST;
	return PACKET_MULTICAST;
}

/* rx_handler: runs after the captures and before the protocols.  tcp_v4_rcv() and
 * others accept only PACKET_HOST, so replace the type that lbx_xmit() set.  An injected
 * frame with another destination address becomes PACKET_OTHERHOST, as by
 * eth_type_trans() on lo.
 */
static rx_handler_result_t lbx_receive(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;

	if (skb->pkt_type == PACKET_LOOPBACK)
		skb->pkt_type = lbx_pkt_type(eth_hdr(skb), skb->dev);
	return RX_HANDLER_PASS;
}

/* Return true if lbx_receive() is the rx_handler, and register it if there is none.
 *
 * An rx_handler costs each packet 20 to 40 instructions, and only packets that a
 * capture sees leave the queue need it.  So the first of them registers it, by
 * cmpxchg(): netdev_rx_handler_register() wants RTNL, to keep two callers from
 * registering at once, and does not replace a handler.  The handler stays until the
 * device is removed.
 */
static bool lbx_ensure_receiver(struct net_device *dev)
{
	rx_handler_func_t *handler = rcu_access_pointer(dev->rx_handler);

	if (!handler)
		handler = cmpxchg((rx_handler_func_t __force **)&dev->rx_handler,
				  NULL, lbx_receive) ?: lbx_receive;
	return handler == lbx_receive;
}

/* netpoll_start_xmit() has hardirqs off, where kfree_skb() must not be called */
static void lbx_drop(struct sk_buff *skb, struct net_device *dev,
		     unsigned int counter, enum skb_drop_reason reason)
{
	lbx_count_drop(dev, skb, counter);
	if (unlikely(in_hardirq() || irqs_disabled()))
		dev_kfree_skb_irq(skb);
	else
		kfree_skb_reason(skb, reason);
}

/* Called with softirqs off, or hardirqs (netpoll) */
static __always_inline void lbx_count(struct net_device *dev,
				      enum lbx_route route,
				      unsigned int packets, unsigned int len,
				      bool is_inline)
{
	struct lbx_priv *priv = netdev_priv(dev);
	struct lbx_stats *stats = this_cpu_ptr(priv->stats);
	unsigned long flags;

	flags = u64_stats_update_begin_irqsave(&stats->syncp);
	u64_stats_inc(&stats->count[packets - 1]);
	u64_stats_add(&stats->count[packets], len);
	if (is_inline)
		u64_stats_inc(&stats->count[LBX_XSTATS_INLINE_PACKETS - 1]);
	if (unlikely(route == LBX_ROUTE_MULTICAST))
		u64_stats_inc(&stats->count[LBX_XSTATS_MULTICAST_PACKETS - 1]);
	u64_stats_update_end_irqrestore(&stats->syncp, flags);
}

/* Pass @skb to the backlog of this CPU.  enqueue_to_backlog() frees a packet that it
 * refuses, and counts it for the device without the reason, so find the reason here.
 */
static __always_inline void lbx_enqueue(struct sk_buff *skb,
					struct net_device *dev,
					enum lbx_route route,
					unsigned int packets)
{
	unsigned int len = skb->len;

	if (likely(__netif_rx(skb) == NET_RX_SUCCESS))
		lbx_count(dev, route, packets, len, false);
	else
		lbx_count_drop(dev, NULL, netif_running(dev) ?
			       LBX_XSTATS_DROP_BACKLOG : LBX_XSTATS_DROP_DOWN);
}

/**
 * lbx_xmit - ndo_start_xmit: loop a packet back
 * @skb: the packet, with its Ethernet header
 * @dev: an lbx device
 *
 * Context: softirqs off, as __dev_queue_xmit() calls; reentrant on other CPUs
 *	(lltx), no lock held.
 * Return: always NETDEV_TX_OK; a packet that cannot be delivered is dropped and
 * counted.
 */
netdev_tx_t lbx_xmit(struct sk_buff *skb, struct net_device *dev)
{
	enum lbx_route route = lbx_route(skb, false);

	if (unlikely(route == LBX_ROUTE_OTHER)) {
		lbx_drop(skb, dev, LBX_XSTATS_DROP_NOT_LOCAL,
			 SKB_DROP_REASON_IP_OUTNOROUTES);
		return NETDEV_TX_OK;
	}

	/* eth_type_trans() does not check this */
	if (unlikely(!pskb_may_pull(skb, ETH_HLEN))) {
		lbx_drop(skb, dev, LBX_XSTATS_DROP_MALFORMED,
			 SKB_DROP_REASON_DEV_HDR);
		return NETDEV_TX_OK;
	}

	/* no PHY to look for */
	if (unlikely(skb_shinfo(skb)->tx_flags & SKBTX_ANY_SW_TSTAMP))
		skb_tx_timestamp(skb);

	/* do not fool net_timestamp_check() with various clock bases */
	skb_clear_tstamp(skb);

	skb_orphan(skb);

	/* the route must outlive the queue of __netif_rx() */
	skb_dst_force(skb);

	skb->protocol = eth_type_trans(skb, dev);

	/* dev_queue_xmit_nit() has shown the packet to captures.  With this type,
	 * packet_rcv() ignores the copy on the receive side, as for vrf_local_xmit().
	 * lbx_receive() then sets the true type.  Only tc and nft at ingress run
	 * between packet_rcv() and lbx_receive().  If there are any, they get the true
	 * type, and a capture shows the packet twice: a capture must not change what a
	 * filter decides.
	 */
	if (unlikely(dev_nit_active_rcu(dev)) &&
	    !lbx_compat_has_ingress(dev) && lbx_ensure_receiver(dev))
		skb->pkt_type = PACKET_LOOPBACK;

	trace_lbx_xmit(skb, dev, LBX_XSTATS_QUEUED_PACKETS, false);
	lbx_enqueue(skb, dev, route, LBX_XSTATS_QUEUED_PACKETS);
	return NETDEV_TX_OK;
}

/* GSO types that validate_xmit_skb() does not segment: those in LBX_OFFLOADS, except
 * fixed IDs, which gso_features_check() allows by the IP header.  Not among them are
 * the types of a guest (SKB_GSO_DODGY), of tunnels and of ESP.
 */
#define LBX_GSO_TYPES	((unsigned int)((LBX_OFFLOADS & NETIF_F_GSO_MASK &	\
					 ~NETIF_F_TSO_MANGLEID) >> NETIF_F_GSO_SHIFT))

/* Return true if __dev_queue_xmit() would have no visible effect on this packet.  The
 * list has its steps, in its order, with what each means here.  "Queue" is a test
 * below: the packet then takes the queued path.
 *
 * __dev_queue_xmit()
 *  1. skb_reset_mac_header(): the callers of lbx_deliver() set the header.
 *  2. SCM_TSTAMP_SCHED, SKBTX_BPF: queue (tx_flags).
 *  3. qdisc_pkt_len_init(), qdisc_pkt_len_segs_init(): set lengths for a qdisc;
 *     sch_handle_ingress() computes its own.  They refuse a bad GSO packet only with
 *     SKB_GSO_DODGY: queue (gso_type).
 *  4. skb_update_prio(): queue if cgroup net_prio has a map for the device
 *     (lbx_compat_has_egress()).
 *  5. tc_at_ingress: sch_handle_ingress() sets it before any reader.
 *  6. nf_hook_egress(), sch_handle_egress(), tcx: queue (lbx_compat_has_egress()).
 *  7. IFF_XMIT_DST_RELEASE is not set: skb_dst_force() in lbx_deliver().
 *  8. netdev_core_pick_tx(): queue if there are several.  The queue mapping is 0 in
 *     packets that IP builds, and lbx_xmit_claimed() clears it.  sender_cpu shares
 *     napi_id, and is below MIN_NAPI_ID, which readers ignore.
 *  9. q->enqueue: queue.  noqueue has none.
 * 10. IFF_UP: a device that is down has noop_qdisc, which has enqueue(): see 9.
 * 11. xmit_lock_owner, dev_xmit_recursion(): lbx_deliver() does not nest, see
 *     lbx_may_receive_inline() and lbx_receive_next().
 *
 * validate_xmit_skb()
 * 12. Unreadable fragments (device memory), which are dropped: queue
 *     (lbx_compat_is_special()).
 * 13. netif_skb_features():
 *     - dev->features: queue unless all of LBX_OFFLOADS are on.
 *     - gso_features_check(): queue (gso_segs, length, gso_type).  NETIF_F_IPV6_CSUM
 *       and gso_partial_features are not set.
 *     - skb->encapsulation: queue.  hw_enc_features is 0, so checksum and
 *       segmentation are done in software.
 *     - skb_vlan_tagged(), vlan_features_check(): a packet of IP has no tag, because
 *       __netif_receive_skb_core() clears it.  lbx_xmit_claimed() tests for a tag that
 *       tc has put on a packet to lo.
 *     - harmonize_features(): only MPLS loses features, and only IPv4 and IPv6 take
 *       this path, see lbx_xmit_direct().  NETIF_F_HIGHDMA is set.
 * 14. validate_xmit_vlan(): see 13.
 * 15. sk_validate_xmit_skb(): encrypts or drops packets that kTLS or PSP offload has
 *     marked as decrypted: queue (lbx_compat_is_special()).
 * 16. netif_needs_gso(): queue (gso_type, ip_summed).  A GSO packet without
 *     CHECKSUM_PARTIAL has to be segmented: UDP with IPv6 extension headers.
 * 17. skb_needs_linearize(): never with NETIF_F_SG and NETIF_F_FRAGLIST, see 13.
 * 18. skb_csum_hwoffload_help(): does nothing with NETIF_F_HW_CSUM and
 *     NETIF_F_SCTP_CRC, see 13.  ip_rcv_core() and ip6_rcv_core() set the transport
 *     header again.
 * 19. validate_xmit_xfrm(): encrypts packets that esp4_offload and esp6_offload have
 *     left to it: queue (lbx_compat_is_special()).
 *
 * dev_hard_start_xmit()
 * 20. netif_xmit_stopped(): nothing stops the queue.  lltx: no lock, no dev_watchdog().
 *     xmit_more: there is no doorbell.
 * 21. dev_queue_xmit_nit(): not done.  A capture sees the packet as received.  Of the
 *     two copies on lo, this is the one that libpcap shows.
 * 22. The tracepoints net_dev_queue, net_dev_start_xmit and net_dev_xmit: not done.
 *     The tracepoint lbx_xmit replaces them.
 * 23. ndo_start_xmit, which is lbx_xmit(): skb_tx_timestamp() has nothing to do, see
 *     2; the rest is in lbx_deliver().
 *
 * The tests are in the order of their cost.  @skb may have its Ethernet header or not.
 * Called under RCU.
 */
static __always_inline bool lbx_may_skip_queue(const struct sk_buff *skb,
					       const struct net_device *dev)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	const struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);

	if (unlikely(rcu_dereference_check(txq->qdisc, 1)->enqueue ||
		     dev->num_tx_queues > 1))
		return false;
	if (unlikely((dev->features & LBX_OFFLOADS) != LBX_OFFLOADS))
		return false;
	if (unlikely(lbx_compat_has_egress(dev)))
		return false;
	if (unlikely(lbx_compat_is_special(skb) || skb->encapsulation))
		return false;
	if (unlikely(shinfo->tx_flags & SKBTX_ANY_SW_TSTAMP))
		return false;
	if (!shinfo->gso_size)
		return true;
	return likely(shinfo->gso_segs <= READ_ONCE(dev->gso_max_segs) &&
		      skb->len + ETH_HLEN < netif_get_gso_max_size(dev, skb) &&
		      shinfo->gso_type && !(shinfo->gso_type & ~LBX_GSO_TYPES) &&
		      skb->ip_summed == CHECKSUM_PARTIAL);
}

/* Return true if netif_receive_skb() may be called in the sender's context (inline
 * receive) instead of by a softirq.  @bh: the softirq levels that the callers have
 * added themselves.
 *
 * In process context with softirqs on (except for @bh) it is safe, because lo does the
 * same: __dev_queue_xmit() ends with rcu_read_unlock_bh(), which runs the softirq that
 * netif_rx() has raised before it returns to the same caller, with the same locks held.
 * So no lock is held that the receive path could take; lockdep makes sure of that for
 * all callers (a lock that is taken in softirq is taken with softirqs off elsewhere).
 * Hardirqs are on; otherwise __local_bh_enable_ip() would complain on lo as well.  If
 * the owner of a socket is busy with it (sk_lock.owned), the socket takes the packet to
 * its own backlog, as it does from a softirq.
 *
 * Softirqs are off during an inline receive.  So a packet that is sent meanwhile, such
 * as an ACK or a ping reply, is not received inside it, which ends the recursion.  It
 * is received next, see lbx_receive_next().
 *
 * Not inline, in the order of the tests:
 * 1. On PREEMPT_RT: preempt_count() does not show softirqs, and softirqs are threads
 *    with a priority.
 * 2. If the stack grows up: the test of the stack is for one that grows down.
 * 3. In NMI, hardirq or softirq context, or with softirqs off by others.
 * 4. If the task's stack is more than half used.  A softirq has a stack of its own on
 *    most machines (do_softirq_own_stack()).
 * 5. If the task may use the memory reserves (PF_MEMALLOC: reclaim that writes to a
 *    local NFS server or network block device).  handle_softirqs() masks the flag.
 */
static __always_inline bool lbx_may_receive_inline(unsigned int bh)
{
	unsigned long stack_left = (unsigned long)__builtin_frame_address(0) -
				   (unsigned long)task_stack_page(current);

	if (IS_ENABLED(CONFIG_PREEMPT_RT) || IS_ENABLED(CONFIG_STACK_GROWSUP))
		return false;

	return (preempt_count() & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_MASK)) == bh &&
	       likely(stack_left > LBX_STACK_NEEDED &&
		      !(current->flags & PF_MEMALLOC));
}

/* Make the receive path treat the inline receive as a softirq.  It runs in the context
 * of the sender, and every user of in_task() would treat the sender as the receiver:
 * the memory cgroup that pays for a server's new sockets (current_obj_cgroup(),
 * mem_cgroup_sk_alloc()), cls_cgroup, CPU time, fault injection, kcov, workqueue
 * chaining.  With this bit, in_serving_softirq() is true as in handle_softirqs().
 * "Receive path in a sender's context" in Documentation/design.rst lists everything
 * that depends on it.  Softirqs are off already.
 */
static __always_inline void lbx_softirq_enter(void)
{
	preempt_count_add(SOFTIRQ_OFFSET);
	barrier();
	lockdep_softirq_enter();
}

static __always_inline void lbx_softirq_exit(void)
{
	lockdep_softirq_exit();
	barrier();
	preempt_count_sub(SOFTIRQ_OFFSET);
}

/* Return true if an earlier packet of the flow may still be in a backlog:
 *
 * 1. With RPS, in the backlog of any CPU; get_rps_cpu() knows which.
 * 2. In the backlog of this CPU.  enqueue_to_backlog() sets the bit with the first
 *    packet, and process_backlog() clears it after it has received the last one, on any
 *    CPU.
 */
static __always_inline bool lbx_may_overtake(void)
{
#ifdef CONFIG_RPS
	if (static_branch_unlikely(&rps_needed))
		return true;
#endif
	return this_cpu_read(softnet_data.backlog.state) & BIT(NAPI_STATE_SCHED);
}

/* Limit of packets that are sent and received next during one inline receive.  Further
 * packets go to the backlog, which netdev_max_backlog limits.  process_backlog()
 * receives as many packets before it checks whether others want the CPU.
 */
#define LBX_NEXT_MAX		64

/**
 * struct lbx_next - packets sent during an inline receive, to be received next
 * @head: the first packet, or NULL
 * @tail: the last packet, valid if there is one
 * @budget: number of packets that may still be added; 0 outside of an inline receive
 *
 * Per CPU.  Softirqs are off during an inline receive, so nobody else sends on this
 * CPU.  A device that is removed waits for the end of the inline receive (RCU).
 */
struct lbx_next {
	struct sk_buff	*head;
	struct sk_buff	*tail;
	unsigned int	budget;
};

static DEFINE_PER_CPU(struct lbx_next, lbx_next);

struct lbx_skb_cb {
	unsigned int packets;	/* the counter, as for lbx_count() */
};

#define LBX_SKB_CB(skb)		((struct lbx_skb_cb *)(skb)->cb)

/* Take @skb if an inline receive is running and its budget is not used up.  All packets
 * taken are received before the backlog, so a later packet of the flow that finds no
 * room, and goes to the backlog, overtakes none of them.
 */
static __always_inline bool lbx_receive_next(struct sk_buff *skb,
					     unsigned int packets)
{
	struct lbx_next *next = this_cpu_ptr(&lbx_next);

	if (!next->budget)
		return false;

	next->budget--;
	LBX_SKB_CB(skb)->packets = packets;
	skb_mark_not_on_list(skb);
	if (next->head)
		next->tail->next = skb;
	else
		next->head = skb;
	next->tail = skb;
	return true;
}

static noinline void lbx_receive_all_next(void)
{
	struct lbx_next *next = this_cpu_ptr(&lbx_next);
	struct sk_buff *skb;

	while ((skb = next->head)) {
		unsigned int packets = LBX_SKB_CB(skb)->packets;

		next->head = skb->next;
		skb_mark_not_on_list(skb);
		trace_lbx_xmit(skb, skb->dev, packets, true);
		lbx_count(skb->dev, lbx_route(skb, false), packets, skb->len, true);
		netif_receive_skb(skb);
	}
}

/* Pass a direct or claimed packet to the receive path.  @skb is at its network header,
 * with the Ethernet header @eth before it.  Called with softirqs off.
 */
static __always_inline void lbx_deliver(struct sk_buff *skb,
					const struct ethhdr *eth,
					struct net_device *dev,
					enum lbx_route route,
					unsigned int packets, bool may_inline)
{
	skb->pkt_type = lbx_pkt_type(eth, dev);
	skb_clear_tstamp(skb);
	skb_orphan(skb);
	skb_dst_force(skb);

	if (likely(!lbx_may_overtake())) {
		if (may_inline) {
			trace_lbx_xmit(skb, dev, packets, true);
			lbx_count(dev, route, packets, skb->len, true);
			this_cpu_write(lbx_next.budget, LBX_NEXT_MAX);
			lbx_softirq_enter();
			netif_receive_skb(skb);
			if (unlikely(this_cpu_read(lbx_next.head)))
				lbx_receive_all_next();
			lbx_softirq_exit();
			this_cpu_write(lbx_next.budget, 0);
			return;
		}
		/* the packet waits: to be received next, or in the backlog */
		if (unlikely(skb_nfct(skb)) && !lbx_confirm(skb))
			return;
		if (lbx_receive_next(skb, packets))
			return;
	} else if (unlikely(skb_nfct(skb)) && !lbx_confirm(skb)) {
		return;
	}

	trace_lbx_xmit(skb, dev, packets, false);
	lbx_enqueue(skb, dev, route, packets);
}

/**
 * lbx_xmit_direct - loop back a packet that IP passes without the queue
 * @skb: the packet, at its network header
 * @dev: the lbx device that the packet is sent to, up or down
 * @ha: the link-layer address that the packet is sent to
 *
 * Context: as the output of a neighbour entry: any but hardirq, RCU read side.
 * Return: false if the packet has to be queued; the caller then still owns it.
 */
bool lbx_xmit_direct(struct sk_buff *skb, struct net_device *dev, const u8 *ha)
{
	enum lbx_route route;
	struct ethhdr *eth;
	bool may_inline;

	/* ip_finish_output2() has made room, and every other caller should */
	if (!lbx_may_skip_queue(skb, dev) ||
	    unlikely(skb_headroom(skb) < ETH_HLEN))
		return false;

	/* neigh_xmit() brings MPLS, see lbx_may_skip_queue(), 13 */
	route = lbx_route(skb, true);
	if (unlikely(route == LBX_ROUTE_NOT_IP))
		return false;
	if (unlikely(route == LBX_ROUTE_OTHER)) {
		lbx_drop(skb, dev, LBX_XSTATS_DROP_NOT_LOCAL,
			 SKB_DROP_REASON_IP_OUTNOROUTES);
		return true;
	}

	eth = (struct ethhdr *)(skb->data - ETH_HLEN);
	ether_addr_copy(eth->h_dest, ha);
	ether_addr_copy(eth->h_source, dev->dev_addr);
	eth->h_proto = skb->protocol;
	skb->mac_header = (unsigned char *)eth - skb->head;

	may_inline = lbx_may_receive_inline(0);
	local_bh_disable();
	lbx_deliver(skb, eth, dev, route, LBX_XSTATS_DIRECT_PACKETS, may_inline);
	local_bh_enable();
	return true;
}

/**
 * lbx_xmit_claimed - loop back a packet that is on its way to lo
 * @skb: the packet, with its Ethernet header, local and unicast
 * @dev: the lbx device that takes it over
 *
 * If lbx_may_skip_queue() is false for @dev, the packet goes to the queue of @dev.
 *
 * Context: an egress hook of lo, in __dev_queue_xmit(), which has softirqs off
 *	by one level and holds no lock.
 */
void lbx_xmit_claimed(struct sk_buff *skb, struct net_device *dev)
{
	struct ethhdr *eth = (struct ethhdr *)skb->data;

	lbx_check_l3mdev_accept(dev);

	skb->dev = dev;
	/* replace lo's address; lbx_pkt_type() compares it */
	ether_addr_copy(eth->h_dest, dev->dev_addr);

	if (unlikely(!lbx_may_skip_queue(skb, dev) ||
		     skb_vlan_tag_present(skb))) {
		dev_queue_xmit(skb);
		return;
	}

	skb_set_queue_mapping(skb, 0);
	skb_reset_mac_header(skb);
	__skb_pull(skb, ETH_HLEN);
	lbx_deliver(skb, eth, dev, LBX_ROUTE_LOCAL, LBX_XSTATS_CLAIMED_PACKETS,
		    lbx_may_receive_inline(SOFTIRQ_DISABLE_OFFSET));
}
