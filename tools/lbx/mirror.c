// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wait until programs can bind IPv6 addresses.
 *
 * A program binds the IPv6 address of an lbx device through its mirror on lo.  The
 * module adds the mirror together with the address.  If it cannot, because IPv6 is
 * disabled on lo or memory is short, it adds the mirror later.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "commands.h"
#include "mirror.h"

/* For all addresses of one command together */
#define WAIT_MS		2000
#define INTERVAL_MS	10

static bool needs_mirror(const struct prefix *addr)
{
	const struct in6_addr *in6 = (const struct in6_addr *)addr->addr;

	return addr->family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(in6) &&
	       !IN6_IS_ADDR_MULTICAST(in6);
}

static bool can_bind(int fd, const struct prefix *addr)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	memcpy(&sin6.sin6_addr, addr->addr, sizeof(sin6.sin6_addr));
	/* any other error means that the address exists */
	return !bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) ||
	       errno != EADDRNOTAVAIL;
}

static bool is_off_on_lo(void)
{
	FILE *file = fopen("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "re");
	bool off = !file || fgetc(file) == '1';

	if (file)
		fclose(file);
	return off;
}

/**
 * mirror_wait - wait until a program can bind each address
 * @dev: the device that has them
 * @addrs: the addresses
 *
 * Prints the reason if the time is up.
 */
void mirror_wait(const char *dev, const struct prefixes *addrs)
{
	const struct timespec interval = { .tv_nsec = INTERVAL_MS * 1000000L };
	/* shared by all devices of the command */
	static int left = WAIT_MS;
	char buf[PREFIX_STRLEN];
	bool bound;
	size_t i;
	int fd;

	for (i = 0; i < addrs->n; i++) {
		if (!needs_mirror(&addrs->item[i]))
			continue;
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return;
		while (!(bound = can_bind(fd, &addrs->item[i])) && left > 0 &&
		       !is_off_on_lo()) {
			nanosleep(&interval, NULL);
			left -= INTERVAL_MS;
		}
		close(fd);
		if (bound)
			continue;
		if (is_off_on_lo()) {
			say("%s: programs cannot bind %s: IPv6 is disabled on lo", dev,
			    addr_text(&addrs->item[i], buf));
			try_this("sysctl net.ipv6.conf.lo.disable_ipv6=0");
		} else {
			say("%s: programs cannot bind %s yet: lo does not have its mirror", dev,
			    addr_text(&addrs->item[i], buf));
			try_this("ip -6 address show dev lo");
		}
		return;
	}
}
