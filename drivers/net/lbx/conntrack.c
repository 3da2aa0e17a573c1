// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connection tracking of packets that an lbx device sends.
 *
 * in_vrf_postrouting() treats every L3 master, and so an lbx device, as a VRF, whose
 * packets pass NF_INET_POST_ROUTING a second time on the real device.  So nf_confirm()
 * and nf_nat_inet_fn() do nothing there, and a connection is confirmed in
 * NF_INET_LOCAL_IN.  If a packet waits before that hook, its connection is not in the
 * hash table yet.  The next packet of the flow then starts another connection, and is
 * dropped as a clash where the protocol does not allow_clash.  So lbx confirms a packet
 * before it waits in a qdisc or in a backlog.
 *
 * A packet that is received inline does not wait, and does not come here.
 */
#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_nat.h>
#include <net/sch_generic.h>

#include "compat.h"
#include "lbx.h"

/**
 * lbx_may_wait - check if a packet of this task may wait before it is received
 * @dev: the device whose queue it goes to, an lbx device or lo
 *
 * On a device without a qdisc, a packet that is sent with softirqs on is received
 * when __dev_queue_xmit() switches them on again, before the task can send another.
 * With RPS another CPU receives it.
 *
 * Context: RCU read side.
 * Return: true if it may wait.
 */
bool lbx_may_wait(const struct net_device *dev)
{
	const struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);

	if (dev->num_tx_queues > 1 ||
	    rcu_dereference_check(txq->qdisc, 1)->enqueue)
		return true;
#ifdef CONFIG_RPS
	if (static_branch_unlikely(&rps_needed))
		return true;
#endif
	return in_interrupt() || irqs_disabled();
}

/* On lo, nf_nat_inet_fn() gives a connection that no rule changes a null binding in
 * NF_INET_POST_ROUTING: the connection keeps its addresses, and gets another source
 * port if the tuple of its replies is in use.  A confirmed connection gets no binding,
 * so make it here.  IPS_DST_NAT_DONE means that NAT is in use in this netns, and has
 * seen the packet in NF_INET_LOCAL_OUT.
 */
static void lbx_bind_null_nat(struct nf_conn *ct)
{
#if IS_ENABLED(CONFIG_NF_NAT)
	const struct nf_nat_hook *nat_hook;

	if ((ct->status & IPS_NAT_DONE_MASK) != IPS_DST_NAT_DONE)
		return;

	nat_hook = rcu_dereference(nf_nat_hook);
	if (nat_hook)
		nat_hook->parse_nat_setup(ct, NF_NAT_MANIP_SRC, NULL);
#endif
}

/**
 * lbx_confirm - confirm the connection of a packet
 * @skb: an IP packet with an nfct, not shared
 *
 * As nf_confirm() in NF_INET_POST_ROUTING, but through nf_ct_hook, so that lbx does not
 * depend on nf_conntrack.  Helpers and events are left to NF_INET_LOCAL_IN, which calls
 * nf_confirm() in any case.
 *
 * Context: any but hardirq, RCU read side.
 * Return: false if conntrack has dropped the packet, and counted it.
 */
bool lbx_confirm(struct sk_buff *skb)
{
	struct nf_conn *ct = (struct nf_conn *)skb_nfct(skb);
	const struct nf_ct_hook *ct_hook;
	unsigned int verdict;

	/* __nf_conntrack_confirm() accepts neither */
	if (nf_ct_is_confirmed(ct) || nf_ct_is_template(ct))
		return true;

	ct_hook = rcu_dereference(nf_ct_hook);
	if (!ct_hook)
		return true;

	lbx_bind_null_nat(ct);
	verdict = ct_hook->confirm(skb) & NF_VERDICT_MASK;
	if (verdict == NF_ACCEPT)
		return true;

	if (verdict != NF_STOLEN)
		kfree_skb_reason(skb, SKB_DROP_REASON_NETFILTER_DROP);
	return false;
}
