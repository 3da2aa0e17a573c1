/* SPDX-License-Identifier: GPL-2.0-only */
/* Which way a packet takes, by the kernel's own lookup; see route.c */
#ifndef ROUTE_H
#define ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "dev.h"
#include "nl.h"
#include "util.h"

/**
 * struct route - what a lookup has found
 * @type: RTN_*
 * @table: the routing table it is in
 * @dev: the device that packets go to
 * @match: the destination of the route
 * @owner: the device of that route: for a local one, whose address it is
 */
struct route {
	int		type;
	uint32_t	table;
	char		dev[IFNAMSIZ];
	struct prefix	match;
	char		owner[IFNAMSIZ];
};

/**
 * struct rule - a routing policy rule
 * @pref: its priority
 * @table: the table that it looks up, 0 if it does something else
 * @selective: it is for some packets only, by more than their destination
 */
struct rule {
	uint32_t	pref;
	uint32_t	table;
	bool		selective;
};

struct rules {
	struct rule	*item;
	size_t		n;
};

/**
 * struct verdict - which device should carry a packet, by what the kernel has been told
 * @dev: the device
 * @why: the reason
 * @claim: the claim that is the reason, or NULL
 */
struct verdict {
	const char		*dev;
	const char		*why;
	const struct target	*claim;
};

int route_get(const struct prefix *addr, int scope, struct route *route,
	      struct nl_error *error);
bool route_is_local(const struct route *route);
struct verdict route_judge(const struct devs *devs, const struct prefix *addr,
			   const struct route *route);
int rules_get(int family, struct rules *rules, struct nl_error *error);
const char *table_text(uint32_t table, char *buf);
const char *type_text(int type);

#endif /* ROUTE_H */
