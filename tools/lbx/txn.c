// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transactions: several changes, completely or not at all.  rtnetlink handles one
 * request at a time and has no transactions over several.  Therefore each step has a
 * request that undoes it.  If a step is refused, the earlier steps are undone, the last
 * one first.
 *
 * The steps depend on state that no other lbx may change meanwhile: a lock is held from
 * before the state is read.  Signals are blocked until everything is done or undone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>

#include "txn.h"

#define LOCK_FILE	"/run/lbx.lock"

/**
 * txn_begin - start a transaction
 * @txn: end it with txn_end()
 *
 * Waits until no other process has a transaction.
 */
void txn_begin(struct txn *txn)
{
	memset(txn, 0, sizeof(*txn));
	/* A process that may not lock may not change anything either, or has no /run */
	txn->lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (txn->lock >= 0)
		while (flock(txn->lock, LOCK_EX) && errno == EINTR)
			;
}

/**
 * txn_add - add a step
 * @txn: the transaction
 * @dev: the device of the step; unless the requests are about links, its index is set in
 *	both when they are sent
 * @todo: the request; takes ownership
 * @undo: the request that undoes it, likewise; NULL if it needs none
 */
void txn_add(struct txn *txn, const char *dev, struct nlmsghdr *todo,
	     struct nlmsghdr *undo)
{
	struct step step = { .todo = nl_copy(todo),
			     .undo = undo ? nl_copy(undo) : NULL };

	strcpy(step.dev, dev);
	free(todo);
	free(undo);
	list_add(txn, step);
}

/* A link is identified by IFLA_IFNAME, an address or a route by the index of its
 * device, which may be new.
 */
static int send_step(const struct step *step, struct nlmsghdr *nlh,
		     struct nl_error *error)
{
	uint32_t index = 1;

	if (nlh->nlmsg_type == RTM_NEWADDR || nlh->nlmsg_type == RTM_DELADDR) {
		struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);

		index = if_nametoindex(step->dev);
		ifa->ifa_index = index;
	} else if (nlh->nlmsg_type == RTM_NEWROUTE || nlh->nlmsg_type == RTM_DELROUTE) {
		struct nlattr *oif = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct rtmsg));

		index = if_nametoindex(step->dev);
		memcpy(mnl_attr_get_payload(oif), &index, sizeof(index));
	}
	if (!index) {
		nl_fail(error, ENODEV, "device \"%s\" was deleted meanwhile", step->dev);
		return -1;
	}
	return nl_talk(nlh, error);
}

/* Improve errors for which the kernel reports too little. */
static void explain(const struct step *step, struct nl_error *error)
{
	struct prefix prefix;
	int index;

	switch (step->todo->nlmsg_type) {
	case RTM_NEWLINK:
		if (error->code == EEXIST && step->todo->nlmsg_flags & NLM_F_CREATE)
			nl_fail(error, EEXIST, "a device of that name already exists");
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (addr_parse(step->todo, &index, &prefix))
			prefix_text(&prefix, error->at);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		prefix_text(&step->route, error->at);
		break;
	}
}

/* Return true if a step may have been done although the kernel refused it, or had no
 * memory to answer (netlink_ack()).  To undo a step that was not done is harmless,
 * except for a new device: the name may belong to a device that is not an lbx device.
 */
static bool may_be_done(const struct step *step, const struct nl_error *error)
{
	struct nl_error ignored;

	if (step->partly)
		return true;
	if (error->code != ENOBUFS)
		return false;
	if (step->todo->nlmsg_type != RTM_NEWLINK ||
	    !(step->todo->nlmsg_flags & NLM_F_CREATE))
		return true;
	/* It did not exist when this was planned */
	return dev_exists(step->dev, &ignored) > 0;
}

/* Undo a step.  @is_done: it has been done; otherwise it may have been, and its undo
 * may fail.
 */
static void undo_step(const struct step *step, bool is_done)
{
	struct nl_error error;

	if (!step->undo || !send_step(step, step->undo, &error))
		return;
	if (is_done || error.code == ENOMEM || error.code == ENOBUFS)
		say("%s: cannot roll back: %s%s%s", step->dev, error.at,
		    *error.at ? ": " : "", error.text);
}

/**
 * txn_commit - make all the changes, or none
 * @txn: the transaction
 * @what: set to the name of the device at which it failed
 * @error: filled on failure; if a step cannot be undone, stderr says so
 *
 * Return: 0 or -1.
 */
