// SPDX-License-Identifier: GPL-2.0-only
/*
 * A simulated kernel for the fuzzers, in place of libmnl's sockets.  It has lbx
 * devices, and changes them as rtnetlink and lbx.ko do, as far as the tool's requests
 * go:
 *
 * - a request is done as a whole or refused;
 * - an address exists once;
 * - the first IPv4 address of a subnet takes the later ones with it;
 * - an MTU below 1280 removes IPv6;
 * - a device that goes down loses its link-local addresses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>

#include "fuzz.h"
#include "kernel.h"

#define IPV6_MTU_MIN	1280

struct kernel kernel;

/* The reply that is read next */
static unsigned char reply[1 << 20];
static size_t reply_len, reply_read;

/* The attribute because of which a request is refused, or NULL */
static const struct nlattr *blamed;

struct mnl_socket {
	int protocol;
};

static struct mnl_socket route_socket = { NETLINK_ROUTE };
static struct mnl_socket genl_socket = { NETLINK_GENERIC };

struct mnl_socket *mnl_socket_open2(int protocol, int flags)
{
	(void)flags;
	return protocol == NETLINK_ROUTE ? &route_socket : &genl_socket;
}

int mnl_socket_get_fd(const struct mnl_socket *sock)
{
	(void)sock;
	return -1;
}

/* The index of an lbx device is its position; other interfaces come first. */
unsigned int if_nametoindex(const char *name)
{
	struct dev *dev = devs_find(&kernel.devs, name);

	if (!strcmp(name, "lo"))
		return 1;
	return dev ? dev->index : 2;
}

static bool on_link(const struct prefix *prefix)
{
	return prefix->family == AF_INET6 && prefix->addr[0] == 0xfe &&
	       (prefix->addr[1] & 0xc0) == 0x80;
}

