// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink with libmnl.  Requests are sent one at a time, each with an ack, so that an
 * error belongs to its request.  Follows Documentation/userspace-api/netlink/intro.rst.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/genetlink.h>
#include <linux/lbx.h>
#include <linux/rtnetlink.h>

#include "nl.h"
#include "util.h"

#define MSG_MAX		(NL_ROOM + 1024)
#define BUF_SIZE	(1 << 17)
/* Restart a dump at most so many times because something changed */
#define DUMP_TRIES	100

static struct mnl_socket *route_sock, *claim_sock;
static unsigned int seq;

/**
 * nl_fail - fill in the reason of a failure
 * @error: filled
 * @code: an errno value
 * @format: the text, as for printf()
 */
void nl_fail(struct nl_error *error, int code, const char *format, ...)
{
	va_list args;

	error->code = code;
	error->at[0] = '\0';
	error->dev[0] = '\0';
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
}

/**
 * nl_new - allocate a request with NL_ROOM
 * @type: type of the message
 * @flags: NLM_F_*, in addition to NLM_F_REQUEST
 *
 * Return: the message; free it with free().
 */
struct nlmsghdr *nl_new(int type, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(xcalloc(1, MSG_MAX));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	return nlh;
}

/* Append the protocol's header, zeroed. */
void *nl_header(struct nlmsghdr *nlh, size_t size)
{
	return mnl_nlmsg_put_extra_header(nlh, size);
}

struct nlmsghdr *nl_new_genl(int family, int cmd, int flags)
{
	struct nlmsghdr *nlh = nl_new(family, flags);
	struct genlmsghdr *genl = nl_header(nlh, sizeof(*genl));

	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

/* Copy a request in its actual size, since many requests may be queued. */
struct nlmsghdr *nl_copy(const struct nlmsghdr *nlh)
{
	return memcpy(xcalloc(1, nlh->nlmsg_len), nlh, nlh->nlmsg_len);
}

/* Return true if a message has room for a header of @size after its own. */
bool nl_has(const struct nlmsghdr *nlh, size_t size)
{
	return mnl_nlmsg_get_payload_len(nlh) >= size;
}

/* Return true if the value of an attribute has that type. */
bool nl_is(const struct nlattr *attr, enum mnl_attr_data_type type)
{
	return mnl_attr_validate(attr, type) >= 0;
}

/* Convert an error of the kernel to an errno value; the kernel uses none above 4095. */
static int to_errno(int error)
{
	return error < 0 && error >= -4095 ? -error : EBADMSG;
}

/* Put the target of a claim into @error, and the device of the change that contains it.
 * @offset: offset of the refused attribute in a request LBX_CMD_CLAIM_CHANGE
 */
static void describe_claim(const struct nlmsghdr *nlh, size_t offset,
			   struct nl_error *error)
{
	const struct nlattr *change, *attr, *claim;

	mnl_attr_for_each(change, nlh, sizeof(struct genlmsghdr)) {
		size_t at = (const char *)change - (const char *)nlh;

		if (offset < at || offset >= at + mnl_attr_get_len(change))
			continue;
		mnl_attr_for_each_nested(attr, change) {
			if (mnl_attr_get_type(attr) == LBX_A_IFNAME)
				snprintf(error->dev, sizeof(error->dev), "%s",
					 mnl_attr_get_str(attr));
			if (mnl_attr_get_type(attr) != LBX_A_CLAIM)
				continue;
			mnl_attr_for_each_nested(claim, attr) {
				void *value = mnl_attr_get_payload(claim);

				switch (mnl_attr_get_type(claim)) {
				case LBX_CLAIM_IFNAME:
					snprintf(error->at, sizeof(error->at), "%s",
						 (char *)value);
					break;
				case LBX_CLAIM_ADDR4:
					inet_ntop(AF_INET, value, error->at,
						  sizeof(error->at));
					break;
				case LBX_CLAIM_ADDR6:
					inet_ntop(AF_INET6, value, error->at,
						  sizeof(error->at));
					break;
				}
			}
		}
	}
}

/* Parse NLMSG_ERROR, the answer to @request.  @claims: that is LBX_CMD_CLAIM_CHANGE */
static void parse_error(const struct nlmsghdr *answer,
			const struct nlmsghdr *request, bool claims,
			struct nl_error *error)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(answer);
	size_t skip = sizeof(*err);
	const struct nlattr *attr;