int txn_commit(struct txn *txn, const char **what, struct nl_error *error)
{
	sigset_t all, old;
	int err = 0;
	size_t i;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (i = 0; i < txn->n; i++) {
		err = send_step(&txn->item[i], txn->item[i].todo, error);
		if (err)
			break;
	}
	if (err) {
		*what = *error->dev ? error->dev : txn->item[i].dev;
		explain(&txn->item[i], error);
		if (may_be_done(&txn->item[i], error))
			undo_step(&txn->item[i], txn->item[i].partly);
		while (i-- > 0)
			undo_step(&txn->item[i], true);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

/* Free the steps and release the lock. */
void txn_end(struct txn *txn)
{
	size_t i;

	for (i = 0; i < txn->n; i++) {
		free(txn->item[i].todo);
		free(txn->item[i].undo);
	}
	list_free(txn);
	if (txn->lock >= 0)
		close(txn->lock);
	txn->lock = -1;
}

/* Append a change: LBX_A_NEW or LBX_A_DEL. */
static void put_change(struct nlmsghdr *nlh, int type, const char *dev,
		       const struct target *target)
{
	struct nlattr *change = mnl_attr_nest_start(nlh, type);

	mnl_attr_put_strz(nlh, LBX_A_IFNAME, dev);
	put_claim(nlh, LBX_A_CLAIM, target);
	/* if it exists now, another program added it after the claims were read */
	if (type == LBX_A_NEW)
		mnl_attr_put_u32(nlh, LBX_A_FLAGS, LBX_F_EXCL);
	mnl_attr_nest_end(nlh, change);
}

/* Return the last step if it can take one more change of this type, or else a new step.
 * A step has changes of one type only: to undo both types, the changes would have to be
 * in reverse order.
 */
static struct step *claims_step(struct txn *txn, const char *dev, int type)
{
	struct step *step = txn->n ? &txn->item[txn->n - 1] : NULL;
	struct step fresh = { };

	if (step && step->todo->nlmsg_type == NL_LBX &&
	    step->todo->nlmsg_len < NL_ROOM && step->undo->nlmsg_len < NL_ROOM &&
	    mnl_attr_get_type(mnl_nlmsg_get_payload_offset(step->todo,
							   sizeof(struct genlmsghdr))) == type)
		return step;
	fresh.todo = nl_new_genl(NL_LBX, LBX_CMD_CLAIM_CHANGE, 0);
	fresh.undo = nl_new_genl(NL_LBX, LBX_CMD_CLAIM_CHANGE, 0);
	strcpy(fresh.dev, dev);
	list_add(txn, fresh);
	return &txn->item[txn->n - 1];
}

/**
 * plan_claims - add or remove claims
 * @txn: the transaction
 * @dev: the lbx device
 * @type: LBX_A_NEW or LBX_A_DEL
 * @targets: the targets; with waits, a target does not have to exist
 *
 * Consecutive claims, of any devices, become one request, which the kernel handles as a
 * whole.
 */
void plan_claims(struct txn *txn, const char *dev, int type,
		 const struct targets *targets)
{
	size_t i;

	for (i = 0; i < targets->n; i++) {
		struct step *step = claims_step(txn, dev, type);
		struct target again = targets->item[i];

		put_change(step->todo, type, dev, &targets->item[i]);
		/* undo restores a claim even if its target no longer exists */
		again.waits = true;
		put_change(step->undo, type == LBX_A_NEW ? LBX_A_DEL : LBX_A_NEW, dev,
			   &again);
	}
}

static void plan_addr(struct txn *txn, const char *dev, bool add,
		      const struct prefix *prefix)
{
	struct nlmsghdr *there = addr_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
					      prefix);
	struct nlmsghdr *gone = addr_request(RTM_DELADDR, 0, prefix);

	txn_add(txn, dev, add ? there : gone, add ? gone : there);
}

/* Return true if a removal also removes other addresses.  The first IPv4 address of a
 * subnet takes the later ones with it (promote_secondaries).
 */
static bool all_ip4_go(const struct dev *is, const struct wanted *wanted)
{
	size_t i;

	for (i = 0; i < is->addrs.n; i++)
		if (is->addrs.item[i].family == AF_INET &&
		    !contains(&wanted->addrs, &is->addrs.item[i]))
			return true;
	return false;
}

/* Return true if the kernel removes the address by itself when the settings change.
 * Such an address is removed first, so that it can be added again or restored by undo.
 */
static bool settings_take(const struct dev *is, const struct wanted *wanted,
			  const struct prefix *addr)
{
	if (addr->family != AF_INET6)
		return false;
	return (is->mtu >= IP6_MTU_MIN && wanted->mtu < IP6_MTU_MIN) ||
	       (is->up && !wanted->up &&
		IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)addr->addr));
}

static bool addr_goes(const struct dev *is, const struct wanted *wanted,
		      const struct prefix *addr)
{
	if (is_auto_addr(addr))
		return false;
	return !contains(&wanted->addrs, addr) || settings_take(is, wanted, addr) ||
	       (addr->family == AF_INET && all_ip4_go(is, wanted));
}

/* Put those of @all that are not in @others into @rest.  A sorted copy makes the lookup
 * fast for thousands of claims.
 */
static void subtract(const struct targets *all, const struct targets *others,
		     struct targets *rest)
{
	struct targets sorted = { };
	size_t i;

