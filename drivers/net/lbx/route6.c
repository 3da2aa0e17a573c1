// SPDX-License-Identifier: GPL-2.0-only
/*
 * A local route to ::1 over each lbx device that is up, with a worse metric than lo's.
 *
 * Some replies to ::1 are looked up with the lbx device as the outgoing interface:
 *
 * - tcp_v6_send_response() takes tcp_v6_iif(), as rt6_need_strict() is true for ::1.
 * - icmpv6_echo_reply() takes skb->dev.
 * - icmp6_send() and nf_send_reset6() take the L3 master, which an lbx device is.
 *
 * The lookup then accepts no route of another device (rt6_need_strict()).  Every other
 * address is found on its own device.  Without this route, a client that is bound to
 * ::1 would not see that a port is closed or rejected.
 *
 * No exported function adds a route.  So this file is a client of rtnetlink, and runs
 * without RTNL.
 */
#include <linux/inetdevice.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/netlink.h>

#include "compat.h"
#include "lbx.h"

#define LBX_ROUTE6_BATCH	16

/* Send @skb to rtnetlink and return the error of its reply.  rtnetlink_rcv() runs
 * within kernel_sendmsg(), so the reply is there when that returns.
 */
static int lbx_route6_talk(struct socket *sock, struct sk_buff *skb)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr msg = {
		.msg_name	= &kernel,
		.msg_namelen	= sizeof(kernel),
	};
	struct {
		struct nlmsghdr	nlh;
		struct nlmsgerr	err;
	} reply;
	struct kvec iov = { .iov_base = skb->data, .iov_len = skb->len };
	int len;

	len = kernel_sendmsg(sock, &msg, &iov, 1, iov.iov_len);
	if (len < 0)
		return len;

	iov.iov_base = &reply;
	iov.iov_len = sizeof(reply);
	memset(&msg, 0, sizeof(msg));
	len = kernel_recvmsg(sock, &msg, &iov, 1, iov.iov_len, MSG_DONTWAIT);
	if (len < 0)
		return len;
	if (len < sizeof(reply) || reply.nlh.nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	return reply.err.error;
}

/* Send RTM_NEWROUTE, see inet6_rtm_newroute().  With RTPROT_KERNEL, network managers
 * leave the route alone.  The metric is the worst one, so that no other lookup changes.
 */
static int lbx_route6_add(struct socket *sock, int ifindex)
{
	struct nlmsghdr *nlh;
	struct sk_buff *skb;
	struct rtmsg *rtm;
	int err;

	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;

	nlh = nlmsg_put(skb, 0, 0, RTM_NEWROUTE, sizeof(*rtm),
			NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	rtm = nlmsg_data(nlh);
	memset(rtm, 0, sizeof(*rtm));
	rtm->rtm_family = AF_INET6;
	rtm->rtm_dst_len = 128;
	rtm->rtm_table = RT_TABLE_LOCAL;
	rtm->rtm_protocol = RTPROT_KERNEL;
	rtm->rtm_scope = RT_SCOPE_UNIVERSE;
	rtm->rtm_type = RTN_LOCAL;

	err = -EMSGSIZE;
	if (!nla_put_in6_addr(skb, RTA_DST, &in6addr_loopback) &&
	    !nla_put_u32(skb, RTA_OIF, ifindex) &&
	    !nla_put_u32(skb, RTA_PRIORITY, U32_MAX)) {
		nlmsg_end(skb, nlh);
		err = lbx_route6_talk(sock, skb);
	}
	kfree_skb(skb);
	return err;
}

/* Fill @batch with the devices that are up and have no route to ::1.  If there is a
 * policy routing rule, l3mdev_update_flow() makes the lookup find lo's route, and the
 * devices need none.
 */
static unsigned int lbx_route6_find_missing(struct net *net, int *batch)
{
	struct net_device *dev;
	struct inet6_dev *idev;
	struct rt6_info *rt;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		idev = netif_is_lbx(dev) ? __in6_dev_get(dev) : NULL;
		if (!idev || READ_ONCE(idev->cnf.disable_ipv6) ||
		    !netif_running(dev))
			continue;
		rt = rt6_lookup(net, &in6addr_loopback, NULL, dev->ifindex,
				NULL, RT6_LOOKUP_F_IFACE);
		if (rt) {
			ip6_rt_put(rt);
			continue;
		}

		batch[n] = dev->ifindex;
		if (++n == LBX_ROUTE6_BATCH)
			break;
	}
	rcu_read_unlock();
	return n;
}

/**
 * lbx_route6_update - add a route to ::1 to each device that is up and has none
 * @net: the netns
 *
 * A device that goes down meanwhile needs no route, and gets one when it is up again.
 *
 * Context: process, without RTNL.
 * Return: 0, or the error of rtnetlink; after -ENOMEM the caller may try again.
 */
int lbx_route6_update(struct net *net)
{
	int batch[LBX_ROUTE6_BATCH];
	struct socket *sock;
	unsigned int i, n;
	bool added;
	int err;

	err = sock_create_kern(net, PF_NETLINK, SOCK_RAW, NETLINK_ROUTE, &sock);
	if (err)
		return err;

	/* Stop when nothing was added: a route may exist that the lookup does not find,
	 * for example because of a policy routing rule.
	 */
	do {
		added = false;
		n = lbx_route6_find_missing(net, batch);
		for (i = 0; i < n && !err; i++) {
			err = lbx_route6_add(sock, batch[i]);
			if (!err)
				added = true;
			else if (err == -ENODEV || err == -ENETDOWN ||
				 err == -EEXIST)
				err = 0;
		}
	} while (!err && added);
	sock_release(sock);
	return err;
}