	nl_fail(error, to_errno(err->error), "%s", strerror(to_errno(err->error)));
	if (!(answer->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&err->msg);
	if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS) || !nl_has(answer, skip))
		return;

	mnl_attr_for_each(attr, answer, skip) {
		uint32_t offset;

		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(error->text, sizeof(error->text), "%.*s",
				 (int)mnl_attr_get_payload_len(attr),
				 (const char *)mnl_attr_get_payload(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			if (!nl_is(attr, MNL_TYPE_U32))
				break;
			offset = mnl_attr_get_u32(attr);
			if (claims)
				describe_claim(request, offset, error);
			break;
		}
	}
}

/* Open a socket.  @strict: the kernel honours the filters of a dump request */
static struct mnl_socket *open_sock(int protocol, bool strict, struct nl_error *error)
{
	struct mnl_socket *sock = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	int on = 1, size = 1 << 20;

	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		nl_fail(error, errno, "netlink socket: %s", strerror(errno));
		if (sock)
			mnl_socket_close(sock);
		return NULL;
	}
	/* For extended acks, and for requests with many claims */
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &on, sizeof(on));
	if (strict)
		mnl_socket_setsockopt(sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_SNDBUF, &size,
		   sizeof(size));
	return sock;
}

/* Close the sockets: the next request uses the current netns of the process. */
void nl_close(void)
{
	if (route_sock)
		mnl_socket_close(route_sock);
	if (claim_sock)
		mnl_socket_close(claim_sock);
	route_sock = NULL;
	claim_sock = NULL;
}

/**
 * nl_receive - receive from the kernel, as recv()
 * @sock: the socket
 * @buf: the buffer
 * @size: size of @buf
 *
 * A process with CAP_NET_ADMIN in the netns, such as the user of a container, can send
 * to any rtnetlink socket there.  Messages that are not from the kernel are ignored.
 *
 * Return: the length, or -1 with errno.
 */
ssize_t nl_receive(const struct mnl_socket *sock, void *buf, size_t size)
{
	struct sockaddr_nl from;
	socklen_t from_len;
	ssize_t len;

	do {
		from_len = sizeof(from);
		len = recvfrom(mnl_socket_get_fd(sock), buf, size, MSG_TRUNC,
			       (struct sockaddr *)&from, &from_len);
	} while (len >= 0 && (from_len != sizeof(from) || from.nl_pid));
	if (len > (ssize_t)size) {
		errno = ENOSPC;
		return -1;
	}
	return len;
}

/**
 * nl_drain - discard the pending events of a socket
 * @sock: the socket, which has reported ENOBUFS
 *
 * After an overrun the kernel drops all events, without another report, until the
 * socket is empty (NETLINK_S_CONGESTED in net/netlink/af_netlink.c).  Only state that
 * is read after that is complete.
 */
void nl_drain(const struct mnl_socket *sock)
{
	char byte;

	while (recv(mnl_socket_get_fd(sock), &byte, sizeof(byte), MSG_DONTWAIT) >= 0 ||
	       errno == ENOBUFS || errno == EINTR)
		;
}

/* A request and what its answers are for */
struct exchange {
	const struct nlmsghdr	*request;
	bool			claims;		/* it goes to the family "lbx" */
	mnl_cb_t		cb;		/* gets the data; may be NULL */
	void			*data;
	bool			interrupted;	/* a dump is inconsistent */
	bool			done;		/* no further answer follows */
};

