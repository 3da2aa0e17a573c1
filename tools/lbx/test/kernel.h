/* SPDX-License-Identifier: GPL-2.0-only */
/* A simulated kernel for the fuzzers: it handles the tool's requests as rtnetlink and
 * lbx.ko do, in place of libmnl's sockets; see kernel.c
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "../dev.h"

/* The number of the family "lbx", different from any rtnetlink message type */
#define GENL_ID_LBX	0x1000

/**
 * struct kernel - state of the simulated kernel
 * @devs: the lbx devices, with their addresses and claims
 * @changes: number of requests that changed something
 * @refuse: number of the request to refuse, from 0, if none before it fails; -1 for none
 * @lose: lose the answer of that request instead
 * @record: called with each answer, or NULL
 */
struct kernel {
	struct devs	devs;
	int		changes;
	int		refuse;
	bool		lose;
	void		(*record)(const void *data, size_t len);
};

extern struct kernel kernel;

void kernel_reset(void);
struct devs kernel_copy(void);
void kernel_put(const struct devs *devs);
bool same_devs(const struct devs *a, const struct devs *b, bool order);

#endif /* KERNEL_H */
