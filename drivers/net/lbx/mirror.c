// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mirror of each IPv6 address of an lbx device, on lo.
 *
 * inet6_bind() looks an address up by L3 domain: __ipv6_chk_addr_and_flags()
 * passes over those of an L3 master (which lbx is, see device.c) for a socket that
 * is bound to no device, and the server gets EADDRNOTAVAIL.  So the same address
 * is kept on lo, outside of any domain.  Of two local routes to it the older one
 * carries, and that is the one of the lbx device while it is up; while it is down
 * its route is away, and the mirror's makes lo carry.
 *
 * Nothing exported adds or removes an address.  What is there for it is rtnetlink,
 * and so this is a client of it, from a work item since the notifiers hold RTNL.
 * The work compares lo with the lbx devices and does what is missing, whatever
 * happened; all state is in the addresses themselves.  A mirror is known by its
 * proto, flags and prefix length, and tells by its metric whom it mirrors.
 */
#include <linux/inetdevice.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/ip6_route.h>
#include <net/netlink.h>
#include <net/netns/generic.h>

#include "compat.h"
#include "lbx.h"

#define LBX_MIRROR_FLAGS	(IFA_F_NODAD | IFA_F_NOPREFIXROUTE)
#define LBX_MIRROR_BATCH	16

/* An address that must be mirrored or must not be any longer */
struct lbx_mirror {
	struct in6_addr	addr;
	u32		ifindex;	/* of the lbx device */
};

struct lbx_mirror_net {
	struct net		*net;
	struct delayed_work	work;
	bool			reorder;	/* a device came up since */
	bool			early;		/* the work's: has to come again */
	struct lbx_mirror	batch[LBX_MIRROR_BATCH];
};

static unsigned int lbx_mirror_net_id;
static struct workqueue_struct *lbx_mirror_wq;

/* The answer to a request is there when kernel_sendmsg() returns, since
 * rtnetlink_rcv() runs within it.
 */
static int lbx_mirror_talk(struct socket *sock, struct sk_buff *skb)
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

/* RTM_NEWADDR or RTM_DELADDR, see inet6_rtm_newaddr() and inet6_rtm_deladdr() */
static int lbx_mirror_request(struct socket *sock, u16 type,
			      const struct lbx_mirror *m)
{
	u16 flags = NLM_F_REQUEST | NLM_F_ACK;
	struct ifaddrmsg *ifm;
	struct nlmsghdr *nlh;
	struct sk_buff *skb;
	int err;

	if (type == RTM_NEWADDR)
		flags |= NLM_F_CREATE | NLM_F_EXCL;

	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;

	nlh = nlmsg_put(skb, 0, 0, type, sizeof(*ifm), flags);
	ifm = nlmsg_data(nlh);
	memset(ifm, 0, sizeof(*ifm));
	ifm->ifa_family = AF_INET6;
	ifm->ifa_prefixlen = 128;
	ifm->ifa_index = LOOPBACK_IFINDEX;

	err = -EMSGSIZE;
	if (!nla_put_in6_addr(skb, IFA_LOCAL, &m->addr) &&
	    !nla_put_u32(skb, IFA_FLAGS, LBX_MIRROR_FLAGS) &&
	    !nla_put_u32(skb, IFA_RT_PRIORITY, m->ifindex) &&
	    !nla_put_u8(skb, IFA_PROTO, LBX_IFAPROT)) {
		nlmsg_end(skb, nlh);
		err = lbx_mirror_talk(sock, skb);
	}
	kfree_skb(skb);
	return err;
}

static bool lbx_is_mirror(const struct inet6_ifaddr *ifa)
{
	return ifa->ifa_proto == LBX_IFAPROT && ifa->prefix_len == 128 &&
	       (ifa->flags & LBX_MIRROR_FLAGS) == LBX_MIRROR_FLAGS;
}

/* Does lo carry what is to @addr? */
static bool lbx_lo_carries(struct net *net, const struct in6_addr *addr)
{
	struct rt6_info *rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	bool lo_carries = rt && rt->dst.dev == net->loopback_dev;

	ip6_rt_put(rt);
	return lo_carries;
}

/* Has an address of a device that is up no route yet?  That is made by a work of
 * addrconf's (addrconf_dad_work(), DAD or not), for a new address as well as for
 * one that was kept while the device was down.  A mirror made before it would
 * be the older one, and carry.
 */
static bool lbx_is_early(const struct inet6_ifaddr *ifa)
{
	return netif_running(ifa->idev->dev) &&
	       READ_ONCE(ifa->state) == INET6_IFADDR_STATE_PREDAD;
}

