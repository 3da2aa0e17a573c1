// SPDX-License-Identifier: GPL-2.0-only
/* lbx trace: where does local traffic to an address go, and why? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "lbx.h"
#include "out.h"
#include "probe.h"
#include "route.h"

/**
 * struct verdict - which device it should be, by what the kernel has been told
 * @dev: the device
 * @why: the reason
 * @claim: the claim that is the reason, or NULL
 */
struct verdict {
	const char		*dev;
	const char		*why;
	const struct target	*claim;
};

/* The claim that takes packets to @addr, which @owner has.  One of the address goes
 * before one of the interface.
 */
static const struct dev *find_claim(const struct devs *devs,
				    const struct prefix *addr, const char *owner,
				    const struct target **claim)
{
	const struct dev *holder = NULL;
	size_t i, j;

	for (i = 0; i < devs->n; i++) {
		for (j = 0; j < devs->item[i].claims.n; j++) {
			const struct target *target = &devs->item[i].claims.item[j];

			if (*target->ifname ? !strcmp(target->ifname, owner) && !holder :
					      same_prefix(&target->addr, addr)) {
				holder = &devs->item[i];
				*claim = target;
			}
		}
	}
	return holder;
}

static bool is_local(const struct route *route)
{
	return route->type == RTN_LOCAL || route->type == RTN_ANYCAST;
}

static struct verdict judge(const struct devs *devs, const struct prefix *addr,
			    const struct route *route)
{
	struct verdict verdict = { .dev = route->dev };
	const struct dev *dev = devs_find(devs, route->dev);

	if (!is_local(route)) {
		verdict.why = "it is not local";
	} else if (dev && !dev->up) {
		verdict.dev = "lo";
		verdict.why = "the lbx device that has it is down";
	} else if (dev) {
		verdict.why = "it is local to that lbx device";
	} else {
		dev = find_claim(devs, addr, route->owner, &verdict.claim);
		if (dev && dev->up) {
			verdict.dev = dev->name;
			verdict.why = *verdict.claim->ifname ?
				      "it claims the interface that has it" :
				      "it claims the address";
		} else if (dev) {
			verdict.why = "the lbx device that claims it is down";
		} else {
			verdict.why = "it is local, and no lbx device has or claims it";
		}
	}
	return verdict;
}

/* The rule that leads to @table, among those for all packets */
static const struct rule *find_rule(const struct rules *rules, uint32_t table)
{
	size_t i;

	for (i = 0; i < rules->n; i++)
		if (rules->item[i].table == table)
			return &rules->item[i];
	return NULL;
}

/* Was it seen where it should be, and if it is local, nowhere else?  On its way to
 * another machine it may pass a bridge and its port.
 */
static bool is_proof(const struct seens *seens, const char *dev, bool local)
{
	size_t i;

	for (i = 0; i < seens->n; i++)
		if (!strcmp(seens->item[i].dev, dev))
			return !local || seens->n == 1;
	return false;
}

static void print_text(const struct args *args, const struct route *route,
		       const struct rule *rule, const struct verdict *verdict)
{
	char buf[PREFIX_STRLEN], table[16];

	if (rule)
		printf("rule    %u: %slookup %s\n", rule->pref,
		       rule->selective ? "(for some packets) " : "from all ",
		       table_text(rule->table, table));
	printf("route   %s %s", type_text(route->type), prefix_text(&route->match, buf));
	printf(" dev %s table %s\n", route->owner, table_text(route->table, table));
	printf("device  %s: %s", verdict->dev, verdict->why);
	if (verdict->claim)
		printf(" (claim %s)", target_text(verdict->claim, buf));
	printf("\nprobe   UDP to %s port %d: ", addr_text(&args->addr, buf),
	       args->port);
}

static void print_seens(const struct seens *seens)
{
	size_t i;

	printf("%s", seens->n ? "seen on" : "not seen");
	for (i = 0; i < seens->n; i++)
		printf("%s %s", i ? "," : "", seens->item[i].dev);
	putchar('\n');
}

static json_t *json_seens(const struct seens *seens)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < seens->n; i++)
		json_array_append_new(array,
				      json_pack("{s:o, s:i, s:i}",
						"ifname",
						json_text(seens->item[i].dev),
						"in", seens->item[i].in,
						"out", seens->item[i].out));
	return array;
}

static json_t *json_trace(const struct args *args, const struct route *route,
			  const struct rule *rule, const struct verdict *verdict)
{
	char addr[PREFIX_STRLEN], match[PREFIX_STRLEN], table[16];

	return json_pack("{s:s, s:o, s:{s:s, s:s, s:o, s:s}, s:o, s:s, s:o}",
			 "addr", addr_text(&args->addr, addr),
			 "rule", rule ? json_pack("{s:I, s:b}", "priority",
						  (json_int_t)rule->pref,
						  "selective", rule->selective) :
					json_null(),
			 "route", "type", type_text(route->type),
			 "dst", prefix_text(&route->match, match),
			 "dev", json_text(route->owner),
			 "table", table_text(route->table, table),
			 "ifname", json_text(verdict->dev), "why", verdict->why,
			 "claim", verdict->claim ? json_target(verdict->claim) :
						   json_null());
}

int do_trace(struct args *args)
{
	struct rules rules = { };
	struct seens seens = { };
	struct verdict verdict;
	const struct rule *rule;
	struct nl_error error;
	char buf[PREFIX_STRLEN];
	int status = EXIT_DONE;
	struct route route;
	struct devs devs;
	json_t *object;
	bool proof;
	int err;

	if (args->port < 0)
		args->port = PROBE_PORT;
	addr_text(&args->addr, buf);
	if (devs_get(&devs, DEV_CLAIMS, &error))
		return refused("trace", &error);
	if (route_get(&args->addr, &route, &error)) {
		devs_free(&devs);
		return refused(buf, &error);
	}
	if (rules_get(args->addr.family, &rules, &error)) {
		devs_free(&devs);
		return refused("trace", &error);
	}

	verdict = judge(&devs, &args->addr, &route);
	rule = find_rule(&rules, route.table);
	if (!options.json)
		print_text(args, &route, rule, &verdict);
	err = probe(&args->addr, args->port, &seens, &error);
	proof = !err && is_proof(&seens, verdict.dev, is_local(&route));
	if (options.json) {
		object = json_trace(args, &route, rule, &verdict);
		json_object_set_new(object, "probe", err ?
			json_pack("{s:o}", "error", json_text(error.text)) :
			json_pack("{s:i, s:o}", "port", args->port,
				  "seen", json_seens(&seens)));
		json_object_set_new(object, "proven", json_boolean(proof));
		out_json(object);
	} else if (err) {
		puts("none");
	} else {
		print_seens(&seens);
	}

	if (err) {
		status = refused(buf, &error);
	} else if (!proof) {
		fflush(stdout);
		say("the probe should have been seen on %s%s", verdict.dev,
		    is_local(&route) ? ", and nowhere else" : "");
		try_this("lbx doctor");
		status = EXIT_REFUSED;
	}
	list_free(&seens);
	list_free(&rules);
	devs_free(&devs);
	return status;
}
