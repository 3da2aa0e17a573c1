/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line: commands and their arguments.  Parser, help and completion all read
 * the table of commands in commands.c; see cmd.c.
 */
#ifndef CMD_H
#define CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "util.h"

/* Forms of a time, those of "ip -t" and "ip -ts" */
enum {
	TIME_LONG = 1,
	TIME_SHORT,
};

/**
 * struct args - parsed arguments of a command
 * @dev: the lbx device, or NULL
 * @addrs: addresses to add
 * @gone: addresses to remove
 * @targets: targets to claim or to unclaim
 * @host: an address or a host name
 * @service: a port or the name of a service, or NULL
 * @proto: IPPROTO_TCP or IPPROTO_UDP, or 0 if not given
 * @table: a routing table, or 0 if not given
 * @metric: the metric of a route, or 0 if not given
 * @mtu: the MTU, or -1 if not given
 * @isolate: 0 or 1, or -1 for no change
 * @direct: likewise
 * @up: likewise
 * @all: select all claims
 * @wait: also claim targets that do not exist yet
 * @cpu: show the counters of each CPU, too
 * @interval: seconds between two readings, or 0 for a single reading
 * @timestamp: print the time of each event: TIME_LONG or TIME_SHORT, or 0
 * @file: a path, or NULL
 * @peers: names of the transports to compare, separated by spaces, or NULL
 * @workloads: names of workloads with sizes, likewise
 * @rounds: number of rounds to measure, or 0 for the default
 * @cpus: number of CPUs to measure with, likewise
 * @full: run all measurements
 */
struct args {
	const char	*dev;
	struct prefixes	addrs;
	struct prefixes	gone;
	struct targets	targets;
	const char	*host;
	const char	*service;
	int		proto;
	int		table;
	int		metric;
	int		mtu;
	int		isolate;
	int		direct;
	int		up;
	int		all;
	int		wait;
	int		cpu;
	double		interval;
	int		timestamp;
	const char	*file;
	const char	*peers;
	const char	*workloads;
	int		rounds;
	int		cpus;
	int		full;
};

enum arg_type {
	ARG_NEW_DEV,	/* const char *: the name of a new device */
	ARG_DEV,	/* const char *: the name of an lbx device */
	ARG_PREFIXES,	/* struct prefixes: appends one */
	ARG_TARGETS,	/* struct targets: appends one */
	ARG_ON_OFF,	/* int: "on" 1, "off" 0 */
	ARG_NUMBER,	/* int: from @min to @max */
	ARG_SECONDS,	/* double: 0.1 to 86400; the value is optional, default 1 */
	ARG_HOST,	/* const char *: an address or a host name */
	ARG_FILE,	/* const char *: a path */
	ARG_TEXT,	/* const char *: any text */
	ARG_SET,	/* int: no value, the keyword means @min */
};

#define ARG_REQUIRED	1	/* cannot be omitted */
#define ARG_REPEATED	2	/* may occur several times */

/**
 * struct arg - an argument of a command
 * @keyword: the word before the value, or NULL for a positional argument
 * @value: name of the value in the help
 * @type: type of the value
 * @flags: ARG_REQUIRED, ARG_REPEATED
 * @offset: offset in struct args
 * @min: see enum arg_type
 * @max: see enum arg_type
 * @also: another spelling of the keyword, or NULL.  Help and completion do not have it.
 * @help: description for the help
 */
struct arg {
	const char	*keyword;
	const char	*value;
	enum arg_type	type;
	unsigned int	flags;
	size_t		offset;
	int		min;
	int		max;
	const char	*also;
	const char	*help;
};

/**
 * struct command - a command of lbx
 * @name: the name
 * @summary: a sentence for the help
 * @example: a command line
 * @args: the arguments; an entry without help ends the list
 * @run: runs the command and returns the exit status
 */
struct command {
	const char		*name;
	const char		*summary;
	const char		*example;
	const struct arg	*args;
	int			(*run)(struct args *args);
};

/* In the order of the help.  An entry without a name ends the list. */
extern const struct command commands[];

const struct command *cmd_find(const char *name, char *why, size_t size);
bool cmd_parse(const struct command *command, int argc, char **argv,
	       struct args *args, char *why, size_t size);
void cmd_free(struct args *args);
void cmd_help(const struct command *command);
void cmd_help_all(void);
void cmd_complete(int argc, char **argv);

#endif /* CMD_H */
