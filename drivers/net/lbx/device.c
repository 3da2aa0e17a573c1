// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lbx net_device, as the rest of the kernel sees it, and the netlink kind that
 * creates and removes it.
 *
 * Two flags make it a loopback.  IFF_L3MDEV_MASTER is the hook: for a local route
 * (RTN_LOCAL) whose nexthop device is an L3 master, ip_route_output_key_hash_rcu()
 * and ip6_rt_get_dev_rcu() take that device instead of the netns's lo.
 * IFF_LOOPBACK makes prefixes local (fib_add_ifaddr()), keeps multicast from being
 * sent twice (ip_mc_output()), and is read by bridge, macvlan, conntrack and others.
 */
#include <linux/ethtool.h>
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <net/addrconf.h>
#include <net/l3mdev.h>
#include <net/netlink.h>
#include <net/vxlan.h>

#include "compat.h"
#include "lbx.h"
#include "trace.h"

#ifndef LBX_HAVE_CARRIES_LOCAL
/* The core reads this pointer but needs none of the operations: an lbx device has no
 * table and no rule, and its routes stay in local and main.
 */
static const struct l3mdev_ops lbx_l3mdev_ops = { };
#endif

static int lbx_dev_init(struct net_device *dev)
{
	int err;

	err = lbx_stats_alloc(dev);
	if (err)
		return err;

	netdev_lockdep_set_classes(dev);
	return 0;
}

/* Runs after unregister_netdevice_many_notify() has waited for packets in flight.  So
 * netdev_rx_handler_unregister(), which waits for a grace period for each device, is
 * not needed.
 */
static void lbx_dev_uninit(struct net_device *dev)
{
	RCU_INIT_POINTER(dev->rx_handler, NULL);
}

/* eth_header_ops without a cached header, so that neigh_output() passes every packet to
 * lbx_neigh_output().
 */
static const struct header_ops lbx_header_ops = {
	.create		= eth_header,
	.parse		= eth_header_parse,
	.parse_protocol	= eth_header_parse_protocol,
};

const struct net_device_ops lbx_netdev_ops = {
	.ndo_init		= lbx_dev_init,
	.ndo_uninit		= lbx_dev_uninit,
	.ndo_start_xmit		= lbx_xmit,
	.ndo_get_stats64	= lbx_get_stats64,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_neigh_construct	= lbx_neigh_construct,
};

static void lbx_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, LBX_KIND, sizeof(info->driver));
	/* overwrite the kernel's version, which ethtool_get_drvinfo() has set */
	strscpy_pad(info->version, LBX_VERSION, sizeof(info->version));
}

static u32 lbx_get_link(struct net_device *dev)
{
	return 1;
}

static const struct ethtool_ops lbx_ethtool_ops = {
	.get_drvinfo		= lbx_get_drvinfo,
	.get_link		= lbx_get_link,
	.get_sset_count		= lbx_get_sset_count,
	.get_strings		= lbx_get_strings,
	.get_ethtool_stats	= lbx_get_ethtool_stats,
	.get_ts_info		= ethtool_op_get_ts_info,
};

static const struct device_type lbx_type = {
	.name = LBX_KIND,
};

/* Follows gen_lo_setup() in drivers/net/loopback.c, except for IFF_LOOPBACK, which
 * lbx_register() sets.  There is no link that could be lost, so operstate is UP from
 * the start.  rtnl_fill_ifinfo() itself shows DOWN while the device is down.
 */
