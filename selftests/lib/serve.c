// SPDX-License-Identifier: GPL-2.0
/*
 * serve [-s] ADDR[%SCOPE] [DEV]: run a TCP and a UDP server on an address (-s: an SCTP
 * server), and a client of each that sends data, receives it back and compares
 *
 * The servers are bound to DEV, or to no device. The clients are not bound. The exit
 * status is 0 if all data came back unchanged. Otherwise the program prints what
 * failed.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "sockets.h"

#define ROUNDS	20
#define SIZE	16384

static int reusable_socket(const struct addrinfo *ai, int type, int protocol)
{
	struct timeval timeout = { .tv_sec = 5 };
	int fd = new_socket(ai->ai_family, type, protocol, 5);

	reuse_addr(fd);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)))
		err(1, "SO_SNDTIMEO");
	return fd;
}

/* A stream may deliver in parts what was sent at once */
static void pass(int from, int to, const char *data)
{
	static char buf[SIZE];
	ssize_t done, n;

	if (send(from, data, SIZE, 0) != SIZE)
		err(1, "send");
	for (done = 0; done < SIZE; done += n) {
		n = recv(to, buf + done, SIZE - done, 0);
		if (n <= 0)
			err(1, "recv after %zd bytes", done);
	}
	if (memcmp(buf, data, SIZE))
		errx(1, "data has changed on its way");
}

static void ask(const struct addrinfo *ai, int type, int protocol, const char *dev)
{
	int server = reusable_socket(ai, type, protocol);
	int client = reusable_socket(ai, type, protocol);
	int peer = server, i;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	static char data[SIZE];

	if (dev && setsockopt(server, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev)))
		err(1, "SO_BINDTODEVICE %s", dev);
	if (bind(server, ai->ai_addr, ai->ai_addrlen))
		err(1, "bind");
	if (type == SOCK_STREAM && listen(server, 1))
		err(1, "listen");
	if (connect(client, ai->ai_addr, ai->ai_addrlen))
		err(1, "connect");

	if (type == SOCK_STREAM) {
		peer = accept(server, NULL, NULL);
		if (peer < 0)
			err(1, "accept");
	} else if (getsockname(client, (struct sockaddr *)&addr, &len) ||
		   connect(peer, (struct sockaddr *)&addr, len)) {
		err(1, "connect back");
	}

	for (i = 0; i < ROUNDS; i++) {
		memset(data, 'a' + i, SIZE);
		pass(client, peer, data);
		pass(peer, client, data);
	}

	if (peer != server)
		close(peer);
	close(server);
	close(client);
}

int main(int argc, char **argv)
{
	struct addrinfo *ai;
	int sctp;

	sctp = argc > 1 && !strcmp(argv[1], "-s");
	argc -= sctp;
	argv += sctp;
	ai = argc == 2 || argc == 3 ? parse_addr(argv[1], "5000") : NULL;
	if (!ai)
		errx(2, "usage: serve [-s] ADDR[%%SCOPE] [DEV]");

	if (sctp) {
		ask(ai, SOCK_STREAM, IPPROTO_SCTP, argv[2]);
	} else {
		ask(ai, SOCK_STREAM, IPPROTO_TCP, argv[2]);
		ask(ai, SOCK_DGRAM, IPPROTO_UDP, argv[2]);
	}
	return 0;
}
