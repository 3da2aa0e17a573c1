// SPDX-License-Identifier: GPL-2.0-only
/*
 * A UDP packet with a token in it, and packet sockets that see it wherever it comes
 * by, packet(7): what "tcpdump -i any" would show, without what it has to be told
 * apart from.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "probe.h"

#define TOKEN_WORDS	4

/* Milliseconds: for the first sight of it, which a qdisc may delay, and after any */
#define WAIT_FIRST	1000
#define WAIT_MORE	100

/* A socket that sees packets which end with @token, on each device */
static int open_capture(const uint32_t *token)
{
	struct sockaddr_ll any = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL) };
	struct sock_filter code[5 + 2 * TOKEN_WORDS + 1] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		/* too short: to the end */
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, TOKEN_WORDS * 4, 0,
			 3 + 2 * TOKEN_WORDS),
		BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, TOKEN_WORDS * 4),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };
	size_t i, n = 4;
	int fd;

	for (i = 0; i < TOKEN_WORDS; i++) {
		code[n++] = (struct sock_filter)
			BPF_STMT(BPF_LD | BPF_W | BPF_IND, i * 4);
		code[n] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(token[i]), 0,
				 ARRAY_SIZE(code) - 2 - n);
		n++;
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xffff);
	code[n] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);

	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* first the filter: nothing else gets in */
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int send_probe(const struct prefix *addr, int port, const void *token,
		      size_t size)
{
	union {
		struct sockaddr		any;
		struct sockaddr_in	ip4;
		struct sockaddr_in6	ip6;
	} to = { };
	socklen_t len;
	ssize_t sent;
	int fd;

	if (addr->family == AF_INET) {
		to.ip4.sin_family = AF_INET;
		to.ip4.sin_port = htons(port);
		memcpy(&to.ip4.sin_addr, addr->addr, 4);
		len = sizeof(to.ip4);
	} else {
		to.ip6.sin6_family = AF_INET6;
		to.ip6.sin6_port = htons(port);
		memcpy(&to.ip6.sin6_addr, addr->addr, 16);
		len = sizeof(to.ip6);
	}
	fd = socket(addr->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	sent = sendto(fd, token, size, 0, &to.any, len);
	close(fd);
	return sent < 0 ? -1 : 0;
}

/* The answer that nobody listens (ICMP) has all of the packet in it, and the token */
static bool is_probe(const unsigned char *packet, ssize_t len)
{
	if (len < 20)
		return false;
	return packet[packet[0] >> 4 == 4 ? 9 : 6] == IPPROTO_UDP;
}

static void add_seen(struct seens *seens, const struct sockaddr_ll *from)
{
	struct seen *seen = NULL, fresh = { };
	size_t i;

	if (!if_indextoname(from->sll_ifindex, fresh.dev))
		snprintf(fresh.dev, sizeof(fresh.dev), "if%d", from->sll_ifindex);
	for (i = 0; i < seens->n; i++)
		if (!strcmp(seens->item[i].dev, fresh.dev))
			seen = &seens->item[i];
	if (!seen) {
		list_add(seens, fresh);
		seen = &seens->item[seens->n - 1];
	}
	if (from->sll_pkttype == PACKET_OUTGOING)
		seen->out++;
	else
		seen->in++;
}

/**
 * probe - send a packet, and look where it comes by
 * @addr: to that address
 * @port: and UDP port
 * @seens: to fill, and to be freed by list_free()
 * @error: filled if it fails
 *
 * Takes CAP_NET_RAW.
 *
 * Return: 0 or -1.
 */
int probe(const struct prefix *addr, int port, struct seens *seens,
	  struct nl_error *error)
{
	int capture, wait = WAIT_FIRST;
	uint32_t token[TOKEN_WORDS];
	struct pollfd poll_fd;

	memset(seens, 0, sizeof(*seens));
	if (getrandom(token, sizeof(token), 0) != sizeof(token)) {
		nl_fail(error, errno, "getrandom: %s", strerror(errno));
		return -1;
	}
	capture = open_capture(token);
	if (capture < 0) {
		nl_fail(error, errno, "packet socket: %s", strerror(errno));
		return -1;
	}
	if (send_probe(addr, port, token, sizeof(token))) {
		nl_fail(error, errno, "the packet is not sent: %s", strerror(errno));
		close(capture);
		return -1;
	}

	poll_fd = (struct pollfd){ .fd = capture, .events = POLLIN };
	while (poll(&poll_fd, 1, wait) > 0) {
		struct sockaddr_ll from = { };
		socklen_t len = sizeof(from);
		unsigned char packet[64];
		ssize_t got;

		got = recvfrom(capture, packet, sizeof(packet), 0,
			       (struct sockaddr *)&from, &len);
		if (got < 0)
			break;
		if (is_probe(packet, got))
			add_seen(seens, &from);
		wait = WAIT_MORE;
	}
	close(capture);
	return 0;
}
