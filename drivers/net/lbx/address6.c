// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv6 on an lbx device: which addresses it takes, and the settings and the
 * link-local address that it has of itself.
 */
#include <linux/inet.h>
#include <linux/netlink.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>

#include "lbx.h"

/**
 * lbx_addr6_setup - give a device a loopback's IPv6 settings
 * @dev: an lbx device, new or with another MTU than before
 *
 * What ipv6_add_dev() sets for a loopback, and one more: the addresses of an lbx
 * device survive its going down (keep_addr_on_down), for lo carries them then,
 * as it does in IPv4.  Each of them stays the user's, to change by sysctl: it is
 * set once for each inet6_dev.  A device gets a new one when its MTU has been
 * below IPv6's minimum.
 *
 * Context: RTNL.
 * Return: whether there is a new inet6_dev.
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

	idev->cnf.accept_dad = -1;
	idev->cnf.use_tempaddr = -1;
	idev->cnf.keep_addr_on_down = 1;
	return true;
}

/**
 * lbx_addr6_pre_up - have every kept address get its route back
 * @dev: an lbx device that is about to come up
 *
 * addrconf_ifdown() cannot cancel an addrconf_dad_work() that waits for RTNL
 * already.  That one then does DAD on a device that is down, and makes no route,
 * since the address has none.  When the device comes up, fixup_permanent_addr()
 * leaves an address alone whose DAD has begun: it would stay without its route, and
 * its mirror on lo would carry.
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

/**
 * lbx_addr6_up - give a device whose IPv6 has started its link-local address
 * @dev: an lbx device
 *
 * Source selection stays within the L3 domain of the route's device
 * (ipv6_dev_get_saddr()), so a local route to an lbx device without an address
 * would answer nobody.  As on any interface (RFC 4291, 2.1) there is a link-local
 * address to fall back on.
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
	lbx_mirror_routes(dev_net(dev));
}

/**
 * lbx_addr6_linklocals - give the devices whose IPv6 has started a link-local address
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
		if (lbx_is_lbx(dev) && priv->linklocal && netif_running(dev))
			lbx_addr6_up(dev);
	}
}

/**
 * lbx_addr6_has - is it an address of that device, ready to be used or not?
 * @dev: any device
 * @addr: the address
 *
 * Context: any; RCU is taken.
 * Return: true if it is.
 */
bool lbx_addr6_has(struct net_device *dev, const struct in6_addr *addr)
{
	return ipv6_chk_addr_and_flags(dev_net(dev), addr, dev, false, 1, 0);
}

/* ::1 belongs to lo.  A user who asks for it gets an error.
 *
 * init_loopback() asks for it, without an extack, whenever IPv6 starts on a loopback:
 * when the device comes up, when disable_ipv6 is cleared, when addr_gen_mode is set.  The
 * last two have no other event.  addrconf_add_linklocal() calls this chain, so that only a
 * work can give the device its address; lbx_addr6_up() comes before it on NETDEV_UP.
 */
static int lbx_validate_addr6(struct notifier_block *nb, unsigned long event,
			      void *ptr)
{
	const struct in6_validator_info *i6vi = ptr;
	struct net_device *dev = i6vi->i6vi_dev->dev;
	struct lbx_priv *priv = netdev_priv(dev);

	if (event != NETDEV_UP || !lbx_is_lbx(dev))
		return NOTIFY_DONE;

	/* inet6_addr_add() makes an inet6_dev if there is none */
	lbx_addr6_setup(dev);
	if (!ipv6_addr_loopback(&i6vi->i6vi_addr))
		return NOTIFY_DONE;

	if (!i6vi->extack) {
		priv->linklocal = true;
		lbx_mirror_linklocal(dev_net(dev));
	}
	NL_SET_ERR_MSG(i6vi->extack, "::1 belongs to lo; an lbx device takes any other unicast address");
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
