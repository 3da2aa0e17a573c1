// SPDX-License-Identifier: GPL-2.0-only
/*
 * Isolation: addresses that IPv6 extension headers name.
 *
 * ipv6_rthdr_rcv() processes a routing header after NF_INET_LOCAL_IN.  It replaces
 * the destination address.  If the new address belongs to a loopback, it goes on with
 * the packet at once (looped_back), so no hook sees that address.  An ICMP error is
 * delivered to the socket that its inner packet names, whatever its own destination.
 */
#include <linux/icmpv6.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/rpl.h>
#include <net/dst.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

#include "compat.h"
#include "lbx.h"

/* Newer kernels discard a packet with more than 12 headers (IP6_MAX_EXT_HDRS_CNT) */
#define LBX_EXT_HDRS_MAX	32

/**
 * lbx_isolate_route6 - find an isolated device by the local route of an address
 * @net: the netns
 * @addr: the address
 * @is_local: set to true if the address is local, else to false
 *
 * Finds two kinds of addresses that lbx_isolated6() does not: those in the local route
 * of a prefix, and those of an isolated device that is gone and whose mirror (mirror.c)
 * may be left.
 *
 * Context: RCU.
 * Return: the isolated device, lo for one that is gone, or NULL.
 */
const struct net_device *lbx_isolate_route6(struct net *net, const struct in6_addr *addr,
					    bool *is_local)
{
	const struct net_device *dev;
	struct rt6_info *rt;
	bool gone = false;

	*is_local = false;
	rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	if (!rt)
		return NULL;

	/* the same check as in ipv6_rthdr_rcv() */
	*is_local = rt->dst.dev->flags & IFF_LOOPBACK;
	dev = lbx_owner6(net, &rt->dst, &gone);
	if (gone)
		dev = net->loopback_dev;
	else if (dev && !lbx_is_isolated(dev))
		dev = NULL;
	ip6_rt_put(rt);
	return dev;
}

/**
 * lbx_isolate_reverse6 - check if a packet came in by the device of the route to its source
 * @net: the netns
 * @skb: an IPv6 packet
 *
 * Context: RCU.
 * Return: true if it did.
 */
bool lbx_isolate_reverse6(struct net *net, const struct sk_buff *skb)
{
	struct rt6_info *rt;
	bool is_reverse;

	rt = rt6_lookup(net, &ipv6_hdr(skb)->saddr, NULL, 0, NULL, 0);
	is_reverse = rt && rt->dst.dev == skb->dev;
	ip6_rt_put(rt);
	return is_reverse;
}

/* Read the address of a routing header that is visited after @n others.  Return 1 on
 * success, 0 if there is none or if ipv6_rthdr_rcv() refuses the header, and -1 if the
 * packet ends before the address.
 */
static int lbx_read_segment(const struct sk_buff *skb, unsigned int offset,
			    const struct ipv6_rpl_sr_hdr *hdr,
			    const struct in6_addr *daddr, unsigned int n,
			    struct in6_addr *addr)
{
	unsigned int left = hdr->segments_left;
	unsigned int total = hdr->hdrlen >> 1;
	unsigned int prefix = 0, start, i;
	const void *data;
	int len;

	if (n >= left)
		return 0;

	switch (hdr->type) {
	case IPV6_SRCRT_TYPE_0:
	case IPV6_SRCRT_TYPE_2:
		if (left > total)
			return 0;
		start = (total - left + n) * sizeof(*addr);
		break;
	case IPV6_SRCRT_TYPE_3:
		/* each address but the last is shortened by its first cmpri bytes */
		len = hdr->hdrlen * 8 - hdr->pad - (16 - hdr->cmpre);
		if (len < 0 || len % (16 - hdr->cmpri))
			return 0;
		total = len / (16 - hdr->cmpri) + 1;
		if (left > total)
			return 0;
		i = total - left + n;
		start = i * (16 - hdr->cmpri);
		prefix = i == total - 1 ? hdr->cmpre : hdr->cmpri;
		break;
	case IPV6_SRCRT_TYPE_4:
		/* the list is in reverse order */
		if (left >= total)
			return 0;
		start = (left - 1 - n) * sizeof(*addr);
		break;
	default:
		return 0;
	}

	*addr = *daddr;
	len = sizeof(*addr) - prefix;
	data = skb_header_pointer(skb, offset + sizeof(*hdr) + start, len,
				  &addr->s6_addr[prefix]);
	if (!data)
		return -1;
	if (data != &addr->s6_addr[prefix])
		memcpy(&addr->s6_addr[prefix], data, len);
	return 1;
}

/* Find an isolated address among those that a routing header still leads to.  Routes
 * are looked up only as long as all addresses are local: any other takes the packet
 * away from this machine, and the packet is checked again if it comes back.  @daddr
 * becomes the last of the addresses.
 */
