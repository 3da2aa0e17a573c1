// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims in netlink: the generic netlink family "lbx", and the link attributes that do
 * a part of the same for "ip link".  <linux/lbx.h> documents both.
 */
#include <net/genetlink.h>
#include <net/netlink.h>

#include "claim.h"
#include "compat.h"

/* Index in netlink_callback.args of the ifindex that a dump is limited to, 0 for all */
#define LBX_DUMP_IFINDEX	1

static struct genl_family lbx_genl_family;

enum {
	LBX_MCGRP_CLAIMS,
};

static const struct genl_multicast_group lbx_genl_mcgrps[] = {
	[LBX_MCGRP_CLAIMS] = { .name = LBX_GENL_MCGRP_CLAIMS },
};

static const struct nla_policy lbx_claim_policy[LBX_CLAIM_MAX + 1] = {
	[LBX_CLAIM_IFNAME]	= { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[LBX_CLAIM_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[LBX_CLAIM_ADDR4]	= NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[LBX_CLAIM_ADDR6]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[LBX_CLAIM_WAITING]	= { .type = NLA_FLAG },
};

/* Policy of LBX_CMD_CLAIM_GET, LBX_CMD_CLAIM_DEL and LBX_A_DEL */
static const struct nla_policy lbx_del_policy[LBX_A_CLAIM + 1] = {
	[LBX_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[LBX_A_IFNAME]	= { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[LBX_A_CLAIM]	= NLA_POLICY_NESTED(lbx_claim_policy),
};

/* Policy of LBX_CMD_CLAIM_NEW and LBX_A_NEW */
static const struct nla_policy lbx_new_policy[LBX_A_FLAGS + 1] = {
	[LBX_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[LBX_A_IFNAME]	= { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[LBX_A_CLAIM]	= NLA_POLICY_NESTED(lbx_claim_policy),
	[LBX_A_FLAGS]	= NLA_POLICY_MASK(NLA_U32, LBX_F_EXCL | LBX_F_REPLACE),
};

static const struct nla_policy lbx_change_policy[LBX_A_DEL + 1] = {
	[LBX_A_NEW]	= NLA_POLICY_NESTED(lbx_new_policy),
	[LBX_A_DEL]	= NLA_POLICY_NESTED(lbx_del_policy),
};

/* Find the device that a request gives by name (NLA_NUL_STRING), by index or by both.
 * @dev becomes NULL if there is none.  RTNL
 */
static int lbx_dev_parse(struct net *net, const struct nlattr *name,
			 const struct nlattr *index, struct net_device **dev,
			 struct netlink_ext_ack *extack)
{
	struct net_device *by_name;

	by_name = name ? __dev_get_by_name(net, nla_data(name)) : NULL;
	*dev = index ? __dev_get_by_index(net, nla_get_u32(index)) : by_name;
	if (name && *dev != by_name) {
		NL_SET_ERR_MSG_ATTR(extack, index,
				    "The index does not match the name");
		return -ENODEV;
	}
	return 0;
}

/* Parse a nest of LBX_CLAIM_*, and validate lengths and ranges.  RTNL */
static int lbx_target_parse(struct net *net, const struct nlattr *nest,
			    struct lbx_target *target,
			    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[LBX_CLAIM_MAX + 1];
	int err;

	err = nla_parse_nested(tb, LBX_CLAIM_MAX, nest, lbx_claim_policy, extack);
	if (err)
		return err;

	if ((tb[LBX_CLAIM_IFNAME] || tb[LBX_CLAIM_IFINDEX]) +
	    !!tb[LBX_CLAIM_ADDR4] + !!tb[LBX_CLAIM_ADDR6] != 1) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "A claim needs either an interface (name or index) or one address");
		return -EINVAL;
	}

	memset(target, 0, sizeof(*target));
	target->may_wait = nla_get_flag(tb[LBX_CLAIM_WAITING]);
	target->attr = tb[LBX_CLAIM_IFNAME] ?: tb[LBX_CLAIM_IFINDEX] ?:
		       tb[LBX_CLAIM_ADDR4] ?: tb[LBX_CLAIM_ADDR6];
	if (tb[LBX_CLAIM_ADDR4]) {
		target->family = AF_INET;
		target->addr.s6_addr32[3] = nla_get_in_addr(tb[LBX_CLAIM_ADDR4]);
		return 0;
	}
	if (tb[LBX_CLAIM_ADDR6]) {
		target->family = AF_INET6;
		target->addr = nla_get_in6_addr(tb[LBX_CLAIM_ADDR6]);
		return 0;
	}

	if (tb[LBX_CLAIM_IFNAME])
		nla_strscpy(target->ifname, tb[LBX_CLAIM_IFNAME], IFNAMSIZ);
	return lbx_dev_parse(net, tb[LBX_CLAIM_IFNAME], tb[LBX_CLAIM_IFINDEX],
			     &target->dev, extack);
}

/* Find the lbx device of a request, which may name none unless @need.  RTNL */
static int lbx_request_dev(struct net *net, struct nlattr *tb[],
			   const struct nlattr *nest, bool need,
			   struct net_device **dev, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = tb[LBX_A_IFINDEX] ?: tb[LBX_A_IFNAME];
	int err;

	*dev = NULL;
	if (!attr) {
		if (!need)
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "An lbx device is required; give its index or name");
		return -EINVAL;
	}
	err = lbx_dev_parse(net, tb[LBX_A_IFNAME], tb[LBX_A_IFINDEX], dev, extack);
	if (err)
		return err;
	if (!*dev) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "Cannot find the lbx device");
		return -ENODEV;
	}
	if (!netif_is_lbx(*dev)) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, attr, "%s is not an lbx device",
					(*dev)->name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* Parse the lbx device (see lbx_request_dev()) and the target of a request.  RTNL */
static int lbx_request_parse(struct net *net, struct nlattr *tb[],
			     const struct nlattr *nest, bool need,
			     struct net_device **dev, struct lbx_target *target,
			     struct netlink_ext_ack *extack)
{
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, LBX_A_CLAIM)) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "A claim is required");
		return -EINVAL;
	}
	return lbx_request_dev(net, tb, nest, need, dev, extack) ?:
	       lbx_target_parse(net, tb[LBX_A_CLAIM], target, extack);
}

