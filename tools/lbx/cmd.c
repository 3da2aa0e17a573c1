// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parser, help and completion of command lines.  All three read the table in
 * commands.c.  A command takes positional arguments (the first is often a device) and
 * keywords, most of which have a value: "add pg 10.9.0.1/24 mtu 1500".
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "commands.h"
#include "dev.h"

/* More than the number of keywords of any command */
#define KEYWORDS_MAX	16

static void *field(struct args *args, const struct arg *arg)
{
	return (char *)args + arg->offset;
}

/* Names of the same commands in other programs, in particular those of "ip link" */
static const struct {
	const char	*name;
	const char	*command;
} aliases[] = {
	{ "delete", "del" }, { "remove", "del" }, { "rm", "del" },
	{ "list", "show" }, { "ls", "show" }, { "lst", "show" },
};

/**
 * cmd_find - find a command by its name
 * @name: the name, an alias, or a unique prefix of the name
 * @why: filled with the reason if there is no such command
 * @size: size of @why
 *
 * Return: the command, or NULL.
 */
const struct command *cmd_find(const char *name, char *why, size_t size)
{
	const struct command *command, *found = NULL;
	const char *names[32], *like;
	size_t n = 0, matches = 0, i;

	for (i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(aliases[i].name, name))
			name = aliases[i].command;
	for (command = commands; command->name; command++) {
		if (!strcmp(command->name, name))
			return command;
		if (*name && !strncmp(command->name, name, strlen(name))) {
			found = command;
			matches++;
		}
		names[n++] = command->name;
	}
	if (matches == 1)
		return found;

	if (matches) {
		n = snprintf(why, size, "ambiguous command \"%s\":", name);
		for (command = commands; command->name; command++)
			if (!strncmp(command->name, name, strlen(name)))
				n += snprintf(why + n, size - n, " \"%s\"",
					      command->name);
		return NULL;
	}
	for (i = 0; i < ARRAY_SIZE(aliases); i++)
		names[n++] = aliases[i].name;
	names[n] = NULL;
	like = suggest(name, names);
	if (like)
		snprintf(why, size, "unknown command \"%s\", did you mean \"%s\"?",
			 name, like);
	else
		snprintf(why, size, "unknown command \"%s\"", name);
	return NULL;
}

static bool parse_int(const char *text, int min, int max, int *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n < min || n > max)
		return false;
	*value = n;
	return true;
}

static bool parse_seconds(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return *text >= '0' && *text <= '9' && !*end && *value >= 0.1 &&
	       *value <= 86400;
}

/* Store @word as the value of @arg.  Return NULL, or a text that says which value is
 * valid.
 */
static const char *take(const struct arg *arg, const char *word,
			struct args *args)
{
	struct prefix prefix;
	struct target target;
	static char range[48];

	switch (arg->type) {
	case ARG_NEW_DEV:
	case ARG_DEV:
		if (!is_ifname(word))
			return "must have 1 to 15 characters, without '/', ':' and spaces";
		*(const char **)field(args, arg) = word;
		return NULL;
	case ARG_PREFIXES:
		if (!parse_prefix(word, &prefix))
			return "must be an address such as 10.9.0.1/24 or 2001:db8::1";
		list_add((struct prefixes *)field(args, arg), prefix);
		return NULL;
	case ARG_TARGETS:
		if (strchr(word, '/') && parse_prefix(word, &prefix))
			return "a prefix cannot be claimed, only an interface or single addresses";
		if (!parse_target(word, &target))
			return "must be an interface, or an address such as 192.0.2.1";
		list_add((struct targets *)field(args, arg), target);
		return NULL;
	case ARG_ON_OFF:
		if (strcmp(word, "on") && strcmp(word, "off"))
			return "must be \"on\" or \"off\"";
		*(int *)field(args, arg) = !strcmp(word, "on");
		return NULL;
	case ARG_NUMBER:
		if (parse_int(word, arg->min, arg->max, field(args, arg)))
			return NULL;
		snprintf(range, sizeof(range), "must be a number from %d to %d",
			 arg->min, arg->max);
		return range;
	case ARG_SECONDS:
		return parse_seconds(word, field(args, arg)) ? NULL :
		       "must be a number of seconds, 0.1 to 86400";
	case ARG_FILE:
	case ARG_HOST:
	case ARG_TEXT:
		*(const char **)field(args, arg) = word;
		return NULL;
	case ARG_SET:
		break;
	}
	return "must not have a value";
}

