// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_link SEED COUNT
 *
 * Send COUNT invalid requests about lbx devices: valid requests of which some
 * attributes have another type, length, depth or value, are duplicate or missing, and
 * some that are noise. Most are RTM_NEWLINK with the attributes of lbx. The others are
 * RTM_SETLINK, RTM_GETLINK, RTM_DELLINK, and requests of the generic netlink family
 * "lbx". The same SEED sends the same requests.
 *
 * Meanwhile a second process reads dumps of links and of claims, some of them requested
 * with invalid attributes. It reads in small parts, some dumps to the end and others
 * until it closes the socket in between. It also sends packets to addresses that may be
 * claimed.
 *
 * Run it as root in a network namespace of its own, in which it makes the devices fuzz0
 * to fuzz7, and eth1. The namespace has eth0 and local routes to 198.18.0.0/24 and
 * 2001:db8:9::/64, for claims.
 *
 * The program prints how many requests were accepted and how many refused: by lbx, by
 * the kernel with a text, and by the kernel without; the texts; and the dumps. The exit
 * status is 0 if the kernel has answered each request.
 */
#define _GNU_SOURCE	/* strerrorname_np() */
#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/lbx.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define DEVICES		8
#define ADDRS		32	/* of each family, that can be claimed */
#define GROUP		77	/* of all devices that are made */
#define BATCH		16	/* requests in one sendmsg() */
#define TURN		64	/* requests for each dump */
#define ROOM		4096

static struct {
	struct nlmsghdr nlh;
	char payload[ROOM];
} req;

/* Where attributes begin in it, for mutate() */
static unsigned int attrs[128];
static unsigned int n_attrs;

/* Requests that are sent together */
static char batch[BATCH * sizeof(req)];
static unsigned int batch_len, batch_n;

static __u32 seq;

/* Results by the text of the kernel, without addresses and names */
static struct outcome {
	char text[128];
	unsigned long n;
	bool lbx;
} outcomes[512];

static unsigned int n_outcomes;

/* Shared with the process that reads dumps */
static struct {
	unsigned long read, cut, refused, packets;
} *dumps;

static char *end(void)
{
	return (char *)&req + NLMSG_ALIGN(req.nlh.nlmsg_len);
}

static bool full(void)
{
	return end() > (char *)&req + sizeof(req) - 512;
}

static struct nlattr *put(int type, const void *data, size_t len)
{
	struct nlattr *nla = (void *)end();

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	memset((char *)nla + NLA_HDRLEN, 0, NLA_ALIGN(len));
	if (len)
		memcpy((char *)nla + NLA_HDRLEN, data, len);
	req.nlh.nlmsg_len = (char *)nla - (char *)&req + NLA_ALIGN(nla->nla_len);
	if (n_attrs < ARRAY_SIZE(attrs))
		attrs[n_attrs++] = (char *)nla - (char *)&req;
	return nla;
}

static void put_u32(int type, __u32 value)
{
	put(type, &value, sizeof(value));
}

/* One in a hundred lacks the flag, which strict validation requires */
static struct nlattr *nest_start(int type)
{
	return put(one_in(100) ? type : type | NLA_F_NESTED, NULL, 0);
}

static void nest_end(struct nlattr *nest)
{
	nest->nla_len = (char *)&req + req.nlh.nlmsg_len - (char *)nest;
}

/* Any data, up to 64 bytes */
static void put_junk(int type)
{
	static const size_t lengths[] = { 0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 20, 64 };
	unsigned char data[64];
	__u64 value = edge();

	junk(data, sizeof(data));
	if (one_in(2))
		memcpy(data, &value, sizeof(value));
	put(type, data, lengths[below(ARRAY_SIZE(lengths))]);
}

static void put_name(int type)
{
	static const char *const names[] = {
		"eth0", "eth1", "eth1", "fuzz0", "fuzz1", "nobody", "", "a/b", "..",
		"twenty-characters-ok"
	};
	const char *name = names[below(ARRAY_SIZE(names))];

	put(type, name, strlen(name) + !one_in(20));
}