/* Handle LBX_CMD_CLAIM_NEW (@add) or LBX_CMD_CLAIM_DEL, or, if @nest is not NULL, an
 * element LBX_A_NEW (@add) or LBX_A_DEL
 */
static int lbx_request_change(struct lbx_claim_txn *txn, struct nlattr *tb[],
			      const struct nlattr *nest, bool add,
			      struct netlink_ext_ack *extack)
{
	struct lbx_target target;
	struct net_device *dev;
	u32 flags;
	int err;

	err = lbx_request_parse(txn->net, tb, nest, add, &dev, &target, extack);
	if (err)
		return err;
	if (!add)
		return lbx_claim_del(txn, dev, &target, extack);

	flags = tb[LBX_A_FLAGS] ? nla_get_u32(tb[LBX_A_FLAGS]) : 0;
	if (flags == (LBX_F_EXCL | LBX_F_REPLACE)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBX_A_FLAGS],
				    "LBX_F_EXCL and LBX_F_REPLACE are mutually exclusive");
		return -EINVAL;
	}
	return lbx_claim_add(txn, dev, &target, flags, extack);
}

/* Handle LBX_CMD_CLAIM_CHANGE */
static int lbx_request_change_list(struct lbx_claim_txn *txn,
				   const struct genl_info *info)
{
	struct nlattr *tb[LBX_A_FLAGS + 1];
	struct nlattr *attr;
	int rem, err;
	bool add;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		add = nla_type(attr) == LBX_A_NEW;
		err = nla_parse_nested(tb, add ? LBX_A_FLAGS : LBX_A_CLAIM, attr,
				       add ? lbx_new_policy : lbx_del_policy,
				       info->extack) ?:
		      lbx_request_change(txn, tb, attr, add, info->extack);
		if (err)
			return err;
	}
	return 0;
}

static void lbx_claim_end(struct lbx_claim_txn *txn, int err, bool notify_links)
{
	if (err)
		lbx_claim_rollback(txn);
	else
		lbx_claim_commit(txn, notify_links);
}

