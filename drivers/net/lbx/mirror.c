// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mirror on lo of each IPv6 address of an lbx device.
 *
 * inet6_bind() looks an address up by L3 domain.  If a socket is bound to no device,
 * __ipv6_chk_addr_and_flags() skips the addresses of an L3 master (an lbx device is
 * one, see device.c), and the server gets EADDRNOTAVAIL.  So lo, which is in no domain,
 * has the same address.
 *
 * A mirror is made within the notifier of the address that it mirrors, so that a
 * server can bind the address when the request that added it returns.
 * addrconf_prefix_rcv_add_addr() is exported and adds an address in any context.
 * The mirror is then marked before any other code acts on it:
 *
 * - It is deprecated (rule 3 of ipv6_get_saddr_eval()): packets that leave by another
 *   device prefer any other source address of the scope.
 * - The metric of its local route is the ifindex of the lbx device.  The local routes
 *   of addrconf's other addresses have metric 0.  So the lbx device carries whenever it
 *   has its route, in whatever order the two routes are made, and lo carries while the
 *   device has no route (while it is down).  By the metric, isolate.c also finds the
 *   device that a packet belongs to if it takes the route of the mirror.
 *
 * No exported function removes an address, but addrconf_verify_rtnl() removes one whose
 * valid lifetime is over.  inet6_addr_del() calls it, so that a mirror is removed
 * within the request that deletes its address.
 *
 * A work item does what a notifier cannot: it makes the mirrors that could not be made,
 * and those that another program has deleted.
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

/* Without IFA_F_PERMANENT.  With it, lo would keep the mirror when lo goes down with
 * keep_addr_on_down, and fixup_permanent_addr() would make another route for it.
 */
#define LBX_MIRROR_FLAGS	(IFA_F_NODAD | IFA_F_NOPREFIXROUTE | \
				 IFA_F_DEPRECATED)

/* Time between two tries, in jiffies: doubled each time up to the maximum */
#define LBX_MIRROR_PAUSE_MIN	(HZ / 8)
#define LBX_MIRROR_PAUSE_MAX	(60 * HZ)

/* If mirrors are deleted within this time plus twice the pause after they came back,
 * something deletes them again and again.
 */
#define LBX_MIRROR_AGAIN	(10 * HZ)

/* When the pause reaches this, log that something deletes the mirrors each time */
#define LBX_MIRROR_PAUSE_WARN	(2 * HZ)

/**
 * struct lbx_mirror_net - the mirrors of a netns
 * @net: the netns
 * @work: lbx_mirror_work()
 * @ifindex: the lbx device whose address is being mirrored, or 0
 * @made: the mirror that was made for it
 * @missing: an address may have no mirror: the work looks for it
 * @shadowed: an address has got no mirror of its own, because lo had the address
 * @routes: the work adds routes to ::1, see lbx_route6_update()
 * @memcg: charged for the mirrors that the work makes, or NULL
 * @deleted: when deleted mirrors came back the last time
 * @pause: how long the work waits before it makes the next deleted mirrors again
 * @retry: how long the work waits before its next try after a lack of memory
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
	bool			routes;
	struct mem_cgroup	*memcg;
	unsigned long		deleted;
	unsigned long		pause;
	unsigned long		retry;
};

static unsigned int lbx_mirror_net_id;
static struct workqueue_struct *lbx_mirror_wq;

/* Return true if @ifa is a mirror.  "ip address change" replaces the flags and clears
 * the proto (inet6_addr_modify()), which makes the mirror the user's own address.
 */
static bool lbx_is_mirror(const struct inet6_ifaddr *ifa)
{
	return ifa->ifa_proto == LBX_IFAPROT && ifa->prefix_len == 128 &&
	       (ifa->flags & LBX_MIRROR_FLAGS) == LBX_MIRROR_FLAGS;
}

/* Return true if @addr needs a mirror.  A link-local address does not: it is bound
 * together with its device, within the device's domain.  A multicast address does not:
 * inet6_bind() accepts every one.
 */
static bool lbx_mirror_is_due(const struct in6_addr *addr)
{
	return !(ipv6_addr_type(addr) & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_MULTICAST));
}

/* Set the lifetime of the mirror of @addr.  Return false if lo has none, or if it has
 * the address for another reason.  Called under RCU.
 */
static bool lbx_mirror_set_lifetime(struct inet6_dev *lo, const struct in6_addr *addr,
				    u32 ifindex, u32 valid_lft)
{
	struct inet6_ifaddr *ifa;

	list_for_each_entry_rcu(ifa, &lo->addr_list, if_list) {
		if (!ipv6_addr_equal(&ifa->addr, addr))
			continue;
		if (!lbx_is_mirror(ifa) || ifa->rt_priority != ifindex)
			return false;
		spin_lock_bh(&ifa->lock);
		ifa->valid_lft = valid_lft;
		spin_unlock_bh(&ifa->lock);
		return true;
	}
	return false;
}

