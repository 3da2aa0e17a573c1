// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps and packets of fuzz_link, in a process of their own. See fuzz_link.c.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz_link.h"

/* Shared by the process that reads dumps and the one that prints */
static struct {
	unsigned long read, cut, refused, packets;
} *dumps;

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

void read_dumps(int turns, int family, __u64 n)
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

/* Make the counts that this process shares with its children */
void share_dumps(void)
{
	dumps = mmap(NULL, sizeof(*dumps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (dumps == MAP_FAILED)
		err(1, "shared memory");
}

void print_dumps(void)
{
	printf("%lu dumps: %lu read to the end, %lu closed before, %lu refused; %lu packets\n",
	       dumps->read + dumps->cut + dumps->refused, dumps->read, dumps->cut,
	       dumps->refused, dumps->packets);
}