static int lbx_claim_change_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	u8 cmd = info->genlhdr->cmd;
	struct lbx_claim_txn txn;
	int err;

	rtnl_net_lock(net);
	lbx_claim_begin(&txn, net);
	if (cmd == LBX_CMD_CLAIM_CHANGE)
		err = lbx_request_change_list(&txn, info);
	else
		err = lbx_request_change(&txn, info->attrs, NULL,
					 cmd == LBX_CMD_CLAIM_NEW, info->extack);
	lbx_claim_end(&txn, err, true);
	rtnl_net_unlock(net);
	return err;
}

/* Size of LBX_CLAIM_*; an address takes less than an interface */
static size_t lbx_claim_nest_size(void)
{
	return nla_total_size(nla_total_size(IFNAMSIZ) +	/* LBX_CLAIM_IFNAME */
			      nla_total_size(sizeof(u32)));	/* LBX_CLAIM_IFINDEX */
}

static int lbx_claim_put(struct sk_buff *skb, int type,
			 const struct lbx_claim *claim)
{
	struct nlattr *nest;
	int err;

	nest = nla_nest_start(skb, type);
	if (!nest)
		return -EMSGSIZE;

	switch (claim->family) {
	case AF_INET:
		err = nla_put_in_addr(skb, LBX_CLAIM_ADDR4,
				      claim->addr.s6_addr32[3]);
		break;
	case AF_INET6:
		err = nla_put_in6_addr(skb, LBX_CLAIM_ADDR6, &claim->addr);
		break;
	default:
		err = nla_put_string(skb, LBX_CLAIM_IFNAME, claim->ifname);
		if (err)
			break;
		if (claim->ifindex)
			err = nla_put_u32(skb, LBX_CLAIM_IFINDEX, claim->ifindex);
		else
			err = nla_put_flag(skb, LBX_CLAIM_WAITING);
	}
	if (err) {
		nla_nest_cancel(skb, nest);
		return err;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int lbx_claim_fill_msg(struct sk_buff *skb, const struct lbx_claim *claim,
			      u32 portid, u32 seq, int flags, u8 cmd,
			      struct netlink_callback *cb)
{
	void *header;

	header = genlmsg_put(skb, portid, seq, &lbx_genl_family, flags, cmd);
	if (!header)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, header);

	if (nla_put_u32(skb, LBX_A_IFINDEX, claim->dev->ifindex) ||
	    lbx_claim_put(skb, LBX_A_CLAIM, claim)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

static struct sk_buff *lbx_claim_new_msg(void)
{
	return genlmsg_new(nla_total_size(sizeof(u32)) +	/* LBX_A_IFINDEX */
			   lbx_claim_nest_size(), GFP_KERNEL);	/* LBX_A_CLAIM */
}

/**
 * lbx_claim_notify - report a claim to LBX_GENL_MCGRP_CLAIMS
 * @claim: the claim
 * @cmd: LBX_CMD_CLAIM_NEW_NTF or LBX_CMD_CLAIM_DEL_NTF
 *
 * Listeners get ENOBUFS if there is no memory for the message.
 *
 * Context: RTNL.
 */
void lbx_claim_notify(const struct lbx_claim *claim, u8 cmd)
{
	struct net *net = dev_net(claim->dev);
	struct sk_buff *skb;
	int err = -ENOMEM;

	if (!genl_has_listeners(&lbx_genl_family, net, LBX_MCGRP_CLAIMS))
		return;

	skb = lbx_claim_new_msg();
	if (skb)
		err = lbx_claim_fill_msg(skb, claim, 0, 0, 0, cmd, NULL);
	if (err) {
		nlmsg_free(skb);
		genl_set_err(&lbx_genl_family, net, 0, LBX_MCGRP_CLAIMS, -ENOBUFS);
		return;
	}
	genlmsg_multicast_netns(&lbx_genl_family, net, skb, 0, LBX_MCGRP_CLAIMS,
				GFP_KERNEL);
}

static int lbx_claim_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct lbx_claim *claim = NULL;
	struct lbx_target target;
	struct net_device *dev;
	struct sk_buff *skb;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, LBX_A_CLAIM)) {
		GENL_SET_ERR_MSG(info, "A claim is required; a dump lists all claims");
		return -EINVAL;
	}
	skb = lbx_claim_new_msg();
	if (!skb)
		return -ENOMEM;

	rtnl_net_lock(net);
	err = lbx_request_parse(net, info->attrs, NULL, false, &dev, &target,
				info->extack);
	if (!err)
		claim = lbx_claim_find(net, &target);
	if (!err && (!claim || (dev && claim->dev != dev))) {
		NL_SET_ERR_MSG_ATTR(info->extack, target.attr,
				    "Cannot find the claim");
		err = -ENOENT;
	}
	if (!err)
		err = lbx_claim_fill_msg(skb, claim, info->snd_portid, info->snd_seq,
					 0, LBX_CMD_CLAIM_GET, NULL);
	rtnl_net_unlock(net);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return genlmsg_reply(skb, info);
}

