// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mirror of each IPv6 address of an lbx device, on lo.
 *
 * inet6_bind() looks an address up by L3 domain: __ipv6_chk_addr_and_flags()
 * skips those of an L3 master (which lbx is, see device.c) for a socket that is
 * bound to no device, and the server gets EADDRNOTAVAIL.  So the same address is
 * kept on lo, outside of any domain.
 *
 * A mirror is made within the notifier of the address that it mirrors, so that a
 * server can bind it when the request that added the address returns.
 * addrconf_prefix_rcv_add_addr() is exported and adds an address in any context.
 * The mirror is then marked before anybody else acts on it:
 *
 * - It is deprecated (rule 3 of ipv6_get_saddr_eval()): what leaves by another
 *   device prefers any other source address of the scope.
 * - The metric of its local route is the ifindex of the lbx device.  The local
 *   routes of addrconf's other addresses have metric 0, so that the lbx device
 *   carries whenever it has its route, in whatever order the two are made, and lo
 *   carries while it has none (while it is down).  The metric also says to which
 *   device a packet belongs that takes the route of the mirror, see isolate.c.
 *
 * Nothing exported removes an address, but one whose valid lifetime is over is
 * removed by addrconf_verify_rtnl().  inet6_addr_del() calls it, so that a mirror
 * goes within the request that deletes its address.
 *
 * The work item does what a notifier cannot: it makes the mirrors that could not
 * be made, and those that somebody else has deleted.
 */
#include <linux/inetdevice.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/netns/generic.h>

#include "compat.h"
#include "lbx.h"

/* Without IFA_F_PERMANENT: lo would keep it when it goes down with
 * keep_addr_on_down, and fixup_permanent_addr() would make it another route.
 */
#define LBX_MIRROR_FLAGS	(IFA_F_NODAD | IFA_F_NOPREFIXROUTE | \
				 IFA_F_DEPRECATED)

/* The time from one try to the next, in jiffies: doubled each time up to the maximum */
#define LBX_MIRROR_PAUSE_MIN	(HZ / 8)
#define LBX_MIRROR_PAUSE_MAX	(60 * HZ)

/* Mirrors that are deleted no longer than this and twice the pause after they came back are
 * deleted again and again.
 */
#define LBX_MIRROR_AGAIN	(10 * HZ)

/* From this pause on somebody deletes the mirrors as they come */
#define LBX_MIRROR_PAUSE_WARN	(2 * HZ)

/**
 * struct lbx_mirror_net - the mirrors of a netns
 * @net: the netns
 * @work: lbx_mirror_work()
 * @ifindex: the lbx device whose address is mirrored right now, or 0
 * @made: the mirror that was made then
 * @missing: an address may have no mirror: the work looks for it
 * @shadowed: an address has had no mirror of its own, since lo had the address
 * @linklocal: the work gives link-local addresses, see lbx_addr6_linklocals()
 * @routes: the work adds routes to ::1, see lbx_route6_update()
 * @memcg: whom the mirrors that the work makes are charged to, or NULL
 * @deleted: when mirrors that somebody had deleted came back the last time
 * @pause: how long mirrors that are deleted next are not made again
 * @retry: how long until the work tries again what failed for want of memory
 * @warned: the log has a line about the pause
 *
 * RTNL.
 */
struct lbx_mirror_net {
	struct net		*net;
	struct delayed_work	work;
	u32			ifindex;
	struct inet6_ifaddr	*made;
	bool			missing;
	bool			shadowed;
	bool			linklocal;
	bool			routes;
	struct mem_cgroup	*memcg;
	unsigned long		deleted;
	unsigned long		pause;
	unsigned long		retry;
	bool			warned;
};

static unsigned int lbx_mirror_net_id;
static struct workqueue_struct *lbx_mirror_wq;

/* "ip address change" replaces the flags and clears the proto (inet6_addr_modify()):
 * by that the mirror becomes the user's own address.
 */
static bool lbx_is_mirror(const struct inet6_ifaddr *ifa)
{
	return ifa->ifa_proto == LBX_IFAPROT && ifa->prefix_len == 128 &&
	       (ifa->flags & LBX_MIRROR_FLAGS) == LBX_MIRROR_FLAGS;
}

/* A link-local address is bound together with its device, within the device's domain,
 * and inet6_bind() accepts every multicast address.
 */
static bool lbx_mirror_is_due(const struct in6_addr *addr)
{
	return !(ipv6_addr_type(addr) & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_MULTICAST));
}

