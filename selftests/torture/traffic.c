// SPDX-License-Identifier: GPL-2.0
/*
 * traffic tcp|sctp|udp|ping ADDR PORT SEED
 * traffic mcast DEV[,DEV]... PORT SEED
 *
 * Run a flow of local traffic until SIGTERM, whatever happens to the address or the
 * device meanwhile. A sender and a receiver check what arrives:
 *
 * - Streams (TCP, SCTP): each byte, against a pattern that depends on its position. If a
 *   connection breaks, or makes no progress, the next one is made. On a broken connection
 *   as much has to arrive as was acknowledged (TCP), and on one that has ended in order,
 *   everything.
 * - Datagrams (UDP, echo replies, UDP to a multicast group): those that arrive with a
 *   correct checksum are undamaged. They may be lost.
 *
 * mcast uses the first of its devices that exists. SEED selects sizes and options.
 *
 * The program prints a line each second, "NAME=VALUE ...": opened, refused (not
 * opened), broken, complete connections (datagrams: opened and refused sockets); sent
 * and refused_sends, received and bytes that were checked; checks, of connections that
 * have ended; and the PIDs of sender and receiver, with the seconds since each was last
 * alive. The exit status is 0 if nothing was lost or changed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

struct shared *shared;

enum { SENDER, RECEIVER };
static int role;

const char *kind, *where;
static __u64 seed, state;
static int port;
struct sockaddr_storage addr, peer;
socklen_t addrlen;
int family, proto;
__u16 ping_id;
atomic_int stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

void alive(void)
{
	shared->alive[role] = now_ms();
}

/* On a debug kernel (see lib.sh) other processes have to make progress, too */
void pause_ms(int ms)
{
	static int pace;

	if (!pace)
		pace = getenv("KSFT_MACHINE_SLOW") ? 3 : 1;
	alive();
	poll(NULL, 0, ms * pace);
}

/* splitmix64 */
static __u64 mix(__u64 x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

__u64 chance(__u64 n)
{
	state = mix(state);
	return state % n;
}

/* The pattern: byte OFFSET of number SEQ differs from that of any other number */
static __u64 word(__u64 seq, __u64 offset)
{
	return mix(mix(seed ^ seq) + offset / 8);
}

void fill(unsigned char *buf, __u64 seq, __u64 offset, size_t len)
{
	__u64 w;
	size_t i;

	for (i = 0; i < len && (offset + i) % 8; i++)
		buf[i] = word(seq, offset + i) >> (offset + i) % 8 * 8;
	for (; i + 8 <= len; i += 8) {
		w = word(seq, offset + i);
		memcpy(buf + i, &w, 8);
	}
	for (; i < len; i++)
		buf[i] = word(seq, offset + i) >> (offset + i) % 8 * 8;
}

void check_pattern(const unsigned char *buf, __u64 seq, __u64 offset, size_t len)
{
	static unsigned char want[CHUNK_MAX];
	size_t i;

	fill(want, seq, offset, len);
	if (!memcmp(buf, want, len))
		return;
	for (i = 0; buf[i] == want[i]; i++)
		;
	errx(1, "%s %s: number %llu has changed: byte %llu is 0x%02x, expected 0x%02x",
	     kind, where, (unsigned long long)seq,
	     (unsigned long long)offset + i, buf[i], want[i]);
}

int new_socket(int type)
{
	int on = 1, fd;

	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
	if (fd < 0)
		err(1, "%s %s: socket", kind, where);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd;
}

/* Return true if FD is ready within MS milliseconds */
bool ready(int fd, int events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	alive();
	return poll(&pfd, 1, ms) > 0;
}

static pid_t start(int as, void (*run)(void))
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	role = as;
	state = mix(seed + as);
	run();
	if (as == SENDER)
		shared->sender_ended = 1;
	exit(0);
}

static void report(const pid_t *pids)
{
	long long now = now_ms();

	printf("opened=%llu refused=%llu broken=%llu complete=%llu sent=%llu refused_sends=%llu received=%llu bytes=%llu checks=%llu sender=%d silent=%lld receiver=%d silent=%lld\n",
	       shared->opened, shared->refused, shared->broken, shared->complete,
	       shared->sent, shared->refused_sends, shared->received, shared->bytes,
	       shared->checks, pids[SENDER], (now - shared->alive[SENDER]) / 1000,
	       pids[RECEIVER], (now - shared->alive[RECEIVER]) / 1000);
	fflush(stdout);
}

static bool set_addr(void)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *ai;
	char service[16], group[32];

	snprintf(service, sizeof(service), "%d", port);
	snprintf(group, sizeof(group), "239.1.%d.%d", port >> 8, port & 255);
	if (getaddrinfo(*kind == 'm' ? group : where, service, &hints, &ai))
		return false;
	family = ai->ai_family;
	addrlen = ai->ai_addrlen;
	memcpy(&addr, ai->ai_addr, addrlen);
	/* a raw socket has no port; sin6_port is in the same place as sin_port */
	if (*kind == 'p')
		((struct sockaddr_in *)&addr)->sin_port = 0;
	peer = addr;
	((struct sockaddr_in *)&peer)->sin_port = htons(port + 1);
	return true;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_term };
	bool is_stream;
	pid_t pids[2];
	int status, rc = 0, left = 2;
	pid_t pid;

	if (argc != 5)
		goto usage;
	kind = argv[1];
	where = argv[2];
	port = atoi(argv[3]);
	seed = mix(strtoull(argv[4], NULL, 0));
	ping_id = port;
	is_stream = !strcmp(kind, "tcp") || !strcmp(kind, "sctp");
	if (!is_stream && strcmp(kind, "udp") && strcmp(kind, "ping") && strcmp(kind, "mcast"))
		goto usage;
	if (!set_addr())
		goto usage;
	if (is_stream)
		proto = *kind == 't' ? IPPROTO_TCP : IPPROTO_SCTP;
	else if (*kind == 'p')
		proto = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	shared->alive[SENDER] = now_ms();
	shared->alive[RECEIVER] = now_ms();
	sigaction(SIGTERM, &action, NULL);

	pids[RECEIVER] = start(RECEIVER, is_stream ? receive_stream : receive_datagrams);
	pids[SENDER] = start(SENDER, is_stream ? send_stream : send_datagrams);
	while (left) {
		poll(NULL, 0, 1000);
		if (stop) {
			kill(pids[SENDER], SIGTERM);
			kill(pids[RECEIVER], SIGTERM);
		}
		while (left && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
			left--;
			if (pid == pids[SENDER])
				shared->sender_ended = 1;
			if (status)
				rc = 1;
			/* one of the two alone is useless */
			stop = 1;
		}
		report(pids);
	}
	return rc;
usage:
	errx(2, "usage: traffic tcp|sctp|udp|ping ADDR PORT SEED, traffic mcast DEV[,DEV]... PORT SEED");
}