static int lbx_claim_get_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = lbx_compat_dump_attrs(cb);
	struct net *net = sock_net(cb->skb->sk);
	struct net_device *dev;
	int err;

	if (attrs[LBX_A_CLAIM]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[LBX_A_CLAIM],
				    "A dump cannot be limited to a target; request the target without NLM_F_DUMP");
		return -EINVAL;
	}
	rtnl_net_lock(net);
	err = lbx_request_dev(net, attrs, NULL, false, &dev, cb->extack);
	if (!err)
		cb->args[LBX_DUMP_IFINDEX] = dev ? dev->ifindex : 0;
	rtnl_net_unlock(net);
	return err;
}

/* List claims until the message is full.  args[0] is the number of claims listed. */
static int lbx_claim_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long index = cb->args[LBX_DUMP_IFINDEX];
	struct net *net = sock_net(skb->sk);
	const struct lbx_claim *claim;
	const struct lbx_priv *priv;
	unsigned long n = 0;
	struct net_device *dev;

	rtnl_net_lock(net);
	cb->seq = lbx_claim_net(net)->seq;
	for_each_netdev(net, dev) {
		if (!netif_is_lbx(dev) || (index && dev->ifindex != index))
			continue;
		priv = netdev_priv(dev);
		if (n + priv->n_claims <= cb->args[0]) {
			n += priv->n_claims;
			continue;
		}
		list_for_each_entry(claim, &priv->claims, node) {
			if (n++ < cb->args[0])
				continue;
			if (lbx_claim_fill_msg(skb, claim,
					       NETLINK_CB(cb->skb).portid,
					       cb->nlh->nlmsg_seq, NLM_F_MULTI,
					       LBX_CMD_CLAIM_GET, cb))
				goto out;
			cb->args[0]++;
		}
	}
out:
	rtnl_net_unlock(net);
	return skb->len;
}

