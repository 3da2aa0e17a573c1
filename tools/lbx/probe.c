// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send a probe to an address: a UDP packet with a token, or the SYN of a TCP
 * connection.  Packet sockets, packet(7), see it on each device that it passes, and a
 * socket of our own receives it.  A packet socket sees incoming packets before
 * netfilter, so only the receiver proves delivery.
 *
 * If a program listens on the UDP port, our socket is connected to the sender of the
 * probe, so that the program receives all packets but the probe.  Our socket is bound
 * to the device of the route, which the kernel uses to look up sockets.  Therefore the
 * socket of a program that is bound to another device does not interfere.
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

/* Milliseconds to wait until the probe is seen and delivered, which a qdisc may delay;
 * and after that, for other devices
 */
#define WAIT_FIRST	1000
#define WAIT_MORE	100

union address {
	struct sockaddr		any;
	struct sockaddr_in	ip4;
	struct sockaddr_in6	ip6;
};

/**
 * struct probe_socks - sockets of a probe, each -1 if not open
 * @capture: sees the probe on each device
 * @sender: sends it
 * @receiver: receives it
 */
struct probe_socks {
	int	capture;
	int	sender;
	int	receiver;
};

static socklen_t address_of(const struct probe *probe, union address *to)
{
	memset(to, 0, sizeof(*to));
	if (probe->addr.family == AF_INET) {
		to->ip4.sin_family = AF_INET;
		to->ip4.sin_port = htons(probe->port);
		memcpy(&to->ip4.sin_addr, probe->addr.addr, 4);
		return sizeof(to->ip4);
	}
	to->ip6.sin6_family = AF_INET6;
	to->ip6.sin6_port = htons(probe->port);
	to->ip6.sin6_scope_id = probe->scope;
	memcpy(&to->ip6.sin6_addr, probe->addr.addr, 16);
	return sizeof(to->ip6);
}

/* Get the address and port to which a socket is bound. */
static int bound_to(int fd, union address *at)
{
	socklen_t len = sizeof(*at);

	if (getsockname(fd, &at->any, &len))
		return -1;
	return ntohs(at->any.sa_family == AF_INET ? at->ip4.sin_port : at->ip6.sin6_port);
}

static int attach_capture(struct sock_filter *code, size_t n)
{
	struct sockaddr_ll any = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL) };
	struct sock_fprog prog = { .len = n, .filter = code };
	int fd;

	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* attach the filter first, so that no other packet gets in */
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Open a socket that sees packets which end with @token, on each device. */
static int capture_token(const uint32_t *token)
{
	struct sock_filter code[5 + 2 * TOKEN_WORDS + 1] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		/* too short: jump to the end */
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, TOKEN_WORDS * 4, 0,
			 3 + 2 * TOKEN_WORDS),
		BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, TOKEN_WORDS * 4),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
	};
	size_t i, n = 4;

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
	return attach_capture(code, ARRAY_SIZE(code));
}

/* Open a socket that sees the SYNs between two TCP ports, on each device. */
static int capture_syn(int family, int sport, int dport)
{
	bool ip4 = family == AF_INET;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ip4 ? 4 : 6, 0, 11),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ip4 ? 9 : 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 9),
		/* the TCP header follows the IPv4 options */
		ip4 ? (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0) :
		      (struct sock_filter)BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 40),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, sport, 0, 6),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, dport, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return attach_capture(code, ARRAY_SIZE(code));
}

/* Open our own socket on the probe's port.  Chooses a port if the probe has none.
 * Return -1 if a program has the port.
 */
