/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by all files of the tool: global options, and the commands */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>

#include "cmd.h"
#include "dev.h"
#include "nl.h"

/**
 * struct options - options before the command
 * @json: print JSON
 * @pretty: indent it
 */
struct options {
	bool	json;
	bool	pretty;
};

extern struct options options;

/* The directory of network namespaces, see ip-netns(8) */
#define NETNS_DIR	"/run/netns"

/* main.c */
int refused(const char *what, const struct nl_error *error);
bool is_locked_down(void);
bool enter_netns(const char *name);
void try_this(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* do_dev.c */
int err_no_device(const char *name);
int devs_select(struct devs *devs, const char *name, unsigned int what,
		const char *subject);
const char *addr_wrong(const struct prefix *prefix);
int do_add(struct args *args);
int do_set(struct args *args);
int do_del(struct args *args);
int do_show(struct args *args);

/* do_claim.c */
int do_claim(struct args *args);
int do_unclaim(struct args *args);
int do_claims(struct args *args);

/* do_trace.c */
int do_trace(struct args *args);

/* do_stats.c, do_top.c */
int do_stats(struct args *args);
int do_top(struct args *args);

/* do_monitor.c */
int do_monitor(struct args *args);

/* do_doctor.c */
int do_doctor(struct args *args);

/* do_save.c */
int do_save(struct args *args);
int do_restore(struct args *args);

/* do_bench.c */
int do_bench(struct args *args);

#endif /* COMMANDS_H */
