// SPDX-License-Identifier: GPL-2.0-only
/*
 * lbx save, restore: save all devices to a file, and restore them
 *
 * The file has lines of "add" and "claim" with the syntax of the command line, so that
 * the same parser reads it.  Lines of "local" are routes, with the arguments of "ip
 * route add".  "#" starts a comment.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

#include "commands.h"
#include "mirror.h"
#include "out.h"
#include "route.h"
#include "txn.h"

/* Targets on one "claim" line */
#define TARGETS_A_LINE	8
/* Most words on a line of the file */
#define WORDS_MAX	4096

/* IP6_RT_PRIO_USER, which the kernel uses if no metric is given */
#define IP6_METRIC	1024

#define AT(member)	offsetof(struct args, member)

static const struct arg local_args[] = {
	{ NULL, "PREFIX", ARG_PREFIXES, ARG_REQUIRED, AT(addrs), .help = "destination" },
	{ "dev", "NAME", ARG_DEV, ARG_REQUIRED, AT(dev), .help = "device" },
	{ "table", "NUMBER", ARG_NUMBER, 0, AT(table), .min = 1, .max = INT_MAX,
	  .help = "routing table (default: 255, local)" },
	{ "metric", "NUMBER", ARG_NUMBER, 0, AT(metric), .min = 0, .max = INT_MAX,
	  .help = "metric" },
	{ .help = NULL }
};

/* Valid in the file only: ip-route(8) is the command for routes */
static const struct command local_command = {
	.name = "local", .args = local_args,
};

struct wanteds {
	struct wanted	*item;
	size_t		n;
};

static void save_dev(const struct dev *dev)
{
	char buf[PREFIX_STRLEN];
	size_t i;

	printf("add %s", dev->name);
	for (i = 0; i < dev->addrs.n; i++)
		if (!is_auto_addr(&dev->addrs.item[i]))
			printf(" %s", prefix_text(&dev->addrs.item[i], buf));
	printf(" mtu %u isolate %s direct %s %s\n", dev->mtu,
	       dev->isolate ? "on" : "off", dev->direct ? "on" : "off",
	       dev->up ? "up" : "down");
	for (i = 0; i < dev->routes.n; i++) {
		printf("local %s dev %s table %u", prefix_text(&dev->routes.item[i].dst, buf),
		       dev->name, dev->routes.item[i].table);
		if (dev->routes.item[i].metric)
			printf(" metric %u", dev->routes.item[i].metric);
		putchar('\n');
	}
	for (i = 0; i < dev->claims.n; i++) {
		if (i % TARGETS_A_LINE == 0)
			printf("claim");
		printf(" %s", target_text(&dev->claims.item[i], buf));
		if (i % TARGETS_A_LINE == TARGETS_A_LINE - 1 || i + 1 == dev->claims.n)
			printf(" dev %s\n", dev->name);
	}
}

static json_t *json_routes(const struct local_routes *routes)
{
	json_t *array = json_array();
	char buf[PREFIX_STRLEN];
	size_t i;

	for (i = 0; i < routes->n; i++)
		json_array_append_new(array, json_pack("{s:s, s:I, s:I}", "dst",
						       prefix_text(&routes->item[i].dst, buf),
						       "table",
						       (json_int_t)routes->item[i].table,
						       "metric",
						       (json_int_t)routes->item[i].metric));
	return array;
}

int do_save(struct args *args)
{
	struct nl_error error;
	struct devs devs;
	json_t *array;
	size_t i;

	(void)args;
	if (devs_get(&devs, DEV_ADDRS | DEV_CLAIMS | DEV_ROUTES, &error))
		return refused("save", &error);
	if (options.json) {
		array = json_array();
		for (i = 0; i < devs.n; i++) {
			json_t *object = json_dev(&devs.item[i]);

			json_object_del(object, "ifindex");
			json_object_del(object, "stats");
			json_object_set_new(object, "routes",
					    json_routes(&devs.item[i].routes));
			json_array_append_new(array, object);
		}
		out_json(array);
	} else {
		puts("# lbx " LBX_VERSION ": devices, addresses, settings, local routes and claims, for \"lbx restore\"");
		for (i = 0; i < devs.n; i++)
			save_dev(&devs.item[i]);
	}
	devs_free(&devs);
	return EXIT_DONE;
}

static struct wanted *find_wanted(const struct wanteds *wanteds, const char *name)
{
	size_t i;

	for (i = 0; i < wanteds->n; i++)
		if (!strcmp(wanteds->item[i].name, name))
			return &wanteds->item[i];
	return NULL;
}

