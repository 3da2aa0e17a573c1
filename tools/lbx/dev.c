// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read the lbx devices of a netns, and build the requests that change them.
 * include/uapi/linux/lbx.h describes the attributes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>

#include "dev.h"

const char *const counter_names[N_COUNTERS] = {
	[LBX_XSTATS_QUEUED_PACKETS - 1]		= "queued_packets",
	[LBX_XSTATS_QUEUED_BYTES - 1]		= "queued_bytes",
	[LBX_XSTATS_DIRECT_PACKETS - 1]		= "direct_packets",
	[LBX_XSTATS_DIRECT_BYTES - 1]		= "direct_bytes",
	[LBX_XSTATS_CLAIMED_PACKETS - 1]	= "claimed_packets",
	[LBX_XSTATS_CLAIMED_BYTES - 1]		= "claimed_bytes",
	[LBX_XSTATS_INLINE_PACKETS - 1]		= "inline_packets",
	[LBX_XSTATS_MULTICAST_PACKETS - 1]	= "multicast_packets",
	[LBX_XSTATS_DROP_NOT_LOCAL - 1]		= "drop_not_local",
	[LBX_XSTATS_DROP_ISOLATED - 1]		= "drop_isolated",
	[LBX_XSTATS_DROP_BACKLOG - 1]		= "drop_backlog",
	[LBX_XSTATS_DROP_DOWN - 1]		= "drop_down",
	[LBX_XSTATS_DROP_MALFORMED - 1]		= "drop_malformed",
};

static void read_claimed_addr(const struct nlattr *attr, int family,
			      struct prefix *addr)
{
	size_t len = family == AF_INET ? 4 : 16;

	if (mnl_attr_get_payload_len(attr) != len)
		return;
	addr->family = family;
	addr->len = len * 8;
	memcpy(addr->addr, mnl_attr_get_payload(attr), len);
}

/* Return false if the claim has neither an interface nor an address.  Here and below,
 * an attribute whose value has the wrong type is ignored: no kernel sends that.
 */
static bool read_claim(const struct nlattr *nest, struct target *target)
{
	const struct nlattr *attr;

	memset(target, 0, sizeof(*target));
	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case LBX_CLAIM_IFNAME:
			if (nl_is(attr, MNL_TYPE_NUL_STRING))
				copy_name(target->ifname, mnl_attr_get_str(attr));
			break;
		case LBX_CLAIM_IFINDEX:
			if (nl_is(attr, MNL_TYPE_U32))
				target->ifindex = mnl_attr_get_u32(attr);
			break;
		case LBX_CLAIM_ADDR4:
			read_claimed_addr(attr, AF_INET, &target->addr);
			break;
		case LBX_CLAIM_ADDR6:
			read_claimed_addr(attr, AF_INET6, &target->addr);
			break;
		case LBX_CLAIM_WAITING:
			target->waits = true;
			break;
		}
	}
	return *target->ifname || target->addr.family;
}

static void read_claims(const struct nlattr *list, struct targets *claims)
{
	const struct nlattr *attr;
	struct target target;

	mnl_attr_for_each_nested(attr, list) {
		if (read_claim(attr, &target))
			list_add(claims, target);
	}
}

static void read_data(const struct nlattr *data, struct dev *dev)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, data) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_LBX_DIRECT:
			if (nl_is(attr, MNL_TYPE_U8))
				dev->direct = mnl_attr_get_u8(attr);
			break;
		case IFLA_LBX_ISOLATE:
			if (nl_is(attr, MNL_TYPE_U8))
				dev->isolate = mnl_attr_get_u8(attr);
			break;
		case IFLA_LBX_CLAIM_COUNT:
			if (nl_is(attr, MNL_TYPE_U32))
				dev->n_claims = mnl_attr_get_u32(attr);
			break;
		case IFLA_LBX_CLAIMS:
			read_claims(attr, &dev->claims);
			break;
		}
	}
}