/* Add @addr to lo.  With @valid_lft 0, only make addrconf_verify_rtnl() run.
 * addrconf_prefix_rcv_add_addr() is made for router advertisements: it adds at most
 * max_addresses, so that setting is off during the call.  It adds no temporary address
 * (use_tempaddr): ipv6_create_tempaddr() refuses one whose public address has no
 * preferred lifetime.
 */
static int lbx_mirror_prefix(struct net *net, struct inet6_dev *lo,
			     const struct in6_addr *addr, u32 valid_lft)
{
	const struct prefix_info pinfo = { .prefix_len = 128 };
	int max_addresses = xchg(&lo->cnf.max_addresses, 0);
	int err;

	err = addrconf_prefix_rcv_add_addr(net, lo->dev, &pinfo, lo, addr,
					   ipv6_addr_type(addr),
					   LBX_MIRROR_FLAGS, false, false,
					   valid_lft, 0);
	/* unless a sysctl has written another value meanwhile */
	cmpxchg(&lo->cnf.max_addresses, 0, max_addresses);
	return err;
}

/* Called by the notifier within ipv6_add_addr(), before addrconf_dad_work() inserts
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

/* Mirror @addr of the lbx device @ifindex, unless lo has it.  Called under RTNL and
 * RCU.
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
		/* If it is the mirror, it may be about to be removed: keep it */
		if (!lbx_mirror_set_lifetime(lo, addr, ifindex, INFINITY_LIFE_TIME))
			mnet->shadowed = true;
		return 0;
	}

	mnet->ifindex = ifindex;
	err = lbx_mirror_prefix(mnet->net, lo, addr, INFINITY_LIFE_TIME);
	mnet->ifindex = 0;

	ifa = mnet->made;
	mnet->made = NULL;
	if (err || !ifa)
		return -ENOMEM;

	/* derive no temporary addresses from it */
	spin_lock_bh(&ifa->lock);
	ifa->flags &= ~IFA_F_MANAGETEMPADDR;
	spin_unlock_bh(&ifa->lock);
	return 0;
}

/* End the lifetime of the mirror of a removed address.  Called under RTNL and RCU. */
static void lbx_mirror_expire(struct net *net, const struct in6_addr *addr,
			      u32 ifindex)
{
	struct inet6_dev *lo = __in6_dev_get(net->loopback_dev);

	if (lo && lbx_mirror_set_lifetime(lo, addr, ifindex, 0))
		lbx_mirror_prefix(net, lo, addr, 0);
}

/* Make the work run after @delay, or earlier if it is queued already.  The work's
 * allocations are charged to the task that causes it.
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

/* Make the work look for addresses without a mirror */
static void lbx_mirror_queue_missing(struct lbx_mirror_net *mnet, unsigned long delay)
{
	WRITE_ONCE(mnet->missing, true);
	lbx_mirror_queue(mnet, delay);
}

/* Return the pause after @pause */
static unsigned long lbx_mirror_longer(unsigned long pause)
{
	return clamp_t(unsigned long, 2 * pause, LBX_MIRROR_PAUSE_MIN,
		       LBX_MIRROR_PAUSE_MAX);
}

/* Another program has deleted a mirror.  The mirror comes back at once; if mirrors are
 * deleted again and again, it comes back later each time.
 */
static void lbx_mirror_deleted(struct lbx_mirror_net *mnet)
{
	unsigned long last = mnet->pause;

	if (mnet->missing)
		return;
	if (time_after(jiffies, mnet->deleted + 2 * last + LBX_MIRROR_AGAIN)) {
		mnet->pause = 0;
	} else {
		mnet->pause = lbx_mirror_longer(last);
		if (last < LBX_MIRROR_PAUSE_WARN &&
		    mnet->pause >= LBX_MIRROR_PAUSE_WARN)
			net_warn_ratelimited("lbx: a program repeatedly deletes the addresses of proto %u from lo; servers cannot bind IPv6 addresses of lbx devices until lbx adds them again\n",
					     LBX_IFAPROT);
	}
	mnet->deleted = jiffies + mnet->pause;
	lbx_mirror_queue_missing(mnet, mnet->pause);
}

/* Mirror the addresses of lbx devices that lo does not have.  Return the first error;
 * an error does not stop the loop.
 */
static int lbx_mirror_add_missing(struct lbx_mirror_net *mnet)
{
	struct net_device *lo = mnet->net->loopback_dev;
	struct inet6_ifaddr *ifa;
	struct inet6_dev *idev;
	struct net_device *dev;
	int err, first = 0;

	for_each_netdev(mnet->net, dev) {
		idev = netif_is_lbx(dev) ? __in6_dev_get(dev) : NULL;
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
			net_warn_ratelimited("lbx: cannot mirror %pI6c on lo, so servers cannot bind it: %s\n",
					     &ifa->addr,
					     err == -EACCES ?
					     "IPv6 is disabled on lo" :
					     "out of memory, will retry");
		}
		rcu_read_unlock();
	}
	return first;
}

/* Return true if lo still has the mirror of a removed address.  Called under RTNL. */
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

/* An isolated device is gone.  Keep the hooks until its mirrors are gone, and no packet
 * can have found the route of one.
 */