static void lbx_setup(struct net_device *dev)
{
	struct lbx_priv *priv = netdev_priv(dev);

	priv->dev = dev;
	priv->direct = true;
	INIT_LIST_HEAD(&priv->claims);
	INIT_LIST_HEAD(&priv->changed);

	ether_setup(dev);
	dev->type		= ARPHRD_LOOPBACK;
	dev->flags		= 0;
	dev->mtu		= LBX_MTU_MAX;
	dev->min_mtu		= LBX_MTU_MIN;
	dev->max_mtu		= LBX_MTU_MAX;
	dev->operstate		= IF_OPER_UP;
	dev->priv_flags		&= ~IFF_TX_SKB_SHARING;
	dev->priv_flags		|= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE |
				   LBX_COMPAT_L3MDEV_MASTER;
	netif_keep_dst(dev);

	dev->hw_features	= LBX_OFFLOADS;
	dev->features		= LBX_OFFLOADS | NETIF_F_RXCSUM |
				  NETIF_F_HIGHDMA | NETIF_F_VLAN_CHALLENGED |
				  NETIF_F_LOOPBACK;
	lbx_compat_set_lltx(dev);
	lbx_compat_set_netns_immutable(dev);
	netif_set_tso_max_size(dev, GSO_MAX_SIZE);

	dev->netdev_ops		= &lbx_netdev_ops;
	dev->header_ops		= &lbx_header_ops;
	dev->ethtool_ops	= &lbx_ethtool_ops;
#ifdef LBX_HAVE_CARRIES_LOCAL
	lbx_compat_set_carries_local(dev);
#else
	dev->l3mdev_ops		= &lbx_l3mdev_ops;
#endif
	dev->needs_free_netdev	= true;
	dev->priv_destructor	= lbx_stats_free;
	SET_NETDEV_DEVTYPE(dev, &lbx_type);
}

/**
 * lbx_register - register a device that lbx_setup() has set up
 * @dev: the device; on error the caller frees it
 * @data: attributes of IFLA_INFO_DATA, or NULL
 * @extack: for the reason of a refusal, or NULL
 *
 * IFF_LOOPBACK must not be set while the NETDEV_REGISTER notifiers run:
 * ip6_route_dev_notify() would take the device for the netns's own lo, and replace the
 * device of the null route.  So the settings that the kernel makes for a loopback at
 * registration are made here and in lbx_addr_setup().
 *
 * Context: RTNL.
 * Return: 0, or the error of register_netdevice() or lbx_change().
 */
int lbx_register(struct net_device *dev, struct nlattr *data[],
		 struct netlink_ext_ack *extack)
{
	int err;

	err = register_netdevice(dev);
	if (err) {
		NL_SET_ERR_MSG(extack, "Cannot register the device");
		return err;
	}

#ifndef LBX_HAVE_CARRIES_LOCAL
	dev->flags |= IFF_LOOPBACK;
	/* register_netdevice() sets it on all devices but loopbacks */
	dev->hw_features &= ~NETIF_F_NOCACHE_COPY;
	lbx_addr_setup(dev);
#endif
	lbx_addr6_setup(dev);

	err = lbx_change(dev, data, extack);
	if (err) {
		unregister_netdevice(dev);
		return err;
	}
	trace_lbx_config(dev);
	return 0;
}

static int lbx_validate(struct nlattr *tb[], struct nlattr *data[],
			struct netlink_ext_ack *extack)
{
	if (tb[IFLA_ADDRESS]) {
		if (nla_len(tb[IFLA_ADDRESS]) != ETH_ALEN) {
			NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
					    "Link-layer address must have 6 bytes");
			return -EINVAL;
		}
		if (!is_valid_ether_addr(nla_data(tb[IFLA_ADDRESS]))) {
			NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
					    "Link-layer address must be unicast and not all zero");
			return -EADDRNOTAVAIL;
		}
	}
	return 0;
}

static int lbx_newlink(LBX_COMPAT_NEWLINK_ARGS)
{
	return lbx_register(dev, LBX_COMPAT_NEWLINK_DATA, extack);
}

static int lbx_changelink(struct net_device *dev, struct nlattr *tb[],
			  struct nlattr *data[], struct netlink_ext_ack *extack)
{
	int err;

	err = lbx_change(dev, data, extack);
	if (err)
		return err;

	trace_lbx_config(dev);
	/* do_setlink() reports the change only while the device is up */
	if (!(dev->flags & IFF_UP))
		call_netdevice_notifiers(NETDEV_CHANGEINFODATA, dev);
	return 0;
}

