// SPDX-License-Identifier: GPL-2.0-only
/* lbx claim, unclaim, claims: claim local traffic from lo */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/lbx.h>

#include "commands.h"
#include "out.h"
#include "txn.h"

/* A claim and its holder; compare_targets() needs the target first */
struct held {
	struct target		target;
	const struct dev	*dev;
};

struct all_held {
	struct held	*item;
	size_t		n;
};

/* Collect all claims and sort them, so that bsearch() finds one among thousands. */
static void sort_held(const struct devs *devs, struct all_held *all)
{
	size_t i, j;

	for (i = 0; i < devs->n; i++) {
		const struct dev *dev = &devs->item[i];

		for (j = 0; j < dev->claims.n; j++) {
			struct held held = { dev->claims.item[j], dev };

			list_add(all, held);
		}
	}
	if (all->n)
		qsort(all->item, all->n, sizeof(*all->item), compare_targets);
}

static const struct dev *find_holder(const struct all_held *all,
				     const struct target *target)
{
	const struct held *found = all->n ?
		bsearch(target, all->item, all->n, sizeof(*all->item),
			compare_targets) : NULL;

	return found ? found->dev : NULL;
}

/* With --json, print the claims after a change. */
static int show_claims(const char *dev)
{
	struct args args = { .dev = dev };

	return options.json ? do_claims(&args) : EXIT_DONE;
}

/* Print what helps after a claim was refused. */
static void help_claim(const struct nl_error *error, const struct args *args)
{
	struct all_held all = { };
	struct nl_error ignored;
	const struct dev *holder;
	struct target target;
	struct devs devs;

	switch (error->code) {
	case EADDRNOTAVAIL:
		if (parse_target(error->at, &target) && !*target.ifname)
			try_this("lbx set %s addr %s/%d, or for a whole prefix: ip route add local PREFIX dev %s",
				 args->dev, error->at, target.addr.len, args->dev);
		break;
	case EBUSY:
		if (!parse_target(error->at, &target) ||
		    devs_get(&devs, DEV_CLAIMS, &ignored))
			break;
		sort_held(&devs, &all);
		holder = find_holder(&all, &target);
		if (holder)
			try_this("lbx unclaim %s dev %s", error->at, holder->name);
		list_free(&all);
		devs_free(&devs);
		break;
	case ENODEV:
		try_this("lbx claim %s dev %s wait, to claim it when it appears",
			 error->at, args->dev);
		break;
	}
}

int do_claim(struct args *args)
{
	struct nl_error error;
	const char *what;
	struct devs devs;
	struct txn txn;
	int status;
	size_t i;

	txn_begin(&txn);
	status = devs_select(&devs, args->dev, 0, "claim");
	if (!status) {
		for (i = 0; args->wait && i < args->targets.n; i++)
			args->targets.item[i].waits = true;
		plan_claims(&txn, args->dev, LBX_A_NEW, &args->targets);
		if (txn_commit(&txn, &what, &error)) {
			status = refused(args->dev, &error);
			help_claim(&error, args);
		}
	}
	devs_free(&devs);
	txn_end(&txn);
	return status ? status : show_claims(args->dev);
}

/* Sort the targets of @args by the device that claims them into @lists, which has one
 * list for each of @devs.
 */
static bool by_holder(const struct devs *devs, const struct args *args,
		      struct targets *lists)
{
	struct all_held all = { };
	char buf[PREFIX_STRLEN];
	bool found = true;
	size_t i;

	sort_held(devs, &all);
	for (i = 0; i < args->targets.n && found; i++) {
		const struct target *target = &args->targets.item[i];
		const struct dev *dev = find_holder(&all, target);

		if (!dev) {
			say("%s is not claimed%s%s", target_text(target, buf),
			    args->dev ? " by " : "", args->dev ? args->dev : "");
			try_this("lbx claims");
			found = false;
			break;
		}
		list_add(&lists[dev - devs->item], *target);
	}
	list_free(&all);
	return found;
}

int do_unclaim(struct args *args)
{
	struct targets *lists = NULL;
	struct nl_error error;
	const char *what;
	struct devs devs;
	struct txn txn;
	int status;
	size_t i;

	if (!args->all == !args->targets.n) {
		say("unclaim needs either TARGET or \"all\"");
		try_this("lbx unclaim -h");
		return EXIT_USAGE;
	}

	txn_begin(&txn);
	status = devs_select(&devs, args->dev, DEV_CLAIMS, "unclaim");
	if (status)
		goto out;

	lists = xcalloc(devs.n + 1, sizeof(*lists));
	if (args->all) {
		for (i = 0; i < devs.n; i++)
			plan_claims(&txn, devs.item[i].name, LBX_A_DEL,
				    &devs.item[i].claims);
	} else if (by_holder(&devs, args, lists)) {
		for (i = 0; i < devs.n; i++)
			plan_claims(&txn, devs.item[i].name, LBX_A_DEL,
				    &lists[i]);
	} else {
		status = EXIT_REFUSED;
		goto out;
	}
	if (txn_commit(&txn, &what, &error))
		status = refused(what, &error);
out:
	for (i = 0; lists && i < devs.n; i++)
		list_free(&lists[i]);
	free(lists);
	devs_free(&devs);
	txn_end(&txn);
	return status ? status : show_claims(args->dev);
}

/* Print a claim.  @array: NULL for text */
static void print_claim(json_t *array, const struct target *claim, const char *dev)
{
	char buf[PREFIX_STRLEN];
	json_t *object;

	if (!array) {
		printf("%s dev %s%s\n", target_text(claim, buf), dev,
		       claim->waits ? " (waiting)" : "");
		return;
	}
	object = json_target(claim);
	json_object_set_new(object, "dev", json_text(dev));
	json_array_append_new(array, object);
}

int do_claims(struct args *args)
{
	json_t *array = NULL;
	struct devs devs;
	size_t i, j;
	int status;

	status = devs_select(&devs, args->dev, DEV_CLAIMS, "claims");
	if (!status && options.json)
		array = json_array();
	for (i = 0; !status && i < devs.n; i++)
		for (j = 0; j < devs.item[i].claims.n; j++)
			print_claim(array, &devs.item[i].claims.item[j],
				    devs.item[i].name);
	if (array)
		out_json(array);
	devs_free(&devs);
	return status;
}
