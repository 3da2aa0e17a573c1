// SPDX-License-Identifier: GPL-2.0-only
/*
 * lbx bench: execute the measurement programs.  Their directory is relative to that of
 * lbx, as /usr/libexec/lbx is to /usr/sbin: "make install" installs them there, and
 * "make tools" puts them into build/.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

#define EXEC_DIR	"../libexec/lbx"

/* Build the path of a program in that directory, or in $LBX_EXEC_PATH if it is set. */
static bool find_program(const char *name, char *path, size_t size)
{
	const char *folder = getenv("LBX_EXEC_PATH");
	char self[PATH_MAX];
	ssize_t len;

	if (folder)
		return (size_t)snprintf(path, size, "%s/%s", folder, name) < size;
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return false;
	self[len] = 0;
	*strrchr(self, '/') = 0;
	return (size_t)snprintf(path, size, "%s/" EXEC_DIR "/%s", self, name) < size;
}

int do_bench(struct args *args)
{
	char path[PATH_MAX + 64], number[2][12];
	const char *argv[20] = { "bench" };
	size_t n = 1;

	if (!find_program("bench", path, sizeof(path)) || access(path, X_OK)) {
		say("the benchmark programs are not installed");
		try_this("make install");
		return EXIT_REFUSED;
	}
	if (options.json)
		argv[n++] = "--json";
	if (args->full)
		argv[n++] = "--full";
	if (args->file) {
		argv[n++] = "--out";
		argv[n++] = args->file;
	}
	if (args->peers) {
		argv[n++] = "--peers";
		argv[n++] = args->peers;
	}
	if (args->workloads) {
		argv[n++] = "--workloads";
		argv[n++] = args->workloads;
	}
	if (args->rounds) {
		snprintf(number[0], sizeof(number[0]), "%d", args->rounds);
		argv[n++] = "--rounds";
		argv[n++] = number[0];
	}
	if (args->cpus) {
		snprintf(number[1], sizeof(number[1]), "%d", args->cpus);
		argv[n++] = "--flows";
		argv[n++] = number[1];
		argv[n++] = "--cpus";
		argv[n++] = number[1];
	}
	argv[n] = NULL;

	/* main() ignores the signal, and execv() would pass that on */
	signal(SIGPIPE, SIG_DFL);
	execv(path, (char *const *)argv);
	say("%s: %s", path, strerror(errno));
	return EXIT_REFUSED;
}
