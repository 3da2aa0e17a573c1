// SPDX-License-Identifier: GPL-2.0-only
/*
 * seeds DIRECTORY - write the seeds of fuzz_reply.c, one file for each command
 *
 * A seed contains the answers of the simulated kernel in kernel.c, as datagrams.  For
 * "trace" and "monitor", which that kernel does not answer, it contains a route, a
 * rule, and some events.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "fuzz.h"
#include "kernel.h"
#include "reply.h"

static FILE *seed;

static void put(const void *data, size_t len)
{
	fputc(len & 0xff, seed);
	fputc(len >> 8, seed);
	fwrite(data, len, 1, seed);
}

static void add(const char *name, unsigned char *addr, int *family)
{
	struct prefix prefix;

	if (!parse_prefix(name, &prefix))
		abort();
	memcpy(addr, prefix.addr, sizeof(prefix.addr));
	*family = prefix.family;
}

static void finish(struct nlmsghdr *nlh)
{
	put(nlh, nlh->nlmsg_len);
	free(nlh);
}

/* The answer to a request for a single object ends with an ack. */
static void put_route(const char *to, int table)
{
	struct nlmsghdr *nlh = nl_new(RTM_NEWROUTE, 0);
	struct rtmsg *rtm = nl_header(nlh, sizeof(*rtm));
	unsigned char addr[16];
	int family;

	add(to, addr, &family);
	rtm->rtm_family = family;
	rtm->rtm_type = RTN_LOCAL;
	rtm->rtm_table = table;
	rtm->rtm_dst_len = family == AF_INET ? 32 : 128;
	mnl_attr_put_u32(nlh, RTA_TABLE, table);
	mnl_attr_put(nlh, RTA_DST, rtm->rtm_dst_len / 8, addr);
	mnl_attr_put_u32(nlh, RTA_OIF, 1);
	finish(nlh);
	nlh = nl_new(NLMSG_ERROR, 0);
	nl_header(nlh, sizeof(struct nlmsgerr));
	finish(nlh);
}

static void put_rule(int family)
{
	struct nlmsghdr *nlh = nl_new(RTM_NEWRULE, NLM_F_MULTI);
	struct fib_rule_hdr *frh = nl_header(nlh, sizeof(*frh));

	frh->family = family;
	frh->action = FR_ACT_TO_TBL;
	frh->table = RT_TABLE_LOCAL;
	mnl_attr_put_u32(nlh, FRA_TABLE, RT_TABLE_LOCAL);
	mnl_attr_put_u32(nlh, FRA_PRIORITY, 100);
	mnl_attr_put_u32(nlh, FRA_SUPPRESS_PREFIXLEN, -1);
	finish(nlh);
	nlh = nl_new(NLMSG_DONE, NLM_F_MULTI);
	nl_header(nlh, sizeof(int));
	finish(nlh);
}

static void put_event(int type, const char *addr)
{
	struct prefix prefix;
	struct nlmsghdr *nlh;
	struct ifaddrmsg *ifa;

	parse_prefix(addr, &prefix);
	nlh = addr_request(type, 0, &prefix);
	ifa = mnl_nlmsg_get_payload(nlh);
	ifa->ifa_index = kernel.devs.item[0].index;
	finish(nlh);
}

static void put_claim_event(int cmd, const char *addr)
{
	struct nlmsghdr *nlh = nl_new_genl(GENL_ID_LBX, cmd, 0);
	struct nlattr *claim;
	struct prefix prefix;

	parse_prefix(addr, &prefix);
	mnl_attr_put_u32(nlh, LBX_A_IFINDEX, kernel.devs.item[0].index);
	claim = mnl_attr_nest_start(nlh, LBX_A_CLAIM);
	mnl_attr_put(nlh, LBX_CLAIM_ADDR4, 4, prefix.addr);
	mnl_attr_nest_end(nlh, claim);
	finish(nlh);
}

/* "lbx monitor" fails when it waits for events; the events are written after that. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	(void)fds;
	(void)n;
	(void)timeout;
	errno = ECONNRESET;
	return -1;
}

int main(int argc, char **argv)
{
	char path[4096];
	size_t i, j;

	if (argc != 2)
		return EXIT_USAGE;
	for (i = 0; i < 2 * ARRAY_SIZE(reply_lines); i++) {
		const char *line = reply_lines[i / 2];
		char add_a[64];

		kernel.record = NULL;
		options.json = false;
		kernel_reset();
		strcpy(add_a, "add a 10.8.0.1/24 2001:db8::2 isolate on");
		run_line(add_a);
		run_line("claim eth0 192.0.2.1 2001:db8::5 dev a");
		run_line("add b down");
		if (strstr(line, "add a"))
			run_line("del a");

		snprintf(path, sizeof(path), "%s/%zu", argv[1], i);
		seed = fopen(path, "we");
		if (!seed) {
			perror(path);
			return EXIT_REFUSED;
		}
		fputc(i, seed);
		kernel.record = put;
		options.json = i & 1;
		if (!strncmp(line, "trace", 5)) {
			struct devs devs;
			struct nl_error error;

			if (devs_get(&devs, DEV_CLAIMS, &error))
				abort();
			devs_free(&devs);
			for (j = 0; j < 2; j++)
				put_route(strchr(line, ':') ? "2001:db8::1" : "192.0.2.1",
					  RT_TABLE_LOCAL);
			put_rule(strchr(line, ':') ? AF_INET6 : AF_INET);
		} else {
			run_line(line);
		}
		if (!strcmp(line, "monitor")) {
			put_event(RTM_NEWADDR, "10.7.0.1/24");
			put_event(RTM_DELADDR, "10.8.0.1/24");
			put_event(RTM_NEWADDR, "2001:db8::9");
			put_claim_event(LBX_CMD_CLAIM_NEW_NTF, "192.0.2.7");
			put_claim_event(LBX_CMD_CLAIM_DEL_NTF, "192.0.2.1");
		}
		fclose(seed);
	}
	return EXIT_DONE;
}