/* Return lo's @addr, or NULL.  The caller holds RCU. */
static struct inet6_ifaddr *lbx_mirror_find(struct inet6_dev *lo,
					    const struct in6_addr *addr)
{
	struct inet6_ifaddr *ifa;

	list_for_each_entry_rcu(ifa, &lo->addr_list, if_list)
		if (ipv6_addr_equal(&ifa->addr, addr))
			return ifa;
	return NULL;
}

/* Add @addr to lo, or with @valid_lft 0 only have addrconf_verify_rtnl() called.
 * addrconf_prefix_rcv_add_addr() is made for router advertisements: it adds no more
 * than max_addresses, and may add a temporary address for each.
 */
static int lbx_mirror_prefix(struct net *net, struct inet6_dev *lo,
			     const struct in6_addr *addr, u32 valid_lft)
{
	const struct prefix_info pinfo = { .prefix_len = 128 };
	int max_addresses = xchg(&lo->cnf.max_addresses, 0);
	int use_tempaddr = xchg(&lo->cnf.use_tempaddr, 0);
	int err;

	err = addrconf_prefix_rcv_add_addr(net, lo->dev, &pinfo, lo, addr,
					   ipv6_addr_type(addr),
					   LBX_MIRROR_FLAGS, false, false,
					   valid_lft, 0);
	/* not over what a sysctl has written meanwhile */
	cmpxchg(&lo->cnf.max_addresses, 0, max_addresses);
	cmpxchg(&lo->cnf.use_tempaddr, 0, use_tempaddr);
	return err;
}

/* Called by the notifier within ipv6_add_addr(), before addrconf_dad_work() makes
 * the route.
 */
static void lbx_mirror_mark(struct lbx_mirror_net *mnet, struct inet6_ifaddr *ifa)
{
	spin_lock_bh(&ifa->lock);
	ifa->ifa_proto = LBX_IFAPROT;
	ifa->rt_priority = mnet->ifindex;
	ifa->rt->fib6_metric = mnet->ifindex;
	spin_unlock_bh(&ifa->lock);
	mnet->made = ifa;
}

/* lo has @addr already.  It may be the mirror, which may be about to be removed. */
static void lbx_mirror_revive(struct lbx_mirror_net *mnet, struct inet6_dev *lo,
			      const struct in6_addr *addr, u32 ifindex)
{
	struct inet6_ifaddr *ifa = lbx_mirror_find(lo, addr);

	if (!ifa || !lbx_is_mirror(ifa) || ifa->rt_priority != ifindex) {
		mnet->shadowed = true;
		return;
	}
	spin_lock_bh(&ifa->lock);
	ifa->valid_lft = INFINITY_LIFE_TIME;
	spin_unlock_bh(&ifa->lock);
}

/* Mirror @addr of the lbx device @ifindex, unless lo has it.  The caller holds RTNL
 * and RCU.
 */
static int lbx_mirror_add(struct lbx_mirror_net *mnet, const struct in6_addr *addr,
			  u32 ifindex)
{
	struct inet6_dev *lo = __in6_dev_get(mnet->net->loopback_dev);
	struct inet6_ifaddr *ifa;
	int err;

	if (!lo || lo->cnf.disable_ipv6)
		return -EACCES;
	if (lbx_addr6_has(lo->dev, addr)) {
		lbx_mirror_revive(mnet, lo, addr, ifindex);
		return 0;
	}

	mnet->ifindex = ifindex;
	err = lbx_mirror_prefix(mnet->net, lo, addr, INFINITY_LIFE_TIME);
	mnet->ifindex = 0;

	ifa = mnet->made;
	mnet->made = NULL;
	if (err || !ifa)
		return -ENOMEM;

	/* no address that others are derived from */
	spin_lock_bh(&ifa->lock);
	ifa->flags &= ~IFA_F_MANAGETEMPADDR;
	spin_unlock_bh(&ifa->lock);
	return 0;
}

/* End the lifetime of the mirror of an address that is gone.  The caller holds RTNL
 * and RCU.
 */
static void lbx_mirror_expire(struct net *net, const struct in6_addr *addr,
			      u32 ifindex)
{
	struct inet6_dev *lo = __in6_dev_get(net->loopback_dev);
	struct inet6_ifaddr *ifa;

	ifa = lo ? lbx_mirror_find(lo, addr) : NULL;
	if (!ifa || !lbx_is_mirror(ifa) || ifa->rt_priority != ifindex)
		return;

	spin_lock_bh(&ifa->lock);
	ifa->valid_lft = 0;
	spin_unlock_bh(&ifa->lock);
	lbx_mirror_prefix(net, lo, addr, 0);
}

