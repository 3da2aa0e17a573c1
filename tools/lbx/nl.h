/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink: requests, dumps, and the reasons of refusals; see nl.c */
#ifndef NL_H
#define NL_H

#include <net/if.h>
#include <stdbool.h>
#include <libmnl/libmnl.h>

/**
 * struct nl_error - the reason of a failed request
 * @code: an errno value
 * @text: the kernel's reason (extended ack), or the text of @code
 * @at: the address or the name that is refused, or empty
 * @dev: the lbx device in the refused part of the request, or empty
 */
struct nl_error {
	int	code;
	char	text[256];
	char	at[64];
	char	dev[IFNAMSIZ];
};

/* Message type of a request to the family "lbx", until nl_talk() looks up its number */
#define NL_LBX		0

/* Room of a request before its last attribute.  The total stays below what a socket may
 * send (net.core.wmem_max).
 */
#define NL_ROOM		200000

struct nlmsghdr *nl_new(int type, int flags);
void *nl_header(struct nlmsghdr *nlh, size_t size);
struct nlmsghdr *nl_new_genl(int family, int cmd, int flags);
struct nlmsghdr *nl_copy(const struct nlmsghdr *nlh);

bool nl_has(const struct nlmsghdr *nlh, size_t size);
bool nl_is(const struct nlattr *attr, enum mnl_attr_data_type type);

int nl_talk(struct nlmsghdr *nlh, struct nl_error *error);
int nl_get(struct nlmsghdr *nlh, mnl_cb_t cb, void *data,
	   struct nl_error *error);
int nl_dump(int protocol, struct nlmsghdr *nlh, mnl_cb_t cb,
	    void (*restart)(void *data), void *data, struct nl_error *error);
int nl_family(const char *name, int *group, struct nl_error *error);
int nl_listen(int protocol, const unsigned int *groups, size_t n,
	      struct mnl_socket **sock);
ssize_t nl_receive(const struct mnl_socket *sock, void *buf, size_t size);
void nl_drain(const struct mnl_socket *sock);
void nl_close(void);

void nl_fail(struct nl_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* NL_H */
