/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line: what a command is and what it takes.  Parser, help and
 * completion all read the table of commands, which is in commands.c; see cmd.c.
 */
#ifndef CMD_H
#define CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "util.h"

/**
 * struct args - what a command was given
 * @dev: the lbx device, or NULL
 * @addrs: addresses to add
 * @gone: addresses to remove
 * @targets: what to claim or not to claim any more
 * @host: the address in question, or the name of a host
 * @service: its port, or the name of a service; NULL if there is none
 * @proto: IPPROTO_TCP or IPPROTO_UDP, 0 if there is none
 * @table: a routing table, 0 if there is none
 * @metric: of a route, 0 if there is none
 * @mtu: -1 if there is none
 * @isolate: 0, 1, or -1 for as it is
 * @direct: likewise
 * @up: likewise
 * @all: all there are
 * @wait: claim also what is not there yet
 * @cpu: each CPU's share, too
 * @interval: seconds between two readings, 0 for one reading
 * @file: a path, or NULL
 * @peers: names of what to compare with, separated by spaces, or NULL
 * @workloads: names with sizes, likewise
 * @rounds: how often to measure, 0 for as often as usual
 * @cpus: how many CPUs to measure with, likewise
 * @full: all there is to measure
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
	const char	*file;
	const char	*peers;
	const char	*workloads;
	int		rounds;
	int		cpus;
	int		full;
};

enum arg_type {
	ARG_NEW_DEV,	/* const char *: a name for a device */
	ARG_DEV,	/* const char *: the name of an lbx device */
	ARG_PREFIXES,	/* struct prefixes, one more */
	ARG_TARGETS,	/* struct targets, one more */
	ARG_ON_OFF,	/* int: "on" 1, "off" 0 */
	ARG_NUMBER,	/* int: @min to @max */
	ARG_SECONDS,	/* double: 0.1 to 86400, which can be left out: 1 */
	ARG_HOST,	/* const char *: an address, or the name of a host */
	ARG_FILE,	/* const char *: a path */
	ARG_TEXT,	/* const char *: whatever it is */
	ARG_SET,	/* int: the keyword alone is @min */
};

#define ARG_REQUIRED	1	/* there must be one */
#define ARG_REPEATED	2	/* there may be several */

/**
 * struct arg - something that a command takes
 * @keyword: the word that it comes after, or NULL if its place tells
 * @value: what it is called in the help
 * @type: what it is
 * @flags: ARG_REQUIRED, ARG_REPEATED
 * @offset: where in struct args it goes
 * @min: see enum arg_type
 * @max: see enum arg_type
 * @help: what it means
 */
struct arg {
	const char	*keyword;
	const char	*value;
	enum arg_type	type;
	unsigned int	flags;
	size_t		offset;
	int		min;
	int		max;
	const char	*help;
};

/**
 * struct command - what "lbx NAME" does
 * @name: the word
 * @summary: a sentence
 * @example: a command line
 * @args: what it takes, ending with one that has no help
 * @run: does it; returns the exit status
 */
struct command {
	const char		*name;
	const char		*summary;
	const char		*example;
	const struct arg	*args;
	int			(*run)(struct args *args);
};

/* Ends with one that has no name; the order is that of the help */
extern const struct command commands[];

const struct command *cmd_find(const char *name, char *why, size_t size);
bool cmd_parse(const struct command *command, int argc, char **argv,
	       struct args *args, char *why, size_t size);
void cmd_free(struct args *args);
void cmd_help(const struct command *command);
void cmd_help_all(void);
void cmd_complete(int argc, char **argv);

#endif /* CMD_H */
