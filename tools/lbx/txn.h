/* SPDX-License-Identifier: GPL-2.0-only */
/* Transactions: several changes, completely or not at all; see txn.c */
#ifndef TXN_H
#define TXN_H

#include <net/if.h>

#include "cmd.h"
#include "dev.h"
#include "nl.h"

/* IPv6 leaves a device with a smaller MTU (RFC 8200) */
#define IP6_MTU_MIN	1280

/**
 * struct step - a change
 * @todo: the request
 * @undo: the request that undoes it, or NULL
 * @dev: the device of the change
 * @partly: a refused request may have been done in part
 * @route: the destination, if the change is about a route
 */
struct step {
	struct nlmsghdr	*todo;
	struct nlmsghdr	*undo;
	char		dev[IFNAMSIZ];
	bool		partly;
	struct prefix	route;
};

/**
 * struct txn - a transaction: changes in their order
 * @item: the changes
 * @n: number of changes
 * @lock: held until txn_end(), or -1
 */
struct txn {
	struct step	*item;
	size_t		n;
	int		lock;
};

/**
 * struct wanted - wanted state of a device
 * @name: its name
 * @up: true if it should be up
 * @direct: IFLA_LBX_DIRECT
 * @isolate: IFLA_LBX_ISOLATE
 * @mtu: the MTU in bytes
 * @addrs: its addresses, without those that it gets automatically
 * @claims: its claims
 * @routes: local routes that name it
 */
struct wanted {
	char		name[IFNAMSIZ];
	bool		up;
	bool		direct;
	bool		isolate;
	uint32_t	mtu;
	struct prefixes	addrs;
	struct targets	claims;
	struct local_routes routes;
};

/* do_dev.c */
struct wanted wanted_new(const struct args *args);

/* txn.c */
void txn_begin(struct txn *txn);
void txn_add(struct txn *txn, const char *dev, struct nlmsghdr *todo,
	     struct nlmsghdr *undo);
int txn_commit(struct txn *txn, const char **what, struct nl_error *error);
void txn_end(struct txn *txn);

void plan_removals(struct txn *txn, const struct dev *is,
		   const struct wanted *wanted);
void plan_dev(struct txn *txn, const struct dev *is, const struct wanted *wanted);
void plan_claims(struct txn *txn, const char *dev, int type,
		 const struct targets *targets);

#endif /* TXN_H */
