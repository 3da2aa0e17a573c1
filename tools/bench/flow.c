// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sockets of the operations.  A socket stays in the network namespace in which its
 * thread created it.  The process creates the servers in their namespace, then the
 * clients in theirs, and stays there.
 */
#include <err.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

/* The directory of network namespaces, see ip-netns(8) */
#define NETNS_DIR	"/run/netns"
#define PORT		5000

/* Open a socket of the address family @family, with a timeout. */
int new_socket(int family, int type, const char *dev)
{
	struct timeval timeout = { .tv_sec = 5 };
	int on = 1, fd;

	fd = socket(family, type, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)))
		err(1, "socket");
	if (dev && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev)))
		err(1, "cannot bind a socket to %s", dev);
	return fd;
}

void set_nodelay(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		err(1, "TCP_NODELAY");
}

static void set_zerocopy(int fd)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		err(1, "SO_ZEROCOPY");
}

/* Fill in an address: @text and a port, or the name of an AF_UNIX socket without @text.
 */
static void get_address(const char *text, int port, struct address *address)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *ai;
	struct sockaddr_un *un = (struct sockaddr_un *)&address->ss;
	char service[12];

	memset(address, 0, sizeof(*address));
	if (!text) {
		/* An abstract name does not appear in the file system */
		un->sun_family = AF_UNIX;
		address->len = offsetof(struct sockaddr_un, sun_path) + 1 +
			       sprintf(un->sun_path + 1, "lbx-bench-%d-%d",
				       (int)getpid(), port);
		return;
	}
	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(text, service, &hints, &ai))
		errx(2, "invalid address \"%s\": must be such as 192.0.2.1 or 2001:db8::1", text);
	address->len = ai->ai_addrlen;
	memcpy(&address->ss, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
}

static void enter_netns(const char *name)
{
	char path[sizeof(NETNS_DIR) + 256];
	int fd;

	if (!name)
		return;
	snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "cannot enter network namespace \"%s\"", name);
	close(fd);
}

static int open_server(const struct address *at, int type, const char *dev)
{
	int fd = new_socket(at->ss.ss_family, type, dev);

	if (bind(fd, (const struct sockaddr *)&at->ss, at->len))
		err(1, "bind");
	if (type == SOCK_STREAM && listen(fd, 1024))
		err(1, "listen");
	return fd;
}

static void open_client(const struct job *job, struct flow *flow, int type)
{
	flow->client = new_socket(flow->to.ss.ss_family, type, flow->dev);
	if (connect(flow->client, (const struct sockaddr *)&flow->to.ss, flow->to.len))
		err(1, "connect");
	if (type == SOCK_DGRAM)
		return;
	flow->server = accept(flow->listener, NULL, NULL);
	if (flow->server < 0)
		err(1, "accept");
	close(flow->listener);
	flow->listener = -1;
	if (flow->to.ss.ss_family == AF_UNIX)
		return;
	set_nodelay(flow->client);
	set_nodelay(flow->server);
	if (job->workload->zerocopy)
		set_zerocopy(flow->client);
}

/**
 * open_flows - create the sockets, and stay in the clients' network namespace
 * @job: the kind of sockets and their namespaces
 *
 * Exits on failure.
 *
 * Return: @job->flows flows.
 */
struct flow *open_flows(const struct job *job)
{
	/* AF_UNIX, the lower bound, uses a stream for every workload */
	int type = job->to ? job->workload->type : SOCK_STREAM;
	struct flow *flows = calloc(job->flows, sizeof(*flows));
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), i;
	struct address at;

	if (!flows || here < 0)
		err(1, "flows");
	enter_netns(job->server_netns);
	for (i = 0; i < job->flows; i++) {
		struct flow *flow = &flows[i];
		int fd;

		get_address(job->at ? job->at : job->to, PORT + i, &at);
		get_address(job->to, PORT + i, &flow->to);
		flow->dev = job->dev;
		fd = open_server(&at, type, job->dev);
		flow->client = -1;
		flow->server = type == SOCK_DGRAM ? fd : -1;
		flow->listener = type == SOCK_DGRAM ? -1 : fd;
	}

	if (setns(here, CLONE_NEWNET))
		err(1, "setns");
	close(here);
	enter_netns(job->client_netns);
	if (job->tun)
		echo_start(job->tun);
	for (i = 0; i < job->flows && !job->workload->connects; i++)
		open_client(job, &flows[i], type);
	return flows;
}