static bool lbx_addr_is_early(const struct net_device *dev,
			      const struct in6_addr *addr)
{
	struct inet6_dev *idev = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifa;

	if (!idev)
		return false;
	list_for_each_entry_rcu(ifa, &idev->addr_list, if_list)
		if (ipv6_addr_equal(&ifa->addr, addr))
			return lbx_is_early(ifa);
	return false;
}

/* Mirrors on lo that mirror nothing; and, to @reorder, those that carry though the
 * device is up.  Of the mirror's route and the device's, the one that comes later
 * may be the mirror's: without both, who carries is not known.  RTNL, which
 * addrconf_dad_work() has from a new state on until there is the route.
 */
static unsigned int lbx_mirror_find_stale(struct lbx_mirror_net *mnet,
					  bool reorder)
{
	struct net *net = mnet->net;
	struct inet6_ifaddr *ifa;
	struct inet6_dev *idev;
	struct net_device *dev;
	unsigned int n = 0;

	rcu_read_lock();
	idev = __in6_dev_get(net->loopback_dev);
	if (!idev)
		goto out;

	list_for_each_entry_rcu(ifa, &idev->addr_list, if_list) {
		if (!lbx_is_mirror(ifa))
			continue;
		dev = dev_get_by_index_rcu(net, ifa->rt_priority);
		if (dev && lbx_is_lbx(dev) && lbx_addr6_has(dev, &ifa->addr)) {
			if (!reorder || !netif_running(dev))
				continue;
			if (lbx_is_early(ifa) ||
			    lbx_addr_is_early(dev, &ifa->addr)) {
				mnet->early = true;
				continue;
			}
			if (!lbx_lo_carries(net, &ifa->addr))
				continue;
		}

		mnet->batch[n].addr = ifa->addr;
		mnet->batch[n].ifindex = ifa->rt_priority;
		if (++n == LBX_MIRROR_BATCH)
			break;
	}
out:
	rcu_read_unlock();
	return n;
}

/* Addresses of lbx devices that lo has not.  Link-local ones need no mirror: they
 * are bound together with their device, within its domain.
 */
static unsigned int lbx_mirror_find_missing(struct lbx_mirror_net *mnet)
{
	struct net_device *lo = mnet->net->loopback_dev;
	struct inet6_ifaddr *ifa;
	struct inet6_dev *idev;
	struct net_device *dev;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_netdev_rcu(mnet->net, dev) {
		idev = lbx_is_lbx(dev) ? __in6_dev_get(dev) : NULL;
		if (!idev)
			continue;
		list_for_each_entry_rcu(ifa, &idev->addr_list, if_list) {
			if (ipv6_addr_type(&ifa->addr) & IPV6_ADDR_LINKLOCAL ||
			    !lbx_addr6_has(dev, &ifa->addr) ||
			    lbx_addr6_has(lo, &ifa->addr))
				continue;
			if (lbx_is_early(ifa)) {
				mnet->early = true;
				continue;
			}

			mnet->batch[n].addr = ifa->addr;
			mnet->batch[n].ifindex = dev->ifindex;
			if (++n == LBX_MIRROR_BATCH)
				goto out;
		}
	}
out:
	rcu_read_unlock();
	return n;
}

/* An address that came or went while the batch was on its way is no error: its
 * own event has queued the work again.
 */
static bool lbx_mirror_send(struct lbx_mirror_net *mnet, struct socket *sock,
			    u16 type, unsigned int n)
{
	unsigned int i;
	int err;

	for (i = 0; i < n; i++) {
		err = lbx_mirror_request(sock, type, &mnet->batch[i]);
		if (!err || err == (type == RTM_NEWADDR ? -EEXIST : -EADDRNOTAVAIL))
			continue;
		net_warn_ratelimited("lbx: cannot %s %pI6c on lo, for a server to bind it: error %d (is IPv6 off on lo?)\n",
				     type == RTM_NEWADDR ? "mirror" : "remove",
				     &mnet->batch[i].addr, err);
		return false;
	}
	return true;
}

/* False if a mirror may be left that is not to carry, or not to be */
static bool lbx_mirror_update(struct lbx_mirror_net *mnet, struct socket *sock,
			      bool reorder)
{
	unsigned int n;

	for (;;) {
		rtnl_net_lock(mnet->net);
		n = lbx_mirror_find_stale(mnet, reorder);
		rtnl_net_unlock(mnet->net);
		if (!n)
			break;
		if (!lbx_mirror_send(mnet, sock, RTM_DELADDR, n))
			return false;
	}

	while ((n = lbx_mirror_find_missing(mnet)))
		if (!lbx_mirror_send(mnet, sock, RTM_NEWADDR, n))
			break;
	return true;
}

/* The mirrors have been reordered: the devices that are up carry their addresses.
 * Unless one has been down and up again meanwhile, whose routes are the younger
 * ones: then there is work to do again, and that will open.
 */