static void lbx_mirror_release_hooks(struct lbx_mirror_net *mnet)
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
			lbx_isolate_release_hooks(mnet->net);
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
	net_warn_ratelimited("lbx: cannot add a route to ::1, so clients that are bound to ::1 do not see that a port is closed: error %d\n",
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
	lbx_addr6_linklocals(net);
	if (xchg(&mnet->missing, false))
		err = lbx_mirror_add_missing(mnet);
	set_active_memcg(old);
	/* out of memory: try again, charged to the same memcg */
	if (err == -ENOMEM) {
		mnet->retry = lbx_mirror_longer(mnet->retry);
		mnet->memcg = memcg;
		memcg = NULL;
		lbx_mirror_queue_missing(mnet, mnet->retry);
	} else {
		mnet->retry = 0;
	}
	rtnl_net_unlock(net);
	mem_cgroup_put(memcg);

	if (xchg(&mnet->routes, false))
		lbx_mirror_add_routes(mnet);
	if (lbx_isolate_hooks_kept(net))
		lbx_mirror_release_hooks(mnet);
}

/**
 * lbx_mirror_queue_work - queue the work of a netns
 * @net: the netns
 *
 * The work calls lbx_addr6_linklocals(), and lbx_isolate_release_hooks() when the netns
 * has no mirror of a removed device any more.
 *
 * Context: RTNL.
 */
void lbx_mirror_queue_work(struct net *net)
{
	lbx_mirror_queue(net_generic(net, lbx_mirror_net_id), 0);
}

/**
 * lbx_mirror_queue_routes - make the work call lbx_route6_update()
 * @net: the netns
 *
 * Context: RTNL.
 */
void lbx_mirror_queue_routes(struct net *net)
{
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	WRITE_ONCE(mnet->routes, true);
	lbx_mirror_queue(mnet, 0);
}

/**
 * lbx_mirror_owner - find the lbx device of a mirror by a route on lo
 * @net: the netns
 * @dst: a local IPv6 route whose device is lo
 * @gone: set to true if the packet is to be dropped: the route was removed after the
 *	packet found it, or the mirror's device is gone and may have been isolated
 *
 * Context: RCU.
 * Return: the device, or NULL if @gone is set or the route is not that of a mirror.
 */
struct net_device *lbx_mirror_owner(struct net *net, const struct dst_entry *dst,
				    bool *gone)
{
	const struct rt6_info *rt = dst_rt6_info(dst);
	const struct fib6_info *from = rcu_dereference(rt->from);
	struct net_device *dev;

	/* cleared by fib6_drop_pcpu_from(), and never set by icmp6_dst_alloc() */
	if (unlikely(!from)) {
		*gone = rt->rt6i_flags & RTF_LOCAL;
		return NULL;
	}
	/* addrconf_f6i_alloc() sets metric 0 */
	if (likely(!from->fib6_metric) || from->fib6_type != RTN_LOCAL ||
	    from->fib6_protocol != RTPROT_KERNEL)
		return NULL;

	dev = dev_get_by_index_rcu(net, from->fib6_metric);
	if (dev && netif_is_lbx(dev))
		return dev;
	*gone = lbx_isolate_hooks_kept(net);
	return NULL;
}

static void lbx_mirror_addr_up(struct lbx_mirror_net *mnet, struct net_device *dev,
			       const struct in6_addr *addr)
{
	if (!lbx_mirror_is_due(addr))
		return;
	/* an address from a router advertisement comes without RTNL */
	if (!in_softirq() && !lbx_mirror_add(mnet, addr, dev->ifindex))
		return;
	lbx_mirror_queue_missing(mnet, 0);
}

/* lo has lost @ifa.  "ip link set lo down" removes all addresses at once. */
static void lbx_mirror_lo_down(struct lbx_mirror_net *mnet,
			       const struct inet6_ifaddr *ifa)
{
	if (lbx_is_mirror(ifa) && ifa->valid_lft)
		lbx_mirror_deleted(mnet);
	else if (mnet->shadowed)
		lbx_mirror_queue_missing(mnet, 0);
}

/* ipv6_del_addr() holds RTNL, and so does ipv6_add_addr() outside of softirqs. */
static int lbx_mirror_event(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	struct inet6_ifaddr *ifa = ptr;
	struct net_device *dev = ifa->idev->dev;
	struct net *net = dev_net(dev);
	struct lbx_mirror_net *mnet = net_generic(net, lbx_mirror_net_id);

	if (netif_is_lbx(dev)) {
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
			/* IPv6 has come back on lo */
			lbx_mirror_queue_missing(mnet, 0);
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

/* On module unload the mirrors are about to be removed.  Wait for that, since isolation
 * ends after it.
 */
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

/* Runs twice: before lo is removed, which a running work would not notice, and after
 * the last lbx device is removed, whose address queues a work that only finds the netns
 * dead.
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

/* The devices are gone, and the lifetime of each mirror ended with its address */
void lbx_mirror_exit(void)
{
	unregister_inet6addr_notifier(&lbx_mirror_notifier);
	unregister_pernet_subsys(&lbx_mirror_net_ops);
	destroy_workqueue(lbx_mirror_wq);
}
