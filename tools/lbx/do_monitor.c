// SPDX-License-Identifier: GPL-2.0-only
/*
 * lbx monitor: print each change of devices, addresses and claims
 *
 * rtnetlink sends the new state of a changed device, so the change is the difference
 * from the known state.  The family "lbx" sends each change of a claim.  After lost
 * events (ENOBUFS), the state is read again and the difference is printed.
 *
 * The events arrive on two sockets, and nothing orders one against the other.  Claims
 * are read first, because the kernel reports the claims of a deleted device before the
 * device itself.  Claims of an unknown device are ignored; all of them are read when
 * the device becomes known.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "commands.h"
#include "out.h"

#define BUF_SIZE	(1 << 17)

/* struct args: timestamp */
static int timestamp;

/* Print an event, such as "device pg added", with further text.  Frees @more. */
static void report(const char *what, const char *change, const char *dev,
		   const char *text, json_t *more)
{
	char buf[TIME_STRLEN];
	json_t *event;

	if (options.json) {
		event = json_pack("{s:s, s:s, s:o}", "event", what, "change", change,
				  "dev", json_text(dev));
		if (timestamp)
			json_object_set_new(event, "timestamp",
					    json_string(short_time(buf)));
		if (more)
			json_object_update(event, more);
		json_decref(more);
		out_json(event);
		return;
	}
	json_decref(more);
	text_time(timestamp);
	if (!strcmp(what, "device"))
		printf("device %s %s%s%s\n", dev, change, *text ? ": " : "", text);
	else
		printf("%s %s %s dev %s\n", what, text, change, dev);
}

static void report_settings(const struct dev *was, const struct dev *is)
{
	bool all = !was;
	json_t *more = json_object();
	char text[128];
	size_t n = 0;

	*text = '\0';
	if (!all && strcmp(was->name, is->name)) {
		n += snprintf(text + n, sizeof(text) - n, "name was %s ", was->name);
		json_object_set_new(more, "was", json_text(was->name));
	}
	if (all || was->up != is->up) {
		n += snprintf(text + n, sizeof(text) - n, "%s ",
			      is->up ? "up" : "down");
		json_set_state(more, is);
	}
	if (all || was->mtu != is->mtu) {
		n += snprintf(text + n, sizeof(text) - n, "mtu %u ", is->mtu);
		json_object_set_new(more, "mtu", json_integer(is->mtu));
	}
	if (all || was->direct != is->direct) {
		n += snprintf(text + n, sizeof(text) - n, "direct %s ",
			      is->direct ? "on" : "off");
		json_object_set_new(more, "direct", json_boolean(is->direct));
	}
	if (all || was->isolate != is->isolate) {
		n += snprintf(text + n, sizeof(text) - n, "isolate %s ",
			      is->isolate ? "on" : "off");
		json_object_set_new(more, "isolate", json_boolean(is->isolate));
	}
	if (!n) {
		json_decref(more);
		return;
	}
	text[n - 1] = '\0';
	report("device", all ? "added" : "changed", is->name, text, more);
}

static void report_addrs(const struct prefixes *list, const struct prefixes *others,
			 const char *change, const char *dev)
{
	char buf[PREFIX_STRLEN];
	size_t i;

	for (i = 0; i < list->n; i++)
		if (!contains(others, &list->item[i]))
			report("address", change, dev,
			       prefix_text(&list->item[i], buf),
			       json_prefix(&list->item[i]));
}

/* Both lists must be sorted. */
static void report_claims(const struct targets *list, const struct targets *others,
			  const char *change, const char *dev)
{
	const struct target *other;
	char buf[PREFIX_STRLEN];
	size_t i;

	for (i = 0; i < list->n; i++) {
		const struct target *target = &list->item[i];

		other = others->n ? bsearch(target, others->item, others->n,
					    sizeof(*target), compare_targets) : NULL;
		if (!other)
			report("claim", change, dev, target_text(target, buf),
			       json_target(target));
		else if (!strcmp(change, "added") && other->waits != target->waits)
			report("claim", target->waits ? "waits" : "works", dev,
			       target_text(target, buf), json_target(target));
	}
}

static void sort_claims(struct dev *dev)
{
	if (dev->claims.n)
		qsort(dev->claims.item, dev->claims.n, sizeof(struct target),
		      compare_targets);
}

static void report_all(const struct dev *was, const struct dev *is)
{
	static const struct dev nothing;

	report_settings(was, is);
	was = was ?: &nothing;
	report_addrs(&was->addrs, &is->addrs, "deleted", is->name);
	report_addrs(&is->addrs, &was->addrs, "added", is->name);
	report_claims(&was->claims, &is->claims, "deleted", is->name);
	report_claims(&is->claims, &was->claims, "added", is->name);
}