static void read_xstats(const struct nlattr *xstats, struct dev *dev)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, xstats) {
		int type = mnl_attr_get_type(attr);

		if (type > 0 && type <= N_COUNTERS && nl_is(attr, MNL_TYPE_U64))
			dev->counters[type - 1] = mnl_attr_get_u64(attr);
	}
}

/**
 * dev_parse - parse a message about a link
 * @nlh: RTM_NEWLINK or RTM_DELLINK
 * @dev: filled, except for the addresses; has at most the first LBX_CLAIMS_SHOWN
 *	claims.  If this returns true, free it with dev_free().
 *
 * Return: true if the link is an lbx device.
 */
bool dev_parse(const struct nlmsghdr *nlh, struct dev *dev)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *info, *kind = NULL;

	memset(dev, 0, sizeof(*dev));
	if (!nl_has(nlh, sizeof(*ifi)))
		return false;
	dev->index = ifi->ifi_index;
	dev->flags = ifi->ifi_flags;
	dev->up = dev->flags & IFF_UP;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			if (nl_is(attr, MNL_TYPE_NUL_STRING))
				copy_name(dev->name, mnl_attr_get_str(attr));
			break;
		case IFLA_MTU:
			if (nl_is(attr, MNL_TYPE_U32))
				dev->mtu = mnl_attr_get_u32(attr);
			break;
		case IFLA_OPERSTATE:
			if (nl_is(attr, MNL_TYPE_U8))
				dev->operstate = mnl_attr_get_u8(attr);
			break;
		case IFLA_LINKINFO:
			kind = NULL;
			mnl_attr_for_each_nested(info, attr) {
				if (mnl_attr_get_type(info) == IFLA_INFO_KIND &&
				    nl_is(info, MNL_TYPE_NUL_STRING))
					kind = info;
			}
			if (!kind || strcmp(mnl_attr_get_str(kind), LBX_KIND)) {
				dev_free(dev);
				return false;
			}
			mnl_attr_for_each_nested(info, attr) {
				if (mnl_attr_get_type(info) == IFLA_INFO_DATA)
					read_data(info, dev);
				if (mnl_attr_get_type(info) == IFLA_INFO_XSTATS)
					read_xstats(info, dev);
			}
			break;
		}
	}
	return kind;
}

static int add_dev(const struct nlmsghdr *nlh, void *data)
{
	struct devs *devs = data;
	struct dev dev;

	if (dev_parse(nlh, &dev)) {
		/* get_claims() reads all of them */
		list_free(&dev.claims);
		list_add(devs, dev);
	}
	return MNL_CB_OK;
}

/**
 * addr_parse - parse a message about an address
 * @nlh: RTM_NEWADDR or RTM_DELADDR
 * @index: set to the index of the device
 * @prefix: set to the address
 *
 * Return: true if it is an IPv4 or IPv6 address.
 */
bool addr_parse(const struct nlmsghdr *nlh, int *index, struct prefix *prefix)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *addr = NULL;

	if (!nl_has(nlh, sizeof(*ifa)) ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return false;
	*index = ifa->ifa_index;
	memset(prefix, 0, sizeof(*prefix));
	prefix->family = ifa->ifa_family;
	prefix->len = ifa->ifa_prefixlen;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		/* with IFA_LOCAL, IFA_ADDRESS is the address of the peer */
		if (mnl_attr_get_type(attr) == IFA_LOCAL ||
		    (mnl_attr_get_type(attr) == IFA_ADDRESS && !addr))
			addr = attr;
	}
	if (!addr || mnl_attr_get_payload_len(addr) != (size_t)addr_size(prefix) ||
	    prefix->len > addr_size(prefix) * 8)
		return false;
	memcpy(prefix->addr, mnl_attr_get_payload(addr), addr_size(prefix));
	return true;
}

