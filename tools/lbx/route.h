/* SPDX-License-Identifier: GPL-2.0-only */
/* The route of a packet, from the kernel's own lookup; see route.c */
#ifndef ROUTE_H
#define ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "dev.h"
#include "nl.h"
#include "util.h"

/**
 * struct route - the result of a lookup
 * @type: RTN_*
 * @table: the routing table of the route
 * @dev: the device that the packets go to
 * @match: the destination of the route
 * @owner: the device of the route; of a local route, the one that has the address
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
 * @selective: it applies to some packets only, by more than their destination
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
 * struct verdict - the device that should carry a packet, by the configuration
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