static int get_all(struct devs *devs, struct nl_error *error)
{
	size_t i;

	if (devs_get(devs, DEV_ADDRS | DEV_CLAIMS, error))
		return -1;
	for (i = 0; i < devs->n; i++)
		sort_claims(&devs->item[i]);
	return 0;
}

/* Print the differences from @known, and update it. */
static int resync(struct devs *known, struct nl_error *error)
{
	struct devs now;
	size_t i;

	if (get_all(&now, error))
		return -1;
	for (i = 0; i < known->n; i++)
		if (!devs_find_index(&now, known->item[i].index))
			report("device", "deleted", known->item[i].name, "", NULL);
	for (i = 0; i < now.n; i++)
		report_all(devs_find_index(known, now.item[i].index), &now.item[i]);
	devs_free(known);
	*known = now;
	return 0;
}

/* Handle a new or changed device.  Takes ownership of @is. */
static int link_changed(struct devs *known, struct dev *is, struct nl_error *error)
{
	struct dev *was = devs_find_index(known, is->index);

	if (was) {
		/* other messages report addresses and claims */
		list_free(&is->claims);
		is->addrs = was->addrs;
		is->claims = was->claims;
		report_settings(was, is);
		*was = *is;
		return 0;
	}
	if (dev_get_claims(is, error)) {
		dev_free(is);
		return -1;
	}
	sort_claims(is);
	report_all(NULL, is);
	list_add(known, *is);
	return 0;
}

/* Return the index of a target in a sorted list, or the index at which to insert it. */
static size_t place_of(const struct targets *claims, const struct target *target)
{
	size_t from = 0, to = claims->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare_targets(&claims->item[middle], target) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void insert_claim(struct targets *claims, const struct target *target)
{
	size_t at = place_of(claims, target);

	list_add(claims, *target);
	memmove(&claims->item[at + 1], &claims->item[at],
		(claims->n - 1 - at) * sizeof(*target));
	claims->item[at] = *target;
}

/* Remove a claim from the known state.  Return the device that had it, or NULL. */
static struct dev *forget_claim(struct devs *known, const struct target *target,
				struct target *was)
{
	size_t i, at;

	for (i = 0; i < known->n; i++) {
		struct targets *claims = &known->item[i].claims;

		at = place_of(claims, target);
		if (at == claims->n || compare_targets(&claims->item[at], target))
			continue;
		*was = claims->item[at];
		claims->n--;
		memmove(&claims->item[at], &claims->item[at + 1],
			(claims->n - at) * sizeof(*was));
		return &known->item[i];
	}
	return NULL;
}

static void claim_changed(struct devs *known, int cmd, int index,
			  const struct target *target)
{
	struct dev *dev = devs_find_index(known, index), *had;
	struct target was = { };
	char buf[PREFIX_STRLEN];
	const char *text;

	if (!dev)
		return;
	text = target_text(target, buf);
	had = forget_claim(known, target, &was);
	if (had && (cmd == LBX_CMD_CLAIM_DEL_NTF || had != dev))
		report("claim", "deleted", had->name, text, json_target(target));
	if (cmd == LBX_CMD_CLAIM_DEL_NTF)
		return;
	insert_claim(&dev->claims, target);
	if (had != dev)
		report("claim", "added", dev->name, text, json_target(target));
	else if (was.waits != target->waits)
		report("claim", target->waits ? "waits" : "works", dev->name, text,
		       json_target(target));
}

static void link_deleted(struct devs *known, int index)
{
	struct dev *dev = devs_find_index(known, index);

	if (!dev)
		return;
	report("device", "deleted", dev->name, "", NULL);
	dev_free(dev);
	*dev = known->item[--known->n];
}

static void addr_changed(struct devs *known, int type, int index,
			 const struct prefix *prefix)
{
	struct dev *dev = devs_find_index(known, index);
	const char *change = NULL;
	char buf[PREFIX_STRLEN];
	size_t i;

	if (!dev)
		return;
	for (i = 0; i < dev->addrs.n; i++)
		if (same_prefix(&dev->addrs.item[i], prefix))
			break;
	if (type == RTM_NEWADDR && i == dev->addrs.n) {
		change = "added";
		list_add(&dev->addrs, *prefix);
	} else if (type == RTM_DELADDR && i < dev->addrs.n) {
		change = "deleted";
		dev->addrs.item[i] = dev->addrs.item[--dev->addrs.n];
	}
	if (change)
		report("address", change, dev->name, prefix_text(prefix, buf),
		       json_prefix(prefix));
}

static int handle(const struct nlmsghdr *nlh, struct devs *known,
		  struct nl_error *error)
{
	struct prefix prefix;
	struct dev dev;
	int index;

	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
		return dev_parse(nlh, &dev) ? link_changed(known, &dev, error) : 0;
	case RTM_DELLINK:
		/* the kind may be missing, for example in a bridge's message */
		dev_parse(nlh, &dev);
		dev_free(&dev);
		link_deleted(known, dev.index);
		return 0;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (addr_parse(nlh, &index, &prefix))
			addr_changed(known, nlh->nlmsg_type, index, &prefix);
		return 0;
	}
	return 0;
}