static int open_receiver(struct probe *probe)
{
	int type = probe->proto == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
	bool any_port = !probe->port;
	union address at;
	socklen_t len;
	int fd, on = 1;

	fd = socket(probe->addr.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* In a local prefix, not every address is assigned to a device */
	if (probe->addr.family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, probe->dev, strlen(probe->dev) + 1);
	if (any_port)
		probe->port = PROBE_PORT;
	len = address_of(probe, &at);
	if (!bind(fd, &at.any, len))
		goto bound;
	if (any_port) {
		probe->port = 0;
		len = address_of(probe, &at);
		if (!bind(fd, &at.any, len)) {
			probe->port = bound_to(fd, &at);
			goto bound;
		}
		probe->port = PROBE_PORT;
	}
	close(fd);
	return -1;
bound:
	if (type == SOCK_STREAM && listen(fd, 1)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_sender(struct probe *probe)
{
	int type = probe->proto == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
	union address at = { };
	socklen_t len;
	int fd;

	fd = socket(probe->addr.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* TCP: the port must be known before the SYN is sent */
	at.any.sa_family = probe->addr.family;
	len = probe->addr.family == AF_INET ? sizeof(at.ip4) : sizeof(at.ip6);
	if (type == SOCK_STREAM && bind(fd, &at.any, len))
		goto fail;
	len = address_of(probe, &at);
	if (type == SOCK_DGRAM && connect(fd, &at.any, len))
		goto fail;
	probe->sport = bound_to(fd, &at);
	return fd;
fail:
	close(fd);
	return -1;
}

/* Read the source address that the kernel chose on connect. */
static void learn_source(struct probe *probe, int fd)
{
	union address at;

	if (bound_to(fd, &at) < 0)
		return;
	probe->from.family = probe->addr.family;
	probe->from.len = probe->addr.len;
	if (probe->from.family == AF_INET)
		memcpy(probe->from.addr, &at.ip4.sin_addr, 4);
	else
		memcpy(probe->from.addr, &at.ip6.sin6_addr, 16);
}

/* Return true if a UDP socket received the token. */
static bool got_token(int fd, const uint32_t *token)
{
	uint32_t got[TOKEN_WORDS + 1];

	return recv(fd, got, sizeof(got), MSG_DONTWAIT) == TOKEN_WORDS * 4 &&
	       !memcmp(got, token, TOKEN_WORDS * 4);
}

/* Return true if the packet is the probe.  An ICMP error contains all of the probe, and
 * so its token.
 */
static bool is_probe(const unsigned char *packet, ssize_t len, int proto)
{
	if (len < 20)
		return false;
	return packet[packet[0] >> 4 == 4 ? 9 : 6] == proto;
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

/* Handle sockets that are readable or writable, or have an error. */
static void take_events(struct probe *probe, const struct probe_socks *socks,
			const uint32_t *token, const struct pollfd *fds)
{
	struct sockaddr_ll from = { };
	socklen_t len = sizeof(from);
	unsigned char packet[64];
	int error = 0;
	ssize_t got;

	if (fds[0].revents) {
		got = recvfrom(socks->capture, packet, sizeof(packet), MSG_DONTWAIT,
			       (struct sockaddr *)&from, &len);
		if (got > 0 && is_probe(packet, got, probe->proto))
			add_seen(&probe->seens, &from);
	}
	if (probe->delivery == DELIVERY_DONE)
		return;
	if (probe->proto == IPPROTO_UDP && fds[2].revents && got_token(socks->receiver, token))
		probe->delivery = DELIVERY_DONE;
	if (!fds[1].revents || probe->refusal)
		return;
	len = sizeof(error);
	if (getsockopt(socks->sender, SOL_SOCKET, SO_ERROR, &error, &len) || !error) {
		/* connected, or an answer */
		probe->delivery = DELIVERY_DONE;
	} else if (error == ECONNREFUSED && socks->receiver < 0 && !probe->taken) {
		/* no program has the port: the kernel looked for a socket */
		probe->delivery = DELIVERY_DONE;
	} else {
		probe->delivery = DELIVERY_REFUSED;
		probe->refusal = error;
	}
}

static void follow(struct probe *probe, const struct probe_socks *socks,
		   const uint32_t *token)
{
	struct pollfd fds[] = {
		{ .fd = socks->capture, .events = POLLIN },
		{ .fd = socks->sender,
		  .events = probe->proto == IPPROTO_TCP ? POLLOUT : POLLIN },
		{ .fd = probe->proto == IPPROTO_UDP ? socks->receiver : -1,
		  .events = POLLIN },
	};
	bool settled = false;

	while (poll(fds, ARRAY_SIZE(fds), settled ? WAIT_MORE : WAIT_FIRST) > 0) {
		take_events(probe, socks, token, fds);
		if (probe->delivery == DELIVERY_DONE || probe->refusal) {
			fds[1].fd = -1;
			fds[2].fd = -1;
		}
		settled = probe->seens.n &&
			  (!probe->dev || probe->delivery == DELIVERY_DONE || probe->refusal);
	}
	if (probe->dev && probe->delivery == DELIVERY_UNKNOWN &&
	    (probe->proto == IPPROTO_TCP || socks->receiver >= 0))
		probe->delivery = DELIVERY_NONE;
}

static int send_it(struct probe *probe, const struct probe_socks *socks,
		   const uint32_t *token)
{
	union address to;
	socklen_t len = address_of(probe, &to);

	if (probe->proto == IPPROTO_TCP)
		return connect(socks->sender, &to.any, len) && errno != EINPROGRESS &&
		       errno != ECONNREFUSED ? -1 : 0;
	return send(socks->sender, token, TOKEN_WORDS * 4, 0) < 0 ? -1 : 0;
}

static int run(struct probe *probe, struct probe_socks *socks, struct nl_error *error)
{
	uint32_t token[TOKEN_WORDS];
	union address from;

	if (getrandom(token, sizeof(token), 0) != sizeof(token)) {
		nl_fail(error, errno, "getrandom: %s", strerror(errno));
		return -1;
	}
	if (probe->dev && !(probe->proto == IPPROTO_TCP && probe->taken))
		socks->receiver = open_receiver(probe);
	else if (!probe->port)
		probe->port = PROBE_PORT;
	socks->sender = open_sender(probe);
	if (socks->sender < 0) {
		nl_fail(error, errno, "cannot send the packet: %s", strerror(errno));
		return -1;
	}
	if (probe->proto == IPPROTO_UDP && socks->receiver >= 0 &&
	    bound_to(socks->sender, &from) > 0 &&
	    connect(socks->receiver, &from.any, probe->addr.family == AF_INET ?
		    sizeof(from.ip4) : sizeof(from.ip6))) {
		close(socks->receiver);
		socks->receiver = -1;
	}
	socks->capture = probe->proto == IPPROTO_UDP ? capture_token(token) :
			 capture_syn(probe->addr.family, probe->sport, probe->port);
	if (socks->capture < 0) {
		nl_fail(error, errno, "packet socket: %s", strerror(errno));
		return -1;
	}
	if (send_it(probe, socks, token)) {
		learn_source(probe, socks->sender);
		nl_fail(error, errno, "cannot send the packet: %s", strerror(errno));
		return -1;
	}
	learn_source(probe, socks->sender);
	follow(probe, socks, token);
	return 0;
}

/**
 * probe_send - send a probe, watch which devices it passes, and whether it is delivered
 * @probe: the probe; filled with the result
 * @error: filled if the probe cannot be sent or watched
 *
 * Needs CAP_NET_RAW.
 *
 * Return: 0 or -1.
 */
int probe_send(struct probe *probe, struct nl_error *error)
{
	struct probe_socks socks = { -1, -1, -1 };
	int err;

	memset(&probe->seens, 0, sizeof(probe->seens));
	probe->delivery = DELIVERY_UNKNOWN;
	probe->refusal = 0;
	err = run(probe, &socks, error);
	if (socks.capture >= 0)
		close(socks.capture);
	if (socks.sender >= 0)
		close(socks.sender);
	if (socks.receiver >= 0)
		close(socks.receiver);
	return err;
}
