/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands for which fuzz_reply.c makes answers and seeds.c makes seeds */
#ifndef REPLY_H
#define REPLY_H

#include <stdlib.h>
#include <string.h>

#include "../commands.h"

/* The first byte of an input is twice the index of a command, plus 1 for JSON */
static const char *const reply_lines[] = {
	"show", "show a", "claims", "claims a", "save", "stats", "stats a",
	"claim eth1 192.0.2.1 2001:db8::1 dev a", "unclaim all",
	"unclaim eth0 192.0.2.1", "set a addr 10.9.1.1/24 noaddr 10.8.0.1/24 down",
	"add a 10.9.0.1/24 2001:db8::1", "del a", "monitor",
	"trace 192.0.2.1", "trace 2001:db8::1 443", "doctor",
};

static inline int run_line(const char *text)
{
	char line[128], why[512], *words[16], *word;
	const struct command *command;
	struct args args;
	int n = 0, status;

	strcpy(line, text);
	for (word = strtok(line, " "); word; word = strtok(NULL, " "))
		words[n++] = word;
	command = cmd_find(words[0], why, sizeof(why));
	if (!command || !cmd_parse(command, n - 1, words + 1, &args, why, sizeof(why)))
		abort();
	status = command->run(&args);
	cmd_free(&args);
	return status;
}

#endif /* REPLY_H */