static const char *device(unsigned int i)
{
	static char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "fuzz%u", i);
	return name;
}

static void put_device(void)
{
	const char *name = device(below(DEVICES));

	put(IFLA_IFNAME, name, strlen(name) + 1);
}

static void local_addr(bool ipv6, unsigned char *addr)
{
	if (ipv6) {
		inet_pton(AF_INET6, "2001:db8:9::", addr);
		addr[15] = below(ADDRS);
	} else {
		inet_pton(AF_INET, "198.18.0.0", addr);
		addr[3] = below(ADDRS);
	}
}

/* Most of them are local, and most have the type of their family */
static void put_addr(void)
{
	static const char *const others[] = {
		"127.0.0.1", "192.0.2.1", "198.51.100.1", "224.0.0.1", "255.255.255.255",
		"0.0.0.0", "::1", "::", "2001:db8::1", "2001:db8:b::1", "fe80::1", "ff02::1",
		"::ffff:198.18.0.1"
	};
	const char *other = others[below(ARRAY_SIZE(others))];
	bool ipv6 = one_in(2);
	unsigned char addr[16];

	if (one_in(8)) {
		ipv6 = strchr(other, ':');
		inet_pton(ipv6 ? AF_INET6 : AF_INET, other, addr);
	} else {
		local_addr(ipv6, addr);
	}
	put(ipv6 != one_in(50) ? LBX_CLAIM_ADDR6 : LBX_CLAIM_ADDR4, addr, ipv6 ? 16 : 4);
}

static void put_claim(int type)
{
	struct nlattr *claim = nest_start(one_in(50) ? (int)below(4) : type);
	unsigned int n = one_in(20) ? below(4) : 1;

	while (n--)
		switch (below(24)) {
		default:
			put_addr();
			break;
		case 0 ... 2:
			put_name(LBX_CLAIM_IFNAME);
			break;
		case 3 ... 4:
			put_u32(LBX_CLAIM_IFINDEX, below(16));
			break;
		case 5:
			put_junk(below(LBX_CLAIM_MAX + 3));
		}
	if (one_in(8))
		put(LBX_CLAIM_WAITING, NULL, 0);
	nest_end(claim);
}

static void put_claims(int type)
{
	struct nlattr *list = nest_start(type);
	unsigned int n = one_in(4) ? below(5) : 1;

	while (n-- && !full())
		put_claim(IFLA_LBX_CLAIM);
	nest_end(list);
}

/* IFLA_INFO_DATA of lbx */
static void put_data(void)
{
	struct nlattr *data = nest_start(IFLA_INFO_DATA);
	unsigned int n = 1 + below(2);
	__u8 byte;

	while (n-- && !full())
		switch (below(32)) {
		default:
			put_claims(IFLA_LBX_CLAIMS);
			break;
		case 0 ... 10:
			put_claims(IFLA_LBX_UNCLAIMS);
			break;
		case 11 ... 12:
			byte = below(one_in(8) ? 256 : 2);
			put(one_in(2) ? IFLA_LBX_DIRECT : IFLA_LBX_ISOLATE, &byte, 1);
			break;
		case 13:
			put_junk(below(IFLA_LBX_MAX + 4));
		}
	nest_end(data);
}

/* The kernel defines the other attributes. These are some that the driver checks. */
static void put_standard(void)
{
	unsigned char mac[6] = { 2, 0, 0, 0, 0, below(4) };

	switch (below(8)) {
	case 0:
		put_u32(IFLA_MTU, below(8) ? 1280 + below(70000) : below(1400));
		break;
	case 1:
		if (one_in(3))
			mac[0] = any();
		put(IFLA_ADDRESS, mac, sizeof(mac) - one_in(5));
		break;
	case 2:
		put_name(IFLA_ALT_IFNAME);
		break;
	case 3:
		put_junk(IFLA_LINKINFO);
		break;
	case 4:
		put_u32(IFLA_EXT_MASK, one_in(2) ? any() : 1u << below(8));
		break;
	default:
		put_junk(below(IFLA_MAX + 2));
	}
}