static const struct arg *find_keyword(const struct arg *args, const char *word)
{
	for (; args->help; args++)
		if (args->keyword && (!strcmp(args->keyword, word) ||
				      (args->also && !strcmp(args->also, word))))
			return args;
	return NULL;
}

/* Return the keyword of the command that resembles @word, or NULL. */
static const char *like_keyword(const struct arg *args, const char *word)
{
	const char *words[KEYWORDS_MAX + 1];
	size_t n = 0;

	for (; args->help && n < KEYWORDS_MAX; args++)
		if (args->keyword)
			words[n++] = args->keyword;
	words[n] = NULL;
	return suggest(word + strspn(word, "-"), words);
}

/* Return true if a positional word can be a value of @arg.  @seen: @arg already has a
 * value.
 */
static bool may_be_here(const struct arg *arg, bool seen)
{
	return !arg->keyword && (!seen || arg->flags & ARG_REPEATED);
}

/**
 * cmd_parse - parse the arguments of a command
 * @command: the command
 * @argc: number of words
 * @argv: the words; @args points to them
 * @args: filled; free it with cmd_free(), also after a failure
 * @why: filled with the reason if parsing fails
 * @size: size of @why
 *
 * Return: true if the arguments are valid.
 */
bool cmd_parse(const struct command *command, int argc, char **argv,
	       struct args *args, char *why, size_t size)
{
	const struct arg *arg, *place = command->args;
	/* Bit mask of the arguments seen so far, by their index in command->args */
	unsigned int seen = 0;
	const char *wrong;
	bool named;
	int i;

	memset(args, 0, sizeof(*args));
	args->mtu = -1;
	args->isolate = -1;
	args->direct = -1;
	args->up = -1;

	for (i = 0; i < argc; i++) {
		/* the next positional argument, unless the word is a keyword */
		while (place->help && !may_be_here(place, seen & 1U << (place - command->args)))
			place++;

		/* accept "show dev pg", as ip does */
		named = place->help && place->type == ARG_DEV &&
			!strcmp(argv[i], "dev") && i + 1 < argc;
		if (named)
			i++;

		/* a device can have the name of a keyword: "stats dev cpu" */
		arg = named ? NULL : find_keyword(command->args, argv[i]);
		if (place->help && place->flags & ARG_REQUIRED &&
		    !(seen & 1U << (place - command->args)))
			arg = NULL;
		if (!arg) {
			const char *like = like_keyword(command->args, argv[i]);

			wrong = place->help ? take(place, argv[i], args) : "";
			if (!wrong) {
				seen |= 1U << (place - command->args);
				continue;
			}
			if (like && strcmp(like, argv[i]))
				snprintf(why, size, "%s: unknown argument \"%s\", did you mean \"%s\"?",
					 command->name, argv[i], like);
			else if (argv[i][0] == '-')
				snprintf(why, size, "%s: unknown option \"%s\"; options come before the command",
					 command->name, argv[i]);
			else if (*wrong)
				snprintf(why, size, "invalid %s \"%s\": %s",
					 place->value, argv[i], wrong);
			else
				snprintf(why, size, "%s: unknown argument \"%s\"",
					 command->name, argv[i]);
			return false;
		}

		if (seen & 1U << (arg - command->args) &&
		    !(arg->flags & ARG_REPEATED)) {
			snprintf(why, size, "duplicate \"%s\"", arg->keyword);
			return false;
		}
		seen |= 1U << (arg - command->args);
		if (arg->type == ARG_SET) {
			*(int *)field(args, arg) = arg->min;
			continue;
		}
		if (arg->type == ARG_SECONDS &&
		    (i + 1 == argc || argv[i + 1][0] < '0' || argv[i + 1][0] > '9')) {
			*(double *)field(args, arg) = 1;
			continue;
		}
		if (i + 1 == argc) {
			snprintf(why, size, "\"%s\" needs %s", arg->keyword, arg->value);
			return false;
		}
		i++;
		wrong = take(arg, argv[i], args);
		if (wrong) {
			snprintf(why, size, "invalid %s \"%s\": %s", arg->keyword, argv[i],
				 wrong);
			return false;
		}
	}

