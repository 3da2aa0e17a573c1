// SPDX-License-Identifier: GPL-2.0
/*
 * bind6 ADDR MS [COMMAND [ARG...]]: run COMMAND, then bind a UDP socket to an IPv6
 * address, trying for MS milliseconds
 *
 * The exit status is 0 as soon as the socket is bound. Otherwise the program prints
 * what failed.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>

#include "sockets.h"

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	long start, ms;
	int fd;

	if (argc < 3 || inet_pton(AF_INET6, argv[1], &sin6.sin6_addr) != 1)
		errx(2, "usage: bind6 ADDR MS [COMMAND [ARG...]]");
	ms = atol(argv[2]);

	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (argc > 3)
		run_command(argv + 3);

	start = now_ms();
	while (bind(fd, (struct sockaddr *)&sin6, sizeof(sin6))) {
		if (now_ms() - start > ms)
			err(1, "cannot bind %s for %ld ms", argv[1], ms);
		usleep(1000);
	}
	return 0;
}