static void put_linkinfo(void)
{
	struct nlattr *info = nest_start(IFLA_LINKINFO);

	put(IFLA_INFO_KIND, LBX_KIND, sizeof(LBX_KIND) - one_in(20));
	if (!one_in(20))
		put_data();
	if (one_in(40))
		put_junk(below(IFLA_INFO_MAX + 2));
	nest_end(info);
}

static void start(int type, int flags, const void *header, size_t len)
{
	memset(&req.nlh, 0, sizeof(req.nlh));
	req.nlh.nlmsg_len = NLMSG_LENGTH(len);
	req.nlh.nlmsg_type = type;
	req.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(req.payload, header, len);
	n_attrs = 0;
}

/* Change something at a few places after the first @header bytes */
static void mutate(size_t header)
{
	unsigned int n = 1 + below(3), len, a, b;
	struct nlattr *nla, *other;
	__u64 value;

	while (n--) {
		len = req.nlh.nlmsg_len - NLMSG_LENGTH(header);
		if (!len || !n_attrs)
			return;
		a = attrs[below(n_attrs)];
		b = attrs[below(n_attrs)];
		if (a + NLA_HDRLEN > req.nlh.nlmsg_len || b + NLA_HDRLEN > req.nlh.nlmsg_len)
			continue;
		nla = (void *)((char *)&req + a);
		other = (void *)((char *)&req + b);
		switch (below(8)) {
		case 0:
			req.payload[header + below(len)] = any();
			break;
		case 1:
			nla->nla_type = one_in(4) ? any() : nla->nla_type ^ 1u << below(5);
			break;
		case 2:
			nla->nla_type ^= 1 << (14 + below(2));
			break;
		case 3:
			nla->nla_len = one_in(4) ? edge() : nla->nla_len + below(9) - 4;
			break;
		case 4:
			value = edge();
			if (a + NLA_HDRLEN + sizeof(value) <= req.nlh.nlmsg_len)
				memcpy(nla + 1, &value, one_in(2) ? 4 : sizeof(value));
			break;
		case 5:
			nla->nla_type = other->nla_type;
			break;
		case 6:
			*nla = *other;
			break;
		case 7:
			if (one_in(2) && !full())
				put_junk(below(IFLA_MAX + 2));
			else
				req.nlh.nlmsg_len -= below(len + 1);
		}
	}
}

/* The index of a device: mostly of one that does not exist, and never of lo */
static int any_index(void)
{
	return one_in(2) ? 2 + below(16) : edge();
}

static void put_kind(const char *kind)
{
	struct nlattr *info = put(IFLA_LINKINFO | NLA_F_NESTED, NULL, 0);

	put(IFLA_INFO_KIND, kind, strlen(kind) + 1);
	nest_end(info);
}

/* Delete all of our devices, also those whose names were mutated */
static void build_delete_all(void)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	start(RTM_DELLINK, 0, &ifi, sizeof(ifi));
	put_u32(IFLA_GROUP, GROUP);
}

static void build_delete(const char *name)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	start(RTM_DELLINK, 0, &ifi, sizeof(ifi));
	put(IFLA_IFNAME, name, strlen(name) + 1);
}

/* Any of the attributes may be invalid */
static void build_create(const char *name)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	start(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi));
	put_u32(IFLA_GROUP, GROUP);
	put(IFLA_IFNAME, name, strlen(name) + 1);
	put_linkinfo();
	if (one_in(2))
		mutate(sizeof(ifi));
}

/* Make sure that a device of that name exists and is up */
static void build_ensure(const char *name)
{
	struct ifinfomsg ifi = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	start(RTM_NEWLINK, NLM_F_CREATE, &ifi, sizeof(ifi));
	put(IFLA_IFNAME, name, strlen(name) + 1);
	put_u32(IFLA_GROUP, GROUP);
	put_kind(LBX_KIND);
}

