/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of lbx, for perf, trace-cmd and bpftrace:
 *
 *   lbx:lbx_xmit    a packet is passed to the receive path
 *   lbx:lbx_drop    a packet is dropped
 *   lbx:lbx_config  a device was created or changed (its new state)
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM lbx

#if !defined(_LBX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _LBX_TRACE_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <linux/lbx.h>

#include "lbx.h"

#define lbx_show_path(counter) __print_symbolic(counter,		\
	{ LBX_XSTATS_QUEUED_PACKETS,	"queued" },			\
	{ LBX_XSTATS_DIRECT_PACKETS,	"direct" },			\
	{ LBX_XSTATS_CLAIMED_PACKETS,	"claimed" })

#define lbx_show_reason(counter) __print_symbolic(counter,		\
	{ LBX_XSTATS_DROP_NOT_LOCAL,	"not_local" },			\
	{ LBX_XSTATS_DROP_ISOLATED,	"isolated" },			\
	{ LBX_XSTATS_DROP_BACKLOG,	"backlog" },			\
	{ LBX_XSTATS_DROP_DOWN,		"down" },			\
	{ LBX_XSTATS_DROP_MALFORMED,	"malformed" })

/* @path: the packet path, one of LBX_XSTATS_*_PACKETS
 * @is_inline: true if the packet is received inline, false if by a softirq
 */
TRACE_EVENT(lbx_xmit,

	TP_PROTO(const struct sk_buff *skb, const struct net_device *dev,
		 unsigned int path, bool is_inline),

	TP_ARGS(skb, dev, path, is_inline),

	TP_STRUCT__entry(
		__array(char,		name, IFNAMSIZ)
		__field(const void *,	skbaddr)
		__field(int,		ifindex)
		__field(unsigned int,	len)
		__field(u16,		protocol)
		__field(u8,		path)
		__field(bool,		is_inline)
	),

	TP_fast_assign(
		memcpy(__entry->name, dev->name, IFNAMSIZ);
		__entry->skbaddr = skb;
		__entry->ifindex = dev->ifindex;
		__entry->len = skb->len;
		__entry->protocol = ntohs(skb->protocol);
		__entry->path = path;
		__entry->is_inline = is_inline;
	),

	TP_printk("dev=%s ifindex=%d skbaddr=%p len=%u protocol=0x%04x path=%s inline=%d",
		  __entry->name, __entry->ifindex, __entry->skbaddr,
		  __entry->len, __entry->protocol,
		  lbx_show_path(__entry->path), __entry->is_inline)
);

/* @skb: NULL if the backlog has refused and freed the packet
 * @reason: one of LBX_XSTATS_DROP_*
 */
TRACE_EVENT(lbx_drop,

	TP_PROTO(const struct sk_buff *skb, const struct net_device *dev,
		 unsigned int reason),

	TP_ARGS(skb, dev, reason),

	TP_STRUCT__entry(
		__array(char,		name, IFNAMSIZ)
		__field(const void *,	skbaddr)
		__field(int,		ifindex)
		__field(u16,		protocol)
		__field(u8,		reason)
	),

	TP_fast_assign(
		memcpy(__entry->name, dev->name, IFNAMSIZ);
		__entry->skbaddr = skb;
		__entry->ifindex = dev->ifindex;
		__entry->protocol = skb ? ntohs(skb->protocol) : 0;
		__entry->reason = reason;
	),

	TP_printk("dev=%s ifindex=%d skbaddr=%p protocol=0x%04x reason=%s",
		  __entry->name, __entry->ifindex, __entry->skbaddr,
		  __entry->protocol, lbx_show_reason(__entry->reason))
);

TRACE_EVENT(lbx_config,

	TP_PROTO(const struct net_device *dev),

	TP_ARGS(dev),

	TP_STRUCT__entry(
		__array(char,		name, IFNAMSIZ)
		__field(int,		ifindex)
		__field(unsigned int,	claims)
		__field(bool,		direct)
		__field(bool,		isolate)
	),

	TP_fast_assign(
		const struct lbx_priv *priv = netdev_priv(dev);

		memcpy(__entry->name, dev->name, IFNAMSIZ);
		__entry->ifindex = dev->ifindex;
		__entry->claims = priv->n_claims;
		__entry->direct = priv->direct;
		__entry->isolate = priv->isolate;
	),

	TP_printk("dev=%s ifindex=%d direct=%d isolate=%d claims=%u",
		  __entry->name, __entry->ifindex, __entry->direct,
		  __entry->isolate, __entry->claims)
);

#endif /* _LBX_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
