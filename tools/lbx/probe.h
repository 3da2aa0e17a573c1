/* SPDX-License-Identifier: GPL-2.0-only */
/* A packet that is recognized, wherever it comes by; see probe.c */
#ifndef PROBE_H
#define PROBE_H

#include "nl.h"
#include "util.h"

/* As traceroute(8): nobody listens there */
#define PROBE_PORT	33434

/**
 * struct seen - where the probe was seen
 * @dev: the device
 * @in: how often it came in there
 * @out: how often it left there
 */
struct seen {
	char		dev[IFNAMSIZ];
	unsigned int	in;
	unsigned int	out;
};

struct seens {
	struct seen	*item;
	size_t		n;
};

int probe(const struct prefix *addr, int port, struct seens *seens,
	  struct nl_error *error);

#endif /* PROBE_H */