/* Make, delete or rename an interface that can be claimed */
static void build_target(void)
{
	static const char *const names[] = { "eth1", "nobody" };
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	const char *name = names[below(2)], *other = names[below(2)];

	switch (below(3)) {
	case 0:
		build_delete(name);
		break;
	case 1:
		start(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi));
		put(IFLA_IFNAME, name, strlen(name) + 1);
		put_kind("dummy");
		break;
	default:
		start(RTM_NEWLINK, 0, &ifi, sizeof(ifi));
		put(IFLA_ALT_IFNAME, name, strlen(name) + 1);
		put(IFLA_IFNAME, other, strlen(other) + 1);
	}
}

static void build_link(void)
{
	static const __u16 types[] = { RTM_SETLINK, RTM_GETLINK, RTM_GETLINK, RTM_DELLINK };
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	int type = one_in(10) ? types[below(ARRAY_SIZE(types))] : RTM_NEWLINK;

	if (one_in(100))
		ifi.ifi_family = any();
	if (type != RTM_DELLINK && one_in(50))
		ifi.ifi_index = any_index();
	if (one_in(500)) {
		ifi.ifi_change = IFF_UP;
		ifi.ifi_flags = one_in(2) ? IFF_UP : 0;
	} else if (one_in(100)) {
		ifi.ifi_change = any() & ~IFF_UP;
		ifi.ifi_flags = any();
	}
	start(type, 0, &ifi, sizeof(ifi));
	if (type == RTM_DELLINK) {
		/* see renew() for valid requests */
		put_junk(IFLA_IFNAME);
		mutate(sizeof(ifi));
		return;
	}
	if (!ifi.ifi_index)
		put_device();
	if (one_in(type == RTM_NEWLINK ? 20 : 2))
		put_standard();
	if (type == RTM_NEWLINK)
		put_linkinfo();
	if (one_in(3))
		mutate(sizeof(ifi));
	else if (one_in(50))
		junk(req.payload + sizeof(ifi), req.nlh.nlmsg_len - NLMSG_LENGTH(sizeof(ifi)));
}

/* The attributes of a command about one claim, or of an element LBX_A_NEW or
 * LBX_A_DEL
 */
static void put_change(bool add)
{
	const char *name = device(below(DEVICES));

	if (add ? !one_in(20) : one_in(4)) {
		if (one_in(10))
			put_name(LBX_A_IFNAME);
		else
			put(LBX_A_IFNAME, name, strlen(name) + 1);
	}
	if (one_in(10))
		put_u32(LBX_A_IFINDEX, 2 + below(16));
	if (!one_in(50))
		put_claim(LBX_A_CLAIM);
	if (one_in(2) && (add || one_in(20)))
		put_u32(LBX_A_FLAGS, one_in(20) ? any() : below(3));
	if (one_in(50))
		put_junk(below(LBX_A_MAX + 3));
}

static void build_genl(int family, int flags)
{
	struct genlmsghdr genl = { .version = LBX_GENL_VERSION };
	unsigned int n = 1 + below(8);
	struct nlattr *change;
	bool add;

	genl.cmd = flags & NLM_F_DUMP ? LBX_CMD_CLAIM_GET : 1 + below(LBX_CMD_MAX);
	start(family, flags, &genl, sizeof(genl));
	switch (genl.cmd) {
	case LBX_CMD_CLAIM_GET:
		if (flags & NLM_F_DUMP && one_in(2))
			break;
		put_change(false);
		break;
	case LBX_CMD_CLAIM_NEW:
		put_change(true);
		break;
	case LBX_CMD_CLAIM_DEL:
		put_change(false);
		break;
	case LBX_CMD_CLAIM_CHANGE:
		while (n-- && !full()) {
			add = one_in(2);
			change = nest_start(add ? LBX_A_NEW : LBX_A_DEL);
			put_change(add);
			nest_end(change);
		}
	}
	if (one_in(20))
		junk(req.payload, sizeof(genl));
	if (one_in(50))
		req.nlh.nlmsg_flags |= any() & ~NLM_F_DUMP;
	if (one_in(4))
		mutate(sizeof(genl));
}

