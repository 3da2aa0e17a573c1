// SPDX-License-Identifier: GPL-2.0
/*
 * netns_setup.so - run a shell script in each network namespace that is made
 *
 *	NETNS_SETUP=/path/script LD_PRELOAD=/path/netns_setup.so unshare -n test
 *
 * The script runs in the new namespace, before the process that made it goes on. If the
 * script fails, unshare(2) fails with EIO. Children inherit this, also "ip netns add".
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int run_setup(const char *script)
{
	sigset_t chld, before;
	int status = -1;
	pid_t pid, got;

	/* a signal handler of the test must not reap the child */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);

	pid = fork();
	if (!pid) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		unsetenv("LD_PRELOAD");
		execl("/bin/sh", "sh", script, NULL);
		_exit(127);
	}
	if (pid > 0)
		do
			got = waitpid(pid, &status, 0);
		while (got < 0 && errno == EINTR);

	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

int unshare(int flags)
{
	const char *script = getenv("NETNS_SETUP");
	int err = syscall(SYS_unshare, flags);

	if (err || !(flags & CLONE_NEWNET) || !script)
		return err;
	if (run_setup(script)) {
		errno = EIO;
		return -1;
	}
	return 0;
}
