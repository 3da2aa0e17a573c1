// SPDX-License-Identifier: GPL-2.0
/*
 * netns_exec NAME COMMAND [ARG...] - "ip netns exec" without a /sys of the namespace
 *
 * ip mounts a new /sys for each command, and loads eight libraries first. On an
 * emulated CPU, that takes longer than most of the commands. This program is linked
 * statically.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[256];
	int fd;

	if (argc < 3)
		errx(255, "Usage: netns_exec NAME COMMAND [ARG...]");
	snprintf(path, sizeof(path), "/run/netns/%s", argv[1]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(255, "Cannot open network namespace \"%s\"", argv[1]);
	execvp(argv[2], argv + 2);
	err(255, "exec of \"%s\" failed", argv[2]);
}