static int open_socket(int family)
{
	struct timeval patience = { .tv_sec = 60 };
	int fd, on = 1, room = 4 << 20;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
	if (fd < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		err(1, "socket");
	return fd;
}

/* Return true if the text is one of lbx */
static bool is_of_lbx(const char *text)
{
	static const char *const texts[] = {
		"A claim is required", "A claim needs either", "A dump cannot be limited",
		"A link-local address cannot", "A list of claims can",
		"Already claimed by DEV", "An lbx device cannot be claimed",
		"An lbx device is required", "Cannot find the claim",
		"Cannot find the interface to claim", "Cannot find the lbx device",
		"Cannot register the device", "Claimed by DEV, not by this device",
		"Duplicate target in request", "Invalid interface name",
		"LBX_F_EXCL and LBX_F_REPLACE", "Link-layer address must",
		"Not claimed by any lbx device", "The device index does not match",
		"The interface index does not match", "The number of claims is read-only",
		"Too many waiting claims", "cannot be claimed; add",
		"is already carried by DEV", "is not a local address",
		"is not an lbx device", "lo cannot be claimed",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (strstr(text, texts[i]))
			return true;
	return false;
}

/* Copy the text without names and addresses */
static void normalise(char *to, size_t room, const char *from)
{
	const char *last = to + room - 8;
	size_t word;

	while (*from && to < last) {
		word = strcspn(from, " ,;");
		if (word && !strncmp(from, "fuzz", 4))
			to = stpcpy(to, "DEV");
		else if (memchr(from, ':', word) && isxdigit(from[word - 1]))
			to = stpcpy(to, "ADDR");
		else if (word > 4 && isdigit(*from) && from[word - 1] != '8')
			to = stpcpy(to, "ADDR");
		else
			while (word && to < last) {
				*to++ = *from++;
				word--;
			}
		from += word;
		if (*from && to < last)
			*to++ = *from++;
	}
	*to = 0;
}

static void count(const struct nlmsghdr *nlh, size_t len)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	const struct nlattr *nla = (const void *)(e + 1);
	const char *text = NULL;
	char normal[sizeof(outcomes->text)];
	struct outcome *o;

	len -= NLMSG_LENGTH(sizeof(*e));
	while (nlh->nlmsg_flags & NLM_F_ACK_TLVS && len >= sizeof(*nla) &&
	       nla->nla_len >= sizeof(*nla)) {
		if (nla->nla_type == NLMSGERR_ATTR_MSG)
			text = (const char *)(nla + 1);
		if ((size_t)NLA_ALIGN(nla->nla_len) >= len)
			break;
		len -= NLA_ALIGN(nla->nla_len);
		nla = (const void *)((const char *)nla + NLA_ALIGN(nla->nla_len));
	}
	if (!e->error)
		snprintf(normal, sizeof(normal), "accepted");
	else if (text)
		normalise(normal, sizeof(normal), text);
	else
		snprintf(normal, sizeof(normal), "%s", strerrorname_np(-e->error) ?: "?");

	for (o = outcomes; o < outcomes + n_outcomes; o++)
		if (!strcmp(o->text, normal))
			break;
	if (o == outcomes + n_outcomes) {
		if (n_outcomes == ARRAY_SIZE(outcomes))
			errx(1, "the kernel has more than %u answers", n_outcomes);
		n_outcomes++;
		memcpy(o->text, normal, sizeof(o->text));
		o->n = 0;
		o->lbx = e->error && is_of_lbx(normal);
	}
	o->n++;
}

/* All requests of a batch are answered in their order; other messages are replies */
static void flush(int fd)
{
	static union {
		struct nlmsghdr nlh;
		char room[1 << 16];
	} reply;
	__u32 next = seq - batch_n + 1;
	ssize_t len;

	if (!batch_n)
		return;
	if (send(fd, batch, batch_len, 0) != (ssize_t)batch_len)
		err(1, "request %u", next);
	while (next != seq + 1) {
		len = recv(fd, &reply, sizeof(reply), 0);
		if (len < 0)
			err(1, "no answer to request %u", next);
		if (reply.nlh.nlmsg_type != NLMSG_ERROR)
			continue;
		if (reply.nlh.nlmsg_seq != next)
			errx(1, "request %u is answered, expected %u", reply.nlh.nlmsg_seq, next);
		count(&reply.nlh, len);
		next++;
	}
	batch_len = 0;
	batch_n = 0;
}

static void add(int fd)
{
	req.nlh.nlmsg_seq = ++seq;
	memcpy(batch + batch_len, &req, NLMSG_ALIGN(req.nlh.nlmsg_len));
	batch_len += NLMSG_ALIGN(req.nlh.nlmsg_len);
	if (++batch_n == BATCH)
		flush(fd);
}

static void ensure_all(int fd)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		build_ensure(device(i));
		add(fd);
	}
}

