// SPDX-License-Identifier: GPL-2.0-only
/*
 * Check which devices carried the traffic.  A result is misleading if another device
 * than the intended one carried it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* struct carriers is the text of /proc/net/dev */
#define TEXT_MAX	(1 << 20)

/* Read the counters of this thread's network namespace. */
struct carriers *carriers_now(void)
{
	char *text = malloc(TEXT_MAX);
	int fd = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	ssize_t n = -1;

	if (fd >= 0 && text)
		while ((n = read(fd, text + got, TEXT_MAX - 1 - got)) > 0)
			got += n;
	if (n)
		err(1, "/proc/net/dev");
	close(fd);
	text[got] = 0;
	return (struct carriers *)text;
}

/* Parse a line such as "  lo: BYTES PACKETS ...".  Return the next line, or NULL. */
static const char *next_dev(const char *text, char name[32], uint64_t *packets)
{
	unsigned long long rx, tx;

	for (; text && *text; text = strchr(text, '\n'), text += !!text) {
		if (sscanf(text, " %31[^: ]: %*u %llu %*u %*u %*u %*u %*u %*u %*u %llu",
			   name, &rx, &tx) != 3)
			continue;
		*packets = rx + tx;
		text = strchr(text, '\n');
		return text ? text + 1 : "";
	}
	return NULL;
}

static uint64_t packets_of(const char *text, const char *dev)
{
	char name[32];
	uint64_t packets;

	while ((text = next_dev(text, name, &packets)))
		if (!strcmp(name, dev))
			return packets;
	return 0;
}

/* Return true if @dev is one of the words of @list, which commas separate. */
static bool in_list(const char *list, const char *dev)
{
	size_t len = strlen(dev);

	for (; list; list = strchr(list, ','), list += !!list) {
		if (!strncmp(list, dev, len) && (!list[len] || list[len] == ','))
			return true;
	}
	return false;
}

/**
 * carriers_differ - check whether other devices carried the traffic than intended
 * @before: /proc/net/dev before the operations
 * @after: /proc/net/dev after them
 * @via: the intended devices, separated by commas
 * @operations: number of operations in between; each is at least one packet
 * @why: filled with the difference
 * @size: size of @why
 *
 * One packet in a hundred may be on another device, for neighbour and router discovery.
 *
 * Return: true if they differ.
 */
bool carriers_differ(const char *before, const char *after, const char *via,
		     uint64_t operations, char *why, size_t size)
{
	const char *text = after;
	char name[32];
	uint64_t packets;
	bool seen = false;

	while ((text = next_dev(text, name, &packets))) {
		packets -= packets_of(before, name);
		if (in_list(via, name)) {
			seen = true;
			if (packets >= operations)
				continue;
			snprintf(why, size, "%s has carried only %llu packets in %llu operations",
				 name, (unsigned long long)packets,
				 (unsigned long long)operations);
			return true;
		}
		if (packets > operations / 100 + 10) {
			snprintf(why, size, "%s has carried %llu packets, expected only on %s",
				 name, (unsigned long long)packets, via);
			return true;
		}
	}
	if (!seen)
		snprintf(why, size, "Cannot find device \"%s\"", via);
	return !seen;
}

/* Exit if other devices carried the traffic than those in @via, which may be NULL. */
void carriers_check(const struct carriers *before, const struct carriers *after,
		    const char *via, uint64_t operations)
{
	char why[256];

	if (via && carriers_differ((const char *)before, (const char *)after, via,
				   operations, why, sizeof(why)))
		errx(1, "%s", why);
}