static void lbx_mirror_open(struct lbx_mirror_net *mnet)
{
	struct net_device *dev;

	/* until nobody is left who has found the route of a mirror */
	synchronize_net();

	rtnl_net_lock(mnet->net);
	if (!READ_ONCE(mnet->reorder))
		for_each_netdev(mnet->net, dev)
			if (lbx_is_lbx(dev) && netif_running(dev))
				lbx_isolate_close(dev, false);
	rtnl_net_unlock(mnet->net);
}

static void lbx_mirror_work(struct work_struct *work)
{
	struct lbx_mirror_net *mnet =
		container_of(work, struct lbx_mirror_net, work.work);
	struct net *net = mnet->net;
	bool reorder, updated;
	struct socket *sock;
	int err;

	if (!check_net(net))
		return;

	err = sock_create_kern(net, PF_NETLINK, SOCK_RAW, NETLINK_ROUTE, &sock);
	if (err) {
		net_warn_ratelimited("lbx: cannot open rtnetlink, servers cannot bind new IPv6 addresses: error %d\n",
				     err);
		return;
	}

	mnet->early = false;
	reorder = xchg(&mnet->reorder, false);
	updated = lbx_mirror_update(mnet, sock, reorder);
	sock_release(sock);
	if (mnet->early) {
		if (reorder)
			WRITE_ONCE(mnet->reorder, true);
		queue_delayed_work(lbx_mirror_wq, &mnet->work, 1);
	} else if (reorder && updated) {
		lbx_mirror_open(mnet);
	}
}

/**
 * lbx_mirror_sync - make lo's mirrors fit the lbx devices of a netns
 * @net: the netns
 * @reorder: a device came up, whose routes may be younger than those of the
 *	mirrors: have such mirrors made anew
 *
 * Returns at once; the work needs RTNL and is done soon after it is free.
 *
 * Context: any.
 */
void lbx_mirror_sync(struct net *net, bool reorder)
{
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	if (reorder)
		WRITE_ONCE(mnet->reorder, true);
	mod_delayed_work(lbx_mirror_wq, &mnet->work, 0);
}

/* An address came or went: on an lbx device, or on lo.  There a mirror may have
 * been removed by somebody else ("ip link set lo down" does so), or IPv6 has come
 * back and with it ::1.  Softirqs may be off.
 */
static int lbx_mirror_event(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	const struct inet6_ifaddr *ifa = ptr;
	struct net_device *dev = ifa->idev->dev;
	struct net *net = dev_net(dev);
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	if (current_work() == &mnet->work.work)
		return NOTIFY_DONE;

	if (lbx_is_lbx(dev) ||
	    (dev == net->loopback_dev &&
	     (event == NETDEV_DOWN ? lbx_is_mirror(ifa) :
				     ipv6_addr_loopback(&ifa->addr))))
		lbx_mirror_sync(net, false);
	return NOTIFY_DONE;
}

static struct notifier_block lbx_mirror_notifier = {
	.notifier_call = lbx_mirror_event,
};

static int __net_init lbx_mirror_net_init(struct net *net)
{
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	mnet->net = net;
	INIT_DELAYED_WORK(&mnet->work, lbx_mirror_work);
	return 0;
}

/* Twice: before lo goes, which a work that runs would miss, and after the last
 * lbx device, whose address queues one that only finds the netns dead.
 */
static void __net_exit lbx_mirror_net_exit(struct net *net)
{
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	cancel_delayed_work_sync(&mnet->work);
}

static struct pernet_operations lbx_mirror_net_ops = {
	.init		= lbx_mirror_net_init,
	.pre_exit	= lbx_mirror_net_exit,
	.exit		= lbx_mirror_net_exit,
	.id		= &lbx_mirror_net_id,
	.size		= sizeof(struct lbx_mirror_net),
};

int lbx_mirror_init(void)
{
	int err;

	lbx_mirror_wq = alloc_workqueue("lbx", WQ_UNBOUND, 0);
	if (!lbx_mirror_wq)
		return -ENOMEM;

	err = register_pernet_subsys(&lbx_mirror_net_ops);
	if (err)
		goto err_wq;

	err = register_inet6addr_notifier(&lbx_mirror_notifier);
	if (err)
		goto err_pernet;

	return 0;

err_pernet:
	unregister_pernet_subsys(&lbx_mirror_net_ops);
err_wq:
	destroy_workqueue(lbx_mirror_wq);
	return err;
}

/* The devices are gone by now: the last work that they queued clears lo */
void lbx_mirror_exit(void)
{
	unregister_inet6addr_notifier(&lbx_mirror_notifier);
	flush_workqueue(lbx_mirror_wq);
	unregister_pernet_subsys(&lbx_mirror_net_ops);
	destroy_workqueue(lbx_mirror_wq);
}