	for (arg = command->args; arg->help; arg++) {
		if (!(arg->flags & ARG_REQUIRED) ||
		    seen & 1U << (arg - command->args))
			continue;
		/* "claim eth0 web" */
		if (arg->type == ARG_DEV && arg->keyword && argc > 1 &&
		    is_ifname(argv[argc - 1]))
			snprintf(why, size, "%s needs \"%s %s\", did you mean \"%s %s\"?", command->name,
				 arg->keyword, arg->value, arg->keyword, argv[argc - 1]);
		else if (arg->keyword)
			snprintf(why, size, "%s needs \"%s %s\"", command->name,
				 arg->keyword, arg->value);
		else
			snprintf(why, size, "%s needs %s", command->name, arg->value);
		return false;
	}
	return true;
}

void cmd_free(struct args *args)
{
	list_free(&args->addrs);
	list_free(&args->gone);
	list_free(&args->targets);
}

/* Format an argument as in the usage line.  The caller ensures that @buf is large
 * enough.
 */
static const char *arg_usage(const struct arg *arg, char *buf)
{
	bool optional = !(arg->flags & ARG_REQUIRED);
	char *at = buf;

	at += sprintf(at, "%s", optional ? "[" : "");
	if (arg->keyword)
		at += sprintf(at, "%s", arg->keyword);
	if (arg->keyword && arg->type != ARG_SET)
		at += sprintf(at, " ");
	if (arg->type == ARG_SECONDS)
		at += sprintf(at, "[%s]", arg->value);
	else if (arg->type != ARG_SET)
		at += sprintf(at, "%s", arg->value);
	at += sprintf(at, "%s", optional ? "]" : "");
	sprintf(at, "%s", arg->flags & ARG_REPEATED ? "..." : "");
	return buf;
}

/* Print the help of one command. */
void cmd_help(const struct command *command)
{
	const struct arg *arg;
	char buf[128];
	int column;

	column = printf("Usage: lbx %s", command->name);
	for (arg = command->args; arg->help; arg++) {
		arg_usage(arg, buf);
		if (column + 1 + strlen(buf) > 79)
			column = printf("\n           ") - 1;
		column += printf(" %s", buf);
	}
	printf("\n\n%s\n", command->summary);
	if (command->args->help)
		putchar('\n');
	for (arg = command->args; arg->help; arg++) {
		snprintf(buf, sizeof(buf), "%s%s%s",
			 arg->keyword ? arg->keyword : "",
			 arg->keyword && arg->type != ARG_SET ? " " : "",
			 arg->type != ARG_SET ? arg->value : "");
		printf("  %-20s %s\n", buf, arg->help);
	}
	printf("\nExample:\n    %s\n", command->example);
}

/* Print the help of all commands. */
void cmd_help_all(void)
{
	const struct command *command;

	puts("Usage: lbx [-j] [-p] [-n NETNS] COMMAND [ARG...]\n\n"
	     "Configure, watch and diagnose additional loopback devices.\n");
	for (command = commands; command->name; command++)
		printf("  %-9s %s\n", command->name, command->summary);
	puts("\n  -j, --json         print JSON\n"
	     "  -p, --pretty       print indented JSON\n"
	     "  -n, --netns NAME   run in the network namespace NAME, see ip-netns(8)\n"
	     "  -h, --help         print this help, or after a command its help\n"
	     "  -V, --version      print the version\n\n"
	     "Exit status: 0 for success, 1 for invalid usage, 2 for a refusal, 3 if doctor,\n"
	     "trace or restore report a problem.\n"
	     "See lbx(8) for details.");
}

