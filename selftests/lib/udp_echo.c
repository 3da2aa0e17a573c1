// SPDX-License-Identifier: GPL-2.0
/*
 * udp_echo [-s] ADDR PORT COUNT SIZE: send COUNT datagrams of SIZE bytes to an echo
 * service, one at a time, and compare each answer; -s: be the service, too
 *
 * The exit status is 0 if each answer arrived within 5 seconds and was correct.
 */
#include <stdlib.h>
#include <string.h>

#include "sockets.h"

static char out[65536], in[65536];

static void echo(int fd)
{
	struct sockaddr_storage from;
	socklen_t fromlen = sizeof(from);
	ssize_t len;

	len = recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&from, &fromlen);
	if (len < 0)
		err(1, "service: recvfrom");
	if (sendto(fd, in, len, 0, (struct sockaddr *)&from, fromlen) != len)
		err(1, "service: sendto");
}

int main(int argc, char **argv)
{
	struct addrinfo *ai;
	int service = -1, own, count, size, fd, i;

	own = argc > 1 && !strcmp(argv[1], "-s");
	argv += own;
	ai = argc - own == 5 ? parse_addr(argv[1], argv[2]) : NULL;
	if (!ai)
		errx(2, "usage: udp_echo [-s] ADDR PORT COUNT SIZE");
	count = atoi(argv[3]);
	size = atoi(argv[4]);

	if (own) {
		service = new_socket(ai->ai_family, SOCK_DGRAM, 0, 5);
		if (bind(service, ai->ai_addr, ai->ai_addrlen))
			err(1, "bind");
	}
	fd = new_socket(ai->ai_family, SOCK_DGRAM, 0, 5);
	if (connect(fd, ai->ai_addr, ai->ai_addrlen))
		err(1, "connect");

	for (i = 0; i < count; i++) {
		memset(out, 'a' + i % 26, size);
		if (send(fd, out, size, 0) != size)
			err(1, "send");
		if (own)
			echo(service);
		if (recv(fd, in, sizeof(in), 0) != size)
			err(1, "recv");
		if (memcmp(in, out, size))
			errx(1, "datagram %d came back changed", i);
	}
	return 0;
}
