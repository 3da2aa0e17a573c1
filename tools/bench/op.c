// SPDX-License-Identifier: GPL-2.0
/*
 * op OPERATION ADDR [PORT]: what an operation costs over whatever carries ADDR
 *
 * Both sockets are in this process and its one thread: what is sent has arrived
 * when send() returns, nobody waits and nobody is switched to.
 *
 * Prints the median of batches, in nanoseconds per operation, and by how much the
 * batches differ from each other, in percent.
 */
#include <err.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#define WARMUP	3
#define BATCHES	9
#define SIZE	65536

/* One operation: the client sends size bytes and the server receives them; with
 * an answer, the server then sends as many and the client receives them.
 */
static const struct operation {
	const char *name;
	int type;
	size_t size;
	bool answer;
	int batch;	/* operations in a batch */
} operations[] = {
	{ "udp-64",	SOCK_DGRAM,	64,	false,	2000 },
	{ "tcp-1",	SOCK_STREAM,	1,	true,	1000 },
	{ "tcp-64k",	SOCK_STREAM,	SIZE,	false,	500 },
	{ }
};

static const struct operation *find_operation(const char *name)
{
	const struct operation *op;

	for (op = operations; op->name; op++) {
		if (!strcmp(op->name, name))
			return op;
	}
	errx(2, "there is no operation '%s'", name);
}

static int new_socket(const struct addrinfo *ai, int type)
{
	struct timeval timeout = { .tv_sec = 5 };
	int on = 1, fd;

	fd = socket(ai->ai_family, type, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)))
		err(1, "socket");
	return fd;
}

static void set_nodelay(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		err(1, "TCP_NODELAY");
}

/* The client is connected; so is the server in TCP, but not in UDP */
static void open_sockets(const struct addrinfo *ai, int type, int *client, int *server)
{
	int fd = new_socket(ai, type);

	*server = fd;
	*client = new_socket(ai, type);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen))
		err(1, "bind");
	if (type == SOCK_STREAM && listen(fd, 1))
		err(1, "listen");
	if (connect(*client, ai->ai_addr, ai->ai_addrlen))
		err(1, "connect");
	if (type == SOCK_STREAM) {
		*server = accept(fd, NULL, NULL);
		if (*server < 0)
			err(1, "accept");
		set_nodelay(*client);
		set_nodelay(*server);
	}
}

/* A stream may deliver in parts what was sent as one */
static void pass(int from, int to, size_t size)
{
	static char buf[SIZE];
	size_t done;
	ssize_t n;

	if (send(from, buf, size, 0) != (ssize_t)size)
		err(1, "send");
	for (done = 0; done < size; done += n) {
		n = recv(to, buf, size - done, 0);
		if (n <= 0)
			err(1, "recv after %zu bytes", done);
	}
}

/* Nanoseconds per operation */
static double run_batch(const struct operation *op, int client, int server)
{
	struct timespec start, end;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < op->batch; i++) {
		pass(client, server, op->size);
		if (op->answer)
			pass(server, client, op->size);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);

	return ((end.tv_sec - start.tv_sec) * 1e9 + end.tv_nsec - start.tv_nsec) /
	       op->batch;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct addrinfo hints = {
		.ai_flags	= AI_NUMERICHOST | AI_NUMERICSERV,
	}, *ai;
	const struct operation *op;
	double ns[BATCHES], median;
	int client, server, i;

	if (argc < 3 || argc > 4 ||
	    getaddrinfo(argv[2], argc == 4 ? argv[3] : "5000", &hints, &ai))
		errx(2, "usage: op OPERATION ADDR [PORT]");
	op = find_operation(argv[1]);
	open_sockets(ai, op->type, &client, &server);

	for (i = 0; i < WARMUP; i++)
		run_batch(op, client, server);
	for (i = 0; i < BATCHES; i++)
		ns[i] = run_batch(op, client, server);

	qsort(ns, BATCHES, sizeof(ns[0]), compare);
	median = ns[BATCHES / 2];
	printf("%.1f %.3f\n", median, (ns[BATCHES - 1] - ns[0]) / median * 100);
	return 0;
}