/* Delete and make devices. The kernel needs as long to delete one as for a hundred
 * requests.
 */
static void renew(int fd)
{
	const char *name;

	if (one_in(20)) {
		build_delete_all();
		add(fd);
		ensure_all(fd);
		return;
	}
	name = device(below(DEVICES));
	build_delete(name);
	add(fd);
	build_create(name);
	add(fd);
	build_ensure(name);
	add(fd);
}

static int find_family(int fd)
{
	struct genlmsghdr genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	struct {
		struct nlmsghdr nlh;
		char rest[4096];
	} reply;
	struct nlattr *nla;
	int id = 0;
	char *p;

	start(GENL_ID_CTRL, 0, &genl, sizeof(genl));
	put(CTRL_ATTR_FAMILY_NAME, LBX_GENL_NAME, sizeof(LBX_GENL_NAME));
	if (send(fd, &req, req.nlh.nlmsg_len, 0) < 0)
		err(1, "generic netlink");
	do {
		if (recv(fd, &reply, sizeof(reply), 0) < 0)
			err(1, "generic netlink");
		for (p = reply.rest + GENL_HDRLEN;
		     reply.nlh.nlmsg_type == GENL_ID_CTRL &&
		     p < (char *)&reply + reply.nlh.nlmsg_len; p += NLA_ALIGN(nla->nla_len)) {
			nla = (void *)p;
			if (nla->nla_type == CTRL_ATTR_FAMILY_ID)
				id = *(__u16 *)(nla + 1);
		}
	} while (reply.nlh.nlmsg_type != NLMSG_ERROR);
	if (!id)
		errx(1, "the kernel has no generic netlink family " LBX_GENL_NAME);
	return id;
}

/* Read one dump, or a part of it */
static void dump(int family)
{
	static const size_t rooms[] = { 16, 100, 1000, 4096, 32768 };
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	bool genl = one_in(2), done = false;
	static union {
		struct nlmsghdr nlh;
		char room[32768];
	} reply;
	int fd, reads, strict = one_in(2);
	struct nlmsghdr *nlh;
	ssize_t len;

	fd = open_socket(genl ? NETLINK_GENERIC : NETLINK_ROUTE);
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	if (genl) {
		build_genl(family, NLM_F_DUMP);
	} else {
		if (one_in(4))
			junk(&ifi, sizeof(ifi));
		start(RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi));
		if (one_in(2))
			put_u32(IFLA_EXT_MASK, one_in(2) ? any() : 1u << below(8));
		if (one_in(2))
			put_linkinfo();
		if (one_in(4))
			mutate(sizeof(ifi));
	}
	if (send(fd, &req, req.nlh.nlmsg_len, 0) < 0)
		err(1, "dump");
	reply.nlh.nlmsg_type = 0;
	reads = one_in(2) ? (int)below(5) : -1;
	while (!done && reads--) {
		len = recv(fd, &reply, rooms[below(ARRAY_SIZE(rooms))], MSG_DONTWAIT);
		if (len < 0 && errno != EAGAIN)
			err(1, "dump");
		/* a small read may have cut off the end of the dump */
		done = len < 0;
		for (nlh = &reply.nlh; !done && NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len))
			done = nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR;
	}
	close(fd);
	if (reply.nlh.nlmsg_type == NLMSG_ERROR)
		dumps->refused++;
	else if (done)
		dumps->read++;
	else
		dumps->cut++;
}

