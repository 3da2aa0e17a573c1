// SPDX-License-Identifier: GPL-2.0
/*
 * claims add|del DEV ADDR COUNT [STEP]
 *
 * Claim COUNT addresses for the lbx device DEV, or unclaim them: ADDR, and each STEP
 * (default: 1) above the last. A request of ip(8) has room for some dozens only. Here
 * each has as many as an attribute can hold.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/lbx.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* nla_len has 16 bits */
#define NEST_MAX	60000

static struct {
	struct nlmsghdr	nlh;
	struct ifinfomsg ifi;
	char		attrs[NEST_MAX + 256];
} req;

static struct nlattr *put(int type, const void *data, size_t len)
{
	struct nlattr *nla = (void *)&req + NLMSG_ALIGN(req.nlh.nlmsg_len);

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)nla + NLA_HDRLEN, data, len);
	req.nlh.nlmsg_len = (char *)nla - (char *)&req + NLA_ALIGN(nla->nla_len);
	return nla;
}

static struct nlattr *nest_start(int type)
{
	return put(type | NLA_F_NESTED, NULL, 0);
}

static void nest_end(struct nlattr *nest)
{
	nest->nla_len = (char *)&req + req.nlh.nlmsg_len - (char *)nest;
}

static void request(int fd)
{
	struct {
		struct nlmsghdr	nlh;
		struct nlmsgerr	error;
		char		rest[1024];
	} answer;

	if (send(fd, &req, req.nlh.nlmsg_len, 0) != (ssize_t)req.nlh.nlmsg_len)
		err(1, "send");
	if (recv(fd, &answer, sizeof(answer), 0) < 0)
		err(1, "recv");
	if (answer.nlh.nlmsg_type != NLMSG_ERROR || answer.error.error) {
		errno = -answer.error.error;
		err(1, "refused");
	}
}

static void advance(unsigned char *addr, int len, unsigned long step)
{
	unsigned int sum = 0;

	while (len--) {
		sum += addr[len] + (step & 0xff);
		addr[len] = sum;
		sum >>= 8;
		step >>= 8;
	}
}

int main(int argc, char **argv)
{
	struct nlattr *info, *data, *list, *claim;
	int fd, len, sndbuf = 1 << 20, on = 1;
	unsigned long count, step;
	unsigned char addr[16];

	if (argc < 5 || argc > 6)
		errx(2, "usage: claims add|del DEV ADDR COUNT [STEP]");
	len = strchr(argv[3], ':') ? 16 : 4;
	if (inet_pton(len == 4 ? AF_INET : AF_INET6, argv[3], addr) != 1)
		errx(2, "invalid address \"%s\"", argv[3]);
	count = strtoul(argv[4], NULL, 0);
	step = argc > 5 ? strtoul(argv[5], NULL, 0) : 1;

	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf));

	while (count) {
		memset(&req, 0, sizeof(req));
		req.nlh.nlmsg_len = NLMSG_LENGTH(sizeof(req.ifi));
		req.nlh.nlmsg_type = RTM_NEWLINK;
		req.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
		req.ifi.ifi_index = if_nametoindex(argv[2]);
		info = nest_start(IFLA_LINKINFO);
		put(IFLA_INFO_KIND, LBX_KIND, sizeof(LBX_KIND));
		data = nest_start(IFLA_INFO_DATA);
		list = nest_start(strcmp(argv[1], "del") ? IFLA_LBX_CLAIMS :
							   IFLA_LBX_UNCLAIMS);
		while (count && req.nlh.nlmsg_len < NEST_MAX) {
			claim = nest_start(IFLA_LBX_CLAIM);
			put(len == 4 ? LBX_CLAIM_ADDR4 : LBX_CLAIM_ADDR6, addr, len);
			nest_end(claim);
			advance(addr, len, step);
			count--;
		}
		nest_end(list);
		nest_end(data);
		nest_end(info);
		request(fd);
	}
	return 0;
}
