/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets and commands, for the programs in C that send and receive. Each function ends
 * the program when it fails.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <err.h>
#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Return the numeric address and port, or NULL if they are invalid */
static inline struct addrinfo *parse_addr(const char *addr, const char *port)
{
	struct addrinfo hints = {
		.ai_socktype	= SOCK_DGRAM,
		.ai_flags	= AI_NUMERICHOST | AI_NUMERICSERV,
	}, *ai;

	return getaddrinfo(addr, port, &hints, &ai) ? NULL : ai;
}

/* Return a socket on which recv() fails after SECONDS */
static inline int new_socket(int family, int type, int protocol, int seconds)
{
	struct timeval timeout = { .tv_sec = seconds };
	int fd = socket(family, type, protocol);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		err(1, "socket");
	return fd;
}

/* Let FD bind an address and port that a closed connection still has */
static inline void reuse_addr(int fd)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		err(1, "SO_REUSEADDR");
}

/* Bind IN to an address, at a port that the kernel selects if that of AI is 0, and
 * connect OUT to it
 */
static inline void connect_pair(int in, int out, const struct addrinfo *ai)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (bind(in, ai->ai_addr, ai->ai_addrlen) ||
	    getsockname(in, (struct sockaddr *)&addr, &len) ||
	    connect(out, (struct sockaddr *)&addr, len))
		err(1, "bind and connect");
}

/* Run a command, which has to end with status 0 */
static inline void run_command(char **argv)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s failed", argv[0]);
}

#endif /* SOCKETS_H */