/* Return true if both are in the same subnet and have the same prefix length. */
static bool same_subnet(const struct prefix *a, const struct prefix *b)
{
	int bit;

	if (a->family != AF_INET || b->family != AF_INET || a->len != b->len)
		return false;
	for (bit = 0; bit < a->len; bit++)
		if ((a->addr[bit / 8] ^ b->addr[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static void remove_addr(struct dev *dev, size_t i)
{
	dev->addrs.n--;
	memmove(&dev->addrs.item[i], &dev->addrs.item[i + 1],
		(dev->addrs.n - i) * sizeof(*dev->addrs.item));
}

/* Remove the routes of a family, or all routes, from a device. */
static void flush_routes(struct dev *dev, int family)
{
	size_t i, left = 0;

	for (i = 0; i < dev->routes.n; i++)
		if (family != AF_UNSPEC && dev->routes.item[i].dst.family != family)
			dev->routes.item[left++] = dev->routes.item[i];
	dev->routes.n = left;
	if (!left)
		list_free(&dev->routes);
}

static int change_route(const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct local_route route = { };
	const struct nlattr *attr;
	struct dev *dev = NULL;
	unsigned char bit;
	size_t i;

	route.dst.family = rtm->rtm_family;
	route.dst.len = rtm->rtm_dst_len;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		if (mnl_attr_get_type(attr) == RTA_OIF)
			dev = devs_find_index(&kernel.devs, mnl_attr_get_u32(attr));
		if (mnl_attr_get_type(attr) == RTA_TABLE)
			route.table = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == RTA_PRIORITY)
			route.metric = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == RTA_DST)
			memcpy(route.dst.addr, mnl_attr_get_payload(attr),
			       addr_size(&route.dst));
	}
	if (!dev)
		return -ENODEV;
	for (i = 0; i < dev->routes.n && !same_route(&dev->routes.item[i], &route); i++)
		;
	if (nlh->nlmsg_type == RTM_DELROUTE) {
		if (i == dev->routes.n)
			return -ESRCH;
		dev->routes.n--;
		memmove(&dev->routes.item[i], &dev->routes.item[i + 1],
			(dev->routes.n - i) * sizeof(*dev->routes.item));
		if (!dev->routes.n)
			list_free(&dev->routes);
		return 0;
	}
	if (i < dev->routes.n)
		return -EEXIST;
	if (!dev->up || (route.dst.family == AF_INET6 && dev->mtu < IPV6_MTU_MIN))
		return -ENETDOWN;
	/* clear the bits behind the prefix */
	for (i = route.dst.len; i < (size_t)addr_size(&route.dst) * 8; i++) {
		bit = 0x80 >> i % 8;
		if (route.dst.addr[i / 8] & bit)
			return -EINVAL;
	}
	list_add(&dev->routes, route);
	return 0;
}

static int new_addr(struct dev *dev, const struct prefix *prefix)
{
	static const unsigned char lo6[16] = { [15] = 1 };
	size_t i, n, at;

	if (prefix->family == AF_INET6 && dev->mtu < IPV6_MTU_MIN)
		return -ENODEV;
	if (prefix->family == AF_INET ? !memcmp(prefix->addr, "\177\0\0\1", 4) :
					!memcmp(prefix->addr, lo6, 16))
		return -EADDRNOTAVAIL;
	for (i = 0; i < dev->addrs.n; i++) {
		const struct prefix *other = &dev->addrs.item[i];

		if (other->family == prefix->family &&
		    !memcmp(other->addr, prefix->addr, addr_size(prefix)) &&
		    (prefix->family == AF_INET6 || other->len == prefix->len))
			return -EEXIST;
	}
	/* IPv4: the first address of each subnet, and then the others; IPv6: last
	 * address first
	 */
	n = dev->addrs.n;
	at = n;
	if (prefix->family == AF_INET6) {
		for (at = 0; at < n && dev->addrs.item[at].family == AF_INET; at++)
			;
	} else {
		bool first = true;
		size_t after = 0, end = 0;

		for (i = 0; i < n && dev->addrs.item[i].family == AF_INET; i++) {
			size_t j;

			first &= !same_subnet(&dev->addrs.item[i], prefix);
			for (j = 0; j < i; j++)
				if (same_subnet(&dev->addrs.item[j], &dev->addrs.item[i]))
					break;
			if (j == i)
				after = i + 1;
			end = i + 1;
		}
		at = first ? after : end;
	}
	list_add(&dev->addrs, *prefix);
	memmove(&dev->addrs.item[at + 1], &dev->addrs.item[at],
		(n - at) * sizeof(*dev->addrs.item));
	dev->addrs.item[at] = *prefix;
	return 0;
}

static int del_addr(struct dev *dev, const struct prefix *prefix)
{
	bool first = true;
	size_t i, j;

	for (i = 0; i < dev->addrs.n; i++) {
		if (same_prefix(&dev->addrs.item[i], prefix))
			break;
		first &= !same_subnet(&dev->addrs.item[i], prefix);
	}
	if (i == dev->addrs.n)
		return -EADDRNOTAVAIL;
	remove_addr(dev, i);
	for (j = dev->addrs.n; first && j-- > 0;)
		if (same_subnet(&dev->addrs.item[j], prefix))
			remove_addr(dev, j);
	for (j = 0; j < dev->addrs.n; j++)
		if (dev->addrs.item[j].family == AF_INET)
			return 0;
	if (prefix->family == AF_INET)
		flush_routes(dev, AF_INET);
	return 0;
}

/* Apply the effects of the device's state and MTU.  @was_up: the state before */
static void settle(struct dev *dev, bool was_up)
{
	struct prefix of_itself;
	size_t i;

	for (i = dev->addrs.n; i-- > 0;)
		if (dev->addrs.item[i].family == AF_INET6 &&
		    (dev->mtu < IPV6_MTU_MIN ||
		     (was_up && !dev->up && on_link(&dev->addrs.item[i]))))
			remove_addr(dev, i);
	if (!dev->up)
		flush_routes(dev, AF_UNSPEC);
	if (dev->mtu < IPV6_MTU_MIN)
		flush_routes(dev, AF_INET6);
	parse_prefix(LBX_LINKLOCAL "/64", &of_itself);
	if (dev->up)
		new_addr(dev, &of_itself);
}

static struct dev *holder(const struct target *target, size_t *at)
{
	size_t i, j;

	for (i = 0; i < kernel.devs.n; i++)
		for (j = 0; j < kernel.devs.item[i].claims.n; j++)
			if (!compare_targets(&kernel.devs.item[i].claims.item[j],
					     target)) {
				*at = j;
				return &kernel.devs.item[i];
			}
	return NULL;
}

static void read_target(const struct nlattr *nest, struct target *target)
{
	const struct nlattr *attr;
	int type;

	memset(target, 0, sizeof(*target));
	mnl_attr_for_each_nested(attr, nest) {
		type = mnl_attr_get_type(attr);
		if (type == LBX_CLAIM_IFNAME) {
			copy_name(target->ifname, mnl_attr_get_str(attr));
		} else if (type == LBX_CLAIM_ADDR4 || type == LBX_CLAIM_ADDR6) {
			target->addr.family = type == LBX_CLAIM_ADDR4 ? AF_INET : AF_INET6;
			target->addr.len = mnl_attr_get_payload_len(attr) * 8;
			memcpy(target->addr.addr, mnl_attr_get_payload(attr),
			       mnl_attr_get_payload_len(attr));
		}
	}
}

/* Claims of interfaces come first, in reverse order of their creation. */
static void put_target(struct dev *dev, const struct target *target)
{
	size_t n = dev->claims.n;

	list_add(&dev->claims, *target);
	if (*target->ifname) {
		memmove(&dev->claims.item[1], &dev->claims.item[0],
			n * sizeof(*target));
		dev->claims.item[0] = *target;
	}
	dev->n_claims++;
}

static const struct nlattr *find(const struct nlattr *nest, int type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

/* LBX_A_NEW or LBX_A_DEL */
static int change_claim(const struct nlattr *change)
{
	bool add = mnl_attr_get_type(change) == LBX_A_NEW;
	struct dev *dev = devs_find(&kernel.devs,
				    mnl_attr_get_str(find(change, LBX_A_IFNAME)));
	const struct nlattr *claim = find(change, LBX_A_CLAIM);
	struct target target;
	struct dev *has;
	size_t at;

	read_target(claim, &target);
	blamed = mnl_attr_get_payload(claim);
	if (!dev)
		return -ENODEV;
	has = holder(&target, &at);
	if (add && has)
		return has == dev ? -EEXIST : -EBUSY;
	if (add && !strcmp(target.ifname, "lo"))
		return -EINVAL;
	if (!add && has != dev)
		return -ENOENT;
	if (add) {
		put_target(dev, &target);
	} else {
		dev->n_claims--;
		dev->claims.n--;
		memmove(&dev->claims.item[at], &dev->claims.item[at + 1],
			(dev->claims.n - at) * sizeof(target));
	}
	blamed = NULL;
	return 0;
}

static int change_claims(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		err = change_claim(attr);
		if (err)
			break;
	}
	return err;
}

static struct dev *find_dev(const struct nlmsghdr *nlh, char *name)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			copy_name(name, mnl_attr_get_str(attr));
	return devs_find(&kernel.devs, name);
}

