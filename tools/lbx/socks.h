/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets that wait for packets or connections; see socks.c */
#ifndef SOCKS_H
#define SOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "nl.h"
#include "util.h"

/**
 * struct sock - a socket that any peer can send to
 * @proto: IPPROTO_UDP or IPPROTO_TCP
 * @addr: the address to which it is bound, which may be the unspecified address
 * @port: its port
 * @index: the interface to which it is bound, or 0
 * @inode: identifies its program
 * @only6: an IPv6 socket that does not receive IPv4 (IPV6_V6ONLY)
 */
struct sock {
	int		proto;
	struct prefix	addr;
	int		port;
	int		index;
	uint32_t	inode;
	bool		only6;
};

struct socks {
	struct sock	*item;
	size_t		n;
};

int socks_get(struct socks *socks, struct nl_error *error);
bool sock_is_any(const struct sock *sock);
bool sock_takes(const struct sock *sock, int proto, const struct prefix *addr, int port);
const char *sock_text(const struct sock *sock, char *buf, size_t size);
const char *proto_text(int proto);

#endif /* SOCKS_H */