/* Have the work run after @delay, or earlier if it is to run anyway.  What it then
 * allocates is charged to the one who has caused it.
 */
static void lbx_mirror_queue(struct lbx_mirror_net *mnet, unsigned long delay)
{
	if (!mnet->memcg && !in_softirq() && current->mm)
		mnet->memcg = get_mem_cgroup_from_mm(current->mm);
	if (delay)
		queue_delayed_work(lbx_mirror_wq, &mnet->work, delay);
	else
		mod_delayed_work(lbx_mirror_wq, &mnet->work, 0);
}

/* Have the work look for addresses without a mirror */
static void lbx_mirror_look(struct lbx_mirror_net *mnet, unsigned long delay)
{
	WRITE_ONCE(mnet->missing, true);
	lbx_mirror_queue(mnet, delay);
}

static void lbx_mirror_warn(struct lbx_mirror_net *mnet)
{
	if (mnet->warned || mnet->pause < LBX_MIRROR_PAUSE_WARN)
		return;
	mnet->warned = true;
	net_warn_ratelimited("lbx: something removes the addresses of proto %u from lo again and again; servers cannot bind IPv6 addresses of lbx devices until they are back\n",
			     LBX_IFAPROT);
}

/* Somebody has deleted a mirror.  It comes back at once, unless this follows on the
 * last time: then later each time.
 */
static void lbx_mirror_deleted(struct lbx_mirror_net *mnet)
{
	if (mnet->missing)
		return;
	if (time_after(jiffies,
		       mnet->deleted + 2 * mnet->pause + LBX_MIRROR_AGAIN)) {
		mnet->pause = 0;
		mnet->warned = false;
	} else {
		mnet->pause = clamp(2 * mnet->pause,
				    (unsigned long)LBX_MIRROR_PAUSE_MIN,
				    (unsigned long)LBX_MIRROR_PAUSE_MAX);
		lbx_mirror_warn(mnet);
	}
	mnet->deleted = jiffies + mnet->pause;
	lbx_mirror_look(mnet, mnet->pause);
}

/* Mirror the addresses of lbx devices that lo does not have.  Return the first error;
 * one address does not stop the others.
 */
static int lbx_mirror_add_missing(struct lbx_mirror_net *mnet)
{
	struct net_device *lo = mnet->net->loopback_dev;
	struct inet6_ifaddr *ifa;
	struct inet6_dev *idev;
	struct net_device *dev;
	int err, first = 0;

	for_each_netdev(mnet->net, dev) {
		idev = lbx_is_lbx(dev) ? __in6_dev_get(dev) : NULL;
		if (!idev)
			continue;
		rcu_read_lock();
		list_for_each_entry_rcu(ifa, &idev->addr_list, if_list) {
			if (!lbx_mirror_is_due(&ifa->addr) ||
			    lbx_addr6_has(lo, &ifa->addr))
				continue;
			err = lbx_mirror_add(mnet, &ifa->addr, dev->ifindex);
			if (!err || first)
				continue;
			first = err;
			net_warn_ratelimited("lbx: cannot mirror %pI6c on lo, and a server cannot bind it: %s\n",
					     &ifa->addr,
					     err == -EACCES ?
					     "IPv6 is disabled on lo" :
					     "out of memory, trying again");
		}
		rcu_read_unlock();
	}
	return first;
}

/* Is a mirror left whose device is gone?  The caller holds RTNL. */
static bool lbx_mirror_is_left(struct net *net)
{
	struct inet6_dev *lo = __in6_dev_get(net->loopback_dev);
	struct inet6_ifaddr *ifa;
	bool left = false;

	rcu_read_lock();
	if (lo)
		list_for_each_entry_rcu(ifa, &lo->addr_list, if_list)
			if (lbx_is_mirror(ifa) && !ifa->valid_lft) {
				left = true;
				break;
			}
	rcu_read_unlock();
	return left;
}

/* An isolated device is gone.  The hooks are there until nobody can have found the
 * route of a mirror of it.
 */