static int add_addr(const struct nlmsghdr *nlh, void *data)
{
	struct prefix prefix;
	struct dev *dev;
	int index;

	if (!addr_parse(nlh, &index, &prefix))
		return MNL_CB_OK;
	dev = devs_find_index(data, index);
	if (dev)
		list_add(&dev->addrs, prefix);
	return MNL_CB_OK;
}

/* get_routes() reads the routes of one family at a time */
struct route_reading {
	struct devs	*devs;
	int		family;
};

/* Add a route to its device, unless the kernel created it for an address. */
static int add_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct route_reading *reading = data;
	struct local_route route = { };
	const struct nlattr *attr;
	struct dev *dev = NULL;

	if (!nl_has(nlh, sizeof(*rtm)) || rtm->rtm_type != RTN_LOCAL ||
	    rtm->rtm_protocol == RTPROT_KERNEL || rtm->rtm_family != reading->family)
		return MNL_CB_OK;
	route.dst.family = rtm->rtm_family;
	route.dst.len = rtm->rtm_dst_len;
	route.table = rtm->rtm_table;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_OIF:
			if (nl_is(attr, MNL_TYPE_U32))
				dev = devs_find_index(reading->devs,
						      mnl_attr_get_u32(attr));
			break;
		case RTA_TABLE:
			if (nl_is(attr, MNL_TYPE_U32))
				route.table = mnl_attr_get_u32(attr);
			break;
		case RTA_PRIORITY:
			if (nl_is(attr, MNL_TYPE_U32))
				route.metric = mnl_attr_get_u32(attr);
			break;
		case RTA_DST:
			if (mnl_attr_get_payload_len(attr) == (size_t)addr_size(&route.dst))
				memcpy(route.dst.addr, mnl_attr_get_payload(attr),
				       addr_size(&route.dst));
			break;
		}
	}
	if (dev && route.dst.len <= addr_size(&route.dst) * 8)
		list_add(&dev->routes, route);
	return MNL_CB_OK;
}

static int add_held(const struct nlmsghdr *nlh, void *data)
{
	struct held_addr held = { };
	const struct nlattr *attr;

	if (!addr_parse(nlh, &held.index, &held.prefix))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct ifaddrmsg))
		if (mnl_attr_get_type(attr) == IFA_PROTO && nl_is(attr, MNL_TYPE_U8))
			held.proto = mnl_attr_get_u8(attr);
	list_add((struct held_addrs *)data, held);
	return MNL_CB_OK;
}

/**
 * claim_parse - parse a message about a claim
 * @nlh: LBX_CMD_CLAIM_GET, LBX_CMD_CLAIM_NEW_NTF or LBX_CMD_CLAIM_DEL_NTF
 * @index: set to the index of the lbx device
 * @target: set to the target
 *
 * Return: the command, or -1 if the message has no claim.
 */
int claim_parse(const struct nlmsghdr *nlh, int *index, struct target *target)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *claim = NULL;

	*index = 0;
	if (!nl_has(nlh, sizeof(*genl)))
		return -1;
	mnl_attr_for_each(attr, nlh, sizeof(*genl)) {
		if (mnl_attr_get_type(attr) == LBX_A_IFINDEX &&
		    nl_is(attr, MNL_TYPE_U32))
			*index = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == LBX_A_CLAIM)
			claim = attr;
	}
	return *index && claim && read_claim(claim, target) ? genl->cmd : -1;
}

static int add_claim(const struct nlmsghdr *nlh, void *data)
{
	struct target target;
	struct dev *dev;
	int index;

	if (claim_parse(nlh, &index, &target) < 0)
		return MNL_CB_OK;
	dev = devs_find_index(data, index);
	if (dev)
		list_add(&dev->claims, target);
	return MNL_CB_OK;
}

static void forget_devs(void *data)
{
	devs_free(data);
}

static void forget_addrs(void *data)
{
	struct devs *devs = data;
	size_t i;

	for (i = 0; i < devs->n; i++)
		list_free(&devs->item[i].addrs);
}

