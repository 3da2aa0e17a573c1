// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: lists what can be more than a link's message holds.
 * All that is changed is changed by rtnetlink (netlink.c).
 */
#include <net/genetlink.h>

#include "lbx.h"

static const struct genl_small_ops lbx_genl_ops[] = {
	{
		.cmd	= LBX_CMD_CLAIM_GET,
		.dumpit	= lbx_claim_dump,
	},
};

/* They are of replies; to leave out the policy would be to ignore them */
static const struct nla_policy lbx_genl_policy[LBX_A_MAX + 1] = {
	[LBX_A_IFINDEX]	= { .type = NLA_REJECT,
			    .reject_message = "The list of claims is of all devices" },
	[LBX_A_CLAIM]	= { .type = NLA_REJECT,
			    .reject_message = "Claims are made by RTM_NEWLINK" },
};

struct genl_family lbx_genl_family __ro_after_init = {
	.name		= LBX_GENL_NAME,
	.version	= LBX_GENL_VERSION,
	.maxattr	= LBX_A_MAX,
	.policy		= lbx_genl_policy,
	.netnsok	= true,
	.module		= THIS_MODULE,
	.small_ops	= lbx_genl_ops,
	.n_small_ops	= ARRAY_SIZE(lbx_genl_ops),
	.resv_start_op	= LBX_CMD_MAX + 1,
};

int __init lbx_genl_init(void)
{
	return genl_register_family(&lbx_genl_family);
}

void lbx_genl_exit(void)
{
	genl_unregister_family(&lbx_genl_family);
}
