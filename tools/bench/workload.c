// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of workloads, and one operation of each.
 *
 * Client and server are one thread.  What the client sends has mostly arrived when
 * send() returns, so nothing has to wait, and there is no context switch.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

const struct workload workloads[] = {
	{ .name = "udp", .type = SOCK_DGRAM, .batch = 2000,
	  .help = "the client sends SIZE bytes, the server receives them" },
	{ .name = "udp-rr", .type = SOCK_DGRAM, .answer = true, .batch = 1000,
	  .help = "the client and then the server sends SIZE bytes" },
	{ .name = "tcp-rr", .type = SOCK_STREAM, .answer = true, .batch = 1000,
	  .help = "the same over a TCP connection" },
	{ .name = "tcp", .type = SOCK_STREAM, .batch = 1500,
	  .help = "a stream: the client sends SIZE bytes at once" },
	{ .name = "tcp-zc", .type = SOCK_STREAM, .zerocopy = true, .batch = 1500,
	  .help = "the same with MSG_ZEROCOPY" },
	{ .name = "tcp-crr", .type = SOCK_STREAM, .answer = true, .connects = true,
	  .batch = 300,
	  .help = "connect, send SIZE bytes in both directions, and close" },
	{ }
};

/* One buffer for each thread, so that threads share no cache lines */
static __thread char buf[SIZE_MAX_STREAM] __attribute__((aligned(4096)));

const struct workload *find_workload(const char *name)
{
	const struct workload *workload;

	for (workload = workloads; workload->name; workload++)
		if (!strcmp(workload->name, name))
			return workload;
	return NULL;
}

/* Return the number of operations in a batch, so that batches of all sizes take about
 * the same time.  The number is the same for each transport: an event that occurs once
 * in a number of packets occurs equally often.
 */
int batch_of(const struct workload *workload, size_t size)
{
	int n = workload->batch * 32768.0 / (32768.0 + size);

	return n > 20 ? n : 20;
}

static void pass_datagram(int from, int to, const struct address *dest, size_t size,
			  struct address *source)
{
	ssize_t n;

	n = sendto(from, buf, size, 0, dest ? (const struct sockaddr *)&dest->ss : NULL,
		   dest ? dest->len : 0);
	if (n != (ssize_t)size)
		err(1, "send");
	if (source)
		source->len = sizeof(source->ss);
	n = recvfrom(to, buf, sizeof(buf), 0,
		     source ? (struct sockaddr *)&source->ss : NULL,
		     source ? &source->len : NULL);
	if (n != (ssize_t)size)
		err(1, "recv: %zd bytes of %zu", n, size);
}

static void wait_for(int from, bool all_sent, int to)
{
	struct pollfd fds[] = {
		{ .fd = to, .events = POLLIN },
		{ .fd = from, .events = POLLOUT },
	};

	/* The error queue of MSG_ZEROCOPY is always ready */
	if (poll(fds, all_sent ? 1 : 2, 5000) <= 0)
		errx(1, "nothing arrived within 5 s");
}

/* Pass a message over a stream, which may accept and deliver it in parts. */
static void pass_stream(int from, int to, size_t size, int flags)
{
	size_t sent = 0, got = 0;
	ssize_t n;

	while (got < size) {
		bool moved = false;

		if (sent < size) {
			n = send(from, buf + sent, size - sent, MSG_DONTWAIT | flags);
			if (n < 0 && errno != EAGAIN)
				err(1, "send after %zu bytes", sent);
			if (n > 0) {
				sent += n;
				moved = true;
			}
		}
		n = recv(to, buf, size - got, sent < size ? MSG_DONTWAIT : 0);
		if (!n || (n < 0 && (errno != EAGAIN || sent == size)))
			err(1, "recv after %zu bytes", got);
		if (n > 0) {
			got += n;
			moved = true;
		}
		if (!moved)
			wait_for(from, sent == size, to);
	}
}

/* Read the notifications that the kernel no longer needs the memory, as a program must.
 */
static void reap_zerocopy(int fd)
{
	char control[128];
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	while (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		msg.msg_controllen = sizeof(control);
	if (errno != EAGAIN)
		err(1, "cannot read the error queue");
}

/* End with a reset: connections in TIME_WAIT would affect later operations. */
static void end_connection(int client, int server)
{
	static const struct linger reset = { .l_onoff = 1 };

	if (setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		err(1, "SO_LINGER");
	close(client);
	close(server);
}

static void operate_connection(const struct flow *flow, size_t size)
{
	int client = new_socket(flow->to.ss.ss_family, SOCK_STREAM, flow->dev), server;

	if (connect(client, (const struct sockaddr *)&flow->to.ss, flow->to.len))
		err(1, "connect");
	server = accept(flow->listener, NULL, NULL);
	if (server < 0)
		err(1, "accept");
	pass_stream(client, server, size, 0);
	pass_stream(server, client, size, 0);
	end_connection(client, server);
}

void operate(const struct workload *workload, struct flow *flow, size_t size)
{
	struct address source;

	if (workload->connects) {
		operate_connection(flow, size);
	} else if (workload->type == SOCK_DGRAM && flow->to.ss.ss_family != AF_UNIX) {
		pass_datagram(flow->client, flow->server, NULL, size,
			      workload->answer ? &source : NULL);
		if (workload->answer)
			pass_datagram(flow->server, flow->client, &source, size, NULL);
	} else {
		pass_stream(flow->client, flow->server, size,
			    workload->zerocopy ? MSG_ZEROCOPY : 0);
		if (workload->answer)
			pass_stream(flow->server, flow->client, size, 0);
		if (workload->zerocopy)
			reap_zerocopy(flow->client);
	}
}