static void forget_routes(void *data)
{
	struct route_reading *reading = data;
	size_t i, j, left;

	for (i = 0; i < reading->devs->n; i++) {
		struct local_routes *routes = &reading->devs->item[i].routes;

		for (j = 0, left = 0; j < routes->n; j++)
			if (routes->item[j].dst.family != reading->family)
				routes->item[left++] = routes->item[j];
		routes->n = left;
		if (!left)
			list_free(routes);
	}
}

static void forget_held(void *data)
{
	list_free((struct held_addrs *)data);
}

static void forget_claims(void *data)
{
	struct devs *devs = data;
	size_t i;

	for (i = 0; i < devs->n; i++)
		list_free(&devs->item[i].claims);
}

static int get_links(struct devs *devs, struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_new(RTM_GETLINK, 0);
	struct nlattr *info;
	int err;

	nl_header(nlh, sizeof(struct ifinfomsg));
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	/* If the kernel does not know the kind, it lists all links */
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, LBX_KIND);
	mnl_attr_nest_end(nlh, info);
	err = nl_dump(NETLINK_ROUTE, nlh, add_dev, forget_devs, devs, error);
	free(nlh);
	return err;
}

static int dump_addrs(mnl_cb_t cb, void (*forget)(void *data), void *data,
		      struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_new(RTM_GETADDR, 0);
	int err;

	nl_header(nlh, sizeof(struct ifaddrmsg));
	err = nl_dump(NETLINK_ROUTE, nlh, cb, forget, data, error);
	free(nlh);
	return err;
}

static int get_addrs(struct devs *devs, struct nl_error *error)
{
	return dump_addrs(add_addr, forget_addrs, devs, error);
}

/**
 * addrs_get - read the addresses of all interfaces of this netns
 * @addrs: filled; free it with list_free()
 * @error: filled on failure
 *
 * Return: 0 or -1.
 */
int addrs_get(struct held_addrs *addrs, struct nl_error *error)
{
	memset(addrs, 0, sizeof(*addrs));
	return dump_addrs(add_held, forget_held, addrs, error);
}

/* The kernel selects routes of type local, because a router can have a million other
 * routes.  Without IPv6, a request for IPv6 lists all families (rtnl_dump_all()).
 */
static int get_routes(struct devs *devs, struct nl_error *error)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int err = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families) && !err; i++) {
		struct route_reading reading = { devs, families[i] };
		struct nlmsghdr *nlh = nl_new(RTM_GETROUTE, 0);
		struct rtmsg *rtm = nl_header(nlh, sizeof(*rtm));

		rtm->rtm_family = families[i];
		rtm->rtm_type = RTN_LOCAL;
		err = nl_dump(NETLINK_ROUTE, nlh, add_route, forget_routes, &reading,
			      error);
		free(nlh);
	}
	return err;
}

/* Read claims.  @index: the device, or 0 for all devices */
static int dump_claims(struct devs *devs, int index, struct nl_error *error)
{
	struct nlmsghdr *nlh;
	int id, err;

	id = nl_family(LBX_GENL_NAME, NULL, error);
	if (id < 0)
		return -1;
	nlh = nl_new_genl(id, LBX_CMD_CLAIM_GET, 0);
	if (index)
		mnl_attr_put_u32(nlh, LBX_A_IFINDEX, index);
	err = nl_dump(NETLINK_GENERIC, nlh, add_claim, forget_claims, devs, error);
	free(nlh);
	return err;
}

static int get_claims(struct devs *devs, struct nl_error *error)
{
	bool any = false;
	size_t i;

	for (i = 0; i < devs->n; i++)
		any |= devs->item[i].n_claims;
	return any ? dump_claims(devs, 0, error) : 0;
}

