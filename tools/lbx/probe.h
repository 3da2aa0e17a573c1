/* SPDX-License-Identifier: GPL-2.0-only */
/* A packet that is recognized on each device that it passes; see probe.c */
#ifndef PROBE_H
#define PROBE_H

#include "nl.h"
#include "util.h"

/* The port of traceroute(8), on which no program listens */
#define PROBE_PORT	33434

/**
 * struct seen - a device on which the probe was seen
 * @dev: the device
 * @in: number of times that it came in
 * @out: number of times that it went out
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

/* What happened to the probe */
enum delivery {
	DELIVERY_UNKNOWN,	/* only the program that has the port knows */
	DELIVERY_DONE,		/* reached a socket, or the lookup of one */
	DELIVERY_REFUSED,	/* rejected */
	DELIVERY_NONE,		/* reached no socket, and got no answer */
};

/**
 * struct probe - a packet to send
 * @addr: the destination
 * @scope: the interface of a link-local destination, or 0
 * @proto: IPPROTO_UDP or IPPROTO_TCP
 * @port: the destination port; 0 chooses one, which is filled in
 * @dev: the device that our receiving socket is bound to, or NULL for no such socket
 * @taken: a program listens on the TCP port
 * @from: result: the source address
 * @sport: result: the source port
 * @seens: result: the devices that saw the probe; free it with list_free()
 * @delivery: result: what happened to the probe
 * @refusal: result: an errno value if it was refused
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