static void lbx_dellink(struct net_device *dev, struct list_head *head)
{
	lbx_isolate_keep_hooks(dev);
	unregister_netdevice_queue(dev, head);
}

struct rtnl_link_ops lbx_link_ops __read_mostly = {
	.kind		= LBX_KIND,
	.priv_size	= sizeof(struct lbx_priv),
	.maxtype	= IFLA_LBX_MAX,
	.policy		= lbx_policy,
	.setup		= lbx_setup,
	.validate	= lbx_validate,
	.newlink	= lbx_newlink,
	.changelink	= lbx_changelink,
	.dellink	= lbx_dellink,
	.get_size	= lbx_get_size,
	.fill_info	= lbx_fill_info,
	.get_xstats_size = lbx_get_xstats_size,
	.fill_xstats	= lbx_fill_xstats,
};

static int lbx_refuse_port(const struct netdev_notifier_info *info)
{
	NL_SET_ERR_MSG(netdev_notifier_info_to_extack(info),
		       "An lbx device is a loopback and cannot be a port of another device");
	return notifier_from_errno(-EINVAL);
}

/* Refuse upper devices.  An upper device would take over the received packets (bond,
 * team, bridge), or make the lbx device a part of its L3 domain (VRF).  Most refuse an
 * IFF_LOOPBACK device themselves, but bond does not.  VXLAN is allowed: it only names
 * the device by which its own packets leave, and may name lo as well.
 */
static int lbx_pre_change_upper(const struct netdev_notifier_changeupper_info *info)
{
	if (!info->linking || netif_is_vxlan(info->upper_dev))
		return NOTIFY_DONE;
	return lbx_refuse_port(&info->info);
}

/* bond_enslave() opens the port before it links it.  If the link were refused, it would
 * close the port again, and the device would lose its IPv6 addresses.  So refuse here,
 * by the flag that keeps addrconf away from ports.
 */
static int lbx_pre_up(struct net_device *dev,
		      const struct netdev_notifier_info *info)
{
	if (lbx_compat_is_port(dev))
		return lbx_refuse_port(info);

	lbx_addr6_pre_up(dev);
	return NOTIFY_DONE;
}

static int lbx_netdev_event(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	if (!netif_is_lbx(dev))
		return NOTIFY_DONE;

	switch (event) {
	case NETDEV_PRECHANGEUPPER:
		return lbx_pre_change_upper(ptr);
	case NETDEV_PRE_UP:
		return lbx_pre_up(dev, ptr);
	case NETDEV_UP:
		lbx_addr6_up(dev);
		break;
	case NETDEV_CHANGEMTU:
		if (lbx_addr6_setup(dev) && netif_running(dev))
			lbx_addr6_up(dev);
		break;
	case NETDEV_UNREGISTER:
		lbx_claim_flush(dev);
		lbx_isolate_remove(dev);
#ifndef LBX_HAVE_CARRIES_LOCAL
		/* see lbx_register() */
		dev->flags &= ~IFF_LOOPBACK;
#endif
		break;
	}
	return NOTIFY_DONE;
}

/* Runs after addrconf_notify() and inetdev_event(), which must see a loopback, and
 * before ip6_route_dev_notify() (ADDRCONF_NOTIFY_PRIORITY - 10), which must not.
 */
static struct notifier_block lbx_netdev_notifier = {
	.notifier_call	= lbx_netdev_event,
	.priority	= ADDRCONF_NOTIFY_PRIORITY - 5,
};

int lbx_device_init(void)
{
	int err;

	err = register_netdevice_notifier(&lbx_netdev_notifier);
	if (err)
		return err;

	err = rtnl_link_register(&lbx_link_ops);
	if (err)
		unregister_netdevice_notifier(&lbx_netdev_notifier);
	return err;
}

void lbx_device_exit(void)
{
	rtnl_link_unregister(&lbx_link_ops);
	lbx_neigh_exit();
	unregister_netdevice_notifier(&lbx_netdev_notifier);
}
