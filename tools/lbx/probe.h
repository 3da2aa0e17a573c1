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

/* What became of the probe */
enum delivery {
	DELIVERY_UNKNOWN,	/* nobody but the program whose port it is can tell */
	DELIVERY_DONE,		/* it has reached a socket, or the place to look for one */
	DELIVERY_REFUSED,	/* something has rejected it */
	DELIVERY_NONE,		/* it has reached no socket, and nothing has answered */
};

/**
 * struct probe - a packet to send
 * @addr: to that address
 * @scope: the interface that the address belongs to, or 0
 * @proto: IPPROTO_UDP or IPPROTO_TCP
 * @port: to that port; 0 for one of our own, which is filled in
 * @dev: the device that a socket of our own is bound to, which receives it; or NULL for none
 * @taken: a program waits for it at that port, by TCP
 * @from: filled: the source address
 * @sport: filled: the source port
 * @seens: filled: where it was seen; to be freed by list_free()
 * @delivery: filled: what became of it
 * @refusal: filled: an errno value if it was refused
 */
struct probe {
	struct prefix	addr;
	unsigned int	scope;
	int		proto;
	int		port;
	const char	*dev;
	bool		taken;
	struct prefix	from;
	int		sport;
	struct seens	seens;
	enum delivery	delivery;
	int		refusal;
};

int probe_send(struct probe *probe, struct nl_error *error);

#endif /* PROBE_H */
