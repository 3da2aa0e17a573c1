// SPDX-License-Identifier: GPL-2.0-only
/* Routes and rules, from the kernel's own lookup (RTM_GETROUTE, RTM_GETRULE) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "route.h"

struct reply {
	struct route	*route;
	bool		fib_match;
};

static int read_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct reply *reply = data;
	struct route *route = reply->route;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWROUTE || !nl_has(nlh, sizeof(*rtm)))
		return MNL_CB_OK;
	if (!reply->fib_match) {
		route->type = rtm->rtm_type;
	} else {
		route->table = rtm->rtm_table;
		route->match.family = rtm->rtm_family;
		route->match.len = rtm->rtm_dst_len;
	}
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_TABLE:
			if (reply->fib_match && nl_is(attr, MNL_TYPE_U32))
				route->table = mnl_attr_get_u32(attr);
			break;
		case RTA_OIF:
			if (nl_is(attr, MNL_TYPE_U32))
				if_indextoname(mnl_attr_get_u32(attr), reply->fib_match ?
					       route->owner : route->dev);
			break;
		case RTA_DST:
			if (reply->fib_match &&
			    mnl_attr_get_payload_len(attr) == addr_size(&route->match))
				memcpy(route->match.addr, mnl_attr_get_payload(attr),
				       addr_size(&route->match));
			break;
		}
	}
	return MNL_CB_OK;
}

static int ask(const struct prefix *addr, int scope, unsigned int flags,
	       struct reply *reply, struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_new(RTM_GETROUTE, 0);
	struct rtmsg *rtm = nl_header(nlh, sizeof(*rtm));
	int err;

	rtm->rtm_family = addr->family;
	rtm->rtm_dst_len = addr_size(addr) * 8;
	rtm->rtm_flags = flags;
	mnl_attr_put(nlh, RTA_DST, addr_size(addr), addr->addr);
	if (scope)
		mnl_attr_put_u32(nlh, RTA_OIF, scope);
	err = nl_get(nlh, read_route, reply, error);
	free(nlh);
	return err;
}

/**
 * route_get - look up the route to an address
 * @addr: the address
 * @scope: the interface of a link-local address, or 0
 * @route: filled
 * @error: filled if there is no route
 *
 * Asks the kernel twice: for the result of the lookup, in which an L3 master or lo
 * replaces the device of the route, and for the route itself.
 *
 * Return: 0 or -1.
 */
int route_get(const struct prefix *addr, int scope, struct route *route,
	      struct nl_error *error)
{
	struct reply reply = { .route = route };

	memset(route, 0, sizeof(*route));
	if (ask(addr, scope, 0, &reply, error))
		return -1;
	reply.fib_match = true;
	if (ask(addr, scope, RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE, &reply, error))
		return -1;
	/* Until a user adds a rule, IPv4 keeps the tables local and main in one,
	 * which it calls main (fib_unmerge())
	 */
	if (addr->family == AF_INET && route->table == RT_TABLE_MAIN &&
	    route->type == RTN_LOCAL)
		route->table = RT_TABLE_LOCAL;
	return 0;
}

/* Find the claim that applies to packets to @addr, an address of @owner.  A claim of
 * the address precedes a claim of the interface.
 */
static const struct dev *find_claim(const struct devs *devs,
				    const struct prefix *addr, const char *owner,
				    const struct target **claim)
{
	const struct dev *holder = NULL;
	size_t i, j;

	for (i = 0; i < devs->n; i++) {
		for (j = 0; j < devs->item[i].claims.n; j++) {
			const struct target *target = &devs->item[i].claims.item[j];

			if (*target->ifname ? !strcmp(target->ifname, owner) && !holder :
					      same_prefix(&target->addr, addr)) {
				holder = &devs->item[i];
				*claim = target;
			}
		}
	}
	return holder;
}

bool route_is_local(const struct route *route)
{
	return route->type == RTN_LOCAL || route->type == RTN_ANYCAST;
}

/**
 * route_judge - determine which device should carry a packet
 * @devs: the lbx devices, with their claims
 * @addr: the destination
 * @route: its route
 *
 * Return: the device and the reason; points into @devs and @route.
 */
