// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that wait for packets or connections, by sock_diag(7), like ss(8) */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include "socks.h"

struct reading {
	struct socks	*socks;
	size_t		before;		/* number of sockets before this dump */
	int		proto;
};

static int add_sock(const struct nlmsghdr *nlh, void *data)
{
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct reading *reading = data;
	const struct nlattr *attr;
	struct sock sock = { };

	if (!nl_has(nlh, sizeof(*msg)) || msg->id.idiag_dport ||
	    (msg->idiag_family != AF_INET && msg->idiag_family != AF_INET6))
		return MNL_CB_OK;
	sock.proto = reading->proto;
	sock.addr.family = msg->idiag_family;
	sock.addr.len = addr_size(&sock.addr) * 8;
	memcpy(sock.addr.addr, msg->id.idiag_src, addr_size(&sock.addr));
	sock.port = ntohs(msg->id.idiag_sport);
	sock.index = msg->id.idiag_if;
	sock.inode = msg->idiag_inode;
	mnl_attr_for_each(attr, nlh, sizeof(*msg))
		if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY &&
		    nl_is(attr, MNL_TYPE_U8))
			sock.only6 = mnl_attr_get_u8(attr);
	list_add(reading->socks, sock);
	return MNL_CB_OK;
}

static void forget_socks(void *data)
{
	struct reading *reading = data;

	reading->socks->n = reading->before;
	if (!reading->before)
		list_free(reading->socks);
}

/**
 * socks_get - read the UDP and TCP sockets that any peer can send to
 * @socks: filled; free it with list_free()
 * @error: filled on failure
 *
 * If the kernel cannot list a protocol (without udp_diag or tcp_diag), its sockets are
 * missing.
 *
 * Return: 0 or -1.
 */
int socks_get(struct socks *socks, struct nl_error *error)
{
	static const int protos[] = { IPPROTO_UDP, IPPROTO_TCP };
	static const int families[] = { AF_INET, AF_INET6 };
	size_t i;

	memset(socks, 0, sizeof(*socks));
	for (i = 0; i < 4; i++) {
		struct nlmsghdr *nlh = nl_new(SOCK_DIAG_BY_FAMILY, 0);
		struct inet_diag_req_v2 *req = nl_header(nlh, sizeof(*req));
		struct reading reading = { .socks = socks, .before = socks->n,
					   .proto = protos[i / 2] };
		int err;

		req->sdiag_family = families[i % 2];
		req->sdiag_protocol = reading.proto;
		/* A UDP socket without a peer has the state TCP_CLOSE */
		req->idiag_states = reading.proto == IPPROTO_TCP ? 1 << TCP_LISTEN :
								   1 << TCP_CLOSE;
		err = nl_dump(NETLINK_SOCK_DIAG, nlh, add_sock, forget_socks, &reading,
			      error);
		free(nlh);
		if (err && error->code != ENOENT && error->code != EINVAL) {
			list_free(socks);
			return -1;
		}
	}
	return 0;
}

/* Return true if the socket is bound to any address. */
bool sock_is_any(const struct sock *sock)
{
	static const unsigned char zeros[16];

	return !memcmp(sock->addr.addr, zeros, addr_size(&sock->addr));
}

/* Return true if the socket receives what is sent to that address, interface aside. */
bool sock_takes(const struct sock *sock, int proto, const struct prefix *addr, int port)
{
	if (sock->proto != proto || sock->port != port)
		return false;
	if (sock->addr.family != addr->family)
		return sock->addr.family == AF_INET6 && sock_is_any(sock) && !sock->only6;
	return sock_is_any(sock) ||
	       !memcmp(sock->addr.addr, addr->addr, addr_size(addr));
}

/* Return true if that process has the socket open. */
static bool has_socket(const char *pid, const char *wanted)
{
	char path[PATH_MAX], link[64];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = '\0';
		found = !strcmp(link, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

/**
 * sock_text - name the program that owns a socket
 * @sock: the socket
 * @buf: buffer for the text
 * @size: size of @buf
 *
 * Return: @buf: the program's name and PID; "a program" if that is hidden.
 */
const char *sock_text(const struct sock *sock, char *buf, size_t size)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char wanted[64], path[PATH_MAX], name[32] = "";
	FILE *file;

	snprintf(buf, size, "a program");
	snprintf(wanted, sizeof(wanted), "socket:[%u]", sock->inode);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
		    !has_socket(entry->d_name, wanted))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (file && fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		if (file)
			fclose(file);
		snprintf(buf, size, "%s (PID %s)", *name ? name : "a program",
			 entry->d_name);
		break;
	}
	if (dir)
		closedir(dir);
	return buf;
}

const char *proto_text(int proto)
{
	return proto == IPPROTO_TCP ? "TCP" : "UDP";
}
