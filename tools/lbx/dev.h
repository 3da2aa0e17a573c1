/* SPDX-License-Identifier: GPL-2.0-only */
/* The lbx devices as the kernel reports them; see dev.c */
#ifndef DEV_H
#define DEV_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <linux/lbx.h>

#include "nl.h"
#include "util.h"

#define N_COUNTERS	(LBX_XSTATS_PAD - 1)

/* Indexed by LBX_XSTATS_* - 1, with the names of "ethtool -S" */
extern const char *const counter_names[N_COUNTERS];

/**
 * struct local_route - "ip route add local DST dev NAME table TABLE metric METRIC"
 * @dst: the destination prefix, all of which is local
 * @table: the routing table
 * @metric: RTA_PRIORITY
 */
struct local_route {
	struct prefix	dst;
	uint32_t	table;
	uint32_t	metric;
};

struct local_routes {
	struct local_route	*item;
	size_t			n;
};

/**
 * struct dev - an lbx device
 * @index: its interface index
 * @name: its name
 * @up: true if it is up
 * @flags: IFF_*
 * @operstate: IF_OPER_*
 * @mtu: the MTU in bytes
 * @direct: IFLA_LBX_DIRECT
 * @isolate: IFLA_LBX_ISOLATE
 * @n_claims: number of claims
 * @counters: indexed by LBX_XSTATS_* - 1
 * @addrs: its addresses, if DEV_ADDRS was requested
 * @claims: its claims, if DEV_CLAIMS was requested; see dev_parse()
 * @routes: local routes that name it, if DEV_ROUTES was requested; without the routes
 *	that the kernel created for its addresses
 */
struct dev {
	int		index;
	char		name[IFNAMSIZ];
	bool		up;
	uint32_t	flags;
	uint8_t		operstate;
	uint32_t	mtu;
	bool		direct;
	bool		isolate;
	uint32_t	n_claims;
	uint64_t	counters[N_COUNTERS];
	struct prefixes	addrs;
	struct targets	claims;
	struct local_routes routes;
};

struct devs {
	struct dev	*item;
	size_t		n;
};

/**
 * struct held_addr - an address of any interface
 * @index: the index of the interface
 * @prefix: the address
 * @proto: IFA_PROTO
 */
struct held_addr {
	int		index;
	struct prefix	prefix;
	uint8_t		proto;
};

struct held_addrs {
	struct held_addr	*item;
	size_t			n;
};

/* Parts of a device that devs_get() reads on request */
#define DEV_ADDRS	1
#define DEV_CLAIMS	2
#define DEV_ROUTES	4

bool dev_parse(const struct nlmsghdr *nlh, struct dev *dev);
int devs_get(struct devs *devs, unsigned int what, struct nl_error *error);
int addrs_get(struct held_addrs *addrs, struct nl_error *error);
int dev_exists(const char *name, struct nl_error *error);
struct dev *devs_find(const struct devs *devs, const char *name);
struct dev *devs_find_index(const struct devs *devs, int index);
void dev_free(struct dev *dev);
void devs_free(struct devs *devs);

uint64_t dev_sum(const struct dev *dev, const char *suffix);

struct nlmsghdr *dev_new_request(const char *name, int flags);
struct nlmsghdr *dev_del_request(const char *name);
struct nlmsghdr *addr_request(int type, int flags, const struct prefix *prefix);
struct nlmsghdr *route_request(int type, int flags, const struct local_route *route);
bool same_route(const struct local_route *a, const struct local_route *b);
bool addr_parse(const struct nlmsghdr *nlh, int *index, struct prefix *prefix);
struct nlattr *dev_data_start(struct nlmsghdr *nlh);
void dev_data_end(struct nlmsghdr *nlh, struct nlattr *info);
int dev_get_claims(struct dev *dev, struct nl_error *error);
int claim_parse(const struct nlmsghdr *nlh, int *index, struct target *target);
void put_claim(struct nlmsghdr *nlh, int type, const struct target *target);

#endif /* DEV_H */
