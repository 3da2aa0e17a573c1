// SPDX-License-Identifier: GPL-2.0-only
/*
 * lbx - configure, watch and diagnose additional loopback devices
 *
 * This file handles the options before the command, and reports refusals.
 *
 *   commands.c  the table of commands
 *   cmd.c       parser, help and completion, from that table
 *   do_*.c      the commands
 *   dev.c       the devices, as the kernel reports them
 *   txn.c       transactions: several changes, completely or not at all
 *   out.c       text and JSON output
 *   nl.c        netlink
 *   util.c      addresses, names, memory
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "out.h"

struct options options;

/* Print on stderr what helps. */
void try_this(const char *format, ...)
{
	va_list args;

	fputs("try: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/**
 * is_locked_down - check whether the kernel refuses modules without a signature
 *
 * In that case insmod reports "Operation not permitted", and only the kernel's log has
 * the reason (security/lockdown).
 *
 * Return: true if lockdown is on.
 */
bool is_locked_down(void)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";
	bool on;

	if (!file)
		return false;
	on = fgets(line, sizeof(line), file) && !strstr(line, "[none]");
	fclose(file);
	return on;
}

/**
 * refused - report a refusal of the kernel, and what helps
 * @what: the subject of the request
 * @error: the reason
 *
 * Return: the exit status.
 */
int refused(const char *what, const struct nl_error *error)
{
	/* rtnl_newlink() does not know the kind */
	bool no_module = error->code == EOPNOTSUPP && access("/sys/module/lbx", F_OK);

	fflush(stdout);
	/* Some reasons already begin with it */
	if (*error->at && strcmp(error->at, what) &&
	    strncmp(error->text, error->at, strlen(error->at)))
		say("%s: %s: %s", what, error->at, error->text);
	else
		say("%s: %s", what, no_module ? "the module is not loaded" : error->text);

	switch (error->code) {
	case EPERM:
	case EACCES:
		try_this("run lbx as root, it needs CAP_NET_ADMIN");
		break;
	case EOPNOTSUPP:
		if (no_module && is_locked_down())
			say("this kernel is locked down and loads only signed modules: sign lbx.ko, see SecureBoot in Debian's wiki");
		if (no_module)
			try_this("modprobe lbx, or insmod lbx.ko");
		break;
	}
	return EXIT_REFUSED;
}

static int usage(const char *why, const char *command)
{
	say("%s", why);
	try_this("lbx%s%s -h", command ? " " : "", command ? command : "");
	return EXIT_USAGE;
}

bool enter_netns(const char *name)
{
	char path[sizeof(NETNS_DIR) + 256];
	int fd;

	snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
	fd = strchr(name, '/') ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		say("Cannot find network namespace \"%s\"", name);
		try_this("ip netns list");
		return false;
	}
	if (setns(fd, CLONE_NEWNET)) {
		say("network namespace \"%s\": %s", name, strerror(errno));
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

/* Report an option that getopt_long_only() does not accept.  @c: its return value */
static int bad_option(int c, char **argv)
{
	static const char *const names[] = {
		"json", "pretty", "netns", "help", "version", NULL
	};
	const char *word = argv[optind - 1];
	const char *like = suggest(word + strspn(word, "-"), names);

	if (c == ':')
		say("option \"%s\" needs a value", word);
	else if (optopt && strchr(word, '='))
		say("option \"%.*s\" takes no value", (int)strcspn(word, "="), word);
	else if (optopt)
		say("unknown option \"-%c\"", optopt);
	else if (like)
		say("unknown option \"%s\", did you mean \"--%s\"?", word, like);
	else
		say("unknown option \"%s\"", word);
	try_this("lbx -h");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "json",	no_argument,		NULL, 'j' },
		{ "pretty",	no_argument,		NULL, 'p' },
		{ "netns",	required_argument,	NULL, 'n' },
		{ "help",	no_argument,		NULL, 'h' },
		{ "version",	no_argument,		NULL, 'V' },
		{ "complete",	no_argument,		NULL, 'C' },
		{ }
	};
	const struct command *command;
	const char *netns = NULL;
	struct args args;
	char why[512];
	int c, status, i;

	/* "+": stop at the command, which has its own arguments.  As in ip, a long option
	 * may begin with a single dash.
	 */
	opterr = 0;
	while ((c = getopt_long_only(argc, argv, "+:jpn:hV", long_options,
				     NULL)) != -1) {
		switch (c) {
		case 'j':
			options.json = true;
			break;
		case 'p':
			options.json = true;
			options.pretty = true;
			break;
		case 'n':
			netns = optarg;
			break;
		case 'h':
			cmd_help_all();
			return out_end();
		case 'V':
			puts("lbx " LBX_VERSION);
			return out_end();
		case 'C':
			/* not for people: accept no abbreviation */
			if (strcmp(argv[optind - 1], "--complete")) {
				optopt = 0;
				return bad_option('?', argv);
			}
			cmd_complete(argc - optind, argv + optind);
			return out_end();
		default:
			return bad_option(c, argv);
		}
	}
	argc -= optind;
	argv += optind;
	if (!argc)
		return usage("a command is required", NULL);
	if (!strcmp(argv[0], "help")) {
		command = argc > 1 ? cmd_find(argv[1], why, sizeof(why)) : NULL;
		if (argc > 1 && !command)
			return usage(why, NULL);
		if (command)
			cmd_help(command);
		else
			cmd_help_all();
		return out_end();
	}

	command = cmd_find(argv[0], why, sizeof(why));
	if (!command)
		return usage(why, NULL);
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			cmd_help(command);
			return out_end();
		}
	}
	if (!cmd_parse(command, argc - 1, argv + 1, &args, why, sizeof(why))) {
		cmd_free(&args);
		return usage(why, command->name);
	}
	if (netns && !enter_netns(netns)) {
		cmd_free(&args);
		return EXIT_REFUSED;
	}

	/* out_end() reports write errors */
	signal(SIGPIPE, SIG_IGN);
	status = command->run(&args);
	cmd_free(&args);
	nl_close();
	return status ? status : out_end();
}
