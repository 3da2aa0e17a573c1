// SPDX-License-Identifier: GPL-2.0-only
/*
 * lbx save, restore: all devices in a file, and back
 *
 * The file has lines of "add" and "claim" as they are on the command line, so that
 * it is read by the same parser; "#" begins a comment.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lbx.h"
#include "mirror.h"
#include "out.h"
#include "txn.h"

/* On a line of "claim" */
#define TARGETS_A_LINE	8
/* Words of a line that is read */
#define WORDS_MAX	4096

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
	for (i = 0; i < dev->claims.n; i++) {
		if (i % TARGETS_A_LINE == 0)
			printf("claim");
		printf(" %s", target_text(&dev->claims.item[i], buf));
		if (i % TARGETS_A_LINE == TARGETS_A_LINE - 1 || i + 1 == dev->claims.n)
			printf(" dev %s\n", dev->name);
	}
}

int do_save(struct args *args)
{
	struct nl_error error;
	struct devs devs;
	json_t *array;
	size_t i;

	(void)args;
	if (devs_get(&devs, DEV_ADDRS | DEV_CLAIMS, &error))
		return refused("save", &error);
	if (options.json) {
		array = json_array();
		for (i = 0; i < devs.n; i++) {
			json_t *object = json_dev(&devs.item[i]);

			json_object_del(object, "ifindex");
			json_object_del(object, "stats");
			json_array_append_new(array, object);
		}
		out_json(array);
	} else {
		puts("# lbx " LBX_VERSION ": devices, addresses, settings and claims, for \"lbx restore\"");
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

	if (find_wanted(wanteds, args->dev)) {
		snprintf(why, size, "%s is there twice", args->dev);
		return false;
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
		snprintf(why, size, "there is no 'add %s' above", args->dev);
		return false;
	}
	for (i = 0; i < args->targets.n; i++)
		list_add(&wanted->claims, args->targets.item[i]);
	return true;
}

/* Takes a line of the file, which it changes */
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
			snprintf(why, size, "more than %d words", WORDS_MAX);
			return false;
		}
		words[n++] = word;
	}
	if (!n)
		return true;

	command = cmd_find(words[0], why, size);
	if (!command || (command->run != do_add && command->run != do_claim)) {
		snprintf(why, size, "a line begins with 'add' or 'claim', not '%s'",
			 words[0]);
		return false;
	}
	ok = cmd_parse(command, n - 1, words + 1, &args, why, size);
	if (ok)
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
			say("%s:%u: %s; nothing is changed", name, number, why);
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

/* What restore has done: for programs */
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

int do_restore(struct args *args)
{
	struct wanteds wanteds = { };
	struct nl_error error;
	const char *what;
	struct devs devs;
	struct txn txn;
	int status;
	size_t i;

	status = read_file(args->file, &wanteds);
	if (status)
		goto out;

	txn_begin(&txn);
	if (devs_get(&devs, DEV_ADDRS | DEV_CLAIMS, &error)) {
		status = refused("restore", &error);
		goto end;
	}
	for (i = 0; i < wanteds.n; i++) {
		const struct dev *is = devs_find(&devs, wanteds.item[i].name);

		if (is)
			plan_removals(&txn, is, &wanteds.item[i]);
	}
	for (i = 0; i < wanteds.n; i++)
		plan_dev(&txn, devs_find(&devs, wanteds.item[i].name),
			 &wanteds.item[i]);
	if (txn_commit(&txn, &what, &error)) {
		status = refused(what, &error);
		say("nothing is changed");
	} else if (options.json) {
		out_json(json_changes(&wanteds, &devs, &txn));
	}
	devs_free(&devs);
end:
	txn_end(&txn);
	for (i = 0; !status && i < wanteds.n; i++)
		mirror_wait(wanteds.item[i].name, &wanteds.item[i].addrs);
out:
	for (i = 0; i < wanteds.n; i++) {
		list_free(&wanteds.item[i].addrs);
		list_free(&wanteds.item[i].claims);
	}
	list_free(&wanteds);
	return status;
}