static const struct net_device *
lbx_isolated_segment(struct net *net, const struct sk_buff *skb, unsigned int offset,
		     const struct ipv6_rpl_sr_hdr *hdr, struct in6_addr *daddr)
{
	const struct in6_addr first = *daddr;
	const struct net_device *dev;
	bool is_local = true;
	unsigned int n;
	int found;

	for (n = 0;
	     (found = lbx_read_segment(skb, offset, hdr, &first, n, daddr)); n++) {
		if (found < 0)
			return lbx_isolated_any(net);
		dev = lbx_isolated6(net, daddr);
		if (!dev && is_local)
			dev = lbx_isolate_route6(net, daddr, &is_local);
		if (dev)
			return dev;
	}
	return NULL;
}

/* Return the offset of the inner packet of a redirect message, or 0 if it has none.  The
 * first option of the type counts (ndisc_parse_options()).
 */
static unsigned int lbx_redirected_offset(const struct sk_buff *skb,
					  unsigned int offset)
{
	const struct nd_opt_hdr *opt;
	struct nd_opt_hdr _opt;

	offset += sizeof(struct rd_msg);
	while ((opt = skb_header_pointer(skb, offset, sizeof(_opt), &_opt)) &&
	       opt->nd_opt_len) {
		/* 6 reserved bytes follow, see ndisc_redirect_rcv() */
		if (opt->nd_opt_type == ND_OPT_REDIRECT_HDR)
			return offset + sizeof(*opt) + 6;
		offset += opt->nd_opt_len * 8;
	}
	return 0;
}

/* Check the source address of the inner packet of an ICMP error or redirect: it selects
 * the socket that the message is for (icmpv6_notify())
 */
static const struct net_device *
lbx_isolated_icmp6(struct net *net, const struct sk_buff *skb, unsigned int offset)
{
	const struct net_device *dev;
	const struct ipv6hdr *inner;
	const struct icmp6hdr *icmp;
	struct icmp6hdr _icmp;
	struct ipv6hdr _inner;
	bool is_local;

	icmp = skb_header_pointer(skb, offset, sizeof(_icmp), &_icmp);
	if (!icmp)
		return lbx_isolated_any(net);
	if (icmp->icmp6_type == NDISC_REDIRECT)
		offset = lbx_redirected_offset(skb, offset);
	else if (icmpv6_is_err(icmp->icmp6_type))
		offset += sizeof(_icmp);
	else
		offset = 0;
	if (!offset)
		return NULL;

	inner = skb_header_pointer(skb, offset, sizeof(_inner), &_inner);
	if (!inner)
		return lbx_isolated_any(net);
	dev = lbx_isolated6(net, &inner->saddr);
	return dev ?: lbx_isolate_route6(net, &inner->saddr, &is_local);
}

/**
 * lbx_isolate_headers6 - find an isolated address in the headers of a packet
 * @net: the netns
 * @skb: a packet for this machine that came in by another device
 *
 * If the chain of headers cannot be read to its end, or is too long, the packet is
 * treated as one for any isolated device.  The first fragment of a datagram has all
 * headers (ipv6frag_thdr_truncated()).  A packet inside an AH, ESP or IPComp header
 * comes here again without that header (xfrm6_transport_finish()), or as a packet of
 * its own.
 *
 * Context: RCU.
 * Return: the isolated device for which to drop the packet, or NULL.
 */
const struct net_device *lbx_isolate_headers6(struct net *net, const struct sk_buff *skb)
{
	unsigned int offset = skb_network_offset(skb) + sizeof(struct ipv6hdr);
	struct in6_addr daddr = ipv6_hdr(skb)->daddr;
	u8 nexthdr = ipv6_hdr(skb)->nexthdr;
	const struct net_device *dev;
	unsigned int n;

	for (n = 0; n < LBX_EXT_HDRS_MAX; n++) {
		union {
			struct ipv6_opt_hdr opt;
			struct frag_hdr frag;
			struct ipv6_rpl_sr_hdr rt;
		} _hdr;
		const typeof(_hdr) *hdr;

		switch (nexthdr) {
		case NEXTHDR_HOP:
		case NEXTHDR_DEST:
		case NEXTHDR_ROUTING:
		case NEXTHDR_FRAGMENT:
			break;
		case NEXTHDR_ICMP:
			return lbx_isolated_icmp6(net, skb, offset);
		default:
			return offset > skb->len ? lbx_isolated_any(net) : NULL;
		}

		/* each has 8 bytes or more */
		hdr = skb_header_pointer(skb, offset, sizeof(_hdr), &_hdr);
		if (!hdr)
			break;
		if (nexthdr == NEXTHDR_FRAGMENT) {
			if (hdr->frag.frag_off & htons(IP6_OFFSET))
				return NULL;
			offset += sizeof(hdr->frag);
		} else {
			if (nexthdr == NEXTHDR_ROUTING && hdr->rt.segments_left) {
				dev = lbx_isolated_segment(net, skb, offset,
							   &hdr->rt, &daddr);
				if (dev)
					return dev;
			}
			offset += ipv6_optlen(&hdr->opt);
		}
		nexthdr = hdr->opt.nexthdr;
	}
	return lbx_isolated_any(net);
}