/* Handle NLMSG_ERROR: an ack, or an error.  Return 0, or -1 with @error. */
static int take_ack(struct exchange *exchange, const struct nlmsghdr *answer,
		    struct nl_error *error)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(answer);

	if (!nl_has(answer, sizeof(*err))) {
		nl_fail(error, EBADMSG, "%s", strerror(EBADMSG));
		return -1;
	}
	if (err->error) {
		parse_error(answer, exchange->request, exchange->claims, error);
		return -1;
	}
	exchange->done = true;
	return 0;
}

/* Handle NLMSG_DONE, the end of a dump.  A dump that fails has its error there.  Return
 * 0, or -1 with @error.
 */
static int take_end(struct exchange *exchange, const struct nlmsghdr *answer,
		    struct nl_error *error)
{
	const int *err = mnl_nlmsg_get_payload(answer);

	if (nl_has(answer, sizeof(*err)) && *err < 0) {
		nl_fail(error, to_errno(*err), "%s", strerror(to_errno(*err)));
		return -1;
	}
	exchange->done = true;
	return 0;
}

/* Handle one message of the answer.  Return 0, or -1 with @error. */
static int take_answer(struct exchange *exchange, const struct nlmsghdr *answer,
		       struct nl_error *error)
{
	exchange->interrupted |= answer->nlmsg_flags & NLM_F_DUMP_INTR;
	if (answer->nlmsg_type == NLMSG_ERROR)
		return take_ack(exchange, answer, error);
	if (answer->nlmsg_type == NLMSG_DONE)
		return take_end(exchange, answer, error);
	if (answer->nlmsg_type < NLMSG_MIN_TYPE || !exchange->cb ||
	    exchange->cb(answer, exchange->data) != MNL_CB_ERROR)
		return 0;
	nl_fail(error, EBADMSG, "cannot parse the reply of the kernel");
	return -1;
}

/* Send a request, and read answers until the ack, the error or the end of a dump.  @cb
 * gets the data and can stop with MNL_CB_ERROR.  Return 0, or -1 with @error; its code
 * is EINTR if a dump was interrupted.
 */
static int exchange(struct mnl_socket *sock, struct nlmsghdr *nlh, mnl_cb_t cb,
		    void *data, struct nl_error *error)
{
	struct exchange state = {
		.request = nlh, .claims = sock == claim_sock, .cb = cb, .data = data,
	};
	unsigned int portid = mnl_socket_get_portid(sock);
	static char buf[BUF_SIZE];
	ssize_t len;

	if (!seq)
		seq = time(NULL);
	nlh->nlmsg_seq = ++seq;
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0) {
		nl_fail(error, errno, "netlink: %s", strerror(errno));
		return -1;
	}

	while (!state.done) {
		const struct nlmsghdr *answer = (const void *)buf;
		int left;

		len = nl_receive(sock, buf, sizeof(buf));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0) {
			nl_fail(error, errno, "netlink: %s", strerror(errno));
			return -1;
		}
		for (left = len; mnl_nlmsg_ok(answer, left) && !state.done;
		     answer = mnl_nlmsg_next(answer, &left))
			if (mnl_nlmsg_seq_ok(answer, seq) &&
			    mnl_nlmsg_portid_ok(answer, portid) &&
			    take_answer(&state, answer, error))
				return -1;
	}
	if (state.interrupted) {
		nl_fail(error, EINTR, "the list kept changing while it was read");
		return -1;
	}
	return 0;
}

/**
 * nl_get - send a request to rtnetlink and read its reply
 * @nlh: the request
 * @cb: called for the reply
 * @data: passed to @cb
 * @error: filled on failure
 *
 * Return: 0 or -1.
 */
int nl_get(struct nlmsghdr *nlh, mnl_cb_t cb, void *data, struct nl_error *error)
{
	if (!route_sock)
		route_sock = open_sock(NETLINK_ROUTE, false, error);
	if (!route_sock)
		return -1;
	nlh->nlmsg_flags |= NLM_F_ACK;
	return exchange(route_sock, nlh, cb, data, error);
}

