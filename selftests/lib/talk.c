// SPDX-License-Identifier: GPL-2.0
/*
 * talk [-c] [-t] ADDR...: make a TCP and a UDP connection to each address, with both
 * ends in this process. They stay: in each round each of them passes a message there
 * and back, until SIGTERM.
 *
 * -c: be the client only, of an existing echo service
 * -t: TCP only, where a datagram may be lost
 *
 * The program prints a line for each round. The exit status is 0 if nothing was lost or
 * changed: a message has 20 seconds to arrive by UDP, and 180 by TCP, which retransmits
 * it. A caller that expects messages sooner counts the rounds.
 */
#include <err.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sockets.h"

#define FLOWS	8
#define SIZE	1000

static struct flow {
	const char *name;
	int client;
	int server;	/* -1: elsewhere */
} flows[FLOWS];

/* SIGTERM is blocked, so that it waits until a round has ended */
static bool is_to_end(void)
{
	sigset_t set;

	return sigpending(&set) || sigismember(&set, SIGTERM);
}

static int reusable_socket(const struct addrinfo *ai, int type)
{
	int fd = new_socket(ai->ai_family, type, 0, type == SOCK_STREAM ? 180 : 20);

	reuse_addr(fd);
	return fd;
}

static void connect_flow(struct flow *flow, const struct addrinfo *ai, int type,
			 bool client_only)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int listener = -1;

	flow->client = reusable_socket(ai, type);
	flow->server = -1;
	if (!client_only) {
		listener = reusable_socket(ai, type);
		if (bind(listener, ai->ai_addr, ai->ai_addrlen) ||
		    (type == SOCK_STREAM && listen(listener, 1)))
			err(1, "%s: bind", flow->name);
	}

	if (connect(flow->client, ai->ai_addr, ai->ai_addrlen))
		err(1, "%s: connect", flow->name);
	if (client_only)
		return;

	if (type == SOCK_STREAM) {
		flow->server = accept(listener, NULL, NULL);
		if (flow->server < 0)
			err(1, "%s: accept", flow->name);
		close(listener);
		return;
	}
	flow->server = listener;
	if (getsockname(flow->client, (struct sockaddr *)&addr, &len) ||
	    connect(flow->server, (struct sockaddr *)&addr, len))
		err(1, "%s: connect back", flow->name);
}

static void pass(const struct flow *flow, int from, int to, const char *data)
{
	static char buf[SIZE];
	ssize_t done, n;

	if (send(from, data, SIZE, 0) != SIZE)
		err(1, "%s: send", flow->name);
	/* a stream may deliver in parts what was sent at once */
	for (done = 0; done < SIZE; done += n) {
		n = recv(to, buf + done, SIZE - done, 0);
		if (n <= 0)
			err(1, "%s: a message did not arrive", flow->name);
	}
	if (memcmp(buf, data, SIZE))
		errx(1, "%s: a message has changed", flow->name);
}

int main(int argc, char **argv)
{
	struct addrinfo *ai;
	bool client_only = false, tcp_only = false;
	static char data[SIZE];
	struct flow *flow;
	sigset_t term;
	int opt, n = 0;
	unsigned int i;

	while ((opt = getopt(argc, argv, "ct")) != -1) {
		if (opt == 'c')
			client_only = true;
		else if (opt == 't')
			tcp_only = true;
		else
			errx(2, "usage: talk [-c] [-t] ADDR...");
	}

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);

	for (; optind < argc && n + 2 <= FLOWS; optind++) {
		ai = parse_addr(argv[optind], "5000");
		if (!ai)
			errx(2, "invalid address \"%s\"", argv[optind]);
		flows[n].name = argv[optind];
		connect_flow(&flows[n++], ai, SOCK_STREAM, client_only);
		if (tcp_only)
			continue;
		flows[n].name = argv[optind];
		connect_flow(&flows[n++], ai, SOCK_DGRAM, client_only);
	}

	for (i = 0; !is_to_end(); i++) {
		memset(data, 'a' + i % 26, SIZE);
		for (flow = flows; flow < flows + n; flow++) {
			if (flow->server < 0) {
				pass(flow, flow->client, flow->client, data);
				continue;
			}
			pass(flow, flow->client, flow->server, data);
			pass(flow, flow->server, flow->client, data);
		}
		dprintf(STDOUT_FILENO, "%u\n", i);
		usleep(2000);
	}
	return 0;
}
