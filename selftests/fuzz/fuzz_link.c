// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_link SEED COUNT
 *
 * Send COUNT invalid requests about lbx devices: valid requests of which some
 * attributes have another type, length, depth or value, are duplicate or missing, and
 * some that are noise. Most are RTM_NEWLINK with the attributes of lbx. The others are
 * RTM_SETLINK, RTM_GETLINK, RTM_DELLINK, and requests of the generic netlink family
 * "lbx". The same SEED sends the same requests.
 *
 * Meanwhile a second process reads dumps of links and of claims, some of them requested
 * with invalid attributes. It reads in small parts, some dumps to the end and others
 * until it closes the socket in between. It also sends packets to addresses that may be
 * claimed.
 *
 * Run it as root in a network namespace of its own, in which it makes the devices fuzz0
 * to fuzz7, and eth1. The namespace has eth0 and local routes to 198.18.0.0/24 and
 * 2001:db8:9::/64, for claims.
 *
 * The program prints how many requests were accepted and how many refused: by lbx, by
 * the kernel with a text, and by the kernel without; the texts; and the dumps. The exit
 * status is 0 if the kernel has answered each request.
 */
#define _GNU_SOURCE	/* pipe2() */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/lbx.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz_link.h"

#define BATCH		16	/* requests in one sendmsg() */
#define TURN		64	/* requests for each dump */

__u64 chance;

/* Requests that are sent together */
static char batch[BATCH * sizeof(req)];
static unsigned int batch_len, batch_n;

static __u32 seq;

int open_socket(int family)
{
	struct timeval patience = { .tv_sec = 60 };
	int fd, on = 1, room = 4 << 20;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
	if (fd < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		err(1, "socket");
	return fd;
}

/* All requests of a batch are answered in their order; other messages are replies */
static void flush(int fd)
{
	static union {
		struct nlmsghdr nlh;
		char room[1 << 16];
	} reply;
	__u32 next = seq - batch_n + 1;
	ssize_t len;

	if (!batch_n)
		return;
	if (send(fd, batch, batch_len, 0) != (ssize_t)batch_len)
		err(1, "request %u", next);
	while (next != seq + 1) {
		len = recv(fd, &reply, sizeof(reply), 0);
		if (len < 0)
			err(1, "no answer to request %u", next);
		if (reply.nlh.nlmsg_type != NLMSG_ERROR)
			continue;
		if (reply.nlh.nlmsg_seq != next)
			errx(1, "request %u is answered, expected %u", reply.nlh.nlmsg_seq, next);
		count_answer(&reply.nlh, len);
		next++;
	}
	batch_len = 0;
	batch_n = 0;
}

static void add(int fd)
{
	req.nlh.nlmsg_seq = ++seq;
	memcpy(batch + batch_len, &req, NLMSG_ALIGN(req.nlh.nlmsg_len));
	batch_len += NLMSG_ALIGN(req.nlh.nlmsg_len);
	if (++batch_n == BATCH)
		flush(fd);
}

static void ensure_all(int fd)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		build_ensure(device(i));
		add(fd);
	}
}

/* Delete and make devices. The kernel needs as long to delete one as for a hundred
 * requests.
 */
static void renew(int fd)
{
	const char *name;

	if (one_in(20)) {
		build_delete_all();
		add(fd);
		ensure_all(fd);
		return;
	}
	name = device(below(DEVICES));
	build_delete(name);
	add(fd);
	build_create(name);
	add(fd);
	build_ensure(name);
	add(fd);
}

static int find_family(int fd)
{
	struct genlmsghdr genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	struct {
		struct nlmsghdr nlh;
		char rest[4096];
	} reply;
	struct nlattr *nla;
	int id = 0;
	char *p;

	start(GENL_ID_CTRL, 0, &genl, sizeof(genl));
	put(CTRL_ATTR_FAMILY_NAME, LBX_GENL_NAME, sizeof(LBX_GENL_NAME));
	if (send(fd, &req, req.nlh.nlmsg_len, 0) < 0)
		err(1, "generic netlink");
	do {
		if (recv(fd, &reply, sizeof(reply), 0) < 0)
			err(1, "generic netlink");
		for (p = reply.rest + GENL_HDRLEN;
		     reply.nlh.nlmsg_type == GENL_ID_CTRL &&
		     p < (char *)&reply + reply.nlh.nlmsg_len; p += NLA_ALIGN(nla->nla_len)) {
			nla = (void *)p;
			if (nla->nla_type == CTRL_ATTR_FAMILY_ID)
				id = *(__u16 *)(nla + 1);
		}
	} while (reply.nlh.nlmsg_type != NLMSG_ERROR);
	if (!id)
		errx(1, "the kernel has no generic netlink family " LBX_GENL_NAME);
	return id;
}

int main(int argc, char **argv)
{
	int route, genl, family, turns[2], status;
	unsigned long total;
	__u64 start_with;
	pid_t reader;

	if (argc != 3)
		errx(2, "usage: fuzz_link SEED COUNT");
	start_with = strtoull(argv[1], NULL, 0);
	total = strtoul(argv[2], NULL, 0);

	route = open_socket(NETLINK_ROUTE);
	genl = open_socket(NETLINK_GENERIC);
	family = find_family(genl);
	share_dumps();
	if (pipe2(turns, O_CLOEXEC))
		err(1, "pipe");
	reader = fork();
	if (reader < 0)
		err(1, "fork");
	if (!reader) {
		close(turns[1]);
		read_dumps(turns[0], family, ~start_with);
	}
	close(turns[0]);
	signal(SIGPIPE, SIG_IGN);
	fcntl(turns[1], F_SETFL, O_NONBLOCK);

	seed(start_with);
	ensure_all(route);
	flush(route);
	forget_answers();
	seq = 0;
	while (seq < total) {
		if (one_in(2000)) {
			renew(route);
		} else if (one_in(1000)) {
			build_target();
			add(route);
		} else if (one_in(4)) {
			flush(route);
			build_genl(family, 0);
			add(genl);
			flush(genl);
		} else {
			build_link();
			add(route);
		}
		/* if the other process is late, the amount does not matter */
		if (!(seq % TURN) && write(turns[1], "", 1) < 0 && errno != EAGAIN)
			err(1, "the reader of dumps has ended");
	}
	flush(route);
	close(turns[1]);
	if (waitpid(reader, &status, 0) != reader || status)
		errx(1, "the reader of dumps has failed");
	print_answers(seq);
	return 0;
}