/* Send to addresses that are claimed or not, by lo or by an lbx device */
static void send_packets(int fd)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(9) };
	int n;

	for (n = 0; n < 2; n++) {
		local_addr(false, (void *)&to4.sin_addr);
		if (one_in(2)) {
			inet_pton(AF_INET6, "::ffff:0:0", &to6.sin6_addr);
			memcpy(&to6.sin6_addr.s6_addr[12], &to4.sin_addr, 4);
		} else {
			local_addr(true, (void *)&to6.sin6_addr);
		}
		/* an error, because no socket listens, belongs to the datagram
		 * before
		 */
		if (sendto(fd, "fuzz", 4, MSG_DONTWAIT, (void *)&to6, sizeof(to6)) == 4)
			dumps->packets++;
	}
}

static void read_dumps(int turns, int family, __u64 n)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	char turn;

	while (read(turns, &turn, 1) == 1) {
		/* a new seed for each dump, because how much of a dump is read
		 * varies
		 */
		seed(n--);
		dump(family);
		send_packets(fd);
	}
	exit(0);
}

static int by_number(const void *a, const void *b)
{
	const struct outcome *one = a, *other = b;

	return one->n < other->n ? 1 : -(one->n > other->n);
}

static void print_outcomes(void)
{
	unsigned long accepted = 0, by_lbx = 0, by_kernel = 0, untold = 0;
	struct outcome *o;

	qsort(outcomes, n_outcomes, sizeof(*outcomes), by_number);
	for (o = outcomes; o < outcomes + n_outcomes; o++) {
		if (!strcmp(o->text, "accepted"))
			accepted += o->n;
		else if (o->lbx)
			by_lbx += o->n;
		else if (o->text[0] == 'E' && isupper(o->text[1]))
			untold += o->n;
		else
			by_kernel += o->n;
	}
	printf("%lu requests: %lu accepted, %lu refused by lbx, %lu by the kernel, %lu without a text\n",
	       (unsigned long)seq, accepted, by_lbx, by_kernel, untold);
	printf("%lu dumps: %lu read to the end, %lu closed before, %lu refused; %lu packets\n",
	       dumps->read + dumps->cut + dumps->refused, dumps->read, dumps->cut,
	       dumps->refused, dumps->packets);
	for (o = outcomes; o < outcomes + n_outcomes; o++)
		printf("%9lu %s %s\n", o->n, o->lbx ? "lbx:   " : "kernel:", o->text);
}

int main(int argc, char **argv)
{
	int route, genl, family, turns[2], status;
	unsigned long total;
	__u64 start_with;
	pid_t reader;

	if (argc != 3)
		errx(2, "usage: fuzz_link SEED COUNT");
	start_with = strtoull(argv[1], NULL, 0);
	total = strtoul(argv[2], NULL, 0);

	route = open_socket(NETLINK_ROUTE);
	genl = open_socket(NETLINK_GENERIC);
	family = find_family(genl);
	dumps = mmap(NULL, sizeof(*dumps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (dumps == MAP_FAILED || pipe2(turns, O_CLOEXEC))
		err(1, "shared memory or pipe");
	reader = fork();
	if (reader < 0)
		err(1, "fork");
	if (!reader) {
		close(turns[1]);
		read_dumps(turns[0], family, ~start_with);
	}
	close(turns[0]);
	signal(SIGPIPE, SIG_IGN);
	fcntl(turns[1], F_SETFL, O_NONBLOCK);

	seed(start_with);
	ensure_all(route);
	flush(route);
	n_outcomes = 0;
	seq = 0;
	while (seq < total) {
		if (one_in(2000)) {
			renew(route);
		} else if (one_in(1000)) {
			build_target();
			add(route);
		} else if (one_in(4)) {
			flush(route);
			build_genl(family, 0);
			add(genl);
			flush(genl);
		} else {
			build_link();
			add(route);
		}
		/* if the other process is late, the amount does not matter */
		if (!(seq % TURN) && write(turns[1], "", 1) < 0 && errno != EAGAIN)
			err(1, "the reader of dumps has ended");
	}
	flush(route);
	close(turns[1]);
	if (waitpid(reader, &status, 0) != reader || status)
		errx(1, "the reader of dumps has failed");
	print_outcomes();
	return 0;
}