static void offer(const char *candidate, const char *begin)
{
	if (!strncmp(candidate, begin, strlen(begin)))
		puts(candidate);
}

/* Offer interfaces: lbx devices if @ours, other interfaces if not. */
static void offer_interfaces(bool ours, const char *begin)
{
	struct nl_error error;
	struct dirent *entry;
	struct devs devs;
	DIR *dir;

	if (devs_get(&devs, 0, &error))
		return;
	dir = opendir("/sys/class/net");
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lo") &&
		    !devs_find(&devs, entry->d_name) == !ours)
			offer(entry->d_name, begin);
	if (dir)
		closedir(dir);
	devs_free(&devs);
}

/* Offer local addresses, without the mirrors on lo. */
static void offer_addrs(const char *begin)
{
	struct held_addrs held;
	char buf[PREFIX_STRLEN];
	struct nl_error error;
	size_t i;

	if (addrs_get(&held, &error))
		return;
	for (i = 0; i < held.n; i++)
		if (held.item[i].proto != LBX_IFAPROT)
			offer(addr_text(&held.item[i].prefix, buf), begin);
	list_free(&held);
}

static void offer_netns(const char *begin)
{
	DIR *dir = opendir(NETNS_DIR);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			offer(entry->d_name, begin);
	if (dir)
		closedir(dir);
}

/* Offer values of @arg.  @here: the process is in the network namespace of the command
 * line.
 */
static void offer_values(const struct arg *arg, bool here, const char *begin)
{
	if (!here && arg->type != ARG_ON_OFF)
		return;
	switch (arg->type) {
	case ARG_DEV:
		offer_interfaces(true, begin);
		break;
	case ARG_TARGETS:
		offer_interfaces(false, begin);
		break;
	case ARG_HOST:
		offer_addrs(begin);
		break;
	case ARG_ON_OFF:
		offer("on", begin);
		offer("off", begin);
		break;
	default:
		break;
	}
}

/**
 * cmd_complete - print the completions of the last word
 * @argc: number of words after "lbx"
 * @argv: the words; the last one, which may be empty, is completed
 */
void cmd_complete(int argc, char **argv)
{
	const struct command *command;
	const struct arg *arg, *waits = NULL;
	const char *begin;
	bool here = true;
	char why[256];
	int i, place = 0;

	if (argc < 1)
		return;
	begin = argv[argc - 1];
	for (i = 0; i < argc - 1 && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-n") && strcmp(argv[i], "-netns") &&
		    strcmp(argv[i], "--netns"))
			continue;
		if (++i == argc - 1) {
			offer_netns(begin);
			return;
		}
		/* offer the devices and addresses of that netns */
		here = enter_netns(argv[i]);
	}
	if (i >= argc - 1 && *begin == '-') {
		offer("--json", begin);
		offer("--pretty", begin);
		offer("--netns", begin);
		offer("--help", begin);
		offer("--version", begin);
		return;
	}
	if (i >= argc - 1) {
		for (command = commands; command->name; command++)
			offer(command->name, begin);
		return;
	}
	command = cmd_find(argv[i], why, sizeof(why));
	if (!command)
		return;

	for (i++; i < argc - 1; i++) {
		arg = waits ? NULL : find_keyword(command->args, argv[i]);
		waits = NULL;
		if (!arg)
			place++;
		else if (arg->type != ARG_SET)
			waits = arg;
	}
	if (waits) {
		offer_values(waits, here, begin);
		return;
	}
	for (arg = command->args, i = 0; arg->help; arg++) {
		if (arg->keyword)
			offer(arg->keyword, begin);
		else if (i++ == place || arg->flags & ARG_REPEATED)
			offer_values(arg, here, begin);
	}
}