/**
 * dev_get_claims - read all claims of a device
 * @dev: the device; replaces its list of claims
 * @error: filled on failure
 *
 * Return: 0, also if the device no longer exists, or -1.
 */
int dev_get_claims(struct dev *dev, struct nl_error *error)
{
	struct devs devs = { .item = dev, .n = 1 };

	list_free(&dev->claims);
	return dump_claims(&devs, dev->index, error) && error->code != ENODEV ? -1 : 0;
}

/* Return false if there is no device because the module is not loaded. */
static bool module_is_there(const struct devs *devs, struct nl_error *error)
{
	if (devs->n || access("/sys/module", F_OK) || !access("/sys/module/lbx", F_OK))
		return true;
	nl_fail(error, EOPNOTSUPP, "the module is not loaded");
	return false;
}

/**
 * devs_get - read the lbx devices of this netns
 * @devs: filled; free it with devs_free()
 * @what: a bit mask of DEV_ADDRS, DEV_CLAIMS and DEV_ROUTES
 * @error: filled on failure
 *
 * Return: 0 or -1.
 */
int devs_get(struct devs *devs, unsigned int what, struct nl_error *error)
{
	memset(devs, 0, sizeof(*devs));
	if (get_links(devs, error) || !module_is_there(devs, error) ||
	    (what & DEV_ADDRS && devs->n && get_addrs(devs, error)) ||
	    (what & DEV_CLAIMS && get_claims(devs, error)) ||
	    (what & DEV_ROUTES && devs->n && get_routes(devs, error))) {
		devs_free(devs);
		return -1;
	}
	return 0;
}

/**
 * dev_exists - check whether an lbx device exists
 * @name: its name
 * @error: filled on failure
 *
 * Return: 1 if it exists, 0 if not, -1 on failure.
 */
int dev_exists(const char *name, struct nl_error *error)
{
	struct devs devs;
	int exists;

	if (devs_get(&devs, 0, error))
		return -1;
	exists = devs_find(&devs, name) != NULL;
	devs_free(&devs);
	return exists;
}

struct dev *devs_find(const struct devs *devs, const char *name)
{
	size_t i;

	for (i = 0; i < devs->n; i++)
		if (!strcmp(devs->item[i].name, name))
			return &devs->item[i];
	return NULL;
}

struct dev *devs_find_index(const struct devs *devs, int index)
{
	size_t i;

	for (i = 0; i < devs->n; i++)
		if (devs->item[i].index == index)
			return &devs->item[i];
	return NULL;
}

void dev_free(struct dev *dev)
{
	list_free(&dev->addrs);
	list_free(&dev->claims);
	list_free(&dev->routes);
}

void devs_free(struct devs *devs)
{
	size_t i;

	for (i = 0; i < devs->n; i++)
		dev_free(&devs->item[i]);
	list_free(devs);
}

/**
 * dev_sum - sum up the packets, the bytes or the drops of a device
 * @dev: the device
 * @suffix: "_packets", "_bytes" or "drop_"
 *
 * Return: the sum over all packet paths, or over all drop reasons.
 */
uint64_t dev_sum(const struct dev *dev, const char *suffix)
{
	bool drops = !strcmp(suffix, "drop_");
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < N_COUNTERS; i++) {
		bool is_drop = !strncmp(counter_names[i], "drop_", 5);

		/* inline and multicast packets are counted by their path, too */
		if (drops ? is_drop :
		    i < LBX_XSTATS_INLINE_PACKETS - 1 &&
		    strstr(counter_names[i], suffix))
			sum += dev->counters[i];
	}
	return sum;
}

/* Return an RTM_NEWLINK request for the device @name. */
struct nlmsghdr *dev_new_request(const char *name, int flags)
{
	struct nlmsghdr *nlh = nl_new(RTM_NEWLINK, flags);

	nl_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

/* Return an RTM_DELLINK request for the device @name. */
struct nlmsghdr *dev_del_request(const char *name)
{
	struct nlmsghdr *nlh = dev_new_request(name, 0);