static bool take_add(struct args *args, struct wanteds *wanteds, char *why,
		     size_t size)
{
	struct wanted wanted = wanted_new(args);
	char buf[PREFIX_STRLEN];
	const char *wrong;
	size_t i;

	if (find_wanted(wanteds, args->dev)) {
		snprintf(why, size, "duplicate device \"%s\"", args->dev);
		return false;
	}
	for (i = 0; i < args->addrs.n; i++) {
		wrong = addr_wrong(&args->addrs.item[i]);
		if (wrong) {
			snprintf(why, size, "%s: %s",
				 prefix_text(&args->addrs.item[i], buf), wrong);
			return false;
		}
	}
	list_add(wanteds, wanted);
	memset(&args->addrs, 0, sizeof(args->addrs));
	return true;
}

static bool take_claim(struct args *args, struct wanteds *wanteds, char *why,
		       size_t size)
{
	struct wanted *wanted = find_wanted(wanteds, args->dev);
	size_t i;

	if (!wanted) {
		snprintf(why, size, "Cannot find \"add %s\" above", args->dev);
		return false;
	}
	for (i = 0; i < args->targets.n; i++)
		list_add(&wanted->claims, args->targets.item[i]);
	return true;
}

static bool take_local(struct args *args, struct wanteds *wanteds, char *why,
		       size_t size)
{
	struct wanted *wanted = find_wanted(wanteds, args->dev);
	struct local_route route = { .dst = args->addrs.item[0] };

	if (!wanted) {
		snprintf(why, size, "Cannot find \"add %s\" above", args->dev);
		return false;
	}
	route.table = args->table ? (uint32_t)args->table : RT_TABLE_LOCAL;
	route.metric = args->metric ? args->metric :
		       route.dst.family == AF_INET6 ? IP6_METRIC : 0;
	list_add(&wanted->routes, route);
	return true;
}

/* Parse a line of the file.  Modifies the line. */
static bool take_line(char *line, struct wanteds *wanteds, char *why, size_t size)
{
	static char *words[WORDS_MAX];
	const struct command *command;
	struct args args;
	size_t n = 0;
	char *word;
	bool ok;

	line[strcspn(line, "#\n")] = '\0';
	for (word = strtok(line, " \t\r"); word; word = strtok(NULL, " \t\r")) {
		if (n == WORDS_MAX) {
			snprintf(why, size, "more than %d words in a line", WORDS_MAX);
			return false;
		}
		words[n++] = word;
	}
	if (!n)
		return true;

	command = strcmp(words[0], local_command.name) ? cmd_find(words[0], why, size) :
							 &local_command;
	if (!command || (command != &local_command && command->run != do_add &&
			 command->run != do_claim)) {
		snprintf(why, size, "unknown command \"%s\": must be \"add\", \"local\" or \"claim\"",
			 words[0]);
		return false;
	}
	ok = cmd_parse(command, n - 1, words + 1, &args, why, size);
	if (ok && command == &local_command)
		ok = take_local(&args, wanteds, why, size);
	else if (ok)
		ok = command->run == do_add ? take_add(&args, wanteds, why, size) :
					      take_claim(&args, wanteds, why, size);
	cmd_free(&args);
	return ok;
}

static int read_file(const char *path, struct wanteds *wanteds)
{
	FILE *file = path ? fopen(path, "re") : stdin;
	const char *name = path ?: "stdin";
	unsigned int number = 0;
	int status = EXIT_DONE;
	char *line = NULL;
	char why[512];
	size_t size;

	if (!file) {
		say("%s: %s", name, strerror(errno));
		return EXIT_REFUSED;
	}
	while (!status && getline(&line, &size, file) >= 0) {
		number++;
		if (!take_line(line, wanteds, why, sizeof(why))) {
			say("%s:%u: %s; nothing was changed", name, number, why);
			status = EXIT_REFUSED;
		}
	}
	if (!status && ferror(file)) {
		say("%s: %s", name, strerror(errno));
		status = EXIT_REFUSED;
	}
	free(line);
	if (path)
		fclose(file);
	return status;
}

/* Return the changes that restore made, as JSON. */
static json_t *json_changes(const struct wanteds *wanteds, const struct devs *devs,
			    const struct txn *txn)
{
	json_t *array = json_array();
	size_t i, j;

	for (i = 0; i < wanteds->n; i++) {
		const char *name = wanteds->item[i].name, *change = "none";

		for (j = 0; j < txn->n; j++)
			if (!strcmp(txn->item[j].dev, name))
				change = devs_find(devs, name) ? "changed" : "added";
		json_array_append_new(array, json_pack("{s:o, s:s}", "ifname",
						       json_text(name),
						       "change", change));
	}
	return array;
}

