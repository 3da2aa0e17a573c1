// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4 addresses and settings of an lbx device.
 */
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/netlink.h>
#include <net/l3mdev.h>

#include "lbx.h"

#ifndef LBX_HAVE_CARRIES_LOCAL
/**
 * lbx_addr_setup - set a loopback's IPv4 settings on a new device
 * @dev: the device, just registered
 *
 * inetdev_event() sets them at NETDEV_REGISTER if the device is a loopback.  An lbx
 * device becomes one only after that, see lbx_register().
 *
 * Context: RTNL.
 */
void lbx_addr_setup(struct net_device *dev)
{
	struct in_device *in_dev = __in_dev_get_rtnl(dev);

	if (!in_dev)
		return;
	IN_DEV_CONF_SET(in_dev, NOXFRM, 1);
	IN_DEV_CONF_SET(in_dev, NOPOLICY, 1);
}

/* With tcp_l3mdev_accept, inet_request_bound_dev_if() binds an accepted socket to the
 * L3 master that the connection came by, which it finds by skb_iif.  Such a socket
 * could not use lo while the device is down.  An lbx device is not an L3 domain, and
 * its connections belong to none, like those of lo.
 */
static struct sk_buff *lbx_l3_rcv(struct net_device *dev, struct sk_buff *skb,
				  u16 proto)
{
	if (READ_ONCE(dev_net(dev)->ipv4.sysctl_tcp_l3mdev_accept))
		skb->skb_iif = LOOPBACK_IFINDEX;
	return skb;
}

static const struct l3mdev_ops lbx_l3mdev_accept_ops = {
	.l3mdev_l3_rcv = lbx_l3_rcv,
};

/**
 * lbx_l3mdev_accept - make lbx_l3_rcv() receive the packets of a device from now on
 * @dev: an lbx device in a netns with tcp_l3mdev_accept
 *
 * l3mdev_l3_rcv() reads the pointer twice.  The pointer is never set back, so if the
 * first read finds a function, the second one does too.
 *
 * Context: any.
 */
void lbx_l3mdev_accept(struct net_device *dev)
{
	if (READ_ONCE(dev->l3mdev_ops) != &lbx_l3mdev_accept_ops)
		WRITE_ONCE(dev->l3mdev_ops, &lbx_l3mdev_accept_ops);
}
#endif

/* Refuse 127.0.0.1, which belongs to lo.  inetdev_event() adds it to every loopback
 * that comes up, without an extack, and a user may ask for it.
 */
static int lbx_validate_addr(struct notifier_block *nb, unsigned long event,
			     void *ptr)
{
	const struct in_validator_info *ivi = ptr;

	if (event != NETDEV_UP || !netif_is_lbx(ivi->ivi_dev->dev) ||
	    ivi->ivi_addr != htonl(INADDR_LOOPBACK))
		return NOTIFY_DONE;

	NL_SET_ERR_MSG(ivi->extack, "127.0.0.1 belongs to lo; use another address of 127.0.0.0/8, with prefix length 32");
	return notifier_from_errno(-EADDRNOTAVAIL);
}

static struct notifier_block lbx_addr_validator = {
	.notifier_call = lbx_validate_addr,
};

int lbx_addr_init(void)
{
	return register_inetaddr_validator_notifier(&lbx_addr_validator);
}

void lbx_addr_exit(void)
{
	unregister_inetaddr_validator_notifier(&lbx_addr_validator);
}