static void lbx_mirror_leave(struct lbx_mirror_net *mnet)
{
	bool left;

	rtnl_net_lock(mnet->net);
	left = lbx_mirror_is_left(mnet->net);
	rtnl_net_unlock(mnet->net);

	if (!left) {
		synchronize_net();
		rtnl_net_lock(mnet->net);
		left = lbx_mirror_is_left(mnet->net);
		if (!left)
			lbx_isolate_left(mnet->net);
		rtnl_net_unlock(mnet->net);
	}
	if (left)
		queue_delayed_work(lbx_mirror_wq, &mnet->work, 1);
}

static void lbx_mirror_add_routes(struct lbx_mirror_net *mnet)
{
	int err = lbx_route6_update(mnet->net);

	if (!err)
		return;
	net_warn_ratelimited("lbx: cannot add a route to ::1, a client that is bound to ::1 is not told of a refusal: error %d\n",
			     err);
	if (err == -ENOMEM || err == -ENOBUFS) {
		WRITE_ONCE(mnet->routes, true);
		queue_delayed_work(lbx_mirror_wq, &mnet->work,
				   LBX_MIRROR_PAUSE_MIN);
	}
}

static void lbx_mirror_work(struct work_struct *work)
{
	struct lbx_mirror_net *mnet =
		container_of(work, struct lbx_mirror_net, work.work);
	struct mem_cgroup *memcg, *old;
	struct net *net = mnet->net;
	int err = 0;

	if (!check_net(net))
		return;

	rtnl_net_lock(net);
	memcg = mnet->memcg;
	mnet->memcg = NULL;
	old = set_active_memcg(memcg);
	if (mnet->linklocal) {
		mnet->linklocal = false;
		lbx_addr6_linklocals(net);
	}
	if (xchg(&mnet->missing, false))
		err = lbx_mirror_add_missing(mnet);
	set_active_memcg(old);
	/* without memory: again, and charged to the same */
	if (err == -ENOMEM) {
		mnet->retry = clamp(2 * mnet->retry,
				    (unsigned long)LBX_MIRROR_PAUSE_MIN,
				    (unsigned long)LBX_MIRROR_PAUSE_MAX);
		mnet->memcg = memcg;
		memcg = NULL;
		lbx_mirror_look(mnet, mnet->retry);
	} else {
		mnet->retry = 0;
	}
	rtnl_net_unlock(net);
	mem_cgroup_put(memcg);

	if (xchg(&mnet->routes, false))
		lbx_mirror_add_routes(mnet);
	if (lbx_isolate_is_leaving(net))
		lbx_mirror_leave(mnet);
}

/**
 * lbx_mirror_leaving - have lbx_isolate_left() called
 * @net: the netns
 *
 * It is called when the netns has no mirror of a device that is gone any more.
 *
 * Context: RTNL.
 */
void lbx_mirror_leaving(struct net *net)
{
	lbx_mirror_queue(net_generic(net, lbx_mirror_net_id), 0);
}

/**
 * lbx_mirror_linklocal - have lbx_addr6_linklocals() called
 * @net: the netns
 *
 * Context: RTNL.
 */
void lbx_mirror_linklocal(struct net *net)
{
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	mnet->linklocal = true;
	lbx_mirror_queue(mnet, 0);
}

/**
 * lbx_mirror_routes - have lbx_route6_update() called
 * @net: the netns
 *
 * Context: RTNL.
 */
void lbx_mirror_routes(struct net *net)
{
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	WRITE_ONCE(mnet->routes, true);
	lbx_mirror_queue(mnet, 0);
}

/**
 * lbx_mirror_owner - the lbx device that a route on lo stands in for
 * @net: the netns
 * @dst: a local IPv6 route whose device is lo
 * @gone: set to true if the packet is to be dropped: the route has been removed since it was
 *	found, or the device is gone, was perhaps isolated, and left the mirror
 *
 * Context: RCU.
 * Return: the device, or NULL if the route is not of a mirror or @gone is set.
 */
struct net_device *lbx_mirror_owner(struct net *net, const struct dst_entry *dst,
				    bool *gone)
{
	const struct rt6_info *rt = dst_rt6_info(dst);
	const struct fib6_info *from = rcu_dereference(rt->from);
	struct net_device *dev;

	/* by fib6_drop_pcpu_from(); those of icmp6_dst_alloc() never had one */
	if (unlikely(!from)) {
		*gone = rt->rt6i_flags & RTF_LOCAL;
		return NULL;
	}
	/* addrconf_f6i_alloc() makes them with metric 0 */
	if (likely(!from->fib6_metric) || from->fib6_type != RTN_LOCAL ||
	    from->fib6_protocol != RTPROT_KERNEL)
		return NULL;

	dev = dev_get_by_index_rcu(net, from->fib6_metric);
	if (dev && lbx_is_lbx(dev))
		return dev;
	*gone = lbx_isolate_is_leaving(net);
	return NULL;
}

