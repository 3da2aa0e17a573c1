// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of fuzz_link, valid ones of which a part is changed at random. See
 * fuzz_link.c.
 */
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/lbx.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "fuzz_link.h"

#define ADDRS		32	/* of each family, that can be claimed */
#define GROUP		77	/* of all devices that are made */

struct request req;

/* Where attributes begin in it, for mutate() */
static unsigned int attrs[128];
static unsigned int n_attrs;

static char *end(void)
{
	return (char *)&req + NLMSG_ALIGN(req.nlh.nlmsg_len);
}

static bool full(void)
{
	return end() > (char *)&req + sizeof(req) - 512;
}

struct nlattr *put(int type, const void *data, size_t len)
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

void put_u32(int type, __u32 value)
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

const char *device(unsigned int i)
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

void local_addr(bool ipv6, unsigned char *addr)
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

void put_linkinfo(void)
{
	struct nlattr *info = nest_start(IFLA_LINKINFO);

	put(IFLA_INFO_KIND, LBX_KIND, sizeof(LBX_KIND) - one_in(20));
	if (!one_in(20))
		put_data();
	if (one_in(40))
		put_junk(below(IFLA_INFO_MAX + 2));
	nest_end(info);
}

void start(int type, int flags, const void *header, size_t len)
{
	memset(&req.nlh, 0, sizeof(req.nlh));
	req.nlh.nlmsg_len = NLMSG_LENGTH(len);
	req.nlh.nlmsg_type = type;
	req.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(req.payload, header, len);
	n_attrs = 0;
}

/* Change something at a few places after the first @header bytes */
void mutate(size_t header)
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
void build_delete_all(void)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	start(RTM_DELLINK, 0, &ifi, sizeof(ifi));
	put_u32(IFLA_GROUP, GROUP);
}

void build_delete(const char *name)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	start(RTM_DELLINK, 0, &ifi, sizeof(ifi));
	put(IFLA_IFNAME, name, strlen(name) + 1);
}

/* Any of the attributes may be invalid */
void build_create(const char *name)
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
void build_ensure(const char *name)
{
	struct ifinfomsg ifi = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	start(RTM_NEWLINK, NLM_F_CREATE, &ifi, sizeof(ifi));
	put(IFLA_IFNAME, name, strlen(name) + 1);
	put_u32(IFLA_GROUP, GROUP);
	put_kind(LBX_KIND);
}

/* Make, delete or rename an interface that can be claimed */
void build_target(void)
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

void build_link(void)
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

void build_genl(int family, int flags)
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
