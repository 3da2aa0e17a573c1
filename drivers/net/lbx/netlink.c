// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of the netlink kind, IFLA_LBX_*.  <linux/lbx.h> documents them.
 */
#include <net/netlink.h>

#include "lbx.h"

/* Policy of IFLA_INFO_DATA.  All attributes are validated strictly, since none is older
 * than strict validation.  lbx_target_parse() validates the elements of the lists.
 */
const struct nla_policy lbx_policy[IFLA_LBX_MAX + 1] = {
	[IFLA_LBX_UNSPEC]	= { .strict_start_type = IFLA_LBX_DIRECT },
	[IFLA_LBX_DIRECT]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_LBX_ISOLATE]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_LBX_CLAIMS]	= { .type = NLA_NESTED },
	[IFLA_LBX_UNCLAIMS]	= { .type = NLA_NESTED },
	[IFLA_LBX_CLAIM_COUNT]	= { .type = NLA_REJECT,
				    .reject_message = "The number of claims is read-only" },
};

/**
 * lbx_change - apply all attributes of a request, or none of them
 * @dev: an lbx device
 * @data: the attributes of IFLA_INFO_DATA, or NULL
 * @extack: for the reason of a refusal
 *
 * The steps that can fail come first: switch isolation on, then change the claims.
 *
 * Context: RTNL.
 * Return: 0, or an error of lbx_claim_change() or lbx_isolate_set().
 */
int lbx_change(struct net_device *dev, struct nlattr *data[],
	       struct netlink_ext_ack *extack)
{
	struct lbx_priv *priv = netdev_priv(dev);
	bool was_isolated = priv->isolate, isolate = was_isolated;
	int err;

	if (!data)
		return 0;

	if (data[IFLA_LBX_ISOLATE])
		isolate = nla_get_u8(data[IFLA_LBX_ISOLATE]);

	if (isolate) {
		err = lbx_isolate_set(dev, true);
		if (err) {
			NL_SET_ERR_MSG_ATTR(extack, data[IFLA_LBX_ISOLATE],
					    "Cannot register the netfilter hooks for isolation");
			return err;
		}
	}

	err = lbx_claim_change(dev, data[IFLA_LBX_CLAIMS],
			       data[IFLA_LBX_UNCLAIMS], extack);
	if (err) {
		lbx_isolate_set(dev, was_isolated);
		return err;
	}

	lbx_isolate_set(dev, isolate);
	if (data[IFLA_LBX_DIRECT])
		WRITE_ONCE(priv->direct, nla_get_u8(data[IFLA_LBX_DIRECT]));

	return 0;
}

/**
 * lbx_get_size - rtnl_link_ops.get_size: size of the attributes of lbx_fill_info()
 * @dev: an lbx device
 *
 * Context: RTNL or RCU.
 * Return: bytes.
 */
size_t lbx_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u8)) +	/* IFLA_LBX_DIRECT */
	       nla_total_size(sizeof(u8)) +	/* IFLA_LBX_ISOLATE */
	       lbx_claim_size(dev);
}

/**
 * lbx_fill_info - rtnl_link_ops.fill_info: fill IFLA_INFO_DATA
 * @skb: the message
 * @dev: an lbx device
 *
 * Context: RTNL.
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int lbx_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct lbx_priv *priv = netdev_priv(dev);

	if (nla_put_u8(skb, IFLA_LBX_DIRECT, priv->direct) ||
	    nla_put_u8(skb, IFLA_LBX_ISOLATE, priv->isolate))
		return -EMSGSIZE;
	return lbx_claim_fill(skb, dev);
}