static const struct genl_ops lbx_genl_ops[] = {
	{
		.cmd		= LBX_CMD_CLAIM_GET,
		.doit		= lbx_claim_get_doit,
		.start		= lbx_claim_get_start,
		.dumpit		= lbx_claim_get_dumpit,
		.policy		= lbx_del_policy,
		.maxattr	= ARRAY_SIZE(lbx_del_policy) - 1,
	},
	{
		.cmd		= LBX_CMD_CLAIM_NEW,
		.doit		= lbx_claim_change_doit,
		.policy		= lbx_new_policy,
		.maxattr	= ARRAY_SIZE(lbx_new_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBX_CMD_CLAIM_DEL,
		.doit		= lbx_claim_change_doit,
		.policy		= lbx_del_policy,
		.maxattr	= ARRAY_SIZE(lbx_del_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= LBX_CMD_CLAIM_CHANGE,
		.doit		= lbx_claim_change_doit,
		.policy		= lbx_change_policy,
		.maxattr	= ARRAY_SIZE(lbx_change_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};

static struct genl_family lbx_genl_family __ro_after_init = {
	.name		= LBX_GENL_NAME,
	.version	= LBX_GENL_VERSION,
	.netnsok	= true,
	.module		= THIS_MODULE,
	.ops		= lbx_genl_ops,
	.n_ops		= ARRAY_SIZE(lbx_genl_ops),
	.mcgrps		= lbx_genl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(lbx_genl_mcgrps),
};

/* Handle IFLA_LBX_CLAIMS (@add) or IFLA_LBX_UNCLAIMS, NULL if not in the request */
static int lbx_claim_change_list(struct lbx_claim_txn *txn, struct net_device *dev,
				 const struct nlattr *list, bool add,
				 struct netlink_ext_ack *extack)
{
	struct lbx_target target;
	struct nlattr *attr;
	int rem, err;

	if (!list)
		return 0;
	nla_for_each_nested(attr, list, rem) {
		if (nla_type(attr) != IFLA_LBX_CLAIM) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "A list of claims can contain only IFLA_LBX_CLAIM");
			return -EINVAL;
		}
		err = lbx_target_parse(txn->net, attr, &target, extack);
		if (!err)
			err = add ? lbx_claim_add(txn, dev, &target, LBX_F_EXCL, extack) :
				    lbx_claim_del(txn, dev, &target, extack);
		if (err)
			return err;
	}
	return 0;
}

/**
 * lbx_claim_change - apply IFLA_LBX_UNCLAIMS and IFLA_LBX_CLAIMS, or nothing
 * @dev: an lbx device
 * @add: IFLA_LBX_CLAIMS or NULL
 * @remove: IFLA_LBX_UNCLAIMS or NULL; applied first
 * @extack: for the reason of a refusal
 *
 * Context: RTNL.
 * Return: 0; -EINVAL if the request is malformed, or an error of lbx_claim_add() or
 *	lbx_claim_del().
 */
int lbx_claim_change(struct net_device *dev, const struct nlattr *add,
		     const struct nlattr *remove, struct netlink_ext_ack *extack)
{
	struct lbx_claim_txn txn;
	int err;

	lbx_claim_begin(&txn, dev_net(dev));
	err = lbx_claim_change_list(&txn, dev, remove, false, extack) ?:
	      lbx_claim_change_list(&txn, dev, add, true, extack);
	lbx_claim_end(&txn, err, false);
	return err;
}

/**
 * lbx_claim_size - size of the attributes of lbx_claim_fill()
 * @dev: an lbx device
 *
 * Context: RTNL, or none for an estimate.
 * Return: bytes.
 */
size_t lbx_claim_size(const struct net_device *dev)
{
	const struct lbx_priv *priv = netdev_priv(dev);

	return nla_total_size(sizeof(u32)) +
	       nla_total_size(min_t(unsigned int, LBX_CLAIMS_SHOWN,
				    READ_ONCE(priv->n_claims)) *
			      lbx_claim_nest_size());
}

/**
 * lbx_claim_fill - fill IFLA_LBX_CLAIM_COUNT and IFLA_LBX_CLAIMS
 * @skb: the message
 * @dev: an lbx device
 *
 * Context: RTNL, as rtnl_fill_ifinfo() asserts.
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int lbx_claim_fill(struct sk_buff *skb, const struct net_device *dev)
{
	const struct lbx_priv *priv = netdev_priv(dev);
	const struct lbx_claim *claim;
	struct nlattr *nest;
	unsigned int n = 0;

	if (nla_put_u32(skb, IFLA_LBX_CLAIM_COUNT, priv->n_claims))
		return -EMSGSIZE;
	if (!priv->n_claims)
		return 0;

	nest = nla_nest_start(skb, IFLA_LBX_CLAIMS);
	if (!nest)
		return -EMSGSIZE;
	list_for_each_entry(claim, &priv->claims, node) {
		if (n++ == LBX_CLAIMS_SHOWN)
			break;
		if (lbx_claim_put(skb, IFLA_LBX_CLAIM, claim)) {
			nla_nest_cancel(skb, nest);
			return -EMSGSIZE;
		}
	}
	nla_nest_end(skb, nest);
	return 0;
}

int lbx_genl_init(void)
{
	return genl_register_family(&lbx_genl_family);
}

void lbx_genl_exit(void)
{
	genl_unregister_family(&lbx_genl_family);
}