/**
 * lbx_mirror_addr_owner - the device that has an address
 * @net: the netns
 * @addr: an address that is not link-local
 *
 * Context: RCU.
 * Return: the device of the local route to @addr, or if that is a mirror's the device
 *	that it stands in for; NULL if there is none.
 */
struct net_device *lbx_mirror_addr_owner(struct net *net,
					 const struct in6_addr *addr)
{
	struct rt6_info *rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	struct net_device *dev;
	bool gone;

	if (!rt)
		return NULL;
	dev = rt->dst.dev;
	if (dev == net->loopback_dev)
		dev = lbx_mirror_owner(net, &rt->dst, &gone);
	ip6_rt_put(rt);
	return dev;
}

static void lbx_mirror_addr_up(struct lbx_mirror_net *mnet, struct net_device *dev,
			       const struct in6_addr *addr)
{
	if (!lbx_mirror_is_due(addr))
		return;
	/* a router advertisement's address comes without RTNL */
	if (!in_softirq() && !lbx_mirror_add(mnet, addr, dev->ifindex))
		return;
	lbx_mirror_look(mnet, 0);
}

/* lo has lost @ifa.  "ip link set lo down" removes all at once. */
static void lbx_mirror_lo_down(struct lbx_mirror_net *mnet,
			       const struct inet6_ifaddr *ifa)
{
	if (lbx_is_mirror(ifa) && ifa->valid_lft)
		lbx_mirror_deleted(mnet);
	else if (mnet->shadowed)
		lbx_mirror_look(mnet, 0);
}

/* ipv6_del_addr() holds RTNL, and so does ipv6_add_addr() outside of softirqs. */
static int lbx_mirror_event(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	struct inet6_ifaddr *ifa = ptr;
	struct net_device *dev = ifa->idev->dev;
	struct net *net = dev_net(dev);
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	if (lbx_is_lbx(dev)) {
		if (event == NETDEV_UP)
			lbx_mirror_addr_up(mnet, dev, &ifa->addr);
		else
			lbx_mirror_expire(net, &ifa->addr, dev->ifindex);
	} else if (dev == net->loopback_dev) {
		if (event == NETDEV_DOWN) {
			lbx_mirror_lo_down(mnet, ifa);
		} else if (mnet->ifindex && !mnet->made) {
			lbx_mirror_mark(mnet, ifa);
		} else if (ipv6_addr_loopback(&ifa->addr)) {
			/* IPv6 has come back */
			lbx_mirror_look(mnet, 0);
		}
	}
	return NOTIFY_DONE;
}

static struct notifier_block lbx_mirror_notifier = {
	.notifier_call = lbx_mirror_event,
};

static int __net_init lbx_mirror_net_init(struct net *net)
{
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	mnet->net = net;
	mnet->deleted = jiffies - LBX_MIRROR_AGAIN - 1;
	INIT_DELAYED_WORK(&mnet->work, lbx_mirror_work);
	return 0;
}

/* When the module goes the mirrors are about to be removed: isolation ends after them */
static void lbx_mirror_drain(struct net *net)
{
	unsigned int i;
	bool left;

	for (i = 0; i < HZ; i++) {
		rtnl_net_lock(net);
		left = lbx_mirror_is_left(net);
		rtnl_net_unlock(net);
		if (!left)
			break;
		schedule_timeout_uninterruptible(1);
	}
}

/* Twice: before lo goes, which a work that runs would miss, and after the last
 * lbx device, whose address queues one that only finds the netns dead.
 */
static void __net_exit lbx_mirror_net_exit(struct net *net)
{
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	if (check_net(net))
		lbx_mirror_drain(net);
	cancel_delayed_work_sync(&mnet->work);
	mem_cgroup_put(mnet->memcg);
	mnet->memcg = NULL;
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

/* The devices are gone by now, and with each address the lifetime of its mirror */
void lbx_mirror_exit(void)
{
	unregister_inet6addr_notifier(&lbx_mirror_notifier);
	unregister_pernet_subsys(&lbx_mirror_net_ops);
	destroy_workqueue(lbx_mirror_wq);
}