static int new_link(const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *data = NULL, *value;
	static int last_index = 10;
	char name[IFNAMSIZ] = "";
	struct dev *dev = find_dev(nlh, name);
	uint32_t mtu = 0;
	bool was_up;

	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_MTU)
			mtu = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			data = find(attr, IFLA_INFO_DATA);
	}
	if (nlh->nlmsg_flags & NLM_F_CREATE) {
		struct dev fresh = { .index = ++last_index, .mtu = LBX_MTU_MAX,
				     .direct = true };

		if (dev || !strcmp(name, "lo"))
			return -EEXIST;
		if (!is_ifname(name) || strchr(name, '%'))
			return -EINVAL;
		strcpy(fresh.name, name);
		list_add(&kernel.devs, fresh);
		dev = &kernel.devs.item[kernel.devs.n - 1];
	}
	if (!dev)
		return -ENODEV;
	value = data ? find(data, IFLA_LBX_DIRECT) : NULL;
	if (value)
		dev->direct = mnl_attr_get_u8(value);
	value = data ? find(data, IFLA_LBX_ISOLATE) : NULL;
	if (value)
		dev->isolate = mnl_attr_get_u8(value);
	if (mtu && (mtu < LBX_MTU_MIN || mtu > LBX_MTU_MAX))
		return -EINVAL;
	if (mtu)
		dev->mtu = mtu;
	was_up = dev->up;
	if (ifi->ifi_change & IFF_UP)
		dev->up = ifi->ifi_flags & IFF_UP;
	settle(dev, was_up);
	return 0;
}