/**
 * nl_dump - read a consistent dump
 * @protocol: NETLINK_ROUTE or NETLINK_GENERIC
 * @nlh: the request
 * @cb: called for each message
 * @restart: discards what @cb has collected, because the dump failed or is restarted
 *	after a change (NLM_F_DUMP_INTR)
 * @data: passed to @cb and @restart
 * @error: filled on failure
 *
 * Return: 0 or -1.
 */
int nl_dump(int protocol, struct nlmsghdr *nlh, mnl_cb_t cb,
	    void (*restart)(void *data), void *data, struct nl_error *error)
{
	bool strict = protocol == NETLINK_ROUTE && nlh->nlmsg_type == RTM_GETROUTE;
	int err = -1, i;

	nlh->nlmsg_flags |= NLM_F_DUMP;
	for (i = 0; i < DUMP_TRIES && err; i++) {
		struct mnl_socket *sock = open_sock(protocol, strict, error);

		if (!sock)
			return -1;
		err = exchange(sock, nlh, cb, data, error);
		mnl_socket_close(sock);
		if (err)
			restart(data);
		if (err && error->code != EINTR)
			break;
	}
	return err;
}

/* A generic netlink family */
struct family {
	int	id;
	int	group;	/* its first multicast group */
};

static int read_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *group, *value;
	struct family *family = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    nl_is(attr, MNL_TYPE_U16))
			family->id = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(group, attr)
			mnl_attr_for_each_nested(value, group)
				if (mnl_attr_get_type(value) == CTRL_ATTR_MCAST_GRP_ID &&
				    nl_is(value, MNL_TYPE_U32) && !family->group)
					family->group = mnl_attr_get_u32(value);
	}
	return MNL_CB_OK;
}

/**
 * nl_family - look up a generic netlink family
 * @name: its name
 * @group: set to the number of its first multicast group; may be NULL
 * @error: filled on failure
 *
 * Return: the number of the family, or -1.
 */
int nl_family(const char *name, int *group, struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_new_genl(GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
					   NLM_F_ACK);
	struct mnl_socket *sock = open_sock(NETLINK_GENERIC, false, error);
	struct family family = { .id = -1 };

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	if (sock) {
		if (exchange(sock, nlh, read_family, &family, error))
			family.id = -1;
		mnl_socket_close(sock);
	}
	free(nlh);
	if (group)
		*group = family.group;
	return family.id;
}

/* Send a request to the family "lbx". */
static int talk_lbx(struct nlmsghdr *nlh, struct nl_error *error)
{
	int id = nl_family(LBX_GENL_NAME, NULL, error), err;

	if (id < 0)
		return -1;
	if (!claim_sock)
		claim_sock = open_sock(NETLINK_GENERIC, false, error);
	if (!claim_sock)
		return -1;
	nlh->nlmsg_type = id;
	nlh->nlmsg_flags |= NLM_F_ACK;
	err = exchange(claim_sock, nlh, NULL, NULL, error);
	nlh->nlmsg_type = NL_LBX;
	return err;
}

/**
 * nl_talk - send a request to rtnetlink, or to the family "lbx" if its type is NL_LBX
 * @nlh: the request
 * @error: filled on failure
 *
 * Return: 0 or -1.
 */
int nl_talk(struct nlmsghdr *nlh, struct nl_error *error)
{
	return nlh->nlmsg_type == NL_LBX ? talk_lbx(nlh, error) :
					   nl_get(nlh, NULL, NULL, error);
}

/**
 * nl_listen - open a socket for the events of some groups
 * @protocol: NETLINK_ROUTE or NETLINK_GENERIC
 * @groups: the numbers of the groups
 * @n: how many
 * @sock: set to the socket; the caller closes it
 *
 * Return: 0 or -errno.
 */
int nl_listen(int protocol, const unsigned int *groups, size_t n,
	      struct mnl_socket **sock)
{
	size_t i;

	*sock = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!*sock || mnl_socket_bind(*sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	for (i = 0; i < n; i++)
		if (mnl_socket_setsockopt(*sock, NETLINK_ADD_MEMBERSHIP,
					  (void *)&groups[i], sizeof(*groups)) < 0)
			return -errno;
	return 0;
}