	for (i = 0; i < others->n; i++)
		list_add(&sorted, others->item[i]);
	if (sorted.n)
		qsort(sorted.item, sorted.n, sizeof(*sorted.item), compare_targets);
	for (i = 0; i < all->n; i++)
		if (!sorted.n || !bsearch(&all->item[i], sorted.item, sorted.n,
					  sizeof(*sorted.item), compare_targets))
			list_add(rest, all->item[i]);
	list_free(&sorted);
}

static bool has_route(const struct local_routes *list, const struct local_route *route)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (same_route(&list->item[i], route))
			return true;
	return false;
}

/* The kernel removes all routes of a device that goes down, IPv4 routes with the last
 * IPv4 address (fib_inetaddr_event()), and IPv6 routes with IPv6.
 */
static bool route_goes(const struct dev *is, const struct wanted *wanted,
		       const struct local_route *route)
{
	if (!has_route(&wanted->routes, route) || (is->up && !wanted->up))
		return true;
	return route->dst.family == AF_INET ? all_ip4_go(is, wanted) :
	       is->mtu >= IP6_MTU_MIN && wanted->mtu < IP6_MTU_MIN;
}

static void plan_route(struct txn *txn, const char *dev, bool add,
		       const struct local_route *route)
{
	struct nlmsghdr *there = route_request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
					       route);
	struct nlmsghdr *gone = route_request(RTM_DELROUTE, 0, route);

	txn_add(txn, dev, add ? there : gone, add ? gone : there);
	txn->item[txn->n - 1].route = route->dst;
}

/**
 * plan_removals - remove what a device should no longer have
 * @txn: the transaction
 * @is: the current state
 * @wanted: the wanted state
 *
 * Call it for all devices before plan_dev() for any of them, so that an address or a
 * claim can move from one device to another.
 */
void plan_removals(struct txn *txn, const struct dev *is,
		   const struct wanted *wanted)
{
	struct targets gone = { };
	size_t i;

	subtract(&is->claims, &wanted->claims, &gone);
	plan_claims(txn, is->name, LBX_A_DEL, &gone);
	list_free(&gone);

	for (i = is->routes.n; i-- > 0;)
		if (route_goes(is, wanted, &is->routes.item[i]))
			plan_route(txn, is->name, false, &is->routes.item[i]);

	/* Last first, so that undo restores the order */
	for (i = is->addrs.n; i-- > 0;)
		if (addr_goes(is, wanted, &is->addrs.item[i]))
			plan_addr(txn, is->name, false, &is->addrs.item[i]);
}

static struct nlmsghdr *settings_request(const char *name, int flags, bool up,
					 uint32_t mtu, bool direct, bool isolate)
{
	struct nlmsghdr *nlh = dev_new_request(name, flags);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct nlattr *info = dev_data_start(nlh);

	ifi->ifi_flags = up ? IFF_UP : 0;
	ifi->ifi_change = IFF_UP;
	mnl_attr_put_u8(nlh, IFLA_LBX_DIRECT, direct);
	mnl_attr_put_u8(nlh, IFLA_LBX_ISOLATE, isolate);
	dev_data_end(nlh, info);
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	return nlh;
}

/**
 * plan_dev - create or change a device, after plan_removals()
 * @txn: the transaction
 * @is: the current state, or NULL for a new device
 * @wanted: the wanted state
 */
void plan_dev(struct txn *txn, const struct dev *is, const struct wanted *wanted)
{
	struct targets missing = { };
	struct nlmsghdr *undo;
	size_t i;

	if (!is || is->up != wanted->up || is->mtu != wanted->mtu ||
	    is->direct != wanted->direct || is->isolate != wanted->isolate) {
		undo = is ? settings_request(is->name, 0, is->up, is->mtu,
					     is->direct, is->isolate) :
			    dev_del_request(wanted->name);
		txn_add(txn, wanted->name,
			settings_request(wanted->name,
					 is ? 0 : NLM_F_CREATE | NLM_F_EXCL,
					 wanted->up, wanted->mtu,
					 wanted->direct, wanted->isolate), undo);
		/* do_setlink() applies one attribute after the other; a device that
		 * cannot be created does not exist
		 */
		txn->item[txn->n - 1].partly = is;
	}

	for (i = 0; i < wanted->addrs.n; i++)
		if (!is || !contains(&is->addrs, &wanted->addrs.item[i]) ||
		    addr_goes(is, wanted, &wanted->addrs.item[i]))
			plan_addr(txn, wanted->name, true, &wanted->addrs.item[i]);

	for (i = 0; i < wanted->routes.n; i++)
		if (!is || !has_route(&is->routes, &wanted->routes.item[i]) ||
		    route_goes(is, wanted, &wanted->routes.item[i]))
			plan_route(txn, wanted->name, true, &wanted->routes.item[i]);

	if (is)
		subtract(&wanted->claims, &is->claims, &missing);
	plan_claims(txn, wanted->name, LBX_A_NEW,
		    is ? &missing : &wanted->claims);
	list_free(&missing);
}