static int handle_claim(const struct nlmsghdr *nlh, struct devs *known,
			struct nl_error *error)
{
	struct target target;
	int index, cmd;

	(void)error;
	cmd = claim_parse(nlh, &index, &target);
	if (cmd == LBX_CMD_CLAIM_NEW_NTF || cmd == LBX_CMD_CLAIM_DEL_NTF)
		claim_changed(known, cmd, index, &target);
	return 0;
}

typedef int handler_t(const struct nlmsghdr *nlh, struct devs *known,
		      struct nl_error *error);

/* Read the pending events of a socket once, and print them.  Return 0, or -1 with
 * @error.
 */
static int read_events(struct mnl_socket *sock, handler_t *handler, struct devs *known,
		       struct nl_error *error)
{
	static char buf[BUF_SIZE];
	const struct nlmsghdr *nlh = (const void *)buf;
	ssize_t len;
	int left;

	len = nl_receive(sock, buf, sizeof(buf));
	if (len < 0 && errno == ENOBUFS) {
		nl_drain(sock);
		say("notifications were lost; the changes since then follow");
		return resync(known, error);
	}
	if (len < 0 && errno != EINTR) {
		nl_fail(error, errno, "netlink: %s", strerror(errno));
		return -1;
	}
	for (left = len; len > 0 && mnl_nlmsg_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left))
		if (handler(nlh, known, error))
			return -1;
	return 0;
}

static int wait_events(struct mnl_socket *links, struct mnl_socket *claims,
		       struct devs *known, struct nl_error *error)
{
	struct pollfd fds[] = {
		{ .fd = mnl_socket_get_fd(claims), .events = POLLIN },
		{ .fd = mnl_socket_get_fd(links), .events = POLLIN },
	};

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
		if (errno == EINTR)
			return 0;
		nl_fail(error, errno, "poll: %s", strerror(errno));
		return -1;
	}
	if (fds[0].revents)
		return read_events(claims, handle_claim, known, error);
	/* claims that arrived since the poll are handled before links */
	if (poll(fds, 1, 0) > 0)
		return read_events(claims, handle_claim, known, error);
	return read_events(links, handle, known, error);
}

/* Subscribe to the family "lbx".  Return the socket, or NULL with @error. */
static struct mnl_socket *listen_claims(struct nl_error *error)
{
	struct mnl_socket *sock;
	unsigned int group;
	int number, err;

	if (nl_family(LBX_GENL_NAME, &number, error) < 0)
		return NULL;
	group = number;
	err = nl_listen(NETLINK_GENERIC, &group, 1, &sock);
	if (!err)
		return sock;
	nl_fail(error, -err, "netlink socket: %s", strerror(-err));
	return NULL;
}

int do_monitor(struct args *args)
{
	static const unsigned int groups[] = {
		RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	};
	struct mnl_socket *links, *claims;
	struct nl_error error;
	struct devs known;
	int err, status;

	timestamp = args->timestamp;
	err = nl_listen(NETLINK_ROUTE, groups, ARRAY_SIZE(groups), &links);
	if (err) {
		nl_fail(&error, -err, "netlink socket: %s", strerror(-err));
		return refused("monitor", &error);
	}
	claims = listen_claims(&error);
	/* after the sockets are open, so that no event is lost */
	err = get_all(&known, &error);
	if (err || !claims) {
		if (!err)
			devs_free(&known);
		status = refused("monitor", &error);
		goto close;
	}
	/* Users of the events need to know when the monitor is ready */
	setvbuf(stdout, NULL, _IOLBF, 0);
	say("watching %zu device%s", known.n, known.n == 1 ? "" : "s");

	do
		status = wait_events(links, claims, &known, &error) ?
			 refused("monitor", &error) : out_end();
	while (!status);
	devs_free(&known);
close:
	mnl_socket_close(links);
	if (claims)
		mnl_socket_close(claims);
	return status;
}
