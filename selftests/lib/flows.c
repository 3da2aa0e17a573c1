// SPDX-License-Identifier: GPL-2.0
/*
 * flows [-m] [-g SEGMENTS] [-f FLOWS] [-s SIZE] ADDR COUNT: send COUNT numbered UDP
 * datagrams in each of FLOWS flows to ADDR, all at the same time, each with a sender
 * and a receiver of its own
 *
 * Flow i is sent on CPU i modulo the number of CPUs. With -m each sender moves from CPU
 * to CPU. With -g a flow is a burst of SEGMENTS datagrams by UDP_SEGMENT, a single one,
 * a burst, and so on. No flow has more datagrams in flight than a socket holds, so that
 * none is lost there.
 *
 * The program prints how many arrived after a later one. The exit status is 0 if all
 * arrived.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sockets.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif

#define MAX_FLOWS	64
#define IN_FLIGHT	64
/* datagrams that a sender sends on a CPU before it moves to the next */
#define STAY		16

struct flow {
	atomic_uint received;	/* in order or not */
	atomic_uint reordered;
	atomic_int gave_up;
};

static struct flow *flows;
static int n_flows = 8, size = 64, segments, migrate;
static unsigned int count;

static void go_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % sysconf(_SC_NPROCESSORS_ONLN), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(2, "sched_setaffinity");
}

static void receive(struct flow *flow, int fd)
{
	unsigned int seq, next = 0;
	static char buf[65536];

	while (flow->received < count) {
		if (recv(fd, buf, sizeof(buf), 0) != size) {
			flow->gave_up = 1;
			err(1, "%u of %u datagrams arrived", flow->received, count);
		}
		memcpy(&seq, buf, sizeof(seq));
		if (seq < next)
			flow->reordered++;
		else
			next = seq + 1;
		flow->received++;
	}
	exit(0);
}

static void send_flow(struct flow *flow, int fd, int cpu)
{
	static char buf[65536];
	unsigned int seq = 0;
	int burst = 0, n, i;

	go_to(cpu);
	while (seq < count) {
		n = burst && seq + segments <= count ? segments : 1;
		burst = segments && !burst;
		while (seq + n - flow->received > IN_FLIGHT) {
			if (flow->gave_up)
				exit(1);
			usleep(100);
		}
		for (i = 0; i < n; i++, seq++)
			memcpy(buf + i * size, &seq, sizeof(seq));
		if (send(fd, buf, n * size, 0) != n * size)
			err(1, "send");
		if (migrate && seq % STAY == 0)
			go_to(++cpu);
	}
	exit(0);
}

static void start(int i, const struct addrinfo *ai)
{
	int in = new_socket(ai->ai_family, SOCK_DGRAM, 0, 20);
	int out = socket(ai->ai_family, SOCK_DGRAM, 0);

	connect_pair(in, out, ai);
	/* a single datagram is not larger than a segment, and is sent as it is */
	if (segments && setsockopt(out, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)))
		err(2, "UDP_SEGMENT");

	if (!fork())
		receive(&flows[i], in);
	if (!fork())
		send_flow(&flows[i], out, i);
	close(in);
	close(out);
}

int main(int argc, char **argv)
{
	struct addrinfo *ai;
	unsigned int reordered = 0;
	int opt, status, i, rc = 0;

	while ((opt = getopt(argc, argv, "mg:f:s:")) != -1) {
		switch (opt) {
		case 'm':
			migrate = 1;
			break;
		case 'g':
			segments = atoi(optarg);
			break;
		case 'f':
			n_flows = atoi(optarg);
			break;
		case 's':
			size = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	ai = optind == argc - 2 ? parse_addr(argv[optind], "0") : NULL;
	if (!ai || n_flows > MAX_FLOWS || segments >= IN_FLIGHT ||
	    size < (int)sizeof(count) || size * (segments ?: 1) > 65000)
		errx(2, "usage: flows [-m] [-g SEGMENTS] [-f FLOWS] [-s SIZE] ADDR COUNT");
	count = atoi(argv[optind + 1]);

	flows = mmap(NULL, n_flows * sizeof(*flows), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (flows == MAP_FAILED)
		err(2, "mmap");
	for (i = 0; i < n_flows; i++)
		start(i, ai);
	while (wait(&status) > 0)
		rc |= !!status;
	for (i = 0; i < n_flows; i++)
		reordered += flows[i].reordered;
	printf("%u\n", reordered);
	return rc;
}