static int del_link(const struct nlmsghdr *nlh)
{
	char name[IFNAMSIZ] = "";
	struct dev *dev = find_dev(nlh, name);

	/* The tool does not change other interfaces */
	if (!strcmp(name, "lo"))
		abort();
	if (!dev)
		return -ENODEV;
	dev_free(dev);
	kernel.devs.n--;
	memmove(dev, dev + 1, (kernel.devs.item + kernel.devs.n - dev) * sizeof(*dev));
	return 0;
}

static int change(const struct nlmsghdr *nlh)
{
	struct prefix prefix;
	struct dev *dev;
	int index;

	switch (nlh->nlmsg_type) {
	case GENL_ID_LBX:
		return change_claims(nlh);
	case RTM_NEWLINK:
		return new_link(nlh);
	case RTM_DELLINK:
		return del_link(nlh);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return change_route(nlh);
	}
	if (!addr_parse(nlh, &index, &prefix))
		return -EINVAL;
	dev = devs_find_index(&kernel.devs, index);
	if (!dev)
		return -ENODEV;
	return nlh->nlmsg_type == RTM_NEWADDR ? new_addr(dev, &prefix) :
						del_addr(dev, &prefix);
}

static struct nlmsghdr *begin(const struct nlmsghdr *request, int type)
{
	struct nlmsghdr *nlh;

	if (reply_len + 65536 > sizeof(reply))
		abort();
	nlh = mnl_nlmsg_put_header(reply + reply_len);
	nlh->nlmsg_type = type;
	nlh->nlmsg_seq = request->nlmsg_seq;
	nlh->nlmsg_pid = PORTID;
	return nlh;
}

static void end(const struct nlmsghdr *nlh)
{
	reply_len += NLMSG_ALIGN(nlh->nlmsg_len);
}

static void put_held(struct nlmsghdr *nlh, int type, const struct target *target)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	if (*target->ifname) {
		mnl_attr_put_strz(nlh, LBX_CLAIM_IFNAME, target->ifname);
		mnl_attr_put_u32(nlh, LBX_CLAIM_IFINDEX, 2);
	} else {
		mnl_attr_put(nlh, target->addr.family == AF_INET ?
				  LBX_CLAIM_ADDR4 : LBX_CLAIM_ADDR6,
			     addr_size(&target->addr), target->addr.addr);
	}
	mnl_attr_nest_end(nlh, nest);
}

static void dump_link(const struct nlmsghdr *request, const struct dev *dev)
{
	struct nlmsghdr *nlh = begin(request, RTM_NEWLINK);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	struct nlattr *info, *nest, *list;
	size_t i;

	ifi->ifi_index = dev->index;
	ifi->ifi_flags = dev->up ? IFF_UP : 0;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, dev->name);
	mnl_attr_put_u32(nlh, IFLA_MTU, dev->mtu);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, LBX_KIND);
	nest = mnl_attr_nest_start(nlh, IFLA_INFO_XSTATS);
	for (i = 0; i < N_COUNTERS; i++)
		mnl_attr_put_u64(nlh, i + 1, dev->counters[i]);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u8(nlh, IFLA_LBX_DIRECT, dev->direct);
	mnl_attr_put_u8(nlh, IFLA_LBX_ISOLATE, dev->isolate);
	mnl_attr_put_u32(nlh, IFLA_LBX_CLAIM_COUNT, dev->claims.n);
	list = mnl_attr_nest_start(nlh, IFLA_LBX_CLAIMS);
	for (i = 0; i < dev->claims.n && i < LBX_CLAIMS_SHOWN; i++)
		put_held(nlh, IFLA_LBX_CLAIM, &dev->claims.item[i]);
	mnl_attr_nest_end(nlh, list);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, info);
	end(nlh);
}

static void dump_addrs(const struct nlmsghdr *request, const struct dev *dev)
{
	size_t i;

	for (i = 0; i < dev->addrs.n; i++) {
		const struct prefix *prefix = &dev->addrs.item[i];
		struct nlmsghdr *nlh = begin(request, RTM_NEWADDR);
		struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

		ifa->ifa_family = prefix->family;
		ifa->ifa_prefixlen = prefix->len;
		ifa->ifa_index = dev->index;
		mnl_attr_put(nlh, IFA_ADDRESS, addr_size(prefix), prefix->addr);
		end(nlh);
	}
}