struct verdict route_judge(const struct devs *devs, const struct prefix *addr,
			   const struct route *route)
{
	struct verdict verdict = { .dev = route->dev };
	const struct dev *dev = devs_find(devs, route->dev);

	if (!route_is_local(route)) {
		verdict.why = "the address is not local";
	} else if (dev && !dev->up) {
		verdict.dev = "lo";
		verdict.why = "the lbx device that has the address is down";
	} else if (dev) {
		verdict.why = "the address is local to this lbx device";
	} else {
		dev = find_claim(devs, addr, route->owner, &verdict.claim);
		if (dev && dev->up) {
			verdict.dev = dev->name;
			verdict.why = *verdict.claim->ifname ?
				      "this device claims the interface that has the address" :
				      "this device claims the address";
		} else if (dev) {
			verdict.why = "the lbx device that claims the address is down";
		} else {
			verdict.why = "the address is local, and no lbx device has or claims it";
		}
	}
	return verdict;
}

static int add_rule(const struct nlmsghdr *nlh, void *data)
{
	const struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);
	struct rules *rules = data;
	const struct nlattr *attr;
	struct rule rule = { };

	if (!nl_has(nlh, sizeof(*frh)))
		return MNL_CB_OK;
	if (frh->action == FR_ACT_TO_TBL)
		rule.table = frh->table;
	rule.selective = frh->src_len || frh->dst_len || frh->tos ||
			 frh->flags & FIB_RULE_INVERT;

	mnl_attr_for_each(attr, nlh, sizeof(*frh)) {
		switch (mnl_attr_get_type(attr)) {
		case FRA_PRIORITY:
			if (nl_is(attr, MNL_TYPE_U32))
				rule.pref = mnl_attr_get_u32(attr);
			break;
		case FRA_TABLE:
			if (frh->action == FR_ACT_TO_TBL && nl_is(attr, MNL_TYPE_U32))
				rule.table = mnl_attr_get_u32(attr);
			break;
		case FRA_SUPPRESS_PREFIXLEN:
		case FRA_SUPPRESS_IFGROUP:
		case FRA_PROTOCOL:
		case FRA_PAD:
			break;
		default:
			rule.selective = true;
		}
	}
	list_add(rules, rule);
	return MNL_CB_OK;
}

static void forget_rules(void *data)
{
	struct rules *rules = data;

	list_free(rules);
}

/**
 * rules_get - read the rules, in the order of the lookup
 * @family: AF_INET or AF_INET6
 * @rules: filled; free it with list_free()
 * @error: filled on failure
 *
 * Return: 0 or -1.
 */
int rules_get(int family, struct rules *rules, struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_new(RTM_GETRULE, 0);
	struct fib_rule_hdr *frh = nl_header(nlh, sizeof(*frh));
	int err;

	memset(rules, 0, sizeof(*rules));
	frh->family = family;
	err = nl_dump(NETLINK_ROUTE, nlh, add_rule, forget_rules, rules, error);
	free(nlh);
	return err;
}

/* Format a table number into @buf, which has 16 bytes. */
const char *table_text(uint32_t table, char *buf)
{
	switch (table) {
	case RT_TABLE_LOCAL:
		return "local";
	case RT_TABLE_MAIN:
		return "main";
	case RT_TABLE_DEFAULT:
		return "default";
	}
	sprintf(buf, "%u", table);
	return buf;
}

/* Return the name of a route type, as in ip-route(8). */
const char *type_text(int type)
{
	static const char *const names[] = {
		[RTN_UNICAST] = "unicast", [RTN_LOCAL] = "local",
		[RTN_BROADCAST] = "broadcast", [RTN_ANYCAST] = "anycast",
		[RTN_MULTICAST] = "multicast", [RTN_BLACKHOLE] = "blackhole",
		[RTN_UNREACHABLE] = "unreachable", [RTN_PROHIBIT] = "prohibit",
	};

	return type > 0 && (size_t)type < ARRAY_SIZE(names) && names[type] ?
	       names[type] : "unknown";
}
