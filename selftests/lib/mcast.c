// SPDX-License-Identifier: GPL-2.0
/*
 * mcast -i DEV -s SOURCE -n COUNT -e EXPECTED [-r RECEIVERS] [-j DEV] GROUP
 *
 * Send COUNT datagrams over DEV to GROUP, an IPv4 or IPv6 multicast group or an IPv4
 * broadcast address, and count what each of RECEIVERS sockets receives. They join the
 * group on the same device, or on the one that -j names.
 *
 * The exit status is 0 if each receiver received exactly EXPECTED datagrams.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockets.h"

#define PORT "5007"
#define MAX_RECEIVERS 16

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static int receiver(const struct addrinfo *group, unsigned int ifindex)
{
	struct group_req req = { .gr_interface = ifindex };
	int level = group->ai_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int on = 1, fd;

	fd = socket(group->ai_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, group->ai_addr, group->ai_addrlen))
		die("bind");
	memcpy(&req.gr_group, group->ai_addr, group->ai_addrlen);
	/* a broadcast address is not a group */
	if (setsockopt(fd, level, MCAST_JOIN_GROUP, &req, sizeof(req)) &&
	    (group->ai_family == AF_INET6 ||
	     IN_MULTICAST(ntohl(((struct sockaddr_in *)group->ai_addr)->sin_addr.s_addr))))
		die("join");
	return fd;
}

static int sender(const struct addrinfo *group, unsigned int ifindex,
		  const char *source)
{
	struct ip_mreqn mreq = { .imr_ifindex = ifindex };
	int on = 1, fd;

	fd = socket(group->ai_family, SOCK_DGRAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (group->ai_family == AF_INET) {
		inet_pton(AF_INET, source, &mreq.imr_address);
		if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq)))
			die("IP_MULTICAST_IF");
	} else if (setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &ifindex,
			      sizeof(ifindex))) {
		die("IPV6_MULTICAST_IF");
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct addrinfo *group;
	int fds[MAX_RECEIVERS], receivers = 1, count = 1, expected = 1;
	const char *dev = NULL, *join = NULL, *source = "";
	char buf[64], scoped[128];
	int out, opt, i, n, rc = 0;

	while ((opt = getopt(argc, argv, "i:s:n:e:r:j:")) != -1) {
		switch (opt) {
		case 'i':
			dev = optarg;
			break;
		case 's':
			source = optarg;
			break;
		case 'n':
			count = atoi(optarg);
			break;
		case 'e':
			expected = atoi(optarg);
			break;
		case 'r':
			receivers = atoi(optarg);
			break;
		case 'j':
			join = optarg;
			break;
		default:
			return 2;
		}
	}
	if (!dev || optind != argc - 1 || receivers > MAX_RECEIVERS) {
		fprintf(stderr, "usage: mcast -i DEV -s SOURCE -n COUNT -e EXPECTED [-r RECEIVERS] [-j DEV] GROUP\n");
		return 2;
	}
	if (!join)
		join = dev;

	snprintf(scoped, sizeof(scoped), strchr(argv[optind], ':') ? "%s%%%s" : "%s",
		 argv[optind], join);
	group = parse_addr(scoped, PORT);
	if (!group) {
		fprintf(stderr, "mcast: invalid address \"%s\"\n", scoped);
		return 2;
	}

	for (i = 0; i < receivers; i++)
		fds[i] = receiver(group, if_nametoindex(join));

	out = sender(group, if_nametoindex(dev), source);
	for (i = 0; i < count; i++)
		if (sendto(out, "lbx", 3, 0, group->ai_addr, group->ai_addrlen) != 3)
			die("send");

	/* long enough for a duplicate to arrive, too */
	usleep(300 * 1000);
	for (i = 0; i < receivers; i++) {
		for (n = 0; recv(fds[i], buf, sizeof(buf), 0) == 3; n++)
			;
		if (n != expected) {
			fprintf(stderr, "receiver %d received %d datagrams, expected %d\n",
				i, n, expected);
			rc = 1;
		}
	}
	return rc;
}
