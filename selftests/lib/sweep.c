// SPDX-License-Identifier: GPL-2.0
/*
 * sweep ADDR COUNT [STEP]
 * sweep -e EXPECTED ADDR COUNT STEP COMMAND [ARG...]
 *
 * Send COUNT datagrams of four bytes, the first to ADDR and each of the others to the
 * address that is STEP (default: 1; 0 is always the same) above the last one. Receive
 * each by a socket that is bound to no address before the next is sent.
 *
 * With -e: send all of them, run COMMAND, and then receive what has arrived.
 *
 * The exit status is 0 if all (or EXPECTED) arrived, each at its destination address.
 */
#define _GNU_SOURCE	/* in6_pktinfo */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sockets.h"

#define PORT "5008"

static struct sockaddr_storage dest;
static socklen_t dest_len;

static unsigned char *dest_addr(size_t *len)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&dest;
	struct sockaddr_in *sin = (struct sockaddr_in *)&dest;

	*len = dest.ss_family == AF_INET ? 4 : 16;
	return dest.ss_family == AF_INET ? (unsigned char *)&sin->sin_addr :
					   sin6->sin6_addr.s6_addr;
}

static void advance(unsigned long step)
{
	unsigned int sum = 0;
	size_t i;
	unsigned char *addr = dest_addr(&i);

	while (i--) {
		sum += addr[i] + (step & 0xff);
		addr[i] = sum;
		sum >>= 8;
		step >>= 8;
	}
}

static int receiver(void)
{
	struct sockaddr_storage any = dest;
	int on = 1, fd, rc;

	fd = new_socket(dest.ss_family, SOCK_DGRAM, 0, 10);
	if (dest.ss_family == AF_INET) {
		((struct sockaddr_in *)&any)->sin_addr.s_addr = INADDR_ANY;
		rc = setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	} else {
		((struct sockaddr_in6 *)&any)->sin6_addr = in6addr_any;
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	}
	if (rc)
		err(2, "setsockopt");
	if (bind(fd, (struct sockaddr *)&any, dest_len))
		err(2, "bind");
	return fd;
}

static void send_one(int fd, unsigned int n)
{
	if (sendto(fd, &n, sizeof(n), 0, (struct sockaddr *)&dest, dest_len) !=
	    sizeof(n))
		err(1, "cannot send datagram %u", n);
}

/* Return the number of the datagram that arrived at the address in dest, or -1 if none
 * has
 */
static long receive_one(int fd, int flags)
{
	union {
		char buf[256];
		struct cmsghdr align;
	} control;
	unsigned int n;
	struct iovec iov = { &n, sizeof(n) };
	struct msghdr msg = {
		.msg_iov	= &iov,
		.msg_iovlen	= 1,
		.msg_control	= &control,
		.msg_controllen	= sizeof(control),
	};
	struct cmsghdr *cmsg;
	unsigned char *addr;
	void *to = NULL;
	size_t len;

	if (recvmsg(fd, &msg, flags) != sizeof(n)) {
		if (errno != EAGAIN)
			err(1, "recvmsg");
		return -1;
	}
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO)
			to = &((struct in_pktinfo *)CMSG_DATA(cmsg))->ipi_addr;
		if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO)
			to = &((struct in6_pktinfo *)CMSG_DATA(cmsg))->ipi6_addr;
	}
	addr = dest_addr(&len);
	if (!to || memcmp(to, addr, len))
		errx(1, "datagram %u arrived at another address", n);
	return n;
}

int main(int argc, char **argv)
{
	struct addrinfo *ai;
	bool has_command = argc > 1 && !strcmp(argv[1], "-e");
	unsigned long i, count, expected = 0, received = 0;
	unsigned long step = 1;
	int in, out;

	if (has_command && argc > 6) {
		expected = strtoul(argv[2], NULL, 0);
		argv += 2;
	} else if (has_command || argc < 3 || argc > 4) {
		errx(2, "usage: sweep ADDR COUNT [STEP] | -e EXPECTED ADDR COUNT STEP COMMAND [ARG...]");
	}
	ai = parse_addr(argv[1], PORT);
	if (!ai)
		errx(2, "invalid address \"%s\"", argv[1]);
	memcpy(&dest, ai->ai_addr, ai->ai_addrlen);
	dest_len = ai->ai_addrlen;
	count = strtoul(argv[2], NULL, 0);
	if (argc > 3)
		step = strtoul(argv[3], NULL, 0);

	in = receiver();
	out = socket(dest.ss_family, SOCK_DGRAM, 0);
	for (i = 0; i < count; i++) {
		send_one(out, i);
		if (!has_command && receive_one(in, 0) != (long)i)
			errx(1, "datagram %lu did not arrive", i);
		if (i + 1 < count)
			advance(step);
	}
	if (!has_command)
		return 0;

	run_command(argv + 4);
	while (receive_one(in, received < expected ? 0 : MSG_DONTWAIT) >= 0)
		received++;
	if (received != expected)
		errx(1, "%lu datagrams arrived, expected %lu", received, expected);
	return 0;
}
