// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer of the code that parses the kernel's answers: links, addresses, claims,
 * routes, rules, refusals, and the events of "lbx monitor".
 *
 * The first byte of the input selects the command.  Datagrams follow, each after its
 * length (two bytes, the low byte first).  A message in a datagram gets the port ID and
 * the sequence number of an answer.  The parser must not read behind the end of a
 * datagram, and must not read a number or a string from an attribute that has none.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>
#include <sanitizer/asan_interface.h>

#include "../commands.h"
#include "../probe.h"
#include "../nl.h"
#include "fuzz.h"
#include "reply.h"

static const uint8_t *input;
static size_t input_size;
static unsigned int seq;

struct mnl_socket {
	int fd;
};

static struct mnl_socket the_socket = { -1 };

struct mnl_socket *mnl_socket_open2(int protocol, int flags)
{
	(void)protocol;
	(void)flags;
	return &the_socket;
}

int mnl_socket_get_fd(const struct mnl_socket *sock)
{
	return sock->fd;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *sock, const void *buf, size_t len)
{
	(void)sock;
	seq = ((const struct nlmsghdr *)buf)->nlmsg_seq;
	return len;
}

/* Return the next datagram, truncated if it is too long.  Its absence is an error. */
static ssize_t next_datagram(void *buf, size_t size)
{
	struct nlmsghdr *nlh;
	size_t len, at;

	__asan_unpoison_memory_region(buf, size);
	if (input_size < 2) {
		errno = ECONNRESET;
		return -1;
	}
	len = input[0] | input[1] << 8;
	input += 2;
	input_size -= 2;
	if (len > input_size)
		len = input_size;
	memcpy(buf, input, len);
	input += len;
	input_size -= len;
	for (at = 0; at + sizeof(*nlh) <= len; at += NLMSG_ALIGN(nlh->nlmsg_len)) {
		nlh = (void *)((char *)buf + at);
		/* libmnl treats the length as an int, and the kernel never exceeds that
		 */
		nlh->nlmsg_len &= INT32_MAX;
		nlh->nlmsg_seq = seq;
		nlh->nlmsg_pid = PORTID;
		if (nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > len)
			break;
	}
	/* libmnl counts the padding of the last message */
	memset((char *)buf + len, 0, NLMSG_ALIGN(len) - len);
	__asan_poison_memory_region((char *)buf + NLMSG_ALIGN(len),
				    size - NLMSG_ALIGN(len));
	return len;
}

ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_len)
{
	(void)fd;
	(void)flags;
	memset(from, 0, *from_len);
	return next_datagram(buf, size);
}

/* "lbx monitor" polls the socket of claims and that of rtnetlink, in this order.  The
 * type of the next datagram decides which socket is ready.
 */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	bool claims = input_size < 8 || (input[6] | input[7] << 8) > RTM_MAX;

	(void)timeout;
	fds[0].revents = claims ? POLLIN : 0;
	if (n > 1)
		fds[1].revents = claims ? 0 : POLLIN;
	return claims || n > 1;
}

/* Replaces the function of libmnl, which is not instrumented by sanitizers. */
static const void *value(const struct nlattr *attr, size_t size)
{
	if (mnl_attr_get_payload_len(attr) < size)
		abort();
	return mnl_attr_get_payload(attr);
}

uint8_t mnl_attr_get_u8(const struct nlattr *attr)
{
	return *(const uint8_t *)value(attr, 1);
}

uint16_t mnl_attr_get_u16(const struct nlattr *attr)
{
	uint16_t number;

	memcpy(&number, value(attr, sizeof(number)), sizeof(number));
	return number;
}

uint32_t mnl_attr_get_u32(const struct nlattr *attr)
{
	uint32_t number;

	memcpy(&number, value(attr, sizeof(number)), sizeof(number));
	return number;
}

uint64_t mnl_attr_get_u64(const struct nlattr *attr)
{
	uint64_t number;

	memcpy(&number, value(attr, sizeof(number)), sizeof(number));
	return number;
}

const char *mnl_attr_get_str(const struct nlattr *attr)
{
	if (!memchr(mnl_attr_get_payload(attr), 0, mnl_attr_get_payload_len(attr)))
		abort();
	return mnl_attr_get_payload(attr);
}

unsigned int if_nametoindex(const char *name)
{
	return *name % 4;
}

char *if_indextoname(unsigned int index, char *name)
{
	if (index % 4 == 3)
		return NULL;
	sprintf(name, "if%u", index % 4);
	return name;
}

/* Nothing is sent.  The result of the probe depends on the previous request. */
int probe_send(struct probe *probe, struct nl_error *error)
{
	struct seen seen = { .dev = "if1", .in = 1 };

	(void)error;
	memset(&probe->seens, 0, sizeof(probe->seens));
	list_add(&probe->seens, seen);
	probe->from = probe->addr;
	probe->sport = PROBE_PORT;
	if (!probe->port)
		probe->port = PROBE_PORT;
	probe->delivery = seq % (DELIVERY_NONE + 1);
	probe->refusal = probe->delivery == DELIVERY_REFUSED ? ECONNREFUSED : 0;
	return 0;
}

static void run(unsigned int choice)
{
	options.json = choice & 1;
	run_line(reply_lines[choice / 2 % ARRAY_SIZE(reply_lines)]);
	nl_close();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	input = data + 1;
	input_size = size - 1;
	run(data[0]);
	return 0;
}
