// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv6 addresses and settings of an lbx device, and its link-local address.
 */
#include <linux/inet.h>
#include <linux/netlink.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>

#include "lbx.h"

/**
 * lbx_addr6_setup - set a loopback's IPv6 settings on a device
 * @dev: an lbx device that is new or has a new MTU
 *
 * These are the settings that ipv6_add_dev() makes for a loopback, and
 * keep_addr_on_down.  With keep_addr_on_down the addresses of an lbx device stay when
 * it goes down, because lo then carries their traffic, as in IPv4.  The settings are
 * made once for each inet6_dev, so a user can change them by sysctl.  A device gets a
 * new inet6_dev when its MTU was below IPv6's minimum and is raised.
 *
 * Context: RTNL.
 * Return: true if the device has a new inet6_dev.
 */
bool lbx_addr6_setup(struct net_device *dev)
{
	struct lbx_priv *priv = netdev_priv(dev);
	struct inet6_dev *idev = __in6_dev_get(dev);

	if (idev == priv->in6_dev)
		return false;
	priv->in6_dev = idev;
	if (!idev)
		return false;

#ifndef LBX_HAVE_CARRIES_LOCAL
	idev->cnf.accept_dad = -1;
	idev->cnf.use_tempaddr = -1;
#endif
	idev->cnf.keep_addr_on_down = 1;
	return true;
}

/**
 * lbx_addr6_pre_up - prepare every kept address to get its route back
 * @dev: an lbx device that is about to come up
 *
 * addrconf_ifdown() cannot cancel an addrconf_dad_work() that already waits for RTNL.
 * That work then does DAD on a device that is down, and inserts no route because the
 * address has none.  When the device comes up, fixup_permanent_addr() starts DAD only
 * for an address in INET6_IFADDR_STATE_PREDAD.  Without this function, the address
 * would stay without its route, and the route of its mirror on lo would be used.
 *
 * Context: RTNL.
 */
void lbx_addr6_pre_up(struct net_device *dev)
{
	struct inet6_dev *idev = __in6_dev_get(dev);
	struct inet6_ifaddr *ifa;

	if (!idev)
		return;

	rcu_read_lock();
	list_for_each_entry_rcu(ifa, &idev->addr_list, if_list) {
		spin_lock_bh(&ifa->lock);
		if (!ifa->rt && ifa->state == INET6_IFADDR_STATE_DAD)
			ifa->state = INET6_IFADDR_STATE_PREDAD;
		spin_unlock_bh(&ifa->lock);
	}
	rcu_read_unlock();
}

#ifndef LBX_HAVE_CARRIES_LOCAL
/**
 * lbx_addr6_up - add the link-local address to a device whose IPv6 has started
 * @dev: an lbx device
 *
 * Source selection stays within the L3 domain of the route's device
 * (ipv6_dev_get_saddr()).  With a local route to an lbx device that has no address,
 * there would be no source for a reply.  The link-local address, which every interface
 * has (RFC 4291, 2.1), is the fallback.
 *
 * Context: RTNL, after addrconf_notify().
 */
void lbx_addr6_up(struct net_device *dev)
{
	static const struct in6_addr linklocal = { { { 0xfe, 0x80, [15] = 1 } } };
	struct inet6_dev *idev = __in6_dev_get(dev);
	struct lbx_priv *priv = netdev_priv(dev);

	priv->linklocal = false;
	if (!idev || idev->cnf.disable_ipv6)
		return;
	if (idev->cnf.addr_gen_mode != IN6_ADDR_GEN_MODE_NONE)
		addrconf_add_linklocal(idev, &linklocal, 0);
	lbx_mirror_queue_routes(dev_net(dev));
}

/**
 * lbx_addr6_linklocals - add a link-local address to devices whose IPv6 has started
 * @net: the netns
 *
 * Context: RTNL.
 */
void lbx_addr6_linklocals(struct net *net)
{
	const struct lbx_priv *priv;
	struct net_device *dev;

	for_each_netdev(net, dev) {
		priv = netdev_priv(dev);
		if (netif_is_lbx(dev) && priv->linklocal && netif_running(dev))
			lbx_addr6_up(dev);
	}
}
#endif

/**
 * lbx_addr6_has - check if a device has an IPv6 address, tentative ones included
 * @dev: any device
 * @addr: the address
 *
 * Context: any; takes RCU.
 * Return: true if @dev has @addr.
 */
bool lbx_addr6_has(struct net_device *dev, const struct in6_addr *addr)
{
	return ipv6_chk_addr_and_flags(dev_net(dev), addr, dev, false, 1, 0);
}

/* Refuse ::1, which belongs to lo.  A user who asks for it gets an error.
 *
 * init_loopback() asks for it, without an extack, whenever IPv6 starts on a loopback:
 * when the device comes up, when disable_ipv6 is cleared, and when addr_gen_mode is
 * set.  The last two have no other event.  addrconf_add_linklocal() calls this notifier
 * chain, so only a work item can add the link-local address.  On NETDEV_UP,
 * lbx_addr6_up() runs before the work item.
 */
static int lbx_validate_addr6(struct notifier_block *nb, unsigned long event,
			      void *ptr)
{
	const struct in6_validator_info *i6vi = ptr;
	struct net_device *dev = i6vi->i6vi_dev->dev;

	if (event != NETDEV_UP || !netif_is_lbx(dev))
		return NOTIFY_DONE;

	/* inet6_addr_add() creates an inet6_dev if there is none */
	lbx_addr6_setup(dev);
	if (!ipv6_addr_loopback(&i6vi->i6vi_addr))
		return NOTIFY_DONE;

#ifndef LBX_HAVE_CARRIES_LOCAL
	if (!i6vi->extack) {
		struct lbx_priv *priv = netdev_priv(dev);

		priv->linklocal = true;
		lbx_mirror_queue_work(dev_net(dev));
	}
#endif
	NL_SET_ERR_MSG(i6vi->extack, "::1 belongs to lo; use another unicast address");
	return notifier_from_errno(-EADDRNOTAVAIL);
}

static struct notifier_block lbx_addr6_validator = {
	.notifier_call = lbx_validate_addr6,
};

int lbx_addr6_init(void)
{
	return register_inet6addr_validator_notifier(&lbx_addr6_validator);
}

void lbx_addr6_exit(void)
{
	unregister_inet6addr_validator_notifier(&lbx_addr6_validator);
}