static void dump_routes(const struct nlmsghdr *request, const struct dev *dev)
{
	const struct rtmsg *asked = mnl_nlmsg_get_payload(request);
	size_t i;

	for (i = 0; i < dev->routes.n; i++) {
		const struct local_route *route = &dev->routes.item[i];
		struct nlmsghdr *nlh;
		struct rtmsg *rtm;

		if (route->dst.family != asked->rtm_family)
			continue;
		nlh = begin(request, RTM_NEWROUTE);
		rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
		rtm->rtm_family = route->dst.family;
		rtm->rtm_dst_len = route->dst.len;
		rtm->rtm_type = RTN_LOCAL;
		rtm->rtm_protocol = RTPROT_BOOT;
		mnl_attr_put_u32(nlh, RTA_OIF, dev->index);
		mnl_attr_put_u32(nlh, RTA_TABLE, route->table);
		mnl_attr_put(nlh, RTA_DST, addr_size(&route->dst), route->dst.addr);
		mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
		end(nlh);
	}
}

static void dump_claims(const struct nlmsghdr *request, const struct dev *dev)
{
	size_t i;

	for (i = 0; i < dev->claims.n; i++) {
		struct nlmsghdr *nlh = begin(request, GENL_ID_LBX);

		mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
		mnl_attr_put_u32(nlh, LBX_A_IFINDEX, dev->index);
		put_held(nlh, LBX_A_CLAIM, &dev->claims.item[i]);
		end(nlh);
	}
}

static void acknowledge(const struct nlmsghdr *request, int error)
{
	struct nlmsghdr *nlh = begin(request, NLMSG_ERROR);
	struct nlmsgerr *err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));

	nlh->nlmsg_flags = NLM_F_CAPPED;
	err->error = error;
	err->msg = *request;
	if (error) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "Refused by a fuzzer");
		if (blamed)
			mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS,
					 (const char *)blamed - (const char *)request);
	}
	end(nlh);
}

static void done(const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = begin(request, NLMSG_DONE);

	mnl_nlmsg_put_extra_header(nlh, sizeof(int));
	end(nlh);
}

ssize_t mnl_socket_sendto(const struct mnl_socket *sock, const void *buf, size_t len)
{
	void (*dump)(const struct nlmsghdr *request, const struct dev *dev) = NULL;
	const struct nlmsghdr *request = buf;
	struct nlmsghdr *nlh;
	struct devs before;
	bool chosen;
	size_t i;
	int err;

	reply_len = 0;
	reply_read = 0;
	blamed = NULL;
	if (sock->protocol == NETLINK_ROUTE && request->nlmsg_type == RTM_GETLINK)
		dump = dump_link;
	else if (sock->protocol == NETLINK_ROUTE && request->nlmsg_type == RTM_GETADDR)
		dump = dump_addrs;
	else if (sock->protocol == NETLINK_ROUTE && request->nlmsg_type == RTM_GETROUTE &&
		 !(request->nlmsg_flags & NLM_F_DUMP)) {
		struct rtmsg *rtm;

		/* every address is local */
		nlh = begin(request, RTM_NEWROUTE);
		rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
		rtm->rtm_type = RTN_LOCAL;
		end(nlh);
		acknowledge(request, 0);
		return len;
	} else if (sock->protocol == NETLINK_ROUTE && request->nlmsg_type == RTM_GETROUTE)
		dump = dump_routes;
	else if (sock->protocol == NETLINK_GENERIC &&
		 request->nlmsg_type == GENL_ID_LBX &&
		 request->nlmsg_flags & NLM_F_DUMP)
		dump = dump_claims;
	else if (sock->protocol == NETLINK_GENERIC &&
		 request->nlmsg_type != GENL_ID_LBX) {
		nlh = begin(request, GENL_ID_CTRL);
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
		mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, GENL_ID_LBX);
		end(nlh);
		acknowledge(request, 0);
		return len;
	}
	if (dump) {
		for (i = 0; i < kernel.devs.n; i++)
			dump(request, &kernel.devs.item[i]);
		done(request);
		return len;
	}

	before = kernel_copy();
	chosen = kernel.changes++ == kernel.refuse;
	err = chosen && !kernel.lose ? -ENOBUFS : change(request);
	if (err)
		kernel_put(&before);
	/* requests that undo others are not refused */
	if (err || chosen)
		kernel.refuse = -1;
	devs_free(&before);
	if (!chosen || !kernel.lose)
		acknowledge(request, err);
	return len;
}

