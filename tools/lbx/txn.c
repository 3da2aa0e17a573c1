// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several changes, all of them or none.  rtnetlink does one request at a time and
 * knows no transaction over several, so each step has a request that takes it
 * back: when one is refused, those before it are undone, the last one first.
 *
 * What is read to know the steps must not be changed by another lbx meanwhile: a
 * lock is held from before it is read.  Signals wait until all is done or undone.
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
 * txn_begin - begin to plan changes
 * @txn: to be ended by txn_end()
 *
 * Waits for others who have begun and not ended.
 */
void txn_begin(struct txn *txn)
{
	memset(txn, 0, sizeof(*txn));
	/* Who may not lock may not change anything either, or has no /run */
	txn->lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (txn->lock >= 0)
		while (flock(txn->lock, LOCK_EX) && errno == EINTR)
			;
}

/**
 * txn_add - one more step
 * @txn: the transaction
 * @dev: the device that it is about; its index is put into both requests when they
 *	are sent, if they are not about links
 * @todo: the request, which is taken over
 * @undo: the request that takes it back, likewise; NULL if it need not be
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

/* Links are found by IFLA_IFNAME, addresses and routes by the index of a device that may
 * have been made a moment ago
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
		nl_fail(error, ENODEV, "there is no device %s any more", step->dev);
		return -1;
	}
	return nl_talk(nlh, error);
}

/* Where the kernel says too little */
static void explain(const struct step *step, struct nl_error *error)
{
	struct prefix prefix;
	int index;

	switch (step->todo->nlmsg_type) {
	case RTM_NEWLINK:
		if (error->code == EEXIST && step->todo->nlmsg_flags & NLM_F_CREATE)
			nl_fail(error, EEXIST, "there is a device of that name already");
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

/* Has a step been done that the kernel has refused, or had no memory to answer
 * (netlink_ack())?  To undo what was not done does no harm, but for a new device: of that
 * name there may be one that is no lbx device.
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
	/* It was not there when this was planned */
	return dev_exists(step->dev, &ignored) > 0;
}

/* @is_done: it has been done, else it may have been, and then its undo may be refused */
static void undo_step(const struct step *step, bool is_done)
{
	struct nl_error error;

	if (!step->undo || !send_step(step, step->undo, &error))
		return;
	if (is_done || error.code == ENOMEM || error.code == ENOBUFS)
		say("%s: cannot be put back as it was: %s%s%s", step->dev, error.at,
		    *error.at ? ": " : "", error.text);
}

/**
 * txn_commit - make all the changes, or none
 * @txn: the transaction
 * @what: where the name of the device goes at which it failed
 * @error: filled if it fails; what then cannot be undone is told on stderr
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

/* Forgets the steps and lets others begin */
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

/* One more change: LBX_A_NEW or LBX_A_DEL */
static void put_change(struct nlmsghdr *nlh, int type, const char *dev,
		       const struct target *target)
{
	struct nlattr *change = mnl_attr_nest_start(nlh, type);

	mnl_attr_put_strz(nlh, LBX_A_IFNAME, dev);
	put_claim(nlh, LBX_A_CLAIM, target);
	/* one that exists is somebody else's work since the claims were read */
	if (type == LBX_A_NEW)
		mnl_attr_put_u32(nlh, LBX_A_FLAGS, LBX_F_EXCL);
	mnl_attr_nest_end(nlh, change);
}

/* The last step if it can take one more change of this type, else a new one.  Not one of
 * both types: to undo that, its changes would have to be in the opposite order.
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
 * plan_claims - claim, or give back
 * @txn: the transaction
 * @dev: the lbx device
 * @type: LBX_A_NEW or LBX_A_DEL
 * @targets: what; with waits, also if it is not there now
 *
 * Claims that are planned one after the other are one request, which the kernel does as a
 * whole, whichever devices they are about.
 */
void plan_claims(struct txn *txn, const char *dev, int type,
		 const struct targets *targets)
{
	size_t i;

	for (i = 0; i < targets->n; i++) {
		struct step *step = claims_step(txn, dev, type);
		struct target again = targets->item[i];

		put_change(step->todo, type, dev, &targets->item[i]);
		/* what has been claimed is claimed again in any case */
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

/* Does removing it remove others too?  The first IPv4 address of a subnet takes
 * those after it along (promote_secondaries).
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

/* Would the kernel remove it by itself as the settings change?  To have it put back, or
 * there nevertheless, it is removed before.
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

/* Of @all, those that are not in @others, into @rest.  With thousands of them, each is
 * looked up in a sorted copy.
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

/* The kernel removes routes of a device that goes down, those of IPv4 with its last address
 * (fib_inetaddr_event()), and those of IPv6 with IPv6
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
 * plan_removals - remove what a device is not to have
 * @txn: the transaction
 * @is: how it is
 * @wanted: how it is to be
 *
 * For all devices before plan_dev() for any, so that an address or a claim can move
 * from one to the other.
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

	/* The last first: undone, they are in their order again */
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
 * plan_dev - make a device, or change it, after plan_removals()
 * @txn: the transaction
 * @is: how it is, or NULL if there is none
 * @wanted: how it is to be
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
		/* do_setlink() goes on from one attribute to the next; what fails to
		 * be made is not there
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