	nlh->nlmsg_type = RTM_DELLINK;
	return nlh;
}

/* Start IFLA_LINKINFO for attributes IFLA_LBX_*; dev_data_end() ends it.  The nest of
 * the data follows the kind immediately.
 */
struct nlattr *dev_data_start(struct nlmsghdr *nlh)
{
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);

	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, LBX_KIND);
	mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	return info;
}

void dev_data_end(struct nlmsghdr *nlh, struct nlattr *info)
{
	struct nlattr *kind = mnl_attr_get_payload(info);

	mnl_attr_nest_end(nlh, mnl_attr_next(kind));
	mnl_attr_nest_end(nlh, info);
}

/* Put a nest of LBX_CLAIM_* attributes. */
void put_claim(struct nlmsghdr *nlh, int type, const struct target *target)
{
	struct nlattr *claim = mnl_attr_nest_start(nlh, type);

	if (*target->ifname)
		mnl_attr_put_strz(nlh, LBX_CLAIM_IFNAME, target->ifname);
	else
		mnl_attr_put(nlh, target->addr.family == AF_INET ?
				  LBX_CLAIM_ADDR4 : LBX_CLAIM_ADDR6,
			     addr_size(&target->addr), target->addr.addr);
	if (target->waits)
		mnl_attr_put(nlh, LBX_CLAIM_WAITING, 0, NULL);
	mnl_attr_nest_end(nlh, claim);
}

/* Return an RTM_NEWADDR or RTM_DELADDR request.  The sender sets the index of the
 * device.
 */
struct nlmsghdr *addr_request(int type, int flags, const struct prefix *prefix)
{
	struct nlmsghdr *nlh = nl_new(type, flags);
	struct ifaddrmsg *ifa = nl_header(nlh, sizeof(*ifa));

	ifa->ifa_family = prefix->family;
	ifa->ifa_prefixlen = prefix->len;
	/* the same scopes as ip and the IPv6 stack use */
	ifa->ifa_scope = prefix->family == AF_INET && prefix->addr[0] == 127 ?
			 RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	mnl_attr_put(nlh, IFA_LOCAL, addr_size(prefix), prefix->addr);
	mnl_attr_put(nlh, IFA_ADDRESS, addr_size(prefix), prefix->addr);
	return nlh;
}

bool same_route(const struct local_route *a, const struct local_route *b)
{
	return same_prefix(&a->dst, &b->dst) && a->table == b->table &&
	       a->metric == b->metric;
}

/* Return an RTM_NEWROUTE or RTM_DELROUTE request.  The sender sets the index of the
 * device in RTA_OIF, the first attribute.
 */
struct nlmsghdr *route_request(int type, int flags, const struct local_route *route)
{
	struct nlmsghdr *nlh = nl_new(type, flags);
	struct rtmsg *rtm = nl_header(nlh, sizeof(*rtm));

	rtm->rtm_family = route->dst.family;
	rtm->rtm_dst_len = route->dst.len;
	rtm->rtm_table = route->table < 256 ? route->table : RT_TABLE_UNSPEC;
	rtm->rtm_type = RTN_LOCAL;
	/* the same as "ip route add local"; "del" sets no protocol and scope */
	if (type == RTM_NEWROUTE) {
		rtm->rtm_protocol = RTPROT_BOOT;
		rtm->rtm_scope = route->dst.family == AF_INET ? RT_SCOPE_HOST :
								RT_SCOPE_UNIVERSE;
	} else {
		rtm->rtm_scope = RT_SCOPE_NOWHERE;
	}
	mnl_attr_put_u32(nlh, RTA_OIF, 0);
	mnl_attr_put_u32(nlh, RTA_TABLE, route->table);
	mnl_attr_put(nlh, RTA_DST, addr_size(&route->dst), route->dst.addr);
	if (route->metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
	return nlh;
}
