// SPDX-License-Identifier: GPL-2.0-only
/* The functions of libmnl's sockets that are the same for all fuzzers */
#include <libmnl/libmnl.h>

#include "fuzz.h"

int mnl_socket_bind(struct mnl_socket *sock, unsigned int groups, pid_t pid)
{
	(void)sock;
	(void)groups;
	(void)pid;
	return 0;
}

int mnl_socket_close(struct mnl_socket *sock)
{
	(void)sock;
	return 0;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *sock)
{
	(void)sock;
	return PORTID;
}

int mnl_socket_setsockopt(const struct mnl_socket *sock, int type, void *buf,
			  socklen_t len)
{
	(void)sock;
	(void)type;
	(void)buf;
	(void)len;
	return 0;
}