/* Return whole messages only, as many as fit.  There are no events. */
ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_len)
{
	size_t len = 0;

	(void)fd;
	(void)flags;
	memset(from, 0, *from_len);
	if (reply_read == reply_len) {
		errno = kernel.lose ? ENOBUFS : ECONNRESET;
		return -1;
	}
	while (reply_read < reply_len) {
		const struct nlmsghdr *nlh = (const void *)(reply + reply_read);
		size_t n = NLMSG_ALIGN(nlh->nlmsg_len);

		if (len + n > size)
			break;
		memcpy((char *)buf + len, nlh, n);
		reply_read += n;
		len += n;
	}
	if (kernel.record)
		kernel.record(buf, len);
	return len;
}

void kernel_reset(void)
{
	devs_free(&kernel.devs);
	kernel.changes = 0;
	kernel.refuse = -1;
}

struct devs kernel_copy(void)
{
	struct devs copy = { };
	size_t i, j;

	for (i = 0; i < kernel.devs.n; i++) {
		struct dev dev = kernel.devs.item[i];

		memset(&dev.addrs, 0, sizeof(dev.addrs));
		memset(&dev.claims, 0, sizeof(dev.claims));
		memset(&dev.routes, 0, sizeof(dev.routes));
		for (j = 0; j < kernel.devs.item[i].routes.n; j++)
			list_add(&dev.routes, kernel.devs.item[i].routes.item[j]);
		for (j = 0; j < kernel.devs.item[i].addrs.n; j++)
			list_add(&dev.addrs, kernel.devs.item[i].addrs.item[j]);
		for (j = 0; j < kernel.devs.item[i].claims.n; j++)
			list_add(&dev.claims, kernel.devs.item[i].claims.item[j]);
		list_add(&copy, dev);
	}
	return copy;
}

/* Replace all devices with @devs. */
void kernel_put(const struct devs *devs)
{
	struct devs old = kernel.devs;

	kernel.devs = *devs;
	kernel.devs = kernel_copy();
	devs_free(&old);
}

/* Return true if the settings, addresses and claims are the same.  @order: the order of
 * IPv4 addresses matters.  The automatic link-local address is ignored.
 */
static bool same_dev(const struct dev *a, const struct dev *b, bool order)
{
	size_t i = 0, j, n_a = 0, n_b = 0;

	if (a->up != b->up || a->mtu != b->mtu || a->direct != b->direct ||
	    a->isolate != b->isolate || a->claims.n != b->claims.n ||
	    a->routes.n != b->routes.n)
		return false;
	for (i = 0; i < a->routes.n; i++) {
		for (j = 0; j < b->routes.n; j++)
			if (same_route(&a->routes.item[i], &b->routes.item[j]))
				break;
		if (j == b->routes.n)
			return false;
	}
	for (i = 0; i < a->addrs.n; i++) {
		if (is_auto_addr(&a->addrs.item[i]))
			continue;
		n_a++;
		if (!contains(&b->addrs, &a->addrs.item[i]) ||
		    (order && a->addrs.item[i].family == AF_INET &&
		     (i >= b->addrs.n ||
		      !same_prefix(&a->addrs.item[i], &b->addrs.item[i]))))
			return false;
	}
	for (i = 0; i < b->addrs.n; i++)
		n_b += !is_auto_addr(&b->addrs.item[i]);
	if (n_a != n_b)
		return false;
	for (i = 0; i < a->claims.n; i++) {
		for (j = 0; j < b->claims.n; j++)
			if (!compare_targets(&a->claims.item[i], &b->claims.item[j]))
				break;
		if (j == b->claims.n)
			return false;
	}
	return true;
}

/* Return true if both have the same devices. */
bool same_devs(const struct devs *a, const struct devs *b, bool order)
{
	const struct dev *other;
	size_t i;

	for (i = 0; i < a->n; i++) {
		other = devs_find(b, a->item[i].name);
		if (!other || !same_dev(&a->item[i], other, order))
			return false;
	}
	return true;
}