/* A claim of the file that is skipped because its target is missing */
struct missing {
	const char	*dev;
	struct target	target;
};

struct missings {
	struct missing	*item;
	size_t		n;
};

/* Return true if a target can be claimed now.  In doubt, leave it to the kernel. */
static bool is_there(const struct target *target)
{
	struct nl_error error;
	struct route route;

	if (*target->ifname)
		return if_nametoindex(target->ifname);
	if (route_get(&target->addr, 0, &route, &error))
		return error.code != ENETUNREACH && error.code != EHOSTUNREACH;
	return route_is_local(&route);
}

static bool is_claimed(const struct dev *is, const struct target *target)
{
	size_t i;

	for (i = 0; is && i < is->claims.n; i++)
		if (!compare_targets(&is->claims.item[i], target))
			return true;
	return false;
}

/* At boot, interfaces can appear after the file is read: the claim of a missing
 * interface waits for it.  The claim of an address cannot wait, and is skipped so that
 * the rest can be restored.
 */
static void set_aside(struct wanted *wanted, const struct dev *is,
		      struct missings *missings)
{
	size_t i, left = 0;

	for (i = 0; i < wanted->claims.n; i++) {
		struct missing missing = { wanted->name, wanted->claims.item[i] };
		bool there = is_there(&missing.target);

		if (!there && !*missing.target.ifname &&
		    !is_claimed(is, &missing.target)) {
			list_add(missings, missing);
			continue;
		}
		missing.target.waits = !there && *missing.target.ifname;
		wanted->claims.item[left++] = missing.target;
	}
	wanted->claims.n = left;
}

static void report_missing(const struct missings *missings)
{
	char buf[PREFIX_STRLEN];
	size_t i;

	for (i = 0; i < missings->n; i++) {
		const struct target *target = &missings->item[i].target;

		say("%s does not claim %s, which is not a local address; the rest is restored",
		    missings->item[i].dev, target_text(target, buf));
	}
	if (missings->n)
		try_this("lbx restore again, when these addresses are local");
}

/* Try once.  Return 0, or -1 with @what and @error. */
static int restore(struct wanteds *wanteds, struct txn *txn, struct missings *missings,
		   bool loaded, const char **what, struct nl_error *error)
{
	struct devs devs = { };
	size_t i;
	int err;

	*what = "restore";
	if (loaded && devs_get(&devs, DEV_ADDRS | DEV_CLAIMS | DEV_ROUTES, error))
		return -1;
	for (i = 0; i < wanteds->n; i++) {
		const struct dev *is = devs_find(&devs, wanteds->item[i].name);

		set_aside(&wanteds->item[i], is, missings);
		if (is)
			plan_removals(txn, is, &wanteds->item[i]);
	}
	for (i = 0; i < wanteds->n; i++)
		plan_dev(txn, devs_find(&devs, wanteds->item[i].name), &wanteds->item[i]);
	err = txn_commit(txn, what, error);
	if (!err && options.json)
		out_json(json_changes(wanteds, &devs, txn));
	devs_free(&devs);
	return err;
}

int do_restore(struct args *args)
{
	struct missings missings = { };
	struct wanteds wanteds = { };
	struct nl_error error;
	bool loaded, retry;
	const char *what;
	struct devs devs;
	struct txn txn;
	int status;
	size_t i;

	status = read_file(args->file, &wanteds);
	if (status)
		goto out;

	do {
		txn_begin(&txn);
		/* As in "lbx add", the first request for a device loads the module */
		loaded = !wanteds.n || !devs_get(&devs, 0, &error) ||
			 error.code != EOPNOTSUPP;
		if (loaded && wanteds.n)
			devs_free(&devs);
		status = restore(&wanteds, &txn, &missings, loaded, &what, &error) ?
			 EXIT_REFUSED : EXIT_DONE;
		/* the module may have created a device of that name on load */
		retry = status && !loaded && error.code == EEXIST;
		if (status && !retry) {
			refused(what, &error);
			say("nothing was changed");
		}
		txn_end(&txn);
	} while (retry);
	for (i = 0; !status && i < wanteds.n; i++)
		mirror_wait(wanteds.item[i].name, &wanteds.item[i].addrs);
	if (!status && missings.n) {
		report_missing(&missings);
		status = EXIT_PROBLEM;
	}
out:
	for (i = 0; i < wanteds.n; i++) {
		list_free(&wanteds.item[i].addrs);
		list_free(&wanteds.item[i].claims);
		list_free(&wanteds.item[i].routes);
	}
	list_free(&wanteds);
	list_free(&missings);
	return status;
}
