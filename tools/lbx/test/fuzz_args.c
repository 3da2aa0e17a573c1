// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer of the command line: options, commands, their arguments, completion and help.
 *
 * The input has a word on each line.  main() reads the words as it does those of a
 * shell.  The commands are replaced by a function that checks their arguments.  There
 * is no kernel: a netlink socket cannot be opened.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/lbx.h>

#include "../commands.h"
#include "fuzz.h"

#define WORDS_MAX	64

/* Set while a command line is parsed, which must not send requests to the kernel */
static bool parsing;

struct mnl_socket *mnl_socket_open2(int protocol, int flags)
{
	(void)protocol;
	(void)flags;
	if (parsing)
		abort();
	errno = EPERM;
	return NULL;
}

/* "lbx -n": no netns exists */
int setns(int fd, int type)
{
	(void)fd;
	(void)type;
	errno = EPERM;
	return -1;
}

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The printed prefix is parsed as the same prefix. */
static void check_prefix(const struct prefix *prefix)
{
	char buf[PREFIX_STRLEN];
	struct prefix again;

	check(prefix->len >= 0 && prefix->len <= addr_size(prefix) * 8);
	check(parse_prefix(prefix_text(prefix, buf), &again));
	check(same_prefix(prefix, &again));
	/* without a length, the prefix is a single address */
	check(parse_prefix(addr_text(prefix, buf), &again));
	check(again.len == addr_size(prefix) * 8);
}

static void check_target(const struct target *target)
{
	char buf[PREFIX_STRLEN];
	struct target again;

	check(!*target->ifname || is_ifname(target->ifname));
	check(parse_target(target_text(target, buf), &again));
	check(!compare_targets(target, &again));
}

static int look(struct args *args)
{
	size_t i;

	parsing = false;
	check(!args->dev || is_ifname(args->dev));
	for (i = 0; i < args->addrs.n; i++)
		check_prefix(&args->addrs.item[i]);
	for (i = 0; i < args->gone.n; i++)
		check_prefix(&args->gone.item[i]);
	for (i = 0; i < args->targets.n; i++)
		check_target(&args->targets.item[i]);
	check(args->mtu == -1 || (args->mtu >= LBX_MTU_MIN && args->mtu <= LBX_MTU_MAX));
	check(!args->proto || args->proto == IPPROTO_TCP || args->proto == IPPROTO_UDP);
	check(args->isolate >= -1 && args->isolate <= 1);
	check(args->direct >= -1 && args->direct <= 1);
	check(args->up >= -1 && args->up <= 1);
	check(args->interval == 0 || (args->interval >= 0.1 && args->interval <= 86400));
	check(args->timestamp >= 0 && args->timestamp <= TIME_SHORT);
	check(args->rounds >= 0 && args->cpus >= 0);
	return EXIT_DONE;
}

/* The functions in the table of commands.c */
int do_add(struct args *args)		{ return look(args); }
int do_set(struct args *args)		{ return look(args); }
int do_del(struct args *args)		{ return look(args); }
int do_show(struct args *args)		{ return look(args); }
int do_claim(struct args *args)		{ return look(args); }
int do_unclaim(struct args *args)	{ return look(args); }
int do_claims(struct args *args)	{ return look(args); }
int do_trace(struct args *args)		{ return look(args); }
int do_stats(struct args *args)		{ return look(args); }
int do_top(struct args *args)		{ return look(args); }
int do_monitor(struct args *args)	{ return look(args); }
int do_doctor(struct args *args)	{ return look(args); }
int do_save(struct args *args)		{ return look(args); }
int do_restore(struct args *args)	{ return look(args); }
int do_bench(struct args *args)		{ return look(args); }

/* Completion reads the list of devices. */
void __wrap_cmd_complete(int argc, char **argv)
{
	parsing = false;
	__real_cmd_complete(argc, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[WORDS_MAX + 2] = { "lbx" }, *copy, *rest, *word;
	int n = 1, status;

	/* a copy of its exact size: the sanitizer sees reads behind it */
	copy = malloc(size + 1);
	memcpy(copy, data, size);
	copy[size] = '\0';
	rest = copy;
	while (n <= WORDS_MAX && (word = strsep(&rest, "\n")))
		words[n++] = word;

	memset(&options, 0, sizeof(options));
	/* getopt(3): start again from the first word */
	optind = 0;
	parsing = true;
	status = lbx_main(n, words);
	check(status == EXIT_DONE || status == EXIT_REFUSED || status == EXIT_USAGE);

	/* getopt_long() may have reordered the words, which does not matter */
	cmd_complete(n - 1, words + 1);
	free(copy);
	return 0;
}
